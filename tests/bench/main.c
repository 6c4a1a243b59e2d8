/*
 * tests/bench/main.c - vmbench: selects rows, runs each in batches, prints the median
 *
 *     vmbench [-t] [-q] [-b batches] [part-of-a-name | =name ...]
 *       -t   time in TSC ticks instead of nanoseconds
 *       -q   small sizes
 *       -b   batches per row, at most (a row has 3 to 9 of its own)
 *
 * A row is run once to warm up, then in batches.  Its line is
 *
 *     brk_pair 9170.0 tsc/pair min=9168.0 max=9171.0 ops=10000
 *
 * with the median over the batches and the number of operations within timed regions, warm-up included; or
 * `brk_pair FAIL 38`, the errno.  tools/bench reads these lines.
 *
 * As process 1 the program measures in a child, for process 1 is special to kernels, and then powers the machine off.
 * Started with `-x n` it is a link of the chain that exec_self measures.
 *
 * `-b 1` and one row by name is what a profile wants.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_BATCHES 16

struct options options = { .batches = 9, .self = "/init" };
bool marking;
static long error, ops_done;

bool is_selected(const char *name)
{
	for (int i = 0; i < options.nr_names; i++)
		if (options.names[i][0] == '=' ? !strcmp(name, options.names[i] + 1)
					       : !!strstr(name, options.names[i]))
			return true;
	return options.nr_names == 0;
}

double failed(long err)
{
	error = err < 0 ? -err : err;
	return -1;
}

long last_error(void)
{
	return error;
}

void forget(void)
{
	error = 0;
	ops_done = 0;
}

double per_op(uint64_t ticks, long ops)
{
	ops_done += ops;
	return (double)ticks / (double)ops;
}

char *map_anon(unsigned long len, int prot)
{
	long p = call6(SYS_mmap, 0, (long)len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (is_error(p)) {
		failed(p);
		return NULL;
	}
	return (char *)p;
}

char *map_small_pages(unsigned long len)
{
	char *p = map_anon(len, PROT_READ | PROT_WRITE);

	if (p)
		call3(SYS_madvise, (long)p, (long)len, MADV_NOHUGEPAGE);
	return p;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of @values, which are sorted in place; forgets the row's failure and operations. */
void report(const char *name, const char *per, double *values, int n)
{
	if (!n || error) {
		printf("%s FAIL %ld\n", name, error);
	} else {
		qsort(values, (size_t)n, sizeof(*values), compare);
		printf("%s %.1f %s/%s min=%.1f max=%.1f ops=%ld\n", name, values[n / 2],
		       options.tsc ? "tsc" : "ns", per, values[0], values[n - 1], ops_done);
	}
	fflush(stdout);
	forget();
}

static void run_row(const struct row *row)
{
	int batches = row->batches < options.batches ? row->batches : options.batches, n = 0;
	double value[MAX_BATCHES];

	marking = true;
	row->run(row->arg);
	while (!error && n < batches) {
		value[n] = row->run(row->arg);
		if (value[n] >= 0)
			n++;
		else if (!error)
			failed(EXIT_FAILURE);
	}
	marking = false;
	report(row->name, row->per, value, n);
}

void run_rows(const struct row *rows, int n)
{
	for (int i = 0; i < n; i++)
		if (is_selected(rows[i].name))
			run_row(&rows[i]);
}

/* A link of the chain: argv is { self, "-x", links that still follow }. */
static void exec_link(char **argv)
{
	long left = atol(argv[2]);
	char number[24];
	char *next[] = { argv[0], argv[1], number, NULL }, *none[] = { NULL };

	if (left <= 0)
		call1(SYS_exit_group, 0);
	snprintf(number, sizeof(number), "%ld", left - 1);
	call3(SYS_execve, (long)argv[0], (long)next, (long)none);
	call1(SYS_exit_group, 98);
}

static void parse(int argc, char **argv)
{
	int i = 1;

	if (argc && argv[0][0] == '/')
		options.self = argv[0];
	/* A kernel hands words of its command line that it does not know to process 1. */
	while (i < argc && argv[i][0] != '-')
		i++;
	if (i == argc && getpid() != 1)
		i = 1;
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-t"))
			options.tsc = true;
		else if (!strcmp(argv[i], "-q"))
			options.quick = true;
		else if (!strcmp(argv[i], "-b") && i + 1 < argc)
			options.batches = atoi(argv[++i]);
	}
	if (options.batches < 1 || options.batches > MAX_BATCHES)
		options.batches = MAX_BATCHES;
	options.names = argv + i;
	options.nr_names = argc - i;
}

/* Returns in the child that is to measure. */
static void become_child(void)
{
	pid_t child = fork();

	if (!child)
		return;
	if (child > 0)
		waitpid(child, NULL, 0);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "-x"))
		exec_link(argv);
	parse(argc, argv);
	if (getpid() == 1)
		become_child();
	printf("# vmbench, %s\n", options.tsc ? "TSC ticks" : "nanoseconds");
	run_rows(call_rows, nr_call_rows);
	run_rows(fault_rows, nr_fault_rows);
	run_rows(process_rows, nr_process_rows);
	run_rows(protect_rows, nr_protect_rows);
	run_rows(thread_rows, nr_thread_rows);
	run_vma_rows();
	run_rows(mt_rows, nr_mt_rows);
	printf("# done\n");
	return 0;
}
