/*
 * arch/x86_64/cpu.c - what the processor is, and its control registers
 *
 * Features are read once, on the boot CPU, into boot_cpu_data; boot.asm has already refused processors without
 * long mode, NX, SSE2 and the rest of the x86-64 baseline, so what is probed here is optional.
 *
 * CR4.OSXSAVE stays 0: programs then see no AVX, and the FXSAVE image is all the state there is (thread.c).  The
 * flags that /proc/cpuinfo shows leave out what depends on it.
 *
 * Sources: Intel SDM 2A "CPUID", SDM 3A "Control Registers"; AMD APM 3, appendix E.
 */
#include <arch/exception.h>
#include <lib/printf.h>
#include <lib/string.h>
#include "arch_internal.h"

struct cpuinfo_x86 boot_cpu_data;

static u32 max_leaf(u32 base)
{
	u32 max = cpuid(base, 0).eax;

	return max >= base && max < base + 0x10000 ? max : 0;
}

static void put_regs(char *to, const u32 *regs, unsigned int nr)
{
	memcpy(to, regs, nr * sizeof(*regs));
	to[nr * sizeof(*regs)] = '\0';
}

/*
 * APIC id, and how many of its bits tell processors of one package apart.  Leaf 11 states both, level by level; before
 * it there was the number of ids that a package has, in leaf 1.
 */
static void identify_place(struct cpuinfo_x86 *c, u32 leaf_1_ebx, bool multi)
{
	struct cpuid_regs r = { 0 };

	if (c->cpuid_level >= 11)
		r = cpuid(11, 0);
	if (r.ebx & 0xffff) {
		c->apicid = r.edx;
		for (u32 level = 0; r.ebx & 0xffff && level < 8; r = cpuid(11, ++level))
			c->package_shift = r.eax & 31;
		return;
	}
	c->apicid = leaf_1_ebx >> 24;
	while (multi && 1u << c->package_shift < (leaf_1_ebx >> 16 & 0xff))
		c->package_shift++;
}

static void identify_features(struct cpuinfo_x86 *c, u32 max_ext)
{
	struct cpuid_regs r = cpuid(1, 0);

	c->stepping = r.eax & 15;
	c->model = r.eax >> 4 & 15;
	c->family = r.eax >> 8 & 15;
	if (c->family == 6 || c->family == 15)
		c->model |= (r.eax >> 16 & 15) << 4;
	if (c->family == 15)
		c->family += r.eax >> 20 & 0xff;
	c->clflush_size = (r.ebx >> 8 & 0xff) * 8;
	identify_place(c, r.ebx, r.edx >> 28 & 1);
	c->cap[CAP_1_EDX] = r.edx;
	c->cap[CAP_1_ECX] = r.ecx;
	if (c->cpuid_level >= 7) {
		r = cpuid(7, 0);
		c->cap[CAP_7_EBX] = r.ebx;
		c->cap[CAP_7_ECX] = r.ecx;
	}
	r = cpuid(0x80000001, 0);
	c->cap[CAP_8000_0001_EDX] = r.edx;
	c->cap[CAP_8000_0001_ECX] = r.ecx;
	if (max_ext >= 0x80000007)
		c->cap[CAP_8000_0007_EDX] = cpuid(0x80000007, 0).edx;
}

/* The brand string is right-justified on some processors. */
static void identify_model_name(struct cpuinfo_x86 *c, u32 max_ext)
{
	u32 regs[12];
	size_t skip;

	strscpy(c->model_name, "unknown", sizeof(c->model_name));
	if (max_ext < 0x80000004)
		return;
	for (unsigned int i = 0; i < 3; i++) {
		struct cpuid_regs r = cpuid(0x80000002 + i, 0);

		memcpy(regs + 4 * i, &r, sizeof(r));
	}
	put_regs(c->model_name, regs, 12);
	skip = strspn(c->model_name, " ");
	memmove(c->model_name, c->model_name + skip, sizeof(c->model_name) - skip);
}

void cpu_identify(void)
{
	struct cpuinfo_x86 *c = &boot_cpu_data;
	struct cpuid_regs r = cpuid(0, 0);
	u32 max_ext = max_leaf(0x80000000);

	c->cpuid_level = r.eax;
	put_regs(c->vendor_id, (const u32[]){ r.ebx, r.edx, r.ecx }, 3);
	identify_features(c, max_ext);
	identify_model_name(c, max_ext);
	c->phys_bits = 36;
	c->virt_bits = 48;
	if (max_ext >= 0x80000008) {
		r = cpuid(0x80000008, 0);
		c->phys_bits = r.eax & 0xff;
		c->virt_bits = r.eax >> 8 & 0xff;
	}
	if (cpu_has(X86_FEATURE_HYPERVISOR)) {
		r = cpuid(0x40000000, 0);
		c->hypervisor_level = max_leaf(0x40000000);
		put_regs(c->hypervisor_id, (const u32[]){ r.ebx, r.ecx, r.edx }, 3);
	}
}

