/*
 * include/arch/irq.h - interrupt vectors, device interrupts, the clock and its alarm
 *
 *     0x00 .. 0x1f  exceptions
 *     0x20 .. 0x2f  where the PIC is remapped to before it is masked: only spurious ones arrive
 *     0x30 .. 0xdf  devices through the IO-APIC, one vector per global system interrupt in use
 *     0xe0 .. 0xef  processors among themselves, local timer
 *     0xff          spurious local APIC interrupt: not acknowledged
 */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include <arch/cpu.h>
#include <arch/ptregs.h>

#define VECTOR_PIC        0x20u
#define VECTOR_DEVICE     0x30u
#define VECTOR_DEVICE_END 0xe0u
#define VECTOR_TIMER      0xe0u
#define VECTOR_RESCHEDULE 0xe1u
#define VECTOR_CALL       0xe2u
#define VECTOR_TLB        0xe3u
#define VECTOR_ERROR      0xe5u
#define VECTOR_SPURIOUS   0xffu
#define NR_VECTORS        256u

/* Runs with interrupts off; must not sleep. */
typedef void (*irq_handler_t)(struct pt_regs *regs, void *arg);

/**
 * request_irq - have @handler called for a device interrupt
 * @gsi:  global system interrupt; an ISA line is the GSI of its number unless ACPI overrides it, see isa_irq
 *
 * Return: 0, -EBUSY when taken, -ENODEV without an IO-APIC input for it, -ENOSPC without a free vector.
 * Locks:  any context.
 */
int request_irq(unsigned int gsi, irq_handler_t handler, void *arg, const char *name);
/* isa_irq - GSI of an ISA interrupt line (0..15), by the MADT's overrides */
unsigned int isa_irq(unsigned int line);
/* request_vector - the same for a fixed vector (VECTOR_TIMER, processors' own) */
int request_vector(unsigned int vector, irq_handler_t handler, void *arg, const char *name);
/* irq_dispatch - count, call the handler, acknowledge.  handle_interrupt calls it for vectors >= NR_EXCEPTIONS. */
void irq_dispatch(struct pt_regs *regs, unsigned int vector);

/* For /proc/interrupts */
#define NR_GSIS 24u /* device lines that are shown: a PC's */
struct irq_info {
	const char *name;
	int gsi;
	bool level; /* level-triggered */
};
void irq_account(
	unsigned int vector); /* count one that irq_dispatch does not see; interrupts off */
int irq_find(unsigned int gsi,
	     struct irq_info *out); /* vector of a device's line, -1 if unused; @out may be NULL */
unsigned int irq_count(unsigned int vector, unsigned int cpu);
unsigned long irq_total(void); /* all interrupts taken so far, all CPUs */

void apic_eoi(void);

/* The clock: nanoseconds since time_init, by the TSC.  Monotonic on one CPU; TSCs are taken to be in step. */
struct clock_data {
	u64 tsc_base;
	u64 mult; /* ns per tick, 32.32 fixed point */
};
extern struct clock_data clock_data;

static inline u64 tsc_to_ns(u64 ticks)
{
	return (u64)(((unsigned __int128)ticks * clock_data.mult) >> 32);
}
static inline u64 clock_ns(void) { return tsc_to_ns(rdtsc() - clock_data.tsc_base); }

/* timer_arm - one interrupt on VECTOR_TIMER of this CPU at or just after clock_ns() == deadline; replaces the last */
void timer_arm(u64 deadline_ns);
void timer_stop(void);
/* early_udelay - busy-wait; works before time_init (ACPI or PIT clock) */
void early_udelay(unsigned int us);
/* read_rtc - seconds since 1970 by the CMOS clock, taken as UTC */
u64 read_rtc(void);

#endif
