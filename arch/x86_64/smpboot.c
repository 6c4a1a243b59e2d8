/*
 * arch/x86_64/smpboot.c - the other processors: counting them, and starting them one by one
 *
 * smp_count_cpus decides from the MADT how many processors there may be, and gives each its copy of the per-CPU
 * section, before anything is sized by their number.  The boot CPU is CPU 0; the others are numbered in the order in
 * which they answer, without holes.
 *
 * Starting (arch_start_cpu, by kernel/smp.c):
 *
 *     boot CPU                                      the other one
 *     ticket = 1; INIT; 10 ms; SIPI; 200 us; SIPI   trampoline.asm: long mode, takes the ticket
 *     waits for the ticket to be taken              control registers, GDT, TSS, IDT, SYSCALL, APIC, timer
 *     waits for SECONDARY_READY                     features as the boot CPU's?  SECONDARY_READY or _UNFIT
 *     compares the TSCs                             compares the TSCs, then secondary_main
 *
 * Both waits are bounded by the clock; a CPU that has said that it is ready and then falls silent is a panic.  The
 * ticket settles who is late: whoever exchanges it first decides.  If the boot
 * CPU gives up, it takes the ticket back, so that a processor that comes later halts without touching anything, and
 * sends INIT, after which that one waits for a SIPI that never comes: its stack, area and number are free to be used
 * for the next.
 *
 * The trampoline page is borrowed: what it held is put back at the end.  Its page tables live as long as the
 * starting does; they map it without write permission, and the direct map has it without execute permission.
 *
 * A copy of the per-CPU section is taken right after paging_init, when the boot CPU's own has not counted anything yet;
 * what it has set itself by then (GDT, TSS, task, number) is set anew for each copy.
 *
 * Locking: one processor is started at a time, by the boot CPU; secondary_start belongs to the two.
 * Not done: MTRR and PAT are taken as the firmware set them, the same everywhere; hot plugging.
 * Sources: Intel SDM 3A, "Multiple-Processor (MP) Initialization"; ACPI "Multiple APIC Description Table (MADT)".
 */
#include <arch/acpi.h>
#include <arch/exception.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/layout.h>
#include <arch/smp.h>
#include <arch/thread.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <lib/kstrtox.h>
#include <lib/string.h>
#include <mm_env.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/vmalloc.h>
#include "apic_calc.h"
#include "arch_internal.h"

#define ANSWER_NS       (10UL * 1000 * 1000 * 1000) /* Linux's patience, too */
#define AREA_NAME       "Per-CPU areas"
#define TSC_COMPARE_US  500
#define TSC_COMPARE_MAX 20000 /* rounds, in case one clock stands still */

extern char __percpu_start[], __percpu_end[];
extern char trampoline[], trampoline_cr3[], trampoline_end[];
void __noreturn start_secondary(unsigned int cpu);
static_assert(TRAMPOLINE_PHYS == 0x8000, "trampoline.asm");

enum secondary_state { SECONDARY_STARTING, SECONDARY_READY, SECONDARY_UNFIT };

/* Written by the boot CPU before the SIPI. */
struct secondary_start {
	u64 ticket;
	u64 cr3;
	u64 stack; /* byte above it */
	u64 gs_base;
	u32 cpu;
	u32 state; /* written by the other */
	char *ist[NR_IST];
};
static_assert(offsetof(struct secondary_start, cr3) == 8, "trampoline.asm");
static_assert(offsetof(struct secondary_start, stack) == 16, "trampoline.asm");
static_assert(offsetof(struct secondary_start, gs_base) == 24, "trampoline.asm");
static_assert(offsetof(struct secondary_start, cpu) == 32, "trampoline.asm");

extern struct secondary_start secondary_start;
struct secondary_start secondary_start;

unsigned long cpu_online_mask = 1;
static u32 cpu_apic_ids[NR_CPUS];
static u32 candidates[ACPI_MAX_CPUS]; /* APIC ids of processors that may be started */
static unsigned int nr_candidates;

u32 cpu_apic_id(unsigned int cpu)
{
	return cpu_apic_ids[cpu];
}

/* ------------------------------------------------------------------------------------------ counting */

/* Does a processor that may be started have an id that xAPIC mode cannot name? */
bool smp_needs_x2apic(void)
{
	for (unsigned int i = 0; i < nr_candidates && nr_cpu_ids > 1; i++)
		if (candidates[i] > XAPIC_ID_MAX)
			return true;
	return false;
}

