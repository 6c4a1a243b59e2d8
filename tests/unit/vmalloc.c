/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/vmalloc.c - areas, their page tables as a processor walks them, lazy flushing, kernel stacks
 *
 * The software MMU walks init_mm's tables with TLBs of its own: an address that is used again before its flush
 * shows the old page.
 */
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

#include "env.h"

static void boot(unsigned int cpus)
{
	struct env_config config = { NULL, cpus };

	env_boot_phys(&config);
	vmalloc_init();
}

/* Page tables are kept: have them made before anything is counted. */
static void make_tables(void)
{
	vfree(vmalloc(8 * MiB));
	vmalloc_flush();
}

static void fill(const void *area, size_t size, u8 with)
{
	for (size_t at = 0; at < size; at += 512)
		kernel_write8((vaddr_t)area + at, with + at / 512);
}

static void expect_filled(const void *area, size_t size, u8 with)
{
	for (size_t at = 0; at < size; at += 512)
		ASSERT_EQ(kernel_read8((vaddr_t)area + at), (u8)(with + at / 512));
}

TEST(an_area_is_mapped_with_a_guard_page_behind)
{
	u8 *a, *b;

	boot(1);
	a = vmalloc(3 * PAGE_SIZE - 100);
	b = vzalloc(1);
	ASSERT(a && b);
	EXPECT_EQ((vaddr_t)a, VMALLOC_START);
	EXPECT_EQ(b - a, 4 * PAGE_SIZE);
	EXPECT(!kernel_mapped((vaddr_t)a + 3 * PAGE_SIZE));
	EXPECT(!kernel_mapped((vaddr_t)b + PAGE_SIZE));
	fill(a, 3 * PAGE_SIZE, 1);
	EXPECT_EQ(kernel_read8((vaddr_t)b), 0);
	expect_filled(a, 3 * PAGE_SIZE, 1);
	EXPECT(is_vmalloc_addr(a));
	EXPECT(!is_vmalloc_addr(&a));
	EXPECT(PageVmalloc(vmalloc_to_page(a + PAGE_SIZE)));
	EXPECT(!vmalloc_to_page(a + 3 * PAGE_SIZE));
	vmalloc_check();
}

TEST(pages_are_counted_and_come_back)
{
	struct env_snapshot before;
	void *p;

	boot(1);
	make_tables();
	env_snapshot(&before);
	p = vmalloc(20 * PAGE_SIZE);
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 20);
	vfree(p);
	vfree(NULL);
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 20); /* TLBs may still reach them */
	vmalloc_flush();
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 0);
	env_expect_same(&before);
}

TEST(nonsense_sizes_are_refused)
{
	boot(1);
	EXPECT(!vmalloc(0));
	EXPECT(!vmalloc(TiB));
	EXPECT(!vmalloc(~0UL));
	EXPECT(!vmap(NULL, 0, PAGE_KERNEL));
	EXPECT(!ioremap(~0UL - 10, 100));
	vmalloc_check();
}

/*  [A][B][C] -> [A][ ][C]: the hole is not used before the flush, and is afterwards  */
TEST(freed_addresses_wait_for_the_flush)
{
	void *a, *b, *c, *d;

	boot(2);
	a = vmalloc(PAGE_SIZE);
	b = vmalloc(PAGE_SIZE);
	c = vmalloc(PAGE_SIZE);
	fill(b, PAGE_SIZE, 1);
	env_set_cpu(1);
	expect_filled(b, PAGE_SIZE, 1); /* now in both TLBs */
	vfree(b);
	EXPECT(!kernel_mapped((vaddr_t)b));
	d = vmalloc(PAGE_SIZE);
	EXPECT(d > c);
	vmalloc_check();
	vmalloc_flush();
	vmalloc_check();
	EXPECT_EQ(vmalloc(PAGE_SIZE), b);
	fill(b, PAGE_SIZE, 77);
	env_set_cpu(0);
	expect_filled(b, PAGE_SIZE, 77);
	vfree(a);
}

