/*
 * fs/mount.c - file system types, their instances, and the tree of mounts
 *
 * A super_block is an instance of a file system; a mount shows one of its directories at a place of another mount.
 *
 *     mount "/" (rootfs)                       mountpoint: dentry "proc" of rootfs, DCACHE_MOUNTED
 *        |                                     root:       root dentry of procfs
 *        +-- mount "/proc" ---------------------+
 *
 * A path is a pair (mount, dentry).  Walking down onto a DCACHE_MOUNTED dentry goes over to the root of what is
 * mounted there (several times, when mounts are stacked); walking up from a root goes back to the mountpoint.
 *
 * References: mount->count has one for being in the tree and one for each path that names it (open files, working
 * directories, walks).  A mount in the tree holds its mountpoint and its root; super_block->s_active counts mounts.
 * A mount with users or with mounts below it is busy; MNT_DETACH takes it out of the tree at once and the last user
 * frees it.
 *
 * Locking: namespace_mutex serialises changes of the tree; the fields that a walk reads (list, parent, mountpoint,
 * DCACHE_MOUNTED) change under dcache_lock as well and are read under it.
 *
 * One namespace, and no propagation between mounts: every mount is private.
 */
#include <kernel/init.h>
#include <uapi/mount.h>
#include <uapi/statfs.h>
#include "internal.h"

DEFINE_MUTEX(namespace_mutex, LOCK_NAMESPACE);
static LIST_HEAD(mounts);                    /* namespace_mutex and dcache_lock */
static LIST_HEAD(filesystems);               /* boot only */
static int next_mount_id = 1;                /* namespace_mutex */
static atomic_t next_dev;                    /* minor of the last anonymous device */
static DEFINE_SPINLOCK(fs_lock, LOCK_FILES); /* filesystems, and init_fs before there are tasks */

#define MNT_FLAGS                                                                     \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW | MS_NOATIME | \
	 MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

void register_filesystem(struct file_system_type *type)
{
	spin_lock(&fs_lock);
	list_add_tail(&type->list, &filesystems);
	spin_unlock(&fs_lock);
}

const struct file_system_type *filesystems_next(const struct file_system_type *type)
{
	const struct list_head *next = type ? type->list.next : filesystems.next;

	return next == &filesystems ? NULL : list_entry(next, struct file_system_type, list);
}

static struct file_system_type *find_filesystem(const char *name)
{
	struct file_system_type *type;

	list_for_each_entry(type, &filesystems, list)
		if (!strcmp(type->name, name))
			return type;
	return NULL;
}

/* --- instances --- */

static struct super_block *sb_new(struct file_system_type *type, unsigned long flags,
				  const char *data)
{
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);
	int err;

	if (!sb)
		return ERR_PTR(-ENOMEM);
	sb->s_type = type;
	sb->s_flags = flags & MS_RDONLY;
	sb->s_dev = MKDEV(0, (u64)atomic_inc_return(&next_dev));
	sb->s_max_bytes = (u64)INT64_MAX;
	atomic_set(&sb->s_active, 1);
	err = type->fill_super(sb, data);
	if (err) {
		kfree(sb);
		return ERR_PTR(err);
	}
	return sb;
}

static void sb_put(struct super_block *sb)
{
	if (!atomic_dec_and_test(&sb->s_active))
		return;
	d_kill_tree(sb->s_root);
	dput(sb->s_root);
	kfree(sb->s_fs_info);
	kfree(sb);
}

/**
 * sget_kernel - the instance that the kernel itself makes and keeps (root, devtmpfs, pipes)
 *
 * Return: the instance, already type->single when the type is FS_SINGLE; ERR_PTR.
 */
struct super_block *sget_kernel(struct file_system_type *type)
{
	struct super_block *sb = sb_new(type, 0, NULL);

	if (!IS_ERR(sb) && (type->flags & FS_SINGLE))
		type->single = sb;
	return sb;
}

