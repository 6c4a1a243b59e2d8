/* SPDX-License-Identifier: MIT */
/*
 * mm/unmapped_area.c - where a new mapping goes
 *
 *     0   min_addr                            mmap_base        stack          task_size
 *     |xxxx|  text data heap ->       <- mappings |  rnd, gap  <- [stack] |       |
 *
 * Top-down (the usual layout): the highest hole below mmap_base that is large enough, so that mappings grow towards
 * the heap and each may use what the other leaves.  Bottom-up (legacy layout, MAP_32BIT, or when nothing is left
 * below mmap_base): the lowest hole above the legacy base.
 *
 * Both searches are descents in the tree of VMAs: rb_subtree_gap tells whether any hole below a node is large
 * enough.  One such hole may still lie outside the limits, but at most one hole straddles each limit and all others
 * are wholly inside or wholly outside, so a search visits O(log n) nodes.
 *
 * A hole is the space between the end of one VMA and vm_start_gap() of the next: a stack that may grow keeps
 * STACK_GUARD_GAP free below itself.
 *
 * A hint is rounded to a page and taken if the range is free, else forgotten.  MAP_FIXED names the address and skips
 * the search; then only the limits are checked.
 *
 * The sign of a failure is as in Linux: -ENOMEM for what does not fit, -EINVAL for an unaligned fixed address, -EPERM
 * for one below mmap_min_addr without the capability.
 *
 * Locking: mmap_lock (write, if the answer is to be used).
 * Sources: mmap(2); System V AMD64 psABI, "Memory management" for the layout.
 */
#include "mm_env.h"
#include <mm/vma.h>

/* MAP_32BIT: the second GiB, so that code compiled for the small model reaches it. */
#define MAP_32BIT_BEGIN 0x40000000UL
#define MAP_32BIT_END   0x80000000UL
#define MAP_32BIT_RND   0x02000000UL

struct unmapped_area_info {
	size_t len;        /* bytes */
	vaddr_t low, high; /* the answer lies in [low, high - len] */
};

/* The subtree at @node, if it may hold a hole of @len: it does, unless that is more than gaps tell. */
static inline struct vm_area_struct *gap_child(struct rb_node *node, size_t len)
{
	struct vm_area_struct *child = rb_entry_safe(node, struct vm_area_struct, vm_rb);

	return child && child->rb_subtree_gap >= min(len, VMA_GAP_CAP) ? child : NULL;
}

/*
 * Both searches visit the holes in address order (descending, ascending), where a hole belongs to the VMA above it.
 * At a node: first the subtree on the near side if it can help, then the node's own hole, then the far side; when a
 * subtree is exhausted, climb to the first ancestor for which it was the near side.
 */
static vaddr_t unmapped_area_topdown(const struct mm_struct *mm,
				     const struct unmapped_area_info *info)
{
	struct vm_area_struct *vma, *child;
	struct rb_node *came_from;
	vaddr_t highest; /* the answer's upper bound */

	if (info->high < info->len || info->high - info->len < info->low)
		return -ENOMEM;
	highest = info->high - info->len;
	if (mm->highest_vm_end <= highest)
		return highest; /* the hole above all VMAs belongs to none */

	vma = gap_child(mm->mm_rb.rb_node, info->len);
	if (!vma)
		return -ENOMEM;
	for (;;) {
		vaddr_t hole_start = vma_prev_end(vma), hole_end;

		/* Nearer holes begin higher: useless once this one begins above the bound. */
		if (hole_start <= highest) {
			child = gap_child(vma->vm_rb.rb_right, info->len);
			if (child) {
				vma = child;
				continue;
			}
		}
own_hole:
		hole_end = vm_start_gap(vma);
		if (hole_end < info->low + info->len)
			return -ENOMEM; /* all that is left lies lower still */
		if (hole_start <= highest && hole_end > hole_start &&
		    hole_end - hole_start >= info->len) {
			hole_end = min(hole_end, info->high) - info->len;
			return hole_end >= max(hole_start, info->low) ? hole_end : (vaddr_t)-ENOMEM;
		}
		child = gap_child(vma->vm_rb.rb_left, info->len);
		if (child) {
			vma = child;
			continue;
		}
		do {
			came_from = &vma->vm_rb;
			if (!rb_parent(came_from))
				return -ENOMEM;
			vma = rb_entry(rb_parent(came_from), struct vm_area_struct, vm_rb);
		} while (came_from != vma->vm_rb.rb_right);
		hole_start = vma_prev_end(vma);
		goto own_hole;
	}
}

