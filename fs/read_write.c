/*
 * fs/read_write.c - read, write and their many forms: positions, vectors, from file to file
 *
 * Each call takes hold of its file, checks what is the same for all files (open mode, length, buffer range), and
 * leaves the rest to the file's operations.  Every transfer is cut to MAX_RW_COUNT, as in Linux, so that results fit
 * an int.  Pipes and devices take no position lock; what has no position leaves f_pos alone, which stays 0.
 *
 * Vectors: a file that must see one write (regular files with O_APPEND, pipes up to PIPE_BUF) has a writev operation;
 * for others the segments follow each other.  Reading stops after a short segment, and on a stream also when going on
 * would sleep.
 */
#include <uapi/stat.h>
#include <uapi/uio.h>
#include "internal.h"

#define MAX_RW_COUNT ((size_t)INT32_MAX & ~(PAGE_SIZE - 1))

/* --- one buffer --- */

/* What read and write check alike: 0 or -EINVAL, -EFAULT. */
static int check_area(const void *ubuf, size_t len, loff_t pos)
{
	if (unlikely(!access_ok(ubuf, len)))
		return -EFAULT;
	if (unlikely((ssize_t)len < 0 || pos < 0))
		return -EINVAL;
	return 0;
}

/* Both are inlined into read(2) and write(2), the shortest way to a file. */

/* do_read - up to @len bytes from *pos, which moves.  0 at the end; -EBADF, -EINVAL, -EFAULT, -EISDIR, the file's */
static __always_inline ssize_t do_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	int err;

	if (unlikely(!(file->f_mode & FMODE_READ)))
		return -EBADF;
	if (unlikely(!file->f_op->read))
		return S_ISDIR(file->f_inode->i_mode) ? -EISDIR : -EINVAL;
	err = check_area(ubuf, len, *pos);
	if (unlikely(err))
		return err;
	return file->f_op->read(file, ubuf, min(len, MAX_RW_COUNT), pos);
}

/* do_write - the other direction; fewer than @len bytes when something stopped it after the first */
static __always_inline ssize_t do_write(struct file *file, const char *ubuf, size_t len,
					loff_t *pos)
{
	int err;

	if (unlikely(!(file->f_mode & FMODE_WRITE)))
		return -EBADF;
	if (unlikely(!file->f_op->write))
		return -EINVAL;
	err = check_area(ubuf, len, *pos);
	if (unlikely(err))
		return err;
	return file->f_op->write(file, ubuf, min(len, MAX_RW_COUNT), pos);
}

ssize_t vfs_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	return do_read(file, ubuf, len, pos);
}

ssize_t vfs_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	return do_write(file, ubuf, len, pos);
}

long sys_read(unsigned int fd, char *buf, size_t len)
{
	struct fd f = fdget_pos(fd);
	ssize_t ret;

	if (unlikely(!f.file))
		return -EBADF;
	ret = do_read(f.file, buf, len, &f.file->f_pos);
	fdput_pos(f);
	return ret;
}

long sys_write(unsigned int fd, const char *buf, size_t len)
{
	struct fd f = fdget_pos(fd);
	ssize_t ret;

	if (unlikely(!f.file))
		return -EBADF;
	ret = do_write(f.file, buf, len, &f.file->f_pos);
	fdput_pos(f);
	return ret;
}

long sys_pread64(unsigned int fd, char *buf, size_t len, loff_t pos)
{
	struct fd f;
	ssize_t ret;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	ret = f.file->f_mode & FMODE_LSEEK ? vfs_read(f.file, buf, len, &pos) : -ESPIPE;
	fdput(f);
	return ret;
}

long sys_pwrite64(unsigned int fd, const char *buf, size_t len, loff_t pos)
{
	struct fd f;
	ssize_t ret;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	ret = f.file->f_mode & FMODE_LSEEK ? vfs_write(f.file, buf, len, &pos) : -ESPIPE;
	fdput(f);
	return ret;
}

