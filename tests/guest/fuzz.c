/*
 * tests/guest/fuzz.c - random system calls with nasty arguments
 *
 *     fuzz [ROUNDS[,SEED]]      default 2000 rounds, seed 1
 *
 * Each round is a child that makes up to CALLS random calls with arguments from a pool of values that have broken
 * kernels before: ends of ranges, sign bits, pointers to every kind of memory and to none, descriptors of every kind
 * of file.  Some steps are not calls but odd instructions: forged signal frames, software interrupts, selectors
 * and flags that a program should not have.  What becomes of the child does not matter; the kernel must go on,
 * and when all are gone, memory and kernel objects must be what they were (lib/usage.h).
 *
 * A round is made by its seed alone, so `fuzz 1,SEED` repeats one; the seed of a round is printed when it hangs.
 *
 * Left out: calls that end or alter the machine for all (reboot, mounts, clocks, names), and, for those that act on
 * other processes, everybody but the child itself.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/check.h"
#include "lib/usage.h"

#define CALLS       150
#define NUDGE_MS    3     /* what blocks is interrupted after this long, */
#define ROUND_MS    500   /* the round after that, by SIGKILL, */
#define PATIENCE_MS 20000 /* which must work within that. */
#define CLEAN_EVERY 64
#define PID_MAX     32768
/* For the stacks of more processes at once than ever before: a table for each 102 of them. */
#define KERNEL_TABLES_KIB 64
#define NOBODY            65534
#define ALL_CHILDREN      0x40000000 /* __WALL */

static unsigned long random_state;

/* Marsaglia 2003, "Xorshift RNGs". */
static unsigned long rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static unsigned long below(unsigned long n)
{
	return (rnd() >> 11) % n;
}

/* --- what may not be called --- */

static const short forbidden[] = {
	__NR_reboot,
	__NR_mount,
	__NR_umount2,
	__NR_settimeofday,
	__NR_clock_settime,
	__NR_sethostname,
	__NR_setdomainname,
	__NR_syslog,
	__NR_exit,
	__NR_exit_group,
	__NR_sync,
	__NR_setsid,
	/* these matter on Linux only: pivot_root, adjtimex, acct, swapon, swapoff, iopl, ioperm, vhangup, modules,
	 * quota, kexec, clock_adjtime, namespaces, bpf and io_uring, the keyring */
	155,
	159,
	163,
	167,
	168,
	172,
	173,
	153,
	175,
	176,
	313,
	179,
	246,
	320,
	305,
	272,
	308,
	321,
	425,
	426,
	427,
	248,
	249,
	250,
	101,
	310,
	311,
	428,
	429,
	430,
	431,
	432,
	433,
	442,
	443,
};

static int is_forbidden(long nr)
{
	for (int i = 0; i < NR(forbidden); i++)
		if (forbidden[i] == nr)
			return 1;
	return 0;
}

/* Does the first (or second) argument name a process?  Then it is the child. */
static int process_argument(long nr)
{
	switch (nr) {
	case __NR_kill:
	case __NR_tkill:
	case __NR_tgkill:
	case __NR_rt_sigqueueinfo:
	case __NR_rt_tgsigqueueinfo:
	case __NR_prlimit64:
	case __NR_setpgid:
	case __NR_sched_setparam:
	case __NR_sched_setscheduler:
	case __NR_sched_setaffinity:
		return 1;
	case __NR_setpriority:
	case __NR_ioprio_set:
		return 2;
	default:
		return 0;
	}
}

/* --- the pool --- */

static char *memory; /* RW RW none RO, then nothing */
static char bytes[8192] __attribute__((aligned(4096)));
static const char *const names[] = { "f",
				     "d",
				     "d/g",
				     "link",
				     "loop",
				     "none",
				     "none/x",
				     ".",
				     "./f/",
				     "fifo",
				     "null",
				     "zero",
				     "full",
				     "script",
				     "/proc/self/maps",
				     "/proc/self/stat",
				     "/proc/self/fd",
				     "/proc/self/fd/3",
				     "/proc/self/mem",
				     "/proc/self/status",
				     "/proc/meminfo",
				     "/proc/self/task",
				     "",
				     "d/../d/../f" };

