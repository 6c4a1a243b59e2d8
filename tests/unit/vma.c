/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/vma.c - finding, cutting and joining mappings, and finding room for them
 *
 * Pictures are explained in tests/host/picture.h.
 */
#include "picture.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

static struct env_snapshot before;
static struct mm_struct *mm;

static void setup(const char *picture)
{
	env_boot(NULL);
	env_snapshot(&before);
	mm = mm_alloc();
	ASSERT(mm);
	picture_build(mm, picture);
}

static void teardown(void)
{
	env_mmput(mm);
	env_expect_same(&before);
}

static long map(long page, long nr, unsigned long prot)
{
	return vm_mmap(mm, &env_limits, NULL, PAGE_AT(page), nr * PAGE_SIZE, prot, ANON | MAP_FIXED,
		       0);
}

static int unmap(long page, long nr)
{
	return vm_munmap(mm, PAGE_AT(page), nr * PAGE_SIZE);
}

static int protect(long page, long nr, unsigned long prot)
{
	return vm_mprotect(mm, &env_limits, PAGE_AT(page), nr * PAGE_SIZE, prot, false);
}

/* Give the pages contents, and so the VMAs anon_vmas. */
static void touch(long page, long nr)
{
	for (; nr--; page++)
		ASSERT_EQ(user_write64(mm, PAGE_AT(page), 1000 + page), 0);
}

static void expect_contents(long page, u64 want)
{
	u64 v = 0;

	EXPECT_EQ(user_read64(mm, PAGE_AT(page), &v), 0);
	EXPECT_EQ(v, want);
}

TEST(find_vma_answers_the_lowest_that_ends_above)
{
	struct vm_area_struct *prev;

	setup("..Ww..R");
	down_read(&mm->mmap_lock);
	EXPECT_EQ(find_vma(mm, 0)->vm_start, PAGE_AT(2));
	EXPECT_EQ(find_vma(mm, PAGE_AT(2))->vm_start, PAGE_AT(2));
	EXPECT_EQ(find_vma(mm, PAGE_AT(4) - 1)->vm_start, PAGE_AT(2));
	EXPECT_EQ(find_vma(mm, PAGE_AT(4))->vm_start, PAGE_AT(6));
	EXPECT(!find_vma(mm, PAGE_AT(7)));
	EXPECT(!find_vma_intersection(mm, PAGE_AT(4), PAGE_AT(6)));
	EXPECT_EQ(find_vma_intersection(mm, PAGE_AT(4), PAGE_AT(6) + 1)->vm_start, PAGE_AT(6));
	EXPECT_EQ(find_vma_prev(mm, PAGE_AT(4), &prev)->vm_start, PAGE_AT(6));
	EXPECT_EQ(prev->vm_start, PAGE_AT(2));
	EXPECT(!find_vma_prev(mm, PAGE_AT(7), &prev));
	EXPECT_EQ(prev->vm_start, PAGE_AT(6));
	EXPECT_EQ(find_vma_prev(mm, PAGE_AT(3), &prev)->vm_start, PAGE_AT(2));
	EXPECT(!prev);
	up_read(&mm->mmap_lock);
	teardown();
}

/* Ww..Ww -> Wwwwww */
TEST(mmap_of_a_hole_joins_both_neighbours)
{
	setup("Ww..Ww");
	map(2, 2, RW);
	EXPECT_PICTURE(mm, "Wwwwww");
	EXPECT_EQ(mm->map_count, 1);
	teardown();
}

TEST(mmap_extends_the_neighbour_below_or_above)
{
	setup("Ww....Ww");
	map(2, 1, RW);
	EXPECT_PICTURE(mm, "Www...Ww");
	map(5, 1, RW);
	EXPECT_PICTURE(mm, "Www..Www");
	map(3, 1, PROT_READ);
	EXPECT_PICTURE(mm, "WwwR.Www");
	teardown();
}

/* Two faulted neighbours with anon_vmas of their own: a new range can join only one. */
TEST(mmap_between_strangers_joins_the_upper)
{
	setup("W.W");
	touch(0, 1);
	touch(2, 1);
	ASSERT_NE(mm->mmap->anon_vma, mm->mmap->vm_next->anon_vma);
	map(1, 1, RW);
	EXPECT_PICTURE(mm, "WWw");
	touch(1, 1);
	expect_contents(0, 1000);
	expect_contents(1, 1001);
	expect_contents(2, 1002);
	teardown();
}

