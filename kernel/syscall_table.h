/*
 * kernel/syscall_table.h - number to function; NULL: ENOSYS
 */
#ifndef KERNEL_SYSCALL_TABLE_H
#define KERNEL_SYSCALL_TABLE_H

#include <kernel/syscalls.h>

#define NR_SYSCALLS 451u

extern const syscall_fn_t syscall_table[NR_SYSCALLS];

#endif
