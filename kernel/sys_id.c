/*
 * kernel/sys_id.c - who a task is: numbers of processes, groups and sessions; users, groups and capabilities
 *
 * Each task has credentials of its own; C libraries give all threads of a process the same ones by signalling them.
 * A change is worked out on a copy and committed as a whole.
 *
 * Root's power is the capability sets alone.  That a change of user id moves them is a rule at one place
 * (fix_capabilities), and so is what a change must take back: a process that was something else a moment ago may
 * hold secrets in memory, so it is not dumpable any more and its parent's death no longer signals it
 * (commit_creds).
 *
 *     change of                           effective               permitted
 *     uid, euid, suid: no root left       empty                   empty (not with PR_SET_KEEPCAPS)
 *     euid from root to another           empty                   as it was
 *     euid from another to root           permitted               as it was
 *     fsuid from root or to root          its file part likewise  as it was
 *
 * Not done: user namespaces, ambient capabilities, securebits.  RLIMIT_NPROC is looked at by fork, not by setuid.
 *
 * Locking: a task reads its own credentials without a lock and writes them under process_table_lock, under which
 * others read them; groups and sessions belong to that lock too.
 *
 * Sources: credentials(7), capabilities(7), setuid(2), setresuid(2), setgroups(2), capget(2), setpgid(2), setsid(2).
 */
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <lib/sort.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <uapi/capability.h>
#include "pid.h"

#define CAP_BIT(cap) (1UL << (cap))
/* What the file-system user id stands for: capabilities(7), "Effect of user ID changes on capabilities". */
#define CAP_FS_SET                                                                       \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_DAC_READ_SEARCH) | \
	 CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_LINUX_IMMUTABLE) |      \
	 CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_MAC_OVERRIDE))

#define NGROUPS_MAX_LINUX 65536
#define ID_NONE           (~0u) /* "leave it"; never a valid user or group */

/* capable - has the current task the capability in its effective set? */
bool capable(int cap)
{
	return current->cred.cap_effective & CAP_BIT(cap);
}

/* in_group - is @gid the current task's file-system group or one of its supplementary ones? */
bool in_group(gid_t gid)
{
	const struct cred *cred = &current->cred;

	if (gid == cred->fsgid)
		return true;
	for (unsigned int i = 0; i < cred->ngroups; i++) {
		if (cred->groups[i] == gid)
			return true;
	}
	return false;
}

unsigned int get_dumpable(const struct mm_struct *mm)
{
	return READ_ONCE(mm->flags) & MMF_DUMPABLE_MASK;
}

void set_dumpable(struct mm_struct *mm, unsigned int value)
{
	unsigned long old = READ_ONCE(mm->flags);

	while (!try_cmpxchg(&mm->flags, &old, (old & ~MMF_DUMPABLE_MASK) | value))
		;
}

static bool is_subset(u64 part, u64 whole)
{
	return !(part & ~whole);
}

/* By the caller's real ids: a set-user-id program must not look where who started it may not. */
bool ptrace_may_access(const struct task_struct *task)
{
	const struct cred *me = &current->cred, *them = &task->cred;
	bool same = me->uid == them->uid && me->uid == them->euid && me->uid == them->suid &&
		    me->gid == them->gid && me->gid == them->egid && me->gid == them->sgid;

	if (task->signal == current->signal || capable(CAP_SYS_PTRACE))
		return true;
	if (!same || !is_subset(them->cap_permitted, me->cap_permitted))
		return false;
	return !task->mm || get_dumpable(task->mm) == 1;
}

/* --- changing credentials --- */

static void commit_creds(const struct cred *new)
{
	struct task_struct *me = current;
	const struct cred old = me->cred;

	spin_lock_irq(&process_table_lock);
	me->cred = *new;
	spin_unlock_irq(&process_table_lock);
	if (old.euid == new->euid &&
	    old.egid == new->egid &&old.fsuid == new->fsuid &&old.fsgid ==
		    new->fsgid &&is_subset(new->cap_permitted, old.cap_permitted))
		return;
	if (me->mm)
		set_dumpable(me->mm, 0);
	me->pdeath_signal = 0;
}

