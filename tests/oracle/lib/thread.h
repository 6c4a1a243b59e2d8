/*
 * tests/oracle/lib/thread.h - threads by the bare system call
 *
 * A thread of the oracle is a stack, a function and the flags of clone(2) that the question is about.  The C library
 * here knows nothing of threads: what a thread's function does is system calls and plain memory; printing is the
 * main thread's.
 */
#ifndef ORACLE_THREAD_H
#define ORACLE_THREAD_H

/* What pthread_create asks for, but for SETTLS. */
#define THREAD_FLAGS                                                                              \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_PARENT_SETTID | \
	 CLONE_CHILD_CLEARTID)

struct thread {
	volatile int tid; /* written and cleared by the kernel with THREAD_FLAGS */
	char *stack;
};

/* Start @fn(@arg) on a new stack in @t: the new tid, or -errno. */
long thread_start(struct thread *t, unsigned long flags, void (*fn)(void *arg), void *arg);
/* The same by clone3. */
long thread_start3(struct thread *t, unsigned long flags, void (*fn)(void *arg), void *arg);
/* Until the kernel has cleared t->tid. */
void thread_join(struct thread *t);

/* futex(2) on private words: sleep while *@word is @value; wake all. */
void word_wait(volatile int *word, int value);
void word_set(volatile int *word, int value);
/* Until @tid, a task of ours, sleeps ('S'), is stopped ('T'), dead ('Z') ... by its /proc/[pid]/stat. */
void await_state(int tid, char state);

#endif
