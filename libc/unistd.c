/*
 * libc/unistd.c - system calls as C functions
 *
 * Nearly every function is one system call; where it is more, a comment says so.
 *
 * brk: the kernel returns the break as it is afterwards, never an error; C wants 0 or -1 and ENOMEM.
 * The library keeps the break it last saw, so that sbrk(0) costs no call, as the GNU library does.
 *
 * Sources: section 2 of the manual, page by page.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One call, one line: result type, name, parameters, then the call's number and arguments. */
#define CALL(type, name, params, ...)          \
	type name params                       \
	{                                      \
		return (type)SYS(__VA_ARGS__); \
	}

/* clang-format off */
/* Files by descriptor */
CALL(ssize_t, read, (int fd, void *buf, size_t n), __NR_read, fd, buf, n)
CALL(ssize_t, write, (int fd, const void *buf, size_t n), __NR_write, fd, buf, n)
CALL(ssize_t, pread, (int fd, void *buf, size_t n, off_t at), __NR_pread64, fd, buf, n, at)
CALL(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t at), __NR_pwrite64, fd, buf, n, at)
CALL(ssize_t, readv, (int fd, const struct iovec *iov, int n), __NR_readv, fd, iov, n)
CALL(ssize_t, writev, (int fd, const struct iovec *iov, int n), __NR_writev, fd, iov, n)
CALL(off_t, lseek, (int fd, off_t offset, int whence), __NR_lseek, fd, offset, whence)
CALL(int, close, (int fd), __NR_close, fd)
CALL(int, dup, (int fd), __NR_dup, fd)
CALL(int, dup2, (int fd, int want), __NR_dup2, fd, want)
CALL(int, dup3, (int fd, int want, int flags), __NR_dup3, fd, want, flags)
CALL(int, pipe, (int fds[2]), __NR_pipe, fds)
CALL(int, pipe2, (int fds[2], int flags), __NR_pipe2, fds, flags)
CALL(int, fstat, (int fd, struct stat *st), __NR_fstat, fd, st)
CALL(int, fchmod, (int fd, mode_t mode), __NR_fchmod, fd, mode)
CALL(int, fchown, (int fd, uid_t uid, gid_t gid), __NR_fchown, fd, uid, gid)
CALL(int, ftruncate, (int fd, off_t len), __NR_ftruncate, fd, len)
CALL(int, fchdir, (int fd), __NR_fchdir, fd)
CALL(int, poll, (struct pollfd *fds, nfds_t n, int ms), __NR_poll, fds, n, ms)

/* Files by name */
CALL(int, creat, (const char *path, mode_t mode), __NR_creat, path, mode)
CALL(int, stat, (const char *restrict path, struct stat *restrict st), __NR_stat, path, st)
CALL(int, lstat, (const char *restrict path, struct stat *restrict st), __NR_lstat, path, st)
CALL(int, fstatat, (int dirfd, const char *restrict path, struct stat *restrict st, int flags),
     __NR_newfstatat, dirfd, path, st, flags)
CALL(int, access, (const char *path, int mode), __NR_access, path, mode)
CALL(int, chmod, (const char *path, mode_t mode), __NR_chmod, path, mode)
CALL(int, chown, (const char *path, uid_t uid, gid_t gid), __NR_chown, path, uid, gid)
CALL(int, lchown, (const char *path, uid_t uid, gid_t gid), __NR_lchown, path, uid, gid)
CALL(int, utimensat, (int dirfd, const char *path, const struct timespec times[2], int flags),
     __NR_utimensat, dirfd, path, times, flags)
CALL(int, truncate, (const char *path, off_t len), __NR_truncate, path, len)
CALL(int, link, (const char *from, const char *to), __NR_link, from, to)
CALL(int, symlink, (const char *target, const char *path), __NR_symlink, target, path)
CALL(ssize_t, readlink, (const char *restrict path, char *restrict buf, size_t size),
     __NR_readlink, path, buf, size)
