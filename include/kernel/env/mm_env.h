/*
 * include/kernel/env/mm_env.h - mm's only outward include, as the kernel provides it
 *
 * mm/ is a library.  Everything it needs from outside comes through this header, and which directory it is
 * found in decides whether the kernel or the host harness (tests/host/env) is being built.  The names:
 *
 *   types, containers  lib/: list, rbtree, interval tree, bitmap, atomic, string, printf; IS_ERR and friends
 *   checks             BUG_ON, VM_BUG_ON, WARN_ON, assert, panic, printk, pr_info, pr_warn, pr_err
 *   per CPU            DEFINE_PER_CPU, DECLARE_PER_CPU, this_cpu_ptr, per_cpu_ptr, this_cpu_read, this_cpu_write,
 *                      this_cpu_add, this_cpu_inc, smp_processor_id, nr_cpu_ids, NR_CPUS, for_each_possible_cpu;
 *                      get_cpu, put_cpu, get_cpu_ptr, put_cpu_ptr around more than one statement;
 *                      on_each_cpu, which runs a function there with interrupts off
 *   interrupts         local_irq_save, local_irq_restore, irqs_disabled, might_sleep
 *   locks              spinlock_t, rw_semaphore, mutex, with ranks; assert_* ; rcu_read_lock, call_rcu
 *   waiting            wait_queue_head_t, init_waitqueue_head, wait_event, wake_up_all; cond_resched
 *   deferred work      struct work_struct: mm has room for it, the kernel's mmput_async uses it
 *   entries            pte/pmd/pud/pgd types and arithmetic (arch/pgtable.h); pgd_offset .. pte_offset,
 *                      ptep_get, set_pte, ptep_get_and_clear, ptep_cmpxchg, pmdp_get, set_pmd, ...
 *   TLB                flush_tlb_page, flush_tlb_range, flush_tlb_mm, flush_tlb_mm_range, flush_tlb_kernel_range
 *   layout             PAGE_OFFSET, vmemmap, phys_to_virt, virt_to_phys, pfn_to_page, page_to_pfn,
 *                      page_address, virt_to_page, pfn_valid, kmap_local_page, kunmap_local
 *   bytes              clear_page, copy_page
 *   files              get_file, fput, file_mapping, file_mmap_allowed, call_mmap
 *   random             get_random_long
 *   events             trace_mm: EV_PAGE_ALLOC is the first thing done to a page, EV_PAGE_FREE the last (the host
 *                      makes the memory inaccessible there, and looks whether a TLB still reaches it)
 *   testing            should_fail_alloc; race_point; kasan_poison, kasan_unpoison
 */
#ifndef MM_ENV_H
#define MM_ENV_H

#include <lib/types.h>
#include <lib/atomic.h>
#include <lib/bitops.h>
#include <lib/bitmap.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <lib/interval_tree.h>
#include <lib/sort.h>
#include <lib/string.h>
#include <lib/printf.h>
#include <lib/err.h>
#include <uapi/errno.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <kernel/rwsem.h>
#include <kernel/mutex.h>
#include <kernel/wait.h>
#include <kernel/workqueue.h>
#include <kernel/rcu.h>
#include <kernel/trace.h>
#include <kernel/fault_inject.h>
#include <kernel/race.h>
#include <kernel/kasan.h>
#include <kernel/percpu.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <arch/layout.h>
#include <arch/pgtable.h>
#include <arch/pgtable_ops.h>
#include <arch/tlb.h>
#include <mm/page.h>
#include <mm/memmap.h>

struct file;
struct address_space;
struct vm_area_struct;

struct file *get_file(struct file *file);
void fput(struct file *file);
/* file_mapping - the address_space of an open file; NULL when it has none (pipe, tty) */
struct address_space *file_mapping(struct file *file);
/* file_mmap_allowed - 0, -EACCES (open mode), -ENODEV (cannot be mapped), -EPERM (noexec); clears VM_MAY* bits */
int file_mmap_allowed(struct file *file, unsigned long prot, unsigned long map_flags,
		      unsigned long *vm_flags);
/* call_mmap - the file's own mmap operation: sets vma->vm_ops */
int call_mmap(struct file *file, struct vm_area_struct *vma);
unsigned long get_random_long(void);

#endif
