/*
 * tests/unit/sched_fair.c - the policy of the scheduler, with a clock that the test sets
 *
 * Queues here have no CPU: the test plays the core, as sched.c does with the lock held.
 *
 * HOST-SOURCES: kernel/sched_fair.c
 */
#include "env.h"
#include "../../kernel/sched_rq.h"

static u64 clock_now;

u64 ktime_get_ns(void)
{
	return clock_now;
}

static struct task_struct idle;

static void init_queue(struct rq *rq)
{
	*rq = (struct rq){ .timeline = RB_ROOT_CACHED, .curr = &idle, .idle = &idle };
	rq->curr->se.exec_start = clock_now;
}

static void switch_away(struct rq *rq)
{
	sched_policy->update_curr(rq);
	if (rq->curr != rq->idle && rq->curr->se.on_rq)
		sched_policy->put_prev(rq, rq->curr);
}

static struct task_struct *switch_next(struct rq *rq)
{
	struct task_struct *next = sched_policy->pick_next(rq);

	rq->curr = next ? next : rq->idle;
	rq->curr->se.exec_start = clock_now;
	return rq->curr;
}

static void wake(struct rq *rq, struct task_struct *p)
{
	sched_policy->update_curr(rq);
	sched_policy->enqueue(rq, p, true);
}

/* Ticks of 1 ms for @ms, switching where the policy says so. */
static void run_for(struct rq *rq, unsigned int ms)
{
	while (ms--) {
		clock_now += NSEC_PER_MSEC;
		sched_policy->update_curr(rq);
		if (rq->curr != rq->idle && !sched_policy->tick(rq, rq->curr))
			continue;
		switch_away(rq);
		switch_next(rq);
	}
}

/* Shares are a/b within a tenth. */
static void check_ratio(const struct task_struct *a, const struct task_struct *b, u64 wa, u64 wb)
{
	u64 left = a->se.sum_exec_runtime * wb, right = b->se.sum_exec_runtime * wa;

	EXPECT(left <= right + right / 10 && right <= left + left / 10);
}

TEST(equal_tasks_share_equally)
{
	struct task_struct t[3] = { 0 };
	struct rq rq;

	init_queue(&rq);
	for (int i = 0; i < 3; i++)
		wake(&rq, &t[i]);
	switch_next(&rq);
	run_for(&rq, 3000);
	check_ratio(&t[0], &t[1], 1, 1);
	check_ratio(&t[0], &t[2], 1, 1);
	EXPECT(t[0].se.sum_exec_runtime + t[1].se.sum_exec_runtime + t[2].se.sum_exec_runtime ==
	       3000 * NSEC_PER_MSEC);
}

TEST(nice_levels_share_by_weight)
{
	struct task_struct a = { .prio_nice = 0 }, b = { .prio_nice = 5 };
	struct rq rq;

	init_queue(&rq);
	wake(&rq, &a);
	wake(&rq, &b);
	EXPECT(rq.total_weight == sched_weight(0) + sched_weight(5));
	switch_next(&rq);
	run_for(&rq, 20000);
	check_ratio(&a, &b, sched_weight(0), sched_weight(5));
}

TEST(a_long_sleep_is_worth_half_a_latency)
{
	struct task_struct busy = { 0 }, sleeper = { 0 };
	struct rq rq;

	init_queue(&rq);
	wake(&rq, &busy);
	switch_next(&rq);
	run_for(&rq, 10000);
	wake(&rq, &sleeper);
	EXPECT(sched_policy->wakeup_preempt(&rq, &sleeper));
	/* ... and not ten seconds: soon they take turns again. */
	switch_away(&rq);
	EXPECT(switch_next(&rq) == &sleeper);
	run_for(&rq, 20);
	EXPECT(sleeper.se.sum_exec_runtime < 15 * NSEC_PER_MSEC);
}

TEST(the_figures_of_a_queue_come_back)
{
	struct task_struct t[4] = { { .prio_nice = -20 }, { .prio_nice = 19 }, { 0 }, { 0 } };
	struct rq rq;

	init_queue(&rq);
	for (int i = 0; i < 4; i++)
		wake(&rq, &t[i]);
	switch_next(&rq);
	run_for(&rq, 100);
	for (int i = 0; i < 4; i++)
		sched_policy->dequeue(&rq, &t[i]); /* one of them is the current one */
	EXPECT(rq.nr_running == 0);
	EXPECT(rq.total_weight == 0);
	EXPECT(sched_policy->pick_next(&rq) == NULL);
}

/* A task that goes to a queue whose time is far ahead, or behind, keeps its distance. */
TEST(moving_keeps_the_place_in_time)
{
	struct task_struct a = { 0 }, b = { 0 }, c = { 0 }, *mover;
	struct rq from, to;
	u64 distance;

	init_queue(&from);
	init_queue(&to);
	to.min_vruntime = -5 * NSEC_PER_SEC; /* about to wrap */
	a.se.vruntime = to.min_vruntime;
	wake(&to, &a);
	wake(&from, &b);
	wake(&from, &c);
	switch_next(&from);
	run_for(&from, 7000);
	EXPECT(sched_policy->steal(&from, 1UL) == NULL); /* none is allowed anywhere */
	b.cpus_allowed = c.cpus_allowed = 2;
	EXPECT(sched_policy->steal(&from, 1UL) == NULL);
	mover = sched_policy->steal(&from, 2UL);
	EXPECT(mover == (from.curr == &b ? &c : &b)); /* never the current one */
	sched_policy->dequeue(&from, mover);
	distance = mover->se.vruntime - from.min_vruntime;
	sched_policy->leave(&from, mover);
	sched_policy->join(&to, mover);
	EXPECT_EQ(mover->se.vruntime - to.min_vruntime, distance);
	sched_policy->enqueue(&to, mover, false);
	switch_next(&to);
	a.se.sum_exec_runtime = mover->se.sum_exec_runtime = 0;
	run_for(&to, 10000); /* across the wrap */
	check_ratio(&a, mover, 1, 1);
}

TEST(min_vruntime_never_goes_back)
{
	struct task_struct t[3] = { 0 };
	struct rq rq;
	u64 last = 0;

	init_queue(&rq);
	wake(&rq, &t[0]);
	switch_next(&rq);
	for (int i = 0; i < 2000; i++) {
		struct task_struct *p = &t[1 + i % 2];

		run_for(&rq, 1);
		if (p->se.on_rq && p != rq.curr)
			sched_policy->dequeue(&rq, p);
		else if (!p->se.on_rq)
			wake(&rq, p);
		EXPECT((s64)(rq.min_vruntime - last) >= 0);
		last = rq.min_vruntime;
	}
	EXPECT(last > 0);
}

TEST(a_clock_that_lags_charges_nothing)
{
	struct task_struct a = { 0 };
	struct rq rq;

	init_queue(&rq);
	wake(&rq, &a);
	switch_next(&rq);
	clock_now -= 100;
	sched_policy->update_curr(&rq);
	EXPECT(a.se.sum_exec_runtime == 0);
	clock_now += 300;
	sched_policy->update_curr(&rq);
	EXPECT(a.se.sum_exec_runtime == 200);
}
