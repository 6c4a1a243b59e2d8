/* assert.h - stop with file and line when an expression that must hold does not */
#include <sys/cdefs.h>

#undef assert
#ifdef NDEBUG
#define assert(x) ((void)0)
#else
#define assert(x) ((x) ? (void)0 : __assert_fail(#x, __FILE__, __LINE__, __func__))
#endif

#ifndef LIBC_ASSERT_H
#define LIBC_ASSERT_H
_Noreturn void __assert_fail(const char *expr, const char *file, int line, const char *func);
#define static_assert _Static_assert
#endif
