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
 *   T2  base->running names the timer whose function runs now on that CPU;
 *   T3  timer->cpu changes under the lock of the base it names, and is NO_CPU on the way to another: so whoever has
 *       locked the base that a timer names, and finds it still named, has the timer.
 *
 *   T4  a timer is on its way through its function exactly while it is running's; the two change together under the
 *       lock.  So a cancel meets it queued, and takes it; or running, and comes again when that is over, when
 *       it is queued anew or off; or off.  Once it has returned only a new ktimer_start by somebody else than fn can
 *       set the timer again.
 *
 * Starting and cancelling may be called at the same time on several CPUs.  A timer whose function runs is started
 * again where it runs, so that it never runs twice at once.
 *
 * Locking: base->lock, rank LOCK_TIMER, irq-safe; it nests outside the run queue's.  Never two at a time.
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

#define NO_CPU (~0u)

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

/* Lock the base that @timer belongs to, interrupts off: T3. */
static struct timer_base *lock_base(const struct ktimer *timer)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(timer->cpu);

		if (cpu != NO_CPU) {
			struct timer_base *base = base_of(cpu);

			spin_lock(&base->lock);
			if (likely(READ_ONCE(timer->cpu) == cpu))
				return base;
			spin_unlock(&base->lock);
		}
		cpu_relax();
	}
}

/* @timer, which is not queued, goes from @base, which is locked, to this CPU's base, which is locked on return. */
static struct timer_base *move_here(struct timer_base *base, struct ktimer *timer)
{
	struct timer_base *here = this_cpu_ptr(&timer_bases);

	if (base == here || base->running == timer)
		return base;
	WRITE_ONCE(timer->cpu, NO_CPU);
	spin_unlock(&base->lock);
	spin_lock(&here->lock);
	WRITE_ONCE(timer->cpu, smp_processor_id());
	return here;
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

	local_irq_save(flags);
	base = lock_base(timer);
	if (timer->queued)
		dequeue(base, timer);
	if (expires_ns < KTIME_MAX) {
		base = move_here(base, timer);
		timer->expires_ns = expires_ns;
		/* While a function runs the interrupt goes on to arm the timer itself. */
		if (enqueue(base, timer) && !base->running)
			timer_arm(expires_ns);
	}
	spin_unlock(&base->lock);
	local_irq_restore(flags);
}

/* ktimer_active - is @timer started and its function not over yet?  Any context; irq-safe. */
bool ktimer_active(const struct ktimer *timer)
{
	struct timer_base *base;
	unsigned long flags;
	bool active;

	local_irq_save(flags);
	base = lock_base(timer);
	active = timer->queued || base->running == timer;
	spin_unlock(&base->lock);
	local_irq_restore(flags);
	return active;
}

/**
 * ktimer_try_cancel - take a timer back, unless that means to wait
 *
 * Return: 1 it was pending, 0 it was not, -1 its function runs on another CPU just now: nothing was done.
 * Context: any; irq-safe.
 */
int ktimer_try_cancel(struct ktimer *timer)
{
	struct timer_base *base;
	unsigned long flags;
	int ret = 0;

	local_irq_save(flags);
	base = lock_base(timer);
	if (base->running == timer && base != this_cpu_ptr(&timer_bases)) {
		ret = -1;
	} else if (timer->queued) {
		dequeue(base, timer);
		ret = 1;
	}
	spin_unlock(&base->lock);
	local_irq_restore(flags);
	return ret;
}

/**
 * ktimer_cancel - take a timer back
 *
 * A function that runs on another CPU is waited for, and what it has started again is taken back, too: T4.
 *
 * Return: true if it was still pending.  fn does not run any more, unless fn itself is the caller.
 * Context: any; irq-safe; no lock held that fn takes.
 */
bool ktimer_cancel(struct ktimer *timer)
{
	int ret;

	while ((ret = ktimer_try_cancel(timer)) < 0)
		cpu_relax();
	return ret;
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
