/*
 * fs/filemap_io.c - read(2) and write(2) of files whose content is in the page cache
 *
 * Reading: find the page, copy to the user, let go.  No inode lock: only a reference to each page.  The size is looked
 * at after the page is known to be up to date, so a truncation in between shows zeros or the end, never old bytes.
 * A hole of a file that is only in memory is read as zeros without making a page.
 *
 * Writing holds the inode's i_rwsem for write: writers of one file exclude each other, O_APPEND finds its end, and no
 * truncation interferes.  Per page:
 *
 *     1. touch the source, so that its page is likely there          (may sleep and fault; no page locked)
 *     2. take the page's lock
 *     3. copy with faults disabled                                    (the source may be a mapping of this very page,
 *     4. unlock; if nothing was copied go to 1, at a smaller piece     whose fault wants the lock we hold)
 *
 * Step 3 stops early only if the source's page went away between 1 and 3; then 1 brings it back.  An address that
 * cannot be read fails in step 1: EFAULT, or a short count when something was written.
 *
 * What a write leaves of a new page is zeros, so a page is always up to date when it is unlocked, and reading it
 * beside the writer is fine.
 */
#include <uapi/uio.h>
#include "internal.h"

/* --- reading --- */

/* Either a user's buffer or the kernel's. */
struct sink {
	char *buf;
	bool is_kernel;
};

static size_t sink_copy(struct sink *to, const void *from, size_t n)
{
	size_t left = 0;

	if (to->is_kernel)
		memcpy(to->buf, from, n);
	else
		left = copy_to_user(to->buf, from, n);
	to->buf += n - left;
	return left;
}

static size_t sink_zero(struct sink *to, size_t n)
{
	size_t left = 0;

	if (to->is_kernel)
		memset(to->buf, 0, n);
	else
		left = clear_user(to->buf, n);
	to->buf += n - left;
	return left;
}

/* The page to read from, up to date and referenced; NULL for a hole; ERR_PTR. */
static struct page *page_for_read(struct file *file, struct address_space *as, pgoff_t index)
{
	struct page *page = filemap_find_page(as, index);

	if (likely(page && PageUptodate(page)))
		return page;
	if (page)
		put_page(page);
	else if (as->flags & AS_UNEVICTABLE)
		return NULL;
	return filemap_read_page(file, as, index);
}

static ssize_t read_pages(struct file *file, struct sink to, size_t len, loff_t *ppos)
{
	struct address_space *as = file->f_mapping;
	loff_t pos = *ppos;
	ssize_t err = 0;

	while (len) {
		size_t off = (u64)pos & (PAGE_SIZE - 1), n = min(len, PAGE_SIZE - off), left;
		struct page *page;
		u64 size;

		if ((u64)pos >= READ_ONCE(as->i_size))
			break;
		page = page_for_read(file, as, (u64)pos >> PAGE_SHIFT);
		if (IS_ERR(page)) {
			err = PTR_ERR(page);
			break;
		}
		size = READ_ONCE(
			as->i_size); /* after the page: what is below it now is the file's */
		if ((u64)pos >= size) {
			if (page)
				put_page(page);
			break;
		}
		n = min(n, size - (u64)pos);
		if (page) {
			char *addr = kmap_local_page(page);

			left = sink_copy(&to, addr + off, n);
			kunmap_local(addr);
			put_page(page);
		} else {
			left = sink_zero(&to, n);
		}
		pos += (loff_t)(n - left);
		len -= n - left;
		if (left) {
			err = -EFAULT;
			break;
		}
		cond_resched();
	}
	if (pos != *ppos) {
		err = pos - *ppos;
		*ppos = pos;
	}
	return err;
}

/* generic_file_read - file_operations.read through the page cache; bytes, 0 at the end, -errno when none */
ssize_t generic_file_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	ssize_t done = read_pages(file, (struct sink){ ubuf, false }, len, pos);

	if (done >= 0)
		touch_atime(file);
	return done;
}

/* generic_kernel_read - the same into a kernel buffer */
ssize_t generic_kernel_read(struct file *file, void *buf, size_t len, loff_t pos)
{
	return read_pages(file, (struct sink){ buf, true }, len, &pos);
}

/* --- writing --- */

/*
 * Where a write may go and how far: O_APPEND, the caller's limit, the file system's.
 *
 * Return: bytes that may be written from *pos on, 0 for a write of nothing; -EFBIG (with SIGXFSZ at the limit).
 */
static ssize_t write_checks(struct file *file, size_t len, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	u64 limit = rlimit(RLIMIT_FSIZE), max = inode->i_sb->s_max_bytes;

	if (!len)
		return 0;
	if (file->f_flags & O_APPEND)
		*pos = (loff_t)inode->i_data.i_size;
	if ((u64)*pos >= limit) {
		send_sig_self(SIGXFSZ);
		return -EFBIG;
	}
	if ((u64)*pos >= max)
		return -EFBIG;
	return (ssize_t)min(len, min(limit, max) - (u64)*pos);
}

/* The page at @index locked, charged if it is new; ERR_PTR(-ENOSPC) when memory or the file system is full. */
static struct page *page_for_write(struct inode *inode, pgoff_t index)
{
	struct address_space *as = &inode->i_data;
	struct page *page = filemap_find_page(as, index);
	bool charged = false;

