/*
 * kernel/itimer.c - interval timers: SIGALRM by the clock, SIGVTALRM and SIGPROF by CPU time
 *
 * ITIMER_REAL is a ktimer of the process.  The two that count CPU time are looked at by the clock tick of whichever
 * thread runs, so they are as fine as the tick, 4 ms.  RLIMIT_CPU rides along.
 *
 * Locking: signal->itimer_lock, a mutex, for setting and reading ITIMER_REAL; sighand->lock for it_cpu, since the tick
 * changes it too.  The functions that run in the interrupt take process_table_lock to send.
 *
 *   I1  real_timer is started and cancelled under itimer_lock, but for its own function, which starts it anew.  Who
 *       cancels it waits for that function and takes back what it has started (T4 of timer.c), so afterwards the timer
 *       is off, and it_real_incr_ns, which the function reads, is only the lock's.
 *
 * Sources: setitimer(2), alarm(2), getrlimit(2).
 */
#include <lib/string.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/syscalls_kernel.h>
#include <arch/uaccess.h>

static void it_real_fn(struct ktimer *timer)
{
	struct signal_struct *signal = container_of(timer, struct signal_struct, real_timer);
	siginfo_t info = { .si_signo = SIGALRM, .si_code = SI_KERNEL };

	spin_lock(&process_table_lock);
	(void)send_signal_locked(SIGALRM, &info, signal->curr_target, PIDTYPE_TGID);
	spin_unlock(&process_table_lock);
	if (signal->it_real_incr_ns)
		ktimer_start(timer, timer->expires_ns + signal->it_real_incr_ns);
}

void itimer_init(struct signal_struct *signal)
{
	mutex_init(&signal->itimer_lock, LOCK_ITIMER);
	ktimer_init(&signal->real_timer, it_real_fn);
	signal->it_real_incr_ns = 0;
	memset(signal->it_cpu, 0, sizeof(signal->it_cpu));
}

/* The last thread ends, so no other can set it: afterwards nothing refers to the signal_struct. */
void itimer_exit(struct signal_struct *signal)
{
	(void)ktimer_cancel(&signal->real_timer);
}

/* --- CPU time: in the timer interrupt, process_table_lock held --- */

static void send_from_tick(struct task_struct *task, int sig)
{
	siginfo_t info = { .si_signo = sig, .si_code = SI_KERNEL };

	(void)send_signal_locked(sig, &info, task, PIDTYPE_TGID);
}

static void check_one(struct task_struct *task, int which, u64 used, int sig)
{
	struct signal_struct *signal = task->signal;
	bool due;

	spin_lock(&task->sighand->lock);
	due = signal->it_cpu[which].expires_ns && used >= signal->it_cpu[which].expires_ns;
	if (due)
		signal->it_cpu[which].expires_ns =
			signal->it_cpu[which].incr_ns ? used + signal->it_cpu[which].incr_ns : 0;
	spin_unlock(&task->sighand->lock);
	if (due)
		send_from_tick(task, sig);
}

/* RLIMIT_CPU: SIGXCPU once a second from the soft limit on, SIGKILL at the hard one. */
static void check_rlimit_cpu(struct task_struct *task, u64 used_ns)
{
	struct rlimit *lim = &task->signal->rlim[RLIMIT_CPU];
	u64 seconds = used_ns / NSEC_PER_SEC;

	if (seconds < lim->rlim_cur)
		return;
	if (seconds >= lim->rlim_max) {
		send_from_tick(task, SIGKILL);
		return;
	}
	lim->rlim_cur = seconds + 1;
	send_from_tick(task, SIGXCPU);
}

/* check_cpu_itimers - timer interrupt; @task is the current one, so as long as it has an mm it is in the table */
void check_cpu_itimers(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	u64 utime, stime;

	if (!task->mm || !signal)
		return;
	/* A look without lock, for nearly nobody has one: who sets it meanwhile is served by the next tick. */
	if (!READ_ONCE(signal->it_cpu[0].expires_ns) && !READ_ONCE(signal->it_cpu[1].expires_ns) &&
	    READ_ONCE(signal->rlim[RLIMIT_CPU].rlim_cur) == RLIM_INFINITY)
		return;
	spin_lock(&process_table_lock);
	thread_group_cputime(task, &utime, &stime);
	check_one(task, 0, utime, SIGVTALRM);
	check_one(task, 1, utime + stime, SIGPROF);
	check_rlimit_cpu(task, utime + stime);
	spin_unlock(&process_table_lock);
}

