/*
 * tests/guest/badptr.c - every system call that takes a pointer, with every kind of bad pointer
 *
 * The pointers: NULL, nothing mapped, the kernel's two address ranges, non-canonical, the first byte behind
 * user space, a page with no rights, and (for what is longer than a byte) one that begins in a mapped
 * page and ends in the next, which is not.  The answer is EFAULT, every time, and the process lives on.
 * Where a call takes NULL for "none", the table says so.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/check.h"

#define ANY   0x1 /* NULL means "none" here, or is not looked at */
#define READS 0x2 /* the kernel only reads: a read-only page is no error */

static char *hole; /* a page without rights behind a page with them */
static char *read_only;

static void make_places(void)
{
	char *p = map_pages(3, PROT_READ | PROT_WRITE);

	mprotect(p + PAGE, PAGE, PROT_NONE);
	hole = p + PAGE;
	memset(p, 1, PAGE);
	read_only = p + 2 * PAGE;
	mprotect(read_only, PAGE, PROT_READ);
}

static void expect_fault(const char *what, const char *kind, long result)
{
	if (result != -EFAULT)
		fail("%s with a pointer to %s gives %ld", what, kind, result);
}

/* @call with each bad pointer as its argument; straddling begins @before bytes before the hole. */
static void each_bad_pointer(const char *what, long (*call)(void *bad), int flags, long before)
{
	static const struct {
		const char *kind;
		unsigned long addr;
	} bad[] = {
		{ "nothing mapped", 0xdead000 },
		{ "the direct map", 0xffff888000000000 },
		{ "the kernel's text", 0xffffffff81000000 },
		{ "a non-canonical address", 0x0000900000000000 },
		{ "the first byte behind user space", 0x7ffffffff000 },
		{ "the highest address", ~0UL },
	};

	if (!hole)
		make_places();
	if (!(flags & ANY))
		expect_fault(what, "NULL", call(NULL));
	for (int i = 0; i < NR(bad); i++)
		expect_fault(what, bad[i].kind, call((void *)bad[i].addr));
	expect_fault(what, "a page without rights", call(hole));
	if (!(flags & READS))
		expect_fault(what, "a read-only page", call(read_only));
	if (before)
		expect_fault(what, "the end of a mapping", call(hole - before));
}

