/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/index_tree.c - the page cache's tree against an array, and under failing allocation
 */
#include <mm/gfp.h>
#include <mm/index_tree.h>
#include <string.h>

#include "env.h"

/* Sparse on purpose: neighbours, node borders, level borders, and the very end. */
static const unsigned long places[] = {
	0,
	1,
	2,
	62,
	63,
	64,
	65,
	127,
	128,
	4095,
	4096,
	4097,
	8191,
	262143,
	262144,
	262145,
	1UL << 24,
	(1UL << 24) + 1,
	(1UL << 30) - 1,
	1UL << 30,
	1UL << 36,
	(1UL << 60) - 1,
	1UL << 60,
	~0UL - 64,
	~0UL - 63,
	~0UL - 1,
	~0UL,
};
#define NR_PLACES ARRAY_SIZE(places)

static struct index_tree tree;
static struct {
	void *item;
	bool tag[NR_INDEX_TAGS];
} model[NR_PLACES];

static int insert(unsigned long index, void *item)
{
	struct index_preload pre = { 0 };
	int err;

	do {
		err = index_preload_fill(&pre, GFP_KERNEL);
		if (!err)
			err = index_tree_insert(&tree, index, item, &pre);
	} while (err == -EAGAIN);
	index_preload_drop(&pre);
	return err;
}

static void compare(void)
{
	unsigned long index = 0;

	index_tree_check(&tree);
	for (unsigned int i = 0; i < NR_PLACES; i++)
		ASSERT(index_tree_load(&tree, places[i]) == model[i].item);
	for (unsigned int i = 0; i < NR_PLACES; i++) {
		void *got;

		if (!model[i].item)
			continue;
		got = index_tree_next(&tree, &index, ~0UL);
		ASSERT(got == model[i].item);
		ASSERT_EQ(index, places[i]);
		index++;
	}
	if (index || !model[NR_PLACES - 1].item)
		ASSERT(!index_tree_next(&tree, &index, ~0UL));
	for (int tag = 0; tag < NR_INDEX_TAGS; tag++) {
		index = 0;
		for (unsigned int i = 0; i < NR_PLACES; i++) {
			ASSERT_EQ(index_tree_get_tag(&tree, places[i], tag), model[i].tag[tag]);
			if (!model[i].tag[tag])
				continue;
			ASSERT(index_tree_next_tagged(&tree, &index, ~0UL, tag) == model[i].item);
			ASSERT_EQ(index, places[i]);
			index++;
		}
	}
}

static void boot(void)
{
	env_boot_phys(NULL);
	index_tree_init_cache();
}

TEST(index_tree_follows_an_array)
{
	struct env_snapshot before;

	boot();
	env_snapshot(&before);
	for (unsigned long n = test_rounds(3000); n; n--) {
		unsigned int i = test_random_below(NR_PLACES);
		int tag = test_random_below(NR_INDEX_TAGS);

		switch (test_random_below(4)) {
		case 0:
			if (model[i].item) {
				ASSERT_EQ(insert(places[i], &model[0]), -EEXIST);
			} else {
				ASSERT_EQ(insert(places[i], &model[i]), 0);
				model[i].item = &model[i];
			}
			break;
		case 1:
			ASSERT(index_tree_delete(&tree, places[i]) == model[i].item);
			memset(&model[i], 0, sizeof(model[i]));
			break;
		case 2:
			if (model[i].item) {
				index_tree_set_tag(&tree, places[i], tag);
				model[i].tag[tag] = true;
			}
			break;
		default:
			index_tree_clear_tag(&tree, places[i], tag);
			model[i].tag[tag] = false;
		}
		compare();
	}
	for (unsigned int i = 0; i < NR_PLACES; i++)
		index_tree_delete(&tree, places[i]);
	ASSERT(index_tree_empty(&tree));
	env_rcu_barrier();
	env_expect_same(&before);
}

TEST(index_tree_next_stops_at_last)
{
	unsigned long index = 3;

	boot();
	ASSERT_EQ(insert(70, &tree), 0);
	ASSERT(!index_tree_next(&tree, &index, 69));
	index = 70;
	ASSERT(index_tree_next(&tree, &index, 70) == &tree);
	index = 71;
	ASSERT(!index_tree_next(&tree, &index, ~0UL));
}

static void insert_far_apart(void)
{
	struct env_snapshot before;
	int err;

	env_snapshot(&before);
	ASSERT(index_tree_load(&tree, 5) == &model[5]);
	err = insert(1UL << 40, &model[1]);
	index_tree_check(&tree);
	ASSERT(index_tree_load(&tree, 5) == &model[5]);
	ASSERT(index_tree_load(&tree, 1UL << 40) == (err ? NULL : &model[1]));
	if (err) {
		ASSERT_EQ(err, -ENOMEM);
		env_expect_same(&before);
	}
}

TEST(index_tree_insert_fails_with_nothing_changed)
{
	boot();
	ASSERT_EQ(insert(5, &model[5]), 0);
	ASSERT_LT(0, RUN_WITH_EVERY_ALLOCATION_FAILING(insert_far_apart));
}

/* Readers without a lock: what is never deleted is always found, whatever happens around it. */
static bool writer_done;

static void reader(void *arg)
{
	(void)arg;
	while (!READ_ONCE(writer_done)) {
		unsigned long index = 0;

		rcu_read_lock();
		ASSERT(index_tree_load(&tree, 3) == &model[3]);
		env_seam();
		ASSERT(index_tree_next(&tree, &index, ~0UL) == &model[3]);
		ASSERT_EQ(index, 3);
		rcu_read_unlock();
		env_seam();
		cond_resched();
	}
}

static void writer(void *arg)
{
	(void)arg;
	for (unsigned int n = 0; n < 300; n++) {
		unsigned long index = places[10 + test_random_below(NR_PLACES - 10)];

		if (!index_tree_delete(&tree, index))
			ASSERT_EQ(insert(index, &model[1]), 0);
		env_seam();
	}
	WRITE_ONCE(writer_done, true);
}

TEST(index_tree_readers_need_no_lock)
{
	const env_task_fn fns[] = { reader, writer, reader };
	void *args[3] = { 0 };

	boot();
	ASSERT_EQ(insert(3, &model[3]), 0);
	env_run(3, fns, args);
	index_tree_check(&tree);
}
