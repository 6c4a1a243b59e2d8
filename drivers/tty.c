/*
 * drivers/tty.c - terminals as files: opening, sessions, ioctls
 *
 *     /dev/console   the terminal the kernel chose; never becomes a controlling terminal by being opened
 *     /dev/tty       the caller's controlling terminal
 *     /dev/ttyS0..   the serial ports
 *
 * A session leader without a terminal that opens one (without O_NOCTTY) gets it as its controlling terminal; the
 * foreground process group of that terminal receives ^C and ^Z, and a background one that reads is stopped.
 *
 * Hanging up is a generation count: a file remembers how often the line had been cut when it was opened, and is
 * dead (end of file, EIO) once the two differ.  The line itself lives on, for the next open.  /dev/console never
 * hangs up: init keeps its three descriptors however often the shell on the same line comes and goes.
 *
 * Locking: tty->pgrp and tty->session under tty->lock; a task's signal->tty, pgrp and session under the process
 * table's lock.  When both are needed the process table comes first.  A terminal is never freed, so that the
 * signal->tty of a caller may be used without a lock; whether it is still his is decided under the locks.
 *
 * Sources: POSIX.1-2017, "General Terminal Interface"; tty_ioctl(4).
 */
#include <arch/uaccess.h>
#include <fs/vfs.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/syscalls.h>
#include <kernel/tty.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

#define TTY_DEV     MKDEV(5, 0)
#define CONSOLE_DEV MKDEV(5, 1)

struct tty_struct *console_tty;

// clang-format off
static const struct ktermios default_termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = { [VINTR] = 3, [VQUIT] = 034, [VERASE] = 0177, [VKILL] = 025, [VEOF] = 4, [VMIN] = 1,
		  [VSTART] = 021, [VSTOP] = 023, [VSUSP] = 032, [VREPRINT] = 022, [VDISCARD] = 017,
		  [VWERASE] = 027, [VLNEXT] = 026 },
};
// clang-format on

/**
 * tty_init_struct - make a terminal over a device
 *
 * Return: 0, or -ENOMEM with nothing allocated.
 */
int tty_init_struct(struct tty_struct *tty, const char *name, u64 dev,
		    const struct tty_driver *driver, void *data)
{
	memset(tty, 0, sizeof(*tty));
	strscpy(tty->name, name, sizeof(tty->name));
	tty->dev = dev;
	tty->driver = driver;
	tty->driver_data = data;
	tty->termios = default_termios;
	spin_lock_init(&tty->lock, LOCK_TTY);
	mutex_init(&tty->read_lock, LOCK_FILE_MISC);
	mutex_init(&tty->write_lock, LOCK_FILE_MISC);
	init_waitqueue_head(&tty->read_wait);
	init_waitqueue_head(&tty->write_wait);
	tty->buf = vmalloc(N_TTY_BUF_SIZE);
	tty->line_end = kzalloc(N_TTY_BUF_SIZE / 8, GFP_KERNEL);
	if (tty->buf && tty->line_end)
		return 0;
	vfree(tty->buf);
	kfree(tty->line_end);
	return -ENOMEM;
}

