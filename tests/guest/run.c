/*
 * tests/guest/run.c - all guest tests, one after the other
 *
 *     run              every program in /tests and /tests/hosted
 *     run NAME ...     only these; NAME:ARGUMENT passes an argument on, as in soak:10000
 *
 * Each program's output passes through here, so that its verdicts can be counted even if it crashes: that
 * counts as one more failure.  The last line, `N passed, N failed`, is what the host looks for.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROGRAMS 128

static int passed, failed;

static void count_line(const char *line)
{
	if (strncmp(line, "ok ", 3) == 0)
		passed++;
	else if (strncmp(line, "not ok ", 7) == 0)
		failed++;
}

static void run_program(const char *folder, const char *name)
{
	char path[512], *line = NULL, *argument;
	int fds[2], status, failed_before = failed;
	size_t size = 0;
	FILE *out;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	printf("# %s\n", path);
	argument = strrchr(path, ':');
	if (argument)
		*argument++ = 0;
	fflush(stdout);
	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		perror(path);
		failed++;
		return;
	}
	if (pid == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		execl(path, name, argument, NULL);
		perror(path);
		_exit(127);
	}
	close(fds[1]);
	out = fdopen(fds[0], "r");
	while (getline(&line, &size, out) > 0) {
		fputs(line, stdout);
		fflush(stdout);
		count_line(line);
	}
	free(line);
	fclose(out);
	waitpid(pid, &status, 0);
	if (status && failed == failed_before) {
		printf("not ok %s: wait status 0x%x\n", name, status);
		failed++;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_folder(const char *folder)
{
	static char *names[MAX_PROGRAMS];
	DIR *dir = opendir(folder);
	struct dirent *d;
	int n = 0;

	if (!dir)
		return;
	while ((d = readdir(dir)) && n < MAX_PROGRAMS)
		if (d->d_name[0] != '.' && strcmp(d->d_name, "run") != 0 &&
		    strcmp(d->d_name, "hosted") != 0)
			names[n++] = strdup(d->d_name);
	closedir(dir);
	qsort(names, (size_t)n, sizeof(names[0]), by_name);
	for (int i = 0; i < n; i++) {
		run_program(folder, names[i]);
		free(names[i]);
	}
}

int main(int argc, char **argv)
{
	char folder[256], *slash;
	ssize_t len = readlink("/proc/self/exe", folder, sizeof(folder) - 16);

	if (len < 0) {
		perror("/proc/self/exe");
		return 1;
	}
	folder[len] = 0;
	slash = strrchr(folder, '/');
	*slash = 0;
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			run_program(folder, argv[i]);
	} else {
		run_folder(folder);
		strcpy(slash, "/hosted");
		run_folder(folder);
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
