/*
 * fs/proc/root.c - /proc itself: fixed entries, and where the processes' directories hang
 *
 * Nothing is stored: a directory is listed and a name looked up by asking the tree of entries and the table of
 * processes each time, and a dentry lives only while somebody holds it.  A file's text is made when it is read.
 *
 * Inode numbers: fixed entries count up from 1; those of a process derive from its pid and the entry's place.
 */
#include "internal.h"

#include <kernel/init.h>
#include <lib/string.h>
#include <mm/slab.h>

#define PROC_SUPER_MAGIC 0x9fa0

struct proc_dir_entry proc_root = { .name = "", .mode = S_IFDIR | 0555, .ino = 1 };
static u64 next_ino = 2;

/* --- the tree of fixed entries --- */

static struct proc_dir_entry *find_child(struct proc_dir_entry *dir, const char *name, size_t len)
{
	struct proc_dir_entry *e;

	for (e = dir->children; e; e = e->sibling)
		if (strlen(e->name) == len && !memcmp(e->name, name, len))
			return e;
	return NULL;
}

static struct proc_dir_entry *add_child(struct proc_dir_entry *dir, const char *name, size_t len,
					u32 mode)
{
	struct proc_dir_entry *e = kzalloc(sizeof(*e), GFP_KERNEL), **tail;
	char *copy = kmalloc(len + 1, GFP_KERNEL);

	if (!e || !copy) {
		kfree(e);
		kfree(copy);
		return NULL;
	}
	memcpy(copy, name, len);
	copy[len] = '\0';
	e->name = copy;
	e->mode = mode;
	e->ino = next_ino++;
	for (tail = &dir->children; *tail; tail = &(*tail)->sibling)
		;
	*tail = e;
	return e;
}

/**
 * proc_register - a fixed entry at @path ("sys/vm/overcommit_memory"), directories made on the way
 * @mode: type and permissions; the caller fills in what it shows
 *
 * Return: the entry, or NULL when out of memory.
 * Context: boot.
 */
struct proc_dir_entry *proc_register(const char *path, u32 mode)
{
	struct proc_dir_entry *dir = &proc_root, *e;
	const char *slash;

	while ((slash = strchr(path, '/'))) {
		size_t len = (size_t)(slash - path);

		e = find_child(dir, path, len);
		if (!e) {
			e = add_child(dir, path, len, S_IFDIR | 0555);
			if (e)
				e->sysctl = dir->sysctl || (dir == &proc_root && len == 3 &&
							    !memcmp(path, "sys", 3));
		}
		if (!e)
			return NULL;
		dir = e;
		path = slash + 1;
	}
	return add_child(dir, path, strlen(path), mode);
}

int proc_create(const char *name, u32 mode, int (*show)(struct seq_file *m, void *v), void *data)
{
	struct proc_dir_entry *e = proc_register(name, S_IFREG | mode);

	if (!e)
		return -ENOMEM;
	e->show = show;
	e->data = data;
	return 0;
}

/* --- inodes --- */

struct inode *proc_new_inode(struct super_block *sb, u32 mode, u64 ino)
{
	struct proc_inode *pi = kzalloc(sizeof(*pi), GFP_KERNEL);
	struct inode *inode;

	if (!pi)
		return NULL;
	inode = new_inode(sb, mode);
	if (!inode) {
		kfree(pi);
		return NULL;
	}
	inode->i_ino = ino;
	inode->i_uid = 0;
	inode->i_gid = 0;
	inode->i_mode = mode;
	inode->i_private = pi;
	return inode;
}

/* proc_instantiate - finish a lookup: the dentry lives as long as somebody holds it */
struct dentry *proc_instantiate(struct dentry *dentry, struct inode *inode)
{
	dentry->d_flags |= DCACHE_EPHEMERAL;
	if (PROC_I(inode)->task)
		dentry->d_op = &proc_pid_dentry_ops;
	d_instantiate(dentry, inode);
	return NULL;
}

static void proc_evict_inode(struct inode *inode)
{
	struct proc_inode *pi = PROC_I(inode);

	if (pi && pi->task)
		put_task_struct(pi->task);
	kfree(pi);
	inode->i_private = NULL;
}

/* --- fixed entries as files --- */

static int fixed_open(struct inode *inode, struct file *file)
{
	struct proc_dir_entry *e = PROC_I(inode)->pde;

	return e->seq_ops ? seq_open(file, e->seq_ops, 0) : single_open(file, e->show, e->data);
}

static int fixed_release(struct inode *inode, struct file *file)
{
	return PROC_I(inode)->pde->seq_ops ? seq_release(inode, file) : single_release(inode, file);
}

/* These files have no pages; Linux says so with this error, and with ENODEV for those of a process. */
static int fixed_mmap(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	(void)vma;
	return -EIO;
}

static const struct file_operations fixed_file_fops = {
	.open = fixed_open,
	.mmap = fixed_mmap,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = fixed_release,
};

static int fixed_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	struct proc_dir_entry *e = PROC_I(dentry->d_inode)->pde;
	ssize_t len;

	(void)jump;
	if (e->get_link)
		return e->get_link(buf, size);
	len = strscpy(buf, e->target, size);
	return len < 0 ? -ENAMETOOLONG : (int)len;
}

static const struct inode_operations fixed_link_iops = { .get_link = fixed_get_link };
static const struct inode_operations fixed_file_iops;

/* --- directories of fixed entries; the root also holds the processes --- */

static const struct inode_operations fixed_dir_iops, sysctl_dir_iops;
static const struct file_operations fixed_dir_fops;

