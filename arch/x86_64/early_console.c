/*
 * arch/x86_64/early_console.c - COM1, polled: a voice from the first C line to the last panic
 *
 * 115200 baud, 8 data bits, no parity, one stop bit.  The wait for the transmitter is bounded, so that a machine
 * without the port loses the text and not the kernel.  The serial driver takes over once interrupts work.
 * What stops the boot is shown on the text screen, too, while the first page tables still map it.
 *
 * Sources: IBM VGA, text mode memory at 0xb8000 (character, attribute); National Semiconductor PC16550D, "Registers".
 */
#include <arch/layout.h>
#include <arch/pgtable_ops.h>
#include "arch_internal.h"

#define TEXT_SCREEN   0xb8000UL
#define TEXT_COLUMNS  80u
#define TEXT_ON_BLACK 0x0f00u /* bright white */

#define COM1          0x3f8
#define UART_TX       0
#define UART_IER      1
#define UART_FCR      2
#define UART_LCR      3
#define UART_MCR      4
#define UART_LSR      5
#define LCR_DLAB      0x80
#define LCR_8N1       0x03
#define LSR_THRE      0x20

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

/**
 * early_screen_puts - show @s on the top line of the text screen
 * @column: where to begin
 *
 * Where there is no text screen the bytes are lost.  Before paging_init only.
 * Return: the column after the last character.
 */
unsigned int early_screen_puts(const char *s, unsigned int column)
{
	volatile u16 *screen = __pt_va(TEXT_SCREEN);

	for (; *s && column < TEXT_COLUMNS; s++)
		screen[column++] = (u16)(TEXT_ON_BLACK | (u8)*s);
	return column;
}
