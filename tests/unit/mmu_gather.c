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

/* Flushes of the address space so far: each makes a generation. */
static unsigned long flushes(void)
{
	return (unsigned long)atomic_long_read(&mm->tlb_gen);
}

/* One flush for a whole munmap, however many pages; pages stay allocated until then. */
TEST(one_munmap_is_one_flush)
{
	unsigned long before;

	setup();
	map_anon(TOP, 700);
	touch(TOP, 700);
	before = flushes();
	ASSERT_EQ(vm_munmap(mm, TOP, 700 * PAGE_SIZE), 0);
	EXPECT_EQ(flushes() - before, 1);
	teardown();
}

TEST(munmap_of_untouched_memory_flushes_nothing)
{
	unsigned long before;

	setup();
	map_anon(TOP, 700);
	before = flushes();
	ASSERT_EQ(vm_munmap(mm, TOP, 700 * PAGE_SIZE), 0);
	EXPECT_EQ(flushes() - before, 0);
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
	unsigned long before;

	setup();
	map_anon(TOP, 1);
	touch(TOP, 1);
	vma = vma_at(mm, TOP);
	down_read(&mm->mmap_lock);
	tlb_gather_mmu(&first, mm);
	zap_vma_range(&first, vma, TOP, TOP + PAGE_SIZE, false);
	tlb_gather_mmu(&second, mm);
	zap_vma_range(&second, vma, TOP, TOP + PAGE_SIZE, false);
	before = flushes();
	tlb_finish_mmu(&second);
	EXPECT_EQ(flushes() - before, 1);
	tlb_finish_mmu(&first);
	up_read(&mm->mmap_lock);
	EXPECT_EQ(atomic_read(&mm->tlb_flush_pending), 0);
	teardown();
}

/*
 * Until the flush a dirty page can be written through a translation that is gone from the tables.
 * Who writes it back in between finds no mapping to write-protect and calls it clean; after the
 * flush it must be dirty again.
 */
TEST(a_dirty_shared_page_is_dirty_again_after_the_flush)
{
	struct mmu_gather tlb;
	struct file *file;
	struct page *page;

	setup();
	file = env_file_create("file", 2 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 2, RW, MAP_SHARED, file, 0), TOP);
	write_byte(mm, TOP, 1);
	read_byte(mm, TOP + PAGE_SIZE);
	page = page_at(mm, TOP);
	down_read(&mm->mmap_lock);
	tlb_gather_mmu(&tlb, mm);
	zap_vma_range(&tlb, find_vma(mm, TOP), TOP, TOP + 2 * PAGE_SIZE, false);
	EXPECT(PageDirty(page));
	lock_page(page);
	ASSERT_EQ(page->mapping->a_ops->writepage(page), 0); /* unlocks */
	EXPECT(!PageDirty(page));
	tlb_finish_mmu(&tlb);
	EXPECT(PageDirty(page));
	EXPECT_EQ(global_node_page_state(NR_FILE_DIRTY), 1);
	up_read(&mm->mmap_lock);
	fput(file);
	teardown();
}

/* Cut off from its file before the flush, it is nobody's to write: counted dirty no more. */
TEST(a_dirty_page_that_is_truncated_before_the_flush_is_not_counted)
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
	truncate_pagecache(file_mapping(file), 0);
	tlb_finish_mmu(&tlb);
	up_read(&mm->mmap_lock);
	EXPECT_EQ(global_node_page_state(NR_FILE_DIRTY), 0);
	fput(file);
	teardown();
}

/* Three mappings, one call, one flush. */
TEST(one_flush_for_all_mappings_of_a_call)
{
	unsigned long before;

	setup();
	map_anon(TOP, 3);
	touch(TOP, 3);
	ASSERT_EQ(vm_madvise(mm, TOP + PAGE_SIZE, PAGE_SIZE, MADV_DONTDUMP), 0);
	before = flushes();
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, 3 * PAGE_SIZE, PROT_READ, false), 0);
	EXPECT_EQ(flushes() - before, 1);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, 3 * PAGE_SIZE, RW, false), 0);
	EXPECT_EQ(flushes() - before, 1); /* more permission: nothing to forget */
	ASSERT_EQ(vm_madvise(mm, TOP, 3 * PAGE_SIZE, MADV_DONTNEED), 0);
	EXPECT_EQ(flushes() - before, 2);
	teardown();
}

/* Entries of three tables, of which none goes: the move is one flush. */
TEST(one_mremap_is_one_flush)
{
	const vaddr_t to = TOP + 64 * MiB;
	unsigned long before;

	setup();
	map_anon(TOP, 1024);
	touch(TOP, 1024);
	ASSERT_EQ(map_at(TOP - 2 * PAGE_SIZE, 1, RW, MAP_PRIVATE, NULL, 0), TOP - 2 * PAGE_SIZE);
	before = flushes();
	ASSERT_EQ(vm_mremap(mm, &env_limits, TOP, 1024 * PAGE_SIZE, 1024 * PAGE_SIZE,
			    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to),
		  to);
	EXPECT_EQ(flushes() - before, 1);
	ASSERT_EQ(read_byte(mm, to + 1000 * PAGE_SIZE), 1);
	teardown();
}
