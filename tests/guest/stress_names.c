/*
 * tests/guest/stress_names.c - folders and descriptors that everybody changes
 *
 * What a call does to a name happens once and as a whole: of many that make the same name one succeeds, a name that
 * is moved is never in two places, and a listing shows every name that was there all the time exactly once.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/stress.h"

#define WORKERS 4
#define STEPS   250

static struct count {
	volatile long made[8], removed[8];
	volatile int over;
} * count;

/* May @ret, what @call returned, come from a race that somebody else has won? */
static void expect(const char *call, long ret, const short *errors, int nr)
{
	if (ret >= 0)
		return;
	for (int i = 0; i < nr; i++)
		if (ret == -errors[i])
			return;
	fail("%s: error %ld", call, -ret);
}
#define EXPECT(call, ret, ...)                                  \
	do {                                                    \
		static const short allowed[] = { __VA_ARGS__ }; \
                                                                \
		expect(call, ret, allowed, NR(allowed));        \
	} while (0)

/* --- everything at once in a few folders --- */

static const char *const folders[] = { "a", "b", "a/sub", "b/sub" };
#define NAMES 6

static void random_path(struct random *random, char *path)
{
	static const char names[NAMES][4] = { "x", "y", "z", "sub", "u", "v" };

	strcpy(path, folders[below(random, NR(folders))]);
	strcat(path, "/");
	strcat(path, names[below(random, NAMES)]);
}

/* A file is born with its stamp in it, under a name of its maker's, and then gets its name. */
static void make_file(long me, const char *path)
{
	char mine[] = "new-0", stamp[8] = "stamp 0";
	long fd;

	mine[4] = (char)('0' + me);
	stamp[6] = mine[4];
	fd = RAW(__NR_open, mine, O_CREAT | O_EXCL | O_WRONLY, 0644);
	if (fd < 0 || RAW(__NR_write, fd, stamp, 8) != 8)
		fail("%s cannot be made: %ld", mine, fd);
	RAW(__NR_close, fd);
	EXPECT("rename of a new file", RAW(__NR_rename, mine, path), ENOENT, EISDIR, ENOTDIR);
	RAW(__NR_unlink, mine);
}

static void read_file(const char *path)
{
	char stamp[16];
	long fd = RAW(__NR_open, path, O_RDONLY, 0), n;

	EXPECT("open", fd, ENOENT, ENOTDIR, ELOOP);
	if (fd < 0)
		return;
	n = RAW(__NR_read, fd, stamp, sizeof(stamp));
	if (n != -EISDIR && (n != 8 || memcmp(stamp, "stamp ", 6) != 0))
		fail("%s: read %ld", path, n);
	RAW(__NR_close, fd);
}

static void change_names(void *number)
{
	struct random random = random_for((long)number);
	char from[32], to[32];
	struct stat st;

	for (int step = 0; step < STEPS; step++) {
		random_path(&random, from);
		random_path(&random, to);
		switch (below(&random, 9)) {
		case 0:
		case 1:
			make_file((long)number, from);
			break;
		case 2:
			EXPECT("unlink", RAW(__NR_unlink, from), ENOENT, EISDIR, ENOTDIR);
			break;
		case 3:
			EXPECT("rename", RAW(__NR_rename, from, to), ENOENT, EISDIR, ENOTDIR,
			       EINVAL, ENOTEMPTY, EEXIST);
			break;
		case 4:
			EXPECT("link", RAW(__NR_link, from, to), ENOENT, EEXIST, EPERM, ENOTDIR);
			break;
		case 5:
			EXPECT("mkdir", RAW(__NR_mkdir, from, 0755), ENOENT, EEXIST, ENOTDIR);
			break;
		case 6:
			EXPECT("rmdir", RAW(__NR_rmdir, from), ENOENT, ENOTEMPTY, ENOTDIR);
			break;
		case 7:
			EXPECT("stat", RAW(__NR_newfstatat, AT_FDCWD, from, &st, 0), ENOENT,
			       ENOTDIR);
			break;
		default:
			read_file(from);
		}
	}
}

