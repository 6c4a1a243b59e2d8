/*
 * fs/proc/memory.c - physical memory seen from outside: meminfo, buddyinfo, zoneinfo, slabinfo, vmallocinfo,
 * vmstat, iomem
 *
 * Every number is read from the structure that it describes.  The lines of meminfo add up: MemTotal is what the
 * allocator was given, and
 *
 *     MemTotal = MemFree + Cached + AnonPages + Slab + PageTables + KernelStack + vmalloc'ed + kernel's own pages
 *
 * where only the last term (pages the kernel took by alloc_pages for itself) has no line.
 *
 * Source: proc(5); Linux prints the same names in the same order.
 */
#include "internal.h"

#include <kernel/init.h>
#include <kernel/ksyms.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

#define KB(pages) ((unsigned long)(pages) << (PAGE_SHIFT - 10))

static void line(struct seq_file *m, const char *name, unsigned long kb)
{
	size_t len = strlen(name);

	seq_printf(m, "%s:%*s%8lu kB\n", name, len < 15 ? (int)(15 - len) : 0, "", kb);
}

static unsigned long stat(enum node_stat_item item)
{
	return global_node_page_state(item);
}

static unsigned long lru_pages(enum lru_list list)
{
	return stat(NR_LRU_BASE + list);
}

static int meminfo_show(struct seq_file *m, void *v)
{
	unsigned long active_anon = lru_pages(LRU_ACTIVE_ANON),
		      inactive_anon = lru_pages(LRU_INACTIVE_ANON);
	unsigned long active_file = lru_pages(LRU_ACTIVE_FILE),
		      inactive_file = lru_pages(LRU_INACTIVE_FILE);
	unsigned long reclaimable = stat(NR_SLAB_RECLAIMABLE),
		      unreclaimable = stat(NR_SLAB_UNRECLAIMABLE);

	(void)v;
	line(m, "MemTotal", KB(totalram_pages()));
	line(m, "MemFree", KB(nr_free_pages()));
	line(m, "MemAvailable", KB(si_mem_available()));
	line(m, "Buffers", 0);
	line(m, "Cached", KB(stat(NR_FILE_PAGES)));
	line(m, "SwapCached", 0);
	line(m, "Active", KB(active_anon + active_file));
	line(m, "Inactive", KB(inactive_anon + inactive_file));
	line(m, "Active(anon)", KB(active_anon));
	line(m, "Inactive(anon)", KB(inactive_anon));
	line(m, "Active(file)", KB(active_file));
	line(m, "Inactive(file)", KB(inactive_file));
	line(m, "Unevictable", KB(lru_pages(LRU_UNEVICTABLE)));
	line(m, "Mlocked", KB(stat(NR_MLOCK)));
	line(m, "SwapTotal", 0);
	line(m, "SwapFree", 0);
	line(m, "Dirty", KB(stat(NR_FILE_DIRTY)));
	line(m, "Writeback", KB(stat(NR_WRITEBACK)));
	line(m, "AnonPages", KB(stat(NR_ANON_MAPPED)));
	line(m, "Mapped", KB(stat(NR_FILE_MAPPED)));
	line(m, "Shmem", KB(stat(NR_SHMEM)));
	line(m, "KReclaimable", KB(reclaimable));
	line(m, "Slab", KB(reclaimable + unreclaimable));
	line(m, "SReclaimable", KB(reclaimable));
	line(m, "SUnreclaim", KB(unreclaimable));
	line(m, "KernelStack", stat(NR_KERNEL_STACK_KB));
	line(m, "PageTables", KB(stat(NR_PAGETABLE)));
	line(m, "NFS_Unstable", 0);
	line(m, "Bounce", 0);
	line(m, "WritebackTmp", 0);
	line(m, "CommitLimit", KB(vm_commit_limit()));
	line(m, "Committed_AS", KB(vm_memory_committed()));
	line(m, "VmallocTotal", (VMALLOC_END - VMALLOC_START + 1) >> 10);
	line(m, "VmallocUsed", KB(stat(NR_VMALLOC)));
	line(m, "VmallocChunk", 0);
	line(m, "Percpu", KB(stat(NR_PERCPU)));
	return 0;
}

