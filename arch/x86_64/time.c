/*
 * arch/x86_64/time.c - the TSC as clock, the local APIC's timer as alarm
 *
 * The clock is TSC ticks times a fixed-point factor; it starts at the kernel's entry.  The frequency comes from CPUID
 * when the processor or hypervisor states it, and is measured otherwise, in less than a millisecond, against the ACPI
 * power-management timer (3.579545 MHz) or the PIT (1.193182 MHz), which have a fixed rate on every PC.
 *
 * Measuring.  At each end of the window the reference is read between two readings of the TSC, several times; the
 * reading with the shortest gap counts, so that a trip to the hypervisor in one of them does no harm.  The local
 * APIC's timer runs in the same window and is compared with the TSC.
 *
 *      tsc  ref  tsc                              tsc  ref  tsc
 *      |----+----|  best of 4   ... 700 us ...    |----+----|  best of 4
 *
 * The alarm is one-shot: armed in ticks of the APIC timer, or as a TSC value where the processor has a
 * deadline mode (not run on hardware: the emulator has none; its arithmetic has unit tests, apic_calc.h).  Each processor
 * has a timer of its own and uses what was measured on the boot CPU.
 *
 * Sources: Intel SDM 3A "APIC Timer", "TSC-Deadline Mode", SDM 2A "CPUID" leaves 15H, 16H; ACPI "Power Management
 * Timer"; Intel 8254 data sheet; MC146818 data sheet (the clock that keeps the date).
 */
#include <arch/acpi.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <kernel/boot_info.h>
#include <kernel/printk.h>
#include "apic_calc.h"
#include "arch_internal.h"

#define PM_TIMER_HZ    3579545UL
#define PIT_HZ         1193182UL
#define WINDOW_US      700UL
#define SAMPLES        4
#define DIVIDE_BY_16   3u          /* APIC_TIMER_DIV's code for it */
#define HV_LEAF_TIMING 0x40000010u /* eax: TSC kHz (VMware's convention, KVM and others follow) */

struct clock_data clock_data;
u64 tsc_khz;
static u64 lapic_mult; /* timer ticks per ns, 32.32 fixed point */
static bool use_deadline;

/* ------------------------------------------------------------------------------- references: count up, wrap */

static u32 read_pm_timer(void)
{
	return inl(acpi_fadt.pm_timer);
}

/* PIT channel 2, gated by port 0x61 so that neither speaker nor interrupt is involved; it counts down. */
static void pit_start(void)
{
	outb(0x61, (inb(0x61) & ~2u) | 1);
	outb(0x43, 0xb0); /* channel 2, low byte then high byte, mode 0 */
	outb(0x42, 0xff);
	outb(0x42, 0xff);
}

static u32 read_pit(void)
{
	u32 lo;

	outb(0x43, 0x80); /* latch channel 2 */
	lo = inb(0x42);
	return 0xffff - (lo | (u32)inb(0x42) << 8);
}

struct reference {
	u32 (*read)(void);
	u64 hz;
	u32 mask;
};

struct sample {
	u64 tsc;
	u32 ref, lapic;
};

static struct sample take_sample(const struct reference *r)
{
	struct sample best = { 0 };
	u64 best_gap = ~0UL;

	for (unsigned int i = 0; i < SAMPLES; i++) {
		u64 before = rdtsc();
		u32 ref = r->read();
		u64 after = rdtsc();
		u32 lapic = lapic_read(APIC_TIMER_CUR);

		if (after - before < best_gap) {
			best_gap = after - before;
			best = (struct sample){ before + best_gap / 2, ref, lapic };
		}
	}
	return best;
}

/* Does the reference move at all?  A port that is not there reads the same for ever. */
static bool reference_runs(const struct reference *r)
{
	u32 first = r->read();

	for (unsigned int i = 0; i < 1000; i++)
		if (r->read() != first)
			return true;
	return false;
}

static struct reference choose_reference(void)
{
	struct reference pm = { read_pm_timer, PM_TIMER_HZ,
				acpi_fadt.pm_timer_32bit ? 0xffffffffu : 0xffffffu };
	struct reference pit = { read_pit, PIT_HZ, 0xffff };

	if (acpi_fadt.pm_timer && reference_runs(&pm))
		return pm;
	pit_start();
	if (!reference_runs(&pit))
		panic("neither the ACPI timer nor the PIT counts: no clock to measure the TSC with");
	return pit;
}

/* ----------------------------------------------------------------------------------------- frequency */

/* What CPUID states, in kHz; 0 if nothing. */
static u64 stated_tsc_khz(void)
{
	struct cpuid_regs r;

	if (boot_cpu_data.hypervisor_level >= HV_LEAF_TIMING) {
		r = cpuid(HV_LEAF_TIMING, 0);
		if (r.eax)
			return r.eax;
	}
	if (boot_cpu_data.cpuid_level < 0x15)
		return 0;
	r = cpuid(0x15, 0);
	if (!r.eax || !r.ebx || !r.ecx)
		return 0;
	return (u64)r.ecx * r.ebx / r.eax / 1000;
}

