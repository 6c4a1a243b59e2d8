/*
 * include/arch/thread.h - the processor's part of a task
 *
 * A task that does not run is its kernel stack: everything else the CPU needs is found from thread.sp.  The top
 * of the 16 KiB stack holds the task's user registers, where every entry from user mode saves them:
 *
 *     stack + 16384   +------------------+
 *                     | struct pt_regs   |   task_pt_regs(task)
 *                     +------------------+
 *                     | C frames ...     |
 *     thread.sp  -->  | callee-saved     |   what switch_to pushed
 *                     +------------------+
 *
 * A new task begins in its entry function, called with the task that ran before it (whose switch is finished
 * only now) and with interrupts off.  When the entry function returns, the CPU goes to user mode with
 * task_pt_regs: so fork's child and a kernel thread that has become a program by execve leave in one way.
 *
 * FPU and SSE registers belong to user mode alone: the kernel is compiled without them.  They are saved when a
 * task that has a user mode is switched out, and loaded when one is switched in.
 */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include <arch/ptregs.h>
#include <arch/percpu.h>

struct task_struct;

struct fxregs { /* FXSAVE's image: Intel SDM 1, "FXSAVE Area" */
	u16 fcw, fsw;
	u8 ftw, reserved;
	u16 fop;
	u64 fip, fdp;
	u32 mxcsr, mxcsr_mask;
	u8 st[8][16];
	u8 xmm[16][16];
	u8 rest[96];
} __aligned(16);
static_assert(sizeof(struct fxregs) == 512, "FXSAVE");

#define THREAD_FPU (1u << 0) /* fpu is in use: saved and loaded on switches */

struct thread_struct {
	unsigned long sp;             /* at offset 0: switch.asm */
	unsigned long fsbase, gsbase; /* of user mode; stale while the task runs */
	u16 ds, es, fs, gs;           /* selectors of user mode; stale while the task runs */
	unsigned int flags;           /* THREAD_* */
	unsigned int trap_nr;         /* last fatal exception of user mode, for signal frames */
	unsigned long error_code, cr2;
	struct fxregs fpu; /* stale while the task runs */
};
static_assert(offsetof(struct thread_struct, sp) == 0, "switch.asm");

DECLARE_PER_CPU(struct task_struct *, current_task);

/* Called with the task that was switched away from; see above. */
typedef void (*thread_entry_t)(struct task_struct *last, void *arg);

/**
 * switch_to - give this CPU to another task
 *
 * Switches kernel stack, FS and GS base, FPU, current_task and the stack that entries from user mode use; the
 * address space has been switched by switch_mm before.
 *
 * Return: in @prev's context, when it runs again: the task that ran before it.
 * Locks:  interrupts off; the run queue's lock is held by convention of the scheduler.
 */
struct task_struct *switch_to(struct task_struct *prev, struct task_struct *next);

/* thread_init_kernel - @task->stack is allocated; it will begin with entry(last, arg) */
void thread_init_kernel(struct task_struct *task, thread_entry_t entry, void *arg);

/**
 * thread_copy_user - make @child continue in user mode where the current task entered the kernel
 * @regs: the parent's user registers; the child's copy has ax = 0
 * @usp:  user stack pointer of the child, 0 to keep the parent's
 * @tls:  FS base of the child when @set_tls
 * @entry: runs first, as for thread_init_kernel
 */
void thread_copy_user(struct task_struct *child, const struct pt_regs *regs, vaddr_t usp,
		      bool set_tls, vaddr_t tls, thread_entry_t entry, void *arg);

/* start_thread - exec: registers, FPU, FS and GS base of a fresh program; of the current task */
void start_thread(struct pt_regs *regs, vaddr_t ip, vaddr_t sp);

/* The boot CPU's stack, 16 KiB with a guard page below: init_task.stack, for CPU 0's idle task runs on it. */
extern char init_stack[];

struct pt_regs *task_pt_regs(const struct task_struct *task);
/* thread_saved_ip - where a task that does not run will go on, for wchan and backtraces; 0 if unknown */
unsigned long thread_saved_ip(const struct task_struct *task);
unsigned long thread_saved_bp(const struct task_struct *task); /* the frame pointer then */

/*
 * FPU.  The current task's state lives in the registers; these move it.  A switch saves the registers over thread.fpu,
 * so whoever fills thread.fpu must not sleep between the first byte and fpu_load_current: a signal frame is copied
 * from user memory into a buffer of its own first.
 */
void fpu_sync_current(void); /* registers -> current thread.fpu */
void fpu_load_current(void); /* the other way; MXCSR loses the bits that would fault */
void fpu_init_task(struct task_struct *task); /* reset state: FCW 0x37f, MXCSR 0x1f80 (psABI) */

/* arch_prctl(2): bases of the current task; -EPERM at or above TASK_SIZE_MAX */
int arch_set_fsbase(unsigned long base);
int arch_set_gsbase(unsigned long base);
unsigned long arch_get_fsbase(void);
unsigned long arch_get_gsbase(void);

#endif
