/*
 * kernel/rcu.c - freeing what readers without locks may still look at
 *
 * A grace period is over when every CPU has passed a quiescent state since it began: a context switch, the idle
 * loop, or a clock tick that found it in user mode.  The kernel is not preempted, so no reader spans one.
 *
 * Grace periods are numbered.  Each CPU has three lists of callbacks, moved from left to right:
 *
 *     next      since the current batch was closed    -> wait, when wait is empty
 *     wait      for the end of grace period wait_gp   -> done, when gp_completed reaches it
 *     done      free to run                           -> run by the CPU's kernel thread, in process context
 *
 *   C1  a batch that enters wait while period n runs waits for n + 1: a reader may have begun after some CPU
 *       reported for n.
 *   C2  gp_pending holds the CPUs that have not reported for the current period; the one that clears the last
 *       bit ends it, and begins the next if one is wanted.
 *   C3  a CPU whose idle flag is set does not read, and need not report: it may sleep for hours.
 *   C4  gp_waiters holds the CPUs whose wait is not empty; who ends the period that one of them waits for wakes its
 *       thread.  So a CPU that idles, and nobody else asks for anything, gets its callbacks run all the same.
 *
 * C3 against time.  Who begins a period writes gp_pending with all CPUs in it, then reads the idle flags and takes
 * those CPUs out.  A CPU that becomes idle writes its flag, then reads gp_pending and reports if it is in it.  With a
 * full barrier between write and read on both sides one of the two takes the bit out.  In the same way a CPU that
 * ceases to be idle writes its flag, then reads pointers; if the flag was seen set, then what the period's
 * beginner wrote before, and so all that was unlinked, is seen by those reads.
 *
 * An interrupt on an idle CPU may read (a tracepoint does), so it ends the idleness: rcu_irq_enter.  The idle loop
 * begins it anew.  A CPU that is busy has a tick, and so reports within one or two of them when it passes user mode
 * or a switch; it needs no interrupt from others.
 *
 * Locks: the lists are touched by their CPU only, with interrupts off (the thread is bound to it); gp_* under gp_lock,
 * rank LOCK_RCU, which nests inside the run queue's; so threads are woken after its release.
 *
 * Sources: McKenney and Slingwine 1998; Linux's classic RCU.
 */
#include <arch/smp.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <lib/bitops.h>
#include <lib/err.h>
#include <lib/printf.h>

struct rcu_list {
	struct rcu_head *first, **tail;
};

struct rcu_data {
	struct rcu_list next, wait, done;
	u64 wait_gp;                /* wait's batch is free when this period has completed */
	u64 seen_gp;                /* the last period this CPU reported for */
	struct task_struct *thread; /* bound to the CPU; runs done */
	wait_queue_head_t wq;
};

static DEFINE_PER_CPU(struct rcu_data, rcu_data);
DEFINE_PER_CPU(u32,
	       rcu_cpu_idle); /* 1 while in the idle loop and not in an interrupt; others read it */

static DEFINE_SPINLOCK(gp_lock, LOCK_RCU);
static u64 gp_current, gp_completed; /* a period runs while they differ */
static u64 gp_wanted;                /* highest period that somebody waits for */
static unsigned long gp_pending;     /* CPUs still to report */
static unsigned long gp_waiters;     /* CPUs with callbacks in wait */
static unsigned long gp_online;

static_assert(NR_CPUS <= BITS_PER_LONG, "one bit per CPU");

static void list_reset(struct rcu_list *l)
{
	l->first = NULL;
	l->tail = &l->first;
}

static void list_move_all(struct rcu_list *to, struct rcu_list *from)
{
	if (!from->first)
		return;
	*to->tail = from->first;
	to->tail = from->tail;
	list_reset(from);
}

void rcu_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct rcu_data *rd = per_cpu_ptr(&rcu_data, cpu);

		list_reset(&rd->next);
		list_reset(&rd->wait);
		list_reset(&rd->done);
		init_waitqueue_head(&rd->wq);
	}
	gp_online = BIT(smp_processor_id());
}

/* rcu_cpu_online - grace periods wait for this CPU, too, from now on; interrupts off */
void rcu_cpu_online(void)
{
	spin_lock(&gp_lock);
	gp_online |= BIT(smp_processor_id());
	spin_unlock(&gp_lock);
}

