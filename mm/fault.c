/* SPDX-License-Identifier: MIT */
/*
 * mm/fault.c - the page fault: from an address to a present entry, or to the reason why not
 *
 * The processor could not use a translation.  The page tables are only a cache; what is true is
 * said by the VMAs and by the pages that hang off their objects.  A fault looks the truth up and
 * repairs the cache:
 *
 *     1  which mapping?        find_vma; a stack grows to cover the address    no: SIGSEGV, MAPERR
 *     2  is it allowed?        vm_flags against the access                     no: SIGSEGV, ACCERR
 *     3  walk, building tables that are missing                                no memory: OOM
 *     4  what is in the PTE?   one handler per case                            past the end of the file: SIGBUS
 *     5  restart, if a lock had to be dropped to wait
 *
 *   PTE              access   mapping          handler               PTE afterwards         file
 *   ---------------  -------  ---------------  --------------------  ---------------------  -----------
 *   none             read     anonymous        do_anonymous_page     zero page, R/O         anon.c
 *   none             write    anonymous        do_anonymous_page     new zeroed page, R/W   anon.c
 *   none             read     file             do_read_fault         the cached page        file_fault.c
 *   none             write    private file     do_cow_fault          a copy of it, R/W      file_fault.c
 *   none             write    shared file      do_shared_fault       the page itself, R/W   file_fault.c
 *   present, R/O     write    private          do_wp_page            own page, R/W          cow.c
 *   present, R/O     write    shared           do_wp_page            the page itself, R/W   cow.c
 *   present          allowed  any              spurious_fault        unchanged
 *   swap entry       -        -                none: no swap area exists, so neither can the entry
 *
 * All handlers have one shape: get the page, which may sleep or ask for a restart; lock the PTE;
 * recheck that it still is what the decision was based on; install; count.  Everything that
 * allocates comes before the PTE lock.
 *
 * Restart.  A handler that must wait for a page lock drops mmap_lock first, since a waiter would
 * hold up every mmap and munmap of the process, and answers VM_FAULT_RETRY: nothing that was looked
 * up may be used again.  The one loop that starts over is in mm_fault().
 *
 * Allocation may sleep under mmap_lock; reclaim never takes mmap_lock.  A fault never takes an
 * inode's lock: the page cache and i_size, read under the page lock, are all it needs of a file.
 *
 * No flush is due when an entry becomes present: the processor does not cache non-present entries
 * (SDM).  Where a handler replaces a present entry, it says what it flushes.
 *
 * Not done: faults without mmap_lock; huge pages; swap.  Their places are handle_mm_fault's walk
 * and the swap row.
 *
 * Sources: Intel SDM 3A, "Page-Fault Exceptions", "Invalidation of TLBs and Paging-Structure
 * Caches"; Cranor and Parulkar 1999 (UVM) for the shape.
 */
#include "mm_env.h"
#include <mm/internal.h>

static void report_inexplicable(const struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;

	pr_err("fault: no rule for address %lx flags %x: vma %lx-%lx flags %lx pte %lx\n",
	       vmf->real_address, vmf->flags, vma->vm_start, vma->vm_end, vma->vm_flags,
	       pte_val(vmf->orig_pte));
}

/*
 * The entry allows the access.  Another CPU repaired it first, or this one remembered an older
 * entry with fewer permissions: the fault itself has made it forget that one (SDM, "Operations that
 * Invalidate TLBs").
 */
static vm_fault_t spurious_fault(struct vm_fault *vmf)
{
	count_vm_event(PGFAULT_SPURIOUS);
	trace_mm(EV_FAULT, vmf->address, pte_pfn(vmf->orig_pte), PGFAULT_SPURIOUS);
	return VM_FAULT_NOPAGE;
}

/* Step 4.  Locks: mmap_lock for read on entry; released when VM_FAULT_RETRY is returned. */
static vm_fault_t handle_pte_fault(struct vm_fault *vmf)
{
	pte_t old = vmf->orig_pte;

	if (pte_none(old))
		return vma_is_anonymous(vmf->vma) ? do_anonymous_page(vmf) : do_file_page(vmf);
	if (unlikely(!pte_present(old))) {
		report_inexplicable(vmf);
		VM_BUG_ON(is_swap_pte(old));
		return VM_FAULT_SIGBUS;
	}
	if ((vmf->flags & FAULT_FLAG_WRITE) && !pte_write(old))
		return do_wp_page(vmf);
	return spurious_fault(vmf);
}

