/*
 * kernel/signal_frame.c - the stack frame a handler runs on, and the way back from it
 *
 *     sp of the interrupted code (or the top of the alternate stack)
 *     128 bytes red zone (not on the alternate stack)         psABI: leaf functions use it without moving sp
 *     512 bytes FXSAVE image, 64-byte aligned                 <- uc_mcontext.fpstate
 *     struct rt_sigframe: siginfo, ucontext, return address   <- sp of the handler, 16n + 8 as after a call
 *
 * The handler returns to the restorer that the C library gave with sigaction, which calls rt_sigreturn; the
 * registers come back from the frame.  The frame is the program's memory: everything in it is taken as a wish.
 * Flags are masked to what user mode may set, segments are the only ones there are, MXCSR is masked to what the CPU
 * takes.  An instruction pointer that is not canonical is refused by the return to user mode itself, as a #GP that
 * the program committed (entry.asm).
 *
 * Without XSAVE (CR4.OSXSAVE is off) uc_flags has no UC_FP_XSTATE, and no magic follows the FXSAVE image.
 *
 * Sources: System V AMD64 psABI "Stack Frame"; sigreturn(2), sigaltstack(2); Linux's frame layout.
 */
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls_kernel.h>
#include <arch/ptregs.h>
#include <arch/thread.h>
#include <arch/uaccess.h>

#define RED_ZONE 128UL

/* --- alternate stack --- */

static bool on_sig_stack(const struct sigaltstack_info *sas, vaddr_t sp)
{
	/* With SS_AUTODISARM the stack is given up when a handler starts on it. */
	if (sas->flags & SS_AUTODISARM)
		return false;
	return sp > sas->sp && sp - sas->sp <= sas->size;
}

static u32 sas_state(const struct sigaltstack_info *sas, vaddr_t sp)
{
	if (!sas->size)
		return SS_DISABLE;
	return on_sig_stack(sas, sp) ? SS_ONSTACK : 0;
}

static int set_altstack(u64 sp, u64 size, u32 flags, vaddr_t user_sp)
{
	struct sigaltstack_info *sas = &current->sas;
	u32 mode = flags & ~SS_AUTODISARM;

	if (on_sig_stack(sas, user_sp))
		return -EPERM;
	if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		*sas = (struct sigaltstack_info){ .flags = flags };
		return 0;
	}
	if (size < MINSIGSTKSZ)
		return -ENOMEM;
	*sas = (struct sigaltstack_info){ .sp = sp, .size = size, .flags = flags };
	return 0;
}

static void fill_stack_t(stack_t *ss, const struct sigaltstack_info *sas, u32 flags)
{
	ss->ss_sp = sas->sp;
	ss->ss_size = sas->size;
	ss->ss_flags = (int)flags;
	ss->__pad = 0;
}

long sys_sigaltstack(const stack_t *uss, stack_t *uold)
{
	struct sigaltstack_info old = current->sas;
	vaddr_t sp = task_pt_regs(current)->sp;
	stack_t ss;
	int err;

	if (uss) {
		if (copy_from_user(&ss, uss, sizeof(ss)))
			return -EFAULT;
		err = set_altstack(ss.ss_sp, ss.ss_size, (u32)ss.ss_flags, sp);
		if (err)
			return err;
	}
	if (uold) {
		fill_stack_t(&ss, &old, sas_state(&old, sp) | (old.flags & SS_AUTODISARM));
		if (copy_to_user(uold, &ss, sizeof(ss)))
			return -EFAULT;
	}
	return 0;
}

/* --- building the frame --- */

/* 0 when the stack pointer chosen would run off the alternate stack it is already on. */
static vaddr_t frame_address(const struct pt_regs *regs, const struct k_sigaction *ka,
			     vaddr_t *fpstate)
{
	const struct sigaltstack_info *sas = &current->sas;
	bool nested = on_sig_stack(sas, regs->sp), entering = false;
	vaddr_t sp = regs->sp - RED_ZONE;

	if ((ka->flags & SA_ONSTACK) && sas_state(sas, regs->sp) == 0) {
		sp = sas->sp + sas->size;
		entering = true;
	}
	*fpstate = ALIGN_DOWN(sp - sizeof(struct fxregs), 64);
	sp = ALIGN_DOWN(*fpstate - sizeof(struct rt_sigframe), 16) - 8;
	if (nested && !entering && !on_sig_stack(sas, sp))
		return 0;
	return sp;
}

static void fill_sigcontext(struct sigcontext *sc, const struct pt_regs *regs, sigset_t oldmask,
			    vaddr_t fpstate)
{
	const struct thread_struct *thread = &current->thread;

	*sc = (struct sigcontext){
		.r8 = regs->r8,
		.r9 = regs->r9,
		.r10 = regs->r10,
		.r11 = regs->r11,
		.r12 = regs->r12,
		.r13 = regs->r13,
		.r14 = regs->r14,
		.r15 = regs->r15,
		.di = regs->di,
		.si = regs->si,
		.bp = regs->bp,
		.bx = regs->bx,
		.dx = regs->dx,
		.ax = regs->ax,
		.cx = regs->cx,
		.sp = regs->sp,
		.ip = regs->ip,
		.flags = regs->flags,
		.cs = (u16)regs->cs,
		.ss = (u16)regs->ss,
		.err = thread->error_code,
		.trapno = thread->trap_nr,
		.cr2 = thread->cr2,
		.oldmask = oldmask,
		.fpstate = fpstate,
	};
}

