/* fully_connected_s16.h: y = (weights - zero) * (x - zero) + bias, rescaled, for each row of x, in
   16 bits, with weights of 8.

   x is (rows, depth), weights (units, depth), y (rows, units). With a bias of 32 bits TFLM sums
   modulo 2^32 and rescales as it does 8-bit layers; else in 64 bits. */
#ifndef MOTES_FULLY_CONNECTED_S16_H
#define MOTES_FULLY_CONNECTED_S16_H

#include "dense_units.h"
#include "requantize.h"

typedef struct {
    int32_t rows, depth, units;
    const int64_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* 1: a multiplier and shift for each unit; 0: one for all */
    int32_t wide; /* 1: sums of 64 bits */
    int32_t x_zero, weights_zero, y_zero, low, high;
} fully_connected_s16_params;

/* The output of a sum of products. */
MOTES_INLINE int16_t motes_dense_rescaled_s16(const fully_connected_s16_params *p, int32_t unit,
                                              int64_t products) {
    const int64_t sum = products + p->bias[unit];
    const int32_t k = unit * p->step;
    const int32_t scaled = p->wide ? motes_requantize_s64(sum, p->multiplier[k], p->shift[k])
                                   : motes_requantize((int32_t)sum, p->multiplier[k], p->shift[k]);
    return (int16_t)motes_clamp(motes_add(scaled, p->y_zero), p->low, p->high);
}

MOTES_DENSE_UNITS(fully_connected_s16, int16_t, int8_t, int64_t, s16, motes_dense_rescaled_s16)

static inline void fully_connected_s16(const fully_connected_s16_params *p,
                                       const int16_t *restrict x, const int8_t *restrict weights,
                                       int16_t *restrict y) {
    if (p->x_zero == 0 && p->weights_zero == 0) {
        motes_fully_connected_s16(p, x, weights, y);
        return;
    }
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int8_t *w = weights;
        for (int32_t unit = 0; unit < p->units; unit++, w += p->depth) {
            int64_t sum = 0;
            for (int32_t i = 0; i < p->depth; i++)
                sum += (x[i] - p->x_zero) * (w[i] - p->weights_zero);
            *y++ = motes_dense_rescaled_s16(p, unit, sum);
        }
    }
}

#endif
