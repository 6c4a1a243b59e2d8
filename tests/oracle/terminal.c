/*
 * tests/oracle/terminal.c - terminals: settings, sessions, job control, the line discipline, hanging up
 *
 * The terminal asked about is the second serial port, which leads nowhere: what the kernel or init say on the first
 * does not mix with it.  Bytes are "typed" by TIOCSTI, which gives them to the line discipline as the device would.
 * Most groups run in a session of their own, whose leader opens the terminal and so controls it.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/oracle.h"

#define LINE        "/dev/ttyS1"

#define TCGETS      0x5401
#define TCSETS      0x5402
#define TCSETSW     0x5403
#define TCSETSF     0x5404
#define TCSBRK      0x5409
#define TCXONC      0x540A
#define TCFLSH      0x540B
#define TIOCEXCL    0x540C
#define TIOCNXCL    0x540D
#define TIOCSCTTY   0x540E
#define TIOCGPGRP   0x540F
#define TIOCSPGRP   0x5410
#define TIOCOUTQ    0x5411
#define TIOCSTI     0x5412
#define TIOCGWINSZ  0x5413
#define TIOCSWINSZ  0x5414
#define FIONREAD    0x541B
#define TIOCNOTTY   0x5422
#define TIOCSETD    0x5423
#define TIOCGETD    0x5424
#define TCSBRKP     0x5425
#define TIOCSBRK    0x5427
#define TIOCCBRK    0x5428
#define TIOCGSID    0x5429
#define TIOCVHANGUP 0x5437
#define TIOCGDEV    0x80045432
#define TIOCGEXCL   0x80045440

struct termios {
	unsigned int iflag, oflag, cflag, lflag;
	unsigned char line, cc[19];
};
enum {
	VINTR,
	VQUIT,
	VERASE,
	VKILL,
	VEOF,
	VTIME,
	VMIN,
	VSWTC,
	VSTART,
	VSTOP,
	VSUSP,
	VEOL,
	VREPRINT,
	VDISCARD,
	VWERASE,
	VLNEXT,
	VEOL2
};
enum {
	INLCR = 0100,
	IGNCR = 0200,
	ICRNL = 0400,
	IUCLC = 01000,
	IXON = 02000,
	IXANY = 04000,
	ISTRIP = 040,
	IUTF8 = 040000
};
enum { ISIG = 1, ICANON = 2, ECHO = 010, NOFLSH = 0200, TOSTOP = 0400, IEXTEN = 0100000 };

struct winsize {
	unsigned short row, col, x, y;
};

static int tty; /* the line, open in the leader's session */

static long control(unsigned int cmd, void *arg)
{
	return RAW(__NR_ioctl, tty, cmd, arg);
}

static void open_line(void)
{
	tty = open(LINE, O_RDWR);
	if (tty < 0)
		give_up("%s: %s", LINE, errno_name(errno));
}

/* Run @fn in a child that leads a session with the line as its terminal. */
static void in_session(void (*fn)(void *))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		open_line();
		fn(NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		say("the session's leader", "%s", status_text(status));
}

static struct termios settings(void)
{
	struct termios t;

	if (control(TCGETS, &t) < 0)
		give_up("TCGETS");
	return t;
}

static void use(struct termios *t)
{
	if (control(TCSETS, t) < 0)
		give_up("TCSETS");
}

static struct termios cooked(void)
{
	struct termios t = settings();

	t.iflag = ICRNL | IXON;
	t.lflag = ISIG | ICANON | IEXTEN | ECHO | 0x20 /* ECHOK */ | 0x10 /* ECHOE */ | 01000 |
		  04000;
	t.cc[VMIN] = 1;
	t.cc[VTIME] = 0;
	t.cc[VEOL] = t.cc[VEOL2] = 0;
	use(&t);
	return t;
}

static struct termios raw(int min, int time)
{
	struct termios t = settings();

	t.iflag = 0;
	t.lflag = 0;
	t.cc[VMIN] = (unsigned char)min;
	t.cc[VTIME] = (unsigned char)time;
	use(&t);
	return t;
}

static void type(const char *s, size_t len)
{
	while (len--)
		if (control(TIOCSTI, (void *)s++) < 0)
			give_up("TIOCSTI");
}

#define TYPE(s) type(s, sizeof(s) - 1)

/* What a read of at most @size bytes gives, as text with \xx for what cannot be seen. */
static const char *get(size_t size)
{
	static char buffer[70000], shown[2000];
	long n = RAW(__NR_read, tty, buffer, size);
	size_t len = 0;

	if (n < 0)
		return errno_name(-n);
	for (long i = 0; i < n && i < 300; i++)
		len += (size_t)snprintf(shown + len, sizeof(shown) - len,
					buffer[i] < ' ' || buffer[i] == 127 ? "\\%03o" : "%c",
					(unsigned char)buffer[i]);
	shown[len] = 0;
	return text("%ld <%s>", n, shown);
}

static int waiting(void)
{
	int n = -1;

	control(FIONREAD, &n);
	return n;
}

/* How much waits, and then what a read gives. */
static const char *waits_then_get(size_t size)
{
	int n = waiting();

	return text("%d waiting, %s", n, get(size));
}

