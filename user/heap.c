/*
 * user/heap.c - malloc, brk and mmap
 *
 * The heap is one mapping behind the program's variables; brk moves its end.  malloc takes small blocks
 * from it and asks for more when it is full.  Blocks of 128 KiB and more get a mapping of their own.
 * When the top of the heap is free, more than 128 KiB of it, malloc gives it back; a single block in use
 * at the top keeps everything below it.
 *
 *     bss | heap: aaaa....bbbb......cccc |<- break
 *                                  ^ while this is in use, the break cannot move below it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/show.h"

static const char help[] =
	"heap: allocates and frees, and shows after each step where the break is, how large [heap]\n"
	"is in /proc/self/maps, and where the block came from.\n";

static char *first_break, *last_break;

static void row(const char *step, const void *block)
{
	char *now = sbrk(0);
	struct mapping m;
	const char *where = "";

	if (block)
		where = (char *)block >= first_break && (char *)block < now ? "heap"
									    : "mapping of its own";
	printf("%-40s %12lx %+9ld KiB %7ld KiB  %s\n", step, (unsigned long)now,
	       (long)(now - last_break) / 1024,
	       now > first_break && find_mapping(now - 1, &m) ? (long)(m.end - m.start) / 1024 : 0L,
	       where);
	fflush(stdout);
	last_break = now;
}

#define BLOCKS 100

int main(int argc, char **argv)
{
	static char *blocks[BLOCKS];
	char *p, *q;

	help_option(argc, argv, help);
	first_break = last_break = sbrk(0);
	heading("the end of the heap after each step");
	printf("%-40s %12s %13s %11s  %s\n", "after", "break", "moved", "[heap]",
	       "the block is in");
	row("start", NULL);

	p = malloc(100);
	row("malloc(100): brk asks for 64 KiB", p);
	q = malloc(100);
	row("malloc(100): there is room", q);
	free(p);
	row("free of the first: a hole", NULL);
	p = malloc(50);
	row("malloc(50): fits into the hole", p);

	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(4000);
	row("100 x malloc(4000)", blocks[BLOCKS - 1]);
	for (int i = 0; i < BLOCKS - 1; i++)
		free(blocks[i]);
	row("99 freed, the topmost is in use", NULL);
	free(blocks[BLOCKS - 1]);
	row("that one freed: the top goes back", NULL);

	p = malloc(128 * 1024 - 1);
	row("malloc(128 KiB - 1)", p);
	free(p);
	row("free", NULL);
	p = malloc(128 * 1024);
	row("malloc(128 KiB)", p);
	q = realloc(p, 1 << 20);
	row(q == p ? "realloc to 1 MiB: extended in place" : "realloc to 1 MiB: moved by mremap",
	    q);
	free(q);
	row("free: unmapped at once", NULL);
	printf("\nmalloc's own check of the heap: %s\n",
	       malloc_check() ? malloc_check() : "consistent");
	return 0;
}
