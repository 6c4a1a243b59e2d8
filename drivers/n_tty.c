/*
 * drivers/n_tty.c - the line discipline: what happens between a key and a program
 *
 * Input arrives in interrupt context, is examined (signals, flow control, editing), echoed, and put in a ring:
 *
 *      tail             canon_head          head
 *       v                   v                v
 *     | whole lines ....... | being edited   |            canonical: reads end at canon_head
 *     | bytes ............................... |            raw: reads end at head
 *
 * Erasing moves head back, never past canon_head.  A bit per byte marks the end of a line, so that ^D can end one
 * without being in it (it is stored as a NUL that readers do not see), and a line may hold a newline typed by ^V.
 *
 * The ring holds 64 KiB.  Linux has 4 KiB here and unexamined bytes in buffers before it; with one large ring ^C
 * works however much was typed ahead.  A line is as long as Linux's at most: the last of its LINE_LIMIT bytes is
 * overwritten by each further one, until a newline takes the place.
 *
 * Locking: tty->lock for the ring and the settings; readers hold read_lock (a mutex) so that two do not
 * interleave; copies to user memory happen with only that held, from a buffer on the stack.  Tests of a single
 * field by waiters are made without the lock and repeated under it: who changes one wakes the queue afterwards.
 *
 * Not done: parity marks (PARMRK), for no byte here has a parity; delays of output (TABDLY but for XTABS).
 *
 * Sources: POSIX.1-2017, "General Terminal Interface"; termios(3).
 */
#include <arch/uaccess.h>
#include <fs/vfs.h>
#include <kernel/sched.h>
#include <kernel/tty.h>
#include <lib/bitops.h>
#include <lib/string.h>

#define RING(i)       ((i) & (N_TTY_BUF_SIZE - 1))
#define CTRL(c)       ((c) ^ 0100)
#define DISABLED      0 /* _POSIX_VDISABLE: a control character that is off */

#define LINE_LIMIT    4096u /* bytes of a line, with what ends it */
#define WRITABLE_ROOM 256u  /* a sleeping writer is woken for no less */

static bool lflag(const struct tty_struct *tty, u32 f)
{
	return tty->termios.c_lflag & f;
}
static bool iflag(const struct tty_struct *tty, u32 f)
{
	return tty->termios.c_iflag & f;
}

static bool is_cc(const struct tty_struct *tty, unsigned int which, u8 c)
{
	return tty->termios.c_cc[which] != DISABLED && tty->termios.c_cc[which] == c;
}

static bool is_control(u8 c)
{
	return c < ' ' || c == 0177;
}

/* A byte inside a UTF-8 character takes no column. */
static bool is_continuation(const struct tty_struct *tty, u8 c)
{
	return iflag(tty, IUTF8) && (c & 0xc0) == 0x80;
}

/* --- output and echo --- */

static size_t opost_tab(struct tty_struct *tty, char *out)
{
	unsigned int spaces = 8 - (tty->column & 7);

	tty->column += spaces;
	if ((tty->termios.c_oflag & TABDLY) == XTABS) {
		memset(out, ' ', spaces);
		return spaces;
	}
	out[0] = '\t';
	return 1;
}

/*
 * One byte as the output flags want it, into @out (at most 8 bytes).  Keeps the column, which tabs and erasing
 * need.
 */
static size_t opost(struct tty_struct *tty, char c, char *out)
{
	u32 oflag = tty->termios.c_oflag;

	out[0] = c;
	if (!(oflag & OPOST))
		return 1;
	switch (c) {
	case '\n':
		if (oflag & (ONLRET | ONLCR))
			tty->column = 0;
		tty->canon_column = tty->column;
		if (!(oflag & ONLCR))
			return 1;
		memcpy(out, "\r\n", 2);
		return 2;
	case '\r':
		if ((oflag & ONOCR) && tty->column == 0)
			return 0;
		if (oflag & OCRNL)
			out[0] = '\n';
		if (!(oflag & OCRNL) || (oflag & ONLRET))
			tty->canon_column = tty->column = 0;
		return 1;
	case '\t':
		return opost_tab(tty, out);
	case '\b':
		if (tty->column)
			tty->column--;
		return 1;
	}
	if (is_control((u8)c))
		return 1;
	if ((oflag & OLCUC) && c >= 'a' && c <= 'z')
		out[0] = (char)(c - 'a' + 'A');
	if (!is_continuation(tty, (u8)c))
		tty->column++;
	return 1;
}

