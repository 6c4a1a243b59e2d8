/*
 * fs/proc/base.c - /proc/[pid] and /proc/[pid]/task/[tid]: directories made of one table
 *
 * An inode here holds a reference to its task, which may die at any time: the task_struct stays, and every window
 * asks first whether the task is still in the table.  A name looked up again after that is gone (revalidate).
 *
 *     /proc/PID             leaders are listed; the number of any thread is found, as on Linux
 *     /proc/PID/task/TID    the threads of PID's process, by number: the position in the directory is a number too,
 *                           so threads may come and go between two reads and none that stays is missed or told twice
 *
 * What belongs to the whole process (times, faults) is summed in the first and the thread's own in the second.
 *
 * Who may look: modes settle most; what shows memory, descriptors or names of files asks ptrace_may_access().  A
 * process that is not dumpable has its files owned by root, so that modes say the same; its directories stay its
 * own.
 *
 * Inode numbers: (pid + 1) << 24, plus the place in the table, plus PLACE_TID for a thread's; descriptors apart.
 *
 * Locking: process_table_lock for everything of another task that it may give up: cred, fs, files, mm, signal.
 * Nothing of it is used after the lock but with a reference or as a copy.
 *
 * Source: proc(5); Linux 6.1.
 */
#include "internal.h"

#include <arch/uaccess.h>
#include <kernel/fault_inject.h>
#include <lib/err.h>
#include <lib/kstrtox.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>

bool proc_task_alive(const struct task_struct *task)
{
	return READ_ONCE(task->exit_state) != TASK_DEAD;
}

/* proc_may_look - may the current task see @task's memory, descriptors and names of files? */
bool proc_may_look(const struct task_struct *task)
{
	bool may;

	spin_lock_irq(&process_table_lock);
	may = task->exit_state != TASK_DEAD && ptrace_may_access(task, true);
	spin_unlock_irq(&process_table_lock);
	return may;
}

/* --- inodes: their owner is the task's --- */

#define PID_DIR_MODE (S_IFDIR | 0555)

static void task_owner(const struct task_struct *task, u32 mode, uid_t *uid, gid_t *gid)
{
	spin_lock_irq(&process_table_lock);
	*uid = task->cred.euid;
	*gid = task->cred.egid;
	if (mode != PID_DIR_MODE && task->mm && get_dumpable(task->mm) != 1)
		*uid = *gid = 0;
	spin_unlock_irq(&process_table_lock);
}

/* proc_update_owner - a name is used again: its owner as it is now */
void proc_update_owner(struct inode *inode)
{
	uid_t uid;
	gid_t gid;

	task_owner(PROC_I(inode)->task, inode->i_mode, &uid, &gid);
	WRITE_ONCE(inode->i_uid, uid);
	WRITE_ONCE(inode->i_gid, gid);
}

int proc_pid_getattr(struct dentry *dentry, struct kstat *stat)
{
	proc_update_owner(dentry->d_inode);
	generic_fillattr(dentry->d_inode, stat);
	return 0;
}

/* proc_setattr - modes are fixed, and there is no size to change */
int proc_setattr(struct dentry *dentry, const struct kstat *attr, unsigned int valid)
{
	if (valid & ATTR_MODE)
		return -EPERM;
	return simple_setattr(dentry, attr, valid & ~(unsigned int)ATTR_SIZE);
}

/* proc_pid_inode - a new inode that belongs to @task and holds a reference to it; NULL: no memory */
struct inode *proc_pid_inode(struct super_block *sb, struct task_struct *task, u32 mode, u64 place)
{
	struct inode *inode = proc_new_inode(sb, mode, PID_INO(task->pid, place));

	if (!inode)
		return NULL;
	get_task_struct(task);
	PROC_I(inode)->task = task;
	PROC_I(inode)->of_thread = place >= PLACE_TID && place < PLACE_FD;
	proc_update_owner(inode);
	return inode;
}

static int pid_revalidate(struct dentry *dentry)
{
	if (!proc_task_alive(PROC_I(dentry->d_inode)->task))
		return 0;
	proc_update_owner(dentry->d_inode);
	return 1;
}

const struct dentry_operations proc_pid_dentry_ops = { .d_revalidate = pid_revalidate };

/* proc_name_to_number - "0", "17", never "017": one name for each number.  0, -ENOENT */
int proc_name_to_number(const struct qstr *name, unsigned int *number)
{
	if (name->name[0] < '0' || name->name[0] > '9' || (name->name[0] == '0' && name->len > 1))
		return -ENOENT;
	return kstrtouint(name->name, 10, number) ? -ENOENT : 0;
}

