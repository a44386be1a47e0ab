/* fully_connected_hybrid_f32.h: y = scale * (weights * x) + bias: floats, with weights of 8 bits.

   x is (rows, depth), weights (units, depth), y (rows, units). */
#ifndef MOTES_FULLY_CONNECTED_HYBRID_F32_H
#define MOTES_FULLY_CONNECTED_HYBRID_F32_H

#include "dense_units.h"

typedef struct {
    int32_t rows, depth, units;
    const int8_t *weights;
    const float *scale;
    int32_t step; /* 1: a scale for each unit; 0: one for all */
    const float *bias;
    float low, high;
} fully_connected_hybrid_f32_params;

#define MOTES_DENSE_SCALED_F32(p, unit, sum)                                                       \
    motes_clamp_f32((sum) * (p)->scale[(unit) * (p)->step] + (p)->bias[unit], (p)->low, (p)->high)

MOTES_DENSE_UNITS(fully_connected_hybrid_f32, float, int8_t, float, hybrid_f32,
                  MOTES_DENSE_SCALED_F32)

static inline void fully_connected_hybrid_f32(const fully_connected_hybrid_f32_params *p,
                                              const float *x, float *y) {
    motes_fully_connected_hybrid_f32(p, x, p->weights, y);
}

#endif