static void flush_output(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	n_tty_flush_output(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
}

static struct tty_struct *file_tty(const struct file *file)
{
	return file->private_data;
}

static bool is_console_file(const struct file *file)
{
	return file->f_inode->i_rdev == CONSOLE_DEV;
}

bool tty_hung_up(const struct file *file)
{
	return file->f_version != READ_ONCE(file_tty(file)->hangups) && !is_console_file(file);
}

/* --- sessions --- */

/*
 * The caller's session gets the terminal, if he leads it, it has none, and nobody else has this one; with @steal
 * another session loses it.  -EPERM otherwise.
 */
static int acquire_terminal(struct tty_struct *tty, bool steal)
{
	struct signal_struct *signal = current->signal;
	unsigned long flags;
	int err = -EPERM;

	spin_lock_irqsave(&process_table_lock, flags);
	spin_lock(&tty->lock);
	if (signal->leader && !signal->tty && (!tty->session || steal)) {
		if (tty->session)
			session_clear_tty(tty->session);
		signal->tty = tty;
		tty->session = signal->session;
		tty->pgrp = signal->pgrp;
		err = 0;
	}
	spin_unlock(&tty->lock);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return err;
}

/* No session has the terminal any more.  Returns its foreground group. */
static pid_t release_session(struct tty_struct *tty)
{
	unsigned long flags;
	pid_t pgrp;

	spin_lock_irqsave(&process_table_lock, flags);
	spin_lock(&tty->lock);
	pgrp = tty->pgrp;
	if (tty->session)
		session_clear_tty(tty->session);
	tty->session = 0;
	tty->pgrp = 0;
	spin_unlock(&tty->lock);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return pgrp;
}

static void hang_up(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	tty->hangups++;
	tty->tco_stopped = false;
	n_tty_start(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
	n_tty_flush_input(tty);
	flush_output(tty);
	wake_up_all(&tty->read_wait);
	wake_up_all(&tty->write_wait);
}

void tty_vhangup(struct tty_struct *tty)
{
	session_hang_up(READ_ONCE(tty->session));
	(void)release_session(tty);
	hang_up(tty);
}

void disassociate_ctty(bool on_exit)
{
	struct tty_struct *tty = READ_ONCE(current->signal->tty);
	pid_t pgrp;

	if (!current->signal->leader || !tty)
		return;
	pgrp = release_session(tty);
	if (on_exit)
		hang_up(tty);
	if (pgrp > 0) {
		kill_pgrp(pgrp, SIGHUP);
		if (!on_exit)
			kill_pgrp(pgrp, SIGCONT);
	}
}

/* vhangup(2): root cuts its own terminal, so that whoever was on it before is rid of it. */
long sys_vhangup(void)
{
	struct tty_struct *tty = READ_ONCE(current->signal->tty);

	if (!capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	if (tty)
		tty_vhangup(tty);
	return 0;
}

static bool is_controlling(const struct tty_struct *tty)
{
	return READ_ONCE(current->signal->tty) == tty;
}

static bool ignored_or_blocked(int sig)
{
	return (current->blocked & (1ull << (sig - 1))) ||
	       current->sighand->action[sig - 1].handler == SIG_IGN;
}

/**
 * job_control - may the caller use its terminal now?
 * @sig: SIGTTIN for reading, SIGTTOU for writing and changing it
 *
 * Return: 0; -EIO when it never may (orphaned or ignoring on read); -ERESTARTSYS after the signal was sent.
 */
static int job_control(struct tty_struct *tty, int sig)
{
	pid_t pgrp = READ_ONCE(current->signal->pgrp), foreground = READ_ONCE(tty->pgrp);

	if (!is_controlling(tty) || !foreground || foreground == pgrp)
		return 0;
	if (ignored_or_blocked(sig))
		return sig == SIGTTIN ? -EIO : 0;
	if (is_current_pgrp_orphaned())
		return -EIO;
	kill_pgrp(pgrp, sig);
	return -ERESTARTSYS;
}

/* --- files --- */

static int count_open(struct tty_struct *tty, struct file *file)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&tty->lock, flags);
	if (tty->exclusive && tty->count && !capable(CAP_SYS_ADMIN)) {
		err = -EBUSY;
	} else {
		tty->count++;
		file->f_version = tty->hangups;
		file->private_data = tty;
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	return err;
}

static int tty_open(struct inode *inode, struct file *file)
{
	bool may_control = !(file->f_flags & O_NOCTTY) && (file->f_mode & FMODE_READ);
	struct tty_struct *tty;
	int err;

	if (inode->i_rdev == TTY_DEV) {
		tty = READ_ONCE(current->signal->tty);
		if (!tty)
			return -ENXIO;
	} else if (inode->i_rdev == CONSOLE_DEV) {
		tty = console_tty;
		may_control = false;
	} else {
		tty = serial_tty(inode->i_rdev);
	}
	if (!tty)
		return -ENODEV;
	err = count_open(tty, file);
	if (!err && may_control)
		(void)acquire_terminal(tty, false);
	return err;
}

/* After the last close the next one starts afresh, but for the settings, which stay with the line. */
static int tty_release(struct inode *inode, struct file *file)
{
	struct tty_struct *tty = file_tty(file);
	unsigned long flags;
	bool last;

	(void)inode;
	spin_lock_irqsave(&tty->lock, flags);
	last = --tty->count == 0;
	if (last) {
		tty->exclusive = tty->tco_stopped = false;
		memset(&tty->winsize, 0, sizeof(tty->winsize));
		n_tty_start(tty);
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	if (last) {
		n_tty_flush_input(tty);
		(void)release_session(tty);
	}
	return 0;
}

static ssize_t tty_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);
	int err;

	(void)pos;
	if (tty_hung_up(file))
		return 0;
	err = is_console_file(file) ? 0 : job_control(tty, SIGTTIN);
	return err ? err : n_tty_read(tty, file, ubuf, len);
}

static ssize_t tty_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);
	int err = 0;

	(void)pos;
	if (tty_hung_up(file))
		return -EIO;
	if ((tty->termios.c_lflag & TOSTOP) && !is_console_file(file))
		err = job_control(tty, SIGTTOU);
	return err ? err : n_tty_write(tty, file, ubuf, len);
}

static unsigned int tty_poll(struct file *file, struct poll_table *table)
{
	return n_tty_poll(file_tty(file), file, table);
}

/* --- ioctl --- */

