/* SPDX-License-Identifier: MIT */
/*
 * include/mm/vma.h - what the files that change mappings share: tree, merge, limits, accounts
 *
 * Everything here wants mmap_lock for write unless it says otherwise.  Bytes and byte addresses, half-open
 * ranges [start, end), page aligned.
 */
#ifndef MM_VMA_H
#define MM_VMA_H

#include <mm/internal.h>

/* Counted as stack in statm and status: what grows down by itself. */
#define VM_STACK       VM_GROWSDOWN
#define VM_DATA_FLAGS  (VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)
#define VM_STACK_FLAGS (VM_STACK | VM_DATA_FLAGS | VM_ACCOUNT)

/* --- vma.c: the tree and the list --- */

/* Gaps are stored up to this many bytes: larger ones look alike.  An address space has room for 128 of them. */
#define VMA_GAP_CAP (1UL << 40)

/* vm_start_gap - where the neighbour below must end: a growing stack keeps its guard gap */
static inline vaddr_t vm_start_gap(const struct vm_area_struct *vma)
{
	if (likely(!(vma->vm_flags & VM_GROWSDOWN)))
		return vma->vm_start;
	return vma->vm_start > STACK_GUARD_GAP ? vma->vm_start - STACK_GUARD_GAP : 0;
}

static inline vaddr_t vma_prev_end(const struct vm_area_struct *vma)
{
	return vma->vm_prev ? vma->vm_prev->vm_end : 0;
}

/* find_vma_prev - find_vma, and in *@prev the last mapping that begins at or below @addr's left, or NULL */
struct vm_area_struct *find_vma_prev(const struct mm_struct *mm, vaddr_t addr,
				     struct vm_area_struct **prev);
static inline struct vm_area_struct *vma_lookup(const struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

void __vma_link(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev);
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev);
void vma_detach_range(struct mm_struct *mm, struct vm_area_struct *first,
		      struct vm_area_struct *next);
void vma_gap_update(struct vm_area_struct *vma);
void vma_end_changed(struct vm_area_struct *vma);
void vma_set_page_prot(struct vm_area_struct *vma);
/* vma_set_flags - of a VMA that is write-locked, or in no tree yet */
static inline void vma_set_flags(struct vm_area_struct *vma, unsigned long flags)
{
	vma_assert_write_locked(vma);
	vma->vm_flags = flags;
}

/* Does it show an object, whose reverse map knows it?  (No false negatives; the object may turn out to have none.) */
static inline bool vma_has_object(const struct vm_area_struct *vma)
{
	return vma->vm_file || vma->vm_ops;
}

/* The object behind a mapping: one reference for each VMA that shows it. */
void vma_get_backing(struct vm_area_struct *vma);
void vma_put_backing(struct vm_area_struct *vma);

/* --- vma_merge.c: split and merge --- */

/* What a range is, or is to become: two ranges that agree in this may be one VMA. */
struct vma_traits {
	unsigned long flags;
	struct file *file;
	void *object;              /* vm_private_data of a mapping without a file */
	struct anon_vma *anon_vma; /* NULL: none yet */
	pgoff_t pgoff;             /* of the first page */
};

struct vm_area_struct *vma_merge_new(struct mm_struct *mm, struct vm_area_struct *prev,
				     struct vm_area_struct *next, vaddr_t start, vaddr_t end,
				     const struct vma_traits *want);
int vma_expand_end(struct vm_area_struct *vma, vaddr_t new_end);
struct vm_area_struct *vma_modify(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
				  unsigned long new_flags);
struct vm_area_struct *vma_merge_neighbours(struct vm_area_struct *vma);
int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t addr);
void vma_set_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pgoff_t pgoff);

/* --- accounts --- */

static inline bool is_data_mapping(unsigned long flags)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_STACK)) == VM_WRITE;
}

static inline bool is_exec_mapping(unsigned long flags)
{
	return (flags & (VM_EXEC | VM_WRITE | VM_STACK)) == VM_EXEC;
}

/* Private and writable: may need a page of its own for each page it shows, so it is charged. */
static inline bool accountable_mapping(unsigned long flags)
{
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* vm_stat_account - @nr_pages more (or fewer) are mapped with @flags */
static inline void vm_stat_account(struct mm_struct *mm, unsigned long flags, long nr_pages)
{
	mm->total_vm += nr_pages;
	if (is_exec_mapping(flags))
		mm->exec_vm += nr_pages;
	else if (flags & VM_STACK)
		mm->stack_vm += nr_pages;
	else if (is_data_mapping(flags))
		mm->data_vm += nr_pages;
}

/* Before total_vm shrinks: remember its peak (VmPeak). */
static inline void update_hiwater_vm(struct mm_struct *mm)
{
	if (mm->hiwater_vm < mm->total_vm)
		mm->hiwater_vm = mm->total_vm;
}

bool may_expand_vm(const struct mm_struct *mm, const struct mm_limits *lim, unsigned long flags,
		   long nr_pages);
int mlock_future_check(const struct mm_struct *mm, const struct mm_limits *lim, unsigned long flags,
		       size_t len);

/* --- overcommit.c --- */
int vm_enough_memory(unsigned long nr_pages, bool cap_sys_admin);
void vm_acct_memory(unsigned long nr_pages);
void vm_unacct_memory(unsigned long nr_pages);

/* --- munmap.c --- */
void unmap_region(struct mm_struct *mm, struct vm_area_struct *first, vaddr_t start, vaddr_t end);
void remove_vma(struct vm_area_struct *vma);
unsigned long count_vma_pages_range(const struct mm_struct *mm, vaddr_t start, vaddr_t end);

/* --- unmapped_area.c --- */
vaddr_t arch_get_unmapped_area(struct mm_struct *mm, vaddr_t hint, size_t len, pgoff_t pgoff,
			       unsigned long flags);
vaddr_t arch_get_unmapped_area_topdown(struct mm_struct *mm, vaddr_t hint, size_t len,
				       pgoff_t pgoff, unsigned long flags);

/* --- shmem.c --- */
int shmem_zero_setup(struct vm_area_struct *vma);
void shmem_get(struct address_space *mapping);
void shmem_put(struct address_space *mapping);

/* --- vma.c, mm.c: boot --- */
void vma_cache_init(void);

#endif
