/* SPDX-License-Identifier: MIT */
/*
 * mm/slab_debug.c - red zones, poison and owner records; the slab's invariants
 *
 * A cache with debug flags never uses the per-CPU path, so each object passes here twice:
 *
 *     | left red zone | object               | red zone | free pointer | track: alloc | track: free |
 *       bb free         6b 6b 6b ... 6b a5     bb          plain          caller, CPU, number
 *       cc in use       5a until written       cc
 *
 * The red zone's byte says whether the object is in use: a second free finds bb.  A write to a free object shows
 * at its next allocation (or in slab_check), a write past the end at its free.  The report names the cache, the object, the
 * first wrong byte, and who allocated and freed the object last; then the kernel panics: whatever was overwritten
 * may be anywhere.
 *
 * Red zones and free objects are also hidden by kasan_poison(): where the environment has a sanitizer (the host),
 * it catches the access itself.  The checks here uncover what they look at, and cover it again.
 */
#include "mm_env.h"
#include <mm/mmzone.h>
#include <mm/slab_def.h>

#define RED_FREE    0xbb
#define RED_USED    0xcc
#define POISON_FREE 0x6b
#define POISON_NEW  0x5a
#define POISON_END  0xa5

struct track {
	const void *caller; /* return address */
	unsigned int cpu;
	unsigned int number; /* of all debugged allocations and frees: which came first */
};

enum track_kind { TRACK_ALLOC, TRACK_FREE, NR_TRACKS };

static atomic_t track_number;

unsigned int slab_debug_track_size(void)
{
	return NR_TRACKS * sizeof(struct track);
}

static struct track *get_track(const struct kmem_cache *s, const void *obj, enum track_kind kind)
{
	unsigned long behind = s->inuse + (s->offset ? sizeof(void *) : 0);

	return (struct track *)((unsigned long)obj + behind) + kind;
}

static void set_track(struct kmem_cache *s, void *obj, enum track_kind kind, const void *caller)
{
	if (!(s->flags & SLAB_STORE_USER))
		return;
	*get_track(s, obj, kind) =
		(struct track){ caller, smp_processor_id(), atomic_inc_return(&track_number) };
}

void slab_report_object(const struct kmem_cache *s, const void *obj)
{
	static const char *const names[NR_TRACKS] = { "allocated", "freed" };

	for (unsigned int kind = 0; s->flags & SLAB_STORE_USER && kind < NR_TRACKS; kind++) {
		const struct track *t = get_track(s, obj, kind);

		if (t->caller)
			pr_err("slab %s: object %p %s by %p on CPU %u (event %u)\n", s->name, obj,
			       names[kind], t->caller, t->cpu, t->number);
	}
}

static void corrupt(struct kmem_cache *s, const void *obj, const u8 *at, u8 want, const char *where)
	__attribute__((noreturn, cold));
static void corrupt(struct kmem_cache *s, const void *obj, const u8 *at, u8 want, const char *where)
{
	slab_report_object(s, obj);
	panic("slab %s: object %p of %u bytes: %s overwritten at offset %ld: %02x, should be %02x",
	      s->name, obj, s->object_size, where, (long)(at - (const u8 *)obj), *at, want);
}

static void check_bytes(struct kmem_cache *s, const void *obj, const void *from, u8 want,
			size_t len, const char *where)
{
	const u8 *bad = memchr_inv(from, want, len);

	if (unlikely(bad))
		corrupt(s, obj, bad, want, where);
}

static void show_red_zones(const struct kmem_cache *s, const void *obj)
{
	kasan_unpoison((const char *)obj - s->red_left, s->red_left);
	kasan_unpoison((const char *)obj + s->object_size, s->inuse - s->object_size);
}

static void hide_red_zones(const struct kmem_cache *s, const void *obj)
{
	kasan_poison((const char *)obj - s->red_left, s->red_left);
	kasan_poison((const char *)obj + s->object_size, s->inuse - s->object_size);
}

void slab_debug_hide(const struct kmem_cache *s, const void *obj)
{
	if (!(s->flags & SLAB_TYPESAFE_BY_RCU)) /* readers may look */
		kasan_poison(obj, s->object_size);
}

static void fill_red_zones(struct kmem_cache *s, void *obj, u8 byte)
{
	if (!(s->flags & SLAB_RED_ZONE))
		return;
	show_red_zones(s, obj);
	memset((char *)obj - s->red_left, byte, s->red_left);
	memset((char *)obj + s->object_size, byte, s->inuse - s->object_size);
	hide_red_zones(s, obj);
}

