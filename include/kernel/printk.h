/*
 * include/kernel/printk.h - the kernel log, and what happens when an invariant breaks
 *
 * printk formats into a ring; the console drivers drain it.  Levels are Linux's: a "<N>" prefix inside the
 * format, given by the pr_* macros.
 */
#ifndef KERNEL_PRINTK_H
#define KERNEL_PRINTK_H

#include <lib/types.h>

int printk(const char *fmt, ...) __printf(1, 2); /* any context */
#define pr_emerg(fmt, ...)  printk("<0>" fmt, ##__VA_ARGS__)
#define pr_err(fmt, ...)    printk("<3>" fmt, ##__VA_ARGS__)
#define pr_warn(fmt, ...)   printk("<4>" fmt, ##__VA_ARGS__)
#define pr_notice(fmt, ...) printk("<5>" fmt, ##__VA_ARGS__)
#define pr_info(fmt, ...)   printk("<6>" fmt, ##__VA_ARGS__)
#define pr_debug(fmt, ...)  printk("<7>" fmt, ##__VA_ARGS__)

void panic(const char *fmt, ...) __printf(1, 2) __attribute__((noreturn, cold));
void warn_at(const char *file, int line, const char *what) __attribute__((cold));

/* BUG_ON: an invariant without which going on would corrupt memory.  Always compiled in. */
#define BUG_ON(cond)                                                          \
	do {                                                                  \
		if (unlikely(cond))                                           \
			panic("BUG at %s:%d: %s", __FILE__, __LINE__, #cond); \
	} while (0)
#define BUG() panic("BUG at %s:%d", __FILE__, __LINE__)
#define WARN_ON(cond)                                       \
	({                                                  \
		bool __w = (cond);                          \
		if (unlikely(__w))                          \
			warn_at(__FILE__, __LINE__, #cond); \
		__w;                                        \
	})
#define assert(cond) BUG_ON(!(cond))
/* VM_BUG_ON: the same where the check is on a hot path; debug builds only. */
#ifdef DEBUG
#define VM_BUG_ON(cond) BUG_ON(cond)
#else
#define VM_BUG_ON(cond) ((void)sizeof(cond))
#endif

#endif
