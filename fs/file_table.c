/*
 * fs/file_table.c - open files: their references, and what the last one sets off
 *
 * A struct file is referenced by each descriptor, by each mapping and each running call that could lose its
 * descriptor.  The end of the last reference runs the file's release and drops the path, which takes locks of any
 * rank: so it must not happen where fput is called, perhaps under mmap_lock.  fput only counts; the end is put off to
 * the way back to user mode (task work).  Kernel threads, and tasks that are past that point, have no such way and
 * call fput without locks: for them it ends at once.  close(2) holds nothing either and uses fput_sync.
 *
 * Also here: what mm asks about files (include/kernel/env/mm_env.h).  To mm a file is opaque.
 */
#include <kernel/env/mm_env.h>
#include <uapi/mount.h>
#include "internal.h"

static struct kmem_cache *filp_cache;

static_assert(sizeof(struct callback_head) == sizeof(((struct file *)0)->f_task_work),
	      "task work fits");

void file_table_init(void)
{
	filp_cache = kmem_cache_create("filp", sizeof(struct file), 0,
				       SLAB_PANIC | SLAB_HWCACHE_ALIGN, NULL);
}

/* file_alloc_empty - a file with one reference that is not open yet; NULL when out of memory */
struct file *file_alloc_empty(unsigned int flags)
{
	static const unsigned int modes[] = { FMODE_READ, FMODE_WRITE, FMODE_READ | FMODE_WRITE,
					      0 };
	struct file *file = kmem_cache_zalloc(filp_cache, GFP_KERNEL);

	if (!file)
		return NULL;
	atomic_long_set(&file->f_count, 1);
	mutex_init(&file->f_pos_lock, LOCK_FILE_POS);
	file->f_flags = flags;
	file->f_mode = flags & O_PATH ? FMODE_PATH : modes[flags & O_ACCMODE];
	return file;
}

/* file_free - a file that was never opened, or is closed */
void file_free(struct file *file)
{
	kmem_cache_free(filp_cache, file);
}

/**
 * alloc_file - an open file on @path with operations of its own (pipes)
 *
 * Takes over the caller's references in *path.  Return: NULL when out of memory, with them untouched.
 */
struct file *alloc_file(const struct path *path, unsigned int flags,
			const struct file_operations *fop)
{
	struct file *file = file_alloc_empty(flags);

	if (!file)
		return NULL;
	file->f_path = *path;
	file->f_inode = path->dentry->d_inode;
	file->f_mapping = file->f_inode->i_mapping;
	file->f_op = fop;
	if (fop->llseek)
		file->f_mode |= FMODE_LSEEK;
	return file;
}

static void file_end(struct file *file)
{
	struct inode *inode = file->f_inode;

	if (unlikely(file->f_flock))
		locks_remove_flock(file);
	if (file->f_op && file->f_op->release)
		file->f_op->release(inode, file);
	if (file->f_mode & FMODE_WRITER) {
		put_write_access(inode);
		atomic_dec(&inode->i_sb->s_writers);
	}
	if (file->f_mode & FMODE_NOWRITERS)
		allow_write_access(inode);
	path_put(&file->f_path);
	file_free(file);
}

static void file_end_work(struct callback_head *work)
{
	file_end(container_of((void *)work, struct file, f_task_work));
}

/* fput - drop a reference; any lock may be held.  Not from interrupts. */
void fput(struct file *file)
{
	struct callback_head *work = (struct callback_head *)(void *)file->f_task_work;

	if (!atomic_long_dec_and_test(&file->f_count))
		return;
	if (!(current->flags & PF_KTHREAD)) {
		work->func = file_end_work;
		if (!task_work_add(current, work))
			return;
	}
	file_end(file);
}

/* fput_sync - the same where no lock is held: the end, if this is it, happens now */
void fput_sync(struct file *file)
{
	if (atomic_long_dec_and_test(&file->f_count))
		file_end(file);
}

struct file *get_file(struct file *file)
{
	atomic_long_inc(&file->f_count);
	return file;
}

/* deny_write_access_end - exec is done with a file that stays mapped (an interpreter): writers may come again */
void deny_write_access_end(struct file *file)
{
	if (file->f_mode & FMODE_NOWRITERS) {
		file->f_mode &= ~FMODE_NOWRITERS;
		allow_write_access(file->f_inode);
	}
}

struct address_space *file_mapping(struct file *file)
{
	return S_ISREG(file->f_inode->i_mode) ? file->f_mapping : NULL;
}

/**
 * file_mmap_allowed - may @file be mapped with @prot and @map_flags (MAP_*)?
 * @vm_flags: VM_MAY* bits that the open mode or the mount rule out are cleared
 *
 * Return: 0; -EACCES (not open for reading, or shared and writable without being open for writing), -EPERM (executable
 * from a noexec mount), -ENODEV (cannot be mapped).   Ref: mmap(2).
 */
int file_mmap_allowed(struct file *file, unsigned long prot, unsigned long map_flags,
		      unsigned long *vm_flags)
{
	unsigned long type = map_flags & MAP_TYPE;

	if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
		if ((prot & PROT_WRITE) && !(file->f_mode & FMODE_WRITE))
			return -EACCES;
		if (!(file->f_mode & FMODE_WRITE))
			*vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
	}
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (file->f_path.mnt->flags & MS_NOEXEC) {
		if (prot & PROT_EXEC)
			return -EPERM;
		*vm_flags &= ~VM_MAYEXEC;
	}
	return file->f_op->mmap ? 0 : -ENODEV;
}

int call_mmap(struct file *file, struct vm_area_struct *vma)
{
	return file->f_op->mmap(file, vma);
}