TEST(mmap_fixed_replaces_and_drops_the_pages)
{
	setup("Wwwwww");
	touch(0, 6);
	map(2, 2, PROT_READ);
	EXPECT_PICTURE(mm, "WwRrWw");
	expect_contents(2, 0);
	expect_contents(4, 1004);
	map(2, 2, RW);
	expect_contents(3, 0);
	EXPECT_PICTURE(mm, "Wwwwww");
	teardown();
}

TEST(munmap_in_the_middle_makes_two)
{
	setup("Wwwwww");
	touch(0, 6);
	unmap(2, 2);
	EXPECT_PICTURE(mm, "Ww..Ww");
	EXPECT_EQ(mm->mmap->vm_next->vm_pgoff, PAGE_AT(4) >> PAGE_SHIFT);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 4);
	expect_contents(1, 1001);
	expect_contents(4, 1004);
	EXPECT_EQ(user_write8(mm, PAGE_AT(2), 1), 11);
	teardown();
}

/* Wwww..RrXx -> W........x */
TEST(munmap_trims_both_ends_and_ignores_holes)
{
	setup("Wwww..RrXx");
	touch(0, 4);
	unmap(1, 8);
	EXPECT_PICTURE(mm, "W........X");
	expect_contents(0, 1000);
	EXPECT_EQ(unmap(1, 8), 0);
	EXPECT_EQ(unmap(20, 8), 0);
	teardown();
}

TEST(munmap_frees_every_page_table)
{
	setup("");
	for (int i = 0; i < 4; i++) {
		ASSERT(!IS_ERR_VALUE(vm_mmap(mm, &env_limits, NULL, (1UL << 30) + i * PGDIR_SIZE,
					     PAGE_SIZE, RW, ANON | MAP_FIXED, 0)));
		ASSERT_EQ(user_write8(mm, (1UL << 30) + i * PGDIR_SIZE, 1), 0);
	}
	EXPECT_EQ(atomic_long_read(&mm->pgtables_bytes), 12 * PAGE_SIZE);
	vm_munmap(mm, 1UL << 30, 4 * PGDIR_SIZE);
	EXPECT_EQ(atomic_long_read(&mm->pgtables_bytes), 0);
	EXPECT_PICTURE(mm, "");
	teardown();
}

TEST(mprotect_cuts_and_joins_again)
{
	setup("Wwwwww");
	touch(0, 6);
	protect(2, 2, PROT_READ);
	EXPECT_PICTURE(mm, "WwRrWw");
	EXPECT_EQ(user_write8(mm, PAGE_AT(2), 1), 11);
	expect_contents(2, 1002);
	protect(2, 2, RW);
	EXPECT_PICTURE(mm, "Wwwwww");
	EXPECT_EQ(user_write8(mm, PAGE_AT(2), 1), 0);
	protect(0, 3, PROT_READ);
	EXPECT_PICTURE(mm, "RrrWww");
	protect(3, 1, PROT_READ); /* the border moves up */
	EXPECT_PICTURE(mm, "RrrrWw");
	protect(1, 3, RW); /* and down */
	EXPECT_PICTURE(mm, "RWwwww");
	protect(0, 6, PROT_READ);
	EXPECT_PICTURE(mm, "Rrrrrr");
	protect(0, 6, RW);
	for (int i = 0; i < 6; i++)
		if (i != 2)
			expect_contents(i, 1000 + i);
	teardown();
}

TEST(mprotect_over_several_joins_them_all)
{
	setup("RWXRW");
	EXPECT_EQ(protect(0, 5, RW), 0);
	EXPECT_PICTURE(mm, "Wwwww");
	EXPECT_EQ(mm->data_vm, 5);
	teardown();
}

TEST(mprotect_stops_at_a_hole_and_keeps_what_it_did)
{
	setup("Ww.Ww");
	EXPECT_EQ(protect(0, 5, PROT_READ), -ENOMEM);
	EXPECT_PICTURE(mm, "Rr.Ww");
	EXPECT_EQ(protect(2, 1, PROT_READ), -ENOMEM);
	EXPECT_EQ(protect(2, 2, PROT_READ), -ENOMEM);
	EXPECT_PICTURE(mm, "Rr.Ww");
	teardown();
}

static struct mm_struct *child_of(struct mm_struct *parent)
{
	struct mm_struct *child;
	int err;

