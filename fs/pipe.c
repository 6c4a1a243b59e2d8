/*
 * fs/pipe.c - pipes and fifos: a ring of bytes between processes
 *
 *     pages[]   | 0 | 1 | ... | 15 |        ring of `size` bytes, 64 KiB unless F_SETPIPE_SZ says otherwise
 *                   ^start  ^start + used   (modulo size)
 *
 * A page is allocated when the first byte is put into it.  When the ring runs empty it begins at byte 0 again and
 * keeps only its first page: a ping-pong of small messages stays in one page, and an idle pipe holds no more.
 *
 * Rules of pipe(7): a write of up to PIPE_BUF bytes is all or nothing and not mixed with others; a longer one may be
 * split.  Reading an empty pipe without writers is the end of file, writing without readers SIGPIPE and EPIPE.
 * Opening a fifo waits for the other side, except O_NONBLOCK and O_RDWR.
 *
 * Invariants:
 *   P1  used <= size; bytes [start, start + used) lie in pages that exist;
 *   P2  readers and writers count open files by mode; with both 0 the ring is on its way out.
 *
 * Locking: pipe->mutex for the ring and the counts.  User memory is copied under it (its rank is before mmap_lock's).
 * Nobody sleeps for data or room while holding it; who sleeps looks at `used`, one word, without it.  fifo_lock covers
 * inode->i_private and the number of files that hold the ring.
 *
 * Not done: packet mode (O_DIRECT) is EINVAL; times of pipes are not kept; no splice.
 */
#include <uapi/ioctl.h>
#include <uapi/statfs.h>
#include <uapi/uio.h>
#include "internal.h"

#define PIPE_ATOMIC   4096u /* POSIX calls it PIPE_BUF */
#define PIPE_DEF_SIZE (16 * PAGE_SIZE)
#define PIPE_MAX_SIZE MiB /* for others than root: sysctl fs.pipe-max-size */

struct pipe_inode_info {
	struct mutex mutex;             /* rank LOCK_FILE_MISC */
	unsigned int start, used, size; /* bytes; size is a power of two, at least a page */
	unsigned int nr_pages;          /* allocated */
	char **pages;                   /* size / PAGE_SIZE */
	unsigned int readers, writers;
	unsigned int r_counter, w_counter; /* opens so far: a fifo's open waits for a change */
	unsigned int files;                /* fifo_lock */
	wait_queue_head_t rd_wait, wr_wait;
};

static DEFINE_SPINLOCK(fifo_lock, LOCK_FILES);
static struct mount *pipe_mnt;
static struct kmem_cache *pipe_cache;
static const struct file_operations pipe_fops;

/* --- the ring --- */

static struct pipe_inode_info *pipe_alloc(void)
{
	struct pipe_inode_info *pipe = kmem_cache_zalloc(pipe_cache, GFP_KERNEL);

	if (!pipe)
		return NULL;
	pipe->pages = kzalloc(PIPE_DEF_SIZE / PAGE_SIZE * sizeof(char *), GFP_KERNEL);
	if (!pipe->pages) {
		kmem_cache_free(pipe_cache, pipe);
		return NULL;
	}
	pipe->size = PIPE_DEF_SIZE;
	mutex_init(&pipe->mutex, LOCK_FILE_MISC);
	init_waitqueue_head(&pipe->rd_wait);
	init_waitqueue_head(&pipe->wr_wait);
	return pipe;
}

static void free_pages_from(struct pipe_inode_info *pipe, unsigned int first)
{
	unsigned int i;

	for (i = first; i < pipe->size / PAGE_SIZE; i++) {
		if (!pipe->pages[i])
			continue;
		free_page(pipe->pages[i]);
		pipe->pages[i] = NULL;
		pipe->nr_pages--;
	}
}

static void pipe_free(struct pipe_inode_info *pipe)
{
	free_pages_from(pipe, 0);
	kfree(pipe->pages);
	kmem_cache_free(pipe_cache, pipe);
}

/* The ring ran empty: begin at its first byte again. */
static void ring_reset(struct pipe_inode_info *pipe)
{
	pipe->start = 0;
	if (pipe->nr_pages > 1)
		free_pages_from(pipe, 1);
}

