/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/memblock.c - ranges of physical memory: added, cut, merged, reserved, allocated
 *
 * Drawings: one letter a page, `.` nothing; capital letters are names.
 */
#include <mm/memblock.h>

#include "env.h"

static struct memblock mb;
#define P PAGE_SIZE

/* The array of @type as "base+pages name" entries, for comparison. */
static const char *show(const struct memblock_type *type)
{
	static char text[4096];
	size_t len = 0;

	memblock_check(&mb);
	text[0] = '\0';
	for (unsigned int i = 0; i < type->cnt; i++)
		len += scnprintf(text + len, sizeof(text) - len, "%s%lu+%lu%s", i ? " " : "",
				 type->regions[i].base / P, type->regions[i].size / P,
				 type->regions[i].name ? type->regions[i].name : "");
	return text;
}

/*  AA.AA -> AAAAA  */
TEST(adding_the_gap_merges_three_ranges)
{
	ASSERT_EQ(memblock_add(&mb, 0, 2 * P, 0), 0);
	ASSERT_EQ(memblock_add(&mb, 3 * P, 2 * P, 0), 0);
	EXPECT_STR(show(&mb.memory), "0+2 3+2");
	ASSERT_EQ(memblock_add(&mb, 2 * P, P, 0), 0);
	EXPECT_STR(show(&mb.memory), "0+5");
}

/*  .AA.A. + BBBBBB -> BAABAB  */
TEST(the_first_name_of_a_byte_wins)
{
	memblock_reserve(&mb, P, 2 * P, "A");
	memblock_reserve(&mb, 4 * P, P, "A");
	memblock_reserve(&mb, 0, 6 * P, "B");
	EXPECT_STR(show(&mb.reserved), "0+1B 1+2A 3+1B 4+1A 5+1B");
}

TEST(ranges_of_two_nodes_do_not_merge)
{
	memblock_add(&mb, 0, 2 * P, 0);
	memblock_add(&mb, 2 * P, 2 * P, 1);
	EXPECT_STR(show(&mb.memory), "0+2 2+2");
	EXPECT_EQ(mb.memory.regions[1].nid, 1);
}

/*  AAAAA -> AA.AA  */
TEST(removing_from_the_middle_splits)
{
	memblock_add(&mb, 0, 5 * P, 0);
	ASSERT_EQ(memblock_remove(&mb, 2 * P, P), 0);
	EXPECT_STR(show(&mb.memory), "0+2 3+2");
}

/*  AA.BB.CC -> A.....C  */
TEST(removing_across_ranges_cuts_both_ends)
{
	memblock_reserve(&mb, 0, 2 * P, "A");
	memblock_reserve(&mb, 3 * P, 2 * P, "B");
	memblock_reserve(&mb, 6 * P, 2 * P, "C");
	ASSERT_EQ(memblock_free(&mb, P, 6 * P), 0);
	EXPECT_STR(show(&mb.reserved), "0+1A 7+1C");
}

TEST(a_wrapping_range_is_refused)
{
	EXPECT_EQ(memblock_add(&mb, -P, 2 * P, 0), -EINVAL);
	EXPECT_EQ(mb.memory.cnt, 0);
}

TEST(a_full_array_refuses_and_stays_whole)
{
	for (unsigned long i = 0; i < MEMBLOCK_MAX; i++)
		ASSERT_EQ(memblock_reserve(&mb, (2 * i + 1) * P, P, "A"), 0);
	/* Three gaps would be needed; the range also touches existing entries. */
	EXPECT_EQ(memblock_reserve(&mb, P, 6 * P, "B"), -ENOMEM);
	EXPECT_EQ(mb.reserved.cnt, MEMBLOCK_MAX);
	memblock_check(&mb);
	/* A gap that merges both sides would fit, but needs an entry on the way: refused, not half done. */
	EXPECT_EQ(memblock_reserve(&mb, 2 * P, P, "A"), -ENOMEM);
	/* A hole inside one entry needs another entry, too. */
	EXPECT_EQ(memblock_free(&mb, P + 64, 64), -ENOMEM);
	EXPECT_EQ(mb.reserved.regions[0].size, P);
}

TEST(allocation_comes_from_the_top_and_avoids_reservations)
{
	memblock_add(&mb, P, 10 * P, 0);
	memblock_reserve(&mb, 9 * P, P, "taken");
	EXPECT_EQ(memblock_alloc_phys(&mb, P, P, -1, "x"), 10 * P);
	EXPECT_EQ(memblock_alloc_phys(&mb, P, P, -1, "x"), 8 * P);
	EXPECT_EQ(memblock_alloc_phys(&mb, 4 * P, 4 * P, -1, "x"), 4 * P);
	EXPECT_EQ(memblock_alloc_phys(&mb, 4 * P, P, -1, "x"), 0);
	EXPECT_EQ(memblock_alloc_phys(&mb, 3 * P, P, -1, "x"), P);
	EXPECT_EQ(memblock_alloc_phys(&mb, 1, 1, -1, "x"), 0);
}

