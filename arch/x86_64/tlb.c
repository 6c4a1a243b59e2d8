/*
 * arch/x86_64/tlb.c - which address space is loaded where, and making every processor forget
 *
 * A processor caches translations.  After a page-table entry was changed so that it allows less, the old
 * translation must be gone from every TLB before the kernel acts on the change: before it frees the page, and
 * before the system call that asked for it returns.
 *
 *     mm->cpumask   CPUs that have the mm loaded: only they can make new entries of it
 *     mm->tlb_gen   one more for each flush
 *     per CPU       loaded_mm; for each address space in the TLB the generation it is flushed up to; lazy
 *
 * A flush is: page tables changed; then generation + 1; then an IPI to each CPU of the mask, which compares
 * generations and forgets the range, everything, or nothing (tlb_asid.c has the table).
 *
 * Lazy.  A kernel thread runs on whatever is loaded and never touches user addresses.  While one runs (the idle
 * task above all) the CPU is lazy: flushes leave it alone, and it compares generations when a user task comes back.
 * There is one thing a lazy CPU may still do: walk the loaded tables, by speculation.  Reading a wrong page in
 * that way has no effect, walking a freed page as a table has (what is found there is taken for entries, accessed
 * bits are written to it).  So when tables are freed lazy CPUs are interrupted too, and load init_mm.
 *
 * Why nothing is missed.  Each pair of the kind "I write mine, then read yours" has a full barrier between on both
 * sides (locked instructions are), so at least one side sees the other's write:
 *
 *     flusher                                    CPU that loads the mm
 *     F1  changes page-table entries             L1  not lazy; sets its bit in cpumask
 *     F2  tlb_gen + 1       (locked)                 (locked)
 *     F3  reads cpumask, then lazy               L2  reads tlb_gen; flushes unless it is its slot's
 *     F4  IPI                                    L3  caches entries
 *
 *   - F3 sees the bit and no lazy: the CPU gets the IPI, at the latest when it enables interrupts, before user mode.
 *   - F3 does not see it: L1 came after F3, so L2 sees the generation of F2, and L3 walks entries as F1 left them.
 *   - A lazy CPU whose user task comes back clears lazy, has a barrier, and reads tlb_gen: the same with
 *     lazy in place of the bit.
 *   - IPIs arrive with interrupts on, so never between L1 and L3.
 *   - The bit leaves the mask after another CR3 was loaded: until then the CPU could walk freed tables.
 *
 * A generation is read before flushing and recorded: entries changed before that generation was made are flushed
 * for certain; a change after the read has a later generation, and an IPI of its own on the way.
 *
 * Up to FLUSH_SINGLE_MAX pages are invalidated one by one, beyond that everything: INVLPG costs about as much as
 * the two or three misses it saves on an entry that would have been kept (Linux: tlb_single_page_flush_ceiling).
 * INVLPG also drops all paging-structure caches of the current PCID, so freed tables need no more than that (SDM;
 * on AMD processors as long as EFER.TCE is clear, as it is here: APM 2, "Translation Cache Extension").
 *
 * Kernel ranges are global entries, used by idle CPUs too: every CPU is interrupted.  vmalloc gathers ranges so
 * that this is rare.
 *
 * PCIDs, behind a probe, keep entries of several address spaces in the TLB; slot i is PCID i + 1.  init_mm has PCID
 * 0 and never needs a flush: it has no user entries.  This has run on simulated processors only.
 *
 * Locking: the per-CPU state is its CPU's, written with interrupts off; tlb_lazy is read by others.  A flush waits
 * for other CPUs: interrupts on, and no lock held that anyone takes with interrupts off.  PTE locks are taken
 * with interrupts on.
 * Not done: keeping a range per generation, so that a CPU some flushes behind need not forget everything.
 * Sources: Intel SDM 3A, "Propagation of Paging-Structure Changes to Multiple Processors"; SDM 3A, "Memory Ordering";
 * AMD APM 2, "Translation-Lookaside Buffer (TLB)"; Linux, arch/x86/mm/tlb.c.
 */
#include <mm_env.h>
#include <arch/smp.h>
#include <arch/tlb_hw.h>
#include <mm/mm.h>
#include "tlb_asid.h"

#define FLUSH_SINGLE_MAX 33 /* pages */

struct tlb_state {
	struct mm_struct *loaded_mm;
	u16 slot; /* of loaded_mm; init_mm has none */
	struct tlb_slots slots;
};

