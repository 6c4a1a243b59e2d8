/*
 * arch/x86_64/dump.c - what a panic shows of the processor
 *
 * Everything here runs when the kernel's own data may be wrong: memory is read only after checking that the page
 * tables map it, loops are bounded, nothing is locked or allocated.
 *
 * A backtrace follows frame pointers, [rbp] = caller's rbp, [rbp + 8] = return address, upwards only and within
 * one stack; entries from user mode begin with rbp 0, which ends the chain.
 */
#include <mm_env.h>
#include <arch/exception.h>
#include <arch/thread.h>
#include <arch/uaccess.h>
#include <kernel/ksyms.h>
#include <kernel/sched.h>
#include <mm/vmalloc.h>
#include "arch_internal.h"

#define BACKTRACE_MAX 32
#define BRIEF_MAX     8

static const char *const names[NR_EXCEPTIONS] = {
	"divide error",
	"debug",
	"NMI",
	"breakpoint",
	"overflow",
	"bound range",
	"invalid opcode",
	"device not available",
	"double fault",
	NULL,
	"invalid TSS",
	"segment not present",
	"stack fault",
	"general protection fault",
	"page fault",
	NULL,
	"x87 error",
	"alignment check",
	"machine check",
	"SIMD error",
	"virtualization",
	"control protection",
};

const char *exception_name(unsigned int vector)
{
	return vector < NR_EXCEPTIONS && names[vector] ? names[vector] : "unknown exception";
}

void arch_show_regs(const struct pt_regs *regs)
{
	unsigned long offset;
	const char *sym = user_mode(regs) ? NULL : ksym_lookup(regs->ip, &offset);

	if (sym)
		pr_emerg("rip %04lx:%016lx %s+%#lx\n", regs->cs & 0xffff, regs->ip, sym, offset);
	else
		pr_emerg("rip %04lx:%016lx\n", regs->cs & 0xffff, regs->ip);
	pr_emerg("rsp %04lx:%016lx flags %08lx orig_rax %016lx\n", regs->ss & 0xffff, regs->sp,
		 regs->flags, regs->orig_ax);
	pr_emerg("rax %016lx rbx %016lx rcx %016lx\n", regs->ax, regs->bx, regs->cx);
	pr_emerg("rdx %016lx rsi %016lx rdi %016lx\n", regs->dx, regs->si, regs->di);
	pr_emerg("rbp %016lx r8  %016lx r9  %016lx\n", regs->bp, regs->r8, regs->r9);
	pr_emerg("r10 %016lx r11 %016lx r12 %016lx\n", regs->r10, regs->r11, regs->r12);
	pr_emerg("r13 %016lx r14 %016lx r15 %016lx\n", regs->r13, regs->r14, regs->r15);
	pr_emerg("cr0 %08lx cr2 %016lx cr3 %08lx cr4 %08lx cpu %u\n", read_cr0(), read_cr2(),
		 read_cr3(), read_cr4(), smp_processor_id());
}

/* ------------------------------------------------------------------------------------ page-table walk */

static const char *const level_names[] = { "PGD", "PUD", "PMD", "PTE" };
static const unsigned int level_shift[] = { PGDIR_SHIFT, PUD_SHIFT, PMD_SHIFT, PAGE_SHIFT };

static void show_entry(unsigned int level, unsigned int index, u64 e)
{
	pr_emerg("  %s[%3u] = %016lx %s%s%s%s%s%s%s\n", level_names[level], index, (unsigned long)e,
		 e & _PAGE_PRESENT ? "P" : "-", e & _PAGE_RW ? "W" : "-",
		 e & _PAGE_USER ? "U" : "-", e & _PAGE_ACCESSED ? "A" : "-",
		 e & _PAGE_DIRTY ? "D" : "-", e & _PAGE_GLOBAL ? "G" : "-",
		 e & _PAGE_NX ? "N" : "X");
}

/* The entry numbered @index in the table at physical @table, if that is RAM. */
static bool read_entry(paddr_t table, unsigned int index, u64 *e)
{
	return (table >> PAGE_SHIFT) < max_pfn &&
	       !copy_from_kernel_nofault(e, (const u64 *)phys_to_virt(table) + index, sizeof(*e));
}

static void show_walk(vaddr_t addr)
{
	paddr_t table = read_cr3() & PTE_PFN_MASK;

	for (unsigned int level = 0; level < ARRAY_SIZE(level_names); level++) {
		unsigned int index = addr >> level_shift[level] & (PTRS_PER_TABLE - 1);
		u64 e;

		if (!read_entry(table, index, &e)) {
			pr_emerg("  %s at %#lx cannot be read\n", level_names[level], table);
			return;
		}
		show_entry(level, index, e);
		if (!(e & _PAGE_PRESENT) || (e & _PAGE_PSE))
			return;
		table = e & PTE_PFN_MASK;
	}
}

void arch_show_fault(unsigned long error_code, vaddr_t addr)
{
	pr_emerg("%s %s of %016lx: %s%s (error code %#lx)\n",
		 error_code & X86_PF_USER ? "user" : "kernel",
		 error_code & X86_PF_INSTR   ? "execution"
		 : error_code & X86_PF_WRITE ? "write"
					     : "read",
		 addr, error_code & X86_PF_PROT ? "not permitted" : "no page there",
		 error_code & X86_PF_RSVD ? ", reserved bit set" : "", error_code);
	show_walk(addr);
}

/* ----------------------------------------------------------------------------------------- backtrace */

/* @back: 1 for a return address, whose call may be the last instruction of its function; 0 for the place itself */
static void show_frame(unsigned long ip, unsigned int back)
{
	unsigned long offset;
	const char *sym = ksym_lookup(ip - back, &offset);

	if (sym)
		pr_emerg("  %016lx %s+%#lx\n", ip, sym, offset + back);
	else
		pr_emerg("  %016lx\n", ip);
}

/*
 * Frames above @bp.  Each must lie higher than the one before and within the stack's size of it: so the walk stays on
 * one stack whichever that is, and a damaged chain ends.
 */
static void walk_frames(unsigned long bp, unsigned int max)
{
	unsigned long frame[2];

	for (unsigned int n = 0; n < max && bp >= PAGE_OFFSET && !(bp & 7); n++) {
		if (copy_from_kernel_nofault(frame, (const void *)bp, sizeof(frame)))
			return;
		if (frame[1] < (unsigned long)__text_start || frame[1] >= (unsigned long)__text_end)
			return;
		show_frame(frame[1], 1);
		if (frame[0] <= bp || frame[0] - bp > KERNEL_STACK_SIZE)
			return;
		bp = frame[0];
	}
}

void arch_show_backtrace(const struct pt_regs *regs)
{
	pr_emerg("call trace:\n");
	if (regs && user_mode(regs))
		return;
	if (regs)
		show_frame(regs->ip, 0);
	walk_frames(regs ? regs->bp : (unsigned long)__builtin_frame_address(0), BACKTRACE_MAX);
}

void arch_show_brief(const struct pt_regs *regs)
{
	unsigned long offset;
	const char *sym = user_mode(regs) ? NULL : ksym_lookup(regs->ip, &offset);

	if (sym)
		pr_emerg("rip %016lx %s+%#lx, rsp %016lx, flags %08lx\n", regs->ip, sym, offset,
			 regs->sp, regs->flags);
	else
		pr_emerg("rip %016lx, rsp %016lx, flags %08lx\n", regs->ip, regs->sp, regs->flags);
	if (!user_mode(regs))
		walk_frames(regs->bp, BRIEF_MAX);
}
