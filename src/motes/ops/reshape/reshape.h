/* reshape.h: moves the bytes of x to y, where the plan could not let them share an address. */
#ifndef MOTES_RESHAPE_H
#define MOTES_RESHAPE_H

#include "motes.h"

typedef struct {
    uint32_t bytes;
} reshape_params;

static inline void reshape(const reshape_params *p, const void *x, void *y) {
    if (x != y)
        motes_copy(y, x, p->bytes);
}

#endif
