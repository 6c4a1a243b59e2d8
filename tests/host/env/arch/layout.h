/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/arch/layout.h - the kernel's half of the address space, on the host
 *
 * Physical memory is an arena somewhere in this process, and so is vmemmap; both are real memory that the
 * sanitizers watch.  No kernel image is addressed, so its base is out of reach.  vmalloc addresses stay the
 * kernel's: they exist in page tables only and are read through the software MMU.
 */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#include <lib/types.h>

struct page;
extern unsigned long host_ram_base; /* where physical address 0 is */
extern unsigned long host_vmemmap_base;

#define PAGE_OFFSET   host_ram_base
#define VMEMMAP_START host_vmemmap_base
#define VMALLOC_START 0xffffc90000000000UL
#define VMALLOC_END   0xffffe8ffffffffffUL
#define KERNEL_BASE   0xffffffffffffffffUL
#define FIXADDR_START 0xffffffffff500000UL
#define VSYSCALL_ADDR 0xffffffffff600000UL

#endif
