/*
 * kernel/signal.c - taking signals: on the way to user mode a task looks what waits for it
 *
 *     dequeue -> ignored? next -> a handler? build its frame -> default: ignore, stop, or end the process
 *
 * Synchronous signals (a fault of the very instruction) come first, then the thread's own and the process's by
 * number.  A stop is a matter of the whole group: the thread that takes the stop signal asks the others to stop
 * too, and the last one to do so tells the parent.
 *
 * A system call that a signal broke off has left one of the ERESTART codes in ax:
 *
 *     code                     no handler runs         a handler runs
 *     ERESTARTNOINTR           call again              call again
 *     ERESTARTSYS              call again              call again with SA_RESTART, else EINTR
 *     ERESTARTNOHAND           call again              EINTR
 *     ERESTART_RESTARTBLOCK    restart_syscall(2)      EINTR
 *
 * Calling again means: ax is the number again, ip back on the SYSCALL instruction (two bytes).
 *
 * Cores are not written: a signal whose default action is to dump one ends the process without the core flag in
 * its wait status, as on Linux with RLIMIT_CORE 0.
 *
 * Locking: sighand->lock; process_table_lock outside of it to tell the parent.
 *
 * Sources: signal(7), sigaction(2).
 */
#include <lib/string.h>
#include <uapi/errno.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/strace.h>
#include <kernel/syscalls_kernel.h>
#include <arch/ptregs.h>
#include <uapi/syscall_nr.h>
#include "signal_queue.h"

#define SYSCALL_INSN_LEN 2

/* --- dequeue --- */

void recalc_sigpending(void)
{
	struct task_struct *me = current;
	sigset_t pending = me->pending.signal | me->signal->shared_pending.signal;

	if ((pending & ~me->blocked) || (me->jobctl & JOBCTL_STOP_PENDING) ||
	    (me->signal->flags & (SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED)))
		set_tsk_flag(me, TIF_SIGPENDING);
	else
		clear_tsk_flag(me, TIF_SIGPENDING);
}

static int next_signal(const struct sigpending *pending, sigset_t mask)
{
	sigset_t ready = pending->signal & ~mask;

	if (ready & SIG_SYNCHRONOUS_MASK)
		ready &= SIG_SYNCHRONOUS_MASK;
	return ready ? __builtin_ctzl(ready) + 1 : 0;
}

/* Take @sig from @pending with what is known about it; the bit stays while more of it are queued. */
static void collect_signal(int sig, struct sigpending *pending, struct signal_struct *signal,
			   siginfo_t *info)
{
	struct sigqueue *q, *first = NULL;
	bool more = false;

	list_for_each_entry(q, &pending->list, list) {
		if (q->info.si_signo != sig)
			continue;
		if (first) {
			more = true;
			break;
		}
		first = q;
	}
	if (!more)
		pending->signal &= ~sigmask(sig);
	if (first) {
		*info = first->info;
		sigqueue_free(first, signal);
	} else { /* there was no memory to remember more */
		memset(info, 0, sizeof(*info));
		info->si_signo = sig;
		info->si_code = SI_USER;
	}
}

int dequeue_signal(struct task_struct *me, sigset_t mask, siginfo_t *info)
{
	struct sigpending *pending = &me->pending;
	int sig = next_signal(pending, mask);

	if (!sig) {
		pending = &me->signal->shared_pending;
		sig = next_signal(pending, mask);
	}
	if (sig) {
		collect_signal(sig, pending, me->signal, info);
		if (sigmask(sig) & SIG_KERNEL_STOP_MASK)
			me->jobctl |= JOBCTL_STOP_DEQUEUED;
	}
	recalc_sigpending();
	return sig;
}

/* --- stopping --- */

static void ask_others_to_stop(struct task_struct *me, int sig)
{
	struct signal_struct *signal = me->signal;
	struct task_struct *t;

	if (!(signal->flags & SIGNAL_STOP_STOPPED))
		signal->group_exit_code = sig;
	signal->group_stop_count = 0;
	for_each_thread(me, t) {
		if ((t->flags & PF_EXITING) || t->state == TASK_STOPPED)
			continue;
		t->jobctl |= JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME;
		signal->group_stop_count++;
		if (t != me)
			signal_wake_up(t, false);
	}
}

/* A thread that is made while the group stops, or is stopped, stops before its first instruction. */
void task_join_group_stop(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	if (signal->group_stop_count) {
		signal->group_stop_count++;
		task->jobctl |= JOBCTL_STOP_CONSUME;
	} else if (!(signal->flags & SIGNAL_STOP_STOPPED)) {
		return;
	}
	task->jobctl |= JOBCTL_STOP_PENDING;
	set_tsk_flag(task, TIF_SIGPENDING);
}

/*
 * Stop the group for @sig, or (0) take part in the stop that another thread began.  sighand->lock held on entry;
 * released when true is returned, after the stop.  False: SIGCONT or the end of the group came first.
 */
