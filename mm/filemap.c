/* SPDX-License-Identifier: MIT */
/*
 * mm/filemap.c - the page cache: each page of a file is in memory at most once
 *
 * read(2), write(2), exec and every mapping of a file share the same frames, found by
 * (address_space, index).  The cache owns one reference to each; so a page that is in the cache is
 * never free.
 *
 * Finding a page takes no lock.  The tree may lose the page, and the frame may be reused for
 * anything, between the moment it is found and the moment we hold a reference; so: find, take a
 * reference unless the count is zero, find again.  The same page in the same slot, and we hold it:
 * then it is the file's.  (Or ask the page, which says the same: page->mapping.)  Before that its flags, PG_locked
 * above all, are left alone.
 *
 * The page lock (PG_locked) makes content and belonging stable.  It is held while a page is filled,
 * while it is mapped by a fault, and while it leaves the file.  Whoever got a page by looking it up
 * locks it and asks again whether page->mapping is still the file.  Waiters sleep on one of a few
 * queues, chosen by the page's address.
 *
 *     invariant                                                              kept by
 *     F1  page in the tree at i  <=>  page->mapping == the file, index == i  tree_lock, page lock
 *     F2  a page past i_size is not mapped, once truncate has returned;      truncate: size first, then unmap,
 *         cached only if a reader raced, and then it is zero                 then remove, each under its page lock
 *     F3  a mapped page is in the cache and up to date                       faults map under the page lock
 *     F4  nrpages is the number of entries of the tree                       tree_lock
 *
 * Locking: order is mmap_lock, page lock, i_mmap_rwsem, PTE lock, tree_lock.  A fault that finds
 * the page lock taken drops its lock on the mapping before it waits.  i_size is written by the file system under
 * the inode's lock and read here at any time; it decides under the page lock.
 *
 * Not done: readahead (the files of ramfs are in memory or empty; disks will want it), writeback.
 */
#include "mm_env.h"
#include <mm/internal.h>
#include <mm/lru.h>
#include <mm/slab.h>

/* --- page lock --- */

#define PAGE_WAIT_QUEUES \
	64u /* power of two: pages that share one wake each other in vain, no more */

static wait_queue_head_t page_wait_queue[PAGE_WAIT_QUEUES];

static wait_queue_head_t *page_waitqueue(const struct page *page)
{
	return &page_wait_queue[((unsigned long)page / sizeof(*page)) % PAGE_WAIT_QUEUES];
}

void filemap_init(void)
{
	for (unsigned int i = 0; i < PAGE_WAIT_QUEUES; i++)
		init_waitqueue_head(&page_wait_queue[i]);
	index_tree_init_cache();
}

/**
 * trylock_page - take the page lock unless somebody has it
 */
bool trylock_page(struct page *page)
{
	return !test_and_set_bit(PG_locked, &page->flags);
}

/*
 * For a waiter that is on the queue already: say so, then look once more.  The owner takes both bits
 * away at once: either it has seen ours and wakes us, or we see the page unlocked.  Who is woken in
 * vain says so again.
 */
static bool page_unlocked_or_wait(struct page *page)
{
	SetPageWaiters(page);
	return !PageLocked(page);
}

static bool page_locked_or_wait(struct page *page)
{
	SetPageWaiters(page);
	return trylock_page(page);
}

/**
 * lock_page - take the page lock, sleeping while somebody has it
 *
 * Locks: the caller holds a reference and no spinlock.
 */
void lock_page(struct page *page)
{
	if (likely(trylock_page(page)))
		return;
	wait_event(page_waitqueue(page), page_locked_or_wait(page));
}

/**
 * wait_on_page_locked - sleep until nobody holds the page lock; it may be taken again at once
 */
void wait_on_page_locked(struct page *page)
{
	if (PageLocked(page))
		wait_event(page_waitqueue(page), page_unlocked_or_wait(page));
}

/**
 * unlock_page - release the page lock and wake whoever waits
 *
 * Context: any; the end of I/O unlocks from its interrupt.
 */
