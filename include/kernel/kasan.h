/* SPDX-License-Identifier: MIT */
/*
 * kernel/kasan.h - memory that must not be touched
 *
 * An allocator marks what it has not given out, down to the byte.  On the host the address sanitizer then
 * catches every use after free and every step beyond an object; the kernel has no shadow memory and
 * these cost nothing there (its own poisoning and red zones are the allocators' debug checks).
 */
#ifndef KERNEL_KASAN_H
#define KERNEL_KASAN_H

#include <lib/types.h>

static inline void kasan_poison(const void *addr __maybe_unused, size_t size __maybe_unused) {}

static inline void kasan_unpoison(const void *addr __maybe_unused, size_t size __maybe_unused) {}

#endif
