/*
 * kernel/strace_names.c - names of numbers: errors, signals, flags
 *
 * Every table is made of the constants that the kernel itself is compiled with, by their names, so that a name cannot
 * disagree with its value.  A list of flags is searched in its order: where one flag contains the bits of another
 * (O_SYNC and O_DSYNC, MAP_SHARED_VALIDATE and MAP_PRIVATE) the larger stands first.  An entry with value 0 names the
 * lack of all.
 */
#include <kernel/wait.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/futex.h>
#include <uapi/ioctl.h>
#include <uapi/mman.h>
#include <uapi/mount.h>
#include <uapi/prctl.h>
#include <uapi/random.h>
#include <uapi/reboot.h>
#include <uapi/resource.h>
#include <uapi/sched.h>
#include <uapi/termios.h>
#include <uapi/wait.h>
#include "strace.h"

/* clang-format off */
#define N(constant) { (unsigned long)(constant), #constant }
#define END { 0, NULL }

#define E(constant) [constant] = #constant
static const char *const errno_names[] = {
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC),
	E(EBADF), E(ECHILD), E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY),
	E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE), E(EMFILE),
	E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE),
	E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY),
	E(ELOOP), E(ENOMSG), E(EIDRM), E(ECHRNG), E(EL2NSYNC), E(EL3HLT), E(EL3RST), E(ELNRNG),
	E(EUNATCH), E(ENOCSI), E(EL2HLT), E(EBADE), E(EBADR), E(EXFULL), E(ENOANO), E(EBADRQC),
	E(EBADSLT), E(EBFONT), E(ENOSTR), E(ENODATA), E(ETIME), E(ENOSR), E(ENONET), E(ENOPKG),
	E(EREMOTE), E(ENOLINK), E(EADV), E(ESRMNT), E(ECOMM), E(EPROTO), E(EMULTIHOP),
	E(EDOTDOT), E(EBADMSG), E(EOVERFLOW), E(ENOTUNIQ), E(EBADFD), E(EREMCHG), E(ELIBACC),
	E(ELIBBAD), E(ELIBSCN), E(ELIBMAX), E(ELIBEXEC), E(EILSEQ), E(ERESTART), E(ESTRPIPE),
	E(EUSERS), E(ENOTSOCK), E(EDESTADDRREQ), E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT),
	E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP), E(EPFNOSUPPORT),
	E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETDOWN), E(ENETUNREACH),
	E(ENETRESET), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN),
	E(ESHUTDOWN), E(ETOOMANYREFS), E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTDOWN),
	E(EHOSTUNREACH), E(EALREADY), E(EINPROGRESS), E(ESTALE), E(EUCLEAN), E(ENOTNAM),
	E(ENAVAIL), E(EISNAM), E(EREMOTEIO), E(EDQUOT), E(ENOMEDIUM), E(EMEDIUMTYPE),
	E(ECANCELED), E(ENOKEY), E(EKEYEXPIRED), E(EKEYREVOKED), E(EKEYREJECTED),
	E(EOWNERDEAD), E(ENOTRECOVERABLE), E(ERFKILL), E(EHWPOISON),
	E(ERESTARTSYS), E(ERESTARTNOINTR), E(ERESTARTNOHAND), E(ERESTART_RESTARTBLOCK),
};

#define S(constant) [constant] = #constant
static const char *const signal_names[] = {
	S(SIGHUP), S(SIGINT), S(SIGQUIT), S(SIGILL), S(SIGTRAP), S(SIGABRT), S(SIGBUS),
	S(SIGFPE), S(SIGKILL), S(SIGUSR1), S(SIGSEGV), S(SIGUSR2), S(SIGPIPE), S(SIGALRM),
	S(SIGTERM), S(SIGSTKFLT), S(SIGCHLD), S(SIGCONT), S(SIGSTOP), S(SIGTSTP), S(SIGTTIN),
	S(SIGTTOU), S(SIGURG), S(SIGXCPU), S(SIGXFSZ), S(SIGVTALRM), S(SIGPROF), S(SIGWINCH),
	S(SIGIO), S(SIGPWR), S(SIGSYS),
};

static const struct strace_name si_codes[] = {
	{ (u32)SI_USER, "SI_USER" }, { (u32)SI_KERNEL, "SI_KERNEL" }, { (u32)SI_QUEUE, "SI_QUEUE" },
	{ (u32)SI_TIMER, "SI_TIMER" }, { (u32)SI_TKILL, "SI_TKILL" }, END
};
static const struct strace_name segv_codes[] = { N(SEGV_MAPERR), N(SEGV_ACCERR), END };
static const struct strace_name bus_codes[] = { N(BUS_ADRALN), N(BUS_ADRERR), END };
static const struct strace_name ill_codes[] = { N(ILL_ILLOPN), END };
static const struct strace_name trap_codes[] = { N(TRAP_BRKPT), N(TRAP_TRACE), END };
static const struct strace_name fpe_codes[] = {
	N(FPE_INTDIV), N(FPE_INTOVF), N(FPE_FLTDIV), N(FPE_FLTOVF), N(FPE_FLTUND), N(FPE_FLTRES), N(FPE_FLTINV), END
};
static const struct strace_name cld_codes[] = {
	N(CLD_EXITED), N(CLD_KILLED), N(CLD_DUMPED), N(CLD_STOPPED), N(CLD_CONTINUED), END
};

