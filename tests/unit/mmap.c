/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/mmap.c - the calls on address spaces: results, errors, limits, accounts
 *
 * Expected errors are what Linux answers to the same raw calls.  Pictures are explained in tests/host/picture.h.
 */
#include "picture.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)
#define P    PAGE_SIZE

static struct env_snapshot before;
static struct mm_struct *mm;
static struct file *file; /* 16 pages */
static struct mm_limits *const lim = &env_limits;

static void setup(const char *picture)
{
	env_boot(NULL);
	env_snapshot(&before);
	file = env_file_create("f", 16 * P);
	mm = mm_alloc();
	ASSERT(mm);
	picture_build(mm, picture);
}

static void teardown(void)
{
	env_mmput(mm);
	fput(file);
	EXPECT_EQ(vm_memory_committed(), 0);
	env_expect_same(&before);
}

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

static long do_map(vaddr_t addr, size_t len, unsigned long prot, unsigned long flags,
		   struct file *f, u64 off)
{
	return vm_mmap(mm, lim, f, addr, len, prot, flags, off);
}

static long map(long page, long nr, unsigned long prot, unsigned long flags, struct file *f,
		u64 off)
{
	return do_map(PAGE_AT(page), nr * P, prot, flags | MAP_FIXED, f, off);
}

static int protect(vaddr_t addr, size_t len, unsigned long prot)
{
	return vm_mprotect(mm, lim, addr, len, prot, false);
}

static long remap(vaddr_t addr, size_t old_len, size_t new_len, unsigned long flags,
		  vaddr_t new_addr)
{
	return vm_mremap(mm, lim, addr, old_len, new_len, flags, new_addr);
}

/* --- mmap --- */

TEST(mmap_errors_are_those_of_linux)
{
	setup("Wwww..Ww");
	EXPECT_EQ(do_map(0, P, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, NULL, 0), -EINVAL);
	EXPECT_EQ(do_map(PAGE_AT(9), P, RW, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE, file, 0),
		  -EOPNOTSUPP);
	EXPECT_EQ(do_map(0, P, RW, MAP_SHARED_VALIDATE | MAP_SYNC, file, 0), -EOPNOTSUPP);
	EXPECT_EQ(do_map(0, P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, NULL, 0), -EINVAL);
	EXPECT_EQ(do_map(0, P, RW, MAP_PRIVATE | MAP_GROWSDOWN, file, 0), -EINVAL);
	EXPECT_EQ(do_map(0, P, RW, ANON, NULL, 123), -EINVAL);
	EXPECT_EQ(do_map(0, P, RW, ANON | MAP_HUGETLB, NULL, 0), -ENOMEM);
	EXPECT_EQ(do_map(0, 0, RW, ANON | MAP_HUGETLB, NULL, 0), -EINVAL);
	EXPECT_EQ(do_map(0, P, RW, ANON | MAP_HUGETLB | (22 << MAP_HUGE_SHIFT), NULL, 0), -EINVAL);
	EXPECT_EQ(do_map(0, P, RW, MAP_PRIVATE | MAP_HUGETLB, file, 0), -EINVAL);
	EXPECT_EQ(do_map(0, P, RW, MAP_ANONYMOUS, NULL, 0), -EINVAL);
	EXPECT_EQ(do_map(0, 0, RW, ANON, NULL, 0), -EINVAL);
	EXPECT_EQ(do_map(0, P, RW, MAP_PRIVATE, file, 0x7ffffffffffff000), -EOVERFLOW);
	EXPECT_EQ(do_map(0, -P, RW, ANON, NULL, 0), -ENOMEM);
	EXPECT_EQ(do_map(0, ~0UL, RW, ANON, NULL, 0), -ENOMEM);
	EXPECT_EQ(do_map(TASK_SIZE_MAX, P, RW, ANON | MAP_FIXED, NULL, 0), -ENOMEM);
	EXPECT_EQ(do_map(TASK_SIZE_MAX - P, P, RW, ANON | MAP_FIXED, NULL, 0), TASK_SIZE_MAX - P);
	EXPECT_EQ(do_map(PAGE_AT(0) + 1, P, RW, ANON | MAP_FIXED, NULL, 0), -EINVAL);
	EXPECT_EQ(do_map(PAGE_AT(3), 2 * P, RW, ANON | MAP_FIXED_NOREPLACE, NULL, 0), -EEXIST);
	EXPECT_EQ(do_map(PAGE_AT(4), 2 * P, PROT_READ, ANON | MAP_FIXED_NOREPLACE, NULL, 0),
		  PAGE_AT(4));
	EXPECT_PICTURE(mm, "WwwwRrWw");
	teardown();
}

TEST(low_addresses_need_the_capability)
{
	setup("");
	EXPECT_EQ(do_map(0x1000, P, RW, ANON | MAP_FIXED, NULL, 0), -EPERM);
	lim->cap_sys_rawio = true;
	EXPECT_EQ(do_map(0x1000, P, RW, ANON | MAP_FIXED, NULL, 0), 0x1000);
	EXPECT_EQ(do_map(0, P, RW, ANON | MAP_FIXED, NULL, 0), 0);
	EXPECT_EQ(user_write8(mm, 8, 1), 0);
	EXPECT_EQ(do_map(0x3000, P, RW, ANON, NULL, 0), 0x10000);
	teardown();
}

