/* largest.h: the parameters of MAXIMUM and MINIMUM for every type. */
#ifndef MOTES_LARGEST_H
#define MOTES_LARGEST_H

#include "motes.h"

typedef struct {
    const int32_t *axes;
    int32_t largest; /* 1: the larger of both; 0: the smaller */
} largest_params;

#endif
