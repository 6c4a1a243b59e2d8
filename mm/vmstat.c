/* SPDX-License-Identifier: MIT */
/*
 * mm/vmstat.c - counting: the uses of memory, and the events since boot
 *
 * Both kinds of counter live per CPU and are changed by one instruction, which no interrupt can split; a reader
 * adds the CPUs up.  A page may be counted in on one CPU and out on another, so a CPU's part can be negative;
 * the sum is exact whenever nobody is in between.
 *
 * Linux folds node counts into a global word when a CPU's part passes a threshold, and readers of the
 * word are off by up to the thresholds.  Summing up to NR_CPUS words on each read is cheaper to understand, exact,
 * and fast enough: counts are read by people and by reclaim, not by faults.
 *
 * Locking: none.
 */
#include "mm_env.h"
#include <mm/mm.h>
#include <mm/mmzone.h>

DEFINE_PER_CPU(struct node_stat_cpu, node_stat_cpu);
DEFINE_PER_CPU(struct vm_event_state, vm_event_states);

const char *const node_stat_names[NR_NODE_STAT_ITEMS] = {
	[NR_LRU_BASE + LRU_INACTIVE_ANON] = "nr_inactive_anon",
	[NR_LRU_BASE + LRU_ACTIVE_ANON] = "nr_active_anon",
	[NR_LRU_BASE + LRU_INACTIVE_FILE] = "nr_inactive_file",
	[NR_LRU_BASE + LRU_ACTIVE_FILE] = "nr_active_file",
	[NR_LRU_BASE + LRU_UNEVICTABLE] = "nr_unevictable",
	[NR_ANON_MAPPED] = "nr_anon_pages",
	[NR_FILE_MAPPED] = "nr_mapped",
	[NR_FILE_PAGES] = "nr_file_pages",
	[NR_SHMEM] = "nr_shmem",
	[NR_FILE_DIRTY] = "nr_dirty",
	[NR_WRITEBACK] = "nr_writeback",
	[NR_PAGETABLE] = "nr_page_table_pages",
	[NR_KERNEL_STACK_KB] = "nr_kernel_stack",
	[NR_SLAB_RECLAIMABLE] = "nr_slab_reclaimable",
	[NR_SLAB_UNRECLAIMABLE] = "nr_slab_unreclaimable",
	[NR_VMALLOC] = "nr_vmalloc",
	[NR_MLOCK] = "nr_mlock",
	[NR_PERCPU] = "nr_percpu",
};

/* Linux's names where Linux counts the same event; the others are ours and finer. */
const char *const vm_event_names[NR_VM_EVENT_ITEMS] = {
	[PGPGIN] = "pgpgin",
	[PGPGOUT] = "pgpgout",
	[PSWPIN] = "pswpin",
	[PSWPOUT] = "pswpout",
	[PGALLOC_DMA] = "pgalloc_dma",
	[PGALLOC_DMA32] = "pgalloc_dma32",
	[PGALLOC_NORMAL] = "pgalloc_normal",
	[PGALLOC_MOVABLE] = "pgalloc_movable",
	[PGFREE] = "pgfree",
	[PGACTIVATE] = "pgactivate",
	[PGDEACTIVATE] = "pgdeactivate",
	[PGFAULT] = "pgfault",
	[PGMAJFAULT] = "pgmajfault",
	[PGREFILL] = "pgrefill",
	[PGSCAN] = "pgscan_direct",
	[PGSTEAL] = "pgsteal_direct",
	[PGFAULT_ZERO_PAGE] = "pgfault_zero_page",
	[PGFAULT_ANON] = "pgfault_anon",
	[PGFAULT_FILE] = "pgfault_file",
	[PGFAULT_COW] = "pgfault_cow",
	[PGFAULT_REUSE] = "pgreuse",
	[PGFAULT_SPURIOUS] = "pgfault_spurious",
	[PGFAULT_FILE_COW] = "pgfault_file_cow",
	[PGFAULT_SHARED_MKWRITE] = "pgfault_shared_mkwrite",
	[PGFAULT_AROUND] = "pgfault_around",
	[PGFAULT_STACK] = "pgfault_stack",
	[TLB_FLUSH_ONE] = "nr_tlb_local_flush_one",
	[TLB_FLUSH_ALL] = "nr_tlb_local_flush_all",
	[TLB_REMOTE_FLUSH] = "nr_tlb_remote_flush",
	[TLB_REMOTE_FLUSH_RECEIVED] = "nr_tlb_remote_flush_received",
	[PGTABLE_ALLOC] = "pgtable_alloc",
	[PGTABLE_FREE] = "pgtable_free",
	[VMA_MERGE] = "vma_merge",
	[VMA_SPLIT] = "vma_split",
	[VMA_LOCK_ABORT] = "vma_lock_abort",
	[VMA_LOCK_RETRY] = "vma_lock_retry",
	[VMA_LOCK_MISS] = "vma_lock_miss",
	[OOM_KILL] = "oom_kill",
};

