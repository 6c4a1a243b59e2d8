/*
 * tests/oracle/threads.c - clone and clone3 flag by flag, and what makes threads a process
 *
 * One thread at a time does something, and the main thread prints: the order of the answers is that of the questions.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/oracle.h"
#include "lib/thread.h"

#define SIG_BIT(sig)        (1UL << ((sig)-1))
#define NR_clone3           435
#define W_NOTHREAD          0x20000000
#define W_ALL               0x40000000
#define W_CLONE             0x80000000
#define PDEATHSIG           1
#define GET_KEEPCAPS        7
#define SET_KEEPCAPS        8
#define SET_CHILD_SUBREAPER 36
#define GET_CHILD_SUBREAPER 37
#define SET_NO_NEW_PRIVS    38
#define GET_NO_NEW_PRIVS    39
#define CLONE_PIDFD         0x00001000UL
#define CLONE_PTRACE        0x00002000UL
#define CLONE_NEWNS         0x00020000UL
#define CLONE_SYSVSEM       0x00040000UL
#define CLONE_DETACHED      0x00400000UL
#define CLONE_UNTRACED      0x00800000UL
#define CLONE_NEWCGROUP     0x02000000UL
#define CLONE_NEWUTS        0x04000000UL
#define CLONE_NEWIPC        0x08000000UL
#define CLONE_NEWUSER       0x10000000UL
#define CLONE_NEWPID        0x20000000UL
#define CLONE_NEWNET        0x40000000UL
#define CLONE_IO            0x80000000UL
#define CLONE_CLEAR_SIGHAND 0x100000000UL
#define CLONE_INTO_CGROUP   0x200000000UL

struct clone_args {
	unsigned long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	unsigned long set_tid, set_tid_size, cgroup;
};

static volatile int go, gone, tids[8];
static volatile long answers[16];

static int gettid_now(void)
{
	return (int)RAW(__NR_gettid);
}

static void exit_thread(int code)
{
	RAW(__NR_exit, code);
}

/* thread_join sees the end of its memory; this, that it has left the table. */
static void await_gone(long tid)
{
	while (RAW(__NR_tgkill, getpid(), tid, 0) == 0)
		RAW(__NR_sched_yield);
}

/* The child of a question: if there is one after all, it ends, and how it did is the answer. */
static void ask_fork(const char *name, long pid)
{
	int status;

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		ask(name, pid);
	else
		say(name, "a child, %s",
		    RAW(__NR_wait4, pid, &status, W_ALL, 0) == pid ? status_text(status) : "lost");
}

static long legacy(unsigned long flags)
{
	return RAW(__NR_clone, flags, 0, 0, 0, 0);
}

static void flags_of_clone(void)
{
	static const struct {
		const char *name;
		unsigned long flags;
	} of[] = {
		{ "THREAD", CLONE_THREAD },
		{ "THREAD VM", CLONE_THREAD | CLONE_VM },
		{ "THREAD SIGHAND", CLONE_THREAD | CLONE_SIGHAND },
		{ "SIGHAND", CLONE_SIGHAND },
		{ "SIGHAND FILES FS", CLONE_SIGHAND | CLONE_FILES | CLONE_FS },
		{ "FS NEWNS", CLONE_FS | CLONE_NEWNS },
		{ "FS NEWUSER", CLONE_FS | CLONE_NEWUSER },
		{ "THREAD SIGHAND VM NEWUSER",
		  CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER },
		{ "THREAD SIGHAND VM NEWPID",
		  CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWPID },
		{ "THREAD SIGHAND VM PIDFD",
		  CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_PIDFD },
		{ "PIDFD DETACHED", CLONE_PIDFD | CLONE_DETACHED },
		{ "PIDFD PARENT_SETTID, one place", CLONE_PIDFD | CLONE_PARENT_SETTID },
		{ "PTRACE", CLONE_PTRACE | SIGCHLD },
		{ "UNTRACED", CLONE_UNTRACED | SIGCHLD },
		{ "DETACHED", CLONE_DETACHED | SIGCHLD },
		{ "SYSVSEM", CLONE_SYSVSEM | SIGCHLD },
		{ "IO", CLONE_IO | SIGCHLD },
		{ "FILES", CLONE_FILES | SIGCHLD },
		{ "FS", CLONE_FS | SIGCHLD },
		{ "PARENT_SETTID to nowhere", CLONE_PARENT_SETTID | SIGCHLD },
		{ "CHILD_SETTID to nowhere", CLONE_CHILD_SETTID | SIGCHLD },
		{ "CHILD_CLEARTID of nowhere", CLONE_CHILD_CLEARTID | SIGCHLD },
		{ "VFORK", CLONE_VFORK | SIGCHLD },
		{ "bits above 32", 0xff00000000UL | SIGCHLD },
		{ "signal 0", 0 },
		{ "signal 10", 10 },
		{ "signal 65", 65 },
		{ "signal 255", 255 },
	};

	RAW(__NR_rt_sigaction, SIGUSR1, (struct sigaction[]){ { .sa_handler = SIG_IGN } }, 0, 8);
	for (int i = 0; i < NR(of); i++)
		ask_fork(of[i].name, legacy(of[i].flags));
	ask_fork("SETTLS to the kernel", RAW(__NR_clone, CLONE_SETTLS | SIGCHLD, 0, 0, 0, KERNEL));
	ask_fork("SETTLS to the end", RAW(__NR_clone, CLONE_SETTLS | SIGCHLD, 0, 0, 0, USER_END));
	ask_fork("PARENT_SETTID to the kernel",
		 RAW(__NR_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, KERNEL, 0, 0));
}

