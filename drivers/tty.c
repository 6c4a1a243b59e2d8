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
 * Locking: tty->pgrp and tty->session under tty->lock; a task's signal->tty, pgrp and session under the process
 * table's lock.  When both are needed the process table comes first.
 *
 * Sources: POSIX.1-2017, "General Terminal Interface"; tty_ioctl(4).
 */
#include <arch/uaccess.h>
#include <fs/vfs.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/tty.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

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

/* --- sessions --- */

static void set_controlling(struct tty_struct *tty)
{
	unsigned long flags;

	spin_lock_irqsave(&process_table_lock, flags);
	spin_lock(&tty->lock);
	current->signal->tty = tty;
	tty->session = current->signal->session;
	tty->pgrp = current->signal->pgrp;
	spin_unlock(&tty->lock);
	spin_unlock_irqrestore(&process_table_lock, flags);
}

/* The session leader is gone: the terminal is free, and its foreground group hears SIGHUP and SIGCONT. */
void disassociate_ctty(struct tty_struct *tty)
{
	unsigned long flags;
	pid_t pgrp;

	spin_lock_irqsave(&tty->lock, flags);
	pgrp = tty->pgrp;
	tty->session = 0;
	tty->pgrp = 0;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (pgrp > 0) {
		kill_pgrp(pgrp, SIGHUP);
		kill_pgrp(pgrp, SIGCONT);
	}
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
	pid_t pgrp = current->signal->pgrp;

	if (!is_controlling(tty) || !tty->pgrp || tty->pgrp == pgrp)
		return 0;
	if (ignored_or_blocked(sig))
		return sig == SIGTTIN ? -EIO : 0;
	if (is_current_pgrp_orphaned())
		return -EIO;
	kill_pgrp(pgrp, sig);
	return -ERESTARTSYS;
}

/* --- files --- */

static struct tty_struct *file_tty(struct file *file)
{
	return file->private_data;
}

static int tty_open(struct inode *inode, struct file *file)
{
	struct tty_struct *tty;
	bool may_control = !(file->f_flags & O_NOCTTY);

	if (inode->i_rdev == MKDEV(5, 0)) {
		tty = READ_ONCE(current->signal->tty);
		if (!tty)
			return -ENXIO;
		may_control = false;
	} else if (inode->i_rdev == MKDEV(5, 1)) {
		tty = console_tty;
		may_control = false;
	} else {
		tty = serial_tty(inode->i_rdev);
	}
	if (!tty)
		return -ENODEV;
	file->private_data = tty;
	if (may_control && current->signal->leader && !current->signal->tty && !tty->session)
		set_controlling(tty);
	return 0;
}

static ssize_t tty_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);
	int err = job_control(tty, SIGTTIN);

	(void)pos;
	return err ? err : n_tty_read(tty, ubuf, len, file->f_flags & O_NONBLOCK);
}

static ssize_t tty_write(struct file *file, const char *ubuf, size_t len, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);
	int err = tty->termios.c_lflag & TOSTOP ? job_control(tty, SIGTTOU) : 0;

	(void)pos;
	return err ? err : n_tty_write(tty, ubuf, len, file->f_flags & O_NONBLOCK);
}

static unsigned int tty_poll(struct file *file, struct poll_table *table)
{
	return n_tty_poll(file_tty(file), file, table);
}

/* --- ioctl --- */

static long set_termios(struct tty_struct *tty, unsigned int cmd, const void *uarg)
{
	struct ktermios new_termios;
	int err = job_control(tty, SIGTTOU);

	if (err)
		return err;
	if (copy_from_user(&new_termios, uarg, sizeof(new_termios)))
		return -EFAULT;
	if (cmd != TCSETS && tty->driver->drain)
		tty->driver->drain(tty);
	if (cmd == TCSETSF)
		n_tty_flush_input(tty);
	n_tty_set_termios(tty, &new_termios);
	if (tty->driver->set_termios)
		tty->driver->set_termios(tty);
	return 0;
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
	int err;

	if (!is_controlling(tty))
		return -ENOTTY;
	err = job_control(tty, SIGTTOU);
	if (err)
		return err;
	if (get_user(pgrp, uarg))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	err = pgrp_session_check(pgrp, current->signal->session);
	if (err)
		return err;
	spin_lock_irqsave(&tty->lock, flags);
	tty->pgrp = pgrp;
	spin_unlock_irqrestore(&tty->lock, flags);
	return 0;
}

/* TIOCSCTTY: a session leader without a terminal takes this one; root may steal it (arg 1). */
static long take_terminal(struct tty_struct *tty, unsigned long arg)
{
	if (is_controlling(tty) && tty->session == current->signal->session)
		return 0;
	if (!current->signal->leader || current->signal->tty)
		return -EPERM;
	if (tty->session) {
		if (arg != 1 || !capable(CAP_SYS_ADMIN))
			return -EPERM;
		session_clear_tty(tty->session);
	}
	set_controlling(tty);
	return 0;
}

static long give_up_terminal(struct tty_struct *tty)
{
	unsigned long flags;

	if (!is_controlling(tty))
		return -ENOTTY;
	if (current->signal->leader) {
		session_clear_tty(current->signal->session);
		disassociate_ctty(tty);
		return 0;
	}
	spin_lock_irqsave(&process_table_lock, flags);
	current->signal->tty = NULL;
	spin_unlock_irqrestore(&process_table_lock, flags);
	return 0;
}

static long flush(struct tty_struct *tty, unsigned long which)
{
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH)
		n_tty_flush_input(tty);
	return 0;
}

static long flow(struct tty_struct *tty, unsigned long action)
{
	unsigned long flags;

	if (action > 3)
		return -EINVAL;
	if (action > TCOON)
		return 0; /* TCIOFF, TCION: a line without handshake */
	spin_lock_irqsave(&tty->lock, flags);
	tty->stopped = action == TCOOFF;
	spin_unlock_irqrestore(&tty->lock, flags);
	tty_wakeup(tty);
	return 0;
}

static long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty_struct *tty = file_tty(file);
	void *uarg = (void *)arg;

	switch (cmd) {
	case TCGETS:
		return copy_to_user(uarg, &tty->termios, sizeof(tty->termios)) ? -EFAULT : 0;
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(tty, cmd, uarg);
	case TIOCGWINSZ:
		return copy_to_user(uarg, &tty->winsize, sizeof(tty->winsize)) ? -EFAULT : 0;
	case TIOCSWINSZ:
		return set_winsize(tty, uarg);
	case TIOCGPGRP:
		return is_controlling(tty) ? put_user(tty->pgrp, (pid_t *)uarg) : -ENOTTY;
	case TIOCSPGRP:
		return set_foreground(tty, uarg);
	case TIOCGSID:
		return is_controlling(tty) ? put_user(tty->session, (pid_t *)uarg) : -ENOTTY;
	case TIOCSCTTY:
		return take_terminal(tty, arg);
	case TIOCNOTTY:
		return give_up_terminal(tty);
	case TIOCINQ:
		return put_user((int)n_tty_input_chars(tty), (int *)uarg);
	case TIOCOUTQ:
		return put_user(0, (int *)uarg);
	case TCFLSH:
		return flush(tty, arg);
	case TCXONC:
		return flow(tty, arg);
	case TCSBRK:
	case TCSBRKP:
		if (tty->driver->drain)
			tty->driver->drain(tty);
		return 0;
	default:
		return tty->driver->ioctl ? tty->driver->ioctl(tty, cmd, arg) : -ENOTTY;
	}
}

const struct file_operations tty_fops = {
	.open = tty_open,
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
