/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/arch/irqflags.h - a software CPU's interrupt flag
 */
#ifndef ARCH_IRQFLAGS_H
#define ARCH_IRQFLAGS_H

#include <lib/types.h>

#define X86_EFLAGS_IF (1UL << 9)

unsigned long arch_local_save_flags(void);
void local_irq_disable(void);
void local_irq_enable(void);

static inline bool irqs_disabled_flags(unsigned long flags)
{
	return !(flags & X86_EFLAGS_IF);
}

static inline bool irqs_disabled(void)
{
	return irqs_disabled_flags(arch_local_save_flags());
}

#define local_irq_save(flags)                      \
	do {                                       \
		(flags) = arch_local_save_flags(); \
		local_irq_disable();               \
	} while (0)
#define local_irq_restore(flags)                 \
	do {                                     \
		if (!irqs_disabled_flags(flags)) \
			local_irq_enable();      \
	} while (0)

/* Somebody else must act before we can go on: let them. */
void cpu_relax(void);

#endif
