/*
 * arch/x86_64/tlb_asid.h - which address spaces a processor's TLB knows, and how well: the arithmetic of it
 *
 * No instruction and no lock here, so that tests can go through all cases on the host.
 */
#ifndef TLB_ASID_H
#define TLB_ASID_H

#include <lib/types.h>

/*
 * Address spaces that a TLB remembers side by side.  Few: a slot costs a compare in every switch, and
 * entries of an address space that ran six switches ago are mostly gone anyway.
 */
#define TLB_NR_SLOTS      6

#define TLB_FLUSH_ALL_END (~0UL) /* end of a range that means everything */

/* What is known of a slot: every entry of it belongs to @ctx_id and is as new as generation @tlb_gen. */
struct tlb_context {
	u64 ctx_id; /* 0: no address space */
	u64 tlb_gen;
};

struct tlb_slots {
	struct tlb_context ctx[TLB_NR_SLOTS];
	u16 next; /* whose turn it is to be given away */
};

struct tlb_choice {
	u16 slot;
	bool flush; /* what the slot holds is another's, or too old */
};

/**
 * tlb_choose_slot - the slot under which @ctx_id is loaded
 * @nr:  slots in use: TLB_NR_SLOTS, or 1 where the processor cannot tell address spaces apart
 * @gen: the address space's generation, read after this CPU entered its cpumask
 *
 * Records in @slots what will be true once the caller has loaded the slot as the answer says.
 */
struct tlb_choice tlb_choose_slot(struct tlb_slots *slots, unsigned int nr, u64 ctx_id, u64 gen);

/* One flush, as it is asked of each CPU. */
struct tlb_flush {
	vaddr_t start, end; /* page aligned, half open; end TLB_FLUSH_ALL_END: everything */
	u64 new_gen;        /* the generation that it makes */
};

enum tlb_work { TLB_WORK_NONE, TLB_WORK_RANGE, TLB_WORK_ALL };

/**
 * tlb_flush_work - what a CPU has to do for @flush
 * @local_gen: of the slot loaded
 * @mm_gen:    of the address space, read just now; at least flush->new_gen
 *
 * After doing it the slot has generation @mm_gen.
 */
enum tlb_work tlb_flush_work(const struct tlb_flush *flush, u64 local_gen, u64 mm_gen);

#endif
