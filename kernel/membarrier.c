/*
 * kernel/membarrier.c - membarrier(2): a memory barrier on behalf of other threads
 *
 * Two sides that need a barrier each can share the cost unevenly: the frequent side compiles to nothing, the rare one
 * calls membarrier, which makes every thread concerned pass a full barrier between its entry and its return:
 *
 *     command                      who passes a barrier                        how
 *     GLOBAL                       every thread                                synchronize_rcu: milliseconds
 *     GLOBAL_EXPEDITED             every thread                                interrupt to each CPU
 *     PRIVATE_EXPEDITED            the caller's process                        interrupt to each CPU it may run on
 *     ..._SYNC_CORE                the same, and its instructions are fetched  the interrupt's return serialises
 *                                  anew (a compiler has written code)
 *
 * Why mm->cpumask suffices for a process: a CPU sets its bit, by an atomic operation, before it loads the address
 * space and so before its thread reaches user mode.  A bit that is not seen here is set later: that operation is the full
 * barrier that orders the thread's accesses after ours, and the load of CR3 serialises.  A bit that is seen costs an
 * interrupt, also where the thread has just gone; that does no harm.  A thread that does not run has passed a barrier
 * in the run queue's lock when it stopped, and passes one when it goes on.
 *
 * The expedited commands want a registration first, so that Linux can leave out who did not ask.  Here it changes
 * nothing but the answer, EPERM without; GLOBAL_EXPEDITED, whose callers need none, interrupts every CPU where Linux
 * leaves out those that run unregistered programs.  The registrations belong to the address space: fork copies them, exec drops them.
 *
 * Not done: the RSEQ commands, for there is no rseq; they are EINVAL, as of a Linux built without it.
 *
 * Locking: none; mm->membarrier_state only gains bits.
 *
 * Sources: membarrier(2); Intel SDM 3A "Serializing Instructions".
 */
#include <arch/smp.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <mm/mm_types.h>
#include <uapi/errno.h>
#include <uapi/membarrier.h>

#define MEMBARRIER_CMDS                                                                           \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                \
	 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |            \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)

/* On the other CPU.  The interrupt's return is what serialises, for SYNC_CORE. */
static void ipi_barrier(void *arg)
{
	(void)arg;
	smp_mb();
}

/* The registration of a command is the next bit. */
static long private_expedited(int cmd)
{
	struct mm_struct *mm = current->mm;

	if (!(READ_ONCE(mm->membarrier_state) & (unsigned int)cmd << 1))
		return -EPERM;
	smp_mb(); /* the caller's accesses, then the look at who runs */
	smp_call_function_many(READ_ONCE(mm->cpumask), ipi_barrier, NULL, true);
	smp_mb();
	return 0;
}

static long register_expedited(int cmd)
{
	__atomic_fetch_or(&current->mm->membarrier_state, (unsigned int)cmd, __ATOMIC_SEQ_CST);
	return 0;
}

/**
 * sys_membarrier - make other threads pass a memory barrier
 * @cpu: for the RSEQ commands
 *
 * Return: 0; MEMBARRIER_CMD_QUERY: the commands there are; -EINVAL; -EPERM without a registration.
 */
long sys_membarrier(int cmd, unsigned int flags, int cpu)
{
	(void)cpu;
	if (flags)
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return MEMBARRIER_CMDS;
	case MEMBARRIER_CMD_GLOBAL:
		if (nr_cpu_ids > 1)
			synchronize_rcu();
		return 0;
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		on_each_cpu(ipi_barrier, NULL);
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		return private_expedited(cmd);
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		return register_expedited(cmd);
	default:
		return -EINVAL;
	}
}
