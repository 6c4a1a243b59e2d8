/*
 * tests/oracle/proc.c - the files of /proc: which lines, in which form, and how they follow what a process does
 *
 * The form of a text: N stands for a number, _ for blanks, > for a tab and what follows it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/oracle.h"

static long number(const char *path, const char *key)
{
	const char *value = proc_value(path, key);

	return value ? strtol(value, NULL, 10) : -1;
}

/* Each line "Key: value" as an answer of its own. */
static void lines_of(const char *what, const char *path)
{
	FILE *f = fopen(path, "r");
	static char line[1024];

	if (!f) {
		say(what, "%s", errno_name(errno));
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		line[strcspn(line, "\n")] = 0;
		if (!colon)
			continue;
		*colon = 0;
		say(text("%s, %s", what, line), "%s", shape(colon + 1));
	}
	fclose(f);
}

static void status(void)
{
	lines_of("status", "/proc/self/status");
	say("Name", "%s", proc_value("/proc/self/status", "Name"));
	say("State", "%s", proc_value("/proc/self/status", "State"));
	say("Umask", "%s", proc_value("/proc/self/status", "Umask"));
	say("Threads", "%s", proc_value("/proc/self/status", "Threads"));
	say("SigIgn", "%s", proc_value("/proc/self/status", "SigIgn"));
	say("SigCgt", "%s", proc_value("/proc/self/status", "SigCgt"));
	say("VmLck", "%s", proc_value("/proc/self/status", "VmLck"));
	say("VmSwap", "%s", proc_value("/proc/self/status", "VmSwap"));
}

static const char *first_line(const char *path)
{
	static char line[1024];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	if (n < 0)
		return errno_name(errno);
	close(fd);
	line[n] = 0;
	line[strcspn(line, "\n")] = 0;
	return line;
}

static const char *field(const char *line, int n)
{
	const char *p = strrchr(line, ')');
	size_t len;

	for (n -= 2; n > 0; n--) {
		p = strchr(p + 1, ' ');
		if (!p)
			return "none";
	}
	len = strcspn(p + 1, " ");
	return text("%.*s", (int)len, p + 1);
}

static void stat_and_statm(void)
{
	const char *line = first_line("/proc/self/stat");
	int fields = 2;

	for (const char *p = strrchr(line, ')'); (p = strchr(p + 1, ' '));)
		fields++;
	say("stat, fields", "%d", fields);
	say("stat, name", "%.*s", (int)strcspn(strchr(line, '('), " "), strchr(line, '('));
	say("stat, state", "%s", field(line, 3));
	say("stat, terminal and its group", "%s %s", field(line, 7), field(line, 8));
	say("stat, priority and nice", "%s %s", field(line, 18), field(line, 19));
	say("stat, threads", "%s", field(line, 20));
	say("stat, RSS limit", "%s", field(line, 25));
	say("stat, start of the stack is in the stack", "%d",
	    strtoul(field(line, 28), NULL, 10) > 0x7ffffffde000 &&
		    strtoul(field(line, 28), NULL, 10) < USER_END);
	say("stat, signals", "%s %s %s %s", field(line, 31), field(line, 32), field(line, 33),
	    field(line, 34));
	say("stat, exit signal", "%s", field(line, 38));
	say("stat, processor, policy", "%s %s", field(line, 39), field(line, 41));
	say("stat, exit code", "%s", field(line, 52));
	say("statm", "%s", shape(first_line("/proc/self/statm")));
}

