/*
 * kernel/fork.c - new tasks
 *
 * copy_process builds a task in steps, each of which can fail and is undone in reverse order; the last steps, which
 * make the task known to others, cannot.  Until then nobody sees it, so no lock is needed.
 *
 *     task + stack -> credentials, limits -> files -> fs -> sighand -> signal -> mm -> registers -> pid
 *                                                                                             |
 *                  run queue  <-  parent's list, process table, thread group (one lock)  <----+
 *
 * A child begins in ret_from_fork: it finishes the switch its predecessor began and goes to user mode with a copy
 * of its parent's registers, ax = 0.  A kernel thread calls its function there instead; if that has made a program
 * of itself by kernel_execve, it goes to user mode when the function returns.
 *
 * Signals meanwhile: one to the caller's process is the caller's affair, and is taken when the call is over.  One to
 * its whole group must reach the child too, which nobody can find yet: such signals are collected in a
 * multiprocess_signals and become the child's when it is linked.  A group stop that began meanwhile is joined by a
 * new thread.  (So a timer that fires faster than a fork takes does not keep the fork from ending.)
 *
 * Two that fork at once may both pass a limit that has room for one: the count is looked at, not reserved, as by Linux.
 *
 * Not done: namespaces, ptrace, pidfd (sys_clone.c says how they are refused).
 *
 * Locking: process_table_lock, then the caller's sighand->lock, to link; whoever changes the thread group or ends it
 * holds one of the two, so a thread is linked before that or not at all.
 *
 * Sources: clone(2), fork(2), vfork(2).
 */
#include <kernel/sched.h>
#include <kernel/init.h>
#include <kernel/random.h>
#include <kernel/strace.h>
#include <kernel/workqueue.h>
#include <fs/vfs.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <arch/uaccess.h>
#include <lib/err.h>
#include "pid.h"
#include "task.h"

static unsigned long fork_count;  /* process_table_lock */
static unsigned int thread_count; /* process_table_lock */
int max_threads;

static struct kmem_cache *task_cache, *signal_cache, *sighand_cache;

/* As many threads as an eighth of memory holds stacks for, as Linux reckons. */
void fork_init(void)
{
	u64 limit = (totalram_pages() << PAGE_SHIFT) / (8 * KERNEL_STACK_SIZE);

	task_cache =
		kmem_cache_create("task_struct", sizeof(struct task_struct), 64, SLAB_PANIC, NULL);
	signal_cache = kmem_cache_create("signal_cache", sizeof(struct signal_struct), 0,
					 SLAB_PANIC, NULL);
	sighand_cache = kmem_cache_create("sighand_cache", sizeof(struct sighand_struct), 0,
					  SLAB_PANIC, NULL);
	max_threads = (int)clamp(limit, 20UL, (u64)PID_MAX_LIMIT - 1);
	init_task.signal->rlim[RLIMIT_NPROC] =
		(struct rlimit){ (u64)max_threads / 2, (u64)max_threads / 2 };
	init_task.signal->rlim[RLIMIT_SIGPENDING] = init_task.signal->rlim[RLIMIT_NPROC];
}

unsigned long total_forks(void)
{
	return READ_ONCE(fork_count);
}

unsigned int nr_threads(void)
{
	return READ_ONCE(thread_count);
}

void get_task_struct(struct task_struct *task)
{
	atomic_inc(&task->usage);
}

static void free_task(struct task_struct *task)
{
	free_kernel_stack(task->stack);
	kmem_cache_free(task_cache, task);
}

void put_task_struct(struct task_struct *task)
{
	if (atomic_dec_and_test(&task->usage))
		free_task(task);
}

struct sighand_struct *sighand_alloc(void)
{
	struct sighand_struct *sighand = kmem_cache_alloc(sighand_cache, GFP_KERNEL);

	if (!sighand)
		return NULL;
	atomic_set(&sighand->count, 1);
	spin_lock_init(&sighand->lock, LOCK_SIGHAND);
	return sighand;
}

void sighand_put(struct sighand_struct *sighand)
{
	if (atomic_dec_and_test(&sighand->count))
		kmem_cache_free(sighand_cache, sighand);
}

void signal_put(struct signal_struct *signal)
{
	if (atomic_dec_and_test(&signal->count))
		kmem_cache_free(signal_cache, signal);
}

