/*
 * kernel/exec.c - execve: another program in the same process
 *
 * The new address space is built beside the old one, and the old one goes only when nothing that can be checked
 * can fail any more:
 *
 *     count and copy the strings into the new stack   EFAULT, E2BIG, ENOMEM
 *     open the file, read its head                     ENOENT, EACCES, ETXTBSY, ...
 *     a binary format recognises it and checks it      ENOEXEC, ELIBBAD, ...
 *     begin_new_exec: own tables and handlers          ENOMEM
 *     ------------------------------------------------ the point of no return
 *     other threads end; the new mm is switched to; handlers, close-on-exec, name
 *     the format maps the program                      an error here ends the process by SIGSEGV
 *
 * The strings lie at the top of the new stack, growing down, each ended by NUL:
 *
 *     top - 8   0
 *               file name                AT_EXECFN
 *               environment, last first
 *               arguments, last first    <- bprm->p
 *
 * They are written through a window, a kernel copy of one stack page, which goes to the new mm when the strings
 * leave it: a page is looked up once, not once for each string.
 *
 * Sources: execve(2); System V AMD64 psABI "Process Initialization".
 */
#include <kernel/exec.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <fs/vfs.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <arch/thread.h>
#include <arch/tlb.h>
#include <arch/uaccess.h>
#include <uapi/fcntl.h>
#include <uapi/personality.h>
#include "task.h"

#define ARG_MAX_MIN         131072UL   /* the strings may take this much whatever the stack limit */
#define STACK_LIMIT_DEFAULT (8 * MiB)  /* the strings never take more than three quarters of it */
#define STACK_RND_PAGES     0x3fffffUL /* 22 bits of pages: 16 GiB */
#define MMAP_RND_MASK       ((1UL << 28) - 1) /* pages: 1 TiB */

int randomize_va_space = 2;

static LIST_HEAD(formats);

void register_binfmt(struct linux_binfmt *fmt)
{
	list_add_tail(&fmt->lh, &formats);
}

void binfmt_init(void)
{
	register_binfmt(&elf_format);
	register_binfmt(&script_format);
}

/* --- where the strings come from: a program's memory, or the kernel's --- */

struct arg_source {
	const u64 *user;           /* array of user pointers; NULL: empty */
	const char *const *kernel; /* used when not NULL */
};

/* Element @i: 0 with *ptr (NULL ends the list), or -EFAULT. */
static int arg_at(const struct arg_source *src, unsigned long i, const char **ptr)
{
	u64 word = 0;

	if (src->kernel) {
		*ptr = src->kernel[i];
		return 0;
	}
	if (src->user && get_user(word, &src->user[i]))
		return -EFAULT;
	*ptr = (const char *)word;
	return 0;
}

static int count_args(const struct arg_source *src)
{
	const char *ptr;

	for (int i = 0; i < MAX_ARG_STRINGS; i++) {
		if (arg_at(src, (unsigned long)i, &ptr))
			return -EFAULT;
		if (!ptr)
			return i;
		if (fatal_signal_pending(current))
			return -ERESTARTNOHAND;
		cond_resched();
	}
	return -E2BIG;
}

/* --- the window on the new stack --- */

static int window_flush(struct linux_binprm *bprm)
{
	vaddr_t start = max(bprm->p, bprm->window_addr);
	size_t offset = start - bprm->window_addr, len = PAGE_SIZE - offset;
	struct mm_limits lim;
	int err;

	if (!bprm->window_addr || offset >= PAGE_SIZE)
		return 0;
	task_limits(current, &lim);
	mmap_write_lock(bprm->mm);
	err = expand_stack(bprm->vma, &lim, bprm->window_addr);
	mmap_write_unlock(bprm->mm);
	if (err)
		return -E2BIG;
	if (access_remote_vm(bprm->mm, start, bprm->window + offset, len, true, false) != len)
		return -ENOMEM;
	bprm->lowest_flushed = min(bprm->lowest_flushed, bprm->window_addr);
	return 0;
}