static bool has_root_id(const struct cred *c)
{
	return c->uid == 0 || c->euid == 0 || c->suid == 0;
}

/* The capability sets follow the user ids: the table at the top. */
static void fix_capabilities(const struct cred *old, struct cred *new)
{
	if (has_root_id(old) && !has_root_id(new) && !current->keep_caps)
		new->cap_permitted = new->cap_effective = 0;
	if (old->euid == 0 && new->euid != 0)
		new->cap_effective = 0;
	if (old->euid != 0 && new->euid == 0)
		new->cap_effective = new->cap_permitted;
}

static long commit_user_ids(struct cred *new)
{
	new->fsuid = new->euid;
	fix_capabilities(&current->cred, new);
	commit_creds(new);
	return 0;
}

static long commit_group_ids(struct cred *new)
{
	new->fsgid = new->egid;
	commit_creds(new);
	return 0;
}

long sys_setuid(uid_t uid)
{
	struct cred new = current->cred;

	if (uid == ID_NONE)
		return -EINVAL;
	if (capable(CAP_SETUID))
		new.uid = new.suid = uid;
	else if (uid != new.uid && uid != new.suid)
		return -EPERM;
	new.euid = uid;
	return commit_user_ids(&new);
}

long sys_setgid(gid_t gid)
{
	struct cred new = current->cred;

	if (gid == ID_NONE)
		return -EINVAL;
	if (capable(CAP_SETGID))
		new.gid = new.sgid = gid;
	else if (gid != new.gid && gid != new.sgid)
		return -EPERM;
	new.egid = gid;
	return commit_group_ids(&new);
}

long sys_setreuid(uid_t ruid, uid_t euid)
{
	const struct cred *old = &current->cred;
	struct cred new = *old;

	if (ruid != ID_NONE) {
		if (ruid != old->uid && ruid != old->euid && !capable(CAP_SETUID))
			return -EPERM;
		new.uid = ruid;
	}
	if (euid != ID_NONE) {
		if (euid != old->uid && euid != old->euid && euid != old->suid &&
		    !capable(CAP_SETUID))
			return -EPERM;
		new.euid = euid;
	}
	if (ruid != ID_NONE || (euid != ID_NONE && euid != old->uid))
		new.suid = new.euid;
	return commit_user_ids(&new);
}

long sys_setregid(gid_t rgid, gid_t egid)
{
	const struct cred *old = &current->cred;
	struct cred new = *old;

	if (rgid != ID_NONE) {
		if (rgid != old->gid && rgid != old->egid && !capable(CAP_SETGID))
			return -EPERM;
		new.gid = rgid;
	}
	if (egid != ID_NONE) {
		if (egid != old->gid && egid != old->egid && egid != old->sgid &&
		    !capable(CAP_SETGID))
			return -EPERM;
		new.egid = egid;
	}
	if (rgid != ID_NONE || (egid != ID_NONE && egid != old->gid))
		new.sgid = new.egid;
	return commit_group_ids(&new);
}

/* Without the capability each id may become any of the three that the task has. */
static bool may_become(unsigned int id, unsigned int real, unsigned int effective,
		       unsigned int saved, int cap)
{
	return id == ID_NONE || id == real || id == effective || id == saved || capable(cap);
}

long sys_setresuid(uid_t ruid, uid_t euid, uid_t suid)
{
	struct cred new = current->cred;

	if (!may_become(ruid, new.uid, new.euid, new.suid, CAP_SETUID) ||
	    !may_become(euid, new.uid, new.euid, new.suid, CAP_SETUID) ||
	    !may_become(suid, new.uid, new.euid, new.suid, CAP_SETUID))
		return -EPERM;
	if (ruid != ID_NONE)
		new.uid = ruid;
	if (euid != ID_NONE)
		new.euid = euid;
	if (suid != ID_NONE)
		new.suid = suid;
	return commit_user_ids(&new);
}

