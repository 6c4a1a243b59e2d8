/* SPDX-License-Identifier: MIT */
/*
 * mm/rmap.c - reverse map: all the places where a page may be mapped
 *
 * A file's page is easy: the file's i_mmap holds every VMA that shows it.  An anonymous page has no
 * file, only the VMA in which it was born, and after forks, splits and merges the VMAs that may map
 * it are many.  They are found by anon_vma.  Each VMA that owns anonymous pages has one; a page
 * remembers the anon_vma of the VMA it was born in; and a VMA is chained to its own anon_vma and to
 * those of all its ancestors, because it may map pages born there:
 *
 *     parent VMA P   owns A        A.tree: P, C, G       pages born in P: mapped by P, C or G
 *     child C        owns B        B.tree: C, G          pages born in C: mapped by C or G
 *     grandchild G   owns D        D.tree: G             pages born in G: by G alone
 *
 * One link, struct anon_vma_chain, is on the VMA's list and in the anon_vma's interval tree at
 * once.
 *
 * A daemon that forks, exits in the parent, forks again ... would make the chains grow for ever,
 * although only one process lives.  The degree rule stops that: a forked VMA does not get an
 * anon_vma of its own but takes over one of the chain that has no VMA of its own left and at most
 * one child.  A new one is made only when every other has an owner or two children, so a family has
 * at most twice as many anon_vmas as it ever had VMAs at one time.
 *
 * Invariants (mm_check() and the unit tests verify them):
 *   R1  every chain of a VMA is to anon_vmas of one root; vma->anon_vma, when set, is among them;
 *   R2  an anon_vma's tree holds exactly the VMAs chained to it, each at its page interval;
 *   R3  num_active_vmas counts VMAs whose vma->anon_vma it is; num_children its direct descendants, a root
 *       counting itself;
 *   R4  a mapped anonymous page is found by rmap_walk in every PTE that maps it.
 *
 * Locking: the root's rwsem covers trees and counts of the whole family, so a VMA with a long chain
 * takes one lock.  vma->anon_vma is set once, under page_table_lock, by a fault that holds
 * mmap_lock for read; all else changes under mmap_lock for write.
 *
 * Sources: van Riel 2010 (anon_vma chains), Forlin and others 2014 (the degree rule); Linux,
 * mm/rmap.c.
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/slab.h>
#include <lib/interval_tree.h>

static struct kmem_cache *anon_vma_cache, *anon_vma_chain_cache;

/* The pages of its object that a VMA shows: its interval in both trees. */
static inline pgoff_t vma_start_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static inline pgoff_t vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

static inline pgoff_t avc_start_pgoff(const struct anon_vma_chain *avc)
{
	return vma_start_pgoff(avc->vma);
}

static inline pgoff_t avc_last_pgoff(const struct anon_vma_chain *avc)
{
	return vma_last_pgoff(avc->vma);
}

INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb, pgoff_t, shared.rb_subtree_last,
		     vma_start_pgoff, vma_last_pgoff, , vma_interval_tree)
INTERVAL_TREE_DEFINE(struct anon_vma_chain, rb, pgoff_t, rb_subtree_last, avc_start_pgoff,
		     avc_last_pgoff, static inline, anon_vma_tree)

/* --- life of an anon_vma --- */

static struct anon_vma *anon_vma_alloc(void)
{
	struct anon_vma *av = kmem_cache_alloc(anon_vma_cache, GFP_KERNEL);

	if (!av)
		return NULL;
	init_rwsem(&av->rwsem, LOCK_ANON_VMA);
	atomic_set(&av->refcount, 1);
	av->root = av;
	av->parent = av;
	av->num_children = 0;
	av->num_active_vmas = 0;
	av->rb_root = RB_ROOT_CACHED;
	return av;
}

static void put_anon_vma(struct anon_vma *av)
{
	struct anon_vma *root = av->root;

	if (!atomic_dec_and_test(&av->refcount))
		return;
	if (root != av)
		put_anon_vma(root); /* its reference for this descendant */
	kmem_cache_free(anon_vma_cache, av);
}

