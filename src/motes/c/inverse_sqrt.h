/* inverse_sqrt.h: 1 / sqrt(x) of integers in fixed point, as TensorFlow Lite Micro takes it;
   ops/fixed_point.py is its twin in Python. */
#ifndef MOTES_INVERSE_SQRT_H
#define MOTES_INVERSE_SQRT_H

#include "reciprocal.h"

/* multiplier * 2^(shift - 31) */
typedef struct {
    int32_t multiplier, shift;
} motes_inverse;

/* 1 / sqrt(x) for x >= 0, of which 0 counts as 1: five Newton steps in Q3.28 from 1. */
static inline motes_inverse motes_inverse_sqrt(int32_t x) {
    motes_inverse y = {INT32_MAX, 0};
    if (x <= 1)
        return y;
    int32_t shift = 11;
    for (; x >= 1 << 29; x /= 4)
        shift++;
    const int32_t pairs = (__builtin_clz((uint32_t)x) - 1) / 2 - 1;
    x <<= 2 * pairs;
    shift -= pairs;
    const int32_t half = motes_round_shift(x >> 1, 1), three_halves = (1 << 28) + (1 << 27);
    int32_t r = 1 << 28;
    for (int32_t i = 0; i < 5; i++) {
        const int32_t cube = motes_saturating_shift(motes_high_mul(motes_high_mul(r, r), r), 6);
        r = motes_saturating_shift(motes_high_mul(three_halves, r) - motes_high_mul(half, cube), 3);
    }
    r = motes_high_mul(r, 1518500250); /* sqrt(1/2) */
    y.multiplier = shift < 0 ? r * (1 << -shift) : r;
    y.shift = shift < 0 ? 0 : -shift;
    return y;
}

#endif
