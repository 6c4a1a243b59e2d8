/*
 * kernel/fault.c - a page fault, decoded: whose is it, and what does its failure mean?
 *
 *     fault in     address      handled by
 *     user mode    user         mm_fault; failure is a signal
 *     user mode    kernel       SIGSEGV, but for calls into the vsyscall page
 *     kernel       user         only inside uaccess: mm_fault; failure goes to the fixup
 *     kernel       kernel       the fixup of a probing read, or panic
 *
 * The kernel may touch a user address only at an instruction listed in the exception table, and under SMAP only with
 * AC set: anything else is a bug, and is reported before any lock is taken, because mmap_lock may be what the buggy
 * code holds.  A reserved bit in an entry means that the page tables are corrupt: panic, whoever met it.
 *
 * With page faults disabled nothing may sleep, so the fault goes to the fixup at once.
 *
 * Sources: Intel SDM 3A "Page-Fault Exceptions"; the whole path is followed in docs/fault-path.md.
 */
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/trace.h>
#include <fs/vfs.h>
#include <mm/mm.h>
#include <mm/vma.h>
#include <arch/cpu.h>
#include <arch/exception.h>
#include <arch/uaccess.h>
#include "traps.h"

struct bad_access {
	unsigned long error_code;
	vaddr_t addr;
};

static void show_bad_access(void *arg)
{
	const struct bad_access *bad = arg;

	arch_show_fault(bad->error_code, bad->addr);
}

static void __noreturn panic_fault(const struct pt_regs *regs, unsigned long error_code,
				   vaddr_t addr, const char *why)
{
	struct bad_access bad = { error_code, addr };

	panic_regs(regs, show_bad_access, &bad, "%s at %lx", why, addr);
}

static unsigned int fault_flags(unsigned long error_code)
{
	return (error_code & X86_PF_WRITE ? FAULT_FLAG_WRITE : 0) |
	       (error_code & X86_PF_USER ? FAULT_FLAG_USER : 0) |
	       (error_code & X86_PF_INSTR ? FAULT_FLAG_INSTRUCTION : 0);
}

static void current_limits(struct mm_limits *lim)
{
	task_limits(current, lim);
}

static void count_fault(struct task_struct *me, vm_fault_t fault)
{
	if (unlikely(fault & VM_FAULT_MAJOR))
		me->maj_flt++;
	else
		me->min_flt++;
}

/* --- failures of user mode --- */

/* Out of memory in a fault: nobody can be told by an error number.  The process ends; the kernel goes on. */
static void out_of_memory(struct task_struct *me, vaddr_t addr)
{
	pr_err("%s[%d]: out of memory at a page fault on %lx: killed\n", me->comm, me->pid, addr);
	send_sig(SIGKILL, me);
}

static void user_fault_failed(struct pt_regs *regs, unsigned long error_code, vaddr_t addr,
			      vm_fault_t fault, int si_code)
{
	struct task_struct *me = current;
	int sig = fault & VM_FAULT_SIGBUS ? SIGBUS : SIGSEGV;

	trace_mm(EV_FAULT, addr, 0, PGFAULT);
	if (fault & VM_FAULT_OOM) {
		if (!fatal_signal_pending(me))
			out_of_memory(me, addr);
		return;
	}
	/* Of a kernel address a program learns only that it may not have it. */
	me->thread.trap_nr = X86_TRAP_PF;
	me->thread.error_code = error_code | (addr >= TASK_SIZE_MAX ? X86_PF_PROT : 0);
	me->thread.cr2 = addr;
	if (unhandled_signal(me, sig))
		report_user_fault(regs, sig, si_code, addr, error_code);
	force_sig_fault(sig, si_code, addr);
}

static void user_fault(struct pt_regs *regs, unsigned long error_code, vaddr_t addr)
{
	struct task_struct *me = current;
	vm_fault_t fault;
	int si_code;

	if (unlikely(addr >= TASK_SIZE_MAX) && emulate_vsyscall(regs, error_code, addr))
		return;
	/*
	 * The processor itself was refused, in user mode.  It reads only descriptor tables for a program, which are
	 * not here; but QEMU 7.2 also reads the stack of a far return so, and under SMAP that can never succeed.
	 */
	if (unlikely((error_code & (X86_PF_PROT | X86_PF_USER)) == X86_PF_PROT)) {
		user_fault_failed(regs, error_code, addr, VM_FAULT_SIGSEGV, SEGV_ACCERR);
		return;
	}
	fault = mm_fault(me->mm, current_limits, addr, fault_flags(error_code), &si_code);
	if (unlikely(fault & VM_FAULT_ERROR)) {
		user_fault_failed(regs, error_code, addr, fault, si_code);
		return;
	}
	count_fault(me, fault);
}

/* --- faults of the kernel --- */

static void kernel_fault(struct pt_regs *regs, unsigned long error_code, vaddr_t addr)
{
	struct task_struct *me = current;
	vm_fault_t fault;
	int si_code;

	if (addr >= TASK_SIZE_MAX) {
		if (!fixup_exception(regs))
			panic_fault(regs, error_code, addr, "page fault in the kernel");
		return;
	}
	if (!search_exception_table(regs->ip))
		panic_fault(regs, error_code, addr,
			    "the kernel touched a user address outside of uaccess");
	if (cpu_has(X86_FEATURE_SMAP) && !(regs->flags & X86_EFLAGS_AC))
		panic_fault(regs, error_code, addr,
			    "the kernel touched user memory with SMAP closed");
	if (pagefault_disabled() || !me->mm || irqs_disabled_flags(regs->flags)) {
		(void)fixup_exception(regs);
		return;
	}
	fault = mm_fault(me->mm, current_limits, addr, fault_flags(error_code), &si_code);
	if (fault & VM_FAULT_ERROR) {
		trace_mm(EV_FAULT, addr, 0, PGFAULT);
		(void)fixup_exception(regs); /* the call answers EFAULT */
		return;
	}
	count_fault(me, fault);
}

/**
 * handle_page_fault - the one entry for page faults
 * @addr: CR2
 *
 * Context: interrupts on if the interrupted code had them on.  Returns with them off to user mode.
 */
void handle_page_fault(struct pt_regs *regs, unsigned long error_code, vaddr_t addr)
{
	if (unlikely(error_code & X86_PF_RSVD))
		panic_fault(regs, error_code, addr, "corrupt page table: reserved bit set");
	if (!user_mode(regs)) {
		kernel_fault(regs, error_code, addr);
		return;
	}
	user_fault(regs, error_code, addr);
	local_irq_disable();
	if (unlikely(current->thread_flags & TIF_USER_WORK))
		exit_to_user_mode(regs);
}