static void calibrate(void)
{
	struct reference ref = choose_reference();
	u64 wait = ref.hz * WINDOW_US / 1000000, ref_ticks, tsc_ticks, lapic_ticks, ns;
	struct sample a, b;

	lapic_write(APIC_TIMER_DIV, DIVIDE_BY_16);
	lapic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VECTOR_TIMER);
	lapic_write(APIC_TIMER_INIT, 0xffffffff);
	a = take_sample(&ref);
	while (((ref.read() - a.ref) & ref.mask) < wait)
		cpu_relax();
	b = take_sample(&ref);
	lapic_write(APIC_TIMER_INIT, 0);

	ref_ticks = (b.ref - a.ref) & ref.mask;
	tsc_ticks = b.tsc - a.tsc;
	lapic_ticks = a.lapic - b.lapic; /* it counts down */
	tsc_khz = stated_tsc_khz();
	if (!tsc_khz)
		tsc_khz = tsc_ticks * ref.hz / ref_ticks / 1000;
	ns = tsc_ticks * 1000000 / tsc_khz;
	if (!tsc_khz || !lapic_ticks || !ns)
		panic("TSC or local timer stands still");
	lapic_mult = (lapic_ticks << 32) / ns;
}

/* timer_setup - the running processor's timer: one-shot, not armed; all run at the frequency that was measured on one */
void timer_setup(void)
{
	lapic_write(APIC_TIMER_DIV, DIVIDE_BY_16);
	if (use_deadline) {
		lapic_write(APIC_LVT_TIMER, APIC_LVT_TSC_DEADLINE | VECTOR_TIMER);
		/* Orders the mode before the first deadline. */
		__asm__ volatile("mfence" : : : "memory");
	} else {
		lapic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	}
}

/**
 * time_init - clock_ns and timer_arm work from here on
 *
 * Context: after acpi_init and apic_init, interrupts off.
 */
void time_init(void)
{
	calibrate();
	clock_data.mult = (1000000UL << 32) / tsc_khz;
	clock_data.tsc_base = boot_info.entry_tsc;
	use_deadline = cpu_has(X86_FEATURE_TSC_DEADLINE);
	timer_setup();
	pr_info("TSC %lu.%03lu MHz, local timer %lu.%03lu MHz%s\n", tsc_khz / 1000, tsc_khz % 1000,
		(lapic_mult * 16000 >> 32), (lapic_mult * 16000000 >> 32) % 1000,
		use_deadline ? ", deadline mode" : "");
}

/* Ticks of a distance in ns, at least 1 (0 would stop the timer), at most what the register holds. */
static u32 lapic_ticks(u64 ns)
{
	u64 ticks = (u64)(((unsigned __int128)ns * lapic_mult) >> 32);

	return (u32)clamp(ticks, 1UL, 0xffffffffUL);
}

/*
 * A deadline too far for the register interrupts early; whoever armed it finds nothing due and arms again.
 */
void timer_arm(u64 deadline_ns)
{
	u64 now = clock_ns();
	u64 ns = deadline_ns > now ? deadline_ns - now : 0;

	if (use_deadline) {
		wrmsr(MSR_TSC_DEADLINE, apic_deadline(rdtsc(), ns, tsc_khz));
	} else {
		lapic_write(APIC_TIMER_INIT, lapic_ticks(ns));
	}
}

void timer_stop(void)
{
	if (use_deadline)
		wrmsr(MSR_TSC_DEADLINE, 0);
	else
		lapic_write(APIC_TIMER_INIT, 0);
}

/* Before the TSC is calibrated an access to port 0x80 stands for a microsecond: an ISA cycle, within a factor of 2. */
void early_udelay(unsigned int us)
{
	u64 end = rdtsc() + us * tsc_khz / 1000;

	if (!tsc_khz) {
		while (us--)
			outb(0x80, 0);
		return;
	}
	while (rdtsc() < end)
		cpu_relax();
}

/* ---------------------------------------------------------------------------------------------- date */

#define RTC_UPDATE 0x80 /* register A */
#define RTC_24H    0x02 /* register B */
#define RTC_BINARY 0x04
#define RTC_PM     0x80 /* hours */

struct rtc_fields {
	u8 sec, min, hour, day, mon, year;
};

static u8 cmos(u8 reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static struct rtc_fields read_fields(void)
{
	return (struct rtc_fields){ cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9) };
}

static bool same_fields(const struct rtc_fields *a, const struct rtc_fields *b)
{
	return a->sec == b->sec && a->min == b->min && a->hour == b->hour && a->day == b->day &&
	       a->mon == b->mon && a->year == b->year;
}

static unsigned int from_bcd(u8 v, u8 status)
{
	return status & RTC_BINARY ? v : (v >> 4) * 10u + (v & 15u);
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar; years begin in March, leap day last. */
static u64 days_since_epoch(unsigned int y, unsigned int m, unsigned int d)
{
	if (m <= 2) {
		y--;
		m += 12;
	}
	return 365UL * y + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 + d - 1 - 719468;
}

u64 read_rtc(void)
{
	struct rtc_fields f, again;
	unsigned int hour;
	u8 status = cmos(0x0b);

	/* A reading during the update may be torn: two equal ones outside it are not.  Bounded: a dead chip reads 0xff. */
	for (unsigned int tries = 0; tries < 1000; tries++) {
		if (cmos(0x0a) & RTC_UPDATE)
			continue;
		f = read_fields();
		again = read_fields();
		if (same_fields(&f, &again))
			break;
	}
	f = read_fields();
	hour = from_bcd(f.hour & 0x7f, status);
	if (!(status & RTC_24H))
		hour = hour % 12 + (f.hour & RTC_PM ? 12 : 0);
	return days_since_epoch(2000 + from_bcd(f.year, status), max(from_bcd(f.mon, status), 1u),
				from_bcd(f.day, status)) *
		       86400 +
	       hour * 3600 + from_bcd(f.min, status) * 60 + from_bcd(f.sec, status);
}
