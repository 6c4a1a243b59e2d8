/*
 * fs/proc/mem.c - /proc/[pid]/{cmdline,environ,auxv,mem}: bytes of a process's memory
 *
 * cmdline and environ are strings that exec put on the process's own stack; a program may write over them, and that
 * is what the window then shows.  mem is all of memory by address, for debuggers: read and write ignore the
 * mappings' protection, as ptrace(2) does.
 *
 * environ, auxv and mem belong to the address space that was current when they were opened and to who opened them:
 * whether one may look is asked then, once.  An exec later leaves nothing behind the window.  cmdline is for
 * everybody and follows the process.
 *
 * Locking: a window holds mm_count from open to release and takes mm_users for each read; a page's worth of bytes
 * goes through a kernel buffer, so no lock is held while the reader's memory is touched.
 *
 * Source: proc(5).
 */
#include "internal.h"

#include <arch/uaccess.h>
#include <lib/err.h>
#include <mm/mm.h>
#include <mm/slab.h>

/**
 * proc_mm_open - the address space of @task for a window that stays open
 *
 * Return: with a reference on mm_count, for mmdrop; NULL: it has none; ERR_PTR(-ESRCH, dead; -EACCES, not the
 * caller's to look into).
 */
struct mm_struct *proc_mm_open(struct task_struct *task)
{
	struct mm_struct *mm;

	if (!proc_task_alive(task))
		return ERR_PTR(-ESRCH);
	mm = get_task_mm(task);
	if (!mm)
		return NULL;
	if (mm != current->mm && !proc_may_look(task)) {
		mmput(mm);
		return ERR_PTR(-EACCES);
	}
	mmgrab(mm);
	mmput(mm);
	return mm;
}

static int mem_open(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = proc_mm_open(PROC_I(inode)->task);

	if (IS_ERR(mm))
		return (int)PTR_ERR(mm);
	file->private_data = mm;
	return 0;
}

static int mem_release(struct inode *inode, struct file *file)
{
	(void)inode;
	if (file->private_data)
		mmdrop(file->private_data);
	return 0;
}

/* The address space of a window with mm_users held, or NULL: a kernel thread's, or all its users are gone. */
static struct mm_struct *window_mm(struct file *file)
{
	struct mm_struct *mm = file->private_data;

	return mm && mmget_not_zero(mm) ? mm : NULL;
}

static loff_t plain_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	return file->f_pos = offset;
}

/* For files whose end is where they begin: st_size is 0. */
static loff_t empty_lseek(struct file *file, loff_t offset, int whence)
{
	return plain_lseek(file, offset, whence == SEEK_END ? SEEK_SET : whence);
}

/* --- strings --- */

/* Copy out what lies at @start + *pos, below @end. */
static ssize_t read_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, char *ubuf, size_t len,
			  loff_t *pos)
{
	char *page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	size_t done = 0;

	if (!page)
		return -ENOMEM;
	while (done < len && *pos >= 0 && (u64)*pos < end - start) {
		size_t want =
			min(min(len - done, (size_t)PAGE_SIZE), (size_t)(end - start - (u64)*pos));
		size_t got = access_remote_vm(mm, start + (u64)*pos, page, want, false, false);
		size_t out = got - copy_to_user(ubuf + done, page, got);

		if (!out) {
			if (!done)
				done = got ? (size_t)-EFAULT : (size_t)-EIO;
			break;
		}
		done += out;
		*pos += (loff_t)out;
	}
	kfree(page);
	return (ssize_t)done;
}

static ssize_t cmdline_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct task_struct *task = PROC_I(file->f_inode)->task;
	struct mm_struct *mm;
	vaddr_t start, end;
	ssize_t n;

	if (!proc_task_alive(task))
		return -ESRCH;
	mm = get_task_mm(task);
	if (!mm)
		return 0;
	spin_lock(&mm->arg_lock);
	start = mm->arg_start;
	end = mm->arg_end;
	spin_unlock(&mm->arg_lock);
	n = end > start ? read_range(mm, start, end, ubuf, len, pos) : 0;
	mmput(mm);
	return n == -EIO ? 0 : n;
}

static ssize_t environ_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct mm_struct *mm = window_mm(file);
	vaddr_t start, end;
	ssize_t n;

	if (!mm)
		return 0;
	spin_lock(&mm->arg_lock);
	start = mm->env_start;
	end = mm->env_end;
	spin_unlock(&mm->arg_lock);
	n = end > start ? read_range(mm, start, end, ubuf, len, pos) : 0;
	mmput(mm);
	return n;
}

const struct file_operations proc_pid_cmdline_fops = { .read = cmdline_read,
						       .llseek = empty_lseek };
const struct file_operations proc_pid_environ_fops = {
	.open = mem_open,
	.read = environ_read,
	.llseek = empty_lseek,
	.release = mem_release,
};

/* --- auxv --- */

static ssize_t auxv_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	const struct mm_struct *mm = file->private_data;
	size_t size = 0, n;

	if (!mm)
		return 0;
	while (size < AT_VECTOR_SIZE && mm->saved_auxv[size])
		size += 2;
	size = min(size + 2, (size_t)AT_VECTOR_SIZE) * sizeof(mm->saved_auxv[0]);
	if (*pos < 0 || (u64)*pos >= size)
		return 0;
	n = min(len, size - (size_t)*pos);
	len = n - copy_to_user(ubuf, (const char *)mm->saved_auxv + *pos, n);
	if (n && !len)
		return -EFAULT;
	*pos += (loff_t)len;
	return (ssize_t)len;
}

const struct file_operations proc_pid_auxv_fops = {
	.open = mem_open,
	.read = auxv_read,
	.llseek = empty_lseek,
	.release = mem_release,
};

/* --- mem --- */

static ssize_t mem_rw(struct mm_struct *mm, char *ubuf, size_t len, loff_t *pos, bool write)
{
	char *page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	ssize_t done = 0;

	if (!page)
		return -ENOMEM;
	while ((size_t)done < len) {
		size_t n = min(len - (size_t)done, (size_t)PAGE_SIZE);

		if (write && copy_from_user(page, ubuf + done, n)) {
			done = done ? done : -EFAULT;
			break;
		}
		n = access_remote_vm(mm, (vaddr_t)*pos, page, n, write, true);
		if (!n) {
			done = done ? done : -EIO;
			break;
		}
		if (!write && copy_to_user(ubuf + done, page, n)) {
			done = done ? done : -EFAULT;
			break;
		}
		done += (ssize_t)n;
		*pos += (loff_t)n;
		cond_resched();
	}
	kfree(page);
	return done;
}

static ssize_t mem_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct mm_struct *mm = window_mm(file);
	ssize_t n;

	if (!mm)
		return 0;
	n = mem_rw(mm, ubuf, len, pos, false);
	mmput(mm);
	return n;
}

static ssize_t mem_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	struct mm_struct *mm = window_mm(file);
	ssize_t n;

	if (!mm)
		return 0;
	n = mem_rw(mm, (char *)(uintptr_t)ubuf, len, pos, true);
	mmput(mm);
	return n;
}

const struct file_operations proc_pid_mem_fops = {
	.open = mem_open,
	.read = mem_read,
	.write = mem_write,
	.llseek = plain_lseek,
	.release = mem_release,
};