static void chain_link(struct anon_vma_chain *avc, struct vm_area_struct *vma, struct anon_vma *av)
{
	avc->vma = vma;
	avc->anon_vma = av;
	list_add(&avc->same_vma, &vma->anon_vma_chain);
	anon_vma_tree_insert(avc, &av->rb_root);
}

/* Same mapping but for where it lies and what mprotect may change: the two could become one VMA. */
static bool anon_vma_compatible(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_end == b->vm_start && a->vm_file == b->vm_file && a->vm_ops == b->vm_ops &&
	       !((a->vm_flags ^ b->vm_flags) & ~(VM_ACCESS_FLAGS | VM_SOFTDIRTY)) &&
	       b->vm_pgoff == a->vm_pgoff + vma_pages(a);
}

/*
 * A VMA that was never forked: its anon_vma may serve a neighbour without widening anyone's search.
 */
static struct anon_vma *reusable_anon_vma(const struct vm_area_struct *from)
{
	struct anon_vma *av = READ_ONCE(from->anon_vma);

	return av && list_is_singular(&from->anon_vma_chain) ? av : NULL;
}

static struct anon_vma *find_mergeable_anon_vma(const struct vm_area_struct *vma)
{
	const struct vm_area_struct *near = vma->vm_next;
	struct anon_vma *av = NULL;

	if (near && anon_vma_compatible(vma, near))
		av = reusable_anon_vma(near);
	near = vma->vm_prev;
	if (!av && near && anon_vma_compatible(near, vma))
		av = reusable_anon_vma(near);
	return av;
}

int anon_vma_prepare(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct anon_vma_chain *avc = kmem_cache_alloc(anon_vma_chain_cache, GFP_KERNEL);
	struct anon_vma *av, *fresh = NULL;

	assert_rwsem_held(&mm->mmap_lock);
	if (!avc)
		return -ENOMEM;
	av = find_mergeable_anon_vma(vma);
	if (!av) {
		av = fresh = anon_vma_alloc();
		if (!av)
			goto out_free_chain;
		av->num_children = 1; /* itself */
	}

	/* Commit, unless another fault of this mm was faster. */
	down_write(&av->root->rwsem);
	spin_lock(&mm->page_table_lock);
	if (!vma->anon_vma) {
		chain_link(avc, vma, av);
		av->num_active_vmas++;
		smp_store_release(&vma->anon_vma, av);
		avc = NULL;
		fresh = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	up_write(&av->root->rwsem);

	if (fresh)
		put_anon_vma(fresh);
	if (avc)
		kmem_cache_free(anon_vma_chain_cache, avc);
	return 0;

out_free_chain:
	kmem_cache_free(anon_vma_chain_cache, avc);
	return -ENOMEM;
}

/*
 * The neighbours are looked at, which the VMA's own lock does not keep.  Waiting for mmap_lock with a VMA locked
 * could be for a writer that waits for just this VMA; so it is only tried for.
 */
vm_fault_t __vmf_anon_prepare(struct vm_fault *vmf)
{
	struct rw_semaphore *mmap_lock = &vmf->mm->mmap_lock;
	bool vma_lock = vmf->flags & FAULT_FLAG_VMA_LOCK;
	int err;

	if (vma_lock && !down_read_trylock(mmap_lock)) {
		release_fault_lock(vmf);
		return VM_FAULT_RETRY;
	}
	err = anon_vma_prepare(vmf->vma);
	if (vma_lock)
		up_read(mmap_lock);
	return err ? VM_FAULT_OOM : 0;
}

/*
 * Prepare: all links that the chain needs, on a list of their own, so that the tree work below
 * cannot fail.
 */
static int alloc_chains(struct list_head *fresh, unsigned long n)
{
	while (n--) {
		struct anon_vma_chain *avc = kmem_cache_alloc(anon_vma_chain_cache, GFP_KERNEL);

		if (!avc)
			return -ENOMEM;
		list_add(&avc->same_vma, fresh);
	}
	return 0;
}

static void free_chains(struct list_head *fresh)
{
	struct anon_vma_chain *avc, *next;

	list_for_each_entry_safe(avc, next, fresh, same_vma)
		kmem_cache_free(anon_vma_chain_cache, avc);
}

static struct anon_vma_chain *take_chain(struct list_head *fresh)
{
	struct anon_vma_chain *avc = list_first_entry(fresh, struct anon_vma_chain, same_vma);

	list_del(&avc->same_vma);
	return avc;
}

static unsigned long chain_length(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	unsigned long n = 0;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		n++;
	return n;
}

/*
 * May a forked VMA take this anon_vma over as its own?  No living VMA owns it, so no page is born
 * into it by anyone else, and with at most one child a walk of its tree meets no more VMAs than
 * that child's would.
 */
static bool anon_vma_is_abandoned(const struct anon_vma *av)
{
	return av->num_children < 2 && av->num_active_vmas == 0;
}

/*
 * Commit: @dst joins every tree @src is in.  Parents are met first, so that list_add keeps @src's
 * order.
 */
static void clone_chains(struct vm_area_struct *dst, struct vm_area_struct *src,
			 struct list_head *fresh)
{
	struct anon_vma *root = NULL;
	struct anon_vma_chain *pavc;

	list_for_each_entry_reverse(pavc, &src->anon_vma_chain, same_vma) {
		struct anon_vma *av = pavc->anon_vma;

		if (!root) {
			root = av->root;
			down_write(&root->rwsem);
		}
		VM_BUG_ON(av->root != root);
		chain_link(take_chain(fresh), dst, av);
		if (!dst->anon_vma && src->anon_vma && anon_vma_is_abandoned(av))
			dst->anon_vma = av;
	}
	if (dst->anon_vma)
		dst->anon_vma->num_active_vmas++;
	if (root)
		up_write(&root->rwsem);
}

int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	LIST_HEAD(fresh);

	VM_BUG_ON(!list_empty(&dst->anon_vma_chain));
	if (alloc_chains(&fresh, chain_length(src))) {
		free_chains(&fresh);
		dst->anon_vma = NULL;
		return -ENOMEM;
	}
	clone_chains(dst, src, &fresh);
	return 0;
}

