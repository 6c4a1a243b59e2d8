/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/fault.c - each row of the fault path's table: entry, page, counters and events before
 * and after
 */
#include "mm_test.h"

TEST(anon_read_maps_the_zero_page)
{
	setup();
	map_anon(TOP, 4);
	EXPECT_EQ(EVENTS_OF(PGFAULT_ZERO_PAGE, EXPECT_EQ(read_byte(mm, TOP), 0)), 1);
	EXPECT(pte_special(pte_at(mm, TOP)));
	EXPECT(!pte_write(pte_at(mm, TOP)));
	EXPECT_EQ(pte_pfn(pte_at(mm, TOP)), page_to_pfn(zero_page));
	EXPECT_EQ(get_mm_rss(mm), 0);
	EXPECT(!vma_at(mm, TOP)->anon_vma);
	EXPECT_EQ(EVENTS_OF(PGFAULT_COW, write_byte(mm, TOP + 5, 7)), 1);
	EXPECT_EQ(read_byte(mm, TOP + 5), 7);
	EXPECT_EQ(read_byte(mm, TOP + 6), 0);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 1);
	teardown();
}

TEST(anon_write_gets_a_zeroed_page_of_its_own)
{
	struct page *page;

	setup();
	map_anon(TOP, 4);
	EXPECT_EQ(EVENTS_OF(PGFAULT_ANON, write_byte(mm, TOP + PAGE_SIZE, 1)), 1);
	page = page_at(mm, TOP + PAGE_SIZE);
	ASSERT(page && PageAnon(page) && PageSwapBacked(page) && PageUptodate(page));
	EXPECT_EQ(page_mapcount(page), 1);
	EXPECT(pte_write(pte_at(mm, TOP + PAGE_SIZE)) && pte_dirty(pte_at(mm, TOP + PAGE_SIZE)));
	EXPECT_EQ(read_byte(mm, TOP + PAGE_SIZE + 100), 0);
	EXPECT_EQ(get_mm_rss(mm), 1);
	lru_add_drain();
	EXPECT(PageLRU(page));
	EXPECT_EQ(page_count(page), 1);
	EXPECT_EQ(global_node_page_state(NR_LRU_BASE + LRU_INACTIVE_ANON), 1);
	EXPECT_EQ(global_node_page_state(NR_ANON_MAPPED), 1);
	teardown();
}

TEST(access_beside_a_mapping_or_past_its_permissions_is_a_signal)
{
	setup();
	map_anon(TOP, 1);
	ASSERT_EQ(map_at(TOP + PAGE_SIZE, 1, PROT_READ, MAP_PRIVATE, NULL, 0), TOP + PAGE_SIZE);
	ASSERT_EQ(map_at(TOP + 2 * PAGE_SIZE, 1, PROT_NONE, MAP_PRIVATE, NULL, 0),
		  TOP + 2 * PAGE_SIZE);
	EXPECT_EQ(user_write8(mm, TOP - 1, 0), SIG_SEGV);
	EXPECT_EQ(user_fault.si_code, FAULT_CODE_MAPERR);
	EXPECT_EQ(user_write8(mm, TOP + PAGE_SIZE, 0), SIG_SEGV);
	EXPECT_EQ(user_fault.si_code, FAULT_CODE_ACCERR);
	EXPECT_EQ(user_exec(mm, TOP), SIG_SEGV);
	EXPECT_EQ(user_fault.si_code, FAULT_CODE_ACCERR);
	EXPECT_EQ(user_read(mm, TOP + 2 * PAGE_SIZE, &(u8){ 0 }, 1), SIG_SEGV);
	EXPECT_EQ(user_fault.si_code, FAULT_CODE_ACCERR);
	EXPECT_EQ(user_write8(mm, 0, 0), SIG_SEGV);
	EXPECT_EQ(user_fault.si_code, FAULT_CODE_MAPERR);
	teardown();
}

/*
 *   file   [ 0 1 2 ... 39 | half ]     window of 16 around page 20: 16..31; around page 35: 32..40
 */
