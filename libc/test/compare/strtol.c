/*
 * libc/test/compare/strtol.c - text to number at its edges
 *
 * Built twice, with our library and with the host's; both must print the same (test/run.sh).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const texts[] = {
	"",
	" ",
	"0",
	"-0",
	"+0",
	"7",
	"-7",
	"+7",
	" \t\n\v\f\r42",
	"42abc",
	"abc",
	"- 1",
	"--1",
	"+-1",
	"0x",
	"0X",
	"0xg",
	"0x1f",
	"-0x1F",
	"0x 1",
	"08",
	"010",
	"0b1",
	"z",
	"Zz",
	"10 20",
	"9223372036854775807",
	"9223372036854775808",
	"-9223372036854775808",
	"-9223372036854775809",
	"18446744073709551615",
	"18446744073709551616",
	"-18446744073709551615",
	"-18446744073709551616",
	"99999999999999999999999x",
	"0x7fffffffffffffff",
	"0x8000000000000000",
	"0xffffffffffffffff",
	"0x10000000000000000",
	"777777777777777777777",
	"1777777777777777777777",
	"2000000000000000000000",
	"\x80",
	"1\xff",
};

static const int bases[] = { 0, 2, 8, 10, 16, 36, 1, 37, -1 };

int main(void)
{
	for (unsigned int t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
		for (unsigned int b = 0; b < sizeof(bases) / sizeof(bases[0]); b++) {
			char *end = (char *)texts[t];
			long l;
			unsigned long ul;

			errno = 0;
			l = strtol(texts[t], &end, bases[b]);
			printf("%u base %d: %ld used %d errno %d", t, bases[b], l,
			       (int)(end - texts[t]), errno);
			end = (char *)texts[t];
			errno = 0;
			ul = strtoul(texts[t], &end, bases[b]);
			printf(", %lu used %d errno %d\n", ul, (int)(end - texts[t]), errno);
		}
	printf("%d %d %ld\n", atoi("-12x"), atoi(""), atol("123456789012"));
	return 0;
}
