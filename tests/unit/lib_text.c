/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/lib_text.c - formatting, strings and numbers against the C library
 *
 * lib/vsnprintf.c and lib/string.c are built for the host with the prefix pw_ (see tests/host/host.mk), so that
 * each can be asked side by side with the C library's function of the same name.
 */
#include <lib/kstrtox.h>
#include <lib/printf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib/string.h>

#include "harness.h"

int pw_snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int pw_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);

/* Both formatters, for every size of buffer that matters. */
#define SAME(...)                                                                         \
	do {                                                                              \
		char want[256], got[256];                                                 \
		int want_len = snprintf(want, sizeof(want), __VA_ARGS__);                 \
		int got_len = pw_snprintf(got, sizeof(got), __VA_ARGS__);                 \
                                                                                          \
		EXPECT_STR(got, want);                                                    \
		EXPECT_EQ(got_len, want_len);                                             \
		for (int size = 0; size <= want_len + 1; size++) {                        \
			memset(got, 'x', sizeof(got));                                    \
			EXPECT_EQ(pw_snprintf(got, (size_t)size, __VA_ARGS__), want_len); \
			if (size)                                                         \
				EXPECT_EQ(strlen(got), min(want_len, size - 1));          \
			EXPECT_EQ(got[size], 'x');                                        \
		}                                                                         \
	} while (0)

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-overflow"

TEST(vsnprintf_agrees_with_the_c_library)
{
	SAME("plain %% text");
	SAME("%d %i %u", -5, 7, 4000000000u);
	SAME("%d %d", (int)0x80000000, 0x7fffffff);
	SAME("[%5d] [%-5d] [%05d] [%+d] [% d] [%+5d]", 42, 42, 42, 42, 42, 42);
	SAME("[%5d] [%-5d] [%05d] [%+d] [% d]", -42, -42, -42, -42, -42);
	SAME("[%.3d] [%8.3d] [%-8.3d] [%08.3d] [%.0d] [%.0d]", 7, 7, 7, 7, 0, 1);
	SAME("%x %X %#x %#X %#x %08x %#08x %-#8x|", 0xbeef, 0xbeef, 0xbeef, 0xbeef, 0, 0xbeef,
	     0xbeef, 0xbeef);
	SAME("%o %#o %#o %#.3o", 0755, 0755, 0, 0755);
	SAME("%ld %lu %lx %llx %lld", -1L, ~0UL, ~0UL, ~0ULL, (long long)1 << 62);
	SAME("%zu %zd %jd %td", (size_t)-1, (ssize_t)-1, (intmax_t)-3, (ptrdiff_t)9);
	SAME("%hhd %hhu %hd %hu %hhx", 300, 300, 70000, 70000, -1);
	SAME("%0*lx|%-*d|%*d", 16, 0xffffffff80000000UL, 6, 5, -6, 5);
	SAME("%s|%10s|%-10s|%.3s|%.*s|%10.2s", "abcdef", "abc", "abc", "abcdef", 2, "xyz",
	     "abcdef");
	SAME("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd');
	SAME("%.*d", -1, 5);
}

TEST(vsnprintf_random_specifications_agree)
{
	static const char conversions[] = "diuxXo";

	for (unsigned long n = test_rounds(20000); n; n--) {
		char fmt[32], want[256], got[256];
		long value = (long)(test_random() >> test_random_below(64));
		int len = 0;

		fmt[len++] = '%';
		for (unsigned int i = 0; i < 5; i++)
			if (test_chance(3))
				fmt[len++] = "-0+ #"[i];
		if (test_chance(2))
			len += sprintf(fmt + len, "%d", (int)test_random_below(30));
		if (test_chance(3))
			len += sprintf(fmt + len, ".%d", (int)test_random_below(30));
		fmt[len++] = 'l';
		fmt[len++] = conversions[test_random_below(6)];
		fmt[len] = '\0';
		EXPECT_EQ(pw_snprintf(got, sizeof(got), fmt, value),
			  snprintf(want, sizeof(want), fmt, value));
		if (strcmp(got, want))
			FAIL("%s of %ld: \"%s\", expected \"%s\"", fmt, value, got, want);
	}
}

TEST(vsnprintf_prints_pointers_as_the_kernel_does)
{
	char buf[64];

	pw_snprintf(buf, sizeof(buf), "%p|%p", (void *)0xffff888000001000UL, NULL);
	EXPECT_STR(buf, "ffff888000001000|0000000000000000");
	pw_snprintf(buf, sizeof(buf), "%s", (const char *)NULL);
	EXPECT_STR(buf, "(null)");
	pw_snprintf(buf, sizeof(buf), "%q %f");
	EXPECT_STR(buf, "%q %f");
}

TEST(scnprintf_counts_what_is_stored)
{
	char buf[8];

	EXPECT_EQ(scnprintf(buf, sizeof(buf), "%s", "0123456789"), 7);
	EXPECT_STR(buf, "0123456");
	EXPECT_EQ(scnprintf(buf, sizeof(buf), "abc"), 3);
	EXPECT_EQ(scnprintf(buf, 0, "abc"), 0);
}

void *pw_memcpy(void *dest, const void *src, size_t len);
void *pw_memmove(void *dest, const void *src, size_t len);
void *pw_memset(void *dest, int byte, size_t len);
int pw_memcmp(const void *a, const void *b, size_t len);
void *pw_memchr(const void *s, int byte, size_t len);
size_t pw_strlen(const char *s);
size_t pw_strnlen(const char *s, size_t max);
int pw_strcmp(const char *a, const char *b);
int pw_strncmp(const char *a, const char *b, size_t max);
int pw_strcasecmp(const char *a, const char *b);
char *pw_strcpy(char *dest, const char *src);
char *pw_strncpy(char *dest, const char *src, size_t max);
char *pw_strcat(char *dest, const char *src);
char *pw_strchr(const char *s, int c);
char *pw_strrchr(const char *s, int c);
char *pw_strstr(const char *haystack, const char *needle);
size_t pw_strspn(const char *s, const char *accept);
size_t pw_strcspn(const char *s, const char *reject);

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void fill_random(u8 *p, size_t len, unsigned int values)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (u8)(1 + test_random_below(values));
}

