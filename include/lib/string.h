/* SPDX-License-Identifier: MIT */
/*
 * lib/string.h - memory and string functions
 *
 * The names and results are C's and Linux's.  lib/string.c implements them for the kernel and for
 * libc; a host build leaves that file out and uses the C library's, so that the sanitizers see every
 * access.  What the C library lacks is inline here and serves everyone.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <lib/types.h>
#include <uapi/errno.h>

void *memcpy(void *restrict dest, const void *restrict src, size_t len);
void *memmove(void *dest, const void *src, size_t len);
void *memset(void *dest, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
void *memchr(const void *s, int byte, size_t len);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
int strcasecmp(const char *a, const char *b);
char *strcpy(char *restrict dest, const char *restrict src);
char *strncpy(char *restrict dest, const char *restrict src, size_t max);
char *strcat(char *restrict dest, const char *restrict src);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);

#if !__STDC_HOSTED__
/*
 * A freestanding compiler takes these names for ordinary functions.  The builtins give it back what it
 * knows: a constant small size becomes a few moves, anything else a call of the function above.
 */
#define memcpy(dest, src, len)  __builtin_memcpy(dest, src, len)
#define memmove(dest, src, len) __builtin_memmove(dest, src, len)
#define memset(dest, byte, len) __builtin_memset(dest, byte, len)
#define memcmp(a, b, len)       __builtin_memcmp(a, b, len)
#define strlen(s)               __builtin_strlen(s)
#endif

/* First byte that is not @byte, or NULL when all @len are: finds damage in poisoned memory. */
static inline void *memchr_inv(const void *s, int byte, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	for (; len; p++, len--)
		if (*p != (unsigned char)byte)
			return (void *)(uintptr_t)p;
	return NULL;
}

/**
 * strscpy - copy a string into a buffer of @size bytes, always terminated
 *
 * Return: bytes copied without the NUL, or -E2BIG when @src was cut (or @size is 0).
 */
static inline ssize_t strscpy(char *dest, const char *src, size_t size)
{
	size_t i;

	if (!size)
		return -E2BIG;
	for (i = 0; i < size - 1 && src[i]; i++)
		dest[i] = src[i];
	dest[i] = '\0';
	return src[i] ? -E2BIG : (ssize_t)i;
}

/* Does @s begin with @prefix? */
static inline bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

#endif
