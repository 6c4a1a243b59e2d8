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
 * without being in it, and a program may switch between the modes with input waiting.
 *
 * Locking: tty->lock for the ring and the settings; readers hold read_lock (a mutex) so that two do not
 * interleave; copies to user memory happen with only that held, from a buffer on the stack.
 *
 * Sources: POSIX.1-2017, "General Terminal Interface"; termios(3).
 */
#include <arch/uaccess.h>
#include <fs/vfs.h>
#include <kernel/sched.h>
#include <kernel/tty.h>
#include <lib/bitops.h>
#include <lib/string.h>

#define RING(i)  ((i) & (N_TTY_BUF_SIZE - 1))
#define CTRL(c)  ((c) ^ 0100)
#define DISABLED 0 /* _POSIX_VDISABLE: a control character that is off */

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

/* --- output and echo --- */

/*
 * One byte as the output flags want it, into @out (at most 8 bytes).  Keeps the column, which tabs and erasing
 * need.
 */
static size_t opost(struct tty_struct *tty, char c, char *out)
{
	u32 oflag = tty->termios.c_oflag;

	if (!(oflag & OPOST)) {
		out[0] = c;
		return 1;
	}
	switch (c) {
	case '\n':
		if (oflag & ONLRET)
			tty->column = 0;
		if (oflag & ONLCR) {
			tty->column = 0;
			memcpy(out, "\r\n", 2);
			return 2;
		}
		break;
	case '\r':
		if ((oflag & ONOCR) && tty->column == 0)
			return 0;
		if (oflag & OCRNL) {
			out[0] = '\n';
			return 1;
		}
		tty->column = 0;
		break;
	case '\t':
		tty->column = (tty->column | 7) + 1;
		break;
	case '\b':
		if (tty->column)
			tty->column--;
		break;
	default:
		if ((u8)c >= ' ' &&
		    ((u8)c & 0xc0) != 0x80) /* bytes inside a UTF-8 character take no column */
			tty->column++;
	}
	out[0] = c;
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
	if (!tty->stopped)
		flush_echo(tty);
}

static void echo_out(struct tty_struct *tty, char c)
{
	char out[8];

	echo_raw(tty, out, opost(tty, c, out));
}

static bool shown_as_control(const struct tty_struct *tty, u8 c)
{
	return lflag(tty, ECHOCTL) && (c < ' ' || c == 0177) && c != '\t' && c != '\n';
}

static void echo_char(struct tty_struct *tty, u8 c)
{
	if (!lflag(tty, ECHO)) {
		if (c == '\n' && lflag(tty, ECHONL) && lflag(tty, ICANON))
			echo_out(tty, '\n');
		return;
	}
	if (shown_as_control(tty, c)) {
		echo_out(tty, '^');
		echo_out(tty, (char)CTRL(c));
	} else {
		echo_out(tty, (char)c);
	}
}

/* --- editing the line --- */

/* Screen columns of the line being edited, up to ring position @to. */
static unsigned int columns_to(const struct tty_struct *tty, unsigned int to)
{
	unsigned int col = tty->canon_column;

	for (unsigned int i = tty->canon_head; i != to; i++) {
		u8 c = (u8)tty->buf[RING(i)];

		if (c == '\t')
			col = (col | 7) + 1;
		else if (shown_as_control(tty, c))
			col += 2;
		else if ((c & 0xc0) != 0x80)
			col++;
	}
	return col;
}

/* Takes the last character off the line, with its continuation bytes, and off the screen. */
static void erase_char(struct tty_struct *tty)
{
	unsigned int before, after;

	if (tty->head == tty->canon_head)
		return;
	before = columns_to(tty, tty->head);
	do
		tty->head--;
	while (tty->head != tty->canon_head && iflag(tty, IUTF8) &&
	       ((u8)tty->buf[RING(tty->head)] & 0xc0) == 0x80);
	if (!lflag(tty, ECHO))
		return;
	if (!lflag(tty, ECHOE)) {
		echo_char(tty, tty->termios.c_cc[VERASE]);
		return;
	}
	after = columns_to(tty, tty->head);
	if (tty->buf[RING(tty->head)] == '\t') {
		while (before-- > after)
			echo_out(tty, '\b');
		return;
	}
	while (before-- > after) {
		echo_out(tty, '\b');
		echo_out(tty, ' ');
		echo_out(tty, '\b');
	}
}

