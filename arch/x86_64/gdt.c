/*
 * arch/x86_64/gdt.c - segments, task-state segment and exception stacks of one processor
 *
 * Segmentation is off in long mode but for what selectors still say: the privilege level.  The order is what
 * SYSCALL and SYSRET compute from one number each in MSR_STAR (arch/ptregs.h has the selectors):
 *
 *     0x10 kernel code   SYSCALL loads CS = 0x10, SS = 0x18
 *     0x18 kernel data
 *     0x20 (empty)       SYSRET computes from 0x20: SS = 0x28 | 3, CS = 0x30 | 3.  A 32-bit code segment
 *     0x28 user data     would live here; without one no program can reach compatibility mode, whose
 *     0x30 user code     entries (int 0x80, SYSENTER) therefore need no care.
 *     0x40 TSS           16 bytes
 *
 * Exception stacks.  An exception in the table of enum ist_index may hit when rsp or GS cannot be trusted, so it
 * gets a stack of its own, whose top word is the processor's GS base (entry.asm).  Each stack lies above a page
 * that stays unmapped: an overflow is a double fault, not silent corruption.  The boot CPU's lie in the image, the
 * others' in vmalloc's space.
 *
 *     [guard][  stack ........ | gs base | - ]   x NR_IST
 *
 * Sources: Intel SDM 3A, "Segment Descriptors", "64-Bit Mode Stack Switching"; SDM 2B "SYSCALL", "SYSRET".
 */
#include <arch/layout.h>
#include "arch_internal.h"

#define GDT_ENTRIES      10
#define GDT_TSS          8

#define DESC_KERNEL_CODE 0x00af9b000000ffffUL /* present, DPL 0, execute/read, accessed, L */
#define DESC_KERNEL_DATA 0x00cf93000000ffffUL
#define DESC_USER_DATA   0x00cff3000000ffffUL
#define DESC_USER_CODE   0x00affb000000ffffUL

struct gdt {
	u64 desc[GDT_ENTRIES];
} __aligned(16);

static DEFINE_PER_CPU(struct gdt, cpu_gdt);
DEFINE_PER_CPU(struct tss_struct, cpu_tss);
char boot_ist_area[IST_AREA_SIZE] __aligned(4096);

static void set_tss_descriptor(struct gdt *gdt, const struct tss_struct *tss)
{
	u64 base = (u64)tss, limit = 103;

	gdt->desc[GDT_TSS] = limit | (base & 0xffffff) << 16 | 0x89UL << 40 |
			     (base >> 24 & 0xff) << 56;
	gdt->desc[GDT_TSS + 1] = base >> 32;
}

static void load_gdt(const struct gdt *gdt)
{
	const struct {
		u16 limit;
		u64 base;
	} __packed ptr = { sizeof(*gdt) - 1, (u64)gdt };

	__asm__ volatile(
		"lgdt %0\n\t"
		"pushq %1\n\t"
		"leaq 1f(%%rip), %%rax\n\t"
		"pushq %%rax\n\t"
		"lretq\n"
		"1:\n\t"
		"movl %2, %%ss\n\t"
		"ltr %w3\n\t"
		"lldt %w4" /* none: after reset it is 64 KiB at address 0, where a user may map a page */
		:
		: "m"(ptr), "i"(__KERNEL_CS), "r"(__KERNEL_DS), "r"(GDT_TSS * 8), "r"(0)
		: "rax", "memory");
}

/**
 * gdt_init - GDT, TSS and exception stacks of processor @cpu, which is the one running
 * @ist_stack: IST_STACK_SIZE bytes each, page aligned, in the order of enum ist_index
 */
void gdt_init(unsigned int cpu, char *const ist_stack[NR_IST])
{
	struct gdt *gdt = per_cpu_ptr(&cpu_gdt, cpu);
	struct tss_struct *tss = per_cpu_ptr(&cpu_tss, cpu);

	gdt->desc[__KERNEL_CS / 8] = DESC_KERNEL_CODE;
	gdt->desc[__KERNEL_DS / 8] = DESC_KERNEL_DATA;
	gdt->desc[__USER_DS / 8] = DESC_USER_DATA;
	gdt->desc[__USER_CS / 8] = DESC_USER_CODE;
	tss->iomap_base = sizeof(*tss); /* beyond the limit: no port is open to user mode */
	for (unsigned int i = 0; i < NR_IST; i++) {
		unsigned long *top = (unsigned long *)(ist_stack[i] + IST_STACK_SIZE - 16);

		*top = per_cpu_offset[cpu]; /* 16 bytes keep the CPU's alignment */
		tss->ist[i] = (u64)top;
	}
	set_tss_descriptor(gdt, tss);
	load_gdt(gdt);
}
