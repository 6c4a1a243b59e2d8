/*
 * fs/xattr.c - extended attributes: no file system here has any
 *
 * The calls exist because programs ask (ls -l, cp -a) and must hear EOPNOTSUPP, not ENOSYS: then they go on in silence.
 * Arguments are checked as on Linux first, so that a bad path or descriptor is reported as such.
 */
#include "internal.h"

#define XATTR_NAME_MAX 255

static int check_path(const char *upath, unsigned int lookup)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, upath, lookup, &path);

	if (!err)
		path_put(&path);
	return err;
}

static int check_fd(int fd)
{
	struct fd f = fdget((unsigned int)fd);

	fdput(f);
	return f.file ? 0 : -EBADF;
}

static int check_name(const char *uname)
{
	char name[XATTR_NAME_MAX + 1];
	long len = strncpy_from_user(name, uname, sizeof(name));

	if (len < 0)
		return -EFAULT;
	return !len || len == sizeof(name) ? -ERANGE : 0;
}

/* The answer of every call that names an attribute, once its file was found. */
static long no_attribute(int err, const char *uname)
{
	if (!err)
		err = check_name(uname);
	return err ? err : -EOPNOTSUPP;
}

long sys_setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	(void)value;
	(void)size;
	return flags & ~3 ? -EINVAL : no_attribute(check_path(path, LOOKUP_FOLLOW), name);
}

long sys_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	(void)value;
	(void)size;
	return flags & ~3 ? -EINVAL : no_attribute(check_path(path, 0), name);
}

long sys_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	(void)value;
	(void)size;
	return flags & ~3 ? -EINVAL : no_attribute(check_fd(fd), name);
}

long sys_getxattr(const char *path, const char *name, void *value, size_t size)
{
	(void)value;
	(void)size;
	return no_attribute(check_path(path, LOOKUP_FOLLOW), name);
}

long sys_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	(void)value;
	(void)size;
	return no_attribute(check_path(path, 0), name);
}

long sys_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	(void)value;
	(void)size;
	return no_attribute(check_fd(fd), name);
}

long sys_removexattr(const char *path, const char *name)
{
	return no_attribute(check_path(path, LOOKUP_FOLLOW), name);
}

long sys_lremovexattr(const char *path, const char *name)
{
	return no_attribute(check_path(path, 0), name);
}

long sys_fremovexattr(int fd, const char *name)
{
	return no_attribute(check_fd(fd), name);
}

/* An empty list: 0 bytes. */
long sys_listxattr(const char *path, char *list, size_t size)
{
	(void)list;
	(void)size;
	return check_path(path, LOOKUP_FOLLOW);
}

long sys_llistxattr(const char *path, char *list, size_t size)
{
	(void)list;
	(void)size;
	return check_path(path, 0);
}

long sys_flistxattr(int fd, char *list, size_t size)
{
	(void)list;
	(void)size;
	return check_fd(fd);
}