	child = mm_dup(parent, &err);
	ASSERT(child);
	vma_check(child);
	picture_check_pages(child);
	return child;
}

/* A forked VMA's chain has two entries: it takes no strangers in, but its own pieces still join. */
TEST(forked_vma_does_not_grow_but_joins_its_pieces)
{
	struct mm_struct *parent;

	setup("Wwww");
	touch(0, 4);
	parent = mm;
	mm = child_of(parent);
	map(4, 1, RW);
	EXPECT_PICTURE(mm, "WwwwW");
	protect(1, 1, PROT_READ);
	EXPECT_PICTURE(mm, "WRWwW");
	protect(1, 1, RW);
	EXPECT_PICTURE(mm, "WwwwW");
	expect_contents(1, 1001);
	env_mmput(mm);
	mm = parent;
	teardown();
}

TEST(file_mappings_join_when_offsets_continue)
{
	struct file *file;

	setup("");
	file = env_file_create("f", 16 * PAGE_SIZE);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(vm_mmap(mm, &env_limits, file, PAGE_AT(2 * i), 2 * PAGE_SIZE, PROT_READ,
				  MAP_PRIVATE | MAP_FIXED, (i == 2 ? 9 : 2 * i) * PAGE_SIZE),
			  PAGE_AT(2 * i));
	EXPECT_PICTURE(mm, "RrrrRr"); /* the third begins at page 9, not 4 */
	EXPECT_EQ(env_file_refs(file), 3);
	unmap(1, 1);
	EXPECT_PICTURE(mm, "R.RrRr");
	EXPECT_EQ(mm->mmap->vm_next->vm_pgoff, 2);
	ASSERT_EQ(vm_mmap(mm, &env_limits, file, PAGE_AT(1), PAGE_SIZE, PROT_READ,
			  MAP_PRIVATE | MAP_FIXED, PAGE_SIZE),
		  PAGE_AT(1));
	EXPECT_PICTURE(mm, "RrrrRr");
	EXPECT_EQ(env_file_refs(file), 3);
	fput(file);
	teardown();
}

TEST(shared_anonymous_memory_is_shared_across_fork_and_pieces_rejoin)
{
	struct mm_struct *child;
	u64 v = 0;

	setup("Ssss");
	touch(0, 2);
	child = child_of(mm);
	ASSERT_EQ(user_write64(child, PAGE_AT(3), 77), 0);
	ASSERT_EQ(user_read64(mm, PAGE_AT(3), &v), 0);
	EXPECT_EQ(v, 77);
	ASSERT_EQ(user_write64(mm, PAGE_AT(0), 78), 0);
	ASSERT_EQ(user_read64(child, PAGE_AT(0), &v), 0);
	EXPECT_EQ(v, 78);
	EXPECT_EQ(get_mm_counter(child, MM_SHMEMPAGES), 2);
	protect(1, 1, PROT_READ);
	EXPECT_PICTURE(mm, "SRSs");
	protect(1, 1, RW);
	EXPECT_PICTURE(mm, "Ssss");
	expect_contents(1, 1001);
	unmap(0, 4);
	EXPECT_PICTURE(mm, "");
	ASSERT_EQ(user_read64(child, PAGE_AT(1), &v), 0);
	EXPECT_EQ(v, 1001);
	EXPECT_EQ(vm_memory_committed(), 4);
	env_mmput(child);
	EXPECT_EQ(vm_memory_committed(), 0);
	teardown();
}

TEST(split_needs_room_under_the_limit_of_mappings)
{
	setup("Wwwww");
	sysctl_max_map_count = 2;
	EXPECT_EQ(unmap(2, 1), 0);
	EXPECT_PICTURE(mm, "Ww.Ww");
	EXPECT_EQ(protect(0, 1, PROT_READ), -ENOMEM);
	EXPECT_PICTURE(mm, "Ww.Ww");
	EXPECT_EQ(map(2, 1, PROT_READ), PAGE_AT(2)); /* count 2 is not above the limit yet */
	EXPECT_EQ(map(9, 1, PROT_READ), -ENOMEM);
	EXPECT_EQ(unmap(1, 3), 0); /* trims and removes: no split, no limit */
	EXPECT_PICTURE(mm, "W...W");
	sysctl_max_map_count = DEFAULT_MAX_MAP_COUNT;
	teardown();
}

/* --- room --- */

