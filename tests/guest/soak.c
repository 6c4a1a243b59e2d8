/*
 * tests/guest/soak.c - nothing may leak, however often it is done
 *
 *     soak [ROUNDS]      default 100
 *
 * Each round forks, the child maps and touches memory, opens files and runs this program anew, which exits.
 * Before and after, everything that is kept only for speed is given back; then free memory and the objects in use of
 * every slab cache must be the same, to the page and to the object (lib/usage.h).  A warm-up comes first, so that
 * what fills once does not count.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/check.h"
#include "lib/usage.h"

static const char *self = "/proc/self/exe";

static void one_round(void)
{
	int status, fds[2];
	char *argv[] = { "soak", "--exit", NULL };
	pid_t pid;

	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		printf("not ok soak: fork: %s\n", strerror(errno));
		exit(1);
	}
	if (pid == 0) {
		char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		for (int i = 0; i < 64; i += 3)
			p[i * PAGE] = 1;
		munmap(p + 10 * PAGE, 20 * PAGE);
		mprotect(p + 40 * PAGE, PAGE, PROT_READ);
		execv(self, argv);
		_exit(1);
	}
	close(fds[0]);
	close(fds[1]);
	waitpid(pid, &status, 0);
	if (status) {
		printf("not ok soak: a child ended with 0x%x\n", status);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100, bad;

	if (argc > 1 && strcmp(argv[1], "--exit") == 0)
		return 0;
	for (int i = 0; i < 50; i++)
		one_round();
	usage_before();
	for (int i = 0; i < rounds; i++)
		one_round();
	bad = usage_after("soak_leaves_memory_as_it_was", 0);
	printf("soak: %d passed, %d failed\n", !bad, bad);
	return bad;
}
