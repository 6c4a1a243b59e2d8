/*
 * kernel/strace_format.c - system calls, signals and exits as text
 *
 *     openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3 <0.000021>
 *     |-- before the call -------------------|-- after it ---|
 *
 * An argument that the call fills is shown when the call is over, and so are those behind it; the registers still
 * hold them.  Strings are quoted and cut, structures are addresses, but for a few small ones that tell much:
 * signal sets, times, wait statuses, the two ends of a pipe.
 *
 * What a pointer points at is copied from user memory first; if that fails the address is shown, as for a structure.
 * The text is bounded: arguments that do not fit are cut with "...", and the result always has room.
 *
 * Context: the traced task, may sleep (user memory); signals and exits touch no user memory and may be told anywhere.
 *
 * Source: strace(1).
 */
#include <arch/uaccess.h>
#include <kernel/time.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <uapi/fcntl.h>
#include <uapi/futex.h>
#include <uapi/syscall_nr.h>
#include "strace.h"
#include "syscall_table.h"

#define STRING_MAX   32 /* bytes shown of a buffer, as strace(1) does */
#define PATH_SHOWN   96 /* bytes shown of a path */
#define ENVP_COUNTED 4096
#define VECTOR_SHOWN 8 /* strings shown of argv */

static void __printf(2, 3) put(struct strace_call *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	c->len += (size_t)vscnprintf(c->text + c->len, c->limit - c->len, fmt, args);
	va_end(args);
}

/* --- values by name --- */

static void put_value(struct strace_call *c, const struct strace_name *n, unsigned long value)
{
	for (; n->name; n++) {
		if (n->value == value) {
			put(c, "%s", n->name);
			return;
		}
	}
	put(c, "%#lx", value);
}

/* Bits by name, in the order of the list; what is left over in hexadecimal.  @first: nothing stands before. */
static void put_more_flags(struct strace_call *c, const struct strace_name *n, unsigned long value,
			   bool first)
{
	const char *zero = "0";

	for (; n->name; n++) {
		if (!n->value)
			zero = n->name;
		if (!n->value || (value & n->value) != n->value)
			continue;
		put(c, "%s%s", first ? "" : "|", n->name);
		value &= ~n->value;
		first = false;
	}
	if (value)
		put(c, "%s%#lx", first ? "" : "|", value);
	else if (first)
		put(c, "%s", zero);
}

static void put_flags(struct strace_call *c, const struct strace_name *n, unsigned long value)
{
	put_more_flags(c, n, value, true);
}

static void put_signal(struct strace_call *c, unsigned long sig)
{
	const char *name = sig <= _NSIG ? strace_signal_name((int)sig) : NULL;

	if (name)
		put(c, "%s", name);
	else if (sig >= SIGRTMIN && sig <= _NSIG)
		put(c, "SIGRT_%lu", sig - SIGRTMIN);
	else
		put(c, "%d", (int)sig);
}

