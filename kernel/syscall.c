/*
 * kernel/syscall.c - system calls: from number to function, and the way back to user mode
 *
 * The entry code has saved the registers, enabled interrupts and preset ax with -ENOSYS.  Here the number picks a
 * function, and its result becomes ax.  On the way out one word of flags says whether anything is left to do; the
 * common case looks at it once.
 *
 * The limit of the numbers is a variable, and 0 while anybody's calls are traced: so that nobody pays for the question
 * while nobody asks it (kernel/strace.h).
 */
#include <kernel/sched.h>
#include <kernel/strace.h>
#include <kernel/syscalls.h>
#include <arch/exception.h>
#include "lockdebug.h"
#include "syscall_table.h"

/* A number that is not called at once: there is no such call, or somebody is traced. */
static __noinline void slow_syscall(struct pt_regs *regs, unsigned long nr)
{
	if (strace_on())
		strace_syscall(regs, nr < NR_SYSCALLS ? syscall_table[nr] : NULL);
}

void handle_syscall(struct pt_regs *regs)
{
	unsigned long nr = regs->orig_ax;

	if (likely(nr < syscall_limit && syscall_table[nr]))
		regs->ax = (unsigned long)syscall_table[nr](regs->di, regs->si, regs->dx, regs->r10,
							    regs->r8, regs->r9);
	else
		slow_syscall(regs, nr);
	local_irq_disable();
	if (unlikely(current->thread_flags & TIF_USER_WORK))
		exit_to_user_mode(regs);
}

/**
 * exit_to_user_mode - do what is due before user code goes on
 *
 * Each piece of work may cause more of it, so the flags are looked at again, with interrupts off, until none is
 * set: the last look and the return are one for every interrupt.
 *
 * Context: interrupts off on entry and return, on in between.  Does not return if a signal ends the task.
 */
void exit_to_user_mode(struct pt_regs *regs)
{
	struct task_struct *me = current;
	u32 work;

	lockdebug_no_locks(me, "return to user mode");
	while ((work = READ_ONCE(me->thread_flags) & TIF_USER_WORK)) {
		local_irq_enable();
		if (work & TIF_NEED_RESCHED)
			cond_resched();
		if (work & TIF_NOTIFY_RESUME) {
			clear_tsk_flag(me, TIF_NOTIFY_RESUME);
			task_work_run();
		}
		if (work & TIF_SIGPENDING)
			do_signal(regs);
		local_irq_disable();
	}
}
