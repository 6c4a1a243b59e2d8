/*
 * kernel/smp.c - several processors: each gets an idle task and joins the scheduler
 *
 * The processor's own start is arch/x86_64/smpboot.c.  Here each is given the task it will run when there is
 * nothing else, and the parts of the kernel that know processors by number are told that there is one more.
 *
 * A CPU joins in secondary_main: RCU waits for it from then on, its bit appears in cpu_online_mask, and it idles with
 * interrupts on until work is put on its run queue.  It never leaves.
 *
 * CPU numbers have no holes: one that does not answer leaves its number to the next, and nr_cpu_ids, until then what
 * might be, becomes what is.
 */
#include <arch/exception.h>
#include <arch/irqflags.h>
#include <arch/smp.h>
#include <kernel/init.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/workqueue.h>
#include <uapi/errno.h>
#include "task.h"

/* One more processor, or nobody: 0, -ENOMEM, -EIO. */
static int start_one(unsigned int cpu, unsigned int candidate)
{
	struct task_struct *idle = fork_idle(cpu);
	int err;

	if (!idle)
		return -ENOMEM;
	sched_init_idle(idle, cpu);
	err = arch_start_cpu(cpu, candidate, idle);
	if (err)
		free_idle(idle);
	return err;
}

static void count_answer(void *answers)
{
	atomic_inc(answers);
}

/* Interrupts between processors are what all later waiting relies on: better to know now. */
static void check_calls(unsigned int cpus)
{
	atomic_t answers = ATOMIC_INIT(0);

	on_each_cpu(count_answer, &answers);
	BUG_ON((unsigned int)atomic_read(&answers) != cpus);
}

void smp_boot_cpus(void)
{
	unsigned int cpu = 1, listed = arch_nr_candidates();
	int err = 0;

	if (nr_cpu_ids > 1)
		err = arch_prepare_start();
	for (unsigned int n = 0; n < listed && cpu < nr_cpu_ids && err != -ENOMEM; n++) {
		err = start_one(cpu, n);
		if (err)
			continue;
		rcu_start_thread(cpu);
		workqueue_start_thread(cpu);
		cpu++;
	}
	if (err == -ENOMEM)
		pr_warn("smp: out of memory for more than %u processors\n", cpu);
	arch_finish_start(cpu);
	check_calls(cpu);
	pr_info("smp: %u of %u processors run\n", cpu, listed + 1);
}

void secondary_main(void)
{
	unsigned int cpu = smp_processor_id();

	rcu_cpu_online();
	__atomic_fetch_or(&cpu_online_mask, 1UL << cpu, __ATOMIC_SEQ_CST);
	local_irq_enable();
	cpu_idle();
}