TEST(file_modes_decide_what_may_be_mapped)
{
	setup("");
	env_file_set_mode(file, true, false);
	EXPECT_EQ(map(0, 1, RW, MAP_SHARED, file, 0), -EACCES);
	EXPECT_EQ(map(0, 1, PROT_READ, MAP_SHARED, file, 0), PAGE_AT(0));
	EXPECT_EQ(protect(PAGE_AT(0), P, RW), -EACCES);
	EXPECT_EQ(map(2, 1, RW, MAP_PRIVATE, file, 0), PAGE_AT(2));
	touch(2, 1);
	EXPECT_PICTURE(mm, "R.W");
	env_file_set_mode(file, false, true);
	EXPECT_EQ(map(4, 1, PROT_READ, MAP_PRIVATE, file, 0), -EACCES);
	teardown();
}

TEST(limits_of_address_space_data_and_locked_memory)
{
	setup("Wwww");
	lim->as = 6 * P;
	EXPECT_EQ(map(8, 3, PROT_READ, ANON, NULL, 0), -ENOMEM);
	EXPECT_EQ(map(2, 4, RW, ANON, NULL, 0),
		  PAGE_AT(2)); /* two of the four pages replace others */
	EXPECT_EQ(mm->total_vm, 6);
	lim->as = ~0UL;
	lim->data = 7 * P;
	EXPECT_EQ(map(8, 2, RW, ANON, NULL, 0), -ENOMEM);
	EXPECT_EQ(map(8, 2, PROT_READ, ANON, NULL, 0), PAGE_AT(8));
	EXPECT_EQ(protect(PAGE_AT(8), 2 * P, RW), -ENOMEM);
	EXPECT_EQ(protect(PAGE_AT(8), P, RW), 0);
	lim->data = ~0UL;
	lim->cap_ipc_lock = false;
	lim->memlock = 2 * P;
	EXPECT_EQ(map(12, 3, RW, ANON | MAP_LOCKED, NULL, 0), -EAGAIN);
	EXPECT_EQ(map(12, 2, RW, ANON | MAP_LOCKED, NULL, 0), PAGE_AT(12));
	EXPECT_EQ(mm->locked_vm, 2);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 2); /* locked is populated */
	EXPECT_EQ(map(16, 1, RW, ANON | MAP_LOCKED, NULL, 0), -EAGAIN);
	EXPECT_EQ(vm_munmap(mm, PAGE_AT(13), P), 0);
	EXPECT_EQ(mm->locked_vm, 1);
	lim->memlock = 0;
	EXPECT_EQ(map(16, 1, RW, ANON | MAP_LOCKED, NULL, 0), -EPERM);
	vma_check(mm);
	teardown();
}

TEST(what_can_never_be_kept_is_not_promised)
{
	unsigned long ram;

	setup("");
	ram = vm_commit_limit() * 2;
	EXPECT_EQ(do_map(0, (ram + 64) * P, RW, ANON, NULL, 0), -ENOMEM);
	EXPECT(!IS_ERR_VALUE(do_map(0, (ram + 64) * P, RW, ANON | MAP_NORESERVE, NULL, 0)));
	EXPECT(!IS_ERR_VALUE(do_map(0, (ram + 64) * P, PROT_READ, ANON, NULL, 0)));
	EXPECT_EQ(do_map(0, (ram + 64) * P, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0), -ENOMEM);
	EXPECT_EQ(vm_memory_committed(), 0);
	EXPECT(!IS_ERR_VALUE(do_map(0, 100 * P, RW, ANON, NULL, 0)));
	EXPECT_EQ(vm_memory_committed(), 100);
	sysctl_overcommit_memory = 2;
	EXPECT_EQ(do_map(0, ram / 2 * P, RW, ANON, NULL, 0), -ENOMEM);
	sysctl_overcommit_memory = 0;
	teardown();
}

TEST(charge_follows_the_first_write_permission)
{
	setup("Rrrr");
	EXPECT_EQ(vm_memory_committed(), 0);
	protect(PAGE_AT(1), P, RW);
	EXPECT_EQ(vm_memory_committed(), 1);
	protect(PAGE_AT(1), P, PROT_READ); /* stays charged, so it stays apart */
	EXPECT_EQ(vm_memory_committed(), 1);
	EXPECT_PICTURE(mm, "RRRr");
	protect(PAGE_AT(0), 4 * P, RW);
	EXPECT_EQ(vm_memory_committed(), 4);
	EXPECT_PICTURE(mm, "Wwww");
	teardown();
}

TEST(populate_fills_at_once)
{
	setup("");
	EXPECT_EQ(map(0, 4, RW, ANON | MAP_POPULATE, NULL, 0), PAGE_AT(0));
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 4);
	EXPECT_EQ(map(4, 4, RW, ANON | MAP_POPULATE | MAP_NONBLOCK, NULL, 0), PAGE_AT(4));
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 4);
	teardown();
}

TEST(munmap_errors_are_those_of_linux)
{
	setup("Wwww");
	EXPECT_EQ(vm_munmap(mm, PAGE_AT(0) + 1, P), -EINVAL);
	EXPECT_EQ(vm_munmap(mm, PAGE_AT(0), 0), -EINVAL);
	EXPECT_EQ(vm_munmap(mm, TASK_SIZE_MAX - P, 4 * P), -EINVAL);
	EXPECT_EQ(vm_munmap(mm, TASK_SIZE_MAX, P), -EINVAL);
	EXPECT_EQ(vm_munmap(mm, PAGE_AT(20), P), 0);
	EXPECT_EQ(vm_munmap(mm, 0, TASK_SIZE_MAX), 0);
	EXPECT_PICTURE(mm, "");
	teardown();
}

/* --- mprotect --- */

