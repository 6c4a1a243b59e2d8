/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/mm_env.h - mm's outward include, on the host
 *
 * The host offers exactly the kernel's list of names, so the list is the kernel's own text.  This folder stands
 * before include/ on the compiler's path, and these headers are found here instead:
 *
 *   arch/layout.h        the direct map and vmemmap begin wherever mmap(2) put them
 *   arch/irqflags.h      an interrupt flag per software CPU
 *   arch/percpu.h        per-CPU data without GS
 *   arch/smp.h           calls on every CPU
 *   arch/pgtable_ops.h   every access to an entry is a point where another CPU may run
 *   kernel/mutex.h       sleeping locks without fast paths: each call is such a point, and is checked
 *   kernel/rwsem.h
 *   kernel/race.h        points where another CPU may run
 *   kernel/kasan.h       talks to the address sanitizer
 */
#ifndef HOST_MM_ENV_H
#define HOST_MM_ENV_H

#include <kernel/env/mm_env.h>

#endif
