/*
 * kernel/wait.c - wait queues
 *
 * No wake-up is lost: a sleeper is on the queue and marked asleep before it looks at the condition a last time; a
 * waker changes the condition before it looks at the queue.  The full barriers between (set_task_state on one
 * side, smp_mb in wake_up_mode on the other) make sure that at least one of the two sees the other.
 *
 * Plain waiters stand before exclusive ones, and a wake-up takes its waiter off the queue: the next one meets the
 * next waiter.
 *
 * Locking: wq->lock, irq-safe, so that interrupt handlers may wake.
 */
#include <kernel/sched.h>
#include <kernel/wait.h>
#include "lockdebug.h"

void init_wait(struct wait_queue_entry *wait)
{
	wait->task = current;
	INIT_LIST_HEAD(&wait->entry);
	wait->func = NULL;
	wait->private = NULL;
	wait->exclusive = false;
}

void prepare_to_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait, unsigned int state)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	if (list_empty(&wait->entry)) {
		if (wait->exclusive)
			list_add_tail(&wait->entry, &wq->head);
		else
			list_add(&wait->entry, &wq->head);
	}
	note_wait("wait queue", wq);
	set_task_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void finish_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait)
{
	unsigned long flags;

	set_task_state(TASK_RUNNING);
	note_wait_end();
	/* The lock also waits for a waker that is just unlinking us: the entry lies on our stack. */
	spin_lock_irqsave(&wq->lock, flags);
	if (!list_empty(&wait->entry))
		list_del_init(&wait->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

static bool wake_one(struct wait_queue_entry *wait, unsigned int states, void *key)
{
	if (wait->func)
		return wait->func(wait, states, key);
	if (!wake_up_state(wait->task, states))
		return false;
	list_del_init(&wait->entry);
	return true;
}

/**
 * wake_up_mode - wake the plain waiters and some exclusive ones
 * @states:       TASK_* of sleeps that this ends
 * @nr_exclusive: how many exclusive waiters; 0: all
 * @key:          handed to the waiters' functions
 *
 * Context: any.
 */
void wake_up_mode(wait_queue_head_t *wq, unsigned int states, int nr_exclusive, void *key)
{
	struct wait_queue_entry *wait, *next;
	unsigned long flags;

	smp_mb();
	if (list_empty(&wq->head))
		return;
	spin_lock_irqsave(&wq->lock, flags);
	list_for_each_entry_safe(wait, next, &wq->head, entry) {
		bool exclusive = wait->exclusive;

		if (wake_one(wait, states, key) && exclusive && --nr_exclusive == 0)
			break;
	}
	spin_unlock_irqrestore(&wq->lock, flags);
}
