/*
 * include/kernel/uts.h - the names of this system
 */
#ifndef KERNEL_UTS_H
#define KERNEL_UTS_H

#include <uapi/utsname.h>

extern struct new_utsname uts; /* nodename and domainname under uts_lock */
void uts_get_name(const char *name, char *text);
void uts_set_name(char *name, const char *text);

#endif
