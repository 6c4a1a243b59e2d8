/*
 * fs/inode.c - what a file is, apart from its names: life, permissions, attributes
 *
 * An inode lives as long as somebody refers to it: each dentry that names it, and each user in between.  No file
 * system here can bring an inode back, so the last iput always frees it with its pages.
 *
 * Who may do what (path_resolution(7), capabilities(7)): owner, group or others, by the caller's file-system ids;
 * CAP_DAC_OVERRIDE passes all of that, except that executing needs one x bit; CAP_DAC_READ_SEARCH passes reading and
 * searching.
 *
 * i_writecount keeps writers and execution apart (ETXTBSY): above 0 it counts files open for writing, below 0 holds
 * against them.  Both sides take it only by moving away from 0 in their own direction.
 *
 * Attributes change under i_rwsem held for write and are read without it: each is one word, and times are read by
 * people.  The size is in i_data, where mm reads it.
 */
#include <uapi/mount.h>
#include "internal.h"

static struct kmem_cache *inode_cache;

#define RELATIME_SECONDS (24L * 60 * 60) /* an access time older than this is brought up to date */

void inode_init(void)
{
	inode_cache = kmem_cache_create("inode_cache", sizeof(struct inode), 0,
					SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
}

struct timespec64 current_time(void)
{
	u64 ns = ktime_get_real_ns();

	return (struct timespec64){ (s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC) };
}

/**
 * new_inode - an inode of @sb with one reference and one link, owned by the caller
 *
 * Return: NULL when out of memory.  The file system sets i_op, i_fop and the mapping's operations.
 */
struct inode *new_inode(struct super_block *sb, u32 mode)
{
	struct inode *inode = kmem_cache_zalloc(inode_cache, GFP_KERNEL);

	if (!inode)
		return NULL;
	inode->i_ino = __atomic_add_fetch(&sb->s_next_ino, 1, __ATOMIC_RELAXED);
	inode->i_mode = mode;
	inode->i_nlink = 1;
	inode->i_uid = current->cred.fsuid;
	inode->i_gid = current->cred.fsgid;
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time();
	inode->i_sb = sb;
	inode->i_fop = &bad_fops;
	atomic_set(&inode->i_count, 1);
	init_rwsem(&inode->i_rwsem, LOCK_INODE);
	address_space_init(&inode->i_data, inode, NULL, 0);
	inode->i_mapping = &inode->i_data;
	INIT_LIST_HEAD(&inode->i_flock);
	return inode;
}

/* iput - drop a reference; the last one frees the inode and its pages.  May sleep. */
void iput(struct inode *inode)
{
	if (!atomic_dec_and_test(&inode->i_count))
		return;
	if (inode->i_data.nrpages) {
		inode->i_data.i_size = 0;
		truncate_pagecache(&inode->i_data, 0);
	}
	ramfs_recharge(inode);
	if (inode->i_sb->evict_inode)
		inode->i_sb->evict_inode(inode);
	BUG_ON(inode->i_data.nrpages || !list_empty(&inode->i_flock));
	kmem_cache_free(inode_cache, inode);
}

static ssize_t bad_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	(void)file;
	(void)ubuf;
	(void)len;
	(void)pos;
	return -EINVAL;
}

static int no_open(struct inode *inode, struct file *file)
{
	(void)inode;
	(void)file;
	return -ENXIO;
}

/* What an inode can do before its file system says more; sockets and block devices stay at it. */
const struct file_operations bad_fops = { .read = bad_read, .open = no_open };

/* init_special_inode - device numbers and operations of what mknod(2) makes */
void init_special_inode(struct inode *inode, u32 mode, u64 rdev)
{
	inode->i_mode = mode;
	if (S_ISCHR(mode)) {
		inode->i_fop = &chrdev_fops;
		inode->i_rdev = rdev;
	} else if (S_ISBLK(mode)) {
		inode->i_rdev = rdev;
	} else if (S_ISFIFO(mode)) {
		inode->i_fop = &fifo_fops;
	}
}

bool cred_capable(const struct cred *cred, int cap)
{
	return cred->cap_effective >> cap & 1;
}

static bool cred_in_group(const struct cred *cred, gid_t gid)
{
	unsigned int i;

	if (cred->fsgid == gid)
		return true;
	for (i = 0; i < cred->ngroups; i++)
		if (cred->groups[i] == gid)
			return true;
	return false;
}

static int cred_generic_permission(struct inode *inode, int mask, const struct cred *cred)
{
	u32 mode = inode->i_mode, bits = mode;

	if (cred->fsuid == inode->i_uid)
		bits >>= 6;
	else if (cred_in_group(cred, inode->i_gid))
		bits >>= 3;
	if (!((u32)mask & ~bits & 7))
		return 0;
	if ((!(mask & MAY_EXEC) || S_ISDIR(mode) || (mode & 0111)) &&
	    cred_capable(cred, CAP_DAC_OVERRIDE))
		return 0;
	if ((mask == MAY_READ || (S_ISDIR(mode) && !(mask & MAY_WRITE))) &&
	    cred_capable(cred, CAP_DAC_READ_SEARCH))
		return 0;
	return -EACCES;
}

