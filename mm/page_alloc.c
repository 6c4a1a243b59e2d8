/* SPDX-License-Identifier: MIT */
/*
 * mm/page_alloc.c - physical pages in power-of-two blocks
 *
 * Free memory of a zone is kept as naturally aligned blocks of 2^order pages, one list per order:
 *
 *     order 2   [........]          a block at pfn p has its buddy
 *     order 1   [....][....]        at p ^ (1 << order)
 *     order 0   [..][..][..][..]
 *
 * An allocation takes the smallest block that is large enough and gives the upper halves back; a freed block joins
 * its buddy as long as that is free too.  A buddy is recognised by its struct page alone: PG_buddy, the same
 * order, and the same zone and node in the flags word, so that blocks never grow across a border of zones, of
 * nodes, or of RAM (frames beside RAM in the same MAX_ORDER block have struct pages without PG_buddy).
 *
 * In front of the buddy each CPU has a stack of single pages per zone.  It is filled and drained in batches, so
 * that the zone lock is taken once for many pages: filling takes whole small blocks apart, draining puts runs of
 * neighbouring frames back as blocks.
 *
 * Invariants (buddy_check() in mm/page_debug.c verifies them):
 *   B1  a free block is on exactly one list, and only its first page is marked PG_buddy;
 *   B2  no two free buddies of one order coexist: they would have merged;
 *   B3  zone->nr_free == sum over orders of count << order;
 *   B4  a page in a per-CPU stack is marked PG_pcp, has no references, and is in one stack once.
 *
 * Which zone: the zonelist of the node, nearest first.  A zone serves a request only while its watermark and the
 * reserve that it keeps from requests which could have used a higher zone stay free:
 *
 *     first try    free pages stay above low                  (below it kswapd would be woken)
 *     second try   above min; __GFP_HIGH: above min/2; __GFP_ATOMIC: above 3/8 min
 *     third try    after giving back what caches hold, if the caller may sleep
 *     __GFP_NOFAIL down to the last page
 *
 * Watermarks are looked at when a stack is filled, not when a page is popped: the pages of a stack have left
 * the buddy already.  Linux looks each time; the difference is at most PCP_HIGH pages a CPU.
 *
 * Locking: zone->lock covers the buddy (irq-safe: pages are freed in interrupts).  The stacks belong to their CPU
 * and are touched with interrupts off.  Nobody touches another CPU's stack; when memory is short each is asked to
 * drain its own.
 * Not done: migrate types (nothing moves pages yet), a list of zones that were found full.
 * Sources: Knuth, TAOCP vol. 1, 2.5 "Dynamic Storage Allocation"; Bonwick and Adams 2001 (the per-CPU layer).
 */
#include "mm_env.h"
#include <mm/mm.h>
#include <mm/lru.h>
#include <mm/mmzone.h>
#include <mm/slab.h>
#include <mm/page_debug.h>
#include <mm/vmalloc.h>

/* PG_* bits that no page may have when it is freed: somebody still uses it, or frees it twice. */
#define PAGE_FLAGS_BAD_AT_FREE                                                                     \
	(BIT(PG_locked) | BIT(PG_lru) | BIT(PG_active) | BIT(PG_swapcache) | BIT(PG_unevictable) | \
	 BIT(PG_mlocked) | BIT(PG_writeback) | BIT(PG_private) | BIT(PG_reserved) |                \
	 BIT(PG_buddy) | BIT(PG_slab) | BIT(PG_table) | BIT(PG_head) | BIT(PG_pcp))
#define PAGE_FLAGS_ALL (BIT(NR_PAGEFLAGS) - 1)

/* How deep into the reserve an allocation may go. */
#define ALLOC_HIGH          0x1u
#define ALLOC_HARDER        0x2u
#define ALLOC_NO_WATERMARKS 0x4u

/* ---------------------------------------------------------------- the buddy; zone->lock held */

