/*
 * tests/bench/calls.c - rows: the bare system call, and the calls that make and remove a page of address space
 *
 * A pair is one call that makes and one that undoes it, so that nothing piles up.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <errno.h>
#include <sys/mman.h>

static double loop_empty(long n)
{
	uint64_t t = region_begin();

	for (long i = 0; i < n; i++)
		__asm__ volatile("" ::: "memory");
	return per_op(region_end(t), n);
}

static double timer_read(long n)
{
	uint64_t t = region_begin();

	for (long i = 0; i < n; i++)
		(void)ticks_now();
	return per_op(region_end(t), n);
}

static long operations(long n)
{
	return options.quick ? n / 4 : n;
}

static double no_arguments(long nr)
{
	long n = operations(4000);
	uint64_t t = region_begin();

	for (long i = 0; i < n; i++)
		call0(nr);
	return per_op(region_end(t), n);
}

static double clock_gettime_syscall(long n)
{
	struct timespec ts;
	uint64_t t;

	n = operations(n);
	t = region_begin();
	for (long i = 0; i < n; i++)
		call2(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&ts);
	return per_op(region_end(t), n);
}

static double brk_pair(long n)
{
	long end = call1(SYS_brk, 0);
	uint64_t t;

	n = operations(n);
	if (call1(SYS_brk, end + (long)PAGE) != end + (long)PAGE)
		return failed(ENOMEM);
	call1(SYS_brk, end);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		call1(SYS_brk, end + (long)PAGE);
		call1(SYS_brk, end);
	}
	return per_op(region_end(t), n);
}

static double brk_touch_pair(long n)
{
	long old = call1(SYS_brk, 0), end = (old + (long)PAGE - 1) & -(long)PAGE;
	uint64_t t;

	n = operations(n);
	if (call1(SYS_brk, end + (long)PAGE) != end + (long)PAGE)
		return failed(ENOMEM);
	call1(SYS_brk, end);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		call1(SYS_brk, end + (long)PAGE);
		*(volatile char *)end = 1;
		call1(SYS_brk, end);
	}
	t = region_end(t);
	call1(SYS_brk, old);
	return per_op(t, n);
}

static inline double map_unmap(long n, bool touch)
{
	uint64_t t;

	n = operations(n);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		long p = call6(SYS_mmap, 0, (long)PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (is_error(p))
			return failed(p);
		if (touch)
			*(volatile char *)p = 1;
		call2(SYS_munmap, p, (long)PAGE);
	}
	return per_op(region_end(t), n);
}

static double mmap_munmap(long n)
{
	return map_unmap(n, false);
}

static double mmap_touch_munmap(long n)
{
	return map_unmap(n, true);
}

const struct row call_rows[] = {
	{ "loop_empty", "iter", loop_empty, 10000, 9 },
	{ "timer_read", "op", timer_read, 1000, 9 },
	{ "null_getppid", "call", no_arguments, SYS_getppid, 9 },
	{ "getpid", "call", no_arguments, SYS_getpid, 9 },
	{ "enosys", "call", no_arguments, 999, 9 },
	{ "clock_gettime_syscall", "call", clock_gettime_syscall, 2000, 9 },
	{ "brk_pair", "pair", brk_pair, 1000, 9 },
	{ "brk_touch_pair", "pair", brk_touch_pair, 500, 9 },
	{ "mmap_munmap_1p", "pair", mmap_munmap, 1000, 9 },
	{ "mmap_touch_munmap_1p", "pair", mmap_touch_munmap, 500, 9 },
};
const int nr_call_rows = sizeof(call_rows) / sizeof(call_rows[0]);
