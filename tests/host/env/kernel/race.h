/* SPDX-License-Identifier: MIT */
/*
 * tests/host/env/kernel/race.h - another software CPU may run here
 */
#ifndef KERNEL_RACE_H
#define KERNEL_RACE_H

void env_seam(void);

static inline void race_point(void)
{
	env_seam();
}

#endif
