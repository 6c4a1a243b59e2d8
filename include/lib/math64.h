/* SPDX-License-Identifier: MIT */
/*
 * lib/math64.h - products and quotients that pass through 128 bits
 *
 * gcc's 128-bit division would call a library; the x86 instruction divides 128 by 64 bits and traps
 * when the quotient does not fit, so mul_u64_u64_div_u64() saturates before asking it.
 */
#ifndef LIB_MATH64_H
#define LIB_MATH64_H

#include <lib/types.h>

/* (a * mul) >> shift, with shift < 64: scaled multiplication, as clocks use it. */
static __always_inline u64 mul_u64_u64_shr(u64 a, u64 mul, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * mul) >> shift);
}

/* a * b / c without overflow in between; ~0 when the result has more than 64 bits.  @c is not 0. */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	u64 high = (u64)(product >> 64);

	if (high >= c)
		return ~0UL;
#ifdef __x86_64__
	u64 low = (u64)product;

	__asm__("divq %2" : "+a"(low), "+d"(high) : "r"(c) : "cc");
	return low;
#else
	return (u64)(product / c);
#endif
}

#endif
