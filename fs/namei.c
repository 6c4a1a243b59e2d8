/*
 * fs/namei.c - from a path to what it names
 *
 * One walk for every call that takes a path (path_resolution(7)).  It goes component by component and stops before
 * the last, which it leaves in nd->last: calls that create, remove or rename want just the directory and that name;
 * path_lookup takes the last step itself.
 *
 *     "/a/link/b/c"      nd->path = /a       component "link" is a symbolic link to "x/y"
 *                        stack: { rest "b/c" }, now walking "x/y"
 *                        ... its last component walked: pop, go on with "b/c"
 *                        nd->path = /a/x/y/b, nd->last = "c"
 *
 * A link in the middle pushes what is left of the text around it; at the end of a text the rest is popped.  A link
 * that is the last component of a text is popped before it is followed, so the stack grows only with links that have
 * something left to do.  Each text lies in a buffer of PATH_MAX of its own.  More than 40 links in one walk are a
 * loop: ELOOP.
 *
 * Every step holds references to the mount and the dentry it stands on, so nothing it stands on can go; what other
 * tasks rename or unlink meanwhile is seen or not seen, as in any system.
 *
 * Locks: none on entry and exit.  ->lookup is called with the directory's i_rwsem held for write.
 */
#include <uapi/mount.h>
#include "internal.h"

static struct kmem_cache *names_cache;

void namei_init(void)
{
	names_cache = kmem_cache_create("names_cache", PATH_MAX_LEN, 0, SLAB_PANIC, NULL);
}

/* alloc_name - a buffer of PATH_MAX bytes, for putname; NULL when out of memory */
char *alloc_name(void)
{
	return kmem_cache_alloc(names_cache, GFP_KERNEL);
}

/* getname_flags - a user's path; empty only where the call allows it.  ERR_PTR as getname. */
char *getname_flags(const char *uname, bool may_be_empty)
{
	char *name = alloc_name();
	long len;

	if (!name)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(name, uname, PATH_MAX_LEN);
	if (len == PATH_MAX_LEN)
		len = -ENAMETOOLONG;
	else if (!len && !may_be_empty)
		len = -ENOENT;
	if (len < 0) {
		putname(name);
		return ERR_PTR(len);
	}
	return name;
}

char *getname(const char *uname)
{
	return getname_flags(uname, false);
}

void putname(char *name)
{
	if (!IS_ERR_OR_NULL(name))
		kmem_cache_free(names_cache, name);
}

void path_get(const struct path *path)
{
	mntget(path->mnt);
	dget(path->dentry);
}

void path_put(const struct path *path)
{
	dput(path->dentry);
	mntput(path->mnt);
}

/* --- finding one name in one directory --- */

static bool d_is_stale(struct dentry *dentry)
{
	return dentry->d_op && dentry->d_op->d_revalidate && !dentry->d_op->d_revalidate(dentry);
}

static struct dentry *d_lookup_valid(struct dentry *dir, const struct qstr *name)
{
	struct dentry *dentry = d_lookup(dir, name);

	if (dentry && unlikely(d_is_stale(dentry))) {
		d_delete(dentry);
		dput(dentry);
		return NULL;
	}
	return dentry;
}

/**
 * lookup_for_create - the dentry of @name in @dir, negative if there is no such name
 *
 * Return: with a reference; ERR_PTR(-ENOMEM, or ->lookup's error: -ENOENT where no name can be made, as in /proc).
 * Locks:  @dir's i_rwsem held for write.
 */
struct dentry *lookup_for_create(struct dentry *dir, const struct qstr *name)
{
	struct inode *inode = dir->d_inode;
	struct dentry *dentry = d_lookup_valid(dir, name), *res;

	assert_rwsem_held_write(&inode->i_rwsem);
	if (dentry)
		return dentry;
	dentry = d_alloc(dir, name);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	if (inode->i_op && inode->i_op->lookup) {
		res = inode->i_op->lookup(inode, dentry);
		if (IS_ERR(res)) {
			dput(dentry);
			return res;
		}
	}
	return dentry;
}

