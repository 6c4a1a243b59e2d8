/*
 * arch/x86_64/paging.c - the kernel half of every address space
 *
 * boot.asm's tables map too much (an identity map, everything writable and executable) and too little (4 GiB).
 * paging_init builds the ones that stay, in swapper_pg_dir:
 *
 *     PGD slot  what                        pages                       permissions
 *     273 ...   direct map of RAM           1 GiB, 2 MiB, 4 KiB         RW NX
 *     402       vmalloc, first 512 GiB      by mm/vmalloc.c             -
 *     468       vmemmap, where RAM is       2 MiB; 4 KiB at ends        RW NX
 *     511       image; fixmap; vsyscall     4 KiB                       text RX, rodata R, data RW NX
 *
 * Every PGD slot that the kernel will ever use has its PUD table from here on, so an mm copies the upper half
 * of this PGD once and needs no update later (and no "vmalloc fault").  Nothing is both writable and executable, and
 * nothing but RAM is mapped: devices and firmware tables come through the fixmap or ioremap.
 *
 * Guard pages: below the boot stack and each exception stack a page of the image stays unmapped.
 *
 * vmemmap is backed for every MAX_ORDER block that holds RAM: the buddy allocator looks at the struct pages of a
 * block's neighbours without asking whether they exist (mm/init.h).  Holes up to VMEMMAP_GAP are backed
 * too, so that the hole below 1 MiB does not cost the first block its 2 MiB page.
 *
 * Memory for tables comes from memblock and is reached through the direct map: boot.asm's below 4 GiB until CR3
 * changes, the final one afterwards.  Runs once on the boot CPU, without locks; afterwards the tables change
 * only in the fixmap (boot) and in vmalloc's slots.
 *
 * Not done: 1 GiB pages in vmemmap; taking the text's alias in the direct map read-only (it is NX).
 * Sources: Intel SDM 3A "4-Level Paging", "Global Pages".
 */
#include <mm_env.h>
#include <arch/thread.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/mm.h>
#include "arch_internal.h"

#define EARLY_LIMIT  (4UL << 30) /* what boot.asm mapped */
#define VMEMMAP_GAP  (16 * PAGE_SIZE)
#define TABLES_NAME  "Page tables"
#define VMEMMAP_NAME "Memory map"

pfn_t max_pfn;
pgd_t swapper_pg_dir[PTRS_PER_TABLE] __aligned(4096);
static pte_t fixmap_ptes[PTRS_PER_TABLE] __aligned(4096);

static paddr_t alloc_table(void)
{
	paddr_t pa = memblock_alloc_phys(&memblock, PAGE_SIZE, PAGE_SIZE, -1, TABLES_NAME);

	if (!pa)
		panic("out of memory for the kernel's page tables");
	clear_page(phys_to_virt(pa));
	return pa;
}

/* The next level's table behind an entry of any level, made if missing. */
static u64 *table_of(u64 *entry)
{
	if (!*entry)
		*entry = alloc_table() | _KERNPG_TABLE;
	return phys_to_virt(*entry & PTE_PFN_MASK);
}

/* May [va, end) -> pa use a page of @size for its first piece? */
static bool fits(vaddr_t va, vaddr_t end, paddr_t pa, u64 size)
{
	return IS_ALIGNED(va | pa, size) && end - va >= size;
}

/**
 * map_range - map [va, va + size) to [pa, pa + size) in the largest pages that fit
 * @max_page: PAGE_SIZE, PMD_SIZE or PUD_SIZE
 *
 * Page-aligned bytes; nothing may be mapped there.  Panics when memory for tables runs out.
 */
static void map_range(vaddr_t va, paddr_t pa, u64 size, pgprot_t prot, u64 max_page)
{
	const u64 bits = pgprot_val(prot);
	vaddr_t end = va + size;

	while (va < end) {
		u64 *pud = table_of(&swapper_pg_dir[pgd_index(va)].pgd) + pud_index(va);
		u64 *pmd, *pte;
		vaddr_t stop;

		if (max_page >= PUD_SIZE && fits(va, end, pa, PUD_SIZE)) {
			*pud = pa | bits | _PAGE_PSE;
			va += PUD_SIZE;
			pa += PUD_SIZE;
			continue;
		}
		pmd = table_of(pud) + pmd_index(va);
		if (max_page >= PMD_SIZE && fits(va, end, pa, PMD_SIZE)) {
			*pmd = pa | bits | _PAGE_PSE;
			va += PMD_SIZE;
			pa += PMD_SIZE;
			continue;
		}
		stop = pmd_addr_end(va, end);
		pte = table_of(pmd) + pte_index(va);
		for (; va < stop; va += PAGE_SIZE, pa += PAGE_SIZE)
			*pte++ = pa | bits;
	}
}

static void map_direct(void)
{
	u64 max_page = cpu_has(X86_FEATURE_GBPAGES) ? PUD_SIZE : PMD_SIZE;

	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		paddr_t start = PAGE_ALIGN(r->base), end = (r->base + r->size) & PAGE_MASK;

		if (start >= end)
			continue;
		map_range((vaddr_t)phys_to_virt(start), start, end - start, PAGE_KERNEL, max_page);
		max_pfn = max(max_pfn, (pfn_t)(end >> PAGE_SHIFT));
	}
}

static void map_image_part(const char *start, const char *end, pgprot_t prot)
{
	map_range((vaddr_t)start, virt_to_phys(start), (u64)(end - start), prot, PAGE_SIZE);
}

