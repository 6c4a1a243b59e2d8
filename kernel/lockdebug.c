/*
 * kernel/lockdebug.c - are locks taken in the order of their ranks?
 *
 * Debug builds keep on each task a stack of the locks it holds.  Before a lock is waited for, the stack says
 * whether that could ever deadlock, whatever the other CPUs do just now:
 *
 *   L1  a lock is taken only above everything held: its rank is larger than each rank on the stack; equal only
 *       with the _nested forms, a spinlock then at a higher address;
 *   L2  no lock is taken twice;
 *   L3  from LOCK_PROCESS_TABLE on interrupts are off: a handler may want the lock;
 *   L4  nobody sleeps while it holds a spinlock, reads under RCU, uses data of its CPU (kernel/percpu.h), has
 *       interrupts or page faults disabled.
 *
 * A lock that was only tried for cannot deadlock its taker: it is recorded, but not judged.  An interrupt
 * handler's locks pile up on the interrupted task's stack and are gone before it returns; L3 makes the order
 * hold for it too.  A violation panics, naming both ranks: the state that led there is still whole.
 *
 * The whole file is for debug builds; others compile the checks to nothing (spinlock.h, mutex.h, rcu.h).
 */
#include <kernel/sched.h>
#include <kernel/mutex.h>
#include <kernel/percpu.h>
#include <kernel/rcu.h>
#include <arch/exception.h>
#include <arch/uaccess.h>
#include "lockdebug.h"
#include "sched_rq.h"
#include "torture.h"

#ifdef DEBUG
static const char *const rank_names[NR_LOCK_RANKS] = {
	[LOCK_NONE] = "none",
	[LOCK_NAMESPACE] = "namespace",
	[LOCK_INODE] = "inode",
	[LOCK_FILE_POS] = "file position",
	[LOCK_FILE_MISC] = "file",
	[LOCK_EVENTS] = "events",
	[LOCK_EXEC] = "exec",
	[LOCK_MMAP] = "mmap_lock",
	[LOCK_VMA] = "VMA",
	[LOCK_PAGE] = "page",
	[LOCK_I_MMAP] = "i_mmap",
	[LOCK_ANON_VMA] = "anon_vma",
	[LOCK_MM_MISC] = "mm misc",
	[LOCK_PTE] = "PTE",
	[LOCK_MAPPING_TREE] = "mapping tree",
	[LOCK_FILES] = "files",
	[LOCK_DCACHE] = "dcache",
	[LOCK_LRU] = "lru",
	[LOCK_SWAP] = "swap",
	[LOCK_VMALLOC] = "vmalloc",
	[LOCK_SLAB_LIST] = "slab list",
	[LOCK_SLAB_NODE] = "slab node",
	[LOCK_ZONE] = "zone",
	[LOCK_UTS] = "uts",
	[LOCK_FUTEX] = "futex",
	[LOCK_PROCESS_TABLE] = "process table",
	[LOCK_SIGHAND] = "sighand",
	[LOCK_TIMER] = "timer",
	[LOCK_TTY] = "tty",
	[LOCK_WAITQUEUE] = "wait queue",
	[LOCK_RUNQUEUE] = "run queue",
	[LOCK_RCU] = "rcu",
	[LOCK_IRQ] = "irq",
	[LOCK_RANDOM] = "random",
	[LOCK_TRACE] = "trace",
	[LOCK_PRINTK] = "log",
	[LOCK_CONSOLE] = "console",
};

/* After a panic locks are taken by force, and the report matters more than their order. */
static bool stopped;

void lockdebug_stop(void)
{
	stopped = true;
}

static void show_held(const struct task_struct *t)
{
	for (unsigned int i = 0; i < t->nr_locks_held; i++)
		pr_emerg("  holds %s lock %p\n", rank_names[t->locks_held[i].rank],
			 t->locks_held[i].lock);
}

static void check_order(const struct task_struct *t, const void *lock, u16 rank, bool nested)
{
	for (unsigned int i = 0; i < t->nr_locks_held; i++) {
		const void *held = t->locks_held[i].lock;
		u16 held_rank = t->locks_held[i].rank;

		if (held == lock) {
			show_held(t);
			panic("lock order: %s lock %p is taken twice", rank_names[rank], lock);
		}
		if (held_rank > rank || (held_rank == rank && !nested)) {
			show_held(t);
			panic("lock order: %s lock %p wanted while %s lock %p is held",
			      rank_names[rank], lock, rank_names[held_rank], held);
		}
	}
}

static void push(struct task_struct *t, const void *lock, u16 rank, bool sleeping)
{
	unsigned int n = t->nr_locks_held;

	BUG_ON(n >= ARRAY_SIZE(t->locks_held));
	t->locks_held[n].lock = lock;
	t->locks_held[n].rank = rank;
	t->locks_held[n].sleeping = sleeping;
	t->nr_locks_held = n + 1;
}

/* Locks are mostly given back in reverse order, but need not be. */
static bool pop(struct task_struct *t, const void *lock)
{
	for (unsigned int i = t->nr_locks_held; i-- > 0;) {
		if (t->locks_held[i].lock != lock)
			continue;
		for (unsigned int j = i; j + 1 < t->nr_locks_held; j++)
			t->locks_held[j] = t->locks_held[j + 1];
		t->nr_locks_held--;
		return true;
	}
	return false;
}

