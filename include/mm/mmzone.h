/* SPDX-License-Identifier: MIT */
/*
 * include/mm/mmzone.h - memory nodes, their zones, and the lists that allocation and reclaim work on
 *
 *     node 0                                   node 1 ...
 *     +-- DMA      0 .. 16 MiB                 a zonelist per node orders all zones of all nodes by
 *     +-- DMA32    16 MiB .. 4 GiB             distance, within a node from Normal down to DMA
 *     +-- Normal   4 GiB ..
 *     +-- Movable  (by boot option)
 *
 * Locks: [z] zone->lock, irq-safe; [l] node lru_lock, irq-safe; [c] this CPU, interrupts off; [I] set at boot.
 */
#ifndef MM_MMZONE_H
#define MM_MMZONE_H

#include <mm/gfp.h>

enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE, MAX_NR_ZONES };
enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

#define MAX_NUMNODES   8
#define ZONE_DMA_END   (16UL << 20) /* byte address: what ISA DMA reaches */
#define ZONE_DMA32_END (4UL << 30)  /* what a 32-bit bus master reaches */

struct free_area {
	struct list_head free_list; /* [z] first pages, through page->lru */
	unsigned long nr_free;      /* [z] blocks */
};

#define PCP_BATCH 32              /* pages fetched from the buddy at a time */
#define PCP_DRAIN (2 * PCP_BATCH) /* pages given back at a time */
#define PCP_HIGH  253 /* more are never held: 1 MiB per CPU and zone; makes the struct 2 KiB */

/*
 * A stack in an array: a page is pushed and popped without touching its neighbours in a list, the page freed last
 * (its lines still in the cache) is allocated first, and the oldest pages, at the bottom, are drained.
 */
struct per_cpu_pages { /* [c] */
	unsigned int count;
	unsigned long nr_alloc, nr_free; /* single pages since boot: part of PGALLOC_* and PGFREE */
	struct page *pages[PCP_HIGH];
} __aligned(64);

static_assert(sizeof(struct per_cpu_pages) == 2048, "found by a shift");

struct zone {
	const char *name;                  /* [I] */
	unsigned int idx, nid;             /* [I] */
	struct pglist_data *node;          /* [I] */
	pfn_t start_pfn;                   /* [I] */
	unsigned long spanned_pages;       /* [I] start to end, holes included */
	unsigned long present_pages;       /* [I] without holes */
	unsigned long managed_pages;       /* [z] handed to the buddy */
	unsigned long watermark[NR_WMARK]; /* [I] pages */
	unsigned long
		lowmem_reserve[MAX_NR_ZONES]; /* [I] pages kept from requests of a higher zone */
	spinlock_t lock;                      /* rank LOCK_ZONE */
	unsigned long nr_free;                /* [z] pages in free_area; B3 */
	struct free_area free_area[MAX_ORDER + 1];
	struct per_cpu_pages *pcp; /* [I] array of nr_cpu_ids */
};

enum lru_list {
	LRU_INACTIVE_ANON,
	LRU_ACTIVE_ANON,
	LRU_INACTIVE_FILE,
	LRU_ACTIVE_FILE,
	LRU_UNEVICTABLE,
	NR_LRU_LISTS
};

/* Per-node page counts kept as pages change use.  Signed per-CPU deltas are folded on read. */
enum node_stat_item {
	NR_LRU_BASE, /* NR_LRU_LISTS entries, in enum lru_list's order */
	NR_ANON_MAPPED = NR_LRU_BASE + NR_LRU_LISTS,
	NR_FILE_MAPPED,
	NR_FILE_PAGES, /* page cache, shmem included */
	NR_SHMEM,
	NR_FILE_DIRTY,
	NR_WRITEBACK,
	NR_PAGETABLE,
	NR_KERNEL_STACK_KB,
	NR_SLAB_RECLAIMABLE,   /* pages */
	NR_SLAB_UNRECLAIMABLE, /* pages; large kmalloc blocks too */
	NR_VMALLOC,            /* pages */
	NR_MLOCK,
	NR_PERCPU,
	NR_NODE_STAT_ITEMS
};

struct zoneref {
	struct zone *zone;
};

struct pglist_data {
	int nid;                                    /* [I] */
	pfn_t start_pfn;                            /* [I] */
	unsigned long spanned_pages, present_pages; /* [I] */
	struct zone zones[MAX_NR_ZONES];
	struct zoneref zonelist[MAX_NUMNODES * MAX_NR_ZONES +
				1]; /* [I] zones with RAM, nearest first, then NULL */
	struct zone *preferred[2];  /* [I] first of zonelist for kernel [0] and movable [1] pages */
	u8 distance[MAX_NUMNODES];  /* [I] SLIT: 10 is local */
	spinlock_t lru_lock;        /* rank LOCK_LRU */
	struct list_head lru[NR_LRU_LISTS]; /* [l] */
	unsigned long nr_lru[NR_LRU_LISTS]; /* [l] pages */
};