static long map_anywhere(vaddr_t hint, size_t pages, unsigned long flags)
{
	return vm_mmap(mm, &env_limits, NULL, hint, pages * PAGE_SIZE, PROT_READ, ANON | flags, 0);
}

TEST(topdown_takes_the_highest_hole_that_fits)
{
	vaddr_t base;

	setup("");
	base = mm->mmap_base;
	EXPECT_EQ(base, 0x7ffff7fff000); /* 128 MiB below the top of the address space */
	EXPECT_EQ(map_anywhere(0, 4, 0), base - 4 * PAGE_SIZE);
	EXPECT_EQ(map_anywhere(0, 2, 0), base - 6 * PAGE_SIZE);
	EXPECT_EQ(mm->map_count, 1);
	vm_munmap(mm, base - 3 * PAGE_SIZE, 2 * PAGE_SIZE);
	EXPECT_EQ(map_anywhere(0, 3, 0), base - 9 * PAGE_SIZE);
	EXPECT_EQ(map_anywhere(0, 2, 0), base - 3 * PAGE_SIZE);
	vma_check(mm);
	teardown();
}

TEST(hint_is_taken_when_free_and_forgotten_when_not)
{
	setup("..Ww");
	EXPECT_EQ(map_anywhere(PAGE_AT(8) + 5, 1, 0), PAGE_AT(8));
	EXPECT_EQ(map_anywhere(PAGE_AT(1), 2, 0), mm->mmap_base - 2 * PAGE_SIZE);
	EXPECT_EQ(map_anywhere(PAGE_AT(1), 1, 0), PAGE_AT(1));
	EXPECT_EQ(map_anywhere(0x1000, 1, 0), 0x10000); /* raised to mmap_min_addr */
	EXPECT_EQ(map_anywhere(0x1000, 1, 0), mm->mmap_base - 3 * PAGE_SIZE);
	teardown();
}

TEST(map_32bit_stays_in_the_second_gibibyte)
{
	setup("");
	EXPECT_EQ(map_anywhere(0, 4, MAP_32BIT), 0x40000000);
	EXPECT_EQ(map_anywhere(0, 4, MAP_32BIT), 0x40004000);
	EXPECT_EQ(map_anywhere(0, (GiB - 9 * PAGE_SIZE) >> PAGE_SHIFT, MAP_32BIT | MAP_NORESERVE),
		  0x40008000);
	EXPECT_EQ(map_anywhere(0, 2, MAP_32BIT), -ENOMEM);
	EXPECT_EQ(map_anywhere(0, 1, MAP_32BIT), 0x7ffff000);
	EXPECT_EQ(map_anywhere(0, 1, MAP_32BIT), -ENOMEM);
	teardown();
}

TEST(growing_stack_keeps_its_guard_gap_free)
{
	vaddr_t stack = PAGE_AT(1000);

	setup("");
	ASSERT_EQ(vm_mmap(mm, &env_limits, NULL, stack, PAGE_SIZE, RW,
			  ANON | MAP_FIXED | MAP_GROWSDOWN, 0),
		  stack);
	/* a hint inside the gap is refused, one just below it taken */
	EXPECT_NE(map_anywhere(stack - STACK_GUARD_GAP, 1, 0), stack - STACK_GUARD_GAP);
	EXPECT_EQ(map_anywhere(stack - STACK_GUARD_GAP - PAGE_SIZE, 1, 0),
		  stack - STACK_GUARD_GAP - PAGE_SIZE);
	vma_check(mm);
	teardown();
}

TEST(legacy_layout_goes_up_from_a_third)
{
	setup("");
	mm_set_layout(mm, 8 * MiB, 0, true);
	EXPECT_EQ(map_anywhere(0, 2, 0), 0x2aaaaaaab000);
	EXPECT_EQ(map_anywhere(0, 2, 0), 0x2aaaaaaad000);
	vm_munmap(mm, 0x2aaaaaaac000, PAGE_SIZE);
	EXPECT_EQ(map_anywhere(0, 2, 0), 0x2aaaaaaaf000);
	EXPECT_EQ(map_anywhere(0, 1, 0), 0x2aaaaaaac000);
	teardown();
}

