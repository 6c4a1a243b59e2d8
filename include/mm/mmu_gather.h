/* SPDX-License-Identifier: MIT */
/*
 * include/mm/mmu_gather.h - what is unmapped is freed only after no processor can reach it any more
 *
 *     clear PTEs, put pages aside -> unlink tables, put them aside -> flush once -> free what was put aside
 *
 * The gather remembers the smallest byte range that covers every entry cleared since the last
 * flush.  Pages wait in batches of pointers; tables wait on a list through their struct page, which
 * costs no memory.  When a batch is full and no memory can be had for another, the gather flushes
 * and frees early: it never fails.
 *
 * One gather belongs to one caller (it lives on the stack); nothing in it is locked.
 */
#ifndef MM_MMU_GATHER_H
#define MM_MMU_GATHER_H

#include <mm/mm_types.h>

struct mmu_gather_batch {
	struct mmu_gather_batch *next;
	unsigned int nr, max; /* nr is set when the batch is left; of the active one, slot tells */
	struct page **pages;  /* behind the header in a batch page; local_pages in the first */
};

#define MMU_GATHER_BUNDLE      16 /* pages that wait on the stack before a batch page is asked for */
#define MMU_GATHER_MAX_BATCHES 16 /* then flush and free: bounds both memory held and latency */

struct mmu_gather {
	struct mm_struct *mm;
	vaddr_t start, end; /* bytes; start >= end: nothing to flush */
	bool fullmm;        /* the whole address space goes, no task runs in it */
	bool freed_tables;
	bool dirtied;             /* some page pointers carry GATHERED_DIRTY */
	unsigned int batch_count; /* batch pages in use, the local one not counted */
	struct page **slot,
		**slot_end; /* where the next page goes in the active batch, and its end */
	struct mmu_gather_batch *active;
	struct page *tables; /* unlinked table pages, through pt_next */
	struct mmu_gather_batch local;
	struct page *local_pages[MMU_GATHER_BUNDLE];
};

/*
 * tlb_gather_mmu - begin; @mm's mmap_lock is held (read is enough for zapping, write for freeing
 * tables)
 */
void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
/* tlb_gather_mmu_fullmm - begin tearing down an address space that nobody uses any more */
void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm);
/* tlb_finish_mmu - flush what is left, free everything gathered */
void tlb_finish_mmu(struct mmu_gather *tlb);
/* tlb_flush_mmu_tlbonly - flush the gathered range now; nothing is freed.  Allowed under a PTE lock. */
void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb);
/*
 * tlb_flush_mmu - flush and free; the gather goes on empty.  Sleeps not, but takes lru and zone
 * locks.
 */
void tlb_flush_mmu(struct mmu_gather *tlb);
/* tlb_next_batch - room for more pages, or false: then flush before the next page */
bool tlb_next_batch(struct mmu_gather *tlb);
/* tlb_remove_table - an unlinked table page that covered [addr, addr + size) */
void tlb_remove_table(struct mmu_gather *tlb, struct page *table, vaddr_t addr, vaddr_t size);

static inline void tlb_adjust_range(struct mmu_gather *tlb, vaddr_t start, vaddr_t end)
{
	if (start < tlb->start)
		tlb->start = start;
	if (end > tlb->end)
		tlb->end = end;
}

/**
 * __tlb_remove_page - put aside a page whose PTE at @addr has just been cleared
 *
 * The reference that the PTE had goes with it.
 *
 * Return: false when the gather is full now: the caller leaves the PTE lock and calls
 *         tlb_flush_mmu.
 */
static inline bool __tlb_remove_page(struct mmu_gather *tlb, struct page *page)
{
	struct page **slot = tlb->slot;

	*slot++ = page;
	tlb->slot = slot;
	return likely(slot < tlb->slot_end) || tlb_next_batch(tlb);
}

#define GATHERED_DIRTY 1UL /* in a page pointer: mark it dirty after the flush */

/* __tlb_remove_dirty_page - the same for a file's page that was dirty in a shared mapping */
static inline bool __tlb_remove_dirty_page(struct mmu_gather *tlb, struct page *page)
{
	tlb->dirtied = true;
	return __tlb_remove_page(tlb, (struct page *)((unsigned long)page | GATHERED_DIRTY));
}

/*
 * mm_tlb_flush_pending - may a CPU still hold a translation that the tables do not have any more?
 *
 * For who has found an entry changed, under its PTE lock; mmu_gather.c says who must ask.
 */
static inline bool mm_tlb_flush_pending(const struct mm_struct *mm)
{
	return atomic_read(&mm->tlb_flush_pending) > 0;
}

/* mm_tlb_flush_nested - the same for who has a gather itself */
static inline bool mm_tlb_flush_nested(const struct mm_struct *mm)
{
	return atomic_read(&mm->tlb_flush_pending) > 1;
}

#endif