/* gp_lock held. */
static unsigned long idle_cpus_of(unsigned long cpus)
{
	unsigned long idle = 0;
	unsigned int cpu;

	for_each_cpu_in(cpu, cpus)
	{
		if (READ_ONCE(*per_cpu_ptr(&rcu_cpu_idle, cpu)))
			idle |= BIT(cpu);
	}
	return idle;
}

/* gp_lock held.  The CPUs whose wait has become free; they are no waiters any more. */
static unsigned long take_served(void)
{
	unsigned long served = 0;
	unsigned int cpu;

	for_each_cpu_in(cpu, gp_waiters)
	{
		if (per_cpu_ptr(&rcu_data, cpu)->wait_gp <= gp_completed)
			served |= BIT(cpu);
	}
	gp_waiters &= ~served;
	return served;
}

/*
 * gp_lock held: begin periods as long as one is wanted; with every CPU idle it ends at once.  Returns the CPUs whose
 * threads are to be woken when the lock has been released.
 */
static unsigned long gp_advance(void)
{
	while (!gp_pending) {
		WRITE_ONCE(gp_completed, gp_current);
		if (gp_current >= gp_wanted)
			break;
		WRITE_ONCE(gp_current, gp_current + 1);
		__atomic_store_n(&gp_pending, gp_online, __ATOMIC_SEQ_CST); /* C3: then the flags */
		gp_pending &= ~idle_cpus_of(gp_online);
	}
	return take_served();
}

static void wake_threads(unsigned long cpus)
{
	unsigned int cpu;

	for_each_cpu_in(cpu, cpus)
	{
		wake_up(&per_cpu_ptr(&rcu_data, cpu)->wq);
	}
}

/* Close a batch (C1) and take over what the completed period freed.  Interrupts off.  CPUs to wake, as gp_advance. */
static unsigned long advance_lists(struct rcu_data *rd)
{
	unsigned long wake = 0;

	if (rd->wait.first && READ_ONCE(gp_completed) >= rd->wait_gp)
		list_move_all(&rd->done, &rd->wait);
	if (!rd->wait.first && rd->next.first) {
		list_move_all(&rd->wait, &rd->next);
		spin_lock(&gp_lock);
		rd->wait_gp = gp_current + 1;
		gp_wanted = max(gp_wanted, rd->wait_gp);
		gp_waiters |= BIT(smp_processor_id());
		wake = gp_advance();
		spin_unlock(&gp_lock);
	}
	return rd->done.first ? wake | BIT(smp_processor_id()) : wake;
}

static unsigned long report(struct rcu_data *rd, unsigned long cpu_bit)
{
	unsigned long wake = 0;

	spin_lock(&gp_lock);
	rd->seen_gp = gp_current;
	if (gp_pending & cpu_bit) {
		gp_pending &= ~cpu_bit;
		wake = gp_advance();
	}
	spin_unlock(&gp_lock);
	return wake;
}

/**
 * rcu_quiescent_state - this CPU reads nothing right now
 *
 * Context: any that holds no reference found under rcu_read_lock and no lock from the wait queues' inwards.
 */
void rcu_quiescent_state(void)
{
	struct rcu_data *rd = this_cpu_ptr(&rcu_data);
	unsigned long flags, wake;

	if (!rd->wait.first && !rd->next.first && rd->seen_gp == READ_ONCE(gp_current))
		return;
	local_irq_save(flags);
	rd = this_cpu_ptr(&rcu_data);
	/* Close the open batch first: then this very state counts for it. */
	wake = advance_lists(rd);
	if (rd->seen_gp != READ_ONCE(gp_current))
		wake |= report(rd, BIT(smp_processor_id()));
	wake |= advance_lists(rd);
	local_irq_restore(flags);
	if (wake)
		wake_threads(wake);
}

bool rcu_needs_quiescent_state(void)
{
	return READ_ONCE(gp_pending) & BIT(smp_processor_id()) ||
	       this_cpu_ptr(&rcu_data)->next.first;
}

