/*
 * fs/initramfs.c - the first files: an archive that the boot loader put into memory becomes the root's content
 *
 * The archive is a memblock reservation, so its frames belong to nobody yet.  A file's data that lies at the start of
 * a page is not copied: its frames are taken over into the page cache, one by one.  Everything else is copied or was
 * only names; when the archive has been read, the frames that were not taken over go to the buddy allocator.
 *
 *     module   | hdr name |  data of A  | hdr name | hdr name| data of B |  trailer |
 *     frames   |  freed   |taken |copied|        freed       | taken     |  freed   |
 *
 * What is taken over is the file's from then on and may be freed at any time, so nothing of the archive may be left in
 * it: the last frame of a file, whose tail holds the next header, is copied, unless only zeros follow.
 *
 * Hard links: members with the same inode and device number and more than one link name one file; the data comes with
 * any of them.
 *
 * What the archive says about owners, modes and times is set as it is, without umask.  A member that cannot be made
 * (its directory is missing, say) is reported and left out, and the rest goes on; a damaged archive ends the work with
 * one line that says what is wrong, and what was unpacked stays.
 *
 * Context: PID 1 before it becomes a program: a kernel thread, alone.
 */
#include <fs/cpio.h>
#include <kernel/init.h>
#include <lib/bitmap.h>
#include <mm/memblock.h>
#include <mm/memmap.h>
#include <mm/mmzone.h>
#include "internal.h"

#define LINK_BUCKETS 64u

struct hard_link {
	struct hlist_node node;
	u32 ino, major, minor;
	char name[];
};

struct unpacking {
	paddr_t start; /* of the module, bytes */
	u64 size;
	unsigned long
		*taken; /* bitmap of frames in the page cache, from the module's first frame */
	struct hlist_head links[LINK_BUCKETS];
	unsigned int files, failed;
	u64 pages_taken, bytes_copied;
};

/* --- hard links --- */

static struct hlist_head *link_bucket(struct unpacking *u, const struct cpio_entry *e)
{
	return &u->links[(e->ino + e->minor * 7 + e->major * 31) % LINK_BUCKETS];
}

static void forget_links(struct unpacking *u)
{
	struct hard_link *l;
	struct hlist_node *n;
	unsigned int i;

	for (i = 0; i < LINK_BUCKETS; i++)
		hlist_for_each_entry_safe(l, n, &u->links[i], node) {
			hlist_del(&l->node);
			kfree(l);
		}
}

static const char *find_link(struct unpacking *u, const struct cpio_entry *e)
{
	struct hard_link *l;

	hlist_for_each_entry(l, link_bucket(u, e), node)
		if (l->ino == e->ino && l->major == e->major && l->minor == e->minor)
			return l->name;
	return NULL;
}

static int remember_link(struct unpacking *u, const struct cpio_entry *e)
{
	struct hard_link *l = kmalloc(sizeof(*l) + e->name_len + 1, GFP_KERNEL);

	if (!l)
		return -ENOMEM;
	l->ino = e->ino;
	l->major = e->major;
	l->minor = e->minor;
	memcpy(l->name, e->name, e->name_len + 1);
	hlist_add_head(&l->node, link_bucket(u, e));
	return 0;
}

/* --- data --- */

/* May the frame with file page @index of @e be taken over: does nothing but zeros follow in it? */
static bool can_take(const struct unpacking *u, const struct cpio_entry *e, u64 offset)
{
	u64 tail = e->size - offset;

	if (!IS_ALIGNED(u->start + e->data_pos + offset, PAGE_SIZE))
		return false;
	if (tail >= PAGE_SIZE)
		return true;
	return u->size - (e->data_pos + offset) >= PAGE_SIZE &&
	       !memchr_inv(e->data + e->size, 0, PAGE_SIZE - tail);
}

static bool take_page(struct unpacking *u, struct inode *inode, const struct cpio_entry *e,
		      u64 offset)
{
	pfn_t pfn = (u->start + e->data_pos + offset) >> PAGE_SHIFT;

	if (!u->taken || !can_take(u, e, offset))
		return false;
	if (filemap_adopt_page(&inode->i_data, pfn_to_page(pfn), offset >> PAGE_SHIFT))
		return false;
	__set_bit((int)(pfn - (u->start >> PAGE_SHIFT)), u->taken);
	u->pages_taken++;
	return true;
}

