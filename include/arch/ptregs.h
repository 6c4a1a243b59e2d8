/*
 * include/arch/ptregs.h - the registers of interrupted code, as every entry into the kernel saves them
 *
 * The order is Linux's: ptrace(2), core files and signal frames show it.  The last five words are what the CPU
 * pushes for an interrupt (Intel SDM 3A, "64-Bit Mode Stack Frame"); SYSCALL's entry pushes them by hand.
 *
 *     higher   ss  sp  flags  cs  ip         CPU
 *              orig_ax                       system call number; -1: entered by interrupt or exception
 *              di si dx cx ax r8 r9 r10 r11
 *     lower    bx bp r12 r13 r14 r15
 */
#ifndef ARCH_PTREGS_H
#define ARCH_PTREGS_H

#include <lib/types.h>

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax;
	unsigned long ip, cs, flags, sp, ss;
};

static_assert(sizeof(struct pt_regs) == 168, "entry.asm pushes 21 words");
static_assert(offsetof(struct pt_regs, orig_ax) == 120, "entry.asm");

/* Segment selectors; the order in the GDT is what SYSCALL and SYSRET want (gdt.c). */
#define __KERNEL_CS      0x10
#define __KERNEL_DS      0x18
#define __USER32_CS      0x23
#define __USER_DS        0x2b
#define __USER_CS        0x33

#define X86_EFLAGS_CF    (1UL << 0)
#define X86_EFLAGS_FIXED (1UL << 1)
#define X86_EFLAGS_PF    (1UL << 2)
#define X86_EFLAGS_AF    (1UL << 4)
#define X86_EFLAGS_ZF    (1UL << 6)
#define X86_EFLAGS_SF    (1UL << 7)
#define X86_EFLAGS_TF    (1UL << 8)
#define X86_EFLAGS_DF    (1UL << 10)
#define X86_EFLAGS_OF    (1UL << 11)
#define X86_EFLAGS_IOPL  (3UL << 12)
#define X86_EFLAGS_NT    (1UL << 14)
#define X86_EFLAGS_RF    (1UL << 16)
#define X86_EFLAGS_VM    (1UL << 17)
#define X86_EFLAGS_AC    (1UL << 18)
#define X86_EFLAGS_ID    (1UL << 21)

/* Flags that a signal frame or a debugger may set for user mode; the rest is the kernel's. */
#define X86_EFLAGS_USER_MASK                                                             \
	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | X86_EFLAGS_SF | \
	 X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_RF | X86_EFLAGS_AC)

static inline bool user_mode(const struct pt_regs *regs) { return regs->cs & 3; }

#endif
