/*
 * include/mm/mm.h - what the rest of the kernel calls in mm/
 *
 * Byte addresses and lengths unless a name says pages; errors are -errno, for addresses as in Linux a value
 * in the last page (IS_ERR_VALUE).
 */
#ifndef MM_MM_H
#define MM_MM_H

#include <mm/mm_types.h>
#include <mm/vma_lock.h>
#include <mm/gfp.h>
#include <uapi/mman.h>

#define IS_ERR_VALUE(x)       ((unsigned long)(x) >= (unsigned long)-4095L)
#define DEFAULT_MAX_MAP_COUNT 65530
#define DEFAULT_MMAP_MIN_ADDR 0x10000UL /* bytes; Debian's vm.mmap_min_addr */
#define STACK_GUARD_GAP       (256UL << PAGE_SHIFT)

extern struct mm_struct init_mm; /* the kernel's own: pgd and kernel mappings */
extern struct page *zero_page;
extern int sysctl_max_map_count;
extern int sysctl_overcommit_memory, sysctl_overcommit_ratio;
extern unsigned long sysctl_overcommit_kbytes;
extern unsigned long sysctl_mmap_min_addr; /* of address spaces to come */
unsigned long vm_memory_committed(void);   /* Committed_AS, pages */
unsigned long vm_commit_limit(void);       /* CommitLimit, pages */

/* --- mm.c: life of an address space --- */
void mm_cache_init(void);         /* slab caches of mm/, after kmem_cache_init */
struct mm_struct *mm_alloc(void); /* users 1, count 1, kernel half of pgd shared; NULL */
struct mm_struct *mm_dup(struct mm_struct *old,
			 int *err); /* fork; takes both locks; NULL and *err */
static inline void mmget(struct mm_struct *mm) { atomic_inc(&mm->mm_users); }
static inline bool mmget_not_zero(struct mm_struct *mm)
{
	return atomic_inc_not_zero(&mm->mm_users);
}
static inline void mmgrab(struct mm_struct *mm) { atomic_inc(&mm->mm_count); }
void mmput(struct mm_struct *mm);   /* last user: unmaps all; may sleep */
void __mmput(struct mm_struct *mm); /* mm_users is 0: unmaps all; sleeps */
void mmdrop(struct mm_struct *mm);  /* last reference: frees pgd and struct */
/* mm_set_layout - where stack ends and mmap begins; rnd 0 for norandmaps. Before the first mapping. */
void mm_set_layout(struct mm_struct *mm, u64 stack_limit, u64 random_mmap_pages, bool legacy);
struct file *mm_get_exe_file(struct mm_struct *mm);            /* with a reference, or NULL */
void mm_set_exe_file(struct mm_struct *mm, struct file *file); /* takes a reference */

static inline long add_mm_counter(struct mm_struct *mm, int member, long n)
{
	return mm->rss[smp_processor_id()].count[member] += n;
}
unsigned long get_mm_counter(struct mm_struct *mm, int member); /* exact, never negative, pages */
unsigned long get_mm_rss(struct mm_struct *mm);
void update_hiwater_rss(struct mm_struct *mm);

/* --- vma.c: find, split, merge --- */
struct vm_area_struct *find_vma(const struct mm_struct *mm, vaddr_t addr);
struct vm_area_struct *find_vma_intersection(const struct mm_struct *mm, vaddr_t start,
					     vaddr_t end);
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig);
void vm_area_free(struct vm_area_struct *vma);
int insert_vm_struct(struct mm_struct *mm,
		     struct vm_area_struct *vma); /* -ENOMEM when it overlaps */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t addr);
void vma_check(struct mm_struct *mm); /* validators: tree, list, gaps, counts */
pgprot_t vm_get_page_prot(unsigned long vm_flags);
/* vma_name - "[heap]", "[stack]", vm_ops->name or NULL; a file's path is the caller's to print */
const char *vma_name(struct vm_area_struct *vma);

static inline bool vma_is_anonymous(const struct vm_area_struct *vma) { return !vma->vm_ops; }
static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

/* --- mmap.c, brk.c, mprotect.c, mremap.c, madvise.c, mincore.c: each takes mmap_lock itself --- */
long vm_mmap(struct mm_struct *mm, const struct mm_limits *lim, struct file *file, vaddr_t addr,
	     size_t len, unsigned long prot, unsigned long flags,
	     u64 offset_bytes); /* populates when asked to */
