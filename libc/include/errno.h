/* errno.h - the number of the last error; an lvalue behind a function, so that it can be per thread */
#ifndef LIBC_ERRNO_H
#define LIBC_ERRNO_H

#include <uapi/errno.h>

int *__errno_location(void);
#define errno (*__errno_location())

#endif
