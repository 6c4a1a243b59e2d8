/*
 * include/kernel/rwsem.h - sleeping lock: many readers or one writer
 *
 *     63              8 7        2   1       0
 *    +-----------------+----------+-------+--------+
 *    |     readers     |    0     | waits | writer |     count
 *    +-----------------+----------+-------+--------+
 *
 * While somebody waits nobody else gets in by the fast path, so a waiting writer is served: the lock is handed
 * over in order of arrival, to one writer or to all readers at the head of the queue.
 */
#ifndef KERNEL_RWSEM_H
#define KERNEL_RWSEM_H

#include <kernel/mutex.h>

#define RWSEM_WRITER  1L
#define RWSEM_WAITERS 2L
#define RWSEM_READER  256L

struct rw_semaphore {
	atomic_long_t count;
	struct task_struct *owner; /* the writer; for debugging and panic screens */
	spinlock_t wait_lock;      /* rank LOCK_WAITQUEUE, irq-safe */
	u16 rank;
	struct list_head wait_list; /* wait_lock; not empty exactly while RWSEM_WAITERS is set */
};

void init_rwsem(struct rw_semaphore *sem, enum lock_rank rank);
#define RWSEM_INIT(name, r)                                               \
	{                                                                 \
		.count = ATOMIC_LONG_INIT(0), .owner = NULL,              \
		.wait_lock = SPIN_LOCK_INIT(LOCK_WAITQUEUE), .rank = (r), \
		.wait_list = LIST_HEAD_INIT((name).wait_list)             \
	}

int down_read_slow(struct rw_semaphore *sem, unsigned int state);
int down_write_slow(struct rw_semaphore *sem, unsigned int state);
void rwsem_wake(struct rw_semaphore *sem);

static __always_inline bool rwsem_try_read(struct rw_semaphore *sem)
{
	long count = atomic_long_read(&sem->count);

	while (likely(!(count & (RWSEM_WRITER | RWSEM_WAITERS)))) {
		if (likely(atomic_long_try_cmpxchg(&sem->count, &count, count + RWSEM_READER)))
			return true;
	}
	return false;
}

static __always_inline bool rwsem_try_write(struct rw_semaphore *sem)
{
	long zero = 0;

	if (!atomic_long_try_cmpxchg(&sem->count, &zero, RWSEM_WRITER))
		return false;
	sem->owner = this_cpu_read(current_task);
	return true;
}

static inline void down_read(struct rw_semaphore *sem)
{
	might_sleep();
	lockdebug_sleep_acquire(sem, sem->rank, false, false);
	if (unlikely(!rwsem_try_read(sem)))
		(void)down_read_slow(sem, TASK_UNINTERRUPTIBLE);
}

/* down_read_killable - 0, or -EINTR when the task was killed */
static inline int __must_check down_read_killable(struct rw_semaphore *sem)
{
	int err = 0;

	might_sleep();
	lockdebug_sleep_acquire(sem, sem->rank, false, false);
	if (unlikely(!rwsem_try_read(sem)))
		err = down_read_slow(sem, TASK_KILLABLE);
	if (err)
		lockdebug_sleep_release(sem);
	return err;
}

static inline bool down_read_trylock(struct rw_semaphore *sem)
{
	if (!rwsem_try_read(sem))
		return false;
	lockdebug_sleep_acquire(sem, sem->rank, false, true);
	return true;
}

static inline void up_read(struct rw_semaphore *sem)
{
	lockdebug_sleep_release(sem);
	/* The last reader out, and somebody waits: exactly the waiters bit is left. */
	if (unlikely(atomic_long_sub_return(RWSEM_READER, &sem->count) == RWSEM_WAITERS))
		rwsem_wake(sem);
}

static inline void __down_write(struct rw_semaphore *sem, bool nested)
{
	might_sleep();
	lockdebug_sleep_acquire(sem, sem->rank, nested, false);
	if (unlikely(!rwsem_try_write(sem)))
		(void)down_write_slow(sem, TASK_UNINTERRUPTIBLE);
}

static inline void down_write(struct rw_semaphore *sem) { __down_write(sem, false); }
/* down_write_nested - second of its rank: child after parent */
static inline void down_write_nested(struct rw_semaphore *sem) { __down_write(sem, true); }

static inline int __must_check down_write_killable(struct rw_semaphore *sem)
{
	int err = 0;

	might_sleep();
	lockdebug_sleep_acquire(sem, sem->rank, false, false);
	if (unlikely(!rwsem_try_write(sem)))
		err = down_write_slow(sem, TASK_KILLABLE);
	if (err)
		lockdebug_sleep_release(sem);
	return err;
}

static inline bool down_write_trylock(struct rw_semaphore *sem)
{
	if (!rwsem_try_write(sem))
		return false;
	lockdebug_sleep_acquire(sem, sem->rank, false, true);
	return true;
}

static inline void up_write(struct rw_semaphore *sem)
{
	lockdebug_sleep_release(sem);
	sem->owner = NULL;
	if (unlikely(atomic_long_sub_return(RWSEM_WRITER, &sem->count) != 0))
		rwsem_wake(sem);
}

void downgrade_write(
	struct rw_semaphore *sem); /* the writer becomes a reader, with nobody in between */
static inline bool rwsem_is_locked(const struct rw_semaphore *sem)
{
	return atomic_long_read(&sem->count) & ~RWSEM_WAITERS;
}
static inline bool rwsem_is_write_locked(const struct rw_semaphore *sem)
{
	return atomic_long_read(&sem->count) & RWSEM_WRITER;
}
#define assert_rwsem_held(sem)       VM_BUG_ON(!rwsem_is_locked(sem))
#define assert_rwsem_held_write(sem) VM_BUG_ON(!rwsem_is_write_locked(sem))

#endif
