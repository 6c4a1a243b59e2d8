/* SPDX-License-Identifier: MIT */
/*
 * mm/special.c - pages of the kernel's own in a user's view: [vdso], [vvar]
 *
 * Such a mapping is neither file nor anonymous: its pages exist already and belong to nobody's page cache.  Each
 * user that maps one takes a reference.  It can be moved and unmapped, but not grown and not merged
 * (VM_DONTEXPAND).
 *
 * Sources: vdso(7); Linux, _install_special_mapping.
 */
#include "mm_env.h"
#include <mm/vma.h>

static vm_fault_t special_mapping_fault(struct vm_fault *vmf)
{
	const struct vm_special_mapping *spec = vmf->vma->vm_private_data;
	struct page **pages = spec->pages;
	pgoff_t left = vmf->pgoff;

	while (left && *pages) {
		left--;
		pages++;
	}
	if (!*pages)
		return VM_FAULT_SIGBUS;
	get_page(*pages);
	lock_page(*pages);
	vmf->page = *pages;
	return VM_FAULT_LOCKED;
}

static const char *special_mapping_name(struct vm_area_struct *vma)
{
	const struct vm_special_mapping *spec = vma->vm_private_data;

	return spec->name;
}

static const struct vm_operations_struct special_mapping_vm_ops = {
	.fault = special_mapping_fault,
	.name = special_mapping_name,
};

/**
 * install_special_mapping - show @spec's pages at @addr
 * @addr:     page aligned; the range [addr, addr + len) is free
 * @vm_flags: VM_READ | VM_EXEC | VM_MAY* ...
 * @spec:     lives as long as any mapping
 *
 * Return: 0, or -ENOMEM.
 * Locks:  mmap_lock for write.
 */
int install_special_mapping(struct mm_struct *mm, vaddr_t addr, size_t len, unsigned long vm_flags,
			    const struct vm_special_mapping *spec)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return -ENOMEM;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags | mm->def_flags | VM_DONTEXPAND;
	vma->vm_flags &= ~VM_LOCKED;
	vma->vm_ops = &special_mapping_vm_ops;
	vma->vm_private_data = (void *)spec;
	vma_set_page_prot(vma);
	if (insert_vm_struct(mm, vma)) {
		vm_area_free(vma);
		return -ENOMEM;
	}
	vm_stat_account(mm, vma->vm_flags, len >> PAGE_SHIFT);
	return 0;
}
