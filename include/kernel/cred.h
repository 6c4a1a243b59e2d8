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

/* What root's ids do not mean any more; the bit above each locks it.  capabilities(7), "The securebits flags". */
#define SECBIT_NOROOT               0x01u
#define SECBIT_NO_SETUID_FIXUP      0x04u
#define SECBIT_KEEP_CAPS            0x10u
#define SECBIT_NO_CAP_AMBIENT_RAISE 0x40u
#define SECBIT_ALL                  0x55u
#define SECBIT_ALL_LOCKS            (SECBIT_ALL << 1)

struct cred {
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	u64 cap_effective, cap_permitted, cap_inheritable, cap_bset, cap_ambient;
	u32 securebits; /* SECBIT_* */
	unsigned int ngroups;
	gid_t groups[NR_CRED_GROUPS];
};

bool capable(int cap); /* of the current task */
bool in_group(gid_t gid);
static inline bool is_subset(u64 part, u64 whole) { return !(part & ~whole); }
void commit_creds(const struct cred *new); /* of the current task */
void fix_capabilities(const struct cred *old, struct cred *new);
void fix_fs_capabilities(const struct cred *old, struct cred *new);
long prctl_capabilities(int option, unsigned long a2, unsigned long a3, unsigned long a4,
			unsigned long a5);
struct linux_binprm;
void bprm_creds_from_file(struct linux_binprm *bprm);

struct mm_struct;
struct task_struct;
/* dumpable: 0 nobody, 1 the owner, 2 root only: who may look into the address space (prctl(2)) */
unsigned int get_dumpable(const struct mm_struct *mm);
void set_dumpable(struct mm_struct *mm, unsigned int value);
bool ptrace_may_access(const struct task_struct *task, bool fs);

#endif
