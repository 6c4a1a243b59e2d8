/*
 * include/kernel/race.h - places where it matters what another CPU does just now
 *
 * Nothing happens there in the kernel.  The host model may let another of its processors run: it switches between them
 * at locks and page-table entries anyway, and at these points where neither is near.
 */
#ifndef KERNEL_RACE_H
#define KERNEL_RACE_H

static inline void race_point(void) {}

#endif
