/* SPDX-License-Identifier: MIT */
/*
 * tests/model/threads.c - faults of several threads, while others change the very mappings they fault in
 *
 * Up to four processors run in one address space, switched by the seeded scheduler at locks, page-table entries and
 * race points.  The address space has one slot per thread: a few pages, between holes.  The owner of a slot changes it,
 * by every call that changes mappings; all threads access all slots all the time.  What is known of a slot:
 *
 *     changes     odd while its owner is in a call, raised by the end: as a sequence count.  Who finds it even and
 *                 the same before and after an access knows the state that the access met, and what must follow:
 *     prot        0: not mapped or not accessible, every access is a SIGSEGV
 *     pages       as many as the file has: beyond is SIGBUS
 *     lane        each thread's byte in each page, with its value
 *
 * An access that met a change may end either way, but never with a byte that was nobody's, and never with a
 * signal that neither state gives.  After each run the validators look at everything, and at the TLBs.
 */
#include "../unit/mm_test.h"

#define NR_THREADS 4
#define SLOT_PAGES 3
#define SLOT_STEP \
	(2 * MiB - 2 * PAGE_SIZE) /* slots begin near the end of a table, some straddle two */

struct slot {
	vaddr_t addr; /* where it is now: mremap moves it between home and away */
	vaddr_t home, away;
	struct file *file; /* privately mapped; NULL: anonymous */
	bool shared;       /* anonymous memory that forks and MADV_DONTNEED leave alone */
	unsigned int pages;
	bool was_cut; /* beyond the first page: the backing store's bytes, or zeros that a racing reader cached */
	unsigned int changes;
	unsigned int prot;
	u8 lane[SLOT_PAGES][NR_THREADS];
	bool unknown[SLOT_PAGES][NR_THREADS]; /* written during a change: perhaps lost */
};

static struct slot slot[NR_THREADS];
static unsigned int nr_threads, nr_running;
static bool failing;

static void begin_change(struct slot *s)
{
	s->changes++;
}
static void end_change(struct slot *s)
{
	s->changes++;
}

/* What a lane holds that was never written. */
static u8 fresh(const struct slot *s, unsigned int page, unsigned int lane)
{
	return s->file ? env_file_pattern(page * PAGE_SIZE + lane) : 0;
}

/* Before the call that drops the pages: whoever writes a lane during it makes that lane unknown. */
static void forget_lanes(struct slot *s)
{
	for (unsigned int p = 0; p < SLOT_PAGES; p++)
		for (unsigned int l = 0; l < NR_THREADS; l++)
			s->lane[p][l] = fresh(s, p, l);
	for (unsigned int p = 0; p < SLOT_PAGES; p++)
		memset(s->unknown[p], p && s->was_cut, sizeof(s->unknown[p]));
}

static void map_slot(struct slot *s)
{
	long got;

	forget_lanes(s);
	got = map_at(s->home, SLOT_PAGES, RW, s->shared ? MAP_SHARED : MAP_PRIVATE, s->file, 0);
	ASSERT(got == (long)s->home || (failing && got == -ENOMEM));
	if (got != (long)s->home) /* what was there still is */
		ASSERT_EQ(vm_munmap(mm, s->home, SLOT_PAGES * PAGE_SIZE), 0);
	s->addr = s->home;
	s->prot = got == (long)s->home ? RW : 0;
}

static void unmap_slot(struct slot *s)
{
	ASSERT_EQ(vm_munmap(mm, s->addr, SLOT_PAGES * PAGE_SIZE), 0);
	s->prot = 0;
}

/* --- what every thread does --- */

/* Was the access of @s, begun when its count was @before, one of a state that is known? */
static bool undisturbed(const struct slot *s, unsigned int before)
{
	return !(before & 1) && s->changes == before;
}

static int expected_signal(unsigned int prot, unsigned int wanted, unsigned int p,
			   unsigned int pages)
{
	return !(prot & wanted) ? SIG_SEGV : p >= pages ? SIG_BUS : 0;
}

