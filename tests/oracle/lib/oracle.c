/*
 * tests/oracle/lib/oracle.c - asking, and printing answers that can be compared
 *
 * A line is written by one write(2), so that lines of a group and of its children do not mix.  Only system calls
 * that every question relies on are used here: a kernel that fails in this file fails everywhere.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "oracle.h"

#define WATCHDOG_SECONDS 60
/* How far from top, or from the heap's start, an address is still named by it. */
#define TOP_AREA  (1UL << 30)
#define HEAP_AREA (64UL << 20)

unsigned long top, heap;

static const char *group_name = "start";

#define E(name) [name] = #name

static const char *const errno_names[] = {
	E(EPERM),      E(ENOENT),    E(ESRCH),    E(EINTR),   E(EIO),          E(ENXIO),
	E(E2BIG),      E(ENOEXEC),   E(EBADF),    E(ECHILD),  E(EAGAIN),       E(ENOMEM),
	E(EACCES),     E(EFAULT),    E(EBUSY),    E(EEXIST),  E(EXDEV),        E(ENODEV),
	E(ENOTDIR),    E(EISDIR),    E(EINVAL),   E(ENFILE),  E(EMFILE),       E(ENOTTY),
	E(ETXTBSY),    E(EFBIG),     E(ENOSPC),   E(ESPIPE),  E(EROFS),        E(EMLINK),
	E(EPIPE),      E(EDOM),      E(ERANGE),   E(EDEADLK), E(ENAMETOOLONG), E(ENOSYS),
	E(ENOTEMPTY),  E(ELOOP),     E(ENODATA),  E(ETIME),   E(EBADMSG),      E(EOVERFLOW),
	E(EOPNOTSUPP), E(ETIMEDOUT), E(ENOTSOCK), E(ELIBBAD),
};

static const char *const signal_names[] = {
	"0",         "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
	"SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
	"SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
	"SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS",
};

static char *next_buffer(size_t *size)
{
	static char buffers[16][4096];
	static int turn;

	*size = sizeof(buffers[0]);
	return buffers[turn++ % NR(buffers)];
}

const char *text(const char *fmt, ...)
{
	size_t size;
	char *buffer = next_buffer(&size);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buffer, size, fmt, ap);
	va_end(ap);
	return buffer;
}

void say(const char *name, const char *fmt, ...)
{
	static char line[8192];
	va_list ap;
	int len;

	len = snprintf(line, sizeof(line) / 2, "[%s] %s: ", group_name, name);
	va_start(ap, fmt);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len - 1, fmt, ap);
	va_end(ap);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	(void)!write(1, line, (size_t)len);
}

void give_up(const char *fmt, ...)
{
	static char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	say("gave up", "%s", why);
	_exit(1);
}

const char *errno_name(long err)
{
	if (err > 0 && err < NR(errno_names) && errno_names[err])
		return errno_names[err];
	return text("errno %ld", err);
}

const char *signal_name(int sig)
{
	return sig >= 0 && sig < NR(signal_names) ? signal_names[sig] : text("signal %d", sig);
}

const char *status_text(int status)
{
	if (WIFCONTINUED(status))
		return "continued";
	if (WIFSTOPPED(status))
		return text("stopped by %s", signal_name(WSTOPSIG(status)));
	if (WIFSIGNALED(status))
		return text("killed by %s", signal_name(WTERMSIG(status)));
	return text("exited %d", WEXITSTATUS(status));
}

const char *place(unsigned long addr)
{
	if (addr <= top && addr >= top - TOP_AREA)
		return addr == top ? "top" : text("top-0x%lx", top - addr);
	if (addr >= heap && addr < heap + HEAP_AREA)
		return addr == heap ? "brk" : text("brk+0x%lx", addr - heap);
	return text("0x%lx", addr);
}

