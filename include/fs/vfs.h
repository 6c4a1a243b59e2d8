/*
 * include/fs/vfs.h - files: names, inodes, open files, mounts
 *
 *     fd -> struct file -> struct dentry -> struct inode -> address_space (pages)
 *            position       name, parent     what it is
 *
 * The smallest honest VFS: a tree of dentries kept in memory, a mount table, operation tables.  In ramfs and tmpfs
 * the dentry tree is the file system; procfs makes its dentries on lookup.
 *
 * Letters: [i] inode->i_rwsem; [d] dcache_lock; [p] f_pos_lock; [a] atomic; [I] set once.
 */
#ifndef FS_VFS_H
#define FS_VFS_H

#include <lib/types.h>
#include <lib/atomic.h>
#include <lib/list.h>
#include <kernel/rwsem.h>
#include <kernel/mutex.h>
#include <kernel/wait.h>
#include <mm/filemap.h>
#include <uapi/fcntl.h>
#include <uapi/poll.h>
#include <uapi/stat.h>

struct inode;
struct dentry;
struct file;
struct super_block;
struct mount;
struct vm_area_struct;
struct poll_table;
struct kstatfs;
struct iovec;

struct qstr {
	const char *name;
	unsigned int len;
	u32 hash;
};
struct timespec64 {
	s64 tv_sec;
	s64 tv_nsec;
};
struct path {
	struct mount *mnt;
	struct dentry *dentry;
};

struct kstat {
	u64 ino, size, blocks, blksize;
	u32 mode, nlink;
	uid_t uid;
	gid_t gid;
	u64 dev, rdev;
	struct timespec64 atime, mtime, ctime;
};

struct inode_operations {
	struct dentry *(*lookup)(struct inode *dir,
				 struct dentry *dentry); /* NULL: fill @dentry; ERR_PTR */
	int (*create)(struct inode *dir, struct dentry *dentry, u32 mode);
	int (*mkdir)(struct inode *dir, struct dentry *dentry, u32 mode);
	int (*mknod)(struct inode *dir, struct dentry *dentry, u32 mode, u64 rdev);
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*link)(struct dentry *old, struct inode *dir, struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new, unsigned int flags);
	/*
	 * get_link - what a symbolic link says: its text in @buf, NUL-terminated, result >= 0; or a jump (proc exe,
	 * fd): *jump set, with references.  @jump NULL: readlink(2) wants text, also from a link that jumps.
	 * Called without locks.
	 */
	int (*get_link)(struct dentry *dentry, char *buf, size_t size, struct path *jump);
	int (*setattr)(struct dentry *dentry, const struct kstat *attr,
		       unsigned int valid);                        /* NULL: simple */
	int (*getattr)(struct dentry *dentry, struct kstat *stat); /* NULL: generic */
	int (*permission)(struct inode *inode, int mask);          /* NULL: generic_permission */
};

typedef int (*filldir_t)(void *ctx, const char *name, unsigned int len, u64 offset, u64 ino,
			 unsigned int type);

struct file_operations {
	ssize_t (*read)(struct file *file, char *ubuf, size_t len, loff_t *pos); /* user buffer */
	ssize_t (*write)(struct file *file, const char *ubuf, size_t len, loff_t *pos);
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
	int (*iterate)(struct file *file, filldir_t fill,
		       void *ctx); /* from file->f_pos; fill returns nonzero: full */
	unsigned int (*poll)(struct file *file, struct poll_table *table);
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*open)(struct inode *inode, struct file *file);
	int (*release)(struct inode *inode, struct file *file);
	int (*fsync)(struct file *file);
	/* kernel buffer instead of a user one: exec, kernel readers; NULL: through the page cache */
	ssize_t (*read_kernel)(struct file *file, void *buf, size_t len, loff_t pos);
	/* kernel_write and sendfile: from a kernel buffer; NULL: -EINVAL */
	ssize_t (*write_kernel)(struct file *file, const void *buf, size_t len, loff_t *pos);
	/* all segments as one write (O_APPEND, PIPE_BUF); NULL: one ->write after the other */
	ssize_t (*writev)(struct file *file, const struct iovec *vec, unsigned long nr,
			  size_t total, loff_t *pos);
};

