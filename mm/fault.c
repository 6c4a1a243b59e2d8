/* SPDX-License-Identifier: MIT */
/*
 * mm/fault.c - the page fault: from an address to a present entry, or to the reason why not
 *
 * The processor could not use a translation.  The page tables are only a cache; what is true is
 * said by the VMAs and by the pages that hang off their objects.  A fault looks the truth up and
 * repairs the cache:
 *
 *     1  which mapping?        find and lock it; a stack grows to the address  no: SIGSEGV, MAPERR
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
 * Two ways to hold the mapping.  Mostly the fault finds the VMA without a lock and locks it alone
 * (vma_lock.c): faults of other threads write nothing that this one reads, but for the VMA's count
 * of readers, and the lock of the PTE table where two meet in 2 MiB.  Whatever needs more than this one
 * mapping is done under mmap_lock for read: no VMA was found or a writer has it, a stack has to grow,
 * a page lock has to be waited for, the VMA's first anon_vma (neighbours are asked for theirs).  Handlers do
 * not care which lock is held, but where they give it up: release_fault_lock().  Either keeps the
 * VMA, its permissions and its tables as they are.
 *
 * Races with others, all settled by looking again under the lock that decides:
 *
 *     the same fault on another CPU     PTE lock; the second finds the entry changed and is done
 *     a table that both find missing    page_table_lock; the second frees the one it made
 *     munmap, mprotect, mremap, fork    write-lock the VMA first: it waits for this fault, or this fault for it,
 *                                       and then looks the mapping up again
 *     MADV_DONTNEED, truncation         PTE lock; truncation also the page lock (file_fault.c)
 *     exec, exit                        the old mm is torn down when its last user is gone, and a fault is one
 *
 * Restart.  A handler that must wait for a page lock drops the fault's lock first, since a waiter would
 * hold up every mmap and munmap of the process, and answers VM_FAULT_RETRY: nothing that was looked
 * up may be used again.  The one loop that starts over is in mm_fault().
 *
 * Allocation may sleep under either lock; reclaim never takes them.  A fault never takes an
 * inode's lock: the page cache and i_size, read under the page lock, are all it needs of a file.
 *
 * No flush is due when an entry becomes present: the processor does not cache non-present entries
 * (SDM).  Where a handler replaces a present entry, it says what it flushes.
 *
 * Not done: huge pages; swap.  Their places are handle_mm_fault's walk and the swap row.
 *
 * Sources: Intel SDM 3A, "Page-Fault Exceptions", "Invalidation of TLBs and Paging-Structure
 * Caches"; Cranor and Parulkar 1999 (UVM) for the shape; Clements, Kaashoek and Zeldovich 2012 for faults
 * beside mmap.
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

/* Step 4.  Locks: the fault's on entry; released when VM_FAULT_RETRY is returned. */
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

/* Step 3, and on.  Field by field: the rest is for the handlers to fill in. */
static __always_inline vm_fault_t __handle_mm_fault(struct mm_struct *mm,
						    struct vm_area_struct *vma, vaddr_t addr,
						    unsigned int flags)
{
	struct vm_fault vmf;

	vma_assert_locked(vma);
	vmf.vma = vma;
	vmf.mm = mm;
	vmf.address = addr & PAGE_MASK;
	vmf.real_address = addr;
	vmf.flags = flags;
	vmf.pgoff = linear_page_index(vma, addr);
	vmf.page = NULL;
	vmf.pmd = pte_alloc_map(mm, addr);
	if (unlikely(!vmf.pmd))
		return VM_FAULT_OOM;
	vmf.pte = pte_offset(vmf.pmd, addr);
	vmf.ptl = pte_lockptr(vmf.pmd);
	vmf.orig_pte = ptep_get(vmf.pte); /* without the lock: every handler looks again under it */
	return handle_pte_fault(&vmf);
}