static void add_to_free_list(struct zone *zone, struct page *page, unsigned int order)
{
	struct free_area *area = &zone->free_area[order];

	page->flags |= BIT(PG_buddy);
	page->private = order;
	list_add(&page->lru, &area->free_list);
	area->nr_free++;
}

static void del_from_free_list(struct zone *zone, struct page *page, unsigned int order)
{
	page->flags &= ~BIT(PG_buddy);
	__list_del(page->lru.prev, page->lru.next);
	zone->free_area[order].nr_free--;
}

/* Is @buddy the head of a free block of @order in the zone and node of @id? */
static bool page_is_buddy(const struct page *buddy, unsigned long id, unsigned int order)
{
	const unsigned long mask = (~0UL << PAGE_NODE_SHIFT) | BIT(PG_buddy);

	return (buddy->flags & mask) == (id | BIT(PG_buddy)) && buddy->private == order;
}

static void __free_one_page(struct zone *zone, struct page *page, pfn_t pfn, unsigned int order)
{
	unsigned long id = page->flags & (~0UL << PAGE_NODE_SHIFT);

	zone->nr_free += 1UL << order;
	for (; order < MAX_ORDER; order++) {
		pfn_t buddy_pfn = pfn ^ (1UL << order);
		struct page *buddy = page + ((long)buddy_pfn - (long)pfn);

		if (!page_is_buddy(buddy, id, order))
			break;
		del_from_free_list(zone, buddy, order);
		if (buddy_pfn < pfn) {
			page = buddy;
			pfn = buddy_pfn;
		}
	}
	add_to_free_list(zone, page, order);
}

void free_zone_range_locked(struct zone *zone, pfn_t start, pfn_t end)
{
	while (start < end) {
		unsigned int order = ilog2(end - start);

		if (start)
			order = min(order, __ffs(start));
		order = min_t(unsigned int, order, MAX_ORDER);
		__free_one_page(zone, pfn_to_page(start), start, order);
		start += 1UL << order;
	}
}

/* A block of 2^order pages off the lists, larger ones split; NULL when none is large enough. */
static struct page *__rmqueue(struct zone *zone, unsigned int order)
{
	for (unsigned int have = order; have <= MAX_ORDER; have++) {
		struct list_head *list = &zone->free_area[have].free_list;
		struct page *page;

		if (list_empty(list))
			continue;
		page = list_first_entry(list, struct page, lru);
		del_from_free_list(zone, page, have);
		while (have > order) { /* the upper half stays, the lower is split on */
			have--;
			add_to_free_list(zone, page + (1UL << have), have);
		}
		zone->nr_free -= 1UL << order;
		return page;
	}
	return NULL;
}

/* Pages that must stay free for this request: the watermark, lowered for the urgent, plus the zone's reserve. */
static unsigned long min_after_alloc(const struct zone *zone, enum zone_watermarks wmark,
				     enum zone_type highest, unsigned int alloc_flags)
{
	unsigned long mark = zone->watermark[wmark];

	if (alloc_flags & ALLOC_NO_WATERMARKS)
		return 0;
	if (alloc_flags & ALLOC_HIGH)
		mark -= mark / 2;
	if (alloc_flags & ALLOC_HARDER)
		mark -= mark / 4;
	return mark + zone->lowmem_reserve[highest];
}

/* How many pages may be taken from the buddy before it falls to the mark. */
static unsigned long pages_above(const struct zone *zone, unsigned long mark)
{
	return zone->nr_free > mark ? zone->nr_free - mark : 0;
}

/* ---------------------------------------------------------------- per-CPU stacks; interrupts off */

static struct per_cpu_pages *this_pcp(const struct zone *zone)
{
	/* pcp[cpu], multiplied in 32 bits: the compiler need not widen the CPU number first */
	unsigned int offset = smp_processor_id() * (unsigned int)sizeof(struct per_cpu_pages);

	return (struct per_cpu_pages *)((char *)zone->pcp + offset);
}