const char *answer(long raw)
{
	if (raw < 0 && raw > -4096)
		return errno_name(-raw);
	if (raw >= 0 && raw < 0x10000)
		return text("%ld", raw);
	return place((unsigned long)raw);
}

void ask(const char *name, long raw)
{
	say(name, "%s", answer(raw));
}

void ask_done(const char *name, long raw)
{
	say(name, "%s", raw < 0 && raw > -4096 ? errno_name(-raw) : "done");
}

/* Groups */

/* Without opendir: it would use the heap, which is asked about. */
static void remove_tree(const char *path)
{
	_Alignas(8) char entries[2048];
	long len;
	int fd;

	if (unlink(path) == 0 || (fd = open(path, O_RDONLY | O_DIRECTORY)) < 0)
		return;
	while ((len = RAW(__NR_getdents64, fd, entries, sizeof(entries))) > 0)
		for (long at = 0; at < len;) {
			struct dirent *d = (struct dirent *)(entries + at);
			char below[512];

			at += d->d_reclen;
			if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
				continue;
			snprintf(below, sizeof(below), "%s/%s", path, d->d_name);
			remove_tree(below);
		}
	close(fd);
	rmdir(path);
}

static void run_group(const struct group *g)
{
	const char *folder = "/tmp/oracle";
	int status;
	pid_t pid;

	remove_tree(folder);
	if (mkdir(folder, 0755) < 0 || chmod(folder, 0755) < 0)
		give_up("mkdir %s: %s", folder, errno_name(errno));
	group_name = g->name;
	pid = fork();
	if (pid < 0)
		give_up("fork: %s", errno_name(errno));
	if (pid == 0) {
		if (chdir(folder) < 0)
			give_up("chdir: %s", errno_name(errno));
		alarm(WATCHDOG_SECONDS);
		g->run();
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		say("ended", "%s", status_text(status));
	remove_tree(folder);
}

static int wanted(const char *name, char **names)
{
	if (!*names)
		return 1;
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return 1;
	return 0;
}

int run_groups(const struct group *groups, int nr, char **names)
{
	/* Linux has [vvar] and [vdso] above the first mapping: a lid, of a kind that nothing merges with. */
	void *lid = mmap(NULL, PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (lid == MAP_FAILED)
		give_up("no memory");
	top = (unsigned long)lid;
	heap = (unsigned long)RAW(__NR_brk, 0);
	umask(022);
	for (int i = 0; i < nr; i++)
		if (wanted(groups[i].name, names))
			run_group(&groups[i]);
	return 0;
}

/* Mappings */

struct mapping {
	unsigned long start, end, offset;
	char perms[5];
	const char *name;
};

/* /proc/self/maps as a whole: it must not change while it is read. */
static char *read_maps(void)
{
	static char maps[16384];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		give_up("/proc/self/maps: %s", errno_name(errno));
	while (len < sizeof(maps) - 1 && (n = read(fd, maps + len, sizeof(maps) - 1 - len)) > 0)
		len += (size_t)n;
	maps[len] = 0;
	close(fd);
	return maps;
}

/* Take one line off *@rest. */
static int next_mapping(char **rest, struct mapping *m)
{
	char *line = *rest, *end = strchr(line, '\n'), *p;

	if (!end)
		return 0;
	*end = 0;
	*rest = end + 1;
	m->start = strtoul(line, &p, 16);
	m->end = strtoul(p + 1, &p, 16);
	memcpy(m->perms, p + 1, 4);
	m->perms[4] = 0;
	m->offset = strtoul(p + 6, &p, 16);
	m->name = strpbrk(p, "/[");
	return 1;
}

static const char *describe(const struct mapping *m)
{
	if (!m->name)
		return text("%s", m->perms);
	if (m->name[0] == '[')
		return text("%s %s", m->perms, m->name);
	return text("%s +0x%lx %s", m->perms, m->offset, m->name);
}

void picture(const char *name, unsigned long lo, unsigned long hi)
{
	static char all[4096];
	char *rest = read_maps();
	struct mapping m;
	size_t len = 0;

	strcpy(all, "nothing");
	while (next_mapping(&rest, &m))
		if (m.end > lo && m.start < hi && len < sizeof(all) - 1)
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s %lu %s",
						len ? "; " : "", place(m.start),
						(m.end - m.start) / PAGE, describe(&m));
	say(name, "%s", all);
}

void picture_top(const char *name)
{
	picture(name, top - TOP_AREA, top);
}

const char *line_of(const void *addr)
{
	char *rest = read_maps();
	struct mapping m;

	while (next_mapping(&rest, &m))
		if (m.start <= (unsigned long)addr && m.end > (unsigned long)addr)
			return describe(&m);
	return "nothing";
}

char *map_pages(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, ANON, -1, 0);

	if (p == MAP_FAILED)
		give_up("mmap of %zu pages: %s", pages, errno_name(errno));
	return p;
}

