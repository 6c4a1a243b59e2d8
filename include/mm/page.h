/* SPDX-License-Identifier: MIT */
/*
 * include/mm/page.h - struct page: one 64-byte record for each frame of RAM
 *
 * The array of all of them, vmemmap, is indexed by page frame number.  A frame is in exactly one of
 * the uses below, and the first union is read accordingly:
 *
 *     use             marked by        union               private        refcount
 *     free in buddy   PG_buddy         lru (free list)     order          0
 *     per-CPU list    PG_pcp           -                   -              0
 *     slab            PG_slab          slab_*              -              1
 *     page table      PG_table         ptl, pt_mm          -              1
 *     anon or file    mapping != NULL  lru                 swap / private >= 1
 *     tail of a       -                compound_head | 1   -              0
 *     compound page
 *
 * Reference count: one for the page cache, one for each mapping PTE, one for each temporary user.
 * _mapcount starts at -1, so that the first map and the last unmap are seen by the sign alone.
 *
 *   field       read under                          written under
 *   flags       -                                   atomic bit operations; non-atomic before publication
 *   lru         the list's lock                     the same (zone->lock or node lru_lock)
 *   mapping     page lock, or a reference           page lock + the mapping's lock
 *   index       as mapping                          as mapping
 *   _mapcount   -                                   atomic, under the PTE lock
 *   _refcount   -                                   atomic; freed at 0
 */
#include "mm_env.h" /* before the guard: mm_env.h includes this file in its place */

#ifndef MM_PAGE_H
#define MM_PAGE_H

struct address_space;
struct kmem_cache;
struct mm_struct;

enum pageflags {
	PG_locked, /* page lock: content and mapping are stable */
	PG_referenced,
	PG_uptodate, /* content is valid */
	PG_dirty,
	PG_lru,        /* on an LRU list */
	PG_active,     /* on the active list */
	PG_swapbacked, /* anonymous or shmem: reclaim writes it to swap */
	PG_swapcache,
	PG_unevictable,
	PG_mlocked,
	PG_writeback,
	PG_private,  /* private holds file-system data */
	PG_reserved, /* firmware, kernel image, memory map: never in the allocator */
	PG_buddy,    /* first page of a free block, order in private */
	PG_slab,
	PG_table,          /* page-table page */
	PG_head,           /* first page of a compound page */
	PG_anon_exclusive, /* reserved for huge pages and pinning */
	PG_waiters,        /* somebody sleeps on the page lock */
	PG_vmalloc,
	PG_kstack,
	PG_pcp,    /* free, on a per-CPU list */
	PG_poison, /* free, and filled with the poison pattern (debug builds) */
	NR_PAGEFLAGS,
};

/* flags word: [63:62] zone, [61:56] node, low bits PG_*; the top byte indexes zone_table */
#define PAGE_ZONE_SHIFT 62
#define PAGE_NODE_SHIFT 56
#define PAGE_NODE_MASK  0x3fUL

struct page {
	unsigned long flags;
	union {
		struct { /* user and page-cache pages; free blocks */
			struct list_head lru;
			struct address_space *mapping; /* or anon_vma | PAGE_MAPPING_ANON */
			pgoff_t index;         /* pages: file offset, or address >> PAGE_SHIFT */
			unsigned long private; /* free block: order */
		};
		struct { /* slab: under the node's list lock */
			struct list_head slab_list;
			struct kmem_cache *slab_cache;
			void *slab_freelist;
			u16 slab_inuse;
			u16 slab_objects;
			u8 slab_frozen; /* a CPU owns it */
		};
		struct { /* page table; pt_mm first: bit 0 of this word means tail */
			struct mm_struct *pt_mm;
			spinlock_t ptl;
			void *pt_mapping; /* lies over mapping, which is NULL when a page is freed */
			struct page *pt_next; /* unlinked, waits for the flush: struct mmu_gather */
		};
		unsigned long compound_head; /* tail: head | 1 */
	};
	unsigned long compound_order; /* head of a compound page; bits above: owner's */
	union {
		struct {
			atomic_t _mapcount;
			atomic_t _refcount;
		};
		u64 counts; /* both at once: PAGE_COUNTS_FREE when nothing uses the page */
	};
};

