/* SPDX-License-Identifier: MIT */
/*
 * tests/host/arena.c - RAM and vmemmap as memory of this process
 *
 *     host_ram_base                                        host_vmemmap_base
 *     |                                                    |
 *     v physical 0                                         v page 0
 *     [ RAM ][ hole ][ RAM            ]                    [ struct page ... ]
 *
 * Both are mappings without reserve: a machine of many GiB costs what is touched.  Outside the RAM ranges the
 * arena is not accessible, so a wrong physical address faults at once.
 *
 * A free page is poisoned for the address sanitizer from EV_PAGE_FREE to EV_PAGE_ALLOC; the trace mask has all
 * kinds on, which is how the allocator reports them without knowing.  The same report asks the TLBs whether any
 * still maps the frame.
 */
#include <mm/gfp.h>
#include <sys/mman.h>

#include "env.h"

void __asan_poison_memory_region(const volatile void *addr, size_t size);
void __asan_unpoison_memory_region(const volatile void *addr, size_t size);

extern char __start_percpu[] __weak, __stop_percpu[] __weak;

unsigned long host_ram_base, host_vmemmap_base;
unsigned long per_cpu_offset[NR_CPUS];
unsigned int nr_cpu_ids = 1;
u32 mm_trace_mask = ~0U;
pfn_t max_pfn;

static const struct env_ram default_ram[] = { { 0, 64 * MiB, 0 }, { 0, 0, 0 } };
static struct env_config current_config = { default_ram, 4 };

static void *map_anywhere(size_t len, int prot)
{
	void *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		FAIL("the host has no room for %zu bytes", len);
	return p;
}

static void init_percpu(void)
{
	size_t size = (size_t)(__stop_percpu - __start_percpu);

	for (unsigned int cpu = 1; cpu < nr_cpu_ids && size; cpu++) {
		void *copy = map_anywhere(size, PROT_READ | PROT_WRITE);

		memcpy(copy, __start_percpu, size);
		per_cpu_offset[cpu] = (unsigned long)copy - (unsigned long)__start_percpu;
	}
}

void env_arena_init(const struct env_config *config)
{
	paddr_t end = 0;

	if (config)
		current_config = *config;
	if (!current_config.ram)
		current_config.ram = default_ram;
	if (!current_config.cpus)
		current_config.cpus = 4;
	nr_cpu_ids = current_config.cpus;
	ASSERT(nr_cpu_ids <= ENV_MAX_CPUS);

	for (const struct env_ram *r = current_config.ram; r->size; r++)
		end = max(end, r->base + r->size);
	host_ram_base = (unsigned long)map_anywhere(end, PROT_NONE);
	for (const struct env_ram *r = current_config.ram; r->size; r++)
		if (mprotect((void *)(host_ram_base + r->base), r->size, PROT_READ | PROT_WRITE))
			FAIL("mprotect");
	host_vmemmap_base = (unsigned long)map_anywhere(ALIGN(end >> PAGE_SHIFT, 1UL << MAX_ORDER) *
								sizeof(struct page),
							PROT_READ | PROT_WRITE);
	init_percpu();
}

const struct env_config *env_current_config(void)
{
	return &current_config;
}

bool env_is_ram(paddr_t pa, u64 len)
{
	for (const struct env_ram *r = current_config.ram; r->size; r++)
		if (pa >= r->base && pa + len <= r->base + r->size)
			return true;
	return false;
}

void mm_trace_emit(enum mm_event kind, unsigned long addr __maybe_unused, unsigned long pfn,
		   unsigned long detail)
{
	void *page = phys_to_virt(pfn << PAGE_SHIFT);

	switch (kind) {
	case EV_PAGE_FREE:
		env_tlb_page_freed(pfn, (unsigned int)detail);
		__asan_poison_memory_region(page, PAGE_SIZE << detail);
		break;
	case EV_PAGE_ALLOC:
		__asan_unpoison_memory_region(page, PAGE_SIZE << detail);
		break;
	default:
		break;
	}
}

void kasan_poison(const void *addr, size_t size)
{
	__asan_poison_memory_region(addr, size);
}

void kasan_unpoison(const void *addr, size_t size)
{
	__asan_unpoison_memory_region(addr, size);
}

void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void copy_page(void *dst, const void *src)
{
	memcpy(dst, src, PAGE_SIZE);
}
