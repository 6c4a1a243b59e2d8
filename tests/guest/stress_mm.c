/*
 * tests/guest/stress_mm.c - threads that change one address space at once
 *
 * What one thread does to its pages must not show in another's, and must show to all from the moment the call
 * returns.  Pages carry stamps that name them, so a byte from anywhere else is seen; the frames that are given up
 * are taken at once by a thread that fills them with another stamp.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/stress.h"

#define THREADS    4
#define RW         (PROT_READ | PROT_WRITE)
#define ANONYMOUS  (MAP_PRIVATE | MAP_ANONYMOUS)
#define STEPS      150
#define SLOTS      8 /* of each thread, alternating with those of the others */
#define SLOT_PAGES 6

/* Where byte and page came from: never 0, never the same for two places or two times. */
static unsigned long stamp(long owner, unsigned long page, unsigned long time)
{
	return 0x5a00000000000000UL | (unsigned long)owner << 48 | page << 32 | (time & 0xffffffff);
}

/* --- neighbours: mappings of several threads, side by side, so that they merge and split across each other --- */

enum page_state { GONE, READABLE, WRITABLE };

struct slot_page {
	enum page_state state;
	unsigned long content; /* its first word; 0 where nothing was written */
};

static char *arena;

struct neighbour {
	long me;
	struct random random;
	unsigned long time;
	struct slot_page page[SLOTS][SLOT_PAGES];
};

static unsigned long *address(const struct neighbour *n, int slot, int page)
{
	return (unsigned long *)(void *)(arena + ((slot * THREADS + n->me) * SLOT_PAGES + page) *
							 (long)PAGE);
}

static void verify_page(struct neighbour *n, int slot, int page)
{
	const struct slot_page *p = &n->page[slot][page];
	unsigned long got = 0, *at = address(n, slot, page);
	int sig = probe_load(at, &got);

	if (sig != (p->state == GONE ? SIGSEGV : 0) || got != (p->state == GONE ? 0 : p->content))
		fail("thread %ld slot %d page %d: signal %d, value 0x%lx, expected 0x%lx in state %d",
		     n->me, slot, page, sig, got, p->content, p->state);
	sig = probe_store(at + 8, n->time);
	if (sig != (p->state == WRITABLE ? 0 : SIGSEGV))
		fail("thread %ld slot %d page %d: a store met signal %d in state %d", n->me, slot,
		     page, sig, p->state);
}

static void write_stamp(struct neighbour *n, int slot, int page)
{
	struct slot_page *p = &n->page[slot][page];

	if (p->state != WRITABLE)
		return;
	p->content = stamp(n->me, (unsigned long)(slot * SLOT_PAGES + page), ++n->time);
	*address(n, slot, page) = p->content;
}

static void expect_success(long ret, const char *call)
{
	if (ret < 0 && ret > -4096)
		fail("%s: error %ld", call, -ret);
}

/* Move what slot @from holds to slot @to.  EFAULT: it is several mappings, and stays; @to may be gone. */
static void move_slot(struct neighbour *n, int from, int to)
{
	long ret;

	for (int i = 1; i < SLOT_PAGES; i++)
		if (n->page[from][i].state != n->page[from][0].state)
			return;
	if (n->page[from][0].state == GONE || from == to)
		return;
	ret = RAW(__NR_mremap, address(n, from, 0), SLOT_PAGES * PAGE, SLOT_PAGES * PAGE,
		  MREMAP_MAYMOVE | MREMAP_FIXED, address(n, to, 0));
	if (ret == -EFAULT) {
		expect_success(RAW(__NR_munmap, address(n, to, 0), SLOT_PAGES * PAGE), "munmap");
		memset(n->page[to], 0, sizeof(n->page[to]));
		return;
	}
	expect_success(ret, "mremap");
	memcpy(n->page[to], n->page[from], sizeof(n->page[to]));
	memset(n->page[from], 0, sizeof(n->page[from]));
}

