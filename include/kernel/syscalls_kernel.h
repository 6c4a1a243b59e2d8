/*
 * include/kernel/syscalls_kernel.h - the system calls of kernel/
 *
 * Integer arguments that Linux declares int are int here: the upper half of the register is the caller's noise.
 * Pointers are user addresses, reached through uaccess only.
 */
#ifndef KERNEL_SYSCALLS_KERNEL_H
#define KERNEL_SYSCALLS_KERNEL_H

#include <lib/types.h>
#include <uapi/signal.h>
#include <uapi/time.h>

struct rusage;
struct rlimit;
struct new_utsname;
struct sysinfo;
struct sched_param;
struct clone_args;

/* sys_mm.c */
long sys_mmap(unsigned long addr, size_t len, unsigned long prot, unsigned long flags, int fd,
	      u64 offset);
long sys_munmap(unsigned long addr, size_t len);
long sys_mprotect(unsigned long start, size_t len, unsigned long prot);
long sys_brk(unsigned long brk);
long sys_mremap(unsigned long addr, size_t old_len, size_t new_len, unsigned long flags,
		unsigned long new_addr);
long sys_madvise(unsigned long start, size_t len, int advice);
long sys_mincore(unsigned long start, size_t len, u8 *vec);
long sys_msync(unsigned long start, size_t len, int flags);

/* sys_clone.c, exec.c, exit.c, wait4.c */
long sys_fork(void);
long sys_vfork(void);
long sys_clone(unsigned long flags, unsigned long stack, u32 *parent_tid, u32 *child_tid,
	       unsigned long tls);
long sys_clone3(const struct clone_args *uargs, size_t size);
long sys_set_tid_address(u32 *tidptr);
long sys_execve(const char *filename, const u64 *argv, const u64 *envp);
long sys_execveat(int dfd, const char *filename, const u64 *argv, const u64 *envp, int at_flags);
long sys_exit(int code) __attribute__((noreturn));
long sys_exit_group(int code) __attribute__((noreturn));
long sys_wait4(pid_t pid, int *status, int options, struct rusage *ru);
long sys_waitid(int which, pid_t pid, siginfo_t *info, int options, struct rusage *ru);

/* signal.c, signal_frame.c */
long sys_rt_sigaction(int sig, const struct kernel_sigaction *act, struct kernel_sigaction *old,
		      size_t size);
long sys_rt_sigprocmask(int how, const sigset_t *set, sigset_t *old, size_t size);
long sys_rt_sigpending(sigset_t *set, size_t size);
long sys_rt_sigsuspend(const sigset_t *set, size_t size);
long sys_rt_sigreturn(void);
long sys_rt_sigtimedwait(const sigset_t *set, siginfo_t *info,
			 const struct __kernel_timespec *timeout, size_t size);
long sys_rt_sigqueueinfo(pid_t pid, int sig, siginfo_t *info);
long sys_rt_tgsigqueueinfo(pid_t tgid, pid_t pid, int sig, siginfo_t *info);
long sys_sigaltstack(const stack_t *ss, stack_t *old);
long sys_kill(pid_t pid, int sig);
long sys_tkill(pid_t pid, int sig);
long sys_tgkill(pid_t tgid, pid_t pid, int sig);
long sys_pause(void);
long sys_restart_syscall(void);

/* clock.c, itimer.c, nanosleep.c */
long sys_time(s64 *t);
long sys_gettimeofday(struct __kernel_old_timeval *tv, struct __kernel_timezone *tz);
long sys_settimeofday(const struct __kernel_old_timeval *tv, const struct __kernel_timezone *tz);
long sys_clock_gettime(int clock, struct __kernel_timespec *ts);
long sys_clock_settime(int clock, const struct __kernel_timespec *ts);
long sys_clock_getres(int clock, struct __kernel_timespec *ts);
long sys_clock_nanosleep(int clock, int flags, const struct __kernel_timespec *want,
			 struct __kernel_timespec *left);
