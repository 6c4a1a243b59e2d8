/*
 * kernel/sched_rq.h - the run queue, and the interface between scheduler core and policy
 *
 * The core (sched.c) switches and wakes, sched_balance.c chooses the CPU, sched_cputime.c keeps the figures; which
 * task of a queue runs next and for how long is a policy behind struct sched_class.
 */
#ifndef KERNEL_SCHED_RQ_H
#define KERNEL_SCHED_RQ_H

#include <kernel/sched.h>
#include <kernel/time.h>
#include <arch/smp.h>

struct rq {                      /* one per CPU */
	spinlock_t lock;         /* rank LOCK_RUNQUEUE, irq-safe; everything below */
	unsigned int cpu;        /* [I] */
	unsigned int nr_running; /* runnable tasks without the idle task; others read it unlocked */
	struct task_struct *curr, *idle; /* NULL on a CPU that has not come up */
	struct rb_root_cached timeline;  /* runnable tasks but the current one, by vruntime */
	u64 min_vruntime;                /* ns; never goes back */
	u64 total_weight;                /* of all runnable tasks; others read it unlocked */
	u64 nr_switches;
	struct mm_struct *prev_mm; /* lazily borrowed, to be dropped after the switch */
	struct task_struct
		*push; /* runnable, but not allowed here: queued elsewhere after the switch */
	u64 next_balance_ns;
	struct ktimer tick;
	struct cpu_usage usage; /* but idle_ns: that is what the idle task has run */
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
	void (*dequeue)(struct rq *rq,
			struct task_struct *p);          /* sleeps, or leaves for another CPU */
	struct task_struct *(*pick_next)(struct rq *rq); /* leaves the timeline; NULL: idle */
	void (*put_prev)(struct rq *rq, struct task_struct *p); /* still runnable, CPU taken away */
	void (*update_curr)(struct rq *rq); /* charge the time since the last call */
	bool (*tick)(struct rq *rq, struct task_struct *p);           /* true: its time is over */
	bool (*wakeup_preempt)(struct rq *rq, struct task_struct *p); /* should p run at once? */
	void (*yield)(struct rq *rq, struct task_struct *p);
	void (*fork)(struct rq *rq,
		     struct task_struct *p); /* first vruntime, beside rq's current task */
	void (*leave)(struct rq *rq,
		      struct task_struct *p); /* off the queue: place in time made relative */
	void (*join)(struct rq *rq,
		     struct task_struct *p); /* ... and absolute, on the queue it goes to */
	/* steal - the queued task that waits longest to run and may run on @cpu; NULL: none in the first few */
	struct task_struct *(*steal)(struct rq *rq, unsigned long cpus);
};

extern const struct sched_class fair_sched_class;
#define sched_policy (&fair_sched_class)
unsigned int sched_weight(int nice);

/* --- sched.c --- */
struct rq *task_rq_lock(struct task_struct *p, unsigned long *flags);
void resched_curr(struct rq *rq); /* rq->lock held */

/* --- sched_balance.c --- */
extern unsigned long idle_cpus; /* [a] CPUs whose idle task has found nothing to do */
void sched_mark_idle(struct rq *rq);
static inline void sched_mark_busy(const struct rq *rq)
{
	if (READ_ONCE(idle_cpus) & BIT(rq->cpu))
		__atomic_fetch_and(&idle_cpus, ~BIT(rq->cpu), __ATOMIC_SEQ_CST);
}
static inline bool cpu_is_allowed(const struct task_struct *p, unsigned int cpu)
{
	return READ_ONCE(p->cpus_allowed) & BIT(cpu);
}
struct rq *__sched_place(struct rq *rq, struct task_struct *p);

/**
 * sched_place - choose the CPU of a task in flight
 * @rq: the queue of p->cpu, locked
 *
 * The usual case of busy CPUs is told at once: nobody is idle, and it ran on this one.
 *
 * Return: the queue it is to be put on, locked; @rq's lock is not held any more if that is another one.
 */
static inline struct rq *sched_place(struct rq *rq, struct task_struct *p)
{
	if (likely(!READ_ONCE(idle_cpus) && rq->cpu == smp_processor_id() &&
		   cpu_is_allowed(p, rq->cpu)))
		return rq;
	return __sched_place(rq, p);
}

/* sched_activate - queue a task in flight whose CPU is @rq's, and interrupt who runs there if that is due */
static inline void sched_activate(struct rq *rq, struct task_struct *p, bool wakeup)
{
	sched_policy->update_curr(rq);
	sched_policy->enqueue(rq, p, wakeup);
	if (rq->curr == rq->idle || sched_policy->wakeup_preempt(rq, p))
		resched_curr(rq);
}

struct rq *sched_place_new(struct rq *rq, struct task_struct *p);
bool idle_balance(struct rq *rq); /* idle task, interrupts off */
void tick_balance(struct rq *rq, u64 now);

/* --- sched_cputime.c --- */
void account_tick(struct rq *rq); /* rq->lock held */
void calc_load(u64 now);          /* any context; no lock from the run queue's on */

#endif
