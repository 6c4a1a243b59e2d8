/*
 * kernel/signal_send.c - a signal on its way to a process
 *
 *     sender -> prepare (stop and continue cancel each other; ignored ones vanish) -> queue -> choose a thread
 *
 * A signal for the process waits in shared_pending, one for a thread in its own queue.  Each pending signal is a
 * bit; what is known about it (siginfo) is queued beside, once for the ordinary signals, each time for the
 * real-time ones.  An ordinary signal is delivered even when there is no memory for its siginfo.
 *
 * A signal that will end the process marks the whole group as exiting here already, and all its threads get
 * SIGKILL: so killable sleeps end at once.  Signals that would dump a core wait for their turn.
 *
 * The thread that was chosen may be running user code on another CPU: it is interrupted, and looks at its flags on
 * the way back.  In the kernel it looks at them before it sleeps and before it leaves.
 *
 * Locking: process_table_lock keeps sighand and signal of any task in place; sighand->lock covers queues, actions and
 * the group's state.  The current task's own are in place without.
 *
 * Sources: signal(7), kill(2), sigqueue(3).
 */
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <mm/slab.h>
#include "pid.h"
#include "signal_queue.h"

#define SIGNAL_IGNORE_MASK \
	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))

static struct kmem_cache *sigqueue_cache;

void signals_init(void)
{
	sigqueue_cache =
		kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0, SLAB_PANIC, NULL);
}

/* --- queues --- */

/* Programs may queue only so much; the kernel's own signals are few. */
static struct sigqueue *sigqueue_alloc(struct task_struct *t, bool override_limit)
{
	struct signal_struct *signal = t->signal;
	struct sigqueue *q;

	if (!override_limit &&
	    (u64)atomic_read(&signal->nr_sigqueue) >= signal->rlim[RLIMIT_SIGPENDING].rlim_cur)
		return NULL;
	q = kmem_cache_alloc(sigqueue_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (q)
		atomic_inc(&signal->nr_sigqueue);
	return q;
}

void sigqueue_free(struct sigqueue *q, struct signal_struct *signal)
{
	list_del(&q->list);
	atomic_dec(&signal->nr_sigqueue);
	kmem_cache_free(sigqueue_cache, q);
}

void flush_sigqueue(struct sigpending *pending, struct signal_struct *signal)
{
	pending->signal = 0;
	while (!list_empty(&pending->list))
		sigqueue_free(list_first_entry(&pending->list, struct sigqueue, list), signal);
}

void flush_sigqueue_mask(sigset_t mask, struct sigpending *pending, struct signal_struct *signal)
{
	struct sigqueue *q, *next;

	if (!(pending->signal & mask))
		return;
	pending->signal &= ~mask;
	list_for_each_entry_safe(q, next, &pending->list, list) {
		if (sigmask(q->info.si_signo) & mask)
			sigqueue_free(q, signal);
	}
}

static void flush_from_group(sigset_t mask, struct task_struct *p)
{
	struct task_struct *t;

	flush_sigqueue_mask(mask, &p->signal->shared_pending, p->signal);
	for_each_thread(p, t)
		flush_sigqueue_mask(mask, &t->pending, t->signal);
}

/* --- what is not delivered --- */

bool sig_action_ignored(u64 handler, int sig)
{
	return handler == SIG_IGN || (handler == SIG_DFL && (sigmask(sig) & SIGNAL_IGNORE_MASK));
}

static bool sig_ignored(const struct task_struct *t, int sig, bool force)
{
	u64 handler = t->sighand->action[sig - 1].handler;

	/* A blocked signal stays: the program may choose to catch it before it unblocks it. */
	if ((t->blocked | t->real_blocked) & sigmask(sig))
		return false;
	if (t->flags & PF_KTHREAD)
		return true;
	if ((t->signal->flags & SIGNAL_UNKILLABLE) && handler == SIG_DFL &&
	    !(force && (sigmask(sig) & SIG_KERNEL_ONLY_MASK)))
		return true;
	return sig_action_ignored(handler, sig);
}

static void prepare_continue(struct task_struct *p)
{
	struct signal_struct *signal = p->signal;
	struct task_struct *t;

	flush_from_group(SIG_KERNEL_STOP_MASK, p);
	for_each_thread(p, t) {
		t->jobctl &= ~(JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME | JOBCTL_STOP_DEQUEUED);
		wake_up_state(t, TASK_STOPPED);
	}
	if (signal->flags & SIGNAL_STOP_STOPPED) {
		signal->flags &= ~(SIGNAL_STOP_STOPPED | SIGNAL_CLD_STOPPED);
		signal->flags |= SIGNAL_STOP_CONTINUED | SIGNAL_CLD_CONTINUED;
		signal->group_exit_code = 0;
	} else if (signal->group_stop_count) {
		signal->flags |= SIGNAL_CLD_STOPPED; /* the stop was under way: it counts as one */
	}
	signal->group_stop_count = 0;
}

static bool prepare_signal(int sig, struct task_struct *p, bool force)
{
	if (p->signal->flags & SIGNAL_GROUP_EXIT)
		return false; /* dying: nothing can be delivered any more */
	if (sigmask(sig) & SIG_KERNEL_STOP_MASK)
		flush_from_group(sigmask(SIGCONT), p);
	else if (sig == SIGCONT)
		prepare_continue(p);
	return !sig_ignored(p, sig, force);
}

/* --- whom to tell --- */

void signal_wake_up(struct task_struct *task, bool fatal)
{
	set_tsk_flag(task, TIF_SIGPENDING);
	if (task == current) /* who runs does not sleep, or is just about to look at the flag */
		return;
	if (!wake_up_state(task, TASK_INTERRUPTIBLE | (fatal ? TASK_KILLABLE | TASK_STOPPED : 0)))
		kick_process(task);
}

static bool wants_signal(int sig, const struct task_struct *t)
{
	if ((t->blocked & sigmask(sig)) || (t->flags & PF_EXITING))
		return false;
	if (sig == SIGKILL)
		return true;
	if (t->state == TASK_STOPPED)
		return false;
	return t == current || !signal_pending(t);
}

static struct task_struct *choose_thread(int sig, struct task_struct *p, bool group)
{
	struct task_struct *t;

