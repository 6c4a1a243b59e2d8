/*
 * tests/bench/process.c - rows: making and ending processes, copy on write, exec, pipes, a signal
 */
#define _GNU_SOURCE
#include "bench.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static long operations(long n)
{
	return options.quick ? n / 4 : n;
}

static void wait_for(long child)
{
	call6(SYS_wait4, child, 0, 0, 0, 0, 0);
}

/* fork without the library's own work; the child ends at once.  Returns the child in the parent. */
static inline long fork_and_exit(void)
{
	long child = call0(SYS_fork);

	if (!child)
		call1(SYS_exit_group, 0);
	return child;
}

static double fork_exit_wait(long n)
{
	uint64_t t = region_begin();

	for (long i = 0; i < n; i++) {
		long child = fork_and_exit();

		if (is_error(child))
			return failed(child);
		wait_for(child);
	}
	return per_op(region_end(t), n);
}

static double fork_small(long n)
{
	return fork_exit_wait(operations(n));
}

static double fork_big(long n)
{
	char *p = map_small_pages(size_big());
	double result;

	if (!p)
		return -1;
	write_each(p, size_big(), PAGE);
	result = fork_exit_wait(operations(n));
	unmap(p, size_big());
	return result;
}

/* The parent's side alone. */
static double fork_call_only(long n)
{
	char *p = map_small_pages(size_big());
	uint64_t sum = 0;

	n = operations(n);
	if (!p)
		return -1;
	write_each(p, size_big(), PAGE);
	for (long i = 0; i < n; i++) {
		uint64_t t = region_begin();
		long child = fork_and_exit();

		sum += region_end(t);
		if (is_error(child))
			return failed(child);
		wait_for(child);
	}
	unmap(p, size_big());
	return per_op(sum, n);
}

/* The child runs on a stack of its own, so that what it does cannot meet what its parent returns to. */
static long vfork_and_exit(void)
{
	static char stack[4096] __attribute__((aligned(16)));
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long child;

	__asm__ volatile("syscall\n\t"
			 "test %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "mov %[exit], %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(child)
			 : "a"(SYS_clone), "D"((long)(CLONE_VM | CLONE_VFORK | SIGCHLD)),
			   "S"(stack + sizeof(stack)), "d"(0L), "r"(r10),
			   "r"(r8), [exit] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory");
	return child;
}

static double vfork_exit_wait(long n)
{
	uint64_t t;

	n = operations(n);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		long child = vfork_and_exit();

		if (is_error(child))
			return failed(child);
		wait_for(child);
	}
	return per_op(region_end(t), n);
}

/* --- copy on write --- */

static uint64_t child_cow(char *p, unsigned long len, int to_parent)
{
	uint64_t t = region_begin();

	write_each(p, len, PAGE);
	t = region_end(t);
	return call3(SYS_write, to_parent, (long)&t, sizeof(t)) != sizeof(t);
}

static double cow_fault(long arg)
{
	unsigned long len = size_middle();
	char *p = map_small_pages(len);
	uint64_t t = 0;
	int fds[2];
	long child, got;

	(void)arg;
	if (!p)
		return -1;
	write_each(p, len, PAGE);
	if (pipe(fds))
		return failed(errno);
	child = call0(SYS_fork);
	if (!child)
		call1(SYS_exit_group, (long)child_cow(p, len, fds[1]));
	if (is_error(child))
		return failed(child);
	got = call3(SYS_read, fds[0], (long)&t, sizeof(t));
	wait_for(child);
	close(fds[0]);
	close(fds[1]);
	unmap(p, len);
	return got == sizeof(t) ? per_op(t, (long)(len / PAGE)) : failed(EIO);
}

/* The child is gone: the pages are write protected, and the last owner has them back. */
static double cow_reuse(long arg)
{
	unsigned long len = size_middle();
	char *p = map_small_pages(len);
	uint64_t t;
	long child;

	(void)arg;
	if (!p)
		return -1;
	write_each(p, len, PAGE);
	child = fork_and_exit();
	if (is_error(child))
		return failed(child);
	wait_for(child);
	t = region_begin();
	write_each(p, len, PAGE);
	t = region_end(t);
	unmap(p, len);
	return per_op(t, (long)(len / PAGE));
}

