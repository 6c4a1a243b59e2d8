/*
 * tests/guest/stress_proc.c - /proc read while what it shows comes and goes
 *
 * The processes that are looked at map and unmap, start threads, exec and exit.  A reader gets a text that makes
 * sense in itself, or is told that there is nothing any more.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/stress.h"

#define TARGETS 3
#define READERS 3
#define LIVES   8
#define READS   60

static struct targets {
	volatile int pid[TARGETS];
	volatile int ended;
} * targets;

static const char *const windows[] = { "maps",    "smaps",    "smaps_rollup", "status", "stat",
				       "statm",   "cmdline",  "environ",      "limits", "comm",
				       "auxv",    "pagemap",  "mem",          "io",     "wchan",
				       "syscall", "numa_maps" };

/* --- those that are looked at --- */

static void map_for_a_while(void *number)
{
	struct random random = random_for((long)number + getpid() % 7);

	for (int i = 0; i < 12; i++) {
		unsigned long pages = 1 + below(&random, 8);
		char *p = (char *)RAW(__NR_mmap, 0, pages * PAGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (unsigned long k = 0; k < pages; k += 2)
			p[k * PAGE] = 1;
		RAW(__NR_mprotect, p + PAGE * (pages / 2), PAGE, PROT_READ);
		RAW(__NR_close, RAW(__NR_open, "/proc/self/exe", O_RDONLY, 0));
		RAW(__NR_munmap, p, pages * PAGE);
	}
}

static int live(void)
{
	run_threads(2, map_for_a_while);
	return 0;
}

static void bear_targets(long me)
{
	static char *const words[] = { (char *)"stress_proc", (char *)"--live", NULL };
	struct random random = random_for(me);

	for (int i = 0; i < LIVES; i++) {
		int by_exec = (int)below(&random, 2), status;
		pid_t pid = fork();

		if (pid == 0) {
			map_for_a_while((void *)me);
			if (by_exec)
				execv("/proc/self/exe", words);
			_exit(by_exec ? 1 : live());
		}
		if (pid < 0)
			fail("fork");
		targets->pid[me] = pid;
		if (waitpid(pid, &status, 0) != pid || status)
			fail("one ended with 0x%x", status);
	}
	__atomic_add_fetch(&targets->ended, 1, __ATOMIC_RELAXED);
}

/* --- those that look --- */

static char *append_number(char *at, long n)
{
	char digits[24];
	int nr = 0;

	do
		digits[nr++] = (char)('0' + n % 10);
	while (n /= 10);
	while (nr)
		*at++ = digits[--nr];
	*at = 0;
	return at;
}

static void proc_path(char *path, long pid, const char *name)
{
	strcpy(path, "/proc/");
	path = append_number(path + 6, pid);
	*path++ = '/';
	strcpy(path, name);
}

/* All of the file, or as much as fits; -errno. */
static long read_window(const char *path, char *buf, size_t size)
{
	long fd = RAW(__NR_open, path, O_RDONLY, 0), n = 0, len = 0;

	if (fd < 0)
		return fd;
	while ((size_t)len < size - 1) {
		n = RAW(__NR_read, fd, buf + len, size - 1 - (size_t)len);
		if (n <= 0)
			break;
		len += n;
	}
	RAW(__NR_close, fd);
	buf[len] = 0;
	return n < 0 ? n : len;
}

static int only_gone(long error)
{
	return error == -ENOENT || error == -ESRCH || error == -EIO || error == -EACCES ||
	       error == -EPERM || error == -EINVAL;
}

/* Whole lines, rising, none over another. */
static void check_maps(const char *text)
{
	unsigned long last = 0;

	while (*text) {
		char *p;
		unsigned long start = strtoul(text, &p, 16), end;

		if (*p != '-')
			fail("no mapping: %.80s", text);
		end = strtoul(p + 1, &p, 16);
		if (*p != ' ' || start >= end || (start < last && start < 0xffff000000000000UL))
			fail("behind 0x%lx comes %.80s", last, text);
		last = end;
		text = strchr(text, '\n');
		if (!text)
			return;
		text++;
	}
}

static void check_status(const char *text, long pid)
{
	const char *line = strstr(text, "\nPid:");

	if (!line || strtol(line + 5, NULL, 10) != pid)
		fail("status of %ld shows %.200s", pid, text);
}

/* Numbers and folders of threads and of descriptors: every one that is listed can be looked at, or is gone. */
static void look_into(long pid, const char *folder, const char *below_it)
{
	char path[64], buf[2048], name[128];
	long fd, n;

	proc_path(path, pid, folder);
	fd = RAW(__NR_open, path, O_RDONLY | O_DIRECTORY, 0);
	while (fd >= 0 && (n = RAW(__NR_getdents64, fd, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n;) {
			struct dirent *d = (struct dirent *)(void *)(buf + at);
			char target[128];
			long ret;

			at += d->d_reclen;
			if (d->d_name[0] == '.')
				continue;
			strcpy(name, path);
			strcat(name, "/");
			strcat(name, d->d_name);
			strcat(name, below_it);
			ret = *below_it ? read_window(name, target, sizeof(target))
					: RAW(__NR_readlink, name, target, sizeof(target));
			if (ret < 0 && !only_gone(ret))
				fail("%s: error %ld", name, -ret);
		}
	RAW(__NR_close, fd);
}

static void look(long me)
{
	struct random random = random_for(100 + me);
	static char buf[65536];
	char path[64];

	while (targets->ended < TARGETS) {
		long pid = targets->pid[below(&random, TARGETS)], len;
		const char *window = windows[below(&random, NR(windows))];

		if (!pid) {
			RAW(__NR_sched_yield);
			continue;
		}
		proc_path(path, pid, window);
		len = read_window(path, buf, strcmp(window, "mem") == 0 ? 64 : sizeof(buf) / 4);
		if (len < 0 && !only_gone(len))
			fail("%s: error %ld", path, -len);
		if (len > 0 && strcmp(window, "maps") == 0)
			check_maps(buf);
		if (len > 0 && strcmp(window, "status") == 0)
			check_status(buf, pid);
		look_into(pid, "task", "/stat");
		look_into(pid, "fd", "");
	}
}

static void live_or_look(void *number)
{
	long me = (long)number;

	if (me < TARGETS)
		bear_targets(me);
	else
		look(me);
}

static void windows_stay_clear(void)
{
	targets = shared_pages(1);
	run_processes(TARGETS + READERS, live_or_look);
}

/* --- the whole of /proc, and threads that look at themselves --- */

static void look_at_myself(void *number)
{
	struct random random = random_for((long)number);
	char buf[4096];
	long len;

	for (int i = 0; i < READS; i++) {
		unsigned long pages = 1 + below(&random, 6);
		char *p = (char *)RAW(__NR_mmap, 0, pages * PAGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		p[0] = 1;
		len = read_window("/proc/self/maps", buf, sizeof(buf));
		if (len <= 0)
			fail("maps of oneself: %ld", len);
		check_maps(buf);
		len = read_window("/proc/self/status", buf, sizeof(buf));
		if (len <= 0)
			fail("status of oneself: %ld", len);
		check_status(buf, getpid());
		RAW(__NR_munmap, p, pages * PAGE);
	}
}

static void threads_see_their_own_maps(void)
{
	run_threads(TARGETS, look_at_myself);
}

/* Every number in /proc is a process that lives, or ended just now. */
static void list_processes(void *number)
{
	struct random random = random_for((long)number);
	static char buf[8192];
	char text[512], path[64];

	for (int i = 0; i < READS / 4; i++) {
		long fd = RAW(__NR_open, "/proc", O_RDONLY | O_DIRECTORY, 0), n, last = 0;
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			usleep((unsigned int)below(&random, 1000));
			_exit(0);
		}
		while ((n = RAW(__NR_getdents64, fd, buf, sizeof(buf))) > 0)
			for (long at = 0; at < n;) {
				struct dirent *d = (struct dirent *)(void *)(buf + at);
				long named = strtol(d->d_name, NULL, 10);

				at += d->d_reclen;
				if (!named)
					continue;
				if (named <= last)
					fail("process %ld is listed behind %ld", named, last);
				last = named;
				proc_path(path, named, "stat");
				if (read_window(path, text, sizeof(text)) > 0 &&
				    strtol(text, NULL, 10) != named)
					fail("stat of %ld shows %s", named, text);
			}
		RAW(__NR_close, fd);
		if (waitpid(pid, &status, 0) != pid || status)
			fail("a child ended with 0x%x", status);
	}
}

static void processes_are_listed_in_order(void)
{
	run_processes(TARGETS, list_processes);
}

static const struct test_case cases[] = {
	CASE(windows_stay_clear),
	CASE(threads_see_their_own_maps),
	CASE(processes_are_listed_in_order),
};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--live") == 0)
		return live();
	return run_stress("stress_proc", cases, NR(cases), argc, argv);
}