static void flags_without_rights(void)
{
	RAW(__NR_setresuid, 1000, 1000, 1000);
	ask_fork("NEWNS", legacy(CLONE_NEWNS | SIGCHLD));
	ask_fork("NEWUTS", legacy(CLONE_NEWUTS | SIGCHLD));
	ask_fork("NEWIPC", legacy(CLONE_NEWIPC | SIGCHLD));
	ask_fork("NEWPID", legacy(CLONE_NEWPID | SIGCHLD));
	ask_fork("NEWNET", legacy(CLONE_NEWNET | SIGCHLD));
	ask_fork("NEWCGROUP", legacy(CLONE_NEWCGROUP | SIGCHLD));
}

static long clone3(struct clone_args *args, size_t size)
{
	return RAW(NR_clone3, args, size);
}

#define CLONE3(...) clone3(&(struct clone_args){ __VA_ARGS__ }, sizeof(struct clone_args))

static void sizes_of_clone3(void)
{
	static char room[3 * PAGE] __attribute__((aligned(4096)));
	struct clone_args *args = (void *)room, plain = { .exit_signal = SIGCHLD };
	char *edge = map_pages(2, RW) + PAGE;

	RAW(__NR_munmap, edge, PAGE);
	*args = plain;
	ask("size 0", RAW(NR_clone3, args, 0));
	ask("size 63", RAW(NR_clone3, args, 63));
	ask_fork("size 64", RAW(NR_clone3, args, 64));
	ask_fork("size 72", RAW(NR_clone3, args, 72));
	ask_fork("size 80", RAW(NR_clone3, args, 80));
	ask_fork("size 88", RAW(NR_clone3, args, 88));
	ask_fork("size 96, zeros", RAW(NR_clone3, args, 96));
	ask_fork("size of a page, zeros", RAW(NR_clone3, args, PAGE));
	ask("more than a page", RAW(NR_clone3, args, PAGE + 1));
	room[95] = 1;
	ask("size 96, not zeros", RAW(NR_clone3, args, 96));
	ask("size of a page, not zeros", RAW(NR_clone3, args, PAGE));
	ask_fork("size 95, zeros", RAW(NR_clone3, args, 95));
	ask("bad address, small", RAW(NR_clone3, BAD, 8));
	ask("bad address", RAW(NR_clone3, BAD, 88));
	ask("bad address, large", RAW(NR_clone3, BAD, PAGE + 1));
	memcpy(edge - 88, &plain, 88);
	ask_fork("at the end of memory", RAW(NR_clone3, edge - 88, 88));
	ask("a tail beyond the end of memory", RAW(NR_clone3, edge - 88, 96));
	memcpy(edge - 64, &plain, 64);
	ask("half beyond the end of memory", RAW(NR_clone3, edge - 64, 88));
}

