/*
 * tests/guest/time.c - clocks go forward, sleeps last at least as long as asked
 *
 * No upper limits: an emulator may stop for any time.
 */
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/check.h"

static long now_ns(clockid_t clock)
{
	struct timespec ts;

	CHECK_EQ(clock_gettime(clock, &ts), 0);
	CHECK(ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void monotonic_clock_never_goes_back(void)
{
	long last = now_ns(CLOCK_MONOTONIC), first = last;

	for (int i = 0; i < 100000; i++) {
		long now = now_ns(CLOCK_MONOTONIC);

		CHECK(now >= last);
		last = now;
	}
	CHECK(last > first);
}

static void clocks_agree_with_each_other(void)
{
	struct timeval tv;
	long real = now_ns(CLOCK_REALTIME) / 1000000000;

	CHECK_EQ(gettimeofday(&tv, NULL), 0);
	CHECK(tv.tv_sec - real >= 0 && tv.tv_sec - real < 30);
	CHECK(time(NULL) - real >= 0 && time(NULL) - real < 30);
	CHECK(now_ns(CLOCK_BOOTTIME) >= now_ns(CLOCK_MONOTONIC) - 1000000000);
	now_ns(CLOCK_MONOTONIC_RAW);
	now_ns(CLOCK_MONOTONIC_COARSE);
	now_ns(CLOCK_REALTIME_COARSE);
}

static void clock_errors(void)
{
	struct timespec ts;

	CHECK_ERR(RAW(__NR_clock_gettime, 99, &ts), EINVAL);
	CHECK_ERR(RAW(__NR_clock_getres, 99, &ts), EINVAL);
	CHECK_EQ(clock_getres(CLOCK_MONOTONIC, &ts), 0);
	CHECK(ts.tv_sec == 0 && ts.tv_nsec > 0);
}

static void nanosleep_lasts_at_least_as_long(void)
{
	static const long lengths[] = { 1, 1000, 1000000, 50000000 };

	for (int i = 0; i < NR(lengths); i++) {
		struct timespec want = { 0, lengths[i] };
		long before = now_ns(CLOCK_MONOTONIC);

		CHECK_EQ(nanosleep(&want, NULL), 0);
		CHECK(now_ns(CLOCK_MONOTONIC) - before >= lengths[i]);
	}
}

static void absolute_sleep_ends_at_its_time(void)
{
	long until = now_ns(CLOCK_MONOTONIC) + 30000000;
	struct timespec ts = { until / 1000000000, until % 1000000000 };

	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL), 0);
	CHECK(now_ns(CLOCK_MONOTONIC) >= until);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL),
		 0); /* in the past: at once */
}

static void sleep_errors(void)
{
	struct timespec bad = { 0, 1000000000 }, negative = { -1, 0 }, fine = { 0, 1 };

	CHECK_ERR(RAW(__NR_nanosleep, &bad, NULL), EINVAL);
	CHECK_ERR(RAW(__NR_nanosleep, &negative, NULL), EINVAL);
	CHECK_ERR(RAW(__NR_clock_nanosleep, 99, 0, &fine, NULL), EINVAL);
	CHECK_ERR(RAW(__NR_clock_nanosleep, CLOCK_MONOTONIC, 0, &bad, NULL), EINVAL);
}

static void sleeping_leaves_the_processor_to_others(void)
{
	struct timespec nap = { 0, 20000000 };
	int status;
	long spent;

	if (fork() == 0) {
		for (int i = 0; i < 5; i++)
			nanosleep(&nap, NULL);
		spent = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		_exit(spent > 90000000);
	}
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
}

static void work_is_counted_as_time_of_the_process(void)
{
	long before = now_ns(CLOCK_PROCESS_CPUTIME_ID);

	for (volatile int i = 0; i < 20000000; i++)
		;
	CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) > before);
}

static void busy_processes_share_the_processor(void)
{
	int fds[2], status;
	char c;
	pid_t busy;

	CHECK_EQ(pipe(fds), 0);
	busy = fork();
	if (busy == 0)
		for (;;)
			;
	if (fork() == 0) {
		for (volatile int i = 0; i < 1000000; i++)
			;
		_exit(write(fds[1], "x", 1) != 1);
	}
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(kill(busy, SIGKILL), 0);
	CHECK_EQ(waitpid(busy, &status, 0), busy);
	CHECK_EQ(status & 0x7f, SIGKILL);
}

static void uptime_file_goes_forward(void)
{
	FILE *f = fopen("/proc/uptime", "r");
	char line[64];
	int seconds = 0, hundredths = 0;

	CHECK(f && fgets(line, sizeof(line), f));
	for (char *p = line; *p >= '0' && *p <= '9'; p++)
		seconds = seconds * 10 + (*p - '0');
	hundredths = line[strcspn(line, ".")] == '.';
	CHECK(hundredths);
	CHECK(seconds <= now_ns(CLOCK_BOOTTIME) / 1000000000 + 1);
}

/* clang-format off */
TEST_MAIN("time",
	CASE(monotonic_clock_never_goes_back), CASE(clocks_agree_with_each_other), CASE(clock_errors),
	CASE(nanosleep_lasts_at_least_as_long), CASE(absolute_sleep_ends_at_its_time), CASE(sleep_errors),
	CASE(sleeping_leaves_the_processor_to_others), CASE(work_is_counted_as_time_of_the_process),
	CASE(busy_processes_share_the_processor), CASE(uptime_file_goes_forward))
/* clang-format on */