static void folders_survive_all_changes(void)
{
	struct stat st;

	for (int i = 0; i < NR(folders); i++)
		CHECK(mkdir(folders[i], 0755) == 0);
	run_processes(WORKERS, change_names);
	run_threads(WORKERS, change_names);
	remove_tree("a");
	remove_tree("b");
	CHECK(stat(".", &st) == 0);
	CHECK(st.st_nlink <= 2); /* some of Linux's file systems count only 1 */
}

/* --- one winner --- */

static void make_and_remove(void *number)
{
	struct random random = random_for((long)number);
	char name[] = "0";

	for (int step = 0; step < STEPS; step++) {
		unsigned long i = below(&random, 4);
		int kind = (int)i % 2;
		long ret;

		name[0] = (char)('0' + i);
		ret = kind ? RAW(__NR_mkdir, name, 0755)
			   : RAW(__NR_open, name, O_CREAT | O_EXCL | O_RDWR, 0644);
		EXPECT("making", ret, EEXIST);
		if (ret >= 0)
			__atomic_add_fetch(&count->made[i], 1, __ATOMIC_RELAXED);
		if (ret > 0)
			RAW(__NR_close, ret);
		ret = RAW(__NR_unlinkat, AT_FDCWD, name, kind ? AT_REMOVEDIR : 0);
		EXPECT("removing", ret, ENOENT);
		if (ret == 0)
			__atomic_add_fetch(&count->removed[i], 1, __ATOMIC_RELAXED);
	}
}

static void one_makes_and_one_removes(void)
{
	count = shared_pages(1);
	run_processes(WORKERS, make_and_remove);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(count->made[i], count->removed[i]);
}

#define TOKENS 4
#define PLACES 10

static void place(char *path, unsigned long i)
{
	strcpy(path, i % 2 ? "left/0" : "right/0");
	strchr(path, '0')[0] = (char)('0' + i);
}

static void move_tokens(void *number)
{
	struct random random = random_for((long)number);
	char from[16], to[16];

	for (int step = 0; step < STEPS; step++) {
		place(from, below(&random, PLACES));
		place(to, below(&random, PLACES));
		EXPECT("renameat2",
		       RAW(__NR_renameat2, AT_FDCWD, from, AT_FDCWD, to,
			   1 + below(&random, 2) /* RENAME_NOREPLACE, RENAME_EXCHANGE */),
		       ENOENT, EEXIST);
	}
}

static void renamed_files_are_never_lost(void)
{
	int found = 0;
	char path[16];

	CHECK(mkdir("left", 0755) == 0 && mkdir("right", 0755) == 0);
	for (unsigned long i = 0; i < TOKENS; i++) {
		place(path, i);
		write_file(path, "token", 5, 0644);
	}
	run_processes(WORKERS, move_tokens);
	for (unsigned long i = 0; i < PLACES; i++) {
		place(path, i);
		found += access(path, F_OK) == 0;
	}
	CHECK_EQ(found, TOKENS);
}

/* Folders moved into each other: never a circle, and every one can be reached in the end. */
static void move_folders(void *number)
{
	struct random random = random_for((long)number);

	for (int step = 0; step < STEPS / 2; step++) {
		char from[32] = "", to[32] = "";
		int deep = 1 + (int)below(&random, 3);

		for (int i = 0; i < deep; i++) {
			char name[] = "/0";

			name[1] = (char)('0' + below(&random, 4));
			strcat(from, i ? name : name + 1);
			name[1] = (char)('0' + below(&random, 4));
			strcat(to, i ? name : name + 1);
		}
		EXPECT("rename", RAW(__NR_rename, from, to), ENOENT, EINVAL, ENOTEMPTY, EEXIST);
		EXPECT("open", RAW(__NR_mkdir, from, 0755), ENOENT, EEXIST);
	}
}

