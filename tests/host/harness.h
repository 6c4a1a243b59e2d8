/* SPDX-License-Identifier: MIT */
/*
 * tests/host/harness.h - what a host test is written with
 *
 *	TEST(split_in_middle_keeps_offsets)
 *	{
 *		env_boot(NULL);
 *		...
 *		ASSERT_EQ(vma->vm_pgoff, 3);
 *	}
 *
 * Each test runs in a child process of its own: it may leave any state behind, and a crash, a sanitizer's report
 * or a hang is a failure of that test alone.  Its output is shown when it fails.
 *
 * Command line: [-l] [-v] [-s SEED] [NAME...]   names select by part; SEED in the environment works too.
 */
#ifndef HOST_HARNESS_H
#define HOST_HARNESS_H

#include <lib/types.h>

struct test {
	const char *name, *file;
	void (*fn)(void);
	unsigned int timeout_s;
	struct test *next;
};

void test_register(struct test *test);

#define TEST_WITH_TIMEOUT(test_name, seconds)                                                \
	static void test_##test_name(void);                                                  \
	__attribute__((constructor)) static void register_##test_name(void)                  \
	{                                                                                    \
		static struct test test = { #test_name, __FILE__, test_##test_name, seconds, \
					    NULL };                                          \
                                                                                             \
		test_register(&test);                                                        \
	}                                                                                    \
	static void test_##test_name(void)
#define TEST(test_name) TEST_WITH_TIMEOUT(test_name, 120)

/* Ends the test as failed, with a message and the call chain. */
void test_fail_at(const char *file, int line, const char *fmt, ...) __printf(3, 4) __noreturn;
/* Fails the test but goes on. */
void test_expect_at(const char *file, int line, const char *fmt, ...) __printf(3, 4);

#define FAIL(...) test_fail_at(__FILE__, __LINE__, __VA_ARGS__)
#define ASSERT(cond)                       \
	do {                               \
		if (!(cond))               \
			FAIL("%s", #cond); \
	} while (0)
#define EXPECT(cond)                                                     \
	do {                                                             \
		if (!(cond))                                             \
			test_expect_at(__FILE__, __LINE__, "%s", #cond); \
	} while (0)

#define TEST_COMPARE(fail, a, op, b)                                                              \
	do {                                                                                      \
		long long test_a = (long long)(a), test_b = (long long)(b);                       \
                                                                                                  \
		if (!(test_a op test_b))                                                          \
			fail(__FILE__, __LINE__, "%s %s %s: %lld (%#llx), %lld (%#llx)", #a, #op, \
			     #b, test_a, (unsigned long long)test_a, test_b,                      \
			     (unsigned long long)test_b);                                         \
	} while (0)
#define ASSERT_EQ(a, b) TEST_COMPARE(test_fail_at, a, ==, b)
#define ASSERT_NE(a, b) TEST_COMPARE(test_fail_at, a, !=, b)
#define ASSERT_LT(a, b) TEST_COMPARE(test_fail_at, a, <, b)
#define ASSERT_LE(a, b) TEST_COMPARE(test_fail_at, a, <=, b)
#define EXPECT_EQ(a, b) TEST_COMPARE(test_expect_at, a, ==, b)
#define EXPECT_NE(a, b) TEST_COMPARE(test_expect_at, a, !=, b)
#define EXPECT_LT(a, b) TEST_COMPARE(test_expect_at, a, <, b)
#define EXPECT_LE(a, b) TEST_COMPARE(test_expect_at, a, <=, b)

void test_expect_str(const char *file, int line, const char *expr, const char *got,
		     const char *want);
#define EXPECT_STR(got, want) test_expect_str(__FILE__, __LINE__, #got, got, want)

/* Randomness: a generator per test, seeded by SEED and the test's name. */
u64 test_random(void);
static inline u64 test_random_below(u64 n) /* 0 .. n - 1 */
{
	return test_random() % n;
}
static inline bool test_chance(unsigned int one_in)
{
	return test_random_below(one_in) == 0;
}

/* True in long runs (SOAK=1): model tests do more rounds. */
bool test_is_soak(void);
#define test_rounds(normal) (test_is_soak() ? (normal)*20UL : (unsigned long)(normal))

/**
 * run_with_every_allocation_failing - run @fn again and again, its nth allocation failing, for n = 1, 2, ...
 *
 * Each run begins in the state of this moment (a forked copy).  The first run in which nothing was left to fail
 * ends it.  @fn must handle errors as a caller would, and check what must hold after them.
 *
 * Return: the number of allocations that were made to fail.
 */
unsigned long run_with_every_allocation_failing(const char *name, void (*fn)(void));
#define RUN_WITH_EVERY_ALLOCATION_FAILING(fn) run_with_every_allocation_failing(#fn, fn)

/* For long random runs: each allocation fails with probability 1 / @one_in; 0 turns it off. */
void test_fail_allocations(unsigned int one_in);
/* The next @n-th allocation fails, once; 0 turns it off.  Returns how many were counted since armed. */
unsigned long test_fail_nth_allocation(unsigned long n);

/**
 * test_expect_panic - does @fn panic (BUG_ON, assert, a harness check)?  In a forked copy.
 * @what: text that its output must contain, or NULL
 */
bool test_expect_panic(void (*fn)(void), const char *what);

#endif
