/* SPDX-License-Identifier: MIT */
/*
 * mm/lru.c - pages in order of use
 *
 * Each node keeps five lists: inactive and active, for anonymous (swap-backed) pages and for file
 * pages, and one of pages that reclaim may not touch.  Reclaim takes from the tail; new pages come
 * to the head.
 *
 * Taking the node's lock for every new page would make it the busiest lock of the machine, so a new
 * page waits in a small batch of its CPU:
 *
 *     lru_cache_add --> [ slot | slot | ... ] --drain--> list        one lock for a batch
 *                         holds a reference
 *
 * A slot is a single word that is emptied by exchange.  The owner fills its slots without a lock,
 * anyone may empty them: so a CPU can drain the batches of all others without interrupting them,
 * which exact accounting needs.  A page whose last other reference goes while it waits never sees a
 * list: the drain frees it.
 *
 * Invariants (lru_check() verifies them):
 *   L1  a page on a list has PG_lru, and its list is page_lru(page);
 *   L2  node->nr_lru[i] is the length of list i, and NR_LRU_BASE + i sums to it;
 *   L3  a page with PG_lru has a reference count above zero: the last put takes it off first.
 *
 * Locking: node->lru_lock, interrupts off, since an interrupt that completes I/O may put the last
 * reference.  Sources: Johnson and Shasha 1994 (2Q) for two lists; Bonwick and Adams 2001 for the
 * per-CPU batch.
 */
#include "mm_env.h"
#include <mm/mm.h>
#include <mm/lru.h>

/* 15 slots and the count are two cache lines; a drain costs one lock for them all. */
#define LRU_BATCH 15

struct lru_batch {
	unsigned int nr;              /* slots used since the last drain; this CPU only */
	struct page *slot[LRU_BATCH]; /* emptied by exchange */
};
static DEFINE_PER_CPU(struct lru_batch, lru_add_batch);

/* The bits of page->flags that decide where a page is counted: its node and its list. */
#define LRU_KEY                                                                              \
	((PAGE_NODE_MASK << PAGE_NODE_SHIFT) | BIT(PG_lru) | BIT(PG_head) | BIT(PG_active) | \
	 BIT(PG_swapbacked) | BIT(PG_unevictable))

#define LRU_NO_KEY (~0UL)

/*
 * A stretch of list work under one node's lock.  Neighbours in a batch mostly go to, or come from,
 * the same list; so pages of one key are counted in one word, which is published when the key
 * changes or the lock goes.
 */
struct lru_section {
	struct pglist_data *node; /* whose lock is held, or NULL */
	unsigned long irq;
	unsigned long
		key; /* flags & LRU_KEY of the pages that delta counts; LRU_NO_KEY: none yet */
	enum lru_list list;
	long delta;
};

static void lru_section_publish(struct lru_section *sec)
{
	if (!sec->delta)
		return;
	sec->node->nr_lru[sec->list] += sec->delta;
	mod_node_page_state(sec->node->nid, NR_LRU_BASE + sec->list, sec->delta);
	sec->delta = 0;
}

static void lru_section_end(struct lru_section *sec)
{
	if (!sec->node)
		return;
	lru_section_publish(sec);
	spin_unlock_irqrestore(&sec->node->lru_lock, sec->irq);
	sec->node = NULL;
	sec->key = LRU_NO_KEY;
}

/*
 * Go on with pages like @page, which is on a list or about to be: its node's lock held, its list
 * being counted.
 */
static __noinline void lru_section_switch(struct lru_section *sec, const struct page *page)
{
	struct pglist_data *node = NODE_DATA(page_to_nid(page));

	if (sec->node != node) {
		lru_section_end(sec);
		spin_lock_irqsave(&node->lru_lock, sec->irq);
		sec->node = node;
	}
	lru_section_publish(sec);
	sec->key = (page->flags | BIT(PG_lru)) & LRU_KEY;
	sec->list = page_lru(page);
}

static unsigned int batch_take(struct lru_batch *batch, struct page **out)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < LRU_BATCH; i++) {
		struct page *page = READ_ONCE(batch->slot[i]) ? xchg(&batch->slot[i], NULL) : NULL;

		if (page)
			out[n++] = page;
	}
	return n;
}

static void trace_lru_adds(struct page *const *pages, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (PageLRU(pages[i]))
			trace_mm(EV_LRU_MOVE, 0, page_to_pfn(pages[i]), page_lru(pages[i]));
	}
}

