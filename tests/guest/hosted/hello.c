/*
 * tests/guest/hosted/hello.c - the smallest program, and what its library sets up before main
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

static const char *program = "hosted_hello";
static _Thread_local int tls_value = 42;
static _Thread_local int tls_zero;
static int constructed;

__attribute__((constructor)) static void construct(void)
{
	constructed = 1;
}

int main(int argc, char **argv)
{
	char text[64];

	CHECK(argc >= 1 && argv[0] && argv[0][0]);
	CHECK(constructed);
	CHECK(tls_value == 42 && tls_zero == 0);
	tls_zero = 7;
	errno = 0;
	CHECK(close(-1) == -1 && errno == EBADF);
	snprintf(text, sizeof(text), "%d %s %.3f %e", 42, "text", 3.14159, 1e100);
	CHECK(strcmp(text, "42 text 3.142 1.000000e+100") == 0);
	CHECK(time(NULL) != (time_t)-1);
	CHECK(getpid() > 0);
	return verdict(program);
}
