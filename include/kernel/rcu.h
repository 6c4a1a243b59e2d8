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
void rcu_cpu_online(void);   /* interrupts off */
void rcu_idle_enter(void);   /* interrupts off */
void rcu_idle_exit(void);    /* interrupts off */
void rcu_start_thread(void); /* callbacks run in a kernel thread from now on */

#endif