/* One function per call: its name is the report's. */
#define BAD(name, flags, before, ...)                                \
	static long call_##name(void *bad)                           \
	{                                                            \
		return RAW(__VA_ARGS__);                             \
	}                                                            \
	static void name(void)                                       \
	{                                                            \
		prepare();                                           \
		each_bad_pointer(#name, call_##name, flags, before); \
	}

static int file, pipe_in, pipe_out;
static const char good_path[] = "f";
static struct stat st;
static struct timespec past = { 0, 1 };
static struct iovec vec;

static void prepare(void)
{
	int fds[2];

	write_file("text", "no program: were the pointers good, this would be ENOEXEC", 57, 0755);
	file = pattern_file("f", 8 * PAGE);
	CHECK_EQ(pipe(fds), 0);
	pipe_in = fds[1];
	pipe_out = fds[0];
	CHECK_EQ(write(pipe_in, "0123456789abcdef", 16), 16);
}

/* clang-format off */
/* data */
BAD(read_from_file, 0, 0, __NR_read, file, bad, 100)
BAD(read_from_pipe, 0, 0, __NR_read, pipe_out, bad, 16)
BAD(write_to_file, READS, 0, __NR_write, file, bad, 100)
BAD(write_to_pipe, READS, 0, __NR_write, pipe_in, bad, 100)
BAD(pread64_buffer, 0, 0, __NR_pread64, file, bad, 100, 0)
BAD(pwrite64_buffer, READS, 0, __NR_pwrite64, file, bad, 100, 0)
BAD(readv_array, READS, 8, __NR_readv, file, bad, 1)
BAD(writev_array, READS, 8, __NR_writev, file, bad, 1)
BAD(getdents64_buffer, 0, 10, __NR_getdents64, open(".", O_RDONLY), bad, 1000)
BAD(getcwd_buffer, 0, 2, __NR_getcwd, bad, 100)
BAD(readlink_buffer, 0, 2, __NR_readlink, "/proc/self/exe", bad, 100)
BAD(readlinkat_buffer, 0, 2, __NR_readlinkat, AT_FDCWD, "/proc/self/exe", bad, 100)
BAD(getrandom_buffer, 0, 0, __NR_getrandom, bad, 100, 0)
BAD(zero_device_read, 0, 0, __NR_read, open("/dev/zero", O_RDONLY), bad, 100)
BAD(proc_file_read, 0, 0, __NR_read, open("/proc/self/maps", O_RDONLY), bad, 100)

/* paths */
BAD(open_path, READS, 1, __NR_open, bad, O_RDONLY)
BAD(openat_path, READS, 1, __NR_openat, AT_FDCWD, bad, O_RDONLY)
BAD(creat_path, READS, 1, __NR_creat, bad, 0644)
BAD(stat_path, READS, 1, __NR_stat, bad, &st)
BAD(lstat_path, READS, 1, __NR_lstat, bad, &st)
BAD(newfstatat_path, READS, 1, __NR_newfstatat, AT_FDCWD, bad, &st, 0)
BAD(access_path, READS, 1, __NR_access, bad, 0)
BAD(faccessat_path, READS, 1, __NR_faccessat, AT_FDCWD, bad, 0)
BAD(chdir_path, READS, 1, __NR_chdir, bad)
BAD(mkdir_path, READS, 1, __NR_mkdir, bad, 0755)
BAD(rmdir_path, READS, 1, __NR_rmdir, bad)
BAD(unlink_path, READS, 1, __NR_unlink, bad)
BAD(unlinkat_path, READS, 1, __NR_unlinkat, AT_FDCWD, bad, 0)
BAD(link_from, READS, 1, __NR_link, bad, "new")
BAD(link_to, READS, 1, __NR_link, good_path, bad)
BAD(symlink_target, READS, 1, __NR_symlink, bad, "new")
BAD(symlink_path, READS, 1, __NR_symlink, "target", bad)
BAD(readlink_path, READS, 1, __NR_readlink, bad, &st, sizeof(st))
BAD(rename_from, READS, 1, __NR_rename, bad, "new")
BAD(rename_to, READS, 1, __NR_rename, good_path, bad)
BAD(chmod_path, READS, 1, __NR_chmod, bad, 0644)
BAD(chown_path, READS, 1, __NR_chown, bad, 0, 0)
BAD(truncate_path, READS, 1, __NR_truncate, bad, 0)
BAD(mknod_path, READS, 1, __NR_mknod, bad, S_IFIFO | 0644, 0)
BAD(mknodat_path, READS, 1, __NR_mknodat, AT_FDCWD, bad, S_IFIFO | 0644, 0)
BAD(utimensat_times, READS | ANY, 8, __NR_utimensat, AT_FDCWD, good_path, bad, 0)
BAD(execve_path, READS, 1, __NR_execve, bad, NULL, NULL)
BAD(execve_argv, READS | ANY, 4, __NR_execve, "text", bad, NULL)
BAD(execve_envp, READS | ANY, 4, __NR_execve, "text", NULL, bad)
BAD(chroot_path, READS, 1, __NR_chroot, bad)
BAD(umount2_path, READS, 1, __NR_umount2, bad, 0)
BAD(mount_target, READS, 1, __NR_mount, "none", bad, "tmpfs", 0, NULL)
BAD(mount_type, READS | ANY, 1, __NR_mount, "none", ".", bad, 0, NULL)

/* structures */
BAD(stat_buffer, 0, 8, __NR_stat, good_path, bad)
BAD(lstat_buffer, 0, 8, __NR_lstat, good_path, bad)
BAD(fstat_buffer, 0, 8, __NR_fstat, file, bad)
BAD(newfstatat_buffer, 0, 8, __NR_newfstatat, AT_FDCWD, good_path, bad, 0)
BAD(pipe_fds, 0, 4, __NR_pipe, bad)
BAD(pipe2_fds, 0, 4, __NR_pipe2, bad, 0)
BAD(poll_array, 0, 4, __NR_poll, bad, 1, 0)
BAD(uname_buffer, 0, 8, __NR_uname, bad)
BAD(getrusage_buffer, 0, 8, __NR_getrusage, 0, bad)
BAD(gettimeofday_buffer, ANY, 8, __NR_gettimeofday, bad, NULL)
BAD(clock_gettime_buffer, 0, 8, __NR_clock_gettime, CLOCK_MONOTONIC, bad)
BAD(clock_getres_buffer, ANY, 8, __NR_clock_getres, CLOCK_MONOTONIC, bad)
BAD(nanosleep_want, READS, 8, __NR_nanosleep, bad, NULL)
BAD(clock_nanosleep_want, READS, 8, __NR_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, bad, NULL)
BAD(sysinfo_buffer, 0, 8, __NR_sysinfo, bad)
BAD(prlimit64_old, ANY, 8, __NR_prlimit64, 0, 3, NULL, bad)
BAD(prlimit64_new, ANY | READS, 8, __NR_prlimit64, 0, 3, bad, NULL)
BAD(rt_sigaction_new, ANY | READS, 8, __NR_rt_sigaction, SIGUSR1, bad, NULL, 8)
BAD(rt_sigaction_old, ANY, 8, __NR_rt_sigaction, SIGUSR1, NULL, bad, 8)
BAD(rt_sigprocmask_new, ANY | READS, 4, __NR_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8)
BAD(rt_sigprocmask_old, ANY, 4, __NR_rt_sigprocmask, SIG_BLOCK, NULL, bad, 8)
BAD(rt_sigpending_buffer, 0, 4, __NR_rt_sigpending, bad, 8)
BAD(rt_sigsuspend_mask, READS, 4, __NR_rt_sigsuspend, bad, 8)
BAD(sigaltstack_new, ANY | READS, 8, __NR_sigaltstack, bad, NULL)
BAD(sigaltstack_old, ANY, 8, __NR_sigaltstack, NULL, bad)
BAD(arch_prctl_get_fs, 0, 4, __NR_arch_prctl, 0x1003, bad)
BAD(statfs_buffer, 0, 8, __NR_statfs, ".", bad)
BAD(fstatfs_buffer, 0, 8, __NR_fstatfs, file, bad)
BAD(ioctl_fionread, 0, 2, __NR_ioctl, pipe_out, 0x541b, bad)
BAD(fcntl_getlk, 0, 8, __NR_fcntl, file, F_GETLK, bad)
/* clang-format on */

static long call_wait4_status(void *bad)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return RAW(__NR_wait4, pid, bad, 0, NULL);
}

