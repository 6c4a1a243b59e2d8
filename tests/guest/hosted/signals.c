/*
 * tests/guest/hosted/signals.c - handlers, longjmp and timers through the library
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static const char *program = "hosted_signals";
static sigjmp_buf back;
static volatile sig_atomic_t seen;
static void *volatile fault_addr;

static void on_signal(int sig)
{
	seen = sig;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_addr = info->si_addr;
	siglongjmp(back, sig);
}

int main(void)
{
	struct sigaction act;
	volatile double before = 1.5;
	int status;
	pid_t pid;
	char *p;

	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	CHECK(seen == SIGUSR1);
	CHECK(before * 2 == 3.0);
	memset(&act, 0, sizeof(act));
	act.sa_sigaction = on_fault;
	act.sa_flags = SA_SIGINFO;
	CHECK(sigaction(SIGSEGV, &act, NULL) == 0);
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sigsetjmp(back, 1) == 0) {
		*(volatile char *)(p + 17) = 1;
		CHECK(!"the write went through");
	}
	CHECK(fault_addr == p + 17);
	signal(SIGALRM, on_signal);
	alarm(1);
	pause();
	CHECK(seen == SIGALRM);
	pid = fork();
	if (pid == 0)
		abort();
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	      WTERMSIG(status) == SIGABRT);
	return verdict(program);
}
