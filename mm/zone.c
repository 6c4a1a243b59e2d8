/* SPDX-License-Identifier: MIT */
/*
 * mm/zone.c - from memblock's ranges to nodes, zones, struct pages and a filled buddy
 *
 *     memblock: memory and its node numbers    ->  one pglist_data per node, a zone per kind of address
 *     struct page of every frame               ->  in use and PG_reserved, or free
 *     free ranges                              ->  the zones' free lists, in the largest blocks
 *
 * The order matters: freeing a block reads the struct pages of its buddies, so all struct pages are written before
 * the first block is freed.  A buddy lies in the same MAX_ORDER block; where such a block holds RAM and something
 * else, the frames that are not RAM get struct pages too (reserved, never to be freed) and no existence need be
 * asked for later.
 *
 * Cost: a struct page is made by four stores, of the words that a free page must have right; the rest is written
 * when the page is put to use.  That is five instructions a frame, 1.3 million for a GiB.
 *
 * Watermarks follow Linux: min_free_kbytes = 4 * sqrt(KiB of low memory), shared out by zone size; low and high lie
 * a quarter of it, but at least 0.1 % of the zone, further up each.  lowmem_reserve keeps 1/256 of the zones above
 * (1/32 for Movable) from requests that those zones could have served.
 *
 * Locking: boot is one CPU; later changes (zone_boot_free, page_unreserve) take the zone lock.
 * Not done: zones growing by memory hotplug; kernelcore= (Movable stays empty until a boot option fills it).
 * Ref: Linux Documentation/admin-guide/sysctl/vm.rst, min_free_kbytes and lowmem_reserve_ratio.
 */
#include "mm_env.h"
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/mmzone.h>

#define MAX_ORDER_PAGES (1UL << MAX_ORDER)

static struct pglist_data boot_node; /* node 0: every machine has it */
struct pglist_data *node_data[MAX_NUMNODES] = { &boot_node };
struct zone *zone_table[1u << (64 - PAGE_NODE_SHIFT)];
unsigned int nr_online_nodes;
u8 numa_distance[MAX_NUMNODES][MAX_NUMNODES];
unsigned long min_free_kbytes;
DEFINE_PER_CPU(struct pglist_data *, local_node) = &boot_node;

static const char *const zone_names[MAX_NR_ZONES] = { "DMA", "DMA32", "Normal", "Movable" };
/* First pfn behind each zone; Movable has no addresses of its own. */
static const pfn_t zone_end_pfn[MAX_NR_ZONES] = { ZONE_DMA_END >> PAGE_SHIFT,
						  ZONE_DMA32_END >> PAGE_SHIFT, ~0UL, 0 };
static const unsigned int lowmem_reserve_ratio[MAX_NR_ZONES] = { 256, 256, 32, 0 };

/* ---------------------------------------------------------------- walking the zones */

static struct zone *populated_zone_from(unsigned int at)
{
	for (; at < nr_online_nodes * MAX_NR_ZONES; at++) {
		struct zone *zone = &NODE_DATA(at / MAX_NR_ZONES)->zones[at % MAX_NR_ZONES];

		if (populated_zone(zone))
			return zone;
	}
	return NULL;
}

struct zone *first_populated_zone(void)
{
	return populated_zone_from(0);
}

struct zone *next_populated_zone(struct zone *zone)
{
	return populated_zone_from(zone->nid * MAX_NR_ZONES + zone->idx + 1);
}

/* pfn_valid - is the frame RAM?  Then it has a struct page with meaning.  O(log n) */
bool pfn_valid(pfn_t pfn)
{
	return memblock_is_memory(&memblock, pfn << PAGE_SHIFT);
}

/* ---------------------------------------------------------------- struct pages */

/* The two counts at the end of struct page as one word: not mapped (-1), and @refs references. */
static __always_inline void init_page(struct page *page, unsigned long flags, int refs)
{
	page->flags = flags;
	page->compound_head = 0;
	page->mapping = NULL;
	page->counts = PAGE_COUNTS_FREE + ((u64)refs << 32);
}

static __always_inline void init_pages(struct page *page, struct page *last, unsigned long flags,
				       int refs)
{
	for (; last - page >= 4; page += 4) {
		init_page(page, flags, refs);
		init_page(page + 1, flags, refs);
		init_page(page + 2, flags, refs);
		init_page(page + 3, flags, refs);
	}
	for (; page < last; page++)
		init_page(page, flags, refs);
}

