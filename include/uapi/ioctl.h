/*
 * uapi/ioctl.h - ioctl(2) requests that any file may get; Linux x86-64.  Terminal requests: uapi/termios.h.
 */
#ifndef UAPI_IOCTL_H
#define UAPI_IOCTL_H

#define FIONREAD	0x541B
#define FIONBIO		0x5421
#define FIONCLEX	0x5450
#define FIOCLEX		0x5451
#define FIOASYNC	0x5452
#define FIOQSIZE	0x5460

#endif