/*
 * More features than the boot CPU's do no harm: nobody asks for them.  Two bits say what CR4 holds, and firmware may
 * have set that on the boot CPU alone.
 */
bool cpu_matches_boot_cpu(void)
{
	static const u32 ignored[NR_CAP_WORDS] = { [CAP_1_ECX] = 1u << 27 /* OSXSAVE */,
						   [CAP_7_ECX] = 1u << 4 /* OSPKE */ };
	struct cpuinfo_x86 mine = { .cpuid_level = cpuid(0, 0).eax };

	identify_features(&mine, max_leaf(0x80000000));
	for (unsigned int i = 0; i < NR_CAP_WORDS; i++)
		if (boot_cpu_data.cap[i] & ~(mine.cap[i] | ignored[i]))
			return false;
	return true;
}

/**
 * cpu_setup_control_registers - protections and FPU of the running processor
 *
 * Global pages wait until paging_init: the first tables must not leave entries behind.
 */
void cpu_setup_control_registers(void)
{
	static const struct {
		enum cpu_feature feature;
		unsigned long bit;
	} optional[] = {
		{ X86_FEATURE_MCE, X86_CR4_MCE },           { X86_FEATURE_SMEP, X86_CR4_SMEP },
		{ X86_FEATURE_SMAP, X86_CR4_SMAP },         { X86_FEATURE_UMIP, X86_CR4_UMIP },
		{ X86_FEATURE_FSGSBASE, X86_CR4_FSGSBASE },
	};
	unsigned long cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;

	for (unsigned int i = 0; i < ARRAY_SIZE(optional); i++)
		if (cpu_has(optional[i].feature))
			cr4 |= optional[i].bit;
	write_cr4(cr4);
	write_cr0(X86_CR0_PE | X86_CR0_MP | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | X86_CR0_PG);
	__asm__ volatile("fninit");
}

bool arch_random_long(unsigned long *v)
{
	bool ok = false;

	if (!cpu_has(X86_FEATURE_RDRAND))
		return false;
	for (unsigned int tries = 0; tries < 10 && !ok; tries++)
		__asm__ volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
	return ok;
}

/* clang-format off */
/* Linux's names, by bit; only what a program may use with OSXSAVE off. */
static const char *const flag_names[NR_CAP_WORDS][32] = {
	[CAP_1_EDX] = { "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", NULL, "sep",
			"mtrr", "pge", "mca", "cmov", "pat", "pse36", "pn", "clflush", NULL, "dts", "acpi",
			"mmx", "fxsr", "sse", "sse2", "ss", "ht", "tm", NULL, "pbe" },
	[CAP_8000_0001_EDX] = { [11] = "syscall", [19] = "mp", [20] = "nx", [22] = "mmxext", [25] = "fxsr_opt",
				[26] = "pdpe1gb", [27] = "rdtscp", [29] = "lm", "3dnowext", "3dnow" },
	[CAP_8000_0007_EDX] = { [8] = "constant_tsc" },
	[CAP_1_ECX] = { "pni", "pclmulqdq", "dtes64", "monitor", [9] = "ssse3", [13] = "cx16", [17] = "pcid",
			[19] = "sse4_1", "sse4_2", "x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes",
			[30] = "rdrand", "hypervisor" },
	[CAP_8000_0001_ECX] = { "lahf_lm", "cmp_legacy", "svm", "extapic", "cr8_legacy", "abm", "sse4a",
				"misalignsse", "3dnowprefetch" },
	[CAP_7_EBX] = { "fsgsbase", [3] = "bmi1", [7] = "smep", "bmi2", "erms", "invpcid", [18] = "rdseed",
			"adx", "smap", [23] = "clflushopt", "clwb", [29] = "sha_ni" },
	[CAP_7_ECX] = { [2] = "umip", "pku", [16] = "la57", [22] = "rdpid" },
};
/* clang-format on */

size_t cpu_flags_string(char *buf, size_t size)
{
	static const u8 order[NR_CAP_WORDS] = { CAP_1_EDX, CAP_8000_0001_EDX, CAP_8000_0007_EDX,
						CAP_1_ECX, CAP_8000_0001_ECX, CAP_7_EBX,
						CAP_7_ECX };
	size_t len = 0;

	if (size)
		buf[0] = '\0';
	for (unsigned int i = 0; i < NR_CAP_WORDS; i++) {
		u32 cap = boot_cpu_data.cap[order[i]];

		for (unsigned int bit = 0; bit < 32; bit++) {
			const char *name = flag_names[order[i]][bit];

			if (name && cap >> bit & 1)
				len += (size_t)snprintf(len < size ? buf + len : NULL,
							len < size ? size - len : 0, "%s%s",
							len ? " " : "", name);
		}
	}
	return len;
}