/* --- per zone --- */

static void buddyinfo_zone(struct seq_file *m, struct zone *zone)
{
	unsigned long nr[MAX_ORDER + 1], flags;

	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int o = 0; o <= MAX_ORDER; o++)
		nr[o] = zone->free_area[o].nr_free;
	spin_unlock_irqrestore(&zone->lock, flags);
	seq_printf(m, "Node %d, zone %8s ", (int)zone->nid, zone->name);
	for (unsigned int o = 0; o <= MAX_ORDER; o++)
		seq_printf(m, "%6lu ", nr[o]);
	seq_putc(m, '\n');
}

static int buddyinfo_show(struct seq_file *m, void *v)
{
	struct zone *zone;

	(void)v;
	for_each_populated_zone(zone)
		buddyinfo_zone(m, zone);
	return 0;
}

static void zoneinfo_zone(struct seq_file *m, struct zone *zone)
{
	seq_printf(m, "Node %d, zone %8s\n", (int)zone->nid, zone->name);
	seq_printf(
		m,
		"  pages free     %lu\n        min      %lu\n        low      %lu\n        high     %lu\n",
		READ_ONCE(zone->nr_free), zone->watermark[WMARK_MIN], zone->watermark[WMARK_LOW],
		zone->watermark[WMARK_HIGH]);
	seq_printf(m, "        spanned  %lu\n        present  %lu\n        managed  %lu\n",
		   zone->spanned_pages, zone->present_pages, zone->managed_pages);
	seq_puts(m, "        protection: (");
	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		seq_printf(m, i ? ", %lu" : "%lu", zone->lowmem_reserve[i]);
	seq_puts(m, ")\n  pagesets\n");
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		seq_printf(
			m,
			"    cpu: %u\n              count: %u\n              high:  %u\n              batch: %u\n",
			cpu, READ_ONCE(zone->pcp[cpu].count), PCP_HIGH, PCP_BATCH);
	seq_printf(m, "  start_pfn:           %lu\n", zone->start_pfn);
}

static int zoneinfo_show(struct seq_file *m, void *v)
{
	struct zone *zone;

	(void)v;
	for_each_populated_zone(zone)
		zoneinfo_zone(m, zone);
	return 0;
}

/* --- caches --- */

static void slabinfo_line(const struct slabinfo *info, void *arg)
{
	seq_printf(
		arg,
		"%-17s %6lu %6lu %6lu %4lu %4lu : tunables %4u %4u %4u : slabdata %6lu %6lu %6u\n",
		info->name, info->active_objs, info->num_objs, info->objsize, info->objperslab,
		info->pagesperslab, 0, 0, 0, info->active_slabs, info->num_slabs, 0);
}

static int slabinfo_show(struct seq_file *m, void *v)
{
	(void)v;
	seq_puts(
		m,
		"slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> "
		"<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> "
		"<num_slabs> <sharedavail>\n");
	slab_for_each(slabinfo_line, m);
	return 0;
}

/* --- vmalloc --- */

static void vmallocinfo_line(const struct vm_struct *area, void *arg)
{
	seq_printf(arg, "0x%016lx-0x%016lx %7lu", area->addr, area->addr + area->size + PAGE_SIZE,
		   area->size + PAGE_SIZE);
	if (area->caller) {
		unsigned long offset;
		const char *name = ksym_lookup((unsigned long)area->caller, &offset);

		if (name)
			seq_printf(arg, " %s+0x%lx", name, offset);
	}
	if (area->nr_pages)
		seq_printf(arg, " pages=%u", area->nr_pages);
	if (area->phys_addr)
		seq_printf(arg, " phys=0x%016lx", area->phys_addr);
	seq_puts(arg, area->flags & VM_AREA_IOREMAP ? " ioremap\n"
		      : area->flags & VM_AREA_MAP   ? " vmap\n"
		      : area->flags & VM_AREA_STACK ? " stack\n"
						    : " vmalloc\n");
}

