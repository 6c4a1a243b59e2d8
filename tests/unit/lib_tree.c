/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/lib_tree.c - red-black and interval trees against arrays
 *
 * A tree of random operations is compared with a plain array after each of them: order, colours, and the
 * augmented summary recomputed from below.
 */
#include <lib/interval_tree.h>
#include <lib/rbtree.h>
#include <string.h>

#include "harness.h"

#define KEYS 300

struct item {
	struct rb_node rb;
	unsigned long key, last, subtree_last;
	bool in_tree;
};

static struct item items[KEYS];

static void insert_plain(struct rb_root *root, struct item *new)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = new->key < rb_entry(parent, struct item, rb)->key ? &parent->rb_left
									 : &parent->rb_right;
	}
	rb_link_node(&new->rb, parent, link);
	rb_insert_color(&new->rb, root);
}

static void compare_plain(struct rb_root *root)
{
	struct rb_node *node = rb_first(root), *prev = NULL;

	ASSERT(rb_check(root));
	for (unsigned int i = 0; i < KEYS; i++) {
		if (!items[i].in_tree)
			continue;
		ASSERT(node == &items[i].rb);
		ASSERT(rb_prev(node) == prev);
		prev = node;
		node = rb_next(node);
	}
	ASSERT(!node);
	ASSERT(rb_last(root) == prev);
}

TEST(rbtree_follows_a_sorted_array)
{
	struct rb_root root = RB_ROOT;

	for (unsigned long i = 0; i < KEYS; i++)
		items[i].key = i;
	for (unsigned long n = test_rounds(20000); n; n--) {
		struct item *item = &items[test_random_below(KEYS)];

		if (item->in_tree)
			rb_erase(&item->rb, &root);
		else
			insert_plain(&root, item);
		item->in_tree = !item->in_tree;
		if (n % 16 == 0)
			compare_plain(&root);
		else
			ASSERT(rb_check(&root));
	}
	for (unsigned int i = 0; i < KEYS; i++)
		if (items[i].in_tree)
			rb_erase(&items[i].rb, &root);
	ASSERT(RB_EMPTY_ROOT(&root));
}

TEST(rb_check_sees_a_red_child_of_a_red_node)
{
	struct rb_root root = RB_ROOT;

	for (unsigned long i = 0; i < 7; i++) {
		items[i].key = i;
		insert_plain(&root, &items[i]);
	}
	ASSERT(rb_check(&root));
	root.rb_node->rb_left->__rb_parent_color ^= RB_BLACK;
	ASSERT(!rb_check(&root));
}

TEST(rb_replace_node_keeps_the_tree)
{
	struct rb_root root = RB_ROOT;
	struct item other = { .key = 3 };

	for (unsigned long i = 0; i < 7; i++) {
		items[i].key = i;
		insert_plain(&root, &items[i]);
	}
	rb_replace_node(&items[3].rb, &other.rb, &root);
	ASSERT(rb_check(&root));
	ASSERT(rb_next(&items[2].rb) == &other.rb);
	ASSERT(rb_next(&other.rb) == &items[4].rb);
}

static inline unsigned long item_start(const struct item *item)
{
	return item->key;
}

static inline unsigned long item_last(const struct item *item)
{
	return item->last;
}

INTERVAL_TREE_DEFINE(struct item, rb, unsigned long, subtree_last, item_start, item_last, static,
		     item_it)

static unsigned long true_subtree_last(struct rb_node *node)
{
	struct item *item = rb_entry_safe(node, struct item, rb);
	unsigned long last;

	if (!item)
		return 0;
	last = max(item->last, true_subtree_last(node->rb_left));
	last = max(last, true_subtree_last(node->rb_right));
	ASSERT_EQ(item->subtree_last, last);
	return last;
}

static void compare_query(struct rb_root_cached *root, unsigned long start, unsigned long last)
{
	bool want[KEYS] = { false };
	unsigned long prev = 0;
	struct item *hit;

	for (unsigned int i = 0; i < KEYS; i++)
		want[i] = items[i].in_tree && items[i].key <= last && items[i].last >= start;
	for (hit = item_it_iter_first(root, start, last); hit;
	     hit = item_it_iter_next(hit, start, last)) {
		ASSERT(want[hit - items]);
		ASSERT_LE(prev, hit->key);
		prev = hit->key;
		want[hit - items] = false;
	}
	for (unsigned int i = 0; i < KEYS; i++)
		ASSERT(!want[i]);
}

TEST(interval_tree_finds_exactly_the_overlaps)
{
	struct rb_root_cached root = RB_ROOT_CACHED;

	memset(items, 0, sizeof(items));
	for (unsigned long n = test_rounds(5000); n; n--) {
		struct item *item = &items[test_random_below(KEYS)];
		unsigned long start = test_random_below(1000);

		if (item->in_tree && test_chance(2)) {
			item_it_remove(item, &root);
			item->in_tree = false;
		} else {
			unsigned long old_key = item->key, step = test_chance(3) ? 5 : 1000;

			if (!item->in_tree || test_chance(2))
				item->key = (item->key + test_random_below(step)) % 1000;
			item->last = item->key + test_random_below(test_chance(10) ? 500 : 20);
			if (item->in_tree)
				item_it_update(item, &root, item->key != old_key);
			else
				item_it_insert(item, &root);
			item->in_tree = true;
		}
		ASSERT(rb_check(&root.rb_root));
		ASSERT(root.rb_leftmost == rb_first(&root.rb_root));
		true_subtree_last(root.rb_root.rb_node);
		compare_query(&root, start, start + test_random_below(100));
	}
}

TEST(interval_tree_includes_both_ends)
{
	struct rb_root_cached root = RB_ROOT_CACHED;
	struct item item = { .key = 10, .last = 20 };

	item_it_insert(&item, &root);
	ASSERT(item_it_iter_first(&root, 20, 30) == &item);
	ASSERT(item_it_iter_first(&root, 0, 10) == &item);
	ASSERT(!item_it_iter_first(&root, 21, 30));
	ASSERT(!item_it_iter_first(&root, 0, 9));
	ASSERT(item_it_iter_first(&root, 0, ~0UL) == &item);
}
