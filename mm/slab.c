/* SPDX-License-Identifier: MIT */
/*
 * mm/slab.c - caches of equal objects
 *
 * A cache cuts blocks of pages, its slabs, into objects of one size.  A free object holds the pointer to the
 * next free one, so a slab needs no table of its own; everything else about it is in its struct page.
 *
 *     page->slab_freelist -> [obj][used][obj][used][used][obj]...       inuse: objects not on this list
 *
 * Each CPU owns ("has frozen") one slab per cache, whose free list it has taken over whole, and serves itself
 * from it without a lock.  Frees of objects in other slabs go to those slabs under the node's lock:
 *
 *            new                      taken by a CPU                        all its objects used
 *     pages ------> partial (empty) ------------------> frozen ----------------------------------> full
 *       ^             |    ^                                                                         |
 *       |  too many   |    +---------------------------- partial <-----------------------------------+
 *       +-------------+            last object freed                   first object freed
 *
 * An empty slab goes back to the page allocator at once, but for SLAB_MIN_EMPTY a node.
 *
 * Invariants (slab_check() in mm/slab_debug.c verifies them):
 *   S1  a slab is frozen by one CPU, or on the partial list, or on the full list of its node;
 *   S2  on partial: inuse < objects; on full: inuse == objects and no free list; frozen: objects that the CPU
 *       holds count as in use;
 *   S3  the free list has objects - inuse entries, all of them aligned objects of the slab;
 *   S4  nr_slabs, nr_partial, nr_empty, total_objects of a node count what is there;
 *   S5  total_objects - all free objects == sum over CPUs of inuse: what /proc/slabinfo shows.
 *
 * Locking: the CPU part with interrupts off; node->lock, irq-safe, for slabs that no CPU owns and for every
 * page->slab_freelist; pages are allocated with no lock held and interrupts as the caller had them.  Each slab is
 * freed outside the lock.
 *
 * Not done: per-CPU partial lists (a free to a slab of no CPU takes the node lock, about 20 instructions); cache
 * merging (each kind of object keeps its name in /proc/slabinfo); randomised free lists.
 * Sources: Bonwick 1994 (slabs); Bonwick and Adams 2001 (the per-CPU layer); the shape is that of Linux's SLUB.
 */
#include "mm_env.h"
#include <mm/mmzone.h>
#include <mm/slab_def.h>

/* ---------------------------------------------------------------- slabs */

static enum node_stat_item slab_stat(const struct kmem_cache *s)
{
	return s->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;
}

static void *slab_address(const struct page *page)
{
	return page_address(page);
}

/* Thread the objects of a fresh slab, in address order. */
static void init_slab_objects(struct kmem_cache *s, struct page *page, unsigned int objects)
{
	char *obj = (char *)slab_address(page) + s->red_left;

	page->slab_freelist = obj;
	for (unsigned int i = 0; i < objects; i++, obj += s->size) {
		if (slab_is_debug(s))
			slab_debug_new(s, obj);
		if (s->ctor)
			s->ctor(obj);
		set_freepointer(s, obj, i + 1 < objects ? obj + s->size : NULL);
		if (slab_is_debug(s))
			slab_debug_hide(s, obj);
	}
}

/* new_slab - pages with free objects, in no list yet.  NULL when out of memory.  No lock held. */
static struct page *new_slab(struct kmem_cache *s, gfp_t gfp, int nid)
{
	unsigned int order = s->order, objects;
	struct page *page = NULL;

	gfp &= ~__GFP_ZERO;
	if (order > s->min_order) /* a larger slab is only a convenience */
		page = alloc_pages_node(nid,
					(gfp & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL)) |
						__GFP_NOWARN | __GFP_COMP,
					order);
	if (!page) {
		order = s->min_order;
		page = alloc_pages_node(nid, gfp | (order ? __GFP_COMP : 0), order);
	}
	if (!page)
		return NULL;
	objects = min((unsigned int)(PAGE_SIZE << order) / s->size, SLAB_MAX_OBJECTS);
	__SetPageSlab(page);
	page->slab_cache = s;
	page->slab_objects = objects;
	page->slab_inuse = 0;
	page->slab_frozen = 0;
	init_slab_objects(s, page, objects);
	mod_node_page_state(page_to_nid(page), slab_stat(s), 1L << order);
	return page;
}

