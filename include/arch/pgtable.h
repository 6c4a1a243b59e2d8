/*
 * include/arch/pgtable.h - page-table entries as types, and the arithmetic on them
 *
 *      47     39 38     30 29     21 20     12 11        0
 *     +---------+---------+---------+---------+-----------+
 *     |   PGD   |   PUD   |   PMD   |   PTE   |  offset   |    9 + 9 + 9 + 9 + 12 = 48 bits translated;
 *     +---------+---------+---------+---------+-----------+    63:48 copy bit 47
 *
 * Pure: no memory is read here but the entries handed in, so that the same text serves kernel and host.
 * How an entry is read and written atomically is mm_env.h's part (ptep_get, set_pte, ...).
 *
 * A non-present entry that is not zero is a swap entry: bit 0 clear, and never the hardware's to interpret.
 *
 * Source: Intel SDM 3A, "4-Level Paging and 5-Level Paging", tables of the entry formats.
 */
#ifndef ARCH_PGTABLE_H
#define ARCH_PGTABLE_H

#include <lib/types.h>

#define PAGE_SHIFT     12
#define PAGE_SIZE      (1UL << PAGE_SHIFT)
#define PAGE_MASK      (~(PAGE_SIZE - 1))
#define PMD_SHIFT      21
#define PMD_SIZE       (1UL << PMD_SHIFT)
#define PMD_MASK       (~(PMD_SIZE - 1))
#define PUD_SHIFT      30
#define PUD_SIZE       (1UL << PUD_SHIFT)
#define PUD_MASK       (~(PUD_SIZE - 1))
#define PGDIR_SHIFT    39
#define PGDIR_SIZE     (1UL << PGDIR_SHIFT)
#define PGDIR_MASK     (~(PGDIR_SIZE - 1))
#define PTRS_PER_TABLE 512UL
#define PAGE_ALIGN(x)  (((x) + PAGE_SIZE - 1) & PAGE_MASK)

#define TASK_SIZE_MAX  ((1UL << 47) - PAGE_SIZE) /* the last user page is never mapped (SYSRET) */

typedef struct {
	u64 pte;
} pte_t;
typedef struct {
	u64 pmd;
} pmd_t;
typedef struct {
	u64 pud;
} pud_t;
typedef struct {
	u64 pgd;
} pgd_t;
typedef struct {
	u64 pgprot;
} pgprot_t;

#define _PAGE_PRESENT   (1UL << 0)
#define _PAGE_RW        (1UL << 1)
#define _PAGE_USER      (1UL << 2)
#define _PAGE_PWT       (1UL << 3)
#define _PAGE_PCD       (1UL << 4)
#define _PAGE_ACCESSED  (1UL << 5)
#define _PAGE_DIRTY     (1UL << 6)
#define _PAGE_PSE       (1UL << 7) /* PMD, PUD: maps a large page */
#define _PAGE_GLOBAL    (1UL << 8)
#define _PAGE_SPECIAL   (1UL << 9) /* software: no struct page behind it counts (zero page, vdso) */
#define _PAGE_SOFT1     (1UL << 10)
#define _PAGE_SOFTDIRTY (1UL << 11) /* software */
#define _PAGE_PROTNONE \
	_PAGE_GLOBAL /* with PRESENT clear: mapped, but access is denied (PROT_NONE) */
#define _PAGE_NX      (1UL << 63)
#define PTE_PFN_MASK  0x000ffffffffff000UL

#define _KERNPG_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PAGE_TABLE   (_KERNPG_TABLE | _PAGE_USER)

#define __pte(x)      ((pte_t){ (x) })
#define __pmd(x)      ((pmd_t){ (x) })
#define __pud(x)      ((pud_t){ (x) })
#define __pgd(x)      ((pgd_t){ (x) })
#define __pgprot(x)   ((pgprot_t){ (x) })
#define pte_val(x)    ((x).pte)
#define pmd_val(x)    ((x).pmd)
#define pud_val(x)    ((x).pud)
#define pgd_val(x)    ((x).pgd)
#define pgprot_val(x) ((x).pgprot)

/* Kernel mappings.  Global: every address space has them. */
#define PAGE_KERNEL \
	__pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_GLOBAL | _PAGE_NX)
#define PAGE_KERNEL_RO \
	__pgprot(_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_GLOBAL | _PAGE_NX)
#define PAGE_KERNEL_ROX __pgprot(_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_GLOBAL)
#define PAGE_KERNEL_IO  __pgprot(pgprot_val(PAGE_KERNEL) | _PAGE_PCD | _PAGE_PWT)

/* User mappings, as mprotect's bits ask; writable comes only with a fault that has checked for COW. */
#define PAGE_NONE        __pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_READONLY    __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX)
#define PAGE_READEXEC    __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_SHARED      __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_RW | _PAGE_NX)
#define PAGE_SHARED_EXEC __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_RW)

static inline unsigned int pgd_index(vaddr_t a)
{
	return (a >> PGDIR_SHIFT) & (PTRS_PER_TABLE - 1);
}
static inline unsigned int pud_index(vaddr_t a) { return (a >> PUD_SHIFT) & (PTRS_PER_TABLE - 1); }
static inline unsigned int pmd_index(vaddr_t a) { return (a >> PMD_SHIFT) & (PTRS_PER_TABLE - 1); }
static inline unsigned int pte_index(vaddr_t a) { return (a >> PAGE_SHIFT) & (PTRS_PER_TABLE - 1); }