static void fields_of_clone3(void)
{
	int tid = 1, tids2[2] = { 400, 401 }, status;
	struct clone_args cgroup = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };

	ask("exit signal 65", CLONE3(.exit_signal = 65));
	ask("exit signal 256", CLONE3(.exit_signal = 256));
	ask_fork("exit signal 64 ignored",
		 (RAW(__NR_rt_sigaction, 64, (struct sigaction[]){ { .sa_handler = SIG_IGN } }, 0,
		      8),
		  CLONE3(.exit_signal = 64)));
	ask("signal in the flags", CLONE3(.flags = SIGCHLD));
	ask("DETACHED", CLONE3(.flags = CLONE_DETACHED, .exit_signal = SIGCHLD));
	ask("unknown flag", CLONE3(.flags = 1UL << 40, .exit_signal = SIGCHLD));
	ask("THREAD with a signal",
	    CLONE3(.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, .exit_signal = SIGCHLD));
	ask("PARENT with a signal", CLONE3(.flags = CLONE_PARENT, .exit_signal = SIGCHLD));
	ask("SIGHAND CLEAR_SIGHAND", CLONE3(.flags = CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND,
					    .exit_signal = SIGCHLD));
	ask("THREAD", CLONE3(.flags = CLONE_THREAD));
	ask("SIGHAND", CLONE3(.flags = CLONE_SIGHAND, .exit_signal = SIGCHLD));
	ask("FS NEWNS", CLONE3(.flags = CLONE_FS | CLONE_NEWNS, .exit_signal = SIGCHLD));
	ask("SETTLS to the kernel",
	    CLONE3(.flags = CLONE_SETTLS, .exit_signal = SIGCHLD, .tls = KERNEL));
	ask("stack without size", CLONE3(.exit_signal = SIGCHLD, .stack = 0x10000));
	ask("size without stack", CLONE3(.exit_signal = SIGCHLD, .stack_size = 0x10000));
	ask("stack of the kernel",
	    CLONE3(.exit_signal = SIGCHLD, .stack = KERNEL, .stack_size = PAGE));
	ask("stack around the end",
	    CLONE3(.exit_signal = SIGCHLD, .stack = USER_END - PAGE, .stack_size = 2 * PAGE));
	ask_fork("nothing at all", CLONE3(0));
	ask("set_tid without size", CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)&tid));
	ask("size without set_tid", CLONE3(.exit_signal = SIGCHLD, .set_tid_size = 1));
	ask("set_tid, 33",
	    CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)&tid, .set_tid_size = 33));
	ask("set_tid, bad address",
	    CLONE3(.exit_signal = SIGCHLD, .set_tid = 8, .set_tid_size = 1));
	ask("set_tid, two levels",
	    CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)tids2, .set_tid_size = 2));
	ask("set_tid 1",
	    CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)&tid, .set_tid_size = 1));
	tid = 0;
	ask("set_tid 0",
	    CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)&tid, .set_tid_size = 1));
	tid = -5;
	ask("set_tid -5",
	    CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)&tid, .set_tid_size = 1));
	tid = 32768;
	ask("set_tid 32768",
	    CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)&tid, .set_tid_size = 1));
	tid = 32100;
	ask_fork("set_tid 32100", CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)&tid,
					 .set_tid_size = 1) == 32100
					  ? 32100
					  : 0);
	ask("a cgroup beyond int", (cgroup.cgroup = 1UL << 31, clone3(&cgroup, 88)));
	ask("a cgroup in 80 bytes", clone3(&cgroup, 80));
	ask("a cgroup that is none", (cgroup.cgroup = 0, clone3(&cgroup, 88)));
	RAW(__NR_setresuid, 1000, 1000, 1000);
	ask("set_tid without rights",
	    CLONE3(.exit_signal = SIGCHLD, .set_tid = (unsigned long)&tid, .set_tid_size = 1));
	ask("NEWUTS without rights", CLONE3(.flags = CLONE_NEWUTS, .exit_signal = SIGCHLD));
	ask("no child is left", RAW(__NR_wait4, -1, &status, WNOHANG | W_ALL, 0));
}

static void on_usr(int sig)
{
	(void)sig;
}

static void clear_sighand(void)
{
	struct sigaction act = { .sa_handler = on_usr }, old;
	int status;
	long pid;

	sigaction(SIGUSR1, &act, NULL);
	act.sa_handler = SIG_IGN;
	sigaction(SIGUSR2, &act, NULL);
	pid = CLONE3(.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD);
	if (pid == 0) {
		sigaction(SIGUSR1, NULL, &old);
		status = old.sa_handler == SIG_DFL;
		sigaction(SIGUSR2, NULL, &old);
		_exit(status + 2 * (old.sa_handler == SIG_IGN));
	}
	RAW(__NR_wait4, pid, &status, 0, 0);
	say("CLEAR_SIGHAND: caught is default, ignored is ignored", "%s", status_text(status));
}

