/*
 * tests/oracle/lib/oracle.h - how a program of the oracle is written
 *
 * A program asks the kernel questions and prints each answer as one line, `[group] question: answer`.  It judges nothing:
 * what the line says on Linux is the expectation (docs/oracle.md).  So an answer must not depend on time, on
 * process numbers, or on the size of the program, which is another with another compiler.
 *
 *     static void errors(void)
 *     {
 *             ask("length 0", RAW(__NR_mmap, 0, 0, RW, ANON, -1, 0));
 *     }
 *     ORACLE("mmap", GROUP(errors), ...)
 *
 * Each group runs in a child of its own, in an empty folder of its own, with a watchdog; how the child ended is
 * a line too unless it simply returned.  Names are unique within a group and hold no ": ".
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE      4096UL
#define NONE      PROT_NONE
#define R         PROT_READ
#define RW        (PROT_READ | PROT_WRITE)
#define RX        (PROT_READ | PROT_EXEC)
#define RWX       (PROT_READ | PROT_WRITE | PROT_EXEC)
#define ANON      (MAP_PRIVATE | MAP_ANONYMOUS)
#define NR(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Addresses that no program owns: beyond user space, in no half of it, in the kernel's. */
#define USER_END 0x7ffffffff000UL
#define NONCANON 0x0000900000000000UL
#define KERNEL   0xffff888000000000UL
#define BAD      ((void *)1)

struct group {
	const char *name;
	void (*run)(void);
};

#define GROUP(fn)       \
	{               \
#fn, fn \
	}

int run_groups(const struct group *groups, int nr, char **names);

#define ORACLE(...)                                                   \
	int main(int argc, char **argv)                               \
	{                                                             \
		static const struct group groups[] = { __VA_ARGS__ }; \
                                                                      \
		(void)argc;                                           \
		return run_groups(groups, NR(groups), argv + 1);      \
	}

/* Print the line "[group] name: answer". */
void say(const char *name, const char *fmt, ...) __printf_like(2, 3);

/* The answer is what a system call returned: an errno by name, a number, or an address (place() below). */
void ask(const char *name, long raw);
/* The same when only success or the error matters: "done" for whatever is not an error. */
void ask_done(const char *name, long raw);
/* What ask() prints. */
const char *answer(long raw);

/*
 * An address as a text that is the same on both kernels whatever else they map: "top-0x2000" counts down from
 * where the first mapping of a group ends, "brk+0x1000" from where the heap begins; all others are themselves.
 */
const char *place(unsigned long addr);
extern unsigned long top, heap;

/* Names of things: EINVAL, SIGSEGV, "exited 3" or "killed by SIGSEGV" from a wait status. */
const char *errno_name(long err);
const char *signal_name(int sig);
const char *status_text(int status);

/* A text made by format; one of a few buffers that are used in turn. */
const char *text(const char *fmt, ...) __printf_like(1, 2);

/*
 * The lines of /proc/self/maps between @lo and @hi as one answer, "top-0x2000 2 rw-p; ...": start, pages,
 * permissions, and offset and name if it maps a file.
 */
void picture(const char *name, unsigned long lo, unsigned long hi);
/* Of the mmap area, from 1 GiB below `top` up to it. */
void picture_top(const char *name);
/* The line of maps with the mapping that holds @addr: permissions, offset, name. */
const char *line_of(const void *addr);

/* @pages of anonymous private memory; the group ends if there is none. */
char *map_pages(size_t pages, int prot);
/* An address with @pages unmapped pages, and one more on each side. */
char *hole(size_t pages);
/* A new file of @len bytes, byte i being i / PAGE + 1; open for reading and writing. */
int page_file(const char *path, size_t len);
void write_file(const char *path, const void *data, size_t len, unsigned int mode);

/* Run @fn in a child and return its wait status without the core bit. */
int in_child(void (*fn)(void *), void *arg);
/* What touching a byte does: "ok", or the signal, its code, and the address as an offset from the one touched. */
const char *touch(void *addr, char how);

/* The value of "Key:" in a file of /proc, without the blanks around it; NULL if there is none. */
const char *proc_value(const char *path, const char *key);
/* @s with every run of digits replaced by N, and runs of blanks by one. */
const char *shape(const char *s);

/* Stop the group: a question could not even be asked. */
_Noreturn void give_up(const char *fmt, ...) __printf_like(1, 2);

#endif
