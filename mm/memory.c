/* SPDX-License-Identifier: MIT */
/*
 * mm/memory.c - ranges of page-table entries: take away, copy for fork, move
 *
 * Each operation is the same loop: next table that exists in the range, its lock once, then its
 * entries.  What is counted per page is summed in the loop and applied once per table; what is
 * flushed is flushed once per operation.
 *
 *     unmap_vmas, zap_page_range   entry -> 0      page to the gather, which flushes and frees
 *     copy_page_range              fork            private writable entries become read-only in both
 *     move_page_tables             mremap          entry moves, page and reverse map do not notice
 *
 * The CPU may set accessed and dirty bits at any time, so an entry is taken away by exchange and
 * write-protected by an atomic and.
 *
 * A dirty entry of a shared file mapping is the only record that the page was written.  When it is
 * zapped the page is marked dirty under the PTE lock, so that nobody sees it clean and unmapped
 * meanwhile, and by the gather once more after the flush, for what is written until then.
 *
 * Locking: mmap_lock for read to zap, for write to copy and move; truncation zaps under
 * i_mmap_rwsem instead, which keeps VMA and tables as well (they leave the tree before they go).
 */
#include "mm_env.h"
#include <mm/internal.h>

/*
 * Tell of the present entries of one table, which have just been written under its lock: for loops that are too
 * short for a tracepoint of their own.
 */
void trace_pte_range(const pte_t *pte, vaddr_t addr, vaddr_t end)
{
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		pte_t entry = ptep_get(pte);

		if (pte_present(entry))
			trace_mm(EV_PTE_SET, addr, pte_pfn(entry), pte_val(entry));
	}
}

/* What zapping one table's entries adds up to. */
struct zap_walk {
	struct mmu_gather *tlb;
	bool keep_cows;
	struct rss_batch rss;
	struct rmap_batch rmap;
};

/*
 * One present entry, whatever it maps.
 * Return: false when the gather is full.
 */
static __noinline bool zap_entry(struct zap_walk *zap, pte_t *pte, vaddr_t addr)
{
	struct page *page = vm_normal_page(ptep_get(pte));
	pte_t old;

	if (zap->keep_cows && page && PageAnon(page))
		return true;
	old = ptep_get_and_clear(pte);
	trace_mm(EV_PTE_CLEAR, addr, pte_pfn(old), pte_val(old));
	if (!page)
		return true;
	zap->rss.rss[mm_counter(page)]--;
	if (!PageAnon(page) && pte_dirty(old)) {
		set_page_dirty(page);
		page_remove_rmap_batched(page, false, &zap->rmap);
		return __tlb_remove_dirty_page(zap->tlb, page);
	}
	page_remove_rmap_batched(page, PageAnon(page), &zap->rmap);
	return __tlb_remove_page(zap->tlb, page);
}

/* The address that @pte translates, where @table translates @addr and both lie in one table. */
static inline vaddr_t entry_addr(vaddr_t addr, const pte_t *table, const pte_t *pte)
{
	return addr + ((vaddr_t)(pte - table) << PAGE_SHIFT);
}

/*
 * One table's part of [addr, end).  Stops early when the gather is full.
 * Return: the address reached.
 */
static vaddr_t zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd,
			     vaddr_t addr, vaddr_t end, bool keep_cows)
{
	struct zap_walk zap = { .tlb = tlb, .keep_cows = keep_cows };
	/*
	 * An entry with one of these bits does not go the short way: special, or somebody asks
	 * about every one.
	 */
	const u64 watched =
		_PAGE_SPECIAL |
		(keep_cows || mm_trace_on(EV_PTE_CLEAR) ? _PAGE_PRESENT | _PAGE_PROTNONE : 0);
	spinlock_t *ptl = pte_lockptr(pmd);
	pte_t *const table = pte_offset(pmd, addr);
	pte_t *const stop = table + ((end - addr) >> PAGE_SHIFT);
	pte_t *pte, *first = NULL, *past = NULL; /* what was taken away lies in [first, past) */
	bool room = true;

	spin_lock(ptl);
	for (pte = table; pte < stop;) {
		pte_t old = ptep_get(pte++);
		struct page *page = pfn_to_page(pte_pfn(old));

		if (pte_none(old)) {
			pte = skip_none(pte, stop);
			continue;
		}
		VM_BUG_ON(!pte_present(old));
		if (!past)
			first = pte - 1;
		past = pte;
		if (unlikely(pte_val(old) & watched) || !PageAnon(page)) {
			room = zap_entry(&zap, pte - 1, entry_addr(addr, table, pte - 1));
		} else { /* the short way: nothing but what an anonymous page needs */
			ptep_get_and_clear(pte - 1);
			zap.rss.rss[MM_ANONPAGES]--;
			page_remove_rmap_batched(page, true, &zap.rmap);
			room = __tlb_remove_page(tlb, page);
		}
		if (unlikely(!room))
			break;
	}
	if (past)
		tlb_adjust_range(tlb, entry_addr(addr, table, first),
				 entry_addr(addr, table, past));
	rss_batch_apply(&zap.rss, vma->vm_mm);
	rmap_batch_apply(&zap.rmap);
	spin_unlock(ptl);
	if (!room)
		tlb_flush_mmu(tlb);
	return entry_addr(addr, table, pte);
}

