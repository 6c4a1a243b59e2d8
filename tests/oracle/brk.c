/*
 * tests/oracle/brk.c - the heap by the raw contract: brk returns the break that holds now, and never an error
 */
#include <sys/resource.h>
#include <unistd.h>
#include "lib/oracle.h"

#define UP(x) (((x) + PAGE - 1) & -PAGE)

/* The heap's own break begins somewhere in a page, behind the program: shown from the page's start. */
static unsigned long base;

static long set(unsigned long want)
{
	return RAW(__NR_brk, want);
}

static void raw_contract(void)
{
	ask("brk 0", set(0));
	ask("brk 1", set(1));
	ask("brk below the start", set(heap - PAGE));
	ask("brk kernel address", set(KERNEL));
	ask("brk end of user space", set(USER_END));
	ask("brk -1", set(~0UL));
	ask("brk where it is", set(heap));
	ask("brk up by 3 pages and a bit", set(base + 3 * PAGE + 5));
	ask("brk 0 afterwards", set(0));
	ask("brk up within the page", set(base + 3 * PAGE + 50));
	ask("brk down within the page", set(base + 3 * PAGE + 1));
	ask("brk down by a page", set(base + 2 * PAGE));
	ask("brk to the start", set(heap));
	ask("brk below the start again", set(heap - 1));
}

static void heap_mapping(void)
{
	unsigned long lo = base, hi = base + (1 << 20);
	char *p = (char *)base;

	picture("no heap yet", lo, hi);
	set(base + 4 * PAGE);
	picture("four pages", lo, hi);
	say("zero", "%d", p[PAGE]);
	p[PAGE] = p[3 * PAGE] = 1;
	set(base + 3 * PAGE);
	say("beyond the break", "%s", touch(p + 3 * PAGE, 'r'));
	set(base + 4 * PAGE);
	say("zero again after down and up", "%d", p[3 * PAGE]);
	set(base + 3 * PAGE + 7);
	say("rest of the last page", "%s", touch(p + 4 * PAGE - 1, 'w'));
	picture("break within a page", lo, hi);
	munmap(p + PAGE, PAGE);
	picture("a hole by munmap", lo, hi);
	ask("brk up behind the hole", set(base + 6 * PAGE));
	picture("grown behind the hole", lo, hi);
	ask("brk down over the hole", set(base));
	picture("down over the hole", lo, hi);
	set(base + 4 * PAGE);
	mprotect(p + PAGE, PAGE, R);
	picture("part read only", lo, hi);
	set(base + 6 * PAGE);
	picture("grown behind it", lo, hi);
	mprotect(p + 5 * PAGE, PAGE, RX);
	set(base + 8 * PAGE);
	picture("grown behind a page of other rights", lo, hi);
}

static void obstacles(void)
{
	unsigned long at = base + 16 * PAGE;

	RAW(__NR_mmap, at, PAGE, NONE, ANON | MAP_FIXED, -1, 0);
	ask("up to a mapping", set(at));
	ask("up to a page before it", set(at - PAGE));
	ask("into a mapping", set(at + 1));
	ask("beyond a mapping", set(at + 2 * PAGE));
	ask("still where it was", set(0));
	RAW(__NR_munmap, at, PAGE);
	ask("up after it is gone", set(at));
	RAW(__NR_munmap, base, 16 * PAGE);
	ask("munmap does not change the break", set(0));
	ask("up after all was unmapped", set(at + PAGE));
	picture("what there is", base, base + 64 * PAGE);
	ask("down where nothing is", set(base + PAGE));
	ask("up over what was unmapped", set(base + 2 * PAGE));
}

static void limits(void)
{
	struct rlimit lim = { 8 << 20, RLIM_INFINITY };

	ask("1 TiB", set(base + (1UL << 40)));
	RAW(__NR_setrlimit, RLIMIT_DATA, &lim);
	ask("beyond RLIMIT_DATA", set(base + (16 << 20)));
	ask("within RLIMIT_DATA", set(base + (4 << 20)));
	lim.rlim_cur = 1;
	RAW(__NR_setrlimit, RLIMIT_DATA, &lim);
	ask("up with RLIMIT_DATA 1", set(base + (5 << 20)));
	ask("down with RLIMIT_DATA 1", set(base + (3 << 20)));
	lim.rlim_cur = RLIM_INFINITY;
	RAW(__NR_setrlimit, RLIMIT_DATA, &lim);
	lim.rlim_cur = 8 << 20;
	RAW(__NR_setrlimit, RLIMIT_AS, &lim);
	ask("beyond RLIMIT_AS", set(base + (16 << 20)));
}

static void fork_and_heap(void)
{
	char *p = (char *)base;
	int fds[2];
	long child[2];

	set(base + 2 * PAGE);
	p[0] = 5;
	if (pipe(fds) < 0)
		give_up("pipe");
	if (fork() == 0) {
		child[0] = p[0];
		p[0] = 6;
		child[1] = set(base + 4 * PAGE);
		(void)!write(fds[1], child, sizeof(child));
		_exit(0);
	}
	(void)!read(fds[0], child, sizeof(child));
	say("child sees", "%ld", child[0]);
	ask("child's break", child[1]);
	ask("own break", set(0));
	say("own heap", "%d", p[0]);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = { GROUP(raw_contract), GROUP(heap_mapping),
					       GROUP(obstacles), GROUP(limits),
					       GROUP(fork_and_heap) };

	(void)argc;
	base = UP((unsigned long)RAW(__NR_brk, 0));
	/* From a page's start on, so that addresses do not depend on the size of the program. */
	RAW(__NR_brk, base);
	return run_groups(groups, NR(groups), argv + 1);
}
