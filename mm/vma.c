/* SPDX-License-Identifier: MIT */
/*
 * mm/vma.c - the mappings of an address space: tree, list, lookup
 *
 * A VMA is a range [vm_start, vm_end) with one backing and one set of permissions.  The ranges of an mm are
 * disjoint, so they have an order, and each VMA is in two structures at once:
 *
 *     list   A <-> B <-> C <-> D           neighbours in one step: merging, walking a range
 *     tree         B                       O(log n) for everything that starts with an address
 *                 / \
 *                A   D
 *                   /
 *                  C
 *
 * In the tree each node also knows the largest hole that lies directly below any VMA of its subtree
 * (rb_subtree_gap), so that a search for free space skips whole subtrees: unmapped_area.c.  The hole below a
 * VMA ends STACK_GUARD_GAP lower where the VMA is a stack that may grow.
 *
 * The hole below the lowest mapping is vast, changes with nearly every mmap, and would be the largest of every subtree
 * that it is in: each change would go up to the root.  So gaps are counted up to VMA_GAP_CAP only.  A search for more
 * than that meets 128 such holes at most, and looks at each.
 *
 * The list makes insertion cheap: of two neighbours in an order-keeping binary tree, the lower has no right child
 * or the upper has no left one.  Whoever knows the predecessor knows the place, without another descent.
 *
 * Invariants (vma_check() verifies them):
 *   V1  vm_start < vm_end, page aligned, within [0, task_size]; VMAs do not overlap;
 *   V2  list and tree hold the same VMAs in the same order, map_count of them;
 *   V3  rb_subtree_gap is the maximum over the subtree of vm_start_gap(vma) - end of its predecessor, or VMA_GAP_CAP
 *       where that is less;
 *   V4  highest_vm_end is the end of the last VMA, 0 without any;
 *   V5  total_vm, data_vm, exec_vm, stack_vm, locked_vm are what summing up the VMAs gives.
 *
 * V3 has a consequence for the code: rotations copy and recompute gaps of a few nodes only, so the tree changes its
 * shape only while every stored gap is what its node would compute: first the list, then the gaps, then the tree.
 *
 * Locking: mmap_lock, read to look, write to change.  What the reverse map reads (range and pgoff) is changed under
 * its locks too: vma_merge.c.  Faults walk the tree without a lock and lock what they find: vma_lock.c.
 *
 * Not done: Linux 6.1 keeps VMAs in a B-tree of ranges (maple tree), which is kinder to caches and tells a walk without
 * a lock the whole truth; the red-black tree with a list is what Linux had until then, and half the code.
 *
 * Sources: Cormen et al., "Augmenting Data Structures"; mmap(2); proc(5) for the names.
 */
#include "mm_env.h"
#include <mm/slab.h>
#include <mm/vma.h>

static struct kmem_cache *vma_cache;

void vma_cache_init(void)
{
	vma_cache = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 0,
				      SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
}

/**
 * vm_area_alloc - a VMA of @mm with everything else zero, in no tree
 *
 * Return: NULL when out of memory.  Sleeps.
 */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_zalloc(vma_cache, GFP_KERNEL);

	if (vma) {
		vma->vm_mm = mm;
		vma->vm_detached = true;
		INIT_LIST_HEAD(&vma->anon_vma_chain);
	}
	return vma;
}

/**
 * vm_area_dup - a copy of @orig in no tree, list or chain
 *
 * The copy has no reference to the backing yet (vma_get_backing) and no anon_vma_chain (anon_vma_clone or
 * anon_vma_fork).  Return: NULL when out of memory.  Sleeps.
 */
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig)
{
	struct vm_area_struct *vma = kmem_cache_alloc(vma_cache, GFP_KERNEL);

	if (vma) {
		*vma = *orig;
		INIT_LIST_HEAD(&vma->anon_vma_chain);
		vma->vm_next = vma->vm_prev = NULL;
		vma->vm_lock_seq = 0;
		atomic_set(&vma->vm_readers, 0);
		vma->vm_detached = true;
	}
	return vma;
}

static void free_vma_rcu(struct rcu_head *head)
{
	kmem_cache_free(vma_cache, container_of(head, struct vm_area_struct, vm_rcu));
}

