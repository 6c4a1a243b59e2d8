/* SPDX-License-Identifier: MIT */
/*
 * tests/host/boot.c - mm/ comes up on the host, in the kernel's order
 *
 * What the processor's code does in the kernel is done here: the memory map is entered into memblock, and the
 * kernel's top-level table exists with a second-level table behind each slot of the vmalloc range, shared by
 * every address space from then on.
 *
 * The snapshot is how a test shows that it gave everything back: free pages (LRU batches and page lists drained on every CPU)
 * and living objects of each slab cache.
 */
#include <mm/init.h>
#include <mm/lru.h>
#include <mm/memblock.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <stdio.h>

#include "env.h"

static void add_memory(void)
{
	for (const struct env_ram *r = env_current_config()->ram; r->size; r++)
		if (memblock_add(&memblock, r->base, r->size, r->nid))
			FAIL("memblock_add");
	if (memblock_reserve(&memblock, 0, PAGE_SIZE, "first page"))
		FAIL("memblock_reserve");
	memblock.limit = memblock_end_of_ram(&memblock);
	max_pfn = memblock.limit >> PAGE_SHIFT;
}

static void make_kernel_tables(void)
{
	pgd_t *pgd = memblock_alloc(&memblock, PAGE_SIZE, PAGE_SIZE, "page tables");

	ASSERT(pgd);
	for (unsigned int i = pgd_index(VMALLOC_START); i <= pgd_index(VMALLOC_START + TiB); i++) {
		void *pud = memblock_alloc(&memblock, PAGE_SIZE, PAGE_SIZE, "page tables");

		ASSERT(pud);
		set_pgd(&pgd[i], __pgd(virt_to_phys(pud) | _KERNPG_TABLE));
	}
	init_mm.pgd = pgd;
}

void env_boot_phys(const struct env_config *config)
{
	env_arena_init(config);
	add_memory();
	make_kernel_tables();
	mem_init();
	kmem_cache_init();
}

void env_boot(const struct env_config *config)
{
	env_boot_phys(config);
	vmalloc_init();
	mm_cache_init();
}

static void record_cache(const struct slabinfo *info, void *arg)
{
	struct env_snapshot *s = arg;

	ASSERT(s->nr_caches < ARRAY_SIZE(s->cache));
	s->cache[s->nr_caches].name = info->name;
	s->cache[s->nr_caches++].objs = info->active_objs;
	s->slab_pages += info->nr_pages;
}

void env_snapshot(struct env_snapshot *s)
{
	unsigned int cpu = smp_processor_id();

	env_run_deferred();
	env_rcu_barrier();
	for (unsigned int i = 0; i < nr_cpu_ids; i++) {
		env_set_cpu(i);
		lru_add_drain(); /* a batch holds references */
		drain_local_pages();
	}
	env_set_cpu(cpu);
	memset(s, 0, sizeof(*s));
	s->free_pages = nr_free_pages();
	slab_for_each(record_cache, s);
}

/* A cache may keep empty slabs, so what counts is the pages that are neither free nor a slab's. */
void env_expect_same(const struct env_snapshot *before)
{
	struct env_snapshot now;

	env_snapshot(&now);
	for (unsigned int i = 0; i < now.nr_caches; i++) {
		unsigned long had = i < before->nr_caches ? before->cache[i].objs : 0;

		if (now.cache[i].objs != had)
			test_expect_at(__FILE__, __LINE__, "cache %s: %lu objects, before %lu",
				       now.cache[i].name, now.cache[i].objs, had);
	}
	if (now.free_pages + now.slab_pages != before->free_pages + before->slab_pages)
		test_expect_at(__FILE__, __LINE__, "%lu pages free or in slabs, before %lu",
			       now.free_pages + now.slab_pages,
			       before->free_pages + before->slab_pages);
}