static void moved_folders_make_no_circle(void)
{
	for (char c = '0'; c < '4'; c++)
		CHECK(mkdir((char[]){ c, 0 }, 0755) == 0);
	run_processes(WORKERS, move_folders);
	for (char c = '0'; c < '4'; c++)
		remove_tree((char[]){ c, 0 });
}

/* --- listing --- */

#define LASTING 20

static void list_or_change(void *number)
{
	struct random random = random_for((long)number);
	char buf[600];

	for (int step = 0; number && step < STEPS; step++) {
		char name[] = "d/brief-00";

		name[8] = (char)('0' + (long)number);
		name[9] = (char)('a' + below(&random, 26));
		if (below(&random, 2))
			RAW(__NR_close, RAW(__NR_open, name, O_CREAT | O_WRONLY, 0644));
		else
			RAW(__NR_unlink, name);
	}
	for (int pass = 0; !number && pass < STEPS / 10; pass++) {
		unsigned char seen[LASTING] = { 0 };
		long fd = RAW(__NR_open, "d", O_RDONLY | O_DIRECTORY, 0), n;

		while ((n = RAW(__NR_getdents64, fd, buf, sizeof(buf))) > 0)
			for (long at = 0; at < n;) {
				struct dirent *d = (struct dirent *)(void *)(buf + at);

				at += d->d_reclen;
				if (strncmp(d->d_name, "lasting-", 8) == 0)
					seen[d->d_name[8] - 'a']++;
			}
		if (n < 0)
			fail("getdents64: %ld", n);
		for (int i = 0; i < LASTING; i++)
			if (seen[i] != 1)
				fail("lasting-%c was shown %d times", 'a' + i, seen[i]);
		RAW(__NR_close, fd);
	}
}

static void a_listing_shows_each_name_once(void)
{
	char name[] = "d/lasting-0";

	CHECK(mkdir("d", 0755) == 0);
	for (int i = 0; i < LASTING; i++) {
		name[10] = (char)('a' + i);
		write_file(name, "", 0, 0644);
	}
	run_processes(WORKERS, list_or_change);
}

/* --- renames that replace and exchange --- */

static void replace_or_open(void *number)
{
	char mine[] = "mine-0";
	long fd;

	mine[5] = (char)('0' + (long)number);
	for (int step = 0; step < STEPS; step++) {
		if ((long)number % 2) {
			fd = RAW(__NR_open, mine, O_CREAT | O_WRONLY, 0644);
			RAW(__NR_close, fd);
			if (fd < 0 || RAW(__NR_rename, mine, "replaced"))
				fail("not replaced");
			continue;
		}
		fd = RAW(__NR_open, "replaced", O_RDONLY, 0);
		if (fd < 0)
			fail("the name is not there: %ld", fd);
		RAW(__NR_close, fd);
	}
}

static void a_replaced_name_is_always_there(void)
{
	write_file("replaced", "", 0, 0644);
	run_processes(WORKERS, replace_or_open);
	CHECK(unlink("replaced") == 0);
}

/* Pairs of names whose files or folders are the same two, met in another order or another way by each worker. */
static void exchange_pairs(void *number)
{
	static const char *const pairs[WORKERS][2] = {
		{ "left/f", "left/g" },
		{ "right/p", "right/q" },
		{ "x", "y" },
		{ "x/in", "y/in" },
	};
	const char *const *pair = pairs[(long)number];

	for (int step = 0; step < STEPS; step++)
		EXPECT("renameat2", RAW(__NR_renameat2, AT_FDCWD, pair[0], AT_FDCWD, pair[1], 2),
		       ENOENT);
}

static void exchanges_do_not_wait_for_each_other(void)
{
	CHECK(mkdir("left", 0755) == 0 && mkdir("right", 0755) == 0);
	write_file("left/f", "1", 1, 0644);
	write_file("left/g", "2", 1, 0644);
	CHECK(link("left/g", "right/p") == 0 && link("left/f", "right/q") == 0);
	CHECK(mkdir("x", 0755) == 0 && mkdir("y", 0755) == 0);
	CHECK(mkdir("x/in", 0755) == 0 && mkdir("y/in", 0755) == 0);
	run_processes(WORKERS, exchange_pairs);
	CHECK(access("x/in", F_OK) == 0 && access("y/in", F_OK) == 0);
}

