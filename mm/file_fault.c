/* SPDX-License-Identifier: MIT */
/*
 * mm/file_fault.c - the first touch of a page of a file
 *
 *   mapping   access   handler           what is mapped                          dirty
 *   any       read     do_read_fault     the cached page, and its neighbours     no
 *   private   write    do_cow_fault      a copy of the cached page               the copy
 *   shared    write    do_shared_fault   the cached page, after page_mkwrite     yes
 *
 * The page comes from vm_ops->fault, locked.  The page lock is what settles the race with
 * truncation: truncate takes a page out of the cache under its lock, having unmapped it; a fault
 * maps it under the same lock, having seen that it still belongs to the file.  Whoever comes second
 * sees what the first did.
 *
 *     fault                          truncate
 *     lock page                      i_size = new
 *     mapping, i_size as expected?   unmap everything beyond
 *     map                            for each page: lock, unmap again if mapped, remove, unlock
 *     unlock page
 *
 * Fault-around: a program that reads one page of a file soon reads the next.  Where neighbours are
 * in the cache already, mapping sixteen costs little more than mapping one.  The window is aligned,
 * and bounded by the VMA, by the PTE table (one lock) and by the end of the file.
 *
 * Locking: the fault's lock on entry, released with VM_FAULT_RETRY; page lock before PTE lock.
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/lru.h>

static void count_fault(const struct vm_fault *vmf, const struct page *page,
			enum vm_event_item handler)
{
	count_vm_event(handler);
	trace_mm(EV_FAULT, vmf->address, page_to_pfn(page), handler);
}

/* vmf->page from the object, locked and referenced; or an answer that ends the fault. */
static vm_fault_t get_file_page(struct vm_fault *vmf)
{
	vm_fault_t ret = vmf->vma->vm_ops->fault(vmf);

	if (unlikely(ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY)))
		return ret;
	if (unlikely(!(ret & VM_FAULT_LOCKED)))
		lock_page(vmf->page);
	return ret | VM_FAULT_LOCKED;
}

static void drop_file_page(struct vm_fault *vmf)
{
	unlock_page(vmf->page);
	put_page(vmf->page);
}

/*
 * Map the cached page itself.  On success the entry takes over the caller's reference.
 * Return: false when another CPU filled the entry first.
 */
static bool map_file_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page = vmf->page;
	pte_t entry = pfn_pte(page_to_pfn(page), vma->vm_page_prot);
	bool mapped = false;

	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = maybe_mkwrite(pte_mkdirty(entry), vma);
	else if (!(vma->vm_flags & VM_SHARED) || vma->vm_ops->page_mkwrite)
		entry = pte_wrprotect(entry); /* the first write is to be seen */
	spin_lock(vmf->ptl);
	if (likely(pte_none(ptep_get(vmf->pte)))) {
		page_add_file_rmap(page);
		add_mm_counter(vmf->mm, mm_counter(page), 1);
		set_pte(vmf->pte, entry); /* was not present: nothing to flush */
		trace_mm(EV_PTE_SET, vmf->address, pte_pfn(entry), pte_val(entry));
		mapped = true;
	}
	spin_unlock(vmf->ptl);
	return mapped;
}

/*
 * The pages around the faulting one that are cached. Return: VM_FAULT_NOPAGE when that one was
 * among them.
 */
static vm_fault_t do_fault_around(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	vaddr_t first = max(vmf->address & ~(FAULT_AROUND_PAGES * PAGE_SIZE - 1), vma->vm_start);
	vaddr_t end = min((vmf->address | (FAULT_AROUND_PAGES * PAGE_SIZE - 1)) + 1, vma->vm_end);

	/* An aligned window of 64 KiB never leaves a table of 2 MiB. */
	return vma->vm_ops->map_pages(vmf, linear_page_index(vma, first),
				      linear_page_index(vma, end - PAGE_SIZE));
}

static vm_fault_t do_read_fault(struct vm_fault *vmf)
{
	vm_fault_t ret;

	if (vmf->vma->vm_ops->map_pages) {
		ret = do_fault_around(vmf);
		if (likely(ret))
			return ret;
	}
	ret = get_file_page(vmf);
	if (unlikely(!(ret & VM_FAULT_LOCKED)))
		return ret;
	count_fault(vmf, vmf->page, PGFAULT_FILE);
	if (likely(map_file_page(vmf)))
		unlock_page(vmf->page);
	else
		drop_file_page(vmf);
	return VM_FAULT_NOPAGE | (ret & VM_FAULT_MAJOR);
}

