/* SPDX-License-Identifier: MIT */
/*
 * mm/vmalloc.c - contiguous kernel addresses over scattered frames
 *
 *     VMALLOC_START                                                            VMALLOC_END
 *     [ area A ][g][ area B  ][g]           [ C ][g] ...
 *                               <-- C's gap -->             g: guard page, never mapped
 *
 * Areas are kept in a red-black tree by address.  Each knows the free bytes below it, its gap, and each node the
 * largest gap of its subtree, so the lowest place that is large enough is found in one walk down.
 *
 * The page tables are init_mm's.  The top-level entries of the whole range exist from boot on and are shared by
 * every address space, so a new mapping is seen everywhere at once and no vmalloc fault exists.  Tables, once made,
 * stay: the addresses are used again.
 *
 * Freeing: the entries are cleared, but the processors may remember the old translations.  So an area stays "lazy",
 * its addresses and its pages taken, until enough of them are worth one flush of all TLBs; then they go together.
 * Nothing that is still reachable through a TLB is ever given to somebody else.  vunmap() and iounmap() flush at
 * once: the frames are the caller's, who may free them next.
 *
 * Invariants (vmalloc_check()):
 *   A1  areas and their guard pages are disjoint, in [VMALLOC_START, VMALLOC_END];
 *   A2  gap and subtree_gap are what the neighbours and children say;
 *   A3  vmap_lazy_pages counts the pages of the lazy list.
 *
 * Locking: vmap_lock (a plain spinlock: never taken in interrupts) covers the tree and the lists.
 * init_mm.page_table_lock covers setting entries above the last level; entries of the last level belong to the
 * owner of the addresses.  No lock is held while pages are allocated or TLBs flushed.
 * Not done: large pages in vmalloc; freeing tables.
 */
#include "mm_env.h"
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

/* Lazy areas are flushed when they cover more pages: 8 MiB, but no more than a 32nd of a small machine. */
static unsigned long lazy_max_pages(void)
{
	return min(8 * MiB >> PAGE_SHIFT, totalram_pages() / 32);
}

static DEFINE_SPINLOCK(vmap_lock, LOCK_VMALLOC);
static struct rb_root vmap_root = RB_ROOT;
static LIST_HEAD(vmap_lazy);
static unsigned long vmap_lazy_pages;
static struct kmem_cache *vm_struct_cache;

/* ---------------------------------------------------------------- the tree; vmap_lock held */

static size_t area_gap(const struct vm_struct *area)
{
	return area->gap;
}

RB_DECLARE_CALLBACKS_MAX(static, gap_callbacks, struct vm_struct, rb, size_t, subtree_gap, area_gap)

/* First byte behind an area and its guard page. */
static vaddr_t area_end(const struct vm_struct *area)
{
	return area->addr + area->size + PAGE_SIZE;
}

static size_t subtree_gap(struct rb_node *node)
{
	return node ? rb_entry(node, struct vm_struct, rb)->subtree_gap : 0;
}

/* Lowest free address with room for @need bytes; 0 for none. */
static vaddr_t find_room(size_t need)
{
	struct rb_node *node = vmap_root.rb_node;
	vaddr_t end = VMALLOC_START;

	if (subtree_gap(node) >= need) {
		for (;;) {
			struct vm_struct *area = rb_entry(node, struct vm_struct, rb);

			if (subtree_gap(node->rb_left) >= need)
				node = node->rb_left;
			else if (area->gap >= need)
				return area->addr - area->gap;
			else
				node = node->rb_right;
		}
	}
	node = rb_last(&vmap_root);
	if (node)
		end = area_end(rb_entry(node, struct vm_struct, rb));
	return VMALLOC_END - end >= need - 1 ? end : 0;
}

static void set_gap(struct vm_struct *area, size_t gap)
{
	area->gap = gap;
	gap_callbacks.propagate(&area->rb, NULL);
}

/* @area fits between its neighbours: part of the gap below the next area becomes its own. */
static void insert_area(struct vm_struct *area)
{
	struct rb_node **link = &vmap_root.rb_node, *parent = NULL, *prev, *next;

	while (*link) {
		parent = *link;
		link = area->addr < rb_entry(parent, struct vm_struct, rb)->addr
			       ? &parent->rb_left
			       : &parent->rb_right;
	}
	rb_link_node(&area->rb, parent, link);
	prev = rb_prev(&area->rb);
	next = rb_next(&area->rb);
	area->gap = area->addr -
		    (prev ? area_end(rb_entry(prev, struct vm_struct, rb)) : VMALLOC_START);
	area->subtree_gap = area->gap;
	gap_callbacks.propagate(parent, NULL);
	rb_insert_augmented(&area->rb, &vmap_root, &gap_callbacks);
	if (next) {
		struct vm_struct *above = rb_entry(next, struct vm_struct, rb);

		set_gap(above, above->addr - area_end(area));
	}
}

