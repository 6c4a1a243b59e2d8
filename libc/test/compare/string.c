/*
 * libc/test/compare/string.c - string functions over all small alignments and overlaps
 *
 * Built twice, with our library and with the host's; both must print the same (test/run.sh).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static unsigned char area[128];

static unsigned long digest(void)
{
	unsigned long h = 5381;

	for (unsigned int i = 0; i < sizeof(area); i++)
		h = h * 33 + area[i];
	return h;
}

static void number_area(void)
{
	for (unsigned int i = 0; i < sizeof(area); i++)
		area[i] = (unsigned char)(i * 7 + 1);
}

static void moves(void)
{
	for (int from = 0; from < 20; from++)
		for (int to = 0; to < 20; to++)
			for (int n = 0; n < 50; n += n < 20 ? 1 : 7) {
				number_area();
				memmove(area + to, area + from, n);
				printf("move %d %d %d %lx\n", from, to, n, digest());
				number_area();
				memcpy(area + 70 + to % 8, area + from, n);
				memset(area + to, n, from);
				printf("copy %d %d %d %lx\n", from, to, n, digest());
			}
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static long at(const char *base, const char *p)
{
	return p ? p - base : -1;
}

static void searches(void)
{
	static const char *const s[] = { "",    "a",     "b", "ab",    "abc",   "abcabc",
					 "xyz", "a\xff", "A", "aXbXc", "  lead" };
	const unsigned int n = sizeof(s) / sizeof(s[0]);

	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = 0; j < n; j++) {
			printf("%u %u: %d %d %d %d", i, j, sign(strcmp(s[i], s[j])),
			       sign(strncmp(s[i], s[j], 2)), sign(strcasecmp(s[i], s[j])),
			       sign(memcmp(s[i], s[j], 1)));
			printf(" %ld %zu %zu %ld %ld %ld\n", at(s[i], strstr(s[i], s[j])),
			       strspn(s[i], s[j]), strcspn(s[i], s[j]),
			       at(s[i], strpbrk(s[i], s[j])), at(s[i], strchr(s[i], *s[j])),
			       at(s[i], strrchr(s[i], *s[j])));
		}
}

static void tokens(void)
{
	char text[] = ",,one,,two, three,", again[] = "a::b:", *save, *p, *rest = again;

	for (p = strtok_r(text, ", ", &save); p; p = strtok_r(NULL, ", ", &save))
		printf("token [%s]\n", p);
	while ((p = strsep(&rest, ":")))
		printf("field [%s]\n", p);
}

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void sorting(void)
{
	int v[200];
	unsigned int seed = 1;

	for (int n = 0; n <= 200; n += 10) {
		for (int i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			v[i] = (int)(seed >> 20) % 50;
		}
		qsort(v, n, sizeof(v[0]), compare_ints);
		printf("sorted %d:", n);
		for (int i = 0; i < n; i++)
			printf(" %d", v[i]);
		printf(" has 7: %d\n",
		       bsearch(&(int){ 7 }, v, n, sizeof(v[0]), compare_ints) != NULL);
	}
}

int main(void)
{
	moves();
	searches();
	tokens();
	sorting();
	for (int c = -1; c < 128; c++)
		printf("%d: %d%d%d%d%d%d%d%d%d%d%d%d %d %d\n", c, !!isalpha(c), !!isdigit(c),
		       !!isalnum(c), !!isspace(c), !!isblank(c), !!isupper(c), !!islower(c),
		       !!isxdigit(c), !!isprint(c), !!isgraph(c), !!iscntrl(c), !!ispunct(c),
		       toupper(c), tolower(c));
	for (int e = 0; e < 140; e++)
		printf("%d %s\n", e, strerror(e));
	for (int sig = 0; sig < 32; sig++)
		printf("%d %s\n", sig, strsignal(sig));
	setenv("PW_ONE", "1", 1);
	setenv("PW_TWO", "2", 1);
	setenv("PW_ONE", "3", 0);
	setenv("PW_TWO", "4", 1);
	unsetenv("PW_NONE");
	printf("%s %s %s", getenv("PW_ONE"), getenv("PW_TWO"), getenv("PW_NONE") ? "?" : "none");
	unsetenv("PW_ONE");
	printf(" %s\n", getenv("PW_ONE") ? "?" : "gone");
	return 0;
}
