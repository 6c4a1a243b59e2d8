/*
 * kernel/exit.c - the end of a task
 *
 * A task gives back its parts one after the other, in an order in which each step may still use the next ones:
 *
 *     address space -> files -> fs -> delayed work -> exit_notify -> the last schedule
 *
 * What is left is a zombie: the task_struct with its exit code, for the parent to read (wait4.c).  Its children get
 * another parent: a living thread of the same process, the nearest ancestor that wants orphans, or PID 1.
 *
 *   E1  a leader stays in the table until all its threads are gone, so that the process keeps its pid; the parent
 *       is told when the last one goes;
 *   E2  other threads are nobody's children: they leave the table at once;
 *   E3  the task_struct and its stack go with the last reference; the scheduler holds one until it has switched
 *       away for good.
 *
 * Locking: process_table_lock for parents, children, thread groups and exit_state.
 *
 * Sources: _exit(2), exit_group(2), setpgid(2) on orphaned groups.
 */
#include <kernel/sched.h>
#include <kernel/strace.h>
#include <kernel/syscalls_kernel.h>
#include <kernel/tty.h>
#include <kernel/rcu.h>
#include <fs/vfs.h>
#include <mm/mm.h>
#include <arch/tlb.h>
#include <uapi/wait.h>
#include "pid.h"
#include "task.h"
#include "lockdebug.h"

static struct callback_head work_exited; /* marks a list that takes no more work */

int task_work_add(struct task_struct *task, struct callback_head *work)
{
	struct callback_head *head = READ_ONCE(task->task_works);

	do {
		if (head == &work_exited)
			return -ESRCH;
		work->next = head;
	} while (!try_cmpxchg(&task->task_works, &head, work));
	set_tsk_flag(task, TIF_NOTIFY_RESUME);
	return 0;
}

/* Run what was added, oldest first; @last: the list is closed when it is found empty. */
static void run_works(struct callback_head *last)
{
	struct task_struct *me = current;

	for (;;) {
		struct callback_head *work = READ_ONCE(me->task_works), *ordered = NULL;

		if (work == &work_exited)
			return;
		if (!try_cmpxchg(&me->task_works, &work, work ? NULL : last))
			continue;
		if (!work)
			return;
		while (work) {
			struct callback_head *next = work->next;

			work->next = ordered;
			ordered = work;
			work = next;
		}
		while (ordered) {
			struct callback_head *next = ordered->next;

			ordered->func(ordered);
			ordered = next;
			cond_resched();
		}
	}
}

void task_work_run(void)
{
	run_works(NULL);
}

/* --- leaving the address space --- */

static void complete_vfork_done(struct task_struct *task)
{
	struct completion_vfork *vfork;

	spin_lock_irq(&process_table_lock);
	vfork = task->vfork_done;
	task->vfork_done = NULL;
	if (vfork) {
		vfork->done = true;
		wake_up(&vfork->wait);
	}
	spin_unlock_irq(&process_table_lock);
}

void mm_release(struct task_struct *task)
{
	exit_robust_list(task);
	exit_clear_tid(task);
	if (task->vfork_done)
		complete_vfork_done(task);
}

static void exit_mm(struct task_struct *me)
{
	struct mm_struct *mm = me->mm;

	mm_release(me);
	if (!mm)
		return;
	mmgrab(mm); /* stays loaded as active_mm until the next switch */
	spin_lock_irq(&process_table_lock);
	me->signal->maxrss = max(me->signal->maxrss, max(mm->hiwater_rss, get_mm_rss(mm)));
	me->mm = NULL;
	enter_lazy_tlb();
	spin_unlock_irq(&process_table_lock);
	mmput(mm);
}

/* --- children and process groups --- */

static struct task_struct *find_alive_thread(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread(p, t) {
		if (!(t->flags & PF_EXITING))
			return t;
	}
	return NULL;
}

/* A living thread of the same process; else of the nearest ancestor that asked for orphans (prctl(2)); else PID 1. */
static struct task_struct *find_new_reaper(struct task_struct *father)
{
	struct task_struct *p, *reaper = find_alive_thread(father);

	for (p = father->real_parent; !reaper && p->tgid > 1; p = p->real_parent) {
		if (p->signal->is_child_subreaper)
			reaper = find_alive_thread(p);
	}
	return reaper ? reaper : find_task(1);
}

/*
 * A process group is orphaned when no member has a parent in another group of the same session: nobody could
 * continue its stopped jobs.
 */
