/*
 * include/fs/fdtable.h - file descriptors of a process, and how a system call takes hold of one
 *
 * A call looks its descriptor up once.  While the table belongs to one thread nobody can close the file under it,
 * so fdget takes no reference; a shared table costs a lock and an atomic increment (fs/file.c says why that is safe).
 */
#ifndef FS_FDTABLE_H
#define FS_FDTABLE_H

#include <fs/vfs.h>
#include <kernel/sched.h>

#define NR_OPEN_DEFAULT 64u      /* descriptors without a second allocation: one word of bits */
#define NR_OPEN_MAX     1048576u /* sysctl fs.nr_open */

struct files_struct {                 /* [f] lock; readers of an unshared table need none */
	atomic_t count;               /* [a] tasks that share it */
	spinlock_t lock;              /* rank LOCK_FILES */
	unsigned int max_fds;         /* [f] capacity */
	unsigned int next_fd;         /* [f] no free descriptor below */
	struct file **fd;             /* [f] */
	unsigned long *open_fds;      /* [f] bit: in use, perhaps not installed yet */
	unsigned long *close_on_exec; /* [f] */
	struct file *fd_array[NR_OPEN_DEFAULT];
	unsigned long open_fds_init[1], close_on_exec_init[1];
};

struct fd {
	struct file *file; /* NULL: bad descriptor */
	unsigned int flags;
};
#define FDPUT_FPUT 1u
#define FDPUT_POS  2u

struct fd __fdget_shared(struct files_struct *files, unsigned int fd, unsigned int refused_mode);

/* fdget_raw - also descriptors opened with O_PATH; for calls that only name a file */
static inline struct fd __fdget(unsigned int fd, unsigned int refused_mode)
{
	struct files_struct *files = current->files;
	struct file *file;

	if (unlikely(atomic_read(&files->count) != 1))
		return __fdget_shared(files, fd, refused_mode);
	if (unlikely(fd >= files->max_fds))
		return (struct fd){ NULL, 0 };
	file = files->fd[fd];
	if (unlikely(!file || (file->f_mode & refused_mode)))
		return (struct fd){ NULL, 0 };
	return (struct fd){ file, 0 };
}
static inline struct fd fdget(unsigned int fd) { return __fdget(fd, FMODE_PATH); }
static inline struct fd fdget_raw(unsigned int fd) { return __fdget(fd, 0); }

static inline void fdput(struct fd f)
{
	if (unlikely(f.flags & FDPUT_FPUT))
		fput(f.file);
}

/*
 * fdget_pos - and its position, for the calls that move it: locked when somebody else could move it too.  Devices and
 * pipes are never locked: a read that sleeps must not keep a write waiting.
 */
static inline struct fd fdget_pos(unsigned int fd)
{
	struct fd f = fdget(fd);

	if (f.file && (f.file->f_mode & FMODE_ATOMIC_POS) &&
	    ((f.flags & FDPUT_FPUT) || atomic_long_read(&f.file->f_count) > 1)) {
		f.flags |= FDPUT_POS;
		mutex_lock(&f.file->f_pos_lock);
	}
	return f;
}
static inline void fdput_pos(struct fd f)
{
	if (f.flags & FDPUT_POS)
		mutex_unlock(&f.file->f_pos_lock);
	fdput(f);
}

#endif
