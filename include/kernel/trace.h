/*
 * include/kernel/trace.h - events: what a viewer of memory would draw
 *
 * trace_mm(kind, addr, pfn, detail) is a test and a branch while the kind is off.
 */
#ifndef KERNEL_TRACE_H
#define KERNEL_TRACE_H

#include <lib/types.h>

enum mm_event {
	EV_PAGE_ALLOC, EV_PAGE_FREE,		/* pfn; detail: order */
	EV_PTE_SET, EV_PTE_CLEAR,		/* addr, pfn; detail: entry */
	EV_VMA_ADD, EV_VMA_SPLIT, EV_VMA_MERGE, EV_VMA_REMOVE,	/* addr: start; detail: end */
	EV_FAULT,				/* addr, pfn; detail: handler (enum vm_event_item) */
	EV_LRU_MOVE, EV_SWAP_IN, EV_SWAP_OUT,
	EV_SWITCH_MM,				/* detail: context_id */
	NR_MM_EVENTS
};

/* What one event leaves behind. */
struct mm_trace_record {
	u64 seq;			/* 0 while it is being written; rising by one per CPU */
	u64 time_ns;
	u16 cpu, kind;
	s32 pid;
	unsigned long addr, pfn, detail;
};

#define MM_TRACE_RECORDS 64		/* per CPU; a power of two */
struct mm_trace_ring {
	u64 next_seq;
	struct mm_trace_record record[MM_TRACE_RECORDS];
};

extern u32 mm_trace_mask;			/* bit per kind */
void mm_trace_emit(enum mm_event kind, unsigned long addr, unsigned long pfn, unsigned long detail);

/* mm_trace_on - does anybody listen?  For a caller that has work to do before it can tell. */
#define mm_trace_on(kind) unlikely(mm_trace_mask & (1u << (kind)))

#define trace_mm(kind, addr, pfn, detail)					\
do {	if (unlikely(mm_trace_mask & (1u << (kind))))				\
		mm_trace_emit(kind, addr, pfn, detail);				\
} while (0)

#endif
