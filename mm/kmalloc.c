/* SPDX-License-Identifier: MIT */
/*
 * mm/kmalloc.c - memory of any size, on top of the slab caches
 *
 * Sizes are rounded up to a class: the powers of two from 8 bytes to 8 KiB, and 96 and 192, where twice the power
 * would waste most of the small objects a kernel has.  Up to 1 KiB a table names the class of each multiple of 8, above
 * it the highest bit does.  Beyond 8 KiB whole compound pages come from the buddy, counted with the slabs.
 *
 * kfree() finds the class from the address alone: the page's struct page names the cache.
 *
 * Locking: as mm/slab.c.
 */
#include "mm_env.h"
#include <mm/mmzone.h>
#include <mm/page_debug.h>
#include <mm/slab_def.h>

struct kmalloc_class {
	unsigned int size;
	const char *name;
};

static const struct kmalloc_class classes[] = {
	{ 8, "kmalloc-8" },     { 16, "kmalloc-16" },   { 32, "kmalloc-32" },
	{ 64, "kmalloc-64" },   { 96, "kmalloc-96" },   { 128, "kmalloc-128" },
	{ 192, "kmalloc-192" }, { 256, "kmalloc-256" }, { 512, "kmalloc-512" },
	{ 1024, "kmalloc-1k" }, { 2048, "kmalloc-2k" }, { 4096, "kmalloc-4k" },
	{ 8192, "kmalloc-8k" },
};

#define TABLE_MAX 1024UL

/* By (size - 1) / 8 up to TABLE_MAX, and by the highest bit of size - 1 above. */
static struct kmem_cache *class_by_size[TABLE_MAX / 8];
static struct kmem_cache *class_by_bit[14]; /* [10] 2 KiB .. [12] 8 KiB */

void kmalloc_init(void)
{
	unsigned int slot = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++) {
		unsigned int size = classes[i].size;
		unsigned int align = is_power_of_2(size) ? size : ARCH_KMALLOC_MINALIGN;
		struct kmem_cache *s =
			kmem_cache_create(classes[i].name, size, align, SLAB_PANIC, NULL);

		for (; slot < ARRAY_SIZE(class_by_size) && (slot + 1) * 8 <= size; slot++)
			class_by_size[slot] = s;
		if (size > TABLE_MAX)
			class_by_bit[__fls(size - 1)] = s;
	}
}

static __noinline void *kmalloc_large(size_t size, gfp_t gfp)
{
	unsigned int order;
	struct page *page;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	order = get_order(size);
	page = alloc_pages(gfp | __GFP_COMP, order);
	if (!page)
		return NULL;
	mod_node_page_state(page_to_nid(page), NR_SLAB_UNRECLAIMABLE, 1L << order);
	return page_address(page);
}

static __noinline void kfree_large(struct page *page, const void *p)
{
	unsigned int order = compound_order(page);

	if (!PageHead(page) || page_address(page) != p)
		bad_page(page, "passed to kfree, but kmalloc did not give it out");
	mod_node_page_state(page_to_nid(page), NR_SLAB_UNRECLAIMABLE, -(1L << order));
	__free_pages(page, order);
}

/* Above the table: the three largest classes, whole pages, nothing, and too much. */
static __noinline void *kmalloc_big(size_t size, gfp_t gfp, const void *caller)
{
	if (size - 1 >= KMALLOC_MAX_CACHE_SIZE) /* 0 wraps around */
		return kmalloc_large(size, gfp);
	return slab_alloc(class_by_bit[__fls(size - 1)], gfp, caller);
}

static __always_inline void *__kmalloc(size_t size, gfp_t gfp, const void *caller)
{
	VM_BUG_ON(gfp & (__GFP_DMA | __GFP_DMA32));
	if (unlikely(size - 1 >= TABLE_MAX))
		return kmalloc_big(size, gfp, caller);
	return slab_alloc(class_by_size[(size - 1) / 8], gfp, caller);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	return __kmalloc(size, gfp, SLAB_CALLER);
}

void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return __kmalloc(bytes, gfp, SLAB_CALLER);
}

/**
 * kfree - give back what kmalloc and its relatives, or kmem_cache_alloc, gave out
 *
 * Context: any.
 */
void kfree(const void *p)
{
	struct page *page;

	if (unlikely((unsigned long)p <= (unsigned long)ZERO_SIZE_PTR))
		return;
	page = object_page(p);
	if (unlikely(!PageSlab(page))) { /* a later page of a slab, or whole pages */
		page = compound_head(page);
		if (!PageSlab(page)) {
			kfree_large(page, p);
			return;
		}
	}
	slab_free(page->slab_cache, (void *)(unsigned long)p, SLAB_CALLER);
}

size_t ksize(const void *p)
{
	struct page *page;

	if ((unsigned long)p <= (unsigned long)ZERO_SIZE_PTR)
		return 0;
	page = compound_head(object_page(p));
	return PageSlab(page) ? page->slab_cache->object_size : PAGE_SIZE << compound_order(page);
}

/**
 * krealloc - make a block @size bytes long, keeping what fits of its contents
 * @p: NULL allocates
 *
 * Stays in place when the class is large enough.  @size 0 frees.
 * Return: the block, perhaps elsewhere; NULL when out of memory, then @p is as it was.
 */
void *krealloc(void *p, size_t size, gfp_t gfp)
{
	size_t old = ksize(p);
	void *new;

	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (size <= old)
		return p;
	new = __kmalloc(size, gfp, SLAB_CALLER);
	if (!new)
		return NULL;
	if (old)
		memcpy(new, p, old);
	kfree(p);
	return new;
}

void *kmemdup(const void *p, size_t len, gfp_t gfp)
{
	void *new = __kmalloc(len, gfp, SLAB_CALLER);

	return new ? memcpy(new, p, len) : NULL;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	size_t len;
	char *new;

	if (!s)
		return NULL;
	len = strlen(s) + 1;
	new = __kmalloc(len, gfp, SLAB_CALLER);
	return new ? memcpy(new, s, len) : NULL;
}
