/*
 * boot/boot_info.c - one picture of the machine, whichever loader drew it
 *
 * A loader's memory map may be unsorted and may overlap itself.  boot_info_tidy makes of it a sorted list of
 * disjoint ranges in which the most restrictive statement about a byte has won:
 *
 *     RAM       [===================)
 *     reserved          [=====)               ->  RAM [=====) reserved [=====) RAM [=====)
 *
 * E820's type numbers grow with the restriction, so "wins" is "has the larger number".  Memory about which
 * nothing is said does not exist; dropping a range is therefore always safe, and is what happens when the
 * result would not fit.
 *
 * Pure functions: compiled for the kernel and for the host's tests and fuzzer.
 * Source: ACPI, "System Address Map Interfaces".
 */
#include <kernel/boot_info.h>
#include <lib/sort.h>
#include <lib/string.h>

struct boot_info boot_info;

static int cmp_addr(const void *a, const void *b)
{
	const paddr_t x = *(const paddr_t *)a, y = *(const paddr_t *)b;

	return x < y ? -1 : x > y;
}

/* The most restrictive type that any range states for [start, start + 1); 0 where none does. */
static u32 type_at(const struct boot_mem *mem, unsigned int nr, paddr_t start)
{
	u32 type = 0;

	for (unsigned int i = 0; i < nr; i++)
		if (start >= mem[i].start && start - mem[i].start < mem[i].size)
			type = max(type, mem[i].type);
	return type;
}

/**
 * boot_info_tidy - sort the memory map, resolve overlaps, merge neighbours
 *
 * Cuts the address line at every start and end, asks each piece for its type, and joins equal neighbours.
 * Quadratic in the number of ranges, which is a dozen.
 */
void boot_info_tidy(struct boot_info *bi)
{
	paddr_t cut[2 * BOOT_MAX_MEM];
	struct boot_mem out[BOOT_MAX_MEM];
	unsigned int nr_cuts = 0, nr = 0;

	for (unsigned int i = 0; i < bi->nr_mem; i++) {
		cut[nr_cuts++] = bi->mem[i].start;
		cut[nr_cuts++] = bi->mem[i].start + bi->mem[i].size;
	}
	sort(cut, nr_cuts, sizeof(cut[0]), cmp_addr);
	for (unsigned int i = 0; i + 1 < nr_cuts; i++) {
		paddr_t start = cut[i], end = cut[i + 1];
		u32 type = type_at(bi->mem, bi->nr_mem, start);

		if (start == end || !type)
			continue;
		if (nr && out[nr - 1].type == type && out[nr - 1].start + out[nr - 1].size == start)
			out[nr - 1].size += end - start;
		else if (nr < BOOT_MAX_MEM)
			out[nr++] = (struct boot_mem){ start, end - start, type };
	}
	memcpy(bi->mem, out, nr * sizeof(out[0]));
	bi->nr_mem = nr;
}
