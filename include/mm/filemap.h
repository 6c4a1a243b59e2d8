/*
 * include/mm/filemap.h - the page cache: pages of an object, found by index
 *
 * An address_space is what a file's pages hang off: the index tree, the mappings that show it, the size that
 * decides where SIGBUS begins, and the operations of the file system.  The inode embeds it; mm never looks
 * into an inode.
 */
#ifndef MM_FILEMAP_H
#define MM_FILEMAP_H

#include <mm/gfp.h>
#include <mm/mm_types.h>
#include <mm/index_tree.h>

struct address_space_operations {
	/* readpage - fill a locked page that is not up to date; unlock when done (at once or by an interrupt) */
	int (*readpage)(struct file *file, struct page *page);
	int (*writepage)(struct page *page);
	bool (*dirty_page)(struct page *page);
	/* may a page be dropped while clean? NULL: yes. ramfs pages are never dropped by reclaim. */
	int (*releasepage)(struct page *page, gfp_t gfp);
};

#define AS_UNEVICTABLE 0x1ul /* ramfs: the cache is the only copy */
#define AS_SHMEM       0x2ul /* counted as Shmem: tmpfs */

struct address_space {
	void *host;                       /* [I] the file system's inode */
	struct index_tree tree;           /* tree_lock to write, RCU to read: pages by index */
	spinlock_t tree_lock;             /* rank LOCK_MAPPING_TREE */
	unsigned long nrpages;            /* tree_lock */
	struct rb_root_cached i_mmap;     /* i_mmap_rwsem: VMAs by page range */
	struct rw_semaphore i_mmap_rwsem; /* rank LOCK_I_MMAP */
	atomic_t i_mmap_writable;         /* VM_SHARED + VM_MAYWRITE mappings */
	u64 i_size;          /* bytes; written under the inode's lock, read atomically */
	unsigned long flags; /* AS_* */
	gfp_t gfp_mask;      /* [I] */
	const struct address_space_operations *a_ops; /* [I] */
	int wb_err;
	u64 futex_id; /* [a] kernel/futex_key.c: names the object; 0 until a futex lies in it */
};

void address_space_init(struct address_space *as, void *host,
			const struct address_space_operations *ops, unsigned long flags);
/* filemap_find_page - page at index with a reference, or NULL; lock-free to the caller */
struct page *filemap_find_page(struct address_space *as, pgoff_t index);
/* filemap_grab_page - found or new, referenced and locked, possibly not up to date; NULL on out of memory */
struct page *filemap_grab_page(struct address_space *as, pgoff_t index);
/**
 * filemap_grab_for_fault - the same for vmf->pgoff, into vmf->page; a page that is there and locked is not waited for
 *
 * Return: 0; VM_FAULT_NOPAGE when it was truncated, to be called again if it may be there; VM_FAULT_OOM; or
 *         as lock_page_or_retry.
 */
vm_fault_t filemap_grab_for_fault(struct address_space *as, struct vm_fault *vmf);
/* filemap_read_page - referenced and up to date (unlocked), reading it in if need be; ERR_PTR */
struct page *filemap_read_page(struct file *file, struct address_space *as, pgoff_t index);
int filemap_add_page(struct address_space *as, struct page *page,
		     pgoff_t index); /* locked page; -EEXIST, -ENOMEM */
/* truncate_pagecache - i_size is new_size already: unmap and drop what lies beyond; zeroes the last page's tail */
void truncate_pagecache(struct address_space *as, u64 new_size);
void truncate_range(struct address_space *as, pgoff_t first,
		    pgoff_t last); /* [first, last] whole pages */
void unmap_mapping_range(struct address_space *as, pgoff_t first, pgoff_t last, bool even_cows);
/* adopt_page - boot: a frame whose content is file data already becomes a cache page */
int filemap_adopt_page(struct address_space *as, struct page *page, pgoff_t index);

extern const struct vm_operations_struct generic_file_vm_ops;
/* its two operations, for mappings of other objects whose pages are cached (vma_mapping) */
vm_fault_t filemap_fault(struct vm_fault *vmf);
#define FAULT_AROUND_PAGES 16UL /* at most, for map_pages; aligned, so within one table */
vm_fault_t filemap_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last);
int generic_file_mmap(struct file *file, struct vm_area_struct *vma);

void lock_page(struct page *page);
bool trylock_page(struct page *page);
void unlock_page(struct page *page);
void wait_on_page_locked(struct page *page);
bool set_page_dirty(struct page *page);

#endif
