/*
 * tests/oracle/advise.c - madvise, mincore, msync, mlock: what they refuse, and what is in memory afterwards
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/oracle.h"

#define AT 0x40000000UL
#define LO (AT - 0x100000)
#define HI (AT + 0x100000)

static char *const p = (char *)AT;

static void map(unsigned long addr, size_t pages, int prot)
{
	RAW(__NR_mmap, addr, pages * PAGE, prot, ANON | MAP_FIXED, -1, 0);
}

static long advise(unsigned long addr, size_t len, int advice)
{
	return RAW(__NR_madvise, addr, len, advice);
}

/* A digit for each page: is it in memory? */
static const char *resident(unsigned long addr, size_t pages)
{
	unsigned char vec[64];
	static char digits[65];
	long err = RAW(__NR_mincore, addr, pages * PAGE, vec);

	if (err)
		return answer(err);
	for (size_t i = 0; i < pages; i++)
		digits[i] = (char)('0' + (vec[i] & 1));
	digits[pages] = 0;
	return digits;
}

static void madvise_errors(void)
{
	static const struct {
		int advice;
		const char *name;
	} advices[] = {
		{ MADV_NORMAL, "NORMAL" },
		{ MADV_RANDOM, "RANDOM" },
		{ MADV_SEQUENTIAL, "SEQUENTIAL" },
		{ MADV_WILLNEED, "WILLNEED" },
		{ MADV_DONTNEED, "DONTNEED" },
		{ MADV_FREE, "FREE" },
		{ MADV_REMOVE, "REMOVE" },
		{ MADV_DONTFORK, "DONTFORK" },
		{ MADV_DOFORK, "DOFORK" },
		{ MADV_DONTDUMP, "DONTDUMP" },
		{ MADV_DODUMP, "DODUMP" },
		{ MADV_WIPEONFORK, "WIPEONFORK" },
		{ MADV_KEEPONFORK, "KEEPONFORK" },
		{ MADV_COLD, "COLD" },
		{ MADV_PAGEOUT, "PAGEOUT" },
		{ MADV_POPULATE_READ, "POPULATE_READ" },
		{ MADV_POPULATE_WRITE, "POPULATE_WRITE" },
		{ MADV_DONTNEED_LOCKED, "DONTNEED_LOCKED" },
		{ 5, "5" },
		{ 77, "77" },
		{ -1, "-1" },
	};

	for (int i = 0; i < NR(advices); i++) {
		int a = advices[i].advice;
		const char *name = advices[i].name;
		int fd = page_file("f", PAGE);

		map(AT, 4, RW);
		ask(text("%s, anonymous", name), advise(AT, 4 * PAGE, a));
		ask(text("%s, length 0", name), advise(AT, 0, a));
		ask(text("%s, odd address", name), advise(AT + 1, PAGE, a));
		ask(text("%s, nothing there", name), advise(HI, PAGE, a));
		ask(text("%s, length -1", name), advise(AT, ~0UL, a));
		munmap(p + PAGE, PAGE);
		ask(text("%s, over a hole", name), advise(AT, 4 * PAGE, a));
		mmap(p, PAGE, R, MAP_SHARED | MAP_FIXED, fd, 0);
		ask(text("%s, shared file, read only", name), advise(AT, PAGE, a));
		mmap(p, PAGE, R, MAP_PRIVATE | MAP_FIXED, fd, 0);
		ask(text("%s, private file", name), advise(AT, PAGE, a));
		mmap(p, PAGE, NONE, ANON | MAP_FIXED, -1, 0);
		ask(text("%s, PROT_NONE", name), advise(AT, PAGE, a));
		munmap(p, 4 * PAGE);
		close(fd);
	}
}

