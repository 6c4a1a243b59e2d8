/* SPDX-License-Identifier: MIT */
/*
 * mm/mprotect_walk.c - other permissions for entries that exist
 *
 * The VMA says what is allowed, the entries say what needs no fault.  After mprotect the entries
 * may say less than the VMA (a fault then adds what is due) but never more:
 *
 *     access taken away    at once in every entry; one flush for the whole call, before it returns
 *     write access given   at once where this mm is the page's only owner; where the page is shared for COW, or the
 *                          file system wants to hear of the first write, the next write fault decides
 *     other access given   at once; no flush, for a processor that still remembers less faults and looks again
 *
 * Entries change by compare-and-exchange, so that an accessed or dirty bit the CPU sets meanwhile
 * is not lost, and no other processor ever sees the entry missing.
 *
 * Source: Intel SDM 3A, "Propagation of Paging-Structure Changes", "Optional Invalidation".
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/lru.h>

/* What all entries of one call have in common. */
struct protect_walk {
	pgprot_t prot;
	bool try_write; /* private and writable now: entries of sole owners get the write bit back */
	u64 removed, added; /* bits that any entry lost or gained */
};

/*
 * Is the page behind @pte this mm's alone?  One reference means that this entry is it; more may be
 * a passing user, and then a fault will find out.
 */
static inline bool is_sole_owner(pte_t pte)
{
	struct page *page = vm_normal_page(pte);

	return page && PageAnon(page) && page_count(page) == 1;
}

static unsigned long change_pte_range(struct protect_walk *walk, pmd_t *pmd, vaddr_t addr,
				      vaddr_t end)
{
	spinlock_t *ptl = pte_lockptr(pmd);
	pte_t *pte = pte_offset(pmd, addr);
	const vaddr_t start = addr;
	unsigned long pages = 0;

	spin_lock(ptl);
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		pte_t old, new;

		do {
			old = ptep_get(pte);
			if (!pte_present(old))
				break;
			new = pte_modify(old, walk->prot);
			if (walk->try_write && (pte_write(old) || is_sole_owner(old)))
				new = pte_mkwrite(new);
		} while (unlikely(!ptep_cmpxchg(pte, old, new)));
		if (!pte_present(old))
			continue;
		walk->removed |= pte_val(old) & ~pte_val(new);
		walk->added |= pte_val(new) & ~pte_val(old);
		pages++;
	}
	if (mm_trace_on(EV_PTE_SET))
		trace_pte_range(pte_offset(pmd, start), start, end);
	spin_unlock(ptl);
	return pages;
}

unsigned long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start,
				vaddr_t end, pgprot_t newprot)
{
	struct mm_struct *mm = vma->vm_mm;
	struct protect_walk walk = { .prot = newprot };
	unsigned long pages = 0;
	vaddr_t addr = start;
	pmd_t *pmd;

	assert_rwsem_held_write(&mm->mmap_lock);
	if (!(vma->vm_flags & VM_SHARED)) {
		walk.prot.pgprot &= ~_PAGE_RW;
		walk.try_write = vma->vm_flags & VM_WRITE;
	} else if (vma->vm_ops && vma->vm_ops->page_mkwrite) {
		walk.prot.pgprot &= ~_PAGE_RW;
	}
	if (walk.try_write)
		lru_add_drain(); /* its references would make sole owners look shared */
	for (; (pmd = next_pte_table(mm, &addr, end)); addr = pmd_addr_end(addr, end))
		pages += change_pte_range(&walk, pmd, addr, pmd_addr_end(addr, end));
	if ((walk.removed & (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER)) || (walk.added & _PAGE_NX))
		tlb_adjust_range(tlb, start, end);
	return pages;
}
