/*
 * kernel/pid.h - process numbers, inside kernel/
 */
#ifndef KERNEL_PID_H
#define KERNEL_PID_H

#include <kernel/sched.h>

pid_t alloc_pid(pid_t wanted);               /* 0: any */
void free_pid(pid_t pid);                    /* process_table_lock held */
void pid_hash_add(struct task_struct *task); /* process_table_lock held */
void pid_hash_del(struct task_struct *task); /* process_table_lock held */
struct task_struct *find_task(pid_t pid);    /* process_table_lock held; any thread */

#endif