static void check_red_zones(struct kmem_cache *s, const void *obj, u8 byte)
{
	if (!(s->flags & SLAB_RED_ZONE))
		return;
	show_red_zones(s, obj);
	check_bytes(s, obj, (const char *)obj - s->red_left, byte, s->red_left,
		    "the red zone before it");
	check_bytes(s, obj, (const char *)obj + s->object_size, byte, s->inuse - s->object_size,
		    "the red zone behind it");
	hide_red_zones(s, obj);
}

static void fill_poison(struct kmem_cache *s, void *obj)
{
	if (!(s->flags & SLAB_POISON))
		return;
	memset(obj, POISON_FREE, s->object_size - 1);
	((u8 *)obj)[s->object_size - 1] = POISON_END;
}

static void check_poison(struct kmem_cache *s, const void *obj)
{
	if (!(s->flags & SLAB_POISON))
		return;
	kasan_unpoison(obj, s->object_size);
	check_bytes(s, obj, obj, POISON_FREE, s->object_size - 1, "the free object");
	check_bytes(s, obj, (const u8 *)obj + s->object_size - 1, POISON_END, 1, "the free object");
	slab_debug_hide(s, obj);
}

/* Is @obj the address of an object of this slab? */
static bool is_object(const struct kmem_cache *s, const struct page *page, const void *obj)
{
	unsigned long first = (unsigned long)page_address(page) + s->red_left,
		      a = (unsigned long)obj;

	return a >= first && a - first < (unsigned long)page->slab_objects * s->size &&
	       (a - first) % s->size == 0;
}

void slab_debug_new(struct kmem_cache *s, void *obj)
{
	fill_red_zones(s, obj, RED_FREE);
	fill_poison(s, obj);
	if (s->flags & SLAB_STORE_USER)
		memset(get_track(s, obj, TRACK_ALLOC), 0, slab_debug_track_size());
}

void slab_debug_alloc(struct kmem_cache *s, struct page *page, void *obj, const void *caller)
{
	if (!is_object(s, page, obj))
		panic("slab %s: the free list of %p leads to %p", s->name, page_address(page), obj);
	check_red_zones(s, obj, RED_FREE);
	check_poison(s, obj);
	if (get_freepointer(s, obj) && !is_object(s, page, get_freepointer(s, obj)))
		corrupt(s, obj, (const u8 *)obj + s->offset, 0, "its free pointer");
	fill_red_zones(s, obj, RED_USED);
	kasan_unpoison(obj, s->object_size);
	if (s->flags & SLAB_POISON)
		memset(obj, POISON_NEW, s->object_size);
	set_track(s, obj, TRACK_ALLOC, caller);
}

/* Does the red zone say that the object is free already? */
static bool has_free_mark(const struct kmem_cache *s, const void *obj)
{
	bool is_free;

	if (!(s->flags & SLAB_RED_ZONE))
		return false;
	show_red_zones(s, obj);
	is_free = *((const u8 *)obj - 1) == RED_FREE;
	hide_red_zones(s, obj);
	return is_free;
}

void slab_debug_free(struct kmem_cache *s, struct page *page, void *obj, const void *caller)
{
	if (!is_object(s, page, obj))
		slab_bad_free(s, page, obj, "freed, but no object begins there");
	if (has_free_mark(s, obj))
		slab_bad_free(s, page, obj, "freed twice");
	check_red_zones(s, obj, RED_USED);
	fill_red_zones(s, obj, RED_FREE);
	fill_poison(s, obj);
	slab_debug_hide(s, obj);
	set_track(s, obj, TRACK_FREE, caller);
}

/* ---------------------------------------------------------------- invariants */

/* Is the object on this free list?  The list's length is bounded by the slab's objects. */
static bool on_list(const struct kmem_cache *s, const struct page *page, const void *list,
		    const void *obj)
{
	for (unsigned int i = 0; list && i < page->slab_objects;
	     i++, list = get_freepointer(s, list))
		if (list == obj)
			return true;
	return false;
}

void slab_for_each_used(const struct kmem_cache *s, struct page *page,
			void (*fn)(const struct kmem_cache *s, void *obj))
{
	char *obj = (char *)page_address(page) + s->red_left;

	for (unsigned int i = 0; i < page->slab_objects; i++, obj += s->size)
		if (!on_list(s, page, page->slab_freelist, obj))
			fn(s, obj);
}

