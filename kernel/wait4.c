/*
 * kernel/wait4.c - a parent learns what became of its children: wait4(2), waitid(2)
 *
 * Each round looks at every child of every thread of the caller, under process_table_lock.  A child that has
 * something to tell ends the search; if none has, but one might later, the caller sleeps on its process's
 * wait_chldexit, where do_notify_parent wakes it.
 *
 * What a child tells (exit, stop, continue) is taken from it by the one who reports it, unless WNOWAIT; so of
 * several waiting threads one gets it.
 *
 * Sources: wait(2), waitid(2).
 */
#include <lib/string.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <arch/uaccess.h>
#include <uapi/resource.h>
#include <uapi/wait.h>
#include "pid.h"
#include "task.h"

struct wait_opts {
	int type; /* P_ALL, P_PID, P_PGID */
	pid_t pid;
	unsigned int options;
	bool want_rusage;
	/* the answer */
	pid_t found;
	uid_t uid;
	int status; /* wait status word */
	int cause;  /* CLD_* */
	struct rusage ru;
	struct task_struct *reap; /* to be put after the lock is released */
};

static bool eligible(const struct wait_opts *wo, const struct task_struct *p)
{
	if (wo->type == P_PID && p->pid != wo->pid)
		return false;
	if (wo->type == P_PGID && task_pgrp(p) != wo->pid)
		return false;
	/* A clone child, one that does not send SIGCHLD, is asked for with __WCLONE or __WALL. */
	return wo->options & __WALL || (p->exit_signal != SIGCHLD) == !!(wo->options & __WCLONE);
}

static void fill(struct wait_opts *wo, struct task_struct *p, int status, int cause)
{
	wo->found = p->pid;
	wo->uid = p->cred.uid;
	wo->status = status;
	wo->cause = cause;
	if (wo->want_rusage)
		get_rusage(p, RUSAGE_BOTH, &wo->ru);
}

static bool wait_zombie(struct wait_opts *wo, struct task_struct *p)
{
	int status;

	if (!(wo->options & WEXITED) || p->exit_state != TASK_ZOMBIE || p->signal->nr_threads != 1)
		return false;
	status = p->signal->flags & SIGNAL_GROUP_EXIT ? p->signal->group_exit_code : p->exit_code;
	fill(wo, p, status,
	     !(status & 0x7f) ? CLD_EXITED
	     : status & 0x80  ? CLD_DUMPED
			      : CLD_KILLED);
	if (wo->options & WNOWAIT)
		return true;
	account_reaped(p, current->signal);
	unlink_task(p);
	wo->reap = p;
	return true;
}

static bool wait_stopped(struct wait_opts *wo, struct task_struct *p)
{
	int code;

	if (!(wo->options & WUNTRACED) || p->exit_state)
		return false;
	spin_lock(&p->sighand->lock);
	code = p->signal->flags & SIGNAL_STOP_STOPPED ? p->signal->group_exit_code : 0;
	if (code && !(wo->options & WNOWAIT))
		p->signal->group_exit_code = 0;
	spin_unlock(&p->sighand->lock);
	if (!code)
		return false;
	fill(wo, p, code << 8 | 0x7f, CLD_STOPPED);
	return true;
}

static bool wait_continued(struct wait_opts *wo, struct task_struct *p)
{
	bool continued;

	if (!(wo->options & WCONTINUED) || p->exit_state)
		return false;
	spin_lock(&p->sighand->lock);
	continued = p->signal->flags & SIGNAL_STOP_CONTINUED;
	if (continued && !(wo->options & WNOWAIT))
		p->signal->flags &= ~SIGNAL_STOP_CONTINUED;
	spin_unlock(&p->sighand->lock);
	if (continued)
		fill(wo, p, 0xffff, CLD_CONTINUED);
	return continued;
}

