/*
 * tests/oracle/sysctl.c - /proc/sys: how numbers and names are read and written, who may, and what they do
 *
 * Every value is put back, for the programs that come later find the same kernel.
 *
 * Sources: proc(5), "/proc/sys"; Linux, Documentation/admin-guide/sysctl.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/oracle.h"

#define KERNEL_FILE(name) "/proc/sys/kernel/" name
#define VM_FILE(name)     "/proc/sys/vm/" name

static const char *value_of(const char *path)
{
	char buffer[128];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer) - 1);

	if (n < 0)
		return errno_name(errno);
	close(fd);
	buffer[n] = 0;
	buffer[strcspn(buffer, "\n")] = 0;
	return text("%s", buffer);
}

static long put_at(const char *path, const char *what, size_t len, long offset)
{
	long fd = RAW(__NR_open, path, O_WRONLY), n;

	if (fd < 0)
		return fd;
	n = offset ? RAW(__NR_pwrite64, fd, what, len, offset) : RAW(__NR_write, fd, what, len);
	RAW(__NR_close, fd);
	return n;
}

static long put(const char *path, const char *what)
{
	return put_at(path, what, strlen(what), 0);
}

/* What a write answers, and what the file says then. */
static void try_put(const char *path, const char *what, const char *shown)
{
	char name[160];
	long n = put(path, what);

	snprintf(name, sizeof(name), "%s, '%s'", strrchr(path, '/') + 1, shown ? shown : what);
	say(name, "%s, then %s", answer(n), value_of(path));
}

/* --- numbers --- */

static void forms_of_numbers(void)
{
	static const char *const texts[] = {
		"1",
		" 1",
		"1 ",
		"\t 1 \t ",
		"+1",
		"-1",
		"--1",
		"- 1",
		"0x1",
		"0X2",
		"01",
		"08",
		"0x",
		"0xg",
		"1x",
		"x1",
		"1 2",
		"1 2 3",
		"1\v",
		"\v1",
		"1,2",
		"1.0",
		"1e1",
		"",
		" ",
		"-",
		"00000001",
		"0000000000000000000001",
		"00000000000000000001",
		"2147483647",
		"2147483648",
		"-2147483648",
		"-2147483649",
		"4294967296",
		"18446744073709551615",
		"18446744073709551616",
		"99999999999999999999",
		"-0",
		"1\001",
	};
	const char *path = VM_FILE("overcommit_ratio");

	for (int i = 0; i < NR(texts); i++) {
		put(path, "50\n");
		try_put(path, texts[i], text("%d: %s", i, shape(texts[i])));
	}
	put(path, "50");
	try_put(path, "7\n", "7 and a newline");
	try_put(path, "\n", "a newline");
	try_put(path, "8\n9\n", "two lines");
	ask("with a NUL", put_at(path, "9\0", 2, 0));
	ask("0 bytes", put_at(path, "9", 0, 0));
	ask("at offset 1", put_at(path, "33", 2, 1));
	say("nothing happened", "%s", value_of(path));
	ask("bad buffer", RAW(__NR_write, open(path, O_WRONLY), BAD, 1));
	put(path, "50");
}

static void long_numbers(void)
{
	static const char *const texts[] = {
		"0",       "-0", "-1", "0x10000", " 65536 ",
		"65536 1", "1x", "",   "\n",      "18446744073709551616"
	};

	for (int i = 0; i < NR(texts); i++)
		try_put(VM_FILE("mmap_min_addr"), texts[i], text("%d", i));
	try_put(VM_FILE("mmap_min_addr"), "65536", NULL);
}

static void ranges(void)
{
	static const struct {
		const char *path, *texts[8], *back;
	} files[] = {
		{ VM_FILE("overcommit_memory"), { "-1", "3", "2 ", "1", "0" }, "0" },
		{ VM_FILE("max_map_count"), { "-1", "0", "2147483648", "100000", "x" }, "65530" },
		{ VM_FILE("drop_caches"), { "0", "1", "2", "3", "4", "5", "-1" }, NULL },
		{ KERNEL_FILE("randomize_va_space"), { "-1", "3", "1", "2", "x" }, "0" },
		{ KERNEL_FILE("pid_max"), { "0", "300", "301", "4194305", "20000" }, "32768" },
		{ KERNEL_FILE("threads-max"), { "0", "-1", "1073741824", "5000" }, "7000" },
	};

	for (int i = 0; i < NR(files); i++) {
		if (files[i].back)
			put(files[i].path, files[i].back);
		for (int j = 0; j < 8 && files[i].texts[j]; j++)
			try_put(files[i].path, files[i].texts[j], NULL);
		if (files[i].back)
			put(files[i].path, files[i].back);
	}
	put(VM_FILE("overcommit_kbytes"), "4000");
	say("kbytes set, ratio", "%s", value_of(VM_FILE("overcommit_ratio")));
	put(VM_FILE("overcommit_ratio"), "50");
	say("ratio set, kbytes", "%s", value_of(VM_FILE("overcommit_kbytes")));
}

