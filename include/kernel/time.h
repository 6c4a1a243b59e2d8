/*
 * include/kernel/time.h - time: clocks in nanoseconds, one-shot timers, timed sleeps
 *
 * Inside the kernel time is one number, nanoseconds as u64; seconds and fractions exist only at the boundary to
 * programs.  Timers hang in a per-CPU tree and are run by the timer interrupt, which is armed for the first of
 * them and for nothing else.
 */
#ifndef KERNEL_TIME_H
#define KERNEL_TIME_H

#include <lib/types.h>
#include <lib/rbtree.h>
#include <uapi/time.h>

#define NSEC_PER_SEC  1000000000UL
#define NSEC_PER_MSEC 1000000UL
#define NSEC_PER_USEC 1000UL
#define KTIME_MAX     (~0UL >> 1) /* never */

/* --- kernel/clock.c --- */
u64 ktime_get_ns(void);      /* CLOCK_MONOTONIC: since boot */
u64 ktime_get_real_ns(void); /* CLOCK_REALTIME: since 1970 */
void clock_init(void);       /* reads the RTC once; after time_init */
/* get_timespec - a user's struct timespec in ns, saturated at KTIME_MAX; -EFAULT, -EINVAL (as Linux checks it) */
int get_timespec(const struct __kernel_timespec *uts, u64 *ns);
int put_timespec(u64 ns, struct __kernel_timespec *uts); /* -EFAULT */

struct task_struct;
struct signal_struct;
/* --- kernel/itimer.c --- */
void itimer_exit(struct signal_struct *signal); /* the process ends: ITIMER_REAL goes */
void check_cpu_itimers(
	struct task_struct *task);              /* tick: ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU */
void itimer_init(struct signal_struct *signal); /* a new process has none armed */

/* --- kernel/timer.c --- */
struct ktimer {
	struct rb_node node;
	u64 expires_ns; /* on ktime_get_ns's clock */
	void (*fn)(
		struct ktimer *timer); /* interrupts off, no lock held; may start the timer again */
	unsigned int cpu;              /* whose tree it is in */
	bool queued;
};

void timers_init(void); /* takes VECTOR_TIMER; after apic_init and time_init */
void ktimer_init(struct ktimer *timer, void (*fn)(struct ktimer *timer));
void ktimer_start(struct ktimer *timer, u64 expires_ns); /* again: moves it */
bool ktimer_cancel(struct ktimer *timer); /* true if it was pending; afterwards fn does not run */
bool ktimer_active(const struct ktimer *timer);
int ktimer_try_cancel(
	struct ktimer *timer); /* the same without waiting: -1 while fn runs elsewhere */
/**
 * schedule_timeout - sleep in the state set by the caller, for @ns at most (KTIME_MAX: no limit)
 *
 * Return: ns that were left when somebody woke the task; 0 when the time ran out.
 */
u64 schedule_timeout(u64 ns);

#endif