static void sizes(void)
{
	const char *path = "/proc/self/status";
	long size = number(path, "VmSize"), data = number(path, "VmData"),
	     stk = number(path, "VmStk");
	char *p;

	p = map_pages(256, RW);
	say("1 MiB mapped, VmSize", "%ld", number(path, "VmSize") - size);
	say("1 MiB mapped, VmData", "%ld", number(path, "VmData") - data);
	mprotect(p, 256 * PAGE, R);
	say("read only, VmData", "%ld", number(path, "VmData") - data);
	mprotect(p, 256 * PAGE, RW);
	RAW(__NR_mmap, 0, 256 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	say("1 MiB shared, VmSize", "%ld", number(path, "VmSize") - size);
	say("1 MiB shared, VmData", "%ld", number(path, "VmData") - data);
	RAW(__NR_brk, heap + (1 << 20));
	touch((char *)USER_END - (2 << 20), 'w');
	say("stack touched 2 MiB deep, VmStk", "%ld", number(path, "VmStk") - stk);
	munmap(p, 256 * PAGE);
	say("peak stays, VmPeak is more than VmSize", "%d",
	    number(path, "VmPeak") > number(path, "VmSize"));
}

static void maps_format(void)
{
	static char maps[8192], line[256];
	int fd = page_file("a file with blanks", PAGE), in;
	char *p = mmap((void *)0x40000000, PAGE, R, MAP_PRIVATE | MAP_FIXED, fd, 0), *at;
	ssize_t n;

	(void)p;
	in = open("/proc/self/maps", O_RDONLY);
	n = read(in, maps, sizeof(maps) - 1);
	maps[n] = 0;
	at = strstr(maps, "40000000-");
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	say("columns up to the device", "%.*s", 34, line);
	say("column of the name", "%ld", (long)(strchr(line, '/') - line));
	say("name", "%s", strchr(line, '/'));
	ask("lseek", RAW(__NR_lseek, in, 0, 0));
	say("read again begins the same", "%d",
	    read(in, line, 8) == 8 && memcmp(line, maps, 8) == 0);
	ask("read one byte", RAW(__NR_read, in, line, 1));
	ask("write", RAW(__NR_write, open("/proc/self/maps", O_WRONLY), "x", 1));
}

static void links_and_errors(void)
{
	static char buffer[256];

	ask("readlink exe", RAW(__NR_readlink, "/proc/self/exe", buffer, sizeof(buffer)));
	say("exe", "%s", buffer);
	memset(buffer, 0, sizeof(buffer));
	RAW(__NR_readlink, "/proc/self/cwd", buffer, sizeof(buffer));
	say("cwd", "%s", buffer);
	memset(buffer, 0, sizeof(buffer));
	RAW(__NR_readlink, "/proc/self/root", buffer, sizeof(buffer));
	say("root", "%s", buffer);
	memset(buffer, 0, sizeof(buffer));
	RAW(__NR_readlink, "/proc/self/fd/0", buffer, sizeof(buffer));
	say("fd/0", "%s", buffer);
	say("comm", "%s", first_line("/proc/self/comm"));
	say("cmdline", "%s", first_line("/proc/self/cmdline"));
	ask("open, no such process", RAW(__NR_open, "/proc/99999999/maps", O_RDONLY));
	ask("open, no such file", RAW(__NR_open, "/proc/self/nothing", O_RDONLY));
	ask("create", RAW(__NR_open, "/proc/new", O_CREAT | O_WRONLY, 0644));
	ask("mkdir", RAW(__NR_mkdir, "/proc/new", 0755));
	ask("unlink", RAW(__NR_unlink, "/proc/version"));
	ask("rename", RAW(__NR_rename, "/proc/version", "/proc/version2"));
	ask("a kernel thread's exe", RAW(__NR_readlink, "/proc/2/exe", buffer, sizeof(buffer)));
	say("a kernel thread's maps", "'%s'", first_line("/proc/2/maps"));
}

static void system_files(void)
{
	static const char *const one_line[] = {
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/sys/kernel/ostype",
		"/proc/sys/kernel/randomize_va_space",
		"/proc/sys/vm/overcommit_memory",
		"/proc/sys/vm/max_map_count",
		"/proc/sys/vm/mmap_min_addr",
	};

	for (int i = 0; i < NR(one_line); i++)
		say(one_line[i], "%s", shape(first_line(one_line[i])));
	say("max_map_count", "%s", first_line("/proc/sys/vm/max_map_count"));
	say("mmap_min_addr", "%s", first_line("/proc/sys/vm/mmap_min_addr"));
	say("ostype", "%s", first_line("/proc/sys/kernel/ostype"));
	say("randomize_va_space", "%s", first_line("/proc/sys/kernel/randomize_va_space"));
	say("MemTotal has the form", "%s", shape(proc_value("/proc/meminfo", "MemTotal")));
	say("SwapTotal", "%s", proc_value("/proc/meminfo", "SwapTotal"));
	say("first line of stat", "%s", shape(first_line("/proc/stat")));
}

ORACLE(GROUP(status), GROUP(stat_and_statm), GROUP(sizes), GROUP(maps_format),
       GROUP(links_and_errors), GROUP(system_files))
