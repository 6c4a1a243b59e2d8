/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/mm_test.h - an address space to test with, and what a test asks about it
 *
 * setup() boots a machine and makes one mm; teardown() destroys it and demands that every page and
 * object came back.
 */
#ifndef MM_TEST_H
#define MM_TEST_H

#include <mm/internal.h>
#include <mm/lru.h>
#include <mm/slab.h>

#include "env.h"

#define SIG_BUS  7
#define SIG_KILL 9
#define SIG_SEGV 11

#define RW       (PROT_READ | PROT_WRITE)
#define TOP      0x7fff00000000UL /* a place for fixed mappings, with nothing near */

static struct mm_struct *mm;
static struct env_snapshot mm_test_before;

static inline struct mm_struct *new_mm(void)
{
	struct mm_struct *fresh = mm_alloc();

	ASSERT(fresh);
	mm_set_layout(fresh, 8 * MiB, 0, false);
	return fresh;
}

static inline void setup(void)
{
	env_boot(NULL);
	/* A first address space leaves behind what is made once and kept. */
	env_mmput(new_mm());
	env_snapshot(&mm_test_before);
	mm = new_mm();
}

static inline void check_all(struct mm_struct *space)
{
	int nid;

	mmap_write_lock(space);
	vma_check(space);
	mm_check(space);
	mmap_write_unlock(space);
	for_each_online_node(nid)
		lru_check(NODE_DATA(nid));
}

static inline void expect_all_back(void)
{
	env_rcu_barrier();
	lru_add_drain_all();
	env_expect_same(&mm_test_before);
	EXPECT_EQ(env_files_open(), 0);
	EXPECT_EQ(global_node_page_state(NR_ANON_MAPPED), 0);
	EXPECT_EQ(global_node_page_state(NR_FILE_MAPPED), 0);
	EXPECT_EQ(global_node_page_state(NR_FILE_PAGES), 0);
	EXPECT_EQ(global_node_page_state(NR_PAGETABLE), 0);
}

static inline void teardown(void)
{
	check_all(mm);
	env_mmput(mm);
	expect_all_back();
}

/*
 * Fixed and private anonymous, or of @file at page @pgoff; @flags is MAP_PRIVATE or MAP_SHARED.
 * The result of mmap.
 */
static inline long map_at(vaddr_t addr, unsigned long pages, unsigned long prot,
			  unsigned long flags, struct file *file, unsigned long pgoff)
{
	return vm_mmap(mm, &env_limits, file, addr, pages * PAGE_SIZE, prot,
		       flags | MAP_FIXED | (file ? 0 : MAP_ANONYMOUS), (u64)pgoff * PAGE_SIZE);
}

static inline void map_anon(vaddr_t addr, unsigned long pages)
{
	ASSERT_EQ(map_at(addr, pages, RW, MAP_PRIVATE, NULL, 0), addr);
}

static inline pte_t pte_at(struct mm_struct *space, vaddr_t addr)
{
	pmd_t *pmd = pte_find(space, addr);

	return pmd ? ptep_get(pte_offset(pmd, addr)) : __pte(0);
}

static inline struct page *page_at(struct mm_struct *space, vaddr_t addr)
{
	pte_t pte = pte_at(space, addr);

	return pte_present(pte) ? vm_normal_page(pte) : NULL;
}

static inline struct vm_area_struct *vma_at(struct mm_struct *space, vaddr_t addr)
{
	struct vm_area_struct *vma;

	down_read(&space->mmap_lock);
	vma = find_vma(space, addr);
	up_read(&space->mmap_lock);
	ASSERT(vma && vma->vm_start <= addr);
	return vma;
}

static inline u8 read_byte(struct mm_struct *space, vaddr_t addr)
{
	u8 v = 0;

	ASSERT_EQ(user_read8(space, addr, &v), 0);
	return v;
}

static inline void write_byte(struct mm_struct *space, vaddr_t addr, u8 v)
{
	ASSERT_EQ(user_write8(space, addr, v), 0);
}

static inline unsigned long events(enum vm_event_item item)
{
	unsigned long sum[NR_VM_EVENT_ITEMS];

	all_vm_events(sum);
	return sum[item];
}

/* How often @item is counted while the statement runs. */
#define EVENTS_OF(item, statement)                      \
	({                                              \
		unsigned long ev_before = events(item); \
		statement;                              \
		events(item) - ev_before;               \
	})

static inline struct mm_struct *fork_mm(struct mm_struct *parent)
{
	int err = 0;
	struct mm_struct *child = mm_dup(parent, &err);

	ASSERT(child);
	return child;
}

struct mm_test_count {
	const char *name;
	unsigned long objs;
};

static inline void mm_test_count_one(const struct slabinfo *info, void *arg)
{
	struct mm_test_count *c = arg;

	if (!strcmp(info->name, c->name))
		c->objs = info->active_objs;
}

static inline unsigned long objects_of(const char *cache)
{
	struct mm_test_count c = { .name = cache };

	slab_for_each(mm_test_count_one, &c);
	return c.objs;
}

#endif
