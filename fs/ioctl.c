/*
 * fs/ioctl.c - ioctl(2): what every descriptor understands, then the file's own requests
 *
 * FIOCLEX, FIONCLEX and FIONBIO concern the descriptor or the open file; FIONREAD of a regular file is what is left to
 * read.  Everything else is the driver's; a file without one answers ENOTTY.
 */
#include <uapi/ioctl.h>
#include "internal.h"

static long set_nonblock(struct file *file, unsigned long arg)
{
	int on;

	if (get_user(on, (int *)arg))
		return -EFAULT;
	if (on)
		__atomic_or_fetch(&file->f_flags, O_NONBLOCK, __ATOMIC_RELAXED);
	else
		__atomic_and_fetch(&file->f_flags, ~(unsigned int)O_NONBLOCK, __ATOMIC_RELAXED);
	return 0;
}

static long regular_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == FIONREAD)
		return put_user((int)((loff_t)file->f_inode->i_data.i_size - file->f_pos),
				(int *)arg);
	return -ENOTTY;
}

static long do_ioctl(unsigned int fd, struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case FIOCLEX:
		return sys_fcntl(fd, F_SETFD, FD_CLOEXEC);
	case FIONCLEX:
		return sys_fcntl(fd, F_SETFD, 0);
	case FIONBIO:
		return set_nonblock(file, arg);
	}
	if (file->f_op->ioctl)
		return file->f_op->ioctl(file, cmd, arg);
	if (S_ISREG(file->f_inode->i_mode))
		return regular_ioctl(file, cmd, arg);
	return -ENOTTY;
}

long sys_ioctl(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	struct fd f = fdget(fd);
	long ret;

	if (!f.file)
		return -EBADF;
	ret = do_ioctl(fd, f.file, cmd, arg);
	fdput(f);
	return ret;
}
