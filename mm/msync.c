/* SPDX-License-Identifier: MIT */
/*
 * mm/msync.c - msync(2): shared changes reach the file
 *
 * Mappings and read(2) share the pages of the page cache, so there is nothing to carry over; what can remain is
 * writing to a device.  MS_SYNC writes back the dirty pages of objects that have somewhere to write them
 * (a_ops->writepage); MS_ASYNC only checks, since 2.6.19 as in Linux; MS_INVALIDATE refuses locked mappings.
 *
 * Locking: takes mmap_lock for read; dropped while pages are written, then the walk goes on by address.
 * Sources: msync(2).
 */
#include "mm_env.h"
#include <mm/vma.h>

/* Write the dirty pages [first, last] of @mapping.  0 or -errno, the first error; all pages are tried. */
static int write_back(struct address_space *mapping, pgoff_t first, pgoff_t last)
{
	int err = 0, ret;
	pgoff_t index;

	for (index = first; index <= last; index++) {
		struct page *page = filemap_find_page(mapping, index);

		if (!page)
			continue;
		lock_page(page);
		if (page->mapping == mapping && PageDirty(page)) {
			ret = mapping->a_ops->writepage(page); /* unlocks */
			err = err ? err : ret;
		} else {
			unlock_page(page);
		}
		put_page(page);
	}
	return err;
}

/**
 * vm_msync - msync(2)
 * @start: page aligned
 * @flags: MS_ASYNC or MS_SYNC, MS_INVALIDATE
 *
 * Return: 0; -EINVAL; -ENOMEM for a hole (the mapped parts are synced); -EBUSY; an error of writing.
 */
int vm_msync(struct mm_struct *mm, vaddr_t start, size_t len, int flags)
{
	vaddr_t end = start + PAGE_ALIGN(len);
	struct vm_area_struct *vma;
	int hole = 0, err = 0;

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (start & ~PAGE_MASK))
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	if (end < start)
		return -ENOMEM;

	down_read(&mm->mmap_lock);
	while (start < end) {
		struct address_space *mapping;
		struct file *file;
		pgoff_t first, last;
		vaddr_t part_end;

		vma = find_vma(mm, start);
		if (!vma || (start < vma->vm_start && flags == MS_ASYNC)) {
			hole = -ENOMEM;
			break;
		}
		if (start < vma->vm_start) {
			hole = -ENOMEM;
			start = vma->vm_start;
			if (start >= end)
				break;
		}
		if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED)) {
			err = -EBUSY;
			break;
		}
		part_end = min(end, vma->vm_end);
		mapping = vma_mapping(vma);
		file = vma->vm_file;
		if ((flags & MS_SYNC) && file && (vma->vm_flags & VM_SHARED) && mapping &&
		    mapping->a_ops && mapping->a_ops->writepage) {
			first = linear_page_index(vma, start);
			last = linear_page_index(vma, part_end) - 1;
			get_file(file);
			up_read(&mm->mmap_lock);
			err = write_back(mapping, first, last);
			fput(file);
			down_read(&mm->mmap_lock);
			if (err)
				break;
		}
		start = part_end;
	}
	up_read(&mm->mmap_lock);
	return err ? err : hole;
}
