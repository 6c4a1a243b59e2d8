/*
 * fs/cpio.c - archives of the "newc" format
 *
 * An archive is a sequence of members, each at a multiple of 4:
 *
 *     offset 0    "070701", then 13 numbers of 8 hexadecimal digits:
 *                 ino mode uid gid nlink mtime filesize major minor rmajor rminor namesize check
 *     110         name, namesize bytes with its NUL; padding to a multiple of 4
 *                 data, filesize bytes; padding to a multiple of 4
 *
 * and ends with a member named "TRAILER!!!".  Numbers of "070702" are the same, with a check sum that is not looked
 * at.  namesize may count more NULs than one: our packer uses that to place data at the start of a page.
 *
 * Several archives may lie behind one another, as boot loaders concatenate them; NULs between them are skipped.  What
 * is compressed is recognised by its magic number, so that the message says so.
 *
 * The bytes come from a boot loader and are not trusted: every number is checked against what is left of the buffer
 * before it is used, and nothing here allocates or changes anything.
 *
 * Sources: cpio(5), "New ASCII Format"; Linux: Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#include <fs/cpio.h>
#include <lib/string.h>

enum field {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_SIZE,
	F_MAJOR,
	F_MINOR,
	F_RMAJOR,
	F_RMINOR,
	F_NAMESIZE,
	F_CHECK,
	NR_FIELDS
};

static_assert(6 + NR_FIELDS * 8 == CPIO_HEADER_SIZE, "header");

void cpio_begin(struct cpio_reader *r, const void *buf, u64 size)
{
	*r = (struct cpio_reader){ .buf = buf, .size = size };
}

static bool parse_hex(const u8 *p, u32 *value)
{
	u32 v = 0;
	int i;

	for (i = 0; i < 8; i++) {
		u32 digit;

		if (p[i] >= '0' && p[i] <= '9')
			digit = p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			digit = (p[i] | 0x20) - 'a' + 10u;
		else
			return false;
		v = v << 4 | digit;
	}
	*value = v;
	return true;
}

/* What bytes that are no newc header look like. */
static const char *explain_magic(const u8 *p, u64 left)
{
	static const struct {
		const char *magic;
		u8 len;
		const char *why;
	} known[] = {
		{ "\x1f\x8b", 2, "it is compressed with gzip: unpack it first" },
		{ "\3757zXZ", 5, "it is compressed with xz: unpack it first" },
		{ "\x28\xb5\x2f\xfd", 4, "it is compressed with zstd: unpack it first" },
		{ "BZh", 3, "it is compressed with bzip2: unpack it first" },
		{ "\x5d\x00\x00", 3, "it is compressed with lzma: unpack it first" },
		{ "\x02\x21\x4c\x18", 4, "it is compressed with lz4: unpack it first" },
		{ "\x89LZO", 4, "it is compressed with lzo: unpack it first" },
		{ "070707", 6,
		  "it is a cpio archive of the old format: make it with cpio -H newc" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (left >= known[i].len && !memcmp(p, known[i].magic, known[i].len))
			return known[i].why;
	return "a header is missing: not a newc cpio archive, or damaged";
}

static enum cpio_result bad(const char **why, const char *text)
{
	*why = text;
	return CPIO_BAD;
}

/* Between archives: skip NULs.  False at the end of the buffer. */
static bool skip_padding(struct cpio_reader *r)
{
	while (r->pos < r->size && !r->buf[r->pos])
		r->pos++;
	return r->pos < r->size;
}

/* Decode the member at r->pos; *next is the position behind it. */
static enum cpio_result parse_member(const struct cpio_reader *r, struct cpio_entry *e, u64 *next,
				     const char **why)
{
	const u8 *p = r->buf + r->pos;
	u64 left = r->size - r->pos, data;
	u32 f[NR_FIELDS], i;

	if (left < 6 || (memcmp(p, "070701", 6) && memcmp(p, "070702", 6)))
		return bad(why, explain_magic(p, left));
	if (left < CPIO_HEADER_SIZE)
		return bad(why, "it ends within a header");
	for (i = 0; i < NR_FIELDS; i++)
		if (!parse_hex(p + 6 + i * 8, &f[i]))
			return bad(why, "a header holds something else than hexadecimal digits");
	if (!f[F_NAMESIZE] || f[F_NAMESIZE] > 2 * CPIO_MAX_NAME)
		return bad(why, "a name is empty or too long");
	data = ALIGN((u64)CPIO_HEADER_SIZE + f[F_NAMESIZE], 4);
	if (data > left)
		return bad(why, "it ends within a name");
	if (p[CPIO_HEADER_SIZE + f[F_NAMESIZE] - 1])
		return bad(why, "a name does not end with a NUL");
	if (f[F_SIZE] > left - data)
		return bad(why, "it ends within a file's data");

	*e = (struct cpio_entry){
		.name = (const char *)p + CPIO_HEADER_SIZE,
		.ino = f[F_INO],
		.mode = f[F_MODE],
		.uid = f[F_UID],
		.gid = f[F_GID],
		.nlink = f[F_NLINK],
		.mtime = f[F_MTIME],
		.major = f[F_MAJOR],
		.minor = f[F_MINOR],
		.rmajor = f[F_RMAJOR],
		.rminor = f[F_RMINOR],
		.data = p + data,
		.size = f[F_SIZE],
		.data_pos = r->pos + data,
	};
	e->name_len = (u32)strlen(e->name);
	if (e->name_len >= CPIO_MAX_NAME)
		return bad(why, "a name is empty or too long");
	*next = min(r->pos + ALIGN(data + f[F_SIZE], 4), r->size);
	return CPIO_ENTRY;
}

enum cpio_result cpio_next(struct cpio_reader *r, struct cpio_entry *e, const char **why)
{
	for (;;) {
		enum cpio_result res;
		u64 next;

		if (!r->in_archive && !skip_padding(r))
			return CPIO_END;
		if (r->pos >= r->size)
			return bad(why, "it ends without a trailer");
		res = parse_member(r, e, &next, why);
		if (res != CPIO_ENTRY)
			return res;
		e->first = !r->in_archive;
		r->pos = next;
		r->in_archive = e->name_len != 10 || memcmp(e->name, "TRAILER!!!", 10);
		if (r->in_archive)
			return CPIO_ENTRY;
	}
}