static void drain_batch(struct lru_batch *batch)
{
	struct page *pages[LRU_BATCH];
	struct lru_section sec = { .key = LRU_NO_KEY };
	unsigned int n = batch_take(batch, pages);

	for (unsigned int i = 0; i < n; i++) {
		struct page *page = pages[i];

		/*
		 * Only ours left: neither the page cache nor a PTE has it, so nobody can find it
		 * any more.
		 */
		if (page_count(page) == 1)
			continue;
		VM_BUG_ON(PageLRU(page));
		if (unlikely(((page->flags | BIT(PG_lru)) & LRU_KEY) != sec.key))
			lru_section_switch(&sec, page);
		list_add(&page->lru, &sec.node->lru[sec.list]);
		sec.delta++;
		SetPageLRU(page);
	}
	lru_section_end(&sec);
	if (mm_trace_on(EV_LRU_MOVE))
		trace_lru_adds(pages, n);
	release_pages(pages, n);
}

void lru_cache_add(struct page *page)
{
	struct lru_batch *batch = get_cpu_ptr(&lru_add_batch);

	VM_BUG_ON(PageLRU(page));
	atomic_inc(&page->_refcount);
	smp_store_release(&batch->slot[batch->nr], page);
	if (unlikely(++batch->nr == LRU_BATCH))
		lru_add_drain();
	put_cpu_ptr(&lru_add_batch);
}

void lru_add_drain(void)
{
	struct lru_batch *batch = get_cpu_ptr(&lru_add_batch);

	if (batch->nr) {
		batch->nr = 0;
		drain_batch(batch);
	}
	put_cpu_ptr(&lru_add_batch);
}

bool lru_add_pending(void)
{
	return this_cpu_ptr(&lru_add_batch)->nr;
}

void lru_add_drain_all(void)
{
	unsigned int cpu;

	lru_add_drain();
	for_each_possible_cpu(cpu)
		drain_batch(per_cpu_ptr(&lru_add_batch, cpu));
}

/*
 * The page's last reference is gone and PG_lru is set: off its list.  Nobody else looks at its
 * flags any more.
 */
static inline void lru_del(struct lru_section *sec, struct page *page)
{
	__list_del(page->lru.prev, page->lru.next);
	page->flags &= ~(BIT(PG_lru) | BIT(PG_active) | BIT(PG_unevictable));
	sec->delta--;
}

void release_pages(struct page **pages, unsigned int nr)
{
	struct lru_section sec = { .key = LRU_NO_KEY };
	struct page **dead = pages;

	for (struct page **next = pages, **end = pages + nr; next < end; next++) {
		struct page *page = *next;

		VM_BUG_ON(page_count(page) <= 0);
		if (!atomic_dec_and_test(&page->_refcount))
			continue;
		if (unlikely((page->flags & LRU_KEY) != sec.key)) {
			if (PageHead(page) || !PageLRU(page)) {
				lru_section_end(&sec);
				__put_page(page);
				continue;
			}
			lru_section_switch(&sec, page);
		}
		lru_del(&sec, page);
		*dead++ = page;
	}
	lru_section_end(&sec);
	if (dead > pages)
		free_unref_pages(pages, dead - pages);
}

/**
 * __put_page - the last reference to @page has gone: off its list and back to the allocator
 *
 * Context: any; takes lru_lock and then zone locks.
 */
void __put_page(struct page *page)
{
	unsigned int order = PageHead(page) ? page->compound_order & 0xff : 0;

	VM_BUG_ON(!order && page_mapped(page));
	if (PageLRU(page)) {
		struct lru_section sec = { .key = LRU_NO_KEY };

		lru_section_switch(&sec, page);
		lru_del(&sec, page);
		lru_section_end(&sec);
	}
	page->flags &= ~(BIT(PG_active) | BIT(PG_unevictable)); /* set before it reached a list */
	free_unref_page(page, order);
}

void lru_check(struct pglist_data *node)
{
	unsigned long irq;

	spin_lock_irqsave(&node->lru_lock, irq);
	for (int i = 0; i < NR_LRU_LISTS; i++) {
		unsigned long n = 0;
		struct page *page;

		list_for_each_entry(page, &node->lru[i], lru) {
			if (!PageLRU(page) || (int)page_lru(page) != i || page_count(page) <= 0)
				panic("lru_check: pfn %lx flags %lx refcount %d on list %d of node %d",
				      page_to_pfn(page), page->flags, page_count(page), i,
				      node->nid);
			n++;
		}
		if (n != node->nr_lru[i])
			panic("lru_check: node %d list %d has %lu pages, counted %lu", node->nid, i,
			      n, node->nr_lru[i]);
	}
	spin_unlock_irqrestore(&node->lru_lock, irq);
}
