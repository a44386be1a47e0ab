/* double_word_f32.h: numbers of 48 bits as sums of two floats, for what TFLM computes in double
   precision and rounds to a float: the same float, but for about one value in a million, which is
   its neighbour.

   Source: T. J. Dekker, "A floating-point technique for extending the available precision", 1971;
   M. Joldes et al., "Tight and rigorous error bounds for basic building blocks of double-word
   arithmetic", 2017. */
#ifndef MOTES_DOUBLE_WORD_F32_H
#define MOTES_DOUBLE_WORD_F32_H

#include "bits_f32.h"

/* high + low; high is the sum rounded to a float. */
typedef struct {
    float high, low;
} motes_double_word;

MOTES_INLINE motes_double_word motes_dw(float high, float low) {
    const motes_double_word x = {high, low};
    return x;
}

/* high + low, where |high| >= |low|. */
MOTES_INLINE motes_double_word motes_dw_of(float high, float low) {
    const float sum = high + low;
    return motes_dw(sum, low - (sum - high));
}

/* a + b, exactly. */
MOTES_INLINE motes_double_word motes_dw_sum(float a, float b) {
    const float sum = a + b, rest = sum - a;
    return motes_dw(sum, (a - (sum - rest)) + (b - rest));
}

/* The upper 12 bits of a float. */
MOTES_INLINE float motes_dw_upper(float x) {
    const float scaled = 4097.0f * x;
    return scaled - (scaled - x);
}

/* a * b, exactly. */
MOTES_INLINE motes_double_word motes_dw_product(float a, float b) {
    const float product = a * b, a0 = motes_dw_upper(a), b0 = motes_dw_upper(b);
    const float a1 = a - a0, b1 = b - b0;
    return motes_dw(product, ((a0 * b0 - product) + a0 * b1 + a1 * b0) + a1 * b1);
}

MOTES_INLINE motes_double_word motes_dw_ratio(float a, float b) {
    const float ratio = a / b;
    const motes_double_word back = motes_dw_product(ratio, b);
    return motes_dw_of(ratio, ((a - back.high) - back.low) / b);
}

MOTES_INLINE motes_double_word motes_dw_add(motes_double_word a, motes_double_word b) {
    const motes_double_word sum = motes_dw_sum(a.high, b.high);
    return motes_dw_of(sum.high, sum.low + (a.low + b.low));
}

MOTES_INLINE motes_double_word motes_dw_mul(motes_double_word a, motes_double_word b) {
    const motes_double_word product = motes_dw_product(a.high, b.high);
    return motes_dw_of(product.high, product.low + (a.high * b.low + a.low * b.high));
}

/* factor * e^x. ln(2) is split such that k times each of its two upper parts is exact; of the
   series for what is left, at most 0.35, the first eight terms are double words. */
static inline float motes_dw_times_exp(float factor, motes_double_word x) {
    static const float high[8] = {
        1.0f,           1.0f, 0.5f, 0x1.555556p-3f, 0x1.555556p-5f, 0x1.111112p-7f, 0x1.6c16c2p-10f,
        0x1.a01a02p-13f};
    static const float low[8] = {0.0f,
                                 0.0f,
                                 0.0f,
                                 -0x1.555556p-28f,
                                 -0x1.555556p-30f,
                                 -0x1.dddddep-32f,
                                 -0x1.27d27ep-35f,
                                 -0x1.7f97fap-39f};
    if (!(motes_abs(x.high) < 170.0f)) /* far outside single precision, or no number */
        return factor * (x.high > 0.0f ? MOTES_INFINITY : x.high < 0.0f ? 0.0f : x.high);
    const int32_t k = (int32_t)(x.high * 1.44269504f + (x.high < 0.0f ? -0.5f : 0.5f));
    const float n = (float)k;
    motes_double_word r = motes_dw_sum((x.high - n * 0x1.62ep-1f), -n * 0x1.0bf8p-15f);
    r = motes_dw_add(r, motes_dw(-n * 0x1.f473dep-30f, x.low));
    float rest = 0x1.ae6456p-26f + r.high * (0x1.1eed8ep-29f + r.high * 0x1.612462p-33f);
    rest =
        0x1.a01a02p-16f + r.high * (0x1.71de3ap-19f + r.high * (0x1.27e4fcp-22f + r.high * rest));
    motes_double_word sum = motes_dw(rest, 0.0f);
    for (int32_t i = 7; i >= 0; i--)
        sum = motes_dw_add(motes_dw_mul(sum, r), motes_dw(high[i], low[i]));
    sum = motes_dw_mul(sum, motes_dw(factor, 0.0f));
    return sum.high * motes_power_of_2(k / 2) * motes_power_of_2(k - k / 2);
}

#endif
