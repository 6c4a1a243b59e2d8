/*
 * arch/x86_64/irq.c - who is called for which vector
 *
 * One handler per vector.  Devices get the next free vector of their range; a vector's upper four bits are its
 * priority, which nothing here depends on.
 *
 * Reading the table needs no lock: a slot is filled before its source can interrupt, and never emptied.  Counters
 * are written by their own processor with interrupts off.
 */
#include <arch/acpi.h>
#include <arch/exception.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <uapi/errno.h>
#include "arch_internal.h"

struct irq_slot {
	irq_handler_t handler;
	void *arg;
	const char *name;
	int gsi;
};

static struct irq_slot slots[NR_VECTORS];
static DEFINE_SPINLOCK(slot_lock, LOCK_IRQ);

struct irq_counts {
	u32 count[NR_VECTORS];
};
static DEFINE_PER_CPU(struct irq_counts, irq_counts);

unsigned int isa_irq(unsigned int line)
{
	return line < NR_ISA_IRQS && acpi_madt.isa[line].present ? acpi_madt.isa[line].gsi : line;
}

/* Trigger and polarity: ISA lines are edge, active high unless overridden; PCI's are level, active low. */
static void gsi_mode(unsigned int gsi, bool *level, bool *active_low)
{
	*level = *active_low = gsi >= NR_ISA_IRQS;
	for (unsigned int i = 0; i < NR_ISA_IRQS; i++) {
		const struct acpi_irq_override *o = &acpi_madt.isa[i];

		if (o->present && o->gsi == gsi) {
			*level = o->level;
			*active_low = o->active_low;
		}
	}
}

int request_vector(unsigned int vector, irq_handler_t handler, void *arg, const char *name)
{
	unsigned long flags;
	int err = -EBUSY;

	spin_lock_irqsave(&slot_lock, flags);
	if (!slots[vector].handler) {
		slots[vector] = (struct irq_slot){ handler, arg, name, -1 };
		err = 0;
	}
	spin_unlock_irqrestore(&slot_lock, flags);
	return err;
}

int request_irq(unsigned int gsi, irq_handler_t handler, void *arg, const char *name)
{
	unsigned int vector = 0;
	unsigned long flags;
	bool level, low;
	int err = 0;

	if (!ioapic_has_gsi(gsi))
		return -ENODEV;
	spin_lock_irqsave(&slot_lock, flags);
	for (unsigned int v = VECTOR_DEVICE; v < VECTOR_DEVICE_END; v++) {
		if (slots[v].handler && slots[v].gsi == (int)gsi)
			err = -EBUSY;
		if (!slots[v].handler && !vector)
			vector = v;
	}
	if (!err && !vector)
		err = -ENOSPC;
	if (!err)
		slots[vector] = (struct irq_slot){ handler, arg, name, (int)gsi };
	spin_unlock_irqrestore(&slot_lock, flags);
	if (err)
		return err;
	gsi_mode(gsi, &level, &low);
	return ioapic_route(gsi, vector, cpu_apic_id(0), level, low);
}

void irq_dispatch(struct pt_regs *regs, unsigned int vector)
{
	const struct irq_slot *slot = &slots[vector];

	this_cpu_inc(irq_counts.count[vector]);
	if (vector == VECTOR_SPURIOUS)
		return; /* the SDM: it must not be acknowledged */
	if (vector >= VECTOR_PIC && vector < VECTOR_DEVICE)
		return; /* from the masked PIC: the local APIC knows nothing of it */
	if (slot->handler)
		slot->handler(regs, slot->arg);
	apic_eoi();
}

void irq_account(unsigned int vector)
{
	this_cpu_inc(irq_counts.count[vector]);
}

int irq_find(unsigned int gsi, struct irq_info *out)
{
	for (unsigned int v = VECTOR_DEVICE; v < VECTOR_DEVICE_END; v++) {
		bool low;

		if (!slots[v].handler || slots[v].gsi != (int)gsi)
			continue;
		if (out) {
			out->name = slots[v].name;
			out->gsi = slots[v].gsi;
			gsi_mode(gsi, &out->level, &low);
		}
		return (int)v;
	}
	return -1;
}

unsigned int irq_count(unsigned int vector, unsigned int cpu)
{
	return READ_ONCE(per_cpu_ptr(&irq_counts, cpu)->count[vector]);
}

unsigned long irq_total(void)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		for (unsigned int v = NR_EXCEPTIONS; v < NR_VECTORS; v++)
			sum += per_cpu_ptr(&irq_counts, cpu)->count[v];
	return sum;
}
