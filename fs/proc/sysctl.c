/*
 * fs/proc/sysctl.c - /proc/sys: one number or one name each, to be read and, mostly, written
 *
 * A table says for each file what it shows, who may do what, and the range of what is accepted; three handlers know
 * how a number, a long one and a name are read and written.  What a write does beyond storing is a function of the
 * entry.
 *
 * Writing a number, as programs rely on it:
 *
 *     " 0x10\n"     blanks around are dropped; 0x and 0 begin hexadecimal and octal
 *     "5 6"         takes the 5 and says that 2 bytes were taken; the rest, written at offset 2, is dropped
 *     at offset > 0 nothing happens, and all bytes count as written
 *     "", "\n"      0 bytes: 0; only blanks: EINVAL
 *     "5x", "-", a number out of range, or of 21 digits and more: EINVAL, nothing stored
 *
 * A name is written byte by byte from the offset on, up to a newline or NUL, which ends it; beyond its end nothing
 * can be written.
 *
 * Who may: root by the first digit of the mode, group 0 by the second, others by the third, and nobody more by a
 * capability; asked at open (EACCES) and again at each call (EPERM), since the file may have been handed on.
 *
 * Locking: numbers are single words, written and read whole.  Names: uts_lock.  Two writers of one file: the later
 * one wins.
 *
 * Sources: proc(5), "/proc/sys"; Linux, Documentation/admin-guide/sysctl; Linux 6.1.
 */
#include "internal.h"

#include <arch/uaccess.h>
#include <kernel/init.h>
#include <kernel/uts.h>
#include <lib/ctype.h>
#include <lib/kstrtox.h>
#include <mm/mm.h>
#include <mm/slab.h>

#define NUMBER_MAX    22         /* bytes looked at for one number, with its end */
#define THREADS_LIMIT 0x3fffffff /* numbers of threads fit into a futex word */

struct ctl_table {
	const char *path;
	u32 mode;
	enum { CTL_INT, CTL_ULONG, CTL_NAME } type;
	void *data;
	long min, max;          /* CTL_INT */
	int (*may_write)(void); /* NULL: the mode alone says */
	void (*written)(void);  /* after a new number is stored */
};

/* --- permission --- */

static int ctl_permission(u32 mode, int mask)
{
	if (current->cred.euid == 0)
		mode >>= 6;
	else if (current->cred.egid == 0 || in_group(0))
		mode >>= 3;
	return (u32)mask & ~mode & (MAY_READ | MAY_WRITE | MAY_EXEC) ? -EACCES : 0;
}

static const struct ctl_table *table_of(const struct inode *inode)
{
	return PROC_I(inode)->pde->data;
}

static int sysctl_permission(struct inode *inode, int mask)
{
	return ctl_permission(table_of(inode)->mode, mask);
}

static int sysctl_setattr(struct dentry *dentry, const struct kstat *attr, unsigned int valid)
{
	if (valid & (ATTR_MODE | ATTR_UID | ATTR_GID))
		return -EPERM;
	return proc_setattr(dentry, attr, valid);
}

/* --- numbers --- */

/*
 * One number at the start of @text: sign, magnitude, and the bytes it takes.  What follows must be blank or nothing.
 */
static int parse_number(const char *text, size_t len, bool *negative, unsigned long *value,
			size_t *taken)
{
	char digits[NUMBER_MAX], *end = digits, *p = digits;
	size_t n = min(len, sizeof(digits) - 1);

	memcpy(digits, text, n);
	digits[n] = '\0';
	*negative = *p == '-' && len > 1;
	if (*negative)
		p++;
	if (!isdigit(*p))
		return -EINVAL;
	for (end = p; isalnum(*end); end++)
		;
	*taken = (size_t)(end - digits);
	if (*taken == sizeof(digits) - 1 ||
	    (*taken < len && *end != ' ' && *end != '\t' && *end != '\n'))
		return -EINVAL;
	*end = '\0';
	return kstrtoul(p, 0, value) ? -EINVAL : 0;
}

static size_t blanks(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && isspace(text[n]))
		n++;
	return n;
}

