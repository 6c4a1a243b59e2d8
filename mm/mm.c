/* SPDX-License-Identifier: MIT */
/*
 * mm/mm.c - the life of an address space
 *
 *     mm_alloc   exec: empty                 mm_dup   fork: a copy that shares the pages
 *         \                                   /
 *          mm_users = 1, mm_count = 1  <-----+
 *              |  threads, /proc readers: mmget / mmput
 *          mm_users = 0: exit_mmap          every mapping, page and table is given back
 *              |  CPUs that still have it loaded (kernel threads): mmgrab / mmdrop
 *          mm_count = 0: pgd and struct go
 *
 * All users together hold one mm_count.  So a kernel thread may run on a dead process's page tables (lazily, not to
 * switch CR3) while the memory is long gone.
 *
 * Resident pages are counted per CPU (mm->rss): a fault changes only its own CPU's line, and a reader adds the parts
 * up.  A part may be negative, the sum is not.
 *
 * At its end every counter of an mm must be zero: pages by kind, table bytes, mappings.  check_mm() insists, in all
 * builds, because a wrong counter is a leaked or twice-freed page seen late.
 *
 * fork copies mapping by mapping in address order.  Whatever fails, the child's mm is then a valid, smaller address
 * space, and mmput takes it apart like any other; the parent has lost nothing but write permission in some page
 * tables, which faults restore.
 *
 * Locking: mmap_lock of parent and child, in this order (the child's cannot be contended: nobody knows it; it is taken
 * because what is called asserts it).  page_table_lock covers the high-water marks, arg_lock the exec fields.
 *
 * Sources: Linux, Documentation/mm/active_mm; fork(2).
 */
#include "mm_env.h"
#include <mm/slab.h>
#include <mm/vma.h>

unsigned long sysctl_mmap_min_addr = DEFAULT_MMAP_MIN_ADDR;

struct mm_struct init_mm = {
	.mm_users = ATOMIC_INIT(2),
	.mm_count = ATOMIC_INIT(1),
	.mmap_lock = RWSEM_INIT(init_mm.mmap_lock, LOCK_MMAP),
	.mm_lock_seq = 1,
	.vma_writer_wait = WAIT_QUEUE_HEAD_INIT(init_mm.vma_writer_wait),
	.page_table_lock = SPIN_LOCK_INIT(LOCK_MM_MISC),
	.arg_lock = SPIN_LOCK_INIT(LOCK_MM_MISC),
};

static struct kmem_cache *mm_cache;
static atomic_long_t next_context_id = ATOMIC_LONG_INIT(0);

static size_t mm_struct_size(void)
{
	return sizeof(struct mm_struct) + nr_cpu_ids * sizeof(struct mm_rss);
}

void mm_cache_init(void)
{
	mm_cache = kmem_cache_create("mm_struct", mm_struct_size(), 0,
				     SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
	vma_cache_init();
	rmap_init();
	filemap_init();
	zero_page_init();
}

/* What is the same for a fresh mm and a copy.  false when the pgd cannot be had. */
static bool mm_init(struct mm_struct *mm)
{
	unsigned int cpu;

	mm->mm_rb = RB_ROOT;
	mm->mmap = NULL;
	mm->highest_vm_end = 0;
	mm->map_count = 0;
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	atomic_set(&mm->tlb_flush_pending, 0);
	init_rwsem(&mm->mmap_lock, LOCK_MMAP);
	mm->mm_lock_seq = 1; /* a fresh VMA's vm_lock_seq, 0, is not a mark */
	init_waitqueue_head(&mm->vma_writer_wait);
	spin_lock_init(&mm->page_table_lock, LOCK_MM_MISC);
	spin_lock_init(&mm->arg_lock, LOCK_MM_MISC);
	mm->total_vm = mm->data_vm = mm->exec_vm = mm->stack_vm = 0;
	mm->locked_vm = 0;
	mm->def_flags = 0;
	mm->hiwater_rss = mm->hiwater_vm = 0;
	atomic_long_set(&mm->pinned_vm, 0);
	atomic_long_set(&mm->pgtables_bytes, 0);
	mm->exe_file = NULL;
	mm->cpumask = 0;
	atomic_long_set(&mm->tlb_gen, 1);
	mm->context_id = atomic_long_inc_return(&next_context_id);
	for_each_possible_cpu(cpu)
		memset(&mm->rss[cpu], 0, sizeof(mm->rss[cpu]));
	mm->pgd = pgd_alloc(mm);
	return mm->pgd;
}

/**
 * mm_alloc - an empty address space with Linux's default layout
 *
 * Return: NULL when out of memory.  Sleeps.
 */
struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kmem_cache_zalloc(mm_cache, GFP_KERNEL);

	if (!mm)
		return NULL;
	if (!mm_init(mm)) {
		kmem_cache_free(mm_cache, mm);
		return NULL;
	}
	mm->task_size = TASK_SIZE_MAX;
	mm->mmap_min_addr = READ_ONCE(sysctl_mmap_min_addr);
	mm_set_layout(mm, 0, 0, false);
	return mm;
}

