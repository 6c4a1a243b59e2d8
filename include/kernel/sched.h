/*
 * include/kernel/sched.h - tasks: what runs, and what it owns
 *
 * A task is one thread.  Threads of a process share mm, files, fs, sighand and signal; each of these is counted
 * and may be shared piecewise by clone().
 *
 * Letters: [c] only the task itself; [q] its run queue's lock; [t] process_table lock; [h] sighand->lock;
 * [a] atomic; [I] set before the task runs.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <lib/types.h>
#include <lib/atomic.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <kernel/spinlock.h>
#include <kernel/wait.h>
#include <kernel/signal.h>
#include <kernel/cred.h>
#include <kernel/rlimit.h>
#include <arch/percpu.h>
#include <arch/thread.h>
#include <uapi/sched.h> /* CLONE_* */

struct mm_struct;
struct files_struct;
struct fs_struct;
struct pt_regs;

/* thread_flags: looked at as one word on the way to user mode */
#define TIF_NEED_RESCHED   (1u << 0)
#define TIF_SIGPENDING     (1u << 1)
#define TIF_NOTIFY_RESUME  (1u << 2) /* task_work: delayed fput */
#define TIF_SYSCALL_TRACE  (1u << 3) /* kernel/strace.c: system calls are shown ... */
#define TIF_SYSCALL_FOLLOW (1u << 4) /* ... and those of the children it makes */
#define TIF_USER_WORK      (TIF_NEED_RESCHED | TIF_SIGPENDING | TIF_NOTIFY_RESUME)

/* task->flags; values are Linux's, /proc/[pid]/stat shows them */
#define PF_IDLE           0x00000002u
#define PF_NO_SETAFFINITY 0x04000000u /* a kernel thread that belongs to its CPU */
#define PF_KTHREAD        0x00200000u
#define PF_RANDOMIZE      0x00400000u /* this program's addresses are randomised */
#define PF_EXITING        0x00000004u
#define PF_FORKNOEXEC     0x00000040u
#define PF_SIGNALED       0x00000400u

/* task->jobctl */
#define JOBCTL_STOP_PENDING  0x1u /* the group stops: so shall this thread */
#define JOBCTL_STOP_CONSUME  0x2u /* ... and it is counted in group_stop_count */
#define JOBCTL_STOP_DEQUEUED 0x4u /* a stop signal was taken; SIGCONT revokes it */

/* What a sleeping task waits for: for the watchdog of debug builds. */
struct wait_note {
	const char *what; /* [c] NULL: nobody said */
	const void *object;
	spinlock_t
		*lock; /* [c] of the object, under which is_free holds still; NULL: no such check */
	bool (*is_free)(const void *object); /* nobody need wait for it */
	struct task_struct *const *owner;    /* where the holder is noted; may be NULL */
	u64 since_ns, switches;              /* the watchdog's, as are the next */
	unsigned int seen_free;
	bool reported;
};

struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};

struct sched_entity {            /* [q] */
	struct rb_node run_node; /* queued by vruntime */
	struct list_head run_list;
	bool on_rq;                                 /* runnable: running or in the tree */
	u64 vruntime, exec_start, sum_exec_runtime; /* ns */
	u64 slice_start;                            /* sum_exec_runtime when it was last chosen */
};

struct task_struct {
	void *stack;                 /* [I] lowest byte of the kernel stack */
	struct thread_struct thread; /* registers while not running */
	volatile u32 thread_flags;   /* [a] TIF_* */
	unsigned int state;          /* [q] TASK_*; the task itself may set it to sleep */
	unsigned int flags;          /* [c] PF_* */
	int exit_state;              /* [t] 0, TASK_ZOMBIE, TASK_DEAD */
	int exit_code, exit_signal;  /* [t] wait status encoding */
	atomic_t usage;              /* [a] references; the table holds one */

	pid_t pid, tgid;                  /* [I] */
	char comm[16];                    /* [c] */
	struct mm_struct *mm, *active_mm; /* [c] NULL mm: kernel thread */

	struct sched_entity se;
	int prio_nice;    /* [q] -20..19 */
	unsigned int cpu; /* [q] where it runs or ran last: whose queue's lock is meant by [q] */
	unsigned long cpus_allowed; /* [q] some bit of it is online */
	u64 utime_ns, stime_ns;     /* [q] sampled by the tick; see task_cputime */
	u64 start_time_ns;          /* [I] on the monotonic clock */
	unsigned long nvcsw, nivcsw;
	unsigned long min_flt, maj_flt; /* [c] */

