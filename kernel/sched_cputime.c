/*
 * kernel/sched_cputime.c - who has used how much: CPU time of tasks and CPUs, load average
 *
 * A task's total is exact: each switch, tick and reader charges the time since the last charge (update_curr), under
 * the lock of its run queue, so that a sum is never half done.  What of it was user and what system time is sampled
 * by the tick, as in a Linux without VIRT_CPU_ACCOUNTING, and scaled to the total.  A CPU's idle time is what its
 * idle task has run.
 *
 * The load averages are stepped every 5 s, by the tick of whichever CPU comes first.  Steps that no tick has made
 * were missed because nothing ran: they count a load of zero.
 *
 * Locking: rq->lock for everything of a queue and its tasks; load_lock, of the same rank, for the averages.
 */
#include <kernel/sched.h>
#include <uapi/sysinfo.h>
#include "sched_rq.h"

/* --- load average --- */

#define LOAD_SHIFT     11
#define LOAD_PERIOD_NS (5 * NSEC_PER_SEC)
#define LOAD_STEPS_MAX 1000 /* after so many steps without load an average is 0 */

static DEFINE_SPINLOCK(load_lock, LOCK_RUNQUEUE);
static u64 avenrun[3]; /* load_lock; 1 << LOAD_SHIFT is a load of one */
static u64 load_next_ns;

/* exp(-5s/1min), exp(-5s/5min), exp(-5s/15min), as 11-bit fractions: Linux's EXP_1, EXP_5, EXP_15 */
static const u64 load_decay[3] = { 1884, 2014, 2037 };

static void load_step(u64 active)
{
	active <<= LOAD_SHIFT;
	for (unsigned int i = 0; i < 3; i++) {
		u64 load =
			avenrun[i] * load_decay[i] + active * ((1UL << LOAD_SHIFT) - load_decay[i]);

		if (active >= avenrun[i])
			load += (1UL << LOAD_SHIFT) - 1;
		avenrun[i] = load >> LOAD_SHIFT;
	}
}

static void catch_up(u64 now)
{
	u64 steps;

	if (!load_next_ns)
		load_next_ns = now + LOAD_PERIOD_NS;
	if (now < load_next_ns)
		return;
	steps = (now - load_next_ns) / LOAD_PERIOD_NS;
	load_next_ns += (steps + 1) * LOAD_PERIOD_NS;
	for (u64 i = 0; i < min(steps, (u64)LOAD_STEPS_MAX); i++)
		load_step(0);
	load_step(nr_running());
}

void calc_load(u64 now)
{
	unsigned long flags;

	if (READ_ONCE(load_next_ns) && now < READ_ONCE(load_next_ns))
		return;
	spin_lock_irqsave(&load_lock, flags);
	catch_up(now);
	spin_unlock_irqrestore(&load_lock, flags);
}

void get_avenrun(u64 loads[3])
{
	unsigned long flags;

	spin_lock_irqsave(&load_lock, flags);
	catch_up(ktime_get_ns());
	for (unsigned int i = 0; i < 3; i++)
		loads[i] = avenrun[i] << (SI_LOAD_SHIFT - LOAD_SHIFT);
	spin_unlock_irqrestore(&load_lock, flags);
}

/* --- CPUs --- */

void account_tick(struct rq *rq)
{
	struct task_struct *p = rq->curr;

	if (this_cpu_read(tick_in_user)) {
		p->utime_ns += TICK_NS;
		if (p->prio_nice > 0)
			rq->usage.nice_ns += TICK_NS;
		else
			rq->usage.user_ns += TICK_NS;
	} else {
		p->stime_ns += TICK_NS;
		rq->usage.system_ns += TICK_NS;
	}
}

void cpu_usage(unsigned int cpu, struct cpu_usage *out)
{
	struct rq *rq = cpu_rq(cpu);
	unsigned long flags;

	*out = (struct cpu_usage){ 0 };
	if (!cpu_online(cpu))
		return;
	spin_lock_irqsave(&rq->lock, flags);
	sched_policy->update_curr(rq);
	*out = rq->usage;
	out->idle_ns = rq->idle->se.sum_exec_runtime;
	spin_unlock_irqrestore(&rq->lock, flags);
}

u64 get_idle_ns(unsigned int cpu)
{
	struct cpu_usage usage;

	cpu_usage(cpu, &usage);
	return usage.idle_ns;
}

unsigned long nr_context_switches(void)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_switches);
	return sum;
}

unsigned int nr_running(void)
{
	unsigned int sum = 0, cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_running);
	return sum;
}

/* --- tasks --- */

/* Split an exact total as the samples are split; without samples it counts as user time. */
static void scale_cputime(u64 total, u64 usamples, u64 ssamples, u64 *utime_ns, u64 *stime_ns)
{
	u64 samples = usamples + ssamples;

	*stime_ns = samples ? total / samples * ssamples + total % samples * ssamples / samples : 0;
	*utime_ns = total - *stime_ns;
}

void task_cputime(struct task_struct *task, u64 *utime_ns, u64 *stime_ns)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(task, &flags);
	u64 total, user, system;

	if (rq->curr == task)
		sched_policy->update_curr(rq);
	total = task->se.sum_exec_runtime;
	user = task->utime_ns;
	system = task->stime_ns;
	spin_unlock_irqrestore(&rq->lock, flags);
	scale_cputime(total, user, system, utime_ns, stime_ns);
}

void thread_group_cputime(struct task_struct *task, u64 *utime_ns, u64 *stime_ns)
{
	struct task_struct *t;

	*utime_ns = task->signal->utime_ns;
	*stime_ns = task->signal->stime_ns;
	for_each_thread(task, t) {
		u64 u, s;

		task_cputime(t, &u, &s);
		*utime_ns += u;
		*stime_ns += s;
	}
}