/* The access mode is a number in two bits, not two flags. */
static void put_open_flags(struct strace_call *c, unsigned long flags)
{
	static const char *const mode[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

	put(c, "%s", mode[flags & O_ACCMODE]);
	if (flags & ~(unsigned long)O_ACCMODE)
		put_more_flags(c, strace_open_flags, flags & ~(unsigned long)O_ACCMODE, false);
}

static void put_clone_flags(struct strace_call *c, unsigned long flags)
{
	unsigned long sig = flags & CSIGNAL;

	if (flags & ~CSIGNAL)
		put_flags(c, strace_clone_flags, flags & ~CSIGNAL);
	if (!sig && (flags & ~CSIGNAL))
		return;
	if (flags & ~CSIGNAL)
		put(c, "|");
	put_signal(c, sig);
}

static void put_futex_op(struct strace_call *c, unsigned long op)
{
	put_value(c, strace_futex_ops, op & FUTEX_CMD_MASK & 0xffffffffUL);
	if (op & FUTEX_PRIVATE_FLAG)
		put(c, "|FUTEX_PRIVATE_FLAG");
	if (op & FUTEX_CLOCK_REALTIME)
		put(c, "|FUTEX_CLOCK_REALTIME");
}

/* --- memory --- */

static void put_pointer(struct strace_call *c, unsigned long addr)
{
	if (addr)
		put(c, "%#lx", addr);
	else
		put(c, "NULL");
}

static void put_char(struct strace_call *c, u8 ch)
{
	static const char plain[] = "\n\t\r\"\\", letter[] = "ntr\"\\";
	const char *p = ch ? strchr(plain, ch) : NULL;

	if (p)
		put(c, "\\%c", letter[p - plain]);
	else if (ch >= ' ' && ch < 127)
		put(c, "%c", ch);
	else
		put(c, "\\%o", ch);
}

static void put_quoted(struct strace_call *c, const char *bytes, size_t n, bool cut)
{
	put(c, "\"");
	for (size_t i = 0; i < n; i++)
		put_char(c, (u8)bytes[i]);
	put(c, cut ? "\"..." : "\"");
}

static void put_string(struct strace_call *c, unsigned long addr, long max)
{
	char bytes[PATH_SHOWN];
	long n = strncpy_from_user(bytes, (const char *)addr, max);

	if (n < 0)
		put_pointer(c, addr);
	else
		put_quoted(c, bytes, (size_t)n, n == max);
}

static void put_buffer(struct strace_call *c, unsigned long addr, unsigned long len)
{
	char bytes[STRING_MAX];
	size_t n = min(len, sizeof(bytes));

	if (!addr || copy_from_user(bytes, (const void *)addr, n))
		put_pointer(c, addr);
	else
		put_quoted(c, bytes, n, len > n);
}

static void put_argv(struct strace_call *c, unsigned long addr)
{
	const u64 *v = (const u64 *)addr;
	u64 arg;

	if (!addr || get_user(arg, v)) {
		put_pointer(c, addr);
		return;
	}
	put(c, "[");
	for (unsigned int i = 0; !get_user(arg, v + i) && arg; i++) {
		put(c, i ? ", " : "");
		if (i == VECTOR_SHOWN) {
			put(c, "...");
			break;
		}
		put_string(c, arg, STRING_MAX);
	}
	put(c, "]");
}

static void put_envp(struct strace_call *c, unsigned long addr)
{
	const u64 *v = (const u64 *)addr;
	unsigned int n = 0;
	u64 arg;

	put_pointer(c, addr);
	if (!addr || get_user(arg, v))
		return;
	while (n < ENVP_COUNTED && !get_user(arg, v + n) && arg)
		n++;
	put(c, " /* %u vars */", n);
}

static void put_sigset(struct strace_call *c, unsigned long addr)
{
	const char *sep = "";
	sigset_t set;

	if (!addr || get_user(set, (const u64 *)addr)) {
		put_pointer(c, addr);
		return;
	}
	if (set == ~0UL) {
		put(c, "~[]");
		return;
	}
	put(c, "[");
	for (unsigned int sig = 1; sig <= _NSIG; sig++) {
		const char *name = strace_signal_name((int)sig);

		if (!(set & sigmask((int)sig)))
			continue;
		if (name)
			put(c, "%s%s", sep, name + 3); /* without SIG */
		else
			put(c, "%sRT_%u", sep, sig - SIGRTMIN);
		sep = " ";
	}
	put(c, "]");
}

static void put_time(struct strace_call *c, unsigned long addr)
{
	struct __kernel_timespec ts;

	if (!addr || copy_from_user(&ts, (const void *)addr, sizeof(ts)))
		put_pointer(c, addr);
	else
		put(c, "{tv_sec=%ld, tv_nsec=%ld}", ts.tv_sec, ts.tv_nsec);
}

static void put_fds(struct strace_call *c, unsigned long addr)
{
	int fd[2];

	if (copy_from_user(fd, (const void *)addr, sizeof(fd)))
		put_pointer(c, addr);
	else
		put(c, "[%d, %d]", fd[0], fd[1]);
}

static void put_status(struct strace_call *c, unsigned long addr)
{
	u32 status;

	if (!addr || get_user(status, (const u32 *)addr)) {
		put_pointer(c, addr);
		return;
	}
	if (status == 0xffff) {
		put(c, "[continued]");
	} else if ((status & 0xff) == 0x7f) {
		put(c, "[stopped by ");
		put_signal(c, status >> 8 & 0xff);
		put(c, "]");
	} else if (status & 0x7f) {
		put(c, "[killed by ");
		put_signal(c, status & 0x7f);
		put(c, "]");
	} else {
		put(c, "[exited with %u]", status >> 8 & 0xff);
	}
}

/* --- arguments --- */

static void put_fcntl_arg(struct strace_call *c, unsigned long cmd, unsigned long value)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		put(c, "%d", (int)value);
		break;
	case F_SETFD:
		put(c, value == FD_CLOEXEC ? "FD_CLOEXEC" : "%#lx", value);
		break;
	case F_SETFL:
		put_open_flags(c, value);
		break;
	default:
		put(c, "%#lx", value);
	}
}

