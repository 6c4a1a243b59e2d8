/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/tlb.c - slots and generations as arithmetic, and the kernel's TLB code on simulated processors
 *
 * The first part asks arch/x86_64/tlb_asid.c directly.  The second runs arch/x86_64/tlb.c over the software MMU:
 * which CPU is interrupted by which flush, what lazy CPUs miss and make up for, and processors with process-context
 * identifiers, which the emulator does not have.
 */
#include <mm/vmalloc.h>

#include "mm_test.h"
#include "../../arch/x86_64/tlb_asid.h"

/* --- slots --- */

TEST(one_slot_is_emptied_by_each_load)
{
	struct tlb_slots slots = { 0 };

	for (int i = 0; i < 3; i++) {
		struct tlb_choice c = tlb_choose_slot(&slots, 1, 7, 1);

		EXPECT_EQ(c.slot, 0);
		EXPECT(c.flush);
	}
	EXPECT_EQ(slots.ctx[0].ctx_id, 7);
}

TEST(a_slot_is_kept_while_the_generation_stays)
{
	struct tlb_slots slots = { 0 };
	struct tlb_choice first = tlb_choose_slot(&slots, TLB_NR_SLOTS, 7, 3), again;

	EXPECT(first.flush);
	tlb_choose_slot(&slots, TLB_NR_SLOTS, 8, 1);
	again = tlb_choose_slot(&slots, TLB_NR_SLOTS, 7, 3);
	EXPECT_EQ(again.slot, first.slot);
	EXPECT(!again.flush);
	again = tlb_choose_slot(&slots, TLB_NR_SLOTS, 7, 4);
	EXPECT_EQ(again.slot, first.slot);
	EXPECT(again.flush);
	EXPECT(!tlb_choose_slot(&slots, TLB_NR_SLOTS, 7, 4).flush);
}

TEST(slots_are_given_away_in_turn)
{
	struct tlb_slots slots = { 0 };

	for (u64 id = 1; id <= TLB_NR_SLOTS; id++)
		EXPECT_EQ(tlb_choose_slot(&slots, TLB_NR_SLOTS, id, 1).slot, id - 1);
	EXPECT_EQ(tlb_choose_slot(&slots, TLB_NR_SLOTS, 100, 1).slot, 0);
	EXPECT(!tlb_choose_slot(&slots, TLB_NR_SLOTS, 2, 1).flush);
	/* The first has lost its slot: it gets the next one, empty. */
	EXPECT_EQ(tlb_choose_slot(&slots, TLB_NR_SLOTS, 1, 1).slot, 1);
	EXPECT(tlb_choose_slot(&slots, TLB_NR_SLOTS, 2, 1).flush);
}

/* --- what to flush --- */

TEST(work_follows_from_the_generations)
{
	struct tlb_flush range = { .start = 0x1000, .end = 0x2000, .new_gen = 5 };
	struct tlb_flush all = { .start = 0, .end = TLB_FLUSH_ALL_END, .new_gen = 5 };

	EXPECT_EQ(tlb_flush_work(&range, 4, 5), TLB_WORK_RANGE);
	EXPECT_EQ(tlb_flush_work(&all, 4, 5), TLB_WORK_ALL);
	EXPECT_EQ(tlb_flush_work(&range, 5, 5), TLB_WORK_NONE); /* done by an earlier one */
	EXPECT_EQ(tlb_flush_work(&range, 6, 6), TLB_WORK_NONE);
	EXPECT_EQ(tlb_flush_work(&range, 3, 5), TLB_WORK_ALL); /* one did not come here */
	EXPECT_EQ(tlb_flush_work(&range, 4, 6), TLB_WORK_ALL); /* another is on its way */
	EXPECT_EQ(tlb_flush_work(&range, 5, 6),
		  TLB_WORK_ALL); /* this one was done, the other not */
}

/* --- who is interrupted --- */

static unsigned long received;

static void count_ipis(void)
{
	received = events(TLB_REMOTE_FLUSH_RECEIVED);
}

static unsigned long ipis(void)
{
	return events(TLB_REMOTE_FLUSH_RECEIVED) - received;
}

static void use_on(unsigned int cpu, struct mm_struct *space, vaddr_t addr)
{
	env_set_cpu(cpu);
	write_byte(space, addr, 1);
}

TEST(each_cpu_of_the_mask_gets_one_ipi_and_no_other)
{
	struct mm_struct *other;

	setup();
	map_anon(TOP, 600);
	for (unsigned int i = 0; i < 600; i++)
		write_byte(mm, TOP + i * PAGE_SIZE, 1);
	other = new_mm();
	ASSERT_EQ(vm_mmap(other, &env_limits, NULL, TOP, PAGE_SIZE, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0),
		  TOP);
	use_on(1, mm, TOP);
	use_on(2, mm, TOP + PAGE_SIZE);
	use_on(3, other, TOP);
	env_set_cpu(0);
	EXPECT_EQ(mm->cpumask, 7);
	EXPECT_EQ(other->cpumask, 8);
	count_ipis();
	ASSERT_EQ(vm_munmap(mm, TOP, 600 * PAGE_SIZE), 0); /* pages and tables */
	EXPECT_EQ(ipis(), 2);
	env_mmput(other);
	teardown();
}

