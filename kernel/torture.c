/*
 * kernel/torture.c - interrupts, delays and preemption at random moments
 *
 * A race shows when two CPUs are at two places at the same time, and most pairs of places never meet by themselves.
 * With torture[=SEED] on the command line a debug kernel helps:
 *
 *     each CPU's timer   interrupts after a random time, has the current task preempted or sends another CPU to its
 *                        scheduler, and is started again
 *     a thread per CPU   calls functions on random sets of CPUs, as others do for TLB flushes, and counts the answers
 *     spinlocks          are sometimes held for longer, and sometimes taken later
 *     sleeping locks     are sometimes given back only after others have run: their holder was preempted
 *
 * All of it is allowed at any time; nothing here changes what a program may see, but for the time that passes.
 *
 * The random numbers of a CPU follow from the seed, which is printed.  What they meet is up to the machine: a seed
 * gives the same kind of run again, and not the same interleaving.
 *
 * Locking: the state of a CPU is used by that CPU only.  An interrupt in the middle of torture_random costs a number
 * that comes twice; there is no lock, for this is called from inside all of them.
 */
#include <kernel/init.h>
#include <kernel/mutex.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <arch/smp.h>
#include <lib/err.h>
#include <lib/kstrtox.h>
#include "torture.h"

#ifdef DEBUG
#define DEFAULT_SEED 1u
#define MAX_TICK_NS  (4 * NSEC_PER_MSEC)
#define MAX_SLEEP_NS (8 * NSEC_PER_MSEC)
#define DELAY_ONE_IN 128u /* lock operations */
#define MAX_SPINS    400u
#define YIELD_ONE_IN 32u /* releases of sleeping locks */

struct torture {
	u64 random;
	struct ktimer timer;
};

/* What a call carries along, to see that it comes whole and in time. */
struct torture_call {
	atomic_t ran;
	u64 seal;
};

bool torture_on;
static DEFINE_PER_CPU(struct torture, torture);
static atomic_t unawaited; /* calls nobody waits for; only there to be written */

/* Marsaglia 2003, "Xorshift RNGs". */
static u64 torture_random(void)
{
	u64 x = this_cpu_read(torture.random);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	this_cpu_write(torture.random, x);
	return x >> 11;
}

void torture_delay(void)
{
	u64 spins;

	if (torture_random() % DELAY_ONE_IN)
		return;
	for (spins = torture_random() % MAX_SPINS; spins; spins--)
		cpu_relax();
}

void torture_yield(void)
{
	if (torture_random() % YIELD_ONE_IN)
		return;
	set_tsk_flag(current, TIF_NEED_RESCHED);
	cond_resched();
}

static void torture_tick(struct ktimer *timer)
{
	unsigned int cpu = (unsigned int)(torture_random() % nr_cpu_ids);

	if (cpu == smp_processor_id())
		set_tsk_flag(current, TIF_NEED_RESCHED);
	else if (cpu_online(cpu))
		smp_send_reschedule(cpu);
	ktimer_start(timer, ktime_get_ns() + torture_random() % MAX_TICK_NS);
}

static void count_call(void *arg)
{
	struct torture_call *call = arg;

	BUG_ON(!irqs_disabled() || call->seal != (u64)call);
	atomic_inc(&call->ran);
}

static void count_unawaited(void *arg)
{
	atomic_inc((atomic_t *)arg);
}

static void call_others(unsigned long mask, bool as_flush)
{
	struct torture_call call = { .ran = ATOMIC_INIT(0), .seal = (u64)&call };
	int want = 0;

	for (unsigned long left = mask; left; left &= left - 1)
		want++;
	if (as_flush)
		smp_flush_tlb_many(mask, count_call, &call);
	else
		smp_call_function_many(mask, count_call, &call, true);
	BUG_ON(atomic_read(&call.ran) != want);
	call.seal = 0; /* an answer that comes later is a bug, and finds this */
}

_Noreturn static int torture_thread(void *unused)
{
	(void)unused;
	ktimer_start(this_cpu_ptr(&torture.timer), ktime_get_ns() + MAX_TICK_NS);
	for (;;) {
		unsigned long others = READ_ONCE(cpu_online_mask) & ~BIT(smp_processor_id());
		unsigned long mask = others & torture_random();

		switch (torture_random() % 4) {
		case 0:
			call_others(mask, false);
			break;
		case 1:
			call_others(mask, true);
			break;
		case 2:
			smp_call_function_many(mask, count_unawaited, &unawaited, false);
			break;
		default:
			on_each_cpu(count_unawaited, &unawaited);
		}
		set_task_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(torture_random() % MAX_SLEEP_NS);
	}
}

void torture_init(void)
{
	const char *word = cmdline_get("torture");
	unsigned int cpu, seed = DEFAULT_SEED;

	if (!word && !cmdline_has("torture"))
		return;
	if (word && *word && kstrtouint(word, 10, &seed))
		pr_warn("torture=%s: no number, taken as %u\n", word, seed);
	pr_info("torture: seed=%u\n", seed);
	for_each_online_cpu(cpu)
	{
		struct torture *t = per_cpu_ptr(&torture, cpu);

		t->random = (seed + 1UL) * 0x9e3779b97f4a7c15UL ^ (cpu + 1UL) << 32;
		ktimer_init(&t->timer, torture_tick);
	}
	torture_on = true;
	for_each_online_cpu(cpu)
	{
		struct task_struct *thread =
			kthread_run_on_cpu(torture_thread, NULL, "torture", cpu);

		if (IS_ERR(thread))
			panic("torture: no thread for CPU %u: error %ld", cpu, -PTR_ERR(thread));
	}
}
#endif
