/* SPDX-License-Identifier: MIT */
/*
 * mm/gup.c - looking into an address space from outside
 *
 * A debugger, /proc/[pid]/mem and exec's argument pages touch another mm's memory.  They do not use
 * its page tables through the processor; they find the frame, fault it in as its owner would have,
 * hold a reference, and copy through the kernel's own mapping.
 *
 * Writing past the permissions (FAULT_FLAG_FORCE, a breakpoint in read-only text) never changes
 * what others see: the mapping must be private, the fault makes a copy first, and only an anonymous
 * page that this one entry maps may be written although the entry does not allow it.  Mapped once
 * is the right question here: other references are those of readers like ourselves, who look at
 * this very mm.
 *
 * Also here: populating a range ahead of time, and walks that only look.
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/lru.h>

/* May the page behind @pte be written on behalf of an access with @flags? */
static bool can_write_pte(pte_t pte, const struct vm_area_struct *vma, unsigned int flags)
{
	struct page *page = vm_normal_page(pte);

	if (pte_write(pte))
		return true;
	return (flags & FAULT_FLAG_FORCE) && is_cow_mapping(vma->vm_flags) && page &&
	       PageAnon(page) && page_mapcount(page) == 1 && !PageSwapCache(page);
}

/*
 * The page that @addr shows now, with a reference; NULL when a fault is needed first.
 * A reader may be given the zero page: it has a frame, and is never freed.
 */
static struct page *follow_page(struct vm_area_struct *vma, vaddr_t addr, unsigned int flags)
{
	struct page *page = NULL;
	pmd_t *pmd = pte_find(vma->vm_mm, addr);
	spinlock_t *ptl;
	pte_t pte;

	if (!pmd)
		return NULL;
	ptl = pte_lockptr(pmd);
	spin_lock(ptl);
	pte = ptep_get(pte_offset(pmd, addr));
	if (pte_present(pte) && pfn_valid(pte_pfn(pte)) &&
	    (!(flags & FAULT_FLAG_WRITE) || can_write_pte(pte, vma, flags))) {
		page = pfn_to_page(pte_pfn(pte));
		get_page(page);
	}
	spin_unlock(ptl);
	return page;
}

/*
 * One page of @mm for an access with @flags: found or faulted in.
 *
 * Return: referenced page, NULL when the access is not possible.
 * Locks:  mmap_lock held for read throughout (so no ALLOW_RETRY).
 */
static struct page *get_user_page_remote(struct vm_area_struct *vma, vaddr_t addr,
					 unsigned int flags)
{
	for (;;) {
		struct page *page = follow_page(vma, addr, flags);

		if (page)
			return page;
		if (handle_mm_fault(vma, addr, flags) & VM_FAULT_ERROR)
			return NULL;
		cond_resched();
	}
}

static bool remote_access_allowed(const struct vm_area_struct *vma, bool write, bool force)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return false;
	if (vma->vm_flags & (write ? VM_WRITE : VM_READ))
		return true;
	if (!force)
		return false;
	return write ? is_cow_mapping(vma->vm_flags) : (vma->vm_flags & VM_MAYREAD) != 0;
}

/* One page's part of the access.  Return: bytes done, 0 when not possible. */
static size_t access_one_page(struct vm_area_struct *vma, vaddr_t addr, u8 *buf, size_t len,
			      bool write, bool force)
{
	unsigned int flags = FAULT_FLAG_REMOTE | (write ? FAULT_FLAG_WRITE : 0) |
			     (force ? FAULT_FLAG_FORCE : 0);
	unsigned int offset = addr & (PAGE_SIZE - 1);
	struct page *page;
	u8 *bytes;

	len = min(len, PAGE_SIZE - offset);
	page = get_user_page_remote(vma, addr & PAGE_MASK, flags);
	if (!page)
		return 0;
	bytes = kmap_local_page(page);
	if (write)
		memcpy(bytes + offset, buf, len);
	else
		memcpy(buf, bytes + offset, len);
	kunmap_local(bytes);
	if (write) {
		lock_page(page);
		set_page_dirty(page);
		unlock_page(page);
	}
	put_page(page);
	return len;
}

/**
 * access_remote_vm - copy between a kernel buffer and another address space
 * @force: past the mapping's permissions, as a debugger may (never into a shared mapping)
 *
 * Return: bytes copied; less than @len where the memory ends or may not be touched.
 * Locks:  takes mmap_lock for read.  @mm is kept by the caller's mm_users reference.  Sleeps.
 */