TEST(file_read_maps_the_cached_page_and_its_neighbours)
{
	struct file *file;
	unsigned long around;

	setup();
	file = env_file_create("file", 40 * PAGE_SIZE + 100);
	ASSERT_EQ(map_at(TOP, 64, PROT_READ, MAP_PRIVATE, file, 0), TOP);
	for (unsigned long i = 0; i <= 40; i++) { /* into the cache, not yet into the tables */
		struct page *page = filemap_read_page(file, file_mapping(file), i);

		ASSERT(!IS_ERR(page));
		put_page(page);
	}
	around = EVENTS_OF(PGFAULT_AROUND, EXPECT_EQ(read_byte(mm, TOP + 20 * PAGE_SIZE + 9),
						     env_file_pattern(20 * PAGE_SIZE + 9)));
	EXPECT_EQ(around, 15);
	EXPECT(!page_at(mm, TOP + 15 * PAGE_SIZE) && page_at(mm, TOP + 16 * PAGE_SIZE));
	EXPECT(page_at(mm, TOP + 31 * PAGE_SIZE) && !page_at(mm, TOP + 32 * PAGE_SIZE));
	EXPECT_EQ(EVENTS_OF(PGFAULT_AROUND, read_byte(mm, TOP + 35 * PAGE_SIZE)), 8);
	EXPECT(page_at(mm, TOP + 40 * PAGE_SIZE) && !page_at(mm, TOP + 41 * PAGE_SIZE));
	EXPECT_EQ(get_mm_counter(mm, MM_FILEPAGES), 25);
	EXPECT_EQ(global_node_page_state(NR_FILE_MAPPED), 25);
	EXPECT(!pte_write(pte_at(mm, TOP + 20 * PAGE_SIZE)));
	EXPECT_EQ(page_mapcount(page_at(mm, TOP + 20 * PAGE_SIZE)), 1);
	/* the file's last page reads as zero past the end; the next is beyond it */
	EXPECT_EQ(read_byte(mm, TOP + 40 * PAGE_SIZE + 100), 0);
	EXPECT_EQ(user_read(mm, TOP + 41 * PAGE_SIZE, &(u8){ 0 }, 1), SIG_BUS);
	EXPECT_EQ(user_fault.si_code, FAULT_CODE_ADRERR);
	fput(file);
	teardown();
}

TEST(private_write_copies_and_the_file_stays)
{
	struct file *file;

	setup();
	file = env_file_create("file", 4 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 4, RW, MAP_PRIVATE, file, 0), TOP);
	ASSERT_EQ(map_at(TOP + MiB, 4, PROT_READ, MAP_SHARED, file, 0), TOP + MiB);

	EXPECT_EQ(EVENTS_OF(PGFAULT_FILE_COW, write_byte(mm, TOP + 3, 9)), 1); /* none -> copy */
	EXPECT_EQ(read_byte(mm, TOP + 3), 9);
	EXPECT_EQ(read_byte(mm, TOP + 4), env_file_pattern(4));
	EXPECT_EQ(read_byte(mm, TOP + MiB + 3), env_file_pattern(3));

	EXPECT_EQ(read_byte(mm, TOP + PAGE_SIZE),
		  env_file_pattern(PAGE_SIZE)); /* read-only -> copy */
	EXPECT_EQ(EVENTS_OF(PGFAULT_COW, write_byte(mm, TOP + PAGE_SIZE, 8)), 1);
	EXPECT_EQ(read_byte(mm, TOP + MiB + PAGE_SIZE), env_file_pattern(PAGE_SIZE));
	EXPECT(PageAnon(page_at(mm, TOP)) && PageAnon(page_at(mm, TOP + PAGE_SIZE)));
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 2);
	fput(file);
	teardown();
}

