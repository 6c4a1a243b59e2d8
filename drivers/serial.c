/*
 * drivers/serial.c - the PC's serial ports (16550A), as terminals and as the kernel's console
 *
 * Input comes by interrupt and goes to the line discipline.  Output of programs is queued in a ring and leaves by
 * interrupt, sixteen bytes at a time; a full ring makes the writer sleep.  Output of the kernel cannot sleep and
 * must not be lost: it first drains the ring by polling, so that the order on the wire is the order of events,
 * and then writes itself by polling.
 *
 * The line of the interrupt is edge triggered: a condition that is still there when the handler leaves would raise
 * no further edge.  So the handler ends by switching the port's interrupts off and on, which makes one if there is
 * cause.  The transmit interrupt stays on until it finds the ring empty; that last one wakes whoever waits for it.
 *
 * Locking: port->lock (rank LOCK_CONSOLE, irq-safe, the innermost of all, since printk comes here from anywhere)
 * covers the registers and the ring.  The line discipline is called without it.
 *
 * Source: National Semiconductor, PC16550D data sheet, "Registers".
 */
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/uaccess.h>
#include <fs/vfs.h>
#include <kernel/init.h>
#include <kernel/log.h>
#include <kernel/tty.h>

#define UART_DATA        0 /* receive, transmit; divisor low with DLAB */
#define UART_IER         1 /* interrupt enable; divisor high with DLAB */
#define IER_RX           0x01
#define IER_TX           0x02
#define UART_IIR         2 /* read: what interrupts */
#define UART_FCR         2 /* write: FIFO control */
#define UART_LCR         3
#define LCR_8N1          0x03
#define LCR_BREAK        0x40
#define LCR_DLAB         0x80
#define UART_MCR         4
#define MCR_DTR_RTS_OUT2 0x0b /* OUT2 gates the interrupt line on a PC */
#define UART_LSR         5
#define LSR_DATA         0x01
#define LSR_THRE         0x20 /* transmit FIFO empty: room for FIFO_SIZE bytes */
#define LSR_TEMT         0x40 /* and the last bit has left */
#define UART_SCRATCH     7

#define FIFO_SIZE        16u
#define TX_RING          4096u  /* a power of two */
#define SPIN_LIMIT       100000 /* polls before a dead transmitter is given up */

struct serial_port {
	u16 base;
	unsigned int line; /* ISA interrupt */
	const char *name;
	bool present;
	spinlock_t lock;
	u8 ier;                  /* what IER holds */
	bool held;               /* flow control: the ring stays as it is */
	unsigned int head, tail; /* tx ring, free running */
	char ring[TX_RING];
	struct tty_struct tty;
};

static struct serial_port ports[] = {
	{ .base = 0x3f8, .line = 4, .name = "ttyS0", .lock = SPIN_LOCK_INIT(LOCK_CONSOLE) },
	{ .base = 0x2f8, .line = 3, .name = "ttyS1", .lock = SPIN_LOCK_INIT(LOCK_CONSOLE) },
};

static void set_ier(struct serial_port *port, u8 ier)
{
	if (port->ier != ier)
		outb(port->base + UART_IER, port->ier = ier);
}

static bool may_send(const struct serial_port *port)
{
	return port->tail != port->head && !port->held;
}

/* Up to a FIFO of bytes from the ring; the transmit interrupt tells when they have left.  Lock held. */
static void transmit(struct serial_port *port)
{
	unsigned int n = FIFO_SIZE;

	while (n-- && port->tail != port->head)
		outb(port->base + UART_DATA, (u8)port->ring[port->tail++ % TX_RING]);
	set_ier(port, IER_RX | IER_TX);
}

/* The ring has bytes: they go now, or by interrupt when the FIFO is empty.  Lock held. */
static void kick(struct serial_port *port)
{
	if (!may_send(port))
		return;
	if (inb(port->base + UART_LSR) & LSR_THRE)
		transmit(port);
	else
		set_ier(port, IER_RX | IER_TX);
}

static bool wait_transmitter(struct serial_port *port)
{
	int spins = SPIN_LIMIT;

	while (!(inb(port->base + UART_LSR) & LSR_THRE)) {
		if (!spins--)
			return false;
		cpu_relax();
	}
	return true;
}

static size_t serial_room(struct tty_struct *tty)
{
	struct serial_port *port = tty->driver_data;

	return TX_RING - (READ_ONCE(port->head) - READ_ONCE(port->tail));
}

static size_t serial_put(struct tty_struct *tty, const char *buf, size_t len)
{
	struct serial_port *port = tty->driver_data;
	unsigned long flags;
	size_t i;

	spin_lock_irqsave(&port->lock, flags);
	for (i = 0; i < len && port->head - port->tail < TX_RING; i++)
		port->ring[port->head++ % TX_RING] = buf[i];
	kick(port);
	spin_unlock_irqrestore(&port->lock, flags);
	return i;
}

static size_t serial_pending(struct tty_struct *tty)
{
	return TX_RING - serial_room(tty);
}

static void serial_flush(struct tty_struct *tty)
{
	struct serial_port *port = tty->driver_data;
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	port->tail = port->head;
	set_ier(port, IER_RX | IER_TX); /* writers wait for that interrupt */
	spin_unlock_irqrestore(&port->lock, flags);
}

static void serial_hold(struct tty_struct *tty, bool on)
{
	struct serial_port *port = tty->driver_data;
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	port->held = on;
	kick(port);
	spin_unlock_irqrestore(&port->lock, flags);
}

