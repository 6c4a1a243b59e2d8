/*
 * fs/readdir.c - listing directories
 *
 * A directory's iterate hands one entry after the other to a filldir function, from file->f_pos on, which it moves
 * past each entry that was taken.  getdents packs them into a kernel buffer and copies that out at the end, so no user
 * fault happens inside the directory's locks.
 *
 * The position of an entry whose names are dentries is derived from d_cookie (fs/dcache.c): newest first,
 *
 *     position 0 "."   1 ".."   DIR_COOKIE_MAX - cookie + 2 for the others, ascending
 *
 * Locks: f_pos_lock, then the directory's i_rwsem for read.
 */
#include <uapi/dirent.h>
#include "internal.h"

static loff_t dentry_pos(const struct dentry *dentry)
{
	return (loff_t)(DIR_COOKIE_MAX - dentry->d_cookie + 2);
}

/*
 * The first child at or behind @pos, searched from behind @after (NULL: from the beginning).  The directory's i_rwsem
 * keeps its children from going; without it each step would need a reference.
 */
static struct dentry *next_child(struct dentry *dir, struct dentry *after, loff_t pos)
{
	struct list_head *p = after ? &after->d_child : &dir->d_subdirs;
	struct dentry *found = NULL;

	spin_lock(&dcache_lock);
	while (!found && (p = p->next) != &dir->d_subdirs) {
		struct dentry *child = list_entry(p, struct dentry, d_child);

		if (dentry_pos(child) >= pos)
			found = child;
	}
	spin_unlock(&dcache_lock);
	return found;
}

static u64 parent_ino(struct dentry *dentry)
{
	u64 ino;

	spin_lock(&dcache_lock);
	ino = dentry->d_parent->d_inode->i_ino;
	spin_unlock(&dcache_lock);
	return ino;
}

/* dcache_iterate - file_operations.iterate of directories whose content is the dentry tree */
static int dcache_iterate(struct file *file, filldir_t fill, void *ctx)
{
	struct dentry *dir = file->f_path.dentry, *child = NULL;

	if (file->f_pos == 0) {
		if (fill(ctx, ".", 1, 0, dir->d_inode->i_ino, DT_DIR))
			return 0;
		file->f_pos = 1;
	}
	if (file->f_pos == 1) {
		if (fill(ctx, "..", 2, 1, parent_ino(dir), DT_DIR))
			return 0;
		file->f_pos = 2;
	}
	while ((child = next_child(dir, child, file->f_pos))) {
		struct inode *inode = child->d_inode;

		if (fill(ctx, child->d_name.name, child->d_name.len, (u64)dentry_pos(child),
			 inode->i_ino, inode->i_mode >> 12 & 15))
			return 0;
		file->f_pos = dentry_pos(child) + 1;
	}
	return 0;
}

static loff_t dcache_dir_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

static int dir_fsync(struct file *file)
{
	(void)file;
	return 0;
}

const struct file_operations ramfs_dir_fops = {
	.iterate = dcache_iterate,
	.llseek = dcache_dir_llseek,
	.fsync = dir_fsync,
};

/* --- getdents(2) --- */

struct dirent_buf {
	char *buf;
	size_t size, used;
	size_t last; /* offset of the last record, whose d_off the next entry completes */
	bool old_format;
	int error;
};

static size_t record_len(const struct dirent_buf *b, unsigned int name_len)
{
	size_t len = b->old_format ? offsetof(struct linux_dirent, d_name) + name_len + 2
				   : offsetof(struct linux_dirent64, d_name) + name_len + 1;

	return ALIGN(len, sizeof(u64));
}

/* d_off is the second word of both formats. */
static void complete_last(struct dirent_buf *b, u64 offset)
{
	if (b->used)
		((u64 *)(void *)(b->buf + b->last))[1] = offset;
}

static int fill_dirent(void *ctx, const char *name, unsigned int len, u64 offset, u64 ino,
		       unsigned int type)
{
	struct dirent_buf *b = ctx;
	size_t reclen = record_len(b, len);
	char *rec = b->buf + b->used;

	if (reclen > b->size - b->used) {
		b->error = -EINVAL; /* the caller's buffer is too small, if this was the first */
		return 1;
	}
	complete_last(b, offset);
	memset(rec, 0, reclen);
	if (b->old_format) {
		struct linux_dirent *d = (struct linux_dirent *)(void *)rec;

		d->d_ino = ino;
		d->d_reclen = (u16)reclen;
		memcpy(d->d_name, name, len);
		rec[reclen - 1] = (char)type;
	} else {
		struct linux_dirent64 *d = (struct linux_dirent64 *)(void *)rec;

		d->d_ino = ino;
		d->d_reclen = (u16)reclen;
		d->d_type = (u8)type;
		memcpy(d->d_name, name, len);
	}
	b->last = b->used;
	b->used += reclen;
	return 0;
}

static ssize_t list_directory(struct file *file, void *ubuf, struct dirent_buf *b)
{
	struct inode *inode = file->f_inode;
	loff_t start = file->f_pos;
	ssize_t ret = -ENOENT;

	down_read(&inode->i_rwsem);
	if (inode->i_nlink)
		ret = file->f_op->iterate(file, fill_dirent, b);
	up_read(&inode->i_rwsem);
	if (ret < 0)
		return ret;
	if (!b->used)
		return b->error;
	complete_last(b, (u64)file->f_pos);
	if (copy_to_user(ubuf, b->buf, b->used)) {
		file->f_pos = start;
		return -EFAULT;
	}
	touch_atime(file);
	return (ssize_t)b->used;
}

static long do_getdents(unsigned int fd, void *ubuf, unsigned int count, bool old_format)
{
	struct dirent_buf b = { .size = min((size_t)count, PAGE_SIZE), .old_format = old_format };
	struct fd f = fdget_pos(fd);
	ssize_t ret;

	if (!f.file)
		return -EBADF;
	if (!f.file->f_op->iterate) {
		ret = -ENOTDIR;
	} else if (!(b.buf = kmalloc(PAGE_SIZE, GFP_KERNEL))) {
		ret = -ENOMEM;
	} else {
		ret = list_directory(f.file, ubuf, &b);
		kfree(b.buf);
	}
	fdput_pos(f);
	return ret;
}

/* sys_getdents64 - Ref: getdents(2).  -EBADF, -ENOTDIR, -EINVAL (buffer), -ENOENT (removed), -EFAULT */
long sys_getdents64(unsigned int fd, void *dirents, unsigned int count)
{
	return do_getdents(fd, dirents, count, false);
}

long sys_getdents(unsigned int fd, void *dirents, unsigned int count)
{
	return do_getdents(fd, dirents, count, true);
}