/**
 * setup_rt_frame - make @regs enter the handler of @sig when user mode goes on
 * @oldmask: signal mask to be restored by sigreturn
 *
 * Return: 0, or -EFAULT when the frame cannot be written, or there is no restorer; registers unchanged
 * then.
 */
int setup_rt_frame(struct pt_regs *regs, int sig, const struct k_sigaction *ka,
		   const siginfo_t *info, sigset_t oldmask)
{
	struct task_struct *me = current;
	struct rt_sigframe frame;
	vaddr_t fpstate, sp = frame_address(regs, ka, &fpstate);
	struct rt_sigframe *uframe = (struct rt_sigframe *)sp;
	/* Without SA_SIGINFO nobody is told where siginfo is: it stays unwritten, as on Linux. */
	size_t len = ka->flags & SA_SIGINFO ? sizeof(frame) : offsetof(struct rt_sigframe, info);

	if (!sp || !(ka->flags & SA_RESTORER))
		return -EFAULT;
	frame.pretcode = ka->restorer;
	frame.uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	frame.uc.uc_link = 0;
	fill_stack_t(&frame.uc.uc_stack, &me->sas, me->sas.size ? me->sas.flags : SS_DISABLE);
	fill_sigcontext(&frame.uc.uc_mcontext, regs, oldmask, fpstate);
	frame.uc.uc_sigmask = oldmask;
	frame.info = *info;
	fpu_sync_current();
	if (copy_to_user((void *)fpstate, &me->thread.fpu, sizeof(me->thread.fpu)) ||
	    copy_to_user(uframe, &frame, len))
		return -EFAULT;

	if (me->sas.flags & SS_AUTODISARM)
		me->sas = (struct sigaltstack_info){ .flags = SS_DISABLE };
	fpu_init_task(me);
	fpu_load_current();
	regs->di = (unsigned long)sig;
	regs->si = (unsigned long)&uframe->info;
	regs->dx = (unsigned long)&uframe->uc;
	regs->ax = 0; /* a handler without prototype may be variadic: no vector arguments */
	regs->ip = ka->handler;
	regs->sp = sp;
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
	regs->flags &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
	regs->orig_ax = ~0UL;
	return 0;
}

/* --- and back --- */

static void restore_registers(struct pt_regs *regs, const struct sigcontext *sc)
{
	regs->r8 = sc->r8;
	regs->r9 = sc->r9;
	regs->r10 = sc->r10;
	regs->r11 = sc->r11;
	regs->r12 = sc->r12;
	regs->r13 = sc->r13;
	regs->r14 = sc->r14;
	regs->r15 = sc->r15;
	regs->di = sc->di;
	regs->si = sc->si;
	regs->bp = sc->bp;
	regs->bx = sc->bx;
	regs->dx = sc->dx;
	regs->ax = sc->ax;
	regs->cx = sc->cx;
	regs->sp = sc->sp;
	regs->ip = sc->ip;
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
	regs->flags = (regs->flags & ~X86_EFLAGS_USER_MASK) | (sc->flags & X86_EFLAGS_USER_MASK);
	regs->orig_ax = ~0UL; /* nothing is to be called again */
}

/* By way of a copy: the copying may sleep, and a switch meanwhile would save the registers over thread.fpu. */
static int restore_fpu(u64 fpstate)
{
	struct task_struct *me = current;
	struct fxregs fx;
	int err = 0;

	if (fpstate && copy_from_user(&fx, (const void *)fpstate, sizeof(fx))) {
		fpstate = 0;
		err = -EFAULT;
	}
	if (fpstate)
		me->thread.fpu = fx;
	else
		fpu_init_task(me); /* the frame says: none in use */
	fpu_load_current();
	return err;
}

long sys_rt_sigreturn(void)
{
	struct pt_regs *regs = task_pt_regs(current);
	/* The handler's return took the return address off. */
	const struct rt_sigframe *uframe = (const struct rt_sigframe *)(regs->sp - sizeof(u64));
	struct ucontext uc;

	if (copy_from_user(&uc, &uframe->uc, sizeof(uc)))
		goto badframe;
	set_current_blocked(uc.uc_sigmask);
	restore_registers(regs, &uc.uc_mcontext);
	if (restore_fpu(uc.uc_mcontext.fpstate))
		goto badframe;
	/* As Linux: what the frame says about the alternate stack is tried, and errors are nobody's business. */
	(void)set_altstack(uc.uc_stack.ss_sp, uc.uc_stack.ss_size, (u32)uc.uc_stack.ss_flags,
			   regs->sp);
	return (long)regs->ax;

badframe:
	pr_info("%s[%d] bad frame in rt_sigreturn: ip %lx sp %lx\n", current->comm, current->pid,
		regs->ip, regs->sp);
	force_sig(SIGSEGV);
	return 0;
}
