/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/arch/pgtable_ops.h - page-table entries in the arena
 *
 * The kernel's operations, each preceded by env_seam(): between any two accesses another software CPU may
 * change or use the tables.
 */
#ifndef ARCH_PGTABLE_OPS_H
#define ARCH_PGTABLE_OPS_H

#include <arch/layout.h>
#include <arch/pgtable.h>
#include <lib/types.h>

void env_seam(void);

#define HOST_ENTRY_OPS(level)                                     \
	static inline level##_t level##p_get(const level##_t *p)  \
	{                                                         \
		env_seam();                                       \
		return __##level(READ_ONCE(p->level));            \
	}                                                         \
	static inline void set_##level(level##_t *p, level##_t v) \
	{                                                         \
		env_seam();                                       \
		WRITE_ONCE(p->level, v.level);                    \
	}
HOST_ENTRY_OPS(pud)
HOST_ENTRY_OPS(pgd)
HOST_ENTRY_OPS(pmd)

static inline pte_t ptep_get(const pte_t *p)
{
	env_seam();
	return __pte(READ_ONCE(p->pte));
}

static inline void set_pte(pte_t *p, pte_t v)
{
	env_seam();
	WRITE_ONCE(p->pte, v.pte);
}

static inline pte_t ptep_get_and_clear(pte_t *p)
{
	env_seam();
	return __pte(__atomic_exchange_n(&p->pte, 0, __ATOMIC_SEQ_CST));
}

static inline bool ptep_cmpxchg(pte_t *p, pte_t old, pte_t new)
{
	env_seam();
	return __atomic_compare_exchange_n(&p->pte, &old.pte, new.pte, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static inline void ptep_set_wrprotect(pte_t *p)
{
	env_seam();
	__atomic_and_fetch(&p->pte, ~_PAGE_RW, __ATOMIC_SEQ_CST);
}

static inline bool ptep_test_and_clear_young(pte_t *p)
{
	env_seam();
	return __atomic_fetch_and(&p->pte, ~_PAGE_ACCESSED, __ATOMIC_SEQ_CST) & _PAGE_ACCESSED;
}

#define __pt_va(pa) ((void *)(PAGE_OFFSET + (pa)))

static inline pgd_t *pgd_offset_pgd(pgd_t *pgd, vaddr_t a)
{
	return pgd + pgd_index(a);
}
#define pgd_offset(mm, a) pgd_offset_pgd((mm)->pgd, a)

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

void clear_page(void *page);
void copy_page(void *dst, const void *src);

#endif
