/*
 * libc/syscall.c - from the kernel's convention to C's
 *
 * The kernel returns -4095..-1 for errors; C wants -1 and errno.  errno is reached through a function
 * because with threads each has its own.
 *
 * Sources: syscalls(2), errno(3).
 */
#include <errno.h>
#include <assert.h>
#include <stdarg.h>
#include <sys/syscall.h>

/* Assembly cannot include the C header: uapi_nr.inc repeats these two. */
static_assert(__NR_rt_sigreturn == 15 && __NR_vfork == 58, "uapi_nr.inc is out of date");

static int the_errno;

int *__errno_location(void)
{
	return &the_errno;
}

/**
 * __syscall_ret - split a kernel's result into result and errno
 * Return: @result, or -1 with errno set.
 */
long __syscall_ret(long result)
{
	if ((unsigned long)result <= -(unsigned long)(MAX_ERRNO + 1))
		return result;
	errno = -result;
	return -1;
}

long syscall(long nr, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return SYS(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}