static void fill_memory(void)
{
	memory = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (unsigned long i = 0; i < 2 * PAGE / 8; i++)
		((unsigned long *)memory)[i] = below(3) ? below(64) : rnd();
	mprotect(memory + 2 * PAGE, PAGE, PROT_NONE);
	mprotect(memory + 3 * PAGE, PAGE, PROT_READ);
	munmap(memory + 4 * PAGE, PAGE);
}

static unsigned long pointer(void)
{
	static const unsigned long bad[] = {
		0,
		1,
		0xdead000,
		0xffff888000000000,
		0xffff888000100000,
		0xffffffff81000000,
		0xffffea0000000000,
		0xffffc90000000000,
		0x0000800000000000,
		0x7ffffffff000,
		0x7fffffffffff,
		0x0000900000000000,
		~0UL,
		~0UL << 12,
		0xffffffffff600000,
		0x7fffffffeff8,
		0x10000,
		0xfff,
	};
	unsigned long p;

	switch (below(10)) {
	case 0:
		return bad[below(NR(bad))];
	case 1:
		return (unsigned long)names[below(NR(names))];
	case 2:
		return (unsigned long)memory + 2 * PAGE - below(200);
	case 3:
		return (unsigned long)memory + 2 * PAGE + below(2 * PAGE);
	case 4:
		return (unsigned long)&p;
	case 5:
		return (unsigned long)bytes + below(sizeof(bytes));
	case 6:
		return (unsigned long)pointer & ~(below(2) ? PAGE - 1 : 0);
	default:
		return (unsigned long)memory + (below(2 * PAGE) & ~7UL);
	}
}

static unsigned long number(void)
{
	static const unsigned long odd[] = {
		0,
		1,
		2,
		3,
		7,
		8,
		9,
		15,
		16,
		63,
		64,
		65,
		127,
		128,
		255,
		256,
		1023,
		1024,
		1025,
		4095,
		4096,
		4097,
		8192,
		65535,
		65536,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		0x7fffffffffffffff,
		1UL << 63,
		~0UL,
		~0UL - 1,
		(unsigned long)-100,
		(unsigned long)-4095,
		(unsigned long)-4096,
		1UL << 47,
		1UL << 48,
		0x7ffffffff000,
		2 << 20,
		1 << 30,
		0x1000000000,
	};

	switch (below(5)) {
	case 0:
		return 1UL << below(64);
	case 1:
		return odd[below(NR(odd))] + (below(4) ? 0 : below(5) - 2);
	case 2:
		return rnd() >> below(64);
	default:
		return below(32);
	}
}

static unsigned long argument(void)
{
	switch (below(6)) {
	case 0:
	case 1:
		return pointer();
	case 2:
		return below(24); /* a descriptor */
	case 3:
		return (unsigned long)names[below(NR(names))];
	default:
		return number();
	}
}

/* --- one step --- */

/* The calls that this kernel is about come up more often. */
static long call_number(void)
{
	static const short often[] = { __NR_mmap,    __NR_munmap,       __NR_mprotect, __NR_mremap,
				       __NR_madvise, __NR_brk,          __NR_read,     __NR_write,
				       __NR_openat,  __NR_ioctl,        __NR_fcntl,    __NR_execve,
				       __NR_clone,   __NR_rt_sigaction, __NR_prctl,    __NR_futex,
				       __NR_poll,    __NR_mincore };
	long nr;

	do
		nr = below(3) ? (long)below(340) : often[below(NR(often))];
	while (is_forbidden(nr));
	return below(50) ? nr : nr + 400;
}

