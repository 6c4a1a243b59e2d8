/*
 * kernel/lockdebug.h - what the scheduler and the way to user mode tell the lock checker
 */
#ifndef KERNEL_LOCKDEBUG_H
#define KERNEL_LOCKDEBUG_H

#include <kernel/spinlock.h>

struct task_struct;

#ifdef DEBUG
/* The run queue's lock is taken by one task and released by the next. */
void lockdebug_switch(struct task_struct *prev, struct task_struct *next, spinlock_t *lock);
void lockdebug_no_locks(const struct task_struct *t, const char *where);
#else
static inline void lockdebug_switch(struct task_struct *prev, struct task_struct *next,
				    spinlock_t *lock)
{
	(void)prev;
	(void)next;
	(void)lock;
}
static inline void lockdebug_no_locks(const struct task_struct *t, const char *where)
{
	(void)t;
	(void)where;
}
#endif

#endif