static void erase_area(struct vm_struct *area)
{
	struct rb_node *next = rb_next(&area->rb);
	vaddr_t freed_from = area->addr - area->gap;

	rb_erase_augmented(&area->rb, &vmap_root, &gap_callbacks);
	if (next) {
		struct vm_struct *above = rb_entry(next, struct vm_struct, rb);

		set_gap(above, above->addr - freed_from);
	}
}

/* The live area that begins at @addr, or NULL. */
static struct vm_struct *find_area(vaddr_t addr)
{
	struct rb_node *node = vmap_root.rb_node;

	while (node) {
		struct vm_struct *area = rb_entry(node, struct vm_struct, rb);

		if (addr == area->addr)
			return area->flags & VM_AREA_LAZY ? NULL : area;
		node = addr < area->addr ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* ---------------------------------------------------------------- areas */

/* What the area holds besides addresses: its own pages, the array of pointers. */
static void free_area_pages(struct vm_struct *area)
{
	for (unsigned int i = 0; i < area->nr_pages; i++) {
		mod_node_page_state(page_to_nid(area->pages[i]), NR_VMALLOC, -1);
		__free_page(area->pages[i]);
	}
	kfree(area->pages);
}

/**
 * vmalloc_flush - one flush for all lazy areas; then their addresses and pages are free
 *
 * Context: interrupts on, no spinlock held: other CPUs are waited for.
 */
void vmalloc_flush(void)
{
	vaddr_t start = ~0UL, end = 0;
	struct vm_struct *area, *next;
	LIST_HEAD(flushing);

	spin_lock(&vmap_lock);
	list_splice_init(&vmap_lazy, &flushing);
	vmap_lazy_pages = 0;
	spin_unlock(&vmap_lock);
	if (list_empty(&flushing))
		return;
	list_for_each_entry(area, &flushing, lazy) {
		start = min(start, area->addr);
		end = max(end, area->addr + area->size);
	}
	flush_tlb_kernel_range(start, end);
	list_for_each_entry_safe(area, next, &flushing, lazy) {
		spin_lock(&vmap_lock);
		erase_area(area);
		spin_unlock(&vmap_lock);
		free_area_pages(area);
		kmem_cache_free(vm_struct_cache, area);
	}
}

/* get_area - addresses for @size bytes and a guard page.  NULL: out of memory, or of addresses. */
static struct vm_struct *get_area(size_t size, unsigned int flags, const void *caller)
{
	struct vm_struct *area = kmem_cache_zalloc(vm_struct_cache, GFP_KERNEL);

	if (!area)
		return NULL;
	area->size = size;
	area->flags = flags;
	area->caller = caller;
	for (int try = 0; try < 2; try++) {
		spin_lock(&vmap_lock);
		area->addr = find_room(size + PAGE_SIZE);
		if (area->addr)
			insert_area(area);
		spin_unlock(&vmap_lock);
		if (area->addr)
			return area;
		vmalloc_flush(); /* lazy areas may be all that is in the way */
	}
	kmem_cache_free(vm_struct_cache, area);
	return NULL;
}

/* put_area - the entries of @area are clear: addresses and pages wait for the flush */
static void put_area(struct vm_struct *area)
{
	bool flush;

	spin_lock(&vmap_lock);
	area->flags |= VM_AREA_LAZY;
	list_add(&area->lazy, &vmap_lazy);
	vmap_lazy_pages += area->size >> PAGE_SHIFT;
	flush = vmap_lazy_pages > lazy_max_pages();
	spin_unlock(&vmap_lock);
	if (flush)
		vmalloc_flush();
}

/* ---------------------------------------------------------------- page tables */

/* A zeroed table page, or NULL. */
static struct page *alloc_table(void)
{
	struct page *table = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (table)
		__SetPageTable(table);
	return table;
}

/*
 * Fill an empty entry above the last level: allocate first, look again under the lock.  @slot is the entry's word,
 * whichever level it is.  false: out of memory.
 */
static bool populate(u64 *slot)
{
	struct page *table;

	if (likely(READ_ONCE(*slot) & _PAGE_PRESENT))
		return true;
	table = alloc_table();
	if (!table)
		return false;
	spin_lock(&init_mm.page_table_lock);
	if (!(READ_ONCE(*slot) & _PAGE_PRESENT)) {
		WRITE_ONCE(*slot, page_to_phys(table) | _KERNPG_TABLE);
		table = NULL;
	}
	spin_unlock(&init_mm.page_table_lock);
	if (table) {
		__ClearPageTable(table);
		__free_page(table);
	}
	return true;
}

/* The PMD slot of a kernel address, tables above it made as needed; NULL when out of memory. */
static pmd_t *kernel_pmd_alloc(vaddr_t addr)
{
	pgd_t *pgd = pgd_offset(&init_mm, addr);
	pud_t *pud;

	if (!pgd_present(pgdp_get(
		    pgd))) /* boot made what the address spaces share: no more can be added */
		return NULL;
	pud = pud_offset(pgd, addr);
	if (!populate(&pud->pud))
		return NULL;
	return pmd_offset(pud, addr);
}

static pmd_t *kernel_pmd(vaddr_t addr)
{
	pgd_t *pgd = pgd_offset(&init_mm, addr);
	pud_t *pud;

	if (!pgd_present(pgdp_get(pgd)))
		return NULL;
	pud = pud_offset(pgd, addr);
	return pud_present(pudp_get(pud)) ? pmd_offset(pud, addr) : NULL;
}

/* Clear the entries of [start, end); where tables are missing nothing was mapped. */
static void unmap_range(vaddr_t start, vaddr_t end)
{
	while (start < end) {
		vaddr_t stop = pmd_addr_end(start, end);
		pmd_t *pmd = kernel_pmd(start);

		if (pmd && pmd_present(pmdp_get(pmd)))
			for (pte_t *pte = pte_offset(pmd, start); start < stop; start += PAGE_SIZE)
				set_pte(pte++,
					__pte(0)); /* flushed before the addresses are used again */
		start = stop;
	}
}

/*
 * Map an area: to its pages, or (ioremap) to consecutive frames.
 * Return: 0, or -ENOMEM with nothing mapped.
 */
static int map_area(const struct vm_struct *area, pgprot_t prot)
{
	vaddr_t addr = area->addr, end = addr + area->size;
	pfn_t pfn = area->phys_addr >> PAGE_SHIFT;
	struct page **pages = area->pages;

	while (addr < end) {
		vaddr_t stop = pmd_addr_end(addr, end);
		pmd_t *pmd = kernel_pmd_alloc(addr);

		if (!pmd || !populate(&pmd->pmd)) {
			unmap_range(area->addr, addr);
			return -ENOMEM;
		}
		for (pte_t *pte = pte_offset(pmd, addr); addr < stop; addr += PAGE_SIZE, pte++)
			set_pte(pte, pfn_pte(pages ? page_to_pfn(*pages++) : pfn++, prot));
	}
	return 0;
}

/* ---------------------------------------------------------------- vmalloc */

static bool alloc_area_pages(struct vm_struct *area, gfp_t gfp)
{
	unsigned int nr = area->size >> PAGE_SHIFT;
	unsigned int mark = area->flags & VM_AREA_STACK ? PG_kstack : PG_vmalloc;

	area->pages = kmalloc_array(nr, sizeof(struct page *), GFP_KERNEL);
	if (!area->pages)
		return false;
	while (area->nr_pages < nr) {
		struct page *page = alloc_page(gfp);

		if (!page)
			return false;
		__set_bit(mark, &page->flags);
		mod_node_page_state(page_to_nid(page), NR_VMALLOC, 1);
		area->pages[area->nr_pages++] = page;
		if (nr > 256)
			cond_resched();
	}
	return true;
}

void *__vmalloc(size_t size, gfp_t gfp, unsigned int flags, const void *caller)
{
	struct vm_struct *area;

	if (!size || size > totalram_pages() << PAGE_SHIFT)
		return NULL;
	area = get_area(PAGE_ALIGN(size), flags, caller);
	if (!area)
		return NULL;
	if (!alloc_area_pages(area, gfp) || map_area(area, PAGE_KERNEL)) {
		put_area(area);
		return NULL;
	}
	return (void *)area->addr;
}

void *vmalloc(size_t size)
{
	return __vmalloc(size, GFP_KERNEL, VM_AREA_ALLOC, __builtin_return_address(0));
}

void *vzalloc(size_t size)
{
	return __vmalloc(size, GFP_KERNEL | __GFP_ZERO, VM_AREA_ALLOC, __builtin_return_address(0));
}

/* Take an area of kind @flags apart: entries, pages if they are its own, addresses. */
static void remove_area(const void *addr, unsigned int flags, const char *who)
{
	struct vm_struct *area;

	if (!addr)
		return;
	spin_lock(&vmap_lock);
	area = find_area((vaddr_t)addr);
	spin_unlock(&vmap_lock);
	if (!area || !(area->flags & flags))
		panic("%s: no such area begins at %p", who, addr);
	unmap_range(area->addr, area->addr + area->size);
	put_area(area);
	if (!(flags & VM_AREA_ALLOC))
		vmalloc_flush();
}

void vfree(const void *addr)
{
	remove_area(addr, VM_AREA_ALLOC, "vfree");
}

void *vmap(struct page **pages, unsigned int nr, pgprot_t prot)
{
	struct vm_struct *area;

	if (!nr)
		return NULL;
	area = get_area((size_t)nr << PAGE_SHIFT, VM_AREA_MAP, __builtin_return_address(0));
	if (!area)
		return NULL;
	area->pages = kmemdup(pages, nr * sizeof(*pages), GFP_KERNEL);
	if (!area->pages || map_area(area, prot)) {
		put_area(area);
		return NULL;
	}
	return (void *)area->addr;
}

void vunmap(const void *addr)
{
	remove_area(addr, VM_AREA_MAP, "vunmap");
}

void *ioremap(paddr_t phys, size_t size)
{
	unsigned long offset = phys & ~PAGE_MASK;
	struct vm_struct *area;

	if (!size || phys + size < phys)
		return NULL;
	area = get_area(PAGE_ALIGN(offset + size), VM_AREA_IOREMAP, __builtin_return_address(0));
	if (!area)
		return NULL;
	area->phys_addr = phys - offset;
	if (map_area(area, PAGE_KERNEL_IO)) {
		put_area(area);
		return NULL;
	}
	return (void *)(area->addr + offset);
}

void iounmap(const void *addr)
{
	remove_area((const void *)((vaddr_t)addr & PAGE_MASK), VM_AREA_IOREMAP, "iounmap");
}

bool is_vmalloc_addr(const void *addr)
{
	return (vaddr_t)addr >= VMALLOC_START && (vaddr_t)addr <= VMALLOC_END;
}

struct page *vmalloc_to_page(const void *addr)
{
	pmd_t *pmd = is_vmalloc_addr(addr) ? kernel_pmd((vaddr_t)addr) : NULL;
	pte_t pte;

	if (!pmd || !pmd_present(pmdp_get(pmd)))
		return NULL;
	pte = ptep_get(pte_offset(pmd, (vaddr_t)addr));
	return pte_hw_present(pte) && pfn_valid(pte_pfn(pte)) ? pfn_to_page(pte_pfn(pte)) : NULL;
}

void vmalloc_for_each(void (*fn)(const struct vm_struct *area, void *arg), void *arg)
{
	spin_lock(&vmap_lock);
	for (struct rb_node *node = rb_first(&vmap_root); node; node = rb_next(node)) {
		const struct vm_struct *area = rb_entry(node, struct vm_struct, rb);

		if (!(area->flags & VM_AREA_LAZY))
			fn(area, arg);
	}
	spin_unlock(&vmap_lock);
}

/* ---------------------------------------------------------------- boot, checks */

void vmalloc_init(void)
{
	vm_struct_cache =
		kmem_cache_create("vm_struct", sizeof(struct vm_struct), 0, SLAB_PANIC, NULL);
}

/* A2 below one node; returns the subtree's largest gap. */
static size_t check_subtree(struct rb_node *node)
{
	struct vm_struct *area;
	size_t most;

	if (!node)
		return 0;
	area = rb_entry(node, struct vm_struct, rb);
	most = max(area->gap, max(check_subtree(node->rb_left), check_subtree(node->rb_right)));
	if (most != area->subtree_gap)
		panic("vmalloc: subtree of %#lx has a gap of %lu, says %lu", area->addr, most,
		      area->subtree_gap);
	return most;
}

/* vmalloc_check - A1..A3; panics */
void vmalloc_check(void)
{
	vaddr_t end = VMALLOC_START;
	unsigned long lazy = 0;

	spin_lock(&vmap_lock);
	if (!rb_check(&vmap_root))
		panic("vmalloc: the tree is broken");
	for (struct rb_node *node = rb_first(&vmap_root); node; node = rb_next(node)) {
		const struct vm_struct *area = rb_entry(node, struct vm_struct, rb);

		if (area->addr < end || area->gap != area->addr - end ||
		    area_end(area) - 1 > VMALLOC_END)
			panic("vmalloc: area %#lx + %#lx with gap %#lx, the one below ends at %#lx",
			      area->addr, area->size, area->gap, end);
		if (area->flags & VM_AREA_LAZY)
			lazy += area->size >> PAGE_SHIFT;
		end = area_end(area);
	}
	check_subtree(vmap_root.rb_node);
	if (lazy != vmap_lazy_pages)
		panic("vmalloc: %lu lazy pages, counted %lu", lazy, vmap_lazy_pages);
	spin_unlock(&vmap_lock);
}
