/*
 * tests/guest/sched.c - processors: where a task may run, how willingly it gives way, what it is charged
 *
 * The cases ask how many processors there are and pass with one, too, where there is less to see.  None depends on how
 * fast anything is: who is to be somewhere is waited for.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/check.h"
#include "lib/thread.h"

#define MAX_CPUS 64

static unsigned long allowed_cpus(pid_t pid)
{
	unsigned long mask = 0;

	CHECK_EQ(RAW(__NR_sched_getaffinity, pid, sizeof(mask), &mask), sizeof(mask));
	return mask;
}

static long allow(pid_t pid, unsigned long mask)
{
	return RAW(__NR_sched_setaffinity, pid, sizeof(mask), &mask);
}

static unsigned int where(void)
{
	unsigned int cpu = ~0u;

	CHECK_EQ(RAW(__NR_getcpu, &cpu, NULL, NULL), 0);
	return cpu;
}

/* Field @n of /proc/PID/stat, counted from 1 as proc(5) does; the name in field 2 has no blanks here. */
static long stat_field(pid_t pid, int n)
{
	char path[64], line[1024], *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	CHECK(f && fgets(line, sizeof(line), f));
	fclose(f);
	for (p = line; --n; p++) {
		p = strchr(p, ' ');
		CHECK(p);
	}
	return strtol(p, NULL, 10);
}

static pid_t start_child(void (*fn)(void))
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		fn();
		_exit(0);
	}
	return pid;
}

static void end_child(pid_t pid)
{
	int status;

	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
}

static void spin(void)
{
	for (;;)
		;
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

/* --- affinity --- */

static void caller_is_on_the_cpu_it_asked_for(void)
{
	unsigned long all = allowed_cpus(0);

	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
			if (!(all & 1UL << cpu))
				continue;
			CHECK_EQ(allow(0, 1UL << cpu), 0);
			CHECK_EQ(where(), cpu);
			CHECK_EQ(allowed_cpus(0), 1UL << cpu);
		}
	}
	CHECK_EQ(allow(0, all), 0);
}

static void sets_without_a_cpu_are_refused(void)
{
	unsigned long all = allowed_cpus(0), none = 0;

	CHECK_ERR(allow(0, 0), EINVAL);
	CHECK_ERR(RAW(__NR_sched_setaffinity, 0, 0, &all), EINVAL);
	CHECK_ERR(RAW(__NR_sched_setaffinity, 0, sizeof(all), NULL), EFAULT);
	CHECK_ERR(RAW(__NR_sched_setaffinity, 99999, sizeof(all), &all), ESRCH);
	CHECK_ERR(RAW(__NR_sched_getaffinity, 0, 4, &none), EINVAL);
	CHECK_ERR(RAW(__NR_sched_getaffinity, 0, 0, &none), EINVAL);
	CHECK_ERR(RAW(__NR_sched_getaffinity, 99999, sizeof(none), &none), ESRCH);
	if (all != ~0UL)
		CHECK_ERR(allow(0, ~all), EINVAL);
	CHECK_EQ(allow(0, ~0UL), 0);
	CHECK_EQ(allowed_cpus(0), all);
}

static void exit_where_i_am(void)
{
	_exit((int)where());
}

static void children_inherit_the_set(void)
{
	unsigned long all = allowed_cpus(0);

	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
		int status;
		pid_t pid;

		if (!(all & 1UL << cpu))
			continue;
		CHECK_EQ(allow(0, 1UL << cpu), 0);
		pid = start_child(exit_where_i_am);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, cpu << 8);
	}
}

/* Moved from outside, again and again; field 39 of stat is the CPU. */
static void move_around(pid_t pid)
{
	unsigned long all = allowed_cpus(0);

	for (unsigned int round = 0; round < 5; round++) {
		for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
			if (!(all & 1UL << cpu))
				continue;
			CHECK_EQ(allow(pid, 1UL << cpu), 0);
			while (stat_field(pid, 39) != (long)cpu)
				sched_yield();
		}
	}
}

static void a_running_task_is_moved(void)
{
	pid_t pid = start_child(spin);

	move_around(pid);
	end_child(pid);
}

