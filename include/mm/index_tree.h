/* SPDX-License-Identifier: MIT */
/*
 * include/mm/index_tree.h - pointers by a sparse unsigned long index: the page cache's tree
 *
 * 64 slots per node, as many levels as the largest index needs; bits ("tags") can be set on an
 * entry and are carried up, so that the tagged ones are found without visiting the others.
 * mm/index_tree.c explains.
 */
#ifndef MM_INDEX_TREE_H
#define MM_INDEX_TREE_H

#include <mm/gfp.h>
#include <lib/types.h>

#define INDEX_TREE_SHIFT 6
#define INDEX_TREE_SLOTS (1u << INDEX_TREE_SHIFT)
#define INDEX_TREE_MASK  (INDEX_TREE_SLOTS - 1)
/* 64 index bits in steps of 6: 11 levels. */
#define INDEX_TREE_MAX_HEIGHT ((BITS_PER_LONG + INDEX_TREE_SHIFT - 1) / INDEX_TREE_SHIFT)

enum index_tag { INDEX_TAG_DIRTY, INDEX_TAG_WRITEBACK, INDEX_TAG_TOWRITE, NR_INDEX_TAGS };

struct index_node;
struct index_tree {
	struct index_node *root; /* NULL: empty */
};

/*
 * An insertion happens under the owner's spinlock, where memory is not asked for.  So the nodes it
 * needs come along:
 *
 *	struct index_preload pre = { 0 };
 *	do {
 *		if (index_preload_fill(&pre, gfp)) ... -ENOMEM
 *		lock; err = index_tree_insert(tree, index, item, &pre); unlock;
 *	} while (err == -EAGAIN);
 *	index_preload_drop(&pre);
 *
 * The first round takes none along: most insertions go into a node that exists.
 */
struct index_preload {
	struct index_node *free; /* through parent */
	unsigned int nr,
		want; /* nodes on the list; nodes that the last attempt would have needed */
};

void index_tree_init_cache(void);

/*
 * index_preload_fill - see that pre->want nodes are at hand: 0 or -ENOMEM.  May sleep, as @gfp
 * says.
 */
int index_preload_fill(struct index_preload *pre, unsigned int gfp);
/* index_preload_drop - give back what was not used */
void index_preload_drop(struct index_preload *pre);

/*
 * index_tree_insert - 0; -EEXIST; -EAGAIN with nothing changed and pre->want set.  Writer's lock
 * held.
 */
int index_tree_insert(struct index_tree *tree, unsigned long index, void *item,
		      struct index_preload *pre);
/*
 * index_tree_delete - the entry that was there, or NULL; empty nodes go after a grace period.
 * Writer's lock held.
 */
void *index_tree_delete(struct index_tree *tree, unsigned long index);
/* index_tree_load - the entry at @index, or NULL.  Writer's lock, or rcu_read_lock */
void *index_tree_load(const struct index_tree *tree, unsigned long index);
/* index_tree_load_run - the same for index .. index + nr - 1, into @out; one descent per leaf */
void index_tree_load_run(const struct index_tree *tree, unsigned long index, unsigned int nr,
			 void **out);
/*
 * index_tree_next - the first entry at or above *index, which is set to its place; NULL: none.  As
 * load.
 */
void *index_tree_next(const struct index_tree *tree, unsigned long *index, unsigned long last);

/* Tags: changed under the writer's lock. */
void index_tree_set_tag(struct index_tree *tree, unsigned long index, enum index_tag tag);
void index_tree_clear_tag(struct index_tree *tree, unsigned long index, enum index_tag tag);
bool index_tree_get_tag(const struct index_tree *tree, unsigned long index, enum index_tag tag);
/* index_tree_next_tagged - as index_tree_next, of entries that carry @tag */
void *index_tree_next_tagged(const struct index_tree *tree, unsigned long *index,
			     unsigned long last, enum index_tag tag);

static inline bool index_tree_empty(const struct index_tree *tree)
{
	return !READ_ONCE(tree->root);
}

/* index_tree_check - shape, counts and tags; panics with what it found */
void index_tree_check(const struct index_tree *tree);

#endif