/* Echo that found the device full is kept and goes out when there is room; what exceeds that is dropped. */
static void flush_echo(struct tty_struct *tty)
{
	while (tty->echo_tail != tty->echo_head) {
		if (!tty->driver->put(tty, &tty->echo_buf[tty->echo_tail % sizeof(tty->echo_buf)],
				      1))
			return;
		tty->echo_tail++;
	}
}

static void echo_raw(struct tty_struct *tty, const char *s, size_t len)
{
	while (len--) {
		if (tty->echo_head - tty->echo_tail == sizeof(tty->echo_buf))
			return;
		tty->echo_buf[tty->echo_head++ % sizeof(tty->echo_buf)] = *s++;
	}
	flush_echo(tty);
}

static void echo_out(struct tty_struct *tty, char c)
{
	char out[8];

	echo_raw(tty, out, opost(tty, c, out));
}

static void echo_str(struct tty_struct *tty, const char *s)
{
	while (*s)
		echo_out(tty, *s++);
}

static void echo_char(struct tty_struct *tty, u8 c)
{
	if (lflag(tty, ECHOCTL) && is_control(c) && c != '\t') {
		echo_out(tty, '^');
		c = CTRL(c);
	}
	echo_out(tty, (char)c);
}

/* --- editing the line --- */

/* ECHOPRT shows what is erased between \ and /, for terminals that print on paper. */
static void finish_erasing(struct tty_struct *tty)
{
	if (tty->erasing)
		echo_out(tty, '/');
	tty->erasing = false;
}

/* The first character of a line remembers its column: tabs in the line are counted from there. */
static void note_column(struct tty_struct *tty)
{
	if (tty->head == tty->canon_head)
		tty->canon_column = tty->column;
}

/* Screen columns at the end of the line being edited. */
static unsigned int line_column(const struct tty_struct *tty)
{
	unsigned int col = tty->canon_column;

	for (unsigned int i = tty->canon_head; i != tty->head; i++) {
		u8 c = (u8)tty->buf[RING(i)];

		if (c == '\t')
			col = (col | 7) + 1;
		else if (is_control(c))
			col += lflag(tty, ECHOCTL) ? 2 : 0;
		else if (!is_continuation(tty, c))
			col++;
	}
	return col;
}

/* Shows that the character from ring position head up to @end is gone. */
static void echo_erased(struct tty_struct *tty, unsigned int end, bool single)
{
	u8 c = (u8)tty->buf[RING(tty->head)];

	if (lflag(tty, ECHOPRT)) {
		if (!tty->erasing)
			echo_out(tty, '\\');
		tty->erasing = true;
		echo_char(tty, c);
		for (unsigned int i = tty->head + 1; i != end; i++)
			echo_out(tty, tty->buf[RING(i)]);
	} else if (single && !lflag(tty, ECHOE)) {
		echo_char(tty, tty->termios.c_cc[VERASE]);
	} else if (c == '\t') {
		for (unsigned int n = 8 - (line_column(tty) & 7); n; n--)
			echo_out(tty, '\b');
	} else {
		if (is_control(c) && lflag(tty, ECHOCTL))
			echo_str(tty, "\b \b");
		if (!is_control(c) || lflag(tty, ECHOCTL))
			echo_str(tty, "\b \b");
	}
}

/* The start of the line's last character: its continuation bytes go with it.  head when the line is broken UTF-8. */
static unsigned int last_char(const struct tty_struct *tty)
{
	unsigned int at = tty->head;

	do
		at--;
	while (at != tty->canon_head && is_continuation(tty, (u8)tty->buf[RING(at)]));
	return is_continuation(tty, (u8)tty->buf[RING(at)]) ? tty->head : at;
}

/* Takes the character at @start, the line's last, off the line and off the screen. */
static void erase_from(struct tty_struct *tty, unsigned int start, bool single)
{
	unsigned int end = tty->head;

	tty->head = start;
	if (lflag(tty, ECHO))
		echo_erased(tty, end, single);
}

static void erase_char(struct tty_struct *tty)
{
	unsigned int start = last_char(tty);

	if (start != tty->head)
		erase_from(tty, start, true);
}

/* Letters and digits, also Latin-1's and so the first byte of any UTF-8 character. */
static bool is_word_char(u8 c)
{
	return (c >= '0' && c <= '9') || ((c | 040) >= 'a' && (c | 040) <= 'z') || c == '_' ||
	       (c >= 0300 && c != 0327 && c != 0367);
}

