/*
 * fs/select.c - waiting for several files at once: poll, ppoll, select, pselect6
 *
 * Each file's poll operation tells what is possible now and, the first time round, names the wait queues on which a
 * change is announced; an entry of ours is put on each. Then: look at all files; if nothing is ready, sleep until any
 * queue is woken; look again.
 *
 *     struct poll_wqueues   triggered     set by a waker before it wakes us: a change between looking and sleeping
 *                           entries[]     one per queue, with a reference to the file, so that the queue stays
 *
 * The sleeper clears `triggered` only before looking, so no change is lost.
 *
 * select's sets are bitmaps of descriptors in words of 64; readiness is poll's, mapped as select(2) says.
 *
 * Locks: none held while a file's poll runs; it may sleep.
 */
#include <lib/bitmap.h>
#include "internal.h"

#define INLINE_ENTRIES 8u
#define PAGE_ENTRIES   ((PAGE_SIZE - sizeof(void *) - 8) / sizeof(struct poll_entry))
#define INLINE_FDS     32u

#define DEFAULT_MASK \
	(POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM) /* files without ->poll: regular ones */

struct poll_entry {
	struct wait_queue_entry wait;
	wait_queue_head_t *wq;
	struct file *file;
};

struct poll_page {
	struct poll_page *next;
	unsigned int nr;
	struct poll_entry entry[];
};

struct poll_wqueues {
	struct poll_table table;
	struct task_struct *task;
	struct file *file; /* whose poll is being asked */
	bool triggered;
	int error; /* -ENOMEM: not on every queue, so do not sleep */
	unsigned int nr_inline;
	struct poll_page *pages;
	struct poll_entry inline_entry[INLINE_ENTRIES];
};

static int poll_wake(struct wait_queue_entry *wait, unsigned int states, void *key)
{
	struct poll_wqueues *pwq = wait->private;

	(void)key;
	__atomic_store_n(&pwq->triggered, true, __ATOMIC_SEQ_CST);
	return wake_up_state(pwq->task, states);
}

static struct poll_entry *new_entry(struct poll_wqueues *pwq)
{
	struct poll_page *page = pwq->pages;

	if (pwq->nr_inline < INLINE_ENTRIES)
		return &pwq->inline_entry[pwq->nr_inline++];
	if (!page || page->nr == PAGE_ENTRIES) {
		page = kmalloc(PAGE_SIZE, GFP_KERNEL);
		if (!page)
			return NULL;
		page->nr = 0;
		page->next = pwq->pages;
		pwq->pages = page;
	}
	return &page->entry[page->nr++];
}

/* poll_table.queue: be told of changes announced on @wq */
static void poll_enqueue(struct poll_table *table, wait_queue_head_t *wq)
{
	struct poll_wqueues *pwq = container_of(table, struct poll_wqueues, table);
	struct poll_entry *e = new_entry(pwq);
	unsigned long flags;

	if (!e) {
		pwq->error = -ENOMEM;
		return;
	}
	e->file = get_file(pwq->file);
	e->wq = wq;
	init_wait(&e->wait);
	e->wait.func = poll_wake;
	e->wait.private = pwq;
	spin_lock_irqsave(&wq->lock, flags);
	list_add(&e->wait.entry, &wq->head);
	spin_unlock_irqrestore(&wq->lock, flags);
	smp_mb(); /* be on the queue, then look: a waker changes something, then looks at the queue without its lock */
}

static void poll_begin(struct poll_wqueues *pwq)
{
	pwq->table.queue = poll_enqueue;
	pwq->task = current;
	pwq->file = NULL;
	pwq->triggered = false;
	pwq->error = 0;
	pwq->nr_inline = 0;
	pwq->pages = NULL;
}

static void drop_entry(struct poll_entry *e)
{
	unsigned long flags;

	spin_lock_irqsave(&e->wq->lock, flags);
	if (!list_empty(&e->wait.entry))
		list_del_init(&e->wait.entry);
	spin_unlock_irqrestore(&e->wq->lock, flags);
	fput(e->file);
}

static void poll_end(struct poll_wqueues *pwq)
{
	struct poll_page *page;
	unsigned int i;

	for (i = 0; i < pwq->nr_inline; i++)
		drop_entry(&pwq->inline_entry[i]);
	while ((page = pwq->pages)) {
		for (i = 0; i < page->nr; i++)
			drop_entry(&page->entry[i]);
		pwq->pages = page->next;
		kfree(page);
	}
}