static void reading(void)
{
	static char buffer[64];
	int fd = open(VM_FILE("max_map_count"), O_RDONLY);

	ask("a byte", RAW(__NR_read, fd, buffer, 1));
	ask("the rest is gone", RAW(__NR_read, fd, buffer, 10));
	ask("lseek to 0", RAW(__NR_lseek, fd, 0, 0));
	ask("all", RAW(__NR_read, fd, buffer, 64));
	ask("again", RAW(__NR_read, fd, buffer, 64));
	ask("lseek to 2", RAW(__NR_lseek, fd, 2, 0));
	ask("from 2", RAW(__NR_read, fd, buffer, 64));
	ask("lseek, negative", RAW(__NR_lseek, fd, -1, 0));
	ask("lseek, whence 9", RAW(__NR_lseek, fd, 0, 9));
	ask("0 bytes", RAW(__NR_pread64, fd, buffer, 0, 0));
	ask("bad buffer", RAW(__NR_pread64, fd, BAD, 4, 0));
	ask("write", RAW(__NR_write, fd, "1", 1));
	ask("mmap", RAW(__NR_mmap, 0, PAGE, R, MAP_PRIVATE, fd, 0));
	ask("ftruncate", RAW(__NR_ftruncate, fd, 0));
	fd = open(KERNEL_FILE("ostype"), O_RDONLY);
	ask("a name, 2 bytes", RAW(__NR_read, fd, buffer, 2));
	ask("a name, the rest", RAW(__NR_read, fd, buffer, 64));
	ask("a name, the end", RAW(__NR_read, fd, buffer, 64));
	ask("a name from 5", RAW(__NR_pread64, fd, buffer, 64, 5));
	ask("a name from 6", RAW(__NR_pread64, fd, buffer, 64, 6));
}

/* --- names --- */

static void names(void)
{
	const char *path = KERNEL_FILE("hostname");
	char before[100], line[400];

	snprintf(before, sizeof(before), "%s", value_of(path));
	try_put(path, "one\n", "one");
	try_put(path, "two", NULL);
	try_put(path, "three\nfour", "two lines");
	try_put(path, "", NULL);
	try_put(path, "\n", "a newline");
	try_put(path, " blank s ", NULL);
	ask("with a NUL", put_at(path, "ab\0cd", 5, 0));
	say("then", "%s", value_of(path));
	ask("at offset 1", put_at(path, "xyz", 3, 1));
	say("at offset 1, then", "%s", value_of(path));
	ask("at offset 9, beyond", put_at(path, "xyz", 3, 9));
	say("beyond, then", "%s", value_of(path));
	memset(line, 'n', sizeof(line));
	ask("64 bytes", put_at(path, line, 64, 0));
	say("64 bytes, length", "%zu", strlen(value_of(path)));
	ask("65 bytes", put_at(path, line, 65, 0));
	say("65 bytes, length", "%zu", strlen(value_of(path)));
	ask("400 bytes", put_at(path, line, 400, 0));
	say("400 bytes, length", "%zu", strlen(value_of(path)));
	ask("O_TRUNC", RAW(__NR_open, path, O_WRONLY | O_TRUNC) > 0);
	ask("O_APPEND", RAW(__NR_open, path, O_WRONLY | O_APPEND) > 0);
	put(path, before);
	try_put(KERNEL_FILE("domainname"), "domain", NULL);
	put(KERNEL_FILE("domainname"), "(none)");
}

/* --- who may --- */

static void ask_opens(const char *who)
{
	static const char *const paths[] = {
		KERNEL_FILE("ostype"),        KERNEL_FILE("hostname"), KERNEL_FILE("pid_max"),
		KERNEL_FILE("cap_last_cap"),  VM_FILE("drop_caches"),  VM_FILE("mmap_min_addr"),
		VM_FILE("overcommit_memory"),
	};
	struct stat st;

	for (int i = 0; i < NR(paths); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s, %s", who, strrchr(paths[i], '/') + 1);
		ask_done(text("%s to read", name), RAW(__NR_open, paths[i], O_RDONLY));
		ask_done(text("%s to write", name), RAW(__NR_open, paths[i], O_WRONLY));
		ask(text("%s access 2", name), RAW(__NR_access, paths[i], 2));
		ask(text("%s access 1", name), RAW(__NR_access, paths[i], 1));
		ask(text("%s chmod", name), RAW(__NR_chmod, paths[i], 0777));
		ask(text("%s chown", name), RAW(__NR_chown, paths[i], 5, 5));
		stat(paths[i], &st);
		say(text("%s stat", name), "0%o links %lu owner %u %u size %ld", st.st_mode,
		    st.st_nlink, st.st_uid, st.st_gid, st.st_size);
	}
}

