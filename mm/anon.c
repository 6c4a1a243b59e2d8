/* SPDX-License-Identifier: MIT */
/*
 * mm/anon.c - the first touch of anonymous memory
 *
 *   PTE before   access   PTE afterwards
 *   none         read     the zero page, read-only, special          no rss, no reference, no reverse map
 *   none         write    a zeroed page of its own, writable, dirty  one reference, one mapping, on an LRU list
 *
 * All reads of untouched memory share one frame of zeroes.  Its entries are marked special, which
 * means that no struct page is accounted for them: so the one page needs no counts that every
 * process would fight over, and taking such an entry away is nothing but clearing it.  The first
 * write finds a present, read-only entry and goes to do_wp_page (cow.c).
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/lru.h>

struct page *zero_page;

void zero_page_init(void)
{
	zero_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!zero_page)
		panic("no memory for the zero page");
}

/*
 * The entry is still none?  Then install @entry.  Returns false, with nothing changed, when another
 * CPU was faster.
 */
static bool install_if_none(struct vm_fault *vmf, pte_t entry)
{
	if (unlikely(!pte_none(ptep_get(vmf->pte))))
		return false;
	set_pte(vmf->pte, entry); /* was not present: nothing to flush */
	trace_mm(EV_PTE_SET, vmf->address, pte_pfn(entry), pte_val(entry));
	return true;
}

static vm_fault_t map_zero_page(struct vm_fault *vmf)
{
	pte_t entry = pte_mkspecial(
		pte_wrprotect(pfn_pte(page_to_pfn(zero_page), vmf->vma->vm_page_prot)));

	spin_lock(vmf->ptl);
	install_if_none(vmf, entry);
	spin_unlock(vmf->ptl);
	count_vm_event(PGFAULT_ZERO_PAGE);
	trace_mm(EV_FAULT, vmf->address, page_to_pfn(zero_page), PGFAULT_ZERO_PAGE);
	return VM_FAULT_NOPAGE;
}

/**
 * do_anonymous_page - demand zero
 *
 * Return: VM_FAULT_NOPAGE, or VM_FAULT_OOM or VM_FAULT_RETRY with nothing changed.
 * Locks:  the fault's; takes the PTE lock.  May sleep.
 */
vm_fault_t do_anonymous_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;
	vm_fault_t ret;
	pte_t entry;

	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return map_zero_page(vmf);

	ret = vmf_anon_prepare(vmf);
	if (unlikely(ret))
		return ret;
	page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	if (unlikely(!page))
		return VM_FAULT_OOM;
	__SetPageUptodate(page);
	entry = maybe_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(page), vma->vm_page_prot)), vma);

	spin_lock(vmf->ptl);
	if (unlikely(!install_if_none(vmf, entry))) {
		spin_unlock(vmf->ptl);
		put_page(page);
		return VM_FAULT_NOPAGE;
	}
	page_add_new_anon_rmap(page, vma, vmf->address);
	add_mm_counter(vmf->mm, MM_ANONPAGES, 1);
	lru_cache_add(page);
	spin_unlock(vmf->ptl);
	count_vm_event(PGFAULT_ANON);
	trace_mm(EV_FAULT, vmf->address, page_to_pfn(page), PGFAULT_ANON);
	return VM_FAULT_NOPAGE;
}
