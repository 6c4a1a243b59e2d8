/*
 * drivers/mem.c - devices without hardware: null, zero, full, random, urandom, kmsg
 *
 *     null 1:3     reads nothing, takes everything         random  1:8   unpredictable bytes; what is written is
 *     zero 1:5     reads zeros; private mappings of it     urandom 1:9   stirred in.  Neither ever blocks.
 *                  are anonymous memory                    kmsg    1:11  the kernel log, a record per read
 *     full 1:7     reads zeros, has no room
 *
 * kmsg keeps per open file the number of the record that is read next.  When records were pushed out meanwhile the
 * read is EPIPE once and goes on at the oldest there is; writing a line adds a record.  Ref: null(4), full(4),
 * random(4), kmsg's ABI in Linux's Documentation/ABI/testing/dev-kmsg.
 */
#include <arch/uaccess.h>
#include <fs/vfs.h>
#include <kernel/init.h>
#include <kernel/log.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <uapi/errno.h>

#define MEM_MAJOR     1u
#define KMSG_LINE_MAX 480u /* a record's text */

/* --- null, zero, full --- */

static loff_t null_lseek(struct file *file, loff_t offset, int whence)
{
	(void)offset;
	(void)whence;
	file->f_pos = 0;
	return 0;
}

static ssize_t null_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	(void)file;
	(void)ubuf;
	(void)len;
	(void)pos;
	return 0;
}

static ssize_t null_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	(void)file;
	(void)ubuf;
	(void)pos;
	return (ssize_t)len;
}

static ssize_t null_write_kernel(struct file *file, const void *buf, size_t len, loff_t *pos)
{
	return null_write(file, buf, len, pos);
}

static ssize_t zero_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	size_t done = 0;

	(void)file;
	(void)pos;
	while (done < len) {
		size_t n = min(len - done, PAGE_SIZE), left = clear_user(ubuf + done, n);

		done += n - left;
		if (left)
			return done ? (ssize_t)done : -EFAULT;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return (ssize_t)done;
}

static ssize_t full_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	(void)file;
	(void)ubuf;
	(void)len;
	(void)pos;
	return -ENOSPC;
}

/*
 * Private: a mapping without vm_ops is anonymous memory, which is all zeros until written.  Shared: an object of its
 * own, as MAP_ANONYMOUS gets; nothing of this file is in it.
 */
static int zero_mmap(struct file *file, struct vm_area_struct *vma)
{
	int err;

	if (!(vma->vm_flags & VM_SHARED))
		return 0;
	err = shmem_zero_setup(vma);
	if (err)
		return err;
	vma->vm_file = NULL;
	fput(file);
	return 0;
}

static const struct file_operations null_fops = {
	.read = null_read,
	.write = null_write,
	.write_kernel = null_write_kernel,
	.llseek = null_lseek,
};
static const struct file_operations zero_fops = {
	.read = zero_read,
	.write = null_write,
	.write_kernel = null_write_kernel,
	.llseek = null_lseek,
	.mmap = zero_mmap,
};
static const struct file_operations full_fops = {
	.read = zero_read,
	.write = full_write,
	.llseek = null_lseek,
};

/* --- random, urandom --- */

static ssize_t random_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	(void)file;
	(void)pos;
	return get_random_bytes_user(ubuf, len);
}

static ssize_t random_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	size_t done = 0;
	u8 chunk[64];

	(void)file;
	(void)pos;
	while (done < len) {
		size_t n = min(len - done, sizeof(chunk)),
		       left = copy_from_user(chunk, ubuf + done, n);

		add_random_bytes(chunk, n - left);
		done += n - left;
		if (left)
			return done ? (ssize_t)done : -EFAULT;
		cond_resched();
	}
	return (ssize_t)done;
}

static const struct file_operations random_fops = {
	.read = random_read,
	.write = random_write,
	.llseek = null_lseek,
};

/* --- kmsg --- */

struct kmsg_reader {
	struct mutex lock; /* rank LOCK_FILE_MISC */
	u64 seq;           /* record to read next */
	struct log_record rec;
	char line[2 * KMSG_LINE_MAX + 64];
};

static int kmsg_open(struct inode *inode, struct file *file)
{
	struct kmsg_reader *r = NULL;

	(void)inode;
	if (file->f_mode & FMODE_READ) {
		r = kzalloc(sizeof(*r), GFP_KERNEL);
		if (!r)
			return -ENOMEM;
		mutex_init(&r->lock, LOCK_FILE_MISC);
		r->seq = log_first_seq();
	}
	file->private_data = r;
	return 0;
}

