/*
 * kernel/trace.c - events of memory management, kept in a ring per CPU
 *
 * A tracepoint that is on writes one fixed record into its CPU's ring and goes on: no lock, no allocation, any
 * context but a non-maskable interrupt.  Interrupts are off between taking a number and storing it in the record, so
 * the records of a CPU are in order; a reader on another CPU tells a record that is just being overwritten by its
 * number, which goes first and comes back last.
 *
 *     reader                                 writer
 *     seq == expected?   (acquire)           next_seq = seq
 *     copy                                   record.seq = 0
 *     seq still the same?                    the rest of the record
 *                                            record.seq = seq   (release)
 *
 * The writer never waits: the oldest records go, and the reader finds out from the numbers how many.
 *
 * The large rings come and go with the events file (kernel/events.c); until then the small ones hold what a debugger
 * finds after it has set the mask, or after a crash.
 *
 * Source: Linux's Documentation/trace/ring-buffer-design.rst for the problem; ours has no pages to swap and so is
 * a tenth of that.
 */
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <kernel/events.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <lib/string.h>

u32 mm_trace_mask;
DEFINE_PER_CPU(struct mm_trace_ring, mm_trace_rings);
struct event_filter event_filter;
bool event_filter_on;
bool events_fresh;

static bool is_wanted(const struct task_struct *task)
{
	const struct event_filter *f = &event_filter;
	bool found = !f->nr_pids;

	for (unsigned int i = 0; i < f->nr_pids; i++)
		found |= task->tgid == f->pid[i] || task->pid == f->pid[i];
	return found && (!f->name[0] || !strcmp(task->comm, f->name));
}

/* Interrupts are off. */
static struct mm_trace_record *next_slot(struct mm_trace_ring *ring, u64 seq)
{
	struct mm_trace_record *large = rcu_dereference(ring->large);

	return large ? &large[seq & ring->mask] : &ring->record[seq % MM_TRACE_RECORDS];
}

void mm_trace_emit(enum mm_event kind, unsigned long addr, unsigned long pfn, unsigned long detail)
{
	const struct task_struct *me = current;
	struct mm_trace_record *rec;
	struct mm_trace_ring *ring;
	unsigned long flags;
	u64 seq;

	if (event_filter_on && !is_wanted(me))
		return;
	local_irq_save(flags);
	ring = this_cpu_ptr(&mm_trace_rings);
	seq = ring->next_seq + 1;
	rec = next_slot(ring, seq);
	WRITE_ONCE(rec->seq, 0);
	WRITE_ONCE(ring->next_seq, seq);
	smp_wmb();
	rec->time_ns = clock_ns();
	rec->cpu = (u16)smp_processor_id();
	rec->kind = (u16)kind;
	rec->pid = me->pid;
	rec->addr = addr;
	rec->pfn = pfn;
	rec->detail = detail;
	smp_store_release(&rec->seq, seq);
	local_irq_restore(flags);
	if (!READ_ONCE(events_fresh))
		WRITE_ONCE(events_fresh, true);
}