TEST(mprotect_errors_are_those_of_linux)
{
	setup("Wwww..Ww");
	EXPECT_EQ(protect(PAGE_AT(0) + 1, P, RW), -EINVAL);
	EXPECT_EQ(protect(PAGE_AT(0), 0, 0xff), 0);
	EXPECT_EQ(protect(PAGE_AT(0), P, 0x10), -EINVAL);
	EXPECT_EQ(protect(PAGE_AT(0), P, PROT_SEM | RW), 0);
	EXPECT_EQ(protect(PAGE_AT(0), P, PROT_GROWSDOWN | PROT_GROWSUP | RW), -EINVAL);
	EXPECT_EQ(protect(PAGE_AT(0), P, PROT_GROWSUP | RW), -EINVAL);
	EXPECT_EQ(protect(PAGE_AT(0), P, PROT_GROWSDOWN | RW), -EINVAL);
	EXPECT_EQ(protect(PAGE_AT(4), P, PROT_GROWSDOWN | RW), -ENOMEM);
	EXPECT_EQ(protect(PAGE_AT(4), 4 * P, PROT_GROWSDOWN | RW), -EINVAL);
	EXPECT_EQ(protect(PAGE_AT(0), -P, RW), -ENOMEM);
	EXPECT_EQ(protect(PAGE_AT(0), ~0UL, RW), -ENOMEM);
	EXPECT_EQ(protect(PAGE_AT(4), P, RW), -ENOMEM);
	EXPECT_PICTURE(mm, "Wwww..Ww");
	teardown();
}

TEST(mprotect_growsdown_reaches_the_start_of_the_stack)
{
	setup("");
	map(4, 4, RW, ANON | MAP_GROWSDOWN, NULL, 0);
	EXPECT_EQ(protect(PAGE_AT(6), P, PROT_READ | PROT_GROWSDOWN), 0);
	EXPECT_PICTURE(mm, "....RrrW");
	teardown();
}

TEST(read_implies_exec_where_exec_is_possible)
{
	setup("W");
	EXPECT_EQ(vm_mprotect(mm, lim, PAGE_AT(0), P, PROT_READ, true), 0);
	EXPECT_PICTURE(mm, "X");
	EXPECT_EQ(user_exec(mm, PAGE_AT(0)), 0);
	teardown();
}

/* --- brk --- */

static void setup_heap(void)
{
	setup("");
	mm->start_data = PAGE_AT(0);
	mm->end_data = PAGE_AT(1);
	mm->start_brk = mm->brk = PAGE_AT(2) + 100;
}

TEST(brk_grows_and_shrinks_by_bytes_and_maps_by_pages)
{
	setup_heap();
	EXPECT_EQ(vm_brk(mm, lim, 0), PAGE_AT(2) + 100);
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(3)),
		  PAGE_AT(3)); /* the page of start_brk is exec's, not mapped here */
	EXPECT_PICTURE(mm, "");
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(5) + 1), PAGE_AT(5) + 1);
	EXPECT_PICTURE(mm, "...Www");
	touch(3, 3);
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(5) + 77), PAGE_AT(5) + 77);
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(7)), PAGE_AT(7));
	EXPECT_PICTURE(mm, "...Wwww");
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(4)), PAGE_AT(4));
	EXPECT_PICTURE(mm, "...W");
	expect_contents(3, 1003);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 1);
	EXPECT_EQ(vm_brk(mm, lim, mm->start_brk - 1), PAGE_AT(4));
	EXPECT_STR(vma_name(mm->mmap), "[heap]");
	teardown();
}

TEST(brk_stops_before_the_next_mapping)
{
	setup_heap();
	map(8, 1, PROT_READ, ANON, NULL, 0);
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(8)), mm->start_brk);
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(7) + 1), mm->start_brk);
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(7)), PAGE_AT(7));
	EXPECT_EQ(vm_brk(mm, lim, TASK_SIZE_MAX), PAGE_AT(7));
	EXPECT_EQ(vm_brk(mm, lim, ~0UL), PAGE_AT(7));
	EXPECT_PICTURE(mm, "...Wwww.R");
	/* what lies below the break need not be the heap any more */
	vm_munmap(mm, PAGE_AT(3), 4 * P);
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(4)), PAGE_AT(7));
	teardown();
}

TEST(brk_counts_initialised_data_against_the_limit)
{
	setup_heap();
	lim->data = 4 * P; /* one page of data, three of heap less 100 bytes */
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(5) + 101), mm->start_brk);
	EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(5) + 100), PAGE_AT(5) + 100);
	teardown();
}

static void grow_heap_twice(void)
{
	vaddr_t brk = vm_brk(mm, lim, PAGE_AT(5));

	EXPECT(brk == PAGE_AT(5) || brk == mm->start_brk);
	EXPECT_PICTURE(mm, brk == PAGE_AT(5) ? "...Ww" : "");
	if (brk == PAGE_AT(5)) {
		EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(6)), PAGE_AT(6)); /* needs no memory */
		EXPECT_EQ(vm_brk(mm, lim, PAGE_AT(4)), PAGE_AT(4));
		EXPECT_PICTURE(mm, "...W");
	}
	env_mmput(mm);
	fput(file);
	EXPECT_EQ(vm_memory_committed(), 0);
	env_expect_same(&before);
}

TEST(brk_with_every_allocation_failing)
{
	setup_heap();
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(grow_heap_twice) >= 1);
	teardown();
}

TEST(vm_brk_flags_replaces_what_is_there)
{
	setup("RrrrXx");
	EXPECT_EQ(vm_brk_flags(mm, lim, PAGE_AT(2), 2 * P - 5, 0), 0);
	EXPECT_PICTURE(mm, "RrWwXx");
	EXPECT_EQ(vm_brk_flags(mm, lim, PAGE_AT(4), P, VM_EXEC), 0);
	EXPECT_PICTURE(mm, "RrWwAX");
	EXPECT_EQ(vm_brk_flags(mm, lim, PAGE_AT(4), P, VM_WRITE), -EINVAL);
	EXPECT_EQ(vm_brk_flags(mm, lim, PAGE_AT(4), 0, 0), 0);
	teardown();
}

