/*
 * kernel/watchdog.c - is anybody stuck?
 *
 * Debug builds look every few seconds, from a timer's interrupt, for
 *
 *     CPUs    that have neither ticked nor idled: interrupts are off there, or it hangs
 *     CPUs    whose tick finds the same task in the kernel, again and again, though it is asked to give way
 *     tasks   that have been in one uninterruptible sleep: named with what they wait for, who holds that, and their
 *             call chain
 *     wake-ups that were lost: somebody sleeps for a mutex or rwsem that is free
 *
 * A lost wake-up is a panic: the state is still whole.  Everything else is a report, once for each incident, for
 * an emulator may stop for any time, and a machine that was only slow goes on.  What waits interruptibly may wait for
 * ever by right (a terminal, a child), so a wake-up lost there is not noticed here.
 *
 * The timer is CPU 0's; if that CPU is the one that hangs, the tick of another notices that the look is overdue, and
 * looks itself.  Spinlocks have a limit of their own (lockdebug.c), as their waiters know best.
 *
 * Locking: what a CPU's tick notes is read by others as single words.  Tasks are walked under process_table_lock,
 * which the interrupt only tries to take: the next look is not far.
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <arch/exception.h>
#include <arch/thread.h>
#include "lockdebug.h"
#include "sched_rq.h"

#ifdef DEBUG
#define LOOK_NS  (10 * NSEC_PER_SEC)
#define STUCK_NS (30 * NSEC_PER_SEC) /* a CPU */
#define HUNG_NS  (60 * NSEC_PER_SEC) /* a task */

struct watchdog {
	u64 beat_ns;   /* last tick, or end of idleness */
	u64 since_ns;  /* the tick has found the same task in the kernel since then */
	u64 switches;  /* rq->nr_switches then */
	bool reported; /* this incident */
};

static DEFINE_PER_CPU(struct watchdog, watchdogs);
static struct ktimer look_timer;
static u64 next_look_ns; /* by exchange: one CPU looks */

/* --- CPUs --- */

void watchdog_idle_end(void)
{
	WRITE_ONCE(this_cpu_ptr(&watchdogs)->beat_ns, ktime_get_ns());
}

static void check_own_cpu(struct watchdog *wd, const struct rq *rq, u64 now, bool in_user)
{
	const struct task_struct *curr = rq->curr;

	if (in_user || wd->switches != rq->nr_switches ||
	    !(curr->thread_flags & TIF_NEED_RESCHED)) {
		wd->since_ns = now;
		wd->switches = rq->nr_switches;
		wd->reported = false;
	} else if (now - wd->since_ns > STUCK_NS && !wd->reported) {
		wd->reported = true;
		pr_warn("watchdog: CPU %u: %s (pid %d) has been in the kernel for %lu s and does not give way\n",
			rq->cpu, curr->comm, curr->pid, (now - wd->since_ns) / NSEC_PER_SEC);
		arch_show_backtrace(NULL);
	}
}

static void check_other_cpu(unsigned int cpu, u64 now)
{
	struct watchdog *wd = per_cpu_ptr(&watchdogs, cpu);
	const struct rq *rq = cpu_rq(cpu);
	const struct task_struct *curr = READ_ONCE(rq->curr);
	u64 beat = READ_ONCE(wd->beat_ns);

	if (curr == rq->idle || !beat || now < beat || now - beat < STUCK_NS) {
		wd->reported = wd->reported && curr != rq->idle;
		return;
	}
	if (wd->reported)
		return;
	wd->reported = true;
	pr_warn("watchdog: CPU %u has had no tick for %lu s; it runs %s (pid %d)%s\n", cpu,
		(now - beat) / NSEC_PER_SEC, curr->comm, curr->pid,
		spin_is_locked(&rq->lock) ? ", its run queue is locked" : "");
}

/* --- tasks --- */

static void show_sleeper(const struct task_struct *t)
{
	struct pt_regs regs = { .ip = thread_saved_ip(t), .bp = thread_saved_bp(t) };

	if (regs.ip)
		arch_show_backtrace(&regs);
}

