/*
 * kernel/sched_balance.c - which CPU a task runs on
 *
 * Tasks change CPUs on four occasions, all cheap and all optional but the last:
 *
 *     wake-up, fork   to an idle CPU: its own of last time, else any; if there is none, it stays, unless the waker's
 *                     CPU has clearly less to do
 *     going idle      the idle task pulls a task that waits in the fullest queue
 *     tick            with somebody waiting here and a CPU idle there, the tick brings them together: what the first
 *                     two miss by a hair's breadth waits 4 ms at most.  Now and then it pulls from a queue that is
 *                     heavier by more than the task itself, so that busy CPUs share the load by weight
 *     affinity        a task that is not allowed any more where it is leaves at once
 *
 * idle_cpus is a word with a bit for each CPU whose idle task has found nothing to do.  Who sends a task to an idle
 * CPU clears its bit first: so two wakers do not choose the same one.  The CPU itself sets it again in its next turn
 * of the idle loop, and clears it when it leaves the idle task.  The word is a hint: wrong, it costs time, never a
 * wake-up, for a task is always queued under the lock of the queue it is put on.
 *
 * Moving.  Only queued tasks are moved, never a running one.  The mover takes the task off under the one lock, names
 * the new CPU in task->cpu (from then on the other lock is the task's), releases, takes the other lock and queues
 * it; in between the task is in flight (sched.c, S2).  Two run queues' locks are never held together.  Virtual time
 * runs differently on each queue, so a task takes along its distance from the queue's min_vruntime.
 *
 * Not done: cache and node distances.  All CPUs are alike here.
 */
#include <kernel/sched.h>
#include <lib/bitops.h>
#include <uapi/errno.h>
#include "sched_rq.h"

#define BALANCE_NS (32 * NSEC_PER_MSEC) /* between two looks of a busy CPU at the others */

unsigned long idle_cpus;

void sched_mark_idle(struct rq *rq)
{
	if (!(READ_ONCE(idle_cpus) & BIT(rq->cpu)))
		__atomic_fetch_or(&idle_cpus, BIT(rq->cpu), __ATOMIC_SEQ_CST);
}

static bool claim_idle(unsigned int cpu)
{
	return __atomic_fetch_and(&idle_cpus, ~BIT(cpu), __ATOMIC_SEQ_CST) & BIT(cpu);
}

/* An idle CPU out of @allowed, claimed; @prefer if that is one.  False: there is none. */
static bool find_idle(unsigned long allowed, unsigned int prefer, unsigned int *cpu)
{
	unsigned long idle;

	while ((idle = READ_ONCE(idle_cpus) & allowed)) {
		*cpu = idle & BIT(prefer) ? prefer : (unsigned int)__builtin_ctzl(idle);
		if (claim_idle(*cpu))
			return true;
	}
	return false;
}

/* The one of @cpus with the fewest runnable tasks; @cpus is not empty. */
static unsigned int least_loaded(unsigned long cpus)
{
	unsigned int cpu, best = (unsigned int)__builtin_ctzl(cpus);

	for_each_cpu_in(cpu, cpus)
	{
		if (READ_ONCE(cpu_rq(cpu)->nr_running) < READ_ONCE(cpu_rq(best)->nr_running))
			best = cpu;
	}
	return best;
}

static unsigned int select_cpu(const struct task_struct *p, unsigned int prev)
{
	unsigned long allowed = READ_ONCE(p->cpus_allowed) & READ_ONCE(cpu_online_mask);
	unsigned int cpu, here = smp_processor_id();

	/* A thread bound to this CPU has done what @p waits for, and is about to sleep: as good as idle. */
	if (here == prev && (current->flags & PF_NO_SETAFFINITY) && (allowed & BIT(prev)) &&
	    READ_ONCE(cpu_rq(prev)->nr_running) <= 1)
		return prev;
	if (find_idle(allowed, prev, &cpu))
		return cpu;
	if (!(allowed & BIT(prev)))
		return least_loaded(allowed);
	if (here != prev && (allowed & BIT(here)) &&
	    READ_ONCE(cpu_rq(here)->nr_running) + 1 < READ_ONCE(cpu_rq(prev)->nr_running))
		return here;
	return prev;
}

/*
 * A task in flight goes from @rq, whose lock is held, to @cpu, whose lock is held on return.  The mask may have
 * changed while neither was; and again, so the new place is looked at once more.
 */
static struct rq *move_to(struct rq *rq, struct task_struct *p, unsigned int cpu)
{
	while (cpu != rq->cpu) {
		sched_policy->leave(rq, p);
		WRITE_ONCE(p->cpu, cpu);
		spin_unlock(&rq->lock);
		rq = cpu_rq(cpu);
		spin_lock(&rq->lock);
		sched_policy->join(rq, p);
		if (unlikely(!cpu_is_allowed(p, cpu)))
			cpu = select_cpu(p, cpu);
	}
	return rq;
}

