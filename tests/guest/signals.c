/*
 * tests/guest/signals.c - delivery, handlers, masks, and the state they must preserve
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/check.h"

static volatile int count, last_sig, last_code;
static void *volatile last_addr;
static sigjmp_buf back;

static void on_signal(int sig)
{
	count++;
	last_sig = sig;
}

static void on_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	last_sig = sig;
	last_code = info->si_code;
	last_addr = info->si_addr;
}

static void on_info_leave(int sig, siginfo_t *info, void *context)
{
	on_info(sig, info, context);
	siglongjmp(back, 1);
}

static void handle(int sig, void (*fn)(int, siginfo_t *, void *), unsigned long flags)
{
	struct sigaction act = { .sa_sigaction = fn, .sa_flags = flags | SA_SIGINFO };

	CHECK_EQ(sigaction(sig, &act, NULL), 0);
}

static sigset_t set_of(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return set;
}

static void kill_self(void *sig)
{
	kill(getpid(), (int)(long)sig);
}

static void default_actions_end_or_are_ignored(void)
{
	static const int fatal[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGILL,   SIGTRAP, SIGABRT,
				     SIGBUS,  SIGFPE,  SIGKILL, SIGUSR1,  SIGSEGV, SIGUSR2,
				     SIGPIPE, SIGALRM, SIGTERM, SIGRTMIN, SIGRTMAX };
	static const int ignored[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH };

	for (int i = 0; i < NR(fatal); i++)
		CHECK_EQ(signal_of(kill_self, (void *)(long)fatal[i]), fatal[i]);
	for (int i = 0; i < NR(ignored); i++)
		CHECK_EQ(signal_of(kill_self, (void *)(long)ignored[i]), 0);
}

static void handler_runs_before_kill_returns(void)
{
	signal(SIGUSR1, on_signal);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	CHECK_EQ(count, 1);
	CHECK_EQ(last_sig, SIGUSR1);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(count, 2);
}

static void ignored_signal_does_nothing(void)
{
	signal(SIGUSR1, SIG_IGN);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
}

static void kill_errors(void)
{
	struct sigaction act = { .sa_handler = SIG_IGN };

	CHECK_ERR(RAW(__NR_kill, getpid(), 65), EINVAL);
	CHECK_ERR(RAW(__NR_kill, getpid(), -1), EINVAL);
	CHECK_ERR(RAW(__NR_kill, 0x3fffffff, 0), ESRCH);
	CHECK_EQ(RAW(__NR_kill, getpid(), 0), 0);
	CHECK_ERR(RAW(__NR_tgkill, getpid(), 0, SIGUSR1), EINVAL);
	CHECK_ERR(RAW(__NR_rt_sigaction, SIGKILL, &act, NULL, 8), EINVAL);
	CHECK_ERR(RAW(__NR_rt_sigaction, SIGSTOP, &act, NULL, 8), EINVAL);
	CHECK_ERR(RAW(__NR_rt_sigaction, 0, NULL, NULL, 8), EINVAL);
	CHECK_ERR(RAW(__NR_rt_sigaction, 65, NULL, NULL, 8), EINVAL);
	CHECK_ERR(RAW(__NR_rt_sigaction, SIGUSR1, NULL, NULL, 4), EINVAL);
	CHECK_ERR(RAW(__NR_rt_sigprocmask, 99, &act, NULL, 8), EINVAL);
	CHECK_ERR(RAW(__NR_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 16), EINVAL);
}

static void blocked_signal_waits(void)
{
	sigset_t set = set_of(SIGUSR1), pending;

	signal(SIGUSR1, on_signal);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	CHECK_EQ(count, 0);
	CHECK_EQ(sigpending(&pending), 0);
	CHECK_EQ(sigismember(&pending, SIGUSR1), 1);
	CHECK_EQ(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
	CHECK_EQ(count, 1); /* an ordinary signal is pending at most once */
}

static void realtime_signals_queue(void)
{
	sigset_t set = set_of(SIGRTMIN + 3);

	signal(SIGRTMIN + 3, on_signal);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 5; i++)
		raise(SIGRTMIN + 3);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK_EQ(count, 5);
}

