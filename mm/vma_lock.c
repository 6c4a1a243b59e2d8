/* SPDX-License-Identifier: MIT */
/*
 * mm/vma_lock.c - the lock of one VMA: faults that do not take mmap_lock
 *
 * A fault needs one mapping to hold still, not all of them.  mmap_lock, taken by each fault of each thread, would be a
 * word that all CPUs write; and one thread's mmap would hold up the faults of all others.  So each VMA can be locked by
 * itself, and a fault finds it without a lock:
 *
 *     fault (reader)                                       mmap, munmap, ... (writer)
 *     ------------------------------------------------     ------------------------------------------------
 *     rcu_read_lock                                        mmap_lock for write
 *     walk the tree, a bounded number of steps             vma_start_write, each VMA before it changes:
 *     vm_readers + 1              (full barrier)               vm_lock_seq = mm_lock_seq   (full barrier)
 *     vm_lock_seq == mm_lock_seq: a writer, give up            vm_readers != 0: wait until they have left
 *     detached, or another range: give up                  change, detach
 *     rcu_read_unlock                                      mm_lock_seq + 1: all marks end at once
 *     ... the fault ...                                    drop mmap_lock
 *     vm_readers - 1                                       detached VMAs: call_rcu
 *
 * Both sides write their own word, then read the other's, with a full barrier between: at least one of them sees the
 * other.  A reader that sees the mark steps back; a writer that sees a reader waits for it.  So between the mark and
 * the end of all marks nobody reads the VMA but the writer.
 *
 * The walk may meet a tree that is being changed.  The memory of what it meets is kept by RCU, and its steps are
 * bounded, for nodes that are rotated under it could lead it in a circle; otherwise it may end anywhere.  That does no
 * harm, and needs no sequence count over the tree: what the walk ends at is only a candidate.  Once locked, not
 * detached, and with the address in its range, it is the mapping of that address, however it was found; and when
 * nothing is found, nothing is concluded: the fault takes mmap_lock and looks again.
 *
 * Invariants:
 *   L1  vm_start, vm_end, vm_pgoff, vm_flags, vm_page_prot, vm_file, vm_ops and detached change only while the VMA is
 *       write-locked, or in no tree; anon_vma likewise, but for being set once (rmap.h);
 *   L2  a VMA enters the tree write-locked, and leaves it write-locked and detached;
 *   L3  the tables below a VMA are freed only while it is write-locked, or after it is detached;
 *   L4  a reader of a VMA waits for nothing whose holder may want mmap_lock, nor for mmap_lock itself.
 *
 * A VMA is freed at once where its mm has a single user: nobody else can be in a walk.
 *
 * Locking: rank LOCK_VMA, inside mmap_lock.  mm_lock_seq is written by the holder of mmap_lock for write.
 *
 * Sources: Linux 6.4, include/linux/mm.h (vma_start_read); Dijkstra's "Cooperating sequential processes" for two words
 * and two barriers.
 */
#include "mm_env.h"
#include <mm/vma.h>

/* A tree of DEFAULT_MAX_MAP_COUNT nodes is at most 2 * log2(65531) = 32 high. */
#define VMA_WALK_STEPS 64

/* A candidate for the mapping of @addr; or NULL.  Locks: rcu_read_lock. */
static struct vm_area_struct *vma_walk(struct mm_struct *mm, vaddr_t addr)
{
	struct rb_node *node = rcu_dereference(mm->mm_rb.rb_node);

	for (unsigned int steps = 0; node && steps < VMA_WALK_STEPS; steps++) {
		struct vm_area_struct *vma = rb_entry(node, struct vm_area_struct, vm_rb);

		race_point();
		if (READ_ONCE(vma->vm_end) <= addr)
			node = rcu_dereference(node->rb_right);
		else if (READ_ONCE(vma->vm_start) <= addr)
			return vma;
		else
			node = rcu_dereference(node->rb_left);
	}
	return NULL;
}

/* The reader's half.  false: a writer has it. */
static inline bool vma_start_read(struct vm_area_struct *vma, struct mm_struct *mm)
{
	/* Most losers are told here, without a write to what the others read. */
	if (unlikely(READ_ONCE(vma->vm_lock_seq) == READ_ONCE(mm->mm_lock_seq)))
		return false;
	race_point();
	atomic_inc_return(&vma->vm_readers);
	lockdebug_sleep_acquire(vma, LOCK_VMA, false, true);
	race_point();
	/* Acquire: if the mark has ended, we see what was done under it. */
	if (likely(READ_ONCE(vma->vm_lock_seq) != smp_load_acquire(&mm->mm_lock_seq)))
		return true;
	vma_end_read(vma);
	return false;
}

struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *vma;

	rcu_read_lock();
	vma = vma_walk(mm, addr);
	if (unlikely(!vma)) {
		rcu_read_unlock();
		count_vm_event(VMA_LOCK_MISS);
		return NULL;
	}
	if (unlikely(!vma_start_read(vma, mm)))
		goto abort;
	/* It may have been unmapped, cut or moved between the walk and the lock; now it cannot be. */
	if (unlikely(vma->vm_detached || addr < vma->vm_start || addr >= vma->vm_end)) {
		vma_end_read(vma);
		goto abort;
	}
	rcu_read_unlock();
	return vma;
abort:
	rcu_read_unlock();
	count_vm_event(VMA_LOCK_ABORT);
	return NULL;
}

/* The writer's half. */
void __vma_start_write(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	(void)xchg(&vma->vm_lock_seq, mm->mm_lock_seq);
	race_point();
	if (likely(!atomic_read(&vma->vm_readers)))
		return;
	/* From here on the last reader out wakes us.  It may have left already: then the condition holds at once. */
	atomic_or(VMA_WRITER_WAITS, &vma->vm_readers);
	wait_event(&mm->vma_writer_wait, atomic_read(&vma->vm_readers) == VMA_WRITER_WAITS);
	atomic_and(~VMA_WRITER_WAITS, &vma->vm_readers);
}

/* vma_wake_writer - the last reader of a VMA has left.  There is one writer at most, the holder of mmap_lock. */
void vma_wake_writer(struct mm_struct *mm)
{
	wake_up_all(&mm->vma_writer_wait);
}