/* sys_lseek - Ref: lseek(2).  -EBADF, -ESPIPE, -EINVAL, -ENXIO */
long sys_lseek(unsigned int fd, loff_t offset, unsigned int whence)
{
	struct fd f = fdget_pos(fd);
	loff_t ret;

	if (!f.file)
		return -EBADF;
	if (whence > SEEK_HOLE)
		ret = -EINVAL;
	else if (!(f.file->f_mode & FMODE_LSEEK))
		ret = -ESPIPE;
	else
		ret = f.file->f_op->llseek(f.file, offset, (int)whence);
	fdput_pos(f);
	return ret;
}

/* --- vectors --- */

#define UIO_FASTIOV 8u /* segments that need no allocation */

struct vector {
	struct iovec fast[UIO_FASTIOV], *vec;
	unsigned long nr;
	size_t total;
};

static void vector_free(struct vector *v)
{
	if (v->vec != v->fast)
		kfree(v->vec);
}

/* Every segment in range; the whole cut to MAX_RW_COUNT.  readv(2): -EINVAL, -EFAULT */
static int vector_check(struct vector *v)
{
	unsigned long i;

	v->total = 0;
	for (i = 0; i < v->nr; i++) {
		struct iovec *seg = &v->vec[i];

		if ((ssize_t)seg->iov_len < 0)
			return -EINVAL;
		if (!access_ok(seg->iov_base, seg->iov_len))
			return -EFAULT;
		if (seg->iov_len > MAX_RW_COUNT - v->total)
			seg->iov_len = MAX_RW_COUNT - v->total;
		v->total += seg->iov_len;
	}
	return 0;
}

/* Copy a user's vector in.  On success vector_free is due. */
static int vector_import(struct vector *v, const struct iovec *uvec, unsigned long nr)
{
	int err;

	v->vec = v->fast;
	v->nr = nr;
	if (nr > UIO_MAXIOV)
		return -EINVAL;
	if (nr > UIO_FASTIOV) {
		v->vec = kmalloc(nr * sizeof(struct iovec), GFP_KERNEL);
		if (!v->vec)
			return -ENOMEM;
	}
	err = copy_from_user(v->vec, uvec, nr * sizeof(struct iovec)) ? -EFAULT : vector_check(v);
	if (err)
		vector_free(v);
	return err;
}

/* Would reading more from a stream sleep? */
static bool stream_is_dry(struct file *file)
{
	return !(file->f_mode & FMODE_LSEEK) && file->f_op->poll &&
	       !(file->f_op->poll(file, NULL) & (POLLIN | POLLHUP));
}

static ssize_t do_readv(struct file *file, const struct vector *v, loff_t *pos)
{
	ssize_t done = 0;
	unsigned long i;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	for (i = 0; i < v->nr; i++) {
		ssize_t n;

		if (!v->vec[i].iov_len)
			continue;
		if (done && stream_is_dry(file))
			break;
		n = vfs_read(file, v->vec[i].iov_base, v->vec[i].iov_len, pos);
		if (n < 0)
			return done ? done : n;
		done += n;
		if ((size_t)n < v->vec[i].iov_len)
			break;
	}
	return done;
}

static ssize_t do_writev(struct file *file, const struct vector *v, loff_t *pos)
{
	ssize_t done = 0;
	unsigned long i;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!v->total)
		return 0;
	if (file->f_op->writev)
		return file->f_op->writev(file, v->vec, v->nr, v->total, pos);
	for (i = 0; i < v->nr; i++) {
		ssize_t n;

		if (!v->vec[i].iov_len)
			continue;
		n = vfs_write(file, v->vec[i].iov_base, v->vec[i].iov_len, pos);
		if (n < 0)
			return done ? done : n;
		done += n;
		if ((size_t)n < v->vec[i].iov_len)
			break;
	}
	return done;
}

static ssize_t vector_call(unsigned int fd, const struct iovec *uvec, unsigned long nr,
			   ssize_t (*call)(struct file *file, const struct vector *v, loff_t *pos))
{
	struct fd f = fdget_pos(fd);
	struct vector v;
	ssize_t ret;

	if (!f.file)
		return -EBADF;
	ret = vector_import(&v, uvec, nr);
	if (!ret) {
		ret = call(f.file, &v, &f.file->f_pos);
		vector_free(&v);
	}
	fdput_pos(f);
	return ret;
}

