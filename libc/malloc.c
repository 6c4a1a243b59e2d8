/*
 * libc/malloc.c - memory for programs, made from brk and mmap
 *
 * The kernel gives address space in pages, and only on request; programs want bytes.  Between the two
 * stands this file, with two sources:
 *
 *     requests of 128 KiB and more    a mapping of their own by mmap; free() unmaps it at once
 *     smaller ones                    pieces of the heap, which brk makes longer and shorter
 *
 * A large block is worth two system calls and the page faults of fresh pages, as all its memory returns
 * to the system when it is freed.  For small ones that would cost far more than the work done with them.
 *
 * The heap is cut into chunks without gaps.  Each begins with a header of 16 bytes, and what the caller
 * gets follows it.  The low bits of a chunk's size are free for flags, since sizes are multiples of 16:
 *
 *      in use                              free
 *     +-----------+--------+------------+ +-----------+--------+------+------+-----+
 *     | prev_size | size|P | payload    | | prev_size | size|P | next | prev | ... |
 *     +-----------+--------+------------+ +-----------+--------+------+------+-----+
 *                          ^ multiple of 16
 *
 * P (PREV_INUSE) says that the chunk in front is in use.  If it is clear, prev_size is that chunk's size:
 * both neighbours of a chunk are found in constant time, so free() merges with them at once (boundary
 * tags).  A chunk's own state is the P bit of the chunk behind it; a chunk of size 0, the fence, closes
 * the heap so that there always is one behind.  Growing the heap turns the old fence into a chunk and
 * frees it; if something else moved the break, a new segment begins behind, and the old fence remains.
 *
 * Free chunks are on one of 128 lists (bins) by size: one for each size below 1 KiB, then one for each
 * power of two.  A bitmap finds the next bin that is not empty, so malloc looks at few chunks: within
 * the small bins every chunk fits, within a large one the first that fits is taken.
 *
 * Invariants (malloc_check() verifies them):
 *   M1  chunks of a segment follow each other without gaps up to the fence;
 *   M2  two free chunks are never neighbours: they would have merged;
 *   M3  a free chunk's size is repeated in the prev_size behind it, where P is clear;
 *   M4  a chunk is in the bin of its size if, and only if, it is free;
 *   M5  a bin's bit is set if, and only if, the bin is not empty.
 *
 * When the free chunk at the top of the heap exceeds 128 KiB, all of it but 64 KiB goes back by brk.
 * Nothing is ever moved: a byte in use at the top keeps all below it.
 *
 * Not done: locking, as this library has no threads; arenas; the GNU library's threshold that adapts itself (here
 * 128 KiB stays 128 KiB, so that what is seen can be predicted).
 *
 * Sources: Knuth, TAOCP vol. 1, 2.5 (boundary tags); malloc(3), brk(2), mmap(2).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_SIZE      4096UL
#define ALIGN          16UL
#define HEADER         16UL
#define MIN_CHUNK      32UL          /* header and two links */
#define MMAP_THRESHOLD (128UL << 10) /* requests from here on are mapped */
#define TRIM_THRESHOLD (128UL << 10) /* a larger free top is given back ... */
#define GROW           (64UL << 10)  /* ... up to this; the heap grows in steps of it */
#define MAX_REQUEST    (PTRDIFF_MAX - 2 * PAGE_SIZE)

#define PREV_INUSE     1UL
#define MMAPPED        2UL
#define FLAGS          (ALIGN - 1)

struct chunk {
	size_t prev_size; /* of the chunk in front, if that is free; mapped: bytes before us */
	size_t size_flags;
	struct chunk *next, *prev; /* in its bin, if free; else the payload begins here */
};

struct segment { /* [start, fence]; the record lies at its beginning */
	struct segment *older;
	struct chunk *first;
};

#define NR_BINS     128
#define SMALL_LIMIT 1024UL
#define FIRST_LARGE 64 /* bin of [1024, 2048) */

static struct chunk *bins[NR_BINS];
static uint64_t bin_bits[NR_BINS / 64];
static struct segment *newest;
static char *heap_end; /* the break as we left it; the newest fence ends here */

static size_t chunk_size(const struct chunk *c)
{
	return c->size_flags & ~FLAGS;
}

