/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/page_alloc.c - nodes and zones from memblock, the buddy, per-CPU stacks, watermarks
 */
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/page_debug.h>

#include "env.h"

static const struct env_ram ram_32m[] = { { 0, 32 * MiB, 0 }, { 0 } };
/* The hole below 1 MiB, an end that no block is aligned to, and a second piece in the same MAX_ORDER block. */
static const struct env_ram ram_ragged[] = { { 0, 0x9f000, 0 },
					     { MiB, 30 * MiB + 5 * PAGE_SIZE, 0 },
					     { 31 * MiB + 9 * PAGE_SIZE, 20 * PAGE_SIZE, 0 },
					     { 0 } };
static const struct env_ram ram_nodes[] = { { 0, 24 * MiB, 0 },
					    { 24 * MiB, 16 * MiB, 1 },
					    { 4 * GiB, 16 * MiB, 1 },
					    { 0 } };

static struct zone *zone_at(int nid, enum zone_type idx)
{
	return &NODE_DATA(nid)->zones[idx];
}

static void boot(const struct env_ram *ram, unsigned int cpus)
{
	struct env_config config = { ram, cpus };

	env_boot_phys(&config);
	buddy_check_all();
}

static void drain_all(void)
{
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		env_set_cpu(cpu);
		drain_local_pages();
	}
	env_set_cpu(0);
	buddy_check_all();
}

/* ---------------------------------------------------------------- boot */

TEST(a_small_machine_has_most_of_its_memory_free)
{
	boot(ram_32m, 1);
	EXPECT(nr_free_pages() > 31 * MiB >> PAGE_SHIFT);
	EXPECT_EQ(zone_at(0, ZONE_DMA)->present_pages, 16 * MiB >> PAGE_SHIFT);
	EXPECT_EQ(zone_at(0, ZONE_DMA32)->present_pages, 16 * MiB >> PAGE_SHIFT);
	EXPECT_EQ(zone_at(0, ZONE_NORMAL)->present_pages, 0);
	EXPECT_EQ(NODE_DATA(0)->preferred[0], zone_at(0, ZONE_DMA32));
	EXPECT_EQ(NODE_DATA(0)->zonelist[1].zone, zone_at(0, ZONE_DMA));
	EXPECT_EQ(NODE_DATA(0)->zonelist[2].zone, NULL);
}

TEST(boot_memory_is_in_the_largest_blocks)
{
	struct zone *zone;

	boot(ram_32m, 1);
	zone = zone_at(0, ZONE_DMA);
	EXPECT_EQ(zone->free_area[MAX_ORDER].nr_free,
		  3); /* all but the block with the reserved first page */
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		EXPECT_EQ(zone->free_area[order].nr_free, 1);
}

TEST(frames_beside_ram_are_reserved_and_never_merge)
{
	boot(ram_ragged, 1);
	for (pfn_t pfn = 0; pfn < 32 * MiB >> PAGE_SHIFT; pfn++) {
		bool ram = env_is_ram(pfn << PAGE_SHIFT, PAGE_SIZE);

		EXPECT_EQ(pfn_valid(pfn), ram);
		if (!ram)
			ASSERT(PageReserved(pfn_to_page(pfn)));
	}
	EXPECT_EQ(zone_at(0, ZONE_DMA)->present_pages, 0x9f + (15 * MiB >> PAGE_SHIFT));
}

TEST(every_page_is_counted_once)
{
	unsigned long reserved = 0, present = 0;
	struct zone *zone;

	boot(ram_ragged, 2);
	for (pfn_t pfn = 0; pfn < 32 * MiB >> PAGE_SHIFT; pfn++)
		reserved += pfn_valid(pfn) && PageReserved(pfn_to_page(pfn));
	for_each_populated_zone(zone)
		present += zone->present_pages;
	EXPECT_EQ(reserved + totalram_pages(), present);
	EXPECT(nr_free_pages() <= totalram_pages());
}

