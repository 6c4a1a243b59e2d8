/*
 * include/kernel/uts.h - the names of this system
 */
#ifndef KERNEL_UTS_H
#define KERNEL_UTS_H

#include <uapi/utsname.h>

extern struct new_utsname uts; /* nodename and domainname under uts_lock */

#endif
