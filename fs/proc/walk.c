/*
 * fs/proc/walk.c - /proc/pagewalk/walk: ask the page tables
 *
 * Write an address, "ADDR" for your own address space or "PID ADDR" for another's, and read what a processor would
 * meet on its way there, one entry a level, made by pt_walk():
 *
 *     # echo 1 0x401000 >/proc/pagewalk/walk; cat /proc/pagewalk/walk
 *     process 1, address 0x401000
 *          table               index  entry               bits
 *     pgd  0x000000000fe05000      0  0x000000000fe06067  PWUAD-X
 *     pud  0x000000000fe06000      0  0x000000000fe07067  PWUAD-X
 *     pmd  0x000000000fe07000      2  0x000000000fe08067  PWUAD-X
 *     pte  0x000000000fe08000      1  0x0000000001273025  P-UA--X
 *     page 4 KiB, byte 0x0000000001273000, allows r-x from user mode
 *
 * The bits are Present, Writable, User, Accessed, Dirty, Global (of an entry that maps a page; Large in an entry
 * that maps a large one) and Not executable or eXecutable.  "allows" is what all levels together do.
 *
 * A question belongs to the open file, so that programs do not see each other's; a file opened anew begins with the
 * last answer of all, which is what a shell needs.  Addresses of the kernel's half are answered too.  Physical
 * addresses are for root alone (Linux's pagemap hides them from others since 4.2), hence mode 0600.
 *
 * Looking changes nothing: no page is faulted in, no accessed bit set.
 *
 * Locking: mmap_lock of the address space is held for read while its tables are walked, for tables are freed with it
 * held for write; the kernel's are never freed.  The seq_file's lock covers the file's answer, last_lock the last
 * one; they are taken one after the other, never together with mmap_lock.
 */
#include "internal.h"

#include <arch/uaccess.h>
#include <kernel/init.h>
#include <kernel/mutex.h>
#include <lib/kstrtox.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>

#define QUESTION_MAX   64 /* bytes: a pid, a blank, an address, a newline, and room for blanks */
#define CANONICAL_BITS 48

struct walk_answer {
	pid_t pid; /* 0: nothing asked yet */
	vaddr_t addr;
	paddr_t pgd;
	bool mapped;
	struct pt_walk walk;
};

static struct walk_answer last_answer;
static DEFINE_MUTEX(last_lock, LOCK_FILE_MISC);

/* --- answers as text --- */

static const struct {
	const char *name;
	unsigned int shift;
	const char *page; /* what an entry of this level maps, where the processor lets it */
} levels[] = {
	{ "pgd", PGDIR_SHIFT, "512 GiB" },
	{ "pud", PUD_SHIFT, "1 GiB" },
	{ "pmd", PMD_SHIFT, "2 MiB" },
	{ "pte", PAGE_SHIFT, "4 KiB" },
};

static void show_entry(struct seq_file *m, const struct walk_answer *a, unsigned int level)
{
	paddr_t table = level ? a->walk.entry[level - 1] & PTE_PFN_MASK : a->pgd;
	u64 e = a->walk.entry[level];
	bool maps = a->mapped && level + 1 == (unsigned int)a->walk.levels;

	seq_printf(m, "%s  0x%016lx  %5lu  0x%016lx  %c%c%c%c%c%c%c\n", levels[level].name, table,
		   (a->addr >> levels[level].shift) & (PTRS_PER_TABLE - 1), e,
		   e & _PAGE_PRESENT ? 'P' : '-', e & _PAGE_RW ? 'W' : '-',
		   e & _PAGE_USER ? 'U' : '-', e & _PAGE_ACCESSED ? 'A' : '-',
		   e & _PAGE_DIRTY ? 'D' : '-',
		   maps && a->walk.large        ? 'L'
		   : maps && (e & _PAGE_GLOBAL) ? 'G'
						: '-',
		   e & _PAGE_NX ? 'N' : 'X');
}