static void free_slab_pages(struct page *page)
{
	unsigned int order = compound_order(page);

	mod_node_page_state(page_to_nid(page), slab_stat(page->slab_cache), -(1L << order));
	kasan_unpoison(slab_address(page), PAGE_SIZE << order);
	__ClearPageSlab(page);
	page->slab_cache = NULL; /* lies over mapping, which is NULL in a free page */
	__free_pages(page, order);
}

/* The slab's list linkage is free now: it serves as the RCU head. */
static_assert(sizeof(struct rcu_head) <= sizeof(struct list_head), "rcu_head fits over slab_list");

static void free_slab_rcu(struct rcu_head *head)
{
	free_slab_pages(container_of((struct list_head *)head, struct page, slab_list));
}

/* A slab that is on no list and accounted to no node any more.  No lock held, any interrupt state. */
static void free_slab(struct kmem_cache *s, struct page *page)
{
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		call_rcu((struct rcu_head *)&page->slab_list, free_slab_rcu);
	else
		free_slab_pages(page);
}

static struct kmem_cache_node *node_of(struct kmem_cache *s, const struct page *page)
{
	return &s->node[page_to_nid(page)];
}

/* Onto the partial list: used slabs in front, so that the fullest are filled up and the empty ones may go. */
static void add_partial(struct kmem_cache_node *n, struct page *page)
{
	n->nr_partial++;
	if (page->slab_inuse) {
		list_add(&page->slab_list, &n->partial);
	} else {
		n->nr_empty++;
		list_add_tail(&page->slab_list, &n->partial);
	}
}

static void del_partial(struct kmem_cache_node *n, struct page *page)
{
	n->nr_partial--;
	if (!page->slab_inuse)
		n->nr_empty--;
	list_del(&page->slab_list);
}

static void account_slab(struct kmem_cache_node *n, struct page *page, long sign)
{
	n->nr_slabs += sign;
	n->total_objects += sign * page->slab_objects;
	n->nr_pages += sign * (1L << compound_order(page));
}

/* ---------------------------------------------------------------- allocation, slow path */

/* Hand the whole free list of @page over to the CPU; node lock held, the slab is on no list. */
static void *freeze_slab(struct kmem_cache_cpu *c, struct page *page)
{
	void *list = page->slab_freelist;

	page->slab_freelist = NULL;
	page->slab_inuse = page->slab_objects;
	page->slab_frozen = 1;
	c->page = page;
	c->start = (unsigned long)slab_address(page);
	c->bytes = PAGE_SIZE << compound_order(page);
	return list;
}

/* The CPU has no slab any more. */
static void forget_slab(struct kmem_cache_cpu *c)
{
	c->page->slab_frozen = 0;
	c->page = NULL;
	c->freelist = NULL;
	c->bytes = 0;
}

/*
 * The CPU's slab has run out: take back what others freed into it, or let it go to the full list.
 * Return: a free list, or NULL with c->page NULL.
 */
static void *refill_from_own(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct page *page = c->page;
	struct kmem_cache_node *n;
	void *list;

	if (!page)
		return NULL;
	n = node_of(s, page);
	spin_lock(&n->lock);
	list = page->slab_freelist;
	if (list) {
		freeze_slab(c, page);
	} else {
		forget_slab(c);
		list_add(&page->slab_list, &n->full);
	}
	spin_unlock(&n->lock);
	return list;
}

static void *refill_from_partial(struct kmem_cache_cpu *c, struct kmem_cache_node *n)
{
	void *list = NULL;

	spin_lock(&n->lock);
	if (n->nr_partial) {
		struct page *page = list_first_entry(&n->partial, struct page, slab_list);

		del_partial(n, page);
		list = freeze_slab(c, page);
	}
	spin_unlock(&n->lock);
	return list;
}

