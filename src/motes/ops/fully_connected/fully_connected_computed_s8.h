/* fully_connected_computed_s8.h: y = (weights - zero) * (x - zero) + bias, rescaled, for each row
   of x: weights that are computed, or have a zero point.

   x is (rows, depth), weights (units, depth), y (rows, units). Sums are unsigned because they may
   wrap. */
#ifndef MOTES_FULLY_CONNECTED_COMPUTED_S8_H
#define MOTES_FULLY_CONNECTED_COMPUTED_S8_H

#include "requantize.h"

typedef struct {
    int32_t rows, depth, units;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* 1: a multiplier and shift for each unit; 0: one for all */
    int32_t x_zero, weights_zero, y_zero, low, high;
} fully_connected_computed_s8_params;

static inline void fully_connected_computed_s8(const fully_connected_computed_s8_params *p,
                                               const int8_t *restrict x,
                                               const int8_t *restrict weights, int8_t *restrict y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int8_t *w = weights;
        for (int32_t unit = 0; unit < p->units; unit++, w += p->depth) {
            uint32_t sum = (uint32_t)p->bias[unit];
            for (int32_t i = 0; i < p->depth; i++)
                sum += (uint32_t)((x[i] - p->x_zero) * (w[i] - p->weights_zero));
            const int32_t k = unit * p->step;
            const int32_t scaled = motes_requantize((int32_t)sum, p->multiplier[k], p->shift[k]);
            *y++ = (int8_t)motes_clamp(motes_add(scaled, p->y_zero), p->low, p->high);
        }
    }
}

#endif