/* sget - an instance for a new mount.  namespace_mutex held. */
static struct super_block *sget(struct file_system_type *type, unsigned long flags,
				const char *data)
{
	struct super_block *sb;

	if ((type->flags & FS_SINGLE) && type->single) {
		atomic_inc(&type->single->s_active);
		return type->single;
	}
	sb = sb_new(type, flags, data);
	if (!IS_ERR(sb) && (type->flags & FS_SINGLE)) {
		atomic_inc(&sb->s_active);
		type->single = sb;
	}
	return sb;
}

/* --- mounts --- */

static struct mount *mount_alloc(struct super_block *sb, struct dentry *root, unsigned long flags,
				 const char *source)
{
	struct mount *mnt = kzalloc(sizeof(*mnt), GFP_KERNEL);

	if (!mnt)
		return NULL;
	INIT_LIST_HEAD(&mnt->list);
	atomic_set(&mnt->count, 1);
	mnt->sb = sb;
	mnt->root = dget(root);
	mnt->flags = flags & MNT_FLAGS;
	if (!(mnt->flags & (MS_NOATIME | MS_STRICTATIME)))
		mnt->flags |= MS_RELATIME;
	strscpy(mnt->source, source, sizeof(mnt->source));
	return mnt;
}

static void mount_free(struct mount *mnt)
{
	struct super_block *sb = mnt->sb;

	dput(mnt->root);
	kfree(mnt);
	sb_put(sb);
}

void mntget(struct mount *mnt)
{
	if (mnt)
		atomic_inc(&mnt->count);
}

void mntput(struct mount *mnt)
{
	if (mnt && atomic_dec_and_test(&mnt->count))
		mount_free(mnt);
}

/* kern_mount - a mount outside the tree for the kernel's own instances; NULL when out of memory */
struct mount *kern_mount(struct super_block *sb)
{
	return mount_alloc(sb, sb->s_root, 0, "none");
}

static void attach_mount(struct mount *mnt, struct mount *parent, struct dentry *mountpoint)
{
	mnt->id = mnt->id ?: next_mount_id++;
	dget(mountpoint);
	spin_lock(&dcache_lock);
	mnt->parent = parent;
	mnt->mountpoint = mountpoint;
	if (mountpoint)
		mountpoint->d_flags |= DCACHE_MOUNTED;
	if (list_empty(&mnt->list))
		list_add_tail(&mnt->list, &mounts);
	spin_unlock(&dcache_lock);
}

/* Take @mnt from its mountpoint; the caller drops the mountpoint's reference, which is returned. */
static struct dentry *detach_mount(struct mount *mnt, bool leave_list)
{
	struct dentry *mountpoint = mnt->mountpoint;
	struct mount *other;
	bool still = false;

	spin_lock(&dcache_lock);
	if (leave_list)
		list_del_init(&mnt->list);
	mnt->parent = NULL;
	mnt->mountpoint = NULL;
	list_for_each_entry(other, &mounts, list)
		still |= other->mountpoint == mountpoint;
	if (!still)
		mountpoint->d_flags &= ~DCACHE_MOUNTED;
	spin_unlock(&dcache_lock);
	return mountpoint;
}

static struct mount *mounted_at_locked(const struct path *path)
{
	struct mount *mnt;

	list_for_each_entry(mnt, &mounts, list)
		if (mnt->mountpoint == path->dentry && mnt->parent == path->mnt)
			return mnt;
	return NULL;
}

/**
 * follow_mount - go over to the root of what is mounted at @path, if anything
 *
 * The references in *path move along.  Return: whether it moved.
 */
bool follow_mount(struct path *path)
{
	bool moved = false;

	while (unlikely(path->dentry->d_flags & DCACHE_MOUNTED)) {
		struct mount *mnt;
		struct path next;

		spin_lock(&dcache_lock);
		mnt = mounted_at_locked(path);
		if (mnt) {
			next = (struct path){ mnt, mnt->root };
			path_get(&next);
		}
		spin_unlock(&dcache_lock);
		if (!mnt)
			break;
		path_put(path);
		*path = next;
		moved = true;
	}
	return moved;
}

