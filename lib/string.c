/* SPDX-License-Identifier: MIT */
/*
 * lib/string.c - memory and string functions for code without a C library
 *
 * Copying and clearing use the string instructions eight bytes at a time: `rep movsq` and `rep stosq`
 * run as fast as anything without vector registers on every x86-64, and do not depend on ERMS (without
 * it the byte forms are slow).  Below REP_MIN bytes the instruction's start-up costs more than it
 * saves, and two overlapping words do the work: for 8 <= n <= 16 the first and the last eight bytes
 * cover everything.
 *
 * memmove() copies forward when that is safe; downwards it uses a loop of words, never the direction
 * flag, whose backward forms are slow everywhere.
 *
 * String functions go byte by byte: the strings here are names and command lines.
 *
 * The compiler may turn a loop that looks like memset() into a call of memset(); the build passes
 * -ffreestanding and this file forbids that recognition for itself.
 *
 * Not here: the host build has the C library's functions (see lib/string.h).
 */
#include <lib/ctype.h>
#include <lib/string.h>

/* Without it gcc recognises the loops below and calls the function they implement. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* lib/string.h spreads the builtins over the names that are defined here. */
#if !__STDC_HOSTED__
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#endif

#define REP_MIN 64

/* Unaligned words: x86 loads and stores them at any address. */
typedef u64 __attribute__((aligned(1), may_alias)) word_t;
typedef u32 __attribute__((aligned(1), may_alias)) half_t;

static __always_inline u64 load8(const void *p)
{
	return *(const word_t *)p;
}

static __always_inline void store8(void *p, u64 v)
{
	*(word_t *)p = v;
}

/* The string instructions; the host's tests run on other processors as well, which get a loop. */
static __always_inline void copy_words(u8 *d, const u8 *s, size_t words)
{
#ifdef __x86_64__
	__asm__ __volatile__("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
#else
	for (; words; words--, d += 8, s += 8)
		store8(d, load8(s));
#endif
}

static __always_inline void fill_words(u8 *d, u64 pattern, size_t words)
{
#ifdef __x86_64__
	__asm__ __volatile__("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
#else
	for (; words; words--, d += 8)
		store8(d, pattern);
#endif
}

/* n < 16; both ends are read before either is written, so overlap does no harm. */
static __always_inline void move_small(u8 *d, const u8 *s, size_t n)
{
	if (n >= 8) {
		u64 head = load8(s), tail = load8(s + n - 8);

		store8(d, head);
		store8(d + n - 8, tail);
	} else if (n >= 4) {
		u32 head = *(const half_t *)s, tail = *(const half_t *)(s + n - 4);

		*(half_t *)d = head;
		*(half_t *)(d + n - 4) = tail;
	} else if (n) {
		u8 head = s[0], mid = s[n / 2], tail = s[n - 1];

		d[0] = head;
		d[n / 2] = mid;
		d[n - 1] = tail;
	}
}

void *memcpy(void *restrict dest, const void *restrict src, size_t len)
{
	u8 *d = dest;
	const u8 *s = src;

	if (len < 16) {
		move_small(d, s, len);
		return dest;
	}
	if (len >= REP_MIN) {
		u64 tail = load8(s + len - 8);

		copy_words(d, s, (len - 1) / 8); /* leaves 1..8 bytes for the last word */
		store8(d + len - 8, tail);
		return dest;
	}
	for (; len > 16; d += 8, s += 8, len -= 8)
		store8(d, load8(s));
	store8(d + len - 8, load8(s + len - 8));
	store8(d, load8(s));
	return dest;
}

void *memmove(void *dest, const void *src, size_t len)
{
	u8 *d = dest;
	const u8 *s = src;

	if (len < 16) {
		move_small(d, s, len);
		return dest;
	}
	if ((size_t)(d - s) >= len) {
		/*
		 * dest is below src, or wholly above: each load precedes the stores that reach it.
		 * Only the last word must be saved, for the copy may run over it.
		 */
		u64 tail = load8(s + len - 8);

		copy_words(d, s, (len - 1) / 8);
		store8(d + len - 8, tail);
	} else {
		u64 head = load8(s);

		for (; len > 8; len -= 8)
			store8(d + len - 8, load8(s + len - 8));
		store8(d, head);
	}
	return dest;
}

void *memset(void *dest, int byte, size_t len)
{
	u8 *d = dest;
	u64 pattern = (u8)byte * 0x0101010101010101UL;

	if (len < 8) {
		while (len)
			d[--len] = (u8)byte;
		return dest;
	}
	store8(d + len - 8, pattern);
	if (len >= REP_MIN) {
		fill_words(d, pattern, len / 8);
		return dest;
	}
	for (; len > 8; d += 8, len -= 8)
		store8(d, pattern);
	return dest;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const u8 *p = a, *q = b;

	for (; len >= 8 && load8(p) == load8(q); p += 8, q += 8)
		len -= 8;
	for (; len; p++, q++, len--)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int byte, size_t len)
{
	const u8 *p = s;

	for (; len; p++, len--)
		if (*p == (u8)byte)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (; max; a++, b++, max--) {
		if (*a != *b)
			return (u8)*a - (u8)*b;
		if (!*a)
			break;
	}
	return 0;
}

int strcasecmp(const char *a, const char *b)
{
	while (*a && tolower(*a) == tolower(*b)) {
		a++;
		b++;
	}
	return tolower(*a) - tolower(*b);
}

char *strcpy(char *restrict dest, const char *restrict src)
{
	memcpy(dest, src, strlen(src) + 1);
	return dest;
}

char *strncpy(char *restrict dest, const char *restrict src, size_t max)
{
	size_t len = strnlen(src, max);

	memcpy(dest, src, len);
	memset(dest + len, 0, max - len);
	return dest;
}

char *strcat(char *restrict dest, const char *restrict src)
{
	strcpy(dest + strlen(dest), src);
	return dest;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)(uintptr_t)last;
	}
}

char *strstr(const char *haystack, const char *needle)
{
	size_t len = strlen(needle);

	for (;; haystack++) {
		if (strncmp(haystack, needle, len) == 0)
			return (char *)(uintptr_t)haystack;
		if (!*haystack)
			return NULL;
	}
}

size_t strspn(const char *s, const char *accept)
{
	size_t n = 0;

	while (s[n] && strchr(accept, s[n]))
		n++;
	return n;
}

size_t strcspn(const char *s, const char *reject)
{
	size_t n = 0;

	while (s[n] && !strchr(reject, s[n]))
		n++;
	return n;
}
