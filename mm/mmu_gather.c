/* SPDX-License-Identifier: MIT */
/*
 * mm/mmu_gather.c - clear, flush, free: in this order
 *
 * A page whose PTE has been cleared may still be written through a TLB entry, by another processor
 * or by this one.  Were it freed at once it could be somebody else's by the time of that write.
 * The same holds one level up: a processor may be in the middle of a walk through a table that was
 * just unlinked, or have cached its address.  So every operation that takes entries away collects
 * what they pointed at, flushes once, and frees then.
 *
 *     tlb_gather_mmu         remember the mm; one more flush is pending on it
 *     __tlb_remove_page      a page; the batch grows by page-sized blocks of pointers
 *     tlb_remove_table       a table
 *     tlb_flush_mmu          flush the range, free all; also when the batches are full
 *     tlb_finish_mmu         the same, and the pending flush is over
 *
 * Two gathers may work on one mm at the same time under mmap_lock held for read.  The second may
 * then find entries already cleared by the first, whose flush is still to come, and return to user
 * mode although stale entries of its range exist.  Therefore mm->tlb_flush_pending counts gathers:
 * one that ends while another is at work flushes the whole mm itself.
 *
 * Who else must look at it: whoever reads an entry under its PTE lock, finds less allowed than it
 * came for, and would rely on no CPU having more (mm_tlb_flush_pending).  The count is raised before
 * the entry is changed under that lock, and lowered after the flush, so whoever sees the entry
 * changed and the flush not done sees the count.  The fault path need not look: what it installs
 * over a cleared entry is another page, and the old one is kept until the flush; a CPU that still
 * uses it is a thread racing with its own process's munmap, and may see either.  Nor need fork and
 * mprotect: they hold mmap_lock for write until after their flush, so nobody relies on their state.
 *
 * A dirty entry of a shared file mapping was the record of a write.  The page is marked dirty as
 * the entry goes, but through a stale translation it can be written until the flush, and somebody
 * may write it back and call it clean in between.  So it is marked dirty once more after the flush,
 * before its reference is dropped: what was written by then is not lost.
 *
 * The flush of a munmap is one, hence at most one IPI to each CPU concerned, for as many pages as
 * the batches hold (32 MiB worth); each further lot is another.
 *
 * Not done: freeing tables after a grace period, which lock-free walks of page tables need.  Walks
 * here hold mmap_lock or the reverse map's lock, and both keep the tables.
 *
 * Source: Intel SDM 3A, "Invalidation of TLBs and Paging-Structure Caches".
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/lru.h>

#define BATCH_PAGE_MAX ((PAGE_SIZE - sizeof(struct mmu_gather_batch)) / sizeof(struct page *))

static void tlb_reset_range(struct mmu_gather *tlb)
{
	tlb->start = ~0UL;
	tlb->end = 0;
	tlb->freed_tables = false;
}

/* @batch is the one that is filled from now on; it is empty. */
static void batch_activate(struct mmu_gather *tlb, struct mmu_gather_batch *batch)
{
	tlb->active = batch;
	tlb->slot = batch->pages;
	tlb->slot_end = batch->pages + batch->max;
}

static void gather_init(struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm)
{
	tlb->mm = mm;
	tlb->fullmm = fullmm;
	tlb->dirtied = false;
	tlb->batch_count = 0;
	tlb->tables = NULL;
	tlb->local.next = NULL;
	tlb->local.nr = 0;
	tlb->local.max = MMU_GATHER_BUNDLE;
	tlb->local.pages = tlb->local_pages;
	batch_activate(tlb, &tlb->local);
	tlb_reset_range(tlb);
	atomic_inc(&mm->tlb_flush_pending);
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	gather_init(tlb, mm, false);
}

void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm)
{
	gather_init(tlb, mm, true);
}

bool tlb_next_batch(struct mmu_gather *tlb)
{
	struct mmu_gather_batch *batch = tlb->active->next;

	if (!batch) {
		if (tlb->batch_count == MMU_GATHER_MAX_BATCHES)
			return false;
		batch = __get_free_page(GFP_NOWAIT | __GFP_NOWARN); /* under a PTE lock */
		if (!batch)
			return false;
		tlb->batch_count++;
		batch->next = NULL;
		batch->nr = 0;
		batch->max = BATCH_PAGE_MAX;
		batch->pages = (struct page **)(batch + 1);
		tlb->active->next = batch;
	}
	tlb->active->nr = tlb->active->max;
	batch_activate(tlb, batch);
	return true;
}

void tlb_remove_table(struct mmu_gather *tlb, struct page *table, vaddr_t addr, vaddr_t size)
{
	tlb_adjust_range(tlb, addr, addr + size);
	tlb->freed_tables = true;
	table->pt_next = tlb->tables;
	tlb->tables = table;
}

void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb)
{
	if (tlb->start >= tlb->end)
		return;
	if (tlb->fullmm)
		flush_tlb_mm_range(tlb->mm, 0, ~0UL, tlb->freed_tables);
	else
		flush_tlb_mm_range(tlb->mm, tlb->start, tlb->end, tlb->freed_tables);
	tlb_reset_range(tlb);
}

/*
 * See the top: pages whose pointers are marked were dirty in a shared mapping.  The VMA still keeps
 * its file, so page->mapping is that file's, or NULL when the page was cut off meanwhile.
 */
static void redirty_pages(struct mmu_gather *tlb)
{
	for (struct mmu_gather_batch *batch = &tlb->local; batch && batch->nr;
	     batch = batch->next) {
		for (unsigned int i = 0; i < batch->nr; i++) {
			unsigned long page = (unsigned long)batch->pages[i];

			if (!(page & GATHERED_DIRTY))
				continue;
			batch->pages[i] = (struct page *)(page & ~GATHERED_DIRTY);
			set_page_dirty(batch->pages[i]);
		}
	}
	tlb->dirtied = false;
}

/* After the flush: nothing gathered can be reached any more. */
static void gather_free(struct mmu_gather *tlb)
{
	tlb->active->nr = tlb->slot - tlb->active->pages;
	if (unlikely(tlb->dirtied))
		redirty_pages(tlb);
	for (struct mmu_gather_batch *batch = &tlb->local; batch && batch->nr;
	     batch = batch->next) {
		release_pages(batch->pages, batch->nr);
		batch->nr = 0;
	}
	batch_activate(tlb, &tlb->local);
	while (tlb->tables) {
		struct page *table = tlb->tables;

		tlb->tables = table->pt_next;
		free_table_page(tlb->mm, table);
	}
	/* Young pages may be held by nothing but this CPU's LRU batch now: let them go too. */
	lru_add_drain();
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu_tlbonly(tlb);
	if (tlb->slot != tlb->local_pages || tlb->tables)
		gather_free(tlb);
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	struct mmu_gather_batch *batch, *next;

	if (unlikely(mm_tlb_flush_nested(tlb->mm))) {
		flush_tlb_mm_range(tlb->mm, 0, ~0UL, true);
		tlb_reset_range(tlb);
	}
	tlb_flush_mmu(tlb);
	for (batch = tlb->local.next; batch; batch = next) {
		next = batch->next;
		free_page(batch);
	}
	atomic_dec(&tlb->mm->tlb_flush_pending);
}
