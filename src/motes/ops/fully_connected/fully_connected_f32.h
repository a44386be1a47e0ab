/* fully_connected_f32.h: y = weights * x + bias in single precision, for each row of x.

   x is (rows, depth), weights (units, depth), y (rows, units). Sums run from the first element to
   the last, as TFLM's do, and the bias comes after. */
#ifndef MOTES_FULLY_CONNECTED_F32_H
#define MOTES_FULLY_CONNECTED_F32_H

#include "motes.h"

typedef struct {
    int32_t rows, depth, units;
    const float *bias;
    float low, high;
} fully_connected_f32_params;

static inline void fully_connected_f32(const fully_connected_f32_params *p, const float *restrict x,
                                       const float *restrict weights, float *restrict y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const float *w = weights;
        for (int32_t unit = 0; unit < p->units; unit++, w += p->depth) {
            float sum = 0.0f;
            for (int32_t i = 0; i < p->depth; i++)
                sum += x[i] * w[i];
            *y++ = motes_clamp_f32(sum + p->bias[unit], p->low, p->high);
        }
    }
}

#endif
