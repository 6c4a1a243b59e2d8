/*
 * include/kernel/strace.h - showing what a program asks of the kernel
 *
 * Whether anybody is traced costs the system calls of others no instruction: handle_syscall compares each number
 * with syscall_limit anyway, and while somebody is traced that is 0, so that every call goes the slow way, where
 * the task's own flag is looked at.
 */
#ifndef KERNEL_STRACE_H
#define KERNEL_STRACE_H

#include <kernel/sched.h>
#include <kernel/syscalls.h>

struct seq_file;

/* Numbers below it are called at once.  NR_SYSCALLS, or 0 while tracing; written under process_table_lock. */
extern unsigned long syscall_limit;

static inline bool strace_on(void) { return unlikely(READ_ONCE(syscall_limit) == 0); }

/* strace_syscall - call @fn with the arguments in @regs, result to regs->ax, and say so if the task is traced;
 * NULL: there is no such call, and regs->ax says so already */
void strace_syscall(struct pt_regs *regs, syscall_fn_t fn);

void __strace_fork(struct task_struct *child);
void __strace_comm(struct task_struct *task);
void __strace_signal(int sig, const siginfo_t *info);
void __strace_exit(int code);

/* strace_fork - @child of the current task enters the process table; process_table_lock held */
static inline void strace_fork(struct task_struct *child)
{
	if (strace_on())
		__strace_fork(child);
}

/* strace_comm - @task has another name; process_table_lock not held */
static inline void strace_comm(struct task_struct *task)
{
	if (strace_on())
		__strace_comm(task);
}

/* strace_signal - the current task takes a signal; any lock up to sighand->lock may be held */
static inline void strace_signal(int sig, const siginfo_t *info)
{
	if (unlikely(current->thread_flags & TIF_SYSCALL_TRACE))
		__strace_signal(sig, info);
}

/* strace_exit - the current task ends with this wait status; no lock held */
static inline void strace_exit(int code)
{
	if (unlikely(current->thread_flags & TIF_SYSCALL_TRACE))
		__strace_exit(code);
}

/* --- for /proc --- */

void strace_init(void); /* strace= and strace_to= of the command line; needs vmalloc */
/**
 * strace_control - whom to trace, and where to
 * @text: words between blanks or commas, cut up here: PID, NAME, either with a + in front (and the children it
 *        makes from now on), off, clear, to=console, to=ring
 *
 * The words take effect one after the other, up to the first that is wrong.
 *
 * Return: 0; -EINVAL (no such word, a name that is too long), -ESRCH (no such process), -ENOSPC (too many names),
 *         -ENOMEM (no room for the ring).
 * Locks:  none held.  Sleeps.
 */
int strace_control(char *text);
int strace_show(struct seq_file *m, void *v); /* what is traced, as words and tasks */

/* The ring as a file: bytes are numbered from boot on. */
u64 strace_log_end(void);
/**
 * strace_log_read - up to @len bytes of the ring from *@pos on into a kernel buffer
 * @end: number of the byte to stop at
 *
 * *@pos moves first to the oldest line that is still there, then behind what was read.
 *
 * Return: bytes.
 */
size_t strace_log_read(char *buf, size_t len, u64 *pos, u64 end);

#endif