	struct task_struct *real_parent, *parent; /* [t] */
	struct list_head children, sibling;       /* [t] */
	struct task_struct *group_leader;         /* [t] */
	struct list_head thread_group;            /* [t] */
	struct list_head tasks;                   /* [t] all thread-group leaders */
	struct hlist_node pid_hash;               /* [t] */

	struct signal_struct *signal; /* shared by the thread group */
	struct sighand_struct *sighand;
	sigset_t blocked, saved_sigmask; /* [h] blocked: written by the task itself */
	sigset_t real_blocked;     /* [h] rt_sigtimedwait: blocked but for what is waited for */
	bool restore_sigmask;      /* [c] */
	struct sigpending pending; /* [h] for this thread */
	unsigned int jobctl;       /* [h] JOBCTL_* */
	int pdeath_signal;         /* [c] sent when the parent dies */
	u32 self_exec_id,
		parent_exec_id; /* [t] counts this task's execs; what its parent's was at its birth */
	struct sigaltstack_info sas; /* [c] */
	struct restart_block restart;

	struct files_struct *files;
	struct fs_struct *fs;
	struct cred cred;         /* [c] others read it under process_table lock */
	bool no_new_privs;        /* [c] no exec grants rights; never taken back */
	unsigned int personality; /* [c] */

	int (*kthread_fn)(void *); /* [I] kernel thread: what it runs first */
	void *kthread_arg;
	struct completion_vfork *vfork_done;  /* parent of a vfork sleeps on it */
	u32 *set_child_tid, *clear_child_tid; /* user addresses */
	void *robust_list;                    /* user address */
	size_t robust_list_len;

	struct callback_head *task_works; /* [a] run on return to user mode */
	struct task_struct *wake_next;    /* [a] kernel/futex.c: in a list to be woken; or NULL */
	unsigned short ioprio;            /* [t] ioprio_set(2) */
	int fail_nth;                     /* [c] the nth allocation from now on fails; 0 off */
#ifdef DEBUG
	struct wait_note wait_note;
	unsigned int nr_locks_held; /* [c] lock ranks, kernel/lockdebug.c */
	struct {
		const void *lock;
		u16 rank;
		u16 sleeping;
	} locks_held[16];
	unsigned int rcu_depth;
	unsigned int cpu_depth; /* [c] get_cpu without put_cpu */
#endif
};

DECLARE_PER_CPU(struct task_struct *, current_task);
#define current this_cpu_read(current_task)

extern struct task_struct init_task; /* CPU 0's idle task */

/* --- kernel/sched.c, sched_balance.c --- */
void sched_init(void);
void sched_init_idle(struct task_struct *idle, unsigned int cpu);
/* sched_return_loans - no CPU without a program keeps a dead one's top-level table: for those who count memory.  Interrupts on */
void sched_return_loans(void);
void schedule(void); /* gives up the CPU; state says whether it stays runnable */
int wake_up_process(struct task_struct *task); /* 1 if it slept */
int wake_up_state(struct task_struct *task, unsigned int states);
void wake_up_new_task(struct task_struct *task);
void scheduler_tick(void); /* timer interrupt */
void sched_yield_task(void);
void sched_leave_cpu(void);
void kick_process(
	const struct task_struct *task); /* if it runs: it shall look at its thread_flags */
void set_cpus_allowed(struct task_struct *task,
		      unsigned long mask); /* leaves where it may not be */
static inline void set_task_state(unsigned int state)
{
	__atomic_store_n(&current->state, state, __ATOMIC_SEQ_CST);
}
static inline void set_tsk_flag(struct task_struct *t, u32 f)
{
	__atomic_or_fetch(&t->thread_flags, f, __ATOMIC_SEQ_CST);
}
static inline void clear_tsk_flag(struct task_struct *t, u32 f)
{
	__atomic_and_fetch(&t->thread_flags, ~f, __ATOMIC_SEQ_CST);
}

