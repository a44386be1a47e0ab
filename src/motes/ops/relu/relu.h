/* relu.h: activations of straight pieces, element by element. y may share x's address. */
#ifndef MOTES_RELU_H
#define MOTES_RELU_H

#include "requantize.h"

/* Limits alone: of floats a NaN stays, and a zero's sign. */
typedef struct {
    int32_t count;
    int32_t low, high;
} clamp_s8_params;

typedef clamp_s8_params clamp_s16_params;

typedef struct {
    int32_t count;
    float low, high;
} clamp_f32_params;

static inline void clamp_s8(const clamp_s8_params *p, const int8_t *x, int8_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = (int8_t)motes_clamp(x[i], p->low, p->high);
}

static inline void clamp_s16(const clamp_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = (int16_t)motes_clamp(x[i], p->low, p->high);
}

static inline void clamp_f32(const clamp_f32_params *p, const float *x, float *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = motes_clamp_f32(x[i], p->low, p->high);
}

/* Rescaled by one multiplier from the zero point on, by another one below, and limited. */
typedef struct {
    int32_t count;
    int32_t x_zero, y_zero;
    int32_t multiplier, shift;
    int32_t below_multiplier, below_shift, below_sign; /* 1 or -1, put on after rounding */
    int32_t low, high;
} leaky_relu_s16_params;

static inline void leaky_relu_s16(const leaky_relu_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t value = x[i] - p->x_zero;
        const uint32_t scaled =
            value >= 0 ? (uint32_t)motes_requantize(value, p->multiplier, p->shift)
                       : (uint32_t)motes_requantize(value, p->below_multiplier, p->below_shift) *
                             (uint32_t)p->below_sign;
        y[i] = (int16_t)motes_clamp(motes_add((int32_t)scaled, p->y_zero), p->low, p->high);
    }
}

typedef struct {
    int32_t count;
    float alpha;
} leaky_relu_f32_params;

static inline void leaky_relu_f32(const leaky_relu_f32_params *p, const float *x, float *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = x[i] > 0.0f ? x[i] : x[i] * p->alpha;
}

#endif
