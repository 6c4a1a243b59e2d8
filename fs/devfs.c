/*
 * fs/devfs.c - character devices: from a number to a driver, and the nodes that devtmpfs shows
 *
 * A driver registers a number with its operations.  Opening a node of that number, wherever it was made by mknod,
 * gives the file the driver's operations and calls their open.  devtmpfs is one instance of ramfs that the kernel
 * fills with a node per device; mount it anywhere, any number of times.
 *
 * Devices are registered at boot and stay.
 *
 * Locking: chrdev_lock for the list; nodes are made outside it.
 */
#include <kernel/init.h>
#include <uapi/statfs.h>
#include "internal.h"

struct chrdev {
	struct list_head list;
	unsigned int major, minor;
	const char *name;
	u32 mode;
	const struct file_operations *fops;
};

static LIST_HEAD(chrdevs); /* chrdev_lock */
static DEFINE_SPINLOCK(chrdev_lock, LOCK_FILES);
static struct super_block *devtmpfs_sb; /* set by dev_init */

static struct chrdev *find_chrdev(unsigned int major, unsigned int minor)
{
	struct chrdev *dev;

	list_for_each_entry(dev, &chrdevs, list)
		if (dev->major == major && dev->minor == minor)
			return dev;
	return NULL;
}

static int chrdev_open(struct inode *inode, struct file *file)
{
	struct chrdev *dev;

	spin_lock(&chrdev_lock);
	dev = find_chrdev(MAJOR(inode->i_rdev), MINOR(inode->i_rdev));
	spin_unlock(&chrdev_lock);
	if (!dev)
		return -ENXIO;
	file->f_op = dev->fops;
	return dev->fops->open ? dev->fops->open(inode, file) : 0;
}

/* What init_special_inode gives a character device's inode. */
const struct file_operations chrdev_fops = { .open = chrdev_open };

/* A child of @dir: found, or made with @mode; with a reference.  Folders have @mode S_IFDIR. */
static struct dentry *make_node(struct dentry *dir, const char *name, unsigned int len, u32 mode,
				u64 rdev)
{
	struct qstr q = { .name = name, .len = len, .hash = name_hash(name, len) };
	struct inode *inode = dir->d_inode;
	struct dentry *dentry;
	int err = 0;

	down_write(&inode->i_rwsem);
	dentry = lookup_for_create(dir, &q);
	if (!IS_ERR(dentry) && !dentry->d_inode) {
		if (S_ISDIR(mode))
			err = inode->i_op->mkdir(inode, dentry, mode & 07777);
		else
			err = inode->i_op->mknod(inode, dentry, mode, rdev);
	}
	up_write(&inode->i_rwsem);
	if (err) {
		dput(dentry);
		return ERR_PTR(err);
	}
	return dentry;
}

/* devtmpfs: /dev/@name, making the folders in front of it. */
static int add_node(const struct chrdev *dev)
{
	struct dentry *dir = dget(devtmpfs_sb->s_root), *child;
	const char *name = dev->name, *slash;
	int err = 0;

	while (!err && (slash = strchr(name, '/'))) {
		child = make_node(dir, name, (unsigned int)(slash - name), S_IFDIR | 0755, 0);
		err = PTR_ERR_OR_ZERO(child);
		if (!err) {
			dput(dir);
			dir = child;
			name = slash + 1;
		}
	}
	if (!err) {
		child = make_node(dir, name, (unsigned int)strlen(name), S_IFCHR | dev->mode,
				  MKDEV(dev->major, dev->minor));
		err = PTR_ERR_OR_ZERO(child);
		if (!err)
			dput(child);
	}
	dput(dir);
	return err;
}

int register_chrdev(unsigned int major, unsigned int minor, const char *name, u32 mode,
		    const struct file_operations *fops)
{
	struct chrdev *dev = kmalloc(sizeof(*dev), GFP_KERNEL);
	bool taken;

	if (!dev)
		return -ENOMEM;
	*dev = (struct chrdev){
		.major = major, .minor = minor, .name = name, .mode = mode & 07777, .fops = fops
	};
	spin_lock(&chrdev_lock);
	taken = find_chrdev(major, minor);
	if (!taken)
		list_add_tail(&dev->list, &chrdevs);
	spin_unlock(&chrdev_lock);
	if (taken) {
		kfree(dev);
		return -EBUSY;
	}
	return devtmpfs_sb ? add_node(dev) : 0;
}

const char *chrdevs_next(unsigned int *cursor, unsigned int *major)
{
	const char *name = NULL;
	struct chrdev *dev;
	unsigned int i = 0;

	spin_lock(&chrdev_lock);
	list_for_each_entry(dev, &chrdevs, list)
		if (i++ == *cursor) {
			name = dev->name;
			*major = dev->major;
			break;
		}
	spin_unlock(&chrdev_lock);
	++*cursor;
	return name;
}

/* dev_init - devtmpfs with the devices registered so far, and the memory devices */
void dev_init(void)
{
	struct chrdev *dev;

	devtmpfs_sb = sget_kernel(&devtmpfs_type);
	if (IS_ERR(devtmpfs_sb))
		panic("devtmpfs: out of memory");
	list_for_each_entry(dev, &chrdevs, list) /* boot: nobody else registers */
		if (add_node(dev))
			pr_warn("devtmpfs: no node for %s\n", dev->name);
	mem_devices_init();
}
