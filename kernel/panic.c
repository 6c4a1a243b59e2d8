/*
 * kernel/panic.c - when an invariant is broken, or PID 1 is gone
 *
 * A panic says why, who was running with which address space, the registers, and the call chain; a page fault in
 * the kernel adds the decoded error code and the walk of the page tables (kernel/fault.c).  The other CPUs are
 * stopped first, by NMI; at the end it is said what each was doing.  Everything goes to the console by polling; no lock is waited for.  Whatever breaks while this is being said ends in a single further line.
 *
 * panic=0 (the default) halts, panic=N resets after N seconds, panic=-1 resets at once, which ends an emulator
 * started with -no-reboot.
 */
#include <arch/exception.h>
#include <arch/init.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/smp.h>
#include <kernel/init.h>
#include <kernel/log.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/kstrtox.h>
#include <lib/printf.h>
#include <mm/mm.h>

static u32 panicking; /* CPU + 1 of the one that panics */

static void show_current(void)
{
	const struct task_struct *task = current;

	if (!task)
		return;
	printk("<0>task: %s, pid %d, cpu %u", task->comm, task->pid, smp_processor_id());
	if (task->mm)
		printk("<0>mm: pgd %lx, %d mappings, %lu pages mapped, %lu resident",
		       virt_to_phys(task->mm->pgd), task->mm->map_count, task->mm->total_vm,
		       get_mm_rss(task->mm));
	else
		printk("<0>mm: none (kernel thread)");
}

static void __noreturn end_of_panic(void)
{
	const char *text = cmdline_get("panic");
	int seconds = 0;

	if (text && kstrtoint(text, 10, &seconds))
		seconds = 0;
	if (!seconds)
		machine_halt();
	if (seconds > 0) {
		printk("<0>reset in %d seconds", seconds);
		for (int i = 0; i < seconds * 1000; i++)
			early_udelay(1000);
	}
	machine_restart();
}

/* One CPU panics; a second one halts, and is shown by the first as stopped here; the same one again stops at one line. */
static void claim_panic(void)
{
	u32 me = smp_processor_id() + 1, nobody = 0;

	local_irq_disable();
	lockdebug_stop();
	if (__atomic_compare_exchange_n(&panicking, &nobody, me, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		return;
	if (nobody == me) {
		early_puts("panic: another failure while reporting the first\n");
		end_of_panic();
	}
	machine_halt();
}

/* The others stop first: then no lock that one of them holds is waited for, and no line of theirs comes between. */
static void take_console(void)
{
	static bool taken;

	if (taken)
		return;
	taken = true;
	smp_stop_others();
	console_loglevel = 8;
	console_break_locks();
}

static void __noreturn panic_report(const struct pt_regs *regs, const char *why)
{
	take_console();
	printk("<0>Kernel panic - not syncing: %s", why);
	show_current();
	if (regs)
		arch_show_regs(regs);
	arch_show_backtrace(regs);
	smp_show_stopped();
	printk("<0>---[ end Kernel panic - not syncing: %s ]---", why);
	end_of_panic();
}

void panic(const char *fmt, ...)
{
	static char why[256];
	va_list args;

	claim_panic();
	va_start(args, fmt);
	vscnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	panic_report(NULL, why);
}

/**
 * panic_regs - the same for a trap in the kernel: @regs are shown and the call chain begins there
 * @extra: called before the registers are shown, for what only the trap's handler knows; may be NULL
 */
void panic_regs(const struct pt_regs *regs, void (*extra)(void *arg), void *arg, const char *fmt,
		...)
{
	static char why[256];
	va_list args;

	claim_panic();
	va_start(args, fmt);
	vscnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	if (extra) {
		take_console();
		extra(arg);
	}
	panic_report(regs, why);
}

void warn_at(const char *file, int line, const char *what)
{
	printk("<4>WARNING: %s:%d: %s", file, line, what);
	arch_show_backtrace(NULL);
}
