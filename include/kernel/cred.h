/*
 * include/kernel/cred.h - who a task is
 */
#ifndef KERNEL_CRED_H
#define KERNEL_CRED_H

#include <lib/types.h>

#define NR_CRED_GROUPS         32 /* limits.h's NGROUPS_MAX is the compiler's to define */
#define CAP_CHOWN              0
#define CAP_DAC_OVERRIDE       1
#define CAP_DAC_READ_SEARCH    2
#define CAP_FOWNER             3
#define CAP_FSETID             4
#define CAP_KILL               5
#define CAP_SETGID             6
#define CAP_SETUID             7
#define CAP_SETPCAP            8
#define CAP_LINUX_IMMUTABLE    9
#define CAP_IPC_LOCK           14
#define CAP_SYS_RAWIO          17
#define CAP_SYS_CHROOT         18
#define CAP_SYS_PTRACE         19
#define CAP_SYS_ADMIN          21
#define CAP_SYS_BOOT           22
#define CAP_SYS_NICE           23
#define CAP_SYS_RESOURCE       24
#define CAP_SYS_TIME           25
#define CAP_SYS_TTY_CONFIG     26
#define CAP_MKNOD              27
#define CAP_MAC_OVERRIDE       32
#define CAP_SYSLOG             34
#define CAP_CHECKPOINT_RESTORE 40
#define CAP_LAST               40
#define CAP_FULL_SET           ((1UL << (CAP_LAST + 1)) - 1)

struct cred {
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	u64 cap_effective, cap_permitted, cap_inheritable, cap_bset;
	unsigned int ngroups;
	gid_t groups[NR_CRED_GROUPS];
};

bool capable(int cap); /* of the current task */
bool in_group(gid_t gid);

struct mm_struct;
struct task_struct;
/* dumpable: 0 nobody, 1 the owner, 2 root only: who may look into the address space (prctl(2)) */
unsigned int get_dumpable(const struct mm_struct *mm);
void set_dumpable(struct mm_struct *mm, unsigned int value);
/* ptrace_may_access - may the current task look into @task?  process_table_lock held */
bool ptrace_may_access(const struct task_struct *task);

#endif
