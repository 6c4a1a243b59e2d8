/*
 * tests/bench/bench.h - what the parts of vmbench share
 *
 * vmbench measures one operation of the address space per row, over the system calls themselves: no library call is
 * within a timed region.  A row is a function that performs its operation some number of times and returns the
 * time for one.  Time is the TSC, which under `qemu -icount shift=0` counts executed instructions, or the
 * monotonic clock in nanoseconds.
 *
 * region_begin and region_end enclose what is timed.  Outside of the two clock readings they execute a no-operation
 * each that tools/qemu-plugin/insncount.c knows: it tells the profiler what to count.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#define PAGE 4096ul
#define MIB  (1ul << 20)

/* --- system calls, straight --- */

static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long call2(long nr, long a, long b)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return ret;
}

static inline long call1(long nr, long a)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a) : "rcx", "r11", "memory");
	return ret;
}

static inline long call0(long nr)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr) : "rcx", "r11", "memory");
	return ret;
}

static inline bool is_error(long ret)
{
	return (unsigned long)ret > -4096ul;
}

/* --- rows --- */

struct row {
	const char *name, *per;
	double (*run)(long arg); /* ticks for one operation, or failed() */
	long arg;
	int batches;
};

struct options {
	bool tsc;   /* the TSC, not the clock */
	bool quick; /* small sizes */
	int batches;
	const char *self; /* this program's path */
	char **names;     /* selected rows, by part of the name; none: all */
	int nr_names;
};

extern struct options options;
extern bool marking; /* do the regions now entered belong to a selected row? */

void run_rows(const struct row *rows, int n);
void run_vma_rows(void);
bool is_selected(const char *name);
void report(const char *name, const char *per, double *values, int n);

double failed(long err); /* errno, with either sign; the value that tells a row has failed */
long last_error(void);   /* 0: the row has not failed */
void forget(void);       /* the row's failure and operations */
double per_op(uint64_t ticks, long ops); /* and counts the operations for the row's line */

extern const struct row call_rows[], fault_rows[], process_rows[], protect_rows[], thread_rows[],
	mt_rows[];
extern const int nr_call_rows, nr_fault_rows, nr_process_rows, nr_protect_rows, nr_thread_rows,
	nr_mt_rows;

/* --- timed regions --- */

#define MARK(code) __asm__ volatile("nopl " #code "(%%rax)" ::: "memory")

static inline uint64_t ticks_now(void)
{
	struct timespec t;
	uint32_t low, high;

	if (options.tsc) {
		__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
		return (uint64_t)high << 32 | low;
	}
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t region_begin(void)
{
	if (marking)
		MARK(0x50570001);
	return ticks_now();
}

static inline uint64_t region_end(uint64_t begin)
{
	uint64_t ticks = ticks_now() - begin;

	if (marking)
		MARK(0x50570002);
	return ticks;
}

/* --- memory --- */

static inline unsigned long size_big(void)
{
	return options.quick ? 8 * MIB : 64 * MIB;
}

static inline unsigned long size_middle(void)
{
	return options.quick ? 4 * MIB : 16 * MIB;
}

char *map_anon(unsigned long len, int prot); /* NULL, and the row has failed */
char *map_small_pages(unsigned long len);    /* read and write, never huge pages */

static inline void unmap(void *p, unsigned long len)
{
	call2(SYS_munmap, (long)p, (long)len);
}

static inline void write_each(char *p, unsigned long len, unsigned long step)
{
	for (unsigned long i = 0; i < len; i += step)
		*(volatile char *)(p + i) = 1;
}

static inline void read_each(const char *p, unsigned long len, unsigned long step)
{
	for (unsigned long i = 0; i < len; i += step)
		(void)*(const volatile char *)(p + i);
}

#endif