/* Is the argument there at all?  Some are only with certain values of the one before. */
static bool has_arg(const struct strace_call *c, unsigned int i)
{
	unsigned long before = i ? c->arg[i - 1] : 0;

	switch (c->desc->arg[i]) {
	case A_OMODE:
		return before & (O_CREAT | O_TMPFILE_BIT);
	case A_FCNTL_ARG:
		return before != F_GETFD && before != F_GETFL && before != F_GETOWN &&
		       before != F_GETPIPE_SZ;
	default:
		return true;
	}
}

static void put_number(struct strace_call *c, enum strace_arg kind, unsigned long value)
{
	switch (kind) {
	case A_UINT:
		put(c, "%u", (u32)value);
		break;
	case A_LONG:
		put(c, "%ld", (long)value);
		break;
	case A_SIZE:
		put(c, "%lu", value);
		break;
	case A_HEX:
		put(c, "%#lx", value);
		break;
	case A_OCTAL:
	case A_OMODE:
		put(c, "%#o", (u32)value);
		break;
	case A_DFD:
		if ((int)value == AT_FDCWD) {
			put(c, "AT_FDCWD");
			break;
		}
		fallthrough;
	case A_INT:
	case A_FD:
		put(c, "%d", (int)value);
		break;
	default:
		put_pointer(c, value);
	}
}

/* @ret: the result, for what the call has filled. */
static void put_arg(struct strace_call *c, unsigned int i, long ret)
{
	enum strace_arg kind = c->desc->arg[i];
	unsigned long value = c->arg[i];

	if (kind >= A_TABLE_FIRST && kind < A_OUT_FIRST) {
		const struct strace_names *names = &strace_arg_names[kind - A_TABLE_FIRST];

		if (names->flags)
			put_flags(c, names->list, (u32)value);
		else
			put_value(c, names->list, (u32)value);
		return;
	}
	if (kind >= A_OUT_FIRST && ret < 0) {
		put_pointer(c, value);
		return;
	}
	switch (kind) {
	case A_PATH:
		put_string(c, value, PATH_SHOWN);
		break;
	case A_STR:
		put_string(c, value, STRING_MAX);
		break;
	case A_BUF:
		put_buffer(c, value, i < 5 ? c->arg[i + 1] : 0);
		break;
	case A_OUT_BUF:
		put_buffer(c, value, (unsigned long)ret);
		break;
	case A_ARGV:
		put_argv(c, value);
		break;
	case A_ENVP:
		put_envp(c, value);
		break;
	case A_OFLAGS:
		put_open_flags(c, (u32)value);
		break;
	case A_PIPEFLAGS:
		put_flags(c, strace_open_flags, (u32)value);
		break;
	case A_SIG:
		put_signal(c, (u32)value);
		break;
	case A_SIGSET:
	case A_OUT_SIGSET:
		put_sigset(c, value);
		break;
	case A_CLONE:
		put_clone_flags(c, value);
		break;
	case A_FUTEX:
		put_futex_op(c, (u32)value);
		break;
	case A_FCNTL:
		put_value(c, strace_fcntl_cmds, (u32)value);
		break;
	case A_FCNTL_ARG:
		put_fcntl_arg(c, (u32)c->arg[i - 1], value);
		break;
	case A_TIMESPEC:
	case A_OUT_TIMESPEC:
		put_time(c, value);
		break;
	case A_OUT_FDS:
		put_fds(c, value);
		break;
	case A_OUT_STATUS:
		put_status(c, ret > 0 ? value : 0);
		break;
	default:
		put_number(c, kind, value);
	}
}

