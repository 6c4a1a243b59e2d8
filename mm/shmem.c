/* SPDX-License-Identifier: MIT */
/*
 * mm/shmem.c - shared anonymous memory: MAP_SHARED | MAP_ANONYMOUS
 *
 * Memory that several processes see needs an object that its pages belong to, since no single address space owns
 * them.  Each such mmap creates one: an address_space without a file, as large as the mapping.  fork, split and
 * mremap give further VMAs a reference; with the last VMA the pages go.
 *
 *     VMA (parent) --+
 *     VMA (child)  --+--> struct anon_shmem { address_space; refcount } --> pages by index
 *     VMA (split)  --+
 *
 * The pages are page-cache pages of a mapping marked AS_SHMEM: swap-backed and counted as Shmem.  A page comes to be,
 * cleared, with the first fault on it.  Past the object's size (a mapping grown by mremap) is SIGBUS.
 *
 * The whole size is charged when the object is made and given back when it goes: whoever faults a page, it has been
 * promised.
 *
 * Locking: the refcount is atomic; pages and tree as in filemap.c.
 * Sources: mmap(2); Linux shmem_zero_setup.
 */
#include "mm_env.h"
#include <mm/slab.h>
#include <mm/vma.h>

struct anon_shmem {
	struct address_space mapping;
	atomic_t refcount;     /* VMAs */
	unsigned long charged; /* pages */
};

static inline struct anon_shmem *to_anon_shmem(struct address_space *mapping)
{
	return container_of(mapping, struct anon_shmem, mapping);
}

/* There is nowhere to write a page to, so dirty means only: not all zero. */
static bool shmem_dirty_page(struct page *page)
{
	if (PageDirty(page))
		return false;
	SetPageDirty(page);
	return true;
}

static const struct address_space_operations shmem_aops = {
	.dirty_page = shmem_dirty_page,
};

static vm_fault_t shmem_fault(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_private_data;
	vm_fault_t fail;
	void *addr;

	if (vmf->pgoff >= mapping->i_size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	do
		fail = filemap_grab_for_fault(mapping, vmf);
	while (unlikely(
		fail ==
		VM_FAULT_NOPAGE)); /* MADV_REMOVE took it away: another one comes in its place */
	if (unlikely(fail))
		return fail;
	if (!PageUptodate(vmf->page)) {
		addr = kmap_local_page(vmf->page);
		clear_page(addr);
		kunmap_local(addr);
		SetPageUptodate(vmf->page);
	}
	return VM_FAULT_LOCKED;
}

/* What Linux shows: its shared anonymous memory is a file on an invisible tmpfs, made by way of /dev/zero. */
static const char *shmem_name(struct vm_area_struct *vma)
{
	(void)vma;
	return "/dev/zero (deleted)";
}

const struct vm_operations_struct anon_shmem_vm_ops = {
	.fault = shmem_fault,
	.name = shmem_name,
};

/**
 * shmem_zero_setup - give @vma a fresh object of its size
 *
 * Return: 0, or -ENOMEM with @vma unchanged.
 */
int shmem_zero_setup(struct vm_area_struct *vma)
{
	unsigned long charge = vma->vm_flags & VM_NORESERVE ? 0 : vma_pages(vma);
	struct anon_shmem *shm;

	if (vm_enough_memory(charge, false))
		return -ENOMEM;
	shm = kzalloc(sizeof(*shm), GFP_KERNEL);
	if (!shm) {
		vm_unacct_memory(charge);
		return -ENOMEM;
	}
	address_space_init(&shm->mapping, shm, &shmem_aops, AS_SHMEM);
	shm->mapping.i_size = vma->vm_end - vma->vm_start;
	atomic_set(&shm->refcount, 1);
	shm->charged = charge;
	vma->vm_private_data = &shm->mapping;
	vma->vm_ops = &anon_shmem_vm_ops;
	return 0;
}

void shmem_get(struct address_space *mapping)
{
	atomic_inc(&to_anon_shmem(mapping)->refcount);
}

/* shmem_put - one VMA fewer, already out of i_mmap; the last takes pages and object with it.  Sleeps. */
void shmem_put(struct address_space *mapping)
{
	struct anon_shmem *shm = to_anon_shmem(mapping);

	if (!atomic_dec_and_test(&shm->refcount))
		return;
	truncate_range(mapping, 0, ~0UL);
	BUG_ON(mapping->nrpages);
	vm_unacct_memory(shm->charged);
	kfree(shm);
}
