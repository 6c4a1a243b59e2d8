/* SPDX-License-Identifier: MIT */
/*
 * mm/check.c - does everything agree?
 *
 * Four structures speak of the same memory: VMAs, page tables, struct page, and the reverse map.
 * mm_check() walks an address space once and compares them; it is run after every operation of the
 * unit and model tests, at every exit of a test boot, and on demand.  It changes nothing and panics
 * with what it found.
 *
 *     table page   PG_table, owner, one per mm->pgtables_bytes; covers part of a VMA           P1..P3 of pgtable.c
 *     entry        lies in a VMA; not more permission than the VMA gives; writable in a private mapping only
 *                  when the page is anonymous and mapped once
 *     page         alive, referenced at least as often as mapped; anonymous: its anon_vma is among the VMA's
 *                  chains, index fits the address; file: belongs to the VMA's file at that index
 *     reverse map  a walk from the page meets the entry, unless very many share it               R4 of rmap.c
 *     counters     rss by kind is the number of entries of that kind
 *
 * Locking: mmap_lock held for write, or nobody else knows the mm: else the counts move while they
 * are taken.
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/lru.h>

/* A walk from a page meets each of its mappings: with a thousand processes that would be a thousand for each of theirs. */
#define RMAP_WALK_MAX 32 /* mappings */

struct mm_tally {
	struct mm_struct *mm;
	unsigned long tables; /* below the pgd */
	long rss[NR_MM_COUNTERS];
};

static void __noreturn entry_wrong(const struct vm_area_struct *vma, vaddr_t addr, pte_t pte,
				   const char *what)
{
	const struct page *page = pte_special(pte) ? NULL : pfn_to_page(pte_pfn(pte));

	if (page)
		pr_err("pfn %lx: flags %lx mapping %p index %lx refcount %d mapcount %d\n",
		       page_to_pfn(page), page->flags, (void *)page->mapping, page->index,
		       page_count(page), page_mapcount(page));
	panic("mm_check: %s: address %lx pte %lx in vma %lx-%lx flags %lx pgoff %lx", what, addr,
	      pte_val(pte), vma->vm_start, vma->vm_end, vma->vm_flags, vma->vm_pgoff);
}

static void check_table_page(struct mm_tally *tally, paddr_t table, vaddr_t start, vaddr_t size)
{
	struct page *page = pfn_to_page(table >> PAGE_SHIFT);
	struct vm_area_struct *vma = find_vma(tally->mm, start);

	if (!PageTable(page) || page->pt_mm != tally->mm || page_count(page) != 1)
		panic("mm_check: table of %lx, pfn %lx: flags %lx refcount %d owner %p", start,
		      page_to_pfn(page), page->flags, page_count(page), (void *)page->pt_mm);
	if (!vma || vma->vm_start > start + size - 1)
		panic("mm_check: table of %lx size %lx covers no mapping", start, size);
	tally->tables++;
}

struct rmap_search {
	const struct vm_area_struct *vma;
	vaddr_t addr;
	bool found;
};

static bool rmap_search_one(struct page *page, struct vm_area_struct *vma, vaddr_t addr, void *arg)
{
	struct rmap_search *search = arg;

	(void)page;
	if (vma == search->vma && addr == search->addr)
		search->found = true;
	return !search->found;
}

static bool vma_is_chained_to(const struct vm_area_struct *vma, const struct anon_vma *av)
{
	const struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		if (avc->anon_vma == av)
			return true;
	}
	return false;
}

static void check_anon_page(struct vm_area_struct *vma, vaddr_t addr, pte_t pte, struct page *page)
{
	if (!vma->anon_vma)
		entry_wrong(vma, addr, pte, "anonymous page in a vma without anon_vma");
	if (!vma_is_chained_to(vma, page_anon_vma(page)))
		entry_wrong(vma, addr, pte, "vma not chained to the page's anon_vma");
	if (!PageSwapBacked(page))
		entry_wrong(vma, addr, pte, "anonymous page not swap-backed");
}

static void check_file_page(struct vm_area_struct *vma, vaddr_t addr, pte_t pte, struct page *page)
{
	struct address_space *as = vma_mapping(vma);

	if (!as)
		return; /* a special mapping's page belongs to no file */
	if (page->mapping != as)
		entry_wrong(vma, addr, pte, "page of another file, or of none");
	if (!PageUptodate(page))
		entry_wrong(vma, addr, pte, "mapped page is not up to date");
}

static void check_page(struct vm_area_struct *vma, vaddr_t addr, pte_t pte, struct page *page)
{
	struct rmap_search search = { .vma = vma, .addr = addr };

	if (PageBuddy(page) || PageSlab(page) || PageTable(page) || PageTail(page))
		entry_wrong(vma, addr, pte, "the frame is in another use");
	if (page_mapcount(page) < 1 || page_count(page) < page_mapcount(page))
		entry_wrong(vma, addr, pte, "fewer references than mappings");
	if (page->mapping && page->index != linear_page_index(vma, addr))
		entry_wrong(vma, addr, pte, "index does not fit the address");
	if (PageAnon(page))
		check_anon_page(vma, addr, pte, page);
	else
		check_file_page(vma, addr, pte, page);
	if (!page->mapping || page_mapcount(page) > RMAP_WALK_MAX)
		return;
	rmap_walk(page, rmap_search_one, &search);
	if (!search.found)
		entry_wrong(vma, addr, pte, "the reverse map does not find the entry");
}

