/* SPDX-License-Identifier: MIT */
/*
 * lib/printf.h - formatting into a buffer
 *
 * Conversions: %d %i %u %x %X %o %c %s %p %%, with the flags `-` `0` `+` space `#`, width and precision
 * (also as `*`), and the sizes hh h l ll z t j.  %p prints 16 hexadecimal digits without 0x, as Linux
 * prints kernel addresses.  No floating point; an unknown conversion is printed as it stands.
 */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include <lib/types.h>

/* Length of the whole text, as if @size were unlimited (C's result); @buf is terminated if size > 0. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* The same text, but the result is the number of bytes really in @buf, without the NUL. */
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

#endif