/* First address above @a where the next entry of the level begins, or @end: for range walks. */
#define LEVEL_ADDR_END(a, end, size)                        \
	({                                                  \
		vaddr_t __b = ((a) + (size)) & ~((size)-1); \
		(__b - 1 < (end)-1) ? __b : (end);          \
	})
#define pgd_addr_end(a, end) LEVEL_ADDR_END(a, end, PGDIR_SIZE)
#define pud_addr_end(a, end) LEVEL_ADDR_END(a, end, PUD_SIZE)
#define pmd_addr_end(a, end) LEVEL_ADDR_END(a, end, PMD_SIZE)

static inline bool pte_none(pte_t p) { return !pte_val(p); }
static inline bool pmd_none(pmd_t p) { return !pmd_val(p); }
static inline bool pud_none(pud_t p) { return !pud_val(p); }
static inline bool pgd_none(pgd_t p) { return !pgd_val(p); }

/* "Present" to mm: a page is there, though PROT_NONE may hide it from the hardware. */
static inline bool pte_present(pte_t p) { return pte_val(p) & (_PAGE_PRESENT | _PAGE_PROTNONE); }
static inline bool pte_hw_present(pte_t p) { return pte_val(p) & _PAGE_PRESENT; }
static inline bool pmd_present(pmd_t p) { return pmd_val(p) & _PAGE_PRESENT; }
static inline bool pud_present(pud_t p) { return pud_val(p) & _PAGE_PRESENT; }
static inline bool pgd_present(pgd_t p) { return pgd_val(p) & _PAGE_PRESENT; }
static inline bool pmd_leaf(pmd_t p)
{
	return (pmd_val(p) & (_PAGE_PRESENT | _PAGE_PSE)) == (_PAGE_PRESENT | _PAGE_PSE);
}
static inline bool pud_leaf(pud_t p)
{
	return (pud_val(p) & (_PAGE_PRESENT | _PAGE_PSE)) == (_PAGE_PRESENT | _PAGE_PSE);
}

static inline bool pte_write(pte_t p) { return pte_val(p) & _PAGE_RW; }
static inline bool pte_dirty(pte_t p) { return pte_val(p) & _PAGE_DIRTY; }
static inline bool pte_young(pte_t p) { return pte_val(p) & _PAGE_ACCESSED; }
static inline bool pte_exec(pte_t p) { return !(pte_val(p) & _PAGE_NX); }
static inline bool pte_user(pte_t p) { return pte_val(p) & _PAGE_USER; }
static inline bool pte_special(pte_t p) { return pte_val(p) & _PAGE_SPECIAL; }
static inline bool pte_protnone(pte_t p)
{
	return (pte_val(p) & (_PAGE_PRESENT | _PAGE_PROTNONE)) == _PAGE_PROTNONE;
}

static inline pte_t pte_set_flags(pte_t p, u64 f) { return __pte(pte_val(p) | f); }
static inline pte_t pte_clear_flags(pte_t p, u64 f) { return __pte(pte_val(p) & ~f); }
static inline pte_t pte_mkwrite(pte_t p) { return pte_set_flags(p, _PAGE_RW); }
static inline pte_t pte_wrprotect(pte_t p) { return pte_clear_flags(p, _PAGE_RW); }
static inline pte_t pte_mkdirty(pte_t p) { return pte_set_flags(p, _PAGE_DIRTY | _PAGE_SOFTDIRTY); }
static inline pte_t pte_mkclean(pte_t p) { return pte_clear_flags(p, _PAGE_DIRTY); }
static inline pte_t pte_mkyoung(pte_t p) { return pte_set_flags(p, _PAGE_ACCESSED); }
static inline pte_t pte_mkold(pte_t p) { return pte_clear_flags(p, _PAGE_ACCESSED); }
static inline pte_t pte_mkspecial(pte_t p) { return pte_set_flags(p, _PAGE_SPECIAL); }

static inline pfn_t pte_pfn(pte_t p) { return (pte_val(p) & PTE_PFN_MASK) >> PAGE_SHIFT; }
static inline pfn_t pmd_pfn(pmd_t p) { return (pmd_val(p) & PTE_PFN_MASK) >> PAGE_SHIFT; }
static inline pfn_t pud_pfn(pud_t p) { return (pud_val(p) & PTE_PFN_MASK) >> PAGE_SHIFT; }
static inline pte_t pfn_pte(pfn_t pfn, pgprot_t prot)
{
	return __pte(((u64)pfn << PAGE_SHIFT) | pgprot_val(prot));
}

/* pte_modify - other permissions, same page, same accessed/dirty/special/soft-dirty state */
static inline pte_t pte_modify(pte_t p, pgprot_t prot)
{
	const u64 keep = PTE_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL |
			 _PAGE_SOFTDIRTY;

	return __pte((pte_val(p) & keep) | (pgprot_val(prot) & ~(_PAGE_DIRTY | PTE_PFN_MASK)));
}

/* Physical address of the table that an entry of the level above points at. */
static inline paddr_t pgd_table(pgd_t p) { return pgd_val(p) & PTE_PFN_MASK; }
static inline paddr_t pud_table(pud_t p) { return pud_val(p) & PTE_PFN_MASK; }
static inline paddr_t pmd_table(pmd_t p) { return pmd_val(p) & PTE_PFN_MASK; }

/* A swap entry in a PTE: bits 0 and 8 clear (neither present nor PROT_NONE), type in 4:1, offset from bit 12. */
typedef struct {
	u64 val;
} swp_entry_t;
static inline bool is_swap_pte(pte_t p) { return !pte_none(p) && !pte_present(p); }

#endif
