/*
 * arch/x86_64/tlb.c - which address space is loaded, and forgetting its translations
 *
 * Without PCIDs a CR3 write forgets all but global entries, so an address space's entries live in a processor's TLB
 * only while that processor has it loaded: loaded_mm says which, mm->cpumask says where.  A kernel thread runs
 * on whatever is loaded (lazy TLB), so that mm stays in the mask.
 *
 * Up to FLUSH_SINGLE_MAX pages are invalidated one by one, beyond that everything: INVLPG costs about as much as
 * the two or three misses it saves on an entry that would have been kept (Linux: tlb_single_page_flush_ceiling).
 * INVLPG also drops the paging-structure caches, so freed tables need no more than that.
 *
 * Kernel ranges are global: INVLPG reaches those, a CR3 write does not; toggling CR4.PGE forgets all.
 *
 * Locking: loaded_mm is this CPU's, written with interrupts off.
 * Source: Intel SDM 3A, "Invalidation of TLBs and Paging-Structure Caches".
 */
#include <mm_env.h>
#include <mm/mm.h>
#include "arch_internal.h"

#define FLUSH_SINGLE_MAX 33 /* pages */

static DEFINE_PER_CPU(struct mm_struct *, loaded_mm);

static void flush_user_all(void)
{
	write_cr3(read_cr3());
	count_vm_event(TLB_FLUSH_ALL);
}

static void flush_kernel_all(void)
{
	unsigned long flags, cr4;

	local_irq_save(flags);
	cr4 = read_cr4();
	if (cr4 & X86_CR4_PGE) {
		write_cr4(cr4 & ~X86_CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
	local_irq_restore(flags);
	count_vm_event(TLB_FLUSH_ALL);
}

static void flush_pages(vaddr_t start, vaddr_t end)
{
	for (vaddr_t a = start & PAGE_MASK; a < end; a += PAGE_SIZE) {
		invlpg(a);
		count_vm_event(TLB_FLUSH_ONE);
	}
}

void switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	struct mm_struct *loaded = this_cpu_read(loaded_mm);
	unsigned long bit = 1UL << smp_processor_id();

	(void)prev; /* what a lazy CPU has loaded is not always what the scheduler calls previous */
	if (loaded == next)
		return;
	/* In the mask before the first entry can be cached, out of it after the last one is gone. */
	__atomic_fetch_or(&next->cpumask, bit, __ATOMIC_SEQ_CST);
	this_cpu_write(loaded_mm, next);
	write_cr3(virt_to_phys(next->pgd));
	if (loaded)
		__atomic_fetch_and(&loaded->cpumask, ~bit, __ATOMIC_SEQ_CST);
	trace_mm(EV_SWITCH_MM, 0, virt_to_phys(next->pgd) >> PAGE_SHIFT, next->context_id);
}

void flush_tlb_mm_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool freed_tables)
{
	(void)freed_tables;
	if (this_cpu_read(loaded_mm) != mm)
		return;
	if (end - start <= FLUSH_SINGLE_MAX * PAGE_SIZE)
		flush_pages(start, end);
	else
		flush_user_all();
}

void flush_tlb_mm(struct mm_struct *mm)
{
	if (this_cpu_read(loaded_mm) == mm)
		flush_user_all();
}

void flush_tlb_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	flush_tlb_mm_range(vma->vm_mm, start, end, false);
}

void flush_tlb_page(struct vm_area_struct *vma, vaddr_t addr)
{
	addr &= PAGE_MASK;
	flush_tlb_mm_range(vma->vm_mm, addr, addr + PAGE_SIZE, false);
}

void flush_tlb_kernel_range(vaddr_t start, vaddr_t end)
{
	if (end - start <= FLUSH_SINGLE_MAX * PAGE_SIZE)
		flush_pages(start, end);
	else
		flush_kernel_all();
}
