/*
 * fs/proc/internal.h - the tree behind /proc
 *
 * Two kinds of entry: fixed ones, registered at boot, and those of a process, one static table (base.c) seen
 * through every [pid] directory.
 */
#ifndef FS_PROC_INTERNAL_H
#define FS_PROC_INTERNAL_H

#include <fs/vfs.h>
#include <kernel/sched.h>
#include <uapi/dirent.h>

/* A fixed entry.  Made at boot, never removed: no lock, no count. */
struct proc_dir_entry {
	const char *name;
	u32 mode;
	u64 ino;
	int (*show)(struct seq_file *m, void *v); /* a text window */
	void *data;
	const struct seq_operations *seq_ops;      /* a long one, resumed by position */
	const struct file_operations *fops;        /* anything else */
	const char *target;                        /* a symbolic link */
	int (*get_link)(char *buf, size_t size);   /* one whose target depends on the reader */
	struct proc_dir_entry *children, *sibling; /* in order of creation */
};

/* An entry of each process's directory. */
struct pid_entry {
	const char *name;
	u32 mode;
	const struct inode_operations *iop;
	const struct file_operations *fop;
	int (*show)(struct seq_file *m, struct task_struct *task);
};

/* What i_private points at. */
struct proc_inode {
	struct proc_dir_entry *pde; /* fixed entries */
	struct task_struct *task;   /* referenced; entries of a process */
	const struct pid_entry *entry;
	unsigned int fd; /* fd/N */
};

static inline struct proc_inode *PROC_I(const struct inode *inode)
{
	return inode->i_private;
}

extern struct proc_dir_entry proc_root;
struct proc_dir_entry *proc_register(const char *path, u32 mode); /* NULL: out of memory */
/* positions in the root directory: below, fixed entries; from here on, processes by pid */
#define PROC_FIXED_MAX 256

struct dentry *proc_instantiate(struct dentry *dentry, struct inode *inode);
struct inode *proc_new_inode(struct super_block *sb, u32 mode, u64 ino);

/* base.c */
struct dentry *proc_pid_lookup(struct inode *dir, struct dentry *dentry);
int proc_pid_iterate(struct file *file, filldir_t fill, void *ctx);
bool proc_task_alive(const struct task_struct *task);
extern const struct dentry_operations proc_pid_dentry_ops;

/* array.c, task_mmu.c: the windows of a process */
int proc_pid_status(struct seq_file *m, struct task_struct *task);
int proc_pid_stat(struct seq_file *m, struct task_struct *task);
int proc_pid_statm(struct seq_file *m, struct task_struct *task);
extern const struct file_operations proc_pid_maps_fops;

extern const struct file_operations proc_mounts_fops;

void proc_memory_init(void);
void proc_system_init(void);
void proc_walk_init(void);
void proc_pagewalk_init(void);

#endif
