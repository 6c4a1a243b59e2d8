/*
 * include/mm/mm_types.h - an address space and its mappings
 *
 * Letters: [m] mmap_lock, read to read and write to write; [p] page_table_lock; [a] atomic; [I] set once, before
 * others see it; [g] arg_lock; [r] mmap_lock for write plus the reverse-map lock of the object mapped; [v] mmap_lock or
 * the VMA's lock to read, and to write both for write (mm/vma_lock.c).
 */
#ifndef MM_MM_TYPES_H
#define MM_MM_TYPES_H

#include "mm_env.h"

#include <mm/page.h>

struct file;
struct anon_vma;
struct linux_binfmt;
struct vm_operations_struct;

/* vm_flags.  The low eight mirror PROT_* and MAP_*; bit values are Linux's, so that smaps' letters follow. */
#define VM_READ         0x00000001UL
#define VM_WRITE        0x00000002UL
#define VM_EXEC         0x00000004UL
#define VM_SHARED       0x00000008UL
#define VM_MAYREAD      0x00000010UL
#define VM_MAYWRITE     0x00000020UL
#define VM_MAYEXEC      0x00000040UL
#define VM_MAYSHARE     0x00000080UL
#define VM_GROWSDOWN    0x00000100UL
#define VM_PFNMAP       0x00000400UL
#define VM_LOCKED       0x00002000UL
#define VM_IO           0x00004000UL
#define VM_SEQ_READ     0x00008000UL
#define VM_RAND_READ    0x00010000UL
#define VM_DONTCOPY     0x00020000UL
#define VM_DONTEXPAND   0x00040000UL
#define VM_LOCKONFAULT  0x00080000UL
#define VM_ACCOUNT      0x00100000UL
#define VM_NORESERVE    0x00200000UL
#define VM_HUGETLB      0x00400000UL
#define VM_WIPEONFORK   0x02000000UL
#define VM_DONTDUMP     0x04000000UL
#define VM_SOFTDIRTY    0x08000000UL
#define VM_MIXEDMAP     0x10000000UL
#define VM_HUGEPAGE     0x20000000UL
#define VM_NOHUGEPAGE   0x40000000UL
#define VM_MERGEABLE    0x80000000UL
#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)
#define VM_SPECIAL      (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)

/*
 * A mapping: [vm_start, vm_end), page aligned, one set of permissions, one backing.  Three cache lines: what a search
 * reads; what a fault reads besides; what faults and the reverse map write.
 */
struct vm_area_struct {
	vaddr_t vm_start, vm_end; /* [r][v] bytes */
	struct rb_node vm_rb;     /* [m] in mm->mm_rb by vm_start; walked under RCU too */
	struct mm_struct *vm_mm;  /* [I] */
	unsigned long vm_flags;   /* [v] */
	pgprot_t vm_page_prot;    /* [v] what a fresh PTE gets */

	struct anon_vma *anon_vma; /* [v] or mmap_lock read + page_table_lock when first set */
	const struct vm_operations_struct *vm_ops; /* [I] NULL: anonymous */
	pgoff_t vm_pgoff;     /* [r][v] pages; anon: vm_start >> PAGE_SHIFT when created */
	struct file *vm_file; /* [I] holds a reference */
	void *vm_private_data;
	unsigned long
		rb_subtree_gap; /* [m] largest hole just below a VMA of this subtree, bytes, capped */
	struct vm_area_struct *vm_next, *vm_prev; /* [m] list in address order */

	union {
		struct { /* file mappings: i_mmap interval tree, i_mmap_rwsem */
			struct rb_node rb;
			pgoff_t rb_subtree_last;
		} shared;
		struct rcu_head vm_rcu; /* freed, but a walk may still look */
	};
	struct list_head anon_vma_chain; /* [m] plus the anon_vma's lock */
	unsigned long vm_lock_seq;       /* [m] mm->mm_lock_seq: write-locked */
	atomic_t vm_readers;             /* [a] faults that hold it; VMA_WRITER_WAITS */
	bool vm_detached;                /* [v] in no tree */
};

/* Resident pages by kind, as /proc shows them. */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

struct mm_rss { /* one per CPU; the sum over CPUs is exact, a part may be negative */
	long count[NR_MM_COUNTERS];
} __aligned(32);

#define AT_VECTOR_SIZE 48 /* words: two per entry */

/* mm->flags */
#define MMF_DUMPABLE_MASK 0x3UL /* 0 no, 1 user, 2 root only */
#define MMF_HAS_PINNED    (1UL << 8)
#define MMF_OOM_SKIP      (1UL << 9)

