/*
 * include/kernel/syscalls.h - the system-call functions, by the folder that owns them
 *
 * Each takes its arguments in Linux's order and returns the result or -errno.  The table in kernel/syscall_table.c
 * casts them to one type: the calling convention passes six words in registers, and a callee reads those it has.
 */
#ifndef KERNEL_SYSCALLS_H
#define KERNEL_SYSCALLS_H

#include <lib/types.h>

typedef long (*syscall_fn_t)(unsigned long, unsigned long, unsigned long, unsigned long,
			     unsigned long, unsigned long);

#include <kernel/syscalls_fs.h>     /* fs/ */
#include <kernel/syscalls_kernel.h> /* kernel/ */

#endif