/**
 * lookup_one - the positive dentry of @name in @dir
 *
 * Return: with a reference; ERR_PTR(-ENOENT, -ENOMEM, or ->lookup's).
 */
struct dentry *lookup_one(struct dentry *dir, const struct qstr *name)
{
	struct inode *inode = dir->d_inode;
	struct dentry *dentry = d_lookup_valid(dir, name);

	if (likely(dentry))
		return dentry;
	if (!inode->i_op || !inode->i_op->lookup)
		return ERR_PTR(-ENOENT);
	down_write(&inode->i_rwsem);
	dentry = lookup_for_create(dir, name);
	up_write(&inode->i_rwsem);
	if (!IS_ERR(dentry) && !dentry->d_inode) {
		dput(dentry);
		return ERR_PTR(-ENOENT);
	}
	return dentry;
}

/* --- the walk --- */

static void nd_go(struct nameidata *nd, struct path to)
{
	path_put(&nd->path);
	nd->path = to;
}

static void nd_go_root(struct nameidata *nd)
{
	path_get(&nd->root);
	nd_go(nd, nd->root);
}

static int walk_start_dir(struct nameidata *nd, int dfd, const char *name)
{
	struct fs_struct *fs = current->fs;
	struct fd f;

	spin_lock(&fs->lock);
	nd->root = fs->root;
	path_get(&nd->root);
	if (*name == '/')
		nd->path = fs->root;
	else if (dfd == AT_FDCWD)
		nd->path = fs->pwd;
	else
		nd->path = (struct path){ NULL, NULL };
	path_get(&nd->path);
	spin_unlock(&fs->lock);
	if (nd->path.dentry)
		return 0;

	f = fdget_raw((unsigned int)dfd);
	if (!f.file)
		return -EBADF;
	nd->path = f.file->f_path;
	path_get(&nd->path);
	fdput(f);
	return *name && !d_is_dir(nd->path.dentry) ? -ENOTDIR : 0;
}

/**
 * walk_begin - where the walk of @name starts: the root, the working directory, or @dfd
 *
 * The caller's walk_end is due also after an error.
 * Return: 0; -EBADF, -ENOTDIR.
 */
int walk_begin(struct nameidata *nd, int dfd, const char *name, unsigned int flags)
{
	nd->path = nd->root = (struct path){ NULL, NULL };
	nd->flags = flags;
	nd->links = 0;
	nd->depth = 0;
	nd->trail = NULL;
	nd->last_type = LAST_ROOT;
	nd->last_slash = false;
	nd->cred = &current->cred;
	return walk_start_dir(nd, dfd, name);
}

void walk_end(struct nameidata *nd)
{
	while (nd->depth)
		putname(nd->stack[--nd->depth].buf);
	putname(nd->trail);
	path_put(&nd->path);
	path_put(&nd->root);
}

static void walk_dotdot(struct nameidata *nd)
{
	for (;;) {
		struct dentry *dentry = nd->path.dentry;
		struct path up;

		if (dentry == nd->root.dentry && nd->path.mnt == nd->root.mnt)
			return;
		if (dentry != nd->path.mnt->root) {
			spin_lock(&dcache_lock);
			up = (struct path){ nd->path.mnt, dentry->d_parent };
			path_get(&up);
			spin_unlock(&dcache_lock);
			nd_go(nd, up);
			follow_mount(&nd->path);
			return;
		}
		if (!follow_up(&nd->path))
			return;
	}
}

