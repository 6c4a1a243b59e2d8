/*
 * tests/oracle/init.c - PID 1 of the oracle's image: every program in turn, then power off
 *
 *     @begin mmap
 *     [errors] mmap, length 0: EINVAL
 *     ...
 *     @end mmap exited 0
 *     @done
 *
 * A program writes into a file, which is copied to the console when the program has ended: what the kernel says
 * about processes that it kills cannot come between the lines then.  Words on the command line behind `--`
 * choose programs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/oracle.h"

#define FOLDER       "/oracle"
#define OUTPUT       "/tmp/output"
#define MAX_PROGRAMS 64

static void copy_to_console(const char *path)
{
	static char buffer[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		(void)!write(1, buffer, (size_t)n);
	close(fd);
}

static void run_program(const char *name)
{
	const char *path = text("%s/%s", FOLDER, name);
	char *const argv[] = { (char *)name, NULL };
	char *const envp[] = { "HOME=/", "PATH=/bin", NULL };
	int status;
	pid_t pid;

	dprintf(1, "@begin %s\n", name);
	pid = fork();
	if (pid == 0) {
		int fd = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		for (fd = 3; fd < 32; fd++)
			close(fd);
		setsid();
		execve(path, argv, envp);
		_exit(127);
	}
	/* Orphans of the program end here too. */
	while (wait(&status) != pid)
		;
	copy_to_console(OUTPUT);
	dprintf(1, "@end %s %s\n", name, status_text(status));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_all(void)
{
	static char *names[MAX_PROGRAMS];
	DIR *dir = opendir(FOLDER);
	struct dirent *d;
	int n = 0;

	if (!dir)
		give_up("%s: %s", FOLDER, errno_name(errno));
	while ((d = readdir(dir)) && n < MAX_PROGRAMS)
		if (d->d_name[0] != '.' && strcmp(d->d_name, "child") != 0)
			names[n++] = strdup(d->d_name);
	closedir(dir);
	qsort(names, (size_t)n, sizeof(names[0]), by_name);
	for (int i = 0; i < n; i++)
		run_program(names[i]);
}

int main(int argc, char **argv)
{
	struct utsname u;

	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	if (uname(&u) == 0)
		dprintf(1, "@kernel %s %s %s\n", u.sysname, u.release, u.version);
	if (argc > 1)
		for (int i = 1; i < argc; i++)
			run_program(argv[i]);
	else
		run_all();
	dprintf(1, "@done\n");
	sleep(1); /* what is still in the serial port's queue */
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	return 1;
}
