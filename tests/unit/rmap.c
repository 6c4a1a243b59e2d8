/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/rmap.c - the reverse map: who is found from a page, and that the chains stay short
 */
#include "mm_test.h"

struct found {
	unsigned int n;
	struct {
		struct mm_struct *mm;
		vaddr_t addr;
	} at[16];
};

static bool note(struct page *page, struct vm_area_struct *vma, vaddr_t addr, void *arg)
{
	struct found *found = arg;

	if (page_at(vma->vm_mm, addr) != page)
		return true; /* could map it, does not */
	ASSERT(found->n < 16);
	found->at[found->n].mm = vma->vm_mm;
	found->at[found->n++].addr = addr;
	return true;
}

static struct found walk(struct page *page)
{
	struct found found = { 0 };

	lock_page(page);
	rmap_walk(page, note, &found);
	unlock_page(page);
	ASSERT_EQ(found.n, page_mapcount(page));
	return found;
}

static bool has(const struct found *found, const struct mm_struct *space, vaddr_t addr)
{
	for (unsigned int i = 0; i < found->n; i++)
		if (found->at[i].mm == space && found->at[i].addr == addr)
			return true;
	return false;
}

static bool count(struct page *page, struct vm_area_struct *vma, vaddr_t addr, void *arg)
{
	(void)page;
	(void)vma;
	(void)addr;
	++*(unsigned int *)arg;
	return true;
}

/* VMAs that a walk from @page has to look at, whether they map it or not. */
static unsigned int candidates(struct page *page)
{
	unsigned int n = 0;

	lock_page(page);
	rmap_walk(page, count, &n);
	unlock_page(page);
	return n;
}

/*
 *   parent P --fork--> child C --fork--> grandchild G       a page born in P, one in C, one in G
 */
TEST(anon_pages_are_found_in_every_descendant_and_in_no_ancestor)
{
	struct mm_struct *child, *grandchild;
	struct found found;

	setup();
	map_anon(TOP, 3);
	write_byte(mm, TOP, 1);
	child = fork_mm(mm);
	write_byte(child, TOP + PAGE_SIZE, 1);
	grandchild = fork_mm(child);
	write_byte(grandchild, TOP + 2 * PAGE_SIZE, 1);

	found = walk(page_at(mm, TOP));
	EXPECT(found.n == 3 && has(&found, mm, TOP) && has(&found, child, TOP) &&
	       has(&found, grandchild, TOP));
	found = walk(page_at(child, TOP + PAGE_SIZE));
	EXPECT(found.n == 2 && !has(&found, mm, TOP + PAGE_SIZE));
	EXPECT_EQ(candidates(page_at(child, TOP + PAGE_SIZE)), 2);
	EXPECT_EQ(candidates(page_at(grandchild, TOP + 2 * PAGE_SIZE)), 1);
	check_all(child);
	check_all(grandchild);
	env_mmput(child);
	check_all(grandchild);
	env_mmput(grandchild);
	teardown();
}

/*
 *   AAAA --munmap the middle--> A..A --remap, move--> the page is found where it went
 */
TEST(pages_are_found_after_split_and_move)
{
	struct found found;
	long moved;

	setup();
	map_anon(TOP, 4);
	for (unsigned int i = 0; i < 4; i++)
		write_byte(mm, TOP + i * PAGE_SIZE, i + 1);
	ASSERT_EQ(vm_munmap(mm, TOP + PAGE_SIZE, PAGE_SIZE), 0);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP + 3 * PAGE_SIZE, PAGE_SIZE, PROT_READ, false),
		  0);
	check_all(mm);
	found = walk(page_at(mm, TOP + 3 * PAGE_SIZE));
	EXPECT(has(&found, mm, TOP + 3 * PAGE_SIZE));
	moved = vm_mremap(mm, &env_limits, TOP + 2 * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE,
			  MREMAP_MAYMOVE | MREMAP_FIXED, TOP + MiB);
	ASSERT_EQ(moved, TOP + MiB);
	found = walk(page_at(mm, TOP + MiB));
	EXPECT(has(&found, mm, TOP + MiB));
	EXPECT_EQ(read_byte(mm, TOP + MiB), 3);
	teardown();
}

TEST(file_pages_are_found_in_all_mappings)
{
	struct file *file;
	struct mm_struct *child;
	struct found found;

	setup();
	file = env_file_create("file", 8 * PAGE_SIZE);
	ASSERT_EQ(map_at(TOP, 4, PROT_READ, MAP_SHARED, file, 2), TOP);
	ASSERT_EQ(map_at(TOP + MiB, 8, PROT_READ, MAP_PRIVATE, file, 0), TOP + MiB);
	child = fork_mm(mm);
	read_byte(mm, TOP + PAGE_SIZE);
	read_byte(mm, TOP + MiB + 3 * PAGE_SIZE);
	read_byte(child, TOP + PAGE_SIZE);
	found = walk(page_at(mm, TOP + PAGE_SIZE));
	EXPECT(found.n == 3 && has(&found, mm, TOP + MiB + 3 * PAGE_SIZE) &&
	       has(&found, child, TOP + PAGE_SIZE));
	EXPECT_EQ(candidates(page_at(mm, TOP + PAGE_SIZE)), 4);
	env_mmput(child);
	fput(file);
	teardown();
}

