/*
 * kernel/sys_sched.c - what programs may ask of the scheduler
 *
 * There is one policy, SCHED_OTHER, fair by weight (sched_fair.c).  A program that asks for another one gets the
 * error that Linux has for it: EINVAL for what can never be, EPERM where it lacks the right; and who has the right
 * to a real-time, batch or idle policy gets EINVAL, for the policy is not there.  It is better to be refused than to
 * believe in a promise that nobody keeps.
 *
 * Locking: process_table_lock for finding tasks; cpus_allowed belongs to the run queue (sched_balance.c).
 *
 * Sources: sched(7), sched_setscheduler(2), sched_setaffinity(2).
 */
#include <arch/smp.h>
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <mm/mmzone.h>
#include <uapi/sched.h>
#include "pid.h"
#include "sched_rq.h"

#define SCHED_DEADLINE  6 /* known by its number only */
#define RT_PRIORITY_MIN 1
#define RT_PRIORITY_MAX 99

long sys_sched_yield(void)
{
	sched_yield_task();
	return 0;
}

/* Task @pid, 0 the caller; NULL if there is none.  process_table_lock held. */
static struct task_struct *find_thread(pid_t pid)
{
	return pid ? find_task(pid) : current;
}

static bool is_same_owner(const struct task_struct *task)
{
	uid_t me = current->cred.euid;

	return me == task->cred.euid || me == task->cred.uid;
}

/* --- which processors --- */

/* The result is the size of the kernel's own set in bytes; C libraries clear what is behind it. */
long sys_sched_getaffinity(pid_t pid, unsigned int len, unsigned long *umask)
{
	const struct task_struct *task;
	unsigned long mask = 0;

	static_assert(NR_CPUS <= BITS_PER_LONG, "a set of CPUs is one word");
	if ((u64)len * 8 < nr_cpu_ids || len % sizeof(mask))
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	task = find_thread(pid);
	if (task)
		mask = READ_ONCE(task->cpus_allowed) & READ_ONCE(cpu_online_mask);
	spin_unlock_irq(&process_table_lock);
	if (!task)
		return -ESRCH;
	return copy_to_user(umask, &mask, sizeof(mask)) ? -EFAULT : (long)sizeof(mask);
}

/* May the caller bind @task to the CPUs of @mask?  process_table_lock held. */
static long check_affinity(const struct task_struct *task, unsigned long mask)
{
	if (!task)
		return -ESRCH;
	if (task->flags & PF_NO_SETAFFINITY)
		return -EINVAL;
	if (!is_same_owner(task) && !capable(CAP_SYS_NICE))
		return -EPERM;
	return mask & READ_ONCE(cpu_online_mask) ? 0 : -EINVAL;
}

long sys_sched_setaffinity(pid_t pid, unsigned int len, const unsigned long *umask)
{
	struct task_struct *task;
	unsigned long mask = 0;
	long err;

	if (copy_from_user(&mask, umask, min((size_t)len, sizeof(mask))))
		return -EFAULT;
	spin_lock_irq(&process_table_lock);
	task = find_thread(pid);
	err = check_affinity(task, mask);
	if (!err)
		get_task_struct(task);
	spin_unlock_irq(&process_table_lock);
	if (err)
		return err;
	set_cpus_allowed(task, mask & GENMASK(nr_cpu_ids - 1, 0));
	put_task_struct(task);
	return 0;
}

long sys_getcpu(u32 *ucpu, u32 *unode, void *unused)
{
	u32 cpu = smp_processor_id(), node = (u32)numa_node_id();

	(void)unused;
	if (ucpu && put_user(cpu, ucpu))
		return -EFAULT;
	return unode && put_user(node, unode) ? -EFAULT : 0;
}

/* --- policies --- */

static bool is_rt_policy(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* Could any system grant this?  A deadline needs more parameters than these calls carry. */
static bool is_valid_request(int policy, int priority)
{
	if (is_rt_policy(policy))
		return priority >= RT_PRIORITY_MIN && priority <= RT_PRIORITY_MAX;
	return (policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE) &&
	       priority == 0;
}

/* Without the capability: one's own tasks, and real time as far as RLIMIT_RTPRIO goes. */
static bool may_set_policy(const struct task_struct *task, int policy, int priority)
{
	if (capable(CAP_SYS_NICE))
		return true;
	if (is_rt_policy(policy) && (u64)priority > task->signal->rlim[RLIMIT_RTPRIO].rlim_cur)
		return false;
	return is_same_owner(task);
}

static long set_policy(pid_t pid, int policy, const struct sched_param *uparam)
{
	const struct task_struct *task;
	struct sched_param param;
	long err = 0;

	if (!uparam || pid < 0)
		return -EINVAL;
	if (copy_from_user(&param, uparam, sizeof(param)))
		return -EFAULT;
	spin_lock_irq(&process_table_lock);
	task = find_thread(pid);
	if (!task)
		err = -ESRCH;
	else if (!is_valid_request(policy, param.sched_priority))
		err = -EINVAL;
	else if (!may_set_policy(task, policy, param.sched_priority))
		err = -EPERM;
	else if (policy != SCHED_NORMAL)
		err = -EINVAL; /* see the top */
	spin_unlock_irq(&process_table_lock);
	return err;
}

long sys_sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	return policy < 0 ? -EINVAL : set_policy(pid, policy, param);
}

long sys_sched_setparam(pid_t pid, const struct sched_param *param)
{
	return set_policy(pid, SCHED_NORMAL, param);
}

static int check_thread(pid_t pid)
{
	bool found;

	if (pid < 0)
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	found = find_thread(pid);
	spin_unlock_irq(&process_table_lock);
	return found ? 0 : -ESRCH;
}

long sys_sched_getscheduler(pid_t pid)
{
	int err = check_thread(pid);

	return err ? err : SCHED_NORMAL;
}

long sys_sched_getparam(pid_t pid, struct sched_param *uparam)
{
	const struct sched_param param = { .sched_priority = 0 };
	int err;

	if (!uparam)
		return -EINVAL;
	err = check_thread(pid);
	if (err)
		return err;
	return copy_to_user(uparam, &param, sizeof(param)) ? -EFAULT : 0;
}

/* The range of a policy's priorities is a fact about the policy, not about this kernel. */
static long priority_bound(int policy, long rt_bound)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return rt_bound;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
	case SCHED_DEADLINE:
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_sched_get_priority_max(int policy)
{
	return priority_bound(policy, RT_PRIORITY_MAX);
}

long sys_sched_get_priority_min(int policy)
{
	return priority_bound(policy, RT_PRIORITY_MIN);
}

/* A slice ends at a tick, so one tick is what tasks of the same weight get in turn. */
long sys_sched_rr_get_interval(pid_t pid, struct __kernel_timespec *interval)
{
	int err = check_thread(pid);

	return err ? err : put_timespec(TICK_NS, interval);
}
