/*
 * libc/signal.c - signals
 *
 * x86-64's kernel does not put code on the stack to end a handler: every action names a restorer, whose
 * only work is rt_sigreturn (syscall.asm).  The kernel's mask has 64 bits, and calls say its size, 8.
 *
 * Sources: sigaction(2), sigprocmask(2), sigreturn(2), signal(7).
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MASK_SIZE sizeof(sigset_t)

void __sigreturn(void);

int sigaction(int sig, const struct sigaction *restrict act, struct sigaction *restrict old)
{
	struct sigaction with_restorer;

	if (act) {
		with_restorer = *act;
		with_restorer.sa_flags |= SA_RESTORER;
		with_restorer.sa_restorer = __sigreturn;
		act = &with_restorer;
	}
	return (int)SYS(__NR_rt_sigaction, sig, act, old, MASK_SIZE);
}

/* BSD's meaning, as everywhere today: the handler stays, interrupted calls are restarted. */
void (*signal(int sig, void (*handler)(int)))(int)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	return sigaction(sig, &act, &old) < 0 ? SIG_ERR : old.sa_handler;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	return (int)SYS(__NR_rt_sigprocmask, how, set, old, MASK_SIZE);
}

int sigpending(sigset_t *set)
{
	return (int)SYS(__NR_rt_sigpending, set, MASK_SIZE);
}

int sigsuspend(const sigset_t *mask)
{
	return (int)SYS(__NR_rt_sigsuspend, mask, MASK_SIZE);
}

int sigaltstack(const stack_t *restrict ss, stack_t *restrict old)
{
	return (int)SYS(__NR_sigaltstack, ss, old);
}

int kill(pid_t pid, int sig)
{
	return (int)SYS(__NR_kill, pid, sig);
}

int raise(int sig)
{
	return (int)SYS(__NR_tgkill, getpid(), gettid(), sig);
}

static int check(int sig)
{
	if (sig > 0 && sig < NSIG)
		return 0;
	errno = EINVAL;
	return -1;
}

int sigemptyset(sigset_t *set)
{
	set->__bits = 0;
	return 0;
}

int sigfillset(sigset_t *set)
{
	set->__bits = ~0UL;
	return 0;
}

int sigaddset(sigset_t *set, int sig)
{
	if (check(sig) < 0)
		return -1;
	set->__bits |= 1UL << (sig - 1);
	return 0;
}

int sigdelset(sigset_t *set, int sig)
{
	if (check(sig) < 0)
		return -1;
	set->__bits &= ~(1UL << (sig - 1));
	return 0;
}

int sigismember(const sigset_t *set, int sig)
{
	return check(sig) < 0 ? -1 : (int)(set->__bits >> (sig - 1) & 1);
}

void __sigjmp_save(sigjmp_buf env, int save_mask)
{
	sigset_t now;

	env->mask_saved = save_mask;
	if (save_mask && sigprocmask(SIG_BLOCK, NULL, &now) == 0)
		env->mask = now.__bits;
}

_Noreturn void siglongjmp(sigjmp_buf env, int value)
{
	if (env->mask_saved)
		sigprocmask(SIG_SETMASK, &(sigset_t){ env->mask }, NULL);
	longjmp(env->jb, value);
}
