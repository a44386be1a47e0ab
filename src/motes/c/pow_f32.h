/* pow_f32.h: x to the power of y, within 1 ulp: integers between an exact start and one rounding.
 */
#ifndef MOTES_POW_F32_H
#define MOTES_POW_F32_H

#include "bits_f32.h"

/* value / 2^point, point 54 or 62. */
typedef struct {
    int64_t value;
    int32_t point;
} motes_log2;

/* log2 of a finite float > 0, to 2^-32 of its own size.

   x = 2^e * (1 + f) with 1/sqrt(2) <= 1 + f < sqrt(2): log2(x) = e + f * g(f), where f is exact and
   g is a minimax polynomial of log2(1 + f) / f, off by less than 2^-37. Its constant, 1 / ln(2),
   has 62 bits after the point, the other coefficients 31. */
MOTES_INLINE motes_log2 motes_log2_of(float x) {
    static const int32_t g[13] = {-153994852, 287902057,  -288608184, 278888092,  -305975519,
                                  344150488,  -387493056, 442607525,  -516354383, 619632437,
                                  -774541080, 1032721340, -1549082004};
    const int32_t small = x < 1.17549435e-38f ? 23 : 0;
    const uint32_t bits = motes_bits(small ? x * 8388608.0f : x);
    const int32_t up = (int32_t)(bits - UINT32_C(0x3F3504F3)) >> 23; /* bits of 1/sqrt(2) */
    const float m = motes_from_bits(bits - ((uint32_t)up << 23));
    const int32_t e = up - small, f = (int32_t)((m - 1.0f) * 16777216.0f);
    int64_t rest = g[0];
    for (int32_t i = 1; i < 13; i++)
        rest = g[i] + ((rest * f) >> 24);
    const uint64_t slope = (uint64_t)(INT64_C(6653256548913501184) + rest * f * 128);
    const int64_t fraction = (int64_t)f * (int64_t)(slope >> 32) * 256 +
                             (((int64_t)f * (int64_t)(slope & UINT32_MAX)) >> 24); /* Q62 */
    motes_log2 log = {fraction, 62};
    if (e != 0) {
        log.value = (int64_t)e * (INT64_C(1) << 54) + (fraction >> 8);
        log.point = 54;
    }
    return log;
}

/* 2^(z / 2^32) for |z| < 2^40: 2^fraction by a minimax polynomial, off by less than 2^-31. */
MOTES_INLINE float motes_exp2_q32(int64_t z) {
    static const uint32_t p[6] = {89118, 627254, 5750807, 41300962, 238389783, 1031764899};
    const uint32_t fraction = (uint32_t)z;
    const int32_t k = (int32_t)(z >> 32);
    if (k > 127)
        return MOTES_INFINITY;
    if (k < -150)
        return 0.0f;
    uint64_t sum = p[0];
    for (int32_t i = 1; i < 6; i++)
        sum = p[i] + ((sum * fraction) >> 32);
    sum = UINT64_C(2977044473) + ((sum * fraction) >> 32); /* (2^fraction - 1) / fraction, Q32 */
    const uint64_t power = (UINT64_C(1) << 31) + ((sum * fraction) >> 33);
    return motes_scale((float)(uint32_t)power * motes_power_of_2(-31), k);
}

/* x^y for finite x > 0 and finite y. */
MOTES_INLINE float motes_pow_positive(float x, float y) {
    const motes_log2 log = motes_log2_of(x);
    const uint32_t bits = motes_bits(y) & UINT32_C(0x7FFFFFFF);
    if (log.value == 0 || bits < UINT32_C(0x800000))
        return 1.0f;
    const uint64_t size = log.value < 0 ? (uint64_t)0 - (uint64_t)log.value : (uint64_t)log.value;
    const int32_t up = __builtin_clzll(size);
    const uint64_t top = size << up, m = ((bits & UINT32_C(0x7FFFFF)) | UINT32_C(0x800000)) << 8;
    const uint64_t product = (top >> 32) * m + (((top & UINT32_MAX) * m) >> 32);
    /* |y| = m * 2^(exponent - 158), |log2(x)| = top * 2^(-up - point) */
    const int32_t down = 158 - (int32_t)(bits >> 23) + up + log.point - 64;
    const int negative = (log.value < 0) != (y < 0.0f);
    if (down < 23)
        return negative ? 0.0f : MOTES_INFINITY;
    const int64_t z = down > 63 ? 0 : (int64_t)(product >> down);
    return motes_exp2_q32(negative ? -z : z);
}

/* As C99's pow: 1 where x is 1 or y is 0, of a negative x only where y is whole. */
static inline float motes_pow(float x, float y) {
    const float a = motes_abs(x), b = motes_abs(y);
    if (x == 1.0f || y == 0.0f)
        return 1.0f;
    if (!(a <= MOTES_INFINITY && b <= MOTES_INFINITY))
        return MOTES_NAN;
    if (b == MOTES_INFINITY)
        return a == 1.0f ? 1.0f : (a > 1.0f) == (y > 0.0f) ? MOTES_INFINITY : 0.0f;
    const int whole = motes_floor(y) == y;
    const int odd = whole && b < 16777216.0f && ((int32_t)b & 1);
    float power;
    if (a == 0.0f || a == MOTES_INFINITY)
        power = (a == 0.0f) == (y > 0.0f) ? 0.0f : MOTES_INFINITY;
    else if (x < 0.0f && !whole)
        return MOTES_NAN;
    else
        power = motes_pow_positive(a, y);
    return odd && motes_bits(x) >> 31 ? -power : power;
}

#endif