/* The ring by sleeping; the FIFO's sixteen bytes take less time than that would. */
static int serial_drain(struct tty_struct *tty)
{
	struct serial_port *port = tty->driver_data;
	int err = wait_event_interruptible(&tty->write_wait, !serial_pending(tty));

	for (int spins = 0; !err && spins < SPIN_LIMIT; spins++) {
		if (inb(port->base + UART_LSR) & LSR_TEMT)
			break;
		cpu_relax();
	}
	return err;
}

static void serial_break(struct tty_struct *tty, bool on)
{
	struct serial_port *port = tty->driver_data;
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	outb(port->base + UART_LCR, on ? LCR_8N1 | LCR_BREAK : LCR_8N1);
	spin_unlock_irqrestore(&port->lock, flags);
}

/* What the port is: how programs (busybox cttyhack) find the device behind /dev/console. */
static long serial_ioctl(struct tty_struct *tty, unsigned int cmd, unsigned long arg)
{
	const struct serial_port *port = tty->driver_data;
	struct serial_struct info = {
		.type = PORT_16550A,
		.line = (int)(port - ports),
		.port = port->base,
		.irq = (int)port->line,
		.xmit_fifo_size = FIFO_SIZE,
		.baud_base = 115200,
		.close_delay = 50,
		.closing_wait = 3000,
	};

	if (cmd != TIOCGSERIAL)
		return -ENOTTY;
	return copy_to_user((void *)arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static const struct tty_driver serial_driver = {
	.name = "serial",
	.put = serial_put,
	.room = serial_room,
	.pending = serial_pending,
	.flush = serial_flush,
	.hold = serial_hold,
	.drain = serial_drain,
	.break_ctl = serial_break,
	.ioctl = serial_ioctl,
};

/* What came, into @in; the ring goes on.  *room: output has left.  Returns the number of bytes.  Lock held. */
static size_t service(struct serial_port *port, char *in, size_t size, bool *room)
{
	size_t n = 0;

	(void)inb(port->base + UART_IIR);
	while (n < size && (inb(port->base + UART_LSR) & LSR_DATA))
		in[n++] = (char)inb(port->base + UART_DATA);
	*room = (port->ier & IER_TX) && (inb(port->base + UART_LSR) & LSR_THRE);
	if (*room && may_send(port))
		transmit(port);
	else if (*room)
		port->ier = IER_RX;
	outb(port->base + UART_IER, 0);
	outb(port->base + UART_IER, port->ier);
	return n;
}

static void serial_interrupt(struct pt_regs *regs, void *arg)
{
	struct serial_port *port = arg;
	char in[64];
	bool room;
	size_t n;

	(void)regs;
	spin_lock(&port->lock);
	n = service(port, in, sizeof(in), &room);
	spin_unlock(&port->lock);
	if (n)
		tty_receive(&port->tty, in, n);
	if (room)
		tty_wakeup(&port->tty);
}

/* The kernel's own output: what programs queued goes first, then this; all by polling. */
static void serial_console_write(const char *s, size_t len)
{
	struct serial_port *port = &ports[0];
	unsigned int room = 0;
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	while (may_send(port) && wait_transmitter(port))
		transmit(port);
	for (; len; len--, s++) {
		if (room < 2 && wait_transmitter(port))
			room = FIFO_SIZE;
		if (*s == '\n') {
			outb(port->base + UART_DATA, '\r');
			room--;
		}
		outb(port->base + UART_DATA, (u8)*s);
		room--;
	}
	spin_unlock_irqrestore(&port->lock, flags);
}

static void serial_console_break_lock(void)
{
	spin_lock_init(&ports[0].lock, LOCK_CONSOLE);
}

static struct console serial_console = { .name = "ttyS0",
					 .write = serial_console_write,
					 .break_lock = serial_console_break_lock };

static bool probe(struct serial_port *port)
{
	outb(port->base + UART_SCRATCH, 0x5a);
	if (inb(port->base + UART_SCRATCH) != 0x5a)
		return false;
	outb(port->base + UART_IER, 0);
	outb(port->base + UART_LCR, LCR_DLAB);
	outb(port->base + UART_DATA, 1); /* 115200 baud */
	outb(port->base + UART_IER, 0);
	outb(port->base + UART_LCR, LCR_8N1);
	outb(port->base + UART_FCR, 0x07); /* FIFOs on and cleared, interrupt at each byte */
	outb(port->base + UART_MCR, MCR_DTR_RTS_OUT2);
	return true;
}

/**
 * serial_init - find the ports, take their interrupts, become the console
 *
 * Context: boot, after the interrupt controllers.  A port that cannot get its buffers or its interrupt is left out.
 */
void serial_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++) {
		struct serial_port *port = &ports[i];

		if (!probe(port) ||
		    tty_init_struct(&port->tty, port->name, MKDEV(4, 64 + i), &serial_driver, port))
			continue;
		if (request_irq(isa_irq(port->line), serial_interrupt, port, port->name)) {
			pr_warn("%s: no interrupt, left out\n", port->name);
			continue;
		}
		port->present = true;
		set_ier(port, IER_RX);
		if (register_chrdev(4, 64 + i, port->name, 0600, &tty_fops))
			pr_warn("%s: no device node\n", port->name);
	}
	if (ports[0].present) {
		console_tty = &ports[0].tty;
		register_console(&serial_console);
	}
}

/* serial_tty - the terminal behind a character device number, or NULL */
struct tty_struct *serial_tty(u64 dev)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++)
		if (ports[i].present && ports[i].tty.dev == dev)
			return &ports[i].tty;
	return NULL;
}