#define PAGE_COUNTS_FREE  0xffffffffUL /* _mapcount -1, _refcount 0 */
#define PAGE_MAPPING_ANON 1UL

static_assert(sizeof(struct page) == 64, "struct page is one cache line");

#define PAGEFLAG(uname, bit)                                                                     \
	static inline bool Page##uname(const struct page *page)                                  \
	{                                                                                        \
		return test_bit(bit, &page->flags);                                              \
	}                                                                                        \
	static inline void SetPage##uname(struct page *page) { set_bit(bit, &page->flags); }     \
	static inline void ClearPage##uname(struct page *page) { clear_bit(bit, &page->flags); } \
	static inline void __SetPage##uname(struct page *page) { __set_bit(bit, &page->flags); } \
	static inline void __ClearPage##uname(struct page *page) { __clear_bit(bit, &page->flags); }

PAGEFLAG(Locked, PG_locked)
PAGEFLAG(Referenced, PG_referenced)
PAGEFLAG(Uptodate, PG_uptodate)
PAGEFLAG(Dirty, PG_dirty)
PAGEFLAG(LRU, PG_lru)
PAGEFLAG(Active, PG_active)
PAGEFLAG(SwapBacked, PG_swapbacked)
PAGEFLAG(SwapCache, PG_swapcache)
PAGEFLAG(Unevictable, PG_unevictable)
PAGEFLAG(Mlocked, PG_mlocked)
PAGEFLAG(Writeback, PG_writeback)
PAGEFLAG(Private, PG_private)
PAGEFLAG(Reserved, PG_reserved)
PAGEFLAG(Buddy, PG_buddy)
PAGEFLAG(Slab, PG_slab)
PAGEFLAG(Table, PG_table)
PAGEFLAG(Head, PG_head)
PAGEFLAG(Pcp, PG_pcp)
PAGEFLAG(Poison, PG_poison)
PAGEFLAG(Vmalloc, PG_vmalloc)
PAGEFLAG(Kstack, PG_kstack)
PAGEFLAG(Waiters, PG_waiters)

static inline bool PageTail(const struct page *page) { return page->compound_head & 1; }

static inline bool PageCompound(const struct page *page)
{
	return PageHead(page) || PageTail(page);
}

static inline struct page *compound_head(struct page *page)
{
	unsigned long head = READ_ONCE(page->compound_head);

	return head & 1 ? (struct page *)(head - 1) : page;
}

/* Order of a compound page, asked of its head; 0 for any other page. */
static inline unsigned int compound_order(const struct page *page)
{
	return PageHead(page) ? page->compound_order & 0xff : 0;
}

static inline unsigned int page_zonenum(const struct page *page)
{
	return page->flags >> PAGE_ZONE_SHIFT;
}

static inline unsigned int page_to_nid(const struct page *page)
{
	return (page->flags >> PAGE_NODE_SHIFT) & PAGE_NODE_MASK;
}

static inline bool PageAnon(const struct page *page)
{
	return (unsigned long)READ_ONCE(page->mapping) & PAGE_MAPPING_ANON;
}

static inline int page_count(const struct page *page) { return atomic_read(&page->_refcount); }

static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}

static inline bool page_mapped(const struct page *page)
{
	return atomic_read(&page->_mapcount) >= 0;
}

/* get_page - one more reference to a page that the caller already has one to */
static inline void get_page(struct page *page)
{
	page = compound_head(page);
	VM_BUG_ON(page_count(page) <= 0);
	atomic_inc(&page->_refcount);
}

/* get_page_unless_zero - a reference to a page found without one (page cache, reverse map) */
static inline bool get_page_unless_zero(struct page *page)
{
	return atomic_inc_not_zero(&page->_refcount);
}

/* put_page - drop a reference; the last one takes the page off its LRU list and frees it */
void __put_page(struct page *page);
static inline void put_page(struct page *page)
{
	page = compound_head(page);
	VM_BUG_ON(page_count(page) <= 0);
	if (atomic_dec_and_test(&page->_refcount))
		__put_page(page);
}

#endif
