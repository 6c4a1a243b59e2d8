/*
 * tests/bench/protect.c - rows: mprotect and mremap
 */
#define _GNU_SOURCE
#include "bench.h"
#include <sys/mman.h>

static long operations(long n)
{
	return options.quick ? n / 4 : n;
}

/* One page in the middle of others: the mapping is split in three and merged again. */
static double mprotect_toggle(long n)
{
	unsigned long len = 256 * PAGE;
	char *p = map_small_pages(len), *middle = p + 128 * PAGE;
	uint64_t t;

	n = operations(n);
	if (!p)
		return -1;
	write_each(p, len, PAGE);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		long err = call3(SYS_mprotect, (long)middle, (long)PAGE, PROT_READ);

		if (is_error(err))
			return failed(err);
		call3(SYS_mprotect, (long)middle, (long)PAGE, PROT_READ | PROT_WRITE);
	}
	t = region_end(t);
	unmap(p, len);
	return per_op(t, n);
}

enum mprotect_part { TO_READ_ONLY, TO_WRITABLE, WRITE_AFTER };

static double mprotect_big(long part)
{
	unsigned long len = size_big();
	char *p = map_small_pages(len);
	uint64_t t = 0;
	long err;

	if (!p)
		return -1;
	write_each(p, len, PAGE);
	if (part == TO_READ_ONLY)
		t = region_begin();
	err = call3(SYS_mprotect, (long)p, (long)len, PROT_READ);
	if (part == TO_READ_ONLY)
		t = region_end(t);
	if (part == TO_WRITABLE)
		t = region_begin();
	call3(SYS_mprotect, (long)p, (long)len, PROT_READ | PROT_WRITE);
	if (part == TO_WRITABLE)
		t = region_end(t);
	if (part == WRITE_AFTER) {
		t = region_begin();
		write_each(p, len, PAGE);
		t = region_end(t);
	}
	unmap(p, len);
	return is_error(err) ? failed(err) : per_op(t, (long)(len / PAGE));
}

static double mremap_grow_shrink(long n)
{
	unsigned long small = 128 * PAGE, large = 256 * PAGE;
	char *p = map_small_pages(large);
	uint64_t t;

	n = operations(n);
	if (!p)
		return -1;
	unmap(p + small, large - small);
	write_each(p, 64 * PAGE, PAGE);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		long q = call6(SYS_mremap, (long)p, (long)small, (long)large, 0, 0, 0);

		if (is_error(q))
			return failed(q);
		call6(SYS_mremap, (long)p, (long)large, (long)small, 0, 0, 0);
	}
	t = region_end(t);
	unmap(p, large);
	return per_op(t, n);
}

/* A MiB of pages to and fro, at offsets within a page-table page that differ from a whole one's. */
static double mremap_move(long n)
{
	char *area = map_small_pages(4 * MIB), *at, *to;
	uint64_t t;
	long p;

	n = operations(n);
	if (!area)
		return -1;
	unmap(area, 4 * MIB);
	at = area + 3 * PAGE;
	to = at + 2 * MIB;
	p = call6(SYS_mmap, (long)at, MIB, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (is_error(p))
		return failed(p);
	call3(SYS_madvise, (long)at, MIB, MADV_NOHUGEPAGE);
	write_each(at, MIB, PAGE);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		char *was = at;

		p = call6(SYS_mremap, (long)at, MIB, MIB, MREMAP_MAYMOVE | MREMAP_FIXED, (long)to,
			  0);
		if (is_error(p))
			return failed(p);
		at = to;
		to = was;
	}
	t = region_end(t);
	unmap(at, MIB);
	return per_op(t, n * (long)(MIB / PAGE));
}

const struct row protect_rows[] = {
	{ "mprotect_1p_toggle", "pair", mprotect_toggle, 500, 9 },
	{ "mprotect_64m_to_ro", "page", mprotect_big, TO_READ_ONLY, 5 },
	{ "mprotect_64m_to_rw", "page", mprotect_big, TO_WRITABLE, 5 },
	{ "write_after_mprotect", "page", mprotect_big, WRITE_AFTER, 5 },
	{ "mremap_grow_shrink", "pair", mremap_grow_shrink, 500, 9 },
	{ "mremap_move", "page", mremap_move, 20, 7 },
};
const int nr_protect_rows = sizeof(protect_rows) / sizeof(protect_rows[0]);
