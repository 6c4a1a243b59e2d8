/* SPDX-License-Identifier: MIT */
/*
 * lib/vsnprintf.c - formatting into a buffer
 *
 * One conversion is three steps: decode it into a struct spec, make the digits from the right into a
 * small array, and emit sign, zeros, digits and blanks in the order that the flags ask for.  The output
 * counts every byte and stores those that fit, so the result is the length of the whole text.
 *
 * Everything is on the stack and nothing is locked: a panic may print from any context.
 *
 * Host tests build this file under other names (-Dvsnprintf=...) and compare it with the C library's.
 *
 * Source: C11, "The fprintf function"; %p is Linux's.
 */
#include <lib/ctype.h>
#include <lib/printf.h>
#include <lib/string.h>

enum spec_flags {
	F_LEFT = 1,
	F_ZERO = 2,
	F_PLUS = 4,
	F_SPACE = 8,
	F_ALT = 16,
	F_SIGNED = 32,
	F_UPPER = 64,
};

struct spec {
	unsigned int flags;
	int width;
	int precision; /* -1: none given */
	int size;      /* of the argument, in bytes: 1, 2, 4 or 8 */
	unsigned int base;
};

struct out {
	char *buf;
	size_t size; /* of buf, including the NUL */
	size_t len;  /* emitted so far, stored or not */
};

static void emit(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void emit_n(struct out *out, char c, int n)
{
	for (; n > 0; n--)
		emit(out, c);
}

static void emit_string(struct out *out, const char *s, const struct spec *spec)
{
	size_t len;

	if (!s)
		s = "(null)";
	len = spec->precision < 0 ? strlen(s) : strnlen(s, (size_t)spec->precision);
	if (!(spec->flags & F_LEFT))
		emit_n(out, ' ', spec->width - (int)len);
	for (size_t i = 0; i < len; i++)
		emit(out, s[i]);
	if (spec->flags & F_LEFT)
		emit_n(out, ' ', spec->width - (int)len);
}

/*
 *   [blanks] sign prefix [zeros] digits [blanks]
 *
 * A precision is the least number of digits and turns the 0 flag off; %.0d of 0 has no digits.
 */
static void emit_number(struct out *out, u64 value, bool negative, const struct spec *spec)
{
	const char *digit = spec->flags & F_UPPER ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[24], sign = 0; /* 22 octal digits are the longest */
	const char *prefix = "";
	int len = 0, zeros, blanks;

	if (spec->flags & F_SIGNED) {
		if (negative)
			sign = '-';
		else if (spec->flags & F_PLUS)
			sign = '+';
		else if (spec->flags & F_SPACE)
			sign = ' ';
	}
	if ((spec->flags & F_ALT) && spec->base == 16 && value)
		prefix = spec->flags & F_UPPER ? "0X" : "0x";

	for (u64 v = value; v; v /= spec->base)
		digits[len++] = digit[v % spec->base];
	if (!len && spec->precision != 0)
		digits[len++] = '0';

	zeros = spec->precision - len;
	if ((spec->flags & F_ALT) && spec->base == 8 && zeros <= 0 &&
	    (!len || digits[len - 1] != '0'))
		zeros = 1;
	if (zeros < 0)
		zeros = 0;
	blanks = spec->width - len - zeros - (sign != 0) - (int)strlen(prefix);
	if ((spec->flags & (F_ZERO | F_LEFT)) == F_ZERO && spec->precision < 0 && blanks > 0) {
		zeros += blanks;
		blanks = 0;
	}

	if (!(spec->flags & F_LEFT))
		emit_n(out, ' ', blanks);
	if (sign)
		emit(out, sign);
	while (*prefix)
		emit(out, *prefix++);
	emit_n(out, '0', zeros);
	while (len)
		emit(out, digits[--len]);
	if (spec->flags & F_LEFT)
		emit_n(out, ' ', blanks);
}

static const char *decode_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-':
			spec->flags |= F_LEFT;
			break;
		case '0':
			spec->flags |= F_ZERO;
			break;
		case '+':
			spec->flags |= F_PLUS;
			break;
		case ' ':
			spec->flags |= F_SPACE;
			break;
		case '#':
			spec->flags |= F_ALT;
			break;
		default:
			return fmt;
		}
	}
}

