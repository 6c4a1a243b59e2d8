/* SPDX-License-Identifier: MIT */
/*
 * lib/interval_tree.h - which of these intervals overlap [start, last]?
 *
 * A red-black tree ordered by start; each node also knows the largest `last` below it, so whole
 * subtrees that end too early are skipped.  Both ends are included.  Finding the first answer takes
 * O(log n), each further one too.
 *
 * INTERVAL_TREE_DEFINE() writes the code for one type of object, as Linux's macro of that name does:
 *
 *	INTERVAL_TREE_DEFINE(struct thing, rb, unsigned long, subtree_last, thing_start, thing_last,
 *			     static inline, thing_it)
 *
 * gives thing_it_insert(), _remove(), _update(), _iter_first() and _iter_next().  START and LAST are functions or
 * macros of an object pointer, so an object may compute its interval (a VMA from vm_pgoff and its
 * length).  When it changes while the object is in the tree, _update() comes before anything else is done with the
 * tree: a change of the end alone, or of a start that stays between its neighbours', costs one walk up, which mostly
 * ends soon.  Of equal starts the one that came last is the first: when an object is cut, the new piece below is
 * inserted while the object still begins where it did, and then the object's start is between its neighbours'.
 *
 *	for (t = thing_it_iter_first(root, first, last); t; t = thing_it_iter_next(t, first, last))
 *
 * Locking: the tree's owner.  Sources: Cormen et al., Introduction to Algorithms, "Interval trees".
 */
#ifndef LIB_INTERVAL_TREE_H
#define LIB_INTERVAL_TREE_H

#include <lib/rbtree.h>

/*
 * subtree_search(): the leftmost overlap below @node, where node->LASTMAX >= start is known.
 *	If the left subtree reaches start, then the leftmost interval there that reaches it either
 *	overlaps, or begins behind last - and then so does everything to its right.
 */
#define INTERVAL_TREE_DEFINE(TYPE, RB, VTYPE, LASTMAX, START, LAST, SCOPE, PREFIX)               \
	RB_DECLARE_CALLBACKS_MAX(static, PREFIX##_augment, TYPE, RB, VTYPE, LASTMAX, LAST)       \
                                                                                                 \
	SCOPE void PREFIX##_insert(TYPE *node, struct rb_root_cached *root)                      \
	{                                                                                        \
		struct rb_node **link = &root->rb_root.rb_node, *rb_parent = NULL;               \
		VTYPE start = START(node), last = LAST(node);                                    \
		bool leftmost = true;                                                            \
                                                                                                 \
		while (*link) {                                                                  \
			TYPE *parent;                                                            \
                                                                                                 \
			rb_parent = *link;                                                       \
			parent = rb_entry(rb_parent, TYPE, RB);                                  \
			if (parent->LASTMAX < last)                                              \
				parent->LASTMAX = last;                                          \
			if (start <= START(parent)) {                                            \
				link = &parent->RB.rb_left;                                      \
			} else {                                                                 \
				link = &parent->RB.rb_right;                                     \
				leftmost = false;                                                \
			}                                                                        \
		}                                                                                \
		node->LASTMAX = last;                                                            \
		rb_link_node(&node->RB, rb_parent, link);                                        \
		if (leftmost)                                                                    \
			root->rb_leftmost = &node->RB;                                           \
		rb_insert_augmented(&node->RB, &root->rb_root, &PREFIX##_augment);               \
	}                                                                                        \
                                                                                                 \
	SCOPE void PREFIX##_remove(TYPE *node, struct rb_root_cached *root)                      \
	{                                                                                        \
		if (root->rb_leftmost == &node->RB)                                              \
			root->rb_leftmost = rb_next(&node->RB);                                  \
		rb_erase_augmented(&node->RB, &root->rb_root, &PREFIX##_augment);                \
	}                                                                                        \
                                                                                                 \
	/* Is START(node) between those of its neighbours? */                                    \
	static inline bool PREFIX##_in_order(const TYPE *node)                                   \
	{                                                                                        \
		struct rb_node *prev = rb_prev(&node->RB), *next = rb_next(&node->RB);           \
                                                                                                 \
		return (!prev || START(rb_entry(prev, TYPE, RB)) <= START(node)) &&              \
		       (!next || START(node) <= START(rb_entry(next, TYPE, RB)));                \
	}                                                                                        \
                                                                                                 \
	/* @node has another interval; @moved: it begins elsewhere.  All others are in place. */ \
	SCOPE void PREFIX##_update(TYPE *node, struct rb_root_cached *root, bool moved)          \
	{                                                                                        \
		if (!moved || PREFIX##_in_order(node)) {                                         \
			PREFIX##_augment_propagate(&node->RB, NULL);                             \
		} else {                                                                         \
			PREFIX##_remove(node, root);                                             \
			PREFIX##_insert(node, root);                                             \
		}                                                                                \
	}                                                                                        \
                                                                                                 \
	static TYPE *PREFIX##_subtree_search(TYPE *node, VTYPE start, VTYPE last)                \
	{                                                                                        \
		for (;;) {                                                                       \
			TYPE *left = rb_entry_safe(node->RB.rb_left, TYPE, RB);                  \
			TYPE *right = rb_entry_safe(node->RB.rb_right, TYPE, RB);                \
                                                                                                 \
			if (left && left->LASTMAX >= start) {                                    \
				node = left;                                                     \
				continue;                                                        \
			}                                                                        \
			if (START(node) > last)                                                  \
				return NULL;                                                     \
			if (LAST(node) >= start)                                                 \
				return node;                                                     \
			if (!right || right->LASTMAX < start)                                    \
				return NULL;                                                     \
			node = right;                                                            \
		}                                                                                \
	}                                                                                        \
                                                                                                 \
	SCOPE TYPE *PREFIX##_iter_first(struct rb_root_cached *root, VTYPE start, VTYPE last)    \
	{                                                                                        \
		TYPE *top = rb_entry_safe(root->rb_root.rb_node, TYPE, RB);                      \
                                                                                                 \
		if (!top || top->LASTMAX < start)                                                \
			return NULL;                                                             \
		if (START(rb_entry(root->rb_leftmost, TYPE, RB)) > last)                         \
			return NULL;                                                             \
		return PREFIX##_subtree_search(top, start, last);                                \
	}                                                                                        \
                                                                                                 \
	/* The next overlap behind @node, which overlaps itself. */                              \
	SCOPE TYPE *PREFIX##_iter_next(TYPE *node, VTYPE start, VTYPE last)                      \
	{                                                                                        \
		struct rb_node *rb = node->RB.rb_right, *prev;                                   \
                                                                                                 \
		for (;;) {                                                                       \
			if (rb && rb_entry(rb, TYPE, RB)->LASTMAX >= start)                      \
				return PREFIX##_subtree_search(rb_entry(rb, TYPE, RB), start,    \
							       last);                            \
			/* Nothing below on the right: up, until we come from the left. */       \
			do {                                                                     \
				prev = &node->RB;                                                \
				rb = rb_parent(prev);                                            \
				if (!rb)                                                         \
					return NULL;                                             \
				node = rb_entry(rb, TYPE, RB);                                   \
			} while (rb->rb_right == prev);                                          \
			if (START(node) > last)                                                  \
				return NULL;                                                     \
			if (LAST(node) >= start)                                                 \
				return node;                                                     \
			rb = node->RB.rb_right;                                                  \
		}                                                                                \
	}

#endif
