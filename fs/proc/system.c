/*
 * fs/proc/system.c - the machine and the kernel as a whole: stat, uptime, loadavg, version, mounts, filesystems,
 * cmdline
 *
 * Source: proc(5).  Formats are Linux's; vmstat, top, ps and uptime read these by position.
 */
#include "internal.h"

#include <arch/cpu.h>
#include <arch/irq.h>
#include <kernel/init.h>
#include <kernel/time.h>
#include <kernel/uts.h>
#include <mm/gfp.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <uapi/mount.h>
#include <uapi/sysinfo.h>

#define NS_PER_TICK 10000000UL /* USER_HZ is 100 */

/* --- stat, uptime, loadavg --- */

static void cpu_line(struct seq_file *m, const char *name, const struct cpu_usage *u)
{
	seq_printf(m, "%s %lu %lu %lu %lu 0 0 0 0 0 0\n", name, u->user_ns / NS_PER_TICK,
		   u->nice_ns / NS_PER_TICK, u->system_ns / NS_PER_TICK, u->idle_ns / NS_PER_TICK);
}

static int stat_show(struct seq_file *m, void *v)
{
	struct cpu_usage sum = { 0 }, one;

	(void)v;
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		cpu_usage(cpu, &one);
		sum.user_ns += one.user_ns;
		sum.nice_ns += one.nice_ns;
		sum.system_ns += one.system_ns;
		sum.idle_ns += one.idle_ns;
	}
	cpu_line(m, "cpu ", &sum);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		char name[8];

		cpu_usage(cpu, &one);
		scnprintf(name, sizeof(name), "cpu%u", cpu);
		cpu_line(m, name, &one);
	}
	seq_printf(m, "intr %lu", irq_total());
	for (unsigned int gsi = 0; gsi < NR_GSIS; gsi++) {
		int vector = irq_find(gsi, NULL);
		unsigned long count = 0;

		for (unsigned int cpu = 0; vector >= 0 && cpu < nr_cpu_ids; cpu++)
			count += irq_count((unsigned int)vector, cpu);
		seq_printf(m, " %lu", count);
	}
	seq_printf(m, "\nctxt %lu\nbtime %lu\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n",
		   nr_context_switches(), (ktime_get_real_ns() - ktime_get_ns()) / NSEC_PER_SEC,
		   total_forks(), nr_running());
	return 0;
}

static int uptime_show(struct seq_file *m, void *v)
{
	u64 up = ktime_get_ns() / NS_PER_TICK, idle = 0;

	(void)v;
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		idle += get_idle_ns(cpu);
	idle /= NS_PER_TICK;
	seq_printf(m, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
	return 0;
}

static int loadavg_show(struct seq_file *m, void *v)
{
	const u64 one = 1ul << SI_LOAD_SHIFT;
	u64 loads[3];

	(void)v;
	get_avenrun(loads);
	for (unsigned int i = 0; i < 3; i++) {
		u64 load = loads[i] + one / 200; /* to the nearest hundredth */

		seq_printf(m, "%lu.%02lu ", load >> SI_LOAD_SHIFT,
			   ((load & (one - 1)) * 100) >> SI_LOAD_SHIFT);
	}
	seq_printf(m, "%u/%u %d\n", nr_running(), nr_threads(), last_pid());
	return 0;
}

/* --- who we are --- */

static int version_show(struct seq_file *m, void *v)
{
	(void)v;
	seq_printf(m, "%s version %s %s\n", uts.sysname, uts.release, uts.version);
	return 0;
}

static int cmdline_show(struct seq_file *m, void *v)
{
	(void)v;
	seq_printf(m, "%s\n", saved_command_line);
	return 0;
}

/* --- file systems --- */

static int filesystems_show(struct seq_file *m, void *v)
{
	const struct file_system_type *type = NULL;

	(void)v;
	while ((type = filesystems_next(type)))
		seq_printf(m, "%s\t%s\n", type->flags & FS_NODEV ? "nodev" : "", type->name);
	return 0;
}

static int mount_line(struct mount *mnt, void *arg)
{
	struct path path = { .mnt = mnt, .dentry = mnt->root };
	struct seq_file *m = arg;
	char options[64] = "";
	static const struct {
		unsigned long flag;
		const char *text;
	} flags[] = {
		{ MS_NOSUID, ",nosuid" },         { MS_NODEV, ",nodev" },
		{ MS_NOEXEC, ",noexec" },         { MS_NOATIME, ",noatime" },
		{ MS_NODIRATIME, ",nodiratime" }, { MS_RELATIME, ",relatime" },
	};

	if (mnt->sb->show_options)
		mnt->sb->show_options(mnt->sb, options, sizeof(options));
	seq_printf(m, "%s ", mnt->source[0] ? mnt->source : "none");
	seq_path(m, &path, " \t\n\\#");
	seq_printf(m, " %s %s", mnt->sb->s_type->name, mnt->flags & MS_RDONLY ? "ro" : "rw");
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
		if (mnt->flags & flags[i].flag)
			seq_puts(m, flags[i].text);
	seq_printf(m, "%s 0 0\n", options);
	return 0;
}

static int mounts_file_show(struct seq_file *m, void *v)
{
	(void)v;
	return mounts_show(mount_line, m);
}

static int mounts_open(struct inode *inode, struct file *file)
{
	/* A process that has ended stands nowhere in the tree. */
	return READ_ONCE(PROC_I(inode)->task->fs) ? single_open(file, mounts_file_show, NULL)
						  : -EINVAL;
}

const struct file_operations proc_mounts_fops = {
	.open = mounts_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/* --- registration --- */

void proc_system_init(void)
{
	static const struct {
		const char *name;
		int (*show)(struct seq_file *m, void *v);
	} files[] = {
		{ "stat", stat_show },       { "uptime", uptime_show },
		{ "loadavg", loadavg_show }, { "version", version_show },
		{ "cmdline", cmdline_show }, { "filesystems", filesystems_show },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++)
		if (proc_create(files[i].name, 0444, files[i].show, NULL))
			pr_err("proc: no memory for %s\n", files[i].name);
}
