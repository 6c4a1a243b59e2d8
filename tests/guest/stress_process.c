/*
 * tests/guest/stress_process.c - fork, exec and exit in programs of many threads
 *
 * fork takes a picture of memory while others write to it: whatever the picture shows, it must not change any more,
 * and nobody else's writes may be lost.  exec and exit_group end threads in whatever they are doing.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uapi/futex.h>
#include "lib/stress.h"

#define THREADS 4
#define FORKS   6
#define PAGES   8 /* of each thread */
#define WORDS   (PAGE / sizeof(unsigned long))

static unsigned long *memory; /* PAGES of each thread, side by side */

static unsigned long *page_of(long owner, unsigned long page)
{
	return memory + ((unsigned long)owner * PAGES + page) * WORDS;
}

/* The first word counts, the last follows it. */
static void write_page(long owner, unsigned long page, unsigned long value)
{
	unsigned long *words = page_of(owner, page);

	__atomic_store_n(&words[0], value, __ATOMIC_RELEASE);
	__atomic_store_n(&words[WORDS - 1], value, __ATOMIC_RELEASE);
}

static int reap(long pid)
{
	int status;
	long ret;

	do
		ret = RAW(__NR_wait4, pid, &status, 0x40000000 /* __WALL */, 0);
	while (ret == -EINTR);
	if (ret != pid)
		fail("wait4 for %ld: %ld", pid, ret);
	return status;
}

/*
 * In the child, alone: my own pages are as I left them; the others' pages stand still, and their last word is what
 * the first is or was shortly before.
 */
static void check_picture(long me, unsigned long mine)
{
	static unsigned long first[THREADS][PAGES];

	for (long t = 0; t < THREADS; t++)
		for (unsigned long p = 0; p < PAGES; p++) {
			unsigned long *words = page_of(t, p);

			first[t][p] = words[0];
			if (words[0] - words[WORDS - 1] > 1 || (t == me && words[0] != mine))
				_exit(10);
		}
	for (int i = 0; i < 3; i++) {
		sched_yield();
		for (long t = 0; t < THREADS; t++)
			for (unsigned long p = 0; p < PAGES; p++)
				if (page_of(t, p)[0] != first[t][p])
					_exit(11);
	}
	for (long t = 0; t < THREADS; t++)
		for (unsigned long p = 0; p < PAGES; p += 2)
			write_page(t, p, ~0UL - 5);
	_exit(0);
}

static void fork_and_write(void *number)
{
	long me = (long)number;
	unsigned long value = 1;

	for (int i = 0; i < FORKS; i++) {
		long pid;

		for (int k = 0; k < 20; k++, value++)
			for (unsigned long p = 0; p < PAGES; p++)
				write_page(me, p, value);
		pid = RAW(__NR_fork);
		if (pid == 0)
			check_picture(me, value - 1);
		if (pid < 0)
			fail("fork: %ld", pid);
		/* Go on writing while the child looks. */
		for (int k = 0; k < 20; k++, value++)
			for (unsigned long p = 0; p < PAGES; p++) {
				if (page_of(me, p)[0] != value - 1)
					fail("thread %ld page %lu: 0x%lx instead of 0x%lx", me, p,
					     page_of(me, p)[0], value - 1);
				write_page(me, p, value);
			}
		if (reap(pid))
			fail("a child of thread %ld saw what it must not", me);
	}
}

static void a_fork_is_a_picture(void)
{
	memory = (unsigned long *)(void *)map_pages(THREADS * PAGES, PROT_READ | PROT_WRITE);
	run_threads(THREADS, fork_and_write);
}

/* --- children of children, all at once --- */

static struct tally {
	volatile long born, ended, wrong;
} * tally;

static void count_wrong(int wrong)
{
	__atomic_add_fetch(&tally->wrong, wrong, __ATOMIC_RELAXED);
}

