/* fully_connected_hybrid_f32.h: y = scale * (weights * x) + bias: floats, with weights of 8 bits.

   x is (rows, depth), weights (units, depth), y (rows, units). */
#ifndef MOTES_FULLY_CONNECTED_HYBRID_F32_H
#define MOTES_FULLY_CONNECTED_HYBRID_F32_H

#include "motes.h"

typedef struct {
    int32_t rows, depth, units;
    const int8_t *weights;
    const float *scale;
    int32_t step; /* 1: a scale for each unit; 0: one for all */
    const float *bias;
    float low, high;
} fully_connected_hybrid_f32_params;

static inline void fully_connected_hybrid_f32(const fully_connected_hybrid_f32_params *p,
                                              const float *restrict x, float *restrict y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int8_t *w = p->weights;
        for (int32_t unit = 0; unit < p->units; unit++, w += p->depth) {
            float sum = 0.0f;
            for (int32_t i = 0; i < p->depth; i++)
                sum += x[i] * (float)w[i];
            const float scaled = sum * p->scale[unit * p->step];
            *y++ = motes_clamp_f32(scaled + p->bias[unit], p->low, p->high);
        }
    }
}

#endif
