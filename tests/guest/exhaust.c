/*
 * tests/guest/exhaust.c - all of memory, and all of everything else, used up
 *
 * Each case takes more than there is: the call fails, or the process that asked dies; the kernel goes on, and when
 * the process is gone everything is back, to the page and to the object (lib/usage.h).  Best run on small machines,
 * where it is quick; a case that fills memory leaves out machines with more than MAX_FILL_MIB.
 *
 * On Linux the comparison is left out, and so are the cases in which its OOM killer might choose somebody else.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/check.h"
#include "lib/usage.h"

#define MAX_FILL_MIB 1024
#define MIB          (1UL << 20)
#define GIB          (1UL << 30)

/* A small machine of our own, or the case passes unseen. */
static int may_fill_memory(void)
{
	return is_pagewalk() && proc_value("/proc/meminfo", "MemTotal") <= MAX_FILL_MIB * 1024;
}

static void processes_are(int want)
{
	for (int i = 0; i < 20000; i++) {
		static char info[256]; /* struct sysinfo; procs is at 80 */
		unsigned short procs;

		RAW(__NR_sysinfo, info);
		memcpy(&procs, info + 80, sizeof(procs));
		if (procs == want || !want)
			return;
		usleep(1000);
	}
	fail("processes are left over");
}

static int processes_now(void)
{
	static char info[256];
	unsigned short procs;

	RAW(__NR_sysinfo, info);
	memcpy(&procs, info + 80, sizeof(procs));
	return procs;
}

/* Run @fn in a child twice; after the second time all must be back.  The status of the second. */
static int drill(void (*fn)(void *), void *arg)
{
	int status, before = processes_now();
	const char *changes;

	in_child(fn, arg);
	processes_are(before);
	usage_before();
	status = in_child(fn, arg);
	processes_are(before);
	changes = usage_changes();
	if (is_pagewalk() && *changes)
		fail("not given back:%s", changes);
	return status;
}

/* --- memory --- */

static void touch_everything(void *arg)
{
	unsigned long step = (unsigned long)arg, size = 64 * GIB;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	for (unsigned long i = 0; i < size; i += step)
		p[i] = 1;
	_exit(2);
}

static void touching_all_memory_kills(void)
{
	int status;

	if (!may_fill_memory())
		return;
	status = drill(touch_everything, (void *)PAGE);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* One page in each 2 MiB: a page table for every page, so tables take half of it. */
static void one_page_in_each_table_kills(void)
{
	int status;

	if (!may_fill_memory())
		return;
	status = drill(touch_everything, (void *)(2 * MIB));
	CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 2);
}

static void write_to_fresh_memory(void *arg)
{
	unsigned long size = 8 * GIB;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int zero = open("/dev/zero", O_RDONLY);
	ssize_t n;

	(void)arg;
	for (unsigned long at = 0; at < size; at += (unsigned long)n) {
		n = read(zero, p + at, MIB);
		if (n <= 0)
			_exit(n < 0 && (errno == EFAULT || errno == ENOMEM) ? 4 : 5);
	}
	_exit(2);
}

/* The kernel meets the end of memory in its own copying: an error, or the end of the process. */
static void reading_into_all_memory_fails(void)
{
	int status;

	if (!may_fill_memory())
		return;
	status = drill(write_to_fresh_memory, NULL);
	CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 4);
}

