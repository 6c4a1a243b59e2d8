/*
 * boot/boot_parse.h - what the parsers of the two boot protocols share
 */
#ifndef BOOT_PARSE_H
#define BOOT_PARSE_H

#include <kernel/boot_info.h>

/* No address has more bits than the page tables' entries can hold (Intel SDM 3A, "MAXPHYADDR"). */
#define BOOT_PHYS_LIMIT (1UL << 52)

/**
 * boot_add_mem - append one range of the loader's map
 *
 * Empty ranges and what lies above the addressable space are left out; an unknown type counts as reserved.
 * Return: false when the map is full.
 */
static inline bool boot_add_mem(struct boot_info *bi, paddr_t start, u64 size, u32 type)
{
	if (start >= BOOT_PHYS_LIMIT || !size)
		return true;
	size = min(size, BOOT_PHYS_LIMIT - start);
	if (type < BOOT_MEM_RAM || type > BOOT_MEM_BAD)
		type = BOOT_MEM_RESERVED;
	if (bi->nr_mem == BOOT_MAX_MEM)
		return false;
	bi->mem[bi->nr_mem++] = (struct boot_mem){ start, size, type };
	return true;
}

static inline bool boot_has_ram(const struct boot_info *bi)
{
	for (unsigned int i = 0; i < bi->nr_mem; i++)
		if (bi->mem[i].type == BOOT_MEM_RAM)
			return true;
	return false;
}

#endif