/* Move up to @len bytes out, a page's piece at a time; a piece that faults stays whole, as in Linux.  Bytes done. */
static size_t ring_get(struct pipe_inode_info *pipe, char *ubuf, size_t len)
{
	size_t done = 0;

	len = min(len, (size_t)pipe->used);
	while (len) {
		size_t off = pipe->start & (PAGE_SIZE - 1), n = min(len, PAGE_SIZE - off);

		if (unlikely(copy_to_user(ubuf + done, pipe->pages[pipe->start / PAGE_SIZE] + off,
					  n)))
			break;
		pipe->start = (pipe->start + (unsigned int)n) & (pipe->size - 1);
		WRITE_ONCE(pipe->used, pipe->used - (unsigned int)n);
		done += n;
		len -= n;
	}
	if (!pipe->used)
		ring_reset(pipe);
	return done;
}

/* Put @len bytes in, for which there is room.  Bytes done; fewer, by whole pieces, with *err set. */
static size_t ring_put(struct pipe_inode_info *pipe, const char *src, size_t len, bool is_kernel,
		       int *err)
{
	size_t done = 0;

	while (len) {
		unsigned int pos = (pipe->start + pipe->used) & (pipe->size - 1);
		size_t off = pos & (PAGE_SIZE - 1), n = min(len, PAGE_SIZE - off), left = 0;
		char **page = &pipe->pages[pos / PAGE_SIZE];

		if (unlikely(!*page)) {
			*page = __get_free_page(GFP_KERNEL);
			if (!*page) {
				*err = -ENOMEM;
				break;
			}
			pipe->nr_pages++;
		}
		if (is_kernel)
			memcpy(*page + off, src + done, n);
		else
			left = copy_from_user(*page + off, src + done, n);
		if (left) {
			*err = -EFAULT;
			break;
		}
		WRITE_ONCE(pipe->used, pipe->used + (unsigned int)n);
		done += n;
		len -= n;
	}
	return done;
}

/* --- reading and writing --- */

static bool can_read(const struct pipe_inode_info *pipe)
{
	return READ_ONCE(pipe->used) || !READ_ONCE(pipe->writers);
}

static bool can_write(const struct pipe_inode_info *pipe, size_t need)
{
	return READ_ONCE(pipe->size) - READ_ONCE(pipe->used) >= need || !READ_ONCE(pipe->readers);
}

/* Change the ring first, then look for sleepers: they do it the other way round (kernel/wait.c). */
static inline void pipe_wake(wait_queue_head_t *wq)
{
	smp_mb();
	if (unlikely(!list_empty(&wq->head)))
		wake_up_interruptible(wq);
}

/*
 * The ring is empty: wait for bytes, with the mutex dropped meanwhile.
 * Return: 0 with the mutex held and bytes there; 1 at the end of the file, or -errno, with it dropped.
 */
static __noinline int wait_for_bytes(struct pipe_inode_info *pipe, const struct file *file)
{
	int err = 0;

	while (!pipe->used) {
		if (!pipe->writers)
			err = 1;
		else if (file->f_flags & O_NONBLOCK)
			err = -EAGAIN;
		mutex_unlock(&pipe->mutex);
		if (err)
			return err;
		err = wait_event_interruptible(&pipe->rd_wait, can_read(pipe));
		if (err)
			return err;
		mutex_lock(&pipe->mutex);
	}
	return 0;
}

static ssize_t pipe_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct pipe_inode_info *pipe = file->private_data;
	size_t done;

	(void)pos;
	if (unlikely(!len))
		return 0;
	mutex_lock(&pipe->mutex);
	if (unlikely(!pipe->used)) {
		int err = wait_for_bytes(pipe, file);

		if (err)
			return err == 1 ? 0 : err;
	}
	done = ring_get(pipe, ubuf, len);
	mutex_unlock(&pipe->mutex);
	if (unlikely(!done))
		return -EFAULT;
	pipe_wake(&pipe->wr_wait);
	return (ssize_t)done;
}

/* The source of a write: segments of user memory, or one of the kernel's. */
struct source {
	const struct iovec *vec;
	size_t off;  /* in *vec */
	size_t left; /* bytes in all segments */
	bool is_kernel;
};

