/*
 * user/layout.c - what lies where in an address space
 *
 * The compiler sorts what a program is made of by what may be done with it, the linker puts like to like,
 * execve maps the pieces with just those rights, and the kernel adds heap, mappings and stack:
 *
 *     0x7ffffffff000  +----------------+
 *                     | stack       v  |  locals, arguments, environment    rw-p, grows down
 *                     :                :
 *                     | mappings    v  |  mmap, large malloc                top-down, below the stack
 *                     :                :
 *                     | heap        ^  |  small malloc, brk                 rw-p, grows up
 *                     | data, bss      |  variables                         rw-p
 *                     | rodata         |  constants                         r--p
 *                     | text           |  machine code                      r-xp
 *     0x400000        | ELF header     |                                    r--p
 *                     +----------------+
 *
 * The program takes one address of each kind and sorts it into the lines of its own /proc/self/maps.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/show.h"

static const char help[] =
	"layout: takes the address of a function, a constant, variables, allocations and so on,\n"
	"and shows in which line of /proc/self/maps each of them lies.  Compare the rights (rwx)\n"
	"with what may be done with the thing: that is what mappings are for.\n";

static const char constant[] = "a constant";
static int initialised = 1;
static int zeroed;
static char big_zeroed[64 << 10];

struct item {
	const char *what;
	unsigned long addr;
};

static void show_items(const struct item *items, int n, const struct mapping *m)
{
	for (int i = 0; i < n; i++)
		if (m->start <= items[i].addr && items[i].addr < m->end)
			printf("        %14lx   %s\n", items[i].addr, items[i].what);
}

int main(int argc, char **argv)
{
	static struct mapping maps[64];
	int local = 0;
	char *small, *large, *file;
	int fd, n;

	help_option(argc, argv, help);
	small = malloc(100);
	large = malloc(1 << 20);
	fd = open("/proc/self/exe", O_RDONLY);
	file = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	const struct item items[] = {
		{ "program headers (AT_PHDR)", getauxval(AT_PHDR) },
		{ "main(), a function", (unsigned long)main },
		{ "malloc(), from the library", (unsigned long)malloc },
		{ "\"a constant\"", (unsigned long)constant },
		{ "static int initialised = 1", (unsigned long)&initialised },
		{ "static int zeroed", (unsigned long)&zeroed },
		{ "static char big_zeroed[65536], its end",
		  (unsigned long)&big_zeroed[sizeof(big_zeroed) - 1] },
		{ "malloc(100)", (unsigned long)small },
		{ "last byte below the break", (unsigned long)sbrk(0) - 1 },
		{ "malloc(1 MiB)", (unsigned long)large },
		{ "mmap() of this program's file", (unsigned long)file },
		{ "vDSO (AT_SYSINFO_EHDR)", getauxval(AT_SYSINFO_EHDR) },
		{ "int local, in main's frame", (unsigned long)&local },
		{ "argv[0], the string", (unsigned long)argv[0] },
		{ "environ[0], the string", (unsigned long)environ[0] },
		{ "16 random bytes (AT_RANDOM)", getauxval(AT_RANDOM) },
	};
	const int nr = sizeof(items) / sizeof(items[0]);

	heading("the lines of /proc/self/maps, lowest first, and what lies in them");
	n = read_maps(maps, 64);
	for (int i = 0; i < n; i++) {
		if (i && maps[i].start != maps[i - 1].end)
			printf("      :  nothing for %lu KiB\n",
			       (maps[i].start - maps[i - 1].end) >> 10);
		printf("%012lx-%012lx %s %8lu KiB  %s\n", maps[i].start, maps[i].end, maps[i].perms,
		       (maps[i].end - maps[i].start) >> 10,
		       maps[i].name[0] ? maps[i].name : "(anonymous)");
		show_items(items, nr, &maps[i]);
	}
	printf("\nA user address is below 0x7ffffffff000; from 0xffff800000000000 on is the kernel.\n");
	return 0;
}