static int window_move(struct linux_binprm *bprm, vaddr_t page)
{
	int err;

	if (bprm->window_addr == page)
		return 0;
	err = window_flush(bprm);
	if (err)
		return err;
	memset(bprm->window, 0, PAGE_SIZE);
	/* Going up again, after bprm_drop_arg0: what is above p there stays. */
	if (page >= bprm->lowest_flushed &&
	    access_remote_vm(bprm->mm, page, bprm->window, PAGE_SIZE, false, false) != PAGE_SIZE)
		return -ENOMEM;
	bprm->window_addr = page;
	return 0;
}

/* @len bytes below p, from user or kernel memory; the last ones first, page by page. */
static int push_bytes(struct linux_binprm *bprm, const char *src, size_t len, bool user)
{
	if (bprm->p < bprm->argmin || bprm->p - bprm->argmin < len)
		return -E2BIG;
	while (len) {
		vaddr_t page = (bprm->p - 1) & PAGE_MASK;
		size_t chunk = min(len, bprm->p - page);
		u8 *to;
		int err = window_move(bprm, page);

		if (err)
			return err;
		to = bprm->window + (bprm->p - chunk - page);
		if (!user)
			memcpy(to, src + len - chunk, chunk);
		else if (copy_from_user(to, src + len - chunk, chunk))
			return -EFAULT;
		bprm->p -= chunk;
		len -= chunk;
	}
	return 0;
}

int bprm_push_kernel(struct linux_binprm *bprm, const char *s)
{
	size_t len = strlen(s) + 1;

	if (len > MAX_ARG_STRLEN)
		return -E2BIG;
	bprm->arg0_len = len;
	return push_bytes(bprm, s, len, false);
}

static int push_user(struct linux_binprm *bprm, const char *s)
{
	long len = strnlen_user(s, (long)MAX_ARG_STRLEN);

	if (!len)
		return -EFAULT;
	if (len > (long)MAX_ARG_STRLEN)
		return -E2BIG;
	bprm->arg0_len = (size_t)len;
	return push_bytes(bprm, s, (size_t)len, true);
}

