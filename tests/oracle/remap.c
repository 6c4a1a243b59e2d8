/*
 * tests/oracle/remap.c - mremap: growing, shrinking, moving
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lib/oracle.h"

#define AT   0x40000000UL
#define TO   0x40080000UL
#define LO   (AT - 0x100000)
#define HI   (AT + 0x100000)
#define MAY  MREMAP_MAYMOVE
#define FIX  (MREMAP_MAYMOVE | MREMAP_FIXED)
#define KEEP MREMAP_DONTUNMAP

static char *const p = (char *)AT, *const q = (char *)TO;

static void map(unsigned long addr, size_t pages, int prot)
{
	RAW(__NR_mmap, addr, pages * PAGE, prot, ANON | MAP_FIXED, -1, 0);
}

static void clear(void)
{
	RAW(__NR_munmap, LO, HI - LO);
}

static long remap(unsigned long old, size_t old_len, size_t new_len, int flags, unsigned long to)
{
	return RAW(__NR_mremap, old, old_len, new_len, flags, to);
}

static void errors(void)
{
	map(AT, 4, RW);
	ask("odd address", remap(AT + 1, PAGE, PAGE, MAY, 0));
	ask("nothing there", remap(TO, PAGE, 2 * PAGE, MAY, 0));
	ask("nothing there, shrink", remap(TO, 2 * PAGE, PAGE, MAY, 0));
	ask("new length 0", remap(AT, PAGE, 0, MAY, 0));
	ask("unknown flag", remap(AT, PAGE, PAGE, 8, 0));
	ask("fixed without maymove", remap(AT, PAGE, PAGE, MREMAP_FIXED, TO));
	ask("dontunmap without maymove", remap(AT, PAGE, PAGE, KEEP, TO));
	ask("dontunmap with another length", remap(AT, PAGE, 2 * PAGE, MAY | KEEP, TO));
	ask("fixed, odd target", remap(AT, PAGE, PAGE, FIX, TO + 1));
	ask("fixed, target overlaps", remap(AT, 2 * PAGE, 2 * PAGE, FIX, AT + PAGE));
	ask("fixed, target is the source", remap(AT, PAGE, PAGE, FIX, AT));
	ask("fixed, target contains the source", remap(AT + PAGE, PAGE, 3 * PAGE, FIX, AT));
	ask("fixed, target beyond user space", remap(AT, PAGE, PAGE, FIX, USER_END));
	ask("fixed, target across the end of user space",
	    remap(AT, PAGE, 2 * PAGE, FIX, USER_END - PAGE));
	ask("fixed, kernel target", remap(AT, PAGE, PAGE, FIX, KERNEL));
	ask("new length -1", remap(AT, PAGE, ~0UL, MAY, 0));
	ask("new length 1 << 47", remap(AT, PAGE, 1UL << 47, MAY, 0));
	ask("new length 1 TiB", remap(AT, PAGE, 1UL << 40, MAY, 0));
	ask("old length beyond the mapping", remap(AT, 5 * PAGE, 6 * PAGE, MAY, 0));
	ask("old length -1", remap(AT, ~0UL, PAGE, MAY, 0));
	ask("kernel address", remap(KERNEL, PAGE, 2 * PAGE, MAY, 0));
	ask("old length 0 of private memory", remap(AT, 0, PAGE, MAY, 0));
	picture("nothing happened", LO, HI);
}

static void in_place(void)
{
	map(AT, 4, RW);
	p[0] = 1;
	ask("same length", remap(AT, 4 * PAGE, 4 * PAGE, 0, 0));
	ask("shrink", remap(AT, 4 * PAGE, 2 * PAGE, 0, 0));
	picture("shrunk", LO, HI);
	ask("grow into free space", remap(AT, 2 * PAGE, 6 * PAGE, 0, 0));
	picture("grown", LO, HI);
	map(AT + 6 * PAGE, 1, R);
	ask("grow into a mapping", remap(AT, 6 * PAGE, 7 * PAGE, 0, 0));
	ask("grow from the middle", remap(AT, 3 * PAGE, 4 * PAGE, 0, 0));
	ask("shrink in the middle", remap(AT, 4 * PAGE, 3 * PAGE, 0, 0));
	picture("cut out by shrinking", LO, HI);
	ask("lengths in bytes", remap(AT, 3 * PAGE - 5, 2 * PAGE + 1, 0, 0));
	map(AT + 3 * PAGE, 1, RW);
	picture("filled again", LO, HI);
	ask("same rounded length", remap(AT, 1, 2, 0, 0));
	ask("shrink over two mappings", remap(AT, 7 * PAGE, PAGE, 0, 0));
	picture("one page left", LO, HI);
}

static void moving(void)
{
	map(AT, 3, RW);
	p[0] = 1;
	p[2 * PAGE] = 3;
	map(AT + 3 * PAGE, 1, R);
	ask("grow by moving", remap(AT, 3 * PAGE, 5 * PAGE, MAY, 0));
	picture("source after it moved", LO, HI);
	picture_top("target");
	say("contents", "%d %d %d", ((char *)top - 5 * PAGE)[0], ((char *)top - 3 * PAGE)[0],
	    ((char *)top - PAGE)[0]);
	clear();
	map(AT, 3, RW);
	p[PAGE] = 5;
	ask("fixed", remap(AT, 3 * PAGE, 3 * PAGE, FIX, TO));
	picture("after fixed", LO, HI);
	say("contents after fixed", "%d", q[PAGE]);
	say("source is gone", "%s", touch(p, 'r'));
	map(AT, 2, R);
	ask("fixed over a mapping, shrinking", remap(TO, 3 * PAGE, PAGE, FIX, AT + PAGE));
	picture("after fixed over a mapping", LO, HI);
	ask("fixed, growing", remap(AT, PAGE, 4 * PAGE, FIX, TO));
	picture("after fixed growing", LO, HI);
	ask("part of a mapping", remap(TO + PAGE, PAGE, PAGE, FIX, AT + 0x10000));
	picture("after moving a part", LO, HI);
	ask("back to its place", remap(AT + 0x10000, PAGE, PAGE, FIX, TO + PAGE));
	picture("joined again", LO, HI);
}

static void touched_parts_join(void)
{
	map(AT, 3, RW);
	memset(p, 1, 3 * PAGE);
	remap(AT + PAGE, PAGE, PAGE, FIX, TO);
	picture("touched part away", LO, HI);
	remap(TO, PAGE, PAGE, FIX, AT + PAGE);
	picture("touched part back", LO, HI);
	remap(AT + 2 * PAGE, PAGE, PAGE, FIX, TO);
	remap(AT, PAGE, PAGE, FIX, TO - PAGE);
	picture("parts beside each other that were not", LO, HI);
}

static void dontunmap(void)
{
	map(AT, 2, RW);
	p[0] = 7;
	ask("dontunmap", remap(AT, 2 * PAGE, 2 * PAGE, MAY | KEEP, 0));
	say("moved contents", "%d", ((char *)top - 2 * PAGE)[0]);
	say("source reads as", "%d", p[0]);
	picture("source stays", LO, HI);
	ask("dontunmap, fixed", remap(AT, 2 * PAGE, 2 * PAGE, FIX | KEEP, TO));
	picture("both", LO, HI);
	ask("dontunmap, part", remap(AT, PAGE, PAGE, FIX | KEEP, TO + 0x10000));
	picture("part", LO, HI);
}

static void files(void)
{
	int fd = page_file("f", 6 * PAGE);
	char *s = mmap(p, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, PAGE);

	ask("shared file, grow", remap(AT, 2 * PAGE, 3 * PAGE, 0, 0));
	picture("shared file grown", LO, HI);
	say("next page of the file", "%d", s[2 * PAGE]);
	ask("shared file, old length 0", remap(AT, 0, PAGE, FIX, TO));
	picture("second window", LO, HI);
	s[0] = 99;
	say("same page in both", "%d", q[0]);
	ask("shared file, part moves", remap(AT + PAGE, PAGE, PAGE, FIX, TO + 0x10000));
	picture("offsets follow", LO, HI);
	ask("private file, grow beyond the end of the file",
	    remap((unsigned long)mmap(NULL, PAGE, R, MAP_PRIVATE, fd, 5 * PAGE), PAGE, 3 * PAGE,
		  MAY, 0));
	say("beyond the end", "%s", touch((char *)top - PAGE, 'r'));
	ask("shared anonymous, old length 0",
	    remap((unsigned long)mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 0, PAGE,
		  FIX, TO + 0x20000));
	ask("offset would wrap",
	    remap((unsigned long)mmap(NULL, PAGE, R, MAP_PRIVATE, fd, 0x7ffffffffffff000), PAGE,
		  2 * PAGE, MAY, 0));
}

static void limits(void)
{
	struct rlimit lim = { 64 << 20, RLIM_INFINITY };

	map(AT, 1, RW);
	RAW(__NR_setrlimit, RLIMIT_AS, &lim);
	ask("grow beyond RLIMIT_AS", remap(AT, PAGE, 65 << 20, MAY, 0));
	ask("dontunmap beyond RLIMIT_AS", remap(AT, PAGE, 65 << 20, MAY | KEEP, 0));
	ask("grow within RLIMIT_AS", remap(AT, PAGE, 32 << 20, 0, 0));
	lim.rlim_cur = RLIM_INFINITY;
	RAW(__NR_setrlimit, RLIMIT_AS, &lim);
	lim.rlim_cur = 40 << 20;
	RAW(__NR_setrlimit, RLIMIT_DATA, &lim);
	ask("grow beyond RLIMIT_DATA", remap(AT, 32 << 20, 64 << 20, 0, 0));
}

ORACLE(GROUP(errors), GROUP(in_place), GROUP(moving), GROUP(touched_parts_join), GROUP(dontunmap),
       GROUP(files), GROUP(limits))
