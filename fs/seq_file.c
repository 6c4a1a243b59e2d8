/*
 * fs/seq_file.c - text that the kernel makes up while it is read: /proc
 *
 * A file is a sequence of records.  start takes what showing needs (locks, references), show prints one record, next
 * goes on, stop lets go.  One read fills a kernel buffer with whole records between start and stop, drops everything,
 * and only then copies to the user: a fault on the user's buffer can never meet a lock of the record's owner.
 *
 *     read(len):   [ left over from last time | start show next show ... stop ] -> user
 *
 * Where to go on is kept as a record number (index), so records may come and go between two reads; what was printed
 * and not yet taken stays in the buffer [from, from + count).  A record that does not fit makes the buffer double and
 * is printed again.
 *
 * Locks: m->lock, a mutex, for each call; then whatever start and show take.
 */
#include "internal.h"

#define SEQ_MAX_SIZE (32 * MiB) /* a single record beyond this is -ENOMEM */

void seq_write(struct seq_file *m, const void *data, size_t len)
{
	if (m->count + len > m->size) {
		m->count = m->size;
		m->overflow = true;
		return;
	}
	memcpy(m->buf + m->count, data, len);
	m->count += len;
}

void seq_puts(struct seq_file *m, const char *s)
{
	seq_write(m, s, strlen(s));
}

void seq_putc(struct seq_file *m, char c)
{
	seq_write(m, &c, 1);
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	size_t room = m->size - m->count;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(m->buf + m->count, room, fmt, args);
	va_end(args);
	if ((size_t)len >= room) {
		m->count = m->size;
		m->overflow = true;
		return;
	}
	m->count += (size_t)len;
}

/* seq_pad - spaces up to @column of the current line, at least one */
void seq_pad(struct seq_file *m, size_t column)
{
	size_t start = m->count;

	while (start > 0 && m->buf[start - 1] != '\n')
		start--;
	do {
		seq_putc(m, ' ');
	} while (!m->overflow && m->count - start < column);
}

/* seq_path - the name of @path, each byte that is in @esc as a backslash and three octal digits */
void seq_path(struct seq_file *m, const struct path *path, const char *esc)
{
	char *buf = alloc_name(), *p;

	if (!buf) {
		m->overflow = true;
		return;
	}
	p = d_path(path, buf, PATH_MAX_LEN);
	if (IS_ERR(p)) {
		strscpy(buf, "?", 2);
		p = buf;
	}
	for (; *p; p++) {
		if (strchr(esc, *p))
			seq_printf(m, "\\%03o", (u8)*p);
		else
			seq_putc(m, *p);
	}
	putname(buf);
}

static int seq_grow(struct seq_file *m)
{
	size_t size = m->size ? m->size * 2 : PAGE_SIZE;
	char *buf = size <= SEQ_MAX_SIZE ? kmalloc(size, GFP_KERNEL) : NULL;

	if (!buf)
		return -ENOMEM;
	kfree(m->buf);
	m->buf = buf;
	m->size = size;
	return 0;
}

/*
 * seq_fill - print whole records into the empty buffer until it holds @want bytes
 *
 * Return: 0 (count 0: the end), or -errno of start or show with nothing in the buffer.
 */
static int seq_fill(struct seq_file *m, size_t want)
{
	const struct seq_operations *op = m->op;
	int err = 0;
	void *v;

	m->count = m->from = 0;
	for (;;) {
		loff_t before;
		size_t mark;

		m->overflow = false;
		v = op->start(m, &m->index);
		while (v && !IS_ERR(v)) {
			mark = m->count;
			err = op->show(m, v);
			if (err < 0 || m->overflow) {
				m->count = mark;
				break;
			}
			if (err > 0) /* SEQ_SKIP: nothing of this record */
				m->count = mark;
			err = 0;
			before = m->index;
			v = op->next(m, v, &m->index);
			if (m->index == before)
				m->index++;
			if (m->count >= want)
				break;
		}
		if (IS_ERR(v) && !m->count)
			err = (int)PTR_ERR(v);
		op->stop(m, v);
		if (m->count || err < 0 || !m->overflow)
			return m->count ? 0 : err;
		err = seq_grow(m);
		if (err)
			return err;
	}
}

/* Bring index and buffer to byte @pos of the text, after lseek or pread. */
static int seq_seek_to(struct seq_file *m, loff_t pos)
{
	loff_t at = 0;

	m->index = 0;
	m->count = m->from = 0;
	while (at < pos) {
		int err = seq_fill(m, 1);

		if (err)
			return err;
		if (!m->count)
			break;
		if (at + (loff_t)m->count > pos) {
			m->from = (size_t)(pos - at);
			m->count -= m->from;
			at = pos;
			break;
		}
		at += (loff_t)m->count;
		m->count = 0;
	}
	m->read_pos = pos;
	return 0;
}

/* seq_read - file_operations.read of sequence files */
ssize_t seq_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	ssize_t done = 0;
	int err = 0;

	mutex_lock(&m->lock);
	if (!m->buf)
		err = seq_grow(m);
	if (!err && *pos != m->read_pos)
		err = seq_seek_to(m, *pos);
	while (!err && len) {
		size_t n, left;

		if (!m->count) {
			err = seq_fill(m, min(len, m->size));
			if (err || !m->count)
				break;
		}
		n = min(len, m->count);
		left = copy_to_user(ubuf, m->buf + m->from, n);
		n -= left;
		m->from += n;
		m->count -= n;
		done += (ssize_t)n;
		ubuf += n;
		len -= n;
		if (left)
			err = -EFAULT;
		else if (done)
			break; /* as Linux: what one filling gave, not more */
	}
	if (done)
		err = 0;
	*pos += done;
	m->read_pos = *pos;
	mutex_unlock(&m->lock);
	return err ? err : done;
}

loff_t seq_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->f_pos = offset; /* seq_read notices */
	return offset;
}

/**
 * seq_open - make @file a sequence
 * @private_size: bytes of zeroed memory for m->private, freed with it; 0: none
 *
 * Return: 0 or -ENOMEM.
 */
int seq_open(struct file *file, const struct seq_operations *op, size_t private_size)
{
	struct seq_file *m = kzalloc(sizeof(*m) + private_size, GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	mutex_init(&m->lock, LOCK_FILE_MISC);
	m->op = op;
	m->file = file;
	m->private = private_size ? m + 1 : NULL;
	file->private_data = m;
	return 0;
}

int seq_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	(void)inode;
	kfree(m->buf);
	kfree(m);
	return 0;
}

/* --- a single record --- */

static void *single_start(struct seq_file *m, loff_t *pos)
{
	(void)m;
	return *pos ? NULL : (void *)1;
}

static void *single_next(struct seq_file *m, void *v, loff_t *pos)
{
	(void)m;
	(void)v;
	++*pos;
	return NULL;
}

static void single_stop(struct seq_file *m, void *v)
{
	(void)m;
	(void)v;
}

/* single_open - the whole text in one show(); @data becomes m->private */
int single_open(struct file *file, int (*show)(struct seq_file *m, void *v), void *data)
{
	struct seq_operations *op = kmalloc(sizeof(*op), GFP_KERNEL);
	struct seq_file *m;
	int err;

	if (!op)
		return -ENOMEM;
	*op = (struct seq_operations){ single_start, single_stop, single_next, show };
	err = seq_open(file, op, 0);
	if (err) {
		kfree(op);
		return err;
	}
	m = file->private_data;
	m->private = data;
	return 0;
}

int single_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	const struct seq_operations *op = m->op;

	seq_release(inode, file);
	kfree(op);
	return 0;
}
