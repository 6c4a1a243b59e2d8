/* SPDX-License-Identifier: MIT */
/*
 * tests/model/address_space.c - random calls on address spaces against a page-by-page model
 *
 * The model of a process is an array with one entry a page: what is mapped there, with which permissions, and what
 * the first word of the page reads as.  Every call is made on both; results, maps and contents must agree, and the
 * validators must be content, after every step.  The window lies across a 1 GiB border, so that tables of all levels
 * come and go.
 *
 * With allocations failing at random, a call may answer -ENOMEM; then it must not have done anything, or for
 * mprotect and madvise only a first part of the range.
 */
#include <string.h>

#include "picture.h"

#define P           PAGE_SIZE
#define PAGES       192
#define WINDOW      (GiB - 64 * P)
#define AT(page)    (WINDOW + (page)*P)
#define HEAP_PAGE   8 /* where the break begins */
#define FILE_PAGES  24
#define MAX_OBJECTS 2048
#define MAX_PROCS   3
#define SIGBUS_     7
#define SIGKILL_    9
#define SIGSEGV_    11

enum kind { FREE, ANON, FILE_PRIVATE, FILE_SHARED, SHARED };

struct mpage {
	enum kind kind;
	u8 prot;
	bool own; /* private: has a page of its own, which reads as @value */
	bool dontfork, wipe;
	u16 obj; /* SHARED: which object */
	u16 idx; /* page of file or object */
	u64 value;
};

struct proc {
	struct mm_struct *mm;
	struct mpage page[PAGES];
	unsigned int brk; /* pages from the window's start, where the heap ends */
};

static struct env_snapshot before;
static struct proc procs[MAX_PROCS];
static struct file *file;
static u64 file_word[FILE_PAGES];
static struct object {
	unsigned int pages;
	u64 word[PAGES];
} object[MAX_OBJECTS];
static unsigned int nr_objects;
static u64 next_value;
static unsigned int fail_one_in; /* allocations, during a call */

/* --- the model --- */

static bool is_private(const struct mpage *m)
{
	return m->kind == ANON || m->kind == FILE_PRIVATE;
}

/* The word that @m shows now, or NULL beyond the end of its object. */
static u64 *word_of(struct mpage *m)
{
	static u64 zero;

	zero = 0;
	switch (m->kind) {
	case SHARED:
		return m->idx < object[m->obj].pages ? &object[m->obj].word[m->idx] : NULL;
	case FILE_SHARED:
		return m->idx < FILE_PAGES ? &file_word[m->idx] : NULL;
	case FILE_PRIVATE:
		if (m->own)
			return &m->value;
		return m->idx < FILE_PAGES ? &file_word[m->idx] : NULL;
	default:
		return m->own ? &m->value : &zero;
	}
}

/* Bring about the private copy that a write fault makes. */
static void make_own(struct mpage *m)
{
	if (is_private(m) && !m->own) {
		m->value = *word_of(m);
		m->own = true;
	}
}

static void model_unmap(struct proc *p, unsigned int from, unsigned int nr)
{
	memset(&p->page[from], 0, nr * sizeof(p->page[0]));
}

static bool model_free(const struct proc *p, unsigned int from, unsigned int nr)
{
	for (unsigned int i = from; i < from + nr; i++)
		if (i >= PAGES || p->page[i].kind)
			return false;
	return true;
}

/* The highest room for @nr pages, or -1. */
static int model_room(const struct proc *p, unsigned int nr)
{
	for (int at = PAGES - (int)nr; at >= 0; at--)
		if (model_free(p, at, nr))
			return at;
	return -1;
}

/* Page @k of a range that begins with @first: for growing and copying. */
static struct mpage model_next(const struct mpage *first, unsigned int k)
{
	struct mpage m = *first;

	m.idx += k;
	m.own = false;
	return m;
}

/* --- comparing --- */

static struct vm_area_struct *real_vma(struct proc *p, unsigned int page)
{
	struct vm_area_struct *vma;

	down_read(&p->mm->mmap_lock);
	vma = vma_lookup(p->mm, AT(page));
	up_read(&p->mm->mmap_lock);
	return vma;
}

static enum kind real_kind(const struct vm_area_struct *vma)
{
	if (!vma)
		return FREE;
	if (vma->vm_file)
		return vma->vm_flags & VM_SHARED ? FILE_SHARED : FILE_PRIVATE;
	return vma->vm_flags & VM_SHARED ? SHARED : ANON;
}

