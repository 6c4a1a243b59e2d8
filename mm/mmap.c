/* SPDX-License-Identifier: MIT */
/*
 * mm/mmap.c - mmap(2): a new mapping
 *
 * Nothing is read and no page is taken here: a mapping is a promise that the fault path keeps.  So the work is
 * deciding, in this order, each step with its own errno:
 *
 *   length and flags make sense?      EINVAL, ENOMEM, EOVERFLOW
 *   where?                            get_unmapped_area: ENOMEM, EPERM; EEXIST for MAP_FIXED_NOREPLACE
 *   may this file be mapped so?       EACCES, EPERM, ENODEV, EOPNOTSUPP
 *   limits                            RLIMIT_AS, RLIMIT_DATA, map count: ENOMEM; RLIMIT_MEMLOCK: EAGAIN
 *   memory for the promise?           ENOMEM
 *
 * and then either a neighbour grows over the range (no allocation), or a new VMA goes in.
 *
 * MAP_FIXED replaces what is there.  Linux unmaps first and may then fail, leaving a hole; here the new VMA is
 * complete before anything is unmapped, so a failing call changes nothing.  (A file's own mmap operation thus runs
 * before the old mapping goes; none can tell.)
 *
 * Locking: vm_mmap takes mmap_lock for write and drops it before populating.
 * Sources: mmap(2); Linux 6.1 for the order of the checks.
 */
#include "mm_env.h"
#include <mm/vma.h>

int sysctl_max_map_count = DEFAULT_MAX_MAP_COUNT;

/* What MAP_SHARED and MAP_PRIVATE know; MAP_SHARED_VALIDATE refuses the rest unless the file supports it. */
#define LEGACY_MAP_MASK                                                                          \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | \
	 MAP_UNINITIALIZED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |         \
	 MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_HUGE_2MB | MAP_HUGE_1GB)

#define PMD_ORDER_LOG 21 /* MAP_HUGETLB page sizes, log2 */
#define PUD_ORDER_LOG 30

/* may_expand_vm - do RLIMIT_AS and RLIMIT_DATA allow @nr_pages more with these flags? */
bool may_expand_vm(const struct mm_struct *mm, const struct mm_limits *lim, unsigned long flags,
		   long nr_pages)
{
	if (mm->total_vm + nr_pages > lim->as >> PAGE_SHIFT)
		return false;
	return !is_data_mapping(flags) || mm->data_vm + nr_pages <= lim->data >> PAGE_SHIFT;
}

/* mlock_future_check - does RLIMIT_MEMLOCK allow @len bytes more with these flags?  0 or -EAGAIN */
int mlock_future_check(const struct mm_struct *mm, const struct mm_limits *lim, unsigned long flags,
		       size_t len)
{
	if (likely(!(flags & VM_LOCKED)) || lim->cap_ipc_lock)
		return 0;
	return mm->locked_vm + (len >> PAGE_SHIFT) > lim->memlock >> PAGE_SHIFT ? -EAGAIN : 0;
}

static unsigned long calc_vm_flags(unsigned long prot, unsigned long flags)
{
	return (prot & (PROT_READ | PROT_WRITE |
			PROT_EXEC)) | /* VM_READ, VM_WRITE, VM_EXEC have these values */
	       (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) |
	       (flags & MAP_LOCKED ? VM_LOCKED : 0) | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
}

static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC,
	      "prot bits are vm_flags bits");

/* The type of the mapping and, for a file, whether it may be had.  0 or -errno; *@vm_flags completed. */
static int check_map_type(struct file *file, unsigned long prot, unsigned long flags, size_t len,
			  pgoff_t pgoff, unsigned long *vm_flags)
{
	bool shared = false;
	int err;

	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (!file)
			return -EINVAL;
		if (flags & ~LEGACY_MAP_MASK)
			return -EOPNOTSUPP;
		fallthrough;
	case MAP_SHARED:
		shared = true;
		break;
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	if (file && (len > LLONG_MAX || pgoff > ((u64)LLONG_MAX - len) >> PAGE_SHIFT))
		return -EOVERFLOW;
	if (shared)
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
	if (!file)
		return shared && (*vm_flags & VM_GROWSDOWN) ? -EINVAL : 0;

	err = file_mmap_allowed(file, prot, flags, vm_flags);
	if (err)
		return err;
	if (*vm_flags & VM_GROWSDOWN)
		return -EINVAL;
	/* A shared mapping that can never be written is, for all but its name, private. */
	if (!(*vm_flags & VM_MAYWRITE))
		*vm_flags &= ~VM_SHARED;
	return 0;
}