void memmap_init_range(pfn_t start, pfn_t end, const struct zone *zone, unsigned long flags)
{
	struct page *first = pfn_to_page(start), *last = pfn_to_page(end);

	flags |= ((unsigned long)zone->idx << PAGE_ZONE_SHIFT) |
		 ((unsigned long)zone->nid << PAGE_NODE_SHIFT);
	if (flags & BIT(PG_reserved))
		init_pages(first, last, flags, 1);
	else
		init_pages(first, last, flags, 0);
}

/* Which zone of its node a frame is in. */
static struct zone *zone_of(struct pglist_data *node, pfn_t pfn)
{
	unsigned int idx = ZONE_DMA;

	while (pfn >= zone_end_pfn[idx])
		idx++;
	return &node->zones[idx];
}

/* Call @fn for each piece of [start, end) pfns that lies in one zone. */
static void for_each_zone_piece(pfn_t start, pfn_t end, struct pglist_data *node,
				void (*fn)(pfn_t start, pfn_t end, struct zone *zone,
					   unsigned long arg),
				unsigned long arg)
{
	while (start < end) {
		struct zone *zone = zone_of(node, start);
		pfn_t stop = min(end, zone_end_pfn[zone->idx]);

		fn(start, stop, zone, arg);
		start = stop;
	}
}

static void init_piece(pfn_t start, pfn_t end, struct zone *zone, unsigned long flags)
{
	memmap_init_range(start, end, zone, flags);
}

static void free_piece(pfn_t start, pfn_t end, struct zone *zone, unsigned long unused)
{
	unsigned long irqflags;

	(void)unused;
	spin_lock_irqsave(&zone->lock, irqflags);
	zone->managed_pages += end - start;
	free_zone_range_locked(zone, start, end);
	spin_unlock_irqrestore(&zone->lock, irqflags);
}

static int region_nid(const struct memblock_region *r)
{
	return r->nid < 0 || r->nid >= MAX_NUMNODES ? 0 : r->nid;
}

/* Where the walk over a memory region stands: frames below @done have their struct pages. */
struct memmap_walk {
	pfn_t done;
	struct pglist_data *node;
};

/* A frame is free only when all of its bytes are: ranges are rounded inwards. */
static void init_free_range(paddr_t start, paddr_t end, int nid, void *arg)
{
	struct memmap_walk *walk = arg;
	pfn_t first = DIV_ROUND_UP(start, PAGE_SIZE), last = end >> PAGE_SHIFT;

	(void)nid;
	if (first >= last)
		return;
	for_each_zone_piece(walk->done, first, walk->node, init_piece, BIT(PG_reserved));
	for_each_zone_piece(first, last, walk->node, init_piece, 0);
	walk->done = last;
}

static void free_free_range(paddr_t start, paddr_t end, int nid, void *node)
{
	pfn_t first = DIV_ROUND_UP(start, PAGE_SIZE), last = end >> PAGE_SHIFT;

	(void)nid;
	if (first < last)
		for_each_zone_piece(first, last, node, free_piece, 0);
}

/*
 * Struct pages for all RAM, and for what is not RAM in a MAX_ORDER block that holds some:
 *
 *     RAM             [=======)       [======)
 *     MAX_ORDER    |.........|.........|.........|.........|
 *     struct pages [rr=======rrrrrrrrr[======rrrr)            r: reserved
 */
static void init_memmap(void)
{
	pfn_t done = 0;

	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		pfn_t start = DIV_ROUND_UP(r->base, PAGE_SIZE),
		      end = (r->base + r->size) >> PAGE_SHIFT;
		pfn_t hull_end = ALIGN(end, MAX_ORDER_PAGES);
		struct memmap_walk walk = { max(done, ALIGN_DOWN(start, MAX_ORDER_PAGES)),
					    NODE_DATA(region_nid(r)) };

		if (start >= end)
			continue;
		if (i + 1 < memblock.memory.cnt) /* the next region's frames are its own */
			hull_end = min(hull_end,
				       max(end, DIV_ROUND_UP(memblock.memory.regions[i + 1].base,
							     PAGE_SIZE)));
		memblock_for_each_free_in(&memblock, r, init_free_range, &walk);
		for_each_zone_piece(walk.done, hull_end, walk.node, init_piece, BIT(PG_reserved));
		done = max(walk.done, hull_end);
	}
}

