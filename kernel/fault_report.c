/*
 * kernel/fault_report.c - saying why a program is killed for a memory access
 *
 *     sh[42]: segfault at 8 ip 401136 sp 7ffffffde010 error 6 (write): no mapping there; nearest above is
 *     400000-401000 r--p /bin/sh
 *
 * The mapping is looked up once more, under mmap_lock for read: it is the truth at the time of the report, which
 * another thread may have changed since the fault.  A flood is stopped after a burst: a program that fails in a
 * loop shall not own the console.
 */
#include <kernel/sched.h>
#include <kernel/time.h>
#include <fs/vfs.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <arch/exception.h>
#include <uapi/signal.h>
#include "traps.h"

#define REPORT_INTERVAL_NS (5 * NSEC_PER_SEC)
#define REPORT_BURST       10

static bool may_report(void)
{
	static u64 window_start_ns;
	static unsigned int in_window;
	u64 now = ktime_get_ns();

	if (now - window_start_ns > REPORT_INTERVAL_NS) {
		window_start_ns = now;
		in_window = 0;
	}
	return in_window++ < REPORT_BURST;
}

static const char *access_name(unsigned long error_code)
{
	if (error_code & X86_PF_INSTR)
		return "execute";
	return error_code & X86_PF_WRITE ? "write" : "read";
}

/* "start-end rwxp name" of a mapping; the name may be cut. */
static void describe_vma(struct vm_area_struct *vma, char *buf, size_t size)
{
	const char *name = vma_name(vma);
	char *path = NULL;

	if (!name && vma->vm_file) {
		path = kmalloc(PAGE_SIZE, GFP_KERNEL);
		name = path ? file_path(vma->vm_file, path, PAGE_SIZE) : NULL;
		if (IS_ERR_OR_NULL(name))
			name = "a file";
	}
	scnprintf(buf, size, "%lx-%lx %c%c%c%c %s", vma->vm_start, vma->vm_end,
		  vma->vm_flags & VM_READ ? 'r' : '-', vma->vm_flags & VM_WRITE ? 'w' : '-',
		  vma->vm_flags & VM_EXEC ? 'x' : '-', vma->vm_flags & VM_SHARED ? 's' : 'p',
		  name ? name : "anonymous");
	kfree(path);
}

static void explain(struct mm_struct *mm, int sig, vaddr_t addr, char *buf, size_t size)
{
	struct vm_area_struct *vma;
	char where[160];

	if (addr >= TASK_SIZE_MAX) {
		scnprintf(buf, size, "not a user address");
		return;
	}
	down_read(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (vma)
		describe_vma(vma, where, sizeof(where));
	if (!vma)
		scnprintf(buf, size, "no mapping there or above");
	else if (vma->vm_start > addr && (vma->vm_flags & VM_GROWSDOWN))
		scnprintf(buf, size, "no mapping there; the stack above, %s, may not grow that far",
			  where);
	else if (vma->vm_start > addr)
		scnprintf(buf, size, "no mapping there; nearest above is %s", where);
	else if (sig == SIGBUS)
		scnprintf(buf, size, "past the end of what is mapped by %s", where);
	else
		scnprintf(buf, size, "not allowed by %s", where);
	up_read(&mm->mmap_lock);
}

void report_user_fault(const struct pt_regs *regs, int sig, int si_code, vaddr_t addr,
		       unsigned long error_code)
{
	struct task_struct *me = current;
	char why[256];

	(void)si_code;
	if (!may_report())
		return;
	explain(me->mm, sig, addr, why, sizeof(why));
	pr_notice("%s[%d]: %s at %lx ip %lx sp %lx error %lx (%s): %s\n", me->comm, me->pid,
		  sig == SIGBUS ? "bus error" : "segfault", addr, regs->ip, regs->sp, error_code,
		  access_name(error_code), why);
}
