/*
 * kernel/sys_signal.c - the system calls about signals
 *
 * Sources: sigaction(2), sigprocmask(2), sigpending(2), sigsuspend(2), sigtimedwait(2), kill(2), tkill(2),
 * rt_sigqueueinfo(2), pause(2).
 */
#include <lib/string.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls_kernel.h>
#include <arch/uaccess.h>
#include "pid.h"
#include "signal_queue.h"

#define SA_KNOWN_FLAGS                                                                     \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | \
	 SA_RESETHAND | SA_RESTORER)

static bool valid_signal(int sig)
{
	return sig >= 1 && sig <= _NSIG;
}

/* --- actions and masks --- */

static void do_sigaction(int sig, const struct kernel_sigaction *act, struct kernel_sigaction *old)
{
	struct task_struct *me = current, *t;
	struct k_sigaction *ka = &me->sighand->action[sig - 1];

	spin_lock_irq(&me->sighand->lock);
	*old = (struct kernel_sigaction){ ka->handler, ka->flags, ka->restorer, ka->mask };
	if (act) {
		*ka = (struct k_sigaction){ act->handler, act->flags & SA_KNOWN_FLAGS,
					    act->restorer, act->mask & ~SIG_KERNEL_ONLY_MASK };
		/* POSIX: a pending signal that is now ignored is discarded, blocked or not. */
		if (sig_action_ignored(ka->handler, sig)) {
			flush_sigqueue_mask(sigmask(sig), &me->signal->shared_pending, me->signal);
			for_each_thread(me, t)
				flush_sigqueue_mask(sigmask(sig), &t->pending, t->signal);
		}
	}
	spin_unlock_irq(&me->sighand->lock);
}

long sys_rt_sigaction(int sig, const struct kernel_sigaction *uact, struct kernel_sigaction *uold,
		      size_t size)
{
	struct kernel_sigaction act, old;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (uact && copy_from_user(&act, uact, sizeof(act)))
		return -EFAULT;
	if (!valid_signal(sig) || (uact && (sigmask(sig) & SIG_KERNEL_ONLY_MASK)))
		return -EINVAL;
	do_sigaction(sig, uact ? &act : NULL, &old);
	return uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_rt_sigprocmask(int how, const sigset_t *uset, sigset_t *uold, size_t size)
{
	sigset_t set, old = current->blocked;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (uset) {
		if (get_user(set, uset))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			set |= old;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		set_current_blocked(set);
	}
	return uold && put_user(old, uold) ? -EFAULT : 0;
}

long sys_rt_sigpending(sigset_t *uset, size_t size)
{
	struct task_struct *me = current;
	sigset_t set;

	if (size > sizeof(sigset_t))
		return -EINVAL;
	spin_lock_irq(&me->sighand->lock);
	set = (me->pending.signal | me->signal->shared_pending.signal) & me->blocked;
	spin_unlock_irq(&me->sighand->lock);
	return copy_to_user(uset, &set, size) ? -EFAULT : 0;
}

int set_user_sigmask(const sigset_t *umask, size_t size)
{
	struct task_struct *me = current;
	sigset_t mask;

	if (!umask)
		return 0;
	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	me->saved_sigmask = me->blocked;
	me->restore_sigmask = true;
	set_current_blocked(mask);
	return 0;
}

/* With a signal to be handled, its frame takes the saved mask; without, the mask comes back here. */
void restore_saved_sigmask_unless(bool interrupted)
{
	struct task_struct *me = current;

	if (interrupted || !me->restore_sigmask)
		return;
	me->restore_sigmask = false;
	set_current_blocked(me->saved_sigmask);
}

/* --- waiting --- */

static long wait_for_signal(void)
{
	for (;;) {
		set_task_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current))
			break;
		schedule();
	}
	set_task_state(TASK_RUNNING);
	return -ERESTARTNOHAND;
}

long sys_pause(void)
{
	return wait_for_signal();
}

long sys_rt_sigsuspend(const sigset_t *uset, size_t size)
{
	int err = uset                       ? set_user_sigmask(uset, size)
		  : size == sizeof(sigset_t) ? -EFAULT
					     : -EINVAL;

	return err ? err : wait_for_signal();
}

static int dequeue_wanted(struct task_struct *me, sigset_t want, siginfo_t *info)
{
	int sig;

	spin_lock_irq(&me->sighand->lock);
	sig = dequeue_signal(me, ~want, info);
	spin_unlock_irq(&me->sighand->lock);
	return sig;
}

/* Sleep with @want unblocked, so that senders wake us for them; what comes is taken here, not delivered. */
static int sleep_for_wanted(struct task_struct *me, sigset_t want, u64 timeout_ns, siginfo_t *info)
{
	u64 left;
	int sig;

	spin_lock_irq(&me->sighand->lock);
	me->real_blocked = me->blocked;
	me->blocked &= ~want;
	recalc_sigpending();
	spin_unlock_irq(&me->sighand->lock);

	for (left = timeout_ns; left; left = schedule_timeout(left)) {
		set_task_state(TASK_INTERRUPTIBLE);
		if (signal_pending(me))
			break;
	}
	set_task_state(TASK_RUNNING);

	spin_lock_irq(&me->sighand->lock);
	set_task_blocked(me, me->real_blocked);
	me->real_blocked = 0;
	sig = dequeue_signal(me, ~want, info);
	spin_unlock_irq(&me->sighand->lock);
	if (sig)
		return sig;
	return left ? -EINTR : -EAGAIN;
}