bool proc_emit_dots(struct file *file, filldir_t fill, void *ctx)
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

/* --- comm: a thread of the process may change the name of another --- */

static int show_comm(struct seq_file *m, struct task_struct *task)
{
	seq_printf(m, "%s\n", task->comm);
	return 0;
}

static ssize_t comm_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;
	char name[sizeof(task->comm)] = "";

	(void)pos;
	if (copy_from_user(name, ubuf, min(len, sizeof(name) - 1)))
		return -EFAULT;
	if (!proc_task_alive(task))
		return -ESRCH;
	if (task->signal != current->signal)
		return -EINVAL;
	set_task_comm(task, name);
	return (ssize_t)len;
}

static const struct file_operations comm_fops = {
	.open = pid_open,
	.read = seq_read,
	.write = comm_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* --- limits --- */

static void limit_value(struct seq_file *m, u64 value)
{
	if (value == RLIM_INFINITY)
		seq_printf(m, "%-20s ", "unlimited");
	else
		seq_printf(m, "%-20lu ", value);
}

static int show_limits(struct seq_file *m, struct task_struct *task)
{
	static const struct {
		const char *name, *unit;
	} names[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", NULL },
		[RLIMIT_RTPRIO] = { "Max realtime priority", NULL },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};
	struct rlimit rlim[RLIM_NLIMITS];

	spin_lock_irq(&process_table_lock);
	if (task->signal)
		memcpy(rlim, task->signal->rlim, sizeof(rlim));
	spin_unlock_irq(&process_table_lock);
	if (!proc_task_alive(task))
		return 0;
	seq_printf(m, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(m, "%-25s ", names[i].name);
		limit_value(m, rlim[i].rlim_cur);
		limit_value(m, rlim[i].rlim_max);
		seq_printf(m, names[i].unit ? "%-10s\n" : "\n", names[i].unit);
	}
	return 0;
}

static int show_personality(struct seq_file *m, struct task_struct *task)
{
	if (!proc_may_look(task))
		return -EPERM;
	seq_printf(m, "%08x\n", READ_ONCE(task->personality));
	return 0;
}

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

/* proc_file_link - where a link to an open file leads; consumes the reference */
int proc_file_link(struct file *file, char *buf, size_t size, struct path *jump)
{
	struct path target = file->f_path;

	path_get(&target);
	fput(file);
	return jump_or_text(&target, buf, size, jump);
}

static int exe_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	struct task_struct *task = PROC_I(dentry->d_inode)->task;
	struct mm_struct *mm;
	struct file *file;

	if (!proc_may_look(task))
		return -EACCES;
	mm = get_task_mm(task);
	if (!mm)
		return -ENOENT;
	file = mm_get_exe_file(mm);
	mmput(mm);
	return file ? proc_file_link(file, buf, size, jump) : -ENOENT;
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

static int fs_link(struct dentry *dentry, bool root, char *buf, size_t size, struct path *jump)
{
	struct task_struct *task = PROC_I(dentry->d_inode)->task;
	struct fs_struct *fs;
	struct path target;

	if (!proc_may_look(task))
		return -EACCES;
	fs = get_fs(task);
	if (!fs)
		return -ENOENT;
	spin_lock(&fs->lock);
	target = root ? fs->root : fs->pwd;
	path_get(&target);
	spin_unlock(&fs->lock);
	fs_put(fs);
	return jump_or_text(&target, buf, size, jump);
}

static int cwd_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	return fs_link(dentry, false, buf, size, jump);
}

static int root_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	return fs_link(dentry, true, buf, size, jump);
}

#define LINK_IOPS(f)                                                                \
	{                                                                           \
		.get_link = f, .getattr = proc_pid_getattr, .setattr = proc_setattr \
	}
static const struct inode_operations exe_iops = LINK_IOPS(exe_get_link);
static const struct inode_operations cwd_iops = LINK_IOPS(cwd_get_link);
static const struct inode_operations root_iops = LINK_IOPS(root_get_link);

/* --- the tables --- */

static const struct inode_operations no_iops = { .getattr = proc_pid_getattr,
						 .setattr = proc_setattr };
static const struct inode_operations task_dir_iops;
static const struct file_operations task_dir_fops;

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
#define TEXT_RW(n, m, f, s)                                                            \
	{                                                                              \
		.name = n, .mode = S_IFREG | (m), .iop = &no_iops, .fop = f, .show = s \
	}

