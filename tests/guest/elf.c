/*
 * tests/guest/elf.c - execve of damaged programs
 *
 * A good ELF file of 768 bytes, one segment whose code exits with 42, is made in memory; each case damages
 * it in one way and says what Linux does: an errno (the caller survives), a signal (the damage shows after
 * the point of no return, when the old program is gone already), or 42 (it does not matter).
 *
 * Sources: ELF-64 "ELF header", "Program header"; execve(2).
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/check.h"

struct ehdr {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

#define PT_LOAD      1
#define PT_INTERP    3
#define PT_NOTE      4
#define PT_GNU_STACK 0x6474e551
#define R            4
#define RX           5
#define RW           6

#define BASE         0x400000UL

/* The file: headers, room for four segments' headers, code at 0x200, data to the end. */
static struct image {
	struct ehdr e;
	struct phdr p[4];
	unsigned char pad[0x200 - sizeof(struct ehdr) - 4 * sizeof(struct phdr)];
	unsigned char code[0x100];
	unsigned char rest[3 * 4096];
} img;

static size_t img_len;

/* mov edi, 42; mov eax, 231 (exit_group); syscall */
static const unsigned char exit_42[] = { 0xbf, 42, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05 };

static void good_image(void)
{
	memset(&img, 0, sizeof(img));
	memcpy(img.e.ident, "\177ELF\2\1\1", 7);
	img.e.type = 2;
	img.e.machine = 62;
	img.e.version = 1;
	img.e.entry = BASE + 0x200;
	img.e.phoff = sizeof(struct ehdr);
	img.e.ehsize = sizeof(struct ehdr);
	img.e.phentsize = sizeof(struct phdr);
	img.e.phnum = 1;
	img.p[0] = (struct phdr){ PT_LOAD, RX, 0, BASE, BASE, 0x300, 0x300, 0x1000 };
	memcpy(img.code, exit_42, sizeof(exit_42));
	img_len = 0x300;
}

/* What execve made of the image: -errno, or the wait status of what ran. */
static long outcome(void)
{
	int fds[2], status;
	long err = 0;
	pid_t pid;

	write_file("prog", &img, img_len, 0755);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char *argv[] = { "prog", NULL };

		err = RAW(__NR_execve, "./prog", argv, NULL);
		(void)!write(fds[1], &err, sizeof(err));
		_exit(0);
	}
	close(fds[1]);
	(void)!read(fds[0], &err, sizeof(err));
	close(fds[0]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return err ? err : status & 0xff7f; /* without the core bit */
}

#define RUNS (42 << 8)

static void good_image_runs(void)
{
	good_image();
	CHECK_EQ(outcome(), RUNS);
}

static void truncated_anywhere_in_the_headers_is_ENOEXEC(void)
{
	static const size_t lens[] = { 1, 3, 4, 16, 20, 40, 63, 64, 65, 100, 119 };

	for (int i = 0; i < NR(lens); i++) {
		good_image();
		img_len = lens[i];
		CHECK_ERR(outcome(), ENOEXEC);
	}
}

static void wrong_identity_is_ENOEXEC(void)
{
	good_image();
	img.e.ident[0] = 0x7e;
	CHECK_ERR(outcome(), ENOEXEC);
	good_image();
	img.e.machine = 183; /* AArch64 */
	CHECK_ERR(outcome(), ENOEXEC);
	good_image();
	img.e.type = 1; /* an object file */
	CHECK_ERR(outcome(), ENOEXEC);
	good_image();
	img.e.type = 4; /* a core file */
	CHECK_ERR(outcome(), ENOEXEC);
}

static void bad_program_header_table_is_ENOEXEC(void)
{
	good_image();
	img.e.phnum = 0;
	CHECK_ERR(outcome(), ENOEXEC);
	good_image();
	img.e.phnum = 0xffff; /* more than 64 KiB of headers */
	CHECK_ERR(outcome(), ENOEXEC);
	good_image();
	img.e.phnum = 1000; /* not that many in the file */
	CHECK_ERR(outcome(), ENOEXEC);
	good_image();
	img.e.phentsize = 32;
	CHECK_ERR(outcome(), ENOEXEC);
	good_image();
	img.e.phoff = 1UL << 40;
	CHECK_ERR(outcome(), ENOEXEC);
	good_image();
	img.e.phoff = ~0UL - 10;
	CHECK_ERR(outcome(), ENOEXEC);
}

