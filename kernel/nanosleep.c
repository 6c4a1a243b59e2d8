/*
 * kernel/nanosleep.c - sleeping for a time, or until one
 *
 * A signal ends the sleep.  A relative one is then resumed by restart_syscall(2) with the deadline it began with,
 * so that it lasts no longer for the interruption; if a handler runs instead, the program gets EINTR and what was
 * left.  An absolute sleep needs neither: it is simply called again.
 *
 * Sources: clock_nanosleep(2), restart_syscall(2).
 */
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/syscalls_kernel.h>
#include <arch/uaccess.h>

/* 0 when the deadline has passed, -ERESTART_RESTARTBLOCK when a signal came first. */
static long sleep_until(u64 deadline_ns)
{
	for (;;) {
		u64 now;

		set_task_state(TASK_INTERRUPTIBLE);
		now = ktime_get_ns();
		if (now >= deadline_ns || signal_pending(current))
			break;
		schedule_timeout(deadline_ns - now);
	}
	set_task_state(TASK_RUNNING);
	return ktime_get_ns() >= deadline_ns ? 0 : -ERESTART_RESTARTBLOCK;
}

static long put_remaining(u64 deadline_ns, struct __kernel_timespec *left)
{
	u64 now = ktime_get_ns();

	if (now >= deadline_ns)
		return 0;
	if (left && put_timespec(deadline_ns - now, left))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long nanosleep_restart(struct restart_block *restart)
{
	struct __kernel_timespec *left = (struct __kernel_timespec *)restart->arg[1];
	long err = sleep_until(restart->arg[0]);

	return err ? put_remaining(restart->arg[0], left) : 0;
}

static long sleep_relative(u64 ns, struct __kernel_timespec *left)
{
	struct restart_block *restart = &current->restart;
	u64 now = ktime_get_ns(), deadline = ns >= KTIME_MAX - now ? KTIME_MAX : now + ns;
	long err = sleep_until(deadline);

	if (!err)
		return 0;
	restart->fn = nanosleep_restart;
	restart->arg[0] = deadline;
	restart->arg[1] = (u64)left;
	return put_remaining(deadline, left);
}

long sys_nanosleep(const struct __kernel_timespec *want, struct __kernel_timespec *left)
{
	u64 ns;
	int err = get_timespec(want, &ns);

	return err ? err : sleep_relative(ns, left);
}

long sys_clock_nanosleep(int clock, int flags, const struct __kernel_timespec *want,
			 struct __kernel_timespec *left)
{
	u64 ns, offset = 0;
	long err;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:
		offset = ktime_get_real_ns() - ktime_get_ns();
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		break;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
	err = get_timespec(want, &ns);
	if (err)
		return err;
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(ns, left);
	err = sleep_until(ns >= KTIME_MAX ? KTIME_MAX : ns > offset ? ns - offset : 0);
	return err ? -ERESTARTNOHAND : 0;
}