bool will_become_orphaned_pgrp(pid_t pgrp, const struct task_struct *ignored)
{
	const struct task_struct *p;

	list_for_each_entry(p, &task_list, tasks) {
		const struct task_struct *parent = p->real_parent;

		if (p == ignored || !p->signal || task_pgrp(p) != pgrp || p->exit_state ||
		    parent->pid <= 1 || !parent->signal)
			continue;
		if (task_pgrp(parent) != pgrp && task_session(parent) == task_session(p))
			return false;
	}
	return true;
}

bool is_current_pgrp_orphaned(void)
{
	bool orphaned;

	spin_lock_irq(&process_table_lock);
	orphaned = will_become_orphaned_pgrp(task_pgrp(current), NULL);
	spin_unlock_irq(&process_table_lock);
	return orphaned;
}

bool has_stopped_jobs(pid_t pgrp)
{
	const struct task_struct *p;

	list_for_each_entry(p, &task_list, tasks) {
		if (p->signal && task_pgrp(p) == pgrp && (p->signal->flags & SIGNAL_STOP_STOPPED))
			return true;
	}
	return false;
}

static void signal_pgrp_locked(pid_t pgrp, int sig)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_KERNEL };
	struct task_struct *p;

	list_for_each_entry(p, &task_list, tasks) {
		if (p->signal && task_pgrp(p) == pgrp)
			(void)send_signal_locked(sig, &info, p, PIDTYPE_PGID);
	}
}

/* @task leaves @parent (or dies): if that orphans a group with stopped jobs, hang it up and let it go on. */
static void kill_orphaned_pgrp(struct task_struct *task, struct task_struct *parent, bool exiting)
{
	pid_t pgrp = task_pgrp(task);

	if (!parent->signal || task_pgrp(parent) == pgrp ||
	    task_session(parent) != task_session(task))
		return;
	if (will_become_orphaned_pgrp(pgrp, exiting ? task : NULL) && has_stopped_jobs(pgrp)) {
		signal_pgrp_locked(pgrp, SIGHUP);
		signal_pgrp_locked(pgrp, SIGCONT);
	}
}

/* Dead tasks that nobody waits for are collected here and freed when the lock is released. */
static void reap_later(struct task_struct *task, struct list_head *dead)
{
	unlink_task(task);
	list_add(&task->sibling, dead);
}

/* All threads of @p have the same parent, though only the leader is in its list. */
static void set_parent(struct task_struct *p, struct task_struct *reaper)
{
	struct task_struct *t;

	for_each_thread(p, t) {
		t->real_parent = t->parent = reaper;
		if (t->pdeath_signal) {
			siginfo_t info = { .si_signo = t->pdeath_signal, .si_code = SI_USER };

			(void)send_signal_locked(t->pdeath_signal, &info, t, PIDTYPE_TGID);
		}
	}
}

static void forget_original_parent(struct task_struct *father, struct list_head *dead)
{
	struct task_struct *reaper, *p, *next;

	if (list_empty(&father->children))
		return;
	reaper = find_new_reaper(father);
	list_for_each_entry_safe(p, next, &father->children, sibling) {
		list_move_tail(&p->sibling, &reaper->children);
		set_parent(p, reaper);
		if (reaper->signal == father->signal)
			continue;
		p->exit_signal = SIGCHLD; /* a stranger's child is an ordinary one */
		if (p->exit_state == TASK_ZOMBIE && p->signal->nr_threads == 1 &&
		    do_notify_parent(p, SIGCHLD))
			reap_later(p, dead);
		else if (!p->exit_state)
			kill_orphaned_pgrp(p, father, false);
	}
}

/* --- leaving the table --- */

/* What a task used up is kept by its process when it was a thread, by its parent when it is reaped. */
static void account_thread(struct task_struct *t)
{
	struct signal_struct *signal = t->signal;
	u64 utime, stime;

	task_cputime(t, &utime, &stime);
	signal->utime_ns += utime;
	signal->stime_ns += stime;
	signal->min_flt += t->min_flt;
	signal->maj_flt += t->maj_flt;
	signal->nvcsw += t->nvcsw;
	signal->nivcsw += t->nivcsw;
}

void account_reaped(struct task_struct *child, struct signal_struct *to)
{
	struct signal_struct *from = child->signal;
	u64 utime, stime;

	thread_group_cputime(child, &utime, &stime);
	to->cutime_ns += utime + from->cutime_ns;
	to->cstime_ns += stime + from->cstime_ns;
	to->cmin_flt += child->min_flt + from->min_flt + from->cmin_flt;
	to->cmaj_flt += child->maj_flt + from->maj_flt + from->cmaj_flt;
	to->cnvcsw += child->nvcsw + from->nvcsw + from->cnvcsw;
	to->cnivcsw += child->nivcsw + from->nivcsw + from->cnivcsw;
	to->cmaxrss = max(to->cmaxrss, max(from->maxrss, from->cmaxrss));
}