static void permissions(void)
{
	static char buffer[16];
	struct stat st;
	int rd = open(VM_FILE("drop_caches"), O_WRONLY),
	    wr = open(VM_FILE("overcommit_ratio"), O_RDWR),
	    low = open(VM_FILE("mmap_min_addr"), O_RDWR);

	ask_opens("root");
	stat("/proc/sys", &st);
	say("sys", "0%o links %lu", st.st_mode, st.st_nlink);
	stat("/proc/sys/vm", &st);
	say("sys/vm", "0%o links %lu", st.st_mode, st.st_nlink);
	ask("create", RAW(__NR_open, "/proc/sys/vm/new", O_CREAT | O_WRONLY, 0644));
	ask("unlink", RAW(__NR_unlink, VM_FILE("overcommit_ratio")));
	RAW(__NR_setresgid, 5, 5, 5);
	RAW(__NR_setgroups, 0, 0);
	RAW(__NR_setresuid, 5, 5, 5);
	ask_opens("5");
	ask("opened by root, read", RAW(__NR_read, wr, buffer, 16));
	ask("opened by root, write", RAW(__NR_write, wr, "50", 2));
	ask("opened by root, write to drop_caches", RAW(__NR_write, rd, "1", 1));
	ask("opened by root, write to mmap_min_addr", RAW(__NR_write, low, "65536", 5));
}

/* --- what they do --- */

static const char *map_low(void *addr)
{
	long r = RAW(__NR_mmap, addr, PAGE, RW, ANON | MAP_FIXED, -1, 0);

	if (r >= 0)
		RAW(__NR_munmap, addr, PAGE);
	return answer(r);
}

static void low_as_nobody(void *arg)
{
	RAW(__NR_setresuid, 5, 5, 5);
	say(arg, "0x1000 %s, 0x8000 %s, 0x10000 %s, 0x20000 %s", map_low((void *)0x1000),
	    map_low((void *)0x8000), map_low((void *)0x10000), map_low((void *)0x20000));
}

static void minimum_address(void)
{
	in_child(low_as_nobody, "65536");
	put(VM_FILE("mmap_min_addr"), "4096");
	in_child(low_as_nobody, "4096");
	put(VM_FILE("mmap_min_addr"), "131072");
	in_child(low_as_nobody, "131072");
	put(VM_FILE("mmap_min_addr"), "65536");
	in_child(low_as_nobody, "65536 again");
}

static void overcommit(void)
{
	unsigned long huge = 64UL << 30, big = 700UL << 20;

	for (int mode = 0; mode < 3; mode++) {
		put(VM_FILE("overcommit_memory"), text("%d", mode));
		ask_done(text("mode %d, 64 GiB", mode), RAW(__NR_mmap, 0, huge, RW, ANON, -1, 0));
		ask_done(text("mode %d, 64 GiB NORESERVE", mode),
			 RAW(__NR_mmap, 0, huge, RW, ANON | MAP_NORESERVE, -1, 0));
		ask_done(text("mode %d, 64 GiB to read", mode),
			 RAW(__NR_mmap, 0, huge, R, ANON, -1, 0));
		ask_done(text("mode %d, 700 MiB", mode), RAW(__NR_mmap, 0, big, RW, ANON, -1, 0));
	}
	put(VM_FILE("overcommit_ratio"), "1000");
	ask_done("mode 2, ratio 1000, 700 MiB", RAW(__NR_mmap, 0, big, RW, ANON, -1, 0));
	put(VM_FILE("overcommit_kbytes"), "100000");
	ask_done("mode 2, 100 MB, 700 MiB", RAW(__NR_mmap, 0, big, RW, ANON, -1, 0));
	put(VM_FILE("overcommit_ratio"), "50");
	put(VM_FILE("overcommit_memory"), "0");
}

static void number_of_mappings(void)
{
	int n = 0;

	put(VM_FILE("max_map_count"), "100");
	/* Every second page has other rights, so that none merge. */
	while (n < 500 && RAW(__NR_mmap, 0x10000000UL + (unsigned long)n * 2 * PAGE, PAGE,
			      n & 1 ? R : RW, ANON | MAP_FIXED, -1, 0) > 0)
		n++;
	say("few mappings are allowed", "%d", n > 50 && n < 105);
	ask("one more", RAW(__NR_mmap, 0x20000000, PAGE, R, ANON | MAP_FIXED, -1, 0));
	put(VM_FILE("max_map_count"), "65530");
	ask_done("and again", RAW(__NR_mmap, 0x20000000, PAGE, R, ANON | MAP_FIXED, -1, 0));
}

ORACLE(GROUP(forms_of_numbers), GROUP(long_numbers), GROUP(ranges), GROUP(reading), GROUP(names),
       GROUP(permissions), GROUP(minimum_address), GROUP(overcommit), GROUP(number_of_mappings))
