/*
 * tests/guest/cpus.c - several processors as a program sees them: how many, being on one, moving between them
 *
 * Every case holds on one CPU, too, and says the same on Linux.
 */
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/check.h"

#define USER_DS 0x2b
#define USER_CS 0x33
#define ROUNDS  200

static uint64_t usable; /* CPUs that the test may use, a bit each */
static char text[65536];

static uint64_t get_mask(void)
{
	uint64_t mask[16] = { 0 };

	CHECK(RAW(__NR_sched_getaffinity, 0, sizeof(mask), mask) > 0);
	return mask[0];
}

static void pin(uint64_t mask)
{
	CHECK_EQ(RAW(__NR_sched_setaffinity, 0, sizeof(mask), &mask), 0);
}

static unsigned int where(void)
{
	unsigned int cpu = ~0u;

	CHECK_EQ(RAW(__NR_getcpu, &cpu, 0, 0), 0);
	return cpu;
}

static void read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0, got;

	CHECK(f);
	while (n < sizeof(text) - 1 && (got = fread(text + n, 1, sizeof(text) - 1 - n, f)) > 0)
		n += got;
	fclose(f);
	text[n] = 0;
}

/* Lines of what was read that begin with @word and a digit, or just with it. */
static int count_lines(const char *word, int digit)
{
	size_t len = strlen(word);
	int n = 0;

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p != NULL)
		n += !strncmp(p, word, len) && (!digit || (p[len] >= '0' && p[len] <= '9'));
	return n;
}

static int wait_status(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static void all_files_count_the_same_processors(void)
{
	int n = 0, columns = 0;

	for (uint64_t mask = get_mask(); mask; mask &= mask - 1)
		n++;
	read_text("/proc/stat");
	CHECK_EQ(count_lines("cpu", 1), n);
	read_text("/proc/cpuinfo");
	CHECK_EQ(count_lines("processor", 0), n);
	read_text("/proc/interrupts");
	for (char *p = text; *p && *p != '\n'; p++)
		columns += !strncmp(p, "CPU", 3);
	CHECK_EQ(columns, n);
}

/* All at once: each process stays where it was told to, through sleeps, yields and being preempted. */
static void pinned_processes_run_where_they_are_told(void)
{
	pid_t pid[64] = { 0 };

	usable = get_mask();
	for (unsigned int cpu = 0; cpu < 64; cpu++) {
		if (!(usable >> cpu & 1))
			continue;
		pid[cpu] = fork();
		if (pid[cpu])
			continue;
		pin(1ULL << cpu);
		for (int i = 0; i < ROUNDS; i++) {
			if (where() != cpu)
				_exit(1);
			for (volatile int spin = 0; spin < 1000; spin++)
				;
			if (i % 50 == 0)
				usleep(1000);
			else
				sched_yield();
		}
		_exit(where() != cpu || get_mask() != 1ULL << cpu);
	}
	for (unsigned int cpu = 0; cpu < 64; cpu++)
		if (pid[cpu])
			CHECK_EQ(wait_status(pid[cpu]), 0);
}

static void children_inherit_where_they_may_run(void)
{
	uint64_t one = get_mask();
	pid_t pid;

	one &= -one;
	pin(one);
	pid = fork();
	if (pid == 0)
		_exit(get_mask() != one);
	CHECK_EQ(wait_status(pid), 0);
}

static void processors_that_are_not_there_are_refused(void)
{
	uint64_t missing = ~get_mask(), none = 0;

	CHECK_ERR(RAW(__NR_sched_setaffinity, 0, sizeof(none), &none), EINVAL);
	if (missing)
		CHECK_ERR(RAW(__NR_sched_setaffinity, 0, sizeof(missing), &missing), EINVAL);
}

/* The registers that only user code uses go along from CPU to CPU.  False when one of them did not. */
static int move_with_registers(uint64_t mask)
{
	static const uint64_t in[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	uint64_t out[2] = { 0 };
	long ret = __NR_sched_setaffinity;

	__asm__ volatile("movdqu %[in], %%xmm15\n\t"
			 "syscall\n\t"
			 "movdqu %%xmm15, %[out]"
			 : "+a"(ret), [out] "=m"(out)
			 : "D"(0), "S"(sizeof(mask)), "d"(&mask), [in] "m"(in), "m"(mask)
			 : "rcx", "r11", "xmm15", "memory");
	return ret == 0 && !memcmp(in, out, sizeof(in));
}

static void registers_go_along_from_processor_to_processor(void)
{
	usable = get_mask();
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int cpu = (unsigned int)(i * 7) % 64;

		if (!(usable >> cpu & 1))
			continue;
		CHECK(move_with_registers(1ULL << cpu));
		CHECK_EQ(where(), cpu);
	}
}

static unsigned int selectors(void)
{
	unsigned int ds, es, gs;

	__asm__ volatile("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%gs, %2"
			 : "=r"(ds), "=r"(es), "=r"(gs));
	return (ds & 0xff) << 16 | (es & 0xff) << 8 | (gs & 0xff);
}

static void set_selectors(unsigned int ds, unsigned int es, unsigned int gs)
{
	__asm__ volatile("mov %0, %%ds\n\tmov %1, %%es\n\tmov %2, %%gs"
			 :
			 : "r"(ds), "r"(es), "r"(gs));
}

/* Two processes on one CPU take turns; each finds its own selectors again, also where the other's are null. */
static void segment_selectors_survive_a_switch(void)
{
	uint64_t one = get_mask();
	int fds[2][2];
	pid_t pid;
	char c = 0;

	pin(one & -one);
	CHECK_EQ(pipe(fds[0]), 0);
	CHECK_EQ(pipe(fds[1]), 0);
	pid = fork();
	if (pid == 0) {
		unsigned int mine = selectors();

		for (int i = 0; i < ROUNDS; i++)
			if (read(fds[0][0], &c, 1) != 1 || selectors() != mine ||
			    write(fds[1][1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	set_selectors(USER_DS, USER_CS, USER_DS);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(write(fds[0][1], &c, 1), 1);
		CHECK_EQ(read(fds[1][0], &c, 1), 1);
		CHECK_EQ(selectors(), USER_DS << 16 | USER_CS << 8 | USER_DS);
	}
	CHECK_EQ(wait_status(pid), 0);
	pid = fork();
	if (pid == 0)
		_exit(selectors() != (USER_DS << 16 | USER_CS << 8 | USER_DS));
	CHECK_EQ(wait_status(pid), 0);
}

/* clang-format off */
TEST_MAIN("cpus",
	CASE(all_files_count_the_same_processors), CASE(pinned_processes_run_where_they_are_told),
	CASE(children_inherit_where_they_may_run), CASE(processors_that_are_not_there_are_refused),
	CASE(registers_go_along_from_processor_to_processor), CASE(segment_selectors_survive_a_switch))
/* clang-format on */
