/* SPDX-License-Identifier: MIT */
/*
 * mm/vma_merge.c - cutting mappings apart and joining them again
 *
 * Every call that changes a part of a mapping cuts first; every call that makes neighbours alike joins.  So the
 * number of VMAs stays near the number of ranges that differ, which is what a reader of /proc/pid/maps expects.
 *
 * Three things can happen to existing VMAs, here drawn with P the predecessor, V the mapping in question, N the
 * successor, and n a range that becomes like its neighbours:
 *
 *   the range was free (mmap, brk)          the range was (part of) V (mprotect, madvise)
 *
 *     PPPPnnnnNNNN -> PPPPPPPPPPPP  grow,     PPPPVVVVNNNN -> PPPPPPPPPPPP  absorb two
 *                     swallow N              PPPPVVVV     -> PPPPPPPP      absorb one
 *     PPPPnnnn     -> PPPPPPPP      grow up       VVVVNNNN ->     NNNNNNNN absorb one
 *         nnnnNNNN ->     NNNNNNNN  grow     PPPPnnVV     -> PPPPPPVV      move the border up
 *                                   down         VVnnNNNN ->     VVNNNNNN  move the border down
 *                                             VVnnVV       -> VVMMVV        cut out a piece
 *
 * Two ranges may be one VMA when flags, backing and position in the object agree, and their anonymous pages may
 * share an anon_vma: both have the same, or one has none and the other's chain has one entry (a longer chain came
 * from fork; growing such a VMA would lengthen the searches of all relatives).
 *
 * Prepare, then commit: whatever allocates (VMAs, anon_vma chains) comes first.  A merge that runs out of memory is
 * simply not done: separate VMAs mean the same.  Ranges are changed under the reverse map's locks (rmap.h,
 * vma_adjust_lock), because its trees are ordered by them.
 *
 * A VMA whose vm_ops have a close hook is never merged: the hook counts VMAs.
 *
 * Locking: mmap_lock for write throughout, and each VMA whose range changes or that goes is write-locked
 * (vma_start_write) before the reverse map's locks are taken: its readers are waited for, and they may want those.
 */
#include "mm_env.h"
#include <mm/vma.h>

/* --- what may be one --- */

static bool mergeable_anon_vma(const struct anon_vma *a, const struct anon_vma *b,
			       const struct vm_area_struct *vma)
{
	if ((!a || !b) && (!vma || list_is_singular(&vma->anon_vma_chain)))
		return true;
	return a == b;
}

static bool mergeable(const struct vm_area_struct *vma, const struct vma_traits *t)
{
	if ((vma->vm_flags ^ t->flags) & ~VM_SOFTDIRTY)
		return false;
	if (vma->vm_file != t->file || (!t->file && vma->vm_private_data != t->object))
		return false;
	if (vma->vm_ops && vma->vm_ops->close)
		return false;
	return mergeable_anon_vma(t->anon_vma, vma->anon_vma, vma);
}

/* May a range with @t's traits, which begins where @vma ends, become part of it? */
static bool can_merge_after(const struct vm_area_struct *vma, const struct vma_traits *t)
{
	return vma->vm_pgoff + vma_pages(vma) == t->pgoff && mergeable(vma, t);
}

/* May a range of @nr_pages with @t's traits, which ends where @vma begins? */
static bool can_merge_before(const struct vm_area_struct *vma, const struct vma_traits *t,
			     unsigned long nr_pages)
{
	return vma->vm_pgoff == t->pgoff + nr_pages && mergeable(vma, t);
}

static struct vma_traits vma_traits_at(const struct vm_area_struct *vma, vaddr_t addr)
{
	return (struct vma_traits){
		.flags = vma->vm_flags,
		.file = vma->vm_file,
		.object = vma->vm_private_data,
		.anon_vma = vma->anon_vma,
		.pgoff = linear_page_index(vma, addr),
	};
}

/* --- changing ranges --- */

/* Does a tree of the reverse map hold this VMA? */
static inline bool vma_has_rmap(const struct vm_area_struct *vma)
{
	return vma_has_object(vma) || !list_empty(&vma->anon_vma_chain);
}

static inline void write_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
			       pgoff_t pgoff)
{
	vma_assert_write_locked(vma);
	WRITE_ONCE(vma->vm_start, start);
	WRITE_ONCE(vma->vm_end, end);
	vma->vm_pgoff = pgoff;
}

