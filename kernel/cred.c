/*
 * kernel/cred.c - what a task may do: capabilities, how they follow user ids and exec, who may look into whom
 *
 * Root's power is the capability sets alone.  Where they come from is told by two rules, each at one place: a change
 * of user ids (fix_capabilities) and an exec (bprm_creds_from_file).  What a change must take back is a third
 * (commit_creds): a process that was something else a moment ago may hold secrets in memory, so it is not dumpable
 * any more and its parent's death no longer signals it.
 *
 *     change of                           effective               permitted              ambient
 *     uid, euid, suid: no root left       empty *                 empty *                empty
 *     euid from root to another           empty                   as it was              as it was
 *     euid from another to root           permitted               as it was              as it was
 *     fsuid from root or to root          its file part likewise  as it was              as it was
 *                                         * but as it was with SECBIT_KEEP_CAPS; nothing of all this with
 *                                           SECBIT_NO_SETUID_FIXUP
 *
 *     exec of a file that                 effective               permitted
 *     root runs, or whose owner is        permitted               bounding | inheritable | ambient
 *     root and whose set-user-id bit
 *     is set (not SECBIT_NOROOT)
 *     another runs                        ambient                 ambient
 *
 * Capabilities of files do not exist, so inheritable matters only through root and ambient.
 *
 * Invariants:
 *   C1  effective is a subset of permitted;
 *   C2  ambient is a subset of permitted and of inheritable.
 *
 * Locking: a task reads its own credentials without a lock and writes them under process_table_lock, under which
 * others read them.
 *
 * Sources: credentials(7), capabilities(7) "Transformation of capabilities during execve()", execve(2), ptrace(2)
 * "Ptrace access mode checking".
 */
#include <kernel/exec.h>
#include <kernel/sched.h>
#include <fs/vfs.h>
#include <mm/mm.h>
#include <uapi/mount.h>
#include <uapi/personality.h>

#define CAP_BIT(cap) (1UL << (cap))
/* What the file-system user id stands for: capabilities(7), "Effect of user ID changes on capabilities". */
#define CAP_FS_SET                                                                       \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_DAC_READ_SEARCH) | \
	 CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_LINUX_IMMUTABLE) |      \
	 CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_MAC_OVERRIDE))
/* What a program that gains rights must not inherit from who runs it: it decides where things lie in memory. */
#define PER_CLEAR_ON_SETID \
	(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO)

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

/**
 * ptrace_may_access - may the current task look into @task?
 * @fs: ask by the file-system ids and the effective capabilities, as for a name below /proc; else by the real ids
 *      and the permitted ones, so that a set-user-id program does not look where who started it may not
 *
 * Locks: process_table_lock held.
 */
bool ptrace_may_access(const struct task_struct *task, bool fs)
{
	const struct cred *me = &current->cred, *them = &task->cred;
	uid_t uid = fs ? me->fsuid : me->uid;
	gid_t gid = fs ? me->fsgid : me->gid;

	if (task->signal == current->signal || capable(CAP_SYS_PTRACE))
		return true;
	if (uid != them->uid || uid != them->euid || uid != them->suid || gid != them->gid ||
	    gid != them->egid || gid != them->sgid)
		return false;
	if (!is_subset(them->cap_permitted, fs ? me->cap_effective : me->cap_permitted))
		return false;
	return !task->mm || get_dumpable(task->mm) == 1;
}

/* --- changing credentials --- */

/* commit_creds - @new becomes the current task's, as a whole */
void commit_creds(const struct cred *new)
{
	struct task_struct *me = current;
	const struct cred old = me->cred;

	assert(is_subset(new->cap_effective, new->cap_permitted));
	assert(is_subset(new->cap_ambient, new->cap_permitted &new->cap_inheritable));
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

/* fix_capabilities - the sets follow a change of uid, euid or suid: the first three lines of the table */
void fix_capabilities(const struct cred *old, struct cred *new)
{
	if (old->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (has_root_id(old) && !has_root_id(new)) {
		if (!(old->securebits & SECBIT_KEEP_CAPS))
			new->cap_permitted = new->cap_effective = 0;
		new->cap_ambient = 0;
	}
	if (old->euid == 0 && new->euid != 0)
		new->cap_effective = 0;
	if (old->euid != 0 && new->euid == 0)
		new->cap_effective = new->cap_permitted;
}

/* fix_fs_capabilities - the same for fsuid: the fourth line */
void fix_fs_capabilities(const struct cred *old, struct cred *new)
{
	if (old->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (old->fsuid == 0 && new->fsuid != 0)
		new->cap_effective &= ~CAP_FS_SET;
	if (old->fsuid != 0 && new->fsuid == 0)
		new->cap_effective |= new->cap_permitted &CAP_FS_SET;
}

/* --- exec --- */

/* Does a task of another process share the working directory?  It could move it under a program with more rights. */
static bool shares_fs(const struct task_struct *me)
{
	const struct task_struct *p, *t;
	bool shared = false;

	spin_lock_irq(&process_table_lock);
	list_for_each_entry(p, &task_list, tasks) {
		for_each_thread(p, t)
			shared |= t->signal != me->signal && t->fs == me->fs;
	}
	spin_unlock_irq(&process_table_lock);
	return shared;
}

/* The set-id bits of the file that runs, a script's interpreter rather than the script. */
static void apply_setid_bits(struct linux_binprm *bprm, struct cred *new)
{
	const struct inode *inode = bprm->file->f_inode;
	u32 mode = READ_ONCE(inode->i_mode);

	if ((bprm->file->f_path.mnt->flags & MS_NOSUID) || current->no_new_privs)
		return;
	if (mode & S_ISUID) {
		new->euid = inode->i_uid;
		bprm->per_clear |= PER_CLEAR_ON_SETID;
	}
	/* Without the group's x bit S_ISGID once meant mandatory locking. */
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) {
		new->egid = inode->i_gid;
		bprm->per_clear |= PER_CLEAR_ON_SETID;
	}
}

/**
 * bprm_creds_from_file - work out the credentials of the program to be run: bprm->cred, per_clear, secureexec
 *
 * Nothing of the current task changes.
 *
 * Ref: capabilities(7), execve(2).
 */
void bprm_creds_from_file(struct linux_binprm *bprm)
{
	const struct cred *old = &current->cred;
	struct cred *new = &bprm->cred;
	bool effective = false, is_setid;

	*new = *old;
	apply_setid_bits(bprm, new);
	is_setid = new->euid != old->uid || new->egid != old->gid;

	new->cap_permitted = 0;
	if (!(old->securebits & SECBIT_NOROOT)) {
		if (new->euid == 0 || new->uid == 0)
			new->cap_permitted = old->cap_bset | old->cap_inheritable;
		effective = new->euid == 0;
	}
	if (!is_subset(new->cap_permitted, old->cap_permitted))
		bprm->per_clear |= PER_CLEAR_ON_SETID;
	if ((is_setid || !is_subset(new->cap_permitted, old->cap_permitted)) &&
	    (current->no_new_privs || shares_fs(current))) {
		if (!capable(CAP_SETUID) || current->no_new_privs) {
			new->euid = new->uid;
			new->egid = new->gid;
		}
		new->cap_permitted &= old->cap_permitted;
	}
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	if (is_setid)
		new->cap_ambient = 0;
	new->cap_permitted |= new->cap_ambient;
	new->cap_effective = effective ? new->cap_permitted : new->cap_ambient;
	new->securebits &= ~SECBIT_KEEP_CAPS;
	bprm->secureexec =
		is_setid ||
		(new->uid != 0 && (effective || !is_subset(new->cap_permitted, new->cap_ambient)));
}
