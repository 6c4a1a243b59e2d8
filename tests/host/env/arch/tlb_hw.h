/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/arch/tlb_hw.h - what arch/x86_64/tlb.c does to a processor, done to a software CPU (softmmu.c)
 */
#ifndef ARCH_TLB_HW_H
#define ARCH_TLB_HW_H

#include <lib/types.h>

struct mm_struct;

bool hw_has_pcid(void);
void hw_enable_pcid(void);
void hw_load(struct mm_struct *mm, unsigned int pcid, bool keep);
void hw_flush_page(vaddr_t addr);
void hw_flush_global(void);

#endif
