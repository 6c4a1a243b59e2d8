/*
 * tests/guest/process.c - making processes, turning them into others, learning how they ended
 *
 * The program is its own helper: called as `process --args ...` it prints its arguments, as `process --exit N`
 * it exits with N, and so on (helper()).  That way exec tests need nothing but this file.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/check.h"

static char self[256];

static void find_self(void)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		fail("/proc/self/exe: %s", strerror(errno));
	self[n] = 0;
}

/* Run @path with @argv and @envp; what it printed in @out, its wait status as result. */
static int run_and_read(const char *path, char *const argv[], char *const envp[], char *out,
			size_t size)
{
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	CHECK_EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		execve(path, argv, envp);
		_exit(100 + errno);
	}
	close(fds[1]);
	while (len < size - 1 && (n = read(fds[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = 0;
	close(fds[0]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static long exec_error(const char *path)
{
	char *argv[] = { "x", NULL };

	return RAW(__NR_execve, path, argv, NULL);
}

/* fork, vfork, clone */

static void fork_returns_twice(void)
{
	pid_t me = getpid(), pid;
	int status;

	pid = fork();
	if (pid == 0)
		_exit(getppid() == me && getpid() != me ? 42 : 1);
	CHECK(pid > 0 && pid != me);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 42 << 8);
}

static void child_inherits_files_and_folder(void)
{
	int fd = pattern_file("f", 100), status;

	CHECK_EQ(lseek(fd, 10, SEEK_SET), 10);
	if (fork() == 0) {
		char c;

		_exit(read(fd, &c, 1) != 1 || c != pattern_at(10) || access("f", F_OK) != 0);
	}
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 11); /* one position for both */
}

static void vfork_shares_memory_and_waits(void)
{
	static volatile int shared;
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		shared = 7;
		_exit(3);
	}
	CHECK_EQ(shared, 7);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 3 << 8);
}

static void vfork_parent_goes_on_after_exec(void)
{
	char *argv[] = { self, "--exit", "5", NULL };
	int status;
	pid_t pid;

	find_self();
	pid = vfork();
	if (pid == 0) {
		execve(self, argv, NULL);
		_exit(1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 5 << 8);
}

static void clone_with_only_a_signal_is_fork(void)
{
	static volatile int mine = 1;
	int status;
	long pid = RAW(__NR_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		mine = 2;
		_exit(6);
	}
	CHECK(pid > 0);
	CHECK_EQ(waitpid((pid_t)pid, &status, 0), pid);
	CHECK_EQ(status, 6 << 8);
	CHECK_EQ(mine, 1);
}

static void clone_writes_the_ids_asked_for(void)
{
	static int parent_tid, child_tid;
	int status;
	long pid = RAW(__NR_clone, SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, 0,
		       &parent_tid, &child_tid, 0);

	if (pid == 0)
		_exit(child_tid != getpid());
	CHECK(pid > 0);
	CHECK_EQ(parent_tid, pid);
	CHECK_EQ(child_tid, 0);
	CHECK_EQ(waitpid((pid_t)pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void clone_errors(void)
{
	CHECK_ERR(RAW(__NR_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(RAW(__NR_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(RAW(__NR_clone, CLONE_THREAD | CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL);
}

static void many_children_at_once(void)
{
	unsigned char seen[100] = { 0 };

	for (int i = 0; i < 100; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0)
			_exit(i);
	}
	for (int i = 0; i < 100; i++) {
		int status;

		CHECK(wait(&status) > 0);
		CHECK(WIFEXITED(status) && !seen[WEXITSTATUS(status)]++);
	}
	CHECK_ERR(RAW(__NR_wait4, -1, 0, 0, 0), ECHILD);
}

/* wait4 */

static void exit_codes_keep_eight_bits(void)
{
	static const int codes[] = { 0, 1, 127, 128, 255, 256, -1, 0x1234 };

	for (int i = 0; i < NR(codes); i++) {
		int status;

		if (fork() == 0)
			_exit(codes[i]);
		CHECK(wait(&status) > 0);
		CHECK_EQ(status, (codes[i] & 0xff) << 8);
	}
}

static void wait_status_names_the_signal(void)
{
	static const int sigs[] = { SIGTERM, SIGKILL, SIGINT, SIGHUP, SIGUSR1, SIGALRM, SIGPIPE };

	for (int i = 0; i < NR(sigs); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				pause();
		CHECK_EQ(kill(pid, sigs[i]), 0);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status & 0x7f, sigs[i]);
		CHECK(WIFSIGNALED(status));
	}
}

static void wnohang_returns_0_while_the_child_runs(void)
{
	int fds[2], status;
	char c;
	pid_t pid;

	CHECK_EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		_exit((int)read(fds[0], &c, 1) - 1);
	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void wait_for_one_leaves_the_other(void)
{
	int status;
	pid_t first = fork(), second;

	if (first == 0)
		_exit(1);
	second = fork();
	if (second == 0)
		_exit(2);
	CHECK_EQ(waitpid(second, &status, 0), second);
	CHECK_EQ(status, 2 << 8);
	CHECK_EQ(waitpid(first, &status, 0), first);
	CHECK_EQ(status, 1 << 8);
}

static void wait_errors(void)
{
	CHECK_ERR(RAW(__NR_wait4, -1, 0, 0, 0), ECHILD);
	CHECK_ERR(RAW(__NR_wait4, getppid(), 0, 0, 0), ECHILD);
	CHECK_ERR(RAW(__NR_wait4, -1, 0, 0x10000000, 0), EINVAL);
}

static void zombie_stays_until_waited_for(void)
{
	int fds[2], status;
	char c;
	pid_t pid;

	CHECK_EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		_exit(9);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 0); /* its end is closed: it has gone */
	CHECK_EQ(kill(pid, 0), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_ERR(RAW(__NR_kill, pid, 0), ESRCH);
}

static void orphans_get_another_parent(void)
{
	int fds[2], go[2], status;
	pid_t child, seen;

	CHECK_EQ(pipe(fds), 0);
	CHECK_EQ(pipe(go), 0);
	child = fork();
	if (child == 0) {
		pid_t me = getpid(), now;
		char c;

		if (fork() != 0)
			_exit(0);
		close(go[1]);
		(void)!read(go[0], &c, 1);
		now = getppid();
		now = now == me ? 0 : now;
		(void)!write(fds[1], &now, sizeof(now));
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	close(go[1]);
	CHECK_EQ(read(fds[0], &seen, sizeof(seen)), sizeof(seen));
	CHECK(seen > 0);
}

static void wait4_reports_what_the_child_used(void)
{
	struct rusage ru;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		char *p = map_pages(100, PROT_READ | PROT_WRITE);

		for (int i = 0; i < 100; i++)
			p[i * PAGE] = 1;
		_exit(0);
	}
	memset(&ru, 0xff, sizeof(ru));
	CHECK_EQ(wait4(pid, &status, 0, &ru), pid);
	CHECK(ru.ru_minflt >= 100 && ru.ru_minflt < 1000);
	CHECK(ru.ru_utime.tv_sec < 60);
}

static void bad_accesses_have_their_signal(void)
{
	CHECK_EQ(signal_of(touch_read, NULL), SIGSEGV);
	CHECK_EQ(signal_of(touch_exec, NULL), SIGSEGV);
	CHECK_EQ(signal_of(touch_read, (void *)0xffffffff81000000), SIGSEGV);
	CHECK_EQ(signal_of(touch_write, (void *)0xffff888000000000), SIGSEGV);
	CHECK_EQ(signal_of(touch_read, (void *)0x0000800000000000), SIGSEGV);
	CHECK_EQ(signal_of(touch_exec, (void *)0x0000800000000000), SIGSEGV);
	CHECK_EQ(signal_of(touch_read, (void *)0x7ffffffff000), SIGSEGV);
}

/* clang-format off */
static void do_ud2(void *unused)  { (void)unused; __asm__ volatile("ud2"); }
static void do_int3(void *unused) { (void)unused; __asm__ volatile("int3"); }
static void do_hlt(void *unused)  { (void)unused; __asm__ volatile("hlt"); }
static void do_cli(void *unused)  { (void)unused; __asm__ volatile("cli"); }
static void do_int(void *unused)  { (void)unused; __asm__ volatile("int $0x42"); }
static void do_out(void *unused)  { (void)unused; __asm__ volatile("outb %al, $0x80"); }
/* clang-format on */

static void do_divide(void *unused)
{
	(void)unused;
	__asm__ volatile("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; idivl %%ecx"
			 :
			 :
			 : "eax", "ecx", "edx", "cc");
}

static void do_mov_cr3(void *unused)
{
	(void)unused;
	__asm__ volatile("mov %%cr3, %%rax" : : : "rax");
}

static void instructions_have_their_signal(void)
{
	CHECK_EQ(signal_of(do_ud2, NULL), SIGILL);
	CHECK_EQ(signal_of(do_int3, NULL), SIGTRAP);
	CHECK_EQ(signal_of(do_hlt, NULL), SIGSEGV);
	CHECK_EQ(signal_of(do_cli, NULL), SIGSEGV);
	CHECK_EQ(signal_of(do_int, NULL), SIGSEGV);
	CHECK_EQ(signal_of(do_out, NULL), SIGSEGV);
	CHECK_EQ(signal_of(do_mov_cr3, NULL), SIGSEGV);
	CHECK_EQ(signal_of(do_divide, NULL), SIGFPE);
}

/* Registers survive system calls, faults and the timer: all but rax, rcx and r11. */
static void registers_survive(void)
{
	char *p = map_pages(64, PROT_READ | PROT_WRITE);
	unsigned long bad = 0;

	for (int i = 0; i < 64; i++) {
		/* clang-format off */
		__asm__ volatile(
			"mov $0x1111, %%rbx; mov $0x2222, %%r12; mov $0x3333, %%r13; mov $0x4444, %%r14\n"
			"mov $0x5555, %%r8; mov $0x6666, %%r9; mov $0x7777, %%r10; movq %%rbx, %%xmm5\n"
			"movb $1, (%1)\n"
			"mov $39, %%eax; syscall\n"
			"mov $1000000, %%ecx; 1: dec %%ecx; jnz 1b\n"
			"sub $0x1111, %%rbx; sub $0x2222, %%r12; sub $0x3333, %%r13; sub $0x4444, %%r14\n"
			"sub $0x5555, %%r8; sub $0x6666, %%r9; sub $0x7777, %%r10\n"
			"or %%rbx, %0; or %%r12, %0; or %%r13, %0; or %%r14, %0; or %%r8, %0; or %%r9, %0; or %%r10, %0\n"
			"movq %%xmm5, %%rbx; sub $0x1111, %%rbx; or %%rbx, %0\n"
			: "+r"(bad) : "D"(p + i * PAGE)
			: "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "xmm5", "memory", "cc");
		/* clang-format on */
	}
	CHECK_EQ(bad, 0);
}

/* Two processes with different vector registers, both always ready to run. */
static void vector_registers_belong_to_the_process(void)
{
	int status;

	for (long id = 1; id <= 3; id++)
		if (fork() == 0) {
			long bad = 0;

			for (int i = 0; i < 200; i++) {
				long got;

				__asm__ volatile(
					"movq %1, %%xmm3; mov $200000, %%ecx; 1: dec %%ecx; jnz 1b; movq %%xmm3, %0"
					: "=r"(got)
					: "r"(id)
					: "rcx", "xmm3", "cc");
				bad |= got ^ id;
			}
			_exit(bad != 0);
		}
	for (int i = 0; i < 3; i++) {
		CHECK(wait(&status) > 0);
		CHECK_EQ(status, 0);
	}
}

/* execve */

static void exec_passes_arguments_and_environment(void)
{
	char *argv[] = { "zero", "--args", "two words", "", "last", NULL };
	char *envp[] = { "A=1", "B=two", NULL };
	char out[256];

	find_self();
	CHECK_EQ(run_and_read(self, argv, envp, out, sizeof(out)), 0);
	if (strcmp(out, "zero|--args|two words||last|/A=1|B=two|/") != 0)
		fail("the program saw %s", out);
}

static void exec_without_arguments_gives_an_empty_one(void)
{
	char *argv[] = { NULL };
	int status;
	pid_t pid;

	find_self();
	pid = fork();
	if (pid == 0) {
		RAW(__NR_execve, self, argv, NULL);
		_exit(1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 77 << 8); /* helper() says so when argv[0] is "" */
}

static void exec_keeps_process_id_and_closes_cloexec(void)
{
	char number[16], open_fd[16], closed_fd[16];
	char *argv[] = { self, "--check-exec", number, open_fd, closed_fd, NULL };
	int keep, gone, status;
	pid_t pid;

	find_self();
	keep = open("/dev/null", O_RDONLY);
	gone = open("/dev/null", O_RDONLY | O_CLOEXEC);
	snprintf(open_fd, sizeof(open_fd), "%d", keep);
	snprintf(closed_fd, sizeof(closed_fd), "%d", gone);
	pid = fork();
	if (pid == 0) {
		snprintf(number, sizeof(number), "%d", getpid());
		execve(self, argv, NULL);
		_exit(1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void exec_gives_the_auxiliary_vector(void)
{
	char *argv[] = { self, "--check-auxv", NULL }, out[128];

	find_self();
	CHECK_EQ(run_and_read(self, argv, NULL, out, sizeof(out)), 0);
	if (strcmp(out, "ok") != 0)
		fail("%s", out);
}

static void random_bytes_differ_between_programs(void)
{
	char *argv[] = { self, "--random", NULL }, one[64], two[64];

	find_self();
	CHECK_EQ(run_and_read(self, argv, NULL, one, sizeof(one)), 0);
	CHECK_EQ(run_and_read(self, argv, NULL, two, sizeof(two)), 0);
	CHECK_EQ(strlen(one), 32);
	CHECK(strcmp(one, two) != 0);
}

static void exec_errors_of_names(void)
{
	char longname[PAGE + 10];

	memset(longname, 'x', sizeof(longname) - 1);
	longname[sizeof(longname) - 1] = 0;
	write_file("plain", "x", 1, 0644);
	CHECK_ERR(exec_error("missing"), ENOENT);
	CHECK_ERR(exec_error(""), ENOENT);
	CHECK_ERR(exec_error("plain/below"), ENOTDIR);
	CHECK_ERR(exec_error(longname), ENAMETOOLONG);
	longname[300] = 0;
	CHECK_ERR(exec_error(longname), ENAMETOOLONG);
	CHECK_EQ(symlink("loop", "loop"), 0);
	CHECK_ERR(exec_error("loop"), ELOOP);
	CHECK_EQ(symlink("nowhere", "dangling"), 0);
	CHECK_ERR(exec_error("dangling"), ENOENT);
}

static void exec_errors_of_rights(void)
{
	CHECK_EQ(mkdir("folder", 0755), 0);
	write_file("plain", "#!/bin/sh\n", 10, 0644);
	CHECK_ERR(exec_error("folder"), EACCES);
	CHECK_ERR(exec_error("plain"), EACCES);
	CHECK_ERR(exec_error("/dev/null"), EACCES);
}

static void exec_errors_of_contents(void)
{
	write_file("empty", "", 0, 0755);
	write_file("text", "echo hello\n", 11, 0755);
	write_file("zeros", "\0\0\0\0\0\0\0\0", 8, 0755);
	CHECK_ERR(exec_error("empty"), ENOEXEC);
	CHECK_ERR(exec_error("text"), ENOEXEC);
	CHECK_ERR(exec_error("zeros"), ENOEXEC);
}

static void exec_with_too_long_arguments_is_E2BIG(void)
{
	char *big = malloc(128 * 1024 + 1);
	static char *many[4100];
	char *two[] = { "x", big, NULL };

	find_self();
	memset(big, 'a', 128 * 1024);
	big[128 * 1024] = 0;
	CHECK_ERR(RAW(__NR_execve, self, two, NULL), E2BIG);
	CHECK_ERR(RAW(__NR_execve, self, NULL, two), E2BIG);
	big[1023] = 0;
	for (int i = 0; i < 4096; i++)
		many[i] = big;
	CHECK_ERR(RAW(__NR_execve, self, many, NULL),
		  E2BIG); /* 4 MiB: more than a quarter of the stack's limit */
}

static void exec_with_one_MiB_of_arguments_works(void)
{
	char *big = malloc(1024), *argv[1027] = { "x", "--count" }, out[64];

	find_self();
	memset(big, 'a', 1023);
	big[1023] = 0;
	for (int i = 2; i < 1026; i++)
		argv[i] = big;
	CHECK_EQ(run_and_read(self, argv, NULL, out, sizeof(out)), 0);
	if (strcmp(out, "1026 1047560") != 0)
		fail("the program counted %s", out);
}

static void failed_exec_leaves_the_program_as_it_was(void)
{
	char *p = map_pages(1, PROT_READ | PROT_WRITE);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	*p = 'k';
	exec_error("missing");
	write_file("bad", "\177ELF", 4, 0755);
	CHECK_ERR(exec_error("bad"), ENOEXEC);
	CHECK_EQ(*p, 'k');
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

/* Scripts */

static void make_script(const char *name, const char *first_line)
{
	write_file(name, first_line, strlen(first_line), 0755);
}

static void script_runs_its_interpreter(void)
{
	char line[300], out[512], want[512];
	char *argv[] = { "ignored", "a", "b", NULL };

	find_self();
	snprintf(line, sizeof(line), "#! %s  --args \nrest\n", self);
	make_script("s", line);
	CHECK_EQ(run_and_read("./s", argv, NULL, out, sizeof(out)), 0);
	snprintf(want, sizeof(want), "%s|--args|./s|a|b|//", self);
	if (strcmp(out, want) != 0)
		fail("the interpreter saw %s", out);
}

static void script_passes_one_argument_with_its_spaces(void)
{
	char line[300], out[512], want[512];
	char *argv[] = { "ignored", NULL };

	find_self();
	snprintf(line, sizeof(line), "#!%s --args  two words\n", self);
	make_script("s", line);
	CHECK_EQ(run_and_read("./s", argv, NULL, out, sizeof(out)), 0);
	snprintf(want, sizeof(want), "%s|--args  two words|./s|//", self);
	if (strcmp(out, want) != 0)
		fail("the interpreter saw %s", out);
}

static void script_may_be_its_own_interpreters_script(void)
{
	char line[300], out[512], cwd[200], want[512];
	char *argv[] = { "ignored", "x", NULL };

	find_self();
	CHECK(getcwd(cwd, sizeof(cwd)));
	snprintf(line, sizeof(line), "#!%s --args\n", self);
	make_script("inner", line);
	snprintf(line, sizeof(line), "#!%s/inner\n", cwd);
	make_script("outer", line);
	CHECK_EQ(run_and_read("./outer", argv, NULL, out, sizeof(out)), 0);
	snprintf(want, sizeof(want), "%s|--args|%s/inner|./outer|x|//", self, cwd);
	if (strcmp(out, want) != 0)
		fail("the interpreter saw %s", out);
}

static void script_errors(void)
{
	char line[400], cwd[200];

	CHECK(getcwd(cwd, sizeof(cwd)));
	make_script("nointerp", "#!/no/such/interpreter\n");
	CHECK_ERR(exec_error("./nointerp"), ENOENT);
	make_script("blank", "#!   \n");
	CHECK_ERR(exec_error("./blank"), ENOEXEC);
	make_script("bare", "#!");
	CHECK_ERR(exec_error("./bare"), EACCES); /* the empty name is the current folder */
	make_script("folder", "#!/proc\n");
	CHECK_ERR(exec_error("./folder"), EACCES);
	write_file("plain", "x", 1, 0644);
	snprintf(line, sizeof(line), "#!%s/plain\n", cwd);
	make_script("noexec", line);
	CHECK_ERR(exec_error("./noexec"), EACCES);
	snprintf(line, sizeof(line), "#!%s/loop\n", cwd);
	make_script("loop", line);
	CHECK_ERR(exec_error("./loop"), ELOOP);
	memset(line, 'x', sizeof(line));
	memcpy(line, "#!/", 3);
	line[399] = 0;
	make_script("long", line);
	CHECK_ERR(exec_error("./long"), ENOEXEC);
}

static void script_without_newline_works(void)
{
	char line[300], out[512];
	char *argv[] = { "ignored", NULL };

	find_self();
	snprintf(line, sizeof(line), "#!%s --args", self);
	make_script("s", line);
	CHECK_EQ(run_and_read("./s", argv, NULL, out, sizeof(out)), 0);
	CHECK(strstr(out, "|--args|./s|"));
}

/* What the program does when it is its own helper. */

static void print_strings(char **s)
{
	for (; *s; s++)
		printf("%s|", *s);
	putchar('/');
}

static int check_auxv(void)
{
	const unsigned char *phdr = (const unsigned char *)getauxval(AT_PHDR);
	const char *wrong = NULL;
	static const char start_of_elf[4] = "\177ELF";

	if (getauxval(AT_PAGESZ) != PAGE)
		wrong = "AT_PAGESZ";
	else if (getauxval(AT_PHENT) != 56 || getauxval(AT_PHNUM) < 4)
		wrong = "AT_PHENT or AT_PHNUM";
	else if (!phdr || memcmp(phdr - 64, start_of_elf, 4) != 0)
		wrong = "AT_PHDR";
	else if (getauxval(AT_CLKTCK) != 100)
		wrong = "AT_CLKTCK";
	else if (getauxval(AT_UID) != getuid() || getauxval(AT_EGID) != getegid() ||
		 getauxval(AT_SECURE))
		wrong = "AT_UID, AT_EGID or AT_SECURE";
	else if (!getauxval(AT_EXECFN) || strcmp((char *)getauxval(AT_EXECFN), self) != 0)
		wrong = "AT_EXECFN";
	else if (getauxval(AT_BASE) || getauxval(AT_FLAGS))
		wrong = "AT_BASE or AT_FLAGS";
	else if (!getauxval(AT_ENTRY) || !getauxval(AT_RANDOM))
		wrong = "AT_ENTRY or AT_RANDOM";
	else if (strcmp((char *)getauxval(AT_PLATFORM), "x86_64") != 0)
		wrong = "AT_PLATFORM";
	fputs(wrong ? wrong : "ok", stdout);
	return 0;
}

static int check_exec(char **argv)
{
	if (getpid() != atoi(argv[2]))
		return 1;
	if (fcntl(atoi(argv[3]), F_GETFD) != 0)
		return 2;
	return fcntl(atoi(argv[4]), F_GETFD) == -1 && errno == EBADF ? 0 : 3;
}

/* What the two tests of signals for changing programs run; never ends. */
static int change_again(char **argv)
{
	find_self();
	(void)!write(atoi(argv[2]), "x", 1);
	if (strcmp(argv[1], "--exec-again") == 0)
		execve(self, argv, NULL);
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			argv[1] = "--exec-again";
			execve(self, argv, NULL);
			_exit(100);
		}
		if (pid > 0) { /* whatever it was about to do */
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
	}
}

/* -1 when this is not a helper's call. */
static int helper(int argc, char **argv)
{
	if (argc == 1 && !argv[0][0])
		return 77;
	if (argc < 2)
		return -1;
	if (strncmp(argv[1], "--args", 6) == 0) {
		print_strings(argv);
		print_strings(environ);
		return 0;
	}
	if (strcmp(argv[1], "--exit") == 0)
		return atoi(argv[2]);
	if (strcmp(argv[1], "--check-exec") == 0)
		return check_exec(argv);
	if (strcmp(argv[1], "--check-auxv") == 0) {
		find_self();
		return check_auxv();
	}
	if (strcmp(argv[1], "--random") == 0) {
		const unsigned char *bytes = (const unsigned char *)getauxval(AT_RANDOM);

		for (int i = 0; i < 16; i++)
			printf("%02x", bytes[i]);
		return 0;
	}
	if (strcmp(argv[1], "--count") == 0) {
		size_t bytes = 0;

		for (int i = 0; i < argc; i++)
			bytes += strlen(argv[i]);
		printf("%d %zu", argc, bytes);
		return 0;
	}
	if (strcmp(argv[1], "--exec-again") == 0 || strcmp(argv[1], "--fork-again") == 0)
		return change_again(argv);
	return -1;
}

/* Signals whose default action ends a process. */
static const int ending[] = { SIGQUIT, SIGTERM, SIGKILL, SIGINT, SIGUSR1, SIGHUP };
#define ROUNDS 36

/* Run this program as @how in a group of its own; it holds a pipe's other end, whose reading end this is, and has run. */
static int start_group(char *how, pid_t *pgrp)
{
	char number[16], *argv[] = { self, how, number, NULL };
	int fds[2];

	CHECK_EQ(pipe(fds), 0);
	*pgrp = fork();
	if (*pgrp == 0) {
		setpgid(0, 0);
		close(fds[0]);
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
		snprintf(number, sizeof(number), "%d", fds[1]);
		execve(self, argv, NULL);
		_exit(100);
	}
	CHECK(*pgrp > 0);
	close(fds[1]);
	CHECK_EQ(read(fds[0], number, 1), 1);
	return fds[0];
}

/*
 * A moment later, a different one each time, @sig goes to @target.  The child is ended by it, and so is everybody
 * else who holds the pipe.
 */
static void expect_end(int fd, pid_t target, pid_t child, int sig, int round)
{
	struct timespec moment = { 0, round * 7919 % 100 * 20000L };
	char bytes[512];
	int status;

	nanosleep(&moment, NULL);
	CHECK_EQ(kill(target, sig), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status & 0xff7f, sig); /* 0x80: a core was dumped, which is as the machine likes */
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

/* exec gives back handlers and ends threads: no signal falls between the old program and the new one. */
static void signals_end_a_program_that_execs_again_and_again(void)
{
	find_self();
	for (int i = 0; i < ROUNDS; i++) {
		pid_t child;
		int fd = start_group("--exec-again", &child);

		expect_end(fd, i & 1 ? child : -child, child, ending[i % NR(ending)], i);
	}
}

/* A signal for a group is also for the child that a member is just making, and for what that becomes. */
static void signals_end_a_group_that_forks_again_and_again(void)
{
	find_self();
	for (int i = 0; i < ROUNDS; i++) {
		pid_t child;
		int fd = start_group("--fork-again", &child);

		expect_end(fd, -child, child, ending[i % NR(ending)], i);
	}
}

static const struct test_case cases[] = {
	CASE(fork_returns_twice),
	CASE(child_inherits_files_and_folder),
	CASE(vfork_shares_memory_and_waits),
	CASE(vfork_parent_goes_on_after_exec),
	CASE(clone_with_only_a_signal_is_fork),
	CASE(clone_writes_the_ids_asked_for),
	CASE(clone_errors),
	CASE(many_children_at_once),
	CASE(exit_codes_keep_eight_bits),
	CASE(wait_status_names_the_signal),
	CASE(wnohang_returns_0_while_the_child_runs),
	CASE(wait_for_one_leaves_the_other),
	CASE(wait_errors),
	CASE(zombie_stays_until_waited_for),
	CASE(orphans_get_another_parent),
	CASE(wait4_reports_what_the_child_used),
	CASE(bad_accesses_have_their_signal),
	CASE(instructions_have_their_signal),
	CASE(registers_survive),
	CASE(vector_registers_belong_to_the_process),
	CASE(exec_passes_arguments_and_environment),
	CASE(exec_without_arguments_gives_an_empty_one),
	CASE(exec_keeps_process_id_and_closes_cloexec),
	CASE(exec_gives_the_auxiliary_vector),
	CASE(random_bytes_differ_between_programs),
	CASE(exec_errors_of_names),
	CASE(exec_errors_of_rights),
	CASE(exec_errors_of_contents),
	CASE(exec_with_too_long_arguments_is_E2BIG),
	CASE(exec_with_one_MiB_of_arguments_works),
	CASE(failed_exec_leaves_the_program_as_it_was),
	CASE(signals_end_a_program_that_execs_again_and_again),
	CASE(signals_end_a_group_that_forks_again_and_again),
	CASE(script_runs_its_interpreter),
	CASE(script_passes_one_argument_with_its_spaces),
	CASE(script_may_be_its_own_interpreters_script),
	CASE(script_errors),
	CASE(script_without_newline_works),
};

int main(int argc, char **argv)
{
	int status = helper(argc, argv);

	return status >= 0 ? status : run_cases("process", cases, NR(cases), argv + 1);
}