struct mm_struct {
	struct rb_root mm_rb;        /* [m] augmented with rb_subtree_gap */
	struct vm_area_struct *mmap; /* [m] lowest mapping */
	pgd_t *pgd;                  /* [I] */
	vaddr_t (*get_unmapped_area)(struct mm_struct *mm, vaddr_t hint, size_t len, pgoff_t pgoff,
				     unsigned long flags); /* [I] top-down or legacy */
	vaddr_t mmap_base;                                 /* [I] top-down placement begins below */
	vaddr_t mmap_legacy_base;                          /* [I] */
	vaddr_t task_size;                                 /* [I] */
	vaddr_t highest_vm_end;                            /* [m] */
	vaddr_t mmap_min_addr;                             /* [I] */

	atomic_t mm_users; /* [a] threads and temporary users; 0 tears the mappings down */
	atomic_t mm_count; /* [a] mm_users as one, plus lazy borrowers; 0 frees the struct */
	atomic_t tlb_flush_pending;    /* [a] */
	int map_count;                 /* [m] */
	unsigned int membarrier_state; /* [a] registrations, kernel/membarrier.c */

	struct rw_semaphore mmap_lock; /* rank LOCK_MMAP */
	unsigned long mm_lock_seq;     /* [m] how often mmap_lock was held for write: marks VMAs */
	wait_queue_head_t vma_writer_wait; /* the holder of mmap_lock waits for a VMA's readers */
	spinlock_t page_table_lock; /* rank LOCK_MM_MISC: upper levels, vma->anon_vma, hiwater */

	unsigned long total_vm;                /* [m] pages: all mappings */
	unsigned long locked_vm;               /* [m] pages: VM_LOCKED */
	atomic_long_t pinned_vm;               /* [a] pages */
	unsigned long data_vm;                 /* [m] private, writable, not stack */
	unsigned long exec_vm;                 /* [m] executable and not writable, not stack */
	unsigned long stack_vm;                /* [m] */
	unsigned long def_flags;               /* [m] mlockall(MCL_FUTURE) */
	unsigned long hiwater_rss, hiwater_vm; /* [p] pages */
	atomic_long_t pgtables_bytes; /* [a] table pages x 4096, the pgd not counted (as Linux) */

	spinlock_t arg_lock;
	vaddr_t start_code, end_code, start_data, end_data; /* [g] */
	vaddr_t start_brk, brk, start_stack;                /* [m] */
	vaddr_t arg_start, arg_end, env_start, env_end;     /* [g] */
	unsigned long saved_auxv[AT_VECTOR_SIZE];           /* [I] */

	const struct linux_binfmt *binfmt; /* [I] */
	struct file *exe_file;             /* [I] reference */
	unsigned long flags;               /* [a] MMF_* */
	u64 context_id; /* [I] unique: TLB slots and events name the mm by it; init_mm's is 0 */
	unsigned long cpumask;             /* [a] CPUs that have this mm loaded */
	atomic_long_t tlb_gen;             /* [a] one more for each flush (arch/x86_64/tlb.c) */
	bool aslr;                         /* [I] randomised layout */
	struct work_struct async_put_work; /* mmput_async, by the last user */
	struct mm_rss rss[];               /* nr_cpu_ids entries */
};

typedef unsigned int vm_fault_t;
struct vm_fault;

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma); /* copied by fork or split */
	void (*close)(struct vm_area_struct *vma);
	vm_fault_t (*fault)(
		struct vm_fault *vmf); /* set vmf->page, locked, referenced; or NOPAGE etc. */
	vm_fault_t (*map_pages)(struct vm_fault *vmf, pgoff_t first,
				pgoff_t last); /* fault-around, cached pages only */
	vm_fault_t (*page_mkwrite)(struct vm_fault *vmf);
	int (*access)(struct vm_area_struct *vma, vaddr_t addr, void *buf, int len, int write);
	const char *(*name)(struct vm_area_struct *vma); /* for maps: "[vvar]" and the like */
};

/* What the system calls may use up: filled from the caller's rlimits and capabilities. Bytes. */
struct mm_limits {
	u64 as;             /* RLIMIT_AS */
	u64 data;           /* RLIMIT_DATA */
	u64 stack;          /* RLIMIT_STACK */
	u64 memlock;        /* RLIMIT_MEMLOCK */
	bool cap_sys_rawio; /* may map below mmap_min_addr */
	bool cap_ipc_lock;
	bool cap_sys_admin;
};

#endif
