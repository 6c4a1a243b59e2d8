/* SPDX-License-Identifier: MIT */
/*
 * include/mm/internal.h - what the files of mm/ share with each other and with nobody else
 *
 * Three groups meet here: the mappings (vma.c, mmap.c and the calls on top), the page tables below
 * them (memory.c, pgtable.c, mprotect_walk.c, mmu_gather.c) and the fault path (fault.c and one
 * file per case).
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <mm/mm.h>
#include <mm/filemap.h>
#include <mm/mmu_gather.h>
#include <mm/rmap.h>

/* --- pgtable.c: table pages --- */

/*
 * Each table page carries its lock (PTE level) and its owner in struct page, and is counted in
 * mm->pgtables_bytes (the pgd excepted) and in NR_PAGETABLE.
 */
pgd_t *pgd_alloc(struct mm_struct *mm);          /* kernel half shared with init_mm.pgd; NULL */
void pgd_free(struct mm_struct *mm, pgd_t *pgd); /* all user tables are gone already */

/*
 * The walk down to a PTE table.  pte_alloc_map builds what is missing (may sleep; no spinlock held)
 * and answers NULL only when out of memory; pte_find answers NULL where a table is missing.  Both
 * return the PMD slot; pte_offset(pmd, addr) is the entry and pte_lockptr(pmd) its lock.
 * Locks: mmap_lock for read, or the lock of the VMA that @addr lies in: its tables are only freed while
 *        both are held for write.
 */
pmd_t *pmd_alloc_map(struct mm_struct *mm, vaddr_t addr);
int __pte_alloc(struct mm_struct *mm, pmd_t *pmd);
pmd_t *pmd_find(struct mm_struct *mm, vaddr_t addr);

static inline pmd_t *pte_alloc_map(struct mm_struct *mm, vaddr_t addr)
{
	pmd_t *pmd = pmd_alloc_map(mm, addr);

	if (unlikely(!pmd) || (unlikely(pmd_none(pmdp_get(pmd))) && __pte_alloc(mm, pmd)))
		return NULL;
	return pmd;
}

static inline pmd_t *pte_find(struct mm_struct *mm, vaddr_t addr)
{
	pmd_t *pmd = pmd_find(mm, addr);

	return pmd && pmd_present(pmdp_get(pmd)) ? pmd : NULL;
}

/**
 * next_pte_table - the first PTE table that covers a part of [*addr, end)
 * @addr: moved up to the first byte of the range that the table covers
 *
 * Every range operation is a loop over it, with the table's lock taken once per table:
 *
 *     for (; (pmd = next_pte_table(mm, &addr, end)); addr = pmd_addr_end(addr, end))
 *
 * Return: the PMD slot, or NULL when no more tables exist in the range.
 */
pmd_t *next_pte_table(struct mm_struct *mm, vaddr_t *addr, vaddr_t end);

/* Are all eight entries at @pte empty?  As many as a cache line holds. */
static inline bool eight_none(const pte_t *pte)
{
	u64 any = 0;

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		any |= pte_val(ptep_get(pte + i));
	return !any;
}

/**
 * skip_none - the first entry in [pte, end) that is not empty, or @end
 *
 * For loops that have met an empty entry: most of what exit, exec and fork walk over is empty.
 * Locks: the table's; without it the answer is a hint.
 */
static inline pte_t *skip_none(pte_t *pte, pte_t *end)
{
	while (pte + 8 <= end && eight_none(pte))
		pte += 8;
	while (pte < end && pte_none(ptep_get(pte)))
		pte++;
	return pte;
}

static inline spinlock_t *pte_lockptr(pmd_t *pmd)
{
	return &pfn_to_page(pmd_table(pmdp_get(pmd)) >> PAGE_SHIFT)->ptl;
}

/* free_table_page - a table page back to the allocator; no entry of it is reachable by any CPU */
void free_table_page(struct mm_struct *mm, struct page *table);

/**
 * free_pgtables - unlink the rest of a list of VMAs whose pages are unmapped, and free their tables
 * @vma:     first of a list by vm_next, ended by NULL: detached from the mm, or all of a dying mm
 * @floor:   end of the nearest mapping that stays below, or 0
 * @ceiling: start of the nearest mapping that stays above, or 0 for none
 *
 * A table is freed when the whole range it covers lies within [floor, ceiling): no mapping that
 * stays can have an entry in it.  Does unlink_anon_vmas and vma_unlink_file for each VMA, before
 * its tables go: a reverse-map walk must not meet a freed table.
 *
 * Locks: mmap_lock for write, or nobody else knows the mm.
 */
void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t floor,
		   vaddr_t ceiling);
/*
 * free_pgd_range - the same for a byte range whose mappings have left the reverse map already, or
 * shrunk out of it
 */
void free_pgd_range(struct mmu_gather *tlb, vaddr_t addr, vaddr_t end, vaddr_t floor,
		    vaddr_t ceiling);

/* --- memory.c: ranges of entries --- */

/**
 * unmap_vmas - clear every PTE in [start, end) of @vma and its successors by vm_next
 *
 * Pages go to @tlb; rss, reverse map and NR_*_MAPPED follow.  No VMA is changed.  Updates
 * hiwater_rss.
 * Locks: mmap_lock (read suffices).  May reschedule between tables.
 */
void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start, vaddr_t end);

/* trace_pte_range - EV_PTE_SET for each present entry of [addr, end), all in one table, whose lock is held */
void trace_pte_range(const pte_t *pte, vaddr_t addr, vaddr_t end);

/*
 * zap_vma_range - [start, end) of one VMA into a gather; keep_cows spares a private mapping's own
 * copies
 */
void zap_vma_range(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
		   bool keep_cows);

