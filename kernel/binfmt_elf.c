/*
 * kernel/binfmt_elf.c - mapping an ELF program and its interpreter, and the stack image it starts with
 *
 *     0x400000 ..      ET_EXEC, where it says
 *     0x555555554000   ET_DYN with an interpreter (PIE), + up to 1 TiB random
 *     mmap region      ET_DYN without one (static PIE, ld.so run by hand); the interpreter itself
 *
 *     program's segments, then brk (+ up to 32 MiB random)
 *
 * Of a segment's memory, [p_vaddr, p_vaddr + p_filesz) comes from the file; the rest is zero: up to the end of that
 * page by clearing it, beyond by anonymous memory.
 *
 * The stack image (psABI, figure "Initial Process Stack"), from sp upwards: argc, argv, NULL, envp, NULL, pairs of
 * the auxiliary vector, padding, 16 random bytes, "x86_64", the strings.  sp is 16-byte aligned; rdx is 0: a
 * program registers it with atexit.
 *
 * Everything about the file's headers is checked before begin_new_exec; what fails afterwards kills.
 *
 * Sources: System V gABI "Program Loading"; AMD64 psABI "Process Initialization"; Linux 6.1 for what neither says.
 */
#include <kernel/elf_parse.h>
#include <kernel/exec.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <fs/vfs.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <arch/cpu.h>
#include <arch/thread.h>
#include <arch/uaccess.h>
#include <uapi/auxvec.h>
#include <uapi/personality.h>

#define ELF_ET_DYN_BASE   ((TASK_SIZE_MAX / 3 * 2) & PAGE_MASK) /* 0x555555554000 */
#define MMAP_RND_MASK     ((1UL << 28) - 1)                     /* pages */
#define BRK_RND_BYTES     0x02000000UL
#define PAGE_OFFSET_OF(a) ((a) & (PAGE_SIZE - 1))
#define PAGE_START(a)     ((a)&PAGE_MASK)

struct elf_file {
	struct file *file;
	struct elf64_hdr hdr;
	struct elf64_phdr *phdrs;
	struct elf_plan plan;
	u64 bias; /* where it was mapped minus where it says */
	struct elf_extent extent;
};

static bool bad_addr(long addr)
{
	return (unsigned long)addr >= TASK_SIZE_MAX;
}

/* --- reading: all of it before the point of no return --- */

static int read_exactly(struct file *file, void *buf, size_t len, u64 pos)
{
	ssize_t n = (s64)pos < 0 ? -EINVAL : kernel_read(file, buf, len, (loff_t)pos);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -EIO;
}

/* hdr is read already.  -ENOEXEC for whatever is wrong: so says Linux. */
static int read_phdrs(struct elf_file *elf)
{
	size_t size = elf->hdr.e_phnum * sizeof(struct elf64_phdr);

	if (elf_check_header(&elf->hdr))
		return -ENOEXEC;
	elf->phdrs = kmalloc(size, GFP_KERNEL);
	if (!elf->phdrs)
		return -ENOMEM;
	if (read_exactly(elf->file, elf->phdrs, size, elf->hdr.e_phoff))
		return -ENOEXEC;
	elf_make_plan(elf->phdrs, elf->hdr.e_phnum, &elf->plan);
	return 0;
}