TEST(many_freed_pages_flush_by_themselves)
{
	unsigned long flushes;

	boot(1);
	flushes = env_tlb_stats.kernel;
	for (int i = 0; i < 40; i++)
		vfree(vmalloc(MiB));
	EXPECT(env_tlb_stats.kernel - flushes >= 10 * nr_cpu_ids);
	EXPECT(env_tlb_stats.kernel - flushes <= 20 * nr_cpu_ids);
	EXPECT(global_node_page_state(NR_VMALLOC) <= totalram_pages() / 32);
	vmalloc_check();
}

TEST(vmap_shows_the_callers_pages_in_his_order)
{
	struct page *pages[3];
	u8 *p;

	boot(1);
	for (int i = 0; i < 3; i++)
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
	swap(pages[0], pages[2]);
	p = vmap(pages, 3, PAGE_KERNEL);
	for (int i = 0; i < 3; i++) {
		kernel_write8((vaddr_t)p + i * PAGE_SIZE, 10 + i);
		EXPECT_EQ(*(u8 *)page_address(pages[i]), 10 + i);
		EXPECT_EQ(vmalloc_to_page(p + i * PAGE_SIZE), pages[i]);
	}
	vunmap(p);
	EXPECT(!kernel_mapped((vaddr_t)p));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(page_count(pages[i]), 1); /* still the caller's */
		__free_page(pages[i]);
	}
}

TEST(ioremap_keeps_the_offset_and_needs_no_struct_page)
{
	u8 *p;

	boot(1);
	p = ioremap(0xfee00010, PAGE_SIZE);
	EXPECT_EQ((vaddr_t)p & ~PAGE_MASK, 0x10);
	EXPECT(kernel_mapped((vaddr_t)p));
	EXPECT(kernel_mapped((vaddr_t)p + PAGE_SIZE - 1));
	EXPECT(!vmalloc_to_page(p));
	iounmap(p);
	EXPECT(!kernel_mapped((vaddr_t)p));
}

static unsigned int seen;
static vaddr_t last_seen;

static void see(const struct vm_struct *area, void *arg)
{
	(void)arg;
	EXPECT(area->addr >= last_seen);
	last_seen = area->addr + area->size + PAGE_SIZE;
	seen++;
}

TEST(living_areas_are_listed_in_order)
{
	void *p[5];

	boot(1);
	for (int i = 0; i < 5; i++)
		p[i] = vmalloc((i + 1) * PAGE_SIZE);
	vfree(p[2]);
	vmalloc_for_each(see, NULL);
	EXPECT_EQ(seen, 4);
}

/* ---------------------------------------------------------------- kernel stacks */

TEST(stacks_have_guards_on_both_sides_and_are_reused)
{
	u8 *a, *b;

	boot(1);
	a = alloc_kernel_stack();
	b = alloc_kernel_stack();
	ASSERT(a && b);
	for (int i = 0; i < 2; i++) {
		vaddr_t base = (vaddr_t)(i ? b : a);

		EXPECT(kernel_mapped(base));
		EXPECT(kernel_mapped(base + KERNEL_STACK_SIZE - 1));
		EXPECT(!kernel_mapped(base - 1));
		EXPECT(!kernel_mapped(base + KERNEL_STACK_SIZE));
	}
	EXPECT(PageKstack(vmalloc_to_page(a)));
	EXPECT_EQ(global_node_page_state(NR_KERNEL_STACK_KB), 32);
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 0);
	free_kernel_stack(a);
	free_kernel_stack(NULL);
	EXPECT_EQ(global_node_page_state(NR_KERNEL_STACK_KB), 16);
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 4); /* kept, and accounted for */
	EXPECT_EQ(alloc_kernel_stack(), a);
	vmalloc_check();
}

TEST(stacks_that_other_cpus_keep_are_given_back)
{
	void *stack[4];

	boot(4);
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		env_set_cpu(cpu);
		stack[cpu] = alloc_kernel_stack();
		ASSERT(stack[cpu]);
	}
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		env_set_cpu(cpu);
		free_kernel_stack(stack[cpu]);
	}
	env_set_cpu(0);
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 16);
	drain_kernel_stacks();
	vmalloc_flush();
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 0);
	vmalloc_check();
}