int anon_vma_fork(struct vm_area_struct *dst, struct vm_area_struct *parent)
{
	struct anon_vma *av;
	LIST_HEAD(fresh);

	dst->anon_vma = NULL;
	if (!parent->anon_vma)
		return 0;

	/*
	 * Prepare for the longer case: a link to each of the parent's, one to an anon_vma of our
	 * own.
	 */
	av = anon_vma_alloc();
	if (!av)
		return -ENOMEM;
	if (alloc_chains(&fresh, chain_length(parent) + 1)) {
		free_chains(&fresh);
		put_anon_vma(av);
		return -ENOMEM;
	}

	clone_chains(dst, parent, &fresh);
	if (dst->anon_vma) { /* an abandoned one serves */
		free_chains(&fresh);
		put_anon_vma(av);
		return 0;
	}
	av->root = parent->anon_vma->root;
	av->parent = parent->anon_vma;
	atomic_inc(&av->root->refcount);
	av->num_active_vmas = 1;
	down_write(&av->root->rwsem);
	chain_link(take_chain(&fresh), dst, av);
	av->parent->num_children++;
	dst->anon_vma = av;
	up_write(&av->root->rwsem);
	return 0;
}

void unlink_anon_vmas(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc, *next;
	struct anon_vma *root = NULL;

	if (list_empty(&vma->anon_vma_chain))
		return;
	root = list_first_entry(&vma->anon_vma_chain, struct anon_vma_chain, same_vma)
		       ->anon_vma->root;
	atomic_inc(&root->refcount);
	down_write(&root->rwsem);
	if (vma->anon_vma) {
		vma->anon_vma->num_active_vmas--;
		vma->anon_vma = NULL;
	}
	/*
	 * Children come before parents on the list: each is counted out of its parent while that
	 * still exists.
	 */
	list_for_each_entry_safe(avc, next, &vma->anon_vma_chain, same_vma) {
		struct anon_vma *av = avc->anon_vma;

		VM_BUG_ON(av->root != root);
		anon_vma_tree_remove(avc, &av->rb_root);
		list_del(&avc->same_vma);
		kmem_cache_free(anon_vma_chain_cache, avc);
		if (!RB_EMPTY_ROOT(&av->rb_root.rb_root))
			continue;
		av->parent->num_children--;
		VM_BUG_ON(av->num_active_vmas);
		put_anon_vma(av); /* never the last one of the root: we hold one */
	}
	up_write(&root->rwsem);
	put_anon_vma(root);
}