/*
 * Up to @want pages into an empty stack, from the smallest blocks there are: larger ones stay whole as long as
 * possible.  Within a block the lowest frame ends up on top, so that pages are handed out ascending.
 */
static void rmqueue_bulk(struct zone *zone, struct per_cpu_pages *pcp, unsigned int want)
{
	unsigned int got = 0;

	for (unsigned int have = 0; got < want && have <= MAX_ORDER;) {
		unsigned int order, nr;
		struct page *page;

		if (list_empty(&zone->free_area[have].free_list)) {
			have++;
			continue;
		}
		order = min(have, ilog2(want - got));
		page = __rmqueue(zone, order);
		nr = 1u << order;
		for (unsigned int i = 0; i < nr; i++) {
			page[i].flags |= BIT(PG_pcp);
			pcp->pages[got + nr - 1 - i] = page + i;
		}
		got += nr;
		if (order < have) /* what was split off lies on the smaller lists now */
			have = order;
	}
	pcp->count = got;
}

/* The @nr oldest pages back to the buddy; runs of neighbours as whole blocks. */
static void pcp_drain(struct zone *zone, struct per_cpu_pages *pcp, unsigned int nr)
{
	struct page **pages = pcp->pages;

	spin_lock(&zone->lock);
	for (unsigned int i = 0; i < nr;) {
		struct page *first = pages[i];
		unsigned int run = 0;
		pfn_t pfn = page_to_pfn(first);

		do {
			first[run].flags &= ~BIT(PG_pcp);
			run++;
		} while (i + run < nr && pages[i + run] == first + run);
		free_zone_range_locked(zone, pfn, pfn + run);
		i += run;
	}
	spin_unlock(&zone->lock);
	pcp->count -= nr;
	memmove(pages, pages + nr, pcp->count * sizeof(*pages));
}

/**
 * drain_local_pages - this CPU's stacks of all zones back to the buddy
 *
 * Context: any; turns interrupts off.
 */
void drain_local_pages(void)
{
	struct zone *zone;
	unsigned long flags;

	for_each_populated_zone(zone) {
		local_irq_save(flags);
		if (this_pcp(zone)->count)
			pcp_drain(zone, this_pcp(zone), this_pcp(zone)->count);
		local_irq_restore(flags);
	}
}

/* ---------------------------------------------------------------- allocation */

static void prep_compound_page(struct page *page, unsigned int order)
{
	page->compound_order = order;
	page->flags |= BIT(PG_head);
	for (unsigned long i = 1; i < 1UL << order; i++)
		page[i].compound_head = (unsigned long)page | 1;
}

static void clear_pages(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		void *va = kmap_local_page(page + i);

		clear_page(va);
		kunmap_local(va);
	}
}

/* Give a block its first reference; everything else of a free page is as an allocated one wants it already. */
static __noinline struct page *prep_new_page(struct page *page, unsigned int order, gfp_t gfp)
{
	trace_mm(EV_PAGE_ALLOC, 0, page_to_pfn(page),
		 order); /* first: who traces may have hidden its contents */
	if (MM_DEBUG)
		page_debug_alloc(page, order);
	page->flags &= ~BIT(PG_pcp);
	page->private = 0;
	atomic_set(&page->_refcount, 1);
	if (order && (gfp & __GFP_COMP))
		prep_compound_page(page, order);
	if (gfp & __GFP_ZERO)
		clear_pages(page, order);
	return page;
}

/* The same for a page that user space is about to get: one frame, cleared, and nothing else asked of it. */
static __noinline struct page *prep_zeroed_page(struct page *page)
{
	void *va = kmap_local_page(page);

	page->flags &= ~BIT(PG_pcp);
	page->private = 0;
	atomic_set(&page->_refcount, 1);
	clear_page(va);
	kunmap_local(va);
	return page;
}

static struct page *rmqueue_pcp(struct zone *zone, unsigned long mark)
{
	struct page *page = NULL;
	struct per_cpu_pages *pcp;
	unsigned long flags;

