/* time.h - clocks and sleeping */
#ifndef LIBC_TIME_H
#define LIBC_TIME_H

#include <sys/types.h>

struct timespec {
	time_t tv_sec;
	long tv_nsec;
};

#define CLOCK_REALTIME           0
#define CLOCK_MONOTONIC          1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID  3
#define CLOCK_MONOTONIC_RAW      4
#define CLOCK_REALTIME_COARSE    5
#define CLOCK_MONOTONIC_COARSE   6
#define CLOCK_BOOTTIME           7
#define TIMER_ABSTIME            1

int clock_gettime(clockid_t clock, struct timespec *ts);
int clock_getres(clockid_t clock, struct timespec *ts);
/* Unlike the rest, returns the error number itself and leaves errno alone. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *want, struct timespec *left);
int nanosleep(const struct timespec *want, struct timespec *left);
time_t time(time_t *t);

#endif
