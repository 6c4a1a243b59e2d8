/*
 * tests/guest/tlb.c - which processors are interrupted when translations go, and how often
 *
 * A flush must reach every CPU that may have the translation cached, and should disturb no other.  The line TLB of
 * /proc/interrupts counts, for each CPU, the interrupts that asked it to forget; a case does one operation on a
 * CPU of its own and compares the line before and after.  The figures are exact, on Linux, too:
 *
 *     a CPU that runs a thread of this address space       one interrupt for an operation, however many pages
 *     a CPU that ran one and is idle now (lazy)            none; one if page tables are freed, and no more after it
 *     any other CPU                                        none
 *
 * Nobody else may run meanwhile: a case begins when the programs that started it sleep, and when all CPUs that are
 * lazy have let go (let_go).  Kernel threads cannot be kept away.  While one runs in a thread's place that CPU is lazy, and
 * rightly not interrupted: only if the thread was switched out meanwhile, which its counts tell, 0 is taken for 1.
 * With one CPU there is nobody to interrupt, and all counts are 0.
 */
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/check.h"
#include "lib/thread.h"

#define MAX_CPUS 64
#define ALONE    ((char *)0x100000000000) /* no other mapping has a table in common */

static unsigned int cpus[MAX_CPUS],
	nr_cpus; /* those that there are; cpus[0] is where a case runs */

struct counts {
	long interrupts[MAX_CPUS]; /* in the order of cpus[] */
	long flushes, received;    /* of /proc/vmstat, or -1 where it has no such lines */
};

/* --- reading the counts --- */

/* No stdio: nothing may be mapped or unmapped between two readings. */
static void read_text(const char *path, char *text, long size)
{
	long fd = RAW(__NR_open, path, 0), n = 0, got;

	CHECK(fd >= 0);
	while ((got = RAW(__NR_read, fd, text + n, size - 1 - n)) > 0)
		n += got;
	text[n] = 0;
	RAW(__NR_close, fd);
}

static long number_after(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, key, len))
			return atol(text + len);
	}
	return -1;
}

static long watched;      /* the thread on cpus[1], or 0 */
static volatile int ping; /* set: the thread has yet to clear it */

/* How often the watched thread was switched out. */
static long count_switches(void)
{
	static char text[8192];
	char path[64];

	if (!watched)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/task/%ld/status", watched);
	read_text(path, text, sizeof(text));
	return number_after(text, "voluntary_ctxt_switches:\t") +
	       number_after(text, "nonvoluntary_ctxt_switches:\t");
}

static void read_counts(struct counts *c)
{
	static char text[65536];
	char *p, *end;

	read_text("/proc/interrupts", text, sizeof(text));
	p = strstr(text, "TLB:");
	CHECK(p);
	p += 4;
	for (unsigned int i = 0; i < nr_cpus; i++, p = end)
		c->interrupts[i] = strtol(p, &end, 10);
	read_text("/proc/vmstat", text, sizeof(text));
	c->flushes = number_after(text, "nr_tlb_remote_flush ");
	c->received = number_after(text, "nr_tlb_remote_flush_received ");
}

/* --- processors --- */

static void pin(unsigned int cpu)
{
	uint64_t mask = 1ULL << cpu;

	CHECK_EQ(RAW(__NR_sched_setaffinity, 0, sizeof(mask), &mask), 0);
}

static void find_cpus(void)
{
	uint64_t mask = 0;

	CHECK(RAW(__NR_sched_getaffinity, 0, sizeof(mask), &mask) > 0);
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
		if (mask >> cpu & 1)
			cpus[nr_cpus++] = cpu;
}

