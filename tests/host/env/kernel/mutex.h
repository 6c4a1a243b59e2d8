/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/kernel/mutex.h - sleeping lock with one holder, between coroutines
 *
 * No fast path: every call is a seam and goes through the checks of tests/host/task.c.
 */
#ifndef KERNEL_MUTEX_H
#define KERNEL_MUTEX_H

#include <kernel/spinlock.h>
#include <kernel/wait.h>

struct task_struct;

struct mutex {
	u32 state; /* 0 free, 1 held */
	u16 rank;
	struct task_struct *owner;
};

#define MUTEX_INIT(name, r)             \
	{                               \
		.state = 0, .rank = (r) \
	}
#define DEFINE_MUTEX(name, r) struct mutex name = MUTEX_INIT(name, r)

void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_lock(struct mutex *m);
int __must_check mutex_lock_interruptible(struct mutex *m);
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_is_locked(const struct mutex *m);

/* For a lock of mm's own making: the caller has it, or gives it up next. */
void lockdebug_sleep_acquire(const void *lock, u16 rank, bool nested, bool trylock);
void lockdebug_sleep_release(const void *lock);

#endif