/* An empty line is EAGAIN then, and no sleep. */
static void nonblocking(int on)
{
	fcntl(tty, F_SETFL, O_RDWR | (on ? O_NONBLOCK : 0));
}

/* ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	unsigned int cmd;
} commands[] = {
	{ "TCGETS", TCGETS },         { "TCSETS", TCSETS },           { "TCSETSW", TCSETSW },
	{ "TCSETSF", TCSETSF },       { "TCSBRK", TCSBRK },           { "TCXONC", TCXONC },
	{ "TCFLSH", TCFLSH },         { "TIOCEXCL", TIOCEXCL },       { "TIOCNXCL", TIOCNXCL },
	{ "TIOCGEXCL", TIOCGEXCL },   { "TIOCSCTTY", TIOCSCTTY },     { "TIOCGPGRP", TIOCGPGRP },
	{ "TIOCSPGRP", TIOCSPGRP },   { "TIOCOUTQ", TIOCOUTQ },       { "TIOCSTI", TIOCSTI },
	{ "TIOCGWINSZ", TIOCGWINSZ }, { "TIOCSWINSZ", TIOCSWINSZ },   { "TIOCNOTTY", TIOCNOTTY },
	{ "TIOCGSID", TIOCGSID },     { "TIOCGETD", TIOCGETD },       { "TIOCSETD", TIOCSETD },
	{ "TIOCGDEV", TIOCGDEV },     { "TIOCVHANGUP", TIOCVHANGUP },
};

static void no_terminal(void)
{
	int file = page_file("f", 10), null = open("/dev/null", O_RDWR), dir = open(".", O_RDONLY),
	    ends[2];

	if (pipe(ends) < 0)
		give_up("pipe");
	for (int i = 0; i < NR(commands); i++) {
		const char *name = commands[i].name;
		unsigned int cmd = commands[i].cmd;

		ask(text("%s, file", name), RAW(__NR_ioctl, file, cmd, BAD));
		ask(text("%s, folder", name), RAW(__NR_ioctl, dir, cmd, BAD));
		ask(text("%s, /dev/null", name), RAW(__NR_ioctl, null, cmd, BAD));
		ask(text("%s, pipe", name), RAW(__NR_ioctl, ends[0], cmd, BAD));
		ask(text("%s, closed", name), RAW(__NR_ioctl, 99, cmd, BAD));
	}
	ask("FIONREAD, file", RAW(__NR_ioctl, file, FIONREAD, ends));
	ask("FIONREAD, pipe, bad", RAW(__NR_ioctl, ends[0], FIONREAD, BAD));
}

static void bad_pointers(void)
{
	static const unsigned int cmds[] = { TCGETS,   TCSETS,   TCSETSW,    TCSETSF,    TIOCGEXCL,
					     TIOCOUTQ, TIOCSTI,  TIOCGWINSZ, TIOCSWINSZ, FIONREAD,
					     TIOCGETD, TIOCSETD, TIOCGDEV };

	open_line();
	for (int i = 0; i < NR(cmds); i++) {
		ask(text("0x%x, bad", cmds[i]), control(cmds[i], BAD));
		ask(text("0x%x, kernel", cmds[i]), control(cmds[i], (void *)KERNEL));
	}
	ask("unknown command", control(0x54ff, BAD));
}

static void console_answers(void)
{
	struct termios t;
	struct winsize ws;
	int console = open("/dev/console", O_RDWR), n;

	setsid();
	say("console opened", "%d", console >= 0);
	ask("console, TCGETS", RAW(__NR_ioctl, console, TCGETS, &t));
	ask("console, TIOCGWINSZ", RAW(__NR_ioctl, console, TIOCGWINSZ, &ws));
	ask("console, TIOCGPGRP", RAW(__NR_ioctl, console, TIOCGPGRP, &n));
	ask("console, TIOCGSID", RAW(__NR_ioctl, console, TIOCGSID, &n));
	ask("console, TIOCNOTTY", RAW(__NR_ioctl, console, TIOCNOTTY, 0));
	ask("console, TIOCGETD", RAW(__NR_ioctl, console, TIOCGETD, &n));
	ask("console, TIOCGDEV", RAW(__NR_ioctl, console, TIOCGDEV, &n));
	say("console, number", "0x%x", (unsigned int)n);
	ask("no terminal yet, /dev/tty", RAW(__NR_open, "/dev/tty", O_RDWR, 0));
	ask("console, seek", RAW(__NR_lseek, console, 0, SEEK_CUR));
	ask("console, pread", RAW(__NR_pread64, console, &n, 1, 0));
}

static void default_settings(void)
{
	struct termios t, u;

	open_line();
	t = settings();
	say("iflag", "0%o", t.iflag);
	say("oflag", "0%o", t.oflag);
	say("lflag", "0%o", t.lflag);
	say("size and parity", "0%o", t.cflag & 0xff0);
	say("line", "%d", t.line);
	for (int i = 0; i < 19; i++)
		say(text("cc %d", i), "%d", t.cc[i]);
	t.cc[VMIN] = 9;
	t.lflag = 0;
	ask("TCSETSF", control(TCSETSF, &t));
	close(tty);
	open_line();
	u = settings();
	say("settings outlive the last close", "%d %d", u.cc[VMIN], (int)u.lflag);
	t.cc[VMIN] = 1;
	t.lflag = 0105073;
	ask("TCSETSW", control(TCSETSW, &t));
}

static int winch;

static void on_winch(int sig)
{
	winch += sig == SIGWINCH;
}

static void window(void *arg)
{
	struct winsize ws = { 9, 9, 9, 9 };

	(void)arg;
	ask("TIOCGWINSZ", control(TIOCGWINSZ, &ws));
	say("size of a new terminal", "%d %d %d %d", ws.row, ws.col, ws.x, ws.y);
	signal(SIGWINCH, on_winch);
	ws = (struct winsize){ 25, 80, 1, 2 };
	ask("TIOCSWINSZ", control(TIOCSWINSZ, &ws));
	say("signals", "%d", winch);
	ask("TIOCSWINSZ, the same", control(TIOCSWINSZ, &ws));
	say("signals then", "%d", winch);
	memset(&ws, 0, sizeof(ws));
	control(TIOCGWINSZ, &ws);
	say("size", "%d %d %d %d", ws.row, ws.col, ws.x, ws.y);
}

static void window_then(void *arg)
{
	struct winsize ws = { 9, 9, 9, 9 };

	(void)arg;
	control(TIOCGWINSZ, &ws);
	say("size after the last close", "%d %d %d %d", ws.row, ws.col, ws.x, ws.y);
}

static void window_size(void)
{
	in_session(window);
	in_session(window_then);
}

/* ------------------------------------------------------------------------------------------------ */

