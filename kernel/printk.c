/*
 * kernel/printk.c - the kernel log
 *
 * A ring of variable-length records, numbered for ever: writers append and push the oldest out, readers keep
 * the number of the record they want next and learn from a gap what they missed.
 *
 *     first_seq                       next_seq
 *        v                               v
 *     | hdr text | hdr text | hdr text |        ...  (wraps by bytes)
 *
 * printk may be called anywhere, under any lock and in any interrupt.  So it takes one lock, the last in the
 * order, with interrupts off; it writes the line to the consoles under that lock, by polling; and it wakes no
 * reader (that would take run-queue locks): it leaves a mark, and the next timer tick calls log_wake().
 *
 * Invariants (under log_lock):
 *   L1  records [first_seq, next_seq) lie back to back from first_pos on, next_pos is behind the last;
 *   L2  next_pos - first_pos <= LOG_BUF_SIZE.
 */
#include <arch/init.h>
#include <arch/irq.h>
#include <kernel/log.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/spinlock.h>
#include <lib/printf.h>
#include <lib/string.h>

#define DEFAULT_LEVEL 4 /* a printk without a prefix: warning */

struct record_header {
	u64 time_ns;
	u16 len;
	u8 level;
};

static char log_buf[LOG_BUF_SIZE];
static u64 first_seq, next_seq;
static u64 first_pos, next_pos; /* free running byte positions */
static DEFINE_SPINLOCK(log_lock, LOCK_PRINTK);
static struct console *consoles;
static bool wake_due;
int console_loglevel = 7;
DECLARE_WAIT_QUEUE_HEAD(log_wait);

static void ring_copy_in(u64 pos, const void *from, size_t len)
{
	size_t off = pos & (LOG_BUF_SIZE - 1), head = min(len, (size_t)LOG_BUF_SIZE - off);

	memcpy(log_buf + off, from, head);
	memcpy(log_buf, (const char *)from + head, len - head);
}

static void ring_copy_out(u64 pos, void *to, size_t len)
{
	size_t off = pos & (LOG_BUF_SIZE - 1), head = min(len, (size_t)LOG_BUF_SIZE - off);

	memcpy(to, log_buf + off, head);
	memcpy((char *)to + head, log_buf, len - head);
}

static void append(unsigned int level, const char *text, size_t len)
{
	struct record_header hdr = { .time_ns = clock_ns(), .len = (u16)len, .level = (u8)level };

	while (next_pos + sizeof(hdr) + len - first_pos > LOG_BUF_SIZE) {
		struct record_header old;

		ring_copy_out(first_pos, &old, sizeof(old));
		first_pos += sizeof(old) + old.len;
		first_seq++;
	}
	ring_copy_in(next_pos, &hdr, sizeof(hdr));
	ring_copy_in(next_pos + sizeof(hdr), text, len);
	next_pos += sizeof(hdr) + len;
	next_seq++;
	wake_due = true;
}

static void console_write(const char *s, size_t len)
{
	struct console *con;

	for (con = consoles; con; con = con->next)
		con->write(s, len);
	if (!consoles)
		while (len--)
			early_putc(*s++);
}

/* One line of text, without its newline, into the ring and onto the consoles.  Lock held. */
static void emit_line(unsigned int level, const char *text, size_t len)
{
	append(level, text, len);
	if ((int)level >= console_loglevel)
		return;
	console_write(text, len);
	console_write("\n", 1);
}

static unsigned int take_level(const char **text, size_t *len)
{
	const char *s = *text;

	if (*len < 3 || s[0] != '<' || s[1] < '0' || s[1] > '7' || s[2] != '>')
		return DEFAULT_LEVEL;
	*text += 3;
	*len -= 3;
	return (unsigned int)(s[1] - '0');
}

static void log_text(const char *text, size_t len)
{
	unsigned int level = take_level(&text, &len);
	unsigned long flags;

	spin_lock_irqsave(&log_lock, flags);
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t line = nl ? (size_t)(nl - text) : len;

		emit_line(level, text, min(line, sizeof(((struct log_record *)0)->text)));
		line += nl != NULL;
		text += line;
		len -= line;
	}
	spin_unlock_irqrestore(&log_lock, flags);
}

int printk(const char *fmt, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_text(text, (size_t)len);
	return len;
}

void log_write(const char *text, size_t len)
{
	log_text(text, len);
}

/* Walks from the oldest record: readers of the log are rare, and the ring holds about a thousand. */
bool log_get(u64 seq, struct log_record *rec)
{
	struct record_header hdr;
	unsigned long flags;
	u64 pos, at;

	spin_lock_irqsave(&log_lock, flags);
	seq = max(seq, first_seq);
	if (seq >= next_seq) {
		spin_unlock_irqrestore(&log_lock, flags);
		return false;
	}
	for (pos = first_pos, at = first_seq;; at++) {
		ring_copy_out(pos, &hdr, sizeof(hdr));
		if (at == seq)
			break;
		pos += sizeof(hdr) + hdr.len;
	}
	rec->seq = seq;
	rec->time_ns = hdr.time_ns;
	rec->level = hdr.level;
	rec->len = min(hdr.len, (u16)sizeof(rec->text));
	ring_copy_out(pos + sizeof(hdr), rec->text, rec->len);
	spin_unlock_irqrestore(&log_lock, flags);
	return true;
}

u64 log_first_seq(void)
{
	return READ_ONCE(first_seq);
}

u64 log_next_seq(void)
{
	return READ_ONCE(next_seq);
}

void log_wake(void)
{
	if (!READ_ONCE(wake_due))
		return;
	WRITE_ONCE(wake_due, false);
	wake_up_all(&log_wait);
}

/**
 * register_console - show the log on @con from now on
 *
 * The first console takes over from the early one, which has shown everything so far on the same port.
 */
void register_console(struct console *con)
{
	unsigned long flags;

	spin_lock_irqsave(&log_lock, flags);
	con->next = consoles;
	consoles = con;
	spin_unlock_irqrestore(&log_lock, flags);
}

/* A panicking CPU, or one that it stopped, may have died inside printk: from here on it owns the log. */
void console_break_locks(void)
{
	spin_lock_init(&log_lock, LOCK_PRINTK);
	for (struct console *con = consoles; con; con = con->next)
		con->break_lock();
}