TEST(shared_write_changes_the_cached_page)
{
	struct file *file;
	struct page *page;

	setup();
	file = env_file_create("file", 4 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 4, RW, MAP_SHARED, file, 0), TOP);
	ASSERT_EQ(map_at(TOP + MiB, 4, PROT_READ, MAP_PRIVATE, file, 0), TOP + MiB);
	EXPECT_EQ(EVENTS_OF(PGFAULT_SHARED_MKWRITE, write_byte(mm, TOP, 9)), 1);
	EXPECT_EQ(read_byte(mm, TOP + MiB), 9);
	page = page_at(mm, TOP);
	EXPECT(page == page_at(mm, TOP + MiB));
	EXPECT(PageDirty(page));
	EXPECT_EQ(page_mapcount(page), 2);
	EXPECT_EQ(global_node_page_state(NR_FILE_MAPPED), 1); /* however often it is mapped */
	fput(file);
	teardown();
}

TEST_WITH_TIMEOUT(failed_read_is_a_bus_error_and_mends, 10)
{
	struct file *file;
	u8 v;

	setup();
	file = env_file_create("file", 4 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 4, RW, MAP_PRIVATE, file, 0), TOP);
	env_file_fail_read(file, 2, -EIO);
	EXPECT_EQ(user_read8(mm, TOP + 2 * PAGE_SIZE, &v), SIG_BUS);
	EXPECT_EQ(user_write8(mm, TOP + 2 * PAGE_SIZE, 1), SIG_BUS);
	EXPECT(IS_ERR(filemap_read_page(file, file_mapping(file), 2)));
	env_file_set_async(file, true);
	EXPECT_EQ(user_read8(mm, TOP + 2 * PAGE_SIZE, &v), SIG_BUS);
	env_file_fail_read(file, 2, 0);
	EXPECT_EQ(read_byte(mm, TOP + 2 * PAGE_SIZE), env_file_pattern(2 * PAGE_SIZE));
	fput(file);
	teardown();
}

TEST(waiting_for_a_read_drops_mmap_lock_and_counts_as_major)
{
	struct file *file;

	setup();
	file = env_file_create("file", 4 * PAGE_SIZE);
	env_file_set_async(file, true);
	ASSERT_EQ(map_at(TOP, 4, PROT_READ, MAP_PRIVATE, file, 0), TOP);
	EXPECT_EQ(EVENTS_OF(PGMAJFAULT, EXPECT_EQ(read_byte(mm, TOP), env_file_pattern(0))), 1);
	EXPECT(user_fault.result & VM_FAULT_MAJOR);
	EXPECT_EQ(env_file_reads(file), 1);
	fput(file);
	teardown();
}

/*
 *   parent, child share P: R/O, mapcount 2    child writes: copy    parent writes: the last owner keeps P
 */
TEST(after_fork_the_first_writer_copies_and_the_last_owner_reuses)
{
	struct mm_struct *child;
	struct page *page;

	setup();
	map_anon(TOP, 2);
	write_byte(mm, TOP, 1);
	page = page_at(mm, TOP);
	child = fork_mm(mm);
	EXPECT(page_at(child, TOP) == page);
	EXPECT_EQ(page_mapcount(page), 2);
	EXPECT(!pte_write(pte_at(mm, TOP)) && !pte_write(pte_at(child, TOP)));
	EXPECT_EQ(EVENTS_OF(PGFAULT_COW, write_byte(child, TOP, 2)), 1);
	EXPECT(page_at(child, TOP) != page);
	EXPECT_EQ(read_byte(mm, TOP), 1);
	EXPECT_EQ(EVENTS_OF(PGFAULT_REUSE, write_byte(mm, TOP, 3)), 1);
	EXPECT(page_at(mm, TOP) == page);
	EXPECT_EQ(read_byte(child, TOP), 2);
	check_all(child);
	env_mmput(child);
	teardown();
}

TEST(a_reference_from_elsewhere_forces_a_copy)
{
	struct mm_struct *child;
	struct page *page;

	setup();
	map_anon(TOP, 1);
	write_byte(mm, TOP, 1);
	child = fork_mm(mm);
	page = page_at(mm, TOP);
	get_page(page);
	env_mmput(child);
	EXPECT_EQ(EVENTS_OF(PGFAULT_COW, write_byte(mm, TOP, 2)), 1);
	EXPECT(page_at(mm, TOP) != page);
	EXPECT_EQ(*(u8 *)page_address(page), 1); /* who holds it still sees the old content */
	put_page(page);
	teardown();
}

