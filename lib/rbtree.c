/* SPDX-License-Identifier: MIT */
/*
 * lib/rbtree.c - red-black trees: repair after insert and erase
 *
 * Invariants (rb_check() verifies them):
 *   R1  the root is black;
 *   R2  a red node has no red child;
 *   R3  every path from a node down to a missing child passes the same number of black nodes;
 *   R4  a child's parent pointer names its parent.
 * Hence the longest path is at most twice the shortest, and a tree of n nodes is at most
 * 2 * log2(n + 1) high.
 *
 * Every change of shape goes through two helpers: change_child() (someone else takes a place below a
 * parent) and rotate() (a child rises above its parent).  The mirror images are one code: `side` says
 * which child is meant and the other one is !side.
 *
 * The plain calls are the augmented ones with callbacks that do nothing; the shared bodies are inlined
 * into both, so the plain tree pays nothing for them.
 *
 * Locking: the owner's.  Source: Cormen et al., Introduction to Algorithms, "Red-Black Trees".
 */
#include <lib/rbtree.h>

enum { LEFT, RIGHT };

static __always_inline struct rb_node **child_link(struct rb_node *node, int side)
{
	return side == LEFT ? &node->rb_left : &node->rb_right;
}

static __always_inline bool is_red(const struct rb_node *node)
{
	return node && !(node->__rb_parent_color & RB_BLACK);
}

static __always_inline void set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->__rb_parent_color = (unsigned long)parent | (node->__rb_parent_color & RB_BLACK);
}

static __always_inline void set_black(struct rb_node *node)
{
	node->__rb_parent_color |= RB_BLACK;
}

static __always_inline void set_red(struct rb_node *node)
{
	node->__rb_parent_color &= ~RB_BLACK;
}

/* @new takes @old's place below @parent, or as the root.  Readers see the old or the new subtree. */
static __always_inline void change_child(struct rb_node *old, struct rb_node *new,
					 struct rb_node *parent, struct rb_root *root)
{
	if (!parent)
		WRITE_ONCE(root->rb_node, new);
	else if (parent->rb_left == old)
		WRITE_ONCE(parent->rb_left, new);
	else
		WRITE_ONCE(parent->rb_right, new);
}

/*
 * @node's child on @side rises above it (side == RIGHT is the textbook's left rotation):
 *
 *        node                    child
 *        /  \                    /   \
 *       a   child      ->     node    c
 *            /  \             /  \
 *           b    c           a    b
 *
 * Colours stay with the nodes.  Returns the child.
 */
static __always_inline struct rb_node *rotate(struct rb_node *node, int side, struct rb_root *root,
					      const struct rb_augment_callbacks *augment)
{
	struct rb_node *child = *child_link(node, side);
	struct rb_node *inner = *child_link(child, !side);
	struct rb_node *parent = rb_parent(node);

	WRITE_ONCE(*child_link(node, side), inner);
	if (inner)
		set_parent(inner, node);
	WRITE_ONCE(*child_link(child, !side), node);
	set_parent(child, parent);
	change_child(node, child, parent, root);
	set_parent(node, child);
	augment->rotate(node, child);
	return child;
}

/* The new node is red; only R2 can be broken, between it and its parent. */
static __always_inline void insert_repair(struct rb_node *node, struct rb_root *root,
					  const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent, *grand, *uncle;

	while (is_red(parent = rb_parent(node))) {
		int side;

		grand = rb_parent(parent); /* exists: a red node is not the root */
		side = grand->rb_left == parent ? LEFT : RIGHT;
		uncle = *child_link(grand, !side);
		if (is_red(uncle)) {
			/* Push the blackness down from the grandparent; go on from there. */
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			node = grand;
			continue;
		}
		if (*child_link(parent, !side) == node)
			parent = rotate(parent, !side, root, augment);
		rotate(grand, side, root, augment);
		set_black(parent);
		set_red(grand);
		break;
	}
	set_black(root->rb_node);
}

/*
 * The subtree that hangs below @parent at @node (NULL when empty) is one black node short, and its top
 * is not red.  Either the sibling's side gives one away, or the shortage moves up.
 */
