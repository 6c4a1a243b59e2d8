/* sys/syscall.h - system calls by number, as they are and as C programs expect them */
#ifndef LIBC_SYS_SYSCALL_H
#define LIBC_SYS_SYSCALL_H

#include <uapi/syscall_nr.h>

/* The bare instruction: returns what the kernel returned, an error as -errno. */
long __syscall6(long nr, long a, long b, long c, long d, long e, long f);

/* Turn that into C's convention: -1 and errno. */
long __syscall_ret(long result);

/* Both at once, for calls that have no function of their own. */
long syscall(long nr, ...);

/*
 * SYS(nr, args...) calls and sets errno, RAW(nr, args...) calls and returns -errno.  Arguments may be
 * numbers or pointers; those left out are 0.
 */
#define __SYS_ARG(x) ((long)(x))
#define __SYS7(nr, a, b, c, d, e, f, ...)                                                    \
	__syscall6(nr, __SYS_ARG(a), __SYS_ARG(b), __SYS_ARG(c), __SYS_ARG(d), __SYS_ARG(e), \
		   __SYS_ARG(f))
#define RAW(...) __SYS7(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define SYS(...) __syscall_ret(RAW(__VA_ARGS__))

#endif
