/* SPDX-License-Identifier: MIT */
/*
 * tests/model/tlb.c - no access through a stale translation, whatever several CPUs do
 *
 * Up to four software CPUs run tasks of a few address spaces in turn, and kernel threads between them; each change
 * of task is a switch_mm, each kernel thread makes its CPU lazy.  At the same time they take pages and permissions
 * away, move and fork, so that flushes meet CPUs that are in user mode, in the kernel, lazy, elsewhere, or just
 * switching.  The scheduler is seeded, and every run is done with and without PCIDs.
 *
 * What must hold is checked in two ways.  The software MMU fails the test when a page or table is freed that a TLB can
 * still reach, and when a translation is used whose page or table was freed (T1 to T4 in tests/host/softmmu.c).  And
 * each page's bytes say whose they are:
 *
 *     word of a page   address space and page number, written by everyone who writes; or 0, fresh
 *
 * so a write that went to a frame that by then belonged to somebody else is found by its next reader.  After a call
 * that took something away, the caller itself must find it gone at once.
 */
#include "../unit/mm_test.h"

#define NR_SPACES 3
#define NR_PAGES  6
/* Two pages in the first table, the others in the next: a munmap may or may not free a table. */
#define BASE (TOP + 2 * MiB - 2 * PAGE_SIZE)
#define AWAY (TOP + 64 * MiB)

static struct mm_struct *space[NR_SPACES];
static unsigned int nr_steps;

static vaddr_t page_addr(unsigned int page)
{
	return BASE + page * PAGE_SIZE;
}

static u64 owner_word(unsigned int s, unsigned int page)
{
	return 0x1000 + s * 0x100 + page;
}

static void map_page_range(unsigned int s, unsigned int page, unsigned int n)
{
	long got = vm_mmap(space[s], &env_limits, NULL, page_addr(page), n * PAGE_SIZE, RW,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);

	ASSERT_EQ(got, page_addr(page));
}

/* Whether the access faults depends on what others have just done; what it sees does not. */
static void access_page(unsigned int s, unsigned int page)
{
	u64 word = 0;

	if (test_chance(2)) {
		user_write64(space[s], page_addr(page), owner_word(s, page));
		return;
	}
	if (!user_read64(space[s], page_addr(page), &word))
		ASSERT(!word || word == owner_word(s, page));
}

/*
 * Takes pages away or gives them back.  Each page is changed by one task alone, so that after the call the task knows
 * what every CPU must see.
 */
static void change_page(unsigned int s, unsigned int page)
{
	vaddr_t addr = page_addr(page);
	u64 word = 0;

	switch (test_random_below(5)) {
	case 0:
		ASSERT_EQ(vm_munmap(space[s], addr, PAGE_SIZE), 0);
		ASSERT_EQ(user_write64(space[s], addr, ~0UL), SIG_SEGV);
		map_page_range(s, page, 1);
		return;
	case 1:
		ASSERT_EQ(vm_mprotect(space[s], &env_limits, addr, PAGE_SIZE, PROT_READ, false), 0);
		ASSERT_EQ(user_write64(space[s], addr, ~0UL), SIG_SEGV);
		ASSERT_EQ(vm_mprotect(space[s], &env_limits, addr, PAGE_SIZE, RW, false), 0);
		return;
	case 2:
		ASSERT_EQ(vm_madvise(space[s], addr, PAGE_SIZE, MADV_DONTNEED), 0);
		return;
	case 3: /* away and back: the page comes along, or a fresh one */
		ASSERT_EQ(vm_mremap(space[s], &env_limits, addr, PAGE_SIZE, PAGE_SIZE,
				    MREMAP_MAYMOVE | MREMAP_FIXED, AWAY + page * PAGE_SIZE),
			  AWAY + page * PAGE_SIZE);
		ASSERT_EQ(user_read64(space[s], addr, &word), SIG_SEGV);
		ASSERT_EQ(user_read64(space[s], AWAY + page * PAGE_SIZE, &word), 0);
		ASSERT(!word || word == owner_word(s, page));
		ASSERT_EQ(vm_mremap(space[s], &env_limits, AWAY + page * PAGE_SIZE, PAGE_SIZE,
				    PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, addr),
			  addr);
		return;
	case 4: /* a table of its own comes and goes */
		addr = AWAY + (1 + page) * 2 * MiB;
		ASSERT_EQ(vm_mmap(space[s], &env_limits, NULL, addr, PAGE_SIZE, RW,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0),
			  addr);
		ASSERT_EQ(user_write64(space[s], addr, owner_word(s, page)), 0);
		ASSERT_EQ(user_read64(space[s], addr, &word), 0);
		ASSERT_EQ(word, owner_word(s, page));
		ASSERT_EQ(vm_munmap(space[s], addr, PAGE_SIZE), 0);
		return;
	}
}

/* What the child sees is what the parent had when it was made, whoever goes on writing there. */
static void fork_and_exit(unsigned int s, unsigned int page)
{
	struct mm_struct *child = fork_mm(space[s]);
	u64 before = 0, after = 0;
	int signo = user_read64(child, page_addr(page), &before);

	for (unsigned int n = test_random_below(8); n; n--)
		access_page(s, page);
	ASSERT_EQ(user_read64(child, page_addr(page), &after), signo);
	ASSERT_EQ(after, before);
	/* As a last thread does: a kernel thread may follow, and the tables go under it. */
	env_load(child);
	env_kernel_thread();
	mmgrab(child);
	mmput(child);
	env_seam();
	env_load(NULL);
	mmdrop(child);
}

