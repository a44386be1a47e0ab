/* prelu.h: x, and slope * x below 0, broadcast against each other. */
#ifndef MOTES_PRELU_H
#define MOTES_PRELU_H

#include "broadcast.h"
#include "requantize.h"

typedef struct {
    const int32_t *axes;
    int32_t x_zero, slope_zero, y_zero;
    int32_t multiplier, shift;             /* of x */
    int32_t slope_multiplier, slope_shift; /* of slope * x */
} prelu_s8_params;

typedef prelu_s8_params prelu_s16_params;

MOTES_INLINE int32_t motes_prelu(const prelu_s8_params *p, int32_t x, int32_t slope) {
    const int32_t value = x - p->x_zero;
    const int32_t scaled = value >= 0 ? motes_requantize(value, p->multiplier, p->shift)
                                      : motes_requantize(value * (slope - p->slope_zero),
                                                         p->slope_multiplier, p->slope_shift);
    return motes_add(scaled, p->y_zero);
}

MOTES_BROADCAST(prelu_s8, int8_t, int8_t, (int8_t)motes_clamp(motes_prelu(p, a, b), -128, 127))

static inline void prelu_s16(const prelu_s16_params *p, const int16_t *x, const int8_t *slope,
                             int16_t *y) {
    const int32_t *axes = p->axes;
    MOTES_ROWS(axes, 3) {
        const int16_t *u = x + MOTES_ROW(axes, 3, 1);
        const int8_t *v = slope + MOTES_ROW(axes, 3, 2);
        for (int32_t i5 = 0; i5 < axes[15]; i5++, u += axes[16], v += axes[17])
            *y++ = (int16_t)motes_clamp(motes_prelu(p, *u, *v), INT16_MIN, INT16_MAX);
    }
}

typedef struct {
    const int32_t *axes;
} prelu_f32_params;

MOTES_BROADCAST(prelu_f32, float, float, a >= 0.0f ? a : a * b)

#endif
