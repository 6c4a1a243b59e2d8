/* SPDX-License-Identifier: MIT */
/*
 * include/mm/memblock.h - physical memory before there is an allocator
 *
 * Two sorted, merged arrays of byte ranges: memory that exists, and what of it is taken, each reservation with
 * a name that /proc/iomem and the boot messages show.  memblock_alloc carves from the top down, and
 * memblock_free_all hands the rest to the buddy.
 */
#ifndef MM_MEMBLOCK_H
#define MM_MEMBLOCK_H

#include "mm_env.h"

#define MEMBLOCK_MAX 256

struct memblock_region {
	paddr_t base; /* bytes */
	u64 size;
	int nid;
	const char *name; /* reservations: shown to people; static storage */
};

struct memblock_type {
	unsigned int cnt;
	struct memblock_region regions[MEMBLOCK_MAX];
};

struct memblock {
	struct memblock_type memory, reserved;
	paddr_t limit; /* allocations stay below: what the page tables map so far; 0: no limit */
};

extern struct memblock memblock;

int memblock_add(struct memblock *mb, paddr_t base, u64 size, int nid);
int memblock_remove(struct memblock *mb, paddr_t base, u64 size);
int memblock_reserve(struct memblock *mb, paddr_t base, u64 size, const char *name);
int memblock_free(struct memblock *mb, paddr_t base, u64 size);
/* memblock_alloc_phys - size bytes aligned to align, top down, zeroed by the caller; 0 when none is left */
paddr_t memblock_alloc_phys(struct memblock *mb, u64 size, u64 align, int nid, const char *name);
/* memblock_alloc - the same through the direct map, zeroed; NULL when none is left */
void *memblock_alloc(struct memblock *mb, u64 size, u64 align, const char *name);
void memblock_dump(const struct memblock *mb);
paddr_t memblock_end_of_ram(const struct memblock *mb);
bool memblock_is_memory(const struct memblock *mb, paddr_t pa);
void memblock_check(const struct memblock *mb);

/* memblock_for_each_free - call fn for each free range [start, end), ascending, byte addresses */
void memblock_for_each_free(const struct memblock *mb,
			    void (*fn)(paddr_t start, paddr_t end, int nid, void *arg), void *arg);
void memblock_for_each_free_in(const struct memblock *mb, const struct memblock_region *m,
			       void (*fn)(paddr_t start, paddr_t end, int nid, void *arg),
			       void *arg);

#endif
