/*
 * fs/open.c - opening files, and asking whether one could: open(2) and access(2)
 *
 * open(2) in order: a struct file is allocated, the name is walked (and with O_CREAT the file made, under its
 * directory's lock), the right to open it that way is checked, writers and execution are kept apart, the file's own
 * open runs, O_TRUNC cuts.  What can fail for want of memory comes first, so that a failing open leaves no new file
 * behind.
 *
 * A symbolic link as last component is found only by looking it up, so the walk and the last step alternate until
 * something else is found.
 *
 * Locks: none on entry; the directory's i_rwsem while a file is made.  The file's open runs without locks: opening a
 * fifo sleeps.
 */
#include <uapi/mount.h>
#include "internal.h"

struct open_request {
	int flags;           /* O_* */
	u32 mode;            /* of a new file, umask not applied */
	int acc_mode;        /* MAY_* */
	unsigned int lookup; /* LOOKUP_EMPTY, if the caller allows it */
	bool created;
};

/* The permissions that the access mode asks for; O_TRUNC writes. */
static int acc_mode_of(int flags)
{
	static const int acc[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
				   MAY_READ | MAY_WRITE };

	return acc[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

/*
 * The last component with O_CREAT: found, or made.  nd->path is its directory.
 *
 * Return: the positive dentry with a reference, or ERR_PTR.
 */
static struct dentry *lookup_or_create(struct nameidata *nd, struct open_request *req)
{
	struct dentry *dir = nd->path.dentry, *dentry;
	struct inode *inode = dir->d_inode;
	int err = 0;

	dentry = lookup_one(dir, &nd->last);
	if (!IS_ERR(dentry) || PTR_ERR(dentry) != -ENOENT)
		return dentry;
	down_write(&inode->i_rwsem);
	dentry = lookup_for_create(dir, &nd->last);
	if (!IS_ERR(dentry) && !dentry->d_inode) {
		err = mnt_want_write(&nd->path);
		if (!err)
			err = may_create(inode);
		if (!err)
			err = vfs_create(inode, dentry, req->mode & ~READ_ONCE(current->fs->umask));
		req->created = !err;
	}
	up_write(&inode->i_rwsem);
	if (err) {
		dput(dentry);
		return ERR_PTR(err);
	}
	return dentry;
}

/* One try at the last component.  0: nd->path is the file; 1: it was a link, walk on; -errno. */
static int open_last_create(struct nameidata *nd, struct open_request *req)
{
	struct dentry *dentry;
	struct path found;
	int err;

	if (nd->last_type != LAST_NORM || nd->last_slash)
		return -EISDIR;
	dentry = lookup_or_create(nd, req);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	if ((req->flags & O_EXCL) && !req->created) {
		dput(dentry);
		return -EEXIST;
	}
	found = (struct path){ nd->path.mnt, dentry };
	mntget(found.mnt);
	if (S_ISLNK(dentry->d_inode->i_mode) && !(req->flags & O_NOFOLLOW)) {
		err = walk_follow_last(nd, &found);
		return err == 1 ? 0 : err ?: 1;
	}
	path_put(&nd->path);
	nd->path = found;
	follow_mount(&nd->path);
	return 0;
}

/**
 * walk_open - find, or with O_CREAT make, what is to be opened
 *
 * Return: 0 with references in *path; -errno.
 */
static int walk_open(int dfd, const char *name, struct open_request *req, struct path *path)
{
	unsigned int lookup = (req->flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			      (req->flags & O_DIRECTORY ? LOOKUP_DIRECTORY : 0) | req->lookup;
	struct nameidata nd;
	int err;

	if (!(req->flags & O_CREAT))
		return kern_path_at(dfd, name, lookup, path);
	if (!*name)
		return -ENOENT;
	err = walk_begin(&nd, dfd, name, lookup);
	if (!err)
		err = walk_to_parent(&nd, name);
	while (!err) {
		err = open_last_create(&nd, req);
		if (err <= 0)
			break;
		err = 0;
	}
	if (!err && (nd.flags & LOOKUP_DIRECTORY) && !d_is_dir(nd.path.dentry))
		err = -ENOTDIR;
	if (!err) {
		*path = nd.path;
		path_get(path);
	}
	walk_end(&nd);
	return err;
}

/* May the current task open what is at @path this way?  open(2), "ERRORS". */
static int may_open(const struct path *path, const struct open_request *req)
{
	struct inode *inode = path->dentry->d_inode;
	int acc = req->acc_mode, err;

	if ((req->flags & O_CREAT) && !req->created && S_ISDIR(inode->i_mode))
		return -EISDIR;
	switch (inode->i_mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (acc & MAY_WRITE)
			return -EISDIR;
		break;
	case S_IFBLK:
	case S_IFCHR:
		if (path->mnt->flags & MS_NODEV)
			return -EACCES;
		break;
	case S_IFREG:
		if ((acc & MAY_EXEC) && (path->mnt->flags & MS_NOEXEC))
			return -EACCES;
		break;
	}
	if (req->created)
		return 0;
	err = inode_permission(inode, acc);
	if (err)
		return err;
	if ((acc & MAY_WRITE) && (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode)))
		err = mnt_want_write(path);
	if (!err && (req->flags & O_NOATIME) && !inode_owner_or_capable(inode))
		err = -EPERM;
	return err;
}

/*
 * Turn an empty file into one open on @path, whose references it takes over.  Return: 0; -errno with them untouched.
 */
static int file_open_path(struct file *file, const struct path *path)
{
	struct inode *inode = path->dentry->d_inode;
	bool is_writer = false;
	int err;

	file->f_path = *path;
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
	if (file->f_mode & FMODE_PATH)
		return 0;
	file->f_op = inode->i_fop;
	if ((file->f_mode & FMODE_WRITE) && S_ISREG(inode->i_mode)) {
		err = get_write_access(inode);
		if (err)
			return err;
		atomic_inc(&inode->i_sb->s_writers);
		is_writer = true;
		file->f_mode |= FMODE_WRITER;
	}
	err = file->f_op->open ? file->f_op->open(inode, file) : 0;
	if (err) {
		if (is_writer) {
			atomic_dec(&inode->i_sb->s_writers);
			put_write_access(inode);
		}
		return err;
	}
	if (file->f_op->llseek)
		file->f_mode |= FMODE_LSEEK;
	if (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode))
		file->f_mode |= FMODE_ATOMIC_POS;
	file->f_flags &= ~(unsigned int)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC);
	return 0;
}

