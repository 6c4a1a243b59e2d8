/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/slab.c - caches, kmalloc, and what their checks catch
 *
 * On the host every cache has debug flags, and so takes the path on which each object is checked.  plain() makes
 * a cache without them, to test the per-CPU path.
 */
#include <mm/mmzone.h>
#include <mm/slab.h>
#include <mm/slab_def.h>

#include "env.h"

static void boot(unsigned int cpus)
{
	struct env_config config = { NULL, cpus };

	env_boot_phys(&config);
}

/* Without debug flags: laid out anew, before the first object. */
static struct kmem_cache *plain(const char *name, unsigned int size, unsigned int flags,
				void (*ctor)(void *))
{
	struct kmem_cache *s = kmem_cache_create(name, size, 0, flags, ctor);

	ASSERT(s);
	s->flags = flags;
	slab_layout(s);
	return s;
}

static struct slabinfo figures;
static const char *wanted;

static void pick(const struct slabinfo *info, void *arg)
{
	(void)arg;
	if (!strcmp(info->name, wanted))
		figures = *info;
}

static struct slabinfo *info(const char *name)
{
	wanted = name;
	memset(&figures, 0, sizeof(figures));
	slab_for_each(pick, NULL);
	return &figures;
}

/* ---------------------------------------------------------------- both paths */

static void objects_are_distinct_and_aligned(struct kmem_cache *s, unsigned int align)
{
	enum { N = 300 };
	u8 *obj[N];

	for (int i = 0; i < N; i++) {
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
		ASSERT(obj[i]);
		EXPECT(IS_ALIGNED((unsigned long)obj[i], align));
		memset(obj[i], i, kmem_cache_size(s));
	}
	slab_check(s);
	EXPECT_EQ(kmem_cache_active(s), N);
	for (int i = 0; i < N; i++) {
		EXPECT(!memchr_inv(obj[i], (u8)i, kmem_cache_size(s)));
		kmem_cache_free(s, obj[i]);
	}
	slab_check(s);
	EXPECT_EQ(kmem_cache_active(s), 0);
}

TEST(objects_do_not_overlap)
{
	static const unsigned int sizes[] = { 1, 7, 8, 24, 100, 192, 1000, 4096, 5000 };

	boot(1);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *s = kmem_cache_create("checked", sizes[i], 0, 0, NULL);

		objects_are_distinct_and_aligned(s, 8);
		kmem_cache_destroy(s);
		s = plain("plain", sizes[i], 0, NULL);
		objects_are_distinct_and_aligned(s, 8);
		kmem_cache_destroy(s);
	}
}

TEST(alignment_is_kept)
{
	boot(1);
	for (unsigned int align = 8; align <= 4096; align *= 2) {
		struct kmem_cache *s = kmem_cache_create("aligned", 40, align, 0, NULL);

		objects_are_distinct_and_aligned(s, align);
		kmem_cache_destroy(s);
	}
	objects_are_distinct_and_aligned(
		kmem_cache_create("line", 100, 0, SLAB_HWCACHE_ALIGN, NULL), 64);
}

TEST(the_object_freed_last_is_allocated_first)
{
	struct kmem_cache *s;
	void *a, *b;

	boot(1);
	s = plain("plain", 64, 0, NULL);
	a = kmem_cache_alloc(s, GFP_KERNEL);
	b = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, a);
	kmem_cache_free(s, b);
	EXPECT_EQ(kmem_cache_alloc(s, GFP_KERNEL), b);
	EXPECT_EQ(kmem_cache_alloc(s, GFP_KERNEL), a);
}

