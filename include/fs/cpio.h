/*
 * include/fs/cpio.h - reading archives of the "newc" format: pure, on a buffer, from untrusted bytes
 */
#ifndef FS_CPIO_H
#define FS_CPIO_H

#include <lib/types.h>

#define CPIO_HEADER_SIZE 110u
#define CPIO_MAX_NAME    4096u /* with the NUL */

struct cpio_reader {
	const u8 *buf;
	u64 size;        /* bytes */
	u64 pos;         /* next header; multiple of 4 from the start of the buffer */
	bool in_archive; /* a trailer is due before the end */
};

struct cpio_entry {
	const char *name; /* in the buffer, NUL-terminated */
	u32 name_len;     /* without NULs */
	u32 ino, mode, uid, gid, nlink, mtime, major, minor, rmajor, rminor;
	const u8 *data; /* in the buffer */
	u32 size;       /* bytes */
	u64 data_pos;   /* offset of data in the buffer */
	bool first;     /* first entry of an archive: hard links do not reach back */
};

enum cpio_result {
	CPIO_END, /* nothing but padding was left */
	CPIO_ENTRY,
	CPIO_BAD, /* *why says in one sentence what is wrong */
};

void cpio_begin(struct cpio_reader *r, const void *buf, u64 size);
/**
 * cpio_next - the next entry
 *
 * Archives may follow one another, with NULs between; trailers are consumed.  Never reads outside the buffer.  After
 * CPIO_END or CPIO_BAD the reader does not move.
 */
enum cpio_result cpio_next(struct cpio_reader *r, struct cpio_entry *e, const char **why);

#endif
