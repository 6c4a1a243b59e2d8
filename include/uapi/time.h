/*
 * uapi/time.h - clocks and the structures of time, Linux x86-64
 *
 * Sources: clock_gettime(2), setitimer(2), times(2).
 */
#ifndef UAPI_TIME_H
#define UAPI_TIME_H

#include <lib/types.h>

struct __kernel_timespec { s64 tv_sec, tv_nsec; };
struct __kernel_old_timeval { s64 tv_sec, tv_usec; };
struct __kernel_itimerval { struct __kernel_old_timeval it_interval, it_value; };
struct __kernel_timezone { int tz_minuteswest, tz_dsttime; };
struct tms { s64 tms_utime, tms_stime, tms_cutime, tms_cstime; };	/* clock ticks */

#define CLOCK_REALTIME			0
#define CLOCK_MONOTONIC			1
#define CLOCK_PROCESS_CPUTIME_ID	2
#define CLOCK_THREAD_CPUTIME_ID		3
#define CLOCK_MONOTONIC_RAW		4
#define CLOCK_REALTIME_COARSE		5
#define CLOCK_MONOTONIC_COARSE		6
#define CLOCK_BOOTTIME			7
#define CLOCK_TAI			11
#define TIMER_ABSTIME			1

#define ITIMER_REAL	0
#define ITIMER_VIRTUAL	1
#define ITIMER_PROF	2

#define USER_HZ		100	/* clock ticks per second, AT_CLKTCK */

#endif
