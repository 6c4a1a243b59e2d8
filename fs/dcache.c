/*
 * fs/dcache.c - names: the tree of dentries, and back from an object to its path
 *
 * A dentry binds a name in a directory to an inode.  The tree of them is all there is of ramfs (each of its dentries
 * is pinned: it holds a reference to itself until it is unlinked); of procfs it shows what is in use right now, and
 * a dentry goes with its last reference.
 *
 *     d_parent    child -> parent, with a reference; the root's is itself
 *     d_subdirs   parent -> children, newest first: the order in which directories are listed
 *     d_hash      (parent, name) -> dentry, for lookups
 *
 * A directory is read in the order of d_cookie, which grows with each name that enters a directory.  A reader that
 * stopped at cookie c goes on at the first child with a smaller one: names removed in between do not shift it, names
 * added since are not shown, and none is shown twice (what POSIX asks of readdir).
 *
 * Invariants:
 *   D1  a dentry with d_count 0 is in no list: the drop to 0 and the removal are one step under dcache_lock, so a
 *       lookup under the lock may take a reference to whatever it finds;
 *   D2  hashed <=> in the parent's d_subdirs <=> positive and not unlinked;
 *   D3  d_subdirs is sorted by descending d_cookie.
 *
 * Locking: dcache_lock covers names, parents, lists and the mount tree (fs/mount.c).  One lock for the machine: name
 * lookups are not what this kernel is about, and a path walk takes it once per component for some dozens of
 * instructions.  Directory contents change only under the directory's i_rwsem as well, held by the callers.
 *
 * Negative dentries are not kept: for a directory without ->lookup, the tree itself knows that a name is absent.
 */
#include <lib/list.h>
#include "internal.h"

#define HASH_BUCKETS 2048u /* a power of two: 16 KiB, chains of 1 or 2 with a usual initramfs */

DEFINE_SPINLOCK(dcache_lock, LOCK_DCACHE);
static struct hlist_head dentry_hash[HASH_BUCKETS]; /* dcache_lock */
static u64 next_cookie = 1;                         /* dcache_lock */
static struct kmem_cache *dentry_cache;

void dcache_init(void)
{
	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0,
					 SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
}

/* name_hash - FNV-1a over the bytes of a component */
u32 name_hash(const char *name, unsigned int len)
{
	u32 hash = 2166136261u;

	for (; len; len--, name++)
		hash = (hash ^ (u8)*name) * 16777619u;
	return hash;
}

static struct hlist_head *bucket_of(const struct dentry *parent, u32 hash)
{
	u32 mix = hash ^ (u32)((unsigned long)parent >> 6) * 2654435761u;

	return &dentry_hash[(mix ^ mix >> 16) & (HASH_BUCKETS - 1)];
}

/**
 * d_alloc - a negative dentry, in no list yet
 * @parent: its directory, of which it takes a reference; NULL for a root
 * @name:   copied
 *
 * Return: the dentry with one reference, or NULL.
 */
struct dentry *d_alloc(struct dentry *parent, const struct qstr *name)
{
	struct dentry *dentry = kmem_cache_zalloc(dentry_cache, GFP_KERNEL);
	char *text;

	if (!dentry)
		return NULL;
	text = dentry->d_iname;
	if (name->len >= sizeof(dentry->d_iname)) {
		text = kmalloc(name->len + 1, GFP_KERNEL);
		if (!text) {
			kmem_cache_free(dentry_cache, dentry);
			return NULL;
		}
	}
	memcpy(text, name->name, name->len);
	text[name->len] = '\0';
	dentry->d_name = (struct qstr){ text, name->len, name_hash(text, name->len) };
	atomic_set(&dentry->d_count, 1);
	INIT_LIST_HEAD(&dentry->d_child);
	INIT_LIST_HEAD(&dentry->d_subdirs);
	INIT_HLIST_NODE(&dentry->d_hash);
	dentry->d_parent = parent ? dget(parent) : dentry;
	dentry->d_sb = parent ? parent->d_sb : NULL;
	return dentry;
}

