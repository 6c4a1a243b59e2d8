/*
 * tests/guest/lib/check.c - running cases, each in a process and a folder of its own
 *
 * A case that fails, crashes or hangs must not disturb the next.  The child reports why it failed through
 * a pipe; what it leaves in its folder is removed.  The watchdog is alarm(2) with its default action.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#define WATCHDOG_SECONDS 60

static int report_fd = 2;

_Noreturn void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vdprintf(report_fd, fmt, ap);
	va_end(ap);
	_exit(1);
}

void check_eq(int line, const char *expr, long got, long want)
{
	if (got != want)
		fail("line %d: %s is %ld (0x%lx), not %ld", line, expr, got, got, want);
}

void check_err(int line, const char *expr, long got, int err)
{
	if (got != -err)
		fail("line %d: %s is %ld, not -%d (%s)", line, expr, got, err, strerror(err));
}

void remove_tree(const char *path)
{
	DIR *dir;
	struct dirent *d;
	char below[512];

	if (unlink(path) == 0 || !(dir = opendir(path)))
		return;
	while ((d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0) {
			snprintf(below, sizeof(below), "%s/%s", path, d->d_name);
			remove_tree(below);
		}
	closedir(dir);
	rmdir(path);
}

_Noreturn static void reporting_child(void (*fn)(void *), void *arg, int fd)
{
	report_fd = fcntl(fd, F_DUPFD_CLOEXEC, 500); /* out of the way of what the case opens */
	close(fd);
	fn(arg);
	_exit(0);
}

pid_t reason_of(void (*fn)(void *), void *arg, char *reason, size_t size)
{
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	reason[0] = 0;
	fflush(stdout);
	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		snprintf(reason, size, "cannot start it: %s", strerror(errno));
		return -1;
	}
	if (pid == 0) {
		close(fds[0]);
		reporting_child(fn, arg, fds[1]);
	}
	close(fds[1]);
	waitpid(pid, &status, 0);
	fcntl(fds[0], F_SETFL,
	      O_NONBLOCK); /* a stray child of the case may still hold the other end */
	while (len < size - 1 && (n = read(fds[0], reason + len, size - 1 - len)) > 0)
		len += (size_t)n;
	reason[len] = 0;
	close(fds[0]);
	if (WIFSIGNALED(status))
		snprintf(reason + len, size - len, "%sended by %s", len ? "; " : "",
			 strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) && !len)
		snprintf(reason, size, "exit status %d", WEXITSTATUS(status));
	return pid;
}

/* What a case runs in: a folder of its own, and a watchdog. */
static void watched_case(void *c)
{
	char folder[64];

	alarm(WATCHDOG_SECONDS);
	snprintf(folder, sizeof(folder), "/tmp/guest-%d", getpid());
	if (mkdir(folder, 0777) < 0 || chdir(folder) < 0)
		fail("cannot make %s: %s", folder, strerror(errno));
	((const struct test_case *)c)->run();
}

/* The reason why the case failed, in @reason; empty if it did not. */
static void run_case(const struct test_case *c, char *reason, size_t size)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "/tmp/guest-%d",
		 reason_of(watched_case, (void *)(long)c, reason, size));
	remove_tree(folder);
}

static int wanted(const char *name, char **names)
{
	if (!*names)
		return 1;
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return 1;
	return 0;
}

int run_cases(const char *program, const struct test_case *cases, int nr, char **names)
{
	static char reason[1024];
	int passed = 0, failed = 0;

	for (int i = 0; i < nr; i++) {
		if (!wanted(cases[i].name, names))
			continue;
		run_case(&cases[i], reason, sizeof(reason));
		if (reason[0]) {
			printf("not ok %s: %s\n", cases[i].name, reason);
			failed++;
		} else {
			printf("ok %s\n", cases[i].name);
			passed++;
		}
		fflush(stdout);
	}
	printf("%s: %d passed, %d failed\n", program, passed, failed);
	return failed != 0;
}

char *map_pages(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap of %zu pages: %s", pages, strerror(errno));
	return p;
}

char pattern_at(size_t i)
{
	return (char)(i / PAGE + i);
}

void write_file(const char *path, const void *data, size_t len, unsigned int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) < 0)
		fail("cannot write %s: %s", path, strerror(errno));
}

int pattern_file(const char *path, size_t len)
{
	char *data = malloc(len);
	int fd;

	if (!data)
		fail("no memory for a pattern");
	for (size_t i = 0; i < len; i++)
		data[i] = pattern_at(i);
	write_file(path, data, len, 0644);
	free(data);
	fd = open(path, O_RDWR);
	if (fd < 0)
		fail("cannot open %s: %s", path, strerror(errno));
	return fd;
}

int in_child(void (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid: %s", strerror(errno));
	return status;
}

int signal_of(void (*fn)(void *), void *arg)
{
	int status = in_child(fn, arg);

	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void touch_read(void *addr)
{
	(void)*(volatile char *)addr;
}

void touch_write(void *addr)
{
	*(volatile char *)addr = 1;
}

void touch_exec(void *addr)
{
	((void (*)(void))addr)();
}

/* Call @fn for each line of /proc/self/maps until it returns nonzero. */
static int each_mapping(int (*fn)(const struct mapping *m, void *arg), void *arg)
{
	FILE *f = fopen("/proc/self/maps", "r");
	static char line[512];
	struct mapping m;
	int found = 0;

	if (!f)
		fail("/proc/self/maps: %s", strerror(errno));
	while (!found && fgets(line, sizeof(line), f)) {
		char *p, *name;

		m.start = strtoul(line, &p, 16);
		m.end = strtoul(p + 1, &p, 16);
		memcpy(m.perms, p + 1, 4);
		m.perms[4] = 0;
		m.offset = strtoul(p + 6, &p, 16);
		line[strcspn(line, "\n")] = 0;
		name = strpbrk(line, "/[");
		strlcpy(m.name, name ? name : "", sizeof(m.name));
		found = fn(&m, arg);
	}
	fclose(f);
	return found;
}

struct search {
	unsigned long start, end;
	struct mapping *out;
	int count;
};

static int match_mapping(const struct mapping *m, void *arg)
{
	struct search *s = arg;

	if (m->start >= s->end || m->end <= s->start)
		return 0;
	s->count++;
	if (!s->out)
		return 0;
	*s->out = *m;
	return 1;
}

int find_mapping(const void *addr, struct mapping *m)
{
	struct search s = { (unsigned long)addr, (unsigned long)addr + 1, m, 0 };

	return each_mapping(match_mapping, &s);
}

int count_mappings(const void *addr, size_t len)
{
	struct search s = { (unsigned long)addr, (unsigned long)addr + len, NULL, 0 };

	each_mapping(match_mapping, &s);
	return s.count;
}

long proc_value(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	size_t len = strlen(key);
	static char line[256];
	long value = -1;

	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			value = strtol(line + len + 1, NULL, 10);
	fclose(f);
	return value;
}
