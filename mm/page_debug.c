/* SPDX-License-Identifier: MIT */
/*
 * mm/page_debug.c - the page allocator's invariants, and the traps for those who break them
 *
 * Three nets, from the cheapest to the most thorough:
 *
 *   bad_page()          every free looks at flags, mapping and both counts: a page that is still used, or freed
 *                       twice, is caught in every build;
 *   page_debug_*()      debug builds fill free frames and compare before the next use: a write through a stale
 *                       pointer is caught, with the frame and the bytes found;
 *   buddy_check()       B1..B4 of mm/page_alloc.c over a whole zone, for tests and mm/check.c.
 *
 * A frame that has never been freed (fresh from boot) was never filled, so each filled frame carries PG_poison.
 */
#include "mm_env.h"
#include <mm/mmzone.h>
#include <mm/page_debug.h>

static const char *const pageflag_names[NR_PAGEFLAGS] = {
	[PG_locked] = "locked",
	[PG_referenced] = "referenced",
	[PG_uptodate] = "uptodate",
	[PG_dirty] = "dirty",
	[PG_lru] = "lru",
	[PG_active] = "active",
	[PG_swapbacked] = "swapbacked",
	[PG_swapcache] = "swapcache",
	[PG_unevictable] = "unevictable",
	[PG_mlocked] = "mlocked",
	[PG_writeback] = "writeback",
	[PG_private] = "private",
	[PG_reserved] = "reserved",
	[PG_buddy] = "buddy",
	[PG_slab] = "slab",
	[PG_table] = "table",
	[PG_head] = "head",
	[PG_anon_exclusive] = "anon_exclusive",
	[PG_waiters] = "waiters",
	[PG_vmalloc] = "vmalloc",
	[PG_kstack] = "kstack",
	[PG_pcp] = "pcp",
	[PG_poison] = "poison",
};

void bad_page(const struct page *page, const char *what)
{
	char flags[160];
	size_t len = 0;

	flags[0] = '\0';
	for (unsigned int i = 0; i < NR_PAGEFLAGS; i++)
		if (test_bit(i, &page->flags))
			len += scnprintf(flags + len, sizeof(flags) - len, " %s",
					 pageflag_names[i]);
	panic("bad page: pfn %#lx %s: refcount %d mapcount %d mapping %p index %#lx order %u flags%s",
	      page_to_pfn(page), what, page_count(page), page_mapcount(page), (void *)page->mapping,
	      page->index, compound_order(page), len ? flags : " none");
}

void page_debug_free(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		void *va = kmap_local_page(page + i);

		memset(va, PAGE_POISON, PAGE_SIZE);
		kunmap_local(va);
		page[i].flags |= BIT(PG_poison);
	}
}

static void check_poison(struct page *page)
{
	const u64 want = 0x0101010101010101UL * PAGE_POISON;
	const u64 *words = kmap_local_page(page);

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		if (unlikely(words[i] != want))
			panic("free page pfn %#lx was written to: offset %#lx holds %#lx instead of %#lx",
			      page_to_pfn(page), i * sizeof(u64), words[i], want);
	kunmap_local(words);
}

void page_debug_alloc(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		if (PagePoison(page + i))
			check_poison(page + i);
		page[i].flags &= ~BIT(PG_poison);
	}
}

/* One block on the free list of @order: B1 and B2. */
static void check_free_block(const struct zone *zone, const struct page *page, unsigned int order)
{
	pfn_t pfn = page_to_pfn(page);
	const struct page *buddy = page + ((long)(pfn ^ (1UL << order)) - (long)pfn);

	if (page_zone(page) != zone)
		bad_page(page, "on a free list of another zone");
	if (!PageBuddy(page) || page->private != order)
		bad_page(page, "on a free list, but not marked so with the list's order");
	if (!IS_ALIGNED(pfn, 1UL << order))
		bad_page(page, "a free block that is not aligned to its size");
	if (page_count(page))
		bad_page(page, "free, but referenced");
	if (pfn < zone->start_pfn || pfn + (1UL << order) > zone->start_pfn + zone->spanned_pages)
		bad_page(page, "a free block that leaves its zone");
	for (unsigned long i = 1; i < 1UL << order; i++)
		if (PageBuddy(page + i) || PagePcp(page + i))
			bad_page(page + i,
				 "inside a free block, but marked as a free page of its own");
	if (order < MAX_ORDER && PageBuddy(buddy) && buddy->private == order &&
	    page_zone(buddy) == zone)
		bad_page(page, "free beside its free buddy: they should have merged");
}

/**
 * buddy_check - B1..B4 over one zone
 *
 * Locks: takes the zone lock.  The stacks of other CPUs are read as they are: call it when those are idle.
 */
void buddy_check(struct zone *zone)
{
	unsigned long flags, total = 0;
	struct page *page;
	unsigned int cpu;

	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		unsigned long blocks = 0;

		list_for_each_entry(page, &zone->free_area[order].free_list, lru) {
			check_free_block(zone, page, order);
			if (++blocks > zone->managed_pages)
				panic("zone %s: free list of order %u is a ring", zone->name,
				      order);
		}
		if (blocks != zone->free_area[order].nr_free)
			panic("zone %s: order %u has %lu blocks and counts %lu", zone->name, order,
			      blocks, zone->free_area[order].nr_free);
		total += blocks << order;
	}
	if (total != zone->nr_free) /* B3 */
		panic("zone %s: %lu pages on the free lists, nr_free is %lu", zone->name, total,
		      zone->nr_free);
	for_each_possible_cpu(cpu) { /* B4 */
		const struct per_cpu_pages *pcp = &zone->pcp[cpu];

		for (unsigned int i = 0; i < pcp->count; i++) {
			page = pcp->pages[i];
			if (!PagePcp(page) || PageBuddy(page) || page_count(page) ||
			    page_zone(page) != zone)
				bad_page(page, "in a per-CPU stack");
			for (unsigned int j = 0; j < i; j++)
				if (pcp->pages[j] == page)
					bad_page(page, "twice in a per-CPU stack");
		}
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

void buddy_check_all(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		buddy_check(zone);
}
