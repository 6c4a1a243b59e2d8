/*
 * libc/test/malloc.c - the allocator under a random load, and its two sources of memory
 *
 * The load: slots hold blocks filled with a pattern of their own; each step allocates, resizes or frees
 * one, and checks the bytes it touches; malloc_check() verifies the heap's invariants all along.  The seed
 * is printed; give it as argument to replay.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 200
#define STEPS 60000

static unsigned int seed;
static int passed, failed;

static void report(int ok, const char *name)
{
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	if (ok)
		passed++;
	else
		failed++;
}

static struct {
	unsigned char *p;
	size_t n;
	unsigned char fill;
} slots[SLOTS];

static int intact(const unsigned char *p, size_t n, unsigned char fill)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != fill)
			return 0;
	return 1;
}

static size_t random_size(void)
{
	switch (rand_r(&seed) % 16) {
	case 0:
		return (size_t)rand_r(&seed) % 300000;
	case 1:
	case 2:
	case 3:
		return (size_t)rand_r(&seed) % 5000;
	default:
		return (size_t)rand_r(&seed) % 200;
	}
}

/* One step on slot @i; NULL, or what went wrong. */
static const char *step(int i)
{
	size_t n = random_size();
	unsigned char fill = (unsigned char)rand_r(&seed);
	size_t kept;
	void *p;

	if (!intact(slots[i].p, slots[i].n, slots[i].fill))
		return "a block was overwritten";
	switch (rand_r(&seed) % 4) {
	case 0:
		free(slots[i].p);
		slots[i].p = NULL;
		slots[i].n = 0;
		return NULL;
	case 1:
		p = realloc(slots[i].p, n);
		kept = n < slots[i].n ? n : slots[i].n;
		if (!p || !intact(p, kept, slots[i].fill))
			return "realloc lost bytes";
		break;
	case 2:
		free(slots[i].p);
		p = calloc(1, n);
		if (!p || !intact(p, n, 0))
			return "calloc gave dirty memory";
		break;
	default:
		free(slots[i].p);
		p = rand_r(&seed) % 8 ? malloc(n) : aligned_alloc(1024, n);
		break;
	}
	if (!p || (uintptr_t)p % 16 || malloc_usable_size(p) < n)
		return "not aligned, or too small";
	memset(p, fill, n);
	slots[i].p = p;
	slots[i].n = n;
	slots[i].fill = fill;
	return NULL;
}

static void random_load(void)
{
	const char *wrong = NULL;
	void *end;

	for (int s = 0; s < STEPS && !wrong; s++) {
		wrong = step(rand_r(&seed) % SLOTS);
		if (!wrong && s % 64 == 0)
			wrong = malloc_check();
		if (s % 5000 == 2500)
			wrong = sbrk(48) == (void *)-1 ? "sbrk failed"
						       : wrong; /* somebody else moves the break */
	}
	report(!wrong, "random_load_keeps_bytes_and_invariants");
	if (wrong)
		printf("# %s\n", wrong);
	for (int i = 0; i < SLOTS; i++)
		free(slots[i].p);
	wrong = malloc_check();
	report(!wrong, "heap_is_consistent_after_everything_is_freed");
	if (wrong)
		printf("# %s\n", wrong);
	end = sbrk(0);
	free(malloc(1000));
	report(sbrk(0) == end, "small_block_is_served_from_what_was_freed");
}

static void sources(void)
{
	char *before, *small, *large;

	free(malloc(1));
	before = sbrk(0);
	large = malloc(128 << 10);
	report(large && sbrk(0) == before && (large > before || large < before - (64 << 20)),
	       "128_KiB_is_mapped");
	free(large);
	small = malloc((128 << 10) - 1);
	report(small && small < (char *)sbrk(0) && (char *)sbrk(0) > before,
	       "one_byte_less_is_on_the_heap");
	free(small);
	before = sbrk(0);
	small = malloc(100 << 10);
	large = malloc(100 << 10);
	free(small);
	free(large);
	report((char *)sbrk(0) <= before + (128 << 10), "free_top_beyond_128_KiB_is_given_back");
}

static void errors(void)
{
	void *p;

	errno = 0;
	p = malloc(SIZE_MAX);
	report(!p && errno == ENOMEM, "impossible_size_is_ENOMEM");
	errno = 0;
	p = calloc(SIZE_MAX / 2, 3);
	report(!p && errno == ENOMEM, "calloc_overflow_is_ENOMEM");
	p = malloc(0);
	report(p != NULL, "zero_bytes_have_an_address");
	free(p);
	free(NULL);
	p = malloc(10);
	report(realloc(p, SIZE_MAX / 2) == NULL, "failing_realloc_returns_NULL");
	free(p);
}

int main(int argc, char **argv)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seed = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 0) : (unsigned int)now.tv_nsec;
	printf("# seed %u\n", seed);
	sources();
	errors();
	random_load();
	printf("malloc: %d passed, %d failed\n", passed, failed);
	return failed != 0;
}
