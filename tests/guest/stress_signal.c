/*
 * tests/guest/stress_signal.c - signals between threads and processes, timers, stops
 *
 * Queued signals (SIGRTMIN and up) are counted: each that was accepted arrives once, at the thread it was sent to.
 * Ordinary ones may merge, but the last one sent is never lost.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/stress.h"

#define WORKERS  4
#define SIGNALS  60
#define ALT_SIZE (4 * PAGE)
#define QUEUED   SIGRTMIN

static struct post {
	volatile long sent[WORKERS], received[WORKERS];
	volatile int tid[WORKERS];
	volatile long handled, sum;
	struct meeting meeting;
	volatile int over;
} * post;

static char *alt_stacks;

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), unsigned long flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &sa, NULL);
}

static void use_alt_stack(long me)
{
	stack_t ss = { .ss_sp = alt_stacks + (unsigned long)me * ALT_SIZE, .ss_size = ALT_SIZE };

	if (RAW(__NR_sigaltstack, &ss, 0))
		fail("sigaltstack");
}

static long thread_number(void)
{
	int tid = (int)RAW(__NR_gettid);

	for (long i = 0; i < WORKERS; i++)
		if (post->tid[i] == tid)
			return i;
	fail("a signal came to a stranger");
}

static void count_queued(int sig, siginfo_t *info, void *context)
{
	long me = thread_number();
	char *here = (char *)&me;

	(void)sig;
	(void)context;
	if (here < alt_stacks + (unsigned long)me * ALT_SIZE ||
	    here >= alt_stacks + (unsigned long)(me + 1) * ALT_SIZE)
		fail("thread %ld handles a signal on %p", me, (void *)here);
	if (info->si_value.sival_int != (int)(me + 1000) || info->si_code != SI_QUEUE)
		fail("thread %ld got value %d, code %d", me, info->si_value.sival_int,
		     info->si_code);
	__atomic_add_fetch(&post->received[me], 1, __ATOMIC_RELAXED);
}

static void send_and_receive(void *number)
{
	struct random random = random_for((long)number);
	long me = (long)number;

	use_alt_stack(me);
	post->tid[me] = (int)RAW(__NR_gettid);
	meet(&post->meeting, WORKERS);
	for (int i = 0; i < SIGNALS; i++) {
		long to = (long)below(&random, WORKERS), ret;
		siginfo_t info = { .si_signo = QUEUED, .si_code = SI_QUEUE };

		info.si_pid = getpid();
		info.si_value.sival_int = (int)(to + 1000);
		do {
			ret = RAW(__NR_rt_tgsigqueueinfo, getpid(), post->tid[to], QUEUED, &info);
			if (ret ==
			    -EAGAIN) /* the limit of what is pending: the other must run first */
				sched_yield();
		} while (ret == -EAGAIN);
		if (ret)
			fail("rt_tgsigqueueinfo: %ld", ret);
		__atomic_add_fetch(&post->sent[to], 1, __ATOMIC_RELAXED);
	}
	meet(&post->meeting, WORKERS);
	/* All is sent; what is still pending here is handled before this call returns. */
	RAW(__NR_getppid);
	if (post->received[me] != post->sent[me])
		fail("thread %ld got %ld of %ld", me, post->received[me], post->sent[me]);
	meet(&post->meeting, WORKERS);
}

static void prepare(void)
{
	post = shared_pages(1);
	alt_stacks = map_pages(WORKERS * ALT_SIZE / PAGE, PROT_READ | PROT_WRITE);
}

static void each_queued_signal_comes_once(void)
{
	prepare();
	handle(QUEUED, count_queued, SA_ONSTACK | SA_RESTART);
	run_threads(WORKERS, send_and_receive);
}

/* --- between processes --- */

static volatile int answers;

static void count_answer(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	answers++;
}

/* Two processes throw one signal back and forth; each waits for it by sigsuspend, so that none is lost. */
static void play_ball(void *number)
{
	sigset_t blocked, none;
	long me = (long)number;
	int last = 0;

	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	handle(SIGUSR1, count_answer, 0);
	post->tid[me] = getpid();
	meet(&post->meeting, WORKERS);
	if (me % 2 == 0)
		kill(post->tid[me + 1], SIGUSR1);
	for (int i = 0; i < 2 * SIGNALS; i++) {
		while (answers == last)
			sigsuspend(&none);
		last++;
		if (answers != last)
			fail("%d signals for one", answers - last + 1);
		if (me % 2 || i < 2 * SIGNALS - 1)
			kill(post->tid[me ^ 1], SIGUSR1);
	}
	meet(&post->meeting, WORKERS);
}

static void no_ball_is_lost(void)
{
	prepare();
	run_processes(WORKERS, play_ball);
}

/* --- sent to the process: any thread that does not block it --- */

static void count_shared(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	__atomic_add_fetch(&post->handled, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&post->sum, info->si_value.sival_int, __ATOMIC_RELAXED);
}

