/*
 * user/segv.c - every way to die of a bad access
 *
 * Each access below is made by a child, which the kernel ends by a signal; the parent reads from the
 * wait status which one.  The processor only reports what it noticed; which signal that becomes is
 * decided by looking at the mappings:
 *
 *     #PF, no mapping there, or not allowed   SIGSEGV
 *     #PF, mapping of a file past its end     SIGBUS: the address is fine, there is just nothing behind it
 *     #GP, not even an address                SIGSEGV
 *     #UD                                     SIGILL
 *     #DE                                     SIGFPE
 *     #BP                                     SIGTRAP
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/show.h"

static const char help[] =
	"segv: makes one bad access after the other, each in a child, and shows the signal that ended it\n"
	"and the reason.  The kernel may add a line of its own for each.\n";

typedef void (*bad_fn)(void);

static char data[16] = { (char)0xc3 }; /* ret: harmless code, were it allowed to run */
static const char rodata[16] = "constant";

static char peek(unsigned long addr)
{
	return *(volatile char *)addr;
}

static void poke(unsigned long addr)
{
	*(volatile char *)addr = 1;
}

static char *page_of(int prot)
{
	char *p = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	return p;
}

/* clang-format off */
static void read_null(void)      { peek(0); }
static void jump_null(void)      { ((bad_fn)0)(); }
static void write_rodata(void)   { poke((unsigned long)rodata); }
static void write_text(void)     { poke((unsigned long)write_rodata); }
static void exec_data(void)      { ((bad_fn)data)(); }
static void read_none(void)      { peek((unsigned long)page_of(PROT_NONE)); }
static void write_read(void)     { poke((unsigned long)page_of(PROT_READ)); }
static void read_kernel(void)    { peek(0xffffffff81000000); }
static void non_canonical(void)  { peek(0x0000900000000000); }
static void below_stack(void)    { char c; poke((unsigned long)&c - (64UL << 20)); }
static void undefined(void)      { __asm__ volatile("ud2"); }
static void privileged(void)     { __asm__ volatile("hlt"); }
static void breakpoint(void)     { __asm__ volatile("int3"); }
/* clang-format on */

static void after_munmap(void)
{
	char *p = page_of(PROT_READ | PROT_WRITE);

	*p = 1;
	munmap(p, PAGE);
	poke((unsigned long)p);
}

static void divide(void)
{
	int zero = 0;

	__asm__ volatile("xorl %%edx, %%edx; movl $1, %%eax; idivl %0"
			 :
			 : "r"(zero)
			 : "eax", "edx", "cc");
}

/* Two pages mapped of a file of five bytes: the first page reads as 5 bytes and zeros, the second has nothing. */
static void past_file(void)
{
	static const char path[] = "/tmp/segv-file";
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *p;

	if (fd < 0 || write(fd, "hello", 5) != 5)
		_exit(1);
	unlink(path);
	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED || p[4] != 'o' || p[5] != 0)
		_exit(1);
	peek((unsigned long)p + PAGE);
}

static const struct {
	const char *what;
	bad_fn make;
	const char *why;
} cases[] = {
	{ "read address 0", read_null, "nothing is mapped there: that is what makes NULL useful" },
	{ "call address 0", jump_null, "the same, for fetching an instruction" },
	{ "write to a constant", write_rodata, ".rodata is mapped r--" },
	{ "write to a function", write_text, ".text is mapped r-x" },
	{ "run bytes of data", exec_data, ".data is mapped rw-: the NX bit is set" },
	{ "read a PROT_NONE page", read_none, "mapped, but with no rights at all" },
	{ "write a PROT_READ page", write_read, "mapped r--" },
	{ "write after munmap", after_munmap, "it was mapped, it is not any more" },
	{ "write 64 MiB below the stack", below_stack, "further than the stack may grow" },
	{ "read the kernel", read_kernel, "mapped, but not for user mode" },
	{ "read a non-canonical address", non_canonical,
	  "bits 63:47 differ: #GP before any page table" },
	{ "read past the end of a file", past_file, "mapped, but the file has no such page" },
	{ "ud2", undefined, "an instruction that does not exist" },
	{ "hlt", privileged, "an instruction that only the kernel may use: #GP" },
	{ "divide by zero", divide, "integers have no infinity: #DE" },
	{ "int3", breakpoint, "what debuggers write over instructions" },
};

int main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };

	help_option(argc, argv, help);
	setrlimit(RLIMIT_CORE, &no_core);
	heading("bad accesses and what became of the process");
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = 0;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (pid == 0) {
			cases[i].make();
			_exit(0);
		}
		waitpid(pid, &status, 0);
		printf("%-30s %-8s %s\n", cases[i].what, status_text(status), cases[i].why);
	}
	return 0;
}
