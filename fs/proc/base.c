/*
 * fs/proc/base.c - /proc/[pid]: one directory for each process, made of one table
 *
 * An inode here holds a reference to its task, which may die at any time: the task_struct stays, and every window
 * asks first whether the process is still in the table.  A name looked up again after that is gone (revalidate).
 *
 * Inode numbers: (pid + 1) * 4096 + place in the table; descriptors from 2048 on.
 */
#include "internal.h"

#include <arch/uaccess.h>
#include <kernel/fault_inject.h>
#include <lib/err.h>
#include <lib/kstrtox.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>

#define PID_INO(pid, place) (((u64)(pid) + 1) * 4096 + (place))
#define PLACE_FD            2048

bool proc_task_alive(const struct task_struct *task)
{
	return READ_ONCE(task->exit_state) != TASK_DEAD;
}

/* --- windows of text --- */

static int pid_show(struct seq_file *m, void *v)
{
	struct proc_inode *pi = m->private;

	(void)v;
	return proc_task_alive(pi->task) ? pi->entry->show(m, pi->task) : -ESRCH;
}

static int pid_open(struct inode *inode, struct file *file)
{
	return single_open(file, pid_show, PROC_I(inode));
}

static const struct file_operations pid_text_fops = {
	.open = pid_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static int show_comm(struct seq_file *m, struct task_struct *task)
{
	seq_printf(m, "%s\n", task->comm);
	return 0;
}

/* --- strings on the process's own stack --- */

/* [*start, *end) of the strings a window shows. */
static void string_range(struct mm_struct *mm, bool env, vaddr_t *start, vaddr_t *end)
{
	spin_lock(&mm->arg_lock);
	*start = env ? mm->env_start : mm->arg_start;
	*end = env ? mm->env_end : mm->arg_end;
	spin_unlock(&mm->arg_lock);
}

static ssize_t read_strings(struct file *file, char *ubuf, size_t len, loff_t *pos, bool env)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;
	struct mm_struct *mm;
	size_t done = 0;
	vaddr_t start, end;
	char *page;

	if (!proc_task_alive(task))
		return -ESRCH;
	mm = get_task_mm(task);
	if (!mm)
		return 0;
	page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!page) {
		mmput(mm);
		return -ENOMEM;
	}
	string_range(mm, env, &start, &end);
	while (done < len && *pos >= 0 && start + (u64)*pos < end) {
		size_t want =
			min(min(len - done, (size_t)PAGE_SIZE), (size_t)(end - start - (u64)*pos));
		size_t got = access_remote_vm(mm, start + (u64)*pos, page, want, false, false);

		got -= copy_to_user(ubuf + done, page, got);
		if (!got) {
			if (!done)
				done = (size_t)-EFAULT;
			break;
		}
		done += got;
		*pos += (loff_t)got;
	}
	kfree(page);
	mmput(mm);
	return (ssize_t)done;
}

static ssize_t cmdline_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	return read_strings(file, ubuf, len, pos, false);
}

static ssize_t environ_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	return read_strings(file, ubuf, len, pos, true);
}

static loff_t plain_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	return file->f_pos = offset;
}

static const struct file_operations cmdline_fops = { .read = cmdline_read, .llseek = plain_lseek };
static const struct file_operations environ_fops = { .read = environ_read, .llseek = plain_lseek };

static ssize_t auxv_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;
	struct mm_struct *mm = proc_task_alive(task) ? get_task_mm(task) : NULL;
	size_t size = 0, n = 0;

	if (!mm)
		return 0;
	while (size < AT_VECTOR_SIZE && mm->saved_auxv[size])
		size += 2;
	size = min(size + 2, (size_t)AT_VECTOR_SIZE) * sizeof(mm->saved_auxv[0]);
	if (*pos >= 0 && (u64)*pos < size) {
		n = min(len, size - (size_t)*pos);
		n -= copy_to_user(ubuf, (char *)mm->saved_auxv + *pos, n);
		*pos += (loff_t)n;
	}
	mmput(mm);
	return (ssize_t)n;
}

