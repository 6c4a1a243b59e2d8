/*
 * arch/x86_64/thread.c - switching the processor from one task to another
 *
 * A switch moves, in this order: FPU registers, FS and GS base, the stack for entries from user mode, current_task,
 * and last the kernel stack itself (switch.asm).  The address space was switched before, by switch_mm.
 *
 * FPU.  Only user code uses x87 and SSE, so kernel threads have no such state and pass the registers on untouched:
 * but a task's image is saved each time it is switched out, so that it may go on on another processor.
 *
 * Segments.  A program may load its data selectors, with a null one or either of its segments; in 64-bit mode they
 * say nothing, but it can read them back.  The kernel leaves them as they are and a switch keeps them.  Loading FS or GS
 * sets the base, too, so the base comes after the selector.  With FSGSBASE a program can change the bases without a
 * system call, and they are read back when it is switched out; without, they change only through arch_prctl and clone,
 * or by loading a selector that is not null, which makes the base that segment's: 0.
 * While in the kernel, the program's GS base waits in KERNEL_GS_BASE.
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

#define read_selector(reg)                                           \
	({                                                           \
		unsigned int __s;                                    \
		__asm__ volatile("movl %%" #reg ", %0" : "=r"(__s)); \
		(u16) __s;                                           \
	})
#define load_selector(reg, sel) \
	__asm__ volatile("movl %0, %%" #reg : : "r"((unsigned int)(sel)) : "memory")

/* Loading GS changes the base that is in use: that must be the program's.  Interrupts off. */
static inline void load_gs_selector(u16 sel)
{
	__asm__ volatile("swapgs\n\tmovl %0, %%gs\n\tswapgs" : : "r"((unsigned int)sel) : "memory");
}

static void read_selectors(struct thread_struct *t)
{
	t->ds = read_selector(ds);
	t->es = read_selector(es);
	t->fs = read_selector(fs);
	t->gs = read_selector(gs);
}

/* Mostly all are null already.  Those of the task before may be loaded, or of an earlier one: kernel threads keep them. */
static void load_selectors(const struct thread_struct *t)
{
	if (unlikely(read_selector(ds) != t->ds))
		load_selector(ds, t->ds);
	if (unlikely(read_selector(es) != t->es))
		load_selector(es, t->es);
	if (unlikely(read_selector(fs) != t->fs))
		load_selector(fs, t->fs);
	if (unlikely(read_selector(gs) != t->gs))
		load_gs_selector(t->gs);
}

static void save_segments(struct thread_struct *t)
{
	read_selectors(t);
	if (cpu_has(X86_FEATURE_FSGSBASE)) {
		t->fsbase = rdfsbase();
		t->gsbase = rd_user_gsbase();
	} else {
		if (t->fs)
			t->fsbase = 0;
		if (t->gs)
			t->gsbase = 0;
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
		save_segments(&prev->thread);
	}
	if (next->thread.flags & THREAD_FPU) {
		fxrstor(&next->thread.fpu);
		load_selectors(&next->thread);
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

static const struct switch_frame *saved_frame(const struct task_struct *task)
{
	unsigned long sp = READ_ONCE(task->thread.sp), low = (unsigned long)task->stack;

	if (sp < low || sp > low + KERNEL_STACK_SIZE - sizeof(struct switch_frame))
		return NULL;
	return (const struct switch_frame *)sp;
}

unsigned long thread_saved_ip(const struct task_struct *task)
{
	const struct switch_frame *frame = saved_frame(task);

	return frame ? frame->ip : 0;
}

unsigned long thread_saved_bp(const struct task_struct *task)
{
	const struct switch_frame *frame = saved_frame(task);

	return frame ? frame->bp : 0;
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
	read_selectors(t);
	if (set_tls)
		t->fs = 0;
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
	task->thread.ds = task->thread.es = task->thread.fs = task->thread.gs = 0;
	local_irq_save(flags);
	task->thread.flags |= THREAD_FPU;
	load_selectors(&task->thread);
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
	load_selector(fs, 0); /* else its segment's base would be back after the next switch */
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
	load_gs_selector(0);
	wrmsr(MSR_KERNEL_GS_BASE, base);
	local_irq_restore(flags);
	return 0;
}
