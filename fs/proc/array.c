/*
 * fs/proc/array.c - /proc/[pid]/status and stat: a process in words and in numbers
 *
 * status is for people and procps' memory columns, stat for programs that read by position.  Every field of
 * Linux 6.1 is there, in its order: readers count.  Those whose subject does not exist here (control groups,
 * real-time policies, seccomp) hold the value that Linux gives when the subject is not in use.
 *
 * Source: proc(5), "/proc/[pid]/stat", "/proc/[pid]/status".
 */
#include "internal.h"

#include <kernel/tty.h>
#include <lib/bitops.h>
#include <mm/mm.h>

#define USER_HZ     100
#define NS_PER_TICK (1000000000UL / USER_HZ)

struct task_snapshot { /* what needs the process table's lock, taken once */
	char comm[16];
	int umask; /* -1: none */
	unsigned int flags;
	bool no_new_privs, may_look;
	pid_t ppid, pgrp, session, tpgid;
	u64 tty_dev;
	int threads;
	sigset_t pending, shared_pending, blocked, ignored, caught;
	unsigned long min_flt, maj_flt, cmin_flt, cmaj_flt;
	u64 utime, stime, cutime, cstime;
	struct rlimit rss, stack;
	struct cred cred;
	int exit_code;
};

/* A dead process has given its signal structures back; the fields are zero then. */
static void snapshot_signals(struct task_struct *task, struct task_snapshot *s, bool whole)
{
	const struct signal_struct *sig = task->signal;
	struct sighand_struct *sighand = task->sighand;
	const struct task_struct *t;

	if (!sig || !sighand)
		return;
	s->pgrp = sig->pgrp;
	s->session = sig->session;
	if (sig->tty) {
		s->tty_dev = sig->tty->dev;
		s->tpgid = sig->tty->pgrp;
	}
	s->threads = 0;
	for_each_thread(task, t)
		s->threads++;
	spin_lock(&sighand->lock);
	s->pending = task->pending.signal;
	s->blocked = task->blocked;
	s->shared_pending = sig->shared_pending.signal;
	for (unsigned int i = 0; i < 64; i++) {
		if (sighand->action[i].handler == SIG_IGN)
			s->ignored |= 1UL << i;
		else if (sighand->action[i].handler != SIG_DFL)
			s->caught |= 1UL << i;
	}
	spin_unlock(&sighand->lock);
	s->cmin_flt = sig->cmin_flt;
	s->cmaj_flt = sig->cmaj_flt;
	if (whole) {
		s->min_flt = sig->min_flt;
		s->maj_flt = sig->maj_flt;
		for_each_thread(task, t) {
			s->min_flt += t->min_flt;
			s->maj_flt += t->maj_flt;
		}
		thread_group_cputime(task, &s->utime, &s->stime);
		if (sig->flags & (SIGNAL_GROUP_EXIT | SIGNAL_STOP_STOPPED))
			s->exit_code = sig->group_exit_code;
	}
	s->cutime = sig->cutime_ns;
	s->cstime = sig->cstime_ns;
	s->rss = sig->rlim[RLIMIT_RSS];
	s->stack = sig->rlim[RLIMIT_STACK];
}

/* @whole: of the process; else of the thread. */
static void snapshot(struct task_struct *task, struct task_snapshot *s, bool whole)
{
	unsigned long flags;

	memset(s, 0, sizeof(*s));
	s->tpgid = -1;
	s->threads = 1;
	spin_lock_irqsave(&process_table_lock, flags);
	s->ppid = task->real_parent ? task->real_parent->tgid : 0;
	memcpy(s->comm, task->comm, sizeof(s->comm));
	s->umask = task->fs ? (int)READ_ONCE(task->fs->umask) : -1;
	s->flags = READ_ONCE(task->flags);
	s->no_new_privs = task->no_new_privs;
	s->may_look = ptrace_may_access(task, true);
	s->cred = task->cred;
	s->exit_code = task->exit_code;
	s->min_flt = task->min_flt;
	s->maj_flt = task->maj_flt;
	task_cputime(task, &s->utime, &s->stime);
	snapshot_signals(task, s, whole);
	spin_unlock_irqrestore(&process_table_lock, flags);
}

