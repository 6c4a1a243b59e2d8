/* SPDX-License-Identifier: MIT */
/*
 * tests/model/buddy.c - random allocations and frees, against one byte per frame
 *
 * The model knows which frames are handed out.  After every operation: no frame is handed out twice, free pages are
 * what the model says, and the buddy's invariants hold.  In the end everything is one piece again.
 */
#include <mm/mmzone.h>

#include "env.h"

#define MAX_BLOCKS 600

static const struct env_ram ram[] = { { 0, 20 * MiB, 0 },
				      { 21 * MiB + 3 * PAGE_SIZE, 9 * MiB, 0 },
				      { 0 } };
static u8 used[31 * MiB >> PAGE_SHIFT];
static struct {
	struct page *page;
	unsigned int order;
} block[MAX_BLOCKS];
static unsigned int nr_blocks;
static unsigned long nr_used;

static void mark(const struct page *page, unsigned int order, u8 now)
{
	pfn_t pfn = page_to_pfn(page);

	for (unsigned long i = 0; i < 1UL << order; i++) {
		ASSERT(pfn_valid(pfn + i));
		ASSERT_EQ(used[pfn + i], !now);
		used[pfn + i] = now;
	}
	nr_used += now ? 1UL << order : -(1UL << order);
}

static void allocate(void)
{
	unsigned int order = test_chance(2) ? 0 : test_random_below(MAX_ORDER + 1);
	gfp_t gfp = test_chance(4) ? GFP_ATOMIC : GFP_KERNEL;
	struct page *page;

	if (nr_blocks == MAX_BLOCKS)
		return;
	gfp |= __GFP_NOWARN | (test_chance(2) ? __GFP_COMP : 0) | (test_chance(8) ? GFP_DMA : 0);
	page = alloc_pages(gfp, order);
	if (!page)
		return;
	mark(page, order, 1);
	block[nr_blocks].page = page;
	block[nr_blocks++].order = order;
}

static void release(void)
{
	unsigned int i;

	if (!nr_blocks)
		return;
	i = test_random_below(nr_blocks);
	mark(block[i].page, block[i].order, 0);
	__free_pages(block[i].page, block[i].order);
	block[i] = block[--nr_blocks];
}

static void release_in_bulk(void)
{
	struct page *pages[16];
	unsigned int n = 0;
	LIST_HEAD(list);

	for (unsigned int i = 0; i < nr_blocks && n < ARRAY_SIZE(pages);) {
		if (block[i].order) {
			i++;
			continue;
		}
		mark(block[i].page, 0, 0);
		ASSERT(atomic_dec_and_test(&block[i].page->_refcount));
		pages[n++] = block[i].page;
		block[i] = block[--nr_blocks];
	}
	if (test_chance(2)) {
		free_unref_pages(pages, n);
		return;
	}
	while (n)
		list_add(&pages[--n]->lru, &list);
	free_unref_page_list(&list);
}

static void run_model(void)
{
	const struct env_config config = { ram, 3 };
	unsigned long all, largest = 0;
	struct zone *zone;

	env_boot_phys(&config);
	all = nr_free_pages();
	for_each_populated_zone(zone)
		largest += zone->free_area[MAX_ORDER].nr_free;
	for (unsigned long round = 0; round < test_rounds(6000); round++) {
		/* Phases in which memory fills up, and runs empty again. */
		unsigned int towards_full = round / 500 % 2 ? 2 : 4;

		env_set_cpu(test_random_below(nr_cpu_ids));
		if (test_chance(50))
			drain_local_pages();
		else if (test_chance(40))
			release_in_bulk();
		else if (test_random_below(6) < towards_full)
			allocate();
		else
			release();
		ASSERT_EQ(nr_free_pages(), all - nr_used);
		if (test_chance(4))
			buddy_check_all();
	}
	while (nr_blocks)
		release();
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		env_set_cpu(cpu);
		drain_local_pages();
	}
	buddy_check_all();
	EXPECT_EQ(nr_free_pages(), all);
	for_each_populated_zone(zone)
		largest -= zone->free_area[MAX_ORDER].nr_free;
	EXPECT_EQ(largest, 0);
}

TEST(random_blocks_match_the_model)
{
	run_model();
}

/* Nobody listens to events: without DEBUG, this is the shortest path through the allocator. */
TEST(random_blocks_match_the_model_untraced)
{
	mm_trace_mask = 0;
	run_model();
}
