/* SPDX-License-Identifier: MIT */
/*
 * lib/sort.c - heap sort and binary search
 *
 * Heap sort because its worst case is n log n, it needs no memory and does not recurse: quicksort's
 * bad inputs and merge sort's buffer have no place on a kernel stack.  Not stable.
 *
 * Source: Knuth, TAOCP vol. 3, 5.2.3 (Williams, Floyd).
 */
#include <lib/sort.h>

static void swap_bytes(char *a, char *b, size_t size)
{
	for (; size; a++, b++, size--)
		swap(*a, *b);
}

/* Let the element at @root sink until both its children are smaller; the heap has @num elements. */
static void sift_down(char *base, size_t root, size_t num, size_t size,
		      int (*cmp)(const void *, const void *))
{
	for (;;) {
		size_t child = 2 * root + 1;

		if (child >= num)
			return;
		if (child + 1 < num && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + root * size, base + child * size) >= 0)
			return;
		swap_bytes(base + root * size, base + child * size, size);
		root = child;
	}
}

/**
 * sort - sort @num elements of @size bytes at @base, ascending by @cmp
 */
void sort(void *base, size_t num, size_t size, int (*cmp)(const void *, const void *))
{
	char *array = base;

	for (size_t i = num / 2; i-- > 0;)
		sift_down(array, i, num, size, cmp);
	for (size_t last = num; last-- > 1;) {
		swap_bytes(array, array + last * size, size);
		sift_down(array, 0, last, size, cmp);
	}
}

/**
 * bsearch - the element of a sorted array that @cmp calls equal to @key, or NULL
 */
void *bsearch(const void *key, const void *base, size_t num, size_t size,
	      int (*cmp)(const void *key, const void *elem))
{
	const char *low = base;

	while (num) {
		const char *mid = low + num / 2 * size;
		int order = cmp(key, mid);

		if (order == 0)
			return (void *)(uintptr_t)mid;
		if (order > 0) {
			low = mid + size;
			num--;
		}
		num /= 2;
	}
	return NULL;
}
