/*
 * tests/guest/soak.c - nothing may leak, however often it is done
 *
 *     soak [ROUNDS]      default 100
 *
 * Each round forks, the child maps and touches memory, opens files and runs this program anew, which exits.
 * Before and after, free memory (MemFree, /proc/meminfo) and the objects in use of every slab cache
 * (/proc/slabinfo) are read.  A warm-up comes first, so that caches which fill once do not count.
 *
 * What is allowed to remain: pages and objects that per-CPU caches hold, a fixed amount however many rounds;
 * so the difference per round must vanish.  On Linux MemFree moves by itself by a little.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/check.h"

#define SLACK_KIB  2048
#define MAX_CACHES 256

struct cache {
	char name[48];
	long active;
};

struct state {
	long mem_free;
	int nr_caches;
	struct cache caches[MAX_CACHES];
};

static struct state before, after;
static const char *self = "/proc/self/exe";

static void read_slabs(struct state *s)
{
	static char line[512];
	FILE *f = fopen("/proc/slabinfo", "r");

	s->nr_caches = 0;
	while (f && fgets(line, sizeof(line), f) && s->nr_caches < MAX_CACHES) {
		struct cache *c = &s->caches[s->nr_caches];
		size_t len = strcspn(line, " ");

		if (line[0] == '#' || strncmp(line, "slabinfo", 8) == 0 || len >= sizeof(c->name))
			continue;
		memcpy(c->name, line, len);
		c->name[len] = 0;
		c->active = strtol(line + len, NULL, 10);
		s->nr_caches++;
	}
	if (f)
		fclose(f);
}

static void measure(struct state *s)
{
	read_slabs(s);
	s->mem_free = proc_value("/proc/meminfo", "MemFree");
}

static void one_round(void)
{
	int status, fds[2];
	char *argv[] = { "soak", "--exit", NULL };
	pid_t pid;

	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		printf("not ok soak: fork: %s\n", strerror(errno));
		exit(1);
	}
	if (pid == 0) {
		char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		for (int i = 0; i < 64; i += 3)
			p[i * PAGE] = 1;
		munmap(p + 10 * PAGE, 20 * PAGE);
		mprotect(p + 40 * PAGE, PAGE, PROT_READ);
		execv(self, argv);
		_exit(1);
	}
	close(fds[0]);
	close(fds[1]);
	waitpid(pid, &status, 0);
	if (status) {
		printf("not ok soak: a child ended with 0x%x\n", status);
		exit(1);
	}
}

static int compare(int rounds)
{
	long lost = before.mem_free - after.mem_free;
	int bad = 0;

	printf("# MemFree %ld kB before, %ld kB after %d rounds\n", before.mem_free, after.mem_free,
	       rounds);
	if (lost > SLACK_KIB && lost * 16 > rounds) {
		printf("not ok soak_leaves_free_memory_as_it_was: %ld kB are missing\n", lost);
		bad++;
	} else {
		printf("ok soak_leaves_free_memory_as_it_was\n");
	}
	for (int i = 0; i < after.nr_caches && i < before.nr_caches; i++) {
		long more = after.caches[i].active - before.caches[i].active;

		if (strcmp(after.caches[i].name, before.caches[i].name) == 0 &&
		    more > rounds / 2 + 64) {
			printf("not ok soak_leaves_slabs_as_they_were: %s has %ld more objects\n",
			       after.caches[i].name, more);
			return bad + 1;
		}
	}
	printf("ok soak_leaves_slabs_as_they_were\n");
	return bad;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100, bad;

	if (argc > 1 && strcmp(argv[1], "--exit") == 0)
		return 0;
	for (int i = 0; i < 50; i++)
		one_round();
	measure(&before);
	measure(&before);
	for (int i = 0; i < rounds; i++)
		one_round();
	measure(&after);
	bad = compare(rounds);
	printf("soak: %d passed, %d failed\n", 2 - bad, bad);
	return bad != 0;
}
