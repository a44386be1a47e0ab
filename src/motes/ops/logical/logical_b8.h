/* logical_b8.h: y = a and b, or a or b. */
#ifndef MOTES_LOGICAL_B8_H
#define MOTES_LOGICAL_B8_H

#include "broadcast.h"

typedef struct {
    const int32_t *axes;
    int32_t either; /* 1: one of both is enough; 0: it takes both */
} logical_b8_params;

MOTES_BROADCAST(logical_b8, uint8_t, uint8_t, (uint8_t)(p->either ? a || b : a && b))

#endif