static void compare_maps(struct proc *p)
{
	struct vm_area_struct *vma = p->mm->mmap;

	vma_check(p->mm);
	picture_check_pages(p->mm);
	for (unsigned int i = 0; i < PAGES; i++) {
		const struct mpage *m = &p->page[i];
		struct vm_area_struct *here;

		while (vma && vma->vm_end <= AT(i))
			vma = vma->vm_next;
		here = vma && vma->vm_start <= AT(i) ? vma : NULL;
		if (real_kind(here) != m->kind)
			FAIL("page %u: kind %d, want %d", i, real_kind(here), m->kind);
		if (!here)
			continue;
		ASSERT_EQ(here->vm_flags & VM_ACCESS_FLAGS, m->prot);
		ASSERT_EQ(!!(here->vm_flags & VM_DONTCOPY), m->dontfork);
		ASSERT_EQ(!!(here->vm_flags & VM_WIPEONFORK), m->wipe);
		if (m->kind != ANON)
			ASSERT_EQ(linear_page_index(here, AT(i)), m->idx);
	}
	ASSERT_EQ(p->mm->brk, AT(p->brk));
}

static void access_page(struct proc *p, unsigned int page, bool write)
{
	struct mpage *m = &p->page[page];
	u64 got = 0, *want = word_of(m);
	int signo, expected = 0;

	if (!m->kind || !m->prot || (write && !(m->prot & PROT_WRITE)))
		expected = SIGSEGV_;
	else if (!want)
		expected = SIGBUS_;
	if (write)
		signo = user_write64(p->mm, AT(page), ++next_value);
	else
		signo = user_read64(p->mm, AT(page), &got);
	ASSERT_EQ(signo, expected);
	if (signo)
		return;
	if (write) {
		make_own(m);
		*word_of(m) = next_value;
	} else if (got != *want) {
		FAIL("page %u of kind %d reads %lu, want %lu", page, m->kind, got, *want);
	}
}

static void compare_contents(struct proc *p)
{
	for (unsigned int i = 0; i < PAGES; i++)
		access_page(p, i, false);
}

/* --- calls --- */

/* Failing is allowed when allocations fail. */
static bool out_of_memory(long ret)
{
	return fail_one_in && (ret == -ENOMEM || ret == -EAGAIN);
}

#define CALL(expr)                                  \
	({                                          \
		long call_ret;                      \
                                                    \
		test_fail_allocations(fail_one_in); \
		call_ret = (expr);                  \
		test_fail_allocations(0);           \
		call_ret;                           \
	})

static unsigned int random_range(unsigned int *nr)
{
	unsigned int from = test_random_below(PAGES);

	*nr = 1 + test_random_below(min(24U, PAGES - from));
	return from;
}

static unsigned int random_prot(void)
{
	static const u8 prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
				    PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC };

	return prots[test_random_below(ARRAY_SIZE(prots))];
}

static void do_mmap_call(struct proc *p)
{
	static const unsigned long type[] = { [ANON] = MAP_PRIVATE | MAP_ANONYMOUS,
					      [FILE_PRIVATE] = MAP_PRIVATE,
					      [FILE_SHARED] = MAP_SHARED,
					      [SHARED] = MAP_SHARED | MAP_ANONYMOUS };
	enum kind kind = test_chance(2) ? ANON : 1 + test_random_below(4);
	bool on_file = kind == FILE_PRIVATE || kind == FILE_SHARED;
	unsigned int nr, from = random_range(&nr),
			 first = on_file ? test_random_below(FILE_PAGES) : 0;
	unsigned long flags = type[kind], how = test_random_below(4);
	struct mpage m = { .kind = kind, .prot = random_prot(), .idx = first };
	long ret, expected = AT(from);
	int room;

	if (kind == SHARED && nr_objects == MAX_OBJECTS)
		return;
	if (how == 0) {
		room = model_room(p, nr);
		expected = room < 0 ? -ENOMEM : (long)AT(room);
	} else if (how == 1) {
		flags |= MAP_FIXED_NOREPLACE;
		if (!model_free(p, from, nr))
			expected = -EEXIST;
	} else {
		flags |= MAP_FIXED;
	}
	ret = CALL(vm_mmap(p->mm, &env_limits, on_file ? file : NULL, how ? AT(from) : 0, nr * P,
			   m.prot, flags, first * P));
	if (out_of_memory(ret))
		return;
	ASSERT_EQ(ret, expected);
	if (ret < 0)
		return;
	if (kind == SHARED) {
		m.obj = nr_objects++;
		object[m.obj].pages = nr;
	}
	from = (ret - WINDOW) >> PAGE_SHIFT;
	for (unsigned int i = 0; i < nr; i++)
		p->page[from + i] = model_next(&m, i);
}

