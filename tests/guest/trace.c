/*
 * tests/guest/trace.c - /proc/pagewalk: traced system calls, recorded events
 *
 * Linux has no such files; there every case passes by having nothing to look at.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <uapi/events.h>
#include <uapi/prctl.h>
#include <unistd.h>
#include "lib/check.h"

#define STRACE     "/proc/pagewalk/strace"
#define STRACE_LOG "/proc/pagewalk/strace-log"
#define FILTER     "/proc/pagewalk/events_filter"
#define EVENTS     "/proc/pagewalk/events"
#define EVENTS_RAW "/proc/pagewalk/events_raw"

static char text[1 << 20];

static int is_linux(void)
{
	return access(STRACE, F_OK) < 0;
}

/* Write @words into a control file: its result, or the negated error. */
static long control(const char *path, const char *words)
{
	int fd = open(path, O_WRONLY);
	long ret;

	CHECK(fd >= 0);
	ret = RAW(__NR_write, fd, words, strlen(words));
	close(fd);
	return ret;
}

#define CONTROL(path, words) CHECK_EQ(control(path, words), (long)strlen(words))

/* The whole of a file into text; its length. */
static size_t slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	CHECK(fd >= 0);
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = 0;
	return len;
}

/* --- a child that waits for a word, then does something --- */

struct tracee {
	pid_t pid;
	int go;
};

static struct tracee start_tracee(void (*fn)(void))
{
	struct tracee t;
	int fds[2];
	char c;

	CHECK_EQ(pipe(fds), 0);
	t.pid = fork();
	CHECK(t.pid >= 0);
	if (t.pid == 0) {
		close(fds[1]);
		CHECK_EQ(read(fds[0], &c, 1), 1);
		close(fds[0]);
		fn();
		_exit(0);
	}
	close(fds[0]);
	t.go = fds[1];
	return t;
}

static int finish_tracee(struct tracee t)
{
	int status;

	CHECK_EQ(write(t.go, "x", 1), 1);
	close(t.go);
	CHECK_EQ(waitpid(t.pid, &status, 0), t.pid);
	return status;
}

/* Run @fn traced by its pid; the lines are in text. */
static int trace_child(void (*fn)(void), const char *plus)
{
	struct tracee t = start_tracee(fn);
	char words[64];
	int status;

	snprintf(words, sizeof(words), "off to=ring clear %s%d", plus, t.pid);
	CONTROL(STRACE, words);
	status = finish_tracee(t);
	slurp(STRACE_LOG);
	CONTROL(STRACE, "off to=console");
	return status;
}

static void expect_line(const char *part)
{
	if (!strstr(text, part))
		fail("no line with: %s\n%s", part, text);
}

/* --- strace --- */

static void on_signal(int sig)
{
	(void)sig;
}

static void various_calls(void)
{
	static const char *const argv[] = { "one", "two words", NULL }, *const envp[] = { "A=1",
											  NULL };
	int fd = open("/dev/null", O_WRONLY), fds[2];
	char *p;

	signal(SIGUSR1, on_signal);
	RAW(__NR_openat, AT_FDCWD, "/nowhere", O_RDWR | O_CLOEXEC);
	RAW(__NR_openat, AT_FDCWD, "file", O_WRONLY | O_CREAT | O_TRUNC, 0640);
	RAW(__NR_write, fd, "tab\t\"quoted\"\n\1", 14);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	RAW(__NR_madvise, p, PAGE, MADV_DONTNEED);
	RAW(__NR_mprotect, p, PAGE, PROT_NONE);
	RAW(__NR_fcntl, 0, F_GETFD);
	RAW(__NR_fcntl, fd, F_SETFL, O_APPEND);
	RAW(__NR_pipe2, fds, O_CLOEXEC);
	RAW(__NR_execve, "/nowhere", argv, envp);
	RAW(__NR_kill, getpid(), SIGUSR1);
	RAW(450, 1, 2, 3, 4, 5, 6);
	RAW(__NR_exit_group, 7);
}