/* generic_permission - by mode bits, groups and capabilities of the current task; 0 or -EACCES */
int generic_permission(struct inode *inode, int mask)
{
	return cred_generic_permission(inode, mask, &current->cred);
}

/* cred_permission - may @cred do @mask (MAY_*) to @inode?  0, -EACCES, -EROFS */
int cred_permission(struct inode *inode, int mask, const struct cred *cred)
{
	u32 mode = inode->i_mode;

	if ((mask & MAY_WRITE) && (inode->i_sb->s_flags & MS_RDONLY) &&
	    (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)))
		return -EROFS;
	if (inode->i_op && inode->i_op->permission)
		return inode->i_op->permission(inode, mask);
	return cred_generic_permission(inode, mask, cred);
}

int inode_permission(struct inode *inode, int mask)
{
	return cred_permission(inode, mask, &current->cred);
}

bool inode_owner_or_capable(const struct inode *inode)
{
	return current->cred.fsuid == inode->i_uid || capable(CAP_FOWNER);
}

/* get_write_access - a file is opened for writing; 0 or -ETXTBSY while it is being executed */
int get_write_access(struct inode *inode)
{
	int count = atomic_read(&inode->i_writecount);

	do {
		if (count < 0)
			return -ETXTBSY;
	} while (!atomic_try_cmpxchg(&inode->i_writecount, &count, count + 1));
	return 0;
}

void put_write_access(struct inode *inode)
{
	atomic_dec(&inode->i_writecount);
}

/* deny_write_access - it is executed: keep writers off; 0 or -ETXTBSY while one has it open */
int deny_write_access(struct inode *inode)
{
	int count = atomic_read(&inode->i_writecount);

	do {
		if (count > 0)
			return -ETXTBSY;
	} while (!atomic_try_cmpxchg(&inode->i_writecount, &count, count - 1));
	return 0;
}

void allow_write_access(struct inode *inode)
{
	atomic_inc(&inode->i_writecount);
}

void inode_touch(struct inode *inode)
{
	inode->i_mtime = inode->i_ctime = current_time();
}

static bool is_before(const struct timespec64 *a, const struct timespec64 *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec <= b->tv_nsec;
}

/**
 * touch_atime - the file was read
 *
 * As relatime does: only when the access time is not later than the last change, or a day old.  When somebody
 * changes the inode just now, their change makes the next reader do it.
 */
void touch_atime(struct file *file)
{
	struct inode *inode = file->f_inode;
	struct mount *mnt = file->f_path.mnt;
	struct timespec64 now;

	if ((file->f_flags & O_NOATIME) || (inode->i_sb->s_flags & MS_RDONLY) ||
	    (mnt && (mnt->flags & (MS_NOATIME | MS_RDONLY))))
		return;
	if (mnt && (mnt->flags & MS_NODIRATIME) && S_ISDIR(inode->i_mode))
		return;
	now = current_time();
	if (!is_before(&inode->i_atime, &inode->i_mtime) &&
	    !is_before(&inode->i_atime, &inode->i_ctime) &&
	    now.tv_sec - inode->i_atime.tv_sec < RELATIME_SECONDS)
		return;
	if (down_write_trylock(&inode->i_rwsem)) {
		inode->i_atime = now;
		up_write(&inode->i_rwsem);
	}
}

