/*
 * include/arch/tlb.h - making the processors forget translations
 *
 * Each call returns when no CPU can use the old entries any more.  Never called with interrupts off or under a
 * lock that is taken with interrupts off: other CPUs are waited for.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <lib/types.h>

struct mm_struct;
struct vm_area_struct;

void flush_tlb_mm(struct mm_struct *mm);
/*
 * flush_tlb_mm_range - [start, end), at most one IPI to each CPU that has @mm loaded
 * @freed_tables: page-table pages of the range are about to be freed: CPUs that run kernel threads on @mm are
 *                interrupted too
 */
void flush_tlb_mm_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool freed_tables);
void flush_tlb_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
void flush_tlb_page(struct vm_area_struct *vma, vaddr_t addr);
void flush_tlb_kernel_range(vaddr_t start, vaddr_t end);

/*
 * switch_mm - @next's user addresses are about to be used on this CPU: CR3, mm_cpumask, and what was missed while
 * lazy.  Also to be called when @next is loaded already, if a kernel thread ran on it.  Interrupts off.
 */
void switch_mm(struct mm_struct *prev, struct mm_struct *next);
/* enter_lazy_tlb - this CPU keeps what it has loaded, but uses no user address until the next switch_mm */
void enter_lazy_tlb(void);
/* tlb_is_lazy - does flushing leave @cpu alone?  The answer may be old at once. */
bool tlb_is_lazy(unsigned int cpu);
/* tlb_init_cpu - PCIDs on, where this CPU has them: once on each, interrupts off, init_mm loaded */
void tlb_init_cpu(void);

#endif
