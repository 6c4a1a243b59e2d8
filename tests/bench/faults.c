/*
 * tests/bench/faults.c - rows: page faults of each kind, and giving many pages back at once
 *
 * Every row maps afresh, prepares, and times one sweep that touches each page, or one call over all of them.  Rows of
 * 4 KiB pages forbid huge ones; the thp rows ask for them, and are only comparable where the kernel has them.
 * The file is this program itself, which carries a MiB of constants to be worth mapping.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE (2 * MIB)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; C libraries come to know it later */
#endif

__attribute__((used, aligned(4096))) static const unsigned char constants[MIB] = { 1 };

enum touch { READ, WRITE };

static void touch_each(char *p, unsigned long len, enum touch how)
{
	if (how == WRITE)
		write_each(p, len, PAGE);
	else
		read_each(p, len, PAGE);
}

/* Times the touching of @len fresh bytes, of which the pages were touched as @before says already. */
static double sweep(unsigned long len, const enum touch *before, enum touch how)
{
	char *p = map_small_pages(len);
	uint64_t t;

	if (!p)
		return -1;
	if (before)
		touch_each(p, len, *before);
	t = region_begin();
	touch_each(p, len, how);
	t = region_end(t);
	unmap(p, len);
	return per_op(t, (long)(len / PAGE));
}

static const enum touch read_before = READ, write_before = WRITE;

static double anon_write(long arg)
{
	(void)arg;
	return sweep(size_big(), NULL, WRITE);
}

static double anon_touch(long arg)
{
	(void)arg;
	return sweep(size_big(), &write_before, WRITE);
}

static double anon_read(long arg)
{
	(void)arg;
	return sweep(size_big(), NULL, READ);
}

static double write_after_read(long arg)
{
	(void)arg;
	return sweep(size_big(), &read_before, WRITE);
}

static double refault(long arg)
{
	unsigned long len = size_middle();
	char *p = map_small_pages(len);
	uint64_t t;

	(void)arg;
	if (!p)
		return -1;
	write_each(p, len, PAGE);
	call3(SYS_madvise, (long)p, (long)len, MADV_DONTNEED);
	t = region_begin();
	write_each(p, len, PAGE);
	t = region_end(t);
	unmap(p, len);
	return per_op(t, (long)(len / PAGE));
}

static double populate(long advice)
{
	unsigned long len = size_middle();
	char *p = map_small_pages(len);
	uint64_t t;
	long err;

	if (!p)
		return -1;
	t = region_begin();
	err = call3(SYS_madvise, (long)p, (long)len, advice);
	t = region_end(t);
	unmap(p, len);
	return is_error(err) ? failed(err) : per_op(t, (long)(len / PAGE));
}

/* --- huge pages --- */

/* Is the page behind the first, which alone was touched, there too? */
static bool got_huge_page(char *p)
{
	unsigned char resident[2] = { 0 };

	return !call3(SYS_mincore, (long)p, 2 * PAGE, (long)resident) && (resident[1] & 1);
}

enum thp_part { THP_FAULT, THP_SECOND_TOUCH, THP_MUNMAP };

static double thp(long part)
{
	unsigned long len = options.quick ? 16 * MIB : 64 * MIB, mapped = len + HUGE_PAGE;
	char *p = map_anon(mapped, PROT_READ | PROT_WRITE), *aligned;
	long err, ops = (long)(len / (part == THP_SECOND_TOUCH ? PAGE : HUGE_PAGE));
	uint64_t t = 0;

	if (!p)
		return -1;
	err = call3(SYS_madvise, (long)p, (long)mapped, MADV_HUGEPAGE);
	aligned = (char *)(((unsigned long)p + HUGE_PAGE - 1) & -HUGE_PAGE);
	if (part == THP_FAULT)
		t = region_begin();
	write_each(aligned, len, HUGE_PAGE);
	if (part == THP_FAULT)
		t = region_end(t);
	if (!got_huge_page(aligned))
		err = -EOPNOTSUPP;
	if (part == THP_SECOND_TOUCH) {
		t = region_begin();
		write_each(aligned, len, PAGE);
		t = region_end(t);
	}
	if (part == THP_MUNMAP)
		t = region_begin();
	unmap(p, mapped);
	if (part == THP_MUNMAP)
		t = region_end(t);
	return is_error(err) ? failed(err) : per_op(t, ops);
}

