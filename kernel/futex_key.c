/*
 * kernel/futex_key.c - the name of a futex word
 *
 * A word is named by a key, so that processes that map it at different addresses mean the same one:
 *
 *     private call                      the mm                     the address
 *     shared call, anonymous page       the mm                     the address | KEY_SHARED
 *     ... page of a file or of shmem    the object's futex_id      the byte's place in the object
 *
 * A private and a shared call on one word do not meet, as on Linux: a program uses one kind for each lock.
 * An mm's address is a kernel address and an id is a small number, so the two never look alike.  Keys hold no
 * references: an mm lives while its threads sleep, and an id is given out once, whatever becomes of its object.
 *
 * An anonymous page has one mm to name it by, since a page that fork shares is private to each side as soon as one of
 * them writes: before the key is taken the word is touched as a store would, and that makes the copy.  Two children
 * of a fork do not meet at a shared call on private memory, whatever page they still share.
 *
 * Locking: mmap_lock for read around the walk, the PTE's lock while its page is looked at: a page that is mapped belongs
 * to its object, for truncation unmaps before it lets go.
 *
 * Sources: futex(2); Linux, kernel/futex/core.c, for what meets what.
 */
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <mm/filemap.h>
#include <mm/memmap.h>
#include <mm/mm.h>
#include <uapi/errno.h>
#include "futex.h"

#define KEY_SHARED 1UL /* words are aligned: the lowest bits of their place are free */

static u64 last_futex_id;

/* The number of an object; it gets one when the first futex in it is used. */
static u64 object_futex_id(struct address_space *mapping)
{
	u64 id = READ_ONCE(mapping->futex_id), fresh;

	if (likely(id))
		return id;
	fresh = __atomic_add_fetch(&last_futex_id, 1, __ATOMIC_RELAXED);
	return try_cmpxchg(&mapping->futex_id, &id, fresh) ? fresh : id;
}

struct key_walk {
	struct futex_key *key;
	vaddr_t uaddr;
	bool writable; /* the page took a store */
	int err;       /* -EAGAIN: no page there (any more) */
};

/* Under the PTE's lock: the page stays mapped, hence in its object, and the object stays. */
static int key_of_pte(pte_t *ptep, vaddr_t addr, struct vm_area_struct *vma, void *arg)
{
	struct key_walk *w = arg;
	pte_t pte = ptep_get(ptep);
	struct address_space *mapping;
	struct page *page;

	/* A private page that is still shared with others has no identity of its own yet. */
	if (!pte_present(pte) || (w->writable && !pte_write(pte)))
		return 0;
	w->err = -EFAULT;
	if (!pfn_valid(pte_pfn(pte)))
		return 0;
	page = pfn_to_page(pte_pfn(pte));
	if (PageAnon(page)) {
		if (!w->writable)
			return 0; /* it can never change: nothing to wait for */
		*w->key = (struct futex_key){ (u64)vma->vm_mm, w->uaddr | KEY_SHARED };
	} else {
		mapping = READ_ONCE(page->mapping);
		if (!mapping)
			return 0; /* the zero page, the vDSO */
		*w->key = (struct futex_key){ object_futex_id(mapping),
					      (page->index << PAGE_SHIFT) + (w->uaddr - addr) };
	}
	w->err = 0;
	return 0;
}

static const struct mm_walk_ops key_walk_ops = { .pte = key_of_pte };

/*
 * The key of a word that other processes may share.  It is touched first, as the store that it waits for would: a
 * private copy is made now, not between two calls that mean the same word.  Who only reads may do so in memory that
 * is mapped read-only.
 */
static int get_shared_key(u32 *uaddr, bool reading, struct futex_key *key)
{
	struct key_walk w = { .key = key, .uaddr = (vaddr_t)uaddr };
	vaddr_t page = w.uaddr & PAGE_MASK;
	struct mm_struct *mm = current->mm;

	for (;;) {
		w.writable = !fault_in_writeable(uaddr, sizeof(*uaddr));
		if (!w.writable && (!reading || fault_in_readable(uaddr, sizeof(*uaddr))))
			return -EFAULT;
		w.err = -EAGAIN;
		down_read(&mm->mmap_lock);
		(void)walk_page_range(mm, page, page + PAGE_SIZE, &key_walk_ops, &w);
		up_read(&mm->mmap_lock);
		if (w.err != -EAGAIN)
			return w.err;
		cond_resched();
	}
}

/**
 * get_futex_key - the name of the word at @uaddr
 * @shared:  other processes may map it too
 * @reading: the call does not write the word
 *
 * Return: 0; -EINVAL when not aligned; -EFAULT.
 * Locks:  takes mmap_lock for shared words.  Sleeps.
 */
int get_futex_key(u32 *uaddr, bool shared, bool reading, struct futex_key *key)
{
	if ((vaddr_t)uaddr % sizeof(*uaddr))
		return -EINVAL;
	if (!access_ok(uaddr, sizeof(*uaddr)))
		return -EFAULT;
	if (shared)
		return get_shared_key(uaddr, reading, key);
	*key = (struct futex_key){ (u64)current->mm, (vaddr_t)uaddr };
	return 0;
}
