/*
 * libc/printf.c - formatted text
 *
 * A conversion is %[flags][width][.precision][length]letter.  It is first read into a struct, then carried
 * out; every conversion ends as three pieces, laid out like this:
 *
 *     right (default)   |   spaces   | prefix | zeros | body |
 *     0 flag            | prefix |   zeros            | body |
 *     - flag            | prefix | zeros | body |   spaces   |
 *
 * where prefix is a sign or 0x, and zeros come from the precision.  Output goes piecewise to an emit
 * function, so one formatter serves streams, strings and descriptors, and needs no buffer of its own.
 *
 * Letters: d i u x X o p s c n %; lengths hh h l ll j z t.  No floating point: nothing here computes with
 * it.  An unknown letter is printed as it stands, the same as the GNU library does.
 *
 * Sources: printf(3), C11 7.21.6.1.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "printf.h"

enum length { LEN_INT, LEN_CHAR, LEN_SHORT, LEN_LONG };

struct spec {
	bool left, plus, space, alt, zero;
	int width;
	int precision; /* -1: none given */
	enum length length;
	char letter;
};

struct out {
	emit_fn emit;
	void *to;
	size_t total;
};

static void put(struct out *out, const char *s, size_t n)
{
	if (n)
		out->emit(out->to, s, n);
	out->total += n;
}

static void fill(struct out *out, char c, long n)
{
	char run[32];

	memset(run, c, sizeof(run));
	for (; n > 0; n -= (long)sizeof(run))
		put(out, run, n < (long)sizeof(run) ? (size_t)n : sizeof(run));
}

/* The three pieces and the padding around them, as drawn above; @zeros is the precision's share. */
static void put_field(struct out *out, const struct spec *sp, const char *prefix, long zeros,
		      const char *body, size_t len)
{
	long used = (long)(strlen(prefix) + len) + zeros;
	long pad = sp->width > used ? sp->width - used : 0;

	if (!sp->left && sp->zero) {
		zeros += pad;
		pad = 0;
	}
	if (!sp->left)
		fill(out, ' ', pad);
	put(out, prefix, strlen(prefix));
	fill(out, '0', zeros);
	put(out, body, len);
	if (sp->left)
		fill(out, ' ', pad);
}

static void put_number(struct out *out, struct spec *sp, uintmax_t v, unsigned int base,
		       const char *prefix)
{
	const char *digits = sp->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char buf[3 * sizeof(v)];
	char *p = buf + sizeof(buf);
	long len, zeros;

	for (uintmax_t rest = v; rest; rest /= base)
		*--p = digits[rest % base];
	len = buf + sizeof(buf) - p;
	zeros = (sp->precision < 0 ? 1 : sp->precision) - len;
	if (sp->letter == 'o' && sp->alt && zeros < 1)
		zeros = v || sp->precision == 0;
	if (zeros < 0)
		zeros = 0;
	if (sp->precision >= 0)
		sp->zero = false; /* a precision says how many digits: no more by padding */
	put_field(out, sp, prefix, zeros, p, (size_t)len);
}

static void put_signed(struct out *out, struct spec *sp, intmax_t v)
{
	const char *sign = v < 0 ? "-" : sp->plus ? "+" : sp->space ? " " : "";

	put_number(out, sp, v < 0 ? -(uintmax_t)v : (uintmax_t)v, 10, sign);
}

static void put_pointer(struct out *out, struct spec *sp, const void *p)
{
	sp->zero = sp->zero && p;
	if (p)
		put_number(out, sp, (uintptr_t)p, 16, "0x");
	else
		put_field(out, sp, "", 0, "(nil)", 5);
}

static void put_string(struct out *out, struct spec *sp, const char *s)
{
	size_t max = sp->precision < 0 ? SIZE_MAX : (size_t)sp->precision;

	if (!s)
		s = max < 6 ? "" : "(null)";
	sp->zero = false;
	put_field(out, sp, "", 0, s, max == SIZE_MAX ? strlen(s) : strnlen(s, max));
}

static intmax_t arg_signed(va_list *ap, enum length length)
{
	switch (length) {
	case LEN_CHAR:
		return (signed char)va_arg(*ap, int);
	case LEN_SHORT:
		return (short)va_arg(*ap, int);
	case LEN_LONG:
		return va_arg(*ap, long);
	default:
		return va_arg(*ap, int);
	}
}