static void erase_word(struct tty_struct *tty)
{
	bool seen = false;

	while (tty->head != tty->canon_head) {
		unsigned int start = last_char(tty);
		bool word = is_word_char((u8)tty->buf[RING(start)]);

		if (start == tty->head || (seen && !word))
			return;
		seen |= word;
		erase_from(tty, start, false);
	}
}

static void kill_line(struct tty_struct *tty)
{
	if (!lflag(tty, ECHO)) {
		tty->head = tty->canon_head;
		return;
	}
	if (!lflag(tty, ECHOK) || !lflag(tty, ECHOKE) || !lflag(tty, ECHOE)) {
		tty->head = tty->canon_head;
		finish_erasing(tty);
		echo_char(tty, tty->termios.c_cc[VKILL]);
		if (lflag(tty, ECHOK))
			echo_out(tty, '\n');
		return;
	}
	while (tty->head != tty->canon_head) {
		unsigned int start = last_char(tty);

		if (start == tty->head)
			return;
		erase_from(tty, start, false);
	}
}

static void reprint_line(struct tty_struct *tty)
{
	finish_erasing(tty);
	echo_char(tty, tty->termios.c_cc[VREPRINT]);
	echo_out(tty, '\n');
	for (unsigned int i = tty->canon_head; i != tty->head; i++)
		echo_char(tty, (u8)tty->buf[RING(i)]);
}

static void literal_next(struct tty_struct *tty)
{
	tty->lnext = true;
	if (!lflag(tty, ECHO))
		return;
	finish_erasing(tty);
	if (lflag(tty, ECHOCTL))
		echo_str(tty, "^\b");
}

/* Canonical mode's editing characters; true when @c was one. */
static bool edit(struct tty_struct *tty, u8 c)
{
	bool ext = lflag(tty, IEXTEN), erase = is_cc(tty, VERASE, c), kill = is_cc(tty, VKILL, c),
	     word = ext && is_cc(tty, VWERASE, c);

	if (erase || kill || word) {
		if (tty->head == tty->canon_head)
			return true;
		if (erase)
			erase_char(tty);
		else if (kill)
			kill_line(tty);
		else
			erase_word(tty);
		if (tty->head == tty->canon_head && lflag(tty, ECHO))
			finish_erasing(tty);
		return true;
	}
	if (ext && is_cc(tty, VLNEXT, c)) {
		literal_next(tty);
		return true;
	}
	if (ext && lflag(tty, ECHO) && is_cc(tty, VREPRINT, c)) {
		reprint_line(tty);
		return true;
	}
	return false;
}

/* --- input --- */

/* Room for one more byte?  One is kept for what ends a line, so that a full canonical ring can still be read. */
static bool has_room(const struct tty_struct *tty, bool ends_line)
{
	unsigned int limit = lflag(tty, ICANON) && !ends_line ? N_TTY_BUF_SIZE - 1 : N_TTY_BUF_SIZE;

	return tty->head - tty->tail < limit;
}

static void put_input(struct tty_struct *tty, u8 c)
{
	tty->buf[RING(tty->head)] = (char)c;
	__clear_bit(RING(tty->head), tty->line_end);
	tty->head++;
}

static void end_line(struct tty_struct *tty, u8 c)
{
	if (!has_room(tty, true))
		return;
	put_input(tty, c);
	__set_bit(RING(tty->head - 1), tty->line_end);
	tty->canon_head = tty->head;
}

/* A byte that means itself; @literal: ^V came before it, and a newline is only a control character. */
static void plain_char(struct tty_struct *tty, u8 c, bool literal)
{
	if (!has_room(tty, false)) {
		if (iflag(tty, IMAXBEL))
			echo_raw(tty, "\a", 1);
		return;
	}
	if (lflag(tty, ECHO)) {
		finish_erasing(tty);
		if (c == '\n' && !literal) {
			echo_out(tty, '\n');
		} else {
			note_column(tty);
			echo_char(tty, c);
		}
	}
	put_input(tty, c);
}

static int signal_for(const struct tty_struct *tty, u8 c)
{
	if (!lflag(tty, ISIG))
		return 0;
	if (is_cc(tty, VINTR, c))
		return SIGINT;
	if (is_cc(tty, VQUIT, c))
		return SIGQUIT;
	return is_cc(tty, VSUSP, c) ? SIGTSTP : 0;
}

