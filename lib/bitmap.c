/* SPDX-License-Identifier: MIT */
/*
 * lib/bitmap.c - searching and changing bitmaps a word at a time
 *
 * A search looks at the rest of its first word, then at whole words, and cuts an answer behind the end
 * of the map to its size: the last word may hold anything there.  Readers of maps that others change
 * atomically read each word once.
 */
#include <lib/bitmap.h>

/* First bit >= start that is set in map ^ invert; @size when there is none. */
static __always_inline unsigned long find_next(const unsigned long *map, unsigned long size,
					       unsigned long start, unsigned long invert)
{
	unsigned long word, i;

	if (start >= size)
		return size;
	i = BIT_WORD(start);
	word = (READ_ONCE(map[i]) ^ invert) & (~0UL << (start % BITS_PER_LONG));
	while (!word) {
		if (++i >= BITS_TO_LONGS(size))
			return size;
		word = READ_ONCE(map[i]) ^ invert;
	}
	return min(i * BITS_PER_LONG + __ffs(word), size);
}

/**
 * find_next_bit - first set bit in [start, size), or @size
 */
unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long start)
{
	return find_next(map, size, start, 0);
}

/**
 * find_next_zero_bit - first clear bit in [start, size), or @size
 */
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long start)
{
	return find_next(map, size, start, ~0UL);
}

/**
 * find_last_bit - last set bit below @size, or @size
 */
unsigned long find_last_bit(const unsigned long *map, unsigned long size)
{
	unsigned long i = BITS_TO_LONGS(size);
	unsigned long valid = size % BITS_PER_LONG ? BIT_MASK(size) - 1 : ~0UL;

	while (i--) {
		unsigned long word = READ_ONCE(map[i]) & valid;

		if (word)
			return i * BITS_PER_LONG + __fls(word);
		valid = ~0UL;
	}
	return size;
}

/* The bits of word @i that lie in [start, end). */
static unsigned long word_mask(unsigned long i, unsigned long start, unsigned long end)
{
	unsigned long mask = ~0UL;

	if (i == BIT_WORD(start))
		mask &= ~0UL << (start % BITS_PER_LONG);
	if (i == BIT_WORD(end))
		mask &= BIT_MASK(end) - 1;
	return mask;
}

/**
 * bitmap_set - set bits [start, start + len); not atomic
 */
void bitmap_set(unsigned long *map, unsigned long start, unsigned long len)
{
	unsigned long end = start + len;

	for (unsigned long i = BIT_WORD(start); i < BITS_TO_LONGS(end); i++)
		map[i] |= word_mask(i, start, end);
}

/**
 * bitmap_clear - clear bits [start, start + len); not atomic
 */
void bitmap_clear(unsigned long *map, unsigned long start, unsigned long len)
{
	unsigned long end = start + len;

	for (unsigned long i = BIT_WORD(start); i < BITS_TO_LONGS(end); i++)
		map[i] &= ~word_mask(i, start, end);
}

/**
 * bitmap_weight - number of set bits below @nbits
 */
unsigned long bitmap_weight(const unsigned long *map, unsigned long nbits)
{
	unsigned long count = 0;

	for (unsigned long i = 0; i < BITS_TO_LONGS(nbits); i++)
		count += hweight_long(map[i] & word_mask(i, 0, nbits));
	return count;
}

/**
 * bitmap_find_next_zero_area - first run of @len clear bits at or after @start
 * @align_mask: the run begins at a multiple of align_mask + 1, a power of two
 *
 * Return: its first bit, or @size when there is none.
 */
unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long len,
					 unsigned long align_mask)
{
	for (;;) {
		unsigned long busy;

		start = find_next_zero_bit(map, size, start);
		start = ALIGN(start, align_mask + 1);
		if (start >= size || size - start < len)
			return size;
		busy = find_next_bit(map, start + len, start);
		if (busy >= start + len)
			return start;
		start = busy + 1;
	}
}
