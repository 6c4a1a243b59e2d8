/*
 * tests/guest/files.c - files, folders, links, pipes, descriptors
 *
 * Works in a folder of the writable root or /tmp: ramfs and tmpfs must behave alike.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/check.h"

static struct stat stat_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		fail("stat of %s: %s", path, strerror(errno));
	return st;
}

/* open */

static void open_creates_with_mode_and_umask(void)
{
	int fd;

	umask(027);
	fd = open("new", O_WRONLY | O_CREAT, 0666);
	CHECK(fd >= 0);
	CHECK_EQ(stat_of("new").st_mode, S_IFREG | 0640);
	CHECK_EQ(stat_of("new").st_size, 0);
	CHECK_EQ(stat_of("new").st_nlink, 1);
}

static void open_gives_the_lowest_free_descriptor(void)
{
	int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY);

	CHECK(b > a);
	close(a);
	CHECK_EQ(open("/dev/null", O_RDONLY), a);
}

static void open_errors(void)
{
	int fd = pattern_file("f", 10);
	char longname[300];

	memset(longname, 'x', 299);
	longname[299] = 0;
	CHECK_ERR(RAW(__NR_open, "missing", O_RDONLY), ENOENT);
	CHECK_ERR(RAW(__NR_open, "", O_RDONLY), ENOENT);
	CHECK_ERR(RAW(__NR_open, "missing/f", O_WRONLY | O_CREAT, 0644), ENOENT);
	CHECK_ERR(RAW(__NR_open, "f/below", O_RDONLY), ENOTDIR);
	CHECK_ERR(RAW(__NR_open, "f/", O_RDONLY), ENOTDIR);
	CHECK_ERR(RAW(__NR_open, "f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERR(RAW(__NR_open, "f", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	CHECK_ERR(RAW(__NR_open, ".", O_WRONLY), EISDIR);
	CHECK_ERR(RAW(__NR_open, ".", O_RDWR | O_CREAT, 0644), EISDIR);
	CHECK_ERR(RAW(__NR_open, longname, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
	CHECK_ERR(RAW(__NR_openat, fd, "g", O_RDONLY), ENOTDIR);
	CHECK_ERR(RAW(__NR_openat, 999, "g", O_RDONLY), EBADF);
	CHECK_EQ(symlink("a", "b") + symlink("b", "a"), 0);
	CHECK_ERR(RAW(__NR_open, "a", O_RDONLY), ELOOP);
	CHECK_EQ(symlink("f", "l"), 0);
	CHECK_ERR(RAW(__NR_open, "l", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERR(RAW(__NR_open, "l", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
}

static void open_through_dangling_link_creates_its_target(void)
{
	CHECK_EQ(symlink("target", "l"), 0);
	CHECK(open("l", O_WRONLY | O_CREAT, 0644) >= 0);
	CHECK(S_ISREG(stat_of("target").st_mode));
}

static void trunc_empties_the_file(void)
{
	close(pattern_file("f", 5000));
	CHECK(open("f", O_WRONLY | O_TRUNC) >= 0);
	CHECK_EQ(stat_of("f").st_size, 0);
}

static void openat_starts_at_its_folder(void)
{
	int dir;

	CHECK_EQ(mkdir("d", 0755), 0);
	close(pattern_file("d/f", 10));
	dir = open("d", O_RDONLY | O_DIRECTORY);
	CHECK(openat(dir, "f", O_RDONLY) >= 0);
	CHECK(openat(dir, "../d/./f", O_RDONLY) >= 0);
	CHECK(openat(dir, "/dev/null", O_RDONLY) >= 0);
}

/* read, write, lseek */

static void written_is_read(void)
{
	int fd = pattern_file("f", 3 * PAGE + 77);
	static char buf[4 * PAGE];

	CHECK_EQ(read(fd, buf, sizeof(buf)), 3 * PAGE + 77);
	for (size_t i = 0; i < 3 * PAGE + 77; i++)
		CHECK_EQ(buf[i], pattern_at(i));
	CHECK_EQ(read(fd, buf, 10), 0);
}

static void read_write_errors(void)
{
	char c = 0;
	int fds[2];

	close(pattern_file("f", 10));
	CHECK_ERR(RAW(__NR_read, -1, &c, 1), EBADF);
	CHECK_ERR(RAW(__NR_read, 999, &c, 1), EBADF);
	CHECK_ERR(RAW(__NR_read, open("f", O_WRONLY), &c, 1), EBADF);
	CHECK_ERR(RAW(__NR_write, open("f", O_RDONLY), &c, 1), EBADF);
	CHECK_ERR(RAW(__NR_read, open(".", O_RDONLY), &c, 1), EISDIR);
	CHECK_EQ(pipe(fds), 0);
	CHECK_ERR(RAW(__NR_pread64, fds[0], &c, 1, 0), ESPIPE);
	CHECK_ERR(RAW(__NR_lseek, fds[0], 0, SEEK_CUR), ESPIPE);
	CHECK_ERR(RAW(__NR_read, fds[1], &c, 1), EBADF);
	CHECK_ERR(RAW(__NR_write, open("/dev/full", O_WRONLY), &c, 1), ENOSPC);
	CHECK_ERR(RAW(__NR_pread64, open("f", O_RDONLY), &c, 1, -1), EINVAL);
	CHECK_ERR(RAW(__NR_close, 999), EBADF);
}

static void lseek_moves_and_refuses(void)
{
	int fd = pattern_file("f", 100);

	CHECK_EQ(lseek(fd, 10, SEEK_SET), 10);
	CHECK_EQ(lseek(fd, 5, SEEK_CUR), 15);
	CHECK_EQ(lseek(fd, -1, SEEK_END), 99);
	CHECK_EQ(lseek(fd, 1000, SEEK_SET), 1000);
	CHECK_ERR(RAW(__NR_lseek, fd, -1, SEEK_SET), EINVAL);
	CHECK_ERR(RAW(__NR_lseek, fd, 0, 99), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1000);
}

static void hole_reads_as_zeros(void)
{
	int fd = pattern_file("f", 10);
	char buf[64];

	CHECK_EQ(pwrite(fd, "end", 3, 100000), 3);
	CHECK_EQ(stat_of("f").st_size, 100003);
	CHECK_EQ(pread(fd, buf, sizeof(buf), 50000), sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++)
		CHECK_EQ(buf[i], 0);
	CHECK_EQ(pread(fd, buf, 2, 9), 2);
	CHECK_EQ(buf[1], 0);
}

static void append_ignores_the_position(void)
{
	int fd;

	close(pattern_file("f", 10));
	fd = open("f", O_WRONLY | O_APPEND);
	lseek(fd, 2, SEEK_SET);
	CHECK_EQ(write(fd, "xyz", 3), 3);
	CHECK_EQ(stat_of("f").st_size, 13);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 13);
}

static void pread_and_pwrite_leave_the_position(void)
{
	int fd = pattern_file("f", 100);
	char c;

	CHECK_EQ(pread(fd, &c, 1, 50), 1);
	CHECK_EQ(c, pattern_at(50));
	CHECK_EQ(pwrite(fd, "x", 1, 60), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
}

static void vectors_are_read_and_written_in_order(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	char a[3], b[4];
	struct iovec out[] = { { "one", 3 }, { NULL, 0 }, { "four", 4 } };
	struct iovec in[] = { { a, 3 }, { b, 4 } };

	CHECK_EQ(writev(fd, out, 3), 7);
	lseek(fd, 0, SEEK_SET);
	CHECK_EQ(readv(fd, in, 2), 7);
	CHECK(memcmp(a, "one", 3) == 0 && memcmp(b, "four", 4) == 0);
	CHECK_ERR(RAW(__NR_writev, fd, out, -1), EINVAL);
	CHECK_ERR(RAW(__NR_writev, fd, out, 1025), EINVAL);
	CHECK_EQ(RAW(__NR_writev, fd, out, 0), 0);
}

static void devices_give_what_they_are_for(void)
{
	char buf[64];
	int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR);

	memset(buf, 1, sizeof(buf));
	CHECK_EQ(read(zero, buf, sizeof(buf)), sizeof(buf));
	CHECK_EQ(buf[0] | buf[63], 0);
	CHECK_EQ(write(null, buf, sizeof(buf)), sizeof(buf));
	CHECK_EQ(read(null, buf, sizeof(buf)), 0);
	CHECK_EQ(read(open("/dev/urandom", O_RDONLY), buf, sizeof(buf)), sizeof(buf));
	CHECK(S_ISCHR(stat_of("/dev/null").st_mode));
	CHECK_EQ(stat_of("/dev/null").st_rdev, 1 << 8 | 3);
}

/* descriptors */

static void dup_shares_the_position(void)
{
	int fd = pattern_file("f", 10), copy = dup(fd);

	CHECK_EQ(lseek(fd, 4, SEEK_SET), 4);
	CHECK_EQ(lseek(copy, 0, SEEK_CUR), 4);
	close(fd);
	CHECK_EQ(lseek(copy, 0, SEEK_CUR), 4);
}

static void dup2_replaces_its_target(void)
{
	int fd = pattern_file("f", 10), other = open("/dev/null", O_RDONLY);
	char c;

	CHECK_EQ(dup2(fd, other), other);
	CHECK_EQ(read(other, &c, 1), 1);
	CHECK_EQ(dup2(fd, fd), fd);
	CHECK_EQ(dup2(fd, 100), 100);
	CHECK_EQ(fcntl(100, F_GETFD), 0);
}

static void dup_errors(void)
{
	CHECK_ERR(RAW(__NR_dup, 999), EBADF);
	CHECK_ERR(RAW(__NR_dup2, 999, 5), EBADF);
	CHECK_ERR(RAW(__NR_dup2, 0, -1), EBADF);
	CHECK_ERR(RAW(__NR_dup2, 0, 1 << 30), EBADF);
	CHECK_ERR(RAW(__NR_dup2, 999, 999), EBADF);
	CHECK_ERR(RAW(__NR_dup3, 0, 0, 0), EINVAL);
	CHECK_ERR(RAW(__NR_dup3, 0, 5, 1), EINVAL);
	CHECK_EQ(RAW(__NR_dup3, 0, 50, O_CLOEXEC), 50);
	CHECK_EQ(fcntl(50, F_GETFD), FD_CLOEXEC);
}

static void fcntl_reads_and_sets_flags(void)
{
	int fd = pattern_file("f", 10);

	CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR);
	CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND | O_WRONLY), 0);
	CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
	CHECK_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_DUPFD, 70), 70);
	CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 70), 71);
	CHECK_EQ(fcntl(71, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(RAW(__NR_fcntl, 999, F_GETFL), EBADF);
	CHECK_ERR(RAW(__NR_fcntl, fd, F_DUPFD, -1), EINVAL);
	CHECK_ERR(RAW(__NR_fcntl, fd, 9999), EINVAL);
}

static void descriptors_run_out_with_EMFILE(void)
{
	const struct rlimit lim = { 64, 64 };
	int fd, n = 0;

	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &lim), 0);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && n < 5000)
		n++;
	CHECK_EQ(errno, EMFILE);
	CHECK(n > 50 && n < 64);
	close(30);
	CHECK_EQ(open("/dev/null", O_RDONLY), 30);
	CHECK_ERR(RAW(__NR_dup2, 0, 64), EBADF);
}