static void reset_input(struct tty_struct *tty)
{
	tty->tail = tty->canon_head = tty->head;
	tty->lnext = tty->erasing = false;
}

void n_tty_stop(struct tty_struct *tty)
{
	tty->stopped = true;
	tty->driver->hold(tty, true);
}

void n_tty_start(struct tty_struct *tty)
{
	if (!tty->stopped || tty->tco_stopped)
		return;
	tty->stopped = false;
	tty->driver->hold(tty, false);
}

/* Flow control; true when @c was one of its characters. */
static bool flow_control(struct tty_struct *tty, u8 c)
{
	if (!iflag(tty, IXON))
		return false;
	if (is_cc(tty, VSTART, c)) {
		n_tty_start(tty);
		return true;
	}
	if (is_cc(tty, VSTOP, c)) {
		n_tty_stop(tty);
		return true;
	}
	return false;
}

/* ^C and its kin: what was typed and what was to be shown is dropped, unless NOFLSH. */
static void signal_char(struct tty_struct *tty, u8 c)
{
	if (!lflag(tty, NOFLSH)) {
		reset_input(tty);
		n_tty_flush_output(tty);
	}
	if (iflag(tty, IXON))
		n_tty_start(tty);
	if (lflag(tty, ECHO))
		echo_char(tty, c);
}

static void canonical_char(struct tty_struct *tty, u8 c)
{
	if (edit(tty, c))
		return;
	if (c == '\n') {
		if (lflag(tty, ECHO) || lflag(tty, ECHONL))
			echo_out(tty, '\n');
		end_line(tty, c);
	} else if (is_cc(tty, VEOF, c)) {
		end_line(tty, DISABLED);
	} else if (is_cc(tty, VEOL, c) || (lflag(tty, IEXTEN) && is_cc(tty, VEOL2, c))) {
		if (lflag(tty, ECHO)) {
			note_column(tty);
			echo_char(tty, c);
		}
		end_line(tty, c);
	} else {
		plain_char(tty, c, false);
	}
}

/* One byte from the device.  Returns the signal to send to the foreground group, 0 for none.  Lock held. */
static int receive_char(struct tty_struct *tty, u8 c)
{
	int sig;

	if (lflag(tty, ICANON) && tty->head - tty->canon_head >= LINE_LIMIT)
		tty->head--;
	if (iflag(tty, ISTRIP))
		c &= 0177;
	if (iflag(tty, IUCLC) && lflag(tty, IEXTEN) && c >= 'A' && c <= 'Z')
		c = (u8)(c - 'A' + 'a');
	if (tty->lnext) {
		tty->lnext = false;
		plain_char(tty, c, true);
		return 0;
	}
	if (flow_control(tty, c))
		return 0;
	sig = signal_for(tty, c);
	if (sig) {
		signal_char(tty, c);
		return sig;
	}
	if (tty->stopped && iflag(tty, IXON) && iflag(tty, IXANY))
		n_tty_start(tty);
	if (c == '\r') {
		if (iflag(tty, IGNCR))
			return 0;
		if (iflag(tty, ICRNL))
			c = '\n';
	} else if (c == '\n' && iflag(tty, INLCR)) {
		c = '\r';
	}
	if (lflag(tty, ICANON))
		canonical_char(tty, c);
	else
		plain_char(tty, c, false);
	return 0;
}

static bool input_ready(const struct tty_struct *tty)
{
	unsigned int tail = READ_ONCE(tty->tail);

	return lflag(tty, ICANON) ? READ_ONCE(tty->canon_head) != tail
				  : READ_ONCE(tty->head) != tail;
}

