/*
 * fs/file.c - file descriptors: small numbers for open files
 *
 * A table is an array of files and two bitmaps: numbers in use, and numbers to be closed by exec.  The lowest free
 * number is found from next_fd, below which none is free.  A number is taken first (its bit), then the file is made,
 * then installed: so a call that fails half-way gives the number back, and no other thread sees a half-open file.
 *
 * Tables start with room for 64 in the structure itself and double on demand, up to RLIMIT_NOFILE.
 *
 * Locking: files->lock for every change.  Readers of a table that only the current task uses take neither lock nor
 * reference: nobody else can close the file before the call ends.  (Others, like /proc/[pid]/fd, only look, under the
 * lock, and take a reference for what they keep.)  Readers of a shared table take the lock and a reference.  As no
 * reader goes without the lock while the table is shared, growing can free the old arrays at once.
 */
#include <lib/bitmap.h>
#include "internal.h"

/* --- tables --- */

static struct kmem_cache *files_cache;

void fd_table_init(void)
{
	files_cache =
		kmem_cache_create("files_cache", sizeof(struct files_struct), 0, SLAB_PANIC, NULL);
}

/* files_alloc - an empty table with one user; NULL when out of memory */
struct files_struct *files_alloc(void)
{
	struct files_struct *files = kmem_cache_zalloc(files_cache, GFP_KERNEL);

	if (!files)
		return NULL;
	atomic_set(&files->count, 1);
	spin_lock_init(&files->lock, LOCK_FILES);
	files->max_fds = NR_OPEN_DEFAULT;
	files->fd = files->fd_array;
	files->open_fds = files->open_fds_init;
	files->close_on_exec = files->close_on_exec_init;
	return files;
}

struct fd_arrays {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds, *close_on_exec;
};

