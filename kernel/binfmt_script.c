/*
 * kernel/binfmt_script.c - files that begin with #! name the program that runs them
 *
 *     #! interpreter [one argument]\n        argv:  interpreter  argument  script  argv[1] ...
 *
 * The line must name the interpreter within the first 256 bytes; a name that is cut there is refused, an argument
 * is taken as far as it reached.  Blanks around both are dropped; the argument is one string, blanks and all.
 *
 * Source: execve(2) "Interpreter scripts".
 */
#include <kernel/exec.h>
#include <fs/vfs.h>
#include <lib/string.h>
#include <lib/err.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_blanks(char *s, const char *end)
{
	while (s < end && is_blank(*s))
		s++;
	return s;
}

static char *find_blank(char *s, const char *end)
{
	while (s < end && !is_blank(*s) && *s)
		s++;
	return s;
}

/* Cut buf into name and argument, NUL-terminated in place.  -ENOEXEC when there is no whole name. */
static int parse_line(char *buf, char **name, char **arg)
{
	char *end = buf + BINPRM_BUF_SIZE - 1, *s, *nl = memchr(buf, '\n', BINPRM_BUF_SIZE);

	if (nl) {
		end = nl;
	} else {
		/* No line end: fine as long as the name is whole, that is, something follows it. */
		s = skip_blanks(buf + 2, end);
		if (s >= end || find_blank(s, end) >= end)
			return -ENOEXEC;
	}
	while (end > buf + 2 && is_blank(end[-1]))
		end--;
	*end = '\0';
	*name = skip_blanks(buf + 2, end);
	if (*name == end)
		return -ENOEXEC;
	s = find_blank(*name, end);
	*arg = NULL;
	if (*s) {
		*s = '\0';
		s = skip_blanks(s + 1, end);
		if (*s)
			*arg = s;
	}
	return 0;
}

static int load_script(struct linux_binprm *bprm)
{
	char *name, *arg;
	struct file *file;
	int err;

	if (bprm->buf[0] != '#' || bprm->buf[1] != '!')
		return -ENOEXEC;
	err = parse_line(bprm->buf, &name, &arg);
	if (err)
		return err;

	if (bprm->inaccessible)
		return -ENOENT;
	bprm_drop_arg0(bprm);
	err = bprm_push_kernel(bprm, bprm->interp); /* the script's own name */
	if (err)
		return err;
	bprm->argc++;
	if (arg) {
		err = bprm_push_kernel(bprm, arg);
		if (err)
			return err;
		bprm->argc++;
	}
	err = bprm_push_kernel(bprm, name);
	if (err)
		return err;
	bprm->argc++;

	/* The next format reads its own head into buf: the name must outlive it. */
	strcpy(bprm->interp_buf, name);
	bprm->interp = bprm->interp_buf;
	/* A file of only "#!" names nothing, which a path walk takes for the current folder: EACCES, as on Linux. */
	file = open_exec(*bprm->interp ? bprm->interp : ".");
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	bprm->interpreter = file;
	return 0;
}

struct linux_binfmt script_format = {
	.name = "script",
	.load_binary = load_script,
};
