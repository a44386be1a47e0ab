/* fully_connected_s8.h: y = weights * x + bias, rescaled, for each row of x.

   x is (rows, depth), weights (units, depth), y (rows, units). The zero point of x is folded into
   the bias already. Sums are unsigned because they may wrap. */
#ifndef MOTES_FULLY_CONNECTED_S8_H
#define MOTES_FULLY_CONNECTED_S8_H

#include "requantize.h"

typedef struct {
    int32_t rows, depth, units;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* 1: a multiplier and shift for each unit; 0: one for all */
    int32_t zero_point, low, high;
} fully_connected_s8_params;

static inline void fully_connected_s8(const fully_connected_s8_params *p, const int8_t *restrict x,
                                      int8_t *restrict y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int8_t *w = p->weights;
        for (int32_t unit = 0; unit < p->units; unit++, w += p->depth) {
            uint32_t sum = (uint32_t)p->bias[unit];
            for (int32_t i = 0; i < p->depth; i++)
                sum += (uint32_t)((int32_t)x[i] * w[i]);
            const int32_t k = unit * p->step;
            const int32_t scaled = motes_requantize((int32_t)sum, p->multiplier[k], p->shift[k]);
            *y++ = (int8_t)motes_clamp(motes_add(scaled, p->zero_point), p->low, p->high);
        }
    }
}

#endif
