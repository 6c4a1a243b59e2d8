/*
 * tests/guest/hosted/check.h - for programs built by ordinary tool chains against ordinary C libraries
 */
#ifndef HOSTED_CHECK_H
#define HOSTED_CHECK_H

#include <stdio.h>
#include <stdlib.h>

static int checks_failed;

#define CHECK(x)                                                                  \
	do {                                                                      \
		if (!(x)) {                                                       \
			printf("not ok %s_line_%d: %s\n", program, __LINE__, #x); \
			checks_failed++;                                          \
		}                                                                 \
	} while (0)

static inline int verdict(const char *program)
{
	if (!checks_failed)
		printf("ok %s\n", program);
	printf("%s: %d passed, %d failed\n", program, !checks_failed, checks_failed);
	return checks_failed != 0;
}

#endif