TEST(layout_leaves_room_for_the_stack_limit)
{
	setup("");
	mm_set_layout(mm, GiB, 0, false);
	EXPECT_EQ(mm->mmap_base, TASK_SIZE_MAX - GiB - STACK_GUARD_GAP);
	mm_set_layout(mm, ~0UL, 0, false); /* unlimited: a sixth is left for mappings */
	EXPECT_EQ(mm->mmap_base, PAGE_ALIGN(TASK_SIZE_MAX - TASK_SIZE_MAX / 6 * 5));
	mm_set_layout(mm, 8 * MiB, 1000, false);
	EXPECT(mm->aslr);
	EXPECT_EQ(mm->mmap_base, TASK_SIZE_MAX - 8 * MiB - STACK_GUARD_GAP -
					 0x3fffffUL * PAGE_SIZE - 1000 * PAGE_SIZE);
	teardown();
}

TEST(full_address_space_is_enomem_and_bottomup_is_the_last_resort)
{
	size_t below;

	setup("");
	below = mm->mmap_base - 0x10000;
	EXPECT_EQ(map_anywhere(0, below >> PAGE_SHIFT, MAP_NORESERVE), 0x10000);
	EXPECT_EQ(map_anywhere(0, 1, 0),
		  mm->mmap_base); /* above mmap_base, where the stack would be */
	EXPECT_EQ(map_anywhere(0, below >> PAGE_SHIFT, MAP_NORESERVE), -ENOMEM);
	EXPECT_EQ(map_anywhere(0, mm->task_size >> PAGE_SHIFT, 0), -ENOMEM);
	EXPECT_EQ(map_anywhere(0, (mm->task_size >> PAGE_SHIFT) + 1, 0), -ENOMEM);
	teardown();
}

/* Both searches against a page-by-page scan, over random maps with growing stacks among them. */
TEST(gap_search_equals_a_linear_scan)
{
	static bool used[256];

	setup("");
	mm->mmap_base = PAGE_AT(256);
	mm->mmap_legacy_base = PICTURE_BASE;
	mm->mmap_min_addr = PICTURE_BASE;
	mm->task_size = PAGE_AT(256);
	for (unsigned long n = test_rounds(3000); n; n--) {
		long page = test_random_below(256),
		     nr = 1 + test_random_below(min(12L, 256 - page));
		long want = 1 + test_random_below(24), at, run = 0;

		if (test_chance(2)) {
			ASSERT_EQ(map(page, nr, test_chance(2) ? RW : PROT_READ), PAGE_AT(page));
			memset(used + page, 1, nr);
		} else {
			ASSERT_EQ(unmap(page, nr), 0);
			memset(used + page, 0, nr);
		}
		vma_check(mm);

		for (at = 255; at >= 0 && run < want; at--)
			run = used[at] ? 0 : run + 1;
		mmap_write_lock(mm);
		EXPECT_EQ(arch_get_unmapped_area_topdown(mm, 0, want * PAGE_SIZE, 0, 0),
			  run == want ? PAGE_AT(at + 1) : (vaddr_t)-ENOMEM);
		for (at = run = 0; at < 256 && run < want; at++)
			run = used[at] ? 0 : run + 1;
		EXPECT_EQ(arch_get_unmapped_area(mm, 0, want * PAGE_SIZE, 0, 0),
			  run == want ? PAGE_AT(at - want) : (vaddr_t)-ENOMEM);
		mmap_write_unlock(mm);
	}
	mm->task_size = TASK_SIZE_MAX;
	teardown();
}

/* Limits in the middle of holes: the answer lies inside them. */
TEST(gap_search_respects_its_limits)
{
	setup("W....W....W");
	mm->mmap_min_addr = PAGE_AT(2);
	mmap_write_lock(mm);
	mm->mmap_base = PAGE_AT(8);
	EXPECT_EQ(arch_get_unmapped_area_topdown(mm, 0, 2 * PAGE_SIZE, 0, 0), PAGE_AT(6));
	EXPECT_EQ(arch_get_unmapped_area_topdown(mm, 0, 3 * PAGE_SIZE, 0, 0), PAGE_AT(2));
	mm->mmap_legacy_base = PAGE_AT(3);
	EXPECT_EQ(arch_get_unmapped_area(mm, 0, 2 * PAGE_SIZE, 0, 0), PAGE_AT(3));
	EXPECT_EQ(arch_get_unmapped_area(mm, 0, 4 * PAGE_SIZE, 0, 0), PAGE_AT(6));
	EXPECT_EQ(arch_get_unmapped_area(mm, 0, 5 * PAGE_SIZE, 0, 0), PAGE_AT(11));
	mmap_write_unlock(mm);
	teardown();
}

