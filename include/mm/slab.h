/* SPDX-License-Identifier: MIT */
/*
 * include/mm/slab.h - caches of equal objects, and kmalloc on top of them
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include "mm_env.h"

#include <mm/gfp.h>

struct kmem_cache;

#define SLAB_HWCACHE_ALIGN   0x01u
#define SLAB_PANIC           0x02u /* creation must not fail: boot-time caches */
#define SLAB_RECLAIM_ACCOUNT 0x04u
#define SLAB_POISON          0x08u /* debug builds set these three for every cache */
#define SLAB_RED_ZONE        0x10u
#define SLAB_STORE_USER      0x20u
#define SLAB_TYPESAFE_BY_RCU \
	0x40u /* pages outlive a grace period: readers may look at freed objects */
#define SLAB_DEBUG_FLAGS (SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER)
#ifdef DEBUG
#define SLAB_DEFAULT_FLAGS SLAB_DEBUG_FLAGS
#else
#define SLAB_DEFAULT_FLAGS 0u
#endif

/**
 * kmem_cache_create - a cache of objects of one kind
 * @name:  shown in /proc/slabinfo; static storage
 * @size:  bytes, 1 .. SLAB_MAX_SIZE
 * @align: power of two, or 0 for that of a pointer
 * @ctor:  run once for each object when its slab is made, NULL for none; frees must leave that state behind
 *
 * Return: the cache, or NULL when out of memory (panics with SLAB_PANIC).
 * Context: may sleep.
 */
#define SLAB_MAX_SIZE (32U << 10)
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*ctor)(void *));
/* kmem_cache_destroy - NULL is fine; a cache with objects in use is reported, object by object, and stays */
void kmem_cache_destroy(struct kmem_cache *cache);
/* kmem_cache_shrink - the CPUs' slabs back to their nodes, all empty ones to the page allocator; pages freed.  Interrupts on */
unsigned long kmem_cache_shrink(struct kmem_cache *cache);
unsigned long kmem_cache_shrink_all(void);
/* kmem_cache_active - objects in use, exact when nobody is in the middle of a call */
unsigned long kmem_cache_active(const struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
static inline void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_alloc(cache, gfp | __GFP_ZERO);
}
void kmem_cache_free(struct kmem_cache *cache, void *obj);
unsigned int kmem_cache_size(const struct kmem_cache *cache);

#define ARCH_KMALLOC_MINALIGN  8u
#define KMALLOC_MAX_CACHE_SIZE 8192UL
#define KMALLOC_MAX_SIZE       (PAGE_SIZE << MAX_ORDER)
#define ZERO_SIZE_PTR          ((void *)16) /* what kmalloc(0) answers: may be freed, not looked into */

/**
 * kmalloc - @size bytes
 *
 * From the caches kmalloc-8 .. kmalloc-8k (and 96, 192), above 8 KiB whole pages.  Blocks whose size is a power of
 * two are aligned to it.  No zone modifiers: memory for devices comes from alloc_pages().
 *
 * Return: NULL when out of memory or @size is beyond KMALLOC_MAX_SIZE.
 */
void *kmalloc(size_t size, gfp_t gfp);
static inline void *kzalloc(size_t size, gfp_t gfp) { return kmalloc(size, gfp | __GFP_ZERO); }
void *kmalloc_array(size_t n, size_t size, gfp_t gfp); /* NULL on overflow */
void *krealloc(void *p, size_t size, gfp_t gfp);
void kfree(const void *p);   /* NULL is fine */
size_t ksize(const void *p); /* bytes really there, all of them usable */
char *kstrdup(const char *s, gfp_t gfp);
void *kmemdup(const void *p, size_t len, gfp_t gfp);

struct slabinfo { /* one line of /proc/slabinfo */
	const char *name;
	unsigned long active_objs, num_objs, objsize, objperslab, pagesperslab;
	unsigned long active_slabs, num_slabs;
	unsigned long nr_pages; /* of all slabs: some may be smaller than pagesperslab */
};
/* slab_for_each - exact figures of every cache, in order of creation */
void slab_for_each(void (*fn)(const struct slabinfo *info, void *arg), void *arg);
void slab_check(struct kmem_cache *cache);
void slab_check_all(void);
void kmem_cache_init(void); /* after the buddy is up */

#endif
