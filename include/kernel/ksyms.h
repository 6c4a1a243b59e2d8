/* SPDX-License-Identifier: MIT */
/*
 * kernel/ksyms.h - from an address in the kernel's code to the function's name
 */
#ifndef KERNEL_KSYMS_H
#define KERNEL_KSYMS_H

#include <lib/types.h>

const char *ksym_lookup(unsigned long addr, unsigned long *offset);

#endif