char *hole(size_t pages)
{
	char *p = map_pages(pages + 2, PROT_NONE);

	munmap(p, (pages + 2) * PAGE);
	return p + PAGE;
}

void write_file(const char *path, const void *data, size_t len, unsigned int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) < 0)
		give_up("cannot write %s: %s", path, errno_name(errno));
}

int page_file(const char *path, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	static char page[PAGE];

	if (fd < 0)
		give_up("cannot make %s: %s", path, errno_name(errno));
	for (size_t at = 0; at < len; at += PAGE) {
		size_t n = len - at < PAGE ? len - at : PAGE;

		memset(page, (int)(at / PAGE + 1), n);
		if (write(fd, page, n) != (ssize_t)n)
			give_up("cannot fill %s", path);
	}
	return fd;
}

/* Children and faults */

int in_child(void (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork: %s", errno_name(errno));
	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		give_up("waitpid: %s", errno_name(errno));
	return WIFSIGNALED(status) ? status & ~0x80 : status;
}

static sigjmp_buf after_touch;
static siginfo_t touch_info;

static void on_touch(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	touch_info = *info;
	siglongjmp(after_touch, 1);
}

const char *touch(void *addr, char how)
{
	struct sigaction act = { .sa_sigaction = on_touch, .sa_flags = SA_SIGINFO }, segv, bus;
	const char *result;
	volatile char *p = addr;

	sigaction(SIGSEGV, &act, &segv);
	sigaction(SIGBUS, &act, &bus);
	if (sigsetjmp(after_touch, 1) == 0) {
		if (how == 'r')
			(void)*p;
		else if (how == 'w')
			*p = 1;
		else
			((void (*)(void))addr)();
		result = "ok";
	} else {
		long off = (long)touch_info.si_addr - (long)addr;

		result = text("%s code %d at %+ld", signal_name(touch_info.si_signo),
			      touch_info.si_code, off);
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return result;
}

/* Texts of /proc */

const char *proc_value(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	size_t len = strlen(key), size = 0;
	char *line = NULL;
	const char *value = NULL;

	if (!f)
		return NULL;
	while (!value && getline(&line, &size, f) > 0)
		if (strncmp(line, key, len) == 0 && line[len] == ':') {
			char *p = line + len + 1;

			p += strspn(p, " \t");
			p[strcspn(p, "\n")] = 0;
			value = text("%s", p);
		}
	free(line);
	fclose(f);
	return value;
}

const char *shape(const char *s)
{
	size_t size, len = 0;
	char *out = next_buffer(&size);

	while (*s && len < size - 1) {
		if (*s >= '0' && *s <= '9') {
			out[len++] = 'N';
			s += strspn(s, "0123456789");
		} else if (*s == ' ' || *s == '\t') {
			out[len++] = *s == '\t' ? '>' : '_';
			s += strspn(s, " ");
			s += *s == '\t';
		} else {
			out[len++] = *s++;
		}
	}
	out[len] = 0;
	return out;
}
