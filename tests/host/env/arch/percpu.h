/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/arch/percpu.h - one copy of a variable for each software CPU
 *
 * As in the kernel, CPU 0 uses the linked section itself and the others get copies of it.  Which CPU we are on
 * is what the scheduler of tests/host/task.c says.
 */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#include <lib/types.h>

#define NR_CPUS                     64

#define DEFINE_PER_CPU(type, name)  __attribute__((section("percpu"))) __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

extern unsigned int nr_cpu_ids;
extern unsigned long per_cpu_offset[NR_CPUS];
unsigned int smp_processor_id(void);

#define per_cpu_ptr(ptr, cpu)      ((__typeof__(ptr))((unsigned long)(ptr) + per_cpu_offset[cpu]))
#define this_cpu_ptr(ptr)          per_cpu_ptr(ptr, smp_processor_id())
#define this_cpu_read(var)         (*this_cpu_ptr(&(var)))
#define this_cpu_write(var, val)   ((void)(*this_cpu_ptr(&(var)) = (val)))
#define this_cpu_add(var, val)     ((void)(*this_cpu_ptr(&(var)) += (val)))
#define this_cpu_inc(var)          this_cpu_add(var, 1)
#define this_cpu_dec(var)          this_cpu_add(var, -1)

#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < nr_cpu_ids; (cpu)++)

#endif