/* The text of @link (whose reference is consumed) in a new buffer; NULL when the walk has jumped to its target. */
static char *follow_link(struct nameidata *nd, struct dentry *link)
{
	struct path jump = { NULL, NULL };
	struct inode *inode = link->d_inode;
	char *buf = NULL;
	int err;

	err = ++nd->links > MAXSYMLINKS || (nd->path.mnt->flags & MS_NOSYMFOLLOW) ? -ELOOP : 0;
	if (!err && (!inode->i_op || !inode->i_op->get_link))
		err = -EINVAL;
	if (!err) {
		buf = alloc_name();
		err = buf ? inode->i_op->get_link(link, buf, PATH_MAX_LEN, &jump) : -ENOMEM;
	}
	dput(link);
	if (err >= 0 && jump.dentry) {
		nd_go(nd, jump);
		putname(buf);
		return NULL;
	}
	if (err >= 0 && !*buf)
		err = -ENOENT;
	if (err < 0) {
		putname(buf);
		return ERR_PTR(err);
	}
	if (*buf == '/')
		nd_go_root(nd);
	return buf;
}

/**
 * walk_component - step onto nd->last
 * @follow: go on into it when it is a symbolic link
 *
 * Return: NULL when nd->path is there; a link's text to walk from nd->path; ERR_PTR.
 */
static char *walk_component(struct nameidata *nd, bool follow)
{
	struct dentry *dentry;
	struct path next;

	if (unlikely(nd->last_type != LAST_NORM)) {
		if (nd->last_type == LAST_DOTDOT)
			walk_dotdot(nd);
		return NULL;
	}
	dentry = lookup_one(nd->path.dentry, &nd->last);
	if (IS_ERR(dentry))
		return ERR_CAST(dentry);
	if (unlikely(S_ISLNK(dentry->d_inode->i_mode)) && follow)
		return follow_link(nd, dentry);
	next = (struct path){ nd->path.mnt, dentry };
	mntget(next.mnt);
	nd_go(nd, next);
	follow_mount(&nd->path);
	return NULL;
}

/* May the walk look names up in the directory it stands on? */
static int may_walk(struct nameidata *nd)
{
	if (unlikely(!d_is_dir(nd->path.dentry)))
		return -ENOTDIR;
	return cred_permission(nd->path.dentry->d_inode, MAY_EXEC, nd->cred);
}

/* Cut the next component off @name into nd->last; the rest, without leading slashes.  NULL: it is too long. */
static const char *next_component(struct nameidata *nd, const char *name)
{
	const char *start = name;
	size_t len;

	while (*name && *name != '/')
		name++;
	len = (size_t)(name - start);
	if (len > NAME_MAX_LEN)
		return NULL;
	nd->last = (struct qstr){ start, (unsigned int)len, 0 };
	nd->last_type = LAST_NORM;
	if (start[0] == '.' && len == 1)
		nd->last_type = LAST_DOT;
	else if (start[0] == '.' && len == 2 && start[1] == '.')
		nd->last_type = LAST_DOTDOT;
	else
		nd->last.hash = name_hash(start, (unsigned int)len);
	nd->last_slash = *name == '/';
	while (*name == '/')
		name++;
	return name;
}

/**
 * walk_to_parent - walk @name up to its last component
 *
 * Afterwards nd->path is the directory to look in, a directory that may be searched, and nd->last, nd->last_type and
 * nd->last_slash say what is to be looked up; the text must stay until then.
 *
 * Return: 0 or an error of path_resolution(7): -ENOENT, -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG, -ENOMEM.
 */
int walk_to_parent(struct nameidata *nd, const char *name)
{
	while (*name == '/')
		name++;
	if (!*name) {
		nd->last_type = LAST_ROOT;
		nd->last_slash = false;
		return 0;
	}
	for (;;) {
		char *text, *done = NULL;
		int err = may_walk(nd);

		if (err)
			return err;
		name = next_component(nd, name);
		if (!name)
			return -ENAMETOOLONG;
		if (!*name) {
			if (!nd->depth)
				return 0;
			nd->depth--; /* the end of a link's text: what stood behind the link */
			name = nd->stack[nd->depth].rest;
			done = nd->stack[nd->depth].buf;
		}
		text = walk_component(nd, true);
		putname(done);
		if (IS_ERR(text))
			return (int)PTR_ERR(text);
		if (!text)
			continue;
		nd->stack[nd->depth++] = (struct walk_link){ text, name };
		for (name = text; *name == '/'; name++)
			;
		if (!*name) { /* a link to "/" */
			nd->depth--;
			name = nd->stack[nd->depth].rest;
			putname(text);
		}
	}
}

