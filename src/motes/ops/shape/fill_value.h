/* fill_value.h: one value everywhere. */
#ifndef MOTES_FILL_VALUE_H
#define MOTES_FILL_VALUE_H

#include "fill.h"

typedef struct {
    int32_t bytes; /* of y */
    int32_t size;  /* bytes of an element */
} fill_value_params;

static inline void fill_value(const fill_value_params *p, const void *value, void *y) {
    motes_fill(y, (uint32_t)p->bytes, value, (uint32_t)p->size);
}

#endif
