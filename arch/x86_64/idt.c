/*
 * arch/x86_64/idt.c - where each vector enters
 *
 * All gates are interrupt gates: entries run with interrupts off until they have saved what the next interrupt
 * would overwrite (CR2 first of all).  Only int3 and INTO may be called from user mode; any other INT n there is a
 * general protection fault.
 *
 * Source: Intel SDM 3A, "64-Bit Mode IDT".
 */
#include <arch/exception.h>
#include <arch/irq.h>
#include "arch_internal.h"

struct idt_gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};
static_assert(sizeof(struct idt_gate) == 16,
	      "Intel SDM 3A, figure \"64-Bit IDT Gate Descriptors\"");

#define GATE_INTERRUPT 0x8e /* present, DPL 0 */
#define GATE_USER      0x60 /* DPL 3 */
#define STUB_SIZE      16   /* entry.asm */

extern char vector_stubs[], page_fault_entry[];

static struct idt_gate idt[NR_VECTORS] __aligned(4096);

static void set_gate(unsigned int vector, const void *entry, u8 ist, u8 extra)
{
	u64 addr = (u64)entry;

	idt[vector] = (struct idt_gate){ .offset_low = (u16)addr,
					 .selector = __KERNEL_CS,
					 .ist = ist,
					 .type = GATE_INTERRUPT | extra,
					 .offset_mid = (u16)(addr >> 16),
					 .offset_high = (u32)(addr >> 32) };
}

void idt_init(void)
{
	for (unsigned int v = 0; v < NR_VECTORS; v++)
		set_gate(v, vector_stubs + v * STUB_SIZE, 0, 0);
	set_gate(X86_TRAP_PF, page_fault_entry, 0, 0);
	set_gate(X86_TRAP_DB, vector_stubs + X86_TRAP_DB * STUB_SIZE, IST_DB, 0);
	set_gate(X86_TRAP_NMI, vector_stubs + X86_TRAP_NMI * STUB_SIZE, IST_NMI, 0);
	set_gate(X86_TRAP_DF, vector_stubs + X86_TRAP_DF * STUB_SIZE, IST_DF, 0);
	set_gate(X86_TRAP_MC, vector_stubs + X86_TRAP_MC * STUB_SIZE, IST_MC, 0);
	set_gate(X86_TRAP_BP, vector_stubs + X86_TRAP_BP * STUB_SIZE, 0, GATE_USER);
	set_gate(X86_TRAP_OF, vector_stubs + X86_TRAP_OF * STUB_SIZE, 0, GATE_USER);
}

void idt_load(void)
{
	const struct {
		u16 limit;
		u64 base;
	} __packed ptr = { sizeof(idt) - 1, (u64)idt };

	__asm__ volatile("lidt %0" : : "m"(ptr) : "memory");
}
