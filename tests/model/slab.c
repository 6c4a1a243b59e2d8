/* SPDX-License-Identifier: MIT */
/*
 * tests/model/slab.c - random allocations and frees of several caches on several CPUs, against the set of live objects
 *
 * Each live object is filled with a pattern of its own: an object given out twice, or touched by the allocator while
 * in use, shows at the latest when it is freed.  The invariants of the cache are checked after each operation.
 */
#include <mm/mmzone.h>
#include <mm/slab_def.h>

#include "env.h"

#define MAX_LIVE  900
#define NR_CACHES 5

static struct {
	u8 *obj;
	u8 fill;
	struct kmem_cache *cache; /* NULL: kmalloc */
	size_t size;
} live[MAX_LIVE];
static unsigned int nr_live;
static struct kmem_cache *caches[NR_CACHES];
static unsigned long active[NR_CACHES];

static void make_caches(void)
{
	static const unsigned int sizes[NR_CACHES] = { 24, 192, 700, 40, 3000 };

	for (unsigned int i = 0; i < NR_CACHES; i++) {
		caches[i] = kmem_cache_create("model", sizes[i], 0, i == 1 ? SLAB_HWCACHE_ALIGN : 0,
					      NULL);
		ASSERT(caches[i]);
		if (i < 3) { /* without debug flags: the per-CPU path */
			caches[i]->flags &= ~SLAB_DEBUG_FLAGS;
			slab_layout(caches[i]);
		}
	}
}

static void count(const struct kmem_cache *s, long n)
{
	for (unsigned int i = 0; i < NR_CACHES; i++)
		if (caches[i] == s)
			active[i] += n;
}

static void allocate(void)
{
	unsigned int kind = test_random_below(NR_CACHES + 1);
	struct kmem_cache *s = kind < NR_CACHES ? caches[kind] : NULL;
	size_t size = s ? kmem_cache_size(s) : 1 + test_random_below(test_chance(8) ? 40000 : 600);
	gfp_t gfp = (test_chance(3) ? GFP_ATOMIC : GFP_KERNEL) | __GFP_NOWARN |
		    (test_chance(4) ? __GFP_ZERO : 0);
	u8 *obj;

	if (nr_live == MAX_LIVE)
		return;
	obj = s ? kmem_cache_alloc(s, gfp) : kmalloc(size, gfp);
	if (!obj)
		return;
	if (gfp & __GFP_ZERO)
		ASSERT(!memchr_inv(obj, 0, size));
	live[nr_live].obj = obj;
	live[nr_live].fill = test_random();
	live[nr_live].cache = s;
	live[nr_live].size = size;
	memset(obj, live[nr_live].fill, size);
	nr_live++;
	count(s, 1);
}

static void release(void)
{
	unsigned int i;

	if (!nr_live)
		return;
	i = test_random_below(nr_live);
	ASSERT(!memchr_inv(live[i].obj, live[i].fill, live[i].size));
	if (live[i].cache)
		kmem_cache_free(live[i].cache, live[i].obj);
	else
		kfree(live[i].obj);
	count(live[i].cache, -1);
	live[i] = live[--nr_live];
}

TEST(random_objects_match_the_model)
{
	const struct env_config config = { NULL, 3 };
	struct env_snapshot before;

	env_boot_phys(&config);
	env_snapshot(&before);
	make_caches();
	for (unsigned long round = 0; round < test_rounds(12000); round++) {
		unsigned int towards_full = round / 1500 % 2 ? 2 : 4;

		env_set_cpu(test_random_below(nr_cpu_ids));
		if (test_chance(100))
			kmem_cache_shrink(caches[test_random_below(NR_CACHES)]);
		else if (test_chance(500))
			test_fail_allocations(test_chance(2) ? 3 : 0);
		else if (test_random_below(6) < towards_full)
			allocate();
		else
			release();
		for (unsigned int i = 0; i < NR_CACHES; i++)
			ASSERT_EQ(kmem_cache_active(caches[i]), active[i]);
		if (test_chance(8))
			slab_check(caches[test_random_below(NR_CACHES)]);
		if (test_chance(400))
			slab_check_all();
	}
	test_fail_allocations(0);
	while (nr_live)
		release();
	slab_check_all();
	for (unsigned int i = 0; i < NR_CACHES; i++)
		kmem_cache_destroy(caches[i]);
	buddy_check_all();
	env_expect_same(&before);
}