/* --- the steps --- */

static struct task_struct *dup_task_struct(struct task_struct *orig)
{
	struct task_struct *task = kmem_cache_alloc(task_cache, GFP_KERNEL);

	if (!task)
		return NULL;
	*task = *orig;
	task->stack = alloc_kernel_stack();
	if (!task->stack) {
		kmem_cache_free(task_cache, task);
		return NULL;
	}
	atomic_set(&task->usage, 2); /* the table's, and the scheduler's until the last switch */
	task->thread_flags = 0;
	task->flags &= ~(PF_IDLE | PF_EXITING | PF_SIGNALED | PF_KTHREAD);
	task->flags |= PF_FORKNOEXEC;
	task->exit_state = task->exit_code = 0;
	task->mm = task->active_mm = NULL;
	task->min_flt = task->maj_flt = 0;
	INIT_LIST_HEAD(&task->children);
	INIT_LIST_HEAD(&task->sibling);
	INIT_LIST_HEAD(&task->thread_group);
	INIT_LIST_HEAD(&task->tasks);
	INIT_HLIST_NODE(&task->pid_hash);
	INIT_LIST_HEAD(&task->pending.list);
	task->pending.signal = 0;
	task->jobctl = 0;
	task->pdeath_signal = 0;
	task->restore_sigmask = false;
	task->restart.fn = NULL;
	task->vfork_done = NULL;
	task->set_child_tid = task->clear_child_tid = NULL;
	task->robust_list = NULL;
	task->task_works = NULL;
	task->wake_next = NULL;
	task->fail_nth = 0;
	task->start_time_ns = ktime_get_ns();
	return task;
}

/**
 * fork_idle - the task that @cpu starts with: as init_task, with a stack of its own
 *
 * It is in no list and has no pid; what init_task points at is static or never goes, so it is shared without counting.
 */
struct task_struct *fork_idle(unsigned int cpu)
{
	struct task_struct *task = dup_task_struct(&init_task);
	char name[sizeof(task->comm)];

	if (!task)
		return NULL;
	task->flags = PF_KTHREAD | PF_IDLE;
	task->group_leader = task;
	task->active_mm = &init_mm;
	mmgrab(&init_mm);
	scnprintf(name, sizeof(name), "swapper/%u", cpu);
	set_task_comm(task, name);
	return task;
}

void free_idle(struct task_struct *idle)
{
	mmdrop(&init_mm);
	free_task(idle);
}

/* Processes of the user, for RLIMIT_NPROC.  Counted only where the limit binds. */
static u64 count_processes(uid_t uid)
{
	struct task_struct *p;
	u64 n = 0;

	spin_lock_irq(&process_table_lock);
	list_for_each_entry(p, &task_list, tasks) {
		if (p->cred.uid == uid)
			n += p->signal ? p->signal->nr_threads : 1;
	}
	spin_unlock_irq(&process_table_lock);
	return n;
}

static int check_process_limits(void)
{
	const struct cred *cred = &current->cred;

	if (cred->uid != 0 && !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN) &&
	    count_processes(cred->uid) >= rlimit(RLIMIT_NPROC))
		return -EAGAIN;
	return nr_threads() >= (unsigned int)READ_ONCE(max_threads) ? -EAGAIN : 0;
}

static int copy_files(const struct kernel_clone_args *args, struct task_struct *task)
{
	if (!task->files)
		return 0;
	if (args->flags & CLONE_FILES) {
		files_get(task->files);
		return 0;
	}
	task->files = files_dup(task->files);
	return task->files ? 0 : -ENOMEM;
}

static int copy_fs(const struct kernel_clone_args *args, struct task_struct *task)
{
	if (args->flags & CLONE_FS) {
		fs_get(task->fs);
		return 0;
	}
	task->fs = fs_dup(task->fs);
	return task->fs ? 0 : -ENOMEM;
}

static int copy_sighand(const struct kernel_clone_args *args, struct task_struct *task)
{
	struct sighand_struct *sighand;

	if (args->flags & CLONE_SIGHAND) {
		atomic_inc(&task->sighand->count);
		return 0;
	}
	sighand = sighand_alloc();
	if (!sighand)
		return -ENOMEM;
	spin_lock_irq(&current->sighand->lock);
	memcpy(sighand->action, current->sighand->action, sizeof(sighand->action));
	spin_unlock_irq(&current->sighand->lock);
	task->sighand = sighand;
	if (args->flags & CLONE_CLEAR_SIGHAND)
		flush_signal_handlers(task, false);
	return 0;
}