static void write_slot(struct slot *s, unsigned int me)
{
	unsigned int before = s->changes, prot = s->prot, p = test_random_below(SLOT_PAGES);
	unsigned int pages = s->pages;
	u8 v = test_random();
	int signo = user_write8(mm, s->addr + p * PAGE_SIZE + me, v);

	if (failing && signo == SIG_KILL)
		return;
	ASSERT(!signo || signo == SIG_SEGV || (s->file && signo == SIG_BUS));
	if (undisturbed(s, before)) {
		ASSERT_EQ(signo, expected_signal(prot, PROT_WRITE, p, pages));
		if (signo)
			return;
		s->lane[p][me] = v;
		s->unknown[p][me] = false;
	} else if (!signo) {
		s->unknown[p][me] = true;
	}
}

static void read_slot(struct slot *s, unsigned int me)
{
	unsigned int before = s->changes, prot = s->prot, p = test_random_below(SLOT_PAGES);
	unsigned int pages = s->pages;
	u8 v = 0;
	int signo = user_read8(mm, s->addr + p * PAGE_SIZE + me, &v);

	if (failing && signo == SIG_KILL)
		return;
	ASSERT(!signo || signo == SIG_SEGV || (s->file && signo == SIG_BUS));
	if (undisturbed(s, before)) {
		ASSERT_EQ(signo, expected_signal(prot, PROT_READ, p, pages));
		if (signo)
			return;
		if (!s->unknown[p][me] && v != s->lane[p][me])
			FAIL("slot %d page %u lane %u is %#x, should be %#x", (int)(s - slot), p,
			     me, v, s->lane[p][me]);
		s->lane[p][me] = v;
		s->unknown[p][me] = false;
	}
}

/* --- what the owner does to its slot --- */

static void op_remap(struct slot *s)
{
	begin_change(s);
	unmap_slot(s);
	end_change(s);
	for (unsigned int n = test_random_below(3); n; n--)
		read_slot(s, s - slot);
	begin_change(s);
	map_slot(s);
	end_change(s);
}

static void op_map_over(struct slot *s)
{
	begin_change(s);
	unmap_slot(s);
	map_slot(s);
	if (s->prot)
		map_slot(s);
	end_change(s);
}

static void op_protect(struct slot *s)
{
	static const unsigned int prots[] = { PROT_READ, PROT_NONE, RW, RW };
	unsigned int prot = prots[test_random_below(ARRAY_SIZE(prots))];
	int err;

	if (!s->prot)
		return;
	begin_change(s);
	err = vm_mprotect(mm, &env_limits, s->addr, SLOT_PAGES * PAGE_SIZE, prot, false);
	ASSERT(!err || (failing && err == -ENOMEM));
	if (!err)
		s->prot = prot;
	end_change(s);
	write_slot(s, s - slot);
	if (err || prot == RW)
		return;
	begin_change(s);
	err = vm_mprotect(mm, &env_limits, s->addr, SLOT_PAGES * PAGE_SIZE, RW, false);
	ASSERT(!err || (failing && err == -ENOMEM));
	if (!err)
		s->prot = RW;
	end_change(s);
}

/* Cut the middle page out of the mapping and let it grow together again. */
static void op_split(struct slot *s)
{
	vaddr_t middle = s->addr + PAGE_SIZE;
	int err;

	if (s->prot != RW)
		return;
	begin_change(s);
	err = vm_mprotect(mm, &env_limits, middle, PAGE_SIZE, PROT_READ, false);
	ASSERT(!err || (failing && err == -ENOMEM));
	for (unsigned int n = test_random_below(3); n; n--)
		write_slot(s, s - slot);
	err = vm_mprotect(mm, &env_limits, middle, PAGE_SIZE, RW, false);
	ASSERT(!err || (failing && err == -ENOMEM));
	if (err) {
		unmap_slot(s);
		map_slot(s);
	}
	end_change(s);
}

static void op_advise_flags(struct slot *s)
{
	if (s->prot) /* not a change that an access can tell */
		vm_madvise(mm, s->addr + PAGE_SIZE, PAGE_SIZE,
			   test_chance(2) ? MADV_RANDOM : MADV_NORMAL);
}

