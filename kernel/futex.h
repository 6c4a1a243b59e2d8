/*
 * kernel/futex.h - futexes, inside kernel/: between the queues, the keys and what a dying thread leaves
 */
#ifndef KERNEL_FUTEX_H
#define KERNEL_FUTEX_H

#include <lib/types.h>

struct futex_key {
	u64 object; /* mm, or futex_id */
	u64 where;  /* bytes */
};

static inline bool match_futex(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->where == b->where;
}

int get_futex_key(u32 *uaddr, bool shared, bool reading, struct futex_key *key);
/* futex_wake - up to @nr_wake sleepers on the word: how many, or -EINVAL, -EFAULT.  Sleeps. */
long futex_wake(u32 *uaddr, bool shared, int nr_wake, u32 bitset);

#endif