/* In the order in which Linux lists them.  The first is the process's alone, all others each thread has too. */
static const struct pid_entry pid_table[] = {
	DIR("task", 0555, &task_dir_iops, &task_dir_fops),
	DIR("fd", 0500, &proc_fd_dir_iops, &proc_fd_dir_fops),
	DIR("fdinfo", 0555, &proc_fdinfo_dir_iops, &proc_fdinfo_dir_fops),
	WINDOW("environ", 0400, &proc_pid_environ_fops),
	WINDOW("auxv", 0400, &proc_pid_auxv_fops),
	TEXT("status", 0444, proc_pid_status),
	TEXT("personality", 0400, show_personality),
	TEXT("limits", 0444, show_limits),
	TEXT_RW("comm", 0644, &comm_fops, show_comm),
	WINDOW("cmdline", 0444, &proc_pid_cmdline_fops),
	TEXT("stat", 0444, proc_pid_stat),
	TEXT("statm", 0444, proc_pid_statm),
	WINDOW("maps", 0444, &proc_pid_maps_fops),
	WINDOW("mem", 0600, &proc_pid_mem_fops),
	LINK("cwd", &cwd_iops),
	LINK("root", &root_iops),
	LINK("exe", &exe_iops),
	WINDOW("mounts", 0444, &proc_mounts_fops),
#ifdef DEBUG
	TEXT_RW("fail-nth", 0600, &fail_nth_fops, show_fail_nth),
#endif
};

struct pid_table {
	const struct pid_entry *entries;
	unsigned int nr, first_place;
};

static const struct pid_table tgid_entries = { pid_table, ARRAY_SIZE(pid_table), 2 };
static const struct pid_table tid_entries = { pid_table + 1, ARRAY_SIZE(pid_table) - 1,
					      PLACE_TID + 2 };

static u32 count_dirs(const struct pid_table *table)
{
	u32 nr = 0;

	for (unsigned int i = 0; i < table->nr; i++)
		nr += S_ISDIR(table->entries[i].mode);
	return nr;
}

