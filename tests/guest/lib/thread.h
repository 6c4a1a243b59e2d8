/*
 * tests/guest/lib/thread.h - threads from clone(2) alone
 *
 * Our library knows nothing of threads: errno, stdio and malloc are shared by all and locked by none.  So a thread
 * uses RAW() and memory of its own, and whoever wants more from the library does it while there is one thread.
 */
#ifndef GUEST_THREAD_H
#define GUEST_THREAD_H

#include <stddef.h>

#define THREAD_STACK (32UL << 10)

struct thread {
	void (*run)(void *arg);
	void *arg;
	char *stack; /* given by the caller, or mapped by thread_start */
	size_t stack_size;
	int mapped;
	volatile int
		tid; /* the kernel sets it to 0 and wakes us when the thread no longer uses its stack */
};

/*
 * Start @run(@arg).  The stack is t->stack if that is set, else mapped and unmapped at the join.  Returns 0, or what
 * clone or mmap returned.
 */
long thread_start(struct thread *t, void (*run)(void *arg), void *arg);
void thread_join(struct thread *t);

/* Run @run(0) ... @run(@nr - 1) in as many threads (at most MAX_CREW) and wait for all. */
#define MAX_CREW 16
void run_threads(int nr, void (*run)(void *number));

/* The same in processes; each must exit with 0, or the case fails. */
void run_processes(int nr, void (*run)(void *number));

/* Wait while *@word is @value; wake up to @nr waiters.  Across processes, if the memory is shared. */
long futex_wait(volatile int *word, int value);
long futex_wake(volatile int *word, int nr);

/* A lock and a meeting point on top of them, for memory that starts as zeros. */
struct futex_lock {
	volatile int state; /* 0 free, 1 taken, 2 taken and perhaps waited for */
};
void lock(struct futex_lock *l);
void unlock(struct futex_lock *l);

struct meeting {
	volatile int came, round;
};
/* Returns when @nr have come.  Can be used again at once. */
void meet(struct meeting *m, int nr);

#endif