size_t access_remote_vm(struct mm_struct *mm, vaddr_t addr, void *buf, size_t len, bool write,
			bool force)
{
	u8 *bytes = buf;
	size_t done = 0;

	down_read(&mm->mmap_lock);
	while (done < len) {
		struct vm_area_struct *vma = find_vma(mm, addr + done);
		size_t n = 0;

		if (!vma || vma->vm_start > addr + done)
			break;
		if (remote_access_allowed(vma, write, force)) {
			n = access_one_page(vma, addr + done, bytes + done, len - done, write,
					    force);
		} else if (vma->vm_ops && vma->vm_ops->access) {
			int ret = vma->vm_ops->access(vma, addr + done, bytes + done,
						      min(len - done, vma->vm_end - (addr + done)),
						      write);

			n = ret > 0 ? ret : 0;
		}
		if (!n)
			break;
		done += n;
	}
	up_read(&mm->mmap_lock);
	return done;
}

/* Does the entry at @addr already allow what populating would fault in? */
static bool is_populated(struct vm_area_struct *vma, vaddr_t addr, bool write)
{
	pmd_t *pmd = pte_find(vma->vm_mm, addr);
	pte_t pte;

	if (!pmd)
		return false;
	pte = ptep_get(pte_offset(pmd, addr));
	return pte_present(pte) && (!write || pte_write(pte));
}

/*
 * [start, end) of one VMA.  Private writable memory gets pages of its own, so that no fault
 * follows; the rest is read.
 * Return: 0 or -ENOMEM, -EFAULT; *restart is the address at which mmap_lock was dropped, or 0.  On
 *         entry it is where the attempt before this one stopped.
 */
static int populate_vma_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
			      vaddr_t *restart)
{
	const bool write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
	const vaddr_t tried = *restart;
	const unsigned int flags = FAULT_FLAG_ALLOW_RETRY | (write ? FAULT_FLAG_WRITE : 0);

	*restart = 0;
	for (vaddr_t addr = start; addr < end; addr += PAGE_SIZE) {
		vm_fault_t fault;

		if (is_populated(vma, addr, write))
			continue;
		fault = handle_mm_fault(vma, addr, flags | (addr == tried ? FAULT_FLAG_TRIED : 0));
		if (fault & VM_FAULT_RETRY) {
			*restart = addr;
			return 0;
		}
		if (fault & VM_FAULT_ERROR)
			return fault & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
	}
	return 0;
}

/**
 * mm_populate - fault a range in now: MAP_POPULATE, MAP_LOCKED, mlock
 *
 * Holes and mappings without access are passed over.
 *
 * Return: 0, -ENOMEM, or -EFAULT where a page of a file is missing; what was populated stays.
 * Locks:  takes mmap_lock for read.  Sleeps.
 */
int mm_populate(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t start, size_t len)
{
	vaddr_t addr = start, end = start + len, restart = 0;
	bool locked = false;
	int err = 0;

	(void)lim; /* nothing grows here: stacks are populated as far as they reach */
	while (addr < end && !err) {
		struct vm_area_struct *vma;

		if (!locked) {
			down_read(&mm->mmap_lock);
			locked = true;
		}
		vma = find_vma(mm, addr);
		if (!vma || vma->vm_start >= end)
			break;
		addr = max(addr, vma->vm_start);
		if ((vma->vm_flags & VM_ACCESS_FLAGS) && !(vma->vm_flags & (VM_IO | VM_PFNMAP))) {
			err = populate_vma_range(vma, addr, min(end, vma->vm_end), &restart);
			if (restart) {
				locked = false;
				addr = restart;
				continue;
			}
		}
		addr = vma->vm_end;
	}
	if (locked)
		up_read(&mm->mmap_lock);
	return err;
}

/* --- walks that look --- */

/**
 * pt_walk - the entries a processor meets on its way to @addr
 * @out: entry[0] is the pgd's; levels is how many were met, the last of them being final; large is
 *       set when that one ends the walk early, mapping 1 GiB (levels 2) or 2 MiB (levels 3)
 *
 * Reads only; meant for those who look at a kernel in doubt, so it trusts nothing: a table outside
 * of RAM ends the walk.
 *
 * Return: 0 when @addr is mapped (out->phys is the byte it names), else -EFAULT.
 * Locks:  mmap_lock held for the user's half, or no more than one CPU running: tables are freed
 *         under it.  The processor may set accessed and dirty bits meanwhile.
 * Ref:    Intel SDM 3A "4-Level Paging and 5-Level Paging".
 */