struct rq *__sched_place(struct rq *rq, struct task_struct *p)
{
	return move_to(rq, p, select_cpu(p, rq->cpu));
}

/* sched_place_new - the same for a new task.  A vfork child stays: its parent is about to give up this CPU. */
struct rq *sched_place_new(struct rq *rq, struct task_struct *p)
{
	if (p->vfork_done && cpu_is_allowed(p, rq->cpu))
		return rq;
	return sched_place(rq, p);
}

/* Take a task that waits in @rq, which is locked, to another CPU.  The lock of that one's queue is held on return. */
static struct rq *take_away(struct rq *rq, struct task_struct *p, unsigned int cpu)
{
	sched_policy->dequeue(rq, p);
	rq = move_to(rq, p, cpu);
	sched_activate(rq, p, false);
	return rq;
}

/* --- pulling --- */

/* The CPU with the heaviest queue in which somebody waits, but @me; NR_CPUS if there is none. */
static unsigned int find_busiest(unsigned int me)
{
	unsigned int cpu, busiest = NR_CPUS;
	u64 weight = 0;

	for_each_online_cpu(cpu)
	{
		const struct rq *rq = cpu_rq(cpu);

		if (cpu == me || READ_ONCE(rq->nr_running) < 2)
			continue;
		if (READ_ONCE(rq->total_weight) > weight) {
			weight = READ_ONCE(rq->total_weight);
			busiest = cpu;
		}
	}
	return busiest;
}

/*
 * With @to idle everything helps; else what does not make @to the heavier one by more than @from is now.  When both
 * come out alike, three tasks on two CPUs say, the surplus goes round, and everybody has the bad place in turn.
 */
static bool is_worth_moving(const struct rq *from, const struct rq *to, const struct task_struct *p)
{
	return !READ_ONCE(to->nr_running) ||
	       from->total_weight >= READ_ONCE(to->total_weight) + sched_weight(p->prio_nice);
}

/* Interrupts off.  True: a task has come to @rq. */
static bool pull_task(struct rq *rq)
{
	unsigned int cpu = find_busiest(rq->cpu);
	struct task_struct *p = NULL;
	struct rq *from;

	if (cpu == NR_CPUS)
		return false;
	from = cpu_rq(cpu);
	spin_lock(&from->lock);
	if (from->nr_running > 1)
		p = sched_policy->steal(from, BIT(rq->cpu));
	if (p && is_worth_moving(from, rq, p))
		from = take_away(from, p, rq->cpu);
	else
		p = NULL;
	spin_unlock(&from->lock);
	return p;
}

bool idle_balance(struct rq *rq)
{
	return READ_ONCE(cpu_online_mask) != BIT(rq->cpu) && pull_task(rq);
}

/* Somebody waits here, and somewhere a CPU is idle. */
static void push_to_idle(struct rq *rq)
{
	struct task_struct *p;
	unsigned int cpu;

	spin_lock(&rq->lock);
	p = rq->nr_running > 1 ? sched_policy->steal(rq, READ_ONCE(idle_cpus)) : NULL;
	if (p && find_idle(p->cpus_allowed, rq->cpu, &cpu))
		rq = take_away(rq, p, cpu);
	spin_unlock(&rq->lock);
}

/* tick_balance - what the tick does for an even load; timer interrupt */
void tick_balance(struct rq *rq, u64 now)
{
	if (READ_ONCE(cpu_online_mask) == BIT(rq->cpu))
		return;
	if (READ_ONCE(rq->nr_running) > 1 && READ_ONCE(idle_cpus))
		push_to_idle(rq);
	if (now < rq->next_balance_ns)
		return;
	rq->next_balance_ns = now + BALANCE_NS;
	(void)pull_task(rq);
}

/* --- affinity --- */

/**
 * set_cpus_allowed - where @task may run
 * @mask: some bit of it is an online CPU
 *
 * If that is not where it is, it leaves: a waiting task at once, the caller itself before this returns, a task that
 * runs on another CPU at its next way to user mode, or when it sleeps.
 *
 * Context: task, no lock held, for the caller itself; else any lock below LOCK_RUNQUEUE.
 */
void set_cpus_allowed(struct task_struct *task, unsigned long mask)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(task, &flags);
	bool leave = false;

	WRITE_ONCE(task->cpus_allowed, mask);
	if (!cpu_is_allowed(task, rq->cpu) && task->se.on_rq) {
		if (task == current)
			leave = true;
		else if (rq->curr == task)
			resched_curr(rq);
		else
			rq = take_away(rq, task, select_cpu(task, rq->cpu));
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	if (leave)
		sched_leave_cpu();
}