const struct strace_name strace_open_flags[] = {
	N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC), N(O_APPEND), N(O_NONBLOCK), N(O_SYNC), N(O_DSYNC), N(O_ASYNC),
	N(O_DIRECT), N(O_LARGEFILE), N(O_TMPFILE), N(O_DIRECTORY), N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH),
	END
};

const struct strace_name strace_clone_flags[] = {
	N(CLONE_VM), N(CLONE_FS), N(CLONE_FILES), N(CLONE_SIGHAND), N(CLONE_PIDFD), N(CLONE_PTRACE), N(CLONE_VFORK),
	N(CLONE_PARENT), N(CLONE_THREAD), N(CLONE_NEWNS), N(CLONE_SYSVSEM), N(CLONE_SETTLS), N(CLONE_PARENT_SETTID),
	N(CLONE_CHILD_CLEARTID), N(CLONE_DETACHED), N(CLONE_UNTRACED), N(CLONE_CHILD_SETTID), END
};

const struct strace_name strace_futex_ops[] = {
	N(FUTEX_WAIT), N(FUTEX_WAKE), N(FUTEX_REQUEUE), N(FUTEX_CMP_REQUEUE), N(FUTEX_WAKE_OP), N(FUTEX_WAIT_BITSET),
	N(FUTEX_WAKE_BITSET), END
};

const struct strace_name strace_fcntl_cmds[] = {
	N(F_DUPFD), N(F_GETFD), N(F_SETFD), N(F_GETFL), N(F_SETFL), N(F_GETLK), N(F_SETLK), N(F_SETLKW), N(F_SETOWN),
	N(F_GETOWN), N(F_SETSIG), N(F_GETSIG), N(F_SETOWN_EX), N(F_GETOWN_EX), N(F_OFD_GETLK), N(F_OFD_SETLK),
	N(F_OFD_SETLKW), N(F_SETLEASE), N(F_GETLEASE), N(F_NOTIFY), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ),
	N(F_GETPIPE_SZ), N(F_ADD_SEALS), N(F_GET_SEALS), END
};

static const struct strace_name prot[] = {
	N(PROT_NONE), N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(PROT_SEM), N(PROT_GROWSDOWN), N(PROT_GROWSUP), END
};
static const struct strace_name map_flags[] = {
	N(MAP_SHARED_VALIDATE), N(MAP_SHARED), N(MAP_PRIVATE), N(MAP_FIXED), N(MAP_ANONYMOUS), N(MAP_32BIT),
	N(MAP_GROWSDOWN), N(MAP_DENYWRITE), N(MAP_EXECUTABLE), N(MAP_LOCKED), N(MAP_NORESERVE), N(MAP_POPULATE),
	N(MAP_NONBLOCK), N(MAP_STACK), N(MAP_HUGETLB), N(MAP_SYNC), N(MAP_FIXED_NOREPLACE), END
};
static const struct strace_name mremap_flags[] = { N(MREMAP_MAYMOVE), N(MREMAP_FIXED), N(MREMAP_DONTUNMAP), END };
static const struct strace_name advice[] = {
	N(MADV_NORMAL), N(MADV_RANDOM), N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED), N(MADV_FREE),
	N(MADV_REMOVE), N(MADV_DONTFORK), N(MADV_DOFORK), N(MADV_MERGEABLE), N(MADV_UNMERGEABLE), N(MADV_HUGEPAGE),
	N(MADV_NOHUGEPAGE), N(MADV_DONTDUMP), N(MADV_DODUMP), N(MADV_WIPEONFORK), N(MADV_KEEPONFORK), N(MADV_COLD),
	N(MADV_PAGEOUT), N(MADV_POPULATE_READ), N(MADV_POPULATE_WRITE), N(MADV_DONTNEED_LOCKED), N(MADV_COLLAPSE),
	N(MADV_HWPOISON), N(MADV_SOFT_OFFLINE), END
};
static const struct strace_name msync_flags[] = { N(MS_ASYNC), N(MS_INVALIDATE), N(MS_SYNC), END };
static const struct strace_name how[] = { N(SIG_BLOCK), N(SIG_UNBLOCK), N(SIG_SETMASK), END };
static const struct strace_name wait_options[] = {
	N(WNOHANG), N(WUNTRACED), N(WEXITED), N(WCONTINUED), N(WNOWAIT), N(__WNOTHREAD), N(__WALL), N(__WCLONE), END
};
static const struct strace_name id_types[] = { N(P_ALL), N(P_PID), N(P_PGID), N(P_PIDFD), END };
static const struct strace_name clocks[] = {
	N(CLOCK_REALTIME), N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID), N(CLOCK_THREAD_CPUTIME_ID),
	N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE), N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME), END
};
static const struct strace_name timer_flags[] = { N(TIMER_ABSTIME), END };
static const struct strace_name whence[] = { N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE), END };
/* 0x200 is AT_REMOVEDIR to unlinkat and AT_EACCESS to faccessat2. */
#define AT_COMMON \
	N(AT_SYMLINK_NOFOLLOW), N(AT_SYMLINK_FOLLOW), N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH), \
	N(AT_STATX_FORCE_SYNC), N(AT_STATX_DONT_SYNC)
