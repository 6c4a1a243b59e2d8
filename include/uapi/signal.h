/*
 * uapi/signal.h - signals as programs see them: numbers, codes, the structures that cross the boundary
 *
 * Sources: signal(7), sigaction(2), System V AMD64 psABI; layouts are those of Linux x86-64.
 */
#ifndef UAPI_SIGNAL_H
#define UAPI_SIGNAL_H

#include <lib/types.h>

#define SIGHUP		1
#define SIGINT		2
#define SIGQUIT		3
#define SIGILL		4
#define SIGTRAP		5
#define SIGABRT		6
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGUSR1		10
#define SIGSEGV		11
#define SIGUSR2		12
#define SIGPIPE		13
#define SIGALRM		14
#define SIGTERM		15
#define SIGSTKFLT	16
#define SIGCHLD		17
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGXCPU		24
#define SIGXFSZ		25
#define SIGVTALRM	26
#define SIGPROF		27
#define SIGWINCH	28
#define SIGIO		29
#define SIGPWR		30
#define SIGSYS		31
#define SIGRTMIN	32
#define _NSIG		64

#define SIG_DFL		0UL
#define SIG_IGN		1UL

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

#define SA_NOCLDSTOP	0x00000001UL
#define SA_NOCLDWAIT	0x00000002UL
#define SA_SIGINFO	0x00000004UL
#define SA_RESTORER	0x04000000UL
#define SA_ONSTACK	0x08000000UL
#define SA_RESTART	0x10000000UL
#define SA_NODEFER	0x40000000UL
#define SA_RESETHAND	0x80000000UL

#define MINSIGSTKSZ	2048
#define SS_ONSTACK	1
#define SS_DISABLE	2
#define SS_AUTODISARM	(1U << 31)

/* si_code: who sent it.  <= 0: a program; SI_KERNEL and the small positive ones: the kernel. */
#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_TKILL	(-6)
#define ILL_ILLOPN	2
#define FPE_INTDIV	1
#define FPE_INTOVF	2
#define FPE_FLTDIV	3
#define FPE_FLTOVF	4
#define FPE_FLTUND	5
#define FPE_FLTRES	6
#define FPE_FLTINV	7
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define BUS_ADRALN	1
#define BUS_ADRERR	2
#define TRAP_BRKPT	1
#define TRAP_TRACE	2
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_DUMPED	3
#define CLD_STOPPED	5
#define CLD_CONTINUED	6

typedef u64 sigset_t;			/* bit n - 1: signal n */

typedef union sigval {
	int sival_int;
	u64 sival_ptr;
} sigval_t;

typedef struct siginfo {
	int si_signo, si_errno, si_code, __pad0;
	union {
		struct { pid_t pid; uid_t uid; sigval_t value; } rt;		/* kill, sigqueue */
		struct { pid_t pid; uid_t uid; int status, __pad; s64 utime, stime; } chld; /* clock ticks */
		struct { u64 addr; s16 addr_lsb; } fault;
		u64 words[14];
	};
} siginfo_t;
static_assert(sizeof(siginfo_t) == 128, "siginfo_t");

/* rt_sigaction's argument */
struct kernel_sigaction {
	u64 handler, flags, restorer;
	sigset_t mask;
};

typedef struct sigaltstack {
	u64 ss_sp;
	int ss_flags, __pad;
	u64 ss_size;
} stack_t;

/*
 * What a handler returns through: the interrupted registers (order: Linux's sigcontext), below them on the
 * stack the 512 bytes of FXSAVE that fpstate points at.
 */
struct sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2;
	u64 fpstate;
	u64 reserved[8];
};
static_assert(sizeof(struct sigcontext) == 256, "sigcontext");

#define UC_FP_XSTATE		 0x1UL		/* never set: no XSAVE area follows the FXSAVE image */
#define UC_SIGCONTEXT_SS	 0x2UL		/* ss is saved in the frame ... */
#define UC_STRICT_RESTORE_SS	 0x4UL		/* ... and restored from it */

struct ucontext {
	u64 uc_flags;
	u64 uc_link;
	stack_t uc_stack;
	struct sigcontext uc_mcontext;
	sigset_t uc_sigmask;
};

struct rt_sigframe {
	u64 pretcode;			/* return address: the restorer */
	struct ucontext uc;
	siginfo_t info;
};

#endif
