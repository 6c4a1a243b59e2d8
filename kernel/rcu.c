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
 *   C3  idle CPUs are left out when a period begins (gp_idle): they cannot read.  Interrupt handlers do not read
 *       RCU-protected structures, so an interrupted idle loop is still idle.
 *
 * Locks: the lists are touched by their CPU only, with interrupts off; gp_* under gp_lock, rank LOCK_RCU, which
 * nests inside the run queue's; so the wake-up of the thread comes after its release.
 *
 * Sources: McKenney and Slingwine 1998; Linux's classic RCU.
 */
#include <lib/err.h>
#include <kernel/sched.h>
#include <kernel/rcu.h>
#include <lib/bitops.h>

struct rcu_list {
	struct rcu_head *first, **tail;
};

struct rcu_data {
	struct rcu_list next, wait, done;
	u64 wait_gp;                /* wait's batch is free when this period has completed */
	u64 seen_gp;                /* the last period this CPU reported for */
	struct task_struct *thread; /* runs done */
	wait_queue_head_t wq;
};

static DEFINE_PER_CPU(struct rcu_data, rcu_data);

static DEFINE_SPINLOCK(gp_lock, LOCK_RCU);
static u64 gp_current, gp_completed; /* a period runs while they differ */
static u64 gp_wanted;                /* highest period that somebody waits for */
static unsigned long gp_pending;     /* CPUs still to report */
static unsigned long gp_idle;        /* CPUs in the idle loop */
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

/* rcu_cpu_online - grace periods from now on wait for this CPU, too; interrupts off */
void rcu_cpu_online(void)
{
	spin_lock(&gp_lock);
	gp_online |= BIT(smp_processor_id());
	spin_unlock(&gp_lock);
}

/* gp_lock held: begin periods as long as one is wanted; with every CPU idle it ends at once. */
static void gp_advance(void)
{
	while (!gp_pending) {
		gp_completed = gp_current;
		if (gp_current >= gp_wanted)
			return;
		gp_current++;
		gp_pending = gp_online & ~gp_idle;
	}
}

/* Close a batch (C1) and take over what the completed period freed.  Interrupts off.  True: done has work. */
static bool advance_lists(struct rcu_data *rd)
{
	if (rd->wait.first && READ_ONCE(gp_completed) >= rd->wait_gp)
		list_move_all(&rd->done, &rd->wait);
	if (!rd->wait.first && rd->next.first) {
		list_move_all(&rd->wait, &rd->next);
		spin_lock(&gp_lock);
		rd->wait_gp = gp_current + 1;
		gp_wanted = max(gp_wanted, rd->wait_gp);
		gp_advance();
		spin_unlock(&gp_lock);
	}
	return rd->done.first;
}

static void report(struct rcu_data *rd, unsigned long cpu_bit)
{
	if (rd->seen_gp == READ_ONCE(gp_current))
		return;
	spin_lock(&gp_lock);
	rd->seen_gp = gp_current;
	if (gp_pending & cpu_bit) {
		gp_pending &= ~cpu_bit;
		gp_advance();
	}
	spin_unlock(&gp_lock);
}

/**
 * rcu_quiescent_state - this CPU reads nothing right now
 *
 * Context: any that holds no reference found under rcu_read_lock and no lock from the run queue's inwards.
 */
void rcu_quiescent_state(void)
{
	struct rcu_data *rd = this_cpu_ptr(&rcu_data);
	unsigned long flags;
	bool work;

	if (!rd->wait.first && !rd->next.first && rd->seen_gp == READ_ONCE(gp_current))
		return;
	local_irq_save(flags);
	/* Close the open batch first: then this very state counts for it. */
	advance_lists(rd);
	report(rd, BIT(smp_processor_id()));
	work = advance_lists(rd);
	local_irq_restore(flags);
	if (work && rd->thread)
		wake_up(&rd->wq);
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

	rcu_quiescent_state();
	spin_lock(&gp_lock);
	gp_idle |= BIT(smp_processor_id());
	gp_pending &= ~gp_idle;
	gp_advance();
	spin_unlock(&gp_lock);
	if (advance_lists(rd) && rd->thread)
		wake_up(&rd->wq);
}

void rcu_idle_exit(void)
{
	spin_lock(&gp_lock);
	gp_idle &= ~BIT(smp_processor_id());
	spin_unlock(&gp_lock);
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

static struct rcu_head *take_done(struct rcu_data *rd)
{
	struct rcu_head *first;

	local_irq_disable();
	first = rd->done.first;
	list_reset(&rd->done);
	local_irq_enable();
	return first;
}

static int rcu_thread(void *arg)
{
	struct rcu_data *rd = arg;

	for (;;) {
		struct rcu_head *head, *next;

		(void)wait_event_interruptible(&rd->wq, READ_ONCE(rd->done.first));
		for (head = take_done(rd); head; head = next) {
			next = head->next;
			head->func(head);
			cond_resched();
		}
	}
	return 0;
}

void rcu_start_thread(void)
{
	struct rcu_data *rd = this_cpu_ptr(&rcu_data);
	struct task_struct *t = kthread_run(rcu_thread, rd, "rcu/0");

	if (IS_ERR(t))
		panic("rcu: no memory for the callback thread");
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
