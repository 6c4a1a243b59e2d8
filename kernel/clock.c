/*
 * kernel/clock.c - what time is it: the clocks of clock_gettime(2)
 *
 * One counter, the TSC, makes all clocks: nanoseconds since boot (CLOCK_MONOTONIC, and the same as RAW, COARSE and
 * BOOTTIME, for nothing here slews the clock or suspends the machine), and that plus an offset (CLOCK_REALTIME).
 * The offset is read from the battery clock once, at boot, and changed by settimeofday.
 *
 * Locking: the offset is one word.
 *
 * Sources: clock_gettime(2), gettimeofday(2), times(2).
 */
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/syscalls_kernel.h>
#include <arch/irq.h>
#include <arch/uaccess.h>

static u64 realtime_offset_ns;

u64 ktime_get_ns(void)
{
	return clock_ns();
}

u64 ktime_get_real_ns(void)
{
	return clock_ns() + READ_ONCE(realtime_offset_ns);
}

void clock_init(void)
{
	realtime_offset_ns = read_rtc() * NSEC_PER_SEC - clock_ns();
}

int get_timespec(const struct __kernel_timespec *uts, u64 *ns)
{
	struct __kernel_timespec ts;

	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (u64)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if ((u64)ts.tv_sec >= KTIME_MAX / NSEC_PER_SEC)
		*ns = KTIME_MAX;
	else
		*ns = (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
	return 0;
}

int put_timespec(u64 ns, struct __kernel_timespec *uts)
{
	struct __kernel_timespec ts = { .tv_sec = (s64)(ns / NSEC_PER_SEC),
					.tv_nsec = (s64)(ns % NSEC_PER_SEC) };

	return copy_to_user(uts, &ts, sizeof(ts)) ? -EFAULT : 0;
}

static u64 process_cputime(struct task_struct *task)
{
	unsigned long flags;
	u64 utime, stime;

	spin_lock_irqsave(&process_table_lock, flags);
	thread_group_cputime(task, &utime, &stime);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return utime + stime;
}

/*
 * A negative clock id names another task's CPU time: ~pid << 3, bit 2 for one thread, 2 (or less, which Linux
 * counts in other units) below.  clock_getcpuclockid(3) makes them.
 */
static int cpu_clock_by_pid(int clock, u64 *ns)
{
	pid_t pid = ~(clock >> 3);
	struct task_struct *task;
	u64 utime, stime;

	if ((clock & 3) == 3)
		return -EINVAL;
	if (!pid)
		pid = current->pid;
	task = find_get_task(pid);
	if (!task)
		return -EINVAL;
	if (clock & 4) {
		task_cputime(task, &utime, &stime);
		*ns = utime + stime;
	} else {
		unsigned long flags;

		spin_lock_irqsave(&process_table_lock, flags);
		*ns = 0;
		if (task->signal) {
			thread_group_cputime(task, &utime, &stime);
			*ns = utime + stime;
		}
		spin_unlock_irqrestore(&process_table_lock, flags);
	}
	put_task_struct(task);
	return 0;
}

/* 0 with *ns set, or -EINVAL for a clock that does not exist. */
static int read_clock(int clock, u64 *ns)
{
	u64 utime, stime;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI: /* nobody has told the kernel how many leap seconds there were */
		*ns = ktime_get_real_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = ktime_get_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = process_cputime(current);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		task_cputime(current, &utime, &stime);
		*ns = utime + stime;
		return 0;
	default:
		return clock < 0 ? cpu_clock_by_pid(clock, ns) : -EINVAL;
	}
}

long sys_clock_gettime(int clock, struct __kernel_timespec *ts)
{
	u64 ns;
	int err = read_clock(clock, &ns);

	return err ? err : put_timespec(ns, ts);
}

long sys_clock_getres(int clock, struct __kernel_timespec *ts)
{
	u64 ns;
	int err = read_clock(clock, &ns);

	if (err || !ts)
		return err;
	return put_timespec(1, ts);
}

static long set_realtime(u64 ns)
{
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	WRITE_ONCE(realtime_offset_ns, ns - clock_ns());
	return 0;
}

long sys_clock_settime(int clock, const struct __kernel_timespec *uts)
{
	u64 ns;
	int err;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	err = get_timespec(uts, &ns);
	return err ? err : set_realtime(ns);
}

long sys_settimeofday(const struct __kernel_old_timeval *utv, const struct __kernel_timezone *tz)
{
	struct __kernel_old_timeval tv;
	struct __kernel_timezone zone;

	if (tz && copy_from_user(&zone, tz, sizeof(zone)))
		return -EFAULT;
	if (!utv)
		return capable(CAP_SYS_TIME) ? 0 : -EPERM;
	if (copy_from_user(&tv, utv, sizeof(tv)))
		return -EFAULT;
	if (tv.tv_sec < 0 || (u64)tv.tv_sec >= KTIME_MAX / NSEC_PER_SEC ||
	    (u64)tv.tv_usec >= 1000000)
		return -EINVAL;
	return set_realtime((u64)tv.tv_sec * NSEC_PER_SEC + (u64)tv.tv_usec * NSEC_PER_USEC);
}

/* The kernel knows no time zone: programs get UTC and convert. */
long sys_gettimeofday(struct __kernel_old_timeval *utv, struct __kernel_timezone *utz)
{
	if (utv) {
		u64 ns = ktime_get_real_ns();
		struct __kernel_old_timeval tv = {
			.tv_sec = (s64)(ns / NSEC_PER_SEC),
			.tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
		};

		if (copy_to_user(utv, &tv, sizeof(tv)))
			return -EFAULT;
	}
	if (utz && clear_user(utz, sizeof(*utz)))
		return -EFAULT;
	return 0;
}

long sys_time(s64 *t)
{
	s64 now = (s64)(ktime_get_real_ns() / NSEC_PER_SEC);

	if (t && put_user(now, t))
		return -EFAULT;
	return now;
}

static s64 to_ticks(u64 ns)
{
	return (s64)(ns / (NSEC_PER_SEC / USER_HZ));
}

long sys_times(struct tms *ubuf)
{
	struct task_struct *me = current;
	u64 utime, stime;
	struct tms buf;

	if (ubuf) {
		spin_lock_irq(&process_table_lock);
		thread_group_cputime(me, &utime, &stime);
		buf.tms_cutime = to_ticks(me->signal->cutime_ns);
		buf.tms_cstime = to_ticks(me->signal->cstime_ns);
		spin_unlock_irq(&process_table_lock);
		buf.tms_utime = to_ticks(utime);
		buf.tms_stime = to_ticks(stime);
		if (copy_to_user(ubuf, &buf, sizeof(buf)))
			return -EFAULT;
	}
	return to_ticks(ktime_get_ns());
}
