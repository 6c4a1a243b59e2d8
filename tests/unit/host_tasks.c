/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/host_tasks.c - does the harness see what it is there to see?
 *
 * Every kind of mistake that the other tests rely on being caught is made here on purpose.
 */
#include "env.h"

static DEFINE_SPINLOCK(lru, LOCK_LRU);
static DEFINE_SPINLOCK(area_a, LOCK_VMALLOC);
static DEFINE_SPINLOCK(area_b, LOCK_VMALLOC);
static struct rw_semaphore sem = RWSEM_INIT(sem, LOCK_MMAP);
static unsigned long counter;

static void add_unlocked(void *arg)
{
	for (int i = 0; i < 100; i++) {
		unsigned long v = counter;

		env_seam();
		counter = v + 1;
	}
	(void)arg;
}

static void add_locked(void *arg)
{
	for (int i = 0; i < 100; i++) {
		spin_lock(&lru);
		add_unlocked(NULL);
		spin_unlock(&lru);
	}
	(void)arg;
}

static void add_with_rwsem(void *arg)
{
	for (int i = 0; i < 100; i++) {
		down_write(&sem);
		add_unlocked(NULL);
		up_write(&sem);
		down_read(&sem);
		env_seam();
		up_read(&sem);
	}
	(void)arg;
}

TEST(scheduler_interleaves_tasks)
{
	env_task_fn fns[4] = { add_unlocked, add_unlocked, add_unlocked, add_unlocked };

	env_arena_init(NULL);
	env_run(4, fns, NULL);
	ASSERT(counter < 400);
	ASSERT(counter >= 100);
}

TEST(locks_exclude)
{
	env_task_fn spin[4] = { add_locked, add_locked, add_locked, add_locked };
	env_task_fn sleep[4] = { add_with_rwsem, add_with_rwsem, add_with_rwsem, add_with_rwsem };

	env_arena_init(NULL);
	env_run(4, spin, NULL);
	ASSERT_EQ(counter, 40000);
	env_run(4, sleep, NULL);
	ASSERT_EQ(counter, 80000);
}

static void take_wrong_order(void)
{
	spin_lock(&area_a);
	spin_lock(&lru);
}

static void take_same_rank(void)
{
	spin_lock(&area_a);
	spin_lock(&area_b);
}

static void take_nested_downwards(void)
{
	spinlock_t *low = min(&area_a, &area_b), *high = max(&area_a, &area_b);

	spin_lock(high);
	spin_lock_nested(low);
}

static void take_twice(void)
{
	spin_lock(&lru);
	spin_lock(&lru);
}

static void sleep_under_spinlock(void)
{
	spin_lock(&lru);
	might_sleep();
}

static void sleep_with_interrupts_off(void)
{
	local_irq_disable();
	down_read(&sem);
}

static DEFINE_PER_CPU(int, of_one_cpu);

static void sleep_with_data_of_one_cpu(void)
{
	*get_cpu_ptr(&of_one_cpu) = 1;
	down_read(&sem);
	put_cpu_ptr(&of_one_cpu);
}

static void unlock_what_is_free(void)
{
	spin_unlock(&lru);
}

static void sleep_in_rcu(void)
{
	rcu_read_lock();
	synchronize_rcu();
}

TEST(lock_mistakes_are_failures)
{
	spinlock_t *low = min(&area_a, &area_b), *high = max(&area_a, &area_b);

	env_arena_init(NULL);
	EXPECT(test_expect_panic(take_wrong_order, "lock order"));
	EXPECT(test_expect_panic(take_same_rank, "not nested"));
	EXPECT(test_expect_panic(take_nested_downwards, "not by address"));
	EXPECT(test_expect_panic(take_twice, "taken twice"));
	EXPECT(test_expect_panic(sleep_under_spinlock, "sleeping while atomic"));
	EXPECT(test_expect_panic(sleep_with_interrupts_off, "sleeping while atomic"));
	EXPECT(test_expect_panic(sleep_with_data_of_one_cpu, "sleeping while atomic"));
	EXPECT(test_expect_panic(unlock_what_is_free, "which is free"));
	EXPECT(test_expect_panic(sleep_in_rcu, "read section"));
	spin_lock(low);
	spin_lock_nested(high);
	spin_unlock(low);
	spin_unlock(high);
}

