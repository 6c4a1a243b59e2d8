/*
 * libc/start.c - from the initial stack to main, and from main to the end
 *
 * Takes apart the stack that execve built (crt0.asm draws it), calls main, and ends the process by exit():
 * atexit functions in reverse order, then the streams are flushed, then exit_group.
 *
 * Not done: constructors (.init_array): nothing here is C++.
 *
 * Sources: System V AMD64 psABI "Process Initialization"; exit(3), atexit(3), getauxval(3).
 */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp);
_Noreturn void __libc_start(long *stack);

char **environ;

static const unsigned long *auxv;

#define ATEXIT_MAX 32
static void (*atexit_funcs[ATEXIT_MAX])(void);
static int nr_atexit;

/**
 * __libc_start - the C part of starting up
 * @stack: the stack pointer at entry, pointing at argc
 */
_Noreturn void __libc_start(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)&stack[1];
	char **end;

	environ = &argv[argc + 1];
	for (end = environ; *end; end++)
		;
	auxv = (const unsigned long *)(end + 1);
	exit(main(argc, argv, environ));
}

unsigned long getauxval(unsigned long type)
{
	for (const unsigned long *a = auxv; a[0] != AT_NULL; a += 2)
		if (a[0] == type)
			return a[1];
	errno = ENOENT;
	return 0;
}

int atexit(void (*func)(void))
{
	if (nr_atexit == ATEXIT_MAX)
		return -1;
	atexit_funcs[nr_atexit++] = func;
	return 0;
}

_Noreturn void _exit(int status)
{
	for (;;)
		SYS(__NR_exit_group, status);
}

_Noreturn void _Exit(int status)
{
	_exit(status);
}

_Noreturn void exit(int status)
{
	while (nr_atexit > 0)
		atexit_funcs[--nr_atexit]();
	fflush(NULL);
	_exit(status);
}

/* SIGABRT kills even if it is blocked, ignored, or its handler returns. */
_Noreturn void abort(void)
{
	sigset_t set;

	raise(SIGABRT);
	signal(SIGABRT, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGABRT);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGABRT);
	for (;;)
		_exit(127);
}

_Noreturn void __assert_fail(const char *expr, const char *file, int line, const char *func)
{
	fflush(stdout);
	dprintf(2, "%s:%d: %s: assertion failed: %s\n", file, line, func, expr);
	abort();
}
