/*
 * tests/oracle/process.c - fork, clone, wait, groups and sessions, limits, credentials and the small calls
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/oracle.h"

static void wait_errors(void)
{
	int status, pid;

	ask("wait4, no children", RAW(__NR_wait4, -1, &status, 0, 0));
	ask("wait4, not a child", RAW(__NR_wait4, 1, &status, 0, 0));
	ask("wait4, unknown option", RAW(__NR_wait4, -1, &status, 0x100, 0));
	ask("wait4, smallest int", RAW(__NR_wait4, 0x80000000, &status, 0, 0));
	ask("wait4, no such group", RAW(__NR_wait4, -0x3ffffff, &status, 0, 0));
	ask("waitid, no options", RAW(__NR_waitid, 0, 0, 0, 0, 0));
	ask("waitid, no children", RAW(__NR_waitid, 0, 0, 0, 4, 0));
	ask("waitid, type 9", RAW(__NR_waitid, 9, 0, 0, 4, 0));
	ask("waitid, pid 0", RAW(__NR_waitid, 1, 0, 0, 4, 0));
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	ask("wait4, WNOHANG, still running", RAW(__NR_wait4, pid, &status, WNOHANG, 0));
	kill(pid, SIGKILL);
	say("wait4, bad status", "%s", answer(RAW(__NR_wait4, pid, BAD, 0, 0)));
	ask("the child is gone all the same", RAW(__NR_wait4, pid, &status, 0, 0));
}

static void ends(void *how)
{
	long n = (long)how;

	if (n >= 0)
		RAW(__NR_exit_group, n);
	kill(getpid(), (int)-n);
}

static void wait_status(void)
{
	static const long how[] = { 0, 1, 255, 256, 0x1234, -SIGKILL, -SIGTERM, -SIGSEGV, -40 };

	for (int i = 0; i < NR(how); i++) {
		int status = in_child(ends, (void *)how[i]);

		say(text("status of %ld", how[i]), "0x%x", status);
	}
}

static void stop_and_continue(void)
{
	int status, pid = fork();
	struct {
		int signo, err, code, pad, pid, uid, status, rest[25];
	} si = { 0 };

	if (pid == 0) {
		kill(getpid(), SIGSTOP);
		_exit(7);
	}
	say("WUNTRACED", "%s",
	    RAW(__NR_wait4, pid, &status, WUNTRACED, 0) == pid ? text("0x%x", status) : "no");
	ask("WUNTRACED once only", RAW(__NR_wait4, pid, &status, WUNTRACED | WNOHANG, 0));
	kill(pid, SIGCONT);
	say("WCONTINUED", "%s",
	    RAW(__NR_wait4, pid, &status, WCONTINUED, 0) == pid ? text("0x%x", status) : "no");
	ask("waitid, WNOWAIT", RAW(__NR_waitid, 1, pid, &si, 4 | 0x01000000, 0));
	say("waitid, info", "%d %d %s %d", si.signo, si.code, si.pid == pid ? "child" : "other",
	    si.status);
	say("wait4 afterwards", "%s",
	    RAW(__NR_wait4, pid, &status, 0, 0) == pid ? text("0x%x", status) : "no");
}

static void process_groups(void)
{
	int me = getpid(), child, status;

	ask("getpgid, none", RAW(__NR_getpgid, 0x3ffffff));
	ask("getsid, none", RAW(__NR_getsid, 0x3ffffff));
	ask("setpgid, negative group", RAW(__NR_setpgid, 0, -1));
	ask("setpgid, not a child", RAW(__NR_setpgid, 1, 1));
	ask("setpgid, no such process", RAW(__NR_setpgid, 0x3ffffff, 0));
	ask("setpgid, no such group", RAW(__NR_setpgid, 0, 0x3ffffff));
	ask("setpgid, group of another session", RAW(__NR_setpgid, 0, 1));
	ask("setpgid, own", RAW(__NR_setpgid, 0, 0));
	say("getpgrp", "%s", RAW(__NR_getpgrp) == me ? "own" : "other");
	ask("setsid, a leader of a group", RAW(__NR_setsid));
	child = fork();
	if (child == 0) {
		say("child, group", "%s", RAW(__NR_getpgrp) == me ? "parent's" : "other");
		say("child, setsid", "%s", RAW(__NR_setsid) == getpid() ? "own" : "other");
		ask("child, setpgid as a leader of a session", RAW(__NR_setpgid, 0, 0));
		ask("child, parent's group", RAW(__NR_setpgid, 0, me));
		_exit(0);
	}
	RAW(__NR_wait4, child, &status, 0, 0);
	child = fork();
	if (child == 0) {
		char *argv[] = { "entry", NULL };

		RAW(__NR_execve, "/oracle/child/nothing", argv, argv);
		pause();
	}
	ask("setpgid, a child", RAW(__NR_setpgid, child, child));
	say("getpgid, a child", "%s", RAW(__NR_getpgid, child) == child ? "its own" : "other");
	kill(-child, SIGTERM);
	say("killed by its group", "%s",
	    RAW(__NR_wait4, -child, &status, 0, 0) == child ? status_text(status) : "no");
}

static void clone_errors(void)
{
	ask("clone, THREAD without SIGHAND", RAW(__NR_clone, CLONE_THREAD, 0, 0, 0, 0));
	ask("clone, SIGHAND without VM", RAW(__NR_clone, CLONE_SIGHAND, 0, 0, 0, 0));
	ask("clone, FS and NEWNS", RAW(__NR_clone, CLONE_FS | 0x20000, 0, 0, 0, 0));
	ask("clone3, too small", RAW(435, BAD, 8));
	ask("unknown call 999", RAW(999));
	ask("unknown call -1", RAW(-1));
	ask("unknown call 335", RAW(335));
	ask("unknown call 450", RAW(451));
}

static int shared_word;

static void vfork_and_clone(void)
{
	int status, tid = 0, pid;

	pid = vfork();
	if (pid == 0) {
		shared_word = 5;
		_exit(3);
	}
	RAW(__NR_wait4, pid, &status, 0, 0);
	say("vfork shares memory", "%d, %s", shared_word, status_text(status));
	pid = (int)RAW(__NR_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &tid, 0, 0);
	if (pid == 0)
		_exit(0);
	say("PARENT_SETTID", "%s", tid == pid ? "child" : "other");
	RAW(__NR_wait4, pid, &status, 0, 0);
	pid = (int)RAW(__NR_clone, 0, 0, 0, 0, 0);
	if (pid == 0)
		_exit(4);
	ask("no exit signal, wait4", RAW(__NR_wait4, pid, &status, 0, 0));
	say("no exit signal, wait4 with __WALL", "%s",
	    RAW(__NR_wait4, pid, &status, 0x40000000, 0) == pid ? status_text(status) : "no");
	pid = (int)RAW(__NR_clone, CLONE_CHILD_SETTID | SIGCHLD, 0, 0, &tid, 0);
	if (pid == 0)
		_exit(tid == getpid());
	RAW(__NR_wait4, pid, &status, 0, 0);
	say("CHILD_SETTID", "%s", status_text(status));
}

static void limits(void)
{
	struct rlimit lim, odd = { 10, 5 };

	for (int i = 0; i < 16; i++) {
		RAW(__NR_getrlimit, i, &lim);
		if (i != 6 && i != 11) /* NPROC and SIGPENDING depend on the size of memory */
			say(text("limit %d", i), "%ld %ld", lim.rlim_cur, lim.rlim_max);
	}
	ask("getrlimit, 16", RAW(__NR_getrlimit, 16, &lim));
	ask("getrlimit, bad", RAW(__NR_getrlimit, 0, BAD));
	ask("setrlimit, more than the maximum", RAW(__NR_setrlimit, RLIMIT_STACK, &odd));
	ask("setrlimit, bad", RAW(__NR_setrlimit, 0, BAD));
	ask("prlimit, none", RAW(__NR_prlimit64, 0x3ffffff, 0, 0, &lim));
	odd.rlim_cur = odd.rlim_max = 8;
	ask("setrlimit, NOFILE 8", RAW(__NR_setrlimit, RLIMIT_NOFILE, &odd));
	for (int fd = 0; fd >= 0;)
		fd = (int)RAW(__NR_dup, 0);
	ask("dup with NOFILE 8", RAW(__NR_dup, 0));
	ask("dup2 to 8", RAW(__NR_dup2, 0, 8));
	ask("open", RAW(__NR_open, "/dev/null", 0, 0));
	odd.rlim_cur = odd.rlim_max = 4096;
	RAW(__NR_close, 7);
	ask("setrlimit, FSIZE 4096", RAW(__NR_setrlimit, RLIMIT_FSIZE, &odd));
	signal(SIGXFSZ, SIG_IGN);
	page_file("f", 4096);
	ask("truncate beyond FSIZE", RAW(__NR_truncate, "f", 4097));
}