static void do_munmap_call(struct proc *p)
{
	unsigned int nr, from = random_range(&nr);
	long ret = CALL(vm_munmap(p->mm, AT(from), nr * P));

	if (out_of_memory(ret))
		return;
	ASSERT_EQ(ret, 0);
	model_unmap(p, from, nr);
}

static void do_mprotect_call(struct proc *p)
{
	unsigned int nr, from = random_range(&nr), prot = random_prot(), i;
	long ret = CALL(vm_mprotect(p->mm, &env_limits, AT(from), nr * P, prot, false));
	bool partial = out_of_memory(ret), done = false;

	for (i = from; i < from + nr && p->page[i].kind; i++) {
		struct vm_area_struct *vma = real_vma(p, i);

		if (partial && (!vma || (vma->vm_flags & VM_ACCESS_FLAGS) != prot))
			done = true;
		if (!done)
			p->page[i].prot = prot;
	}
	if (!partial)
		ASSERT_EQ(ret, i < from + nr ? -ENOMEM : 0);
}

static void do_brk_call(struct proc *p)
{
	unsigned int want = HEAP_PAGE + test_random_below(24), i;
	vaddr_t ret = CALL(vm_brk(p->mm, &env_limits, AT(want)));
	bool ok = true;

	if (want > p->brk)
		ok = model_free(p, p->brk, want - p->brk) && !p->page[want].kind;
	else if (want < p->brk)
		ok = !model_free(p, want, p->brk - want);
	if (fail_one_in && ok && ret == AT(p->brk))
		return;
	ASSERT_EQ(ret, ok ? AT(want) : AT(p->brk));
	if (!ok)
		return;
	for (i = p->brk; i < want; i++)
		p->page[i] = (struct mpage){ .kind = ANON, .prot = PROT_READ | PROT_WRITE };
	if (want < p->brk)
		model_unmap(p, want, p->brk - want);
	p->brk = want;
}

/* What mremap answers, and where it must find room: page or -errno. */
static long predict_mremap(struct proc *p, unsigned int from, unsigned int old_nr,
			   unsigned int new_nr, unsigned long flags, unsigned int to)
{
	struct vm_area_struct *vma = real_vma(p, from);
	unsigned int left;
	int room;

	if (!vma)
		return -EFAULT;
	left = (vma->vm_end - AT(from)) >> PAGE_SHIFT;
	if (flags & MREMAP_FIXED) {
		if (from + old_nr > to && to + new_nr > from)
			return -EINVAL;
		if (!old_nr && from == to)
			return -EFAULT;
	} else if (!(flags & MREMAP_DONTUNMAP) && old_nr >= new_nr) {
		return from;
	}
	if (!old_nr && is_private(&p->page[from]))
		return -EINVAL;
	if (min(old_nr, new_nr) > left)
		return -EFAULT;
	if (flags & MREMAP_FIXED)
		return to;
	if (!(flags & MREMAP_DONTUNMAP) && old_nr == left &&
	    model_free(p, from + old_nr, new_nr - old_nr))
		return from;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	room = model_room(p, new_nr);
	return room < 0 ? -ENOMEM : room;
}

/* A range that is unmapped as a whole or not at all. */
static void unmap_if_gone(struct proc *p, unsigned int from, unsigned int nr)
{
	for (unsigned int i = from; i < from + nr; i++)
		if (p->page[i].kind && !real_vma(p, i)) {
			model_unmap(p, from, nr);
			return;
		}
}

static void do_mremap_call(struct proc *p)
{
	unsigned int old_nr, from = random_range(&old_nr), to_nr, to = random_range(&to_nr);
	unsigned int new_nr = test_chance(3) ? old_nr : to_nr, i;
	struct mpage moved[PAGES], first = p->page[from];
	unsigned long flags = MREMAP_MAYMOVE;
	long ret, expected;

	if (test_chance(16))
		old_nr = 0;
	if (test_chance(3) && to + new_nr <= PAGES)
		flags |= MREMAP_FIXED;
	if (test_chance(4))
		flags = 0;
	else if (old_nr == new_nr && test_chance(2))
		flags |= MREMAP_DONTUNMAP;
	expected = predict_mremap(p, from, old_nr, new_nr, flags, to);
	ret = CALL(vm_mremap(p->mm, &env_limits, AT(from), old_nr * P, new_nr * P, flags,
			     flags & MREMAP_FIXED ? AT(to) : 0));
	if (out_of_memory(ret) && expected >= 0) {
		/* The target and what is beyond the new length are unmapped before memory can run out. */
		if (flags & MREMAP_FIXED)
			unmap_if_gone(p, to, new_nr);
		if ((flags & MREMAP_FIXED) && old_nr > new_nr)
			unmap_if_gone(p, from + new_nr, old_nr - new_nr);
		return;
	}
	ASSERT_EQ(ret, expected < 0 ? expected : (long)AT(expected));
	if (ret < 0)
		return;
	to = expected;
	if (old_nr > new_nr) {
		model_unmap(p, from + new_nr, old_nr - new_nr);
		old_nr = new_nr;
	}
	for (i = 0; i < new_nr; i++)
		moved[i] = i < old_nr ? p->page[from + i] : model_next(&first, i);
	if (to != from) {
		if (flags & MREMAP_DONTUNMAP)
			for (i = from; i < from + old_nr; i++)
				p->page[i].own = false;
		else
			model_unmap(p, from, old_nr);
	}
	memcpy(&p->page[to], moved, new_nr * sizeof(moved[0]));
}