/* What a call that waits for the output does first.  -EINTR: the wait was broken off. */
static long wait_sent(struct tty_struct *tty)
{
	int err = job_control(tty, SIGTTOU);

	if (!err)
		err = tty->driver->drain(tty) ? -EINTR : 0;
	return err;
}

static long get_termios(struct tty_struct *tty, void *uarg)
{
	struct ktermios termios;
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	termios = tty->termios;
	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user(uarg, &termios, sizeof(termios)) ? -EFAULT : 0;
}

static long set_termios(struct tty_struct *tty, unsigned int cmd, const void *uarg)
{
	struct ktermios new_termios;
	int err = job_control(tty, SIGTTOU);

	if (err)
		return err;
	if (copy_from_user(&new_termios, uarg, sizeof(new_termios)))
		return -EFAULT;
	if (cmd == TCSETSF)
		n_tty_flush_input(tty);
	if (cmd != TCSETS)
		err = tty->driver->drain(tty);
	if (err)
		return err;
	n_tty_set_termios(tty, &new_termios);
	if (tty->driver->set_termios)
		tty->driver->set_termios(tty);
	return 0;
}

static long get_winsize(struct tty_struct *tty, void *uarg)
{
	struct winsize ws;
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	ws = tty->winsize;
	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user(uarg, &ws, sizeof(ws)) ? -EFAULT : 0;
}

static long set_winsize(struct tty_struct *tty, const void *uarg)
{
	struct winsize ws;
	unsigned long flags;
	bool changed;
	pid_t pgrp;

	if (copy_from_user(&ws, uarg, sizeof(ws)))
		return -EFAULT;
	spin_lock_irqsave(&tty->lock, flags);
	changed = memcmp(&ws, &tty->winsize, sizeof(ws)) != 0;
	tty->winsize = ws;
	pgrp = tty->pgrp;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (changed && pgrp > 0)
		kill_pgrp(pgrp, SIGWINCH);
	return 0;
}