static void kill_and_stop_cannot_be_blocked(void)
{
	sigset_t all, now;

	sigfillset(&all);
	CHECK_EQ(sigprocmask(SIG_SETMASK, &all, NULL), 0);
	CHECK_EQ(sigprocmask(SIG_SETMASK, NULL, &now), 0);
	CHECK(!sigismember(&now, SIGKILL) && !sigismember(&now, SIGSTOP) &&
	      sigismember(&now, SIGTERM));
	CHECK_EQ(signal_of(kill_self, (void *)(long)SIGKILL), SIGKILL);
}

static volatile int depth, deepest;

static void nest(int sig)
{
	depth++;
	deepest = depth > deepest ? depth : deepest;
	if (count++ < 2)
		raise(sig);
	depth--;
}

static void own_signal_is_blocked_in_its_handler(void)
{
	struct sigaction act = { .sa_handler = nest };

	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	CHECK_EQ(deepest, 1);
	CHECK_EQ(count, 3);
	deepest = count = 0;
	act.sa_flags = SA_NODEFER;
	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	CHECK_EQ(deepest, 3);
}

static sigset_t seen_mask;

static void look_at_mask(int sig)
{
	(void)sig;
	sigprocmask(SIG_BLOCK, NULL, &seen_mask);
}

static void mask_of_the_action_holds_in_the_handler(void)
{
	struct sigaction act = { .sa_handler = look_at_mask, .sa_mask = set_of(SIGUSR2) };
	sigset_t after;

	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	CHECK(sigismember(&seen_mask, SIGUSR1) && sigismember(&seen_mask, SIGUSR2));
	sigprocmask(SIG_BLOCK, NULL, &after);
	CHECK(!sigismember(&after, SIGUSR1) && !sigismember(&after, SIGUSR2));
}

static void resethand_makes_it_single(void)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND }, now;

	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	CHECK_EQ(count, 1);
	sigaction(SIGUSR1, NULL, &now);
	CHECK(now.sa_handler == SIG_DFL);
}

static void sigsuspend_waits_under_another_mask(void)
{
	sigset_t block = set_of(SIGUSR1), none, now;

	signal(SIGUSR1, on_signal);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGUSR1);
	CHECK_EQ(count, 0);
	sigemptyset(&none);
	CHECK_ERR(RAW(__NR_rt_sigsuspend, &none, 8), EINTR);
	CHECK_EQ(count, 1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	CHECK(sigismember(&now, SIGUSR1));
}

/* Every register, flag and vector register is the same after a handler that uses them all. */
static void clobber(int sig)
{
	(void)sig;
	count++;
	/* clang-format off */
	__asm__ volatile("xor %%eax, %%eax; xor %%ebx, %%ebx; xor %%ecx, %%ecx; xor %%edx, %%edx; xor %%esi, %%esi\n"
			 "xor %%edi, %%edi; xor %%r8d, %%r8d; xor %%r9d, %%r9d; xor %%r10d, %%r10d; xor %%r11d, %%r11d\n"
			 "xor %%r12d, %%r12d; xor %%r13d, %%r13d; xor %%r14d, %%r14d; xor %%r15d, %%r15d\n"
			 "pxor %%xmm0, %%xmm0; pxor %%xmm7, %%xmm7; pxor %%xmm15, %%xmm15; stc; std; cld"
			 : : : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			   "r15", "xmm0", "xmm7", "xmm15", "cc", "memory");
	/* clang-format on */
}