static int store_number(const struct ctl_table *t, bool negative, unsigned long value)
{
	if (t->type == CTL_ULONG) {
		if (negative)
			return -EINVAL;
		WRITE_ONCE(*(unsigned long *)t->data, value);
		return 0;
	}
	if (value > 0x7fffffffUL + negative)
		return -EINVAL;
	if (negative ? -(long)value < t->min : (long)value < t->min || (long)value > t->max)
		return -EINVAL;
	WRITE_ONCE(*(int *)t->data, (int)(negative ? -(long)value : (long)value));
	return 0;
}

static ssize_t write_number(const struct ctl_table *t, const char *text, size_t len, loff_t *pos)
{
	size_t at = blanks(text, len), taken;
	unsigned long value;
	bool negative;
	int err;

	if (*pos) {
		*pos += (loff_t)len;
		return (ssize_t)len;
	}
	if (at == len)
		return -EINVAL;
	err = parse_number(text + at, len - at, &negative, &value, &taken);
	if (!err)
		err = store_number(t, negative, value);
	if (err)
		return err;
	if (t->written)
		t->written();
	at += taken;
	at += blanks(text + at, len - at);
	*pos += (loff_t)at;
	return (ssize_t)at;
}

static size_t print_number(const struct ctl_table *t, char *text, size_t size)
{
	if (t->type == CTL_ULONG)
		return (size_t)scnprintf(text, size, "%lu\n", READ_ONCE(*(unsigned long *)t->data));
	return (size_t)scnprintf(text, size, "%d\n", READ_ONCE(*(int *)t->data));
}

/* --- names --- */

static ssize_t write_name(const struct ctl_table *t, const char *text, size_t len, loff_t *pos)
{
	char name[__NEW_UTS_LEN + 1];
	size_t at;

	uts_get_name(t->data, name);
	at = strlen(name);
	if (*pos < 0 || (u64)*pos > at)
		return (ssize_t)len;
	at = (size_t)*pos;
	*pos += (loff_t)len;
	for (size_t i = 0; i < len && at < __NEW_UTS_LEN && text[i] && text[i] != '\n'; i++)
		name[at++] = text[i];
	memset(name + at, 0, sizeof(name) - at);
	uts_set_name(t->data, name);
	return (ssize_t)len;
}

/* --- the files --- */

#define TEXT_MAX (__NEW_UTS_LEN + 2)

static ssize_t sysctl_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	const struct ctl_table *t = table_of(file->f_inode);
	char text[TEXT_MAX];
	size_t size;

	if (ctl_permission(t->mode, MAY_READ))
		return -EPERM;
	if (t->type == CTL_NAME) {
		uts_get_name(t->data, text);
		size = strlen(text);
		text[size++] = '\n';
		/* A reader at the very end of the name still gets its newline. */
		if (*pos < 0 || (u64)*pos >= size)
			return 0;
		size -= (size_t)*pos;
		memmove(text, text + *pos, size);
	} else {
		if (*pos)
			return 0; /* a number is read at once or cut */
		size = print_number(t, text, sizeof(text));
	}
	len = min(len, size);
	if (copy_to_user(ubuf, text, len))
		return -EFAULT;
	*pos += (loff_t)len;
	return (ssize_t)len;
}

static ssize_t sysctl_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	const struct ctl_table *t = table_of(file->f_inode);
	ssize_t ret = t->may_write ? t->may_write() : 0;
	size_t n = min(len, (size_t)PAGE_SIZE - 1);
	char small[TEXT_MAX], *text = small;

	if (ctl_permission(t->mode, MAY_WRITE))
		return -EPERM;
	if (n > sizeof(small))
		text = kmalloc(n, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	if (copy_from_user(text, ubuf, n))
		ret = -EFAULT;
	else if (!ret && n)
		ret = t->type == CTL_NAME ? write_name(t, text, n, pos)
					  : write_number(t, text, n, pos);
	if (text != small)
		kfree(text);
	return ret;
}

static loff_t sysctl_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET && whence != SEEK_END)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	return file->f_pos = offset;
}

static const struct inode_operations sysctl_iops = { .permission = sysctl_permission,
						     .setattr = sysctl_setattr };