/* Gaps, after the range was @old_start, @old_end. */
static void range_changed(struct vm_area_struct *vma, vaddr_t old_start, vaddr_t old_end)
{
	if (vma->vm_start != old_start)
		vma_gap_update(vma);
	if (vma->vm_end != old_end)
		vma_end_changed(vma);
}

/**
 * vma_set_range - give @vma another range, which nothing else occupies
 *
 * Pages that stay mapped keep their index in the object: @pgoff must fit.
 */
void vma_set_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pgoff_t pgoff)
{
	vaddr_t old_start = vma->vm_start, old_end = vma->vm_end;
	struct vma_adjust adj;

	vma_start_write(vma);
	if (vma_has_rmap(vma)) {
		vma_adjust_lock(&adj, vma, NULL);
		write_range(vma, start, end, pgoff);
		vma_adjust_trees(&adj);
		vma_adjust_unlock(&adj);
	} else {
		write_range(vma, start, end, pgoff);
	}
	range_changed(vma, old_start, old_end);
	trace_mm(EV_VMA_RESIZE, start, 0, end);
}

/* @vma is to show anonymous pages that were @from's: it needs @from's chain unless it has one.  0 or -ENOMEM. */
static int import_anon_vma(struct vm_area_struct *vma, struct vm_area_struct *from)
{
	if (vma->anon_vma || !from->anon_vma)
		return 0;
	vma->anon_vma = from->anon_vma;
	return anon_vma_clone(vma, from);
}

/**
 * absorb - @vma takes over [start, end), swallowing one or two neighbours
 * @victim: VMAs within [start, end) that vanish, in order; the second may be NULL
 * @pgoff:  of @start
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
static int absorb(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pgoff_t pgoff,
		  struct vm_area_struct *const victim[2])
{
	vaddr_t old_start = vma->vm_start, old_end = vma->vm_end;
	struct mm_struct *mm = vma->vm_mm;
	struct vma_adjust adj;
	int i, err;

	vma_start_write(vma);
	for (i = 0; i < 2 && victim[i]; i++)
		vma_start_write(victim[i]);
	for (i = 0; i < 2 && victim[i]; i++) {
		err = import_anon_vma(vma, victim[i]);
		if (err)
			return err;
	}
	vma_adjust_lock(&adj, vma, NULL);
	write_range(vma, start, end, pgoff);
	vma_adjust_trees(&adj);
	for (i = 0; i < 2 && victim[i]; i++)
		vma_adjust_unlink(&adj, victim[i]);
	vma_adjust_unlock(&adj);
	range_changed(vma, old_start, old_end);
	vma_detach_range(mm, victim[0], (victim[1] ? victim[1] : victim[0])->vm_next);

	for (i = 0; i < 2 && victim[i]; i++) {
		unlink_anon_vmas(victim[i]);
		vma_put_backing(victim[i]);
		vm_area_free(victim[i]);
	}
	count_vm_event(VMA_MERGE);
	trace_mm(EV_VMA_MERGE, start, 0, end);
	return 0;
}

/*
 * Move the border of two adjacent VMAs that may not be one, but may share a part: [lower)[upper) meet at @border
 * afterwards.  @grows is the one that gets larger.  0, or -ENOMEM with nothing changed.
 */
static int move_border(struct vm_area_struct *lower, struct vm_area_struct *upper, vaddr_t border,
		       struct vm_area_struct *grows)
{
	struct vma_adjust adj;
	pgoff_t pgoff;
	int err;

	vma_start_write(lower);
	vma_start_write(upper);
	err = import_anon_vma(grows, grows == lower ? upper : lower);
	if (err)
		return err;
	pgoff = upper->vm_pgoff + ((long)(border - upper->vm_start) >> PAGE_SHIFT);
	vma_adjust_lock(&adj, lower, upper);
	write_range(lower, lower->vm_start, border, lower->vm_pgoff);
	write_range(upper, border, upper->vm_end, pgoff);
	vma_adjust_trees(&adj);
	vma_adjust_unlock(&adj);
	vma_gap_update(upper); /* only a stack with a guard gap sees a difference */
	count_vm_event(VMA_MERGE);
	trace_mm(EV_VMA_MERGE, lower->vm_start, 0, upper->vm_end);
	return 0;
}

