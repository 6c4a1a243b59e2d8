/*
 * tests/oracle/child/rights.c - who a program is when it begins: one line
 *
 * An ordinary program but for its start, which needs no more than crt0 does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

__asm__(".globl _start\n"
	"_start:\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rsp, %rdi\n"
	"	call __libc_start\n");

int main(int argc, char **argv)
{
	static const char *const keys[] = { "Uid",    "Gid",    "Groups", "CapInh",    "CapPrm",
					    "CapEff", "CapBnd", "CapAmb", "NoNewPrivs" };
	static char status[8192], line[1024];
	int fd = open("/proc/self/status", O_RDONLY), pdeath = 0;
	long n = read(fd, status, sizeof(status) - 1), len = 0;

	status[n > 0 ? n : 0] = 0;
	for (unsigned int i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char *p = strstr(status, keys[i]);

		p = p ? strchr(p, '\t') : NULL;
		if (!p)
			continue;
		len += snprintf(line + len, sizeof(line) - (size_t)len, "%s", keys[i]);
		for (; *p && *p != '\n'; p++)
			line[len++] = *p == '\t' ? ' ' : *p;
		line[len++] = ' ';
	}
	line[len] = 0;
	RAW(__NR_prctl, 2, &pdeath);
	printf("%sAT_SECURE %lu AT_UID %lu AT_EUID %lu AT_GID %lu AT_EGID %lu dumpable %ld ", line,
	       getauxval(AT_SECURE), getauxval(AT_UID), getauxval(AT_EUID), getauxval(AT_GID),
	       getauxval(AT_EGID), RAW(__NR_prctl, 3));
	printf("securebits 0x%lx keepcaps %ld pdeath %d personality 0x%lx ", RAW(__NR_prctl, 27),
	       RAW(__NR_prctl, 7), pdeath, RAW(__NR_personality, 0xffffffffU));
	status[0] = 0;
	RAW(__NR_prctl, 16, status);
	printf("comm %s execfn %s argc %d last %s\n", status, (char *)getauxval(AT_EXECFN), argc,
	       argc ? argv[argc - 1] : "");
	return 0;
}
