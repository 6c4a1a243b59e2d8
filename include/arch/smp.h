/*
 * include/arch/smp.h - other processors: which there are, and getting their attention
 *
 * A set of CPUs is one word, a bit for each.  nr_cpu_ids (arch/percpu.h) is set before mem_init: it is counted from
 * the MADT and cut by maxcpus=.  CPUs are numbered without holes as they come up, and smp_boot_cpus lowers nr_cpu_ids
 * if some do not: from then on possible CPUs are online CPUs.  cpu_online_mask gains a bit when that CPU runs its idle task with interrupts on;
 * no CPU leaves again, but in a panic.
 */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#include <lib/types.h>
#include <arch/percpu.h>

extern unsigned long cpu_online_mask; /* changes only while booting */

static inline bool cpu_online(unsigned int cpu) { return READ_ONCE(cpu_online_mask) & 1UL << cpu; }

#define for_each_cpu_in(cpu, mask)                                                              \
	for (unsigned long __m = (mask); __m && ((cpu) = (unsigned int)__builtin_ctzl(__m), 1); \
	     __m &= __m - 1)
#define for_each_online_cpu(cpu) for_each_cpu_in(cpu, READ_ONCE(cpu_online_mask))

/* smp_count_cpus - set nr_cpu_ids: after acpi_init, before anything is sized by it */
void smp_count_cpus(void);
/* smp_boot_cpus - start the others, one by one; who does not answer is reported and left out.  May sleep. */
void smp_boot_cpus(void);

/* smp_send_reschedule - have @cpu look at its TIF_NEED_RESCHED: any context, not this CPU */
void smp_send_reschedule(unsigned int cpu);

/**
 * smp_call_function_many - run @fn(@arg) on each CPU of @mask but this one, interrupts off there
 * @wait: return only when all have run it; otherwise @arg must stay valid until they have
 *
 * Locks: interrupts on, no lock held that anybody takes with interrupts off: others are waited for.  While it
 *        waits, this CPU answers others' calls.  CPUs that are not online are left out.
 */
void smp_call_function_many(unsigned long mask, void (*fn)(void *arg), void *arg, bool wait);
/* on_each_cpu - the same on all online CPUs, this one included */
void on_each_cpu(void (*fn)(void *arg), void *arg);

/* smp_flush_tlb_many - raise VECTOR_TLB on @mask without this CPU and wait until @fn(@arg) has run on each: counted apart */
void smp_flush_tlb_many(unsigned long mask, void (*fn)(void *arg), void *arg);

/* smp_stop_others - halt all other CPUs, wherever they are; any context, bounded waiting; interrupts are off afterwards */
void smp_stop_others(void);
/* smp_show_stopped - panic: what each of them was doing; after smp_stop_others */
void smp_show_stopped(void);
/* smp_nmi - called for each NMI: does not return if the CPU is to stop */
struct pt_regs;
void smp_nmi(const struct pt_regs *regs);

u32 cpu_apic_id(unsigned int cpu);

/* --- the processor's part of smp_boot_cpus --- */
struct task_struct;
unsigned int arch_nr_candidates(
	void); /* processors besides the boot CPU that are listed and can be addressed */
int arch_prepare_start(void);
int arch_start_cpu(unsigned int cpu, unsigned int nth, struct task_struct *idle);
void arch_finish_start(unsigned int online);

#endif
