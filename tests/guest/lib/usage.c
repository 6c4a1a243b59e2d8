/*
 * tests/guest/lib/usage.c - free memory and kernel objects, before and after
 *
 * Reading takes memory too: a descriptor, an inode, a page of text.  Both readings take the same, so it cancels out.
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
static const char *const lines[] = { "MemFree", "Cached", "AnonPages", "Slab", "KernelStack", "PageTables",
				     "VmallocUsed", "Committed_AS" };

struct usage {
	long kib[NR(lines)];
	int nr;
	struct {
		char name[32];
		long active;
	} cache[MAX_CACHES];
};

static struct usage before, after;
static char text[32768];

static size_t read_text(const char *path)
{
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = 0;
	return len;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd >= 0)
		(void)!write(fd, "3", 1);
	close(fd);
}

static void take(struct usage *u)
{
	char *line, *end;

	drop_caches();
	memset(u, 0, sizeof(*u));
	read_text("/proc/slabinfo");
	for (line = text; *line && u->nr < MAX_CACHES; line = end) {
		size_t name = strcspn(line, " ");

		end = line + strcspn(line, "\n");
		end += *end == '\n';
		if (*line == '#' || strncmp(line, "slabinfo", 8) == 0 || name >= sizeof(u->cache[0].name))
			continue;
		memcpy(u->cache[u->nr].name, line, name);
		u->cache[u->nr++].active = strtol(line + name, NULL, 10);
	}
	read_text("/proc/meminfo");
	for (int i = 0; i < NR(lines); i++) {
		line = strstr(text, lines[i]);
		u->kib[i] = line ? strtol(line + strlen(lines[i]) + 1, NULL, 10) : -1;
	}
}

int is_pagewalk(void)
{
	read_text("/proc/version");
	return strstr(text, "Pagewalk") != NULL || strstr(text, "pagewalk") != NULL;
}

int can_fail_allocations(void)
{
	return access("/proc/self/fail-nth", W_OK) == 0 && is_pagewalk();
}

void usage_before(void)
{
	take(&before); /* the first reading may fill something for good */
	take(&before);
}

const char *usage_changes(void)
{
	static char changes[512];
	size_t len = 0;

	take(&after);
	changes[0] = 0;
	for (int i = 0; i < NR(lines); i++)
		if (after.kib[i] != before.kib[i])
			len += (size_t)snprintf(changes + len, sizeof(changes) - len, " %s %+ld kB", lines[i],
						after.kib[i] - before.kib[i]);
	for (int i = 0; i < after.nr && i < before.nr && len < sizeof(changes) - 64; i++)
		if (after.cache[i].active != before.cache[i].active)
			len += (size_t)snprintf(changes + len, sizeof(changes) - len, " %s %+ld", after.cache[i].name,
						after.cache[i].active - before.cache[i].active);
	return changes;
}

int usage_after(const char *name)
{
	const char *changes = usage_changes();

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
