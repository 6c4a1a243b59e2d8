/*
 * include/arch/layout.h - the kernel's half of the address space (Linux: Documentation/x86/x86_64/mm.rst)
 *
 *     ffff888000000000  direct map of all RAM, NX
 *     ffffc90000000000  vmalloc, a guard page after each area
 *     ffffea0000000000  vmemmap: struct page[]
 *     ffffffff80000000  kernel image
 *     ffffffffff500000  fixmap
 *     ffffffffff600000  vsyscall page
 */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#include <lib/types.h>

#define PAGE_OFFSET   0xffff888000000000UL
#define VMALLOC_START 0xffffc90000000000UL
#define VMALLOC_END   0xffffe8ffffffffffUL
#define VMEMMAP_START 0xffffea0000000000UL
#define KERNEL_BASE   0xffffffff80000000UL
#define FIXADDR_START 0xffffffffff500000UL
#define VSYSCALL_ADDR 0xffffffffff600000UL

#endif
