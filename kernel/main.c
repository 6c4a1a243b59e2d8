/*
 * kernel/main.c - from the first C function to the first program
 *
 * kernel_main runs on the boot stack as the idle task: it brings each part up in the order in which they need one
 * another (kernel/init.h), starts the thread that becomes PID 1, and then is the idle task.  PID 1 unpacks the
 * initramfs, opens the console as its standard files, and executes /init: from there on everything is a program's
 * wish.
 *
 * What is missing is said in one line: a machine without an initramfs, an archive that is not one, an init that
 * cannot be executed.
 */
#include <arch/cpu.h>
#include <arch/exception.h>
#include <arch/init.h>
#include <arch/irq.h>
#include <arch/smp.h>
#include <fs/vfs.h>
#include <kernel/exec.h>
#include <kernel/init.h>
#include <kernel/log.h>
#include <kernel/random.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/uts.h>
#include <kernel/workqueue.h>
#include <lib/kstrtox.h>
#include <lib/string.h>
#include <mm/init.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include "lockdebug.h"
#include "torture.h"

#define MAX_INIT_ARGS 32

static void set_loglevel(void)
{
	const char *level = cmdline_get("loglevel");

	if (cmdline_has("quiet"))
		console_loglevel = 4;
	if (cmdline_has("debug"))
		console_loglevel = 8;
	if (level && kstrtoint(level, 10, &console_loglevel))
		pr_warn("loglevel=%s is no number\n", level);
}

static void report_machine(const struct boot_info *bi)
{
	pr_info("%s %s %s\n", uts.sysname, uts.release, uts.version);
	pr_info("boot: %s by %s%s, command line: %s\n", bi->protocol,
		bi->loader[0] ? bi->loader : "an unnamed loader", bi->efi ? " on EFI" : "",
		saved_command_line);
	if (bi->cmdline_truncated)
		pr_warn("boot: the command line was too long and is cut\n");
	pr_info("cpu: %s, family %u model %u stepping %u, %u physical and %u virtual address bits\n",
		boot_cpu_data.model_name, boot_cpu_data.family, boot_cpu_data.model,
		boot_cpu_data.stepping, boot_cpu_data.phys_bits, boot_cpu_data.virt_bits);
	pr_info("cpu: nx%s%s%s%s%s%s in use\n", cpu_has(X86_FEATURE_PGE) ? " global" : "",
		cpu_has(X86_FEATURE_GBPAGES) ? " 1GiB-pages" : "",
		cpu_has(X86_FEATURE_SMEP) ? " smep" : "", cpu_has(X86_FEATURE_SMAP) ? " smap" : "",
		cpu_has(X86_FEATURE_UMIP) ? " umip" : "",
		cpu_has(X86_FEATURE_FSGSBASE) ? " fsgsbase" : "");
}

static void init_memory(struct boot_info *bi)
{
	setup_memory(bi);
	paging_init();
	acpi_init(bi);
	smp_count_cpus();
	mem_init();
	kmem_cache_init();
	vmalloc_init();
	mm_cache_init();
}

static void init_tasks(void)
{
	rcu_init();
	random_init();
	sched_init();
	workqueue_init();
	fork_init();
	signals_init();
	futex_init();
	binfmt_init();
	if (cmdline_has("norandmaps"))
		randomize_va_space = 0;
}

static void init_machine(void)
{
	apic_init();
	time_init();
	clock_init();
	timers_init();
	syscall_init();
}

static void init_files(void)
{
	vfs_init();
	proc_init();
	dev_init();
	drivers_init();
	init_task.files = files_alloc();
	if (!init_task.files)
		panic("no memory for the first descriptor table");
}

/* --- PID 1 --- */

