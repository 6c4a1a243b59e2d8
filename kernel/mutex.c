/*
 * kernel/mutex.c - a mutex that is not free
 *
 * state is 0 free, 1 held, 2 held and somebody may be waiting.  1 becomes 2 only under wait_lock, by a waiter that
 * is on the list; so an owner that finds 1 at unlock knows that nobody needs waking.  A waiter takes the lock by
 * exchanging 2 into it: if it was free the waiter owns it, if not the owner now knows.
 *
 * The lock is not handed over: between the wake-up and the moment the waiter runs, another task may take it.  On
 * a kernel that is not preempted this is rare, and it saves a switch for each contended unlock.
 *
 * Source: Drepper, "Futexes Are Tricky", the three-state mutex.
 */
#include <uapi/errno.h>
#include <kernel/sched.h>
#include <kernel/mutex.h>
#include "lockdebug.h"

struct mutex_waiter {
	struct list_head list;
	struct task_struct *task;
};

void mutex_init(struct mutex *m, enum lock_rank rank)
{
	m->state = 0;
	m->rank = (u16)rank;
	m->owner = NULL;
	spin_lock_init(&m->wait_lock, LOCK_WAITQUEUE);
	INIT_LIST_HEAD(&m->wait_list);
}

/*
 * Is the mutex free and nobody about to take it?  With wait_lock held this is never true: who unlocks wakes the first
 * waiter before it releases that, and the woken one stays the first until it has the mutex.  Those behind sleep on.
 */
static bool is_free(const void *mutex)
{
	const struct mutex *m = mutex;
	const struct mutex_waiter *first =
		list_first_entry(&m->wait_list, struct mutex_waiter, list);

	return READ_ONCE(m->state) == 0 && !list_empty(&m->wait_list) &&
	       READ_ONCE(first->task->state) != TASK_RUNNING;
}

/**
 * mutex_lock_slow - wait for @m
 * @state: how to sleep; with TASK_INTERRUPTIBLE or TASK_KILLABLE a signal ends the wait
 *
 * Return: 0 with the mutex held, -EINTR without.
 */
int mutex_lock_slow(struct mutex *m, unsigned int state)
{
	struct mutex_waiter w = { .task = current };
	int err = 0;

	spin_lock_irq(&m->wait_lock);
	list_add_tail(&w.list, &m->wait_list);
	while (__atomic_exchange_n(&m->state, 2, __ATOMIC_ACQUIRE)) {
		if (signal_pending_current(state)) {
			err = -EINTR;
			break;
		}
		note_wait_lock("mutex", m, &m->owner, &m->wait_lock, is_free);
		set_task_state(state);
		spin_unlock_irq(&m->wait_lock);
		schedule();
		spin_lock_irq(&m->wait_lock);
	}
	list_del(&w.list);
	note_wait_end();
	if (!err) {
		m->owner = w.task;
		if (list_empty(&m->wait_list))
			WRITE_ONCE(m->state, 1);
	}
	spin_unlock_irq(&m->wait_lock);
	return err;
}

void mutex_unlock_slow(struct mutex *m)
{
	unsigned long flags;

	spin_lock_irqsave(&m->wait_lock, flags);
	__atomic_store_n(&m->state, 0, __ATOMIC_RELEASE);
	if (!list_empty(&m->wait_list))
		wake_up_process(list_first_entry(&m->wait_list, struct mutex_waiter, list)->task);
	spin_unlock_irqrestore(&m->wait_lock, flags);
}