/**
 * copy_page_range - see mm.h: fork's copy of one mapping's entries
 *
 * Private writable entries become read-only in both; the stale writable TLB entries of the parent
 * are the caller's to flush, once for all mappings: flush_tlb_mm(old), before old's mmap_lock is
 * dropped, also when copying failed half way.  @dst is linked in its mm, and has its anon_vma
 * (anon_vma_fork) already.
 *
 * Return: 0, or -ENOMEM: what was copied stays and goes with the new mm's exit_mmap.
 * Locks:  both mmap_locks for write.
 */

/**
 * move_page_tables - move the entries of [old_addr, old_addr + len) of @vma to @new_addr in
 * @new_vma
 *
 * @new_vma shares @vma's anon_vma (or has cloned the chain) and vm_pgoff is such that the pages
 * keep their index.  The target has no entries.  Old entries are flushed, once, before the function
 * returns.
 *
 * Return: 0, or -ENOMEM with no entry moved (tables without entries may be left at the target).
 * Locks:  mmap_lock for write, and no fault takes place in either VMA.  May sleep.
 */
int move_page_tables(struct vm_area_struct *vma, vaddr_t old_addr, struct vm_area_struct *new_vma,
		     vaddr_t new_addr, size_t len);

/* --- mprotect_walk.c --- */

/**
 * change_protection - give every present PTE of [start, end) the permissions @newprot
 *
 * vma->vm_flags are the new ones already.  A private page becomes writable at once if this mm is
 * its only owner, so that no fault follows; else the write bit waits for do_wp_page.  What has to be
 * flushed is @tlb's.
 *
 * Return: number of entries changed (pages).
 * Locks:  mmap_lock for write.
 */
unsigned long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start,
				vaddr_t end, pgprot_t newprot);

/* --- fault path: one handler per file --- */
vm_fault_t do_anonymous_page(struct vm_fault *vmf); /* anon.c */
vm_fault_t do_file_page(struct vm_fault *vmf);      /* file_fault.c */
vm_fault_t do_wp_page(struct vm_fault *vmf);        /* cow.c */

/* release_fault_lock - what keeps the mapping is given up: VM_FAULT_RETRY must follow */
void release_fault_lock(struct vm_fault *vmf); /* fault.c */
/*
 * lock_page_or_retry - 0 with the page locked, or VM_FAULT_RETRY | VM_FAULT_MAJOR with the fault's
 * lock dropped, having waited, and the page unlocked again
 */
vm_fault_t lock_page_or_retry(struct page *page, struct vm_fault *vmf);

/*
 * vmf_anon_prepare - see that the VMA has an anon_vma before a page of its own is made for it: 0,
 * VM_FAULT_OOM, or VM_FAULT_RETRY with the fault's lock dropped
 */
vm_fault_t __vmf_anon_prepare(struct vm_fault *vmf); /* rmap.c */
static inline vm_fault_t vmf_anon_prepare(struct vm_fault *vmf)
{
	return likely(READ_ONCE(vmf->vma->anon_vma)) ? 0 : __vmf_anon_prepare(vmf);
}

/*
 * May a write fault make this entry writable? Not for a debugger that writes past the permissions.
 */
static inline pte_t maybe_mkwrite(pte_t pte, const struct vm_area_struct *vma)
{
	return likely(vma->vm_flags & VM_WRITE) ? pte_mkwrite(pte) : pte;
}

/* Writes go to a copy: private, and could be made writable. */
static inline bool is_cow_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* Position in the object, in pages, of the page that @addr lies in. */
static inline pgoff_t linear_page_index(const struct vm_area_struct *vma, vaddr_t addr)
{
	return ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

/* The page behind a present entry, or NULL where none counts (zero page, PFN mappings). */
static inline struct page *vm_normal_page(pte_t pte)
{
	return unlikely(pte_special(pte)) ? NULL : pfn_to_page(pte_pfn(pte));
}

/*
 * What a page means to the counters of its mm and its node, summed over a range and applied once.
 */
struct rss_batch {
	long rss[NR_MM_COUNTERS];
};

static inline void rss_batch_apply(struct rss_batch *batch, struct mm_struct *mm)
{
	for (int i = 0; i < NR_MM_COUNTERS; i++) {
		if (batch->rss[i])
			add_mm_counter(mm, i, batch->rss[i]);
	}
}

/* Two PTE locks, the lower address first; the same one is taken once. */
static inline void double_ptl_lock(spinlock_t *a, spinlock_t *b)
{
	if (a == b) {
		spin_lock(a);
		return;
	}
	spin_lock(a < b ? a : b);
	spin_lock_nested(a < b ? b : a);
}

static inline void double_ptl_unlock(spinlock_t *a, spinlock_t *b)
{
	spin_unlock(a);
	if (a != b)
		spin_unlock(b);
}

/* Which of the mm's rss counters a page is in. */
static inline int mm_counter(const struct page *page)
{
	if (PageAnon(page))
		return MM_ANONPAGES;
	return PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/* --- shmem.c: shared anonymous memory --- */
extern const struct vm_operations_struct anon_shmem_vm_ops;

/*
 * vma_mapping - the object whose page cache @vma shows: a file's, or that of shared anonymous
 * memory; else NULL
 */
static inline struct address_space *vma_mapping(const struct vm_area_struct *vma)
{
	if (vma->vm_file)
		return file_mapping(vma->vm_file);
	return vma->vm_ops == &anon_shmem_vm_ops ? vma->vm_private_data : NULL;
}

/* --- boot: called by mm_cache_init, in this order, once kmalloc works --- */
void rmap_init(void);      /* caches of anon_vma and anon_vma_chain */
void filemap_init(void);   /* page wait queues, cache of index-tree nodes */
void zero_page_init(void); /* the page that backs anonymous reads */

#endif
