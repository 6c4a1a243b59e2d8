/* SPDX-License-Identifier: MIT */
/*
 * lib/types.h - the integer types and small macros that every file uses
 *
 * A type names its unit: vaddr_t and paddr_t are byte addresses, pfn_t counts pages.  They are plain
 * unsigned longs, so they document and do not check; a wrong mix is found by reading, not by gcc.
 * u64 is unsigned long, as on every LP64 Linux userland: print it with %lx or %lu.
 *
 * The header needs only what C11 asks of a freestanding compiler, and every typedef that glibc also
 * has (ssize_t, loff_t, pid_t ...) names the same type, so host tests may include both.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef unsigned long vaddr_t; /* virtual address, in bytes */
typedef unsigned long paddr_t; /* physical address, in bytes */
typedef unsigned long pfn_t;   /* page frame number: paddr_t >> PAGE_SHIFT */
typedef unsigned long pgoff_t; /* page offset in a file or mapping, in pages */

typedef long ssize_t;
typedef long loff_t;
typedef long off_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int mode_t;

#undef __always_inline
#undef __packed
#undef __aligned
#define __packed            __attribute__((packed))
#define __aligned(x)        __attribute__((aligned(x)))
#define __printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define __must_check        __attribute__((warn_unused_result))
#define __maybe_unused      __attribute__((unused))
#define __always_inline     inline __attribute__((always_inline))
#define __noinline          __attribute__((noinline))
#define __noreturn          __attribute__((noreturn))
#define __weak              __attribute__((weak))
#define __used              __attribute__((used))
#define __section(name)     __attribute__((section(name)))
#define __cold              __attribute__((cold))
#define fallthrough         __attribute__((fallthrough))

#define likely(x)           __builtin_expect(!!(x), 1)
#define unlikely(x)         __builtin_expect(!!(x), 0)

#ifndef static_assert
#define static_assert _Static_assert
#endif

/* Keep the compiler from moving memory accesses across this point; the CPU still may. */
#define barrier() __asm__ __volatile__("" : : : "memory")

/*
 * One access, as written: not torn, repeated, or left out.  For words that another CPU or an interrupt
 * changes without a lock held here.
 */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val)                               \
	do {                                             \
		*(volatile __typeof__(x) *)&(x) = (val); \
	} while (0)

#define container_of(ptr, type, member) \
	((type *)((char *)(__typeof__(((type *)0)->member) *)(ptr)-offsetof(type, member)))

#define ARRAY_SIZE(a)       (sizeof(a) / sizeof((a)[0]))

#define __stringify_1(x)    #x
#define __stringify(x)      __stringify_1(x)
#define __concat_1(a, b)    a##b
#define __concat_2(a, b)    __concat_1(a, b)
#define UNIQUE_NAME(prefix) __concat_2(prefix, __COUNTER__)

#define __min_named(x, y, a, b)                                             \
	({                                                                  \
		__typeof__(x) a = (x);                                      \
		__typeof__(y) b = (y);                                      \
		(void)(&a == &b); /* refuses operands of different types */ \
		a < b ? a : b;                                              \
	})
#define __max_named(x, y, a, b)        \
	({                             \
		__typeof__(x) a = (x); \
		__typeof__(y) b = (y); \
		(void)(&a == &b);      \
		a > b ? a : b;         \
	})
#define min(x, y)          __min_named(x, y, UNIQUE_NAME(__min_a), UNIQUE_NAME(__min_b))
#define max(x, y)          __max_named(x, y, UNIQUE_NAME(__max_a), UNIQUE_NAME(__max_b))
#define min_t(type, x, y)  min((type)(x), (type)(y))
#define max_t(type, x, y)  max((type)(x), (type)(y))
#define clamp(val, lo, hi) min(max(val, lo), hi)

#define __swap_named(a, b, t)          \
	do {                           \
		__typeof__(a) t = (a); \
		(a) = (b);             \
		(b) = t;               \
	} while (0)
#define swap(a, b)    __swap_named(a, b, UNIQUE_NAME(__swap_t))

#define BIT(n)        (1UL << (n))
#define BITS_PER_LONG 64
/* Bits h..l set, both ends included. */
#define GENMASK(h, l) ((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))

/* @a is a power of two; the result has the type of @x. */
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN(x, a)        ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define IS_ALIGNED(x, a)   (((x) & ((__typeof__(x))(a)-1)) == 0)
#define round_up(x, a)     ALIGN(x, a)
#define round_down(x, a)   ALIGN_DOWN(x, a)
#define PTR_ALIGN(p, a)    ((__typeof__(p))ALIGN((unsigned long)(p), a))
#define is_power_of_2(n)   ((n) != 0 && ((n) & ((n)-1)) == 0)

#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

#define KiB                1024UL
#define MiB                (1024 * KiB)
#define GiB                (1024 * MiB)
#define TiB                (1024 * GiB)

#endif