/* --- mremap --- */

TEST(mremap_errors_are_those_of_linux)
{
	setup("Wwww..WwSs");
	EXPECT_EQ(remap(PAGE_AT(0), P, 0, 1, 0), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0) + 1, P, P, 1, 0), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), P, P, 8, 0), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), P, P, MREMAP_FIXED, PAGE_AT(20)), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), P, 2 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, PAGE_AT(20)),
		  -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), P, P, MREMAP_DONTUNMAP, 0), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(4), P, 2 * P, 1, 0), -EFAULT);
	EXPECT_EQ(remap(PAGE_AT(3), 3 * P, 4 * P, 1, 0), -EFAULT);
	EXPECT_EQ(remap(PAGE_AT(0), 4 * P, 8 * P, 0, 0), -ENOMEM);
	EXPECT_EQ(remap(PAGE_AT(0), 0, P, 1, 0), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(8), 0, P, 0, 0), -ENOMEM);
	EXPECT_EQ(remap(PAGE_AT(0), 4 * P, 4 * P, 3, PAGE_AT(2)), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), 4 * P, 4 * P, 3, PAGE_AT(30) + 1), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), 4 * P, 4 * P, 3, TASK_SIZE_MAX), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), P, -P, 1, 0), -ENOMEM);
	EXPECT_EQ(remap(PAGE_AT(0), ~0UL, P, 1, 0), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), P, P, 5, PAGE_AT(0) + 1), -EINVAL);
	EXPECT_EQ(remap(PAGE_AT(0), 3 * P, 3 * P, 0, 0), PAGE_AT(0));
	EXPECT_PICTURE(mm, "Wwww..WwSs");
	teardown();
}

TEST(mremap_shrinks_and_grows_in_place)
{
	setup("Wwww....Rr");
	touch(0, 4);
	EXPECT_EQ(remap(PAGE_AT(0), 4 * P, 2 * P, 0, 0), PAGE_AT(0));
	EXPECT_PICTURE(mm, "Ww......Rr");
	EXPECT_EQ(remap(PAGE_AT(0), 2 * P, 8 * P, 0, 0), PAGE_AT(0));
	EXPECT_PICTURE(mm, "WwwwwwwwRr");
	EXPECT_EQ(remap(PAGE_AT(0), 8 * P, 9 * P, 0, 0), -ENOMEM);
	expect_contents(1, 1001);
	expect_contents(3, 0);
	EXPECT_EQ(vm_memory_committed(), 8);
	teardown();
}

/* A part in the middle cannot grow in place; at the end of a VMA it can, and joins what it meets. */
TEST(mremap_growing_meets_its_like)
{
	setup("Wwww..Ww");
	EXPECT_EQ(remap(PAGE_AT(1), P, 2 * P, 0, 0), -ENOMEM);
	EXPECT_EQ(remap(PAGE_AT(3), P, 3 * P, 0, 0), PAGE_AT(3));
	EXPECT_PICTURE(mm, "Wwwwwwww");
	EXPECT_EQ(mm->map_count, 1);
	teardown();
}

TEST(mremap_moves_the_pages)
{
	setup("Wwwww");
	touch(0, 5);
	EXPECT_EQ(remap(PAGE_AT(1), 2 * P, 3 * P, MREMAP_MAYMOVE | MREMAP_FIXED, PAGE_AT(10)),
		  PAGE_AT(10));
	EXPECT_PICTURE(mm, "W..Ww.....Www");
	expect_contents(10, 1001);
	expect_contents(11, 1002);
	expect_contents(12, 0);
	expect_contents(3, 1003);
	EXPECT_EQ(vm_memory_committed(), 6);
	/* and back: the pieces are one again */
	EXPECT_EQ(remap(PAGE_AT(10), 3 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED, PAGE_AT(1)),
		  PAGE_AT(1));
	EXPECT_PICTURE(mm, "Wwwww");
	for (int i = 0; i < 5; i++)
		expect_contents(i, 1000 + i);
	teardown();
}

TEST(mremap_fixed_replaces_the_target)
{
	setup("Ww..RrrrXx");
	touch(0, 2);
	EXPECT_EQ(remap(PAGE_AT(0), 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED, PAGE_AT(5)),
		  PAGE_AT(5));
	EXPECT_PICTURE(mm, "....RWwRXx");
	expect_contents(6, 1001);
	/* a call that fails for its source leaves the target */
	EXPECT_EQ(remap(PAGE_AT(5), 3 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_FIXED, PAGE_AT(8)),
		  -EFAULT);
	EXPECT_PICTURE(mm, "....RWwRXx");
	teardown();
}

TEST(mremap_finds_a_place_of_its_own)
{
	vaddr_t top;

	setup("WwR");
	touch(0, 2);
	top = mm->mmap_base;
	EXPECT_EQ(remap(PAGE_AT(0), 2 * P, 4 * P, MREMAP_MAYMOVE, 0), top - 4 * P);
	EXPECT_PICTURE(mm, "..R");
	EXPECT_EQ(remap(top - 4 * P, 4 * P, P, 0, 0), top - 4 * P);
	vma_check(mm);
	teardown();
}

TEST(mremap_dontunmap_leaves_the_range_empty)
{
	setup("Wwww");
	touch(0, 4);
	EXPECT_EQ(remap(PAGE_AT(1), 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED,
			PAGE_AT(8)),
		  PAGE_AT(8));
	EXPECT_PICTURE(mm, "Wwww....Ww");
	expect_contents(8, 1001);
	expect_contents(1, 0);
	expect_contents(3, 1003);
	EXPECT_EQ(vm_memory_committed(), 6);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 4);
	teardown();
}