static struct chunk *chunk_at(const void *c, size_t offset)
{
	return (struct chunk *)((char *)c + offset);
}

static struct chunk *chunk_behind(const struct chunk *c)
{
	return chunk_at(c, chunk_size(c));
}

static bool chunk_in_use(const struct chunk *c)
{
	return chunk_behind(c)->size_flags & PREV_INUSE;
}

static void *chunk_payload(struct chunk *c)
{
	return (char *)c + HEADER;
}

static struct chunk *payload_chunk(const void *p)
{
	return (struct chunk *)((char *)p - HEADER);
}

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) & ~(to - 1);
}

static size_t request_size(size_t request)
{
	size_t size = round_up(request + HEADER, ALIGN);

	return size < MIN_CHUNK ? MIN_CHUNK : size;
}

_Noreturn static void die(const char *what, const void *p)
{
	dprintf(2, "malloc: %s: %p\n", what, p);
	abort();
}

/* Bins */

static unsigned int bin_of(size_t size)
{
	if (size < SMALL_LIMIT)
		return (unsigned int)(size / ALIGN);
	return FIRST_LARGE + (63 - __builtin_clzl(size)) - 10;
}

static void bin_insert(struct chunk *c)
{
	unsigned int bin = bin_of(chunk_size(c));

	c->prev = NULL;
	c->next = bins[bin];
	if (c->next)
		c->next->prev = c;
	bins[bin] = c;
	bin_bits[bin / 64] |= 1UL << bin % 64;
}

static void bin_remove(struct chunk *c)
{
	unsigned int bin = bin_of(chunk_size(c));

	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else
		bins[bin] = c->next;
	if (!bins[bin])
		bin_bits[bin / 64] &= ~(1UL << bin % 64);
}

/* The first bin from @bin on that is not empty, or NR_BINS. */
static unsigned int next_bin(unsigned int bin)
{
	while (bin < NR_BINS) {
		uint64_t bits = bin_bits[bin / 64] >> bin % 64;

		if (bits)
			return bin + (unsigned int)__builtin_ctzl(bits);
		bin = (bin / 64 + 1) * 64;
	}
	return NR_BINS;
}

static struct chunk *bin_find(size_t size)
{
	for (unsigned int bin = next_bin(bin_of(size)); bin < NR_BINS; bin = next_bin(bin + 1))
		for (struct chunk *c = bins[bin]; c; c = c->next)
			if (chunk_size(c) >= size)
				return c;
	return NULL;
}

/* Chunks */

/* Write @c's size into its header and behind it, and put it into its bin. */
static void make_free(struct chunk *c, size_t size)
{
	struct chunk *behind = chunk_at(c, size);

	c->size_flags = size | (c->size_flags & PREV_INUSE);
	behind->prev_size = size;
	behind->size_flags &= ~PREV_INUSE;
	bin_insert(c);
}

/* Free @c, merged with free neighbours; returns the chunk that came of it. */
static struct chunk *release(struct chunk *c)
{
	size_t size = chunk_size(c);
	struct chunk *behind = chunk_behind(c);

	if (chunk_size(behind) && !chunk_in_use(behind)) {
		bin_remove(behind);
		size += chunk_size(behind);
	}
	if (!(c->size_flags & PREV_INUSE)) {
		c = chunk_at(c, -c->prev_size);
		bin_remove(c);
		size += chunk_size(c);
	}
	make_free(c, size);
	return c;
}

/* Cut a chunk in use down to @size and free the rest, if that makes a chunk. */
static struct chunk *trim_chunk(struct chunk *c, size_t size)
{
	size_t rest = chunk_size(c) - size;
	struct chunk *tail = chunk_at(c, size);

	if (rest < MIN_CHUNK)
		return NULL;
	c->size_flags = size | (c->size_flags & PREV_INUSE);
	tail->size_flags = rest | PREV_INUSE;
	chunk_behind(tail)->size_flags |= PREV_INUSE;
	return release(tail);
}

static void take(struct chunk *c, size_t size)
{
	bin_remove(c);
	chunk_behind(c)->size_flags |= PREV_INUSE;
	trim_chunk(c, size);
}

/* The heap */

static struct chunk *set_fence(void)
{
	struct chunk *fence = chunk_at(heap_end, -HEADER);

	fence->size_flags = 0;
	return fence;
}

