/*
 * arch/x86_64/arch_internal.h - what the files of this folder share and nobody else sees
 */
#ifndef ARCH_INTERNAL_H
#define ARCH_INTERNAL_H

#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/ptregs.h>

/* Task-state segment: in long mode only stacks (Intel SDM 3A, "64-Bit Task State Segment"). */
struct tss_struct {
	u32 reserved0;
	u64 sp0; /* stack for entries from user mode; SYSCALL's entry uses it too */
	u64 sp1;
	u64 sp2; /* the CPU never uses it: holds the user's rsp for a moment */
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, iomap_base;
} __packed __aligned(128);
static_assert(offsetof(struct tss_struct, sp0) == 4, "entry.asm");
static_assert(offsetof(struct tss_struct, sp2) == 20, "entry.asm");
static_assert(sizeof(struct tss_struct) == 128, "one TSS, 104 bytes, within a page");

DECLARE_PER_CPU(struct tss_struct, cpu_tss);

/* Exceptions with stacks of their own; numbers are the IDT's, 1-based. */
enum ist_index { IST_DF = 1, IST_NMI, IST_MC, IST_DB, NR_IST = IST_DB };
#define IST_STACK_SIZE 8192UL
#define IST_AREA_SIZE  (NR_IST * (PAGE_SIZE + IST_STACK_SIZE)) /* each above a guard page */

/* --- gdt.c, idt.c, cpu.c: one processor, at its start --- */
void gdt_init(unsigned int cpu, char *const ist_stack[NR_IST]);
void idt_init(void); /* fills the table: once */
void idt_load(void);
void cpu_identify(void);         /* boot CPU: fills boot_cpu_data */
bool cpu_matches_boot_cpu(void); /* has the running one all features that are in use? */
void cpu_setup_control_registers(void);
extern char boot_ist_area[IST_AREA_SIZE];

/* --- thread.c --- */
void arch_set_kernel_stack(unsigned long top);

/* --- smpboot.c, ipi.c --- */
bool smp_needs_x2apic(void);
void ipi_init(void);

/* --- stackprotector.c --- */
void stack_protector_init(void);

/* --- patch.c: tables of places in the code --- */
void apply_alternatives(void);
void sort_exception_table(void);

/* --- dump.c --- */
void arch_show_brief(const struct pt_regs *regs); /* where it is and the innermost callers */

/* --- early_console.c --- */
void early_console_init(void);
unsigned int early_screen_puts(const char *s, unsigned int column);

/* --- paging.c --- */
void set_fixmap(unsigned int idx, paddr_t pa, pgprot_t prot);
void clear_fixmap(unsigned int idx);
void *fix_window_map(paddr_t pa, size_t len); /* NULL when it does not fit; one user at a time */
void fix_window_unmap(void);
#define FIX_WINDOW_SIZE ((NR_FIX_WINDOW - 1) * PAGE_SIZE) /* bytes from any start */

/* --- ioapic.c --- */
void ioapic_init(void);
int ioapic_route(unsigned int gsi, unsigned int vector, unsigned int dest_apic, bool level,
		 bool active_low);
bool ioapic_has_gsi(unsigned int gsi);

/* --- apic.c --- */
void lapic_enable(void); /* this CPU's, as are the next two */
void lapic_setup(void);
void timer_setup(void);     /* time.c */
bool apic_may_use_x2(void); /* can all ids be named? */
void apic_icr_write(u32 dest, u32 command);
u32 lapic_read(unsigned int reg);
void lapic_write(unsigned int reg, u32 v);
#define APIC_ID               0x020
#define APIC_VERSION          0x030
#define APIC_TPR              0x080
#define APIC_EOI              0x0b0
#define APIC_LDR              0x0d0
#define APIC_DFR              0x0e0
#define APIC_SPIV             0x0f0
#define APIC_ESR              0x280
#define APIC_ICR              0x300
#define APIC_ICR_HIGH         0x310
#define APIC_LVT_TIMER        0x320
#define APIC_LVT_THERM        0x330
#define APIC_LVT_PERF         0x340
#define APIC_LVT_LINT0        0x350
#define APIC_LVT_LINT1        0x360
#define APIC_LVT_ERROR        0x370
#define APIC_TIMER_INIT       0x380
#define APIC_TIMER_CUR        0x390
#define APIC_TIMER_DIV        0x3e0
#define APIC_LVT_MASKED       (1u << 16)
#define APIC_LVT_NMI          (4u << 8)
#define APIC_LVT_TSC_DEADLINE (2u << 17)

#endif
