/*
 * tests/guest/lib/stress.h - how stress programs are written
 *
 * A program has cases as in check.h; a case is one round of many workers that get in each other's way, and checks
 * every byte it gets to see.  The runner repeats it:
 *
 *     stress_mm [WORD[,WORD...]]     seed=N        the first round's seed (default 1); round i has seed N + i
 *                                    rounds=N      of each case (default 2)
 *                                    seconds=N     go round all cases until this much time has passed
 *                                    case=NAME     only this one
 *
 * A round's choices are drawn from its seed alone: `seed=N,rounds=1,case=NAME` makes them again (who wins a race is
 * drawn by the machine).  Each case is run once to warm up; after its last round memory and kernel objects must be
 * what they were before the first (usage.h).  There is no watchdog: who hangs is to be looked at, not killed.
 */
#ifndef GUEST_STRESS_H
#define GUEST_STRESS_H

#include "check.h"
#include "thread.h"
#include "usage.h"

struct random {
	unsigned long state;
};

/* The numbers of worker @worker in this round. */
struct random random_for(long worker);
unsigned long random_next(struct random *r);
/* in [0, @n) */
unsigned long below(struct random *r, unsigned long n);

/* @pages zeroed pages that all processes forked later share. */
void *shared_pages(unsigned long pages);

/*
 * One access of 8 bytes that may fault: 0, or the signal (SIGSEGV, SIGBUS) that it met.  catch_faults comes first,
 * once in a process; any number of threads may probe.
 */
void catch_faults(void);
int probe_load(const volatile unsigned long *p, unsigned long *value);
int probe_store(volatile unsigned long *p, unsigned long value);

int run_stress(const char *program, const struct test_case *cases, int nr, int argc, char **argv);

#define STRESS_MAIN(program, ...)                                         \
	int main(int argc, char **argv)                                   \
	{                                                                 \
		static const struct test_case cases[] = { __VA_ARGS__ };  \
                                                                          \
		return run_stress(program, cases, NR(cases), argc, argv); \
	}

#endif
