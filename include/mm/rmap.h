/* SPDX-License-Identifier: MIT */
/*
 * include/mm/rmap.h - from a page to the page-table entries that map it
 *
 *     anonymous   page->mapping = anon_vma | 1 --> interval tree of anon_vma_chains --> VMAs that may map it
 *     file        page->mapping = address_space --> i_mmap, interval tree of VMAs
 *
 * and in each VMA the address follows from page->index.  mm/rmap.c tells how the chains grow by
 * fork.
 */
#ifndef MM_RMAP_H
#define MM_RMAP_H

#include <mm/mm_types.h>
#include <mm/mmzone.h>

struct address_space;

/*
 * One anon_vma per VMA that owns anonymous pages, or shared by neighbours and close relatives.
 * [R] the root's rwsem; [m] also mmap_lock for write; [I] set once.
 */
struct anon_vma {
	struct anon_vma *root;     /* [I] oldest ancestor: its rwsem covers the whole family */
	struct anon_vma *parent;   /* [I] whose VMA was forked to make ours */
	struct rw_semaphore rwsem; /* of a root; rank LOCK_ANON_VMA */
	atomic_t
		refcount; /* one for being linked, one per descendant (on the root), one per temporary user */
	unsigned long
		num_children; /* [R] anon_vmas whose parent is this one; a root counts itself */
	unsigned long num_active_vmas; /* [R] VMAs with vma->anon_vma == this */
	struct rb_root_cached rb_root; /* [R] anon_vma_chains by page index */
};

/* VMA and anon_vma are related n to m; this is one pair. */
struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct list_head same_vma; /* [m][R] in vma->anon_vma_chain */
	struct rb_node rb;         /* [R] in anon_vma->rb_root */
	pgoff_t rb_subtree_last;
};

/**
 * anon_vma_prepare - see that @vma has an anon_vma before its first anonymous page
 *
 * Takes a neighbour's where the two could be merged later, else a new one.
 * Return: 0, or -ENOMEM.
 * Locks:  mmap_lock, read suffices: the pointer is set under page_table_lock.  Sleeps.
 */
int anon_vma_prepare(struct vm_area_struct *vma);

/**
 * anon_vma_clone - chain @dst to every anon_vma that @src is chained to
 *
 * For split, merge and mremap set dst->anon_vma = src->anon_vma first, and dst's vm_start, vm_end,
 * vm_pgoff.  With dst->anon_vma NULL (fork) it may be set to an anon_vma of the chain that has at
 * most one child and no VMA.
 *
 * Return: 0, or -ENOMEM with @dst chained to nothing and dst->anon_vma NULL.
 * Locks:  mmap_lock for write.  Sleeps.
 */
int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
/*
 * anon_vma_fork - the child's chain: the parent's, plus an anon_vma of its own.  0 or -ENOMEM, as
 * clone.
 */
int anon_vma_fork(struct vm_area_struct *dst, struct vm_area_struct *parent);
/* unlink_anon_vmas - @vma leaves all its anon_vmas; those that nobody uses any more are freed */
void unlink_anon_vmas(struct vm_area_struct *vma);

/*
 * The file side: @vma joins or leaves its file's i_mmap.  Nothing happens when the VMA has no file
 * or the file no address_space.  VMAs are linked after they are in the mm's tree and unlinked
 * before their tables are freed.
 * Locks: mmap_lock for write; takes i_mmap_rwsem.
 */
void vma_link_file(struct vm_area_struct *vma);
void vma_unlink_file(struct vm_area_struct *vma);

/*
 * Changing vm_start, vm_end or vm_pgoff of VMAs that the reverse map knows: the interval trees are
 * ordered by them, so the trees are told, all under the locks of both.  Of two VMAs one at most may begin at
 * another page than before.
 *
 *     vma_adjust_lock(&adj, vma, second);	at most two VMAs of one file and one anon_vma family; second may be NULL
 *     ... change the bounds ...
 *     vma_adjust_trees(&adj);
 *     vma_adjust_link(&adj, new);		split: the new part joins i_mmap under the same lock
 *     vma_adjust_unlink(&adj, victim);	merge: a VMA that was swallowed leaves i_mmap (it is neither vma nor second)
 *     vma_adjust_unlock(&adj);
 *
 * Whatever allocates comes before: anon_vma_clone(new, vma) for a split, anon_vma_clone(vma,
 * victim) for a merge where only the victim has an anon_vma.  A victim is unlink_anon_vmas'ed after
 * the unlock.
 */