/* follow_up - from the root of a mount to its mountpoint; false at the top of the tree.  References move along. */
bool follow_up(struct path *path)
{
	struct path up;

	spin_lock(&dcache_lock);
	up = (struct path){ path->mnt->parent, path->mnt->mountpoint };
	if (up.mnt)
		path_get(&up);
	spin_unlock(&dcache_lock);
	if (!up.mnt)
		return false;
	path_put(path);
	*path = up;
	return true;
}

/* mnt_want_write - may names and attributes be changed here?  0 or -EROFS */
int mnt_want_write(const struct path *path)
{
	if ((path->mnt->flags & MS_RDONLY) || (path->mnt->sb->s_flags & MS_RDONLY))
		return -EROFS;
	return 0;
}

/* The mount with the smallest id above @id, with a reference. */
static struct mount *mount_after(int id)
{
	struct mount *mnt, *best = NULL;

	spin_lock(&dcache_lock);
	list_for_each_entry(mnt, &mounts, list)
		if (mnt->id > id && (!best || mnt->id < best->id))
			best = mnt;
	mntget(best);
	spin_unlock(&dcache_lock);
	return best;
}

int mounts_show(int (*fn)(struct mount *mnt, void *arg), void *arg)
{
	struct mount *mnt = mount_after(0);
	int err = 0;

	while (mnt && !err) {
		int id = mnt->id;

		err = fn(mnt, arg);
		mntput(mnt);
		mnt = err ? NULL : mount_after(id);
	}
	return err;
}

/* mount_root - the file system that everything else is mounted on, and the first task's root and directory */
int mount_root(void)
{
	struct super_block *sb;
	struct mount *mnt;

	atomic_set(&next_dev, 1); /* Linux's rootfs is device 0:2 */
	sb = sget_kernel(&rootfs_type);
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	mnt = mount_alloc(sb, sb->s_root, 0, "rootfs");
	if (!mnt)
		return -ENOMEM;
	mnt->flags = 0;
	attach_mount(mnt, NULL, NULL);
	init_fs.root = init_fs.pwd = (struct path){ mnt, mnt->root };
	path_get(&init_fs.root);
	path_get(&init_fs.pwd);
	return 0;
}

/* --- mount(2) --- */

/* Was @path taken out of the tree (umount2(2) with MNT_DETACH) while somebody stood on it?  namespace_mutex held. */
static bool is_detached(const struct path *path)
{
	return list_empty(&path->mnt->list);
}

/* Hang @mnt onto @path, which is still there and stays: whoever removes a name takes the lock too. */
static int attach_if_linked(struct mount *mnt, const struct path *path)
{
	struct inode *inode = path->dentry->d_inode;
	int err = 0;

	down_write(&inode->i_rwsem);
	if (path->dentry->d_flags & DCACHE_UNLINKED)
		err = -ENOENT;
	else
		attach_mount(mnt, path->mnt, path->dentry);
	up_write(&inode->i_rwsem);
	return err;
}

/* Hang @mnt onto @path unless the types of the two differ or the same is mounted there already. */
static int graft(struct mount *mnt, const struct path *path)
{
	if (is_detached(path))
		return -EINVAL;
	if (S_ISDIR(mnt->root->d_inode->i_mode) != d_is_dir(path->dentry))
		return -ENOTDIR;
	if (path->mnt->sb == mnt->sb && path->mnt->root == path->dentry &&
	    mnt->root == path->dentry)
		return -EBUSY;
	return attach_if_linked(mnt, path);
}

static int new_mount(const struct path *path, const char *type_name, const char *source,
		     unsigned long flags, const char *data)
{
	struct file_system_type *type;
	struct super_block *sb;
	struct mount *mnt;
	int err;

	if (!type_name)
		return -EINVAL;
	type = find_filesystem(type_name);
	if (!type)
		return -ENODEV;
	sb = sget(type, flags, data);
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	mnt = mount_alloc(sb, sb->s_root, flags, source ?: "none");
	if (!mnt) {
		sb_put(sb);
		return -ENOMEM;
	}
	err = graft(mnt, path);
	if (err)
		mount_free(mnt);
	return err;
}