	local_irq_save(flags);
	pcp = this_pcp(zone);
	if (!pcp->count) {
		spin_lock(&zone->lock);
		rmqueue_bulk(zone, pcp, min(pages_above(zone, mark), (unsigned long)PCP_BATCH));
		spin_unlock(&zone->lock);
	}
	if (pcp->count) {
		page = pcp->pages[--pcp->count];
		pcp->nr_alloc++;
	}
	local_irq_restore(flags);
	return page;
}

static struct page *rmqueue_order(struct zone *zone, unsigned int order, unsigned long mark)
{
	struct page *page = NULL;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (pages_above(zone, mark) >= 1UL << order)
		page = __rmqueue(zone, order);
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

static struct page *get_page_from_freelist(struct pglist_data *node, gfp_t gfp, unsigned int order,
					   enum zone_watermarks wmark, unsigned int alloc_flags)
{
	enum zone_type highest = gfp_zone(gfp);
	struct zone *zone;

	for (struct zoneref *z = node->zonelist; (zone = z->zone); z++) {
		unsigned long mark = min_after_alloc(zone, wmark, highest, alloc_flags);
		struct page *page;

		if (zone->idx > highest)
			continue;
		page = order ? rmqueue_order(zone, order, mark) : rmqueue_pcp(zone, mark);
		if (page) {
			if (order)
				count_vm_events(PGALLOC_DMA + zone->idx, 1UL << order);
			return page;
		}
	}
	return NULL;
}

static void drain_pages_here(void *unused)
{
	(void)unused;
	drain_local_pages();
}

/*
 * Memory that caches keep for later goes back to the buddy, of all CPUs: each gives up what it owns in an interrupt.
 * May sleep, so no spinlock is held.
 */
static void shrink_caches(void)
{
	lru_add_drain_all();
	drain_kernel_stacks();
	vmalloc_flush();
	kmem_cache_shrink_all();
	on_each_cpu(drain_pages_here, NULL);
}

/**
 * drop_caches - all that is kept only for speed goes back to the buddy
 *
 * Batches of the LRU, cached kernel stacks, lazy vmalloc areas, free slab objects, per-CPU pages, and what waits for
 * a grace period.  Afterwards the number of free pages depends only on what is in use, so two of them can be
 * compared page by page.
 *
 * Locks:  none held.  Sleeps.
 */
void drop_caches(void)
{
	synchronize_rcu(); /* objects freed by a callback, then slabs */
	shrink_caches();
	synchronize_rcu();
	on_each_cpu(drain_pages_here, NULL);
}

/* One line for the 1st, 2nd, 4th, 8th ... failure: a rate limit that needs no clock. */
static void warn_alloc_failed(gfp_t gfp, unsigned int order)
{
	static atomic_t failures;
	unsigned int n = atomic_inc_return(&failures);

	if (gfp & __GFP_NOWARN || !is_power_of_2(n))
		return;
	pr_warn("page allocation failure: order:%u, mode:%#x, %lu pages free, %u failures so far\n",
		order, gfp, nr_free_pages(), n);
}

static __noinline struct page *alloc_pages_slow(struct pglist_data *node, gfp_t gfp,
						unsigned int order)
{
	unsigned int alloc_flags = (gfp & __GFP_HIGH ? ALLOC_HIGH : 0) |
				   (gfp & __GFP_ATOMIC ? ALLOC_HARDER : 0);
	struct page *page;

	if (order > MAX_ORDER) {
		WARN_ON(!(gfp & __GFP_NOWARN));
		return NULL;
	}
	page = get_page_from_freelist(node, gfp, order, WMARK_LOW, 0);
	if (!page)
		page = get_page_from_freelist(node, gfp, order, WMARK_MIN, alloc_flags);
	if (!page && gfp & __GFP_DIRECT_RECLAIM && !(gfp & __GFP_NORETRY)) {
		shrink_caches();
		page = get_page_from_freelist(node, gfp, order, WMARK_MIN, alloc_flags);
	}
	if (!page && gfp & __GFP_NOFAIL) {
		page = get_page_from_freelist(node, gfp, order, WMARK_MIN, ALLOC_NO_WATERMARKS);
		if (!page)
			panic("out of memory: order %u, mode %#x may not fail", order, gfp);
	}
	if (!page) {
		warn_alloc_failed(gfp, order);
		return NULL;
	}
	return prep_new_page(page, order, gfp);
}

/* What every request passes first, in debug builds: the rules of its context, and the injector. */
static __always_inline bool refuse_alloc(gfp_t gfp)
{
	if (MM_DEBUG && gfp & __GFP_DIRECT_RECLAIM)
		might_sleep();
	return should_fail_alloc(gfp);
}

/*
 * From this CPU's stack of the preferred zone.  All other paths are tail calls, so that this one saves no
 * registers: 30 instructions.
 */
struct page *__alloc_page(gfp_t gfp)
{
	struct zone *zone;
	struct per_cpu_pages *pcp;
	struct page *page;
	unsigned long flags;