static void program_without_segments_dies_at_its_entry(void)
{
	good_image();
	img.p[0].type = PT_NOTE;
	CHECK_EQ(outcome(), SIGSEGV);
}

static void entry_nowhere_dies_there(void)
{
	static const unsigned long entries[] = {
		0, 8, BASE + 0x10000, 0x7fffffffffff, 0x0000900000000000, 0xffffffff81000000
	};

	for (int i = 0; i < NR(entries); i++) {
		good_image();
		img.e.entry = entries[i];
		CHECK_EQ(outcome(), SIGSEGV);
	}
}

static void entry_in_a_segment_without_X_dies_there(void)
{
	good_image();
	img.p[0].flags = R;
	CHECK_EQ(outcome(), SIGSEGV);
}

static void segment_outside_user_space_is_fatal(void)
{
	static const unsigned long places[] = { 0xffff888000000000, 0x0000800000000000,
						0x7ffffffff000 };

	for (int i = 0; i < NR(places); i++) {
		good_image();
		img.p[0].vaddr = places[i];
		CHECK_EQ(outcome(), SIGSEGV);
	}
}

static void segment_sizes_that_cannot_be_are_fatal(void)
{
	good_image();
	img.p[0].filesz = 0x400; /* more than memsz */
	CHECK_EQ(outcome(), SIGSEGV);
	good_image();
	img.p[0].memsz = 1UL << 47;
	CHECK_EQ(outcome(), SIGSEGV);
	good_image();
	img.p[0].memsz = ~0UL;
	CHECK_EQ(outcome(), SIGSEGV);
	good_image();
	img.p[0].filesz = img.p[0].memsz = ~0UL - 100;
	CHECK_EQ(outcome(), SIGSEGV);
}

static void offset_and_address_must_agree_modulo_a_page(void)
{
	good_image();
	img.p[0].vaddr = BASE + 0x10;
	CHECK_EQ(outcome(), SIGSEGV);
}

static void second_segment_with_odd_offset_is_fatal(void)
{
	good_image();
	img.e.phnum = 2;
	img.p[1] = (struct phdr){ PT_LOAD, RW, 0x310, BASE + 0x10000, 0, 0x10, 0x10, 0x1000 };
	CHECK_EQ(outcome(), SIGSEGV);
}

static void file_part_beyond_the_file_is_SIGBUS_when_touched(void)
{
	good_image();
	img_len = 0x2000;
	img.e.phnum = 2;
	img.p[0].offset = 0x100000;
	img.e.entry = BASE + 0x200;
	CHECK_EQ(outcome(), SIGBUS);
}

static void segments_in_one_page_run_by_the_last(void)
{
	good_image();
	img.e.phnum = 2;
	img.p[1] = img.p[0];
	CHECK_EQ(outcome(), RUNS);
	img.p[1].flags = R; /* it replaces the first, which was executable */
	CHECK_EQ(outcome(), SIGSEGV);
}

/* The code stores to bss and to the first byte behind the file part, then exits with what it read before. */
static void bss_is_zero(void)
{
	/* movzx edi, byte [BASE+0x1300]; or dil, [BASE+0x5ff8]; mov byte [BASE+0x5ff8], 1; add edi, 42; exit_group */
	static const unsigned char code[] = {
		0x0f, 0xb6, 0x3c, 0x25, 0x00, 0x13, 0x40, 0x00, 0x40, 0x0a, 0x3c, 0x25,
		0xf8, 0x5f, 0x40, 0x00, 0xc6, 0x04, 0x25, 0xf8, 0x5f, 0x40, 0x00, 0x01,
		0x83, 0xc7, 42,   0xb8, 231,  0,    0,    0,    0x0f, 0x05,
	};

	good_image();
	memcpy(img.code, code, sizeof(code));
	memset(img.rest, 0xff, sizeof(img.rest));
	img_len = sizeof(img);
	img.e.phnum = 2;
	img.p[0].filesz = img.p[0].memsz = 0x1000;
	img.p[1] = (struct phdr){ PT_LOAD, RW, 0x1000, BASE + 0x1000, 0, 0x300, 0x5000, 0x1000 };
	CHECK_EQ(outcome(), RUNS);
}

