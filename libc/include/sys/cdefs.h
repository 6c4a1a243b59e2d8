/* sys/cdefs.h - compiler attributes in short */
#ifndef LIBC_SYS_CDEFS_H
#define LIBC_SYS_CDEFS_H

#define __printf_like(fmt, first) __attribute__((format(printf, fmt, first)))
#define __malloc_like             __attribute__((malloc, warn_unused_result))

#endif
