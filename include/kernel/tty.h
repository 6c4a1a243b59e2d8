/*
 * include/kernel/tty.h - terminals: a line discipline between a device and the programs that read it
 */
#ifndef KERNEL_TTY_H
#define KERNEL_TTY_H

#include <lib/types.h>
#include <kernel/mutex.h>
#include <kernel/spinlock.h>
#include <kernel/wait.h>
#include <uapi/termios.h>

struct tty_struct;
struct file;
struct poll_table;

struct tty_driver {
	const char *name;
	/* put - take up to len bytes for output; fewer when the device's buffer is full. Any context. */
	size_t (*put)(struct tty_struct *tty, const char *buf, size_t len);
	size_t (*room)(struct tty_struct *tty);        /* bytes that put would take now */
	void (*set_termios)(struct tty_struct *tty);   /* speed; may be NULL */
	size_t (*pending)(struct tty_struct *tty);     /* bytes taken and not sent yet */
	void (*flush)(struct tty_struct *tty);         /* drops those */
	void (*hold)(struct tty_struct *tty, bool on); /* flow control: send nothing now; go on */
	int (*drain)(struct tty_struct *tty); /* sleeps until they have left: 0, -ERESTARTSYS */
	void (*break_ctl)(struct tty_struct *tty, bool on); /* the line's break condition */
	long (*ioctl)(struct tty_struct *tty, unsigned int cmd,
		      unsigned long arg); /* the device's own; may be NULL */
};

#define N_TTY_BUF_SIZE 65536u /* input ring; a power of two */

struct tty_struct {
	char name[16];
	u64 dev;
	const struct tty_driver *driver;
	void *driver_data;

	spinlock_t lock; /* rank LOCK_TTY, irq-safe: everything below but the mutexes */
	struct ktermios termios;
	struct winsize winsize;
	pid_t pgrp, session;  /* foreground group; session it controls, 0 none */
	bool stopped;         /* ^S, or TCOOFF: */
	bool tco_stopped;     /* a program's stop; ^Q does not end it */
	bool exclusive;       /* TIOCEXCL: opened by nobody else but root */
	unsigned int count;   /* open files */
	unsigned int hangups; /* so far; a file opened before the last is of no use */
	bool lnext;           /* ^V seen */
	bool erasing;         /* ECHOPRT: inside \ / */

	/* input: a ring; [tail, canon_head) whole lines, [canon_head, head) the line being edited */
	char *buf;
	unsigned int head, tail, canon_head; /* free running */
	unsigned long *line_end;             /* bitmap over the ring: byte ends a line */
	unsigned int column, canon_column;   /* for erasing tabs */
	char echo_buf[4096];                 /* echo that the device had no room for */
	unsigned int echo_head, echo_tail;

	struct mutex read_lock, write_lock; /* rank LOCK_FILE_MISC */
	wait_queue_head_t read_wait, write_wait;
};

int tty_init_struct(struct tty_struct *tty, const char *name, u64 dev,
		    const struct tty_driver *driver, void *data);
/* tty_receive - bytes from the device; interrupt context */
void tty_receive(struct tty_struct *tty, const char *bytes, size_t len);
/* tty_wakeup - the device has room again; interrupt context */
void tty_wakeup(struct tty_struct *tty);
extern struct tty_struct *console_tty; /* what /dev/console is */
extern const struct file_operations tty_fops;
/* drivers/serial.c */
void serial_init(void);
struct tty_struct *serial_tty(u64 dev); /* by device number; NULL */
/* disassociate_ctty - the calling session leader exits (then the line is hung up), or gives its terminal up */
void disassociate_ctty(bool on_exit);
/* tty_vhangup - as if the line had been cut: all files open now are dead, the session has no terminal */
void tty_vhangup(struct tty_struct *tty);
/* tty_hung_up - was the line cut since the file was opened?  /dev/console outlives that */
bool tty_hung_up(const struct file *file);

/* line discipline (drivers/n_tty.c) */
ssize_t n_tty_read(struct tty_struct *tty, struct file *file, char *ubuf, size_t len);
ssize_t n_tty_write(struct tty_struct *tty, struct file *file, const char *ubuf, size_t len);
unsigned int n_tty_poll(struct tty_struct *tty, struct file *file, struct poll_table *table);
void n_tty_set_termios(struct tty_struct *tty, const struct ktermios *new_termios);
void n_tty_flush_input(struct tty_struct *tty);
unsigned int n_tty_input_chars(struct tty_struct *tty);
/* flow control and output, with tty->lock held */
void n_tty_stop(struct tty_struct *tty);
void n_tty_start(struct tty_struct *tty);
void n_tty_flush_output(struct tty_struct *tty);

#endif
