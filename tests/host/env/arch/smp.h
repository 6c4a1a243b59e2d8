/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/arch/smp.h - calls on other software CPUs (task.c): all CPUs are online
 */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#include <lib/types.h>
#include <arch/percpu.h>

#define for_each_cpu_in(cpu, mask)                                                              \
	for (unsigned long __m = (mask); __m && ((cpu) = (unsigned int)__builtin_ctzl(__m), 1); \
	     __m &= __m - 1)

void on_each_cpu(void (*fn)(void *arg), void *arg);
void smp_flush_tlb_many(unsigned long mask, void (*fn)(void *arg), void *arg);

#endif
