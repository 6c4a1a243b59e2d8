/*
 * labs/lib/probe.c - PID 1 of a grading run: does what a plan says, one line a step
 *
 * The grader writes the plan anew for each run, from a seed, into the initramfs as /plan; so a kernel cannot know what
 * it will be asked.  The probe judges nothing: it acts, and prints what came of it on lines that begin with "@".
 *
 *     map ADDR LEN PROT BACKING     exactly there; PROT of the letters rwx-, BACKING "anon" or the name of a shared file
 *     protect ADDR LEN PROT
 *     store ADDR VALUE              eight bytes
 *     load ADDR                     reads a byte
 *     fork                          a second process, which waits
 *     child-store ADDR VALUE        the second process stores
 *     reap                          the second process ends
 *     ask LABEL ADDR                ADDR to /proc/pagewalk/walk: "@answer LABEL ERRNO", its text, "@end"
 *     ask-child LABEL ADDR          the same for the second process
 *     faults LABEL                  "@faults LABEL COUNT", the page faults of this process so far
 *     meet LABEL                    "@meet LABEL ADDR": waits until the grader has changed the word at ADDR
 *
 * While it waits it runs, so that CR3 is its own and its memory stays as it is.  At the plan's end the machine is
 * switched off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define WALK "/proc/pagewalk/walk"

struct order {
	unsigned long addr, value;
};

static char plan[65536];
static volatile unsigned long go;
static pid_t child;
static int to_child[2], from_child[2];

static void fail(const char *what, const char *where)
{
	printf("@broken %s %s: %s\n", what, where, strerror(errno));
	fflush(stdout);
	reboot(RB_POWER_OFF);
	exit(1);
}

static unsigned long number(const char *word)
{
	return word ? strtoul(word, NULL, 0) : 0;
}

static int prot_of(const char *letters)
{
	return (strchr(letters, 'r') ? PROT_READ : 0) | (strchr(letters, 'w') ? PROT_WRITE : 0) |
	       (strchr(letters, 'x') ? PROT_EXEC : 0);
}

static void map(unsigned long addr, unsigned long len, const char *prot, const char *backing)
{
	int flags = MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS, fd = -1;

	if (strcmp(backing, "anon") != 0) {
		fd = open(backing, O_RDWR | O_CREAT, 0600);
		if (fd < 0 || ftruncate(fd, (off_t)len))
			fail("open", backing);
		flags = MAP_FIXED_NOREPLACE | MAP_SHARED;
	}
	if (mmap((void *)addr, len, prot_of(prot), flags, fd, 0) != (void *)addr)
		fail("mmap", backing);
	if (fd >= 0)
		close(fd);
}

static void ask(pid_t pid, const char *label, const char *addr)
{
	static char question[64], answer[2048];
	int fd = open(WALK, O_RDWR), err = 0;
	ssize_t len = 0;

	if (fd < 0)
		fail("open", WALK);
	snprintf(question, sizeof(question), "%d %s", pid, addr);
	if (write(fd, question, strlen(question)) < 0)
		err = errno;
	else
		len = read(fd, answer, sizeof(answer) - 1);
	close(fd);
	printf("@answer %s %d\n%.*s@end\n", label, err, len > 0 ? (int)len : 0, answer);
}

static void fork_child(void)
{
	struct order order;
	char done = 0;

	if (pipe(to_child) || pipe(from_child))
		fail("pipe", "");
	child = fork();
	if (child < 0)
		fail("fork", "");
	if (child) {
		close(to_child[0]);
		close(from_child[1]);
		return;
	}
	close(to_child[1]);
	close(from_child[0]);
	while (read(to_child[0], &order, sizeof(order)) == sizeof(order)) {
		*(volatile unsigned long *)order.addr = order.value;
		if (write(from_child[1], &done, 1) != 1)
			break;
	}
	_exit(0);
}

static void child_store(unsigned long addr, unsigned long value)
{
	struct order order = { addr, value };
	char done;

	if (write(to_child[1], &order, sizeof(order)) != sizeof(order) ||
	    read(from_child[0], &done, 1) != 1)
		fail("child-store", "");
}

static void reap(void)
{
	close(to_child[1]);
	close(from_child[0]);
	if (waitpid(child, NULL, 0) != child)
		fail("waitpid", "");
}

static void meet(const char *label)
{
	unsigned long before = go;

	printf("@meet %s %#lx\n", label, (unsigned long)&go);
	fflush(stdout);
	while (go == before)
		;
}

static void print_faults(const char *label)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		fail("getrusage", "");
	printf("@faults %s %ld\n", label, usage.ru_minflt + usage.ru_majflt);
}

static void step(char *line)
{
	char *word[5] = { NULL }, *rest = NULL;

	for (unsigned int i = 0; i < 5; i++) {
		word[i] = strtok_r(i ? NULL : line, " ", &rest);
		if (!word[i])
			break;
	}
	if (!word[0])
		return;
	if (!strcmp(word[0], "map") && word[4])
		map(number(word[1]), number(word[2]), word[3], word[4]);
	else if (!strcmp(word[0], "protect") && word[3])
		mprotect((void *)number(word[1]), number(word[2]), prot_of(word[3]));
	else if (!strcmp(word[0], "store"))
		*(volatile unsigned long *)number(word[1]) = number(word[2]);
	else if (!strcmp(word[0], "load"))
		(void)*(volatile char *)number(word[1]);
	else if (!strcmp(word[0], "fork"))
		fork_child();
	else if (!strcmp(word[0], "child-store"))
		child_store(number(word[1]), number(word[2]));
	else if (!strcmp(word[0], "reap"))
		reap();
	else if (!strcmp(word[0], "ask") && word[2])
		ask(getpid(), word[1], word[2]);
	else if (!strcmp(word[0], "ask-child") && word[2])
		ask(child, word[1], word[2]);
	else if (!strcmp(word[0], "faults") && word[1])
		print_faults(word[1]);
	else if (!strcmp(word[0], "meet") && word[1])
		meet(word[1]);
	else
		fail("plan", word[0]);
	fflush(stdout);
}

int main(void)
{
	char *line = plan, *next;
	int fd = open("/plan", O_RDONLY);

	if (fd < 0 || read(fd, plan, sizeof(plan) - 1) < 0)
		fail("read", "/plan");
	close(fd);
	if (mount("proc", "/proc", "proc", 0, NULL))
		fail("mount", "/proc");
	for (; *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		else
			next = line + strlen(line);
		step(line);
	}
	printf("@done\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 0;
}
