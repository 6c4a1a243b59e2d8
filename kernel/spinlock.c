/*
 * kernel/spinlock.c - waiting for a spinlock
 *
 * The waiter reads until the lock looks free and only then tries to take it: spinning on the exchange itself
 * would pull the cache line back and forth between the waiters.  There is no queue: with more virtual than real
 * CPUs the next in a queue is often not running, and everybody would wait for the host's scheduler.
 *
 * Sources: Intel SDM 2B, "PAUSE"; Anderson 1990, "The Performance of Spin Lock Alternatives".
 */
#include <kernel/spinlock.h>

#define SPINS_PER_LOOK (1u << 14) /* at the clock, in debug builds */

void spin_lock_slow(spinlock_t *lock)
{
	u64 since_ns = 0;

	do {
		for (u32 n = 1; __atomic_load_n(&lock->locked, __ATOMIC_RELAXED); n++) {
			cpu_relax();
			if (!(n % SPINS_PER_LOOK))
				lockdebug_spinning(lock, &since_ns);
		}
	} while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE));
}
