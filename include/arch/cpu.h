/*
 * include/arch/cpu.h - what this processor can do, and its privileged instructions
 *
 * Sources: Intel SDM 2A, "CPUID"; AMD APM 3, appendix E; Linux arch/x86/include/asm/cpufeatures.h for the names.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <lib/types.h>
#include <arch/percpu.h>

/* A feature is word * 32 + bit; the words are the CPUID registers listed in cpu.c. */
enum cpu_cap_word {
	CAP_1_EDX,
	CAP_1_ECX,
	CAP_8000_0001_EDX,
	CAP_8000_0001_ECX,
	CAP_7_EBX,
	CAP_7_ECX,
	CAP_8000_0007_EDX,
	NR_CAP_WORDS
};
#define CAP(word, bit) ((word)*32 + (bit))

enum cpu_feature {
	X86_FEATURE_FPU = CAP(CAP_1_EDX, 0),
	X86_FEATURE_PSE = CAP(CAP_1_EDX, 3),
	X86_FEATURE_TSC = CAP(CAP_1_EDX, 4),
	X86_FEATURE_MSR = CAP(CAP_1_EDX, 5),
	X86_FEATURE_PAE = CAP(CAP_1_EDX, 6),
	X86_FEATURE_MCE = CAP(CAP_1_EDX, 7),
	X86_FEATURE_APIC = CAP(CAP_1_EDX, 9),
	X86_FEATURE_PGE = CAP(CAP_1_EDX, 13),
	X86_FEATURE_FXSR = CAP(CAP_1_EDX, 24),
	X86_FEATURE_SSE2 = CAP(CAP_1_EDX, 26),
	X86_FEATURE_PCID = CAP(CAP_1_ECX, 17),
	X86_FEATURE_X2APIC = CAP(CAP_1_ECX, 21),
	X86_FEATURE_TSC_DEADLINE = CAP(CAP_1_ECX, 24),
	X86_FEATURE_XSAVE = CAP(CAP_1_ECX, 26),
	X86_FEATURE_RDRAND = CAP(CAP_1_ECX, 30),
	X86_FEATURE_HYPERVISOR = CAP(CAP_1_ECX, 31),
	X86_FEATURE_SYSCALL = CAP(CAP_8000_0001_EDX, 11),
	X86_FEATURE_NX = CAP(CAP_8000_0001_EDX, 20),
	X86_FEATURE_GBPAGES = CAP(CAP_8000_0001_EDX, 26),
	X86_FEATURE_LM = CAP(CAP_8000_0001_EDX, 29),
	X86_FEATURE_FSGSBASE = CAP(CAP_7_EBX, 0),
	X86_FEATURE_SMEP = CAP(CAP_7_EBX, 7),
	X86_FEATURE_ERMS = CAP(CAP_7_EBX, 9),
	X86_FEATURE_INVPCID = CAP(CAP_7_EBX, 10),
	X86_FEATURE_RDSEED = CAP(CAP_7_EBX, 18),
	X86_FEATURE_SMAP = CAP(CAP_7_EBX, 20),
	X86_FEATURE_UMIP = CAP(CAP_7_ECX, 2),
	X86_FEATURE_CONSTANT_TSC = CAP(CAP_8000_0007_EDX, 8),
};

struct cpuinfo_x86 { /* the boot CPU's; the others must match it */
	char vendor_id[13];
	char model_name[49];
	u32 cpuid_level; /* highest basic leaf */
	u32 family, model, stepping;
	u32 phys_bits, virt_bits;
	u32 clflush_size;  /* bytes */
	u32 apicid;        /* initial */
	u32 package_shift; /* APIC id bits below those that name the package */
	u32 cap[NR_CAP_WORDS];
	u32 hypervisor_level; /* highest leaf at 0x40000000, 0 if none */
	char hypervisor_id[13];
};

extern struct cpuinfo_x86 boot_cpu_data; /* filled before kernel_main */
extern u64 tsc_khz;                      /* TSC frequency; after time_init */

static inline bool cpu_has(enum cpu_feature f) { return boot_cpu_data.cap[f / 32] >> (f % 32) & 1; }

/* cpu_package, cpu_core - where the processor with an APIC id sits, as the id is put together */
static inline u32 cpu_package(u32 apicid) { return apicid >> boot_cpu_data.package_shift; }
static inline u32 cpu_core(u32 apicid)
{
	return apicid & ((1u << boot_cpu_data.package_shift) - 1);
}