/* What is possible on @fd now; registers for changes when @table says so. */
static unsigned int poll_one(struct poll_wqueues *pwq, struct poll_table *table, unsigned int fd)
{
	struct fd f = fdget(fd);
	unsigned int mask = POLLNVAL;

	if (!f.file)
		return mask;
	pwq->file = f.file;
	mask = f.file->f_op->poll ? f.file->f_op->poll(f.file, table) : DEFAULT_MASK;
	fdput(f);
	return mask;
}

/* Sleep until something changed or @deadline (monotonic ns, KTIME_MAX: never).  False when the time is over. */
static bool poll_sleep(struct poll_wqueues *pwq, u64 deadline)
{
	u64 now = deadline == KTIME_MAX ? 0 : ktime_get_ns();

	if (now >= deadline)
		return false;
	set_task_state(TASK_INTERRUPTIBLE);
	if (!__atomic_load_n(&pwq->triggered, __ATOMIC_SEQ_CST))
		schedule_timeout(deadline == KTIME_MAX ? KTIME_MAX : deadline - now);
	set_task_state(TASK_RUNNING);
	__atomic_store_n(&pwq->triggered, false, __ATOMIC_SEQ_CST);
	return true;
}

/*
 * The loop of all four calls.
 * @scan: looks at all files once, registering if its table says so; returns how many are ready
 *
 * Return: ready files; 0 when the time is over; -EINTR; -ENOMEM.
 */
static int poll_loop(struct poll_wqueues *pwq,
		     int (*scan)(struct poll_wqueues *pwq, struct poll_table *table, void *arg),
		     void *arg, u64 deadline)
{
	struct poll_table *table = deadline ? &pwq->table : NULL;

	for (;;) {
		int ready = scan(pwq, table, arg);

		if (ready)
			return ready;
		if (pwq->error)
			return pwq->error;
		if (!deadline)
			return 0;
		if (signal_pending(current))
			return -EINTR;
		table = NULL;
		if (!poll_sleep(pwq, deadline))
			deadline = 0; /* one more look */
	}
}

/* An absolute time for a relative one; 0 (do not wait) stays 0. */
static u64 deadline_after(u64 ns)
{
	u64 now = ktime_get_ns();

	if (!ns || ns == KTIME_MAX)
		return ns;
	return ns > KTIME_MAX - now ? KTIME_MAX : now + ns;
}

/* --- poll, ppoll --- */

struct poll_set {
	struct pollfd *fds;
	unsigned int nr;
};

static int scan_pollfds(struct poll_wqueues *pwq, struct poll_table *table, void *arg)
{
	struct poll_set *set = arg;
	unsigned int i;
	int ready = 0;

	for (i = 0; i < set->nr; i++) {
		struct pollfd *p = &set->fds[i];
		unsigned int want = (u16)p->events | POLLERR | POLLHUP | POLLNVAL;

		p->revents = 0;
		if (p->fd < 0)
			continue;
		p->revents = (short)(poll_one(pwq, table, (unsigned int)p->fd) & want);
		if (p->revents) {
			ready++;
			table = NULL; /* the call will not sleep: no need to queue further */
		}
	}
	return ready;
}

/* Only revents goes back: events and fd may be shared with other threads. */
static int put_revents(struct pollfd *ufds, const struct poll_set *set)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (put_user(set->fds[i].revents, &ufds[i].revents))
			return -EFAULT;
	return 0;
}

static int do_poll(struct pollfd *ufds, unsigned int nr, u64 deadline)
{
	struct pollfd fast[INLINE_FDS];
	struct poll_set set = { fast, nr };
	struct poll_wqueues pwq;
	int ret = -EFAULT;

	if (nr > rlimit(RLIMIT_NOFILE))
		return -EINVAL;
	if (nr > INLINE_FDS) {
		set.fds = kmalloc(nr * sizeof(struct pollfd), GFP_KERNEL);
		if (!set.fds)
			return -ENOMEM;
	}
	if (!copy_from_user(set.fds, ufds, nr * sizeof(struct pollfd))) {
		poll_begin(&pwq);
		ret = poll_loop(&pwq, scan_pollfds, &set, deadline);
		poll_end(&pwq);
		if (ret >= 0 && put_revents(ufds, &set))
			ret = -EFAULT;
	}
	if (set.fds != fast)
		kfree(set.fds);
	return ret;
}