static void small_calls(void)
{
	char name[16] = "abcdefghijklmno";
	unsigned long word = 0;

	ask("getpriority, which 3", RAW(__NR_getpriority, 3, 0));
	ask("getpriority, none", RAW(__NR_getpriority, 0, 0x3ffffff));
	ask("getpriority", RAW(__NR_getpriority, 0, 0));
	ask("setpriority 100", RAW(__NR_setpriority, 0, 0, 100));
	ask("getpriority then", RAW(__NR_getpriority, 0, 0));
	ask("prctl, unknown", RAW(__NR_prctl, 9999, 0));
	ask("prctl, GET_DUMPABLE", RAW(__NR_prctl, 3));
	ask("prctl, SET_DUMPABLE 7", RAW(__NR_prctl, 4, 7));
	ask("prctl, SET_NAME", RAW(__NR_prctl, 15, "a name that is too long"));
	ask("prctl, GET_NAME", RAW(__NR_prctl, 16, name));
	say("the name", "%s", name);
	ask("prctl, SET_NAME bad", RAW(__NR_prctl, 15, BAD));
	ask("prctl, SET_PDEATHSIG 65", RAW(__NR_prctl, 1, 65));
	ask("prctl, GET_NO_NEW_PRIVS", RAW(__NR_prctl, 39, 0, 0, 0, 0));
	ask("prctl, SET_NO_NEW_PRIVS 2", RAW(__NR_prctl, 38, 2, 0, 0, 0));
	ask("arch_prctl, unknown", RAW(__NR_arch_prctl, 0x9999, 0));
	ask("arch_prctl, FS = kernel", RAW(__NR_arch_prctl, 0x1002, KERNEL));
	ask("arch_prctl, FS = non-canonical", RAW(__NR_arch_prctl, 0x1002, NONCANON));
	ask("arch_prctl, GS = end of user space", RAW(__NR_arch_prctl, 0x1001, USER_END));
	ask("arch_prctl, GS", RAW(__NR_arch_prctl, 0x1001, 0x12345678));
	ask("arch_prctl, get GS", RAW(__NR_arch_prctl, 0x1004, &word));
	say("GS", "0x%lx", word);
	ask("arch_prctl, get FS bad", RAW(__NR_arch_prctl, 0x1003, BAD));
	ask("personality", RAW(__NR_personality, 0xffffffff));
	ask("uname, bad", RAW(__NR_uname, BAD));
	ask("sysinfo, bad", RAW(__NR_sysinfo, BAD));
	ask("getrusage, who 5", RAW(__NR_getrusage, 5, &word));
	ask("getrusage, bad", RAW(__NR_getrusage, 0, BAD));
	ask("times, bad", RAW(__NR_times, BAD));
	ask("getcpu, bad", RAW(__NR_getcpu, BAD, 0, 0));
	ask("sched_yield", RAW(__NR_sched_yield));
	ask("sched_getscheduler, none", RAW(__NR_sched_getscheduler, 0x3ffffff));
	ask("sched_getscheduler, -1", RAW(__NR_sched_getscheduler, -1));
	ask("sched_getscheduler", RAW(__NR_sched_getscheduler, 0));
	ask("sched_get_priority_max, FIFO", RAW(__NR_sched_get_priority_max, 1));
	ask("sched_get_priority_max, 99", RAW(__NR_sched_get_priority_max, 99));
	ask("sched_getaffinity, 1 byte", RAW(__NR_sched_getaffinity, 0, 1, &word));
	ask("sched_getaffinity, 9 bytes", RAW(__NR_sched_getaffinity, 0, 9, &word));
	ask("getrandom, unknown flag", RAW(__NR_getrandom, &word, 8, 0x10));
	ask("getrandom, bad", RAW(__NR_getrandom, BAD, 8, 0));
	ask("getrandom", RAW(__NR_getrandom, &word, 8, 0));
	ask("set_robust_list, odd length", RAW(__NR_set_robust_list, &word, 5));
	ask("reboot, bad magic", RAW(__NR_reboot, 1, 2, 3, 0));
	ask("sethostname, too long", RAW(__NR_sethostname, name, 100));
	ask("syslog, type 99", RAW(__NR_syslog, 99, 0, 0));
	ask("futex, unknown", RAW(__NR_futex, &word, 99, 0, 0, 0, 0));
	ask("futex, wait, another value", RAW(__NR_futex, &shared_word, 0, 12345, 0, 0, 0));
	ask("futex, wake", RAW(__NR_futex, &shared_word, 1, 1, 0, 0, 0));
	ask("futex, odd address", RAW(__NR_futex, (char *)&shared_word + 1, 1, 1, 0, 0, 0));
	ask("futex, bad address", RAW(__NR_futex, 0x1000, 0, 0, 0, 0, 0));
	ask("membarrier, query bad flags", RAW(__NR_membarrier, 0, 1, 0));
}

