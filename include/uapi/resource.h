/*
 * uapi/resource.h - getrusage(2), getpriority(2)
 */
#ifndef UAPI_RESOURCE_H
#define UAPI_RESOURCE_H

#include <uapi/time.h>

#define RUSAGE_SELF	0
#define RUSAGE_CHILDREN	(-1)
#define RUSAGE_THREAD	1
#define RUSAGE_BOTH	(-2)	/* inside the kernel: self and children, what wait4 reports */
#define PRIO_PROCESS	0
#define PRIO_PGRP	1
#define PRIO_USER	2

struct rusage {
	struct __kernel_old_timeval ru_utime, ru_stime;
	long ru_maxrss;			/* KiB */
	long ru_ixrss, ru_idrss, ru_isrss;
	long ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock;
	long ru_msgsnd, ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw;
};
static_assert(sizeof(struct rusage) == 144, "rusage");

#endif