static void strace_decodes_arguments_and_results(void)
{
	static const char *const lines[] = {
		"openat(AT_FDCWD, \"/nowhere\", O_RDWR|O_CLOEXEC) = -1 ENOENT <0.0",
		"openat(AT_FDCWD, \"file\", O_WRONLY|O_CREAT|O_TRUNC, 0640) = ",
		", \"tab\\t\\\"quoted\\\"\\n\\1\", 14) = 14 <",
		"mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7",
		", 4096, MADV_DONTNEED) = 0 <",
		", 4096, PROT_NONE) = 0 <",
		"fcntl(0, F_GETFD) = ",
		", F_SETFL, O_RDONLY|O_APPEND) = 0 <",
		"pipe2([",
		"], O_CLOEXEC) = 0 <",
		"execve(\"/nowhere\", [\"one\", \"two words\"], 0x",
		" /* 1 vars */) = -1 ENOENT <",
		", SIGUSR1) = 0 <",
		"--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=",
		"rt_sigreturn() = ?\n",
		"syscall_450(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS <",
		"exit_group(7) = ?\n",
		"+++ exited with 7 +++\n",
	};
	int status;

	if (is_linux())
		return;
	status = trace_child(various_calls, "");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	for (int i = 0; i < NR(lines); i++)
		expect_line(lines[i]);
}

static void bad_pointers(void)
{
	void *bad[] = { (void *)16, (void *)-1, (void *)(1UL << 47), (void *)(0xffffUL << 48) };
	int fd = open("/dev/zero", O_RDWR);

	for (int i = 0; i < NR(bad); i++) {
		RAW(__NR_openat, AT_FDCWD, bad[i], O_RDONLY);
		RAW(__NR_write, fd, bad[i], -1UL);
		RAW(__NR_read, fd, bad[i], 100);
		RAW(__NR_execve, bad[i], bad[i], bad[i]);
		RAW(__NR_execve, "/nowhere", bad[i], bad[i]);
		RAW(__NR_rt_sigprocmask, SIG_BLOCK, bad[i], bad[i], 8);
		RAW(__NR_nanosleep, bad[i], bad[i]);
		RAW(__NR_pipe2, bad[i], -1);
		RAW(__NR_wait4, -1, bad[i], -1, bad[i]);
		RAW(__NR_mount, bad[i], bad[i], bad[i], -1, bad[i]);
		RAW(__NR_kill, 1 << 30, 1 << 30);
		RAW(__NR_fcntl, -1, -1, -1);
		RAW(__NR_getcwd, bad[i], -1UL);
	}
}

static void strace_survives_bad_pointers(void)
{
	int status;

	if (is_linux())
		return;
	status = trace_child(bad_pointers, "");
	CHECK_EQ(status, 0);
	expect_line("openat(AT_FDCWD, 0x10, O_RDONLY) = -1 EFAULT <");
	expect_line("execve(0x10, 0x10, 0x10) = -1 EFAULT <");
	expect_line("openat(AT_FDCWD, 0xffffffffffffffff, O_RDONLY) = -1 EFAULT <");
	expect_line("+++ exited with 0 +++");
}

static void long_arguments(void)
{
	static char path[PAGE];
	const char *argv[12];

	memset(path, 1, sizeof(path) - 1);
	for (int i = 0; i < 11; i++)
		argv[i] = path;
	argv[11] = NULL;
	RAW(__NR_execve, path, argv, argv);
}

static void strace_cuts_long_lines(void)
{
	char *line, *end;

	if (is_linux())
		return;
	CHECK_EQ(trace_child(long_arguments, ""), 0);
	expect_line("\\1\"..., [\"\\1");
	expect_line("...) = -1 E");
	for (line = text; (end = strchr(line, '\n')); line = end + 1)
		CHECK(end - line < 480);
}

static void die(void)
{
	touch_write((void *)8);
}

static void strace_shows_the_death(void)
{
	int status;

	if (is_linux())
		return;
	status = trace_child(die, "");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	expect_line("--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x8} ---\n");
	expect_line("+++ killed by SIGSEGV +++\n");
}

static void make_child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		RAW(__NR_getpgid, 4242);
		_exit(0);
	}
	waitpid(pid, &status, 0);
}

static void strace_follows_only_when_asked(void)
{
	if (is_linux())
		return;
	CHECK_EQ(trace_child(make_child, ""), 0);
	expect_line("wait4(");
	CHECK(!strstr(text, "getpgid(4242)"));
	CHECK_EQ(trace_child(make_child, "+"), 0);
	expect_line("getpgid(4242) = -1 ESRCH <");
}

static void take_a_name(void)
{
	RAW(__NR_getpgid, 4241);
	RAW(__NR_prctl, PR_SET_NAME, "tracee");
	RAW(__NR_getpgid, 4242);
	RAW(__NR_prctl, PR_SET_NAME, "other");
	RAW(__NR_getpgid, 4243);
}

