/*
 * kernel/strace.h - inside strace: what an argument is, and the text that a call becomes
 */
#ifndef KERNEL_STRACE_INTERNAL_H
#define KERNEL_STRACE_INTERNAL_H

#include <arch/ptregs.h>
#include <kernel/strace.h>

#define STRACE_LINE_MAX \
	420 /* bytes of text; with who says it, shorter than a record of the kernel log */
#define STRACE_ARGS_MAX 360 /* of it for the call; the result finds room behind */

/*
 * What an argument is.  From A_OUT_FIRST on it is memory that the call fills: shown when the call is over, and with
 * it all arguments behind.
 */
enum strace_arg {
	A_NONE,
	A_INT,
	A_UINT,
	A_LONG,
	A_SIZE,
	A_HEX,
	A_OCTAL,
	A_PTR,
	A_FD,
	A_DFD,  /* a descriptor, or AT_FDCWD */
	A_PATH, /* strings with a NUL; a path is shown longer */
	A_STR,
	A_BUF, /* bytes, as many as the next argument says */
	A_ARGV,
	A_ENVP,
	A_OFLAGS,
	A_OMODE,     /* only there with O_CREAT or O_TMPFILE */
	A_PIPEFLAGS, /* of those of open: no access mode */
	A_SIG,
	A_SIGSET,
	A_CLONE,
	A_FUTEX,
	A_FCNTL,
	A_FCNTL_ARG,
	A_TIMESPEC,
	/* names of values, from here on one table each: strace_names.c */
	A_TABLE_FIRST,
	A_PROT = A_TABLE_FIRST,
	A_MAPFLAGS,
	A_MREMAP,
	A_MADVISE,
	A_MSYNC,
	A_HOW,
	A_WAITOPT,
	A_IDTYPE,
	A_CLOCK,
	A_TIMERFLAGS,
	A_WHENCE,
	A_ATFLAGS,
	A_ATUNLINK,
	A_ATACCESS,
	A_ACCMODE,
	A_IOCTL,
	A_RLIMIT,
	A_PRCTL,
	A_ARCHPRCTL,
	A_MOUNTFLAGS,
	A_UMOUNTFLAGS,
	A_REBOOT,
	A_FLOCK,
	A_FADVISE,
	A_FALLOC,
	A_RENAME,
	A_RANDOM,
	A_CLOSERANGE,
	A_ITIMER,
	A_RUSAGE,
	A_PRIO,
	A_POLICY,
	A_OUT_FIRST,
	A_OUT_BUF = A_OUT_FIRST, /* bytes, as many as the result says */
	A_OUT_FDS,
	A_OUT_STATUS,
	A_OUT_SIGSET,
	A_OUT_TIMESPEC,
};

enum strace_ret {
	R_INT,
	R_HEX,
	R_OCTAL,
	R_NEVER
}; /* NEVER: the call does not come back with a result */

struct strace_desc {
	const char *name;
	u8 ret;
	u8 arg[6]; /* enum strace_arg, ended by A_NONE */
};

extern const struct strace_desc strace_table[]; /* by number; name NULL: unknown */

/* Names of values or bits.  A list ends with a NULL name. */
struct strace_name {
	unsigned long value;
	const char *name;
};

struct strace_names {
	const struct strace_name *list;
	bool flags; /* bits that are joined by |, else one value */
};

extern const struct strace_names strace_arg_names[A_OUT_FIRST - A_TABLE_FIRST];
extern const struct strace_name strace_open_flags[], strace_clone_flags[], strace_futex_ops[],
	strace_fcntl_cmds[];
const char *strace_errno_name(int err);             /* NULL: none */
const char *strace_signal_name(int sig);            /* NULL: none, or a real-time signal */
const char *strace_si_code_name(int sig, int code); /* NULL: none */

struct strace_call {
	const struct strace_desc *desc;
	unsigned long nr, arg[6];
	unsigned int next_arg; /* the first one that is not in the text yet */
	size_t len, limit;     /* of text */
	char text[STRACE_LINE_MAX];
};

/* strace_format_entry - what is known before the call: name and arguments up to the first that the call fills */
void strace_format_entry(struct strace_call *call, const struct pt_regs *regs);
/* strace_format_result - the rest; 0 ns: no time is told */
void strace_format_result(struct strace_call *call, long ret, u64 ns);
void strace_format_signal(struct strace_call *call, int sig, const siginfo_t *info);
void strace_format_exit(struct strace_call *call, int code);
bool strace_never_returns(const struct strace_call *call);
/* strace_may_rename - may this call give the task another name? */
bool strace_may_rename(const struct pt_regs *regs);

#endif