/* The same for a cache with debug flags: one checked object, the slab stays on its node's lists. */
static void *alloc_debug_object(struct kmem_cache *s, struct kmem_cache_node *n, const void *caller)
{
	struct page *page;
	void *obj = NULL;

	spin_lock(&n->lock);
	if (n->nr_partial) {
		page = list_first_entry(&n->partial, struct page, slab_list);
		obj = page->slab_freelist;
		slab_debug_alloc(s, page, obj, caller);
		del_partial(n, page);
		page->slab_freelist = get_freepointer(s, obj);
		page->slab_inuse++;
		if (page->slab_inuse == page->slab_objects)
			list_add(&page->slab_list, &n->full);
		else
			add_partial(n, page);
	}
	spin_unlock(&n->lock);
	return obj;
}

/* An object from what is there, trying the nodes from @nid on; interrupts off.  NULL: a new slab is needed. */
static void *alloc_from_existing(struct kmem_cache *s, unsigned int nid, unsigned int nr_nodes,
				 const void *caller)
{
	struct kmem_cache_cpu *c = this_cpu_slab(s);
	bool debug = slab_is_debug(s);
	void *obj = debug ? NULL : c->freelist ? c->freelist : refill_from_own(s, c);

	for (unsigned int i = 0; !obj && i < nr_nodes; i++) {
		struct kmem_cache_node *n = &s->node[(nid + i) % s->nr_nodes];

		obj = debug ? alloc_debug_object(s, n, caller) : refill_from_partial(c, n);
	}
	if (!obj)
		return NULL;
	if (!debug)
		c->freelist = get_freepointer(s, obj);
	c->inuse++;
	return obj;
}

/**
 * slab_alloc_slow - an object when this CPU's freelist is empty
 * @flags: interrupt state of the caller; restored on return.  Interrupts are off on entry.
 *
 * New slabs go to the node's partial list first and are taken from there: whatever an interrupt or another CPU did
 * while the pages were being allocated, the state it left is a legal one to go on from.
 */
__noinline void *slab_alloc_slow(struct kmem_cache *s, gfp_t gfp, unsigned long flags,
				 const void *caller)
{
	int nid = numa_node_id();
	void *obj;

	if (!caller)
		caller = __builtin_return_address(0);
	while (!(obj = alloc_from_existing(s, nid, 1, caller))) {
		struct kmem_cache_node *n;
		struct page *page;

		local_irq_restore(flags);
		page = new_slab(s, gfp, nid);
		local_irq_save(flags);
		if (!page) { /* no memory: whatever any node has left */
			obj = alloc_from_existing(s, nid, s->nr_nodes, caller);
			break;
		}
		n = node_of(s, page);
		nid = page_to_nid(page);
		spin_lock(&n->lock);
		account_slab(n, page, 1);
		add_partial(n, page);
		spin_unlock(&n->lock);
	}
	local_irq_restore(flags);
	if (obj && gfp & __GFP_ZERO)
		memset(obj, 0, s->object_size);
	return obj;
}

/* ---------------------------------------------------------------- freeing, slow path */

__noinline void slab_bad_free(struct kmem_cache *s, const struct page *page, const void *obj,
			      const char *what)
{
	slab_report_object(s, obj);
	panic("slab %s: object %p %s (slab %p, %u of %u in use)", s->name, obj, what,
	      slab_address(page), page->slab_inuse, page->slab_objects);
}

/* Take a slab without an owner off the list that its counts say it is on. */
static void unlist_slab(struct kmem_cache_node *n, struct page *page)
{
	if (page->slab_inuse == page->slab_objects)
		list_del(&page->slab_list); /* full */
	else
		del_partial(n, page);
}

/* An object back to a slab that this CPU does not own.  Return: the slab, if it is empty and one too many. */
static struct page *free_to_slab(struct kmem_cache *s, struct page *page, void *obj,
				 const void *caller)
{
	struct kmem_cache_node *n = node_of(s, page);
	struct page *empty = NULL;

	spin_lock(&n->lock);
	if (slab_is_debug(s))
		slab_debug_free(s, page, obj, caller);
	if (unlikely(!page->slab_inuse || obj == page->slab_freelist))
		slab_bad_free(s, page, obj, "freed twice");
	if (!page->slab_frozen)
		unlist_slab(n, page);
	set_freepointer(s, obj, page->slab_freelist);
	page->slab_freelist = obj;
	page->slab_inuse--;
	if (!page->slab_frozen) {
		if (page->slab_inuse || n->nr_empty < SLAB_MIN_EMPTY) {
			add_partial(n, page);
		} else {
			account_slab(n, page, -1);
			empty = page;
		}
	}
	spin_unlock(&n->lock);
	return empty;
}