	if (wants_signal(sig, p))
		return p;
	if (!group)
		return NULL;
	for_each_thread(p, t) {
		if (wants_signal(sig, t))
			return t;
	}
	return NULL;
}

static bool ends_process(const struct task_struct *p, const struct task_struct *t, int sig)
{
	const sigset_t not_now = SIGNAL_IGNORE_MASK | SIG_KERNEL_STOP_MASK | SIG_KERNEL_CORE_MASK;

	if (p->sighand->action[sig - 1].handler != SIG_DFL || (sigmask(sig) & not_now))
		return false;
	if (p->signal->flags & (SIGNAL_GROUP_EXIT | SIGNAL_UNKILLABLE))
		return false;
	return sig == SIGKILL || !(t->real_blocked & sigmask(sig));
}

static void complete_signal(int sig, struct task_struct *p, bool group)
{
	struct task_struct *t = choose_thread(sig, p, group), *each;

	if (!t)
		return; /* somebody takes it when it is unblocked */
	if (!ends_process(p, t, sig)) {
		signal_wake_up(t, sig == SIGKILL);
		return;
	}
	p->signal->flags = SIGNAL_GROUP_EXIT;
	p->signal->group_exit_code = sig;
	p->signal->group_stop_count = 0;
	for_each_thread(p, each) {
		each->jobctl = 0;
		each->pending.signal |= sigmask(SIGKILL);
		signal_wake_up(each, true);
	}
}

/* A signal for a whole group is also for the children that its members are just making (fork.c). */
static void remember_for_forks(int sig, struct signal_struct *signal)
{
	struct multiprocess_signals *fork;

	list_for_each_entry(fork, &signal->multiprocess, list) {
		if (sig == SIGCONT)
			fork->signal &= ~SIG_KERNEL_STOP_MASK;
		else if (sigmask(sig) & SIG_KERNEL_STOP_MASK)
			fork->signal &= ~sigmask(SIGCONT);
		fork->signal |= sigmask(sig);
	}
}

/* sighand->lock held.  0, or -EAGAIN when the queue is full and the siginfo matters. */
static int queue_signal(int sig, const siginfo_t *info, struct task_struct *t, enum pid_type type,
			bool force)
{
	bool group = type != PIDTYPE_PID;
	struct sigpending *pending = group ? &t->signal->shared_pending : &t->pending;
	struct sigqueue *q;

	if (!prepare_signal(sig, t, force))
		return 0;
	if (sig < SIGRTMIN && (pending->signal & sigmask(sig)))
		return 0; /* once is enough */
	if (sig != SIGKILL) {
		q = sigqueue_alloc(t, sig < SIGRTMIN && info->si_code >= 0);
		if (q) {
			q->info = *info;
			q->info.si_signo = sig;
			list_add_tail(&q->list, &pending->list);
		} else if (sig >= SIGRTMIN && info->si_code != SI_USER) {
			return -EAGAIN;
		}
	}
	pending->signal |= sigmask(sig);
	if (type == PIDTYPE_PGID)
		remember_for_forks(sig, t->signal);
	complete_signal(sig, t, group);
	return 0;
}

/**
 * send_signal_locked - send @sig; 0 only asks whether that would be possible
 * @type: to @task alone, to its process, or to that as one of a group
 *
 * Return: 0, -ESRCH when the task has left the table, -EAGAIN when the queue is full.
 * Locks:  process_table_lock held.
 */
int send_signal_locked(int sig, const siginfo_t *info, struct task_struct *task, enum pid_type type)
{
	struct sighand_struct *sighand = task->sighand;
	bool from_kernel = info->si_code == SI_KERNEL;
	int err = 0;

	if (!sighand)
		return -ESRCH;
	if (!sig)
		return 0;
	spin_lock(&sighand->lock);
	if (!task->exit_state || (type != PIDTYPE_PID && task->signal->nr_threads > 1))
		err = queue_signal(sig, info, task, type, from_kernel);
	spin_unlock(&sighand->lock);
	return err;
}

int send_sig_info(int sig, const siginfo_t *info, struct task_struct *task, enum pid_type type)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&process_table_lock, flags);
	err = send_signal_locked(sig, info, task, type);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return err;
}

