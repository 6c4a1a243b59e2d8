/* SPDX-License-Identifier: MIT */
/*
 * tests/host/task.c - software CPUs, their tasks, and every way in which tasks wait for each other
 *
 * A task is a coroutine with a CPU of its own.  Only one runs at a time, and another one is switched to only at
 * a seam: a call that mm/ makes to the outside (lock, page-table entry, flush, allocation), where on a real
 * machine another CPU could get in between.  Which task goes on is drawn from the test's seeded generator, so a
 * run is replayed by its seed.
 *
 *      env_run()          seam              lock taken         all done
 *   main ----.             |                   |              .---- main
 *            '-- task 0 ---'   .-- task 0 ...  |              |
 *                task 1 -------'   (blocked until unlocked)---'
 *
 * Outside env_run() there is one task, main, on CPU 0, and a seam does nothing.
 *
 * This file stands behind the lock headers: the kernel's own for spinlocks (whose debug hooks are here), wait
 * queues and RCU, and those of tests/host/env/kernel for sleeping locks.
 *
 *   - a task keeps a stack of what it holds; taking a lock of lower rank, of equal rank without _nested, or twice,
 *     sleeping while atomic, and ending with something held are failures that print the stack;
 *   - locks from LOCK_PROCESS_TABLE on want interrupts off;
 *   - a task that must wait is taken off; when none can run and nothing is due, that is a deadlock, and each
 *     task says what it waits for.
 *
 * A call on another CPU (on_each_cpu, smp_flush_tlb_many) is made as soon as that CPU has interrupts on; what it
 * interrupts stands still meanwhile, all others go on.  Who asks waits, and answers others' calls.
 *
 * Deferred work (env_defer) plays the interrupt: it runs at a seam of any task that has interrupts on, or when
 * all wait.  RCU: a callback runs when every task that was inside a read section at call_rcu() has left it.
 */
#include <kernel/mutex.h>
#include <kernel/rcu.h>
#include <kernel/rwsem.h>
#include <kernel/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "env.h"

void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack_save, const void **bottom_old,
				     size_t *size_old);

#define STACK_BYTES (512 * KiB)
#define MAX_HELD    32

enum task_state { TASK_UNUSED, TASK_READY, TASK_WAITS, TASK_DONE };

struct held {
	const void *lock;
	unsigned int rank;
	const char *kind;
	bool spins;
};

struct task_struct {
	ucontext_t context;
	void *stack;
	const void *stack_bottom; /* for the sanitizer; main's is learned at its first switch */
	size_t stack_size;
	env_task_fn fn;
	void *arg;
	unsigned int home; /* the CPU that is its own */
	unsigned int cpu;  /* where it is: home, or where it plays an interrupt */
	enum task_state state;
	const void *waits_on;
	const char *waits_why;
	wait_queue_head_t *wait_queue; /* between prepare_to_wait and finish_wait */
	bool woken;
	bool irqs_off;
	bool in_irq;
	bool calling;     /* waits for other CPUs, with interrupts on: its own CPU can be called */
	bool interrupted; /* its CPU runs somebody's call */
	bool in_user;
	unsigned int rcu_depth;
	unsigned int cpu_depth; /* get_cpu without put_cpu */
	unsigned int nr_held;
	struct held held[MAX_HELD];
};

static struct task_struct tasks[ENV_MAX_CPUS + 1]; /* 0: main */
static struct task_struct *running = &tasks[0];
static unsigned int nr_tasks; /* in env_run(): tasks 1 .. nr_tasks */
static unsigned int switch_rate = 4;

struct deferred {
	struct deferred *next;
	void (*fn)(void *arg);
	void *arg;
};
static struct deferred *deferred, **deferred_end = &deferred;

static struct rcu_work {
	struct rcu_head *head;
	unsigned int readers; /* bit per task that was reading */
	struct rcu_work *next;
} * rcu_pending;

/* ------------------------------------------------------------------------------------------------
 * Reports
 */