static const struct file_operations auxv_fops = { .read = auxv_read, .llseek = plain_lseek };

#ifdef DEBUG
/* --- fail-nth: the nth allocation from now on fails (kernel/fault_inject.c) --- */

static int show_fail_nth(struct seq_file *m, struct task_struct *task)
{
	seq_printf(m, "%d\n", task->fail_nth);
	return 0;
}

static ssize_t fail_nth_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;
	char text[16] = "";
	long n;

	(void)pos;
	if (len >= sizeof(text) || copy_from_user(text, ubuf, len))
		return len >= sizeof(text) ? -EINVAL : -EFAULT;
	if (kstrtol(text, 10, &n) || n < 0 || n > 0x7fffffff)
		return -EINVAL;
	WRITE_ONCE(task->fail_nth, (int)n);
	return (ssize_t)len;
}

static const struct file_operations fail_nth_fops = {
	.open = pid_open,
	.read = seq_read,
	.write = fail_nth_write,
	.llseek = seq_lseek,
	.release = single_release,
};
#endif

/* --- links: they lead to the object itself; readlink(2) asks for the name it has now --- */

/* Consumes the references in @target. */
static int jump_or_text(struct path *target, char *buf, size_t size, struct path *jump)
{
	char *text;
	size_t len;

	if (jump) {
		*jump = *target;
		return 0;
	}
	text = d_path(target, buf, size);
	path_put(target);
	if (IS_ERR(text))
		return (int)PTR_ERR(text);
	len = strlen(text);
	memmove(buf, text, len + 1);
	return (int)len;
}

static int file_link(struct file *file, char *buf, size_t size, struct path *jump)
{
	struct path target;

	if (!file)
		return -ENOENT;
	target = file->f_path;
	path_get(&target);
	fput(file);
	return jump_or_text(&target, buf, size, jump);
}

static int exe_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	struct task_struct *task = PROC_I(dentry->d_inode)->task;
	struct mm_struct *mm = proc_task_alive(task) ? get_task_mm(task) : NULL;
	struct file *file;

	if (!mm)
		return -ENOENT;
	file = mm_get_exe_file(mm);
	mmput(mm);
	return file_link(file, buf, size, jump);
}

static struct fs_struct *get_fs(struct task_struct *task)
{
	struct fs_struct *fs;
	unsigned long flags;

	spin_lock_irqsave(&process_table_lock, flags);
	fs = task->fs;
	if (fs)
		fs_get(fs);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return fs;
}

static int cwd_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	struct fs_struct *fs = get_fs(PROC_I(dentry->d_inode)->task);
	struct path target;

	if (!fs)
		return -ENOENT;
	spin_lock(&fs->lock);
	target = fs->pwd;
	path_get(&target);
	spin_unlock(&fs->lock);
	fs_put(fs);
	return jump_or_text(&target, buf, size, jump);
}

static int root_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	struct fs_struct *fs = get_fs(PROC_I(dentry->d_inode)->task);
	struct path target;

	if (!fs)
		return -ENOENT;
	spin_lock(&fs->lock);
	target = fs->root;
	path_get(&target);
	spin_unlock(&fs->lock);
	fs_put(fs);
	return jump_or_text(&target, buf, size, jump);
}

static const struct inode_operations exe_iops = { .get_link = exe_get_link };
static const struct inode_operations cwd_iops = { .get_link = cwd_get_link };
static const struct inode_operations root_iops = { .get_link = root_get_link };

/* --- fd/: a link for each open descriptor --- */

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

static struct file *task_file(struct task_struct *task, unsigned int fd)
{
	struct files_struct *files = get_files(task);
	unsigned int found = fd;
	struct file *file;

	if (!files)
		return NULL;
	file = files_next(files, &found);
	files_put(files);
	if (file && found != fd) {
		fput(file);
		file = NULL;
	}
	return file;
}

static int fd_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	struct proc_inode *pi = PROC_I(dentry->d_inode);

	return file_link(task_file(pi->task, pi->fd), buf, size, jump);
}

