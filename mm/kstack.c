/* SPDX-License-Identifier: MIT */
/*
 * mm/kstack.c - kernel stacks: vmalloc'ed, with a guard page on both sides
 *
 * A stack that overflows runs into its guard and dies there, instead of in somebody else's data.  The page above is
 * the area's own guard page, the page below the previous area's.
 *
 * Each CPU keeps some stacks: a fork that follows an exit needs no new mapping and no flush.  They are linked
 * through page->private of their first pages (mm never looks into vmalloc'ed memory).  More than STACK_CACHE pile up
 * only while stacks are freed with interrupts off, where nothing can be unmapped; the next caller who may, trims.
 * In use a stack counts as KernelStack, in the cache as vmalloc'ed memory.
 *
 * Locking: the cache belongs to its CPU and is touched with interrupts off.  When memory is short each CPU is asked, by
 * an interrupt, to hand its stacks over.
 */
#include "mm_env.h"
#include <mm/mmzone.h>
#include <mm/vmalloc.h>

#define STACK_CACHE 2u

/*
 * A stack is found again by its first page, which an address of vmalloc's says only after a walk of
 * the page tables: while it waits, page->private links it to the next one and page->index is its
 * address.
 */
struct stack_cache { /* this CPU, interrupts off */
	struct page *top;
	unsigned int nr;
};

static DEFINE_PER_CPU(struct stack_cache, stack_cache);

/* The first page of a cached stack, if there are more than @keep; NULL. */
static struct page *pop_stack(unsigned int keep)
{
	struct stack_cache *cache;
	struct page *page = NULL;
	unsigned long flags;

	local_irq_save(flags);
	cache = this_cpu_ptr(&stack_cache);
	if (cache->nr > keep) {
		page = cache->top;
		cache->top = (struct page *)page->private;
		cache->nr--;
	}
	local_irq_restore(flags);
	return page;
}

static inline void *stack_of(const struct page *first_page)
{
	return (void *)first_page->index;
}

/* All pages of a stack are counted where its first one lies: the same on the way in and out. */
static void account_stack(const struct page *first_page, long sign)
{
	int nid = page_to_nid(first_page);

	mod_node_page_state(nid, NR_KERNEL_STACK_KB, sign * (long)(KERNEL_STACK_SIZE / 1024));
	mod_node_page_state(nid, NR_VMALLOC, -sign * (long)(KERNEL_STACK_SIZE / PAGE_SIZE));
}

void *alloc_kernel_stack(void)
{
	struct page *page;
	void *stack;

	while ((page = pop_stack(STACK_CACHE)))
		vfree(stack_of(page));
	page = pop_stack(0);
	if (page) {
		account_stack(page, 1);
		return stack_of(page);
	}
	stack = __vmalloc(KERNEL_STACK_SIZE, GFP_KERNEL, VM_AREA_ALLOC | VM_AREA_STACK,
			  __builtin_return_address(0));
	if (stack)
		account_stack(vmalloc_to_page(stack), 1);
	return stack;
}

void free_kernel_stack(void *stack)
{
	struct stack_cache *cache;
	struct page *page;
	unsigned long flags;
	bool atomic = irqs_disabled();

	if (!stack)
		return;
	page = vmalloc_to_page(stack);
	account_stack(page, -1);
	local_irq_save(flags);
	cache = this_cpu_ptr(&stack_cache);
	if (atomic || cache->nr < STACK_CACHE) {
		page->private = (unsigned long)cache->top;
		page->index = (unsigned long)stack;
		cache->top = page;
		cache->nr++;
		stack = NULL;
	}
	local_irq_restore(flags);
	vfree(stack);
}

/* What this CPU keeps, for the list at @arg, to which all CPUs add at once.  Interrupts off. */
static void collect_stacks(void *arg)
{
	struct page **list = arg, *page;

	while ((page = pop_stack(0))) {
		struct page *next = READ_ONCE(*list);

		do
			page->private = (unsigned long)next;
		while (!try_cmpxchg(list, &next, page));
	}
}

void drain_kernel_stacks(void)
{
	struct page *page, *list = NULL;

	on_each_cpu(collect_stacks, &list);
	while ((page = list)) {
		list = (struct page *)page->private;
		vfree(stack_of(page));
	}
}
