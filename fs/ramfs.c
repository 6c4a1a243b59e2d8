/*
 * fs/ramfs.c - files that are only in memory: ramfs (and with it the root), tmpfs, devtmpfs
 *
 * There is nothing behind these file systems.  A directory is its dentries, each pinned until it is unlinked; the
 * content of a file is its pages in the page cache, which reclaim must not drop (AS_UNEVICTABLE); a page that is not
 * there is a hole and reads as zeros.  The text of a symbolic link hangs off its inode.
 *
 * tmpfs differs in three things: it has a limit (size=, by default half of RAM), it counts as Shmem, and its
 * directories show a size.  The limit is charged page by page, when a write or a fault fills a hole:
 *
 *     inode->i_charged   pages of this file that were charged
 *     sb->s_used_pages   sum over the file system's inodes
 *
 * Truncation drops pages inside mm; afterwards ramfs_recharge gives back the difference between what was charged and
 * what is still cached.  A fault that adds a page meanwhile enters it in the cache first and charges it then, so the
 * difference is never too large.
 *
 * Memory exhausted: ENOSPC for a write or a new name, SIGBUS or OOM for a fault, decided by mm.
 *
 * Locks: the callers' i_rwsem; nothing of its own.
 */
#include <lib/kstrtox.h>
#include <mm/mmzone.h>
#include <uapi/mount.h>
#include <uapi/statfs.h>
#include "internal.h"

#define TMPFS_DIRENT_SIZE 20u /* what an entry adds to the size of its directory: Linux's figure */

static const struct inode_operations ramfs_dir_iops, ramfs_file_iops, ramfs_symlink_iops;

static bool is_tmpfs(const struct super_block *sb)
{
	return sb->s_magic == TMPFS_MAGIC;
}

/* ramfs_charge_page - one page more for @inode; 0 or -ENOSPC at the file system's limit */
int ramfs_charge_page(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	if (!sb->s_max_pages)
		return 0;
	if ((u64)atomic_long_add_return(1, &sb->s_used_pages) > sb->s_max_pages) {
		atomic_long_dec(&sb->s_used_pages);
		return -ENOSPC;
	}
	atomic_long_inc(&inode->i_charged);
	return 0;
}

/* ramfs_recharge - pages went: give back what is charged beyond what is cached */
void ramfs_recharge(struct inode *inode)
{
	long charged = atomic_long_read(&inode->i_charged); /* first: see above */
	long surplus = charged - (long)READ_ONCE(inode->i_data.nrpages);

	if (surplus <= 0)
		return;
	atomic_long_sub(surplus, &inode->i_charged);
	atomic_long_sub(surplus, &inode->i_sb->s_used_pages);
}

/* A fault on a hole: the page becomes part of the file.  Page locked; unlocked here. */
static int ramfs_readpage(struct file *file, struct page *page)
{
	struct inode *inode = page->mapping->host;
	int err = ramfs_charge_page(inode);

	(void)file;
	if (!err) {
		void *addr = kmap_local_page(page);

		clear_page(addr);
		kunmap_local(addr);
		SetPageUptodate(page);
	}
	unlock_page(page);
	return err;
}

const struct address_space_operations ramfs_aops = { .readpage = ramfs_readpage };

/**
 * ramfs_inode - a new inode of the type in @mode
 * @dir: the directory it will be in, whose set-group-id bit it follows; NULL for a root
 *
 * Return: NULL when out of memory.
 */
struct inode *ramfs_inode(struct super_block *sb, struct inode *dir, u32 mode, u64 rdev)
{
	struct inode *inode = new_inode(sb, mode);

	if (!inode)
		return NULL;
	if (dir && (dir->i_mode & S_ISGID)) {
		inode->i_gid = dir->i_gid;
		if (S_ISDIR(mode))
			inode->i_mode |= S_ISGID;
	}
	inode->i_op = &ramfs_file_iops;
	switch (mode & S_IFMT) {
	case S_IFREG:
		inode->i_fop = &ramfs_file_fops;
		inode->i_data.a_ops = &ramfs_aops;
		inode->i_data.flags = AS_UNEVICTABLE | (is_tmpfs(sb) ? AS_SHMEM : 0);
		inode->i_data.gfp_mask = GFP_HIGHUSER_MOVABLE;
		break;
	case S_IFDIR:
		inode->i_op = &ramfs_dir_iops;
		inode->i_fop = &ramfs_dir_fops;
		inode->i_nlink = 2;
		break;
	case S_IFLNK:
		inode->i_op = &ramfs_symlink_iops;
		break;
	default:
		init_special_inode(inode, inode->i_mode, rdev);
	}
	return inode;
}

static void dir_changed(struct inode *dir, int entries)
{
	if (is_tmpfs(dir->i_sb))
		dir->i_data.i_size += (u64)((long)TMPFS_DIRENT_SIZE * entries);
	inode_touch(dir);
}