static void d_link_locked(struct dentry *dentry)
{
	struct dentry *parent = dentry->d_parent;

	dentry->d_cookie = next_cookie++;
	list_add(&dentry->d_child, &parent->d_subdirs);
	hlist_add_head(&dentry->d_hash, bucket_of(parent, dentry->d_name.hash));
}

static void d_unlink_locked(struct dentry *dentry)
{
	hlist_del_init(&dentry->d_hash);
	list_del_init(&dentry->d_child);
}

/* d_instantiate - make @dentry name @inode, whose reference it takes over, and show it in its directory */
void d_instantiate(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	dentry->d_inode = inode;
	if (dentry->d_parent != dentry)
		d_link_locked(dentry);
	spin_unlock(&dcache_lock);
}

/* d_tmpfile - the same for a file without a name (O_TMPFILE): in no directory, shown as deleted */
void d_tmpfile(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	dentry->d_inode = inode;
	dentry->d_flags |= DCACHE_UNLINKED;
	spin_unlock(&dcache_lock);
}

/* d_make_root - the root of a file system; consumes @inode's reference also when it fails.  NULL: out of memory */
struct dentry *d_make_root(struct inode *inode)
{
	struct dentry *root;

	if (!inode)
		return NULL;
	root = d_alloc(NULL, &(struct qstr){ .name = "/", .len = 1 });
	if (!root) {
		iput(inode);
		return NULL;
	}
	root->d_sb = inode->i_sb;
	root->d_inode = inode;
	return root;
}

struct dentry *dget(struct dentry *dentry)
{
	if (dentry)
		atomic_inc(&dentry->d_count);
	return dentry;
}

static void dentry_free(struct dentry *dentry)
{
	if (dentry->d_name.name != dentry->d_iname)
		kfree(dentry->d_name.name);
	kmem_cache_free(dentry_cache, dentry);
}

/**
 * dput - drop a reference; the last one frees the dentry, and then perhaps its parents
 *
 * Context: may sleep (an inode may go, with its pages).  No spinlock held.
 */
void dput(struct dentry *dentry)
{
	while (dentry) {
		int count = atomic_read(&dentry->d_count);
		struct dentry *parent;

		while (count > 1)
			if (atomic_try_cmpxchg(&dentry->d_count, &count, count - 1))
				return;
		spin_lock(&dcache_lock);
		if (!atomic_dec_and_test(&dentry->d_count)) {
			spin_unlock(&dcache_lock);
			return;
		}
		d_unlink_locked(dentry);
		parent = dentry->d_parent != dentry ? dentry->d_parent : NULL;
		spin_unlock(&dcache_lock);
		if (dentry->d_inode)
			iput(dentry->d_inode);
		dentry_free(dentry);
		dentry = parent;
	}
}

/* d_pin - the dentry lives until d_unpin or the end of its file system: ramfs, where it is the only record */
void d_pin(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	dentry->d_flags |= DCACHE_PINNED;
	atomic_inc(&dentry->d_count);
	spin_unlock(&dcache_lock);
}

/* d_unpin - the caller holds a reference of its own */
void d_unpin(struct dentry *dentry)
{
	bool was;

	spin_lock(&dcache_lock);
	was = dentry->d_flags & DCACHE_PINNED;
	dentry->d_flags &= ~DCACHE_PINNED;
	spin_unlock(&dcache_lock);
	if (was)
		dput(dentry);
}

/* d_delete - the name is gone, users of the object stay: d_path appends " (deleted)".  Caller holds a reference. */
void d_delete(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	d_unlink_locked(dentry);
	dentry->d_flags |= DCACHE_UNLINKED;
	spin_unlock(&dcache_lock);
	d_unpin(dentry);
}

static void swap_names(struct dentry *a, struct dentry *b)
{
	bool a_inline = a->d_name.name == a->d_iname, b_inline = b->d_name.name == b->d_iname;
	char text[sizeof(a->d_iname)];

	memcpy(text, a->d_iname, sizeof(text));
	memcpy(a->d_iname, b->d_iname, sizeof(text));
	memcpy(b->d_iname, text, sizeof(text));
	swap(a->d_name, b->d_name);
	if (b_inline)
		a->d_name.name = a->d_iname;
	if (a_inline)
		b->d_name.name = b->d_iname;
}