static void tell_ids(void *arg)
{
	(void)arg;
	answers[0] = getpid();
	answers[1] = gettid_now();
	answers[2] = getppid();
	answers[3] = RAW(__NR_getpgrp);
	answers[4] = RAW(__NR_getsid, 0);
	answers[5] = RAW(__NR_set_tid_address, &tids[0]);
	tids[0] = 7; /* cleared at our end in place of the word that clone named */
	word_set(&gone, 1);
}

static void identity(void)
{
	struct thread t = { 0 };
	long tid = thread_start(&t, THREAD_FLAGS, tell_ids, NULL);

	word_wait(&gone, 0);
	say("getpid in a thread", "%s", answers[0] == getpid() ? "the same" : "other");
	say("gettid in a thread", "%s", answers[1] == tid && tid != getpid() ? "its own" : "other");
	say("PARENT_SETTID", "%s", t.tid == tid ? "set, not cleared" : "other");
	say("getppid in a thread", "%s", answers[2] == getppid() ? "the same" : "other");
	say("getpgrp in a thread", "%s", answers[3] == RAW(__NR_getpgrp) ? "the same" : "other");
	say("getsid in a thread", "%s", answers[4] == RAW(__NR_getsid, 0) ? "the same" : "other");
	say("set_tid_address", "%s", answers[5] == tid ? "its tid" : "other");
	while (tids[0])
		RAW(__NR_futex, &tids[0], 0, 7, 0, 0, 0);
	say("the word of set_tid_address", "%d", tids[0]);
	gone = 0;
	tid = thread_start3(&t, THREAD_FLAGS, tell_ids, NULL);
	word_wait(&gone, 0);
	say("clone3", "%s", answers[1] == tid && t.tid == tid ? "its own" : "other");
	while (tids[0])
		RAW(__NR_futex, &tids[0], 0, 7, 0, 0, 0);
	await_gone(tid);
	ask("kill of a thread that is gone", RAW(__NR_kill, tid, 0));
}