	if (refuse_alloc(gfp))
		return NULL;
	zone = this_cpu_read(local_node)->preferred[!!(gfp & __GFP_MOVABLE)];
	local_irq_save(flags);
	pcp = this_pcp(zone);
	if (unlikely(!pcp->count)) {
		local_irq_restore(flags);
		return alloc_pages_slow(this_cpu_read(local_node), gfp, 0);
	}
	page = pcp->pages[--pcp->count];
	pcp->nr_alloc++;
	local_irq_restore(flags);
	if (MM_DEBUG || mm_trace_on(EV_PAGE_ALLOC))
		return prep_new_page(page, 0, gfp);
	if (gfp & __GFP_ZERO)
		return prep_zeroed_page(page);
	page->flags &= ~BIT(PG_pcp);
	page->private = 0;
	atomic_set(&page->_refcount, 1);
	return page;
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order)
{
	if (!(order | (gfp & (__GFP_DMA | __GFP_DMA32))))
		return __alloc_page(gfp);
	if (refuse_alloc(gfp))
		return NULL;
	return alloc_pages_slow(this_cpu_read(local_node), gfp, order);
}

/* alloc_pages_node - as alloc_pages, from the memory nearest to @nid; a negative @nid is this CPU's node */
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	if (nid < 0 || nid == numa_node_id())
		return __alloc_pages(gfp, order);
	if (refuse_alloc(gfp))
		return NULL;
	return alloc_pages_slow(NODE_DATA(nid), gfp, order);
}

void *__get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	return page ? page_address(page) : NULL;
}

/* ---------------------------------------------------------------- freeing */

static void destroy_compound_page(struct page *page, unsigned int order)
{
	if (unlikely(page->compound_order != order))
		bad_page(page, "freed with another order than it was allocated with");
	page->flags &= ~BIT(PG_head);
	for (unsigned long i = 1; i < 1UL << order; i++) {
		if (unlikely(page[i].compound_head != ((unsigned long)page | 1)))
			bad_page(page + i, "a tail that does not point at its head");
		page[i].compound_head = 0;
	}
}

/*
 * A freed page has no users and nothing left of its last use but flags that mean nothing now.  An anonymous page
 * keeps its mapping until here, because the reverse map may look at it until the last reference is gone.
 */
static __always_inline void free_page_prepare(struct page *page, unsigned long mark)
{
	unsigned long word = page->flags;

	if (unlikely((word & PAGE_FLAGS_BAD_AT_FREE) | (page->counts ^ PAGE_COUNTS_FREE)))
		bad_page(page, "freed");
	if (page->mapping) {
		if (unlikely(!PageAnon(page)))
			bad_page(page, "freed");
		page->mapping = NULL;
	}
	page->flags = (word & ~PAGE_FLAGS_ALL) | mark;
}

