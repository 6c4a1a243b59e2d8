/*
 * kernel/capability.c - asking for capabilities and giving them up: capget, capset and their part of prctl
 *
 * Sets are 64-bit words here and arrays of 32-bit words outside, as many as the caller's version has.  A thread
 * changes its own only; kernel/cred.c tells how the sets change otherwise.
 *
 * Sources: capget(2), capabilities(7), prctl(2).
 */
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <uapi/capability.h>
#include <uapi/prctl.h>
#include "pid.h"

/* Words per set, or -EFAULT; -EINVAL for a version that is not known, with ours told in its place. */
static int cap_words(struct __user_cap_header_struct *header)
{
	u32 version;

	if (get_user(version, &header->version))
		return -EFAULT;
	switch (version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return 1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return 2;
	default:
		return put_user(_LINUX_CAPABILITY_VERSION_3, &header->version) ? -EFAULT : -EINVAL;
	}
}

static u64 cap_join(u32 low, u32 high)
{
	return (low | (u64)high << 32) & CAP_FULL_SET;
}

long sys_capget(void *uheader, void *udata)
{
	struct __user_cap_header_struct *header = uheader;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S];
	u64 effective = 0, permitted = 0, inheritable = 0;
	const struct task_struct *task;
	int words = cap_words(header);
	pid_t pid;

	if (words < 0)
		return !udata && words == -EINVAL ? 0 : words;
	if (!udata)
		return 0;
	if (get_user(pid, &header->pid))
		return -EFAULT;
	if (pid < 0)
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	task = pid ? find_task(pid) : current;
	if (task) {
		effective = task->cred.cap_effective;
		permitted = task->cred.cap_permitted;
		inheritable = task->cred.cap_inheritable;
	}
	spin_unlock_irq(&process_table_lock);
	if (!task)
		return -ESRCH;
	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S; i++) {
		data[i].effective = (u32)(effective >> 32 * i);
		data[i].permitted = (u32)(permitted >> 32 * i);
		data[i].inheritable = (u32)(inheritable >> 32 * i);
	}
	return copy_to_user(udata, data, (size_t)words * sizeof(data[0])) ? -EFAULT : 0;
}

/* What may be asked for: less is always granted, more never. */
static bool may_capset(const struct cred *old, const struct cred *new)
{
	if (!capable(CAP_SETPCAP) &&
	    !is_subset(new->cap_inheritable, old->cap_inheritable | old->cap_permitted))
		return false;
	return is_subset(new->cap_inheritable, old->cap_inheritable | old->cap_bset) &&
	       is_subset(new->cap_permitted, old->cap_permitted) &&
	       is_subset(new->cap_effective, new->cap_permitted);
}

long sys_capset(void *uheader, const void *udata)
{
	struct __user_cap_header_struct *header = uheader;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S] = { { 0 } };
	struct cred new = current->cred;
	int words = cap_words(header);
	pid_t pid;

	if (words < 0)
		return words;
	if (get_user(pid, &header->pid))
		return -EFAULT;
	if (pid != 0 && pid != current->pid)
		return -EPERM;
	if (copy_from_user(data, udata, (size_t)words * sizeof(data[0])))
		return -EFAULT;
	new.cap_effective = cap_join(data[0].effective, data[1].effective);
	new.cap_permitted = cap_join(data[0].permitted, data[1].permitted);
	new.cap_inheritable = cap_join(data[0].inheritable, data[1].inheritable);
	if (!may_capset(&current->cred, &new))
		return -EPERM;
	new.cap_ambient &= new.cap_permitted &new.cap_inheritable;
	commit_creds(&new);
	return 0;
}

/* --- prctl(2) --- */

static long drop_bounding(unsigned long cap)
{
	struct cred new = current->cred;

	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST)
		return -EINVAL;
	new.cap_bset &= ~(1UL << cap);
	commit_creds(&new);
	return 0;
}

/* A bit whose lock is set stays as it is, and so does a lock that is set. */
static long set_securebits(unsigned long bits)
{
	struct cred new = current->cred;
	unsigned long old = new.securebits, locks = old &SECBIT_ALL_LOCKS;

	if (((locks >> 1) & (old ^ bits)) || (locks & ~bits) ||
	    (bits & ~(SECBIT_ALL_LOCKS | SECBIT_ALL)) || !capable(CAP_SETPCAP))
		return -EPERM;
	new.securebits = (u32)bits;
	commit_creds(&new);
	return 0;
}

static long set_keepcaps(unsigned long on)
{
	struct cred new = current->cred;

	if (on > 1)
		return -EINVAL;
	if (new.securebits &(SECBIT_KEEP_CAPS << 1))
		return -EPERM;
	new.securebits = (new.securebits & ~SECBIT_KEEP_CAPS) | (on ? SECBIT_KEEP_CAPS : 0);
	commit_creds(&new);
	return 0;
}

static long ambient(unsigned long what, unsigned long cap, unsigned long a4, unsigned long a5)
{
	struct cred new = current->cred;
	u64 bit;

	if (what == PR_CAP_AMBIENT_CLEAR_ALL) {
		if (cap || a4 || a5)
			return -EINVAL;
		new.cap_ambient = 0;
		commit_creds(&new);
		return 0;
	}
	if (cap > CAP_LAST || a4 || a5)
		return -EINVAL;
	bit = 1UL << cap;
	switch (what) {
	case PR_CAP_AMBIENT_IS_SET:
		return !!(new.cap_ambient &bit);
	case PR_CAP_AMBIENT_RAISE:
		if (!(new.cap_permitted &new.cap_inheritable &bit) ||
		    (new.securebits &SECBIT_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		new.cap_ambient |= bit;
		break;
	case PR_CAP_AMBIENT_LOWER:
		new.cap_ambient &= ~bit;
		break;
	default:
		return -EINVAL;
	}
	commit_creds(&new);
	return 0;
}

/* prctl_capabilities - the part of prctl(2) that is about them; -ENOSYS: @option is none of it */
long prctl_capabilities(int option, unsigned long a2, unsigned long a3, unsigned long a4,
			unsigned long a5)
{
	const struct cred *cred = &current->cred;

	switch (option) {
	case PR_CAPBSET_READ:
		return a2 > CAP_LAST ? -EINVAL : (long)(cred->cap_bset >> a2 & 1);
	case PR_CAPBSET_DROP:
		return drop_bounding(a2);
	case PR_GET_SECUREBITS:
		return cred->securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(a2);
	case PR_GET_KEEPCAPS:
		return !!(cred->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return set_keepcaps(a2);
	case PR_CAP_AMBIENT:
		return ambient(a2, a3, a4, a5);
	default:
		return -ENOSYS;
	}
}
