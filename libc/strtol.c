/*
 * libc/strtol.c - text to number
 *
 * One parser with two limits serves the whole family: it collects the magnitude as unsigned long (long
 * and long long are the same here) and remembers overflow; the callers apply sign and limit.
 *
 * Contract: leading space, a sign, 0x or 0 when the base is 16, 8 or unspecified (0); *end is the first
 * character not used, or the very start when there was no digit; overflow gives the nearest limit and
 * ERANGE; a base other than 0, 2..36 gives EINVAL.  "0x" without a digit after it is the number 0.
 *
 * Sources: strtol(3), strtoul(3).
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

struct parsed {
	unsigned long magnitude;
	bool negative;
	bool overflow;
};

static int digit_value(char c)
{
	if (isdigit(c))
		return c - '0';
	if (isalpha(c))
		return tolower(c) - 'a' + 10;
	return 36;
}

static bool has_hex_prefix(const char *s)
{
	return s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isxdigit(s[2]);
}

static struct parsed parse(const char *s, char **end, int base)
{
	struct parsed r = { 0, false, false };
	const char *start = s;
	bool any = false;

	if (base < 0 || base == 1 || base > 36) {
		errno = EINVAL;
		if (end)
			*end = (char *)s;
		return r;
	}
	while (isspace(*s))
		s++;
	if (*s == '+' || *s == '-')
		r.negative = *s++ == '-';
	if ((base == 0 || base == 16) && has_hex_prefix(s)) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = *s == '0' ? 8 : 10;
	}
	for (; digit_value(*s) < base; s++, any = true) {
		if (__builtin_mul_overflow(r.magnitude, (unsigned long)base, &r.magnitude) ||
		    __builtin_add_overflow(r.magnitude, (unsigned long)digit_value(*s),
					   &r.magnitude))
			r.overflow = true;
	}
	if (end)
		*end = (char *)(any ? s : start);
	return r;
}

long strtol(const char *restrict s, char **restrict end, int base)
{
	struct parsed r = parse(s, end, base);
	unsigned long limit = (unsigned long)LONG_MAX + r.negative;

	if (r.overflow || r.magnitude > limit) {
		errno = ERANGE;
		return r.negative ? LONG_MIN : LONG_MAX;
	}
	return (long)(r.negative ? -r.magnitude : r.magnitude);
}

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
	struct parsed r = parse(s, end, base);

	if (r.overflow) {
		errno = ERANGE;
		return ULONG_MAX;
	}
	return r.negative ? -r.magnitude : r.magnitude;
}

long long strtoll(const char *restrict s, char **restrict end, int base)
{
	return strtol(s, end, base);
}

unsigned long long strtoull(const char *restrict s, char **restrict end, int base)
{
	return strtoul(s, end, base);
}

int atoi(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

long atol(const char *s)
{
	return strtol(s, NULL, 10);
}
