/*
 * user/lazy.c - memory that is promised, and memory that is there
 *
 * mmap only writes down that addresses may be used.  The first access to each page faults, and the fault
 * finds a page frame, clears it and maps it (demand zero).  Reading is cheaper still: one page of zeros
 * serves all readers, and does not count as resident, until somebody writes.
 *
 *     mmap 64 MiB       [................................]     one vm_area_struct, no page
 *     write 3 pages     [#.......#......................#]     three pages, and tables to reach them
 *     MADV_DONTNEED     [................................]     the mapping stays, the pages are gone
 */
#include <stdio.h>
#include <sys/mman.h>
#include "lib/show.h"

static const char help[] =
	"lazy: maps 64 MiB, touches three pages of it, and asks the kernel after each step how many\n"
	"pages are mapped (mincore), how much is resident (RSS) and how many page faults there were.\n"
	"On Linux the RSS may lag behind by a few pages; page faults and mincore are exact.\n";

#define SIZE (64UL << 20)

static volatile char *area;
static struct usage last;

static void row(const char *step)
{
	struct usage now = usage_now();
	size_t pages = area ? resident_pages((char *)area, SIZE) : 0;

	printf("%-34s %10ld KiB %9zu %9ld KiB %+8ld\n", step, now.size_kib, pages, now.rss_kib,
	       now.minor - last.minor);
	fflush(stdout);
	last = usage_now();
}

int main(int argc, char **argv)
{
	char sum;

	help_option(argc, argv, help);
	heading("64 MiB are 16384 pages");
	printf("%-34s %14s %9s %13s %8s\n", "after", "mapped", "pages in", "resident", "faults");
	last = usage_now();
	row("start");

	area = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	row("mmap of 64 MiB");

	area[0] = 1;
	area[SIZE / 4] = 2;
	area[SIZE - 1] = 3;
	row("writing to three pages");

	area[1] = 1;
	area[SIZE / 4 + 1] = 2;
	area[SIZE - 2] = 3;
	row("writing to the same pages");

	sum = 0;
	for (size_t i = 1; i <= 3; i++)
		sum += area[i * 16 * PAGE];
	row("reading three other pages");

	for (size_t i = 1; i <= 3; i++)
		area[i * 16 * PAGE] = 1;
	row("writing to those three");

	madvise((char *)area, SIZE, MADV_DONTNEED);
	row("madvise(MADV_DONTNEED)");

	sum += area[0];
	row("reading the first page again");
	munmap((char *)area, SIZE);
	area = NULL;
	row("munmap");
	printf("\nThe pages read had only zeros (sum %d): fresh memory never shows what was there before.\n",
	       sum);
	return 0;
}
