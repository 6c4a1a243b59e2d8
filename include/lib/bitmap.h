/* SPDX-License-Identifier: MIT */
/*
 * lib/bitmap.h - sets of small numbers as arrays of unsigned long
 *
 * Sizes and positions count bits.  The find functions return @size when there is nothing to find.
 * Operations on whole maps work on whole words: bits behind @nbits in the last word stay 0 in a map
 * that is only changed by these functions.  None is atomic as a whole.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <lib/bitops.h>
#include <lib/string.h>

#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long start);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long start);
unsigned long find_last_bit(const unsigned long *map, unsigned long size);
void bitmap_set(unsigned long *map, unsigned long start, unsigned long len);
void bitmap_clear(unsigned long *map, unsigned long start, unsigned long len);
unsigned long bitmap_weight(const unsigned long *map, unsigned long nbits);
unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long len,
					 unsigned long align_mask);

static inline unsigned long find_first_bit(const unsigned long *map, unsigned long size)
{
	return find_next_bit(map, size, 0);
}

static inline unsigned long find_first_zero_bit(const unsigned long *map, unsigned long size)
{
	return find_next_zero_bit(map, size, 0);
}

static inline void bitmap_zero(unsigned long *map, unsigned long nbits)
{
	memset(map, 0, BITS_TO_LONGS(nbits) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *map, unsigned long nbits)
{
	bitmap_zero(map, nbits);
	bitmap_set(map, 0, nbits);
}

static inline void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned long nbits)
{
	memcpy(dst, src, BITS_TO_LONGS(nbits) * sizeof(long));
}

static inline bool bitmap_empty(const unsigned long *map, unsigned long nbits)
{
	return find_first_bit(map, nbits) == nbits;
}

static inline bool bitmap_full(const unsigned long *map, unsigned long nbits)
{
	return find_first_zero_bit(map, nbits) == nbits;
}

static inline bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned long nbits)
{
	return memcmp(a, b, BITS_TO_LONGS(nbits) * sizeof(long)) == 0;
}

static inline void bitmap_and(unsigned long *dst, const unsigned long *a, const unsigned long *b,
			      unsigned long nbits)
{
	for (unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = a[i] & b[i];
}

static inline void bitmap_or(unsigned long *dst, const unsigned long *a, const unsigned long *b,
			     unsigned long nbits)
{
	for (unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = a[i] | b[i];
}

static inline void bitmap_andnot(unsigned long *dst, const unsigned long *a, const unsigned long *b,
				 unsigned long nbits)
{
	for (unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = a[i] & ~b[i];
}

static inline bool bitmap_intersects(const unsigned long *a, const unsigned long *b,
				     unsigned long nbits)
{
	for (unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++)
		if (a[i] & b[i])
			return true;
	return false;
}

#define for_each_set_bit(bit, map, size)                            \
	for ((bit) = find_first_bit((map), (size)); (bit) < (size); \
	     (bit) = find_next_bit((map), (size), (bit) + 1))

#define for_each_clear_bit(bit, map, size)                               \
	for ((bit) = find_first_zero_bit((map), (size)); (bit) < (size); \
	     (bit) = find_next_zero_bit((map), (size), (bit) + 1))

#endif
