/*
 * tests/oracle/stack.c - the stack grows on demand, within its limit, and keeps its distance
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/oracle.h"

#define AT 0x40000000UL
#define LO (AT - 0x2000000)
#define HI (AT + 0x100000)

static unsigned long stack_line(unsigned long *end)
{
	static char line[256];
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start = 0;
	char *p;

	while (fgets(line, sizeof(line), f))
		if (strstr(line, "[stack]")) {
			start = strtoul(line, &p, 16);
			*end = strtoul(p + 1, NULL, 16);
		}
	fclose(f);
	return start;
}

static void the_stack(void)
{
	unsigned long end, start = stack_line(&end), again;
	char *deep;

	say("stack at the start", "0x%lx..0x%lx, %lu KiB", start, end, (end - start) >> 10);
	say("rights", "%s", line_of((void *)(end - 1)));
	deep = (char *)(end - (1UL << 20));
	say("touch 1 MiB deep", "%s", touch(deep, 'w'));
	again = stack_line(&end);
	say("stack reaches", "0x%lx", again);
	say("touch 7 MiB deep by reading", "%s", touch((char *)(end - (7UL << 20)), 'r'));
	say("stack reaches then", "0x%lx", stack_line(&end));
	say("touch the last page of 8 MiB", "%s", touch((char *)(end - (8UL << 20)), 'w'));
	say("touch a byte beyond 8 MiB", "%s", touch((char *)(end - (8UL << 20) - 1), 'w'));
	say("touch above the stack", "%s", touch((char *)end, 'r'));
	say("stack reaches in the end", "0x%lx", stack_line(&end));
}

static void limit_lowered(void)
{
	struct rlimit lim = { 256 << 10, RLIM_INFINITY };
	unsigned long end;

	stack_line(&end);
	ask("limit 256 KiB", RAW(__NR_setrlimit, RLIMIT_STACK, &lim));
	say("touch 200 KiB deep", "%s", touch((char *)(end - (200 << 10)), 'w'));
	say("touch 300 KiB deep", "%s", touch((char *)(end - (300 << 10)), 'w'));
	lim.rlim_cur = 1 << 20;
	ask("limit 1 MiB", RAW(__NR_setrlimit, RLIMIT_STACK, &lim));
	say("touch 300 KiB deep then", "%s", touch((char *)(end - (300 << 10)), 'w'));
	say("touch 1 MiB and a page deep", "%s", touch((char *)(end - (1 << 20) - PAGE), 'w'));
}

static void by_system_call(void)
{
	unsigned long end;
	int fds[2];

	stack_line(&end);
	if (pipe(fds) < 0)
		give_up("pipe");
	(void)!write(fds[1], "abcdefghijkl", 12);
	ask("read into the stack to be, 2 MiB deep", RAW(__NR_read, fds[0], end - (2 << 20), 4));
	ask("read beyond 8 MiB", RAW(__NR_read, fds[0], end - (9 << 20), 4));
	ask("write from the stack to be, 3 MiB deep", RAW(__NR_write, fds[1], end - (3 << 20), 4));
	say("stack reaches", "0x%lx", stack_line(&end));
}

static void guard_gap(void)
{
	unsigned long end, start = stack_line(&end), below = end - (1 << 20);
	const char *first;

	(void)start;
	ask("mapping 1 MiB below the top",
	    RAW(__NR_mmap, below, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	say("touch just above it", "%s", touch((char *)below + PAGE, 'w'));
	say("touch 255 pages above it", "%s", touch((char *)below + 255 * PAGE, 'w'));
	first = touch((char *)below + 200 * PAGE, 'w');
	say("touch 200 pages above it", "%s", first);
	munmap((void *)below, PAGE);
	ask("mapping 3 MiB below the top",
	    RAW(__NR_mmap, end - (3 << 20), PAGE, RW, ANON | MAP_FIXED, -1, 0));
	say("touch 256 pages above that", "%s", touch((char *)(end - (3 << 20)) + 256 * PAGE, 'w'));
	say("touch 257 pages above that", "%s", touch((char *)(end - (3 << 20)) + 257 * PAGE, 'w'));
	RAW(__NR_mmap, end - (5 << 20), PAGE, NONE, ANON | MAP_FIXED, -1, 0);
	munmap((void *)(end - (3 << 20)), PAGE);
	say("PROT_NONE below needs no gap", "%s", touch((char *)(end - (5 << 20)) + PAGE, 'w'));
}

static void growsdown(void)
{
	char *p = (char *)AT;

	ask("growsdown mapping",
	    RAW(__NR_mmap, AT, 2 * PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0));
	picture("as mapped", LO, HI);
	say("touch the page below", "%s", touch(p - PAGE, 'w'));
	picture("grown by one", LO, HI);
	say("touch 1 MiB below", "%s", touch(p - (1 << 20), 'w'));
	picture("grown by 1 MiB", LO, HI);
	say("touch 9 MiB below", "%s", touch(p - (9 << 20), 'w'));
	say("execute below", "%s", touch(p - (2 << 20), 'x'));
	picture("afterwards", LO, HI);
	ask("mmap hint just below keeps away",
	    RAW(__NR_mmap, AT - (3 << 20), PAGE, RW, ANON, -1, 0));
	ask("cut its start", RAW(__NR_munmap, AT - (2 << 20), 1 << 20));
	picture("cut", LO, HI);
	say("touch below the cut", "%s", touch(p - (2 << 20), 'w'));
}

static void mprotect_stack(void)
{
	unsigned long end;
	char *p;

	stack_line(&end);
	p = (char *)(end - (64 << 10));
	touch(p, 'w');
	ask("page of the stack made read only", RAW(__NR_mprotect, p, PAGE, R));
	say("write there", "%s", touch(p, 'w'));
	say("name above", "%s", line_of(p + PAGE));
	say("name there", "%s", line_of(p));
	ask("stack made executable", RAW(__NR_mprotect, end - PAGE, PAGE, RWX | PROT_GROWSDOWN));
	say("name at the end", "%s", line_of((void *)(end - 1)));
}

ORACLE(GROUP(the_stack), GROUP(limit_lowered), GROUP(by_system_call), GROUP(guard_gap),
       GROUP(growsdown), GROUP(mprotect_stack))
