/*
 * tests/guest/stress_oom.c - several that use up all of memory at once
 *
 * Each process takes what it can get in a way of its own until it is refused or killed.  The others find the pages
 * that they still have as they left them; when all are gone, everything is back.
 *
 * Only on small machines of our own: on Linux the OOM killer might choose somebody else.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/stress.h"

#define EATERS       4
#define MAX_FILL_MIB 160
#define GIB          (1UL << 30)

static struct table {
	struct meeting meeting;
	volatile long eaten[EATERS];
} * table;

static int may_fill_memory(void)
{
	return is_pagewalk() && proc_value("/proc/meminfo", "MemTotal") <= MAX_FILL_MIB * 1024;
}

static unsigned long *map_much(void)
{
	return (unsigned long *)RAW(__NR_mmap, 0, 4 * GIB, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Touch page after page, and now and then look whether an earlier one is still what it was. */
static void eat_pages(long me)
{
	struct random random = random_for(me);
	unsigned long *memory = map_much(), words = PAGE / sizeof(*memory);

	for (unsigned long i = 0; i < 4 * GIB / PAGE; i++) {
		unsigned long earlier;

		memory[i * words] = i << 8 | (unsigned long)me;
		table->eaten[me]++;
		if (i % 16)
			continue;
		earlier = below(&random, i + 1);
		if (memory[earlier * words] != (earlier << 8 | (unsigned long)me))
			_exit(3);
	}
	_exit(4);
}

static void eat_files(long me)
{
	static char data[16 * PAGE];
	char name[] = "eaten-0";
	long fd;

	name[6] = (char)('0' + me);
	fd = RAW(__NR_open, name, O_CREAT | O_RDWR, 0600);
	RAW(__NR_unlink, name);
	while (RAW(__NR_write, fd, data, sizeof(data)) == sizeof(data))
		table->eaten[me]++;
	_exit(2);
}

static void eat_by_fork(long me)
{
	unsigned long *memory = map_much(), words = PAGE / sizeof(*memory);
	pid_t pid;

	for (unsigned long i = 0; i < 256; i++)
		memory[i * words] = i;
	while ((pid = fork()) == 0) /* the child goes on, the parent waits: a long chain */
		for (unsigned long i = 0; i < 256; i++, table->eaten[me]++)
			memory[i * words]++;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	_exit(2);
}

static void eat(long me)
{
	meet(&table->meeting, EATERS);
	switch (me % 4) {
	case 0:
	case 1:
		eat_pages(me);
		break;
	case 2:
		eat_files(me);
		break;
	default:
		eat_by_fork(me);
	}
}

static void all_of_memory_comes_back(void)
{
	if (!may_fill_memory())
		return;
	table = shared_pages(1);
	for (long i = 0; i < EATERS; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0)
			eat(i);
	}
	for (int i = 0; i < EATERS; i++) {
		int status;

		CHECK(wait(&status) > 0);
		CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : status == 2 << 8);
	}
	for (int i = 0; i < EATERS; i++)
		CHECK(table->eaten[i] > 0);
}

STRESS_MAIN("stress_oom", CASE(all_of_memory_comes_back))