/* --- layout --- */

#define STACK_RND_BYTES \
	(0x3fffffUL << PAGE_SHIFT) /* how far exec may move the stack's top: 16 GiB */
#define MIN_STACK_HOLE (128 * MiB)

/**
 * mm_set_layout - where the mmap region begins
 * @stack_limit:       RLIMIT_STACK in bytes: room left for the stack, between 128 MiB and five sixths
 * @random_mmap_pages: 0 for a fixed layout
 * @legacy:            bottom-up from a third of the address space
 *
 * Call before the first mapping.
 */
void mm_set_layout(struct mm_struct *mm, u64 stack_limit, u64 random_mmap_pages, bool legacy)
{
	u64 rnd = random_mmap_pages << PAGE_SHIFT;
	u64 pad = STACK_GUARD_GAP + (random_mmap_pages ? STACK_RND_BYTES : 0);
	u64 gap = stack_limit;

	mm->aslr = random_mmap_pages;
	if (gap + pad > gap) /* an unlimited stack would wrap round */
		gap += pad;
	gap = clamp(gap, (u64)MIN_STACK_HOLE, (u64)(mm->task_size / 6 * 5));
	mm->mmap_legacy_base = PAGE_ALIGN(mm->task_size / 3) + rnd;
	mm->mmap_base = legacy ? mm->mmap_legacy_base : PAGE_ALIGN(mm->task_size - gap - rnd);
	mm->get_unmapped_area = legacy ? arch_get_unmapped_area : arch_get_unmapped_area_topdown;
}

/* --- fork --- */

/* One mapping of the parent for the child, linked behind *@last.  0 or -ENOMEM. */
static int dup_vma(struct mm_struct *mm, struct vm_area_struct *old, struct vm_area_struct **last)
{
	unsigned long charge = old->vm_flags & VM_ACCOUNT ? vma_pages(old) : 0;
	struct vm_area_struct *vma;
	int err = 0;

	if (charge && vm_enough_memory(charge, false))
		return -ENOMEM;
	vma = vm_area_dup(old);
	if (!vma)
		goto out_uncharge;
	vma->vm_mm = mm;
	vma->anon_vma = NULL;
	vma->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	if (!(vma->vm_flags & VM_WIPEONFORK) && old->anon_vma && anon_vma_fork(vma, old))
		goto out_free;
	vma_get_backing(vma);
	vma_link(mm, vma, *last);
	vm_stat_account(mm, vma->vm_flags, vma_pages(vma));
	*last = vma;
	if (!(vma->vm_flags & VM_WIPEONFORK))
		err = copy_page_range(vma, old);
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(vma);
	return err; /* the mapping is whole; its pages go with the mm */

out_free:
	vm_area_free(vma);
out_uncharge:
	vm_unacct_memory(charge);
	return -ENOMEM;
}

/* All mappings, in order.  Whether the parent's page tables lost write permission is told by its anon_vmas. */
static int dup_mmap(struct mm_struct *mm, struct mm_struct *old)
{
	struct vm_area_struct *vma, *last = NULL;
	bool write_protected = false;
	int err = 0;

	mmap_write_lock(old);
	mmap_write_lock_nested(mm);
	mm->brk = old->brk; /* copied without the lock before; the other fields are stable */
	for (vma = old->mmap; vma && !err; vma = vma->vm_next) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		/*
		 * No fault of another thread may make an entry writable behind the copy, nor use a page that the child
		 * shares before the flush below: the mark stays until mmap_lock is dropped.
		 */
		vma_start_write(vma);
		write_protected |= vma->anon_vma != NULL;
		err = dup_vma(mm, vma, &last);
	}
	mmap_write_unlock(mm);
	if (write_protected)
		flush_tlb_mm(old);
	mmap_write_unlock(old);
	return err;
}

/**
 * mm_dup - fork's copy of an address space
 * @err: set on failure
 *
 * Private pages are shared, write-protected in both, until one side writes.  Locked memory is not inherited as
 * locked; VM_DONTCOPY mappings are left out, VM_WIPEONFORK ones come empty.
 *
 * Return: the copy with one user, or NULL with *@err = -ENOMEM; @old means the same as before in any case.
 * Locks:  takes both mmap_locks.  Sleeps.
 */
struct mm_struct *mm_dup(struct mm_struct *old, int *err)
{
	struct mm_struct *mm = kmem_cache_alloc(mm_cache, GFP_KERNEL);

	*err = -ENOMEM;
	if (!mm)
		return NULL;
	memcpy(mm, old, sizeof(*mm));
	if (!mm_init(mm)) {
		kmem_cache_free(mm_cache, mm);
		return NULL;
	}
	mm->flags = old->flags & MMF_DUMPABLE_MASK;
	mm_set_exe_file(mm, old->exe_file);
	*err = dup_mmap(mm, old);
	if (*err) {
		mmput(mm);
		return NULL;
	}
	mm->hiwater_rss = get_mm_rss(mm);
	mm->hiwater_vm = mm->total_vm;
	return mm;
}