static const char *decode_int(const char *fmt, int *value)
{
	*value = 0;
	for (; isdigit(*fmt); fmt++) {
		if (*value < 100000) /* wider than any text here; keeps the sum in an int */
			*value = *value * 10 + (*fmt - '0');
	}
	return fmt;
}

static const char *decode_size(const char *fmt, struct spec *spec)
{
	spec->size = sizeof(int);
	switch (*fmt) {
	case 'h':
		spec->size = sizeof(short);
		if (*++fmt == 'h') {
			spec->size = sizeof(char);
			fmt++;
		}
		break;
	case 'l':
		spec->size = sizeof(long);
		if (*++fmt == 'l')
			fmt++;
		break;
	case 'z':
	case 't':
	case 'j':
		spec->size = sizeof(long);
		fmt++;
		break;
	}
	return fmt;
}

/* Reads the argument at its promoted width, then cuts it to the size asked for, keeping the sign. */
static u64 fetch(va_list *args, const struct spec *spec, bool *negative)
{
	s64 value;

	*negative = false;
	if (!(spec->flags & F_SIGNED)) {
		u64 raw = spec->size == 8 ? va_arg(*args, u64) : va_arg(*args, unsigned int);

		return spec->size == 8 ? raw : raw & GENMASK(spec->size * 8 - 1, 0);
	}
	value = spec->size == 8 ? va_arg(*args, s64) : va_arg(*args, int);
	if (spec->size == 1)
		value = (s8)value;
	else if (spec->size == 2)
		value = (s16)value;
	*negative = value < 0;
	return *negative ? 0 - (u64)value : (u64)value;
}

/* The va_list travels by its address: a callee's va_arg must advance the caller's. */
struct arg_state {
	va_list list;
};

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out out = { buf, size, 0 };
	struct arg_state state;

	va_copy(state.list, args);
	while (*fmt) {
		struct spec spec = { .precision = -1, .base = 10 };
		const char *start = fmt;
		bool negative;
		u64 value;

		if (*fmt != '%') {
			emit(&out, *fmt++);
			continue;
		}
		fmt = decode_flags(fmt + 1, &spec);
		if (*fmt == '*') {
			spec.width = va_arg(state.list, int);
			if (spec.width < 0) {
				spec.flags |= F_LEFT;
				spec.width = -spec.width;
			}
			fmt++;
		} else {
			fmt = decode_int(fmt, &spec.width);
		}
		if (*fmt == '.' && *++fmt == '*') {
			spec.precision = max(va_arg(state.list, int), -1);
			fmt++;
		} else if (fmt[-1] == '.') {
			fmt = decode_int(fmt, &spec.precision);
		}
		fmt = decode_size(fmt, &spec);

		switch (*fmt) {
		case 'd':
		case 'i':
			spec.flags |= F_SIGNED;
			break;
		case 'u':
			break;
		case 'X':
			spec.flags |= F_UPPER;
			spec.base = 16;
			break;
		case 'x':
			spec.base = 16;
			break;
		case 'o':
			spec.base = 8;
			break;
		case 'p':
			spec.base = 16;
			spec.precision = 16;
			spec.size = sizeof(void *);
			break;
		case 'c': {
			char text[2] = { (char)va_arg(state.list, int), 0 };

			spec.precision = 1;
			if (!(spec.flags & F_LEFT))
				emit_n(&out, ' ', spec.width - 1);
			emit(&out, text[0]);
			if (spec.flags & F_LEFT)
				emit_n(&out, ' ', spec.width - 1);
			fmt++;
			continue;
		}
		case 's':
			emit_string(&out, va_arg(state.list, const char *), &spec);
			fmt++;
			continue;
		case '%':
			emit(&out, '%');
			fmt++;
			continue;
		default:
			/* Unknown: show it, consume nothing. */
			emit(&out, '%');
			fmt = start + 1;
			continue;
		}
		fmt++;
		value = fetch(&state.list, &spec, &negative);
		emit_number(&out, value, negative, &spec);
	}
	va_end(state.list);
	if (size)
		buf[min(out.len, size - 1)] = '\0';
	return (int)out.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int len = vsnprintf(buf, size, fmt, args);

	if (!size)
		return 0;
	return (size_t)len < size ? len : (int)(size - 1);
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