/* pipes */

static void pipe_passes_bytes_in_order(void)
{
	int fds[2], status;
	char buf[16];

	CHECK_EQ(pipe(fds), 0);
	if (fork() == 0) {
		close(fds[0]);
		for (int i = 0; i < 100000; i++) {
			char c = (char)i;

			if (write(fds[1], &c, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(fds[1]);
	for (int i = 0, n; (n = (int)read(fds[0], buf, sizeof(buf))) != 0; i += n)
		for (int k = 0; k < n; k++)
			CHECK_EQ(buf[k], (char)(i + k));
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
}

static void pipe_moves_more_than_it_holds(void)
{
	int fds[2], status;
	size_t total = 0;
	ssize_t n;
	static char buf[300000];

	CHECK_EQ(pipe(fds), 0);
	if (fork() == 0)
		_exit(write(fds[1], buf, sizeof(buf)) != sizeof(buf));
	close(fds[1]);
	while ((n = read(fds[0], buf, 7777)) > 0)
		total += (size_t)n;
	CHECK_EQ(total, sizeof(buf));
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
}

static void pipe_end_and_breakage(void)
{
	int fds[2];
	char c;

	signal(SIGPIPE, SIG_IGN);
	CHECK_EQ(pipe(fds), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(read(fds[0], &c, 1), 0);
	CHECK_EQ(pipe(fds), 0);
	close(fds[0]);
	CHECK_ERR(RAW(__NR_write, fds[1], &c, 1), EPIPE);
}

static void nonblocking_pipe_says_EAGAIN(void)
{
	int fds[2];
	char page[4096];
	long total = 0, n;

	CHECK_EQ(pipe2(fds, O_NONBLOCK), 0);
	CHECK_ERR(RAW(__NR_read, fds[0], page, 1), EAGAIN);
	while ((n = RAW(__NR_write, fds[1], page, sizeof(page))) > 0)
		total += n;
	CHECK_EQ(n, -EAGAIN);
	CHECK_EQ(total, 65536);
	CHECK_ERR(RAW(__NR_pipe2, fds, 0x1), EINVAL);
}

static void poll_sees_what_is_ready(void)
{
	int fds[2];
	struct pollfd p[3];

	CHECK_EQ(pipe(fds), 0);
	p[0] = (struct pollfd){ fds[0], POLLIN, 0 };
	p[1] = (struct pollfd){ fds[1], POLLOUT, 0 };
	p[2] = (struct pollfd){ 999, POLLIN, 0 };
	CHECK_EQ(poll(p, 2, 0), 1);
	CHECK_EQ(p[1].revents, POLLOUT);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(poll(p, 3, 1000), 3);
	CHECK_EQ(p[0].revents, POLLIN);
	CHECK_EQ(p[2].revents, POLLNVAL);
	CHECK_EQ(poll(p, 0, 10), 0);
}

/* names */

static void stat_tells_what_a_file_is(void)
{
	int fd = pattern_file("f", 5000);
	struct stat a = stat_of("f"), b;

	CHECK_EQ(a.st_mode, S_IFREG | 0644);
	CHECK_EQ(a.st_size, 5000);
	CHECK(a.st_blocks >= 8 && a.st_blksize >= 512);
	CHECK_EQ(a.st_uid, getuid());
	CHECK_EQ(fstat(fd, &b), 0);
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	CHECK_EQ(fstatat(fd, "", &b, AT_EMPTY_PATH), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK(S_ISDIR(stat_of(".").st_mode));
	CHECK_ERR(RAW(__NR_stat, "missing", &a), ENOENT);
	CHECK_ERR(RAW(__NR_fstat, 999, &a), EBADF);
}

static void link_makes_a_second_name(void)
{
	close(pattern_file("f", 10));
	CHECK_EQ(link("f", "g"), 0);
	CHECK_EQ(stat_of("g").st_nlink, 2);
	CHECK_EQ(stat_of("g").st_ino, stat_of("f").st_ino);
	CHECK_EQ(unlink("f"), 0);
	CHECK_EQ(stat_of("g").st_nlink, 1);
	CHECK_EQ(stat_of("g").st_size, 10);
}

static void link_errors(void)
{
	close(pattern_file("f", 10));
	CHECK_EQ(mkdir("d", 0755), 0);
	CHECK_ERR(RAW(__NR_link, "missing", "g"), ENOENT);
	CHECK_ERR(RAW(__NR_link, "f", "f"), EEXIST);
	CHECK_ERR(RAW(__NR_link, "d", "e"), EPERM);
	CHECK_ERR(RAW(__NR_link, "f", "missing/g"), ENOENT);
}

static void unlinked_file_lives_while_open(void)
{
	int fd = pattern_file("f", 100);
	struct stat st;
	char c;

	CHECK_EQ(unlink("f"), 0);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(pread(fd, &c, 1, 50), 1);
	CHECK_EQ(c, pattern_at(50));
	CHECK_ERR(RAW(__NR_open, "f", O_RDONLY), ENOENT);
}

static void unlink_and_rmdir_errors(void)
{
	CHECK_EQ(mkdir("d", 0755), 0);
	close(pattern_file("d/f", 10));
	CHECK_ERR(RAW(__NR_unlink, "missing"), ENOENT);
	CHECK_ERR(RAW(__NR_unlink, "d"), EISDIR);
	CHECK_ERR(RAW(__NR_rmdir, "d"), ENOTEMPTY);
	CHECK_ERR(RAW(__NR_rmdir, "d/f"), ENOTDIR);
	CHECK_ERR(RAW(__NR_rmdir, "missing"), ENOENT);
	CHECK_ERR(RAW(__NR_rmdir, "d/."), EINVAL);
	CHECK_ERR(RAW(__NR_rmdir, "d/.."), ENOTEMPTY);
	CHECK_ERR(RAW(__NR_unlinkat, AT_FDCWD, "d", 0), EISDIR);
	CHECK_ERR(RAW(__NR_unlinkat, AT_FDCWD, "d/f", 0x1), EINVAL);
	CHECK_EQ(unlink("d/f"), 0);
	CHECK_EQ(RAW(__NR_unlinkat, AT_FDCWD, "d", AT_REMOVEDIR), 0);
}

static void mkdir_counts_links(void)
{
	CHECK_EQ(mkdir("d", 0777), 0);
	CHECK_EQ(stat_of("d").st_nlink, 2);
	CHECK_EQ(mkdir("d/e", 0700), 0);
	CHECK_EQ(stat_of("d").st_nlink, 3);
	CHECK_EQ(stat_of("d/e").st_mode, S_IFDIR | 0700);
	CHECK_EQ(rmdir("d/e"), 0);
	CHECK_EQ(stat_of("d").st_nlink, 2);
	CHECK_ERR(RAW(__NR_mkdir, "d", 0755), EEXIST);
	CHECK_ERR(RAW(__NR_mkdir, "x/y", 0755), ENOENT);
	CHECK_ERR(RAW(__NR_mkdir, ".", 0755), EEXIST);
}

static void rename_replaces_and_moves(void)
{
	close(pattern_file("f", 10));
	close(pattern_file("g", 20));
	CHECK_EQ(mkdir("d", 0755), 0);
	CHECK_EQ(rename("f", "g"), 0);
	CHECK_EQ(stat_of("g").st_size, 10);
	CHECK_ERR(RAW(__NR_access, "f", F_OK), ENOENT);
	CHECK_EQ(rename("g", "d/h"), 0);
	CHECK_EQ(stat_of("d/h").st_size, 10);
	CHECK_EQ(mkdir("e", 0755), 0);
	CHECK_EQ(rename("d", "e"), 0);
	CHECK_EQ(stat_of("e/h").st_size, 10);
	CHECK_EQ(rename("e/h", "e/h"), 0);
}

static void rename_errors(void)
{
	close(pattern_file("f", 10));
	CHECK_EQ(mkdir("d", 0755) + mkdir("d/sub", 0755) + mkdir("full", 0755) +
			 mkdir("full/x", 0755),
		 0);
	CHECK_ERR(RAW(__NR_rename, "missing", "x"), ENOENT);
	CHECK_ERR(RAW(__NR_rename, "f", "d"), EISDIR);
	CHECK_ERR(RAW(__NR_rename, "d", "f"), ENOTDIR);
	CHECK_ERR(RAW(__NR_rename, "d", "full"), ENOTEMPTY);
	CHECK_ERR(RAW(__NR_rename, "d", "d/sub/x"), EINVAL);
	CHECK_ERR(RAW(__NR_rename, ".", "x"), EBUSY);
}

static void symlinks_are_followed_and_read(void)
{
	char buf[64];

	close(pattern_file("f", 10));
	CHECK_EQ(mkdir("d", 0755), 0);
	CHECK_EQ(symlink("../f", "d/l"), 0);
	CHECK_EQ(symlink("d", "dl"), 0);
	CHECK_EQ(stat_of("d/l").st_mode, S_IFLNK | 0777);
	CHECK_EQ(stat_of("d/l").st_size, 4);
	CHECK(open("d/l", O_RDONLY) >= 0);
	CHECK(open("dl/l", O_RDONLY) >= 0);
	memset(buf, 'z', sizeof(buf));
	CHECK_EQ(readlink("d/l", buf, sizeof(buf)), 4);
	CHECK(memcmp(buf, "../fz", 5) == 0);
	CHECK_EQ(readlink("d/l", buf, 2), 2);
	CHECK_ERR(RAW(__NR_readlink, "f", buf, 10), EINVAL);
	CHECK_ERR(RAW(__NR_readlink, "d/l", buf, 0), EINVAL);
	CHECK_ERR(RAW(__NR_symlink, "x", "f"), EEXIST);
	CHECK_ERR(RAW(__NR_symlink, "", "empty"), ENOENT);
}

static void forty_links_are_followed_not_more(void)
{
	char from[16], to[16] = "f";

	close(pattern_file("f", 10));
	for (int i = 1; i <= 41; i++) {
		snprintf(from, sizeof(from), "l%d", i);
		CHECK_EQ(symlink(to, from), 0);
		strcpy(to, from);
	}
	CHECK_EQ(access("l40", F_OK), 0);
	CHECK_ERR(RAW(__NR_access, "l41", F_OK), ELOOP);
}

static void getdents_lists_every_name_once(void)
{
	char name[32];
	int seen[50] = { 0 }, dots = 0;
	struct dirent *d;
	DIR *dir;

	CHECK_EQ(mkdir("d", 0755), 0);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "d/name-%d", i);
		write_file(name, "", 0, 0644);
	}
	dir = opendir("d");
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.') {
			CHECK_EQ(d->d_type, DT_DIR);
			dots++;
		} else {
			CHECK_EQ(d->d_type, DT_REG);
			seen[atoi(d->d_name + 5)]++;
		}
	}
	CHECK_EQ(dots, 2);
	for (int i = 0; i < 50; i++)
		CHECK_EQ(seen[i], 1);
	closedir(dir);
}

static void getdents_errors(void)
{
	char buf[1024];
	int fd = pattern_file("f", 10), dir = open(".", O_RDONLY);

	CHECK_ERR(RAW(__NR_getdents64, fd, buf, sizeof(buf)), ENOTDIR);
	CHECK_ERR(RAW(__NR_getdents64, 999, buf, sizeof(buf)), EBADF);
	CHECK_ERR(RAW(__NR_getdents64, dir, buf, 8), EINVAL);
	CHECK(RAW(__NR_getdents64, dir, buf, sizeof(buf)) > 0);
	CHECK_EQ(RAW(__NR_getdents64, dir, buf, sizeof(buf)), 0);
	CHECK_EQ(lseek(dir, 0, SEEK_SET), 0);
	CHECK(RAW(__NR_getdents64, dir, buf, sizeof(buf)) > 0);
}

static void truncate_shortens_and_lengthens(void)
{
	int fd = pattern_file("f", 5000);
	char c;

	CHECK_EQ(truncate("f", 100), 0);
	CHECK_EQ(stat_of("f").st_size, 100);
	CHECK_EQ(ftruncate(fd, 5000), 0);
	CHECK_EQ(pread(fd, &c, 1, 99), 1);
	CHECK_EQ(c, pattern_at(99));
	CHECK_EQ(pread(fd, &c, 1, 100), 1);
	CHECK_EQ(c, 0);
	CHECK_ERR(RAW(__NR_truncate, "missing", 0), ENOENT);
	CHECK_ERR(RAW(__NR_truncate, ".", 0), EISDIR);
	CHECK_ERR(RAW(__NR_truncate, "f", -1), EINVAL);
	CHECK_ERR(RAW(__NR_ftruncate, open("f", O_RDONLY), 0), EINVAL);
	CHECK_ERR(RAW(__NR_ftruncate, 999, 0), EBADF);
}

static void access_and_chmod(void)
{
	close(pattern_file("f", 10));
	CHECK_EQ(access("f", R_OK | W_OK), 0);
	CHECK_ERR(RAW(__NR_access, "f", X_OK), EACCES); /* even for root: nobody may execute it */
	CHECK_EQ(chmod("f", 0711), 0);
	CHECK_EQ(access("f", X_OK), 0);
	CHECK_EQ(stat_of("f").st_mode, S_IFREG | 0711);
	CHECK_ERR(RAW(__NR_access, "f", 8), EINVAL);
	CHECK_ERR(RAW(__NR_access, "missing", F_OK), ENOENT);
	CHECK_ERR(RAW(__NR_chmod, "missing", 0644), ENOENT);
}

static void chown_sets_owner_and_drops_suid(void)
{
	close(pattern_file("f", 10));
	CHECK_EQ(chmod("f", 04755), 0);
	CHECK_EQ(chown("f", 12, 34), 0);
	CHECK_EQ(stat_of("f").st_uid, 12);
	CHECK_EQ(stat_of("f").st_gid, 34);
	CHECK_EQ(stat_of("f").st_mode, S_IFREG | 0755);
	CHECK_EQ(chown("f", (uid_t)-1, 56), 0);
	CHECK_EQ(stat_of("f").st_uid, 12);
	CHECK_EQ(stat_of("f").st_gid, 56);
	CHECK_ERR(RAW(__NR_chown, "missing", 0, 0), ENOENT);
}

static void utimensat_sets_times(void)
{
	struct timespec t[2] = { { 1000, 5 }, { 2000, 7 } };

	close(pattern_file("f", 10));
	CHECK_EQ(utimensat(AT_FDCWD, "f", t, 0), 0);
	CHECK_EQ(stat_of("f").st_atim.tv_sec, 1000);
	CHECK_EQ(stat_of("f").st_mtim.tv_sec, 2000);
	CHECK_EQ(stat_of("f").st_mtim.tv_nsec, 7);
	t[0].tv_nsec = UTIME_OMIT;
	t[1].tv_nsec = UTIME_NOW;
	CHECK_EQ(utimensat(AT_FDCWD, "f", t, 0), 0);
	CHECK_EQ(stat_of("f").st_atim.tv_sec, 1000);
	CHECK(stat_of("f").st_mtim.tv_sec != 2000);
	t[1].tv_nsec = 1000000000;
	CHECK_ERR(RAW(__NR_utimensat, AT_FDCWD, "f", t, 0), EINVAL);
	CHECK_ERR(RAW(__NR_utimensat, AT_FDCWD, "missing", NULL, 0), ENOENT);
}

static void working_folder_moves(void)
{
	char start[200], now[200];
	int fd;

	CHECK(getcwd(start, sizeof(start)));
	CHECK_EQ(mkdir("d", 0755) + mkdir("d/e", 0755), 0);
	CHECK_EQ(chdir("d/e"), 0);
	CHECK(getcwd(now, sizeof(now)));
	CHECK(strncmp(now, start, strlen(start)) == 0 && strcmp(now + strlen(start), "/d/e") == 0);
	CHECK_EQ(RAW(__NR_getcwd, now, sizeof(now)), strlen(now) + 1);
	fd = open("..", O_RDONLY);
	CHECK_EQ(fchdir(fd), 0);
	CHECK(getcwd(now, sizeof(now)) && strcmp(now + strlen(start), "/d") == 0);
	CHECK_EQ(chdir("/"), 0);
	CHECK(getcwd(now, sizeof(now)) && strcmp(now, "/") == 0);
	CHECK_EQ(chdir(".."), 0);
	CHECK(getcwd(now, sizeof(now)) && strcmp(now, "/") == 0);
	CHECK_ERR(RAW(__NR_getcwd, now, 1), ERANGE);
	CHECK_ERR(RAW(__NR_chdir, "/missing"), ENOENT);
	CHECK_ERR(RAW(__NR_chdir, "/dev/null"), ENOTDIR);
	CHECK_ERR(RAW(__NR_fchdir, open("/dev/null", O_RDONLY)), ENOTDIR);
}

static void writing_moves_the_modification_time(void)
{
	int fd = pattern_file("f", 10);
	struct timespec t[2] = { { 1, 0 }, { 1, 0 } };

	CHECK_EQ(utimensat(AT_FDCWD, "f", t, 0), 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK(stat_of("f").st_mtim.tv_sec > 1);
}

static void fifo_connects_two_processes(void)
{
	int status;
	char buf[8];

	CHECK_EQ(mknod("p", S_IFIFO | 0644, 0), 0);
	CHECK(S_ISFIFO(stat_of("p").st_mode));
	if (fork() == 0) {
		int fd = open("p", O_WRONLY);

		_exit(write(fd, "hello", 5) != 5);
	}
	CHECK_EQ(read(open("p", O_RDONLY), buf, sizeof(buf)), 5);
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
}

/* Linux says EINVAL; since 6.18 ENOENT. */
static void cannot_mount(const char *source, const char *target, const char *type, int flags)
{
	long err = RAW(__NR_mount, source, target, type, flags, 0);

	CHECK(err == -EINVAL || err == -ENOENT);
}

static void nothing_is_mounted_where_the_tree_was_left(void)
{
	CHECK(mkdir("d", 0755) == 0);
	if (RAW(__NR_mount, "none", "d", "tmpfs", 0, 0) == -EPERM)
		return;
	CHECK(chdir("d") == 0 && mkdir("below", 0755) == 0);
	CHECK_EQ(RAW(__NR_umount2, "../d", 2 /* MNT_DETACH */), 0);
	cannot_mount("none", "below", "tmpfs", 0);
	cannot_mount("none", ".", "tmpfs", 0);
	cannot_mount("/tmp", "below", NULL, 4096 /* MS_BIND */);
}

static void proc_self_is_this_process(void)
{
	char link[32], number[32];
	ssize_t n = readlink("/proc/self", link, sizeof(link) - 1);

	CHECK(n > 0);
	link[n] = 0;
	snprintf(number, sizeof(number), "%d", getpid());
	CHECK(strcmp(link, number) == 0);
	CHECK_EQ(proc_value("/proc/self/status", "Pid"), getpid());
	CHECK_EQ(proc_value("/proc/self/status", "PPid"), getppid());
	CHECK_ERR(RAW(__NR_open, "/proc/999999", O_RDONLY), ENOENT);
	CHECK(RAW(__NR_open, "/proc/new", O_WRONLY | O_CREAT, 0644) < 0);
}

/* clang-format off */
TEST_MAIN("files",
	CASE(open_creates_with_mode_and_umask), CASE(open_gives_the_lowest_free_descriptor), CASE(open_errors),
	CASE(open_through_dangling_link_creates_its_target), CASE(trunc_empties_the_file),
	CASE(openat_starts_at_its_folder), CASE(written_is_read), CASE(read_write_errors),
	CASE(lseek_moves_and_refuses), CASE(hole_reads_as_zeros), CASE(append_ignores_the_position),
	CASE(pread_and_pwrite_leave_the_position), CASE(vectors_are_read_and_written_in_order),
	CASE(devices_give_what_they_are_for), CASE(dup_shares_the_position), CASE(dup2_replaces_its_target),
	CASE(dup_errors), CASE(fcntl_reads_and_sets_flags), CASE(descriptors_run_out_with_EMFILE),
	CASE(pipe_passes_bytes_in_order), CASE(pipe_moves_more_than_it_holds), CASE(pipe_end_and_breakage),
	CASE(nonblocking_pipe_says_EAGAIN), CASE(poll_sees_what_is_ready), CASE(stat_tells_what_a_file_is),
	CASE(link_makes_a_second_name), CASE(link_errors), CASE(unlinked_file_lives_while_open),
	CASE(unlink_and_rmdir_errors), CASE(mkdir_counts_links), CASE(rename_replaces_and_moves),
	CASE(rename_errors), CASE(symlinks_are_followed_and_read), CASE(forty_links_are_followed_not_more),
	CASE(getdents_lists_every_name_once), CASE(getdents_errors), CASE(truncate_shortens_and_lengthens),
	CASE(access_and_chmod), CASE(chown_sets_owner_and_drops_suid), CASE(utimensat_sets_times),
	CASE(working_folder_moves), CASE(writing_moves_the_modification_time), CASE(fifo_connects_two_processes),
	CASE(nothing_is_mounted_where_the_tree_was_left), CASE(proc_self_is_this_process))
/* clang-format on */
