/*
 * fs/stat.c - what a file is: stat, statx, statfs, readlink
 *
 * All forms get the same struct kstat from the inode and lay it out for the caller.  Device numbers are given to
 * programs in Linux's 32-bit form: minor bits 0 to 7, major 8 to 19, minor bits 8 on from 20.
 */
#include <uapi/mount.h>
#include <uapi/statfs.h>
#include "internal.h"

static_assert(sizeof(struct stat) == 144, "stat(2), x86-64");
static_assert(sizeof(struct statx) == 256, "statx(2)");
static_assert(sizeof(struct statfs) == 120, "statfs(2), x86-64");

static u64 encode_dev(u64 dev)
{
	return (MINOR(dev) & 0xff) | (u64)MAJOR(dev) << 8 | (u64)(MINOR(dev) & ~0xffu) << 12;
}

static int put_stat(const struct kstat *k, struct stat *ust)
{
	struct stat st = {
		.st_dev = encode_dev(k->dev),
		.st_ino = k->ino,
		.st_nlink = k->nlink,
		.st_mode = k->mode,
		.st_uid = k->uid,
		.st_gid = k->gid,
		.st_rdev = encode_dev(k->rdev),
		.st_size = (s64)k->size,
		.st_blksize = (s64)k->blksize,
		.st_blocks = (s64)k->blocks,
		.st_atime_sec = (u64)k->atime.tv_sec,
		.st_atime_nsec = (u64)k->atime.tv_nsec,
		.st_mtime_sec = (u64)k->mtime.tv_sec,
		.st_mtime_nsec = (u64)k->mtime.tv_nsec,
		.st_ctime_sec = (u64)k->ctime.tv_sec,
		.st_ctime_nsec = (u64)k->ctime.tv_nsec,
	};

	return copy_to_user(ust, &st, sizeof(st)) ? -EFAULT : 0;
}

static int stat_name(int dfd, const char *uname, unsigned int lookup, struct kstat *k)
{
	struct path path;
	int err = user_path_at(dfd, uname, lookup, &path);

	if (err)
		return err;
	err = vfs_getattr(&path, k);
	path_put(&path);
	return err;
}

