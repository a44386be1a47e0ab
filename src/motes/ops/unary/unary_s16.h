/* unary_s16.h: functions of one int16 that stands for a real number. y may share x's address. */
#ifndef MOTES_UNARY_S16_H
#define MOTES_UNARY_S16_H

#include "inverse_sqrt.h"

/* |x|, rescaled; where not, shift and multiplier are 0. */
typedef struct {
    int32_t count;
    int32_t multiplier, shift;
    int32_t high;
} abs_s16_params;

static inline void abs_s16(const abs_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t size = x[i] < 0 ? -x[i] : x[i];
        const int32_t scaled =
            p->multiplier ? motes_requantize(size, p->multiplier, p->shift) : size;
        y[i] = (int16_t)motes_clamp(scaled, INT16_MIN, p->high);
    }
}

/* sqrt(scale * x) / y_scale, rounded towards 0; of what is below 0, 0. */
typedef struct {
    int32_t count;
    float x_scale, y_scale;
} sqrt_s16_params;

static inline void sqrt_s16(const sqrt_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const float root = __builtin_sqrtf(p->x_scale * (float)motes_max(x[i], 0)) / p->y_scale;
        y[i] = root < 32767.0f ? (int16_t)root : INT16_MAX;
    }
}

/* 1 / sqrt(x), rescaled; of 0 and what is below, the largest int16. */
typedef struct {
    int32_t count;
    int32_t multiplier, shift;
} rsqrt_s16_params;

static inline void rsqrt_s16(const rsqrt_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t i = 0; i < p->count; i++) {
        int32_t value = INT16_MAX;
        if (x[i] > 0) {
            const motes_inverse root = motes_inverse_sqrt(x[i]);
            value = motes_requantize(1, root.multiplier, root.shift + 20);
            value = motes_requantize(value, p->multiplier, p->shift - 20);
        }
        y[i] = (int16_t)motes_clamp(value, INT16_MIN, INT16_MAX);
    }
}

#endif
