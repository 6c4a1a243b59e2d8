/*
 * arch/x86_64/ipi.c - interrupts from processor to processor
 *
 *     reschedule   the interrupt itself is the message: its target looks at TIF_NEED_RESCHED on the way out
 *     call, TLB    run a function on a set of CPUs; two lanes of one mechanism, with vectors of their own so
 *                  that they are counted apart
 *     stop         an NMI, for a panic: it reaches CPUs that have interrupts off
 *
 * A lane has no queue and no lock.  Each CPU owns one request (function, argument, the set of CPUs still to run it)
 * and one inbox: a word with a bit for each CPU whose request waits for it.
 *
 *     CPU 2 calls CPUs 0 and 3:     request[2] = { fn, arg, pending = 1001 }
 *                                   inbox[0] |= 0100,  inbox[3] |= 0100      an interrupt to whose inbox was empty
 *     CPU 3, interrupted:           from = exchange(inbox[3], 0);  for each bit s of from:
 *                                   run request[s];  request[s].pending &= ~1000
 *
 *   I1  a request is written only while its pending set is empty, so one that is read is whole;
 *   I2  a CPU whose inbox is not empty has an interrupt on the way, for only it empties the inbox, in one exchange,
 *       after that interrupt began;
 *   I3  a caller waits with interrupts on, so two that call each other both answer.
 *
 * Not done: the APIC's shorthand "all but self": it reaches processors, too, that were left out at boot.
 *
 * Sources: Intel SDM 3A, "Issuing Interprocessor Interrupts".
 */
#include <mm_env.h>
#include <arch/exception.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include <arch/thread.h>
#include <kernel/ksyms.h>
#include <kernel/sched.h>
#include "apic_calc.h"
#include "arch_internal.h"

#define STOP_NS (1000UL * 1000 * 1000)

struct call_request {
	void (*fn)(void *arg);
	void *arg;
	unsigned long pending;
} __aligned(64);

struct call_lane {
	unsigned int vector;
	struct {
		unsigned long from;
	} __aligned(64) inbox[NR_CPUS];
	struct call_request request[NR_CPUS];
};

static struct call_lane call_lane = { .vector = VECTOR_CALL };
static struct call_lane tlb_lane = { .vector = VECTOR_TLB };

void smp_send_reschedule(unsigned int cpu)
{
	apic_icr_write(cpu_apic_id(cpu), VECTOR_RESCHEDULE);
}

static void reschedule_interrupt(struct pt_regs *regs, void *arg)
{
	(void)regs;
	(void)arg;
}

/* ----------------------------------------------------------------------------------------------- calls */

static void wait_for_request(const struct call_request *req)
{
	while (__atomic_load_n(&req->pending, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static void call_many(struct call_lane *lane, unsigned long mask, void (*fn)(void *arg), void *arg,
		      bool wait)
{
	unsigned int me = get_cpu(), cpu;
	struct call_request *req = &lane->request[me];

	mask &= READ_ONCE(cpu_online_mask) & ~(1UL << me);
	if (!mask)
		goto out;
	BUG_ON(irqs_disabled());
	wait_for_request(req); /* I1: the last one may not have been waited for */
	req->fn = fn;
	req->arg = arg;
	__atomic_store_n(&req->pending, mask, __ATOMIC_RELEASE);
	for_each_cpu_in(cpu, mask)
	{
		if (!__atomic_fetch_or(&lane->inbox[cpu].from, 1UL << me, __ATOMIC_SEQ_CST))
			apic_icr_write(cpu_apic_id(cpu), lane->vector);
	}
	if (wait)
		wait_for_request(req);
out:
	put_cpu();
}

static void call_interrupt(struct pt_regs *regs, void *arg)
{
	struct call_lane *lane = arg;
	unsigned long me = 1UL << smp_processor_id();
	unsigned long from =
		__atomic_exchange_n(&lane->inbox[smp_processor_id()].from, 0, __ATOMIC_SEQ_CST);
	unsigned int cpu;

	(void)regs;
	for_each_cpu_in(cpu, from)
	{
		struct call_request *req = &lane->request[cpu];

		req->fn(req->arg);
		__atomic_fetch_and(&req->pending, ~me, __ATOMIC_RELEASE);
	}
}

void smp_call_function_many(unsigned long mask, void (*fn)(void *arg), void *arg, bool wait)
{
	call_many(&call_lane, mask, fn, arg, wait);
}

void smp_flush_tlb_many(unsigned long mask, void (*fn)(void *arg), void *arg)
{
	call_many(&tlb_lane, mask, fn, arg, true);
}

void on_each_cpu(void (*fn)(void *arg), void *arg)
{
	unsigned int me = get_cpu();
	unsigned long flags;

	smp_call_function_many(READ_ONCE(cpu_online_mask), fn, arg, false);
	local_irq_save(flags);
	fn(arg);
	local_irq_restore(flags);
	wait_for_request(&call_lane.request[me]);
	put_cpu();
}

void ipi_init(void)
{
	if (request_vector(VECTOR_RESCHEDULE, reschedule_interrupt, NULL,
			   "Rescheduling interrupts") ||
	    request_vector(VECTOR_CALL, call_interrupt, &call_lane, "Function call interrupts") ||
	    request_vector(VECTOR_TLB, call_interrupt, &tlb_lane, "TLB shootdowns"))
		panic("smp: a vector is taken");
}

/* ------------------------------------------------------------------------------------------------ stop */

struct stop_state {
	const struct pt_regs *regs;
	unsigned long cr2;
};
static DEFINE_PER_CPU(struct stop_state, stop_state);
static unsigned long stop_wanted, stopped; /* CPUs */

void smp_stop_others(void)
{
	unsigned long others = READ_ONCE(cpu_online_mask) & ~(1UL << smp_processor_id());
	unsigned int cpu;
	u64 end;

	local_irq_disable(); /* a handler here might want a lock that one of them holds */
	if (!others)
		return;
	__atomic_store_n(&stop_wanted, others, __ATOMIC_SEQ_CST);
	for_each_cpu_in(cpu, others) apic_icr_write(cpu_apic_id(cpu), ICR_NMI);
	end = clock_ns() + STOP_NS;
	while (__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) != others && clock_ns() < end)
		cpu_relax();
}

void smp_nmi(const struct pt_regs *regs)
{
	unsigned long me = 1UL << smp_processor_id();

	if (!(READ_ONCE(stop_wanted) & me))
		return;
	this_cpu_ptr(&stop_state)->regs = regs;
	this_cpu_ptr(&stop_state)->cr2 = read_cr2();
	__atomic_fetch_or(&stopped, me, __ATOMIC_RELEASE);
	machine_halt();
}

static void show_stopped_cpu(unsigned int cpu)
{
	const struct stop_state *state = per_cpu_ptr(&stop_state, cpu);
	const struct task_struct *task = *per_cpu_ptr(&current_task, cpu);
	const struct pt_regs *regs = state->regs;

	pr_emerg("CPU %u stopped: task %s, pid %d, %s mode, cr2 %016lx\n", cpu, task->comm,
		 task->pid, user_mode(regs) ? "user" : "kernel", state->cr2);
	arch_show_brief(regs);
}

void smp_show_stopped(void)
{
	unsigned int cpu;

	for_each_cpu_in(cpu, stop_wanted)
	{
		if (__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) & 1UL << cpu)
			show_stopped_cpu(cpu);
		else
			pr_emerg("CPU %u does not answer\n", cpu);
	}
}