static int kmsg_release(struct inode *inode, struct file *file)
{
	(void)inode;
	kfree(file->private_data);
	return 0;
}

/* "level,sequence,microseconds,-;text\n", with what is not printable as \xNN */
static size_t format_record(struct kmsg_reader *r)
{
	const struct log_record *rec = &r->rec;
	size_t len = (size_t)scnprintf(r->line, sizeof(r->line), "%u,%lu,%lu,-;", rec->level,
				       rec->seq, rec->time_ns / 1000);
	unsigned int i;

	for (i = 0; i < rec->len && len < sizeof(r->line) - 6; i++) {
		u8 c = (u8)rec->text[i];

		if (c < ' ' || c >= 127 || c == '\\')
			len += (size_t)scnprintf(r->line + len, sizeof(r->line) - len, "\\x%02x",
						 c);
		else
			r->line[len++] = (char)c;
	}
	r->line[len++] = '\n';
	return len;
}

/* The record at r->seq into r->rec, waiting for it.  -EAGAIN, -EPIPE (records were lost), -ERESTARTSYS */
static int next_record(struct kmsg_reader *r, bool nonblock)
{
	while (!log_get(r->seq, &r->rec)) {
		int err;

		if (nonblock)
			return -EAGAIN;
		mutex_unlock(&r->lock);
		err = wait_event_interruptible(&log_wait, log_next_seq() > READ_ONCE(r->seq));
		mutex_lock(&r->lock);
		if (err)
			return err;
	}
	if (r->rec.seq != r->seq) {
		r->seq = r->rec.seq;
		return -EPIPE;
	}
	return 0;
}

static ssize_t kmsg_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct kmsg_reader *r = file->private_data;
	ssize_t ret;

	(void)pos;
	mutex_lock(&r->lock);
	ret = next_record(r, file->f_flags & O_NONBLOCK);
	if (!ret) {
		size_t n = format_record(r);

		if (n > len)
			ret = -EINVAL;
		else if (copy_to_user(ubuf, r->line, n))
			ret = -EFAULT;
		else
			ret = (ssize_t)n;
		if (ret > 0)
			r->seq++;
	}
	mutex_unlock(&r->lock);
	return ret;
}

static ssize_t kmsg_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	char line[KMSG_LINE_MAX];

	(void)file;
	(void)pos;
	if (len > sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, ubuf, len))
		return -EFAULT;
	log_write(line, len);
	return (ssize_t)len;
}

/* Positions are records: the oldest (SEEK_SET), or what comes next (SEEK_END); only offset 0. */
static loff_t kmsg_lseek(struct file *file, loff_t offset, int whence)
{
	struct kmsg_reader *r = file->private_data;

	if (!r)
		return -EBADF;
	if (offset)
		return -ESPIPE;
	if (whence != SEEK_SET && whence != SEEK_END && whence != SEEK_DATA)
		return -EINVAL;
	mutex_lock(&r->lock);
	r->seq = whence == SEEK_END ? log_next_seq() : log_first_seq();
	mutex_unlock(&r->lock);
	return 0;
}

static unsigned int kmsg_poll(struct file *file, struct poll_table *table)
{
	struct kmsg_reader *r = file->private_data;

	if (!r)
		return POLLOUT | POLLWRNORM;
	poll_wait(table, &log_wait);
	return log_next_seq() > READ_ONCE(r->seq) ? POLLIN | POLLRDNORM : 0;
}

static const struct file_operations kmsg_fops = {
	.open = kmsg_open,
	.release = kmsg_release,
	.read = kmsg_read,
	.write = kmsg_write,
	.llseek = kmsg_lseek,
	.poll = kmsg_poll,
};

/* mem_devices_init - called by dev_init */
void mem_devices_init(void)
{
	static const struct {
		unsigned int minor;
		const char *name;
		u32 mode;
		const struct file_operations *fops;
	} devices[] = {
		{ 3, "null", 0666, &null_fops },      { 5, "zero", 0666, &zero_fops },
		{ 7, "full", 0666, &full_fops },      { 8, "random", 0666, &random_fops },
		{ 9, "urandom", 0666, &random_fops }, { 11, "kmsg", 0644, &kmsg_fops },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++)
		if (register_chrdev(MEM_MAJOR, devices[i].minor, devices[i].name, devices[i].mode,
				    devices[i].fops))
			panic("mem: cannot register %s", devices[i].name);
}
