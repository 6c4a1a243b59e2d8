/*
 * kernel/sched.c - giving the CPU from one task to another
 *
 *     schedule: rq->lock -> charge prev -> does it sleep? -> pick next -> switch mm -> switch stack
 *                                                                                        |
 *     the next task, where it left off:                 drop what prev left <- unlock <--+
 *
 * The run queue's lock is taken by one task and released by the next: between the two nobody else may see the half
 * of the switch.  A task is woken under the lock of the queue where it last ran, so a task that is just giving
 * the CPU up is either still marked runnable (and stays), or off the queue (and is queued again).
 *
 *   S1  a task with se.on_rq is the current one of its CPU or in the queue's timeline, never both;
 *   S2  a task with state TASK_RUNNING has se.on_rq, except between wake-up's two lines under the lock;
 *   S3  the idle task is never queued: it runs when nothing else can.
 *
 * The kernel is not preempted: TIF_NEED_RESCHED is honoured on the way to user mode, in cond_resched and in the
 * idle loop.  The clock tick runs only while something else than the idle task does; it charges time, samples user
 * against system time, and ends slices.
 *
 * A kernel thread has no address space of its own and borrows the one it finds in CR3 (active_mm), holding a
 * reference on the structure alone; the mappings may go meanwhile.
 *
 * Locking: rq->lock, rank LOCK_RUNQUEUE, irq-safe.  Other CPUs notice TIF_NEED_RESCHED at their next interrupt.
 */
#include <kernel/sched.h>
#include <kernel/events.h>
#include <kernel/rcu.h>
#include <kernel/log.h>
#include <kernel/syscalls_kernel.h>
#include <mm/mm.h>
#include <arch/tlb.h>
#include <arch/cpu.h>
#include <uapi/sysinfo.h>
#include "sched_rq.h"
#include "lockdebug.h"

DEFINE_PER_CPU(struct rq, runqueues);

bool scheduler_running;
static const struct sched_class *const sched_policy = &fair_sched_class;

static void tick_fn(struct ktimer *timer);

void sched_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct rq *rq = cpu_rq(cpu);

		spin_lock_init(&rq->lock, LOCK_RUNQUEUE);
		rq->cpu = cpu;
		rq->timeline = RB_ROOT_CACHED;
		ktimer_init(&rq->tick, tick_fn);
	}
	this_rq()->curr = this_rq()->idle = &init_task;
	init_task.se.exec_start = ktime_get_ns();
	mmgrab(&init_mm); /* the boot task's loan */
}

/**
 * sched_init_idle - @idle is what @cpu runs when it comes up and when nothing else can run
 *
 * Context: before that CPU runs; nobody else looks at its run queue yet.
 */
void sched_init_idle(struct task_struct *idle, unsigned int cpu)
{
	struct rq *rq = cpu_rq(cpu);

	idle->cpu = cpu;
	idle->cpus_allowed = BIT(cpu);
	idle->se = (struct sched_entity){ .on_rq = true, .exec_start = ktime_get_ns() };
	idle->state = TASK_RUNNING;
	rq->curr = rq->idle = idle;
}

static struct rq *task_rq_lock(struct task_struct *p, unsigned long *flags)
{
	for (;;) {
		struct rq *rq;

		local_irq_save(*flags);
		rq = cpu_rq(READ_ONCE(p->cpu));
		spin_lock(&rq->lock);
		if (likely(rq->cpu == READ_ONCE(p->cpu)))
			return rq;
		spin_unlock_irqrestore(&rq->lock, *flags);
	}
}

/* --- switching --- */

/* What prev left behind.  Runs as the new current task; releases the run queue and enables interrupts. */
static void finish_task_switch(struct task_struct *prev)
{
	struct rq *rq = this_rq();
	struct mm_struct *mm = rq->prev_mm;
	bool dead = prev->state == TASK_DEAD;

	rq->prev_mm = NULL;
	spin_unlock_irq(&rq->lock);
	if (unlikely(mm))
		mmdrop(mm);
	if (unlikely(dead))
		put_task_struct(prev);
}

void sched_finish_new(struct task_struct *last)
{
	finish_task_switch(last);
}

static void switch_address_space(struct rq *rq, struct task_struct *prev, struct task_struct *next)
{
	if (!next->mm) { /* borrow */
		next->active_mm = prev->active_mm;
		if (prev->mm)
			mmgrab(prev->active_mm);
		else
			prev->active_mm = NULL; /* prev's own loan is passed on */
		return;
	}
	if (prev->active_mm != next->mm)
		switch_mm(prev->active_mm, next->mm);
	if (!prev->mm) {
		rq->prev_mm = prev->active_mm;
		prev->active_mm = NULL;
	}
}

/*
 * The tick stays queued over short sleeps: switching to and fro does not touch the timer hardware.  It ends when it
 * finds the idle task; so whoever leaves that starts it, with interrupts off until the next task is the current one:
 * a tick in between would end unseen, and the task would never be preempted.
 */