/**
 * vma_merge_new - let a neighbour of a free range grow over it
 * @prev, @next: the VMAs on both sides, adjacent or not, or NULL
 * @want: what the range is to be; @want->anon_vma is NULL for a new mapping
 *
 * Accounts are the caller's.
 *
 * Return: the VMA that now contains the range, or NULL: it needs one of its own.
 */
struct vm_area_struct *vma_merge_new(struct mm_struct *mm, struct vm_area_struct *prev,
				     struct vm_area_struct *next, vaddr_t start, vaddr_t end,
				     const struct vma_traits *want)
{
	struct vm_area_struct *victim[2] = { NULL, NULL };
	struct vma_traits t = *want;
	bool after, before;

	assert_rwsem_held_write(&mm->mmap_lock);
	if (want->flags & VM_SPECIAL)
		return NULL;
	before = next && next->vm_start == end &&
		 can_merge_before(next, &t, (end - start) >> PAGE_SHIFT);
	if (before)
		t.anon_vma = next->anon_vma; /* if prev joins too, it must get along with next's */
	after = prev && prev->vm_end == start && can_merge_after(prev, &t);

	if (after && before) {
		victim[0] = next;
		if (!absorb(prev, prev->vm_start, next->vm_end, prev->vm_pgoff, victim))
			return prev;
	} else if (after) {
		vma_set_range(prev, prev->vm_start, end, prev->vm_pgoff);
		count_vm_event(VMA_MERGE);
		trace_mm(EV_VMA_MERGE, prev->vm_start, 0, end);
		return prev;
	}
	if (before) {
		vma_set_range(next, start, next->vm_end, want->pgoff);
		count_vm_event(VMA_MERGE);
		trace_mm(EV_VMA_MERGE, start, 0, next->vm_end);
		return next;
	}
	return NULL;
}

/**
 * vma_expand_end - @vma grows over free space up to @new_end, and joins its successor if that fits
 *
 * Return: 0.  Joining may need memory; without it the successor stays apart, and growing needs none.
 */
int vma_expand_end(struct vm_area_struct *vma, vaddr_t new_end)
{
	struct vm_area_struct *next = vma->vm_next;
	struct vm_area_struct *victim[2] = { next, NULL };
	struct vma_traits t = vma_traits_at(vma, new_end);

	if (next && next->vm_start == new_end && !(vma->vm_flags & VM_SPECIAL) &&
	    can_merge_before(next, &t, 0) && !(vma->vm_ops && vma->vm_ops->close) &&
	    !absorb(vma, vma->vm_start, next->vm_end, vma->vm_pgoff, victim))
		return 0;
	vma_set_range(vma, vma->vm_start, new_end, vma->vm_pgoff);
	return 0;
}

/* --- splitting --- */

/* A new VMA for the part [start, end) of @vma, in no tree yet but the anon_vmas'.  NULL when out of memory. */
static struct vm_area_struct *vma_piece(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *piece = vm_area_dup(vma);

	if (!piece)
		return NULL;
	write_range(piece, start, end, linear_page_index(vma, start));
	if (!list_empty(&vma->anon_vma_chain) && anon_vma_clone(piece, vma)) {
		vm_area_free(piece);
		return NULL;
	}
	vma_get_backing(piece);
	if (piece->vm_ops && piece->vm_ops->open)
		piece->vm_ops->open(piece);
	return piece;
}

/* Undo vma_piece: nobody has seen it. */
static void vma_piece_free(struct vm_area_struct *piece)
{
	if (piece->vm_ops && piece->vm_ops->close)
		piece->vm_ops->close(piece);
	unlink_anon_vmas(piece);
	vma_put_backing(piece);
	vm_area_free(piece);
}

