/*
 * include/kernel/exec.h - replacing a process's program: binary formats behind one table
 *
 * A format recognises the first 256 bytes, checks everything that can be checked, and builds the new image in
 * bprm->mm while the old one is untouched.  begin_new_exec() is the point of no return.
 */
#ifndef KERNEL_EXEC_H
#define KERNEL_EXEC_H

#include <lib/types.h>
#include <lib/list.h>
#include <kernel/cred.h>

struct task_struct;

#define BINPRM_BUF_SIZE  256
#define MAX_ARG_STRLEN   (32UL * 4096)
#define MAX_ARG_STRINGS  0x7fffffff
#define BINPRM_MAX_DEPTH 5

struct file;
struct mm_struct;
struct vm_area_struct;
struct pt_regs;
struct task_struct;

struct linux_binprm {
	struct mm_struct *mm;       /* the new address space */
	struct vm_area_struct *vma; /* its stack */
	vaddr_t p;                  /* top of the strings, growing down */
	vaddr_t argmin;             /* p must not fall below: E2BIG */
	size_t arg0_len;            /* bytes of the string at p, with its NUL */
	u8 *window;                 /* kernel copy of the stack page being filled */
	vaddr_t window_addr;        /* its address, 0: none */
	vaddr_t lowest_flushed;     /* pages from here up have been written out */
	struct file *file, *executable, *interpreter; /* references */
	int argc, envc;
	const char *filename; /* as the caller named it; below /dev/fd if by a descriptor ... */
	char *fdpath;         /* ... made here then */
	bool by_descriptor;   /* alone, without a name: the task is called as the file is */
	bool inaccessible; /* exec closes that descriptor: a script's interpreter could not open it */
	const char *interp; /* what runs: the file, or its script interpreter */
	char interp_buf[BINPRM_BUF_SIZE];
	vaddr_t exec;       /* user address of the file name: AT_EXECFN */
	unsigned int depth; /* scripts of scripts: ELOOP beyond 5 */
	char buf[BINPRM_BUF_SIZE];
	bool past_return; /* the old image is gone: an error now kills */

	struct cred cred;       /* the program's: bprm_creds_from_file */
	unsigned int per_clear; /* personality bits that go with them */
	bool secureexec;        /* AT_SECURE: it has rights that its caller lacks */
	bool randomized;        /* where the stack is was chosen at random */
};

#define EXSTACK_DEFAULT   0
#define EXSTACK_DISABLE_X 1
#define EXSTACK_ENABLE_X  2

struct linux_binfmt {
	struct list_head lh;
	const char *name;
	int (*load_binary)(struct linux_binprm *bprm); /* -ENOEXEC: not mine, try the next */
	int (*core_dump)(struct task_struct *task, int sig);
};

void register_binfmt(struct linux_binfmt *fmt);
int kernel_execve(const char *path, const char *const *argv,
		  const char *const *envp); /* kernel strings */
int begin_new_exec(struct linux_binprm *bprm);
/* bprm_push_kernel - one string below the others; -E2BIG, -ENOMEM, -EFAULT */
int bprm_push_kernel(struct linux_binprm *bprm, const char *s);
void bprm_drop_arg0(struct linux_binprm *bprm);
/* setup_arg_pages - the strings are whole: write out the window, give the stack its final shape */
int setup_arg_pages(struct linux_binprm *bprm, int executable_stack);
void binfmt_init(void);
extern struct linux_binfmt elf_format, script_format;

#endif
