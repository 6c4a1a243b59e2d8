/*
 * kernel/rwsem.c - a reader-writer lock that is not free
 *
 * Invariants, under wait_lock:
 *   R1  RWSEM_WAITERS is set exactly while the list is not empty;
 *   R2  while it is set, the fast paths take nothing: the lock only gets freer, and is handed to the head of the
 *       list by whoever finds that the head can have it.
 *
 * So grant_locked() is called after every change that may let the head in: by the last reader out, the writer
 * out, a writer that becomes a reader, a new waiter (the holder may have left before R1 told it to look), and a
 * waiter that gives up.  A waiter whose grant is set owns the lock before it runs.
 */
#include <uapi/errno.h>
#include <kernel/sched.h>
#include <kernel/rwsem.h>
#include "lockdebug.h"

struct rwsem_waiter {
	struct list_head list;
	struct task_struct *task;
	bool write;
	bool granted; /* wait_lock */
};

void init_rwsem(struct rw_semaphore *sem, enum lock_rank rank)
{
	atomic_long_set(&sem->count, 0);
	sem->owner = NULL;
	spin_lock_init(&sem->wait_lock, LOCK_WAITQUEUE);
	sem->rank = (u16)rank;
	INIT_LIST_HEAD(&sem->wait_list);
}

static void grant_one(struct rw_semaphore *sem, struct rwsem_waiter *w)
{
	list_del(&w->list);
	if (w->write)
		sem->owner = w->task;
	atomic_long_add(w->write ? RWSEM_WRITER : RWSEM_READER, &sem->count);
	w->granted = true;
	wake_up_process(w->task);
}

/* Hand the lock to the head of the list as far as it is free: one writer, or the readers up to the next writer. */
static void grant_locked(struct rw_semaphore *sem)
{
	while (!list_empty(&sem->wait_list)) {
		struct rwsem_waiter *w =
			list_first_entry(&sem->wait_list, struct rwsem_waiter, list);
		long held = atomic_long_read(&sem->count) & ~RWSEM_WAITERS;

		if (w->write ? held != 0 : (held & RWSEM_WRITER) != 0)
			return;
		grant_one(sem, w);
	}
	atomic_long_and(~RWSEM_WAITERS, &sem->count);
}

void rwsem_wake(struct rw_semaphore *sem)
{
	unsigned long flags;

	spin_lock_irqsave(&sem->wait_lock, flags);
	grant_locked(sem);
	spin_unlock_irqrestore(&sem->wait_lock, flags);
}

/* For seconds, while somebody sleeps: the last one out did not look. */
static bool is_free(const void *sem)
{
	return !(atomic_long_read(&((const struct rw_semaphore *)sem)->count) & ~RWSEM_WAITERS);
}

static int rwsem_wait(struct rw_semaphore *sem, bool write, unsigned int state)
{
	struct rwsem_waiter w = { .task = current, .write = write };
	int err = 0;

	spin_lock_irq(&sem->wait_lock);
	list_add_tail(&w.list, &sem->wait_list);
	atomic_long_or(RWSEM_WAITERS, &sem->count);
	grant_locked(sem);
	while (!w.granted) {
		if (signal_pending_current(state)) {
			list_del(&w.list);
			grant_locked(sem); /* who stood behind may be let in now */
			err = -EINTR;
			break;
		}
		note_wait_lock("rwsem", sem, &sem->owner, &sem->wait_lock, is_free);
		set_task_state(state);
		spin_unlock_irq(&sem->wait_lock);
		schedule();
		spin_lock_irq(&sem->wait_lock);
	}
	note_wait_end();
	spin_unlock_irq(&sem->wait_lock);
	set_task_state(TASK_RUNNING);
	return err;
}

int down_read_slow(struct rw_semaphore *sem, unsigned int state)
{
	return rwsem_wait(sem, false, state);
}

int down_write_slow(struct rw_semaphore *sem, unsigned int state)
{
	return rwsem_wait(sem, true, state);
}

void downgrade_write(struct rw_semaphore *sem)
{
	sem->owner = NULL;
	if (atomic_long_add_return(RWSEM_READER - RWSEM_WRITER, &sem->count) & RWSEM_WAITERS)
		rwsem_wake(sem);
}
