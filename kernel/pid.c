/*
 * kernel/pid.c - numbers for tasks, and tasks by their number
 *
 * Numbers are given out in rising order and start again at RESERVED_PIDS after pid_max, so that a number comes back
 * as late as possible.  One that still names a process group or a session is skipped, though its leader is gone:
 * else a new process would find itself in a stranger's group.
 *
 * Locking: process_table_lock for all of it.
 */
#include <kernel/sched.h>
#include <lib/bitmap.h>
#include "pid.h"

#define HASH_BITS 10

DEFINE_SPINLOCK(process_table_lock, LOCK_PROCESS_TABLE);
LIST_HEAD(task_list);

static DECLARE_BITMAP(pid_map, PID_MAX_LIMIT) = { 1 }; /* 0 is the idle task's */
static struct hlist_head pid_hash[1 << HASH_BITS];
int pid_max = PID_MAX_LIMIT;
static pid_t newest_pid;
static bool wrapped;

static struct hlist_head *bucket(pid_t pid)
{
	return &pid_hash[(unsigned int)pid & ((1u << HASH_BITS) - 1)];
}

/* Until the numbers have wrapped none can be in use as anything else. */
static bool names_a_group(pid_t pid)
{
	struct task_struct *p;

	if (!wrapped)
		return false;
	list_for_each_entry(p, &task_list, tasks) {
		if (task_pgrp(p) == pid || task_session(p) == pid)
			return true;
	}
	return false;
}

static pid_t next_free(pid_t from, pid_t end)
{
	for (;;) {
		unsigned long pid =
			find_next_zero_bit(pid_map, (unsigned long)end, (unsigned long)from);

		if (pid >= (unsigned long)end)
			return -EAGAIN;
		if (!names_a_group((pid_t)pid))
			return (pid_t)pid;
		from = (pid_t)pid + 1;
	}
}

static pid_t take_next(void)
{
	pid_t end = READ_ONCE(pid_max), pid = next_free(newest_pid + 1, end);

	if (pid < 0) {
		wrapped = true;
		pid = next_free(RESERVED_PIDS, min(newest_pid + 1, end));
	}
	if (pid >= 0)
		newest_pid = pid;
	return pid;
}

/* Numbers beyond the newest are no longer all fresh: names_a_group must look from now on. */
static pid_t take_wanted(pid_t pid)
{
	if (pid < 1 || pid >= PID_MAX_LIMIT)
		return -EINVAL;
	if (!capable(CAP_CHECKPOINT_RESTORE) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (test_bit((unsigned long)pid, pid_map) || names_a_group(pid))
		return -EEXIST;
	wrapped = true;
	return pid;
}

/**
 * alloc_pid - a number for a new task
 * @wanted: this one (clone3's set_tid), or 0: any
 *
 * Return: the number; -EAGAIN when all are taken; -EINVAL, -EPERM, -EEXIST for one that was asked for.
 * Locks:  takes process_table_lock.
 */
pid_t alloc_pid(pid_t wanted)
{
	pid_t pid;

	spin_lock_irq(&process_table_lock);
	pid = wanted ? take_wanted(wanted) : take_next();
	if (pid >= 0)
		__set_bit((unsigned long)pid, pid_map);
	spin_unlock_irq(&process_table_lock);
	return pid;
}

void free_pid(pid_t pid)
{
	__clear_bit((unsigned long)pid, pid_map);
}

void pid_hash_add(struct task_struct *task)
{
	hlist_add_head(&task->pid_hash, bucket(task->pid));
}

void pid_hash_del(struct task_struct *task)
{
	hlist_del_init(&task->pid_hash);
}

pid_t last_pid(void)
{
	return READ_ONCE(newest_pid);
}

struct task_struct *find_task(pid_t pid)
{
	struct task_struct *task;

	hlist_for_each_entry(task, bucket(pid), pid_hash) {
		if (task->pid == pid)
			return task;
	}
	return NULL;
}

struct task_struct *find_get_task(pid_t pid)
{
	struct task_struct *task;
	unsigned long flags;

	spin_lock_irqsave(&process_table_lock, flags);
	task = find_task(pid);
	if (task)
		get_task_struct(task);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return task;
}

struct task_struct *next_task_get(pid_t from)
{
	struct task_struct *task = NULL;
	unsigned long flags, pid = from < 1 ? 1 : (unsigned long)from;

	spin_lock_irqsave(&process_table_lock, flags);
	for (;; pid++) {
		pid = find_next_bit(pid_map, PID_MAX_LIMIT, pid);
		if (pid >= PID_MAX_LIMIT)
			break;
		task = find_task((pid_t)pid);
		if (task && task->group_leader == task)
			break;
		task = NULL;
	}
	if (task)
		get_task_struct(task);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return task;
}