static int copy_signal(const struct kernel_clone_args *args, struct task_struct *task)
{
	struct signal_struct *signal, *old = current->signal;

	if (args->flags & CLONE_THREAD) {
		atomic_inc(&old->count);
		atomic_inc(&old->live);
		return 0;
	}
	signal = kmem_cache_zalloc(signal_cache, GFP_KERNEL);
	if (!signal)
		return -ENOMEM;
	atomic_set(&signal->count, 1);
	atomic_set(&signal->live, 1);
	INIT_LIST_HEAD(&signal->shared_pending.list);
	init_waitqueue_head(&signal->wait_chldexit);
	signal->curr_target = task;
	INIT_LIST_HEAD(&signal->multiprocess);
	spin_lock_irq(&process_table_lock);
	memcpy(signal->rlim, old->rlim, sizeof(signal->rlim));
	spin_unlock_irq(&process_table_lock);
	task->signal = signal;
	itimer_init(signal);
	return 0;
}

static int copy_mm(const struct kernel_clone_args *args, struct task_struct *task)
{
	struct mm_struct *old = current->mm;
	int err = -ENOMEM;

	if (!old || args->fn)
		return 0;
	if (args->flags & CLONE_VM) {
		mmget(old);
		task->mm = task->active_mm = old;
		return 0;
	}
	task->mm = task->active_mm = mm_dup(old, &err);
	return task->mm ? 0 : err;
}

/* A thread of the kernel runs its function; it returns only when it has become a program. */
static void run_kernel_thread(struct task_struct *me)
{
	int (*fn)(void *) = me->kthread_fn;
	int ret;

	me->kthread_fn = NULL;
	ret = fn(me->kthread_arg);
	if (!me->mm)
		do_exit((ret & 0xff) << 8);
}

/* The first C code of every task: see the top of the file. */
static void ret_from_fork(struct task_struct *last, void *arg)
{
	struct task_struct *me = current;

	(void)arg;
	sched_finish_new(last);
	if (me->kthread_fn)
		run_kernel_thread(me);
	else if (me->set_child_tid)
		(void)put_user((u32)me->pid,
			       me->set_child_tid); /* clone(2): a bad address is not an error */
	local_irq_disable();
	exit_to_user_mode(task_pt_regs(me));
}

static void copy_thread(const struct kernel_clone_args *args, struct task_struct *task)
{
	task->kthread_fn = args->fn;
	task->kthread_arg = args->fn_arg;
	if (args->fn) {
		/* Nothing of whoever happened to start it. */
		task->flags |= PF_KTHREAD | (args->cpus ? PF_NO_SETAFFINITY : 0);
		task->cpus_allowed = args->cpus ? args->cpus : ~0UL;
		task->prio_nice = 0;
		fpu_init_task(task);
		thread_init_kernel(task, ret_from_fork, NULL);
	} else {
		thread_copy_user(task, task_pt_regs(current), args->stack,
				 args->flags & CLONE_SETTLS, args->tls, ret_from_fork, NULL);
	}
}

/* --- signals that come while the child is being made --- */

/* Signals first: the child of a fork has none that were pending before.  @delayed is linked unless it is a thread. */
static int begin_fork(const struct kernel_clone_args *args, struct multiprocess_signals *delayed)
{
	struct task_struct *me = current;
	int err = 0;

	delayed->signal = 0;
	INIT_LIST_HEAD(&delayed->list);
	if (args->fn)
		return 0;
	spin_lock_irq(&me->sighand->lock);
	if (!(args->flags & CLONE_THREAD))
		list_add(&delayed->list, &me->signal->multiprocess);
	recalc_sigpending();
	if (signal_pending(me)) {
		list_del_init(&delayed->list);
		err = -ERESTARTNOINTR;
	}
	spin_unlock_irq(&me->sighand->lock);
	return err;
}

static void abandon_fork(struct multiprocess_signals *delayed)
{
	spin_lock_irq(&current->sighand->lock);
	list_del_init(&delayed->list);
	spin_unlock_irq(&current->sighand->lock);
}