void unlock_page(struct page *page)
{
	unsigned long old = __atomic_fetch_and(&page->flags, ~(BIT(PG_locked) | BIT(PG_waiters)),
					       __ATOMIC_SEQ_CST);

	/* From here on @page may be freed, and be something else: only its address is used. */
	VM_BUG_ON(!(old & BIT(PG_locked)));
	if (unlikely(old & BIT(PG_waiters)))
		wake_up_all(page_waitqueue(page));
}

vm_fault_t lock_page_or_retry(struct page *page, struct vm_fault *vmf)
{
	if (likely(trylock_page(page)))
		return 0;
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY)) {
		lock_page(page);
		return 0;
	}
	release_fault_lock(vmf);
	wait_on_page_locked(page);
	return VM_FAULT_RETRY | VM_FAULT_MAJOR;
}

/* --- the object --- */

/**
 * address_space_init - an empty cache
 * @as:    embedded in the file system's inode
 * @flags: AS_*
 */
void address_space_init(struct address_space *as, void *host,
			const struct address_space_operations *ops, unsigned long flags)
{
	memset(as, 0, sizeof(*as));
	as->host = host;
	as->a_ops = ops;
	as->flags = flags;
	as->gfp_mask = GFP_HIGHUSER_MOVABLE;
	as->i_mmap = RB_ROOT_CACHED;
	spin_lock_init(&as->tree_lock, LOCK_MAPPING_TREE);
	init_rwsem(&as->i_mmap_rwsem, LOCK_I_MMAP);
}

