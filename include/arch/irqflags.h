/*
 * include/arch/irqflags.h - this CPU's interrupt flag
 */
#ifndef ARCH_IRQFLAGS_H
#define ARCH_IRQFLAGS_H

#include <lib/types.h>

#define X86_EFLAGS_IF (1UL << 9)

static inline unsigned long arch_local_save_flags(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags;
}
static inline void local_irq_disable(void) { __asm__ volatile("cli" : : : "memory"); }
static inline void local_irq_enable(void) { __asm__ volatile("sti" : : : "memory"); }
static inline bool irqs_disabled_flags(unsigned long flags) { return !(flags & X86_EFLAGS_IF); }
static inline bool irqs_disabled(void) { return irqs_disabled_flags(arch_local_save_flags()); }
#define local_irq_save(flags)                      \
	do {                                       \
		(flags) = arch_local_save_flags(); \
		local_irq_disable();               \
	} while (0)
#define local_irq_restore(flags)                         \
	do {                                             \
		if (likely(!irqs_disabled_flags(flags))) \
			local_irq_enable();              \
	} while (0)
static inline void cpu_relax(void) { __asm__ volatile("pause" : : : "memory"); }

#endif
