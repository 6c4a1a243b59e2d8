/* SPDX-License-Identifier: MIT */
/*
 * mm/mremap.c - mremap(2): a mapping grows, shrinks or moves, its pages with it
 *
 *     shrink            [AAAAAAAA)      ->  [AAAA)                     always in place
 *     grow in place     [AAAA)     [B)  ->  [AAAAAAA) [B)              if nothing is in the way
 *     move              [AAAA)[B)       ->         [B)    [AAAAAAAA)   page-table entries are moved, not pages
 *     MREMAP_DONTUNMAP  [AAAA)          ->  [....)  [AAAA)             the old range stays, emptied
 *     old_len 0         [SSSS)          ->  [SSSS)  [SSSS)             a second view of shared memory
 *
 * A move is prepared completely: the target's VMA exists, with its anon_vma chain and its charge, and the source is
 * cut so that unmapping it cannot fail, and the tables are there, before the first entry is moved.  The new VMA joins
 * its neighbours at the end, when nothing needs to be undone any more.
 *
 * Pages keep their index: the new VMA's vm_pgoff is that of the first page moved, so the reverse map finds pages in
 * the new place as in the old.  An anonymous mapping that never had a page takes the offset of its new address
 * instead, which makes it mergeable there.
 *
 * MREMAP_FIXED unmaps what is at the target.  Linux does so before it has looked at the source; here all that can be
 * checked is checked first, and a call that fails for its arguments changes nothing.
 *
 * Locking: takes mmap_lock for write.
 * Sources: mremap(2); Linux 6.1 for errors and limits.
 */
#include "mm_env.h"
#include <mm/vma.h>

struct mremap {
	struct mm_struct *mm;
	const struct mm_limits *lim;
	vaddr_t addr, new_addr;
	size_t old_len, new_len; /* page aligned */
	unsigned long flags;     /* MREMAP_* */
	bool locked;             /* result: the grown part wants populating */
};

