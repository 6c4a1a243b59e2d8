/*
 * fs/truncate.c - the size of files, and the pages behind it: truncate, fallocate, fadvise, sync
 *
 * A file's pages are the file (fs/ramfs.c), so fallocate fills holes with pages of zeros, punching a hole drops
 * whole pages, and there is nothing to write back.
 *
 * Locks: none on entry.  notify_change() and do_fallocate() take the inode's i_rwsem for write.
 *
 * Sources: truncate(2), fallocate(2), posix_fadvise(2), fsync(2).
 */
#include "internal.h"

/* do_truncate - cut or extend to @length; writing was allowed.  0, -EFBIG, -EROFS */
int do_truncate(const struct path *path, u64 length, unsigned int attr_flags)
{
	return notify_change(path, &(struct kstat){ .size = length }, ATTR_SIZE | attr_flags);
}

long sys_truncate(const char *uname, long length)
{
	struct inode *inode;
	struct path path;
	int err;

	if (length < 0)
		return -EINVAL;
	err = user_path_at(AT_FDCWD, uname, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	inode = path.dentry->d_inode;
	if (S_ISDIR(inode->i_mode))
		err = -EISDIR;
	else if (!S_ISREG(inode->i_mode))
		err = -EINVAL;
	if (!err)
		err = mnt_want_write(&path);
	if (!err)
		err = inode_permission(inode, MAY_WRITE);
	if (!err)
		err = get_write_access(inode);
	if (!err) {
		err = do_truncate(&path, (u64)length, 0);
		put_write_access(inode);
	}
	path_put(&path);
	return err;
}

long sys_ftruncate(unsigned int fd, long length)
{
	struct fd f;
	int err;

	if (length < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (!S_ISREG(f.file->f_inode->i_mode) || !(f.file->f_mode & FMODE_WRITE))
		err = -EINVAL;
	else
		err = do_truncate(&f.file->f_path, (u64)length, 0);
	fdput(f);
	return err;
}

/*
 * Fill [@first, @last] with pages; those made before an error stay, as holes that are filled.  i_rwsem for write, so
 * that no truncation drops a page meanwhile.
 */
static int allocate_pages(struct file *file, pgoff_t first, pgoff_t last)
{
	pgoff_t index;

	for (index = first; index <= last; index++) {
		struct page *page = filemap_read_page(file, file->f_mapping, index);

		if (IS_ERR(page))
			return PTR_ERR(page) == -ENOMEM ? -ENOSPC : (int)PTR_ERR(page);
		put_page(page);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* Whole pages go; the edges become zeros by truncation's own rules, so only their bytes are cleared here. */
static int punch_hole(struct file *file, u64 start, u64 end)
{
	struct inode *inode = file->f_inode;
	u64 at = start;

	while (at < end) {
		u64 stop = min(end, ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE);
		struct page *page;

		if (IS_ALIGNED(at, PAGE_SIZE) && end - at >= PAGE_SIZE) {
			stop = ALIGN_DOWN(end, PAGE_SIZE);
			truncate_range(&inode->i_data, at >> PAGE_SHIFT, (stop >> PAGE_SHIFT) - 1);
			ramfs_recharge(inode);
		} else if ((page = filemap_find_page(&inode->i_data, at >> PAGE_SHIFT))) {
			char *addr;

			lock_page(page);
			addr = kmap_local_page(page);
			memset(addr + (at & (PAGE_SIZE - 1)), 0, stop - at);
			kunmap_local(addr);
			unlock_page(page);
			put_page(page);
		}
		at = stop;
	}
	return 0;
}

static int do_fallocate(struct file *file, int mode, u64 start, u64 end)
{
	struct inode *inode = file->f_inode;
	int err = 0;

	down_write(&inode->i_rwsem);
	if (!(mode & FALLOC_FL_KEEP_SIZE) && end > inode->i_data.i_size &&
	    end > rlimit(RLIMIT_FSIZE)) {
		send_sig_self(SIGXFSZ);
		err = -EFBIG;
	} else if (mode & FALLOC_FL_PUNCH_HOLE) {
		err = punch_hole(file, start, end);
	} else {
		err = allocate_pages(file, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
		if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && end > inode->i_data.i_size)
			inode_set_size(inode, end);
	}
	if (!err)
		inode_touch(inode);
	up_write(&inode->i_rwsem);
	return err;
}

/* sys_fallocate - Ref: fallocate(2).  Plain, KEEP_SIZE, PUNCH_HOLE; other modes EOPNOTSUPP. */
long sys_fallocate(int fd, int mode, loff_t offset, loff_t len)
{
	struct fd f = fdget((unsigned int)fd);
	struct inode *inode;
	int err = 0;

	if (!f.file)
		return -EBADF;
	inode = f.file->f_inode;
	if (offset < 0 || len <= 0)
		err = -EINVAL;
	else if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		err = -EOPNOTSUPP;
	else if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
		err = -EOPNOTSUPP;
	else if (!(f.file->f_mode & FMODE_WRITE))
		err = -EBADF;
	else if (S_ISFIFO(inode->i_mode))
		err = -ESPIPE;
	else if (S_ISDIR(inode->i_mode))
		err = -EISDIR;
	else if (!S_ISREG(inode->i_mode))
		err = -ENODEV;
	else if (len > (loff_t)inode->i_sb->s_max_bytes - offset)
		err = -EFBIG;
	else if (inode->i_data.a_ops != &ramfs_aops)
		err = -EOPNOTSUPP;
	else
		err = do_fallocate(f.file, mode, (u64)offset, (u64)(offset + len));
	fdput(f);
	return err;
}

/* sys_fadvise64 - Ref: posix_fadvise(2).  Checked and otherwise without effect: files are in memory already. */
long sys_fadvise64(int fd, loff_t offset, loff_t len, int advice)
{
	struct fd f = fdget((unsigned int)fd);
	int err = 0;

	(void)offset;
	if (!f.file)
		return -EBADF;
	if (S_ISFIFO(f.file->f_inode->i_mode))
		err = -ESPIPE;
	else if (len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		err = -EINVAL;
	fdput(f);
	return err;
}

/* --- writing back: there is nothing behind the files --- */

long sys_sync(void)
{
	return 0;
}

long sys_fsync(unsigned int fd)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = f.file->f_op->fsync ? f.file->f_op->fsync(f.file) : -EINVAL;
	fdput(f);
	return err;
}

long sys_fdatasync(unsigned int fd)
{
	return sys_fsync(fd);
}

long sys_syncfs(int fd)
{
	struct fd f = fdget((unsigned int)fd);

	fdput(f);
	return f.file ? 0 : -EBADF;
}