/* Put up to @room bytes of @src into the ring; bytes done, *err set when something stopped it. */
static size_t put_segments(struct pipe_inode_info *pipe, struct source *src, size_t room, int *err)
{
	size_t done = 0;

	while (room && src->left && !*err) {
		size_t n = min(room, (size_t)src->vec->iov_len - src->off), put;

		put = ring_put(pipe, (const char *)src->vec->iov_base + src->off, n, src->is_kernel,
			       err);
		done += put;
		room -= put;
		src->left -= put;
		src->off += put;
		if (src->off == src->vec->iov_len) {
			src->vec++;
			src->off = 0;
		}
	}
	return done;
}

/* Sleep until there is room for @need bytes; the mutex is dropped meanwhile. */
static int wait_for_room(struct pipe_inode_info *pipe, size_t need)
{
	int err;

	mutex_unlock(&pipe->mutex);
	pipe_wake(&pipe->rd_wait);
	err = wait_event_interruptible(&pipe->wr_wait, can_write(pipe, need));
	mutex_lock(&pipe->mutex);
	return err;
}

static ssize_t do_pipe_write(struct file *file, struct source *src)
{
	struct pipe_inode_info *pipe = file->private_data;
	size_t total = src->left, need = total <= PIPE_ATOMIC ? total : 1, done = 0;
	int err = 0;

	if (unlikely(!total))
		return 0;
	mutex_lock(&pipe->mutex);
	for (;;) {
		size_t room = pipe->size - pipe->used;

		if (unlikely(!pipe->readers)) {
			send_sig_self(SIGPIPE);
			err = -EPIPE;
			break;
		}
		if (room >= need) {
			done += put_segments(pipe, src, room, &err);
			if (err || !src->left)
				break;
			need = 1;
			continue;
		}
		err = file->f_flags & O_NONBLOCK ? -EAGAIN : wait_for_room(pipe, need);
		if (err)
			break;
	}
	mutex_unlock(&pipe->mutex);
	if (done)
		pipe_wake(&pipe->rd_wait);
	return done ? (ssize_t)done : err;
}

static __noinline ssize_t pipe_write_slow(struct file *file, const char *ubuf, size_t len)
{
	struct iovec vec = { (void *)ubuf, len };
	struct source src = { .vec = &vec, .left = len };

	return do_pipe_write(file, &src);
}

/*
 * Most writes: a few bytes that fit behind what is there in a page that exists.  Nothing can stop such a one half-way
 * but a fault on its source, and then it is left to the long way.
 */
static ssize_t pipe_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	struct pipe_inode_info *pipe = file->private_data;
	unsigned int end, used;
	char *page;

	(void)pos;
	mutex_lock(&pipe->mutex);
	used = pipe->used;
	end = (pipe->start + used) & (pipe->size - 1);
	page = pipe->pages[end / PAGE_SIZE];
	if (unlikely(!page || !pipe->readers ||
		     len - 1 >= min(PAGE_SIZE - end % PAGE_SIZE, (size_t)pipe->size - used) ||
		     copy_from_user(page + end % PAGE_SIZE, ubuf, len))) {
		mutex_unlock(&pipe->mutex);
		return pipe_write_slow(file, ubuf, len);
	}
	WRITE_ONCE(pipe->used, used + (unsigned int)len);
	mutex_unlock(&pipe->mutex);
	pipe_wake(&pipe->rd_wait);
	return (ssize_t)len;
}

static ssize_t pipe_writev(struct file *file, const struct iovec *vec, unsigned long nr,
			   size_t total, loff_t *pos)
{
	struct source src = { .vec = vec, .left = total };

	(void)pos;
	(void)nr;
	return do_pipe_write(file, &src);
}

static ssize_t pipe_write_kernel(struct file *file, const void *buf, size_t len, loff_t *pos)
{
	struct iovec vec = { (void *)buf, len };
	struct source src = { .vec = &vec, .left = len, .is_kernel = true };

	(void)pos;
	return do_pipe_write(file, &src);
}

