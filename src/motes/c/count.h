/* count.h: the parameters of kernels that need to know nothing but how many elements there are. */
#ifndef MOTES_COUNT_H
#define MOTES_COUNT_H

#include "motes.h"

typedef struct {
    int32_t count;
} motes_count;

#endif
