/*
 * uapi/ioprio.h - ioprio_set(2): a class and a level within it
 */
#ifndef UAPI_IOPRIO_H
#define UAPI_IOPRIO_H

#define IOPRIO_CLASS_SHIFT        13
#define IOPRIO_CLASS(ioprio)      ((unsigned int)(ioprio) >> IOPRIO_CLASS_SHIFT & 7)
#define IOPRIO_DATA(ioprio)       ((unsigned int)(ioprio) & ((1u << IOPRIO_CLASS_SHIFT) - 1))
#define IOPRIO_VALUE(class, data) ((class) << IOPRIO_CLASS_SHIFT | (data))
#define IOPRIO_NR_LEVELS          8

#define IOPRIO_CLASS_NONE         0
#define IOPRIO_CLASS_RT           1
#define IOPRIO_CLASS_BE           2
#define IOPRIO_CLASS_IDLE         3

#define IOPRIO_WHO_PROCESS        1
#define IOPRIO_WHO_PGRP           2
#define IOPRIO_WHO_USER           3

#endif