static void take_a_name_by_exec(void)
{
	char self[256] = "";
	int fd = open("/dev/null", O_WRONLY);

	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	CHECK_EQ(symlink(self, "tracee"), 0);
	dup2(fd, 1);
	dup2(fd, 2);
	execl("./tracee", "tracee", "no such case", NULL);
}

static void strace_by_name(void)
{
	struct tracee t;

	if (is_linux())
		return;
	CONTROL(STRACE, "off to=ring clear tracee");
	t = start_tracee(take_a_name);
	finish_tracee(t);
	t = start_tracee(take_a_name_by_exec);
	finish_tracee(t);
	slurp(STRACE);
	expect_line("to ring\nname tracee\n");
	slurp(STRACE_LOG);
	CONTROL(STRACE, "off to=console");
	CHECK(!strstr(text, "4241"));
	expect_line("getpgid(4242) = -1 ESRCH <");
	expect_line("other] getpgid(4243) = -1 ESRCH <");
	expect_line(" tracee] execve(\"./tracee\", [\"tracee\", \"no such case\"], 0x");
	expect_line(" tracee] +++ exited with ");
}

static void strace_ends(void)
{
	struct tracee t;
	char words[32];

	if (is_linux())
		return;
	t = start_tracee(make_child);
	snprintf(words, sizeof(words), "off to=ring %d", t.pid);
	CONTROL(STRACE, words);
	slurp(STRACE);
	snprintf(words, sizeof(words), "task %d trace\n", t.pid);
	expect_line(words);
	CONTROL(STRACE, "off");
	slurp(STRACE);
	CHECK(!strstr(text, "task"));
	CONTROL(STRACE, "clear");
	finish_tracee(t);
	CHECK_EQ(slurp(STRACE_LOG), 0);
	CONTROL(STRACE, "to=console");
}

static void strace_refuses_nonsense(void)
{
	if (is_linux())
		return;
	CHECK_ERR(control(STRACE, "to=nowhere"), EINVAL);
	CHECK_ERR(control(STRACE, "+"), EINVAL);
	CHECK_ERR(control(STRACE, "a_name_of_16_char"), EINVAL);
	CHECK_ERR(control(STRACE, "32767"), ESRCH);
	CHECK_ERR(control(STRACE, "99999999999999999999"), ERANGE);
	CHECK_ERR(control(STRACE, "n1 n2 n3 n4 n5 n6 n7 n8 n9"), ENOSPC);
	CONTROL(STRACE, "off");
	CHECK_EQ(slurp(STRACE), (long)strlen("to console\n"));
}

/* --- events --- */

static long vmstat(const char *name)
{
	size_t len = strlen(name);
	char *line;

	slurp("/proc/vmstat");
	for (line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			return atol(line + len + 1);
	}
	fail("no %s in /proc/vmstat", name);
}

/* Lines of text with both parts. */
static long count_lines(const char *a, const char *b)
{
	long n = 0;
	char *line, *end;

	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		n += strstr(line, a) && strstr(line, b);
		*end = '\n';
	}
	return n;
}

static void run_lazy(void *unused)
{
	int fd = open("/dev/null", O_WRONLY);

	(void)unused;
	dup2(fd, 1);
	execl("/bin/lazy", "lazy", NULL);
	_exit(127);
}

static const struct {
	const char *event, *counter;
} handlers[] = {
	{ " by=zero_page", "pgfault_zero_page" },
	{ " by=anon", "pgfault_anon" },
	{ " by=file\n", "pgfault_file" },
	{ " by=file_cow", "pgfault_file_cow" },
	{ " by=cow", "pgfault_cow" },
	{ " by=reuse", "pgreuse" },
	{ " by=spurious", "pgfault_spurious" },
};

/* By handler; a line is cut at its end for strstr, so "file" needs a look of its own. */
static long count_handler(const char *event)
{
	size_t len = strlen(event);
	long n = 0;

	for (char *s = text; (s = strstr(s, event)); s += len)
		n++;
	return n;
}