static __always_inline void erase_repair(struct rb_node *node, struct rb_node *parent,
					 struct rb_root *root,
					 const struct rb_augment_callbacks *augment)
{
	while (parent && !is_red(node)) {
		int side = parent->rb_left == node ? LEFT : RIGHT;
		struct rb_node *sibling = *child_link(parent, !side); /* exists, by R3 */

		if (is_red(sibling)) {
			rotate(parent, !side, root, augment);
			set_black(sibling);
			set_red(parent);
			sibling = *child_link(parent, !side);
		}
		if (!is_red(sibling->rb_left) && !is_red(sibling->rb_right)) {
			set_red(sibling);
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (!is_red(*child_link(sibling, !side))) {
			/* The red nephew is the inner one: bring it outside. */
			set_red(sibling);
			sibling = rotate(sibling, side, root, augment);
			set_black(sibling);
		}
		rotate(parent, !side, root, augment);
		if (is_red(parent))
			set_red(sibling);
		else
			set_black(sibling);
		set_black(parent);
		set_black(*child_link(sibling, !side));
		return;
	}
	if (node)
		set_black(node);
}

/*
 * A node with two children is replaced by its successor, the leftmost node on its right, which takes
 * over its colour; what goes missing is the successor's old place.
 */
static __always_inline void erase(struct rb_node *node, struct rb_root *root,
				  const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent = rb_parent(node), *child, *next;
	bool lost_black;

	if (!node->rb_left || !node->rb_right) {
		child = node->rb_left ? node->rb_left : node->rb_right;
		lost_black = !is_red(node);
		if (child)
			set_parent(child, parent);
		change_child(node, child, parent, root);
		augment->propagate(parent, NULL);
		if (lost_black)
			erase_repair(child, parent, root, augment);
		return;
	}

	next = node->rb_right;
	while (next->rb_left)
		next = next->rb_left;
	child = next->rb_right;
	lost_black = !is_red(next);

	if (next == node->rb_right) {
		parent = next;
	} else {
		parent = rb_parent(next);
		WRITE_ONCE(parent->rb_left, child);
		if (child)
			set_parent(child, parent);
		WRITE_ONCE(next->rb_right, node->rb_right);
		set_parent(node->rb_right, next);
	}
	WRITE_ONCE(next->rb_left, node->rb_left);
	set_parent(node->rb_left, next);
	next->__rb_parent_color = node->__rb_parent_color;
	change_child(node, next, rb_parent(node), root);

	augment->copy(node, next);
	augment->propagate(parent, next);
	augment->propagate(next, NULL);
	if (lost_black)
		erase_repair(child, parent, root, augment);
}

static void no_propagate(struct rb_node *node __maybe_unused, struct rb_node *stop __maybe_unused)
{
}

static void no_copy(struct rb_node *old __maybe_unused, struct rb_node *new __maybe_unused)
{
}

static const struct rb_augment_callbacks no_augment = {
	.propagate = no_propagate,
	.copy = no_copy,
	.rotate = no_copy,
};

/**
 * rb_insert_color - repair the tree after rb_link_node()
 */
void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	insert_repair(node, root, &no_augment);
}

/**
 * rb_insert_augmented - repair an augmented tree after rb_link_node()
 *
 * The caller has set @node's summary and propagated it to its ancestors.
 */
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment)
{
	insert_repair(node, root, augment);
}

/**
 * rb_erase - take @node out of its tree; @node itself is not changed
 */
void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase(node, root, &no_augment);
}

/**
 * rb_erase_augmented - the same for an augmented tree; the summaries are true afterwards
 */
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	erase(node, root, augment);
}

/**
 * rb_replace_node - @node, in no tree and of equal order, takes @victim's place
 *
 * For augmented trees the caller copies the summary.
 */
void rb_replace_node(struct rb_node *victim, struct rb_node *node, struct rb_root *root)
{
	*node = *victim;
	if (victim->rb_left)
		set_parent(victim->rb_left, node);
	if (victim->rb_right)
		set_parent(victim->rb_right, node);
	change_child(victim, node, rb_parent(victim), root);
}

/**
 * rb_first - smallest node, or NULL in an empty tree
 */
struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

/**
 * rb_last - largest node, or NULL in an empty tree
 */
struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_right)
		node = node->rb_right;
	return node;
}

/**
 * rb_next - the node after @node in order, or NULL
 */
struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *parent;

	if (node->rb_right) {
		struct rb_node *next = node->rb_right;

		while (next->rb_left)
			next = next->rb_left;
		return next;
	}
	/* Up, until we come from a left child. */
	while ((parent = rb_parent(node)) && node == parent->rb_right)
		node = parent;
	return parent;
}

/**
 * rb_prev - the node before @node in order, or NULL
 */
struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *parent;

	if (node->rb_left) {
		struct rb_node *prev = node->rb_left;

		while (prev->rb_right)
			prev = prev->rb_right;
		return prev;
	}
	while ((parent = rb_parent(node)) && node == parent->rb_left)
		node = parent;
	return parent;
}

/* Number of black nodes on each path below @node, or -1 when R2, R3 or R4 is broken. */
static int black_height(const struct rb_node *node)
{
	int left, right;

	if (!node)
		return 0;
	if (node->rb_left && rb_parent(node->rb_left) != node)
		return -1;
	if (node->rb_right && rb_parent(node->rb_right) != node)
		return -1;
	if (is_red(node) && (is_red(node->rb_left) || is_red(node->rb_right)))
		return -1;
	left = black_height(node->rb_left);
	right = black_height(node->rb_right);
	if (left < 0 || left != right)
		return -1;
	return left + !is_red(node);
}

/**
 * rb_check - do R1..R4 hold?  For validators; visits every node, recursing by the tree's height.
 */
bool rb_check(const struct rb_root *root)
{
	if (!root->rb_node)
		return true;
	if (rb_parent(root->rb_node) || is_red(root->rb_node))
		return false;
	return black_height(root->rb_node) >= 0;
}
