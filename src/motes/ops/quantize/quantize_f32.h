/* quantize_f32.h: round(x / scale) + zero point, saturated; halves round away from zero, NaN gives
   the zero point. y may share x's address. */
#ifndef MOTES_QUANTIZE_F32_H
#define MOTES_QUANTIZE_F32_H

#include "elements.h"

typedef struct {
    int32_t count;
    int32_t size, is_signed; /* of an element of y: 1 or 2 bytes */
    float scale;
    int32_t zero_point;
} quantize_f32_params;

/* The nearest integer to x, halves away from zero; beyond 2^16 that limit, which saturates every
   int16. The float below a half is added: a half would take the float below a half to 1. */
MOTES_INLINE int32_t motes_round(float x) {
    const float half = x < 0.0f ? -0.49999997f : 0.49999997f;
    if (x > -65536.0f && x < 65536.0f)
        return (int32_t)(x + half);
    return x > 0.0f ? 65536 : x < 0.0f ? -65536 : 0;
}

static inline void quantize_f32(const quantize_f32_params *p, const float *x, void *y) {
    const int32_t high = p->is_signed ? (1 << (8 * p->size - 1)) - 1 : (1 << (8 * p->size)) - 1;
    const int32_t low = p->is_signed ? -high - 1 : 0;
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t value = motes_round(x[i] / p->scale) + p->zero_point;
        motes_set_element(y, i, p->size, motes_clamp(value, low, high));
    }
}

#endif
