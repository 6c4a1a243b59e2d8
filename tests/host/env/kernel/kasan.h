/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/kernel/kasan.h - memory that must not be touched, for the address sanitizer
 */
#ifndef KERNEL_KASAN_H
#define KERNEL_KASAN_H

#include <lib/types.h>

void kasan_poison(const void *addr, size_t size);
void kasan_unpoison(const void *addr, size_t size);

#endif
