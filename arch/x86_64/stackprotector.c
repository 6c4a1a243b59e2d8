/*
 * arch/x86_64/stackprotector.c - the word that a buffer overflow on the stack must not know
 *
 * The compiler puts __stack_chk_guard between a function's buffers and its return address and compares on the way
 * out.  The word is chosen once, before any function that returns has taken it: from the processor's random numbers
 * and, without those, from the time stamp counter, which firmware's run time has made hard to guess from inside.
 * Its lowest byte is 0: a string copy that runs over it ends there.
 *
 * One word for all processors and tasks: the kernel's stacks are the kernel's own, so a second word would guard
 * against nothing more.
 */
#include <kernel/printk.h>
#include "arch_internal.h"

extern unsigned long __stack_chk_guard;
void __stack_chk_fail(void);

unsigned long __stack_chk_guard = 0x5be4a7c1d39f0e00;

/* Called once, by a function that never returns; must not have a guard of its own. */
__attribute__((no_stack_protector)) void stack_protector_init(void)
{
	unsigned long random = 0;

	if (!arch_random_long(&random))
		random = rdtsc() *
			 0x9e3779b97f4a7c15UL; /* 2^64 / golden ratio: spreads the low bits */
	__stack_chk_guard = (__stack_chk_guard ^ random) & ~0xffUL;
}

void __stack_chk_fail(void)
{
	panic("stack smashing in the function at %p", __builtin_return_address(0));
}
