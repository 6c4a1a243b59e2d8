/*
 * uapi/membarrier.h - membarrier(2)
 */
#ifndef UAPI_MEMBARRIER_H
#define UAPI_MEMBARRIER_H

#define MEMBARRIER_CMD_QUERY  0
#define MEMBARRIER_CMD_GLOBAL 1

#endif
