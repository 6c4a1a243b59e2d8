/* SPDX-License-Identifier: MIT */
/*
 * include/mm/lru.h - lists of pages in order of use, one set per node
 */
#ifndef MM_LRU_H
#define MM_LRU_H

#include <mm/mmzone.h>

/**
 * lru_cache_add - put a new page on the list that its flags name
 *
 * The page waits in this CPU's batch and is held by a reference until the batch is drained.
 * Context: task context, a reference held by the caller; PTE lock and page-cache tree lock may be
 *          held.
 */
void lru_cache_add(struct page *page);
/* lru_add_drain - this CPU's batch onto the lists; afterwards it holds no reference */
void lru_add_drain(void);
/* lru_add_drain_all - every CPU's batch, from here and without interrupting them */
void lru_add_drain_all(void);
/* lru_add_pending - does this CPU's batch hold pages? */
bool lru_add_pending(void);

/*
 * release_pages - drop one reference to each of @nr pages; those at zero leave their lists and are
 * freed in bulk
 *
 * The array is used up: its contents are undefined afterwards.
 */
void release_pages(struct page **pages, unsigned int nr);

/* page_lru - the list a page belongs on */
static inline enum lru_list page_lru(const struct page *page)
{
	if (PageUnevictable(page))
		return LRU_UNEVICTABLE;
	return (PageSwapBacked(page) ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE) + PageActive(page);
}

/* lru_check - every page of a node's lists is marked, belongs there, and is counted */
void lru_check(struct pglist_data *node);

#endif
