/*
 * kernel/workqueue.c - work for later, done by a kernel thread
 *
 * What may not sleep, or should not be made to wait for it, hands its work to this CPU's worker:
 *
 *     queue_work --> pool->works --> worker: pool->running = work; pending = false; work->func(work)
 *
 *   W1  work->pending is set by whoever queues the work and cleared when its function begins: work that is queued
 *       again before that runs once, after that once more;
 *   W2  the function of one work never runs on two CPUs at a time: while it runs it is queued where it runs.
 *
 * The work may be freed by its function: nothing of it is touched afterwards but its address.  One thread for each
 * CPU does one after the other, so a function that waits for another work of its CPU's would wait for ever.
 *
 * Locking: pool->lock, rank LOCK_WAITQUEUE, irq-safe; released before anybody is woken.
 *
 * Not done: several workers for works that sleep for long; delays and priorities.
 */
#include <kernel/sched.h>
#include <kernel/workqueue.h>
#include <lib/err.h>
#include <lib/printf.h>

struct worker_pool {
	spinlock_t lock;
	struct list_head works;
	struct work_struct *running; /* written by the worker under the lock; others read it */
	wait_queue_head_t more, done;
};

static DEFINE_PER_CPU(struct worker_pool, worker_pools);

static struct worker_pool *pool_of(unsigned int cpu)
{
	return per_cpu_ptr(&worker_pools, cpu);
}

void workqueue_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct worker_pool *pool = pool_of(cpu);

		spin_lock_init(&pool->lock, LOCK_WAITQUEUE);
		INIT_LIST_HEAD(&pool->works);
		init_waitqueue_head(&pool->more);
		init_waitqueue_head(&pool->done);
	}
}

/* The pool that a work goes to, locked: W2.  Interrupts off; the work is ours, being marked pending. */
static struct worker_pool *lock_pool(struct work_struct *work)
{
	struct worker_pool *pool;

	if (work->cpu != WORK_CPU_NONE) {
		pool = pool_of(work->cpu);
		spin_lock(&pool->lock);
		if (pool->running == work)
			return pool;
		spin_unlock(&pool->lock);
	}
	WRITE_ONCE(work->cpu, smp_processor_id());
	pool = pool_of(work->cpu);
	spin_lock(&pool->lock);
	return pool;
}

/**
 * queue_work - have @work->func(@work) called soon, in a kernel thread
 *
 * What the caller wrote before is seen by the function.
 *
 * Return: false if it was queued already and has not begun.
 * Context: any; no lock of rank LOCK_WAITQUEUE or later held.
 */
bool queue_work(struct work_struct *work)
{
	struct worker_pool *pool;
	unsigned long flags;

	if (__atomic_exchange_n(&work->pending, true, __ATOMIC_SEQ_CST))
		return false;
	local_irq_save(flags);
	pool = lock_pool(work);
	list_add_tail(&work->entry, &pool->works);
	spin_unlock(&pool->lock);
	wake_up(&pool->more);
	local_irq_restore(flags);
	return true;
}

/* Is the work queued, or does its function run?  The worker sets running before it clears pending. */
static bool is_busy(const struct work_struct *work)
{
	return __atomic_load_n(&work->pending, __ATOMIC_ACQUIRE) ||
	       READ_ONCE(pool_of(READ_ONCE(work->cpu))->running) == work;
}

/**
 * flush_work - wait until a work that was queued before has been done
 * @work: does not free itself
 *
 * Context: may sleep; not from a work's function.
 */
void flush_work(struct work_struct *work)
{
	might_sleep();
	while (READ_ONCE(work->cpu) != WORK_CPU_NONE && is_busy(work)) {
		unsigned int cpu = READ_ONCE(work->cpu);

		/* It changes pools only when it is done in the old one, which is told here. */
		wait_event(&pool_of(cpu)->done, READ_ONCE(work->cpu) != cpu || !is_busy(work));
	}
}

static struct work_struct *begin_work(struct worker_pool *pool)
{
	struct work_struct *work = NULL;

	spin_lock_irq(&pool->lock);
	if (!list_empty(&pool->works)) {
		work = list_first_entry(&pool->works, struct work_struct, entry);
		list_del(&work->entry);
		WRITE_ONCE(pool->running, work);
		__atomic_store_n(&work->pending, false, __ATOMIC_SEQ_CST);
	}
	spin_unlock_irq(&pool->lock);
	return work;
}

static int worker(void *arg)
{
	struct worker_pool *pool = arg;
	struct work_struct *work;

	for (;;) {
		(void)wait_event_interruptible(&pool->more, !list_empty(&pool->works));
		while ((work = begin_work(pool))) {
			work->func(work);
			spin_lock_irq(&pool->lock);
			WRITE_ONCE(pool->running, NULL);
			spin_unlock_irq(&pool->lock);
			wake_up_all(&pool->done);
			cond_resched();
		}
	}
	return 0;
}

/**
 * workqueue_start_thread - works that are queued on @cpu, which is online, are done from now on
 *
 * Context: may sleep.  Panics without memory: what is queued might be what gives memory back.
 */
void workqueue_start_thread(unsigned int cpu)
{
	char name[16];

	scnprintf(name, sizeof(name), "kworker/%u", cpu);
	if (IS_ERR(kthread_run_on_cpu(worker, pool_of(cpu), name, cpu)))
		panic("workqueue: no memory for the worker of CPU %u", cpu);
}