CALL(int, unlink, (const char *path), __NR_unlink, path)
CALL(int, rename, (const char *from, const char *to), __NR_rename, from, to)
CALL(int, mkdir, (const char *path, mode_t mode), __NR_mkdir, path, mode)
CALL(int, rmdir, (const char *path), __NR_rmdir, path)
CALL(int, mknod, (const char *path, mode_t mode, dev_t dev), __NR_mknod, path, mode, dev)
CALL(mode_t, umask, (mode_t mask), __NR_umask, mask)
CALL(int, chdir, (const char *path), __NR_chdir, path)
CALL(int, chroot, (const char *path), __NR_chroot, path)
CALL(int, mount, (const char *source, const char *target, const char *type, unsigned long flags,
		  const void *data), __NR_mount, source, target, type, flags, data)
CALL(int, umount2, (const char *target, int flags), __NR_umount2, target, flags)
CALL(int, umount, (const char *target), __NR_umount2, target, 0)

/* Processes */
CALL(pid_t, fork, (void), __NR_fork)
CALL(int, execve, (const char *path, char *const argv[], char *const envp[]), __NR_execve, path, argv, envp)
CALL(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *ru),
     __NR_wait4, pid, status, options, ru)
CALL(pid_t, getpid, (void), __NR_getpid)
CALL(pid_t, getppid, (void), __NR_getppid)
CALL(pid_t, gettid, (void), __NR_gettid)
CALL(pid_t, getpgrp, (void), __NR_getpgrp)
CALL(pid_t, getpgid, (pid_t pid), __NR_getpgid, pid)
CALL(int, setpgid, (pid_t pid, pid_t pgid), __NR_setpgid, pid, pgid)
CALL(pid_t, setsid, (void), __NR_setsid)
CALL(uid_t, getuid, (void), __NR_getuid)
CALL(uid_t, geteuid, (void), __NR_geteuid)
CALL(gid_t, getgid, (void), __NR_getgid)
CALL(gid_t, getegid, (void), __NR_getegid)
CALL(int, setuid, (uid_t uid), __NR_setuid, uid)
CALL(int, setgid, (gid_t gid), __NR_setgid, gid)
CALL(int, getrusage, (int who, struct rusage *ru), __NR_getrusage, who, ru)
CALL(int, getrlimit, (int resource, struct rlimit *lim), __NR_prlimit64, 0, resource, NULL, lim)
CALL(int, setrlimit, (int resource, const struct rlimit *lim), __NR_prlimit64, 0, resource, lim, NULL)
CALL(int, sched_yield, (void), __NR_sched_yield)
CALL(int, uname, (struct utsname *u), __NR_uname, u)

/* Memory */
CALL(void *, mmap, (void *addr, size_t len, int prot, int flags, int fd, off_t offset),
     __NR_mmap, addr, len, prot, flags, fd, offset)
CALL(int, munmap, (void *addr, size_t len), __NR_munmap, addr, len)
CALL(int, mprotect, (void *addr, size_t len, int prot), __NR_mprotect, addr, len, prot)
CALL(int, madvise, (void *addr, size_t len, int advice), __NR_madvise, addr, len, advice)
CALL(int, mincore, (void *addr, size_t len, unsigned char *vec), __NR_mincore, addr, len, vec)
CALL(int, msync, (void *addr, size_t len, int flags), __NR_msync, addr, len, flags)
CALL(int, mlock, (const void *addr, size_t len), __NR_mlock, addr, len)
CALL(int, munlock, (const void *addr, size_t len), __NR_munlock, addr, len)

/* Time */
CALL(int, clock_gettime, (clockid_t clock, struct timespec *ts), __NR_clock_gettime, clock, ts)
CALL(int, clock_getres, (clockid_t clock, struct timespec *ts), __NR_clock_getres, clock, ts)
CALL(int, nanosleep, (const struct timespec *want, struct timespec *left), __NR_nanosleep, want, left)
CALL(int, gettimeofday, (struct timeval *restrict tv, void *restrict tz), __NR_gettimeofday, tv, tz)
CALL(int, setitimer, (int which, const struct itimerval *restrict new, struct itimerval *restrict old),
     __NR_setitimer, which, new, old)
CALL(time_t, time, (time_t *t), __NR_time, t)
CALL(unsigned int, alarm, (unsigned int seconds), __NR_alarm, seconds)
CALL(int, pause, (void), __NR_pause)