/**
 * d_move - rename(2): @dentry gets the place and name of @target
 * @target: negative; or positive, and then deleted, or with @exchange given @dentry's place and name.  The caller
 *          holds a reference
 *
 * All in one step: at every moment a lookup finds the old or the new owner of a name that is replaced.
 *
 * Locks: both directories' i_rwsem for write, and the mutex of renames when they differ.
 */
void d_move(struct dentry *dentry, struct dentry *target, bool exchange)
{
	bool replaced = target->d_inode && !exchange;

	spin_lock(&dcache_lock);
	d_unlink_locked(dentry);
	d_unlink_locked(target);
	if (replaced)
		target->d_flags |= DCACHE_UNLINKED;
	swap_names(dentry, target);
	swap(dentry->d_parent, target->d_parent); /* the references to them travel along */
	dentry->d_flags &= ~DCACHE_UNLINKED;
	d_link_locked(dentry);
	if (exchange)
		d_link_locked(target);
	spin_unlock(&dcache_lock);
	if (replaced)
		d_unpin(target);
}

struct dentry *d_lookup_locked(struct dentry *parent, const struct qstr *name)
{
	struct dentry *dentry;

	assert_spin_locked(&dcache_lock);
	hlist_for_each_entry(dentry, bucket_of(parent, name->hash), d_hash)
		if (dentry->d_name.hash == name->hash && dentry->d_parent == parent &&
		    dentry->d_name.len == name->len &&
		    !memcmp(dentry->d_name.name, name->name, name->len))
			return dentry;
	return NULL;
}

/* d_lookup - the child of that name, with a reference, or NULL.  @name->hash must be set. */
struct dentry *d_lookup(struct dentry *parent, const struct qstr *name)
{
	struct dentry *dentry;

	spin_lock(&dcache_lock);
	dentry = dget(d_lookup_locked(parent, name));
	spin_unlock(&dcache_lock);
	return dentry;
}

bool d_has_children(struct dentry *dentry)
{
	bool has;

	spin_lock(&dcache_lock);
	has = !list_empty(&dentry->d_subdirs);
	spin_unlock(&dcache_lock);
	return has;
}

void d_short_name(struct dentry *dentry, char *buf, size_t size)
{
	spin_lock(&dcache_lock);
	strscpy(buf, dentry->d_name.name, size);
	spin_unlock(&dcache_lock);
}

/* d_is_ancestor - is @dentry @ancestor itself, or below it?  Stable while the mutex of renames is held. */
bool d_is_ancestor(struct dentry *ancestor, struct dentry *dentry)
{
	bool below = true;

	spin_lock(&dcache_lock);
	while (dentry != ancestor) {
		if (dentry->d_parent == dentry) {
			below = false;
			break;
		}
		dentry = dentry->d_parent;
	}
	spin_unlock(&dcache_lock);
	return below;
}

/**
 * d_kill_tree - the end of a file system: let go of every pinned dentry below @root
 *
 * No file is open and nothing is mounted in it, so that the pins hold the last references.  Goes down to a leaf,
 * frees it, and begins again at its parent: no recursion, however deep the tree.
 */
void d_kill_tree(struct dentry *root)
{
	struct dentry *dentry = dget(root);

	for (;;) {
		struct dentry *next;

		spin_lock(&dcache_lock);
		next = dget(list_first_entry_or_null(&dentry->d_subdirs, struct dentry, d_child));
		if (!next && dentry != root)
			next = dget(dentry->d_parent);
		spin_unlock(&dcache_lock);
		if (!next)
			break;
		if (next == dentry->d_parent)
			d_delete(dentry);
		dput(dentry);
		dentry = next;
	}
	dput(dentry);
}

/* One step of a path that is written from its end towards its beginning. */
static int prepend(char **p, const char *buf, const char *text, size_t len)
{
	if ((size_t)(*p - buf) < len)
		return -ENAMETOOLONG;
	*p -= len;
	memcpy(*p, text, len);
	return 0;
}