/* Pages that the file has: the first index past its end. */
static inline pgoff_t file_end_index(const struct address_space *as)
{
	return (READ_ONCE(as->i_size) + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static void count_cached(const struct address_space *as, const struct page *page, long delta)
{
	mod_node_page_state(page_to_nid(page), NR_FILE_PAGES, delta);
	if (as->flags & AS_SHMEM)
		mod_node_page_state(page_to_nid(page), NR_SHMEM, delta);
}

/* --- find and add --- */

/**
 * filemap_find_page - the cached page at @index
 *
 * Return: the page with a reference of the caller's, or NULL.  It may leave the file at any time:
 *         who needs it to stay locks it and looks at page->mapping.
 * Context: any that may take references; no lock needed or taken.
 */
struct page *filemap_find_page(struct address_space *as, pgoff_t index)
{
	struct page *page;

	rcu_read_lock();
	for (;;) {
		page = index_tree_load(&as->tree, index);
		if (!page)
			break;
		if (!get_page_unless_zero(page))
			continue; /* being freed: the tree loses it any moment */
		if (likely(page == index_tree_load(&as->tree, index)))
			break;
		put_page(page);
	}
	rcu_read_unlock();
	return page;
}

/*
 * A reference to @page, which the tree showed a moment ago under rcu_read_lock, if it is still the file's.
 *
 * Only then may its flags be touched.  The frame may have been freed and be somebody else's, who takes it for his alone
 * and sets flags without atomic operations until others can find it: PG_locked, set in between, would be lost, or stay
 * for ever.  A page of the file that we refer to cannot become anything else.
 */
static inline bool get_page_of(struct page *page, const struct address_space *as)
{
	race_point();
	if (unlikely(!get_page_unless_zero(page)))
		return false;
	if (likely(READ_ONCE(page->mapping) == as))
		return true;
	put_page(page);
	return false;
}

/* The flags that say on which LRU list the page goes. */
static void set_lru_flags(const struct address_space *as, struct page *page)
{
	if (as->flags & AS_SHMEM)
		__SetPageSwapBacked(page);
	if (as->flags & AS_UNEVICTABLE)
		__SetPageUnevictable(page);
}

/**
 * filemap_add_page - put a new page into the cache
 * @page: locked, in no other use; the caller keeps its reference, the cache takes one of its own
 *
 * Return: 0; -EEXIST when the place is taken; -ENOMEM.  Nothing is changed on failure.
 * Locks:  takes tree_lock.  May sleep.
 */
int filemap_add_page(struct address_space *as, struct page *page, pgoff_t index)
{
	struct index_preload pre = { 0 };
	int err;

	VM_BUG_ON(!PageLocked(page) || page->mapping);
	get_page(page);
	page->mapping = as;
	page->index = index;
	set_lru_flags(as, page);
	do {
		err = index_preload_fill(&pre, GFP_KERNEL);
		if (err)
			break;
		spin_lock(&as->tree_lock);
		err = index_tree_insert(&as->tree, index, page, &pre);
		if (!err)
			as->nrpages++;
		spin_unlock(&as->tree_lock);
	} while (err == -EAGAIN);
	index_preload_drop(&pre);
	if (err) {
		page->mapping = NULL;
		put_page(page);
		return err;
	}
	count_cached(as, page, 1);
	lru_cache_add(page);
	return 0;
}

/* @page leaves the file: it is locked, unmapped, and the caller holds a reference. */
static void filemap_remove_page(struct address_space *as, struct page *page)
{
	VM_BUG_ON(!PageLocked(page) || page->mapping != as || page_mapped(page));
	spin_lock(&as->tree_lock);
	/* What set_page_dirty counted, it counted with the tag: it may be about to, and then must not. */
	if (index_tree_get_tag(&as->tree, page->index, INDEX_TAG_DIRTY))
		mod_node_page_state(page_to_nid(page), NR_FILE_DIRTY, -1);
	BUG_ON(index_tree_delete(&as->tree, page->index) != page);
	as->nrpages--;
	page->mapping = NULL;
	spin_unlock(&as->tree_lock);
	ClearPageDirty(page);
	count_cached(as, page, -1);
	put_page(page); /* the cache's */
}

/* A new page for @index, in the file, referenced and locked; ERR_PTR(-EEXIST): another was faster; or -ENOMEM. */
static struct page *add_new_page(struct address_space *as, pgoff_t index)
{
	struct page *page = alloc_page(as->gfp_mask);
	int err;

	if (unlikely(!page))
		return ERR_PTR(-ENOMEM);
	__SetPageLocked(page);
	err = filemap_add_page(as, page, index);
	if (likely(!err))
		return page;
	unlock_page(page);
	put_page(page);
	return ERR_PTR(err);
}

/**
 * filemap_grab_page - the page at @index, made if it is not there
 *
 * Return: referenced and locked, in the file, perhaps not up to date; NULL when out of memory.
 * Locks:  none but mmap_lock or an inode's may be held.  Sleeps.
 */
struct page *filemap_grab_page(struct address_space *as, pgoff_t index)
{
	for (;;) {
		struct page *page = filemap_find_page(as, index);

		if (page) {
			lock_page(page);
			if (likely(page->mapping == as && page->index == index))
				return page;
			unlock_page(page); /* truncated meanwhile */
			put_page(page);
			continue;
		}
		page = add_new_page(as, index);
		if (!IS_ERR(page))
			return page;
		if (PTR_ERR(page) != -EEXIST)
			return NULL;
	}
}

vm_fault_t filemap_grab_for_fault(struct address_space *as, struct vm_fault *vmf)
{
	for (;;) {
		struct page *page = filemap_find_page(as, vmf->pgoff);
		vm_fault_t retry;

		if (page) {
			retry = lock_page_or_retry(page, vmf);
			if (unlikely(retry)) {
				put_page(page);
				return retry;
			}
			if (unlikely(page->mapping != as)) {
				unlock_page(
					page); /* truncated: the caller asks anew whether it may be there */
				put_page(page);
				return VM_FAULT_NOPAGE;
			}
		} else {
			page = add_new_page(as, vmf->pgoff);
			if (IS_ERR(page) && PTR_ERR(page) == -EEXIST)
				continue;
			if (IS_ERR(page))
				return VM_FAULT_OOM;
		}
		vmf->page = page;
		return 0;
	}
}

/*
 * Fill a locked page.
 * Return: 0 with the page unlocked, or about to be; a negative error, unlocked.
 */
static int read_locked_page(struct file *file, struct address_space *as, struct page *page)
{
	if (!as->a_ops->readpage) {
		unlock_page(page);
		return -EIO;
	}
	return as->a_ops->readpage(file, page);
}

struct page *filemap_read_page(struct file *file, struct address_space *as, pgoff_t index)
{
	for (;;) {
		struct page *page = filemap_find_page(as, index);
		int err;

		if (page && likely(PageUptodate(page)))
			return page;
		if (page)
			put_page(page);
		page = filemap_grab_page(as, index);
		if (!page)
			return ERR_PTR(-ENOMEM);
		if (PageUptodate(page)) {
			unlock_page(page);
			return page;
		}
		err = read_locked_page(file, as, page);
		if (!err) {
			wait_on_page_locked(page);
			if (PageUptodate(page))
				return page;
			err = page->mapping == as ? -EIO
						  : 0; /* truncated while it was read: once more */
		}
		put_page(page);
		if (err)
			return ERR_PTR(err);
	}
}

/**
 * filemap_adopt_page - a frame that holds file data already becomes the cached page at @index
 * @page: a frame of RAM that was never given to the allocator (reserved by the boot loader's
 *        module)
 *
 * From then on the frame is managed memory like any other: freed when the file is.
 *
 * Return: 0 or -errno with the frame as it was.
 * Context: boot.
 */
int filemap_adopt_page(struct address_space *as, struct page *page, pgoff_t index)
{
	struct zone *zone = page_zone(page);
	unsigned long irq;
	int err;

	atomic_set(&page->_refcount, 1);
	atomic_set(&page->_mapcount, -1);
	page->mapping = NULL;
	page->compound_order = 0;
	__ClearPageReserved(page);
	__SetPageLocked(page);
	__SetPageUptodate(page);
	err = filemap_add_page(as, page, index);
	unlock_page(page);
	if (err) {
		__SetPageReserved(page);
		__ClearPageUptodate(page);
		return err;
	}
	spin_lock_irqsave(&zone->lock, irq);
	zone->managed_pages++;
	spin_unlock_irqrestore(&zone->lock, irq);
	put_page(page); /* the cache has its own */
	return 0;
}

/**
 * set_page_dirty - the page's content is newer than its backing store's
 *
 * Return: true when it was clean.
 * Context: a reference, and something that keeps the file that page->mapping belongs to: the page
 *          lock, or a mapping of the file.  The page may be cut off from the file at the same time.
 */
bool set_page_dirty(struct page *page)
{
	struct address_space *as = READ_ONCE(page->mapping);

	if (PageDirty(page))
		return false;
	if (as && !PageAnon(page) && as->a_ops && as->a_ops->dirty_page)
		return as->a_ops->dirty_page(page);
	if (test_and_set_bit(PG_dirty, &page->flags))
		return false;
	if (!as || PageAnon(page) || (as->flags & AS_UNEVICTABLE))
		return true; /* no backing store: nothing will ever be written back */
	spin_lock(&as->tree_lock);
	if (page->mapping == as && !index_tree_get_tag(&as->tree, page->index, INDEX_TAG_DIRTY)) {
		index_tree_set_tag(&as->tree, page->index, INDEX_TAG_DIRTY);
		mod_node_page_state(page_to_nid(page), NR_FILE_DIRTY, 1);
	}
	spin_unlock(&as->tree_lock);
	return true;
}

/* --- truncation --- */

/**
 * unmap_mapping_range - no PTE of any process shows pages [first, last] of the file any more
 * @even_cows: private copies too (the file got shorter); else only the file's own pages
 *
 * The VMAs found are kept by i_mmap_rwsem: they leave the tree before their tables are freed.
 *
 * Locks: takes i_mmap_rwsem for read; a page lock may be held.  Sleeps not, but flushes TLBs.
 */
void unmap_mapping_range(struct address_space *as, pgoff_t first, pgoff_t last, bool even_cows)
{
	struct vm_area_struct *vma;

	if (RB_EMPTY_ROOT(&as->i_mmap.rb_root))
		return;
	down_read(&as->i_mmap_rwsem);
	vma_interval_tree_foreach(vma, &as->i_mmap, first, last)
	{
		pgoff_t from = max(first, vma->vm_pgoff);
		pgoff_t to = min(last, vma->vm_pgoff + vma_pages(vma) - 1);
		struct mmu_gather tlb;

		tlb_gather_mmu(&tlb, vma->vm_mm);
		zap_vma_range(&tlb, vma, vma->vm_start + ((from - vma->vm_pgoff) << PAGE_SHIFT),
			      vma->vm_start + ((to - vma->vm_pgoff + 1) << PAGE_SHIFT), !even_cows);
		tlb_finish_mmu(&tlb);
	}
	up_read(&as->i_mmap_rwsem);
}

#define TRUNCATE_BATCH 16

/*
 * Up to TRUNCATE_BATCH pages from *index on, each with a reference and the file's when it was taken; *index moves
 * behind the last.
 */
static unsigned int find_pages(struct address_space *as, pgoff_t *index, pgoff_t last,
			       struct page **pages)
{
	unsigned int n = 0;
	pgoff_t at = *index;

	rcu_read_lock();
	while (n < TRUNCATE_BATCH && at <= last) {
		struct page *page = index_tree_next(&as->tree, &at, last);

		if (!page)
			break;
		if (get_page_of(page, as))
			pages[n++] = page;
		*index = ++at;
		if (!at)
			break; /* that was the last index there is */
	}
	rcu_read_unlock();
	return n;
}

void truncate_range(struct address_space *as, pgoff_t first, pgoff_t last)
{
	struct page *pages[TRUNCATE_BATCH];
	pgoff_t index = first;
	unsigned int n;

	while (index >= first && (n = find_pages(as, &index, last, pages))) {
		for (unsigned int i = 0; i < n; i++) {
			struct page *page = pages[i];

			lock_page(page);
			if (page->mapping == as && page->index >= first && page->index <= last) {
				/*
				 * a fault mapped it between the unmapping of the whole range and
				 * our lock
				 */
				if (page_mapped(page))
					unmap_mapping_range(as, page->index, page->index, false);
				filemap_remove_page(as, page);
			}
			unlock_page(page);
			put_page(page);
		}
		if (!index)
			break;
		cond_resched();
	}
}

/* What the last page shows behind the end of the file is zero, for the file may grow again. */
static void zero_tail(struct address_space *as, u64 size)
{
	unsigned int used = size & (PAGE_SIZE - 1);
	struct page *page;

	if (!used)
		return;
	page = filemap_find_page(as, size >> PAGE_SHIFT);
	if (!page)
		return;
	lock_page(page);
	if (page->mapping == as && PageUptodate(page)) {
		u8 *bytes = kmap_local_page(page);

		memset(bytes + used, 0, PAGE_SIZE - used);
		kunmap_local(bytes);
		set_page_dirty(page);
	}
	unlock_page(page);
	put_page(page);
}

void truncate_pagecache(struct address_space *as, u64 new_size)
{
	pgoff_t first = (new_size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	/*
	 * Twice: the first time takes nearly all in bulk; a private copy made since by a fault that
	 * saw the old size and held its page's lock is there for the second.
	 */
	unmap_mapping_range(as, first, ~0UL, true);
	zero_tail(as, new_size);
	truncate_range(as, first, ~0UL);
	unmap_mapping_range(as, first, ~0UL, true);
}

/* --- mappings of cached files --- */

/**
 * filemap_fault - vm_ops->fault of files whose pages are cached
 *
 * Return: VM_FAULT_LOCKED with vmf->page referenced, locked, up to date and within the file;
 *         VM_FAULT_SIGBUS past its end or when reading failed; VM_FAULT_OOM; VM_FAULT_RETRY.
 */
vm_fault_t filemap_fault(struct vm_fault *vmf)
{
	struct address_space *as = vma_mapping(vmf->vma);
	vm_fault_t major = 0;

	while (vmf->pgoff < file_end_index(as)) {
		vm_fault_t fail = filemap_grab_for_fault(as, vmf);
		struct page *page = vmf->page;
		int err;

		if (unlikely(fail == VM_FAULT_NOPAGE))
			continue;
		if (unlikely(fail))
			return fail;
		if (likely(PageUptodate(page))) {
			if (unlikely(vmf->pgoff >= file_end_index(as))) {
				unlock_page(page);
				put_page(page);
				return VM_FAULT_SIGBUS;
			}
			return VM_FAULT_LOCKED | major;
		}
		err = read_locked_page(vmf->vma->vm_file, as, page);
		if (!err && (vmf->flags & (FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_TRIED)) !=
				    FAULT_FLAG_ALLOW_RETRY) {
			/*
			 * It was read once before the restart: waiting here lets a failing disk end
			 * the fault.
			 */
			wait_on_page_locked(page);
			if (!PageUptodate(page) && page->mapping == as)
				err = -EIO;
		}
		put_page(page);
		if (unlikely(err))
			return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
		major = VM_FAULT_MAJOR;
	}
	return VM_FAULT_SIGBUS;
}

/*
 * Can @page, found at @index under rcu_read_lock, be mapped right now?  Then it is referenced and
 * locked, and still that page of the file.
 */
static inline bool get_mappable_page(struct page *page, struct address_space *as, pgoff_t index)
{
	if (!page || !PageUptodate(page) || PageLocked(page) || !get_page_of(page, as))
		return false;
	if (likely(trylock_page(page))) {
		if (likely(page->mapping == as && page->index == index &&
			   index < file_end_index(as)))
			return true;
		unlock_page(page);
	}
	put_page(page);
	return false;
}

/**
 * filemap_map_pages - map what is cached of [first, last] where the entries are none
 *
 * All of the range lies in vmf->pmd's table and in the VMA.  Nothing is waited for: a page that is
 * locked, missing or not up to date is left to its own fault.  At most FAULT_AROUND_PAGES.
 *
 * Return: VM_FAULT_NOPAGE when the faulting address has an entry now, else 0.
 */
vm_fault_t filemap_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last)
{
	struct vm_area_struct *vma = vmf->vma;
	struct address_space *as = vma_mapping(vma);
	pte_t *pte = vmf->pte - (vmf->pgoff - first);
	struct page *pages[FAULT_AROUND_PAGES];
	unsigned int nr = last - first + 1;
	u64 prot = pgprot_val(vma->vm_page_prot);
	unsigned long mapped = 0, fresh = 0;
	struct rss_batch rss = { 0 };
	vm_fault_t ret = 0;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_ops->page_mkwrite)
		prot &= ~_PAGE_RW; /* the first write is to be seen */
	VM_BUG_ON(nr > FAULT_AROUND_PAGES);
	rcu_read_lock();
	index_tree_load_run(&as->tree, first, nr, (void **)pages);
	spin_lock(vmf->ptl);
	for (unsigned int i = 0; i < nr; i++, pte++) {
		struct page *page = pages[i];

		if (!pte_none(ptep_get(pte)) || !get_mappable_page(page, as, first + i))
			continue;
		page_add_file_rmap(page);
		rss.rss[mm_counter(page)]++;
		set_pte(pte, pfn_pte(page_to_pfn(page),
				     __pgprot(prot))); /* was not present: nothing to flush */
		trace_mm(EV_PTE_SET, vmf->address + ((first + i - vmf->pgoff) << PAGE_SHIFT),
			 page_to_pfn(page), pte_val(ptep_get(pte)));
		unlock_page(page);
		mapped++;
		fresh += first + i == vmf->pgoff;
	}
	rss_batch_apply(&rss, vmf->mm);
	if (!pte_none(ptep_get(vmf->pte)))
		ret = VM_FAULT_NOPAGE;
	spin_unlock(vmf->ptl);
	rcu_read_unlock();
	if (ret) { /* another CPU may have mapped it first */
		count_vm_event(fresh ? PGFAULT_FILE : PGFAULT_SPURIOUS);
		trace_mm(EV_FAULT, vmf->address, pte_pfn(ptep_get(vmf->pte)),
			 fresh ? PGFAULT_FILE : PGFAULT_SPURIOUS);
	}
	if (mapped > fresh)
		count_vm_events(PGFAULT_AROUND, mapped - fresh);
	return ret;
}

const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
};

/**
 * generic_file_mmap - the mmap operation of files whose pages are cached
 *
 * Return: 0, or -ENODEV when the file has no page cache.
 */
int generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct address_space *as = file_mapping(file);

	if (!as || !as->a_ops || !as->a_ops->readpage)
		return -ENODEV;
	vma->vm_ops = &generic_file_vm_ops;
	return 0;
}
