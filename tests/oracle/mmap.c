/*
 * tests/oracle/mmap.c - mmap and munmap: where mappings go, what they merge with, what is refused
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lib/oracle.h"

static long map(unsigned long addr, size_t len, int prot, int flags)
{
	return RAW(__NR_mmap, addr, len, prot, flags, -1, 0);
}

static long map_file(unsigned long addr, size_t len, int prot, int flags, int fd, long offset)
{
	return RAW(__NR_mmap, addr, len, prot, flags, fd, offset);
}

static void errors(void)
{
	ask("mmap, length 0", map(0, 0, RW, ANON));
	ask("mmap, length 0, fixed", map(0x10000000, 0, RW, ANON | MAP_FIXED));
	ask("mmap, no type", map(0, PAGE, RW, MAP_ANONYMOUS));
	ask("mmap, type 4", map(0, PAGE, RW, MAP_ANONYMOUS | 4));
	ask("mmap, type 0xf", map(0, PAGE, RW, MAP_ANONYMOUS | 0xf));
	ask("mmap, anonymous shared validate",
	    map(0, PAGE, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE));
	ask("mmap, offset 1", map_file(0, PAGE, RW, ANON, -1, 1));
	ask("mmap, offset -1", map_file(0, PAGE, RW, ANON, -1, -1));
	ask_done("mmap, anonymous with an offset", map_file(0, PAGE, RW, ANON, -1, 0x100000));
	ask_done("mmap, anonymous with a bad descriptor", map_file(0, PAGE, RW, ANON, 999, 0));
	ask_done("mmap, private anonymous, offset wraps",
		 map_file(0, 2 * PAGE, RW, ANON, -1, -(long)PAGE));
	ask_done("mmap, shared anonymous, offset wraps",
		 map_file(0, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, -(long)PAGE));
	ask("mmap, length 1 << 47", map(0, 1UL << 47, RW, ANON));
	ask("mmap, length -1", map(0, ~0UL, RW, ANON));
	ask("mmap, length -4096", map(0, -PAGE, RW, ANON));
	ask("mmap, length beyond what was free", map(0, USER_END - 0x10000, RW, ANON));
	ask("mmap, 1 TiB of memory", map(0, 1UL << 40, RW, ANON));
	ask_done("mmap, 1 TiB without reserve", map(0, 1UL << 40, RW, ANON | MAP_NORESERVE));
	ask_done("mmap, 1 TiB PROT_NONE", map(0, 1UL << 40, NONE, ANON));
	ask_done("mmap, unknown prot bits", map(0, PAGE, RW | 0x100, ANON));
	ask_done("mmap, unknown flags", map(0, PAGE, RW, ANON | 0x8000000));
	ask("mmap, huge pages, none reserved", map(0, 2 << 20, RW, ANON | MAP_HUGETLB));
	ask("mmap, huge pages of no such size",
	    map(0, 2 << 20, RW, ANON | MAP_HUGETLB | 5 << MAP_HUGE_SHIFT));
}

static void file_errors(void)
{
	int rw = page_file("f", 3 * PAGE), ro = open("f", O_RDONLY), wo = open("f", O_WRONLY),
	    fds[2];
	int path = open("f", O_PATH), dir = open(".", O_RDONLY), null = open("/dev/null", O_RDWR);

	ask("map file, descriptor -1", map_file(0, PAGE, R, MAP_PRIVATE, -1, 0));
	ask("map file, descriptor 999", map_file(0, PAGE, R, MAP_PRIVATE, 999, 0));
	ask("map file, length 0", map_file(0, 0, R, MAP_PRIVATE, rw, 0));
	ask("map file, bad descriptor and length 0", map_file(0, 0, R, MAP_PRIVATE, 999, 0));
	ask("map file, odd offset", map_file(0, PAGE, R, MAP_PRIVATE, rw, 0x123));
	ask("map file, offset wraps", map_file(0, 2 * PAGE, R, MAP_PRIVATE, rw, -(long)PAGE));
	ask("map file, offset too large for a file",
	    map_file(0, PAGE, R, MAP_PRIVATE, rw, 1L << 62));
	ask("map file, last offset", map_file(0, PAGE, R, MAP_PRIVATE, rw, 0x7ffffffffffff000));
	ask("map file, neither type", map_file(0, PAGE, R, 0, rw, 0));
	ask("map file, write only", map_file(0, PAGE, R, MAP_PRIVATE, wo, 0));
	ask("map file, write only, for writing", map_file(0, PAGE, PROT_WRITE, MAP_SHARED, wo, 0));
	ask("map file, read only, shared for writing", map_file(0, PAGE, RW, MAP_SHARED, ro, 0));
	ask_done("map file, read only, private for writing",
		 map_file(0, PAGE, RW, MAP_PRIVATE, ro, 0));
	ask_done("map file, read only, shared for reading",
		 map_file(0, PAGE, R, MAP_SHARED, ro, 0));
	ask("map file, O_PATH", map_file(0, PAGE, R, MAP_PRIVATE, path, 0));
	ask("map file, a folder", map_file(0, PAGE, R, MAP_PRIVATE, dir, 0));
	ask("map file, /dev/null", map_file(0, PAGE, R, MAP_PRIVATE, null, 0));
	if (pipe(fds) == 0)
		ask("map file, a pipe", map_file(0, PAGE, R, MAP_PRIVATE, fds[0], 0));
	ask("map file, huge pages", map_file(0, PAGE, R, MAP_PRIVATE | MAP_HUGETLB, rw, 0));
	ask("map file, shared validate with MAP_SYNC",
	    map_file(0, PAGE, R, MAP_SHARED_VALIDATE | MAP_SYNC, rw, 0));
	ask("map file, shared validate with an unknown flag",
	    map_file(0, PAGE, R, MAP_SHARED_VALIDATE | 0x8000000, rw, 0));
	ask_done("map file, shared validate", map_file(0, PAGE, R, MAP_SHARED_VALIDATE, rw, 0));
	ask("map file, growsdown", map_file(0, PAGE, R, MAP_SHARED | MAP_GROWSDOWN, rw, 0));
	ask_done("map file, private growsdown",
		 map_file(0, PAGE, R, MAP_PRIVATE | MAP_GROWSDOWN, rw, 0));
	ask("map anonymous shared growsdown",
	    map(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN));
	ask_done("map /proc/version",
		 map_file(0, PAGE, R, MAP_PRIVATE, open("/proc/version", O_RDONLY), 0));
	ask_done("map /dev/zero private",
		 map_file(0, PAGE, RW, MAP_PRIVATE, open("/dev/zero", O_RDWR), 0));
	ask_done("map /dev/zero shared",
		 map_file(0, PAGE, RW, MAP_SHARED, open("/dev/zero", O_RDWR), 0));
}

static void addresses(void)
{
	ask("fixed, odd address", map(0x1234567, PAGE, RW, ANON | MAP_FIXED));
	ask("fixed, last page of user space",
	    map(USER_END - PAGE, PAGE, R, ANON | MAP_FIXED_NOREPLACE));
	ask("fixed, at the end of user space", map(USER_END, PAGE, RW, ANON | MAP_FIXED));
	ask("fixed, across the end of user space",
	    map(USER_END - PAGE, 2 * PAGE, RW, ANON | MAP_FIXED));
	ask("fixed, non-canonical", map(NONCANON, PAGE, RW, ANON | MAP_FIXED));
	ask("fixed, kernel address", map(KERNEL, PAGE, RW, ANON | MAP_FIXED));
	ask("fixed, last page of all", map(-PAGE, PAGE, RW, ANON | MAP_FIXED));
	ask("fixed, page 0 as root", map(0, PAGE, RW, ANON | MAP_FIXED));
	ask("fixed, 0x1000 as root", map(0x1000, PAGE, RW, ANON | MAP_FIXED));
	ask("fixed, below the first 64 KiB to above", map(0xf000, 3 * PAGE, RW, ANON | MAP_FIXED));
	ask("noreplace, odd address", map(0x1234567, PAGE, RW, ANON | MAP_FIXED_NOREPLACE));
	ask("noreplace, in use",
	    map((unsigned long)map_pages(1, RW), PAGE, RW, ANON | MAP_FIXED_NOREPLACE));
	ask("noreplace, free", map(0x20000000, PAGE, RW, ANON | MAP_FIXED_NOREPLACE));
	ask("noreplace, partly in use", map(0x1ffff000, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE));
	ask("noreplace, behind it", map(0x20001000, PAGE, RW, ANON | MAP_FIXED_NOREPLACE));
	ask("hint 0x1000 as root", map(0x1000, PAGE, NONE, ANON));
	ask("hint 0xf000", map(0xf000, PAGE, R, ANON));
	ask("hint 0x10000", map(0x10000, PAGE, R, ANON));
	ask("hint, odd address", map(0x30000123, PAGE, R, ANON));
	ask("hint, free", map(0x31000000, 2 * PAGE, R, ANON));
	ask("hint, in use", map(0x31000000, PAGE, R, ANON));
	ask("hint, end runs into a mapping", map(0x30fff000, 2 * PAGE, R, ANON));
	ask("hint, at the end of user space", map(USER_END, PAGE, R, ANON));
	ask("hint, kernel address", map(KERNEL, PAGE, R, ANON));
	ask("hint, last page of user space", map(USER_END - PAGE, PAGE, R, ANON));
	ask("hint, just below the stack's guard", map(0x7fffff000000, PAGE, RX, ANON));
	ask("MAP_32BIT", map(0, PAGE, R, ANON | MAP_32BIT));
	ask("MAP_32BIT, second", map(0, PAGE, RW, ANON | MAP_32BIT));
	ask("MAP_32BIT with a hint above", map(0x100000000, PAGE, RW, ANON | MAP_32BIT));
	ask("MAP_32BIT, 2 GiB", map(0, 0x80000000UL, NONE, ANON | MAP_32BIT));
}

static void placement(void)
{
	unsigned long a = (unsigned long)map_pages(3, RW), b, c;

	ask("first mapping", (long)a);
	b = (unsigned long)map(0, 2 * PAGE, R, ANON);
	ask("second goes below", (long)b);
	c = (unsigned long)map(0, 100, RW, ANON);
	ask("length rounded up", (long)c);
	picture_top("picture of three");
	munmap((void *)b, 2 * PAGE);
	ask("gap of two is found again", map(0, PAGE, NONE, ANON));
	ask("larger goes below all", map(0, 3 * PAGE, NONE, ANON));
	picture_top("picture with a gap");
	ask("rest of the gap", map(0, PAGE, NONE, ANON));
	picture_top("picture without");
}

static void merging(void)
{
	unsigned long at = 0x40000000, lo = at - 0x100000, hi = at + 0x100000;
	int fd = page_file("f", 8 * PAGE);

	map(at, PAGE, RW, ANON | MAP_FIXED);
	map(at + PAGE, PAGE, RW, ANON | MAP_FIXED);
	picture("equal neighbours", lo, hi);
	map(at + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED);
	map(at + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED);
	picture("hole filled", lo, hi);
	map(at + PAGE, PAGE, R, ANON | MAP_FIXED);
	picture("replaced in the middle", lo, hi);
	map(at + PAGE, PAGE, RW, ANON | MAP_FIXED);
	picture("replaced again", lo, hi);
	map(at + PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_NORESERVE);
	picture("NORESERVE beside", lo, hi);
	map(at + PAGE, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	picture("shared beside", lo, hi);
	munmap((void *)at, 16 * PAGE);
	map_file(at, PAGE, R, MAP_PRIVATE | MAP_FIXED, fd, 0);
	map_file(at + PAGE, PAGE, R, MAP_PRIVATE | MAP_FIXED, fd, PAGE);
	picture("file, consecutive offsets", lo, hi);
	map_file(at + 2 * PAGE, PAGE, R, MAP_PRIVATE | MAP_FIXED, fd, 5 * PAGE);
	picture("file, a jump of the offset", lo, hi);
	map_file(at + 3 * PAGE, PAGE, R, MAP_SHARED | MAP_FIXED, fd, 6 * PAGE);
	picture("file, shared beside private", lo, hi);
	map_file(at + 4 * PAGE, PAGE, R, MAP_SHARED | MAP_FIXED, open("f", O_RDWR), 7 * PAGE);
	picture("file, another open file", lo, hi);
	unlink("f");
	picture("file, removed", lo, hi);
	map(at, PAGE, RW, ANON | MAP_FIXED);
	map(at - PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN);
	picture("growsdown beside", lo, hi);
}

static void merging_with_pages(void)
{
	unsigned long at = 0x40000000, lo = at - 0x100000, hi = at + 0x100000;
	char *p = (char *)at;

	map(at, PAGE, RW, ANON | MAP_FIXED);
	p[0] = 1;
	map(at + PAGE, PAGE, RW, ANON | MAP_FIXED);
	picture("touched, then fresh behind", lo, hi);
	map(at + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED);
	p[3 * PAGE] = 1;
	map(at + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED);
	picture("two touched parts joined", lo, hi);
	map(at + 5 * PAGE, PAGE, R, ANON | MAP_FIXED);
	(void)*(volatile char *)(p + 5 * PAGE);
	map(at + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED);
	mprotect(p + 5 * PAGE, PAGE, RW);
	picture("touched by reading only", lo, hi);
}

static void munmaps(void)
{
	unsigned long at = 0x40000000, lo = at - 0x100000, hi = at + 0x100000;

	ask("munmap, length 0", RAW(__NR_munmap, at, 0));
	ask("munmap, odd address", RAW(__NR_munmap, at + 1, PAGE));
	ask("munmap, nothing there", RAW(__NR_munmap, at, PAGE));
	ask("munmap, odd length", RAW(__NR_munmap, at, 1));
	ask("munmap, at the end of user space", RAW(__NR_munmap, USER_END, PAGE));
	ask("munmap, across the end of user space", RAW(__NR_munmap, USER_END - PAGE, 2 * PAGE));
	ask("munmap, kernel address", RAW(__NR_munmap, KERNEL, PAGE));
	ask("munmap, non-canonical", RAW(__NR_munmap, NONCANON, PAGE));
	ask("munmap, length -1", RAW(__NR_munmap, at, ~0UL));
	ask("munmap, length wraps to 0", RAW(__NR_munmap, at, -4095UL));
	ask("munmap, length -4096", RAW(__NR_munmap, at, -PAGE));
	map(at, 8 * PAGE, RW, ANON | MAP_FIXED);
	ask("munmap, in the middle", RAW(__NR_munmap, at + 3 * PAGE, 2 * PAGE));
	picture("after a cut in the middle", lo, hi);
	ask("munmap, the start", RAW(__NR_munmap, at, PAGE));
	ask("munmap, the end", RAW(__NR_munmap, at + 7 * PAGE, PAGE));
	picture("after cuts at both ends", lo, hi);
	ask("munmap, over a hole", RAW(__NR_munmap, at + 2 * PAGE, 4 * PAGE));
	picture("after a cut over a hole", lo, hi);
	ask("munmap, length in bytes", RAW(__NR_munmap, at + PAGE, PAGE + 1));
	picture("after a cut in bytes", lo, hi);
	ask("munmap, all", RAW(__NR_munmap, lo, hi - lo));
	picture("after all", lo, hi);
	say("touch after munmap", "%s", touch((void *)at, 'r'));
}

static void contents(void)
{
	int fd = page_file("f", PAGE + 100);
	char *p = (char *)map_file(0, 3 * PAGE, RW, MAP_PRIVATE, fd, 0), *s, byte = 0;

	say("file page 0", "%d", p[0]);
	say("file page 1, last byte of the file", "%d", p[PAGE + 99]);
	say("file page 1, behind the file", "%d", p[PAGE + 100]);
	say("file page 2, read", "%s", touch(p + 2 * PAGE, 'r'));
	say("file page 2, write", "%s", touch(p + 2 * PAGE, 'w'));
	p[0] = 9;
	RAW(__NR_pread64, fd, &byte, 1, 0);
	say("private write in the file", "%d", byte);
	s = (char *)map_file(0, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	s[1] = 8;
	RAW(__NR_pread64, fd, &byte, 1, 1);
	say("shared write in the file", "%d", byte);
	say("shared write in a private page of its own", "%d", p[1]);
	RAW(__NR_pwrite64, fd, "\7", 1, PAGE);
	say("write(2) in an untouched private page", "%d", p[PAGE]);
	say("write(2) in the shared page", "%d", s[PAGE]);
	s[PAGE + 200] = 5;
	ask("ftruncate to grow", RAW(__NR_ftruncate, fd, 3 * PAGE));
	say("behind the old end, written by a mapping", "%d", s[PAGE + 200]);
	say("file page 2 after it grew", "%s", touch(p + 2 * PAGE, 'r'));
	ask("ftruncate to shrink", RAW(__NR_ftruncate, fd, 100));
	say("shared page 1 after it shrank", "%s", touch(s + PAGE, 'r'));
	say("shared page 0 behind byte 100", "%d", s[100]);
	say("private page 0, own copy, byte 0 and 200", "%d %d", p[0], p[200]);
	say("private page 1 after it shrank", "%s", touch(p + PAGE, 'r'));
	ask("close keeps the mapping", RAW(__NR_close, fd));
	say("shared page after close", "%d", s[1]);
}

static void prots(void)
{
	static const int prot[] = { NONE, R, PROT_WRITE, PROT_EXEC, RW, RX, PROT_WRITE | PROT_EXEC,
				    RWX };

	for (int i = 0; i < NR(prot); i++) {
		char *p = (char *)map(0, PAGE, prot[i], ANON);

		say(text("prot %d, in maps", prot[i]), "%s", line_of(p));
		say(text("prot %d, read", prot[i]), "%s", touch(p, 'r'));
		say(text("prot %d, write", prot[i]), "%s", touch(p, 'w'));
		munmap(p, PAGE);
	}
}

static void limits(void)
{
	struct rlimit lim = { 64 << 20, RLIM_INFINITY };
	unsigned long was = 1UL << 46;

	ask("RLIMIT_AS 64 MiB", RAW(__NR_setrlimit, RLIMIT_AS, &lim));
	ask_done("mmap 32 MiB", map(0, 32 << 20, NONE, ANON));
	ask("mmap 64 MiB", map(0, 64 << 20, NONE, ANON));
	ask("mmap, fixed over the first does not count twice",
	    map(top - (32 << 20), 32 << 20, R, ANON | MAP_FIXED));
	lim.rlim_cur = was;
	RAW(__NR_setrlimit, RLIMIT_AS, &lim);
	lim.rlim_cur = 1 << 20;
	ask("RLIMIT_DATA 1 MiB", RAW(__NR_setrlimit, RLIMIT_DATA, &lim));
	ask("data 2 MiB", map(0, 2 << 20, RW, ANON));
	ask_done("2 MiB read only is no data", map(0, 2 << 20, R, ANON));
	ask_done("2 MiB shared is no data", map(0, 2 << 20, RW, MAP_SHARED | MAP_ANONYMOUS));
	ask("brk beyond", RAW(__NR_brk, heap + (2 << 20)) == (long)heap);
}

static void map_count(void)
{
	unsigned long at = 0x100000000;
	long n, err = 0;

	for (n = 0; n < 70000; n++) {
		err = map(at + 2 * PAGE * (unsigned long)n, PAGE, NONE, ANON | MAP_FIXED);
		if (err < 0)
			break;
	}
	say("mappings until it is refused", "%s",
	    n > 65400 && n < 65530 ? "nearly 65530" : text("%ld", n));
	ask("refused by", err);
	ask("give one back", RAW(__NR_munmap, at, PAGE));
	ask("another instead", map(at, PAGE, NONE, ANON | MAP_FIXED));
}

ORACLE(GROUP(errors), GROUP(file_errors), GROUP(addresses), GROUP(placement), GROUP(merging),
       GROUP(merging_with_pages), GROUP(munmaps), GROUP(contents), GROUP(prots), GROUP(limits),
       GROUP(map_count))