static void start_tick(struct rq *rq)
{
	if (!rq->tick.queued)
		ktimer_start(&rq->tick, ktime_get_ns() + TICK_NS);
}

static void __schedule(bool preempt)
{
	struct task_struct *prev = current, *next;
	unsigned long *switch_count = &prev->nvcsw;
	struct rq *rq;

	rcu_quiescent_state();
	local_irq_disable();
	rq = this_rq();
	if (prev == rq->idle)
		start_tick(rq);
	spin_lock(&rq->lock);
	sched_policy->update_curr(rq);
	clear_tsk_flag(prev, TIF_NEED_RESCHED);
	if (prev != rq->idle) {
		unsigned int state = READ_ONCE(prev->state);

		if (!preempt && state != TASK_RUNNING && state != TASK_DEAD &&
		    signal_pending_current(state))
			prev->state = state = TASK_RUNNING;
		if (preempt || state == TASK_RUNNING) {
			sched_policy->put_prev(rq, prev);
			switch_count = &prev->nivcsw;
		} else {
			sched_policy->dequeue(rq, prev);
		}
	}
	next = sched_policy->pick_next(rq);
	if (!next)
		next = rq->idle;
	if (next == prev) {
		spin_unlock_irq(&rq->lock);
		return;
	}
	rq->curr = next;
	rq->nr_switches++;
	++*switch_count;
	next->se.exec_start = prev->se.exec_start;
	switch_address_space(rq, prev, next);
	lockdebug_switch(prev, next, &rq->lock);
	finish_task_switch(switch_to(prev, next));
}

/**
 * schedule - let others run
 *
 * A task that has set its state to a sleep leaves the run queue, unless a signal breaks that sleep off.
 * Context: task; no spinlock held; interrupts on, before and after.
 */
void schedule(void)
{
	might_sleep();
	__schedule(false);
}

void cond_resched(void)
{
	might_sleep();
	if (need_resched() && scheduler_running)
		__schedule(true);
}

void sched_yield_task(void)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(current, &flags);

	sched_policy->update_curr(rq);
	sched_policy->yield(rq, current);
	spin_unlock_irqrestore(&rq->lock, flags);
	__schedule(true);
}

/* --- waking --- */

static void resched_curr(struct rq *rq)
{
	set_tsk_flag(rq->curr, TIF_NEED_RESCHED);
}

static void activate(struct rq *rq, struct task_struct *p, bool wakeup)
{
	sched_policy->update_curr(rq);
	sched_policy->enqueue(rq, p, wakeup);
	if (rq->curr == rq->idle || sched_policy->wakeup_preempt(rq, p))
		resched_curr(rq);
}

/**
 * wake_up_state - make @task runnable if it sleeps in one of @states
 *
 * Return: 1 if it slept so, 0 if there was nothing to do.
 * Context: any; irq-safe.
 */
int wake_up_state(struct task_struct *task, unsigned int states)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(task, &flags);
	int woken = 0;

	if (READ_ONCE(task->state) & states) {
		task->state = TASK_RUNNING;
		if (!task->se.on_rq)
			activate(rq, task, true);
		woken = 1;
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	return woken;
}

int wake_up_process(struct task_struct *task)
{
	return wake_up_state(task, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_KILLABLE);
}

void sched_fork(struct task_struct *task)
{
	task->se = (struct sched_entity){ .vruntime = 0 };
	task->cpu = smp_processor_id();
	task->state = TASK_UNINTERRUPTIBLE; /* nobody can wake it before wake_up_new_task */
	task->utime_ns = task->stime_ns = 0;
	task->nvcsw = task->nivcsw = 0;
}

void wake_up_new_task(struct task_struct *task)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(task, &flags);

	task->state = TASK_RUNNING;
	sched_policy->update_curr(rq);
	sched_policy->fork(rq, task);
	activate(rq, task, false);
	spin_unlock_irqrestore(&rq->lock, flags);
}

void set_user_nice(struct task_struct *task, int nice)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(task, &flags);

	if (task->se.on_rq)
		rq->total_weight += sched_weight(nice) - (u64)sched_weight(task->prio_nice);
	task->prio_nice = nice;
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* --- the clock tick --- */

static u64 avenrun[3]; /* 1 << LOAD_SHIFT is a load of one; written by CPU 0's tick and idle loop */
static u64 load_next_ns;
#define LOAD_SHIFT     11
#define LOAD_PERIOD_NS (5 * NSEC_PER_SEC)

/* exp(-5s/1min), exp(-5s/5min), exp(-5s/15min), as 11-bit fractions: Linux's EXP_1, EXP_5, EXP_15 */
static const u64 load_decay[3] = { 1884, 2014, 2037 };