static struct dentry *entry_lookup(struct inode *dir, struct dentry *dentry,
				   const struct pid_table *table)
{
	struct task_struct *task = PROC_I(dir)->task;

	if (!proc_task_alive(task))
		return ERR_PTR(-ENOENT);
	for (unsigned int i = 0; i < table->nr; i++) {
		const struct pid_entry *e = &table->entries[i];
		struct inode *inode;

		if (strlen(e->name) != dentry->d_name.len ||
		    memcmp(e->name, dentry->d_name.name, dentry->d_name.len))
			continue;
		inode = proc_pid_inode(dir->i_sb, task, e->mode, table->first_place + i);
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

static int entry_iterate(struct file *file, filldir_t fill, void *ctx,
			 const struct pid_table *table)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;

	if (!proc_task_alive(task))
		return -ENOENT;
	if (!proc_emit_dots(file, fill, ctx))
		return 0;
	while ((u64)file->f_pos - 2 < table->nr) {
		u64 i = (u64)file->f_pos - 2;
		const struct pid_entry *e = &table->entries[i];

		if (fill(ctx, e->name, strlen(e->name), (u64)file->f_pos,
			 PID_INO(task->pid, table->first_place + i), e->mode >> 12))
			return 0;
		file->f_pos++;
	}
	return 0;
}

static struct dentry *tgid_lookup(struct inode *dir, struct dentry *dentry)
{
	return entry_lookup(dir, dentry, &tgid_entries);
}

static int tgid_iterate(struct file *file, filldir_t fill, void *ctx)
{
	return entry_iterate(file, fill, ctx, &tgid_entries);
}

static struct dentry *tid_lookup(struct inode *dir, struct dentry *dentry)
{
	return entry_lookup(dir, dentry, &tid_entries);
}

static int tid_iterate(struct file *file, filldir_t fill, void *ctx)
{
	return entry_iterate(file, fill, ctx, &tid_entries);
}

/* What is below a process that is gone is gone with this error, a thread's with ENOENT: as on Linux. */
static int tgid_permission(struct inode *inode, int mask)
{
	return proc_task_alive(PROC_I(inode)->task) ? generic_permission(inode, mask) : -ESRCH;
}

static const struct inode_operations tgid_dir_iops = { .lookup = tgid_lookup,
						       .permission = tgid_permission,
						       .getattr = proc_pid_getattr,
						       .setattr = proc_setattr };
static const struct file_operations tgid_dir_fops = { .iterate = tgid_iterate };
static const struct inode_operations tid_dir_iops = { .lookup = tid_lookup,
						      .getattr = proc_pid_getattr,
						      .setattr = proc_setattr };
static const struct file_operations tid_dir_fops = { .iterate = tid_iterate };

/* --- task/: the threads --- */

/* The thread of @task's process with the smallest number >= @from, with a reference; NULL: none. */
static struct task_struct *next_thread_get(struct task_struct *task, pid_t from)
{
	struct task_struct *t, *best = NULL;

	spin_lock_irq(&process_table_lock);
	if (task->exit_state != TASK_DEAD) {
		for_each_thread(task, t) {
			if (t->pid >= from && (!best || t->pid < best->pid))
				best = t;
		}
	}
	if (best)
		get_task_struct(best);
	spin_unlock_irq(&process_table_lock);
	return best;
}

static struct dentry *task_dir_lookup(struct inode *dir, struct dentry *dentry)
{
	struct task_struct *task;
	struct inode *inode;
	unsigned int tid;

	if (proc_name_to_number(&dentry->d_name, &tid) || tid > PID_MAX_LIMIT)
		return ERR_PTR(-ENOENT);
	task = next_thread_get(PROC_I(dir)->task, (pid_t)tid);
	if (!task || task->pid != (pid_t)tid) {
		if (task)
			put_task_struct(task);
		return ERR_PTR(-ENOENT);
	}
	inode = proc_pid_inode(dir->i_sb, task, PID_DIR_MODE, PLACE_TID + 1);
	put_task_struct(task);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_op = &tid_dir_iops;
	inode->i_fop = &tid_dir_fops;
	inode->i_nlink = 2 + count_dirs(&tid_entries);
	return proc_instantiate(dentry, inode);
}

static int task_dir_iterate(struct file *file, filldir_t fill, void *ctx)
{
	struct task_struct *process = PROC_I(file->f_inode)->task, *task;

	if (!proc_task_alive(process))
		return -ENOENT;
	if (!proc_emit_dots(file, fill, ctx))
		return 0;
	while ((task = next_thread_get(process, (pid_t)(file->f_pos - 2)))) {
		char name[12];
		pid_t tid = task->pid;
		int len = scnprintf(name, sizeof(name), "%d", tid);

		put_task_struct(task);
		if (fill(ctx, name, (unsigned int)len, (u64)tid + 2, PID_INO(tid, PLACE_TID + 1),
			 DT_DIR))
			return 0;
		file->f_pos = (loff_t)tid + 3;
	}
	return 0;
}

/* A directory's links are itself, its name and its subdirectories. */
static int task_dir_getattr(struct dentry *dentry, struct kstat *stat)
{
	struct task_struct *task = PROC_I(dentry->d_inode)->task, *t;

	proc_pid_getattr(dentry, stat);
	spin_lock_irq(&process_table_lock);
	if (task->exit_state != TASK_DEAD) {
		for_each_thread(task, t)
			stat->nlink++;
	}
	spin_unlock_irq(&process_table_lock);
	return 0;
}

static const struct inode_operations task_dir_iops = { .lookup = task_dir_lookup,
						       .getattr = task_dir_getattr,
						       .setattr = proc_setattr };
static const struct file_operations task_dir_fops = { .iterate = task_dir_iterate };

/* --- the processes in the root --- */

struct dentry *proc_pid_lookup(struct inode *dir, struct dentry *dentry)
{
	struct task_struct *task;
	struct inode *inode;
	unsigned int pid;

	if (proc_name_to_number(&dentry->d_name, &pid) || !pid || pid > PID_MAX_LIMIT)
		return ERR_PTR(-ENOENT);
	task = find_get_task((pid_t)pid);
	if (!task)
		return ERR_PTR(-ENOENT);
	inode = proc_pid_inode(dir->i_sb, task, PID_DIR_MODE, 1);
	put_task_struct(task);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_op = &tgid_dir_iops;
	inode->i_fop = &tgid_dir_fops;
	inode->i_nlink = 2 + count_dirs(&tgid_entries);
	return proc_instantiate(dentry, inode);
}

/* proc_nr_processes - leaders in the table: what /proc's own link count adds */
unsigned int proc_nr_processes(void)
{
	const struct task_struct *p;
	unsigned int nr = 0;

	spin_lock_irq(&process_table_lock);
	list_for_each_entry(p, &task_list, tasks)
		nr++;
	spin_unlock_irq(&process_table_lock);
	return nr;
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