/* All faults between two looks at vmstat are events, each with the handler that vmstat counted. */
static void faults_of_lazy_are_those_of_vmstat(void)
{
	long before[NR(handlers)], after[NR(handlers)], faults;

	if (is_linux() || proc_value("/proc/meminfo", "MemTotal") < 96 * 1024)
		return; /* lazy maps 64 MiB: less memory refuses that at once */
	CHECK_EQ(in_child(run_lazy, NULL), 0);
	for (int i = 0; i < NR(handlers); i++) /* this also touches what the real one will */
		after[i] = before[i] = vmstat(handlers[i].counter);
	slurp(FILTER);
	CONTROL(FILTER, "kind=fault size=16384");
	faults = vmstat("pgfault");
	for (int i = 0; i < NR(handlers); i++)
		before[i] = vmstat(handlers[i].counter);
	CHECK_EQ(in_child(run_lazy, NULL), 0);
	for (int i = 0; i < NR(handlers); i++)
		after[i] = vmstat(handlers[i].counter);
	faults = vmstat("pgfault") - faults;
	CONTROL(FILTER, "stop");
	slurp(EVENTS);
	CONTROL(FILTER, "off");
	CHECK(!strstr(text, "lost"));
	for (int i = 0; i < NR(handlers); i++) {
		long events = count_handler(handlers[i].event), counted = after[i] - before[i];

		if (events != counted)
			fail("%ld events%s, but vmstat counted %ld %s", events, handlers[i].event,
			     counted, handlers[i].counter);
	}
	CHECK(count_handler(" by=anon") >=
	      6); /* lazy writes to three pages, and to three others later */
	CHECK(count_handler(" by=zero_page") >= 3);
}