static pid_t pgrp_of_line(void)
{
	pid_t p = -1;

	return control(TIOCGPGRP, &p) == 0 ? p : -1;
}

static void second_leader(void *arg)
{
	(void)arg;
	setsid();
	ask("other session, TIOCGPGRP", control(TIOCGPGRP, &tty));
	ask("other session, TIOCSCTTY", control(TIOCSCTTY, 0));
	ask("other session, open", open(LINE, O_RDWR) >= 0);
	ask("other session, /dev/tty", RAW(__NR_open, "/dev/tty", O_RDWR, 0));
	if (fork() == 0) {
		ask("steal, not leader", control(TIOCSCTTY, (void *)1));
		_exit(0);
	}
	wait(NULL);
	if (fork() == 0) {
		setsid();
		setuid(1000);
		ask("steal, not root", control(TIOCSCTTY, (void *)1));
		_exit(0);
	}
	wait(NULL);
	ask("steal", control(TIOCSCTTY, (void *)1));
	ask("after the theft, /dev/tty", RAW(__NR_open, "/dev/tty", O_RDWR, 0) > 0);
}

static void leader(void *arg)
{
	pid_t session = 0;
	int fd;

	(void)arg;
	say("foreground group", "%s", pgrp_of_line() == getpid() ? "the leader's" : "another");
	ask("TIOCGSID", control(TIOCGSID, &session));
	say("session", "%s", session == getpid() ? "the leader's" : "another");
	ask("TIOCGPGRP, bad", control(TIOCGPGRP, BAD));
	ask("TIOCGSID, bad", control(TIOCGSID, BAD));
	ask("TIOCSCTTY again", control(TIOCSCTTY, 0));
	fd = open("/dev/tty", O_RDWR);
	say("/dev/tty", "%d", fd >= 0);
	ask("/dev/tty, TIOCGPGRP", RAW(__NR_ioctl, fd, TIOCGPGRP, &session));
	say("/dev/tty, same group", "%d", session == getpid());
	ask("console, TIOCGSID", RAW(__NR_ioctl, open("/dev/console", O_RDWR), TIOCGSID, &session));
	in_child(second_leader, NULL);
	ask("robbed, /dev/tty", RAW(__NR_open, "/dev/tty", O_RDWR, 0));
	ask("robbed, TIOCGPGRP", control(TIOCGPGRP, &session));
	ask("robbed, TIOCNOTTY", control(TIOCNOTTY, 0));
}

static void asks_without(void *arg)
{
	int n = 0;

	(void)arg;
	ask("not leader, TIOCSCTTY", control(TIOCSCTTY, 0));
	setsid();
	tty = open(LINE, O_RDWR | O_NOCTTY);
	ask("O_NOCTTY, TIOCGPGRP", control(TIOCGPGRP, &n));
	ask("O_NOCTTY, TIOCSPGRP", control(TIOCSPGRP, &n));
	ask("O_NOCTTY, TIOCGSID", control(TIOCGSID, &n));
	ask("O_NOCTTY, TIOCNOTTY", control(TIOCNOTTY, 0));
	ask("O_NOCTTY, /dev/tty", RAW(__NR_open, "/dev/tty", O_RDWR, 0));
	ask("O_NOCTTY, TIOCSTI as root", control(TIOCSTI, "x"));
	tty = open(LINE, O_WRONLY);
	ask("write only, TIOCGPGRP", control(TIOCGPGRP, &n));
	ask("write only, TIOCSCTTY as root", control(TIOCSCTTY, 0));
	ask("write only, then TIOCGPGRP", control(TIOCGPGRP, &n));
	signal(SIGHUP, SIG_IGN);
	ask("TIOCNOTTY", control(TIOCNOTTY, 0));
	ask("TIOCNOTTY again", control(TIOCNOTTY, 0));
	ask("TIOCSCTTY after it", control(TIOCSCTTY, 0));
}

