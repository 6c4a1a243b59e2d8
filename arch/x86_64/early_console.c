/*
 * arch/x86_64/early_console.c - COM1, polled: a voice from the first C line to the last panic
 *
 * 115200 baud, 8 data bits, no parity, one stop bit.  The wait for the transmitter is bounded, so that a machine
 * without the port loses the text and not the kernel.  The serial driver takes over once interrupts work.
 *
 * Source: National Semiconductor PC16550D, "Registers".
 */
#include "arch_internal.h"

#define COM1     0x3f8
#define UART_TX  0
#define UART_IER 1
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define LCR_DLAB 0x80
#define LCR_8N1  0x03
#define LSR_THRE 0x20

void early_console_init(void)
{
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_LCR, LCR_DLAB | LCR_8N1);
	outb(COM1 + UART_TX, 1); /* divisor 1: 115200 baud */
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_LCR, LCR_8N1);
	outb(COM1 + UART_FCR, 0x07); /* FIFOs on and empty */
	outb(COM1 + UART_MCR, 0x03); /* DTR, RTS */
}

static void put_byte(u8 c)
{
	for (unsigned int tries = 0; tries < 100000 && !(inb(COM1 + UART_LSR) & LSR_THRE); tries++)
		;
	outb(COM1 + UART_TX, c);
}

void early_putc(char c)
{
	if (c == '\n')
		put_byte('\r');
	put_byte((u8)c);
}

void early_puts(const char *s)
{
	while (*s)
		early_putc(*s++);
}