int vm_munmap(struct mm_struct *mm, vaddr_t start, size_t len);
vaddr_t vm_brk(struct mm_struct *mm, const struct mm_limits *lim,
	       vaddr_t brk); /* brk(2): the break now */
int vm_brk_flags(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t addr, size_t len,
		 unsigned long vm_flags); /* exec: bss and the like */
int vm_mprotect(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t start, size_t len,
		unsigned long prot, bool read_implies_exec);
long vm_mremap(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t addr, size_t old_len,
	       size_t new_len, unsigned long flags, vaddr_t new_addr);
int vm_madvise(struct mm_struct *mm, vaddr_t start, size_t len, int advice);
/* vm_mincore_pages - residency of up to nr pages from start into vec, one byte each; -ENOMEM on a hole */
long vm_mincore_pages(struct mm_struct *mm, vaddr_t start, unsigned long nr, u8 *vec);
int vm_msync(struct mm_struct *mm, vaddr_t start, size_t len, int flags);
/* with mmap_lock held for write */
long do_mmap(struct mm_struct *mm, const struct mm_limits *lim, struct file *file, vaddr_t addr,
	     size_t len, unsigned long prot, unsigned long flags, unsigned long vm_flags,
	     pgoff_t pgoff, bool *populate);
int do_munmap(struct mm_struct *mm, vaddr_t start, size_t len);
vaddr_t get_unmapped_area(struct mm_struct *mm, const struct mm_limits *lim, struct file *file,
			  vaddr_t addr, size_t len, pgoff_t pgoff, unsigned long flags);
/* expand_stack - grow a VM_GROWSDOWN mapping to cover addr; mmap_lock for write */
int expand_stack(struct vm_area_struct *vma, const struct mm_limits *lim, vaddr_t addr);
/* exec's stack: a one-page VM_GROWSDOWN mapping below top; later moved and made final */
struct vm_area_struct *setup_stack_vma(struct mm_struct *mm, vaddr_t top);
int finalize_stack_vma(struct mm_struct *mm, struct vm_area_struct *vma,
		       const struct mm_limits *lim, vaddr_t new_top, unsigned long vm_flags);
/* install_special_mapping - pages of the kernel's in a user's view ([vdso], [vvar]); pages NULL-terminated */
struct vm_special_mapping {
	const char *name;
	struct page **pages;
};
int install_special_mapping(struct mm_struct *mm, vaddr_t addr, size_t len, unsigned long vm_flags,
			    const struct vm_special_mapping *spec);

/* --- fault.c --- */
#define FAULT_FLAG_WRITE       0x01u
#define FAULT_FLAG_USER        0x02u
#define FAULT_FLAG_INSTRUCTION 0x04u
#define FAULT_FLAG_ALLOW_RETRY 0x08u /* may drop the lock and answer VM_FAULT_RETRY */
#define FAULT_FLAG_TRIED       0x10u
#define FAULT_FLAG_REMOTE      0x20u /* /proc/[pid]/mem and the like */
#define FAULT_FLAG_FORCE       0x40u /* with REMOTE: past the permissions (breakpoints) */
#define FAULT_FLAG_UNSHARE     0x80u
#define FAULT_FLAG_VMA_LOCK    0x100u /* the VMA is locked instead of mmap_lock */

/* mm_fault's si_code: what sigaction(2) calls SEGV_MAPERR, SEGV_ACCERR and BUS_ADRERR */
#define FAULT_CODE_MAPERR 1
#define FAULT_CODE_ACCERR 2
#define FAULT_CODE_ADRERR 2

#define VM_FAULT_OOM      0x001u
#define VM_FAULT_SIGBUS   0x002u
#define VM_FAULT_MAJOR    0x004u
#define VM_FAULT_SIGSEGV  0x040u
#define VM_FAULT_NOPAGE   0x100u /* the handler installed the PTE itself, or a race did */
#define VM_FAULT_LOCKED   0x200u /* vmf->page comes locked */
#define VM_FAULT_RETRY    0x400u /* the lock was dropped: look everything up again */
#define VM_FAULT_ERROR    (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV)

struct vm_fault {
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	vaddr_t address; /* page aligned */
	vaddr_t real_address;
	unsigned int flags; /* FAULT_FLAG_* */
	pgoff_t pgoff;      /* pages into the object */
	pmd_t *pmd;
	pte_t *pte;     /* valid while ptl is held */
	pte_t orig_pte; /* what the decision was based on; rechecked under ptl */
	spinlock_t *ptl;
	struct page *page; /* ->fault's answer */
};

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, vaddr_t addr, unsigned int flags);

