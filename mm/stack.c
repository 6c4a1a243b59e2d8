/* SPDX-License-Identifier: MIT */
/*
 * mm/stack.c - mappings that grow down by being touched, and the stack that exec builds
 *
 *     [ neighbour )   guard gap   ....  [ stack          )
 *                     256 pages    ^ touched here: vm_start moves down to it
 *
 * A touch below a VM_GROWSDOWN mapping grows it to the page touched, however far, if that keeps within RLIMIT_STACK
 * and leaves the guard gap to the mapping below, so that an overflow runs into nothing rather than into a
 * neighbour.  A neighbour that nobody can access (PROT_NONE) guards by itself; another growing mapping too.
 *
 * exec fills a stack before it knows where the stack will be: a page at the very top takes the strings, growing as
 * needed; when the program is known, finalize_stack_vma moves it, pages and all, gives it its flags and some room.
 *
 * Locking: mmap_lock for write.  The fault path, which holds it for read, takes it anew before it grows a stack.
 * Sources: mmap(2) MAP_GROWSDOWN; getrlimit(2) RLIMIT_STACK; Linux 6.1.
 */
#include "mm_env.h"
#include <mm/vma.h>

/* Room that exec maps below the strings at once, so that a program's first calls do not fault in expansions. */
#define STACK_EXPAND_BYTES (32UL << PAGE_SHIFT)

static bool vma_is_accessible(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

/**
 * expand_stack - grow a VM_GROWSDOWN mapping to cover @addr
 * @addr: any byte below @vma's start; the mapping then begins with its page.  At or above: nothing to do
 *
 * Return: 0; -EPERM below mmap_min_addr; -ENOMEM for a limit, the guard gap or no memory; nothing changed then.
 * Locks:  mmap_lock for write.  Sleeps.
 */
int expand_stack(struct vm_area_struct *vma, const struct mm_limits *lim, vaddr_t addr)
{
	struct vm_area_struct *prev = vma->vm_prev;
	struct mm_struct *mm = vma->vm_mm;
	unsigned long grow;

	assert_rwsem_held_write(&mm->mmap_lock);
	addr &= PAGE_MASK;
	if (addr >= vma->vm_start)
		return 0;
	if (addr < mm->mmap_min_addr)
		return -EPERM;
	if (prev && addr < prev->vm_end)
		return -ENOMEM;
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && vma_is_accessible(prev) &&
	    addr - prev->vm_end < STACK_GUARD_GAP)
		return -ENOMEM;

	grow = (vma->vm_start - addr) >> PAGE_SHIFT;
	if (grow > vma->vm_pgoff || !may_expand_vm(mm, lim, vma->vm_flags, grow) ||
	    vma->vm_end - addr > lim->stack)
		return -ENOMEM;
	if (mlock_future_check(mm, lim, vma->vm_flags, grow << PAGE_SHIFT))
		return -ENOMEM;
	if ((vma->vm_flags & VM_ACCOUNT) && vm_enough_memory(grow, lim->cap_sys_admin))
		return -ENOMEM;

	vma_set_range(vma, addr, vma->vm_end, vma->vm_pgoff - grow);
	vm_stat_account(mm, vma->vm_flags, grow);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += grow;
	return 0;
}

/**
 * setup_stack_vma - the first mapping of a fresh mm: one page that ends at @top and grows down
 *
 * Return: the VMA, or NULL when out of memory.
 * Locks:  mmap_lock for write.
 */
struct vm_area_struct *setup_stack_vma(struct mm_struct *mm, vaddr_t top)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return NULL;
	vma->vm_end = top;
	vma->vm_start = top - PAGE_SIZE;
	vma->vm_flags = VM_STACK_FLAGS;
	vma_set_page_prot(vma);
	if (insert_vm_struct(mm, vma)) {
		vm_area_free(vma);
		return NULL;
	}
	vm_stat_account(mm, vma->vm_flags, 1);
	return vma;
}

/*
 * Move the stack @shift bytes down.  The VMA covers old and new place while the entries move, so vm_pgoff goes down
 * with vm_start and the pages keep their index in the end.  0 or -errno.
 */
static int shift_stack(struct mm_struct *mm, struct vm_area_struct *vma, size_t shift)
{
	vaddr_t old_start = vma->vm_start, old_end = vma->vm_end;
	vaddr_t new_start = old_start - shift, new_end = old_end - shift;
	pgoff_t pgoff = vma->vm_pgoff;
	size_t len = old_end - old_start;
	struct mmu_gather tlb;

	if (new_start > old_start || find_vma(mm, new_start) != vma)
		return -EFAULT;
	vma_set_range(vma, new_start, old_end, pgoff);
	if (move_page_tables(vma, old_start, vma, new_start, len))
		return -ENOMEM; /* the mm is exec's own and goes away with what is left in it */
	vma_set_range(vma, new_start, new_end, pgoff);
	tlb_gather_mmu(&tlb, mm);
	free_pgd_range(&tlb, max(new_end, old_start), old_end, new_end,
		       vma->vm_next ? vma->vm_next->vm_start : 0);
	tlb_finish_mmu(&tlb);
	return 0;
}

/**
 * finalize_stack_vma - exec: the strings are in place, the program is known
 * @vma:      from setup_stack_vma
 * @new_top:  where the stack is to end; page aligned, at or below where it ends now
 * @vm_flags: VM_EXEC for an executable stack, else 0
 *
 * Return: 0, or -ENOMEM, -EFAULT: exec fails.  The caller's pointers into the stack move down by what vm_end does.
 * Locks:  mmap_lock for write.  Sleeps.
 */
int finalize_stack_vma(struct mm_struct *mm, struct vm_area_struct *vma,
		       const struct mm_limits *lim, vaddr_t new_top, unsigned long vm_flags)
{
	unsigned long old_flags = vma->vm_flags, nr_pages = vma_pages(vma);
	size_t shift = vma->vm_end - new_top, size;
	struct mmu_gather tlb;
	int err;

	assert_rwsem_held_write(&mm->mmap_lock);
	if (new_top < mm->mmap_min_addr ||
	    vma->vm_end - vma->vm_start >= new_top - mm->mmap_min_addr)
		return -ENOMEM;
	vma_start_write(vma);
	vma_set_flags(vma, VM_STACK_FLAGS | (vm_flags & VM_EXEC) | mm->def_flags);
	vma_set_page_prot(vma);
	tlb_gather_mmu(&tlb, mm);
	change_protection(&tlb, vma, vma->vm_start, vma->vm_end, vma->vm_page_prot);
	tlb_finish_mmu(&tlb);
	vm_stat_account(mm, old_flags, -(long)nr_pages);
	vm_stat_account(mm, vma->vm_flags, nr_pages);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += nr_pages;
	if (shift) {
		err = shift_stack(mm, vma, shift);
		if (err)
			return err;
	}
	size = vma->vm_end - vma->vm_start;
	size = min(size + STACK_EXPAND_BYTES, (size_t)(lim->stack & PAGE_MASK));
	return expand_stack(vma, lim, vma->vm_end - size) ? -EFAULT : 0;
}