TEST(mremap_of_zero_length_is_a_second_view)
{
	long at;
	u64 v = 0;

	setup("Ssss");
	touch(0, 4);
	at = remap(PAGE_AT(1), 0, 2 * P, MREMAP_MAYMOVE, 0);
	ASSERT(!IS_ERR_VALUE(at));
	EXPECT_EQ(user_read64(mm, at + P, &v), 0);
	EXPECT_EQ(v, 1002);
	ASSERT_EQ(user_write64(mm, at, 9), 0);
	expect_contents(1, 9);
	EXPECT_EQ(remap(PAGE_AT(1), 0, P, 3, PAGE_AT(1)), -EFAULT); /* in its own place */
	EXPECT_PICTURE(mm, "Ssss");
	teardown();
}

/* Grown beyond the object, a shared anonymous mapping ends in SIGBUS. */
TEST(mremap_does_not_grow_the_shared_object)
{
	setup("Ss");
	EXPECT_EQ(remap(PAGE_AT(0), 2 * P, 3 * P, 0, 0), PAGE_AT(0));
	EXPECT_EQ(user_write8(mm, PAGE_AT(2), 1), 7);
	EXPECT_EQ(user_write8(mm, PAGE_AT(1), 1), 0);
	teardown();
}

TEST(mremap_respects_limits)
{
	setup("WwR");
	lim->as = 4 * P;
	EXPECT_EQ(remap(PAGE_AT(0), 2 * P, 4 * P, MREMAP_MAYMOVE, 0), -ENOMEM);
	EXPECT(!IS_ERR_VALUE(remap(PAGE_AT(0), 2 * P, 3 * P, MREMAP_MAYMOVE, 0)));
	lim->as = ~0UL;
	lim->memlock = 3 * P;
	lim->cap_ipc_lock = false;
	ASSERT_EQ(map(10, 2, RW, ANON | MAP_LOCKED, NULL, 0), PAGE_AT(10));
	EXPECT_EQ(remap(PAGE_AT(10), 2 * P, 4 * P, MREMAP_MAYMOVE, 0), -EAGAIN);
	EXPECT_EQ(remap(PAGE_AT(10), 2 * P, 3 * P, MREMAP_MAYMOVE, 0), PAGE_AT(10));
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 3);
	EXPECT_EQ(mm->locked_vm, 3);
	EXPECT_EQ(remap(PAGE_AT(10), 3 * P, 3 * P, 3, PAGE_AT(20)), PAGE_AT(20));
	EXPECT_EQ(mm->locked_vm, 3);
	EXPECT_EQ(remap(PAGE_AT(21), P, P, 7, PAGE_AT(30)),
		  PAGE_AT(30)); /* the page left behind is unlocked */
	EXPECT_EQ(mm->locked_vm, 3);
	vma_check(mm);
	teardown();
}

static void move_it(void)
{
	long ret = remap(PAGE_AT(1), 2 * P, 3 * P, MREMAP_MAYMOVE | MREMAP_FIXED, PAGE_AT(600));

	EXPECT(ret == (long)PAGE_AT(600) || ret == -ENOMEM);
	EXPECT_PICTURE(mm, ret < 0 ? "Wwwww" : "W..Ww");
	if (ret < 0)
		for (int i = 0; i < 5; i++)
			expect_contents(i, 1000 + i);
	EXPECT_EQ(vm_memory_committed(), ret < 0 ? 5 : 6);
	env_mmput(mm);
	fput(file);
	EXPECT_EQ(vm_memory_committed(), 0);
	env_expect_same(&before);
}

TEST(mremap_with_every_allocation_failing)
{
	setup("Wwwww");
	touch(0, 5);
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(move_it) >= 4);
	teardown();
}

/* --- madvise --- */

static int advise(long page, long nr, int advice)
{
	return vm_madvise(mm, PAGE_AT(page), nr * P, advice);
}