/* mm_limits_fn - fills in the limits of whoever faults: asked only when a stack has to grow */
typedef void (*mm_limits_fn)(struct mm_limits *lim);

/**
 * mm_fault - one page fault from beginning to end
 * @limits:  limits for stack growth
 * @addr:    the faulting byte
 * @flags:   FAULT_FLAG_* of the access
 * @si_code: set to SEGV_MAPERR or SEGV_ACCERR with VM_FAULT_SIGSEGV, BUS_ADRERR with VM_FAULT_SIGBUS
 *
 * Finds and locks the mapping, grows the stack, checks the permission, handles, retries.
 *
 * Return: VM_FAULT_*; without VM_FAULT_ERROR the access may be tried again.
 * Locks:  none held on entry or exit; the caller is a user of @mm.  May sleep.
 */
vm_fault_t mm_fault(struct mm_struct *mm, mm_limits_fn limits, vaddr_t addr, unsigned int flags,
		    int *si_code);

/* --- memory.c, gup.c --- */
int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src); /* fork, one mapping */
/* access_remote_vm - copy up to len bytes between buf and another address space; bytes done */
size_t access_remote_vm(struct mm_struct *mm, vaddr_t addr, void *buf, size_t len, bool write,
			bool force);
int mm_populate(struct mm_struct *mm, const struct mm_limits *lim, vaddr_t start,
		size_t len); /* no lock held */
/* pt_walk - the entries met on the way to addr; levels is their number, 1..4, the last is final */
struct pt_walk {
	u64 entry[4];
	int levels;
	u64 final;
	bool large;
	paddr_t phys;
};
int pt_walk(pgd_t *pgd, vaddr_t addr, struct pt_walk *out);
u64 pt_walk_flags(
	const struct pt_walk *walk); /* _PAGE_RW, _PAGE_USER, _PAGE_NX of all entries together */
/* pages mapped in [start,end) by kind, for smaps and pagemap: callback per PTE, under its lock */
struct mm_walk_ops {
	int (*pte)(pte_t *pte, vaddr_t addr, struct vm_area_struct *vma, void *arg);
	int (*hole)(vaddr_t start, vaddr_t end, struct vm_area_struct *vma, void *arg);
};
int walk_page_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, const struct mm_walk_ops *ops,
		    void *arg);

/* --- check.c --- */
void mm_check(struct mm_struct *mm); /* VMAs, page tables, struct pages agree; mmap_lock held */

/* --- vmstat.c: events, counted per CPU --- */
enum vm_event_item {
	PGPGIN,
	PGPGOUT,
	PSWPIN,
	PSWPOUT,
	PGALLOC_DMA,
	PGALLOC_DMA32,
	PGALLOC_NORMAL,
	PGALLOC_MOVABLE, /* in enum zone_type's order */
	PGFREE,
	PGACTIVATE,
	PGDEACTIVATE,
	PGFAULT,
	PGMAJFAULT,
	PGREFILL,
	PGSCAN,
	PGSTEAL,
	PGFAULT_ZERO_PAGE,
	PGFAULT_ANON,
	PGFAULT_FILE,
	PGFAULT_COW,
	PGFAULT_REUSE,
	PGFAULT_SPURIOUS,
	PGFAULT_FILE_COW,
	PGFAULT_SHARED_MKWRITE,
	PGFAULT_AROUND,
	PGFAULT_STACK,
	TLB_FLUSH_ONE,
	TLB_FLUSH_ALL,
	TLB_REMOTE_FLUSH,
	TLB_REMOTE_FLUSH_RECEIVED,
	PGTABLE_ALLOC,
	PGTABLE_FREE,
	VMA_MERGE,
	VMA_SPLIT,
	VMA_LOCK_ABORT,
	VMA_LOCK_RETRY,
	VMA_LOCK_MISS,
	OOM_KILL,
	NR_VM_EVENT_ITEMS
};
struct vm_event_state {
	unsigned long event[NR_VM_EVENT_ITEMS];
};
DECLARE_PER_CPU(struct vm_event_state, vm_event_states);
#define count_vm_event(item)     this_cpu_inc(vm_event_states.event[item])
#define count_vm_events(item, n) this_cpu_add(vm_event_states.event[item], n)
void all_vm_events(unsigned long sum[NR_VM_EVENT_ITEMS]);
extern const char *const vm_event_names[NR_VM_EVENT_ITEMS];

#endif