static void map_at(char *at, size_t pages)
{
	long got = RAW(__NR_mmap, at, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	CHECK_EQ(got, at);
	for (size_t i = 0; i < pages; i++)
		((volatile char *)at)[i * PAGE] = 1;
}

static void unmap(char *at, size_t pages)
{
	CHECK_EQ(RAW(__NR_munmap, at, pages * PAGE), 0);
}

/* CPUs where this address space is loaded, but nobody uses it, load another: tables are freed. */
static void let_go(void)
{
	map_at(ALONE, 1);
	unmap(ALONE, 1);
}

/* Whoever waits for this case, and whoever waits for them, is asleep. */
static void wait_for_ancestors(void)
{
	static char text[1024];
	int pid = getppid();
	char path[64], *p;

	while (pid > 0) {
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		read_text(path, text, sizeof(text));
		p = strrchr(text, ')'); /* ") S PARENT" */
		CHECK(p);
		if (p[2] == 'S')
			pid = atoi(p + 4);
		else
			RAW(__NR_sched_yield);
	}
}

static void setup(void)
{
	find_cpus();
	wait_for_ancestors();
	pin(cpus[0]);
	let_go();
}

/* --- comparing --- */

static struct counts before, after;
static long switches;

/* Reading writes to pages that may be shared with the parent: copying them is a flush, and is over by the second time. */
static void begin(void)
{
	read_counts(&after);
	count_switches();
	read_counts(&before);
	switches = count_switches();
	ping = watched && watched != RAW(__NR_gettid);
	while (ping)
		RAW(__NR_sched_yield);
	read_counts(&before);
}

/* Was the watched thread on its CPU all the time since begin()?  If nobody is watched, he was. */
static int was_there(void)
{
	return count_switches() == switches;
}

/* @what interrupted each CPU that is a bit of @who (a place in cpus[]) once, and no other. */
static void expect(const char *what, uint64_t who)
{
	long sum = 0;

	read_counts(&after);
	for (unsigned int i = 0; i < nr_cpus; i++) {
		long n = after.interrupts[i] - before.interrupts[i], want = (long)(who >> i & 1);

		if (n != want && !(n == 0 && !was_there()))
			fail("%s interrupted CPU %u %ld times, not %ld", what, cpus[i], n, want);
		sum += n;
	}
	if (after.received >= 0) {
		CHECK_EQ(after.received - before.received, sum);
		CHECK_EQ(after.flushes - before.flushes, sum ? 1 : 0);
	}
}

/* --- somebody on another CPU --- */

static volatile int there, leave;

static void stay_on(void *place)
{
	pin(cpus[(uintptr_t)place]);
	there = 1;
	while (!leave) {
		if (ping)
			ping = 0;
		__builtin_ia32_pause();
	}
}

static void wait_for(volatile int *flag)
{
	while (!*flag)
		RAW(__NR_sched_yield);
}

/* A thread in user mode on cpus[1].  The bits of the CPUs that one operation is to interrupt from now on. */
static uint64_t other_thread(struct thread *t)
{
	if (nr_cpus == 1)
		return 0;
	CHECK_EQ(thread_start(t, stay_on, (void *)1), 0);
	watched = t->tid;
	wait_for(&there);
	let_go();
	return 1 << 1;
}

static void end_thread(struct thread *t, uint64_t who)
{
	leave = 1;
	watched = 0;
	if (who)
		thread_join(t);
}

/* --- cases --- */

static void unmapping_interrupts_a_thread_once(void)
{
	static const size_t sizes[] = { 1, 2, 40, 600, 2048 };
	struct thread t = { 0 };
	uint64_t who;

	setup();
	who = other_thread(&t);
	for (int i = 0; i < NR(sizes); i++) {
		map_at(ALONE, sizes[i]);
		begin();
		unmap(ALONE, sizes[i]);
		expect("munmap", who);
	}
	CHECK_EQ(RAW(__NR_mmap, ALONE, 64 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		 ALONE);
	begin();
	unmap(ALONE, 64);
	expect("munmap of what nobody touched", 0);
	end_thread(&t, who);
}

/* Pages here and there in one mapping, between others that stay. */
static void protecting_and_discarding_interrupts_a_thread_once(void)
{
	struct thread t = { 0 };
	uint64_t who;

	setup();
	who = other_thread(&t);
	map_at(ALONE, 600);
	begin();
	CHECK_EQ(RAW(__NR_mprotect, ALONE, 500 * PAGE, PROT_READ), 0);
	expect("mprotect to less", who);
	begin();
	CHECK_EQ(RAW(__NR_mprotect, ALONE, 500 * PAGE, PROT_READ), 0);
	expect("mprotect to the same", 0);
	begin();
	CHECK_EQ(RAW(__NR_madvise, ALONE, 500 * PAGE, MADV_DONTNEED), 0);
	expect("MADV_DONTNEED", who);
	begin();
	CHECK_EQ(RAW(__NR_madvise, ALONE, 500 * PAGE, MADV_DONTNEED), 0);
	expect("MADV_DONTNEED of nothing", 0);
	for (int i = 500; i < 600; i += 7) {
		begin();
		CHECK_EQ(RAW(__NR_madvise, ALONE + i * PAGE, PAGE, MADV_DONTNEED), 0);
		expect("MADV_DONTNEED of a page", who);
	}
	unmap(ALONE, 600);
	end_thread(&t, who);
}

static void moving_and_replacing_interrupts_a_thread_once(void)
{
	char *to = ALONE + (1UL << 30);
	struct thread t = { 0 };
	uint64_t who;

	setup();
	who = other_thread(&t);
	map_at(ALONE, 100);
	begin();
	CHECK_EQ(RAW(__NR_mremap, ALONE, 100 * PAGE, 50 * PAGE, 0), ALONE);
	expect("mremap to less", who);
	begin();
	CHECK_EQ(RAW(__NR_mmap, ALONE, 50 * PAGE, PROT_READ,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		 ALONE);
	expect("mmap over what was there", who);
	unmap(ALONE, 50);
	map_at(to, 10);
	unmap(to, 10);
	end_thread(&t, who);
}

/* What another process runs on is none of our business. */
static void other_processes_are_left_alone(void)
{
	volatile int *shared =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t other, pid;

	CHECK(shared != MAP_FAILED);
	find_cpus();
	other = nr_cpus > 1 ? fork() : 0;
	if (nr_cpus > 1 && !other) {
		pin(cpus[1]);
		*shared = 1;
		for (;;)
			;
	}
	while (other && !*shared)
		RAW(__NR_sched_yield);
	wait_for_ancestors();
	pin(cpus[0]);
	let_go();
	map_at(ALONE, 600);
	begin();
	unmap(ALONE, 600);
	expect("munmap", 0);
	begin();
	pid = fork();
	if (!pid)
		_exit(0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	expect("fork and exit", 0);
	if (other)
		CHECK_EQ(kill(other, SIGKILL), 0);
	while (other && waitpid(other, &status, 0) != other)
		;
}

/* A CPU that we left keeps our tables loaded, unless somebody else came. */
static void idle_processors_are_interrupted_only_when_tables_go(void)
{
	uint64_t idle = 0;

	setup();
	map_at(ALONE, 3);
	for (unsigned int i = 1; i < nr_cpus; i++) {
		pin(cpus[i]);
		idle |= 1ULL << i;
	}
	pin(cpus[0]);
	begin();
	unmap(ALONE + PAGE, 1);
	expect("munmap of a page between others", 0);
	begin();
	CHECK_EQ(RAW(__NR_mprotect, ALONE, PAGE, PROT_READ), 0);
	expect("mprotect", 0);
	begin();
	CHECK_EQ(RAW(__NR_madvise, ALONE, PAGE, MADV_DONTNEED), 0);
	expect("MADV_DONTNEED", 0);
	begin();
	CHECK_EQ(RAW(__NR_munmap, ALONE, 3 * PAGE), 0);
	expect("munmap with its tables", idle);
	map_at(ALONE, 3);
	begin();
	unmap(ALONE, 3);
	expect("munmap with its tables, once they let go,", 0);
}

/*
 * Fork protects the pages of the parent.  Until the child is gone each page that the parent writes is copied, which is a flush
 * as well, so the forking thread writes only shared memory meanwhile: start, forked and go are words of it.
 */
struct shared {
	volatile int start, forked, go;
};

static void fork_quietly(void *arg)
{
	struct shared *s = arg;
	long ret = __NR_fork;
	int status;

	pin(cpus[0]);
	there = 1;
	while (!s->start)
		__builtin_ia32_pause();
	__asm__ volatile("syscall\n\t"
			 "test	%%rax, %%rax\n\t"
			 "jz	2f\n\t"
			 "movl	$1, (%[forked])\n"
			 "1:	pause\n\t"
			 "cmpl	$0, (%[go])\n\t"
			 "je	1b\n\t"
			 "jmp	3f\n"
			 "2:	mov	%[exit], %%eax\n\t"
			 "xor	%%edi, %%edi\n\t"
			 "syscall\n"
			 "3:"
			 : "+a"(ret)
			 : [forked] "r"(&s->forked), [go] "r"(&s->go), [exit] "i"(__NR_exit_group)
			 : "rcx", "rdi", "r11", "memory");
	RAW(__NR_wait4, ret, &status, 0, 0);
}

static void fork_interrupts_a_thread_once(void)
{
	struct shared *s =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct thread t = { 0 };

	CHECK(s != MAP_FAILED);
	setup();
	if (nr_cpus == 1)
		return;
	pin(cpus[1]);
	watched = RAW(__NR_gettid);
	CHECK_EQ(thread_start(&t, fork_quietly, s), 0);
	wait_for(&there);
	let_go();
	begin();
	s->start = 1;
	while (!s->forked)
		__builtin_ia32_pause();
	read_counts(&after);
	s->go = 1;
	thread_join(&t);
	for (unsigned int i = 1; i < nr_cpus; i++) {
		long n = after.interrupts[i] - before.interrupts[i];

		CHECK(n == (i == 1) || (n == 0 && !was_there()));
	}
}

/*
 * A process with a thread on another CPU ends.  Whoever is last frees its memory; the CPU of the other may have it loaded still,
 * but idle.
 */
static void leave_together(struct counts *last)
{
	struct thread t = { 0 };

	other_thread(&t);
	map_at(ALONE, 600);
	begin();
	*last = before;
	_exit(0);
}

static void exit_interrupts_no_more_than_where_threads_were(void)
{
	struct counts *last =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	CHECK(last != MAP_FAILED);
	setup();
	pid = fork();
	if (!pid)
		leave_together(last);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	read_counts(&after);
	for (unsigned int i = 0; i < nr_cpus; i++)
		CHECK(after.interrupts[i] - last->interrupts[i] <= (i < 2));
}

TEST_MAIN("tlb", CASE(unmapping_interrupts_a_thread_once),
	  CASE(protecting_and_discarding_interrupts_a_thread_once),
	  CASE(moving_and_replacing_interrupts_a_thread_once), CASE(other_processes_are_left_alone),
	  CASE(idle_processors_are_interrupted_only_when_tables_go),
	  CASE(fork_interrupts_a_thread_once),
	  CASE(exit_interrupts_no_more_than_where_threads_were))
