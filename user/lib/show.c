/*
 * user/lib/show.c - measuring oneself without changing what is measured
 *
 * A program that counts its own page faults must not cause any by counting.  So everything here that runs
 * between two measurements uses static buffers that are in memory from the first call on, read(2) instead of
 * streams, and no allocation.
 *
 * Sources: proc(5), mincore(2).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char text[8192];

/* The whole of a small file into text[]; its length, 0 if it cannot be read. */
static size_t slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	if (fd >= 0) {
		while (len < sizeof(text) - 1 &&
		       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
			len += (size_t)n;
		close(fd);
	}
	text[len] = 0;
	return len;
}

void help_option(int argc, char **argv, const char *what)
{
	if (argc == 1)
		return;
	fputs(what, stdout);
	exit(argc == 2 && strcmp(argv[1], "-h") == 0 ? 0 : 2);
}

void heading(const char *what)
{
	size_t n = strlen(what);

	printf("\n%s\n", what);
	while (n--)
		putchar('-');
	putchar('\n');
}

/* The @n-th word of @s, counting from 0. */
static const char *word(const char *s, int n)
{
	while (n-- > 0) {
		s += strcspn(s, " ");
		s += strspn(s, " ");
	}
	return s;
}

static long read_faults(struct usage *u)
{
	const char *after_name;

	slurp("/proc/self/stat");
	after_name = strrchr(text, ')'); /* the name may contain anything, even this */
	if (!after_name)
		return 0;
	u->minor = strtol(word(after_name, 8), NULL, 10);
	u->major = strtol(word(after_name, 10), NULL, 10);
	return u->minor;
}

/*
 * Linux 6.1 keeps a task's share of the resident counts to itself until its 65th fault, so that threads need
 * not write to one counter all the time.  So give it 66 cheap ones: one page, dropped and touched again.
 */
static void settle_counts(void)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));

	for (int i = 0; i < 66; i++) {
		madvise(page, PAGE, MADV_DONTNEED);
		*(volatile char *)page = 1;
	}
}

struct usage usage_now(void)
{
	static int warm;
	static long own_faults; /* made by settle_counts: not to be reported */
	struct usage u = { 0 };
	long before;

	if (!warm) {
		memset(text, 0, sizeof(text));
		warm = 1;
		usage_now();
	}
	before = read_faults(&u);
	settle_counts();
	if (slurp("/proc/self/statm")) {
		u.size_kib = strtol(text, NULL, 10) * 4;
		u.rss_kib = strtol(word(text, 1), NULL, 10) * 4;
	}
	u.minor -= own_faults;
	own_faults += read_faults(&(struct usage){ 0 }) - before;
	return u;
}

size_t resident_pages(const void *start, size_t len)
{
	static unsigned char vec[16384];
	size_t pages = len / PAGE, done, n = 0;

	for (done = 0; done < pages; done += sizeof(vec)) {
		size_t chunk = pages - done < sizeof(vec) ? pages - done : sizeof(vec);

		if (mincore((char *)start + done * PAGE, chunk * PAGE, vec) < 0)
			return 0;
		for (size_t i = 0; i < chunk; i++)
			n += vec[i] & 1;
	}
	return n;
}

long proc_value(const char *path, const char *key)
{
	size_t len = strlen(key);
	const char *line;

	slurp(path);
	for (line = text; *line; line = strchrnul(line, '\n'), line += *line != 0)
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			return strtol(line + len + 1, NULL, 10);
	return -1;
}

int read_maps(struct mapping *maps, int max)
{
	const char *line;
	int n = 0;

	slurp("/proc/self/maps");
	for (line = text; *line && n < max; line = strchrnul(line, '\n'), line += *line != 0) {
		struct mapping *m = &maps[n++];
		const char *name;
		char *rest;
		size_t len;

		m->start = strtoul(line, &rest, 16);
		m->end = strtoul(rest + 1, &rest, 16);
		memcpy(m->perms, rest + 1, 4);
		m->perms[4] = 0;
		name = word(line, 5);
		len = strcspn(name, "\n");
		if (name > strchrnul(line, '\n'))
			len = 0; /* the line ended before: no name */
		if (len >= sizeof(m->name))
			len = sizeof(m->name) - 1;
		memcpy(m->name, name, len);
		m->name[len] = 0;
	}
	return n;
}

int find_mapping(const void *addr, struct mapping *out)
{
	static struct mapping maps[64];
	int n = read_maps(maps, 64);

	for (int i = 0; i < n; i++)
		if (maps[i].start <= (unsigned long)addr && (unsigned long)addr < maps[i].end) {
			*out = maps[i];
			return 1;
		}
	return 0;
}

const char *status_text(int status)
{
	static const struct {
		int sig;
		const char *name;
	} names[] = {
		{ SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },   { SIGILL, "SIGILL" },
		{ SIGFPE, "SIGFPE" },   { SIGTRAP, "SIGTRAP" }, { SIGABRT, "SIGABRT" },
		{ SIGKILL, "SIGKILL" },
	};
	static char buf[32];

	if (WIFEXITED(status)) {
		snprintf(buf, sizeof(buf), "exit %d", WEXITSTATUS(status));
		return buf;
	}
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (WTERMSIG(status) == names[i].sig)
			return names[i].name;
	snprintf(buf, sizeof(buf), "signal %d", WTERMSIG(status));
	return buf;
}