long sys_readv(unsigned long fd, const struct iovec *vec, unsigned long nr)
{
	return vector_call((unsigned int)fd, vec, nr, do_readv);
}

long sys_writev(unsigned long fd, const struct iovec *vec, unsigned long nr)
{
	return vector_call((unsigned int)fd, vec, nr, do_writev);
}

static ssize_t vector_call_at(unsigned int fd, const struct iovec *uvec, unsigned long nr,
			      loff_t pos,
			      ssize_t (*call)(struct file *file, const struct vector *v,
					      loff_t *pos))
{
	struct vector v;
	struct fd f;
	ssize_t ret;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	ret = f.file->f_mode & FMODE_LSEEK ? vector_import(&v, uvec, nr) : -ESPIPE;
	if (!ret) {
		ret = call(f.file, &v, &pos);
		vector_free(&v);
	}
	fdput(f);
	return ret;
}

long sys_preadv(unsigned long fd, const struct iovec *vec, unsigned long nr, unsigned long pos_l,
		unsigned long pos_h)
{
	(void)pos_h; /* the upper half for 32-bit programs; 64 bits fit in the first */
	return vector_call_at((unsigned int)fd, vec, nr, (loff_t)pos_l, do_readv);
}

long sys_pwritev(unsigned long fd, const struct iovec *vec, unsigned long nr, unsigned long pos_l,
		 unsigned long pos_h)
{
	(void)pos_h;
	return vector_call_at((unsigned int)fd, vec, nr, (loff_t)pos_l, do_writev);
}

/* RWF_*: hints about I/O that do not apply to memory; RWF_NOWAIT and RWF_APPEND would, and are refused. */
static int check_rwf(int flags)
{
	return flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC) ? -EOPNOTSUPP : 0;
}

long sys_preadv2(unsigned long fd, const struct iovec *vec, unsigned long nr, unsigned long pos_l,
		 unsigned long pos_h, int flags)
{
	if (check_rwf(flags))
		return -EOPNOTSUPP;
	return (long)pos_l == -1 ? sys_readv(fd, vec, nr) : sys_preadv(fd, vec, nr, pos_l, pos_h);
}

long sys_pwritev2(unsigned long fd, const struct iovec *vec, unsigned long nr, unsigned long pos_l,
		  unsigned long pos_h, int flags)
{
	if (check_rwf(flags))
		return -EOPNOTSUPP;
	return (long)pos_l == -1 ? sys_writev(fd, vec, nr) : sys_pwritev(fd, vec, nr, pos_l, pos_h);
}

/* --- kernel buffers, and from file to file --- */

/* kernel_read - read at @pos into a kernel buffer; bytes, 0 at the end, -errno */
ssize_t kernel_read(struct file *file, void *buf, size_t len, loff_t pos)
{
	if (!(file->f_mode & (FMODE_READ | FMODE_EXEC)))
		return -EBADF;
	if (!file->f_op->read_kernel)
		return -EINVAL;
	return file->f_op->read_kernel(file, buf, min(len, MAX_RW_COUNT), pos);
}

ssize_t kernel_write(struct file *file, const void *buf, size_t len, loff_t *pos)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!file->f_op->write_kernel)
		return -EINVAL;
	return file->f_op->write_kernel(file, buf, min(len, MAX_RW_COUNT), pos);
}

/*
 * Copy up to @len bytes from @in at *in_pos to @out at *out_pos through one kernel page.  Both positions move by what
 * was written; what was read beyond that is read again next time.
 *
 * Return: bytes, or -errno when none.
 */
static ssize_t copy_between(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos,
			    size_t len)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	ssize_t done = 0, n = 0;

	if (!buf)
		return -ENOMEM;
	while (len) {
		size_t want = min(len, PAGE_SIZE - ((u64)*in_pos & (PAGE_SIZE - 1)));
		ssize_t got = kernel_read(in, buf, want, *in_pos);

		n = got;
		if (got <= 0)
			break;
		n = kernel_write(out, buf, (size_t)got, out_pos);
		if (n <= 0)
			break;
		*in_pos += n;
		done += n;
		len -= (size_t)n;
		if (n < got || fatal_signal_pending(current))
			break;
		cond_resched();
	}
	kfree(buf);
	return done ? done : n;
}