long sys_nanosleep(const struct __kernel_timespec *want, struct __kernel_timespec *left);
long sys_times(struct tms *buf);
long sys_getitimer(int which, struct __kernel_itimerval *value);
long sys_setitimer(int which, const struct __kernel_itimerval *value,
		   struct __kernel_itimerval *old);
long sys_alarm(unsigned int seconds);

/* futex.c */
long sys_futex(u32 *uaddr, int op, u32 val, unsigned long timeout_or_val2, u32 *uaddr2, u32 val3);
long sys_set_robust_list(void *head, size_t len);
long sys_get_robust_list(pid_t pid, u64 *head, size_t *len);

/* sys_sched.c */
long sys_sched_yield(void);
long sys_sched_getaffinity(pid_t pid, unsigned int len, unsigned long *mask);
long sys_sched_setaffinity(pid_t pid, unsigned int len, const unsigned long *mask);
long sys_sched_getparam(pid_t pid, struct sched_param *param);
long sys_sched_setparam(pid_t pid, const struct sched_param *param);
long sys_sched_getscheduler(pid_t pid);
long sys_sched_setscheduler(pid_t pid, int policy, const struct sched_param *param);
long sys_sched_get_priority_max(int policy);
long sys_sched_get_priority_min(int policy);
long sys_sched_rr_get_interval(pid_t pid, struct __kernel_timespec *interval);
long sys_getcpu(u32 *cpu, u32 *node, void *unused);
long sys_membarrier(int cmd, unsigned int flags, int cpu);

/* sys_id.c */
long sys_getuid(void);
long sys_geteuid(void);
long sys_getgid(void);
long sys_getegid(void);
long sys_setuid(uid_t uid);
long sys_setgid(gid_t gid);
long sys_setreuid(uid_t ruid, uid_t euid);
long sys_setregid(gid_t rgid, gid_t egid);
long sys_setresuid(uid_t ruid, uid_t euid, uid_t suid);
long sys_setresgid(gid_t rgid, gid_t egid, gid_t sgid);
long sys_getresuid(uid_t *ruid, uid_t *euid, uid_t *suid);
long sys_getresgid(gid_t *rgid, gid_t *egid, gid_t *sgid);
long sys_setfsuid(uid_t uid);
long sys_setfsgid(gid_t gid);
long sys_getgroups(int size, gid_t *list);
long sys_setgroups(int size, const gid_t *list);
long sys_capget(void *header, void *data);
long sys_capset(void *header, const void *data);
long sys_getpid(void);
long sys_gettid(void);
long sys_getppid(void);
long sys_setpgid(pid_t pid, pid_t pgid);
long sys_getpgid(pid_t pid);
long sys_getpgrp(void);
long sys_setsid(void);
long sys_getsid(pid_t pid);

/* drivers/tty.c */
long sys_vhangup(void);

/* uts.c */
long sys_uname(struct new_utsname *name);
long sys_sethostname(const char *name, int len);
long sys_setdomainname(const char *name, int len);

/* sys_resource.c */
long sys_getrusage(int who, struct rusage *ru);
long sys_getrlimit(unsigned int which, struct rlimit *rlim);
long sys_setrlimit(unsigned int which, const struct rlimit *rlim);
long sys_prlimit64(pid_t pid, unsigned int which, const struct rlimit *new_limit,
		   struct rlimit *old_limit);
long sys_getpriority(int which, int who);
long sys_setpriority(int which, int who, int nice);
long sys_ioprio_get(int which, int who);
long sys_ioprio_set(int which, int who, int ioprio);

/* sys_misc.c */
long sys_sysinfo(struct sysinfo *info);
long sys_prctl(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5);
long sys_arch_prctl(int option, unsigned long addr);
long sys_personality(unsigned int persona);
long sys_getrandom(void *buf, size_t len, unsigned int flags);
long sys_reboot(int magic1, int magic2, unsigned int cmd, void *arg);
long sys_syslog(int type, char *buf, int len);

#endif