static int walk_show(struct seq_file *m, void *v)
{
	const struct walk_answer *a = m->private;
	unsigned int met = clamp(a->walk.levels, 0, (int)ARRAY_SIZE(levels));
	u64 flags;

	(void)v;
	if (!a->pid) {
		seq_puts(m, "nothing asked: write ADDR or PID ADDR\n");
		return 0;
	}
	seq_printf(
		m,
		"process %d, address 0x%lx\n     table               index  entry               bits\n",
		a->pid, a->addr);
	for (unsigned int level = 0; level < met; level++)
		show_entry(m, a, level);
	if (!met) {
		seq_puts(m, "page none\n");
		return 0;
	}
	if (!a->mapped) {
		seq_printf(m, "page none: the %s entry %s\n", levels[met - 1].name,
			   a->walk.final & _PAGE_PRESENT ? "leads out of memory"
							 : "is not present");
		return 0;
	}
	flags = pt_walk_flags(&a->walk);
	seq_printf(m, "page %s, byte 0x%016lx, allows r%c%c from %s mode\n",
		   a->walk.large ? levels[met - 1].page : "4 KiB", a->walk.phys,
		   flags & _PAGE_RW ? 'w' : '-', flags & _PAGE_NX ? '-' : 'x',
		   flags & _PAGE_USER ? "user" : "kernel");
	return 0;
}

/* --- questions --- */

/* "ADDR" or "PID ADDR", with one blank.  @text is cut in two.  Return: 0, -EINVAL, -ERANGE. */
static int parse_question(char *text, struct walk_answer *a)
{
	char *blank = strchr(text, ' ');
	int err;

	a->pid = current->tgid;
	if (blank) {
		*blank = '\0';
		err = kstrtoint(text, 10, &a->pid);
		if (err)
			return err;
		if (a->pid <= 0)
			return -EINVAL;
		text = blank + 1;
	}
	err = kstrtoul(text, 0, &a->addr);
	if (err)
		return err;
	/* No processor walks to an address whose upper bits are not all alike. */
	if ((s64)(a->addr << (64 - CANONICAL_BITS)) >> (64 - CANONICAL_BITS) != (s64)a->addr)
		return -EINVAL;
	return 0;
}

static int walk_mm(struct mm_struct *mm, struct walk_answer *a)
{
	int err = down_read_killable(&mm->mmap_lock);

	if (err)
		return err;
	a->pgd = virt_to_phys(mm->pgd);
	err = pt_walk(mm->pgd, a->addr, &a->walk);
	up_read(&mm->mmap_lock);
	a->mapped = !err;
	return err == -EFAULT ? 0 : err; /* not mapped is an answer */
}

/* Return: 0, -ESRCH for a process without an address space, -EINTR. */
static int answer_question(struct walk_answer *a)
{
	struct task_struct *task = find_get_task(a->pid);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;
	int err = -ESRCH;

	if (mm) {
		err = walk_mm(mm, a);
		mmput(mm);
	}
	if (task)
		put_task_struct(task);
	return err;
}

static ssize_t walk_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct walk_answer answer = { 0 };
	char text[QUESTION_MAX] = "";
	int err;

	(void)pos;
	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, ubuf, len))
		return -EFAULT;
	err = parse_question(text, &answer);
	if (!err)
		err = answer_question(&answer);
	if (err)
		return err;
	mutex_lock(&m->lock);
	*(struct walk_answer *)m->private = answer;
	mutex_unlock(&m->lock);
	mutex_lock(&last_lock);
	last_answer = answer;
	mutex_unlock(&last_lock);
	return (ssize_t)len;
}

/* --- the file --- */

static int walk_open(struct inode *inode, struct file *file)
{
	struct walk_answer *answer = kmalloc(sizeof(*answer), GFP_KERNEL);
	int err;

	(void)inode;
	if (!answer)
		return -ENOMEM;
	mutex_lock(&last_lock);
	*answer = last_answer;
	mutex_unlock(&last_lock);
	err = single_open(file, walk_show, answer);
	if (err)
		kfree(answer);
	return err;
}

static int walk_release(struct inode *inode, struct file *file)
{
	kfree(((struct seq_file *)file->private_data)->private);
	return single_release(inode, file);
}

static const struct file_operations walk_fops = {
	.open = walk_open,
	.read = seq_read,
	.write = walk_write,
	.llseek = seq_lseek,
	.release = walk_release,
};

void proc_walk_init(void)
{
	struct proc_dir_entry *e = proc_register("pagewalk/walk", S_IFREG | 0600);

	if (e)
		e->fops = &walk_fops;
	else
		pr_err("proc: no memory for pagewalk/walk\n");
}