void zap_vma_range(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
		   bool keep_cows)
{
	vaddr_t addr = start;
	pmd_t *pmd;

	while ((pmd = next_pte_table(vma->vm_mm, &addr, end)))
		addr = zap_pte_range(tlb, vma, pmd, addr, pmd_addr_end(addr, end), keep_cows);
}

void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	update_hiwater_rss(tlb->mm);
	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		zap_vma_range(tlb, vma, max(start, vma->vm_start), min(end, vma->vm_end), false);
}

/*
 * Fork, one table.  The entries of @src are write-protected here and flushed by the caller, for all
 * mappings at once; until then mmap_lock, held for write, keeps everyone from relying on the new
 * state.
 */
static void copy_pte_range(struct vm_area_struct *dst, struct vm_area_struct *src, pmd_t *dst_pmd,
			   pmd_t *src_pmd, vaddr_t addr, vaddr_t end)
{
	const bool cow = is_cow_mapping(src->vm_flags);
	const u64 drop = _PAGE_ACCESSED | (src->vm_flags & VM_SHARED ? _PAGE_DIRTY : 0);
	spinlock_t *src_ptl = pte_lockptr(src_pmd), *dst_ptl = pte_lockptr(dst_pmd);
	pte_t *from = pte_offset(src_pmd, addr), *to = pte_offset(dst_pmd, addr);
	pte_t *const stop = from + ((end - addr) >> PAGE_SHIFT);
	struct rss_batch rss = { 0 };

	double_ptl_lock(src_ptl, dst_ptl);
	for (; from < stop; from++, to++) {
		pte_t pte = ptep_get(from);
		struct page *page;

		if (pte_none(pte)) { /* to the last empty one of the run */
			const long run = skip_none(from, stop) - from;

			from += run - 1;
			to += run - 1;
			continue;
		}
		VM_BUG_ON(!pte_present(pte));
		if (cow && pte_write(pte)) {
			ptep_set_wrprotect(from);
			pte = pte_wrprotect(pte);
		}
		page = vm_normal_page(pte);
		if (page) {
			get_page(page);
			page_dup_rmap(page);
			rss.rss[mm_counter(page)]++;
		}
		set_pte(to, pte_clear_flags(pte, drop));
	}
	rss_batch_apply(&rss, dst->vm_mm);
	if (mm_trace_on(EV_PTE_SET)) {
		trace_pte_range(pte_offset(src_pmd, addr), addr, end); /* read-only now */
		trace_pte_range(pte_offset(dst_pmd, addr), addr, end);
	}
	double_ptl_unlock(src_ptl, dst_ptl);
}

/*
 * Without an anon_vma a mapping holds only what the next fault finds again: file pages and the zero
 * page.
 */
static bool vma_needs_copy(const struct vm_area_struct *vma)
{
	return vma->anon_vma || (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP));
}

int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	vaddr_t addr = src->vm_start, next;
	pmd_t *src_pmd, *dst_pmd;

	assert_rwsem_held_write(&src->vm_mm->mmap_lock);
	if (!vma_needs_copy(src))
		return 0;
	for (; (src_pmd = next_pte_table(src->vm_mm, &addr, src->vm_end)); addr = next) {
		next = pmd_addr_end(addr, src->vm_end);
		dst_pmd = pte_alloc_map(dst->vm_mm, addr);
		if (!dst_pmd)
			return -ENOMEM;
		copy_pte_range(dst, src, dst_pmd, src_pmd, addr, next);
		cond_resched();
	}
	return 0;
}