static void run_cpu(void *arg)
{
	const unsigned int me = (unsigned int)(uintptr_t)arg;

	for (unsigned int n = 0; n < nr_steps; n++) {
		unsigned int s = test_random_below(NR_SPACES);

		switch (test_random_below(12)) {
		case 0:
			env_kernel_thread();
			for (unsigned int wait = test_random_below(20); wait; wait--)
				env_seam();
			break;
		case 1:
			env_load(test_chance(2) ? NULL : space[s]);
			break;
		case 2:
		case 3:
			change_page(s, me);
			break;
		case 4:
			if (test_chance(4))
				fork_and_exit(s, me);
			break;
		default:
			for (unsigned int burst = 1 + test_random_below(6); burst; burst--)
				access_page(s, test_random_below(NR_PAGES));
		}
	}
	env_load(NULL);
	for (unsigned int s = 0; s < NR_SPACES; s++)
		mmput(space[s]); /* not the last */
}

static void run(unsigned int cpus, bool pcid)
{
	static const env_task_fn fns[4] = { run_cpu, run_cpu, run_cpu, run_cpu };
	void *args[4];

	setup();
	if (pcid)
		env_enable_pcid();
	for (unsigned int s = 0; s < NR_SPACES; s++) {
		space[s] = s ? new_mm() : mm;
		map_page_range(s, 0, NR_PAGES);
	}
	for (unsigned int i = 0; i < cpus; i++) {
		args[i] = (void *)(uintptr_t)i;
		for (unsigned int s = 0; s < NR_SPACES; s++)
			mmget(space[s]); /* a task of each address space on each CPU */
	}
	nr_steps = 300;
	env_run(cpus, fns, args);
	for (unsigned int s = 1; s < NR_SPACES; s++) {
		check_all(space[s]);
		env_mmput(space[s]);
	}
	teardown();
}

TEST(one_cpu)
{
	run(1, false);
}

TEST(two_cpus)
{
	run(2, false);
}

TEST(four_cpus)
{
	run(4, false);
}

TEST(two_cpus_with_pcids)
{
	run(2, true);
}

TEST(four_cpus_with_pcids)
{
	run(4, true);
}

/*
 * One CPU writes all the time; another write-protects by fork, reads in the child, and writes in the parent: were the
 * flush of fork missing, the first CPU's writes would reach the child's page.
 */
static bool forks_done;

static void write_on(void *arg __maybe_unused)
{
	u64 n = 1;

	while (!forks_done)
		ASSERT_EQ(user_write64(mm, TOP, n++), 0);
}

static void fork_on(void *arg __maybe_unused)
{
	for (unsigned int i = 0; i < 40; i++) {
		struct mm_struct *child = fork_mm(mm);
		u64 first = read_byte(child, TOP), again;

		for (unsigned int n = 0; n < 20; n++)
			env_seam();
		again = read_byte(child, TOP);
		ASSERT_EQ(again, first);
		env_kernel_thread();
		mmgrab(child);
		mmput(child);
		env_load(NULL);
		mmdrop(child);
	}
	forks_done = true;
}

TEST(a_child_never_sees_what_its_parent_writes_later)
{
	static const env_task_fn fns[] = { write_on, fork_on };

	setup();
	forks_done = false;
	map_anon(TOP, 1);
	write_byte(mm, TOP, 0);
	mmget(mm); /* two threads */
	env_run(2, fns, NULL);
	mmput(mm);
	teardown();
}

/*
 * One CPU is lazy and comes back, over and over; another takes write permission away and gives it back.  While it is
 * away, from the return of mprotect on, no write may get through.
 */
static unsigned int protections; /* odd: write permission is away */
static bool protections_done;

static void come_back(void *arg __maybe_unused)
{
	while (!protections_done) {
		unsigned int before;
		int signo;

		user_write64(mm, TOP, 1);
		env_kernel_thread();
		env_seam();
		env_load(mm);
		before = protections;
		signo = user_write64(mm, TOP, 2);
		if (before % 2 && before == protections)
			ASSERT_EQ(signo, SIG_SEGV);
	}
}

static void protect_on(void *arg __maybe_unused)
{
	for (unsigned int i = 0; i < 400; i++) {
		ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, PAGE_SIZE, PROT_READ, false), 0);
		protections++;
		for (unsigned int n = test_random_below(8); n; n--)
			env_seam();
		protections++;
		ASSERT_EQ(vm_mprotect(mm, &env_limits, TOP, PAGE_SIZE, RW, false), 0);
	}
	protections_done = true;
}

TEST(a_cpu_that_is_lazy_no_more_has_missed_nothing)
{
	static const env_task_fn fns[] = { come_back, protect_on };

	setup();
	protections = 0;
	protections_done = false;
	map_anon(TOP, 1);
	mmget(mm); /* two threads */
	env_run(2, fns, NULL);
	mmput(mm);
	teardown();
}
