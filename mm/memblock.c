/* SPDX-License-Identifier: MIT */
/*
 * mm/memblock.c - physical memory before there is an allocator
 *
 * The firmware's map becomes `memory`; whatever must survive (the kernel image, modules, firmware tables, the
 * memory map itself) goes into `reserved`, each piece under a name.  What is in the first and not in the
 * second is free:
 *
 *     memory     [===============)     [==========================)
 *     reserved       [kernel)              [initramfs)    [memmap)
 *     free       [==)        [===)     [==)           [==)       [=)
 *
 * Invariants of each array (memblock_check() verifies them):
 *   M1  sorted by base, no region empty, no overlap;
 *   M2  neighbours that touch differ in node or name: equal ones have been merged.
 *
 * Adding over a region that is there already changes nothing there: only the gaps are filled.  So the first name
 * of a byte wins, and lines of /proc/iomem never overlap.  Every operation counts the regions it will need
 * before it touches one: it succeeds whole or leaves the array as it was.
 *
 * Locking: none.  Used by the boot CPU alone, before the buddy exists; read-only afterwards.
 * Not done: growing the arrays.  256 entries hold the longest E820 map (128) with every reservation, and an array
 * that can move would have to be allocated from itself.
 */
#include "mm_env.h"
#include <mm/memblock.h>

struct memblock memblock;

static u64 region_end(const struct memblock_region *r)
{
	return r->base + r->size;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void insert_region(struct memblock_type *type, unsigned int at,
			  const struct memblock_region *r)
{
	memmove(&type->regions[at + 1], &type->regions[at], (type->cnt - at) * sizeof(*r));
	type->regions[at] = *r;
	type->cnt++;
}

static void remove_regions(struct memblock_type *type, unsigned int at, unsigned int n)
{
	memmove(&type->regions[at], &type->regions[at + n],
		(type->cnt - at - n) * sizeof(type->regions[0]));
	type->cnt -= n;
}

static void merge_neighbours(struct memblock_type *type)
{
	unsigned int kept = 0;

	for (unsigned int i = 1; i < type->cnt; i++) {
		struct memblock_region *last = &type->regions[kept], *r = &type->regions[i];

		if (region_end(last) == r->base && last->nid == r->nid &&
		    same_name(last->name, r->name))
			last->size += r->size;
		else
			type->regions[++kept] = *r;
	}
	if (type->cnt)
		type->cnt = kept + 1;
}

/*
 * The parts of @r that no region covers yet, ascending.  With @commit they are inserted, else only counted.
 */
static unsigned int fill_gaps(struct memblock_type *type, const struct memblock_region *r,
			      bool commit)
{
	u64 from = r->base, end = region_end(r);
	unsigned int gaps = 0;

	for (unsigned int i = 0; from < end; i++) {
		bool last = i == type->cnt || type->regions[i].base >= end;
		u64 to = last ? end : type->regions[i].base;

		if (from < to) {
			struct memblock_region gap = { from, to - from, r->nid, r->name };

			gaps++;
			if (commit)
				insert_region(type, i++, &gap);
		}
		if (last)
			break;
		from = max(from, region_end(&type->regions[i]));
	}
	return gaps;
}

static int type_add(struct memblock_type *type, const struct memblock_region *r)
{
	if (r->base + r->size < r->base)
		return -EINVAL;
	if (type->cnt + fill_gaps(type, r, false) > MEMBLOCK_MAX)
		return -ENOMEM;
	fill_gaps(type, r, true);
	merge_neighbours(type);
	return 0;
}

static int type_remove(struct memblock_type *type, u64 base, u64 size)
{
	u64 end = base + size;
	unsigned int i = 0;

	if (end < base)
		return -EINVAL;
	/* Only a hole inside one region needs a new entry: the one case that can fail, so it comes first. */
	for (i = 0; i < type->cnt; i++) {
		struct memblock_region *r = &type->regions[i], upper = *r;

		if (size && r->base < base && region_end(r) > end) {
			if (type->cnt == MEMBLOCK_MAX)
				return -ENOMEM;
			upper.size = region_end(r) - end;
			upper.base = end;
			r->size = base - r->base;
			insert_region(type, i + 1, &upper);
			return 0;
		}
	}
	for (i = 0; size && i < type->cnt;) {
		struct memblock_region *r = &type->regions[i];

		if (region_end(r) <= base || r->base >= end) {
			i++;
		} else if (r->base < base) { /* cut the tail off */
			r->size = base - r->base;
			i++;
		} else if (region_end(r) > end) { /* cut the head off */
			r->size = region_end(r) - end;
			r->base = end;
			i++;
		} else {
			remove_regions(type, i, 1);
		}
	}
	return 0;
}

/**
 * memblock_add - RAM exists in [base, base + size)
 * @nid: its node; where RAM is known already the old node stays
 *
 * Return: 0, -EINVAL (the range wraps) or -ENOMEM (array full), then nothing is changed.
 */
int memblock_add(struct memblock *mb, paddr_t base, u64 size, int nid)
{
	return type_add(&mb->memory, &(struct memblock_region){ base, size, nid, NULL });
}

/* memblock_remove - [base, base + size) is not RAM after all (mem=, firmware bugs).  As memblock_add. */
int memblock_remove(struct memblock *mb, paddr_t base, u64 size)
{
	return type_remove(&mb->memory, base, size);
}

/**
 * memblock_reserve - [base, base + size) is in use, for @name
 * @name: static storage; shown in /proc/iomem
 *
 * The range need not be RAM.  What is reserved already keeps its name.
 * Return: as memblock_add.
 */
int memblock_reserve(struct memblock *mb, paddr_t base, u64 size, const char *name)
{
	return type_add(&mb->reserved, &(struct memblock_region){ base, size, 0, name });
}

/* memblock_free - drop reservations in [base, base + size), whatever their names.  As memblock_add. */
int memblock_free(struct memblock *mb, paddr_t base, u64 size)
{
	return type_remove(&mb->reserved, base, size);
}

/* Highest aligned place for @size bytes in [low, high) beside all reservations; 0 for none. */
static paddr_t find_top_down(const struct memblock_type *reserved, u64 low, u64 high, u64 size,
			     u64 align)
{
	unsigned int i = reserved->cnt;

	for (;;) {
		u64 base;

		if (high < low || high - low < size)
			return 0;
		base = ALIGN_DOWN(high - size, align);
		if (base < low)
			return 0;
		/* Regions that lie wholly above are behind us; the next one down may be in the way. */
		while (i && reserved->regions[i - 1].base >= base + size)
			i--;
		if (!i || region_end(&reserved->regions[i - 1]) <= base)
			return base;
		high = reserved->regions[i - 1].base;
	}
}

/**
 * memblock_alloc_phys - reserve @size bytes of free RAM, as high as possible
 * @align: power of two; 0 means 1
 * @nid:   node to take it from, or -1
 *
 * Top down, because what lies low is scarce (DMA, trampolines).  Below mb->limit; a limit of 0 is none.
 * Never answers address 0, which means failure.
 *
 * Return: physical address, contents undefined; 0 when there is no such room.
 */
paddr_t memblock_alloc_phys(struct memblock *mb, u64 size, u64 align, int nid, const char *name)
{
	if (!size)
		return 0;
	for (unsigned int i = mb->memory.cnt; i-- > 0;) {
		const struct memblock_region *r = &mb->memory.regions[i];
		u64 high = mb->limit ? min(region_end(r), (u64)mb->limit) : region_end(r);
		u64 low = max(r->base, (u64)1);
		paddr_t pa;

		if (nid >= 0 && r->nid != nid)
			continue;
		pa = find_top_down(&mb->reserved, low, high, size, align ? align : 1);
		if (pa)
			return memblock_reserve(mb, pa, size, name) ? 0 : pa;
	}
	return 0;
}

/* memblock_alloc - the same from any node, through the direct map and zeroed; NULL when there is no room */
void *memblock_alloc(struct memblock *mb, u64 size, u64 align, const char *name)
{
	paddr_t pa = memblock_alloc_phys(mb, size, align, -1, name);

	return pa ? memset(phys_to_virt(pa), 0, size) : NULL;
}

/* memblock_dump - both arrays to the log, one line a region */
void memblock_dump(const struct memblock *mb)
{
	for (unsigned int i = 0; i < mb->memory.cnt; i++) {
		const struct memblock_region *r = &mb->memory.regions[i];

		pr_info("memory   [0x%012lx-0x%012lx] %8lu KiB  node %d\n", r->base,
			region_end(r) - 1, r->size >> 10, r->nid);
	}
	for (unsigned int i = 0; i < mb->reserved.cnt; i++) {
		const struct memblock_region *r = &mb->reserved.regions[i];

		pr_info("reserved [0x%012lx-0x%012lx] %8lu KiB  %s\n", r->base, region_end(r) - 1,
			DIV_ROUND_UP(r->size, 1024), r->name ? r->name : "");
	}
}

/* memblock_end_of_ram - one past the last byte of RAM; 0 when there is none */
paddr_t memblock_end_of_ram(const struct memblock *mb)
{
	return mb->memory.cnt ? region_end(&mb->memory.regions[mb->memory.cnt - 1]) : 0;
}

/* memblock_is_memory - is the byte at @pa RAM?  O(log n) */
bool memblock_is_memory(const struct memblock *mb, paddr_t pa)
{
	unsigned int low = 0, high = mb->memory.cnt;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (region_end(&mb->memory.regions[mid]) <= pa)
			low = mid + 1;
		else
			high = mid;
	}
	return low < mb->memory.cnt && mb->memory.regions[low].base <= pa;
}

