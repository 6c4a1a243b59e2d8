/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/host_mmu.c - the software MMU: does it do what hardware does, and does it see a missing flush?
 *
 * Page tables are changed here behind mm's back, with and without the flush that is due.
 */
#include <mm/mm.h>

#include "env.h"

#define BASE 0x10000000UL

static struct mm_struct *mm;

static void map_region(size_t len, unsigned long prot)
{
	long addr;

	env_boot(NULL);
	mm = mm_alloc();
	ASSERT(mm);
	mm_set_layout(mm, 8 * MiB, 0, false);
	addr = vm_mmap(mm, &env_limits, NULL, BASE, len, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	ASSERT_EQ(addr, BASE);
}

static pte_t *pte_of(vaddr_t addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud = pud_offset(pgd, addr);
	pmd_t *pmd = pmd_offset(pud, addr);

	return pte_offset(pmd, addr);
}

TEST(accesses_see_memory_and_set_accessed_and_dirty)
{
	pte_t pte;
	u8 v = 1;

	map_region(4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	ASSERT_EQ(user_read8(mm, BASE, &v), 0);
	ASSERT_EQ(v, 0);
	ASSERT_EQ(user_fault.faults, 1);
	ASSERT_EQ(user_write64(mm, BASE + PAGE_SIZE - 4, 0x1122334455667788), 0);
	ASSERT_EQ(user_read8(mm, BASE + PAGE_SIZE, &v), 0);
	ASSERT_EQ(v, 0x44);
	ASSERT_EQ(user_fault.faults, 0);
	pte = ptep_get(pte_of(BASE));
	ASSERT(pte_young(pte) && pte_dirty(pte) && pte_write(pte));
	env_mmput(mm);
}

TEST(signals_of_bad_accesses)
{
	u8 v;

	map_region(PAGE_SIZE, PROT_READ);
	ASSERT_EQ(user_read8(mm, BASE, &v), 0);
	ASSERT_EQ(user_write8(mm, BASE, 1), 11);
	ASSERT_EQ(user_fault.si_code, 2); /* SEGV_ACCERR */
	ASSERT_EQ(user_exec(mm, BASE), 11);
	ASSERT_EQ(user_fault.si_code, 2);
	ASSERT_EQ(user_read8(mm, BASE + PAGE_SIZE, &v), 11);
	ASSERT_EQ(user_fault.si_code, 1); /* SEGV_MAPERR */
	ASSERT_EQ(user_fault.addr, BASE + PAGE_SIZE);
	ASSERT_EQ(user_read8(mm, 0xffff888000000000UL, &v), 11);
	env_mmput(mm);
}

static void write_protect_without_flush(void)
{
	ptep_set_wrprotect(pte_of(BASE));
	user_write8(mm, BASE, 2);
}

static void clear_without_flush(void)
{
	u8 v;

	ptep_get_and_clear(pte_of(BASE));
	user_read8(mm, BASE, &v);
}

static void free_without_flush(void)
{
	struct page *page = pfn_to_page(pte_pfn(ptep_get(pte_of(BASE))));

	ptep_get_and_clear(pte_of(BASE));
	atomic_set(&page->_mapcount, -1);
	while (page_count(page)) /* the mapping's reference, and that of an LRU batch */
		put_page(page);
}

static void clean_without_flush(void)
{
	set_pte(pte_of(BASE), pte_mkclean(ptep_get(pte_of(BASE))));
	user_write8(mm, BASE, 3);
}

TEST(missing_flush_is_a_failure)
{
	map_region(PAGE_SIZE, PROT_READ | PROT_WRITE);
	ASSERT_EQ(user_write8(mm, BASE, 1), 0);
	EXPECT(test_expect_panic(write_protect_without_flush, "read-only now"));
	EXPECT(test_expect_panic(clear_without_flush, "nothing is mapped"));
	EXPECT(test_expect_panic(clean_without_flush, "it is clean now"));
	EXPECT(test_expect_panic(free_without_flush, "freed before the TLB flush"));
	env_mmput(mm);
}

static void flush_on_the_wrong_cpus(void)
{
	env_set_cpu(1);
	ASSERT_EQ(user_write8(mm, BASE, 1), 0);
	__atomic_fetch_and(&mm->cpumask, ~BIT(1), __ATOMIC_SEQ_CST);
	ptep_set_wrprotect(pte_of(BASE));
	flush_tlb_page(mm->mmap, BASE);
	user_write8(mm, BASE, 2);
}

static unsigned long events(enum vm_event_item item)
{
	unsigned long sum[NR_VM_EVENT_ITEMS];

	all_vm_events(sum);
	return sum[item];
}

TEST(flush_reaches_the_cpus_of_the_mask_only)
{
	unsigned long received;

	map_region(PAGE_SIZE, PROT_READ | PROT_WRITE);
	ASSERT_EQ(user_write8(mm, BASE, 1), 0);
	EXPECT(test_expect_panic(flush_on_the_wrong_cpus, "stale translation"));

	env_set_cpu(1);
	ASSERT_EQ(user_write8(mm, BASE, 1), 0);
	ASSERT_EQ(mm->cpumask, 3);
	set_pte(pte_of(BASE), pte_wrprotect(ptep_get(pte_of(BASE))));
	received = events(TLB_REMOTE_FLUSH_RECEIVED);
	flush_tlb_page(mm->mmap, BASE);
	ASSERT_EQ(events(TLB_REMOTE_FLUSH_RECEIVED) - received, 1);
	env_tlb_check();
	ASSERT_EQ(user_write8(mm, BASE, 2), 0); /* the last owner gets it back by a fault */
	ASSERT_EQ(user_fault.faults, 1);
	env_mmput(mm);
}

static void flush_with_interrupts_off(void)
{
	local_irq_disable();
	flush_tlb_mm(mm);
}

TEST(flush_with_interrupts_off_is_a_failure)
{
	map_region(PAGE_SIZE, PROT_READ);
	EXPECT(test_expect_panic(flush_with_interrupts_off, "irqs_disabled()"));
	env_mmput(mm);
}

static void free_loaded_mm(void)
{
	user_write8(mm, BASE, 1);
	mmput(mm);
}

TEST(freeing_a_loaded_mm_is_a_failure)
{
	map_region(PAGE_SIZE, PROT_READ | PROT_WRITE);
	EXPECT(test_expect_panic(free_loaded_mm, "top-level table"));
	env_mmput(mm);
}
