/*
 * include/arch/init.h - bringing the machine up and taking it down
 *
 * kernel_main calls these in this order.  Before it runs, the boot CPU already has its GDT, TSS, IDT, per-CPU area,
 * control registers, boot_info and boot_cpu_data; interrupts are off; the first 4 GiB are mapped at PAGE_OFFSET.
 *
 *     (memblock filled)   memblock.limit <= 4 GiB until paging_init has mapped the rest
 *     paging_init         final kernel page tables, vmemmap; identity map gone; raises memblock.limit
 *     acpi_init           reads the firmware's tables through the fixmap; allocates nothing
 *     smp_count_cpus      nr_cpu_ids, per-CPU areas from memblock (arch/smp.h)
 *     (buddy, slab, vmalloc, ...)
 *     apic_init           local APIC, IO-APIC; PIC masked
 *     time_init           TSC and local timer calibrated: clock_ns and timer_arm work
 *     syscall_init        SYSCALL's registers
 *     (interrupts on)
 *     smp_boot_cpus       the other processors (arch/smp.h)
 */
#ifndef ARCH_INIT_H
#define ARCH_INIT_H

#include <lib/types.h>
#include <arch/pgtable.h>

struct boot_info;

extern pgd_t swapper_pg_dir[PTRS_PER_TABLE]; /* init_mm.pgd: the kernel half every mm shares */

/*
 * Marks of linker.ld.  The boot part is linked at its physical address, the kernel at KERNEL_BASE + physical.
 * Both belong to the image: [__boot_start, virt_to_phys(__kernel_end)) is what to reserve.
 */
extern char __boot_start[], __boot_end[], __kernel_start[], __text_start[], __text_end[],
	__rodata_start[], __rodata_end[], __data_start[], __data_end[], __bss_start[], __bss_end[],
	__kernel_end[];

/**
 * paging_init - the page tables the kernel keeps
 *
 * Sets max_pfn.  All RAM known to memblock is mapped; vmemmap is backed for each MAX_ORDER block that
 * holds some of it, and its struct pages hold anything: whoever fills them writes all of each.  Panics when memory for tables runs out.
 */
void paging_init(void);

void acpi_init(const struct boot_info *bi);
void apic_init(void);
void time_init(void);
void syscall_init(void);

/* Fixed places for devices needed before or without ioremap; uncached. */
#define NR_FIX_IOAPIC 8
#define NR_FIX_WINDOW 32 /* pages of the window firmware tables are read through */
enum fixed_addresses {
	FIX_APIC,
	FIX_IOAPIC_0,
	FIX_WINDOW_0 = FIX_IOAPIC_0 + NR_FIX_IOAPIC,
	NR_FIXMAPS = FIX_WINDOW_0 + NR_FIX_WINDOW
};
#define fix_to_virt(idx) (FIXADDR_START + ((unsigned long)(idx) << PAGE_SHIFT))
/* set_fixmap_io - map the page around @pa, any byte of it; where that byte is now */
void *set_fixmap_io(enum fixed_addresses idx, paddr_t pa);

#define TRAMPOLINE_PHYS 0x8000UL /* below 1 MiB, page aligned: where other processors start */

/* Taking the machine down; none returns.  machine_power_off halts if nothing switches the power off. */
void machine_power_off(void) __attribute__((noreturn));
void machine_restart(void) __attribute__((noreturn));
void machine_halt(void) __attribute__((noreturn));

/* early_putc - COM1, polled; "\n" becomes CR LF.  Works from the first C line on, in any context. */
void early_putc(char c);
void early_puts(const char *s);

#endif