/* Onto this CPU's stack, with everything that debugging, tracing or a full stack add.  Interrupts off. */
static __noinline void free_page_slow(struct page *page)
{
	struct zone *zone = page_zone(page);
	struct per_cpu_pages *pcp = this_pcp(zone);

	if (MM_DEBUG)
		page_debug_free(page, 0);
	trace_mm(EV_PAGE_FREE, 0, page_to_pfn(page), 0);
	if (pcp->count == PCP_HIGH)
		pcp_drain(zone, pcp, PCP_DRAIN);
	pcp->pages[pcp->count++] = page;
	pcp->nr_free++;
}

static __noinline void free_page_slow_irqrestore(struct page *page, unsigned long flags)
{
	free_page_slow(page);
	local_irq_restore(flags);
}

/* Does the page take the short way?  Then it has been pushed. */
static __always_inline bool free_page_fast(struct page *page)
{
	struct per_cpu_pages *pcp = this_pcp(page_zone(page));
	unsigned int count = pcp->count;

	if (MM_DEBUG || mm_trace_on(EV_PAGE_FREE) || unlikely(count == PCP_HIGH))
		return false;
	pcp->pages[count] = page;
	pcp->count = count + 1;
	pcp->nr_free++;
	return true;
}

/* One page whose reference count is 0; as in __alloc_page, other paths are tail calls. */
static __always_inline void free_page_unref(struct page *page)
{
	unsigned long flags;

	free_page_prepare(page, BIT(PG_pcp));
	local_irq_save(flags);
	if (unlikely(!free_page_fast(page))) {
		free_page_slow_irqrestore(page, flags);
		return;
	}
	local_irq_restore(flags);
}

static __noinline void free_block(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	if (PageHead(page))
		destroy_compound_page(page, order);
	free_page_prepare(page, 0);
	for (unsigned long i = 1; MM_DEBUG && i < 1UL << order; i++)
		free_page_prepare(page + i, 0);
	if (MM_DEBUG)
		page_debug_free(page, order);
	trace_mm(EV_PAGE_FREE, 0, page_to_pfn(page), order);
	spin_lock_irqsave(&zone->lock, flags);
	__free_one_page(zone, page, page_to_pfn(page), order);
	spin_unlock_irqrestore(&zone->lock, flags);
	count_vm_events(PGFREE, 1UL << order);
}

/**
 * free_unref_page - free a block whose reference count is 0
 *
 * The caller has taken the last reference away.  Pages that are in use in any way are refused by bad_page().
 * Context: any.
 */
void free_unref_page(struct page *page, unsigned int order)
{
	if (unlikely(order))
		free_block(page, order);
	else
		free_page_unref(page);
}

void free_unref_page_list(struct list_head *list)
{
	struct page *page, *next;
	unsigned long flags;

	local_irq_save(flags);
	list_for_each_entry_safe(page, next, list, lru) {
		free_page_prepare(page, BIT(PG_pcp));
		if (!free_page_fast(page))
			free_page_slow(page);
	}
	local_irq_restore(flags);
	INIT_LIST_HEAD(list);
}

void free_unref_pages(struct page **pages, unsigned int nr)
{
	unsigned long flags;

	local_irq_save(flags);
	for (unsigned int i = 0; i < nr; i++) {
		free_page_prepare(pages[i], BIT(PG_pcp));
		if (!free_page_fast(pages[i]))
			free_page_slow(pages[i]);
	}
	local_irq_restore(flags);
}

void __free_pages(struct page *page, unsigned int order)
{
	if (MM_DEBUG && unlikely(page_count(page) <= 0))
		bad_page(page, "freed, but it has no reference: a second free?");
	if (!atomic_dec_and_test(&page->_refcount))
		return;
	if (unlikely(order))
		free_block(page, order);
	else
		free_page_unref(page);
}

void free_pages(void *addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page(addr), order);
}
