/*
 * tests/oracle/proctask.c - /proc/[pid]: threads, descriptors, limits, strings, memory, link counts, what is gone
 *
 * Names that differ between runs (pids, tids) are shown as what they are relative to: "leader", "thread".
 *
 * Source: proc(5).
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/oracle.h"
#include "lib/thread.h"

static const char *contents(const char *path)
{
	static char buffer[8192];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return errno_name(errno);
	buffer[n] = 0;
	return buffer;
}

static const char *first_line(const char *path)
{
	char *s = (char *)contents(path);

	s[strcspn(s, "\n")] = 0;
	return s;
}

static int count_names(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static const char *links_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? errno_name(errno)
				   : text("0%o links %lu", st.st_mode, st.st_nlink);
}

/* --- threads --- */

static volatile int release;

static void waiting(void *arg)
{
	(void)arg;
	RAW(__NR_prctl, 15, "worker");
	word_wait(&release, 0);
}

static void threads(void)
{
	static const char *const names[] = { "stat",    "status", "comm",   "maps",   "cmdline",
					     "environ", "auxv",   "limits", "fd",     "fdinfo",
					     "exe",     "cwd",    "root",   "mounts", "statm",
					     "mem",     "task" };
	struct thread t[3];
	char path[128];
	int pid = getpid(), self;

	say("alone, task", "%s, %d names", links_of("/proc/self/task"),
	    count_names("/proc/self/task"));
	for (int i = 0; i < 3; i++)
		thread_start(&t[i], THREAD_FLAGS, waiting, NULL);
	for (int i = 0; i < 3; i++)
		await_state(t[i].tid, 'S');
	say("with three, task", "%s, %d names", links_of("/proc/self/task"),
	    count_names("/proc/self/task"));
	say("Threads", "%s", proc_value("/proc/self/status", "Threads"));
	for (int i = 0; i < NR(names); i++) {
		struct stat st;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, t[0].tid, names[i]);
		ask_done(text("thread, lstat %s", names[i]), RAW(__NR_lstat, path, &st));
		ask_done(text("thread, open %s", names[i]), RAW(__NR_open, path, O_RDONLY));
	}
	snprintf(path, sizeof(path), "/proc/self/task/%d/status", t[0].tid);
	say("thread, Name", "%s", proc_value(path, "Name"));
	say("thread, Threads", "%s", proc_value(path, "Threads"));
	say("thread, State", "%s", proc_value(path, "State"));
	say("thread, Tgid is the leader", "%d", atoi(proc_value(path, "Tgid")) == pid);
	say("thread, Pid is its own", "%d", atoi(proc_value(path, "Pid")) == t[0].tid);
	snprintf(path, sizeof(path), "/proc/%d/status", t[0].tid);
	say("by its number, Pid is its own", "%d", atoi(proc_value(path, "Pid")) == t[0].tid);
	say("by its number, Tgid is the leader", "%d", atoi(proc_value(path, "Tgid")) == pid);
	snprintf(path, sizeof(path), "/proc/%d/task", t[0].tid);
	say("by its number, task", "%d names", count_names(path));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, t[1].tid);
	ask("another's name, write", RAW(__NR_write, open(path, O_WRONLY), "other name here", 15));
	say("another's name, then", "%s", first_line(path));
	ask("a longer name", RAW(__NR_write, open(path, O_WRONLY), "0123456789abcdefghij", 20));
	say("a longer name, then", "%s", first_line(path));
	ask("an empty name", RAW(__NR_write, open(path, O_WRONLY), "", 0));
	say("an empty name, then", "%s", first_line(path));
	ask("init's name", RAW(__NR_write, open("/proc/1/comm", O_WRONLY), "x", 1));
	snprintf(path, sizeof(path), "/proc/self/task/%d", t[2].tid);
	self = open(path, O_RDONLY | O_DIRECTORY);
	word_set(&release, 1);
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
	while (count_names("/proc/self/task") != 3)
		sched_yield();
	say("alone again, task", "%s", links_of("/proc/self/task"));
	ask("a dead thread's folder", RAW(__NR_open, path, O_RDONLY));
	ask("a dead thread's folder, held, list", RAW(__NR_getdents64, self, path, 128));
	ask("a dead thread's folder, held, look up", RAW(__NR_openat, self, "stat", O_RDONLY, 0));
	ask("task/0", RAW(__NR_open, "/proc/self/task/0", O_RDONLY));
	ask("task/1 of another", RAW(__NR_open, "/proc/self/task/1", O_RDONLY));
	snprintf(path, sizeof(path), "/proc/self/task/0%d", pid);
	ask("a leading zero", RAW(__NR_open, path, O_RDONLY));
	ask("mkdir in task", RAW(__NR_mkdir, "/proc/self/task/x", 0755));
	snprintf(path, sizeof(path), "%d/task/%d", pid, pid);
	self = (int)RAW(__NR_readlink, "/proc/thread-self", path + 64, 60);
	say("thread-self", "%d",
	    self == (int)strlen(path) && !memcmp(path, path + 64, strlen(path)));
}

