/*
 * kernel/vsyscall.c - the three calls at a fixed address, for programs of before the vdso
 *
 *     0xffffffffff600000  gettimeofday(tv, tz)     +0x400  time(t)     +0x800  getcpu(cpu, node)
 *
 * Nothing is mapped there: a call faults, and the fault does what the function would have done and returns for it.
 * vsyscall=none lets such programs die instead.  (Mode "xonly" of Linux: executing works, reading does not.)
 *
 * Source: Linux's Documentation/admin-guide/kernel-parameters.rst, vsyscall=.
 */
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <arch/exception.h>
#include <arch/layout.h>
#include <arch/uaccess.h>
#include <lib/string.h>
#include "traps.h"

static bool vsyscall_enabled(void)
{
	const char *mode = cmdline_get("vsyscall");

	return !mode || strcmp(mode, "none");
}

bool emulate_vsyscall(struct pt_regs *regs, unsigned long error_code, vaddr_t addr)
{
	u64 return_to;
	long ret;

	if (!(error_code & X86_PF_INSTR) || addr != regs->ip ||
	    (addr & PAGE_MASK) != VSYSCALL_ADDR || !vsyscall_enabled())
		return false;
	if (get_user(return_to, (const u64 *)regs->sp))
		return false;
	switch (addr - VSYSCALL_ADDR) {
	case 0x000:
		ret = sys_gettimeofday((void *)regs->di, (void *)regs->si);
		break;
	case 0x400:
		ret = sys_time((s64 *)regs->di);
		break;
	case 0x800:
		ret = sys_getcpu((u32 *)regs->di, (u32 *)regs->si, NULL);
		break;
	default: /* no function begins there: Linux answers as to a #GP */
		force_sig(SIGSEGV);
		return true;
	}
	if (ret == -EFAULT)
		return false; /* the function itself would have faulted */
	regs->ax = (unsigned long)ret;
	regs->ip = return_to;
	regs->sp += sizeof(u64);
	return true;
}
