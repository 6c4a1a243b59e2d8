/*
 * arch/x86_64/ioapic.c - from a device's interrupt line to a processor's vector
 *
 * Each IO-APIC serves a range of global system interrupts, [gsi_base, gsi_base + inputs).  An input has a 64-bit
 * entry: vector, trigger mode, polarity, mask, destination.  All are masked until someone asks for one.
 *
 * Locking: the index/data register pair needs both accesses together: io_lock, interrupts off.
 * Source: Intel 82093AA data sheet.
 */
#include <arch/acpi.h>
#include <kernel/printk.h>
#include <kernel/spinlock.h>
#include <uapi/errno.h>
#include "arch_internal.h"

#define IOAPIC_VERSION  0x01
#define IOAPIC_REDIR(n) (0x10 + 2 * (n))
#define REDIR_MASKED    (1u << 16)
#define REDIR_LEVEL     (1u << 15)
#define REDIR_LOW       (1u << 13)
#define MAX_INPUTS      240

struct ioapic {
	volatile u32 *regs; /* index at 0, data at 16 bytes */
	u32 gsi_base, nr_inputs;
};

static struct ioapic ioapics[ACPI_MAX_IOAPICS];
static unsigned int nr_ioapics;
static DEFINE_SPINLOCK(io_lock, LOCK_IRQ);

static u32 io_read(const struct ioapic *io, u32 reg)
{
	io->regs[0] = reg;
	return io->regs[4];
}

static void io_write(const struct ioapic *io, u32 reg, u32 v)
{
	io->regs[0] = reg;
	io->regs[4] = v;
}

static const struct ioapic *find_ioapic(unsigned int gsi)
{
	for (unsigned int i = 0; i < nr_ioapics; i++)
		if (gsi >= ioapics[i].gsi_base && gsi - ioapics[i].gsi_base < ioapics[i].nr_inputs)
			return &ioapics[i];
	return NULL;
}

bool ioapic_has_gsi(unsigned int gsi)
{
	return find_ioapic(gsi) != NULL;
}

/**
 * ioapic_route - send interrupts of @gsi to @vector of the processor with @dest_apic; unmasks
 *
 * Return: 0, or -ENODEV when no IO-APIC has that input.
 */
int ioapic_route(unsigned int gsi, unsigned int vector, unsigned int dest_apic, bool level,
		 bool active_low)
{
	const struct ioapic *io = find_ioapic(gsi);
	unsigned long flags;
	u32 input;

	if (!io)
		return -ENODEV;
	input = gsi - io->gsi_base;
	spin_lock_irqsave(&io_lock, flags);
	io_write(io, IOAPIC_REDIR(input) + 1, dest_apic << 24);
	io_write(io, IOAPIC_REDIR(input),
		 vector | (level ? REDIR_LEVEL : 0) | (active_low ? REDIR_LOW : 0));
	spin_unlock_irqrestore(&io_lock, flags);
	return 0;
}

void ioapic_init(void)
{
	for (unsigned int i = 0; i < acpi_madt.nr_ioapics; i++) {
		struct ioapic *io = &ioapics[nr_ioapics];

		io->regs = set_fixmap_io(FIX_IOAPIC_0 + i, acpi_madt.ioapic[i].addr);
		io->gsi_base = acpi_madt.ioapic[i].gsi_base;
		io->nr_inputs = (io_read(io, IOAPIC_VERSION) >> 16 & 0xff) + 1;
		if (io->nr_inputs > MAX_INPUTS) {
			pr_warn("no IO-APIC at %#lx\n", (unsigned long)acpi_madt.ioapic[i].addr);
			continue; /* reads of nothing give all ones */
		}
		for (u32 n = 0; n < io->nr_inputs; n++)
			io_write(io, IOAPIC_REDIR(n), REDIR_MASKED);
		nr_ioapics++;
	}
}
