/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/lib_bits.c - bitmaps, bit positions, sorting, lists and counters
 */
#include <lib/atomic.h>
#include <lib/bitmap.h>
#include <lib/list.h>
#include <lib/math64.h>
#include <lib/sort.h>

#include "harness.h"

#define BITS 300

static unsigned long find_slowly(const bool *model, unsigned long start, bool value)
{
	while (start < BITS && model[start] != value)
		start++;
	return min(start, (unsigned long)BITS);
}

TEST(bitmap_follows_an_array_of_booleans)
{
	DECLARE_BITMAP(map, BITS);
	bool model[BITS] = { false };

	bitmap_zero(map, BITS);
	for (unsigned long n = test_rounds(20000); n; n--) {
		unsigned long at = test_random_below(BITS), len = test_random_below(BITS - at + 1);
		unsigned long weight = 0, last = BITS;

		switch (test_random_below(4)) {
		case 0:
			bitmap_set(map, at, len);
			for (unsigned long i = at; i < at + len; i++)
				model[i] = true;
			break;
		case 1:
			bitmap_clear(map, at, len);
			for (unsigned long i = at; i < at + len; i++)
				model[i] = false;
			break;
		case 2:
			EXPECT_EQ(test_and_set_bit(at, map), model[at]);
			model[at] = true;
			break;
		case 3:
			EXPECT_EQ(test_and_clear_bit(at, map), model[at]);
			model[at] = false;
			break;
		}
		for (unsigned long i = 0; i < BITS; i++) {
			EXPECT_EQ(test_bit(i, map), model[i]);
			if (model[i]) {
				weight++;
				last = i;
			}
		}
		ASSERT_EQ(find_next_bit(map, BITS, at), find_slowly(model, at, true));
		ASSERT_EQ(find_next_zero_bit(map, BITS, at), find_slowly(model, at, false));
		ASSERT_EQ(find_last_bit(map, BITS), last);
		ASSERT_EQ(bitmap_weight(map, BITS), weight);
		ASSERT_EQ(bitmap_empty(map, BITS), weight == 0);
		ASSERT_EQ(bitmap_full(map, BITS), weight == BITS);
	}
}

TEST(zero_area_is_aligned_and_long_enough)
{
	DECLARE_BITMAP(map, BITS);

	bitmap_zero(map, BITS);
	bitmap_set(map, 3, 1);
	bitmap_set(map, 20, 1);
	EXPECT_EQ(bitmap_find_next_zero_area(map, BITS, 0, 3, 0), 0);
	EXPECT_EQ(bitmap_find_next_zero_area(map, BITS, 0, 4, 0), 4);
	EXPECT_EQ(bitmap_find_next_zero_area(map, BITS, 0, 16, 0), 4);
	EXPECT_EQ(bitmap_find_next_zero_area(map, BITS, 0, 17, 0), 21);
	EXPECT_EQ(bitmap_find_next_zero_area(map, BITS, 0, 16, 15), 32);
	EXPECT_EQ(bitmap_find_next_zero_area(map, BITS, 0, BITS, 0), BITS);
	EXPECT_EQ(bitmap_find_next_zero_area(map, BITS, 21, BITS - 21, 0), 21);
}

