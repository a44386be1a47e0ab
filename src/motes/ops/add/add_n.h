/* add_n.h: the sum of any number of tensors of one shape. y may share its address with any of them.
 */
#ifndef MOTES_ADD_N_H
#define MOTES_ADD_N_H

#include "requantize.h"

typedef struct {
    int32_t count, inputs;
} add_n_f32_params;

typedef struct {
    int32_t count, inputs;
    int32_t start; /* what TFLM begins with: a value of 0, rescaled as an input */
    int32_t x_zero, y_zero;
    int32_t x_multiplier, x_shift; /* to twice the inputs' scale, with 20 more bits */
    int32_t y_multiplier, y_shift; /* from there to y's */
} add_n_s8_params;

static inline void add_n_f32(const add_n_f32_params *p, const float *const *x, float *y) {
    for (int32_t i = 0; i < p->count; i++) {
        float sum = 0.0f;
        for (int32_t j = 0; j < p->inputs; j++)
            sum += x[j][i];
        y[i] = sum;
    }
}

static inline void add_n_s8(const add_n_s8_params *p, const int8_t *const *x, int8_t *y) {
    for (int32_t i = 0; i < p->count; i++) {
        int32_t sum = p->start;
        for (int32_t j = 0; j < p->inputs; j++) {
            const int32_t value = (x[j][i] - p->x_zero) * (1 << 20);
            sum = motes_add(sum, motes_requantize(value, p->x_multiplier, p->x_shift));
        }
        const int32_t scaled = motes_requantize(sum, p->y_multiplier, p->y_shift);
        y[i] = (int8_t)motes_clamp(scaled + p->y_zero, INT8_MIN, INT8_MAX);
    }
}

#endif
