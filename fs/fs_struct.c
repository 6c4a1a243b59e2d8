/*
 * fs/fs_struct.c - where a task stands in the tree: its working directory, its root and its umask
 *
 * Threads share one fs_struct (CLONE_FS) unless they asked not to.  A path walk takes its start from here with
 * references, so a chdir of another thread changes nothing about a walk that is on its way.
 *
 * Locking: fs->lock for root and pwd; umask is one word, written atomically and read without the lock.  task->fs
 * itself changes under process_table_lock: whoever reads another task's takes a reference under that lock.
 *
 * Sources: chdir(2), chroot(2), umask(2).
 */
#include "internal.h"

struct fs_struct init_fs = {
	.count = ATOMIC_INIT(1),
	.lock = SPIN_LOCK_INIT(LOCK_FILES),
	.umask = 022,
};

struct fs_struct *fs_dup(struct fs_struct *old)
{
	struct fs_struct *fs = kmalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->count, 1);
	spin_lock_init(&fs->lock, LOCK_FILES);
	spin_lock(&old->lock);
	fs->root = old->root;
	fs->pwd = old->pwd;
	fs->umask = old->umask;
	path_get(&fs->root);
	path_get(&fs->pwd);
	spin_unlock(&old->lock);
	return fs;
}

void fs_get(struct fs_struct *fs)
{
	atomic_inc(&fs->count);
}

void fs_put(struct fs_struct *fs)
{
	if (!fs || !atomic_dec_and_test(&fs->count))
		return;
	path_put(&fs->root);
	path_put(&fs->pwd);
	kfree(fs);
}

/* Replace *slot (pwd or root of the current task) by @path, whose references it takes over. */
static void set_fs_path(struct path *slot, const struct path *path)
{
	struct path old;

	spin_lock(&current->fs->lock);
	old = *slot;
	*slot = *path;
	spin_unlock(&current->fs->lock);
	path_put(&old);
}

long sys_chdir(const char *uname)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, uname, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (err)
		return err;
	err = inode_permission(path.dentry->d_inode, MAY_EXEC);
	if (err)
		path_put(&path);
	else
		set_fs_path(&current->fs->pwd, &path);
	return err;
}

long sys_fchdir(unsigned int fd)
{
	struct fd f = fdget_raw(fd);
	struct path path;
	int err;

	if (!f.file)
		return -EBADF;
	path = f.file->f_path;
	err = d_is_dir(path.dentry) ? inode_permission(path.dentry->d_inode, MAY_EXEC) : -ENOTDIR;
	if (!err) {
		path_get(&path);
		set_fs_path(&current->fs->pwd, &path);
	}
	fdput(f);
	return err;
}

/* sys_chroot - Ref: chroot(2).  The working directory stays where it is. */
long sys_chroot(const char *uname)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, uname, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (err)
		return err;
	err = inode_permission(path.dentry->d_inode, MAY_EXEC);
	if (!err && !capable(CAP_SYS_CHROOT))
		err = -EPERM;
	if (err)
		path_put(&path);
	else
		set_fs_path(&current->fs->root, &path);
	return err;
}

long sys_umask(int mask)
{
	return __atomic_exchange_n(&current->fs->umask, (u32)mask & 0777, __ATOMIC_RELAXED);
}
