/* l2_normalization_s8.h: x / |x| over rows of int8, in 1/128 with zero point 0. y may share x's
   address. */
#ifndef MOTES_L2_NORMALIZATION_S8_H
#define MOTES_L2_NORMALIZATION_S8_H

#include "inverse_sqrt.h"

typedef struct {
    int32_t rows, depth;
    int32_t zero_point; /* of x */
} l2_normalization_s8_params;

static inline void l2_normalization_s8(const l2_normalization_s8_params *p, const int8_t *x,
                                       int8_t *y) {
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        int32_t sum = 0;
        for (int32_t i = 0; i < p->depth; i++)
            sum += (x[i] - p->zero_point) * (x[i] - p->zero_point);
        const motes_inverse length = motes_inverse_sqrt(sum);
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t value =
                motes_requantize(x[i] - p->zero_point, length.multiplier, length.shift + 7);
            y[i] = (int8_t)motes_clamp(value, -128, 127);
        }
    }
}

#endif
