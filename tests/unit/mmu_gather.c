/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/mmu_gather.c - nothing is freed before the flush, and a gather never fails
 *
 * That a page or a table is freed while a TLB still knows it is caught by the software MMU; these
 * tests bring about the situations, and show by leaving a flush out on purpose that it would be
 * noticed.
 */
#include "mm_test.h"

static void touch(vaddr_t addr, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		write_byte(mm, addr + i * PAGE_SIZE, 1);
}

/* One flush for a whole munmap, however many pages; pages stay allocated until then. */
TEST(one_munmap_is_one_flush)
{
	unsigned long flushes;

	setup();
	map_anon(TOP, 700);
	touch(TOP, 700);
	flushes = env_tlb_stats.flush_range;
	ASSERT_EQ(vm_munmap(mm, TOP, 700 * PAGE_SIZE), 0);
	EXPECT_EQ(env_tlb_stats.flush_range - flushes, 1);
	teardown();
}

TEST(munmap_of_untouched_memory_flushes_nothing)
{
	unsigned long flushes;

	setup();
	map_anon(TOP, 700);
	flushes = env_tlb_stats.flush_range + env_tlb_stats.flush_mm;
	ASSERT_EQ(vm_munmap(mm, TOP, 700 * PAGE_SIZE), 0);
	EXPECT_EQ(env_tlb_stats.flush_range + env_tlb_stats.flush_mm - flushes, 0);
	teardown();
}

static void munmap_without_memory(void)
{
	test_fail_allocations(1); /* every one */
	ASSERT_EQ(vm_munmap(mm, TOP, 700 * PAGE_SIZE), 0);
	test_fail_allocations(0);
	EXPECT_EQ(get_mm_rss(mm), 0);
	teardown();
}

TEST(without_memory_for_a_batch_it_flushes_early)
{
	setup();
	map_anon(TOP, 700);
	touch(TOP, 700);
	munmap_without_memory();
}

static void zap_without_flush(void)
{
	struct mmu_gather tlb;
	struct vm_area_struct *vma = vma_at(mm, TOP);

	down_read(&mm->mmap_lock);
	tlb_gather_mmu(&tlb, mm);
	zap_vma_range(&tlb, vma, TOP, TOP + PAGE_SIZE, false);
	tlb.start = tlb.end = 0; /* as if nothing had been cleared */
	tlb_finish_mmu(&tlb);
	up_read(&mm->mmap_lock);
}

TEST(a_missing_flush_is_noticed)
{
	setup();
	map_anon(TOP, 1);
	touch(TOP, 1);
	lru_add_drain();
	EXPECT(test_expect_panic(zap_without_flush, "freed before the TLB flush"));
	teardown();
}

/*
 * Two gathers on one mm.  The first has cleared the entry and not flushed; the second finds nothing
 * to clear, but may not end before the stale translation is gone.
 */
TEST(a_second_gather_does_not_end_before_the_first_ones_flush)
{
	struct mmu_gather first, second;
	struct vm_area_struct *vma;
	unsigned long flushes;

	setup();
	map_anon(TOP, 1);
	touch(TOP, 1);
	vma = vma_at(mm, TOP);
	down_read(&mm->mmap_lock);
	tlb_gather_mmu(&first, mm);
	zap_vma_range(&first, vma, TOP, TOP + PAGE_SIZE, false);
	tlb_gather_mmu(&second, mm);
	zap_vma_range(&second, vma, TOP, TOP + PAGE_SIZE, false);
	flushes = env_tlb_stats.flush_mm;
	tlb_finish_mmu(&second);
	EXPECT_EQ(env_tlb_stats.flush_mm - flushes, 1);
	tlb_finish_mmu(&first);
	up_read(&mm->mmap_lock);
	EXPECT_EQ(atomic_read(&mm->tlb_flush_pending), 0);
	teardown();
}

/*
 * Who cleans a dirty page looks for writable entries under the PTE lock.  When it finds none there
 * must be none in any TLB: the flush may not wait for the end of the gather.
 */
TEST(a_dirty_shared_page_is_flushed_before_the_lock_goes)
{
	struct mmu_gather tlb;
	struct file *file;

	setup();
	file = env_file_create("file", PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 1, RW, MAP_SHARED, file, 0), TOP);
	write_byte(mm, TOP, 1);
	down_read(&mm->mmap_lock);
	tlb_gather_mmu(&tlb, mm);
	zap_vma_range(&tlb, find_vma(mm, TOP), TOP, TOP + PAGE_SIZE, false);
	env_tlb_check();
	tlb_finish_mmu(&tlb);
	up_read(&mm->mmap_lock);
	fput(file);
	teardown();
}
