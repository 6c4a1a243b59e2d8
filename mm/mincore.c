/* SPDX-License-Identifier: MIT */
/*
 * mm/mincore.c - mincore(2): which pages are in memory
 *
 * A page is there if this address space has an entry for it, or if its object has it in the page cache.  So an
 * untouched page of a cached file counts, an untouched anonymous page does not, and PROT_NONE does not matter.
 *
 * The answer is a snapshot; it may be stale before the caller reads it.
 *
 * Locking: takes mmap_lock for read, a PTE lock per table.
 * Sources: mincore(2).
 */
#include "mm_env.h"
#include <mm/vma.h>

struct mincore {
	u8 *vec; /* of the page at start */
	vaddr_t start;
};

/* Nothing is mapped at @addr: does the object have the page? */
static u8 cached(const struct vm_area_struct *vma, vaddr_t addr)
{
	struct address_space *mapping = vma_mapping(vma);
	struct page *page;
	u8 present;

	if (!mapping)
		return 0;
	page = filemap_find_page(mapping, linear_page_index(vma, addr));
	if (!page)
		return 0;
	present = PageUptodate(page);
	put_page(page);
	return present;
}

static int mincore_pte(pte_t *pte, vaddr_t addr, struct vm_area_struct *vma, void *arg)
{
	struct mincore *mc = arg;

	mc->vec[(addr - mc->start) >> PAGE_SHIFT] = pte_present(ptep_get(pte)) ? 1
									       : cached(vma, addr);
	return 0;
}

static int mincore_hole(vaddr_t start, vaddr_t end, struct vm_area_struct *vma, void *arg)
{
	struct mincore *mc = arg;
	vaddr_t addr;

	for (addr = start; addr < end; addr += PAGE_SIZE)
		mc->vec[(addr - mc->start) >> PAGE_SHIFT] = cached(vma, addr);
	return 0;
}

/**
 * vm_mincore_pages - residency of the pages of one mapping
 * @start: page aligned
 * @nr:    pages asked for, at least 1
 * @vec:   kernel memory, a byte each: bit 0 says resident
 *
 * Return: pages answered, fewer than @nr where the mapping ends; -ENOMEM when nothing is mapped at @start.
 * Locks:  takes mmap_lock for read.
 */
long vm_mincore_pages(struct mm_struct *mm, vaddr_t start, unsigned long nr, u8 *vec)
{
	static const struct mm_walk_ops ops = { .pte = mincore_pte, .hole = mincore_hole };
	struct mincore mc = { .vec = vec, .start = start };
	struct vm_area_struct *vma;
	long ret = -ENOMEM;

	down_read(&mm->mmap_lock);
	vma = vma_lookup(mm, start);
	if (vma) {
		nr = min(nr, (vma->vm_end - start) >> PAGE_SHIFT);
		memset(vec, 0, nr);
		walk_page_range(mm, start, start + (nr << PAGE_SHIFT), &ops, &mc);
		ret = nr;
	}
	up_read(&mm->mmap_lock);
	return ret;
}
