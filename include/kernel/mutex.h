/*
 * include/kernel/mutex.h - sleeping lock with one holder
 *
 * state: 0 free, 1 held, 2 held and somebody may be waiting.  Without contention taking and giving back are one
 * compare-and-exchange each; kernel/mutex.c has the rest.
 */
#ifndef KERNEL_MUTEX_H
#define KERNEL_MUTEX_H

#include <kernel/spinlock.h>
#include <kernel/wait.h>
#include <lib/list.h>
#include <lib/atomic.h>
#include <arch/percpu.h>

struct task_struct;
DECLARE_PER_CPU(struct task_struct *, current_task);

struct mutex {
	u32 state;
	u16 rank;
	struct task_struct *owner;  /* for debugging */
	spinlock_t wait_lock;       /* rank LOCK_WAITQUEUE, irq-safe */
	struct list_head wait_list; /* wait_lock */
};

void mutex_init(struct mutex *m, enum lock_rank rank);
#define MUTEX_INIT(name, r)                                   \
	{                                                     \
		.state = 0, .rank = (r), .owner = NULL,       \
		.wait_lock = SPIN_LOCK_INIT(LOCK_WAITQUEUE),  \
		.wait_list = LIST_HEAD_INIT((name).wait_list) \
	}
#define DEFINE_MUTEX(name, r) struct mutex name = MUTEX_INIT(name, r)

int mutex_lock_slow(struct mutex *m, unsigned int state);
void mutex_unlock_slow(struct mutex *m);

#ifdef DEBUG
void lockdebug_sleep_acquire(const void *lock, u16 rank, bool nested, bool trylock);
void lockdebug_sleep_release(const void *lock);
#else
static inline void lockdebug_sleep_acquire(const void *lock, u16 rank, bool nested, bool trylock)
{
	(void)lock;
	(void)rank;
	(void)nested;
	(void)trylock;
}
static inline void lockdebug_sleep_release(const void *lock) { (void)lock; }
#endif

static __always_inline bool mutex_try_fast(struct mutex *m)
{
	u32 zero = 0;

	if (!__atomic_compare_exchange_n(&m->state, &zero, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	m->owner = this_cpu_read(current_task);
	return true;
}

static inline void mutex_lock(struct mutex *m)
{
	might_sleep();
	lockdebug_sleep_acquire(m, m->rank, false, false);
	if (unlikely(!mutex_try_fast(m)))
		(void)mutex_lock_slow(m, TASK_UNINTERRUPTIBLE);
}

/* mutex_lock_interruptible - 0, or -EINTR when a signal came first */
static inline int __must_check mutex_lock_interruptible(struct mutex *m)
{
	int err = 0;

	might_sleep();
	lockdebug_sleep_acquire(m, m->rank, false, false);
	if (unlikely(!mutex_try_fast(m)))
		err = mutex_lock_slow(m, TASK_INTERRUPTIBLE);
	if (err)
		lockdebug_sleep_release(m);
	return err;
}

static inline bool mutex_trylock(struct mutex *m)
{
	if (!mutex_try_fast(m))
		return false;
	lockdebug_sleep_acquire(m, m->rank, false, true);
	return true;
}

static inline void mutex_unlock(struct mutex *m)
{
	u32 one = 1;

	lockdebug_sleep_release(m);
	m->owner = NULL;
	if (unlikely(!__atomic_compare_exchange_n(&m->state, &one, 0, false, __ATOMIC_RELEASE,
						  __ATOMIC_RELAXED)))
		mutex_unlock_slow(m);
}

static inline bool mutex_is_locked(const struct mutex *m) { return READ_ONCE(m->state) != 0; }

#endif
