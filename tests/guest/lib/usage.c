/*
 * tests/guest/lib/usage.c - free memory and kernel objects, before and after
 *
 * Reading takes memory too: a descriptor, an inode, a page of text.  Both readings hold the same, so it cancels out.
 * Nothing here allocates by malloc, or the heap would grow between the two.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"
#include "usage.h"

#define MAX_CACHES 128

/* Lines of meminfo: the first must not change, the others tell where it went. */
static const char *const lines[] = { "MemFree",     "Cached",     "AnonPages",   "Slab",
				     "KernelStack", "PageTables", "VmallocUsed", "Committed_AS" };

struct usage {
	long kib[NR(lines)];
	int nr;
	struct {
		char name[32];
		long active, slabs;
	} cache[MAX_CACHES];
};

static struct usage before, after;
static char text[32768];

static void read_text(int fd)
{
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(text) - 1 &&
	       (n = pread(fd, text + len, sizeof(text) - 1 - len, (off_t)len)) > 0)
		len += (size_t)n;
	text[len] = 0;
}

static void read_caches(struct usage *u)
{
	char *line = text, *end, *field;

	for (u->nr = 0; (end = strchr(line, '\n')) && u->nr < MAX_CACHES; line = end + 1) {
		size_t name = strcspn(line, " ");

		*end = 0;
		if (*line == '#' || strncmp(line, "slabinfo", 8) == 0 ||
		    name >= sizeof(u->cache[0].name))
			continue;
		memcpy(u->cache[u->nr].name, line, name);
		u->cache[u->nr].name[name] = 0;
		u->cache[u->nr].active = strtol(line + name, NULL, 10);
		field = strrchr(line, ':'); /* slabdata ACTIVE_SLABS NUM_SLABS ... */
		field = field ? strpbrk(field, "0123456789") : NULL;
		if (field) {
			strtol(field, &field, 10);
			u->cache[u->nr].slabs = strtol(field, NULL, 10);
		}
		u->nr++;
	}
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd >= 0)
		(void)!write(fd, "3", 1);
	close(fd);
}

/* Anonymous memory of a process, in kB. */
static long rss_anon_kib(pid_t pid)
{
	char path[32], *line;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	read_text(fd);
	close(fd);
	line = strstr(text, "RssAnon:");
	return line ? strtol(line + 8, NULL, 10) : 0;
}

/* A page that this program or its runner touched meanwhile is theirs, and not lost. */
static long held_kib(void)
{
	return rss_anon_kib(getpid()) + rss_anon_kib(getppid());
}

static void read_lines(struct usage *u, int meminfo)
{
	read_text(meminfo);
	for (int i = 0; i < NR(lines); i++) {
		char *line = strstr(text, lines[i]);

		u->kib[i] = line ? strtol(line + strlen(lines[i]) + 1, NULL, 10) : -1;
	}
}

/*
 * A CPU without work keeps the last address space that ran on it, though its process be dead, and the last task that
 * ended there leaves its stack to the next.  So we run on each CPU once: what they keep is ours then.
 */
static void visit_all_cpus(void)
{
	unsigned long all[16] = { 0 };
	long len = RAW(__NR_sched_getaffinity, 0, sizeof(all), all);

	for (long cpu = 0; cpu < len * 8; cpu++) {
		unsigned long one[16] = { 0 };

		one[cpu / 64] = 1UL << cpu % 64;
		if (all[cpu / 64] & one[cpu / 64])
			RAW(__NR_sched_setaffinity, 0, sizeof(one), one);
	}
	RAW(__NR_sched_setaffinity, 0, sizeof(all), all);
}

/*
 * Twice dropped, no slab is left that holds nothing but the descriptor dropped by: what is opened next goes to slabs
 * that are in use anyway.  The files are open and their text has been made once before caches are dropped, so that
 * the reading that counts needs no memory any more.
 */
static void take(struct usage *u)
{
	long held;
	int drop, slabinfo, meminfo;

	visit_all_cpus();
	drop_caches();
	drop_caches();
	drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	slabinfo = open("/proc/slabinfo", O_RDONLY);
	meminfo = open("/proc/meminfo", O_RDONLY);
	read_text(slabinfo);
	read_text(meminfo);
	if (drop >= 0)
		(void)!write(drop, "3", 1);
	read_text(slabinfo);
	read_caches(u);
	/* Our runner may just be printing what we said: the two readings must be of one moment. */
	do {
		held = held_kib();
		read_lines(u, meminfo);
	} while (held != held_kib());
	close(meminfo);
	close(slabinfo);
	close(drop);
	u->kib[0] += held;
	u->kib[2] -= held;
}

int is_pagewalk(void)
{
	int fd = open("/proc/version", O_RDONLY);

	read_text(fd);
	close(fd);
	return strstr(text, "Pagewalk") != NULL;
}

int can_fail_allocations(void)
{
	return access("/proc/self/fail-nth", W_OK) == 0 && is_pagewalk();
}

void usage_before(void)
{
	take(&after); /* so that what the first reading touches is touched */
	take(&before);
}

const char *usage_changes_but(long *may_stay_kib)
{
	static char changes[512];
	size_t len = 0;
	long gone;

	take(&after);
	changes[0] = 0;
	gone = before.kib[0] - after.kib[0];
	if (gone > 0 && gone <= *may_stay_kib) {
		*may_stay_kib -= gone;
		after.kib[0] = before.kib[0];
	}
	for (int i = 0; i < NR(lines); i++)
		if (after.kib[i] != before.kib[i])
			len += (size_t)snprintf(changes + len, sizeof(changes) - len, " %s %+ld kB",
						lines[i], after.kib[i] - before.kib[i]);
	for (int i = 0; i < after.nr && i < before.nr && len < sizeof(changes) - 64; i++)
		if (after.cache[i].active != before.cache[i].active ||
		    after.cache[i].slabs != before.cache[i].slabs)
			len += (size_t)snprintf(changes + len, sizeof(changes) - len,
						" %s %+ld in %+ld slabs", after.cache[i].name,
						after.cache[i].active - before.cache[i].active,
						after.cache[i].slabs - before.cache[i].slabs);
	return changes;
}

const char *usage_changes(void)
{
	long nothing = 0;

	return usage_changes_but(&nothing);
}

int usage_after(const char *name, long stays_kib)
{
	const char *changes = usage_changes_but(&stays_kib);

	if (!is_pagewalk()) {
		printf("ok %s # skipped: only Pagewalk can be compared exactly\n", name);
		return 0;
	}
	printf("%s %s%s%s\n", *changes ? "not ok" : "ok", name, *changes ? ":" : "", changes);
	return *changes != 0;
}

static void folder_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "/tmp/%s-%d", name, getpid());
}

void enter_folder(const char *name)
{
	char path[64];

	folder_path(path, sizeof(path), name);
	if (mkdir(path, 0777) < 0 || chmod(path, 0777) < 0 || chdir(path) < 0) {
		printf("not ok %s: cannot make %s: %s\n", name, path, strerror(errno));
		exit(1);
	}
}

void leave_folder(const char *name)
{
	char path[64];

	folder_path(path, sizeof(path), name);
	(void)!chdir("/tmp");
	remove_tree(path);
}
