/*
 * include/kernel/events.h - reading the events: filters, rings, streams
 */
#ifndef KERNEL_EVENTS_H
#define KERNEL_EVENTS_H

#include <arch/percpu.h>
#include <kernel/trace.h>
#include <kernel/wait.h>

struct seq_file;
struct task_struct;

/* --- kernel/trace.c: for every event --- */

#define EVENT_PIDS 8u
struct event_filter { /* changed only while mm_trace_mask is 0 and no event is being written */
	unsigned int nr_pids;
	int pid[EVENT_PIDS]; /* processes or threads */
	char name[16];       /* "": any */
};
extern struct event_filter event_filter;
extern bool event_filter_on; /* does it exclude anybody? */
DECLARE_PER_CPU(struct mm_trace_ring, mm_trace_rings);
extern bool events_fresh; /* records were written since the last wake-up */

/* --- kernel/events.c --- */

extern wait_queue_head_t events_wait; /* woken when there are records, or no more will come */
void __events_wake(void);

/* events_wake - tell the readers; called by the timer tick, for a tracepoint may stand under any lock */
static inline void events_wake(void)
{
	if (unlikely(READ_ONCE(events_fresh)))
		__events_wake();
}

/**
 * events_control - switch recording on or off
 * @text: words between blanks, cut up here:
 *        kind=a,b  pid=1,2  name=NAME  size=RECORDS   record these (each may be left out: all; size as before)
 *        on                                           record everything
 *        stop                                         record no more; what is there may still be read
 *        off                                          and free the rings
 *
 * Return: 0; -EINVAL (no such word, kind or number), -ENOMEM: as before, but stopped.
 * Locks:  none held.  Sleeps, for a grace period.
 */
int events_control(char *text);
int events_show(struct seq_file *m, void *v); /* the filter, and counts of each CPU */
bool events_running(void);

/* One reader's place in the stream, and the bytes that a small read left over.  The owner serialises. */
struct events_reader {
	bool raw;
	u64 next[NR_CPUS];  /* the record to be read next */
	size_t from, count; /* bytes in buf */
	char buf[4096];
};

bool events_ready(const struct events_reader *r); /* is there anything to read? */
void events_fill(
	struct events_reader *r); /* as many whole records or lines as fit; count 0: none */

#endif