static long restart_poll(struct restart_block *restart)
{
	int ret = do_poll((struct pollfd *)restart->arg[0], (unsigned int)restart->arg[1],
			  restart->arg[2]);

	if (ret == -EINTR) {
		restart->fn = restart_poll;
		ret = -ERESTART_RESTARTBLOCK;
	}
	return ret;
}

/* sys_poll - Ref: poll(2).  @timeout_ms < 0: no limit */
long sys_poll(struct pollfd *fds, unsigned int nfds, int timeout_ms)
{
	u64 deadline = deadline_after(timeout_ms < 0 ? KTIME_MAX : (u64)timeout_ms * NSEC_PER_MSEC);
	int ret = do_poll(fds, nfds, deadline);

	if (ret == -EINTR) {
		current->restart = (struct restart_block){ .fn = restart_poll,
							   .arg = { (u64)fds, nfds, deadline } };
		ret = -ERESTART_RESTARTBLOCK;
	}
	return ret;
}

static u64 time_left(u64 deadline)
{
	u64 now = ktime_get_ns();

	return deadline > now ? deadline - now : 0;
}

/*
 * The end of ppoll and pselect6: the signal mask back, the time left to the user.  When that cannot be written the
 * call cannot be repeated either.
 */
static long finish_masked(long ret, u64 deadline, struct __kernel_timespec *utimeout)
{
	restore_saved_sigmask_unless(ret == -EINTR);
	if (ret == -EINTR)
		ret = -ERESTARTNOHAND;
	if (utimeout && put_timespec(deadline ? time_left(deadline) : 0, utimeout) &&
	    ret == -ERESTARTNOHAND)
		ret = -EINTR;
	return ret;
}

long sys_ppoll(struct pollfd *fds, unsigned int nfds, struct __kernel_timespec *utimeout,
	       const u64 *sigmask, size_t sigsetsize)
{
	u64 deadline = KTIME_MAX;
	int err = 0;

	if (utimeout) {
		err = get_timespec(utimeout, &deadline);
		if (err)
			return err;
		deadline = deadline_after(deadline);
	}
	err = set_user_sigmask(sigmask, sigsetsize);
	if (err)
		return err;
	return finish_masked(do_poll(fds, nfds, deadline), deadline, utimeout);
}

/* --- select, pselect6 --- */

#define SELECT_IN  (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR | POLLNVAL)
#define SELECT_OUT (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR | POLLNVAL)
#define SELECT_EX  (POLLPRI | POLLNVAL)

struct select_set {
	unsigned int n; /* descriptors below are looked at */
	unsigned int words;
	unsigned long *want[3], *got[3]; /* in, out, exceptions */
};

static int scan_fdsets(struct poll_wqueues *pwq, struct poll_table *table, void *arg)
{
	static const unsigned int bits[3] = { SELECT_IN, SELECT_OUT, SELECT_EX };
	struct select_set *set = arg;
	unsigned int fd, k;
	int ready = 0;

	for (k = 0; k < 3; k++)
		memset(set->got[k], 0, set->words * sizeof(long));
	for (fd = 0; fd < set->n; fd++) {
		unsigned int mask;

		if (!((set->want[0][fd / 64] | set->want[1][fd / 64] | set->want[2][fd / 64]) >>
			      fd % 64 &
		      1))
			continue;
		mask = poll_one(pwq, table, fd);
		for (k = 0; k < 3; k++) {
			if (!(mask & bits[k]) || !test_bit(fd, set->want[k]))
				continue;
			__set_bit((int)fd, set->got[k]);
			ready++;
			table = NULL;
		}
	}
	return ready;
}

/* A descriptor in a set that is not open: -EBADF, before anything is waited for. */
static int check_open(const struct select_set *set)
{
	struct files_struct *files = current->files;
	unsigned int fd;
	int err = 0;

	spin_lock(&files->lock);
	for (fd = 0; fd < set->n && !err; fd++) {
		if (!test_bit(fd, set->want[0]) && !test_bit(fd, set->want[1]) &&
		    !test_bit(fd, set->want[2]))
			continue;
		if (fd >= files->max_fds || !files->fd[fd])
			err = -EBADF;
	}
	spin_unlock(&files->lock);
	return err;
}