int send_sig(int sig, struct task_struct *task)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_KERNEL };

	return send_sig_info(sig, &info, task, PIDTYPE_TGID);
}

/* SIGPIPE, SIGXFSZ: Linux shows them as sent by the process itself. */
int send_sig_self(int sig)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_USER };

	info.rt.pid = current->tgid;
	info.rt.uid = current->cred.uid;
	return send_sig_info(sig, &info, current, PIDTYPE_TGID);
}

int kill_pgrp(pid_t pgrp, int sig)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_KERNEL };
	struct task_struct *p;
	unsigned long flags;
	int err = -ESRCH;

	spin_lock_irqsave(&process_table_lock, flags);
	list_for_each_entry(p, &task_list, tasks) {
		if (p->signal && task_pgrp(p) == pgrp &&
		    !send_signal_locked(sig, &info, p, PIDTYPE_PGID))
			err = 0;
	}
	spin_unlock_irqrestore(&process_table_lock, flags);
	return err;
}

/*
 * A synchronous signal cannot be put off: the instruction would only fault again.  When the program blocks or
 * ignores it, its action becomes the default one.
 */
static void force_sig_info(int sig, const siginfo_t *info)
{
	struct task_struct *me = current;
	struct k_sigaction *ka = &me->sighand->action[sig - 1];
	bool blocked, ignored = false;

	spin_lock_irq(&me->sighand->lock);
	blocked = me->blocked & sigmask(sig);
	ignored = ka->handler == SIG_IGN;
	if (blocked || ignored) {
		ka->handler = SIG_DFL;
		me->blocked &= ~sigmask(sig);
	}
	if (ka->handler == SIG_DFL)
		me->signal->flags &= ~SIGNAL_UNKILLABLE; /* PID 1 may end by its own fault */
	(void)queue_signal(sig, info, me, PIDTYPE_PID, true);
	recalc_sigpending();
	spin_unlock_irq(&me->sighand->lock);
}

void force_sig_fault(int sig, int code, vaddr_t addr)
{
	siginfo_t info = { .si_signo = sig, .si_code = code };

	info.fault.addr = addr;
	force_sig_info(sig, &info);
}

void force_sig(int sig)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_KERNEL };

	force_sig_info(sig, &info);
}

/* force_fatal_sig - as force_sig, and no handler is asked */
void force_fatal_sig(int sig)
{
	struct task_struct *me = current;

	spin_lock_irq(&me->sighand->lock);
	me->sighand->action[sig - 1].handler = SIG_DFL;
	spin_unlock_irq(&me->sighand->lock);
	force_sig(sig);
}

/* --- to groups of threads and to parents --- */

bool zap_other_threads(struct task_struct *task)
{
	struct task_struct *t;
	bool any = false;

	task->signal->group_stop_count = 0;
	for_each_thread(task, t) {
		t->jobctl = 0;
		if (t == task || t->exit_state)
			continue;
		any = true;
		t->pending.signal |= sigmask(SIGKILL);
		signal_wake_up(t, true);
	}
	return any;
}

