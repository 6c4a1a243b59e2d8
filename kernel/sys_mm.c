/*
 * kernel/sys_mm.c - the system calls of the address space
 *
 * mm/ knows no current task: these functions take its address space, its limits and its files, and hand them over.
 * What a call does and which error it gives is told where it is done.
 */
#include <arch/uaccess.h>
#include <fs/vfs.h>
#include <kernel/sched.h>
#include <kernel/syscalls.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <uapi/personality.h>

long sys_mmap(unsigned long addr, size_t len, unsigned long prot, unsigned long flags, int fd,
	      u64 offset)
{
	struct mm_limits lim;
	struct file *file = NULL;
	long ret;

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS)) {
		file = fget(fd);
		if (!file)
			return -EBADF;
	}
	if ((current->personality & READ_IMPLIES_EXEC) && (prot & PROT_READ))
		prot |= PROT_EXEC;
	task_limits(current, &lim);
	ret = vm_mmap(current->mm, &lim, file, addr, len, prot, flags, offset);
	if (file)
		fput(file);
	return ret;
}

long sys_munmap(unsigned long addr, size_t len)
{
	return vm_munmap(current->mm, addr, len);
}

long sys_mprotect(unsigned long start, size_t len, unsigned long prot)
{
	struct mm_limits lim;

	task_limits(current, &lim);
	return vm_mprotect(current->mm, &lim, start, len, prot,
			   current->personality & READ_IMPLIES_EXEC);
}

long sys_brk(unsigned long brk)
{
	struct mm_limits lim;

	task_limits(current, &lim);
	return (long)vm_brk(current->mm, &lim, brk);
}

long sys_mremap(unsigned long addr, size_t old_len, size_t new_len, unsigned long flags,
		unsigned long new_addr)
{
	struct mm_limits lim;

	task_limits(current, &lim);
	return vm_mremap(current->mm, &lim, addr, old_len, new_len, flags, new_addr);
}

long sys_madvise(unsigned long start, size_t len, int advice)
{
	return vm_madvise(current->mm, start, len, advice);
}

/* One page of answers at a time: the walk holds mmap_lock, under which no user page may be touched. */
long sys_mincore(unsigned long start, size_t len, u8 *vec)
{
	unsigned long pages = (len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	long ret = 0;
	u8 *buf;

	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (!access_ok((void *)start, len))
		return -ENOMEM;
	if (!access_ok(vec, pages))
		return -EFAULT;
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		return -EAGAIN;
	while (pages) {
		ret = vm_mincore_pages(current->mm, start, min(pages, PAGE_SIZE), buf);
		if (ret <= 0)
			break;
		if (copy_to_user(vec, buf, (size_t)ret)) {
			ret = -EFAULT;
			break;
		}
		pages -= (unsigned long)ret;
		vec += ret;
		start += (unsigned long)ret << PAGE_SHIFT;
		ret = 0;
	}
	kfree(buf);
	return ret;
}

long sys_msync(unsigned long start, size_t len, int flags)
{
	return vm_msync(current->mm, start, len, flags);
}
