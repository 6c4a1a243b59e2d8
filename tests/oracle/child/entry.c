/*
 * tests/oracle/child/entry.c - what a program sees in its first instruction
 *
 * Instead of crt0 a _start that saves the registers before anything else has run; main prints them and the initial
 * stack.  Addresses of the stack are real ones: without randomisation they must be equal.  Addresses of this
 * program's own text are shown as the name of what lies there.
 *
 * Sources: System V AMD64 psABI "Process Initialization"; getauxval(3).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_REGS 18

unsigned long entry_regs[NR_REGS];
unsigned short entry_segments[6];
_Alignas(16) unsigned char entry_fx[512];

extern char _start[], __ehdr_start[];

__asm__(".globl _start\n"
	"_start:\n"
	"	movq %rax, entry_regs + 0\n"
	"	movq %rbx, entry_regs + 8\n"
	"	movq %rcx, entry_regs + 16\n"
	"	movq %rdx, entry_regs + 24\n"
	"	movq %rsi, entry_regs + 32\n"
	"	movq %rdi, entry_regs + 40\n"
	"	movq %rbp, entry_regs + 48\n"
	"	movq %rsp, entry_regs + 56\n"
	"	movq %r8, entry_regs + 64\n"
	"	movq %r9, entry_regs + 72\n"
	"	movq %r10, entry_regs + 80\n"
	"	movq %r11, entry_regs + 88\n"
	"	movq %r12, entry_regs + 96\n"
	"	movq %r13, entry_regs + 104\n"
	"	movq %r14, entry_regs + 112\n"
	"	movq %r15, entry_regs + 120\n"
	"	movw %cs, entry_segments + 0\n"
	"	movw %ss, entry_segments + 2\n"
	"	movw %ds, entry_segments + 4\n"
	"	movw %es, entry_segments + 6\n"
	"	movw %fs, entry_segments + 8\n"
	"	movw %gs, entry_segments + 10\n"
	"	fxsave entry_fx\n"
	"	pushfq\n"
	"	popq entry_regs + 128\n"
	"	movq %rsp, %rdi\n"
	"	call __libc_start\n");

static const char *aux_name(unsigned long type)
{
	static const char *const names[] = {
		[AT_PHDR] = "PHDR",
		[AT_PHENT] = "PHENT",
		[AT_PHNUM] = "PHNUM",
		[AT_PAGESZ] = "PAGESZ",
		[AT_BASE] = "BASE",
		[AT_FLAGS] = "FLAGS",
		[AT_ENTRY] = "ENTRY",
		[AT_UID] = "UID",
		[AT_EUID] = "EUID",
		[AT_GID] = "GID",
		[AT_EGID] = "EGID",
		[AT_PLATFORM] = "PLATFORM",
		[AT_HWCAP] = "HWCAP",
		[AT_CLKTCK] = "CLKTCK",
		[AT_SECURE] = "SECURE",
		[AT_RANDOM] = "RANDOM",
		[AT_HWCAP2] = "HWCAP2",
		[AT_EXECFN] = "EXECFN",
		[AT_SYSINFO_EHDR] = "SYSINFO_EHDR",
		[51] = "MINSIGSTKSZ",
	};

	return type < sizeof(names) / sizeof(names[0]) && names[type] ? names[type] : "unknown";
}

static void print_registers(void)
{
	static const char *const names[] = { "rax", "rbx", "rcx", "rdx", "rsi",   "rdi",
					     "rbp", NULL,  "r8",  "r9",  "r10",   "r11",
					     "r12", "r13", "r14", "r15", "rflags" };
	static const char *const segments[] = { "cs", "ss", "ds", "es", "fs", "gs" };
	unsigned long base = 1;

	for (int i = 0; i < 17; i++)
		if (names[i])
			dprintf(1, "entry, %s: 0x%lx\n", names[i], entry_regs[i]);
	dprintf(1, "entry, rsp modulo 16: %lu\n", entry_regs[7] % 16);
	for (int i = 0; i < 6; i++)
		dprintf(1, "entry, %s: 0x%x\n", segments[i], entry_segments[i]);
	RAW(__NR_arch_prctl, 0x1003, &base);
	dprintf(1, "entry, FS base: 0x%lx\n", base);
	RAW(__NR_arch_prctl, 0x1004, &base);
	dprintf(1, "entry, GS base: 0x%lx\n", base);
	dprintf(1, "entry, x87 control: 0x%x\n", *(unsigned short *)entry_fx);
	dprintf(1, "entry, x87 status and tags: 0x%x 0x%x\n", *(unsigned short *)(entry_fx + 2),
		entry_fx[4]);
	dprintf(1, "entry, MXCSR: 0x%x\n", *(unsigned int *)(entry_fx + 24));
	for (size_t i = 32, set = 0; i <= 416; i++)
		if (i == 416)
			dprintf(1, "entry, bytes of ST and XMM that are set: %zu\n", set);
		else
			set += entry_fx[i] != 0;
}

static void print_auxv(const unsigned long *aux)
{
	const char *type;

	dprintf(1, "auxv, order:");
	for (const unsigned long *a = aux; a[0]; a += 2)
		dprintf(1, " %s", aux_name(a[0]));
	dprintf(1, "\n");
	for (const unsigned long *a = aux; a[0]; a += 2) {
		type = aux_name(a[0]);
		switch (a[0]) {
		case AT_PHDR:
			dprintf(1, "auxv, PHDR: the file's start + %ld\n",
				(long)(a[1] - (unsigned long)__ehdr_start));
			break;
		case AT_ENTRY:
			dprintf(1, "auxv, ENTRY: _start + %ld\n",
				(long)(a[1] - (unsigned long)_start));
			break;
		case AT_PLATFORM:
		case AT_EXECFN:
			dprintf(1, "auxv, %s: 0x%lx \"%s\"\n", type, a[1], (const char *)a[1]);
			break;
		default:
			dprintf(1, "auxv, %s: 0x%lx\n", type, a[1]);
		}
	}
}

/* The words of the stack from argc on, the strings, and what lies between them. */
static void print_stack(unsigned long *stack)
{
	int argc = (int)stack[0], envc = 0;
	char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
	const unsigned long *aux, *last;

	while (envp[envc])
		envc++;
	aux = (unsigned long *)(envp + envc + 1);
	for (last = aux; last[0]; last += 2)
		;
	dprintf(1, "stack, argc: %d\n", argc);
	for (int i = 0; i < argc; i++)
		dprintf(1, "stack, argv[%d]: %p \"%s\"\n", i, argv[i], argv[i]);
	for (int i = 0; i < envc; i++)
		dprintf(1, "stack, envp[%d]: %p \"%s\"\n", i, envp[i], envp[i]);
	dprintf(1, "stack, bytes from the end of auxv to argv[0]: %ld\n",
		(long)argv[0] - (long)(last + 2));
	dprintf(1, "stack, last word: 0x%lx\n", *(unsigned long *)0x7fffffffeff8);
	print_auxv(aux);
	dprintf(1, "stack, auxv ends at: %p\n", (void *)(last + 2));
}

static void print_proc(void)
{
	static char buffer[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY);
	long n = read(fd, buffer, sizeof(buffer));

	for (long i = 0; i < n; i++)
		if (!buffer[i])
			buffer[i] = '|';
	dprintf(1, "cmdline: %.*s\n", (int)n, buffer);
	close(fd);
	fd = open("/proc/self/comm", O_RDONLY);
	n = read(fd, buffer, sizeof(buffer));
	dprintf(1, "comm: %.*s", (int)n, buffer);
	n = RAW(__NR_readlink, "/proc/self/exe", buffer, sizeof(buffer));
	dprintf(1, "exe: %.*s\n", (int)n, buffer);
}

int main(int argc, char **argv)
{
	(void)argc;
	print_registers();
	print_stack((unsigned long *)argv - 1);
	print_proc();
	return 0;
}
