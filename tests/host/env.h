/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env.h - the machine that mm/ runs on when it runs on the host
 *
 *   arena.c     RAM and vmemmap; freed pages become inaccessible, and no TLB may still reach them
 *   task.c      software CPUs as coroutines under a seeded scheduler; locks, waiting, RCU, interrupts
 *   softmmu.c   page walks, TLBs and flushes; user_read8() and its kin run the whole fault path
 *   files.c     files with contents by formula, errors and delays on demand
 *   boot.c      brings mm/ up, and counts what a test must give back
 *
 * A test starts on CPU 0, alone: nothing happens behind its back.  env_run() lets several tasks run, one to a
 * CPU, switching wherever mm/ touches a lock, a page-table entry, a TLB or an allocator; the seed of the test
 * decides, so every interleaving replays.
 */
#ifndef HOST_ENV_H
#define HOST_ENV_H

#include <mm_env.h>
#include <mm/mm_types.h>

#include "harness.h"

/* --- arena.c --- */
struct env_ram {
	paddr_t base;
	u64 size; /* bytes */
	int nid;
};

struct env_config {
	const struct env_ram *ram; /* ends with size 0; NULL: 64 MiB from 0 in node 0 */
	unsigned int cpus;         /* 0: 4 */
};

#define ENV_MAX_CPUS 8

void env_arena_init(const struct env_config *config); /* part of env_boot() */
const struct env_config *env_current_config(void);
/* Is [pa, pa + len) RAM? */
bool env_is_ram(paddr_t pa, u64 len);

/* --- boot.c --- */

/* env_boot_phys - memblock, zones, buddy, slab; env_boot - also vmalloc and the caches of address spaces */
void env_boot_phys(const struct env_config *config);
void env_boot(const struct env_config *config);

/* What is in use now; env_expect_same() fails the test when something of it has changed, naming it. */
struct env_snapshot {
	unsigned long free_pages, slab_pages;
	unsigned int nr_caches;
	struct {
		const char *name;
		unsigned long objs;
	} cache[128];
};
void env_snapshot(struct env_snapshot *s);
void env_expect_same(const struct env_snapshot *s);

/* --- task.c --- */

typedef void (*env_task_fn)(void *arg);

/**
 * env_run - run @n tasks to their end, task i on CPU i
 *
 * The caller holds no lock.  Fails the test on a deadlock (all wait, nothing is due), on a task that ends
 * holding a lock, and on whatever the lock checks find.
 */
void env_run(unsigned int n, const env_task_fn *fns, void *const *args);
/* env_run_threads - the same with the tasks as threads of @mm: each is a user of it */
struct mm_struct;
void env_run_threads(struct mm_struct *mm, unsigned int n, const env_task_fn *fns,
		     void *const *args);

/* Something that happens later, as an interrupt does: with interrupts off, on any CPU. */
void env_defer(void (*fn)(void *arg), void *arg);
/* Let everything deferred happen now. */
void env_run_deferred(void);
/* Wait for all RCU callbacks. */
void env_rcu_barrier(void);

/* A point where another CPU may run; mm/ passes one at every seam call. */
void env_seam(void);
/* One switch in @one_in seams; 0: only when a task must wait.  Default 4. */
void env_set_switch_rate(unsigned int one_in);
/* Run the following on this CPU (not inside env_run): per-CPU lists and TLBs of several CPUs from one task. */
void env_set_cpu(unsigned int cpu);

/* @fn runs on @cpu as an interrupt: outside env_run() on any CPU, inside only on this task's. */
void env_on_cpu(unsigned int cpu, void (*fn)(void *arg), void *arg);

unsigned int env_locks_held(void); /* by this task */
/* softmmu.c: is any other task inside the kernel, so that its flush may be still to come? */
bool env_others_in_kernel(void);
void env_set_in_user(bool in_user);

/* --- softmmu.c --- */

