/*
 * tests/guest/memory.c - the calls that shape an address space
 *
 * mmap, munmap, mprotect, brk, mremap, madvise, mincore by raw system call: what they do, seen in
 * /proc/self/maps and by touching, and every documented error.  Pictures show the address space, a letter
 * a page: A, B mapped, . not.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/check.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static long raw_mmap(unsigned long addr, size_t len, int prot, int flags, int fd, long offset)
{
	return RAW(__NR_mmap, addr, len, prot, flags, fd, offset);
}

/* A place with @pages free pages and one free page on each side: mapped, then given back. */
static char *free_place(size_t pages)
{
	char *p = map_pages(pages + 2, PROT_NONE);

	munmap(p, (pages + 2) * PAGE);
	return p + PAGE;
}

/* mmap */

static void fresh_memory_is_zero(void)
{
	char *p = map_pages(16, RW);

	for (size_t i = 0; i < 16 * PAGE; i++)
		CHECK_EQ(p[i], 0);
}

static void mmap_rounds_length_up(void)
{
	char *p = (char *)raw_mmap(0, 1, RW, ANON, -1, 0);

	CHECK_EQ((unsigned long)p % PAGE, 0);
	p[PAGE - 1] = 1;
}

static void mmap_errors(void)
{
	CHECK_ERR(raw_mmap(0, 0, RW, ANON, -1, 0), EINVAL);
	CHECK_ERR(raw_mmap(0, PAGE, RW, MAP_ANONYMOUS, -1, 0),
		  EINVAL);                                       /* neither shared nor private */
	CHECK_ERR(raw_mmap(0, PAGE, RW, ANON, -1, 100), EINVAL); /* not a multiple of a page */
	CHECK_ERR(raw_mmap(0, PAGE, RW, MAP_SHARED | ANON | 0xc, -1, 0), EINVAL); /* no such type */
}

static void mmap_file_errors(void)
{
	int fd = pattern_file("f", 10), wo, fds[2];

	CHECK_ERR(raw_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
	CHECK_ERR(raw_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, 999, 0), EBADF);
	CHECK_ERR(raw_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL);
	CHECK_ERR(raw_mmap(0, PAGE, PROT_READ, 0, fd, 0), EINVAL);
	CHECK_ERR(raw_mmap(0, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, -(long)PAGE), EOVERFLOW);
	wo = open("f", O_WRONLY);
	CHECK_ERR(raw_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
	CHECK_EQ(pipe(fds), 0);
	CHECK_ERR(raw_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0), ENODEV);
	CHECK_ERR(raw_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0), ENODEV);
}