TEST(watermarks_are_linux_s)
{
	unsigned long managed = 0;
	struct zone *zone;

	boot(ram_32m, 1);
	for_each_populated_zone(zone)
		managed += zone->managed_pages;
	EXPECT(min_free_kbytes * min_free_kbytes <= managed * 4 * 16);
	EXPECT((min_free_kbytes + 1) * (min_free_kbytes + 1) > managed * 4 * 16);
	zone = zone_at(0, ZONE_DMA32);
	EXPECT_EQ(zone->watermark[WMARK_MIN], min_free_kbytes / 4 * zone->managed_pages / managed);
	EXPECT_EQ(zone->watermark[WMARK_LOW],
		  zone->watermark[WMARK_MIN] + zone->watermark[WMARK_MIN] / 4);
	EXPECT_EQ(zone->watermark[WMARK_HIGH],
		  zone->watermark[WMARK_MIN] + zone->watermark[WMARK_MIN] / 4 * 2);
	EXPECT_EQ(zone_at(0, ZONE_DMA)->lowmem_reserve[ZONE_NORMAL], zone->managed_pages / 256);
	EXPECT_EQ(zone_at(0, ZONE_DMA)->lowmem_reserve[ZONE_DMA], 0);
	EXPECT(si_mem_available() < nr_free_pages());
}

TEST(zonelists_go_by_distance_then_from_high_to_low)
{
	boot(ram_nodes, 1);
	ASSERT_EQ(nr_online_nodes, 2);
	EXPECT_EQ(NODE_DATA(1)->zonelist[0].zone, zone_at(1, ZONE_NORMAL));
	EXPECT_EQ(NODE_DATA(1)->zonelist[1].zone, zone_at(1, ZONE_DMA32));
	EXPECT_EQ(NODE_DATA(1)->zonelist[2].zone, zone_at(0, ZONE_DMA32));
	EXPECT_EQ(NODE_DATA(1)->zonelist[3].zone, zone_at(0, ZONE_DMA));
	EXPECT_EQ(NODE_DATA(1)->zonelist[4].zone, NULL);
	EXPECT_EQ(NODE_DATA(0)->zonelist[0].zone, zone_at(0, ZONE_DMA32));
	EXPECT_EQ(NODE_DATA(0)->zonelist[2].zone, zone_at(1, ZONE_NORMAL));
	EXPECT_EQ(page_to_nid(alloc_pages_node(1, GFP_KERNEL, 0)), 1);
	EXPECT_EQ(page_to_nid(alloc_pages_node(0, GFP_KERNEL, 0)), 0);
}

TEST(blocks_do_not_merge_across_zones_or_nodes)
{
	struct zone *zone;
	struct page *page;

	boot(ram_nodes, 1);
	for_each_populated_zone(zone)
		for (unsigned int order = 0; order <= MAX_ORDER; order++)
			list_for_each_entry(page, &zone->free_area[order].free_list, lru)
				for (unsigned long i = 0; i < 1UL << order; i++)
					ASSERT_EQ(page_zone(page + i), zone);
}

TEST(boot_can_give_a_reservation_back)
{
	unsigned long free_before, managed;
	struct zone *zone;
	paddr_t pa;

	env_arena_init(NULL);
	memblock_add(&memblock, 0, 64 * MiB, 0);
	pa = memblock_alloc_phys(&memblock, 37 * PAGE_SIZE, PAGE_SIZE, -1, "initramfs");
	mem_init();
	zone = page_zone(pfn_to_page(pa >> PAGE_SHIFT));
	free_before = nr_free_pages();
	managed = zone->managed_pages;
	ASSERT(PageReserved(pfn_to_page(pa >> PAGE_SHIFT)));
	/* One frame becomes an ordinary page where it lies, the others are freed. */
	ASSERT_EQ(page_count(page_unreserve(pa >> PAGE_SHIFT)), 1);
	zone_boot_free((pa >> PAGE_SHIFT) + 1, (pa >> PAGE_SHIFT) + 37);
	EXPECT_EQ(nr_free_pages(), free_before + 36);
	EXPECT_EQ(zone->managed_pages, managed + 37);
	__free_page(pfn_to_page(pa >> PAGE_SHIFT));
	EXPECT_EQ(nr_free_pages(), free_before + 37);
	drain_local_pages();
	buddy_check_all();
}

/* ---------------------------------------------------------------- allocation */

