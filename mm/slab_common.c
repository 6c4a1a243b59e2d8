/* SPDX-License-Identifier: MIT */
/*
 * mm/slab_common.c - the life of a slab cache: layout, creation, destruction, figures
 *
 * What mm/slab.c allocates from is described by struct kmem_cache: where in a slab the objects lie, and the parts of
 * CPUs and nodes.  All three are one allocation, sized by the CPUs and nodes the machine has:
 *
 *     | kmem_cache | cpu[0] .. cpu[nr_cpu_ids - 1] | node[0] .. node[nr_nodes - 1] |
 *
 * It comes from a cache itself; the first, cache_cache, describes itself and lies in pages of its own.
 *
 * Locking: slab_list_lock covers the list of caches.  A cache is created and destroyed by one owner.
 */
#include "mm_env.h"
#include <mm/mmzone.h>
#include <mm/slab_def.h>

#define SLAB_MAX_ORDER 3u

LIST_HEAD(slab_caches);
DEFINE_SPINLOCK(slab_list_lock, LOCK_SLAB_LIST);
static struct kmem_cache *cache_cache; /* where struct kmem_cache comes from */

static size_t cache_struct_size(void)
{
	return sizeof(struct kmem_cache) + nr_cpu_ids * sizeof(struct kmem_cache_cpu) +
	       nr_online_nodes * sizeof(struct kmem_cache_node);
}

/*
 * Where things lie.  Plain: the free pointer is in the object's first word.  With debug flags, or with contents
 * that must survive a free, it lies behind:
 *
 *     | red_left | object | red zone .. inuse | free pointer | two tracks | padding to align |
 */
static void layout_objects(struct kmem_cache *s)
{
	unsigned int size = ALIGN(s->object_size, (unsigned int)sizeof(void *));

	if (s->ctor || s->flags & SLAB_TYPESAFE_BY_RCU)
		s->flags &= ~SLAB_POISON;
	if (s->flags & SLAB_RED_ZONE && size == s->object_size)
		size += sizeof(void *);
	s->inuse = size;
	s->offset = 0;
	s->red_left = 0;
	if (s->ctor || s->flags & (SLAB_POISON | SLAB_TYPESAFE_BY_RCU)) {
		s->offset = size;
		size += sizeof(void *);
	}
	if (s->flags & SLAB_STORE_USER)
		size += slab_debug_track_size();
	if (s->flags & SLAB_RED_ZONE) {
		s->red_left = s->align;
		size += s->red_left;
	}
	s->size = ALIGN(size, s->align);
}

/* The smallest order with at least four objects and at most an eighth wasted; else the best of the allowed. */
static void choose_order(struct kmem_cache *s)
{
	unsigned int order = get_order(s->size);

	s->min_order = order;
	for (; order < SLAB_MAX_ORDER; order++) {
		unsigned int bytes = PAGE_SIZE << order;

		if (bytes / s->size >= 4 && bytes % s->size <= bytes / 8)
			break;
	}
	s->order = order;
	s->objects = min((unsigned int)(PAGE_SIZE << order) / s->size, SLAB_MAX_OBJECTS);
}

/* slab_layout - sizes and order from object_size, align and flags; before the first object */
void slab_layout(struct kmem_cache *s)
{
	layout_objects(s);
	choose_order(s);
}

static void cache_init(struct kmem_cache *s, const char *name, unsigned int size,
		       unsigned int align, unsigned int flags, void (*ctor)(void *))
{
	memset(s, 0, cache_struct_size());
	s->name = name;
	s->object_size = size;
	s->flags = flags | SLAB_DEFAULT_FLAGS;
	s->ctor = ctor;
	s->align = max_t(unsigned int, align, sizeof(void *));
	if (flags & SLAB_HWCACHE_ALIGN) /* a line, or the part of one that the object fills */
		s->align = max_t(unsigned int, s->align,
				 min_t(unsigned int, 64, roundup_pow_of_two(size)));
	slab_layout(s);
	s->nr_nodes = nr_online_nodes;
	s->node = (struct kmem_cache_node *)&s->cpu[nr_cpu_ids];
	for (unsigned int i = 0; i < s->nr_nodes; i++) {
		spin_lock_init(&s->node[i].lock, LOCK_SLAB_NODE);
		INIT_LIST_HEAD(&s->node[i].partial);
		INIT_LIST_HEAD(&s->node[i].full);
	}
	spin_lock(&slab_list_lock);
	list_add_tail(&s->list, &slab_caches);
	spin_unlock(&slab_list_lock);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*ctor)(void *))
{
	struct kmem_cache *s = NULL;

	if (!WARN_ON(!size || size > SLAB_MAX_SIZE || (align && !is_power_of_2(align)) ||
		     align > PAGE_SIZE * 2))
		s = kmem_cache_alloc(cache_cache, GFP_KERNEL);
	if (s)
		cache_init(s, name, size, align, flags, ctor);
	else if (flags & SLAB_PANIC)
		panic("slab %s: the cache cannot be created", name);
	return s;
}