TEST(fork_copies_no_tables_of_mappings_that_faults_refill)
{
	struct mm_struct *child;
	struct file *file;

	setup();
	file = env_file_create("file", 4 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 4, PROT_READ, MAP_PRIVATE, file, 0), TOP);
	map_anon(TOP + MiB, 1);
	read_byte(mm, TOP);
	read_byte(mm, TOP + MiB); /* the zero page */
	child = fork_mm(mm);
	EXPECT_EQ(atomic_long_read(&child->pgtables_bytes), 0);
	EXPECT_EQ(read_byte(child, TOP), env_file_pattern(0));
	EXPECT_EQ(read_byte(child, TOP + MiB), 0);
	check_all(child);
	env_mmput(child);
	fput(file);
	teardown();
}

TEST(truncation_takes_cached_pages_and_private_copies_away)
{
	struct file *file;
	u8 v;

	setup();
	file = env_file_create("file", 4 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 4, RW, MAP_PRIVATE, file, 0), TOP);
	ASSERT_EQ(map_at(TOP + MiB, 4, RW, MAP_SHARED, file, 0), TOP + MiB);
	for (unsigned int i = 0; i < 4; i++) {
		write_byte(mm, TOP + i * PAGE_SIZE, 1);
		read_byte(mm, TOP + MiB + i * PAGE_SIZE);
	}
	env_file_set_size(file, PAGE_SIZE + 10);
	EXPECT_EQ(file_mapping(file)->nrpages, 2);
	EXPECT_EQ(user_read8(mm, TOP + 2 * PAGE_SIZE, &v), SIG_BUS);
	EXPECT_EQ(user_write8(mm, TOP + 3 * PAGE_SIZE, 1), SIG_BUS);
	EXPECT_EQ(user_read8(mm, TOP + MiB + 2 * PAGE_SIZE, &v), SIG_BUS);
	EXPECT_EQ(read_byte(mm, TOP + PAGE_SIZE), 1);            /* this copy is within the file */
	EXPECT_EQ(read_byte(mm, TOP + MiB + PAGE_SIZE + 10), 0); /* the tail */
	EXPECT_EQ(read_byte(mm, TOP + MiB + PAGE_SIZE + 9), env_file_pattern(PAGE_SIZE + 9));
	check_all(mm);
	fput(file);
	teardown();
}

TEST(mprotect_gives_the_sole_owner_his_write_bit_back_without_a_fault)
{
	setup();
	map_anon(TOP, 3);
	write_byte(mm, TOP, 1);
	read_byte(mm, TOP + PAGE_SIZE);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, 3 * PAGE_SIZE, PROT_READ, false), 0);
	EXPECT_EQ(user_write8(mm, TOP, 2), SIG_SEGV);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, 3 * PAGE_SIZE, RW, false), 0);
	EXPECT_EQ(EVENTS_OF(PGFAULT, write_byte(mm, TOP, 2)), 0);
	EXPECT(!pte_write(pte_at(mm, TOP + PAGE_SIZE))); /* the zero page is never writable */
	write_byte(mm, TOP + PAGE_SIZE, 3);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, 3 * PAGE_SIZE, PROT_NONE, false), 0);
	EXPECT_EQ(user_read(mm, TOP, &(u8){ 0 }, 1), SIG_SEGV);
	EXPECT_EQ(get_mm_rss(mm), 2); /* hidden, not gone */
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, 3 * PAGE_SIZE, RW, false), 0);
	EXPECT_EQ(read_byte(mm, TOP), 2);
	EXPECT_EQ(read_byte(mm, TOP + PAGE_SIZE), 3);
	teardown();
}

