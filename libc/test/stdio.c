/*
 * libc/test/stdio.c - streams on a real file; jumps; options
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int passed, failed;

static void report(int ok, const char *name)
{
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	if (ok)
		passed++;
	else
		failed++;
}

static void streams(const char *path)
{
	FILE *f = fopen(path, "w+");
	char line[64], big[3000], back[3000], *grown = NULL;
	size_t size = 0;
	int ok = 1;

	for (int i = 0; i < 1000; i++)
		fprintf(f, "line %d\n", i);
	rewind(f);
	for (int i = 0; i < 1000; i++) {
		char want[64];

		snprintf(want, sizeof(want), "line %d\n", i);
		ok &= fgets(line, sizeof(line), f) && strcmp(line, want) == 0;
	}
	report(ok, "lines_written_are_lines_read");
	report(!fgets(line, sizeof(line), f) && feof(f), "end_of_file_is_noticed");
	report(fseek(f, 5, SEEK_SET) == 0 && fgetc(f) == '0' && ftell(f) == 6,
	       "seek_and_tell_agree");
	report(ungetc('x', f) == 'x' && fgetc(f) == 'x' && fgetc(f) == '\n',
	       "one_character_goes_back");
	fputs("LINE", f);
	fseek(f, 0, SEEK_SET);
	report(getline(&grown, &size, f) == 7 && getline(&grown, &size, f) == 7 &&
		       strcmp(grown, "LINE 1\n") == 0,
	       "write_after_read_lands_where_reading_stopped");
	free(grown);
	fclose(f);

	memset(big, 'q', sizeof(big));
	f = fopen(path, "w");
	fputs("head", f);
	report(fwrite(big, 1, sizeof(big), f) == sizeof(big),
	       "block_larger_than_the_buffer_is_written");
	fclose(f);
	f = fopen(path, "r");
	fread(back, 1, 4, f);
	report(fread(back, 1, sizeof(back), f) == sizeof(back) &&
		       memcmp(big, back, sizeof(big)) == 0,
	       "and_read_again");
	report(fread(back, 1, 1, f) == 0 && feof(f) && !ferror(f), "nothing_follows");
	fclose(f);
	f = fopen(path, "a");
	fputs("tail", f);
	fclose(f);
	f = fopen(path, "r");
	fseek(f, -4, SEEK_END);
	report(fgets(line, sizeof(line), f) && strcmp(line, "tail") == 0, "append_goes_to_the_end");
	fclose(f);
	unlink(path);
	report(!fopen(path, "r") && errno == ENOENT, "missing_file_is_ENOENT");
	report(!fopen(path, "q") && errno == EINVAL, "unknown_mode_is_EINVAL");
	f = fopen("/dev/full", "w");
	report(f && fprintf(f, "x") == 1 && fflush(f) == EOF && errno == ENOSPC && ferror(f),
	       "failed_write_is_reported");
	fclose(f);
}

static sigjmp_buf out;

static void jump_out(int sig)
{
	siglongjmp(out, sig);
}

static int leap(jmp_buf jb, int value)
{
	longjmp(jb, value);
}

static void jumps(void)
{
	jmp_buf jb;
	sigset_t now;
	int value = setjmp(jb);

	if (value == 0)
		leap(jb, 0);
	report(value == 1, "longjmp_of_0_arrives_as_1");
	signal(SIGUSR1, jump_out);
	if (sigsetjmp(out, 1) == 0)
		raise(SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	report(!sigismember(&now, SIGUSR1), "siglongjmp_restores_the_mask");
}

static void options(void)
{
	char *argv[] = { "prog", "-ab", "-c", "value", "-dvalue2", "--", "-e", NULL };
	char seen[64] = "";
	int letter;

	while ((letter = getopt(7, argv, "abc:d:")) != -1) {
		size_t len = strlen(seen);

		snprintf(seen + len, sizeof(seen) - len, "%c%s ", letter,
			 letter > 'b' ? optarg : "");
	}
	report(strcmp(seen, "a b cvalue dvalue2 ") == 0 && optind == 6, "options_are_taken_apart");
}

static void children(void)
{
	int status = 0;
	pid_t pid = vfork();

	if (pid == 0)
		_exit(7);
	report(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	       "vfork_returns_twice");
	report(WEXITSTATUS(system("exit 3")) == 3, "system_runs_the_shell");
	pid = fork();
	if (pid == 0)
		abort();
	waitpid(pid, &status, 0);
	report(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "abort_is_SIGABRT");
}

int main(void)
{
	char path[] = "/tmp/libc-test-XXXXXX";
	int fd = mkstemp(path);

	report(fd >= 0, "temporary_file_is_made");
	close(fd);
	fflush(stdout);
	streams(path);
	jumps();
	options();
	fflush(stdout);
	children();
	printf("stdio: %d passed, %d failed\n", passed, failed);
	return failed != 0;
}