static const char *const rank_names[NR_LOCK_RANKS] = {
	[LOCK_NONE] = "none",
	[LOCK_NAMESPACE] = "namespace",
	[LOCK_INODE] = "inode",
	[LOCK_FILE_POS] = "file position",
	[LOCK_FILE_MISC] = "file",
	[LOCK_EXEC] = "exec",
	[LOCK_MMAP] = "mmap_lock",
	[LOCK_VMA] = "VMA",
	[LOCK_PAGE] = "page",
	[LOCK_I_MMAP] = "i_mmap",
	[LOCK_ANON_VMA] = "anon_vma",
	[LOCK_MM_MISC] = "mm misc",
	[LOCK_PTE] = "PTE",
	[LOCK_MAPPING_TREE] = "page-cache tree",
	[LOCK_LRU] = "lru",
	[LOCK_SWAP] = "swap",
	[LOCK_VMALLOC] = "vmalloc",
	[LOCK_SLAB_LIST] = "slab list",
	[LOCK_SLAB_NODE] = "slab node",
	[LOCK_ZONE] = "zone",
	[LOCK_WAITQUEUE] = "wait queue",
};

static void print_task(const struct task_struct *t)
{
	if (t == &tasks[0])
		printf("main");
	else
		printf("task %d", (int)(t - tasks) - 1);
	printf(" on CPU %u%s%s%s", t->cpu, t->irqs_off ? ", interrupts off" : "",
	       t->in_irq ? ", in an interrupt" : "",
	       t->rcu_depth   ? ", in an RCU read section"
	       : t->cpu_depth ? ", with data of its CPU in use"
			      : "");
	if (t->state == TASK_WAITS)
		printf(", waits: %s (%p)", t->waits_why, t->waits_on);
	printf("\n");
	for (unsigned int i = 0; i < t->nr_held; i++)
		printf("    holds %s %p, rank %u %s\n", t->held[i].kind, t->held[i].lock,
		       t->held[i].rank,
		       rank_names[t->held[i].rank] ? rank_names[t->held[i].rank] : "");
}

static void print_all_tasks(void)
{
	if (!nr_tasks)
		print_task(&tasks[0]);
	for (unsigned int i = 1; i <= nr_tasks; i++)
		print_task(&tasks[i]);
}

#define FAIL_TASKS(...)            \
	do {                       \
		print_all_tasks(); \
		FAIL(__VA_ARGS__); \
	} while (0)

/* ------------------------------------------------------------------------------------------------
 * Switching
 */