TEST(mprotect_leaves_pages_shared_by_fork_read_only)
{
	struct mm_struct *child;

	setup();
	map_anon(TOP, 1);
	write_byte(mm, TOP, 1);
	child = fork_mm(mm);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, PAGE_SIZE, PROT_READ, false), 0);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, PAGE_SIZE, RW, false), 0);
	EXPECT(!pte_write(pte_at(mm, TOP)));
	write_byte(mm, TOP, 2);
	EXPECT_EQ(read_byte(child, TOP), 1);
	env_mmput(child);
	teardown();
}

TEST(dontneed_gives_pages_back_and_zeroes_anew)
{
	setup();
	map_anon(TOP, 600); /* two tables */
	for (unsigned int i = 0; i < 600; i++)
		write_byte(mm, TOP + i * PAGE_SIZE, 1);
	EXPECT_EQ(get_mm_rss(mm), 600);
	ASSERT_EQ(vm_madvise(mm, TOP, 600 * PAGE_SIZE, MADV_DONTNEED), 0);
	EXPECT_EQ(get_mm_rss(mm), 0);
	EXPECT_EQ(global_node_page_state(NR_ANON_MAPPED), 0);
	EXPECT_EQ(read_byte(mm, TOP + 599 * PAGE_SIZE), 0);
	teardown();
}

