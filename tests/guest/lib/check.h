/*
 * tests/guest/lib/check.h - how guest tests are written
 *
 * A program has a table of cases, named by the behaviour they prove:
 *
 *     static void read_past_end_is_zero(void)
 *     {
 *             CHECK_EQ(read(fd, buf, 10), 0);
 *             CHECK_ERR(RAW(__NR_read, -1, buf, 10), EBADF);
 *     }
 *     TEST_MAIN("files", CASE(read_past_end_is_zero), ...)
 *
 * Each case runs in a child of its own, in an empty folder of its own under /tmp, with a watchdog; a failed
 * check ends the child.  Output is one line a case, `ok NAME` or `not ok NAME: reason`, then
 * `PROGRAM: N passed, N failed`.  The same binaries run on Linux, which must pass all of them: it is the
 * specification.
 */
#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

#define PAGE 4096UL

struct test_case {
	const char *name;
	void (*run)(void);
};

#define CASE(fn)        \
	{               \
#fn, fn \
	}
#define NR(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Run all cases, or only those named in argv; the exit status is 0 if all passed. */
int run_cases(const char *program, const struct test_case *cases, int nr, char **names);

#define TEST_MAIN(program, ...)                                          \
	int main(int argc, char **argv)                                  \
	{                                                                \
		static const struct test_case cases[] = { __VA_ARGS__ }; \
                                                                         \
		(void)argc;                                              \
		return run_cases(program, cases, NR(cases), argv + 1);   \
	}

/* End the case with a reason. */
_Noreturn void fail(const char *fmt, ...) __printf_like(1, 2);

void check_eq(int line, const char *expr, long got, long want);
void check_err(int line, const char *expr, long got, int err);

#define CHECK(x)            ((x) ? (void)0 : fail("line %d: %s", __LINE__, #x))
#define CHECK_EQ(got, want) check_eq(__LINE__, #got, (long)(got), (long)(want))
/* @raw is a result of RAW(): the negated error itself. */
#define CHECK_ERR(raw, err) check_err(__LINE__, #raw, (long)(raw), err)

/* Anonymous private memory of @pages pages, or the case fails. */
char *map_pages(size_t pages, int prot);

/* A file with @len bytes, byte i being the low byte of i / PAGE + i; open for reading and writing. */
int pattern_file(const char *path, size_t len);
char pattern_at(size_t i);

/* Write a whole file, with @mode. */
void write_file(const char *path, const void *data, size_t len, unsigned int mode);

/* Remove @path and all that is below, as far as possible. */
void remove_tree(const char *path);

/* Run @fn in a child; its wait status. */
int in_child(void (*fn)(void *), void *arg);
/* The signal that ends a child doing @fn, 0 if it exits. */
int signal_of(void (*fn)(void *), void *arg);

/* Run @fn in a child.  Why it failed, in @reason: what fail() said, a signal, an exit status; empty if it did not.
 * Returns its process id, or -1. */
pid_t reason_of(void (*fn)(void *), void *arg, char *reason, size_t size);

/* A child that reads (writes, calls) one byte at @arg. */
void touch_read(void *addr);
void touch_write(void *addr);
void touch_exec(void *addr);

/* A line of /proc/self/maps: the mapping that contains @addr. */
struct mapping {
	unsigned long start, end, offset;
	char perms[5];
	char name[128];
};
int find_mapping(const void *addr, struct mapping *m);
/* The number of mappings that have a page in [@addr, @addr + @len). */
int count_mappings(const void *addr, size_t len);

/* The number behind "@key:" in a /proc file, or -1. */
long proc_value(const char *path, const char *key);

#endif