/* Interrupts off.  Being idle may end the very period that this CPU's callbacks wait for: then they run first. */
void rcu_idle_enter(void)
{
	struct rcu_data *rd = this_cpu_ptr(&rcu_data);
	unsigned long wake = 0;

	rcu_quiescent_state();
	__atomic_store_n(this_cpu_ptr(&rcu_cpu_idle), 1, __ATOMIC_SEQ_CST);
	if (READ_ONCE(gp_pending) & BIT(smp_processor_id())) /* begun just now: C3 */
		wake = report(rd, BIT(smp_processor_id()));
	wake |= advance_lists(rd);
	if (wake)
		wake_threads(wake);
}

void rcu_idle_exit(void)
{
	if (this_cpu_read(rcu_cpu_idle))
		__atomic_store_n(this_cpu_ptr(&rcu_cpu_idle), 0, __ATOMIC_SEQ_CST);
}

/**
 * call_rcu - run @func(@head) when no reader can hold the object any more
 * @head: inside the object, unused until then
 *
 * @func runs in a kernel thread, interrupts on; it must not sleep for long.
 * Context: any.
 */
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	struct rcu_data *rd;
	unsigned long flags;

	head->next = NULL;
	head->func = func;
	local_irq_save(flags);
	rd = this_cpu_ptr(&rcu_data);
	*rd->next.tail = head;
	rd->next.tail = &head->next;
	local_irq_restore(flags);
}

/* Unlocked: a hint for the thread, which is woken again when it becomes true. */
static bool has_work(const struct rcu_data *rd)
{
	return READ_ONCE(rd->done.first) ||
	       (READ_ONCE(rd->wait.first) && READ_ONCE(gp_completed) >= READ_ONCE(rd->wait_gp));
}

static struct rcu_head *take_done(struct rcu_data *rd)
{
	struct rcu_head *first;
	unsigned long wake;

	local_irq_disable();
	wake = advance_lists(rd) & ~BIT(smp_processor_id());
	first = rd->done.first;
	list_reset(&rd->done);
	local_irq_enable();
	if (wake)
		wake_threads(wake);
	return first;
}

static int rcu_thread(void *arg)
{
	struct rcu_data *rd = arg;

	for (;;) {
		struct rcu_head *head, *next;

		(void)wait_event_interruptible(&rd->wq, has_work(rd));
		for (head = take_done(rd); head; head = next) {
			next = head->next;
			head->func(head);
			cond_resched();
		}
	}
	return 0;
}

/**
 * rcu_start_thread - callbacks that were given on @cpu, which is online, are run from now on
 *
 * Context: may sleep.  Panics without memory: nothing would ever be freed.
 */
void rcu_start_thread(unsigned int cpu)
{
	struct rcu_data *rd = per_cpu_ptr(&rcu_data, cpu);
	struct task_struct *t;
	char name[16];

	scnprintf(name, sizeof(name), "rcu/%u", cpu);
	t = kthread_run_on_cpu(rcu_thread, rd, name, cpu);
	if (IS_ERR(t))
		panic("rcu: no memory for the callback thread of CPU %u", cpu);
	rd->thread = t;
}

struct rcu_synchronize {
	struct rcu_head head;
	wait_queue_head_t wq;
	bool done;
};

static void synchronize_done(struct rcu_head *head)
{
	struct rcu_synchronize *s = container_of(head, struct rcu_synchronize, head);
	unsigned long flags;

	/* Under the lock that finish_wait takes: afterwards the sleeper's stack frame may be gone. */
	spin_lock_irqsave(&s->wq.lock, flags);
	s->done = true;
	if (!list_empty(&s->wq.head))
		wake_up_process(
			list_first_entry(&s->wq.head, struct wait_queue_entry, entry)->task);
	spin_unlock_irqrestore(&s->wq.lock, flags);
}

/* synchronize_rcu - wait until every reader that runs now has ended.  Sleeps. */
void synchronize_rcu(void)
{
	struct rcu_synchronize s = { .done = false };
	struct wait_queue_entry wait;

	might_sleep();
	init_waitqueue_head(&s.wq);
	init_wait(&wait);
	call_rcu(&s.head, synchronize_done);
	for (;;) {
		prepare_to_wait(&s.wq, &wait, TASK_UNINTERRUPTIBLE);
		if (READ_ONCE(s.done))
			break;
		schedule();
	}
	finish_wait(&s.wq, &wait);
}
