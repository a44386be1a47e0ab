/* dequantize_slices.h: scale * (x - zero point) with a scale and a zero point for each slice along
   an axis. */
#ifndef MOTES_DEQUANTIZE_SLICES_H
#define MOTES_DEQUANTIZE_SLICES_H

#include "elements.h"

typedef struct {
    int32_t outer, slices, inner; /* elements before, along and behind the axis */
    int32_t size, is_signed;      /* of an element of x: 1 or 2 bytes */
    const float *scale;
    const int32_t *zero_point;
} dequantize_slices_params;

static inline void dequantize_slices(const dequantize_slices_params *p, const void *x, void *y) {
    float *to = (float *)y;
    int32_t at = 0;
    for (int32_t o = 0; o < p->outer; o++)
        for (int32_t s = 0; s < p->slices; s++)
            for (int32_t i = 0; i < p->inner; i++, at++)
                to[at] = p->scale[s] *
                         (float)(motes_element(x, at, p->size, p->is_signed) - p->zero_point[s]);
}

#endif
