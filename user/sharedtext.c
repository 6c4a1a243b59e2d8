/*
 * user/sharedtext.c - two processes, one copy of the program
 *
 * execve maps the file; it does not read it.  A fault on such a page finds it in the page cache and maps
 * that very page, for every process that runs the program.  Only pages that are written (data, bss, heap,
 * stack) are each process's own.
 *
 *     process 1   text  rodata  data        process 2   text  rodata  data
 *                  |      |      |                       |      |      |
 *                  +------|------|-----------------------+      |      |
 *                  |      +------|------------------------------+      |
 *                 [t]    [r]    [d1]                                  [d2]       page frames
 *
 * The program carries 512 KiB of constants.  It runs itself several times, each copy reads all of them,
 * and while they wait, free memory is compared with what copies of their own would have cost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/show.h"

static const char help[] =
	"sharedtext: runs itself eight times at once.  Each copy has its 512 KiB of constants resident\n"
	"(RssFile in /proc/PID/status), and yet free memory (MemFree) falls by much less than 4 MiB.\n"
	"On a busy machine MemFree moves by itself: run it on an idle one.\n";

#define BALLAST (512UL << 10)
#define COPIES  8

static const unsigned char ballast[BALLAST]
	__attribute__((aligned(4096))) = { 1, [BALLAST - 1] = 1 };

struct report {
	long rss_file, rss_anon;
	long sum;
};

/* What each copy does: read everything, report, wait for the pipe on standard input to close. */
static int member(void)
{
	const volatile unsigned char *p = ballast;
	struct report r = { 0 };
	char c;

	for (size_t i = 0; i < BALLAST; i++)
		r.sum += p[i];
	usage_now(); /* brings the kernel's counts up to date */
	r.rss_file = proc_value("/proc/self/status", "RssFile");
	r.rss_anon = proc_value("/proc/self/status", "RssAnon");
	if (write(1, &r, sizeof(r)) != sizeof(r))
		return 1;
	return read(0, &c, 1) != 0;
}

static pid_t start_copy(int from_us[2], int to_us[2])
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(from_us[0], 0);
		dup2(to_us[1], 1);
		close(from_us[0]);
		close(from_us[1]);
		close(to_us[0]);
		close(to_us[1]);
		execl("/proc/self/exe", "sharedtext", "--member", NULL);
		_exit(127);
	}
	return pid;
}

int main(int argc, char **argv)
{
	int from_us[2], to_us[2];
	long before, after, drop;

	if (argc == 2 && strcmp(argv[1], "--member") == 0)
		return member();
	help_option(argc, argv, help);
	if (pipe(from_us) < 0 || pipe(to_us) < 0) {
		perror("pipe");
		return 1;
	}
	heading("eight copies of one program");
	printf("%-8s %14s %14s\n", "copy", "file pages", "own pages");
	fflush(stdout);
	before = proc_value("/proc/meminfo", "MemFree");
	for (int i = 0; i < COPIES; i++) {
		struct report r;
		pid_t pid = start_copy(from_us, to_us);

		if (pid < 0 || read(to_us[0], &r, sizeof(r)) != sizeof(r) || r.sum != 2) {
			fprintf(stderr, "sharedtext: copy %d did not start\n", i);
			return 1;
		}
		printf("%-8d %10ld KiB %10ld KiB\n", pid, r.rss_file, r.rss_anon);
	}
	after = proc_value("/proc/meminfo", "MemFree");
	drop = before - after;
	close(from_us[0]);
	close(from_us[1]);
	while (wait(NULL) > 0)
		;
	printf("\nMemFree fell by %ld KiB for all of them: %ld KiB each, page tables and stacks included.\n",
	       drop, drop / COPIES);
	printf("Copies of their own of the constants alone would have cost %lu KiB.\n",
	       COPIES * (BALLAST >> 10));
	return 0;
}