TEST(memory_functions_agree_at_every_length_and_overlap)
{
	u8 want[600], got[600];

	for (size_t len = 0; len < 200; len++) {
		for (unsigned int round = 0; round < 40; round++) {
			size_t from = test_random_below(300), to = test_random_below(300);
			/* Near overlaps in both directions are where copies go wrong. */
			if (round < 30)
				to = from + round >= 15 ? from + round - 15 : 0;

			fill_random(want, sizeof(want), 255);
			memcpy(got, want, sizeof(want));
			memmove(want + to, want + from, len);
			EXPECT(pw_memmove(got + to, got + from, len) == got + to);
			ASSERT(!memcmp(want, got, sizeof(want)));

			memset(want + to, (int)round, len);
			EXPECT(pw_memset(got + to, (int)round, len) == got + to);
			ASSERT(!memcmp(want, got, sizeof(want)));

			if (from + len <= to || to + len <= from) {
				memcpy(want + to, want + from, len);
				EXPECT(pw_memcpy(got + to, got + from, len) == got + to);
				ASSERT(!memcmp(want, got, sizeof(want)));
			}
			if (len) {
				got[to + test_random_below(len)] ^= (u8)test_random_below(2);
				EXPECT_EQ(sign(pw_memcmp(want + to, got + to, len)),
					  sign(memcmp(want + to, got + to, len)));
			}
			EXPECT(pw_memchr(got + from, 7, len) == memchr(got + from, 7, len));
		}
	}
}

/* Exact allocations: the sanitizer sees a byte read too far. */
static char *random_string(unsigned int max)
{
	size_t len = test_random_below(max);
	char *s = malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		s[i] = "abAB"[test_random_below(4)];
	s[len] = '\0';
	return s;
}

