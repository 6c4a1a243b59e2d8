/* SPDX-License-Identifier: MIT */
/*
 * mm/brk.c - brk(2): the heap's end, and exec's zero-filled memory
 *
 *     end_data     start_brk                 brk       next mapping
 *     ...data bss] (random gap) [  heap       |->          [
 *
 * The break is a byte address; the mapping behind it ends at the next page boundary.  The raw call never reports an
 * error: it answers the break as it now is, and the caller compares.
 *
 * Growing keeps a page free before the next mapping (and a stack's guard gap).  RLIMIT_DATA covers heap plus
 * initialised data here, and all private writable mappings in may_expand_vm.
 *
 * Sources: brk(2), "C library/kernel differences"; Linux 6.1 for the order of the checks.
 */
#include "mm_env.h"
#include <mm/vma.h>

/*
 * Map [addr, addr + len) zero-filled, private and writable: grow the neighbour below if it is of the same kind.
 * The range is free.  0 or -errno with nothing changed.
 */
static int do_brk_flags(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t addr, size_t len,
			unsigned long vm_flags)
{
	unsigned long nr_pages = len >> PAGE_SHIFT;
	struct vma_traits want = {
		.flags = VM_DATA_FLAGS | VM_ACCOUNT | mm->def_flags | vm_flags,
		.pgoff = addr >> PAGE_SHIFT,
	};
	struct vm_area_struct *prev, *next, *vma, *grown;

	if (!may_expand_vm(mm, lim, want.flags, nr_pages) || mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	if (vm_enough_memory(nr_pages, lim->cap_sys_admin))
		return -ENOMEM;
	next = find_vma_prev(mm, addr, &prev);
	/* As in Linux, the heap does not grow out of the program's bss: maps shows the two side by side. */
	grown = prev && prev->vm_end > mm->start_brk ? prev : NULL;
	if (!vma_merge_new(mm, grown, next, addr, addr + len, &want)) {
		vma = vm_area_alloc(mm);
		if (!vma) {
			vm_unacct_memory(nr_pages);
			return -ENOMEM;
		}
		vma->vm_start = addr;
		vma->vm_end = addr + len;
		vma->vm_flags = want.flags;
		vma->vm_pgoff = want.pgoff;
		vma_set_page_prot(vma);
		vma_link(mm, vma, prev);
	}
	vm_stat_account(mm, want.flags, nr_pages);
	if (want.flags & VM_LOCKED)
		mm->locked_vm += nr_pages;
	return 0;
}

/* May [addr, addr + len) be mapped at all?  Address-space bounds and locked memory.  0 or -errno. */
static int check_brk_limits(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t addr,
			    size_t len)
{
	vaddr_t there = get_unmapped_area(mm, lim, NULL, addr, len, 0, MAP_FIXED);

	if (IS_ERR_VALUE(there))
		return there;
	return mlock_future_check(mm, lim, mm->def_flags, len);
}

static bool data_rlimit_ok(const struct mm_struct *mm, const struct mm_limits *lim, vaddr_t brk)
{
	return brk - mm->start_brk + (mm->end_data - mm->start_data) <= lim->data;
}

/* Move the break from page @oldbrk up to page @newbrk. */
static int grow_heap(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t oldbrk,
		     vaddr_t newbrk)
{
	struct vm_area_struct *next;
	int err = check_brk_limits(mm, lim, oldbrk, newbrk - oldbrk);

	if (err)
		return err;
	next = find_vma(mm, oldbrk);
	if (next && newbrk + PAGE_SIZE > vm_start_gap(next))
		return -ENOMEM;
	return do_brk_flags(mm, lim, oldbrk, newbrk - oldbrk, 0);
}

/* Move it down: the heap's pages in between are unmapped, if it is the heap that lies there. */
static int shrink_heap(struct mm_struct *mm, vaddr_t newbrk, vaddr_t oldbrk)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, newbrk, oldbrk);

	if (!vma)
		return -ENOMEM;
	return do_munmap(mm, newbrk, oldbrk - newbrk);
}

/**
 * vm_brk - brk(2)
 * @brk: byte address wanted; 0 or anything below start_brk only asks
 *
 * Return: the break as it is now.
 * Locks:  takes mmap_lock for write.  Sleeps.
 */
vaddr_t vm_brk(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t brk)
{
	vaddr_t newbrk, oldbrk, ret;
	bool populate = false;
	int err = 0;

	mmap_write_lock(mm);
	if (brk < mm->start_brk || brk > mm->task_size || !data_rlimit_ok(mm, lim, brk))
		goto out;
	newbrk = PAGE_ALIGN(brk);
	oldbrk = PAGE_ALIGN(mm->brk);
	if (newbrk > oldbrk)
		err = grow_heap(mm, lim, oldbrk, newbrk);
	else if (newbrk < oldbrk)
		err = shrink_heap(mm, newbrk, oldbrk);
	if (!err) {
		mm->brk = brk;
		populate = newbrk > oldbrk && (mm->def_flags & VM_LOCKED);
	}
out:
	ret = mm->brk;
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(mm, lim, oldbrk, newbrk - oldbrk);
	return ret;
}

/**
 * vm_brk_flags - exec: zero-filled memory at a fixed place
 * @addr:     page aligned
 * @len:      bytes, rounded up to pages; 0 does nothing
 * @vm_flags: VM_EXEC or 0
 *
 * What is mapped there already is replaced.
 *
 * Return: 0, or -EINVAL, -ENOMEM, -EAGAIN.
 * Locks:  takes mmap_lock for write.
 */
int vm_brk_flags(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t addr, size_t len,
		 unsigned long vm_flags)
{
	size_t size = PAGE_ALIGN(len);
	bool populate = false;
	int err;

	if (size < len)
		return -ENOMEM;
	if (!size)
		return 0;
	if (vm_flags & ~VM_EXEC)
		return -EINVAL;
	mmap_write_lock(mm);
	err = check_brk_limits(mm, lim, addr, size);
	if (!err)
		err = do_munmap(mm, addr, size);
	if (!err)
		err = do_brk_flags(mm, lim, addr, size, vm_flags);
	populate = !err && (mm->def_flags & VM_LOCKED);
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(mm, lim, addr, size);
	return err;
}