static struct __kernel_old_timeval to_timeval(u64 ns)
{
	return (struct __kernel_old_timeval){ .tv_sec = (s64)(ns / NSEC_PER_SEC),
					      .tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

static int from_timeval(const struct __kernel_old_timeval *tv, u64 *ns)
{
	if (tv->tv_sec < 0 || (u64)tv->tv_usec >= 1000000)
		return -EINVAL;
	*ns = (u64)tv->tv_sec >= KTIME_MAX / NSEC_PER_SEC
		      ? KTIME_MAX
		      : (u64)tv->tv_sec * NSEC_PER_SEC + (u64)tv->tv_usec * NSEC_PER_USEC;
	return 0;
}

static u64 remaining_real(struct signal_struct *signal)
{
	u64 now = ktime_get_ns(), at = signal->real_timer.expires_ns;

	if (!ktimer_active(&signal->real_timer))
		return 0;
	/* A timer that is due, or whose function runs just now, is not off: Linux answers with the smallest time. */
	return at > now ? at - now : NSEC_PER_USEC;
}

static u64 cpu_used(int which)
{
	u64 utime, stime;

	spin_lock_irq(&process_table_lock);
	thread_group_cputime(current, &utime, &stime);
	spin_unlock_irq(&process_table_lock);
	return which == ITIMER_VIRTUAL ? utime : utime + stime;
}

/* itimer_lock held, as by set_one. */
static void get_one(int which, u64 *left_ns, u64 *incr_ns)
{
	struct task_struct *me = current;
	struct signal_struct *signal = me->signal;
	u64 used, at;

	if (which == ITIMER_REAL) {
		*left_ns = remaining_real(signal);
		*incr_ns = signal->it_real_incr_ns;
		return;
	}
	used = cpu_used(which);
	spin_lock_irq(&me->sighand->lock);
	at = signal->it_cpu[which - 1].expires_ns;
	*incr_ns = signal->it_cpu[which - 1].incr_ns;
	spin_unlock_irq(&me->sighand->lock);
	*left_ns = !at ? 0 : at > used ? at - used : NSEC_PER_USEC;
}

static void set_one(int which, u64 value_ns, u64 incr_ns)
{
	struct task_struct *me = current;
	struct signal_struct *signal = me->signal;
	u64 used = 0;

	if (which == ITIMER_REAL) {
		(void)ktimer_cancel(&signal->real_timer);
		signal->it_real_incr_ns = incr_ns;
		if (value_ns)
			ktimer_start(&signal->real_timer,
				     ktime_get_ns() + min(value_ns, KTIME_MAX / 2));
		return;
	}
	if (value_ns)
		used = cpu_used(which);
	spin_lock_irq(&me->sighand->lock);
	signal->it_cpu[which - 1].expires_ns = value_ns ? used + value_ns : 0;
	signal->it_cpu[which - 1].incr_ns = incr_ns;
	spin_unlock_irq(&me->sighand->lock);
}

/* The old values, and new ones unless @value_ns is ITIMER_KEEP. */
#define ITIMER_KEEP (~0UL)
static void exchange(int which, u64 value_ns, u64 incr_ns, u64 *left_ns, u64 *old_incr_ns)
{
	struct mutex *lock = &current->signal->itimer_lock;

	mutex_lock(lock);
	get_one(which, left_ns, old_incr_ns);
	if (value_ns != ITIMER_KEEP)
		set_one(which, value_ns, incr_ns);
	mutex_unlock(lock);
}

long sys_getitimer(int which, struct __kernel_itimerval *uvalue)
{
	struct __kernel_itimerval v;
	u64 left, incr;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	exchange(which, ITIMER_KEEP, 0, &left, &incr);
	v.it_value = to_timeval(left);
	v.it_interval = to_timeval(incr);
	return copy_to_user(uvalue, &v, sizeof(v)) ? -EFAULT : 0;
}

long sys_setitimer(int which, const struct __kernel_itimerval *uvalue,
		   struct __kernel_itimerval *uold)
{
	struct __kernel_itimerval v = { .it_value = { 0, 0 } }, old;
	u64 value, incr, left, old_incr;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (uvalue && copy_from_user(&v, uvalue, sizeof(v)))
		return -EFAULT;
	if (from_timeval(&v.it_value, &value) || from_timeval(&v.it_interval, &incr))
		return -EINVAL;
	exchange(which, value, incr, &left, &old_incr);
	if (!uold)
		return 0;
	old.it_value = to_timeval(left);
	old.it_interval = to_timeval(old_incr);
	return copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

/* Seconds that were left of the old alarm, rounded to the nearest but never down to 0. */
long sys_alarm(unsigned int seconds)
{
	u64 left, incr;

	exchange(ITIMER_REAL, seconds * NSEC_PER_SEC, 0, &left, &incr);
	if (!left)
		return 0;
	return (long)max((left + NSEC_PER_SEC / 2) / NSEC_PER_SEC, 1UL);
}
