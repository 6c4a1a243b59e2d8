/* SPDX-License-Identifier: MIT */
/*
 * lib/bitops.h - single bits in arrays of unsigned long, and arithmetic on bit positions
 *
 * Bit n lies in word n / 64.  set_bit() and its kin are atomic and, where they return the old bit, full
 * barriers; the forms with two underscores are plain and need the caller's lock.
 *
 * ffs/fls count from 1 and give 0 for 0, as in C's <strings.h>; __ffs/__fls count from 0 and must not
 * be asked about 0.
 */
#ifndef LIB_BITOPS_H
#define LIB_BITOPS_H

#include <lib/types.h>

#define BIT_WORD(nr)      ((nr) / BITS_PER_LONG)
#define BIT_MASK(nr)      (1UL << ((nr) % BITS_PER_LONG))
#define BITS_TO_LONGS(nr) DIV_ROUND_UP(nr, BITS_PER_LONG)

static __always_inline void set_bit(unsigned long nr, volatile unsigned long *map)
{
	__atomic_fetch_or(&map[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_RELAXED);
}

static __always_inline void clear_bit(unsigned long nr, volatile unsigned long *map)
{
	__atomic_fetch_and(&map[BIT_WORD(nr)], ~BIT_MASK(nr), __ATOMIC_RELAXED);
}

/* Release order: what was written before is seen by whoever then sees the bit clear. */
static __always_inline void clear_bit_unlock(unsigned long nr, volatile unsigned long *map)
{
	__atomic_fetch_and(&map[BIT_WORD(nr)], ~BIT_MASK(nr), __ATOMIC_RELEASE);
}

static __always_inline void change_bit(unsigned long nr, volatile unsigned long *map)
{
	__atomic_fetch_xor(&map[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_RELAXED);
}

static __always_inline bool test_bit(unsigned long nr, const volatile unsigned long *map)
{
	return (map[BIT_WORD(nr)] & BIT_MASK(nr)) != 0;
}

static __always_inline bool test_and_set_bit(unsigned long nr, volatile unsigned long *map)
{
	return (__atomic_fetch_or(&map[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_SEQ_CST) &
		BIT_MASK(nr)) != 0;
}

static __always_inline bool test_and_clear_bit(unsigned long nr, volatile unsigned long *map)
{
	return (__atomic_fetch_and(&map[BIT_WORD(nr)], ~BIT_MASK(nr), __ATOMIC_SEQ_CST) &
		BIT_MASK(nr)) != 0;
}

static __always_inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static __always_inline void __clear_bit(unsigned long nr, unsigned long *map)
{
	map[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static __always_inline bool __test_and_set_bit(unsigned long nr, unsigned long *map)
{
	bool old = test_bit(nr, map);

	__set_bit(nr, map);
	return old;
}

static __always_inline bool __test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	bool old = test_bit(nr, map);

	__clear_bit(nr, map);
	return old;
}

/* Lowest and highest set bit, from 0; @x is not 0. */
static __always_inline unsigned int __ffs(unsigned long x)
{
	return (unsigned int)__builtin_ctzl(x);
}

static __always_inline unsigned int __fls(unsigned long x)
{
	return 63U - (unsigned int)__builtin_clzl(x);
}

static __always_inline unsigned int ffz(unsigned long x) { return __ffs(~x); }

/* Highest set bit from 1; 0 when there is none. */
static __always_inline unsigned int fls64(u64 x) { return x ? __fls(x) + 1 : 0; }

static __always_inline unsigned int fls(unsigned int x) { return fls64(x); }

static __always_inline unsigned int ffs64(u64 x) { return x ? __ffs(x) + 1 : 0; }

/* floor(log2(x)); @x is not 0. */
static __always_inline unsigned int ilog2(u64 x) { return __fls(x); }

/* Smallest power of two >= @x; @x is not 0 and at most 1 << 63. */
static __always_inline u64 roundup_pow_of_two(u64 x) { return x <= 1 ? 1 : 1UL << fls64(x - 1); }

static __always_inline u64 rounddown_pow_of_two(u64 x) { return 1UL << ilog2(x); }

/* Number of set bits.  Arithmetic: the builtin would call a library without POPCNT. */
static inline unsigned int hweight64(u64 x)
{
	x -= (x >> 1) & 0x5555555555555555UL;
	x = (x & 0x3333333333333333UL) + ((x >> 2) & 0x3333333333333333UL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
	return (unsigned int)((x * 0x0101010101010101UL) >> 56);
}

static inline unsigned int hweight32(u32 x) { return hweight64(x); }

static inline unsigned int hweight_long(unsigned long x) { return hweight64(x); }

#endif