static bool is_word_char(u8 c)
{
	return (c >= '0' && c <= '9') || ((c | 040) >= 'a' && (c | 040) <= 'z') || c == '_' ||
	       c >= 0200;
}

static void erase_word(struct tty_struct *tty)
{
	bool seen = false;

	while (tty->head != tty->canon_head) {
		bool word = is_word_char((u8)tty->buf[RING(tty->head - 1)]);

		if (seen && !word)
			return;
		seen |= word;
		erase_char(tty);
	}
}

static void kill_line(struct tty_struct *tty)
{
	if (lflag(tty, ECHOKE) && lflag(tty, ECHOE)) {
		while (tty->head != tty->canon_head)
			erase_char(tty);
		return;
	}
	tty->head = tty->canon_head;
	echo_char(tty, tty->termios.c_cc[VKILL]);
	if (lflag(tty, ECHOK))
		echo_out(tty, '\n');
}

static void reprint_line(struct tty_struct *tty)
{
	echo_char(tty, tty->termios.c_cc[VREPRINT]);
	echo_out(tty, '\n');
	tty->canon_column = tty->column;
	for (unsigned int i = tty->canon_head; i != tty->head; i++)
		echo_char(tty, (u8)tty->buf[RING(i)]);
}

/* --- input --- */

static bool put_input(struct tty_struct *tty, u8 c)
{
	/* one byte is kept free for a newline, so that a full canonical buffer can still be read */
	unsigned int limit = lflag(tty, ICANON) && c != '\n' ? N_TTY_BUF_SIZE - 1 : N_TTY_BUF_SIZE;

	if (tty->head - tty->tail >= limit) {
		if (iflag(tty, IMAXBEL))
			echo_raw(tty, "\a", 1);
		return false;
	}
	if (tty->head == tty->canon_head)
		tty->canon_column = tty->column;
	tty->buf[RING(tty->head)] = (char)c;
	__clear_bit(RING(tty->head), tty->line_end);
	tty->head++;
	return true;
}

static void end_line(struct tty_struct *tty)
{
	__set_bit(RING(tty->head - 1), tty->line_end);
	tty->canon_head = tty->head;
	tty->lines++;
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
	tty->lines = 0;
}

/* Flow control; true when @c was one of its characters. */
static bool flow_control(struct tty_struct *tty, u8 c)
{
	if (!iflag(tty, IXON))
		return false;
	if (is_cc(tty, VSTOP, c)) {
		tty->stopped = true;
		return true;
	}
	if (is_cc(tty, VSTART, c) || (tty->stopped && iflag(tty, IXANY))) {
		tty->stopped = false;
		flush_echo(tty);
		return is_cc(tty, VSTART, c);
	}
	return false;
}

/* Canonical mode's editing characters; true when @c was one. */
static bool edit(struct tty_struct *tty, u8 c)
{
	bool ext = lflag(tty, IEXTEN);

	if (is_cc(tty, VERASE, c))
		erase_char(tty);
	else if (is_cc(tty, VKILL, c))
		kill_line(tty);
	else if (ext && is_cc(tty, VWERASE, c))
		erase_word(tty);
	else if (ext && lflag(tty, ECHO) && is_cc(tty, VREPRINT, c))
		reprint_line(tty);
	else if (ext && is_cc(tty, VLNEXT, c)) {
		tty->lnext = true;
		if (lflag(tty, ECHO) && lflag(tty, ECHOCTL))
			echo_raw(tty, "^\b", 2);
	} else
		return false;
	return true;
}

static void canonical_char(struct tty_struct *tty, u8 c)
{
	if (edit(tty, c))
		return;
	if (is_cc(tty, VEOF, c)) {
		/* the end mark is stored as a NUL that readers do not see */
		if (put_input(tty, 0))
			end_line(tty);
		return;
	}
	if (!put_input(tty, c))
		return;
	if (c == '\n' || is_cc(tty, VEOL, c) || is_cc(tty, VEOL2, c)) {
		echo_char(tty, c);
		end_line(tty);
		return;
	}
	echo_char(tty, c);
}

