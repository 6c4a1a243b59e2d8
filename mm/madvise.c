/* SPDX-License-Identifier: MIT */
/*
 * mm/madvise.c - madvise(2): what a program intends with a range
 *
 * Advice is of three kinds:
 *
 *   flags     NORMAL RANDOM SEQUENTIAL, DONTFORK DOFORK, WIPEONFORK KEEPONFORK, DONTDUMP DODUMP, MERGEABLE
 *             UNMERGEABLE, HUGEPAGE NOHUGEPAGE: a bit of the VMA, which is cut and merged as by mprotect
 *   contents  DONTNEED (drop now), FREE (may be dropped), REMOVE (punch a hole into the object)
 *   pages     WILLNEED, COLD, PAGEOUT, POPULATE_READ, POPULATE_WRITE
 *
 * Holes in the range: the mapped parts are treated, the answer is -ENOMEM all the same.  Any other error ends the
 * walk.
 *
 * MADV_FREE lets the kernel drop the pages when memory is short, and until then keeps the contents.  Memory is
 * judged at the call: if free pages are few, they are dropped at once; else they stay for good.  Both keep the
 * contract (a read sees the old contents or zeros, a write is safe).
 *
 * COLD and PAGEOUT ask for pages to be reclaimed sooner, WILLNEED for reading ahead.  All cached data is in memory
 * already here, so these check what Linux checks and are done.  MERGEABLE sets the flag that smaps shows; no page is
 * merged.  COLLAPSE and the poisoning of pages are refused as by a kernel built without them.
 *
 * Locking: takes mmap_lock, for read unless VMA flags change.
 * Sources: madvise(2); Linux 6.1 for the errors.
 */
#include "mm_env.h"
#include <mm/mmu_gather.h>
#include <mm/mmzone.h>
#include <mm/vma.h>

/* MADV_FREE drops at once when less than this part of RAM is free. */
#define FREE_MEMORY_IS_SHORT_DIVISOR 16

enum advice_kind { ADVICE_UNKNOWN, ADVICE_FLAGS, ADVICE_CONTENTS, ADVICE_POPULATE };

static enum advice_kind advice_kind(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
		return ADVICE_FLAGS;
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return ADVICE_CONTENTS;
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return ADVICE_POPULATE;
	}
	return ADVICE_UNKNOWN;
}

/* The flags that @advice wants for @vma in *@flags; 0 or -EINVAL. */
static int advised_flags(const struct vm_area_struct *vma, int advice, unsigned long *flags)
{
	const unsigned long no_ksm = VM_SHARED | VM_MAYSHARE | VM_PFNMAP | VM_IO | VM_DONTEXPAND |
				     VM_MIXEDMAP;
	unsigned long set = 0, clear = 0;

	switch (advice) {
	case MADV_NORMAL:
		clear = VM_RAND_READ | VM_SEQ_READ;
		break;
	case MADV_RANDOM:
		clear = VM_SEQ_READ;
		set = VM_RAND_READ;
		break;
	case MADV_SEQUENTIAL:
		clear = VM_RAND_READ;
		set = VM_SEQ_READ;
		break;
	case MADV_DONTFORK:
		set = VM_DONTCOPY;
		break;
	case MADV_DOFORK:
		if (vma->vm_flags & VM_IO)
			return -EINVAL;
		clear = VM_DONTCOPY;
		break;
	case MADV_WIPEONFORK: /* only memory that can be zero again */
		if (vma->vm_file || (vma->vm_flags & VM_SHARED))
			return -EINVAL;
		set = VM_WIPEONFORK;
		break;
	case MADV_KEEPONFORK:
		clear = VM_WIPEONFORK;
		break;
	case MADV_DONTDUMP:
		set = VM_DONTDUMP;
		break;
	case MADV_DODUMP:
		if (vma->vm_flags & VM_SPECIAL)
			return -EINVAL;
		clear = VM_DONTDUMP;
		break;
	case MADV_MERGEABLE: /* ignored where it cannot be */
		set = vma->vm_flags & no_ksm ? 0 : VM_MERGEABLE;
		break;
	case MADV_UNMERGEABLE:
		clear = VM_MERGEABLE;
		break;
	case MADV_HUGEPAGE:
		clear = VM_NOHUGEPAGE;
		set = VM_HUGEPAGE;
		break;
	case MADV_NOHUGEPAGE:
		clear = VM_HUGEPAGE;
		set = VM_NOHUGEPAGE;
		break;
	}
	*flags = (vma->vm_flags & ~clear) | set;
	return 0;
}

/* -EAGAIN says, as in Linux, that it was memory that was missing. */
static int advise_flags(struct vm_area_struct **vmap, vaddr_t start, vaddr_t end, int advice)
{
	struct vm_area_struct *vma = *vmap;
	unsigned long flags;
	int err = advised_flags(vma, advice, &flags);

	if (err || flags == vma->vm_flags)
		return err;
	vma = vma_modify(vma, start, end, flags);
	if (IS_ERR(vma))
		return -EAGAIN;
	vma_set_flags(vma, flags);
	*vmap = vma;
	return 0;
}

