/*
 * include/kernel/signal.h - signals: sets, actions, queues, delivery
 */
#ifndef KERNEL_SIGNAL_H
#define KERNEL_SIGNAL_H

#include <lib/types.h>
#include <lib/atomic.h>
#include <lib/list.h>
#include <kernel/spinlock.h>
#include <kernel/rlimit.h>
#include <kernel/wait.h>
#include <kernel/time.h>
#include <kernel/mutex.h>
#include <uapi/signal.h> /* SIG*, SA_*, si_codes, sigset_t (u64), siginfo_t, struct sigaction layout */

struct task_struct;
struct pt_regs;
struct tty_struct;

struct k_sigaction { /* the kernel's struct sigaction of rt_sigaction(2) */
	u64 handler; /* SIG_DFL 0, SIG_IGN 1, or a user address */
	u64 flags;
	u64 restorer;
	sigset_t mask;
};

struct sighand_struct {
	atomic_t count;
	spinlock_t lock; /* rank LOCK_SIGHAND, irq-safe */
	struct k_sigaction action[64];
};

struct sigqueue {
	struct list_head list;
	siginfo_t info;
};

struct sigpending {
	struct list_head list; /* queued siginfo, in order */
	sigset_t signal;
};

/* A fork under way: what was sent to the whole group meanwhile.  On the forking task's stack; sighand->lock. */
struct multiprocess_signals {
	struct list_head list;
	sigset_t signal;
};

struct signal_struct {  /* one per process; lock: sighand->lock unless said */
	atomic_t count; /* threads that hold it */
	atomic_t live;  /* threads not yet exiting */
	struct sigpending shared_pending;
	int group_exit_code;     /* wait status of the group's end, or of its stop until reported */
	int group_stop_count;    /* threads still to stop */
	unsigned int nr_threads; /* process_table lock: threads still linked */
	struct task_struct *group_exec_task; /* the thread that waits for the others' end */
	wait_queue_head_t wait_chldexit;     /* wait4's sleepers */
	atomic_t nr_sigqueue;                /* queued siginfos, held against RLIMIT_SIGPENDING */
	unsigned int flags;                  /* SIGNAL_* */
	struct task_struct *curr_target;     /* process_table lock: the leader */
	pid_t pgrp, session;                 /* process_table lock */
	bool leader;
	struct tty_struct *tty; /* controlling terminal */
	struct rlimit rlim[RLIM_NLIMITS];
	u64 cutime_ns, cstime_ns, utime_ns, stime_ns; /* of reaped children, of dead threads */
	unsigned long cmin_flt, cmaj_flt, min_flt, maj_flt;
	unsigned long cnvcsw, cnivcsw, nvcsw, nivcsw;
	unsigned long maxrss, cmaxrss; /* pages */
	struct mutex itimer_lock;
	struct ktimer real_timer; /* ITIMER_REAL: itimer_lock */
	u64 it_real_incr_ns;
	struct {
		u64 expires_ns, incr_ns;
	} it_cpu[2];             /* ITIMER_VIRTUAL, ITIMER_PROF: CPU time; 0 off */
	bool is_child_subreaper; /* process_table lock: orphaned descendants become its children */
	struct list_head multiprocess; /* forks under way: see multiprocess_signals */
};
#define SIGNAL_GROUP_EXIT     0x1u
#define SIGNAL_STOP_STOPPED   0x2u
#define SIGNAL_UNKILLABLE     0x4u  /* PID 1: default actions are ignored */
#define SIGNAL_STOP_CONTINUED 0x8u  /* for WCONTINUED, until reported */
#define SIGNAL_CLD_STOPPED    0x10u /* the parent is still to be told */
#define SIGNAL_CLD_CONTINUED  0x20u

struct sigaltstack_info {
	u64 sp;
	u64 size;
	u32 flags;
};

struct restart_block {
	long (*fn)(struct restart_block *restart);
	u64 arg[4];
};

/* whom a signal is for: a thread, a process (any thread of it), or each process of a group */
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID };

/* force_sig_fault - a synchronous fault: delivered even when blocked or ignored (then fatal) */
void force_sig_fault(int sig, int code, vaddr_t addr);
void force_sig(int sig);
void force_fatal_sig(int sig); /* and no handler is asked */
int send_sig_info(int sig, const siginfo_t *info, struct task_struct *task,
		  enum pid_type type);           /* any context */
int send_sig(int sig, struct task_struct *task); /* SI_KERNEL, to the process */
int send_sig_self(int sig);         /* SI_USER, from the caller: its call asked for it */
int kill_pgrp(pid_t pgrp, int sig); /* terminal */
/* --- kernel/session.c: what a terminal asks about groups and sessions --- */
/* pgrp_session_check - 0 when the group is of @session; -ESRCH, -EPERM.  process_table_lock held */
int pgrp_session_check(pid_t pgrp, pid_t session);
/* session_clear_tty - no process of the session has a controlling terminal any more; process_table_lock held */
void session_clear_tty(pid_t session);
/* session_hang_up - SIGHUP and SIGCONT to the leader */
void session_hang_up(pid_t session);
bool signal_pending(const struct task_struct *task);
bool fatal_signal_pending(const struct task_struct *task);
void do_signal(struct pt_regs *regs); /* on the way to user mode */

/* --- for fork, exec, exit; process_table_lock held unless said --- */
static inline sigset_t sigmask(int sig) { return 1UL << (sig - 1); }
#define SIG_KERNEL_ONLY_MASK (sigmask(SIGKILL) | sigmask(SIGSTOP))
#define SIG_KERNEL_STOP_MASK \
	(sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
void recalc_sigpending(void); /* sighand->lock held; the current task */
void signal_wake_up(struct task_struct *task, bool fatal); /* sighand->lock held */
void flush_sigqueue(struct sigpending *pending, struct signal_struct *signal);
void flush_signal_handlers(struct task_struct *task, bool force_default);
bool zap_other_threads(
	struct task_struct *task); /* SIGKILL to the other threads; sighand->lock held */
bool do_notify_parent(struct task_struct *task, int sig); /* true: nobody will wait, reap it now */
int send_signal_locked(int sig, const siginfo_t *info, struct task_struct *task,
		       enum pid_type type);
void task_join_group_stop(struct task_struct *task); /* a new thread; sighand->lock held too */
void exit_signals(
	struct task_struct *task); /* takes the locks itself: no more signals for this thread */
void set_current_blocked(sigset_t newset); /* takes sighand->lock itself */
/* set_user_sigmask - ppoll and friends: a temporary mask until the call returns; -EINVAL, -EFAULT */
int set_user_sigmask(const sigset_t *umask, size_t size);
void restore_saved_sigmask_unless(bool interrupted);
bool is_ignored_job_control_signal(int sig); /* tty: blocked or ignored by the caller? */
bool is_current_pgrp_orphaned(void);
bool unhandled_signal(struct task_struct *task, int sig); /* would it end the process? */
int setup_rt_frame(struct pt_regs *regs, int sig, const struct k_sigaction *ka,
		   const siginfo_t *info, sigset_t oldmask);

#endif