static void free_all(void)
{
	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];

		memblock_for_each_free_in(&memblock, r, free_free_range, NODE_DATA(region_nid(r)));
	}
}

/* ---------------------------------------------------------------- nodes and zones */

void zone_init(struct zone *zone, struct pglist_data *node, enum zone_type idx, pfn_t start,
	       pfn_t end, unsigned long present, struct per_cpu_pages *pcp)
{
	zone->name = zone_names[idx];
	zone->idx = idx;
	zone->nid = node->nid;
	zone->node = node;
	zone->start_pfn = start;
	zone->spanned_pages = end - start;
	zone->present_pages = present;
	zone->managed_pages = 0;
	zone->nr_free = 0;
	zone->pcp = pcp;
	memset(zone->watermark, 0, sizeof(zone->watermark));
	memset(zone->lowmem_reserve, 0, sizeof(zone->lowmem_reserve));
	zone_table[(idx << (PAGE_ZONE_SHIFT - PAGE_NODE_SHIFT)) | node->nid] = zone;
	spin_lock_init(&zone->lock, LOCK_ZONE);
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		INIT_LIST_HEAD(&zone->free_area[order].free_list);
		zone->free_area[order].nr_free = 0;
	}
}

static void *boot_alloc(size_t size, const char *name)
{
	void *p = memblock_alloc(&memblock, size, 64, name);

	if (!p)
		panic("too little memory: no %lu bytes for the %s", size, name);
	return p;
}

static void node_init(struct pglist_data *node, int nid)
{
	node->nid = nid;
	spin_lock_init(&node->lru_lock, LOCK_LRU);
	for (unsigned int i = 0; i < NR_LRU_LISTS; i++)
		INIT_LIST_HEAD(&node->lru[i]);
	for (int other = 0; other < MAX_NUMNODES; other++) {
		u8 told = numa_distance[nid][other];

		node->distance[other] = told ? told : other == nid ? 10 : 20;
	}
	for (unsigned int idx = 0; idx < MAX_NR_ZONES; idx++)
		zone_init(&node->zones[idx], node, idx, 0, 0, 0, NULL);
}

/* One piece of RAM is in @zone: widen the zone's and its node's span. */
static void add_span(pfn_t start, pfn_t end, struct zone *zone, unsigned long unused)
{
	struct pglist_data *node = zone->node;

	(void)unused;
	if (!zone->present_pages)
		zone->start_pfn = start;
	if (!node->present_pages)
		node->start_pfn = start;
	zone->spanned_pages = end - zone->start_pfn; /* pieces come in ascending order */
	node->spanned_pages = end - node->start_pfn;
	zone->present_pages += end - start;
	node->present_pages += end - start;
}

static void create_nodes(void)
{
	struct zone *zone;

	for (unsigned int i = 0; i < memblock.memory.cnt; i++)
		nr_online_nodes =
			max(nr_online_nodes, region_nid(&memblock.memory.regions[i]) + 1u);
	if (!nr_online_nodes)
		panic("the machine has no memory");
	for (unsigned int nid = 0; nid < nr_online_nodes; nid++) {
		if (nid)
			node_data[nid] = boot_alloc(sizeof(struct pglist_data), "memory nodes");
		node_init(node_data[nid], nid);
	}
	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];

		for_each_zone_piece(DIV_ROUND_UP(r->base, PAGE_SIZE),
				    (r->base + r->size) >> PAGE_SHIFT, NODE_DATA(region_nid(r)),
				    add_span, 0);
	}
	for_each_populated_zone(zone)
		zone->pcp =
			boot_alloc(nr_cpu_ids * sizeof(struct per_cpu_pages), "per-CPU page lists");
}

/* Nearest node first; within a node from the highest zone down, so that scarce low memory is taken last. */
static void build_zonelist(struct pglist_data *node)
{
	bool used[MAX_NUMNODES] = { false };
	unsigned int n = 0;

	for (unsigned int round = 0; round < nr_online_nodes; round++) {
		int best = -1;

		for (int nid = 0; nid < (int)nr_online_nodes; nid++)
			if (!used[nid] && (best < 0 || node->distance[nid] < node->distance[best]))
				best = nid;
		used[best] = true;
		for (unsigned int idx = MAX_NR_ZONES; idx-- > 0;) {
			struct zone *zone = &NODE_DATA(best)->zones[idx];

			if (!populated_zone(zone))
				continue;
			node->zonelist[n++].zone = zone;
			if (!node->preferred[1])
				node->preferred[1] = zone;
			if (!node->preferred[0] && idx != ZONE_MOVABLE)
				node->preferred[0] = zone;
		}
	}
	node->zonelist[n].zone = NULL;
}