/* Length of a free list of @page, checking each entry. */
static unsigned int check_freelist(const struct kmem_cache *s, const struct page *page, void *list)
{
	unsigned int len = 0;

	for (; list; list = get_freepointer(s, list)) {
		if (!is_object(s, page, list))
			panic("slab %s: a free list of %p leads to %p", s->name, page_address(page),
			      list);
		if (++len > page->slab_objects)
			panic("slab %s: a free list of %p is a ring", s->name, page_address(page));
	}
	return len;
}

/* S2 and S3 of one slab; returns its free objects. */
static unsigned int check_slab(struct kmem_cache *s, struct page *page, const char *where,
			       bool frozen)
{
	unsigned int nr_free = check_freelist(s, page, page->slab_freelist);
	char *obj = (char *)page_address(page) + s->red_left;

	if (!PageSlab(page) || page->slab_cache != s || page->slab_frozen != frozen)
		panic("slab %s: %p is %s, but its struct page differs", s->name, page_address(page),
		      where);
	if (nr_free + page->slab_inuse != page->slab_objects)
		panic("slab %s: %p (%s): %u free and %u in use of %u", s->name, page_address(page),
		      where, nr_free, page->slab_inuse, page->slab_objects);
	for (unsigned int i = 0; slab_is_debug(s) && i < page->slab_objects; i++, obj += s->size) {
		bool is_free = on_list(s, page, page->slab_freelist, obj);

		check_red_zones(s, obj, is_free ? RED_FREE : RED_USED);
		if (is_free)
			check_poison(s, obj);
	}
	return nr_free;
}

struct slab_tally {
	unsigned long slabs, partial, empty, objects, free;
};

static void tally(struct slab_tally *t, const struct page *page, unsigned int nr_free)
{
	t->slabs++;
	t->objects += page->slab_objects;
	t->free += nr_free;
}

static void check_node(struct kmem_cache *s, struct kmem_cache_node *n, struct slab_tally *t)
{
	struct page *page;

	list_for_each_entry(page, &n->partial, slab_list) {
		tally(t, page, check_slab(s, page, "partial", false));
		t->partial++;
		t->empty += !page->slab_inuse;
		if (page->slab_inuse == page->slab_objects)
			panic("slab %s: a full slab on the partial list", s->name);
	}
	list_for_each_entry(page, &n->full, slab_list)
		if (check_slab(s, page, "full", false))
			panic("slab %s: a slab with free objects on the full list", s->name);
		else
			tally(t, page, 0);
	if (t->partial != n->nr_partial || t->empty != n->nr_empty)
		panic("slab %s: %lu partial, %lu empty slabs; counted %lu, %lu", s->name,
		      t->partial, t->empty, n->nr_partial, n->nr_empty);
}

/**
 * slab_check - S1..S5 of a cache; panics with what it found
 *
 * Locks: takes the node locks.  CPU parts are read as they are: nobody else may be using the cache.
 */
void slab_check(struct kmem_cache *cache)
{
	unsigned long flags, total = 0, nr_free = 0;
	unsigned int cpu;

	for (unsigned int i = 0; i < cache->nr_nodes; i++) {
		struct kmem_cache_node *n = &cache->node[i];
		struct slab_tally t = { 0 };

		spin_lock_irqsave(&n->lock, flags);
		check_node(cache, n, &t);
		for_each_possible_cpu(cpu) {
			struct kmem_cache_cpu *c = &cache->cpu[cpu];

			if (c->page && page_to_nid(c->page) == i)
				tally(&t, c->page,
				      check_slab(cache, c->page, "frozen", true) +
					      check_freelist(cache, c->page, c->freelist));
		}
		if (t.slabs != n->nr_slabs || t.objects != n->total_objects) /* S4 */
			panic("slab %s: %lu slabs with %lu objects; counted %lu, %lu", cache->name,
			      t.slabs, t.objects, n->nr_slabs, n->total_objects);
		spin_unlock_irqrestore(&n->lock, flags);
		total += t.objects;
		nr_free += t.free;
	}
	if (total - nr_free != kmem_cache_active(cache)) /* S5 */
		panic("slab %s: %lu objects in use; counted %lu", cache->name, total - nr_free,
		      kmem_cache_active(cache));
}

void slab_check_all(void)
{
	struct kmem_cache *s;

	spin_lock(&slab_list_lock);
	list_for_each_entry(s, &slab_caches, list)
		slab_check(s);
	spin_unlock(&slab_list_lock);
}