/* --- making it known: cannot fail, but for the end of the process that came first --- */

static int link_task(struct kernel_clone_args *args, struct task_struct *task,
		     struct multiprocess_signals *delayed)
{
	struct task_struct *me = current, *leader = me->group_leader;
	int err = 0;

	spin_lock_irq(&process_table_lock);
	spin_lock(&me->sighand->lock);
	list_del_init(&delayed->list);
	if (fatal_signal_pending(me)) {
		err = -EINTR;
		goto out;
	}
	if (args->flags & (CLONE_PARENT | CLONE_THREAD))
		task->real_parent = me->real_parent;
	else
		task->real_parent = me;
	if (task->real_parent == me)
		task->parent_exec_id = me->self_exec_id;
	if (args->fn)
		task->real_parent = &init_task;
	task->parent = task->real_parent;
	if (args->flags & CLONE_THREAD) {
		task->group_leader = leader;
		task->tgid = leader->tgid;
		task->exit_signal = -1;
		list_add_tail(&task->thread_group, &leader->thread_group);
		task->signal->nr_threads++;
		task_join_group_stop(task);
	} else {
		task->group_leader = task;
		task->tgid = task->pid;
		task->exit_signal = args->flags & CLONE_PARENT ? leader->exit_signal
							       : args->exit_signal;
		task->signal->nr_threads = 1;
		task->signal->shared_pending.signal = delayed->signal;
		if (delayed->signal)
			set_tsk_flag(task, TIF_SIGPENDING);
		/* read now: who changes a group's or session's processes looks for them in the list */
		task->signal->pgrp = me->signal->pgrp;
		task->signal->session = me->signal->session;
		task->signal->tty = me->signal->tty;
		list_add_tail(&task->tasks, &task_list);
		list_add_tail(&task->sibling, &task->real_parent->children);
	}
	pid_hash_add(task);
	thread_count++;
	fork_count++;
	strace_fork(task);
out:
	spin_unlock(&me->sighand->lock);
	spin_unlock_irq(&process_table_lock);
	return err;
}

/* unlink_task: a task leaves the table; process_table_lock held */
void thread_count_dec(void)
{
	thread_count--;
}

static void drop_copies(struct task_struct *task, unsigned int steps)
{
	if (steps >= 5 && task->mm)
		mmput(task->mm);
	if (steps >= 4) {
		if (atomic_dec_and_test(&task->signal->live))
			itimer_exit(task->signal);
		signal_put(task->signal);
	}
	if (steps >= 3)
		sighand_put(task->sighand);
	if (steps >= 2)
		fs_put(task->fs);
	if (steps >= 1 && task->files)
		files_put(task->files);
	free_task(task);
}

static struct task_struct *copy_process(struct kernel_clone_args *args)
{
	static int (*const copy_steps[])(const struct kernel_clone_args *args,
					 struct task_struct *task) = {
		copy_files, copy_fs, copy_sighand, copy_signal, copy_mm,
	};
	struct multiprocess_signals delayed;
	struct task_struct *task;
	unsigned int steps = 0;
	pid_t pid;
	int err = begin_fork(args, &delayed);

