/*
 * fs/poll.c - poll(2): sleeping on many wait queues at once
 *
 * A first round asks each file for what it is ready for and leaves an entry on each wait queue that the file names.
 * If nothing is ready the task sleeps; a wake-up on any of the queues sets `triggered`, and the files are asked
 * again, now without queueing.  The flag closes the gap between asking and sleeping: asking may itself sleep on a
 * mutex, so the task's state alone cannot carry "something happened meanwhile".
 *
 * Entries: eight on the stack, then pages.  Running out of memory for them ends the call with ENOMEM.
 *
 * Sources: poll(2), ppoll(2).
 */
#include "poll.h"

#include <arch/uaccess.h>
#include <fs/fdtable.h>
#include <kernel/sched.h>
#include <kernel/syscalls.h>
#include <kernel/time.h>
#include <mm/slab.h>

#define ENTRIES_PER_CHUNK ((PAGE_SIZE - sizeof(struct poll_chunk)) / sizeof(struct poll_wait_entry))

/* Called by a waker, under the queue's lock. */
static int poll_wake(struct wait_queue_entry *wait, unsigned int mode, void *key)
{
	struct poll_waiters *pw = wait->private;

	(void)mode;
	(void)key;
	__atomic_store_n(&pw->triggered, true, __ATOMIC_SEQ_CST);
	return wake_up_state(pw->task, TASK_INTERRUPTIBLE);
}

static struct poll_wait_entry *new_entry(struct poll_waiters *pw)
{
	struct poll_chunk *chunk = pw->chunks;

	if (pw->nr_inline < POLL_INLINE_WAITS)
		return &pw->inline_entry[pw->nr_inline++];
	if (!chunk || chunk->nr == ENTRIES_PER_CHUNK) {
		chunk = kmalloc(PAGE_SIZE, GFP_KERNEL);
		if (!chunk) {
			pw->error = -ENOMEM;
			return NULL;
		}
		chunk->nr = 0;
		chunk->next = pw->chunks;
		pw->chunks = chunk;
	}
	return &chunk->entry[chunk->nr++];
}

static void queue_wait(struct poll_table *table, wait_queue_head_t *wq)
{
	struct poll_waiters *pw = container_of(table, struct poll_waiters, table);
	struct poll_wait_entry *e = new_entry(pw);

	if (!e)
		return;
	e->wq = wq;
	e->file = get_file(pw->file);
	init_wait(&e->wait);
	e->wait.func = poll_wake;
	e->wait.private = pw;
	prepare_to_wait(wq, &e->wait, TASK_RUNNING);
}

void poll_initwait(struct poll_waiters *pw)
{
	pw->table.queue = queue_wait;
	pw->task = current;
	pw->file = NULL;
	pw->triggered = false;
	pw->error = 0;
	pw->nr_inline = 0;
	pw->chunks = NULL;
}

static void drop_entries(struct poll_wait_entry *e, unsigned int nr)
{
	for (; nr; nr--, e++) {
		finish_wait(e->wq, &e->wait);
		fput(e->file);
	}
}

void poll_freewait(struct poll_waiters *pw)
{
	struct poll_chunk *chunk;

	drop_entries(pw->inline_entry, pw->nr_inline);
	while ((chunk = pw->chunks)) {
		pw->chunks = chunk->next;
		drop_entries(chunk->entry, chunk->nr);
		kfree(chunk);
	}
}

