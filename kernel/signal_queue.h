/*
 * kernel/signal_queue.h - between sending and delivering
 */
#ifndef KERNEL_SIGNAL_QUEUE_H
#define KERNEL_SIGNAL_QUEUE_H

#include <kernel/signal.h>

#define SIG_KERNEL_CORE_MASK                                                        \
	(sigmask(SIGQUIT) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGABRT) | \
	 sigmask(SIGFPE) | sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGSYS) |   \
	 sigmask(SIGXCPU) | sigmask(SIGXFSZ))
#define SIG_SYNCHRONOUS_MASK                                                       \
	(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | sigmask(SIGTRAP) | \
	 sigmask(SIGFPE) | sigmask(SIGSYS))

/* sighand->lock held for all of these but the last */
void sigqueue_free(struct sigqueue *q, struct signal_struct *signal);
void flush_sigqueue_mask(sigset_t mask, struct sigpending *pending, struct signal_struct *signal);
bool sig_action_ignored(u64 handler, int sig);
int dequeue_signal(struct task_struct *me, sigset_t mask,
		   siginfo_t *info); /* of those not in mask; 0: none */

void retarget_shared_pending(struct task_struct *task, sigset_t which);
/* set_task_blocked - the current task's mask, for callers that hold sighand->lock */
void set_task_blocked(struct task_struct *me, sigset_t newset);

void do_notify_parent_cldstop(struct task_struct *task, int why); /* process_table_lock held */

#endif
