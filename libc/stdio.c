/*
 * libc/stdio.c - buffered streams
 *
 * A stream has one buffer that holds either bytes read and not yet taken, or bytes written and not yet
 * given to the kernel:
 *
 *     reading   [taken....|next.....|free....]     pos..end are left
 *     writing   [pending............|free....]     0..pos are pending, end == 0
 *
 * Turning from one to the other goes through fflush, which writes what is pending, or seeks back over
 * what was read ahead.  stdout is written line by line on a terminal and in blocks otherwise; stderr at
 * once.  exit() flushes all; _exit() does not, so after fork the child that ends with _exit prints nothing
 * twice.
 *
 * Not done: locking (no threads), wide characters, streams that append and read.
 *
 * Sources: stdio(3), setvbuf(3), C11 7.21.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "printf.h"

struct libc_file {
	int fd;
	int mode;        /* _IOFBF, _IOLBF or _IONBF */
	bool mode_known; /* false: ask isatty() before the first write */
	bool eof, error, allocated;
	char *buf;
	size_t size, pos, end;
	struct libc_file *next; /* all fopened streams, for fflush(NULL) */
	char own[BUFSIZ];
};

static FILE the_stdin = { .fd = 0, .mode_known = true };
static FILE the_stdout = { .fd = 1, .next = &the_stdin };
static FILE the_stderr = { .fd = 2, .mode = _IONBF, .mode_known = true, .next = &the_stdout };

FILE *const stdin = &the_stdin;
FILE *const stdout = &the_stdout;
FILE *const stderr = &the_stderr;

static FILE *all_streams = &the_stderr;

static void prepare(FILE *f)
{
	if (!f->buf) {
		f->buf = f->own;
		f->size = BUFSIZ;
	}
	if (!f->mode_known) {
		int saved = errno;

		f->mode = isatty(f->fd) ? _IOLBF : _IOFBF;
		f->mode_known = true;
		errno = saved;
	}
}

static int write_all(FILE *f, const char *s, size_t n)
{
	while (n) {
		ssize_t done = write(f->fd, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			f->error = true;
			return EOF;
		}
		s += done;
		n -= (size_t)done;
	}
	return 0;
}

int fflush(FILE *f)
{
	int err = 0;

	if (!f) {
		for (f = all_streams; f; f = f->next)
			if (f->end == 0 && fflush(f) < 0)
				err = EOF;
		return err;
	}
	if (f->end)
		lseek(f->fd, (off_t)f->pos - (off_t)f->end, SEEK_CUR);
	else
		err = write_all(f, f->buf, f->pos);
	f->pos = f->end = 0;
	return err;
}

int setvbuf(FILE *restrict f, char *restrict buf, int mode, size_t size)
{
	fflush(f);
	f->mode = mode;
	f->mode_known = true;
	if (buf && size) {
		f->buf = buf;
		f->size = size;
	}
	return 0;
}

static int open_flags(const char *mode)
{
	int flags = strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;

	if (strchr(mode, 'e'))
		flags |= O_CLOEXEC;
	if (strchr(mode, 'x'))
		flags |= O_EXCL;
	switch (mode[0]) {
	case 'r':
		return flags;
	case 'w':
		return flags | O_CREAT | O_TRUNC;
	case 'a':
		return flags | O_CREAT | O_APPEND;
	default:
		return -1;
	}
}

