/* SPDX-License-Identifier: MIT */
/*
 * mm/pgtable.c - pages that hold page tables: made on demand, freed by range
 *
 *     pgd ---> pud ---> pmd ---> pte table ---> page
 *      |        512 GiB   1 GiB    2 MiB          one such subtree is built by the first fault in it
 *      +-- upper half: the kernel's, the same entries in every mm
 *
 * Page tables are a cache of what the VMAs say: they may lack anything, and a fault refills them.
 * A table is zeroed, then published by one store; it goes when no VMA is left whose range it
 * covers.
 *
 * Invariants (mm_check() verifies them):
 *   P1  a table page has PG_table, pt_mm == its mm, and one parent entry;
 *   P2  mm->pgtables_bytes is PAGE_SIZE times the tables below the pgd;
 *   P3  every table covers part of some VMA.
 *
 * Locking: page_table_lock to hang a new table in; PTE entries belong to the lock in the table's
 * struct page, so that faults in different 2 MiB do not meet.  Tables are freed under mmap_lock for
 * write, after the VMAs have left the reverse map: whoever holds mmap_lock, or the lock of a
 * reverse map in which the VMA is, may walk.
 *
 * Not done: PTE tables shared between processes; moving whole tables.
 * Source: Intel SDM 3A, "4-Level Paging and 5-Level Paging".
 */
#include "mm_env.h"
#include <mm/internal.h>

static struct page *alloc_table_page(struct mm_struct *mm)
{
	struct page *table = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_ACCOUNT);

	if (!table)
		return NULL;
	spin_lock_init(&table->ptl, LOCK_PTE);
	table->pt_mm = mm;
	__SetPageTable(table);
	mod_node_page_state(page_to_nid(table), NR_PAGETABLE, 1);
	count_vm_event(PGTABLE_ALLOC);
	return table;
}

void free_table_page(struct mm_struct *mm, struct page *table)
{
	VM_BUG_ON(!PageTable(table) || table->pt_mm != mm);
	atomic_long_sub(PAGE_SIZE, &mm->pgtables_bytes);
	mod_node_page_state(page_to_nid(table), NR_PAGETABLE, -1);
	count_vm_event(PGTABLE_FREE);
	__ClearPageTable(table);
	table->mapping = NULL; /* was pt_next */
	__free_page(table);
}

/**
 * pgd_alloc - a top-level table: no user entries, the kernel's shared with every other mm
 *
 * The kernel's slots are all filled at boot and never change, so copying them once is enough.
 */
pgd_t *pgd_alloc(struct mm_struct *mm)
{
	const unsigned int first_kernel = PTRS_PER_TABLE / 2;
	struct page *table = alloc_table_page(mm);
	pgd_t *pgd;

	if (!table)
		return NULL;
	pgd = page_address(table);
	memcpy(pgd + first_kernel, init_mm.pgd + first_kernel,
	       (PTRS_PER_TABLE - first_kernel) * sizeof(*pgd));
	return pgd;
}

void pgd_free(struct mm_struct *mm, pgd_t *pgd)
{
	for (unsigned int i = 0; i < PTRS_PER_TABLE / 2; i++)
		VM_BUG_ON(!pgd_none(pgdp_get(pgd + i)));
	atomic_long_add(PAGE_SIZE, &mm->pgtables_bytes); /* the pgd was never counted */
	free_table_page(mm, virt_to_page(pgd));
}

/*
 * A new table is allocated with no lock held; whoever takes the lock first hangs his in, the other
 * frees his.
 */
static struct page *table_to_publish(struct mm_struct *mm)
{
	struct page *table = alloc_table_page(mm);

	if (!table)
		return NULL;
	atomic_long_add(PAGE_SIZE, &mm->pgtables_bytes);
	smp_wmb(); /* zeroes before the pointer to them */
	spin_lock(&mm->page_table_lock);
	return table;
}

static void publish_end(struct mm_struct *mm, struct page *loser)
{
	spin_unlock(&mm->page_table_lock);
	if (loser)
		free_table_page(mm, loser);
}

static int __pud_alloc(struct mm_struct *mm, pgd_t *pgd)
{
	struct page *table = table_to_publish(mm);

	if (!table)
		return -ENOMEM;
	if (pgd_none(pgdp_get(pgd))) {
		set_pgd(pgd, __pgd(page_to_phys(table) | _PAGE_TABLE));
		table = NULL;
	}
	publish_end(mm, table);
	return 0;
}

static int __pmd_alloc(struct mm_struct *mm, pud_t *pud)
{
	struct page *table = table_to_publish(mm);

	if (!table)
		return -ENOMEM;
	if (pud_none(pudp_get(pud))) {
		set_pud(pud, __pud(page_to_phys(table) | _PAGE_TABLE));
		table = NULL;
	}
	publish_end(mm, table);
	return 0;
}

int __pte_alloc(struct mm_struct *mm, pmd_t *pmd)
{
	struct page *table = table_to_publish(mm);

	if (!table)
		return -ENOMEM;
	if (pmd_none(pmdp_get(pmd))) {
		set_pmd(pmd, __pmd(page_to_phys(table) | _PAGE_TABLE));
		table = NULL;
	}
	publish_end(mm, table);
	return 0;
}

pmd_t *pmd_alloc_map(struct mm_struct *mm, vaddr_t addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud;

	if (unlikely(pgd_none(pgdp_get(pgd))) && __pud_alloc(mm, pgd))
		return NULL;
	pud = pud_offset(pgd, addr);
	if (unlikely(pud_none(pudp_get(pud))) && __pmd_alloc(mm, pud))
		return NULL;
	return pmd_offset(pud, addr);
}

