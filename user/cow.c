/*
 * user/cow.c - fork copies nothing, until somebody writes
 *
 * fork gives the child a copy of the page tables, not of the pages, and takes the right to write from
 * both.  The first write to a page by either faults; the kernel sees that the page has other users, copies
 * it for the writer and lets it write.  Who is left alone with a page gets it back without a copy.
 *
 *     before fork      parent -> [A] rw
 *     after fork       parent -> [A] r-  <- child
 *     child writes     parent -> [A] r-       child -> [a] rw      one copy
 *     parent writes    parent -> [A] rw                            no copy: the last owner reuses it
 *
 * Parent and child take turns; a byte through a pipe passes the turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/show.h"

static const char help[] =
	"cow: a parent fills eight pages and forks; child and parent write to some of them in turn.\n"
	"Each step shows the eight pages as each of them sees them, and how many page faults the step cost.\n"
	"Reading costs none; a write costs one the first time, whether it must copy or not.\n";

#define PAGES 8

static volatile char *area;
static int to_child[2], to_parent[2];

static void pass_turn(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(1);
}

static void wait_turn(int fd)
{
	char c;

	if (read(fd, &c, 1) != 1)
		_exit(1);
}

/* The first byte of each page. */
static const char *view(void)
{
	static char s[PAGES + 1];

	for (int i = 0; i < PAGES; i++)
		s[i] = area[i * PAGE];
	return s;
}

static void write_pages(int from, int to, char c)
{
	for (int i = from; i < to; i++)
		area[i * PAGE] = c;
}

static void row(const char *who, const char *step, long faults)
{
	printf("%-8s %-44s %s %6ld\n", who, step, view(), faults);
	fflush(stdout);
}

/* Fault in what measuring and printing use, which fork has write-protected as well. */
static void settle(const char *who)
{
	usage_now();
	view();
	printf("%-8s %-44s %s %6s\n", who, "is here", view(), "");
	fflush(stdout);
	usage_now();
}

static long faults_of_writing(int from, int to, char c)
{
	long before = usage_now().minor;

	write_pages(from, to, c);
	return usage_now().minor - before;
}

static long faults_of_reading(void)
{
	long before = usage_now().minor;

	view();
	return usage_now().minor - before;
}

_Noreturn static void child(void)
{
	close(to_child[1]);
	close(to_parent[0]);
	settle("child");
	row("child", "reads all pages: they are shared", faults_of_reading());
	row("child", "writes c to pages 0 to 2: three copies", faults_of_writing(0, 3, 'c'));
	row("child", "writes d to them: they are its own now", faults_of_writing(0, 3, 'd'));
	pass_turn(to_parent[1]);
	wait_turn(to_child[0]);
	row("child", "does not see what the parent wrote", faults_of_reading());
	_exit(0);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	help_option(argc, argv, help);
	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || pipe(to_child) < 0 || pipe(to_parent) < 0) {
		perror("cow");
		return 1;
	}
	heading("eight pages, each shown by its first byte");
	printf("%-8s %-44s %-8s %6s\n", "who", "what", "sees", "faults");
	usage_now();
	row("parent", "writes P to all pages", faults_of_writing(0, PAGES, 'P'));
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return 1;
	}
	if (pid == 0)
		child();
	close(to_child[0]);
	close(to_parent[1]);
	wait_turn(to_parent[0]);
	settle("parent");
	row("parent", "reads: the child's writes are not here", faults_of_reading());
	row("parent", "writes Q to 0 to 2: last owner, no copy", faults_of_writing(0, 3, 'Q'));
	row("parent", "writes R to 5 and 6: shared, two copies", faults_of_writing(5, 7, 'R'));
	pass_turn(to_child[1]);
	waitpid(pid, &status, 0);
	row("parent", "writes S to page 7: the child is gone", faults_of_writing(7, 8, 'S'));
	row("parent", "writes T to all: page 3 and 4 were left", faults_of_writing(0, PAGES, 'T'));
	printf("\nThe child ended with %s.\n", status_text(status));
	return status != 0;
}