static const struct inode_operations fd_link_iops = { .get_link = fd_get_link };

static struct inode *pid_inode(struct super_block *sb, struct task_struct *task, u32 mode,
			       u64 place)
{
	struct inode *inode = proc_new_inode(sb, mode, PID_INO(task->pid, place));

	if (!inode)
		return NULL;
	get_task_struct(task);
	PROC_I(inode)->task = task;
	inode->i_uid = task->cred.euid;
	inode->i_gid = task->cred.egid;
	return inode;
}

static struct dentry *fd_lookup(struct inode *dir, struct dentry *dentry)
{
	struct task_struct *task = PROC_I(dir)->task;
	unsigned int fd, mode = 0;
	struct inode *inode;
	struct file *file;

	if (kstrtouint(dentry->d_name.name, 10, &fd))
		return ERR_PTR(-ENOENT);
	file = task_file(task, fd);
	if (!file)
		return ERR_PTR(-ENOENT);
	mode |= file->f_mode & FMODE_READ ? 0500 : 0;
	mode |= file->f_mode & FMODE_WRITE ? 0300 : 0;
	fput(file);
	inode = pid_inode(dir->i_sb, task, S_IFLNK | mode, PLACE_FD + fd);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	PROC_I(inode)->fd = fd;
	inode->i_op = &fd_link_iops;
	return proc_instantiate(dentry, inode);
}

static bool emit_dots(struct file *file, filldir_t fill, void *ctx)
{
	if (file->f_pos == 0) {
		if (fill(ctx, ".", 1, 0, file->f_inode->i_ino, DT_DIR))
			return false;
		file->f_pos = 1;
	}
	if (file->f_pos == 1) {
		if (fill(ctx, "..", 2, 1, file->f_path.dentry->d_parent->d_inode->i_ino, DT_DIR))
			return false;
		file->f_pos = 2;
	}
	return true;
}

static int fd_iterate(struct file *file, filldir_t fill, void *ctx)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;
	struct files_struct *files;
	struct file *open;
	unsigned int fd;

	if (!emit_dots(file, fill, ctx))
		return 0;
	files = get_files(task);
	if (!files)
		return -ENOENT;
	for (fd = (unsigned int)file->f_pos - 2; (open = files_next(files, &fd)); fd++) {
		char name[12];
		int len = scnprintf(name, sizeof(name), "%u", fd);

		fput(open);
		if (fill(ctx, name, (unsigned int)len, fd + 2, PID_INO(task->pid, PLACE_FD + fd),
			 DT_LNK))
			break;
		file->f_pos = (loff_t)fd + 3;
	}
	files_put(files);
	return 0;
}

static const struct inode_operations fd_dir_iops = { .lookup = fd_lookup };
static const struct file_operations fd_dir_fops = { .iterate = fd_iterate };

/* --- the table --- */

static const struct inode_operations no_iops;

#define TEXT(n, m, f)                                                                     \
	{                                                                                 \
		.name = n, .mode = S_IFREG | (m), .iop = &no_iops, .fop = &pid_text_fops, \
		.show = f                                                                 \
	}
#define WINDOW(n, m, f)                                                     \
	{                                                                   \
		.name = n, .mode = S_IFREG | (m), .iop = &no_iops, .fop = f \
	}
#define LINK(n, i)                                          \
	{                                                   \
		.name = n, .mode = S_IFLNK | 0777, .iop = i \
	}
#define DIR(n, m, i, f)                                              \
	{                                                            \
		.name = n, .mode = S_IFDIR | (m), .iop = i, .fop = f \
	}