/**
 * vm_area_free - a VMA that is in no tree and no chain any more, or never was
 *
 * A fault of another thread may have met it in the tree and still look at it, so its memory waits for a grace period;
 * where the only user of the mm is the one who calls, there is no such fault.
 */
void vm_area_free(struct vm_area_struct *vma)
{
	VM_BUG_ON(!vma->vm_detached);
	if (likely(atomic_read(&vma->vm_mm->mm_users) <= 1))
		kmem_cache_free(vma_cache, vma);
	else
		call_rcu(&vma->vm_rcu, free_vma_rcu);
}

void vma_get_backing(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		get_file(vma->vm_file);
	else if (vma->vm_ops == &anon_shmem_vm_ops)
		shmem_get(vma->vm_private_data);
}

void vma_put_backing(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		fput(vma->vm_file);
	else if (vma->vm_ops == &anon_shmem_vm_ops)
		shmem_put(vma->vm_private_data);
}

/* The hole directly below @vma, in bytes, or VMA_GAP_CAP for a larger one. */
static inline unsigned long vma_own_gap(const struct vm_area_struct *vma)
{
	vaddr_t top = vm_start_gap(vma), bottom = vma_prev_end(vma);

	return top > bottom ? min(top - bottom, VMA_GAP_CAP) : 0;
}

RB_DECLARE_CALLBACKS_MAX(static, vma_gap_callbacks, struct vm_area_struct, vm_rb, unsigned long,
			 rb_subtree_gap, vma_own_gap)

/* vma_gap_update - vm_start of @vma or the end of its predecessor has changed */
void vma_gap_update(struct vm_area_struct *vma)
{
	vma_gap_callbacks_propagate(&vma->vm_rb, NULL);
}

/* vma_end_changed - vm_end of @vma, or what follows it in the list, has changed */
void vma_end_changed(struct vm_area_struct *vma)
{
	if (vma->vm_next)
		vma_gap_update(vma->vm_next);
	else
		vma->vm_mm->highest_vm_end = vma->vm_end;
}

/**
 * __vma_link - @vma enters list and tree behind @prev (NULL: as the first)
 *
 * The range lies between @prev and its successor.  A neighbour that has just given @vma a part of its own range has
 * not been to vma_gap_update() for it.  The file side (i_mmap) is the caller's.
 */
void __vma_link(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;
	struct rb_node *parent, **link;

	/* Write-locked before anybody can find it: the caller may not be done. */
	WRITE_ONCE(vma->vm_lock_seq, mm->mm_lock_seq);
	vma->vm_detached = false;
	vma->vm_prev = prev;
	vma->vm_next = next;
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;

	if (prev && !prev->vm_rb.rb_right) {
		parent = &prev->vm_rb;
		link = &parent->rb_right;
	} else if (next) {
		parent = &next->vm_rb;
		link = &parent->rb_left;
	} else {
		parent = NULL;
		link = &mm->mm_rb.rb_node;
	}
	rb_link_node(&vma->vm_rb, parent, link);
	vma->rb_subtree_gap = vma_own_gap(vma);
	if (next) {
		/* Wherever @vma hangs, next is above it: one way up serves both. */
		next->vm_prev = vma;
		vma_gap_callbacks_propagate(parent, &next->vm_rb);
		vma_gap_update(next);
	} else {
		mm->highest_vm_end = vma->vm_end;
		vma_gap_callbacks_propagate(parent, NULL);
	}
	rb_insert_augmented(&vma->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
	mm->map_count++;
	trace_mm(EV_VMA_ADD, vma->vm_start, 0, vma->vm_end);
}

/* vma_link - the same, and @vma becomes known to its object's reverse map */
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev)
{
	__vma_link(mm, vma, prev);
	if (vma_has_object(vma))
		vma_link_file(vma);
}

/**
 * vma_detach_range - take a run of VMAs out of list and tree; the reverse map is the caller's
 * @first: first to go; the whole run is write-locked (vma_start_write)
 * @next:  first behind it that stays, or NULL
 *
 * The run stays a list by vm_next, ended by NULL.  First @next's hole becomes the whole that it will be, which goes up
 * the tree once; what then leaves had only parts of it, so that little is left to repair.
 */
void vma_detach_range(struct mm_struct *mm, struct vm_area_struct *first,
		      struct vm_area_struct *next)
{
	struct vm_area_struct *prev = first->vm_prev, *vma = first, *last;