static void op_dontneed(struct slot *s)
{
	if (!s->prot)
		return;
	begin_change(s);
	if (!s->shared)
		forget_lanes(s);
	ASSERT_EQ(vm_madvise(mm, s->addr, SLOT_PAGES * PAGE_SIZE, MADV_DONTNEED), 0);
	end_change(s);
}

static void op_move(struct slot *s)
{
	vaddr_t to = s->addr == s->home ? s->away : s->home;
	long got;

	if (!s->prot)
		return;
	begin_change(s);
	vm_madvise(mm, s->addr, SLOT_PAGES * PAGE_SIZE, MADV_NORMAL);
	got = vm_mremap(mm, &env_limits, s->addr, SLOT_PAGES * PAGE_SIZE, SLOT_PAGES * PAGE_SIZE,
			MREMAP_MAYMOVE | MREMAP_FIXED, to);
	/* Parts that had anon_vmas of their own stay two mappings, which do not move as one. */
	ASSERT(got == (long)to || got == -EFAULT || (failing && got == -ENOMEM));
	if (got == (long)to)
		s->addr = to;
	end_change(s);
}

/* What the child sees of the owner's slot never changes, however much all threads write. */
static void op_fork(struct slot *s)
{
	u8 seen[SLOT_PAGES][NR_THREADS];
	struct mm_struct *child;
	int err = 0;

	if (!(s->prot & PROT_READ) || s->shared)
		return;
	child = mm_dup(mm, &err);
	ASSERT(child || (failing && err == -ENOMEM));
	if (!child)
		return;
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int p = 0; p < SLOT_PAGES; p++) {
			u8 now[NR_THREADS];
			int signo = user_read(child, s->addr + p * PAGE_SIZE, now, NR_THREADS);

			ASSERT(!signo || (s->file && signo == SIG_BUS && p >= s->pages) ||
			       (failing && signo == SIG_KILL));
			if (signo)
				memset(now, 0, sizeof(now));
			if (!round)
				memcpy(seen[p], now, sizeof(now));
			else
				ASSERT(failing || !memcmp(now, seen[p], sizeof(now)));
		}
		for (unsigned int n = 0; n < 4 && !round; n++)
			write_slot(s, s - slot);
	}
	env_mmput(child);
}

/*
 * Cut the file to its first page: what lay beyond is a SIGBUS, private copies too.  Then let it grow again.
 */
static void op_truncate(struct slot *s)
{
	if (!s->file || !s->prot)
		return;
	begin_change(s);
	s->was_cut = true;
	env_file_set_size(s->file, PAGE_SIZE);
	s->pages = 1;
	end_change(s);
	for (unsigned int n = test_random_below(4); n; n--)
		write_slot(s, s - slot);
	begin_change(s);
	memset(&s->unknown[1], true, (SLOT_PAGES - 1) * sizeof(s->unknown[1]));
	env_file_set_size(s->file, SLOT_PAGES * PAGE_SIZE);
	s->pages = SLOT_PAGES;
	end_change(s);
}

/* The brk of nobody: grows and shrinks a mapping beside all slots, so that the tree changes its shape. */
static void op_churn(struct slot *s)
{
	vaddr_t addr = s->away + 64 * PAGE_SIZE;

	if (map_at(addr, 1 + test_random_below(4), RW, MAP_PRIVATE, NULL, 0) != (long)addr)
		return;
	if (test_chance(2))
		ASSERT(failing || vm_munmap(mm, addr + PAGE_SIZE, PAGE_SIZE) == 0);
	ASSERT_EQ(vm_munmap(mm, addr, 4 * PAGE_SIZE), 0);
}

static void thread(void *arg)
{
	static void (*const ops[])(
		struct slot *) = { op_remap, op_map_over,     op_protect, op_split,    op_dontneed,
				   op_move,  op_advise_flags, op_fork,    op_truncate, op_churn };
	const unsigned int me = (unsigned long)arg;

	for (unsigned int n = 0; n < 12; n++) {
		if (test_chance(3)) {
			ops[test_random_below(ARRAY_SIZE(ops))](&slot[me]);
			continue;
		}
		struct slot *s = &slot[test_random_below(nr_threads)];

		if (test_chance(2))
			write_slot(s, me);
		else
			read_slot(s, me);
	}
	nr_running--;
}