TEST(string_functions_agree)
{
	for (unsigned long n = test_rounds(20000); n; n--) {
		char *a = random_string(12), *b = random_string(4);
		size_t max = test_random_below(14);
		char want[64] = "xy", got[64] = "xy";

		EXPECT_EQ(pw_strlen(a), strlen(a));
		EXPECT_EQ(pw_strnlen(a, max), strnlen(a, max));
		EXPECT_EQ(sign(pw_strcmp(a, b)), sign(strcmp(a, b)));
		EXPECT_EQ(sign(pw_strncmp(a, b, max)), sign(strncmp(a, b, max)));
		EXPECT_EQ(sign(pw_strcasecmp(a, b)), sign(strcasecmp(a, b)));
		EXPECT(pw_strchr(a, 'b') == strchr(a, 'b'));
		EXPECT(pw_strchr(a, 0) == strchr(a, 0));
		EXPECT(pw_strrchr(a, 'b') == strrchr(a, 'b'));
		EXPECT(pw_strstr(a, b) == strstr(a, b));
		EXPECT_EQ(pw_strspn(a, b), strspn(a, b));
		EXPECT_EQ(pw_strcspn(a, b), strcspn(a, b));
		EXPECT_STR(pw_strcat(got, a), strcat(want, a));
		EXPECT_STR(pw_strcpy(got, b), strcpy(want, b));
		pw_strncpy(got, a, max);
		strncpy(want, a, max);
		EXPECT(!memcmp(got, want, sizeof(want)));
		free(a);
		free(b);
	}
}

TEST(strscpy_terminates_and_reports_the_cut)
{
	char buf[4];

	EXPECT_EQ(strscpy(buf, "abc", sizeof(buf)), 3);
	EXPECT_STR(buf, "abc");
	EXPECT_EQ(strscpy(buf, "abcd", sizeof(buf)), -E2BIG);
	EXPECT_STR(buf, "abc");
	EXPECT_EQ(strscpy(buf, "x", 0), -E2BIG);
	EXPECT_STR(buf, "abc");
}

TEST(memchr_inv_finds_the_first_other_byte)
{
	u8 buf[100];

	memset(buf, 0x6b, sizeof(buf));
	EXPECT(!memchr_inv(buf, 0x6b, sizeof(buf)));
	buf[77] = 0;
	EXPECT(memchr_inv(buf, 0x6b, sizeof(buf)) == buf + 77);
	EXPECT(!memchr_inv(buf, 0x6b, 77));
}

TEST(kstrtoul_accepts_numbers_and_nothing_else)
{
	unsigned long v = 99;
	long s = 99;
	int i = 99;

	EXPECT_EQ(kstrtoul("123", 10, &v), 0);
	EXPECT_EQ(v, 123);
	EXPECT_EQ(kstrtoul("0x1F\n", 0, &v), 0);
	EXPECT_EQ(v, 31);
	EXPECT_EQ(kstrtoul("017", 0, &v), 0);
	EXPECT_EQ(v, 15);
	EXPECT_EQ(kstrtoul("18446744073709551615", 10, &v), 0);
	EXPECT(v == ULONG_MAX);
	v = 99;
	EXPECT_EQ(kstrtoul("18446744073709551616", 10, &v), -ERANGE);
	EXPECT_EQ(kstrtoul("", 10, &v), -EINVAL);
	EXPECT_EQ(kstrtoul("12a", 10, &v), -EINVAL);
	EXPECT_EQ(kstrtoul(" 12", 10, &v), -EINVAL);
	EXPECT_EQ(kstrtoul("12\n\n", 10, &v), -EINVAL);
	EXPECT_EQ(kstrtoul("-1", 10, &v), -EINVAL);
	EXPECT_EQ(kstrtoul("8", 8, &v), -EINVAL);
	EXPECT_EQ(v, 99);

	EXPECT_EQ(kstrtol("-9223372036854775808", 10, &s), 0);
	EXPECT(s == LONG_MIN);
	EXPECT_EQ(kstrtol("9223372036854775808", 10, &s), -ERANGE);
	EXPECT_EQ(kstrtol("-+1", 10, &s), -EINVAL);
	EXPECT_EQ(kstrtoint("-2147483648", 10, &i), 0);
	EXPECT_EQ(kstrtoint("2147483648", 10, &i), -ERANGE);
}

TEST(memparse_reads_suffixes)
{
	char *end;

	EXPECT_EQ(memparse("64M", &end), 64UL << 20);
	EXPECT_EQ(*end, 0);
	EXPECT_EQ(memparse("2g,rest", &end), 2UL << 30);
	EXPECT_STR(end, ",rest");
	EXPECT_EQ(memparse("0x10k", &end), 16384);
	EXPECT_EQ(memparse("M", &end), 0);
	EXPECT_STR(end, "M");
}
