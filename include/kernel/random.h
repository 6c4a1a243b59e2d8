/*
 * include/kernel/random.h - unpredictable numbers
 */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include <lib/types.h>

void random_init(void);
void get_random_bytes(void *buf, size_t len); /* any context */
unsigned long get_random_long(void);
/* get_random_bytes_user - fill a user's buffer; bytes done, or -EFAULT when none */
ssize_t get_random_bytes_user(void *ubuf, size_t len);
/* add_random_bytes - stir caller's bytes in (writes to /dev/urandom) */
void add_random_bytes(const void *buf, size_t len);

#endif
