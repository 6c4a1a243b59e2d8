/*
 * user/stack.c - how the stack grows, and where it stops
 *
 * The stack begins as a small mapping at the top of the address space.  An access just below a mapping
 * that may grow down is not an error: the fault extends the mapping to that page and goes on.
 *
 *     +-----------------+ 0x7ffffffff000
 *     | strings, argv   |
 *     | frames      |   |
 *     +-------------v---+ vm_start: moves down, a fault at a time
 *     : may grow        :
 *     :                 : RLIMIT_STACK below the top: here it ends at the latest
 *
 * Two things stop it.  RLIMIT_STACK, 8 MiB by default; and other mappings: the kernel keeps a gap of 256
 * pages free below a stack, so that running over its end hits nothing rather than somebody's data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/show.h"

static const char help[] =
	"stack: calls itself with frames of a page and shows the [stack] line of /proc/self/maps grow,\n"
	"then lets two children run over the end: one meets the limit, the other a mapping in its way.\n";

static struct usage first;

static unsigned long stack_start(const void *inside)
{
	struct mapping m;

	return find_mapping(inside, &m) ? m.start : 0;
}

static void row(int depth, const void *inside)
{
	struct mapping m;

	if (find_mapping(inside, &m))
		printf("%6d     %012lx-%012lx %7lu KiB %+8ld\n", depth, m.start, m.end,
		       (m.end - m.start) >> 10, usage_now().minor - first.minor);
}

__attribute__((noinline)) static void descend(int depth, int deepest)
{
	volatile char frame[PAGE];

	frame[0] = (char)depth;
	if ((depth & (depth - 1)) == 0)
		row(depth, (const void *)frame);
	if (depth < deepest)
		descend(depth + 1, deepest);
	frame[1] = frame[0]; /* keeps this from becoming a loop */
}

/* Go down a byte of each page, telling the parent each page reached, until it kills us. */
_Noreturn static void run_over(int fd, volatile char *p)
{
	for (;;) {
		p -= PAGE;
		*p = 1;
		if (write(fd, (const void *)&p, sizeof(p)) != sizeof(p))
			_exit(1);
	}
}

/* Let a child run over the end of the stack, with a page mapped at @obstacle if that is not 0. */
static void overflow(const char *what, unsigned long obstacle)
{
	unsigned long here = (unsigned long)&here & ~(PAGE - 1), reached = here;
	int fds[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		perror("stack");
		exit(1);
	}
	if (pid == 0) {
		if (obstacle &&
		    mmap((void *)obstacle, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
			_exit(1);
		run_over(fds[1], (volatile char *)here);
	}
	close(fds[1]);
	while (read(fds[0], &reached, sizeof(reached)) == sizeof(reached))
		;
	close(fds[0]);
	waitpid(pid, &status, 0);
	printf("%s\n  lowest page written: %lx, %lu KiB below; then %s\n", what,
	       reached & ~(PAGE - 1), (here - (reached & ~(PAGE - 1))) >> 10, status_text(status));
	if (obstacle)
		printf("  the mapping ends at  %lx, %lu pages further down: the guard gap\n",
		       obstacle + PAGE, ((reached & ~(PAGE - 1)) - obstacle - PAGE) / PAGE);
}

int main(int argc, char **argv)
{
	struct rlimit lim = { 8 << 20, RLIM_INFINITY };

	help_option(argc, argv, help);
	getrlimit(RLIMIT_STACK, &lim);
	heading("calls with a page of locals each");
	printf("%6s %29s %11s %8s\n", "depth", "[stack]", "size", "faults");
	fflush(stdout);
	first = usage_now();
	descend(1, 256);
	printf("What has grown stays: after returning, [stack] still begins at %lx.\n",
	       stack_start(&lim));

	heading("running over the end");
	if (lim.rlim_cur == RLIM_INFINITY)
		puts("There is no RLIMIT_STACK here: only other mappings will stop it.");
	else
		printf("RLIMIT_STACK is %lu KiB.\n", lim.rlim_cur >> 10);
	overflow("A child writes to each page below the stack, one after the other.", 0);
	overflow("Another does so with a page mapped 4 MiB below its stack.",
		 ((unsigned long)&lim & ~(PAGE - 1)) - (4UL << 20));
	return 0;
}