	if (prev)
		prev->vm_next = next;
	else
		mm->mmap = next;
	if (next) {
		next->vm_prev = prev;
		vma_gap_update(next);
	} else {
		mm->highest_vm_end = prev ? prev->vm_end : 0;
	}

	do {
		vma_assert_write_locked(vma);
		vma->vm_detached = true;
		rb_erase_augmented(&vma->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
		mm->map_count--;
		trace_mm(EV_VMA_REMOVE, vma->vm_start, 0, vma->vm_end);
		last = vma;
		vma = vma->vm_next;
	} while (vma != next);
	last->vm_next = NULL;
}

/**
 * find_vma - lowest mapping that ends above @addr
 *
 *      [ A )    [  B  )      [ C )
 *   ^1        ^2   ^3                ^4      1,A  2,B  3,B  4,NULL
 *
 * The answer may begin above @addr: that is what gap searches and munmap want.
 *
 * Return: the mapping, or NULL when none ends above @addr.
 * Locks:  mmap_lock held, for as long as the result is used.
 */
struct vm_area_struct *find_vma(const struct mm_struct *mm, vaddr_t addr)
{
	struct rb_node *node = mm->mm_rb.rb_node;
	struct vm_area_struct *best = NULL;

	assert_rwsem_held(&mm->mmap_lock);
	while (node) {
		struct vm_area_struct *vma = rb_entry(node, struct vm_area_struct, vm_rb);

		if (vma->vm_end <= addr) {
			node = node->rb_right; /* wholly below addr */
			continue;
		}
		best = vma; /* lowest seen so far */
		if (vma->vm_start <= addr)
			break; /* contains addr: no better answer */
		node = node->rb_left;
	}
	return best;
}

/**
 * find_vma_prev - find_vma(), and its predecessor
 * @prev: set to the last VMA that ends at or below @addr; NULL without one
 */
struct vm_area_struct *find_vma_prev(const struct mm_struct *mm, vaddr_t addr,
				     struct vm_area_struct **prev)
{
	struct rb_node *node = mm->mm_rb.rb_node;
	struct vm_area_struct *below = NULL, *best = NULL;

	assert_rwsem_held(&mm->mmap_lock);
	while (node) {
		struct vm_area_struct *vma = rb_entry(node, struct vm_area_struct, vm_rb);

		if (vma->vm_end <= addr) {
			below = vma; /* highest seen so far */
			node = node->rb_right;
			continue;
		}
		best = vma;
		if (vma->vm_start <= addr) {
			below = vma->vm_prev;
			break;
		}
		node = node->rb_left;
	}
	*prev = below;
	return best;
}

/* find_vma_intersection - lowest mapping that has a byte in [start, end), or NULL.  Locks: as find_vma */
struct vm_area_struct *find_vma_intersection(const struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

/**
 * insert_vm_struct - a finished VMA enters its mm
 *
 * For mappings that exec and the kernel lay down themselves.  Charges it when VM_ACCOUNT is set; total_vm and the
 * like are the caller's (vm_stat_account).  An anonymous one gets the page offset that belongs to its address.
 *
 * Return: 0; -ENOMEM when the range is not free or the charge is refused, @vma unchanged.
 * Locks:  mmap_lock for write.
 */
int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev, *next = find_vma_prev(mm, vma->vm_start, &prev);

	if (next && next->vm_start < vma->vm_end)
		return -ENOMEM;
	if ((vma->vm_flags & VM_ACCOUNT) && vm_enough_memory(vma_pages(vma), false))
		return -ENOMEM;
	if (vma_is_anonymous(vma))
		vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	vma_link(mm, vma, prev);
	return 0;
}

/**
 * vm_get_page_prot - what a fresh PTE gets in a mapping with @vm_flags
 *
 * x86 cannot forbid reading what may be written or executed.  A private mapping's PTEs start read-only: its first
 * write makes a copy.
 */
pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	if (!(vm_flags & VM_ACCESS_FLAGS))
		return PAGE_NONE;
	if ((vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
		return vm_flags & VM_EXEC ? PAGE_SHARED_EXEC : PAGE_SHARED;
	return vm_flags & VM_EXEC ? PAGE_READEXEC : PAGE_READONLY;
}

/* Must the first write to each page be seen, so that the file system knows what is dirty? */
static bool vma_wants_writenotify(const struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED) || !vma->vm_ops)
		return false;
	if (vma->vm_ops->page_mkwrite)
		return true;
	mapping = vma_mapping(vma);
	return mapping && mapping->a_ops && mapping->a_ops->writepage;
}