static void wait_for_signal(void)
{
	char *p = mmap((void *)0x10000000, 3 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	for (int i = 0; i < 3; i++)
		p[i * (long)PAGE] = 1;
	munmap(p, 3 * PAGE);
}

static void entries_and_mappings_of_one_process(void)
{
	struct tracee t;
	char words[64], who[32];

	if (is_linux())
		return;
	t = start_tracee(wait_for_signal);
	snprintf(words, sizeof(words), "pid=%d kind=pte,vma,fault size=4096", t.pid);
	CONTROL(FILTER, words);
	finish_tracee(t);
	CONTROL(FILTER, "stop");
	slurp(EVENTS);
	CONTROL(FILTER, "off");
	snprintf(who, sizeof(who), " %d ", t.pid);
	CHECK_EQ(count_lines("", who), count_lines("", ""));
	CHECK_EQ(count_lines("vma_add start=0x10000000 end=0x10003000", who), 1);
	CHECK_EQ(count_lines("vma_remove start=0x10000000 end=0x10003000", who), 1);
	CHECK_EQ(count_lines("fault addr=0x1000", "by=anon"), 3);
	CHECK_EQ(count_lines("pte_set addr=0x10000000", who), 1);
	CHECK_EQ(count_lines("pte_set addr=0x10002000", who), 1);
	CHECK_EQ(count_lines("pte_clear addr=0x10000000", who), 1);
	CHECK_EQ(count_lines("pte_clear addr=0x10002000", who), 1);
}

static void reading_waits_for_events(void)
{
	struct tracee t;
	struct pollfd p;
	char words[64];
	ssize_t n;
	int fd;

	if (is_linux())
		return;
	t = start_tracee(wait_for_signal);
	snprintf(words, sizeof(words), "pid=%d kind=vma", t.pid);
	CONTROL(FILTER, words);
	fd = open(EVENTS, O_RDONLY | O_NONBLOCK);
	CHECK_ERR(RAW(__NR_read, fd, text, 100), EAGAIN);
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	CHECK_EQ(poll(&p, 1, 0), 0);
	close(fd);
	fd = open(EVENTS, O_RDONLY);
	p.fd = fd;
	CHECK_EQ(write(t.go, "x", 1), 1);
	CHECK_EQ(poll(&p, 1, 30000), 1);
	CHECK_EQ(p.revents, POLLIN);
	n = read(fd, text, sizeof(text) - 1); /* asleep, or not: there is something */
	CHECK(n > 0);
	text[n] = 0;
	expect_line(" vma_add start=0x10000000 end=0x10003000\n");
	CHECK_EQ(waitpid(t.pid, NULL, 0), t.pid);
	CONTROL(FILTER, "stop");
	while (read(fd, text, sizeof(text)) > 0)
		;
	CHECK_EQ(read(fd, text, sizeof(text)), 0);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK(p.revents & POLLHUP);
	close(fd);
	CONTROL(FILTER, "off");
}

/* A reader that sleeps is woken when recording stops. */
static void stopping_wakes_the_reader(void)
{
	char words[64], c;
	int status;
	pid_t pid;

	if (is_linux())
		return;
	snprintf(words, sizeof(words), "pid=%d kind=vma", 32767);
	CONTROL(FILTER, words);
	pid = fork();
	if (pid == 0) {
		int fd = open(EVENTS, O_RDONLY);

		_exit(read(fd, &c, 1) == 0 ? 0 : 1);
	}
	usleep(50000);
	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	CONTROL(FILTER, "off");
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void overwritten_records_are_counted(void)
{
	const struct mm_trace_record *rec = (const void *)text;
	unsigned long lost = 0, recorded, read_back = 0, last_seq = 0, first_cpu = 1;
	char words[64];
	size_t len;
	char *p;

	if (is_linux())
		return;
	p = map_pages(300, PROT_READ | PROT_WRITE);
	CHECK_EQ(RAW(__NR_sched_setaffinity, 0, sizeof(first_cpu), &first_cpu), 0); /* one ring */
	snprintf(words, sizeof(words), "pid=%d kind=fault size=64", getpid());
	CONTROL(FILTER, words);
	for (int i = 0; i < 300; i++)
		p[i * (long)PAGE] = 1;
	CONTROL(FILTER, "stop");
	slurp(FILTER);
	CHECK(strstr(text, "cpu 0: "));
	recorded = strtoul(strstr(text, "cpu 0: ") + 7, NULL, 10);
	CHECK(recorded >= 300);
	len = slurp(EVENTS_RAW);
	CHECK_EQ(len % sizeof(*rec), 0);
	for (size_t i = 0; i < len / sizeof(*rec); i++) {
		if (rec[i].kind == EV_LOST) {
			lost += rec[i].detail;
			continue;
		}
		CHECK_EQ(rec[i].kind, EV_FAULT);
		CHECK(!last_seq || rec[i].seq == last_seq + 1);
		last_seq = rec[i].seq;
		read_back++;
	}
	CHECK_EQ(rec[0].kind, EV_LOST);
	CHECK_EQ(read_back, 64);
	CHECK_EQ(lost + read_back, recorded);
	CHECK_EQ(rec[1].pid, getpid());
	CHECK_EQ(rec[1].detail, EVENT_FAULT_ANON);
	CONTROL(FILTER, "off");
}

static void touch_many(void)
{
	char *p = map_pages(300, PROT_READ | PROT_WRITE);

	for (int i = 0; i < 300; i++)
		p[i * (long)PAGE] = 1;
}

/* Numbers behind each @word of text, summed. */
static unsigned long sum_of(const char *word)
{
	unsigned long sum = 0;

	for (const char *p = text; (p = strstr(p, word)) != NULL;) {
		p += strlen(word);
		sum += strtoul(p, NULL, 10);
	}
	return sum;
}

/*
 * A process on each CPU, all faulting at once into rings that are too small.  What is read is in the order of time, with
 * what was lost told at its place, and each record names the CPU that its process was bound to.
 */
static void records_of_all_cpus_are_one_stream(void)
{
	const struct mm_trace_record *rec = (const void *)text;
	unsigned long all = 0, mask, lost = 0, read_back = 0, recorded, overwritten = 0;
	struct tracee t[64];
	int count = 0, on[64];
	size_t len;

	if (is_linux())
		return;
	CHECK(RAW(__NR_sched_getaffinity, 0, sizeof(all), &all) > 0);
	for (int cpu = 0; cpu < 64; cpu++) {
		mask = 1UL << cpu;
		if (!(all & mask))
			continue;
		CHECK_EQ(RAW(__NR_sched_setaffinity, 0, sizeof(mask), &mask), 0);
		on[count] = cpu;
		t[count++] = start_tracee(touch_many);
	}
	CHECK_EQ(RAW(__NR_sched_setaffinity, 0, sizeof(all), &all), 0);
	CONTROL(FILTER, "kind=fault size=64");
	for (int i = 0; i < count; i++)
		CHECK_EQ(write(t[i].go, "x", 1), 1);
	for (int i = 0; i < count; i++) {
		close(t[i].go);
		CHECK_EQ(waitpid(t[i].pid, NULL, 0), t[i].pid);
	}
	CONTROL(FILTER, "stop");
	slurp(FILTER);
	recorded = sum_of(": ");
	overwritten = sum_of(" recorded, ");
	CHECK(overwritten >= 200 * (unsigned long)count);
	len = slurp(EVENTS_RAW) / sizeof(*rec);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && rec[i].time_ns < rec[i - 1].time_ns)
			fail("record %d of CPU %d is older than the one before it, of CPU %d",
			     (int)i, rec[i].cpu, rec[i - 1].cpu);
		if (rec[i].kind == EV_LOST) {
			lost += rec[i].detail;
			continue;
		}
		read_back++;
		for (int k = 0; k < count; k++)
			CHECK(rec[i].pid != t[k].pid || rec[i].cpu == on[k]);
	}
	CHECK_EQ(lost, overwritten);
	CHECK_EQ(lost + read_back, recorded);
	CONTROL(FILTER, "off");
}

