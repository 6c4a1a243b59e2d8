/*
 * arch/x86_64/uaccess.c - user memory: the range check in front of the copying instructions
 *
 * The copies themselves, with their exception-table entries, are in string_user.asm.  A range that leaves user
 * space is refused whole: nothing is copied and everything counts as not copied, as Linux does.
 */
#include <arch/uaccess.h>
#include <lib/string.h>

size_t raw_copy_user(void *to, const void *from, size_t n);
size_t raw_clear_user(void *to, size_t n);
long raw_strncpy_user(char *to, const char *from, size_t n);
long raw_strnlen_user(const char *s, size_t n);

DEFINE_PER_CPU(unsigned int, pagefault_disable_count);

size_t copy_from_user(void *to, const void __user *from, size_t n)
{
	return access_ok(from, n) ? raw_copy_user(to, from, n) : n;
}

size_t copy_to_user(void __user *to, const void *from, size_t n)
{
	return access_ok(to, n) ? raw_copy_user(to, from, n) : n;
}

size_t clear_user(void __user *to, size_t n)
{
	return access_ok(to, n) ? raw_clear_user(to, n) : n;
}

size_t copy_from_user_inatomic(void *to, const void __user *from, size_t n)
{
	size_t left;

	pagefault_disable();
	left = copy_from_user(to, from, n);
	pagefault_enable();
	return left;
}

size_t copy_to_user_inatomic(void __user *to, const void *from, size_t n)
{
	size_t left;

	pagefault_disable();
	left = copy_to_user(to, from, n);
	pagefault_enable();
	return left;
}

int copy_from_kernel_nofault(void *to, const void *from, size_t n)
{
	size_t left;

	pagefault_disable();
	left = raw_copy_user(to, from, n);
	pagefault_enable();
	return left ? -EFAULT : 0;
}

/* Bytes of user space from @addr on, at most @n: a string may end before the range does. */
static size_t user_room(const char __user *addr, size_t n)
{
	unsigned long a = (unsigned long)addr;

	return a < TASK_SIZE_MAX ? min(n, TASK_SIZE_MAX - a) : 0;
}

long strncpy_from_user(char *to, const char __user *from, long n)
{
	size_t room;
	long len;

	if (n <= 0)
		return 0;
	room = user_room(from, (size_t)n);
	if (!room)
		return -EFAULT;
	len = raw_strncpy_user(to, from, room);
	return len == (long)room && len < n ? -EFAULT : len; /* ran into the end of user space */
}

long strnlen_user(const char __user *s, long n)
{
	size_t room;
	long len;

	if (n <= 0)
		return 0;
	room = user_room(s, (size_t)n);
	if (!room)
		return 0;
	len = raw_strnlen_user(s, room);
	if (len < 0 || (len == (long)room && len < n))
		return 0;
	return len + 1;
}

/*
 * Touch one byte in each page of [addr, addr + n).  Writing means reading the byte and writing it back under the
 * lock prefix, so that a concurrent store of the program is not undone.
 */
static int touch_page(char __user *p, bool write)
{
	long __err = 0;
	u8 v = 0;

	if (write)
		__asm__ volatile(ASM_STAC "1: lock orb $0, %1\n"
					  "2: " ASM_CLAC EX_TABLE("1b", "2b", "1")
				 : "+a"(__err), "+m"(*p));
	else
		__get_user_asm(v, p, "movb", "b");
	return (int)__err;
}

static size_t fault_in(char __user *addr, size_t n, bool write)
{
	size_t done = 0;

	if (!access_ok(addr, n))
		return n;
	while (done < n) {
		if (touch_page(addr + done, write))
			return n - done;
		done += PAGE_SIZE - (((unsigned long)addr + done) & ~PAGE_MASK);
	}
	return 0;
}

size_t fault_in_readable(const void __user *addr, size_t n)
{
	return fault_in((char *)(unsigned long)addr, n, false);
}

size_t fault_in_writeable(void __user *addr, size_t n)
{
	return fault_in(addr, n, true);
}

int user_cmpxchg_u32(u32 __user *addr, u32 *old, u32 expected, u32 desired)
{
	u64 prev = expected; /* rax: 32 bits afterwards, or -EFAULT in 64 by the fixup */

	if (!access_ok(addr, sizeof(*addr)))
		return -EFAULT;
	__asm__ volatile(ASM_STAC "1: lock cmpxchgl %k2, %1\n"
				  "2: " ASM_CLAC EX_TABLE("1b", "2b", "1")
			 : "+a"(prev), "+m"(*addr)
			 : "r"(desired)
			 : "memory");
	if (prev == (u64)-EFAULT)
		return -EFAULT;
	*old = (u32)prev;
	return 0;
}