TEST(a_cpu_that_went_elsewhere_is_not_asked)
{
	struct mm_struct *other;

	setup();
	map_anon(TOP, 2);
	other = new_mm();
	ASSERT_EQ(vm_mmap(other, &env_limits, NULL, TOP, PAGE_SIZE, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0),
		  TOP);
	use_on(1, mm, TOP);
	use_on(1, other, TOP);
	use_on(0, mm, TOP);
	EXPECT_EQ(mm->cpumask, 1);
	count_ipis();
	ASSERT_EQ(vm_munmap(mm, TOP, PAGE_SIZE), 0);
	EXPECT_EQ(ipis(), 0);
	env_mmput(other);
	teardown();
}

TEST(a_lazy_cpu_is_left_alone_and_makes_up_for_it)
{
	setup();
	map_anon(TOP, 2);
	map_anon(TOP + 2 * PAGE_SIZE, 2); /* keeps the table */
	use_on(1, mm, TOP);
	env_kernel_thread();
	use_on(0, mm, TOP);
	count_ipis();
	ASSERT_EQ(vm_munmap(mm, TOP, PAGE_SIZE), 0);
	EXPECT_EQ(ipis(), 0);
	EXPECT(mm->cpumask & 2);
	env_set_cpu(1);
	ASSERT_EQ(user_write8(mm, TOP, 2), SIG_SEGV);
	ASSERT_EQ(user_write8(mm, TOP + PAGE_SIZE, 2), 0);
	env_set_cpu(0);
	teardown();
}

TEST(a_lazy_cpu_leaves_tables_before_they_are_freed)
{
	setup();
	map_anon(TOP, 2);
	use_on(1, mm, TOP);
	env_kernel_thread();
	use_on(0, mm, TOP);
	count_ipis();
	ASSERT_EQ(vm_munmap(mm, TOP, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(ipis(), 1);
	EXPECT_EQ(mm->cpumask, 1);
	EXPECT(!env_cpu_mm(1));
	env_set_cpu(0);
	teardown();
}

static void use_without_switching(void)
{
	struct page *page = page_at(mm, TOP);

	lru_add_drain_all();
	get_page(page);
	use_on(1, mm, TOP);
	env_kernel_thread();
	use_on(0, mm, TOP);
	ASSERT_EQ(vm_munmap(mm, TOP, PAGE_SIZE), 0);
	atomic_long_set(&mm->tlb_gen, atomic_long_read(&mm->tlb_gen) - 1); /* as if not counted */
	put_page(page);
	use_on(1, mm, TOP);
}

TEST(a_flush_that_makes_no_generation_is_noticed)
{
	setup();
	map_anon(TOP, 2);
	map_anon(TOP + 2 * PAGE_SIZE, 2);
	use_on(0, mm, TOP);
	EXPECT(test_expect_panic(use_without_switching, "stale translation"));
	teardown();
}

/* --- processors with PCIDs --- */

TEST(with_pcids_entries_survive_a_switch)
{
	struct mm_struct *other;
	unsigned long misses;

	setup();
	env_enable_pcid();
	map_anon(TOP, 2);
	other = new_mm();
	ASSERT_EQ(vm_mmap(other, &env_limits, NULL, TOP, PAGE_SIZE, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0),
		  TOP);
	write_byte(mm, TOP, 1);
	write_byte(other, TOP, 2);
	misses = env_tlb_stats.misses;
	EXPECT_EQ(read_byte(mm, TOP), 1);
	EXPECT_EQ(read_byte(other, TOP), 2);
	EXPECT_EQ(env_tlb_stats.misses, misses);
	env_mmput(other);
	teardown();
}

TEST(with_pcids_a_flush_while_away_is_made_up_for)
{
	struct mm_struct *other;

	setup();
	env_enable_pcid();
	map_anon(TOP, 4);
	other = new_mm();
	ASSERT_EQ(vm_mmap(other, &env_limits, NULL, TOP, PAGE_SIZE, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0),
		  TOP);
	use_on(1, mm, TOP);
	use_on(1, mm, TOP + PAGE_SIZE);
	use_on(1, other, TOP);
	use_on(0, mm, TOP);
	count_ipis();
	ASSERT_EQ(vm_munmap(mm, TOP, PAGE_SIZE), 0);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP + PAGE_SIZE, PAGE_SIZE, PROT_READ, false), 0);
	EXPECT_EQ(ipis(), 0);
	env_set_cpu(1);
	ASSERT_EQ(user_write8(mm, TOP, 2), SIG_SEGV);
	ASSERT_EQ(user_write8(mm, TOP + PAGE_SIZE, 2), SIG_SEGV);
	env_set_cpu(0);
	env_mmput(other);
	teardown();
}

TEST(with_pcids_a_dead_address_space_leaves_nothing_usable)
{
	setup();
	env_enable_pcid();
	for (unsigned int i = 0; i < 3 * TLB_NR_SLOTS; i++) {
		struct mm_struct *space = new_mm();

		ASSERT_EQ(vm_mmap(space, &env_limits, NULL, TOP, PAGE_SIZE, RW,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0),
			  TOP);
		EXPECT_EQ(read_byte(space, TOP), 0);
		write_byte(space, TOP, i + 1);
		env_mmput(space);
	}
	teardown();
}

TEST(with_pcids_kernel_entries_go_everywhere)
{
	char *area;

	setup();
	env_enable_pcid();
	map_anon(TOP, 1);
	area = vmalloc(64 * PAGE_SIZE);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		use_on(cpu, mm, TOP);
		kernel_write8((vaddr_t)area, 1);
	}
	env_set_cpu(0);
	vfree(area);
	vmalloc_flush();
	env_tlb_check();
	env_mmput(mm);
	/* Not teardown(): the kernel's tables stay. */
}