TEST(a_page_comes_with_one_reference_and_no_past)
{
	struct page *page;

	boot(NULL, 1);
	page = alloc_page(GFP_KERNEL);
	ASSERT(page);
	EXPECT_EQ(page_count(page), 1);
	EXPECT_EQ(page_mapcount(page), 0);
	EXPECT_EQ(page->private, 0);
	EXPECT(!page->mapping);
	EXPECT_EQ(page->flags & (BIT(NR_PAGEFLAGS) - 1), 0);
	__free_page(page);
	buddy_check_all();
}

TEST(the_page_freed_last_is_allocated_first)
{
	struct page *a, *b;

	boot(NULL, 1);
	a = alloc_page(GFP_KERNEL);
	b = alloc_page(GFP_KERNEL);
	EXPECT_EQ(page_to_pfn(b), page_to_pfn(a) + 1); /* ascending out of a block */
	__free_page(b);
	__free_page(a);
	EXPECT_EQ(alloc_page(GFP_KERNEL), a);
	EXPECT_EQ(alloc_page(GFP_KERNEL), b);
}

TEST(zeroed_means_zeroed)
{
	boot(NULL, 1);
	for (unsigned int order = 0; order <= 3; order++) {
		u8 *p = __get_free_pages(GFP_KERNEL, order);

		memset(p, 0x77, PAGE_SIZE << order);
		free_pages(p, order);
		p = __get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
		EXPECT(!memchr_inv(p, 0, PAGE_SIZE << order));
		free_pages(p, order);
	}
}

TEST(every_order_is_aligned_and_comes_back)
{
	unsigned long before;

	boot(NULL, 1);
	before = nr_free_pages();
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		ASSERT(page);
		EXPECT(IS_ALIGNED(page_to_pfn(page), 1UL << order));
		EXPECT_EQ(nr_free_pages(), before - (1UL << order));
		__free_pages(page, order);
		EXPECT_EQ(nr_free_pages(), before);
		buddy_check_all();
	}
	EXPECT(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER + 1));
}

TEST(compound_tails_point_at_their_head_until_freed)
{
	struct page *page;

	boot(NULL, 1);
	page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
	ASSERT(PageHead(page));
	EXPECT_EQ(compound_order(page), 3);
	for (int i = 1; i < 8; i++) {
		EXPECT(PageTail(page + i));
		EXPECT_EQ(compound_head(page + i), page);
	}
	get_page(page + 5); /* a reference to any part is one to the whole */
	EXPECT_EQ(page_count(page), 2);
	put_page(page + 3);
	put_page(page);
	for (int i = 0; i < 8; i++)
		EXPECT(!PageCompound(page + i));
	drain_all();
}

TEST(zone_modifiers_are_obeyed)
{
	boot(ram_32m, 1);
	EXPECT_EQ(page_zonenum(alloc_page(GFP_KERNEL)), ZONE_DMA32);
	EXPECT_EQ(page_zonenum(alloc_page(GFP_KERNEL | GFP_DMA)), ZONE_DMA);
	EXPECT_EQ(page_zonenum(alloc_pages(GFP_KERNEL | GFP_DMA, 2)), ZONE_DMA);
	EXPECT_EQ(page_zonenum(alloc_page(GFP_HIGHUSER_MOVABLE)), ZONE_DMA32);
}

/* Take pages until there are none; linked through lru. */
static unsigned long take_all(gfp_t gfp, struct list_head *list)
{
	struct page *page;
	unsigned long n = 0;

	while ((page = alloc_page(gfp | __GFP_NOWARN))) {
		list_add(&page->lru, list);
		n++;
	}
	return n;
}

static void give_back(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru)
		__free_page(page);
	INIT_LIST_HEAD(list);
}

TEST(the_urgent_go_deeper_into_the_reserve)
{
	unsigned long min = 0, left;
	struct zone *zone;
	LIST_HEAD(pages);

	boot(ram_32m, 1);
	for_each_populated_zone(zone)
		min += zone->watermark[WMARK_MIN] + zone->lowmem_reserve[ZONE_NORMAL];
	take_all(GFP_KERNEL, &pages);
	EXPECT_EQ(nr_free_pages(), min);
	take_all(GFP_NOWAIT, &pages);
	EXPECT_EQ(nr_free_pages(), min);
	EXPECT(take_all(GFP_NOWAIT | __GFP_HIGH, &pages) > 0);
	left = nr_free_pages();
	EXPECT(take_all(GFP_ATOMIC, &pages) > 0);
	EXPECT(nr_free_pages() < left);
	EXPECT(nr_free_pages() > 0);
	EXPECT_EQ(take_all(GFP_KERNEL | GFP_DMA, &pages), 0);
	/* What may not fail gets the last page. */
	left = nr_free_pages();
	for (; left; left--) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);

		ASSERT(page);
		list_add(&page->lru, &pages);
	}
	EXPECT_EQ(nr_free_pages(), 0);
	give_back(&pages);
	drain_all();
}