/* Room for descriptor @nr: one block for array and bitmaps.  A power of two, at least one word of bits. */
static int arrays_alloc(struct fd_arrays *a, unsigned int nr)
{
	size_t bits;
	char *mem;

	a->max_fds = NR_OPEN_DEFAULT;
	while (a->max_fds <= nr)
		a->max_fds *= 2;
	bits = a->max_fds / 8;
	mem = kzalloc(a->max_fds * sizeof(struct file *) + 2 * bits, GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	a->fd = (struct file **)(void *)mem;
	mem += a->max_fds * sizeof(struct file *);
	a->open_fds = (unsigned long *)(void *)mem;
	a->close_on_exec = (unsigned long *)(void *)(mem + bits);
	return 0;
}

static void arrays_install(struct files_struct *files, const struct fd_arrays *a)
{
	files->max_fds = a->max_fds;
	files->fd = a->fd;
	files->open_fds = a->open_fds;
	files->close_on_exec = a->close_on_exec;
}

static void arrays_free(struct files_struct *files, struct file **fd)
{
	if (fd != files->fd_array)
		kfree(fd);
}

/* Make room for descriptor @nr.  Drops and retakes files->lock. */
static int files_grow(struct files_struct *files, unsigned int nr)
{
	struct fd_arrays a;
	struct file **old = NULL;
	int err;

	spin_unlock(&files->lock);
	err = arrays_alloc(&a, nr);
	spin_lock(&files->lock);
	if (err)
		return err;
	if (a.max_fds <= files->max_fds) { /* another thread was faster */
		old = a.fd;
	} else {
		memcpy(a.fd, files->fd, files->max_fds * sizeof(struct file *));
		memcpy(a.open_fds, files->open_fds, files->max_fds / 8);
		memcpy(a.close_on_exec, files->close_on_exec, files->max_fds / 8);
		old = files->fd;
		arrays_install(files, &a);
	}
	arrays_free(files, old);
	return 0;
}

/**
 * files_dup - a copy of @old for fork: the same open files under the same numbers
 *
 * Numbers taken but not installed yet stay with the old table.  Return: NULL when out of memory.
 */
struct files_struct *files_dup(struct files_struct *old)
{
	struct files_struct *files = files_alloc();
	unsigned int nr, i;

	if (!files)
		return NULL;
	spin_lock(&old->lock);
	for (;;) {
		struct fd_arrays a;

		nr = (unsigned int)find_last_bit(old->open_fds, old->max_fds);
		nr = nr == old->max_fds ? 0 : nr + 1;
		if (nr <= files->max_fds)
			break;
		spin_unlock(&old->lock);
		arrays_free(files, files->fd);
		if (arrays_alloc(&a, nr - 1)) {
			kmem_cache_free(files_cache, files);
			return NULL;
		}
		arrays_install(files, &a);
		spin_lock(&old->lock);
	}
	for (i = find_next_bit(old->open_fds, nr, 0); i < nr;
	     i = find_next_bit(old->open_fds, nr, i + 1)) {
		if (!old->fd[i])
			continue;
		files->fd[i] = get_file(old->fd[i]);
		__set_bit(i, files->open_fds);
		if (test_bit(i, old->close_on_exec))
			__set_bit(i, files->close_on_exec);
	}
	spin_unlock(&old->lock);
	return files;
}

void files_get(struct files_struct *files)
{
	atomic_inc(&files->count);
}

/* files_put - one user less; the last closes everything.  No lock held; may sleep. */
void files_put(struct files_struct *files)
{
	unsigned int i;

	if (!files || !atomic_dec_and_test(&files->count))
		return;
	for (i = 0; (i = find_next_bit(files->open_fds, files->max_fds, i)) < files->max_fds; i++)
		if (files->fd[i]) { /* a reserved number has no file yet */
			filp_close(files->fd[i], files);
			cond_resched();
		}
	arrays_free(files, files->fd);
	kmem_cache_free(files_cache, files);
}

/* files_unshare_exec - give the current task a table of its own; 0 or -ENOMEM */
int files_unshare_exec(void)
{
	struct files_struct *old = current->files, *files;

	if (atomic_read(&old->count) == 1)
		return 0;
	files = files_dup(old);
	if (!files)
		return -ENOMEM;
	spin_lock_irq(&process_table_lock); /* /proc looks at task->files under it */
	current->files = files;
	spin_unlock_irq(&process_table_lock);
	files_put(old);
	return 0;
}

static struct file *take_fd_locked(struct files_struct *files, unsigned int fd)
{
	struct file *file = files->fd[fd];

	files->fd[fd] = NULL;
	__clear_bit((int)fd, files->open_fds);
	__clear_bit((int)fd, files->close_on_exec);
	files->next_fd = min(files->next_fd, fd);
	return file;
}

void files_close_on_exec(void)
{
	struct files_struct *files = current->files;
	unsigned int fd;

	spin_lock(&files->lock);
	for (fd = 0; (fd = (unsigned int)find_next_bit(files->close_on_exec, files->max_fds, fd)) <
		     files->max_fds;
	     fd++) {
		struct file *file = take_fd_locked(files, fd);

		if (!file)
			continue;
		spin_unlock(&files->lock);
		filp_close(file, files);
		spin_lock(&files->lock);
	}
	spin_unlock(&files->lock);
}

/* fd_is_file - is @fd of the current task still @file? */
bool fd_is_file(unsigned int fd, const struct file *file)
{
	struct files_struct *files = current->files;
	bool is;

	spin_lock(&files->lock);
	is = fd < files->max_fds && files->fd[fd] == file;
	spin_unlock(&files->lock);
	return is;
}

struct file *files_next(struct files_struct *files, unsigned int *fd)
{
	struct file *file = NULL;

	spin_lock(&files->lock);
	for (; *fd < files->max_fds; ++*fd) {
		file = files->fd[*fd];
		if (file) {
			get_file(file);
			break;
		}
	}
	spin_unlock(&files->lock);
	return file;
}

/* files_lookup - the file behind @fd with a reference, or NULL; and whether an exec closes it */
struct file *files_lookup(struct files_struct *files, unsigned int fd, bool *close_on_exec)
{
	struct file *file = NULL;

	spin_lock(&files->lock);
	if (fd < files->max_fds && files->fd[fd]) {
		file = get_file(files->fd[fd]);
		if (close_on_exec)
			*close_on_exec = test_bit((int)fd, files->close_on_exec);
	}
	spin_unlock(&files->lock);
	return file;
}

unsigned int files_max_fds(struct task_struct *task)
{
	unsigned int max;

	spin_lock_irq(&process_table_lock);
	max = task->files ? task->files->max_fds : 0;
	spin_unlock_irq(&process_table_lock);
	return max;
}

/* --- looking a descriptor up --- */

struct fd __fdget_shared(struct files_struct *files, unsigned int fd, unsigned int refused_mode)
{
	struct fd f = { NULL, 0 };

	spin_lock(&files->lock);
	if (fd < files->max_fds && files->fd[fd] && !(files->fd[fd]->f_mode & refused_mode))
		f = (struct fd){ get_file(files->fd[fd]), FDPUT_FPUT };
	spin_unlock(&files->lock);
	return f;
}

/* fget - the open file behind @fd with a reference; NULL when there is none, or it was opened with O_PATH */
struct file *fget(int fd)
{
	struct fd f = fdget((unsigned int)fd);

	return !f.file || (f.flags & FDPUT_FPUT) ? f.file : get_file(f.file);
}

/* --- taking and giving back numbers --- */

static unsigned int nofile_limit(void)
{
	return (unsigned int)min(rlimit(RLIMIT_NOFILE), (u64)NR_OPEN_MAX);
}

/* The lowest free number in [start, end), marked as taken; -EMFILE, -ENOMEM. */
static int alloc_fd(unsigned int start, unsigned int end, unsigned int flags)
{
	struct files_struct *files = current->files;
	unsigned int fd;
	int err = 0;

	spin_lock(&files->lock);
	for (;;) {
		fd = max(start, files->next_fd);
		if (fd < files->max_fds)
			fd = (unsigned int)find_next_zero_bit(files->open_fds, files->max_fds, fd);
		if (fd >= end)
			err = -EMFILE;
		if (err || fd < files->max_fds)
			break;
		err = files_grow(files, fd);
		if (err)
			break;
	}
	if (!err) {
		if (start <= files->next_fd)
			files->next_fd = fd + 1;
		__set_bit((int)fd, files->open_fds);
		/* F_SETFD may have come just after the close of what had this number. */
		if (flags & O_CLOEXEC)
			__set_bit((int)fd, files->close_on_exec);
		else
			__clear_bit((int)fd, files->close_on_exec);
	}
	spin_unlock(&files->lock);
	return err ? err : (int)fd;
}

int get_unused_fd(unsigned int flags)
{
	return alloc_fd(0, nofile_limit(), flags);
}

void put_unused_fd(int fd)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	take_fd_locked(files, (unsigned int)fd);
	spin_unlock(&files->lock);
}

