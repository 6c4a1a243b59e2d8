/*
 * tests/guest/lib/usage.h - is memory exactly what it was?
 *
 * usage_before() and usage_after() each ask the kernel to drop what it keeps only for speed, then read MemFree and
 * the objects in use of every slab cache.  On Pagewalk the two must be equal to the page and to the object.  On
 * Linux, where other things happen and caches fill as they please, usage_after() only says so.
 */
#ifndef GUEST_USAGE_H
#define GUEST_USAGE_H

/* Remember what is in use now.  What the caller still needs anew later, it has used once before. */
void usage_before(void);

/*
 * Print "ok @name", or "not ok" and what differs.  Returns 0 if nothing does.  @stays_kib: the kernel keeps page
 * tables of its own once made, which no line counts; by so much MemFree alone may have fallen.
 */
int usage_after(const char *name, long stays_kib);

/* What differs, in @text; empty if nothing does.  For tests that make the comparison part of a case. */
const char *usage_changes(void);

/*
 * The same for a program that compares again and again: kernel page tables may take up to *@may_stay_kib of MemFree,
 * from which what they took is deducted.
 */
const char *usage_changes_but(long *may_stay_kib);

/* Does this kernel make allocations fail on request (DEBUG builds of Pagewalk)?  Is it Pagewalk? */
int can_fail_allocations(void);
int is_pagewalk(void);

/* Make /tmp/@name and go there; leave it and remove it with all that is below. */
void enter_folder(const char *name);
void leave_folder(const char *name);

#endif
