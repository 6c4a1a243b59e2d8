/*
 * include/kernel/lockrank.h - the order in which locks are taken
 *
 * A lock may be taken only when every lock held has a smaller rank; two of one rank only with the _nested
 * form, by ascending address (or parent before child for mmap_lock).  From LOCK_PROCESS_TABLE on, locks are
 * irq-safe: taken with interrupts off.  Debug builds keep a stack of held ranks per task and panic, printing
 * both, on a violation.
 */
#ifndef KERNEL_LOCKRANK_H
#define KERNEL_LOCKRANK_H

enum lock_rank {
	LOCK_NONE,
	LOCK_NAMESPACE,    /* mount table, rename */
	LOCK_FILE_POS,     /* before the inode: write(2) and getdents(2) take both */
	LOCK_INODE,        /* inode rwsem */
	LOCK_FILE_MISC,    /* tty, pipe, seq buffers: sleep locks of file types */
	LOCK_EVENTS,       /* switching of events: inside a file's lock */
	LOCK_ITIMER,       /* setting of a process's interval timer */
	LOCK_EXEC,         /* cred/exec update */
	LOCK_MMAP,         /* mm->mmap_lock; parent before child */
	LOCK_VMA,          /* one VMA, as a fault holds it: mm/vma_lock.c */
	LOCK_PAGE,         /* page lock: only checked for sleeping rules */
	LOCK_I_MMAP,       /* address_space->i_mmap_rwsem */
	LOCK_ANON_VMA,     /* anon_vma root rwsem */
	LOCK_MM_MISC,      /* mm->page_table_lock, arg_lock, pmd allocation */
	LOCK_PTE,          /* split page-table locks; two by address */
	LOCK_MAPPING_TREE, /* address_space index tree */
	LOCK_FILES,        /* file-descriptor table, fs_struct */
	LOCK_DCACHE,       /* dentry tree and reference counts */
	LOCK_LRU,
	LOCK_SWAP,
	LOCK_VMALLOC,
	LOCK_SLAB_LIST, /* list of caches */
	LOCK_UTS,       /* host and domain name */
	LOCK_FUTEX,
	LOCK_PROCESS_TABLE, /* irq-safe from here on */
	LOCK_SIGHAND,
	LOCK_TIMER,
	LOCK_TTY,       /* input and output rings */
	LOCK_SLAB_NODE, /* inside sighand: a signal's record is allocated under it */
	LOCK_ZONE,
	LOCK_WAITQUEUE,
	LOCK_RUNQUEUE,
	LOCK_RCU,
	LOCK_IRQ,     /* interrupt controllers, handler table */
	LOCK_RANDOM,  /* state of the random generator */
	LOCK_TRACE,   /* the ring of strace lines */
	LOCK_PRINTK,  /* the log's ring */
	LOCK_CONSOLE, /* a console device's registers */
	NR_LOCK_RANKS
};

#endif