/* Something else moved the break, or this is the first call: begin a segment at @start. */
static struct chunk *new_segment(char *start, char *end)
{
	struct segment *seg = (struct segment *)round_up((size_t)start, ALIGN);

	seg->older = newest;
	seg->first = chunk_at(seg, round_up(sizeof(*seg), ALIGN));
	newest = seg;
	heap_end = end;
	set_fence();
	seg->first->size_flags = (size_t)((char *)chunk_at(end, -HEADER) - (char *)seg->first) |
				 PREV_INUSE;
	return seg->first;
}

/* Make the heap longer so that a chunk of @size fits; false when the kernel refuses. */
static bool grow(size_t size)
{
	char *start = sbrk(0);
	bool ours = newest && start == heap_end;
	size_t more = round_up(size + HEADER + ALIGN + sizeof(struct segment), GROW);
	struct chunk *c;

	if (!ours)
		more += -(size_t)start % PAGE_SIZE;
	if (sbrk((intptr_t)more) == (void *)-1)
		return false;
	if (ours) {
		c = chunk_at(heap_end,
			     -HEADER); /* the old fence, its P bit still telling the truth */
		heap_end += more;
		set_fence();
		c->size_flags = more | (c->size_flags & PREV_INUSE);
	} else {
		c = new_segment(start, start + more);
	}
	chunk_behind(c)->size_flags |= PREV_INUSE;
	release(c);
	return true;
}

/* Give the top of the heap back when @c is it and is too large. */
static void shrink(struct chunk *c)
{
	size_t size = chunk_size(c), less;

	if (size <= TRIM_THRESHOLD || (char *)chunk_behind(c) != heap_end - HEADER ||
	    sbrk(0) != heap_end)
		return;
	less = (size - GROW) & ~(PAGE_SIZE - 1);
	if (sbrk(-(intptr_t)less) == (void *)-1)
		return;
	bin_remove(c);
	heap_end -= less;
	set_fence();
	make_free(c, size - less);
}

static void *heap_alloc(size_t request)
{
	size_t size = request_size(request);
	struct chunk *c = bin_find(size);

	if (!c && grow(size))
		c = bin_find(size);
	if (!c) {
		errno = ENOMEM;
		return NULL;
	}
	take(c, size);
	return chunk_payload(c);
}

/* Mappings: one page-rounded mapping per block, the header in its first 16 bytes. */

static void *map_alloc(size_t request)
{
	size_t len = round_up(request + HEADER, PAGE_SIZE);
	struct chunk *c =
		mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (c == MAP_FAILED)
		return NULL;
	c->size_flags = len | MMAPPED;
	return chunk_payload(c);
}

static void *map_resize(struct chunk *c, size_t request)
{
	size_t len = round_up(request + HEADER, PAGE_SIZE);

	c = mremap(c, chunk_size(c), len, MREMAP_MAYMOVE);
	if (c == MAP_FAILED)
		return NULL;
	c->size_flags = len | MMAPPED;
	return chunk_payload(c);
}

/* The public four */

void *malloc(size_t request)
{
	if (request > MAX_REQUEST) {
		errno = ENOMEM;
		return NULL;
	}
	return request >= MMAP_THRESHOLD ? map_alloc(request) : heap_alloc(request);
}

void free(void *p)
{
	int saved = errno;
	struct chunk *c = payload_chunk(p);

	if (!p)
		return;
	if ((uintptr_t)p % ALIGN)
		die("free of a pointer that malloc never gave", p);
	if (c->size_flags & MMAPPED) {
		munmap(c, chunk_size(c));
	} else {
		if (!chunk_size(c) || !chunk_in_use(c))
			die("free of memory that is free", p);
		shrink(release(c));
	}
	errno = saved;
}

void *calloc(size_t n, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	p = malloc(total);
	if (p && total < MMAP_THRESHOLD) /* a fresh mapping is zero already */
		memset(p, 0, total);
	return p;
}

/* Take in the chunk behind @c if that is free and makes @c large enough. */
static bool grow_in_place(struct chunk *c, size_t size)
{
	struct chunk *behind = chunk_behind(c);
	size_t both = chunk_size(c) + chunk_size(behind);

	if (!chunk_size(behind) || chunk_in_use(behind) || both < size)
		return false;
	bin_remove(behind);
	c->size_flags = both | (c->size_flags & PREV_INUSE);
	chunk_behind(c)->size_flags |= PREV_INUSE;
	return true;
}