/* ---------------------------------------------------------------- watermarks */

/* floor(sqrt(x)), by bits from the top. */
static unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0;

	for (unsigned long bit = 1UL << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

static void setup_lowmem_reserve(struct pglist_data *node)
{
	for (unsigned int low = 0; low < MAX_NR_ZONES; low++) {
		struct zone *zone = &node->zones[low];
		unsigned long above = 0;

		for (unsigned int idx = low + 1; idx < MAX_NR_ZONES; idx++) {
			above += node->zones[idx].managed_pages;
			zone->lowmem_reserve[idx] = !lowmem_reserve_ratio[low] ||
								    !zone->managed_pages
							    ? 0
							    : above / lowmem_reserve_ratio[low];
		}
	}
}

/**
 * setup_per_zone_wmarks - watermarks and reserves from the managed pages of all zones
 *
 * Again whenever managed pages change.  Context: boot, or a moment when slightly stale marks do no harm.
 */
void setup_per_zone_wmarks(void)
{
	unsigned long lowmem = 0, pages_min;
	struct zone *zone;
	int nid;

	for_each_populated_zone(zone)
		if (zone->idx <= ZONE_NORMAL)
			lowmem += zone->managed_pages;
	min_free_kbytes = clamp(int_sqrt((lowmem << (PAGE_SHIFT - 10)) * 16), 128UL, 262144UL);
	pages_min = min_free_kbytes >> (PAGE_SHIFT - 10);
	for_each_populated_zone(zone) {
		unsigned long min = lowmem ? pages_min * zone->managed_pages / lowmem : 0;
		unsigned long step = max(min / 4, zone->managed_pages / 1000);

		zone->watermark[WMARK_MIN] = min;
		zone->watermark[WMARK_LOW] = min + step;
		zone->watermark[WMARK_HIGH] = min + 2 * step;
	}
	for_each_online_node(nid)
		setup_lowmem_reserve(NODE_DATA(nid));
}

/* ---------------------------------------------------------------- frames that boot gives back later */

void zone_boot_free(pfn_t start, pfn_t end)
{
	struct pglist_data *node;

	if (start >= end)
		return;
	node = NODE_DATA(page_to_nid(pfn_to_page(start)));
	for_each_zone_piece(start, end, node, init_piece, 0);
	for_each_zone_piece(start, end, node, free_piece, 0);
	setup_per_zone_wmarks();
}

struct page *page_unreserve(pfn_t pfn)
{
	struct page *page = pfn_to_page(pfn);
	struct zone *zone = page_zone(page);
	unsigned long flags;

	BUG_ON(!PageReserved(page));
	page->flags &= ~BIT(PG_reserved);
	page->private = 0;
	spin_lock_irqsave(&zone->lock, flags);
	zone->managed_pages++;
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

/* ---------------------------------------------------------------- boot */

static void report(void)
{
	struct zone *zone;
	unsigned long present = 0;

	for_each_populated_zone(zone) {
		pr_info("node %u zone %-7s [0x%012lx-0x%012lx] %lu KiB, %lu KiB free\n", zone->nid,
			zone->name, zone->start_pfn << PAGE_SHIFT,
			((zone->start_pfn + zone->spanned_pages) << PAGE_SHIFT) - 1,
			zone->present_pages << (PAGE_SHIFT - 10),
			zone_free_pages(zone) << (PAGE_SHIFT - 10));
		present += zone->present_pages;
	}
	pr_info("memory: %lu KiB of %lu KiB free, %lu KiB of struct pages, watermark min %lu KiB\n",
		nr_free_pages() << (PAGE_SHIFT - 10), present << (PAGE_SHIFT - 10),
		present * sizeof(struct page) >> 10, min_free_kbytes);
}

void mem_init(void)
{
	int nid;

	create_nodes();
	for_each_online_node(nid)
		build_zonelist(NODE_DATA(nid));
	init_memmap();
	free_all();
	setup_per_zone_wmarks();
	memblock_dump(&memblock);
	report();
}
