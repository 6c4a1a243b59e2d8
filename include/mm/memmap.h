/* SPDX-License-Identifier: MIT */
/*
 * include/mm/memmap.h - frame number, struct page, physical and direct-map address: from each to each
 */
#include "mm_env.h" /* before the guard: mm_env.h includes this file in its place */

#ifndef MM_MEMMAP_H
#define MM_MEMMAP_H

#define vmemmap ((struct page *)VMEMMAP_START)

extern pfn_t max_pfn; /* one past the last frame of RAM */

static inline void *phys_to_virt(paddr_t pa) { return (void *)(PAGE_OFFSET + pa); }
static inline struct page *pfn_to_page(pfn_t pfn) { return vmemmap + pfn; }
static inline pfn_t page_to_pfn(const struct page *page) { return (pfn_t)(page - vmemmap); }
static inline paddr_t page_to_phys(const struct page *page)
{
	return (paddr_t)page_to_pfn(page) << PAGE_SHIFT;
}
static inline void *page_address(const struct page *page)
{
	return phys_to_virt(page_to_phys(page));
}
/* virt_to_phys - direct map or kernel image only */
static inline paddr_t virt_to_phys(const void *va)
{
	unsigned long a = (unsigned long)va;

	return a >= KERNEL_BASE ? a - KERNEL_BASE : a - PAGE_OFFSET;
}
static inline struct page *virt_to_page(const void *va)
{
	return pfn_to_page(virt_to_phys(va) >> PAGE_SHIFT);
}
/* pfn_valid - RAM that has a struct page */
bool pfn_valid(pfn_t pfn);

/* User and page-cache pages are reached through these; with a direct map of all RAM they cost nothing. */
static inline void *kmap_local_page(struct page *page) { return page_address(page); }
static inline void kunmap_local(const void *addr) { (void)addr; }

#endif
