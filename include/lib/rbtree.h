/* SPDX-License-Identifier: MIT */
/*
 * lib/rbtree.h - red-black trees, plain and augmented
 *
 * The tree never compares: the owner walks down with its own order, links the new node where the walk
 * fell off, and asks for a repair.  So a search is a loop in the owner's words, without callbacks:
 *
 *	struct rb_node **link = &root->rb_node, *parent = NULL;
 *
 *	while (*link) {
 *		parent = *link;
 *		link = key < rb_entry(parent, struct thing, rb)->key ? &parent->rb_left
 *								      : &parent->rb_right;
 *	}
 *	rb_link_node(&new->rb, parent, link);
 *	rb_insert_color(&new->rb, root);
 *
 * An augmented tree keeps in each node a summary of its subtree (largest gap, largest end).  Three
 * callbacks keep it true while the tree changes shape:
 *
 *   propagate(node, stop)  recompute from node upwards, up to but without stop; may end early where
 *                          nothing changes
 *   copy(old, new)         new takes old's place in the tree: take its summary too
 *   rotate(old, new)       new rose above old: new takes old's summary, old's is computed again
 *
 * RB_DECLARE_CALLBACKS_MAX() writes all three for the usual summary, a maximum.  Before
 * rb_insert_augmented() the caller links the node, sets its summary, and propagates to the ancestors.
 *
 * Locking: none; the tree's owner has a lock.  Source: names and division of work are Linux's.
 */
#ifndef LIB_RBTREE_H
#define LIB_RBTREE_H

#include <lib/types.h>

struct rb_node {
	unsigned long __rb_parent_color; /* parent's address, bit 0: black */
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} __aligned(sizeof(long));

struct rb_root {
	struct rb_node *rb_node;
};

/* With the first node at hand: for trees that are mostly asked for their smallest. */
struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_ROOT \
	(struct rb_root) { NULL }
#define RB_ROOT_CACHED \
	(struct rb_root_cached) { { NULL }, NULL }

#define RB_RED                      0UL
#define RB_BLACK                    1UL

#define rb_parent(n)                ((struct rb_node *)((n)->__rb_parent_color & ~3UL))
#define rb_entry(ptr, type, member) container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member)                  \
	({                                                \
		struct rb_node *__n = (ptr);              \
		__n ? rb_entry(__n, type, member) : NULL; \
	})

#define RB_EMPTY_ROOT(root) (READ_ONCE((root)->rb_node) == NULL)
/* A node in no tree points at itself; rb_erase() leaves it as it was, RB_CLEAR_NODE() marks it. */
#define RB_EMPTY_NODE(node) ((node)->__rb_parent_color == (unsigned long)(node))
#define RB_CLEAR_NODE(node) ((node)->__rb_parent_color = (unsigned long)(node))

struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	void (*copy)(struct rb_node *old, struct rb_node *new);
	void (*rotate)(struct rb_node *old, struct rb_node *new);
};

/**
 * rb_link_node - hang a new, red leaf at the place a search found
 * @node:   the new node
 * @parent: last node of the walk, NULL in an empty tree
 * @link:   the NULL pointer, in @parent or the root, where the walk ended
 */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->__rb_parent_color = (unsigned long)parent | RB_RED;
	node->rb_left = NULL;
	node->rb_right = NULL;
	/* Release: who meets it by walking without a lock finds it whole. */
	__atomic_store_n(link, node, __ATOMIC_RELEASE);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment);
void rb_replace_node(struct rb_node *victim, struct rb_node *node, struct rb_root *root);

struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

bool rb_check(const struct rb_root *root);

static inline struct rb_node *rb_first_cached(const struct rb_root_cached *root)
{
	return root->rb_leftmost;
}

/* @leftmost: the walk went left at every step. */
static inline void rb_insert_color_cached(struct rb_node *node, struct rb_root_cached *root,
					  bool leftmost)
{
	if (leftmost)
		root->rb_leftmost = node;
	rb_insert_color(node, &root->rb_root);
}

static inline void rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase(node, &root->rb_root);
}

/*
 * RB_DECLARE_CALLBACKS - the three callbacks of an augmented tree
 * @scope:   `static` or empty
 * @name:    of the struct rb_augment_callbacks
 * @type:    of the object
 * @rb:      its struct rb_node
 * @summary: its field that sums up the subtree
 * @compute: bool compute(type *obj, bool early): recomputes @summary from the object and its two
 *           children; true if @early is set and nothing changed
 */
#define RB_DECLARE_CALLBACKS(scope, name, type, rb, summary, compute)                \
	static void name##_propagate(struct rb_node *node, struct rb_node *stop)     \
	{                                                                            \
		while (node != stop) {                                               \
			type *obj = rb_entry(node, type, rb);                        \
                                                                                     \
			if (compute(obj, true))                                      \
				break;                                               \
			node = rb_parent(&obj->rb);                                  \
		}                                                                    \
	}                                                                            \
	static void name##_copy(struct rb_node *old, struct rb_node *new)            \
	{                                                                            \
		rb_entry(new, type, rb)->summary = rb_entry(old, type, rb)->summary; \
	}                                                                            \
	static void name##_rotate(struct rb_node *old, struct rb_node *new)          \
	{                                                                            \
		name##_copy(old, new);                                               \
		compute(rb_entry(old, type, rb), false);                             \
	}                                                                            \
	scope const struct rb_augment_callbacks name = {                             \
		.propagate = name##_propagate,                                       \
		.copy = name##_copy,                                                 \
		.rotate = name##_rotate,                                             \
	};

/*
 * RB_DECLARE_CALLBACKS_MAX - the same, where the summary is the largest value in the subtree
 * @vtype: type of the value and the summary
 * @value: vtype value(type *obj): the object's own
 */
#define RB_DECLARE_CALLBACKS_MAX(scope, name, type, rb, vtype, summary, value)                \
	static inline bool name##_compute_max(type *obj, bool early)                          \
	{                                                                                     \
		vtype best = value(obj);                                                      \
                                                                                              \
		if (obj->rb.rb_left && rb_entry(obj->rb.rb_left, type, rb)->summary > best)   \
			best = rb_entry(obj->rb.rb_left, type, rb)->summary;                  \
		if (obj->rb.rb_right && rb_entry(obj->rb.rb_right, type, rb)->summary > best) \
			best = rb_entry(obj->rb.rb_right, type, rb)->summary;                 \
		if (early && obj->summary == best)                                            \
			return true;                                                          \
		obj->summary = best;                                                          \
		return false;                                                                 \
	}                                                                                     \
	RB_DECLARE_CALLBACKS(scope, name, type, rb, summary, name##_compute_max)

#endif