/* mmap and its kin with arguments that often succeed, so that there are many mappings to go wrong. */
static void memory_step(void)
{
	unsigned long addr = 0x20000000 + below(64) * PAGE, len = (1 + below(16)) * PAGE;
	char *p = (char *)addr;

	switch (below(8)) {
	case 0:
	case 1:
		RAW(__NR_mmap, addr, len, below(8),
		    (below(2) ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED |
			    (below(2) ? MAP_ANONYMOUS : 0) | (below(4) ? 0 : 1UL << below(20)),
		    below(16), below(8) * PAGE);
		break;
	case 2:
		RAW(__NR_munmap, addr, len);
		break;
	case 3:
		RAW(__NR_mprotect, addr, len, below(8));
		break;
	case 4:
		RAW(__NR_mremap, addr, len, (1 + below(16)) * PAGE, below(4),
		    0x20000000 + below(64) * PAGE);
		break;
	case 5:
		RAW(__NR_madvise, addr, len, below(30));
		break;
	case 6: /* faults by the kernel, whose failure is only an error */
		RAW(__NR_pread64, below(16), p, len, below(4) * PAGE);
		break;
	default:
		RAW(__NR_pwrite64, below(16), p, len, below(4) * PAGE);
		break;
	}
}

/* A frame of our own making to return from a handler that never ran. */
static void forge_frame(void)
{
	static unsigned long frame[160] __attribute__((aligned(64)));

	for (int i = 0; i < NR(frame); i++)
		frame[i] = below(3) ? argument() : (unsigned long)frame;
	if (below(2)) { /* registers that would let it run on: the code and stack selectors, the flags */
		frame[23] = 0x2b00000000000033UL;
		frame[22] = below(2) ? 0x246 : rnd();
	}
	__asm__ volatile(
		"mov %0, %%rsp\n\tmov $15, %%eax\n\tsyscall\n\tud2" ::"r"(frame + below(8)));
	__builtin_unreachable();
}

static void odd_instruction(void)
{
	unsigned long word = argument();

	switch (below(12)) {
	case 0:
		forge_frame();
		break;
	case 1:
		__asm__ volatile("int $0x80"
				 :
				 : "a"(below(400)), "b"(0), "c"(0), "d"(0)
				 : "memory");
		break;
	case 2:
		__asm__ volatile("int3");
		break;
	case 3: /* the trap flag across a system call */
		__asm__ volatile(
			"pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tmov $39, %%eax\n\tsyscall"
			:
			:
			: "rax", "rcx", "r11", "memory", "cc");
		break;
	case 4: /* flags: direction, alignment check, nested task */
		__asm__ volatile("push %0\n\tpopfq\n\tmov $39, %%eax\n\tsyscall\n\tcld"
				 :
				 : "r"(rnd() & 0x44ed5UL)
				 : "rax", "rcx", "r11", "memory", "cc");
		break;
	case 5:
		__asm__ volatile("mov %w0, %%gs" : : "r"(word));
		break;
	case 6:
		__asm__ volatile("mov %w0, %%ds\n\tmov %w0, %%es" : : "r"(word));
		break;
	case 7:
		__asm__ volatile(
			"mov %0, %%rsp\n\tmov $39, %%eax\n\tsyscall\n\tpush %%rax\n\tud2" ::"r"(
				word));
		__builtin_unreachable();
	case 8:
		((void (*)(void))word)();
		break;
	case 9:
		__asm__ volatile("int $0xff");
		break;
	case 10: /* return far to a selector of our choice */
		__asm__ volatile("push %0\n\tpush %1\n\tlretq"
				 :
				 : "r"(word), "r"(argument())
				 : "memory");
		break;
	default:
		__asm__ volatile(
			"mov %0, %%rcx\n\tmov $231, %%eax\n\tmovq $-1, %%rdi\n\tsub $8, %%rsp\n\tjmp *%%rcx"
			:
			: "r"(word)
			: "rax", "rcx", "rdi", "memory");
		break;
	}
}

static void call_step(void)
{
	long nr = call_number();
	unsigned long a[6];

	for (int i = 0; i < 6; i++)
		a[i] = argument();
	if (process_argument(nr) == 1)
		a[0] = (unsigned long)getpid();
	if (process_argument(nr) == 2) {
		a[0] = nr == __NR_ioprio_set;
		a[1] = (unsigned long)getpid();
	}
	if (nr == __NR_alarm || nr == __NR_vfork)
		return; /* the watchdog stays; a vfork child would return into our frame */
	if (nr == __NR_clone)
		a[0] &= ~0x100UL; /* nor share our memory */
	__syscall6(nr, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5]);
}