unsigned int kmem_cache_size(const struct kmem_cache *cache)
{
	return cache->object_size;
}

/* This CPU's slabs of every cache go back to their nodes.  Interrupts off; slab_list_lock held by whoever asked. */
static void flush_all_here(void *unused)
{
	struct kmem_cache *s;

	(void)unused;
	list_for_each_entry(s, &slab_caches, list)
		slab_flush_cpu(s, &s->cpu[smp_processor_id()]);
}

/* kmem_cache_shrink_all - the same for every cache: the page allocator's last resort.  Pages freed. */
unsigned long kmem_cache_shrink_all(void)
{
	struct kmem_cache *s;
	unsigned long pages = 0;

	/* The list stands still while the others walk it in their interrupts; nobody wants its lock in one. */
	spin_lock(&slab_list_lock);
	on_each_cpu(flush_all_here, NULL);
	list_for_each_entry(s, &slab_caches, list)
		pages += slab_free_all_empty(s);
	spin_unlock(&slab_list_lock);
	return pages;
}

static void report_leak(const struct kmem_cache *s, void *obj)
{
	pr_err("slab %s: object %p is still in use\n", s->name, obj);
	slab_report_object(s, obj);
}

static void report_leaks(struct kmem_cache *s)
{
	struct page *page;

	pr_err("slab %s: destroyed with %lu objects in use\n", s->name, kmem_cache_active(s));
	for (unsigned int i = 0; i < s->nr_nodes; i++) {
		list_for_each_entry(page, &s->node[i].partial, slab_list)
			slab_for_each_used(s, page, report_leak);
		list_for_each_entry(page, &s->node[i].full, slab_list)
			slab_for_each_used(s, page, report_leak);
	}
}

/**
 * kmem_cache_destroy - give a cache and all its slabs back
 *
 * Nobody uses the cache any more, on any CPU.  If objects are still in use they are reported and the cache
 * stays as it is: leaking is better than a dangling pointer.
 */
void kmem_cache_destroy(struct kmem_cache *cache)
{
	unsigned long flags;
	unsigned int cpu;

	if (!cache)
		return;
	local_irq_save(flags);
	for_each_possible_cpu(cpu)
		slab_flush_cpu(cache, &cache->cpu[cpu]);
	local_irq_restore(flags);
	for (unsigned int i = 0; i < cache->nr_nodes; i++)
		slab_free_empty(cache, &cache->node[i]);
	if (kmem_cache_active(cache)) {
		report_leaks(cache);
		return;
	}
	if (cache->flags & SLAB_TYPESAFE_BY_RCU)
		synchronize_rcu(); /* the last slabs' callbacks look at the cache */
	spin_lock(&slab_list_lock);
	list_del(&cache->list);
	spin_unlock(&slab_list_lock);
	kmem_cache_free(cache_cache, cache);
}

unsigned long kmem_cache_active(const struct kmem_cache *cache)
{
	unsigned int cpu;
	long sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(cache->cpu[cpu].inuse);
	return sum > 0 ? sum : 0;
}

/**
 * slab_for_each - the figures of every cache, in order of creation
 *
 * @fn runs under the list's lock: it prints into a buffer and does not sleep.
 */
void slab_for_each(void (*fn)(const struct slabinfo *info, void *arg), void *arg)
{
	struct kmem_cache *s;

	spin_lock(&slab_list_lock);
	list_for_each_entry(s, &slab_caches, list) {
		struct slabinfo info = {
			.name = s->name,
			.active_objs = kmem_cache_active(s),
			.objsize = s->size,
			.objperslab = s->objects,
			.pagesperslab = 1UL << s->order,
		};

		for (unsigned int i = 0; i < s->nr_nodes; i++) {
			info.num_objs += READ_ONCE(s->node[i].total_objects);
			info.nr_pages += READ_ONCE(s->node[i].nr_pages);
			info.num_slabs += READ_ONCE(s->node[i].nr_slabs);
			info.active_slabs +=
				READ_ONCE(s->node[i].nr_slabs) - READ_ONCE(s->node[i].nr_empty);
		}
		fn(&info, arg);
	}
	spin_unlock(&slab_list_lock);
}

/**
 * kmem_cache_init - the cache that caches come from, then kmalloc's
 *
 * The first cache describes itself: it lies in pages of its own instead of in one of its slabs.
 */
void kmem_cache_init(void)
{
	cache_cache = __get_free_pages(GFP_KERNEL, get_order(cache_struct_size()));
	if (!cache_cache)
		panic("slab: no memory for the first cache");
	cache_init(cache_cache, "kmem_cache", cache_struct_size(), 64, SLAB_PANIC, NULL);
	kmalloc_init();
}