static int put_data(struct unpacking *u, struct file *file, const struct cpio_entry *e)
{
	struct inode *inode = file->f_inode;
	u64 offset = 0;

	while (offset < e->size) {
		u64 n = min((u64)e->size - offset, PAGE_SIZE);
		loff_t pos = (loff_t)offset;

		if (take_page(u, inode, e, offset)) {
			down_write(&inode->i_rwsem);
			inode_set_size(inode, offset + n);
			up_write(&inode->i_rwsem);
		} else {
			ssize_t done = kernel_write(file, e->data + offset, n, &pos);

			if (done != (ssize_t)n)
				return done < 0 ? (int)done : -ENOSPC;
			u->bytes_copied += n;
		}
		offset += n;
	}
	return 0;
}

/* --- members --- */

static void set_attributes(const struct path *path, const struct cpio_entry *e)
{
	struct inode *inode = path->dentry->d_inode;
	struct timespec64 mtime = { .tv_sec = e->mtime };

	down_write(&inode->i_rwsem);
	inode->i_uid = e->uid;
	inode->i_gid = e->gid;
	if (!S_ISLNK(inode->i_mode))
		inode->i_mode = (inode->i_mode & S_IFMT) | (e->mode & 07777);
	inode->i_mtime = inode->i_atime = mtime;
	up_write(&inode->i_rwsem);
}

static int set_attributes_by_name(const struct cpio_entry *e)
{
	struct path path;
	int err = kern_path(e->name, 0, &path);

	if (!err) {
		set_attributes(&path, e);
		path_put(&path);
	}
	return err;
}

/* What is in the way of a new member goes, unless both are directories. */
static void clear_way(const struct cpio_entry *e)
{
	struct path path;
	bool is_dir;

	if (kern_path(e->name, 0, &path))
		return;
	is_dir = d_is_dir(path.dentry);
	path_put(&path);
	if (is_dir && S_ISDIR(e->mode))
		return;
	if (is_dir)
		(void)do_rmdirat(AT_FDCWD, e->name);
	else
		(void)do_unlinkat(AT_FDCWD, e->name);
}

static int make_file(struct unpacking *u, const struct cpio_entry *e)
{
	const char *other = e->nlink > 1 ? find_link(u, e) : NULL;
	struct file *file;
	int err;

	if (other) {
		err = do_linkat(AT_FDCWD, other, AT_FDCWD, e->name, 0);
		if (err || !e->size)
			return err;
	}
	file = filp_open(e->name, other ? O_WRONLY | O_TRUNC : O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	err = put_data(u, file, e);
	if (!err)
		set_attributes(&file->f_path, e);
	if (!err && e->nlink > 1 && !other)
		err = remember_link(u, e);
	fput_sync(file);
	return err;
}

static int make_symlink(const struct cpio_entry *e)
{
	char *target = alloc_name();
	int err;

	if (!target)
		return -ENOMEM;
	if (e->size >= PATH_MAX_LEN) {
		err = -ENAMETOOLONG;
	} else {
		memcpy(target, e->data, e->size);
		target[e->size] = '\0';
		err = do_symlinkat(target, AT_FDCWD, e->name);
	}
	putname(target);
	return err ? err : set_attributes_by_name(e);
}

static int make_directory(const struct cpio_entry *e)
{
	int err = do_mkdirat(AT_FDCWD, e->name, 0700);

	return err && err != -EEXIST ? err : set_attributes_by_name(e);
}

static int make_member(struct unpacking *u, const struct cpio_entry *e)
{
	int err;

	clear_way(e);
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		return make_file(u, e);
	case S_IFDIR:
		return make_directory(e);
	case S_IFLNK:
		return make_symlink(e);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		err = do_mknodat(AT_FDCWD, e->name, e->mode & (S_IFMT | 0700),
				 MKDEV(e->rmajor, e->rminor));
		return err ? err : set_attributes_by_name(e);
	default:
		return -EINVAL;
	}
}