TEST(stacks_may_be_freed_with_interrupts_off)
{
	void *stack[8];
	unsigned long flags;

	boot(1);
	for (int i = 0; i < 8; i++)
		stack[i] = alloc_kernel_stack();
	local_irq_save(flags);
	for (int i = 0; i < 8; i++)
		free_kernel_stack(stack[i]); /* more than are kept: nothing may be unmapped here */
	local_irq_restore(flags);
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 32);
	stack[0] = alloc_kernel_stack(); /* trims to two, and takes one of them */
	vmalloc_flush();
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), 4);
	EXPECT_EQ(global_node_page_state(NR_KERNEL_STACK_KB), 16);
}

/* ---------------------------------------------------------------- failing, misuse, model */

static void one_of_each(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *a, *b, *c, *stack;

	a = vmalloc(PMD_SIZE + PAGE_SIZE); /* two tables of the last level */
	b = page ? vmap(&page, 1, PAGE_KERNEL) : NULL;
	c = ioremap(0xfec00000, PAGE_SIZE);
	stack = alloc_kernel_stack();
	vmalloc_check();
	vfree(a);
	if (b)
		vunmap(b);
	if (c)
		iounmap(c);
	free_kernel_stack(stack);
	if (page)
		__free_page(page);
	vmalloc_flush();
	vmalloc_check();
	EXPECT_EQ(global_node_page_state(NR_VMALLOC), stack ? 4 : 0);
	buddy_check_all();
	slab_check_all();
}

TEST_WITH_TIMEOUT(every_allocation_can_fail, 300)
{
	boot(1);
	EXPECT(RUN_WITH_EVERY_ALLOCATION_FAILING(one_of_each) > 500);
}

static void free_a_middle(void)
{
	vfree((char *)vmalloc(4 * PAGE_SIZE) + PAGE_SIZE);
}

static void free_twice(void)
{
	void *p = vmalloc(PAGE_SIZE);

	vfree(p);
	vfree(p);
}

static void vfree_of_a_vmap(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	vfree(vmap(&page, 1, PAGE_KERNEL));
}

static void touch_the_guard(void)
{
	kernel_write8((vaddr_t)vmalloc(PAGE_SIZE) + PAGE_SIZE, 1);
}

TEST(misuse_is_reported)
{
	boot(1);
	EXPECT(test_expect_panic(free_a_middle, "no such area"));
	EXPECT(test_expect_panic(free_twice, "no such area"));
	EXPECT(test_expect_panic(vfree_of_a_vmap, "no such area"));
	EXPECT(test_expect_panic(touch_the_guard, NULL));
}

TEST(random_areas_keep_their_contents)
{
	enum { N = 40 };
	struct {
		u8 *p;
		size_t size;
		u8 with;
	} area[N] = { { NULL, 0, 0 } };
	struct env_snapshot before;

	boot(3);
	make_tables();
	env_snapshot(&before);
	for (unsigned long round = 0; round < test_rounds(1500); round++) {
		unsigned int i = test_random_below(N);

		env_set_cpu(test_random_below(nr_cpu_ids));
		if (area[i].p) {
			expect_filled(area[i].p, area[i].size, area[i].with);
			vfree(area[i].p);
			area[i].p = NULL;
		} else {
			area[i].size = (1 + test_random_below(12)) * PAGE_SIZE;
			area[i].with = test_random();
			area[i].p = vmalloc(area[i].size);
			ASSERT(area[i].p);
			fill(area[i].p, area[i].size, area[i].with);
		}
		if (test_chance(50))
			vmalloc_flush();
		vmalloc_check();
	}
	for (unsigned int i = 0; i < N; i++)
		vfree(area[i].p);
	vmalloc_flush();
	vmalloc_check();
	env_expect_same(&before);
}
