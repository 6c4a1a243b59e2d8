/* SPDX-License-Identifier: MIT */
/*
 * tests/model/fault.c - random programs against a model of bytes
 *
 * A family of address spaces maps anonymous memory, private and shared files and shared anonymous
 * memory, all in one small arena of addresses, so that everything overlaps, splits and merges.
 * Each step is one thing that a program does: an access, mmap, munmap, mprotect, madvise, mremap,
 * fork, exit, ftruncate.  The model knows for every page of every process what a byte of it must
 * be, and which signal an access must get.  After each step the validators run.
 *
 * The model:
 *
 *     process: page -> { prot, kind, object, index, own }      own: the bytes of a private copy, or of none
 *     object:  index -> bytes                                  a file, or shared anonymous memory
 *
 * One byte per page stands for the page (at an offset that depends on the page, so that pages
 * cannot be confused).
 */
#include "../unit/mm_test.h"

#define PAGES     40                     /* of the arena of addresses */
#define BASE      (TOP - 20 * PAGE_SIZE) /* the arena straddles two tables and two upper tables */
#define NR_MM     5
#define NR_FILES  2
#define NR_OBJ    12 /* files first, then shared anonymous memory */
#define OBJ_PAGES 48

enum kind { NONE, ANON, PRIVATE_FILE, SHARED };

struct model_page {
	enum kind kind;
	unsigned int prot;
	int object;         /* PRIVATE_FILE, SHARED */
	unsigned int index; /* anonymous: where it was mapped first */
	bool own;           /* ANON, PRIVATE_FILE: has been written */
	u8 byte;
};

struct process {
	struct mm_struct *mm;
	struct model_page page[PAGES];
};

struct object {
	bool used;
	struct file *file; /* NULL: shared anonymous */
	u64 size;
	bool zeroed[OBJ_PAGES];  /* cut off behind the end once: the backing store holds zero */
	bool written[OBJ_PAGES]; /* in the cache only: what a page loses when it is dropped */
	u8 byte[OBJ_PAGES];
};

static struct process proc[NR_MM];
static struct object object[NR_OBJ];

/*
 * The byte of its page that stands for page @index of its object: not the same in its neighbours.
 */
static unsigned int offset_of(unsigned int index)
{
	return (index * 97) % 1000;
}

static u8 object_byte(const struct object *obj, unsigned int index)
{
	u64 off = (u64)index * PAGE_SIZE + offset_of(index);

	if (obj->written[index])
		return obj->byte[index];
	return obj->file && off < obj->size && !obj->zeroed[index] ? env_file_pattern(off) : 0;
}

static bool beyond_end(const struct model_page *page)
{
	return (page->kind == PRIVATE_FILE || page->kind == SHARED) &&
	       (u64)page->index * PAGE_SIZE >= object[page->object].size;
}

static vaddr_t addr_of(unsigned int i)
{
	return BASE + i * PAGE_SIZE;
}

/* Which signal must an access get? 0: none. */
static int expected_signal(const struct model_page *page, unsigned int prot)
{
	if (page->kind == NONE)
		return SIG_SEGV;
	if (prot == PROT_READ ? !page->prot : !(page->prot & prot))
		return SIG_SEGV;
	return beyond_end(page) ? SIG_BUS : 0;
}

static u8 expected_byte(const struct model_page *page)
{
	if (page->kind == SHARED || (page->kind == PRIVATE_FILE && !page->own))
		return object_byte(&object[page->object], page->index);
	return page->own ? page->byte : 0;
}

static struct process *some_process(void)
{
	struct process *p;

	do
		p = &proc[test_random_below(NR_MM)];
	while (!p->mm);
	return p;
}

static bool failing; /* allocations may fail: then errors of that kind are allowed */

static void access_page(struct process *p, unsigned int i)
{
	struct model_page *page = &p->page[i];
	vaddr_t addr = addr_of(i) + offset_of(page->index);
	u8 byte = test_random_below(255) + 1, got = 0;
	int signo;

	switch (test_random_below(5)) {
	case 0:
	case 1:
		signo = user_read8(p->mm, addr, &got);
		if (failing && signo == SIG_KILL)
			return;
		ASSERT_EQ(signo, expected_signal(page, PROT_READ));
		if (!signo)
			ASSERT_EQ(got, expected_byte(page));
		return;
	case 2:
		signo = user_exec(p->mm, addr);
		if (failing && signo == SIG_KILL)
			return;
		ASSERT_EQ(signo, expected_signal(page, PROT_EXEC));
		return;
	}
	signo = user_write8(p->mm, addr, byte);
	if (failing && signo == SIG_KILL)
		return;
	ASSERT_EQ(signo, expected_signal(page, PROT_WRITE));
	if (signo)
		return;
	if (page->kind == SHARED) {
		object[page->object].written[page->index] = true;
		object[page->object].byte[page->index] = byte;
	} else {
		page->own = true;
		page->byte = byte;
	}
}

