/*
 * include/arch/tlb_hw.h - the instructions that arch/x86_64/tlb.c is made of
 *
 * They are apart so that the same tlb.c runs in the host's tests, over simulated processors.  Interrupts off for all.
 *
 * Sources: Intel SDM 3A, "Invalidation of TLBs and Paging-Structure Caches", "Process-Context Identifiers (PCIDs)";
 * SDM 2, "INVLPG", "INVPCID", "MOV - Move to/from Control Registers".
 */
#ifndef ARCH_TLB_HW_H
#define ARCH_TLB_HW_H

#include <arch/cpu.h>
#include <arch/layout.h>
#include <mm/mm_types.h>

#define X86_CR3_PCID_NOFLUSH (1UL << 63)

/* Entries can be told apart by PCID, and those of the kernel are global: else each PCID had its own of them. */
static inline bool hw_has_pcid(void)
{
	return cpu_has(X86_FEATURE_PCID) && cpu_has(X86_FEATURE_PGE);
}

/* May be set only in long mode while CR3[11:0] is 0; each CPU for itself. */
static inline void hw_enable_pcid(void) { write_cr4(read_cr4() | X86_CR4_PCIDE); }

/* hw_load - walk @mm's tables from now on; forget what is held under @pcid unless @keep.  Without PCIDs: 0, false. */
static inline void hw_load(const struct mm_struct *mm, unsigned int pcid, bool keep)
{
	write_cr3(virt_to_phys(mm->pgd) | pcid | (keep ? X86_CR3_PCID_NOFLUSH : 0));
}

/* hw_flush_page - one page, under the current PCID and globally; and all paging-structure caches of the PCID */
static inline void hw_flush_page(vaddr_t addr) { invlpg(addr); }

/* hw_flush_global - everything, the kernel's global entries too, under all PCIDs */
static inline void hw_flush_global(void)
{
	static const struct {
		u64 pcid, addr;
	} none;
	unsigned long cr4 = read_cr4();

	if (cpu_has(X86_FEATURE_INVPCID)) {
		const unsigned long all_with_globals = 2;

		__asm__ volatile("invpcid %0, %1" : : "m"(none), "r"(all_with_globals) : "memory");
	} else if (cr4 & X86_CR4_PGE) {
		write_cr4(cr4 & ~X86_CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
}

#endif
