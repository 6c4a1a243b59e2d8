/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/filemap.c - the page cache, page lock and LRU batches, without faults in between
 */
#include "mm_test.h"

static struct file *file;
static struct address_space *as;

static void open_file(unsigned long pages)
{
	setup();
	file = env_file_create("file", pages * PAGE_SIZE);
	as = file_mapping(file);
}

static struct page *read_page(pgoff_t index)
{
	struct page *page = filemap_read_page(file, as, index);

	ASSERT(!IS_ERR(page));
	return page;
}

TEST(a_page_is_read_once_and_found_again)
{
	struct page *page;

	open_file(4);
	page = read_page(2);
	EXPECT(PageUptodate(page) && !PageLocked(page));
	EXPECT_EQ(page->index, 2);
	EXPECT_EQ(*(u8 *)page_address(page), env_file_pattern(2 * PAGE_SIZE));
	EXPECT(read_page(2) == page);
	EXPECT(filemap_find_page(as, 2) == page);
	EXPECT(!filemap_find_page(as, 3));
	EXPECT_EQ(env_file_reads(file), 1);
	EXPECT_EQ(global_node_page_state(NR_FILE_PAGES), 1);
	put_page(page);
	put_page(page);
	put_page(page);
	lru_add_drain();
	EXPECT_EQ(page_count(page), 1); /* the cache's own */
	EXPECT_EQ(global_node_page_state(NR_LRU_BASE + LRU_INACTIVE_FILE), 1);
	fput(file);
	teardown();
}

TEST(grab_makes_a_locked_page_that_is_not_up_to_date)
{
	struct page *page;

	open_file(4);
	page = filemap_grab_page(as, 1000000); /* past the end is the file system's business */
	ASSERT(page && PageLocked(page) && !PageUptodate(page));
	EXPECT_EQ(as->nrpages, 1);
	index_tree_check(&as->tree);
	unlock_page(page);
	put_page(page);
	fput(file);
	teardown();
}

TEST(dirty_pages_are_tagged_and_forgotten_by_truncation)
{
	struct page *page;

	open_file(4);
	page = read_page(3);
	lock_page(page);
	EXPECT(set_page_dirty(page));
	EXPECT(!set_page_dirty(page));
	unlock_page(page);
	EXPECT(index_tree_get_tag(&as->tree, 3, INDEX_TAG_DIRTY));
	EXPECT_EQ(global_node_page_state(NR_FILE_DIRTY), 1);
	truncate_range(as, 3, 3);
	EXPECT_EQ(global_node_page_state(NR_FILE_DIRTY), 0);
	EXPECT(!page->mapping);
	EXPECT_EQ(as->nrpages, 0);
	put_page(page);
	fput(file);
	teardown();
}

TEST(truncate_range_takes_whole_pages_of_the_range_only)
{
	open_file(200);
	for (unsigned int i = 0; i < 200; i++)
		put_page(read_page(i));
	truncate_range(as, 10, 149);
	EXPECT_EQ(as->nrpages, 60);
	for (unsigned int i = 0; i < 200; i++) {
		struct page *page = filemap_find_page(as, i);

		EXPECT_EQ(page != NULL, i < 10 || i > 149);
		if (page)
			put_page(page);
	}
	index_tree_check(&as->tree);
	fput(file);
	teardown();
}

TEST(adopted_frames_become_ordinary_pages)
{
	unsigned long managed;
	struct page *frame, *found;

	open_file(4);
	frame = alloc_page(GFP_KERNEL); /* stands for a frame that was never the allocator's */
	ASSERT(frame);
	((u8 *)page_address(frame))[7] = 77;
	page_zone(frame)->managed_pages--;
	managed = page_zone(frame)->managed_pages;
	__SetPageReserved(frame);
	ASSERT_EQ(filemap_adopt_page(as, frame, 1), 0);
	EXPECT_EQ(page_zone(frame)->managed_pages, managed + 1);
	found = read_page(1);
	EXPECT(found == frame && !PageReserved(frame));
	EXPECT_EQ(((u8 *)page_address(found))[7], 77);
	put_page(found);
	fput(file);
	teardown();
}

static void read_both(void)
{
	struct page *page = filemap_read_page(file, as, 1);

	ASSERT(!IS_ERR(page) || PTR_ERR(page) == -ENOMEM);
	if (!IS_ERR(page))
		put_page(page);
	page = filemap_grab_page(as, 1UL << 30);
	if (page) {
		unlock_page(page);
		put_page(page);
	}
	index_tree_check(&as->tree);
	fput(file);
	teardown();
}

