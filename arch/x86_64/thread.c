/*
 * arch/x86_64/thread.c - switching the processor from one task to another
 *
 * A switch moves, in this order: FPU registers, FS and GS base, the stack for entries from user mode, current_task,
 * and last the kernel stack itself (switch.asm).  The address space was switched before, by switch_mm.
 *
 * FPU.  Only user code uses x87 and SSE, so kernel threads have no such state and pass the registers on untouched:
 * but a task's image is saved each time it is switched out, so that it may go on on another processor.
 *
 * FS and GS base.  With FSGSBASE a program can change them without a system call, so they are read back when it
 * is switched out; without, they change only through arch_prctl and clone, or when the program loads the selector,
 * which sets the base to 0 behind our back: so FS base is then written at every switch to a task with a user mode.
 * While in the kernel, the program's GS base waits in KERNEL_GS_BASE.
 * The selectors themselves are not kept: in 64-bit mode they say nothing but the base.
 *
 * Sources: Intel SDM 3A "Saving the x87 FPU, SSE..."; SDM 1 "FXSAVE Area"; psABI "Process Initialization".
 */
#include <arch/irqflags.h>
#include <arch/layout.h>
#include <arch/pgtable.h>
#include <arch/thread.h>
#include <kernel/sched.h>
#include <lib/string.h>
#include <mm_env.h>
#include <mm/vmalloc.h>
#include "arch_internal.h"

#define FCW_RESET   0x37f
#define MXCSR_RESET 0x1f80

extern struct task_struct *switch_stacks(struct thread_struct *prev,
					 const struct thread_struct *next,
					 struct task_struct *prev_task);
extern void thread_start(void);

static inline void fxsave(struct fxregs *fx)
{
	__asm__ volatile("fxsave64 %0" : "=m"(*fx));
}
static inline void fxrstor(const struct fxregs *fx)
{
	__asm__ volatile("fxrstor64 %0" : : "m"(*fx));
}

static inline unsigned long rdfsbase(void)
{
	unsigned long v;

	__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}
static inline void wrfsbase(unsigned long v)
{
	__asm__ volatile("wrfsbase %0" : : "r"(v));
}

/* GS base of user mode, by changing places with it: three instructions instead of an MSR access.  Interrupts off. */
static inline unsigned long rd_user_gsbase(void)
{
	unsigned long v;

	__asm__ volatile("swapgs\n\trdgsbase %0\n\tswapgs" : "=r"(v) : : "memory");
	return v;
}
static inline void wr_user_gsbase(unsigned long v)
{
	__asm__ volatile("swapgs\n\twrgsbase %0\n\tswapgs" : : "r"(v) : "memory");
}

static void save_bases(struct thread_struct *t)
{
	if (cpu_has(X86_FEATURE_FSGSBASE)) {
		t->fsbase = rdfsbase();
		t->gsbase = rd_user_gsbase();
	}
}

static void load_bases(const struct thread_struct *t)
{
	if (cpu_has(X86_FEATURE_FSGSBASE)) {
		wrfsbase(t->fsbase);
		wr_user_gsbase(t->gsbase);
	} else {
		wrmsr(MSR_FS_BASE, t->fsbase);
		wrmsr(MSR_KERNEL_GS_BASE, t->gsbase);
	}
}

/* arch_set_kernel_stack - where entries from user mode put their registers: byte above the stack */
void arch_set_kernel_stack(unsigned long top)
{
	this_cpu_write(cpu_tss.sp0, top);
}

struct task_struct *switch_to(struct task_struct *prev, struct task_struct *next)
{
	if (prev->thread.flags & THREAD_FPU) {
		fxsave(&prev->thread.fpu);
		save_bases(&prev->thread);
	}
	if (next->thread.flags & THREAD_FPU) {
		fxrstor(&next->thread.fpu);
		load_bases(&next->thread);
	}
	arch_set_kernel_stack((unsigned long)next->stack + KERNEL_STACK_SIZE);
	this_cpu_write(current_task, next);
	return switch_stacks(&prev->thread, &next->thread, prev);
}

struct pt_regs *task_pt_regs(const struct task_struct *task)
{
	return (struct pt_regs *)((char *)task->stack + KERNEL_STACK_SIZE) - 1;
}

/* Callee-saved registers as switch_stacks pops them. */
struct switch_frame {
	unsigned long r15, r14, r13, r12, bx, bp, ip;
};