static void check_permissions(struct vm_area_struct *vma, vaddr_t addr, pte_t pte,
			      struct page *page)
{
	if (pte_hw_present(pte) && !pte_user(pte))
		entry_wrong(vma, addr, pte, "not a user entry");
	if (pte_hw_present(pte) && !(vma->vm_flags & VM_ACCESS_FLAGS))
		entry_wrong(vma, addr, pte, "accessible in an inaccessible vma");
	if (pte_exec(pte) && pte_hw_present(pte) && !(vma->vm_flags & VM_EXEC))
		entry_wrong(vma, addr, pte, "executable");
	if (!pte_write(pte))
		return;
	if (!(vma->vm_flags & VM_WRITE))
		entry_wrong(vma, addr, pte, "writable");
	if (vma->vm_flags & VM_SHARED)
		return;
	if (!page || !PageAnon(page) || page_mapcount(page) != 1)
		entry_wrong(vma, addr, pte, "writable, but others may see the page");
}

static void check_entry(struct mm_tally *tally, vaddr_t addr, pte_t pte)
{
	struct vm_area_struct *vma = find_vma(tally->mm, addr);
	struct page *page;

	if (pte_none(pte))
		return;
	if (!vma || vma->vm_start > addr)
		panic("mm_check: address %lx has entry %lx but no mapping", addr, pte_val(pte));
	if (!pte_present(pte))
		entry_wrong(vma, addr, __pte(_PAGE_SPECIAL | pte_val(pte)),
			    "swap entry, but there is no swap");
	page = vm_normal_page(pte);
	check_permissions(vma, addr, pte, page);
	if (!page)
		return;
	check_page(vma, addr, pte, page);
	tally->rss[mm_counter(page)]++;
}

static void check_pte_table(struct mm_tally *tally, pmd_t *pmd, vaddr_t addr)
{
	pte_t *pte = pte_offset(pmd, addr);

	check_table_page(tally, pmd_table(pmdp_get(pmd)), addr, PMD_SIZE);
	for (unsigned int i = 0; i < PTRS_PER_TABLE; i++, addr += PAGE_SIZE)
		check_entry(tally, addr, ptep_get(pte + i));
}

static void check_pmd_table(struct mm_tally *tally, pud_t *pud, vaddr_t addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	check_table_page(tally, pud_table(pudp_get(pud)), addr, PUD_SIZE);
	for (unsigned int i = 0; i < PTRS_PER_TABLE; i++, addr += PMD_SIZE) {
		if (!pmd_none(pmdp_get(pmd + i)))
			check_pte_table(tally, pmd + i, addr);
	}
}

static void check_pud_table(struct mm_tally *tally, pgd_t *pgd, vaddr_t addr)
{
	pud_t *pud = pud_offset(pgd, addr);

	check_table_page(tally, pgd_table(pgdp_get(pgd)), addr, PGDIR_SIZE);
	for (unsigned int i = 0; i < PTRS_PER_TABLE; i++, addr += PUD_SIZE) {
		if (!pud_none(pudp_get(pud + i)))
			check_pmd_table(tally, pud + i, addr);
	}
}

static void check_counters(struct mm_tally *tally)
{
	struct mm_struct *mm = tally->mm;

	if ((unsigned long)atomic_long_read(&mm->pgtables_bytes) != tally->tables * PAGE_SIZE)
		panic("mm_check: %lu table pages, but pgtables_bytes is %ld", tally->tables,
		      atomic_long_read(&mm->pgtables_bytes));
	for (int i = 0; i < NR_MM_COUNTERS; i++) {
		long counted = 0;
		unsigned int cpu;

		for_each_possible_cpu(cpu)
			counted += mm->rss[cpu].count[i];
		if (counted != tally->rss[i])
			panic("mm_check: rss kind %d is %ld, counted %ld entries", i, counted,
			      tally->rss[i]);
	}
}

/**
 * mm_check - VMAs, page tables, struct pages, reverse map and counters of @mm agree
 *
 * Locks: mmap_lock held, and no fault at work.
 */
void mm_check(struct mm_struct *mm)
{
	struct mm_tally tally = { .mm = mm };

	for (unsigned int i = 0; i < PTRS_PER_TABLE / 2; i++) {
		pgd_t *pgd = mm->pgd + i;

		if (!pgd_none(pgdp_get(pgd)))
			check_pud_table(&tally, pgd, (vaddr_t)i << PGDIR_SHIFT);
	}
	check_counters(&tally);
}
