/*
 * uapi/random.h - getrandom(2)
 */
#ifndef UAPI_RANDOM_H
#define UAPI_RANDOM_H

#define GRND_NONBLOCK 0x1u
#define GRND_RANDOM   0x2u
#define GRND_INSECURE 0x4u

#endif
