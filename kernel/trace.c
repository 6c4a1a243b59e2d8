/*
 * kernel/trace.c - events of memory management, kept in a ring per CPU
 *
 * A tracepoint that is on writes one fixed record into its CPU's ring and goes on: no lock, no allocation, any
 * context.  An interrupt between taking a slot and filling it writes the slot after; a reader tells a record that
 * is being written by its sequence number, which is stored last.
 *
 * The rings are static and small while nobody reads them: what they hold is what a debugger finds after a crash.
 */
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <kernel/sched.h>
#include <kernel/trace.h>

u32 mm_trace_mask;
DEFINE_PER_CPU(struct mm_trace_ring, mm_trace_rings);

void mm_trace_emit(enum mm_event kind, unsigned long addr, unsigned long pfn, unsigned long detail)
{
	struct mm_trace_record *rec;
	struct mm_trace_ring *ring;
	unsigned long flags;
	u64 seq;

	local_irq_save(flags);
	ring = this_cpu_ptr(&mm_trace_rings);
	seq = ++ring->next_seq;
	rec = &ring->record[seq % MM_TRACE_RECORDS];
	WRITE_ONCE(rec->seq, 0);
	rec->time_ns = clock_ns();
	rec->cpu = (u16)smp_processor_id();
	rec->kind = (u16)kind;
	rec->pid = current->pid;
	rec->addr = addr;
	rec->pfn = pfn;
	rec->detail = detail;
	__atomic_store_n(&rec->seq, seq, __ATOMIC_RELEASE);
	local_irq_restore(flags);
}
