/*
 * include/kernel/spinlock.h - test-and-test-and-set locks with a rank
 *
 * Ticket locks hand over in order, which collapses when a virtual CPU that is next in line is not running;
 * these let whoever runs have it.  The kernel is not preempted, so a holder never loses its CPU by itself.
 * Debug builds record the holder and check ranks (kernel/lockdebug.c); a plain lock is one word.
 */
#ifndef KERNEL_SPINLOCK_H
#define KERNEL_SPINLOCK_H

#include <lib/types.h>
#include <arch/irqflags.h>
#include <kernel/lockrank.h>
#include <kernel/printk.h>

typedef struct spinlock {
	u32 locked; /* 0 free, 1 held */
	u16 rank;   /* enum lock_rank */
	u16 owner;  /* debug: CPU + 1 of the holder */
} spinlock_t;

#define SPIN_LOCK_INIT(r)                            \
	{                                            \
		.locked = 0, .rank = (r), .owner = 0 \
	}
#define DEFINE_SPINLOCK(name, r) spinlock_t name = SPIN_LOCK_INIT(r)

static inline void spin_lock_init(spinlock_t *lock, enum lock_rank rank)
{
	*lock = (spinlock_t)SPIN_LOCK_INIT(rank);
}

void spin_lock_slow(spinlock_t *lock);

#ifdef DEBUG
void lockdebug_acquire(spinlock_t *lock, bool nested); /* before waiting: rank and recursion */
void lockdebug_acquired(spinlock_t *lock);
void lockdebug_release(spinlock_t *lock);
void lockdebug_stop(void); /* panic: no more checks */
void lockdebug_spinning(const spinlock_t *lock, u64 *since_ns);
#else
static inline void lockdebug_spinning(const spinlock_t *lock, u64 *since_ns)
{
	(void)lock;
	(void)since_ns;
}
static inline void lockdebug_stop(void) {}
static inline void lockdebug_acquire(spinlock_t *lock, bool nested)
{
	(void)lock;
	(void)nested;
}
static inline void lockdebug_acquired(spinlock_t *lock) { (void)lock; }
static inline void lockdebug_release(spinlock_t *lock) { (void)lock; }
#endif

static inline void __spin_lock(spinlock_t *lock, bool nested)
{
	lockdebug_acquire(lock, nested);
	if (unlikely(__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE)))
		spin_lock_slow(lock);
	lockdebug_acquired(lock);
}

static inline void spin_lock(spinlock_t *lock) { __spin_lock(lock, false); }
/* spin_lock_nested - a second lock of the same rank, at a higher address than the first */
static inline void spin_lock_nested(spinlock_t *lock) { __spin_lock(lock, true); }

static inline bool spin_trylock(spinlock_t *lock)
{
	if (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		return false;
	lockdebug_acquired(lock);
	return true;
}

static inline void spin_unlock(spinlock_t *lock)
{
	lockdebug_release(lock);
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return __atomic_load_n(&lock->locked, __ATOMIC_RELAXED);
}
#define assert_spin_locked(lock) VM_BUG_ON(!spin_is_locked(lock))

#define spin_lock_irqsave(lock, flags) \
	do {                           \
		local_irq_save(flags); \
		spin_lock(lock);       \
	} while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do {                                \
		spin_unlock(lock);          \
		local_irq_restore(flags);   \
	} while (0)
static inline void spin_lock_irq(spinlock_t *lock)
{
	local_irq_disable();
	spin_lock(lock);
}
static inline void spin_unlock_irq(spinlock_t *lock)
{
	spin_unlock(lock);
	local_irq_enable();
}

#endif