/* --- kernel/fork.c, exit.c, pid.c, kthread.c --- */
struct kernel_clone_args {
	u64 flags;                   /* CLONE_*, without CSIGNAL */
	u32 *parent_tid, *child_tid; /* user addresses */
	int exit_signal;
	unsigned long stack, tls; /* stack: its end, 0 as the caller's */
	pid_t set_tid;            /* number to give it; 0: any */
	int (*fn)(void *);        /* kernel thread */
	void *fn_arg;
	const char *name;
	unsigned long cpus; /* kernel thread: where it may run; 0: anywhere */
};
pid_t kernel_clone(struct kernel_clone_args *args); /* pid, or -errno */
struct task_struct *kthread_run(int (*fn)(void *), void *arg, const char *name); /* ERR_PTR */
/* kthread_run_on_cpu - the same, bound to one CPU, which is online */
struct task_struct *kthread_run_on_cpu(int (*fn)(void *), void *arg, const char *name,
				       unsigned int cpu);
void do_exit(int code) __attribute__((noreturn)); /* this thread; wait-status encoding */
void do_group_exit(int code) __attribute__((noreturn));
void get_task_struct(struct task_struct *task);
void put_task_struct(struct task_struct *task); /* the last one frees: no lock held, irqs on */
#define PID_MAX_LIMIT 32768                     /* pids are smaller */
#define RESERVED_PIDS 300                       /* numbers start again here */
extern int pid_max;                             /* what they are kept below: sysctl */
extern int max_threads;                         /* more are EAGAIN: sysctl */
extern int randomize_va_space;   /* 0 (norandmaps), 1 all but the heap, 2 the heap too */
unsigned long total_forks(void); /* since boot */
pid_t last_pid(void);            /* given out last */
unsigned int nr_threads(void);
static inline struct task_struct *next_thread(const struct task_struct *t)
{
	return list_entry(t->thread_group.next, struct task_struct, thread_group);
}
/* for_each_thread - every thread of p's group; process_table_lock held */
#define for_each_thread(p, t) \
	for ((t) = (p); (t); (t) = next_thread(t) == (p) ? NULL : next_thread(t))
extern struct list_head task_list; /* [t] leaders, by task->tasks, oldest first */
static inline pid_t task_pgrp(const struct task_struct *t) { return t->signal->pgrp; }
static inline pid_t task_session(const struct task_struct *t) { return t->signal->session; }
void set_task_comm(struct task_struct *task, const char *name);
struct task_struct *find_get_task(pid_t pid); /* with a reference, or NULL */
/* next_task_get - the thread-group leader with the smallest pid >= from, with a reference: for /proc */
struct task_struct *next_task_get(pid_t from);
struct mm_struct *get_task_mm(
	struct task_struct *task);      /* mm_users + 1, or NULL for kernel threads and the dead */
void mmput_async(struct mm_struct *mm); /* mmput for any context: a kernel thread does the work */
extern spinlock_t process_table_lock;
int task_work_add(struct task_struct *task, struct callback_head *work); /* -ESRCH when exiting */
void task_work_run(void);
/* True once the idle task runs: sleeping is possible. */
extern bool scheduler_running;
void cpu_idle(void) __attribute__((noreturn));
static inline bool need_resched(void) { return current->thread_flags & TIF_NEED_RESCHED; }
/* sched_fork - a new task's entity; sched_finish_new - what a task does first, in its thread entry, irqs off */
void sched_fork(struct task_struct *task);
void sched_finish_new(struct task_struct *last);
void set_user_nice(struct task_struct *task, int nice); /* -20..19 */
/* task_cputime - user and system time so far, ns; their sum is exact, the split sampled */
void task_cputime(struct task_struct *task, u64 *utime_ns, u64 *stime_ns);
/* thread_group_cputime - the same over living and dead threads; process_table_lock held */
void thread_group_cputime(struct task_struct *task, u64 *utime_ns, u64 *stime_ns);
unsigned long nr_context_switches(void); /* all CPUs, since boot */
unsigned int nr_running(void);
void get_avenrun(u64 loads[3]); /* load averages, 1 << SI_LOAD_SHIFT is one */
u64 get_idle_ns(unsigned int cpu);
struct cpu_usage {
	u64 user_ns, nice_ns, system_ns, idle_ns;
};
void cpu_usage(unsigned int cpu, struct cpu_usage *out); /* for /proc/stat */
/* exit_to_user_mode - signals, rescheduling, task work: before every return to ring 3, interrupts off on return */
void exit_to_user_mode(struct pt_regs *regs);
/* task_limits - fill mm_limits from a task's rlimits and capabilities */
struct mm_limits;
void task_limits(const struct task_struct *task, struct mm_limits *lim);

#endif