static uintmax_t arg_unsigned(va_list *ap, enum length length)
{
	switch (length) {
	case LEN_CHAR:
		return (unsigned char)va_arg(*ap, unsigned int);
	case LEN_SHORT:
		return (unsigned short)va_arg(*ap, unsigned int);
	case LEN_LONG:
		return va_arg(*ap, unsigned long);
	default:
		return va_arg(*ap, unsigned int);
	}
}

static void store_count(va_list *ap, enum length length, size_t total)
{
	switch (length) {
	case LEN_CHAR:
		*va_arg(*ap, signed char *) = (signed char)total;
		break;
	case LEN_SHORT:
		*va_arg(*ap, short *) = (short)total;
		break;
	case LEN_LONG:
		*va_arg(*ap, long *) = (long)total;
		break;
	default:
		*va_arg(*ap, int *) = (int)total;
	}
}

static int read_int(const char **fmt, va_list *ap)
{
	long n = 0;

	if (**fmt == '*') {
		(*fmt)++;
		return va_arg(*ap, int);
	}
	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		if (n < INT_MAX / 16)
			n = n * 10 + (**fmt - '0');
	return (int)n;
}

/* Read flags, width, precision, length and letter behind a %; returns the first character after them. */
static const char *read_spec(const char *fmt, struct spec *sp, va_list *ap)
{
	*sp = (struct spec){ .precision = -1 };
	for (;; fmt++) {
		if (*fmt == '-')
			sp->left = true;
		else if (*fmt == '+')
			sp->plus = true;
		else if (*fmt == ' ')
			sp->space = true;
		else if (*fmt == '#')
			sp->alt = true;
		else if (*fmt == '0')
			sp->zero = true;
		else
			break;
	}
	sp->width = read_int(&fmt, ap);
	if (sp->width < 0) {
		sp->left = true;
		sp->width = -sp->width;
	}
	if (*fmt == '.') {
		fmt++;
		sp->precision = read_int(&fmt, ap);
	}
	for (;; fmt++) {
		if (*fmt == 'h')
			sp->length = sp->length == LEN_SHORT ? LEN_CHAR : LEN_SHORT;
		else if (*fmt == 'l' || *fmt == 'j' || *fmt == 'z' || *fmt == 't')
			sp->length = LEN_LONG; /* these all have 64 bits */
		else
			break;
	}
	sp->letter = *fmt;
	return *fmt ? fmt + 1 : fmt;
}

static void convert(struct out *out, struct spec *sp, va_list *ap, const char *text,
		    size_t text_len)
{
	uintmax_t u;
	char c;

	switch (sp->letter) {
	case 'd':
	case 'i':
		put_signed(out, sp, arg_signed(ap, sp->length));
		break;
	case 'u':
		put_number(out, sp, arg_unsigned(ap, sp->length), 10, "");
		break;
	case 'o':
		put_number(out, sp, arg_unsigned(ap, sp->length), 8, "");
		break;
	case 'x':
	case 'X':
		u = arg_unsigned(ap, sp->length);
		put_number(out, sp, u, 16, !sp->alt || !u ? "" : sp->letter == 'x' ? "0x" : "0X");
		break;
	case 'p':
		put_pointer(out, sp, va_arg(*ap, void *));
		break;
	case 's':
		put_string(out, sp, va_arg(*ap, const char *));
		break;
	case 'c':
		c = (char)va_arg(*ap, int);
		sp->zero = false;
		put_field(out, sp, "", 0, &c, 1);
		break;
	case 'n':
		store_count(ap, sp->length, out->total);
		break;
	case '%':
		put(out, "%", 1);
		break;
	default:
		put(out, text, text_len);
	}
}

/**
 * __format - format @fmt and @ap into @emit
 * Return: the number of bytes emitted, or -1 if that is more than an int can say.
 */
int __format(emit_fn emit, void *to, const char *fmt, va_list ap)
{
	struct out out = { emit, to, 0 };
	struct spec sp;
	va_list args;

	va_copy(args, ap); /* so that its address may be passed on, whatever va_list is */
	while (*fmt) {
		const char *percent = strchrnul(fmt, '%');

		put(&out, fmt, (size_t)(percent - fmt));
		if (!*percent)
			break;
		fmt = read_spec(percent + 1, &sp, &args);
		convert(&out, &sp, &args, percent, (size_t)(fmt - percent));
	}
	va_end(args);
	return out.total > INT_MAX ? -1 : (int)out.total;
}