/* A VMA for the range with its backing attached, linked nowhere; or ERR_PTR. */
static struct vm_area_struct *prepare_vma(struct mm_struct *mm, struct file *file, vaddr_t addr,
					  size_t len, unsigned long vm_flags, pgoff_t pgoff)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);
	int err = 0;

	if (!vma)
		return ERR_PTR(-ENOMEM);
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags;
	vma->vm_pgoff = pgoff;
	if (file) {
		vma->vm_file = get_file(file);
		err = call_mmap(file, vma);
		if (err)
			fput(file);
	} else if (vm_flags & VM_SHARED) {
		err = shmem_zero_setup(vma);
	}
	if (err) {
		vm_area_free(vma);
		return ERR_PTR(err);
	}
	return vma;
}

/* The commit for a new VMA: in the tree, or swallowed by neighbours that are like it. */
static struct vm_area_struct *insert_vma(struct mm_struct *mm, struct vm_area_struct *vma,
					 struct vm_area_struct *prev, struct vm_area_struct *next)
{
	struct vma_traits want = {
		.flags = vma->vm_flags,
		.file = vma->vm_file,
		.object = vma->vm_private_data,
		.pgoff = vma->vm_pgoff,
	};
	struct vm_area_struct *merged = NULL;

	if (!(vma->vm_ops && vma->vm_ops->close))
		merged = vma_merge_new(mm, prev, next, vma->vm_start, vma->vm_end, &want);
	if (merged) {
		vma_put_backing(vma);
		vm_area_free(vma);
		return merged;
	}
	vma_set_page_prot(vma);
	vma_link(mm, vma, prev);
	return vma;
}

/*
 * Decisions are made; make the mapping.  @charged pages were charged already and are given back on failure.
 * Address or -errno, with nothing changed.
 */
static long mmap_region(struct mm_struct *mm, struct file *file, vaddr_t addr, size_t len,
			unsigned long vm_flags, pgoff_t pgoff)
{
	struct vm_area_struct *prev, *next, *vma = NULL;
	struct vma_traits want = { .flags = vm_flags, .file = file, .pgoff = pgoff };
	vaddr_t end = addr + len;
	bool occupied;
	int err;

	next = find_vma_prev(mm, addr, &prev);
	occupied = next && next->vm_start < end;
	if (!occupied && (file || !(vm_flags & VM_SHARED)))
		vma = vma_merge_new(mm, prev, next, addr, end, &want);
	if (!vma) {
		vma = prepare_vma(mm, file, addr, len, vm_flags, pgoff);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
		if (occupied) {
			err = do_munmap(mm, addr, len);
			if (err) {
				remove_vma(vma);
				return err;
			}
			next = find_vma_prev(mm, addr, &prev);
		}
		vma = insert_vma(mm, vma, prev, next);
	}

	vm_stat_account(mm, vma->vm_flags, len >> PAGE_SHIFT);
	if (unlikely(vm_flags & VM_LOCKED)) {
		if (vma->vm_flags & VM_SPECIAL)
			vma_set_flags(vma, vma->vm_flags & ~(VM_LOCKED | VM_LOCKONFAULT));
		else
			mm->locked_vm += len >> PAGE_SHIFT;
	}
	return addr;
}

/* Hints below mmap_min_addr are rounded up to it. */
static inline vaddr_t round_hint_to_min(const struct mm_struct *mm, vaddr_t hint)
{
	hint &= PAGE_MASK;
	return hint && hint < mm->mmap_min_addr ? PAGE_ALIGN(mm->mmap_min_addr) : hint;
}

/**
 * do_mmap - mmap without the lock
 * @vm_flags: VM_* beyond what @prot and @flags say
 * @pgoff:    pages into @file
 * @populate: set when the caller is to call mm_populate once the lock is dropped
 *
 * Return: address, or -errno with nothing changed.
 * Locks:  mmap_lock for write.  Sleeps.
 */