static ssize_t do_sendfile(struct file *out, struct file *in, loff_t *in_pos, size_t count)
{
	ssize_t ret;

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!in->f_op->read_kernel || !out->f_op->write_kernel || (out->f_flags & O_APPEND))
		return -EINVAL;
	if (*in_pos < 0 || (ssize_t)count < 0)
		return -EINVAL;
	ret = copy_between(in, in_pos, out, &out->f_pos, min(count, MAX_RW_COUNT));
	if (ret > 0)
		touch_atime(in);
	return ret;
}

/*
 * sys_sendfile - Ref: sendfile(2)
 *
 * From files in the page cache to such files and pipes; EINVAL otherwise, which makes programs read and write.  The
 * position locks of both files are not held together: two calls crossing each other would wait for ever.
 */
long sys_sendfile(int out_fd, int in_fd, loff_t *uoffset, size_t count)
{
	struct fd in, out;
	loff_t pos = 0;
	ssize_t ret;

	if (uoffset && get_user(pos, uoffset))
		return -EFAULT;
	in = fdget((unsigned int)in_fd);
	if (!in.file)
		return -EBADF;
	out = fdget((unsigned int)out_fd);
	if (!out.file) {
		fdput(in);
		return -EBADF;
	}
	if (!uoffset)
		pos = in.file->f_pos;
	if (uoffset && !(in.file->f_mode & FMODE_LSEEK))
		ret = -ESPIPE;
	else
		ret = do_sendfile(out.file, in.file, &pos, count);
	if (!uoffset && ret > 0)
		in.file->f_pos = pos;
	else if (uoffset && put_user(pos, uoffset))
		ret = -EFAULT;
	fdput(out);
	fdput(in);
	return ret;
}

static ssize_t do_copy_range(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos,
			     size_t len)
{
	if (S_ISDIR(in->f_inode->i_mode) || S_ISDIR(out->f_inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(in->f_inode->i_mode) || !S_ISREG(out->f_inode->i_mode))
		return -EINVAL;
	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE) || (out->f_flags & O_APPEND))
		return -EBADF;
	if (*in_pos < 0 || *out_pos < 0 || (ssize_t)len < 0)
		return -EINVAL;
	if (!in->f_op->read_kernel || !out->f_op->write_kernel)
		return -EOPNOTSUPP;
	if (*in_pos >= (loff_t)in->f_inode->i_data.i_size)
		return 0;
	len = min(len, in->f_inode->i_data.i_size - (u64)*in_pos);
	if (in->f_inode == out->f_inode && *in_pos < *out_pos + (loff_t)len &&
	    *out_pos < *in_pos + (loff_t)len)
		return -EINVAL;
	return copy_between(in, in_pos, out, out_pos, min(len, MAX_RW_COUNT));
}

/* sys_copy_file_range - Ref: copy_file_range(2).  Between regular files in the page cache. */
long sys_copy_file_range(int fd_in, loff_t *uoff_in, int fd_out, loff_t *uoff_out, size_t len,
			 unsigned int flags)
{
	struct fd in = fdget((unsigned int)fd_in), out;
	loff_t in_pos, out_pos;
	ssize_t ret = -EFAULT;

	if (!in.file)
		return -EBADF;
	out = fdget((unsigned int)fd_out);
	if (!out.file) {
		fdput(in);
		return -EBADF;
	}
	in_pos = in.file->f_pos;
	out_pos = out.file->f_pos;
	if ((uoff_in && get_user(in_pos, uoff_in)) || (uoff_out && get_user(out_pos, uoff_out)))
		goto out;
	ret = flags ? -EINVAL : do_copy_range(in.file, &in_pos, out.file, &out_pos, len);
	if (ret <= 0)
		goto out;
	if (!uoff_in)
		in.file->f_pos = in_pos;
	else if (put_user(in_pos, uoff_in))
		ret = -EFAULT;
	if (!uoff_out)
		out.file->f_pos = out_pos;
	else if (put_user(out_pos, uoff_out))
		ret = -EFAULT;
out:
	fdput(out);
	fdput(in);
	return ret;
}
