/*
 * tests/bench/threads.c - rows: the library's malloc and threads, futexes, and threads that share one address space
 *
 * malloc and thread creation are the library's (musl's), whose calls are the kernel's: brk, mmap, clone, futex.
 *
 * The mt rows have t threads fault in a mapping of their own each, or map, touch and unmap four pages again and
 * again, each on a CPU of its own as far as there are so many: where a scheduler would place them is no question here.
 * On one CPU they show the total work, on several (tools/bench-smp) how it scales.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FUTEX_WAIT_PRIVATE (0 | 128)
#define FUTEX_WAKE_PRIVATE (1 | 128)
#define MAX_THREADS        4
#define WARM_UP            8

static long operations(long n)
{
	return options.quick ? n / 4 : n;
}

static double malloc_free(long size)
{
	long n = size > 100000 ? 300 : 3000;
	uint64_t t = region_begin();

	for (long i = 0; i < n; i++) {
		char *p = malloc((size_t)size);

		if (!p)
			return failed(ENOMEM);
		*(volatile char *)p = 1;
		free(p);
	}
	return per_op(region_end(t), n);
}

static void *nothing(void *arg)
{
	return arg;
}

static double thread_create_join(long n)
{
	uint64_t t;

	n = operations(n);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		pthread_t thread;
		int err = pthread_create(&thread, NULL, nothing, NULL);

		if (err)
			return failed(err);
		pthread_join(thread, NULL);
	}
	return per_op(region_end(t), n);
}

/* --- futex --- */

static void futex_wait(volatile int *word, int while_value)
{
	call6(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, while_value, 0, 0, 0);
}

static void futex_wake(volatile int *word, int n)
{
	call3(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, n);
}

static volatile int ball; /* 1: the partner's turn */

static void *partner(void *rounds)
{
	for (long i = 0; i < (long)rounds; i++) {
		while (ball != 1)
			futex_wait(&ball, 0);
		ball = 0;
		futex_wake(&ball, 1);
	}
	return NULL;
}

static double futex_pingpong(long n)
{
	pthread_t thread;
	uint64_t t = 0;
	int err;

	n = operations(n);
	ball = 0;
	err = pthread_create(&thread, NULL, partner, (void *)(n + WARM_UP));
	if (err)
		return failed(err);
	for (long i = 0; i < n + WARM_UP; i++) {
		if (i == WARM_UP)
			t = region_begin();
		ball = 1;
		futex_wake(&ball, 1);
		while (ball != 0)
			futex_wait(&ball, 1);
	}
	t = region_end(t);
	pthread_join(thread, NULL);
	return per_op(t, 2 * n);
}

/* --- several threads --- */

static volatile int ready, started;

struct job {
	int number;
	char *memory; /* to fault in, with a page of PROT_NONE on both sides; NULL: map, touch, unmap */
	long ops;
};

static void map_touch_unmap(long n)
{
	for (long i = 0; i < n; i++) {
		long p = call6(SYS_mmap, 0, 4 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (is_error(p)) {
			failed(p);
			return;
		}
		write_each((char *)p, 4 * PAGE, PAGE);
		unmap((char *)p, 4 * PAGE);
	}
}

/* The @number-th CPU that there is, beginning again after the last. */
static void take_cpu(int number)
{
	cpu_set_t all, one;
	int cpu = -1;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	number %= CPU_COUNT(&all);
	do
		cpu++;
	while (!CPU_ISSET(cpu, &all) || number--);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *worker(void *arg)
{
	struct job *job = arg;

	take_cpu(job->number);
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	while (!started)
		futex_wait(&started, 0);
	if (job->memory)
		write_each(job->memory, (unsigned long)job->ops * PAGE, PAGE);
	else
		map_touch_unmap(job->ops);
	return NULL;
}

static bool give_memory(struct job *job, unsigned long len)
{
	char *p = map_anon(len + 2 * PAGE, PROT_NONE);

	if (!p)
		return false;
	job->memory = p + PAGE;
	job->ops = (long)(len / PAGE);
	call3(SYS_mprotect, (long)job->memory, (long)len, PROT_READ | PROT_WRITE);
	call3(SYS_madvise, (long)job->memory, (long)len, MADV_NOHUGEPAGE);
	return true;
}

static double together(long nr, bool fault)
{
	unsigned long len = size_middle();
	pthread_t thread[MAX_THREADS];
	struct job job[MAX_THREADS];
	long ops = 0;
	uint64_t t;

	ready = started = 0;
	for (long i = 0; i < nr; i++) {
		int err;

		job[i] = (struct job){ .number = (int)i, .ops = operations(2000) / nr };
		if (fault && !give_memory(&job[i], len))
			return -1;
		ops += job[i].ops;
		err = pthread_create(&thread[i], NULL, worker, &job[i]);
		if (err)
			return failed(err);
	}
	while (ready < nr)
		call0(SYS_sched_yield);
	for (int i = 0; i < 20; i++) /* all of them wait */
		call0(SYS_sched_yield);
	t = region_begin();
	started = 1;
	futex_wake(&started, MAX_THREADS);
	for (long i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	t = region_end(t);
	for (long i = 0; fault && i < nr; i++)
		unmap(job[i].memory - PAGE, len + 2 * PAGE);
	return per_op(t, ops);
}

static double mt_fault(long nr)
{
	return together(nr, true);
}

static double mt_mmap(long nr)
{
	return together(nr, false);
}

const struct row thread_rows[] = {
	{ "futex_pingpong_thread", "switch", futex_pingpong, 500, 9 },
	{ "malloc_free_64", "pair", malloc_free, 64, 9 },
	{ "malloc_free_256k", "pair", malloc_free, 256 * 1024, 9 },
	{ "thread_create_join", "thread", thread_create_join, 100, 9 },
};
const int nr_thread_rows = sizeof(thread_rows) / sizeof(thread_rows[0]);

const struct row mt_rows[] = {
	{ "mt_fault_1", "page", mt_fault, 1, 5 }, { "mt_fault_2", "page", mt_fault, 2, 5 },
	{ "mt_fault_4", "page", mt_fault, 4, 5 }, { "mt_mmap4p_1", "op", mt_mmap, 1, 5 },
	{ "mt_mmap4p_2", "op", mt_mmap, 2, 5 },   { "mt_mmap4p_4", "op", mt_mmap, 4, 5 },
};
const int nr_mt_rows = sizeof(mt_rows) / sizeof(mt_rows[0]);
