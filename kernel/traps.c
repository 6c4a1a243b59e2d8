/*
 * kernel/traps.c - exceptions and interrupts: what each vector means
 *
 * In user mode an exception is the program's doing and becomes a signal; in the kernel it is a bug, unless the
 * instruction has a fixup (uaccess with a non-canonical address is a #GP).  Device interrupts go on to their
 * handlers.  Both end, on the way back to user mode, in exit_to_user_mode.
 *
 *     #DE  SIGFPE  FPE_INTDIV    at the instruction      #NP #SS #TS  SIGBUS / SIGSEGV   SI_KERNEL
 *     #DB  SIGTRAP TRAP_TRACE    at the instruction      #GP          SIGSEGV SI_KERNEL  address 0: the CPU tells none
 *     #BP  SIGTRAP SI_KERNEL                             #MF #XF      SIGFPE by the status word
 *     #OF #BR  SIGSEGV SI_KERNEL                         #AC          SIGBUS BUS_ADRALN
 *     #UD  SIGILL  ILL_ILLOPN    at the instruction
 *
 * Sources: Intel SDM 3A "Exception and Interrupt Reference"; sigaction(2) for the codes, Linux for the choice.
 */
#include <kernel/panic.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <arch/cpu.h>
#include <arch/exception.h>
#include <arch/init.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include "traps.h"

/* --- floating point --- */

/* Bits of an x87 or SSE status that are set and not masked, to the code of the first by Linux's order. */
static int fpe_code(unsigned int raised)
{
	if (raised & 0x01)
		return FPE_FLTINV;
	if (raised & 0x04)
		return FPE_FLTDIV;
	if (raised & 0x08)
		return FPE_FLTOVF;
	if (raised & 0x12) /* denormal operand, underflow */
		return FPE_FLTUND;
	if (raised & 0x20)
		return FPE_FLTRES;
	return 0;
}

static int fpu_error_code(unsigned int vector)
{
	const struct fxregs *fx = &current->thread.fpu;

	fpu_sync_current();
	if (vector == X86_TRAP_MF)
		return fpe_code(fx->fsw & ~(fx->fcw & 0x3fu));
	return fpe_code(fx->mxcsr & ~(fx->mxcsr >> 7));
}

/* --- exceptions of user mode --- */

static void user_trap(const struct pt_regs *regs, unsigned int vector, int sig, int code,
		      vaddr_t addr)
{
	struct task_struct *me = current;

	if (unhandled_signal(me, sig) && sig != SIGTRAP)
		pr_notice("%s[%d]: %s at ip %lx sp %lx error %lx\n", me->comm, me->pid,
			  exception_name(vector), regs->ip, regs->sp, me->thread.error_code);
	if (code == SI_KERNEL)
		force_sig(sig);
	else
		force_sig_fault(sig, code, addr);
}

static void user_exception(struct pt_regs *regs, unsigned int vector, unsigned long error_code)
{
	struct thread_struct *thread = &current->thread;
	int code;

	thread->trap_nr = vector;
	thread->error_code = error_code;
	switch (vector) {
	case X86_TRAP_DE:
		user_trap(regs, vector, SIGFPE, FPE_INTDIV, regs->ip);
		break;
	case X86_TRAP_DB:
		user_trap(regs, vector, SIGTRAP, TRAP_TRACE, regs->ip);
		break;
	case X86_TRAP_BP:
		user_trap(regs, vector, SIGTRAP, SI_KERNEL, 0);
		break;
	case X86_TRAP_UD:
		user_trap(regs, vector, SIGILL, ILL_ILLOPN, regs->ip);
		break;
	case X86_TRAP_MF:
	case X86_TRAP_XF:
		code = fpu_error_code(vector);
		if (code) /* 0: a spurious one, its cause is gone */
			user_trap(regs, vector, SIGFPE, code, regs->ip);
		break;
	case X86_TRAP_AC:
		user_trap(regs, vector, SIGBUS, BUS_ADRALN, 0);
		break;
	case X86_TRAP_NP:
	case X86_TRAP_SS:
		user_trap(regs, vector, SIGBUS, SI_KERNEL, 0);
		break;
	case X86_TRAP_OF:
	case X86_TRAP_BR:
	case X86_TRAP_TS:
	case X86_TRAP_GP:
		user_trap(regs, vector, SIGSEGV, SI_KERNEL, 0);
		break;
	default:
		panic_regs(regs, NULL, NULL, "%s (vector %u, error %lx) in user mode",
			   exception_name(vector), vector, error_code);
	}
}

static void handle_nmi(const struct pt_regs *regs)
{
	irq_account(X86_TRAP_NMI);
	smp_nmi(regs);
	/*
	 * Nobody here asks for one: a button, or a failing chipset.  Worth a line, not a halt.  The interrupted code
	 * may hold the log's lock, so the line goes to the port alone.
	 */
	early_puts("NMI for an unknown reason\n");
}

/* A page fault that could not be delivered, for the stack is where it happened: CR2 is in the page below it. */
static bool hit_stack_guard(void)
{
	return (vaddr_t)current->stack - 1 - read_cr2() < PAGE_SIZE;
}

static void handle_exception(struct pt_regs *regs, unsigned int vector, unsigned long error_code)
{
	if (vector == X86_TRAP_NMI) {
		handle_nmi(regs);
		return;
	}
	if (vector == X86_TRAP_DF && hit_stack_guard())
		panic_regs(regs, NULL, NULL, "kernel stack overflow: %s (pid %d) on CPU %u",
			   current->comm, current->pid, smp_processor_id());
	if (vector == X86_TRAP_MC || vector == X86_TRAP_DF)
		panic_regs(regs, NULL, NULL, "%s", exception_name(vector));
	if (user_mode(regs)) {
		local_irq_enable();
		user_exception(regs, vector, error_code);
		local_irq_disable();
		return;
	}
	if (fixup_exception(regs))
		return;
	panic_regs(regs, NULL, NULL, "%s in the kernel, error %lx", exception_name(vector),
		   error_code);
}

/**
 * handle_interrupt - every vector but page faults and system calls
 *
 * Context: interrupts off on entry and return.
 */
void handle_interrupt(struct pt_regs *regs, unsigned int vector, unsigned long error_code)
{
	if (vector < NR_EXCEPTIONS) {
		handle_exception(regs, vector, error_code);
	} else {
		rcu_irq_enter();
		irq_dispatch(regs, vector);
	}
	if (user_mode(regs) && unlikely(current->thread_flags & TIF_USER_WORK))
		exit_to_user_mode(regs);
}