static void sessions(void)
{
	in_session(leader);
	open_line();
	in_child(asks_without, NULL);
}

/* Pid of a child in a group of its own that only sleeps. */
static pid_t sleeper(int new_session)
{
	int ends[2];
	char c;
	pid_t pid;

	if (pipe(ends) < 0)
		give_up("pipe");
	pid = fork();
	if (pid == 0) {
		if (new_session)
			setsid();
		else
			setpgid(0, 0);
		(void)!write(ends[1], "", 1);
		for (;;)
			pause();
	}
	(void)!read(ends[0], &c, 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void choosing(void *arg)
{
	pid_t own = sleeper(0), other = sleeper(1), none = -1, absent = 99999, mine = getpid(),
	      single;

	(void)arg;
	ask("TIOCSPGRP, bad", control(TIOCSPGRP, BAD));
	ask("TIOCSPGRP, -1", control(TIOCSPGRP, &none));
	ask("TIOCSPGRP, absent", control(TIOCSPGRP, &absent));
	ask("TIOCSPGRP, other session", control(TIOCSPGRP, &other));
	single = fork();
	if (single == 0)
		for (;;)
			pause();
	ask("TIOCSPGRP, a process that is no group", control(TIOCSPGRP, &single));
	signal(SIGTTOU, SIG_IGN);
	say("foreground group is it", "%d", pgrp_of_line() == single);
	ask("TIOCSPGRP, a group", control(TIOCSPGRP, &own));
	say("foreground group is the group", "%d", pgrp_of_line() == own);
	ask("TIOCSPGRP, back", control(TIOCSPGRP, &mine));
	none = 0;
	ask("TIOCSPGRP, 0", control(TIOCSPGRP, &none));
	end_child(own);
	end_child(other);
	end_child(single);
}

static void foreground(void)
{
	in_session(choosing);
}

/* ------------------------------------------------------------------------------------------------ */

static long bg_read(void)
{
	char c;

	return RAW(__NR_read, tty, &c, 1);
}
static long bg_write(void)
{
	return RAW(__NR_write, tty, "x", 1);
}
static long bg_set(void)
{
	struct termios t;

	control(TCGETS, &t);
	return control(TCSETS, &t);
}
static long bg_spgrp(void)
{
	pid_t me = getpgrp();

	return control(TIOCSPGRP, &me);
}
static long bg_flush(void)
{
	return control(TCFLSH, 0);
}
static long bg_flow(void)
{
	return control(TCXONC, (void *)1);
}
static long bg_break(void)
{
	return control(TCSBRK, (void *)1);
}
static long bg_size(void)
{
	struct winsize ws = { 1, 2, 3, 4 };

	return control(TIOCSWINSZ, &ws);
}
static long bg_sti(void)
{
	return control(TIOCSTI, "\n");
}
static long bg_get(void)
{
	return pgrp_of_line() > 0 ? 0 : -EIO;
}
static long bg_setd(void)
{
	int n = 0;

	return control(TIOCSETD, &n);
}

static const struct {
	const char *name;
	long (*fn)(void);
} uses[] = {
	{ "read", bg_read },       { "write", bg_write },     { "TCSETS", bg_set },
	{ "TIOCSPGRP", bg_spgrp }, { "TCFLSH", bg_flush },    { "TCXONC", bg_flow },
	{ "TCSBRK", bg_break },    { "TIOCSWINSZ", bg_size }, { "TIOCSTI", bg_sti },
	{ "TIOCGPGRP", bg_get },   { "TIOCSETD", bg_setd },
};

enum how { PLAIN, IGNORING, BLOCKING, ORPHAN };

/* What becomes of a child in a background group that uses the terminal. */
static void background_use(const char *prefix, int which, enum how how)
{
	pid_t me = getpid();
	char said[64] = "";
	int status, ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		give_up("pipe");
	pid = fork();
	if (pid == 0) {
		long result;

		setpgid(0, 0);
		if (how == ORPHAN && fork()) /* the child of a dead process of the session's */
			_exit(0);
		if (how == ORPHAN) {
			while (getppid() != 1)
				sched_yield();
		}
		if (how == IGNORING) {
			signal(SIGTTIN, SIG_IGN);
			signal(SIGTTOU, SIG_IGN);
		}
		if (how == BLOCKING) {
			sigset_t set;

			sigemptyset(&set);
			sigaddset(&set, SIGTTIN);
			sigaddset(&set, SIGTTOU);
			sigprocmask(SIG_BLOCK, &set, NULL);
		}
		result = uses[which].fn();
		(void)!write(ends[1], text("%s", answer(result)), strlen(answer(result)) + 1);
		_exit(0);
	}
	close(ends[1]);
	waitpid(pid, &status, WUNTRACED);
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		say(text("%s, %s", prefix, uses[which].name), "%s", status_text(status));
	} else {
		(void)!read(ends[0], said, sizeof(said));
		say(text("%s, %s", prefix, uses[which].name), "%s", said);
	}
	close(ends[0]);
	signal(SIGTTOU, SIG_IGN);
	control(TIOCSPGRP, &me);
	signal(SIGTTOU, SIG_DFL);
	control(TCFLSH, 0);
}

static void backgrounds(void *arg)
{
	struct termios t = cooked();

	(void)arg;
	for (int i = 0; i < NR(uses); i++) {
		background_use("background", i, PLAIN);
		background_use("ignoring", i, IGNORING);
		background_use("blocking", i, BLOCKING);
		background_use("orphan", i, ORPHAN);
	}
	t.lflag |= TOSTOP;
	use(&t);
	background_use("TOSTOP", 1, PLAIN);
	background_use("TOSTOP, ignoring", 1, IGNORING);
	background_use("TOSTOP, orphan", 1, ORPHAN);
	cooked();
}

static void background(void)
{
	in_session(backgrounds);
}

/* ------------------------------------------------------------------------------------------------ */

#define CTRL(c) ((c)&037)

static void lines(void *arg)
{
	struct termios t = cooked();

	(void)arg;
	nonblocking(1);
	say("nothing typed", "%s", get(10));
	TYPE("abc");
	say("no line yet", "%s", waits_then_get(10));
	TYPE("\n");
	say("a line", "%s", waits_then_get(10));
	TYPE("one\ntwo\n");
	say("two lines", "%d waiting", waiting());
	say("the first", "%s", get(100));
	say("the second", "%s", get(100));
	TYPE("abcdef\n");
	say("in parts", "%s", get(4));
	say("the rest", "%s", get(100));
	TYPE("abc\rdef\r");
	say("carriage returns", "%s", get(100));
	say("and the next", "%s", get(100));
	TYPE("ab\177c\n");
	say("erase", "%s", get(100));
	TYPE("\177\177abc\177\177\177\177d\n");
	say("erase beyond the start", "%s", get(100));
	TYPE("abc def\025x\n");
	say("kill", "%s", get(100));
	TYPE("abc de.f!\027x\n");
	say("word erase", "%s", get(100));
	TYPE("one two  \027\027x\n");
	say("word erase over blanks", "%s", get(100));
	TYPE("a\303\244b\027\n");
	say("word erase over Latin-1", "%s", get(100));
	TYPE("a\026\177b\026\003c\026\026\n");
	say("literal next", "%s", get(100));
	TYPE("a\026\nb\n");
	say("literal newline", "%s", get(100));
	TYPE("abc\022d\n");
	say("reprint", "%s", get(100));
	TYPE("abc\004def\n");
	say("end of file inside", "%s", waits_then_get(100));
	say("what follows it", "%s", get(100));
	TYPE("\004");
	say("end of file alone", "%s", waits_then_get(100));
	say("after it", "%s", get(100));
	TYPE("abc\004");
	say("end of file behind a full buffer", "%s", get(3));
	say("is not seen twice", "%s", get(3));
	TYPE("abc\n\004x\n");
	say("a line and an end of file", "%s", get(4));
	say("the end of file", "%s", get(4));
	say("the line behind", "%s", get(4));
	TYPE("a\0b\n");
	say("a NUL", "%s", waits_then_get(100));
	t.cc[VEOL] = '.';
	t.cc[VEOL2] = ';';
	use(&t);
	TYPE("a.b;c\n");
	say("EOL", "%s", get(100));
	say("EOL2", "%s", get(100));
	say("newline", "%s", get(100));
	t.lflag &= ~(unsigned int)IEXTEN;
	use(&t);
	TYPE("a;b\026\027c\n");
	say("without IEXTEN", "%s", get(100));
	t = cooked();
	t.cc[VERASE] = 0;
	use(&t);
	TYPE("a\177\0b\n");
	say("erase off", "%s", get(100));
	t = cooked();
	t.iflag |= IUTF8;
	use(&t);
	TYPE("a\303\244\177\342\202\254\n");
	say("erase UTF-8", "%s", get(100));
	TYPE("\244\244\177x\n");
	say("erase broken UTF-8", "%s", get(100));
	t.iflag = INLCR;
	use(&t);
	TYPE("a\nb\rc\004");
	say("INLCR", "%s", get(100));
	t.iflag = IGNCR | ICRNL;
	use(&t);
	TYPE("a\rb\n");
	say("IGNCR", "%s", get(100));
	t.iflag = ISTRIP | IUCLC;
	use(&t);
	TYPE("A\341Z\n");
	say("ISTRIP, IUCLC", "%s", get(100));
	cooked();
}

static void canonical(void)
{
	in_session(lines);
}

static void modes(void *arg)
{
	struct termios t;

	(void)arg;
	nonblocking(1);
	cooked();
	TYPE("abc\004de");
	raw(1, 0);
	say("to raw, half a line", "%s", waits_then_get(100));
	TYPE("ab\ncd");
	cooked();
	say("to canonical", "%s", waits_then_get(100));
	say("to canonical, then", "%s", get(100));
	TYPE("typed");
	t = settings();
	t.cc[VMIN] = 7;
	ask("TCSETS keeps input", control(TCSETS, &t));
	ask("TCSETSF drops it", control(TCSETSF, &t));
	TYPE("x\n");
	say("a line after it", "%s", get(100));
	TYPE("line\nhalf");
	ask("TCFLSH, output", control(TCFLSH, (void *)1));
	say("after it", "%s", get(100));
	TYPE("line\n");
	ask("TCFLSH, input", control(TCFLSH, 0));
	say("after that", "%s", get(100));
	ask("TCFLSH, both", control(TCFLSH, (void *)2));
	ask("TCFLSH, 3", control(TCFLSH, (void *)3));
	ask("TCFLSH, -1", control(TCFLSH, (void *)-1L));
	cooked();
}

static void mode_switches(void)
{
	in_session(modes);
}

/* Types @s after two tenths of a second, while the caller sleeps in a read. */
static pid_t later(const char *s)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct timespec ts = { 0, 200000000 };

		nanosleep(&ts, NULL);
		type(s, strlen(s));
		_exit(0);
	}
	return pid;
}