/* Three children, each of which does the same one level deeper; every process has its own value in @page. */
_Noreturn static void spread(int depth, unsigned long *page)
{
	unsigned long value = page[1];
	int born = 0, status;

	__atomic_add_fetch(&tally->born, 1, __ATOMIC_RELAXED);
	while (depth && born < 3) {
		pid_t pid = fork();

		count_wrong(pid < 0 || page[1] != value);
		born++;
		if (pid == 0) { /* a process of its own, with none yet */
			__atomic_add_fetch(&tally->born, 1, __ATOMIC_RELAXED);
			page[1] = value = value * 3 + (unsigned long)born;
			depth--;
			born = 0;
		}
	}
	for (; born; born--)
		count_wrong(wait(&status) < 0 || status);
	count_wrong(page[1] != value);
	__atomic_add_fetch(&tally->ended, 1, __ATOMIC_RELAXED);
	_exit(0);
}

static void trees_of_forks_keep_their_pages(void)
{
	unsigned long *page = (unsigned long *)(void *)map_pages(1, PROT_READ | PROT_WRITE);
	int status;

	tally = shared_pages(1);
	page[1] = 1;
	if (fork() == 0)
		spread(3, page);
	CHECK(wait(&status) > 0 && status == 0);
	CHECK_EQ(tally->born, 1 + 3 + 9 + 27);
	CHECK_EQ(tally->ended, tally->born);
	CHECK_EQ(tally->wrong, 0);
}

/* --- exec and exit among threads --- */

static char *const exec_words[] = { (char *)"stress_process", (char *)"--exit", NULL };
static char *const no_words[] = { NULL };

/* What the threads that are going to end are doing: faulting, mapping, sleeping, asking. */
static void be_busy(void *number)
{
	struct random random = random_for((long)number);
	volatile int never = 0;

	for (;;) {
		long at, pause[2] = { 0, 0 };

		switch (below(&random, 4)) {
		case 0:
			at = RAW(__NR_mmap, 0, 2 * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			*(volatile char *)at = 1;
			RAW(__NR_munmap, at, 2 * PAGE);
			break;
		case 1:
			pause[1] = (long)below(&random, 2000000);
			RAW(__NR_futex, &never, FUTEX_WAIT, 0, pause);
			break;
		case 2:
			RAW(__NR_getppid);
			break;
		default:
			RAW(__NR_sched_yield);
		}
	}
}

static void start_busy_threads(void)
{
	static struct thread crew[THREADS];

	for (long i = 1; i < THREADS; i++)
		if (thread_start(&crew[i], be_busy, (void *)i))
			_exit(20);
}

static void exec_now(void *unused)
{
	(void)unused;
	RAW(__NR_execve, "/proc/self/exe", exec_words, no_words);
	RAW(__NR_exit_group, 21);
}

static void exit_now(void *unused)
{
	(void)unused;
	RAW(__NR_exit_group, 42);
}

/* A process whose threads are ended by what one of them does; by the leader, or by another than the leader. */
static void end_among_threads(long worker, void (*end)(void *), int want)
{
	struct random random = random_for(worker);

	for (int i = 0; i < FORKS; i++) {
		int by_leader = (int)below(&random, 2);
		unsigned long pause = below(&random, 2000);
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			static struct thread other;

			start_busy_threads();
			usleep((unsigned int)pause);
			if (by_leader)
				end(NULL);
			if (thread_start(&other, end, NULL))
				_exit(22);
			be_busy((void *)(long)THREADS);
		}
		if (pid < 0)
			fail("fork: %s", strerror(errno));
		status = reap(pid);
		if (status != want << 8)
			fail("it ended with 0x%x instead of 0x%x", status, want << 8);
	}
}

static void exec_among_threads(void *number)
{
	end_among_threads((long)number, exec_now, 0);
}

static void exit_among_threads(void *number)
{
	end_among_threads(100 + (long)number, exit_now, 42);
}

static void exec_ends_the_other_threads(void)
{
	run_processes(3, exec_among_threads);
}