/* --- the validators see what they are there to see --- */

static void break_gap(void)
{
	mm->mmap->rb_subtree_gap += PAGE_SIZE;
	vma_check(mm);
}

static void break_order(void)
{
	mm->mmap->vm_end = mm->mmap->vm_next->vm_end;
	vma_check(mm);
}

static void break_count(void)
{
	mm->total_vm++;
	vma_check(mm);
}

TEST(vma_check_notices)
{
	setup("W.R.X");
	ASSERT(test_expect_panic(break_gap, "rb_subtree_gap"));
	ASSERT(test_expect_panic(break_order, "vma_check"));
	ASSERT(test_expect_panic(break_count, "total_vm"));
	teardown();
}

TEST(names_are_those_of_proc_maps)
{
	setup("Ww..R");
	mm->start_brk = PAGE_AT(0);
	mm->brk = PAGE_AT(2);
	mm->start_stack = PAGE_AT(4) + 100;
	EXPECT_STR(vma_name(mm->mmap), "[heap]");
	EXPECT_STR(vma_name(mm->mmap->vm_next), "[stack]");
	mm->start_stack = 0;
	EXPECT(!vma_name(mm->mmap->vm_next));
	teardown();
}

/* --- out of memory --- */

static void cut_and_join(void)
{
	static const char *const pictures[] = { "Wwwwww", "WwRrWw", "Ww..Ww", "WwwwRr" };
	int err;

	err = protect(2, 2, PROT_READ);
	EXPECT(!err || err == -ENOMEM);
	EXPECT_PICTURE(mm, pictures[err ? 0 : 1]);
	if (!err)
		ASSERT_EQ(protect(2, 2, RW), 0); /* joining needs nothing */
	EXPECT_PICTURE(mm, pictures[0]);
	err = unmap(2, 2);
	EXPECT(!err || err == -ENOMEM);
	EXPECT_PICTURE(mm, pictures[err ? 0 : 2]);
	if (!err) {
		long ret = map(2, 2, RW);

		EXPECT(ret == (long)PAGE_AT(2) || ret == -ENOMEM);
	}
	env_mmput(mm);
	env_expect_same(&before);
}

TEST(cut_and_join_with_every_allocation_failing)
{
	setup("Wwwwww");
	touch(0, 6);
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(cut_and_join) >= 4);
	teardown();
}

static void map_over(void)
{
	struct file *file = env_file_create("f", 8 * PAGE_SIZE);
	long ret = vm_mmap(mm, &env_limits, file, PAGE_AT(2), 2 * PAGE_SIZE, RW,
			   MAP_SHARED | MAP_FIXED, 0);

	EXPECT(ret == (long)PAGE_AT(2) || ret == -ENOMEM);
	EXPECT_PICTURE(mm, ret < 0 ? "Wwwwww" : "WwSsWw");
	if (ret < 0) /* nothing was dropped either */
		expect_contents(3, 1003);
	ret = vm_mmap(mm, &env_limits, NULL, PAGE_AT(4), 2 * PAGE_SIZE, RW,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0);
	EXPECT(ret == (long)PAGE_AT(4) || ret == -ENOMEM);
	env_mmput(mm);
	fput(file);
	EXPECT_EQ(vm_memory_committed(), 0);
	env_expect_same(&before);
}

TEST(mmap_over_a_mapping_with_every_allocation_failing)
{
	setup("Wwwwww");
	touch(0, 6);
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(map_over) >= 4);
	teardown();
}

static void fork_everything(void)
{
	struct mm_struct *child;
	int err;

	child = mm_dup(mm, &err);
	EXPECT(child || err == -ENOMEM);
	picture_check_pages(mm);
	if (child) {
		picture_check_pages(child);
		vma_check(child);
		env_mmput(child);
	}
	EXPECT_PICTURE(mm, "Wwwwww..RrSs..Xx");
	expect_contents(1, 1001);
	ASSERT_EQ(user_write64(mm, PAGE_AT(1), 5), 0);
	env_mmput(mm);
	EXPECT_EQ(vm_memory_committed(), 0);
	env_expect_same(&before);
}

TEST(fork_with_every_allocation_failing)
{
	setup("Wwwwww..RrSs..Xx");
	touch(0, 6);
	touch(10, 2);
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(fork_everything) >= 10);
	teardown();
}
