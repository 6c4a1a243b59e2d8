/*
 * include/kernel/trace.h - events: what a viewer of memory would draw
 *
 * trace_mm(kind, addr, pfn, detail) is a test and a branch while the kind is off.  The kinds and their arguments are
 * in uapi/events.h; EV_FAULT is given its handler as enum vm_event_item, under which /proc/vmstat counts it.
 */
#ifndef KERNEL_TRACE_H
#define KERNEL_TRACE_H

#include <lib/types.h>
#include <uapi/events.h>

#define MM_TRACE_RECORDS 64 /* of the small ring; a power of two */

/*
 * One CPU's events.  While the events file is on they go to a ring of the size that was asked for.  Otherwise (a
 * debugger sets mm_trace_mask) to the small one, whose latest record is record[next_seq % MM_TRACE_RECORDS].
 */
struct mm_trace_ring {
	u64 next_seq;                  /* of the latest record */
	u64 first_seq;                 /* of the first record since the large ring is there */
	struct mm_trace_record *large; /* NULL, or mask + 1 records; freed after a grace period */
	u64 mask;
	struct mm_trace_record record[MM_TRACE_RECORDS];
};

extern u32 mm_trace_mask; /* bit per kind */
void mm_trace_emit(enum mm_event kind, unsigned long addr, unsigned long pfn, unsigned long detail);

/* mm_trace_on - does anybody listen?  For a caller that has work to do before it can tell. */
#define mm_trace_on(kind) unlikely(mm_trace_mask &(1u << (kind)))

#define trace_mm(kind, addr, pfn, detail)                       \
	do {                                                    \
		if (unlikely(mm_trace_mask & (1u << (kind))))   \
			mm_trace_emit(kind, addr, pfn, detail); \
	} while (0)

#endif