void *realloc(void *p, size_t request)
{
	struct chunk *c = payload_chunk(p), *rest;
	size_t size, old;
	void *q;

	if (!p)
		return malloc(request);
	if (request > MAX_REQUEST) {
		errno = ENOMEM;
		return NULL;
	}
	if (c->size_flags & MMAPPED && request >= MMAP_THRESHOLD)
		return map_resize(c, request);
	size = request_size(request);
	if (!(c->size_flags & MMAPPED) && request < MMAP_THRESHOLD &&
	    (chunk_size(c) >= size || grow_in_place(c, size))) {
		rest = trim_chunk(c, size);
		if (rest)
			shrink(rest);
		return p;
	}
	q = malloc(request);
	if (!q)
		return NULL;
	old = malloc_usable_size(p);
	memcpy(q, p, old < request ? old : request);
	free(p);
	return q;
}

size_t malloc_usable_size(const void *p)
{
	return p ? chunk_size(payload_chunk(p)) - HEADER : 0;
}

/*
 * Take enough that an aligned chunk lies within, and give the piece in front back as a chunk.  Always
 * from the heap: a mapping has its header in its first bytes.
 */
void *aligned_alloc(size_t align, size_t request)
{
	size_t gap;
	char *p;
	struct chunk *c, *front;

	if (align & (align - 1) || request > MAX_REQUEST || align > MAX_REQUEST - request) {
		errno = align & (align - 1) ? EINVAL : ENOMEM;
		return NULL;
	}
	if (align <= ALIGN)
		return malloc(request);
	p = heap_alloc(request + align + MIN_CHUNK);
	if (!p)
		return NULL;
	front = payload_chunk(p);
	gap = -(uintptr_t)p & (align - 1);
	if (gap && gap < MIN_CHUNK)
		gap += align;
	c = front;
	if (gap) {
		c = chunk_at(front, gap);
		c->size_flags = (chunk_size(front) - gap) | PREV_INUSE;
		front->size_flags = gap | (front->size_flags & PREV_INUSE);
		release(front);
	}
	trim_chunk(c, request_size(request));
	return chunk_payload(c);
}

/* Checking */

static bool in_its_bin(const struct chunk *c)
{
	for (const struct chunk *b = bins[bin_of(chunk_size(c))]; b; b = b->next)
		if (b == c)
			return true;
	return false;
}

static const char *check_segment(const struct segment *seg, size_t *nr_free)
{
	bool prev_in_use = true;
	const struct chunk *c;

	for (c = seg->first; chunk_size(c); c = chunk_behind(c)) {
		bool in_use;

		if (chunk_size(c) < MIN_CHUNK || (const char *)chunk_behind(c) > heap_end - HEADER)
			return "M1: a chunk's size leads out of the heap";
		if (!(c->size_flags & PREV_INUSE) == prev_in_use)
			return "M3: P disagrees with the chunk in front";
		in_use = chunk_in_use(c);
		if (!in_use && !prev_in_use)
			return "M2: two free neighbours";
		if (!in_use && chunk_behind(c)->prev_size != chunk_size(c))
			return "M3: the size behind a free chunk is not its size";
		if (!in_use && !in_its_bin(c))
			return "M4: a free chunk is not in its bin";
		*nr_free += !in_use;
		prev_in_use = in_use;
	}
	return NULL;
}

/**
 * malloc_check - verify M1 to M5
 * Return: NULL, or a sentence that says what is wrong.
 */
const char *malloc_check(void)
{
	size_t nr_free = 0, nr_binned = 0;

	for (const struct segment *seg = newest; seg; seg = seg->older) {
		const char *wrong = check_segment(seg, &nr_free);

		if (wrong)
			return wrong;
	}
	for (unsigned int bin = 0; bin < NR_BINS; bin++) {
		if (!bins[bin] != !(bin_bits[bin / 64] >> bin % 64 & 1))
			return "M5: a bin's bit is wrong";
		for (const struct chunk *c = bins[bin]; c; c = c->next)
			nr_binned++;
	}
	return nr_binned == nr_free ? NULL : "M4: a bin holds a chunk that is not free";
}
