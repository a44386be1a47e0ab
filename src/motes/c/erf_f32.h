/* erf_f32.h: the complementary error function, within 5 ulp. */
#ifndef MOTES_ERF_F32_H
#define MOTES_ERF_F32_H

#include "exp_f32.h"

/* Coefficients in order of falling powers. */
MOTES_INLINE float motes_polynomial(float t, const float *c, int32_t count) {
    float y = c[0];
    for (int32_t i = 1; i < count; i++)
        y = y * t + c[i];
    return y;
}

/* erfc(z) * e^(z^2) for z >= 0.5, by minimax polynomials: around 1.2 below 2, in 1/z above. */
MOTES_INLINE float motes_erfcx(float z) {
    static const float near[12] = {-1.98584457e-05f, 7.4933203e-05f, -0.00019649991f,
                                   0.00054792891f,   -0.0015285057f, 0.00405358942f,
                                   -0.0102211712f,   0.0244208537f,  -0.0548567176f,
                                   0.114670187f,     -0.219889373f,  0.378537416f};
    static const float far[9] = {-0.316440582f, 0.573854268f,    -0.060754329f,
                                 -0.657695472f, 0.624050736f,    -0.0356535278f,
                                 -0.278347671f, -0.00021578664f, 0.564194798f};
    if (z < 2.0f)
        return motes_polynomial(z - 1.2f, near, 12);
    return motes_polynomial(1.0f / z, far, 9) / z;
}

/* 1 - erf(x). From 0.5 on, e^(-x^2) is taken of an upper part whose square is exact, and of what
   that leaves. */
static inline float motes_erfc(float x) {
    const float z = motes_abs(x);
    if (z < 0.5f) {
        const float s = x * x;
        const float slope = /* less 1 */
            0.12837911f +
            s * (-0.37612626f +
                 s * (0.112836003f +
                      s * (-0.0268544443f +
                           s * (0.00518953521f + s * (-0.000802084105f + s * 7.88911639e-05f)))));
        return (1.0f - x) - x * slope;
    }
    if (!(z < 10.2f))
        return x == x ? (x < 0.0f ? 2.0f : 0.0f) : x;
    const float upper = motes_from_bits(motes_bits(z) & UINT32_C(0xFFFFF000));
    const float tail =
        motes_erfcx(z) * motes_exp((upper - z) * (upper + z)) * motes_exp(-upper * upper);
    return x < 0.0f ? 2.0f - tail : tail;
}

#endif
