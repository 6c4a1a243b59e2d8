/*
 * fs/proc/task_mmu.c - /proc/[pid]/maps: an address space as its owner's mappings
 *
 *     555555554000-555555559000 r--p 00000000 00:02 17                         /bin/cat
 *     start        end          perm offset   dev   inode                      what
 *
 * The window belongs to the address space that was current when it was opened: an exec later does not change what
 * is shown, only that nothing is left to show.  It is read in pieces, and between two pieces the lock is free and
 * mappings come and go; so the position in the file is an address, and reading resumes at the first mapping that
 * ends above it.
 *
 * Locking: mmap_lock for read while a piece is made; the text goes to a kernel buffer and is copied out after the
 * lock is dropped (seq_file), since a fault on the reader's buffer may want the same lock.
 *
 * Source: proc(5), "/proc/[pid]/maps".
 */
#include "internal.h"

#include <lib/err.h>
#include <mm/mm.h>
#include <mm/slab.h>

struct maps_private {
	struct task_struct *task; /* the inode's, which the open file holds */
	struct mm_struct *mm;     /* mm_count held from open to release; NULL for a kernel thread */
	bool locked;              /* mm_users and mmap_lock held: between start and stop */
};

#define POS_END ((loff_t)-1)

static void *maps_start(struct seq_file *m, loff_t *pos)
{
	struct maps_private *priv = m->private;
	struct vm_area_struct *vma;

	if (*pos == POS_END)
		return NULL;
	if (!proc_task_alive(priv->task))
		return ERR_PTR(-ESRCH);
	if (!priv->mm || !mmget_not_zero(priv->mm))
		return NULL;
	if (down_read_killable(&priv->mm->mmap_lock)) {
		mmput(priv->mm);
		return ERR_PTR(-EINTR);
	}
	priv->locked = true;
	vma = find_vma(priv->mm, (vaddr_t)*pos);
	*pos = vma ? (loff_t)vma->vm_start : POS_END;
	return vma;
}

static void *maps_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct vm_area_struct *vma = ((struct vm_area_struct *)v)->vm_next;

	(void)m;
	*pos = vma ? (loff_t)vma->vm_start : POS_END;
	return vma;
}

static void maps_stop(struct seq_file *m, void *v)
{
	struct maps_private *priv = m->private;

	(void)v;
	if (!priv->locked)
		return;
	priv->locked = false;
	up_read(&priv->mm->mmap_lock);
	mmput_async(priv->mm); /* under the file's mutex */
}

static int maps_show(struct seq_file *m, void *v)
{
	struct vm_area_struct *vma = v;
	const struct inode *inode = vma->vm_file ? vma->vm_file->f_inode : NULL;
	u64 dev = inode ? inode->i_sb->s_dev : 0;
	const char *name = vma_name(vma);

	seq_printf(m, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", vma->vm_start, vma->vm_end,
		   vma->vm_flags & VM_READ ? 'r' : '-', vma->vm_flags & VM_WRITE ? 'w' : '-',
		   vma->vm_flags & VM_EXEC ? 'x' : '-', vma->vm_flags & VM_MAYSHARE ? 's' : 'p',
		   inode ? vma->vm_pgoff << PAGE_SHIFT : 0, MAJOR(dev), MINOR(dev),
		   inode ? inode->i_ino : 0);
	if (vma->vm_file) {
		seq_pad(m, 73);
		seq_path(m, &vma->vm_file->f_path, "\n");
	} else if (name) {
		seq_pad(m, 73);
		seq_puts(m, name);
	}
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations maps_seq_ops = {
	.start = maps_start,
	.next = maps_next,
	.stop = maps_stop,
	.show = maps_show,
};

static int maps_open(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = proc_mm_open(PROC_I(inode)->task);
	struct maps_private *priv;
	int err;

	if (IS_ERR(mm))
		return (int)PTR_ERR(mm);
	err = seq_open(file, &maps_seq_ops, sizeof(struct maps_private));
	if (err) {
		if (mm)
			mmdrop(mm);
		return err;
	}
	priv = ((struct seq_file *)file->private_data)->private;
	priv->task = PROC_I(inode)->task;
	priv->mm = mm;
	return 0;
}

static int maps_release(struct inode *inode, struct file *file)
{
	struct maps_private *priv = ((struct seq_file *)file->private_data)->private;

	if (priv->mm)
		mmdrop(priv->mm);
	return seq_release(inode, file);
}

const struct file_operations proc_pid_maps_fops = {
	.open = maps_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = maps_release,
};

/* --- statm: seven sizes in pages --- */

int proc_pid_statm(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	unsigned long shared, resident, text;

	if (!mm) {
		seq_puts(m, "0 0 0 0 0 0 0\n");
		return 0;
	}
	shared = get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_SHMEMPAGES);
	resident = shared + get_mm_counter(mm, MM_ANONPAGES);
	text = (PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;
	seq_printf(m, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_vm, resident, shared, text,
		   mm->data_vm + mm->stack_vm);
	mmput(mm);
	return 0;
}