static void open_console(void)
{
	struct file *file = filp_open("/dev/console", O_RDWR, 0);

	if (IS_ERR(file)) {
		pr_warn("init starts without standard files: /dev/console: error %ld\n",
			-PTR_ERR(file));
		return;
	}
	for (int fd = 0; fd < 3; fd++) {
		int got = get_unused_fd(0);

		if (got >= 0)
			fd_install(got, get_file(file));
	}
	fput(file);
}

/* Words of the command line come after the defaults, and take the place of one with the same name. */
static void init_environment(const char *envp[MAX_INIT_ARGS + 3])
{
	static const char *const defaults[] = { "HOME=/", "TERM=linux" };
	unsigned int n = cmdline_init_words(true, envp + ARRAY_SIZE(defaults), MAX_INIT_ARGS) +
			 ARRAY_SIZE(defaults);

	for (unsigned int i = 0; i < ARRAY_SIZE(defaults); i++) {
		size_t name = (size_t)(strchr(defaults[i], '=') - defaults[i]) + 1;

		envp[i] = defaults[i];
		for (unsigned int j = ARRAY_SIZE(defaults); j < n; j++) {
			if (strncmp(envp[j], defaults[i], name))
				continue;
			envp[i] = envp[j];
			memmove(&envp[j], &envp[j + 1], (n - j) * sizeof(envp[0]));
			n--;
			j--;
		}
	}
}

/* Only returns when the program could not be started. */
static int run_init(const char *path)
{
	const char *argv[MAX_INIT_ARGS + 2] = { path }, *envp[MAX_INIT_ARGS + 3] = { NULL };

	cmdline_init_words(false, argv + 1, MAX_INIT_ARGS);
	init_environment(envp);
	return kernel_execve(path, argv, envp);
}

static int try_init(const char *path)
{
	int err = run_init(path);

	if (err && err != -ENOENT)
		pr_err("%s exists but could not be started: error %d\n", path, -err);
	return err;
}

static void unpack_modules(void)
{
	initramfs_defaults();
	if (!boot_info.nr_modules)
		pr_err("no initramfs: the boot loader gave no module\n");
	for (unsigned int i = 0; i < boot_info.nr_modules; i++)
		(void)initramfs_unpack(boot_info.module[i].start, boot_info.module[i].size);
}

/* What entry to here has cost: under QEMU's -icount the TSC counts instructions, elsewhere cycles. */
static void report_boot_cost(void)
{
	u64 ticks = rdtsc() - boot_info.entry_tsc;
	unsigned long present = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		present += zone->present_pages;
	pr_info("boot: %lu TSC ticks from entry to init, %lu KiB not free\n", ticks,
		(present - nr_free_pages()) << (PAGE_SHIFT - 10));
}

static int kernel_init(void *arg)
{
	static const char *const fallback[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };
	const char *rdinit = cmdline_get("rdinit"), *init = cmdline_get("init");

	(void)arg;
	current->signal->flags |= SIGNAL_UNKILLABLE;
	smp_boot_cpus();
	torture_init();
	unpack_modules();
	open_console();
	report_boot_cost();
	bench_run();
	if (!try_init(rdinit ? rdinit : "/init"))
		return 0;
	if (init) {
		if (!try_init(init))
			return 0;
		panic("requested init %s could not be started", init);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(fallback); i++)
		if (!try_init(fallback[i]))
			return 0;
	panic("no working init found: pass an initramfs with /init, or init= on the command line");
}

void kernel_main(struct boot_info *bi)
{
	struct kernel_clone_args args = { .flags = CLONE_FS | CLONE_UNTRACED,
					  .fn = kernel_init,
					  .name = "init" };
	pid_t pid;

	cmdline_parse(bi->cmdline);
	set_loglevel();
	report_machine(bi);
	init_memory(bi);
	init_tasks();
	init_machine();
	init_files();
	pid = kernel_clone(&args);
	if (pid != 1)
		panic("PID 1 could not be made: error %d", -pid);
	rcu_start_thread(0);
	workqueue_start_thread(0);
	watchdog_init();
	local_irq_enable();
	cpu_idle();
}
