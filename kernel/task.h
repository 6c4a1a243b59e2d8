/*
 * kernel/task.h - tasks, inside kernel/: the steps that fork, exec, exit and wait share
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include <kernel/sched.h>

struct rusage;

/* A vfork's parent sleeps on one until the child has left its address space.  On the parent's stack. */
struct completion_vfork {
	bool done; /* process_table_lock */
	wait_queue_head_t wait;
};

/* mm_release - leaving an address space by exec or exit: tell who waits for that (vfork, CLEARTID, robust futexes) */
void mm_release(struct task_struct *task);
/* release_task - unlink a dead task for good; takes process_table_lock; the table's reference is dropped */
void release_task(struct task_struct *task);
/* the same with process_table_lock held; returns the task for the caller to put after unlocking */
void unlink_task(struct task_struct *task);
bool has_stopped_jobs(pid_t pgrp);
bool will_become_orphaned_pgrp(pid_t pgrp, const struct task_struct *ignored);
int de_thread(void); /* exec: the other threads end, the caller becomes leader */
void sighand_put(struct sighand_struct *sighand);
struct sighand_struct *sighand_alloc(void); /* count 1, actions not set; NULL */
void get_rusage(struct task_struct *task, int who, struct rusage *ru);
void signal_put(struct signal_struct *signal);
void thread_count_dec(void);
struct task_struct *fork_idle(unsigned int cpu); /* NULL when out of memory; known to nobody */
void free_idle(struct task_struct *idle);        /* one that has never run */
void account_reaped(struct task_struct *child,
		    struct signal_struct *to);   /* exit.c: child's figures to its parent's */
void exit_robust_list(struct task_struct *task); /* robust.c */
void exit_clear_tid(struct task_struct *task);   /* robust.c */

#endif