TEST(bit_positions)
{
	EXPECT_EQ(fls64(0), 0);
	EXPECT_EQ(fls64(1), 1);
	EXPECT_EQ(fls64(~0UL), 64);
	EXPECT_EQ(ffs64(0), 0);
	EXPECT_EQ(ffs64(0x8000), 16);
	EXPECT_EQ(ilog2(1), 0);
	EXPECT_EQ(ilog2(4095), 11);
	EXPECT_EQ(roundup_pow_of_two(1), 1);
	EXPECT_EQ(roundup_pow_of_two(33), 64);
	EXPECT_EQ(rounddown_pow_of_two(63), 32);
	EXPECT(GENMASK(63, 0) == ~0UL);
	EXPECT(GENMASK(11, 4) == 0xff0);
	for (unsigned long n = 1000; n; n--) {
		u64 x = test_random();

		EXPECT_EQ(hweight64(x), __builtin_popcountl(x));
	}
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

void *pw_bsearch(const void *key, const void *base, size_t num, size_t size,
		 int (*cmp)(const void *key, const void *elem));

TEST(sort_orders_and_bsearch_finds)
{
	u32 array[200];

	for (size_t n = 0; n < ARRAY_SIZE(array); n++) {
		u64 sum = 0, sorted_sum = 0;

		for (size_t i = 0; i < n; i++) {
			array[i] = (u32)test_random_below(n % 3 ? 1000 : 5) * 2;
			sum += array[i];
		}
		sort(array, n, sizeof(array[0]), compare_u32);
		for (size_t i = 0; i < n; i++) {
			u32 absent = array[i] + 1;
			u32 *found = pw_bsearch(&array[i], array, n, sizeof(array[0]), compare_u32);

			sorted_sum += array[i];
			ASSERT(!i || array[i - 1] <= array[i]);
			ASSERT(found && *found == array[i]);
			ASSERT(!pw_bsearch(&absent, array, n, sizeof(array[0]), compare_u32));
		}
		ASSERT_EQ(sum, sorted_sum);
	}
}

struct entry {
	int value;
	struct list_head link;
	struct hlist_node hash;
};

static int sum_in_order(struct list_head *head)
{
	struct entry *e;
	int sum = 0;

	list_for_each_entry(e, head, link)
		sum = sum * 10 + e->value;
	return sum;
}

TEST(list_operations_keep_the_order)
{
	struct entry e[5] = {
		{ .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 }, { .value = 5 }
	};
	struct entry *pos, *next;
	LIST_HEAD(a);
	LIST_HEAD(b);

	list_add_tail(&e[0].link, &a);
	list_add_tail(&e[1].link, &a);
	list_add(&e[2].link, &a);
	EXPECT_EQ(sum_in_order(&a), 312);
	list_add_tail(&e[3].link, &b);
	list_add_tail(&e[4].link, &b);
	list_splice_init(&b, &a);
	EXPECT_EQ(sum_in_order(&a), 45312);
	EXPECT(list_empty(&b));
	list_move_tail(&e[4].link, &b);
	list_splice_tail_init(&b, &a);
	EXPECT_EQ(sum_in_order(&a), 43125);
	list_for_each_entry_safe(pos, next, &a, link)
		if (pos->value % 2)
			list_del(&pos->link);
	EXPECT_EQ(sum_in_order(&a), 42);
	EXPECT(!list_is_singular(&a));
	list_del_init(&e[3].link);
	EXPECT(list_is_singular(&a) && list_empty(&e[3].link));
	EXPECT(list_first_entry(&a, struct entry, link) == &e[1]);
}

TEST(hlist_entries_leave_from_anywhere)
{
	struct entry e[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct hlist_head head = HLIST_HEAD_INIT;
	struct hlist_node *next;
	struct entry *pos;
	int sum = 0;

	for (int i = 0; i < 3; i++)
		hlist_add_head(&e[i].hash, &head);
	hlist_del_init(&e[1].hash);
	EXPECT(hlist_unhashed(&e[1].hash));
	hlist_for_each_entry(pos, &head, hash)
		sum = sum * 10 + pos->value;
	EXPECT_EQ(sum, 31);
	hlist_for_each_entry_safe(pos, next, &head, hash)
		hlist_del(&pos->hash);
	EXPECT(hlist_empty(&head));
}

TEST(atomic_conditionals)
{
	atomic_t a = ATOMIC_INIT(1);
	atomic_long_t l = ATOMIC_INIT(-1);

	EXPECT(atomic_inc_not_zero(&a));
	EXPECT(!atomic_dec_and_test(&a));
	EXPECT(atomic_dec_and_test(&a));
	EXPECT(!atomic_inc_not_zero(&a));
	EXPECT(!atomic_dec_if_positive(&a));
	EXPECT(!atomic_add_unless(&a, 1, 0));
	EXPECT_EQ(atomic_cmpxchg(&a, 0, 7), 0);
	EXPECT_EQ(atomic_cmpxchg(&a, 0, 9), 7);
	EXPECT_EQ(atomic_xchg(&a, 3), 7);
	EXPECT_EQ(atomic_fetch_add(2, &a), 3);
	EXPECT_EQ(atomic_sub_return(1, &a), 4);
	EXPECT(atomic_long_inc_and_test(&l));
	EXPECT(atomic_long_add_negative(-5, &l));
}

TEST(wide_products_and_quotients)
{
	EXPECT_EQ(mul_u64_u64_div_u64(1UL << 40, 1UL << 40, 1UL << 30), 1L << 50);
	EXPECT(mul_u64_u64_div_u64(~0UL, ~0UL, ~0UL) == ~0UL);
	EXPECT(mul_u64_u64_div_u64(~0UL, 4, 2) == ~0UL);
	EXPECT(mul_u64_u64_shr(~0UL, 1UL << 32, 32) == ~0UL);
}