/* cpu_flags_string - the names for /proc/cpuinfo's "flags", space-separated; result as snprintf's */
size_t cpu_flags_string(char *buf, size_t size);
/* cpu_hwcap - AT_HWCAP: CPUID.1:EDX */
static inline u32 cpu_hwcap(void) { return boot_cpu_data.cap[CAP_1_EDX]; }

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

#define MSR_APIC_BASE      0x0000001bU
#define MSR_TSC_DEADLINE   0x000006e0U
#define MSR_PAT            0x00000277U
#define MSR_X2APIC_BASE    0x00000800U
#define MSR_EFER           0xc0000080U
#define MSR_STAR           0xc0000081U
#define MSR_LSTAR          0xc0000082U
#define MSR_CSTAR          0xc0000083U
#define MSR_SYSCALL_MASK   0xc0000084U
#define MSR_FS_BASE        0xc0000100U
#define MSR_GS_BASE        0xc0000101U
#define MSR_KERNEL_GS_BASE 0xc0000102U

#define EFER_SCE           (1UL << 0)
#define EFER_LME           (1UL << 8)
#define EFER_NX            (1UL << 11)

#define X86_CR0_PE         (1UL << 0)
#define X86_CR0_MP         (1UL << 1)
#define X86_CR0_EM         (1UL << 2)
#define X86_CR0_TS         (1UL << 3)
#define X86_CR0_NE         (1UL << 5)
#define X86_CR0_WP         (1UL << 16)
#define X86_CR0_AM         (1UL << 18)
#define X86_CR0_PG         (1UL << 31)

#define X86_CR4_PSE        (1UL << 4)
#define X86_CR4_PAE        (1UL << 5)
#define X86_CR4_MCE        (1UL << 6)
#define X86_CR4_PGE        (1UL << 7)
#define X86_CR4_OSFXSR     (1UL << 9)
#define X86_CR4_OSXMMEXCPT (1UL << 10)
#define X86_CR4_UMIP       (1UL << 11)
#define X86_CR4_FSGSBASE   (1UL << 16)
#define X86_CR4_PCIDE      (1UL << 17)
#define X86_CR4_OSXSAVE    (1UL << 18)
#define X86_CR4_SMEP       (1UL << 20)
#define X86_CR4_SMAP       (1UL << 21)

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (u64)hi << 32 | lo;
}
static inline void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline unsigned long read_cr0(void)
{
	unsigned long v;

	__asm__ volatile("mov %%cr0, %0" : "=r"(v) : : "memory");
	return v;
}
static inline void write_cr0(unsigned long v)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(v) : "memory");
}
static inline unsigned long read_cr2(void)
{
	unsigned long v;

	__asm__ volatile("mov %%cr2, %0" : "=r"(v) : : "memory");
	return v;
}
static inline unsigned long read_cr3(void)
{
	unsigned long v;

	__asm__ volatile("mov %%cr3, %0" : "=r"(v) : : "memory");
	return v;
}
static inline void write_cr3(unsigned long v)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}
static inline unsigned long read_cr4(void)
{
	unsigned long v;

	__asm__ volatile("mov %%cr4, %0" : "=r"(v) : : "memory");
	return v;
}
static inline void write_cr4(unsigned long v)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(v) : "memory");
}
static inline void invlpg(vaddr_t addr)
{
	__asm__ volatile("invlpg (%0)" : : "r"(addr) : "memory");
}

/* rdtsc - not ordered against other instructions: good for clocks, not for timing two lines of code */
static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

/* rdtsc_ordered - not before what comes earlier in the program */
static inline u64 rdtsc_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	return rdtsc();
}

/* arch_random_long - from the CPU's generator; false when it has none or it ran dry */
bool arch_random_long(unsigned long *v);

static inline void outb(u16 port, u8 v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
static inline void outw(u16 port, u16 v) { __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port)); }
static inline void outl(u16 port, u32 v) { __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port)); }
static inline u8 inb(u16 port)
{
	u8 v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u16 inw(u16 port)
{
	u16 v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u32 inl(u16 port)
{
	u32 v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

/* cpu_idle_wait - sleep until an interrupt: enables interrupts and halts with no window between the two */
static inline void cpu_idle_wait(void) { __asm__ volatile("sti; hlt" : : : "memory"); }

#endif
