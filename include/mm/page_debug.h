/* SPDX-License-Identifier: MIT */
/*
 * include/mm/page_debug.h - what the page allocator checks, and how it complains
 */
#ifndef MM_PAGE_DEBUG_H
#define MM_PAGE_DEBUG_H

#include <mm/page.h>

#define PAGE_POISON 0xaa /* Linux's byte for free pages */

/* bad_page - a page whose state contradicts what is done with it: say everything about it and panic */
void bad_page(const struct page *page, const char *what) __attribute__((noreturn, cold));
/* page_debug_free - fill freed frames with PAGE_POISON and mark them */
void page_debug_free(struct page *page, unsigned int order);
/* page_debug_alloc - panic when a marked frame was written to while it was free; takes the marks off */
void page_debug_alloc(struct page *page, unsigned int order);

#endif
