/*
 * kernel/session.c - process groups and sessions, as a terminal asks about them
 *
 * Locking: process_table_lock inside.
 * Source: POSIX.1-2017, "General Terminal Interface".
 */
#include <kernel/sched.h>
#include <kernel/tty.h>
#include <uapi/errno.h>

int pgrp_session_check(pid_t pgrp, pid_t session)
{
	struct task_struct *p;
	unsigned long flags;
	int err = -ESRCH;

	spin_lock_irqsave(&process_table_lock, flags);
	list_for_each_entry(p, &task_list, tasks) {
		if (task_pgrp(p) != pgrp)
			continue;
		err = task_session(p) == session ? 0 : -EPERM;
		break;
	}
	spin_unlock_irqrestore(&process_table_lock, flags);
	return err;
}

void session_clear_tty(pid_t session)
{
	struct task_struct *p;
	unsigned long flags;

	spin_lock_irqsave(&process_table_lock, flags);
	list_for_each_entry(p, &task_list, tasks) {
		if (p->signal && task_session(p) == session)
			p->signal->tty = NULL;
	}
	spin_unlock_irqrestore(&process_table_lock, flags);
}