/* inode_strip_privileges - somebody without CAP_FSETID writes: set-id bits go.  i_rwsem held for write. */
void inode_strip_privileges(struct inode *inode)
{
	u32 kill = 0;

	if (!S_ISREG(inode->i_mode) || likely(!(inode->i_mode & (S_ISUID | S_ISGID))))
		return;
	if (capable(CAP_FSETID))
		return;
	if (inode->i_mode & S_ISUID)
		kill |= S_ISUID;
	if ((inode->i_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		kill |= S_ISGID;
	inode->i_mode &= ~kill;
}

/* inode_set_size - grow or cut the file; pages beyond are dropped.  i_rwsem held for write. */
void inode_set_size(struct inode *inode, u64 size)
{
	u64 old = inode->i_data.i_size;

	assert_rwsem_held_write(&inode->i_rwsem);
	WRITE_ONCE(inode->i_data.i_size, size);
	if (size < old) {
		truncate_pagecache(&inode->i_data, size);
		ramfs_recharge(inode);
	}
}

/* May the file grow to @size?  0; -EFBIG, with SIGXFSZ when it is the caller's limit (setrlimit(2)). */
static int check_new_size(struct inode *inode, u64 size)
{
	if (size <= inode->i_data.i_size)
		return 0;
	if (size > rlimit(RLIMIT_FSIZE)) {
		send_sig_self(SIGXFSZ);
		return -EFBIG;
	}
	return inode->i_sb->s_max_bytes && size > inode->i_sb->s_max_bytes ? -EFBIG : 0;
}

static int may_change_owner(const struct inode *inode, const struct kstat *attr, unsigned int valid)
{
	bool owner = current->cred.fsuid == inode->i_uid;

	if ((valid & ATTR_UID) && !(owner && attr->uid == inode->i_uid) && !capable(CAP_CHOWN))
		return -EPERM;
	if ((valid & ATTR_GID) && !(owner && (attr->gid == inode->i_gid || in_group(attr->gid))) &&
	    !capable(CAP_CHOWN))
		return -EPERM;
	return 0;
}

/* simple_setattr - apply what was checked; for file systems whose inodes are only in memory.  i_rwsem for write. */
int simple_setattr(struct dentry *dentry, const struct kstat *attr, unsigned int valid)
{
	struct inode *inode = dentry->d_inode;

	if (valid & ATTR_SIZE) {
		if (attr->size != inode->i_data.i_size || (valid & ATTR_OPEN))
			inode->i_mtime = current_time();
		inode_set_size(inode, attr->size);
	}
	if (valid & ATTR_UID)
		inode->i_uid = attr->uid;
	if (valid & ATTR_GID)
		inode->i_gid = attr->gid;
	if (valid & ATTR_MODE)
		inode->i_mode = (inode->i_mode & S_IFMT) | (attr->mode & 07777);
	if (valid & ATTR_ATIME)
		inode->i_atime = attr->atime;
	if (valid & ATTR_MTIME)
		inode->i_mtime = attr->mtime;
	inode->i_ctime = current_time();
	return 0;
}

/**
 * notify_change - change the attributes named by @valid (ATTR_*)
 *
 * Checks what the owner, the capabilities and the limits say about each; ATTR_SIZE expects that writing was allowed.
 * A time without its _SET bit is the present, for which the right to write suffices.
 *
 * Return: 0; -EPERM, -EACCES, -EROFS, -EFBIG, -EINVAL with nothing changed.
 * Locks:  takes i_rwsem.  Sleeps.
 */
int notify_change(const struct path *path, const struct kstat *want, unsigned int valid)
{
	struct inode *inode = path->dentry->d_inode;
	struct kstat attr = *want;
	int err = mnt_want_write(path);

	if (err)
		return err;
	down_write(&inode->i_rwsem);
	if (valid & (ATTR_UID | ATTR_GID)) {
		err = may_change_owner(inode, &attr, valid);
		if (!S_ISDIR(inode->i_mode) && (inode->i_mode & (S_ISUID | S_ISGID)) &&
		    !(valid & ATTR_MODE)) {
			u32 sgid = inode->i_mode & S_IXGRP ? S_ISGID : 0;

			attr.mode = inode->i_mode & ~(S_ISUID | sgid);
			valid |= ATTR_MODE | ATTR_FORCE;
		}
	}
	if (!err && (valid & ATTR_MODE) && !(valid & ATTR_FORCE)) {
		if (!inode_owner_or_capable(inode))
			err = -EPERM;
		else if (!in_group(inode->i_gid) && !capable(CAP_FSETID))
			attr.mode &= ~(u32)S_ISGID;
	}
	if (!err && (valid & (ATTR_ATIME_SET | ATTR_MTIME_SET)) && !inode_owner_or_capable(inode))
		err = -EPERM;
	else if (!err && (valid & (ATTR_ATIME | ATTR_MTIME)) && !(valid & ATTR_FORCE) &&
		 !inode_owner_or_capable(inode))
		err = inode_permission(inode, MAY_WRITE);
	if (!err && (valid & ATTR_SIZE)) {
		err = check_new_size(inode, attr.size);
		if (!err)
			inode_strip_privileges(inode);
	}
	if (!err) {
		if (inode->i_op && inode->i_op->setattr)
			err = inode->i_op->setattr(path->dentry, &attr, valid);
		else
			err = simple_setattr(path->dentry, &attr, valid);
	}
	up_write(&inode->i_rwsem);
	return err;
}

void generic_fillattr(struct inode *inode, struct kstat *stat)
{
	*stat = (struct kstat){
		.ino = inode->i_ino,
		.size = READ_ONCE(inode->i_data.i_size),
		.blocks = READ_ONCE(inode->i_data.nrpages) << (PAGE_SHIFT - 9),
		.blksize = PAGE_SIZE,
		.mode = inode->i_mode,
		.nlink = inode->i_nlink,
		.uid = inode->i_uid,
		.gid = inode->i_gid,
		.dev = inode->i_sb->s_dev,
		.rdev = inode->i_rdev,
		.atime = inode->i_atime,
		.mtime = inode->i_mtime,
		.ctime = inode->i_ctime,
	};
}

int vfs_getattr(const struct path *path, struct kstat *stat)
{
	struct inode *inode = path->dentry->d_inode;

	if (inode->i_op && inode->i_op->getattr)
		return inode->i_op->getattr(path->dentry, stat);
	generic_fillattr(inode, stat);
	return 0;
}