/*
 * mremap.  A reverse-map walk looks at one VMA after the other; an entry that moved from one it has
 * still to visit to one it has visited would be missed.  So the reverse-map locks are held for
 * write while entries move.
 *
 * They are held until the one flush at the end, too: once they go, a page can be unmapped and freed
 * by way of its new address alone (truncation, reclaim), and no CPU may reach it by the old one
 * then.  Faults at the new address, which could replace a page, are kept out by mmap_lock for write
 * or the VMA's own lock.
 */
static void take_rmap_locks(struct vm_area_struct *vma, struct address_space *mapping)
{
	if (mapping)
		down_write(&mapping->i_mmap_rwsem);
	if (vma->anon_vma)
		down_write(&vma->anon_vma->root->rwsem);
}

static void drop_rmap_locks(struct vm_area_struct *vma, struct address_space *mapping)
{
	if (vma->anon_vma)
		up_write(&vma->anon_vma->root->rwsem);
	if (mapping)
		up_write(&mapping->i_mmap_rwsem);
}

/*
 * [old_addr, old_end) lies in one table, and so does what it becomes.
 * Return: whether there was anything to move.
 */
static bool move_ptes(pmd_t *old_pmd, vaddr_t old_addr, vaddr_t old_end, pmd_t *new_pmd,
		      vaddr_t new_addr)
{
	spinlock_t *old_ptl = pte_lockptr(old_pmd), *new_ptl = pte_lockptr(new_pmd);
	pte_t *from = pte_offset(old_pmd, old_addr), *to = pte_offset(new_pmd, new_addr);
	bool moved = false;

	double_ptl_lock(old_ptl, new_ptl);
	for (vaddr_t addr = old_addr; addr < old_end; addr += PAGE_SIZE, from++, to++) {
		pte_t pte;

		if (pte_none(ptep_get(from)))
			continue;
		pte = ptep_get_and_clear(from);
		VM_BUG_ON(!pte_none(ptep_get(to)));
		set_pte(to, pte);
		trace_mm(EV_PTE_CLEAR, addr, pte_pfn(pte), pte_val(pte));
		trace_mm(EV_PTE_SET, addr - old_addr + new_addr, pte_pfn(pte), pte_val(pte));
		moved = true;
	}
	double_ptl_unlock(old_ptl, new_ptl);
	return moved;
}

/* As far as both the old table at @addr and the one that its entries go to reach. */
static vaddr_t move_step_end(vaddr_t addr, vaddr_t end, vaddr_t delta)
{
	return min(pmd_addr_end(addr, end), pmd_addr_end(addr + delta, end + delta) - delta);
}

/* Every table that move_page_tables will write to.  0 or -ENOMEM; what was made is in use or goes with the VMA. */
static int alloc_target_tables(struct mm_struct *mm, vaddr_t addr, vaddr_t end, vaddr_t delta)
{
	for (; next_pte_table(mm, &addr, end); addr = move_step_end(addr, end, delta)) {
		if (!pte_alloc_map(mm, addr + delta))
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

int move_page_tables(struct vm_area_struct *vma, vaddr_t old_addr, struct vm_area_struct *new_vma,
		     vaddr_t new_addr, size_t len)
{
	struct mm_struct *mm = vma->vm_mm;
	struct address_space *mapping = vma_mapping(vma);
	const vaddr_t delta = new_addr - old_addr, end = old_addr + len;
	vaddr_t addr = old_addr, next;
	pmd_t *old_pmd, *new_pmd;
	bool moved = false;

	assert_rwsem_held_write(&mm->mmap_lock);
	VM_BUG_ON(new_vma->vm_mm != mm);
	if (alloc_target_tables(mm, old_addr, end, delta))
		return -ENOMEM;
	take_rmap_locks(vma, mapping);
	for (; (old_pmd = next_pte_table(mm, &addr, end)); addr = next) {
		next = move_step_end(addr, end, delta);
		new_pmd = pte_find(mm, addr + delta);
		/* none: the old table was made just now, as the target of another part, and is empty here */
		if (new_pmd)
			moved |= move_ptes(old_pmd, addr, next, new_pmd, addr + delta);
		cond_resched();
	}
	if (moved)
		flush_tlb_range(vma, old_addr, end);
	drop_rmap_locks(vma, mapping);
	return 0;
}