static void exit_group_ends_the_other_threads(void)
{
	run_processes(3, exit_among_threads);
}

/* Threads fork, and the children exec, all at once. */
static void fork_and_exec(void *number)
{
	for (int i = 0; i < FORKS; i++) {
		long pid = RAW(__NR_fork);

		if (pid == 0)
			exec_now(NULL);
		if (pid < 0 || reap(pid))
			fail("thread %ld: exec in child %ld failed", (long)number, pid);
	}
}

static void threads_exec_in_children(void)
{
	run_threads(THREADS, fork_and_exec);
}

/* Killed while its threads are busy: nothing of it stays. */
static void kill_busy_process(void *number)
{
	struct random random = random_for((long)number);

	for (int i = 0; i < FORKS; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			start_busy_threads();
			be_busy(number);
		}
		usleep((unsigned int)below(&random, 3000));
		kill(pid, SIGKILL);
		if (reap(pid) != SIGKILL)
			fail("it did not end by SIGKILL");
	}
}

static void kill_ends_all_threads(void)
{
	run_processes(3, kill_busy_process);
}

/* --- thousands of threads --- */

#define CREATORS   4
#define GENERATION 24
#define BATCHES    8
#define SMALL      (2 * PAGE)

static volatile long threads_run;

static void count_me(void *unused)
{
	(void)unused;
	__atomic_add_fetch(&threads_run, 1, __ATOMIC_RELAXED);
}

static void create_generations(void *number)
{
	struct thread crew[GENERATION] = { 0 };
	char *stacks = (char *)RAW(__NR_mmap, 0, GENERATION * SMALL, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)number;
	for (int batch = 0; batch < BATCHES; batch++) {
		for (int i = 0; i < GENERATION; i++) {
			crew[i].stack = stacks + (unsigned long)i * SMALL;
			crew[i].stack_size = SMALL;
			if (thread_start(&crew[i], count_me, NULL))
				fail("no thread");
		}
		for (int i = 0; i < GENERATION; i++)
			thread_join(&crew[i]);
	}
	RAW(__NR_munmap, stacks, GENERATION * SMALL);
}

static void threads_come_and_go_in_hundreds(void)
{
	threads_run = 0;
	run_threads(CREATORS, create_generations);
	CHECK_EQ(threads_run, CREATORS * BATCHES * GENERATION);
}

#define CROWD 400
static struct meeting crowd_meeting;

static void stand_in_crowd(void *unused)
{
	meet(&crowd_meeting, CROWD + 1);
	count_me(unused);
}

static void hundreds_of_threads_at_once(void)
{
	struct thread *crowd = (struct thread *)(void *)map_pages(
		(CROWD * sizeof(*crowd) + PAGE - 1) / PAGE, PROT_READ | PROT_WRITE);
	char *stacks = map_pages(CROWD * SMALL / PAGE, PROT_READ | PROT_WRITE);

	threads_run = 0;
	for (int i = 0; i < CROWD; i++) {
		crowd[i].stack = stacks + (unsigned long)i * SMALL;
		crowd[i].stack_size = SMALL;
		CHECK_EQ(thread_start(&crowd[i], stand_in_crowd, NULL), 0);
	}
	meet(&crowd_meeting, CROWD + 1);
	for (int i = 0; i < CROWD; i++)
		thread_join(&crowd[i]);
	CHECK_EQ(threads_run, CROWD);
}

static const struct test_case cases[] = {
	CASE(a_fork_is_a_picture),
	CASE(trees_of_forks_keep_their_pages),
	CASE(exec_ends_the_other_threads),
	CASE(exit_group_ends_the_other_threads),
	CASE(threads_exec_in_children),
	CASE(kill_ends_all_threads),
	CASE(threads_come_and_go_in_hundreds),
	CASE(hundreds_of_threads_at_once),
};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--exit") == 0)
		return 0;
	return run_stress("stress_process", cases, NR(cases), argc, argv);
}
