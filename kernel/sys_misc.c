/*
 * kernel/sys_misc.c - calls about the whole machine, and switches of a process: sysinfo, reboot, syslog, getrandom,
 * prctl, arch_prctl, personality
 *
 * The kernel log is read by several ways, each with a place of its own in it: /dev/kmsg one per open file,
 * syslog(2) one for the whole system, as it always was.  A record becomes lines as Linux's dmesg shows them:
 *
 *     <6>[    0.123456] Memory: 62000 KiB free
 *
 * Locking: syslog_lock, rank LOCK_FILE_MISC, for syslog's place in the log and its line; not held while waiting for records.
 *
 * Sources: sysinfo(2), reboot(2), syslog(2), getrandom(2), prctl(2), arch_prctl(2), personality(2).
 */
#include <arch/init.h>
#include <arch/smp.h>
#include <arch/thread.h>
#include <arch/uaccess.h>
#include <kernel/log.h>
#include <kernel/mutex.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <kernel/time.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <uapi/prctl.h>
#include <uapi/random.h>
#include <uapi/reboot.h>
#include <uapi/sysinfo.h>
#include <uapi/syslog.h>

/* --- sysinfo(2) --- */

/* All sizes in bytes, so mem_unit is 1; there is no swap, and no memory that the kernel cannot reach. */
long sys_sysinfo(struct sysinfo *uinfo)
{
	struct sysinfo info = { .mem_unit = 1 };

	info.uptime = (s64)((ktime_get_ns() + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
	get_avenrun(info.loads);
	info.totalram = totalram_pages() << PAGE_SHIFT;
	info.freeram = nr_free_pages() << PAGE_SHIFT;
	info.sharedram = global_node_page_state(NR_SHMEM) << PAGE_SHIFT;
	info.procs = (u16)nr_threads();
	return copy_to_user(uinfo, &info, sizeof(info)) ? -EFAULT : 0;
}

/* --- reboot(2) --- */

static bool is_reboot_magic(int magic1, int magic2)
{
	if ((u32)magic1 != LINUX_REBOOT_MAGIC1)
		return false;
	return magic2 == LINUX_REBOOT_MAGIC2 || magic2 == LINUX_REBOOT_MAGIC2A ||
	       magic2 == LINUX_REBOOT_MAGIC2B || magic2 == LINUX_REBOOT_MAGIC2C;
}

static __noreturn void restart_with_command(const char *command)
{
	if (command)
		pr_emerg("reboot: Restarting system with command '%s'\n", command);
	else
		pr_emerg("reboot: Restarting system\n");
	smp_stop_others();
	machine_restart();
}

/**
 * sys_reboot - switch off, reset or stop the machine
 *
 * Nothing is written back first: file systems are in memory and end with it.  Ctrl-Alt-Del has no keyboard to come
 * from, so switching it on or off succeeds and changes nothing.
 *
 * Return: 0 for the last two; -EPERM, -EINVAL, -EFAULT; else not at all.
 */
long sys_reboot(int magic1, int magic2, unsigned int cmd, void *arg)
{
	char command[256];

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (!is_reboot_magic(magic1, magic2))
		return -EINVAL;
	switch (cmd) {
	case LINUX_REBOOT_CMD_RESTART:
		restart_with_command(NULL);
	case LINUX_REBOOT_CMD_RESTART2:
		if (strncpy_from_user(command, arg, sizeof(command) - 1) < 0)
			return -EFAULT;
		command[sizeof(command) - 1] = '\0';
		restart_with_command(command);
	case LINUX_REBOOT_CMD_HALT:
		pr_emerg("reboot: System halted\n");
		smp_stop_others();
		machine_halt();
	case LINUX_REBOOT_CMD_POWER_OFF:
		pr_emerg("reboot: Power down\n");
		smp_stop_others();
		machine_power_off();
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;
	default:
		return -EINVAL;
	}
}

/* --- syslog(2) --- */

#define LOGLEVEL_MIN     1 /* emergencies always reach the console */
#define LOGLEVEL_MAX     8 /* everything does */
#define LOGLEVEL_NOT_SET (-1)
#define SYSLOG_LINE_MAX \
	(sizeof(((struct log_record *)0)->text) + 32) /* with "<7>[seconds.microseconds] " */

static DEFINE_MUTEX(syslog_lock, LOCK_FILE_MISC);
static u64 syslog_seq;        /* SYSLOG_ACTION_READ: next record */
static size_t syslog_partial; /* ... and the bytes of it that were read already */
static u64 clear_seq;         /* SYSLOG_ACTION_READ_ALL begins here */
static int saved_loglevel = LOGLEVEL_NOT_SET;

/* The record being shown, and its line: too large for a stack that a page fault is still to come on. */
static struct {
	struct log_record rec;
	char text[SYSLOG_LINE_MAX];
	size_t len;
} line;

/* The first line at or after @seq.  False when there is none.  Lock held, as by all that follow. */
static bool get_line(u64 seq)
{
	const struct log_record *rec = &line.rec;

	if (!log_get(seq, &line.rec))
		return false;
	line.len = (size_t)scnprintf(line.text, sizeof(line.text), "<%u>[%5lu.%06lu] %.*s\n",
				     rec->level, rec->time_ns / NSEC_PER_SEC,
				     rec->time_ns % NSEC_PER_SEC / NSEC_PER_USEC, (int)rec->len,
				     rec->text);
	return true;
}

/* As much as there is and fits, a long line perhaps in pieces.  Bytes, or -EFAULT. */
static long read_lines(char *ubuf, size_t len)
{
	size_t done = 0;

	while (done < len && get_line(syslog_seq)) {
		size_t n;

		if (line.rec.seq != syslog_seq) { /* records were lost, perhaps the one half read */
			syslog_seq = line.rec.seq;
			syslog_partial = 0;
		}
		n = min(line.len - syslog_partial, len - done);
		if (copy_to_user(ubuf + done, line.text + syslog_partial, n))
			return done ? (long)done : -EFAULT;
		done += n;
		syslog_partial += n;
		if (syslog_partial == line.len) {
			syslog_seq++;
			syslog_partial = 0;
		}
	}
	return (long)done;
}

static bool has_unread(void)
{
	return READ_ONCE(syslog_seq) < log_next_seq();
}

/* SYSLOG_ACTION_READ: waits for the first record. */
static long syslog_read(char *ubuf, size_t len)
{
	long ret = 0;

	while (!ret) {
		ret = wait_event_interruptible(&log_wait, has_unread());
		if (ret)
			break;
		mutex_lock(&syslog_lock);
		ret = read_lines(ubuf, len);
		mutex_unlock(&syslog_lock);
	}
	return ret;
}

/* Bytes of all lines from @seq on. */
static size_t lines_size(u64 seq)
{
	size_t size = 0;

	for (; get_line(seq); seq = line.rec.seq + 1)
		size += line.len;
	return size;
}

/* SYSLOG_ACTION_READ_ALL: the newest whole lines that fit. */
static long read_all(char *ubuf, size_t len, bool clear)
{
	u64 seq = max(clear_seq, log_first_seq()), end = log_next_seq();
	size_t size = lines_size(seq), done = 0;

	for (; get_line(seq) && line.rec.seq < end; seq = line.rec.seq + 1) {
		if (size > len) { /* too old */
			size -= line.len;
			continue;
		}
		if (line.len > len - done) /* the log grew since it was measured */
			break;
		if (copy_to_user(ubuf + done, line.text, line.len))
			return -EFAULT;
		done += line.len;
	}
	if (clear)
		clear_seq = end;
	return (long)done;
}

static long set_console_level(int level)
{
	if (level < LOGLEVEL_MIN || level > LOGLEVEL_MAX)
		return -EINVAL;
	console_loglevel = level;
	saved_loglevel = LOGLEVEL_NOT_SET;
	return 0;
}

static void console_off(void)
{
	if (saved_loglevel == LOGLEVEL_NOT_SET)
		saved_loglevel = console_loglevel;
	console_loglevel = LOGLEVEL_MIN;
}

static void console_on(void)
{
	if (saved_loglevel == LOGLEVEL_NOT_SET)
		return;
	console_loglevel = saved_loglevel;
	saved_loglevel = LOGLEVEL_NOT_SET;
}

static long unread_size(void)
{
	size_t size = lines_size(syslog_seq);

	return (long)(size > syslog_partial ? size - syslog_partial : 0);
}

/* Everything but the read that may wait. */
static long syslog_locked(int type, char *ubuf, int len)
{
	switch (type) {
	case SYSLOG_ACTION_READ_ALL:
	case SYSLOG_ACTION_READ_CLEAR:
		return read_all(ubuf, (size_t)len, type == SYSLOG_ACTION_READ_CLEAR);
	case SYSLOG_ACTION_CLEAR:
		clear_seq = log_next_seq();
		return 0;
	case SYSLOG_ACTION_CONSOLE_OFF:
		console_off();
		return 0;
	case SYSLOG_ACTION_CONSOLE_ON:
		console_on();
		return 0;
	case SYSLOG_ACTION_CONSOLE_LEVEL:
		return set_console_level(len);
	case SYSLOG_ACTION_SIZE_UNREAD:
		return unread_size();
	default:
		return -EINVAL;
	}
}

/* syslog(2), with kernel.dmesg_restrict set as Debian sets it: all of it is for the administrator. */
long sys_syslog(int type, char *ubuf, int len)
{
	bool reads = type == SYSLOG_ACTION_READ || type == SYSLOG_ACTION_READ_ALL ||
		     type == SYSLOG_ACTION_READ_CLEAR;
	long ret;

	if (!capable(CAP_SYSLOG) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (type == SYSLOG_ACTION_CLOSE || type == SYSLOG_ACTION_OPEN)
		return 0;
	if (type == SYSLOG_ACTION_SIZE_BUFFER)
		return LOG_BUF_SIZE;
	if (reads) {
		if (!ubuf || len < 0)
			return -EINVAL;
		if (!len)
			return 0;
		if (!access_ok(ubuf, (size_t)len))
			return -EFAULT;
	}
	if (type == SYSLOG_ACTION_READ)
		return syslog_read(ubuf, (size_t)len);
	mutex_lock(&syslog_lock);
	ret = syslog_locked(type, ubuf, len);
	mutex_unlock(&syslog_lock);
	return ret;
}

/* --- getrandom(2) --- */

/*
 * The generator is seeded before the first program runs, so no request waits and the flags make no difference.  A
 * long one is served in pieces, between which signals and other tasks get their turn.
 */
long sys_getrandom(void *ubuf, size_t len, unsigned int flags)
{
	size_t done = 0;

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	len = min(len, (size_t)INT_MAX & PAGE_MASK);
	if (!access_ok(ubuf, len))
		return -EFAULT;
	while (done < len) {
		size_t want = min(len - done, PAGE_SIZE);
		ssize_t n = get_random_bytes_user((u8 *)ubuf + done, want);

		if (n < 0)
			return done ? (long)done : n;
		done += (size_t)n;
		if ((size_t)n < want || signal_pending(current))
			break;
		cond_resched();
	}
	return (long)done;
}

/* --- prctl(2) --- */

static long prctl_set_name(const char *uname)
{
	char name[sizeof(current->comm)] = { 0 };

	if (strncpy_from_user(name, uname, sizeof(name) - 1) < 0)
		return -EFAULT;
	set_task_comm(current, name);
	return 0;
}

static long prctl_get_name(char *uname)
{
	return copy_to_user(uname, current->comm, sizeof(current->comm)) ? -EFAULT : 0;
}

static long prctl_set_dumpable(unsigned long value)
{
	if (value > 1) /* 2, root only, is the kernel's to set */
		return -EINVAL;
	set_dumpable(current->mm, (unsigned int)value);
	return 0;
}

/* What Linux knows and is not here (seccomp, timer slack ...) is EINVAL, as when not built. */
long sys_prctl(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	struct task_struct *me = current;
	long ret;

	switch (option) {
	case PR_SET_PDEATHSIG:
		if (a2 > 64)
			return -EINVAL;
		me->pdeath_signal = (int)a2;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user(me->pdeath_signal, (int *)a2);
	case PR_GET_DUMPABLE:
		return get_dumpable(me->mm);
	case PR_SET_DUMPABLE:
		return prctl_set_dumpable(a2);
	case PR_SET_NAME:
		return prctl_set_name((const char *)a2);
	case PR_GET_NAME:
		return prctl_get_name((char *)a2);
	case PR_SET_CHILD_SUBREAPER:
		WRITE_ONCE(me->signal->is_child_subreaper, a2 != 0);
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_user((int)me->signal->is_child_subreaper, (int *)a2);
	case PR_SET_NO_NEW_PRIVS:
		if (a2 != 1 || a3 || a4 || a5)
			return -EINVAL;
		me->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return a2 || a3 || a4 || a5 ? -EINVAL : (long)me->no_new_privs;
	case PR_GET_TID_ADDRESS:
		return put_user((u64)me->clear_child_tid, (u64 *)a2);
	default:
		ret = prctl_capabilities(option, a2, a3, a4, a5);
		return ret == -ENOSYS ? -EINVAL : ret;
	}
}

/* --- arch_prctl(2), personality(2) --- */

long sys_arch_prctl(int option, unsigned long addr)
{
	switch (option) {
	case ARCH_SET_FS:
		return arch_set_fsbase(addr);
	case ARCH_SET_GS:
		return arch_set_gsbase(addr);
	case ARCH_GET_FS:
		return put_user(arch_get_fsbase(), (unsigned long *)addr);
	case ARCH_GET_GS:
		return put_user(arch_get_gsbase(), (unsigned long *)addr);
	default:
		return -EINVAL;
	}
}

#define PERSONALITY_QUERY 0xffffffffu

long sys_personality(unsigned int persona)
{
	unsigned int old = current->personality;

	if (persona != PERSONALITY_QUERY)
		current->personality = persona;
	return old;
}
