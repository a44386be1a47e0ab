/* reciprocal.h: 1 / x in fixed point, exactly as gemmlowp computes it. */
#ifndef MOTES_RECIPROCAL_H
#define MOTES_RECIPROCAL_H

#include "requantize.h"

/* x * 2^exponent, kept within int32. */
MOTES_INLINE int32_t motes_saturating_shift(int32_t x, int32_t exponent) {
    const int32_t largest = INT32_MAX >> exponent;
    return x > largest ? INT32_MAX : x < -largest - 1 ? INT32_MIN : x * (1 << exponent);
}

/* 1 / (1 + x) for x in 0..1, both Q0.31: three Newton steps in Q2.29, as gemmlowp takes them. */
MOTES_INLINE int32_t motes_one_over_one_plus(int32_t x) {
    const int32_t half = (int32_t)(((uint32_t)x + UINT32_C(0x80000000)) >> 1); /* (1 + x) / 2 */
    int32_t y = 1515870810 + motes_high_mul(half, -1010580540); /* 48/17 - 32/17 half */
    for (int32_t i = 0; i < 3; i++)
        y += motes_saturating_shift(motes_high_mul(y, (1 << 29) - motes_high_mul(half, y)), 2);
    return motes_saturating_shift(y, 1);
}

#endif
