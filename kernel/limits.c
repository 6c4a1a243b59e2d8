/*
 * kernel/limits.c - resource limits as others ask for them
 *
 * Reading a limit takes no lock: it is one word, and whoever lowers it while it is used was not earlier.
 *
 * Source: getrlimit(2).
 */
#include <kernel/sched.h>
#include <kernel/rlimit.h>
#include <mm/mm.h>

u64 rlimit(unsigned int which)
{
	return READ_ONCE(current->signal->rlim[which].rlim_cur);
}

void task_limits(const struct task_struct *task, struct mm_limits *lim)
{
	const struct rlimit *rlim = task->signal->rlim;
	u64 caps = task->cred.cap_effective;

	lim->as = READ_ONCE(rlim[RLIMIT_AS].rlim_cur);
	lim->data = READ_ONCE(rlim[RLIMIT_DATA].rlim_cur);
	lim->stack = READ_ONCE(rlim[RLIMIT_STACK].rlim_cur);
	lim->memlock = READ_ONCE(rlim[RLIMIT_MEMLOCK].rlim_cur);
	lim->cap_sys_rawio = caps & BIT(CAP_SYS_RAWIO);
	lim->cap_ipc_lock = caps & BIT(CAP_IPC_LOCK);
	lim->cap_sys_admin = caps & BIT(CAP_SYS_ADMIN);
}
