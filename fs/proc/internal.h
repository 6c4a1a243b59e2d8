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
	const struct inode_operations *iops;       /* a file's, if not the plain ones */
	bool sysctl;                               /* a directory below sys */
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
	unsigned int fd; /* fd/N, fdinfo/N */
	bool of_thread;  /* below task/TID: the thread's figures, not the process's */
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

/* Inode numbers of a process's entries: base.c. */
#define PID_INO(pid, place) ((((u64)(pid) + 1) << 24) + (place))
#define PLACE_TID           1024u
#define PLACE_FD            (1u << 20) /* as many as there can be descriptors */
#define PLACE_FDINFO        (2u << 20)

/* base.c */
struct dentry *proc_pid_lookup(struct inode *dir, struct dentry *dentry);
int proc_pid_iterate(struct file *file, filldir_t fill, void *ctx);
unsigned int proc_nr_processes(void);
bool proc_task_alive(const struct task_struct *task);
bool proc_may_look(const struct task_struct *task);
struct inode *proc_pid_inode(struct super_block *sb, struct task_struct *task, u32 mode, u64 place);
void proc_update_owner(struct inode *inode);
int proc_pid_getattr(struct dentry *dentry, struct kstat *stat);
int proc_setattr(struct dentry *dentry, const struct kstat *attr, unsigned int valid);
int proc_name_to_number(const struct qstr *name, unsigned int *number);
bool proc_emit_dots(struct file *file, filldir_t fill, void *ctx);
int proc_file_link(struct file *file, char *buf, size_t size, struct path *jump);
extern const struct dentry_operations proc_pid_dentry_ops;

/* array.c, task_mmu.c: the windows of a process */
int proc_pid_status(struct seq_file *m, struct task_struct *task);
int proc_pid_stat(struct seq_file *m, struct task_struct *task);
int proc_pid_statm(struct seq_file *m, struct task_struct *task);
extern const struct file_operations proc_pid_maps_fops;

/* fd.c, mem.c, system.c */
extern const struct inode_operations proc_fd_dir_iops, proc_fdinfo_dir_iops;
extern const struct file_operations proc_fd_dir_fops, proc_fdinfo_dir_fops;
struct mm_struct *proc_mm_open(struct task_struct *task);
extern const struct file_operations proc_pid_cmdline_fops, proc_pid_environ_fops;
extern const struct file_operations proc_pid_auxv_fops, proc_pid_mem_fops;
extern const struct file_operations proc_mounts_fops;

void proc_memory_init(void);
void proc_system_init(void);
void proc_sysctl_init(void);
void proc_processors_init(void);
void proc_walk_init(void);
void proc_pagewalk_init(void);

#endif