static char state_letter(const struct task_struct *task)
{
	if (task->exit_state == TASK_ZOMBIE)
		return 'Z';
	if (task->exit_state == TASK_DEAD)
		return 'X';
	switch (READ_ONCE(task->state)) {
	case TASK_RUNNING:
		return 'R';
	case TASK_INTERRUPTIBLE:
		return 'S';
	case TASK_STOPPED:
		return 'T';
	default:
		return 'D';
	}
}

static const char *state_words(char letter)
{
	switch (letter) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'T':
		return "T (stopped)";
	case 'Z':
		return "Z (zombie)";
	case 'X':
		return "X (dead)";
	default:
		return "D (disk sleep)";
	}
}

static void show_memory(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long anon = get_mm_counter(mm, MM_ANONPAGES),
		      file = get_mm_counter(mm, MM_FILEPAGES);
	unsigned long shmem = get_mm_counter(mm, MM_SHMEMPAGES), rss = anon + file + shmem;
	unsigned long text = PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK);
	unsigned long exec = mm->exec_vm << PAGE_SHIFT;

	text = min(text, exec);
#define KB(pages) ((pages) << (PAGE_SHIFT - 10))
	seq_printf(m, "VmPeak:\t%8lu kB\n", KB(max(mm->hiwater_vm, mm->total_vm)));
	seq_printf(m, "VmSize:\t%8lu kB\n", KB(mm->total_vm));
	seq_printf(m, "VmLck:\t%8lu kB\n", KB(mm->locked_vm));
	seq_printf(m, "VmPin:\t%8lu kB\n", KB((unsigned long)atomic_long_read(&mm->pinned_vm)));
	seq_printf(m, "VmHWM:\t%8lu kB\n", KB(max(mm->hiwater_rss, rss)));
	seq_printf(m, "VmRSS:\t%8lu kB\n", KB(rss));
	seq_printf(m, "RssAnon:\t%8lu kB\n", KB(anon));
	seq_printf(m, "RssFile:\t%8lu kB\n", KB(file));
	seq_printf(m, "RssShmem:\t%8lu kB\n", KB(shmem));
	seq_printf(m, "VmData:\t%8lu kB\n", KB(mm->data_vm));
	seq_printf(m, "VmStk:\t%8lu kB\n", KB(mm->stack_vm));
	seq_printf(m, "VmExe:\t%8lu kB\n", text >> 10);
	seq_printf(m, "VmLib:\t%8lu kB\n", (exec - text) >> 10);
	seq_printf(m, "VmPTE:\t%8lu kB\n",
		   (unsigned long)atomic_long_read(&mm->pgtables_bytes) >> 10);
	seq_printf(m, "VmSwap:\t%8lu kB\n", KB(get_mm_counter(mm, MM_SWAPENTS)));
	seq_puts(m, "HugetlbPages:\t       0 kB\n");
	seq_puts(m, "CoreDumping:\t0\n");
	seq_puts(m, "THP_enabled:\t0\n");
}

static void show_cpus(struct seq_file *m, const struct task_struct *task)
{
	unsigned long mask = task->cpus_allowed &
			     (nr_cpu_ids >= 64 ? ~0ul : (1ul << nr_cpu_ids) - 1);
	const char *sep = "";

	seq_printf(m, "Cpus_allowed:\t%lx\nCpus_allowed_list:\t", mask);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		unsigned int last = cpu;

		if (!(mask & (1ul << cpu)))
			continue;
		while (last + 1 < nr_cpu_ids && (mask & (1ul << (last + 1))))
			last++;
		seq_printf(m, last > cpu ? "%s%u-%u" : "%s%u", sep, cpu, last);
		sep = ",";
		cpu = last;
	}
	seq_puts(m, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
}

