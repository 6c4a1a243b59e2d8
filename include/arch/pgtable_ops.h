/*
 * include/arch/pgtable_ops.h - reading and writing page-table entries, and walking down
 *
 * An entry is one naturally aligned word: the CPU may set its accessed and dirty bits at any time, so it is read
 * once, written whole, and taken away by exchange.  After a write comes the flush, in the caller's hands.
 *
 * Source: Intel SDM 3A, "Accessed and Dirty Flags", "Caching Translation Information".
 */
#ifndef ARCH_PGTABLE_OPS_H
#define ARCH_PGTABLE_OPS_H

#include <lib/types.h>
#include <arch/layout.h>
#include <arch/pgtable.h>

static inline pte_t ptep_get(const pte_t *p) { return __pte(READ_ONCE(p->pte)); }
static inline pmd_t pmdp_get(const pmd_t *p) { return __pmd(READ_ONCE(p->pmd)); }
static inline pud_t pudp_get(const pud_t *p) { return __pud(READ_ONCE(p->pud)); }
static inline pgd_t pgdp_get(const pgd_t *p) { return __pgd(READ_ONCE(p->pgd)); }
static inline void set_pte(pte_t *p, pte_t v) { WRITE_ONCE(p->pte, v.pte); }
static inline void set_pmd(pmd_t *p, pmd_t v) { WRITE_ONCE(p->pmd, v.pmd); }
static inline void set_pud(pud_t *p, pud_t v) { WRITE_ONCE(p->pud, v.pud); }
static inline void set_pgd(pgd_t *p, pgd_t v) { WRITE_ONCE(p->pgd, v.pgd); }
static inline pte_t ptep_get_and_clear(pte_t *p)
{
	return __pte(__atomic_exchange_n(&p->pte, 0, __ATOMIC_SEQ_CST));
}
static inline bool ptep_cmpxchg(pte_t *p, pte_t old, pte_t new)
{
	return __atomic_compare_exchange_n(&p->pte, &old.pte, new.pte, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}
/* ptep_set_wrprotect - take the write bit away without losing a concurrent dirty bit */
static inline void ptep_set_wrprotect(pte_t *p)
{
	__atomic_and_fetch(&p->pte, ~_PAGE_RW, __ATOMIC_SEQ_CST);
}
/* ptep_test_and_clear_young - was it accessed since the last time? No flush: a stale bit costs only accuracy. */
static inline bool ptep_test_and_clear_young(pte_t *p)
{
	return __atomic_fetch_and(&p->pte, ~_PAGE_ACCESSED, __ATOMIC_SEQ_CST) & _PAGE_ACCESSED;
}

#define __pt_va(pa) ((void *)(PAGE_OFFSET + (pa)))
static inline pgd_t *pgd_offset_pgd(pgd_t *pgd, vaddr_t a) { return pgd + pgd_index(a); }
#define pgd_offset(mm, a) pgd_offset_pgd((mm)->pgd, a)
/* From a present entry to the slot of the next level. */
static inline pud_t *pud_offset(pgd_t *p, vaddr_t a)
{
	return (pud_t *)__pt_va(pgd_table(pgdp_get(p))) + pud_index(a);
}
static inline pmd_t *pmd_offset(pud_t *p, vaddr_t a)
{
	return (pmd_t *)__pt_va(pud_table(pudp_get(p))) + pmd_index(a);
}
static inline pte_t *pte_offset(pmd_t *p, vaddr_t a)
{
	return (pte_t *)__pt_va(pmd_table(pmdp_get(p))) + pte_index(a);
}

/* arch code */
void clear_page(void *page);                /* rep stosq: 513 instructions */
void copy_page(void *dst, const void *src); /* rep movsq */

#endif
