/*
 * fs/internal.h - what the files of fs/ share and nobody else calls
 */
#ifndef FS_INTERNAL_H
#define FS_INTERNAL_H

#include <arch/uaccess.h>
#include <fs/fdtable.h>
#include <fs/vfs.h>
#include <kernel/cred.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/syscalls_fs.h>
#include <kernel/time.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <uapi/errno.h>

/* --- dcache.c --- */
extern spinlock_t dcache_lock;
struct dentry *d_lookup_locked(struct dentry *parent,
			       const struct qstr *name); /* no reference; dcache_lock held */
struct dentry *d_lookup(struct dentry *parent,
			const struct qstr *name); /* with a reference, or NULL */
void d_pin(struct dentry *dentry);
void d_unpin(struct dentry *dentry);
void d_delete(struct dentry *dentry);
void d_move(struct dentry *dentry, struct dentry *target, bool exchange);
void d_tmpfile(struct dentry *dentry, struct inode *inode);
void d_kill_tree(struct dentry *root);
bool d_is_ancestor(struct dentry *ancestor, struct dentry *dentry);
bool d_has_children(struct dentry *dentry);
u32 name_hash(const char *name, unsigned int len);
void dcache_init(void);
static inline bool d_is_dir(const struct dentry *dentry)
{
	return S_ISDIR(dentry->d_inode->i_mode);
}
#define DIR_COOKIE_MAX (1UL << 62)

/* --- inode.c --- */
void inode_init(void);
int notify_change(const struct path *path, const struct kstat *attr, unsigned int valid);
int get_write_access(struct inode *inode);
void put_write_access(struct inode *inode);
int deny_write_access(struct inode *inode);
void allow_write_access(struct inode *inode);
void touch_atime(struct file *file);
void inode_touch(struct inode *inode); /* mtime and ctime are now */
int cred_permission(struct inode *inode, int mask, const struct cred *cred);
bool cred_capable(const struct cred *cred, int cap);
bool inode_owner_or_capable(const struct inode *inode);
int vfs_getattr(const struct path *path, struct kstat *stat);
void inode_set_size(struct inode *inode, u64 size);
void inode_strip_privileges(struct inode *inode);
extern const struct file_operations bad_fops, fifo_fops, chrdev_fops;

/* --- mount.c --- */
extern struct mutex namespace_mutex;
int mount_root(void);
bool follow_mount(
	struct path *path);        /* to the root of what is mounted there; dcache_lock not held */
bool follow_up(struct path *path); /* from a mount's root to the place it is mounted on */
void mntget(struct mount *mnt);
void mntput(struct mount *mnt);
int mnt_want_write(const struct path *path); /* 0 or -EROFS */
struct super_block *sget_kernel(
	struct file_system_type *type); /* an instance of the kernel's own; ERR_PTR */
struct mount *kern_mount(struct super_block *sb);

/* --- namei.c --- */
enum last_type { LAST_NORM, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

struct walk_link {
	char *buf;
	const char *rest;
};
#define MAXSYMLINKS 40

struct nameidata {
	struct path path; /* where the walk is; referenced */
	struct path root; /* where ".." and "/" stop; referenced */
	struct qstr last; /* the final component, not walked */
	enum last_type last_type;
	bool last_slash; /* it is followed by slashes: must be a directory */
	unsigned int flags;
	unsigned int links; /* symbolic links followed so far */
	unsigned int depth; /* of stack */
	char *trail;        /* text of the last trailing link: nd->last points into it */
	const struct cred *cred;
	struct walk_link stack[MAXSYMLINKS];
};
int walk_begin(struct nameidata *nd, int dfd, const char *name, unsigned int flags);
int walk_to_parent(struct nameidata *nd,
		   const char *name); /* the last component stays in nd->last */
void walk_end(struct nameidata *nd);
/* walk_follow_last - nd->last is a link found at @link: go to where its last component is to be found */
int walk_follow_last(struct nameidata *nd, const struct path *link);
struct dentry *lookup_one(struct dentry *dir, const struct qstr *name);
struct dentry *lookup_for_create(struct dentry *dir, const struct qstr *name);
int path_lookup_cred(int dfd, const char *name, unsigned int flags, const struct cred *cred,
		     struct path *path);
/* lookup flags from AT_*; unknown bits: -EINVAL */
int at_lookup_flags(int at_flags, int allowed);
char *alloc_name(void);
void namei_init(void);

/* --- names.c: by kernel strings, as initramfs and devtmpfs use them --- */
int do_mkdirat(int dfd, const char *name, u32 mode);
int do_mknodat(int dfd, const char *name, u32 mode, u64 rdev);
int do_symlinkat(const char *target, int dfd, const char *name);
int do_linkat(int old_dfd, const char *old_name, int new_dfd, const char *new_name, int at_flags);
int do_unlinkat(int dfd, const char *name);
int do_rmdirat(int dfd, const char *name);
int vfs_create(struct inode *dir, struct dentry *dentry, u32 mode);
int may_create(struct inode *dir);

/* --- open.c --- */
struct file *do_filp_open(int dfd, const char *name, int flags, u32 mode);
int do_truncate(const struct path *path, u64 length, unsigned int attr_flags);

/* --- file_table.c --- */
struct file *file_alloc_empty(unsigned int flags);
void file_free(struct file *file);
void fput_sync(struct file *file);
void file_table_init(void);

/* --- file.c --- */
void fd_table_init(void);
int filp_close(struct file *file, struct files_struct *files);

/* --- locks.c --- */
struct flock;
int posix_lock_ioctl(unsigned int fd, struct file *file, unsigned int cmd, struct flock *user_lock);
bool fd_is_file(unsigned int fd, const struct file *file);
void locks_remove_posix(struct inode *inode, struct files_struct *owner);
void locks_remove_flock(struct file *file);

/* --- read_write.c, filemap_io.c --- */
ssize_t vfs_read(struct file *file, char *ubuf, size_t len, loff_t *pos);
ssize_t vfs_write(struct file *file, const char *ubuf, size_t len, loff_t *pos);
ssize_t generic_file_read(struct file *file, char *ubuf, size_t len, loff_t *pos);
ssize_t generic_file_write(struct file *file, const char *ubuf, size_t len, loff_t *pos);
ssize_t generic_kernel_read(struct file *file, void *buf, size_t len, loff_t pos);
ssize_t generic_kernel_write(struct file *file, const void *buf, size_t len, loff_t *pos);
loff_t generic_file_llseek(struct file *file, loff_t offset, int whence);
/* ramfs.c: pages against size=; 0 or -ENOSPC */
int ramfs_charge_page(struct inode *inode);
void ramfs_recharge(struct inode *inode);
extern const struct address_space_operations ramfs_aops;
extern const struct file_operations ramfs_file_fops, ramfs_dir_fops;
struct inode *ramfs_inode(struct super_block *sb, struct inode *dir, u32 mode, u64 rdev);
extern struct file_system_type ramfs_type, tmpfs_type, devtmpfs_type, rootfs_type;

/* --- pipe.c, devfs.c --- */
void pipefs_init(void);
long pipe_set_size(struct file *file, unsigned long size);
long pipe_get_size(struct file *file);

#endif