static int bind_mount(const struct path *path, const char *source, unsigned long flags)
{
	struct path from;
	struct mount *mnt;
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = kern_path(source, LOOKUP_FOLLOW, &from);
	if (err)
		return err;
	mnt = mount_alloc(from.mnt->sb, from.dentry, from.mnt->flags | (flags & MS_RDONLY),
			  from.mnt->source);
	if (mnt) {
		atomic_inc(&mnt->sb->s_active);
		err = graft(mnt, path);
		if (err)
			mount_free(mnt);
	} else {
		err = -ENOMEM;
	}
	path_put(&from);
	return err;
}

static bool mount_is_below(const struct mount *mnt, const struct mount *above)
{
	for (; mnt; mnt = mnt->parent)
		if (mnt == above)
			return true;
	return false;
}

static int move_mount(const struct path *path, const char *source)
{
	struct dentry *old;
	struct path from;
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = kern_path(source, LOOKUP_FOLLOW, &from);
	if (err)
		return err;
	if (from.dentry != from.mnt->root || !from.mnt->parent || is_detached(path))
		err = -EINVAL;
	else if (S_ISDIR(from.dentry->d_inode->i_mode) != d_is_dir(path->dentry))
		err = -EINVAL;
	else if (mount_is_below(path->mnt, from.mnt))
		err = -ELOOP;
	if (!err) {
		old = detach_mount(from.mnt, false);
		attach_mount(from.mnt, path->mnt, path->dentry);
		dput(old);
	}
	path_put(&from);
	return err;
}

static int set_readonly(struct super_block *sb, bool readonly)
{
	if (readonly && atomic_read(&sb->s_writers))
		return -EBUSY;
	if (readonly)
		sb->s_flags |= MS_RDONLY;
	else
		sb->s_flags &= ~(unsigned long)MS_RDONLY;
	return 0;
}

static int remount(const struct path *path, unsigned long flags)
{
	struct mount *mnt = path->mnt;
	unsigned long wanted = flags & MNT_FLAGS;
	int err = 0;

	if (path->dentry != mnt->root)
		return -EINVAL;
	if (!(flags & MS_BIND))
		err = set_readonly(mnt->sb, flags & MS_RDONLY);
	if (err)
		return err;
	if (!(wanted & (MS_NOATIME | MS_STRICTATIME)))
		wanted |= MS_RELATIME;
	mnt->flags = wanted;
	return 0;
}

/**
 * do_mount - what mount(2) does, with kernel strings
 *
 * Return: 0; -EPERM, -EINVAL, -ENODEV (unknown type), -ENOTDIR, -EBUSY, -ELOOP, -ENOMEM, or the file system's own.
 * Locks:  takes namespace_mutex.
 */
static int do_mount(const struct path *path, const char *source, const char *type,
		    unsigned long flags, const char *data)
{
	int err;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~MS_MGC_MSK;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	mutex_lock(&namespace_mutex);
	if (flags & MS_REMOUNT)
		err = remount(path, flags);
	else if (flags & MS_BIND)
		err = bind_mount(path, source, flags);
	else if (flags & (MS_SHARED | MS_SLAVE | MS_UNBINDABLE))
		err = -EINVAL;
	else if (flags & MS_PRIVATE)
		err = path->dentry == path->mnt->root ? 0 : -EINVAL;
	else if (flags & MS_MOVE)
		err = move_mount(path, source);
	else
		err = new_mount(path, type, source, flags, data);
	mutex_unlock(&namespace_mutex);
	return err;
}

/* A string argument that may be NULL: *out is NULL or a page-sized buffer for putname. */
static int optional_string(const char *ustr, char **out)
{
	*out = NULL;
	if (!ustr)
		return 0;
	*out = getname_flags(ustr, true);
	if (IS_ERR(*out)) {
		int err = (int)PTR_ERR(*out);

		*out = NULL;
		return err == -ENAMETOOLONG ? -EINVAL : err;
	}
	return 0;
}

