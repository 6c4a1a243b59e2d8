/* SPDX-License-Identifier: MIT */
/*
 * lib/kstrtox.h - numbers from text
 *
 * kstrto*() take the whole string, with one optional newline at its end (what `echo 1 >file` writes),
 * and say what is wrong: -EINVAL for anything that is no number, -ERANGE for one that does not fit.
 * Base 0 accepts 0x and 0 prefixes.  The simple_ forms stop at the first foreign character instead.
 */
#ifndef LIB_KSTRTOX_H
#define LIB_KSTRTOX_H

#include <lib/types.h>

int __must_check kstrtoul(const char *s, unsigned int base, unsigned long *res);
int __must_check kstrtol(const char *s, unsigned int base, long *res);
int __must_check kstrtouint(const char *s, unsigned int base, unsigned int *res);
int __must_check kstrtoint(const char *s, unsigned int base, int *res);

unsigned long simple_strtoul(const char *s, char **end, unsigned int base);
u64 memparse(const char *s, char **end);

#endif