/* One page's share of an madvise; 0 or the error that ends the walk. */
static int model_advise(struct mpage *m, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
		if (is_private(m))
			m->own = false;
		return 0;
	case MADV_DONTFORK:
	case MADV_DOFORK:
		m->dontfork = advice == MADV_DONTFORK;
		return 0;
	case MADV_WIPEONFORK:
		if (m->kind != ANON)
			return -EINVAL;
		m->wipe = true;
		return 0;
	case MADV_KEEPONFORK:
		m->wipe = false;
		return 0;
	case MADV_POPULATE_WRITE:
		if (!(m->prot & PROT_WRITE))
			return -EINVAL;
		if (!word_of(m))
			return -EFAULT;
		make_own(m);
		return 0;
	}
	return 0;
}

/* After a failure any part may be done: take over the flags, and drop the contents for certain. */
static void settle_madvise(struct proc *p, unsigned int from, unsigned int nr)
{
	vm_madvise(p->mm, AT(from), nr * P, MADV_DONTNEED);
	for (unsigned int i = from; i < from + nr; i++) {
		struct mpage *m = &p->page[i];

		if (!m->kind)
			continue;
		m->dontfork = real_vma(p, i)->vm_flags & VM_DONTCOPY;
		m->wipe = real_vma(p, i)->vm_flags & VM_WIPEONFORK;
		model_advise(m, MADV_DONTNEED);
	}
}

static void do_madvise_call(struct proc *p)
{
	static const int advices[] = { MADV_DONTNEED,   MADV_DONTNEED,   MADV_FREE,
				       MADV_DONTFORK,   MADV_DOFORK,     MADV_DOFORK,
				       MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_POPULATE_WRITE };
	int advice = advices[test_random_below(ARRAY_SIZE(advices))], err = 0, expected = 0;
	unsigned int nr, from = random_range(&nr), i;
	long ret;

	if (advice == MADV_FREE) /* wants anonymous memory only, or says so in the middle */
		for (i = from; i < from + nr; i++)
			if (p->page[i].kind != ANON)
				return;
	ret = CALL(vm_madvise(p->mm, AT(from), nr * P, advice));
	if (out_of_memory(ret)) {
		settle_madvise(p, from, nr);
		return;
	}
	for (i = from; i < from + nr && !err; i++) {
		if (p->page[i].kind) {
			err = model_advise(&p->page[i], advice);
		} else {
			expected = -ENOMEM;
			if (advice == MADV_POPULATE_WRITE)
				break;
		}
	}
	ASSERT_EQ(ret, err ? err : expected);
}

static void do_fork_call(struct proc *p)
{
	struct proc *child = NULL;
	int err = 0;

	for (unsigned int i = 0; i < MAX_PROCS; i++)
		if (!procs[i].mm)
			child = &procs[i];
	if (!child)
		return;
	test_fail_allocations(fail_one_in);
	child->mm = mm_dup(p->mm, &err);
	test_fail_allocations(0);
	if (!child->mm) {
		ASSERT(out_of_memory(err));
		return;
	}
	memcpy(child->page, p->page, sizeof(p->page));
	child->brk = p->brk;
	for (unsigned int i = 0; i < PAGES; i++) {
		if (child->page[i].dontfork)
			model_unmap(child, i, 1);
		else if (child->page[i].wipe)
			child->page[i].own = false;
	}
	compare_maps(child);
}

static void do_exit_call(struct proc *p)
{
	unsigned int others = 0;

	for (unsigned int i = 0; i < MAX_PROCS; i++)
		others += procs[i].mm && &procs[i] != p;
	if (!others)
		return;
	env_mmput(p->mm);
	memset(p, 0, sizeof(*p));
}

