/*
 * tests/guest/hosted/malloc.c - the library's allocator over brk, mmap and mremap
 */
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#define SLOTS 300

static const char *program = "hosted_malloc";
static unsigned char *slot[SLOTS];
static size_t size[SLOTS];

static int intact(int i)
{
	for (size_t k = 0; k < size[i]; k++)
		if (slot[i][k] != (unsigned char)i)
			return 0;
	return 1;
}

static void random_steps(int steps)
{
	static unsigned int seed = 12345;

	while (steps--) {
		int i = rand_r(&seed) % SLOTS;
		size_t n = rand_r(&seed) % (rand_r(&seed) % 16 ? 3000 : 400000),
		       kept = n < size[i] ? n : size[i];
		unsigned char *p;

		CHECK(intact(i));
		p = realloc(slot[i], n + 1);
		CHECK(p);
		slot[i] = p;
		size[i] = kept;
		CHECK(intact(i));
		size[i] = n;
		memset(p, i, n);
	}
}

int main(void)
{
	int status;
	pid_t pid;

	random_steps(5000);
	pid = fork();
	if (pid == 0) {
		random_steps(5000);
		_exit(checks_failed != 0);
	}
	random_steps(5000);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	for (int i = 0; i < SLOTS; i++) {
		CHECK(intact(i));
		free(slot[i]);
	}
	CHECK(!malloc(SIZE_MAX / 4));
	return verdict(program);
}
