/* SPDX-License-Identifier: MIT */
/*
 * lib/kstrtox.c - numbers from text
 *
 * One digit loop, parse_digits(), under all of them.  It reports overflow and goes on to the last
 * digit, so the caller can tell "too large" from "followed by rubbish".
 */
#include <lib/ctype.h>
#include <lib/kstrtox.h>
#include <uapi/errno.h>

static unsigned int digit_value(char c)
{
	if (isdigit(c))
		return (unsigned int)(c - '0');
	if (isalpha(c))
		return (unsigned int)(tolower(c) - 'a' + 10);
	return ~0U;
}

/* Base 0 becomes 8, 10 or 16; a 0x prefix is skipped where the base allows it. */
static const char *skip_prefix(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && tolower(s[1]) == 'x' && isxdigit(s[2]);

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return hex && *base == 16 ? s + 2 : s;
}

/* Returns the first character that is no digit of @base; @s itself when there was none. */
static const char *parse_digits(const char *s, unsigned int base, unsigned long *value,
				bool *overflow)
{
	unsigned long v = 0;

	*overflow = false;
	for (; digit_value(*s) < base; s++) {
		if (__builtin_mul_overflow(v, (unsigned long)base, &v) ||
		    __builtin_add_overflow(v, (unsigned long)digit_value(*s), &v))
			*overflow = true;
	}
	*value = v;
	return s;
}

/**
 * kstrtoul - the whole of @s as an unsigned number; a leading + is allowed
 *
 * Return: 0, -EINVAL or -ERANGE; @res is written only on success.
 */
int kstrtoul(const char *s, unsigned int base, unsigned long *res)
{
	const char *end;
	unsigned long v;
	bool overflow;

	if (*s == '+')
		s++;
	s = skip_prefix(s, &base);
	end = parse_digits(s, base, &v, &overflow);
	if (end == s)
		return -EINVAL;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*res = v;
	return 0;
}

/**
 * kstrtol - the whole of @s as a signed number; a leading + or - is allowed
 *
 * Return: 0, -EINVAL or -ERANGE; @res is written only on success.
 */
int kstrtol(const char *s, unsigned int base, long *res)
{
	bool negative = *s == '-';
	unsigned long v;
	int err;

	if (negative && s[1] == '+')
		return -EINVAL;
	err = kstrtoul(s + negative, base, &v);
	if (err)
		return err;
	if (v > (unsigned long)LONG_MAX + negative)
		return -ERANGE;
	*res = negative ? (long)(0 - v) : (long)v;
	return 0;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *res)
{
	unsigned long v;
	int err = kstrtoul(s, base, &v);

	if (err)
		return err;
	if (v > UINT_MAX)
		return -ERANGE;
	*res = (unsigned int)v;
	return 0;
}

int kstrtoint(const char *s, unsigned int base, int *res)
{
	long v;
	int err = kstrtol(s, base, &v);

	if (err)
		return err;
	if (v < INT_MIN || v > INT_MAX)
		return -ERANGE;
	*res = (int)v;
	return 0;
}

/**
 * simple_strtoul - the number that @s begins with; 0 when it begins with none
 * @end: if not NULL, set behind the last digit
 *
 * Overflow wraps: for input that was measured before.
 */
unsigned long simple_strtoul(const char *s, char **end, unsigned int base)
{
	const char *digits = skip_prefix(s, &base), *stop;
	unsigned long v;
	bool overflow;

	stop = parse_digits(digits, base, &v, &overflow);
	if (end)
		*end = (char *)(uintptr_t)(stop == digits ? s : stop);
	return v;
}

/**
 * memparse - a size in bytes with an optional suffix K, M, G or T (powers of 1024), as in mem=64M
 * @end: if not NULL, set behind what was read
 */
u64 memparse(const char *s, char **end)
{
	static const char suffixes[] = "kmgt";
	char *stop;
	u64 v = simple_strtoul(s, &stop, 0);

	for (unsigned int i = 0; stop != s && suffixes[i]; i++) {
		if (tolower(*stop) == suffixes[i]) {
			v <<= 10 * (i + 1);
			stop++;
			break;
		}
	}
	if (end)
		*end = stop;
	return v;
}