static void send_to_process(void *number)
{
	struct random random = random_for((long)number);
	unsigned long mask = 1UL << (QUEUED - 1);

	for (int i = 1; i <= SIGNALS; i++) {
		siginfo_t info = { .si_signo = QUEUED, .si_code = SI_QUEUE };
		long ret;

		info.si_pid = getpid();
		info.si_value.sival_int = i;
		RAW(__NR_rt_sigprocmask, below(&random, 2) ? SIG_BLOCK : SIG_UNBLOCK, &mask, 0, 8);
		while ((ret = RAW(__NR_rt_sigqueueinfo, getpid(), QUEUED, &info)) == -EAGAIN)
			RAW(__NR_rt_sigprocmask, SIG_UNBLOCK, &mask, 0, 8);
		if (ret)
			fail("rt_sigqueueinfo: %ld", ret);
	}
	RAW(__NR_rt_sigprocmask, SIG_UNBLOCK, &mask, 0, 8);
}

static void each_signal_finds_one_thread(void)
{
	prepare();
	handle(QUEUED, count_shared, SA_RESTART);
	run_threads(WORKERS, send_to_process);
	CHECK_EQ(post->handled, WORKERS * SIGNALS);
	CHECK_EQ(post->sum, WORKERS * SIGNALS * (SIGNALS + 1) / 2);
}

/* --- timers, while registers must not change --- */

static volatile long ticks;

static void count_tick(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	__atomic_add_fetch(&ticks, 1, __ATOMIC_RELAXED);
}

/* A sum in registers, vector registers among them; every interruption must leave them alone. */
static void compute(void *number)
{
	do {
		unsigned long a = (unsigned long)number + 1, got = 0, want = 0;

		asm volatile("movq	%[a], %%xmm9\n\t"
			     "mov	%[a], %%r12\n\t"
			     "mov	$20000, %%ecx\n"
			     "1:	paddq	%%xmm9, %%xmm9\n\t"
			     "psrlq	$1, %%xmm9\n\t"
			     "add	%[a], %%r12\n\t"
			     "dec	%%ecx\n\t"
			     "jnz	1b\n\t"
			     "movq	%%xmm9, %[got]\n\t"
			     "sub	%[got], %%r12\n"
			     "mov	%%r12, %[want]"
			     : [got] "=&r"(got), [want] "=&r"(want)
			     : [a] "r"(a)
			     : "r12", "rcx", "xmm9", "cc");
		if (got != a || want != a * 20000)
			fail("thread %ld: registers changed: 0x%lx 0x%lx", (long)number, got, want);
	} while (ticks < 12);
}

static void timers_leave_registers_alone(void)
{
	struct itimerval every = { { 0, 1000 }, { 0, 1000 } }, none = { { 0, 0 }, { 0, 0 } };

	handle(SIGALRM, count_tick, SA_RESTART);
	CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
	run_threads(WORKERS, compute);
	CHECK(setitimer(ITIMER_REAL, &none, NULL) == 0);
}

/* --- children end and stop --- */

static void reap_children(int sig, siginfo_t *info, void *context)
{
	int status;

	(void)sig;
	(void)info;
	(void)context;
	while (RAW(__NR_wait4, -1, &status, WNOHANG, 0) > 0)
		answers++;
}

static void every_end_is_reported(void)
{
	sigset_t blocked, old;

	answers = 0;
	handle(SIGCHLD, reap_children, SA_RESTART);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	for (int i = 0; i < SIGNALS; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0)
			_exit(0);
	}
	sigprocmask(SIG_BLOCK, &blocked, &old);
	while (answers < SIGNALS)
		sigsuspend(&old);
	CHECK_EQ(answers, SIGNALS);
}

static void count_up(void *unused)
{
	(void)unused;
	while (!post->over)
		__atomic_add_fetch(&post->handled, 1, __ATOMIC_RELAXED);
}

static void run_until_over(void)
{
	run_threads(3, count_up);
	_exit(0);
}

/* Stopped, none of its threads counts; continued, they go on. */
static void stop_and_continue(void)
{
	pid_t pid;
	int status;

	prepare();
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		run_until_over();
	for (int i = 0; i < SIGNALS / 2; i++) {
		long before = post->handled;

		while (post->handled == before)
			sched_yield();
		CHECK(kill(pid, SIGSTOP) == 0);
		CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
		CHECK(WIFSTOPPED(status));
		before = post->handled;
		sched_yield();
		CHECK_EQ(post->handled, before);
		CHECK(kill(pid, SIGCONT) == 0);
		CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
		CHECK(WIFCONTINUED(status));
	}
	post->over = 1;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

STRESS_MAIN("stress_signal", CASE(each_queued_signal_comes_once), CASE(no_ball_is_lost),
	    CASE(each_signal_finds_one_thread), CASE(timers_leave_registers_alone),
	    CASE(every_end_is_reported), CASE(stop_and_continue))