/* vma_set_page_prot - vm_page_prot follows vm_flags; before the PTEs are changed or made */
void vma_set_page_prot(struct vm_area_struct *vma)
{
	unsigned long flags = vma->vm_flags;

	if (unlikely(vma_wants_writenotify(vma)))
		flags &= ~VM_SHARED;
	vma_assert_write_locked(vma);
	vma->vm_page_prot = vm_get_page_prot(flags);
}

/**
 * vma_name - what the kernel itself calls a mapping: "[heap]", "[stack]", "[vdso]" and the like
 *
 * Return: NULL where a file's path is the name, or nothing is.
 * Ref:    proc(5), /proc/pid/maps.
 */
const char *vma_name(struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_file)
		return NULL;
	if (vma->vm_ops && vma->vm_ops->name)
		return vma->vm_ops->name(vma);
	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

/* --- the validator --- */

#define VMA_CHECK(cond, vma)                                                               \
	do {                                                                               \
		if (unlikely(!(cond)))                                                     \
			panic("vma_check: not %s at %lx-%lx", #cond,                       \
			      (vma) ? (vma)->vm_start : 0UL, (vma) ? (vma)->vm_end : 0UL); \
	} while (0)

/* V3 at one node, from its stored children. */
static void check_gap(struct vm_area_struct *vma)
{
	struct vm_area_struct *left =
		rb_entry_safe(vma->vm_rb.rb_left, struct vm_area_struct, vm_rb);
	struct vm_area_struct *right =
		rb_entry_safe(vma->vm_rb.rb_right, struct vm_area_struct, vm_rb);
	unsigned long best = vma_own_gap(vma);

	if (left)
		best = max(best, left->rb_subtree_gap);
	if (right)
		best = max(best, right->rb_subtree_gap);
	VMA_CHECK(vma->rb_subtree_gap == best, vma);
}

/* vma_check - verify V1 to V5; panics naming what is wrong.  Locks: mmap_lock, or nobody else knows the mm. */
void vma_check(struct mm_struct *mm)
{
	unsigned long total = 0, data = 0, exec = 0, stack = 0, locked = 0;
	struct vm_area_struct *vma, *prev = NULL;
	struct rb_node *node = rb_first(&mm->mm_rb);
	int count = 0;

	VMA_CHECK(rb_check(&mm->mm_rb), prev);
	for (vma = mm->mmap; vma; prev = vma, vma = vma->vm_next, node = rb_next(node)) {
		unsigned long nr = vma_pages(vma), flags = vma->vm_flags;

		VMA_CHECK(vma->vm_mm == mm, vma);
		VMA_CHECK(vma->vm_start < vma->vm_end && vma->vm_end <= mm->task_size, vma);
		VMA_CHECK(!((vma->vm_start | vma->vm_end) & ~PAGE_MASK), vma);
		VMA_CHECK(vma->vm_start >= (prev ? prev->vm_end : 0), vma);
		VMA_CHECK(vma->vm_prev == prev, vma);
		VMA_CHECK(node == &vma->vm_rb, vma);
		VMA_CHECK(!vma->anon_vma == list_empty(&vma->anon_vma_chain) || !vma->anon_vma,
			  vma);
		check_gap(vma);
		count++;
		total += nr;
		if (is_exec_mapping(flags))
			exec += nr;
		else if (flags & VM_STACK)
			stack += nr;
		else if (is_data_mapping(flags))
			data += nr;
		if (flags & VM_LOCKED)
			locked += nr;
	}
	VMA_CHECK(!node, prev);
	VMA_CHECK(mm->map_count == count, prev);
	VMA_CHECK(mm->highest_vm_end == (prev ? prev->vm_end : 0), prev);
	VMA_CHECK(mm->total_vm == total, prev);
	VMA_CHECK(mm->data_vm == data, prev);
	VMA_CHECK(mm->exec_vm == exec, prev);
	VMA_CHECK(mm->stack_vm == stack, prev);
	VMA_CHECK(mm->locked_vm == locked, prev);
}