/* fd_install - from now on @fd is @file, whose reference the table takes over */
void fd_install(int fd, struct file *file)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	BUG_ON(files->fd[fd]);
	files->fd[fd] = file;
	spin_unlock(&files->lock);
}

/* --- closing --- */

/* filp_close - a descriptor of @files let go of @file: record locks of the process on it end */
int filp_close(struct file *file, struct files_struct *files)
{
	if (!list_empty(&file->f_inode->i_flock))
		locks_remove_posix(file->f_inode, files);
	fput_sync(file);
	return 0;
}

/* sys_close - Ref: close(2).  -EBADF */
long sys_close(unsigned int fd)
{
	struct files_struct *files = current->files;
	struct file *file = NULL;

	spin_lock(&files->lock);
	if (fd < files->max_fds && files->fd[fd])
		file = take_fd_locked(files, fd);
	spin_unlock(&files->lock);
	return file ? filp_close(file, files) : -EBADF;
}

static void close_span(struct files_struct *files, unsigned int fd, unsigned int last)
{
	for (;; fd++) {
		struct file *file = NULL;

		spin_lock(&files->lock);
		for (; fd <= last && fd < files->max_fds; fd++)
			if (files->fd[fd])
				break;
		if (fd <= last && fd < files->max_fds)
			file = take_fd_locked(files, fd);
		spin_unlock(&files->lock);
		if (!file)
			return;
		filp_close(file, files);
		cond_resched();
	}
}

/* sys_close_range - Ref: close_range(2).  -EINVAL, -ENOMEM (unsharing) */
long sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	struct files_struct *files;
	unsigned int fd;

	if ((flags & ~(unsigned int)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		int err = files_unshare_exec();

		if (err)
			return err;
	}
	files = current->files;
	if (!(flags & CLOSE_RANGE_CLOEXEC)) {
		close_span(files, first, last);
		return 0;
	}
	spin_lock(&files->lock);
	for (fd = first; fd <= last && fd < files->max_fds; fd++)
		if (files->fd[fd])
			__set_bit((int)fd, files->close_on_exec);
	spin_unlock(&files->lock);
	return 0;
}

/* --- duplicating --- */

/* f_dupfd - fcntl(F_DUPFD): the lowest number from @from on.  -EINVAL, -EMFILE, -ENOMEM */
static int f_dupfd(unsigned int from, struct file *file, unsigned int flags)
{
	unsigned int limit = nofile_limit();
	int fd;

	if (from >= limit)
		return -EINVAL;
	fd = alloc_fd(from, limit, flags);
	if (fd >= 0)
		fd_install(fd, get_file(file));
	return fd;
}