/* Itself, its name, its subdirectories; below sys they are not counted, as on Linux. */
static u32 proc_dir_nlink(const struct proc_dir_entry *dir)
{
	const struct proc_dir_entry *e;
	u32 nr = 2;

	if (dir->sysctl)
		return 1;
	for (e = dir->children; e; e = e->sibling)
		nr += S_ISDIR(e->mode);
	return nr;
}

static int root_getattr(struct dentry *dentry, struct kstat *stat)
{
	generic_fillattr(dentry->d_inode, stat);
	stat->nlink = proc_dir_nlink(&proc_root) + proc_nr_processes();
	return 0;
}

static struct dentry *instantiate_fixed(struct super_block *sb, struct dentry *dentry,
					struct proc_dir_entry *e)
{
	struct inode *inode = proc_new_inode(sb, e->mode, e->ino);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	PROC_I(inode)->pde = e;
	if (S_ISDIR(e->mode)) {
		inode->i_op = e->sysctl ? &sysctl_dir_iops : &fixed_dir_iops;
		inode->i_fop = &fixed_dir_fops;
		inode->i_nlink = proc_dir_nlink(e);
	} else if (S_ISLNK(e->mode)) {
		inode->i_op = &fixed_link_iops;
	} else {
		inode->i_op = e->iops ? e->iops : &fixed_file_iops;
		inode->i_fop = e->fops ? e->fops : &fixed_file_fops;
	}
	return proc_instantiate(dentry, inode);
}

static struct dentry *fixed_lookup(struct inode *dir, struct dentry *dentry)
{
	struct proc_dir_entry *d = PROC_I(dir)->pde, *e;

	e = find_child(d, dentry->d_name.name, dentry->d_name.len);
	if (e)
		return instantiate_fixed(dir->i_sb, dentry, e);
	return d == &proc_root ? proc_pid_lookup(dir, dentry) : ERR_PTR(-ENOENT);
}

static int fixed_iterate(struct file *file, filldir_t fill, void *ctx)
{
	struct proc_dir_entry *d = PROC_I(file->f_inode)->pde, *e;
	loff_t at = 2;

	if (file->f_pos == 0) {
		if (fill(ctx, ".", 1, 0, d->ino, DT_DIR))
			return 0;
		file->f_pos = 1;
	}
	if (file->f_pos == 1) {
		if (fill(ctx, "..", 2, 1, d->ino, DT_DIR))
			return 0;
		file->f_pos = 2;
	}
	for (e = d->children; e; e = e->sibling, at++) {
		if (at < file->f_pos)
			continue;
		if (fill(ctx, e->name, strlen(e->name), (u64)at, e->ino, e->mode >> 12))
			return 0;
		file->f_pos = at + 1;
	}
	if (d != &proc_root)
		return 0;
	if (file->f_pos < PROC_FIXED_MAX)
		file->f_pos = PROC_FIXED_MAX;
	return proc_pid_iterate(file, fill, ctx);
}

static const struct inode_operations fixed_dir_iops = { .lookup = fixed_lookup };

/* Below sys nobody makes or removes names, whatever his capabilities. */
static int sysctl_dir_permission(struct inode *inode, int mask)
{
	(void)inode;
	return mask & MAY_WRITE ? -EACCES : 0;
}

static const struct inode_operations sysctl_dir_iops = { .lookup = fixed_lookup,
							 .permission = sysctl_dir_permission };
static const struct inode_operations root_iops = { .lookup = fixed_lookup,
						   .getattr = root_getattr };
static const struct file_operations fixed_dir_fops = { .iterate = fixed_iterate };

/* --- the file system --- */

static int proc_statfs(struct super_block *sb, struct kstatfs *st)
{
	(void)sb;
	memset(st, 0, sizeof(*st));
	st->f_type = PROC_SUPER_MAGIC;
	st->f_bsize = 4096;
	st->f_namelen = 255;
	return 0;
}

static int proc_fill_super(struct super_block *sb, const char *data)
{
	struct inode *root;

	(void)data;
	sb->s_magic = PROC_SUPER_MAGIC;
	sb->statfs = proc_statfs;
	sb->evict_inode = proc_evict_inode;
	root = proc_new_inode(sb, proc_root.mode, proc_root.ino);
	if (!root)
		return -ENOMEM;
	PROC_I(root)->pde = &proc_root;
	root->i_op = &root_iops;
	root->i_fop = &fixed_dir_fops;
	root->i_nlink = 2;
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static struct file_system_type proc_fs_type = {
	.name = "proc",
	.fill_super = proc_fill_super,
	.flags = FS_NODEV,
};

static int self_link(char *buf, size_t size)
{
	return scnprintf(buf, size, "%d", current->tgid);
}

static int thread_self_link(char *buf, size_t size)
{
	return scnprintf(buf, size, "%d/task/%d", current->tgid, current->pid);
}

static int mounts_link(char *buf, size_t size)
{
	return scnprintf(buf, size, "self/mounts");
}

static void link_entry(const char *name, int (*get_link)(char *buf, size_t size))
{
	struct proc_dir_entry *e = proc_register(name, S_IFLNK | 0777);

	if (e)
		e->get_link = get_link;
}

void proc_init(void)
{
	link_entry("self", self_link);
	link_entry("thread-self", thread_self_link);
	link_entry("mounts", mounts_link);
	proc_memory_init();
	proc_system_init();
	proc_sysctl_init();
	proc_processors_init();
	proc_walk_init();
	proc_pagewalk_init();
	register_filesystem(&proc_fs_type);
}
