/*
 * kernel/traps.h - exceptions, inside kernel/
 */
#ifndef KERNEL_TRAPS_H
#define KERNEL_TRAPS_H

#include <arch/ptregs.h>

/* One line on the console: which program failed where, and why.  The signal will end it. */
void report_user_fault(const struct pt_regs *regs, int sig, int si_code, vaddr_t addr,
		       unsigned long error_code);
/* emulate_vsyscall - a call into the vsyscall page: do it; false: it was none */
bool emulate_vsyscall(struct pt_regs *regs, unsigned long error_code, vaddr_t addr);

#endif
