/*
 * include/kernel/log.h - the kernel log as others read it, and the consoles it is shown on
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <lib/types.h>
#include <kernel/wait.h>

#define LOG_BUF_SIZE 65536u /* bytes; a power of two */

struct log_record {
	u64 seq;
	u64 time_ns;
	u8 level; /* 0 emergency .. 7 debug */
	u16 len;  /* bytes of text, without a newline */
	char text[480];
};

extern int console_loglevel; /* lines with a smaller level reach the console */
extern wait_queue_head_t
	log_wait; /* woken when a record was added; from a timer tick, not from printk */

/* log_get - the first record with a number >= seq; false when there is none yet */
bool log_get(u64 seq, struct log_record *rec);
u64 log_first_seq(void);
u64 log_next_seq(void);
/* log_write - a line from user space (/dev/kmsg): any prefix "<N>" gives the level */
void log_write(const char *text, size_t len);
/* log_wake - tell sleepers about new records; called by the timer tick, where taking their locks is safe */
void log_wake(void);

/* A console: writes bytes at once, in any context, with interrupts off; "\n" becomes what the device needs. */
struct console {
	const char *name;
	void (*write)(const char *s, size_t len);
	void (*break_lock)(void); /* its lock is free, whoever had it: nobody else runs any more */
	struct console *next;
};
void register_console(struct console *con); /* replaces the early console; no replay */
/* console_flush_on_panic - the panicking CPU takes the log lock by force */
void console_break_locks(void);

#endif