TEST(zalloc_clears)
{
	struct kmem_cache *s;
	u8 *p;

	boot(1);
	s = plain("plain", 200, 0, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	memset(p, 1, 200);
	kmem_cache_free(s, p);
	p = kmem_cache_zalloc(s, GFP_KERNEL);
	EXPECT(!memchr_inv(p, 0, 200));
}

static unsigned int constructed;

static void construct(void *obj)
{
	constructed++;
	*(u64 *)obj = 0x1234;
}

TEST(constructors_run_once_per_object_and_their_work_survives)
{
	struct kmem_cache *caches[2];

	boot(1);
	caches[0] = kmem_cache_create("checked", 32, 0, 0, construct);
	caches[1] = plain("plain", 32, 0, construct);
	for (int i = 0; i < 2; i++) {
		u64 *obj;

		constructed = 0;
		for (int round = 0; round < 10; round++) {
			obj = kmem_cache_alloc(caches[i], GFP_KERNEL);
			EXPECT_EQ(*obj, 0x1234);
			kmem_cache_free(caches[i], obj);
		}
		EXPECT_EQ(constructed, info(caches[i]->name)->num_objs);
		kmem_cache_destroy(caches[i]);
	}
}

TEST(slabinfo_counts_objects_in_use_exactly)
{
	struct kmem_cache *s;
	void *obj[100];

	boot(2);
	s = plain("plain", 128, 0, NULL);
	for (int i = 0; i < 100; i++)
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
	EXPECT_EQ(info("plain")->active_objs, 100);
	EXPECT_EQ(info("plain")->num_objs, 128);
	EXPECT_EQ(info("plain")->num_slabs, 4);
	EXPECT_EQ(info("plain")->objperslab, 32);
	for (int i = 0; i < 60; i++)
		kmem_cache_free(s, obj[i]);
	EXPECT_EQ(info("plain")->active_objs, 40);
	env_set_cpu(1); /* freed elsewhere */
	for (int i = 60; i < 100; i++)
		kmem_cache_free(s, obj[i]);
	EXPECT_EQ(info("plain")->active_objs, 0);
	slab_check(s);
}

TEST(empty_slabs_go_back_but_for_a_few)
{
	unsigned long before;
	struct kmem_cache *s;
	void *obj[640];

	boot(1);
	s = plain("plain", 64, 0, NULL);
	for (int i = 0; i < 640; i++)
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
	EXPECT_EQ(info("plain")->num_slabs, 10);
	for (int i = 0; i < 640; i++)
		kmem_cache_free(s, obj[i]);
	EXPECT_EQ(info("plain")->num_slabs, SLAB_MIN_EMPTY + 1); /* and the CPU's own */
	EXPECT_EQ(info("plain")->active_slabs, 1);
	before = nr_free_pages();
	EXPECT_EQ(kmem_cache_shrink(s), SLAB_MIN_EMPTY + 1);
	EXPECT_EQ(info("plain")->num_slabs, 0);
	EXPECT_EQ(nr_free_pages(), before + SLAB_MIN_EMPTY + 1);
	slab_check(s);
}

TEST(shrinking_takes_what_every_cpu_keeps)
{
	struct kmem_cache *s;

	boot(4);
	s = plain("plain", 64, 0, NULL);
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		env_set_cpu(cpu);
		kmem_cache_free(s, kmem_cache_alloc(s, GFP_KERNEL));
	}
	env_set_cpu(0);
	EXPECT_EQ(info("plain")->num_slabs, 4);
	kmem_cache_shrink(s);
	EXPECT_EQ(info("plain")->num_slabs, 0);
	slab_check(s);
}

TEST(an_object_freed_on_another_cpu_is_found_again)
{
	struct kmem_cache *s;
	void *obj[64];

	boot(2);
	s = plain("plain", 64, 0, NULL);
	for (int i = 0; i < 64; i++) /* exactly the slab that CPU 0 owns */
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
	env_set_cpu(1);
	for (int i = 0; i < 10; i++)
		kmem_cache_free(s, obj[i]);
	slab_check(s);
	env_set_cpu(0);
	EXPECT_EQ(kmem_cache_alloc(s, GFP_KERNEL), obj[9]);
	EXPECT_EQ(info("plain")->num_slabs, 1);
	slab_check(s);
}

TEST(slab_pages_are_counted)
{
	unsigned long un = 0, re = 0;
	void *p;

	boot(1);
	un = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	re = global_node_page_state(NR_SLAB_RECLAIMABLE);
	EXPECT(un > 0);
	p = kmem_cache_alloc(plain("reclaimable", 64, SLAB_RECLAIM_ACCOUNT, NULL), GFP_KERNEL);
	EXPECT(p);
	EXPECT_EQ(global_node_page_state(NR_SLAB_RECLAIMABLE), re + 1);
	un = global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	p = kmalloc(5 * PAGE_SIZE, GFP_KERNEL);
	EXPECT_EQ(global_node_page_state(NR_SLAB_UNRECLAIMABLE), un + 8);
	kfree(p);
	EXPECT_EQ(global_node_page_state(NR_SLAB_UNRECLAIMABLE), un);
}

