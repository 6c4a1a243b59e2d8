/* SPDX-License-Identifier: MIT */
/*
 * kernel/ksyms.c - from an address in the kernel's code to the function's name
 *
 * The build links the kernel twice; between the links tools/ksyms turns the symbol table into sorted
 * arrays in .rodata.  An address belongs to the last function that begins at or below it.
 *
 * The tables are constant and nothing is locked, so a panic may look up names in any state.
 */
#include <arch/layout.h>
#include <kernel/ksyms.h>

extern const u32 ksyms_count;
extern const u32 ksyms_addr[];     /* address - KERNEL_BASE, ascending */
extern const u32 ksyms_name_off[]; /* into ksyms_names */
extern const char ksyms_names[];
extern const char __text_start[], __text_end[];

/**
 * ksym_lookup - name of the function that holds @addr
 * @offset: receives the distance from the function's first byte
 *
 * A return address behind a call of a function that does not return may lie in the next function:
 * callers that walk a stack look up the address minus one.
 *
 * Return: the name, or NULL when @addr is not in the kernel's code.
 * Context: any.
 */
const char *ksym_lookup(unsigned long addr, unsigned long *offset)
{
	u32 low = 0, high = ksyms_count, rel;

	if (addr < (unsigned long)__text_start || addr >= (unsigned long)__text_end)
		return NULL;
	rel = (u32)(addr - KERNEL_BASE);
	/* Invariant: every entry below low begins at or below rel, every one from high on above it. */
	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (ksyms_addr[mid] <= rel)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	*offset = rel - ksyms_addr[low - 1];
	return &ksyms_names[ksyms_name_off[low - 1]];
}
