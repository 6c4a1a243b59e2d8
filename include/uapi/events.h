/*
 * uapi/events.h - what changes in memory, as /proc/pagewalk/events_raw tells it
 *
 * A stream of records of 48 bytes, each CPU's in the order of its seq, all together by time.  The numbers here stay
 * what they are: captures are read later, elsewhere.
 */
#ifndef UAPI_EVENTS_H
#define UAPI_EVENTS_H

#include <stdint.h>

enum mm_event {
	EV_PAGE_ALLOC, EV_PAGE_FREE,	/* pfn; detail: order of the block */
	EV_PTE_SET, EV_PTE_CLEAR,	/* addr, pfn; detail: the entry, as set or as it was */
	EV_VMA_ADD,			/* addr: start; detail: end (so with all of the VMA events) */
	EV_VMA_SPLIT,			/* the part that was cut out; its neighbours are added */
	EV_VMA_MERGE,			/* what one mapping shows now, having swallowed or grown into others */
	EV_VMA_REMOVE,
	EV_FAULT,			/* addr, pfn; detail: enum mm_event_handler */
	EV_LRU_MOVE,			/* pfn; detail: enum mm_event_list.  A page that is freed leaves its list untold */
	EV_SWAP_IN, EV_SWAP_OUT,	/* reserved: there is no swap area */
	EV_SWITCH_MM,			/* pfn: of the new CR3; detail: number of the address space; pid: who leaves */
	EV_VMA_RESIZE,			/* what one mapping shows now: it grew or shrank by itself */
	NR_MM_EVENTS,
	EV_LOST = 255,			/* only in the stream; detail: records of this CPU overwritten unread */
};

enum mm_event_handler {			/* how a fault ended */
	EVENT_FAULT_REFUSED,		/* a signal, or an error of the system call */
	EVENT_FAULT_ZERO_PAGE,
	EVENT_FAULT_ANON,
	EVENT_FAULT_FILE,
	EVENT_FAULT_FILE_COW,
	EVENT_FAULT_SHARED_MKWRITE,
	EVENT_FAULT_COW,
	EVENT_FAULT_REUSE,
	EVENT_FAULT_SPURIOUS,
	NR_EVENT_FAULTS
};

enum mm_event_list {
	EVENT_INACTIVE_ANON, EVENT_ACTIVE_ANON, EVENT_INACTIVE_FILE, EVENT_ACTIVE_FILE, EVENT_UNEVICTABLE,
	NR_EVENT_LISTS
};

struct mm_trace_record {
	uint64_t seq;			/* rising by one per CPU; 0 for EV_LOST */
	uint64_t time_ns;		/* since boot */
	uint16_t cpu, kind;
	int32_t pid;			/* who ran: mostly, not always, whose memory it is */
	uint64_t addr, pfn, detail;
};
_Static_assert(sizeof(struct mm_trace_record) == 48, "events_raw");

#endif