static DEFINE_PER_CPU(struct tlb_state, cpu_tlb) = { .loaded_mm = &init_mm };

/* In a line of its own: flushers on other CPUs read it. */
struct tlb_shared {
	bool lazy;
} __aligned(64);
static DEFINE_PER_CPU(struct tlb_shared, tlb_shared);

static unsigned int nr_slots = 1; /* set once, while booting */

void tlb_init_cpu(void)
{
	if (!hw_has_pcid())
		return;
	hw_enable_pcid();
	nr_slots = TLB_NR_SLOTS;
}

bool tlb_is_lazy(unsigned int cpu)
{
	return READ_ONCE(per_cpu_ptr(&tlb_shared, cpu)->lazy);
}

static void set_lazy(bool lazy)
{
	WRITE_ONCE(this_cpu_ptr(&tlb_shared)->lazy, lazy);
}

/* --- loading --- */

static unsigned int pcid_of(unsigned int slot)
{
	return nr_slots > 1 ? slot + 1 : 0;
}

/* L1 to L3 above.  @next is not loaded. */
static void load_mm(struct tlb_state *tlb, struct mm_struct *next)
{
	struct mm_struct *prev = tlb->loaded_mm;
	const unsigned long bit = 1UL << smp_processor_id();

	set_lazy(false);
	if (next == &init_mm) {
		tlb->loaded_mm = next;
		hw_load(next, 0, nr_slots > 1);
	} else {
		struct tlb_choice choice;

		__atomic_fetch_or(&next->cpumask, bit, __ATOMIC_SEQ_CST);
		race_point();
		choice = tlb_choose_slot(&tlb->slots, nr_slots, next->context_id,
					 (u64)atomic_long_read(&next->tlb_gen));
		race_point();
		tlb->slot = choice.slot;
		tlb->loaded_mm = next;
		hw_load(next, pcid_of(choice.slot), !choice.flush);
	}
	race_point();
	if (prev != &init_mm)
		__atomic_fetch_and(&prev->cpumask, ~bit, __ATOMIC_SEQ_CST);
}

/* The loaded address space is used again: flushes that left this CPU alone are made up for. */
static void leave_lazy(struct tlb_state *tlb, struct mm_struct *mm)
{
	struct tlb_context *ctx = &tlb->slots.ctx[tlb->slot];
	u64 gen;

	set_lazy(false);
	smp_mb();
	race_point();
	gen = (u64)atomic_long_read(&mm->tlb_gen);
	if (likely(ctx->tlb_gen == gen))
		return;
	ctx->tlb_gen = gen;
	hw_load(mm, pcid_of(tlb->slot), false);
}

void switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	struct tlb_state *tlb = this_cpu_ptr(&cpu_tlb);

	(void)prev; /* what a lazy CPU has loaded is not always what the scheduler calls previous */
	VM_BUG_ON(!irqs_disabled());
	if (tlb->loaded_mm == next) {
		if (tlb_is_lazy(smp_processor_id()))
			leave_lazy(tlb, next);
		return;
	}
	load_mm(tlb, next);
	trace_mm(EV_SWITCH_MM, 0, virt_to_phys(next->pgd) >> PAGE_SHIFT, next->context_id);
}

void enter_lazy_tlb(void)
{
	if (this_cpu_read(cpu_tlb.loaded_mm) != &init_mm)
		set_lazy(true);
}

/* --- flushing --- */

struct mm_flush {
	struct tlb_flush range;
	struct mm_struct *mm;
	unsigned int from; /* the CPU that asks */
};

static void flush_pages(vaddr_t start, vaddr_t end)
{
	for (vaddr_t a = start; a < end; a += PAGE_SIZE)
		hw_flush_page(a);
}

