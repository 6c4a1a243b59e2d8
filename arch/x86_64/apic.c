/*
 * arch/x86_64/apic.c - the local interrupt controller of each processor
 *
 * Two ways to the same registers: memory-mapped (xAPIC), or MSRs (x2APIC) when the firmware has left the processor in
 * that mode, which cannot be left without a reset of the APIC.  x2APIC is not switched on otherwise: it is needed
 * APIC ids beyond 254 only, and then switched on everywhere.  The x2APIC way has not been run on hardware or on an
emulator; what of it is arithmetic has unit tests (apic_calc.h).
 *
 * The 8259 PICs are moved away from the exceptions' vectors and masked: what they still send is spurious.
 *
 * Sources: Intel SDM 3A, "Advanced Programmable Interrupt Controller (APIC)"; Intel 8259A data sheet.
 */
#include <arch/acpi.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <kernel/printk.h>
#include "apic_calc.h"
#include "arch_internal.h"

#define APIC_BASE_X2     (1UL << 10)
#define APIC_BASE_ENABLE (1UL << 11)
#define SPIV_ENABLE      (1u << 8)
#define ICR_BUSY         (1u << 12) /* xAPIC: the last one has not been accepted yet */
#define ICR_BUSY_TRIES   1000000

#define PIC1_CMD         0x20
#define PIC1_DATA        0x21
#define PIC2_CMD         0xa0
#define PIC2_DATA        0xa1

static volatile u32 *lapic_regs; /* NULL: x2APIC */

u32 lapic_read(unsigned int reg)
{
	if (lapic_regs)
		return lapic_regs[reg / 4];
	return (u32)rdmsr(MSR_X2APIC_BASE + reg / 16);
}

void lapic_write(unsigned int reg, u32 v)
{
	if (lapic_regs)
		lapic_regs[reg / 4] = v;
	else
		wrmsr(MSR_X2APIC_BASE + reg / 16, v);
}

void apic_eoi(void)
{
	lapic_write(APIC_EOI, 0);
}

bool apic_may_use_x2(void)
{
	return cpu_has(X86_FEATURE_X2APIC);
}

/**
 * apic_icr_write - send an interrupt to another processor
 * @dest:    APIC id
 * @command: vector, or ICR_* delivery mode
 *
 * What was stored before is visible to the receiver.
 * Context: any.
 */
void apic_icr_write(u32 dest, u32 command)
{
	u64 icr = apic_icr_value(dest, command, !lapic_regs);
	unsigned long flags;

	if (!lapic_regs) {
		/* SDM, "MSR Access in x2APIC Mode": this WRMSR waits for no earlier store. */
		__asm__ volatile("mfence\n\tlfence" : : : "memory");
		wrmsr(MSR_X2APIC_BASE + APIC_ICR / 16, icr);
		return;
	}
	local_irq_save(flags); /* the two halves belong together */
	for (unsigned int n = 0; n < ICR_BUSY_TRIES && (lapic_read(APIC_ICR) & ICR_BUSY); n++)
		cpu_relax();
	lapic_write(APIC_ICR_HIGH, (u32)(icr >> 32));
	lapic_write(APIC_ICR, (u32)icr);
	local_irq_restore(flags);
}

/* Initialisation command words 1 to 4, then all lines masked. */
static void pic_disable(void)
{
	outb(PIC1_CMD, 0x11);
	outb(PIC2_CMD, 0x11);
	outb(PIC1_DATA, VECTOR_PIC);
	outb(PIC2_DATA, VECTOR_PIC + 8);
	outb(PIC1_DATA, 4);
	outb(PIC2_DATA, 2);
	outb(PIC1_DATA, 1);
	outb(PIC2_DATA, 1);
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
}

/**
 * lapic_setup - the running processor's local APIC: accept everything, local sources masked
 *
 * LINT1 is the chipset's NMI, as the MADT of every PC says; one processor to hear of it is enough.
 */
void lapic_setup(void)
{
	lapic_write(APIC_TPR, 0);
	lapic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VECTOR_TIMER);
	lapic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
	lapic_write(APIC_LVT_LINT1, smp_processor_id() ? APIC_LVT_MASKED : APIC_LVT_NMI);
	if ((lapic_read(APIC_VERSION) >> 16 & 0xff) >= 4)
		lapic_write(APIC_LVT_PERF, APIC_LVT_MASKED);
	lapic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	lapic_write(APIC_ESR, 0);
	lapic_write(APIC_SPIV, SPIV_ENABLE | VECTOR_SPURIOUS);
	apic_eoi(); /* whatever the firmware left unacknowledged */
}

static void apic_error(struct pt_regs *regs, void *arg)
{
	(void)regs;
	(void)arg;
	lapic_write(APIC_ESR, 0); /* latches the errors since the last write */
	pr_warn("local APIC error %#x\n", lapic_read(APIC_ESR));
}

/* lapic_enable - switch the running processor's local APIC on, in the mode that all use */
void lapic_enable(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if (!(base & APIC_BASE_ENABLE)) {
		base |= APIC_BASE_ENABLE; /* x2APIC is reached from xAPIC mode only */
		wrmsr(MSR_APIC_BASE, base);
	}
	if (!lapic_regs && !(base & APIC_BASE_X2))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2);
}

void apic_init(void)
{
	if (!cpu_has(X86_FEATURE_APIC))
		panic("this processor has no local APIC");
	pic_disable();
	if (!(rdmsr(MSR_APIC_BASE) & APIC_BASE_X2) && !smp_needs_x2apic())
		lapic_regs = set_fixmap_io(FIX_APIC, acpi_madt.lapic_addr);
	lapic_enable();
	lapic_setup();
	request_vector(VECTOR_ERROR, apic_error, NULL, "APIC errors");
	ipi_init();
	ioapic_init();
}