/* --- i_mmap --- */

static void i_mmap_insert(struct vm_area_struct *vma, struct address_space *mapping)
{
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE))
		atomic_inc(&mapping->i_mmap_writable);
	vma_interval_tree_insert(vma, &mapping->i_mmap);
}

static void i_mmap_remove(struct vm_area_struct *vma, struct address_space *mapping)
{
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE))
		atomic_dec(&mapping->i_mmap_writable);
	vma_interval_tree_remove(vma, &mapping->i_mmap);
}

void vma_link_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma_mapping(vma);

	if (!mapping)
		return;
	down_write(&mapping->i_mmap_rwsem);
	i_mmap_insert(vma, mapping);
	up_write(&mapping->i_mmap_rwsem);
}

void vma_unlink_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma_mapping(vma);

	if (!mapping)
		return;
	down_write(&mapping->i_mmap_rwsem);
	i_mmap_remove(vma, mapping);
	up_write(&mapping->i_mmap_rwsem);
}

/* --- changing the interval of a VMA that the trees know --- */

static struct anon_vma *chain_root(const struct vm_area_struct *vma)
{
	if (!vma || list_empty(&vma->anon_vma_chain))
		return NULL;
	return list_first_entry(&vma->anon_vma_chain, struct anon_vma_chain, same_vma)
		->anon_vma->root;
}

void vma_adjust_lock(struct vma_adjust *adj, struct vm_area_struct *vma,
		     struct vm_area_struct *second)
{
	adj->vma[0] = vma;
	adj->vma[1] = second;
	adj->pgoff[0] = vma->vm_pgoff;
	adj->pgoff[1] = second ? second->vm_pgoff : 0;
	adj->mapping = vma_mapping(vma);
	adj->anon_vma = chain_root(vma) ? chain_root(vma) : chain_root(second);
	VM_BUG_ON(chain_root(second) && chain_root(second) != adj->anon_vma);
	assert_rwsem_held_write(&vma->vm_mm->mmap_lock);

	if (adj->mapping)
		down_write(&adj->mapping->i_mmap_rwsem);
	if (adj->anon_vma)
		down_write(&adj->anon_vma->rwsem);
}

void vma_adjust_trees(struct vma_adjust *adj)
{
	for (int i = 0; i < 2 && adj->vma[i]; i++) {
		struct vm_area_struct *vma = adj->vma[i];
		const bool moved = vma->vm_pgoff != adj->pgoff[i];
		struct anon_vma_chain *avc;

		if (adj->mapping)
			vma_interval_tree_update(vma, &adj->mapping->i_mmap, moved);
		list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
			anon_vma_tree_update(avc, &avc->anon_vma->rb_root, moved);
	}
}

void vma_adjust_link(struct vma_adjust *adj, struct vm_area_struct *vma)
{
	if (adj->mapping)
		i_mmap_insert(vma, adj->mapping);
}

void vma_adjust_unlink(struct vma_adjust *adj, struct vm_area_struct *vma)
{
	if (adj->mapping)
		i_mmap_remove(vma, adj->mapping);
}

void vma_adjust_unlock(struct vma_adjust *adj)
{
	if (adj->anon_vma)
		up_write(&adj->anon_vma->rwsem);
	if (adj->mapping)
		up_write(&adj->mapping->i_mmap_rwsem);
}

