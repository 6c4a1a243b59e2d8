/*
 * tests/oracle/fault.c - every processor exception that a program can cause, as its handler sees it
 *
 * The answer shows the signal, si_code, si_addr, and what the context says: vector, error code, CR2.  An address
 * is shown as an offset from the one that was used, or from the instruction, or as itself.
 *
 * Not asked: iret and far returns from user mode, for which QEMU's TCG reads the stack with the kernel's rights.
 *
 * Sources: sigaction(2) "The siginfo_t argument"; Intel SDM 3A "Exception and Interrupt Reference".
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>
#include "lib/oracle.h"

static sigjmp_buf back;
static siginfo_t info;
static ucontext_t context;
static volatile unsigned long target;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	info = *si;
	context = *(ucontext_t *)uc;
	siglongjmp(back, 1);
}

static const char *relative(unsigned long addr)
{
	unsigned long ip = (unsigned long)context.uc_mcontext.gregs[REG_RIP];

	if (target && addr - target < PAGE)
		return text("target+%lu", addr - target);
	if (addr == ip)
		return "rip";
	return text("0x%lx", addr);
}

static void caught(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	/* A stack of its own: some of the faults are those of the stack. */
	static char stack[4 * SIGSTKSZ];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&ss, NULL);
	for (int i = 0; i < NR(signals); i++)
		sigaction(signals[i], &act, NULL);
}

/* Page faults have a CR2 and an error code worth showing; for others CR2 is left over from an earlier one. */
static void show(const char *name)
{
	long *regs = context.uc_mcontext.gregs;

	say(name, "%s code %d addr %s, trap %ld error 0x%lx%s", signal_name(info.si_signo),
	    info.si_code, relative((unsigned long)info.si_addr), regs[REG_TRAPNO], regs[REG_ERR],
	    regs[REG_TRAPNO] == 14 ? text(" cr2 %s", relative((unsigned long)regs[REG_CR2])) : "");
}

#define TRY(name, code)                   \
	do {                              \
		if (sigsetjmp(back, 1)) { \
			show(name);       \
		} else {                  \
			code;             \
			say(name, "ok");  \
		}                         \
	} while (0)

static void access_at(const char *what, unsigned long addr)
{
	volatile char *p = (char *)addr;

	caught();
	target = addr;
	TRY(text("%s, read", what), (void)*p);
	TRY(text("%s, write", what), *p = 1);
	TRY(text("%s, call", what), ((void (*)(void))addr)());
	TRY(text("%s, read 8 bytes", what), (void)*(volatile long *)addr);
	TRY(text("%s, locked add", what), __atomic_add_fetch((int *)addr, 1, __ATOMIC_SEQ_CST));
}

static void page_faults(void)
{
	char *none = map_pages(1, NONE), *ro = map_pages(1, R), *rw = map_pages(1, RW);
	int fd = page_file("f", 10);

	access_at("page 0", 0);
	access_at("page 1", 0x1000);
	access_at("unmapped", 0x50000000);
	access_at("PROT_NONE", (unsigned long)none);
	access_at("read only", (unsigned long)ro);
	(void)*(volatile char *)ro;
	target = (unsigned long)ro;
	TRY("read only, present, write", *(volatile char *)ro = 1);
	target = (unsigned long)rw;
	TRY("no exec, absent, call", ((void (*)(void))rw)());
	*rw = 1;
	TRY("no exec, present, call", ((void (*)(void))rw)());
	access_at("beyond the end of a file",
		  (unsigned long)mmap(NULL, 2 * PAGE, RWX, MAP_PRIVATE, fd, 0) + PAGE);
	access_at("beyond the end of a file, shared",
		  (unsigned long)mmap(NULL, 2 * PAGE, RWX, MAP_SHARED, fd, 0) + PAGE);
	access_at("last page of user space", USER_END - 16);
	access_at("first address beyond user space", USER_END);
	access_at("kernel address", KERNEL);
	access_at("kernel text", 0xffffffff81000000);
	access_at("vsyscall page", 0xffffffffff600010);
	access_at("last page of all", 0xfffffffffffff000);
	target = 0;
	TRY("across the end of a mapping", (void)*(volatile long *)(rw + PAGE - 4));
}

