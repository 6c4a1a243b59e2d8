/*
 * kernel/strace.c - who is traced, and the lines that tell about it
 *
 *     [12 cat] openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3 <0.000021>
 *     [12 cat] --- SIGPIPE {si_signo=SIGPIPE, si_code=SI_USER, si_pid=12, si_uid=0} ---
 *     [12 cat] +++ killed by SIGPIPE +++
 *
 * A task is traced when TIF_SYSCALL_TRACE is set in its flags.  The flag comes from a word: the pid of a process (all
 * its threads), or a name, which is compared whenever a task takes one (exec, prctl).  A word with + also sets
 * TIF_SYSCALL_FOLLOW: then children inherit both flags.  New threads of a traced process always do.  The word of a
 * pid is kept only on the command line, where its process is still to come.
 *
 *     handle_syscall:  number < syscall_limit ?  -- yes --> call
 *                               |  no
 *                               v
 *                      strace_syscall:  traced? arguments to text -> call -> result to text -> one line
 *
 *   T1  syscall_limit is 0 when a word is kept or any task has the flag, else NR_SYSCALLS.
 *
 * So untraced systems execute not one instruction for this, and while one task is traced the calls of others cost
 * a few more.  A line is printed when its call is over, since lines of several tasks mix; of a call that never returns,
 * before it.  What an argument points at is read like the call itself reads it (uaccess), and may fault pages in that
 * the call would have brought in a moment later.
 *
 * Lines go to the kernel log, and so to the console; or to a ring of their own, read through /proc, which a program
 * that prints to the console does not disturb.
 *
 * Not done: stopping the task, changing its calls (ptrace(2)); calls by way of the vsyscall page and the vDSO, which
 * are no system calls.
 *
 * Locking: process_table_lock for the words, the flags of tasks in the table, and syscall_limit; a task reads its own
 * flags without.  log_lock for the ring, taken under nearly anything.
 *
 * Source: strace(1) for the form of the lines.
 */
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <fs/vfs.h>
#include <lib/ctype.h>
#include <lib/kstrtox.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/vmalloc.h>
#include "strace.h"
#include "syscall_table.h"

#define MAX_WORDS   8u
#define LOG_SIZE    (256u << 10) /* bytes; a power of two */
#define TRACE_FLAGS (TIF_SYSCALL_TRACE | TIF_SYSCALL_FOLLOW)

struct strace_word {
	char name[sizeof(((struct task_struct *)0)->comm)]; /* or "": */
	pid_t pid;                                          /* a process that does not exist yet */
	bool follow;
};

static struct strace_word words[MAX_WORDS]; /* process_table_lock */
static unsigned int nr_words;
unsigned long syscall_limit = NR_SYSCALLS;

/* --- the ring --- */

static DEFINE_SPINLOCK(log_lock, LOCK_TRACE);
static char *log_ring;          /* NULL: lines go to the kernel log */
static u64 log_first, log_next; /* numbers of the first byte kept and the next one written */

static char *ring_byte(u64 pos)
{
	return &log_ring[pos & (LOG_SIZE - 1)];
}

/* Whole lines go when their room is needed. */
static void ring_append(const char *line, size_t len)
{
	while (log_next + len - log_first > LOG_SIZE) {
		while (*ring_byte(log_first++) != '\n')
			;
	}
	for (size_t i = 0; i < len; i++)
		*ring_byte(log_next++) = line[i];
}

static void write_line(const char *text)
{
	const struct task_struct *me = current;
	char line[STRACE_LINE_MAX + 32];
	unsigned long flags;
	bool ring;
	size_t len;

	len = (size_t)scnprintf(line, sizeof(line), "[%d %s] %s\n", me->pid, me->comm, text);
	spin_lock_irqsave(&log_lock, flags);
	ring = log_ring != NULL;
	if (ring)
		ring_append(line, len);
	spin_unlock_irqrestore(&log_lock, flags);
	if (!ring)
		pr_info("%s", line);
}

u64 strace_log_end(void)
{
	return READ_ONCE(log_next);
}

size_t strace_log_read(char *buf, size_t len, u64 *pos, u64 end)
{
	unsigned long flags;
	size_t n = 0;

	spin_lock_irqsave(&log_lock, flags);
	*pos = max(*pos, log_first);
	for (end = min(end, log_next); log_ring && n < len && *pos < end; n++)
		buf[n] = *ring_byte((*pos)++);
	spin_unlock_irqrestore(&log_lock, flags);
	return n;
}

static void clear_log(void)
{
	unsigned long flags;

	spin_lock_irqsave(&log_lock, flags);
	log_first = log_next;
	spin_unlock_irqrestore(&log_lock, flags);
}

