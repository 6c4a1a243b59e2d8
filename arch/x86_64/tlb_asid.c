/*
 * arch/x86_64/tlb_asid.c - process-context identifiers and TLB generations: which slot, and what to flush
 *
 * Every flush of an address space makes a new generation of it (mm->tlb_gen).  A processor notes for each
 * address space in its TLB the generation up to which it has flushed; what it holds can be used while the two
 * numbers agree.  So a flush need not reach a processor that is not using the address space: the numbers will
 * disagree when it comes back.
 *
 * With process-context identifiers (PCIDs) the entries of an address space survive while others run, in a slot
 * of which each CPU has TLB_NR_SLOTS.  Slots are given away in turn.  Address spaces are named by context_id,
 * which is never used twice: a slot of a dead one matches nobody.  Without PCIDs the one slot is emptied by
 * each load.
 *
 *     flush asked   slot has   mm has     work
 *     n             m >= n     m          none: an earlier, larger flush did this one's too
 *     n             n - 1      n          the range
 *     n             older      any        everything: ranges of flushes that did not come here are unknown
 *     n             n - 1      > n        everything, at once for the later flushes that are on their way
 *
 * PCIDs have not been tried on hardware: the emulator that the tests run on has none.  The tests go through this
 * logic, and through tlb.c around it, with simulated processors that have.
 *
 * Sources: Intel SDM 3A, "Process-Context Identifiers (PCIDs)"; the idea of generations: Linux,
 * arch/x86/mm/tlb.c.
 */
#include "tlb_asid.h"

struct tlb_choice tlb_choose_slot(struct tlb_slots *slots, unsigned int nr, u64 ctx_id, u64 gen)
{
	struct tlb_choice choice = { 0, true };
	struct tlb_context *ctx;

	if (nr > 1) {
		for (u16 i = 0; i < nr; i++) {
			ctx = &slots->ctx[i];
			if (ctx->ctx_id != ctx_id)
				continue;
			choice.slot = i;
			choice.flush = ctx->tlb_gen != gen;
			ctx->tlb_gen = gen;
			return choice;
		}
		choice.slot = slots->next;
		slots->next = (u16)((slots->next + 1) % nr);
	}
	slots->ctx[choice.slot] = (struct tlb_context){ ctx_id, gen };
	return choice;
}

enum tlb_work tlb_flush_work(const struct tlb_flush *flush, u64 local_gen, u64 mm_gen)
{
	if (local_gen == mm_gen)
		return TLB_WORK_NONE;
	if (flush->end != TLB_FLUSH_ALL_END && local_gen + 1 == flush->new_gen &&
	    flush->new_gen == mm_gen)
		return TLB_WORK_RANGE;
	return TLB_WORK_ALL;
}