struct inode {
	u64 i_ino;   /* [I] */
	u32 i_mode;  /* [i] */
	u32 i_nlink; /* [i] */
	uid_t i_uid; /* [i] */
	gid_t i_gid;
	u64 i_rdev;                                  /* [I] */
	struct timespec64 i_atime, i_mtime, i_ctime; /* [i] */
	atomic_t i_count;                            /* [a] */
	atomic_t i_writecount;    /* [a] > 0 open for writing, < 0 being executed: ETXTBSY */
	struct super_block *i_sb; /* [I] */
	const struct inode_operations *i_op; /* [I] */
	const struct file_operations *i_fop; /* [I] */
	struct rw_semaphore i_rwsem;         /* rank LOCK_INODE */
	struct address_space i_data;         /* size in i_data.i_size */
	struct address_space *i_mapping;     /* [I] &i_data, or a device's */
	void *i_private;                     /* pipe, proc entry, device */
	atomic_long_t i_charged;             /* pages counted against s_max_pages */
	struct list_head i_flock;            /* record and whole-file locks: fs/locks.c */
};

/* what notify_change and ->setattr are asked to change: bits of valid */
#define ATTR_MODE      0x01u
#define ATTR_UID       0x02u
#define ATTR_GID       0x04u
#define ATTR_SIZE      0x08u
#define ATTR_ATIME     0x10u
#define ATTR_MTIME     0x20u
#define ATTR_CTIME     0x40u
#define ATTR_ATIME_SET 0x80u /* to the value given, which only the owner may */
#define ATTR_MTIME_SET 0x100u
#define ATTR_FORCE     0x200u /* permission was checked, or is not asked for */
#define ATTR_OPEN      0x400u /* truncation by O_TRUNC */

#define MAY_EXEC       1
#define MAY_WRITE      2
#define MAY_READ       4

struct dentry {
	struct qstr d_name;                  /* [d] */
	char d_iname[40];                    /* short names live here */
	struct dentry *d_parent;             /* [d] the root's own */
	struct inode *d_inode;               /* [d] NULL: negative */
	struct list_head d_child, d_subdirs; /* [d] */
	struct hlist_node d_hash;            /* [d] */
	atomic_t d_count;                    /* [a] */
	unsigned int d_flags;
	struct super_block *d_sb;
	u64 d_cookie; /* [d] position in the directory: stable for getdents */
	const struct dentry_operations *d_op;
};
#define DCACHE_MOUNTED   1u
#define DCACHE_UNLINKED  2u
#define DCACHE_EPHEMERAL 4u /* procfs: dropped with the last reference */
#define DCACHE_PINNED    8u /* holds a reference to itself: ramfs, where the tree is the file system */

struct dentry_operations {
	int (*d_revalidate)(struct dentry *dentry); /* 0: gone (the process died) */
	/* d_dname - name of an object outside any tree ("pipe:[5]"), at the end of buf; ERR_PTR */
	char *(*d_dname)(struct dentry *dentry, char *buf, size_t len);
};

struct super_block {
	const struct file_system_type *s_type;
	struct dentry *s_root;
	u64 s_dev;
	unsigned long s_flags;
	u64 s_next_ino;
	u64 s_magic;
	u64 s_max_bytes, s_max_pages; /* tmpfs size= */
	atomic_long_t s_used_pages;
	void *s_fs_info;
	atomic_t s_active;
	int (*statfs)(struct super_block *sb, struct kstatfs *st); /* NULL: simple */
	void (*evict_inode)(
		struct inode *inode); /* last reference gone: free i_private; NULL: nothing to do */
	atomic_t s_writers;           /* [a] files open for writing: no remount to read-only */
	int (*show_options)(struct super_block *sb, char *buf,
			    size_t len); /* ",size=4k" for /proc/mounts; may be NULL */
};

struct kstatfs {
	u64 f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_namelen;
};

struct file_system_type {
	const char *name;
	int (*fill_super)(struct super_block *sb, const char *data);
	unsigned int flags; /* FS_NODEV: nodev in /proc/filesystems */
	struct list_head list;
	struct super_block *single; /* FS_SINGLE: the instance that every mount shows */
};
#define FS_NODEV  1u
#define FS_SINGLE 2u
void register_filesystem(struct file_system_type *type);
/* filesystems_next - the type after @type in order of registration, NULL: the first; NULL at the end */
const struct file_system_type *filesystems_next(const struct file_system_type *type);

