/*
 * include/kernel/rcu.h - read-copy-update by quiescent states
 *
 * A reader runs without a lock between rcu_read_lock and rcu_read_unlock and does not sleep there.  What was
 * unlinked may be freed once every CPU has passed a quiescent state: a context switch, idle, or user mode.  The
 * kernel is not preempted, so a reader needs no mark of its own.
 */
#ifndef KERNEL_RCU_H
#define KERNEL_RCU_H

#include <lib/types.h>
#include <arch/percpu.h>

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

#ifdef DEBUG
void rcu_read_lock(void); /* counts, so that a sleep inside is caught */
void rcu_read_unlock(void);
#else
static inline void rcu_read_lock(void) { barrier(); }
static inline void rcu_read_unlock(void) { barrier(); }
#endif
#define rcu_dereference(p)       READ_ONCE(p)
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head)); /* any context */
void synchronize_rcu(void);                                                /* sleeps */
void rcu_quiescent_state(
	void); /* context switch, idle, tick in user mode; any context, no lock from RUNQUEUE on */
bool rcu_needs_quiescent_state(void); /* does this CPU hold up a grace period? */
void rcu_init(void);
void rcu_cpu_online(void);               /* interrupts off; on the CPU itself */
void rcu_idle_enter(void);               /* interrupts off */
void rcu_idle_exit(void);                /* interrupts off */
void rcu_start_thread(unsigned int cpu); /* sleeps */

DECLARE_PER_CPU(u32, rcu_cpu_idle);
/* rcu_irq_enter - an interrupt: the CPU may read, even if it was idle.  The idle loop calls rcu_idle_enter again. */
static inline void rcu_irq_enter(void)
{
	if (unlikely(this_cpu_read(rcu_cpu_idle)))
		rcu_idle_exit();
}

#endif
