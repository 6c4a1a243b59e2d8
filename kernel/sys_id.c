/*
 * kernel/sys_id.c - who a task is: users and groups; numbers of processes, process groups and sessions
 *
 * Each task has credentials of its own; C libraries give all threads of a process the same ones by signalling them.
 * A change is worked out on a copy and committed as a whole (kernel/cred.c), which also moves the capabilities that
 * hang on the user ids.
 *
 * Not done: user namespaces.  RLIMIT_NPROC is looked at by fork, not by setuid.
 *
 * Locking: a task reads its own credentials without a lock and writes them under process_table_lock, under which
 * others read them; groups and sessions belong to that lock too.
 *
 * Sources: credentials(7), setuid(2), setresuid(2), setgroups(2), setpgid(2), setsid(2).
 */
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <lib/sort.h>
#include <lib/string.h>
#include "pid.h"

#define NGROUPS_MAX_LINUX 65536
#define ID_NONE           (~0u) /* "leave it"; never a valid user or group */

/* --- changing credentials --- */

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
	uid_t was = old->fsuid;

	if (uid == ID_NONE || uid == was)
		return was;
	if (uid != old->uid && uid != old->euid && uid != old->suid && !capable(CAP_SETUID))
		return was;
	new.fsuid = uid;
	fix_fs_capabilities(old, &new);
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
