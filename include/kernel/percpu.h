/* SPDX-License-Identifier: MIT */
/*
 * include/kernel/percpu.h - this CPU's data, for longer than one statement
 *
 * The kernel is not preempted: a task leaves its CPU only where it sleeps.  So with interrupts on, a pointer from
 * this_cpu_ptr or a number from smp_processor_id is good until the next call that may sleep, and nothing has to be
 * done to keep it so.  Which call sleeps is not visible in the code that holds the pointer, though.  These mark the
 * section: a debug build counts it in the task, and sleeping inside is a panic, whether it would have changed the CPU
 * this time or not; any other build compiles them to nothing.
 *
 *     batch = get_cpu_ptr(&lru_add_batch);
 *     ...                                          no sleeping, spinlocks are fine; sections nest
 *     put_cpu_ptr(&lru_add_batch);
 *
 * What an interrupt handler writes, too, needs interrupts off, which says the same and more.
 */
#ifndef KERNEL_PERCPU_H
#define KERNEL_PERCPU_H

#include <arch/percpu.h>

#ifdef DEBUG
/* get_cpu - the number of this CPU, on which the task stays until put_cpu: any context */
unsigned int get_cpu(void);
void put_cpu(void);
#else
static inline unsigned int get_cpu(void) { return smp_processor_id(); }
static inline void put_cpu(void) {}
#endif

/* get_cpu_ptr - this CPU's copy of a per-CPU variable, good until put_cpu_ptr */
#define get_cpu_ptr(ptr)           \
	({                         \
		get_cpu();         \
		this_cpu_ptr(ptr); \
	})
#define put_cpu_ptr(ptr) ((void)(ptr), put_cpu())

#endif
