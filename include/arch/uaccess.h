/*
 * include/arch/uaccess.h - the one way to user memory
 *
 * A user's address is never dereferenced but here: range first, then the access with SMAP opened around it
 * (STAC/CLAC, patched in where the CPU has it), each faulting instruction listed in .ex_table.  A fault is
 * handled like the program's own (the page is brought in); only when that fails does the copy end early.
 * All of them may sleep, but not between pagefault_disable and pagefault_enable: then a page that is not there
 * ends the copy at once.
 *
 * The range check: an address below TASK_SIZE_MAX, and a length that keeps the end there, so that a size near
 * 2^64 cannot wrap.
 */
#ifndef ARCH_UACCESS_H
#define ARCH_UACCESS_H

#include <lib/types.h>
#include <arch/percpu.h>
#include <arch/pgtable.h>
#include <uapi/errno.h>

#define __user

DECLARE_PER_CPU(unsigned int, pagefault_disable_count);

static inline bool access_ok(const void __user *addr, size_t size)
{
	return size <= TASK_SIZE_MAX && (unsigned long)addr <= TASK_SIZE_MAX - size;
}

/* Between these, no sleeping: a fault on user memory fails instead of being handled. */
static inline void pagefault_disable(void) { this_cpu_inc(pagefault_disable_count); }
static inline void pagefault_enable(void) { this_cpu_dec(pagefault_disable_count); }
static inline bool pagefault_disabled(void) { return this_cpu_read(pagefault_disable_count) != 0; }

/*
 * One record of .ex_table: when the instruction at `insn` faults, go on at `fixup`.  Distances are relative to
 * the word that holds them.
 */
enum ex_type { EX_JUMP, EX_EFAULT_AX }; /* EX_EFAULT_AX also sets rax to -EFAULT */
struct exception_table_entry {
	s32 insn, fixup;
	u32 type;
};
#define EX_TABLE(insn, fixup, type)                      \
	".pushsection .ex_table, \"a\"\n\t.balign 4\n\t" \
	".long " insn " - .\n\t.long " fixup " - .\n\t.long " type "\n\t.popsection\n\t"

/* One record of .altinstructions: when the CPU has `feature`, `len` bytes of `text` replace those at `site`. */
struct alt_instr {
	s32 site;
	u8 feature, len, text[6];
};
/* stac and clac: three bytes of NOP until patched.  9*32 .. CAP(CAP_7_EBX, 20) == 148 */
#define ALT_SMAP(byte)                                          \
	"771: .byte 0x0f, 0x1f, 0x00\n\t"                       \
	".pushsection .altinstructions, \"a\"\n\t.balign 4\n\t" \
	".long 771b - .\n\t.byte 148, 3, 0x0f, 0x01, " byte ", 0, 0, 0\n\t.popsection\n\t"
#define ASM_STAC ALT_SMAP("0xcb")
#define ASM_CLAC ALT_SMAP("0xca")

/* Each returns the number of bytes NOT copied: 0 is success.  Up to there everything was copied. */
size_t __must_check copy_from_user(void *to, const void __user *from,
				   size_t n); /* no zeroing of the rest */
size_t __must_check copy_to_user(void __user *to, const void *from, size_t n);
size_t __must_check clear_user(void __user *to, size_t n);
/* the same with faults disabled around it: what is not mapped right now is not copied; any context */
size_t __must_check copy_from_user_inatomic(void *to, const void __user *from, size_t n);
size_t __must_check copy_to_user_inatomic(void __user *to, const void *from, size_t n);
/* copy_from_kernel_nofault - read memory that may not be mapped (panic screens); 0 or -EFAULT */
int copy_from_kernel_nofault(void *to, const void *from, size_t n);

/* strncpy_from_user - length without the NUL, @n when no NUL came within @n bytes, -EFAULT */
long __must_check strncpy_from_user(char *to, const char __user *from, long n);
/* strnlen_user - length with the NUL; more than @n when none came within @n bytes; 0 on a fault */
long __must_check strnlen_user(const char __user *s, long n);