static int unpack_all(struct unpacking *u)
{
	struct cpio_reader reader;
	enum cpio_result res;
	struct cpio_entry e;
	const char *why;

	cpio_begin(&reader, phys_to_virt(u->start), u->size);
	while ((res = cpio_next(&reader, &e, &why)) == CPIO_ENTRY) {
		int err;

		if (e.first)
			forget_links(u);
		err = e.name_len ? make_member(u, &e) : -ENOENT;
		u->files++;
		if (err) {
			u->failed++;
			pr_err("initramfs: %s: error %d\n", e.name, -err);
		}
		if (err == -ENOSPC || err == -ENOMEM) {
			pr_err("initramfs: memory is exhausted, the rest of the archive is left out\n");
			return err;
		}
	}
	if (res == CPIO_BAD) {
		pr_err("initramfs: bad archive at byte %lu: %s\n", reader.pos, why);
		return -EINVAL;
	}
	if (!u->files) {
		pr_err("initramfs: the archive is empty\n");
		return -EINVAL;
	}
	return 0;
}

/* The frames wholly inside the module that no file took go to the allocator, in runs. */
static u64 free_rest(const struct unpacking *u)
{
	pfn_t base = u->start >> PAGE_SHIFT;
	unsigned long first = (ALIGN(u->start, PAGE_SIZE) >> PAGE_SHIFT) - base;
	unsigned long end = ((u->start + u->size) >> PAGE_SHIFT) - base, at = first;
	u64 freed = 0;

	while (at < end) {
		unsigned long run_end;

		at = find_next_zero_bit(u->taken, end, at);
		if (at >= end)
			break;
		run_end = find_next_bit(u->taken, end, at);
		zone_boot_free(base + at, base + run_end);
		freed += run_end - at;
		at = run_end;
	}
	return freed;
}

/**
 * initramfs_defaults - what every root has: /dev, /dev/console, /root
 *
 * An archive that holds nothing but /init then still gives it standard files.  Members of the archive replace these.
 * Without memory they are missing, and opening the console says so.
 *
 * Context: once, at boot, before the archives.
 * Ref:     Linux's usr/default_cpio_list.
 */
void initramfs_defaults(void)
{
	u32 umask = current->fs->umask;

	current->fs->umask = 0;
	if (!do_mkdirat(AT_FDCWD, "/dev", 0755))
		(void)do_mknodat(AT_FDCWD, "/dev/console", S_IFCHR | 0600, MKDEV(5, 1));
	(void)do_mkdirat(AT_FDCWD, "/root", 0700);
	current->fs->umask = umask;
}

/**
 * initramfs_unpack - a newc archive in physical memory, into the root
 * @start: byte address; page-aligned modules have their pages taken over
 * @size:  bytes
 *
 * Return: 0; -EINVAL (not an archive, or damaged), -ENOSPC, -ENOMEM; said on the console what is wrong.
 * Context: once, at boot, in the thread that becomes PID 1.
 */
int initramfs_unpack(paddr_t start, u64 size)
{
	unsigned long nr_frames = ((start & (PAGE_SIZE - 1)) + size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	struct unpacking *u = kzalloc(sizeof(*u), GFP_KERNEL);
	u32 umask = current->fs->umask;
	u64 freed = 0;
	int err;

	if (!u)
		return -ENOMEM;
	u->start = start;
	u->size = size;
	u->taken = kzalloc(BITS_TO_LONGS(nr_frames) * sizeof(long), GFP_KERNEL);
	current->fs->umask = 0;
	err = unpack_all(u);
	current->fs->umask = umask;
	forget_links(u);
	if (u->taken) {
		freed = free_rest(u);
		memblock_free(&memblock, start, size);
	}
	pr_info("initramfs: %lu KiB, %u files%s, %lu pages taken over, %lu KiB copied, %lu pages freed\n",
		size >> 10, u->files - u->failed, u->failed ? " (some left out)" : "",
		u->pages_taken, u->bytes_copied >> 10, freed);
	kfree(u->taken);
	kfree(u);
	return err;
}