/* --- giving back --- */

static double munmap_resident(long arg)
{
	unsigned long len = size_big();
	char *p = map_small_pages(len);
	uint64_t t;

	(void)arg;
	if (!p)
		return -1;
	write_each(p, len, PAGE);
	t = region_begin();
	unmap(p, len);
	return per_op(region_end(t), (long)(len / PAGE));
}

static double dontneed_resident(long arg)
{
	unsigned long len = size_middle();
	char *p = map_small_pages(len);
	uint64_t t;
	long err;

	(void)arg;
	if (!p)
		return -1;
	write_each(p, len, PAGE);
	t = region_begin();
	err = call3(SYS_madvise, (long)p, (long)len, MADV_DONTNEED);
	t = region_end(t);
	unmap(p, len);
	return is_error(err) ? failed(err) : per_op(t, (long)(len / PAGE));
}

/* --- files and shared memory --- */

static char *map_self(int prot, unsigned long *len)
{
	long fd = call3(SYS_open, (long)options.self, O_RDONLY, 0), p;

	if (is_error(fd)) {
		failed(fd);
		return NULL;
	}
	*len = (unsigned long)call3(SYS_lseek, fd, 0, SEEK_END) & -PAGE;
	p = call6(SYS_mmap, 0, (long)*len, prot, MAP_PRIVATE, fd, 0);
	call1(SYS_close, fd);
	if (is_error(p)) {
		failed(p);
		return NULL;
	}
	return (char *)p;
}

static double file_read(long step)
{
	unsigned long len;
	char *p = map_self(PROT_READ, &len);
	uint64_t t;

	if (!p)
		return -1;
	t = region_begin();
	read_each(p, len, (unsigned long)step);
	t = region_end(t);
	unmap(p, len);
	return per_op(t, ((long)len + step - 1) / step);
}

static double file_private_write(long arg)
{
	unsigned long len;
	char *p = map_self(PROT_READ | PROT_WRITE, &len);
	uint64_t t;

	(void)arg;
	if (!p)
		return -1;
	t = region_begin();
	write_each(p, len, PAGE);
	t = region_end(t);
	unmap(p, len);
	return per_op(t, (long)(len / PAGE));
}

static double shared_anon(long arg)
{
	unsigned long len = size_middle();
	long p = call6(SYS_mmap, 0, (long)len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	uint64_t t;

	(void)arg;
	if (is_error(p))
		return failed(p);
	t = region_begin();
	write_each((char *)p, len, PAGE);
	t = region_end(t);
	unmap((char *)p, len);
	return per_op(t, (long)(len / PAGE));
}

const struct row fault_rows[] = {
	{ "anon_write_fault", "page", anon_write, 0, 7 },
	{ "anon_touch_nofault", "page", anon_touch, 0, 3 },
	{ "anon_read_fault_zero", "page", anon_read, 0, 7 },
	{ "write_after_read_fault", "page", write_after_read, 0, 7 },
	{ "anon_refault_dontneed", "page", refault, 0, 7 },
	{ "populate_write_4k", "page", populate, MADV_POPULATE_WRITE, 7 },
	{ "thp_fault_2m", "2MiB", thp, THP_FAULT, 5 },
	{ "thp_second_touch_4k", "page", thp, THP_SECOND_TOUCH, 3 },
	{ "thp_munmap_2m", "2MiB", thp, THP_MUNMAP, 5 },
	{ "munmap_resident", "page", munmap_resident, 0, 7 },
	{ "dontneed_resident", "page", dontneed_resident, 0, 7 },
	{ "file_read_fault_seq", "page", file_read, PAGE, 9 },
	{ "file_read_fault_64k", "fault", file_read, 16 * PAGE, 9 },
	{ "file_private_write", "page", file_private_write, 0, 9 },
	{ "shared_anon_fault", "page", shared_anon, 0, 7 },
};
const int nr_fault_rows = sizeof(fault_rows) / sizeof(fault_rows[0]);
