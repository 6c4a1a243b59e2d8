/*
 * include/kernel/workqueue.h - work for later, done by a kernel thread
 */
#ifndef KERNEL_WORKQUEUE_H
#define KERNEL_WORKQUEUE_H

#include <lib/types.h>
#include <lib/list.h>

struct work_struct {
	void (*func)(struct work_struct *work); /* may sleep, queue itself again, free itself */
	struct list_head entry;                 /* pool's lock */
	unsigned int cpu;                       /* whose pool it was given to last */
	bool pending;                           /* [a] queued, and its function not yet begun */
};

#define WORK_CPU_NONE (~0u)

static inline void INIT_WORK(struct work_struct *work, void (*func)(struct work_struct *work))
{
	*work = (struct work_struct){ .func = func, .cpu = WORK_CPU_NONE };
}

void workqueue_init(void);
void workqueue_start_thread(unsigned int cpu); /* sleeps */
bool queue_work(struct work_struct *work);
void flush_work(struct work_struct *work);

#endif