static void nofail_beyond_the_end(void)
{
	for (;;)
		alloc_page(GFP_KERNEL | __GFP_NOFAIL);
}

TEST(nofail_panics_when_nothing_is_left)
{
	boot(ram_32m, 1);
	EXPECT(test_expect_panic(nofail_beyond_the_end, "may not fail"));
}

TEST(low_zones_keep_a_reserve_from_higher_requests)
{
	LIST_HEAD(pages);
	struct zone *dma;

	boot(ram_32m, 1);
	dma = zone_at(0, ZONE_DMA);
	take_all(GFP_KERNEL, &pages);
	EXPECT_EQ(dma->nr_free, dma->watermark[WMARK_MIN] + dma->lowmem_reserve[ZONE_NORMAL]);
	/* DMA requests have no higher zone to fall back from: the reserve is theirs. */
	EXPECT(take_all(GFP_KERNEL | GFP_DMA, &pages) >= dma->lowmem_reserve[ZONE_NORMAL]);
	give_back(&pages);
	drain_all();
}

TEST(events_count_every_page)
{
	unsigned long before[NR_VM_EVENT_ITEMS], after[NR_VM_EVENT_ITEMS];
	struct page *pages[3];
	LIST_HEAD(list);

	boot(NULL, 2);
	all_vm_events(before);
	for (int i = 0; i < 3; i++)
		pages[i] = alloc_page(GFP_KERNEL);
	__free_pages(alloc_pages(GFP_KERNEL, 4), 4);
	for (int i = 0; i < 3; i++)
		ASSERT(atomic_dec_and_test(&pages[i]->_refcount));
	env_set_cpu(1);
	list_add(&pages[0]->lru, &list);
	free_unref_page_list(&list);
	free_unref_pages(pages + 1, 2);
	all_vm_events(after);
	EXPECT_EQ(after[PGALLOC_DMA32] - before[PGALLOC_DMA32], 3 + 16);
	EXPECT_EQ(after[PGFREE] - before[PGFREE], 3 + 16);
	EXPECT(list_empty(&list));
	drain_all();
}

TEST(per_cpu_stacks_are_bounded_and_drain_to_whole_blocks)
{
	unsigned long before, blocks;
	LIST_HEAD(pages);
	struct zone *zone;

	boot(NULL, 1);
	zone = zone_at(0, ZONE_DMA32);
	before = nr_free_pages();
	blocks = zone->free_area[MAX_ORDER].nr_free;
	for (int i = 0; i < 1000; i++)
		list_add_tail(&alloc_page(GFP_KERNEL)->lru, &pages);
	EXPECT_EQ(nr_free_pages(), before - 1000);
	give_back(&pages);
	EXPECT(zone_pcp_pages(zone) <= PCP_HIGH);
	EXPECT_EQ(nr_free_pages(), before);
	drain_all();
	EXPECT_EQ(zone_pcp_pages(zone), 0);
	EXPECT_EQ(zone->free_area[MAX_ORDER].nr_free, blocks);
}

TEST(node_counts_are_exact_across_cpus)
{
	boot(NULL, 3);
	mod_node_page_state(0, NR_MLOCK, 5);
	env_set_cpu(2);
	mod_node_page_state(0, NR_MLOCK, -4);
	EXPECT_EQ(node_page_state(0, NR_MLOCK), 1);
	mod_node_page_state(0, NR_MLOCK, -4);
	EXPECT_EQ(node_page_state(0, NR_MLOCK), 0); /* never negative */
	EXPECT_EQ(global_node_page_state(NR_MLOCK), 0);
	for (unsigned int i = 0; i < NR_NODE_STAT_ITEMS; i++)
		EXPECT(node_stat_names[i]);
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		EXPECT(vm_event_names[i]);
}

