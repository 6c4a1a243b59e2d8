/* SPDX-License-Identifier: MIT */
/*
 * include/mm/slab_def.h - the inside of a slab cache, and the two paths that nearly every object takes
 *
 *     kmem_cache
 *       cpu[n]    freelist -> obj -> obj -> 0     of one slab, `page`, which this CPU owns (frozen)
 *       node[n]   partial: slabs with free objects     full: slabs without
 *
 * A slab is one block of pages with equal objects.  While frozen, its objects are in three places: in use, on the
 * CPU's freelist, and on page->slab_freelist, where other CPUs put what they free.  [c] this CPU, interrupts off;
 * [n] node->lock, irq-safe; [I] set once.
 */
#ifndef MM_SLAB_DEF_H
#define MM_SLAB_DEF_H

#include <mm/slab.h>

struct kmem_cache_cpu {      /* [c] */
	void *freelist;      /* free objects of page, linked through cache->offset */
	unsigned long start; /* address of the slab that this CPU allocates from */
	unsigned long bytes; /* its length; 0 while there is none */
	struct page *page;   /* the same slab, or NULL */
	long inuse;          /* allocated minus freed on this CPU; the sum over CPUs is exact */
} __aligned(64);

struct kmem_cache_node { /* [n] */
	spinlock_t lock; /* rank LOCK_SLAB_NODE */
	unsigned long nr_slabs;
	unsigned long total_objects; /* in use and free */
	unsigned long nr_pages;
	unsigned long nr_partial; /* empty ones included */
	unsigned long nr_empty;   /* at the tail of partial */
	struct list_head partial, full;
} __aligned(64);

struct kmem_cache {
	unsigned int offset;           /* [I] bytes from object to its free pointer */
	unsigned int object_size;      /* [I] what the user asked for */
	unsigned int size;             /* [I] from object to object */
	unsigned int flags;            /* [I] SLAB_* */
	unsigned int objects;          /* [I] per slab of the usual order */
	unsigned int order, min_order; /* [I] min_order: when memory is in pieces */
	unsigned int inuse;            /* [I] bytes of object and red zone: what follows is ours */
	unsigned int align;            /* [I] */
	unsigned int red_left;         /* [I] bytes of the red zone in front of an object */
	unsigned int nr_nodes;         /* [I] */
	void (*ctor)(void *obj);       /* [I] */
	const char *name;              /* [I] */
	struct list_head list;         /* slab_list_lock */
	struct kmem_cache_node *node;  /* [I] nr_nodes entries, behind cpu[] */
	struct kmem_cache_cpu cpu[];   /* nr_cpu_ids entries */
};

/* Empty slabs that a node keeps: enough for an allocation to go back and forth over a slab's border. */
#define SLAB_MIN_EMPTY   2

#define SLAB_MAX_OBJECTS 65535u /* per slab: u16 in struct page */

extern struct list_head slab_caches; /* in order of creation */
extern spinlock_t slab_list_lock;    /* rank LOCK_SLAB_LIST */

static __always_inline void *get_freepointer(const struct kmem_cache *s, const void *obj)
{
	return *(void *const *)((const char *)obj + s->offset);
}

static __always_inline void set_freepointer(const struct kmem_cache *s, void *obj, void *next)
{
	*(void **)((char *)obj + s->offset) = next;
}

/* The part of the CPU we run on; interrupts off.  Multiplied in 32 bits, which saves widening the CPU number. */
static __always_inline struct kmem_cache_cpu *this_cpu_slab(struct kmem_cache *s)
{
	unsigned int offset = smp_processor_id() * (unsigned int)sizeof(struct kmem_cache_cpu);

	return (struct kmem_cache_cpu *)((char *)s->cpu + offset);
}

/* Both restore the interrupt state @flags; callers tail-call them, so that the fast paths save no registers. */
void *slab_alloc_slow(struct kmem_cache *s, gfp_t gfp, unsigned long flags, const void *caller);
void slab_free_slow(struct kmem_cache *s, void *obj, unsigned long flags, const void *caller);
void slab_bad_free(struct kmem_cache *s, const struct page *page, const void *obj, const char *what)
	__attribute__((noreturn, cold));

/*
 * Who asked, for the owner records.  Worked out here only where records are the rule; else the slow path, which
 * has been jumped to, finds the same return address for itself.
 */