static const struct pid_entry pid_table[] = {
	DIR("fd", 0500, &fd_dir_iops, &fd_dir_fops),
	WINDOW("environ", 0400, &environ_fops),
	WINDOW("auxv", 0400, &auxv_fops),
	TEXT("status", 0444, proc_pid_status),
	TEXT("comm", 0444, show_comm),
	WINDOW("cmdline", 0444, &cmdline_fops),
	TEXT("stat", 0444, proc_pid_stat),
	TEXT("statm", 0444, proc_pid_statm),
	WINDOW("maps", 0444, &proc_pid_maps_fops),
	LINK("cwd", &cwd_iops),
	LINK("root", &root_iops),
	LINK("exe", &exe_iops),
	WINDOW("mounts", 0444, &proc_mounts_fops),
#ifdef DEBUG
	{ .name = "fail-nth",
	  .mode = S_IFREG | 0600,
	  .iop = &no_iops,
	  .fop = &fail_nth_fops,
	  .show = show_fail_nth },
#endif
};

static struct dentry *pid_entry_lookup(struct inode *dir, struct dentry *dentry)
{
	struct task_struct *task = PROC_I(dir)->task;

	if (!proc_task_alive(task))
		return ERR_PTR(-ENOENT);
	for (unsigned int i = 0; i < ARRAY_SIZE(pid_table); i++) {
		const struct pid_entry *e = &pid_table[i];
		struct inode *inode;

		if (strlen(e->name) != dentry->d_name.len ||
		    memcmp(e->name, dentry->d_name.name, dentry->d_name.len))
			continue;
		inode = pid_inode(dir->i_sb, task, e->mode, i + 2);
		if (!inode)
			return ERR_PTR(-ENOMEM);
		PROC_I(inode)->entry = e;
		inode->i_op = e->iop;
		inode->i_fop = e->fop;
		if (S_ISDIR(e->mode))
			inode->i_nlink = 2;
		return proc_instantiate(dentry, inode);
	}
	return ERR_PTR(-ENOENT);
}

static int pid_entry_iterate(struct file *file, filldir_t fill, void *ctx)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;

	if (!proc_task_alive(task))
		return -ENOENT;
	if (!emit_dots(file, fill, ctx))
		return 0;
	while ((u64)file->f_pos - 2 < ARRAY_SIZE(pid_table)) {
		u64 i = (u64)file->f_pos - 2;
		const struct pid_entry *e = &pid_table[i];

		if (fill(ctx, e->name, strlen(e->name), (u64)file->f_pos, PID_INO(task->pid, i + 2),
			 e->mode >> 12))
			return 0;
		file->f_pos++;
	}
	return 0;
}

static const struct inode_operations pid_dir_iops = { .lookup = pid_entry_lookup };
static const struct file_operations pid_dir_fops = { .iterate = pid_entry_iterate };

static int pid_revalidate(struct dentry *dentry)
{
	return proc_task_alive(PROC_I(dentry->d_inode)->task);
}

const struct dentry_operations proc_pid_dentry_ops = { .d_revalidate = pid_revalidate };

/* --- the processes in the root --- */

struct dentry *proc_pid_lookup(struct inode *dir, struct dentry *dentry)
{
	struct task_struct *task;
	struct inode *inode;
	unsigned int pid;

	if (kstrtouint(dentry->d_name.name, 10, &pid) || dentry->d_name.name[0] == '0')
		return ERR_PTR(-ENOENT);
	task = find_get_task((pid_t)pid);
	if (!task)
		return ERR_PTR(-ENOENT);
	inode = pid_inode(dir->i_sb, task, S_IFDIR | 0555, 1);
	put_task_struct(task);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_op = &pid_dir_iops;
	inode->i_fop = &pid_dir_fops;
	inode->i_nlink = 2;
	return proc_instantiate(dentry, inode);
}

int proc_pid_iterate(struct file *file, filldir_t fill, void *ctx)
{
	struct task_struct *task;

	while ((task = next_task_get((pid_t)(file->f_pos - PROC_FIXED_MAX)))) {
		char name[12];
		int len = scnprintf(name, sizeof(name), "%d", task->tgid);
		pid_t pid = task->tgid;

		put_task_struct(task);
		if (fill(ctx, name, (unsigned int)len, (u64)pid + PROC_FIXED_MAX, PID_INO(pid, 1),
			 DT_DIR))
			return 0;
		file->f_pos = (loff_t)pid + PROC_FIXED_MAX + 1;
	}
	return 0;
}