/* fault_in_readable / writeable - touch each page of the range; bytes not reachable */
size_t fault_in_readable(const void __user *addr, size_t n);
size_t fault_in_writeable(void __user *addr, size_t n);

int __get_user_bad(void);

#define __get_user_asm(x, addr, mov, reg)                                  \
	__asm__ volatile(ASM_STAC "1: " mov " %2, %" reg "1\n"             \
				  "2: " ASM_CLAC EX_TABLE("1b", "2b", "1") \
			 : "+a"(__err), "+r"(x)                            \
			 : "m"(*(const volatile __typeof__(x) *)(addr)))

/* get_user - *ptr of 1, 2, 4 or 8 bytes into x; 0 or -EFAULT with x set to 0 */
#define get_user(x, ptr)                                                  \
	({                                                                \
		const __typeof__(*(ptr)) *__p = (ptr);                    \
		long __err = -EFAULT;                                     \
		unsigned long __v = 0;                                    \
		if (likely(access_ok(__p, sizeof(*__p)))) {               \
			__err = 0;                                        \
			__v = __get_user_size(__p, sizeof(*__p), &__err); \
		}                                                         \
		(x) = (__typeof__(*(ptr)))__v;                            \
		(int)__err;                                               \
	})

static __always_inline unsigned long __get_user_size(const void __user *p, size_t size, long *errp)
{
	long __err = *errp;
	unsigned long v;
	u8 v1 = 0;
	u16 v2 = 0;
	u32 v4 = 0;
	u64 v8 = 0;

	switch (size) {
	case 1:
		__get_user_asm(v1, p, "movb", "b");
		v = v1;
		break;
	case 2:
		__get_user_asm(v2, p, "movw", "w");
		v = v2;
		break;
	case 4:
		__get_user_asm(v4, p, "movl", "k");
		v = v4;
		break;
	case 8:
		__get_user_asm(v8, p, "movq", "q");
		v = v8;
		break;
	default:
		return __get_user_bad(); /* does not link: size must be 1, 2, 4 or 8 */
	}
	*errp = __err;
	return v;
}

#define __put_user_asm(x, addr, mov, reg)                                       \
	__asm__ volatile(ASM_STAC "1: " mov " %" reg "2, %1\n"                  \
				  "2: " ASM_CLAC EX_TABLE("1b", "2b", "1")      \
			 : "+a"(__err), "=m"(*(volatile __typeof__(x) *)(addr)) \
			 : "r"(x))

/* put_user - x into *ptr of 1, 2, 4 or 8 bytes; 0 or -EFAULT */
#define put_user(x, ptr)                                                          \
	({                                                                        \
		__typeof__(*(ptr)) *__p = (ptr);                                  \
		__typeof__(*(ptr)) __x = (__typeof__(*(ptr)))(x);                 \
		unlikely(!access_ok(__p, sizeof(*__p)))                           \
			? -EFAULT                                                 \
			: __put_user_size((unsigned long)__x, __p, sizeof(*__p)); \
	})

static __always_inline int __put_user_size(unsigned long v, void __user *p, size_t size)
{
	long __err = 0;

	switch (size) {
	case 1:
		__put_user_asm((u8)v, p, "movb", "b");
		break;
	case 2:
		__put_user_asm((u16)v, p, "movw", "w");
		break;
	case 4:
		__put_user_asm((u32)v, p, "movl", "k");
		break;
	case 8:
		__put_user_asm((u64)v, p, "movq", "q");
		break;
	default:
		return __get_user_bad();
	}
	return (int)__err;
}

/* user_cmpxchg_u32 - futex's atomic compare and exchange; 0 with *old set, or -EFAULT */
int user_cmpxchg_u32(u32 __user *addr, u32 *old, u32 expected, u32 desired);

#endif
