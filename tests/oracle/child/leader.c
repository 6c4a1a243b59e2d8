/*
 * tests/oracle/child/leader.c - exec'ed by a thread: exits with 40, 1 more if it is the leader of its process, 2 more
 * if it is the only thread
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <unistd.h>

__asm__(".globl _start\n"
	"_start:\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rsp, %rdi\n"
	"	call __libc_start\n");

int main(void)
{
	char line[512] = "";
	int fd = open("/proc/self/stat", O_RDONLY), nr = 0;
	ssize_t n = read(fd, line, sizeof(line) - 1);
	char *field = n > 0 ? strrchr(line, ')') : NULL;

	/* num_threads is the 20th field, the state behind the name the third. */
	for (int i = 2; field && i < 20; i++)
		field = strchr(field + 1, ' ');
	if (field)
		nr = field[1] == '1' && field[2] == ' ';
	return 40 + (RAW(__NR_gettid) == getpid()) + 2 * nr;
}
