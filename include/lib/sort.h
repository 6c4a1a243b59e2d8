/* SPDX-License-Identifier: MIT */
/*
 * lib/sort.h - sort an array in place
 */
#ifndef LIB_SORT_H
#define LIB_SORT_H

#include <lib/types.h>

void sort(void *base, size_t num, size_t size, int (*cmp)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t num, size_t size,
	      int (*cmp)(const void *key, const void *elem));

#endif
