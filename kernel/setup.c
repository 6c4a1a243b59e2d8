/*
 * kernel/setup.c - from the boot loader's memory map to memblock
 *
 * What exists comes from the map; what of it is taken gets a name: the first page and the firmware's corner below
 * 1 MiB, the page where other processors will start, the kernel's image, the boot modules.  /proc/iomem shows the
 * same names later.
 *
 * All of this is checked, for it is another program's word: RAM is cut to whole pages, mem= cuts it from above, and a
 * machine too small to run is told so in one line.
 */
#include <arch/init.h>
#include <kernel/init.h>
#include <lib/kstrtox.h>
#include <lib/string.h>
#include <mm/memblock.h>
#include <mm/mm.h>

#define LOW_FIRMWARE_END \
	0x10000UL /* BIOS data, real-mode vectors: Linux keeps off the first 64 KiB as well */
#define EBDA_START 0x9f000UL /* what some firmware uses without saying so, up to the video memory */
#define LOW_END    0x100000UL
#define BOOT_LIMIT (4UL << 30) /* what the boot page tables map */
#define MIN_RAM    (16UL << 20)

/* mem=: a number with K, M, G; 0 when absent or not understood */
static u64 mem_limit(void)
{
	const char *text = cmdline_get("mem");
	char *end;
	u64 n;

	if (!text)
		return 0;
	n = simple_strtoul(text, &end, 0);
	switch (*end) {
	case 'G':
	case 'g':
		n <<= 10;
		fallthrough;
	case 'M':
	case 'm':
		n <<= 10;
		fallthrough;
	case 'K':
	case 'k':
		n <<= 10;
	}
	return n;
}

static u64 add_ram(const struct boot_info *bi, u64 limit)
{
	u64 total = 0;

	for (unsigned int i = 0; i < bi->nr_mem; i++) {
		const struct boot_mem *r = &bi->mem[i];
		paddr_t start = PAGE_ALIGN(r->start), end = (r->start + r->size) & PAGE_MASK;

		if (r->type != BOOT_MEM_RAM)
			continue;
		if (limit)
			end = min(end, limit);
		if (start >= end)
			continue;
		if (memblock_add(&memblock, start, end - start, 0))
			pr_warn("memory: too many ranges, %lx-%lx left out\n", start, end - 1);
		else
			total += end - start;
	}
	return total;
}

static void reserve(paddr_t start, u64 size, const char *name)
{
	if (size && memblock_reserve(&memblock, start, size, name))
		panic("memory: no room to note the reservation \"%s\"", name);
}

static void reserve_image(void)
{
	paddr_t boot = (paddr_t)__boot_start, text = virt_to_phys(__text_start);
	paddr_t rodata = virt_to_phys(__rodata_start), data = virt_to_phys(__data_start);

	reserve(boot, (paddr_t)__boot_end - boot, "Kernel boot");
	reserve(text, rodata - text, "Kernel code");
	reserve(rodata, data - rodata, "Kernel rodata");
	reserve(data, PAGE_ALIGN(virt_to_phys(__kernel_end)) - data, "Kernel data");
}

static bool overlaps_ram(paddr_t start, u64 size)
{
	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];

		if (start >= r->base && start - r->base < r->size)
			return size <= r->size - (start - r->base);
	}
	return false;
}

/* A module outside of RAM (cut off by mem=, or a loader's mistake) is dropped, with a word. */
static void reserve_modules(struct boot_info *bi)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < bi->nr_modules; i++) {
		struct boot_module *m = &bi->module[i];

		if (!overlaps_ram(m->start, m->size)) {
			pr_err("boot module %u (%lu bytes at %lx) lies outside of usable RAM, ignored\n",
			       i, m->size, m->start);
			continue;
		}
		reserve(m->start & PAGE_MASK,
			PAGE_ALIGN(m->start + m->size) - (m->start & PAGE_MASK),
			kept ? "Boot module" : "Initramfs");
		bi->module[kept++] = *m;
	}
	bi->nr_modules = kept;
}

/**
 * setup_memory - fill memblock from @bi
 *
 * Context: boot, first thing.  Panics when the machine has too little RAM.
 */
void setup_memory(struct boot_info *bi)
{
	u64 total = add_ram(bi, mem_limit());

	if (total < MIN_RAM)
		panic("too little memory: %lu KiB usable, %lu KiB needed", total >> 10,
		      MIN_RAM >> 10);
	reserve(0, LOW_FIRMWARE_END, "Firmware");
	if (TRAMPOLINE_PHYS >= LOW_FIRMWARE_END)
		reserve(TRAMPOLINE_PHYS, PAGE_SIZE, "AP trampoline");
	reserve(EBDA_START, LOW_END - EBDA_START, "Firmware");
	reserve_image();
	reserve_modules(bi);
	memblock.limit = min(memblock_end_of_ram(&memblock), BOOT_LIMIT);
}
