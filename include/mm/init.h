/* SPDX-License-Identifier: MIT */
/*
 * include/mm/init.h - memory management comes up
 */
#ifndef MM_INIT_H
#define MM_INIT_H

/**
 * mem_init - nodes, zones, struct pages and the buddy, from what memblock knows
 *
 * Before: memblock filled and every reservation made, numa_distance filled if the firmware has a SLIT, nr_cpu_ids
 * final (per-CPU arrays are sized by it), the direct map and vmemmap in place.  vmemmap is backed for every
 * frame of each MAX_ORDER block that holds any RAM, for a block's buddies are looked at without asking
 * whether they exist.  Its contents may be anything.
 *
 * Afterwards alloc_pages works; memblock only answers questions (/proc/iomem, pfn_valid), it allocates no more.
 * kmem_cache_init() and vmalloc_init() come next, in this order.
 */
void mem_init(void);

#endif