	if (err)
		return ERR_PTR(err);
	err = check_process_limits();
	if (err)
		goto out_signals;
	err = -ENOMEM;
	task = dup_task_struct(current);
	if (!task)
		goto out_signals;
	sched_fork(task);
	if (args->name)
		set_task_comm(task, args->name);
	if (args->flags & CLONE_CHILD_SETTID)
		task->set_child_tid = args->child_tid;
	if (args->flags & CLONE_CHILD_CLEARTID)
		task->clear_child_tid = args->child_tid;
	/* As sigaltstack(2): a child with its own copy of memory keeps the alternate stack, one that shares does not. */
	if ((args->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		task->sas = (struct sigaltstack_info){ .flags = SS_DISABLE };
	for (; steps < ARRAY_SIZE(copy_steps); steps++) {
		err = copy_steps[steps](args, task);
		if (err)
			goto out_drop;
	}
	copy_thread(args, task);
	pid = alloc_pid(args->set_tid);
	if (pid < 0) {
		err = pid;
		goto out_drop;
	}
	task->pid = pid;
	err = link_task(args, task, &delayed);
	if (err)
		goto out_pid;
	return task;

out_pid:
	spin_lock_irq(&process_table_lock);
	free_pid(pid);
	spin_unlock_irq(&process_table_lock);
out_drop:
	drop_copies(task, steps);
out_signals:
	abandon_fork(&delayed);
	return ERR_PTR(err);
}

/* --- vfork: the child has the parent's address space to itself until it leaves it --- */

static void wait_for_vfork_done(struct task_struct *child, struct completion_vfork *vfork)
{
	int killed = wait_event_killable(&vfork->wait, READ_ONCE(vfork->done));

	/* Also when done: the child may still be inside its wake-up, with our stack in its hands. */
	spin_lock_irq(&process_table_lock);
	if (killed)
		child->vfork_done = NULL;
	spin_unlock_irq(&process_table_lock);
	put_task_struct(child);
}

/**
 * kernel_clone - make a task that begins where the caller is, or in a kernel function
 *
 * @args: flags that fit each other: sys_clone.c checks a program's
 *
 * Return: its pid; -EAGAIN (limits), -ENOMEM; -EINVAL, -EPERM, -EEXIST for a number that was asked for;
 * -ERESTARTNOINTR when a signal is to be taken first, -EINTR when the caller is being killed.
 * Locks:  none held.  Sleeps.
 */
pid_t kernel_clone(struct kernel_clone_args *args)
{
	struct completion_vfork vfork = { .done = false };
	struct task_struct *task = copy_process(args);
	pid_t pid;

	if (IS_ERR(task))
		return (pid_t)PTR_ERR(task);
	pid = task->pid;
	if (args->flags & CLONE_PARENT_SETTID)
		(void)put_user((u32)pid, args->parent_tid);
	if (args->flags & CLONE_VFORK) {
		init_waitqueue_head(&vfork.wait);
		task->vfork_done = &vfork;
		get_task_struct(task);
	}
	wake_up_new_task(task);
	if (args->flags & CLONE_VFORK)
		wait_for_vfork_done(task, &vfork);
	return pid;
}

/* --- kernel threads --- */

static struct task_struct *start_kthread(int (*fn)(void *), void *arg, const char *name,
					 unsigned long cpus)
{
	struct kernel_clone_args args = {
		.flags = CLONE_FS | CLONE_FILES,
		.fn = fn,
		.fn_arg = arg,
		.name = name,
		.cpus = cpus,
	};
	struct task_struct *task = copy_process(&args);

	if (!IS_ERR(task))
		wake_up_new_task(task);
	return task;
}

/**
 * kthread_run - start a thread of the kernel
 *
 * Return: the task, runnable; it stays valid while the thread does.  ERR_PTR(-ENOMEM, -EAGAIN).
 */
struct task_struct *kthread_run(int (*fn)(void *), void *arg, const char *name)
{
	return start_kthread(fn, arg, name, 0);
}

struct task_struct *kthread_run_on_cpu(int (*fn)(void *), void *arg, const char *name,
				       unsigned int cpu)
{
	return start_kthread(fn, arg, name, BIT(cpu));
}

/* --- small things about tasks --- */

void set_task_comm(struct task_struct *task, const char *name)
{
	size_t len = strnlen(name, sizeof(task->comm) - 1);

	/* A reader may look at any moment: the last byte is always 0. */
	memset(task->comm, 0, sizeof(task->comm));
	memcpy(task->comm, name, len);
	strace_comm(task);
}

struct mm_struct *get_task_mm(struct task_struct *task)
{
	struct mm_struct *mm;
	unsigned long flags;

	spin_lock_irqsave(&process_table_lock, flags);
	mm = task->mm;
	if (mm)
		mmget(mm);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return mm;
}

static void mmput_work(struct work_struct *work)
{
	__mmput(container_of(work, struct mm_struct, async_put_work));
}

/**
 * mmput_async - one user fewer; if it was the last, a kernel thread takes the mappings down
 *
 * For who may not sleep, or only looked at an address space and happens to be the last to leave it.
 * Context: any; as queue_work.
 */
void mmput_async(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	INIT_WORK(&mm->async_put_work, mmput_work);
	queue_work(&mm->async_put_work);
}