static void non_canonical(void)
{
	access_at("non-canonical", NONCANON);
	access_at("first non-canonical", 0x0000800000000000);
	access_at("last non-canonical", 0xffff7fffffffff00);
	target = 0;
	TRY("push to a non-canonical stack",
	    __asm__ volatile(
		    "movq %%rsp, %%rbx\n movabs $0x0000900000000000, %%rsp\n push %%rax\n movq %%rbx, %%rsp" ::
			    : "rbx", "memory"));
	TRY("load by a non-canonical rbp",
	    __asm__ volatile(
		    "movq %%rbp, %%rbx\n movabs $0x0000900000000000, %%rbp\n movq (%%rbp), %%rax\n"
		    "movq %%rbx, %%rbp" ::
			    : "rax", "rbx", "memory"));
	TRY("return to a non-canonical address",
	    __asm__ volatile("movabs $0x0000900000000000, %%rax\n push %%rax\n ret" ::
				     : "rax", "memory"));
}

#define TRY_ASM(name, insn) \
	TRY(name, __asm__ volatile(insn ::: "rax", "rbx", "rcx", "rdx", "memory", "cc"))

static void arithmetic(void)
{
	caught();
	target = 0;
	TRY_ASM("division by zero",
		"xorl %%ecx, %%ecx\n xorl %%edx, %%edx\n movl $1, %%eax\n divl %%ecx");
	TRY_ASM("division overflows",
		"movl $-1, %%ecx\n movl $-1, %%edx\n movl $0x80000000, %%eax\n idivl %%ecx");
	TRY_ASM("quotient too large",
		"movl $1, %%ecx\n movl $1, %%edx\n xorl %%eax, %%eax\n divl %%ecx");
}

/* Unmask one x87 exception, cause it, wait for it. */
#define X87(name, control, insns)                                                                 \
	TRY(name, __asm__ volatile("fninit\n fldcw %0\n" insns "\n fwait\n fninit" ::"m"(control) \
				   : "memory"))

static void floating_point(void)
{
	static const unsigned short zero = 0x37f & ~4, invalid = 0x37f & ~1, overflow = 0x37f & ~8,
				    underflow = 0x37f & ~16, inexact = 0x37f & ~32,
				    denormal = 0x37f & ~2;
	static const double big = 1e308, small = 1e-308, three = 3.0;
	static const unsigned long tiny = 1;

	caught();
	target = 0;
	X87("x87, division by zero", zero, "fld1\n fldz\n fdivrp");
	X87("x87, zero by zero", invalid, "fldz\n fldz\n fdivrp");
	X87("x87, stack underflow", invalid, "fstp %%st(0)");
	TRY("x87, overflow",
	    __asm__ volatile(
		    "fninit\n fldcw %0\n fldl %1\n fmul %%st(0)\n fstpl -64(%%rsp)\n fwait\n fninit" ::
			    "m"(overflow),
		    "m"(big)
		    : "memory"));
	TRY("x87, underflow",
	    __asm__ volatile(
		    "fninit\n fldcw %0\n fldl %1\n fmul %%st(0)\n fstpl -64(%%rsp)\n fwait\n fninit" ::
			    "m"(underflow),
		    "m"(small)
		    : "memory"));
	TRY("x87, inexact",
	    __asm__ volatile("fninit\n fldcw %0\n fld1\n fdivl %1\n fwait\n fninit" ::"m"(inexact),
			     "m"(three)
			     : "memory"));
	TRY("x87, denormal",
	    __asm__ volatile("fninit\n fldcw %0\n fldl %1\n fwait\n fninit" ::"m"(denormal),
			     "m"(tiny)
			     : "memory"));
	TRY("x87 works afterwards",
	    __asm__ volatile("fninit\n fld1\n fldz\n fdivrp\n fwait\n fninit" ::
				     : "memory"));
}