/* --- one table of descriptors for several threads --- */

/* A lock by a number that another thread closes just now must not outlive the close. */
static void lock_or_close(void *number)
{
	struct {
		short type, whence;
		long start, len;
		int pid;
	} range = { 1 /* F_WRLCK */, SEEK_SET, 0, 10, 0 };
	long fd;

	for (int step = 0; step < 2 * STEPS; step++) {
		if ((long)number % 2) {
			EXPECT("fcntl", RAW(__NR_fcntl, 100, F_SETLK, &range), EBADF);
			continue;
		}
		EXPECT("close", RAW(__NR_close, 100), EBADF);
		fd = RAW(__NR_open, "locked", O_RDWR | O_CREAT, 0644);
		EXPECT("dup2", RAW(__NR_dup2, fd, 100), EBUSY);
		RAW(__NR_close, fd);
		RAW(__NR_unlink, "locked");
	}
}

static void locks_end_with_their_descriptor(void)
{
	run_threads(WORKERS, lock_or_close);
}

#define FILES 6
#define FIRST 40 /* descriptors that everybody opens and closes */
#define LAST  48

static void use_descriptors(void *number)
{
	struct random random = random_for((long)number);
	char name[] = "file-0", byte;
	struct stat st;

	for (int step = 0; step < 2 * STEPS; step++) {
		int fd = FIRST + (int)below(&random, LAST - FIRST), own;
		long ret;

		name[5] = (char)('a' + below(&random, FILES));
		own = (int)RAW(__NR_open, name, O_RDONLY, 0);
		if (own < 0)
			fail("open: %d", own);
		switch (below(&random, 5)) {
		case 0:
			EXPECT("dup2", RAW(__NR_dup2, own, fd), EBUSY);
			break;
		case 1:
			EXPECT("close", RAW(__NR_close, fd), EBADF);
			break;
		case 2:
			ret = RAW(__NR_pread64, fd, &byte, 1, 0);
			EXPECT("pread", ret, EBADF);
			if (ret == 1 && (byte < 'a' || byte >= 'a' + FILES))
				fail("descriptor %d shows 0x%x", fd, byte);
			break;
		case 3:
			EXPECT("fstat", RAW(__NR_fstat, fd, &st), EBADF);
			break;
		default:
			ret = RAW(__NR_fcntl, fd, F_DUPFD_CLOEXEC, LAST);
			EXPECT("fcntl", ret, EBADF);
			if (ret >= 0 && RAW(__NR_close, ret))
				fail("what fcntl made cannot be closed");
		}
		/* Nobody closes my descriptor, whatever happens around it. */
		if (RAW(__NR_pread64, own, &byte, 1, 0) != 1 || byte != name[5])
			fail("descriptor %d shows 0x%x instead of 0x%x", own, byte, name[5]);
		if (RAW(__NR_close, own))
			fail("close");
	}
}

static void threads_share_their_descriptors(void)
{
	char name[] = "file-0";

	for (char c = 'a'; c < 'a' + FILES; c++) {
		name[5] = c;
		write_file(name, &c, 1, 0644);
	}
	run_threads(WORKERS, use_descriptors);
}

STRESS_MAIN("stress_names", CASE(folders_survive_all_changes), CASE(one_makes_and_one_removes),
	    CASE(renamed_files_are_never_lost), CASE(moved_folders_make_no_circle),
	    CASE(a_listing_shows_each_name_once), CASE(a_replaced_name_is_always_there),
	    CASE(exchanges_do_not_wait_for_each_other), CASE(locks_end_with_their_descriptor),
	    CASE(threads_share_their_descriptors))