/**
 * handle_mm_fault - repair the entry for @addr of @vma, whose permissions have been checked
 * @flags: FAULT_FLAG_*; without ALLOW_RETRY it waits under mmap_lock instead of asking for a
 *         restart
 *
 * Return: VM_FAULT_*.  With VM_FAULT_RETRY mmap_lock has been dropped and @vma may be gone.
 * Locks:  vma->vm_mm->mmap_lock held for read or write (then without ALLOW_RETRY).  May sleep.
 */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, vaddr_t addr, unsigned int flags)
{
	struct vm_fault vmf = {
		.vma = vma,
		.mm = vma->vm_mm,
		.address = addr & PAGE_MASK,
		.real_address = addr,
		.flags = flags,
		.pgoff = linear_page_index(vma, addr),
	};

	assert_rwsem_held(&vmf.mm->mmap_lock);
	vmf.pmd = pte_alloc_map(vmf.mm, vmf.address);
	if (unlikely(!vmf.pmd))
		return VM_FAULT_OOM;
	vmf.pte = pte_offset(vmf.pmd, vmf.address);
	vmf.ptl = pte_lockptr(vmf.pmd);
	vmf.orig_pte = ptep_get(vmf.pte); /* without the lock: every handler looks again under it */
	return handle_pte_fault(&vmf);
}

/* Step 2.  x86 can not deny reading what may be written or executed. */
static bool access_allowed(const struct vm_area_struct *vma, unsigned int flags)
{
	if (flags & FAULT_FLAG_FORCE)
		return vma->vm_flags & (flags & FAULT_FLAG_WRITE ? VM_MAYWRITE : VM_MAYREAD);
	if (flags & FAULT_FLAG_WRITE)
		return vma->vm_flags & VM_WRITE;
	if (flags & FAULT_FLAG_INSTRUCTION)
		return vma->vm_flags & VM_EXEC;
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

/*
 * The address lies below the nearest mapping.  A stack grows, which moves vm_start and so needs
 * mmap_lock for write; between the two holds anything may have been mapped or unmapped, so the
 * mapping is looked up again.
 *
 * Return: the mapping, with mmap_lock held for read; NULL with it released.
 */
static __noinline struct vm_area_struct *grow_stack(struct mm_struct *mm,
						    const struct mm_limits *lim, vaddr_t addr)
{
	struct vm_area_struct *vma;

	up_read(&mm->mmap_lock);
	down_write(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (!vma)
		goto none;
	if (vma->vm_start > addr) {
		if (!(vma->vm_flags & VM_GROWSDOWN) || expand_stack(vma, lim, addr))
			goto none;
		count_vm_event(PGFAULT_STACK);
	}
	downgrade_write(&mm->mmap_lock);
	return vma;
none:
	up_write(&mm->mmap_lock);
	return NULL;
}

/*
 * Step 1.
 * Return: the mapping that contains @addr, with mmap_lock held for read; NULL with it released.
 */
static struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm,
						   const struct mm_limits *lim, vaddr_t addr)
{
	struct vm_area_struct *vma;

	down_read(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (likely(vma && vma->vm_start <= addr))
		return vma;
	if (vma && (vma->vm_flags & VM_GROWSDOWN))
		return grow_stack(mm, lim, addr);
	up_read(&mm->mmap_lock);
	return NULL;
}

vm_fault_t mm_fault(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t addr,
		    unsigned int flags, int *si_code)
{
	struct vm_area_struct *vma;
	vm_fault_t fault;

	count_vm_event(PGFAULT);
	*si_code = FAULT_CODE_MAPERR;
	if (unlikely(addr >= TASK_SIZE_MAX))
		return VM_FAULT_SIGSEGV;
	flags |= FAULT_FLAG_ALLOW_RETRY;
	for (;;) {
		vma = lock_mm_and_find_vma(mm, lim, addr);
		if (unlikely(!vma))
			return VM_FAULT_SIGSEGV;
		if (unlikely(!access_allowed(vma, flags))) {
			up_read(&mm->mmap_lock);
			*si_code = FAULT_CODE_ACCERR;
			return VM_FAULT_SIGSEGV;
		}
		fault = handle_mm_fault(vma, addr, flags);
		if (likely(!(fault & VM_FAULT_RETRY)))
			break;
		flags |= FAULT_FLAG_TRIED;
	}
	up_read(&mm->mmap_lock);
	if (unlikely(flags & FAULT_FLAG_TRIED))
		fault |= VM_FAULT_MAJOR; /* it waited */
	if (unlikely(fault & VM_FAULT_MAJOR))
		count_vm_event(PGMAJFAULT);
	if (unlikely(fault & VM_FAULT_SIGBUS))
		*si_code = FAULT_CODE_ADRERR;
	return fault;
}
