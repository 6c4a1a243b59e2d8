/*
 * tests/oracle/signals.c - the calls about signals, what a handler is given, and which signal does what
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/oracle.h"

#define SIG_BIT(sig) (1UL << ((sig)-1))

static volatile int count;
static siginfo_t info;
static ucontext_t context;
static unsigned long mask_inside;

static unsigned long mask_now(void)
{
	unsigned long mask = 0;

	RAW(__NR_rt_sigprocmask, SIG_BLOCK, 0, &mask, 8);
	return mask;
}

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	count++;
	info = *si;
	context = *(ucontext_t *)uc;
	mask_inside = mask_now();
}

static void handle(int sig, unsigned long flags)
{
	struct sigaction act = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &act, NULL);
}

static const char *who(int pid)
{
	return pid == getpid() ? "self" : pid == getppid() ? "parent" : pid == 0 ? "0" : "other";
}

static void errors(void)
{
	static unsigned long set[16];
	struct {
		void *sp;
		int flags;
		size_t size;
	} ss = { set, 0, 100 };
	struct timespec ts = { 0, 2000000000 };
	int me = getpid();

	ask("kill, signal 65", RAW(__NR_kill, me, 65));
	ask("kill, signal -1", RAW(__NR_kill, me, -1));
	ask("kill, signal 0", RAW(__NR_kill, me, 0));
	ask("kill, no such process", RAW(__NR_kill, 0x3ffffff, SIGTERM));
	ask("kill, no such group", RAW(__NR_kill, -0x3ffffff, SIGTERM));
	ask("kill, smallest int", RAW(__NR_kill, 0x80000000, SIGTERM));
	ask("tkill, 0", RAW(__NR_tkill, 0, SIGTERM));
	ask("tkill, -1", RAW(__NR_tkill, -1, SIGTERM));
	ask("tkill, none", RAW(__NR_tkill, 0x3ffffff, SIGTERM));
	ask("tkill, signal 65", RAW(__NR_tkill, me, 65));
	ask("tgkill, group 0", RAW(__NR_tgkill, 0, me, SIGTERM));
	ask("tgkill, wrong group", RAW(__NR_tgkill, 1, me, SIGTERM));
	ask("tgkill, signal 0", RAW(__NR_tgkill, me, me, 0));
	ask("sigaction, signal 0", RAW(__NR_rt_sigaction, 0, 0, 0, 8));
	ask("sigaction, signal 65", RAW(__NR_rt_sigaction, 65, 0, 0, 8));
	ask("sigaction, signal 64", RAW(__NR_rt_sigaction, 64, 0, 0, 8));
	ask("sigaction, set of 4", RAW(__NR_rt_sigaction, SIGUSR1, 0, 0, 4));
	ask("sigaction, set of 16", RAW(__NR_rt_sigaction, SIGUSR1, 0, 0, 16));
	ask("sigaction, SIGKILL", RAW(__NR_rt_sigaction, SIGKILL, set, 0, 8));
	ask("sigaction, SIGKILL, asking only", RAW(__NR_rt_sigaction, SIGKILL, 0, set, 8));
	ask("sigaction, SIGSTOP", RAW(__NR_rt_sigaction, SIGSTOP, set, 0, 8));
	ask("sigaction, bad new", RAW(__NR_rt_sigaction, SIGUSR1, BAD, 0, 8));
	ask("sigaction, bad old", RAW(__NR_rt_sigaction, SIGUSR1, 0, BAD, 8));
	ask("sigprocmask, how 3", RAW(__NR_rt_sigprocmask, 3, set, 0, 8));
	ask("sigprocmask, how 3, asking only", RAW(__NR_rt_sigprocmask, 3, 0, set, 8));
	ask("sigprocmask, set of 4", RAW(__NR_rt_sigprocmask, SIG_BLOCK, set, 0, 4));
	ask("sigprocmask, bad set", RAW(__NR_rt_sigprocmask, SIG_BLOCK, BAD, 0, 8));
	ask("sigprocmask, bad old", RAW(__NR_rt_sigprocmask, SIG_BLOCK, 0, BAD, 8));
	ask("sigpending, set of 4", RAW(__NR_rt_sigpending, set, 4));
	ask("sigpending, set of 9", RAW(__NR_rt_sigpending, set, 9));
	ask("sigpending, bad", RAW(__NR_rt_sigpending, BAD, 8));
	ask("sigsuspend, set of 4", RAW(__NR_rt_sigsuspend, set, 4));
	ask("sigsuspend, bad", RAW(__NR_rt_sigsuspend, BAD, 8));
	ask("sigaltstack, too small", RAW(__NR_sigaltstack, &ss, 0));
	ss.flags = 4;
	ask("sigaltstack, unknown flag", RAW(__NR_sigaltstack, &ss, 0));
	ss.flags = 2;
	ask("sigaltstack, disable", RAW(__NR_sigaltstack, &ss, 0));
	ask("sigaltstack, bad new", RAW(__NR_sigaltstack, BAD, 0));
	ask("sigaltstack, bad old", RAW(__NR_sigaltstack, 0, BAD));
	ask("sigtimedwait, set of 4", RAW(__NR_rt_sigtimedwait, set, 0, 0, 4));
	ask("sigtimedwait, bad set", RAW(__NR_rt_sigtimedwait, BAD, 0, 0, 8));
	ask("sigtimedwait, bad nanoseconds", RAW(__NR_rt_sigtimedwait, set, 0, &ts, 8));
	ts.tv_nsec = 1000;
	ask("sigtimedwait, time is up", RAW(__NR_rt_sigtimedwait, set, 0, &ts, 8));
	ask("sigqueueinfo, pretending to be kill",
	    RAW(__NR_rt_sigqueueinfo, getppid(), SIGUSR1, set));
	ask("sigqueueinfo, bad info", RAW(__NR_rt_sigqueueinfo, me, SIGUSR1, BAD));
	ask("setitimer, timer 3", RAW(__NR_setitimer, 3, set, 0));
	ask("getitimer, timer -1", RAW(__NR_getitimer, -1, set));
	ask("getitimer, bad", RAW(__NR_getitimer, 0, BAD));
	ask("alarm again returns the rest", RAW(__NR_alarm, 60) <= 60);
}

static void raise_it(void *sig)
{
	RAW(__NR_kill, getpid(), (long)sig);
}

static void raise_blocked(void *sig)
{
	unsigned long mask = SIG_BIT((long)sig);

	RAW(__NR_rt_sigprocmask, SIG_BLOCK, &mask, 0, 8);
	RAW(__NR_kill, getpid(), (long)sig);
}

static void default_actions(void)
{
	for (int sig = 1; sig <= 34; sig++) {
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
			continue;
		say(text("default of %s", signal_name(sig)), "%s",
		    status_text(in_child(raise_it, (void *)(long)sig)));
	}
	say("default of signal 64", "%s", status_text(in_child(raise_it, (void *)64)));
	say("blocked SIGTERM", "%s", status_text(in_child(raise_blocked, (void *)SIGTERM)));
	say("blocked SIGKILL", "%s", status_text(in_child(raise_blocked, (void *)SIGKILL)));
}

static void blocked_fault(void *unused)
{
	unsigned long mask = ~0UL;

	(void)unused;
	signal(SIGSEGV, SIG_IGN);
	RAW(__NR_rt_sigprocmask, SIG_BLOCK, &mask, 0, 8);
	*(volatile char *)0 = 1;
}

static void bad_stack(void *unused)
{
	(void)unused;
	handle(SIGUSR1, 0);
	__asm__ volatile(
		"movq $39, %%rax\n syscall\n movq %%rax, %%rdi\n movq $10, %%rsi\n movq $62, %%rax\n"
		"movq $0x50000000, %%rsp\n syscall" ::
			: "rax", "rdi", "rsi", "rcx", "r11", "memory");
}

static void no_restorer(void *unused)
{
	struct {
		unsigned long handler, flags, restorer, mask;
	} act = { (unsigned long)on_signal, SA_SIGINFO, 0, 0 };

	(void)unused;
	say("sigaction without a restorer", "%s",
	    answer(RAW(__NR_rt_sigaction, SIGUSR1, &act, 0, 8)));
	RAW(__NR_kill, getpid(), SIGUSR1);
}

static void forged_frame(void *unused)
{
	(void)unused;
	__asm__ volatile("movq $0x50000000, %%rsp\n movq $15, %%rax\n syscall" ::
				 : "rax", "rcx", "r11", "memory");
}

static void forced(void)
{
	say("ignored and blocked SIGSEGV", "%s", status_text(in_child(blocked_fault, NULL)));
	say("handler without a stack", "%s", status_text(in_child(bad_stack, NULL)));
	say("handler without a restorer", "%s", status_text(in_child(no_restorer, NULL)));
	say("sigreturn without a frame", "%s", status_text(in_child(forged_frame, NULL)));
}

static void info_of(const char *name)
{
	say(name, "%s errno %d code %d pid %s uid %u value %d", signal_name(info.si_signo),
	    info.si_errno, info.si_code, who(info.si_pid), info.si_uid, info.si_value.sival_int);
}

static void what_a_handler_gets(void)
{
	struct {
		int signo, err, code, pad, pid, uid, value, rest[25];
	} send = { 0, 7, -1, 0, 1234, 0, 42, { 0 } };
	struct itimerval soon = { { 0, 0 }, { 0, 1000 } };
	int fds[2];

	handle(SIGUSR1, 0);
	handle(SIGPIPE, 0);
	handle(SIGALRM, 0);
	handle(40, 0);
	RAW(__NR_kill, getpid(), SIGUSR1);
	info_of("kill");
	say("context, trap and error", "%ld %ld", context.uc_mcontext.gregs[REG_TRAPNO],
	    context.uc_mcontext.gregs[REG_ERR]);
	say("context, selectors", "0x%lx", context.uc_mcontext.gregs[REG_CSGSFS]);
	say("context, rax is the call's result", "%ld", context.uc_mcontext.gregs[REG_RAX]);
	say("context, old mask", "0x%lx", context.uc_mcontext.gregs[REG_OLDMASK]);
	say("context, flags without XSTATE", "0x%lx", context.uc_flags & ~1UL);
	say("context, link and stack", "%p 0x%x", (void *)context.uc_link,
	    context.uc_stack.ss_flags);
	say("context, frame pointer of the FPU is aligned", "%lu",
	    (unsigned long)context.uc_mcontext.fpregs % 16);
	say("mask inside the handler", "0x%lx", mask_inside);
	RAW(__NR_tgkill, getpid(), getpid(), SIGUSR1);
	info_of("tgkill");
	ask("sigqueueinfo", RAW(__NR_rt_sigqueueinfo, getpid(), 40, &send));
	say("sigqueueinfo, info", "%s errno %d code %d pid %d value %d", signal_name(info.si_signo),
	    info.si_errno, info.si_code, info.si_pid, info.si_value.sival_int);
	if (pipe(fds) < 0)
		give_up("pipe");
	close(fds[0]);
	ask("write to a pipe without readers", RAW(__NR_write, fds[1], "x", 1));
	info_of("SIGPIPE");
	count = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	while (!count)
		usleep(1000);
	info_of("SIGALRM");
}

static void child_status(const char *name, int how)
{
	pid_t pid;

	count = 0;
	pid = fork();
	if (pid == 0) {
		if (how < 0)
			kill(getpid(), -how);
		_exit(how);
	}
	while (!count)
		usleep(1000);
	say(name, "code %d pid %s status %d uid %u", info.si_code == 3 ? 2 : info.si_code,
	    info.si_pid == pid ? "child" : "other", info.si_status, info.si_uid);
	waitpid(pid, NULL, 0);
}

static void children(void)
{
	int status;
	pid_t pid;

	handle(SIGCHLD, 0);
	child_status("SIGCHLD, exited 3", 3);
	child_status("SIGCHLD, killed by SIGTERM", -SIGTERM);
	child_status("SIGCHLD, killed by SIGSEGV", -SIGSEGV);
	handle(SIGCHLD, SA_NOCLDWAIT);
	count = 0;
	pid = fork();
	if (pid == 0)
		_exit(0);
	ask("NOCLDWAIT, wait", RAW(__NR_wait4, -1, &status, 0, 0));
	say("NOCLDWAIT, signals", "%d", count);
	signal(SIGCHLD, SIG_IGN);
	if (fork() == 0)
		_exit(0);
	ask("SIGCHLD ignored, wait", RAW(__NR_wait4, -1, &status, 0, 0));
}

static void queueing(void)
{
	unsigned long all = ~0UL, none = 0, pending = 0;

	handle(SIGUSR1, 0);
	handle(34, 0);
	RAW(__NR_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
	say("mask of all", "0x%lx", mask_now());
	for (int i = 0; i < 3; i++) {
		RAW(__NR_kill, getpid(), SIGUSR1);
		RAW(__NR_kill, getpid(), 34);
	}
	RAW(__NR_rt_sigpending, &pending, 8);
	say("pending", "0x%lx", pending);
	count = 0;
	RAW(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
	say("handlers that ran", "%d", count);
	say("the last", "%d", info.si_signo);
	RAW(__NR_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
	RAW(__NR_kill, getpid(), SIGUSR1);
	if (fork() == 0) {
		RAW(__NR_rt_sigpending, &pending, 8);
		say("child, pending", "0x%lx", pending);
		say("child, mask", "0x%lx", mask_now());
		_exit(0);
	}
	wait(NULL);
}

static void interrupted(void)
{
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
	struct timespec ts = { 10, 0 };
	unsigned long none = 0;
	int fds[2];
	char byte;

	if (pipe(fds) < 0)
		give_up("pipe");
	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("read", RAW(__NR_read, fds[0], &byte, 1));
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("nanosleep", RAW(__NR_nanosleep, &ts, &ts));
	say("nanosleep, time left", "%s", ts.tv_sec == 9 ? "nearly all" : "wrong");
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("pause", RAW(__NR_pause));
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("sigsuspend", RAW(__NR_rt_sigsuspend, &none, 8));
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("poll", RAW(__NR_poll, 0, 0, 10000));
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("wait without children", RAW(__NR_wait4, -1, 0, 0, 0));
	if (fork() == 0) {
		sleep(1);
		_exit(0);
	}
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("wait", RAW(__NR_wait4, -1, 0, 0, 0));
	handle(SIGALRM, SA_RESTART);
	setitimer(ITIMER_REAL, &soon, NULL);
	say("wait, restarted", "%s", RAW(__NR_wait4, -1, 0, 0, 0) > 0 ? "a child" : "an error");
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("poll is never restarted", RAW(__NR_poll, 0, 0, 10000));
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("pause is never restarted", RAW(__NR_pause));
	if (fork() == 0) {
		usleep(100000);
		(void)!write(fds[1], "x", 1);
		_exit(0);
	}
	setitimer(ITIMER_REAL, &soon, NULL);
	ask("read, restarted", RAW(__NR_read, fds[0], &byte, 1));
}

static void flags(void)
{
	struct {
		void *sp;
		int flags;
		size_t size;
	} ss = { map_pages(4, RW), 0, 4 * PAGE }, now;
	struct sigaction act;

	handle(SIGUSR1, SA_RESETHAND | SA_NODEFER);
	kill(getpid(), SIGUSR1);
	say("NODEFER, mask inside", "0x%lx", mask_inside);
	sigaction(SIGUSR1, NULL, &act);
	say("RESETHAND, handler afterwards", "%s", act.sa_handler == SIG_DFL ? "default" : "kept");
	say("RESETHAND, flags afterwards", "0x%lx", act.sa_flags & ~(unsigned long)SA_RESTORER);
	ask("sigaltstack", RAW(__NR_sigaltstack, &ss, 0));
	handle(SIGUSR1, SA_ONSTACK);
	kill(getpid(), SIGUSR1);
	say("ONSTACK, stack in the context", "%d %zu", context.uc_stack.ss_flags,
	    context.uc_stack.ss_size);
	RAW(__NR_sigaltstack, 0, &now);
	say("sigaltstack afterwards", "%d %zu", now.flags, now.size);
	act.sa_mask.__bits = SIG_BIT(SIGTERM) | SIG_BIT(SIGKILL);
	act.sa_flags = SA_SIGINFO;
	act.sa_sigaction = on_signal;
	sigaction(SIGUSR1, &act, NULL);
	kill(getpid(), SIGUSR1);
	say("mask of the action, inside", "0x%lx", mask_inside);
	sigaction(SIGUSR1, NULL, &act);
	say("mask of the action, as kept", "0x%lx", act.sa_mask.__bits);
}

ORACLE(GROUP(errors), GROUP(default_actions), GROUP(forced), GROUP(what_a_handler_gets),
       GROUP(children), GROUP(queueing), GROUP(interrupted), GROUP(flags))
