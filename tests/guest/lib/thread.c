/*
 * tests/guest/lib/thread.c - starting and joining threads, and waiting for each other by futex(2)
 *
 * Joining needs no help from the thread: CLONE_CHILD_CLEARTID has the kernel clear `tid` and wake when the thread is
 * past its last use of the stack, so that it can be unmapped.
 *
 * The lock is the second one of Drepper, "Futexes Are Tricky" (2011).
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uapi/futex.h>
#include "check.h"
#include "thread.h"

#define CLONE_AS_THREAD                                                                 \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | 0x40000UL | \
	 CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID) /* 0x40000: CLONE_SYSVSEM */

__attribute__((used)) static _Noreturn void thread_main(struct thread *t)
{
	t->run(t->arg);
	RAW(__NR_exit, 0);
	__builtin_unreachable();
}

/* The child begins with its own stack, empty but for one aligned word: its struct thread. */
static long clone_thread(struct thread *t)
{
	struct thread **top = (struct thread **)(void *)(t->stack + t->stack_size - 16);
	register long ctid asm("r10") = (long)&t->tid;
	register long tls asm("r8") = 0;
	long ret;

	*top = t;
	asm volatile("syscall\n\t"
		     "test	%%rax, %%rax\n\t"
		     "jnz	1f\n\t"
		     "xor	%%ebp, %%ebp\n\t"
		     "mov	(%%rsp), %%rdi\n\t"
		     "call	thread_main\n"
		     "1:"
		     : "=a"(ret)
		     : "a"(__NR_clone), "D"(CLONE_AS_THREAD), "S"(top), "d"(&t->tid), "r"(ctid),
		       "r"(tls)
		     : "rcx", "r11", "memory");
	return ret;
}

/* 0, or what mmap returned. */
static long map_stack(struct thread *t)
{
	long ret = RAW(__NR_mmap, 0, THREAD_STACK, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (ret < 0 && ret > -4096)
		return ret;
	t->stack = (char *)ret;
	t->stack_size = THREAD_STACK;
	t->mapped = 1;
	return 0;
}

static void unmap_stack(struct thread *t)
{
	if (t->mapped)
		RAW(__NR_munmap, t->stack, t->stack_size);
	if (t->mapped)
		t->stack = NULL;
	t->mapped = 0;
}

long thread_start(struct thread *t, void (*run)(void *arg), void *arg)
{
	long ret = t->stack ? 0 : map_stack(t);

	if (ret)
		return ret;
	t->run = run;
	t->arg = arg;
	ret = clone_thread(t);
	if (ret > 0)
		return 0;
	unmap_stack(t);
	return ret;
}

void thread_join(struct thread *t)
{
	int tid;

	while ((tid = t->tid))
		futex_wait(&t->tid, tid);
	unmap_stack(t);
}

/* All stacks are mapped before the first thread runs: it may leave holes that must stay holes. */
void run_threads(int nr, void (*run)(void *number))
{
	struct thread crew[MAX_CREW] = { 0 };

	for (int i = 0; i < nr; i++)
		if (map_stack(&crew[i]))
			fail("no memory for a stack");
	for (long i = 0; i < nr; i++) {
		long err = thread_start(&crew[i], run, (void *)i);

		if (err)
			fail("thread %ld of %d: error %ld", i, nr, -err);
	}
	for (int i = 0; i < nr; i++)
		thread_join(&crew[i]);
}

void run_processes(int nr, void (*run)(void *number))
{
	for (long i = 0; i < nr; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork %ld of %d: %s", i, nr, strerror(errno));
		if (pid == 0) {
			run((void *)i);
			_exit(0);
		}
	}
	for (int i = 0; i < nr; i++) {
		int status;
		pid_t pid = wait(&status);

		if (pid < 0 || status)
			fail("process %d of %d ended with 0x%x", i, nr, status);
	}
}

long futex_wait(volatile int *word, int value)
{
	return RAW(__NR_futex, word, FUTEX_WAIT, value, 0, 0, 0);
}

long futex_wake(volatile int *word, int nr)
{
	return RAW(__NR_futex, word, FUTEX_WAKE, nr, 0, 0, 0);
}

void lock(struct futex_lock *l)
{
	int was = 0;

	if (__atomic_compare_exchange_n(&l->state, &was, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&l->state, 2, __ATOMIC_ACQUIRE))
		futex_wait(&l->state, 2);
}

void unlock(struct futex_lock *l)
{
	if (__atomic_exchange_n(&l->state, 0, __ATOMIC_RELEASE) == 2)
		futex_wake(&l->state, 1);
}

void meet(struct meeting *m, int nr)
{
	int round = __atomic_load_n(&m->round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&m->came, 1, __ATOMIC_ACQ_REL) == nr) {
		m->came = 0;
		__atomic_add_fetch(&m->round, 1, __ATOMIC_RELEASE);
		futex_wake(&m->round, nr);
		return;
	}
	while (__atomic_load_n(&m->round, __ATOMIC_ACQUIRE) == round)
		futex_wait(&m->round, round);
}
