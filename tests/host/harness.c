/* SPDX-License-Identifier: MIT */
/*
 * tests/host/harness.c - runs the tests of one program
 *
 * A test runs in a forked child with its output in a temporary file; the parent waits, prints one line per test
 * and the output of those that failed, and ends with "N passed, N failed".  fork(2) is also how a test gets many
 * futures out of one state: the failure injector forks for every n.
 *
 * Child's exit status: 0 passed; EXIT_NOT_REACHED passed, and the injected failure was never asked for;
 * anything else, or a signal, failed.
 *
 * Randomness is xorshift64*, seeded by the program's seed and the test's name, so that one test alone replays
 * as it ran among the others.
 */
#include <mm/gfp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

void __sanitizer_print_stack_trace(void);
const char *__asan_default_options(void);

enum { EXIT_NOT_REACHED = 42 };

static struct test *tests;
static struct test **tests_end = &tests;
static unsigned int expect_failed;
static u64 random_state = 1;

static struct {
	unsigned long nth, count; /* fail the nth from now, counted so far */
	unsigned int one_in;
	bool hit;
} inject;

/* Children end by _exit() in the middle of things: leaks are the slab's and the buddy's to count. */
const char *__asan_default_options(void)
{
	return "print_legend=0:detect_leaks=0:detect_stack_use_after_return=0";
}

void test_register(struct test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

u64 test_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dUL;
}

static void seed_random(u64 seed, const char *name)
{
	u64 h = 0xcbf29ce484222325UL ^ seed;

	for (; *name; name++)
		h = (h ^ (u8)*name) * 0x100000001b3UL;
	random_state = h ? h : 1;
}

bool test_is_soak(void)
{
	return getenv("SOAK") != NULL;
}

static void print_failure(const char *file, int line, const char *fmt, va_list args)
{
	printf("%s:%d: ", file, line);
	vprintf(fmt, args);
	printf("\n");
	fflush(stdout);
}

void test_fail_at(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_failure(file, line, fmt, args);
	va_end(args);
	__sanitizer_print_stack_trace();
	fflush(stdout);
	_exit(1);
}

void test_expect_at(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_failure(file, line, fmt, args);
	va_end(args);
	if (++expect_failed == 10) {
		printf("and so on\n");
		fflush(stdout);
		_exit(1);
	}
}

void test_expect_str(const char *file, int line, const char *expr, const char *got,
		     const char *want)
{
	if (strcmp(got, want))
		test_expect_at(file, line, "%s: \"%s\", expected \"%s\"", expr, got, want);
}

/* What the kernel calls when it cannot go on is, here, the end of the test. */
void panic(const char *fmt, ...)
{
	va_list args;

	printf("panic: ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	__sanitizer_print_stack_trace();
	_exit(1);
}

void warn_at(const char *file, int line, const char *what)
{
	test_fail_at(file, line, "WARN_ON(%s)", what);
}

int printk(const char *fmt, ...)
{
	va_list args;
	int len;

	if (fmt[0] == '<' && fmt[1] && fmt[2] == '>')
		fmt += 3;
	va_start(args, fmt);
	len = vprintf(fmt, args);
	va_end(args);
	return len;
}

/* Stack smashing is a matter for the sanitizer; this is the allocators' question before each allocation. */
bool should_fail_alloc(unsigned int gfp)
{
	if (gfp & __GFP_NOFAIL)
		return false;
	if (inject.one_in && test_chance(inject.one_in))
		return true;
	if (!inject.nth || ++inject.count != inject.nth)
		return false;
	inject.hit = true;
	return true;
}

void test_fail_allocations(unsigned int one_in)
{
	inject.one_in = one_in;
}

unsigned long test_fail_nth_allocation(unsigned long n)
{
	unsigned long counted = inject.count;

	inject.nth = n;
	inject.count = 0;
	inject.hit = false;
	return counted;
}

/* Waits for the child; true if it ended by itself with a status that means success. */
static bool child_passed(pid_t pid, int *code)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		printf("killed by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return *code == 0 || *code == EXIT_NOT_REACHED;
}

unsigned long run_with_every_allocation_failing(const char *name, void (*fn)(void))
{
	for (unsigned long n = 1;; n++) {
		int code;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid < 0)
			FAIL("fork");
		if (pid == 0) {
			test_fail_nth_allocation(n);
			fn();
			fflush(stdout);
			_exit(expect_failed ? 1 : inject.hit ? 0 : EXIT_NOT_REACHED);
		}
		if (!child_passed(pid, &code)) {
			printf("%s: with allocation %lu failing\n", name, n);
			fflush(stdout);
			_exit(1);
		}
		if (code == EXIT_NOT_REACHED)
			return n - 1;
	}
}

bool test_expect_panic(void (*fn)(void), const char *what)
{
	char text[65536];
	FILE *out = tmpfile();
	size_t len;
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!out || pid < 0)
		FAIL("fork");
	if (pid == 0) {
		dup2(fileno(out), 1);
		dup2(fileno(out), 2);
		fn();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	rewind(out);
	len = fread(text, 1, sizeof(text) - 1, out);
	text[len] = '\0';
	fclose(out);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	if (what && !strstr(text, what)) {
		printf("panicked, but without \"%s\":\n%s\n", what, text);
		return false;
	}
	return true;
}

static void show(FILE *out)
{
	char line[512];

	rewind(out);
	while (fgets(line, sizeof(line), out))
		printf("    %s", line);
}

static bool run_one(const struct test *test, u64 seed, bool verbose)
{
	FILE *out = tmpfile();
	struct timespec begin, end;
	bool passed;
	int code;
	pid_t pid;

	if (!out)
		return false;
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = fork();
	if (pid == 0) {
		dup2(fileno(out), 1);
		dup2(fileno(out), 2);
		alarm(test->timeout_s * (test_is_soak() ? 30 : 1));
		seed_random(seed, test->name);
		test->fn();
		fflush(stdout);
		_exit(expect_failed ? 1 : 0);
	}
	passed = pid > 0 && child_passed(pid, &code);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%-4s %s  %ld ms\n", passed ? "ok" : "FAIL", test->name,
	       (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
	if (!passed)
		printf("    %s, replay with SEED=%lu\n", test->file, (unsigned long)seed);
	if (!passed || verbose)
		show(out);
	fclose(out);
	return passed;
}

static bool selected(const struct test *test, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (strstr(test->name, *names))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *text = getenv("SEED");
	unsigned int passed = 0, failed = 0;
	bool verbose = false, list = false;
	u64 seed = 1;
	int opt;

	while ((opt = getopt(argc, argv, "lvs:")) != -1) {
		switch (opt) {
		case 'l':
			list = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 's':
			text = optarg;
			break;
		default:
			return 2;
		}
	}
	if (text)
		seed = strcmp(text, "random") ? strtoul(text, NULL, 0) : (u64)time(NULL);
	if (!list)
		printf("%s, SEED=%lu\n", argv[0], (unsigned long)seed);
	for (struct test *test = tests; test; test = test->next) {
		if (!selected(test, argv + optind))
			continue;
		if (list)
			printf("%s\n", test->name);
		else if (run_one(test, seed, verbose))
			passed++;
		else
			failed++;
	}
	if (!list)
		printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