static void ramfs_add(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	d_instantiate(dentry, inode);
	d_pin(dentry);
	dir_changed(dir, 1);
}

static int ramfs_mknod(struct inode *dir, struct dentry *dentry, u32 mode, u64 rdev)
{
	struct inode *inode = ramfs_inode(dir->i_sb, dir, mode, rdev);

	if (!inode)
		return -ENOSPC;
	ramfs_add(dir, dentry, inode);
	return 0;
}

static int ramfs_create(struct inode *dir, struct dentry *dentry, u32 mode)
{
	return ramfs_mknod(dir, dentry, (mode & 07777) | S_IFREG, 0);
}

static int ramfs_mkdir(struct inode *dir, struct dentry *dentry, u32 mode)
{
	int err = ramfs_mknod(dir, dentry, (mode & 07777) | S_IFDIR, 0);

	if (!err)
		dir->i_nlink++;
	return err;
}

static int ramfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	struct inode *inode = ramfs_inode(dir->i_sb, dir, S_IFLNK | 0777, 0);

	if (!inode)
		return -ENOSPC;
	inode->i_private = kstrdup(target, GFP_KERNEL);
	if (!inode->i_private) {
		iput(inode);
		return -ENOSPC;
	}
	inode->i_data.i_size = strlen(target);
	ramfs_add(dir, dentry, inode);
	return 0;
}

static int ramfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;

	inode->i_ctime = current_time();
	inode->i_nlink++;
	ihold(inode);
	ramfs_add(dir, dentry, inode);
	return 0;
}

static int ramfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	dir_changed(dir, -1);
	inode->i_ctime = dir->i_ctime;
	inode->i_nlink--;
	return 0;
}

static int ramfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (d_has_children(dentry))
		return -ENOTEMPTY;
	dentry->d_inode->i_nlink = 0;
	dir->i_nlink--;
	dir_changed(dir, -1);
	return 0;
}

static int ramfs_exchange(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			  struct dentry *new)
{
	if (old_dir != new_dir && d_is_dir(old) != d_is_dir(new)) {
		struct inode *gains = d_is_dir(old) ? new_dir : old_dir,
			     *loses = d_is_dir(old) ? old_dir : new_dir;

		gains->i_nlink++;
		loses->i_nlink--;
	}
	dir_changed(old_dir, 0);
	dir_changed(new_dir, 0);
	old->d_inode->i_ctime = new->d_inode->i_ctime = new_dir->i_ctime;
	return 0;
}

static int ramfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *new, unsigned int flags)
{
	bool is_dir = d_is_dir(old);

	if (flags & RENAME_EXCHANGE)
		return ramfs_exchange(old_dir, old, new_dir, new);
	if (new->d_inode) {
		if (is_dir && d_has_children(new))
			return -ENOTEMPTY;
		if (is_dir) {
			new->d_inode->i_nlink = 0;
			new_dir->i_nlink--;
		} else {
			new->d_inode->i_nlink--;
		}
		dir_changed(new_dir, -1);
	}
	if (is_dir && old_dir != new_dir) {
		old_dir->i_nlink--;
		new_dir->i_nlink++;
	}
	dir_changed(old_dir, -1);
	dir_changed(new_dir, 1);
	old->d_inode->i_ctime = new_dir->i_ctime;
	return 0;
}

static int ramfs_get_link(struct dentry *dentry, char *buf, size_t size, struct path *jump)
{
	ssize_t len = strscpy(buf, dentry->d_inode->i_private, size);

	(void)jump;
	return len < 0 ? -ENAMETOOLONG : (int)len;
}

static const struct inode_operations ramfs_dir_iops = {
	.create = ramfs_create,
	.mkdir = ramfs_mkdir,
	.mknod = ramfs_mknod,
	.symlink = ramfs_symlink,
	.link = ramfs_link,
	.unlink = ramfs_unlink,
	.rmdir = ramfs_rmdir,
	.rename = ramfs_rename,
};
static const struct inode_operations ramfs_file_iops = { .getattr = NULL };
static const struct inode_operations ramfs_symlink_iops = { .get_link = ramfs_get_link };

static void ramfs_evict_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_private);
	else if (S_ISFIFO(inode->i_mode))
		BUG_ON(inode->i_private);
}

static int tmpfs_statfs(struct super_block *sb, struct kstatfs *st)
{
	u64 used = (u64)atomic_long_read(&sb->s_used_pages);

	*st = (struct kstatfs){ .f_type = TMPFS_MAGIC,
				.f_bsize = PAGE_SIZE,
				.f_namelen = NAME_MAX_LEN };
	st->f_blocks = sb->s_max_pages;
	st->f_bfree = st->f_bavail = used < sb->s_max_pages ? sb->s_max_pages - used : 0;
	return 0;
}