static void change_slot(struct neighbour *n, int slot, int first, int nr)
{
	void *at = address(n, slot, first);
	unsigned long len = (unsigned long)nr * PAGE;
	int action = (int)below(&n->random, 5), gone = 0;

	for (int i = first; i < first + nr; i++)
		gone |= n->page[slot][i].state == GONE;
	if (gone && action != 0)
		action = 1;
	switch (action) {
	case 0:
		expect_success(RAW(__NR_munmap, at, len), "munmap");
		break;
	case 1:
		expect_success(RAW(__NR_mmap, at, len, RW, ANONYMOUS | MAP_FIXED, -1, 0), "mmap");
		break;
	case 2:
		expect_success(RAW(__NR_mprotect, at, len, PROT_READ), "mprotect");
		break;
	case 3:
		expect_success(RAW(__NR_mprotect, at, len, RW), "mprotect");
		break;
	default:
		expect_success(RAW(__NR_madvise, at, len, MADV_DONTNEED), "madvise");
	}
	for (int i = first; i < first + nr; i++) {
		struct slot_page *p = &n->page[slot][i];

		if (action != 2 && action != 3)
			p->content = 0;
		if (action != 4)
			p->state = action == 0 ? GONE : action == 2 ? READABLE : WRITABLE;
	}
}

static void be_neighbour(void *number)
{
	struct neighbour n = { .me = (long)number, .random = random_for((long)number) };

	for (int step = 0; step < STEPS; step++) {
		int slot = (int)below(&n.random, SLOTS);
		int first = (int)below(&n.random, SLOT_PAGES);

		if (below(&n.random, 6) == 0)
			move_slot(&n, slot, (int)below(&n.random, SLOTS));
		else
			change_slot(&n, slot, first,
				    1 + (int)below(&n.random, (unsigned long)(SLOT_PAGES - first)));
		write_stamp(&n, (int)below(&n.random, SLOTS), first);
		write_stamp(&n, slot, (int)below(&n.random, SLOT_PAGES));
		for (int i = 0; i < SLOT_PAGES; i++)
			verify_page(&n, slot, i);
	}
	for (int slot = 0; slot < SLOTS; slot++)
		for (int i = 0; i < SLOT_PAGES; i++)
			verify_page(&n, slot, i);
}

static void neighbours_do_not_disturb_each_other(void)
{
	unsigned long len = THREADS * SLOTS * SLOT_PAGES * PAGE;

	catch_faults();
	arena = map_pages(len / PAGE, PROT_NONE);
	run_threads(THREADS, be_neighbour);
	munmap(arena, len);
}

/* --- one changes, others watch --- */

#define WATCHED 8
#define CHURNED 8 /* behind them, after a page that stays away */

static struct watched_page {
	volatile unsigned long sequence; /* odd while it is being changed */
	volatile enum page_state state;
	volatile unsigned long content;
	char pad[40];
} watched[WATCHED];
static char *window;
static volatile int over;
static volatile unsigned long fault_count, load_count, store_count;

static volatile unsigned long *watched_at(unsigned long i)
{
	return (unsigned long *)(void *)(window + i * PAGE);
}

static void change_watched(unsigned long i, struct random *random, unsigned long time)
{
	struct watched_page *w = &watched[i];
	char *at = window + i * PAGE;
	enum page_state state = (enum page_state)below(random, 3);
	unsigned long content = w->content;

	__atomic_store_n(&w->sequence, w->sequence + 1, __ATOMIC_SEQ_CST);
	if (state == GONE) {
		expect_success(below(random, 2) ? RAW(__NR_munmap, at, PAGE)
						: RAW(__NR_mprotect, at, PAGE, PROT_NONE),
			       "munmap");
		RAW(__NR_mmap, at, PAGE, PROT_NONE, ANONYMOUS | MAP_FIXED, -1, 0);
		content = 0;
	} else {
		if (w->state == GONE || below(random, 4) == 0) {
			expect_success(RAW(__NR_mmap, at, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0),
				       "mmap");
			content = 0;
		} else if (w->state == READABLE) {
			expect_success(RAW(__NR_mprotect, at, PAGE, RW), "mprotect");
		}
		if (below(random, 2))
			*watched_at(i) = content = stamp(0, i, time);
		if (below(random, 8) == 0) {
			expect_success(RAW(__NR_madvise, at, PAGE, MADV_DONTNEED), "madvise");
			content = 0;
		}
		if (state == READABLE)
			expect_success(RAW(__NR_mprotect, at, PAGE, PROT_READ), "mprotect");
	}
	w->state = state;
	w->content = content;
	__atomic_store_n(&w->sequence, w->sequence + 1, __ATOMIC_SEQ_CST);
}

