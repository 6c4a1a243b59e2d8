/*
 * kernel/fault_inject.c - make the nth allocation of a task fail
 *
 * A test writes n to /proc/self/fail-nth and makes a system call.  Every allocation of that task that is allowed
 * to fail counts n down, and the one that brings it to zero fails, once.  Running the call for n = 1, 2, 3, ...
 * until the number is left over afterwards walks through every error path of the call.
 *
 * Only what a task asks for itself counts: not interrupts, which allocate with whatever task they met, and not
 * __GFP_NOFAIL.
 */
#include <kernel/fault_inject.h>

#ifdef DEBUG
#include <arch/irqflags.h>
#include <kernel/sched.h>
#include <mm/gfp.h>

bool should_fail_alloc(unsigned int gfp)
{
	struct task_struct *task = current;

	if (likely(!task->fail_nth) || (gfp & __GFP_NOFAIL) || !(gfp & __GFP_DIRECT_RECLAIM))
		return false;
	return --task->fail_nth == 0;
}
#endif
