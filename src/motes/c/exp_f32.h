/* exp_f32.h: the exponential and what follows from it, each within 1 ulp or as said. */
#ifndef MOTES_EXP_F32_H
#define MOTES_EXP_F32_H

#include "bits_f32.h"

/* exp(x) = 2^k * (1 + rest), |rest| < 0.42. */
typedef struct {
    int32_t k;
    float rest;
} motes_power;

/* For |x| < 1000. ln(2) is split so that k times its upper part is exact; the polynomial is a
   minimax fit of (exp(r) - 1 - r) / r^2 over |r| < 0.35, off by less than 2^-28. */
MOTES_INLINE motes_power motes_exp_split(float x) {
    motes_power p;
    p.k = (int32_t)(x * 1.44269504f + (x < 0.0f ? -0.5f : 0.5f));
    const float k = (float)p.k;
    const float r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    p.rest = r + r * r *
                     (0.5f + r * (0.166665122f +
                                  r * (0.0416661873f + r * (0.00836959854f + r * 0.00139517174f))));
    return p;
}

/* e^x; 0 and infinity where single precision ends. */
static inline float motes_exp(float x) {
    if (!(x > -104.0f))
        return x == x ? 0.0f : x;
    if (x > 88.7228394f)
        return MOTES_INFINITY;
    const motes_power p = motes_exp_split(x);
    return motes_scale(1.0f + p.rest, p.k);
}

/* e^x - 1, small where x is. */
static inline float motes_expm1(float x) {
    if (!(x > -18.0f))
        return x == x ? -1.0f : x;
    if (x > 88.7228394f)
        return MOTES_INFINITY;
    if (motes_abs(x) < 1e-4f)
        return x + 0.5f * x * x;
    const motes_power p = motes_exp_split(x);
    if (p.k > 24)
        return motes_scale(1.0f + p.rest, p.k);
    const float power = motes_power_of_2(p.k);
    return (power - 1.0f) + power * p.rest;
}

/* 1 / (1 + e^-x) as TensorFlow Lite takes it: 1 above 16.6, e^x below -9. */
static inline float motes_logistic(float x) {
    if (x > 16.619047164916992188f)
        return 1.0f;
    if (x < -9.0f)
        return motes_exp(x);
    return 1.0f / (1.0f + motes_exp(-x));
}

/* (e^2x - 1) / (e^2x + 1); below 0.63 an odd polynomial, off by less than 2^-27. */
static inline float motes_tanh(float x) {
    const float a = motes_abs(x);
    if (a < 0.625f) {
        const float z = x * x;
        return x + x * z *
                       (-0.333332807f +
                        z * (0.133313566f +
                             z * (-0.0537316389f + z * (0.0206101257f + z * -0.00567009905f))));
    }
    if (a > 10.0f)
        return motes_signed(1.0f, x);
    if (!(a <= 10.0f))
        return x;
    return motes_signed(1.0f - 2.0f / (motes_exp(2.0f * a) + 1.0f), x);
}

#endif