static void watch(struct random *random)
{
	unsigned long i = below(random, WATCHED), before, content, value = 0;
	struct watched_page *w = &watched[i];
	enum page_state state;
	int load, store;

	before = __atomic_load_n(&w->sequence, __ATOMIC_SEQ_CST);
	state = w->state;
	content = w->content;
	load = probe_load(watched_at(i), &value);
	store = probe_store(watched_at(i) + 8 + below(random, 8), 0x1111111111111111UL);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_add_fetch(&load_count, !load, __ATOMIC_RELAXED);
	__atomic_add_fetch(&store_count, !store, __ATOMIC_RELAXED);
	__atomic_add_fetch(&fault_count, !!load + !!store, __ATOMIC_RELAXED);
	/* Whenever it was read: a page has its own stamps, or zeros. */
	if (!load && value && value >> 32 != stamp(0, i, 0) >> 32)
		fail("page %lu shows 0x%lx", i, value);
	if (before % 2 || before != __atomic_load_n(&w->sequence, __ATOMIC_SEQ_CST))
		return;
	if (load != (state == GONE ? SIGSEGV : 0) || (!load && value != content))
		fail("page %lu: signal %d, value 0x%lx, expected 0x%lx in state %d", i, load, value,
		     content, state);
	if (store != (state == WRITABLE ? 0 : SIGSEGV))
		fail("page %lu: a store met signal %d in state %d", i, store, state);
}

