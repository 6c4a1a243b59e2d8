/*
 * kernel/sched.c - giving a CPU from one task to another
 *
 *     schedule: rq->lock -> charge prev -> does it sleep? -> pick next -> switch mm -> switch stack
 *                                                                                        |
 *     the next task, where it left off:                 drop what prev left <- unlock <--+
 *
 * Each CPU has a queue of its own.  Its lock is taken by one task and released by the next: between the two nobody
 * else may see the half of the switch.  So whoever holds the lock of a task's queue finds the task either running
 * there, or with all its registers saved: it may be woken, or taken to another CPU, at once.  (Linux releases the
 * sleeper's queue earlier and has p->on_cpu for this.  Here a waker from another CPU waits for the lock instead.)
 *
 *   S1  a task with se.on_rq is the current one of its CPU or in that CPU's timeline, never both;
 *   S2  a task with state TASK_RUNNING has se.on_rq, or is in flight: somebody has taken it off a queue, or found it
 *       asleep, and is bringing it to another.  Only that one may queue it; wakers find it awake and let it be;
 *   S3  the idle task is never queued: it runs when nothing else can;
 *   S4  task->cpu changes for tasks in flight only, and under the lock of the queue it named until then.
 *
 * Waking and sleeping.  The sleeper writes its state, then reads its condition; the waker writes the condition, then
 * reads the state, under the lock.  Each has a full barrier between the two (set_task_state's exchange; the
 * exchange that takes rq->lock, which on x86 is one), so at least one of them sees the other's write.  A sleeper
 * that got as far as schedule() takes the lock too: before the waker, then it is off the queue and is queued again;
 * or after it, then its state says TASK_RUNNING and it stays.
 *
 * The kernel is not preempted: TIF_NEED_RESCHED is honoured on the way to user mode, in cond_resched and in the
 * idle loop.  Another CPU is told by an interrupt, unless the flag was up already.  The clock tick of a CPU runs
 * only while something else than its idle task does; it charges time, samples user against system time, ends slices.
 *
 * A kernel thread has no address space of its own and borrows the one it finds in CR3 (active_mm), holding a
 * reference on the structure alone; the mappings may go meanwhile.
 *
 * Locking: rq->lock, rank LOCK_RUNQUEUE, irq-safe; never two at a time.
 */
#include <kernel/sched.h>
#include <kernel/events.h>
#include <kernel/rcu.h>
#include <kernel/log.h>
#include <mm/mm.h>
#include <arch/smp.h>
#include <arch/tlb.h>
#include <arch/cpu.h>
#include "sched_rq.h"
#include "lockdebug.h"

DEFINE_PER_CPU(struct rq, runqueues);

bool scheduler_running;

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
	mmgrab(&init_mm); /* the boot task's loan */
	sched_init_idle(&init_task, 0);
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

/* task_rq_lock - lock the queue that @p belongs to, interrupts off.  It may move while the lock is waited for. */
struct rq *task_rq_lock(struct task_struct *p, unsigned long *flags)
{
	struct rq *rq;