static void populate_too_much(void *arg)
{
	(void)arg;
	for (int i = 0; i < 4096; i++)
		if (mmap(NULL, MIB, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
			_exit(4);
	_exit(2);
}

static void populating_all_memory_fails(void)
{
	if (may_fill_memory())
		drill(populate_too_much, NULL);
}

static void shared_memory(void *arg)
{
	char *p = mmap(NULL, 8 * GIB, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg;
	if (p == MAP_FAILED)
		_exit(4);
	for (unsigned long i = 0; i < 8 * GIB; i += PAGE)
		p[i] = 1;
	_exit(2);
}

static void touching_all_shared_memory_kills(void)
{
	int status;

	if (!may_fill_memory())
		return;
	status = drill(shared_memory, NULL);
	CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 4);
}

static void many_mappings(void *arg)
{
	char *p = mmap(NULL, 140000 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);
	int n;

	(void)arg;
	for (n = 0; n < 70000; n++)
		if (mprotect(p + (2UL * (unsigned long)n + 1) * PAGE, PAGE, PROT_READ) < 0)
			break;
	_exit(errno == ENOMEM && n < 32768 ? (fork() < 0 ? 4 : 0) : 5);
}

static void mappings_end_at_65530(void)
{
	int status = drill(many_mappings, NULL);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 5);
}

/* --- processes --- */

static void fork_until_refused(void *arg)
{
	int n = 0, pipes[2], err;
	char *p = map_pages(8, PROT_READ | PROT_WRITE);
	pid_t pid;

	memset(p, 1, 8 * PAGE);
	(void)!pipe(pipes);
	(void)arg;
	for (; (pid = fork()) > 0; n++)
		;
	err = errno;
	if (pid == 0) { /* lives until the parent is gone */
		close(pipes[1]);
		RAW(__NR_read, pipes[0], p, 1);
		_exit(0);
	}
	_exit(err == EAGAIN || err == ENOMEM ? (n > 3 ? 0 : 7) : 6);
}

static void forking_without_end_is_refused(void)
{
	int status;

	if (!may_fill_memory())
		return;
	status = drill(fork_until_refused, NULL);
	CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
}

/* Everybody forks, for a while. */
static void fork_bomb(void *arg)
{
	struct timespec now, end;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &end);
	do {
		fork();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec + 3);
	_exit(0);
}

static void fork_bombs_burn_out(void)
{
	int before = processes_now();

	if (!may_fill_memory())
		return;
	in_child(fork_bomb, NULL);
	processes_are(before);
}

/* --- files --- */

static void fill_folder(void *arg)
{
	static char block[64 * 1024];
	int n, fd = open("big", O_RDWR | O_CREAT, 0644);

	(void)arg;
	while ((n = (int)write(fd, block, sizeof(block))) > 0)
		;
	n = errno;
	unlink("big");
	_exit(n == ENOSPC ? 0 : n);
}

static void filling_a_file_system_ends_with_enospc(void)
{
	int status;

	if (!may_fill_memory())
		return;
	status = drill(fill_folder, NULL);
	CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	if (chdir("/") < 0) /* the root: ramfs has no limit of its own */
		fail("chdir");
	status = drill(fill_folder, NULL);
	unlink("/big");
	CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
}

static void many_small_files(void *arg)
{
	char name[32];
	int n, err = 0;

	(void)arg;
	for (n = 0; n < 300000 && !err; n++) {
		int fd;

		snprintf(name, sizeof(name), "small-%d", n);
		fd = open(name, O_RDWR | O_CREAT, 0644);
		err = fd < 0 ? errno : 0;
		close(fd);
	}
	while (n-- > 0) {
		snprintf(name, sizeof(name), "small-%d", n);
		unlink(name);
	}
	_exit(err == ENOSPC || err == ENOMEM || !err ? 0 : err);
}

static void creating_files_without_end_is_refused(void)
{
	int status;

	if (!may_fill_memory() || proc_value("/proc/meminfo", "MemTotal") > 128 * 1024)
		return;
	status = drill(many_small_files, NULL);
	CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

static void open_many(void *arg)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };
	int n = 0, fds[2];

	(void)arg;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (pipe(fds) == 0 && write(fds[1], &n, sizeof(n)) > 0)
		n++;
	_exit(errno == EMFILE || errno == ENFILE || errno == ENOMEM ? 0 : errno);
}