struct mount {
	struct list_head list; /* in order of mounting */
	struct mount *parent;
	struct dentry *mountpoint, *root;
	struct super_block *sb;
	atomic_t count;
	unsigned long flags;
	char source[64];
	int id;
};
/*
 * mounts_show - call fn for each mount of the caller's namespace in order, with the mount table held still:
 * fn may sleep, and must not mount or walk names.
 */
int mounts_show(int (*fn)(struct mount *mnt, void *arg), void *arg);

struct file {
	atomic_long_t f_count;
	unsigned int f_flags;               /* O_* */
	unsigned int f_mode;                /* FMODE_* */
	struct path f_path;                 /* [I] references */
	struct inode *f_inode;              /* [I] */
	struct address_space *f_mapping;    /* [I] */
	const struct file_operations *f_op; /* [I] */
	loff_t f_pos;                       /* [p] */
	struct mutex f_pos_lock;            /* rank LOCK_FILE_POS */
	void *private_data;
	struct rcu_head f_rcu;
	void *f_task_work[2];   /* last fput runs on the way to user mode: a callback_head */
	u32 f_flock;            /* has (had) a flock(2) lock: its close looks for it */
	unsigned int f_version; /* fifo: writers that had come when it was opened */
};
#define FMODE_READ      1u
#define FMODE_WRITE     2u
#define FMODE_LSEEK     4u
#define FMODE_PATH      8u
#define FMODE_EXEC      16u
#define FMODE_NOWRITERS 64u  /* holds writers off (deny_write_access) */
#define FMODE_WRITER    128u /* counted in i_writecount and s_writers */
#define FMODE_ATOMIC_POS \
	256u /* regular files, directories: calls that move f_pos exclude each other */

/* --- namei.c --- */
#define LOOKUP_FOLLOW    1u
#define LOOKUP_DIRECTORY 2u
#define LOOKUP_EMPTY     4u
/* kern_path_at - kernel string; references in *path.  dfd: AT_FDCWD or an open directory */
int kern_path_at(int dfd, const char *name, unsigned int flags, struct path *path);
#define kern_path(name, flags, path) kern_path_at(AT_FDCWD, name, flags, path)
int user_path_at(int dfd, const char *uname, unsigned int flags, struct path *path);
void path_get(const struct path *path);
void path_put(const struct path *path);
/* d_path - absolute name relative to the caller's root, ending at buf+len; " (deleted)" appended; ERR_PTR */
char *d_path(const struct path *path, char *buf, size_t len);
/* d_short_name - the last component alone, cut to fit */
void d_short_name(struct dentry *dentry, char *buf, size_t size);
char *file_path(struct file *file, char *buf, size_t len);
int inode_permission(struct inode *inode, int mask); /* MAY_EXEC 1, MAY_WRITE 2, MAY_READ 4 */
int simple_setattr(struct dentry *dentry, const struct kstat *attr, unsigned int valid);
void generic_fillattr(struct inode *inode, struct kstat *stat);
int generic_permission(struct inode *inode,
		       int mask); /* mode bits, groups, capabilities; for ->permission */
/* getname - copy of a user's path in a PATH_MAX buffer; ERR_PTR(-EFAULT, -ENAMETOOLONG, -ENOENT if empty) */
char *getname(const char *uname);
char *getname_flags(const char *uname, bool may_be_empty);
void putname(char *name);

/* --- open.c, file.c --- */
struct file *filp_open(const char *name, int flags, u32 mode); /* kernel string; ERR_PTR */
struct file *open_exec_at(int dfd, const char *name, int at_flags);
struct file *open_exec(
	const char *name); /* FMODE_EXEC, regular, x permission, write denied; ERR_PTR */
struct file *alloc_file(const struct path *path, unsigned int flags,
			const struct file_operations *fop);
struct file *fget(int fd);             /* with a reference, or NULL */
int get_unused_fd(unsigned int flags); /* O_CLOEXEC; -EMFILE */
void put_unused_fd(int fd);
void fd_install(int fd, struct file *file);
ssize_t kernel_read(struct file *file, void *buf, size_t len, loff_t pos);
ssize_t kernel_write(struct file *file, const void *buf, size_t len, loff_t *pos);
void deny_write_access_end(struct file *file); /* exec's and MAP_DENYWRITE's hold ends */