int pt_walk(pgd_t *pgd, vaddr_t addr, struct pt_walk *out)
{
	/* LAB 01 BEGIN pt_walk: one table a level; nine bits of addr choose the entry */
	static const u8 shift[] = { PGDIR_SHIFT, PUD_SHIFT, PMD_SHIFT, PAGE_SHIFT };
	const u64 *table = (const u64 *)pgd;

	memset(out, 0, sizeof(*out));
	for (int level = 0; level < 4; level++) {
		u64 entry = READ_ONCE(table[(addr >> shift[level]) & (PTRS_PER_TABLE - 1)]);
		u64 span = (1UL << shift[level]) - 1;

		out->entry[level] = entry;
		out->levels = level + 1;
		out->final = entry;
		if (!(entry & _PAGE_PRESENT))
			return -EFAULT;
		out->large = level && level < 3 && (entry & _PAGE_PSE);
		if (level == 3 || out->large) {
			out->phys = (entry & PTE_PFN_MASK & ~span) | (addr & span);
			return 0;
		}
		if (!pfn_valid((entry & PTE_PFN_MASK) >> PAGE_SHIFT))
			return -EFAULT;
		table = phys_to_virt(entry & PTE_PFN_MASK);
	}
	return -EFAULT;
	/* LAB 01 END */
}

/**
 * pt_walk_flags - what the entries of a walk allow together
 *
 * Each level can only take away: writing and user mode need their bit in every entry, and NX in
 * any of them forbids execution.
 *
 * Return: _PAGE_RW, _PAGE_USER, _PAGE_NX as if one entry said it all; only for a walk that
 *         reached a page.
 * Ref:    Intel SDM 3A "Determination of Access Rights".
 */
u64 pt_walk_flags(const struct pt_walk *walk)
{
	/* LAB 01 BEGIN pt_walk_flags: which bits must all entries have, and which may none have? */
	u64 all = _PAGE_RW | _PAGE_USER, any = 0;

	for (int level = 0; level < walk->levels; level++) {
		all &= walk->entry[level];
		any |= walk->entry[level];
	}
	return all | (any & _PAGE_NX);
	/* LAB 01 END */
}

static int walk_pte_table(struct vm_area_struct *vma, pmd_t *pmd, vaddr_t addr, vaddr_t end,
			  const struct mm_walk_ops *ops, void *arg)
{
	spinlock_t *ptl = pte_lockptr(pmd);
	pte_t *pte = pte_offset(pmd, addr);
	int err = 0;

	if (!ops->pte)
		return 0;
	spin_lock(ptl);
	for (; addr < end && !err; addr += PAGE_SIZE, pte++)
		err = ops->pte(pte, addr, vma, arg);
	spin_unlock(ptl);
	return err;
}

static int walk_hole(vaddr_t start, vaddr_t end, struct vm_area_struct *vma,
		     const struct mm_walk_ops *ops, void *arg)
{
	return start < end && ops->hole ? ops->hole(start, end, vma, arg) : 0;
}

static int walk_vma(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
		    const struct mm_walk_ops *ops, void *arg)
{
	vaddr_t addr = start, done = start;
	pmd_t *pmd;
	int err;

	while ((pmd = next_pte_table(vma->vm_mm, &addr, end))) {
		err = walk_hole(done, addr, vma, ops, arg);
		if (err)
			return err;
		done = pmd_addr_end(addr, end);
		err = walk_pte_table(vma, pmd, addr, done, ops, arg);
		if (err)
			return err;
		addr = done;
	}
	return walk_hole(done, end, vma, ops, arg);
}

/**
 * walk_page_range - show every entry of [start, end) to a callback
 * @ops: pte is called for each entry of a table that exists, none entries too, under its lock; hole
 *       for stretches without a table, and with a NULL vma for those between mappings.  A result
 *       other than 0 ends the walk.
 *
 * Return: 0, or what the callback returned.
 * Locks:  mmap_lock held.
 */
int walk_page_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, const struct mm_walk_ops *ops,
		    void *arg)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	vaddr_t addr = start;
	int err = 0;

	assert_rwsem_held(&mm->mmap_lock);
	for (; vma && vma->vm_start < end && !err; vma = vma->vm_next) {
		err = walk_hole(addr, vma->vm_start, NULL, ops, arg);
		if (err)
			break;
		err = walk_vma(vma, max(addr, vma->vm_start), min(end, vma->vm_end), ops, arg);
		addr = vma->vm_end;
	}
	return err ? err : walk_hole(addr, end, NULL, ops, arg);
}