static void handler_preserves_the_interrupted_state(void)
{
	long bad;

	signal(SIGUSR1, clobber);
	/* kill(getpid(), SIGUSR1) with all else loaded; rax, rcx and r11 belong to the call. */
	/* clang-format off */
	__asm__ volatile(
		"mov $39, %%eax; syscall; mov %%eax, %%edi\n"
		"mov $10, %%esi; mov $3, %%edx; mov $8, %%r8d; mov $9, %%r9d; mov $10, %%r10d; mov $11, %%ebx\n"
		"mov $12, %%r12d; mov $13, %%r13d; mov $14, %%r14d; mov $15, %%r15d\n"
		"movq %%r12, %%xmm0; movq %%r13, %%xmm7; movq %%r14, %%xmm15\n"
		"mov $62, %%eax; syscall\n"
		"sub $10, %%rsi; sub $3, %%rdx; sub $8, %%r8; sub $9, %%r9; sub $10, %%r10; sub $11, %%rbx\n"
		"or %%rsi, %%rax; or %%rdx, %%rax; or %%r8, %%rax; or %%r9, %%rax; or %%r10, %%rax; or %%rbx, %%rax\n"
		"sub $12, %%r12; sub $13, %%r13; sub $14, %%r14; sub $15, %%r15\n"
		"or %%r12, %%rax; or %%r13, %%rax; or %%r14, %%rax; or %%r15, %%rax\n"
		"movq %%xmm0, %%rbx; sub $12, %%rbx; or %%rbx, %%rax; movq %%xmm7, %%rbx; sub $13, %%rbx; or %%rbx, %%rax\n"
		"movq %%xmm15, %%rbx; sub $14, %%rbx; or %%rbx, %%rax\n"
		: "=&a"(bad) : : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		  "xmm0", "xmm7", "xmm15", "memory", "cc");
	/* clang-format on */
	CHECK_EQ(count, 1);
	CHECK_EQ(bad, 0);
}

/* Faults */

static void fault_at(void (*access)(void *), void *addr)
{
	count = last_sig = last_code = 0;
	last_addr = (void *)1;
	if (sigsetjmp(back, 1) == 0)
		access(addr);
}

static void faults_say_where_and_why(void)
{
	char *p = map_pages(2, PROT_READ), *q;
	int fd = pattern_file("f", 10);

	handle(SIGSEGV, on_info_leave, 0);
	handle(SIGBUS, on_info_leave, 0);
	fault_at(touch_read, (void *)0x123000);
	CHECK(last_sig == SIGSEGV && last_code == SEGV_MAPERR && last_addr == (void *)0x123000);
	fault_at(touch_write, p + 5);
	CHECK(last_sig == SIGSEGV && last_code == SEGV_ACCERR && last_addr == p + 5);
	fault_at(touch_exec, p + 8);
	CHECK(last_sig == SIGSEGV && last_code == SEGV_ACCERR && last_addr == p + 8);
	fault_at(touch_read, (void *)0x0000900000000000);
	CHECK(last_sig == SIGSEGV && last_code == SI_KERNEL && last_addr == NULL);
	fault_at(touch_read, (void *)0xffffffff81000000);
	CHECK(last_sig == SIGSEGV && last_code == SEGV_MAPERR &&
	      last_addr == (void *)0xffffffff81000000);
	q = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	fault_at(touch_read, q + PAGE + 3);
	CHECK(last_sig == SIGBUS && last_code == BUS_ADRERR && last_addr == q + PAGE + 3);
}

static void do_divide(void *unused)
{
	(void)unused;
	__asm__ volatile("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; idivl %%ecx"
			 :
			 :
			 : "eax", "ecx", "edx", "cc");
}

