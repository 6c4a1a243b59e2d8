/*
 * fs/proc/processors.c - cpuinfo and interrupts: one block, or one column, for each CPU that is online
 *
 * interrupts lists device lines by their number, then what processors raise for themselves and one another, in
 * Linux's words and order; of those only the kinds that exist here.
 *
 * Not shown in cpuinfo, though Linux does: microcode, cache size, bugs, TLB size.
 *
 * Source: proc(5).  Formats are Linux's; lscpu and mpstat read these by position.
 */
#include "internal.h"

#include <arch/cpu.h>
#include <arch/exception.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include <kernel/init.h>
#include <mm/slab.h>

#define FLAGS_SIZE 2048

/* --- cpuinfo --- */

/* CPUs in @cpu's package.  Hardware threads of one core are not told apart: each counts as a core. */
static unsigned int siblings_of(unsigned int cpu)
{
	u32 package = cpu_package(cpu_apic_id(cpu));
	unsigned int other, n = 0;

	for_each_online_cpu(other) n += cpu_package(cpu_apic_id(other)) == package;
	return n;
}

static void show_cpu(struct seq_file *m, unsigned int cpu, const char *flags)
{
	const struct cpuinfo_x86 *c = &boot_cpu_data;
	u32 apic = cpu_apic_id(cpu);
	unsigned int siblings = siblings_of(cpu);

	seq_printf(m, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", cpu,
		   c->vendor_id, c->family, c->model);
	seq_printf(m, "model name\t: %s\nstepping\t: %u\ncpu MHz\t\t: %lu.%03lu\n", c->model_name,
		   c->stepping, tsc_khz / 1000, tsc_khz % 1000);
	seq_printf(m, "physical id\t: %u\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n",
		   cpu_package(apic), siblings, cpu_core(apic), siblings);
	seq_printf(m, "apicid\t\t: %u\ninitial apicid\t: %u\nfpu\t\t: yes\nfpu_exception\t: yes\n",
		   apic, apic);
	seq_printf(m, "cpuid level\t: %u\nwp\t\t: yes\nflags\t\t: %s\n", c->cpuid_level, flags);
	seq_printf(m, "bogomips\t: %lu.%02lu\nclflush size\t: %u\ncache_alignment\t: 64\n",
		   tsc_khz / 500, tsc_khz / 5 % 100, c->clflush_size);
	seq_printf(m, "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
		   c->phys_bits, c->virt_bits);
}

static int cpuinfo_show(struct seq_file *m, void *v)
{
	char *flags = kmalloc(FLAGS_SIZE, GFP_KERNEL);
	unsigned int cpu;

	(void)v;
	if (!flags)
		return -ENOMEM;
	cpu_flags_string(flags, FLAGS_SIZE);
	for_each_online_cpu(cpu) show_cpu(m, cpu, flags);
	kfree(flags);
	return 0;
}

/* --- interrupts --- */

static void show_counts(struct seq_file *m, unsigned int vector)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) seq_printf(m, "%10u ", irq_count(vector, cpu));
}

static void show_device_line(struct seq_file *m, unsigned int vector, const struct irq_info *info)
{
	seq_printf(m, "%3d: ", info->gsi);
	show_counts(m, vector);
	seq_printf(m, " %8s %3d-%-8s  %s\n", "IO-APIC", info->gsi, info->level ? "fasteoi" : "edge",
		   info->name);
}

static void show_device_lines(struct seq_file *m)
{
	for (unsigned int gsi = 0; gsi < NR_GSIS; gsi++) {
		struct irq_info info;
		int vector = irq_find(gsi, &info);

		if (vector >= 0)
			show_device_line(m, (unsigned int)vector, &info);
	}
}

static int interrupts_show(struct seq_file *m, void *v)
{
	static const struct {
		unsigned int vector;
		const char *label, *name;
	} own[] = {
		{ X86_TRAP_NMI, "NMI", "Non-maskable interrupts" },
		{ VECTOR_TIMER, "LOC", "Local timer interrupts" },
		{ VECTOR_SPURIOUS, "SPU", "Spurious interrupts" },
		{ VECTOR_RESCHEDULE, "RES", "Rescheduling interrupts" },
		{ VECTOR_CALL, "CAL", "Function call interrupts" },
		{ VECTOR_TLB, "TLB", "TLB shootdowns" },
	};
	unsigned int cpu, errors = 0;

	(void)v;
	seq_printf(m, "%11s", "");
	for_each_online_cpu(cpu)
	{
		seq_printf(m, "CPU%-8u", cpu);
		errors += irq_count(VECTOR_ERROR, cpu);
	}
	seq_putc(m, '\n');
	show_device_lines(m);
	for (unsigned int i = 0; i < ARRAY_SIZE(own); i++) {
		seq_printf(m, "%s: ", own[i].label);
		show_counts(m, own[i].vector);
		seq_printf(m, "  %s\n", own[i].name);
	}
	seq_printf(m, "ERR: %10u\n", errors);
	return 0;
}

void proc_processors_init(void)
{
	if (proc_create("cpuinfo", 0444, cpuinfo_show, NULL) ||
	    proc_create("interrupts", 0444, interrupts_show, NULL))
		pr_err("proc: no memory for cpuinfo or interrupts\n");
}