static volatile int *shared_word(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static volatile int *counter;

static void count_and_sleep(void)
{
	const struct timespec ts = { .tv_nsec = 100000 };

	for (;;) {
		nanosleep(&ts, NULL);
		++*counter;
	}
}

static void a_task_that_sleeps_and_wakes_is_moved(void)
{
	pid_t pid;
	int before;

	counter = shared_word();
	pid = start_child(count_and_sleep);
	move_around(pid);
	before = *counter;
	while (*counter < before + 3)
		sched_yield();
	end_child(pid);
}

static void a_waiting_task_is_moved(void)
{
	unsigned long all = allowed_cpus(0);
	pid_t pids[4];

	/* All on one CPU: most of them wait there for their turn. */
	CHECK_EQ(allow(0, all & -all), 0);
	for (int i = 0; i < NR(pids); i++)
		pids[i] = start_child(spin);
	for (int i = 0; i < NR(pids); i++) {
		CHECK_EQ(allow(pids[i], all), 0);
		move_around(pids[i]);
	}
	for (int i = 0; i < NR(pids); i++)
		end_child(pids[i]);
}

static void a_stopped_sleeper_may_be_bound(void)
{
	pid_t pid = start_child(sleep_for_ever);
	unsigned long all = allowed_cpus(0);
	int status;

	CHECK_EQ(kill(pid, SIGSTOP), 0);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK_EQ(allow(pid, all & -all), 0);
	CHECK_EQ(allowed_cpus(pid), all & -all);
	CHECK_EQ(kill(pid, SIGCONT), 0);
	end_child(pid);
}

#define WORK_NS 20000000L /* of CPU time: some turns of each competitor */

static void stay_on_the_last_cpu(void)
{
	unsigned long all = allowed_cpus(0);
	unsigned int last = 63 - (unsigned int)__builtin_clzl(all);

	CHECK_EQ(allow(0, 1UL << last), 0);
	for (struct timespec used = { 0 }; !used.tv_sec && used.tv_nsec < WORK_NS;) {
		CHECK_EQ(where(), last);
		CHECK_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
	}
}

/* A CPU that runs out of work looks for some on the others' queues: what is bound is not for it. */
static void bound_tasks_are_left_to_their_cpu(void)
{
	static const struct timespec a_while = { .tv_nsec = 100000 };
	unsigned long all = allowed_cpus(0);
	pid_t pids[6], ended;
	int status;

	for (int i = 0; i < NR(pids); i++)
		pids[i] = start_child(stay_on_the_last_cpu);
	/* Each of these naps is a CPU that runs out of work. */
	CHECK_EQ(allow(0, all & -all), 0);
	for (int i = 0; i < NR(pids); i++) {
		while ((ended = waitpid(pids[i], &status, WNOHANG)) == 0)
			nanosleep(&a_while, NULL);
		CHECK_EQ(ended, pids[i]);
		CHECK_EQ(status, 0);
	}
	CHECK_EQ(allow(0, all), 0);
}

/* --- fairness --- */

static void busy_tasks_use_every_cpu(void)
{
	unsigned long all = allowed_cpus(0), seen = 0;
	pid_t pids[MAX_CPUS];
	int nr = 0;

	for (unsigned long rest = all; rest; rest &= rest - 1)
		nr++;
	for (int i = 0; i < nr; i++)
		pids[i] = start_child(spin);
	/* This task is one more: the one that is too many goes round. */
	while (seen != all) {
		for (int i = 0; i < nr; i++)
			seen |= 1UL << stat_field(pids[i], 39);
		sched_yield();
	}
	for (int i = 0; i < nr; i++)
		end_child(pids[i]);
}

static long cpu_ns(pid_t pid)
{
	clockid_t clock = (clockid_t)(~(unsigned int)pid << 3 | 2);
	struct timespec ts;

	CHECK_EQ(RAW(__NR_clock_gettime, clock, &ts), 0);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* A nice level of 10 weighs a tenth: on one CPU the other must get clearly more. */
static void nice_tasks_get_less(void)
{
	unsigned long all = allowed_cpus(0);
	pid_t kind, other;

	CHECK_EQ(allow(0, all & -all), 0);
	kind = start_child(spin);
	other = start_child(spin);
	CHECK_EQ(RAW(__NR_setpriority, 0, kind, 10), 0);
	CHECK_EQ(RAW(__NR_getpriority, 0, kind), 20 - 10);
	while (cpu_ns(other) < 300000000L)
		sched_yield();
	CHECK(cpu_ns(kind) > 0);
	CHECK(cpu_ns(kind) < cpu_ns(other) / 2);
	end_child(kind);
	end_child(other);
}

/* --- figures --- */

static void cpu_time_never_goes_back(void)
{
	pid_t pid = start_child(spin);
	long last = 0;

	for (int i = 0; i < 20000; i++) {
		long now = cpu_ns(pid);

		CHECK(now >= last);
		last = now;
	}
	end_child(pid);
}

/* user, nice, system and idle of each CPU never decrease. */
static void idle_time_never_goes_back(void)
{
	long last = 0;

	for (int i = 0; i < 200; i++) {
		FILE *f = fopen("/proc/stat", "r");
		char line[256], *p;
		long idle;

		CHECK(f && fgets(line, sizeof(line), f));
		fclose(f);
		p = line + strlen("cpu ");
		for (int n = 0; n < 3; n++)
			strtol(p, &p, 10);
		idle = strtol(p, NULL, 10);
		CHECK(idle >= last);
		last = idle;
		sched_yield();
	}
}

/* --- waking across CPUs --- */

#define ROUNDS 3000

struct pair {
	volatile int turn;
	unsigned long cpus[2];
};
static struct pair pairs[4];

/* Threads 2n and 2n+1 hand a futex word to and fro, and now and then ask for another CPU. */
static void hand_over(void *arg)
{
	long me = (long)arg;
	struct pair *p = &pairs[me / 2];
	int mine = (int)(me & 1);

	for (int i = 0; i < ROUNDS; i++) {
		while (p->turn != mine)
			futex_wait(&p->turn, !mine);
		if (i % 100 == 0)
			allow(0, p->cpus[(i / 100 + mine) & 1]);
		p->turn = !mine;
		futex_wake(&p->turn, 1);
	}
}

static void no_wake_up_is_lost_while_tasks_move(void)
{
	unsigned long all = allowed_cpus(0);

	for (int i = 0; i < NR(pairs); i++) {
		pairs[i].cpus[0] = all & -all;
		pairs[i].cpus[1] = all;
	}
	run_threads(2 * NR(pairs), hand_over);
}

/* clang-format off */
TEST_MAIN("sched",
	CASE(caller_is_on_the_cpu_it_asked_for), CASE(sets_without_a_cpu_are_refused), CASE(children_inherit_the_set),
	CASE(a_running_task_is_moved), CASE(a_task_that_sleeps_and_wakes_is_moved), CASE(a_waiting_task_is_moved),
	CASE(a_stopped_sleeper_may_be_bound), CASE(bound_tasks_are_left_to_their_cpu), CASE(busy_tasks_use_every_cpu),
	CASE(nice_tasks_get_less), CASE(cpu_time_never_goes_back), CASE(idle_time_never_goes_back),
	CASE(no_wake_up_is_lost_while_tasks_move))
/* clang-format on */