TEST(a_destroyed_cache_gives_everything_back)
{
	struct env_snapshot before;
	struct kmem_cache *s;
	void *obj[200];

	boot(3);
	env_snapshot(&before);
	s = plain("plain", 300, 0, NULL);
	for (int i = 0; i < 200; i++) {
		env_set_cpu(i % 3);
		obj[i] = kmem_cache_alloc(s, GFP_KERNEL);
	}
	for (int i = 0; i < 200; i++) {
		env_set_cpu(i / 3 % 3);
		kmem_cache_free(s, obj[i]);
	}
	env_set_cpu(0);
	kmem_cache_destroy(s);
	kmem_cache_destroy(NULL);
	slab_check_all();
	env_expect_same(&before);
}

TEST(typesafe_slabs_outlive_readers)
{
	struct kmem_cache *s;
	unsigned long before;
	u64 *obj;

	boot(1);
	s = kmem_cache_create("typesafe", PAGE_SIZE, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	before = nr_free_pages();
	obj = kmem_cache_alloc(s, GFP_KERNEL);
	*obj = 7;
	rcu_read_lock();
	kmem_cache_free(s, obj);
	kmem_cache_shrink(s);
	EXPECT_EQ(*obj, 7); /* still the object's memory, though free */
	rcu_read_unlock();
	env_rcu_barrier();
	drain_local_pages();
	EXPECT_EQ(nr_free_pages(), before);
	kmem_cache_destroy(s);
}

/* ---------------------------------------------------------------- kmalloc */

TEST(kmalloc_rounds_up_to_a_class)
{
	static const struct {
		size_t ask, get;
	} sizes[] = { { 1, 8 },       { 8, 8 },        { 9, 16 },        { 64, 64 },
		      { 65, 96 },     { 96, 96 },      { 97, 128 },      { 129, 192 },
		      { 192, 192 },   { 193, 256 },    { 256, 256 },     { 257, 512 },
		      { 1024, 1024 }, { 1025, 2048 },  { 4096, 4096 },   { 4097, 8192 },
		      { 8192, 8192 }, { 8193, 16384 }, { 16385, 32768 }, { 4 * MiB, 4 * MiB } };

	boot(1);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = kmalloc(sizes[i].ask, GFP_KERNEL);

		ASSERT(p);
		EXPECT_EQ(ksize(p), sizes[i].get);
		if (is_power_of_2(sizes[i].get))
			EXPECT(IS_ALIGNED((unsigned long)p - PAGE_OFFSET, sizes[i].get));
		memset(p, 1, sizes[i].get);
		kfree(p);
	}
	slab_check_all();
}

