/*
 * kernel/init_task.c - the task that runs from the first instruction on: CPU 0's idle task
 *
 * It is there before any allocator, so it and what it points at are static.  It has pid 0, no address space of its
 * own, and is the parent of PID 1 and of the kernel threads.
 */
#include <kernel/sched.h>
#include <fs/vfs.h>
#include <mm/mm.h>

static struct sighand_struct init_sighand = {
	.count = ATOMIC_INIT(1),
	.lock = SPIN_LOCK_INIT(LOCK_SIGHAND),
};

#define UNLIMITED                            \
	{                                    \
		RLIM_INFINITY, RLIM_INFINITY \
	}

/* Soft and hard limits of PID 1, Linux's. */
static struct signal_struct init_signal = {
	.count = ATOMIC_INIT(1),
	.live = ATOMIC_INIT(1),
	.nr_threads = 1,
	.shared_pending = { .list = LIST_HEAD_INIT(init_signal.shared_pending.list) },
	.multiprocess = LIST_HEAD_INIT(init_signal.multiprocess),
	.wait_chldexit = WAIT_QUEUE_HEAD_INIT(init_signal.wait_chldexit),
	.rlim = {
		[RLIMIT_CPU] = UNLIMITED,
		[RLIMIT_FSIZE] = UNLIMITED,
		[RLIMIT_DATA] = UNLIMITED,
		[RLIMIT_STACK] = { 8 * MiB, RLIM_INFINITY },
		[RLIMIT_CORE] = { 0, RLIM_INFINITY },
		[RLIMIT_RSS] = UNLIMITED,
		[RLIMIT_NPROC] = { 0, 0 },		/* by memory size: fork_init */
		[RLIMIT_NOFILE] = { 1024, 4096 },
		[RLIMIT_MEMLOCK] = { 8 * MiB, 8 * MiB },
		[RLIMIT_AS] = UNLIMITED,
		[RLIMIT_LOCKS] = UNLIMITED,
		[RLIMIT_SIGPENDING] = { 0, 0 },		/* by memory size: fork_init */
		[RLIMIT_MSGQUEUE] = { 819200, 819200 },
		[RLIMIT_NICE] = { 0, 0 },
		[RLIMIT_RTPRIO] = { 0, 0 },
		[RLIMIT_RTTIME] = UNLIMITED,
	},
};

struct task_struct init_task = {
	.stack = init_stack,
	.state = TASK_RUNNING,
	.flags = PF_KTHREAD | PF_IDLE,
	.usage = ATOMIC_INIT(2),
	.comm = "swapper/0",
	.active_mm = &init_mm,
	.cpus_allowed = ~0UL,
	.se = { .on_rq = true },
	.real_parent = &init_task,
	.parent = &init_task,
	.children = LIST_HEAD_INIT(init_task.children),
	.sibling = LIST_HEAD_INIT(init_task.sibling),
	.group_leader = &init_task,
	.thread_group = LIST_HEAD_INIT(init_task.thread_group),
	.tasks = LIST_HEAD_INIT(init_task.tasks),
	.signal = &init_signal,
	.sighand = &init_sighand,
	.pending = { .list = LIST_HEAD_INIT(init_task.pending.list) },
	.fs = &init_fs,
	.cred = {
		.cap_effective = CAP_FULL_SET,
		.cap_permitted = CAP_FULL_SET,
		.cap_bset = CAP_FULL_SET,
	},
};

/* The boot CPU runs this task before it has done anything. */
DEFINE_PER_CPU(struct task_struct *, current_task) = &init_task;
