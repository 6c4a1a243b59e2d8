/*
 * tests/oracle/ids.c - users, groups and capabilities: how they change, what exec makes of them, what they allow
 *
 * child/rights prints who it is when it begins; copies of it with set-id bits are what is run.
 *
 * Sources: credentials(7), capabilities(7), execve(2), execveat(2), ptrace(2) "Ptrace access mode checking".
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <uapi/mount.h>
#include <unistd.h>
#include "lib/oracle.h"

#define CHILD         "/oracle/child/rights"
#define EMPTY_PATH    0x1000
#define NOFOLLOW      0x100
#define AMBIENT       47
#define SECUREBITS(x) RAW(__NR_prctl, 28, x)
#define CAP(n)        (1UL << (n))
#define ALL_CAPS      ((1UL << 41) - 1)

struct header {
	unsigned int version;
	int pid;
};
struct sets {
	unsigned int effective, permitted, inheritable;
};

static long set_caps(unsigned long effective, unsigned long permitted, unsigned long inheritable)
{
	struct header h = { 0x20080522, 0 };
	struct sets s[2] = {
		{ (unsigned int)effective, (unsigned int)permitted, (unsigned int)inheritable },
		{ (unsigned int)(effective >> 32), (unsigned int)(permitted >> 32),
		  (unsigned int)(inheritable >> 32) },
	};

	return RAW(__NR_capset, &h, s);
}

static const char *rights(void)
{
	static const char *const keys[] = { "Uid", "Gid", "CapInh", "CapPrm", "CapEff", "CapAmb" };
	const char *all = "";

	for (int i = 0; i < NR(keys); i++) {
		const char *value = proc_value("/proc/self/status", keys[i]);

		all = text("%s%s %s%s", all, keys[i], value ? value : "?",
			   i + 1 < NR(keys) ? ", " : "");
	}
	for (char *p = (char *)all; *p; p++)
		if (*p == '\t')
			*p = ' ';
	return all;
}

static void become(unsigned int id)
{
	RAW(__NR_setgroups, 0, 0);
	RAW(__NR_setresgid, id, id, id);
	RAW(__NR_setresuid, id, id, id);
}

static void copy_file(const char *from, const char *to, unsigned int mode, int uid, int gid)
{
	static char buffer[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	if (in < 0 || out < 0)
		give_up("%s: %s", to, errno_name(errno));
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)n) != n)
			give_up("write");
	close(in);
	close(out);
	RAW(__NR_chown, to, uid, gid);
	RAW(__NR_chmod, to, mode);
}

/* What child/rights says when it is run by execveat after @before. */
static const char *ran_at(int dfd, const char *path, int flags, char *const argv[],
			  void (*before)(void))
{
	static char out[4096];
	static char *const no_env[] = { NULL };
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(fds) < 0)
		give_up("pipe");
	pid = fork();
	if (pid == 0) {
		long err;

		RAW(__NR_dup2, fds[1], 1);
		RAW(__NR_close, fds[0]);
		RAW(__NR_close, fds[1]);
		if (before)
			before();
		err = RAW(__NR_execveat, dfd, path, argv, no_env, flags);
		dprintf(1, "%s\n", answer(err));
		_exit(127);
	}
	close(fds[1]);
	while (len < sizeof(out) - 1 && (n = read(fds[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = 0;
	out[strcspn(out, "\n")] = 0;
	close(fds[0]);
	waitpid(pid, &status, 0);
	return status ? text("%s (%s)", out, status_text(status)) : out;
}

static const char *ran(const char *path, void (*before)(void))
{
	char *const argv[] = { "rights", NULL };

	return ran_at(AT_FDCWD, path, 0, argv, before);
}

/* --- changing ids: each pair of a state and a call --- */

static unsigned int state[3];

static void try_calls(void *arg)
{
	static const int ids[] = { 0, 1, 2, 3, 9, -1 };
	const char *from = text("from %u %u %u", state[0], state[1], state[2]);
	unsigned int now[3];

	(void)arg;
	for (int call = 0; call < 4; call++) {
		for (int i = 0; i < NR(ids); i++) {
			static const char *const names[] = { "setuid", "setreuid -1", "setreuid",
							     "setresuid -1 -1" };
			int fds[2];
			pid_t pid;

			(void)!pipe(fds);
			pid = fork();
			if (pid == 0) {
				long r = call == 0   ? RAW(__NR_setuid, ids[i])
					 : call == 1 ? RAW(__NR_setreuid, -1, ids[i])
					 : call == 2 ? RAW(__NR_setreuid, ids[i], -1)
						     : RAW(__NR_setresuid, -1, -1, ids[i]);

				RAW(__NR_getresuid, &now[0], &now[1], &now[2]);
				say(text("%s, %s %d", from, names[call], ids[i]),
				    "%s, %u %u %u, prm %s eff %s", answer(r), now[0], now[1],
				    now[2], proc_value("/proc/self/status", "CapPrm"),
				    proc_value("/proc/self/status", "CapEff"));
				_exit(0);
			}
			close(fds[0]);
			close(fds[1]);
			waitpid(pid, NULL, 0);
		}
	}
}

static void in_state(void *arg)
{
	(void)arg;
	RAW(__NR_setresuid, state[0], state[1], state[2]);
	try_calls(NULL);
}

static void changing_user_ids(void)
{
	static const unsigned int states[][3] = { { 0, 0, 0 }, { 1, 2, 3 }, { 1, 1, 0 },
						  { 0, 1, 1 }, { 1, 0, 1 }, { 3, 3, 3 } };

	for (int i = 0; i < NR(states); i++) {
		memcpy(state, states[i], sizeof(state));
		in_child(in_state, NULL);
	}
}

static void group_ids(void)
{
	unsigned int list[3] = { 7, 5, 6 };

	ask("setgroups, 65537", RAW(__NR_setgroups, 65537, list));
	ask("setgroups, -1", RAW(__NR_setgroups, -1, list));
	ask("setgroups, bad list", RAW(__NR_setgroups, 3, BAD));
	ask("setgroups", RAW(__NR_setgroups, 3, list));
	say("Groups", "%s", proc_value("/proc/self/status", "Groups"));
	ask("setregid 5 6", RAW(__NR_setregid, 5, 6));
	say("then", "%s", rights());
	ask("setresgid -1 7 8", RAW(__NR_setresgid, -1, 7, 8));
	say("then too", "%s", rights());
	ask("setfsgid 9", RAW(__NR_setfsgid, 9));
	ask("setfsgid -1 tells", RAW(__NR_setfsgid, -1));
	become(5);
	ask("without rights, setgid 6", RAW(__NR_setgid, 6));
	ask("without rights, setgid 5", RAW(__NR_setgid, 5));
	ask("without rights, setregid 5 6", RAW(__NR_setregid, 5, 6));
	ask("without rights, setresgid 5 5 6", RAW(__NR_setresgid, 5, 5, 6));
	ask("without rights, setfsgid 6", RAW(__NR_setfsgid, 6));
	ask("without rights, setfsgid told", RAW(__NR_setfsgid, -1));
	ask("without rights, setgroups", RAW(__NR_setgroups, 1, list));
}

static void file_system_ids(void)
{
	write_file("mine", "x", 1, 0600);
	RAW(__NR_chown, "mine", 5, 5);
	ask("setfsuid 5", RAW(__NR_setfsuid, 5));
	say("capabilities of files are gone", "%s", rights());
	ask("open 5's file", RAW(__NR_open, "mine", O_RDONLY) > 0);
	ask("open root's file", RAW(__NR_open, "/oracle/ids", O_WRONLY));
	ask("kill still works", RAW(__NR_kill, 1, 0));
	ask("setfsuid 0", RAW(__NR_setfsuid, 0));
	say("and back", "%s", rights());
	RAW(__NR_setresuid, 5, 5, 5);
	ask("without rights, setfsuid 6", RAW(__NR_setfsuid, 6));
	ask("without rights, told", RAW(__NR_setfsuid, -1));
}

/* --- capabilities --- */

static void capget_and_capset(void)
{
	struct header h = { 0x20080522, 0 };
	struct sets s[2];

	ask("capget", RAW(__NR_capget, &h, s));
	say("root's", "%x %x %x %x %x %x", s[0].effective, s[0].permitted, s[0].inheritable,
	    s[1].effective, s[1].permitted, s[1].inheritable);
	h.version = 1;
	ask("capget, version 1", RAW(__NR_capget, &h, s));
	say("the version told", "0x%x", h.version);
	h.version = 1;
	ask("capget, version 1, no data", RAW(__NR_capget, &h, 0));
	h.version = 1;
	ask("capset, version 1", RAW(__NR_capset, &h, s));
	h = (struct header){ 0x20080522, -1 };
	ask("capget, pid -1", RAW(__NR_capget, &h, s));
	h.pid = 99999999;
	ask("capget, no such process", RAW(__NR_capget, &h, s));
	h.pid = 1;
	ask("capget of init", RAW(__NR_capget, &h, s));
	ask("capset of init", RAW(__NR_capset, &h, s));
	ask("capget, bad header", RAW(__NR_capget, BAD, s));
	h.pid = 0;
	ask("capget, bad data", RAW(__NR_capget, &h, BAD));
	ask("capset, bad data", RAW(__NR_capset, &h, BAD));
	ask("effective beyond permitted", set_caps(ALL_CAPS, CAP(0), 0));
	ask("unknown bits", set_caps(~0UL, ~0UL, ~0UL));
	say("unknown bits are dropped", "%s", rights());
	ask("less", set_caps(CAP(5), CAP(5) | CAP(8), CAP(5)));
	say("less is less", "%s", rights());
	ask("more again", set_caps(CAP(6), CAP(6), 0));
	ask("inheritable without SETPCAP", set_caps(CAP(5), CAP(5), CAP(6)));
	ask("inheritable of the permitted", set_caps(CAP(5), CAP(5), CAP(5) | CAP(8)));
}

static void bounding_set(void)
{
	ask("CAPBSET_READ 0", RAW(__NR_prctl, 23, 0));
	ask("CAPBSET_READ 40", RAW(__NR_prctl, 23, 40));
	ask("CAPBSET_READ 41", RAW(__NR_prctl, 23, 41));
	ask("CAPBSET_DROP 41", RAW(__NR_prctl, 24, 41));
	ask("CAPBSET_DROP 21", RAW(__NR_prctl, 24, 21));
	ask("CAPBSET_READ 21", RAW(__NR_prctl, 23, 21));
	say("CapBnd", "%s", proc_value("/proc/self/status", "CapBnd"));
	say("the others stay", "%s", rights());
	ask("inheritable beyond the bounding set", set_caps(ALL_CAPS, ALL_CAPS, CAP(21)));
	say("an exec without it", "%s", ran(CHILD, NULL));
	become(5);
	ask("CAPBSET_DROP without rights", RAW(__NR_prctl, 24, 20));
	ask("CAPBSET_DROP 41 without rights", RAW(__NR_prctl, 24, 41));
}

static void securebits(void)
{
	ask("GET_SECUREBITS", RAW(__NR_prctl, 27));
	ask("SET_SECUREBITS, unknown bit", SECUREBITS(0x100));
	ask("SET_SECUREBITS, KEEP_CAPS", SECUREBITS(0x10));
	ask("GET_KEEPCAPS", RAW(__NR_prctl, 7));
	ask("SET_KEEPCAPS 2", RAW(__NR_prctl, 8, 2));
	ask("SET_KEEPCAPS 0", RAW(__NR_prctl, 8, 0));
	ask("GET_SECUREBITS then", RAW(__NR_prctl, 27));
	ask("SET_SECUREBITS, NOROOT and its lock", SECUREBITS(3));
	ask("SET_SECUREBITS, against the lock", SECUREBITS(2));
	ask("SET_SECUREBITS, the lock away", SECUREBITS(1));
	say("root's exec with NOROOT", "%s", ran(CHILD, NULL));
	ask("SET_SECUREBITS, KEEP_CAPS_LOCKED", SECUREBITS(3 | 0x20));
	ask("SET_KEEPCAPS against the lock", RAW(__NR_prctl, 8, 1));
	ask("SET_SECUREBITS, NO_SETUID_FIXUP", SECUREBITS(3 | 0x20 | 4));
	RAW(__NR_setresuid, 5, 5, 5);
	say("setresuid without the fix", "%s", rights());
	RAW(__NR_setfsuid, 6);
	say("setfsuid without the fix", "%s", rights());
}

static void keepcaps(void)
{
	ask("SET_KEEPCAPS", RAW(__NR_prctl, 8, 1));
	RAW(__NR_setresuid, 5, 5, 5);
	say("after setresuid", "%s", rights());
	ask("permitted made effective", set_caps(CAP(6) | CAP(7), ALL_CAPS, 0));
	ask("GET_KEEPCAPS", RAW(__NR_prctl, 7));
	say("an exec drops them", "%s", ran(CHILD, NULL));
	ask("back to root", RAW(__NR_setuid, 0));
}

static void raise_ambient(void)
{
	RAW(__NR_prctl, 8, 1);
	RAW(__NR_setresuid, 5, 5, 5);
	set_caps(CAP(10), CAP(10) | CAP(12), CAP(10));
	RAW(__NR_prctl, AMBIENT, 2, 10, 0, 0);
}

static void ambient(void)
{
	ask("IS_SET 10", RAW(__NR_prctl, AMBIENT, 1, 10, 0, 0));
	ask("IS_SET 41", RAW(__NR_prctl, AMBIENT, 1, 41, 0, 0));
	ask("RAISE, not inheritable", RAW(__NR_prctl, AMBIENT, 2, 10, 0, 0));
	ask("unknown", RAW(__NR_prctl, AMBIENT, 9, 10, 0, 0));
	ask("fourth argument", RAW(__NR_prctl, AMBIENT, 1, 10, 1, 0));
	ask("CLEAR_ALL with one", RAW(__NR_prctl, AMBIENT, 4, 1, 0, 0));
	raise_ambient();
	say("raised", "%s", rights());
	ask("IS_SET 10 then", RAW(__NR_prctl, AMBIENT, 1, 10, 0, 0));
	ask("RAISE, not permitted", RAW(__NR_prctl, AMBIENT, 2, 11, 0, 0));
	say("an exec keeps them", "%s", ran(CHILD, NULL));
	ask("not inheritable any more", set_caps(CAP(10), CAP(10), 0));
	say("nor ambient", "%s", rights());
	ask("CLEAR_ALL", RAW(__NR_prctl, AMBIENT, 4, 0, 0, 0));
	ask("LOWER", RAW(__NR_prctl, AMBIENT, 3, 10, 0, 0));
}

static void ambient_and_ids(void)
{
	set_caps(ALL_CAPS, ALL_CAPS, CAP(10));
	RAW(__NR_prctl, AMBIENT, 2, 10, 0, 0);
	say("root", "%s", ran(CHILD, NULL));
	RAW(__NR_prctl, 8, 1);
	RAW(__NR_setresuid, 5, 5, 5);
	say("setresuid clears", "%s", rights());
}

/* --- exec --- */

static void user_5(void)
{
	become(5);
}

static void user_5_no_new_privs(void)
{
	become(5);
	RAW(__NR_prctl, 38, 1, 0, 0, 0);
}

static void euid_5(void)
{
	RAW(__NR_setresuid, 0, 5, 5);
}

static void uid_5(void)
{
	RAW(__NR_setresuid, 5, 0, 0);
}

static void user_5_with_personality(void)
{
	become(5);
	RAW(__NR_personality, 0x0040000 | 0x0200000 | 0x0400000);
	RAW(__NR_prctl, 1, SIGUSR1);
}

static void user_5_ambient(void)
{
	raise_ambient();
}

static void set_id_bits(void)
{
	static const struct {
		const char *name;
		unsigned int mode;
		int uid, gid;
	} files[] = {
		{ "plain", 0755, 0, 0 },   { "suid-root", 04755, 0, 0 },
		{ "suid-7", 04755, 7, 7 }, { "sgid-7", 02755, 7, 7 },
		{ "both-7", 06755, 7, 7 }, { "sgid-no-x", 02745, 7, 7 },
		{ "suid-5", 04755, 5, 5 }, { "unreadable", 0711, 0, 0 },
		{ "no-x", 0644, 0, 0 },
	};
	static const struct {
		const char *name;
		void (*fn)(void);
	} callers[] = {
		{ "root", NULL },
		{ "5", user_5 },
		{ "5 with no_new_privs", user_5_no_new_privs },
		{ "euid 5", euid_5 },
		{ "uid 5", uid_5 },
		{ "5 with a personality", user_5_with_personality },
		{ "5 with ambient", user_5_ambient },
	};

	RAW(__NR_chmod, ".", 0755);
	for (int i = 0; i < NR(files); i++) {
		copy_file(CHILD, files[i].name, files[i].mode, files[i].uid, files[i].gid);
		for (int j = 0; j < NR(callers); j++)
			say(text("%s, run by %s", files[i].name, callers[j].name), "%s",
			    ran(files[i].name, callers[j].fn));
	}
}

static void set_id_refused(void)
{
	RAW(__NR_chmod, ".", 0755);
	mkdir("m", 0755);
	ask("mount nosuid", RAW(__NR_mount, "none", "m", "tmpfs", MS_NOSUID, 0));
	RAW(__NR_chmod, "m", 0755);
	copy_file(CHILD, "m/suid", 04755, 0, 0);
	say("nosuid", "%s", ran("m/suid", user_5));
	ask("remount noexec", RAW(__NR_mount, "none", "m", "tmpfs", MS_REMOUNT | MS_NOEXEC, 0));
	say("noexec", "%s", ran("m/suid", user_5));
	write_file("script", "#!" CHILD "\n", sizeof("#!" CHILD), 0755);
	RAW(__NR_chmod, "script", 04755);
	say("a script's bits do not count", "%s", ran("script", user_5));
	umount("m");
}

static void execveat_names(void)
{
	char *const argv[] = { "rights", "arg", NULL };
	int dir, fd, path, cloexec, script;

	copy_file(CHILD, "prog", 0755, 0, 0);
	symlink("prog", "link");
	write_file("script", "#!" CHILD " one\n", sizeof("#!" CHILD " one"), 0755);
	dir = open(".", O_RDONLY | O_DIRECTORY);
	dir = (int)RAW(__NR_fcntl, dir, F_DUPFD, 20);
	fd = (int)RAW(__NR_fcntl, open("prog", O_RDONLY), F_DUPFD, 21);
	path = (int)RAW(__NR_fcntl, open("prog", O_PATH), F_DUPFD, 22);
	cloexec = (int)RAW(__NR_fcntl, open("script", O_RDONLY), F_DUPFD_CLOEXEC, 23);
	script = (int)RAW(__NR_fcntl, open("script", O_RDONLY), F_DUPFD, 24);
	symlink("/proc/self/fd", "/dev/fd");
	say("relative", "%s", ran_at(dir, "prog", 0, argv, NULL));
	say("relative to the folder", "%s", ran_at(AT_FDCWD, "./prog", 0, argv, NULL));
	say("absolute", "%s", ran_at(99, CHILD, 0, argv, NULL));
	say("a descriptor", "%s", ran_at(fd, "", EMPTY_PATH, argv, NULL));
	say("a path descriptor", "%s", ran_at(path, "", EMPTY_PATH, argv, NULL));
	say("a link", "%s", ran_at(dir, "link", 0, argv, NULL));
	say("a link, not followed", "%s", ran_at(dir, "link", NOFOLLOW, argv, NULL));
	say("no link, not followed", "%s", ran_at(dir, "prog", NOFOLLOW, argv, NULL));
	say("a script", "%s", ran_at(dir, "script", 0, argv, NULL));
	say("a script's descriptor", "%s", ran_at(script, "", EMPTY_PATH, argv, NULL));
	say("a script's descriptor that exec closes", "%s",
	    ran_at(cloexec, "", EMPTY_PATH, argv, NULL));
	say("empty, not allowed", "%s", ran_at(fd, "", 0, argv, NULL));
	say("empty, bad descriptor", "%s", ran_at(99, "", EMPTY_PATH, argv, NULL));
	say("relative, bad descriptor", "%s", ran_at(99, "prog", 0, argv, NULL));
	say("relative to a file", "%s", ran_at(fd, "prog", 0, argv, NULL));
	say("the folder itself", "%s", ran_at(dir, "", EMPTY_PATH, argv, NULL));
	say("the working folder", "%s", ran_at(AT_FDCWD, "", EMPTY_PATH, argv, NULL));
	say("unknown flag", "%s", ran_at(dir, "prog", 1, argv, NULL));
	say("AT_EACCESS", "%s", ran_at(dir, "prog", 0x200, argv, NULL));
	say("none", "%s", ran_at(dir, "nothing", 0, argv, NULL));
	ask("bad path", RAW(__NR_execveat, dir, BAD, argv, 0, 0));
	ask("bad arguments", RAW(__NR_execveat, dir, "prog", BAD, 0, 0));
}

/* --- what ids allow --- */

static pid_t sleeper(unsigned int id, unsigned int euid)
{
	int fds[2];
	char c;
	pid_t pid;

	(void)!pipe(fds);
	pid = fork();
	if (pid == 0) {
		RAW(__NR_setresgid, id, id, id);
		RAW(__NR_setresuid, id, euid, euid);
		(void)!write(fds[1], "x", 1);
		for (;;)
			pause();
	}
	(void)!read(fds[0], &c, 1);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void signals_between(void)
{
	static const unsigned int who[][2] = { { 0, 0 }, { 5, 5 }, { 6, 6 }, { 5, 6 }, { 6, 5 } };
	pid_t pids[NR(who)];

	for (int i = 0; i < NR(who); i++)
		pids[i] = sleeper(who[i][0], who[i][1]);
	RAW(__NR_setresuid, 5, 5, 5);
	for (int i = 0; i < NR(who); i++) {
		const char *name = text("5 to uid %u euid %u", who[i][0], who[i][1]);

		ask(text("%s, 0", name), RAW(__NR_kill, pids[i], 0));
		ask(text("%s, SIGCONT", name), RAW(__NR_kill, pids[i], SIGCONT));
		ask(text("%s, tgkill", name), RAW(__NR_tgkill, pids[i], pids[i], 0));
		ask(text("%s, setpriority", name), RAW(__NR_setpriority, 0, pids[i], 1));
		ask(text("%s, sched_setaffinity", name),
		    RAW(__NR_sched_setaffinity, pids[i], 8, "\1\0\0\0\0\0\0"));
		ask(text("%s, prlimit64", name), RAW(__NR_prlimit64, pids[i], 3, 0, 0));
		ask(text("%s, get_robust_list", name),
		    RAW(__NR_get_robust_list, pids[i], pids, pids));
	}
	ask("all that may be signalled", RAW(__NR_kill, -1, SIGKILL));
}

static void looking_at_others(void)
{
	static const char *const files[] = { "environ", "auxv",   "maps",   "mem",
					     "status",  "stat",   "statm",  "cmdline",
					     "comm",    "limits", "mounts", "personality" };
	static const char *const links[] = { "exe", "cwd", "root", "fd/1" };
	static const unsigned int who[][2] = { { 0, 0 }, { 5, 5 }, { 6, 6 }, { 5, 6 } };
	static char buffer[256];
	struct stat st;
	pid_t pids[NR(who)];

	for (int i = 0; i < NR(who); i++)
		pids[i] = sleeper(who[i][0], who[i][1]);
	RAW(__NR_setresgid, 5, 5, 5);
	RAW(__NR_setresuid, 5, 5, 5);
	for (int i = 0; i < NR(who); i++) {
		char name[32], path[64];

		snprintf(name, sizeof(name), "uid %u euid %u", who[i][0], who[i][1]);
		for (int j = 0; j < NR(files); j++) {
			long fd, n;

			snprintf(path, sizeof(path), "/proc/%d/%s", pids[i], files[j]);
			fd = RAW(__NR_open, path, O_RDONLY);

			n = fd >= 0 ? RAW(__NR_read, fd, buffer, 8) : fd;
			say(text("%s, %s", name, files[j]), "%s",
			    n < 0 ? answer(n) : "can be read");
			RAW(__NR_close, fd);
			stat(path, &st);
			say(text("%s, %s belongs to", name, files[j]), "%u %u 0%o", st.st_uid,
			    st.st_gid, st.st_mode);
		}
		for (int j = 0; j < NR(links); j++)
			ask_done(text("%s, readlink %s", name, links[j]),
				 RAW(__NR_readlink, text("/proc/%d/%s", pids[i], links[j]), buffer,
				     sizeof(buffer)));
		ask_done(text("%s, list fd", name),
			 RAW(__NR_open, text("/proc/%d/fd", pids[i]), O_RDONLY));
		ask_done(text("%s, fdinfo/1", name),
			 RAW(__NR_open, text("/proc/%d/fdinfo/1", pids[i]), O_RDONLY));
		stat(text("/proc/%d", pids[i]), &st);
		say(text("%s, the folder belongs to", name), "%u %u 0%o", st.st_uid, st.st_gid,
		    st.st_mode);
		stat(text("/proc/%d/task", pids[i]), &st);
		say(text("%s, task belongs to", name), "%u %u 0%o", st.st_uid, st.st_gid,
		    st.st_mode);
	}
}

static void asking_for_files(void)
{
	static const struct {
		const char *name;
		unsigned int mode;
		int uid, gid;
	} files[] = {
		{ "a", 0700, 0, 0 }, { "b", 0070, 0, 5 }, { "c", 0007, 0, 0 }, { "d", 0077, 5, 0 },
		{ "e", 0707, 0, 5 }, { "f", 0070, 0, 8 }, { "g", 0400, 5, 5 }, { "h", 0000, 5, 5 },
	};
	unsigned int groups[1] = { 8 };

	RAW(__NR_chmod, ".", 01777);
	for (int i = 0; i < NR(files); i++) {
		write_file(files[i].name, "x", 1, 0600);
		RAW(__NR_chown, files[i].name, files[i].uid, files[i].gid);
		RAW(__NR_chmod, files[i].name, files[i].mode);
		for (int m = 0; m < 8; m++)
			ask(text("root, access %s %d", files[i].name, m),
			    RAW(__NR_access, files[i].name, m));
	}
	RAW(__NR_setgroups, 1, groups);
	RAW(__NR_setresgid, 5, 5, 5);
	RAW(__NR_setresuid, 0, 5, 0);
	for (int i = 0; i < NR(files); i++) {
		for (int m = 1; m < 8; m++) {
			ask(text("euid 5, access %s %d", files[i].name, m),
			    RAW(__NR_access, files[i].name, m));
			ask(text("euid 5, AT_EACCESS %s %d", files[i].name, m),
			    RAW(__NR_faccessat2, AT_FDCWD, files[i].name, m, 0x200));
		}
		ask_done(text("euid 5, open to read %s", files[i].name),
			 RAW(__NR_open, files[i].name, O_RDONLY));
		ask_done(text("euid 5, open to write %s", files[i].name),
			 RAW(__NR_open, files[i].name, O_WRONLY));
		ask(text("euid 5, chmod %s", files[i].name),
		    RAW(__NR_chmod, files[i].name, files[i].mode));
		ask(text("euid 5, chgrp to a group of mine %s", files[i].name),
		    RAW(__NR_chown, files[i].name, -1, 8));
		ask(text("euid 5, chgrp to another %s", files[i].name),
		    RAW(__NR_chown, files[i].name, -1, 9));
		ask(text("euid 5, truncate %s", files[i].name),
		    RAW(__NR_truncate, files[i].name, 1));
		ask(text("euid 5, utimensat %s", files[i].name),
		    RAW(__NR_utimensat, AT_FDCWD, files[i].name, 0, 0));
	}
	for (int i = 0; i < NR(files); i++) {
		ask(text("sticky, rename %s", files[i].name),
		    RAW(__NR_rename, files[i].name, text("%s2", files[i].name)));
		ask(text("sticky, unlink %s", files[i].name), RAW(__NR_unlink, files[i].name));
	}
}

static void low_addresses(void)
{
	ask("root maps at 0", RAW(__NR_mmap, 0, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	set_caps(ALL_CAPS & ~CAP(17), ALL_CAPS, 0);
	ask("without SYS_RAWIO at 0x1000",
	    RAW(__NR_mmap, 0x1000, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	ask("without SYS_RAWIO, mremap to 0x2000",
	    RAW(__NR_mremap, map_pages(1, RW), PAGE, PAGE, 3, 0x2000));
	ask("without SYS_RAWIO, protect what is there", RAW(__NR_mprotect, 0, PAGE, R));
	ask("without SYS_RAWIO, unmap it", RAW(__NR_munmap, 0, PAGE));
}

ORACLE(GROUP(changing_user_ids), GROUP(group_ids), GROUP(file_system_ids), GROUP(capget_and_capset),
       GROUP(bounding_set), GROUP(securebits), GROUP(keepcaps), GROUP(ambient),
       GROUP(ambient_and_ids), GROUP(set_id_bits), GROUP(set_id_refused), GROUP(execveat_names),
       GROUP(signals_between), GROUP(looking_at_others), GROUP(asking_for_files),
       GROUP(low_addresses))
