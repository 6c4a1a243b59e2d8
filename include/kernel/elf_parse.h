/*
 * include/kernel/elf_parse.h - is this a program, and what would running it take?  Pure functions on bytes
 */
#ifndef KERNEL_ELF_PARSE_H
#define KERNEL_ELF_PARSE_H

#include <uapi/elf.h>

#define ELF_MAX_PHDR_BYTES 65536u
#define ELF_INTERP_MAX     4096u /* PATH_MAX, with the NUL */

struct elf_plan {      /* from the program headers; addresses as in the file, without load bias */
	int interp;    /* index of PT_INTERP, -1: none */
	int gnu_stack; /* index of PT_GNU_STACK, -1: none */
	unsigned int nr_load;
	u64 total_size; /* bytes from the first page to the last byte of all PT_LOADs; 0: none */
	u64 max_align;  /* largest power-of-two p_align, at least a page */
};

/* Grows as segments are mapped; what /proc and brk(2) show. */
struct elf_extent {
	u64 start_code, end_code, start_data, end_data;
	u64 bss, brk;  /* end of file contents, end of memory, of the highest segments */
	u32 brk_flags; /* p_flags of the segment that made brk */
};

/* elf_check_header - 0, or -ENOEXEC: not an x86-64 program */
int elf_check_header(const struct elf64_hdr *hdr);
/* elf_make_plan - look through all program headers */
void elf_make_plan(const struct elf64_phdr *phdrs, unsigned int nr, struct elf_plan *plan);
/* elf_check_segment - does a PT_LOAD fit user space at its address plus @bias? 0 or -EINVAL */
int elf_check_segment(const struct elf64_phdr *phdr, u64 bias, u64 task_size);
void elf_extent_init(struct elf_extent *e);
void elf_extent_add(struct elf_extent *e, const struct elf64_phdr *phdr);
/* elf_phdr_address - where the program headers themselves are in memory (AT_PHDR), unbiased; 0: in no segment */
u64 elf_phdr_address(const struct elf64_hdr *hdr, const struct elf64_phdr *phdrs);

#endif