static void do_ud2(void *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

static void traps_say_why(void)
{
	handle(SIGFPE, on_info_leave, 0);
	handle(SIGILL, on_info_leave, 0);
	fault_at(do_divide, NULL);
	CHECK(last_sig == SIGFPE && last_code == FPE_INTDIV);
	fault_at(do_ud2, NULL);
	CHECK(last_sig == SIGILL && last_code == ILL_ILLOPN);
}

static char *mended;

static void mend(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	count++;
	mprotect((void *)((unsigned long)info->si_addr & ~(PAGE - 1)), PAGE,
		 PROT_READ | PROT_WRITE);
}

static void handler_may_mend_the_fault_and_return(void)
{
	mended = map_pages(8, PROT_NONE);
	handle(SIGSEGV, mend, 0);
	for (int i = 0; i < 8; i++)
		mended[i * PAGE] = (char)i;
	CHECK_EQ(count, 8);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(mended[i * PAGE], i);
}

static void fault_with_the_signal_blocked_is_fatal(void)
{
	sigset_t set = set_of(SIGSEGV);

	handle(SIGSEGV, on_info, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_EQ(signal_of(touch_read, NULL), SIGSEGV);
	signal(SIGSEGV, SIG_IGN);
	CHECK_EQ(signal_of(touch_read, NULL), SIGSEGV);
}

static char alt_stack[16384];
static volatile int on_alt;

static void check_alt(int sig, siginfo_t *info, void *context)
{
	char here;

	on_alt = &here >= alt_stack && &here < alt_stack + sizeof(alt_stack);
	on_info_leave(sig, info, context);
}

static volatile int go_on = 1;

static void endless(void *unused)
{
	volatile char frame[2000];

	frame[0] = 1;
	if (go_on)
		endless(unused);
	frame[1] = frame[0];
}

static void stack_overflow_is_handled_on_another_stack(void)
{
	stack_t ss = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };

	CHECK_EQ(signal_of(endless, NULL), SIGSEGV);
	CHECK_EQ(sigaltstack(&ss, NULL), 0);
	handle(SIGSEGV, check_alt, SA_ONSTACK);
	fault_at(endless, NULL);
	CHECK_EQ(last_sig, SIGSEGV);
	CHECK_EQ(on_alt, 1);
}

static void forged_frame_kills_only_its_process(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		__asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall"
				 :
				 : "r"(0xdead000UL)
				 : "rax", "memory");
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status & 0x7f, SIGSEGV);
}

static void set_kernel_selectors(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	uc->uc_mcontext.gregs[REG_RIP] = (long)0xffffffff81000000;
	uc->uc_mcontext.gregs[REG_EFL] |= 0x3000; /* IOPL 3 */
	uc->uc_mcontext.gregs[REG_CSGSFS] = 0x10;
}

static void frame_with_kernel_state_is_not_obeyed(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		handle(SIGUSR1, set_kernel_selectors, 0);
		raise(SIGUSR1);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status & 0x7f, SIGSEGV);
}

/* Interrupting and restarting */

static void interrupted_read(unsigned long flags, long want)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = flags };
	int fds[2], status;
	char c;

	CHECK_EQ(pipe(fds), 0);
	sigaction(SIGUSR1, &act, NULL);
	if (fork() == 0) {
		struct timespec nap = { 0, 100000000 };

		nanosleep(&nap, NULL);
		kill(getppid(), SIGUSR1);
		nanosleep(&nap, NULL);
		_exit(write(fds[1], "x", 1) != 1);
	}
	CHECK_EQ(RAW(__NR_read, fds[0], &c, 1), want);
	CHECK_EQ(count, 1);
	CHECK(wait(&status) > 0);
}

static void signal_interrupts_a_read(void)
{
	interrupted_read(0, -EINTR);
}

static void restart_flag_resumes_a_read(void)
{
	interrupted_read(SA_RESTART, 1);
}

static void interrupted_sleep_tells_the_rest(void)
{
	struct timespec want = { 10, 0 }, left = { 0, 0 };
	struct itimerval tv = { .it_value = { 0, 50000 } };

	signal(SIGALRM, on_signal);
	CHECK_EQ(setitimer(ITIMER_REAL, &tv, NULL), 0);
	CHECK_ERR(RAW(__NR_nanosleep, &want, &left), EINTR);
	CHECK(left.tv_sec > 0 && left.tv_sec < 10);
	CHECK_EQ(count, 1);
}

static void alarm_rings_and_tells_the_rest(void)
{
	CHECK(alarm(100) > 0); /* the watchdog's */
	CHECK(alarm(1) > 90);
	signal(SIGALRM, on_signal);
	pause();
	CHECK_EQ(count, 1);
	CHECK_EQ(alarm(0), 0);
}

static void writing_to_a_broken_pipe_is_SIGPIPE(void)
{
	int fds[2];

	CHECK_EQ(pipe(fds), 0);
	close(fds[0]);
	signal(SIGPIPE, on_signal);
	CHECK_ERR(RAW(__NR_write, fds[1], "x", 1), EPIPE);
	CHECK_EQ(last_sig, SIGPIPE);
}

/* Children */

static volatile int child_status, child_pid;

static void on_child(int sig, siginfo_t *info, void *context)
{
	on_info(sig, info, context);
	child_pid = info->si_pid;
	child_status = info->si_status;
}