/* Takes the frames that others give up, and fills them with what must never be seen there. */
static void churn(struct random *random)
{
	unsigned long pages = 1 + below(random, CHURNED);
	char *p = window + (WATCHED + 1) * PAGE;

	RAW(__NR_mmap, p, pages * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	for (unsigned long i = 0; i < pages; i++) {
		unsigned long *words = (unsigned long *)(void *)(p + i * PAGE);

		for (unsigned long k = 0; k < PAGE / 8; k += 8) {
			if (words[k])
				fail("a fresh page has 0x%lx", words[k]);
			words[k] = stamp(99, i, k);
		}
	}
	RAW(__NR_munmap, p, pages * PAGE);
}

static void be_watcher(void *number)
{
	struct random random = random_for((long)number);

	if (number == 0) {
		for (unsigned long step = 0; step < STEPS; step++)
			change_watched(below(&random, WATCHED), &random, step);
		over = 1;
		return;
	}
	while (!over)
		(long)number == 1 ? churn(&random) : watch(&random);
}

static void what_is_taken_away_is_gone_for_all(void)
{
	catch_faults();
	window = map_pages(WATCHED + 1 + CHURNED, PROT_NONE);
	run_threads(THREADS, be_watcher);
}

/* --- the first touch of a page by many at once --- */

#define TOUCHED 64
#define TOUCHES 400

static unsigned long *field;

static void touch_field(void *number)
{
	struct random random = random_for((long)number);

	for (int i = 0; i < TOUCHES; i++) {
		unsigned long page = below(&random, TOUCHED);

		if (below(&random, 3))
			__atomic_add_fetch(&field[page * (PAGE / 8) + 1], 1, __ATOMIC_RELAXED);
		else if (field[page * (PAGE / 8)])
			fail("page %lu begins with 0x%lx", page, field[page * (PAGE / 8)]);
		else
			__atomic_add_fetch(&field[page * (PAGE / 8) + 1], 1, __ATOMIC_RELAXED);
	}
}

static void count_touches(int flags)
{
	unsigned long sum = 0;

	field = mmap(NULL, TOUCHED * PAGE, RW, flags | MAP_ANONYMOUS, -1, 0);
	CHECK(field != MAP_FAILED);
	run_threads(THREADS, touch_field);
	for (unsigned long page = 0; page < TOUCHED; page++)
		sum += field[page * (PAGE / 8) + 1];
	CHECK_EQ(sum, THREADS * TOUCHES);
	munmap(field, TOUCHED * PAGE);
}

static void no_first_touch_is_lost(void)
{
	count_touches(MAP_PRIVATE);
	count_touches(MAP_SHARED);
}

/* --- brk, stacks, and searches for room --- */

static void grow_and_shrink_heap(struct random *random)
{
	char *base = (char *)RAW(__NR_brk, 0), *start;

	start = (char *)(((unsigned long)base + PAGE - 1) & -PAGE);
	for (int i = 0; i < STEPS; i++) {
		unsigned long pages = 1 + below(random, 6);

		if ((char *)RAW(__NR_brk, start + pages * PAGE) != start + pages * PAGE)
			fail("brk refuses %lu pages", pages);
		for (unsigned long k = 0; k < pages; k++) {
			unsigned long *word = (unsigned long *)(void *)(start + k * PAGE);

			if (*word)
				fail("a fresh page of the heap has 0x%lx", *word);
			*word = stamp(1, k, (unsigned long)i);
		}
		for (unsigned long k = 0; k < pages; k++)
			if (*(unsigned long *)(void *)(start + k * PAGE) !=
			    stamp(1, k, (unsigned long)i))
				fail("page %lu of the heap changed", k);
		if ((char *)RAW(__NR_brk, start) != start)
			fail("brk does not shrink");
	}
	RAW(__NR_brk, base);
}

/* Two that search for room at once never get the same. */
static void take_room(long me, struct random *random)
{
	struct room {
		unsigned long *at, pages;
	} rooms[8] = { 0 };

	for (int i = 0; i < 2 * STEPS; i++) {
		struct room *r = &rooms[below(random, NR(rooms))];

		if (r->at) {
			for (unsigned long k = 0; k < r->pages; k++)
				if (r->at[k * (PAGE / 8)] !=
				    stamp(me, k, (unsigned long)r->at >> 12))
					fail("thread %ld: page %lu at %p has 0x%lx", me, k,
					     (void *)r->at, r->at[k * (PAGE / 8)]);
			RAW(__NR_munmap, r->at, r->pages * PAGE);
			r->at = NULL;
			continue;
		}
		r->pages = 1 + below(random, 5);
		r->at = (unsigned long *)RAW(__NR_mmap, 0, r->pages * PAGE, RW, ANONYMOUS, -1, 0);
		for (unsigned long k = 0; k < r->pages; k++) {
			if (r->at[k * (PAGE / 8)])
				fail("thread %ld: fresh page at %p has 0x%lx", me, (void *)r->at,
				     r->at[k * (PAGE / 8)]);
			r->at[k * (PAGE / 8)] = stamp(me, k, (unsigned long)r->at >> 12);
		}
	}
	for (int i = 0; i < NR(rooms); i++)
		if (rooms[i].at)
			RAW(__NR_munmap, rooms[i].at, rooms[i].pages * PAGE);
}

static void grow(void *number)
{
	struct random random = random_for((long)number);

	if (number == 0)
		grow_and_shrink_heap(&random);
	else
		take_room((long)number, &random);
}

static void room_is_given_to_one_only(void)
{
	run_threads(THREADS, grow);
}

STRESS_MAIN("stress_mm", CASE(neighbours_do_not_disturb_each_other),
	    CASE(what_is_taken_away_is_gone_for_all), CASE(no_first_touch_is_lost),
	    CASE(room_is_given_to_one_only))
