/*
 * include/arch/exception.h - exceptions by number, and the table that lets the kernel survive some of its own
 *
 * An instruction that may fault on a user's address is listed in section .ex_table with the place to go on at.
 *
 * Sources: Intel SDM 3A, "Exception and Interrupt Reference", "Page-Fault Exceptions".
 */
#ifndef ARCH_EXCEPTION_H
#define ARCH_EXCEPTION_H

#include <arch/ptregs.h>

enum x86_trap {
	X86_TRAP_DE = 0, /* divide error */
	X86_TRAP_DB = 1, /* debug */
	X86_TRAP_NMI = 2,
	X86_TRAP_BP = 3, /* int3 */
	X86_TRAP_OF = 4,
	X86_TRAP_BR = 5,
	X86_TRAP_UD = 6, /* invalid opcode */
	X86_TRAP_NM = 7,
	X86_TRAP_DF = 8, /* double fault */
	X86_TRAP_TS = 10,
	X86_TRAP_NP = 11,
	X86_TRAP_SS = 12,
	X86_TRAP_GP = 13,
	X86_TRAP_PF = 14,
	X86_TRAP_MF = 16, /* x87 */
	X86_TRAP_AC = 17, /* alignment check */
	X86_TRAP_MC = 18, /* machine check */
	X86_TRAP_XF = 19, /* SSE */
	X86_TRAP_VE = 20,
	X86_TRAP_CP = 21,
	NR_EXCEPTIONS = 32
};

/* Error code of a page fault */
#define X86_PF_PROT  (1UL << 0) /* the page was there, the access was not allowed */
#define X86_PF_WRITE (1UL << 1)
#define X86_PF_USER  (1UL << 2)
#define X86_PF_RSVD  (1UL << 3) /* a reserved bit was set in an entry: the tables are corrupt */
#define X86_PF_INSTR (1UL << 4)
#define X86_PF_PK    (1UL << 5)

/* fixup_exception - if @regs->ip is listed in .ex_table, move it to the fixup and answer true; any context */
bool fixup_exception(struct pt_regs *regs);
/* search_exception_table - is the instruction at @ip one that may fault?  Its entry, or NULL; any context */
struct exception_table_entry;
const struct exception_table_entry *search_exception_table(unsigned long ip);
/* exception_name - "page fault" and the like; never NULL */
const char *exception_name(unsigned int vector);

/*
 * Panic support.  Each prints by printk, reads memory only where it has checked that it may, takes no lock.
 */
void arch_show_regs(const struct pt_regs *regs);
/* page-fault error code in words and the page-table walk of @addr in the tables CR3 points at */
void arch_show_fault(unsigned long error_code, vaddr_t addr);
/* symbolised call chain, from @regs or (NULL) from the caller */
void arch_show_backtrace(const struct pt_regs *regs);

/*
 * What arch calls upward; all in kernel/, and the only such names.  Each that returns to user mode has itself
 * done the work due on that way (signals, rescheduling) and returns with interrupts off.
 */
struct boot_info;
void kernel_main(struct boot_info *bi);
void __noreturn secondary_main(void); /* another processor, on its idle task, interrupts off */
void handle_interrupt(struct pt_regs *regs, unsigned int vector, unsigned long error_code);
void handle_syscall(struct pt_regs *regs);
void handle_page_fault(struct pt_regs *regs, unsigned long error_code, vaddr_t cr2);

#endif