static void start_slots(void)
{
	memset(slot, 0, sizeof(slot));
	for (unsigned int i = 0; i < NR_THREADS; i++) {
		slot[i].home = TOP + i * SLOT_STEP;
		slot[i].away = TOP + GiB + i * SLOT_STEP;
		slot[i].shared = i == 2;
		slot[i].pages = SLOT_PAGES;
		if (i & 1) {
			slot[i].file = env_file_create("slot", SLOT_PAGES * PAGE_SIZE);
			env_file_set_async(slot[i].file, i == 3);
		}
		map_slot(&slot[i]);
	}
}

static void run_threads(unsigned long rounds, unsigned int fail_one_in)
{
	setup();
	start_slots();
	for (unsigned long round = 0; round < rounds; round++) {
		env_task_fn fns[NR_THREADS] = { thread, thread, thread, thread };
		void *args[NR_THREADS] = { (void *)0, (void *)1, (void *)2, (void *)3 };

		nr_threads = nr_running = 2 + test_random_below(3);
		env_set_switch_rate(1 + test_random_below(8));
		failing = fail_one_in;
		test_fail_allocations(fail_one_in);
		env_run_threads(mm, nr_threads, fns, args);
		test_fail_allocations(0);
		failing = false;
		check_all(mm);
		for (unsigned int i = 0; i < NR_THREADS; i++)
			if (slot[i].prot != RW)
				map_slot(&slot[i]);
	}
	for (unsigned int i = 0; i < NR_THREADS; i++)
		unmap_slot(&slot[i]);
	fput(slot[1].file);
	fput(slot[3].file);
	teardown();
}

TEST(threads_fault_while_others_change_the_mappings)
{
	run_threads(test_rounds(1500), 0);
}

TEST(threads_fault_and_change_while_memory_is_short)
{
	run_threads(test_rounds(1000), 15);
}

/* --- what faults do not wait for --- */

static bool writer_has_lock, fault_done;

static void hold_mmap_lock(void *arg __maybe_unused)
{
	mmap_write_lock(mm);
	writer_has_lock = true;
	while (!fault_done)
		cpu_relax(); /* for ever, if the fault wanted this lock */
	mmap_write_unlock(mm);
}

static void fault_beside_writer(void *arg __maybe_unused)
{
	while (!writer_has_lock)
		cpu_relax();
	write_byte(mm, TOP + PAGE_SIZE, 1);
	fault_done = true;
}

TEST(a_fault_does_not_wait_for_a_writer_of_other_mappings)
{
	static const env_task_fn fns[] = { hold_mmap_lock, fault_beside_writer };

	setup();
	map_anon(TOP, 2);
	write_byte(mm, TOP, 1); /* the mapping has its anon_vma */
	ASSERT_EQ(EVENTS_OF(VMA_LOCK_ABORT, env_run_threads(mm, 2, fns, NULL)), 0);
	teardown();
}

static void unmap_twice(void *arg __maybe_unused)
{
	ASSERT_EQ(vm_munmap(mm, TOP, PAGE_SIZE), 0);
	fault_done = true;
}

static void touch_until_gone(void *arg __maybe_unused)
{
	u8 v = 1;

	while (!fault_done)
		(void)user_write8(mm, TOP, v);
	ASSERT_EQ(user_write8(mm, TOP, v), SIG_SEGV);
}

TEST(munmap_waits_for_faults_and_lets_none_in_behind)
{
	static const env_task_fn fns[] = { unmap_twice, touch_until_gone, touch_until_gone };

	setup();
	for (unsigned long round = 0; round < test_rounds(500); round++) {
		map_anon(TOP, 1);
		if (test_chance(2))
			write_byte(mm, TOP, 1);
		fault_done = false;
		env_run_threads(mm, 3, fns, NULL);
		ASSERT_EQ(get_mm_rss(mm), 0);
	}
	teardown();
}