/* --- pages --- */

void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma, vaddr_t addr)
{
	VM_BUG_ON(page_mapped(page) || page->mapping || !vma->anon_vma);
	__SetPageSwapBacked(page);
	page->index = linear_page_index(vma, addr);
	page->mapping = (struct address_space *)((unsigned long)vma->anon_vma | PAGE_MAPPING_ANON);
	atomic_set(&page->_mapcount, 0);
	mod_node_page_state(page_to_nid(page), NR_ANON_MAPPED, 1);
}

void page_add_file_rmap(struct page *page)
{
	if (!atomic_inc_return(&page->_mapcount))
		mod_node_page_state(page_to_nid(page), NR_FILE_MAPPED, 1);
}

void rmap_batch_apply(struct rmap_batch *batch)
{
	int nid = (batch->node_bits >> PAGE_NODE_SHIFT) & PAGE_NODE_MASK;

	if (batch->anon)
		mod_node_page_state(nid, NR_ANON_MAPPED, -batch->anon);
	if (batch->file)
		mod_node_page_state(nid, NR_FILE_MAPPED, -batch->file);
	batch->anon = batch->file = 0;
}

void rmap_batch_switch(struct rmap_batch *batch, const struct page *page)
{
	rmap_batch_apply(batch);
	batch->node_bits = page->flags;
}

void page_remove_rmap(struct page *page)
{
	VM_BUG_ON(!page_mapped(page));
	if (atomic_dec_return(&page->_mapcount) < 0)
		mod_node_page_state(page_to_nid(page),
				    PageAnon(page) ? NR_ANON_MAPPED : NR_FILE_MAPPED, -1);
}

bool page_vma_address(const struct page *page, const struct vm_area_struct *vma, vaddr_t *addr)
{
	pgoff_t index = page->index;

	if (index < vma_start_pgoff(vma) || index > vma_last_pgoff(vma))
		return false;
	*addr = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);
	return true;
}

static void rmap_walk_anon(struct page *page,
			   bool (*one)(struct page *page, struct vm_area_struct *vma, vaddr_t addr,
				       void *arg),
			   void *arg)
{
	struct anon_vma *av = page_anon_vma(page);
	struct anon_vma_chain *avc;
	vaddr_t addr;

	down_read(&av->root->rwsem);
	for (avc = anon_vma_tree_iter_first(&av->rb_root, page->index, page->index); avc;
	     avc = anon_vma_tree_iter_next(avc, page->index, page->index)) {
		if (page_vma_address(page, avc->vma, &addr) && !one(page, avc->vma, addr, arg))
			break;
	}
	up_read(&av->root->rwsem);
}

static void rmap_walk_file(struct page *page,
			   bool (*one)(struct page *page, struct vm_area_struct *vma, vaddr_t addr,
				       void *arg),
			   void *arg)
{
	struct address_space *mapping = page->mapping;
	struct vm_area_struct *vma;
	vaddr_t addr;

	if (!mapping)
		return; /* truncated */
	down_read(&mapping->i_mmap_rwsem);
	vma_interval_tree_foreach(vma, &mapping->i_mmap, page->index, page->index)
	{
		if (page_vma_address(page, vma, &addr) && !one(page, vma, addr, arg))
			break;
	}
	up_read(&mapping->i_mmap_rwsem);
}

void rmap_walk(struct page *page,
	       bool (*one)(struct page *page, struct vm_area_struct *vma, vaddr_t addr, void *arg),
	       void *arg)
{
	if (PageAnon(page))
		rmap_walk_anon(page, one, arg);
	else
		rmap_walk_file(page, one, arg);
}

void rmap_init(void)
{
	anon_vma_cache =
		kmem_cache_create("anon_vma", sizeof(struct anon_vma), 0, SLAB_PANIC, NULL);
	anon_vma_chain_cache = kmem_cache_create("anon_vma_chain", sizeof(struct anon_vma_chain), 0,
						 SLAB_PANIC, NULL);
}