/* calc_load - exponentially decaying averages of the number of runnable tasks, one step each 5 s, also those missed */
static void calc_load(struct rq *rq, u64 now)
{
	if (!load_next_ns)
		load_next_ns = now + LOAD_PERIOD_NS;
	for (unsigned int n = 0; now >= load_next_ns && n < 1000; n++) {
		u64 active = (u64)rq->nr_running << LOAD_SHIFT;

		for (unsigned int i = 0; i < 3; i++) {
			u64 load = avenrun[i] * load_decay[i] +
				   active * ((1UL << LOAD_SHIFT) - load_decay[i]);

			if (active >= avenrun[i])
				load += (1UL << LOAD_SHIFT) - 1;
			avenrun[i] = load >> LOAD_SHIFT;
		}
		load_next_ns += LOAD_PERIOD_NS;
	}
	if (now >= load_next_ns) /* idle for hours: everything has decayed */
		load_next_ns = now + LOAD_PERIOD_NS;
}

void get_avenrun(u64 loads[3])
{
	calc_load(cpu_rq(0), ktime_get_ns());
	for (unsigned int i = 0; i < 3; i++)
		loads[i] = avenrun[i] << (SI_LOAD_SHIFT - LOAD_SHIFT);
}

/* Whether the tick found user code is noted by handle_interrupt, which sees the registers. */
DEFINE_PER_CPU(bool, tick_in_user);

static void account_tick(struct rq *rq)
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

/* scheduler_tick - charge the current task; runs in the timer interrupt */
void scheduler_tick(void)
{
	struct rq *rq = this_rq();
	struct task_struct *curr;

	spin_lock(&rq->lock);
	curr = rq->curr;
	sched_policy->update_curr(rq);
	account_tick(rq);
	if (sched_policy->tick(rq, curr))
		resched_curr(rq);
	calc_load(rq, curr->se.exec_start);
	spin_unlock(&rq->lock);
	check_cpu_itimers(curr);
	if (this_cpu_read(tick_in_user))
		rcu_quiescent_state();
	else if (rcu_needs_quiescent_state())
		set_tsk_flag(curr, TIF_NEED_RESCHED);
}

static void tick_fn(struct ktimer *timer)
{
	struct rq *rq = container_of(timer, struct rq, tick);

	log_wake();
	events_wake();
	if (rq->curr == rq->idle)
		return; /* start_tick begins again when there is work */
	scheduler_tick();
	ktimer_start(timer, ktime_get_ns() + TICK_NS);
}

/* --- the idle task --- */

/**
 * cpu_idle - what a CPU does when nothing else can run; never returns
 *
 * Interrupts are off from the test of TIF_NEED_RESCHED to the halt, which enables them: a wake-up between the two
 * is an interrupt that ends the halt at once.
 */
void cpu_idle(void)
{
	struct rq *rq = this_rq();

	scheduler_running = true;
	for (;;) {
		local_irq_disable();
		if (!need_resched()) {
			rcu_idle_enter();
			if (!need_resched()) {
				rq->idle_since_ns = ktime_get_ns();
				cpu_idle_wait();
				local_irq_disable();
				rq->usage.idle_ns += ktime_get_ns() - rq->idle_since_ns;
				rq->idle_since_ns = 0;
			}
			rcu_idle_exit();
		}
		local_irq_enable();
		log_wake();
		events_wake();
		if (need_resched())
			__schedule(false);
	}
}

/* --- figures --- */

void cpu_usage(unsigned int cpu, struct cpu_usage *out)
{
	struct rq *rq = cpu_rq(cpu);
	u64 since;
	unsigned long flags;

	spin_lock_irqsave(&rq->lock, flags);
	*out = rq->usage;
	since = rq->idle_since_ns;
	spin_unlock_irqrestore(&rq->lock, flags);
	if (since)
		out->idle_ns += ktime_get_ns() - since;
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
		sum += cpu_rq(cpu)->nr_switches;
	return sum;
}

unsigned int nr_running(void)
{
	unsigned int sum = 0, cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_running);
	return sum;
}

/* Split an exact total as the samples are split; without samples it counts as user time. */
static void scale_cputime(u64 total, u64 usamples, u64 ssamples, u64 *utime_ns, u64 *stime_ns)
{
	u64 samples = usamples + ssamples;

	*stime_ns = samples ? total / samples * ssamples + total % samples * ssamples / samples : 0;
	*utime_ns = total - *stime_ns;
}

static u64 task_runtime(const struct task_struct *task)
{
	u64 total = task->se.sum_exec_runtime;

	if (task == current)
		total += ktime_get_ns() - task->se.exec_start;
	return total;
}

void task_cputime(const struct task_struct *task, u64 *utime_ns, u64 *stime_ns)
{
	scale_cputime(task_runtime(task), task->utime_ns, task->stime_ns, utime_ns, stime_ns);
}

void thread_group_cputime(const struct task_struct *task, u64 *utime_ns, u64 *stime_ns)
{
	const struct task_struct *t;

	*utime_ns = task->signal->utime_ns;
	*stime_ns = task->signal->stime_ns;
	for_each_thread(task, t) {
		u64 u, s;

		task_cputime(t, &u, &s);
		*utime_ns += u;
		*stime_ns += s;
	}
}