/* --- the last thread to leave may be on any CPU, and the others' CPUs may still have the mm loaded --- */

/* As exit_mm does: @space stays loaded for a while. */
static void leave(struct mm_struct *space)
{
	mmgrab(space);
	env_kernel_thread();
	mmput(space);
	env_seam();
	if (env_cpu_mm(smp_processor_id()) == space)
		env_load(NULL);
	mmdrop(space);
}

static void fault_and_leave(void *arg)
{
	struct mm_struct *space = arg;

	for (unsigned int n = test_random_below(6); n; n--)
		write_byte(space, TOP + test_random_below(4) * PAGE_SIZE, n);
	leave(space);
}

TEST(the_last_thread_tears_down_what_other_processors_have_loaded)
{
	static const env_task_fn fns[] = { fault_and_leave, fault_and_leave, fault_and_leave,
					   fault_and_leave };

	setup();
	for (unsigned long round = 0; round < test_rounds(500); round++) {
		struct mm_struct *first = mm;
		void *args[4];

		mm = new_mm();
		map_anon(TOP, 4);
		for (unsigned int i = 0; i < 4; i++) {
			args[i] = mm;
			if (i)
				mmget(mm);
		}
		env_set_switch_rate(1 + test_random_below(4));
		env_run(4, fns, args);
		mm = first;
	}
	teardown();
}

/*
 * --- exec by those who share an address space (vfork, CLONE_VM) ---
 *
 * Each has a page of its own to map and unmap, and a byte in each of the pages that all write.  While others fault
 * there it goes over to an address space that it has built; whoever is left alone frees mappings at once, without
 * waiting for walks under RCU.
 *
 *     old  AAAA .. 0 .. 1 .. 2 ..      fresh  F
 */

static void use_old(struct mm_struct *old, u8 *mine, unsigned int me)
{
	const vaddr_t own = TOP + GiB + me * SLOT_STEP;

	for (unsigned int n = test_random_below(12); n; n--) {
		unsigned int p = test_random_below(4);

		if (test_chance(2)) {
			mine[p] = test_random();
			write_byte(old, TOP + p * PAGE_SIZE + 1 + me,
				   mine[p]); /* 0: fault_and_leave's */
			continue;
		}
		map_anon(own, 1);
		write_byte(old, own, n);
		ASSERT_EQ(read_byte(old, own), n);
		ASSERT_EQ(vm_munmap(old, own, PAGE_SIZE), 0);
	}
	for (unsigned int p = 0; p < 4; p++)
		ASSERT_EQ(read_byte(old, TOP + p * PAGE_SIZE + 1 + me), mine[p]);
}

static void fault_and_exec(void *arg)
{
	struct mm_struct *old = arg, *fresh;
	unsigned int me = smp_processor_id();
	u8 mine[4] = { 0 };

	use_old(old, mine, me);
	fresh = new_mm();
	ASSERT_EQ(vm_mmap(fresh, &env_limits, NULL, TOP, PAGE_SIZE, RW,
			  MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, 0),
		  TOP);
	env_seam();
	env_load(fresh); /* exec_mmap: load the new one, then let go of the old */
	mmput(old);
	ASSERT_EQ(read_byte(fresh, TOP + me), 0);
	write_byte(fresh, TOP + me, me + 1);
	env_seam();
	ASSERT_EQ(read_byte(fresh, TOP + me), me + 1);
	leave(fresh);
}

TEST(those_who_share_an_address_space_exec_while_others_fault_in_it)
{
	static const env_task_fn fns[] = { fault_and_exec, fault_and_exec, fault_and_exec,
					   fault_and_leave };

	setup();
	for (unsigned long round = 0; round < test_rounds(500); round++) {
		struct mm_struct *first = mm;
		void *args[4];

		mm = new_mm();
		map_anon(TOP, 4);
		for (unsigned int i = 0; i < 4; i++) {
			args[i] = mm;
			if (i)
				mmget(mm);
		}
		env_set_switch_rate(1 + test_random_below(4));
		env_run(4, fns, args);
		mm = first;
	}
	teardown();
}

