/*
 * kernel/sys_resource.c - what a process may use, has used, and how willingly it gives way
 *
 * Limits and figures belong to the process (signal_struct), nice levels and I/O priorities to each thread, which is
 * how Linux keeps them whatever POSIX says of nice.  getpriority and its relatives name a thread, a process group or
 * a user; for_each_named walks them all.
 *
 * An I/O priority is kept and told, and orders nothing: no device here has a queue that could be ordered by it.
 *
 * Locking: process_table_lock for writing limits, for figures and for walking; a reader of one limit needs none
 * (limits.c).
 *
 * Sources: getrlimit(2), getrusage(2), getpriority(2), ioprio_set(2).
 */
#include <arch/uaccess.h>
#include <fs/fdtable.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <kernel/time.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <uapi/ioprio.h>
#include <uapi/resource.h>
#include "pid.h"
#include "task.h"

/* --- limits --- */

/* By the caller's real ids, all of them: as for a process of the same person.  process_table_lock held. */
static bool may_prlimit(const struct task_struct *task)
{
	const struct cred *me = &current->cred, *them = &task->cred;

	if (task == current)
		return true;
	return (me->uid == them->euid && me->uid == them->suid && me->uid == them->uid &&
		me->gid == them->egid && me->gid == them->sgid && me->gid == them->gid) ||
	       capable(CAP_SYS_RESOURCE);
}