static bool do_signal_stop(struct task_struct *me, int sig)
{
	struct signal_struct *signal = me->signal;
	bool notify = false;

	if (!(me->jobctl & JOBCTL_STOP_PENDING)) {
		if (!(me->jobctl & JOBCTL_STOP_DEQUEUED) || (signal->flags & SIGNAL_GROUP_EXIT) ||
		    signal->group_exec_task)
			return false;
		ask_others_to_stop(me, sig);
	}
	if ((me->jobctl & JOBCTL_STOP_CONSUME) && !--signal->group_stop_count &&
	    !(signal->flags & SIGNAL_STOP_STOPPED)) {
		signal->flags &= ~(SIGNAL_STOP_CONTINUED | SIGNAL_CLD_CONTINUED);
		signal->flags |= SIGNAL_STOP_STOPPED;
		notify = true;
	}
	me->jobctl = 0;
	set_task_state(TASK_STOPPED);
	spin_unlock_irq(&me->sighand->lock);
	if (notify) {
		spin_lock_irq(&process_table_lock);
		do_notify_parent_cldstop(me, CLD_STOPPED);
		spin_unlock_irq(&process_table_lock);
	}
	schedule();
	set_task_state(TASK_RUNNING);
	return true;
}

/* Report a stop or continuation that nobody has reported yet.  sighand->lock held; true: it was released. */
static bool report_cld(struct task_struct *me)
{
	struct signal_struct *signal = me->signal;
	int why;

	if (likely(!(signal->flags & (SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED))))
		return false;
	why = signal->flags & SIGNAL_CLD_CONTINUED ? CLD_CONTINUED : CLD_STOPPED;
	signal->flags &= ~(SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED);
	spin_unlock_irq(&me->sighand->lock);
	spin_lock_irq(&process_table_lock);
	do_notify_parent_cldstop(me, why);
	spin_unlock_irq(&process_table_lock);
	return true;
}

/* --- the decision --- */

struct ksignal {
	struct k_sigaction ka;
	siginfo_t info;
};

static void __noreturn die_by(struct task_struct *me, int sig)
{
	spin_unlock_irq(&me->sighand->lock);
	me->flags |= PF_SIGNALED;
	do_group_exit(sig);
}

enum verdict { AGAIN, RELOCK, HANDLE };

/* What becomes of @sig, with sighand->lock held.  RELOCK: the lock was released. */
static enum verdict decide(struct task_struct *me, int sig, struct ksignal *ks)
{
	struct k_sigaction *ka = &me->sighand->action[sig - 1];

	if (ka->handler == SIG_IGN)
		return AGAIN;
	if (ka->handler != SIG_DFL) {
		ks->ka = *ka;
		if (ka->flags & SA_RESETHAND)
			ka->handler = SIG_DFL;
		return HANDLE;
	}
	if (sig_action_ignored(SIG_DFL, sig))
		return AGAIN;
	if ((me->signal->flags & SIGNAL_UNKILLABLE) && !(sigmask(sig) & SIG_KERNEL_ONLY_MASK))
		return AGAIN;
	if (!(sigmask(sig) & SIG_KERNEL_STOP_MASK))
		die_by(me, sig);
	if (sig != SIGSTOP) {
		bool orphaned;

		/* Nobody could continue an orphaned group: the terminal's stops do not stop it. */
		spin_unlock_irq(&me->sighand->lock);
		orphaned = is_current_pgrp_orphaned();
		spin_lock_irq(&me->sighand->lock);
		if (orphaned)
			return AGAIN;
	}
	return do_signal_stop(me, sig) ? RELOCK : AGAIN;
}

/* The next signal with a handler, 0 when there is none.  Does not return when the process ends. */
static int get_signal(struct task_struct *me, struct ksignal *ks)
{
	struct signal_struct *signal = me->signal;

	spin_lock_irq(&me->sighand->lock);
	for (;;) {
		enum verdict verdict;
		int sig;

		if (report_cld(me)) {
			spin_lock_irq(&me->sighand->lock);
			continue;
		}
		if ((signal->flags & SIGNAL_GROUP_EXIT) ||
		    (signal->group_exec_task && signal->group_exec_task != me))
			die_by(me, signal->group_exit_code);
		if ((me->jobctl & JOBCTL_STOP_PENDING) && do_signal_stop(me, 0)) {
			spin_lock_irq(&me->sighand->lock);
			continue;
		}
		sig = dequeue_signal(me, me->blocked, &ks->info);
		if (!sig) {
			spin_unlock_irq(&me->sighand->lock);
			return 0;
		}
		strace_signal(sig, &ks->info);
		verdict = decide(me, sig, ks);
		if (verdict == HANDLE) {
			spin_unlock_irq(&me->sighand->lock);
			return sig;
		}
		if (verdict == RELOCK)
			spin_lock_irq(&me->sighand->lock);
	}
}

/* --- interrupted system calls --- */

