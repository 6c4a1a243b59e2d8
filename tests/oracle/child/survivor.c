/*
 * tests/oracle/child/survivor.c - what exec leaves of the program before: mask, ignored signals, descriptors; and
 * the address space it makes
 *
 * An ordinary program but for its start, which needs no more than crt0 does.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

__asm__(".globl _start\n"
	"_start:\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rsp, %rdi\n"
	"	call __libc_start\n");

int main(void)
{
	static char maps[4096];
	struct sigaction act;
	unsigned long mask = 0;
	int fd, nr = 0;
	long n;

	RAW(__NR_rt_sigprocmask, 0, 0, &mask, 8);
	printf("mask: 0x%lx\n", mask);
	for (int sig = 1; sig < 32; sig++)
		if (sigaction(sig, NULL, &act) == 0 && act.sa_handler != SIG_DFL)
			printf("signal %d: %s\n", sig,
			       act.sa_handler == SIG_IGN ? "ignored" : "handled");
	for (fd = 3; fd < 20; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("descriptor %d: open\n", fd);
	fflush(stdout);
	fd = open("/proc/self/maps", O_RDONLY);
	n = read(fd, maps, sizeof(maps) - 1);
	maps[n > 0 ? n : 0] = 0;
	/* Sizes depend on the compiler: rights and names do not. */
	for (char *line = maps, *end; (end = strchr(line, '\n')); line = end + 1) {
		char *perms = strchr(line, ' ') + 1, *name = strpbrk(line, "/[");

		*end = 0;
		perms[4] = 0;
		if (name && *name == '/')
			printf("mapping %d of the program: %s\n", ++nr, perms);
		else
			printf("mapping %s: %s\n", name ? name : "without a name", perms);
	}
	return 0;
}