struct vma_adjust {
	struct vm_area_struct *vma[2];
	pgoff_t pgoff[2]; /* where they began */
	struct address_space *mapping;
	struct anon_vma *anon_vma; /* whose root is locked */
};
void vma_adjust_lock(struct vma_adjust *adj, struct vm_area_struct *vma,
		     struct vm_area_struct *second);
void vma_adjust_trees(struct vma_adjust *adj);
void vma_adjust_link(struct vma_adjust *adj, struct vm_area_struct *vma);
void vma_adjust_unlink(struct vma_adjust *adj, struct vm_area_struct *vma);
void vma_adjust_unlock(struct vma_adjust *adj);

/* page_anon_vma - of an anonymous page; stable while the page is mapped or locked */
static inline struct anon_vma *page_anon_vma(const struct page *page)
{
	return (struct anon_vma *)((unsigned long)READ_ONCE(page->mapping) & ~PAGE_MAPPING_ANON);
}

/*
 * A PTE is about to map the page (PTE lock held), or does so no longer.  The first mapping and the
 * last move NR_ANON_MAPPED or NR_FILE_MAPPED; range operations sum those up in a struct rmap_batch.
 */
void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma, vaddr_t addr);
void page_add_file_rmap(struct page *page);
void page_remove_rmap(struct page *page);

struct rmap_batch {
	unsigned long node_bits; /* of page->flags: the node that the counts are for */
	long anon, file;         /* pages that lost their last mapping */
};

void rmap_batch_apply(struct rmap_batch *batch);
/* rmap_batch_switch - the counts so far are applied, and those for the node of @page begin */
void rmap_batch_switch(struct rmap_batch *batch, const struct page *page);

static inline void page_remove_rmap_batched(struct page *page, bool anon, struct rmap_batch *batch)
{
	VM_BUG_ON(!page_mapped(page));
	if (atomic_dec_return(&page->_mapcount) >= 0)
		return;
	if (unlikely((page->flags ^ batch->node_bits) & (PAGE_NODE_MASK << PAGE_NODE_SHIFT)))
		rmap_batch_switch(batch, page);
	if (anon)
		batch->anon++;
	else
		batch->file++;
}
/* page_dup_rmap - fork: one more PTE maps a page that is mapped already */
static inline void page_dup_rmap(struct page *page) { atomic_inc(&page->_mapcount); }

/* page_vma_address - where @page would be mapped in @vma; false when outside of it */
bool page_vma_address(const struct page *page, const struct vm_area_struct *vma, vaddr_t *addr);

/**
 * rmap_walk - call @one for every PTE position at which @page could be mapped
 * @one: called with the tree's lock held for read; checks the PTE itself; false ends the walk
 *
 * Locks: @page locked, or mapped and kept so.  Takes i_mmap_rwsem or the anon_vma's lock for read.
 *        Sleeps.
 */
void rmap_walk(struct page *page,
	       bool (*one)(struct page *page, struct vm_area_struct *vma, vaddr_t addr, void *arg),
	       void *arg);

/* i_mmap as an interval tree; i_mmap_rwsem held, for write to insert, remove and update */
void vma_interval_tree_insert(struct vm_area_struct *vma, struct rb_root_cached *root);
void vma_interval_tree_remove(struct vm_area_struct *vma, struct rb_root_cached *root);
void vma_interval_tree_update(struct vm_area_struct *vma, struct rb_root_cached *root, bool moved);
/* its VMAs that show any of pages [first, last] */
struct vm_area_struct *vma_interval_tree_iter_first(struct rb_root_cached *root, pgoff_t first,
						    pgoff_t last);
struct vm_area_struct *vma_interval_tree_iter_next(struct vm_area_struct *vma, pgoff_t first,
						   pgoff_t last);

/* Walk a file's mappings: for (vma ...; of the pages first..last) */
#define vma_interval_tree_foreach(vma, root, first, last)                \
	for (vma = vma_interval_tree_iter_first(root, first, last); vma; \
	     vma = vma_interval_tree_iter_next(vma, first, last))

#endif