TEST(munmap_frees_the_tables_that_nothing_needs_any_more)
{
	setup();
	map_anon(TOP, 1);
	map_anon(TOP + 4 * PAGE_SIZE, 1); /* same table */
	map_anon(TOP + PMD_SIZE, 1);      /* next table */
	map_anon(TOP - PGDIR_SIZE, 1);    /* another pgd slot */
	write_byte(mm, TOP, 1);
	write_byte(mm, TOP + 4 * PAGE_SIZE, 1);
	write_byte(mm, TOP + PMD_SIZE, 1);
	write_byte(mm, TOP - PGDIR_SIZE, 1);
	EXPECT_EQ(atomic_long_read(&mm->pgtables_bytes) / PAGE_SIZE, 4 + 3);
	ASSERT_EQ(vm_munmap(mm, TOP, PAGE_SIZE), 0);
	EXPECT_EQ(atomic_long_read(&mm->pgtables_bytes) / PAGE_SIZE, 4 + 3);
	ASSERT_EQ(vm_munmap(mm, TOP - PGDIR_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(atomic_long_read(&mm->pgtables_bytes) / PAGE_SIZE, 4);
	ASSERT_EQ(vm_munmap(mm, TOP + 4 * PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(atomic_long_read(&mm->pgtables_bytes) / PAGE_SIZE, 3);
	ASSERT_EQ(vm_munmap(mm, TOP, PMD_SIZE + PAGE_SIZE), 0);
	EXPECT_EQ(atomic_long_read(&mm->pgtables_bytes), 0);
	teardown();
}

TEST(remote_access_faults_in_and_force_makes_a_private_copy)
{
	struct file *file;
	struct page *cached;
	u8 buf[3] = { 1, 2, 3 }, got[3];

	setup();
	file = env_file_create("text", 2 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 2, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0), TOP);
	map_anon(TOP + 2 * PAGE_SIZE, 1);
	EXPECT_EQ(access_remote_vm(mm, TOP + 1, got, 3, false, false), 3);
	EXPECT_EQ(got[2], env_file_pattern(3));
	EXPECT_EQ(access_remote_vm(mm, TOP + 1, buf, 3, true, false), 0);
	EXPECT_EQ(access_remote_vm(mm, TOP + 1, buf, 3, true, true), 3);
	EXPECT_EQ(access_remote_vm(mm, TOP + 1, buf, 3, true, true), 3);
	EXPECT(!pte_write(pte_at(mm, TOP)));
	EXPECT_EQ(user_exec(mm, TOP), 0);
	EXPECT_EQ(read_byte(mm, TOP + 3), 3);
	cached = filemap_find_page(file_mapping(file), 0);
	ASSERT(cached);
	EXPECT_EQ(((u8 *)page_address(cached))[3], env_file_pattern(3));
	put_page(cached);
	/* across two mappings, and up to the end of memory */
	EXPECT_EQ(access_remote_vm(mm, TOP + 3 * PAGE_SIZE - 2, buf, 3, true, false), 2);
	EXPECT_EQ(read_byte(mm, TOP + 3 * PAGE_SIZE - 1), 2);
	fput(file);
	teardown();
}

TEST(populate_leaves_nothing_to_fault)
{
	struct file *file;

	setup();
	file = env_file_create("file", 20 * PAGE_SIZE);
	env_file_set_async(file, true);
	map_anon(TOP, 40);
	ASSERT_EQ(map_at(TOP + 40 * PAGE_SIZE, 20, PROT_READ, MAP_PRIVATE, file, 0),
		  TOP + 40 * PAGE_SIZE);
	EXPECT_EQ(mm_populate(mm, &env_limits, TOP, 60 * PAGE_SIZE), 0);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 40);
	EXPECT_EQ(get_mm_counter(mm, MM_FILEPAGES), 20);
	for (unsigned int i = 0; i < 40; i++)
		EXPECT_EQ(EVENTS_OF(PGFAULT, write_byte(mm, TOP + i * PAGE_SIZE, 1)), 0);
	fput(file);
	teardown();
}

TEST(a_stack_grows_by_faults)
{
	setup();
	ASSERT_EQ(vm_mmap(mm, &env_limits, NULL, TOP, PAGE_SIZE, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, 0),
		  TOP);
	EXPECT_EQ(EVENTS_OF(PGFAULT_STACK, write_byte(mm, TOP - 3 * PAGE_SIZE, 1)), 1);
	EXPECT_EQ(vma_at(mm, TOP)->vm_start, TOP - 3 * PAGE_SIZE);
	EXPECT_EQ(read_byte(mm, TOP - 2 * PAGE_SIZE), 0);
	EXPECT_EQ(user_write8(mm, TOP - 16 * MiB, 1), SIG_SEGV);
	EXPECT_EQ(user_fault.si_code, FAULT_CODE_MAPERR);
	teardown();
}

TEST(pt_walk_shows_the_entries_on_the_way)
{
	struct pt_walk walk;

	setup();
	map_anon(TOP, 1);
	EXPECT_EQ(pt_walk(mm->pgd, TOP, &walk), -EFAULT);
	EXPECT_EQ(walk.levels, 1);
	write_byte(mm, TOP + 8, 1);
	EXPECT_EQ(pt_walk(mm->pgd, TOP + 8, &walk), 0);
	EXPECT_EQ(walk.levels, 4);
	EXPECT_EQ(walk.final, pte_val(pte_at(mm, TOP)));
	EXPECT_EQ(walk.phys, page_to_phys(page_at(mm, TOP)) + 8);
	teardown();
}

/*
 * --- every allocation failing: the fault says so, nothing is left, and once memory is back it
 * succeeds ---
 */

static struct file *failing_file;

static void touch_one_of_each(void)
{
	static const vaddr_t at[] = { TOP, TOP + PMD_SIZE, TOP + PGDIR_SIZE / 256, TOP + MiB };
	u8 v;

	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
		int signo = user_write8(mm, at[i], 5);

		ASSERT(signo == 0 || signo == SIG_KILL);
		check_all(mm);
		if (signo) {
			ASSERT_EQ(user_write8(mm, at[i], 5), 0);
			check_all(mm);
		}
		ASSERT_EQ(user_read8(mm, at[i], &v), 0);
		ASSERT_EQ(v, 5);
	}
	fput(failing_file);
	teardown();
}

TEST(faults_fail_cleanly_when_memory_is_short)
{
	setup();
	failing_file = env_file_create("file", 4 * PAGE_SIZE);
	map_anon(TOP, 1);
	map_anon(TOP + PMD_SIZE, 1);
	map_anon(TOP + PGDIR_SIZE / 256, 1);
	ASSERT_EQ(map_at(TOP + MiB, 4, RW, MAP_PRIVATE, failing_file, 0), TOP + MiB);
	ASSERT_LT(8, RUN_WITH_EVERY_ALLOCATION_FAILING(touch_one_of_each));
}

static void fork_once(void)
{
	int err = 0;
	struct mm_struct *child = mm_dup(mm, &err);

	check_all(mm);
	if (!child) {
		ASSERT_EQ(err, -ENOMEM);
	} else {
		check_all(child);
		ASSERT_EQ(read_byte(child, TOP), 1);
		env_mmput(child);
	}
	ASSERT_EQ(user_write8(mm, TOP, 2), 0);
	teardown();
}

TEST(fork_fails_cleanly_when_memory_is_short)
{
	setup();
	map_anon(TOP, 3);
	map_anon(TOP + PMD_SIZE, 3);
	map_anon(TOP - PGDIR_SIZE, 3);
	write_byte(mm, TOP, 1);
	write_byte(mm, TOP + PMD_SIZE, 1);
	write_byte(mm, TOP - PGDIR_SIZE, 1);
	ASSERT_LT(8, RUN_WITH_EVERY_ALLOCATION_FAILING(fork_once));
}

/* --- several processors --- */

static vaddr_t race_base;

static void touch_all(void *arg)
{
	for (unsigned int i = 0; i < 24; i++) {
		vaddr_t addr = race_base + i * PAGE_SIZE;

		write_byte(mm, addr + (unsigned long)arg, (u8)(unsigned long)arg + 1);
	}
}

static void check_touched(unsigned int tasks)
{
	for (unsigned int i = 0; i < 24; i++)
		for (unsigned int t = 0; t < tasks; t++)
			ASSERT_EQ(read_byte(mm, race_base + i * PAGE_SIZE + t), t + 1);
}

TEST(cpus_that_fault_on_the_same_pages_share_them)
{
	const env_task_fn fns[] = { touch_all, touch_all, touch_all };
	void *args[] = { (void *)0, (void *)1, (void *)2 };

	setup();
	race_base = TOP;
	map_anon(TOP, 24);
	env_run_threads(mm, 3, fns, args);
	check_touched(3);
	EXPECT_EQ(get_mm_rss(mm), 24);
	teardown();
}

TEST(cpus_that_break_cow_on_the_same_pages_share_the_copies)
{
	const env_task_fn fns[] = { touch_all, touch_all, touch_all };
	void *args[] = { (void *)0, (void *)1, (void *)2 };
	struct mm_struct *child;

	setup();
	race_base = TOP;
	map_anon(TOP, 24);
	for (unsigned int i = 0; i < 24; i++)
		write_byte(mm, TOP + i * PAGE_SIZE + 100, 77);
	child = fork_mm(mm);
	env_run_threads(mm, 3, fns, args);
	check_touched(3);
	for (unsigned int i = 0; i < 24; i++) {
		ASSERT_EQ(read_byte(mm, TOP + i * PAGE_SIZE + 100), 77);
		ASSERT_EQ(read_byte(child, TOP + i * PAGE_SIZE), 0);
	}
	check_all(child);
	env_mmput(child);
	teardown();
}

static struct file *race_file;

/* Byte 0 of each page is the file's, or zero: cut off and grown again.  Others are written. */
static void read_or_bus(void *arg)
{
	(void)arg;
	for (unsigned int n = 0; n < 40; n++) {
		unsigned int page = test_random_below(8);
		u8 v = 0;
		int signo = user_read8(mm, TOP + page * PAGE_SIZE, &v);

		ASSERT(signo == 0 || signo == SIG_BUS);
		if (!signo && v)
			ASSERT_EQ(v, env_file_pattern(page * PAGE_SIZE));
	}
}

static void write_or_bus(void *arg)
{
	for (unsigned int n = 0; n < 40; n++) {
		int signo = user_write8(mm, (vaddr_t)arg + test_random_below(8) * PAGE_SIZE + 9, 3);

		ASSERT(signo == 0 || signo == SIG_BUS);
	}
}

static void truncate_and_grow(void *arg)
{
	(void)arg;
	for (unsigned int n = 0; n < 12; n++) {
		u64 size = test_random_below(8) * PAGE_SIZE + test_random_below(2) * 100;
		pgoff_t past = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;

		env_file_set_size(race_file, size);
		for (pgoff_t i = past; i < 8; i++) {
			ASSERT(!page_at(mm, TOP + i * PAGE_SIZE));
			ASSERT(!page_at(mm, TOP + MiB + i * PAGE_SIZE));
		}
		env_file_set_size(race_file, 8 * PAGE_SIZE);
	}
}

/*
 * Once truncate has returned nothing beyond the end is mapped: neither the file's pages nor private
 * copies.
 */
TEST(truncation_races_with_faults)
{
	const env_task_fn fns[] = { read_or_bus, truncate_and_grow, write_or_bus, write_or_bus };
	void *args[] = { NULL, NULL, (void *)TOP, (void *)(TOP + MiB) };

	setup();
	race_file = env_file_create("file", 8 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 8, RW, MAP_SHARED, race_file, 0), TOP);
	ASSERT_EQ(map_at(TOP + MiB, 8, RW, MAP_PRIVATE, race_file, 0), TOP + MiB);
	for (unsigned int round = 0; round < test_rounds(150); round++) {
		env_file_set_async(race_file, round & 1);
		env_set_switch_rate(1 << test_random_below(7));
		env_run_threads(mm, 4, fns, args);
		check_all(mm);
	}
	env_file_set_async(race_file, false);
	env_file_set_size(race_file, 0);
	EXPECT_EQ(get_mm_rss(mm), 0);
	EXPECT_EQ(file_mapping(race_file)->nrpages, 0);
	fput(race_file);
	teardown();
}

