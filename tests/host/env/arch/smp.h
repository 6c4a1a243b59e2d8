/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/arch/smp.h - a function run on every software CPU, as by an interrupt
 */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

void on_each_cpu(void (*fn)(void *arg), void *arg);

#endif