FILE *fdopen(int fd, const char *mode)
{
	FILE *f;

	if (open_flags(mode) < 0) {
		errno = EINVAL;
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->fd = fd;
	f->allocated = true;
	f->next = all_streams;
	all_streams = f;
	return f;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
	int flags = open_flags(mode);
	int fd;
	FILE *f;

	if (flags < 0) {
		errno = EINVAL;
		return NULL;
	}
	fd = open(path, flags, 0666);
	if (fd < 0)
		return NULL;
	f = fdopen(fd, mode);
	if (!f)
		close(fd);
	return f;
}

int fclose(FILE *f)
{
	int err = fflush(f);
	FILE **link;

	if (close(f->fd) < 0)
		err = EOF;
	for (link = &all_streams; *link != f; link = &(*link)->next)
		;
	*link = f->next;
	if (f->allocated)
		free(f);
	return err;
}

int fileno(FILE *f)
{
	return f->fd;
}

int feof(FILE *f)
{
	return f->eof;
}

int ferror(FILE *f)
{
	return f->error;
}

void clearerr(FILE *f)
{
	f->eof = f->error = false;
}

int fseek(FILE *f, long offset, int whence)
{
	if (fflush(f) < 0 || lseek(f->fd, offset, whence) < 0)
		return -1;
	f->eof = false;
	return 0;
}

long ftell(FILE *f)
{
	off_t at = lseek(f->fd, 0, SEEK_CUR);

	if (at < 0)
		return -1;
	return f->end ? at - (long)(f->end - f->pos) : at + (long)f->pos;
}

void rewind(FILE *f)
{
	fseek(f, 0, SEEK_SET);
	f->error = false;
}

/* Make pos < end by reading; false at end of file or error. */
static bool refill(FILE *f)
{
	ssize_t n;

	prepare(f);
	if (f->pos < f->end)
		return true;
	if (!f->end && f->pos)
		fflush(f); /* was writing */
	if (f == stdin)
		fflush(stdout); /* the prompt should be seen before waiting for its answer */
	n = read(f->fd, f->buf, f->size);
	f->pos = 0;
	f->end = n > 0 ? (size_t)n : 0;
	if (n == 0)
		f->eof = true;
	if (n < 0)
		f->error = true;
	return n > 0;
}

int fgetc(FILE *f)
{
	return refill(f) ? (unsigned char)f->buf[f->pos++] : EOF;
}

int getc(FILE *f)
{
	return fgetc(f);
}

int getchar(void)
{
	return fgetc(stdin);
}

/* One character always fits back where the last one came from. */
int ungetc(int c, FILE *f)
{
	if (c == EOF || f->pos == 0 || f->pos > f->end)
		return EOF;
	f->buf[--f->pos] = (char)c;
	f->eof = false;
	return c;
}

size_t fread(void *restrict buf, size_t size, size_t n, FILE *restrict f)
{
	size_t want = size * n, got = 0;

	while (got < want && refill(f)) {
		size_t chunk = f->end - f->pos;

		if (chunk > want - got)
			chunk = want - got;
		memcpy((char *)buf + got, f->buf + f->pos, chunk);
		f->pos += chunk;
		got += chunk;
	}
	return size ? got / size : 0;
}

char *fgets(char *restrict buf, int size, FILE *restrict f)
{
	int n = 0, c;

	while (n < size - 1 && (c = fgetc(f)) != EOF) {
		buf[n++] = (char)c;
		if (c == '\n')
			break;
	}
	if (n == 0)
		return NULL;
	buf[n] = 0;
	return buf;
}

ssize_t getline(char **restrict line, size_t *restrict size, FILE *restrict f)
{
	size_t n = 0;
	int c;

	if (!*line)
		*size = 0;
	while ((c = fgetc(f)) != EOF) {
		if (n + 2 > *size) {
			size_t bigger = *size ? *size * 2 : 128;
			char *p = realloc(*line, bigger);

			if (!p)
				return -1;
			*line = p;
			*size = bigger;
		}
		(*line)[n++] = (char)c;
		if (c == '\n')
			break;
	}
	if (n == 0)
		return -1;
	(*line)[n] = 0;
	return (ssize_t)n;
}

size_t fwrite(const void *restrict buf, size_t size, size_t n, FILE *restrict f)
{
	const char *s = buf;
	size_t len = size * n;

	prepare(f);
	if (f->end)
		fflush(f); /* was reading */
	if (f->mode == _IONBF || len >= f->size) {
		if (fflush(f) < 0 || write_all(f, s, len) < 0)
			return 0;
		return n;
	}
	if (len > f->size - f->pos && fflush(f) < 0)
		return 0;
	memcpy(f->buf + f->pos, s, len);
	f->pos += len;
	if (f->mode == _IOLBF && memrchr(s, '\n', len) && fflush(f) < 0)
		return 0;
	return n;
}

int fputc(int c, FILE *f)
{
	char byte = (char)c;

	return fwrite(&byte, 1, 1, f) == 1 ? (unsigned char)c : EOF;
}

int putc(int c, FILE *f)
{
	return fputc(c, f);
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int fputs(const char *restrict s, FILE *restrict f)
{
	size_t len = strlen(s);

	return fwrite(s, 1, len, f) == len ? 0 : EOF;
}

int puts(const char *s)
{
	return fputs(s, stdout) < 0 || putchar('\n') < 0 ? EOF : 0;
}

void perror(const char *s)
{
	const char *text = strerror(errno);

	if (s && *s)
		fprintf(stderr, "%s: %s\n", s, text);
	else
		fprintf(stderr, "%s\n", text);
}

int remove(const char *path)
{
	if (unlink(path) == 0)
		return 0;
	return errno == EISDIR ? rmdir(path) : -1;
}

/* The printf family: one formatter, three places for its output to go. */

static void emit_stream(void *to, const char *s, size_t n)
{
	fwrite(s, 1, n, to);
}

struct string_out {
	char *buf;
	size_t size, len; /* len may run beyond size: it counts what was wanted */
};

static void emit_string(void *to, const char *s, size_t n)
{
	struct string_out *out = to;

	if (out->len < out->size) {
		size_t room = out->size - out->len;

		memcpy(out->buf + out->len, s, n < room ? n : room);
	}
	out->len += n;
}

/* An unbuffered stream still gives the kernel one piece per call of printf: lines stay whole. */
int vfprintf(FILE *restrict f, const char *restrict fmt, va_list ap)
{
	bool was_error = f->error;
	int n, mode;

	prepare(f);
	mode = f->mode;
	if (mode == _IONBF)
		f->mode = _IOFBF;
	f->error = false;
	n = __format(emit_stream, f, fmt, ap);
	f->mode = mode;
	if (mode == _IONBF)
		fflush(f);
	if (f->error)
		n = -1;
	f->error |= was_error;
	return n;
}

int vsnprintf(char *restrict buf, size_t size, const char *restrict fmt, va_list ap)
{
	struct string_out out = { buf, size ? size - 1 : 0, 0 };
	int n = __format(emit_string, &out, fmt, ap);

	if (size)
		buf[out.len < size ? out.len : size - 1] = 0;
	return n;
}

int vsprintf(char *restrict buf, const char *restrict fmt, va_list ap)
{
	return vsnprintf(buf, INT_MAX, fmt, ap);
}

int vdprintf(int fd, const char *restrict fmt, va_list ap)
{
	FILE f = { .fd = fd, .mode = _IOFBF, .mode_known = true };
	int n = vfprintf(&f, fmt, ap);

	return fflush(&f) < 0 ? -1 : n;
}

int vasprintf(char **restrict out, const char *restrict fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	*out = n < 0 ? NULL : malloc((size_t)n + 1);
	if (*out)
		vsnprintf(*out, (size_t)n + 1, fmt, again);
	va_end(again);
	return *out ? n : -1;
}

int vprintf(const char *restrict fmt, va_list ap)
{
	return vfprintf(stdout, fmt, ap);
}

#define FORWARD(call)              \
	do {                       \
		va_list ap;        \
		int n;             \
                                   \
		va_start(ap, fmt); \
		n = call;          \
		va_end(ap);        \
		return n;          \
	} while (0)

int printf(const char *restrict fmt, ...)
{
	FORWARD(vfprintf(stdout, fmt, ap));
}

int fprintf(FILE *restrict f, const char *restrict fmt, ...)
{
	FORWARD(vfprintf(f, fmt, ap));
}

int dprintf(int fd, const char *restrict fmt, ...)
{
	FORWARD(vdprintf(fd, fmt, ap));
}

int sprintf(char *restrict buf, const char *restrict fmt, ...)
{
	FORWARD(vsprintf(buf, fmt, ap));
}

int snprintf(char *restrict buf, size_t size, const char *restrict fmt, ...)
{
	FORWARD(vsnprintf(buf, size, fmt, ap));
}

int asprintf(char **restrict out, const char *restrict fmt, ...)
{
	FORWARD(vasprintf(out, fmt, ap));
}