static void pipes_without_end_are_refused(void)
{
	int status;

	if (!may_fill_memory())
		return;
	status = drill(open_many, NULL);
	CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

static void deep_folders(void *arg)
{
	int depth;

	(void)arg;
	for (depth = 0; depth < 10000; depth++)
		if (mkdir("d", 0755) < 0 || chdir("d") < 0)
			break;
	while (depth-- > 0)
		if (chdir("..") < 0 || rmdir("d") < 0)
			_exit(1);
	_exit(0);
}

static void ten_thousand_nested_folders(void)
{
	CHECK_EQ(drill(deep_folders, NULL), 0);
}

/* The last reference to the lowest folder pulls all of them down, one after the other and not one in the other. */
static void drop_deep_folders(void *arg)
{
	int depth, up;

	(void)arg;
	for (depth = 0; depth < 10000; depth++) {
		if (mkdir("d", 0755) < 0 || chdir("d") < 0)
			break;
	}
	/* removed from above: each is held by the one below, the lowest by our working directory */
	up = open("..", O_RDONLY);
	while (depth-- > 1) {
		RAW(__NR_unlinkat, up, "d", AT_REMOVEDIR);
		if (fchdir(up) < 0)
			break;
		close(up);
		up = open("..", O_RDONLY);
	}
	RAW(__NR_unlinkat, up, "d", AT_REMOVEDIR);
	_exit(0);
}

static void nested_folders_are_dropped_one_by_one(void)
{
	CHECK_EQ(drill(drop_deep_folders, NULL), 0);
}

static void full_device_is_full(void)
{
	int fd = open("/dev/full", O_RDWR);
	char c = 1;

	CHECK_ERR(RAW(__NR_write, fd, &c, 1), ENOSPC);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 0);
}

/* --- arguments --- */

static void exec_with(void *arg)
{
	unsigned long len = (unsigned long)arg;
	static char *argv[40];
	char *s = map_pages(len / PAGE + 1, PROT_READ | PROT_WRITE);

	memset(s, 'a', len);
	argv[0] = "exhaust";
	argv[1] = "--exit";
	for (int i = 2; i < NR(argv) - 1; i++)
		argv[i] = s;
	execv("/proc/self/exe", argv);
	_exit(errno == E2BIG ? 7 : errno == ENOMEM ? 8 : 9);
}

static void long_argument_lists(void)
{
	CHECK_EQ(WEXITSTATUS(drill(exec_with, (void *)50000UL)), 0);
	CHECK_EQ(WEXITSTATUS(drill(exec_with, (void *)131072UL)), 7);
}

/* --- looking at what dies --- */

static void read_all(const char *path)
{
	static char buf[4096];
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

static void watch_processes_die(void *arg)
{
	static const char *const files[] = { "maps",    "status", "stat",   "statm", "cmdline",
					     "environ", "auxv",   "mounts", "comm",  "limits" };
	char path[64];

	(void)arg;
	for (int round = 0; round < 60; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			char *p = map_pages(300, PROT_READ | PROT_WRITE);

			for (int i = 0; i < 300; i++)
				p[(unsigned long)i * PAGE] = 1;
			if (round & 1)
				_exit(0);
			exec_with((void *)5000UL);
		}
		for (int i = 0; waitpid(pid, NULL, WNOHANG) == 0; i++) {
			snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i % NR(files)]);
			read_all(path);
		}
	}
	_exit(0);
}

static void proc_is_read_while_processes_die(void)
{
	CHECK_EQ(drill(watch_processes_die, NULL), 0);
}

static const struct test_case cases[] = {
	CASE(touching_all_memory_kills),
	CASE(one_page_in_each_table_kills),
	CASE(reading_into_all_memory_fails),
	CASE(populating_all_memory_fails),
	CASE(touching_all_shared_memory_kills),
	CASE(mappings_end_at_65530),
	CASE(forking_without_end_is_refused),
	CASE(fork_bombs_burn_out),
	CASE(filling_a_file_system_ends_with_enospc),
	CASE(creating_files_without_end_is_refused),
	CASE(pipes_without_end_are_refused),
	CASE(ten_thousand_nested_folders),
	CASE(nested_folders_are_dropped_one_by_one),
	CASE(full_device_is_full),
	CASE(long_argument_lists),
	CASE(proc_is_read_while_processes_die),
};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--exit") == 0)
		return 0;
	return run_cases("exhaust", cases, NR(cases), argv + 1);
}
