/*
 * kernel/timer.c - one-shot timers and timed sleeps
 *
 * Each CPU keeps its timers in a red-black tree by expiry and has its hardware armed for the first: no tick is
 * needed to find the next one, and an idle CPU without timers sleeps until a device calls.
 *
 * A timer's function runs in the interrupt, with interrupts off and no lock held, so it may wake tasks, send
 * signals, and start its timer again.
 *
 *   T1  timer->queued exactly while the node is in the tree of base(timer->cpu);
 *   T2  base->running names the timer whose function runs now: who cancels a timer on another CPU waits for it.
 *
 * Locking: base->lock, rank LOCK_TIMER, irq-safe; it nests outside the run queue's.
 */
#include <kernel/sched.h>
#include <kernel/time.h>
#include <arch/irq.h>
#include "sched_rq.h"

struct timer_base {
	spinlock_t lock;
	struct rb_root_cached tree;
	struct ktimer *running;
};

static DEFINE_PER_CPU(struct timer_base, timer_bases);

static struct timer_base *base_of(unsigned int cpu)
{
	return per_cpu_ptr(&timer_bases, cpu);
}

void ktimer_init(struct ktimer *timer, void (*fn)(struct ktimer *timer))
{
	timer->fn = fn;
	timer->expires_ns = 0;
	timer->cpu = 0;
	timer->queued = false;
}

/* True if the timer became the first of its tree. */
static bool enqueue(struct timer_base *base, struct ktimer *timer)
{
	struct rb_node **link = &base->tree.rb_root.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if (timer->expires_ns < rb_entry(parent, struct ktimer, node)->expires_ns) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&timer->node, parent, link);
	rb_insert_color_cached(&timer->node, &base->tree, first);
	timer->queued = true;
	return first;
}

static void dequeue(struct timer_base *base, struct ktimer *timer)
{
	rb_erase_cached(&timer->node, &base->tree);
	timer->queued = false;
}

/**
 * ktimer_start - call timer->fn once, at or just after @expires_ns
 * @expires_ns: on CLOCK_MONOTONIC; the past means at once; KTIME_MAX: never
 *
 * A timer that is already queued is moved to this CPU and time.
 * Context: any; irq-safe.
 */
void ktimer_start(struct ktimer *timer, u64 expires_ns)
{
	struct timer_base *base;
	unsigned long flags;

	ktimer_cancel(timer);
	if (expires_ns >= KTIME_MAX)
		return;
	local_irq_save(flags);
	base = this_cpu_ptr(&timer_bases);
	spin_lock(&base->lock);
	timer->expires_ns = expires_ns;
	timer->cpu = smp_processor_id();
	if (enqueue(base, timer) && !base->running)
		timer_arm(expires_ns);
	spin_unlock_irqrestore(&base->lock, flags);
}

/**
 * ktimer_cancel - take a timer back
 *
 * Return: true if it was still pending.  Either way fn is not running on another CPU afterwards, unless fn itself
 * is the caller.
 * Context: any; irq-safe.
 */
bool ktimer_cancel(struct ktimer *timer)
{
	struct timer_base *base = base_of(READ_ONCE(timer->cpu));
	unsigned long flags;
	bool pending;

	spin_lock_irqsave(&base->lock, flags);
	pending = timer->queued;
	if (pending)
		dequeue(base, timer);
	while (base->running == timer && timer->cpu != smp_processor_id()) {
		spin_unlock_irqrestore(&base->lock, flags);
		cpu_relax();
		spin_lock_irqsave(&base->lock, flags);
	}
	spin_unlock_irqrestore(&base->lock, flags);
	return pending;
}

static struct ktimer *first_timer(struct timer_base *base)
{
	struct rb_node *node = rb_first_cached(&base->tree);

	return node ? rb_entry(node, struct ktimer, node) : NULL;
}

/* The timer interrupt: run what is due, arm for what is not. */
static void timer_interrupt(struct pt_regs *regs, void *arg)
{
	struct timer_base *base = this_cpu_ptr(&timer_bases);
	struct ktimer *timer;

	(void)arg;
	this_cpu_write(tick_in_user, user_mode(regs));
	spin_lock(&base->lock);
	while ((timer = first_timer(base)) && timer->expires_ns <= ktime_get_ns()) {
		dequeue(base, timer);
		base->running = timer;
		spin_unlock(&base->lock);
		timer->fn(timer);
		spin_lock(&base->lock);
		base->running = NULL;
	}
	if (timer)
		timer_arm(timer->expires_ns);
	spin_unlock(&base->lock);
}

void timers_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct timer_base *base = base_of(cpu);

		spin_lock_init(&base->lock, LOCK_TIMER);
		base->tree = RB_ROOT_CACHED;
	}
	if (request_vector(VECTOR_TIMER, timer_interrupt, NULL, "Local timer interrupts"))
		panic("timer: vector is taken");
}

struct sleep_timer {
	struct ktimer timer;
	struct task_struct *task;
};

static void sleep_timeout(struct ktimer *timer)
{
	wake_up_process(container_of(timer, struct sleep_timer, timer)->task);
}

u64 schedule_timeout(u64 ns)
{
	struct sleep_timer sleep = { .task = current };
	u64 now, end;

	if (ns >= KTIME_MAX) {
		schedule();
		return KTIME_MAX;
	}
	end = ktime_get_ns() + ns;
	ktimer_init(&sleep.timer, sleep_timeout);
	ktimer_start(&sleep.timer, end);
	schedule();
	ktimer_cancel(&sleep.timer);
	now = ktime_get_ns();
	return now < end ? end - now : 0;
}