static int tmpfs_show_options(struct super_block *sb, char *buf, size_t len)
{
	u32 mode = sb->s_root->d_inode->i_mode & 07777;
	int n = 0;

	if (sb->s_max_pages && sb->s_max_pages != totalram_pages() / 2)
		n = scnprintf(buf, len, ",size=%luk", sb->s_max_pages << (PAGE_SHIFT - 10));
	if (mode != 01777)
		n += scnprintf(buf + n, len - (size_t)n, ",mode=%03o", mode);
	return n;
}

/* --- mount options: "size=10m,mode=755,uid=0,gid=0" --- */

struct ramfs_options {
	u64 size; /* bytes; 0: no limit */
	u32 mode;
	uid_t uid;
	gid_t gid;
};

/* A size in bytes, with k, m, g, or as a percentage of RAM. */
static int parse_size(const char *text, u64 *size)
{
	u64 value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (value > UINT64_MAX / 16)
			return -EINVAL;
		value = value * 10 + (u64)(*p - '0');
	}
	if (p == text)
		return -EINVAL;
	switch (*p) {
	case '%':
		value = (value << PAGE_SHIFT) * totalram_pages() / 100;
		p++;
		break;
	case 'g':
	case 'G':
		value <<= 10;
		fallthrough;
	case 'm':
	case 'M':
		value <<= 10;
		fallthrough;
	case 'k':
	case 'K':
		value <<= 10;
		p++;
		break;
	}
	*size = ALIGN(value, PAGE_SIZE);
	return *p ? -EINVAL : 0;
}

static int parse_option(char *word, struct ramfs_options *opt, bool tmpfs)
{
	char *value = strchr(word, '=');
	unsigned int number;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (tmpfs && !strcmp(word, "size"))
		return parse_size(value, &opt->size);
	if (tmpfs && (!strcmp(word, "nr_inodes") || !strcmp(word, "huge") || !strcmp(word, "mpol")))
		return 0; /* accepted: inodes are not limited, huge pages not used */
	if (kstrtouint(value, strcmp(word, "mode") ? 10 : 8, &number))
		return -EINVAL;
	if (!strcmp(word, "mode"))
		opt->mode = number & 07777;
	else if (tmpfs && !strcmp(word, "uid"))
		opt->uid = number;
	else if (tmpfs && !strcmp(word, "gid"))
		opt->gid = number;
	else
		return -EINVAL;
	return 0;
}

/* ramfs ignores what it does not know, as Linux's does; tmpfs refuses it. */
static int parse_options(const char *data, struct ramfs_options *opt, bool tmpfs)
{
	char *copy, *word, *next;
	int err = 0;

	if (!data || !*data)
		return 0;
	copy = kstrdup(data, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	for (word = copy; word && !err; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		if (*word)
			err = parse_option(word, opt, tmpfs);
		if (!tmpfs)
			err = 0;
	}
	kfree(copy);
	return err;
}

static int fill_super(struct super_block *sb, const char *data, bool tmpfs,
		      struct ramfs_options *opt)
{
	struct inode *inode;
	int err = parse_options(data, opt, tmpfs);

	if (err)
		return err;
	sb->s_magic = tmpfs ? TMPFS_MAGIC : RAMFS_MAGIC;
	sb->evict_inode = ramfs_evict_inode;
	sb->s_max_pages = opt->size >> PAGE_SHIFT;
	if (tmpfs) {
		sb->statfs = tmpfs_statfs;
		sb->show_options = tmpfs_show_options;
	}
	inode = ramfs_inode(sb, NULL, S_IFDIR | opt->mode, 0);
	if (inode) {
		inode->i_uid = opt->uid;
		inode->i_gid = opt->gid;
	}
	sb->s_root = d_make_root(inode);
	return sb->s_root ? 0 : -ENOMEM;
}

static int ramfs_fill_super(struct super_block *sb, const char *data)
{
	struct ramfs_options opt = { .mode = 0755 };

	return fill_super(sb, data, false, &opt);
}

static int tmpfs_fill_super(struct super_block *sb, const char *data)
{
	struct ramfs_options opt = {
		.mode = 01777,
		.size = totalram_pages() / 2 << PAGE_SHIFT,
		.uid = current->cred.fsuid,
		.gid = current->cred.fsgid,
	};

	return fill_super(sb, data, true, &opt);
}

struct file_system_type rootfs_type = { .name = "rootfs",
					.fill_super = ramfs_fill_super,
					.flags = FS_NODEV };
struct file_system_type ramfs_type = { .name = "ramfs",
				       .fill_super = ramfs_fill_super,
				       .flags = FS_NODEV };
struct file_system_type tmpfs_type = { .name = "tmpfs",
				       .fill_super = tmpfs_fill_super,
				       .flags = FS_NODEV };
struct file_system_type devtmpfs_type = {
	.name = "devtmpfs",
	.fill_super = ramfs_fill_super,
	.flags = FS_NODEV | FS_SINGLE,
};
