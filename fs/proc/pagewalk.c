/*
 * fs/proc/pagewalk.c - /proc/pagewalk: what this kernel tells about itself and Linux does not
 *
 *     strace           write: whom to trace; read: who is traced             kernel/strace.c
 *     strace-log       the lines, when they go to the ring (to=ring)
 *     events_filter    write: what to record; read: what is recorded, counts  kernel/events.c
 *     events           the records as text, waiting for more while recording runs
 *     events_raw       the same as struct mm_trace_record
 *
 * All are root's: they show other people's addresses and data.
 *
 * strace-log ends where the ring ended when it was opened, so that a traced reader does not read of its own
 * reading for ever.  The event files end when recording has stopped and all is read.
 *
 * Locking: a file of events has a mutex for its place in the stream, not held while it sleeps.
 */
#include "internal.h"

#include <arch/uaccess.h>
#include <kernel/events.h>
#include <kernel/mutex.h>
#include <kernel/strace.h>
#include <mm/slab.h>

#define CONTROL_MAX 256  /* bytes of one write to a control file */
#define CHUNK       1024 /* bytes of the strace ring copied at a time */

/* --- control files: words in, a text out --- */

static ssize_t control_write(const char *ubuf, size_t len, int (*control)(char *text))
{
	char text[CONTROL_MAX];
	int err;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, ubuf, len))
		return -EFAULT;
	text[len] = '\0';
	err = control(text);
	return err ? err : (ssize_t)len;
}

static int strace_open(struct inode *inode, struct file *file)
{
	(void)inode;
	return single_open(file, strace_show, NULL);
}

static ssize_t strace_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	(void)file;
	(void)pos;
	return control_write(ubuf, len, strace_control);
}

static const struct file_operations strace_fops = {
	.open = strace_open,
	.read = seq_read,
	.write = strace_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int events_filter_open(struct inode *inode, struct file *file)
{
	(void)inode;
	return single_open(file, events_show, NULL);
}

static ssize_t events_filter_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	(void)file;
	(void)pos;
	return control_write(ubuf, len, events_control);
}

static const struct file_operations events_filter_fops = {
	.open = events_filter_open,
	.read = seq_read,
	.write = events_filter_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* --- strace-log --- */

static int strace_log_open(struct inode *inode, struct file *file)
{
	(void)inode;
	file->private_data = (void *)strace_log_end();
	return 0;
}

static ssize_t strace_log_file_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	u64 end = (u64)file->private_data;
	size_t done = 0;
	char chunk[CHUNK];

	while (done < len) {
		u64 at = (u64)*pos;
		size_t n = strace_log_read(chunk, min(len - done, sizeof(chunk)), &at, end);

		if (!n)
			break;
		if (copy_to_user(ubuf + done, chunk, n))
			return done ? (ssize_t)done : -EFAULT;
		*pos = (loff_t)at;
		done += n;
	}
	return (ssize_t)done;
}

static const struct file_operations strace_log_fops = { .open = strace_log_open,
							.read = strace_log_file_read };

/* --- events, events_raw --- */

struct events_file {
	struct mutex lock; /* rank LOCK_FILE_MISC: reader */
	struct events_reader reader;
};

static int events_open(struct file *file, bool raw)
{
	struct events_file *ef = kzalloc(sizeof(*ef), GFP_KERNEL);

	if (!ef)
		return -ENOMEM;
	mutex_init(&ef->lock, LOCK_FILE_MISC);
	ef->reader.raw = raw;
	file->private_data = ef;
	return 0;
}

static int events_text_open(struct inode *inode, struct file *file)
{
	(void)inode;
	return events_open(file, false);
}

static int events_raw_open(struct inode *inode, struct file *file)
{
	(void)inode;
	return events_open(file, true);
}

static int events_release(struct inode *inode, struct file *file)
{
	(void)inode;
	kfree(file->private_data);
	return 0;
}

/* Fill the reader's buffer, waiting for records.  The lock is held, but for the wait.  0 with nothing: the end. */
static int wait_for_events(struct events_file *ef, bool nonblock)
{
	while (!ef->reader.count) {
		int err;

		events_fill(&ef->reader);
		if (ef->reader.count || !events_running())
			return 0;
		if (nonblock)
			return -EAGAIN;
		mutex_unlock(&ef->lock);
		err = wait_event_interruptible(&events_wait,
					       events_ready(&ef->reader) || !events_running());
		mutex_lock(&ef->lock);
		if (err)
			return err;
	}
	return 0;
}

static ssize_t events_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct events_file *ef = file->private_data;
	struct events_reader *r = &ef->reader;
	ssize_t ret;

	(void)pos;
	mutex_lock(&ef->lock);
	ret = wait_for_events(ef, file->f_flags & O_NONBLOCK);
	if (!ret && r->count) {
		size_t n = min(len, r->count);

		if (copy_to_user(ubuf, r->buf + r->from, n)) {
			ret = -EFAULT;
		} else {
			r->from += n;
			r->count -= n;
			ret = (ssize_t)n;
		}
	}
	mutex_unlock(&ef->lock);
	return ret;
}

static unsigned int events_poll(struct file *file, struct poll_table *table)
{
	struct events_file *ef = file->private_data;

	poll_wait(table, &events_wait);
	if (events_ready(&ef->reader))
		return POLLIN | POLLRDNORM;
	return events_running() ? 0 : POLLIN | POLLRDNORM | POLLHUP;
}

static const struct file_operations events_text_fops = {
	.open = events_text_open,
	.read = events_read,
	.poll = events_poll,
	.release = events_release,
};

static const struct file_operations events_raw_fops = {
	.open = events_raw_open,
	.read = events_read,
	.poll = events_poll,
	.release = events_release,
};

void proc_pagewalk_init(void)
{
	static const struct {
		const char *name;
		u32 mode;
		const struct file_operations *fops;
	} files[] = {
		{ "pagewalk/strace", 0600, &strace_fops },
		{ "pagewalk/strace-log", 0400, &strace_log_fops },
		{ "pagewalk/events", 0400, &events_text_fops },
		{ "pagewalk/events_raw", 0400, &events_raw_fops },
		{ "pagewalk/events_filter", 0600, &events_filter_fops },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++) {
		struct proc_dir_entry *e = proc_register(files[i].name, S_IFREG | files[i].mode);

		if (e)
			e->fops = files[i].fops;
		else
			pr_err("proc: no memory for %s\n", files[i].name);
	}
	strace_init();
}