static int vmallocinfo_show(struct seq_file *m, void *v)
{
	(void)v;
	vmalloc_for_each(vmallocinfo_line, m);
	return 0;
}

/* --- events --- */

static int vmstat_show(struct seq_file *m, void *v)
{
	static const struct {
		const char *name;
		enum node_stat_item item;
	} stats[] = {
		{ "nr_inactive_anon", NR_LRU_BASE + LRU_INACTIVE_ANON },
		{ "nr_active_anon", NR_LRU_BASE + LRU_ACTIVE_ANON },
		{ "nr_inactive_file", NR_LRU_BASE + LRU_INACTIVE_FILE },
		{ "nr_active_file", NR_LRU_BASE + LRU_ACTIVE_FILE },
		{ "nr_unevictable", NR_LRU_BASE + LRU_UNEVICTABLE },
		{ "nr_slab_reclaimable", NR_SLAB_RECLAIMABLE },
		{ "nr_slab_unreclaimable", NR_SLAB_UNRECLAIMABLE },
		{ "nr_anon_pages", NR_ANON_MAPPED },
		{ "nr_mapped", NR_FILE_MAPPED },
		{ "nr_file_pages", NR_FILE_PAGES },
		{ "nr_dirty", NR_FILE_DIRTY },
		{ "nr_writeback", NR_WRITEBACK },
		{ "nr_shmem", NR_SHMEM },
		{ "nr_mlock", NR_MLOCK },
		{ "nr_page_table_pages", NR_PAGETABLE },
		{ "nr_kernel_stack", NR_KERNEL_STACK_KB },
	};
	unsigned long event[NR_VM_EVENT_ITEMS];

	(void)v;
	seq_printf(m, "nr_free_pages %lu\n", nr_free_pages());
	for (unsigned int i = 0; i < ARRAY_SIZE(stats); i++)
		seq_printf(m, "%s %lu\n", stats[i].name, stat(stats[i].item));
	all_vm_events(event);
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", vm_event_names[i], event[i]);
	return 0;
}

/* --- iomem: the firmware's map, and within RAM what boot reserved --- */

static const char *mem_type_name(u32 type)
{
	switch (type) {
	case BOOT_MEM_RAM:
		return "System RAM";
	case BOOT_MEM_ACPI:
		return "ACPI Tables";
	case BOOT_MEM_NVS:
		return "ACPI Non-volatile Storage";
	case BOOT_MEM_BAD:
		return "Unusable memory";
	default:
		return "Reserved";
	}
}

static int iomem_show(struct seq_file *m, void *v)
{
	(void)v;
	for (unsigned int i = 0; i < boot_info.nr_mem; i++) {
		const struct boot_mem *r = &boot_info.mem[i];

		seq_printf(m, "%08lx-%08lx : %s\n", r->start, r->start + r->size - 1,
			   mem_type_name(r->type));
		for (unsigned int j = 0; j < memblock.reserved.cnt; j++) {
			const struct memblock_region *res = &memblock.reserved.regions[j];
			paddr_t start = max(res->base, r->start);
			paddr_t end = min(res->base + res->size, r->start + r->size);

			if (r->type == BOOT_MEM_RAM && start < end)
				seq_printf(m, "  %08lx-%08lx : %s\n", start, end - 1, res->name);
		}
	}
	return 0;
}

void proc_memory_init(void)
{
	static const struct {
		const char *name;
		u32 mode;
		int (*show)(struct seq_file *m, void *v);
	} files[] = {
		{ "meminfo", 0444, meminfo_show },
		{ "buddyinfo", 0444, buddyinfo_show },
		{ "zoneinfo", 0444, zoneinfo_show },
		{ "slabinfo", 0400, slabinfo_show },
		{ "vmallocinfo", 0400, vmallocinfo_show },
		{ "vmstat", 0444, vmstat_show },
		{ "iomem", 0444, iomem_show },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++)
		if (proc_create(files[i].name, files[i].mode, files[i].show, NULL))
			pr_err("proc: no memory for %s\n", files[i].name);
}
