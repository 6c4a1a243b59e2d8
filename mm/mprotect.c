/* SPDX-License-Identifier: MIT */
/*
 * mm/mprotect.c - mprotect(2): other permissions for a range
 *
 *     [ r--  )[ rw-        )[ r-- )         the range may begin and end inside mappings, but may have no hole
 *         ^---------^
 *     [ r--)[ rw- )[ rw-   )[ r-- )    ->   [ r--)[ rw-            )[ r-- )   neighbours that became alike are one
 *
 * Each mapping in turn: allowed (VM_MAY*), accounted, merged or cut (vma_modify), then the PTEs.  An error ends the
 * walk where it occurs; what was changed before stays changed, as mprotect(2) has it.  Within one mapping everything
 * that can fail comes first.
 *
 * A private mapping is charged when it first becomes writable, and stays charged when it is made read-only again:
 * its pages may be private copies already.
 *
 * Permissions in page tables only ever say less than the VMA: change_protection leaves the write bit off where a
 * fault must look first (copy on write, dirty tracking).
 *
 * Locking: takes mmap_lock for write.
 * Sources: mprotect(2); Linux 6.1 for the order of the checks.
 */
#include "mm_env.h"
#include <mm/mmu_gather.h>
#include <mm/vma.h>

#define PROT_KNOWN (PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM)

/* VM_MAYREAD is VM_READ << 4, and so on. */
#define VM_MAY_SHIFT 4
static_assert(VM_READ << VM_MAY_SHIFT == VM_MAYREAD && VM_EXEC << VM_MAY_SHIFT == VM_MAYEXEC,
	      "VM_MAY* above VM_*");

/**
 * mprotect_fixup - [start, end) of @vma gets @new_flags; what is to be flushed is left to @tlb
 * @result: set to the VMA that contains the range afterwards
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
static int mprotect_fixup(struct mmu_gather *tlb, const struct mm_limits *lim,
			  struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
			  unsigned long new_flags, struct vm_area_struct **result)
{
	unsigned long old_flags = vma->vm_flags, nr_pages = (end - start) >> PAGE_SHIFT,
		      charged = 0;
	struct mm_struct *mm = tlb->mm;

	*result = vma;
	if (new_flags == old_flags)
		return 0;
	if (new_flags & VM_WRITE) {
		if (!may_expand_vm(mm, lim, new_flags, nr_pages) &&
		    may_expand_vm(mm, lim, old_flags, nr_pages))
			return -ENOMEM;
		if (!(old_flags & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE))) {
			if (vm_enough_memory(nr_pages, lim->cap_sys_admin))
				return -ENOMEM;
			charged = nr_pages;
			new_flags |= VM_ACCOUNT;
		}
	}
	vma = vma_modify(vma, start, end, new_flags);
	if (IS_ERR(vma)) {
		vm_unacct_memory(charged);
		return PTR_ERR(vma);
	}
	vma_set_flags(vma, new_flags);
	vma_set_page_prot(vma);
	change_protection(tlb, vma, start, end, vma->vm_page_prot);
	vm_stat_account(mm, old_flags, -(long)nr_pages);
	vm_stat_account(mm, new_flags, nr_pages);
	*result = vma;
	return 0;
}

/* The first mapping, and the range as PROT_GROWSDOWN and PROT_GROWSUP extend it.  ERR_PTR when there is none. */
static struct vm_area_struct *find_first(struct mm_struct *mm, vaddr_t *start, vaddr_t end,
					 unsigned long grows)
{
	struct vm_area_struct *vma = find_vma(mm, *start);

	if (!vma)
		return ERR_PTR(-ENOMEM);
	if (grows & PROT_GROWSDOWN) {
		if (vma->vm_start >= end)
			return ERR_PTR(-ENOMEM);
		*start = vma->vm_start;
		return vma->vm_flags & VM_GROWSDOWN ? vma : ERR_PTR(-EINVAL);
	}
	if (vma->vm_start > *start)
		return ERR_PTR(-ENOMEM);
	return grows & PROT_GROWSUP ? ERR_PTR(-EINVAL) : vma; /* no mapping grows up on x86 */
}

static int do_mprotect(struct mmu_gather *tlb, const struct mm_limits *lim, vaddr_t start,
		       vaddr_t end, unsigned long prot, unsigned long grows, bool read_implies_exec)
{
	struct vm_area_struct *vma = find_first(tlb->mm, &start, end, grows);
	unsigned long flags;
	vaddr_t part_end;
	int err;

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	for (;;) { /* vma contains start */
		flags = (vma->vm_flags & ~VM_ACCESS_FLAGS) | (prot & VM_ACCESS_FLAGS);
		if (read_implies_exec && (prot & PROT_READ) && (vma->vm_flags & VM_MAYEXEC))
			flags |= VM_EXEC;
		if ((flags & ~(flags >> VM_MAY_SHIFT)) & VM_ACCESS_FLAGS)
			return -EACCES;
		part_end = min(vma->vm_end, end);
		err = mprotect_fixup(tlb, lim, vma, start, part_end, flags, &vma);
		if (err || part_end == end)
			return err;
		/* The part may have joined what follows, which then has the flags already. */
		start = max(part_end, vma->vm_end);
		if (start >= end)
			return 0;
		vma = vma->vm_next;
		if (!vma || vma->vm_start != start)
			return -ENOMEM;
	}
}

/**
 * vm_mprotect - mprotect(2)
 * @prot:              PROT_*, with PROT_GROWSDOWN or PROT_GROWSUP
 * @read_implies_exec: the personality of old binaries
 *
 * Return: 0; -EINVAL, -ENOMEM (hole, or no memory), -EACCES.
 * Locks:  takes mmap_lock for write.  Sleeps.
 */
int vm_mprotect(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t start, size_t len,
		unsigned long prot, bool read_implies_exec)
{
	unsigned long grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	struct mmu_gather tlb;
	vaddr_t end;
	int err;

	prot &= ~grows;
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || (start & ~PAGE_MASK))
		return -EINVAL;
	if (!len)
		return 0;
	end = start + PAGE_ALIGN(len);
	if (end <= start)
		return -ENOMEM;
	if (prot & ~PROT_KNOWN)
		return -EINVAL;
	mmap_write_lock(mm);
	tlb_gather_mmu(&tlb, mm);
	err = do_mprotect(&tlb, lim, start, end, prot, grows, read_implies_exec);
	tlb_finish_mmu(&tlb); /* one flush for all mappings */
	mmap_write_unlock(mm);
	return err;
}
