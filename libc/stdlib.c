/*
 * libc/stdlib.c - sorting, searching, environment, small numbers
 *
 * qsort is a heap sort: n log n in the worst case, in place, no recursion, no allocation; what it gives
 * up is stability and some speed, which qsort(3) does not promise either.
 *
 * The environment begins as the kernel's array on the stack.  The first setenv that adds a name copies
 * the array to the heap; strings replaced are not freed, as getenv may have handed them out.
 *
 * Sources: qsort(3), bsearch(3), getenv(3), setenv(3), rand(3) (the generator is POSIX's example).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void swap_bytes(char *a, char *b, size_t size)
{
	for (; size; size--, a++, b++) {
		char t = *a;

		*a = *b;
		*b = t;
	}
}

/* Let the element at @root sink until no child is greater; the heap is [0, n). */
static void sift_down(char *base, size_t root, size_t n, size_t size,
		      int (*cmp)(const void *, const void *))
{
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		if (child + 1 < n && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + root * size, base + child * size) >= 0)
			return;
		swap_bytes(base + root * size, base + child * size, size);
	}
}

void qsort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(base, i, n, size, cmp);
	while (n > 1) {
		n--;
		swap_bytes(base, (char *)base + n * size, size);
		sift_down(base, 0, n, size, cmp);
	}
}

void *bsearch(const void *key, const void *base, size_t n, size_t size,
	      int (*cmp)(const void *, const void *))
{
	const char *low = base;

	while (n) {
		const char *mid = low + n / 2 * size;
		int c = cmp(key, mid);

		if (c == 0)
			return (void *)mid;
		if (c > 0) {
			low = mid + size;
			n -= n / 2 + 1;
		} else {
			n /= 2;
		}
	}
	return NULL;
}

int abs(int n)
{
	return n < 0 ? -n : n;
}

long labs(long n)
{
	return n < 0 ? -n : n;
}

static unsigned int rand_state = 1;

int rand_r(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return (int)(*seed >> 1);
}

void srand(unsigned int seed)
{
	rand_state = seed;
}

int rand(void)
{
	return rand_r(&rand_state);
}

/* The slot of environ that holds @name, or the one with the closing NULL. */
static char **env_slot(const char *name, size_t len)
{
	char **e;

	for (e = environ; *e; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			break;
	return e;
}

char *getenv(const char *name)
{
	size_t len = strlen(name);
	char *entry = *env_slot(name, len);

	return entry ? entry + len + 1 : NULL;
}

/* Move environ to an array of ours with room for one more entry. */
static int env_grow(size_t nr)
{
	static char **ours;
	char **bigger = realloc(environ == ours ? ours : NULL, (nr + 2) * sizeof(*bigger));

	if (!bigger)
		return -1;
	if (environ != ours)
		memcpy(bigger, environ, (nr + 1) * sizeof(*bigger));
	environ = ours = bigger;
	return 0;
}

int setenv(const char *name, const char *value, int overwrite)
{
	size_t len = strlen(name);
	size_t nr;
	char *entry;
	char **slot;

	if (!len || strchr(name, '=')) {
		errno = EINVAL;
		return -1;
	}
	slot = env_slot(name, len);
	if (*slot && !overwrite)
		return 0;
	entry = malloc(len + strlen(value) + 2);
	if (!entry)
		return -1;
	memcpy(entry, name, len);
	entry[len] = '=';
	strcpy(entry + len + 1, value);
	nr = (size_t)(slot - environ);
	if (!*slot) {
		if (env_grow(nr) < 0) {
			free(entry);
			return -1;
		}
		environ[nr + 1] = NULL;
	}
	environ[nr] = entry;
	return 0;
}

int unsetenv(const char *name)
{
	size_t len = strlen(name);
	char **e = env_slot(name, len);

	for (; *e; e++)
		e[0] = e[1];
	return 0;
}

int system(const char *command)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execve("/bin/sh", argv, environ);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return status;
}

/* Six X at the end become the first free name counted from this process's number. */
int mkstemp(char *template)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char *x = template + strlen(template) - 6;
	unsigned long n = (unsigned long)getpid() * 1000;

	if (x < template || strcmp(x, "XXXXXX") != 0) {
		errno = EINVAL;
		return -1;
	}
	for (int tries = 0; tries < 1000; tries++, n++) {
		unsigned long v = n;
		int fd;

		for (int i = 6; i-- > 0; v /= 36)
			x[i] = digits[v % 36];
		fd = open(template, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}