/* maxcpus=N, 0 and nosmp meaning the boot CPU alone */
static unsigned int cpu_limit(void)
{
	const char *text = cmdline_get("maxcpus");
	int max;

	if (cmdline_has("nosmp"))
		return 1;
	if (!text)
		return NR_CPUS;
	if (kstrtoint(text, 10, &max) || max < 0) {
		pr_warn("maxcpus=%s is no number of processors\n", text);
		return NR_CPUS;
	}
	return clamp(max, 1, NR_CPUS);
}

static bool is_ram(paddr_t pa)
{
	for (unsigned int i = 0; i < memblock.memory.cnt; i++)
		if (pa - memblock.memory.regions[i].base < memblock.memory.regions[i].size)
			return true;
	return false;
}

static void find_candidates(void)
{
	unsigned int beyond = 0;

	for (unsigned int i = 0; i < acpi_madt.nr_cpus; i++) {
		u32 id = acpi_madt.cpu_apic_id[i];

		if (id == boot_cpu_data.apicid)
			continue;
		if (id > XAPIC_ID_MAX && !apic_may_use_x2())
			beyond++;
		else
			candidates[nr_candidates++] = id;
	}
	if (beyond)
		pr_warn("smp: %u processor(s) left out: their APIC ids need x2APIC mode\n", beyond);
	if (acpi_madt.nr_dropped)
		pr_warn("smp: %u processor(s) left out: no more than %u are supported\n",
			acpi_madt.nr_dropped, NR_CPUS);
}

/* A copy begins on a page as the section does, so alignments hold. */
static bool setup_area(unsigned int cpu)
{
	size_t size = (size_t)(__percpu_end - __percpu_start);
	paddr_t pa = memblock_alloc_phys(&memblock, PAGE_ALIGN(size), PAGE_SIZE, -1, AREA_NAME);
	char *area = phys_to_virt(pa);

	if (!pa)
		return false;
	memcpy(area, __percpu_start, size);
	per_cpu_offset[cpu] = (unsigned long)area - (unsigned long)__percpu_start;
	*per_cpu_ptr(&this_cpu_off, cpu) = per_cpu_offset[cpu];
	*per_cpu_ptr(&cpu_number, cpu) = cpu;
	return true;
}

void smp_count_cpus(void)
{
	unsigned int limit = cpu_limit();

	cpu_apic_ids[0] = boot_cpu_data.apicid;
	find_candidates();
	if (nr_candidates && !is_ram(TRAMPOLINE_PHYS)) {
		pr_warn("smp: no memory at %#lx to start other processors in\n", TRAMPOLINE_PHYS);
		limit = 1;
	}
	limit = min(limit, nr_candidates + 1);
	for (unsigned int cpu = 1; cpu < limit; cpu++) {
		if (!setup_area(cpu)) {
			pr_warn("smp: no memory for more than %u processors\n", cpu);
			break;
		}
		nr_cpu_ids = cpu + 1;
	}
}

/* -------------------------------------------------------------------------------------- the trampoline */

static char *page_below;      /* what the trampoline page held */
static void *start_tables[4]; /* PGD, PUD, PMD, PTE */

static void free_tables(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(start_tables); i++) {
		free_page(start_tables[i]);
		start_tables[i] = NULL;
	}
	free_page(page_below);
	page_below = NULL;
}

/* The kernel's half, and one page where virtual is physical.  The PGD is loaded in 32-bit mode: below 4 GiB. */
static int make_tables(void)
{
	u64 *table;

	page_below = __get_free_page(GFP_KERNEL);
	for (unsigned int i = 0; i < ARRAY_SIZE(start_tables); i++)
		start_tables[i] = get_zeroed_page(GFP_KERNEL | GFP_DMA32);
	for (unsigned int i = 0; i < ARRAY_SIZE(start_tables); i++) {
		if (!start_tables[i] || !page_below) {
			free_tables();
			return -ENOMEM;
		}
	}
	table = start_tables[0];
	memcpy(table + PTRS_PER_TABLE / 2, swapper_pg_dir + PTRS_PER_TABLE / 2, PAGE_SIZE / 2);
	table[0] = virt_to_phys(start_tables[1]) | _KERNPG_TABLE;
	table = start_tables[1];
	table[0] = virt_to_phys(start_tables[2]) | _KERNPG_TABLE;
	table = start_tables[2];
	table[0] = virt_to_phys(start_tables[3]) | _KERNPG_TABLE;
	table = start_tables[3];
	table[TRAMPOLINE_PHYS >> PAGE_SHIFT] = TRAMPOLINE_PHYS | _PAGE_PRESENT | _PAGE_ACCESSED;
	return 0;
}