long sys_dup(unsigned int old_fd)
{
	struct fd f = fdget_raw(old_fd);
	int fd;

	if (!f.file)
		return -EBADF;
	fd = alloc_fd(0, nofile_limit(), 0);
	if (fd >= 0)
		fd_install(fd, get_file(f.file));
	fdput(f);
	return fd;
}

/* Put @file at number @fd, closing what is there: one step for other threads. */
static int replace_fd(struct files_struct *files, unsigned int fd, struct file *file,
		      unsigned int flags)
{
	struct file *old;

	spin_lock(&files->lock);
	while (fd >= files->max_fds) {
		int err = files_grow(files, fd);

		if (err) {
			spin_unlock(&files->lock);
			return err;
		}
	}
	old = files->fd[fd];
	if (!old && test_bit(fd, files->open_fds)) {
		spin_unlock(&files->lock);
		return -EBUSY; /* another thread's open is about to use it: dup2(2) */
	}
	files->fd[fd] = get_file(file);
	__set_bit((int)fd, files->open_fds);
	if (flags & O_CLOEXEC)
		__set_bit((int)fd, files->close_on_exec);
	else
		__clear_bit((int)fd, files->close_on_exec);
	spin_unlock(&files->lock);
	if (old)
		filp_close(old, files);
	return (int)fd;
}

/* sys_dup3 - Ref: dup(2).  -EINVAL (flags, or equal numbers), -EBADF, -EBUSY, -ENOMEM */
long sys_dup3(unsigned int old_fd, unsigned int new_fd, int flags)
{
	struct fd f;
	int ret;

	if ((flags & ~O_CLOEXEC) || old_fd == new_fd)
		return -EINVAL;
	if (new_fd >= nofile_limit())
		return -EBADF;
	f = fdget_raw(old_fd);
	if (!f.file)
		return -EBADF;
	/* @f may be what lives at new_fd in a table of one task only if the numbers are equal: the file stays. */
	ret = replace_fd(current->files, new_fd, f.file, (unsigned int)flags);
	fdput(f);
	return ret;
}

long sys_dup2(unsigned int old_fd, unsigned int new_fd)
{
	if (old_fd == new_fd) {
		struct fd f = fdget_raw(old_fd);

		fdput(f);
		return f.file ? (long)old_fd : -EBADF;
	}
	return sys_dup3(old_fd, new_fd, 0);
}

/* --- fcntl(2): what concerns the number --- */

static long fd_flags(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	struct files_struct *files = current->files;
	long ret = 0;

	spin_lock(&files->lock);
	if (cmd == F_GETFD)
		ret = test_bit(fd, files->close_on_exec) ? FD_CLOEXEC : 0;
	else if (arg & FD_CLOEXEC)
		__set_bit((int)fd, files->close_on_exec);
	else
		__clear_bit((int)fd, files->close_on_exec);
	spin_unlock(&files->lock);
	return ret;
}

#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | O_ASYNC)

/* F_SETFL: only these bits can change; the access mode and the rest are kept. */
static int set_file_flags(struct file *file, unsigned int flags)
{
	if ((flags & O_NOATIME) && !(file->f_flags & O_NOATIME) &&
	    !inode_owner_or_capable(file->f_inode))
		return -EPERM;
	WRITE_ONCE(file->f_flags,
		   (file->f_flags & ~(unsigned int)SETFL_MASK) | (flags & SETFL_MASK));
	return 0;
}

static long do_fcntl(unsigned int fd, struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case F_DUPFD:
		return f_dupfd((unsigned int)min(arg, (unsigned long)UINT32_MAX), file, 0);
	case F_DUPFD_CLOEXEC:
		return f_dupfd((unsigned int)min(arg, (unsigned long)UINT32_MAX), file, O_CLOEXEC);
	case F_GETFD:
	case F_SETFD:
		return fd_flags(fd, cmd, arg);
	case F_GETFL:
		return (long)file->f_flags;
	}
	if (file->f_mode & FMODE_PATH)
		return -EBADF;
	switch (cmd) {
	case F_SETFL:
		return set_file_flags(file, (unsigned int)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return posix_lock_ioctl(fd, file, cmd, (struct flock *)arg);
	case F_SETPIPE_SZ:
		return pipe_set_size(file, arg);
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	default:
		return -EINVAL;
	}
}

/* sys_fcntl - Ref: fcntl(2).  Leases, owners of SIGIO and seals do not exist here: EINVAL. */
long sys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	struct fd f = fdget_raw(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	ret = do_fcntl(fd, f.file, cmd, arg);
	fdput(f);
	return ret;
}