unsigned int vfs_poll(struct file *file, struct poll_waiters *pw)
{
	if (!file->f_op || !file->f_op->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	if (!pw)
		return file->f_op->poll(file, NULL);
	pw->file = file;
	return file->f_op->poll(file, &pw->table);
}

bool poll_sleep(struct poll_waiters *pw, u64 deadline_ns)
{
	u64 now = deadline_ns == KTIME_MAX ? 0 : ktime_get_ns();
	bool in_time = deadline_ns == KTIME_MAX || now < deadline_ns;

	if (in_time) {
		set_task_state(TASK_INTERRUPTIBLE);
		if (!__atomic_load_n(&pw->triggered, __ATOMIC_SEQ_CST) && !signal_pending(current))
			schedule_timeout(deadline_ns == KTIME_MAX ? KTIME_MAX : deadline_ns - now);
		set_task_state(TASK_RUNNING);
	}
	__atomic_store_n(&pw->triggered, false, __ATOMIC_SEQ_CST);
	return in_time;
}

u64 poll_deadline(u64 timeout_ns)
{
	u64 now = ktime_get_ns();

	return timeout_ns >= KTIME_MAX - now ? KTIME_MAX : now + timeout_ns;
}

void poll_put_timeout(struct __kernel_timespec *uts, u64 deadline_ns)
{
	u64 now = ktime_get_ns();

	if (uts && deadline_ns != KTIME_MAX)
		(void)put_timespec(deadline_ns > now ? deadline_ns - now : 0, uts);
}

/* --- poll --- */

static unsigned int poll_one(struct pollfd *p, struct poll_waiters *pw)
{
	unsigned int mask;
	struct fd f;

	if (p->fd < 0)
		return 0;
	f = fdget((unsigned int)p->fd);
	if (!f.file)
		return POLLNVAL;
	mask = vfs_poll(f.file, pw);
	fdput(f);
	return mask & ((unsigned short)p->events | POLLERR | POLLHUP);
}

static long poll_loop(struct pollfd *fds, unsigned int nfds, struct poll_waiters *pw, u64 deadline)
{
	bool in_time = true;

	if (!deadline)
		pw->table.queue = NULL;		/* nobody will sleep */
	for (;;) {
		long ready = 0;

		for (unsigned int i = 0; i < nfds; i++) {
			fds[i].revents = (short)poll_one(&fds[i], pw);
			if (fds[i].revents) {
				ready++;
				pw->table.queue = NULL;
			}
		}
		pw->table.queue = NULL;
		if (ready || !in_time || !deadline)
			return ready;
		if (pw->error)
			return pw->error;
		if (signal_pending(current))
			return -EINTR;
		in_time = poll_sleep(pw, deadline);
	}
}

/* @deadline: absolute, ns; 0: do not sleep; KTIME_MAX: for ever. */
static long do_poll(struct pollfd *ufds, unsigned int nfds, u64 deadline)
{
	struct poll_waiters pw;
	struct pollfd *fds;
	long ret;

	if (nfds > rlimit(RLIMIT_NOFILE))
		return -EINVAL;
	fds = kmalloc_array(nfds ? nfds : 1, sizeof(*fds), GFP_KERNEL);
	if (!fds)
		return -ENOMEM;
	if (copy_from_user(fds, ufds, nfds * sizeof(*fds))) {
		kfree(fds);
		return -EFAULT;
	}
	poll_initwait(&pw);
	ret = poll_loop(fds, nfds, &pw, deadline);
	poll_freewait(&pw);
	for (unsigned int i = 0; ret >= 0 && i < nfds; i++)
		if (put_user(fds[i].revents, &ufds[i].revents))
			ret = -EFAULT;
	kfree(fds);
	return ret;
}

static long poll_restart(struct restart_block *restart)
{
	long ret = do_poll((struct pollfd *)restart->arg[0], (unsigned int)restart->arg[1], restart->arg[2]);

	return ret == -EINTR ? -ERESTART_RESTARTBLOCK : ret;
}

long sys_poll(struct pollfd *fds, unsigned int nfds, int timeout_ms)
{
	u64 deadline = 0;
	long ret;

	if (timeout_ms)
		deadline = timeout_ms < 0 ? KTIME_MAX : poll_deadline((u64)timeout_ms * NSEC_PER_MSEC);
	ret = do_poll(fds, nfds, deadline);
	if (ret != -EINTR)
		return ret;
	current->restart.fn = poll_restart;
	current->restart.arg[0] = (u64)fds;
	current->restart.arg[1] = nfds;
	current->restart.arg[2] = deadline;
	return -ERESTART_RESTARTBLOCK;
}

long sys_ppoll(struct pollfd *fds, unsigned int nfds, struct __kernel_timespec *timeout, const u64 *sigmask,
	       size_t sigsetsize)
{
	u64 deadline = KTIME_MAX, ns;
	long ret;

	if (timeout) {
		ret = get_timespec(timeout, &ns);
		if (ret)
			return ret;
		deadline = ns ? poll_deadline(ns) : 0;
	}
	ret = set_user_sigmask((const sigset_t *)sigmask, sigsetsize);
	if (ret)
		return ret;
	ret = do_poll(fds, nfds, deadline);
	restore_saved_sigmask_unless(ret == -EINTR);
	poll_put_timeout(timeout, deadline);
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}