/* Walk @text, which a link as last component gave; nd takes over its buffer. */
static int walk_trail(struct nameidata *nd, char *text)
{
	putname(nd->trail);
	nd->trail = text;
	return walk_to_parent(nd, text);
}

/**
 * walk_follow_last - the last component turned out to be the link @link (a reference is consumed): go on behind it
 *
 * Return: 0 with the new last component in nd; 1 when the link jumped and nd->path is the target; -errno.
 */
int walk_follow_last(struct nameidata *nd, const struct path *link)
{
	char *text;

	if (nd->last_slash)
		nd->flags |= LOOKUP_DIRECTORY;
	text = follow_link(nd, dget(link->dentry));
	path_put(link);
	if (IS_ERR(text))
		return (int)PTR_ERR(text);
	return text ? walk_trail(nd, text) : 1;
}

/* The whole walk, last component included: nd->path is what @name names. */
static int walk_all(struct nameidata *nd, const char *name)
{
	int err = walk_to_parent(nd, name);

	while (!err) {
		bool follow = (nd->flags & LOOKUP_FOLLOW) || nd->last_slash;
		char *text;

		if (nd->last_slash)
			nd->flags |= LOOKUP_DIRECTORY;
		text = walk_component(nd, follow);
		if (IS_ERR(text))
			return (int)PTR_ERR(text);
		if (!text)
			break;
		err = walk_trail(nd, text);
	}
	if (!err && (nd->flags & LOOKUP_DIRECTORY) && !d_is_dir(nd->path.dentry))
		err = -ENOTDIR;
	return err;
}

/* path_lookup_cred - path_lookup with somebody else's rights: access(2) asks for the real ids */
int path_lookup_cred(int dfd, const char *name, unsigned int flags, const struct cred *cred,
		     struct path *path)
{
	struct nameidata nd;
	int err;

	if (!*name && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	err = walk_begin(&nd, dfd, name, flags);
	nd.cred = cred;
	if (!err && *name)
		err = walk_all(&nd, name);
	if (!err) {
		*path = nd.path;
		path_get(path);
	}
	walk_end(&nd);
	return err;
}

/**
 * kern_path_at - what @name names, seen from @dfd
 * @flags: LOOKUP_FOLLOW (a link as last component is followed), LOOKUP_DIRECTORY, LOOKUP_EMPTY ("" is @dfd itself)
 *
 * Return: 0 with references in *path, or -errno with *path untouched.
 */
int kern_path_at(int dfd, const char *name, unsigned int flags, struct path *path)
{
	return path_lookup_cred(dfd, name, flags, &current->cred, path);
}

/* user_path_at - the same for a user's string */
int user_path_at(int dfd, const char *uname, unsigned int flags, struct path *path)
{
	char *name = getname_flags(uname, flags & LOOKUP_EMPTY);
	int err;

	if (IS_ERR(name))
		return (int)PTR_ERR(name);
	err = kern_path_at(dfd, name, flags, path);
	putname(name);
	return err;
}

/* at_lookup_flags - AT_* of a call as LOOKUP_*; -EINVAL for bits outside @allowed */
int at_lookup_flags(int at_flags, int allowed)
{
	unsigned int flags = LOOKUP_FOLLOW;

	if (at_flags & ~allowed)
		return -EINVAL;
	if (at_flags & AT_SYMLINK_NOFOLLOW)
		flags = 0;
	if (at_flags & AT_EMPTY_PATH)
		flags |= LOOKUP_EMPTY;
	return (int)flags;
}