static int open_interpreter(const struct elf_file *prog, struct elf_file *interp)
{
	const struct elf64_phdr *ph = &prog->phdrs[prog->plan.interp];
	struct file *file;
	char *name;
	int err;

	if (ph->p_filesz > ELF_INTERP_MAX || ph->p_filesz < 2)
		return -ENOEXEC;
	name = kmalloc(ph->p_filesz, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	err = read_exactly(prog->file, name, ph->p_filesz, ph->p_offset);
	if (!err && name[ph->p_filesz - 1])
		err = -ENOEXEC;
	if (!err) {
		file = open_exec(name);
		if (IS_ERR(file))
			err = (int)PTR_ERR(file);
		else
			interp->file = file;
	}
	kfree(name);
	if (err)
		return err;
	err = read_exactly(interp->file, &interp->hdr, sizeof(interp->hdr), 0);
	if (err)
		return err;
	err = read_phdrs(interp);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

/* --- mapping --- */

static unsigned long prot_of(u32 p_flags)
{
	return (p_flags & PF_R ? PROT_READ : 0) | (p_flags & PF_W ? PROT_WRITE : 0) |
	       (p_flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Map the file part of one segment at @addr (a wish without MAP_FIXED).  With @total_size the place for all segments
 * is found first: the whole is mapped and what lies behind the first segment given back.
 */
static long map_segment(const struct elf_file *elf, const struct mm_limits *lim, vaddr_t addr,
			const struct elf64_phdr *ph, unsigned long flags, u64 total_size)
{
	struct mm_struct *mm = current->mm;
	size_t size = PAGE_ALIGN(ph->p_filesz + PAGE_OFFSET_OF(ph->p_vaddr));
	u64 offset = ph->p_offset - PAGE_OFFSET_OF(ph->p_vaddr);
	long at;

	addr = PAGE_START(addr);
	if (!size)
		return (long)addr;
	total_size = PAGE_ALIGN(total_size);
	at = vm_mmap(mm, lim, elf->file, addr, total_size ? total_size : size, prot_of(ph->p_flags),
		     flags, offset);
	if (total_size > size && !bad_addr(at))
		(void)vm_munmap(mm, (vaddr_t)at + size, total_size - size);
	return at;
}

static void __user *user_ptr(vaddr_t addr)
{
	return (void *)addr;
}

/* Zero from the end of the file's bytes to the end of that page. */
static int pad_zero(vaddr_t bss)
{
	size_t tail = PAGE_OFFSET_OF(bss) ? PAGE_SIZE - PAGE_OFFSET_OF(bss) : 0;

	return tail && clear_user(user_ptr(bss), tail) ? -EFAULT : 0;
}

/* Anonymous memory for [bss, brk) beyond the page that bss ends in. */
static int map_bss(const struct mm_limits *lim, vaddr_t bss, vaddr_t brk, u32 p_flags)
{
	vaddr_t start = PAGE_ALIGN(bss), end = PAGE_ALIGN(brk);

	if (end <= start)
		return 0;
	return vm_brk_flags(current->mm, lim, start, end - start, p_flags & PF_X ? VM_EXEC : 0);
}

/* Segments after one with zero-filled memory: that memory is mapped before the next file part. */
static int close_bss(const struct elf_file *elf, const struct mm_limits *lim)
{
	const struct elf_extent *e = &elf->extent;
	int err;

	if (e->brk <= e->bss)
		return 0;
	err = map_bss(lim, e->bss + elf->bias, e->brk + elf->bias, e->brk_flags);
	if (err)
		return err;
	/* A read-only segment cannot be padded; nor need it be, as nobody could tell. */
	(void)pad_zero(e->bss + elf->bias);
	return 0;
}

static u64 random_bias(void)
{
	return current->flags & PF_RANDOMIZE ? (get_random_long() & MMAP_RND_MASK) << PAGE_SHIFT
					     : 0;
}

/* Flags and wish for the first segment; the others follow it. */
static unsigned long place_first(struct elf_file *elf, const struct elf64_phdr *ph, bool has_interp)
{
	if (elf->hdr.e_type == ET_EXEC)
		return MAP_PRIVATE | MAP_FIXED_NOREPLACE;
	if (!has_interp) { /* anywhere in the mmap region */
		elf->bias = -PAGE_START(ph->p_vaddr);
		return MAP_PRIVATE;
	}
	elf->bias = (ELF_ET_DYN_BASE + random_bias()) & ~(elf->plan.max_align - 1);
	elf->bias = PAGE_START(elf->bias - ph->p_vaddr);
	return MAP_PRIVATE | MAP_FIXED_NOREPLACE;
}

/* All PT_LOADs of a file.  @has_interp: it is the program, and another file is its interpreter. */
static int map_elf(struct elf_file *elf, const struct mm_limits *lim, bool has_interp)
{
	bool first = true;

	elf_extent_init(&elf->extent);
	if (!elf->plan.total_size)
		return -EINVAL;
	for (unsigned int i = 0; i < elf->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &elf->phdrs[i];
		unsigned long flags = MAP_PRIVATE | MAP_FIXED;
		long at;
		int err;

		if (ph->p_type != PT_LOAD)
			continue;
		err = close_bss(elf, lim);
		if (err)
			return err;
		if (first)
			flags = place_first(elf, ph, has_interp);
		at = map_segment(elf, lim, elf->bias + ph->p_vaddr, ph, flags,
				 first ? elf->plan.total_size : 0);
		if (bad_addr(at))
			return at < 0 ? (int)at : -EINVAL;
		if (first && elf->hdr.e_type == ET_DYN)
			elf->bias += (u64)at - PAGE_START(elf->bias + ph->p_vaddr);
		first = false;
		if (elf_check_segment(ph, elf->bias, TASK_SIZE_MAX))
			return -EINVAL;
		elf_extent_add(&elf->extent, ph);
	}
	return 0;
}

/* The memory behind the last segment. */
static int finish_bss(const struct elf_file *elf, const struct mm_limits *lim)
{
	vaddr_t bss = elf->extent.bss + elf->bias, brk = elf->extent.brk + elf->bias;
	int err = map_bss(lim, bss, brk, elf->extent.brk_flags);

	if (err)
		return err;
	return bss != brk && pad_zero(bss) ? -EFAULT : 0;
}

/* --- the stack image --- */

struct aux_builder {
	unsigned long *words;
	unsigned int n;
};

static void aux(struct aux_builder *b, unsigned long id, unsigned long value)
{
	b->words[b->n++] = id;
	b->words[b->n++] = value;
}

/* Order and contents as Linux's; what the vdso and rseq would add is missing with them. */
static unsigned int build_auxv(unsigned long *words, const struct linux_binprm *bprm,
			       const struct elf_file *prog, const struct elf_file *interp,
			       vaddr_t random, vaddr_t platform)
{
	const struct cred *cred = &current->cred;
	struct aux_builder b = { .words = words };
	u64 phdr = elf_phdr_address(&prog->hdr, prog->phdrs);

	aux(&b, AT_HWCAP, cpu_hwcap());
	aux(&b, AT_PAGESZ, PAGE_SIZE);
	aux(&b, AT_CLKTCK, USER_HZ);
	aux(&b, AT_PHDR, phdr + prog->bias);
	aux(&b, AT_PHENT, sizeof(struct elf64_phdr));
	aux(&b, AT_PHNUM, prog->hdr.e_phnum);
	aux(&b, AT_BASE, interp->file ? interp->bias : 0);
	aux(&b, AT_FLAGS, 0);
	aux(&b, AT_ENTRY, prog->hdr.e_entry + prog->bias);
	aux(&b, AT_UID, cred->uid);
	aux(&b, AT_EUID, cred->euid);
	aux(&b, AT_GID, cred->gid);
	aux(&b, AT_EGID, cred->egid);
	aux(&b, AT_SECURE, bprm->secureexec);
	aux(&b, AT_RANDOM, random);
	aux(&b, AT_HWCAP2, cpu_has(X86_FEATURE_FSGSBASE) ? HWCAP2_FSGSBASE : 0);
	aux(&b, AT_EXECFN, bprm->exec);
	aux(&b, AT_PLATFORM, platform);
	aux(&b, AT_NULL, 0);
	return b.n;
}

/* Write @count pointers to the strings from *str on, and the NULL behind them. */
static int put_string_pointers(u64 **slot, vaddr_t *str, int count)
{
	while (count-- > 0) {
		long len = strnlen_user(user_ptr(*str), (long)MAX_ARG_STRLEN);

		if (put_user(*str, (*slot)++))
			return -EFAULT;
		if (len <= 0 || len > (long)MAX_ARG_STRLEN)
			return -EINVAL;
		*str += (vaddr_t)len;
	}
	return put_user(0UL, (*slot)++) ? -EFAULT : 0;
}

static int put_arguments(struct linux_binprm *bprm, struct mm_struct *mm, u64 *sp,
			 const unsigned long *auxv, unsigned int auxv_words)
{
	vaddr_t str = bprm->p;
	u64 *slot = sp;
	int err;

	if (put_user((u64)bprm->argc, slot++))
		return -EFAULT;
	mm->arg_start = str;
	err = put_string_pointers(&slot, &str, bprm->argc);
	if (err)
		return err;
	mm->arg_end = mm->env_start = str;
	err = put_string_pointers(&slot, &str, bprm->envc);
	if (err)
		return err;
	mm->env_end = str;
	return copy_to_user(slot, auxv, auxv_words * sizeof(*auxv)) ? -EFAULT : 0;
}

/* @p rounded down, and with randomisation anywhere in the 8 KiB below: programs share cache sets less often. */
static vaddr_t align_stack(vaddr_t p)
{
	if (current->flags & PF_RANDOMIZE)
		p -= get_random_long() % 8192;
	return p & ~15UL;
}

/* Returns the stack pointer, or -errno. */
static long create_stack_image(struct linux_binprm *bprm, const struct elf_file *prog,
			       const struct elf_file *interp)
{
	static const char platform[] = "x86_64";
	struct mm_struct *mm = current->mm;
	vaddr_t p = align_stack(bprm->p), platform_addr, random_addr;
	unsigned int auxv_words, words;
	u8 random[16];
	u64 *sp;
	int err;

	platform_addr = p -= sizeof(platform);
	if (copy_to_user(user_ptr(platform_addr), platform, sizeof(platform)))
		return -EFAULT;
	get_random_bytes(random, sizeof(random));
	random_addr = p -= sizeof(random);
	if (copy_to_user(user_ptr(random_addr), random, sizeof(random)))
		return -EFAULT;

	memset(mm->saved_auxv, 0, sizeof(mm->saved_auxv));
	auxv_words = build_auxv(mm->saved_auxv, bprm, prog, interp, random_addr, platform_addr);
	words = 1 + (unsigned int)bprm->argc + 1 + (unsigned int)bprm->envc + 1 + auxv_words;
	sp = (u64 *)((p - words * sizeof(u64)) & ~15UL);
	err = put_arguments(bprm, mm, sp, mm->saved_auxv, auxv_words);
	if (err)
		return err;
	mm->start_stack = bprm->p;
	return (long)sp;
}

/* --- putting it together --- */

static int executable_stack(const struct elf_file *prog)
{
	if (prog->plan.gnu_stack < 0)
		return EXSTACK_DEFAULT;
	return prog->phdrs[prog->plan.gnu_stack].p_flags & PF_X ? EXSTACK_ENABLE_X
								: EXSTACK_DISABLE_X;
}

static void set_mm_extent(struct mm_struct *mm, const struct elf_file *prog, bool has_interp)
{
	const struct elf_extent *e = &prog->extent;

	mm->start_code = e->start_code + prog->bias;
	mm->end_code = e->end_code + prog->bias;
	mm->start_data = e->start_data + prog->bias;
	mm->end_data = e->end_data + prog->bias;
	mm->start_brk = mm->brk = PAGE_ALIGN(e->brk + prog->bias);
	if (!(current->flags & PF_RANDOMIZE) || READ_ONCE(randomize_va_space) < 2)
		return;
	/* A static PIE lies in the mmap region, where the heap could not grow: it is put where a program would be. */
	if (prog->hdr.e_type == ET_DYN && !has_interp)
		mm->brk = mm->start_brk = ELF_ET_DYN_BASE;
	mm->brk = mm->start_brk = PAGE_ALIGN(mm->brk + get_random_long() % BRK_RND_BYTES);
}

static int map_program(struct linux_binprm *bprm, struct elf_file *prog, struct elf_file *interp)
{
	struct mm_struct *mm = current->mm;
	struct mm_limits lim;
	vaddr_t entry;
	long sp;
	int err = setup_arg_pages(bprm, executable_stack(prog));

	if (err)
		return err;
	task_limits(current, &lim);
	err = map_elf(prog, &lim, interp->file);
	if (err)
		return err;
	err = finish_bss(prog, &lim);
	if (err)
		return err;
	entry = prog->hdr.e_entry + prog->bias;
	if (interp->file) {
		err = map_elf(interp, &lim, false);
		if (!err)
			err = finish_bss(interp, &lim);
		if (err)
			return err;
		deny_write_access_end(interp->file);
		entry = interp->hdr.e_entry + interp->bias;
	}
	if (entry >= TASK_SIZE_MAX)
		return -EINVAL;
	set_mm_extent(mm, prog, interp->file);
	sp = create_stack_image(bprm, prog, interp);
	if (sp < 0)
		return (int)sp;
	mm->binfmt = &elf_format;
	/* SVr4 programs may read address 0; personality(2) asks for it. */
	if (current->personality & MMAP_PAGE_ZERO)
		(void)vm_mmap(mm, &lim, NULL, 0, PAGE_SIZE, PROT_READ | PROT_EXEC,
			      MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, 0);
	start_thread(task_pt_regs(current), entry, (vaddr_t)sp);
	return 0;
}

static int load_elf(struct linux_binprm *bprm)
{
	struct elf_file prog = { .file = bprm->file }, interp = { .file = NULL };
	int err;

	memcpy(&prog.hdr, bprm->buf, sizeof(prog.hdr));
	err = read_phdrs(&prog);
	if (!err && prog.plan.interp >= 0)
		err = open_interpreter(&prog, &interp);
	if (!err)
		err = begin_new_exec(bprm);
	if (!err)
		err = map_program(bprm, &prog, &interp);
	if (interp.file)
		fput(interp.file);
	kfree(interp.phdrs);
	kfree(prog.phdrs);
	return err;
}

struct linux_binfmt elf_format = {
	.name = "elf",
	.load_binary = load_elf,
};