/* Arguments from next_arg on; before the call up to the first that it fills. */
static void put_args(struct strace_call *c, bool after, long ret)
{
	for (; c->next_arg < 6 && c->desc->arg[c->next_arg]; c->next_arg++) {
		unsigned int i = c->next_arg;

		if (!after && c->desc->arg[i] >= A_OUT_FIRST)
			return;
		if (!has_arg(c, i))
			continue;
		if (i)
			put(c, ", ");
		put_arg(c, i, ret);
	}
}

void strace_format_entry(struct strace_call *c, const struct pt_regs *regs)
{
	static const struct strace_desc unknown = {
		.arg = { A_HEX, A_HEX, A_HEX, A_HEX, A_HEX, A_HEX },
	};
	const unsigned long arg[6] = {
		regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9
	};

	c->nr = regs->orig_ax;
	memcpy(c->arg, arg, sizeof(arg));
	c->desc = c->nr < NR_SYSCALLS && strace_table[c->nr].name ? &strace_table[c->nr] : &unknown;
	c->next_arg = 0;
	c->len = 0;
	c->limit = STRACE_ARGS_MAX;
	if (c->desc->name)
		put(c, "%s(", c->desc->name);
	else
		put(c, "syscall_%lu(", c->nr);
	put_args(c, false, 0);
}

static void put_result(struct strace_call *c, long ret)
{
	const char *name = ret < 0 && ret >= -MAX_ERRNO ? strace_errno_name((int)-ret) : NULL;

	if (c->desc->ret == R_NEVER)
		put(c, "?");
	else if (name && ret <= -ERESTARTSYS)
		put(c, "? %s", name);
	else if (name)
		put(c, "-1 %s", name);
	else if (c->desc->ret == R_HEX)
		put(c, "%#lx", ret);
	else if (c->desc->ret == R_OCTAL)
		put(c, "%#lo", ret);
	else
		put(c, "%ld", ret);
}

void strace_format_result(struct strace_call *c, long ret, u64 ns)
{
	put_args(c, true, ret);
	if (c->len == c->limit - 1)
		memcpy(c->text + c->len - 3, "...", 3);
	c->limit = sizeof(c->text);
	put(c, ") = ");
	put_result(c, ret);
	if (ns)
		put(c, " <%lu.%06lu>", ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

bool strace_never_returns(const struct strace_call *c)
{
	return c->desc->ret == R_NEVER;
}

bool strace_may_rename(const struct pt_regs *regs)
{
	return regs->orig_ax == __NR_execve || regs->orig_ax == __NR_prctl;
}

/* --- signals and ends --- */

static bool has_fault_address(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGTRAP;
}

void strace_format_signal(struct strace_call *c, int sig, const siginfo_t *info)
{
	const char *code = strace_si_code_name(sig, info->si_code);

	put(c, "--- ");
	put_signal(c, (unsigned long)sig);
	put(c, " {si_signo=");
	put_signal(c, (unsigned long)info->si_signo);
	if (code)
		put(c, ", si_code=%s", code);
	else
		put(c, ", si_code=%d", info->si_code);
	if (info->si_code > 0 && info->si_code != SI_KERNEL && has_fault_address(sig)) {
		put(c, ", si_addr=");
		put_pointer(c, info->fault.addr);
	} else if (info->si_code != SI_KERNEL) {
		put(c, ", si_pid=%d, si_uid=%u", info->rt.pid, info->rt.uid);
	}
	if (sig == SIGCHLD && info->si_code > 0)
		put(c, ", si_status=%d", info->chld.status);
	put(c, "} ---");
}

void strace_format_exit(struct strace_call *c, int code)
{
	put(c, "+++ ");
	if (code & 0x7f) {
		put(c, "killed by ");
		put_signal(c, (unsigned long)code & 0x7f);
	} else {
		put(c, "exited with %d", code >> 8 & 0xff);
	}
	put(c, " +++");
}