/* NULL: back to the console, and what the ring held is gone. */
static void set_log(char *ring)
{
	unsigned long flags;
	char *old;

	spin_lock_irqsave(&log_lock, flags);
	old = log_ring;
	log_ring = ring;
	log_first = log_next;
	spin_unlock_irqrestore(&log_lock, flags);
	vfree(old);
}

static int set_destination(const char *name)
{
	char *ring;

	if (!strcmp(name, "console")) {
		set_log(NULL);
		return 0;
	}
	if (strcmp(name, "ring") != 0)
		return -EINVAL;
	if (READ_ONCE(log_ring))
		return 0;
	ring = vmalloc(LOG_SIZE);
	if (!ring)
		return -ENOMEM;
	set_log(ring);
	return 0;
}

/* --- words and flags; process_table_lock held where it says "locked" --- */

static void trace_task_locked(struct task_struct *task, bool follow)
{
	set_tsk_flag(task, follow ? TRACE_FLAGS : TIF_SYSCALL_TRACE);
	WRITE_ONCE(syscall_limit, 0);
}

static bool any_task_traced_locked(void)
{
	struct task_struct *p, *t;

	list_for_each_entry(p, &task_list, tasks) {
		for_each_thread(p, t)
			if (t->thread_flags & TIF_SYSCALL_TRACE)
				return true;
	}
	return false;
}

/* T1, after a word or a flag has gone. */
static void settle_locked(void)
{
	WRITE_ONCE(syscall_limit, nr_words || any_task_traced_locked() ? 0 : NR_SYSCALLS);
}

static void trace_off(void)
{
	struct task_struct *p, *t;

	spin_lock_irq(&process_table_lock);
	nr_words = 0;
	list_for_each_entry(p, &task_list, tasks) {
		for_each_thread(p, t)
			clear_tsk_flag(t, TRACE_FLAGS);
	}
	settle_locked();
	spin_unlock_irq(&process_table_lock);
}

static int keep_word_locked(const struct strace_word *word)
{
	for (unsigned int i = 0; i < nr_words; i++) {
		if (words[i].pid == word->pid && !strcmp(words[i].name, word->name)) {
			words[i].follow |= word->follow;
			return 0;
		}
	}
	if (nr_words == MAX_WORDS)
		return -ENOSPC;
	words[nr_words++] = *word;
	WRITE_ONCE(syscall_limit, 0);
	return 0;
}

/* A process by its pid; @wait: it may still be to come. */
static int trace_pid(const struct strace_word *word, bool wait)
{
	struct task_struct *p, *t;
	int err = -ESRCH;

	spin_lock_irq(&process_table_lock);
	list_for_each_entry(p, &task_list, tasks) {
		if (p->tgid != word->pid)
			continue;
		for_each_thread(p, t)
			trace_task_locked(t, word->follow);
		err = 0;
	}
	if (err && wait)
		err = keep_word_locked(word);
	spin_unlock_irq(&process_table_lock);
	return err;
}

/* All who have the name, and all who take it later. */
static int trace_name(const struct strace_word *word)
{
	struct task_struct *p, *t;
	int err;

	spin_lock_irq(&process_table_lock);
	err = keep_word_locked(word);
	list_for_each_entry(p, &task_list, tasks) {
		for_each_thread(p, t)
			if (!err && !(t->flags & PF_KTHREAD) && !strcmp(t->comm, word->name))
				trace_task_locked(t, word->follow);
	}
	spin_unlock_irq(&process_table_lock);
	return err;
}

/* [+]PID or [+]NAME */
static int add_word(const char *text, bool wait)
{
	struct strace_word word = { .follow = *text == '+' };
	int err;

	text += word.follow;
	if (isdigit(*text)) {
		err = kstrtoint(text, 10, &word.pid);
		return err ? err : trace_pid(&word, wait);
	}
	if (!*text || strlen(text) >= sizeof(word.name))
		return -EINVAL;
	strscpy(word.name, text, sizeof(word.name));
	return trace_name(&word);
}

static int one_word(const char *text, bool wait)
{
	if (!strcmp(text, "off")) {
		trace_off();
		return 0;
	}
	if (!strcmp(text, "clear")) {
		clear_log();
		return 0;
	}
	if (!strncmp(text, "to=", 3))
		return set_destination(text + 3);
	return add_word(text, wait);
}

static bool is_separator(char c)
{
	return c == ' ' || c == ',' || c == '\n' || c == '\t';
}

