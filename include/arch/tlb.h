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
/* freed_tables: page-table pages of the range are about to be freed, paging-structure caches go too */
void flush_tlb_mm_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool freed_tables);
void flush_tlb_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
void flush_tlb_page(struct vm_area_struct *vma, vaddr_t addr);
void flush_tlb_kernel_range(vaddr_t start, vaddr_t end);
/* switch_mm - CR3 and mm_cpumask; interrupts off */
void switch_mm(struct mm_struct *prev, struct mm_struct *next);

#endif
