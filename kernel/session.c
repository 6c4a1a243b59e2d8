/*
 * kernel/session.c - process groups and sessions, as a terminal asks about them
 *
 * Locking: process_table_lock held by the caller, who changes the terminal under it too; session_hang_up takes it.
 * Source: POSIX.1-2017, "General Terminal Interface".
 */
#include <kernel/sched.h>
#include <kernel/tty.h>
#include <uapi/errno.h>
#include "pid.h"

/*
 * A number that is no group may be a process's: it counts as a group then, one that has no member yet.  0, that of
 * the kernel's own threads, is nobody's.
 */
int pgrp_session_check(pid_t pgrp, pid_t session)
{
	const struct task_struct *p, *found = find_task(pgrp);

	list_for_each_entry(p, &task_list, tasks) {
		if (p->signal && task_pgrp(p) == pgrp) {
			found = p;
			break;
		}
	}
	if (!pgrp || !found || !found->signal)
		return -ESRCH;
	return task_session(found) == session ? 0 : -EPERM;
}

void session_clear_tty(pid_t session)
{
	struct task_struct *p;

	list_for_each_entry(p, &task_list, tasks) {
		if (p->signal && task_session(p) == session)
			p->signal->tty = NULL;
	}
}

void session_hang_up(pid_t session)
{
	siginfo_t hup = { .si_signo = SIGHUP, .si_code = SI_KERNEL };
	siginfo_t cont = { .si_signo = SIGCONT, .si_code = SI_KERNEL };
	struct task_struct *p;
	unsigned long flags;

	spin_lock_irqsave(&process_table_lock, flags);
	list_for_each_entry(p, &task_list, tasks) {
		if (p->signal && p->signal->leader && task_session(p) == session) {
			(void)send_signal_locked(SIGHUP, &hup, p, PIDTYPE_TGID);
			(void)send_signal_locked(SIGCONT, &cont, p, PIDTYPE_TGID);
		}
	}
	spin_unlock_irqrestore(&process_table_lock, flags);
}
