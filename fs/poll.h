/*
 * fs/poll.h - waiting for many files at once, shared by poll and select
 */
#ifndef FS_POLL_H
#define FS_POLL_H

#include <fs/vfs.h>
#include <uapi/time.h>

#define POLL_INLINE_WAITS 8

struct poll_wait_entry {
	struct wait_queue_entry wait;
	wait_queue_head_t *wq;
	struct file *file;		/* referenced: the queue lives in it or in what it keeps */
};

struct poll_chunk {			/* one page of further entries */
	struct poll_chunk *next;
	unsigned int nr;
	struct poll_wait_entry entry[];
};

struct poll_waiters {
	struct poll_table table;	/* first: the callback finds the rest from it */
	struct task_struct *task;
	struct file *file;		/* the one being asked */
	bool triggered;			/* a queue woke us since the last look */
	int error;			/* -ENOMEM: an entry could not be made */
	unsigned int nr_inline;
	struct poll_wait_entry inline_entry[POLL_INLINE_WAITS];
	struct poll_chunk *chunks;
};

void poll_initwait(struct poll_waiters *pw);
void poll_freewait(struct poll_waiters *pw);
/* vfs_poll - what the file is ready for; with @pw not NULL and its table still queueing, also waits on it */
unsigned int vfs_poll(struct file *file, struct poll_waiters *pw);
/* poll_sleep - until woken or @deadline; false when the time is over.  A signal ends it as well. */
bool poll_sleep(struct poll_waiters *pw, u64 deadline_ns);
/* poll_deadline - absolute time for a timeout in ns; KTIME_MAX stays */
u64 poll_deadline(u64 timeout_ns);
/* poll_put_timeout - write the time that is left back, as ppoll and pselect6 do; errors are ignored, as in Linux */
void poll_put_timeout(struct __kernel_timespec *uts, u64 deadline_ns);

#endif