TEST(reading_fails_cleanly_when_memory_is_short)
{
	open_file(4);
	ASSERT_LT(2, RUN_WITH_EVERY_ALLOCATION_FAILING(read_both));
}

/* --- the page lock --- */

static struct page *contended;
static unsigned int inside, entries;

static void enter(void *arg)
{
	(void)arg;
	for (unsigned int n = 0; n < 50; n++) {
		lock_page(contended);
		ASSERT_EQ(inside++, 0);
		env_seam();
		ASSERT(!trylock_page(contended));
		entries++;
		ASSERT_EQ(inside--, 1);
		unlock_page(contended);
		if (n % 8 == 0)
			wait_on_page_locked(contended);
	}
}

TEST(the_page_lock_excludes_and_loses_no_waiter)
{
	const env_task_fn fns[] = { enter, enter, enter, enter };
	void *args[4] = { 0 };

	open_file(1);
	contended = read_page(0);
	env_run(4, fns, args);
	EXPECT_EQ(entries, 200);
	EXPECT(!PageLocked(contended));
	put_page(contended);
	fput(file);
	teardown();
}

static void read_all(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < 30; i++) {
		struct page *page = read_page(i);

		ASSERT_EQ(*(u8 *)page_address(page), env_file_pattern(i * PAGE_SIZE));
		put_page(page);
	}
}

TEST(cpus_that_miss_the_same_page_read_it_once)
{
	const env_task_fn fns[] = { read_all, read_all, read_all };
	void *args[3] = { 0 };

	open_file(30);
	env_file_set_async(file, true);
	env_run(3, fns, args);
	EXPECT_EQ(env_file_reads(file), 30);
	EXPECT_EQ(as->nrpages, 30);
	fput(file);
	teardown();
}

/* --- LRU --- */

TEST(a_page_that_dies_in_the_batch_never_sees_a_list)
{
	unsigned long free_pages;
	struct page *page;

	setup();
	free_pages = nr_free_pages();
	page = alloc_page(GFP_KERNEL);
	lru_cache_add(page);
	put_page(page);
	EXPECT(lru_add_pending());
	EXPECT_EQ(nr_free_pages(), free_pages - 1); /* the batch still holds it */
	lru_add_drain();
	EXPECT_EQ(nr_free_pages(), free_pages);
	EXPECT_EQ(global_node_page_state(NR_LRU_BASE + LRU_INACTIVE_FILE), 0);
	teardown();
}

TEST(any_cpu_can_drain_every_batch)
{
	struct page *page[4];

	setup();
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		env_set_cpu(cpu);
		page[cpu] = alloc_page(GFP_KERNEL);
		lru_cache_add(page[cpu]);
	}
	env_set_cpu(0);
	lru_add_drain_all();
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		EXPECT(PageLRU(page[cpu]));
		EXPECT_EQ(page_count(page[cpu]), 1);
		put_page(page[cpu]);
	}
	EXPECT_EQ(global_node_page_state(NR_LRU_BASE + LRU_INACTIVE_FILE), 0);
	teardown();
}

static void add_and_drop(void *arg)
{
	(void)arg;
	for (unsigned int n = 0; n < 60; n++) {
		struct page *page = alloc_page(GFP_KERNEL);

		ASSERT(page);
		lru_cache_add(page);
		env_seam();
		put_page(page);
	}
}

static void drain_often(void *arg)
{
	(void)arg;
	for (unsigned int n = 0; n < 40; n++) {
		lru_add_drain_all();
		env_seam();
	}
}

TEST(draining_races_with_adding)
{
	const env_task_fn fns[] = { add_and_drop, drain_often, add_and_drop, drain_often };
	void *args[4] = { 0 };

	setup();
	env_run(4, fns, args);
	lru_add_drain_all();
	lru_check(NODE_DATA(0));
	teardown();
}

static void corrupt_list(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	lru_cache_add(page);
	lru_add_drain();
	SetPageActive(page); /* without moving it */
	lru_check(NODE_DATA(0));
}

TEST(lru_check_finds_a_page_on_the_wrong_list)
{
	setup();
	EXPECT(test_expect_panic(corrupt_list, "lru_check"));
	teardown();
}