static void call_again(struct pt_regs *regs, unsigned long nr)
{
	regs->ax = nr;
	regs->ip -= SYSCALL_INSN_LEN;
}

static void restart_for_handler(struct pt_regs *regs, u64 sa_flags)
{
	if ((long)regs->orig_ax < 0)
		return; /* not from a system call */
	switch ((long)regs->ax) {
	case -ERESTART_RESTARTBLOCK:
	case -ERESTARTNOHAND:
		regs->ax = (unsigned long)-EINTR;
		break;
	case -ERESTARTSYS:
		if (!(sa_flags & SA_RESTART)) {
			regs->ax = (unsigned long)-EINTR;
			break;
		}
		fallthrough;
	case -ERESTARTNOINTR:
		call_again(regs, regs->orig_ax);
		break;
	}
}

static void restart_without_handler(struct pt_regs *regs)
{
	if ((long)regs->orig_ax < 0)
		return;
	switch ((long)regs->ax) {
	case -ERESTARTNOHAND:
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
		call_again(regs, regs->orig_ax);
		break;
	case -ERESTART_RESTARTBLOCK:
		call_again(regs, __NR_restart_syscall);
		break;
	}
}

long sys_restart_syscall(void)
{
	struct restart_block *restart = &current->restart;

	return restart->fn ? restart->fn(restart) : -EINTR;
}

/* --- delivery --- */

static void handle_signal(struct task_struct *me, struct pt_regs *regs, int sig, struct ksignal *ks)
{
	sigset_t oldmask = me->restore_sigmask ? me->saved_sigmask : me->blocked;
	sigset_t blocked = me->blocked | ks->ka.mask;

	restart_for_handler(regs, ks->ka.flags);
	if (setup_rt_frame(regs, sig, &ks->ka, &ks->info, oldmask)) {
		/* No room for the frame.  If this is about SIGSEGV itself, its handler is of no use. */
		if (sig == SIGSEGV)
			force_fatal_sig(SIGSEGV);
		else
			force_sig(SIGSEGV);
		return;
	}
	me->restore_sigmask = false;
	if (!(ks->ka.flags & SA_NODEFER))
		blocked |= sigmask(sig);
	set_current_blocked(blocked);
}

/**
 * do_signal - take the signals that wait for the current task
 * @regs: its user registers
 *
 * Context: on the way to user mode, interrupts on, no lock held.  Does not return when a signal ends the process.
 */
void do_signal(struct pt_regs *regs)
{
	struct task_struct *me = current;
	struct ksignal ks;
	int sig = get_signal(me, &ks);

	if (sig) {
		handle_signal(me, regs, sig, &ks);
		return;
	}
	restart_without_handler(regs);
	if (me->restore_sigmask) {
		me->restore_sigmask = false;
		set_current_blocked(me->saved_sigmask);
	}
}

/* --- masks --- */

bool signal_pending(const struct task_struct *task)
{
	return task->thread_flags & TIF_SIGPENDING;
}

bool fatal_signal_pending(const struct task_struct *task)
{
	return signal_pending(task) && (task->pending.signal & sigmask(SIGKILL));
}

bool signal_pending_current(unsigned int state)
{
	const struct task_struct *me = current;

	if (state & TASK_INTERRUPTIBLE)
		return signal_pending(me);
	return (state & (TASK_KILLABLE | TASK_STOPPED)) && fatal_signal_pending(me);
}

void set_task_blocked(struct task_struct *me, sigset_t newset)
{
	if (signal_pending(me))
		retarget_shared_pending(me, newset & ~me->blocked);
	me->blocked = newset;
	recalc_sigpending();
}

void set_current_blocked(sigset_t newset)
{
	struct task_struct *me = current;

	newset &= ~SIG_KERNEL_ONLY_MASK;
	if (me->blocked == newset)
		return;
	spin_lock_irq(&me->sighand->lock);
	set_task_blocked(me, newset);
	spin_unlock_irq(&me->sighand->lock);
}

bool unhandled_signal(struct task_struct *task, int sig)
{
	u64 handler = task->sighand->action[sig - 1].handler;

	if (task->tgid == 1)
		return true;
	return handler == SIG_DFL || handler == SIG_IGN || (task->blocked & sigmask(sig));
}

bool is_ignored_job_control_signal(int sig)
{
	const struct task_struct *me = current;

	return (me->blocked & sigmask(sig)) || me->sighand->action[sig - 1].handler == SIG_IGN;
}

/* exec: caught signals go back to their default, ignored ones stay ignored (unless force_default). */
void flush_signal_handlers(struct task_struct *task, bool force_default)
{
	for (int i = 0; i < _NSIG; i++) {
		struct k_sigaction *ka = &task->sighand->action[i];

		if (force_default || ka->handler != SIG_IGN)
			ka->handler = SIG_DFL;
		ka->flags = 0;
		ka->restorer = 0;
		ka->mask = 0;
	}
}
