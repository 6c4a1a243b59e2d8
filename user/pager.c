/*
 * user/pager.c - a pager written as a signal handler
 *
 * What the kernel does for every program, this one does for itself: it maps sixteen pages without any rights, and
 * each access that faults comes back as SIGSEGV with the address.  The handler brings the page in, gives the right
 * that was missing, and returns; the processor repeats the instruction, which now succeeds.
 *
 *      PROT_NONE --- read or write ---> PROT_READ --- write ---> PROT_READ|PROT_WRITE
 *          ^           page in            clean                        dirty
 *          |                                |                            |
 *          +------- evicted: nothing to do -+--- evicted: written back --+
 *
 * Only four pages may be in at a time, so the fifth pushes out the one that came first.  A page that was only read
 * is clean and is dropped; one that was written is dirty and its contents go to the "disk" (an array) first.  That
 * is the whole difference between the two faults that a page takes: the second one tells that it is dirty.
 *
 * All of the handler's calls (mprotect, madvise) are plain system calls, which a signal handler may make.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "lib/show.h"

static const char help[] =
	"pager: sixteen pages, of which four may be in memory; faults are handled by the program itself,\n"
	"in a SIGSEGV handler that pages in, marks dirty, evicts and writes back.\n";

#define NR_PAGES  16
#define NR_FRAMES 4

enum state { OUT, CLEAN, DIRTY };

static volatile char *area;
static char disk[NR_PAGES][PAGE];
static enum state state[NR_PAGES];
static int frames[NR_FRAMES]; /* pages that are in, oldest first */
static int nr_in;
static int faults, page_ins, write_backs, drops;

static char *page_address(int page)
{
	return (char *)area + (size_t)page * PAGE;
}

static void evict_oldest(void)
{
	int page = frames[0];

	if (state[page] == DIRTY) {
		memcpy(disk[page], page_address(page), PAGE);
		write_backs++;
	} else {
		drops++;
	}
	madvise(page_address(page), PAGE, MADV_DONTNEED); /* the frame goes back to the kernel */
	mprotect(page_address(page), PAGE, PROT_NONE);
	state[page] = OUT;
	memmove(frames, frames + 1, (NR_FRAMES - 1) * sizeof(frames[0]));
	nr_in--;
}

static void page_in(int page)
{
	if (nr_in == NR_FRAMES)
		evict_oldest();
	mprotect(page_address(page), PAGE, PROT_READ | PROT_WRITE);
	memcpy(page_address(page), disk[page], PAGE);
	mprotect(page_address(page), PAGE, PROT_READ); /* the first write shall fault, too */
	state[page] = CLEAN;
	frames[nr_in++] = page;
	page_ins++;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	char *addr = info->si_addr;
	int page = (int)((addr - (char *)area) / (long)PAGE);

	(void)context;
	if (addr < (char *)area || page >= NR_PAGES) {
		signal(sig, SIG_DFL); /* not ours: die of it */
		return;
	}
	faults++;
	if (state[page] == OUT) {
		page_in(page);
	} else {
		mprotect(addr - (unsigned long)addr % PAGE, PAGE, PROT_READ | PROT_WRITE);
		state[page] = DIRTY;
	}
}

static void row(const char *step)
{
	char map[NR_PAGES + 1];

	for (int i = 0; i < NR_PAGES; i++)
		map[i] = ".rw"[state[i]];
	map[NR_PAGES] = '\0';
	printf("%-36s %s %7d %9d %6d %8d\n", step, map, faults, page_ins, drops, write_backs);
	faults = page_ins = write_backs = drops = 0;
}

/* Reads one byte of each page in [from, to); their sum. */
static int read_pages(int from, int to)
{
	int sum = 0;

	for (int i = from; i < to; i++)
		sum += *(volatile char *)page_address(i);
	return sum;
}

static void write_pages(int from, int to, char value)
{
	for (int i = from; i < to; i++)
		*(volatile char *)page_address(i) = value;
}

int main(int argc, char **argv)
{
	struct sigaction action;
	int sum;

	help_option(argc, argv, help);
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGSEGV, &action, NULL);
	area = mmap(NULL, NR_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (int i = 0; i < NR_PAGES; i++)
		memset(disk[i], i, PAGE);

	heading("sixteen pages, four frames:  . out   r in, clean   w in, dirty");
	printf("%-36s %-16s %7s %9s %6s %8s\n", "after", "pages", "faults", "paged in", "drops",
	       "written");
	row("start");
	sum = read_pages(0, 4);
	row("reading pages 0 to 3");
	sum += read_pages(0, 4);
	row("reading them again");
	write_pages(2, 4, 100);
	row("writing to pages 2 and 3");
	sum += read_pages(4, 6);
	row("reading 4 and 5: 0 and 1 are dropped");
	sum += read_pages(6, 8);
	row("reading 6 and 7: 2 and 3 written");
	write_pages(15, 16, 7);
	row("writing to 15: two faults for one");
	sum = read_pages(2, 4);
	row("reading 2 and 3 back");
	printf("\nWhat came back is what was written: %d + %d = %d.\n", 100, 100, sum);
	return sum == 200 ? 0 : 1;
}
