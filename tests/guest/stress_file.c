/*
 * tests/guest/stress_file.c - one file, read, written, mapped and cut by many at once
 *
 * read(2) and write(2) are not atomic against each other, so a reader may meet half a write; but every byte belongs
 * to its page and to one of its writer's times, and what the writer itself wrote it reads back, by whatever way.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/stress.h"

#define WORKERS 4
#define PAGES   8 /* of each worker */
#define STEPS   120
#define RW      (PROT_READ | PROT_WRITE)

/* --- everybody has pages of the file --- */

/* The byte that fills @page at @time: never 0, and its upper half tells the page's owner. */
static unsigned char fill_byte(unsigned long page, unsigned long time)
{
	return (unsigned char)((page % WORKERS + 1) << 4 | (time & 15));
}

static int shared_fd;
static unsigned char *shared_view;

static void check_own(unsigned long page, unsigned char want, const unsigned char *data,
		      const char *way)
{
	for (unsigned long i = 0; i < PAGE; i++)
		if (data[i] != want)
			fail("page %lu byte %lu: %s shows 0x%x instead of 0x%x", page, i, way,
			     data[i], want);
}

static void check_other(unsigned long page, const unsigned char *data, const char *way)
{
	for (unsigned long i = 0; i < PAGE; i++)
		if (data[i] && data[i] >> 4 != fill_byte(page, 0) >> 4)
			fail("page %lu byte %lu: %s shows 0x%x", page, i, way, data[i]);
}

static void write_own(struct random *random, unsigned long page, unsigned char byte)
{
	static const unsigned long parts[] = { PAGE, 512, 1000 };
	unsigned char data[PAGE];
	unsigned long part = parts[below(random, NR(parts))];

	memset(data, byte, sizeof(data));
	if (below(random, 2)) {
		memset(shared_view + page * PAGE, byte, PAGE);
		return;
	}
	for (unsigned long at = 0; at < PAGE; at += part) {
		unsigned long n = PAGE - at < part ? PAGE - at : part;

		if (RAW(__NR_pwrite64, shared_fd, data, n, page * PAGE + at) != (long)n)
			fail("pwrite of page %lu", page);
	}
}

/* Workers with even numbers use a view of their own, which comes and goes. */
static void work_on_file(void *number)
{
	unsigned long me = (unsigned long)number, time[PAGES] = { 0 };
	struct random random = random_for((long)me);
	unsigned char data[PAGE];

	for (int step = 0; step < STEPS; step++) {
		unsigned long k = below(&random, PAGES), page = k * WORKERS + me, other;
		const unsigned char *own;

		write_own(&random, page, fill_byte(page, ++time[k]));
		check_own(page, fill_byte(page, time[k]), shared_view + page * PAGE, "the mapping");
		if (RAW(__NR_pread64, shared_fd, data, PAGE, page * PAGE) != (long)PAGE)
			fail("pread of page %lu", page);
		check_own(page, fill_byte(page, time[k]), data, "read");
		if (below(&random, 8) == 0) {
			own = (unsigned char *)RAW(__NR_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE,
						   shared_fd, page * PAGE);
			check_own(page, fill_byte(page, time[k]), own, "a private mapping");
			RAW(__NR_munmap, own, PAGE);
			RAW(__NR_msync, shared_view + page * PAGE, PAGE, MS_SYNC);
		}
		other = below(&random, PAGES * WORKERS);
		if (RAW(__NR_pread64, shared_fd, data, PAGE, other * PAGE) != (long)PAGE)
			fail("pread of page %lu", other);
		if (other % WORKERS != me)
			check_other(other, data, "read");
		check_other(other, shared_view + other * PAGE, "the mapping");
	}
}

static void open_shared(unsigned long pages)
{
	shared_fd = open("shared", O_RDWR | O_CREAT, 0644);
	CHECK(shared_fd >= 0 && ftruncate(shared_fd, (off_t)(pages * PAGE)) == 0);
	shared_view = mmap(NULL, pages * PAGE, RW, MAP_SHARED, shared_fd, 0);
	CHECK(shared_view != MAP_FAILED);
}

static void threads_and_a_file_agree(void)
{
	open_shared(PAGES * WORKERS);
	run_threads(WORKERS, work_on_file);
}

static void processes_and_a_file_agree(void)
{
	open_shared(PAGES * WORKERS);
	run_processes(WORKERS, work_on_file);
}

/* --- the file is cut while it is mapped, read and written --- */

#define CUT_PAGES 8

static struct cut_state {
	volatile unsigned long sequence; /* odd while the file is changed */
	volatile unsigned long pages;    /* its length, */
	volatile unsigned long written;  /* its pages that hold data: bit by number */
	volatile int over;
} * cut;

#define CUT_WORD(page) (0x6b00000000000000UL | (page) << 32 | 0xc0ffee)

