/* SPDX-License-Identifier: MIT */
/*
 * mm/index_tree.c - a radix tree from page index to page
 *
 *     root --> node, shift 6      slot i covers indices [i * 64, i * 64 + 63]
 *                |        \
 *              node       node, shift 0      slot i is the entry at index ... + i
 *
 * A node resolves six bits of the index, so a file of 256 KiB needs one node and one of 16 MiB two
 * levels; nothing is stored for holes.  The height follows from root->shift: a reader gets root and
 * height in one load.
 *
 * Each node has a bitmap per tag; a bit there says "this entry, or some entry below this slot, is
 * tagged".
 *
 * Readers take no lock.  A writer publishes a node only when it is complete and frees it only after
 * a grace period, so a reader always walks through nodes that are whole, though perhaps unlinked.
 * What it finds may be gone the next moment: the page cache takes a reference and looks again
 * (filemap_find_page).
 *
 * Invariants (index_tree_check() verifies them):
 *   I1  node->count is the number of its used slots, and is not zero;
 *   I2  a child's shift is its parent's minus 6, its parent pointer and offset lead back;
 *   I3  a tag bit of an inner slot is the or of the child's bits; of an empty slot it is clear;
 *   I4  a root with shift > 0 uses some slot other than 0: the tree is no higher than needed.
 *
 * Locking: one writer at a time, by the owner's lock (tree_lock); readers under rcu_read_lock.  Not
 * done: storing the only entry of index 0 in the root itself; it would save a node per small file
 * and cost every function a special case.  Sources: Knuth, TAOCP vol. 3, 6.3 "Digital searching";
 * Linux, lib/radix-tree.c before the XArray.
 */
#include "mm_env.h"
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/index_tree.h>

struct index_node {
	u8 shift;                  /* index bits below this node's */
	u8 offset;                 /* slot in the parent */
	u8 count;                  /* used slots; 64 fits */
	struct index_node *parent; /* writer only; free list of a preload */
	struct rcu_head rcu;
	u64 tags[NR_INDEX_TAGS];
	void *slots[INDEX_TREE_SLOTS]; /* entries at shift 0, nodes above */
};

static struct kmem_cache *index_node_cache;