static void one_of_each(void)
{
	struct page *page = alloc_page(GFP_KERNEL), *block = alloc_pages(GFP_KERNEL, 5);

	if (page)
		__free_page(page);
	if (block)
		__free_pages(block, 5);
	buddy_check_all();
}

TEST(every_allocation_can_fail)
{
	boot(NULL, 1);
	EXPECT_EQ(RUN_WITH_EVERY_ALLOCATION_FAILING(one_of_each), 2);
}

/* ---------------------------------------------------------------- mistakes are caught */

static struct page *victim;

static void free_twice(void)
{
	__free_page(victim);
	__free_page(victim);
}

static void free_block_twice(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	__free_pages(page, 2);
	free_unref_page(page, 2);
}

static void free_mapped(void)
{
	atomic_set(&victim->_mapcount, 0);
	__free_page(victim);
}

static void free_locked(void)
{
	SetPageLocked(victim);
	__free_page(victim);
}

static void free_in_page_cache(void)
{
	static long mapping;

	victim->mapping = (void *)&mapping;
	__free_page(victim);
}

static void free_wrong_order(void)
{
	__free_pages(alloc_pages(GFP_KERNEL | __GFP_COMP, 3), 2);
}

static void free_reserved(void)
{
	__free_page(pfn_to_page(0));
}

static void write_after_free(void)
{
	u8 *p = page_address(victim);

	__free_page(victim);
	kasan_unpoison(p, PAGE_SIZE); /* past the sanitizer, to the allocator's own check */
	p[100] = 1;
	alloc_page(GFP_KERNEL);
}

static void touch_after_free(void)
{
	volatile u8 *p = page_address(victim);

	__free_page(victim);
	p[100] = 1;
}

TEST(misuse_is_reported)
{
	boot(NULL, 1);
	victim = alloc_page(GFP_KERNEL);
	EXPECT(test_expect_panic(free_twice, "a second free?"));
	EXPECT(test_expect_panic(free_block_twice, "buddy"));
	EXPECT(test_expect_panic(free_mapped, "mapcount 1"));
	EXPECT(test_expect_panic(free_locked, "flags locked"));
	EXPECT(test_expect_panic(free_in_page_cache, "bad page"));
	EXPECT(test_expect_panic(free_wrong_order, "another order"));
	EXPECT(test_expect_panic(free_reserved, "reserved"));
	EXPECT(test_expect_panic(write_after_free, "was written to: offset 0x60"));
	EXPECT(test_expect_panic(touch_after_free, NULL));
}

static void break_count(void)
{
	zone_at(0, ZONE_DMA32)->nr_free++;
	buddy_check_all();
}

static void break_order(void)
{
	struct zone *zone = zone_at(0, ZONE_DMA32);

	list_first_entry(&zone->free_area[MAX_ORDER].free_list, struct page, lru)->private = 3;
	buddy_check_all();
}

TEST(the_check_sees_broken_invariants)
{
	boot(NULL, 1);
	EXPECT(test_expect_panic(break_count, "nr_free"));
	EXPECT(test_expect_panic(break_order, "order"));
}

/* ---------------------------------------------------------------- several CPUs */

static void churn(void *arg)
{
	struct page *mine[24] = { NULL };

	(void)arg;
	for (int i = 0; i < 400; i++) {
		unsigned int slot = test_random_below(ARRAY_SIZE(mine));
		unsigned int order = slot % 4 ? 0 : slot / 4 % 4;

		if (mine[slot]) {
			__free_pages(mine[slot], order);
			mine[slot] = NULL;
		} else {
			mine[slot] = alloc_pages(GFP_KERNEL, order);
		}
	}
	for (unsigned int slot = 0; slot < ARRAY_SIZE(mine); slot++)
		if (mine[slot])
			__free_pages(mine[slot], slot % 4 ? 0 : slot / 4 % 4);
}

TEST(cpus_allocate_and_free_together)
{
	const env_task_fn fns[] = { churn, churn, churn, churn };
	void *const args[4] = { NULL };
	unsigned long before;

	boot(ram_32m, 4);
	before = nr_free_pages();
	env_run(4, fns, args);
	EXPECT_EQ(nr_free_pages(), before);
	drain_all();
}
