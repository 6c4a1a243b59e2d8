/* SPDX-License-Identifier: MIT */
/*
 * tests/host/files.c - files for mappings, without a file system
 *
 * A file's backing store is a formula (env_file_pattern) plus whatever was written back, page by page; so a file
 * of any size costs only what a test writes.  Reading a page may be slow (completed by deferred work, as a disk's
 * interrupt would) and may fail.  mm sees `struct file` through the five functions of mm_env.h and the
 * address_space with its operations, nothing else.
 */
#include <mm/filemap.h>
#include <mm/mm.h>
#include <stdio.h>
#include <stdlib.h>

#include "env.h"

struct stored_page {
	struct stored_page *next;
	unsigned long index;
	u8 bytes[PAGE_SIZE];
};

struct bad_page {
	struct bad_page *next;
	unsigned long index;
	int err;
};

struct file {
	struct address_space mapping;
	const char *name;
	atomic_t refs;
	bool readable, writable, async;
	unsigned long reads;
	struct stored_page *stored;
	struct bad_page *bad;
};

static unsigned int files_open;

u8 env_file_pattern(u64 off)
{
	u64 h = (off >> 12) * 0x9e3779b97f4a7c15UL + (off & 0xfff) * 0xff51afd7ed558ccdUL;

	return (u8)((h ^ h >> 32) >> 13 | 1); /* never 0: a zero is always somebody else's */
}

static struct stored_page *find_stored(struct file *file, unsigned long index)
{
	for (struct stored_page *p = file->stored; p; p = p->next)
		if (p->index == index)
			return p;
	return NULL;
}

u8 env_file_byte(struct file *file, u64 off)
{
	const struct stored_page *p = find_stored(file, off >> PAGE_SHIFT);

	if (off >= file->mapping.i_size)
		return 0;
	return p ? p->bytes[off & ~PAGE_MASK] : env_file_pattern(off);
}

static int read_error(const struct file *file, unsigned long index)
{
	for (const struct bad_page *b = file->bad; b; b = b->next)
		if (b->index == index)
			return b->err;
	return 0;
}

/* Fills the page, or not, and unlocks it: the end of a read, at once or in an interrupt. */
static int finish_read(struct file *file, struct page *page)
{
	int err = read_error(file, page->index);
	u8 *bytes;

	if (!err) {
		bytes = kmap_local_page(page);
		for (unsigned long i = 0; i < PAGE_SIZE; i++)
			bytes[i] = env_file_byte(file, ((u64)page->index << PAGE_SHIFT) + i);
		kunmap_local(bytes);
		SetPageUptodate(page);
	}
	unlock_page(page);
	return err;
}

struct pending_read {
	struct file *file;
	struct page *page;
};

static void read_interrupt(void *arg)
{
	struct pending_read *read = arg;

	finish_read(read->file, read->page);
	put_page(read->page);
	fput(read->file);
	free(read);
}

static struct file *file_of(const struct page *page)
{
	return page->mapping->host;
}

static int env_readpage(struct file *file __maybe_unused, struct page *page)
{
	struct file *owner = file_of(page);
	struct pending_read *read;

	if (!PageLocked(page) || PageUptodate(page))
		FAIL("readpage wants a locked page that is not up to date");
	owner->reads++;
	if (!owner->async)
		return finish_read(owner, page);
	read = malloc(sizeof(*read));
	*read = (struct pending_read){ get_file(owner), page };
	get_page(page);
	env_defer(read_interrupt, read);
	return 0;
}

static int env_writepage(struct page *page)
{
	struct file *file = file_of(page);
	struct stored_page *p = find_stored(file, page->index);
	void *bytes = kmap_local_page(page);

	if (!p) {
		p = malloc(sizeof(*p));
		p->index = page->index;
		p->next = file->stored;
		file->stored = p;
	}
	memcpy(p->bytes, bytes, PAGE_SIZE);
	kunmap_local(bytes);
	ClearPageDirty(page);
	unlock_page(page);
	return 0;
}

static const struct address_space_operations env_file_aops = {
	.readpage = env_readpage,
	.writepage = env_writepage,
};

struct file *env_file_create(const char *name, u64 size)
{
	struct file *file = calloc(1, sizeof(*file));

	address_space_init(&file->mapping, file, &env_file_aops, 0);
	file->mapping.i_size = size;
	file->name = name;
	file->readable = true;
	file->writable = true;
	atomic_set(&file->refs, 1);
	files_open++;
	return file;
}

void env_file_set_size(struct file *file, u64 size)
{
	u64 old = file->mapping.i_size;

	/* What lies beyond the new end reads as zero if the file grows again. */
	for (u64 off = size; off < old && off < ALIGN(size, PAGE_SIZE); off++) {
		struct stored_page *p = find_stored(file, off >> PAGE_SHIFT);

		if (!p) {
			p = malloc(sizeof(*p));
			p->index = off >> PAGE_SHIFT;
			for (unsigned long i = 0; i < PAGE_SIZE; i++)
				p->bytes[i] = env_file_pattern((off & PAGE_MASK) + i);
			p->next = file->stored;
			file->stored = p;
		}
		p->bytes[off & ~PAGE_MASK] = 0;
	}
	WRITE_ONCE(file->mapping.i_size, size);
	if (size < old)
		truncate_pagecache(&file->mapping, size);
}

void env_file_set_mode(struct file *file, bool readable, bool writable)
{
	file->readable = readable;
	file->writable = writable;
}

void env_file_fail_read(struct file *file, unsigned long index, int err)
{
	struct bad_page *b;

	for (b = file->bad; b && b->index != index; b = b->next)
		;
	if (!b) {
		b = malloc(sizeof(*b));
		b->index = index;
		b->next = file->bad;
		file->bad = b;
	}
	b->err = err;
}

void env_file_set_async(struct file *file, bool async)
{
	file->async = async;
}

unsigned long env_file_reads(const struct file *file)
{
	return file->reads;
}

int env_file_refs(const struct file *file)
{
	return atomic_read(&file->refs);
}

unsigned int env_files_open(void)
{
	return files_open;
}

/* ------------------------------------------------------------------------------------------------
 * What mm_env.h promises
 */

struct file *get_file(struct file *file)
{
	if (atomic_inc_return(&file->refs) <= 1)
		FAIL("get_file of %s, which is closed", file->name);
	return file;
}

/* The last reference drops the page cache: nothing of the test may stay in use. */
void fput(struct file *file)
{
	int refs = atomic_dec_return(&file->refs);

	if (refs < 0)
		FAIL("fput of %s, which is closed", file->name);
	if (refs > 0)
		return;
	file->mapping.i_size = 0;
	truncate_pagecache(&file->mapping, 0);
	if (file->mapping.nrpages)
		FAIL("%s is closed with %lu pages in its cache", file->name, file->mapping.nrpages);
	for (struct stored_page *p = file->stored, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	for (struct bad_page *b = file->bad, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	files_open--;
	free(file);
}

struct address_space *file_mapping(struct file *file)
{
	return &file->mapping;
}

int file_mmap_allowed(struct file *file, unsigned long prot, unsigned long map_flags,
		      unsigned long *vm_flags)
{
	bool shared = (map_flags & MAP_TYPE) != MAP_PRIVATE;

	if (!file->readable)
		return -EACCES;
	if (shared && !file->writable) {
		if (prot & PROT_WRITE)
			return -EACCES;
		*vm_flags &= ~VM_MAYWRITE;
	}
	return 0;
}

int call_mmap(struct file *file, struct vm_area_struct *vma)
{
	return generic_file_mmap(file, vma);
}

unsigned long get_random_long(void)
{
	return test_random();
}