/* Bits at and above n are not the caller's wish: POSIX leaves them, Linux clears them. */
static int get_fdset(struct select_set *set, unsigned int k, const u64 *uset)
{
	memset(set->want[k], 0, set->words * sizeof(long));
	if (uset && copy_from_user(set->want[k], uset, set->words * sizeof(long)))
		return -EFAULT;
	if (set->n % 64)
		set->want[k][set->words - 1] &= BIT(set->n % 64) - 1;
	return 0;
}

static int do_select(int n, u64 *uset[3], u64 deadline)
{
	unsigned long fast[6 * INLINE_FDS / 8], *mem = fast;
	struct poll_wqueues pwq;
	struct select_set set;
	int err = 0, ret = 0;
	unsigned int k;

	if (n < 0)
		return -EINVAL;
	set.n = min((unsigned int)n, READ_ONCE(current->files->max_fds));
	set.words = BITS_TO_LONGS(set.n);
	if (6 * set.words > ARRAY_SIZE(fast)) {
		mem = kmalloc(6 * set.words * sizeof(long), GFP_KERNEL);
		if (!mem)
			return -ENOMEM;
	}
	for (k = 0; k < 3 && !err; k++) {
		set.want[k] = mem + k * set.words;
		set.got[k] = mem + (3 + k) * set.words;
		err = set.words ? get_fdset(&set, k, uset[k]) : 0;
	}
	if (!err)
		err = check_open(&set);
	if (!err) {
		poll_begin(&pwq);
		ret = poll_loop(&pwq, scan_fdsets, &set, deadline);
		poll_end(&pwq);
		err = ret < 0 ? ret : 0;
	}
	for (k = 0; k < 3 && !err; k++)
		if (uset[k] && copy_to_user(uset[k], set.got[k], set.words * sizeof(long)))
			err = -EFAULT;
	if (mem != fast)
		kfree(mem);
	return err ? err : ret;
}

/* sys_select - Ref: select(2).  The time left is written back, as Linux does. */
long sys_select(int n, u64 *in, u64 *out, u64 *ex, struct __kernel_old_timeval *utimeout)
{
	u64 *sets[3] = { in, out, ex }, deadline = KTIME_MAX;
	struct __kernel_old_timeval tv;
	int ret;

	if (utimeout) {
		if (copy_from_user(&tv, utimeout, sizeof(tv)))
			return -EFAULT;
		tv.tv_sec += tv.tv_usec / 1000000;
		tv.tv_usec %= 1000000;
		if (tv.tv_sec < 0 || tv.tv_usec < 0)
			return -EINVAL;
		deadline =
			(u64)tv.tv_sec >= KTIME_MAX / NSEC_PER_SEC
				? KTIME_MAX
				: (u64)tv.tv_sec * NSEC_PER_SEC + (u64)tv.tv_usec * NSEC_PER_USEC;
		deadline = deadline_after(deadline);
	}
	ret = do_select(n, sets, deadline);
	if (ret == -EINTR)
		ret = -ERESTARTNOHAND;
	if (utimeout) {
		u64 left = deadline ? time_left(deadline) : 0;

		tv = (struct __kernel_old_timeval){ (s64)(left / NSEC_PER_SEC),
						    (s64)(left % NSEC_PER_SEC / NSEC_PER_USEC) };
		if (copy_to_user(utimeout, &tv, sizeof(tv)) && ret == -ERESTARTNOHAND)
			ret = -EINTR;
	}
	return ret;
}

/* sys_pselect6 - the sixth argument points at a pair: signal mask, its size */
long sys_pselect6(int n, u64 *in, u64 *out, u64 *ex, struct __kernel_timespec *utimeout,
		  const u64 *usig)
{
	u64 *sets[3] = { in, out, ex }, deadline = KTIME_MAX, sig[2] = { 0, 0 };
	int err;

	if (usig && copy_from_user(sig, usig, sizeof(sig)))
		return -EFAULT;
	if (utimeout) {
		err = get_timespec(utimeout, &deadline);
		if (err)
			return err;
		deadline = deadline_after(deadline);
	}
	err = set_user_sigmask((const u64 *)sig[0], sig[1]);
	if (err)
		return err;
	return finish_masked(do_select(n, sets, deadline), deadline, utimeout);
}
