/*
 * arch/x86_64/setup.c - from the first C line to kernel_main
 *
 *     boot.asm     long mode, first tables, boot stack
 *     x86_start    console; CPU identified, code patched for it; GDT, IDT, control registers;
 *                  boot loader's data parsed
 *     kernel_main  everything else
 *
 * From gdt_init on a fault is reported instead of resetting the machine.  The parsers need no fault to be safe: the
 * first 4 GiB are mapped, and all that the loaders hand over lies there.
 */
#include <arch/exception.h>
#include <arch/irqflags.h>
#include <arch/layout.h>
#include <arch/thread.h>
#include <arch/pgtable_ops.h>
#include <kernel/boot_info.h>
#include <lib/string.h>
#include <mm_env.h>
#include <mm/vmalloc.h>
#include "arch_internal.h"

#define MULTIBOOT2_MAGIC 0x36d76289u
#define PVH_MAGIC        0x336ec578u /* as boot.asm passes it */
#define BOOT_MAPPED      (4UL << 30) /* bytes from physical 0 that boot.asm has mapped */

void __noreturn x86_start(u32 magic, paddr_t info, u64 entry_tsc);

/* Reads what the first tables map; the last byte, too. */
static bool read_boot_phys(paddr_t pa, void *buf, size_t len)
{
	if (pa >= BOOT_MAPPED || len > BOOT_MAPPED - pa)
		return false;
	memcpy(buf, __pt_va(pa), len);
	return true;
}

static void __noreturn boot_failed(const char *what, const char *why)
{
	const char *const words[] = { "Pagewalk cannot boot: ", what, why };
	unsigned int column = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		early_puts(words[i]);
		column = early_screen_puts(words[i], column);
	}
	early_putc('\n');
	machine_halt();
}

static void parse_boot_data(u32 magic, paddr_t info)
{
	const char *why = NULL;
	int err;

	if (magic == MULTIBOOT2_MAGIC)
		err = multiboot2_parse(__pt_va(info), BOOT_MAPPED - info, &boot_info, &why);
	else if (magic == PVH_MAGIC)
		err = pvh_parse(info, read_boot_phys, &boot_info, &why);
	else
		boot_failed("not entered by Multiboot2 or PVH", "");
	if (err)
		boot_failed(magic == PVH_MAGIC ? "PVH: " : "Multiboot2: ", why);
	boot_info_tidy(&boot_info);
}

static void boot_gdt_init(void)
{
	char *stack[NR_IST];

	for (unsigned int i = 0; i < NR_IST; i++)
		stack[i] = boot_ist_area + i * (PAGE_SIZE + IST_STACK_SIZE) + PAGE_SIZE;
	gdt_init(0, stack);
}

/**
 * x86_start - first C function
 * @magic: which protocol
 * @info:  physical address of its information, below 4 GiB
 */
void __noreturn x86_start(u32 magic, paddr_t info, u64 entry_tsc)
{
	early_console_init();
	cpu_identify();
	stack_protector_init();
	apply_alternatives();
	sort_exception_table();
	boot_gdt_init();
	idt_init();
	idt_load();
	cpu_setup_control_registers();
	arch_set_kernel_stack((unsigned long)init_stack + KERNEL_STACK_SIZE);
	parse_boot_data(magic, info);
	boot_info.entry_tsc = entry_tsc;
	kernel_main(&boot_info);
	machine_halt();
}