static unsigned int some_prot(void)
{
	static const unsigned int prots[] = {
		PROT_NONE, PROT_READ, RW, RW, RW, PROT_READ | PROT_EXEC, PROT_WRITE, RW | PROT_EXEC
	};

	return prots[test_random_below(ARRAY_SIZE(prots))];
}

/* Anonymous objects whose mappings are all gone can be used again. */
static int free_object(void)
{
	for (int o = NR_FILES; o < NR_OBJ; o++) {
		bool used = false;

		for (unsigned int m = 0; m < NR_MM; m++)
			for (unsigned int i = 0; proc[m].mm && i < PAGES; i++)
				used |= proc[m].page[i].kind == SHARED &&
					proc[m].page[i].object == o;
		if (!used)
			return o;
	}
	return -1;
}

static void some_range(unsigned int *first, unsigned int *n)
{
	*first = test_random_below(PAGES);
	*n = 1 + test_random_below(PAGES - *first < 12 ? PAGES - *first : 12);
}

static void do_map(struct process *p)
{
	unsigned int first, n, prot = some_prot(), index = test_random_below(8);
	enum kind kind = ANON + test_random_below(3);
	int o = test_random_below(NR_FILES + 1);
	long got;

	some_range(&first, &n);
	if (o == NR_FILES) {
		if (kind == PRIVATE_FILE)
			kind = ANON;
		index = 0;
		o = free_object();
		if (o < 0)
			kind = ANON;
	}
	mm = p->mm;
	got = map_at(addr_of(first), n, prot, kind == SHARED ? MAP_SHARED : MAP_PRIVATE,
		     kind == ANON ? NULL : object[o].file, index);
	if (failing && got == -ENOMEM)
		return;
	ASSERT_EQ(got, addr_of(first));
	if (kind == SHARED && !object[o].file) {
		object[o] = (struct object){ .size = n * PAGE_SIZE };
	}
	for (unsigned int i = 0; i < n; i++)
		p->page[first + i] =
			(struct model_page){ .kind = kind,
					     .prot = prot,
					     .object = o,
					     .index = kind == ANON ? first + i : index + i };
}

static void do_unmap(struct process *p)
{
	unsigned int first, n;
	int err;

	some_range(&first, &n);
	err = vm_munmap(p->mm, addr_of(first), n * PAGE_SIZE);
	if (failing && err == -ENOMEM)
		return;
	ASSERT_EQ(err, 0);
	memset(&p->page[first], 0, n * sizeof(p->page[0]));
}

static void do_protect(struct process *p)
{
	unsigned int first, n, prot = some_prot(), mapped = 0;
	int err;

	some_range(&first, &n);
	while (mapped < n && p->page[first + mapped].kind != NONE)
		mapped++;
	err = vm_mprotect(p->mm, &env_limits, addr_of(first), n * PAGE_SIZE, prot, false);
	if (failing && err == -ENOMEM && mapped) {
		/* what was done before the failure stays done: ask the mappings */
		for (unsigned int i = first; i < first + mapped; i++)
			p->page[i].prot = vma_at(p->mm, addr_of(i))->vm_flags & VM_ACCESS_FLAGS;
		return;
	}
	ASSERT_EQ(err, mapped == n ? 0 : -ENOMEM);
	for (unsigned int i = first; i < first + mapped; i++)
		p->page[i].prot = prot;
}

static void do_dontneed(struct process *p)
{
	unsigned int first, n;
	bool hole = false;

	some_range(&first, &n);
	for (unsigned int i = first; i < first + n; i++)
		hole |= p->page[i].kind == NONE;
	ASSERT_EQ(vm_madvise(p->mm, addr_of(first), n * PAGE_SIZE, MADV_DONTNEED),
		  hole ? -ENOMEM : 0);
	for (unsigned int i = first; i < first + n; i++)
		p->page[i].own = false;
}

