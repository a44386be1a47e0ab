/* l2_normalization_f32.h: x / |x| over rows, in single precision; |x| is at least 10^-6. y may
   share x's address. */
#ifndef MOTES_L2_NORMALIZATION_F32_H
#define MOTES_L2_NORMALIZATION_F32_H

#include "motes.h"

typedef struct {
    int32_t rows, depth;
} l2_normalization_f32_params;

static inline void l2_normalization_f32(const l2_normalization_f32_params *p, const float *x,
                                        float *y) {
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        float sum = 0.0f;
        for (int32_t i = 0; i < p->depth; i++)
            sum += x[i] * x[i];
        float length = __builtin_sqrtf(sum);
        length = length < 1e-6f ? 1e-6f : length;
        for (int32_t i = 0; i < p->depth; i++)
            y[i] = x[i] / length;
    }
}

#endif