static int push_strings(struct linux_binprm *bprm, const struct arg_source *src, int count)
{
	while (count-- > 0) {
		const char *ptr;
		int err = arg_at(src, (unsigned long)count, &ptr);

		if (!err)
			err = src->kernel ? bprm_push_kernel(bprm, ptr)
			      : !ptr      ? -EFAULT
					  : push_user(bprm, ptr);
		if (!err && fatal_signal_pending(current))
			err = -ERESTARTNOHAND;
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/* bprm_drop_arg0 - forget the string pushed last: a script's interpreter takes its place */
void bprm_drop_arg0(struct linux_binprm *bprm)
{
	bprm->p += bprm->arg0_len;
	bprm->argc--;
}

/* How far down the strings may reach, given that their pointers need room too. */
static int set_string_limit(struct linux_binprm *bprm)
{
	u64 limit = min(STACK_LIMIT_DEFAULT / 4 * 3, rlimit(RLIMIT_STACK) / 4);
	u64 pointers = ((u64)max(bprm->argc, 1) + (u64)bprm->envc) * sizeof(u64);

	limit = max(limit, ARG_MAX_MIN);
	if (limit <= pointers)
		return -E2BIG;
	bprm->argmin = bprm->p - (limit - pointers);
	return 0;
}

/* --- the new address space --- */

static bool wants_randomization(void)
{
	return randomize_va_space && !(current->personality & ADDR_NO_RANDOMIZE);
}

static void pick_layout(struct mm_struct *mm, u64 stack_limit)
{
	mm_set_layout(mm, stack_limit,
		      wants_randomization() ? (get_random_long() & MMAP_RND_MASK) | 1 : 0,
		      current->personality & ADDR_COMPAT_LAYOUT);
}

static vaddr_t random_stack_bytes(void)
{
	return (get_random_long() & STACK_RND_PAGES) << PAGE_SHIFT;
}

static int bprm_mm_init(struct linux_binprm *bprm)
{
	vaddr_t top = TASK_SIZE_MAX;

	bprm->mm = mm_alloc();
	if (!bprm->mm)
		return -ENOMEM;
	pick_layout(bprm->mm, rlimit(RLIMIT_STACK));
	bprm->randomized = wants_randomization();
	if (bprm->randomized)
		top -= random_stack_bytes();
	mmap_write_lock(bprm->mm);
	bprm->vma = setup_stack_vma(bprm->mm, top);
	mmap_write_unlock(bprm->mm);
	if (!bprm->vma)
		return -ENOMEM;
	bprm->p = top - sizeof(void *);
	bprm->lowest_flushed = top;
	return 0;
}

int setup_arg_pages(struct linux_binprm *bprm, int executable_stack)
{
	/* Who asked for no randomisation may have lost the right to (secure_layout). */
	vaddr_t shift = wants_randomization() && !bprm->randomized ? random_stack_bytes() : 0;
	struct mm_struct *mm = current->mm;
	struct mm_limits lim;
	int err = window_flush(bprm);

	if (err)
		return err;
	bprm->window_addr = 0;
	task_limits(current, &lim);
	mmap_write_lock(mm);
	err = finalize_stack_vma(mm, bprm->vma, &lim, bprm->vma->vm_end - shift,
				 executable_stack == EXSTACK_ENABLE_X ? VM_EXEC : 0);
	mmap_write_unlock(mm);
	bprm->p -= shift;
	bprm->exec -= shift;
	return err;
}

static void free_bprm(struct linux_binprm *bprm)
{
	if (bprm->mm && !bprm->past_return)
		mmput(bprm->mm);
	if (bprm->file)
		fput(bprm->file);
	if (bprm->interpreter)
		fput(bprm->interpreter);
	if (bprm->window)
		free_page(bprm->window);
	kfree(bprm->fdpath);
	kfree(bprm);
}

/* What a file that is named relative to a descriptor is called: what opens it again from anywhere. */
static int name_by_descriptor(struct linux_binprm *bprm, int dfd, const char *filename)
{
	size_t size = sizeof("/dev/fd/-2147483648/") + strlen(filename);
	struct file *file;

	bprm->fdpath = kmalloc(size, GFP_KERNEL);
	if (!bprm->fdpath)
		return -ENOMEM;
	scnprintf(bprm->fdpath, size, *filename ? "/dev/fd/%d/%s" : "/dev/fd/%d", dfd, filename);
	bprm->filename = bprm->interp = bprm->fdpath;
	bprm->by_descriptor = !*filename;
	file = files_lookup(current->files, (unsigned int)dfd, &bprm->inaccessible);
	if (file)
		fput(file);
	return 0;
}

static struct linux_binprm *alloc_bprm(int dfd, const char *filename)
{
	struct linux_binprm *bprm = kzalloc(sizeof(*bprm), GFP_KERNEL);
	int err = 0;

	if (!bprm)
		return NULL;
	bprm->filename = bprm->interp = filename;
	if (dfd != AT_FDCWD && *filename != '/')
		err = name_by_descriptor(bprm, dfd, filename);
	bprm->window = __get_free_page(GFP_KERNEL);
	if (err || !bprm->window || bprm_mm_init(bprm)) {
		free_bprm(bprm);
		return NULL;
	}
	return bprm;
}

/* --- the point of no return --- */

/* Switch to the new address space and let the old one go. */
static void exec_mmap(struct mm_struct *mm)
{
	struct task_struct *me = current;
	struct mm_struct *old_mm, *old_active;

	mm_release(me);
	spin_lock_irq(&process_table_lock);
	old_mm = me->mm;
	old_active = me->active_mm;
	if (old_mm)
		me->signal->maxrss =
			max(me->signal->maxrss, max(old_mm->hiwater_rss, get_mm_rss(old_mm)));
	me->mm = me->active_mm = mm;
	switch_mm(old_active, mm);
	spin_unlock_irq(&process_table_lock);
	if (old_mm)
		mmput(old_mm);
	else
		mmdrop(old_active); /* a kernel thread had borrowed it */
}

/* Handlers that are shared with another process (CLONE_SIGHAND alone) stay that one's. */
static void unshare_sighand(struct task_struct *me, struct sighand_struct *fresh)
{
	struct sighand_struct *old = me->sighand;

	if (!fresh)
		return;
	if (atomic_read(&old->count) == 1) {
		sighand_put(fresh);
		return;
	}
	spin_lock_irq(&process_table_lock);
	spin_lock(&old->lock);
	memcpy(fresh->action, old->action, sizeof(fresh->action));
	me->sighand = fresh;
	spin_unlock(&old->lock);
	spin_unlock_irq(&process_table_lock);
	sighand_put(old);
}

static void name_task(struct task_struct *me, const struct linux_binprm *bprm)
{
	const char *name = strrchr(bprm->filename, '/');
	char comm[sizeof(me->comm)];

	if (bprm->by_descriptor) {
		d_short_name(bprm->file->f_path.dentry, comm, sizeof(comm));
		set_task_comm(me, comm);
	} else {
		set_task_comm(me, name ? name + 1 : bprm->filename);
	}
}

static void forget_old_program(struct task_struct *me, const struct linux_binprm *bprm)
{
	me->flags &= ~(PF_RANDOMIZE | PF_FORKNOEXEC | PF_KTHREAD);
	if (wants_randomization())
		me->flags |= PF_RANDOMIZE;
	me->personality &= ~READ_IMPLIES_EXEC;
	me->sas = (struct sigaltstack_info){ .flags = SS_DISABLE };
	me->restart.fn = NULL;
	WRITE_ONCE(me->self_exec_id, me->self_exec_id + 1);
	spin_lock_irq(&me->sighand->lock);
	flush_signal_handlers(me, false);
	spin_unlock_irq(&me->sighand->lock);
	files_close_on_exec();
	name_task(me, bprm);
}

/* A program with rights that its caller lacks is laid out as the system wants it. */
static void secure_layout(const struct linux_binprm *bprm)
{
	unsigned int cleared = current->personality & bprm->per_clear;

	current->personality &= ~bprm->per_clear;
	if (bprm->secureexec || cleared)
		pick_layout(bprm->mm, bprm->secureexec
					      ? min(rlimit(RLIMIT_STACK), STACK_LIMIT_DEFAULT)
					      : rlimit(RLIMIT_STACK));
}

/* Nobody else looks into a program that may not be read, or that runs for another than who it runs as. */
static unsigned int exec_dumpable(const struct linux_binprm *bprm)
{
	const struct cred *old = &current->cred;

	return old->uid == old->euid && old->gid == old->egid && old->euid == bprm->cred.euid &&
	       old->egid == bprm->cred.egid && !inode_permission(bprm->file->f_inode, MAY_READ);
}

/**
 * begin_new_exec - a binary format is sure of the file: leave the old program
 *
 * Return: 0: current->mm is the new address space; any error from here on ends the process.  -ENOMEM: nothing has
 * happened.  -EAGAIN: the process is being ended by another thread.
 */
int begin_new_exec(struct linux_binprm *bprm)
{
	struct task_struct *me = current;
	struct sighand_struct *fresh = NULL;
	int err = files_unshare_exec();

	if (err)
		return err;
	if (atomic_read(&me->sighand->count) > 1) {
		fresh = sighand_alloc();
		if (!fresh)
			return -ENOMEM;
	}
	err = de_thread();
	if (err) {
		if (fresh)
			sighand_put(fresh);
		return err;
	}
	bprm_creds_from_file(bprm);
	secure_layout(bprm);
	mm_set_exe_file(bprm->mm, bprm->file);
	set_dumpable(bprm->mm, exec_dumpable(bprm)); /* before anybody can see it */
	exec_mmap(bprm->mm);
	bprm->past_return = true;
	unshare_sighand(me, fresh);
	forget_old_program(me, bprm);
	if (bprm->secureexec)
		me->pdeath_signal = 0;
	commit_creds(&bprm->cred);
	return 0;
}

/* --- execve --- */

static int load_by_formats(struct linux_binprm *bprm)
{
	struct linux_binfmt *fmt;
	ssize_t n;

	memset(bprm->buf, 0, sizeof(bprm->buf));
	n = kernel_read(bprm->file, bprm->buf, sizeof(bprm->buf), 0);
	if (n < 0)
		return (int)n;
	list_for_each_entry(fmt, &formats, lh) {
		int err = fmt->load_binary(bprm);

		if (err != -ENOEXEC || bprm->past_return)
			return err;
	}
	return -ENOEXEC;
}

/* A script names another file to run in its place, and that may be a script again. */
static int exec_binprm(struct linux_binprm *bprm)
{
	for (bprm->depth = 0;; bprm->depth++) {
		int err;

		if (bprm->depth > BINPRM_MAX_DEPTH)
			return -ELOOP;
		err = load_by_formats(bprm);
		if (err || !bprm->interpreter)
			return err;
		fput(bprm->file);
		bprm->file = bprm->interpreter;
		bprm->interpreter = NULL;
	}
}

static int fill_strings(struct linux_binprm *bprm, const struct arg_source *argv,
			const struct arg_source *envp)
{
	int err;

	bprm->argc = count_args(argv);
	if (bprm->argc < 0)
		return bprm->argc;
	bprm->envc = count_args(envp);
	if (bprm->envc < 0)
		return bprm->envc;
	err = set_string_limit(bprm);
	if (!err)
		err = bprm_push_kernel(bprm, bprm->filename);
	bprm->exec = bprm->p;
	if (!err)
		err = push_strings(bprm, envp, bprm->envc);
	if (!err)
		err = push_strings(bprm, argv, bprm->argc);
	if (!err && !bprm->argc) { /* a program may rely on argv[0]: it gets an empty one */
		err = bprm_push_kernel(bprm, "");
		bprm->argc = 1;
	}
	return err;
}

static int do_execve(int dfd, const char *filename, const struct arg_source *argv,
		     const struct arg_source *envp, int at_flags)
{
	struct linux_binprm *bprm = alloc_bprm(dfd, filename);
	int err;

	if (!bprm)
		return -ENOMEM;
	err = fill_strings(bprm, argv, envp);
	if (!err) {
		bprm->file = open_exec_at(dfd, filename, at_flags);
		if (IS_ERR(bprm->file)) {
			err = (int)PTR_ERR(bprm->file);
			bprm->file = NULL;
		}
	}
	if (!err)
		err = exec_binprm(bprm);
	if (err && bprm->past_return)
		force_fatal_sig(SIGSEGV);
	free_bprm(bprm);
	return err;
}

/* sys_execveat - Ref: execveat(2) */
long sys_execveat(int dfd, const char *ufilename, const u64 *argv, const u64 *envp, int at_flags)
{
	const struct arg_source args = { .user = argv }, env = { .user = envp };
	char *name = getname_flags(ufilename, at_flags & AT_EMPTY_PATH);
	int err;

	if (IS_ERR(name))
		return PTR_ERR(name);
	err = do_execve(dfd, name, &args, &env, at_flags);
	putname(name);
	return err;
}

long sys_execve(const char *ufilename, const u64 *argv, const u64 *envp)
{
	return sys_execveat(AT_FDCWD, ufilename, argv, envp, 0);
}

/**
 * kernel_execve - the calling kernel thread becomes a program
 *
 * Return: 0: when its function returns, it enters the program.  -errno: it is still a kernel thread.
 */
int kernel_execve(const char *path, const char *const *argv, const char *const *envp)
{
	const struct arg_source args = { .kernel = argv }, env = { .kernel = envp };

	return do_execve(AT_FDCWD, path, &args, &env, 0);
}
