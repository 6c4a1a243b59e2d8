/*
 * include/kernel/wait.h - sleeping until a condition holds
 *
 * A waiter puts itself on the queue, marks itself asleep, tests the condition, and only then gives the CPU up:
 * a wake-up between test and sleep finds it on the queue and makes it runnable again, so none is lost.
 */
#ifndef KERNEL_WAIT_H
#define KERNEL_WAIT_H

#include <lib/list.h>
#include <kernel/spinlock.h>

struct task_struct;

typedef struct wait_queue_head {
	spinlock_t lock; /* rank LOCK_WAITQUEUE, irq-safe */
	struct list_head head;
} wait_queue_head_t;

struct wait_queue_entry {
	struct task_struct *task;
	struct list_head entry;
	/* 0: not for this waiter, stay; 1: woken. NULL: wake the task. Called under the queue's lock. */
	int (*func)(struct wait_queue_entry *wait, unsigned int mode, void *key);
	void *private;
	bool exclusive;
};

#define TASK_RUNNING         0u
#define TASK_INTERRUPTIBLE   1u
#define TASK_UNINTERRUPTIBLE 2u
#define TASK_KILLABLE        4u /* woken by fatal signals only */
#define TASK_STOPPED         8u
#define TASK_ZOMBIE          16u
#define TASK_DEAD            32u

#define WAIT_QUEUE_HEAD_INIT(name)                                          \
	{                                                                   \
		SPIN_LOCK_INIT(LOCK_WAITQUEUE), LIST_HEAD_INIT((name).head) \
	}
#define DECLARE_WAIT_QUEUE_HEAD(name) wait_queue_head_t name = WAIT_QUEUE_HEAD_INIT(name)

static inline void init_waitqueue_head(wait_queue_head_t *wq)
{
	spin_lock_init(&wq->lock, LOCK_WAITQUEUE);
	INIT_LIST_HEAD(&wq->head);
}

void init_wait(struct wait_queue_entry *wait); /* for the current task */
void prepare_to_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait, unsigned int state);
void finish_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait);
void wake_up_mode(wait_queue_head_t *wq, unsigned int states, int nr_exclusive, void *key);
/* wake_up - all plain waiters and one exclusive; any context */
#define wake_up(wq) \
	wake_up_mode(wq, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_KILLABLE, 1, NULL)
#define wake_up_all(wq) \
	wake_up_mode(wq, TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_KILLABLE, 0, NULL)
#define wake_up_interruptible(wq) wake_up_mode(wq, TASK_INTERRUPTIBLE, 1, NULL)

void schedule(void);
u64 schedule_timeout(u64 ns);                    /* kernel/time.h */
bool signal_pending_current(unsigned int state); /* would this sleep be broken off? */

/* The sleeping loop: 0 when cond came true, -ERESTARTSYS when a signal ended an interruptible sleep. */
#define ___wait_event(wq, cond, state)                       \
	({                                                   \
		struct wait_queue_entry __wait;              \
		int __ret = 0;                               \
		init_wait(&__wait);                          \
		for (;;) {                                   \
			prepare_to_wait(wq, &__wait, state); \
			if (cond)                            \
				break;                       \
			if (signal_pending_current(state)) { \
				__ret = -ERESTARTSYS;        \
				break;                       \
			}                                    \
			schedule();                          \
		}                                            \
		finish_wait(wq, &__wait);                    \
		__ret;                                       \
	})
#define wait_event(wq, cond)                                                 \
	do {                                                                 \
		if (!(cond))                                                 \
			(void)___wait_event(wq, cond, TASK_UNINTERRUPTIBLE); \
	} while (0)
#define wait_event_interruptible(wq, cond) \
	((cond) ? 0 : ___wait_event(wq, cond, TASK_INTERRUPTIBLE))
#define wait_event_killable(wq, cond) ((cond) ? 0 : ___wait_event(wq, cond, TASK_KILLABLE))

/* The same with a limit in ns: 0, -ERESTARTSYS, or -ETIME when the time ran out first. */
#define wait_event_interruptible_timeout(wq, cond, ns)                               \
	({                                                                           \
		struct wait_queue_entry __wait;                                      \
		u64 __left = (ns);                                                   \
		int __ret = 0;                                                       \
		init_wait(&__wait);                                                  \
		for (;;) {                                                           \
			prepare_to_wait(wq, &__wait, TASK_INTERRUPTIBLE);            \
			if (cond)                                                    \
				break;                                               \
			if (!__left || signal_pending_current(TASK_INTERRUPTIBLE)) { \
				__ret = __left ? -ERESTARTSYS : -ETIME;              \
				break;                                               \
			}                                                            \
			__left = schedule_timeout(__left);                           \
		}                                                                    \
		finish_wait(wq, &__wait);                                            \
		__ret;                                                               \
	})

/* Kernel-internal results of interrupted calls: become EINTR or a restart on the way to user mode. */
#define ERESTARTSYS           512
#define ERESTARTNOINTR        513
#define ERESTARTNOHAND        514
#define ERESTART_RESTARTBLOCK 516

#ifdef DEBUG
void might_sleep(void); /* panics when called where sleeping is not allowed */
#else
static inline void might_sleep(void) {}
#endif
void cond_resched(void); /* gives the CPU up when its time is over; may sleep */

#endif