void tty_receive(struct tty_struct *tty, const char *bytes, size_t len)
{
	unsigned long flags;
	bool ready;

	spin_lock_irqsave(&tty->lock, flags);
	while (len--) {
		int sig = receive_char(tty, (u8)*bytes++);
		pid_t pgrp = tty->pgrp;

		if (!sig || pgrp <= 0)
			continue;
		/* the process table comes before the terminal */
		spin_unlock_irqrestore(&tty->lock, flags);
		kill_pgrp(pgrp, sig);
		spin_lock_irqsave(&tty->lock, flags);
	}
	ready = input_ready(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
	if (ready)
		wake_up_all(&tty->read_wait);
}

void tty_wakeup(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	flush_echo(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_all(&tty->write_wait);
}

/* --- reading --- */

/* Bytes of the first line, at most @len of them, into @out; *eol tells that its end was taken too. */
static size_t take_line(struct tty_struct *tty, char *out, size_t len, bool *eol)
{
	size_t n = 0;

	while (!*eol && tty->tail != tty->canon_head) {
		unsigned int at = RING(tty->tail);
		bool end = test_bit(at, tty->line_end), unseen = end && tty->buf[at] == DISABLED;

		/* a ^D right behind the last byte that was asked for is not left for the next read */
		if (n == len && !unseen)
			break;
		if (!unseen)
			out[n++] = tty->buf[at];
		tty->tail++;
		*eol = end;
	}
	return n;
}

static size_t take_bytes(struct tty_struct *tty, char *out, size_t len)
{
	size_t n = 0;

	while (n < len && tty->tail != tty->head)
		out[n++] = tty->buf[RING(tty->tail++)];
	return n;
}

/* Up to @len bytes of what may be read now, into @out.  *eol: a line ended. */
static size_t take_input(struct tty_struct *tty, char *out, size_t len, bool *eol)
{
	unsigned long flags;
	size_t n;

	*eol = false;
	spin_lock_irqsave(&tty->lock, flags);
	if (lflag(tty, ICANON))
		n = take_line(tty, out, len, eol);
	else
		n = take_bytes(tty, out, len);
	spin_unlock_irqrestore(&tty->lock, flags);
	return n;
}

unsigned int n_tty_input_chars(struct tty_struct *tty)
{
	unsigned long flags;
	unsigned int n;

	spin_lock_irqsave(&tty->lock, flags);
	n = tty->head - tty->tail;
	if (lflag(tty, ICANON)) {
		n = tty->canon_head - tty->tail;
		for (unsigned int i = tty->tail; i != tty->canon_head; i++)
			n -= tty->buf[RING(i)] == DISABLED && test_bit(RING(i), tty->line_end);
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	return n;
}

/* For poll: with MIN alone, a raw read would still sleep for fewer bytes than that. */
static bool input_pollable(const struct tty_struct *tty)
{
	unsigned int amount = 1;

	if (lflag(tty, ICANON))
		return input_ready(tty);
	if (!tty->termios.c_cc[VTIME] && tty->termios.c_cc[VMIN])
		amount = tty->termios.c_cc[VMIN];
	return READ_ONCE(tty->head) - READ_ONCE(tty->tail) >= amount;
}

#define FOREVER (~0ull)

/* Sleeps until there is input or the line is hung up, @timeout in ns.  0, -EAGAIN, -ERESTARTSYS, or -ETIME. */
static int wait_input(struct tty_struct *tty, const struct file *file, u64 timeout)
{
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	if (timeout == FOREVER)
		return wait_event_interruptible(&tty->read_wait,
						input_ready(tty) || tty_hung_up(file));
	return wait_event_interruptible_timeout(&tty->read_wait,
						input_ready(tty) || tty_hung_up(file), timeout);
}

/*
 * A line at most, or in raw mode by MIN and TIME (POSIX, "Non-Canonical Mode Input Processing"):
 *   MIN>0 TIME=0  until MIN bytes        MIN>0 TIME>0  until MIN bytes, or TIME after the last byte
 *   MIN=0 TIME>0  first byte or TIME     MIN=0 TIME=0  what is there
 */
static ssize_t read_input(struct tty_struct *tty, const struct file *file, char *ubuf, size_t len)
{
	size_t minimum = 0, done = 0;
	u64 timeout = FOREVER, between = 0;
	int err = 0;

	if (!lflag(tty, ICANON)) {
		u64 vtime = tty->termios.c_cc[VTIME] * 100000000ull; /* tenths of a second, in ns */

		minimum = tty->termios.c_cc[VMIN];
		if (minimum)
			between = vtime;
		else
			timeout = vtime;
	}
	while (done < len) {
		char chunk[128];
		bool eol;
		size_t n;

		if (!input_ready(tty)) {
			if ((done && done >= minimum) || tty_hung_up(file) || !timeout)
				break;
			err = wait_input(tty, file, timeout);
			if (err)
				break;
			continue;
		}
		n = take_input(tty, chunk, min(len - done, sizeof(chunk)), &eol);
		if (n && copy_to_user(ubuf + done, chunk, n))
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		if (eol)
			break;
		if (between)
			timeout = between;
	}
	if (done || err == -ETIME)
		return (ssize_t)done;
	return err;
}

ssize_t n_tty_read(struct tty_struct *tty, struct file *file, char *ubuf, size_t len)
{
	ssize_t n;

	if (!len)
		return 0;
	if (file->f_flags & O_NONBLOCK) {
		if (!mutex_trylock(&tty->read_lock))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&tty->read_lock)) {
		return -ERESTARTSYS;
	}
	n = read_input(tty, file, ubuf, len);
	mutex_unlock(&tty->read_lock);
	return n;
}

/* --- writing --- */

/* As many of @len bytes as the device takes now, processed; a byte goes whole or not at all. */
static size_t write_some(struct tty_struct *tty, const char *s, size_t len)
{
	char out[256];
	size_t n = 0, filled = 0, room;
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	flush_echo(tty);
	room = min(tty->driver->room(tty), sizeof(out));
	while (n < len && filled + 8 <= room)
		filled += opost(tty, s[n++], out + filled);
	tty->driver->put(tty, out, filled);
	spin_unlock_irqrestore(&tty->lock, flags);
	return n;
}

static bool output_ready(struct tty_struct *tty)
{
	return tty->driver->room(tty) >= WRITABLE_ROOM;
}

/* Sleeps until the device has room.  0, -EAGAIN, -ERESTARTSYS, or -EIO when the line was hung up. */
static int wait_room(struct tty_struct *tty, const struct file *file)
{
	int err;

	if (tty_hung_up(file))
		return -EIO;
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	err = wait_event_interruptible(&tty->write_wait, output_ready(tty) || tty_hung_up(file));
	return !err && tty_hung_up(file) ? -EIO : err;
}

ssize_t n_tty_write(struct tty_struct *tty, struct file *file, const char *ubuf, size_t len)
{
	size_t done = 0;
	int err = 0;

	if (file->f_flags & O_NONBLOCK) {
		if (!mutex_trylock(&tty->write_lock))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&tty->write_lock)) {
		return -ERESTARTSYS;
	}
	while (done < len) {
		char chunk[256];
		size_t want = min(len - done, sizeof(chunk)), sent = 0;

		if (copy_from_user(chunk, ubuf + done, want)) {
			err = -EFAULT;
			break;
		}
		while (sent < want) {
			size_t n = write_some(tty, chunk + sent, want - sent);

			sent += n;
			if (n)
				continue;
			err = wait_room(tty, file);
			if (err)
				break;
		}
		done += sent;
		if (err)
			break;
	}
	mutex_unlock(&tty->write_lock);
	return done ? (ssize_t)done : err;
}

unsigned int n_tty_poll(struct tty_struct *tty, struct file *file, struct poll_table *table)
{
	unsigned int mask = 0;

	poll_wait(table, &tty->read_wait);
	poll_wait(table, &tty->write_wait);
	if (tty_hung_up(file))
		return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
	if (input_pollable(tty))
		mask |= POLLIN | POLLRDNORM;
	if (output_ready(tty))
		mask |= POLLOUT | POLLWRNORM;
	return mask;
}

/* --- settings --- */

/*
 * From canonical to raw all that waits becomes readable bytes, each ^D a NUL; from raw to canonical it becomes one
 * line.
 */
static void switch_mode(struct tty_struct *tty)
{
	for (unsigned int i = tty->tail; i != tty->head; i++)
		__clear_bit(RING(i), tty->line_end);
	tty->canon_head = tty->tail;
	if (lflag(tty, ICANON) && tty->head != tty->tail) {
		__set_bit(RING(tty->head - 1), tty->line_end);
		tty->canon_head = tty->head;
	}
	tty->lnext = tty->erasing = false;
}

void n_tty_set_termios(struct tty_struct *tty, const struct ktermios *new_termios)
{
	unsigned long flags;
	struct ktermios old;

	spin_lock_irqsave(&tty->lock, flags);
	old = tty->termios;
	tty->termios = *new_termios;
	if ((old.c_lflag ^ tty->termios.c_lflag) & ICANON)
		switch_mode(tty);
	if ((old.c_iflag & IXON) && !iflag(tty, IXON))
		n_tty_start(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_all(&tty->read_wait);
	wake_up_all(&tty->write_wait);
}

void n_tty_flush_input(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	reset_input(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
}

/* n_tty_flush_output - drop echo and what the device still has to send; tty->lock held */
void n_tty_flush_output(struct tty_struct *tty)
{
	tty->echo_tail = tty->echo_head;
	tty->driver->flush(tty);
}