long do_mmap(struct mm_struct *mm, const struct mm_limits *lim, struct file *file, vaddr_t addr,
	     size_t len, unsigned long prot, unsigned long flags, unsigned long vm_flags,
	     pgoff_t pgoff, bool *populate)
{
	unsigned long charged = 0, nr_pages;
	long ret;
	int err;

	assert_rwsem_held_write(&mm->mmap_lock);
	*populate = false;
	if (!len)
		return -EINVAL;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	if (!(flags & MAP_FIXED))
		addr = round_hint_to_min(mm, addr);
	len = PAGE_ALIGN(len);
	if (!len)
		return -ENOMEM;
	nr_pages = len >> PAGE_SHIFT;
	if (pgoff + nr_pages < pgoff)
		return -EOVERFLOW;
	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;

	addr = get_unmapped_area(mm, lim, file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if ((flags & MAP_FIXED_NOREPLACE) && find_vma_intersection(mm, addr, addr + len))
		return -EEXIST;

	vm_flags |= calc_vm_flags(prot, flags) | mm->def_flags;
	if ((flags & MAP_LOCKED) && !lim->memlock && !lim->cap_ipc_lock)
		return -EPERM;
	err = mlock_future_check(mm, lim, vm_flags, len);
	if (err)
		return err;
	err = check_map_type(file, prot, flags, len, pgoff, &vm_flags);
	if (err)
		return err;
	if (!file)
		pgoff = vm_flags & VM_SHARED ? 0 : addr >> PAGE_SHIFT;
	if ((flags & MAP_NORESERVE) && sysctl_overcommit_memory != 2)
		vm_flags |= VM_NORESERVE;

	/* What MAP_FIXED replaces does not count twice. */
	if (!may_expand_vm(mm, lim, vm_flags, nr_pages) &&
	    !((flags & MAP_FIXED) &&
	      may_expand_vm(mm, lim, vm_flags,
			    nr_pages - count_vma_pages_range(mm, addr, addr + len))))
		return -ENOMEM;
	if (accountable_mapping(vm_flags)) {
		charged = nr_pages;
		if (vm_enough_memory(charged, lim->cap_sys_admin))
			return -ENOMEM;
		vm_flags |= VM_ACCOUNT;
	}
	ret = mmap_region(mm, file, addr, len, vm_flags, pgoff);
	if (IS_ERR_VALUE(ret))
		vm_unacct_memory(charged);
	else
		*populate = (vm_flags & VM_LOCKED) ||
			    (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	return ret;
}

/* MAP_HUGETLB without a pool: which error.  The page size is coded in the flags as log2, 0 for the default. */
static long mmap_hugetlb(struct file *file, size_t len, unsigned long flags)
{
	unsigned int log = (flags >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;

	if (file || !len || (log && log != PMD_ORDER_LOG && log != PUD_ORDER_LOG))
		return -EINVAL;
	return -ENOMEM;
}

/**
 * vm_mmap - mmap(2)
 * @file:         to be mapped, or NULL for MAP_ANONYMOUS; the caller keeps its reference
 * @offset_bytes: page aligned, else -EINVAL
 *
 * MAP_POPULATE and MAP_LOCKED fill the mapping before the return; what cannot be filled is left to faults.
 *
 * Return: address, or -errno.
 * Locks:  takes mmap_lock for write.  Sleeps.
 * Ref:    mmap(2).
 */
long vm_mmap(struct mm_struct *mm, const struct mm_limits *lim, struct file *file, vaddr_t addr,
	     size_t len, unsigned long prot, unsigned long flags, u64 offset_bytes)
{
	bool populate;
	long ret;

	if (offset_bytes & ~PAGE_MASK)
		return -EINVAL;
	if (unlikely(flags & MAP_HUGETLB))
		return mmap_hugetlb(file, len, flags);
	mmap_write_lock(mm);
	ret = do_mmap(mm, lim, file, addr, len, prot, flags, 0, offset_bytes >> PAGE_SHIFT,
		      &populate);
	mmap_write_unlock(mm);
	if (unlikely(populate))
		mm_populate(mm, lim, ret, PAGE_ALIGN(len));
	return ret;
}