/* --- stacks --- */

static void touch_stack(void *arg)
{
	for (unsigned int n = 0; n < 8; n++)
		write_byte(mm, TOP - (1 + test_random_below(32)) * PAGE_SIZE + (unsigned long)arg,
			   n);
}

TEST(threads_grow_one_stack)
{
	static const env_task_fn fns[] = { touch_stack, touch_stack, touch_stack };
	void *args[] = { (void *)0, (void *)1, (void *)2 };

	setup();
	for (unsigned long round = 0; round < test_rounds(300); round++) {
		ASSERT_EQ(map_at(TOP - PAGE_SIZE, 1, RW, MAP_PRIVATE | MAP_GROWSDOWN, NULL, 0),
			  TOP - PAGE_SIZE);
		env_run_threads(mm, 3, fns, args);
		check_all(mm);
		ASSERT_EQ(vm_munmap(mm, TOP - 64 * PAGE_SIZE, 64 * PAGE_SIZE), 0);
	}
	teardown();
}

/* --- what was found without a lock may have been cut before it was locked --- */

static void cut_tail(void *arg __maybe_unused)
{
	ASSERT_EQ(vm_munmap(mm, TOP + PAGE_SIZE, PAGE_SIZE), 0);
	fault_done = true;
}

static void touch_tail(void *arg __maybe_unused)
{
	bool gone = fault_done;
	int signo = user_write8(mm, TOP + PAGE_SIZE, 1);

	ASSERT(gone ? signo == SIG_SEGV : !signo || signo == SIG_SEGV);
	write_byte(mm, TOP, 1);
}

TEST(a_mapping_that_lost_its_end_shows_nothing_there)
{
	static const env_task_fn fns[] = { cut_tail, touch_tail, touch_tail };

	setup();
	for (unsigned long round = 0; round < test_rounds(2000); round++) {
		map_anon(TOP, 2);
		write_byte(mm, TOP, 1);
		fault_done = false;
		env_set_switch_rate(1 + test_random_below(3));
		env_run_threads(mm, 3, fns, NULL);
		check_all(mm); /* an entry beside all mappings would be found here */
		ASSERT_EQ(vm_munmap(mm, TOP, PAGE_SIZE), 0);
	}
	teardown();
}

/* --- fork copies one moment: who writes A, then B, is never found to have written only B --- */

#define PAGE_A TOP
#define PAGE_B (TOP + 4 * MiB)

static void write_a_then_b(void *arg __maybe_unused)
{
	for (u32 n = 1; !fault_done; n++) {
		/* This processor knows B's translation, and has to ask for A's. */
		env_load(NULL);
		ASSERT_EQ(user_write32(mm, PAGE_B, n - 1), 0);
		ASSERT_EQ(user_write32(mm, PAGE_A, n), 0);
		ASSERT_EQ(user_write32(mm, PAGE_B, n), 0);
	}
}

static void fork_and_compare(void *arg __maybe_unused)
{
	for (unsigned int n = 0; n < 4; n++) {
		struct mm_struct *child = fork_mm(mm);
		u32 a = 0, b = 0;

		ASSERT_EQ(user_read32(child, PAGE_A, &a), 0);
		ASSERT_EQ(user_read32(child, PAGE_B, &b), 0);
		ASSERT_LE(b, a);
		env_mmput(child);
	}
	fault_done = true;
}

TEST(fork_copies_all_mappings_at_one_moment)
{
	static const env_task_fn fns[] = { write_a_then_b, fork_and_compare };

	setup();
	map_anon(PAGE_A, 1);
	map_anon(PAGE_B, 1);
	for (unsigned long round = 0; round < test_rounds(500); round++) {
		ASSERT_EQ(user_write32(mm, PAGE_A, 0), 0);
		ASSERT_EQ(user_write32(mm, PAGE_B, 0), 0);
		fault_done = false;
		env_set_switch_rate(1 + test_random_below(8));
		env_run_threads(mm, 2, fns, NULL);
		check_all(mm);
	}
	teardown();
}
