/* SPDX-License-Identifier: MIT */
/*
 * tests/host/picture.h - an address space as a line of text, one character a page
 *
 *     Rr.WwwX      two pages r--, a hole, three rw-, one r-x
 *
 *     capital      first page of a VMA          .  free
 *     N none  R read  W read, write  X read, exec  A all three
 *     S, s         shared and writable (any execute bit)
 *
 * So a test says what it starts from and what it expects, borders of VMAs included.
 */
#ifndef HOST_PICTURE_H
#define HOST_PICTURE_H

#include <mm/vma.h>

#include "env.h"

#define PICTURE_BASE  0x10000000UL
#define PICTURE_PAGES 64
#define PAGE_AT(n)    (PICTURE_BASE + (n)*PAGE_SIZE)

/* picture_build - map what @picture shows, anonymous and private (S: shared); the window is free before */
void picture_build(struct mm_struct *mm, const char *picture);
/* picture_of - draw the window, without free pages at its end; overwritten by the next call */
const char *picture_of(struct mm_struct *mm);

/* The window looks like @want, and the whole mm agrees with itself. */
#define EXPECT_PICTURE(mm, want)                  \
	do {                                      \
		vma_check(mm);                    \
		picture_check_pages(mm);          \
		EXPECT_STR(picture_of(mm), want); \
	} while (0)
void picture_check_pages(struct mm_struct *mm);

#endif