/* node_page_state - pages of @item on one node; never negative */
unsigned long node_page_state(int nid, enum node_stat_item item)
{
	unsigned int cpu;
	long sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(&node_stat_cpu, cpu)->delta[nid][item]);
	return sum > 0 ? sum : 0;
}

/* global_node_page_state - the same over all nodes */
unsigned long global_node_page_state(enum node_stat_item item)
{
	unsigned long sum = 0;
	int nid;

	for_each_online_node(nid)
		sum += node_page_state(nid, item);
	return sum;
}

/* all_vm_events - events since boot, of all CPUs; single pages are counted where they are stacked */
void all_vm_events(unsigned long sum[NR_VM_EVENT_ITEMS])
{
	struct zone *zone;
	unsigned int cpu;

	memset(sum, 0, NR_VM_EVENT_ITEMS * sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct vm_event_state *state = per_cpu_ptr(&vm_event_states, cpu);

		for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
			sum[i] += READ_ONCE(state->event[i]);
	}
	for_each_populated_zone(zone)
		for_each_possible_cpu(cpu) {
			sum[PGALLOC_DMA + zone->idx] += READ_ONCE(zone->pcp[cpu].nr_alloc);
			sum[PGFREE] += READ_ONCE(zone->pcp[cpu].nr_free);
		}
}

/* zone_pcp_pages - free pages in the CPUs' stacks */
unsigned long zone_pcp_pages(const struct zone *zone)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(zone->pcp[cpu].count);
	return sum;
}

unsigned long zone_free_pages(const struct zone *zone)
{
	return READ_ONCE(zone->nr_free) + zone_pcp_pages(zone);
}

unsigned long nr_free_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		sum += zone_free_pages(zone);
	return sum;
}

unsigned long totalram_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		sum += READ_ONCE(zone->managed_pages);
	return sum;
}

/**
 * totalreserve_pages - pages that ordinary requests never get: each zone's high watermark and largest reserve
 *
 * Ref: Linux mm/page_alloc.c, calculate_totalreserve_pages().
 */
unsigned long totalreserve_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone(zone) {
		unsigned long most = 0;

		for (unsigned int i = zone->idx; i < MAX_NR_ZONES; i++)
			most = max(most, zone->lowmem_reserve[i]);
		sum += min(most + zone->watermark[WMARK_HIGH], zone->managed_pages);
	}
	return sum;
}

/**
 * si_mem_available - what a new program could use without pushing the system into trouble, pages
 *
 * Free pages less the reserves, plus what reclaim could drop of the page cache and of reclaimable slabs: half of
 * each, or all but the low watermarks when that is more, because the last of a cache is missed soonest.
 *
 * Ref: proc(5), MemAvailable.
 */
unsigned long si_mem_available(void)
{
	unsigned long wmark_low = 0, cache, slab;
	struct zone *zone;
	long available = (long)nr_free_pages() - (long)totalreserve_pages();

	for_each_populated_zone(zone)
		wmark_low += zone->watermark[WMARK_LOW];
	cache = global_node_page_state(NR_LRU_BASE + LRU_ACTIVE_FILE) +
		global_node_page_state(NR_LRU_BASE + LRU_INACTIVE_FILE);
	available += cache - min(cache / 2, wmark_low);
	slab = global_node_page_state(NR_SLAB_RECLAIMABLE);
	available += slab - min(slab / 2, wmark_low);
	return available > 0 ? available : 0;
}
