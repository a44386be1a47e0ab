/* log_softmax_f32.h: x - max - ln(sum(exp(x - max))) over rows, in single precision. y may share
   x's address. */
#ifndef MOTES_LOG_SOFTMAX_F32_H
#define MOTES_LOG_SOFTMAX_F32_H

#include "exp_f32.h"
#include "log_f32.h"

typedef struct {
    int32_t rows, depth;
} log_softmax_f32_params;

static inline void log_softmax_f32(const log_softmax_f32_params *p, const float *x, float *y) {
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        float max = -3.40282347e38f, sum = 0.0f;
        for (int32_t i = 0; i < p->depth; i++)
            max = max < x[i] ? x[i] : max;
        for (int32_t i = 0; i < p->depth; i++)
            sum += motes_exp(x[i] - max);
        const float log_sum = motes_log_any(sum);
        for (int32_t i = 0; i < p->depth; i++)
            y[i] = x[i] - max - log_sum;
    }
}

#endif