pmd_t *pmd_find(struct mm_struct *mm, vaddr_t addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud;

	if (!pgd_present(pgdp_get(pgd)))
		return NULL;
	pud = pud_offset(pgd, addr);
	return pud_present(pudp_get(pud)) ? pmd_offset(pud, addr) : NULL;
}

pmd_t *next_pte_table(struct mm_struct *mm, vaddr_t *addr, vaddr_t end)
{
	vaddr_t a = *addr;

	while (a < end) {
		pgd_t *pgd = pgd_offset(mm, a);
		pud_t *pud;
		pmd_t *pmd;
		vaddr_t stop;

		if (!pgd_present(pgdp_get(pgd))) {
			a = pgd_addr_end(a, end);
			continue;
		}
		pud = pud_offset(pgd, a);
		stop = pud_addr_end(a, end);
		if (!pud_present(pudp_get(pud))) {
			a = stop;
			continue;
		}
		for (pmd = pmd_offset(pud, a); a < stop; pmd++, a = pmd_addr_end(a, stop)) {
			if (pmd_present(pmdp_get(pmd))) {
				*addr = a;
				return pmd;
			}
		}
	}
	return NULL;
}

/*
 * Freeing by range.  [addr, end) was mapped and is not any more; [floor, ceiling) is the hole
 * around it, ceiling 0 standing for the end of the address space.  At each level a table goes when
 * all that it covers is in the hole.
 *
 *     floor        addr         end          ceiling
 *       |............[###########].............|
 *     |-----|-----|-----|-----|-----|-----|-----|      tables of one level
 *                 goes  goes  goes  goes
 */
static bool table_in_hole(vaddr_t start, vaddr_t end, vaddr_t floor, vaddr_t ceiling, vaddr_t size)
{
	vaddr_t first = start & ~(size - 1);
	vaddr_t last = (end - 1) | (size - 1); /* last byte covered */

	return first >= floor && last <= ceiling - 1;
}

static void free_pte_table(struct mmu_gather *tlb, pmd_t *pmd, vaddr_t addr)
{
	struct page *table = pfn_to_page(pmd_table(pmdp_get(pmd)) >> PAGE_SHIFT);

	set_pmd(pmd, __pmd(0)); /* flushed by the gather before the table is freed */
	tlb_remove_table(tlb, table, addr & PMD_MASK, PMD_SIZE);
}

static void free_pmd_range(struct mmu_gather *tlb, pud_t *pud, vaddr_t start, vaddr_t end,
			   vaddr_t floor, vaddr_t ceiling)
{
	pmd_t *pmd = pmd_offset(pud, start);
	struct page *table;
	vaddr_t addr = start, next;

	for (; addr < end; addr = next, pmd++) {
		next = pmd_addr_end(addr, end);
		if (pmd_present(pmdp_get(pmd)) &&
		    table_in_hole(addr, next, floor, ceiling, PMD_SIZE))
			free_pte_table(tlb, pmd, addr);
	}
	if (!table_in_hole(start, end, floor, ceiling, PUD_SIZE))
		return;
	table = pfn_to_page(pud_table(pudp_get(pud)) >> PAGE_SHIFT);
	set_pud(pud, __pud(0));
	tlb_remove_table(tlb, table, start & PUD_MASK, PUD_SIZE);
}

static void free_pud_range(struct mmu_gather *tlb, pgd_t *pgd, vaddr_t start, vaddr_t end,
			   vaddr_t floor, vaddr_t ceiling)
{
	pud_t *pud = pud_offset(pgd, start);
	struct page *table;
	vaddr_t addr = start, next;

	for (; addr < end; addr = next, pud++) {
		next = pud_addr_end(addr, end);
		if (pud_present(pudp_get(pud)))
			free_pmd_range(tlb, pud, addr, next, floor, ceiling);
	}
	if (!table_in_hole(start, end, floor, ceiling, PGDIR_SIZE))
		return;
	table = pfn_to_page(pgd_table(pgdp_get(pgd)) >> PAGE_SHIFT);
	set_pgd(pgd, __pgd(0));
	tlb_remove_table(tlb, table, start & PGDIR_MASK, PGDIR_SIZE);
}

void free_pgd_range(struct mmu_gather *tlb, vaddr_t start, vaddr_t end, vaddr_t floor,
		    vaddr_t ceiling)
{
	vaddr_t addr, next;

	for (addr = start; addr < end; addr = next) {
		pgd_t *pgd = pgd_offset(tlb->mm, addr);

		next = pgd_addr_end(addr, end);
		if (pgd_present(pgdp_get(pgd)))
			free_pud_range(tlb, pgd, addr, next, floor, ceiling);
	}
}

void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t floor,
		   vaddr_t ceiling)
{
	struct vm_area_struct *next;

	for (; vma; vma = next) {
		vaddr_t start = vma->vm_start, end = vma->vm_end;

		unlink_anon_vmas(vma);
		vma_unlink_file(vma);
		next = vma->vm_next;
		/* Neighbours whose tables lie side by side are freed in one walk. */
		while (next && next->vm_start <= end + PMD_SIZE) {
			end = next->vm_end;
			unlink_anon_vmas(next);
			vma_unlink_file(next);
			next = next->vm_next;
		}
		/*
		 * A table that reaches into the next VMA is left to that one's turn; floor stays,
		 * so it is free to go.
		 */
		free_pgd_range(tlb, start, end, floor, next ? next->vm_start : ceiling);
	}
}