/* Text and raw, read in small pieces, are whole. */
static void small_reads_lose_nothing(void)
{
	size_t whole, len = 0;
	ssize_t n;
	char *copy;
	int fd;

	if (is_linux())
		return;
	CONTROL(FILTER, "kind=vma,fault");
	make_child();
	CONTROL(FILTER, "stop");
	whole = slurp(EVENTS);
	copy = malloc(whole + 8);
	fd = open(EVENTS, O_RDONLY);
	while (len <= whole && (n = read(fd, copy + len, 7)) > 0)
		len += (size_t)n;
	CHECK_EQ(len, whole);
	CHECK_EQ(memcmp(copy, text, whole), 0);
	close(fd);
	CONTROL(FILTER, "off");
	CHECK_EQ(slurp(EVENTS), 0);
}

/* Addresses that were freed wait for a flush, with their pages. */
static long vmalloc_used(void)
{
	control("/proc/sys/vm/drop_caches", "3");
	return proc_value("/proc/meminfo", "VmallocUsed");
}

static void off_gives_the_rings_back(void)
{
	long used;

	if (is_linux())
		return;
	used = vmalloc_used();
	for (int i = 0; i < 5; i++) {
		CONTROL(FILTER, "kind=page size=65536");
		CHECK(vmalloc_used() >= used + 3072);
		CONTROL(FILTER, "kind=page size=1024");
		CONTROL(FILTER, "off");
		CHECK_EQ(vmalloc_used(), used);
	}
}

static void filter_refuses_nonsense(void)
{
	static const char *const bad[] = {
		"",
		"bogus",
		"kind=",
		"kind=nope",
		"kind=fault,nope",
		"pid=",
		"pid=x",
		"pid=-1",
		"size=0",
		"size=x",
		"size=99999999",
		"name=",
		"name=a_name_of_16_char",
		"stop now",
		"off off",
		"pid=1,2,3,4,5,6,7,8,9",
	};

	if (is_linux())
		return;
	for (int i = 1; i < NR(bad); i++)
		if (control(FILTER, bad[i]) != -EINVAL)
			fail("%s is taken", bad[i]);
	CHECK_ERR(control(FILTER, "\n"), EINVAL);
	slurp(FILTER);
	CHECK(strncmp(text, "off", 3) == 0);
}

static void as_nobody(void *unused)
{
	(void)unused;
	CHECK_EQ(setuid(65534), 0);
	CHECK(open(STRACE, O_WRONLY) < 0 && errno == EACCES);
	CHECK(open(STRACE_LOG, O_RDONLY) < 0 && errno == EACCES);
	CHECK(open(EVENTS, O_RDONLY) < 0 && errno == EACCES);
	CHECK(open(FILTER, O_RDWR) < 0 && errno == EACCES);
}

static void files_are_root_s(void)
{
	if (is_linux())
		return;
	CHECK_EQ(in_child(as_nobody, NULL), 0);
}

TEST_MAIN("trace", CASE(strace_decodes_arguments_and_results), CASE(strace_survives_bad_pointers),
	  CASE(strace_cuts_long_lines), CASE(strace_shows_the_death),
	  CASE(strace_follows_only_when_asked), CASE(strace_by_name), CASE(strace_ends),
	  CASE(strace_refuses_nonsense), CASE(faults_of_lazy_are_those_of_vmstat),
	  CASE(entries_and_mappings_of_one_process), CASE(reading_waits_for_events),
	  CASE(stopping_wakes_the_reader), CASE(overwritten_records_are_counted),
	  CASE(records_of_all_cpus_are_one_stream), CASE(small_reads_lose_nothing),
	  CASE(off_gives_the_rings_back), CASE(filter_refuses_nonsense), CASE(files_are_root_s))