extern struct pglist_data *node_data[MAX_NUMNODES];
extern unsigned int nr_online_nodes;
#define NODE_DATA(nid)            (node_data[nid])

#define for_each_online_node(nid) for ((nid) = 0; (nid) < (int)nr_online_nodes; (nid)++)
/* Every zone that has RAM, of every node. */
#define for_each_populated_zone(zone) \
	for ((zone) = first_populated_zone(); (zone); (zone) = next_populated_zone(zone))
struct zone *first_populated_zone(void);
struct zone *next_populated_zone(struct zone *zone);
static inline bool populated_zone(const struct zone *zone) { return zone->present_pages; }

/* SLIT distances between nodes, 10 is local; 0 where nobody told (then 20).  Filled before mem_init. */
extern u8 numa_distance[MAX_NUMNODES][MAX_NUMNODES];

/* The node of this CPU's memory; node 0 until somebody says otherwise. */
DECLARE_PER_CPU(struct pglist_data *, local_node);
#define numa_node_id() (this_cpu_read(local_node)->nid)

/* Every zone under the top byte of its pages' flags. */
extern struct zone *zone_table[1u << (64 - PAGE_NODE_SHIFT)];

static inline struct zone *page_zone(const struct page *page)
{
	return zone_table[page->flags >> PAGE_NODE_SHIFT];
}

/* gfp_zone - the highest zone that the zone modifiers of @gfp allow */
static inline enum zone_type gfp_zone(gfp_t gfp)
{
	if (unlikely(gfp & (__GFP_DMA | __GFP_DMA32)))
		return gfp & __GFP_DMA ? ZONE_DMA : ZONE_DMA32;
	return gfp & __GFP_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL;
}

/* This CPU's part of the counts; a part may be negative, the sum over CPUs is exact. */
struct node_stat_cpu {
	long delta[MAX_NUMNODES][NR_NODE_STAT_ITEMS];
};
DECLARE_PER_CPU(struct node_stat_cpu, node_stat_cpu);

/* mod_node_page_state - @n pages more (or fewer) of @item on node @nid; one instruction, any context */
#define mod_node_page_state(nid, item, n) this_cpu_add(node_stat_cpu.delta[nid][item], n)
unsigned long node_page_state(int nid, enum node_stat_item item);
unsigned long global_node_page_state(enum node_stat_item item);
extern const char *const node_stat_names[NR_NODE_STAT_ITEMS]; /* as /proc/vmstat calls them */

unsigned long zone_free_pages(
	const struct zone *zone); /* buddy and per-CPU lists, exact when quiescent */
unsigned long zone_pcp_pages(const struct zone *zone); /* the per-CPU lists' part of it */
unsigned long nr_free_pages(void);                     /* the same, all zones */
unsigned long totalram_pages(void);                    /* managed pages of all zones */
unsigned long totalreserve_pages(
	void); /* pages that user requests leave alone: MemAvailable, overcommit */
unsigned long si_mem_available(void); /* MemAvailable's estimate, pages */
extern unsigned long min_free_kbytes;

/**
 * zone_boot_free - hand reserved frames [start, end) over to the buddy
 *
 * For RAM that boot needed and nobody needs any more (the initramfs image): struct pages are made anew, and the
 * watermarks follow.  The caller drops the memblock reservation.
 *
 * Locks: takes the zone lock.  Context: after mem_init.
 */
void zone_boot_free(pfn_t start, pfn_t end);

/**
 * page_unreserve - make a reserved frame an ordinary page in use, as if alloc_page() had returned it
 *
 * Content stays: so the data of an initramfs becomes page cache where it lies.
 * Return: the page, refcount 1.
 */
struct page *page_unreserve(pfn_t pfn);

/* --- zone.c, shared with the instances that tests make --- */

/* free_area_init_zone - an empty zone over [start, end) pfns; @pcp: nr_cpu_ids entries */
void zone_init(struct zone *zone, struct pglist_data *node, enum zone_type idx, pfn_t start,
	       pfn_t end, unsigned long present, struct per_cpu_pages *pcp);
/* memmap_init_range - struct pages [start, end) of one zone; @flags: PG_* bits each page begins with */
void memmap_init_range(pfn_t start, pfn_t end, const struct zone *zone, unsigned long flags);
void setup_per_zone_wmarks(void);
/* free_zone_range - frames [start, end) of one zone to its buddy lists, in the largest blocks; zone lock held */
void free_zone_range_locked(struct zone *zone, pfn_t start, pfn_t end);

/* buddy_check - B1..B4 over a zone; panics (kernel) or fails the test (host) with what it found */
void buddy_check(struct zone *zone);
void buddy_check_all(void);

#endif