/* mount(2)'s data: a page, of which only the readable beginning need be there. */
static int copy_mount_data(const void *udata, char **out)
{
	size_t left;
	char *buf;

	*out = NULL;
	if (!udata)
		return 0;
	buf = alloc_name();
	if (!buf)
		return -ENOMEM;
	left = copy_from_user(buf, udata, PAGE_SIZE - 1);
	if (left == PAGE_SIZE - 1) {
		putname(buf);
		return -EFAULT;
	}
	buf[PAGE_SIZE - 1 - left] = '\0';
	*out = buf;
	return 0;
}

/**
 * sys_mount - Ref: mount(2)
 *
 * Types: proc, tmpfs, ramfs, devtmpfs; MS_BIND, MS_MOVE, MS_REMOUNT.  No type lives on a block device, so ENOTBLK and
 * its kin do not occur.
 */
long sys_mount(const char *usource, const char *utarget, const char *utype, unsigned long flags,
	       const void *udata)
{
	char *type, *source = NULL, *data = NULL;
	struct path path;
	int err = optional_string(utype, &type);

	if (!err)
		err = optional_string(usource, &source);
	if (!err)
		err = copy_mount_data(udata, &data);
	if (!err)
		err = user_path_at(AT_FDCWD, utarget, LOOKUP_FOLLOW, &path);
	if (!err) {
		err = do_mount(&path, source, type, flags, data);
		path_put(&path);
	}
	putname(data);
	putname(source);
	putname(type);
	return err;
}

/* --- umount2(2) --- */

static struct mount *some_mount_below(const struct mount *mnt)
{
	struct mount *other;

	list_for_each_entry(other, &mounts, list)
		if (other->parent == mnt)
			return other;
	return NULL;
}

/* Take @mnt out of the tree, and with @lazy what is mounted below it, deepest first. */
static void umount_tree(struct mount *mnt)
{
	for (;;) {
		struct mount *leaf = mnt, *below;

		while ((below = some_mount_below(leaf)))
			leaf = below;
		dput(detach_mount(leaf, true));
		mntput(leaf);
		if (leaf == mnt)
			return;
	}
}

/* The caller's path holds one reference, the tree another. */
static int do_umount(const struct path *path, int flags)
{
	struct mount *mnt = path->mnt;
	bool is_root;

	spin_lock(&current->fs->lock);
	is_root = mnt == current->fs->root.mnt;
	spin_unlock(&current->fs->lock);

	if (!mnt->parent || (is_root && !(flags & MNT_DETACH)))
		return is_root ? set_readonly(mnt->sb, true) : -EINVAL;
	if (flags & MNT_EXPIRE)
		return -EAGAIN;
	if (!(flags & MNT_DETACH) && (atomic_read(&mnt->count) > 2 || some_mount_below(mnt)))
		return -EBUSY;
	umount_tree(mnt);
	return 0;
}

/**
 * sys_umount2 - Ref: umount(2)
 *
 * MNT_EXPIRE always answers EAGAIN: a mount is never marked as idle.  The root itself becomes read-only, as in Linux.
 */
long sys_umount2(const char *uname, int flags)
{
	struct path path;
	int err;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = user_path_at(AT_FDCWD, uname, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	if (!capable(CAP_SYS_ADMIN))
		err = -EPERM;
	else if (path.dentry != path.mnt->root)
		err = -EINVAL;
	else if ((flags & MNT_EXPIRE) && (flags & (MNT_FORCE | MNT_DETACH)))
		err = -EINVAL;
	if (!err) {
		mutex_lock(&namespace_mutex);
		err = do_umount(&path, flags);
		mutex_unlock(&namespace_mutex);
	}
	path_put(&path);
	return err;
}

/**
 * vfs_init - slab caches, the file system types of this folder, and the root
 *
 * A kernel without them cannot do anything: panics.
 */
void vfs_init(void)
{
	int err;

	namei_init();
	dcache_init();
	inode_init();
	file_table_init();
	fd_table_init();
	register_filesystem(&ramfs_type);
	register_filesystem(&tmpfs_type);
	register_filesystem(&devtmpfs_type);
	err = mount_root();
	if (err)
		panic("vfs: cannot mount the root file system: error %d", err);
	pipefs_init();
}