/* O_TRUNC: an open for reading may ask for it too, then the right to write holds just for the cut. */
static int open_truncate(const struct path *path)
{
	struct inode *inode = path->dentry->d_inode;
	int err = get_write_access(inode);

	if (err)
		return err;
	err = do_truncate(path, 0, ATTR_OPEN);
	put_write_access(inode);
	return err;
}

/* O_TMPFILE: @path is the directory; it becomes the nameless new file. */
static int make_tmpfile(struct path *path, struct open_request *req)
{
	struct inode *dir = path->dentry->d_inode, *inode;
	struct dentry *dentry;
	char name[24];
	int err;

	if (dir->i_fop != &ramfs_dir_fops)
		return -EOPNOTSUPP;
	err = mnt_want_write(path);
	if (!err)
		err = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (err)
		return err;
	inode = ramfs_inode(dir->i_sb, dir,
			    (req->mode & 07777 & ~READ_ONCE(current->fs->umask)) | S_IFREG, 0);
	if (!inode)
		return -ENOSPC;
	inode->i_nlink = 0;
	scnprintf(name, sizeof(name), "#%lu", inode->i_ino);
	dentry = d_alloc(path->dentry,
			 &(struct qstr){ .name = name, .len = (unsigned int)strlen(name) });
	if (!dentry) {
		iput(inode);
		return -ENOMEM;
	}
	d_tmpfile(dentry, inode);
	dput(path->dentry);
	path->dentry = dentry;
	req->created = true;
	return 0;
}

static int open_file(struct file *file, int dfd, const char *name, struct open_request *req)
{
	struct path path;
	int err = walk_open(dfd, name, req, &path);

	if (err)
		return err;
	if (req->flags & O_TMPFILE_BIT)
		err = make_tmpfile(&path, req);
	if (!err && !(req->flags & O_PATH))
		err = may_open(&path, req);
	if (!err && (file->f_mode & FMODE_EXEC)) {
		if (!S_ISREG(path.dentry->d_inode->i_mode))
			err = -EACCES;
		else
			err = deny_write_access(path.dentry->d_inode);
		if (!err)
			file->f_mode |= FMODE_NOWRITERS;
	}
	if (!err) {
		err = file_open_path(file, &path);
		if (err && (file->f_mode & FMODE_NOWRITERS))
			allow_write_access(path.dentry->d_inode);
	}
	if (err)
		path_put(&path);
	return err;
}

/* What O_PATH leaves of the flags, and what O_TMPFILE asks for: open(2). */
static int check_flags(int *flags, u32 *mode)
{
	if (*flags & (O_CREAT | O_TMPFILE_BIT))
		*mode = (*mode & 07777) | S_IFREG;
	else
		*mode = 0;
	if (*flags & O_PATH)
		*flags &= O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
	if (*flags & O_TMPFILE_BIT) {
		if ((*flags & O_TMPFILE) != O_TMPFILE || (*flags & O_CREAT))
			return -EINVAL;
		if (!(acc_mode_of(*flags & O_ACCMODE) & MAY_WRITE))
			return -EINVAL;
	}
	return 0;
}