int proc_pid_status(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	const struct cred *c;
	struct task_snapshot s;

	snapshot(task, &s, false);
	c = &s.cred;
	seq_printf(m, "Name:\t%s\n", s.comm);
	if (s.umask >= 0)
		seq_printf(m, "Umask:\t%04o\n", (unsigned int)s.umask);
	seq_printf(m, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		   state_words(state_letter(task)), task->tgid, task->pid, s.ppid);
	seq_printf(m, "Uid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid, c->fsuid);
	seq_printf(m, "Gid:\t%u\t%u\t%u\t%u\n", c->gid, c->egid, c->sgid, c->fsgid);
	seq_printf(m, "FDSize:\t%u\nGroups:\t", files_max_fds(task));
	for (unsigned int i = 0; i < c->ngroups; i++)
		seq_printf(m, i ? " %u" : "%u", c->groups[i]);
	seq_printf(m, " \nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", task->tgid,
		   task->pid, s.pgrp, s.session);
	if (mm) {
		show_memory(m, mm);
		mmput(mm);
	}
	seq_printf(m, "Threads:\t%d\nSigQ:\t0/%lu\n", s.threads, rlimit(RLIMIT_SIGPENDING));
	seq_printf(
		m,
		"SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		s.pending, s.shared_pending, s.blocked, s.ignored, s.caught);
	seq_printf(
		m,
		"CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n",
		c->cap_inheritable, c->cap_permitted, c->cap_effective, c->cap_bset,
		c->cap_ambient);
	seq_printf(m, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", s.no_new_privs);
	show_cpus(m, task);
	seq_printf(m, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		   task->nvcsw, task->nivcsw);
	return 0;
}

/* Linux's old dev_t as stat shows it: minor's low byte, major, rest of the minor. */
static unsigned int old_dev(u64 dev)
{
	return dev ? (MINOR(dev) & 0xff) | (MAJOR(dev) << 8) | ((MINOR(dev) & ~0xffu) << 12) : 0;
}

int proc_pid_stat(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct task_snapshot s;
	bool kthread, look;

	snapshot(task, &s, !((struct proc_inode *)m->private)->of_thread);
	kthread = s.flags & PF_KTHREAD;
	look = mm && s.may_look;
	seq_printf(m, "%d (%s) %c %d %d %d %u %d %u", task->pid, s.comm, state_letter(task), s.ppid,
		   s.pgrp, s.session, old_dev(s.tty_dev), s.tpgid, s.flags);
	seq_printf(m, " %lu %lu %lu %lu %lu %lu %lu %lu", s.min_flt, s.cmin_flt, s.maj_flt,
		   s.cmaj_flt, s.utime / NS_PER_TICK, s.stime / NS_PER_TICK, s.cutime / NS_PER_TICK,
		   s.cstime / NS_PER_TICK);
	seq_printf(m, " %d %d %d 0 %lu %lu %lu %lu", 20 + task->prio_nice, task->prio_nice,
		   s.threads, task->start_time_ns / NS_PER_TICK,
		   mm ? mm->total_vm << PAGE_SHIFT : 0, mm ? get_mm_rss(mm) : 0, s.rss.rlim_cur);
	seq_printf(m, " %lu %lu %lu 0 0", mm ? (look ? mm->start_code : 1) : 0,
		   mm ? (look ? mm->end_code : 1) : 0, look ? mm->start_stack : 0);
	seq_printf(m, " %lu %lu %lu %lu", s.pending & 0x7fffffff, s.blocked & 0x7fffffff,
		   s.ignored & 0x7fffffff, s.caught & 0x7fffffff);
	seq_printf(m, " %d 0 0 %d %u 0 0 0 0 0",
		   READ_ONCE(task->state) == TASK_RUNNING || kthread ? 0 : 1, task->exit_signal,
		   task->cpu);
	seq_printf(m, " %lu %lu %lu", look ? mm->start_data : 0, look ? mm->end_data : 0,
		   look ? mm->start_brk : 0);
	seq_printf(m, " %lu %lu %lu %lu %d\n", look ? mm->arg_start : 0, look ? mm->arg_end : 0,
		   look ? mm->env_start : 0, look ? mm->env_end : 0, s.may_look ? s.exit_code : 0);
	if (mm)
		mmput(mm);
	return 0;
}
