/*
 * tests/fuzz/cpio.c - newc archives with random damage
 *
 * Each round builds an archive, changes a few bytes, cuts the end off at random, and reads it from a heap block of
 * exactly that size, so that the address sanitizer sees every read beyond it.  What the reader hands out must lie in
 * the block, names must end, and the reader must come to an end.
 *
 * HOST-SOURCES: fs/cpio.c
 */
#include <stdlib.h>

#include <fs/cpio.h>
#include <lib/printf.h>
#include <lib/string.h>

#include "env.h"

#define ROUNDS     20000
#define IMAGE_SIZE 8192

static size_t put_member(u8 *image, size_t at, const char *name, u32 size)
{
	u32 namesize = (u32)strlen(name) + 1 + (u32)(test_chance(4) ? test_random_below(600) : 0);
	char header[CPIO_HEADER_SIZE + 1];

	if (at + CPIO_HEADER_SIZE + namesize + size + 8 > IMAGE_SIZE)
		return at;
	snprintf(header, sizeof(header),
		 "07070%c%08x%08X%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		 test_chance(8) ? '2' : '1', 1, 0100644, 0, 0, 1, 0, size, 0, 0, 0, 0, namesize, 0);
	memcpy(image + at, header, CPIO_HEADER_SIZE);
	memcpy(image + at + CPIO_HEADER_SIZE, name, strlen(name));
	return ALIGN(ALIGN(at + CPIO_HEADER_SIZE + namesize, 4) + size, 4);
}

static size_t random_archive(u8 *image)
{
	static const char digits[] = "0123456789abcdefFg\0x";
	size_t len = 0;

	memset(image, 0, IMAGE_SIZE);
	for (u64 archives = 1 + test_random_below(3); archives--;) {
		for (u64 n = test_random_below(5); n--;)
			len = put_member(image, len, test_chance(3) ? "a/b/c" : "file",
					 (u32)test_random_below(300));
		len = put_member(image, len, "TRAILER!!!", 0);
		if (test_chance(2))
			len = min(len + 4 * test_random_below(64), (size_t)IMAGE_SIZE);
	}
	for (u64 n = test_random_below(6); n-- && len;)
		image[test_random_below(len)] =
			test_chance(4) ? (u8)test_random()
				       : (u8)digits[test_random_below(sizeof(digits))];
	return test_chance(3) ? (size_t)test_random_below(len + 1) : len;
}

static void read_all(const u8 *p, size_t len)
{
	struct cpio_reader r;
	struct cpio_entry e;
	enum cpio_result res;
	const char *why = NULL;
	u64 before = 0, sum = 0;

	cpio_begin(&r, p, len);
	while ((res = cpio_next(&r, &e, &why)) == CPIO_ENTRY) {
		ASSERT_LT(before, r.pos); /* it gets on */
		ASSERT_LE(r.pos, len);
		before = r.pos;
		ASSERT_LE(e.data_pos + e.size, len);
		ASSERT(e.data == p + e.data_pos);
		ASSERT_EQ(strlen(e.name), e.name_len);
		for (u32 i = 0; i < e.size; i++)
			sum += e.data[i];
	}
	ASSERT(sum < ~0UL);
	if (res == CPIO_BAD)
		ASSERT(why && *why);
	else
		ASSERT_EQ(r.pos, len);
}

TEST(archives_survive_damage)
{
	static u8 image[IMAGE_SIZE];

	for (unsigned long round = 0; round < test_rounds(ROUNDS); round++) {
		size_t len = random_archive(image);
		u8 *copy = malloc(len ? len : 1);

		ASSERT(copy);
		memcpy(copy, image, len);
		read_all(copy, len);
		free(copy);
	}
}