struct user_fault { /* of the last user access */
	int signo;  /* 0, SIGSEGV 11, SIGBUS 7, SIGKILL 9 for out of memory */
	int si_code;
	vaddr_t addr;
	unsigned int faults; /* page faults taken by the access */
	unsigned int result; /* VM_FAULT_* of the last of them */
};
extern struct user_fault user_fault;

/*
 * One access by user code of @mm on this CPU: 0, or the signal that it would get (details in user_fault).  An
 * access across a page boundary is done bytewise.
 */
int user_read(struct mm_struct *mm, vaddr_t addr, void *buf, size_t len);
int user_write(struct mm_struct *mm, vaddr_t addr, const void *buf, size_t len);
int user_exec(struct mm_struct *mm, vaddr_t addr);

#define USER_ACCESS(bits)                                                                 \
	static inline int user_read##bits(struct mm_struct *mm, vaddr_t addr, u##bits *v) \
	{                                                                                 \
		return user_read(mm, addr, v, sizeof(*v));                                \
	}                                                                                 \
	static inline int user_write##bits(struct mm_struct *mm, vaddr_t addr, u##bits v) \
	{                                                                                 \
		return user_write(mm, addr, &v, sizeof(v));                               \
	}
USER_ACCESS(8)
USER_ACCESS(16)
USER_ACCESS(32)
USER_ACCESS(64)

/* The limits that user faults pass to mm_fault(): generous; tests change them. */
extern struct mm_limits env_limits;

/* The kernel reads or writes through init_mm's tables (vmalloc); fails the test when nothing is mapped there. */
u8 kernel_read8(vaddr_t addr);
void kernel_write8(vaddr_t addr, u8 v);
bool kernel_mapped(vaddr_t addr);

/*
 * Processors with PCIDs from now on (after env_boot(), before the first mm is loaded): entries of address spaces that
 * are not loaded stay in the TLB.
 */
void env_enable_pcid(void);
/* A task of @mm runs on this CPU from now on; NULL: only the kernel's mappings are loaded. */
void env_load(struct mm_struct *mm);
/* A kernel thread runs on this CPU: what is loaded stays loaded, until the next access by user code. */
void env_kernel_thread(void);
/* env_mmput - @mm's last tasks leave it, on every CPU where it is loaded, as exit does, and drop the user */
void env_mmput(struct mm_struct *mm);
/* Which mm a CPU has loaded; NULL: none but the kernel's. */
struct mm_struct *env_cpu_mm(unsigned int cpu);
/* No TLB entry that any CPU could use allows more than the tables do.  Called after each env_run(). */
void env_tlb_check(void);
/* arena.c reports frames that became free. */
void env_tlb_page_freed(pfn_t pfn, unsigned int order);

struct env_tlb_stats {
	unsigned long hits, misses;
	unsigned long loads,
		kept;         /* of tables; with what the TLB held under the PCID still there */
	unsigned long kernel; /* flushes of kernel entries, all CPUs counted */
};
extern struct env_tlb_stats env_tlb_stats;

/* --- files.c --- */

struct file;
/* A readable and writable file of @size bytes; its byte at @off is env_file_pattern(off) until written. */
struct file *env_file_create(const char *name, u64 size);
u8 env_file_pattern(u64 off);
u8 env_file_byte(struct file *file, u64 off);        /* what the backing store has */
void env_file_set_size(struct file *file, u64 size); /* ftruncate: size, then page cache */
void env_file_set_mode(struct file *file, bool readable, bool writable);
/* Reading page @index fails with @err (-EIO) from now on; 0 mends it. */
void env_file_fail_read(struct file *file, unsigned long index, int err);
/* Reads complete later, by an interrupt, and not before somebody waits or the scheduler says so. */
void env_file_set_async(struct file *file, bool async);
unsigned long env_file_reads(const struct file *file); /* pages read from the backing store */
int env_file_refs(const struct file *file);
unsigned int env_files_open(void); /* files with references */

#endif