static void do_accesses(struct proc *p)
{
	for (unsigned int n = 8; n; n--)
		access_page(p, test_random_below(PAGES), test_chance(2));
}

static void setup(void)
{
	env_boot(NULL);
	env_snapshot(&before);
	file = env_file_create("f", FILE_PAGES * P);
	for (unsigned int i = 0; i < FILE_PAGES; i++)
		for (unsigned int b = 0; b < sizeof(u64); b++)
			((u8 *)&file_word[i])[b] = env_file_pattern(i * P + b);
	procs[0].mm = mm_alloc();
	ASSERT(procs[0].mm);
	procs[0].mm->mmap_base = procs[0].mm->task_size = AT(PAGES);
	procs[0].mm->mmap_legacy_base = procs[0].mm->mmap_min_addr = WINDOW;
	procs[0].mm->start_brk = procs[0].mm->brk = AT(HEAP_PAGE);
	procs[0].brk = HEAP_PAGE;
}

static void teardown(void)
{
	for (unsigned int i = 0; i < MAX_PROCS; i++)
		if (procs[i].mm)
			env_mmput(procs[i].mm);
	fput(file);
	ASSERT_EQ(env_files_open(), 0);
	ASSERT_EQ(vm_memory_committed(), 0);
	env_expect_same(&before);
}

static void run(unsigned long steps)
{
	static void (*const calls[])(struct proc *) = {
		do_mmap_call,   do_mmap_call,     do_mmap_call,     do_munmap_call,
		do_munmap_call, do_mprotect_call, do_mprotect_call, do_mprotect_call,
		do_mremap_call, do_mremap_call,   do_madvise_call,  do_madvise_call,
		do_brk_call,    do_accesses,      do_accesses,      do_accesses,
		do_accesses,
	};

	for (unsigned long n = 0; n < steps; n++) {
		struct proc *p = &procs[test_random_below(MAX_PROCS)];

		if (!p->mm)
			continue;
		if (test_chance(24))
			do_fork_call(p);
		else if (test_chance(40))
			do_exit_call(p);
		else
			calls[test_random_below(ARRAY_SIZE(calls))](p);
		if (p->mm)
			compare_maps(p);
		if (p->mm && test_chance(16))
			compare_contents(p);
	}
}

TEST_WITH_TIMEOUT(random_calls_follow_the_model, 600)
{
	setup();
	run(test_rounds(12000));
	teardown();
}

TEST_WITH_TIMEOUT(random_calls_with_failing_allocations_follow_the_model, 600)
{
	setup();
	for (unsigned long round = test_rounds(10); round; round--) {
		fail_one_in = test_chance(2) ? 3 : 12;
		run(600);
		fail_one_in = 0;
		run(200);
	}
	teardown();
}

/* --- several CPUs in one address space: nothing is predicted, everything must stay consistent --- */

static void one_thread(void *arg)
{
	struct mm_struct *mm = arg;

	for (unsigned long n = test_rounds(150); n; n--) {
		unsigned int nr, from = random_range(&nr), prot = random_prot();

		switch (test_random_below(8)) {
		case 0:
			vm_mmap(mm, &env_limits, test_chance(2) ? file : NULL, AT(from), nr * P,
				prot,
				MAP_FIXED | (test_chance(2) ? MAP_SHARED : MAP_PRIVATE) |
					MAP_ANONYMOUS,
				0);
			break;
		case 1:
			vm_munmap(mm, AT(from), nr * P);
			break;
		case 2:
			vm_mprotect(mm, &env_limits, AT(from), nr * P, prot, false);
			break;
		case 3:
			vm_mremap(mm, &env_limits, AT(from), nr * P, nr * P,
				  MREMAP_MAYMOVE | MREMAP_FIXED, AT(test_random_below(PAGES - nr)));
			break;
		case 4:
			vm_madvise(mm, AT(from), nr * P, MADV_DONTNEED);
			break;
		default:
			user_write64(mm, AT(from), n);
			user_read64(mm, AT((from + nr / 2) % PAGES), &(u64){ 0 });
		}
	}
}

TEST_WITH_TIMEOUT(threads_on_four_cpus_keep_it_consistent, 600)
{
	env_task_fn fns[4] = { one_thread, one_thread, one_thread, one_thread };
	struct mm_struct *mm;
	void *args[4];

	setup();
	mm = procs[0].mm;
	for (int i = 0; i < 4; i++)
		args[i] = mm;
	for (int round = 0; round < 4; round++) {
		env_run_threads(mm, 4, fns, args);
		vma_check(mm);
		picture_check_pages(mm);
	}
	teardown();
}
