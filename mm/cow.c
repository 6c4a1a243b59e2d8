/* SPDX-License-Identifier: MIT */
/*
 * mm/cow.c - a write to a page that is present but read-only
 *
 *   page behind the PTE                      what is done                     PTE afterwards
 *   shared mapping's                         page_mkwrite, mark dirty         same page, writable
 *   anonymous, nobody else refers to it      reuse                            same page, writable
 *   anonymous, others refer to it            copy                             new page, writable
 *   a file's, in a private mapping           copy                             new page, writable
 *   zero page                                new zeroed page                  new page, writable
 *
 * "Nobody else" is the reference count, not the number of mappings: someone who read the page
 * through another process may hold a reference after that process has unmapped it, and must go on
 * seeing the old content.  The count is exact enough when what this CPU's LRU batch holds is given
 * back first; a reference in another CPU's batch merely costs a copy.  The page cannot gain a user
 * while we look: it is mapped once, by an entry whose lock we hold.
 *
 * A debugger may write where the mapping does not allow it (FAULT_FLAG_FORCE): it gets its own page
 * like everyone, and the entry stays read-only.
 *
 * Locking: the fault's lock on entry; each case takes the PTE lock and rechecks the entry against
 * vmf->orig_pte.
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/lru.h>

static bool pte_unchanged(const struct vm_fault *vmf)
{
	return pte_val(ptep_get(vmf->pte)) == pte_val(vmf->orig_pte);
}

static void count_fault(const struct vm_fault *vmf, const struct page *page,
			enum vm_event_item handler)
{
	count_vm_event(handler);
	trace_mm(EV_FAULT, vmf->address, page_to_pfn(page), handler);
}

/*
 * Same frame, more permission: no flush is due.  A CPU that still holds the read-only translation
 * faults, forgets it and finds the new entry.  PTE lock held.
 */
static void make_writable(struct vm_fault *vmf)
{
	pte_t entry = maybe_mkwrite(pte_mkyoung(pte_mkdirty(vmf->orig_pte)), vmf->vma);

	set_pte(vmf->pte, entry);
	trace_mm(EV_PTE_SET, vmf->address, pte_pfn(entry), pte_val(entry));
}

/* The last owner keeps the page.  PTE lock held; the entry is vmf->orig_pte. */
static bool can_reuse(struct page *page)
{
	if (!PageAnon(page) || PageSwapCache(page))
		return false;
	if (page_count(page) == 1)
		return true;
	if (page_count(page) > 2 || !lru_add_pending())
		return false;
	lru_add_drain();
	return page_count(page) == 1;
}

/* A new page with what the old one shows; the PTE's accounting moves from one to the other. */
static vm_fault_t wp_page_copy(struct vm_fault *vmf, struct page *old)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;
	vm_fault_t ret;
	pte_t entry;

	/* Prepare.  The caller's reference keeps old's content. */
	ret = vmf_anon_prepare(vmf);
	if (unlikely(ret))
		return ret;
	page = alloc_page(old ? GFP_HIGHUSER_MOVABLE : GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	if (unlikely(!page))
		return VM_FAULT_OOM;
	if (old) {
		void *to = kmap_local_page(page), *from = kmap_local_page(old);

		copy_page(to, from);
		kunmap_local(from);
		kunmap_local(to);
	}
	__SetPageUptodate(page);
	entry = maybe_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(page), vma->vm_page_prot)), vma);

	/* Commit. */
	spin_lock(vmf->ptl);
	if (unlikely(!pte_unchanged(vmf))) {
		spin_unlock(vmf->ptl);
		put_page(page);
		return VM_FAULT_NOPAGE;
	}
	/*
	 * No CPU may read the old page while another writes the new one: the entry goes, everyone
	 * forgets it, the new one comes.
	 */
	ptep_get_and_clear(vmf->pte);
	flush_tlb_page(vma, vmf->address);
	trace_mm(EV_PTE_CLEAR, vmf->address, pte_pfn(vmf->orig_pte), pte_val(vmf->orig_pte));
	page_add_new_anon_rmap(page, vma, vmf->address);
	lru_cache_add(page);
	set_pte(vmf->pte, entry);
	trace_mm(EV_PTE_SET, vmf->address, pte_pfn(entry), pte_val(entry));
	if (!old || !PageAnon(old)) {
		if (old)
			add_mm_counter(vmf->mm, mm_counter(old), -1);
		add_mm_counter(vmf->mm, MM_ANONPAGES, 1);
	}
	if (old)
		page_remove_rmap(old);
	spin_unlock(vmf->ptl);
	if (old)
		put_page(old); /* what the entry held */
	count_fault(vmf, page, PGFAULT_COW);
	return VM_FAULT_NOPAGE;
}

/*
 * A shared page becomes writable here for the first time: the file system may want to know, and may
 * refuse.
 */
static vm_fault_t wp_page_shared(struct vm_fault *vmf, struct page *page)
{
	bool locked = false;
	vm_fault_t ret;

	if (page && vmf->vma->vm_ops && vmf->vma->vm_ops->page_mkwrite) {
		vmf->page = page;
		ret = vmf->vma->vm_ops->page_mkwrite(vmf);
		if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY))
			return ret;
		if (!(ret & VM_FAULT_LOCKED))
			lock_page(page);
		if (!page->mapping) { /* truncated meanwhile: the access is tried again */
			unlock_page(page);
			return VM_FAULT_NOPAGE;
		}
		locked = true;
	}
	spin_lock(vmf->ptl);
	if (likely(pte_unchanged(vmf))) {
		make_writable(vmf);
		if (page)
			set_page_dirty(page);
	}
	spin_unlock(vmf->ptl);
	if (locked)
		unlock_page(page);
	count_vm_event(PGFAULT_SHARED_MKWRITE);
	trace_mm(EV_FAULT, vmf->address, pte_pfn(vmf->orig_pte), PGFAULT_SHARED_MKWRITE);
	return VM_FAULT_NOPAGE;
}

/**
 * do_wp_page - a write met a present entry without the write bit
 *
 * Return: VM_FAULT_NOPAGE when the access can be tried again, else an error or VM_FAULT_RETRY
 *         (the fault's lock dropped).
 * Locks:  the fault's; takes the PTE lock.  May sleep.
 */
vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page = vm_normal_page(vmf->orig_pte);
	vm_fault_t ret;

	if (!page && !(vma->vm_flags & VM_SHARED))
		return wp_page_copy(vmf, NULL); /* the zero page needs no reference */

	spin_lock(vmf->ptl);
	if (unlikely(!pte_unchanged(vmf))) {
		spin_unlock(vmf->ptl);
		return VM_FAULT_NOPAGE;
	}
	if (!(vma->vm_flags & VM_SHARED) && can_reuse(page)) {
		make_writable(vmf);
		spin_unlock(vmf->ptl);
		count_fault(vmf, page, PGFAULT_REUSE);
		return VM_FAULT_NOPAGE;
	}
	if (page)
		get_page(page); /* the lock goes, the page must stay */
	spin_unlock(vmf->ptl);

	ret = vma->vm_flags & VM_SHARED ? wp_page_shared(vmf, page) : wp_page_copy(vmf, page);
	if (page)
		put_page(page);
	return ret;
}