/**
 * arch_prepare_start - put the trampoline in its place
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
int arch_prepare_start(void)
{
	char *page = phys_to_virt(TRAMPOLINE_PHYS);
	u32 cr3;

	if (make_tables())
		return -ENOMEM;
	memcpy(page_below, page, PAGE_SIZE);
	memcpy(page, trampoline, (size_t)(trampoline_end - trampoline));
	cr3 = (u32)virt_to_phys(start_tables[0]);
	memcpy(page + (trampoline_cr3 - trampoline), &cr3, sizeof(cr3));
	return 0;
}

/* arch_finish_start - @online CPUs run and no more will: trampoline and areas of the rest become what they were */
void arch_finish_start(unsigned int online)
{
	size_t size = PAGE_ALIGN((size_t)(__percpu_end - __percpu_start));
	unsigned int possible = nr_cpu_ids;

	if (page_below)
		memcpy(phys_to_virt(TRAMPOLINE_PHYS), page_below, PAGE_SIZE);
	free_tables();
	WRITE_ONCE(nr_cpu_ids, online);
	for (unsigned int cpu = online; cpu < possible; cpu++) {
		paddr_t area = virt_to_phys(__percpu_start + per_cpu_offset[cpu]);

		zone_boot_free(area >> PAGE_SHIFT, (area + size) >> PAGE_SHIFT);
		memblock_free(&memblock, area, size);
		per_cpu_offset[cpu] = 0;
	}
}

/* ---------------------------------------------------------------------------- are the two clocks in step? */

static struct {
	u32 arrived, taken; /* taken: a lock; both CPUs are known to run, so spinning is short */
	u64 last, behind;
} tsc_compare;

/* A CPU of which this one has heard already must answer: it uses memory that cannot be taken back from it. */
static void __noreturn lost_cpu(void)
{
	panic("smp: CPU %u started, then fell silent", secondary_start.cpu);
}

static void meet(u32 arrivals)
{
	u64 end = clock_ns() + ANSWER_NS;

	__atomic_fetch_add(&tsc_compare.arrived, 1, __ATOMIC_SEQ_CST);
	while (READ_ONCE(tsc_compare.arrived) < arrivals) {
		if (clock_ns() > end)
			lost_cpu();
		cpu_relax();
	}
}

/*
 * Both CPUs read their TSC in turn, under a lock: a reading below the one before it is a clock that lags.  Bounded
 * in time and in rounds.
 */
static void compare_tsc(void)
{
	u64 end;

	meet(2);
	end = rdtsc() + TSC_COMPARE_US * tsc_khz / 1000;
	for (unsigned int n = 0; n < TSC_COMPARE_MAX; n++) {
		u64 now;

		while (__atomic_exchange_n(&tsc_compare.taken, 1, __ATOMIC_ACQUIRE))
			cpu_relax();
		now = rdtsc_ordered();
		if (now < tsc_compare.last)
			tsc_compare.behind = max(tsc_compare.behind, tsc_compare.last - now);
		tsc_compare.last = now;
		__atomic_store_n(&tsc_compare.taken, 0, __ATOMIC_RELEASE);
		if (now > end)
			break;
	}
	meet(4);
}

static void check_tsc(unsigned int cpu)
{
	static bool said;

	compare_tsc();
	if (tsc_compare.behind && !said) {
		pr_warn("smp: TSC of CPU %u is up to %lu ticks off: time may go back between CPUs\n",
			cpu, tsc_compare.behind);
		said = true;
	}
}

/* ----------------------------------------------------------------------------------------- boot CPU's part */

static bool wait_while(const u32 *word, u32 value)
{
	u64 end = clock_ns() + ANSWER_NS;

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value && clock_ns() < end)
		cpu_relax();
	return __atomic_load_n(word, __ATOMIC_ACQUIRE) != value;
}

static bool ticket_taken(void)
{
	return !__atomic_load_n(&secondary_start.ticket, __ATOMIC_ACQUIRE);
}

static void send_startup(u32 apic)
{
	apic_icr_write(apic, ICR_STARTUP | (TRAMPOLINE_PHYS >> PAGE_SHIFT));
}