static bool memory_is_short(void)
{
	return nr_free_pages() < totalram_pages() / FREE_MEMORY_IS_SHORT_DIVISOR;
}

/* MADV_REMOVE: a hole in shared memory, for everybody who maps it. */
static int advise_remove(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	struct address_space *mapping = vma_mapping(vma);

	if ((vma->vm_flags & VM_LOCKED) || !mapping)
		return -EINVAL;
	/* Whoever could make the mapping writable may do it, as on Linux. */
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) != (VM_SHARED | VM_MAYWRITE))
		return -EACCES;
	if (!(mapping->flags & AS_SHMEM))
		return -EOPNOTSUPP;
	truncate_range(mapping, linear_page_index(vma, start), linear_page_index(vma, end) - 1);
	return 0;
}

static int advise_contents(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start,
			   vaddr_t end, int advice)
{
	unsigned long forbidden = VM_PFNMAP | VM_LOCKED;

	switch (advice) {
	case MADV_REMOVE:
		return advise_remove(vma, start, end);
	case MADV_WILLNEED:
		return 0;
	case MADV_DONTNEED_LOCKED:
		forbidden = VM_PFNMAP;
		break;
	}
	if (vma->vm_flags & forbidden)
		return -EINVAL;
	if (advice == MADV_COLD || advice == MADV_PAGEOUT)
		return 0;
	if (advice == MADV_FREE) {
		if (!vma_is_anonymous(vma))
			return -EINVAL;
		if (!memory_is_short())
			return 0;
	}
	zap_vma_range(tlb, vma, start, end, false);
	return 0;
}

/* Fault in [start, end) of one mapping, as a reader or a writer would. */
static int advise_populate(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, bool write)
{
	unsigned int flags = FAULT_FLAG_USER | (write ? FAULT_FLAG_WRITE : 0);
	vm_fault_t fault;
	vaddr_t addr;

	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) ||
	    !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EINVAL;
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		fault = handle_mm_fault(vma, addr, flags);
		if (fault & VM_FAULT_OOM)
			return -ENOMEM;
		if (fault & VM_FAULT_ERROR)
			return -EFAULT;
	}
	return 0;
}

/*
 * @tlb: for ADVICE_CONTENTS, whose pages are flushed and freed once for all mappings; not for
 * MADV_REMOVE, which unmaps by way of the file.
 */
static int do_madvise(struct mm_struct *mm, struct mmu_gather *tlb, vaddr_t start, vaddr_t end,
		      int advice, enum advice_kind kind)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	int hole = 0, err = 0;

	for (; start < end; start = max(start, vma->vm_end), vma = vma->vm_next) {
		vaddr_t part_end;

		if (!vma)
			return -ENOMEM;
		if (start < vma->vm_start) {
			hole = -ENOMEM;
			if (kind == ADVICE_POPULATE)
				return hole;
			start = vma->vm_start;
			if (start >= end)
				return hole;
		}
		part_end = min(end, vma->vm_end);
		if (kind == ADVICE_FLAGS)
			err = advise_flags(&vma, start, part_end, advice);
		else if (kind == ADVICE_POPULATE)
			err = advise_populate(vma, start, part_end, advice == MADV_POPULATE_WRITE);
		else
			err = advise_contents(tlb, vma, start, part_end, advice);
		if (err)
			return err;
		start = part_end;
	}
	return hole;
}

/**
 * vm_madvise - madvise(2)
 * @start: page aligned
 * @len:   bytes, rounded up to pages
 *
 * Return: 0; -EINVAL, -ENOMEM (a hole; the rest was treated), -EAGAIN (no memory to cut a mapping), -EACCES,
 *         -EOPNOTSUPP, -EFAULT.
 * Locks:  takes mmap_lock.  Sleeps.
 */
int vm_madvise(struct mm_struct *mm, vaddr_t start, size_t len, int advice)
{
	enum advice_kind kind = advice_kind(advice);
	vaddr_t end = start + PAGE_ALIGN(len);
	struct mmu_gather tlb;
	int err;

	if (kind == ADVICE_UNKNOWN || (start & ~PAGE_MASK))
		return -EINVAL;
	if ((len && !PAGE_ALIGN(len)) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (kind == ADVICE_FLAGS) {
		mmap_write_lock(mm);
		err = do_madvise(mm, NULL, start, end, advice, kind);
		mmap_write_unlock(mm);
	} else if (kind == ADVICE_CONTENTS && advice != MADV_REMOVE) {
		down_read(&mm->mmap_lock);
		tlb_gather_mmu(&tlb, mm);
		update_hiwater_rss(mm);
		err = do_madvise(mm, &tlb, start, end, advice, kind);
		tlb_finish_mmu(&tlb);
		up_read(&mm->mmap_lock);
	} else {
		down_read(&mm->mmap_lock);
		err = do_madvise(mm, NULL, start, end, advice, kind);
		up_read(&mm->mmap_lock);
	}
	return err;
}