	local_irq_save(*flags);
	for (;;) {
		rq = cpu_rq(READ_ONCE(p->cpu));
		spin_lock(&rq->lock);
		if (likely(rq->cpu == READ_ONCE(p->cpu))) /* S4 */
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* --- switching --- */

/*
 * What prev left behind.  Runs as the new current task; releases the run queue and enables interrupts.  A task that
 * is not allowed on this CPU any more has its registers saved by now and goes to one where it is.
 */
static void finish_task_switch(struct task_struct *prev)
{
	struct rq *rq = this_rq();
	struct mm_struct *mm = rq->prev_mm;
	bool dead = prev->state == TASK_DEAD;

	rq->prev_mm = NULL;
	if (unlikely(rq->push)) {
		rq->push = NULL;
		rq = sched_place(rq, prev);
		sched_activate(rq, prev, false);
	}
	spin_unlock_irq(&rq->lock);
	if (unlikely(mm))
		mmdrop(mm);
	if (unlikely(dead))
		put_task_struct(prev);
}

/* The task that this CPU runs, the idle task above all, gives back the address space it has borrowed.  Interrupts off. */
static void return_loan(void *unused)
{
	struct task_struct *me = current;
	struct mm_struct *mm = me->active_mm;

	(void)unused;
	if (me->mm || mm == &init_mm)
		return;
	mmgrab(&init_mm);
	switch_mm(mm, &init_mm);
	me->active_mm = &init_mm;
	mmdrop(mm);
}

void sched_return_loans(void)
{
	on_each_cpu(return_loan, NULL);
}

void sched_finish_new(struct task_struct *last)
{
	finish_task_switch(last);
}

static void switch_address_space(struct rq *rq, struct task_struct *prev, struct task_struct *next)
{
	if (!next->mm) { /* borrow */
		enter_lazy_tlb();
		next->active_mm = prev->active_mm;
		if (prev->mm)
			mmgrab(prev->active_mm);
		else
			prev->active_mm = NULL; /* prev's own loan is passed on */
		return;
	}
	if (prev->active_mm != next->mm || !prev->mm) /* after a loan flushes may be due */
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
	watchdog_idle_end();
	if (!rq->tick.queued)
		ktimer_start(&rq->tick, ktime_get_ns() + TICK_NS);
}

/* prev gives up the CPU.  True: it stays runnable, be it that it was preempted or that its wake-up was faster. */
static bool stays_runnable(struct task_struct *prev, bool preempt)
{
	unsigned int state = READ_ONCE(prev->state);

	if (preempt || state == TASK_RUNNING)
		return true;
	if (state == TASK_DEAD || !signal_pending_current(state))
		return false;
	prev->state = TASK_RUNNING;
	return true;
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
		if (!stays_runnable(prev, preempt)) {
			sched_policy->dequeue(rq, prev);
		} else if (likely(cpu_is_allowed(prev, rq->cpu))) {
			sched_policy->put_prev(rq, prev);
			switch_count = &prev->nivcsw;
		} else {
			sched_policy->dequeue(rq, prev);
			rq->push = prev;
		}
	}
	next = sched_policy->pick_next(rq);
	if (!next)
		next = rq->idle;
	if (next == prev) {
		spin_unlock_irq(&rq->lock);
		return;
	}
	if (prev == rq->idle)
		sched_mark_busy(rq);
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

/* sched_leave_cpu - the current task is not allowed here any more: returns on a CPU where it is.  Sleeps. */
void sched_leave_cpu(void)
{
	might_sleep();
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

/* An interrupt only where it is needed: not to oneself, and not when somebody else has sent one for this flag. */
void resched_curr(struct rq *rq)
{
	u32 old = __atomic_fetch_or(&rq->curr->thread_flags, TIF_NEED_RESCHED, __ATOMIC_SEQ_CST);

	if (!(old & TIF_NEED_RESCHED) && rq->cpu != smp_processor_id())
		smp_send_reschedule(rq->cpu);
}

/*
 * A task that has not left its queue yet may be running, and change its own state at any time: from one sleep that it
 * found needless to another, to TASK_STOPPED or TASK_DEAD, which a waker of the first must not undo.
 */
static int set_awake(struct task_struct *task, unsigned int states)
{
	unsigned int state = READ_ONCE(task->state);

	while (state & states) {
		if (try_cmpxchg(&task->state, &state, (unsigned int)TASK_RUNNING))
			return 1;
	}
	return 0;
}

/**
 * wake_up_state - make @task runnable if it sleeps in one of @states
 *
 * Return: 1 if it slept so, 0 if there was nothing to do.
 * Context: any; irq-safe.  @task must not go away meanwhile: a reference, or a lock that it needs to leave.
 */
int wake_up_state(struct task_struct *task, unsigned int states)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(task, &flags);
	int woken = 0;

	if (task->se.on_rq) {
		woken = set_awake(task, states);
	} else if (task->state & states) {
		task->state = TASK_RUNNING;
		rq = sched_place(rq, task);
		sched_activate(rq, task, true);
		woken = 1;
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	return woken;
}

int wake_up_process(struct task_struct *task)
{
	return wake_up_state(task, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_KILLABLE);
}

/**
 * kick_process - have @task, if it runs on another CPU, pass the way to user mode: it has been given work to do there
 *
 * If it does not run there any more it will pass that way before it sees user mode again.
 * Context: any.
 */
void kick_process(const struct task_struct *task)
{
	unsigned int cpu = READ_ONCE(task->cpu);

	if (cpu != smp_processor_id() && READ_ONCE(cpu_rq(cpu)->curr) == task)
		smp_send_reschedule(cpu);
}

void sched_fork(struct task_struct *task)
{
	task->se = (struct sched_entity){ .vruntime = 0 };
	task->cpu = smp_processor_id();
	task->state = TASK_UNINTERRUPTIBLE; /* nobody can wake it before wake_up_new_task */
	task->utime_ns = task->stime_ns = 0;
	task->nvcsw = task->nivcsw = 0;
	note_wait_init(task);
}

void wake_up_new_task(struct task_struct *task)
{
	unsigned long flags;
	struct rq *rq;

	local_irq_save(flags);
	rq = this_rq();
	spin_lock(&rq->lock);
	task->cpu = rq->cpu;
	task->state = TASK_RUNNING;
	sched_policy->update_curr(rq);
	sched_policy->fork(rq, task);
	rq = sched_place_new(rq, task);
	sched_activate(rq, task, false);
	spin_unlock_irqrestore(&rq->lock, flags);
}

void set_user_nice(struct task_struct *task, int nice)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(task, &flags);

	if (rq->curr == task)
		sched_policy->update_curr(rq); /* what it has run counts at the old weight */
	if (task->se.on_rq)
		rq->total_weight += sched_weight(nice) - (u64)sched_weight(task->prio_nice);
	task->prio_nice = nice;
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* --- the clock tick --- */

/* Whether the tick found user code is noted by the timer interrupt, which sees the registers. */
DEFINE_PER_CPU(bool, tick_in_user);

/* scheduler_tick - charge the current task; runs in the timer interrupt */
void scheduler_tick(void)
{
	struct rq *rq = this_rq();
	struct task_struct *curr;
	u64 now;

	spin_lock(&rq->lock);
	curr = rq->curr;
	sched_policy->update_curr(rq);
	now = curr->se.exec_start;
	account_tick(rq);
	if (sched_policy->tick(rq, curr))
		resched_curr(rq);
	spin_unlock(&rq->lock);
	watchdog_tick(now, this_cpu_read(tick_in_user));
	calc_load(now);
	tick_balance(rq, now);
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
 * It looks for work that waits elsewhere, and halts when there is none.  Interrupts are off from the test of
 * TIF_NEED_RESCHED to the halt, which enables them: a wake-up between the two is an interrupt that ends the halt at
 * once.  RCU counts the CPU out meanwhile; an interrupt counts it in again (rcu_irq_enter).
 */
void cpu_idle(void)
{
	struct rq *rq = this_rq();

	scheduler_running = true;
	for (;;) {
		local_irq_disable();
		sched_mark_idle(rq);
		if (!need_resched() && !idle_balance(rq)) {
			rcu_idle_enter();
			if (!need_resched()) {
				cpu_idle_wait();
				local_irq_disable();
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