long sys_setresgid(gid_t rgid, gid_t egid, gid_t sgid)
{
	struct cred new = current->cred;

	if (!may_become(rgid, new.gid, new.egid, new.sgid, CAP_SETGID) ||
	    !may_become(egid, new.gid, new.egid, new.sgid, CAP_SETGID) ||
	    !may_become(sgid, new.gid, new.egid, new.sgid, CAP_SETGID))
		return -EPERM;
	if (rgid != ID_NONE)
		new.gid = rgid;
	if (egid != ID_NONE)
		new.egid = egid;
	if (sgid != ID_NONE)
		new.sgid = sgid;
	return commit_group_ids(&new);
}

/* setfsuid(2) tells the old id whether or not the new one was taken. */
long sys_setfsuid(uid_t uid)
{
	const struct cred *old = &current->cred;
	struct cred new = *old;
	u64 caps = old->cap_effective;
	uid_t was = old->fsuid;

	if (uid == ID_NONE || uid == was)
		return was;
	if (uid != old->uid && uid != old->euid && uid != old->suid && !capable(CAP_SETUID))
		return was;
	if (was == 0)
		caps &= ~CAP_FS_SET;
	else if (uid == 0)
		caps |= old->cap_permitted & CAP_FS_SET;
	new.fsuid = uid;
	new.cap_effective = caps;
	commit_creds(&new);
	return was;
}

long sys_setfsgid(gid_t gid)
{
	const struct cred *old = &current->cred;
	struct cred new = *old;
	gid_t was = old->fsgid;

	if (gid == ID_NONE || gid == was)
		return was;
	if (gid != old->gid && gid != old->egid && gid != old->sgid && !capable(CAP_SETGID))
		return was;
	new.fsgid = gid;
	commit_creds(&new);
	return was;
}

/* --- asking --- */

long sys_getuid(void)
{
	return current->cred.uid;
}

long sys_geteuid(void)
{
	return current->cred.euid;
}

long sys_getgid(void)
{
	return current->cred.gid;
}

long sys_getegid(void)
{
	return current->cred.egid;
}

static long put_three(u32 real, u32 effective, u32 saved, u32 *ureal, u32 *ueffective, u32 *usaved)
{
	if (put_user(real, ureal) || put_user(effective, ueffective) || put_user(saved, usaved))
		return -EFAULT;
	return 0;
}

long sys_getresuid(uid_t *ruid, uid_t *euid, uid_t *suid)
{
	const struct cred *cred = &current->cred;

	return put_three(cred->uid, cred->euid, cred->suid, ruid, euid, suid);
}

long sys_getresgid(gid_t *rgid, gid_t *egid, gid_t *sgid)
{
	const struct cred *cred = &current->cred;

	return put_three(cred->gid, cred->egid, cred->sgid, rgid, egid, sgid);
}

/* --- supplementary groups: kept sorted, as Linux shows them --- */

long sys_getgroups(int size, gid_t *list)
{
	const struct cred *cred = &current->cred;
	int n = (int)cred->ngroups;

	if (size < 0)
		return -EINVAL;
	if (!size)
		return n;
	if (n > size)
		return -EINVAL;
	return copy_to_user(list, cred->groups, (size_t)n * sizeof(gid_t)) ? -EFAULT : n;
}

static int compare_gids(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

/* Room is for NR_CRED_GROUPS: a longer list is ENOMEM, for Linux's own limit is 65536. */
long sys_setgroups(int size, const gid_t *list)
{
	struct cred new = current->cred;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if ((unsigned int)size > NGROUPS_MAX_LINUX)
		return -EINVAL;
	if (size > NR_CRED_GROUPS)
		return -ENOMEM;
	if (copy_from_user(new.groups, list, (size_t)size * sizeof(gid_t)))
		return -EFAULT;
	for (int i = 0; i < size; i++) {
		if (new.groups[i] == ID_NONE)
			return -EINVAL;
	}
	new.ngroups = (unsigned int)size;
	sort(new.groups, new.ngroups, sizeof(gid_t), compare_gids);
	commit_creds(&new);
	return 0;
}

/* --- capabilities: sets as words, as many as the caller's version has --- */

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
	commit_creds(&new);
	return 0;
}

