/* SPDX-License-Identifier: MIT */
/*
 * include/mm/gfp.h - what an allocation may do and where its pages may come from
 *
 * Names and meanings are Linux's.  The zone modifiers choose the highest zone allowed; the zonelist of the
 * node then falls back towards DMA and towards farther nodes.
 */
#ifndef MM_GFP_H
#define MM_GFP_H

#include "mm_env.h"

typedef unsigned int gfp_t;

#define __GFP_DMA            0x0001u
#define __GFP_DMA32          0x0002u
#define __GFP_MOVABLE        0x0004u /* user and page-cache pages: could be migrated */
#define __GFP_ZERO           0x0008u /* contents cleared */
#define __GFP_HIGH           0x0010u /* may use half of the reserve below the min watermark */
#define __GFP_ATOMIC         0x0020u /* cannot sleep, and may go deeper into the reserve */
#define __GFP_DIRECT_RECLAIM 0x0040u /* may sleep and reclaim */
#define __GFP_KSWAPD_RECLAIM 0x0080u /* wakes kswapd at the low watermark */
#define __GFP_IO             0x0100u
#define __GFP_FS             0x0200u
#define __GFP_NOWARN         0x0400u /* the caller has a fallback: failing is not reported */
#define __GFP_NORETRY        0x0800u
#define __GFP_NOFAIL         0x1000u
#define __GFP_COMP           0x2000u /* compound page */
#define __GFP_ACCOUNT        0x4000u
#define __GFP_HARDWALL       0x8000u
#define __GFP_RECLAIM        (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_ATOMIC           (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT           (__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO             (__GFP_RECLAIM)
#define GFP_NOFS             (__GFP_RECLAIM | __GFP_IO)
#define GFP_KERNEL           (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_USER             (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER_MOVABLE (GFP_USER | __GFP_MOVABLE)
#define GFP_DMA              __GFP_DMA
#define GFP_DMA32            __GFP_DMA32

/* Highest order the buddy allocator serves: 2^10 pages = 4 MiB. */
#define MAX_ORDER 10

struct page;

/*
 * Builds with DEBUG fill free pages with a pattern and look for damage when they are used again.  A constant, so
 * that the compiler, not the preprocessor, leaves the code out.
 */
#ifdef DEBUG
#define MM_DEBUG 1
#else
#define MM_DEBUG 0
#endif

/* get_order - smallest order whose block holds @size bytes; @size is not 0 */
static inline unsigned int get_order(size_t size) { return fls64((size - 1) >> PAGE_SHIFT); }

struct page *__alloc_page(
	gfp_t gfp); /* one page, no zone modifiers: the path of nearly every page */
struct page *__alloc_pages(gfp_t gfp, unsigned int order);

/**
 * alloc_pages - 2^order contiguous frames
 *
 * Contents are undefined unless __GFP_ZERO.  refcount of the (head) page is 1.  Without __GFP_COMP the
 * frames of a higher order are independent after the first: free them with the order they came with.
 *
 * Return: first page, or NULL.
 * Context: any with GFP_ATOMIC / GFP_NOWAIT; GFP_KERNEL may sleep.
 */
static __always_inline struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	if (__builtin_constant_p(order | (gfp & (__GFP_DMA | __GFP_DMA32))) &&
	    !(order | (gfp & (__GFP_DMA | __GFP_DMA32))))
		return __alloc_page(gfp);
	return __alloc_pages(gfp, order);
}
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
#define alloc_page(gfp) alloc_pages(gfp, 0)

/* __free_pages - drop the caller's reference; frees the block when it was the last */
void __free_pages(struct page *page, unsigned int order);
#define __free_page(page) __free_pages(page, 0)

/* The same by direct-map address; NULL / 0 on failure. */
void *__get_free_pages(gfp_t gfp, unsigned int order);
#define __get_free_page(gfp) __get_free_pages(gfp, 0)
#define get_zeroed_page(gfp) __get_free_pages((gfp) | __GFP_ZERO, 0)
void free_pages(void *addr, unsigned int order);
#define free_page(addr) free_pages(addr, 0)

/*
 * Give frames back whose refcount is 0 already: one block, a list linked through page->lru (empty afterwards), or
 * an array of order-0 pages, which is the quickest way to free many.  Any context.
 */
void free_unref_page(struct page *page, unsigned int order);
void free_unref_page_list(struct list_head *list);
void free_unref_pages(struct page **pages, unsigned int nr);

/* drain_local_pages - this CPU's per-CPU lists back to the buddy (exact counts, tests, hot-unplug) */
void drain_local_pages(void);
/* drop_caches - all that is kept only for speed back to the buddy: then MemFree says what is in use, exactly */
void drop_caches(void);

#endif