/* One byte from the device.  Returns the signal to send to the foreground group, 0 for none.  Lock held. */
static int receive_char(struct tty_struct *tty, u8 c)
{
	int sig;

	if (tty->lnext) {
		tty->lnext = false;
		if (put_input(tty, c))
			echo_char(tty, c);
		return 0;
	}
	if (iflag(tty, ISTRIP))
		c &= 0177;
	if (flow_control(tty, c))
		return 0;
	sig = signal_for(tty, c);
	if (sig) {
		if (!lflag(tty, NOFLSH)) {
			reset_input(tty);
			tty->echo_tail = tty->echo_head;
		}
		tty->stopped = false;
		if (lflag(tty, ECHO))
			echo_char(tty, c);
		return sig;
	}
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
	else if (put_input(tty, c))
		echo_char(tty, c);
	return 0;
}

void tty_receive(struct tty_struct *tty, const char *bytes, size_t len)
{
	unsigned long flags;
	bool ready;

	while (len--) {
		int sig;
		pid_t pgrp;

		spin_lock_irqsave(&tty->lock, flags);
		sig = receive_char(tty, (u8)*bytes++);
		pgrp = tty->pgrp;
		spin_unlock_irqrestore(&tty->lock, flags);
		if (sig && pgrp > 0)
			kill_pgrp(pgrp, sig);
	}
	spin_lock_irqsave(&tty->lock, flags);
	ready = lflag(tty, ICANON) ? tty->lines != 0 : tty->head != tty->tail;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (ready)
		wake_up_all(&tty->read_wait);
	if (!tty->stopped)
		wake_up_all(&tty->write_wait);
}

