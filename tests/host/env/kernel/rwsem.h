/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/kernel/rwsem.h - many readers or one writer, between coroutines
 *
 * No fast path: every call is a seam and goes through the checks of tests/host/task.c.  The assertions are
 * stricter than the kernel's: this very task must hold the lock.
 */
#ifndef KERNEL_RWSEM_H
#define KERNEL_RWSEM_H

#include <kernel/mutex.h>
#include <lib/atomic.h>

struct rw_semaphore {
	atomic_long_t count; /* readers, or -1: a writer */
	u16 rank;
	struct task_struct *owner; /* the writer */
};

#define RWSEM_INIT(name, r)                               \
	{                                                 \
		.count = ATOMIC_LONG_INIT(0), .rank = (r) \
	}

void init_rwsem(struct rw_semaphore *sem, enum lock_rank rank);
void down_read(struct rw_semaphore *sem);
int __must_check down_read_killable(struct rw_semaphore *sem);
bool down_read_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void down_write_nested(struct rw_semaphore *sem);
int __must_check down_write_killable(struct rw_semaphore *sem);
bool down_write_trylock(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
void downgrade_write(struct rw_semaphore *sem);
bool rwsem_is_locked(const struct rw_semaphore *sem);
bool rwsem_is_write_locked(const struct rw_semaphore *sem);
bool rwsem_is_held(const struct rw_semaphore *sem); /* by this task, either way */

#define assert_rwsem_held(sem)       VM_BUG_ON(!rwsem_is_held(sem))
#define assert_rwsem_held_write(sem) VM_BUG_ON(!rwsem_is_write_locked(sem))

#endif