/* The two magic numbers keep a stray call from rebooting the machine. */
CALL(int, reboot, (int how), __NR_reboot, 0xfee1dead, 672274793, how, NULL)
/* clang-format on */

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *want, struct timespec *left)
{
	return (int)-RAW(__NR_clock_nanosleep, clock, flags, want, left);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return (int)SYS(__NR_open, path, flags, mode);
}

int openat(int dirfd, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return (int)SYS(__NR_openat, dirfd, path, flags, mode);
}

int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return (int)SYS(__NR_fcntl, fd, cmd, arg);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	return (int)SYS(__NR_ioctl, fd, request, arg);
}

void *mremap(void *old, size_t old_len, size_t new_len, int flags, ...)
{
	va_list ap;
	void *to;

	va_start(ap, flags);
	to = flags & MREMAP_FIXED ? va_arg(ap, void *) : NULL;
	va_end(ap);
	return (void *)SYS(__NR_mremap, old, old_len, new_len, flags, to);
}

int isatty(int fd)
{
	char termios[64];

	return ioctl(fd, TCGETS, termios) == 0;
}

void sync(void)
{
	SYS(__NR_sync);
}

/* With NULL, allocates; the kernel returns the length, C wants the buffer. */
char *getcwd(char *buf, size_t size)
{
	char own[PATH_MAX];

	if (!buf) {
		if (SYS(__NR_getcwd, own, sizeof(own)) < 0)
			return NULL;
		return strdup(own);
	}
	return SYS(__NR_getcwd, buf, size) < 0 ? NULL : buf;
}

pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

/* A name with a slash is a path; others are looked for in each folder of PATH. */
int execvp(const char *file, char *const argv[])
{
	const char *path = getenv("PATH");
	int err = ENOENT;

	if (strchr(file, '/'))
		return execve(file, argv, environ);
	if (!path)
		path = "/bin";
	for (;;) {
		size_t len = strcspn(path, ":");
		char full[PATH_MAX];

		if (snprintf(full, sizeof(full), "%.*s%s%s", (int)len, path, len ? "/" : "", file) <
		    PATH_MAX)
			execve(full, argv, environ);
		if (errno != ENOENT && errno != ENOTDIR)
			err = errno;
		if (!path[len])
			break;
		path += len + 1;
	}
	errno = err;
	return -1;
}

int execl(const char *path, const char *arg, ...)
{
	char *argv[32] = { (char *)arg };
	va_list ap;
	int n = 0;

	va_start(ap, arg);
	while (argv[n] && n < 31)
		argv[++n] = va_arg(ap, char *);
	va_end(ap);
	if (argv[n]) {
		errno = E2BIG;
		return -1;
	}
	return execve(path, argv, environ);
}

static char *the_break;

int brk(void *end)
{
	the_break = (char *)RAW(__NR_brk, end);
	if (the_break < (char *)end) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

/* Returns the old break; asks the kernel only when there is something to change, or nothing known yet. */
void *sbrk(intptr_t increment)
{
	char *old;

	if (!the_break)
		the_break = (char *)RAW(__NR_brk, NULL);
	old = the_break;
	if (increment == 0)
		return old;
	if (RAW(__NR_brk, old + increment) != (long)(old + increment)) {
		errno = ENOMEM;
		return (void *)-1;
	}
	the_break = old + increment;
	return old;
}

long sysconf(int name)
{
	switch (name) {
	case _SC_PAGESIZE:
		return (long)getauxval(AT_PAGESZ);
	case _SC_CLK_TCK:
		return (long)getauxval(AT_CLKTCK);
	default:
		errno = EINVAL;
		return -1;
	}
}

/* Returns the seconds left when a signal cut it short. */
unsigned int sleep(unsigned int seconds)
{
	struct timespec ts = { seconds, 0 };

	return nanosleep(&ts, &ts) == 0 ? 0 : (unsigned int)ts.tv_sec + (ts.tv_nsec > 0);
}

int usleep(useconds_t usec)
{
	struct timespec ts = { usec / 1000000, usec % 1000000 * 1000L };

	return nanosleep(&ts, NULL);
}
