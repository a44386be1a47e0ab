/* dequantize.h: scale * (x - zero point), in single precision. */
#ifndef MOTES_DEQUANTIZE_H
#define MOTES_DEQUANTIZE_H

#include "elements.h"

typedef struct {
    int32_t count;
    int32_t size, is_signed; /* of an element of x: 1 or 2 bytes */
    float scale;
    int32_t zero_point;
} dequantize_params;

static inline void dequantize(const dequantize_params *p, const void *restrict x,
                              float *restrict y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = p->scale * (float)(motes_element(x, i, p->size, p->is_signed) - p->zero_point);
}

#endif