/* Move up to three pages of one mapping elsewhere. */
static void do_move(struct process *p)
{
	unsigned int from = test_random_below(PAGES - 3), to = test_random_below(PAGES - 3),
		     n = 1 + test_random_below(3);
	struct model_page moving[3];
	long got;

	if (p->page[from].kind == NONE || (from < to + n && to < from + n))
		return;
	/*
	 * it has to be one mapping: the VMA decides, for two of the model's may have merged or not
	 */
	if (vma_at(p->mm, addr_of(from))->vm_end < addr_of(from + n))
		return;
	got = vm_mremap(p->mm, &env_limits, addr_of(from), n * PAGE_SIZE, n * PAGE_SIZE,
			MREMAP_MAYMOVE | MREMAP_FIXED, addr_of(to));
	if (got == -ENOMEM && failing) {
		/* the target has been unmapped by then, or not */
		for (unsigned int i = to; i < to + n; i++) {
			struct vm_area_struct *vma;

			down_read(&p->mm->mmap_lock);
			vma = find_vma(p->mm, addr_of(i));
			if (!vma || vma->vm_start > addr_of(i))
				p->page[i].kind = NONE;
			up_read(&p->mm->mmap_lock);
		}
		return;
	}
	ASSERT_EQ(got, addr_of(to));
	for (unsigned int i = 0; i < n; i++) {
		moving[i] = p->page[from + i];
		memset(&p->page[from + i], 0, sizeof(p->page[0]));
	}
	memcpy(&p->page[to], moving, n * sizeof(moving[0]));
}

static void do_fork(struct process *p)
{
	for (unsigned int m = 0; m < NR_MM; m++) {
		int err = 0;

		if (proc[m].mm)
			continue;
		proc[m] = *p;
		proc[m].mm = mm_dup(p->mm, &err);
		ASSERT(proc[m].mm || (failing && err == -ENOMEM));
		return;
	}
}

static void do_exit(struct process *p)
{
	unsigned int alive = 0;

	for (unsigned int m = 0; m < NR_MM; m++)
		alive += proc[m].mm != NULL;
	if (alive < 2)
		return;
	env_mmput(p->mm);
	p->mm = NULL;
}

static void do_truncate(void)
{
	unsigned int o = test_random_below(NR_FILES);
	struct object *obj = &object[o];
	u64 size = test_random_below(20) * PAGE_SIZE;

	/*
	 * Cut anywhere; grow by whole pages: what a cached last page shows behind the end is
	 * nobody's promise.
	 */
	if (size < obj->size)
		size += test_random_below(min(obj->size - size, PAGE_SIZE));
	env_file_set_size(obj->file, size);
	for (unsigned int i = 0; i < OBJ_PAGES && size < obj->size; i++) {
		u64 start = (u64)i * PAGE_SIZE;

		if (start >= size) {
			obj->written[i] =
				false; /* the page is dropped: the backing store's again */
		} else if (start + offset_of(i) >= size) {
			obj->zeroed[i] = true;
			obj->written[i] = false;
		}
	}
	for (unsigned int m = 0; m < NR_MM; m++) {
		for (unsigned int i = 0; proc[m].mm && i < PAGES; i++) {
			struct model_page *page = &proc[m].page[i];

			if (page->kind == PRIVATE_FILE && page->object == (int)o &&
			    (u64)page->index * PAGE_SIZE >= size)
				page->own = false;
		}
	}
	obj->size = size;
}

static void start(void)
{
	setup();
	env_mmput(mm);
	memset(proc, 0, sizeof(proc));
	for (int f = 0; f < NR_FILES; f++) {
		object[f] = (struct object){ .size = 10 * PAGE_SIZE };
		object[f].file = env_file_create("file", object[f].size);
		env_file_set_async(object[f].file, f);
	}
	proc[0].mm = new_mm();
}

static void finish(void)
{
	for (unsigned int m = 0; m < NR_MM; m++)
		if (proc[m].mm)
			env_mmput(proc[m].mm);
	for (int f = 0; f < NR_FILES; f++)
		fput(object[f].file);
	expect_all_back();
}

static void step(void)
{
	struct process *p = some_process();

	env_set_cpu(test_random_below(4));
	switch (test_random_below(24)) {
	case 0:
	case 1:
	case 2:
		do_map(p);
		break;
	case 3:
		do_unmap(p);
		break;
	case 4:
	case 5:
		do_protect(p);
		break;
	case 6:
		do_dontneed(p);
		break;
	case 7:
		do_move(p);
		break;
	case 8:
		do_fork(p);
		break;
	case 9:
		if (test_chance(2))
			do_exit(p);
		break;
	case 10:
		if (test_chance(3))
			do_truncate();
		break;
	default:
		for (unsigned int n = 0; n < 4; n++)
			access_page(p, test_random_below(PAGES));
	}
}

static void validate(void)
{
	for (unsigned int m = 0; m < NR_MM; m++)
		if (proc[m].mm)
			check_all(proc[m].mm);
}

static void run(unsigned long steps, unsigned int fail_one_in)
{
	start();
	failing = fail_one_in;
	for (unsigned long n = 0; n < steps; n++) {
		test_fail_allocations(fail_one_in);
		step();
		test_fail_allocations(0);
		validate();
	}
	failing = false;
	env_set_cpu(0);
	finish();
}

TEST(programs_see_the_bytes_that_the_model_says)
{
	run(test_rounds(10000), 0);
}