static void change_world(void *arg)
{
	(void)arg;
	RAW(__NR_chdir, "/dev");
	RAW(__NR_umask, 0123);
	answers[0] = RAW(__NR_dup2, 1, 50);
	answers[1] = RAW(__NR_setresuid, -1, 1000, -1);
	answers[2] = RAW(__NR_prctl, SET_KEEPCAPS, 1, 0, 0, 0);
	answers[3] = RAW(__NR_prctl, SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	answers[4] = RAW(__NR_setpriority, 0, 0, 5);
	answers[5] = RAW(__NR_personality, 0x0040000);
	word_set(&gone, 1);
	word_wait(&go, 0);
}

static void what_is_shared(void)
{
	struct thread t = { 0 };
	char cwd[64] = "";

	thread_start(&t, THREAD_FLAGS, change_world, NULL);
	word_wait(&gone, 0);
	RAW(__NR_getcwd, cwd, sizeof(cwd));
	say("folder", "%s", cwd);
	say("umask", "%lo", RAW(__NR_umask, 0));
	ask_done("descriptor 50", RAW(__NR_fcntl, 50, F_GETFD));
	ask("effective user", RAW(__NR_geteuid));
	ask("keepcaps", RAW(__NR_prctl, GET_KEEPCAPS, 0, 0, 0, 0));
	ask("no_new_privs", RAW(__NR_prctl, GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	ask("nice level", RAW(__NR_getpriority, 0, 0));
	ask("personality", RAW(__NR_personality, 0xffffffff));
	word_set(&go, 1);
	thread_join(&t);
	RAW(__NR_prctl, SET_KEEPCAPS, 1, 0, 0, 0);
	RAW(__NR_prctl, SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		int status, pid = fork();

		if (pid == 0)
			_exit((int)RAW(__NR_prctl, i ? GET_NO_NEW_PRIVS : GET_KEEPCAPS, 0, 0, 0,
				       0));
		RAW(__NR_wait4, pid, &status, 0, 0);
		say(i ? "no_new_privs after fork" : "keepcaps after fork", "%s",
		    status_text(status));
	}
}

/* --- the end --- */

static void wait_then_exit_group(void *arg)
{
	await_state((int)(long)arg, 'Z');
	RAW(__NR_exit_group, 9);
}

static void leader_first(void *arg)
{
	struct thread t = { 0 };

	(void)arg;
	thread_start(&t, THREAD_FLAGS, wait_then_exit_group, (void *)(long)getpid());
	exit_thread(3);
}

static void wait_then_exit(void *arg)
{
	await_state((int)(long)arg, 'Z');
	exit_thread(5);
}

static void leader_first_nobody_groups(void *arg)
{
	struct thread t = { 0 };

	(void)arg;
	thread_start(&t, THREAD_FLAGS, wait_then_exit, (void *)(long)getpid());
	exit_thread(3);
}

static void spin(void *arg)
{
	(void)arg;
	for (;;)
		gone++;
}

static void others_spin(void *arg)
{
	static struct thread t[3];
	long how = (long)arg;

	for (int i = 0; i < NR(t); i++)
		thread_start(&t[i], THREAD_FLAGS, spin, NULL);
	if (how > 0)
		RAW(__NR_kill, getpid(), how);
	if (how < 0)
		RAW(__NR_tgkill, getpid(), t[1].tid, -how);
	if (how)
		spin(NULL);
	RAW(__NR_exit_group, 11);
}

static void fault_in_thread(void *arg)
{
	*(volatile int *)arg = 1;
}

static void thread_faults(void *arg)
{
	struct thread t = { 0 };

	(void)arg;
	thread_start(&t, THREAD_FLAGS, fault_in_thread, BAD);
	for (;;)
		RAW(__NR_pause);
}

static void ends(void)
{
	int pid, status;

	say("exit by the leader, exit_group by a thread", "%s",
	    status_text(in_child(leader_first, NULL)));
	say("exit by the leader, then by the thread", "%s",
	    status_text(in_child(leader_first_nobody_groups, NULL)));
	say("exit_group while others run", "%s", status_text(in_child(others_spin, (void *)0)));
	say("SIGKILL while others run", "%s",
	    status_text(in_child(others_spin, (void *)(long)SIGKILL)));
	say("SIGTERM while others run", "%s",
	    status_text(in_child(others_spin, (void *)(long)SIGTERM)));
	say("SIGUSR1 to one of many", "%s",
	    status_text(in_child(others_spin, (void *)(long)-SIGUSR1)));
	say("a fault in a thread", "%s", status_text(in_child(thread_faults, NULL)));
	pid = fork();
	if (pid == 0) {
		struct thread t = { 0 };

		thread_start(&t, THREAD_FLAGS, spin, NULL);
		exit_thread(3);
	}
	await_state(pid, 'Z');
	ask("kill 0 of a leader that ended first", RAW(__NR_kill, pid, 0));
	ask("wait4, WNOHANG", RAW(__NR_wait4, pid, &status, WNOHANG, 0));
	ask("SIGKILL by its pid", RAW(__NR_kill, pid, SIGKILL));
	say("wait4", "%s",
	    RAW(__NR_wait4, pid, &status, 0, 0) == pid ? status_text(status) : "lost");
}

static void exec_leader(void *arg)
{
	char *argv[] = { "leader", NULL };

	(void)arg;
	answers[0] = RAW(__NR_execve, "/oracle/child/leader", argv, argv + 1);
	RAW(__NR_exit_group, 99);
}

static void by_thread(void *arg)
{
	static struct thread t[3];

	thread_start(&t[0], THREAD_FLAGS, spin, NULL);
	thread_start(&t[1], THREAD_FLAGS, spin, NULL);
	thread_start(&t[2], THREAD_FLAGS, arg ? spin : exec_leader, NULL);
	if (arg)
		exec_leader(NULL);
	spin(NULL);
}

static void exec_nothing(void *arg)
{
	char *argv[] = { "leader", NULL };

	(void)arg;
	answers[0] = RAW(__NR_execve, "/oracle/child/no such", argv, argv + 1);
	word_set(&gone, 1);
}

static void after_leader(void *arg)
{
	await_state((int)(long)arg, 'Z');
	exec_leader(NULL);
}

static void leader_gone(void *arg)
{
	struct thread t = { 0 };

	(void)arg;
	thread_start(&t, THREAD_FLAGS, after_leader, (void *)(long)getpid());
	exit_thread(3);
}

static void exec_by_threads(void)
{
	struct thread t = { 0 };

	say("by a thread", "%s", status_text(in_child(by_thread, NULL)));
	say("by the leader", "%s", status_text(in_child(by_thread, BAD)));
	say("by the last thread, the leader gone", "%s", status_text(in_child(leader_gone, NULL)));
	thread_start(&t, THREAD_FLAGS, exec_nothing, NULL);
	word_wait(&gone, 0);
	ask("that fails", answers[0]);
	thread_join(&t);
}

/* --- signals --- */

static volatile int taken_by, taken_count;

static void on_taken(int sig)
{
	(void)sig;
	taken_by = gettid_now();
	taken_count++;
	RAW(__NR_futex, &taken_by, 1 | 128, 1, 0, 0, 0);
}

static void set_mask(unsigned long set)
{
	RAW(__NR_rt_sigprocmask, SIG_SETMASK, &set, 0, 8);
}

static unsigned long pending_now(void)
{
	unsigned long set = 0;

	RAW(__NR_rt_sigpending, &set, 8);
	return set;
}

static void wait_with_open_mask(void *arg)
{
	set_mask((unsigned long)arg);
	word_set(&gone, 1);
	word_wait(&go, 0);
	answers[0] = (long)pending_now();
}

static void signals_to_threads(void)
{
	struct sigaction act = { .sa_handler = on_taken };
	struct thread t = { 0 };
	long tid;

	sigaction(SIGUSR1, &act, NULL);
	sigaction(SIGUSR2, &act, NULL);
	set_mask(SIG_BIT(SIGUSR1) | SIG_BIT(SIGUSR2));
	tid = thread_start(&t, THREAD_FLAGS, wait_with_open_mask, (void *)SIG_BIT(SIGUSR2));
	word_wait(&gone, 0);
	RAW(__NR_kill, getpid(), SIGUSR1);
	word_wait(&taken_by, 0);
	say("kill, the main thread blocks it", "taken by the %s",
	    taken_by == tid ? "other" : "main");
	taken_by = 0;
	RAW(__NR_tgkill, getpid(), getpid(), SIGUSR1);
	say("tgkill to one that blocks it", "pending 0x%lx, %s", pending_now(),
	    taken_by ? "taken" : "not taken");
	RAW(__NR_tgkill, getpid(), tid, SIGUSR2);
	RAW(__NR_kill, getpid(), SIGUSR2);
	say("pending for the process", "0x%lx", pending_now());
	ask("tgkill, another process's thread", RAW(__NR_tgkill, getppid(), tid, 0));
	ask("tkill, the thread", RAW(__NR_tkill, tid, 0));
	ask("kill by the number of a thread", RAW(__NR_kill, tid, 0));
	ask("tgkill, signal 65", RAW(__NR_tgkill, getpid(), tid, 65));
	ask("tgkill, tgid -1", RAW(__NR_tgkill, -1, tid, 0));
	ask("getpgid of a thread",
	    RAW(__NR_getpgid, tid) == RAW(__NR_getpgrp) ? 0 : RAW(__NR_getpgid, tid));
	ask("setpgid of a thread", RAW(__NR_setpgid, tid, 0));
	set_mask(0);
	say("the main thread takes its own", "%d, pending 0x%lx", taken_count, pending_now());
	word_set(&go, 1);
	thread_join(&t);
	say("pending in the thread", "0x%lx", answers[0]);
}

static void tell_mask(void *arg)
{
	unsigned long set = 0;

	(void)arg;
	RAW(__NR_rt_sigprocmask, SIG_BLOCK, 0, &set, 8);
	answers[0] = (long)set;
	answers[1] = (long)pending_now();
	RAW(__NR_sigaltstack, 0, &answers[4]);
	answers[2] = (int)answers[5];
}

static void what_a_thread_inherits(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct thread t = { 0 };

	RAW(__NR_sigaltstack, &ss, 0);
	set_mask(SIG_BIT(SIGUSR1) | SIG_BIT(SIGUSR2) | SIG_BIT(SIGTERM));
	RAW(__NR_kill, getpid(), SIGUSR1);
	RAW(__NR_tgkill, getpid(), getpid(), SIGUSR2);
	thread_start(&t, THREAD_FLAGS, tell_mask, NULL);
	thread_join(&t);
	say("mask", "0x%lx", answers[0]);
	say("pending", "0x%lx", answers[1]);
	say("alternate stack", "flags %ld", answers[2]);
	if (fork() == 0) {
		say("pending in a child", "0x%lx", pending_now());
		_exit(0);
	}
	RAW(__NR_wait4, -1, 0, 0, 0);
}

static void block_then_wait(void *arg)
{
	(void)arg;
	word_set(&gone, 1);
	for (;;)
		RAW(__NR_pause);
}

/* The main thread is told first; it blocks the signal, so the other must be told. */
static void retarget(void)
{
	struct sigaction act = { .sa_handler = on_taken };
	struct timespec never = { 0, 0 };
	unsigned long set = SIG_BIT(SIGUSR1), left;
	struct thread t = { 0 };
	long tid;

	sigaction(SIGUSR1, &act, NULL);
	set_mask(set);
	tid = thread_start(&t, THREAD_FLAGS, block_then_wait, NULL);
	word_wait(&gone, 0);
	await_state((int)tid, 'S');
	RAW(__NR_kill, getpid(), SIGUSR1);
	say("blocked by all", "%d", taken_count);
	ask("sigtimedwait takes it", RAW(__NR_rt_sigtimedwait, &set, 0, &never, 8));
	ask("once", RAW(__NR_rt_sigtimedwait, &set, 0, &never, 8));
	left = pending_now();
	say("pending", "0x%lx", left);
}

static void sleeper(void *arg)
{
	struct timespec ts = { 1000, 0 };

	(void)arg;
	for (;;)
		RAW(__NR_nanosleep, &ts, 0);
}

static void group_stop(void)
{
	int status, pid = fork();
	struct thread t = { 0 };

	if (pid == 0) {
		thread_start(&t, THREAD_FLAGS, sleeper, NULL);
		thread_start(&t, THREAD_FLAGS, spin, NULL);
		RAW(__NR_tgkill, getpid(), t.tid, SIGSTOP);
		sleeper(NULL);
	}
	say("SIGSTOP to a thread stops all", "%s",
	    RAW(__NR_wait4, pid, &status, WUNTRACED, 0) == pid ? text("0x%x", status) : "no");
	await_state(pid, 'T');
	ask("once", RAW(__NR_wait4, pid, &status, WUNTRACED | WNOHANG, 0));
	RAW(__NR_kill, pid, SIGCONT);
	say("SIGCONT", "%s",
	    RAW(__NR_wait4, pid, &status, WCONTINUED, 0) == pid ? text("0x%x", status) : "no");
	RAW(__NR_kill, pid, SIGTERM);
	say("SIGTERM then", "%s",
	    RAW(__NR_wait4, pid, &status, 0, 0) == pid ? status_text(status) : "no");
	pid = fork();
	if (pid == 0) {
		thread_start(&t, THREAD_FLAGS, sleeper, NULL);
		RAW(__NR_kill, getpid(), SIGSTOP);
		spin(NULL);
	}
	RAW(__NR_wait4, pid, &status, WUNTRACED, 0);
	RAW(__NR_kill, pid, SIGKILL);
	say("SIGKILL of a stopped group", "%s",
	    RAW(__NR_wait4, pid, &status, 0, 0) == pid ? status_text(status) : "no");
}

/* --- wait --- */

static void make_child(void *arg)
{
	long pid = fork();

	(void)arg;
	if (pid == 0)
		_exit(4);
	answers[0] = pid;
	word_set(&gone, 1);
	word_wait(&go, 0);
}

static void wait_by_threads(void)
{
	struct thread t = { 0 };
	int status;
	long pid;

	thread_start(&t, THREAD_FLAGS, make_child, NULL);
	word_wait(&gone, 0);
	await_state((int)answers[0], 'Z');
	ask("another thread's child, __WNOTHREAD",
	    RAW(__NR_wait4, -1, &status, W_NOTHREAD | WNOHANG, 0));
	say("another thread's child", "%s",
	    RAW(__NR_wait4, -1, &status, 0, 0) == answers[0] ? status_text(status) : "no");
	word_set(&go, 1);
	thread_join(&t);
	go = gone = 0;
	thread_start(&t, THREAD_FLAGS, make_child, NULL);
	word_wait(&gone, 0);
	pid = t.tid;
	word_set(&go, 1);
	await_gone(pid);
	say("a dead thread's child, __WNOTHREAD", "%s",
	    RAW(__NR_wait4, -1, &status, W_NOTHREAD, 0) == answers[0] ? status_text(status) : "no");
	pid = legacy(SIGUSR2);
	if (pid == 0)
		_exit(1);
	RAW(__NR_rt_sigaction, SIGUSR2, (struct sigaction[]){ { .sa_handler = SIG_IGN } }, 0, 8);
	ask("a clone child, plain wait", RAW(__NR_wait4, pid, &status, 0, 0));
	say("a clone child, __WCLONE", "%s",
	    RAW(__NR_wait4, pid, &status, W_CLONE, 0) == pid ? status_text(status) : "no");
	pid = fork();
	if (pid == 0)
		_exit(2);
	ask("an ordinary child, __WCLONE", RAW(__NR_wait4, pid, &status, W_CLONE, 0));
	say("an ordinary child, __WALL", "%s",
	    RAW(__NR_wait4, pid, &status, W_ALL, 0) == pid ? status_text(status) : "no");
	ask("waitid of a thread", RAW(__NR_waitid, 1, gettid_now(), 0, 4 | W_ALL, 0));
}

static void vfork_by_thread(void *arg)
{
	long pid;

	(void)arg;
	word_set(&gone, 1);
	pid = vfork();
	if (pid == 0) {
		word_wait(&go, 0); /* until the main thread has gone on */
		_exit(8);
	}
	RAW(__NR_wait4, pid, &answers[0], 0, 0);
}

static void vfork_with_threads(void)
{
	struct thread t = { 0 };

	thread_start(&t, THREAD_FLAGS, vfork_by_thread, NULL);
	word_wait(&gone, 0);
	await_state(t.tid, 'D');
	say("the other thread runs on", "yes");
	word_set(&go, 1);
	thread_join(&t);
	say("the child", "%s", status_text((int)answers[0]));
}

/* Handlers shared by two processes: what one sets the other has. */
static void set_handler(void *arg)
{
	struct sigaction act = { .sa_handler = SIG_IGN };

	sigaction(SIGUSR1, &act, NULL);
	RAW(__NR_exit_group, arg ? 1 : 12);
}

static void share_handlers(void)
{
	struct sigaction act = { .sa_handler = on_usr }, old;
	struct thread t = { 0 };
	int status;
	long pid;

	sigaction(SIGUSR1, &act, NULL);
	pid = thread_start(&t, CLONE_VM | SIGCHLD, set_handler, NULL);
	RAW(__NR_wait4, pid, &status, 0, 0);
	sigaction(SIGUSR1, NULL, &old);
	say("VM", "%s, %s", status_text(status), old.sa_handler == on_usr ? "ours" : "changed");
	pid = thread_start(&t, CLONE_VM | CLONE_SIGHAND | SIGCHLD, set_handler, NULL);
	RAW(__NR_wait4, pid, &status, 0, 0);
	sigaction(SIGUSR1, NULL, &old);
	say("VM SIGHAND", "%s, %s", status_text(status),
	    old.sa_handler == on_usr ? "ours" : "changed");
}

/* --- orphans --- */

static void subreaper(void)
{
	int word = 7, status, pid;

	ask("get", RAW(__NR_prctl, GET_CHILD_SUBREAPER, &word, 0, 0, 0));
	say("at first", "%d", word);
	ask("get, bad", RAW(__NR_prctl, GET_CHILD_SUBREAPER, BAD, 0, 0, 0));
	ask("set 5", RAW(__NR_prctl, SET_CHILD_SUBREAPER, 5, 0, 0, 0));
	RAW(__NR_prctl, GET_CHILD_SUBREAPER, &word, 0, 0, 0);
	say("then", "%d", word);
	pid = fork();
	if (pid == 0) {
		RAW(__NR_prctl, GET_CHILD_SUBREAPER, &word, 0, 0, 0);
		pid = getpid();
		if (fork() == 0) {
			while (getppid() == pid)
				RAW(__NR_sched_yield);
			_exit(getppid() == 1 ? 1 : 22);
		}
		_exit(word);
	}
	RAW(__NR_wait4, pid, &status, 0, 0);
	say("a child inherits", "%s", status_text(status));
	pid = (int)RAW(__NR_wait4, -1, &status, 0, 0);
	say("its orphan is ours", "%s", pid > 0 ? status_text(status) : errno_name(-pid));
	ask("no more", RAW(__NR_wait4, -1, &status, 0, 0));
}

ORACLE(GROUP(flags_of_clone), GROUP(flags_without_rights), GROUP(sizes_of_clone3),
       GROUP(fields_of_clone3), GROUP(clear_sighand), GROUP(identity), GROUP(what_is_shared),
       GROUP(ends), GROUP(exec_by_threads), GROUP(signals_to_threads),
       GROUP(what_a_thread_inherits), GROUP(retarget), GROUP(group_stop), GROUP(wait_by_threads),
       GROUP(vfork_with_threads), GROUP(share_handlers), GROUP(subreaper))