/* --- files of a task --- */
struct files_struct;
struct fs_struct {
	atomic_t count;
	spinlock_t lock; /* rank LOCK_FILES */
	struct path root, pwd;
	u32 umask;
};
struct files_struct *files_dup(struct files_struct *old); /* NULL when out of memory */
void files_get(struct files_struct *files);
void files_put(struct files_struct *files);
void files_close_on_exec(void);                  /* of the current task, whose table is its own */
int files_unshare_exec(void);                    /* exec: own table first; -ENOMEM */
struct fs_struct *fs_dup(struct fs_struct *old); /* NULL when out of memory */
void fs_get(struct fs_struct *fs);
void fs_put(struct fs_struct *fs);
extern struct fs_struct init_fs;
struct files_struct *files_alloc(void);
/* files_for_each - open descriptors of another task: for /proc/[pid]/fd */
struct file *files_lookup(struct files_struct *files, unsigned int fd, bool *close_on_exec);
struct file *files_next(struct files_struct *files,
			unsigned int *fd); /* next open >= *fd, referenced; NULL */
struct task_struct;
unsigned int files_max_fds(
	struct task_struct *task); /* capacity of its table; 0 when it has none any more */

/* --- inode.c, dcache.c, libfs --- */
struct inode *new_inode(struct super_block *sb, u32 mode); /* NULL */
void iput(struct inode *inode);
static inline void ihold(struct inode *inode) { atomic_inc(&inode->i_count); }
struct dentry *d_alloc(struct dentry *parent, const struct qstr *name);
void d_instantiate(struct dentry *dentry, struct inode *inode);
struct dentry *dget(struct dentry *dentry);
void dput(struct dentry *dentry);
struct dentry *d_make_root(struct inode *inode);
struct timespec64 current_time(void);
void init_special_inode(struct inode *inode, u32 mode, u64 rdev);

/* --- poll --- */
struct poll_table {
	void (*queue)(struct poll_table *table, wait_queue_head_t *wq); /* NULL: only ask */
};
static inline void poll_wait(struct poll_table *table, wait_queue_head_t *wq)
{
	if (table && table->queue)
		table->queue(table, wq);
}
/* --- char devices (fs/devfs.c) --- */
#define MKDEV(ma, mi) (((u64)(ma) << 20) | (mi))
#define MAJOR(dev)    ((unsigned int)((dev) >> 20))
#define MINOR(dev)    ((unsigned int)((dev)&0xfffff))
/*
 * register_chrdev - serve device (major, minor); also a node /dev/@name in devtmpfs ("pts/0" makes the folder).
 * The name must live as long.  0, -EBUSY (number taken), -ENOMEM.
 */
int register_chrdev(unsigned int major, unsigned int minor, const char *name, u32 mode,
		    const struct file_operations *fops);
/* chrdevs_next - number and name of the next device after *dev in order of registration: /proc/devices */
const char *chrdevs_next(unsigned int *cursor, unsigned int *major);

/* --- seq_file.c: text windows, filled in a kernel buffer and resumed by position --- */
struct seq_file {
	char *buf;
	size_t size, count, from;
	loff_t index, read_pos;
	bool overflow;
	const struct seq_operations *op;
	void *private;
	struct file *file;
	struct mutex lock;
};
struct seq_operations {
	void *(*start)(struct seq_file *m,
		       loff_t *pos); /* takes what show needs; NULL ends; ERR_PTR */
	void (*stop)(struct seq_file *m, void *v);
	void *(*next)(struct seq_file *m, void *v, loff_t *pos);
	int (*show)(struct seq_file *m, void *v);
};
void seq_printf(struct seq_file *m, const char *fmt, ...) __printf(2, 3);
void seq_puts(struct seq_file *m, const char *s);
void seq_putc(struct seq_file *m, char c);
void seq_write(struct seq_file *m, const void *data, size_t len);
void seq_pad(struct seq_file *m, size_t column); /* spaces up to a column of the current line */
void seq_path(struct seq_file *m, const struct path *path, const char *esc);
int seq_open(struct file *file, const struct seq_operations *op, size_t private_size);
int single_open(struct file *file, int (*show)(struct seq_file *m, void *v), void *data);
ssize_t seq_read(struct file *file, char *ubuf, size_t len, loff_t *pos);
loff_t seq_lseek(struct file *file, loff_t offset, int whence);
int seq_release(struct inode *inode, struct file *file);
int single_release(struct inode *inode, struct file *file);

/* --- proc registration (fs/proc/) --- */
int proc_create(const char *name, u32 mode, int (*show)(struct seq_file *m, void *v), void *data);

#endif
