/* SPDX-License-Identifier: MIT */
/*
 * include/mm/vma_lock.h - mmap_lock for write, and the lock of one VMA
 *
 * mmap_lock is taken for read by its plain name, down_read(&mm->mmap_lock); for write only by the names below, because
 * dropping it ends the marks that the writer left on VMAs.  mm/vma_lock.c tells how the two locks fit together.
 */
#ifndef MM_VMA_LOCK_H
#define MM_VMA_LOCK_H

#include <mm/mm_types.h>

static inline void mmap_write_lock(struct mm_struct *mm) { down_write(&mm->mmap_lock); }
/* mmap_write_lock_nested - the child's, under the parent's */
static inline void mmap_write_lock_nested(struct mm_struct *mm)
{
	down_write_nested(&mm->mmap_lock);
}

/* All VMAs that were marked are free again: the mark was the number that now changes. */
static inline void vma_end_write_all(struct mm_struct *mm)
{
	smp_store_release(&mm->mm_lock_seq, mm->mm_lock_seq + 1);
}

static inline void mmap_write_unlock(struct mm_struct *mm)
{
	vma_end_write_all(mm);
	up_write(&mm->mmap_lock);
}

/* mmap_write_downgrade - the writer becomes a reader, with nobody in between */
static inline void mmap_write_downgrade(struct mm_struct *mm)
{
	vma_end_write_all(mm);
	downgrade_write(&mm->mmap_lock);
}

/* --- the lock of one VMA --- */

#define VMA_WRITER_WAITS \
	0x40000000 /* in vm_readers: who takes the count to zero wakes the writer */

/**
 * lock_vma_under_rcu - the VMA that contains @addr, locked for reading, without mmap_lock
 *
 * NULL says nothing: a mapping may well be there.  The caller then takes mmap_lock and looks again.
 *
 * Locks: the caller is a user of @mm.  vma_end_read() gives the VMA back.
 */
struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, vaddr_t addr);
void vma_wake_writer(struct mm_struct *mm);

/* vma_end_read - after it @vma may be gone at any time */
static inline void vma_end_read(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	lockdebug_sleep_release(vma);
	if (unlikely(atomic_sub_return(1, &vma->vm_readers) == VMA_WRITER_WAITS))
		vma_wake_writer(mm);
}

void __vma_start_write(struct vm_area_struct *vma);

/**
 * vma_start_write - before @vma changes, or leaves the tree: no fault is at work on it until mmap_lock is dropped
 *
 * Locks: mmap_lock for write, and nothing that a fault may wait for.  Sleeps.
 */
static inline void vma_start_write(struct vm_area_struct *vma)
{
	assert_rwsem_held_write(&vma->vm_mm->mmap_lock);
	if (vma->vm_lock_seq != vma->vm_mm->mm_lock_seq)
		__vma_start_write(vma);
}

/* Contracts, checked in debug builds.  A VMA that is in no tree is its maker's alone. */
static inline void vma_assert_write_locked(const struct vm_area_struct *vma)
{
	VM_BUG_ON(!vma->vm_detached && vma->vm_lock_seq != vma->vm_mm->mm_lock_seq);
	(void)vma;
}

static inline void vma_assert_locked(const struct vm_area_struct *vma)
{
	VM_BUG_ON(!atomic_read(&vma->vm_readers) && !rwsem_is_locked(&vma->vm_mm->mmap_lock));
	(void)vma;
}

#endif