#define SLAB_CALLER (MM_DEBUG ? __builtin_return_address(0) : NULL)

/*
 * slab_alloc - pop this CPU's freelist
 *
 * No lock: only this CPU touches the list, and with interrupts off nothing else runs on it.  Caches with debug
 * flags keep that list empty, so that each of their objects passes the checks of the slow path.
 */
static __always_inline void *slab_alloc(struct kmem_cache *s, gfp_t gfp, const void *caller)
{
	struct kmem_cache_cpu *c;
	unsigned long flags;
	void *obj;

	if (MM_DEBUG && gfp & __GFP_DIRECT_RECLAIM)
		might_sleep();
	if (should_fail_alloc(gfp))
		return NULL;
	local_irq_save(flags);
	c = this_cpu_slab(s);
	obj = c->freelist;
	if (unlikely(!obj))
		return slab_alloc_slow(s, gfp, flags, caller);
	c->freelist = get_freepointer(s, obj);
	c->inuse++;
	local_irq_restore(flags);
	if (unlikely(gfp & __GFP_ZERO))
		return memset(obj, 0, s->object_size);
	return obj;
}

/*
 * slab_free - push onto this CPU's freelist if the object is of its slab; else the slab's own list takes it
 *
 * The slab's range is all that is compared: the object's struct page is not looked at.  What is not of this slab,
 * NULL included, is sorted out by the slow path.
 */
static __always_inline void slab_free(struct kmem_cache *s, void *obj, const void *caller)
{
	struct kmem_cache_cpu *c;
	unsigned long flags;

	local_irq_save(flags);
	c = this_cpu_slab(s);
	if (unlikely((unsigned long)obj - c->start >= c->bytes || obj == c->freelist)) {
		slab_free_slow(s, obj, flags, caller);
		return;
	}
	set_freepointer(s, obj, c->freelist);
	c->freelist = obj;
	c->inuse--;
	local_irq_restore(flags);
}

/*
 * The struct page of a direct-map address.  virt_to_page() also knows the kernel image; this is one shift and one
 * addition.
 */
static __always_inline struct page *object_page(const void *obj)
{
	const unsigned long first =
		(unsigned long)vmemmap - (PAGE_OFFSET >> PAGE_SHIFT) * sizeof(struct page);

	return (struct page *)(((unsigned long)obj >> PAGE_SHIFT) * sizeof(struct page) + first);
}

/* slab.c: free objects and slabs of one CPU (interrupts off) and of one node go back; pages freed */
void slab_flush_cpu(struct kmem_cache *s, struct kmem_cache_cpu *c);
unsigned long slab_free_empty(struct kmem_cache *s, struct kmem_cache_node *n);
unsigned long slab_free_all_empty(struct kmem_cache *s);

/* slab_common.c */
void slab_layout(struct kmem_cache *s);
void kmalloc_init(void); /* kmalloc.c: the classes */

/* --- slab_debug.c; for caches with SLAB_DEBUG_FLAGS --- */
static inline bool slab_is_debug(const struct kmem_cache *s) { return s->flags & SLAB_DEBUG_FLAGS; }

/* slab_debug_new - a fresh slab's object: free, filled, its red zones drawn */
void slab_debug_new(struct kmem_cache *s, void *obj);
/* slab_debug_hide - nobody may look at a free object, as far as the environment can enforce that */
void slab_debug_hide(const struct kmem_cache *s, const void *obj);
/* slab_debug_alloc - check that a free object was left alone, and mark it used by @caller */
void slab_debug_alloc(struct kmem_cache *s, struct page *page, void *obj, const void *caller);
/* slab_debug_free - check that @obj is an object in use with whole red zones, and mark it free */
void slab_debug_free(struct kmem_cache *s, struct page *page, void *obj, const void *caller);
/* slab_debug_size - bytes that the records behind an object take */
unsigned int slab_debug_track_size(void);
/* slab_report_object - who allocated and who freed it, to the log */
void slab_report_object(const struct kmem_cache *s, const void *obj);
/* slab_for_each_used - call @fn for each object in use of an unfrozen slab */
void slab_for_each_used(const struct kmem_cache *s, struct page *page,
			void (*fn)(const struct kmem_cache *s, void *obj));

#endif
