/*
 * tests/bench/vmas.c - rows: what many mappings cost
 *
 * n one-page mappings with holes of a page between them, then: mapping two pages where a hole must be searched for,
 * faults in scattered mappings, lookups (an mprotect that changes nothing), and one munmap over all of them.
 *
 * One run gives all five values; only the part whose row is selected is marked for a profile.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <stdio.h>
#include <sys/mman.h>

#define MAX_BATCHES 5
#define NR_LOOKUPS  1000
#define NR_PAIRS    300
#define SCATTER     7919 /* a prime: i * SCATTER % n visits all in an order that no cache foresees */

enum part { BUILD, GAP2_PAIR, FAULT, FIND, TEARDOWN, NR_PARTS };

static const char *const part_name[NR_PARTS] = { "build", "gap2_pair", "fault", "find",
						 "teardown" };
static const char *const part_per[NR_PARTS] = { "vma", "pair", "fault", "call", "vma" };

static bool selected[NR_PARTS];
static long ops[NR_PARTS]; /* within marks, for the row's line */

static uint64_t part_begin(enum part part)
{
	marking = selected[part];
	return region_begin();
}

static double part_end(enum part part, uint64_t t, long n)
{
	t = region_end(t);
	ops[part] += n;
	return (double)t / (double)n;
}

static char *page_of(char *base, long i)
{
	return base + 2 * (unsigned long)i * PAGE;
}

static double build(char *base, long n)
{
	uint64_t t = part_begin(BUILD);

	for (long i = 0; i < n; i++) {
		long p = call6(SYS_mmap, (long)page_of(base, i), PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		if (is_error(p))
			return failed(p);
	}
	return part_end(BUILD, t, n);
}

static double gap2_pair(void)
{
	uint64_t t = part_begin(GAP2_PAIR);

	for (long i = 0; i < NR_PAIRS; i++) {
		long p = call6(SYS_mmap, 0, 2 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (is_error(p))
			return failed(p);
		call2(SYS_munmap, p, 2 * PAGE);
	}
	return part_end(GAP2_PAIR, t, NR_PAIRS);
}

/* Rounds over at most 500 mappings, whose pages are dropped in between; the first round makes the page tables. */
static double fault(char *base, long n)
{
	long nr = n < 500 ? n : 500, stride = n / nr, done = 0;
	uint64_t sum = 0;

	for (int round = 0; done < NR_LOOKUPS; round++) {
		uint64_t t;

		marking = selected[FAULT] && round;
		t = region_begin();
		for (long i = 0; i < nr; i++)
			*(volatile char *)page_of(base, i * SCATTER % nr * stride) = 1;
		t = region_end(t);
		if (round) {
			sum += t;
			done += nr;
		}
		for (long i = 0; i < nr; i++)
			call3(SYS_madvise, (long)page_of(base, i * stride), PAGE, MADV_DONTNEED);
	}
	ops[FAULT] += done;
	return (double)sum / (double)done;
}

static double find(char *base, long n)
{
	uint64_t t = part_begin(FIND);

	for (long i = 0; i < NR_LOOKUPS; i++)
		call3(SYS_mprotect, (long)page_of(base, i * SCATTER % n), PAGE,
		      PROT_READ | PROT_WRITE);
	return part_end(FIND, t, NR_LOOKUPS);
}

static bool run(long n, double value[NR_PARTS])
{
	unsigned long span = 2 * (unsigned long)n * PAGE;
	char *base = map_anon(span, PROT_NONE);
	uint64_t t;

	if (!base)
		return false;
	unmap(base, span);
	value[BUILD] = build(base, n);
	if (!last_error())
		value[GAP2_PAIR] = gap2_pair();
	if (!last_error())
		value[FAULT] = fault(base, n);
	if (!last_error())
		value[FIND] = find(base, n);
	t = part_begin(TEARDOWN);
	unmap(base, span);
	value[TEARDOWN] = part_end(TEARDOWN, t, n);
	marking = false;
	return !last_error();
}

static void run_rows_of(long n)
{
	int batches = n > 10000 ? 3 : MAX_BATCHES, done = 0;
	double value[NR_PARTS][MAX_BATCHES], one[NR_PARTS];
	char name[NR_PARTS][40];
	bool any = false;
	long err;

	for (int p = 0; p < NR_PARTS; p++) {
		snprintf(name[p], sizeof(name[p]), "vma_%s_%ld", part_name[p], n);
		selected[p] = is_selected(name[p]);
		any |= selected[p];
		ops[p] = 0;
	}
	if (!any)
		return;
	while (done < batches && done < options.batches && run(n, one)) {
		for (int p = 0; p < NR_PARTS; p++)
			value[p][done] = one[p];
		done++;
	}
	err = last_error();
	for (int p = 0; p < NR_PARTS; p++) {
		if (err)
			failed(err);
		else
			per_op(0, ops[p]);
		if (selected[p])
			report(name[p], part_per[p], value[p], done);
		else
			forget();
	}
}

void run_vma_rows(void)
{
	run_rows_of(10);
	run_rows_of(1000);
	run_rows_of(options.quick ? 10000 : 60000);
}
