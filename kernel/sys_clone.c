/*
 * kernel/sys_clone.c - fork, vfork, clone, clone3: what a program may ask of a new task
 *
 * All four come down to kernel_clone (fork.c).  What remains for here is the difference between their arguments, and
 * what cannot be:
 *
 *     clone    registers; the lowest byte of the flags is the signal at the child's end; the stack by its end
 *     clone3   a structure that grows: the caller says how much of it he knows.  Less than the kernel knows means
 *              zeros; more is accepted as long as it is zeros, so that a new program runs on an old kernel unless
 *              it asks for something new.  The stack by its lowest byte and its size.
 *
 *     flags                                  why not
 *     THREAD without SIGHAND                 a process has one set of handlers
 *     SIGHAND without VM                     ... and they are addresses in one memory
 *     PARENT by PID 1                        its sibling would have no parent to wait for it
 *     SIGHAND and CLEAR_SIGHAND              contradict each other
 *     THREAD or PARENT, and a signal         (clone3) theirs is the leader's
 *     DETACHED                               means nothing: ignored by clone, free for later use in clone3
 *
 * There are no namespaces: CLONE_NEW* is EPERM for who may not make any, and EINVAL for who may, as a kernel without them answers.
 * There are no pidfds: EINVAL.  Without control groups no descriptor is one: EBADF.  CLONE_PTRACE, CLONE_UNTRACED,
 * CLONE_SYSVSEM and CLONE_IO concern what does not exist here, and change nothing.
 *
 * Sources: clone(2), clone3(2), fork(2), vfork(2).
 */
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <kernel/syscalls_kernel.h>
#include <lib/string.h>
#include <mm/memmap.h>
#include <uapi/errno.h>

#define CLONE_NAMESPACES                                                               \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)
#define CLONE3_FLAGS       (0xffffffffUL | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP)
#define MAX_PID_NS_LEVEL   32 /* pids that set_tid may name at most, in nested namespaces */
#define PID_NS_LEVELS_HERE 1

static bool has_all(u64 flags, u64 mask)
{
	return (flags & mask) == mask;
}

/* What both calls refuse.  0, -EINVAL, -EPERM, -EBADF. */
static int check_flags(u64 flags, unsigned long tls)
{
	if (has_all(flags, CLONE_NEWNS | CLONE_FS) || has_all(flags, CLONE_NEWUSER | CLONE_FS))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && (current->signal->flags & SIGNAL_UNKILLABLE))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && (flags & (CLONE_NEWUSER | CLONE_NEWPID)))
		return -EINVAL;
	if (flags & (CLONE_PIDFD | CLONE_NEWUSER))
		return -EINVAL;
	if (flags & CLONE_NAMESPACES)
		return capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	if (flags & CLONE_INTO_CGROUP)
		return -EBADF;
	if ((flags & CLONE_SETTLS) && tls >= TASK_SIZE_MAX)
		return -EPERM;
	return 0;
}

long sys_fork(void)
{
	struct kernel_clone_args args = { .exit_signal = SIGCHLD };

	return kernel_clone(&args);
}

long sys_vfork(void)
{
	struct kernel_clone_args args = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD };

	return kernel_clone(&args);
}

long sys_clone(unsigned long flags, unsigned long stack, u32 *parent_tid, u32 *child_tid,
	       unsigned long tls)
{
	struct kernel_clone_args args = {
		.flags = (u32)flags & ~CSIGNAL,
		.exit_signal = (int)(flags & CSIGNAL),
		.stack = stack,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.tls = tls,
	};
	int err = check_flags(args.flags, tls);

	return err ? err : kernel_clone(&args);
}

/* --- clone3 --- */

/* 0; -E2BIG when one of the @len bytes at @uaddr is not 0; -EFAULT. */
static int check_zeroed_user(const u8 *uaddr, size_t len)
{
	u8 bytes[64];

	while (len) {
		size_t n = min(len, sizeof(bytes));

		if (copy_from_user(bytes, uaddr, n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++) {
			if (bytes[i])
				return -E2BIG;
		}
		uaddr += n;
		len -= n;
	}
	return 0;
}

/* The structure in the size that the caller knows.  0, -E2BIG, -EINVAL, -EFAULT. */
static int get_clone_args(struct clone_args *args, const struct clone_args *uargs, size_t size)
{
	size_t known = min(size, sizeof(*args));
	int err;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	err = check_zeroed_user((const u8 *)uargs + known, size - known);
	if (err)
		return err;
	memset(args, 0, sizeof(*args));
	return copy_from_user(args, uargs, known) ? -EFAULT : 0;
}

/* 0, with *tid the number that is asked for, or 0; -EINVAL, -EFAULT. */
static int get_set_tid(const struct clone_args *args, pid_t *tid)
{
	*tid = 0;
	if (args->set_tid_size > MAX_PID_NS_LEVEL || !args->set_tid != !args->set_tid_size)
		return -EINVAL;
	if (!args->set_tid)
		return 0;
	if (get_user(*tid, (const pid_t *)args->set_tid))
		return -EFAULT;
	/* 0 is no number, and to kernel_clone it means any. */
	return args->set_tid_size > PID_NS_LEVELS_HERE || *tid < 1 ? -EINVAL : 0;
}

static bool stack_is_valid(const struct clone_args *args)
{
	if (!args->stack)
		return !args->stack_size;
	return args->stack_size && access_ok((const void *)args->stack, args->stack_size);
}

static int check_clone3_args(const struct clone_args *args)
{
	if ((args->flags & ~CLONE3_FLAGS) ||
	    (args->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME))))
		return -EINVAL;
	if (has_all(args->flags, CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((args->flags & (CLONE_THREAD | CLONE_PARENT)) && args->exit_signal)
		return -EINVAL;
	return stack_is_valid(args) ? 0 : -EINVAL;
}

/**
 * sys_clone3 - clone3(2)
 * @size: bytes of the structure that the caller knows
 */
long sys_clone3(const struct clone_args *uargs, size_t size)
{
	struct clone_args args;
	struct kernel_clone_args kargs;
	pid_t tid;
	int err = get_clone_args(&args, uargs, size);

	if (err)
		return err;
	if (args.exit_signal > _NSIG)
		return -EINVAL;
	if ((args.flags & CLONE_INTO_CGROUP) &&
	    (args.cgroup > INT_MAX || size < CLONE_ARGS_SIZE_VER2))
		return -EINVAL;
	err = get_set_tid(&args, &tid);
	if (!err)
		err = check_clone3_args(&args);
	if (!err)
		err = check_flags(args.flags, args.tls);
	if (err)
		return err;
	kargs = (struct kernel_clone_args){
		.flags = args.flags,
		.exit_signal = (int)args.exit_signal,
		.stack = args.stack + args.stack_size,
		.parent_tid = (u32 *)args.parent_tid,
		.child_tid = (u32 *)args.child_tid,
		.tls = args.tls,
		.set_tid = tid,
	};
	return kernel_clone(&kargs);
}

long sys_set_tid_address(u32 *tidptr)
{
	current->clear_child_tid = tidptr;
	return current->pid;
}
