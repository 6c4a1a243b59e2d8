/*
 * libc/test/compare/printf.c - every flag with every conversion
 *
 * Built twice, with our library and with the host's; both must print the same (test/run.sh).
 */
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CASE(...) show(snprintf(buf, sizeof(buf), __VA_ARGS__), #__VA_ARGS__)

static char buf[300];

static void show(int n, const char *what)
{
	printf("%s -> [%s] %d\n", what, buf, n);
}

/* All combinations of flags, some widths and precisions, and lengths, put together at run time. */
static void combinations(void)
{
	static const char *const widths[] = { "", "1", "7", "12" };
	static const char *const precisions[] = { "", ".", ".0", ".1", ".5", ".9" };
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "j", "z", "t" };
	static const long values[] = {
		0, 1, -1, 42, 255, -128, 65536, INT_MIN, LONG_MAX, LONG_MIN
	};
	static const char letters[] = "diuxXo";
	char fmt[32];

	for (int flags = 0; flags < 32; flags++)
		for (unsigned int w = 0; w < 4; w++)
			for (unsigned int p = 0; p < 6; p++)
				for (unsigned int c = 0; c < 6; c++) {
					unsigned int l = (flags + w * 3 + p * 5 + c) % 8;
					long v = values[(flags * 7 + w + p * 3 + c * 5) % 10];
					int n;

					sprintf(fmt, "%%%s%s%s%s%s%s%s%s%c", flags & 1 ? "-" : "",
						flags & 2 ? "+" : "", flags & 4 ? " " : "",
						flags & 8 ? "#" : "", flags & 16 ? "0" : "",
						widths[w], precisions[p], lengths[l], letters[c]);
					n = snprintf(buf, sizeof(buf), fmt, v);
					printf("%s %ld -> [%s] %d\n", fmt, v, buf, n);
				}
}

static void strings(void)
{
	CASE("%s|%10s|%-10s|%.2s|%10.2s|%-10.2s|%.0s", "abc", "abc", "abc", "abc", "abc", "abc",
	     "abc");
	CASE("%s|%.3s|%.6s", NULL, NULL, NULL);
	CASE("%c|%5c|%-5c|", 'x', 'y', 'z');
	CASE("%p|%20p|%-20p|", (void *)0x1234, (void *)0xdeadbeef, (void *)1);
	CASE("%p|%20p", NULL, NULL);
	CASE("%%|%d%%", 50);
	CASE("%*d|%-*d|%*d|%.*d|%.*d", 6, 1, 6, 2, -6, 3, 4, 5, -1, 6);
	CASE("%ld %lld %zu %jd %td %zd", LONG_MIN, LLONG_MAX, SIZE_MAX, INTMAX_MIN, (ptrdiff_t)-5,
	     (ssize_t)-6);
	CASE("%lx %llX %lo %#lx %#lo", ULONG_MAX, ULLONG_MAX, ULONG_MAX, ULONG_MAX, ULONG_MAX);
	CASE("%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", 0x400000UL, 0x401000UL, 'r', '-', 'x', 'p',
	     0UL, 0, 2, 99UL);
	CASE("plain");
	CASE("%s", "");
}

static void truncation(void)
{
	for (size_t size = 0; size < 12; size++) {
		memset(buf, '~', sizeof(buf) - 1);
		show(snprintf(buf, size, "%d and %s", 12345, "text"), "cut off");
	}
}

int main(void)
{
	int at = 0;

	combinations();
	strings();
	truncation();
	snprintf(buf, sizeof(buf), "12345%n678", &at);
	printf("%%n %d\n", at);
	return 0;
}
