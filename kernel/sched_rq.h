/*
 * kernel/sched_rq.h - the run queue, and the interface between scheduler core and policy
 *
 * The core (sched.c) switches, wakes and keeps time; which task runs next and for how long is a policy behind
 * struct sched_class.
 */
#ifndef KERNEL_SCHED_RQ_H
#define KERNEL_SCHED_RQ_H

#include <kernel/sched.h>
#include <kernel/time.h>

struct rq {                      /* one per CPU */
	spinlock_t lock;         /* rank LOCK_RUNQUEUE, irq-safe; everything below */
	unsigned int cpu;        /* [I] */
	unsigned int nr_running; /* runnable tasks without the idle task */
	struct task_struct *curr, *idle;
	struct rb_root_cached timeline; /* runnable tasks but the current one, by vruntime */
	u64 min_vruntime;               /* ns; never goes back */
	u64 total_weight;               /* of all runnable tasks */
	u64 nr_switches;
	struct mm_struct *prev_mm; /* lazily borrowed, to be dropped after the switch */
	struct ktimer tick;
	struct cpu_usage usage;
	u64 idle_since_ns;
};

DECLARE_PER_CPU(struct rq, runqueues);
static inline struct rq *cpu_rq(unsigned int cpu)
{
	return per_cpu_ptr(&runqueues, cpu);
}
static inline struct rq *this_rq(void)
{
	return this_cpu_ptr(&runqueues);
}

DECLARE_PER_CPU(bool, tick_in_user); /* did the timer interrupt hit user code? */

#define TICK_NS (4 * NSEC_PER_MSEC) /* 250 Hz */

/* All are called with rq->lock held. */
struct sched_class {
	void (*enqueue)(struct rq *rq, struct task_struct *p, bool wakeup); /* became runnable */
	void (*dequeue)(struct rq *rq, struct task_struct *p);              /* sleeps */
	struct task_struct *(*pick_next)(struct rq *rq); /* leaves the timeline; NULL: idle */
	void (*put_prev)(struct rq *rq, struct task_struct *p); /* still runnable, CPU taken away */
	void (*update_curr)(struct rq *rq); /* charge the time since the last call */
	bool (*tick)(struct rq *rq, struct task_struct *p);           /* true: its time is over */
	bool (*wakeup_preempt)(struct rq *rq, struct task_struct *p); /* should p run at once? */
	void (*yield)(struct rq *rq, struct task_struct *p);
	void (*fork)(struct rq *rq, struct task_struct *p); /* first vruntime */
};

extern const struct sched_class fair_sched_class;
unsigned int sched_weight(int nice);

#endif