/* memblock_for_each_free_in - the free ranges of one memory region, ascending */
void memblock_for_each_free_in(const struct memblock *mb, const struct memblock_region *m,
			       void (*fn)(paddr_t start, paddr_t end, int nid, void *arg),
			       void *arg)
{
	const struct memblock_type *reserved = &mb->reserved;
	u64 from = m->base, end = region_end(m);

	for (unsigned int i = 0; from < end; i++) {
		bool last = i == reserved->cnt || reserved->regions[i].base >= end;
		u64 to = last ? end : reserved->regions[i].base;

		if (from < to)
			fn(from, to, m->nid, arg);
		if (last)
			break;
		from = max(from, region_end(&reserved->regions[i]));
	}
}

/* memblock_for_each_free - RAM without reservations, ascending; see the header */
void memblock_for_each_free(const struct memblock *mb,
			    void (*fn)(paddr_t start, paddr_t end, int nid, void *arg), void *arg)
{
	for (unsigned int i = 0; i < mb->memory.cnt; i++)
		memblock_for_each_free_in(mb, &mb->memory.regions[i], fn, arg);
}

static void check_type(const struct memblock_type *type)
{
	BUG_ON(type->cnt > MEMBLOCK_MAX);
	for (unsigned int i = 0; i < type->cnt; i++) {
		const struct memblock_region *r = &type->regions[i], *prev = r - 1;

		BUG_ON(!r->size);
		if (!i)
			continue;
		BUG_ON(region_end(prev) > r->base); /* M1 */
		BUG_ON(region_end(prev) == r->base && prev->nid == r->nid &&
		       same_name(prev->name, r->name)); /* M2 */
	}
}

/* memblock_check - M1 and M2; panics */
void memblock_check(const struct memblock *mb)
{
	check_type(&mb->memory);
	check_type(&mb->reserved);
}
