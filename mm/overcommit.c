/* SPDX-License-Identifier: MIT */
/*
 * mm/overcommit.c - promised memory
 *
 * A private writable mapping may come to need a page for each page it shows, and shared anonymous memory likewise.
 * The sum of such promises is Committed_AS; whether one more may be made depends on vm.overcommit_memory:
 *
 *   0  heuristic  refuse only what could never be kept: one request larger than all of RAM and swap
 *   1  always     refuse nothing
 *   2  never      keep the sum below a part of RAM (half of it, or vm.overcommit_ratio, _kbytes), 3 % of it for the administrator only
 *
 * The sum is kept per CPU, so that mmap on different CPUs shares no line; only mode 2 adds the parts up.  A charge
 * goes with the mapping (VM_ACCOUNT) or the shared object, and is given back page by page when it shrinks.
 *
 * Sources: Linux, Documentation/mm/overcommit-accounting; proc(5), overcommit_memory.
 */
#include "mm_env.h"
#include <mm/mmzone.h>
#include <mm/vma.h>

#define OVERCOMMIT_GUESS      0
#define OVERCOMMIT_ALWAYS     1
#define OVERCOMMIT_NEVER      2
#define SURELY_THERE_PAGES    (8 * MiB >> PAGE_SHIFT) /* no machine that boots has less RAM */
#define ADMIN_RESERVE_PERCENT 3

int sysctl_overcommit_memory = OVERCOMMIT_GUESS;
int sysctl_overcommit_ratio = 50;       /* percent of RAM that mode 2 promises ... */
unsigned long sysctl_overcommit_kbytes; /* ... or, if not 0, this much */
static DEFINE_PER_CPU(long, vm_committed);

/* vm_memory_committed - Committed_AS in pages; a moving target while others map and unmap */
unsigned long vm_memory_committed(void)
{
	long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(&vm_committed, cpu));
	return max(sum, 0L);
}

/* vm_commit_limit - CommitLimit in pages: what mode 2 would promise */
unsigned long vm_commit_limit(void)
{
	unsigned long kbytes = READ_ONCE(sysctl_overcommit_kbytes);

	if (kbytes)
		return kbytes >> (PAGE_SHIFT - 10);
	return totalram_pages() * (unsigned long)READ_ONCE(sysctl_overcommit_ratio) / 100;
}

/* vm_acct_memory - charge what is owed already, unasked */
void vm_acct_memory(unsigned long nr_pages)
{
	this_cpu_add(vm_committed, (long)nr_pages);
}

void vm_unacct_memory(unsigned long nr_pages)
{
	this_cpu_add(vm_committed, -(long)nr_pages);
}

/**
 * vm_enough_memory - charge @nr_pages more
 *
 * Return: 0, charged; -ENOMEM, nothing charged.
 */
int vm_enough_memory(unsigned long nr_pages, bool cap_sys_admin)
{
	unsigned long allowed;

	/* First the charge, then the question: of two that ask for the last pages at once, none gets too much. */
	this_cpu_add(vm_committed, (long)nr_pages);
	if (likely(sysctl_overcommit_memory == OVERCOMMIT_GUESS)) {
		if (unlikely(nr_pages > SURELY_THERE_PAGES && nr_pages > totalram_pages()))
			goto refuse;
	} else if (sysctl_overcommit_memory == OVERCOMMIT_NEVER) {
		allowed = vm_commit_limit();
		if (!cap_sys_admin)
			allowed -= allowed * ADMIN_RESERVE_PERCENT / 100;
		if (nr_pages > allowed || vm_memory_committed() > allowed)
			goto refuse;
	}
	return 0;
refuse:
	vm_unacct_memory(nr_pages);
	return -ENOMEM;
}
