/*
 * include/kernel/fault_inject.h - make the nth allocation of a task fail
 *
 * /proc/self/fail-nth sets current->fail_nth to n; the nth allocation that may fail then does, once.  With it a
 * test runs a system call for every n and sees each error path.  Debug builds only.
 */
#ifndef KERNEL_FAULT_INJECT_H
#define KERNEL_FAULT_INJECT_H

#include <lib/types.h>

/* @gfp: a gfp_t; mm/gfp.h stands above this header and is not included here */
#ifdef DEBUG
bool should_fail_alloc(unsigned int gfp);
#else
static inline bool should_fail_alloc(unsigned int gfp)
{
	(void)gfp;
	return false;
}
#endif

#endif
