/*
 * fs/proc/fd.c - /proc/[pid]/{fd,fdinfo}: the open descriptors of a process
 *
 * fd/N is a link that leads to the open file's object itself, fdinfo/N a text about it.  Both directories are read
 * while the process opens and closes: the position is a descriptor, so none that stays open is missed or told twice.
 *
 * Locking: the table of another task is taken with a reference under process_table_lock, since its exit gives it
 * back; then files->lock for each descriptor.  A held table makes the owner's fdget take the slow way for a moment.
 *
 * Source: proc(5).
 */
#include "internal.h"

#include <fs/fdtable.h>
#include <lib/err.h>
#include <lib/kstrtox.h>

#define LINK_SIZE 64 /* what lstat(2) says of a link's length, whatever it is */

static struct files_struct *get_files(struct task_struct *task)
{
	struct files_struct *files;
	unsigned long flags;

	spin_lock_irqsave(&process_table_lock, flags);
	files = task->files;
	if (files)
		files_get(files);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return files;
}

/* The open file behind @task's @fd with a reference, or NULL. */
static struct file *task_file(struct task_struct *task, unsigned int fd, bool *close_on_exec)
{
	struct files_struct *files = get_files(task);
	struct file *file;

	if (!files)
		return NULL;
	file = files_lookup(files, fd, close_on_exec);
	files_put(files);
	return file;
}

/* --- fd/N --- */

static int fd_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	struct proc_inode *pi = PROC_I(dentry->d_inode);
	struct file *file;

	if (!proc_may_look(pi->task))
		return -EACCES;
	file = task_file(pi->task, pi->fd, NULL);
	return file ? proc_file_link(file, buf, size, jump) : -ENOENT;
}

static u32 link_mode(const struct file *file)
{
	return S_IFLNK | (file->f_mode & FMODE_READ ? 0500 : 0) |
	       (file->f_mode & FMODE_WRITE ? 0300 : 0);
}

/* The name stands for the descriptor, whatever is open there now: it goes when that is closed. */
static int fd_revalidate(struct dentry *dentry)
{
	struct proc_inode *pi = PROC_I(dentry->d_inode);
	struct file *file = proc_task_alive(pi->task) ? task_file(pi->task, pi->fd, NULL) : NULL;

	if (!file)
		return 0;
	if (S_ISLNK(dentry->d_inode->i_mode))
		WRITE_ONCE(dentry->d_inode->i_mode, link_mode(file));
	fput(file);
	proc_update_owner(dentry->d_inode);
	return 1;
}

static const struct inode_operations fd_link_iops = { .get_link = fd_get_link,
						      .getattr = proc_pid_getattr,
						      .setattr = proc_setattr };
static const struct dentry_operations fd_dentry_ops = { .d_revalidate = fd_revalidate };

/* --- fdinfo/N --- */

static int fdinfo_show(struct seq_file *m, void *v)
{
	const struct proc_inode *pi = m->private;
	bool close_on_exec = false;
	struct file *file = task_file(pi->task, pi->fd, &close_on_exec);

	(void)v;
	if (!file)
		return -ENOENT;
	seq_printf(m, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%lu\n", READ_ONCE(file->f_pos),
		   READ_ONCE(file->f_flags) | (close_on_exec ? O_CLOEXEC : 0), file->f_path.mnt->id,
		   file->f_inode->i_ino);
	fput(file);
	return 0;
}

static int fdinfo_open(struct inode *inode, struct file *file)
{
	return proc_may_look(PROC_I(inode)->task) ? single_open(file, fdinfo_show, PROC_I(inode))
						  : -EACCES;
}

static const struct inode_operations fdinfo_iops = { .getattr = proc_pid_getattr,
						     .setattr = proc_setattr };
static const struct file_operations fdinfo_fops = {
	.open = fdinfo_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/* --- the two directories --- */

static struct dentry *lookup_descriptor(struct inode *dir, struct dentry *dentry, bool info)
{
	struct task_struct *task = PROC_I(dir)->task;
	struct inode *inode;
	struct file *file;
	unsigned int fd;
	u32 mode;

	if (proc_name_to_number(&dentry->d_name, &fd))
		return ERR_PTR(-ENOENT);
	file = task_file(task, fd, NULL);
	if (!file)
		return ERR_PTR(-ENOENT);
	mode = info ? S_IFREG | 0444 : link_mode(file);
	fput(file);
	inode = proc_pid_inode(dir->i_sb, task, mode, (info ? PLACE_FDINFO : PLACE_FD) + fd);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	PROC_I(inode)->fd = fd;
	inode->i_op = info ? &fdinfo_iops : &fd_link_iops;
	inode->i_data.i_size = info ? 0 : LINK_SIZE;
	if (info)
		inode->i_fop = &fdinfo_fops;
	proc_instantiate(dentry, inode);
	dentry->d_op = &fd_dentry_ops;
	return NULL;
}

static struct dentry *fd_lookup(struct inode *dir, struct dentry *dentry)
{
	return lookup_descriptor(dir, dentry, false);
}

static struct dentry *fdinfo_lookup(struct inode *dir, struct dentry *dentry)
{
	return lookup_descriptor(dir, dentry, true);
}

static int list_descriptors(struct file *file, filldir_t fill, void *ctx, bool info)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;
	struct files_struct *files;
	struct file *open;
	unsigned int fd;

	if (!proc_task_alive(task))
		return -ENOENT;
	if (!proc_emit_dots(file, fill, ctx))
		return 0;
	files = get_files(task);
	if (!files)
		return 0;
	for (fd = (unsigned int)file->f_pos - 2; (open = files_next(files, &fd)); fd++) {
		char name[12];
		int len = scnprintf(name, sizeof(name), "%u", fd);

		fput(open);
		if (fill(ctx, name, (unsigned int)len, fd + 2,
			 PID_INO(task->pid, (info ? PLACE_FDINFO : PLACE_FD) + fd),
			 info ? DT_REG : DT_LNK))
			break;
		file->f_pos = (loff_t)fd + 3;
	}
	files_put(files);
	return 0;
}

static int fd_iterate(struct file *file, filldir_t fill, void *ctx)
{
	return list_descriptors(file, fill, ctx, false);
}

static int fdinfo_iterate(struct file *file, filldir_t fill, void *ctx)
{
	return list_descriptors(file, fill, ctx, true);
}

/* A process sees its own descriptors even when it may not look into itself otherwise (a set-user-id program). */
static int fd_permission(struct inode *inode, int mask)
{
	return PROC_I(inode)->task->signal == current->signal ? 0 : generic_permission(inode, mask);
}

const struct inode_operations proc_fd_dir_iops = { .lookup = fd_lookup,
						   .permission = fd_permission,
						   .getattr = proc_pid_getattr,
						   .setattr = proc_setattr };
const struct file_operations proc_fd_dir_fops = { .iterate = fd_iterate };
const struct inode_operations proc_fdinfo_dir_iops = { .lookup = fdinfo_lookup,
						       .permission = fd_permission,
						       .getattr = proc_pid_getattr,
						       .setattr = proc_setattr };
const struct file_operations proc_fdinfo_dir_fops = { .iterate = fdinfo_iterate };
