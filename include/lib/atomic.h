/* SPDX-License-Identifier: MIT */
/*
 * lib/atomic.h - counters that several CPUs change, and memory order
 *
 * Linux's rules: an operation that returns a value and changes the counter is a full barrier; one that
 * returns nothing, and plain read and set, order nothing.  A failed conditional operation orders
 * nothing.  On x86-64 every changing operation is one locked instruction (or a cmpxchg loop), so the
 * distinction only binds the compiler.
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include <lib/types.h>

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

#define ATOMIC_INIT(i) \
	{              \
		(i)    \
	}
#define ATOMIC_LONG_INIT(i)     ATOMIC_INIT(i)

#define smp_mb()                __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()               __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()               __atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* On any word: the old value; for cmpxchg() the exchange happened if that equals @old. */
#define xchg(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, new)                                                                  \
	({                                                                                    \
		__typeof__(*(p)) __expected = (old);                                          \
		__atomic_compare_exchange_n((p), &__expected, (new), false, __ATOMIC_SEQ_CST, \
					    __ATOMIC_RELAXED);                                \
		__expected;                                                                   \
	})
/* True on success; else *@oldp becomes the value found. */
#define try_cmpxchg(p, oldp, new) \
	__atomic_compare_exchange_n((p), (oldp), (new), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

/*
 * One set of functions per width.  atomic_X works on atomic_t and int, atomic_long_X on atomic_long_t
 * and long.
 *
 *   sub_and_test, dec_and_test   the result is 0
 *   add_unless(v, a, u)          adds a unless the value is u; true if it added
 *   inc_not_zero                 takes a reference only on something still alive
 */
#define __ATOMIC_OPS(name, type, val)                                                             \
	static __always_inline val name##_read(const type *v)                                     \
	{                                                                                         \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);                            \
	}                                                                                         \
	static __always_inline void name##_set(type *v, val i)                                    \
	{                                                                                         \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);                               \
	}                                                                                         \
	static __always_inline void name##_add(val i, type *v)                                    \
	{                                                                                         \
		__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);                             \
	}                                                                                         \
	static __always_inline void name##_sub(val i, type *v)                                    \
	{                                                                                         \
		__atomic_fetch_sub(&v->counter, i, __ATOMIC_RELAXED);                             \
	}                                                                                         \
	static __always_inline void name##_inc(type *v) { name##_add(1, v); }                     \
	static __always_inline void name##_dec(type *v) { name##_sub(1, v); }                     \
	static __always_inline void name##_or(val i, type *v)                                     \
	{                                                                                         \
		__atomic_fetch_or(&v->counter, i, __ATOMIC_RELAXED);                              \
	}                                                                                         \
	static __always_inline void name##_and(val i, type *v)                                    \
	{                                                                                         \
		__atomic_fetch_and(&v->counter, i, __ATOMIC_RELAXED);                             \
	}                                                                                         \
	static __always_inline val name##_add_return(val i, type *v)                              \
	{                                                                                         \
		return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                      \
	}                                                                                         \
	static __always_inline val name##_sub_return(val i, type *v)                              \
	{                                                                                         \
		return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                      \
	}                                                                                         \
	static __always_inline val name##_inc_return(type *v) { return name##_add_return(1, v); } \
	static __always_inline val name##_dec_return(type *v) { return name##_sub_return(1, v); } \
	static __always_inline val name##_fetch_add(val i, type *v)                               \
	{                                                                                         \
		return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST);                      \
	}                                                                                         \
	static __always_inline bool name##_sub_and_test(val i, type *v)                           \
	{                                                                                         \
		return name##_sub_return(i, v) == 0;                                              \
	}                                                                                         \
	static __always_inline bool name##_dec_and_test(type *v)                                  \
	{                                                                                         \
		return name##_sub_return(1, v) == 0;                                              \
	}                                                                                         \
	static __always_inline bool name##_inc_and_test(type *v)                                  \
	{                                                                                         \
		return name##_add_return(1, v) == 0;                                              \
	}                                                                                         \
	static __always_inline bool name##_add_negative(val i, type *v)                           \
	{                                                                                         \
		return name##_add_return(i, v) < 0;                                               \
	}                                                                                         \
	static __always_inline val name##_xchg(type *v, val i) { return xchg(&v->counter, i); }   \
	static __always_inline val name##_cmpxchg(type *v, val old, val i)                        \
	{                                                                                         \
		return cmpxchg(&v->counter, old, i);                                              \
	}                                                                                         \
	static __always_inline bool name##_try_cmpxchg(type *v, val *old, val i)                  \
	{                                                                                         \
		return try_cmpxchg(&v->counter, old, i);                                          \
	}                                                                                         \
	static __always_inline bool name##_add_unless(type *v, val a, val u)                      \
	{                                                                                         \
		val old = name##_read(v);                                                         \
                                                                                                  \
		do {                                                                              \
			if (old == u)                                                             \
				return false;                                                     \
		} while (!name##_try_cmpxchg(v, &old, old + a));                                  \
		return true;                                                                      \
	}                                                                                         \
	static __always_inline bool name##_inc_not_zero(type *v)                                  \
	{                                                                                         \
		return name##_add_unless(v, 1, 0);                                                \
	}                                                                                         \
	static __always_inline bool name##_dec_if_positive(type *v)                               \
	{                                                                                         \
		val old = name##_read(v);                                                         \
                                                                                                  \
		do {                                                                              \
			if (old <= 0)                                                             \
				return false;                                                     \
		} while (!name##_try_cmpxchg(v, &old, old - 1));                                  \
		return true;                                                                      \
	}

__ATOMIC_OPS(atomic, atomic_t, int)
__ATOMIC_OPS(atomic_long, atomic_long_t, long)

#endif