/**
 * prepend_path - write the names from @path up to @root in front of *p
 *
 * Return: 0; 1 when @root is not above @path (another chroot's, or a detached mount); -ENAMETOOLONG.
 * Locks:  dcache_lock held.
 */
static int prepend_path(const struct path *path, const struct path *root, char **p, const char *buf)
{
	struct dentry *dentry = path->dentry;
	struct mount *mnt = path->mnt;
	int err;

	assert_spin_locked(&dcache_lock);
	while (dentry != root->dentry || mnt != root->mnt) {
		if (dentry == mnt->root || dentry->d_parent == dentry) {
			if (!mnt->parent)
				return 1;
			dentry = mnt->mountpoint;
			mnt = mnt->parent;
			continue;
		}
		err = prepend(p, buf, dentry->d_name.name, dentry->d_name.len);
		if (!err)
			err = prepend(p, buf, "/", 1);
		if (err)
			return err;
		dentry = dentry->d_parent;
	}
	return 0;
}

static void get_fs_root(struct path *root)
{
	struct fs_struct *fs = current->fs;

	spin_lock(&fs->lock);
	*root = fs->root;
	path_get(root);
	spin_unlock(&fs->lock);
}

/**
 * d_path - the absolute name of @path as the caller sees it, written at the end of @buf
 *
 * " (deleted)" follows the name of what has been unlinked; an object outside any tree gives its own name
 * ("pipe:[7]").
 *
 * Return: pointer into @buf, NUL-terminated; ERR_PTR(-ENAMETOOLONG).
 * Locks:  takes spinlocks only: mmap_lock may be held.
 */
char *d_path(const struct path *path, char *buf, size_t len)
{
	struct dentry *dentry = path->dentry;
	char *end = buf + len, *p = end;
	struct path root = { NULL, NULL };
	int err;

	if (dentry->d_op && dentry->d_op->d_dname)
		return dentry->d_op->d_dname(dentry, buf, len);
	if (current->fs)
		get_fs_root(&root);
	spin_lock(&dcache_lock);
	err = prepend(&p, buf, "", 1);
	if (!err && (dentry->d_flags & DCACHE_UNLINKED)) {
		p = end;
		err = prepend(&p, buf, " (deleted)", sizeof(" (deleted)"));
	}
	end = p;
	if (!err)
		err = prepend_path(path, &root, &p, buf);
	spin_unlock(&dcache_lock);
	if (err >= 0 && p == end)
		err = prepend(&p, buf, "/", 1);
	if (root.dentry)
		path_put(&root);
	return err < 0 ? ERR_PTR(err) : p;
}

char *file_path(struct file *file, char *buf, size_t len)
{
	return d_path(&file->f_path, buf, len);
}

/**
 * sys_getcwd - Ref: getcwd(2)
 *
 * Return: length with the NUL; -ENOENT when the directory was removed, -ERANGE when it does not fit, -EFAULT.
 * A directory that cannot be reached from the root begins with "(unreachable)".
 */
long sys_getcwd(char *ubuf, unsigned long size)
{
	struct fs_struct *fs = current->fs;
	char *buf = alloc_name(), *p, *end;
	struct path root, pwd;
	long err;

	if (!buf)
		return -ENOMEM;
	spin_lock(&fs->lock);
	root = fs->root;
	pwd = fs->pwd;
	path_get(&root);
	path_get(&pwd);
	spin_unlock(&fs->lock);

	p = end = buf + PATH_MAX_LEN - 1;
	*end = '\0';
	spin_lock(&dcache_lock);
	err = pwd.dentry->d_flags & DCACHE_UNLINKED ? -ENOENT : prepend_path(&pwd, &root, &p, buf);
	spin_unlock(&dcache_lock);
	if (err >= 0 && p == end)
		*--p = '/';
	if (err == 1)
		err = prepend(&p, buf, "(unreachable)", strlen("(unreachable)"));
	if (!err) {
		err = end - p + 1;
		if ((unsigned long)err > size)
			err = -ERANGE;
		else if (copy_to_user(ubuf, p, (size_t)err))
			err = -EFAULT;
	}
	path_put(&pwd);
	path_put(&root);
	putname(buf);
	return err;
}
