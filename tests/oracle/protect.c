/*
 * tests/oracle/protect.c - mprotect: cutting, merging, what is refused, and what an access does then
 */
#include <fcntl.h>
#include <unistd.h>
#include "lib/oracle.h"

#define AT 0x40000000UL
#define LO (AT - 0x100000)
#define HI (AT + 0x100000)

static long map(unsigned long addr, size_t pages, int prot)
{
	return RAW(__NR_mmap, addr, pages * PAGE, prot, ANON | MAP_FIXED, -1, 0);
}

static long protect(unsigned long addr, size_t len, int prot)
{
	return RAW(__NR_mprotect, addr, len, prot);
}

static void errors(void)
{
	int fd = page_file("f", PAGE), ro = open("f", O_RDONLY);
	char *p;

	map(AT, 4, RW);
	ask("length 0", protect(AT, 0, R));
	ask("length 0, nothing there", protect(HI, 0, R));
	ask("odd address", protect(AT + 1, PAGE, R));
	ask("odd address, length 0", protect(AT + 1, 0, R));
	ask("odd length", protect(AT, 1, R));
	ask("nothing there", protect(HI, PAGE, R));
	ask("unknown prot bits", protect(AT, PAGE, 0x10));
	ask("PROT_SEM", protect(AT, PAGE, RW | PROT_SEM));
	ask("growsdown, no such mapping", protect(AT, PAGE, R | PROT_GROWSDOWN));
	ask("growsup, no such mapping", protect(AT, PAGE, R | PROT_GROWSUP));
	ask("growsdown and growsup", protect(AT, PAGE, R | PROT_GROWSDOWN | PROT_GROWSUP));
	ask("length -1", protect(AT, ~0UL, R));
	ask("length wraps", protect(AT, -PAGE, R));
	ask("kernel address", protect(KERNEL, PAGE, R));
	ask("end of user space", protect(USER_END, PAGE, R));
	ask("over the end of a mapping", protect(AT + 3 * PAGE, 2 * PAGE, R));
	picture("the part before the end has changed", LO, HI);
	RAW(__NR_munmap, AT + PAGE, PAGE);
	ask("over a hole", protect(AT, 3 * PAGE, R));
	picture("the part before the hole has changed", LO, HI);
	p = mmap(NULL, PAGE, R, MAP_SHARED, ro, 0);
	ask("shared, read only file, to write", protect((unsigned long)p, PAGE, RW));
	p = mmap(NULL, PAGE, R, MAP_PRIVATE, ro, 0);
	ask("private, read only file, to write", protect((unsigned long)p, PAGE, RW));
	p = mmap(NULL, PAGE, R, MAP_SHARED, fd, 0);
	ask("shared, writable file, to write", protect((unsigned long)p, PAGE, RW));
}

static void cuts_and_merges(void)
{
	map(AT, 5, RW);
	protect(AT + 2 * PAGE, PAGE, R);
	picture("in the middle", LO, HI);
	protect(AT, PAGE, R);
	picture("at the start", LO, HI);
	protect(AT + PAGE, PAGE, R);
	picture("joined", LO, HI);
	protect(AT + 4 * PAGE, PAGE, R);
	picture("at the end", LO, HI);
	protect(AT + 2 * PAGE, 2 * PAGE, RX);
	picture("over a border", LO, HI);
	protect(AT, 5 * PAGE, RW);
	picture("all the same again", LO, HI);
	protect(AT + PAGE, PAGE, RW);
	picture("nothing changes", LO, HI);
	protect(AT + PAGE, 2 * PAGE, NONE);
	protect(AT + 3 * PAGE, PAGE, NONE);
	picture("extended to the right", LO, HI);
	protect(AT, PAGE, NONE);
	picture("extended to the left", LO, HI);
}

static void with_pages(void)
{
	char *p = (char *)AT;

	map(AT, 4, RW);
	p[0] = p[PAGE] = p[2 * PAGE] = p[3 * PAGE] = 1;
	protect(AT + PAGE, PAGE, R);
	picture("cut among touched pages", LO, HI);
	protect(AT + PAGE, PAGE, RW);
	picture("and back", LO, HI);
	map(AT + 4 * PAGE, 2, R);
	protect(AT + 4 * PAGE, 2 * PAGE, RW);
	picture("fresh pages join touched ones", LO, HI);
	protect(AT, PAGE, NONE);
	say("none, read", "%s", touch(p, 'r'));
	say("none, write", "%s", touch(p, 'w'));
	protect(AT, PAGE, R);
	say("read only, read", "%s", touch(p, 'r'));
	say("read only, write", "%s", touch(p, 'w'));
	say("contents survive", "%d", p[0]);
	protect(AT, PAGE, RW);
	say("writable, write", "%s", touch(p, 'w'));
	say("no exec, run", "%s", touch(p, 'x'));
	*(volatile char *)p = (char)0xc3;
	protect(AT, PAGE, RX);
	say("exec, run a return", "%s", touch(p, 'x'));
	say("exec, write", "%s", touch(p, 'w'));
	protect(AT, PAGE, PROT_EXEC);
	say("exec only, read", "%s", touch(p, 'r'));
	say("exec only, run", "%s", touch(p, 'x'));
	protect(AT, PAGE, PROT_WRITE);
	say("write only, read", "%s", touch(p, 'r'));
	say("write only, run", "%s", touch(p, 'x'));
}

static void growsdown(void)
{
	RAW(__NR_mmap, AT, 4 * PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	picture("growsdown mapping", LO, HI);
	ask("growsdown from its middle", protect(AT + 2 * PAGE, PAGE, R | PROT_GROWSDOWN));
	picture("its start has changed too", LO, HI);
	ask("growsdown, whole", protect(AT, 4 * PAGE, RW | PROT_GROWSDOWN));
	picture("whole again", LO, HI);
}

static void files(void)
{
	int fd = page_file("f", 2 * PAGE);
	char *p = mmap((void *)AT, 2 * PAGE, R, MAP_PRIVATE | MAP_FIXED, fd, 0), *s, byte;

	protect(AT, PAGE, RW);
	picture("private file, half writable", LO, HI);
	p[0] = 7;
	protect(AT, PAGE, R);
	picture("and back", LO, HI);
	say("own copy survives", "%d %d", p[0], p[1]);
	say("write to the rest", "%s", touch(p + PAGE, 'w'));
	s = mmap((void *)(AT + 4 * PAGE), 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	s[0] = 5;
	protect(AT + 4 * PAGE, PAGE, R);
	say("shared, read only, write", "%s", touch(s, 'w'));
	protect(AT + 4 * PAGE, PAGE, RW);
	s[0] = 6;
	RAW(__NR_pread64, fd, &byte, 1, 0);
	say("shared, writable again, in the file", "%d", byte);
}

static void accounting(void)
{
	ask_done("1 GiB none without reserve",
		 RAW(__NR_mmap, 0x200000000, 1UL << 30, NONE, ANON | MAP_FIXED, -1, 0));
	ask("1 GiB made writable", protect(0x200000000, 1UL << 30, RW));
	ask_done("1 TiB none",
		 RAW(__NR_mmap, 0x10000000000, 1UL << 40, NONE, ANON | MAP_FIXED, -1, 0));
	ask("1 TiB made writable", protect(0x10000000000, 1UL << 40, RW));
	ask("1 TiB made readable", protect(0x10000000000, 1UL << 40, R));
}

ORACLE(GROUP(errors), GROUP(cuts_and_merges), GROUP(with_pages), GROUP(growsdown), GROUP(files),
       GROUP(accounting))
