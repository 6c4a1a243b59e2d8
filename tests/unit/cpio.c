/*
 * tests/unit/cpio.c - the reader of newc archives: what it accepts, what it refuses, and with which words
 *
 * HOST-SOURCES: fs/cpio.c
 */
#include <fs/cpio.h>
#include <lib/printf.h>
#include <lib/string.h>

#include "harness.h"

static char image[65536];
static size_t used;

/* Append a member: the name padded with NULs to @namesize bytes (0: just its NUL), then data. */
static void put_member(const char *magic, const char *name, u32 namesize, u32 mode,
		       const char *data, u32 size)
{
	namesize = namesize ? namesize : (u32)strlen(name) + 1;
	used += (size_t)snprintf(image + used, sizeof(image) - used,
				 "%s%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", magic, 7,
				 mode, 1000, 100, 1, 0x12345678, size, 8, 1, 5, 2, namesize, 0);
	memset(image + used, 0, namesize + 8);
	strcpy(image + used, name);
	used = ALIGN(used + namesize, 4);
	memcpy(image + used, data, size);
	used += size;
	while (used % 4)
		image[used++] = 0;
}

static void put_trailer(void)
{
	put_member("070701", "TRAILER!!!", 0, 0, "", 0);
}

static void begin(void)
{
	memset(image, 0, sizeof(image));
	used = 0;
}

static enum cpio_result read_first(struct cpio_entry *e, const char **why, size_t size)
{
	struct cpio_reader r;

	*why = "";
	cpio_begin(&r, image, size);
	return cpio_next(&r, e, why);
}

TEST(fields_of_a_member_are_decoded)
{
	struct cpio_reader r;
	struct cpio_entry e;
	const char *why;

	begin();
	put_member("070701", "dir/file", 0, 0100644, "hello", 5);
	put_trailer();
	cpio_begin(&r, image, used);
	ASSERT_EQ(cpio_next(&r, &e, &why), CPIO_ENTRY);
	EXPECT_STR(e.name, "dir/file");
	EXPECT_EQ(e.name_len, 8);
	EXPECT_EQ(e.ino, 7);
	EXPECT_EQ(e.mode, 0100644);
	EXPECT_EQ(e.uid, 1000);
	EXPECT_EQ(e.gid, 100);
	EXPECT_EQ(e.nlink, 1);
	EXPECT_EQ(e.mtime, 0x12345678);
	EXPECT_EQ(e.major, 8);
	EXPECT_EQ(e.minor, 1);
	EXPECT_EQ(e.rmajor, 5);
	EXPECT_EQ(e.rminor, 2);
	EXPECT_EQ(e.size, 5);
	EXPECT_EQ(memcmp(e.data, "hello", 5), 0);
	EXPECT_EQ(e.data_pos, 120);
	EXPECT(e.first);
	EXPECT_EQ(cpio_next(&r, &e, &why), CPIO_END);
	EXPECT_EQ(cpio_next(&r, &e, &why), CPIO_END);
}

TEST(name_padded_with_nuls_moves_the_data)
{
	struct cpio_entry e;
	const char *why;

	begin();
	put_member("070701", "init", 4096 - 110, 0100755, "data", 4);
	put_trailer();
	ASSERT_EQ(read_first(&e, &why, used), CPIO_ENTRY);
	EXPECT_STR(e.name, "init");
	EXPECT_EQ(e.name_len, 4);
	EXPECT_EQ(e.data_pos, 4096);
	EXPECT_EQ(memcmp(e.data, "data", 4), 0);
}

TEST(check_sum_variant_is_read)
{
	struct cpio_entry e;
	const char *why;

	begin();
	put_member("070702", "a", 0, 0100644, "", 0);
	put_trailer();
	EXPECT_EQ(read_first(&e, &why, used), CPIO_ENTRY);
}

TEST(archives_may_follow_one_another)
{
	struct cpio_reader r;
	struct cpio_entry e;
	const char *why;

	begin();
	put_member("070701", "a", 0, 0100644, "", 0);
	put_member("070701", "b", 0, 0100644, "", 0);
	put_trailer();
	used = ALIGN(used, 512);
	put_member("070701", "c", 0, 0100644, "", 0);
	put_trailer();
	used = ALIGN(used, 512);
	cpio_begin(&r, image, used);
	ASSERT_EQ(cpio_next(&r, &e, &why), CPIO_ENTRY);
	EXPECT(e.first);
	ASSERT_EQ(cpio_next(&r, &e, &why), CPIO_ENTRY);
	EXPECT(!e.first);
	ASSERT_EQ(cpio_next(&r, &e, &why), CPIO_ENTRY);
	EXPECT_STR(e.name, "c");
	EXPECT(e.first);
	EXPECT_EQ(cpio_next(&r, &e, &why), CPIO_END);
}

TEST(nothing_and_only_padding_are_empty)
{
	struct cpio_entry e;
	const char *why;

	begin();
	EXPECT_EQ(read_first(&e, &why, 0), CPIO_END);
	EXPECT_EQ(read_first(&e, &why, 512), CPIO_END);
}

TEST(every_truncation_is_refused)
{
	begin();
	put_member("070701", "file", 0, 0100644, "0123456789abcdef", 16);
	put_trailer();
	for (size_t size = 1; size < used; size++) {
		struct cpio_reader r;
		struct cpio_entry e;
		const char *why = NULL;
		enum cpio_result res;

		cpio_begin(&r, image, size);
		while ((res = cpio_next(&r, &e, &why)) == CPIO_ENTRY)
			;
		/* What follows the trailer's name is padding, and may be missing. */
		if (size < used - 2)
			ASSERT_EQ(res, CPIO_BAD);
		ASSERT(res != CPIO_BAD || why);
	}
}

TEST(refusals_say_why)
{
	static const struct {
		size_t at;
		const char *bytes, *why;
	} cases[] = {
		{ 0, "\x1f\x8b", "it is compressed with gzip: unpack it first" },
		{ 0, "\3757zXZ", "it is compressed with xz: unpack it first" },
		{ 0, "\x28\xb5\x2f\xfd", "it is compressed with zstd: unpack it first" },
		{ 0, "070707",
		  "it is a cpio archive of the old format: make it with cpio -H newc" },
		{ 0, "garbage", "a header is missing: not a newc cpio archive, or damaged" },
		{ 6, "xyz", "a header holds something else than hexadecimal digits" },
		{ 6 + 6 * 8, "FFFFFFFF", "it ends within a file's data" },
		{ 6 + 11 * 8, "00000000", "a name is empty or too long" },
		{ 6 + 11 * 8, "FFFFFFFF", "a name is empty or too long" },
		{ 6 + 11 * 8, "00001000", "it ends within a name" },
		{ 114, "x", "a name does not end with a NUL" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpio_entry e;
		const char *why;

		begin();
		put_member("070701", "file", 0, 0100644, "0123", 4);
		put_trailer();
		memcpy(image + cases[i].at, cases[i].bytes, strlen(cases[i].bytes));
		EXPECT_EQ(read_first(&e, &why, used), CPIO_BAD);
		EXPECT_STR(why, cases[i].why);
	}
}