static void end_of_a_child_is_SIGCHLD(void)
{
	sigset_t block = set_of(SIGCHLD), none;
	pid_t pid;

	sigemptyset(&none);
	sigprocmask(SIG_BLOCK, &block, NULL);
	handle(SIGCHLD, on_child, 0);
	pid = fork();
	if (pid == 0)
		_exit(7);
	sigsuspend(&none);
	CHECK(last_sig == SIGCHLD && last_code == CLD_EXITED && child_pid == pid &&
	      child_status == 7);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGKILL);
	sigsuspend(&none);
	CHECK(last_code == CLD_KILLED && child_pid == pid && child_status == SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

static void ignoring_SIGCHLD_leaves_no_zombies(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 5; i++)
		if (fork() == 0)
			_exit(i);
	CHECK_ERR(RAW(__NR_wait4, -1, NULL, 0, NULL), ECHILD);
}

static void stopped_child_is_reported_and_continues(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK_EQ(status, SIGSTOP << 8 | 0x7f);
	kill(pid, SIGCONT);
	CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
	CHECK_EQ(status, 0xffff);
	kill(pid, SIGTERM);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, SIGTERM);
}

static void child_inherits_handlers_and_mask_not_pending(void)
{
	sigset_t set = set_of(SIGUSR1);
	int status;

	signal(SIGUSR1, on_signal);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	if (fork() == 0) {
		sigset_t pending;

		sigpending(&pending);
		if (sigismember(&pending, SIGUSR1))
			_exit(1);
		raise(SIGUSR1);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		_exit(count != 1);
	}
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
}

static volatile int ticks;

static void on_tick(int sig)
{
	(void)sig;
	ticks++;
}

/* A fork that began again at each signal would never end: the copy takes longer than the timer's interval. */
static void fork_ends_though_a_timer_fires_all_the_time(void)
{
	struct itimerval tv = { { 0, 50 }, { 0, 50 } }, off = { { 0, 0 }, { 0, 0 } };
	struct sigaction act = { .sa_handler = on_tick }, old;
	size_t len = 8UL << 20;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	CHECK(p != MAP_FAILED);
	memset(p, 1, len);
	CHECK_EQ(sigaction(SIGALRM, &act, &old), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &tv, NULL), 0);
	while (!ticks)
		;
	pid = fork();
	if (pid == 0)
		_exit(p[len - 1]);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 1 << 8);
	CHECK_EQ(sigaction(SIGALRM, &old, NULL), 0);
	CHECK_EQ(munmap(p, len), 0);
}

/* clang-format off */
TEST_MAIN("signals",
	CASE(default_actions_end_or_are_ignored), CASE(handler_runs_before_kill_returns),
	CASE(ignored_signal_does_nothing), CASE(kill_errors), CASE(blocked_signal_waits), CASE(realtime_signals_queue),
	CASE(kill_and_stop_cannot_be_blocked), CASE(own_signal_is_blocked_in_its_handler),
	CASE(mask_of_the_action_holds_in_the_handler), CASE(resethand_makes_it_single),
	CASE(sigsuspend_waits_under_another_mask), CASE(handler_preserves_the_interrupted_state),
	CASE(faults_say_where_and_why), CASE(traps_say_why), CASE(handler_may_mend_the_fault_and_return),
	CASE(fault_with_the_signal_blocked_is_fatal), CASE(stack_overflow_is_handled_on_another_stack),
	CASE(forged_frame_kills_only_its_process), CASE(frame_with_kernel_state_is_not_obeyed),
	CASE(signal_interrupts_a_read), CASE(restart_flag_resumes_a_read), CASE(interrupted_sleep_tells_the_rest),
	CASE(alarm_rings_and_tells_the_rest), CASE(writing_to_a_broken_pipe_is_SIGPIPE),
	CASE(end_of_a_child_is_SIGCHLD), CASE(ignoring_SIGCHLD_leaves_no_zombies),
	CASE(stopped_child_is_reported_and_continues), CASE(child_inherits_handlers_and_mask_not_pending),
	CASE(fork_ends_though_a_timer_fires_all_the_time))
/* clang-format on */
