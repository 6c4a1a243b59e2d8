/*
 * tests/oracle/times.c - clocks and sleeps; times themselves differ, so only relations between them are shown
 */
#include <time.h>
#include <sys/time.h>
#include <unistd.h>
#include "lib/oracle.h"

static void clocks(void)
{
	struct timespec a, b;

	for (int clock = 0; clock <= 12; clock++) {
		ask(text("clock_gettime, %d", clock), RAW(__NR_clock_gettime, clock, &a));
		ask(text("clock_getres, %d", clock), RAW(__NR_clock_getres, clock, &b));
	}
	ask("clock_gettime, -1", RAW(__NR_clock_gettime, -1, &a));
	ask("clock_gettime, bad", RAW(__NR_clock_gettime, 0, BAD));
	ask("clock_getres, nowhere", RAW(__NR_clock_getres, 0, 0));
	ask("clock_settime, monotonic", RAW(__NR_clock_settime, 1, &a));
	ask("clock_settime, bad", RAW(__NR_clock_settime, 0, BAD));
	RAW(__NR_clock_getres, 0, &a);
	say("resolution of the real-time clock", "%ld %ld", a.tv_sec, a.tv_nsec);
	RAW(__NR_clock_getres, 1, &a);
	say("resolution of the monotonic clock", "%ld %ld", a.tv_sec, a.tv_nsec);
	RAW(__NR_clock_gettime, 1, &a);
	RAW(__NR_clock_gettime, 1, &b);
	say("time does not go back", "%d",
	    b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
	ask("gettimeofday, bad", RAW(__NR_gettimeofday, BAD, 0));
	ask("gettimeofday, nowhere", RAW(__NR_gettimeofday, 0, 0));
	ask("time, bad", RAW(__NR_time, BAD));
	ask_done("time", RAW(__NR_time, 0));
}

static void sleeps(void)
{
	struct timespec ts = { 0, 1000000 }, a, b;

	ask("nanosleep", RAW(__NR_nanosleep, &ts, 0));
	ask("nanosleep, bad", RAW(__NR_nanosleep, BAD, 0));
	ts.tv_nsec = 1000000000;
	ask("nanosleep, a full second of nanoseconds", RAW(__NR_nanosleep, &ts, 0));
	ts.tv_nsec = -1;
	ask("nanosleep, negative nanoseconds", RAW(__NR_nanosleep, &ts, 0));
	ts = (struct timespec){ -1, 0 };
	ask("nanosleep, negative seconds", RAW(__NR_nanosleep, &ts, 0));
	ts = (struct timespec){ 0, 0 };
	ask("nanosleep, 0", RAW(__NR_nanosleep, &ts, 0));
	ask("clock_nanosleep, clock 99", RAW(__NR_clock_nanosleep, 99, 0, &ts, 0));
	ask("clock_nanosleep, thread's CPU time", RAW(__NR_clock_nanosleep, 3, 0, &ts, 0));
	ask("clock_nanosleep, raw", RAW(__NR_clock_nanosleep, 4, 0, &ts, 0));
	ask("clock_nanosleep, past", RAW(__NR_clock_nanosleep, 1, TIMER_ABSTIME, &ts, 0));
	RAW(__NR_clock_gettime, 1, &a);
	ts = (struct timespec){ 0, 30000000 };
	ask("clock_nanosleep, 30 ms", RAW(__NR_clock_nanosleep, 1, 0, &ts, 0));
	RAW(__NR_clock_gettime, 1, &b);
	say("at least 30 ms went by", "%d",
	    (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 30000000);
}

static void timers(void)
{
	struct itimerval t = { { 0, 0 }, { 0, 1000000 } }, old;

	ask("setitimer, a million microseconds", RAW(__NR_setitimer, 0, &t, 0));
	t.it_value = (struct timeval){ 100, 0 };
	ask("setitimer", RAW(__NR_setitimer, 0, &t, 0));
	ask("setitimer, bad", RAW(__NR_setitimer, 0, BAD, 0));
	ask("getitimer", RAW(__NR_getitimer, 0, &old));
	say("time left", "%s",
	    old.it_value.tv_sec == 99 || old.it_value.tv_sec == 100 ? "nearly all" : "wrong");
	ask("alarm rounds up", RAW(__NR_alarm, 0));
	ask("alarm, none left", RAW(__NR_alarm, 0));
}

ORACLE(GROUP(clocks), GROUP(sleeps), GROUP(timers))
