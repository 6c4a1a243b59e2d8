/*
 * kernel/elf_parse.c - reading ELF headers that somebody else wrote
 *
 * Nothing here touches memory but what it is handed, so the same file runs under a fuzzer on the host.  Every value
 * may be anything: sums are checked before they are used, and what cannot be checked here (does the file hold the
 * bytes, is the address free) is found out by the mapping itself.
 *
 * Each refusal has Linux's error number.  Those of the file's headers (-ENOEXEC) come while the caller's old program is
 * still there; those of a single segment (-EINVAL) only while the new one is being mapped, and end the process.
 *
 * Sources: System V gABI "ELF Header", "Program Header", "Program Loading"; elf(5).
 */
#include <lib/types.h>
#include <lib/string.h>
#include <uapi/errno.h>
#include <kernel/elf_parse.h>

#define ELF_PAGE 4096UL

int elf_check_header(const struct elf64_hdr *hdr)
{
	if (memcmp(hdr->e_ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (hdr->e_type != ET_EXEC && hdr->e_type != ET_DYN)
		return -ENOEXEC;
	if (hdr->e_machine != EM_X86_64)
		return -ENOEXEC;
	if (hdr->e_phentsize != sizeof(struct elf64_phdr))
		return -ENOEXEC;
	if (!hdr->e_phnum || hdr->e_phnum * sizeof(struct elf64_phdr) > ELF_MAX_PHDR_BYTES)
		return -ENOEXEC;
	return 0;
}

void elf_make_plan(const struct elf64_phdr *phdrs, unsigned int nr, struct elf_plan *plan)
{
	u64 low = ~0UL, high = 0;

	*plan = (struct elf_plan){ .interp = -1, .gnu_stack = -1, .max_align = ELF_PAGE };
	for (unsigned int i = 0; i < nr; i++) {
		const struct elf64_phdr *ph = &phdrs[i];

		switch (ph->p_type) {
		case PT_INTERP:
			if (plan->interp < 0) /* the first one counts */
				plan->interp = (int)i;
			break;
		case PT_GNU_STACK:
			plan->gnu_stack = (int)i;
			break;
		case PT_LOAD:
			plan->nr_load++;
			low = min(low, ph->p_vaddr & ~(ELF_PAGE - 1));
			high = max(high, ph->p_vaddr + ph->p_memsz);
			if (is_power_of_2(ph->p_align))
				plan->max_align = max(plan->max_align, ph->p_align);
			break;
		}
	}
	plan->total_size = plan->nr_load ? high - low : 0;
}

int elf_check_segment(const struct elf64_phdr *ph, u64 bias, u64 task_size)
{
	u64 start = ph->p_vaddr + bias;

	if (start >= task_size || ph->p_filesz > ph->p_memsz || ph->p_memsz > task_size ||
	    task_size - ph->p_memsz < start)
		return -EINVAL;
	return 0;
}

void elf_extent_init(struct elf_extent *e)
{
	*e = (struct elf_extent){ .start_code = ~0UL };
}

void elf_extent_add(struct elf_extent *e, const struct elf64_phdr *ph)
{
	u64 start = ph->p_vaddr, file_end = start + ph->p_filesz, mem_end = start + ph->p_memsz;

	if (ph->p_flags & PF_X) {
		e->start_code = min(e->start_code, start);
		e->end_code = max(e->end_code, file_end);
	}
	e->start_data = max(e->start_data, start);
	e->end_data = max(e->end_data, file_end);
	e->bss = max(e->bss, file_end);
	if (mem_end > e->brk) {
		e->brk = mem_end;
		e->brk_flags = ph->p_flags;
	}
}

u64 elf_phdr_address(const struct elf64_hdr *hdr, const struct elf64_phdr *phdrs)
{
	u64 addr = 0;

	for (unsigned int i = 0; i < hdr->e_phnum; i++) {
		const struct elf64_phdr *ph = &phdrs[i];

		if (ph->p_type == PT_LOAD && ph->p_offset <= hdr->e_phoff &&
		    hdr->e_phoff - ph->p_offset < ph->p_filesz)
			addr = hdr->e_phoff - ph->p_offset + ph->p_vaddr;
	}
	return addr;
}