/* One CPU's part of a flush, interrupts off. */
static void flush_tlb_func(void *arg)
{
	const struct mm_flush *f = arg;
	struct tlb_state *tlb = this_cpu_ptr(&cpu_tlb);
	struct tlb_context *ctx = &tlb->slots.ctx[tlb->slot];
	struct mm_struct *mm = f->mm;
	const bool local = f->from == smp_processor_id();
	u64 mm_gen;

	if (!local)
		count_vm_event(TLB_REMOTE_FLUSH_RECEIVED);
	if (tlb->loaded_mm != mm)
		return; /* loaded something else since the mask was read */
	if (tlb_is_lazy(smp_processor_id())) {
		load_mm(tlb, &init_mm);
		return;
	}
	mm_gen = (u64)atomic_long_read(&mm->tlb_gen);
	race_point();
	switch (tlb_flush_work(&f->range, ctx->tlb_gen, mm_gen)) {
	case TLB_WORK_NONE:
		return;
	case TLB_WORK_RANGE:
		flush_pages(f->range.start, f->range.end);
		if (local)
			count_vm_events(TLB_FLUSH_ONE,
					(f->range.end - f->range.start) >> PAGE_SHIFT);
		break;
	case TLB_WORK_ALL:
		hw_load(mm, pcid_of(tlb->slot), false);
		if (local)
			count_vm_event(TLB_FLUSH_ALL);
		break;
	}
	ctx->tlb_gen = mm_gen;
}

/* @mask: other CPUs that had the mm loaded after the new generation was made. */
static __noinline void flush_tlb_others(unsigned long mask, struct mm_flush *f, bool freed_tables)
{
	unsigned int cpu;

	if (!freed_tables) {
		for_each_cpu_in(cpu, mask)
		{
			if (tlb_is_lazy(cpu))
				mask &= ~(1UL << cpu);
			race_point();
		}
	}
	if (!mask)
		return;
	count_vm_event(TLB_REMOTE_FLUSH);
	smp_flush_tlb_many(mask, flush_tlb_func, f);
}

/*
 * The usual case of this CPU's part: a small range, and this CPU has seen every flush before.  Interrupts may be on: a
 * flush of another CPU that comes in between records a generation at least as new, and writing an older one over it
 * means at worst a flush too many.
 *
 * Return: false when there is more to it.
 */
static inline bool flush_range_here(vaddr_t start, vaddr_t end, u64 new_gen)
{
	struct tlb_state *tlb = this_cpu_ptr(&cpu_tlb);
	struct tlb_context *ctx = &tlb->slots.ctx[tlb->slot];

	if (unlikely(end - start > FLUSH_SINGLE_MAX * PAGE_SIZE || ctx->tlb_gen + 1 != new_gen ||
		     this_cpu_ptr(&tlb_shared)->lazy))
		return false;
	flush_pages(start, end);
	count_vm_events(TLB_FLUSH_ONE, (end - start) >> PAGE_SHIFT);
	race_point();
	ctx->tlb_gen = new_gen;
	return true;
}

/* On every CPU of @mask, this one perhaps among them. */
static __noinline void flush_mask(unsigned long mask, struct mm_struct *mm, vaddr_t start,
				  vaddr_t end, u64 new_gen, bool freed_tables)
{
	const unsigned int cpu = smp_processor_id();
	struct mm_flush f = { { start, end, new_gen }, mm, cpu };
	unsigned long flags;

	if (end - start > FLUSH_SINGLE_MAX * PAGE_SIZE)
		f.range.end = TLB_FLUSH_ALL_END;
	if (mask >> cpu & 1) {
		local_irq_save(flags);
		flush_tlb_func(&f);
		local_irq_restore(flags);
		mask &= ~(1UL << cpu);
	}
	if (mask)
		flush_tlb_others(mask, &f, freed_tables);
}

void flush_tlb_mm_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool freed_tables)
{
	const unsigned long bit = 1UL << get_cpu();
	unsigned long mask;
	u64 new_gen;

	VM_BUG_ON(irqs_disabled());
	start &= PAGE_MASK;
	new_gen = (u64)atomic_long_inc_return(&mm->tlb_gen);
	race_point();
	mask = READ_ONCE(mm->cpumask);
	race_point();
	if (likely(mask & bit) && likely(flush_range_here(start, end, new_gen)))
		mask &= ~bit;
	if (unlikely(mask))
		flush_mask(mask, mm, start, end, new_gen, freed_tables);
	put_cpu();
}

void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_mm_range(mm, 0, TLB_FLUSH_ALL_END, false);
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

static void flush_kernel_func(void *arg)
{
	const struct tlb_flush *range = arg;

	if (range->end != TLB_FLUSH_ALL_END)
		flush_pages(range->start, range->end);
	else
		hw_flush_global();
}

void flush_tlb_kernel_range(vaddr_t start, vaddr_t end)
{
	struct tlb_flush range = { .start = start & PAGE_MASK, .end = end };

	if (end - start > FLUSH_SINGLE_MAX * PAGE_SIZE)
		range.end = TLB_FLUSH_ALL_END;
	on_each_cpu(flush_kernel_func, &range);
}
