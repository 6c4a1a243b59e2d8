/*
 * kernel/robust.c - what a thread leaves behind in user memory when it ends
 *
 * A robust lock outlives its owner: the thread keeps a list of those it holds, in its own memory, and has told the
 * kernel where it begins.  At the end each word that still says "owned by this thread" is marked FUTEX_OWNER_DIED and
 * one who waits for it is woken, to take the lock and mend what it guards.
 *
 *     head.list --> entry --> entry --> head        each entry lies futex_offset bytes from its lock's word
 *     head.list_op_pending --> entry                the one that was just being taken or given up
 *
 * Besides, the word that pthread_join sleeps on is cleared.
 *
 * Nothing of it may be believed: the list may be a ring without an end, lead into the kernel, name words that others change.
 * Each step is a checked access, a word is changed by compare-and-exchange only while it holds this thread's id, and
 * the number of steps is bounded.
 *
 * Not done: the owners of priority-inheritance locks are marked, but nobody sleeps on those (futex.c).
 *
 * Sources: set_robust_list(2), set_tid_address(2); Linux, Documentation/locking/robust-futex-ABI.
 */
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <mm/mm.h>
#include <uapi/futex.h>
#include "futex.h"
#include "pid.h"
#include "task.h"

#define ROBUST_LIST_LIMIT 2048 /* entries, as Linux */

long sys_set_robust_list(void *head, size_t len)
{
	if (len != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	current->robust_list_len = len;
	return 0;
}

long sys_get_robust_list(pid_t pid, u64 *uhead, size_t *ulen)
{
	struct task_struct *task;
	u64 head = 0;
	long err = -ESRCH;

	spin_lock_irq(&process_table_lock);
	task = pid ? find_task(pid) : current;
	if (task) {
		err = ptrace_may_access(task, false) ? 0 : -EPERM;
		head = (u64)task->robust_list;
	}
	spin_unlock_irq(&process_table_lock);
	if (err)
		return err;
	if (put_user(sizeof(struct robust_list_head), ulen) || put_user(head, uhead))
		return -EFAULT;
	return 0;
}

/*
 * One lock that the dying thread may hold: if its word says so, mark it and wake one who waits for it.
 * @pi:      a priority-inheritance lock: nobody sleeps on the word itself
 * @pending: the thread was just taking or releasing it
 *
 * Return: 0, or -EFAULT for a list that leads nowhere.
 */
static int robust_lock_died(u32 *uaddr, bool pi, bool pending)
{
	u32 uval, seen, owner;

	if ((vaddr_t)uaddr % sizeof(*uaddr) || get_user(uval, uaddr))
		return -EFAULT;
	for (;;) {
		owner = uval & FUTEX_TID_MASK;
		if (pending && !pi && !owner) {
			/* Released, and killed before it could wake anybody. */
			(void)futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
			return 0;
		}
		if (owner != (u32)current->pid)
			return 0;
		if (user_cmpxchg_u32(uaddr, &seen, uval, (uval & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return -EFAULT;
		if (seen == uval)
			break;
		uval = seen;
	}
	if (!pi && (uval & FUTEX_WAITERS))
		(void)futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
	return 0;
}

struct robust_entry {
	u64 addr;
	bool pi; /* bit 0 of the pointer */
};

static int fetch_robust_entry(struct robust_entry *entry, const u64 *uptr)
{
	u64 v;

	if (get_user(v, uptr))
		return -EFAULT;
	entry->addr = v & ~1UL;
	entry->pi = v & 1;
	return 0;
}

/**
 * exit_robust_list - mark the locks that the current task still holds
 *
 * The list is the program's own and may be anything: every step is checked, and an end set to it.
 *
 * Context: the task's address space is still there.  Sleeps.
 * Ref:     set_robust_list(2).
 */
void exit_robust_list(struct task_struct *task)
{
	struct robust_list_head *head = task->robust_list;
	struct robust_entry entry, next, pending;
	unsigned int limit = ROBUST_LIST_LIMIT;
	s64 offset;
	int err;

	task->robust_list = NULL;
	if (!head || !task->mm)
		return;
	if (fetch_robust_entry(&entry, &head->list) || get_user(offset, &head->futex_offset) ||
	    fetch_robust_entry(&pending, &head->list_op_pending))
		return;
	while (entry.addr != (u64)head && limit--) {
		/* The next one first: once woken, the waiter may free the lock. */
		err = fetch_robust_entry(&next, (const u64 *)entry.addr);
		if (entry.addr != pending.addr &&
		    robust_lock_died((u32 *)(entry.addr + (u64)offset), entry.pi, false))
			return;
		if (err)
			return;
		entry = next;
		cond_resched();
	}
	if (pending.addr)
		(void)robust_lock_died((u32 *)(pending.addr + (u64)offset), pending.pi, true);
}

/**
 * exit_clear_tid - clear the word that pthread_join waits for, and wake the waiter
 *
 * Nobody can wait when nobody else uses the address space: then the store is spared, as by Linux.
 *
 * Context: as exit_robust_list.
 * Ref:     set_tid_address(2), clone(2) CLONE_CHILD_CLEARTID.
 */
void exit_clear_tid(struct task_struct *task)
{
	u32 *uaddr = task->clear_child_tid;

	task->clear_child_tid = NULL;
	if (!uaddr || !task->mm || atomic_read(&task->mm->mm_users) <= 1)
		return;
	(void)put_user(0, uaddr);
	(void)futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
}
