/*
 * arch/x86_64/patch.c - two tables about single instructions: alternatives and exception fixups
 *
 * Alternatives.  STAC and CLAC exist only on processors with SMAP; elsewhere they are undefined.  The code holds
 * NOPs of the same length, each listed in .altinstructions with the bytes to put there and the feature that asks for
 * them.  Patching happens once, on the boot CPU, while the first page tables still allow writing to the code.
 *
 * Exception table.  An instruction that may fault on a user's address is listed in .ex_table with the place to go
 * on at.  The linker collects entries in almost sorted order (cold parts of functions move); one insertion sort at
 * boot lets every lookup be a binary search.  A page fault in a copy looks here before it takes any lock.
 */
#include <arch/exception.h>
#include <arch/uaccess.h>
#include <lib/string.h>
#include "arch_internal.h"

extern struct alt_instr __alt_start[], __alt_end[];
extern struct exception_table_entry __ex_table_start[], __ex_table_end[];

void apply_alternatives(void)
{
	static_assert(X86_FEATURE_SMAP == 148,
		      "entry.asm, string_user.asm and uaccess.h spell it out");

	for (const struct alt_instr *a = __alt_start; a < __alt_end; a++)
		if (cpu_has(a->feature))
			memcpy((char *)&a->site + a->site, a->text, a->len);
}

static unsigned long ex_insn(const struct exception_table_entry *e)
{
	return (unsigned long)&e->insn + (unsigned long)(long)e->insn;
}

/* The distances are relative to where they stand: they change as an entry moves. */
static void ex_move(struct exception_table_entry *to, const struct exception_table_entry *from)
{
	s32 delta = (s32)((const char *)from - (const char *)to);

	*to = (struct exception_table_entry){ from->insn + delta, from->fixup + delta, from->type };
}

void sort_exception_table(void)
{
	for (struct exception_table_entry *e = __ex_table_start + 1; e < __ex_table_end; e++) {
		unsigned long insn = ex_insn(e);
		struct exception_table_entry copy, *p = e;

		if (ex_insn(e - 1) <= insn)
			continue;
		ex_move(&copy, e);
		for (; p > __ex_table_start && ex_insn(p - 1) > insn; p--)
			ex_move(p, p - 1);
		ex_move(p, &copy);
	}
}

const struct exception_table_entry *search_exception_table(unsigned long ip)
{
	const struct exception_table_entry *low = __ex_table_start, *high = __ex_table_end;

	while (low < high) {
		const struct exception_table_entry *mid = low + (high - low) / 2;
		unsigned long insn = ex_insn(mid);

		if (insn == ip)
			return mid;
		if (insn < ip)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

bool fixup_exception(struct pt_regs *regs)
{
	const struct exception_table_entry *e = search_exception_table(regs->ip);

	if (!e)
		return false;
	regs->ip = (unsigned long)&e->fixup + (unsigned long)(long)e->fixup;
	if (e->type == EX_EFAULT_AX)
		regs->ax = (unsigned long)-EFAULT;
	return true;
}
