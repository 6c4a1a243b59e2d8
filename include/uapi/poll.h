/*
 * uapi/poll.h - poll(2) and select(2); Linux x86-64
 */
#ifndef UAPI_POLL_H
#define UAPI_POLL_H

#define POLLIN		0x0001u
#define POLLPRI		0x0002u
#define POLLOUT		0x0004u
#define POLLERR		0x0008u
#define POLLHUP		0x0010u
#define POLLNVAL	0x0020u
#define POLLRDNORM	0x0040u
#define POLLRDBAND	0x0080u
#define POLLWRNORM	0x0100u
#define POLLWRBAND	0x0200u
#define POLLMSG		0x0400u
#define POLLRDHUP	0x2000u

struct pollfd {
	int fd;
	short events;
	short revents;
};

#endif