TEST(kmalloc_of_nothing_and_of_too_much)
{
	boot(1);
	EXPECT_EQ(kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	EXPECT_EQ(ksize(ZERO_SIZE_PTR), 0);
	kfree(ZERO_SIZE_PTR);
	kfree(NULL);
	EXPECT(!kmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	EXPECT(!kmalloc(~0UL, GFP_KERNEL));
	EXPECT(!kmalloc_array(1UL << 33, 1UL << 33, GFP_KERNEL));
	EXPECT_EQ(ksize(kmalloc_array(3, 30, GFP_KERNEL)), 96);
}

TEST(krealloc_keeps_contents)
{
	char *p, *q;

	boot(1);
	p = krealloc(NULL, 10, GFP_KERNEL);
	strcpy(p, "123456789");
	EXPECT_EQ(krealloc(p, 16, GFP_KERNEL), p);
	q = krealloc(p, 20000, GFP_KERNEL);
	EXPECT_STR(q, "123456789");
	test_fail_nth_allocation(1);
	EXPECT(!krealloc(q, 100000, GFP_KERNEL));
	EXPECT_STR(q, "123456789"); /* unchanged when it fails */
	EXPECT_EQ(krealloc(q, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	EXPECT_STR(kstrdup("abc", GFP_KERNEL), "abc");
	EXPECT(!kstrdup(NULL, GFP_KERNEL));
	EXPECT_EQ(memcmp(kmemdup("abcd", 4, GFP_KERNEL), "abcd", 4), 0);
}

static void use_everything(void)
{
	struct env_snapshot before;
	struct kmem_cache *s;
	void *p[4];

	env_snapshot(&before);
	s = kmem_cache_create("fallible", 700, 0, 0, NULL);
	p[0] = s ? kmem_cache_alloc(s, GFP_KERNEL) : NULL;
	p[1] = kmalloc(3000, GFP_KERNEL);
	p[2] = kmalloc(50000, GFP_KERNEL);
	p[3] = kstrdup("x", GFP_KERNEL);
	if (p[0])
		kmem_cache_free(s, p[0]);
	for (int i = 1; i < 4; i++)
		kfree(p[i]);
	kmem_cache_destroy(s);
	slab_check_all();
	env_expect_same(&before);
}

TEST(every_allocation_can_fail)
{
	boot(1);
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(use_everything) >= 5);
}

/* ---------------------------------------------------------------- mistakes are caught */

static struct kmem_cache *cache;
static u8 *object;

static void free_twice(void)
{
	void *other = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(cache, object);
	kmem_cache_free(cache, other);
	kmem_cache_free(cache, object);
}

static void write_behind(void)
{
	kasan_unpoison(object + 40, 8); /* past the sanitizer, to the cache's own check */
	object[40] = 1;
	kmem_cache_free(cache, object);
}

static void write_before(void)
{
	kasan_unpoison(object - 8, 8);
	object[-3] = 1;
	slab_check(cache);
}

static void write_after_free(void)
{
	kmem_cache_free(cache, object);
	kasan_unpoison(object, 40);
	object[17] = 1;
	kmem_cache_alloc(cache, GFP_KERNEL);
}

static void read_after_free(void)
{
	kmem_cache_free(cache, object);
	(void)*(volatile u8 *)object;
}

static void read_behind(void)
{
	(void)*(volatile u8 *)(object + 40);
}

static void free_inside(void)
{
	kmem_cache_free(cache, object + 8);
}

static void free_to_another_cache(void)
{
	kmem_cache_free(kmem_cache_create("other", 40, 0, 0, NULL), object);
}

static void kfree_of_a_page(void)
{
	kfree(__get_free_pages(GFP_KERNEL, 0));
}

TEST(misuse_is_reported)
{
	boot(1);
	cache = kmem_cache_create("victim", 40, 0, 0, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	EXPECT(test_expect_panic(free_twice, "freed twice"));
	EXPECT(test_expect_panic(write_behind,
				 "the red zone behind it overwritten at offset 40: 01"));
	EXPECT(test_expect_panic(write_before,
				 "the red zone before it overwritten at offset -3: 01"));
	EXPECT(test_expect_panic(write_after_free,
				 "the free object overwritten at offset 17: 01, should be 6b"));
	EXPECT(test_expect_panic(write_after_free, "freed by"));
	EXPECT(test_expect_panic(read_after_free, NULL));
	EXPECT(test_expect_panic(read_behind, NULL));
	EXPECT(test_expect_panic(free_inside, "no object begins there"));
	EXPECT(test_expect_panic(free_to_another_cache, "not an object of this cache"));
	EXPECT(test_expect_panic(kfree_of_a_page, "passed to kfree"));
}

static void free_twice_in_a_row(void)
{
	kmem_cache_free(cache, object);
	kmem_cache_free(cache, object);
}

TEST(the_fast_path_sees_a_free_twice_in_a_row)
{
	boot(1);
	cache = plain("plain", 40, 0, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	EXPECT(test_expect_panic(free_twice_in_a_row, "freed twice"));
}

TEST(a_cache_with_objects_in_use_stays)
{
	boot(1);
	cache = kmem_cache_create("leaky", 40, 0, 0, NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_destroy(cache);
	EXPECT_EQ(info("leaky")->active_objs, 1);
	kmem_cache_free(cache, object);
	kmem_cache_destroy(cache);
	EXPECT(!info("leaky")->name);
}

/* ---------------------------------------------------------------- several CPUs */

static void *shared[64];

static void churn(void *arg)
{
	struct kmem_cache *s = arg;

	for (int i = 0; i < 500; i++) {
		unsigned int slot = test_random_below(ARRAY_SIZE(shared));
		void *mine = test_chance(2) ? kmem_cache_alloc(s, GFP_KERNEL) : NULL;
		void *theirs = xchg(&shared[slot], mine);

		if (theirs)
			kmem_cache_free(s, theirs);
	}
}

TEST(cpus_free_what_others_allocated)
{
	const env_task_fn fns[] = { churn, churn, churn };
	struct kmem_cache *caches[2];

	boot(3);
	caches[0] = plain("plain", 500, 0, NULL);
	caches[1] = kmem_cache_create("checked", 500, 0, 0, NULL);
	for (int i = 0; i < 2; i++) {
		void *const args[] = { caches[i], caches[i], caches[i] };

		env_run(3, fns, args);
		slab_check(caches[i]);
		for (unsigned int slot = 0; slot < ARRAY_SIZE(shared); slot++) {
			kmem_cache_free(caches[i], shared[slot]);
			shared[slot] = NULL;
		}
		EXPECT_EQ(kmem_cache_active(caches[i]), 0);
		kmem_cache_destroy(caches[i]);
	}
	buddy_check_all();
}