long sys_rt_sigtimedwait(const sigset_t *uset, siginfo_t *uinfo,
			 const struct __kernel_timespec *utimeout, size_t size)
{
	struct task_struct *me = current;
	u64 timeout_ns = KTIME_MAX;
	siginfo_t info;
	sigset_t want;
	int sig, err;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (get_user(want, uset))
		return -EFAULT;
	if (utimeout) {
		err = get_timespec(utimeout, &timeout_ns);
		if (err)
			return err;
	}
	want &= ~SIG_KERNEL_ONLY_MASK;
	sig = dequeue_wanted(me, want, &info);
	if (!sig)
		sig = timeout_ns ? sleep_for_wanted(me, want, timeout_ns, &info) : -EAGAIN;
	if (sig > 0 && uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return sig;
}

/* --- sending --- */

static void fill_user_info(siginfo_t *info, int sig, int code)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = code;
	info->rt.pid = current->tgid;
	info->rt.uid = current->cred.uid;
}

/* process_table_lock held.  0, -EPERM, or as send_signal_locked. */
static int send_checked(int sig, const siginfo_t *info, struct task_struct *t, enum pid_type type)
{
	const struct cred *cred = &current->cred, *target = &t->cred;

	if (!valid_signal(sig) && sig != 0)
		return -EINVAL;
	if (!t->signal)
		return -ESRCH;
	if (t->signal != current->signal && cred->euid != target->suid &&
	    cred->euid != target->uid && cred->uid != target->suid && cred->uid != target->uid &&
	    !capable(CAP_KILL) && !(sig == SIGCONT && task_session(t) == task_session(current)))
		return -EPERM;
	return send_signal_locked(sig, info, t, type);
}

/* To each process of a group, or (pgrp 0) to all but PID 1 and the caller: 0 when one took it. */
static int send_to_many(int sig, const siginfo_t *info, pid_t pgrp)
{
	struct task_struct *p;
	int ret = -ESRCH, err;

	list_for_each_entry(p, &task_list, tasks) {
		if (!p->signal ||
		    (pgrp ? task_pgrp(p) != pgrp : p->tgid == 1 || p->signal == current->signal))
			continue;
		err = send_checked(sig, info, p, PIDTYPE_PGID);
		if (!pgrp && err == -EPERM)
			continue;
		if (!err || ret == -ESRCH)
			ret = err;
	}
	return ret;
}

long sys_kill(pid_t pid, int sig)
{
	struct task_struct *p;
	siginfo_t info;
	int err = -ESRCH;

	fill_user_info(&info, sig, SI_USER);
	if (pid == INT_MIN)
		return -ESRCH;
	spin_lock_irq(&process_table_lock);
	if (pid > 0) {
		p = find_task(pid);
		if (p)
			err = send_checked(sig, &info, p, PIDTYPE_TGID);
	} else if (pid == -1) {
		err = send_to_many(sig, &info, 0);
	} else {
		err = send_to_many(sig, &info, pid ? -pid : task_pgrp(current));
	}
	spin_unlock_irq(&process_table_lock);
	return err;
}

static long send_to_thread(pid_t tgid, pid_t pid, int sig, const siginfo_t *info)
{
	struct task_struct *t;
	int err = -ESRCH;

	spin_lock_irq(&process_table_lock);
	t = find_task(pid);
	if (t && (tgid <= 0 || t->tgid == tgid))
		err = send_checked(sig, info, t, PIDTYPE_PID);
	spin_unlock_irq(&process_table_lock);
	return err;
}

long sys_tgkill(pid_t tgid, pid_t pid, int sig)
{
	siginfo_t info;

	if (tgid <= 0 || pid <= 0)
		return -EINVAL;
	fill_user_info(&info, sig, SI_TKILL);
	return send_to_thread(tgid, pid, sig, &info);
}

long sys_tkill(pid_t pid, int sig)
{
	siginfo_t info;

	if (pid <= 0)
		return -EINVAL;
	fill_user_info(&info, sig, SI_TKILL);
	return send_to_thread(0, pid, sig, &info);
}

/* Nobody may pretend to be the kernel, or kill, towards others. */
static int get_queue_info(siginfo_t *info, const siginfo_t *uinfo, int sig, bool to_self)
{
	if (copy_from_user(info, uinfo, sizeof(*info)))
		return -EFAULT;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && !to_self)
		return -EPERM;
	info->si_signo = sig;
	return 0;
}

long sys_rt_sigqueueinfo(pid_t pid, int sig, siginfo_t *uinfo)
{
	struct task_struct *p;
	siginfo_t info;
	int err = get_queue_info(&info, uinfo, sig, pid == current->tgid);

	if (err)
		return err;
	err = -ESRCH;
	spin_lock_irq(&process_table_lock);
	p = pid > 0 ? find_task(pid) : NULL;
	if (p)
		err = send_checked(sig, &info, p, PIDTYPE_TGID);
	spin_unlock_irq(&process_table_lock);
	return err;
}

long sys_rt_tgsigqueueinfo(pid_t tgid, pid_t pid, int sig, siginfo_t *uinfo)
{
	siginfo_t info;
	int err;

	if (tgid <= 0 || pid <= 0)
		return -EINVAL;
	err = get_queue_info(&info, uinfo, sig, pid == current->pid);
	return err ? err : send_to_thread(tgid, pid, sig, &info);
}