static void dontneed(void)
{
	int fd = page_file("f", 2 * PAGE);

	map(AT, 4, RW);
	memset(p, 7, 4 * PAGE);
	say("touched", "%s", resident(AT, 4));
	ask("dontneed two", advise(AT + PAGE, 2 * PAGE, MADV_DONTNEED));
	say("after dontneed", "%s", resident(AT, 4));
	say("reads as", "%d %d %d %d", p[0], p[PAGE], p[2 * PAGE], p[3 * PAGE]);
	say("after reading", "%s", resident(AT, 4));
	picture("mapping is as it was", LO, HI);
	mprotect(p, PAGE, NONE);
	advise(AT, PAGE, MADV_DONTNEED);
	mprotect(p, PAGE, RW);
	say("dontneed without rights", "%d", p[0]);
	mmap(p, 2 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	p[0] = 99;
	advise(AT, PAGE, MADV_DONTNEED);
	say("private file, back to the file's", "%d", p[0]);
	mmap(p, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	p[0] = 98;
	advise(AT, PAGE, MADV_DONTNEED);
	say("shared file keeps", "%d", p[0]);
	map(AT, 4, RW);
	memset(p, 7, 4 * PAGE);
	munmap(p + PAGE, PAGE);
	ask("dontneed over a hole", advise(AT, 4 * PAGE, MADV_DONTNEED));
	say("done all the same", "%d %d", p[0], p[3 * PAGE]);
}

static void remove_and_populate(void)
{
	int fd = page_file("f", 4 * PAGE);
	char byte = 9;

	mmap(p, 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	ask("remove, shared file of tmpfs", advise(AT + PAGE, PAGE, MADV_REMOVE));
	say("reads as", "%d %d", p[PAGE], p[2 * PAGE]);
	RAW(__NR_pread64, fd, &byte, 1, PAGE);
	say("file reads as", "%d", byte);
	map(AT, 4, RW);
	ask("populate for reading", advise(AT, 2 * PAGE, MADV_POPULATE_READ));
	ask("populate for writing", advise(AT + 2 * PAGE, 2 * PAGE, MADV_POPULATE_WRITE));
	say("populated", "%s", resident(AT, 4));
	map(AT, 2, R);
	ask("populate for writing, read only", advise(AT, PAGE, MADV_POPULATE_WRITE));
	mmap(p, 4 * PAGE, R, MAP_PRIVATE | MAP_FIXED, fd, 3 * PAGE);
	ask("populate beyond the file", advise(AT, 4 * PAGE, MADV_POPULATE_READ));
	RAW(__NR_mmap, AT, 4 * PAGE, RW, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
	say("MAP_POPULATE", "%s", resident(AT, 4));
	RAW(__NR_mmap, AT, 4 * PAGE, NONE, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
	say("MAP_POPULATE without rights", "%s", resident(AT, 4));
}

static void look(void *unused)
{
	(void)unused;
	say("child, wiped page", "%d", p[0]);
	say("child, page not inherited", "%s", touch(p + PAGE, 'r'));
	say("child, ordinary page", "%d", p[2 * PAGE]);
	picture("child's mappings", LO, HI);
}

static void over_fork(void)
{
	map(AT, 3, RW);
	memset(p, 7, 3 * PAGE);
	advise(AT, PAGE, MADV_WIPEONFORK);
	advise(AT + PAGE, PAGE, MADV_DONTFORK);
	picture("flags cut", LO, HI);
	say("child", "%s", answer(in_child(look, NULL)));
	advise(AT, PAGE, MADV_KEEPONFORK);
	advise(AT + PAGE, PAGE, MADV_DOFORK);
	picture("flags joined", LO, HI);
	advise(AT, PAGE, MADV_RANDOM);
	picture("random cut", LO, HI);
	advise(AT, PAGE, MADV_NORMAL);
	picture("random joined", LO, HI);
	advise(AT + PAGE, PAGE, MADV_DONTDUMP);
	picture("dontdump cut", LO, HI);
}

static void mincores(void)
{
	unsigned char vec[8] = { 0 };
	int fd = page_file("f", 2 * PAGE);

	map(AT, 4, RW);
	ask("mincore, odd address", RAW(__NR_mincore, AT + 1, PAGE, vec));
	ask("mincore, length 0", RAW(__NR_mincore, AT, 0, vec));
	ask("mincore, length 0, bad vector", RAW(__NR_mincore, AT, 0, BAD));
	ask("mincore, bad vector", RAW(__NR_mincore, AT, PAGE, BAD));
	ask("mincore, kernel vector", RAW(__NR_mincore, AT, PAGE, KERNEL));
	ask("mincore, nothing there", RAW(__NR_mincore, HI, PAGE, vec));
	ask("mincore, over the end", RAW(__NR_mincore, AT + 3 * PAGE, 2 * PAGE, vec));
	ask("mincore, kernel address", RAW(__NR_mincore, KERNEL, PAGE, vec));
	ask("mincore, length -1", RAW(__NR_mincore, AT, ~0UL, vec));
	ask("mincore, odd length", RAW(__NR_mincore, AT, 1, vec));
	say("mincore, fresh", "%s", resident(AT, 4));
	p[PAGE] = 1;
	(void)*(volatile char *)(p + 3 * PAGE);
	say("mincore, one written, one read", "%s", resident(AT, 4));
	mprotect(p, 4 * PAGE, NONE);
	say("mincore, without rights", "%s", resident(AT, 4));
	mmap(p, 4 * PAGE, R, MAP_SHARED | MAP_FIXED, fd, 0);
	say("mincore, file in the cache, not mapped, and beyond its end", "%s", resident(AT, 4));
}

static void msyncs(void)
{
	int fd = page_file("f", 2 * PAGE);

	map(AT, 4, RW);
	ask("msync, anonymous", RAW(__NR_msync, AT, PAGE, MS_SYNC));
	ask("msync, flags 0", RAW(__NR_msync, AT, PAGE, 0));
	ask("msync, async and sync", RAW(__NR_msync, AT, PAGE, MS_SYNC | MS_ASYNC));
	ask("msync, unknown flag", RAW(__NR_msync, AT, PAGE, 8));
	ask("msync, odd address", RAW(__NR_msync, AT + 1, PAGE, MS_SYNC));
	ask("msync, length 0", RAW(__NR_msync, AT, 0, MS_SYNC));
	ask("msync, nothing there", RAW(__NR_msync, HI, PAGE, MS_SYNC));
	ask("msync, nothing there, async", RAW(__NR_msync, HI, PAGE, MS_ASYNC));
	ask("msync, length 0, nothing there", RAW(__NR_msync, HI, 0, MS_SYNC));
	ask("msync, over the end", RAW(__NR_msync, AT, 8 * PAGE, MS_SYNC));
	ask("msync, length -1", RAW(__NR_msync, AT, ~0UL, MS_SYNC));
	ask("msync, length -4096", RAW(__NR_msync, AT, -PAGE, MS_SYNC));
	mmap(p, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	p[0] = 5;
	ask("msync, shared file", RAW(__NR_msync, AT, 2 * PAGE, MS_SYNC));
	ask("msync, shared file, async", RAW(__NR_msync, AT, 2 * PAGE, MS_ASYNC));
	ask("msync, invalidate", RAW(__NR_msync, AT, 2 * PAGE, MS_INVALIDATE));
	munmap(p + 2 * PAGE, PAGE);
	ask("msync, over a hole", RAW(__NR_msync, AT, 4 * PAGE, MS_SYNC));
}

ORACLE(GROUP(madvise_errors), GROUP(dontneed), GROUP(remove_and_populate), GROUP(over_fork),
       GROUP(mincores), GROUP(msyncs))