/* True when the processor runs our code. */
static bool wake_up_cpu(u32 apic)
{
	u64 end;

	__atomic_store_n(&secondary_start.ticket, 1, __ATOMIC_SEQ_CST);
	apic_icr_write(apic, ICR_INIT | ICR_LEVEL | ICR_ASSERT);
	apic_icr_write(apic, ICR_INIT | ICR_LEVEL); /* what processors before the P6 family need */
	early_udelay(10000);
	send_startup(apic);
	early_udelay(200);
	if (!ticket_taken())
		send_startup(apic);
	end = clock_ns() + ANSWER_NS;
	while (!ticket_taken() && clock_ns() < end)
		cpu_relax();
	return !__atomic_exchange_n(&secondary_start.ticket, 0, __ATOMIC_SEQ_CST);
}

static void stop_silent_cpu(u32 apic)
{
	apic_icr_write(apic, ICR_INIT | ICR_LEVEL | ICR_ASSERT);
	apic_icr_write(apic, ICR_INIT | ICR_LEVEL);
}

static void free_exception_stacks(void)
{
	for (unsigned int i = 0; i < NR_IST; i++) {
		vfree(secondary_start.ist[i]);
		secondary_start.ist[i] = NULL;
	}
}

/* vmalloc leaves a page unmapped on either side. */
static int alloc_exception_stacks(void)
{
	for (unsigned int i = 0; i < NR_IST; i++) {
		secondary_start.ist[i] = vmalloc(IST_STACK_SIZE);
		if (!secondary_start.ist[i]) {
			free_exception_stacks();
			return -ENOMEM;
		}
	}
	return 0;
}

static int give_up(unsigned int cpu, u32 apic, const char *why)
{
	stop_silent_cpu(apic);
	free_exception_stacks();
	pr_warn("smp: CPU %u (APIC id %u) %s, left out\n", cpu, apic, why);
	return -EIO;
}

unsigned int arch_nr_candidates(void)
{
	return nr_candidates;
}

/**
 * arch_start_cpu - start the @nth processor that the firmware lists as CPU @cpu, with @idle as its first task
 *
 * Return: 0 when it runs @idle, whose stack it keeps; -ENOMEM; -EIO when it does not answer or does not fit: reported,
 *         and it will never touch @idle.
 * Locks:  none, interrupts on.  The boot CPU.
 */
int arch_start_cpu(unsigned int cpu, unsigned int nth, struct task_struct *idle)
{
	u32 apic = candidates[nth];
	u64 end;

	if (alloc_exception_stacks())
		return -ENOMEM;
	*per_cpu_ptr(&current_task, cpu) = idle;
	secondary_start.cr3 = virt_to_phys(swapper_pg_dir);
	secondary_start.stack = (unsigned long)idle->stack + KERNEL_STACK_SIZE;
	secondary_start.gs_base = per_cpu_offset[cpu];
	secondary_start.cpu = cpu;
	secondary_start.state = SECONDARY_STARTING;
	tsc_compare.arrived = tsc_compare.taken = 0;
	tsc_compare.last = tsc_compare.behind = 0;
	if (!wake_up_cpu(apic))
		return give_up(cpu, apic, "does not answer");
	if (!wait_while(&secondary_start.state, SECONDARY_STARTING))
		return give_up(cpu, apic, "got stuck");
	if (secondary_start.state == SECONDARY_UNFIT)
		return give_up(cpu, apic, "lacks features of the boot CPU");
	cpu_apic_ids[cpu] = apic;
	check_tsc(cpu);
	end = clock_ns() + ANSWER_NS;
	while (!cpu_online(cpu)) {
		if (clock_ns() > end)
			lost_cpu();
		cpu_relax();
	}
	return 0;
}

/* --------------------------------------------------------------------------------------- the other's part */

/**
 * start_secondary - first C function of a processor, on its idle task's stack, with its GS base
 */
void __noreturn start_secondary(unsigned int cpu)
{
	cpu_setup_control_registers();
	if (cpu_has(X86_FEATURE_PGE))
		write_cr4(read_cr4() | X86_CR4_PGE);
	gdt_init(cpu, secondary_start.ist);
	idt_load();
	arch_set_kernel_stack(secondary_start.stack);
	if (!cpu_matches_boot_cpu()) {
		__atomic_store_n(&secondary_start.state, SECONDARY_UNFIT, __ATOMIC_RELEASE);
		machine_halt();
	}
	tlb_init_cpu();
	syscall_init();
	lapic_enable();
	lapic_setup();
	timer_setup();
	__atomic_store_n(&secondary_start.state, SECONDARY_READY, __ATOMIC_RELEASE);
	compare_tsc();
	secondary_main();
}