static long set_foreground(struct tty_struct *tty, const pid_t *uarg)
{
	unsigned long flags;
	pid_t pgrp;
	int err = job_control(tty, SIGTTOU);

	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (get_user(pgrp, uarg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	spin_lock_irqsave(&process_table_lock, flags);
	spin_lock(&tty->lock);
	if (!is_controlling(tty) || tty->session != current->signal->session)
		err = -ENOTTY;
	else
		err = pgrp_session_check(pgrp, tty->session);
	if (!err)
		tty->pgrp = pgrp;
	spin_unlock(&tty->lock);
	spin_unlock_irqrestore(&process_table_lock, flags);
	return err;
}

static long get_session(struct tty_struct *tty, pid_t *uarg)
{
	pid_t session = READ_ONCE(tty->session);

	return is_controlling(tty) && session ? put_user(session, uarg) : -ENOTTY;
}

/* TIOCSCTTY: a session leader without a terminal takes this one; root may steal it (arg 1). */
static long take_terminal(struct tty_struct *tty, const struct file *file, unsigned long arg)
{
	bool root = capable(CAP_SYS_ADMIN);

	if (current->signal->leader && READ_ONCE(tty->session) == current->signal->session)
		return 0;
	if (!(file->f_mode & FMODE_READ) && !root)
		return -EPERM;
	return acquire_terminal(tty, arg == 1 && root);
}

static long give_up_terminal(struct tty_struct *tty)
{
	unsigned long flags;

	if (!is_controlling(tty))
		return -ENOTTY;
	disassociate_ctty(false);
	spin_lock_irqsave(&process_table_lock, flags);
	current->signal->tty = NULL;
	spin_unlock_irqrestore(&process_table_lock, flags);
	return 0;
}

/* TIOCSTI: a byte as if it had been typed. */
static long type_byte(struct tty_struct *tty, const char *uarg)
{
	char c;

	if (!is_controlling(tty) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (get_user(c, uarg))
		return -EFAULT;
	tty_receive(tty, &c, 1);
	return 0;
}

static long flush(struct tty_struct *tty, unsigned long which)
{
	int err = job_control(tty, SIGTTOU);

	if (err)
		return err;
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH)
		n_tty_flush_input(tty);
	if (which != TCIFLUSH)
		flush_output(tty);
	return 0;
}

static long flow(struct tty_struct *tty, unsigned long action)
{
	int err = job_control(tty, SIGTTOU);
	unsigned long flags;
	char c;

	if (err)
		return err;
	spin_lock_irqsave(&tty->lock, flags);
	switch (action) {
	case TCOOFF:
		tty->tco_stopped = true;
		n_tty_stop(tty);
		break;
	case TCOON:
		if (tty->tco_stopped) {
			tty->tco_stopped = false;
			n_tty_start(tty);
		}
		break;
	case TCIOFF: /* the other side shall stop, or go on */
	case TCION:
		c = (char)tty->termios.c_cc[action == TCIOFF ? VSTOP : VSTART];
		if (c)
			(void)tty->driver->put(tty, &c, 1);
		break;
	default:
		err = -EINVAL;
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	return err;
}

/* The line at break level for @ns. */
static long send_break(struct tty_struct *tty, u64 ns)
{
	tty->driver->break_ctl(tty, true);
	while (ns && !signal_pending(current)) {
		set_task_state(TASK_INTERRUPTIBLE);
		ns = schedule_timeout(ns);
	}
	tty->driver->break_ctl(tty, false);
	return signal_pending(current) ? -EINTR : 0;
}

#define BREAK_NS 250000000ull
#define TENTH_NS 100000000ull

static long tty_break(struct tty_struct *tty, unsigned int cmd, unsigned long arg)
{
	long err;

	if (cmd == TIOCCBRK) {
		err = job_control(tty, SIGTTOU);
		if (!err)
			tty->driver->break_ctl(tty, false);
		return err;
	}
	err = wait_sent(tty);
	if (err)
		return err;
	switch (cmd) {
	case TIOCSBRK:
		tty->driver->break_ctl(tty, true);
		return 0;
	case TCSBRKP:
		return send_break(tty, arg ? arg * TENTH_NS : BREAK_NS);
	default:
		return arg ? 0 : send_break(tty, BREAK_NS);
	}
}

static long set_exclusive(struct tty_struct *tty, bool exclusive)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	tty->exclusive = exclusive;
	spin_unlock_irqrestore(&tty->lock, flags);
	return 0;
}

/* There is one line discipline, number 0. */
static long set_discipline(struct tty_struct *tty, const int *uarg)
{
	long err = wait_sent(tty);
	int which;

	if (err)
		return err;
	if (get_user(which, uarg))
		return -EFAULT;
	return which ? -EINVAL : 0;
}

/* Device numbers as user space packs them: eight bits of the minor number are lowest. */
static u32 user_dev(u64 dev)
{
	return (MINOR(dev) & 0xff) | MAJOR(dev) << 8 | (MINOR(dev) & ~0xffu) << 12;
}

static long session_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty_struct *tty = file_tty(file);
	void *uarg = (void *)arg;

	switch (cmd) {
	case TIOCGPGRP:
		return is_controlling(tty) ? put_user(READ_ONCE(tty->pgrp), (pid_t *)uarg)
					   : -ENOTTY;
	case TIOCSPGRP:
		return set_foreground(tty, uarg);
	case TIOCGSID:
		return get_session(tty, uarg);
	case TIOCSCTTY:
		return take_terminal(tty, file, arg);
	case TIOCNOTTY:
		return give_up_terminal(tty);
	case TIOCVHANGUP:
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		tty_vhangup(tty);
		return 0;
	default:
		return tty->driver->ioctl ? tty->driver->ioctl(tty, cmd, arg) : -ENOTTY;
	}
}

static long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty_struct *tty = file_tty(file);
	void *uarg = (void *)arg;

	if (tty_hung_up(file))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case TCGETS:
		return get_termios(tty, uarg);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(tty, cmd, uarg);
	case TIOCGWINSZ:
		return get_winsize(tty, uarg);
	case TIOCSWINSZ:
		return set_winsize(tty, uarg);
	case TIOCINQ:
		return put_user((int)n_tty_input_chars(tty), (int *)uarg);
	case TIOCOUTQ:
		return put_user((int)tty->driver->pending(tty), (int *)uarg);
	case TIOCSTI:
		return type_byte(tty, uarg);
	case TCFLSH:
		return flush(tty, arg);
	case TCXONC:
		return flow(tty, arg);
	case TCSBRK:
	case TCSBRKP:
	case TIOCSBRK:
	case TIOCCBRK:
		return tty_break(tty, cmd, arg);
	case TIOCEXCL:
	case TIOCNXCL:
		return set_exclusive(tty, cmd == TIOCEXCL);
	case TIOCGEXCL:
		return put_user((int)READ_ONCE(tty->exclusive), (int *)uarg);
	case TIOCGETD:
		return put_user(0, (int *)uarg);
	case TIOCSETD:
		return set_discipline(tty, uarg);
	case TIOCGDEV:
		return put_user(user_dev(tty->dev), (u32 *)uarg);
	default:
		return session_ioctl(file, cmd, arg);
	}
}

const struct file_operations tty_fops = {
	.open = tty_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};

void drivers_init(void)
{
	serial_init();
	if (register_chrdev(5, 0, "tty", 0666, &tty_fops) ||
	    register_chrdev(5, 1, "console", 0600, &tty_fops))
		pr_err("tty: no device nodes\n");
}