/**
 * handle_mm_fault - repair the entry for @addr of @vma, whose permissions have been checked
 * @flags: FAULT_FLAG_*; without ALLOW_RETRY it waits under the lock instead of asking for a
 *         restart
 *
 * Return: VM_FAULT_*.  With VM_FAULT_RETRY the lock has been dropped and @vma may be gone.
 * Locks:  with VMA_LOCK @vma is locked for reading; else mmap_lock is held for read, or for write (then
 *         without ALLOW_RETRY).  May sleep.
 */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, vaddr_t addr, unsigned int flags)
{
	return __handle_mm_fault(vma->vm_mm, vma, addr, flags);
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
static __noinline struct vm_area_struct *grow_stack(struct mm_struct *mm, mm_limits_fn limits,
						    vaddr_t addr)
{
	struct vm_area_struct *vma;
	struct mm_limits lim;

	limits(&lim);
	up_read(&mm->mmap_lock);
	mmap_write_lock(mm);
	vma = find_vma(mm, addr);
	if (!vma)
		goto none;
	if (vma->vm_start > addr) {
		if (!(vma->vm_flags & VM_GROWSDOWN) || expand_stack(vma, &lim, addr))
			goto none;
		count_vm_event(PGFAULT_STACK);
	}
	mmap_write_downgrade(mm);
	return vma;
none:
	mmap_write_unlock(mm);
	return NULL;
}

/*
 * Step 1, when the VMA's own lock was not to be had or is not enough.
 * Return: the mapping that contains @addr, with mmap_lock held for read; NULL with it released.
 */
static struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm, mm_limits_fn limits,
						   vaddr_t addr)
{
	struct vm_area_struct *vma;

	down_read(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (likely(vma && vma->vm_start <= addr))
		return vma;
	if (vma && (vma->vm_flags & VM_GROWSDOWN))
		return grow_stack(mm, limits, addr);
	up_read(&mm->mmap_lock);
	return NULL;
}

static inline void unlock_fault(struct mm_struct *mm, struct vm_area_struct *vma,
				unsigned int flags)
{
	if (likely(flags & FAULT_FLAG_VMA_LOCK))
		vma_end_read(vma);
	else
		up_read(&mm->mmap_lock);
}

void release_fault_lock(struct vm_fault *vmf)
{
	unlock_fault(vmf->mm, vmf->vma, vmf->flags);
}

vm_fault_t mm_fault(struct mm_struct *mm, mm_limits_fn limits, vaddr_t addr, unsigned int flags,
		    int *si_code)
{
	struct vm_area_struct *vma;
	vm_fault_t fault;

	count_vm_event(PGFAULT);
	*si_code = FAULT_CODE_MAPERR;
	if (unlikely(addr >= TASK_SIZE_MAX))
		return VM_FAULT_SIGSEGV;
	vma = lock_vma_under_rcu(mm, addr);
	flags |= FAULT_FLAG_ALLOW_RETRY | (likely(vma) ? FAULT_FLAG_VMA_LOCK : 0);
	for (;;) {
		if (unlikely(!vma))
			vma = lock_mm_and_find_vma(mm, limits, addr);
		if (unlikely(!vma))
			return VM_FAULT_SIGSEGV;
		if (unlikely(!access_allowed(vma, flags))) {
			unlock_fault(mm, vma, flags);
			*si_code = FAULT_CODE_ACCERR;
			return VM_FAULT_SIGSEGV;
		}
		fault = __handle_mm_fault(mm, vma, addr, flags);
		if (likely(!(fault & VM_FAULT_RETRY)))
			break;
		if (flags & FAULT_FLAG_VMA_LOCK)
			count_vm_event(VMA_LOCK_RETRY);
		if (fault & VM_FAULT_MAJOR)
			flags |= FAULT_FLAG_TRIED; /* it waited */
		flags &= ~FAULT_FLAG_VMA_LOCK;
		vma = NULL;
	}
	unlock_fault(mm, vma, flags);
	if (unlikely(flags & FAULT_FLAG_TRIED))
		fault |= VM_FAULT_MAJOR;
	if (unlikely(fault & VM_FAULT_MAJOR))
		count_vm_event(PGMAJFAULT);
	if (unlikely(fault & VM_FAULT_SIGBUS))
		*si_code = FAULT_CODE_ADRERR;
	return fault;
}