/* True when a child has answered.  *any: there is a child that may answer later. */
static bool wait_one_thread(struct wait_opts *wo, struct task_struct *parent, bool *any)
{
	struct task_struct *p;

	list_for_each_entry(p, &parent->children, sibling) {
		if (!p->signal || !eligible(wo, p))
			continue;
		*any = true;
		if (wait_zombie(wo, p) || wait_stopped(wo, p) || wait_continued(wo, p))
			return true;
	}
	return false;
}

static bool look_at_children(struct wait_opts *wo, bool *any)
{
	struct task_struct *t;
	bool answered = false;

	*any = false;
	spin_lock_irq(&process_table_lock);
	for_each_thread(current, t) {
		answered = wait_one_thread(wo, t, any);
		if (answered || (wo->options & __WNOTHREAD))
			break;
	}
	spin_unlock_irq(&process_table_lock);
	return answered;
}

/* The pid in wo->found, 0 with WNOHANG, -ECHILD, -ERESTARTSYS. */
static long do_wait(struct wait_opts *wo)
{
	wait_queue_head_t *wq = &current->signal->wait_chldexit;
	struct wait_queue_entry wait;
	long ret = 0;

	init_wait(&wait);
	for (;;) {
		bool any;

		prepare_to_wait(wq, &wait, TASK_INTERRUPTIBLE);
		if (look_at_children(wo, &any)) {
			ret = wo->found;
			break;
		}
		if (!any) {
			ret = -ECHILD;
			break;
		}
		if (wo->options & WNOHANG)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	finish_wait(wq, &wait);
	if (wo->reap)
		put_task_struct(wo->reap);
	return ret;
}

long sys_wait4(pid_t pid, int *ustatus, int options, struct rusage *ru)
{
	struct wait_opts wo = { .want_rusage = ru };
	long ret;

	if ((unsigned int)options &
	    ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH;
	wo.options = (unsigned int)options | WEXITED;
	wo.type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	wo.pid = pid > 0 ? pid : pid == 0 ? task_pgrp(current) : -pid;
	ret = do_wait(&wo);
	if (ret <= 0)
		return ret;
	if (ustatus && put_user(wo.status, ustatus))
		return -EFAULT;
	if (ru && copy_to_user(ru, &wo.ru, sizeof(wo.ru)))
		return -EFAULT;
	return ret;
}

static int waitid_status(const struct wait_opts *wo)
{
	switch (wo->cause) {
	case CLD_EXITED:
		return wo->status >> 8 & 0xff;
	case CLD_STOPPED:
		return wo->status >> 8 & 0xff;
	case CLD_CONTINUED:
		return SIGCONT;
	default:
		return wo->status & 0x7f;
	}
}

long sys_waitid(int which, pid_t pid, siginfo_t *uinfo, int options, struct rusage *ru)
{
	struct wait_opts wo = {
		.type = which, .pid = pid, .options = (unsigned int)options, .want_rusage = ru
	};
	siginfo_t info;
	long ret;

	if (wo.options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
			   __WCLONE | __WALL))
		return -EINVAL;
	if (!(wo.options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if ((which == P_PID && pid <= 0) || (which == P_PGID && pid < 0) || which < P_ALL ||
	    which > P_PGID)
		return -EINVAL;
	if (which == P_PGID && !pid)
		wo.pid = task_pgrp(current);
	ret = do_wait(&wo);
	if (ret < 0)
		return ret;
	if (ret > 0 && ru && copy_to_user(ru, &wo.ru, sizeof(wo.ru)))
		return -EFAULT;
	if (!uinfo)
		return 0;
	memset(&info, 0, sizeof(info));
	if (ret > 0) {
		info.si_signo = SIGCHLD;
		info.si_code = wo.cause;
		info.chld.pid = wo.found;
		info.chld.uid = wo.uid;
		info.chld.status = waitid_status(&wo);
	}
	return copy_to_user(uinfo, &info, sizeof(info)) ? -EFAULT : 0;
}
