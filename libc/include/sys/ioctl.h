/* sys/ioctl.h - device requests */
#ifndef LIBC_SYS_IOCTL_H
#define LIBC_SYS_IOCTL_H

#define TCGETS     0x5401
#define TIOCGWINSZ 0x5413
#define FIONREAD   0x541b

struct winsize {
	unsigned short ws_row;
	unsigned short ws_col;
	unsigned short ws_xpixel;
	unsigned short ws_ypixel;
};

int ioctl(int fd, unsigned long request, ...);

#endif
