/*
 * libc/printf.h - the one formatter behind the whole printf family
 */
#ifndef LIBC_PRINTF_H
#define LIBC_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

/* Takes @n bytes of output; @to is what was given to __format. */
typedef void (*emit_fn)(void *to, const char *s, size_t n);

int __format(emit_fn emit, void *to, const char *fmt, va_list ap);

#endif
