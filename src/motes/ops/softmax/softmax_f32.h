/* softmax_f32.h: exp(beta * x) / sum(exp(beta * x)) over rows, in single precision. y may share x's
   address. */
#ifndef MOTES_SOFTMAX_F32_H
#define MOTES_SOFTMAX_F32_H

#include "exp_f32.h"

typedef struct {
    int32_t rows, depth;
    float beta;
} softmax_f32_params;

static inline void softmax_f32(const softmax_f32_params *p, const float *x, float *y) {
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        float max = -3.40282347e38f, sum = 0.0f;
        for (int32_t i = 0; i < p->depth; i++)
            max = max < x[i] ? x[i] : max;
        for (int32_t i = 0; i < p->depth; i++) {
            y[i] = motes_exp((x[i] - max) * p->beta);
            sum += y[i];
        }
        for (int32_t i = 0; i < p->depth; i++)
            y[i] = y[i] / sum;
    }
}

#endif
