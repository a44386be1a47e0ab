/* copy_bytes.h: y is x, byte for byte; both may lie at one address. */
#ifndef MOTES_COPY_BYTES_H
#define MOTES_COPY_BYTES_H

#include "motes.h"

typedef struct {
    uint32_t bytes;
} copy_bytes_params;

static inline void copy_bytes(const copy_bytes_params *p, const void *x, void *y) {
    if (x != y)
        motes_copy(y, x, p->bytes);
}

#endif