static const struct strace_name at_flags[] = { AT_COMMON, END };
static const struct strace_name at_unlink[] = { N(AT_REMOVEDIR), AT_COMMON, END };
static const struct strace_name at_access[] = { N(AT_EACCESS), AT_COMMON, END };
static const struct strace_name access_modes[] = { N(F_OK), N(R_OK), N(W_OK), N(X_OK), END };
static const struct strace_name ioctls[] = {
	N(TCGETS), N(TCSETS), N(TCSETSW), N(TCSETSF), N(TCSBRK), N(TCXONC), N(TCFLSH), N(TIOCEXCL), N(TIOCNXCL),
	N(TIOCSCTTY), N(TIOCGPGRP), N(TIOCSPGRP), N(TIOCOUTQ), N(TIOCSTI), N(TIOCGWINSZ), N(TIOCSWINSZ), N(TIOCINQ),
	N(TIOCCONS), N(TIOCGSERIAL), N(TIOCNOTTY), N(TIOCGSID), N(TCSBRKP), N(FIONBIO), N(FIONCLEX), N(FIOCLEX),
	N(FIOASYNC), N(FIOQSIZE), END
};
static const struct strace_name rlimits[] = {
	N(RLIMIT_CPU), N(RLIMIT_FSIZE), N(RLIMIT_DATA), N(RLIMIT_STACK), N(RLIMIT_CORE), N(RLIMIT_RSS), N(RLIMIT_NPROC),
	N(RLIMIT_NOFILE), N(RLIMIT_MEMLOCK), N(RLIMIT_AS), N(RLIMIT_LOCKS), N(RLIMIT_SIGPENDING), N(RLIMIT_MSGQUEUE),
	N(RLIMIT_NICE), N(RLIMIT_RTPRIO), N(RLIMIT_RTTIME), END
};
static const struct strace_name prctls[] = {
	N(PR_SET_PDEATHSIG), N(PR_GET_PDEATHSIG), N(PR_GET_DUMPABLE), N(PR_SET_DUMPABLE), N(PR_GET_KEEPCAPS),
	N(PR_SET_KEEPCAPS), N(PR_SET_NAME), N(PR_GET_NAME), N(PR_CAPBSET_READ), N(PR_CAPBSET_DROP),
	N(PR_SET_NO_NEW_PRIVS), N(PR_GET_NO_NEW_PRIVS), N(PR_GET_TID_ADDRESS), END
};
static const struct strace_name arch_prctls[] = {
	N(ARCH_SET_GS), N(ARCH_SET_FS), N(ARCH_GET_FS), N(ARCH_GET_GS), END
};
static const struct strace_name mount_flags[] = {
	N(MS_RDONLY), N(MS_NOSUID), N(MS_NODEV), N(MS_NOEXEC), N(MS_SYNCHRONOUS), N(MS_REMOUNT), N(MS_MANDLOCK),
	N(MS_DIRSYNC), N(MS_NOSYMFOLLOW), N(MS_NOATIME), N(MS_NODIRATIME), N(MS_BIND), N(MS_MOVE), N(MS_REC),
	N(MS_SILENT), N(MS_UNBINDABLE), N(MS_PRIVATE), N(MS_SLAVE), N(MS_SHARED), N(MS_RELATIME), N(MS_STRICTATIME),
	N(MS_LAZYTIME), END
};
static const struct strace_name umount_flags[] = {
	N(MNT_FORCE), N(MNT_DETACH), N(MNT_EXPIRE), N(UMOUNT_NOFOLLOW), END
};
static const struct strace_name reboot_cmds[] = {
	N(LINUX_REBOOT_CMD_RESTART), N(LINUX_REBOOT_CMD_HALT), N(LINUX_REBOOT_CMD_CAD_ON), N(LINUX_REBOOT_CMD_CAD_OFF),
	N(LINUX_REBOOT_CMD_POWER_OFF), N(LINUX_REBOOT_CMD_RESTART2), END
};
static const struct strace_name flock_ops[] = { N(LOCK_SH), N(LOCK_EX), N(LOCK_NB), N(LOCK_UN), END };
static const struct strace_name fadvice[] = {
	N(POSIX_FADV_NORMAL), N(POSIX_FADV_RANDOM), N(POSIX_FADV_SEQUENTIAL), N(POSIX_FADV_WILLNEED),
	N(POSIX_FADV_DONTNEED), N(POSIX_FADV_NOREUSE), END
};
static const struct strace_name falloc_modes[] = { N(FALLOC_FL_KEEP_SIZE), N(FALLOC_FL_PUNCH_HOLE), END };
static const struct strace_name rename_flags[] = { N(RENAME_NOREPLACE), N(RENAME_EXCHANGE), N(RENAME_WHITEOUT), END };
static const struct strace_name random_flags[] = { N(GRND_NONBLOCK), N(GRND_RANDOM), N(GRND_INSECURE), END };
static const struct strace_name close_range_flags[] = { N(CLOSE_RANGE_UNSHARE), N(CLOSE_RANGE_CLOEXEC), END };
static const struct strace_name itimers[] = { N(ITIMER_REAL), N(ITIMER_VIRTUAL), N(ITIMER_PROF), END };
static const struct strace_name rusages[] = {
	N(RUSAGE_SELF), { (u32)RUSAGE_CHILDREN, "RUSAGE_CHILDREN" }, N(RUSAGE_THREAD), END
};
static const struct strace_name prios[] = { N(PRIO_PROCESS), N(PRIO_PGRP), N(PRIO_USER), END };
static const struct strace_name policies[] = {
	N(SCHED_NORMAL), N(SCHED_FIFO), N(SCHED_RR), N(SCHED_BATCH), N(SCHED_IDLE), END
};

