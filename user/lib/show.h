/*
 * user/lib/show.h - what the demonstrations share: measuring themselves, and saying it well
 */
#ifndef USER_LIB_SHOW_H
#define USER_LIB_SHOW_H

#include <stddef.h>

#define PAGE 4096UL

/* Print @text and exit when the program was called with -h, or with anything it does not know. */
void help_option(int argc, char **argv, const char *text);

/* A line of its own with a rule beneath it. */
void heading(const char *text);

/* What the kernel has counted for this process so far. */
struct usage {
	long minor;    /* faults that needed no input */
	long major;    /* faults that did */
	long rss_kib;  /* resident pages */
	long size_kib; /* mapped addresses */
};

/* Read the counts.  What the measuring itself costs is left out: it may stand between any two lines. */
struct usage usage_now(void);

/* How many pages of [@start, @start + @len) are in memory, by mincore(2); @start is page aligned. */
size_t resident_pages(const void *start, size_t len);

/* The number behind @key in a file of "Key:   number kB" lines, or -1. */
long proc_value(const char *path, const char *key);

/* One line of /proc/self/maps. */
struct mapping {
	unsigned long start, end;
	char perms[5];
	char name[64];
};

/* All of them, ascending: returns how many, at most @max. */
int read_maps(struct mapping *maps, int max);

/* The mapping that contains @addr; 0 if there is none. */
int find_mapping(const void *addr, struct mapping *out);

/* "SIGSEGV", "exit 3", ... from a wait status. */
const char *status_text(int status);

#endif