TEST(madvise_errors_are_those_of_linux)
{
	setup("Wwww..Ww");
	map(10, 1, PROT_READ, MAP_SHARED, file, 0);
	map(12, 2, RW, MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	map(15, 1, RW, ANON | MAP_LOCKED, NULL, 0);
	map(17, 1, RW, MAP_PRIVATE, file, 0);
	EXPECT_EQ(advise(0, 1, -1), -EINVAL);
	EXPECT_EQ(advise(0, 1, 5), -EINVAL);
	EXPECT_EQ(advise(0, 1, MADV_HWPOISON), -EINVAL);
	EXPECT_EQ(vm_madvise(mm, PAGE_AT(0) + 1, P, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(vm_madvise(mm, PAGE_AT(0), ~0UL, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(advise(0, 0, MADV_DONTNEED), 0);
	EXPECT_EQ(advise(4, 1, MADV_DONTNEED), -ENOMEM);
	EXPECT_EQ(advise(10, 1, MADV_FREE), -EINVAL);
	EXPECT_EQ(advise(10, 1, MADV_WIPEONFORK), -EINVAL);
	EXPECT_EQ(advise(12, 1, MADV_WIPEONFORK), -EINVAL);
	EXPECT_EQ(advise(0, 1, MADV_REMOVE), -EINVAL);
	EXPECT_EQ(advise(10, 1, MADV_REMOVE),
		  -EOPNOTSUPP); /* could be made writable, but not cut */
	EXPECT_EQ(advise(17, 1, MADV_REMOVE), -EACCES);
	EXPECT_EQ(advise(0, 1, MADV_WILLNEED), 0);
	EXPECT_EQ(advise(0, 1, MADV_COLLAPSE), -EINVAL);
	EXPECT_EQ(advise(0, 1, MADV_PAGEOUT), 0);
	EXPECT_EQ(advise(10, 1, MADV_POPULATE_WRITE), -EINVAL);
	EXPECT_EQ(advise(0, 8, MADV_POPULATE_READ), -ENOMEM);
	EXPECT_EQ(advise(15, 1, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(advise(15, 1, MADV_FREE), -EINVAL);
	EXPECT_EQ(advise(15, 1, MADV_COLD), -EINVAL);
	EXPECT_EQ(advise(15, 1, MADV_DONTNEED_LOCKED), 0);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 0);
	EXPECT_EQ(advise(15, 1, MADV_WILLNEED), 0);
	vma_check(mm);
	teardown();
}

TEST(madvise_dontneed_drops_and_goes_on_over_holes)
{
	setup("Wwww..Ww");
	touch(0, 4);
	touch(6, 2);
	EXPECT_EQ(advise(2, 5, MADV_DONTNEED), -ENOMEM);
	expect_contents(1, 1001);
	expect_contents(2, 0);
	expect_contents(6, 0);
	expect_contents(7, 1007);
	EXPECT_EQ(advise(7, 1, MADV_FREE), 0); /* plenty of memory: contents stay */
	expect_contents(7, 1007);
	EXPECT_PICTURE(mm, "Wwww..Ww");
	teardown();
}

TEST(madvise_flags_cut_and_join)
{
	struct mm_struct *child;
	int err;

	setup("Wwww");
	touch(0, 4);
	advise(1, 1, MADV_DONTFORK);
	EXPECT_PICTURE(mm, "WWWw");
	advise(2, 1, MADV_WIPEONFORK);
	EXPECT_PICTURE(mm, "WWWW");
	child = mm_dup(mm, &err);
	ASSERT(child);
	swap(child, mm);
	EXPECT_PICTURE(mm, "W.WW");
	expect_contents(0, 1000);
	expect_contents(2, 0);
	EXPECT_EQ(user_read8(mm, PAGE_AT(1), &(u8){ 0 }), 11);
	env_mmput(mm);
	mm = child;
	advise(0, 4, MADV_DOFORK);
	advise(0, 4, MADV_KEEPONFORK);
	EXPECT_PICTURE(mm, "Wwww");
	advise(0, 2, MADV_SEQUENTIAL);
	EXPECT_EQ(mm->mmap->vm_flags & (VM_SEQ_READ | VM_RAND_READ), VM_SEQ_READ);
	advise(0, 2, MADV_RANDOM);
	EXPECT_EQ(mm->mmap->vm_flags & (VM_SEQ_READ | VM_RAND_READ), VM_RAND_READ);
	advise(0, 2, MADV_NORMAL);
	advise(1, 1, MADV_DONTDUMP);
	advise(1, 1, MADV_DODUMP);
	advise(1, 1, MADV_HUGEPAGE);
	advise(1, 1, MADV_NOHUGEPAGE);
	EXPECT_PICTURE(mm, "WWWw");
	teardown();
}

TEST(madvise_populate_faults_in)
{
	setup("Wwww");
	EXPECT_EQ(advise(0, 2, MADV_POPULATE_WRITE), 0);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 2);
	EXPECT_EQ(advise(0, 4, MADV_POPULATE_READ), 0);
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 2); /* the zero page counts for nobody */
	EXPECT_EQ(user_read8(mm, PAGE_AT(3), &(u8){ 0 }), 0);
	EXPECT_EQ(user_fault.faults, 0);
	teardown();
}

TEST(madvise_remove_punches_a_hole_for_everybody)
{
	struct mm_struct *child;
	u64 v = 1;
	int err;

	setup("Ssss");
	touch(0, 4);
	child = mm_dup(mm, &err);
	ASSERT(child);
	ASSERT_EQ(user_read64(child, PAGE_AT(1), &v), 0);
	EXPECT_EQ(advise(1, 2, MADV_REMOVE), 0);
	ASSERT_EQ(user_read64(child, PAGE_AT(1), &v), 0);
	EXPECT_EQ(v, 0);
	expect_contents(2, 0);
	expect_contents(3, 1003);
	env_mmput(child);
	teardown();
}

static void advise_dontfork(void)
{
	int err = advise(1, 2, MADV_DONTFORK);

	EXPECT(!err || err == -EAGAIN);
	EXPECT_PICTURE(mm, err ? "Wwww" : "WWwW");
	env_mmput(mm);
	fput(file);
	env_expect_same(&before);
}

TEST(madvise_with_every_allocation_failing)
{
	setup("Wwww");
	touch(0, 4);
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(advise_dontfork) >= 2);
	teardown();
}

/* --- mincore, msync --- */

TEST(mincore_tells_cached_from_mapped)
{
	u8 vec[8];

	setup("WwwwR");
	touch(1, 2);
	EXPECT_EQ(vm_mincore_pages(mm, PAGE_AT(0), 8, vec), 4); /* up to the end of the mapping */
	EXPECT_EQ(vec[0], 0);
	EXPECT_EQ(vec[1], 1);
	EXPECT_EQ(vec[2], 1);
	EXPECT_EQ(vec[3], 0);
	EXPECT_EQ(vm_mincore_pages(mm, PAGE_AT(5), 1, vec), -ENOMEM);
	protect(PAGE_AT(1), P, PROT_NONE);
	EXPECT_EQ(vm_mincore_pages(mm, PAGE_AT(1), 1, vec), 1);
	EXPECT_EQ(vec[0], 1);
	map(8, 4, PROT_READ, MAP_SHARED, file, 0);
	map(12, 4, PROT_READ, MAP_PRIVATE, file, 0);
	EXPECT_EQ(vm_mincore_pages(mm, PAGE_AT(8), 4, vec), 4);
	EXPECT_EQ(vec[2], 0);
	EXPECT_EQ(user_read8(mm, PAGE_AT(10), vec), 0);
	EXPECT_EQ(vm_mincore_pages(mm, PAGE_AT(12), 4, vec),
		  4); /* never touched here, but cached */
	EXPECT_EQ(vec[2], 1);
	teardown();
}

TEST(msync_writes_shared_pages_back)
{
	setup("Ww");
	map(4, 2, RW, MAP_SHARED, file, 0);
	map(8, 2, RW, MAP_PRIVATE, file, 0);
	ASSERT_EQ(user_write8(mm, PAGE_AT(5), 99), 0);
	ASSERT_EQ(user_write8(mm, PAGE_AT(8), 98), 0);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(4), 2 * P, MS_ASYNC), 0);
	EXPECT_NE(env_file_byte(file, P), 99);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(4), 6 * P, MS_SYNC), -ENOMEM); /* a hole, but synced */
	EXPECT_EQ(env_file_byte(file, P), 99);
	EXPECT_EQ(env_file_byte(file, 0), env_file_pattern(0));
	teardown();
}