static void credentials(void)
{
	unsigned int a, b, c, list[4] = { 5, 6, 7, 8 };

	ask("getuid", RAW(__NR_getuid));
	ask("getgroups", RAW(__NR_getgroups, 0, 0));
	ask("setgroups", RAW(__NR_setgroups, 4, list));
	ask("getgroups, room for 2", RAW(__NR_getgroups, 2, list));
	ask("getgroups, -1", RAW(__NR_getgroups, -1, list));
	ask("getgroups, four", RAW(__NR_getgroups, 4, list));
	ask("setresuid 1 2 3", RAW(__NR_setresuid, 1, 2, 3));
	ask("getresuid", RAW(__NR_getresuid, &a, &b, &c));
	say("the ids", "%u %u %u", a, b, c);
	ask("setuid 9", RAW(__NR_setuid, 9));
	ask("setuid 3", RAW(__NR_setuid, 3));
	ask("setresuid, back to root", RAW(__NR_setresuid, 0, -1, -1));
	ask("setuid -1", RAW(__NR_setuid, -1));
	ask("setgid without rights", RAW(__NR_setgid, 77));
	ask("setgroups without rights", RAW(__NR_setgroups, 0, 0));
	ask("chroot without rights", RAW(__NR_chroot, "/"));
	ask("mount without rights", RAW(__NR_mount, "x", "/tmp", "tmpfs", 0, 0));
	ask("sethostname without rights", RAW(__NR_sethostname, "x", 1));
	ask("setpriority, down", RAW(__NR_setpriority, 0, 0, 5));
	ask("setpriority, up again", RAW(__NR_setpriority, 0, 0, 0));
	ask("kill init", RAW(__NR_kill, 1, SIGTERM));
	ask("mmap at 0x1000 without rights",
	    RAW(__NR_mmap, 0x1000, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	ask("mmap at 0x10000 without rights",
	    RAW(__NR_mmap, 0x10000, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	ask("hint 0x1000 without rights", RAW(__NR_mmap, 0x1000, PAGE, R, ANON, -1, 0));
	ask("reboot without rights", RAW(__NR_reboot, 0xfee1dead, 672274793, 0, 0));
}

ORACLE(GROUP(wait_errors), GROUP(wait_status), GROUP(stop_and_continue), GROUP(process_groups),
       GROUP(clone_errors), GROUP(vfork_and_clone), GROUP(limits), GROUP(small_calls),
       GROUP(credentials))
