/*
 * uapi/sysinfo.h - sysinfo(2)
 */
#ifndef UAPI_SYSINFO_H
#define UAPI_SYSINFO_H

#include <lib/types.h>

#define SI_LOAD_SHIFT 16

struct sysinfo {
	s64 uptime;			/* seconds */
	u64 loads[3];			/* 1 << SI_LOAD_SHIFT is a load of one */
	u64 totalram, freeram, sharedram, bufferram, totalswap, freeswap;	/* mem_unit each */
	u16 procs, pad;
	u64 totalhigh, freehigh;
	u32 mem_unit;
};
static_assert(sizeof(struct sysinfo) == 112, "sysinfo");

#endif