TEST(allocation_stays_below_the_limit_and_in_its_node)
{
	memblock_add(&mb, P, 3 * P, 0);
	memblock_add(&mb, 4 * P, 4 * P, 1);
	EXPECT_EQ(memblock_alloc_phys(&mb, P, P, 0, "x"), 3 * P);
	mb.limit = 6 * P;
	EXPECT_EQ(memblock_alloc_phys(&mb, P, P, -1, "x"), 5 * P);
	EXPECT_EQ(memblock_alloc_phys(&mb, 3 * P, P, 1, "x"), 0);
}

TEST(address_zero_is_never_allocated)
{
	memblock_add(&mb, 0, P, 0);
	EXPECT_EQ(memblock_alloc_phys(&mb, P, P, -1, "x"), 0);
	EXPECT_EQ(memblock_alloc_phys(&mb, 64, 64, -1, "x"), P - 64);
}

static void note_free(paddr_t start, paddr_t end, int nid, void *arg)
{
	char *text = arg;

	scnprintf(text + strlen(text), 256 - strlen(text), "[%lu,%lu)%d ", start / P, end / P, nid);
}

/*  memory   AAAA..BBBB     reserved .RRRRRRRR.   free A........B  */
TEST(free_ranges_are_memory_without_reservations)
{
	char text[256] = "";

	memblock_add(&mb, 0, 4 * P, 0);
	memblock_add(&mb, 6 * P, 4 * P, 1);
	memblock_reserve(&mb, P, 8 * P, "R");
	memblock_for_each_free(&mb, note_free, text);
	EXPECT_STR(text, "[0,1)0 [9,10)1 ");
	EXPECT_EQ(memblock_end_of_ram(&mb), 10 * P);
	EXPECT_EQ(memblock_is_memory(&mb, 4 * P - 1), true);
	EXPECT_EQ(memblock_is_memory(&mb, 4 * P), false);
	EXPECT_EQ(memblock_is_memory(&mb, 6 * P), true);
	EXPECT_EQ(memblock_is_memory(&mb, 10 * P), false);
}

/* ---------------------------------------------------------------- against a model: one byte a unit */

#define UNITS 512
static u8 memory_model[UNITS],
	reserved_model[UNITS]; /* 0: absent; else node + 1, or the name's index */
static const char *const names[] = { NULL, "A", "B", "C" };

static void compare(const struct memblock_type *type, const u8 *model, bool by_name)
{
	u8 seen[UNITS] = { 0 };

	for (unsigned int i = 0; i < type->cnt; i++)
		for (u64 u = type->regions[i].base;
		     u < type->regions[i].base + type->regions[i].size; u++) {
			unsigned int value = type->regions[i].nid + 1;

			for (unsigned int n = 1; by_name && n < ARRAY_SIZE(names); n++)
				if (names[n] == type->regions[i].name)
					value = n;
			ASSERT_EQ(seen[u], 0);
			seen[u] = value;
		}
	for (unsigned int u = 0; u < UNITS; u++)
		ASSERT_EQ(seen[u], model[u]);
}

static void fill(u8 *model, unsigned int base, unsigned int size, u8 value, bool overwrite)
{
	for (unsigned int u = base; u < base + size; u++)
		if (overwrite || !model[u])
			model[u] = value;
}

static void model_alloc(u64 size, u64 align, int nid)
{
	paddr_t want = 0, got = memblock_alloc_phys(&mb, size, align, nid, "A");

	for (u64 at = ALIGN_DOWN(UNITS - size, align); at > 0 && !want; at -= align) {
		bool ok = true;

		for (u64 u = at; u < at + size; u++)
			ok = ok && memory_model[u] && !reserved_model[u] &&
			     memory_model[u] == memory_model[at] &&
			     (nid < 0 || memory_model[u] == nid + 1);
		if (ok)
			want = at;
		if (at < align)
			break;
	}
	ASSERT_EQ(got, want);
	if (got)
		fill(reserved_model, got, size, 1, true);
}

TEST(random_operations_match_the_model)
{
	for (unsigned long round = 0; round < test_rounds(20000); round++) {
		unsigned int base = test_random_below(UNITS),
			     size = test_random_below(min(UNITS - base, 40u) + 1);
		unsigned int value = 1 + test_random_below(3);

		switch (test_random_below(6)) {
		case 0:
			ASSERT_EQ(memblock_add(&mb, base, size, value - 1), 0);
			fill(memory_model, base, size, value, false);
			break;
		case 1:
			ASSERT_EQ(memblock_remove(&mb, base, size), 0);
			fill(memory_model, base, size, 0, true);
			break;
		case 2:
			ASSERT_EQ(memblock_reserve(&mb, base, size, names[value]), 0);
			fill(reserved_model, base, size, value, false);
			break;
		case 3:
		case 4:
			ASSERT_EQ(memblock_free(&mb, base, size), 0);
			fill(reserved_model, base, size, 0, true);
			break;
		case 5:
			model_alloc(1 + test_random_below(8), 1UL << test_random_below(4),
				    (int)test_random_below(4) - 1);
			break;
		}
		memblock_check(&mb);
		compare(&mb.memory, memory_model, false);
		compare(&mb.reserved, reserved_model, true);
	}
}