/* --- one round --- */

static void open_files(void)
{
	int fds[2];

	for (int fd = 0; fd < 64; fd++)
		close(fd);
	open("null", O_RDWR);
	open("f", O_RDWR | O_CREAT, 0666);
	open("d", O_RDONLY);
	pipe(fds);
	pipe2(fds, O_NONBLOCK);
	for (int i = 0; i < NR(names); i++)
		if (names[i][0] == '/' || strlen(names[i]) == 4)
			open(names[i], below(2) ? O_RDWR | O_NONBLOCK : O_RDONLY | O_NONBLOCK);
	RAW(__NR_ftruncate, 1, 5 * PAGE + 100);
}

static void make_names(void)
{
	RAW(__NR_mkdir, "d", 0777);
	RAW(__NR_symlink, "f", "link");
	RAW(__NR_symlink, "loop", "loop");
	RAW(__NR_mknod, "fifo", S_IFIFO | 0666, 0);
	/* the devices that have no effect; those in /dev may be renamed or removed by a call */
	RAW(__NR_mknod, "null", S_IFCHR | 0666, 0x103);
	RAW(__NR_mknod, "zero", S_IFCHR | 0666, 0x105);
	RAW(__NR_mknod, "full", S_IFCHR | 0666, 0x107);
	RAW(__NR_write, RAW(__NR_open, "script", O_RDWR | O_CREAT, 0777), "#!script\n", 9);
}

static void nudged(int sig)
{
	(void)sig;
}

/* Calls that wait return EINTR before long, unless the round's own calls change that. */
static void nudge(void)
{
	struct sigaction action = { .sa_handler = nudged };
	struct itimerval timer = { { 0, NUDGE_MS * 1000 }, { 0, NUDGE_MS * 1000 } };

	sigaction(SIGALRM, &action, NULL);
	RAW(__NR_setitimer, 0, &timer, NULL);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

_Noreturn static void round_child(unsigned long seed)
{
	random_state = seed * 0x9e3779b97f4a7c15UL | 1;
	for (int i = 0; i < 8; i++)
		rnd();
	setsid();
	nudge();
	make_names();
	open_files();
	fill_memory();
	if (below(3) == 0)
		setuid(NOBODY);
	for (int i = 0; i < CALLS; i++) {
		if (below(4) == 0)
			memory_step();
		else if (below(60) == 0)
			odd_instruction();
		else
			call_step();
	}
	_exit(0);
}

/* The session of a process, from its stat line behind the name, which may hold anything. */
static long session_of(long pid)
{
	static char line[1024];
	char path[64], *p;
	long session;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n > 0 ? n : 0] = 0;
	p = strrchr(line, ')');
	if (!p)
		return -1;
	strtol(p + 4, &p, 10); /* parent */
	strtol(p, &p, 10);     /* group */
	session = strtol(p, &p, 10);
	return session;
}

static char is_old[PID_MAX]; /* was there before the first round */
static int alone;            /* all that came since is ours: nobody else uses this machine */

static void remember_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;

	alone = is_pagewalk();
	while (dir && (d = readdir(dir)))
		is_old[strtol(d->d_name, NULL, 10) & (PID_MAX - 1)] = 1;
	closedir(dir);
}

/*
 * Nobody leaves the child's session by a call, for setsid is forbidden; but a jump into the middle of this program
 * may do anything.
 */
static int is_stray(long pid, pid_t session)
{
	if (pid <= 1 || pid == getpid())
		return 0;
	return alone ? !is_old[pid & (PID_MAX - 1)] : session_of(pid) == session;
}