/* All of these with the sleeper's run queue locked: it does not wake up, and what it waits for stays. */

static void report_task(struct task_struct *t, u64 now)
{
	const struct wait_note *note = &t->wait_note;
	const struct task_struct *owner = note->owner ? READ_ONCE(*note->owner) : NULL;

	pr_warn("watchdog: %s (pid %d), last on CPU %u, sleeps since %lu s in state %u, waits for %s %p\n",
		t->comm, t->pid, t->cpu, (now - note->since_ns) / NSEC_PER_SEC, t->state,
		note->what ? note->what : "something", note->object);
	if (owner)
		pr_warn("  which a task holds: %s (pid %d)\n", owner->comm, owner->pid);
	show_sleeper(t);
}

/* Is the lock free that @t sleeps for?  Twice in a row, and nothing in between, is no coincidence. */
static void check_lost_wakeup(struct task_struct *t, u64 now)
{
	struct wait_note *note = &t->wait_note;

	if (!note->lock || !spin_trylock(note->lock))
		return;
	if (!note->is_free(note->object))
		note->seen_free = 0;
	else
		note->seen_free++;
	spin_unlock(note->lock);
	if (note->seen_free < 2)
		return;
	report_task(t, now);
	panic("lost wake-up: pid %d, last on CPU %u, sleeps for a %s that is free", t->pid, t->cpu,
	      note->what);
}

static void check_sleeper(struct task_struct *t, u64 now)
{
	struct wait_note *note = &t->wait_note;

	if (note->switches != t->nvcsw) {
		note->switches = t->nvcsw;
		note->since_ns = now;
		note->reported = false;
		note->seen_free = 0;
		return;
	}
	check_lost_wakeup(t, now);
	if (now - note->since_ns > HUNG_NS && t->state == TASK_UNINTERRUPTIBLE && !note->reported) {
		note->reported = true;
		report_task(t, now);
	}
}

static void check_task(struct task_struct *t, u64 now)
{
	unsigned long flags;
	struct rq *rq;

	if (!(READ_ONCE(t->state) & (TASK_UNINTERRUPTIBLE | TASK_KILLABLE)))
		return;
	rq = task_rq_lock(t, &flags);
	if ((t->state & (TASK_UNINTERRUPTIBLE | TASK_KILLABLE)) && !t->se.on_rq)
		check_sleeper(t, now);
	spin_unlock_irqrestore(&rq->lock, flags);
}

static void check_tasks(u64 now)
{
	struct task_struct *p, *t;

	if (!spin_trylock(&process_table_lock))
		return;
	list_for_each_entry(p, &task_list, tasks) {
		for_each_thread(p, t)
			check_task(t, now);
	}
	spin_unlock(&process_table_lock);
}

/* --- looking --- */

static void look(u64 now)
{
	unsigned int cpu;
	u64 due = READ_ONCE(next_look_ns);

	if (now < due || !try_cmpxchg(&next_look_ns, &due, now + LOOK_NS))
		return;
	for_each_online_cpu(cpu)
	{
		if (cpu != smp_processor_id())
			check_other_cpu(cpu, now);
	}
	check_tasks(now);
}

void watchdog_tick(u64 now, bool in_user)
{
	struct watchdog *wd = this_cpu_ptr(&watchdogs);

	WRITE_ONCE(wd->beat_ns, now);
	check_own_cpu(wd, this_rq(), now, in_user);
	if (now > READ_ONCE(next_look_ns) + LOOK_NS) /* whoever should have looked did not */
		look(now);
}

static void look_timer_fn(struct ktimer *timer)
{
	look(ktime_get_ns());
	ktimer_start(timer, ktime_get_ns() + LOOK_NS);
}

void watchdog_init(void)
{
	next_look_ns = ktime_get_ns() + LOOK_NS;
	ktimer_init(&look_timer, look_timer_fn);
	ktimer_start(&look_timer, next_look_ns);
}
#endif