/**
 * isolate - cut @vma so that it is exactly [start, end)
 *
 * What lies below and above become VMAs of their own, both or none: [VVVVVVVV) -> [LL)[VVVV)[UU).
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
static int isolate(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	vaddr_t old_start = vma->vm_start, old_end = vma->vm_end;
	struct vm_area_struct *lower = NULL, *upper = NULL;
	struct vma_adjust adj;

	vma_start_write(vma);
	if (start > old_start) {
		lower = vma_piece(vma, old_start, start);
		if (!lower)
			return -ENOMEM;
	}
	if (end < old_end) {
		upper = vma_piece(vma, end, old_end);
		if (!upper) {
			if (lower)
				vma_piece_free(lower);
			return -ENOMEM;
		}
	}

	vma_adjust_lock(&adj, vma, NULL);
	write_range(vma, start, end, linear_page_index(vma, start));
	vma_adjust_trees(&adj);
	if (lower)
		vma_adjust_link(&adj, lower);
	if (upper)
		vma_adjust_link(&adj, upper);
	vma_adjust_unlock(&adj);
	if (lower)
		__vma_link(mm, lower, vma->vm_prev);
	if (upper)
		__vma_link(mm, upper, vma);
	count_vm_event(VMA_SPLIT);
	trace_mm(EV_VMA_SPLIT, start, 0, end);
	return 0;
}

/* __split_vma - split_vma() for callers that have checked the limit of mappings, or free some at once */
int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t addr)
{
	assert_rwsem_held_write(&mm->mmap_lock);
	VM_BUG_ON(addr <= vma->vm_start || addr >= vma->vm_end);
	return isolate(mm, vma, vma->vm_start, addr);
}

/**
 * split_vma - cut one mapping into two at @addr
 * @vma:  mapping to cut; keeps the lower part
 * @addr: byte address, page aligned, strictly inside @vma
 *
 * Return: 0, or -ENOMEM with nothing changed: no memory, or as many mappings as are allowed.
 * Locks:  mm->mmap_lock held for write.  Sleeps (allocates).
 */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t addr)
{
	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	return __split_vma(mm, vma, addr);
}

/* --- a part of a mapping becomes different --- */

/* The merging half of vma_modify: NULL when the part stays by itself. */
static struct vm_area_struct *merge_part(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
					 unsigned long new_flags)
{
	struct vm_area_struct *prev = start == vma->vm_start ? vma->vm_prev : NULL;
	struct vm_area_struct *next = end == vma->vm_end ? vma->vm_next : NULL;
	struct vm_area_struct *victim[2] = { vma, NULL };
	struct vma_traits t = vma_traits_at(vma, start);
	bool after, before;
	int err;

	if (new_flags & VM_SPECIAL)
		return NULL;
	t.flags = new_flags;
	after = prev && prev->vm_end == start && can_merge_after(prev, &t);
	before = next && next->vm_start == end &&
		 can_merge_before(next, &t, (end - start) >> PAGE_SHIFT);

	if (after && before && mergeable_anon_vma(prev->anon_vma, next->anon_vma, NULL)) {
		victim[1] = next;
		return absorb(prev, prev->vm_start, next->vm_end, prev->vm_pgoff, victim) ? NULL
											  : prev;
	}
	if (after) {
		err = end == vma->vm_end ? absorb(prev, prev->vm_start, end, prev->vm_pgoff, victim)
					 : move_border(prev, vma, end, prev);
		return err ? NULL : prev;
	}
	if (before) {
		err = start == vma->vm_start ? absorb(next, start, next->vm_end, t.pgoff, victim)
					     : move_border(vma, next, start, next);
		return err ? NULL : next;
	}
	return NULL;
}

/**
 * vma_modify - the part [start, end) of @vma is about to have other flags
 *
 * Merges the part with neighbours that have these flags already, else cuts it out.  The caller then writes the flags
 * (and vma_set_page_prot) into what is returned, whether they are there already or not.
 *
 * Return: the VMA that contains the part and no page of other flags, write-locked; ERR_PTR(-ENOMEM) with nothing
 *         changed.  @vma may be gone.
 * Locks:  mmap_lock for write.  Sleeps.
 */
struct vm_area_struct *vma_modify(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
				  unsigned long new_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *merged = merge_part(vma, start, end, new_flags);
	int pieces;

	if (merged)
		return merged;
	vma_start_write(vma);
	pieces = (start > vma->vm_start) + (end < vma->vm_end);
	if (!pieces)
		return vma;
	if (mm->map_count + pieces > sysctl_max_map_count || isolate(mm, vma, start, end))
		return ERR_PTR(-ENOMEM);
	return vma;
}

/* vma_merge_neighbours - a whole VMA joins neighbours that are like it: after a move.  The VMA it is in now. */
struct vm_area_struct *vma_merge_neighbours(struct vm_area_struct *vma)
{
	struct vm_area_struct *merged = NULL;

	if (!(vma->vm_ops && vma->vm_ops->close))
		merged = merge_part(vma, vma->vm_start, vma->vm_end, vma->vm_flags);
	return merged ? merged : vma;
}