/* May @vma become new_len long, as far as the source and the limits tell?  @freed pages go away elsewhere. */
static int check_resize(const struct mremap *m, const struct vm_area_struct *vma,
			unsigned long freed)
{
	unsigned long grow = (m->new_len - m->old_len) >> PAGE_SHIFT;
	pgoff_t pgoff = linear_page_index(vma, m->addr);
	int err;

	if (!m->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if ((m->flags & MREMAP_DONTUNMAP) && (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return -EINVAL;
	if (m->old_len > vma->vm_end - m->addr)
		return -EFAULT;
	if (m->new_len == m->old_len && !(m->flags & MREMAP_DONTUNMAP))
		return 0;
	if (pgoff + (m->new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (m->flags & MREMAP_DONTUNMAP)
		grow = m->new_len >> PAGE_SHIFT;
	else if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EFAULT;
	err = mlock_future_check(m->mm, m->lim, vma->vm_flags, m->new_len - m->old_len);
	if (err)
		return err;
	return may_expand_vm(m->mm, m->lim, vma->vm_flags, (long)(grow - freed)) ? 0 : -ENOMEM;
}

/* Is there room behind @vma for @delta bytes? */
static bool vma_expandable(const struct mremap *m, const struct vm_area_struct *vma, size_t delta)
{
	vaddr_t end = vma->vm_end + delta;

	if (end < vma->vm_end || (vma->vm_next && vma->vm_next->vm_start < end))
		return false;
	return !IS_ERR_VALUE(get_unmapped_area(m->mm, m->lim, NULL, vma->vm_start,
					       end - vma->vm_start, 0, MAP_FIXED));
}

static long grow_in_place(struct mremap *m, struct vm_area_struct *vma)
{
	unsigned long nr_pages = (m->new_len - m->old_len) >> PAGE_SHIFT, flags = vma->vm_flags;
	int err;

	if ((flags & VM_ACCOUNT) && vm_enough_memory(nr_pages, m->lim->cap_sys_admin))
		return -ENOMEM;
	err = vma_expand_end(vma, m->addr + m->new_len);
	if (err) {
		if (flags & VM_ACCOUNT)
			vm_unacct_memory(nr_pages);
		return err;
	}
	vm_stat_account(m->mm, flags, nr_pages);
	if (flags & VM_LOCKED) {
		m->mm->locked_vm += nr_pages;
		m->locked = true;
		m->new_addr = m->addr;
	}
	return m->addr;
}

/* The target's VMA, linked, as @vma would be at new_addr; NULL when out of memory. */
static struct vm_area_struct *copy_vma(const struct mremap *m, struct vm_area_struct *vma)
{
	struct vm_area_struct *new = vm_area_dup(vma), *prev;

	if (!new)
		return NULL;
	new->vm_start = m->new_addr;
	new->vm_end = m->new_addr + m->new_len;
	if (vma_is_anonymous(vma) && !vma->vm_file && !vma->anon_vma)
		new->vm_pgoff = m->new_addr >> PAGE_SHIFT;
	else
		new->vm_pgoff = linear_page_index(vma, m->addr);
	if (!list_empty(&vma->anon_vma_chain) && anon_vma_clone(new, vma)) {
		vm_area_free(new);
		return NULL;
	}
	vma_get_backing(new);
	if (new->vm_ops &&new->vm_ops->open)
		new->vm_ops->open(new);
	find_vma_prev(m->mm, m->new_addr, &prev);
	vma_link(m->mm, new, prev);
	return new;
}

/* Take back copy_vma: no entries were moved. */
static void drop_copy(struct mm_struct *mm, struct vm_area_struct *new, unsigned long charged)
{
	unsigned long hiwater_vm = mm->hiwater_vm;

	/* Unmapping takes off the accounts what was never put on. */
	if (new->vm_flags & VM_ACCOUNT)
		vm_acct_memory(vma_pages(new) - charged);
	vm_stat_account(mm, new->vm_flags, vma_pages(new));
	if (new->vm_flags & VM_LOCKED)
		mm->locked_vm += vma_pages(new);
	unmap_region(mm, new, new->vm_start, new->vm_end);
	mm->hiwater_vm = hiwater_vm;
}

/* The old range after MREMAP_DONTUNMAP: still mapped, without pages, not locked. */
static void keep_source(struct mremap *m, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_LOCKED)
		m->mm->locked_vm -= vma_pages(vma);
	vma_set_flags(vma, vma->vm_flags & ~(VM_LOCKED | VM_LOCKONFAULT));
	vma_merge_neighbours(vma);
}

/*
 * Unmapping a piece from the middle of a VMA would need a split then; it is done now, and the source is the VMA's
 * tail.  A source that stays is cut out whole when it is locked, because only what moves is unlocked.
 */
static int cut_source(const struct mremap *m, struct vm_area_struct **vmap)
{
	struct vm_area_struct *vma = *vmap;
	vaddr_t end = m->addr + m->old_len;
	bool at_start = m->addr == vma->vm_start, at_end = end == vma->vm_end;
	bool whole = (m->flags & MREMAP_DONTUNMAP) && (vma->vm_flags & VM_LOCKED);

	if (!m->old_len || ((m->flags & MREMAP_DONTUNMAP) && !whole))
		return 0;
	if (!at_end && (whole || !at_start) && __split_vma(m->mm, vma, end))
		return -ENOMEM;
	if (whole && !at_start) {
		if (__split_vma(m->mm, vma, m->addr))
			return -ENOMEM;
		*vmap = vma->vm_next;
	}
	return 0;
}

/*
 * Move [addr, addr + old_len) of @vma to new_addr, where there is room for new_len.  The new address or -errno,
 * with nothing changed but perhaps a mapping cut in two.
 */
static long move_vma(struct mremap *m, struct vm_area_struct *vma)
{
	bool dontunmap = m->flags & MREMAP_DONTUNMAP, account = vma->vm_flags & VM_ACCOUNT;
	unsigned long charged = (dontunmap ? m->new_len : m->new_len - m->old_len) >> PAGE_SHIFT;
	vaddr_t old_end = m->addr + m->old_len;
	struct mm_struct *mm = m->mm;
	struct vm_area_struct *new;

	if (mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (cut_source(m, &vma))
		goto out_merge;
	if (account && vm_enough_memory(charged, m->lim->cap_sys_admin))
		goto out_merge;
	new = copy_vma(m, vma);
	if (!new)
		goto out_uncharge;
	/* No fault may fill an entry that has just been moved away, nor see the page at neither address. */
	vma_start_write(vma);
	if (m->old_len && move_page_tables(vma, m->addr, new, m->new_addr, m->old_len)) {
		drop_copy(mm, new, charged);
		goto out_merge;
	}

	/* From here on nothing fails. */
	if (new->vm_flags & VM_LOCKED) {
		mm->locked_vm += vma_pages(new);
		m->locked = true;
	}
	if (dontunmap) {
		if (vma->vm_flags & VM_LOCKED)
			keep_source(m, vma);
	} else if (m->old_len) {
		if (account) /* the pages' charge moves with them: unmapping must not give it back */
			vm_acct_memory(m->old_len >> PAGE_SHIFT);
		unmap_region(mm, vma, m->addr, old_end);
	}
	vm_stat_account(mm, new->vm_flags, vma_pages(new));
	vma_merge_neighbours(new);
	return m->new_addr;

out_uncharge:
	if (account)
		vm_unacct_memory(charged);
out_merge:
	vma_merge_neighbours(vma);
	return -ENOMEM;
}

/* MREMAP_FIXED and MREMAP_DONTUNMAP: the target is named, or the move is certain. */
static long mremap_to(struct mremap *m, struct vm_area_struct *vma)
{
	unsigned long map_flags = vma->vm_flags & VM_MAYSHARE ? MAP_SHARED : 0, freed = 0;
	struct mm_struct *mm = m->mm;
	vaddr_t to;
	long err;

	if (m->new_addr & ~PAGE_MASK)
		return -EINVAL;
	if (m->new_len > mm->task_size || m->new_addr > mm->task_size - m->new_len)
		return -EINVAL;
	if (m->addr + m->old_len > m->new_addr && m->new_addr + m->new_len > m->addr)
		return -EINVAL;
	if (!m->old_len && m->addr == m->new_addr)
		return -EFAULT; /* a second view in the place of the first: the source would go first */
	if (mm->map_count + 2 >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (m->flags & MREMAP_FIXED) {
		map_flags |= MAP_FIXED;
		freed = count_vma_pages_range(mm, m->new_addr, m->new_addr + m->new_len);
	}
	if (m->old_len > m->new_len) {
		/* First as if it were new_len long; what is beyond is unmapped like any range. */
		struct mremap shorter = *m;

		shorter.old_len = m->new_len;
		err = check_resize(&shorter, vma, freed);
	} else {
		err = check_resize(m, vma, freed);
	}
	if (err)
		return err;
	to = get_unmapped_area(mm, m->lim, vma->vm_file, m->new_addr, m->new_len,
			       linear_page_index(vma, m->addr), map_flags);
	if (IS_ERR_VALUE(to))
		return to;

	if (m->flags & MREMAP_FIXED) {
		err = do_munmap(mm, m->new_addr, m->new_len);
		if (err)
			return err;
	}
	if (m->old_len > m->new_len) {
		err = do_munmap(mm, m->addr + m->new_len, m->old_len - m->new_len);
		if (err)
			return err;
		m->old_len = m->new_len;
	}
	m->new_addr = to;
	return move_vma(m, vma_lookup(mm, m->addr));
}

static long do_mremap(struct mremap *m)
{
	struct mm_struct *mm = m->mm;
	struct vm_area_struct *vma = vma_lookup(mm, m->addr);
	vaddr_t to;
	long err;

	if (!vma)
		return -EFAULT;
	if (m->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(m, vma);
	if (m->old_len >= m->new_len) {
		err = m->old_len > m->new_len
			      ? do_munmap(mm, m->addr + m->new_len, m->old_len - m->new_len)
			      : 0;
		return err ? err : (long)m->addr;
	}

	err = check_resize(m, vma, 0);
	if (err)
		return err;
	if (m->old_len == vma->vm_end - m->addr && vma_expandable(m, vma, m->new_len - m->old_len))
		return grow_in_place(m, vma);
	if (!(m->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	to = get_unmapped_area(mm, m->lim, vma->vm_file, 0, m->new_len,
			       linear_page_index(vma, m->addr),
			       vma->vm_flags & VM_MAYSHARE ? MAP_SHARED : 0);
	if (IS_ERR_VALUE(to))
		return to;
	m->new_addr = to;
	return move_vma(m, vma);
}

/**
 * vm_mremap - mremap(2)
 * @old_len, @new_len: bytes, rounded up to pages; old_len 0 makes a second view of a shared mapping
 * @flags:    MREMAP_*
 * @new_addr: with MREMAP_FIXED the target, with MREMAP_DONTUNMAP a hint
 *
 * Return: the address of the mapping, or -EINVAL, -EFAULT (no such mapping, or it ends too early), -ENOMEM, -EAGAIN.
 * Locks:  takes mmap_lock for write.  Sleeps.
 */
long vm_mremap(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t addr, size_t old_len,
	       size_t new_len, unsigned long flags, vaddr_t new_addr)
{
	struct mremap m = {
		.mm = mm,
		.lim = lim,
		.addr = addr,
		.new_addr = new_addr,
		.flags = flags,
		.old_len = PAGE_ALIGN(old_len),
		.new_len = PAGE_ALIGN(new_len),
	};
	size_t grown_from;
	long ret;

	if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	if ((addr & ~PAGE_MASK) || !m.new_len)
		return -EINVAL;
	grown_from = m.old_len;
	mmap_write_lock(mm);
	ret = do_mremap(&m);
	mmap_write_unlock(mm);
	if (!IS_ERR_VALUE(ret) && m.locked && m.new_len > grown_from)
		mm_populate(mm, lim, m.new_addr + grown_from, m.new_len - grown_from);
	return ret;
}