static unsigned int pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe_inode_info *pipe = file->private_data;
	unsigned int mask = 0;

	if (file->f_mode & FMODE_READ)
		poll_wait(table, &pipe->rd_wait);
	if (file->f_mode & FMODE_WRITE)
		poll_wait(table, &pipe->wr_wait);
	if (file->f_mode & FMODE_READ) {
		if (READ_ONCE(pipe->used))
			mask |= POLLIN | POLLRDNORM;
		if (!READ_ONCE(pipe->writers) && file->f_version != READ_ONCE(pipe->w_counter))
			mask |= POLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		if (READ_ONCE(pipe->size) - READ_ONCE(pipe->used) >= PIPE_ATOMIC)
			mask |= POLLOUT | POLLWRNORM;
		if (!READ_ONCE(pipe->readers))
			mask |= POLLERR;
	}
	return mask;
}

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe_inode_info *pipe = file->private_data;

	if (cmd == FIONREAD)
		return put_user((int)READ_ONCE(pipe->used), (int *)arg);
	return -ENOTTY;
}

/* --- fcntl(F_SETPIPE_SZ, F_GETPIPE_SZ) --- */

static struct pipe_inode_info *file_pipe(struct file *file)
{
	return file->f_op == &pipe_fops ? file->private_data : NULL;
}

long pipe_get_size(struct file *file)
{
	struct pipe_inode_info *pipe = file_pipe(file);

	return pipe ? (long)READ_ONCE(pipe->size) : -EBADF;
}

/* Move the content to the beginning of a ring of @size bytes.  0, -EBUSY (it does not fit), -ENOMEM unchanged. */
static int ring_resize(struct pipe_inode_info *pipe, unsigned int size)
{
	char **pages = kzalloc(size / PAGE_SIZE * sizeof(char *), GFP_KERNEL);
	unsigned int used = pipe->used, nr = (unsigned int)DIV_ROUND_UP(used, PAGE_SIZE), i;

	if (used > size) {
		kfree(pages);
		return -EBUSY;
	}
	for (i = 0; pages && i < nr; i++) {
		pages[i] = __get_free_page(GFP_KERNEL);
		if (!pages[i])
			break;
	}
	if (!pages || i < nr) {
		while (pages && i)
			free_page(pages[--i]);
		kfree(pages);
		return -ENOMEM;
	}
	for (i = 0; i < used; i++) {
		unsigned int from = (pipe->start + i) & (pipe->size - 1);

		pages[i / PAGE_SIZE][i & (PAGE_SIZE - 1)] =
			pipe->pages[from / PAGE_SIZE][from & (PAGE_SIZE - 1)];
	}
	free_pages_from(pipe, 0);
	kfree(pipe->pages);
	pipe->pages = pages;
	pipe->nr_pages = nr;
	pipe->start = 0;
	WRITE_ONCE(pipe->size, size);
	return 0;
}

