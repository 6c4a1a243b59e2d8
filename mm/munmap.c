/* SPDX-License-Identifier: MIT */
/*
 * mm/munmap.c - munmap(2): a range becomes free
 *
 *     [AAAA)[BB)  [CCCC)  [DDDD)                     [A...)                [.DDD)
 *        ^-------------------^     becomes               hole
 *
 * A and D only lose an end: they shrink in place, which needs no memory.  B and C vanish.  Only a range strictly
 * inside one VMA makes two of one; that split is the single thing that can fail, and it comes first.
 *
 * Then, with mmap_lock held for write all the time:
 *
 *   1  write-lock      faults of other threads in these VMAs are waited for and kept out
 *   2  unmap_vmas      PTEs cleared, pages put aside
 *   3  list and tree   VMAs shrink or leave; the reverse map no longer leads into the hole
 *   4  free_pgd_range  tables that serve only the hole are put aside
 *   5  tlb_finish_mmu  one flush, then pages and tables are freed
 *   6  remove_vma      close hooks, references to files; the VMAs' memory waits for walks without a lock
 *
 * 3 before 4: a reverse-map walk must not descend into tables that go away.  The hole's floor and ceiling are the
 * neighbours that stay: a table that they share with the hole is kept.
 *
 * The limit of mappings applies to the split only; a munmap that frees several mappings and splits none is never
 * refused for it.
 *
 * Sources: munmap(2).
 */
#include "mm_env.h"
#include <mm/vma.h>

/* count_vma_pages_range - how many pages of [start, end) are mapped by some VMA */
unsigned long count_vma_pages_range(const struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	const struct vm_area_struct *vma;
	unsigned long nr_pages = 0;

	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma->vm_next)
		nr_pages += (min(end, vma->vm_end) - max(start, vma->vm_start)) >> PAGE_SHIFT;
	return nr_pages;
}

/* remove_vma - a VMA that is in no tree any more (or never was) goes, and its reference to its object with it */
void remove_vma(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	vma_put_backing(vma);
	vm_area_free(vma);
}

/* @nr_pages of @vma are no longer mapped: the mm's counters.  Returns the pages whose charge is due back. */
static unsigned long unaccount(struct mm_struct *mm, const struct vm_area_struct *vma,
			       unsigned long nr_pages)
{
	vm_stat_account(mm, vma->vm_flags, -(long)nr_pages);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm -= nr_pages;
	return vma->vm_flags & VM_ACCOUNT ? nr_pages : 0;
}

/*
 * Could a hole [start, end) between the neighbours @floor and @ceiling empty a table?  Not if it lies in the range of
 * one table that a neighbour needs too: the common case of small mappings, decided without a walk.
 */
static bool may_free_tables(vaddr_t start, vaddr_t end, vaddr_t floor, vaddr_t ceiling)
{
	vaddr_t table = start & PMD_MASK;

	if (end > table + PMD_SIZE)
		return true;
	return floor <= table && (!ceiling || ceiling >= table + PMD_SIZE);
}

/**
 * unmap_region - free [start, end), which cuts no VMA in two
 * @first: lowest VMA with a byte in the range
 *
 * Locks: mmap_lock for write.  Cannot fail.
 */
void unmap_region(struct mm_struct *mm, struct vm_area_struct *first, vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *prev = first->vm_prev, *next, *gone = NULL, *vma = first;
	unsigned long charge = 0;
	vaddr_t floor, ceiling;
	struct mmu_gather tlb;

	/* Faults that are at work in the range end first, and none begins: no entry comes back behind the zap. */
	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		vma_start_write(vma);
	vma = first;
	update_hiwater_vm(mm);
	tlb_gather_mmu(&tlb, mm);
	unmap_vmas(&tlb, first, start, end);

	if (vma->vm_start < start) { /* loses its upper end */
		charge += unaccount(mm, vma, (vma->vm_end - start) >> PAGE_SHIFT);
		vma_set_range(vma, vma->vm_start, start, vma->vm_pgoff);
		prev = vma;
		vma = vma->vm_next;
	}
	if (vma && vma->vm_end <= end)
		gone = vma;
	for (; vma && vma->vm_end <= end; vma = vma->vm_next) {
		charge += unaccount(mm, vma, vma_pages(vma));
		unlink_anon_vmas(vma);
		if (vma_has_object(vma))
			vma_unlink_file(vma);
	}
	next = vma;
	if (gone)
		vma_detach_range(mm, gone, next);
	if (next && next->vm_start < end) { /* loses its lower end */
		charge += unaccount(mm, next, (end - next->vm_start) >> PAGE_SHIFT);
		vma_set_range(next, end, next->vm_end, linear_page_index(next, end));
	}

	floor = prev ? prev->vm_end : 0;
	ceiling = next ? next->vm_start : 0;
	if (may_free_tables(start, end, floor, ceiling))
		free_pgd_range(&tlb, start, end, floor, ceiling);
	tlb_finish_mmu(&tlb);
	vm_unacct_memory(charge);
	while (gone) {
		vma = gone;
		gone = vma->vm_next;
		remove_vma(vma);
	}
}

/**
 * do_munmap - munmap without the lock
 *
 * Holes in the range do not matter.
 *
 * Return: 0; -EINVAL for a bad range; -ENOMEM with nothing changed.
 * Locks:  mmap_lock for write.  Sleeps.
 */
int do_munmap(struct mm_struct *mm, vaddr_t start, size_t len)
{
	struct vm_area_struct *vma;
	vaddr_t end;
	int err;

	assert_rwsem_held_write(&mm->mmap_lock);
	if ((start & ~PAGE_MASK) || start > mm->task_size || len > mm->task_size - start)
		return -EINVAL;
	end = start + PAGE_ALIGN(len);
	if (end == start)
		return -EINVAL;

	vma = find_vma(mm, start);
	if (!vma || vma->vm_start >= end)
		return 0;
	if (vma->vm_start < start && end < vma->vm_end) {
		err = split_vma(mm, vma, end);
		if (err)
			return err;
	}
	unmap_region(mm, vma, start, end);
	return 0;
}

/* vm_munmap - munmap(2).  Takes mmap_lock for write. */
int vm_munmap(struct mm_struct *mm, vaddr_t start, size_t len)
{
	int ret;

	mmap_write_lock(mm);
	ret = do_munmap(mm, start, len);
	mmap_write_unlock(mm);
	return ret;
}