static void fill_chld_info(siginfo_t *info, struct task_struct *task, int code, int status)
{
	u64 utime, stime;

	thread_group_cputime(task, &utime, &stime);
	memset(info, 0, sizeof(*info));
	info->si_signo = SIGCHLD;
	info->si_code = code;
	info->chld.pid = task->pid;
	info->chld.uid = task->cred.uid;
	info->chld.status = status;
	info->chld.utime = (s64)(utime / (NSEC_PER_SEC / USER_HZ));
	info->chld.stime = (s64)(stime / (NSEC_PER_SEC / USER_HZ));
}

/**
 * do_notify_parent - the process of leader @task has ended: tell its parent
 * @sig: what to send, 0 none; SIGCHLD in its place when the parent has called exec since
 *
 * Return: true when the parent does not want to wait (SIGCHLD ignored, SA_NOCLDWAIT): reap the child at once.
 * Locks:  process_table_lock held.
 */
bool do_notify_parent(struct task_struct *task, int sig)
{
	struct task_struct *parent = task->real_parent;
	int status = task->signal->flags & SIGNAL_GROUP_EXIT ? task->signal->group_exit_code
							     : task->exit_code;
	struct k_sigaction *ka;
	bool autoreap = false;
	siginfo_t info;

	/* A parent that has become another program did not ask for that signal. */
	if (task->parent_exec_id != parent->self_exec_id)
		sig = SIGCHLD;

	if (task->flags & PF_KTHREAD)
		return true;
	if (status & 0x7f)
		fill_chld_info(&info, task, status & 0x80 ? CLD_DUMPED : CLD_KILLED, status & 0x7f);
	else
		fill_chld_info(&info, task, CLD_EXITED, status >> 8);
	info.si_signo = sig;
	spin_lock(&parent->sighand->lock);
	ka = &parent->sighand->action[SIGCHLD - 1];
	if (sig == SIGCHLD && (ka->handler == SIG_IGN || (ka->flags & SA_NOCLDWAIT))) {
		autoreap = true;
		if (ka->handler == SIG_IGN)
			sig = 0;
	}
	/* clone(2) takes any byte for a signal; what is none is not sent. */
	if (sig > 0 && sig <= _NSIG)
		(void)queue_signal(sig, &info, parent, PIDTYPE_TGID, false);
	spin_unlock(&parent->sighand->lock);
	wake_up(&parent->signal->wait_chldexit);
	return autoreap;
}

/* The process of @task has stopped or goes on; process_table_lock held. */
void do_notify_parent_cldstop(struct task_struct *task, int why)
{
	struct task_struct *leader = task->group_leader, *parent = leader->real_parent;
	int status = why == CLD_STOPPED ? leader->signal->group_exit_code & 0x7f : SIGCONT;
	struct k_sigaction *ka;
	siginfo_t info;

	fill_chld_info(&info, leader, why, status);
	spin_lock(&parent->sighand->lock);
	ka = &parent->sighand->action[SIGCHLD - 1];
	if (ka->handler != SIG_IGN && !(ka->flags & SA_NOCLDSTOP))
		(void)queue_signal(SIGCHLD, &info, parent, PIDTYPE_TGID, false);
	spin_unlock(&parent->sighand->lock);
	wake_up(&parent->signal->wait_chldexit);
}

/**
 * retarget_shared_pending - @task will not take the process's signals in @which: tell threads that will
 *
 * The sender chose one thread and told it alone.  When that one blocks the signal or ends before it has taken it,
 * the others would sleep on though the signal is theirs as well.
 *
 * Locks: sighand->lock held.
 */
void retarget_shared_pending(struct task_struct *task, sigset_t which)
{
	sigset_t left = task->signal->shared_pending.signal & which;
	struct task_struct *t;

	for_each_thread(task, t) {
		if (!left)
			return;
		if (t == task || (t->flags & PF_EXITING) || !(left & ~t->blocked))
			continue;
		left &= t->blocked;
		if (!signal_pending(t))
			signal_wake_up(t, false);
	}
}

/* An exiting thread takes no more signals: what waits for the process goes to another thread. */
void exit_signals(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	bool stopped = false;

	spin_lock_irq(&process_table_lock);
	spin_lock(&task->sighand->lock);
	task->flags |=
		PF_EXITING; /* senders look at it under this lock: no more are chosen for us */
	retarget_shared_pending(task, ~task->blocked);
	if (task->jobctl & JOBCTL_STOP_CONSUME && !--signal->group_stop_count) {
		signal->flags |= SIGNAL_STOP_STOPPED;
		stopped = true;
	}
	task->jobctl = 0;
	spin_unlock(&task->sighand->lock);
	if (stopped)
		do_notify_parent_cldstop(task, CLD_STOPPED);
	spin_unlock_irq(&process_table_lock);
}