/* pipe_set_size - the size that was set, rounded up to a power of two; -EBADF, -EINVAL, -EPERM, -EBUSY, -ENOMEM */
long pipe_set_size(struct file *file, unsigned long arg)
{
	struct pipe_inode_info *pipe = file_pipe(file);
	unsigned int size = PAGE_SIZE;
	int err;

	if (!pipe)
		return -EBADF;
	arg = (unsigned int)arg;
	if (arg > 1UL << 31)
		return -EINVAL;
	while (size < arg)
		size *= 2;
	if (size > PIPE_MAX_SIZE && size > pipe->size && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	mutex_lock(&pipe->mutex);
	err = ring_resize(pipe, size);
	mutex_unlock(&pipe->mutex);
	if (err)
		return err;
	wake_up_interruptible(&pipe->wr_wait);
	return (long)size;
}

/* --- opening and closing --- */

/* The ring of a fifo's inode, made by the first opener; one more file holds it.  NULL when out of memory. */
static struct pipe_inode_info *pipe_hold(struct inode *inode)
{
	struct pipe_inode_info *fresh = pipe_alloc(), *pipe;

	if (!fresh)
		return NULL;
	spin_lock(&fifo_lock);
	pipe = inode->i_private;
	if (!pipe)
		inode->i_private = pipe = fresh;
	pipe->files++;
	spin_unlock(&fifo_lock);
	if (pipe != fresh)
		pipe_free(fresh);
	return pipe;
}

static void pipe_drop(struct inode *inode, struct pipe_inode_info *pipe)
{
	bool last;

	spin_lock(&fifo_lock);
	last = --pipe->files == 0;
	if (last)
		inode->i_private = NULL;
	spin_unlock(&fifo_lock);
	if (last)
		pipe_free(pipe);
}

static void count_openers(struct pipe_inode_info *pipe, unsigned int mode)
{
	if (mode & FMODE_READ) {
		pipe->readers++;
		pipe->r_counter++;
	}
	if (mode & FMODE_WRITE) {
		pipe->writers++;
		pipe->w_counter++;
	}
}

static void leave_pipe(struct inode *inode, struct pipe_inode_info *pipe, unsigned int mode)
{
	mutex_lock(&pipe->mutex);
	if (mode & FMODE_READ)
		pipe->readers--;
	if (mode & FMODE_WRITE)
		pipe->writers--;
	mutex_unlock(&pipe->mutex);
	wake_up_all(&pipe->rd_wait);
	wake_up_all(&pipe->wr_wait);
	pipe_drop(inode, pipe);
}

static int pipe_release(struct inode *inode, struct file *file)
{
	leave_pipe(inode, file->private_data, file->f_mode);
	return 0;
}

/*
 * Having been counted, wait until the other side has come, if this open does.
 * Return: 0; -ENXIO (O_NONBLOCK for writing, no reader); -ERESTARTSYS.
 */
static int wait_for_partner(struct pipe_inode_info *pipe, struct file *file, unsigned int mode)
{
	bool nonblock = file->f_flags & O_NONBLOCK;
	unsigned int seen;

	if (mode == FMODE_READ && !pipe->writers) {
		seen = pipe->w_counter;
		if (nonblock) {
			file->f_version = seen; /* no POLLHUP before a first writer came */
			return 0;
		}
		mutex_unlock(&pipe->mutex);
		return wait_event_interruptible(&pipe->rd_wait, READ_ONCE(pipe->w_counter) != seen)
			       ? -ERESTARTSYS
			       : 1;
	}
	if (mode == FMODE_WRITE && !pipe->readers) {
		seen = pipe->r_counter;
		mutex_unlock(&pipe->mutex);
		return wait_event_interruptible(&pipe->wr_wait, READ_ONCE(pipe->r_counter) != seen)
			       ? -ERESTARTSYS
			       : 1;
	}
	return 0;
}

/* fifo_open - Ref: fifo(7) */
static int fifo_open(struct inode *inode, struct file *file)
{
	unsigned int mode = file->f_mode & (FMODE_READ | FMODE_WRITE);
	struct pipe_inode_info *pipe;
	int err;

	if (!mode)
		return -EINVAL;
	pipe = pipe_hold(inode);
	if (!pipe)
		return -ENOMEM;
	mutex_lock(&pipe->mutex);
	if (mode == FMODE_WRITE && !pipe->readers && (file->f_flags & O_NONBLOCK)) {
		mutex_unlock(&pipe->mutex);
		pipe_drop(inode, pipe);
		return -ENXIO;
	}
	count_openers(pipe, mode);
	wake_up_all(&pipe->rd_wait);
	wake_up_all(&pipe->wr_wait);
	err = wait_for_partner(pipe, file, mode);
	if (!err)
		mutex_unlock(&pipe->mutex);
	if (err < 0) {
		leave_pipe(inode, pipe, mode);
		return err;
	}
	file->private_data = pipe;
	file->f_op = &pipe_fops;
	return 0;
}

const struct file_operations fifo_fops = { .open = fifo_open };

static const struct file_operations pipe_fops = {
	.read = pipe_read,
	.write = pipe_write,
	.writev = pipe_writev,
	.write_kernel = pipe_write_kernel,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
};

/* --- pipe(2) --- */

static char *pipefs_dname(struct dentry *dentry, char *buf, size_t len)
{
	int n = scnprintf(buf, len, "pipe:[%lu]", dentry->d_inode->i_ino);

	return (size_t)n + 1 >= len ? ERR_PTR(-ENAMETOOLONG) : buf;
}

static const struct dentry_operations pipefs_dops = { .d_dname = pipefs_dname };

static int pipefs_fill_super(struct super_block *sb, const char *data)
{
	(void)data;
	sb->s_magic = PIPEFS_MAGIC;
	sb->s_root = d_make_root(new_inode(sb, S_IFDIR | 0555));
	return sb->s_root ? 0 : -ENOMEM;
}

static struct file_system_type pipefs_type = {
	.name = "pipefs",
	.fill_super = pipefs_fill_super,
	.flags = FS_NODEV,
};

void pipefs_init(void)
{
	struct super_block *sb = sget_kernel(&pipefs_type);

	pipe_cache = kmem_cache_create("pipe_inode_info", sizeof(struct pipe_inode_info), 0,
				       SLAB_PANIC, NULL);
	pipe_mnt = IS_ERR(sb) ? NULL : kern_mount(sb);
	if (!pipe_mnt)
		panic("pipe: out of memory");
}

/* A dentry outside any directory, with the pipe's inode and ring. */
static struct dentry *pipe_dentry(void)
{
	struct super_block *sb = pipe_mnt->sb;
	struct dentry *dentry = d_alloc(NULL, &(struct qstr){ .name = "", .len = 0 });
	struct inode *inode;

	if (!dentry)
		return NULL;
	inode = new_inode(sb, S_IFIFO | 0600);
	if (!inode) {
		dput(dentry);
		return NULL;
	}
	dentry->d_sb = sb;
	dentry->d_op = &pipefs_dops;
	inode->i_fop = &fifo_fops;
	d_instantiate(dentry, inode);
	return dentry;
}

static struct file *pipe_end(struct dentry *dentry, struct pipe_inode_info *pipe,
			     unsigned int flags)
{
	struct path path = { pipe_mnt, dentry };
	struct file *file;

	path_get(&path);
	file = alloc_file(&path, flags, &pipe_fops);
	if (!file) {
		path_put(&path);
		return NULL;
	}
	file->private_data = pipe;
	return file;
}

/* Both ends of a new pipe; 0 or -ENOMEM. */
static int create_pipe(struct file *ends[2], unsigned int flags)
{
	struct dentry *dentry = pipe_dentry();
	struct pipe_inode_info *pipe = pipe_alloc();
	int err = -ENOMEM;

	if (!dentry || !pipe)
		goto out;
	ends[0] = pipe_end(dentry, pipe, O_RDONLY | flags);
	ends[1] = ends[0] ? pipe_end(dentry, pipe, O_WRONLY | flags) : NULL;
	if (!ends[1]) {
		if (ends[0]) {
			path_put(&ends[0]->f_path);
			file_free(ends[0]);
		}
		goto out;
	}
	pipe->files = 2;
	count_openers(pipe, FMODE_READ);
	count_openers(pipe, FMODE_WRITE);
	dentry->d_inode->i_private = pipe;
	pipe = NULL;
	err = 0;
out:
	if (pipe)
		pipe_free(pipe);
	dput(dentry);
	return err;
}

/* sys_pipe2 - Ref: pipe(2).  -EINVAL, -EMFILE, -ENOMEM, -EFAULT */
long sys_pipe2(int *ufds, int flags)
{
	struct file *ends[2];
	int fds[2], err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = create_pipe(ends, (unsigned int)flags & O_NONBLOCK);
	if (err)
		return err;
	err = fds[0] = get_unused_fd((unsigned int)flags);
	if (err < 0)
		goto out_files;
	err = fds[1] = get_unused_fd((unsigned int)flags);
	if (err < 0)
		goto out_fd;
	err = copy_to_user(ufds, fds, sizeof(fds)) ? -EFAULT : 0;
	if (err)
		goto out_fds;
	fd_install(fds[0], ends[0]);
	fd_install(fds[1], ends[1]);
	return 0;
out_fds:
	put_unused_fd(fds[1]);
out_fd:
	put_unused_fd(fds[0]);
out_files:
	fput_sync(ends[0]);
	fput_sync(ends[1]);
	return err;
}

long sys_pipe(int *ufds)
{
	return sys_pipe2(ufds, 0);
}
