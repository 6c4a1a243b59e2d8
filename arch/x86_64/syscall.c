/*
 * arch/x86_64/syscall.c - the registers behind the SYSCALL instruction
 *
 * Source: Intel SDM 3A, "Fast System Calls in 64-Bit Mode".
 */
#include <arch/ptregs.h>
#include <arch/irqflags.h>
#include "arch_internal.h"

extern char syscall_entry[], syscall32_entry[];

/* Cleared on entry: what must not reach kernel code from a program.  As Linux. */
#define SYSCALL_MASK                                                                       \
	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | X86_EFLAGS_SF |   \
	 X86_EFLAGS_TF | X86_EFLAGS_IF | X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_IOPL | \
	 X86_EFLAGS_NT | X86_EFLAGS_RF | X86_EFLAGS_AC | X86_EFLAGS_ID)

/* syscall_init - the running processor accepts SYSCALL; gdt.c explains STAR's two numbers */
void syscall_init(void)
{
	wrmsr(MSR_STAR, (u64)__USER32_CS << 48 | (u64)__KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (u64)syscall_entry);
	wrmsr(MSR_CSTAR, (u64)syscall32_entry);
	wrmsr(MSR_SYSCALL_MASK, SYSCALL_MASK);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
}
