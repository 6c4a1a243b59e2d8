/*
 * tests/oracle/lib/thread.c - threads by the bare system call
 *
 * The child comes back from the call on an empty stack, where its function and argument wait for it:
 *
 *     sp -> arg, fn                16 bytes below the end of the stack
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include "oracle.h"
#include "thread.h"

#define STACK_SIZE 65536UL

struct clone_args {
	unsigned long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static long enter(long nr, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	register unsigned long r10 __asm__("r10") = d;
	register unsigned long r8 __asm__("r8") = 0;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "pop %%rdi\n\t"
			 "pop %%rax\n\t"
			 "call *%%rax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov $60, %%eax\n\t" /* exit */
			 "syscall\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

static unsigned long *new_stack(struct thread *t, void (*fn)(void *arg), void *arg)
{
	unsigned long *sp;

	t->stack = map_pages(STACK_SIZE / PAGE, RW);
	sp = (unsigned long *)(t->stack + STACK_SIZE) - 2;
	sp[0] = (unsigned long)arg;
	sp[1] = (unsigned long)fn;
	return sp;
}

long thread_start(struct thread *t, unsigned long flags, void (*fn)(void *arg), void *arg)
{
	unsigned long tid = (unsigned long)&t->tid;

	return enter(__NR_clone, flags, (unsigned long)new_stack(t, fn, arg), tid, tid);
}

long thread_start3(struct thread *t, unsigned long flags, void (*fn)(void *arg), void *arg)
{
	unsigned long *sp = new_stack(t, fn, arg);
	struct clone_args args = {
		.flags = flags,
		.child_tid = (unsigned long)&t->tid,
		.parent_tid = (unsigned long)&t->tid,
		.stack = (unsigned long)t->stack,
		.stack_size = STACK_SIZE - 2 * sizeof(*sp),
	};

	return enter(435, (unsigned long)&args, sizeof(args), 0, 0);
}

void thread_join(struct thread *t)
{
	int tid;

	while ((tid = t->tid))
		RAW(__NR_futex, &t->tid, 0, tid, 0, 0, 0);
}

void word_wait(volatile int *word, int value)
{
	while (*word == value)
		RAW(__NR_futex, word, 128, value, 0, 0, 0);
}

void word_set(volatile int *word, int value)
{
	*word = value;
	RAW(__NR_futex, word, 1 | 128, 0x7fffffff, 0, 0, 0);
}

void await_state(int tid, char state)
{
	const char *path = text("/proc/%d/stat", tid);

	for (;;) {
		char line[256], *end;
		int fd = open(path, O_RDONLY);
		ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

		close(fd);
		if (n <= 0)
			give_up("await_state: no %s", path);
		line[n] = '\0';
		end = strrchr(line, ')');
		if (end && end[2] == state)
			return;
		RAW(__NR_sched_yield);
	}
}