static vm_fault_t do_cow_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *copy;
	void *to, *from;
	vm_fault_t ret;
	pte_t entry;

	ret = vmf_anon_prepare(vmf);
	if (unlikely(ret))
		return ret;
	copy = alloc_page(GFP_HIGHUSER_MOVABLE);
	if (unlikely(!copy))
		return VM_FAULT_OOM;
	ret = get_file_page(vmf);
	if (unlikely(!(ret & VM_FAULT_LOCKED))) {
		put_page(copy);
		return ret;
	}
	to = kmap_local_page(copy);
	from = kmap_local_page(vmf->page);
	copy_page(to, from);
	kunmap_local(from);
	kunmap_local(to);
	__SetPageUptodate(copy);
	entry = maybe_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(copy), vma->vm_page_prot)), vma);

	/*
	 * Under the page lock, so that truncation, which takes private copies away too, cannot miss
	 * this one.
	 */
	spin_lock(vmf->ptl);
	if (likely(pte_none(ptep_get(vmf->pte)))) {
		page_add_new_anon_rmap(copy, vma, vmf->address);
		add_mm_counter(vmf->mm, MM_ANONPAGES, 1);
		lru_cache_add(copy);
		set_pte(vmf->pte, entry); /* was not present: nothing to flush */
		trace_mm(EV_PTE_SET, vmf->address, pte_pfn(entry), pte_val(entry));
		spin_unlock(vmf->ptl);
		count_fault(vmf, copy, PGFAULT_FILE_COW);
	} else {
		spin_unlock(vmf->ptl);
		put_page(copy);
	}
	drop_file_page(vmf);
	return VM_FAULT_NOPAGE | (ret & VM_FAULT_MAJOR);
}

/*
 * page_mkwrite may sleep and take its own locks, so the page lock is given up for it; afterwards
 * the page may have left the file.
 * Return: 0 with the page locked again; else an answer that ends the fault, with the page unlocked
 *         and put.
 */
static vm_fault_t ask_page_mkwrite(struct vm_fault *vmf)
{
	vm_fault_t ret;

	unlock_page(vmf->page);
	ret = vmf->vma->vm_ops->page_mkwrite(vmf);
	if (unlikely(ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY))) {
		put_page(vmf->page);
		return ret;
	}
	if (!(ret & VM_FAULT_LOCKED))
		lock_page(vmf->page);
	if (unlikely(!vmf->page->mapping)) {
		drop_file_page(vmf);
		return VM_FAULT_NOPAGE; /* the access is tried again */
	}
	return 0;
}

static vm_fault_t do_shared_fault(struct vm_fault *vmf)
{
	vm_fault_t ret = get_file_page(vmf), refused;

	if (unlikely(!(ret & VM_FAULT_LOCKED)))
		return ret;
	if (vmf->vma->vm_ops->page_mkwrite) {
		refused = ask_page_mkwrite(vmf);
		if (unlikely(refused))
			return refused;
	}
	count_fault(vmf, vmf->page, PGFAULT_SHARED_MKWRITE);
	if (likely(map_file_page(vmf))) {
		set_page_dirty(vmf->page);
		unlock_page(vmf->page);
	} else {
		drop_file_page(vmf);
	}
	return VM_FAULT_NOPAGE | (ret & VM_FAULT_MAJOR);
}

/**
 * do_file_page - a page of the mapping's object is wanted and no entry exists
 *
 * Return: VM_FAULT_*; with VM_FAULT_RETRY the fault's lock has been dropped.
 * Locks:  the fault's; takes page lock, then PTE lock.  May sleep.
 */
vm_fault_t do_file_page(struct vm_fault *vmf)
{
	if (unlikely(!vmf->vma->vm_ops->fault))
		return VM_FAULT_SIGBUS;
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return do_read_fault(vmf);
	return vmf->vma->vm_flags & VM_SHARED ? do_shared_fault(vmf) : do_cow_fault(vmf);
}