static void illegal(void)
{
	caught();
	target = 0;
	TRY_ASM("ud2", "ud2");
	TRY_ASM("ud1", "ud1 %%eax, %%eax");
	TRY_ASM("lock without memory", ".byte 0xf0, 0x90");
	TRY_ASM("push es", ".byte 0x06");
	TRY_ASM("into", ".byte 0xce");
	TRY_ASM("sysexit", ".byte 0x0f, 0x35");
	TRY_ASM("vmcall", ".byte 0x0f, 0x01, 0xc1");
	TRY_ASM("too long an instruction",
		".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90,0x90");
}

static void privileged(void)
{
	caught();
	target = 0;
	TRY_ASM("hlt", "hlt");
	TRY_ASM("cli", "cli");
	TRY_ASM("sti", "sti");
	TRY_ASM("in", "movw $0x3f8, %%dx\n inb %%dx, %%al");
	TRY_ASM("out", "movw $0x80, %%dx\n outb %%al, %%dx");
	TRY_ASM("rdmsr", "xorl %%ecx, %%ecx\n rdmsr");
	TRY_ASM("wrmsr", "movl $0x10, %%ecx\n wrmsr");
	TRY_ASM("mov from cr0", "movq %%cr0, %%rax");
	TRY_ASM("mov to cr3", "movq %%rax, %%cr3");
	TRY_ASM("mov from dr7", "movq %%dr7, %%rax");
	TRY_ASM("invlpg", "invlpg (%%rsp)");
	TRY_ASM("wbinvd", "wbinvd");
	TRY_ASM("clts", "clts");
	TRY_ASM("swapgs", "swapgs");
	TRY_ASM("lgdt", "lgdt (%%rsp)");
	TRY_ASM("ltr", "movw $0x40, %%ax\n ltr %%ax");
}

static void selectors_and_gates(void)
{
	caught();
	target = 0;
	TRY_ASM("int3", "int3");
	TRY_ASM("int 3 as two bytes", ".byte 0xcd, 0x03");
	TRY_ASM("int1", ".byte 0xf1");
	TRY_ASM("int 0", "int $0");
	TRY_ASM("int 1", "int $1");
	TRY_ASM("int 4", "int $4");
	TRY_ASM("int 8", "int $8");
	TRY_ASM("int 14", "int $14");
	TRY_ASM("int 0x20", "int $0x20");
	TRY_ASM("int 0x81", "int $0x81");
	TRY_ASM("int 0xff", "int $0xff");
	TRY_ASM("ds = kernel data", "movl $0x18, %%eax\n movl %%eax, %%ds");
	TRY_ASM("ds = beyond the table", "movl $0xffff, %%eax\n movl %%eax, %%ds");
	TRY_ASM("ds = local table", "movl $0x0f, %%eax\n movl %%eax, %%ds");
	TRY_ASM("ss = 0", "xorl %%eax, %%eax\n movl %%eax, %%ss");
	TRY_ASM("ds = 0", "xorl %%eax, %%eax\n movl %%eax, %%ds");
	TRY_ASM("single step", "pushfq\n orl $0x100, (%%rsp)\n popfq\n nop\n nop");
	TRY_ASM("rdtsc", "rdtsc");
	TRY_ASM("misaligned movaps",
		"movq %%rsp, %%rbx\n andq $-16, %%rbx\n movaps -63(%%rbx), %%xmm0");
}

ORACLE(GROUP(page_faults), GROUP(non_canonical), GROUP(arithmetic), GROUP(floating_point),
       GROUP(illegal), GROUP(privileged), GROUP(selectors_and_gates))