static int is_listed(int tid)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int found = 0;

	while ((d = readdir(dir)))
		found |= atoi(d->d_name) == tid;
	closedir(dir);
	return found;
}

static void listing(void)
{
	struct thread t;
	DIR *dir;
	struct dirent *d;
	long last = 0;
	int sorted = 1;

	release = 0;
	thread_start(&t, THREAD_FLAGS, waiting, NULL);
	await_state(t.tid, 'S');
	say("leader is listed", "%d", is_listed(getpid()));
	say("thread is listed", "%d", is_listed(t.tid));
	word_set(&release, 1);
	thread_join(&t);
	dir = opendir("/proc");
	while ((d = readdir(dir)))
		if (atoi(d->d_name) > 0) {
			sorted &= atoi(d->d_name) > last;
			last = atoi(d->d_name);
		}
	closedir(dir);
	say("processes are in order", "%d", sorted);
	ask("/proc/0", RAW(__NR_open, "/proc/0", O_RDONLY));
	ask("/proc/01", RAW(__NR_open, "/proc/01", O_RDONLY));
	ask("/proc/-1", RAW(__NR_open, "/proc/-1", O_RDONLY));
	ask("/proc/4294967297", RAW(__NR_open, "/proc/4294967297", O_RDONLY));
	ask("/proc/1x", RAW(__NR_open, "/proc/1x", O_RDONLY));
}

/* --- descriptors --- */