TEST(msync_errors_are_those_of_linux)
{
	setup("Wwww..Ww");
	map(10, 1, RW, ANON | MAP_LOCKED, NULL, 0);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(0), 8 * P, MS_SYNC), -ENOMEM);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(0), 8 * P, MS_ASYNC), -ENOMEM);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(0), P, MS_SYNC | MS_ASYNC), -EINVAL);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(0), P, 8), -EINVAL);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(0), P, 0), 0);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(0) + 1, P, MS_SYNC), -EINVAL);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(0), ~0UL, MS_SYNC), 0);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(0), -P, MS_SYNC), -ENOMEM);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(4), P, MS_ASYNC), -ENOMEM);
	EXPECT_EQ(vm_msync(mm, PAGE_AT(10), P, MS_INVALIDATE), -EBUSY);
	teardown();
}

/* --- stacks --- */

#define STACK_PAGE 600

static struct vm_area_struct *growing(unsigned long nr)
{
	ASSERT_EQ(map(STACK_PAGE, nr, RW, ANON | MAP_GROWSDOWN, NULL, 0), PAGE_AT(STACK_PAGE));
	return mm->mmap;
}

static int grow(struct vm_area_struct *vma, long page)
{
	int err;

	mmap_write_lock(mm);
	err = expand_stack(vma, lim, PAGE_AT(page) + 123);
	mmap_write_unlock(mm);
	vma_check(mm);
	return err;
}

TEST(touch_below_a_growing_mapping_extends_it)
{
	struct vm_area_struct *vma;

	setup("");
	vma = growing(1);
	ASSERT_EQ(user_write64(mm, PAGE_AT(STACK_PAGE - 3) + 8, 7), 0);
	EXPECT_EQ(vma->vm_start, PAGE_AT(STACK_PAGE - 3));
	EXPECT_EQ(vma->vm_pgoff, vma->vm_start >> PAGE_SHIFT);
	EXPECT_EQ(mm->stack_vm, 4);
	EXPECT_EQ(vm_memory_committed(), 4);
	teardown();
}

TEST(stack_keeps_its_guard_gap_unless_the_neighbour_is_inaccessible)
{
	struct vm_area_struct *vma;

	setup("");
	vma = growing(1);
	map(100, 10, PROT_READ, ANON, NULL, 0);
	vma = vma->vm_next ? vma->vm_next : mm->mmap->vm_next;
	EXPECT_EQ(grow(vma, 110 + 255), -ENOMEM);
	EXPECT_EQ(grow(vma, 110 + 256), 0);
	EXPECT_EQ(grow(vma, 110), -ENOMEM);
	protect(PAGE_AT(100), 10 * P, PROT_NONE);
	EXPECT_EQ(grow(vma, 110), 0);
	EXPECT_EQ(grow(vma, 109), -ENOMEM);
	teardown();
}

TEST(stack_growth_respects_limits)
{
	struct vm_area_struct *vma;

	setup("");
	vma = growing(1);
	lim->stack = 4 * P;
	EXPECT_EQ(grow(vma, STACK_PAGE - 4), -ENOMEM);
	EXPECT_EQ(grow(vma, STACK_PAGE - 3), 0);
	lim->stack = ~0UL;
	lim->as = 5 * P;
	EXPECT_EQ(grow(vma, STACK_PAGE - 5), -ENOMEM);
	EXPECT_EQ(grow(vma, STACK_PAGE - 4), 0);
	lim->as = ~0UL;
	mm->mmap_min_addr = PAGE_AT(500);
	EXPECT_EQ(grow(vma, 499), -EPERM);
	EXPECT_EQ(grow(vma, STACK_PAGE), 0);
	teardown();
}

static void exec_stack(void)
{
	vaddr_t top = TASK_SIZE_MAX, new_top = TASK_SIZE_MAX - 0x1234000;
	struct vm_area_struct *vma;
	int err = -ENOMEM;
	u64 v = 0;

	mmap_write_lock(mm);
	vma = setup_stack_vma(mm, top);
	if (vma && !expand_stack(vma, lim, top - 3 * P))
		err = 0;
	mmap_write_unlock(mm);
	if (!err && !user_write64(mm, top - 8, 111) && !user_write64(mm, top - 2 * P - 8, 222)) {
		mmap_write_lock(mm);
		err = finalize_stack_vma(mm, vma, lim, new_top, VM_EXEC);
		mmap_write_unlock(mm);
		EXPECT(!err || err == -ENOMEM);
		if (!err) {
			EXPECT_PICTURE(mm, "");
			EXPECT_EQ(vma->vm_end, new_top);
			EXPECT_EQ(vma->vm_start, new_top - (3 + 32) * P);
			EXPECT_EQ(mm->stack_vm, 35);
			EXPECT_EQ(user_read64(mm, new_top - 8, &v), 0);
			EXPECT_EQ(v, 111);
			EXPECT_EQ(user_read64(mm, new_top - 2 * P - 8, &v), 0);
			EXPECT_EQ(v, 222);
			EXPECT_EQ(user_exec(mm, new_top - 8), 0);
		}
	}
	env_mmput(mm);
	fput(file);
	EXPECT_EQ(vm_memory_committed(), 0);
	env_expect_same(&before);
}