static void mmap_address_errors(void)
{
	CHECK_ERR(raw_mmap(0x1234567, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
	CHECK_ERR(raw_mmap(0x7ffffffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	CHECK_ERR(raw_mmap(0x7fffffffe000, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	CHECK_ERR(raw_mmap(0xffff888000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	CHECK_ERR(raw_mmap(0, 1UL << 47, RW, ANON, -1, 0), ENOMEM);
	CHECK_ERR(raw_mmap(0, ~0UL, RW, ANON, -1, 0), ENOMEM);
	CHECK_ERR(raw_mmap(0, ~0UL - PAGE, RW, ANON, -1, 0), ENOMEM);
}

static void hint_is_taken_when_free(void)
{
	char *want = free_place(2);

	CHECK_EQ(raw_mmap((unsigned long)want, 2 * PAGE, RW, ANON, -1, 0), want);
}

static void hint_is_rounded_down_to_a_page(void)
{
	char *want = free_place(2);

	CHECK_EQ(raw_mmap((unsigned long)want + 100, 2 * PAGE, RW, ANON, -1, 0), want);
}

static void hint_in_use_goes_elsewhere(void)
{
	char *p = map_pages(2, RW);
	char *q;

	p[0] = 7;
	q = (char *)raw_mmap((unsigned long)p, PAGE, RW, ANON, -1, 0);
	CHECK((unsigned long)q < -4096UL && q != p && q != p + PAGE);
	CHECK_EQ(p[0], 7);
}

static void hint_beyond_user_space_goes_elsewhere(void)
{
	long p = raw_mmap(0xffff888000000000, PAGE, RW, ANON, -1, 0);

	CHECK(p > 0 && p < 0x7ffffffff000);
}

static void nothing_is_placed_below_64_KiB_by_a_hint(void)
{
	CHECK(raw_mmap(0x1000, PAGE, RW, ANON, -1, 0) >= 0x10000);
}

/* AAAA -> ABBA */
static void fixed_replaces_what_is_there(void)
{
	char *p = map_pages(4, RW);

	memset(p, 'A', 4 * PAGE);
	CHECK_EQ(raw_mmap((unsigned long)p + PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0),
		 p + PAGE);
	CHECK_EQ(p[PAGE - 1], 'A');
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(p[3 * PAGE - 1], 0);
	CHECK_EQ(p[3 * PAGE], 'A');
}

static void fixed_noreplace_refuses_what_is_there(void)
{
	char *p = map_pages(4, RW), *hole = free_place(1);

	CHECK_ERR(raw_mmap((unsigned long)p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
		  EEXIST);
	CHECK_EQ(raw_mmap((unsigned long)hole, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), hole);
}

static void map_populate_brings_pages_in(void)
{
	char *p = (char *)raw_mmap(0, 8 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
	unsigned char vec[8];

	CHECK_EQ(mincore(p, 8 * PAGE, vec), 0);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(vec[i] & 1, 1);
}

static void new_mappings_go_below_older_ones(void)
{
	char *p = map_pages(4, PROT_NONE), *q;

	mprotect(p, PAGE, PROT_READ); /* so that they do not merge */
	q = map_pages(4, PROT_NONE);
	CHECK(q < p);
}

/* Splitting and merging */

static void neighbours_with_equal_rights_merge(void)
{
	char *p = free_place(4);
	struct mapping m;

	raw_mmap((unsigned long)p, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	raw_mmap((unsigned long)p + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	CHECK_EQ(count_mappings(p, 4 * PAGE), 2);
	raw_mmap((unsigned long)p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	CHECK_EQ(count_mappings(p, 4 * PAGE), 1);
	CHECK(find_mapping(p, &m) && m.start <= (unsigned long)p &&
	      m.end >= (unsigned long)p + 3 * PAGE);
}

/* AAAA -> A..A */
static void munmap_in_the_middle_splits(void)
{
	char *p = map_pages(4, RW);
	struct mapping m;

	memset(p, 'A', 4 * PAGE);
	CHECK_EQ(munmap(p + PAGE, 2 * PAGE), 0);
	CHECK(find_mapping(p, &m) && m.end == (unsigned long)p + PAGE);
	CHECK(find_mapping(p + 3 * PAGE, &m) && m.start == (unsigned long)p + 3 * PAGE);
	CHECK(!find_mapping(p + PAGE, &m) && !find_mapping(p + 2 * PAGE, &m));
	CHECK_EQ(p[0] + p[3 * PAGE], 'A' + 'A');
	CHECK_EQ(signal_of(touch_read, p + PAGE), SIGSEGV);
}

static void munmap_of_either_end_shortens(void)
{
	char *p = free_place(4);
	struct mapping m;

	raw_mmap((unsigned long)p, 4 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	CHECK_EQ(munmap(p, PAGE), 0);
	CHECK_EQ(munmap(p + 3 * PAGE, PAGE), 0);
	CHECK(find_mapping(p + PAGE, &m));
	CHECK_EQ(m.start, p + PAGE);
	CHECK_EQ(m.end, p + 3 * PAGE);
}

static void munmap_over_holes_and_several_mappings(void)
{
	char *p = map_pages(8, RW);
	struct mapping m;

	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	munmap(p + 4 * PAGE, PAGE);
	CHECK_EQ(munmap(p + PAGE, 6 * PAGE), 0);
	CHECK(find_mapping(p, &m) && find_mapping(p + 7 * PAGE, &m));
	for (int i = 1; i < 7; i++)
		CHECK(!find_mapping(p + i * PAGE, &m));
	CHECK_EQ(munmap(p + PAGE, 6 * PAGE), 0); /* nothing there: no error */
}

static void munmap_errors(void)
{
	char *p = map_pages(2, RW);

	CHECK_ERR(RAW(__NR_munmap, p + 1, PAGE), EINVAL);
	CHECK_ERR(RAW(__NR_munmap, p, 0), EINVAL);
	CHECK_ERR(RAW(__NR_munmap, p, ~0UL), EINVAL);
	CHECK_ERR(RAW(__NR_munmap, 0x7ffffffff000, PAGE), EINVAL);
	CHECK_ERR(RAW(__NR_munmap, 0xffff888000000000, PAGE), EINVAL);
	CHECK_EQ(RAW(__NR_munmap, p, 1), 0); /* rounded up */
	CHECK_EQ(signal_of(touch_read, p + PAGE - 1), SIGSEGV);
	touch_read(p + PAGE);
}

/* mprotect */

/* AAAA -> AaaA -> AAAA */
static void mprotect_splits_and_merges_again(void)
{
	char *p = free_place(4);

	raw_mmap((unsigned long)p, 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	memset(p, 'A', 4 * PAGE);
	CHECK_EQ(mprotect(p + PAGE, 2 * PAGE, PROT_READ), 0);
	CHECK_EQ(count_mappings(p, 4 * PAGE), 3);
	CHECK_EQ(signal_of(touch_write, p + PAGE), SIGSEGV);
	CHECK_EQ(signal_of(touch_write, p), 0);
	CHECK_EQ(mprotect(p + PAGE, 2 * PAGE, RW), 0);
	CHECK_EQ(count_mappings(p, 4 * PAGE), 1);
	p[PAGE] = 'B';
	CHECK_EQ(p[PAGE + 1], 'A');
}

static void each_protection_is_enforced(void)
{
	static const struct {
		int prot, read, write, exec;
	} table[] = {
		{ PROT_NONE, SIGSEGV, SIGSEGV, SIGSEGV },
		{ PROT_READ, 0, SIGSEGV, SIGSEGV },
		{ PROT_READ | PROT_WRITE, 0, 0, SIGSEGV },
		{ PROT_READ | PROT_EXEC, 0, SIGSEGV, 0 },
		{ PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0, 0 },
		{ PROT_WRITE, 0, 0, SIGSEGV }, /* the processor has no write without read */
	};
	char *p = map_pages(1, RW);

	memset(p, 0xc3, PAGE); /* ret */
	for (int i = 0; i < NR(table); i++) {
		CHECK_EQ(mprotect(p, PAGE, table[i].prot), 0);
		CHECK_EQ(signal_of(touch_read, p), table[i].read);
		CHECK_EQ(signal_of(touch_write, p), table[i].write);
		CHECK_EQ(signal_of(touch_exec, p + 1), table[i].exec);
	}
}

static void protection_is_seen_in_maps(void)
{
	char *p = map_pages(1, PROT_NONE);
	struct mapping m;

	CHECK(find_mapping(p, &m) && strcmp(m.perms, "---p") == 0);
	mprotect(p, PAGE, PROT_READ | PROT_EXEC);
	CHECK(find_mapping(p, &m) && strcmp(m.perms, "r-xp") == 0);
	mprotect(p, PAGE, RW);
	CHECK(find_mapping(p, &m) && strcmp(m.perms, "rw-p") == 0);
}

static void mprotect_errors(void)
{
	char *p = map_pages(4, RW);
	int fd = pattern_file("f", PAGE);
	char *shared;

	CHECK_ERR(RAW(__NR_mprotect, p + 1, PAGE, PROT_READ), EINVAL);
	CHECK_ERR(RAW(__NR_mprotect, p, PAGE, 0x100), EINVAL);
	CHECK_EQ(RAW(__NR_mprotect, p, 0, PROT_READ), 0);
	CHECK_ERR(RAW(__NR_mprotect, p, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), EINVAL);
	CHECK_ERR(RAW(__NR_mprotect, p, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL);
	CHECK_ERR(RAW(__NR_mprotect, 0xffff888000000000, PAGE, PROT_READ), ENOMEM);
	munmap(p + 2 * PAGE, PAGE);
	CHECK_ERR(RAW(__NR_mprotect, p, 4 * PAGE, PROT_READ), ENOMEM);
	CHECK_EQ(signal_of(touch_write, p), SIGSEGV); /* what lies before the hole is changed */
	CHECK_EQ(signal_of(touch_write, p + 3 * PAGE), 0);
	close(fd);
	fd = open("f", O_RDONLY);
	shared = (char *)raw_mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if ((unsigned long)shared < -4096UL)
		CHECK_ERR(RAW(__NR_mprotect, shared, PAGE, RW), EACCES);
}

/* brk */

static void brk_moves_the_end_of_the_heap(void)
{
	char *start = (char *)RAW(__NR_brk, 0);
	struct mapping m;

	CHECK_EQ(RAW(__NR_brk, start + 5 * PAGE), start + 5 * PAGE);
	CHECK(find_mapping(start + 4 * PAGE, &m) && strcmp(m.name, "[heap]") == 0 &&
	      strcmp(m.perms, "rw-p") == 0);
	for (size_t i = 0; i < 5 * PAGE; i++)
		CHECK_EQ(start[i], 0);
	memset(start, 'h', 5 * PAGE);
	CHECK_EQ(RAW(__NR_brk, start + PAGE), start + PAGE);
	CHECK_EQ(signal_of(touch_read, start + 3 * PAGE), SIGSEGV);
	CHECK_EQ(RAW(__NR_brk, start + 5 * PAGE), start + 5 * PAGE);
	CHECK_EQ(start[0], 'h');
	CHECK_EQ(start[3 * PAGE], 0);
}

static void brk_keeps_an_unaligned_end(void)
{
	char *start = (char *)RAW(__NR_brk, 0);

	CHECK_EQ(RAW(__NR_brk, start + 100), start + 100);
	CHECK_EQ(RAW(__NR_brk, 0), start + 100);
	start[99] = 1;
	CHECK_EQ(RAW(__NR_brk, start), start);
}

static void brk_refused_returns_the_old_end(void)
{
	char *start = (char *)RAW(__NR_brk, 0);
	char *wall = (char *)(((unsigned long)start + 8 * PAGE) & ~(PAGE - 1));

	CHECK_EQ(RAW(__NR_brk, 0x1000), start);
	CHECK_EQ(RAW(__NR_brk, 0xffff888000000000), start);
	CHECK_EQ(raw_mmap((unsigned long)wall, PAGE, RW, ANON | MAP_FIXED, -1, 0), wall);
	CHECK_EQ(RAW(__NR_brk, start + 64 * PAGE), start);
}

/* mremap */

static void mremap_shrinks_in_place(void)
{
	char *p = map_pages(4, RW);
	struct mapping m;

	memset(p, 'A', 4 * PAGE);
	CHECK_EQ(RAW(__NR_mremap, p, 4 * PAGE, PAGE, 0), p);
	CHECK_EQ(p[0], 'A');
	CHECK(!find_mapping(p + PAGE, &m));
}

static void mremap_grows_into_free_space(void)
{
	char *p = free_place(6);

	raw_mmap((unsigned long)p, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	memset(p, 'A', 2 * PAGE);
	CHECK_EQ(RAW(__NR_mremap, p, 2 * PAGE, 5 * PAGE, 0), p);
	CHECK_EQ(p[2 * PAGE - 1], 'A');
	CHECK_EQ(p[2 * PAGE], 0);
	CHECK_EQ(p[5 * PAGE - 1], 0);
}

static void mremap_moves_contents_when_it_may(void)
{
	char *p = map_pages(3, RW), *q;
	struct mapping m;

	memset(p, 'A', 3 * PAGE);
	mprotect(p + 2 * PAGE, PAGE, PROT_READ); /* an obstacle */
	CHECK_ERR(RAW(__NR_mremap, p, 2 * PAGE, 4 * PAGE, 0), ENOMEM);
	q = (char *)RAW(__NR_mremap, p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	CHECK((unsigned long)q < -4096UL && q != p);
	CHECK_EQ(q[0] + q[2 * PAGE - 1], 'A' + 'A');
	CHECK_EQ(q[2 * PAGE], 0);
	CHECK(!find_mapping(p, &m) || m.start > (unsigned long)p);
}

static void mremap_fixed_moves_exactly_there(void)
{
	char *p = map_pages(2, RW), *to = map_pages(2, RW);
	struct mapping m;

	memset(p, 'A', 2 * PAGE);
	memset(to, 'B', 2 * PAGE);
	CHECK_EQ(RAW(__NR_mremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	CHECK_EQ(to[0] + to[2 * PAGE - 1], 'A' + 'A');
	CHECK(!find_mapping(p, &m));
}

static void mremap_errors(void)
{
	char *p = map_pages(4, RW), *hole = free_place(2);

	CHECK_ERR(RAW(__NR_mremap, p + 1, PAGE, PAGE, 0), EINVAL);
	CHECK_ERR(RAW(__NR_mremap, p, PAGE, 0, 0), EINVAL);
	CHECK_ERR(RAW(__NR_mremap, p, PAGE, PAGE, 0x80), EINVAL);
	CHECK_ERR(RAW(__NR_mremap, p, PAGE, PAGE, MREMAP_FIXED, hole), EINVAL);
	CHECK_ERR(RAW(__NR_mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, hole + 1), EINVAL);
	CHECK_ERR(RAW(__NR_mremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE),
		  EINVAL);
	CHECK_ERR(RAW(__NR_mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      0xffff888000000000),
		  EINVAL);
	CHECK_ERR(RAW(__NR_mremap, hole, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	CHECK_ERR(RAW(__NR_mremap, p, 4 * PAGE, 0x7ffff0000000, MREMAP_MAYMOVE), ENOMEM);
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	CHECK_ERR(RAW(__NR_mremap, p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE),
		  EFAULT); /* spans two mappings */
}

/* madvise, mincore */

static void dontneed_drops_anonymous_contents(void)
{
	char *p = map_pages(4, RW);

	memset(p, 'A', 4 * PAGE);
	CHECK_EQ(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
	CHECK_EQ(p[0] + p[3 * PAGE], 'A' + 'A');
	CHECK_EQ(p[PAGE] + p[3 * PAGE - 1], 0);
}

static void dontneed_of_a_private_file_shows_the_file_again(void)
{
	int fd = pattern_file("f", PAGE);
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);

	p[5] = 'x';
	CHECK_EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	CHECK_EQ(p[5], pattern_at(5));
}

static void madvise_errors(void)
{
	char *p = map_pages(3, RW);

	CHECK_ERR(RAW(__NR_madvise, p + 1, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERR(RAW(__NR_madvise, p, PAGE, 12345), EINVAL);
	CHECK_ERR(RAW(__NR_madvise, p, ~0UL - PAGE, MADV_DONTNEED), EINVAL);
	CHECK_EQ(RAW(__NR_madvise, p, 0, MADV_DONTNEED), 0);
	munmap(p + PAGE, PAGE);
	p[0] = p[2 * PAGE] = 'A';
	CHECK_ERR(RAW(__NR_madvise, p, 3 * PAGE, MADV_DONTNEED), ENOMEM);
	CHECK_EQ(p[0] + p[2 * PAGE], 0); /* what is mapped was advised all the same */
}

static void mincore_sees_which_pages_are_there(void)
{
	char *p = map_pages(5, RW);
	unsigned char vec[5];

	p[PAGE] = p[3 * PAGE] = 1;
	CHECK_EQ(mincore(p, 5 * PAGE, vec), 0);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(vec[i] & 1, i % 2);
	CHECK_EQ(mincore(p, PAGE + 1, vec), 0); /* two pages */
}

static void mincore_errors(void)
{
	char *p = map_pages(3, RW);
	unsigned char vec[8];

	CHECK_ERR(RAW(__NR_mincore, p + 1, PAGE, vec), EINVAL);
	CHECK_ERR(RAW(__NR_mincore, p, PAGE, 0), EFAULT);
	CHECK_ERR(RAW(__NR_mincore, p, PAGE, 0xffff888000000000), EFAULT);
	munmap(p + PAGE, PAGE);
	CHECK_ERR(RAW(__NR_mincore, p, 3 * PAGE, vec), ENOMEM);
	CHECK_ERR(RAW(__NR_mincore, 0xffff888000000000, PAGE, vec), ENOMEM);
}

static void msync_errors(void)
{
	char *p = map_pages(3, RW);

	CHECK_EQ(RAW(__NR_msync, p, 3 * PAGE, MS_SYNC), 0);
	CHECK_ERR(RAW(__NR_msync, p + 1, PAGE, MS_SYNC), EINVAL);
	CHECK_ERR(RAW(__NR_msync, p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERR(RAW(__NR_msync, p, PAGE, 0x80), EINVAL);
	munmap(p + PAGE, PAGE);
	CHECK_ERR(RAW(__NR_msync, p, 3 * PAGE, MS_ASYNC), ENOMEM);
}

/* Copy on write */

static char *cow_area;
static int cow_pipe[2][2];

static void child_writes(void *unused)
{
	(void)unused;
	CHECK_EQ(cow_area[0], 'P');
	cow_area[0] = 'C';
	CHECK_EQ(cow_area[0], 'C');
	CHECK_EQ(cow_area[1], 'P');
}

static void child_writes_are_not_seen_by_the_parent(void)
{
	cow_area = map_pages(2, RW);
	memset(cow_area, 'P', 2 * PAGE);
	CHECK_EQ(in_child(child_writes, NULL), 0);
	CHECK_EQ(cow_area[0], 'P');
}

static void parent_writes_are_not_seen_by_the_child(void)
{
	pid_t pid;
	int status;
	char c;

	cow_area = map_pages(2, RW);
	memset(cow_area, 'P', 2 * PAGE);
	CHECK_EQ(pipe(cow_pipe[0]), 0);
	pid = fork();
	if (pid == 0) {
		CHECK_EQ(read(cow_pipe[0][0], &c, 1), 1);
		_exit(cow_area[0] != 'P' || cow_area[PAGE] != 'P');
	}
	memset(cow_area, 'Q', 2 * PAGE);
	CHECK_EQ(write(cow_pipe[0][1], "x", 1), 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

/* Three generations, each writing one page of three: every view is its own. */
static void grandchildren_keep_their_own_view(void)
{
	int status;
	char *p = map_pages(3, RW);

	memset(p, '0', 3 * PAGE);
	if (fork() == 0) {
		p[0] = '1';
		if (fork() == 0) {
			p[PAGE] = '2';
			_exit(p[0] != '1' || p[PAGE] != '2' || p[2 * PAGE] != '0');
		}
		wait(&status);
		_exit(status || p[0] != '1' || p[PAGE] != '0');
	}
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
	CHECK(p[0] == '0' && p[PAGE] == '0' && p[2 * PAGE] == '0');
}

static void zero_page_is_not_written_through(void)
{
	char *p = map_pages(2, RW);

	touch_read(p);
	touch_read(p + PAGE);
	p[0] = 1;
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(p[1], 0);
}

static void system_calls_copy_on_write_too(void)
{
	int fds[2], status;
	char *p = map_pages(1, RW);
	pid_t pid;

	memset(p, 'P', PAGE);
	CHECK_EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		CHECK_EQ(read(fds[0], p, 3), 3); /* the kernel writes to a shared page */
		_exit(memcmp(p, "newP", 4) != 0);
	}
	CHECK_EQ(write(fds[1], "new", 3), 3);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(p[0], 'P');
}

/* Stack */

static void grow_stack_by(void *bytes)
{
	volatile char *here = (volatile char *)&bytes;

	for (unsigned long off = PAGE; off < (unsigned long)bytes; off += PAGE)
		here[-(long)off] = 1;
}

static void stack_grows_page_by_page_to_its_limit(void)
{
	CHECK_EQ(signal_of(grow_stack_by, (void *)(7UL << 20)), 0);
	CHECK_EQ(signal_of(grow_stack_by, (void *)(9UL << 20)), SIGSEGV);
}

static void touch_far_below(void *bytes)
{
	*((volatile char *)&bytes - (unsigned long)bytes) = 1;
}

static void stack_grows_over_many_pages_at_once(void)
{
	CHECK_EQ(signal_of(touch_far_below, (void *)(4UL << 20)), 0);
	CHECK_EQ(signal_of(touch_far_below, (void *)(16UL << 20)), SIGSEGV);
}

static void grow_towards_mapping(void *pages_between)
{
	unsigned long here = (unsigned long)&pages_between & ~(PAGE - 1);
	unsigned long wall = here - (2UL << 20);

	CHECK_EQ(raw_mmap(wall - PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), wall - PAGE);
	*(volatile char *)(wall + (unsigned long)pages_between * PAGE) = 1;
}

static void stack_keeps_a_gap_of_256_pages(void)
{
	CHECK_EQ(signal_of(grow_towards_mapping, (void *)256), 0);
	CHECK_EQ(signal_of(grow_towards_mapping, (void *)255), SIGSEGV);
}

static void nothing_is_mapped_into_the_stack_gap(void)
{
	unsigned long sp = (unsigned long)&sp;

	for (int i = 0; i < 64; i++)
		CHECK((unsigned long)map_pages(256, RW) < sp - (8UL << 20));
}

static void growsdown_mapping_grows(void)
{
	char *p = (char *)raw_mmap(0, 400 * PAGE, RW, ANON, -1, 0);
	char *top = p + 399 * PAGE;
	struct mapping m;

	munmap(p, 400 * PAGE);
	CHECK_EQ(raw_mmap((unsigned long)top, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0),
		 top);
	top[-1] = 1;
	CHECK(find_mapping(top, &m));
	CHECK_EQ(m.start, top - PAGE);
}

/* Files */

static void private_mapping_shows_the_file(void)
{
	int fd = pattern_file("f", 3 * PAGE + 100);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	close(fd);
	for (size_t i = 0; i < 3 * PAGE + 100; i++)
		CHECK_EQ(p[i], pattern_at(i));
}

static void tail_of_the_last_page_is_zero(void)
{
	int fd = pattern_file("f", PAGE + 100);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	for (size_t i = PAGE + 100; i < 2 * PAGE; i++)
		CHECK_EQ(p[i], 0);
}

static void offset_selects_the_page(void)
{
	int fd = pattern_file("f", 3 * PAGE);
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE);
	struct mapping m;

	CHECK_EQ(p[0], pattern_at(2 * PAGE));
	CHECK(find_mapping(p, &m) && m.offset == 2 * PAGE && strlen(m.name) > 2 &&
	      strcmp(m.name + strlen(m.name) - 2, "/f") == 0);
}

static void page_past_end_of_file_is_SIGBUS(void)
{
	int fd = pattern_file("f", 100);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);

	CHECK_EQ(signal_of(touch_read, p + PAGE - 1), 0);
	CHECK_EQ(signal_of(touch_read, p + PAGE), SIGBUS);
	CHECK_EQ(signal_of(touch_write, p + PAGE), SIGBUS);
}

static void private_writes_do_not_reach_the_file(void)
{
	int fd = pattern_file("f", PAGE);
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	char c;

	p[7] = 'x';
	CHECK_EQ(pread(fd, &c, 1, 7), 1);
	CHECK_EQ(c, pattern_at(7));
	CHECK_EQ(p[7], 'x');
	CHECK_EQ(p[8], pattern_at(8));
}

static void file_writes_are_seen_until_the_page_is_private(void)
{
	int fd = pattern_file("f", PAGE);
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);

	touch_read(p);
	CHECK_EQ(pwrite(fd, "n", 1, 3), 1);
	CHECK_EQ(p[3], 'n');
	p[4] = 'x';
	CHECK_EQ(pwrite(fd, "m", 1, 3), 1);
	CHECK_EQ(p[3], 'n');
}

static void truncation_takes_mapped_pages_away(void)
{
	int fd = pattern_file("f", 3 * PAGE);
	char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	touch_read(p);
	touch_read(p + 2 * PAGE);
	CHECK_EQ(ftruncate(fd, PAGE + 10), 0);
	CHECK_EQ(p[PAGE + 9], pattern_at(PAGE + 9));
	CHECK_EQ(p[PAGE + 10], 0);
	CHECK_EQ(signal_of(touch_read, p + 2 * PAGE), SIGBUS);
	CHECK_EQ(ftruncate(fd, 3 * PAGE), 0);
	CHECK_EQ(p[2 * PAGE], 0);
}

static void file_mapping_outlives_close_and_unlink(void)
{
	int fd = pattern_file("f", PAGE);
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	struct mapping m;

	close(fd);
	CHECK_EQ(unlink("f"), 0);
	CHECK_EQ(p[9], pattern_at(9));
	CHECK(find_mapping(p, &m) && strstr(m.name, "/f (deleted)"));
}

static void split_file_mapping_keeps_offsets(void)
{
	int fd = pattern_file("f", 3 * PAGE);
	char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	struct mapping m;

	munmap(p + PAGE, PAGE);
	CHECK(find_mapping(p + 2 * PAGE, &m) && m.offset == 2 * PAGE);
	CHECK_EQ(p[2 * PAGE], pattern_at(2 * PAGE));
}

static void own_image_is_mapped_with_its_rights(void)
{
	static const char constant = 1;
	static char variable = 1;
	struct mapping m;

	CHECK(find_mapping((void *)run_cases, &m) && strcmp(m.perms, "r-xp") == 0);
	CHECK(find_mapping(&constant, &m) && strcmp(m.perms, "r--p") == 0);
	CHECK(find_mapping(&variable, &m) && strcmp(m.perms, "rw-p") == 0);
	CHECK(find_mapping(&m, &m) && strcmp(m.name, "[stack]") == 0 &&
	      strcmp(m.perms, "rw-p") == 0);
}

static void counters_follow_what_is_touched(void)
{
	struct rusage before, after;
	char *p = map_pages(64, RW);

	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 64; i++)
		p[i * PAGE] = 1;
	getrusage(RUSAGE_SELF, &after);
	CHECK_EQ(after.ru_minflt - before.ru_minflt, 64);
}

static void limit_on_address_space_is_kept(void)
{
	struct rlimit lim = { 64 << 20, 64 << 20 };

	CHECK_EQ(setrlimit(RLIMIT_AS, &lim), 0);
	CHECK_ERR(raw_mmap(0, 65 << 20, RW, ANON, -1, 0), ENOMEM);
	CHECK(raw_mmap(0, 16 << 20, RW, ANON, -1, 0) > 0);
}

/* clang-format off */
TEST_MAIN("memory",
	CASE(fresh_memory_is_zero), CASE(mmap_rounds_length_up), CASE(mmap_errors), CASE(mmap_file_errors),
	CASE(mmap_address_errors), CASE(hint_is_taken_when_free), CASE(hint_is_rounded_down_to_a_page),
	CASE(hint_in_use_goes_elsewhere), CASE(hint_beyond_user_space_goes_elsewhere),
	CASE(nothing_is_placed_below_64_KiB_by_a_hint), CASE(fixed_replaces_what_is_there),
	CASE(fixed_noreplace_refuses_what_is_there), CASE(map_populate_brings_pages_in),
	CASE(new_mappings_go_below_older_ones), CASE(neighbours_with_equal_rights_merge),
	CASE(munmap_in_the_middle_splits), CASE(munmap_of_either_end_shortens),
	CASE(munmap_over_holes_and_several_mappings), CASE(munmap_errors), CASE(mprotect_splits_and_merges_again),
	CASE(each_protection_is_enforced), CASE(protection_is_seen_in_maps), CASE(mprotect_errors),
	CASE(brk_moves_the_end_of_the_heap), CASE(brk_keeps_an_unaligned_end), CASE(brk_refused_returns_the_old_end),
	CASE(mremap_shrinks_in_place), CASE(mremap_grows_into_free_space), CASE(mremap_moves_contents_when_it_may),
	CASE(mremap_fixed_moves_exactly_there), CASE(mremap_errors), CASE(dontneed_drops_anonymous_contents),
	CASE(dontneed_of_a_private_file_shows_the_file_again), CASE(madvise_errors),
	CASE(mincore_sees_which_pages_are_there), CASE(mincore_errors), CASE(msync_errors),
	CASE(child_writes_are_not_seen_by_the_parent), CASE(parent_writes_are_not_seen_by_the_child),
	CASE(grandchildren_keep_their_own_view), CASE(zero_page_is_not_written_through),
	CASE(system_calls_copy_on_write_too), CASE(stack_grows_page_by_page_to_its_limit),
	CASE(stack_grows_over_many_pages_at_once), CASE(stack_keeps_a_gap_of_256_pages),
	CASE(nothing_is_mapped_into_the_stack_gap), CASE(growsdown_mapping_grows),
	CASE(private_mapping_shows_the_file), CASE(tail_of_the_last_page_is_zero), CASE(offset_selects_the_page),
	CASE(page_past_end_of_file_is_SIGBUS), CASE(private_writes_do_not_reach_the_file),
	CASE(file_writes_are_seen_until_the_page_is_private), CASE(truncation_takes_mapped_pages_away),
	CASE(file_mapping_outlives_close_and_unlink), CASE(split_file_mapping_keeps_offsets),
	CASE(own_image_is_mapped_with_its_rights), CASE(counters_follow_what_is_touched),
	CASE(limit_on_address_space_is_kept))
/* clang-format on */
