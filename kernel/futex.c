/*
 * kernel/futex.c - sleeping on a word of user memory
 *
 * A lock in user space is a word that its threads change by atomic instructions.  Only who finds it taken calls the
 * kernel: "sleep, if the word is still what I saw"; and who gives it up with sleepers about: "wake some".  All the
 * kernel keeps is a hash table of sleepers, by the word they sleep on:
 *
 *     bucket  --> q --> q --> q     each on its sleeper's stack: key, task, bitset
 *     bucket
 *     bucket  --> q
 *
 * A word is named by a key (futex_key.c), so that processes that map it at different addresses mean the same one.
 *
 * No wake-up is lost: a sleeper reads the word and queues itself under the bucket's lock; a waker changes the word
 * before it takes the lock.  So either the sleeper sees the new value, or the waker sees the sleeper.
 *
 *   F1  q->bucket names the bucket whose lock guards q, and is NULL once q was taken off its list;
 *   F2  a waker takes q off its list and sets q->bucket to NULL as the last thing it does to q: then the sleeper, if
 *       something else has woken it, returns, and q is gone (the wake-up then finds it in another sleep, or none: who
 *       sleeps looks again why);
 *   F3  tasks are woken when the bucket is unlocked, for each would meet the waker at that lock, and a wake-up of
 *       thousands would hold up everybody else.  Until then they are in a list of the waker's, with a reference.  A
 *       task that is in one already, of a waker who is about to wake it, needs no second: that wake-up comes after
 *       its q->bucket was cleared by both.
 *
 * User memory is read under a bucket's lock with faults disabled; when the page is not there the lock is dropped,
 * the page brought in, and everything begun again.
 *
 * Not done: priority inheritance (FUTEX_LOCK_PI and its kin: ENOSYS, as of a Linux built without it).  A deadline on
 * CLOCK_REALTIME is converted once, when the call begins: setting the clock later does not move it.
 *
 * Locking: bucket->lock, rank LOCK_FUTEX, two by address; task context only.
 *
 * Sources: futex(2); Franke, Russell and Kirkwood, "Fuss, Futexes and Furwocks" (OLS 2002).
 */
#include <arch/uaccess.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <kernel/time.h>
#include <uapi/errno.h>
#include <uapi/futex.h>
#include "futex.h"

#define FUTEX_HASH_BITS 8

struct futex_bucket {
	spinlock_t lock;
	struct list_head waiters; /* in the order they came */
} __aligned(64);

struct futex_q {
	struct list_head list;       /* bucket's lock */
	struct futex_bucket *bucket; /* F1 */
	struct futex_key key;        /* bucket's lock */
	struct task_struct *task;
	u32 bitset;
};

/* Tasks to be woken, in the order they came, chained by task->wake_next: F3 */
struct wake_list {
	struct task_struct *first, *last; /* NULL when empty */
};
#define WAKE_LIST_END \
	((struct task_struct *)1) /* no task's wake_next is NULL while it is in a list */

static struct futex_bucket futex_buckets[1 << FUTEX_HASH_BITS];

void futex_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(futex_buckets); i++) {
		spin_lock_init(&futex_buckets[i].lock, LOCK_FUTEX);
		INIT_LIST_HEAD(&futex_buckets[i].waiters);
	}
}

/* Multiplicative hashing (Knuth, TAOCP vol. 3, 6.4): the factor is 2^64 over the golden ratio. */
static struct futex_bucket *hash_futex(const struct futex_key *key)
{
	u64 h = (key->object ^ key->where >> 2) * 0x9e3779b97f4a7c15UL;

	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15UL;
	return &futex_buckets[h >> (64 - FUTEX_HASH_BITS)];
}

/* --- queueing --- */

static void double_lock_buckets(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	if (a != b)
		spin_lock_nested(a < b ? &b->lock : &a->lock);
}

