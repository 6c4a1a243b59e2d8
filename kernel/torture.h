/*
 * kernel/torture.h - trouble on purpose: what the lock checker calls while torture= is in force
 */
#ifndef KERNEL_TORTURE_H
#define KERNEL_TORTURE_H

#include <lib/types.h>

#ifdef DEBUG
extern bool torture_on; /* set once, while booting */

/* torture_init - start if the command line says so; the other CPUs are up.  May sleep. */
void torture_init(void);
/* torture_delay - at a lock: now and then let some time pass.  Any context. */
void torture_delay(void);
/* torture_yield - now and then give the CPU away; the caller may sleep */
void torture_yield(void);
#else
static inline void torture_init(void)
{
}
#endif

#endif