/* Kill what the round left behind. */
static int kill_session(pid_t session)
{
	struct timespec nap = { 0, 1000000 };

	for (int tries = 0, left; tries < 3000; tries++) {
		DIR *dir = opendir("/proc");
		struct dirent *d;

		left = 0;
		while (dir && (d = readdir(dir))) {
			long pid = strtol(d->d_name, NULL, 10);

			if (is_stray(pid, session)) {
				kill((pid_t)pid, SIGKILL);
				left++;
			}
		}
		closedir(dir);
		while (waitpid(-1, NULL, WNOHANG | ALL_CHILDREN) > 0)
			; /* a child's child by CLONE_PARENT */
		if (!left)
			return 0;
		nanosleep(&nap, NULL);
	}
	printf("not ok random_calls_leave_the_kernel_running: processes of session %d cannot be killed\n",
	       session);
	return 1;
}

static char root_names[32][64];
static int nr_root_names;

static int is_root_name(const char *name)
{
	for (int i = 0; i < nr_root_names; i++)
		if (strcmp(root_names[i], name) == 0)
			return 1;
	return 0;
}

static void remember_root(void)
{
	DIR *dir = opendir("/");
	struct dirent *d;

	while (dir && (d = readdir(dir)) && nr_root_names < NR(root_names))
		strlcpy(root_names[nr_root_names++], d->d_name, sizeof(root_names[0]));
	closedir(dir);
}

/* What is new in @folder, a path that ends in a slash; in /tmp only what is named like ours. */
static void remove_new(const char *folder, const char *prefix)
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	char path[300];

	while (dir && (d = readdir(dir)))
		if (prefix ? strncmp(d->d_name, prefix, strlen(prefix)) == 0
			   : !is_root_name(d->d_name)) {
			snprintf(path, sizeof(path), "%s%s", folder, d->d_name);
			remove_tree(path);
		}
	closedir(dir);
}

/* Children that jump into the middle of this program also make files where it never does. */
static void remove_folders(void)
{
	leave_folder("fuzz");
	remove_new("/tmp/", "fuzz-");
	if (alone && nr_root_names < NR(root_names))
		remove_new("/", NULL);
}

static int run_round(unsigned long seed)
{
	struct timespec nap = { 0, 1000000 };
	long start = now_ms();
	pid_t pid = fork();

	if (pid < 0)
		return errno != EAGAIN && errno != ENOMEM;
	if (pid == 0)
		round_child(seed);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		long waited = now_ms() - start;

		if (waited > ROUND_MS)
			kill(pid, SIGKILL);
		if (waited > PATIENCE_MS) {
			printf("not ok random_calls_leave_the_kernel_running: round %lu cannot be killed\n",
			       seed);
			return 1;
		}
		nanosleep(&nap, NULL);
	}
	return kill_session(pid);
}

int main(int argc, char **argv)
{
	char *comma = argc > 1 ? strchr(argv[1], ',') : NULL;
	long rounds = argc > 1 ? atol(argv[1]) : 2000;
	unsigned long seed = comma ? strtoul(comma + 1, NULL, 10) : 1;
	int bad = 0;

	signal(SIGHUP, SIG_IGN);
	printf("# fuzz: %ld rounds from seed %lu\n", rounds, seed);
	fflush(stdout);
	remember_processes();
	remember_root();
	enter_folder("fuzz");
	bad = run_round(
		seed); /* what fills once does not count, nor the stack and heap for removing a deep tree */
	for (int depth = 0; depth < 40; depth++) {
		mkdir("d", 0777);
		(void)!chdir("d");
	}
	remove_folders();
	usage_before();
	for (long i = 0; i < rounds && !bad; i++) {
		if (i % CLEAN_EVERY == 0)
			enter_folder("fuzz");
		if (i % 1000 == 999) {
			printf("# %ld rounds\n", i + 1);
			fflush(stdout);
		}
		bad = run_round(seed + (unsigned long)i);
		if (i % CLEAN_EVERY == CLEAN_EVERY - 1 || i == rounds - 1)
			remove_folders();
	}
	if (!bad) {
		printf("ok random_calls_leave_the_kernel_running\n");
		bad = usage_after("random_calls_leave_memory_as_it_was", KERNEL_TABLES_KIB);
	}
	printf("fuzz: %d passed, %d failed\n", bad ? 1 : 2, bad);
	return bad != 0;
}