void tty_wakeup(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	if (!tty->stopped)
		flush_echo(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_all(&tty->write_wait);
}

/* --- reading --- */

/*
 * Up to @len bytes of input that may be read now, into @out.  *eol tells that a line ended (canonical).
 */
static size_t take_input(struct tty_struct *tty, char *out, size_t len, bool *eol)
{
	unsigned long flags;
	size_t n = 0;

	*eol = false;
	spin_lock_irqsave(&tty->lock, flags);
	if (!lflag(tty, ICANON)) {
		for (; n < len && tty->tail != tty->head; tty->tail++) {
			unsigned int at = RING(tty->tail);

			if (test_bit(at, tty->line_end)) { /* typed before the switch to raw mode */
				tty->lines--;
				if (!tty->buf[at])
					continue; /* a ^D */
			}
			out[n++] = tty->buf[at];
		}
		if ((int)(tty->tail - tty->canon_head) > 0)
			tty->canon_head = tty->tail;
	} else {
		while (n < len && tty->tail != tty->canon_head) {
			unsigned int at = RING(tty->tail);
			char c = tty->buf[at];
			bool end = test_bit(at, tty->line_end);

			tty->tail++;
			if (!(end && c == 0))
				out[n++] = c;
			if (end) {
				tty->lines--;
				*eol = true;
				break;
			}
		}
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	return n;
}

unsigned int n_tty_input_chars(struct tty_struct *tty)
{
	return lflag(tty, ICANON) ? tty->canon_head - tty->tail : tty->head - tty->tail;
}

static bool input_ready(struct tty_struct *tty)
{
	return lflag(tty, ICANON) ? READ_ONCE(tty->lines) != 0
				  : READ_ONCE(tty->head) != READ_ONCE(tty->tail);
}

/* Sleeps until there is input; @timeout in ns, 0 for none.  0, -EAGAIN, -ERESTARTSYS, or -ETIME. */
static int wait_input(struct tty_struct *tty, bool nonblock, u64 timeout)
{
	if (input_ready(tty))
		return 0;
	if (nonblock)
		return -EAGAIN;
	if (!timeout)
		return wait_event_interruptible(&tty->read_wait, input_ready(tty));
	return wait_event_interruptible_timeout(&tty->read_wait, input_ready(tty), timeout);
}

static ssize_t read_canonical(struct tty_struct *tty, char *ubuf, size_t len, bool nonblock)
{
	size_t done = 0;
	bool eol = false;
	int err = wait_input(tty, nonblock, 0);

	if (err)
		return err;
	while (done < len && !eol) {
		char chunk[128];
		size_t n = take_input(tty, chunk, min(len - done, sizeof(chunk)), &eol);

		if (n && copy_to_user(ubuf + done, chunk, n))
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		if (!n && !eol)
			break;
	}
	return (ssize_t)done;
}

/*
 * Raw reads by MIN and TIME (POSIX, "Non-Canonical Mode Input Processing"):
 *   MIN>0 TIME=0  until MIN bytes        MIN>0 TIME>0  until MIN bytes, or TIME after the last byte
 *   MIN=0 TIME>0  first byte or TIME     MIN=0 TIME=0  what is there
 */
static ssize_t read_raw(struct tty_struct *tty, char *ubuf, size_t len, bool nonblock)
{
	size_t vmin = tty->termios.c_cc[VMIN], done = 0;
	u64 vtime = tty->termios.c_cc[VTIME] * 100000000ull; /* tenths of a second, in ns */
	bool eol;

	while (done < len) {
		char chunk[128];
		size_t n;

		if (!input_ready(tty)) {
			int err;

			if (done >= vmin && (done || !vtime))
				break;
			err = wait_input(tty, nonblock, vmin && !done ? 0 : vtime);
			if (err == -ETIME)
				break;
			if (err)
				return done ? (ssize_t)done : err;
		}
		n = take_input(tty, chunk, min(len - done, sizeof(chunk)), &eol);
		if (n && copy_to_user(ubuf + done, chunk, n))
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		if (!vmin && done)
			break;
	}
	return (ssize_t)done;
}

ssize_t n_tty_read(struct tty_struct *tty, char *ubuf, size_t len, bool nonblock)
{
	ssize_t n;

	if (!len)
		return 0;
	if (mutex_lock_interruptible(&tty->read_lock))
		return -ERESTARTSYS;
	n = lflag(tty, ICANON) ? read_canonical(tty, ubuf, len, nonblock)
			       : read_raw(tty, ubuf, len, nonblock);
	mutex_unlock(&tty->read_lock);
	return n;
}

/* --- writing --- */

/* As many of @len bytes as the device takes now, processed; a byte goes whole or not at all. */
static size_t write_some(struct tty_struct *tty, const char *s, size_t len)
{
	char out[256];
	size_t n = 0, filled = 0;
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	flush_echo(tty);
	if (!tty->stopped) {
		size_t room = min(tty->driver->room(tty), sizeof(out));

		while (n < len && filled + 8 <= room)
			filled += opost(tty, s[n++], out + filled);
		tty->driver->put(tty, out, filled);
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	return n;
}

static bool output_ready(struct tty_struct *tty)
{
	return !READ_ONCE(tty->stopped) && tty->driver->room(tty) >= 256;
}

ssize_t n_tty_write(struct tty_struct *tty, const char *ubuf, size_t len, bool nonblock)
{
	size_t done = 0;
	int err = 0;

	if (mutex_lock_interruptible(&tty->write_lock))
		return -ERESTARTSYS;
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
			err = nonblock ? -EAGAIN
				       : wait_event_interruptible(&tty->write_wait,
								  output_ready(tty));
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

	(void)file;
	poll_wait(table, &tty->read_wait);
	poll_wait(table, &tty->write_wait);
	if (input_ready(tty))
		mask |= POLLIN | POLLRDNORM;
	if (output_ready(tty))
		mask |= POLLOUT | POLLWRNORM;
	return mask;
}

/* --- settings --- */

/* From canonical to raw, the line being edited becomes readable; from raw to canonical, what waits is a line. */
void n_tty_set_termios(struct tty_struct *tty, const struct ktermios *new_termios)
{
	unsigned long flags;
	bool was_canonical;

	spin_lock_irqsave(&tty->lock, flags);
	was_canonical = lflag(tty, ICANON);
	tty->termios = *new_termios;
	if (!was_canonical && lflag(tty, ICANON) && tty->head != tty->tail) {
		tty->lines = 0;
		for (unsigned int i = tty->tail; i != tty->head; i++) {
			bool end = tty->buf[RING(i)] == '\n' || i + 1 == tty->head;

			if (end)
				__set_bit(RING(i), tty->line_end);
			else
				__clear_bit(RING(i), tty->line_end);
			tty->lines += end;
		}
		tty->canon_head = tty->head;
	} else if (!was_canonical) {
		tty->canon_head = tty->head;
	}
	if (!iflag(tty, IXON))
		tty->stopped = false;
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
