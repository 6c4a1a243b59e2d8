/*
 * tests/oracle/exec.c - execve: what it refuses, what a program finds when it begins
 *
 * child/entry prints its registers, its initial stack and auxiliary vector; here its lines are passed on.  The
 * damaged programs are one good ELF file of 0x300 bytes, whose code exits with 42, with one field changed.
 *
 * Sources: execve(2); ELF-64 "ELF header", "Program header"; System V AMD64 psABI "Process Initialization".
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uapi/elf.h>
#include "lib/oracle.h"

#define CHILD "/oracle/child/entry"
#define BASE  0x400000UL

static char *const no_env[] = { NULL };

/* Run a program; each of its lines becomes one of ours. */
static void relay(const char *prefix, const char *path, char *const argv[], char *const envp[])
{
	static char out[16384];
	size_t len = 0;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(fds) < 0)
		give_up("pipe");
	pid = fork();
	if (pid == 0) {
		RAW(__NR_dup2, fds[1], 1);
		RAW(__NR_execve, path, argv, envp);
		_exit(127);
	}
	close(fds[1]);
	while (len < sizeof(out) - 1 && (n = read(fds[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = 0;
	close(fds[0]);
	waitpid(pid, &status, 0);
	for (char *line = out, *end; (end = strchr(line, '\n')); line = end + 1) {
		char *colon = strstr(line, ": ");

		*end = 0;
		if (!colon)
			continue;
		*colon = 0;
		say(text("%s%s", prefix, line), "%s", colon + 2);
	}
	say(text("%sends", prefix), "%s", status_text(status));
}

static void entry(void)
{
	char *argv[] = { "entry", "one", "", NULL },
	     *envp[] = { "A=1", "LONG=abcdefghijklmnopqrstuvwxyz", NULL };

	relay("", CHILD, argv, envp);
}

static void empty(void)
{
	char *argv[] = { NULL };

	relay("", CHILD, argv, argv);
}

static void script(void)
{
	char *argv[] = { "script", "one", NULL };

	write_file("script", "#!" CHILD " an argument \nrest\n", 24 + 14, 0755);
	relay("", "./script", argv, no_env);
}

static long exec(const char *path)
{
	char *argv[] = { (char *)path, NULL };

	return RAW(__NR_execve, path, argv, no_env);
}

static void errors(void)
{
	static char *huge[40], big[131073];
	char *argv[] = { "x", NULL }, *bad[] = { BAD, NULL };
	static char name[5000];
	int fd;

	memset(name, 'n', sizeof(name) - 1);
	memset(big, 'b', sizeof(big) - 1);
	write_file("plain", "hello\n", 6, 0755);
	write_file("noexec", "\177ELF", 4, 0644);
	write_file("empty", "", 0, 0755);
	ask("no such file", exec("nothing"));
	ask("a folder", exec("."));
	ask("empty path", exec(""));
	ask("path too long", exec(name));
	ask("no right to execute", exec("noexec"));
	ask("below a file", exec("plain/x"));
	ask("plain text", exec("plain"));
	ask("empty file", exec("empty"));
	ask("bad path", RAW(__NR_execve, BAD, argv, no_env));
	ask("bad argv", RAW(__NR_execve, CHILD, BAD, no_env));
	ask("bad argv[0]", RAW(__NR_execve, CHILD, bad, no_env));
	ask("bad envp", RAW(__NR_execve, CHILD, argv, BAD));
	ask("bad envp[0]", RAW(__NR_execve, CHILD, argv, bad));
	symlink("loop", "loop");
	ask("loop of links", exec("loop"));
	argv[0] = big;
	ask("one argument too long", RAW(__NR_execve, CHILD, argv, no_env));
	big[131071] = 0;
	for (int i = 0; i < 39; i++)
		huge[i] = big;
	ask("all arguments too long", RAW(__NR_execve, CHILD, huge, no_env));
	ask("mknod, fifo", RAW(__NR_mknod, "fifo", S_IFIFO | 0755, 0));
	ask("a fifo", exec("fifo"));
	ask("a device", exec("/dev/null"));
	fd = open("plain", O_WRONLY);
	ask("open for writing", exec("plain"));
	close(fd);
	write_file("s1", "#!/nothing\n", 11, 0755);
	ask("script, no such interpreter", exec("s1"));
	write_file("s2", "#!\n", 3, 0755);
	ask("script, no interpreter", exec("s2"));
	write_file("s3", "#!./s3\n", 7, 0755);
	ask("script, its own interpreter", exec("s3"));
	write_file("s4", "#!/tmp\n", 7, 0755);
	ask("script, a folder as interpreter", exec("s4"));
	write_file("s5", "#!./plain\n", 10, 0755);
	ask("script, plain text as interpreter", exec("s5"));
}

struct image {
	struct elf64_hdr e;
	struct elf64_phdr p[2];
	unsigned char pad[0x200 - sizeof(struct elf64_hdr) - 2 * sizeof(struct elf64_phdr)];
	unsigned char code[0x100];
};

static struct image img;
static size_t img_len;

static void good(void)
{
	/* mov edi, 42; mov eax, 231 (exit_group); syscall */
	static const unsigned char exit_42[] = {
		0xbf, 42, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05
	};

	memset(&img, 0, sizeof(img));
	memcpy(img.e.e_ident, "\177ELF\2\1\1", 7);
	img.e.e_type = 2;
	img.e.e_machine = 62;
	img.e.e_version = 1;
	img.e.e_entry = BASE + 0x200;
	img.e.e_phoff = sizeof(img.e);
	img.e.e_ehsize = sizeof(img.e);
	img.e.e_phentsize = sizeof(img.p[0]);
	img.e.e_phnum = 1;
	img.p[0].p_type = 1;
	img.p[0].p_flags = 5;
	img.p[0].p_vaddr = img.p[0].p_paddr = BASE;
	img.p[0].p_filesz = img.p[0].p_memsz = 0x300;
	img.p[0].p_align = 0x1000;
	memcpy(img.code, exit_42, sizeof(exit_42));
	img_len = sizeof(img);
}

static void outcome(const char *name)
{
	int fds[2], status;
	long err = 0;
	pid_t pid;

	write_file("prog", &img, img_len, 0755);
	if (pipe2(fds, O_CLOEXEC) < 0)
		give_up("pipe");
	pid = fork();
	if (pid == 0) {
		err = exec("./prog");
		(void)!write(fds[1], &err, sizeof(err));
		_exit(0);
	}
	close(fds[1]);
	(void)!read(fds[0], &err, sizeof(err));
	close(fds[0]);
	waitpid(pid, &status, 0);
	say(name, "%s", err ? answer(err) : status_text(status));
}

#define DAMAGE(name, change)   \
	do {                   \
		good();        \
		change;        \
		outcome(name); \
	} while (0)

static void damaged(void)
{
	static const size_t lens[] = { 4, 16, 63, 64, 100, 119, 120, 0x200, 0x20c };
	struct elf64_phdr *p = img.p;

	good();
	outcome("good");
	for (int i = 0; i < NR(lens); i++)
		DAMAGE(text("cut at %zu bytes", lens[i]), img_len = lens[i]);
	DAMAGE("bad magic", img.e.e_ident[0] = 1);
	DAMAGE("32-bit class", img.e.e_ident[4] = 1);
	DAMAGE("big endian", img.e.e_ident[5] = 2);
	DAMAGE("version of the identity 9", img.e.e_ident[6] = 9);
	DAMAGE("OS of the identity 9", img.e.e_ident[7] = 9);
	DAMAGE("version 9", img.e.e_version = 9);
	DAMAGE("machine ARM", img.e.e_machine = 183);
	DAMAGE("object file", img.e.e_type = 1);
	DAMAGE("core file", img.e.e_type = 4);
	DAMAGE("no program headers", img.e.e_phnum = 0);
	DAMAGE("1000 program headers", img.e.e_phnum = 1000);
	DAMAGE("65535 program headers", img.e.e_phnum = 65535);
	DAMAGE("program header of 32 bytes", img.e.e_phentsize = 32);
	DAMAGE("program headers beyond the file", img.e.e_phoff = 1UL << 40);
	DAMAGE("program headers at -10", img.e.e_phoff = -10UL);
	DAMAGE("nothing to load", p->p_type = 4);
	DAMAGE("entry 0", img.e.e_entry = 0);
	DAMAGE("entry in no mapping", img.e.e_entry = BASE + 0x10000);
	DAMAGE("entry non-canonical", img.e.e_entry = NONCANON);
	DAMAGE("entry in the kernel", img.e.e_entry = 0xffffffff81000000);
	DAMAGE("not executable", p->p_flags = 4);
	DAMAGE("execute only", p->p_flags = 1);
	DAMAGE("no rights", p->p_flags = 0);
	DAMAGE("loaded at a kernel address", p->p_vaddr = KERNEL);
	DAMAGE("loaded at the end of user space", p->p_vaddr = USER_END);
	DAMAGE("loaded at 0", (p->p_vaddr = 0, img.e.e_entry = 0x200));
	DAMAGE("loaded at 0x1000", (p->p_vaddr = 0x1000, img.e.e_entry = 0x1200));
	DAMAGE("address and offset disagree", p->p_vaddr = BASE + 0x10);
	DAMAGE("larger in the file than in memory", p->p_filesz = 0x400);
	DAMAGE("size in memory 1 << 47", p->p_memsz = 1UL << 47);
	DAMAGE("size in memory -1", p->p_memsz = ~0UL);
	DAMAGE("sizes -100", p->p_memsz = p->p_filesz = -100UL);
	DAMAGE("alignment 3", p->p_align = 3);
	DAMAGE("alignment 0", p->p_align = 0);
	DAMAGE("offset beyond the file", p->p_offset = 0x100000);
	DAMAGE("interpreter's path empty",
	       (img.e.e_phnum = 2, p[1].p_type = 3, p[1].p_offset = 0x2f0, p[1].p_filesz = 1));
	DAMAGE("interpreter's path without an end",
	       (img.e.e_phnum = 2, p[1].p_type = 3, p[1].p_offset = 0x200, p[1].p_filesz = 5));
	DAMAGE("interpreter's path too long",
	       (img.e.e_phnum = 2, p[1].p_type = 3, p[1].p_offset = 0x200, p[1].p_filesz = 5000));
	DAMAGE("interpreter beyond the file",
	       (img.e.e_phnum = 2, p[1].p_type = 3, p[1].p_offset = 0x5000, p[1].p_filesz = 5));
	DAMAGE("no such interpreter", (img.e.e_phnum = 2, p[1].p_type = 3, p[1].p_offset = 0x280,
				       p[1].p_filesz = 9, memcpy(img.code + 0x80, "/nothing", 9)));
	DAMAGE("interpreter is a folder",
	       (img.e.e_phnum = 2, p[1].p_type = 3, p[1].p_offset = 0x280, p[1].p_filesz = 5,
		memcpy(img.code + 0x80, "/tmp", 5)));
	DAMAGE("the same segment twice", (img.e.e_phnum = 2, p[1] = p[0]));
	DAMAGE("second segment below the first",
	       (img.e.e_phnum = 2, p[1] = p[0], p[1].p_vaddr = BASE - 0x1000));
	DAMAGE("position independent", (img.e.e_type = 3, p->p_vaddr = 0, img.e.e_entry = 0x200));
}

static void what_survives(void)
{
	char *argv[] = { "/oracle/child/survivor", NULL };
	unsigned long mask = 1UL << (SIGUSR1 - 1);

	signal(SIGINT, SIG_IGN);
	RAW(__NR_rt_sigprocmask, SIG_BLOCK, &mask, 0, 8);
	RAW(__NR_dup2, 0, 9);
	RAW(__NR_dup3, 0, 10, O_CLOEXEC);
	relay("", argv[0], argv, no_env);
}

ORACLE(GROUP(entry), GROUP(empty), GROUP(script), GROUP(errors), GROUP(damaged),
       GROUP(what_survives))