#define FLAGS(kind, names) [kind - A_TABLE_FIRST] = { names, true }
#define VALUE(kind, names) [kind - A_TABLE_FIRST] = { names, false }

const struct strace_names strace_arg_names[A_OUT_FIRST - A_TABLE_FIRST] = {
	FLAGS(A_PROT, prot), FLAGS(A_MAPFLAGS, map_flags), FLAGS(A_MREMAP, mremap_flags), VALUE(A_MADVISE, advice),
	FLAGS(A_MSYNC, msync_flags), VALUE(A_HOW, how), FLAGS(A_WAITOPT, wait_options), VALUE(A_IDTYPE, id_types),
	VALUE(A_CLOCK, clocks), FLAGS(A_TIMERFLAGS, timer_flags), VALUE(A_WHENCE, whence), FLAGS(A_ATFLAGS, at_flags),
	FLAGS(A_ATUNLINK, at_unlink), FLAGS(A_ATACCESS, at_access), FLAGS(A_ACCMODE, access_modes),
	VALUE(A_IOCTL, ioctls), VALUE(A_RLIMIT, rlimits), VALUE(A_PRCTL, prctls), VALUE(A_ARCHPRCTL, arch_prctls),
	FLAGS(A_MOUNTFLAGS, mount_flags), FLAGS(A_UMOUNTFLAGS, umount_flags), VALUE(A_REBOOT, reboot_cmds),
	FLAGS(A_FLOCK, flock_ops), VALUE(A_FADVISE, fadvice), FLAGS(A_FALLOC, falloc_modes),
	FLAGS(A_RENAME, rename_flags), FLAGS(A_RANDOM, random_flags), FLAGS(A_CLOSERANGE, close_range_flags),
	VALUE(A_ITIMER, itimers), VALUE(A_RUSAGE, rusages), VALUE(A_PRIO, prios), VALUE(A_POLICY, policies),
};
/* clang-format on */

const char *strace_errno_name(int err)
{
	return err > 0 && err < (int)ARRAY_SIZE(errno_names) ? errno_names[err] : NULL;
}

const char *strace_signal_name(int sig)
{
	return sig > 0 && sig < (int)ARRAY_SIZE(signal_names) ? signal_names[sig] : NULL;
}

static const struct strace_name *codes_of(int sig)
{
	switch (sig) {
	case SIGSEGV:
		return segv_codes;
	case SIGBUS:
		return bus_codes;
	case SIGFPE:
		return fpe_codes;
	case SIGILL:
		return ill_codes;
	case SIGTRAP:
		return trap_codes;
	case SIGCHLD:
		return cld_codes;
	default:
		return si_codes;
	}
}

const char *strace_si_code_name(int sig, int code)
{
	const struct strace_name *n = code > 0 && code != SI_KERNEL ? codes_of(sig) : si_codes;

	for (; n->name; n++) {
		if (n->value == (u32)code)
			return n->name;
	}
	return NULL;
}