static struct file *do_open(int dfd, const char *name, struct open_request *req,
			    unsigned int extra_mode)
{
	struct file *file;
	int err;

	file = file_alloc_empty((unsigned int)req->flags & ~(unsigned int)O_CLOEXEC);
	if (!file)
		return ERR_PTR(-ENOMEM);
	file->f_flags |= req->flags & O_PATH ? 0 : O_LARGEFILE;
	file->f_mode |= extra_mode;
	err = open_file(file, dfd, name, req);
	if (err) {
		file_free(file);
		return ERR_PTR(err);
	}
	if ((req->flags & O_TRUNC) && !req->created && S_ISREG(file->f_inode->i_mode)) {
		err = open_truncate(&file->f_path);
		if (err) {
			fput_sync(file);
			return ERR_PTR(err);
		}
	}
	return file;
}

/**
 * do_filp_open - open(2) with a kernel string
 *
 * Return: an open file with one reference; ERR_PTR with every error of open(2).
 */
struct file *do_filp_open(int dfd, const char *name, int flags, u32 mode)
{
	struct open_request req = { .flags = flags, .mode = mode };
	int err = check_flags(&req.flags, &req.mode);

	if (err)
		return ERR_PTR(err);
	req.acc_mode = acc_mode_of(req.flags);
	return do_open(dfd, name, &req, 0);
}

struct file *filp_open(const char *name, int flags, u32 mode)
{
	return do_filp_open(AT_FDCWD, name, flags, mode);
}

/**
 * open_exec_at - a file to be executed
 * @at_flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW
 *
 * Regular, executable for the caller, not on a noexec mount; writers are kept off until the file's last reference
 * goes or deny_write_access_end.
 *
 * Return: ERR_PTR(-EACCES, -ETXTBSY, -EINVAL for other flags, or the walk's).
 */
struct file *open_exec_at(int dfd, const char *name, int at_flags)
{
	int lookup = at_lookup_flags(at_flags, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
	struct open_request req = { .flags = O_RDONLY, .acc_mode = MAY_EXEC };

	if (lookup < 0)
		return ERR_PTR(lookup);
	req.lookup = (unsigned int)lookup & LOOKUP_EMPTY;
	if (at_flags & AT_SYMLINK_NOFOLLOW)
		req.flags |= O_NOFOLLOW;
	return do_open(dfd, name, &req, FMODE_EXEC);
}

struct file *open_exec(const char *name)
{
	return open_exec_at(AT_FDCWD, name, 0);
}

/* --- open(2) and its kin --- */

long sys_openat(int dfd, const char *uname, int flags, mode_t mode)
{
	char *name = getname(uname);
	struct file *file;
	int fd;

	if (IS_ERR(name))
		return PTR_ERR(name);
	fd = get_unused_fd((unsigned int)flags);
	if (fd >= 0) {
		file = do_filp_open(dfd, name, flags, mode);
		if (IS_ERR(file)) {
			put_unused_fd(fd);
			fd = (int)PTR_ERR(file);
		} else {
			fd_install(fd, file);
		}
	}
	putname(name);
	return fd;
}

long sys_open(const char *uname, int flags, mode_t mode)
{
	return sys_openat(AT_FDCWD, uname, flags, mode);
}

long sys_creat(const char *uname, mode_t mode)
{
	return sys_openat(AT_FDCWD, uname, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* --- access(2): the question is asked with the real ids --- */

static void real_cred(struct cred *cred)
{
	*cred = current->cred;
	cred->fsuid = cred->uid;
	cred->fsgid = cred->gid;
	cred->cap_effective = cred->uid ? 0 : cred->cap_permitted;
}

long sys_faccessat2(int dfd, const char *uname, int mode, int flags)
{
	int lookup = at_lookup_flags(flags, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), err;
	struct inode *inode;
	struct path path;
	struct cred cred;
	char *name;

	if ((mode & ~7) || lookup < 0)
		return -EINVAL;
	name = getname_flags(uname, flags & AT_EMPTY_PATH);
	if (IS_ERR(name))
		return PTR_ERR(name);
	if (flags & AT_EACCESS)
		cred = current->cred;
	else
		real_cred(&cred);
	err = path_lookup_cred(dfd, name, (unsigned int)lookup, &cred, &path);
	putname(name);
	if (err)
		return err;
	inode = path.dentry->d_inode;
	if ((mode & MAY_EXEC) && S_ISREG(inode->i_mode) && (path.mnt->flags & MS_NOEXEC))
		err = -EACCES;
	else
		err = cred_permission(inode, mode, &cred);
	/* Special files can be written on a read-only mount: only their names are on it. */
	if (!err && (mode & MAY_WRITE) && (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode)))
		err = mnt_want_write(&path);
	path_put(&path);
	return err;
}

long sys_faccessat(int dfd, const char *uname, int mode)
{
	return sys_faccessat2(dfd, uname, mode, 0);
}

long sys_access(const char *uname, int mode)
{
	return sys_faccessat2(AT_FDCWD, uname, mode, 0);
}
