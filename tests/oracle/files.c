/*
 * tests/oracle/files.c - files, folders, pipes and poll: what the calls refuse, and what they leave
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/oracle.h"

static char buffer[8192];

static void opening(void)
{
	static char longname[300];
	int fd;

	memset(longname, 'n', 256);
	page_file("f", 10);
	mkdir("d", 0755);
	symlink("f", "link");
	symlink("nowhere", "dangling");
	symlink("loop", "loop");
	ask("open, none", RAW(__NR_open, "none", O_RDONLY));
	ask("open, bad path", RAW(__NR_open, BAD, O_RDONLY));
	ask("open, empty path", RAW(__NR_open, "", O_RDONLY));
	ask("open, name of 256", RAW(__NR_open, longname, O_RDONLY));
	ask("open, below a file", RAW(__NR_open, "f/x", O_RDONLY));
	ask("open, a file with a slash", RAW(__NR_open, "f/", O_RDONLY));
	ask("open, a file as a folder", RAW(__NR_open, "f", O_DIRECTORY));
	ask("open, a folder to write", RAW(__NR_open, "d", O_WRONLY));
	ask("open, a folder to create", RAW(__NR_open, "d", O_CREAT, 0644));
	ask("open, exclusive", RAW(__NR_open, "f", O_CREAT | O_EXCL, 0644));
	ask("open, exclusive, dangling link", RAW(__NR_open, "dangling", O_CREAT | O_EXCL, 0644));
	ask("open, loop", RAW(__NR_open, "loop", O_RDONLY));
	ask("open, link not followed", RAW(__NR_open, "link", O_NOFOLLOW));
	ask("open, dangling link", RAW(__NR_open, "dangling", O_RDONLY));
	ask("openat, bad folder", RAW(__NR_openat, 99, "f", O_RDONLY, 0));
	ask("openat, a file as the folder",
	    RAW(__NR_openat, open("f", O_RDONLY), "f", O_RDONLY, 0));
	ask("openat, absolute with a bad folder",
	    RAW(__NR_openat, 99, "/dev/null", O_RDONLY, 0) > 0);
	fd = open("f", O_RDWR | O_APPEND | O_NONBLOCK | O_CLOEXEC);
	ask("F_GETFL", RAW(__NR_fcntl, fd, F_GETFL));
	ask("F_GETFD", RAW(__NR_fcntl, fd, F_GETFD));
	ask("F_SETFL", RAW(__NR_fcntl, fd, F_SETFL, 0));
	ask("F_GETFL then", RAW(__NR_fcntl, fd, F_GETFL));
	ask("fcntl, unknown", RAW(__NR_fcntl, fd, 9999, 0));
	ask("fcntl, bad descriptor", RAW(__NR_fcntl, 99, F_GETFD));
	ask("F_DUPFD beyond the limit", RAW(__NR_fcntl, fd, F_DUPFD, 100000));
	ask("F_DUPFD", RAW(__NR_fcntl, fd, F_DUPFD, 50));
	ask("dup, bad", RAW(__NR_dup, 99));
	ask("dup2 to itself", RAW(__NR_dup2, fd, fd) == fd);
	ask("dup2, bad to itself", RAW(__NR_dup2, 99, 99));
	ask("dup2 to -1", RAW(__NR_dup2, fd, -1));
	ask("dup3 to itself", RAW(__NR_dup3, fd, fd, 0));
	ask("dup3, unknown flag", RAW(__NR_dup3, fd, 60, 1));
	ask("close", RAW(__NR_close, 50));
	ask("close again", RAW(__NR_close, 50));
	ask("close_range, backwards", RAW(__NR_close_range, 9, 5, 0));
}

static void reading_and_writing(void)
{
	struct {
		void *base;
		size_t len;
	} iov[2] = { { buffer, 4 }, { BAD, 4 } };
	int fd = page_file("f", 10), ro = open("f", O_RDONLY), wo = open("f", O_WRONLY),
	    dir = open(".", O_RDONLY);

	ask("read, bad descriptor", RAW(__NR_read, 99, buffer, 1));
	ask("read, write only", RAW(__NR_read, wo, buffer, 1));
	ask("read, a folder", RAW(__NR_read, dir, buffer, 1));
	ask("read, bad buffer", RAW(__NR_read, ro, BAD, 1));
	ask("read, kernel buffer", RAW(__NR_read, ro, KERNEL, 1));
	ask("read, 0 bytes to a bad buffer", RAW(__NR_read, ro, BAD, 0));
	ask("read, 10 of 100", RAW(__NR_read, ro, buffer, 100));
	ask("read, at the end", RAW(__NR_read, ro, buffer, 100));
	ask("pread, negative", RAW(__NR_pread64, ro, buffer, 1, -1));
	ask("pread, beyond the end", RAW(__NR_pread64, ro, buffer, 1, 1000));
	ask("write, read only", RAW(__NR_write, ro, buffer, 1));
	ask("write, bad buffer", RAW(__NR_write, fd, BAD, 1));
	ask("write, 0 bytes", RAW(__NR_write, fd, buffer, 0));
	ask("readv, second part bad", RAW(__NR_readv, open("f", O_RDONLY), iov, 2));
	ask("readv, -1 parts", RAW(__NR_readv, ro, iov, -1));
	ask("readv, 1025 parts", RAW(__NR_readv, ro, iov, 1025));
	iov[0].len = -1UL;
	ask("readv, negative length", RAW(__NR_readv, ro, iov, 1));
	ask("writev, bad vector", RAW(__NR_writev, fd, BAD, 1));
	ask("lseek, set", RAW(__NR_lseek, fd, 5, 0));
	ask("lseek, back", RAW(__NR_lseek, fd, -6, 1));
	ask("lseek, end", RAW(__NR_lseek, fd, 3, 2));
	ask("lseek, whence 9", RAW(__NR_lseek, fd, 0, 9));
	ask("lseek, data", RAW(__NR_lseek, fd, 2, 3));
	ask("lseek, hole", RAW(__NR_lseek, fd, 2, 4));
	ask("lseek, data beyond the end", RAW(__NR_lseek, fd, 20, 3));
	ask("ftruncate, negative", RAW(__NR_ftruncate, fd, -1));
	ask("ftruncate, read only", RAW(__NR_ftruncate, ro, 1));
	ask("truncate, a folder", RAW(__NR_truncate, ".", 1));
	ask("fsync, bad", RAW(__NR_fsync, 99));
	ask("fallocate, length 0", RAW(__NR_fallocate, fd, 0, 0, 0));
	ask("sendfile, bad", RAW(__NR_sendfile, 99, ro, 0, 1));
	ask("getdents64, a file", RAW(__NR_getdents64, fd, buffer, 100));
	ask("getdents64, little room", RAW(__NR_getdents64, dir, buffer, 10));
	ask("ioctl, no terminal", RAW(__NR_ioctl, fd, 0x5401, buffer));
	ask("ioctl, bad descriptor", RAW(__NR_ioctl, 99, 0x5401, buffer));
	ask("/dev/full", RAW(__NR_write, open("/dev/full", O_WRONLY), buffer, 1));
	ask("/dev/null, read", RAW(__NR_read, open("/dev/null", O_RDONLY), buffer, 1));
	ask("/dev/zero, read", RAW(__NR_read, open("/dev/zero", O_RDONLY), buffer, 100));
}

static void names(void)
{
	static const long odd_times[4] = { 0, 2000000000, 0, 0 };
	struct stat st;

	page_file("f", 10);
	mkdir("d", 0755);
	mkdir("d/e", 0755);
	ask("mkdir, exists", RAW(__NR_mkdir, "d", 0755));
	ask("mkdir, below nothing", RAW(__NR_mkdir, "none/x", 0755));
	ask("mkdir, /", RAW(__NR_mkdir, "/", 0755));
	ask("rmdir, not empty", RAW(__NR_rmdir, "d"));
	ask("rmdir, a file", RAW(__NR_rmdir, "f"));
	ask("rmdir, .", RAW(__NR_rmdir, "."));
	ask("rmdir, ..", RAW(__NR_rmdir, "d/.."));
	ask("rmdir, a mount point", RAW(__NR_rmdir, "/proc"));
	ask("unlink, a folder", RAW(__NR_unlink, "d"));
	ask("unlink, none", RAW(__NR_unlink, "none"));
	ask("unlinkat, unknown flag", RAW(__NR_unlinkat, AT_FDCWD, "f", 1));
	ask("link, a folder", RAW(__NR_link, "d", "d2"));
	ask("link, exists", RAW(__NR_link, "f", "d"));
	ask("link, other file system", RAW(__NR_link, "f", "/f"));
	ask("link", RAW(__NR_link, "f", "g"));
	stat("f", &st);
	say("links", "%lu", st.st_nlink);
	ask("rename, none", RAW(__NR_rename, "none", "x"));
	ask("rename, a folder below itself", RAW(__NR_rename, "d", "d/e/x"));
	ask("rename, a file over a folder", RAW(__NR_rename, "f", "d"));
	ask("rename, a folder over a file", RAW(__NR_rename, "d", "f"));
	ask("rename, over a folder not empty", RAW(__NR_rename, "d/e", "d"));
	ask("rename, to the same file", RAW(__NR_rename, "f", "g"));
	ask("rename, other file system", RAW(__NR_rename, "f", "/f"));
	ask("rename, .", RAW(__NR_rename, ".", "x"));
	ask("renameat2, no replace", RAW(__NR_renameat2, AT_FDCWD, "f", AT_FDCWD, "d", 1));
	ask("renameat2, exchange", RAW(__NR_renameat2, AT_FDCWD, "f", AT_FDCWD, "d", 2));
	ask("renameat2, unknown flag", RAW(__NR_renameat2, AT_FDCWD, "f", AT_FDCWD, "d", 64));
	ask("symlink, empty", RAW(__NR_symlink, "", "s"));
	ask("symlink", RAW(__NR_symlink, "f", "s"));
	ask("symlink, exists", RAW(__NR_symlink, "f", "s"));
	ask("readlink", RAW(__NR_readlink, "s", buffer, 100));
	ask("readlink, no room", RAW(__NR_readlink, "s", buffer, 0));
	ask("readlink, a folder", RAW(__NR_readlink, "d", buffer, 100));
	ask("chdir, none", RAW(__NR_chdir, "none"));
	ask("chdir, a file", RAW(__NR_chdir, "g/x"));
	ask("fchdir, bad", RAW(__NR_fchdir, 99));
	ask("getcwd", RAW(__NR_getcwd, buffer, 100));
	say("the folder", "%s", buffer);
	ask("getcwd, little room", RAW(__NR_getcwd, buffer, 5));
	ask("getcwd, bad", RAW(__NR_getcwd, BAD, 100));
	ask("chmod, none", RAW(__NR_chmod, "none", 0644));
	ask("chown, none", RAW(__NR_chown, "none", 0, 0));
	ask("access, mode 8", RAW(__NR_access, "g", 8));
	ask("access, none", RAW(__NR_access, "none", 0));
	ask("faccessat2, unknown flag", RAW(__NR_faccessat2, AT_FDCWD, "g", 0, 1));
	ask("stat, bad buffer", RAW(__NR_stat, "g", BAD));
	ask("newfstatat, unknown flag", RAW(__NR_newfstatat, AT_FDCWD, "g", &st, 1));
	ask("newfstatat, empty path", RAW(__NR_newfstatat, AT_FDCWD, "", &st, 0));
	ask("newfstatat, AT_EMPTY_PATH", RAW(__NR_newfstatat, AT_FDCWD, "", &st, AT_EMPTY_PATH));
	ask("statx, unknown flag", RAW(__NR_statx, AT_FDCWD, "g", 0x8000, 0x7ff, buffer));
	ask("utimensat, bad nanoseconds", RAW(__NR_utimensat, AT_FDCWD, "g", odd_times, 0));
	ask("mknod, a folder", RAW(__NR_mknod, "x", S_IFDIR | 0755, 0));
	ask("mknod, type 0 is a file", RAW(__NR_mknod, "x", 0644, 0));
	ask("statfs, none", RAW(__NR_statfs, "none", buffer));
	ask("umount, no mount point", RAW(__NR_umount2, "d", 0));
	ask("mount, unknown type", RAW(__NR_mount, "x", "d", "nosuchfs", 0, 0));
	ask("mount, no folder", RAW(__NR_mount, "x", "none", "tmpfs", 0, 0));
	ask("getxattr, none there", RAW(__NR_getxattr, "g", "user.x", buffer, 10));
	ask("umask", RAW(__NR_umask, 0777));
	ask("umask then", RAW(__NR_umask, 0));
}

static void modes(void)
{
	static const unsigned int types[] = { S_IFREG, S_IFIFO, S_IFCHR, S_IFDIR };
	struct stat st;

	for (int i = 0; i < 3; i++) {
		ask(text("mknod 0%o", types[i]),
		    RAW(__NR_mknod, text("n%d", i), types[i] | 0640, 0x103));
		stat(text("n%d", i), &st);
		say(text("stat of 0%o", types[i]),
		    "mode 0%o links %lu rdev 0x%lx size %ld block %ld", st.st_mode, st.st_nlink,
		    st.st_rdev, st.st_size, st.st_blksize);
	}
	mkdir("d", 01777);
	stat("d", &st);
	say("stat of a folder", "mode 0%o links %lu", st.st_mode, st.st_nlink);
	page_file("f", 5000);
	stat("f", &st);
	say("stat of a file", "mode 0%o size %ld blocks %ld", st.st_mode, st.st_size, st.st_blocks);
	chmod("f", 06755);
	write_file("f", "x", 1, 0644);
	stat("f", &st);
	say("root's writing keeps set-id bits", "0%o", st.st_mode);
	chown("f", 5, 6);
	stat("f", &st);
	say("chown drops them", "0%o %u %u", st.st_mode, st.st_uid, st.st_gid);
}

static void permissions(void)
{
	page_file("secret", 10);
	chmod("secret", 0600);
	mkdir("closed", 0700);
	mkdir("sticky", 01777);
	page_file("sticky/f", 1);
	chmod(".", 0777);
	RAW(__NR_setresgid, 77, 77, 77);
	RAW(__NR_setgroups, 0, 0);
	RAW(__NR_setresuid, 77, 77, 77);
	ask("open a file of root's", RAW(__NR_open, "secret", O_RDONLY));
	ask("open in a closed folder", RAW(__NR_open, "closed/x", O_RDONLY));
	ask("create in a closed folder", RAW(__NR_open, "closed/x", O_CREAT | O_WRONLY, 0644));
	ask("chdir into a closed folder", RAW(__NR_chdir, "closed"));
	ask("access to read", RAW(__NR_access, "secret", R_OK));
	ask("chmod", RAW(__NR_chmod, "secret", 0777));
	ask("chown", RAW(__NR_chown, "secret", 77, 77));
	ask("unlink in a sticky folder", RAW(__NR_unlink, "sticky/f"));
	ask("mknod of a device", RAW(__NR_mknod, "dev", S_IFCHR | 0644, 0x103));
	ask("mknod of a fifo", RAW(__NR_mknod, "fifo", S_IFIFO | 0644, 0));
	ask("utimensat of root's", RAW(__NR_utimensat, AT_FDCWD, "secret", 0, 0));
	ask("truncate of root's", RAW(__NR_truncate, "secret", 0));
	ask("link to root's", RAW(__NR_link, "secret", "mine"));
}

static const char *poll_of(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };
	long n = RAW(__NR_poll, &p, 1, 0);

	return text("%ld 0x%x", n, p.revents);
}

static void pipes(void)
{
	int fds[2], size;
	long n, total = 0;

	ask("pipe, bad", RAW(__NR_pipe, BAD));
	ask("pipe2, unknown flag", RAW(__NR_pipe2, fds, 1));
	ask("pipe2", RAW(__NR_pipe2, fds, O_NONBLOCK));
	say("poll, empty, to read", "%s", poll_of(fds[0], POLLIN));
	say("poll, empty, to write", "%s", poll_of(fds[1], POLLOUT));
	ask("read, empty", RAW(__NR_read, fds[0], buffer, 1));
	ask("write to the reading end", RAW(__NR_write, fds[0], buffer, 1));
	ask("lseek", RAW(__NR_lseek, fds[0], 0, 0));
	ask("pread", RAW(__NR_pread64, fds[0], buffer, 1, 0));
	ask("F_GETPIPE_SZ", RAW(__NR_fcntl, fds[0], F_GETPIPE_SZ));
	while ((n = RAW(__NR_write, fds[1], buffer, 4096)) > 0)
		total += n;
	say("bytes until full", "%ld, then %s", total, answer(n));
	say("poll, full, to write", "%s", poll_of(fds[1], POLLOUT));
	RAW(__NR_ioctl, fds[0], 0x541b, &size);
	say("FIONREAD", "%d", size);
	ask("read some", RAW(__NR_read, fds[0], buffer, 100));
	ask("write a page after that", RAW(__NR_write, fds[1], buffer, 4096));
	ask("read a page", RAW(__NR_read, fds[0], buffer, 4096));
	ask("write a page then", RAW(__NR_write, fds[1], buffer, 4096));
	close(fds[1]);
	say("poll, no writer, with data", "%s", poll_of(fds[0], POLLIN));
	while ((n = RAW(__NR_read, fds[0], buffer, sizeof(buffer))) > 0)
		;
	ask("read, no writer, empty", n);
	say("poll, no writer, empty", "%s", poll_of(fds[0], POLLIN));
	RAW(__NR_pipe2, fds, 0);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	ask("write, no reader", RAW(__NR_write, fds[1], buffer, 1));
	say("poll, no reader", "%s", poll_of(fds[1], POLLOUT));
	say("poll, bad descriptor", "%s", poll_of(99, POLLIN));
	say("poll, descriptor -1", "%s", poll_of(-1, POLLIN));
	say("poll, a file", "%s", poll_of(page_file("f", 1), POLLIN | POLLOUT));
	ask("poll, bad array", RAW(__NR_poll, BAD, 1, 0));
	ask("poll, too many", RAW(__NR_poll, buffer, 1 << 21, 0));
	ask("select, -1", RAW(__NR_select, -1, 0, 0, 0, 0));
	ask("select, bad set", RAW(__NR_select, 8, BAD, 0, 0, 0));
	memset(buffer, 0xff, 128);
	ask("select, descriptors not open", RAW(__NR_select, 64, buffer, 0, 0, 0));
}

ORACLE(GROUP(opening), GROUP(reading_and_writing), GROUP(names), GROUP(modes), GROUP(permissions),
       GROUP(pipes))