/**
 * slab_free_slow - whatever is not an object of this CPU's slab: NULL, objects of other slabs, mistakes
 * @flags: interrupt state of the caller; restored on return.  Interrupts are off on entry.
 */
__noinline void slab_free_slow(struct kmem_cache *s, void *obj, unsigned long flags,
			       const void *caller)
{
	struct kmem_cache_cpu *c = this_cpu_slab(s);
	struct page *page, *empty;

	if (!caller)
		caller = __builtin_return_address(0);
	if (!obj) {
		local_irq_restore(flags);
		return;
	}
	page = compound_head(object_page(obj));
	if (!PageSlab(page) || page->slab_cache != s)
		panic("slab %s: %p is not an object of this cache", s->name, obj);
	if (page == c->page)
		slab_bad_free(s, page, obj, "freed twice in a row");
	empty = free_to_slab(s, page, obj, caller);
	c->inuse--;
	local_irq_restore(flags);
	if (empty)
		free_slab(s, empty);
}

/* ---------------------------------------------------------------- objects */

/**
 * kmem_cache_alloc - one object from @cache
 * @gfp: __GFP_ZERO clears it; GFP_ATOMIC forbids sleeping in the slow path
 *
 * Fast path: pop this CPU's freelist with interrupts off.  The slow path may sleep in the page allocator and go
 * on on another CPU.
 *
 * Return: object of cache->object_size bytes, or NULL.
 * Locks:  none here; the slow path takes the node's list lock, then the zone lock.
 * Ref:    Bonwick 1994 (slabs); Bonwick and Adams 2001 (the per-CPU layer).
 */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return slab_alloc(cache, gfp, SLAB_CALLER);
}

/**
 * kmem_cache_free - give an object back; NULL is fine
 *
 * Context: any.
 */
void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	slab_free(cache, obj, SLAB_CALLER);
}

/* ---------------------------------------------------------------- giving back */

/* Take a CPU's slab away from it: its free objects go back to the slab, the slab to its node.  Interrupts off. */
void slab_flush_cpu(struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct page *page = c->page;
	struct kmem_cache_node *n;
	void *obj, *next;

	if (!page)
		return;
	n = node_of(s, page);
	spin_lock(&n->lock);
	for (obj = c->freelist; obj; obj = next) {
		next = get_freepointer(s, obj);
		set_freepointer(s, obj, page->slab_freelist);
		page->slab_freelist = obj;
		page->slab_inuse--;
	}
	forget_slab(c);
	if (page->slab_inuse == page->slab_objects)
		list_add(&page->slab_list, &n->full);
	else
		add_partial(n, page);
	spin_unlock(&n->lock);
}

/* All empty slabs of a node back; pages freed. */
unsigned long slab_free_empty(struct kmem_cache *s, struct kmem_cache_node *n)
{
	unsigned long flags, pages = 0;

	for (;;) {
		struct page *page = NULL;

		spin_lock_irqsave(&n->lock, flags);
		if (n->nr_empty) {
			page = list_last_entry(&n->partial, struct page, slab_list);
			del_partial(n, page);
			account_slab(n, page, -1);
		}
		spin_unlock_irqrestore(&n->lock, flags);
		if (!page)
			return pages;
		pages += 1UL << compound_order(page);
		free_slab(s, page);
	}
}

/* slab_free_all_empty - all empty slabs of all nodes back; pages freed */
unsigned long slab_free_all_empty(struct kmem_cache *s)
{
	unsigned long pages = 0;

	for (unsigned int i = 0; i < s->nr_nodes; i++)
		pages += slab_free_empty(s, &s->node[i]);
	return pages;
}

static void flush_here(void *cache)
{
	struct kmem_cache *s = cache;

	slab_flush_cpu(s, &s->cpu[smp_processor_id()]);
}

unsigned long kmem_cache_shrink(struct kmem_cache *cache)
{
	on_each_cpu(flush_here, cache);
	return slab_free_all_empty(cache);
}