/*
 * Neighbours that could merge share an anon_vma; a merge then needs no allocation and loses no
 * page.
 */
TEST(mergeable_neighbours_share_one_anon_vma)
{
	unsigned long before;

	setup();
	before = objects_of("anon_vma");
	ASSERT_EQ(map_at(TOP, 1, RW, MAP_PRIVATE, NULL, 0), TOP);
	ASSERT_EQ(map_at(TOP + PAGE_SIZE, 1, RW | PROT_EXEC, MAP_PRIVATE, NULL, 0),
		  TOP + PAGE_SIZE);
	write_byte(mm, TOP, 1);
	write_byte(mm, TOP + PAGE_SIZE, 2);
	EXPECT_EQ(objects_of("anon_vma") - before, 1);
	EXPECT(vma_at(mm, TOP)->anon_vma == vma_at(mm, TOP + PAGE_SIZE)->anon_vma);
	ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP + PAGE_SIZE, PAGE_SIZE, RW, false), 0);
	EXPECT_EQ(mm->map_count, 1);
	EXPECT_EQ(read_byte(mm, TOP + PAGE_SIZE), 2);
	teardown();
}

/*
 * The degree rule.  Each generation forks and exits, as a daemon that detaches again and again: one
 * process lives, and the anon_vmas that it drags along must not grow with the generations.
 */
TEST(chains_do_not_grow_with_generations)
{
	unsigned long most = 0, before;

	setup();
	before = objects_of("anon_vma");
	map_anon(TOP, 1);
	write_byte(mm, TOP, 1);
	for (unsigned int generation = 0; generation < 60; generation++) {
		struct mm_struct *child = fork_mm(mm);

		env_mmput(mm);
		mm = child;
		write_byte(mm, TOP, generation);
		check_all(mm);
		most = max(most, objects_of("anon_vma") - before);
	}
	EXPECT_LE(most, 4);
	EXPECT_EQ(page_mapcount(page_at(mm, TOP)), 1);
	teardown();
}

/*
 * Random family trees.  A fork makes an anon_vma only when each of the chain is owned or has two
 * children, so there are never more than twice as many as there were VMAs at the busiest moment.
 */
TEST(chains_stay_proportional_to_vmas)
{
	struct mm_struct *living[12] = { 0 };
	unsigned long base;
	unsigned int peak = 1;

	setup();
	base = objects_of("anon_vma");
	map_anon(TOP, 2);
	write_byte(mm, TOP, 1);
	living[0] = mm;
	for (unsigned long n = test_rounds(300); n; n--) {
		unsigned int i = test_random_below(12), j = test_random_below(12);
		unsigned int alive = 0;

		for (unsigned int k = 0; k < 12; k++)
			alive += living[k] != NULL;
		if (living[i] && !living[j]) {
			living[j] = fork_mm(living[i]);
			alive++;
			if (test_chance(2))
				write_byte(living[j], TOP + test_random_below(2) * PAGE_SIZE, j);
		} else if (living[i] && alive > 1) {
			env_mmput(living[i]);
			living[i] = NULL;
			alive--;
		}
		peak = max(peak, alive);
		ASSERT_LE(objects_of("anon_vma") - base, 2 * peak);
		for (unsigned int k = 0; k < 12; k++)
			if (living[k])
				check_all(living[k]);
	}
	for (unsigned int k = 0; k < 12; k++)
		if (living[k])
			env_mmput(living[k]);
	expect_all_back();
}

static void fork_and_touch(void)
{
	int err = 0;
	struct mm_struct *child = mm_dup(mm, &err);

	if (child) {
		user_write8(child, TOP, 2);
		check_all(child);
		env_mmput(child);
	}
	check_all(mm);
	teardown();
}

TEST(chains_survive_failing_allocation)
{
	struct mm_struct *child;

	setup();
	map_anon(TOP, 2);
	write_byte(mm, TOP, 1);
	child = fork_mm(mm);
	write_byte(child, TOP + PAGE_SIZE, 1);
	env_mmput(mm);
	mm = child;
	ASSERT_LT(3, RUN_WITH_EVERY_ALLOCATION_FAILING(fork_and_touch));
}

static void prepare_all(void *arg)
{
	for (unsigned int i = 0; i < 8; i++)
		write_byte(mm, TOP + i * 2 * PAGE_SIZE + (unsigned long)arg, 1);
}

TEST(cpus_prepare_the_same_vma_once)
{
	const env_task_fn fns[] = { prepare_all, prepare_all, prepare_all };
	void *args[] = { (void *)0, (void *)1, (void *)2 };
	unsigned long before;

	setup();
	before = objects_of("anon_vma");
	for (unsigned int i = 0; i < 8; i++)
		map_anon(TOP + i * 2 * PAGE_SIZE, 1);
	env_run_threads(mm, 3, fns, args);
	EXPECT_EQ(objects_of("anon_vma") - before, 8);
	teardown();
}
