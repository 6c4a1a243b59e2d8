/*
 * uapi/capability.h - capget(2), capset(2): sets as arrays of 32-bit words, lowest first
 */
#ifndef UAPI_CAPABILITY_H
#define UAPI_CAPABILITY_H

#include <lib/types.h>

#define _LINUX_CAPABILITY_VERSION_1 0x19980330U /* one word of each set */
#define _LINUX_CAPABILITY_VERSION_2 0x20071026U /* two */
#define _LINUX_CAPABILITY_VERSION_3 0x20080522U /* two */
#define _LINUX_CAPABILITY_U32S      2

struct __user_cap_header_struct {
	u32 version;
	int pid;
};
struct __user_cap_data_struct {
	u32 effective, permitted, inheritable;
};

#endif