/* A chain of programs: fork, then each executes the next; see exec_link in main.c. */
static double exec_self(long n)
{
	char number[24];
	char *argv[] = { (char *)options.self, "-x", number, NULL }, *envp[] = { NULL };
	int status = 0;
	uint64_t t;
	long child;

	n = operations(n);
	snprintf(number, sizeof(number), "%ld", n);
	t = region_begin();
	child = call0(SYS_fork);
	if (!child) {
		call3(SYS_execve, (long)options.self, (long)argv, (long)envp);
		call1(SYS_exit_group, 99);
	}
	if (is_error(child))
		return failed(child);
	call6(SYS_wait4, child, (long)&status, 0, 0, 0, 0);
	t = region_end(t);
	return status ? failed(WEXITSTATUS(status)) : per_op(t, n + 1);
}

/* --- pipes --- */

#define WARM_UP 8

static void answer_each(int from, int to, long n)
{
	char byte;

	while (n-- && call3(SYS_read, from, (long)&byte, 1) == 1)
		call3(SYS_write, to, (long)&byte, 1);
	call1(SYS_exit_group, 0);
}

static double pipe_pingpong(long n)
{
	int there[2], back[2];
	uint64_t t = 0;
	char byte = 0;
	long child;

	n = operations(n);
	if (pipe(there) || pipe(back))
		return failed(errno);
	child = call0(SYS_fork);
	if (!child)
		answer_each(there[0], back[1], n + WARM_UP);
	if (is_error(child))
		return failed(child);
	for (long i = 0; i < n + WARM_UP; i++) {
		if (i == WARM_UP)
			t = region_begin();
		call3(SYS_write, there[1], (long)&byte, 1);
		call3(SYS_read, back[0], (long)&byte, 1);
	}
	t = region_end(t);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
	wait_for(child);
	return per_op(t, 2 * n);
}

static double pipe_write_read(long n)
{
	char byte = 0;
	int fds[2];
	uint64_t t;

	n = operations(n);
	if (pipe(fds))
		return failed(errno);
	t = region_begin();
	for (long i = 0; i < n; i++) {
		call3(SYS_write, fds[1], (long)&byte, 1);
		call3(SYS_read, fds[0], (long)&byte, 1);
	}
	t = region_end(t);
	close(fds[0]);
	close(fds[1]);
	return per_op(t, n);
}

/* --- signals --- */

#define STORE_BYTES 3 /* of `movb $0, (%rax)`: c6 00 00 */

static void skip_store(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += STORE_BYTES;
}

static double segv_roundtrip(long n)
{
	struct sigaction act = { .sa_sigaction = skip_store, .sa_flags = SA_SIGINFO }, old;
	char *p = map_anon(PAGE, PROT_NONE);
	uint64_t t;

	n = operations(n);
	if (!p)
		return -1;
	if (sigaction(SIGSEGV, &act, &old))
		return failed(errno);
	t = region_begin();
	for (long i = 0; i < n; i++)
		__asm__ volatile("movb $0, (%%rax)" : : "a"(p) : "memory");
	t = region_end(t);
	sigaction(SIGSEGV, &old, NULL);
	unmap(p, PAGE);
	return per_op(t, n);
}

const struct row process_rows[] = {
	{ "fork_exit_wait_small", "fork", fork_small, 40, 9 },
	{ "vfork_exit_wait", "vfork", vfork_exit_wait, 40, 9 },
	{ "fork_exit_wait_64m", "fork", fork_big, 4, 5 },
	{ "fork_call_only_64m", "fork", fork_call_only, 4, 5 },
	{ "cow_fault", "page", cow_fault, 0, 7 },
	{ "cow_reuse", "page", cow_reuse, 0, 7 },
	{ "exec_self", "exec", exec_self, 20, 7 },
	{ "pipe_pingpong_oneway", "switch", pipe_pingpong, 500, 9 },
	{ "pipe_write_read_self", "pair", pipe_write_read, 1000, 9 },
	{ "segv_signal_roundtrip", "signal", segv_roundtrip, 500, 9 },
};
const int nr_process_rows = sizeof(process_rows) / sizeof(process_rows[0]);
