/*
 * include/kernel/init.h - what kernel_main calls, in order
 *
 *   arch:  boot CPU set up, boot_info parsed                        -> kernel_main(&boot_info)
 *   1. printk usable through the early console; command line parsed  parse_cmdline
 *   2. memblock filled from boot_info, reservations named            setup_memory (kernel/setup.c)
 *   3. paging_init (arch)   direct map, vmemmap, W^X
 *      acpi_init, smp_count_cpus (arch): nr_cpu_ids                  4. mem_init (mm) zones, buddy
 *   5. kmem_cache_init, vmalloc_init, mm_cache_init                  6. rcu_init, sched_init, fork_init, signals_init
 *   7. apic_init, time_init, syscall_init (arch)          8. vfs_init, proc_init, dev_init (fs), drivers_init
 *   9. as PID 1: the other CPUs are started, the initramfs is unpacked, /init executed
 */
#ifndef KERNEL_INIT_H
#define KERNEL_INIT_H

#include <kernel/boot_info.h>

void kernel_main(struct boot_info *bi) __attribute__((noreturn));

/* --- command line (kernel/cmdline.c) --- */
/* cmdline_get - value of the last `name=value`, "" for a bare `name`, NULL when absent */
const char *cmdline_get(const char *name);
bool cmdline_has(const char *name);
void cmdline_parse(const char *text);
/* cmdline_init_words - unknown words with `=` (env) or without, then those behind `--`: for init */
unsigned int cmdline_init_words(bool env, const char **out, unsigned int max);
extern char saved_command_line[BOOT_CMDLINE_MAX]; /* /proc/cmdline */

/* --- kernel/ --- */
void setup_memory(struct boot_info *bi);
void rcu_init(void);
void fork_init(void);
void signals_init(void);
void futex_init(void);
void console_init(void);
void bench_run(void); /* rows that `bench` on the command line asks for */

/* --- fs/, drivers/ --- */
void vfs_init(void); /* slab caches, ramfs as root, fd tables */
void proc_init(void);
void dev_init(void);           /* devtmpfs and the memory devices */
void mem_devices_init(void);   /* /dev/null and its kin (drivers/mem.c); by dev_init */
void drivers_init(void);       /* serial, tty, console devices */
void initramfs_defaults(void); /* /dev/console and the like, before the archives */
/* initramfs_unpack - a newc archive in physical memory, into the root; pages taken over where aligned.
 * 0 or -EINVAL (said on the console what is wrong) */
int initramfs_unpack(paddr_t start, u64 size);

#endif