static int take_words(char *text, bool wait)
{
	int err = 0;

	while (!err) {
		char *word;

		while (is_separator(*text))
			text++;
		if (!*text)
			break;
		for (word = text; *text && !is_separator(*text); text++)
			;
		if (*text)
			*text++ = '\0';
		err = one_word(word, wait);
	}
	return err;
}

int strace_control(char *text)
{
	return take_words(text, false);
}

void strace_init(void)
{
	const char *list = cmdline_get("strace"), *to = cmdline_get("strace_to");
	char text[256];
	int err = to ? set_destination(to) : 0;

	if (err)
		pr_warn("strace_to=%s: neither console nor ring, or no memory for the ring\n", to);
	if (!list)
		return;
	strscpy(text, list, sizeof(text));
	err = take_words(text, true);
	if (err)
		pr_warn("strace=%s: error %d\n", list, -err);
}

static void show_task(struct seq_file *m, const struct task_struct *t)
{
	if (t->thread_flags & TIF_SYSCALL_TRACE)
		seq_printf(m, "task %d %s%s\n", t->pid,
			   t->thread_flags & TIF_SYSCALL_FOLLOW ? "+" : "", t->comm);
}

int strace_show(struct seq_file *m, void *v)
{
	struct task_struct *p, *t;

	(void)v;
	seq_printf(m, "to %s\n", READ_ONCE(log_ring) ? "ring" : "console");
	spin_lock_irq(&process_table_lock);
	for (unsigned int i = 0; i < nr_words; i++) {
		const char *plus = words[i].follow ? "+" : "";

		if (words[i].pid)
			seq_printf(m, "pid %s%d\n", plus, words[i].pid);
		else
			seq_printf(m, "name %s%s\n", plus, words[i].name);
	}
	list_for_each_entry(p, &task_list, tasks) {
		for_each_thread(p, t)
			show_task(m, t);
	}
	spin_unlock_irq(&process_table_lock);
	return 0;
}

/* --- what happens to tasks --- */

void __strace_fork(struct task_struct *child)
{
	struct task_struct *me = current;
	u32 flags = me->thread_flags & TRACE_FLAGS;

	if (flags && (child->tgid == me->tgid || (flags & TIF_SYSCALL_FOLLOW)))
		set_tsk_flag(child, flags);
	for (unsigned int i = 0; i < nr_words; i++) {
		if (words[i].pid != child->pid)
			continue;
		trace_task_locked(child, words[i].follow);
		words[i] = words[--nr_words];
		return;
	}
}

void __strace_comm(struct task_struct *task)
{
	unsigned long flags;

	spin_lock_irqsave(&process_table_lock, flags);
	for (unsigned int i = 0; i < nr_words; i++) {
		if (!words[i].pid && !strcmp(words[i].name, task->comm))
			trace_task_locked(task, words[i].follow);
	}
	spin_unlock_irqrestore(&process_table_lock, flags);
}

void __strace_signal(int sig, const siginfo_t *info)
{
	struct strace_call call = { .limit = sizeof(call.text) };

	strace_format_signal(&call, sig, info);
	write_line(call.text);
}

void __strace_exit(int code)
{
	struct strace_call call = { .limit = sizeof(call.text) };

	strace_format_exit(&call, code);
	write_line(call.text);
	spin_lock_irq(&process_table_lock);
	clear_tsk_flag(current, TRACE_FLAGS);
	settle_locked();
	spin_unlock_irq(&process_table_lock);
}

/* --- the call --- */

static unsigned long call_syscall(const struct pt_regs *regs, syscall_fn_t fn)
{
	if (!fn)
		return regs->ax;
	return (unsigned long)fn(regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9);
}

/* Its own frame, so that calls of those who are not traced do not pay for the text on their stack. */
static __noinline void traced_syscall(struct pt_regs *regs, syscall_fn_t fn)
{
	struct strace_call call;
	u64 start_ns;

	strace_format_entry(&call, regs);
	if (strace_never_returns(&call)) {
		strace_format_result(&call, 0, 0);
		write_line(call.text);
		regs->ax = call_syscall(regs, fn);
		return;
	}
	start_ns = ktime_get_ns();
	regs->ax = call_syscall(regs, fn);
	if (!(current->thread_flags & TIF_SYSCALL_TRACE))
		return;
	strace_format_result(&call, (long)regs->ax, ktime_get_ns() - start_ns);
	write_line(call.text);
}

void strace_syscall(struct pt_regs *regs, syscall_fn_t fn)
{
	/* An exec may be by a task that is traced for its new name only: its arguments are gone afterwards. */
	if ((current->thread_flags & TIF_SYSCALL_TRACE) || strace_may_rename(regs))
		traced_syscall(regs, fn);
	else
		regs->ax = call_syscall(regs, fn);
}
