/*
 * libc/ctype.c - classes of characters
 *
 * ASCII only, the C locale.  The argument is an unsigned char's value or EOF; comparing unsigned makes
 * one test of two.
 *
 * Sources: isalpha(3).
 */
#include <ctype.h>

static int between(int c, int low, int high)
{
	return (unsigned int)c - (unsigned int)low <= (unsigned int)(high - low);
}

/* clang-format off */
int isdigit(int c)  { return between(c, '0', '9'); }
int isupper(int c)  { return between(c, 'A', 'Z'); }
int islower(int c)  { return between(c, 'a', 'z'); }
int isalpha(int c)  { return isupper(c) || islower(c); }
int isalnum(int c)  { return isalpha(c) || isdigit(c); }
int isblank(int c)  { return c == ' ' || c == '\t'; }
int isspace(int c)  { return c == ' ' || between(c, '\t', '\r'); }
int isxdigit(int c) { return isdigit(c) || between(c, 'a', 'f') || between(c, 'A', 'F'); }
int isprint(int c)  { return between(c, ' ', '~'); }
int isgraph(int c)  { return between(c, '!', '~'); }
int iscntrl(int c)  { return between(c, 0, 31) || c == 127; }
int ispunct(int c)  { return isgraph(c) && !isalnum(c); }
int toupper(int c)  { return islower(c) ? c - 'a' + 'A' : c; }
int tolower(int c)  { return isupper(c) ? c - 'A' + 'a' : c; }
/* clang-format on */
