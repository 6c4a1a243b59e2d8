/*
 * arch/x86_64/power.c - switching off, resetting, stopping
 *
 * Each way is tried in the order of how official it is; one that works does not return.
 *
 *     off    ACPI: sleep type S5 into the PM1 control registers; the ports that QEMU's and Bochs's machines have for
 *            it; QEMU's debug exit; at last a halt
 *     reset  ACPI reset register; the chipset's reset control port; the keyboard controller; a triple fault
 *
 * Sources: ACPI "Transitioning from the Working to the Soft Off State", "Reset Register"; Intel PIIX3 data sheet,
 * "Reset Control Register"; QEMU docs/specs ("isa-debug-exit").
 */
#include <arch/acpi.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/layout.h>
#include "arch_internal.h"

#define PM1_SCI_EN     (1u << 0) /* ACPI mode is on */
#define PM1_SLP_TYP(t) ((u16)((t)&7u) << 10)
#define PM1_SLP_EN     (1u << 13)
#define PM1_KEEP       0x03ffu /* all but sleep type and enable */

void machine_halt(void)
{
	for (;;) {
		local_irq_disable();
		__asm__ volatile("hlt");
	}
}

/* The firmware keeps the PM registers to itself until it is told that an operating system is there. */
static void enter_acpi_mode(void)
{
	if ((inw(acpi_fadt.pm1a_cnt) & PM1_SCI_EN) || !acpi_fadt.smi_cmd || !acpi_fadt.acpi_enable)
		return;
	outb(acpi_fadt.smi_cmd, acpi_fadt.acpi_enable);
	for (unsigned int i = 0; i < 3000 && !(inw(acpi_fadt.pm1a_cnt) & PM1_SCI_EN); i++)
		early_udelay(100);
}

static void write_sleep(u16 port, u8 type)
{
	if (port)
		outw(port, (u16)((inw(port) & PM1_KEEP) | PM1_SLP_TYP(type) | PM1_SLP_EN));
}

void machine_power_off(void)
{
	local_irq_disable();
	if (acpi_has_s5 && acpi_fadt.pm1a_cnt) {
		enter_acpi_mode();
		write_sleep(acpi_fadt.pm1a_cnt, acpi_s5.slp_typa);
		write_sleep(acpi_fadt.pm1b_cnt, acpi_s5.slp_typb);
		early_udelay(100000);
	}
	outw(0x604, PM1_SLP_EN);  /* QEMU */
	outw(0xb004, PM1_SLP_EN); /* Bochs, old QEMU */
	outb(0xf4, 0);            /* isa-debug-exit */
	early_puts("The machine can be switched off now.\n");
	machine_halt();
}

static void acpi_reset(void)
{
	if (!acpi_fadt.has_reset)
		return;
	if (acpi_fadt.reset_space == 1 && acpi_fadt.reset_addr <= 0xffff)
		outb((u16)acpi_fadt.reset_addr, acpi_fadt.reset_value);
	else if (acpi_fadt.reset_space == 0)
		*(volatile u8 *)set_fixmap_io(FIX_WINDOW_0, acpi_fadt.reset_addr) =
			acpi_fadt.reset_value;
	early_udelay(50000);
}

void machine_restart(void)
{
	static const struct {
		u16 limit;
		u64 base;
	} __packed no_idt = { 0, 0 };

	local_irq_disable();
	acpi_reset();
	outb(0xcf9, 0x02); /* hard reset, then the edge that does it */
	outb(0xcf9, 0x06);
	early_udelay(50000);
	outb(0x64, 0xfe); /* pulse the line to the processor */
	early_udelay(50000);
	__asm__ volatile("lidt %0\n\tint3" : : "m"(no_idt));
	machine_halt();
}
