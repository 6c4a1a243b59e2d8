/*
 * include/kernel/panic.h - panic with a trap's registers; panic() itself is in printk.h
 */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include <lib/types.h>

struct pt_regs;

void panic_regs(const struct pt_regs *regs, void (*extra)(void *arg), void *arg, const char *fmt,
		...) __printf(4, 5) __attribute__((noreturn, cold));

#endif
