/* fully_connected_f32.h: y = weights * x + bias in single precision, for each row of x.

   x is (rows, depth), weights (units, depth), y (rows, units). Sums run from the first element to
   the last, as TFLM's do, and the bias comes after. */
#ifndef MOTES_FULLY_CONNECTED_F32_H
#define MOTES_FULLY_CONNECTED_F32_H

#include "dense_units.h"

typedef struct {
    int32_t rows, depth, units;
    const float *bias;
    float low, high;
} fully_connected_f32_params;

#define MOTES_DENSE_BIASED_F32(p, unit, sum)                                                       \
    motes_clamp_f32((sum) + (p)->bias[unit], (p)->low, (p)->high)

MOTES_DENSE_UNITS(fully_connected_f32, float, float, float, f32, MOTES_DENSE_BIASED_F32)

static inline void fully_connected_f32(const fully_connected_f32_params *p, const float *x,
                                       const float *weights, float *y) {
    motes_fully_connected_f32(p, x, weights, y);
}

#endif