TEST(programs_see_them_while_memory_is_short)
{
	run(test_rounds(10000), 20);
}

/*
 * Threads.  Four processors run in one address space.  Each owns a lane, one byte of every page,
 * and must always read there what it wrote last, while the others write their lanes of the same
 * pages, and while mappings change around it:
 *
 *     writer     writes and reads its lane; a write may be refused while the page is read-only
 *     protector  takes write access away and gives it back, page by page
 *     mover      moves a mapping of its own back and forth, and drops another
 *     forker     forks; what the child has seen once must never change, however much the parent writes
 */
#define LANE_PAGES 12

static u8 lane[LANE_PAGES][8];
static unsigned int writers_left;

static void write_lane(unsigned int me)
{
	unsigned int i = test_random_below(LANE_PAGES);
	u8 v = test_random(), got = 0;
	int signo;

	if (test_chance(2)) {
		signo = user_write8(mm, TOP + i * PAGE_SIZE + me, v);
		if (!signo)
			lane[i][me] = v;
		ASSERT(!signo || signo == SIG_SEGV);
	}
	ASSERT_EQ(user_read8(mm, TOP + i * PAGE_SIZE + me, &got), 0);
	ASSERT_EQ(got, lane[i][me]);
}

static void writer(void *arg)
{
	for (unsigned int n = 0; n < 150; n++)
		write_lane((unsigned long)arg);
	writers_left--;
}

static void protector(void *arg)
{
	while (writers_left) {
		vaddr_t addr = TOP + test_random_below(LANE_PAGES) * PAGE_SIZE;

		ASSERT_EQ(vm_mprotect(mm, &env_limits, addr, PAGE_SIZE, PROT_READ, false), 0);
		if (test_chance(2))
			write_lane((unsigned long)arg);
		ASSERT_EQ(vm_mprotect(mm, &env_limits, addr, PAGE_SIZE, RW, false), 0);
	}
}

static void mover(void *arg)
{
	vaddr_t home = TOP + MiB, away = TOP + 5 * MiB - PAGE_SIZE; /* away straddles two tables */
	u8 got;

	while (writers_left) {
		write_byte(mm, home, 1);
		write_byte(mm, home + PAGE_SIZE, 2);
		ASSERT_EQ(vm_mremap(mm, &env_limits, home, 2 * PAGE_SIZE, 2 * PAGE_SIZE,
				    MREMAP_MAYMOVE | MREMAP_FIXED, away),
			  away);
		swap(home, away);
		ASSERT_EQ(read_byte(mm, home) + read_byte(mm, home + PAGE_SIZE), 3);
		ASSERT_EQ(user_read8(mm, away, &got), SIG_SEGV);
		ASSERT_EQ(vm_madvise(mm, home, 2 * PAGE_SIZE, MADV_DONTNEED), 0);
		ASSERT_EQ(read_byte(mm, home), 0);
		write_lane((unsigned long)arg);
	}
}

static void forker(void *arg)
{
	while (writers_left) {
		u8 seen[LANE_PAGES][8];
		struct mm_struct *child = fork_mm(mm);

		for (unsigned int i = 0; i < LANE_PAGES; i++)
			ASSERT_EQ(user_read(child, TOP + i * PAGE_SIZE, seen[i], 8), 0);
		for (unsigned int n = 0; n < 4; n++)
			write_lane((unsigned long)arg);
		for (unsigned int i = 0; i < LANE_PAGES; i++)
			for (unsigned int k = 0; k < 8; k++)
				ASSERT_EQ(read_byte(child, TOP + i * PAGE_SIZE + k), seen[i][k]);
		env_mmput(child);
	}
}

TEST(threads_read_what_they_wrote_while_mappings_change)
{
	static const env_task_fn others[] = { protector, mover, forker, writer };

	setup();
	map_anon(TOP, LANE_PAGES);
	map_anon(TOP + MiB, 2);
	for (unsigned long round = 0; round < test_rounds(100); round++) {
		env_task_fn fns[4] = { writer, writer };
		void *args[4] = { (void *)0, (void *)1, (void *)2, (void *)3 };

		fns[2] = others[test_random_below(3)];
		fns[3] = others[test_random_below(4)];
		if (fns[3] == mover && fns[2] == mover)
			fns[3] = protector;
		writers_left = fns[3] == writer ? 3 : 2;
		env_set_switch_rate(1 + test_random_below(6));
		env_run_threads(mm, 4, fns, args);
		check_all(mm);
		vm_mprotect(mm, &env_limits, TOP, LANE_PAGES * PAGE_SIZE, RW, false);
		vm_munmap(mm, TOP + MiB, 8 * MiB);
		map_anon(TOP + MiB, 2);
	}
	teardown();
}