static void switch_to(struct task_struct *next)
{
	struct task_struct *prev = running;
	void *fake_stack = NULL;

	if (next == prev)
		return;
	running = next;
	/* A finished coroutine gives its fake stack up: NULL. */
	__sanitizer_start_switch_fiber(prev->state == TASK_DONE ? NULL : &fake_stack,
				       next->stack_bottom, next->stack_size);
	swapcontext(&prev->context, &next->context);
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

/* A random task that can run, other than the running one if @other; NULL when there is none. */
static struct task_struct *pick_task(bool other)
{
	unsigned int start = (unsigned int)test_random_below(nr_tasks);

	for (unsigned int i = 0; i < nr_tasks; i++) {
		struct task_struct *t = &tasks[1 + (start + i) % nr_tasks];

		if (t->state == TASK_READY && !t->interrupted && !(other && t == running))
			return t;
	}
	return NULL;
}

/* @fn(@arg) as an interrupt would call it in the running task. */
static void interrupt(void (*fn)(void *arg), void *arg)
{
	struct task_struct *t = running;
	struct held saved[MAX_HELD];
	unsigned int nr_saved = t->nr_held, rcu_depth = t->rcu_depth;
	bool irqs_off = t->irqs_off, in_user = t->in_user;

	/* What the interrupted task holds is not the handler's: it keeps an account of its own. */
	memcpy(saved, t->held, sizeof(saved));
	t->nr_held = 0;
	t->rcu_depth = 0;
	t->irqs_off = true;
	t->in_irq = true;
	t->in_user = false;
	fn(arg);
	if (t->nr_held)
		FAIL_TASKS("an interrupt handler ended with a lock held");
	memcpy(t->held, saved, sizeof(saved));
	t->nr_held = nr_saved;
	t->rcu_depth = rcu_depth;
	t->irqs_off = irqs_off;
	t->in_irq = false;
	t->in_user = in_user;
}

/* Takes the oldest deferred call and makes it, on the running CPU. */
static bool run_one_deferred(void)
{
	struct deferred *d = deferred;

	if (!d || running->in_irq)
		return false;
	deferred = d->next;
	if (!deferred)
		deferred_end = &deferred;
	interrupt(d->fn, d->arg);
	free(d);
	return true;
}

static bool run_ready_rcu(void);

void env_seam(void)
{
	struct task_struct *next;

	if (!nr_tasks || running == &tasks[0] || (running->in_irq && !running->calling) ||
	    !switch_rate || !test_chance(switch_rate))
		return;
	if (!running->irqs_off && deferred && test_chance(8))
		run_one_deferred();
	next = pick_task(false);
	if (next)
		switch_to(next);
}

/* The running task cannot go on until wake_waiters(@on). */
static void wait_for(const void *on, const char *why)
{
	struct task_struct *t = running;

	if (t->in_irq && !t->calling)
		FAIL_TASKS("an interrupt handler waits: %s", why);
	t->state = TASK_WAITS;
	t->waits_on = on;
	t->waits_why = why;
	while (t->state == TASK_WAITS) {
		struct task_struct *next = nr_tasks && t != &tasks[0] ? pick_task(true) : NULL;

		if (next)
			switch_to(next);
		else if (!run_one_deferred() && !run_ready_rcu())
			FAIL_TASKS("deadlock: all wait and nothing is due");
	}
	t->waits_on = NULL;
}

static void wake_waiters(const void *on)
{
	for (struct task_struct *t = tasks; t < tasks + ARRAY_SIZE(tasks); t++)
		if (t->state == TASK_WAITS && t->waits_on == on)
			t->state = TASK_READY;
}

static void check_clean(const struct task_struct *t, const char *when)
{
	if (t->nr_held || t->irqs_off || t->rcu_depth || t->cpu_depth) {
		print_task(t);
		FAIL("%s with a lock held, interrupts off, or inside an RCU or per-CPU section",
		     when);
	}
}

/* Where a new coroutine begins, and from where it never returns. */
static void task_entry(void)
{
	struct task_struct *next;

	__sanitizer_finish_switch_fiber(NULL, tasks[0].stack_bottom ? NULL : &tasks[0].stack_bottom,
					tasks[0].stack_size ? NULL : &tasks[0].stack_size);
	running->fn(running->arg);
	check_clean(running, "a task ended");
	running->state = TASK_DONE;
	for (;;) {
		next = pick_task(true);
		if (next)
			break;
		for (unsigned int i = 1; i <= nr_tasks; i++) {
			if (tasks[i].state == TASK_WAITS)
				break;
			if (i == nr_tasks)
				next = &tasks[0];
		}
		if (next)
			break;
		if (!run_one_deferred() && !run_ready_rcu())
			FAIL_TASKS("deadlock: all wait and nothing is due");
	}
	switch_to(next);
}

static void start_task(struct task_struct *t, unsigned int cpu, env_task_fn fn, void *arg)
{
	if (!t->stack) {
		char *area = mmap(NULL, STACK_BYTES + PAGE_SIZE, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (area == MAP_FAILED ||
		    mprotect(area + PAGE_SIZE, STACK_BYTES, PROT_READ | PROT_WRITE))
			FAIL("no stack for a task");
		t->stack = area + PAGE_SIZE;
	}
	t->stack_bottom = t->stack;
	t->stack_size = STACK_BYTES;
	t->fn = fn;
	t->arg = arg;
	t->home = t->cpu = cpu;
	t->state = TASK_READY;
	t->in_user = false;
	getcontext(&t->context);
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = STACK_BYTES;
	t->context.uc_link = NULL;
	makecontext(&t->context, task_entry, 0);
}

void env_run(unsigned int n, const env_task_fn *fns, void *const *args)
{
	ASSERT(!nr_tasks && n && n <= nr_cpu_ids && n <= ENV_MAX_CPUS);
	check_clean(running, "env_run was called");
	for (unsigned int i = 0; i < n; i++)
		start_task(&tasks[i + 1], i, fns[i], args ? args[i] : NULL);
	nr_tasks = n;
	switch_to(pick_task(false));
	nr_tasks = 0;
	for (unsigned int i = 0; i < n; i++)
		tasks[i + 1].state = TASK_UNUSED;
	env_run_deferred();
	env_tlb_check();
}

void env_set_switch_rate(unsigned int one_in)
{
	switch_rate = one_in;
}

void env_set_cpu(unsigned int cpu)
{
	ASSERT(!nr_tasks && cpu < nr_cpu_ids);
	running->cpu = cpu;
}

unsigned int smp_processor_id(void)
{
	return running->cpu;
}

bool env_others_in_kernel(void)
{
	for (unsigned int i = 1; i <= nr_tasks; i++) {
		const struct task_struct *t = &tasks[i];

		if (t != running && t->state != TASK_DONE && !t->in_user)
			return true;
	}
	return false;
}

void env_set_in_user(bool in_user)
{
	running->in_user = in_user;
}

unsigned int env_locks_held(void)
{
	return running->nr_held;
}

/* ------------------------------------------------------------------------------------------------
 * Interrupts, deferred work
 */

unsigned long arch_local_save_flags(void)
{
	return running->irqs_off ? 0 : X86_EFLAGS_IF;
}

void local_irq_disable(void)
{
	running->irqs_off = true;
}

void local_irq_enable(void)
{
	if (running->in_irq)
		FAIL_TASKS("interrupts switched on inside an interrupt handler");
	running->irqs_off = false;
}

void cpu_relax(void)
{
	struct task_struct *next = nr_tasks && running != &tasks[0] ? pick_task(true) : NULL;

	if (next)
		switch_to(next);
}

void env_defer(void (*fn)(void *arg), void *arg)
{
	struct deferred *d = malloc(sizeof(*d));

	*d = (struct deferred){ NULL, fn, arg };
	*deferred_end = d;
	deferred_end = &d->next;
}

void env_run_deferred(void)
{
	while (run_one_deferred())
		;
}

/* ------------------------------------------------------------------------------------------------
 * Calls on other CPUs
 */

#define MAX_CALL_WAIT 100000 /* switches: more is a deadlock that keeps others busy */

static struct task_struct *task_on(unsigned int cpu)
{
	if (!nr_tasks)
		return cpu == running->cpu ? running : NULL;
	for (unsigned int i = 1; i <= nr_tasks; i++)
		if (tasks[i].home == cpu && tasks[i].state != TASK_DONE)
			return &tasks[i];
	return NULL;
}

static bool can_be_called(const struct task_struct *t)
{
	return !t || (!t->interrupted && (t->calling || (!t->irqs_off && !t->in_irq)));
}

/* The running task plays the interrupt on @cpu.  What it holds itself is not the handler's. */
static void call_on(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct task_struct *me = running, *target = task_on(cpu);
	const struct task_struct saved = *me;

	if (target && target != me)
		target->interrupted = true;
	me->cpu = cpu;
	me->nr_held = 0;
	me->rcu_depth = 0;
	me->irqs_off = me->in_irq = true;
	me->calling = target !=
		      me; /* its own CPU waits with interrupts on, unless this is its own */
	me->in_user = false;
	fn(arg);
	if (me->nr_held)
		FAIL_TASKS("a call on another CPU ended with a lock held");
	memcpy(me->held, saved.held, sizeof(me->held));
	me->cpu = saved.cpu;
	me->nr_held = saved.nr_held;
	me->rcu_depth = saved.rcu_depth;
	me->irqs_off = saved.irqs_off;
	me->in_irq = saved.in_irq;
	me->calling = saved.calling;
	me->in_user = saved.in_user;
	if (target && target != me)
		target->interrupted = false;
}

static void wait_until_callable(unsigned int cpu)
{
	struct task_struct *me = running;
	bool was_calling = me->calling;

	me->calling = true;
	for (unsigned int n = 0; !can_be_called(task_on(cpu)); n++) {
		struct task_struct *next = pick_task(true);

		if (!next || n == MAX_CALL_WAIT)
			FAIL_TASKS("deadlock: CPU %u is waited for, which has interrupts off", cpu);
		switch_to(next);
	}
	me->calling = was_calling;
}

static void call_many(unsigned long mask, void (*fn)(void *arg), void *arg)
{
	const unsigned int self = running->cpu;

	if (running->irqs_off)
		FAIL_TASKS("other CPUs are waited for with interrupts off");
	while (mask) {
		unsigned int cpu = (unsigned int)test_random_below(nr_cpu_ids);

		if (!(mask & BIT(cpu)))
			continue;
		mask &= ~BIT(cpu);
		env_seam();
		if (cpu != self)
			wait_until_callable(cpu);
		call_on(cpu, fn, arg);
	}
}

void smp_flush_tlb_many(unsigned long mask, void (*fn)(void *arg), void *arg)
{
	call_many(mask & ~BIT(running->cpu), fn, arg);
}

void on_each_cpu(void (*fn)(void *arg), void *arg)
{
	call_many(nr_cpu_ids == 64 ? ~0UL : BIT(nr_cpu_ids) - 1, fn, arg);
}

void env_on_cpu(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	ASSERT(!nr_tasks || cpu == running->cpu);
	call_on(cpu, fn, arg);
}

/* ------------------------------------------------------------------------------------------------
 * What is held, and in which order
 */

static void check_order(const void *lock, unsigned int rank, bool nested, bool spins)
{
	const struct task_struct *t = running;

	if (rank >= LOCK_PROCESS_TABLE && !t->irqs_off)
		FAIL_TASKS("lock %p of rank %u wants interrupts off", lock, rank);
	for (unsigned int i = 0; i < t->nr_held; i++) {
		const struct held *h = &t->held[i];

		if (h->lock == lock)
			FAIL_TASKS("lock %p is taken twice", lock);
		if (rank == LOCK_NONE || h->rank == LOCK_NONE)
			continue;
		if (h->rank > rank)
			FAIL_TASKS("lock order: rank %u %s is taken under rank %u %s", rank,
				   rank_names[rank] ? rank_names[rank] : "", h->rank,
				   rank_names[h->rank] ? rank_names[h->rank] : "");
		if (h->rank == rank && !nested)
			FAIL_TASKS("lock order: two locks of rank %u %s, not nested", rank,
				   rank_names[rank] ? rank_names[rank] : "");
		if (h->rank == rank && spins && h->lock > lock)
			FAIL_TASKS("lock order: nested locks of rank %u, not by address", rank);
	}
}

static void push_held(const void *lock, unsigned int rank, const char *kind, bool spins)
{
	struct task_struct *t = running;

	if (t->nr_held == MAX_HELD)
		FAIL_TASKS("more than %d locks held", MAX_HELD);
	t->held[t->nr_held++] = (struct held){ lock, rank, kind, spins };
}

static void pop_held(const void *lock)
{
	struct task_struct *t = running;

	for (unsigned int i = t->nr_held; i-- > 0;) {
		if (t->held[i].lock != lock)
			continue;
		memmove(&t->held[i], &t->held[i + 1], (--t->nr_held - i) * sizeof(t->held[0]));
		return;
	}
	FAIL_TASKS("unlock of %p, which this task does not hold", lock);
}

static bool holds(const void *lock)
{
	for (unsigned int i = 0; i < running->nr_held; i++)
		if (running->held[i].lock == lock)
			return true;
	return false;
}

void might_sleep(void)
{
	const struct task_struct *t = running;
	bool atomic = t->irqs_off || t->in_irq || t->rcu_depth || t->cpu_depth;

	for (unsigned int i = 0; i < t->nr_held; i++)
		atomic |= t->held[i].spins;
	if (atomic)
		FAIL_TASKS("sleeping while atomic");
}

unsigned int get_cpu(void)
{
	running->cpu_depth++;
	return smp_processor_id();
}

void put_cpu(void)
{
	if (!running->cpu_depth)
		FAIL_TASKS("put_cpu without get_cpu");
	running->cpu_depth--;
}

void cond_resched(void)
{
	might_sleep();
	env_seam();
}

/* ------------------------------------------------------------------------------------------------
 * Spinlocks: kernel/spinlock.h with its debug hooks
 */

void lockdebug_acquire(spinlock_t *lock, bool nested)
{
	env_seam();
	check_order(lock, lock->rank, nested, true);
}

void spin_lock_slow(spinlock_t *lock)
{
	while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		wait_for(lock, "spinlock");
}

void lockdebug_acquired(spinlock_t *lock)
{
	lock->owner = (u16)(running - tasks + 1);
	push_held(lock, lock->rank, "spinlock", true);
}

void lockdebug_release(spinlock_t *lock)
{
	if (lock->locked != 1)
		FAIL_TASKS("unlock of spinlock %p, which is free", (void *)lock);
	pop_held(lock);
	lock->owner = 0;
	/* The waiters try again after the store that follows: nothing switches in between. */
	wake_waiters(lock);
}

/* ------------------------------------------------------------------------------------------------
 * rw_semaphore: count is the number of readers, or -1 for a writer
 */

void init_rwsem(struct rw_semaphore *sem, enum lock_rank rank)
{
	*sem = (struct rw_semaphore)RWSEM_INIT(*sem, rank);
}

static void acquire_rwsem(struct rw_semaphore *sem, bool write, bool nested)
{
	might_sleep();
	env_seam();
	check_order(sem, sem->rank, nested, false);
	while (write ? atomic_long_read(&sem->count) != 0 : atomic_long_read(&sem->count) < 0)
		wait_for(sem, write ? "rwsem for write" : "rwsem for read");
	atomic_long_add(write ? -1 : 1, &sem->count);
	if (write)
		sem->owner = running;
	push_held(sem, sem->rank, write ? "rwsem for write" : "rwsem for read", false);
}

static bool try_rwsem(struct rw_semaphore *sem, bool write)
{
	env_seam();
	if (write ? atomic_long_read(&sem->count) != 0 : atomic_long_read(&sem->count) < 0)
		return false;
	atomic_long_add(write ? -1 : 1, &sem->count);
	if (write)
		sem->owner = running;
	push_held(sem, sem->rank, write ? "rwsem for write" : "rwsem for read", false);
	return true;
}

void down_read(struct rw_semaphore *sem)
{
	acquire_rwsem(sem, false, false);
}

int down_read_killable(struct rw_semaphore *sem)
{
	acquire_rwsem(sem, false, false);
	return 0;
}

bool down_read_trylock(struct rw_semaphore *sem)
{
	return try_rwsem(sem, false);
}

void up_read(struct rw_semaphore *sem)
{
	if (atomic_long_read(&sem->count) <= 0)
		FAIL_TASKS("up_read of %p, which has no reader", (void *)sem);
	pop_held(sem);
	atomic_long_dec(&sem->count);
	wake_waiters(sem);
	env_seam();
}

void down_write(struct rw_semaphore *sem)
{
	acquire_rwsem(sem, true, false);
}

void down_write_nested(struct rw_semaphore *sem)
{
	acquire_rwsem(sem, true, true);
}

int down_write_killable(struct rw_semaphore *sem)
{
	acquire_rwsem(sem, true, false);
	return 0;
}

bool down_write_trylock(struct rw_semaphore *sem)
{
	return try_rwsem(sem, true);
}

void up_write(struct rw_semaphore *sem)
{
	if (sem->owner != running)
		FAIL_TASKS("up_write of %p by another than its writer", (void *)sem);
	pop_held(sem);
	sem->owner = NULL;
	atomic_long_set(&sem->count, 0);
	wake_waiters(sem);
	env_seam();
}

void downgrade_write(struct rw_semaphore *sem)
{
	if (sem->owner != running)
		FAIL_TASKS("downgrade_write of %p by another than its writer", (void *)sem);
	sem->owner = NULL;
	atomic_long_set(&sem->count, 1);
	for (unsigned int i = 0; i < running->nr_held; i++)
		if (running->held[i].lock == sem)
			running->held[i].kind = "rwsem for read";
	wake_waiters(sem);
	env_seam();
}

bool rwsem_is_locked(const struct rw_semaphore *sem)
{
	return atomic_long_read(&sem->count) != 0;
}

bool rwsem_is_held(const struct rw_semaphore *sem)
{
	return holds(sem);
}

bool rwsem_is_write_locked(const struct rw_semaphore *sem)
{
	return atomic_long_read(&sem->count) < 0 && holds(sem);
}

/* ------------------------------------------------------------------------------------------------
 * Mutexes
 */

void mutex_init(struct mutex *m, enum lock_rank rank)
{
	*m = (struct mutex)MUTEX_INIT(*m, rank);
}

void mutex_lock(struct mutex *m)
{
	might_sleep();
	env_seam();
	check_order(m, m->rank, false, false);
	while (m->state)
		wait_for(m, "mutex");
	m->state = 1;
	m->owner = running;
	push_held(m, m->rank, "mutex", false);
}

int mutex_lock_interruptible(struct mutex *m)
{
	mutex_lock(m);
	return 0;
}

bool mutex_trylock(struct mutex *m)
{
	env_seam();
	if (m->state)
		return false;
	m->state = 1;
	m->owner = running;
	push_held(m, m->rank, "mutex", false);
	return true;
}

void mutex_unlock(struct mutex *m)
{
	if (m->owner != running)
		FAIL_TASKS("mutex_unlock of %p by another than its holder", (void *)m);
	pop_held(m);
	m->state = 0;
	m->owner = NULL;
	wake_waiters(m);
	env_seam();
}

bool mutex_is_locked(const struct mutex *m)
{
	return m->state != 0;
}

void lockdebug_sleep_acquire(const void *lock, u16 rank, bool nested, bool trylock)
{
	if (!trylock)
		check_order(lock, rank, nested, false);
	push_held(lock, rank, "sleeping lock", false);
}

void lockdebug_sleep_release(const void *lock)
{
	pop_held(lock);
}

/* ------------------------------------------------------------------------------------------------
 * Wait queues: kernel/wait.h's loops; the entry stays unqueued, the task knows its queue
 */

void init_wait(struct wait_queue_entry *wait)
{
	*wait = (struct wait_queue_entry){ .task = running };
	INIT_LIST_HEAD(&wait->entry);
}

void prepare_to_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait,
		     unsigned int state __maybe_unused)
{
	might_sleep();
	wait->task->wait_queue = wq;
	wait->task->woken = false;
}

void finish_wait(wait_queue_head_t *wq __maybe_unused, struct wait_queue_entry *wait)
{
	wait->task->wait_queue = NULL;
}

void schedule(void)
{
	might_sleep();
	while (running->wait_queue && !running->woken)
		wait_for(running->wait_queue, "wait queue");
}

bool signal_pending_current(unsigned int state __maybe_unused)
{
	return false;
}

void wake_up_mode(wait_queue_head_t *wq, unsigned int states __maybe_unused,
		  int nr_exclusive __maybe_unused, void *key __maybe_unused)
{
	for (struct task_struct *t = tasks; t < tasks + ARRAY_SIZE(tasks); t++)
		if (t->wait_queue == wq)
			t->woken = true;
	wake_waiters(wq);
}

/* ------------------------------------------------------------------------------------------------
 * RCU
 */

void rcu_read_lock(void)
{
	running->rcu_depth++;
	env_seam();
}

void rcu_read_unlock(void)
{
	if (!running->rcu_depth)
		FAIL_TASKS("rcu_read_unlock without rcu_read_lock");
	if (--running->rcu_depth == 0)
		for (struct rcu_work *w = rcu_pending; w; w = w->next)
			w->readers &= ~(1U << (running - tasks));
	env_seam();
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	struct rcu_work *work = malloc(sizeof(*work));

	head->func = func;
	*work = (struct rcu_work){ head, 0, rcu_pending };
	for (struct task_struct *t = tasks; t < tasks + ARRAY_SIZE(tasks); t++)
		if (t->rcu_depth)
			work->readers |= 1U << (t - tasks);
	rcu_pending = work;
}

/* Calls one callback whose readers have all left; in interrupt context, as the kernel does. */
static bool run_ready_rcu(void)
{
	for (struct rcu_work **link = &rcu_pending; *link; link = &(*link)->next) {
		struct rcu_work *work = *link;
		bool irqs_off = running->irqs_off;

		if (work->readers)
			continue;
		*link = work->next;
		running->irqs_off = true;
		work->head->func(work->head);
		running->irqs_off = irqs_off;
		free(work);
		return true;
	}
	return false;
}

void synchronize_rcu(void)
{
	might_sleep();
	if (running->rcu_depth)
		FAIL_TASKS("synchronize_rcu inside a read section");
	for (;;) {
		bool reader = false;

		while (run_ready_rcu())
			;
		for (unsigned int i = 1; i <= nr_tasks; i++)
			reader |= &tasks[i] != running && tasks[i].rcu_depth;
		if (!reader)
			return;
		cpu_relax();
	}
}

void rcu_quiescent_state(void)
{
	env_seam();
}

void env_rcu_barrier(void)
{
	while (run_ready_rcu())
		;
	if (rcu_pending)
		FAIL_TASKS("an RCU callback waits for a reader that never leaves");
}