	if (page)
		put_page(page);
	else if (ramfs_charge_page(inode))
		return ERR_PTR(-ENOSPC);
	else
		charged = true;
	page = filemap_grab_page(as, index);
	if (!page) {
		if (charged)
			ramfs_recharge(inode);
		return ERR_PTR(-ENOSPC);
	}
	return page;
}

/* Copy up to @n bytes to @off in a locked page; a page that was not up to date is, with zeros around them. */
static size_t fill_page(struct page *page, size_t off, const char *src, size_t n, bool is_kernel)
{
	char *addr = kmap_local_page(page);
	bool fresh = !PageUptodate(page);
	size_t left = 0;

	if (fresh && n < PAGE_SIZE)
		clear_page(addr);
	if (is_kernel)
		memcpy(addr + off, src, n);
	else
		left = copy_from_user_inatomic(addr + off, src, n);
	if (fresh) {
		if (n == PAGE_SIZE)
			memset(addr + (n - left), 0, left);
		SetPageUptodate(page);
	}
	kunmap_local(addr);
	set_page_dirty(page);
	return n - left;
}

/*
 * Write one segment; i_rwsem held for write.
 * Return: bytes written; -errno when none.
 */
static ssize_t write_segment(struct inode *inode, const char *src, size_t len, loff_t *ppos,
			     bool is_kernel)
{
	loff_t pos = *ppos;
	ssize_t err = 0;
	size_t piece = PAGE_SIZE;

	while (len) {
		size_t off = (u64)pos & (PAGE_SIZE - 1), n = min(min(len, piece), PAGE_SIZE - off),
		       done;
		struct page *page;

		if (!is_kernel && fault_in_readable(src, n) == n) {
			err = -EFAULT;
			break;
		}
		page = page_for_write(inode, (u64)pos >> PAGE_SHIFT);
		if (IS_ERR(page)) {
			err = PTR_ERR(page);
			break;
		}
		done = fill_page(page, off, src, n, is_kernel);
		if ((u64)pos + done > inode->i_data.i_size)
			WRITE_ONCE(inode->i_data.i_size, (u64)pos + done);
		unlock_page(page);
		put_page(page);
		if (!done)
			piece = max(
				n / 2,
				(size_t)1); /* two pages of source that evict each other: less at a time */
		pos += (loff_t)done;
		src += done;
		len -= done;
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		cond_resched();
	}
	if (pos != *ppos) {
		err = pos - *ppos;
		*ppos = pos;
	}
	return err;
}

static ssize_t write_segments(struct file *file, const struct iovec *vec, unsigned long nr,
			      size_t total, loff_t *ppos, bool is_kernel)
{
	struct inode *inode = file->f_inode;
	loff_t pos = *ppos;
	ssize_t allowed, done = 0, err = 0;

	down_write(&inode->i_rwsem);
	allowed = write_checks(file, total, &pos);
	if (allowed > 0) {
		inode_strip_privileges(inode);
		inode_touch(inode);
	}
	for (; allowed > 0 && nr; nr--, vec++) {
		size_t n = min((size_t)allowed, (size_t)vec->iov_len);

		err = write_segment(inode, vec->iov_base, n, &pos, is_kernel);
		if (err < 0)
			break;
		done += err;
		allowed -= err;
		if ((size_t)err < n)
			break;
	}
	up_write(&inode->i_rwsem);
	if (allowed < 0)
		return allowed;
	if (done)
		*ppos = pos;
	return done ? done : err;
}

ssize_t generic_file_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	struct iovec vec = { (void *)ubuf, len };

	return write_segments(file, &vec, 1, len, pos, false);
}

static ssize_t generic_file_writev(struct file *file, const struct iovec *vec, unsigned long nr,
				   size_t total, loff_t *pos)
{
	return write_segments(file, vec, nr, total, pos, false);
}

ssize_t generic_kernel_write(struct file *file, const void *buf, size_t len, loff_t *pos)
{
	struct iovec vec = { (void *)buf, len };

	return write_segments(file, &vec, 1, len, pos, true);
}

/* --- position --- */

/**
 * generic_file_llseek - lseek(2) on a file with a size
 *
 * SEEK_DATA and SEEK_HOLE take the file as one piece of data with a hole behind its end, which lseek(2) allows.
 * Return: the new position; -EINVAL; -ENXIO (SEEK_DATA or SEEK_HOLE at or past the end).
 */
loff_t generic_file_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t size = (loff_t)READ_ONCE(file->f_mapping->i_size);

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow(offset, file->f_pos, &offset))
			return -EINVAL;
		break;
	case SEEK_END:
		if (__builtin_add_overflow(offset, size, &offset))
			return -EINVAL;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		if (whence == SEEK_HOLE)
			offset = size;
		break;
	default:
		return -EINVAL;
	}
	if (offset < 0 || (u64)offset > file->f_inode->i_sb->s_max_bytes)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

static int noop_fsync(struct file *file)
{
	(void)file;
	return 0;
}

const struct file_operations ramfs_file_fops = {
	.read = generic_file_read,
	.write = generic_file_write,
	.writev = generic_file_writev,
	.read_kernel = generic_kernel_read,
	.write_kernel = generic_kernel_write,
	.llseek = generic_file_llseek,
	.mmap = generic_file_mmap,
	.fsync = noop_fsync,
};