static int check_new_limit(unsigned int which, const struct rlimit *new, const struct rlimit *old)
{
	if (new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (which == RLIMIT_NOFILE && new->rlim_max > NR_OPEN_MAX)
		return -EPERM;
	return new->rlim_max > old->rlim_max && !capable(CAP_SYS_RESOURCE) ? -EPERM : 0;
}

/**
 * do_prlimit - read a limit of process @pid (0: the caller's) and set it
 * @new: NULL leaves it
 * @old: NULL, or gets what it was
 *
 * Return: 0; -ESRCH, -EPERM, -EINVAL, with nothing changed.
 */
static int do_prlimit(pid_t pid, unsigned int which, const struct rlimit *new, struct rlimit *old)
{
	const struct task_struct *task;
	struct rlimit *rlim;
	int err = 0;

	spin_lock_irq(&process_table_lock);
	task = pid ? find_task(pid) : current;
	if (!task) {
		err = -ESRCH;
	} else if (!may_prlimit(task)) {
		err = -EPERM;
	} else if (which >= RLIM_NLIMITS) {
		err = -EINVAL;
	} else {
		rlim = &task->signal->rlim[which];
		if (old)
			*old = *rlim;
		if (new)
			err = check_new_limit(which, new, rlim);
		if (new && !err)
			*rlim = *new;
	}
	spin_unlock_irq(&process_table_lock);
	return err;
}

long sys_prlimit64(pid_t pid, unsigned int which, const struct rlimit *unew, struct rlimit *uold)
{
	struct rlimit new, old;
	int err;

	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	err = do_prlimit(pid, which, unew ? &new : NULL, uold ? &old : NULL);
	if (!err && uold && copy_to_user(uold, &old, sizeof(old)))
		err = -EFAULT;
	return err;
}

long sys_getrlimit(unsigned int which, struct rlimit *urlim)
{
	struct rlimit rlim;
	int err = do_prlimit(0, which, NULL, &rlim);

	if (err)
		return err;
	return copy_to_user(urlim, &rlim, sizeof(rlim)) ? -EFAULT : 0;
}

long sys_setrlimit(unsigned int which, const struct rlimit *urlim)
{
	struct rlimit rlim;

	if (copy_from_user(&rlim, urlim, sizeof(rlim)))
		return -EFAULT;
	return do_prlimit(0, which, &rlim, NULL);
}

/* --- figures --- */

static struct __kernel_old_timeval ns_to_timeval(u64 ns)
{
	return (struct __kernel_old_timeval){
		.tv_sec = (s64)(ns / NSEC_PER_SEC),
		.tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
	};
}

static void add_thread_figures(const struct task_struct *t, struct rusage *ru)
{
	ru->ru_minflt += (long)t->min_flt;
	ru->ru_majflt += (long)t->maj_flt;
	ru->ru_nvcsw += (long)t->nvcsw;
	ru->ru_nivcsw += (long)t->nivcsw;
}

/* The dead threads' part and the living ones'. */
static void add_process_figures(const struct task_struct *task, struct rusage *ru)
{
	const struct signal_struct *signal = task->signal;
	const struct task_struct *t;

	ru->ru_minflt += (long)signal->min_flt;
	ru->ru_majflt += (long)signal->maj_flt;
	ru->ru_nvcsw += (long)signal->nvcsw;
	ru->ru_nivcsw += (long)signal->nivcsw;
	for_each_thread(task, t)
		add_thread_figures(t, ru);
}

static void add_children_figures(const struct signal_struct *signal, struct rusage *ru)
{
	ru->ru_minflt += (long)signal->cmin_flt;
	ru->ru_majflt += (long)signal->cmaj_flt;
	ru->ru_nvcsw += (long)signal->cnvcsw;
	ru->ru_nivcsw += (long)signal->cnivcsw;
}

/* Pages.  An mm that is still linked to its task is not torn down while the table's lock is held. */
static unsigned long peak_rss(const struct task_struct *task)
{
	unsigned long peak = task->signal->maxrss;

	if (task->mm)
		peak = max(peak, max(task->mm->hiwater_rss, get_mm_rss(task->mm)));
	return peak;
}

/**
 * get_rusage - what a thread, its process or the process's reaped children have used
 * @who: RUSAGE_THREAD, RUSAGE_SELF, RUSAGE_CHILDREN, or RUSAGE_BOTH for the last two together
 *
 * Locks: process_table_lock held; @task is still in the table.
 * Ref:   getrusage(2).
 */
void get_rusage(struct task_struct *task, int who, struct rusage *ru)
{
	const struct signal_struct *signal = task->signal;
	u64 utime = 0, stime = 0;
	unsigned long maxrss = 0;

	memset(ru, 0, sizeof(*ru));
	if (who == RUSAGE_THREAD) {
		task_cputime(task, &utime, &stime);
		add_thread_figures(task, ru);
	} else if (who != RUSAGE_CHILDREN) {
		thread_group_cputime(task, &utime, &stime);
		add_process_figures(task, ru);
	}
	if (who == RUSAGE_CHILDREN || who == RUSAGE_BOTH) {
		utime += signal->cutime_ns;
		stime += signal->cstime_ns;
		maxrss = signal->cmaxrss;
		add_children_figures(signal, ru);
	}
	if (who != RUSAGE_CHILDREN)
		maxrss = max(maxrss, peak_rss(task));
	ru->ru_utime = ns_to_timeval(utime);
	ru->ru_stime = ns_to_timeval(stime);
	ru->ru_maxrss = (long)(maxrss * (PAGE_SIZE / KiB));
}

long sys_getrusage(int who, struct rusage *uru)
{
	struct rusage ru;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	get_rusage(current, who, &ru);
	spin_unlock_irq(&process_table_lock);
	return copy_to_user(uru, &ru, sizeof(ru)) ? -EFAULT : 0;
}

/* --- threads by thread number, process group or user --- */

static bool is_named(const struct task_struct *p, const struct task_struct *t, int which, int who)
{
	if (which == PRIO_PGRP)
		return task_pgrp(p) == (who ? who : task_pgrp(current));
	return t->cred.uid == (who ? (uid_t)who : current->cred.uid);
}

/**
 * for_each_named - call @fn for each thread that (@which, @who) names, until it returns false
 * @which: PRIO_PROCESS, PRIO_PGRP or PRIO_USER
 * @who:   thread, group or user; 0 is the caller's
 *
 * Locks: process_table_lock held.
 */
static void for_each_named(int which, int who, bool (*fn)(struct task_struct *task, void *arg),
			   void *arg)
{
	struct task_struct *p, *t;

	if (which == PRIO_PROCESS) {
		t = who ? find_task(who) : current;
		if (t)
			(void)fn(t, arg);
		return;
	}
	list_for_each_entry(p, &task_list, tasks) {
		if (!p->signal)
			continue;
		for_each_thread(p, t) {
			if (is_named(p, t, which, who) && !fn(t, arg))
				return;
		}
	}
}

/* --- nice levels: the system calls speak of 20 - nice, 1 to 40, so that no result looks like an error --- */

static int nice_to_rlimit(int nice)
{
	return 20 - nice;
}

static bool highest_priority(struct task_struct *task, void *arg)
{
	long *best = arg;

	*best = max(*best, (long)nice_to_rlimit(task->prio_nice));
	return true;
}

long sys_getpriority(int which, int who)
{
	long best = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	for_each_named(which, who, highest_priority, &best);
	spin_unlock_irq(&process_table_lock);
	return best;
}

struct set_nice {
	int nice;
	long err;
};

/* A refusal is remembered and the others are served all the same. */
static bool set_one_nice(struct task_struct *task, void *arg)
{
	struct set_nice *set = arg;
	const struct cred *me = &current->cred;

	if (task->cred.uid != me->euid && task->cred.euid != me->euid && !capable(CAP_SYS_NICE)) {
		set->err = -EPERM;
	} else if (set->nice < task->prio_nice &&
		   (u64)nice_to_rlimit(set->nice) > task->signal->rlim[RLIMIT_NICE].rlim_cur &&
		   !capable(CAP_SYS_NICE)) {
		set->err = -EACCES;
	} else {
		if (set->err == -ESRCH)
			set->err = 0;
		set_user_nice(task, set->nice);
	}
	return true;
}

long sys_setpriority(int which, int who, int nice)
{
	struct set_nice set = { .nice = clamp(nice, -20, 19), .err = -ESRCH };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	for_each_named(which, who, set_one_nice, &set);
	spin_unlock_irq(&process_table_lock);
	return set.err;
}

/* --- I/O priorities --- */

/* Not set means: as willing as the nice level says. */
static int effective_ioprio(const struct task_struct *task)
{
	if (IOPRIO_CLASS(task->ioprio) != IOPRIO_CLASS_NONE)
		return task->ioprio;
	return IOPRIO_VALUE(IOPRIO_CLASS_BE, (task->prio_nice + 20) / 5);
}

static bool own_ioprio(struct task_struct *task, void *arg)
{
	*(long *)arg = task->ioprio;
	return true;
}

static bool best_ioprio(struct task_struct *task, void *arg)
{
	long *best = arg, ioprio = effective_ioprio(task);

	if (*best < 0 || ioprio < *best)
		*best = ioprio;
	return true;
}

long sys_ioprio_get(int which, int who)
{
	long ioprio = -ESRCH;

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	for_each_named(which - IOPRIO_WHO_PROCESS + PRIO_PROCESS, who,
		       which == IOPRIO_WHO_PROCESS ? own_ioprio : best_ioprio, &ioprio);
	spin_unlock_irq(&process_table_lock);
	return ioprio;
}

static int check_ioprio(int ioprio)
{
	unsigned int data = IOPRIO_DATA(ioprio);

	switch (IOPRIO_CLASS(ioprio)) {
	case IOPRIO_CLASS_RT:
		if (!capable(CAP_SYS_ADMIN) && !capable(CAP_SYS_NICE))
			return -EPERM;
		fallthrough;
	case IOPRIO_CLASS_BE:
		return data < IOPRIO_NR_LEVELS ? 0 : -EINVAL;
	case IOPRIO_CLASS_IDLE:
		return 0;
	case IOPRIO_CLASS_NONE:
		return data ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

struct set_ioprio {
	unsigned short ioprio;
	long err;
};

static bool set_one_ioprio(struct task_struct *task, void *arg)
{
	struct set_ioprio *set = arg;
	const struct cred *me = &current->cred;

	if (task->cred.uid != me->euid && task->cred.uid != me->uid && !capable(CAP_SYS_NICE)) {
		set->err = -EPERM;
		return false;
	}
	task->ioprio = set->ioprio;
	set->err = 0;
	return true;
}

long sys_ioprio_set(int which, int who, int ioprio)
{
	struct set_ioprio set = { .ioprio = (unsigned short)ioprio, .err = -ESRCH };
	int err = check_ioprio(ioprio);

	if (err)
		return err;
	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	for_each_named(which - IOPRIO_WHO_PROCESS + PRIO_PROCESS, who, set_one_ioprio, &set);
	spin_unlock_irq(&process_table_lock);
	return set.err;
}