unsigned long thread_saved_ip(const struct task_struct *task)
{
	unsigned long sp = READ_ONCE(task->thread.sp), low = (unsigned long)task->stack;

	if (sp < low || sp > low + KERNEL_STACK_SIZE - sizeof(struct switch_frame))
		return 0;
	return ((const struct switch_frame *)sp)->ip;
}

void thread_init_kernel(struct task_struct *task, thread_entry_t entry, void *arg)
{
	struct pt_regs *regs = task_pt_regs(task);
	struct switch_frame *frame = (struct switch_frame *)regs - 1;

	memset(regs, 0, sizeof(*regs));
	*frame = (struct switch_frame){ .bx = (unsigned long)entry,
					.r12 = (unsigned long)arg,
					.ip = (unsigned long)thread_start };
	memset(&task->thread, 0, offsetof(struct thread_struct, fpu));
	task->thread.sp = (unsigned long)frame;
}

void thread_copy_user(struct task_struct *child, const struct pt_regs *regs, vaddr_t usp,
		      bool set_tls, vaddr_t tls, thread_entry_t entry, void *arg)
{
	struct thread_struct *t = &child->thread;
	struct pt_regs *child_regs = task_pt_regs(child);
	unsigned long flags;

	thread_init_kernel(child, entry, arg);
	*child_regs = *regs;
	child_regs->ax = 0;
	if (usp)
		child_regs->sp = usp;
	local_irq_save(flags);
	fxsave(&t->fpu);
	t->fsbase = set_tls ? tls : arch_get_fsbase();
	t->gsbase = arch_get_gsbase();
	local_irq_restore(flags);
	t->flags = THREAD_FPU;
}

void fpu_init_task(struct task_struct *task)
{
	struct fxregs *fx = &task->thread.fpu;

	memset(fx, 0, sizeof(*fx));
	fx->fcw = FCW_RESET;
	fx->mxcsr = MXCSR_RESET;
}

void start_thread(struct pt_regs *regs, vaddr_t ip, vaddr_t sp)
{
	struct task_struct *task = current;
	unsigned long flags;

	*regs = (struct pt_regs){ .orig_ax = (unsigned long)-1,
				  .ip = ip,
				  .sp = sp,
				  .cs = __USER_CS,
				  .ss = __USER_DS,
				  .flags = X86_EFLAGS_FIXED | X86_EFLAGS_IF };
	fpu_init_task(task);
	task->thread.fsbase = 0;
	task->thread.gsbase = 0;
	local_irq_save(flags);
	task->thread.flags |= THREAD_FPU;
	__asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es\n\tmovl %0, %%fs\n\t"
			 "swapgs\n\tmovl %0, %%gs\n\tswapgs"
			 :
			 : "r"(0));
	fxrstor(&task->thread.fpu);
	load_bases(&task->thread);
	local_irq_restore(flags);
}

/* The current task's FPU: the flag is looked at by switch_to alone, so an interrupt in between does no harm. */
void fpu_sync_current(void)
{
	fxsave(&current->thread.fpu);
}

/* Bits of MXCSR that this CPU does not have fault when loaded; FXSAVE stores which there are, 0 meaning the first 16. */
static u32 mxcsr_allowed(void)
{
	struct fxregs now;

	fxsave(&now);
	return now.mxcsr_mask ? now.mxcsr_mask : 0xffbf;
}

void fpu_load_current(void)
{
	struct fxregs *fx = &current->thread.fpu;

	fx->mxcsr &= mxcsr_allowed();
	fxrstor(fx);
}

unsigned long arch_get_fsbase(void)
{
	return cpu_has(X86_FEATURE_FSGSBASE) ? rdfsbase() : rdmsr(MSR_FS_BASE);
}

unsigned long arch_get_gsbase(void)
{
	return rdmsr(MSR_KERNEL_GS_BASE);
}

int arch_set_fsbase(unsigned long base)
{
	unsigned long flags;

	if (base >= TASK_SIZE_MAX)
		return -EPERM;
	local_irq_save(flags);
	current->thread.fsbase = base;
	wrmsr(MSR_FS_BASE, base);
	local_irq_restore(flags);
	return 0;
}

int arch_set_gsbase(unsigned long base)
{
	unsigned long flags;

	if (base >= TASK_SIZE_MAX)
		return -EPERM;
	local_irq_save(flags);
	current->thread.gsbase = base;
	wrmsr(MSR_KERNEL_GS_BASE, base);
	local_irq_restore(flags);
	return 0;
}