static int pollable(void)
{
	struct pollfd p = { .fd = tty, .events = POLLIN };

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

static void raws(void *arg)
{
	(void)arg;
	raw(0, 0);
	say("MIN 0 TIME 0, empty", "%s", get(10));
	TYPE("ab\003\023\004");
	say("MIN 0 TIME 0", "%s", get(100));
	raw(0, 1);
	say("MIN 0 TIME 1, empty", "%s", get(10));
	TYPE("ab");
	say("MIN 0 TIME 1", "%s", get(10));
	raw(0, 50);
	later("x");
	say("MIN 0 TIME 50, later", "%s", get(10));
	raw(3, 0);
	TYPE("ab");
	say("MIN 3, 2 bytes pollable", "%d", pollable());
	later("c");
	say("MIN 3 TIME 0", "%s", get(10));
	nonblocking(1);
	TYPE("ab");
	say("MIN 3, not blocking", "%s", get(10));
	say("MIN 3, not blocking, empty", "%s", get(10));
	raw(0, 5);
	say("MIN 0 TIME 5, not blocking, empty", "%s", get(10));
	raw(0, 0);
	say("MIN 0 TIME 0, not blocking, empty", "%s", get(10));
	nonblocking(0);
	raw(5, 1);
	TYPE("ab");
	say("MIN 5 TIME 1, pollable", "%d", pollable());
	say("MIN 5 TIME 1", "%s", get(10));
	raw(5, 1);
	TYPE("abcdefg");
	say("MIN 5, buffer of 3", "%s", get(3));
	say("MIN 5, the rest", "%s", get(3));
	raw(1, 0);
	say("the last", "%s", get(3));
	say("empty, pollable", "%d", pollable());
	TYPE("x");
	say("one byte, pollable", "%d", pollable());
	ask("read, bad buffer", RAW(__NR_read, tty, BAD, 1));
	ask("read, 0 bytes", RAW(__NR_read, tty, BAD, 0));
	ask("write, bad buffer", RAW(__NR_write, tty, BAD, 1));
	ask("write, 0 bytes", RAW(__NR_write, tty, BAD, 0));
	cooked();
}

static void raw_reads(void)
{
	in_session(raws);
}

static void fill(int c, int n)
{
	char byte = (char)c;

	while (n--)
		type(&byte, 1);
}

/* A line's length and its last bytes. */
static const char *long_line(void)
{
	static char buffer[8192];
	long n = RAW(__NR_read, tty, buffer, sizeof(buffer));

	if (n < 3)
		return n < 0 ? errno_name(-n) : text("%ld", n);
	return text("%ld ...%c%c\\%03o", n, buffer[n - 3], buffer[n - 2],
		    (unsigned char)buffer[n - 1]);
}

static void longs(void *arg)
{
	(void)arg;
	nonblocking(1);
	cooked();
	fill('a', 4094);
	TYPE("b\n");
	say("4095 and newline", "%s", long_line());
	fill('a', 4095);
	TYPE("b\n");
	say("4096 and newline", "%s", long_line());
	fill('a', 5000);
	TYPE("b\177c\n");
	say("5000, erase", "%s", long_line());
	fill('a', 6000);
	TYPE("\004");
	say("6000, end of file", "%s", long_line());
	say("then", "%s", long_line());
	fill('a', 6000);
	TYPE("\025bcd\n");
	say("6000, kill", "%s", long_line());
	fill('a', 5000);
	TYPE("\003");
	cooked();
}

static void overlong(void)
{
	signal(SIGINT, SIG_IGN);
	in_session(longs);
}

/* ------------------------------------------------------------------------------------------------ */

static int got[65];

static void on_signal(int sig)
{
	got[sig]++;
}

static const char *caught(void)
{
	const char *s = text("INT %d QUIT %d TSTP %d HUP %d CONT %d", got[SIGINT], got[SIGQUIT],
			     got[SIGTSTP], got[SIGHUP], got[SIGCONT]);

	memset(got, 0, sizeof(got));
	return s;
}

/* Signals since the last time, then what a read gives. */
static const char *caught_then_get(size_t size)
{
	const char *signals_caught = caught();

	return text("%s, %s", signals_caught, get(size));
}

static void watch_signals(void)
{
	signal(SIGINT, on_signal);
	signal(SIGQUIT, on_signal);
	signal(SIGTSTP, on_signal);
	signal(SIGHUP, on_signal);
	signal(SIGCONT, on_signal);
}

static void typed_signals(void *arg)
{
	struct termios t = cooked();

	(void)arg;
	watch_signals();
	nonblocking(1);
	TYPE("abc\003");
	say("interrupt", "%s", caught());
	TYPE("\n");
	say("flushes", "%s", get(100));
	TYPE("\034");
	say("quit", "%s", caught());
	TYPE("\032");
	say("suspend", "%s", caught());
	t.lflag |= NOFLSH;
	use(&t);
	TYPE("abc\003def\n");
	say("NOFLSH", "%s", caught_then_get(100));
	t.lflag &= ~(unsigned int)(ISIG | NOFLSH);
	use(&t);
	TYPE("a\003\034\032\n");
	say("without ISIG", "%s", caught_then_get(100));
	raw(1, 0);
	t = settings();
	t.lflag = ISIG;
	use(&t);
	TYPE("ab\003");
	say("raw with ISIG", "%s", caught_then_get(100));
	t = cooked();
	t.cc[VINTR] = 'q';
	use(&t);
	TYPE("q");
	say("another key", "%s", caught());
	TYPE("\026q\003\n");
	say("quoted", "%s", caught_then_get(100));
	t.cc[VINTR] = 3;
	use(&t);
}

static void signals(void)
{
	in_session(typed_signals);
}

static int queued(void)
{
	int n = -1;

	control(TIOCOUTQ, &n);
	return n;
}

static void flows(void *arg)
{
	struct pollfd p;
	struct termios t = cooked();

	(void)arg;
	nonblocking(1);
	ask("TCXONC, 4", control(TCXONC, (void *)4));
	ask("TCXONC, -1", control(TCXONC, (void *)-1L));
	ask("TCXONC, TCIOFF", control(TCXONC, (void *)2));
	ask("TCXONC, TCION", control(TCXONC, (void *)3));
	ask("TCXONC, TCOON while going", control(TCXONC, (void *)1));
	ask("TCSBRK, drain", control(TCSBRK, (void *)1));
	say("sent", "%d", queued());
	ask("TCXONC, TCOOFF", control(TCXONC, 0));
	ask("write while stopped", RAW(__NR_write, tty, "hello", 5));
	say("held back", "%d", queued());
	TYPE("\021");
	say("^Q does not release it", "%d", queued());
	ask("TCFLSH, output", control(TCFLSH, (void *)1));
	say("dropped", "%d", queued());
	ask("TCXONC, TCOON", control(TCXONC, (void *)1));
	TYPE("\023");
	ask("write after ^S", RAW(__NR_write, tty, "hello", 5));
	say("held", "%d", queued());
	p = (struct pollfd){ .fd = tty, .events = POLLOUT };
	ask("may be written", poll(&p, 1, 0));
	TYPE("\021");
	ask("TCSBRK after ^Q", control(TCSBRK, (void *)1));
	say("gone", "%d", queued());
	t.iflag |= IXANY;
	use(&t);
	TYPE("\023");
	ask("write, IXANY", RAW(__NR_write, tty, "hello", 5));
	TYPE("x");
	ask("TCSBRK after any key", control(TCSBRK, (void *)1));
	TYPE("\023");
	RAW(__NR_write, tty, "hello", 5);
	t.iflag &= ~(unsigned int)IXON;
	use(&t);
	ask("TCSBRK after IXON went off", control(TCSBRK, (void *)1));
	TYPE("\023\021\n");
	say("without IXON", "%s", get(10));
	cooked();
	ask("TCSBRK, 0", control(TCSBRK, 0));
	ask("TCSBRKP, 1", control(TCSBRKP, (void *)1));
	ask("TIOCSBRK", control(TIOCSBRK, 0));
	ask("TIOCCBRK", control(TIOCCBRK, 0));
}

static void flow_control(void)
{
	in_session(flows);
}

static void as_user(void *arg)
{
	(void)arg;
	setuid(1000);
	ask("TIOCEXCL, another user", RAW(__NR_open, LINE, O_RDWR, 0));
	ask("TIOCVHANGUP, another user", control(TIOCVHANGUP, 0));
	ask("vhangup, another user", RAW(__NR_vhangup));
	ask("TIOCSTI, another user", control(TIOCSTI, "x"));
	ask("TIOCNXCL, another user", control(TIOCNXCL, 0));
	ask("then open", RAW(__NR_open, LINE, O_RDWR, 0) > 0);
}

static void exclusive(void)
{
	int n = -1;

	open_line();
	chmod(LINE, 0666);
	ask("TIOCGEXCL", control(TIOCGEXCL, &n));
	say("at first", "%d", n);
	ask("TIOCEXCL", control(TIOCEXCL, 0));
	ask("TIOCGEXCL then", control(TIOCGEXCL, &n));
	say("now", "%d", n);
	ask("root may", RAW(__NR_open, LINE, O_RDWR | O_CLOEXEC, 0) > 0);
	in_child(as_user, NULL);
	ask("TIOCEXCL again", control(TIOCEXCL, 0));
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	open_line();
	control(TIOCGEXCL, &n);
	say("after the last close", "%d", n);
	chmod(LINE, 0600);
	ask("TIOCGETD", control(TIOCGETD, &n));
	say("discipline", "%d", n);
	ask("TIOCSETD, 0", control(TIOCSETD, &n));
	n = -1;
	ask("TIOCSETD, -1", control(TIOCSETD, &n));
	n = 31;
	ask("TIOCSETD, 31", control(TIOCSETD, &n));
	control(TIOCGDEV, &n);
	say("number", "0x%x", (unsigned int)n);
}

/* ------------------------------------------------------------------------------------------------ */

static void dead_line(const char *when)
{
	struct pollfd p = { .fd = tty, .events = POLLIN | POLLOUT };
	struct termios t;
	pid_t me = getpid();

	say(text("%s, read", when), "%s", get(10));
	ask(text("%s, write", when), RAW(__NR_write, tty, "x", 1));
	ask(text("%s, TCGETS", when), control(TCGETS, &t));
	ask(text("%s, TIOCSPGRP", when), control(TIOCSPGRP, &me));
	ask(text("%s, TIOCGPGRP", when), control(TIOCGPGRP, &me));
	ask(text("%s, FIONREAD", when), control(FIONREAD, &me));
	ask(text("%s, poll", when), poll(&p, 1, -1));
	say(text("%s, events", when), "0x%x", (unsigned int)p.revents);
}

static void hung_up(void *arg)
{
	int ends[2], fd, n = 0;
	char said[64] = "";
	pid_t pid;

	(void)arg;
	cooked();
	watch_signals();
	if (pipe(ends) < 0)
		give_up("pipe");
	pid = fork();
	if (pid == 0) {
		const char *s;

		(void)!write(ends[1], "", 1);
		s = get(10); /* sleeps until the line is cut */
		(void)!write(ends[1], s, strlen(s) + 1);
		_exit(0);
	}
	(void)!read(ends[0], said, 1);
	ask("TIOCVHANGUP", control(TIOCVHANGUP, 0));
	say("leader hears", "%s", caught());
	(void)!read(ends[0], said, sizeof(said));
	say("a sleeping reader", "%s", said);
	waitpid(pid, NULL, 0);
	dead_line("hung up");
	ask("/dev/tty", RAW(__NR_open, "/dev/tty", O_RDWR, 0));
	fd = open(LINE, O_RDWR);
	say("opens again", "%d", fd >= 0);
	ask("controls again, TIOCGPGRP", RAW(__NR_ioctl, fd, TIOCGPGRP, &n));
	say("by the leader's group", "%d", n == getpid());
	ask("vhangup", RAW(__NR_vhangup));
	say("leader hears again", "%s", caught());
	ask("vhangup without a terminal", RAW(__NR_vhangup));
	signal(SIGHUP, SIG_IGN);
}

/* The leader ends: a child in the foreground hears of it, one in the background does not. */
static void leader_ends(void)
{
	int ends[2], said[2];
	char c;
	pid_t pid;

	if (pipe(ends) < 0 || pipe(said) < 0)
		give_up("pipe");
	pid = fork();
	if (pid == 0) {
		pid_t mine;

		setsid();
		open_line();
		cooked();
		mine = fork();
		if (mine == 0) {
			int n;

			watch_signals();
			signal(SIGCONT, on_signal);
			close(ends[1]);
			(void)!write(said[1], "", 1);
			while (read(ends[0], &c, 1) != 0) /* until the leader is gone */
				;
			say("leader ended, child hears", "%s", caught());
			dead_line("leader ended");
			ask("leader ended, /dev/tty", RAW(__NR_open, "/dev/tty", O_RDWR, 0));
			tty = open(LINE, O_RDWR);
			ask("opened again, TIOCGSID", control(TIOCGSID, &n));
			_exit(0);
		}
		(void)!read(said[0], &c, 1);
		_exit(0);
	}
	close(ends[1]);
	close(said[1]);
	waitpid(pid, NULL, 0);
	while (read(said[0], &c, 1) > 0) /* until the child is gone too */
		;
}

static void hangup(void)
{
	in_session(hung_up);
	leader_ends();
}

ORACLE(GROUP(no_terminal), GROUP(bad_pointers), GROUP(console_answers), GROUP(default_settings),
       GROUP(window_size), GROUP(sessions), GROUP(foreground), GROUP(background), GROUP(canonical),
       GROUP(mode_switches), GROUP(raw_reads), GROUP(overlong), GROUP(signals), GROUP(flow_control),
       GROUP(exclusive), GROUP(hangup))