static void alignment_field_is_not_needed(void)
{
	good_image();
	img.p[0].align = 0;
	CHECK_EQ(outcome(), RUNS);
	good_image();
	img.p[0].align = 3;
	CHECK_EQ(outcome(), RUNS);
}

static void unknown_header_types_are_skipped(void)
{
	good_image();
	img.e.phnum = 3;
	img.p[1] = (struct phdr){ .type = 0x12345678, .offset = ~0UL, .filesz = ~0UL };
	img.p[2] = (struct phdr){ .type = PT_GNU_STACK, .flags = RW };
	CHECK_EQ(outcome(), RUNS);
}

static void interpreter_errors(void)
{
	good_image();
	img.e.phnum = 2;
	strcpy((char *)img.rest, "/no/such/loader");
	img_len = 0x400;
	img.p[1] = (struct phdr){
		.type = PT_INTERP, .flags = R, .offset = 0x300, .filesz = 16, .memsz = 16
	};
	CHECK_ERR(outcome(), ENOENT);
	img.p[1].filesz = 15; /* no NUL at the end */
	CHECK_ERR(outcome(), ENOEXEC);
	img.p[1].filesz = 1;
	CHECK_ERR(outcome(), ENOEXEC);
	img.p[1].filesz = PATH_MAX + 1;
	CHECK_ERR(outcome(), ENOEXEC);
	img.p[1].filesz = 16;
	img.p[1].offset = 1UL << 30; /* not in the file */
	CHECK_ERR(outcome(), EIO);
	img.p[1].offset = 0x300;
	strcpy((char *)img.rest, "/proc/././././.");
	CHECK_ERR(outcome(), EACCES); /* a folder */
}

static void interpreter_that_is_no_program_is_refused(void)
{
	char cwd[200];

	good_image();
	CHECK(getcwd(cwd, sizeof(cwd)));
	write_file("short", "\177ELF", 4, 0755);
	write_file("notelf",
		   "this is longer than an ELF header, but no program at all, just words, words.",
		   77, 0755);
	img.e.phnum = 2;
	img_len = 0x500;
	img.p[1] = (struct phdr){ .type = PT_INTERP, .flags = R, .offset = 0x300 };
	snprintf((char *)img.rest, 0x200, "%s/short", cwd);
	img.p[1].filesz = strlen((char *)img.rest) + 1;
	CHECK_ERR(outcome(), EIO);
	snprintf((char *)img.rest, 0x200, "%s/notelf", cwd);
	img.p[1].filesz = strlen((char *)img.rest) + 1;
	CHECK_ERR(outcome(), ELIBBAD);
}

static void position_independent_program_runs(void)
{
	good_image();
	img.e.type = 3;
	img.e.entry = 0x200;
	img.p[0].vaddr = 0;
	CHECK_EQ(outcome(), RUNS);
}

/* Every byte of the headers, set to a few values: whatever happens, happens to the new program alone. */
static void no_damaged_byte_harms_anyone_else(void)
{
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };

	for (size_t at = 0; at < sizeof(struct ehdr) + sizeof(struct phdr); at++)
		for (int v = 0; v < NR(values); v++) {
			good_image();
			((unsigned char *)&img)[at] = values[v];
			outcome();
		}
	good_image();
	CHECK_EQ(outcome(), RUNS);
}

/* clang-format off */
TEST_MAIN("elf",
	CASE(good_image_runs), CASE(truncated_anywhere_in_the_headers_is_ENOEXEC), CASE(wrong_identity_is_ENOEXEC),
	CASE(bad_program_header_table_is_ENOEXEC), CASE(program_without_segments_dies_at_its_entry),
	CASE(entry_nowhere_dies_there), CASE(entry_in_a_segment_without_X_dies_there),
	CASE(segment_outside_user_space_is_fatal), CASE(segment_sizes_that_cannot_be_are_fatal),
	CASE(offset_and_address_must_agree_modulo_a_page), CASE(second_segment_with_odd_offset_is_fatal),
	CASE(file_part_beyond_the_file_is_SIGBUS_when_touched), CASE(segments_in_one_page_run_by_the_last),
	CASE(bss_is_zero), CASE(alignment_field_is_not_needed), CASE(unknown_header_types_are_skipped),
	CASE(interpreter_errors), CASE(interpreter_that_is_no_program_is_refused),
	CASE(position_independent_program_runs), CASE(no_damaged_byte_harms_anyone_else))
/* clang-format on */