/* The only one that changes the length, so it knows what everybody must find between two changes. */
static void cut_file(struct random *random)
{
	for (int step = 0; step < STEPS; step++) {
		unsigned long pages = below(random, CUT_PAGES + 1), page, word;

		cut->sequence++;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (RAW(__NR_ftruncate, shared_fd, pages * PAGE))
			fail("ftruncate");
		if (pages < cut->pages)
			cut->written &= (1UL << pages) - 1;
		cut->pages = pages;
		if (pages) {
			page = below(random, pages);
			word = CUT_WORD(page);
			if (below(random, 2))
				*(volatile unsigned long *)(void *)(shared_view + page * PAGE) =
					word;
			else if (RAW(__NR_pwrite64, shared_fd, &word, 8, page * PAGE) != 8)
				fail("pwrite");
			cut->written |= 1UL << page;
		}
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		cut->sequence++;
	}
	cut->over = 1;
}

static void look_at_cut_file(struct random *random)
{
	unsigned long page = below(random, CUT_PAGES), value = 0, read_value = 0;
	unsigned long before = cut->sequence, pages, written, want;
	long n;
	int sig;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pages = cut->pages;
	written = cut->written;
	sig = probe_load((unsigned long *)(void *)(shared_view + page * PAGE), &value);
	n = RAW(__NR_pread64, shared_fd, &read_value, 8, page * PAGE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((sig && sig != SIGBUS) || (n != 8 && n != 0))
		fail("page %lu: signal %d, read %ld", page, sig, n);
	if ((!sig && value && value != CUT_WORD(page)) ||
	    (read_value && read_value != CUT_WORD(page)))
		fail("page %lu: mapped 0x%lx, read 0x%lx", page, value, read_value);
	if (before % 2 || cut->sequence != before)
		return;
	want = written >> page & 1 ? CUT_WORD(page) : 0;
	if (sig != (page < pages ? 0 : SIGBUS) || n != (page < pages ? 8 : 0))
		fail("page %lu of %lu: signal %d, read %ld", page, pages, sig, n);
	if (page < pages && (value != want || read_value != want))
		fail("page %lu: mapped 0x%lx, read 0x%lx instead of 0x%lx", page, value, read_value,
		     want);
}

static void work_on_cut_file(void *number)
{
	struct random random = random_for((long)number);

	if (number == 0)
		cut_file(&random);
	while (!cut->over)
		look_at_cut_file(&random);
}

static void begin_cutting(void)
{
	catch_faults();
	cut = shared_pages(1);
	open_shared(CUT_PAGES);
	cut->pages = CUT_PAGES;
}

static void what_threads_cut_off_is_gone(void)
{
	begin_cutting();
	run_threads(WORKERS, work_on_cut_file);
}

static void what_processes_cut_off_is_gone(void)
{
	begin_cutting();
	run_processes(WORKERS, work_on_cut_file);
}

/* Several cut, extend, write and map at once: any of their states is right, a foreign byte is not. */
static void cut_and_write(void *number)
{
	struct random random = random_for(50 + (long)number);
	unsigned long page, value;

	for (int step = 0; step < STEPS; step++) {
		page = below(&random, CUT_PAGES);
		value = CUT_WORD(page);
		switch (below(&random, 4)) {
		case 0:
			RAW(__NR_ftruncate, shared_fd, page * PAGE);
			break;
		case 1:
			RAW(__NR_pwrite64, shared_fd, &value, 8, page * PAGE);
			break;
		case 2:
			probe_store((unsigned long *)(void *)(shared_view + page * PAGE), value);
			break;
		default:
			value = 0;
			if (!probe_load((unsigned long *)(void *)(shared_view + page * PAGE),
					&value) &&
			    value && value != CUT_WORD(page))
				fail("page %lu shows 0x%lx", page, value);
		}
	}
}

static void all_may_cut(void)
{
	begin_cutting();
	run_processes(2, cut_and_write);
	run_threads(WORKERS, cut_and_write);
	CHECK_EQ(RAW(__NR_ftruncate, shared_fd, 0), 0);
	CHECK_EQ(RAW(__NR_ftruncate, shared_fd, CUT_PAGES * PAGE), 0);
	for (unsigned long i = 0; i < CUT_PAGES * PAGE; i++)
		CHECK_EQ(shared_view[i], 0);
}

/* --- appending --- */

#define RECORDS 60

struct record {
	unsigned long writer, number, junk[5], sum;
};

static unsigned long sum_of(const struct record *r)
{
	unsigned long sum = r->writer * 31 + r->number;

	for (int i = 0; i < NR(r->junk); i++)
		sum = sum * 31 + r->junk[i];
	return sum;
}

static void append_records(void *number)
{
	struct random random = random_for((long)number);
	int fd = (int)RAW(__NR_open, "log", O_WRONLY | O_APPEND | O_CREAT, 0644);

	for (unsigned long i = 0; i < RECORDS; i++) {
		struct record r = { .writer = (unsigned long)number, .number = i };

		for (int k = 0; k < NR(r.junk); k++)
			r.junk[k] = random_next(&random);
		r.sum = sum_of(&r);
		if (RAW(__NR_write, fd, &r, sizeof(r)) != sizeof(r))
			fail("a record was not written");
	}
	RAW(__NR_close, fd);
}

/* Each record is there once, whole, and in its writer's order. */
static void check_log(unsigned long writers)
{
	unsigned long next[2 * WORKERS] = { 0 };
	struct record r;
	struct stat st;
	int fd = open("log", O_RDONLY);

	CHECK(fstat(fd, &st) == 0);
	CHECK_EQ(st.st_size, writers * RECORDS * sizeof(r));
	while (read(fd, &r, sizeof(r)) == sizeof(r)) {
		CHECK(r.writer < WORKERS && r.sum == sum_of(&r));
		CHECK_EQ(r.number, next[r.writer] % RECORDS);
		next[r.writer]++;
	}
	close(fd);
	unlink("log");
}

static void appended_records_stay_whole(void)
{
	run_threads(WORKERS, append_records);
	check_log(WORKERS);
	run_processes(WORKERS, append_records);
	check_log(WORKERS);
}

/* --- one position for all --- */

static volatile unsigned char *taken;
static int records_fd;

static void take_records(void *number)
{
	unsigned long record;

	(void)number;
	while (RAW(__NR_read, records_fd, &record, sizeof(record)) == sizeof(record)) {
		if (record >= 4 * PAGE / sizeof(record))
			fail("record 0x%lx", record);
		if (__atomic_exchange_n(&taken[record], 1, __ATOMIC_RELAXED))
			fail("record %lu was read twice", record);
	}
}

static void put_records(void *number)
{
	for (unsigned long i = 0; i < RECORDS; i++) {
		unsigned long record = (unsigned long)number * RECORDS + i;

		if (RAW(__NR_write, records_fd, &record, sizeof(record)) != sizeof(record))
			fail("record %lu was not written", record);
	}
}

/* Threads and processes move one position: each record is read once, none is written over. */
static void one_position_serves_all(void)
{
	taken = shared_pages(1);
	records_fd = open("records", O_RDWR | O_CREAT, 0644);
	CHECK(records_fd >= 0);
	run_threads(WORKERS, put_records);
	CHECK_EQ(lseek(records_fd, 0, SEEK_CUR), WORKERS * RECORDS * sizeof(long));
	CHECK_EQ(lseek(records_fd, 0, SEEK_SET), 0);
	run_processes(WORKERS, take_records);
	for (int i = 0; i < WORKERS * RECORDS; i++)
		CHECK_EQ(taken[i], 1);
	CHECK_EQ(lseek(records_fd, 0, SEEK_SET), 0);
	memset((void *)(long)taken, 0, PAGE);
	run_threads(WORKERS, take_records);
	for (int i = 0; i < WORKERS * RECORDS; i++)
		CHECK_EQ(taken[i], 1);
}

/* --- locks on files keep others out --- */

static volatile unsigned long *guarded;

static void take_turns(void *number)
{
	struct random random = random_for((long)number);
	int fd = (int)RAW(__NR_open, "guard", O_RDWR | O_CREAT, 0644);

	for (int i = 0; i < RECORDS; i++) {
		/* struct flock: type, whence, start, length */
		struct {
			short type, whence;
			long start, len;
			int pid;
		} range = { 1 /* F_WRLCK */, SEEK_SET, (long)below(&random, 100), 100, 0 };
		int whole = (long)number % 2 == 0; /* half of them flock(2), the others fcntl(2) */
		unsigned long *counter = (unsigned long *)&guarded[whole], seen;

		if (whole ? RAW(__NR_flock, fd, 2) : RAW(__NR_fcntl, fd, F_SETLKW, &range))
			fail("not locked");
		seen = *counter;
		if (below(&random, 4) == 0)
			sched_yield();
		*counter = seen + 1;
		range.type = 2; /* F_UNLCK */
		if (whole ? RAW(__NR_flock, fd, 8) : RAW(__NR_fcntl, fd, F_SETLK, &range))
			fail("not unlocked");
	}
	RAW(__NR_close, fd);
}

static void file_locks_exclude(void)
{
	guarded = shared_pages(1);
	run_processes(2 * WORKERS, take_turns);
	CHECK_EQ(guarded[0], WORKERS * RECORDS);
	CHECK_EQ(guarded[1], WORKERS * RECORDS);
}

STRESS_MAIN("stress_file", CASE(threads_and_a_file_agree), CASE(processes_and_a_file_agree),
	    CASE(what_threads_cut_off_is_gone), CASE(what_processes_cut_off_is_gone),
	    CASE(all_may_cut), CASE(appended_records_stay_whole), CASE(one_position_serves_all),
	    CASE(file_locks_exclude))
