/*
 * include/kernel/syscalls_fs.h - the system calls of fs/
 *
 * Integer arguments that Linux declares int are int here: the upper half of the register is the caller's noise.
 * Pointers are user addresses, reached through uaccess only.
 */
#ifndef KERNEL_SYSCALLS_FS_H
#define KERNEL_SYSCALLS_FS_H

#include <lib/types.h>

struct iovec;
struct stat;
struct statx;
struct statfs;
struct pollfd;
struct __kernel_timespec;
struct __kernel_old_timeval;

/* read_write.c, splice.c */
long sys_read(unsigned int fd, char *buf, size_t len);
long sys_write(unsigned int fd, const char *buf, size_t len);
long sys_pread64(unsigned int fd, char *buf, size_t len, loff_t pos);
long sys_pwrite64(unsigned int fd, const char *buf, size_t len, loff_t pos);
long sys_readv(unsigned long fd, const struct iovec *vec, unsigned long nr);
long sys_writev(unsigned long fd, const struct iovec *vec, unsigned long nr);
long sys_preadv(unsigned long fd, const struct iovec *vec, unsigned long nr, unsigned long pos_l,
		unsigned long pos_h);
long sys_pwritev(unsigned long fd, const struct iovec *vec, unsigned long nr, unsigned long pos_l,
		 unsigned long pos_h);
long sys_preadv2(unsigned long fd, const struct iovec *vec, unsigned long nr, unsigned long pos_l,
		 unsigned long pos_h, int flags);
long sys_pwritev2(unsigned long fd, const struct iovec *vec, unsigned long nr, unsigned long pos_l,
		  unsigned long pos_h, int flags);
long sys_lseek(unsigned int fd, loff_t offset, unsigned int whence);
long sys_sendfile(int out_fd, int in_fd, loff_t *offset, size_t count);
long sys_copy_file_range(int fd_in, loff_t *off_in, int fd_out, loff_t *off_out, size_t len,
			 unsigned int flags);

/* open.c, attr.c */
long sys_open(const char *name, int flags, mode_t mode);
long sys_openat(int dfd, const char *name, int flags, mode_t mode);
long sys_creat(const char *name, mode_t mode);
long sys_access(const char *name, int mode);
long sys_faccessat(int dfd, const char *name, int mode);
long sys_faccessat2(int dfd, const char *name, int mode, int flags);
long sys_chdir(const char *name);
long sys_fchdir(unsigned int fd);
long sys_chroot(const char *name);
long sys_getcwd(char *buf, unsigned long size);
long sys_umask(int mask);
long sys_truncate(const char *name, long length);
long sys_ftruncate(unsigned int fd, long length);
long sys_fallocate(int fd, int mode, loff_t offset, loff_t len);
long sys_fadvise64(int fd, loff_t offset, loff_t len, int advice);
long sys_chmod(const char *name, mode_t mode);
long sys_fchmod(unsigned int fd, mode_t mode);
long sys_fchmodat(int dfd, const char *name, mode_t mode);
long sys_chown(const char *name, uid_t uid, gid_t gid);
long sys_lchown(const char *name, uid_t uid, gid_t gid);
long sys_fchown(unsigned int fd, uid_t uid, gid_t gid);
long sys_fchownat(int dfd, const char *name, uid_t uid, gid_t gid, int flags);
long sys_utimensat(int dfd, const char *name, const struct __kernel_timespec *times, int flags);
long sys_futimesat(int dfd, const char *name, const struct __kernel_old_timeval *times);
long sys_utimes(const char *name, const struct __kernel_old_timeval *times);
long sys_utime(const char *name, const s64 *times);
long sys_sync(void);
long sys_fsync(unsigned int fd);
long sys_fdatasync(unsigned int fd);
long sys_syncfs(int fd);

/* stat.c, readdir.c */
long sys_stat(const char *name, struct stat *st);
long sys_lstat(const char *name, struct stat *st);
long sys_fstat(unsigned int fd, struct stat *st);
long sys_newfstatat(int dfd, const char *name, struct stat *st, int flags);
long sys_statx(int dfd, const char *name, unsigned int flags, unsigned int mask, struct statx *stx);
long sys_statfs(const char *name, struct statfs *st);
long sys_fstatfs(unsigned int fd, struct statfs *st);
long sys_readlink(const char *name, char *buf, int size);
long sys_readlinkat(int dfd, const char *name, char *buf, int size);
long sys_getdents(unsigned int fd, void *dirents, unsigned int count);
long sys_getdents64(unsigned int fd, void *dirents, unsigned int count);

/* names.c */
long sys_mkdir(const char *name, mode_t mode);
long sys_mkdirat(int dfd, const char *name, mode_t mode);
long sys_mknod(const char *name, mode_t mode, unsigned int dev);
long sys_mknodat(int dfd, const char *name, mode_t mode, unsigned int dev);
long sys_rmdir(const char *name);
long sys_unlink(const char *name);
long sys_unlinkat(int dfd, const char *name, int flags);
long sys_symlink(const char *target, const char *name);
long sys_symlinkat(const char *target, int dfd, const char *name);
long sys_link(const char *old_name, const char *new_name);
long sys_linkat(int old_dfd, const char *old_name, int new_dfd, const char *new_name, int flags);
long sys_rename(const char *old_name, const char *new_name);
long sys_renameat(int old_dfd, const char *old_name, int new_dfd, const char *new_name);
long sys_renameat2(int old_dfd, const char *old_name, int new_dfd, const char *new_name,
		   unsigned int flags);

/* file.c, fcntl.c, locks.c */
long sys_close(unsigned int fd);
long sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
long sys_dup(unsigned int fd);
long sys_dup2(unsigned int old_fd, unsigned int new_fd);
long sys_dup3(unsigned int old_fd, unsigned int new_fd, int flags);
long sys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg);
long sys_ioctl(unsigned int fd, unsigned int cmd, unsigned long arg);
long sys_flock(unsigned int fd, unsigned int op);

/* pipe.c, select.c */
long sys_pipe(int *fds);
long sys_pipe2(int *fds, int flags);
long sys_poll(struct pollfd *fds, unsigned int nfds, int timeout_ms);
long sys_ppoll(struct pollfd *fds, unsigned int nfds, struct __kernel_timespec *timeout,
	       const u64 *sigmask, size_t sigsetsize);
long sys_select(int n, u64 *in, u64 *out, u64 *ex, struct __kernel_old_timeval *timeout);
long sys_pselect6(int n, u64 *in, u64 *out, u64 *ex, struct __kernel_timespec *timeout,
		  const u64 *sigmask);

/* mount.c, xattr.c */
long sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	       const void *data);
long sys_umount2(const char *name, int flags);
long sys_setxattr(const char *path, const char *name, const void *value, size_t size, int flags);
long sys_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);
long sys_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
long sys_getxattr(const char *path, const char *name, void *value, size_t size);
long sys_lgetxattr(const char *path, const char *name, void *value, size_t size);
long sys_fgetxattr(int fd, const char *name, void *value, size_t size);
long sys_listxattr(const char *path, char *list, size_t size);
long sys_llistxattr(const char *path, char *list, size_t size);
long sys_flistxattr(int fd, char *list, size_t size);
long sys_removexattr(const char *path, const char *name);
long sys_lremovexattr(const char *path, const char *name);
long sys_fremovexattr(int fd, const char *name);

#endif