static int stat_fd(unsigned int fd, struct kstat *k)
{
	struct fd f = fdget_raw(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = vfs_getattr(&f.file->f_path, k);
	fdput(f);
	return err;
}

long sys_stat(const char *uname, struct stat *ust)
{
	struct kstat k;
	int err = stat_name(AT_FDCWD, uname, LOOKUP_FOLLOW, &k);

	return err ? err : put_stat(&k, ust);
}

long sys_lstat(const char *uname, struct stat *ust)
{
	struct kstat k;
	int err = stat_name(AT_FDCWD, uname, 0, &k);

	return err ? err : put_stat(&k, ust);
}

long sys_fstat(unsigned int fd, struct stat *ust)
{
	struct kstat k;
	int err = stat_fd(fd, &k);

	return err ? err : put_stat(&k, ust);
}

/* sys_newfstatat - Ref: fstatat(2).  AT_NO_AUTOMOUNT is accepted: nothing mounts by itself. */
long sys_newfstatat(int dfd, const char *uname, struct stat *ust, int flags)
{
	int lookup = at_lookup_flags(flags, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH),
	    err;
	struct kstat k;
	char first;

	if (lookup < 0)
		return lookup;
	/* What fstat of a C library is: the descriptor itself, without a walk. */
	if ((flags & AT_EMPTY_PATH) && dfd >= 0 && !get_user(first, uname) && !first)
		err = stat_fd((unsigned int)dfd, &k);
	else
		err = stat_name(dfd, uname, (unsigned int)lookup, &k);
	return err ? err : put_stat(&k, ust);
}

static struct statx_timestamp statx_time(const struct timespec64 *ts)
{
	return (struct statx_timestamp){ .tv_sec = ts->tv_sec, .tv_nsec = (u32)ts->tv_nsec };
}

static int put_statx(const struct kstat *k, const struct path *path, struct statx *ustx)
{
	struct statx stx = {
		.stx_mask = STATX_BASIC_STATS | STATX_MNT_ID,
		.stx_blksize = (u32)k->blksize,
		.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT,
		.stx_attributes = path->dentry == path->mnt->root ? STATX_ATTR_MOUNT_ROOT : 0,
		.stx_nlink = k->nlink,
		.stx_uid = k->uid,
		.stx_gid = k->gid,
		.stx_mode = (u16)k->mode,
		.stx_ino = k->ino,
		.stx_size = k->size,
		.stx_blocks = k->blocks,
		.stx_atime = statx_time(&k->atime),
		.stx_ctime = statx_time(&k->ctime),
		.stx_mtime = statx_time(&k->mtime),
		.stx_rdev_major = MAJOR(k->rdev),
		.stx_rdev_minor = MINOR(k->rdev),
		.stx_dev_major = MAJOR(k->dev),
		.stx_dev_minor = MINOR(k->dev),
		.stx_mnt_id = (u64)path->mnt->id,
	};

	return copy_to_user(ustx, &stx, sizeof(stx)) ? -EFAULT : 0;
}

/* sys_statx - Ref: statx(2).  All basic fields, whatever @mask asks for; no birth time. */
long sys_statx(int dfd, const char *uname, unsigned int flags, unsigned int mask,
	       struct statx *ustx)
{
	int lookup, err;
	struct path path;
	struct kstat k;

	if ((mask & STATX__RESERVED) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	lookup = at_lookup_flags((int)flags, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
						     AT_STATX_SYNC_TYPE);
	if (lookup < 0)
		return lookup;
	err = user_path_at(dfd, uname, (unsigned int)lookup, &path);
	if (err)
		return err;
	err = vfs_getattr(&path, &k);
	if (!err)
		err = put_statx(&k, &path, ustx);
	path_put(&path);
	return err;
}

/* --- statfs(2) --- */

static int put_statfs(const struct path *path, struct statfs *ust)
{
	struct super_block *sb = path->mnt->sb;
	unsigned long mnt = path->mnt->flags;
	struct kstatfs k = { .f_type = sb->s_magic,
			     .f_bsize = PAGE_SIZE,
			     .f_namelen = NAME_MAX_LEN };
	struct statfs st;
	int err = sb->statfs ? sb->statfs(sb, &k) : 0;

	if (err)
		return err;
	st = (struct statfs){
		.f_type = (s64)k.f_type,
		.f_bsize = (s64)k.f_bsize,
		.f_frsize = (s64)k.f_bsize,
		.f_blocks = k.f_blocks,
		.f_bfree = k.f_bfree,
		.f_bavail = k.f_bavail,
		.f_files = k.f_files,
		.f_ffree = k.f_ffree,
		.f_namelen = (s64)k.f_namelen,
		.f_flags = ST_VALID,
	};
	if ((mnt | sb->s_flags) & MS_RDONLY)
		st.f_flags |= ST_RDONLY;
	st.f_flags |= (mnt & MS_NOSUID ? ST_NOSUID : 0) | (mnt & MS_NODEV ? ST_NODEV : 0) |
		      (mnt & MS_NOEXEC ? ST_NOEXEC : 0) | (mnt & MS_NOATIME ? ST_NOATIME : 0) |
		      (mnt & MS_NODIRATIME ? ST_NODIRATIME : 0) |
		      (mnt & MS_RELATIME ? ST_RELATIME : 0);
	return copy_to_user(ust, &st, sizeof(st)) ? -EFAULT : 0;
}

long sys_statfs(const char *uname, struct statfs *ust)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, uname, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = put_statfs(&path, ust);
	path_put(&path);
	return err;
}

long sys_fstatfs(unsigned int fd, struct statfs *ust)
{
	struct fd f = fdget_raw(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = put_statfs(&f.file->f_path, ust);
	fdput(f);
	return err;
}

/* --- readlink(2) --- */

static int read_link(const struct path *path, char *ubuf, int size)
{
	struct inode *inode = path->dentry->d_inode;
	char *text;
	int len;

	if (!inode->i_op || !inode->i_op->get_link)
		return -EINVAL;
	text = alloc_name();
	if (!text)
		return -ENOMEM;
	len = inode->i_op->get_link(path->dentry, text, PATH_MAX_LEN, NULL);
	if (len >= 0) {
		len = (int)min(strlen(text), (size_t)size);
		if (copy_to_user(ubuf, text, (size_t)len))
			len = -EFAULT;
	}
	putname(text);
	return len;
}

/* sys_readlinkat - Ref: readlink(2).  "" is the link that @dfd was opened on with O_PATH | O_NOFOLLOW. */
long sys_readlinkat(int dfd, const char *uname, char *ubuf, int size)
{
	struct path path;
	char first;
	int err;

	if (size <= 0)
		return -EINVAL;
	err = user_path_at(dfd, uname, LOOKUP_EMPTY, &path);
	if (err)
		return err;
	if (get_user(first, uname))
		err = -EFAULT;
	else if (!first && !S_ISLNK(path.dentry->d_inode->i_mode))
		err = -ENOENT;
	else
		err = read_link(&path, ubuf, size);
	path_put(&path);
	return err;
}

long sys_readlink(const char *uname, char *ubuf, int size)
{
	return sys_readlinkat(AT_FDCWD, uname, ubuf, size);
}
