/*
 * kernel/sched_fair.c - who runs next: the one who has had the least
 *
 * Each task carries its virtual runtime: the nanoseconds it ran, stretched by 1024 / weight.  Runnable tasks wait
 * in a red-black tree ordered by it, and the leftmost runs next; so over time everybody's virtual time advances
 * alike, which shares the CPU by weight.
 *
 *   F1  the running task is not in the tree (pick_next takes it out, put_prev puts it back);
 *   F2  min_vruntime never decreases; a task that slept long comes back at most half a latency behind it, so that
 *       it is served soon, but cannot claim the time it slept.
 *
 * A nice level is worth about 10 % of CPU between two tasks, weight 1024 * 1.25^-nice.
 *
 * Sources: Linux's CFS; Stoica and Abdel-Wahab 1995 (EEVDF) for the idea.
 */
#include "sched_rq.h"

#define SCHED_LATENCY_NS   (6 * NSEC_PER_MSEC)   /* everybody runs once within it ... */
#define SCHED_MIN_SLICE_NS (750 * NSEC_PER_USEC) /* ... unless the slices became too short */
#define SCHED_WAKEUP_GAIN_NS \
	(1 * NSEC_PER_MSEC) /* a woken task preempts when it is this much behind */
#define NICE_0_WEIGHT 1024u
#define STEAL_SCAN    16 /* tasks looked at for one that may leave: interrupts are off */

/* 1024 * 1.25^-nice, rounded, for -20..19: sched(7), Linux's sched_prio_to_weight */
static const u32 weights[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,
	1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,
	110,   87,    70,    56,    45,    36,    29,    23,    18,    15,
};

unsigned int sched_weight(int nice)
{
	return weights[nice + 20];
}

static u64 to_virtual(u64 ns, const struct task_struct *p)
{
	return p->prio_nice == 0 ? ns : ns * NICE_0_WEIGHT / sched_weight(p->prio_nice);
}

/* Virtual times may wrap: compare by the sign of the difference. */
static bool before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static struct task_struct *leftmost(struct rq *rq)
{
	struct rb_node *node = rb_first_cached(&rq->timeline);

	return node ? rb_entry(node, struct task_struct, se.run_node) : NULL;
}

static void update_min_vruntime(struct rq *rq)
{
	const struct task_struct *left = leftmost(rq), *curr = rq->curr;
	u64 v = rq->min_vruntime;

	if (curr != rq->idle && curr->se.on_rq)
		v = left && before(left->se.vruntime, curr->se.vruntime) ? left->se.vruntime
									 : curr->se.vruntime;
	else if (left)
		v = left->se.vruntime;
	if (before(rq->min_vruntime, v))
		rq->min_vruntime = v;
}

static void update_curr_fair(struct rq *rq)
{
	struct sched_entity *se = &rq->curr->se;
	u64 now = ktime_get_ns(), delta = now - se->exec_start;

	if (unlikely((s64)delta < 0)) /* another CPU charges us, and its clock is a little behind */
		return;
	se->exec_start = now;
	se->sum_exec_runtime += delta;
	if (rq->curr == rq->idle)
		return;
	se->vruntime += to_virtual(delta, rq->curr);
	update_min_vruntime(rq);
}

static void timeline_insert(struct rq *rq, struct task_struct *p)
{
	struct rb_node **link = &rq->timeline.rb_root.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if (before(p->se.vruntime,
			   rb_entry(parent, struct task_struct, se.run_node)->se.vruntime)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&p->se.run_node, parent, link);
	rb_insert_color_cached(&p->se.run_node, &rq->timeline, first);
}

static void enqueue_fair(struct rq *rq, struct task_struct *p, bool wakeup)
{
	u64 floor = rq->min_vruntime - SCHED_LATENCY_NS / 2;

	if (wakeup && before(p->se.vruntime, floor)) /* F2 */
		p->se.vruntime = floor;
	p->se.on_rq = true;
	rq->nr_running++;
	rq->total_weight += sched_weight(p->prio_nice);
	timeline_insert(rq, p);
}

static void dequeue_fair(struct rq *rq, struct task_struct *p)
{
	if (p != rq->curr)
		rb_erase_cached(&p->se.run_node, &rq->timeline);
	p->se.on_rq = false;
	rq->nr_running--;
	rq->total_weight -= sched_weight(p->prio_nice);
	update_min_vruntime(rq);
}

static struct task_struct *pick_next_fair(struct rq *rq)
{
	struct task_struct *p = leftmost(rq);

	if (!p)
		return NULL;
	rb_erase_cached(&p->se.run_node, &rq->timeline);
	p->se.slice_start = p->se.sum_exec_runtime;
	return p;
}

static void put_prev_fair(struct rq *rq, struct task_struct *p)
{
	timeline_insert(rq, p);
}

/* The share of the latency that the task's weight buys, never less than the shortest slice. */
static bool tick_fair(struct rq *rq, struct task_struct *p)
{
	u64 slice;

	if (rq->nr_running < 2)
		return false;
	slice = SCHED_LATENCY_NS * sched_weight(p->prio_nice) / rq->total_weight;
	return p->se.sum_exec_runtime - p->se.slice_start >= max(slice, SCHED_MIN_SLICE_NS);
}

static bool wakeup_preempt_fair(struct rq *rq, struct task_struct *p)
{
	return before(p->se.vruntime + to_virtual(SCHED_WAKEUP_GAIN_NS, p), rq->curr->se.vruntime);
}

static void yield_fair(struct rq *rq, struct task_struct *p)
{
	struct rb_node *last = rb_last(&rq->timeline.rb_root);

	/* Behind everybody who waits now. */
	if (last &&
	    before(p->se.vruntime, rb_entry(last, struct task_struct, se.run_node)->se.vruntime))
		p->se.vruntime = rb_entry(last, struct task_struct, se.run_node)->se.vruntime;
}

static void fork_fair(struct rq *rq, struct task_struct *p)
{
	/* The child starts where its parent is: a program that forks does not gain time by it. */
	p->se.vruntime = rq->curr == rq->idle ? rq->min_vruntime : rq->curr->se.vruntime;
}

/* Each queue's virtual time runs on its own: on the way from one to another only the distance from it counts. */
static void leave_fair(struct rq *rq, struct task_struct *p)
{
	p->se.vruntime -= rq->min_vruntime;
}

static void join_fair(struct rq *rq, struct task_struct *p)
{
	p->se.vruntime += rq->min_vruntime;
}

/* From the right: who has the longest wait before it here loses the least by leaving. */
static struct task_struct *steal_fair(struct rq *rq, unsigned long cpus)
{
	struct rb_node *node = rb_last(&rq->timeline.rb_root);

	for (unsigned int i = 0; node && i < STEAL_SCAN; i++, node = rb_prev(node)) {
		struct task_struct *p = rb_entry(node, struct task_struct, se.run_node);

		if (p->cpus_allowed & cpus)
			return p;
	}
	return NULL;
}

const struct sched_class fair_sched_class = {
	.enqueue = enqueue_fair,
	.dequeue = dequeue_fair,
	.pick_next = pick_next_fair,
	.put_prev = put_prev_fair,
	.update_curr = update_curr_fair,
	.tick = tick_fair,
	.wakeup_preempt = wakeup_preempt_fair,
	.yield = yield_fair,
	.fork = fork_fair,
	.leave = leave_fair,
	.join = join_fair,
	.steal = steal_fair,
};
