/*
 * fs/names.c - making, removing and moving names: mkdir, mknod, symlink, link, unlink, rmdir, rename
 *
 * Each call walks to the directory, locks it, looks the last component up, checks, and lets the file system do the
 * work.  The file system changes inodes (links, times) and instantiates new dentries; removing and moving dentries is
 * done here, after it agreed.
 *
 * Locks, outermost first: rename_mutex when a rename crosses directories (it keeps the shape of the tree still, so
 * that no directory becomes its own ancestor), the directories' i_rwsem (the ancestor first), then those of what is
 * removed, replaced or moved (lock_renamed).  So everybody locks downwards in the tree; only a rename that crosses
 * directories locks two that are not above each other, and rename_mutex lets one of them do that at a time.  Files
 * come last, two of them by address: through hard links two renames may meet the same pair from different names.
 *
 * Errors come in Linux's order: an existing name is EEXIST even where creating would be EROFS or EACCES.
 */
#include "internal.h"

static DEFINE_MUTEX(rename_mutex, LOCK_NAMESPACE);

static u32 apply_umask(u32 mode)
{
	return mode & ~READ_ONCE(current->fs->umask);
}

/* may_create - 0 when the current task may add a name to @dir; -ENOENT when @dir itself was removed */
int may_create(struct inode *dir)
{
	if (!dir->i_nlink)
		return -ENOENT;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

/* In a sticky directory only the owner of the file or of the directory removes. */
static bool is_sticky_to(const struct inode *dir, const struct inode *inode)
{
	return (dir->i_mode & S_ISVTX) && current->cred.fsuid != inode->i_uid &&
	       current->cred.fsuid != dir->i_uid && !capable(CAP_FOWNER);
}

static int may_delete(struct inode *dir, struct dentry *victim, bool want_dir)
{
	int err = inode_permission(dir, MAY_WRITE | MAY_EXEC);

	if (err)
		return err;
	if (is_sticky_to(dir, victim->d_inode))
		return -EPERM;
	if (want_dir)
		return d_is_dir(victim) ? 0 : -ENOTDIR;
	return d_is_dir(victim) ? -EISDIR : 0;
}

/* --- creating --- */

/**
 * create_begin - lock the directory in which @name is to appear, and get its negative dentry
 * @want_dir: the new object is a directory, so that slashes may follow the name
 *
 * Return: the dentry, with @nd's directory locked for write; create_end is due.  ERR_PTR: nothing is due.
 */
static struct dentry *create_begin(struct nameidata *nd, int dfd, const char *name, bool want_dir)
{
	struct dentry *dentry = ERR_PTR(-ENOENT);
	int err = -ENOENT;

	if (!*name)
		return dentry;
	err = walk_begin(nd, dfd, name, 0);
	if (!err)
		err = walk_to_parent(nd, name);
	if (!err && nd->last_type != LAST_NORM)
		err = -EEXIST;
	if (err)
		goto out_end;
	down_write(&nd->path.dentry->d_inode->i_rwsem);
	dentry = lookup_for_create(nd->path.dentry, &nd->last);
	err = PTR_ERR_OR_ZERO(dentry);
	if (err)
		goto out_unlock;
	if (dentry->d_inode)
		err = -EEXIST;
	else if (nd->last_slash && !want_dir)
		err = -ENOENT;
	else
		err = mnt_want_write(&nd->path);
	if (!err)
		return dentry;
	dput(dentry);
out_unlock:
	up_write(&nd->path.dentry->d_inode->i_rwsem);
out_end:
	walk_end(nd);
	return ERR_PTR(err);
}

static void create_end(struct nameidata *nd, struct dentry *dentry)
{
	up_write(&nd->path.dentry->d_inode->i_rwsem);
	dput(dentry);
	walk_end(nd);
}

/* vfs_create - a regular file; @dir's i_rwsem held for write, permission and mode the caller's business */
int vfs_create(struct inode *dir, struct dentry *dentry, u32 mode)
{
	if (!dir->i_op || !dir->i_op->create)
		return -EACCES;
	return dir->i_op->create(dir, dentry, mode);
}

int do_mkdirat(int dfd, const char *name, u32 mode)
{
	struct nameidata nd;
	struct dentry *dentry = create_begin(&nd, dfd, name, true);
	struct inode *dir;
	int err;

	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	dir = nd.path.dentry->d_inode;
	err = may_create(dir);
	if (!err)
		err = dir->i_op && dir->i_op->mkdir
			      ? dir->i_op->mkdir(dir, dentry, apply_umask(mode & 01777))
			      : -EPERM;
	create_end(&nd, dentry);
	return err;
}

int do_mknodat(int dfd, const char *name, u32 mode, u64 rdev)
{
	struct nameidata nd;
	struct dentry *dentry;
	struct inode *dir;
	int err;

	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	dentry = create_begin(&nd, dfd, name, false);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	dir = nd.path.dentry->d_inode;
	err = may_create(dir);
	if (!err && (S_ISCHR(mode) || S_ISBLK(mode)) && !capable(CAP_MKNOD))
		err = -EPERM;
	if (!err && S_ISREG(mode))
		err = vfs_create(dir, dentry, apply_umask(mode));
	else if (!err)
		err = dir->i_op && dir->i_op->mknod
			      ? dir->i_op->mknod(dir, dentry, apply_umask(mode), rdev)
			      : -EPERM;
	create_end(&nd, dentry);
	return err;
}

int do_symlinkat(const char *target, int dfd, const char *name)
{
	struct nameidata nd;
	struct dentry *dentry;
	struct inode *dir;
	int err;

	if (!*target)
		return -ENOENT;
	dentry = create_begin(&nd, dfd, name, false);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	dir = nd.path.dentry->d_inode;
	err = may_create(dir);
	if (!err)
		err = dir->i_op && dir->i_op->symlink ? dir->i_op->symlink(dir, dentry, target)
						      : -EPERM;
	create_end(&nd, dentry);
	return err;
}

static int link_locked(struct nameidata *nd, const struct path *old, struct dentry *dentry)
{
	struct inode *dir = nd->path.dentry->d_inode, *inode = old->dentry->d_inode;
	int err;

	if (old->mnt != nd->path.mnt)
		return -EXDEV;
	err = may_create(dir);
	if (err)
		return err;
	if (inode->i_sb != dir->i_sb)
		return -EXDEV;
	if (!dir->i_op || !dir->i_op->link || S_ISDIR(inode->i_mode))
		return -EPERM;
	down_write_nested(&inode->i_rwsem);
	err = inode->i_nlink ? dir->i_op->link(old->dentry, dir, dentry) : -ENOENT;
	up_write(&inode->i_rwsem);
	return err;
}

int do_linkat(int old_dfd, const char *old_name, int new_dfd, const char *new_name, int at_flags)
{
	unsigned int lookup = at_flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0;
	struct nameidata nd;
	struct dentry *dentry;
	struct path old;
	int err;

	if (at_flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (at_flags & AT_EMPTY_PATH) {
		if (!capable(CAP_DAC_READ_SEARCH))
			return -ENOENT;
		lookup |= LOOKUP_EMPTY;
	}
	err = kern_path_at(old_dfd, old_name, lookup, &old);
	if (err)
		return err;
	dentry = create_begin(&nd, new_dfd, new_name, false);
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		err = link_locked(&nd, &old, dentry);
		create_end(&nd, dentry);
	}
	path_put(&old);
	return err;
}

/* --- removing --- */

static struct dentry *lookup_victim(struct nameidata *nd)
{
	struct dentry *dentry = lookup_for_create(nd->path.dentry, &nd->last);

	if (!IS_ERR(dentry) && !dentry->d_inode) {
		dput(dentry);
		dentry = ERR_PTR(-ENOENT);
	}
	return dentry;
}

static int unlink_locked(struct nameidata *nd, struct dentry *victim)
{
	struct inode *dir = nd->path.dentry->d_inode, *inode = victim->d_inode;
	int err;

	if (nd->last_slash)
		return d_is_dir(victim) ? -EISDIR : -ENOTDIR;
	err = mnt_want_write(&nd->path);
	if (!err)
		err = may_delete(dir, victim, false);
	if (!err && (!dir->i_op || !dir->i_op->unlink))
		err = -EPERM;
	if (err)
		return err;
	down_write_nested(&inode->i_rwsem);
	err = victim->d_flags & DCACHE_MOUNTED ? -EBUSY : dir->i_op->unlink(dir, victim);
	if (!err)
		d_delete(
			victim); /* under the victim's lock: mount(2) looks there whether it is gone */
	up_write(&inode->i_rwsem);
	return err;
}

static int rmdir_locked(struct nameidata *nd, struct dentry *victim)
{
	struct inode *dir = nd->path.dentry->d_inode, *inode = victim->d_inode;
	int err = mnt_want_write(&nd->path);

	if (!err)
		err = may_delete(dir, victim, true);
	if (!err && (!dir->i_op || !dir->i_op->rmdir))
		err = -EPERM;
	if (err)
		return err;
	down_write_nested(&inode->i_rwsem);
	err = victim->d_flags & DCACHE_MOUNTED ? -EBUSY : dir->i_op->rmdir(dir, victim);
	if (!err)
		d_delete(victim);
	up_write(&inode->i_rwsem);
	return err;
}

static int remove_name(int dfd, const char *name, int (*check_type)(const struct nameidata *nd),
		       int (*remove)(struct nameidata *nd, struct dentry *victim))
{
	struct nameidata nd;
	struct dentry *victim;
	int err;

	if (!*name)
		return -ENOENT;
	err = walk_begin(&nd, dfd, name, 0);
	if (!err)
		err = walk_to_parent(&nd, name);
	if (!err)
		err = check_type(&nd);
	if (!err) {
		struct inode *dir = nd.path.dentry->d_inode;

		down_write(&dir->i_rwsem);
		victim = lookup_victim(&nd);
		err = PTR_ERR_OR_ZERO(victim);
		if (!err)
			err = remove(&nd, victim);
		up_write(&dir->i_rwsem);
		if (!IS_ERR(victim))
			dput(victim); /* perhaps the file's end: without the directory's lock */
	}
	walk_end(&nd);
	return err;
}

static int unlink_check_type(const struct nameidata *nd)
{
	return nd->last_type == LAST_NORM ? 0 : -EISDIR;
}

static int rmdir_check_type(const struct nameidata *nd)
{
	switch (nd->last_type) {
	case LAST_DOT:
		return -EINVAL;
	case LAST_DOTDOT:
		return -ENOTEMPTY;
	case LAST_ROOT:
		return -EBUSY;
	default:
		return 0;
	}
}

int do_unlinkat(int dfd, const char *name)
{
	return remove_name(dfd, name, unlink_check_type, unlink_locked);
}

int do_rmdirat(int dfd, const char *name)
{
	return remove_name(dfd, name, rmdir_check_type, rmdir_locked);
}

/* --- moving --- */

struct renaming {
	struct nameidata from, to;
	struct dentry *old, *new;
	unsigned int flags;
};

static void lock_dirs(struct dentry *a, struct dentry *b)
{
	if (a == b) {
		down_write(&a->d_inode->i_rwsem);
		return;
	}
	mutex_lock(&rename_mutex);
	if (d_is_ancestor(b, a))
		swap(a, b);
	down_write(&a->d_inode->i_rwsem);
	down_write_nested(&b->d_inode->i_rwsem);
}

static void unlock_dirs(struct dentry *a, struct dentry *b)
{
	up_write(&a->d_inode->i_rwsem);
	if (a != b) {
		up_write(&b->d_inode->i_rwsem);
		mutex_unlock(&rename_mutex);
	}
}

/* Permissions and types of old and new, both directories locked. */
static int rename_check(struct renaming *r)
{
	struct inode *old_dir = r->from.path.dentry->d_inode, *new_dir = r->to.path.dentry->d_inode;
	bool is_dir = d_is_dir(r->old), exchange = r->flags & RENAME_EXCHANGE;
	int err = may_delete(old_dir, r->old, is_dir);

	if (err)
		return err;
	if (!r->new->d_inode)
		err = may_create(new_dir);
	else
		err = may_delete(new_dir, r->new, exchange ? d_is_dir(r->new) : is_dir);
	if (err)
		return err;
	if (!old_dir->i_op || !old_dir->i_op->rename)
		return -EPERM;
	/* A directory that gets another parent has its ".." rewritten. */
	if (old_dir != new_dir) {
		if (is_dir)
			err = inode_permission(r->old->d_inode, MAY_WRITE);
		if (!err && exchange && d_is_dir(r->new))
			err = inode_permission(r->new->d_inode, MAY_WRITE);
	}
	return err;
}

/* The two names themselves: do they exist, and does the move make sense? */
static int rename_check_names(struct renaming *r)
{
	struct dentry *old = r->old, *new = r->new;

	if (!old->d_inode)
		return -ENOENT;
	if ((r->flags & RENAME_NOREPLACE) && new->d_inode)
		return -EEXIST;
	if ((r->flags & RENAME_EXCHANGE) && !new->d_inode)
		return -ENOENT;
	if ((r->flags & RENAME_EXCHANGE) && !d_is_dir(new) && r->to.last_slash)
		return -ENOTDIR;
	if (!d_is_dir(old) &&
	    (r->from.last_slash || (!(r->flags & RENAME_EXCHANGE) && r->to.last_slash)))
		return -ENOTDIR;
	if (d_is_ancestor(old, r->to.path.dentry))
		return -EINVAL;
	if (new->d_inode && d_is_ancestor(new, r->from.path.dentry))
		return r->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/*
 * What the move changes besides the directories: a replaced file or directory, and the moved one, in the order of the
 * essay.  A directory that keeps its parent is not locked when it is moved: another rename may hold it as one of its
 * two directories and wait for the other, our target.  Nothing in it changes.
 */
static void lock_renamed(struct inode *locked[2], struct inode *source, struct inode *target,
			 bool same_parent)
{
	if (same_parent && S_ISDIR(source->i_mode))
		source = NULL;
	locked[0] = source;
	locked[1] = target;
	if (source && target && !S_ISDIR(source->i_mode) &&
	    (S_ISDIR(target->i_mode) || target < source))
		swap(locked[0], locked[1]);
	for (int i = 0; i < 2; i++)
		if (locked[i])
			down_write_nested(&locked[i]->i_rwsem);
}

static void unlock_renamed(struct inode *locked[2])
{
	for (int i = 1; i >= 0; i--)
		if (locked[i])
			up_write(&locked[i]->i_rwsem);
}

static int rename_inodes(struct renaming *r)
{
	struct inode *old_dir = r->from.path.dentry->d_inode, *new_dir = r->to.path.dentry->d_inode;
	struct inode *locked[2];
	int err;

	lock_renamed(locked, r->old->d_inode, r->new->d_inode, old_dir == new_dir);
	if ((r->old->d_flags | r->new->d_flags) & DCACHE_MOUNTED)
		err = -EBUSY;
	else
		err = old_dir->i_op->rename(old_dir, r->old, new_dir, r->new, r->flags);
	if (!err)
		d_move(r->old, r->new, r->flags & RENAME_EXCHANGE);
	unlock_renamed(locked);
	return err;
}

static int rename_locked(struct renaming *r)
{
	int err;

	r->old = lookup_for_create(r->from.path.dentry, &r->from.last);
	if (IS_ERR(r->old))
		return (int)PTR_ERR(r->old);
	r->new = lookup_for_create(r->to.path.dentry, &r->to.last);
	if (IS_ERR(r->new)) {
		dput(r->old);
		return (int)PTR_ERR(r->new);
	}
	err = rename_check_names(r);
	if (!err)
		err = mnt_want_write(&r->from.path);
	/* Two names of one file: rename(2) says that nothing happens. */
	if (!err && r->old->d_inode == r->new->d_inode)
		return 0;
	if (!err)
		err = rename_check(r);
	if (!err)
		err = rename_inodes(r);
	return err;
}

static int do_renameat(int old_dfd, const char *old_name, int new_dfd, const char *new_name,
		       unsigned int flags)
{
	struct renaming *r;
	int err, err2;

	if (flags & ~(unsigned int)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if ((flags & RENAME_NOREPLACE) && (flags & RENAME_EXCHANGE))
		return -EINVAL;
	if (!*old_name || !*new_name)
		return -ENOENT;
	r = kmalloc(sizeof(*r),
		    GFP_KERNEL); /* two walks are too much for a stack that others share */
	if (!r)
		return -ENOMEM;
	r->flags = flags;
	r->old = r->new = NULL;
	err = walk_begin(&r->from, old_dfd, old_name, 0);
	if (!err)
		err = walk_to_parent(&r->from, old_name);
	err2 = walk_begin(&r->to, new_dfd, new_name, 0);
	if (!err && !err2)
		err2 = walk_to_parent(&r->to, new_name);
	err = err ?: err2;
	if (!err && r->from.path.mnt != r->to.path.mnt)
		err = -EXDEV;
	if (!err && r->from.last_type != LAST_NORM)
		err = -EBUSY;
	if (!err && r->to.last_type != LAST_NORM)
		err = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (!err) {
		struct dentry *a = r->from.path.dentry, *b = r->to.path.dentry;

		lock_dirs(a, b);
		err = rename_locked(r);
		unlock_dirs(a, b);
		if (!IS_ERR_OR_NULL(r->new)) {
			dput(r->new);
			dput(r->old);
		}
	}
	walk_end(&r->to);
	walk_end(&r->from);
	kfree(r);
	return err;
}

/* --- system calls: a copy of each name, then the work --- */

long sys_mkdirat(int dfd, const char *uname, mode_t mode)
{
	char *name = getname(uname);
	int err = PTR_ERR_OR_ZERO(name);

	if (!err)
		err = do_mkdirat(dfd, name, mode);
	putname(name);
	return err;
}

long sys_mkdir(const char *uname, mode_t mode)
{
	return sys_mkdirat(AT_FDCWD, uname, mode);
}

/* new_decode_dev - a program's 32-bit device number: bits 8 to 19 are the major, the rest the minor */
static u64 decode_dev(unsigned int dev)
{
	return MKDEV(dev >> 8 & 0xfff, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

long sys_mknodat(int dfd, const char *uname, mode_t mode, unsigned int dev)
{
	char *name = getname(uname);
	int err = PTR_ERR_OR_ZERO(name);

	if (!err)
		err = do_mknodat(dfd, name, mode, decode_dev(dev));
	putname(name);
	return err;
}

long sys_mknod(const char *uname, mode_t mode, unsigned int dev)
{
	return sys_mknodat(AT_FDCWD, uname, mode, dev);
}

long sys_unlinkat(int dfd, const char *uname, int flags)
{
	char *name;
	int err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	name = getname(uname);
	err = PTR_ERR_OR_ZERO(name);
	if (!err)
		err = flags & AT_REMOVEDIR ? do_rmdirat(dfd, name) : do_unlinkat(dfd, name);
	putname(name);
	return err;
}

long sys_unlink(const char *uname)
{
	return sys_unlinkat(AT_FDCWD, uname, 0);
}

long sys_rmdir(const char *uname)
{
	return sys_unlinkat(AT_FDCWD, uname, AT_REMOVEDIR);
}

long sys_symlinkat(const char *utarget, int dfd, const char *uname)
{
	char *target = getname(utarget), *name = NULL;
	int err = PTR_ERR_OR_ZERO(target);

	if (!err) {
		name = getname(uname);
		err = PTR_ERR_OR_ZERO(name);
	}
	if (!err)
		err = do_symlinkat(target, dfd, name);
	putname(name);
	putname(target);
	return err;
}

long sys_symlink(const char *utarget, const char *uname)
{
	return sys_symlinkat(utarget, AT_FDCWD, uname);
}

long sys_linkat(int old_dfd, const char *uold, int new_dfd, const char *unew, int flags)
{
	char *old_name = getname_flags(uold, flags & AT_EMPTY_PATH), *new_name = NULL;
	int err = PTR_ERR_OR_ZERO(old_name);

	if (!err) {
		new_name = getname(unew);
		err = PTR_ERR_OR_ZERO(new_name);
	}
	if (!err)
		err = do_linkat(old_dfd, old_name, new_dfd, new_name, flags);
	putname(new_name);
	putname(old_name);
	return err;
}

long sys_link(const char *uold, const char *unew)
{
	return sys_linkat(AT_FDCWD, uold, AT_FDCWD, unew, 0);
}

long sys_renameat2(int old_dfd, const char *uold, int new_dfd, const char *unew, unsigned int flags)
{
	char *old_name = getname(uold), *new_name = NULL;
	int err = PTR_ERR_OR_ZERO(old_name);

	if (!err) {
		new_name = getname(unew);
		err = PTR_ERR_OR_ZERO(new_name);
	}
	if (!err)
		err = do_renameat(old_dfd, old_name, new_dfd, new_name, flags);
	putname(new_name);
	putname(old_name);
	return err;
}

long sys_renameat(int old_dfd, const char *uold, int new_dfd, const char *unew)
{
	return sys_renameat2(old_dfd, uold, new_dfd, unew, 0);
}

long sys_rename(const char *uold, const char *unew)
{
	return sys_renameat2(AT_FDCWD, uold, AT_FDCWD, unew, 0);
}