void unlink_task(struct task_struct *task)
{
	struct sighand_struct *sighand = task->sighand;
	struct signal_struct *signal = task->signal;
	bool leader = task->group_leader == task;

	pid_hash_del(task);
	free_pid(task->pid);
	thread_count_dec();
	if (leader) {
		list_del_init(&task->tasks);
		list_del_init(&task->sibling);
	}
	spin_lock(&sighand->lock);
	list_del_init(&task->thread_group); /* walked under either lock */
	if (!leader)
		account_thread(task);
	signal->nr_threads--;
	if (leader)
		signal->curr_target = NULL;
	flush_sigqueue(&task->pending, signal);
	if (leader)
		flush_sigqueue(&signal->shared_pending, signal);
	task->sighand = NULL;
	task->signal = NULL;
	task->exit_state = TASK_DEAD;
	spin_unlock(&sighand->lock);
	sighand_put(sighand);
	signal_put(signal);
}

void release_task(struct task_struct *task)
{
	spin_lock_irq(&process_table_lock);
	unlink_task(task);
	spin_unlock_irq(&process_table_lock);
	put_task_struct(task);
}

/* --- the end itself --- */

/* A thread waits in exec for the others to go (de_thread): let it count again, once this lock is released. */
static void notify_exec(struct signal_struct *signal)
{
	if (signal->group_exec_task)
		wake_up_process(signal->group_exec_task);
}

static void exit_notify(struct task_struct *me, bool group_dead)
{
	struct task_struct *leader = me->group_leader, *p, *next;
	bool reap_self = false, reap_leader = false;
	LIST_HEAD(dead);

	spin_lock_irq(&process_table_lock);
	forget_original_parent(me, &dead);
	if (group_dead)
		kill_orphaned_pgrp(leader, leader->real_parent, true);
	me->exit_state = TASK_ZOMBIE;
	if (me != leader) {
		reap_self = true; /* E2 */
		if (leader->exit_state == TASK_ZOMBIE && me->signal->nr_threads == 2 &&
		    !me->signal->group_exec_task)
			reap_leader = do_notify_parent(leader, leader->exit_signal);
	} else if (me->signal->nr_threads == 1) {
		reap_self = do_notify_parent(me, me->exit_signal);
	}
	notify_exec(me->signal);
	if (reap_self)
		unlink_task(me);
	if (reap_leader)
		reap_later(leader, &dead);
	spin_unlock_irq(&process_table_lock);
	list_for_each_entry_safe(p, next, &dead, sibling) {
		list_del_init(&p->sibling);
		put_task_struct(p);
	}
	if (reap_self)
		put_task_struct(me); /* the scheduler's reference keeps us until the last switch */
}

static void panic_if_init(const struct task_struct *me, int code)
{
	if (me->tgid == 1)
		panic("Attempted to kill init! exitcode=0x%08x", (unsigned int)code);
	if (!me->pid)
		panic("Attempted to kill the idle task!");
}

/* /proc looks at these through the table: they are out of sight before they are given back. */
static void exit_files(struct task_struct *me)
{
	struct files_struct *files;

	spin_lock_irq(&process_table_lock);
	files = me->files;
	me->files = NULL;
	spin_unlock_irq(&process_table_lock);
	if (files)
		files_put(files);
}

static void exit_fs(struct task_struct *me)
{
	struct fs_struct *fs;

	spin_lock_irq(&process_table_lock);
	fs = me->fs;
	me->fs = NULL;
	spin_unlock_irq(&process_table_lock);
	fs_put(fs);
}

/* Threads that end one by one: the process's code is the last one's. */
static void settle_group_code(struct task_struct *me, int code)
{
	struct signal_struct *signal = me->signal;

	spin_lock_irq(&me->sighand->lock);
	if (!(signal->flags & SIGNAL_GROUP_EXIT)) {
		signal->group_exit_code = code;
		signal->flags |= SIGNAL_GROUP_EXIT;
	}
	spin_unlock_irq(&me->sighand->lock);
}

/**
 * do_exit - end the calling thread
 * @code: wait status: exit code << 8, or the signal
 *
 * Context: task, no lock held.
 */
void do_exit(int code)
{
	struct task_struct *me = current;
	bool group_dead;

	lockdebug_no_locks(me, "exit");
	exit_signals(me);
	me->exit_code = code;
	strace_exit(code);
	group_dead = atomic_dec_and_test(&me->signal->live);
	if (group_dead) {
		panic_if_init(me, me->signal->flags & SIGNAL_GROUP_EXIT
					  ? me->signal->group_exit_code
					  : code);
		itimer_exit(me->signal);
		settle_group_code(me, code);
	}
	exit_mm(me);
	exit_files(me);
	run_works(NULL);
	if (group_dead)
		disassociate_ctty(true);
	exit_fs(me);
	run_works(&work_exited);
	exit_notify(me, group_dead);
	set_task_state(TASK_DEAD);
	schedule();
	BUG();
}

