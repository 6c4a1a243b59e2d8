/*
 * fs/attr.c - changing what a file is: chmod, chown, utimes
 *
 * Each call finds its file, says in a struct kstat what is to change, and leaves the checks to notify_change.
 */
#include "internal.h"

#define NO_ID ((uid_t)-1) /* chown(2): leave it */

/* --- mode --- */

static int change_mode(const struct path *path, mode_t mode)
{
	if (S_ISLNK(path->dentry->d_inode->i_mode))
		return -EOPNOTSUPP;
	return notify_change(path, &(struct kstat){ .mode = mode & 07777 }, ATTR_MODE);
}

long sys_fchmodat(int dfd, const char *uname, mode_t mode)
{
	struct path path;
	int err = user_path_at(dfd, uname, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = change_mode(&path, mode);
	path_put(&path);
	return err;
}

long sys_chmod(const char *uname, mode_t mode)
{
	return sys_fchmodat(AT_FDCWD, uname, mode);
}

long sys_fchmod(unsigned int fd, mode_t mode)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = change_mode(&f.file->f_path, mode);
	fdput(f);
	return err;
}

/* --- owner --- */

static int change_owner(const struct path *path, uid_t uid, gid_t gid)
{
	unsigned int valid = (uid != NO_ID ? ATTR_UID : 0) | (gid != NO_ID ? ATTR_GID : 0);

	return notify_change(path, &(struct kstat){ .uid = uid, .gid = gid }, valid);
}

long sys_fchownat(int dfd, const char *uname, uid_t uid, gid_t gid, int flags)
{
	int lookup = at_lookup_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), err;
	struct path path;

	if (lookup < 0)
		return lookup;
	err = user_path_at(dfd, uname, (unsigned int)lookup, &path);
	if (err)
		return err;
	err = change_owner(&path, uid, gid);
	path_put(&path);
	return err;
}

long sys_chown(const char *uname, uid_t uid, gid_t gid)
{
	return sys_fchownat(AT_FDCWD, uname, uid, gid, 0);
}

long sys_lchown(const char *uname, uid_t uid, gid_t gid)
{
	return sys_fchownat(AT_FDCWD, uname, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(unsigned int fd, uid_t uid, gid_t gid)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = change_owner(&f.file->f_path, uid, gid);
	fdput(f);
	return err;
}

/* --- times --- */

/* What utimensat's pair of times asks for; UTIME_NOW and UTIME_OMIT in tv_nsec. */
static int times_to_attr(const struct __kernel_timespec ts[2], struct kstat *attr,
			 unsigned int *valid)
{
	struct timespec64 now = current_time(), *to[2] = { &attr->atime, &attr->mtime };
	static const unsigned int bit[2] = { ATTR_ATIME, ATTR_MTIME },
				  bit_set[2] = { ATTR_ATIME_SET, ATTR_MTIME_SET };
	bool both_now = ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW;
	int i;

	*valid = 0;
	for (i = 0; i < 2; i++) {
		if (ts[i].tv_nsec == UTIME_OMIT)
			continue;
		if (ts[i].tv_nsec == UTIME_NOW) {
			*to[i] = now;
		} else if ((u64)ts[i].tv_nsec < NSEC_PER_SEC) {
			*to[i] = (struct timespec64){ ts[i].tv_sec, ts[i].tv_nsec };
		} else {
			return -EINVAL;
		}
		/* Only "both now" is what a writer may do: anything else is the owner's. */
		*valid |= bit[i] | (both_now ? 0 : bit_set[i]);
	}
	return 0;
}

static const struct __kernel_timespec both_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };

static int change_times(const struct path *path, const struct __kernel_timespec ts[2])
{
	struct kstat attr = { .ino = 0 };
	unsigned int valid;
	int err = times_to_attr(ts, &attr, &valid);

	if (err || !valid)
		return err;
	err = notify_change(path, &attr, valid);
	return err;
}

static int set_times(int dfd, const char *uname, const struct __kernel_timespec ts[2], int flags)
{
	int lookup = at_lookup_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), err;
	struct path path;

	if (lookup < 0)
		return lookup;
	if (!uname && dfd != AT_FDCWD) { /* futimens: the descriptor itself */
		struct fd f;

		if (flags)
			return -EINVAL;
		f = fdget((unsigned int)dfd);
		if (!f.file)
			return -EBADF;
		err = change_times(&f.file->f_path, ts);
		fdput(f);
		return err;
	}
	err = user_path_at(dfd, uname, (unsigned int)lookup, &path);
	if (err)
		return err;
	err = change_times(&path, ts);
	path_put(&path);
	return err;
}

/* sys_utimensat - Ref: utimensat(2).  NULL @utimes: now */
long sys_utimensat(int dfd, const char *uname, const struct __kernel_timespec *utimes, int flags)
{
	struct __kernel_timespec ts[2];

	if (!utimes)
		return set_times(dfd, uname, both_now, flags);
	if (copy_from_user(ts, utimes, sizeof(ts)))
		return -EFAULT;
	if (ts[0].tv_nsec == UTIME_OMIT && ts[1].tv_nsec == UTIME_OMIT)
		return 0;
	return set_times(dfd, uname, ts, flags);
}

long sys_futimesat(int dfd, const char *uname, const struct __kernel_old_timeval *utimes)
{
	struct __kernel_old_timeval tv[2];
	struct __kernel_timespec ts[2];
	int i;

	if (!utimes)
		return set_times(dfd, uname, both_now, 0);
	if (copy_from_user(tv, utimes, sizeof(tv)))
		return -EFAULT;
	for (i = 0; i < 2; i++) {
		if ((u64)tv[i].tv_usec >= 1000000)
			return -EINVAL;
		ts[i] = (struct __kernel_timespec){ tv[i].tv_sec,
						    tv[i].tv_usec * (s64)NSEC_PER_USEC };
	}
	return set_times(dfd, uname, ts, 0);
}

long sys_utimes(const char *uname, const struct __kernel_old_timeval *utimes)
{
	return sys_futimesat(AT_FDCWD, uname, utimes);
}

/* sys_utime - Ref: utime(2): two times in seconds */
long sys_utime(const char *uname, const s64 *utimes)
{
	struct __kernel_timespec ts[2] = { { 0, 0 }, { 0, 0 } };

	if (!utimes)
		return set_times(AT_FDCWD, uname, both_now, 0);
	if (get_user(ts[0].tv_sec, &utimes[0]) || get_user(ts[1].tv_sec, &utimes[1]))
		return -EFAULT;
	return set_times(AT_FDCWD, uname, ts, 0);
}