static vaddr_t unmapped_area_bottomup(const struct mm_struct *mm,
				      const struct unmapped_area_info *info)
{
	struct vm_area_struct *vma, *child;
	struct rb_node *came_from;
	vaddr_t highest, hole_start, hole_end;

	if (info->high < info->len || info->high - info->len < info->low)
		return -ENOMEM;
	highest = info->high - info->len;

	vma = gap_child(mm->mm_rb.rb_node, info->len);
	while (vma) {
		hole_end = vm_start_gap(vma);
		if (hole_end >= info->low + info->len) {
			child = gap_child(vma->vm_rb.rb_left, info->len);
			if (child) {
				vma = child;
				continue;
			}
		}
own_hole:
		hole_start = vma_prev_end(vma);
		if (hole_start > highest)
			return -ENOMEM;
		if (hole_end >= info->low + info->len && hole_end > hole_start &&
		    hole_end - hole_start >= info->len)
			return max(hole_start, info->low);
		child = gap_child(vma->vm_rb.rb_right, info->len);
		if (child) {
			vma = child;
			continue;
		}
		do {
			came_from = &vma->vm_rb;
			if (!rb_parent(came_from))
				goto above_all;
			vma = rb_entry(rb_parent(came_from), struct vm_area_struct, vm_rb);
		} while (came_from != vma->vm_rb.rb_left);
		hole_end = vm_start_gap(vma);
		goto own_hole;
	}
above_all:
	hole_start = max(mm->highest_vm_end, info->low);
	return hole_start <= highest ? hole_start : (vaddr_t)-ENOMEM;
}

/* Is [addr, addr + len) free, with the guard gap of a stack above it? */
static bool range_is_free(const struct mm_struct *mm, vaddr_t addr, size_t len)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return !vma || addr + len <= vm_start_gap(vma);
}

static vaddr_t lowest_address(const struct mm_struct *mm)
{
	return max(PAGE_SIZE, mm->mmap_min_addr);
}

/* arch_get_unmapped_area - the legacy layout: the lowest hole that fits.  Address or -errno. */
vaddr_t arch_get_unmapped_area(struct mm_struct *mm, vaddr_t hint, size_t len, pgoff_t pgoff,
			       unsigned long flags)
{
	struct unmapped_area_info info = { .len = len };

	(void)pgoff;
	if (flags & MAP_FIXED)
		return hint;
	if (flags & MAP_32BIT) {
		info.low = MAP_32BIT_BEGIN;
		info.high = MAP_32BIT_END;
		if (mm->aslr)
			info.low += (get_random_long() % MAP_32BIT_RND) & PAGE_MASK;
	} else {
		info.low = max(mm->mmap_legacy_base, lowest_address(mm));
		info.high = mm->task_size;
	}
	if (len > info.high)
		return -ENOMEM;
	if (hint) {
		hint = PAGE_ALIGN(hint);
		if (info.high - len >= hint && range_is_free(mm, hint, len))
			return hint;
	}
	return unmapped_area_bottomup(mm, &info);
}

/* arch_get_unmapped_area_topdown - the usual layout: the highest hole below mmap_base that fits */
vaddr_t arch_get_unmapped_area_topdown(struct mm_struct *mm, vaddr_t hint, size_t len,
				       pgoff_t pgoff, unsigned long flags)
{
	struct unmapped_area_info info;
	vaddr_t addr;

	if (flags & MAP_FIXED)
		return hint;
	if (flags & MAP_32BIT)
		return arch_get_unmapped_area(mm, hint, len, pgoff, flags);
	if (hint) {
		addr = hint & PAGE_MASK;
		if (mm->task_size - len >= addr && range_is_free(mm, addr, len))
			return addr;
	}
	info.len = len;
	info.low = lowest_address(mm);
	info.high = mm->mmap_base;
	addr = unmapped_area_topdown(mm, &info);
	if (likely(!IS_ERR_VALUE(addr)))
		return addr;
	return arch_get_unmapped_area(mm, hint, len, pgoff, flags);
}

/**
 * get_unmapped_area - where a mapping of @len bytes can go
 * @file:  to be mapped, or NULL
 * @addr:  hint, or the address itself with MAP_FIXED
 * @len:   page aligned, not 0
 * @flags: MAP_FIXED, MAP_32BIT
 *
 * With MAP_FIXED the range may be occupied: the caller unmaps it or refuses.
 *
 * Return: page-aligned address, or -ENOMEM, -EINVAL, -EPERM.
 * Locks:  mmap_lock for write, if the answer is to be used.
 */
vaddr_t get_unmapped_area(struct mm_struct *mm, const struct mm_limits *lim, struct file *file,
			  vaddr_t addr, size_t len, pgoff_t pgoff, unsigned long flags)
{
	(void)file;
	if (len > mm->task_size)
		return -ENOMEM;
	addr = mm->get_unmapped_area(mm, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if (addr > mm->task_size - len)
		return -ENOMEM;
	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (addr < mm->mmap_min_addr && !lim->cap_sys_rawio)
		return -EPERM;
	return addr;
}