static void unmap_image_page(vaddr_t a)
{
	pud_t *pud = pud_offset(pgd_offset_pgd(swapper_pg_dir, a), a);

	set_pte(pte_offset(pmd_offset(pud, a), a), __pte(0));
}

static void map_image(void)
{
	map_image_part(__text_start, __text_end, PAGE_KERNEL_ROX);
	map_image_part(__rodata_start, __rodata_end, PAGE_KERNEL_RO);
	map_image_part(__data_start, __kernel_end, PAGE_KERNEL);
	unmap_image_page((vaddr_t)init_stack - PAGE_SIZE);
	for (unsigned int i = 0; i < NR_IST; i++)
		unmap_image_page((vaddr_t)boot_ist_area + i * (PAGE_SIZE + IST_STACK_SIZE));
}

/* The fixmap's PTE table is static: set_fixmap must not need memory.  Its PMD table is the vsyscall page's too. */
static void prepare_fixmap(void)
{
	u64 *pud =
		table_of(&swapper_pg_dir[pgd_index(FIXADDR_START)].pgd) + pud_index(FIXADDR_START);

	table_of(pud)[pmd_index(FIXADDR_START)] = virt_to_phys(fixmap_ptes) | _KERNPG_TABLE;
}

/* One run of vmemmap without holes: whole 2 MiB blocks in one page each, if memory is that contiguous. */
static void map_vmemmap_run(vaddr_t va, vaddr_t end)
{
	while (va < end) {
		vaddr_t stop = pmd_addr_end(va, end);
		paddr_t pa = 0;

		if (stop - va == PMD_SIZE)
			pa = memblock_alloc_phys(&memblock, PMD_SIZE, PMD_SIZE, -1, VMEMMAP_NAME);
		if (!pa)
			pa = memblock_alloc_phys(&memblock, stop - va, PAGE_SIZE, -1, VMEMMAP_NAME);
		if (!pa)
			panic("out of memory for struct pages (%lu KiB)", (end - va) >> 10);
		map_range(va, pa, stop - va, PAGE_KERNEL, PMD_SIZE);
		va = stop;
	}
}

static void map_vmemmap(void)
{
	vaddr_t run_start = 0, run_end = 0;

	for (unsigned int i = 0; i < memblock.memory.cnt; i++) {
		const struct memblock_region *r = &memblock.memory.regions[i];
		pfn_t first = PAGE_ALIGN(r->base) >> PAGE_SHIFT,
		      last = (r->base + r->size) >> PAGE_SHIFT;
		vaddr_t start, end;

		if (first >= last)
			continue;
		start = (vaddr_t)pfn_to_page(ALIGN_DOWN(first, 1UL << MAX_ORDER));
		end = (vaddr_t)pfn_to_page(ALIGN(last, 1UL << MAX_ORDER));
		if (run_end && start <= run_end + VMEMMAP_GAP) {
			run_end = max(run_end, end);
			continue;
		}
		map_vmemmap_run(run_start, run_end);
		run_start = start;
		run_end = end;
	}
	map_vmemmap_run(run_start, run_end);
}

void paging_init(void)
{
	if (!memblock.limit || memblock.limit > EARLY_LIMIT)
		memblock.limit = EARLY_LIMIT;
	map_direct();
	map_image();
	prepare_fixmap();
	table_of(&swapper_pg_dir[pgd_index(VMALLOC_START)].pgd);
	init_mm.pgd = swapper_pg_dir;

	write_cr3(virt_to_phys(swapper_pg_dir));
	if (cpu_has(X86_FEATURE_PGE))
		write_cr4(read_cr4() | X86_CR4_PGE);
	tlb_init_cpu();
	memblock.limit = memblock_end_of_ram(&memblock);
	map_vmemmap();
}

void set_fixmap(unsigned int idx, paddr_t pa, pgprot_t prot)
{
	vaddr_t va = fix_to_virt(idx);

	set_pte(&fixmap_ptes[pte_index(va)], pfn_pte(pa >> PAGE_SHIFT, prot));
	invlpg(va);
}

void clear_fixmap(unsigned int idx)
{
	vaddr_t va = fix_to_virt(idx);

	set_pte(&fixmap_ptes[pte_index(va)], __pte(0));
	invlpg(va);
}

void *set_fixmap_io(enum fixed_addresses idx, paddr_t pa)
{
	set_fixmap(idx, pa & PAGE_MASK, PAGE_KERNEL_IO);
	return (void *)(fix_to_virt(idx) + (pa & ~PAGE_MASK));
}

/**
 * fix_window_map - look at physical memory that is not in the direct map (firmware tables), read-only
 *
 * Return: address of the byte at @pa, valid until fix_window_unmap; NULL when [pa, pa + len) is longer than
 * FIX_WINDOW_SIZE or leaves the addressable space.
 * Context: boot, one user at a time.
 */
void *fix_window_map(paddr_t pa, size_t len)
{
	paddr_t first = pa & PAGE_MASK;
	unsigned int nr;

	if (len > FIX_WINDOW_SIZE || pa >= 1UL << boot_cpu_data.phys_bits)
		return NULL;
	nr = (unsigned int)(PAGE_ALIGN(pa + len - first) >> PAGE_SHIFT);
	for (unsigned int i = 0; i < nr; i++)
		set_fixmap(FIX_WINDOW_0 + i, first + i * PAGE_SIZE, PAGE_KERNEL_RO);
	return (void *)(fix_to_virt(FIX_WINDOW_0) + (pa & ~PAGE_MASK));
}

void fix_window_unmap(void)
{
	for (unsigned int i = 0; i < NR_FIX_WINDOW; i++)
		clear_fixmap(FIX_WINDOW_0 + i);
}