static void lock_a_then_sem_b(void *arg)
{
	struct rw_semaphore **pair = arg;

	down_write(pair[0]);
	for (int i = 0; i < 20; i++)
		env_seam();
	down_write_nested(pair[1]);
	up_write(pair[1]);
	up_write(pair[0]);
}

static void deadlock(void)
{
	static struct rw_semaphore a = RWSEM_INIT(a, LOCK_MMAP), b = RWSEM_INIT(b, LOCK_MMAP);
	struct rw_semaphore *ab[] = { &a, &b }, *ba[] = { &b, &a };
	env_task_fn fns[2] = { lock_a_then_sem_b, lock_a_then_sem_b };
	void *args[2] = { ab, ba };

	env_set_switch_rate(1);
	env_run(2, fns, args);
}

static void end_with_a_lock(void *arg)
{
	down_read(&sem);
	(void)arg;
}

static void run_end_with_a_lock(void)
{
	env_task_fn fns[1] = { end_with_a_lock };

	env_run(1, fns, NULL);
}

TEST(deadlock_is_reported)
{
	env_arena_init(NULL);
	EXPECT(test_expect_panic(deadlock, "deadlock"));
	EXPECT(test_expect_panic(run_end_with_a_lock, "a task ended"));
}

static wait_queue_head_t queue = WAIT_QUEUE_HEAD_INIT(queue);
static bool ready;

static void wait_until_ready(void *arg)
{
	wait_event(&queue, ready);
	counter++;
	(void)arg;
}

static void make_ready(void *arg)
{
	ready = true;
	wake_up_all(&queue);
	(void)arg;
}

static void defer_ready(void *arg)
{
	env_defer(make_ready, NULL);
	(void)arg;
}

TEST(waiters_are_woken_by_tasks_and_interrupts)
{
	env_task_fn fns[3] = { wait_until_ready, wait_until_ready, make_ready };
	env_task_fn irq[3] = { wait_until_ready, wait_until_ready, defer_ready };

	env_arena_init(NULL);
	env_run(3, fns, NULL);
	ASSERT_EQ(counter, 2);
	ready = false;
	env_run(3, irq, NULL);
	ASSERT_EQ(counter, 4);
	ready = false;
	env_defer(make_ready, NULL);
	wait_until_ready(NULL);
	ASSERT_EQ(counter, 5);
}

static bool freed;
static struct rcu_head head;

static void free_it(struct rcu_head *h)
{
	freed = h == &head;
}

static void reader(void *arg)
{
	rcu_read_lock();
	counter = 1;
	for (int i = 0; i < 200; i++) {
		env_seam();
		ASSERT(!freed);
	}
	counter = 2;
	rcu_read_unlock();
	(void)arg;
}

static void updater(void *arg)
{
	while (counter == 0)
		cpu_relax();
	call_rcu(&head, free_it);
	synchronize_rcu();
	ASSERT(freed);
	ASSERT_EQ(counter, 2);
	(void)arg;
}

TEST(rcu_waits_for_readers)
{
	env_task_fn fns[2] = { reader, updater };

	env_arena_init(NULL);
	env_run(2, fns, NULL);
	ASSERT(freed);
}

static DEFINE_PER_CPU(unsigned long, mine);

static void count_mine(void *arg)
{
	for (int i = 0; i < 50; i++) {
		this_cpu_inc(mine);
		env_seam();
	}
	ASSERT_EQ(this_cpu_read(mine), 50);
	ASSERT_EQ(*(int *)arg, smp_processor_id());
}

TEST(per_cpu_data_is_per_cpu)
{
	env_task_fn fns[4] = { count_mine, count_mine, count_mine, count_mine };
	int cpu[4] = { 0, 1, 2, 3 };
	void *args[4] = { &cpu[0], &cpu[1], &cpu[2], &cpu[3] };

	env_arena_init(NULL);
	env_run(4, fns, args);
	ASSERT_EQ(*per_cpu_ptr(&mine, 3), 50);
}