static void read_and_write_shared(void *arg)
{
	for (unsigned int i = 0; i < 24; i++) {
		vaddr_t addr = TOP + i * PAGE_SIZE;

		ASSERT_EQ(read_byte(mm, addr + 100), env_file_pattern(i * PAGE_SIZE + 100));
		write_byte(mm, addr + (unsigned long)arg, (u8)(unsigned long)arg + 1);
		write_byte(mm, addr + PMD_SIZE + (unsigned long)arg, (u8)(unsigned long)arg + 1);
	}
}

TEST(cpus_that_fault_on_the_same_file_pages_share_them)
{
	const env_task_fn fns[] = { read_and_write_shared, read_and_write_shared,
				    read_and_write_shared };
	void *args[] = { (void *)0, (void *)1, (void *)2 };

	setup();
	for (unsigned int round = 0; round < test_rounds(20); round++) {
		struct file *file = env_file_create("file", 24 * PAGE_SIZE);

		env_file_set_async(file, round & 1);
		env_set_switch_rate(1 + test_random_below(6));
		ASSERT_EQ(map_at(TOP, 24, RW, MAP_SHARED, file, 0), TOP);
		ASSERT_EQ(map_at(TOP + PMD_SIZE, 24, RW, MAP_PRIVATE, file, 0), TOP + PMD_SIZE);
		env_run_threads(mm, 3, fns, args);
		race_base = TOP;
		check_touched(3);
		race_base = TOP + PMD_SIZE;
		check_touched(3);
		check_all(mm);
		EXPECT_EQ(get_mm_counter(mm, MM_FILEPAGES), 24);
		EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 24);
		vm_munmap(mm, TOP, 2 * PMD_SIZE);
		fput(file);
	}
	teardown();
}

static void dontneed_often(void *arg)
{
	(void)arg;
	for (unsigned int n = 0; n < 15; n++)
		ASSERT_EQ(vm_madvise(mm, TOP, 24 * PAGE_SIZE, MADV_DONTNEED), 0);
}

TEST(dontneed_races_with_faults)
{
	const env_task_fn fns[] = { touch_all, dontneed_often, touch_all, dontneed_often };
	void *args[] = { (void *)0, NULL, (void *)1, NULL };

	setup();
	race_base = TOP;
	map_anon(TOP, 24);
	for (unsigned int round = 0; round < test_rounds(5); round++) {
		env_run_threads(mm, 4, fns, args);
		check_all(mm);
	}
	teardown();
}