void index_tree_init_cache(void)
{
	index_node_cache = kmem_cache_create("radix_tree_node", sizeof(struct index_node), 0,
					     SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
}

static void free_node_rcu(struct rcu_head *head)
{
	kmem_cache_free(index_node_cache, container_of(head, struct index_node, rcu));
}

static inline unsigned int slot_of(const struct index_node *node, unsigned long index)
{
	return (index >> node->shift) & INDEX_TREE_MASK;
}

/* Does @index lie within what @root can address? */
static inline bool root_covers(const struct index_node *root, unsigned long index)
{
	unsigned int bits = root->shift + INDEX_TREE_SHIFT;

	return bits >= BITS_PER_LONG || !(index >> bits);
}

/* Levels that a tree needs to address @index. */
static unsigned int levels_for(unsigned long index)
{
	unsigned int levels = 1;

	while (index >>= INDEX_TREE_SHIFT)
		levels++;
	return levels;
}

/* --- insertion --- */

int index_preload_fill(struct index_preload *pre, unsigned int gfp)
{
	while (pre->nr < pre->want) {
		struct index_node *node = kmem_cache_alloc(index_node_cache, gfp);

		if (!node)
			return -ENOMEM;
		node->parent = pre->free;
		pre->free = node;
		pre->nr++;
	}
	return 0;
}

void index_preload_drop(struct index_preload *pre)
{
	while (pre->free) {
		struct index_node *node = pre->free;

		pre->free = node->parent;
		kmem_cache_free(index_node_cache, node);
	}
	pre->nr = 0;
}

static struct index_node *preload_take(struct index_preload *pre, unsigned int shift)
{
	struct index_node *node = pre->free;

	pre->free = node->parent;
	pre->nr--;
	memset(node, 0, sizeof(*node));
	node->shift = shift;
	return node;
}

/* How many nodes are missing on the way to @index? */
static unsigned int nodes_missing(const struct index_node *root, unsigned long index)
{
	const struct index_node *node = root;

	if (!root)
		return levels_for(index);
	if (!root_covers(root, index)) {
		unsigned int old = root->shift / INDEX_TREE_SHIFT + 1, new = levels_for(index);

		return (new - old) + (new - 1); /* up from the old root, then down beside it */
	}
	while (node->shift) {
		const struct index_node *child = node->slots[slot_of(node, index)];

		if (!child)
			return node->shift / INDEX_TREE_SHIFT;
		node = child;
	}
	return 0;
}

static void hang_in(struct index_node *parent, unsigned int slot, struct index_node *child)
{
	child->parent = parent;
	child->offset = slot;
	parent->count++;
	rcu_assign_pointer(parent->slots[slot], child);
}

/* Put a new root above the old one, whose place in it is slot 0. */
static void grow_root(struct index_tree *tree, struct index_preload *pre)
{
	struct index_node *old = tree->root;
	struct index_node *root = preload_take(pre, old->shift + INDEX_TREE_SHIFT);

	for (int tag = 0; tag < NR_INDEX_TAGS; tag++)
		root->tags[tag] = old->tags[tag] ? 1 : 0;
	hang_in(root, 0, old);
	rcu_assign_pointer(tree->root, root);
}

int index_tree_insert(struct index_tree *tree, unsigned long index, void *item,
		      struct index_preload *pre)
{
	struct index_node *node;
	unsigned int slot;

	pre->want = nodes_missing(tree->root, index);
	if (pre->want > pre->nr)
		return -EAGAIN;
	if (!tree->root)
		rcu_assign_pointer(tree->root,
				   preload_take(pre, (levels_for(index) - 1) * INDEX_TREE_SHIFT));
	while (!root_covers(tree->root, index))
		grow_root(tree, pre);
	for (node = tree->root; node->shift; node = node->slots[slot]) {
		slot = slot_of(node, index);
		if (!node->slots[slot])
			hang_in(node, slot, preload_take(pre, node->shift - INDEX_TREE_SHIFT));
	}
	slot = slot_of(node, index);
	if (node->slots[slot])
		return -EEXIST;
	node->count++;
	rcu_assign_pointer(node->slots[slot], item);
	return 0;
}

/* --- lookup --- */

static struct index_node *leaf_of(const struct index_tree *tree, unsigned long index)
{
	struct index_node *node = rcu_dereference(tree->root);

	if (!node || !root_covers(node, index))
		return NULL;
	while (node && node->shift)
		node = rcu_dereference(node->slots[slot_of(node, index)]);
	return node;
}

void *index_tree_load(const struct index_tree *tree, unsigned long index)
{
	struct index_node *leaf = leaf_of(tree, index);

	return leaf ? rcu_dereference(leaf->slots[slot_of(leaf, index)]) : NULL;
}

void index_tree_load_run(const struct index_tree *tree, unsigned long index, unsigned int nr,
			 void **out)
{
	struct index_node *leaf = leaf_of(tree, index);
	unsigned int slot = index & INDEX_TREE_MASK;

	for (unsigned int i = 0; i < nr; i++, slot++) {
		if (slot == INDEX_TREE_SLOTS) {
			leaf = leaf_of(tree, index + i);
			slot = 0;
		}
		out[i] = leaf ? rcu_dereference(leaf->slots[slot]) : NULL;
	}
}

/*
 * The first used slot at or after @slot, among those in @tags when that is given; INDEX_TREE_SLOTS
 * when none.
 */
static unsigned int next_slot(const struct index_node *node, unsigned int slot, int tag)
{
	if (tag >= 0) {
		u64 bits = READ_ONCE(node->tags[tag]) >> slot << slot;

		return bits ? (unsigned int)__builtin_ctzl(bits) : INDEX_TREE_SLOTS;
	}
	while (slot < INDEX_TREE_SLOTS && !rcu_dereference(node->slots[slot]))
		slot++;
	return slot;
}

/*
 * Down to the first entry at or above *index.  A node that turns out to hold nothing more sends us
 * to the index behind it, from the root again: no upward step, so a reader needs no parent
 * pointers.
 */
static void *next_entry(const struct index_tree *tree, unsigned long *index, unsigned long last,
			int tag)
{
	unsigned long i = *index;

	while (i <= last) {
		struct index_node *node = rcu_dereference(tree->root);
		void *found = NULL;

		if (!node || !root_covers(node, i))
			return NULL;
		for (;;) {
			unsigned int from = slot_of(node, i), slot = next_slot(node, from, tag);
			unsigned long span = 1UL << node->shift;

			if (slot == INDEX_TREE_SLOTS) {
				/* round up behind this node; shift + 6 may reach 64 bits */
				unsigned long past = (i | ((span << INDEX_TREE_SHIFT) - 1));

				if (node->shift + INDEX_TREE_SHIFT >= BITS_PER_LONG || past == ~0UL)
					return NULL;
				i = past + 1;
				break;
			}
			if (slot != from)
				i = (i & ~((span << INDEX_TREE_SHIFT) - 1)) |
				    ((unsigned long)slot << node->shift);
			found = rcu_dereference(node->slots[slot]);
			if (!found || !node->shift)
				break;
			node = found;
			found = NULL;
		}
		if (found) {
			*index = i;
			return i <= last ? found : NULL;
		}
	}
	return NULL;
}

void *index_tree_next(const struct index_tree *tree, unsigned long *index, unsigned long last)
{
	return next_entry(tree, index, last, -1);
}

void *index_tree_next_tagged(const struct index_tree *tree, unsigned long *index,
			     unsigned long last, enum index_tag tag)
{
	return next_entry(tree, index, last, tag);
}

/* --- tags --- */

void index_tree_set_tag(struct index_tree *tree, unsigned long index, enum index_tag tag)
{
	struct index_node *node = leaf_of(tree, index);
	unsigned int slot;

	VM_BUG_ON(!node || !node->slots[slot_of(node, index)]);
	for (slot = slot_of(node, index); node; slot = node->offset, node = node->parent) {
		if (node->tags[tag] & BIT(slot))
			return; /* and so everything above */
		node->tags[tag] |= BIT(slot);
	}
}

/* Upwards as long as the node below has nothing tagged left. */
static void clear_tag_upwards(struct index_node *node, unsigned int slot, enum index_tag tag)
{
	for (; node; slot = node->offset, node = node->parent) {
		if (!(node->tags[tag] & BIT(slot)))
			return;
		node->tags[tag] &= ~BIT(slot);
		if (node->tags[tag])
			return;
	}
}

void index_tree_clear_tag(struct index_tree *tree, unsigned long index, enum index_tag tag)
{
	struct index_node *node = leaf_of(tree, index);

	if (node)
		clear_tag_upwards(node, slot_of(node, index), tag);
}

bool index_tree_get_tag(const struct index_tree *tree, unsigned long index, enum index_tag tag)
{
	const struct index_node *node = leaf_of(tree, index);

	return node && (READ_ONCE(node->tags[tag]) & BIT(slot_of(node, index)));
}

/* --- deletion --- */

/* A root that uses slot 0 only is one level too many. */
static void shrink_root(struct index_tree *tree)
{
	while (tree->root && tree->root->shift && tree->root->count == 1 && tree->root->slots[0]) {
		struct index_node *old = tree->root, *child = old->slots[0];

		child->parent = NULL;
		child->offset = 0;
		rcu_assign_pointer(tree->root, child);
		call_rcu(&old->rcu, free_node_rcu);
	}
}

void *index_tree_delete(struct index_tree *tree, unsigned long index)
{
	struct index_node *node = leaf_of(tree, index);
	unsigned int slot;
	void *item;

	if (!node)
		return NULL;
	slot = slot_of(node, index);
	item = node->slots[slot];
	if (!item)
		return NULL;
	for (int tag = 0; tag < NR_INDEX_TAGS; tag++)
		clear_tag_upwards(node, slot, tag);
	while (node) {
		struct index_node *parent = node->parent;

		rcu_assign_pointer(node->slots[slot], NULL);
		if (--node->count)
			break;
		slot = node->offset;
		if (!parent)
			rcu_assign_pointer(tree->root, NULL);
		call_rcu(&node->rcu, free_node_rcu);
		node = parent;
	}
	shrink_root(tree);
	return item;
}

/* --- validator --- */

static void check_node(const struct index_node *node, const struct index_node *parent)
{
	unsigned int used = 0;

	if (node->parent != parent || (parent && node->shift + INDEX_TREE_SHIFT != parent->shift))
		panic("index_tree_check: node %p shift %u below %p", (const void *)node,
		      node->shift, (const void *)parent);
	for (unsigned int i = 0; i < INDEX_TREE_SLOTS; i++) {
		const struct index_node *child = node->slots[i];

		used += child != NULL;
		if (child && node->shift) {
			if (child->offset != i)
				panic("index_tree_check: child in slot %u says %u", i,
				      child->offset);
			check_node(child, node);
		}
		for (int tag = 0; tag < NR_INDEX_TAGS; tag++) {
			bool bit = node->tags[tag] & BIT(i), want = bit;

			if (!child)
				want = false;
			else if (node->shift)
				want = child->tags[tag] != 0;
			if (bit != want)
				panic("index_tree_check: tag %d of slot %u, shift %u", tag, i,
				      node->shift);
		}
	}
	if (!used || used != node->count)
		panic("index_tree_check: %u slots used, counted %u", used, node->count);
}

void index_tree_check(const struct index_tree *tree)
{
	const struct index_node *root = tree->root;

	if (!root)
		return;
	check_node(root, NULL);
	if (root->shift && root->count == 1 && root->slots[0])
		panic("index_tree_check: root of shift %u is not needed", root->shift);
}