static const struct file_operations sysctl_fops = {
	.read = sysctl_read,
	.write = sysctl_write,
	.llseek = sysctl_lseek,
};

/* --- what some of them do --- */

static unsigned long mmap_min_addr = DEFAULT_MMAP_MIN_ADDR;
static int drop_caches_word;

static int may_set_mmap_min_addr(void)
{
	return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
}

/* Every address space has its own copy of the limit, so that mm/ knows nothing of us.  They all follow. */
static void mmap_min_addr_written(void)
{
	struct task_struct *p, *t;

	spin_lock_irq(&process_table_lock);
	WRITE_ONCE(sysctl_mmap_min_addr, mmap_min_addr);
	list_for_each_entry(p, &task_list, tasks) {
		for_each_thread(p, t) {
			if (t->mm)
				WRITE_ONCE(t->mm->mmap_min_addr, mmap_min_addr);
		}
	}
	spin_unlock_irq(&process_table_lock);
}

/* Nothing of the page cache can go, for ramfs has no other copy; all else that is kept only for speed does. */
static void drop_caches_written(void)
{
	sched_return_loans();
	drop_caches();
}

static void overcommit_ratio_written(void)
{
	WRITE_ONCE(sysctl_overcommit_kbytes, 0);
}

static void overcommit_kbytes_written(void)
{
	WRITE_ONCE(sysctl_overcommit_ratio, 0);
}

#define INT(p, d, lo, hi)                                                                 \
	{                                                                                 \
		.path = p, .mode = 0644, .type = CTL_INT, .data = d, .min = lo, .max = hi \
	}
#define ANY_INT(p, d) INT(p, d, -0x80000000L, 0x7fffffffL)
#define NAME(p, m, d)                                             \
	{                                                         \
		.path = p, .mode = m, .type = CTL_NAME, .data = d \
	}

static int cap_last_cap = CAP_LAST;

static const struct ctl_table tables[] = {
	NAME("sys/kernel/ostype", 0444, uts.sysname),
	NAME("sys/kernel/osrelease", 0444, uts.release),
	NAME("sys/kernel/version", 0444, uts.version),
	NAME("sys/kernel/hostname", 0644, uts.nodename),
	NAME("sys/kernel/domainname", 0644, uts.domainname),
	{ .path = "sys/kernel/cap_last_cap", .mode = 0444, .data = &cap_last_cap },
	INT("sys/kernel/pid_max", &pid_max, RESERVED_PIDS + 1, PID_MAX_LIMIT),
	INT("sys/kernel/threads-max", &max_threads, 1, THREADS_LIMIT),
	ANY_INT("sys/kernel/randomize_va_space", &randomize_va_space),
	INT("sys/vm/overcommit_memory", &sysctl_overcommit_memory, 0, 2),
	{ .path = "sys/vm/overcommit_ratio",
	  .mode = 0644,
	  .data = &sysctl_overcommit_ratio,
	  .min = -0x80000000L,
	  .max = 0x7fffffffL,
	  .written = overcommit_ratio_written },
	{ .path = "sys/vm/overcommit_kbytes",
	  .mode = 0644,
	  .type = CTL_ULONG,
	  .data = &sysctl_overcommit_kbytes,
	  .written = overcommit_kbytes_written },
	INT("sys/vm/max_map_count", &sysctl_max_map_count, 0, 0x7fffffff),
	{ .path = "sys/vm/mmap_min_addr",
	  .mode = 0644,
	  .type = CTL_ULONG,
	  .data = &mmap_min_addr,
	  .may_write = may_set_mmap_min_addr,
	  .written = mmap_min_addr_written },
	{ .path = "sys/vm/drop_caches",
	  .mode = 0200,
	  .data = &drop_caches_word,
	  .min = 1,
	  .max = 4,
	  .written = drop_caches_written },
};

void proc_sysctl_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
		struct proc_dir_entry *e = proc_register(tables[i].path, S_IFREG | tables[i].mode);

		if (!e) {
			pr_err("proc: no memory for %s\n", tables[i].path);
			continue;
		}
		e->data = (void *)(uintptr_t)&tables[i];
		e->iops = &sysctl_iops;
		e->fops = &sysctl_fops;
	}
}