static void descriptors(void)
{
	static char buffer[512];
	static const struct {
		const char *name;
		int flags;
	} opens[] = {
		{ "read", O_RDONLY },
		{ "write", O_WRONLY },
		{ "both", O_RDWR },
		{ "append", O_WRONLY | O_APPEND },
		{ "nonblocking", O_RDONLY | O_NONBLOCK },
		{ "closed on exec", O_RDONLY | O_CLOEXEC },
		{ "path", O_PATH },
	};
	char path[64], *form;
	struct stat st;
	int fd, dir;

	page_file("f", 100);
	for (int i = 0; i < NR(opens); i++) {
		fd = (int)RAW(__NR_open, "f", opens[i].flags);
		RAW(__NR_lseek, fd, 7, 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		lstat(path, &st);
		say(text("%s, mode", opens[i].name), "0%o size %ld", st.st_mode, st.st_size);
		ask(text("%s, opened through it to write", opens[i].name),
		    RAW(__NR_open, path, O_WRONLY) >= 0);
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		lstat(path, &st);
		say(text("%s, fdinfo, mode", opens[i].name), "0%o", st.st_mode);
		say(text("%s, fdinfo, pos", opens[i].name), "%s", proc_value(path, "pos"));
		say(text("%s, fdinfo, flags", opens[i].name), "%s", proc_value(path, "flags"));
		form = (char *)shape(contents(path));
		for (char *p = form; *p; p++)
			*p = *p == '\n' ? ';' : *p;
		say(text("%s, fdinfo, form", opens[i].name), "%s", form);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	dir = (int)RAW(__NR_open, path, O_PATH | O_NOFOLLOW);
	RAW(__NR_close, fd);
	ask("a closed one, lstat", RAW(__NR_lstat, path, &st));
	ask("a closed one, readlink", RAW(__NR_readlink, path, buffer, 100));
	ask("a closed one, held", RAW(__NR_readlinkat, dir, "", buffer, 100));
	ask("a closed one's fdinfo", RAW(__NR_open, "/proc/self/fdinfo/99", O_RDONLY));
	ask("fd/00", RAW(__NR_lstat, "/proc/self/fd/00", &st));
	ask("fd/x", RAW(__NR_lstat, "/proc/self/fd/x", &st));
	ask("fd/-1", RAW(__NR_lstat, "/proc/self/fd/-1", &st));
	ask("fd/4294967296", RAW(__NR_lstat, "/proc/self/fd/4294967296", &st));
	ask("unlink fd/0", RAW(__NR_unlink, "/proc/self/fd/0"));
	ask("chmod fdinfo/0", RAW(__NR_chmod, "/proc/self/fdinfo/0", 0777));
	say("fd", "%s", links_of("/proc/self/fd"));
	say("fdinfo", "%s", links_of("/proc/self/fdinfo"));
	say("as many in both", "%d",
	    count_names("/proc/self/fd") == count_names("/proc/self/fdinfo"));
	fd = (int)RAW(__NR_open, "gone", O_CREAT | O_RDWR, 0600);
	RAW(__NR_unlink, "gone");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(buffer, 0, sizeof(buffer));
	RAW(__NR_readlink, path, buffer, sizeof(buffer));
	say("a file that is gone", "%s", strrchr(buffer, '/'));
	ask_done("opened again", RAW(__NR_open, path, O_RDONLY));
	ask("readlink, 3 bytes", RAW(__NR_readlink, path, buffer, 3));
}

/* --- limits --- */

static void limits(void)
{
	static const int which[] = { RLIMIT_CPU,  RLIMIT_FSIZE,  RLIMIT_STACK,
				     RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_AS };
	char *line;

	for (int i = 0; i < NR(which); i++)
		setrlimit(which[i],
			  &(struct rlimit){ 1000 + (unsigned)i, 1000000000UL + (unsigned)i });
	line = (char *)contents("/proc/self/limits");
	for (int i = 0; *line; i++) {
		char *end = strchr(line, '\n');

		*end = 0;
		/* These two follow the size of memory. */
		if (strncmp(line, "Max processes", 13) == 0 ||
		    strncmp(line, "Max pending", 11) == 0)
			say(text("line %d", i), "%s|", shape(line));
		else
			say(text("line %d", i), "%s|", line);
		line = end + 1;
	}
	ask("write", RAW(__NR_open, "/proc/self/limits", O_WRONLY) >= 0);
}

/* --- strings and memory --- */

static void strings(void)
{
	static char buffer[4096];
	unsigned long auxv[64];
	int fd = open("/proc/self/cmdline", O_RDONLY), match = 1;
	long n;

	n = RAW(__NR_read, fd, buffer, sizeof(buffer));
	say("cmdline", "%ld bytes, %s", n, buffer);
	ask("cmdline again", RAW(__NR_read, fd, buffer, 10));
	ask("cmdline, lseek", RAW(__NR_lseek, fd, 2, 0));
	ask("cmdline from 2", RAW(__NR_read, fd, buffer, 100) == n - 2);
	ask("cmdline, lseek to the end", RAW(__NR_lseek, fd, 0, 2));
	ask("cmdline, lseek back", RAW(__NR_lseek, fd, -1, 0));
	ask("cmdline, bad buffer", RAW(__NR_pread64, fd, BAD, 4, 0));
	fd = open("/proc/self/environ", O_RDONLY);
	n = RAW(__NR_read, fd, buffer, sizeof(buffer));
	say("environ", "%ld bytes, %s, %s", n, buffer, buffer + strlen(buffer) + 1);
	ask("environ, 3 bytes from 4", RAW(__NR_pread64, fd, buffer, 3, 4));
	ask("environ, beyond", RAW(__NR_pread64, fd, buffer, 3, 1000));
	ask("environ, bad buffer", RAW(__NR_pread64, fd, BAD, 4, 0));
	ask("environ, lseek to the end", RAW(__NR_lseek, fd, 0, 2));
	fd = open("/proc/self/auxv", O_RDONLY);
	n = RAW(__NR_read, fd, auxv, sizeof(auxv));
	for (long i = 0; i + 1 < n / 8 && auxv[i]; i += 2)
		match &= getauxval(auxv[i]) == auxv[i + 1];
	say("auxv is the one on the stack", "%d, ends with %lu %lu, whole pairs %d", match,
	    auxv[n / 8 - 2], auxv[n / 8 - 1], n % 16 == 0);
	ask("auxv, 3 bytes", RAW(__NR_pread64, fd, buffer, 3, 0));
	ask("auxv, beyond", RAW(__NR_pread64, fd, buffer, 3, 100000));
	say("a kernel thread's cmdline", "'%s'", contents("/proc/2/cmdline"));
	say("a kernel thread's environ", "'%s'", contents("/proc/2/environ"));
	say("a kernel thread's auxv", "'%s'", contents("/proc/2/auxv"));
	ask("a kernel thread's mem, open", RAW(__NR_open, "/proc/2/mem", O_RDWR) >= 0);
	ask("a kernel thread's mem, read",
	    RAW(__NR_read, open("/proc/2/mem", O_RDONLY), buffer, 4));
}

static void memory(void)
{
	int fd = open("/proc/self/mem", O_RDWR), shared_fd = page_file("f", 2 * PAGE);
	char *p = map_pages(3, RW), *ro = map_pages(1, R), *none = map_pages(1, NONE), *shared;
	static char buffer[3 * PAGE];

	memset(p, 'p', 3 * PAGE);
	ask("read", RAW(__NR_pread64, fd, buffer, 10, p));
	say("what was read", "%.10s", buffer);
	ask("read over pages", RAW(__NR_pread64, fd, buffer, 3 * PAGE, p));
	ask("write", RAW(__NR_pwrite64, fd, "hello", 5, p + PAGE - 2));
	say("what was written", "%.5s", p + PAGE - 2);
	ask("write to read-only", RAW(__NR_pwrite64, fd, "ro", 2, ro));
	say("what was written there", "%.2s", ro);
	ask("write to nobody's", RAW(__NR_pwrite64, fd, "no", 2, none));
	ask("read nobody's", RAW(__NR_pread64, fd, buffer, 2, none));
	munmap(p + PAGE, PAGE);
	ask("read up to a hole", RAW(__NR_pread64, fd, buffer, 2 * PAGE, p));
	ask("read a hole", RAW(__NR_pread64, fd, buffer, 4, p + PAGE));
	ask("write a hole", RAW(__NR_pwrite64, fd, buffer, 4, p + PAGE));
	ask("read, bad buffer", RAW(__NR_pread64, fd, BAD, 4, p));
	ask("write, bad buffer", RAW(__NR_pwrite64, fd, BAD, 4, p));
	ask("read at 0", RAW(__NR_pread64, fd, buffer, 4, 0));
	ask("read beyond user space", RAW(__NR_pread64, fd, buffer, 4, USER_END));
	ask("0 bytes", RAW(__NR_pread64, fd, buffer, 0, p));
	ask("lseek", RAW(__NR_lseek, fd, 4096, 0));
	ask("lseek further", RAW(__NR_lseek, fd, 4096, 1));
	ask("lseek to the end", RAW(__NR_lseek, fd, 0, 2));
	shared = mmap(NULL, PAGE, R, MAP_SHARED, open("f", O_RDONLY), 0);
	ask("write to a shared read-only file", RAW(__NR_pwrite64, fd, "x", 1, shared));
	shared = mmap(NULL, PAGE, R, MAP_SHARED, shared_fd, 0);
	ask("write to a shared file, not writable now", RAW(__NR_pwrite64, fd, "x", 1, shared));
	shared = mmap(NULL, PAGE, R, MAP_PRIVATE, shared_fd, 0);
	ask("write to a private read-only file", RAW(__NR_pwrite64, fd, "x", 1, shared));
	shared = mmap(NULL, 4 * PAGE, R, MAP_PRIVATE, shared_fd, 0);
	ask("read beyond the file's end", RAW(__NR_pread64, fd, buffer, 4, shared + 3 * PAGE));
	ask("mmap", RAW(__NR_mmap, 0, PAGE, R, MAP_PRIVATE, fd, 0));
}

/* --- what is gone, and what is never there --- */

static void the_dead(void)
{
	static const char *const names[] = { "status", "stat",  "statm",  "cmdline", "environ",
					     "auxv",   "maps",  "mounts", "limits",  "comm",
					     "mem",    "fd/1",  "exe",    "cwd",     "task",
					     "fd",     "fdinfo" };
	static char buffer[4096];
	int held[NR(names)], dir, fds[2];
	struct stat st;
	pid_t pid;

	(void)!pipe(fds);
	pid = fork();
	if (pid == 0) {
		(void)!read(fds[0], buffer, 1);
		_exit(3);
	}
	dir = open(text("/proc/%d", pid), O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < NR(names); i++)
		held[i] = openat(dir, names[i], O_RDONLY);
	(void)!write(fds[1], "x", 1);
	await_state(pid, 'Z');
	for (int round = 0; round < 2; round++) {
		const char *what = round ? "reaped" : "zombie";

		for (int i = 0; i < NR(names); i++) {
			long n;

			ask_done(text("%s, open %s", what, names[i]),
				 RAW(__NR_openat, dir, names[i], O_RDONLY, 0));
			ask_done(text("%s, lstat %s", what, names[i]),
				 RAW(__NR_newfstatat, dir, names[i], &st, 0x100));
			if (i >= 14)
				n = RAW(__NR_getdents64, held[i], buffer, sizeof(buffer));
			else
				n = RAW(__NR_read, held[i], buffer, sizeof(buffer));
			if (i == 11 || i == 12)
				continue;
			say(text("%s, held, %s", what, names[i]), "%s",
			    n > 0 ? "something" : answer(n));
		}
		if (!round)
			waitpid(pid, NULL, 0);
	}
	ask("reaped, the folder", RAW(__NR_getdents64, dir, buffer, sizeof(buffer)));
	ask("reaped, fstat", RAW(__NR_fstat, dir, &st));
}

static void link_counts(void)
{
	struct stat st, after;
	pid_t pid;

	say("modes", "self 0%o, /proc/1 %s", (lstat("/proc/self", &st), st.st_mode),
	    (stat("/proc/1", &st), text("0%o", st.st_mode)));
	stat("/proc", &st);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	stat("/proc", &after);
	say("a process more, a link more", "%ld", (long)(after.st_nlink - st.st_nlink));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ask("chmod status", RAW(__NR_chmod, "/proc/self/status", 0777));
	ask("chown status", RAW(__NR_chown, "/proc/self/status", 0, 0));
	ask("truncate status", RAW(__NR_truncate, "/proc/self/status", 0));
	ask("open status to write", RAW(__NR_open, "/proc/self/status", O_WRONLY) >= 0);
	say("personality", "%s", first_line("/proc/self/personality"));
	RAW(__NR_personality, 0x0400000);
	say("personality then", "%s", first_line("/proc/self/personality"));
}

static void system_wide(void)
{
	char *line, *save;

	say("loadavg", "%s", shape(first_line("/proc/loadavg")));
	say("version begins", "%.14s", first_line("/proc/version"));
	say("uptime", "%s", shape(first_line("/proc/uptime")));
	line = (char *)contents("/proc/filesystems");
	for (save = line; (line = strchr(save, '\n')); save = line + 1) {
		*line = 0;
		if (strstr(save, "proc") || strstr(save, "tmpfs") || strstr(save, "ramfs"))
			say(text("filesystems, %s", strchr(save, '\t') + 1), "%.*s|",
			    (int)(strchr(save, '\t') - save), save);
	}
	line = (char *)contents("/proc/mounts");
	for (save = line; (line = strchr(save, '\n')); save = line + 1) {
		*line = 0;
		if (strstr(save, " /proc "))
			say("mounts, /proc", "%s", save);
	}
}

ORACLE(GROUP(threads), GROUP(listing), GROUP(descriptors), GROUP(limits), GROUP(strings),
       GROUP(memory), GROUP(the_dead), GROUP(link_counts), GROUP(system_wide))