/* --- processes, groups, sessions --- */

long sys_getpid(void)
{
	return current->tgid;
}

long sys_gettid(void)
{
	return current->pid;
}

long sys_getppid(void)
{
	pid_t ppid;

	spin_lock_irq(&process_table_lock);
	ppid = current->real_parent->tgid;
	spin_unlock_irq(&process_table_lock);
	return ppid;
}

/* A process of the group, or NULL.  process_table_lock held. */
static const struct task_struct *find_group_member(pid_t pgrp)
{
	const struct task_struct *p;

	list_for_each_entry(p, &task_list, tasks) {
		if (p->signal && task_pgrp(p) == pgrp)
			return p;
	}
	return NULL;
}

/* May the current process move @p to group @pgid?  process_table_lock held.  Errors in Linux's order. */
static int check_setpgid(const struct task_struct *p, pid_t pgid)
{
	const struct task_struct *leader = current->group_leader, *member;

	if (!p)
		return -ESRCH;
	if (p->group_leader != p)
		return -EINVAL;
	if (p->real_parent->signal == current->signal) {
		if (task_session(p) != task_session(leader))
			return -EPERM;
		if (!(p->flags & PF_FORKNOEXEC))
			return -EACCES; /* a child that runs a program decides itself */
	} else if (p != leader) {
		return -ESRCH;
	}
	if (p->signal->leader)
		return -EPERM;
	if (pgid == p->pid)
		return 0;
	member = find_group_member(pgid);
	return member && task_session(member) == task_session(leader) ? 0 : -EPERM;
}

/**
 * sys_setpgid - setpgid(2)
 *
 * Return: 0; -EINVAL (negative, or a thread), -ESRCH (neither the caller nor its child), -EACCES (a child that has
 * called exec), -EPERM (a session leader, another session, no such group).
 */
long sys_setpgid(pid_t pid, pid_t pgid)
{
	struct task_struct *p;
	int err;

	if (!pid)
		pid = current->tgid;
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	spin_lock_irq(&process_table_lock);
	p = find_task(pid);
	err = check_setpgid(p, pgid);
	if (!err)
		p->signal->pgrp = pgid;
	spin_unlock_irq(&process_table_lock);
	return err;
}

long sys_getpgid(pid_t pid)
{
	const struct task_struct *p;
	pid_t pgrp;

	spin_lock_irq(&process_table_lock);
	p = pid ? find_task(pid) : current;
	pgrp = p ? task_pgrp(p) : -ESRCH;
	spin_unlock_irq(&process_table_lock);
	return pgrp;
}

long sys_getpgrp(void)
{
	return sys_getpgid(0);
}

long sys_getsid(pid_t pid)
{
	const struct task_struct *p;
	pid_t session;

	spin_lock_irq(&process_table_lock);
	p = pid ? find_task(pid) : current;
	session = p ? task_session(p) : -ESRCH;
	spin_unlock_irq(&process_table_lock);
	return session;
}

/* A new session has one group, one process and no terminal; a group's leader cannot start one. */
long sys_setsid(void)
{
	struct signal_struct *signal = current->signal;
	pid_t pid = current->tgid;
	long ret = -EPERM;

	spin_lock_irq(&process_table_lock);
	if (!signal->leader && !find_group_member(pid)) {
		signal->leader = true;
		signal->session = signal->pgrp = pid;
		signal->tty = NULL;
		ret = pid;
	}
	spin_unlock_irq(&process_table_lock);
	return ret;
}
