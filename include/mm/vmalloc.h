/* SPDX-License-Identifier: MIT */
/*
 * include/mm/vmalloc.h - contiguous kernel addresses over scattered frames
 *
 * Nothing here may be called from an interrupt; all but free_kernel_stack() may sleep.
 */
#ifndef MM_VMALLOC_H
#define MM_VMALLOC_H

#include <mm/gfp.h>
#include <mm/page.h>

#define VM_AREA_ALLOC   1u /* pages belong to the area */
#define VM_AREA_MAP     2u /* vmap: pages belong to the caller */
#define VM_AREA_IOREMAP 4u
#define VM_AREA_STACK   8u
#define VM_AREA_LAZY    16u /* unmapped; the addresses wait for the TLB flush */

/* [V] vmap_lock; [I] set before the area can be found. */
struct vm_struct {
	struct rb_node rb; /* [V] by address */
	vaddr_t addr;      /* [I] bytes; the guard page follows addr + size */
	size_t size;       /* [I] bytes, whole pages */
	size_t gap;        /* [V] bytes free between the previous area's guard page and this area */
	size_t subtree_gap;    /* [V] largest gap in the subtree */
	unsigned int flags;    /* [V] VM_AREA_* */
	unsigned int nr_pages; /* [I] */
	struct page **pages;   /* [I] NULL for ioremap */
	paddr_t phys_addr;     /* [I] ioremap */
	const void *caller;    /* [I] return address of who asked for it */
	struct list_head lazy; /* [V] waiting for the flush */
};

void vmalloc_init(void); /* after kmem_cache_init */
/* Pages of order 0 and their tables, at once.  Contents undefined (vmalloc) or zero.  NULL when out of memory. */
void *vmalloc(size_t size);
void *vzalloc(size_t size);
/* __vmalloc - the same, for an area of kind @flags (VM_AREA_ALLOC and more), asked for by @caller */
void *__vmalloc(size_t size, gfp_t gfp, unsigned int flags, const void *caller);
void vfree(const void *addr); /* NULL is fine */
/* vmap - the caller's pages, which stay the caller's */
void *vmap(struct page **pages, unsigned int nr, pgprot_t prot);
void vunmap(const void *addr);
void *ioremap(paddr_t phys, size_t size); /* uncached; any byte address; NULL when out of memory */
void iounmap(const void *addr);

/**
 * alloc_kernel_stack - KERNEL_STACK_SIZE bytes with an unmapped page below and above
 *
 * Contents undefined: a few stacks per CPU are kept for reuse.
 * Return: the lowest byte; NULL when out of memory.
 */
void *alloc_kernel_stack(void);
/* free_kernel_stack - also with interrupts off, as the scheduler calls it for a task that has ended */
void free_kernel_stack(void *stack);
/* drain_kernel_stacks - the stacks that the CPUs keep, back to vmalloc; interrupts on, no spinlock held */
void drain_kernel_stacks(void);
#define KERNEL_STACK_SIZE 16384UL

struct page *vmalloc_to_page(const void *addr); /* NULL where nothing is mapped */
bool is_vmalloc_addr(const void *addr);
/* vmalloc_for_each - every live area, ascending; fn runs under a spinlock */
void vmalloc_for_each(void (*fn)(const struct vm_struct *area, void *arg), void *arg);
/* vmalloc_flush - flush the lazy areas and forget them; exact counts for tests */
void vmalloc_flush(void);
void vmalloc_check(void);

#endif