/**
 * do_group_exit - end the calling process
 * @code: wait status, as for do_exit; the first caller's holds
 */
void do_group_exit(int code)
{
	struct task_struct *me = current;
	struct signal_struct *signal = me->signal;

	spin_lock_irq(&me->sighand->lock);
	if (signal->flags & SIGNAL_GROUP_EXIT) {
		code = signal->group_exit_code;
	} else if (signal->group_exec_task && signal->group_exec_task != me) {
		code = 0; /* exec ends this thread; the process lives on */
	} else {
		signal->group_exit_code = code;
		signal->flags = (signal->flags & SIGNAL_UNKILLABLE) | SIGNAL_GROUP_EXIT;
		(void)zap_other_threads(me);
	}
	spin_unlock_irq(&me->sighand->lock);
	do_exit(code);
}

long sys_exit(int code)
{
	do_exit((code & 0xff) << 8);
}

long sys_exit_group(int code)
{
	do_group_exit((code & 0xff) << 8);
}

/* --- exec in a process with several threads --- */

/* The caller takes the leader's pid and places: to the world the process is still the same. */
static void become_leader(struct task_struct *me, struct task_struct *leader)
{
	pid_t old_pid = me->pid;

	pid_hash_del(me);
	pid_hash_del(leader);
	me->pid = leader->pid;
	leader->pid = old_pid;
	pid_hash_add(me);
	pid_hash_add(leader);
	list_replace(&leader->tasks, &me->tasks);
	INIT_LIST_HEAD(&leader->tasks);
	list_replace(&leader->sibling, &me->sibling);
	INIT_LIST_HEAD(&leader->sibling);
	me->real_parent = leader->real_parent;
	me->parent = leader->parent;
	me->group_leader = leader->group_leader = me;
	me->exit_signal = SIGCHLD;
	leader->exit_signal = -1;
	me->signal->curr_target = me;
	me->start_time_ns = leader->start_time_ns;
}

static void end_group_exec(struct task_struct *me)
{
	spin_lock_irq(&process_table_lock);
	spin_lock(&me->sighand->lock);
	me->signal->group_exec_task = NULL;
	spin_unlock(&me->sighand->lock);
	spin_unlock_irq(&process_table_lock);
}

/**
 * de_thread - end all other threads of the caller's process, whose leader it becomes
 *
 * Each of them gets SIGKILL and tells us when it is gone (notify_exec).  The leader stays a zombie, for the process
 * must not lose its number; that, its place among its parent's children and its age are ours at the end.
 *
 * group_exec_task is written under both locks, so that either is enough to read it.
 *
 * Return: 0; -EAGAIN: the process is being ended, or another thread was first, and the caller has SIGKILL pending.
 * Locks:  none held.  Sleeps.
 */
int de_thread(void)
{
	struct task_struct *me = current, *leader = NULL;
	struct signal_struct *signal = me->signal;

	spin_lock_irq(&process_table_lock);
	spin_lock(&me->sighand->lock);
	if ((signal->flags & SIGNAL_GROUP_EXIT) || signal->group_exec_task) {
		spin_unlock(&me->sighand->lock);
		spin_unlock_irq(&process_table_lock);
		return -EAGAIN; /* another thread was first: this one is to die */
	}
	signal->group_exec_task = me;
	(void)zap_other_threads(me);
	spin_unlock(&me->sighand->lock);
	/* Until only we are left, or only we and the leader's zombie. */
	for (;;) {
		leader = me->group_leader;
		set_task_state(TASK_KILLABLE);
		if (signal->nr_threads == 1 ||
		    (signal->nr_threads == 2 && leader != me && leader->exit_state == TASK_ZOMBIE))
			break;
		spin_unlock_irq(&process_table_lock);
		if (fatal_signal_pending(me)) {
			set_task_state(TASK_RUNNING);
			end_group_exec(me);
			return -EAGAIN;
		}
		schedule();
		spin_lock_irq(&process_table_lock);
	}
	set_task_state(TASK_RUNNING);
	if (leader != me) {
		become_leader(me, leader);
		unlink_task(leader);
	} else {
		leader = NULL;
	}
	me->exit_signal = SIGCHLD;
	spin_unlock_irq(&process_table_lock);
	end_group_exec(me);
	if (leader)
		put_task_struct(leader);
	return 0;
}