static void wait4_status(void)
{
	each_bad_pointer("wait4_status", call_wait4_status, ANY, 2);
	while (wait(NULL) > 0)
		;
}

static long call_readv_element(void *bad)
{
	vec = (struct iovec){ bad, 100 };
	lseek(file, 0, SEEK_SET);
	return RAW(__NR_readv, file, &vec, 1);
}

static long call_writev_element(void *bad)
{
	vec = (struct iovec){ bad, 100 };
	return RAW(__NR_writev, file, &vec, 1);
}

static void vectors_with_bad_elements(void)
{
	prepare();
	each_bad_pointer("readv_element", call_readv_element, 0, 0);
	each_bad_pointer("writev_element", call_writev_element, READS, 0);
}

static long call_exec_string(void *bad)
{
	char *argv[] = { "x", bad, NULL };

	return RAW(__NR_execve, "text", argv, NULL);
}

static void strings_of_execve(void)
{
	prepare();
	each_bad_pointer("execve_string", call_exec_string, READS | ANY, 1);
}

static void mincore_vector(void)
{
	char *p = map_pages(4, PROT_READ | PROT_WRITE);

	make_places();
	CHECK_ERR(RAW(__NR_mincore, p, 4 * PAGE, hole - 2), EFAULT);
	CHECK_ERR(RAW(__NR_mincore, p, 4 * PAGE, 0xdead000), EFAULT);
	CHECK_ERR(RAW(__NR_mincore, p, 4 * PAGE, 0xffffffff81000000), EFAULT);
	CHECK_ERR(RAW(__NR_mincore, p, 4 * PAGE, 0x0000900000000000), EFAULT);
}

/* Sleeping with a bad place for the rest is only noticed when a signal comes: here none does. */
static void rest_of_a_whole_sleep_is_not_written(void)
{
	CHECK_EQ(RAW(__NR_nanosleep, &past, 0xdead000), 0);
}