TEST(exec_moves_its_stack_with_every_allocation_failing)
{
	setup("");
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(exec_stack) >= 6);
	teardown();
}

TEST(exec_stack_that_stays_keeps_its_pages)
{
	setup("");
	mmap_write_lock(mm);
	{
		struct vm_area_struct *vma = setup_stack_vma(mm, TASK_SIZE_MAX);

		ASSERT(vma);
		lim->stack = 8 * P;
		EXPECT_EQ(finalize_stack_vma(mm, vma, lim, TASK_SIZE_MAX, 0), 0);
		EXPECT_EQ(vma_pages(vma), 8); /* the limit is below the room usually given */
	}
	mmap_write_unlock(mm);
	vma_check(mm);
	teardown();
}

/* --- special mappings --- */

TEST(special_mapping_shows_the_kernels_pages)
{
	static struct page *pages[3];
	static struct vm_special_mapping spec = { .name = "[vdso]", .pages = pages };
	u8 v = 0;

	setup("");
	for (int i = 0; i < 2; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		((u8 *)page_address(pages[i]))[7] = 40 + i;
	}
	mmap_write_lock(mm);
	EXPECT_EQ(install_special_mapping(mm, PAGE_AT(4), 3 * P,
					  VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYEXEC | VM_MAYWRITE,
					  &spec),
		  0);
	EXPECT_EQ(install_special_mapping(mm, PAGE_AT(5), 3 * P, VM_READ, &spec), -ENOMEM);
	mmap_write_unlock(mm);
	EXPECT_STR(vma_name(mm->mmap), "[vdso]");
	EXPECT_EQ(user_read8(mm, PAGE_AT(5) + 7, &v), 0);
	EXPECT_EQ(v, 41);
	EXPECT_PICTURE(mm, "....Xxx");
	EXPECT_EQ(user_read8(mm, PAGE_AT(6), &v), 7);
	EXPECT_EQ(user_write8(mm, PAGE_AT(5), 1), 11);
	EXPECT_EQ(remap(PAGE_AT(4), 3 * P, 4 * P, 0, 0), -EFAULT);
	EXPECT_EQ(remap(PAGE_AT(4), 3 * P, 3 * P, 3, PAGE_AT(10)), PAGE_AT(10));
	EXPECT_EQ(user_read8(mm, PAGE_AT(10) + 7, &v), 0);
	EXPECT_EQ(v, 40);
	vm_munmap(mm, 0, TASK_SIZE_MAX);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(page_count(pages[i]), 1);
		__free_page(pages[i]);
	}
	teardown();
}

/* --- the mm itself --- */

TEST(exe_file_is_inherited_and_given_back)
{
	struct mm_struct *child;
	struct file *exe;
	int err;

	setup("Ww");
	mm_set_exe_file(mm, file);
	EXPECT_EQ(env_file_refs(file), 2);
	child = mm_dup(mm, &err);
	EXPECT_EQ(env_file_refs(file), 3);
	exe = mm_get_exe_file(child);
	EXPECT(exe == file);
	fput(exe);
	env_mmput(child);
	mm_set_exe_file(mm, NULL);
	EXPECT_EQ(env_file_refs(file), 1);
	EXPECT(!mm_get_exe_file(mm));
	teardown();
}

TEST(fork_does_not_inherit_locks_and_remembers_peaks)
{
	struct mm_struct *child;
	int err;

	setup("");
	map(0, 4, RW, ANON | MAP_LOCKED, NULL, 0);
	mm->def_flags = VM_LOCKED;
	child = mm_dup(mm, &err);
	ASSERT(child);
	EXPECT_EQ(child->locked_vm, 0);
	EXPECT_EQ(child->def_flags, 0);
	EXPECT_EQ(child->hiwater_rss, 4);
	EXPECT_EQ(child->hiwater_vm, 4);
	EXPECT(!(child->mmap->vm_flags & VM_LOCKED));
	EXPECT_NE(child->context_id, mm->context_id);
	vma_check(child);
	env_mmput(child);
	mm->def_flags = 0;
	vm_munmap(mm, PAGE_AT(0), 4 * P);
	EXPECT_EQ(mm->hiwater_vm, 4);
	EXPECT_EQ(mm->hiwater_rss, 4);
	EXPECT_EQ(get_mm_rss(mm), 0);
	teardown();
}

static void map_page(vaddr_t addr)
{
	ASSERT_EQ(vm_mmap(mm, lim, NULL, addr, P, RW, ANON | MAP_FIXED, 0), addr);
}

TEST(a_hole_is_found_among_those_larger_than_gaps_tell)
{
	const size_t tib = 1UL << 40;
	vaddr_t base;

	setup("");
	base = mm->mmap_base - P;
	map_page(base);
	map_page(base - 3 * tib / 2);
	map_page(base - 3 * tib);
	map_page(base - 6 * tib);
	/* Two holes of 1.5 TiB are too small, and look as large as the one of 3. */
	ASSERT_EQ(vm_mmap(mm, lim, NULL, 0, 2 * tib, PROT_NONE, ANON, 0), base - 5 * tib);
	ASSERT_EQ(vm_mmap(mm, lim, NULL, 0, tib, PROT_NONE, ANON, 0), base - tib);
	vma_check(mm);
	teardown();
}