/* An interrupt between reading and writing the stack's depth leaves it as it found it, so none is kept out. */
void lockdebug_acquire(spinlock_t *lock, bool nested)
{
	struct task_struct *t = current;

	if (stopped)
		return;
	if (unlikely(torture_on))
		torture_delay();
	check_order(t, lock, lock->rank, nested);
	if (lock->rank >= LOCK_PROCESS_TABLE && !irqs_disabled())
		panic("lock order: %s lock %p taken with interrupts on", rank_names[lock->rank],
		      (void *)lock);
}

void lockdebug_acquired(spinlock_t *lock)
{
	lock->owner = (u16)(smp_processor_id() + 1);
	if (!stopped)
		push(current, lock, lock->rank, false);
}

void lockdebug_release(spinlock_t *lock)
{
	if (stopped)
		return;
	if (unlikely(torture_on))
		torture_delay();
	if (lock->owner != smp_processor_id() + 1 || !pop(current, lock))
		panic("lock order: %s lock %p released by a CPU or task that does not hold it",
		      rank_names[lock->rank], (void *)lock);
	lock->owner = 0;
}

void lockdebug_switch(struct task_struct *prev, struct task_struct *next, spinlock_t *lock)
{
	BUG_ON(!pop(prev, lock));
	push(next, lock, lock->rank, false);
}

void lockdebug_sleep_acquire(const void *lock, u16 rank, bool nested, bool trylock)
{
	struct task_struct *t = current;

	if (!trylock)
		check_order(t, lock, rank, nested);
	push(t, lock, rank, true);
}

/* Why the current task may not sleep, or NULL. */
static const char *why_atomic(const struct task_struct *t)
{
	for (unsigned int i = 0; i < t->nr_locks_held; i++)
		if (!t->locks_held[i].sleeping)
			return "a spinlock is held";
	if (t->rcu_depth)
		return "inside rcu_read_lock";
	if (t->cpu_depth)
		return "per-CPU data is in use";
	if (irqs_disabled())
		return "interrupts are off";
	return pagefault_disabled() ? "page faults are disabled" : NULL;
}

void lockdebug_sleep_release(const void *lock)
{
	if (unlikely(torture_on) && current->state == TASK_RUNNING && !why_atomic(current))
		torture_yield();
	if (!pop(current, lock))
		panic("lock order: sleeping lock %p released by a task that does not hold it",
		      lock);
}

void lockdebug_no_locks(const struct task_struct *t, const char *where)
{
	if (t->cpu_depth)
		panic("lock order: per-CPU data is still in use at %s", where);
	if (!t->nr_locks_held)
		return;
	show_held(t);
	panic("lock order: a lock is still held at %s", where);
}

/* --- what the current task is going to sleep for; note_wait_end when it does not any more --- */

void note_wait(const char *what, const void *object)
{
	note_wait_lock(what, object, NULL, NULL, NULL);
}

void note_wait_lock(const char *what, const void *object, struct task_struct *const *owner,
		    spinlock_t *lock, bool (*is_free)(const void *object))
{
	struct wait_note *note = &current->wait_note;

	note->what = what;
	note->object = object;
	note->owner = owner;
	note->is_free = is_free;
	WRITE_ONCE(note->lock, lock);
}

void note_wait_init(struct task_struct *task)
{
	task->wait_note = (struct wait_note){ .what = NULL };
}

void note_wait_end(void)
{
	note_wait_lock(NULL, NULL, NULL, NULL, NULL);
}

/* --- spinning --- */

#define SPIN_NS (10 * NSEC_PER_SEC)

/* Called now and then by who waits for a spinlock: @since_ns is 0 at first.  Says once who holds it. */
void lockdebug_spinning(const spinlock_t *lock, u64 *since_ns)
{
	u64 now = ktime_get_ns();
	u16 owner = READ_ONCE(lock->owner);
	const struct task_struct *holder;

	if (!*since_ns)
		*since_ns = now;
	if (*since_ns == KTIME_MAX || now - *since_ns < SPIN_NS || lock->rank >= LOCK_PRINTK ||
	    stopped)
		return;
	*since_ns = KTIME_MAX;
	holder = owner ? READ_ONCE(cpu_rq(owner - 1u)->curr) : NULL;
	pr_warn("watchdog: CPU %u (%s, pid %d) has waited 10 s for %s lock %p, held by CPU %d (%s, pid %d)\n",
		smp_processor_id(), current->comm, current->pid, rank_names[lock->rank],
		(const void *)lock, owner - 1, holder ? holder->comm : "?",
		holder ? holder->pid : -1);
	arch_show_backtrace(NULL);
}

void rcu_read_lock(void)
{
	BUG_ON(this_cpu_read(rcu_cpu_idle)); /* nobody would wait for this reader */
	current->rcu_depth++;
}

void rcu_read_unlock(void)
{
	BUG_ON(!current->rcu_depth);
	current->rcu_depth--;
}

unsigned int get_cpu(void)
{
	current->cpu_depth++;
	return smp_processor_id();
}

void put_cpu(void)
{
	BUG_ON(!current->cpu_depth);
	current->cpu_depth--;
}

void might_sleep(void)
{
	const char *why = scheduler_running ? why_atomic(current) : NULL;

	if (!why)
		return;
	show_held(current);
	panic("sleeping while atomic: %s", why);
}
#endif