/* What can be copied before the fault is copied, and its length is the result. */
static void partial_reads_and_writes_say_how_far_they_came(void)
{
	make_places();
	prepare();
	CHECK_EQ(RAW(__NR_read, file, hole - 10, 100), 10);
	CHECK_EQ(hole[-1], pattern_at(9));
	CHECK_EQ(RAW(__NR_lseek, file, 0, SEEK_CUR), 10);
	memset(hole - 10, 'w', 10);
	CHECK_EQ(RAW(__NR_pwrite64, file, hole - 10, 100, 0), 10);
	CHECK_ERR(RAW(__NR_read, pipe_out, hole - 4, 16),
		  EFAULT); /* a pipe gives all it has, or nothing */
}

static void zero_bytes_touch_nothing(void)
{
	prepare();
	CHECK_EQ(RAW(__NR_read, file, 0xdead000, 0), 0);
	CHECK_EQ(RAW(__NR_write, file, 0xdead000, 0), 0);
}

static void path_that_ends_at_the_hole_is_taken(void)
{
	make_places();
	prepare();
	strcpy(hole - 2, "f");
	CHECK_EQ(RAW(__NR_access, hole - 2, F_OK), 0);
}

static void pointers_across_the_user_limit(void)
{
	prepare();
	CHECK_ERR(RAW(__NR_read, file, 0x7ffffffff000 - 8, 100), EFAULT);
	CHECK_ERR(RAW(__NR_write, file, 0x7fffffffeff0, 0x10000), EFAULT);
	CHECK_ERR(RAW(__NR_read, file, 0x7ffffffff000 - 8, 1UL << 62), EFAULT);
	CHECK_ERR(RAW(__NR_read, file, &st, -1L), EFAULT);
}

/* clang-format off */
TEST_MAIN("badptr",
	CASE(read_from_file), CASE(read_from_pipe), CASE(write_to_file), CASE(write_to_pipe), CASE(pread64_buffer),
	CASE(pwrite64_buffer), CASE(readv_array), CASE(writev_array), CASE(getdents64_buffer), CASE(getcwd_buffer),
	CASE(readlink_buffer), CASE(readlinkat_buffer), CASE(getrandom_buffer), CASE(zero_device_read),
	CASE(proc_file_read), CASE(open_path), CASE(openat_path), CASE(creat_path), CASE(stat_path), CASE(lstat_path),
	CASE(newfstatat_path), CASE(access_path), CASE(faccessat_path), CASE(chdir_path), CASE(mkdir_path),
	CASE(rmdir_path), CASE(unlink_path), CASE(unlinkat_path), CASE(link_from), CASE(link_to), CASE(symlink_target),
	CASE(symlink_path), CASE(readlink_path), CASE(rename_from), CASE(rename_to), CASE(chmod_path),
	CASE(chown_path), CASE(truncate_path), CASE(mknod_path), CASE(mknodat_path), CASE(utimensat_times),
	CASE(execve_path), CASE(execve_argv), CASE(execve_envp), CASE(chroot_path), CASE(umount2_path),
	CASE(mount_target), CASE(mount_type), CASE(stat_buffer), CASE(lstat_buffer), CASE(fstat_buffer),
	CASE(newfstatat_buffer), CASE(pipe_fds), CASE(pipe2_fds), CASE(poll_array), CASE(uname_buffer),
	CASE(getrusage_buffer), CASE(gettimeofday_buffer), CASE(clock_gettime_buffer), CASE(clock_getres_buffer),
	CASE(nanosleep_want), CASE(clock_nanosleep_want), CASE(sysinfo_buffer), CASE(prlimit64_old),
	CASE(prlimit64_new), CASE(rt_sigaction_new), CASE(rt_sigaction_old), CASE(rt_sigprocmask_new),
	CASE(rt_sigprocmask_old), CASE(rt_sigpending_buffer), CASE(rt_sigsuspend_mask), CASE(sigaltstack_new),
	CASE(sigaltstack_old), CASE(arch_prctl_get_fs), CASE(statfs_buffer),
	CASE(fstatfs_buffer), CASE(ioctl_fionread), CASE(fcntl_getlk), CASE(wait4_status),
	CASE(vectors_with_bad_elements), CASE(strings_of_execve), CASE(mincore_vector),
	CASE(rest_of_a_whole_sleep_is_not_written), CASE(partial_reads_and_writes_say_how_far_they_came),
	CASE(zero_bytes_touch_nothing), CASE(path_that_ends_at_the_hole_is_taken),
	CASE(pointers_across_the_user_limit))
/* clang-format on */