static void double_unlock_buckets(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/* Take @q, whose bucket is locked, off its list, and note its sleeper in @wake.  Afterwards @q must not be touched: F2. */
static void wake_futex_q(struct wake_list *wake, struct futex_q *q)
{
	struct task_struct *task = q->task, *nobody = NULL;

	list_del(&q->list);
	/* The sleeper may be gone as soon as q->bucket is NULL: reference first. */
	get_task_struct(task);
	smp_store_release(&q->bucket, NULL);
	if (!try_cmpxchg(&task->wake_next, &nobody, WAKE_LIST_END)) {
		put_task_struct(task);
		return;
	}
	if (wake->last)
		wake->last->wake_next = task;
	else
		wake->first = task;
	wake->last = task;
}

/* No lock held. */
static void wake_up_list(struct wake_list *wake)
{
	struct task_struct *task = wake->first, *next;

	for (; task && task != WAKE_LIST_END; task = next) {
		next = task->wake_next;
		/* From here on others may list it again; the wake-up below comes after what they have done. */
		__atomic_store_n(&task->wake_next, NULL, __ATOMIC_SEQ_CST);
		(void)wake_up_state(task, TASK_INTERRUPTIBLE);
		put_task_struct(task);
	}
}

/* The sleeper gives up.  True if it was still queued, false if somebody has woken it meanwhile. */
static bool unqueue_futex_q(struct futex_q *q)
{
	struct futex_bucket *hb;

	while ((hb = smp_load_acquire(&q->bucket))) {
		spin_lock(&hb->lock);
		if (likely(hb == q->bucket)) {
			list_del(&q->list);
			q->bucket = NULL;
			spin_unlock(&hb->lock);
			return true;
		}
		spin_unlock(&hb->lock); /* requeued, or woken, while we waited for the lock */
	}
	return false;
}

/* List up to @nr sleepers on @key, one at least (as Linux, which has always done so).  Bucket locked. */
static int wake_matching(struct wake_list *wake, struct futex_bucket *hb,
			 const struct futex_key *key, int nr, u32 bitset)
{
	struct futex_q *q, *next;
	int woken = 0;

	list_for_each_entry_safe(q, next, &hb->waiters, list) {
		if (!match_futex(&q->key, key) || !(q->bitset & bitset))
			continue;
		wake_futex_q(wake, q);
		if (++woken >= nr)
			break;
	}
	return woken;
}

/* --- FUTEX_WAIT --- */

/*
 * Read the word and, if it is @val, queue @q: both under the bucket's lock.
 *
 * Return: 0, queued; -EAGAIN: another value; -EINVAL; -EFAULT.
 */
static int futex_wait_setup(u32 *uaddr, u32 val, bool shared, struct futex_q *q)
{
	struct futex_bucket *hb;
	u32 uval;
	int err;

	for (;;) {
		err = get_futex_key(uaddr, shared, true, &q->key);
		if (err)
			return err;
		hb = hash_futex(&q->key);
		spin_lock(&hb->lock);
		if (likely(!copy_from_user_inatomic(&uval, uaddr, sizeof(uval))))
			break;
		spin_unlock(&hb->lock);
		if (get_user(uval, uaddr))
			return -EFAULT;
		cond_resched();
	}
	if (uval == val) {
		q->bucket = hb;
		list_add_tail(&q->list, &hb->waiters);
	}
	spin_unlock(&hb->lock);
	return uval == val ? 0 : -EAGAIN;
}

/* Sleep until woken (0), the deadline (-ETIMEDOUT) or a signal (-EINTR). */
static int futex_sleep(const struct futex_q *q, u64 deadline_ns)
{
	int why = 0;

	for (;;) {
		u64 left = KTIME_MAX;

		set_task_state(TASK_INTERRUPTIBLE);
		if (!READ_ONCE(q->bucket)) /* F2 */
			break;
		if (deadline_ns != KTIME_MAX) {
			u64 now = ktime_get_ns();

			if (now >= deadline_ns) {
				why = -ETIMEDOUT;
				break;
			}
			left = deadline_ns - now;
		}
		if (signal_pending(current)) {
			why = -EINTR;
			break;
		}
		(void)schedule_timeout(left);
	}
	set_task_state(TASK_RUNNING);
	return why;
}

static long futex_wait_restart(struct restart_block *restart);

/*
 * @deadline_ns: on the monotonic clock; KTIME_MAX: none
 *
 * Return: 0, woken; -EAGAIN, -ETIMEDOUT, -EINVAL, -EFAULT; when a signal came first -ERESTARTSYS, or with a
 * deadline -ERESTART_RESTARTBLOCK, so that the rest of the sleep keeps it.
 */
static long futex_wait(u32 *uaddr, bool shared, u32 val, u64 deadline_ns, u32 bitset)
{
	struct futex_q q = { .task = current, .bitset = bitset };
	struct restart_block *restart = &current->restart;
	int err;

	if (!bitset)
		return -EINVAL;
	err = futex_wait_setup(uaddr, val, shared, &q);
	if (err)
		return err;
	err = futex_sleep(&q, deadline_ns);
	if (!unqueue_futex_q(&q))
		return 0;
	if (err != -EINTR)
		return err;
	if (deadline_ns == KTIME_MAX)
		return -ERESTARTSYS;
	restart->fn = futex_wait_restart;
	restart->arg[0] = (u64)uaddr;
	restart->arg[1] = val | (u64)bitset << 32;
	restart->arg[2] = shared;
	restart->arg[3] = deadline_ns;
	return -ERESTART_RESTARTBLOCK;
}

static long futex_wait_restart(struct restart_block *restart)
{
	return futex_wait((u32 *)restart->arg[0], restart->arg[2], (u32)restart->arg[1],
			  restart->arg[3], (u32)(restart->arg[1] >> 32));
}

/* --- FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_WAKE_OP --- */

long futex_wake(u32 *uaddr, bool shared, int nr_wake, u32 bitset)
{
	struct futex_bucket *hb;
	struct wake_list wake = { NULL, NULL };
	struct futex_key key;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = get_futex_key(uaddr, shared, true, &key);
	if (ret)
		return ret;
	hb = hash_futex(&key);
	spin_lock(&hb->lock);
	ret = wake_matching(&wake, hb, &key, nr_wake, bitset);
	spin_unlock(&hb->lock);
	wake_up_list(&wake);
	return ret;
}

/* Move a sleeper from a locked bucket to another one, locked too. */
static void requeue_futex_q(struct futex_q *q, struct futex_bucket *to, const struct futex_key *key)
{
	list_move_tail(&q->list, &to->waiters);
	q->key = *key;
	smp_store_release(&q->bucket, to);
}

/* Both buckets locked.  Return: sleepers woken and moved together. */
static int requeue_matching(struct wake_list *wake, struct futex_bucket *from,
			    const struct futex_key *key1, struct futex_bucket *to,
			    const struct futex_key *key2, int nr_wake, int nr_requeue)
{
	bool in_place = match_futex(key1, key2); /* moving would meet the same ones again */
	struct futex_q *q, *next;
	int count = 0;

	list_for_each_entry_safe(q, next, &from->waiters, list) {
		if (count - nr_wake >= nr_requeue)
			break;
		if (!match_futex(&q->key, key1))
			continue;
		if (++count <= nr_wake)
			wake_futex_q(wake, q);
		else if (!in_place)
			requeue_futex_q(q, to, key2);
	}
	return count;
}

/**
 * futex_requeue - wake some sleepers of a condition, let the others sleep on the lock it belongs to
 * @cmpval: what *@uaddr1 must hold, or NULL
 *
 * Return: sleepers woken and moved; -EAGAIN when *@uaddr1 differs; -EINVAL, -EFAULT.
 */
static long futex_requeue(u32 *uaddr1, bool shared, u32 *uaddr2, int nr_wake, int nr_requeue,
			  const u32 *cmpval)
{
	struct futex_bucket *hb1, *hb2;
	struct wake_list wake = { NULL, NULL };
	struct futex_key key1, key2;
	u32 uval;
	int ret;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	for (;;) {
		ret = get_futex_key(uaddr1, shared, true, &key1);
		if (!ret)
			ret = get_futex_key(uaddr2, shared, true, &key2);
		if (ret)
			return ret;
		hb1 = hash_futex(&key1);
		hb2 = hash_futex(&key2);
		double_lock_buckets(hb1, hb2);
		if (!cmpval || likely(!copy_from_user_inatomic(&uval, uaddr1, sizeof(uval))))
			break;
		double_unlock_buckets(hb1, hb2);
		if (get_user(uval, uaddr1))
			return -EFAULT;
		cond_resched();
	}
	if (cmpval && uval != *cmpval)
		ret = -EAGAIN;
	else
		ret = requeue_matching(&wake, hb1, &key1, hb2, &key2, nr_wake, nr_requeue);
	double_unlock_buckets(hb1, hb2);
	wake_up_list(&wake);
	return ret;
}

static int sign_extend_12(u32 v)
{
	return (int)(v << 20) >> 20;
}

static int wake_op_apply(unsigned int op, u32 old, u32 arg, u32 *result)
{
	switch (op) {
	case FUTEX_OP_SET:
		*result = arg;
		return 0;
	case FUTEX_OP_ADD:
		*result = old + arg;
		return 0;
	case FUTEX_OP_OR:
		*result = old | arg;
		return 0;
	case FUTEX_OP_ANDN:
		*result = old & ~arg;
		return 0;
	case FUTEX_OP_XOR:
		*result = old ^ arg;
		return 0;
	default:
		return -ENOSYS;
	}
}

static int wake_op_compare(unsigned int cmp, int old, int arg)
{
	switch (cmp) {
	case FUTEX_OP_CMP_EQ:
		return old == arg;
	case FUTEX_OP_CMP_NE:
		return old != arg;
	case FUTEX_OP_CMP_LT:
		return old < arg;
	case FUTEX_OP_CMP_LE:
		return old <= arg;
	case FUTEX_OP_CMP_GT:
		return old > arg;
	case FUTEX_OP_CMP_GE:
		return old >= arg;
	default:
		return -ENOSYS;
	}
}

/*
 * Change *@uaddr atomically as @encoded says, and compare what it held before.  Does not fault pages in.
 *
 * Return: the comparison, 0 or 1; -EFAULT when the page is not there; -ENOSYS (for a bad comparison only after the
 * change, as Linux).
 */
static int futex_atomic_op(u32 encoded, u32 *uaddr)
{
	unsigned int op = encoded >> 28 & 7, cmp = encoded >> 24 & 15;
	u32 arg = (u32)sign_extend_12(encoded >> 12), old, seen, result;
	int err;

	if (encoded >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1u << (arg & 31);
	if (copy_from_user_inatomic(&seen, uaddr, sizeof(seen)))
		return -EFAULT;
	do {
		old = seen;
		err = wake_op_apply(op, old, arg, &result);
		if (err)
			return err;
		pagefault_disable();
		err = user_cmpxchg_u32(uaddr, &seen, old, result);
		pagefault_enable();
		if (err)
			return err;
	} while (seen != old);
	return wake_op_compare(cmp, (int)old, sign_extend_12(encoded));
}

/**
 * futex_wake_op - change *@uaddr2, wake sleepers on @uaddr1, and those on @uaddr2 if its old value fits
 *
 * What pthread_cond_signal needs to give up the condition's inner lock and signal by one call.
 *
 * Return: sleepers woken; -EINVAL, -EFAULT, -ENOSYS.
 */
static long futex_wake_op(u32 *uaddr1, bool shared, u32 *uaddr2, int nr_wake, int nr_wake2,
			  u32 encoded)
{
	struct futex_bucket *hb1, *hb2;
	struct wake_list wake = { NULL, NULL };
	struct futex_key key1, key2;
	int ret, compared;

	for (;;) {
		ret = get_futex_key(uaddr1, shared, true, &key1);
		if (!ret)
			ret = get_futex_key(uaddr2, shared, false, &key2);
		if (ret)
			return ret;
		hb1 = hash_futex(&key1);
		hb2 = hash_futex(&key2);
		double_lock_buckets(hb1, hb2);
		compared = futex_atomic_op(encoded, uaddr2);
		if (likely(compared >= 0))
			break;
		double_unlock_buckets(hb1, hb2);
		if (compared != -EFAULT || fault_in_writeable(uaddr2, sizeof(*uaddr2)))
			return compared;
		cond_resched();
	}
	ret = wake_matching(&wake, hb1, &key1, nr_wake, FUTEX_BITSET_MATCH_ANY);
	if (compared)
		ret += wake_matching(&wake, hb2, &key2, nr_wake2, FUTEX_BITSET_MATCH_ANY);
	double_unlock_buckets(hb1, hb2);
	wake_up_list(&wake);
	return ret;
}

/* --- the system call --- */

/* FUTEX_WAIT's time is a span, FUTEX_WAIT_BITSET's a point on one of two clocks.  0, -EFAULT, -EINVAL. */
static int futex_deadline(int op, const struct __kernel_timespec *uts, u64 *deadline_ns)
{
	u64 now, offset, ns;
	int err;

	*deadline_ns = KTIME_MAX;
	if (!uts)
		return 0;
	err = get_timespec(uts, &ns);
	if (err || ns >= KTIME_MAX)
		return err;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT) {
		now = ktime_get_ns();
		*deadline_ns = ns >= KTIME_MAX - now ? KTIME_MAX : now + ns;
	} else if (op & FUTEX_CLOCK_REALTIME) {
		offset = ktime_get_real_ns() - ktime_get_ns();
		*deadline_ns = ns > offset ? ns - offset : 0;
	} else {
		*deadline_ns = ns;
	}
	return 0;
}

/**
 * sys_futex - futex(2)
 * @timeout_or_val2: a struct timespec's address for the two waits, else a number
 *
 * FUTEX_CLOCK_REALTIME is for FUTEX_WAIT_BITSET alone: ENOSYS elsewhere, as Linux 6.1.
 */
long sys_futex(u32 *uaddr, int op, u32 val, unsigned long timeout_or_val2, u32 *uaddr2, u32 val3)
{
	int cmd = op & FUTEX_CMD_MASK, val2 = (int)timeout_or_val2;
	bool shared = !(op & FUTEX_PRIVATE_FLAG);
	u64 deadline_ns = KTIME_MAX;
	int err;

	if (cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET) {
		err = futex_deadline(op, (const struct __kernel_timespec *)timeout_or_val2,
				     &deadline_ns);
		if (err)
			return err;
	}
	if ((op & FUTEX_CLOCK_REALTIME) && cmd != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		return futex_wait(uaddr, shared, val, deadline_ns, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAIT_BITSET:
		return futex_wait(uaddr, shared, val, deadline_ns, val3);
	case FUTEX_WAKE:
		return futex_wake(uaddr, shared, (int)val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, shared, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, shared, uaddr2, (int)val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, shared, uaddr2, (int)val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, shared, uaddr2, (int)val, val2, val3);
	default:
		return -ENOSYS;
	}
}