/* --- the end --- */

/*
 * Debug builds compare everything once more before it goes.  On one CPU only: on several, another process may truncate
 * a file that is mapped here, and take entries away while they are counted.
 */
static void check_before_exit(struct mm_struct *mm)
{
#ifdef DEBUG
	if (nr_cpu_ids > 1)
		return;
	vma_check(mm);
	mm_check(mm);
#else
	(void)mm;
#endif
}

/* Every mapping, page and table of @mm goes.  Nobody uses it any more; CPUs may still have its pgd loaded. */
static void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *next;
	unsigned long charge = 0;
	struct mmu_gather tlb;

	if (!mm->mmap)
		return;
	mmap_write_lock(mm);
	check_before_exit(mm);
	tlb_gather_mmu_fullmm(&tlb, mm);
	unmap_vmas(&tlb, mm->mmap, 0, mm->task_size);
	free_pgtables(&tlb, mm->mmap, 0, 0);
	tlb_finish_mmu(&tlb);
	for (vma = mm->mmap; vma; vma = next) {
		next = vma->vm_next;
		if (vma->vm_flags & VM_ACCOUNT)
			charge += vma_pages(vma);
		mm->map_count--;
		vma->vm_detached = true;
		trace_mm(EV_VMA_REMOVE, vma->vm_start, 0, vma->vm_end);
		remove_vma(vma);
	}
	vm_unacct_memory(charge);
	mm->mmap = NULL;
	mm->mm_rb = RB_ROOT;
	mm->highest_vm_end = 0;
	mmap_write_unlock(mm);
}

/* __mmput - what the last user's mmput does.  Sleeps. */
void __mmput(struct mm_struct *mm)
{
	exit_mmap(mm);
	mm_set_exe_file(mm, NULL);
	mmdrop(mm);
}

/* mmput - one user fewer; the last tears the mappings down.  Sleeps. */
void mmput(struct mm_struct *mm)
{
	might_sleep();
	if (atomic_dec_and_test(&mm->mm_users))
		__mmput(mm);
}

static const char *const rss_names[NR_MM_COUNTERS] = { "file", "anon", "swap", "shmem" };

/* Counters of a dead mm are zero, or a page was lost or freed twice. */
static void check_mm(struct mm_struct *mm)
{
	long pgtables = atomic_long_read(&mm->pgtables_bytes);
	int i;

	for (i = 0; i < NR_MM_COUNTERS; i++) {
		long sum = 0;
		unsigned int cpu;

		for_each_possible_cpu(cpu)
			sum += mm->rss[cpu].count[i];
		if (unlikely(sum))
			panic("mm %lu ends with %ld %s pages counted", mm->context_id, sum,
			      rss_names[i]);
	}
	if (unlikely(pgtables || mm->map_count))
		panic("mm %lu ends with %ld bytes of tables, %d mappings", mm->context_id, pgtables,
		      mm->map_count);
}

/* mmdrop - one reference fewer; the last frees pgd and struct.  Any context that may free pages. */
void mmdrop(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_count))
		return;
	BUG_ON(mm == &init_mm);
	check_mm(mm);
	pgd_free(mm, mm->pgd);
	kmem_cache_free(mm_cache, mm);
}

/* --- counters and the executable --- */

/* get_mm_counter - resident pages of one kind, or swap entries: exact when nobody changes them just now */
unsigned long get_mm_counter(struct mm_struct *mm, int member)
{
	long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(mm->rss[cpu].count[member]);
	return max(sum, 0L);
}

unsigned long get_mm_rss(struct mm_struct *mm)
{
	long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const long *count = mm->rss[cpu].count;

		sum += READ_ONCE(count[MM_FILEPAGES]) + READ_ONCE(count[MM_ANONPAGES]) +
		       READ_ONCE(count[MM_SHMEMPAGES]);
	}
	return max(sum, 0L);
}

/* update_hiwater_rss - before the resident set shrinks: remember its peak (VmHWM) */
void update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm);

	if (READ_ONCE(mm->hiwater_rss) >= rss)
		return;
	spin_lock(&mm->page_table_lock);
	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
	spin_unlock(&mm->page_table_lock);
}

/* mm_get_exe_file - what /proc/pid/exe names, with a reference, or NULL */
struct file *mm_get_exe_file(struct mm_struct *mm)
{
	struct file *file;

	spin_lock(&mm->arg_lock);
	file = mm->exe_file;
	if (file)
		get_file(file);
	spin_unlock(&mm->arg_lock);
	return file;
}

/* mm_set_exe_file - @file (or NULL) is the executable from now on; takes a reference, drops the old one's */
void mm_set_exe_file(struct mm_struct *mm, struct file *file)
{
	struct file *old;

	if (file)
		get_file(file);
	spin_lock(&mm->arg_lock);
	old = mm->exe_file;
	mm->exe_file = file;
	spin_unlock(&mm->arg_lock);
	if (old)
		fput(old);
}
