/* bits_f32.h: single precision as the bits it is made of, and whole numbers in it. Everything in
 * the _f32.h files is made of + - * / and integers alone: equal bits on every target. */
#ifndef MOTES_BITS_F32_H
#define MOTES_BITS_F32_H

#include "motes.h"

#define MOTES_INFINITY __builtin_inff()
#define MOTES_NAN __builtin_nanf("")

MOTES_INLINE uint32_t motes_bits(float x) {
    return *(const motes_word *)&x;
}

MOTES_INLINE float motes_from_bits(uint32_t bits) {
    float x;
    *(motes_word *)&x = bits;
    return x;
}

MOTES_INLINE float motes_abs(float x) {
    return motes_from_bits(motes_bits(x) & UINT32_C(0x7FFFFFFF));
}

/* x with the sign of s. */
MOTES_INLINE float motes_signed(float x, float s) {
    const uint32_t sign = UINT32_C(0x80000000);
    return motes_from_bits((motes_bits(x) & ~sign) | (motes_bits(s) & sign));
}

/* 2^k for k in -126..127. */
MOTES_INLINE float motes_power_of_2(int32_t k) {
    return motes_from_bits((uint32_t)(k + 127) << 23);
}

/* x * 2^k, rounded once, for x in 1/2..2 and k in -160..128. */
MOTES_INLINE float motes_scale(float x, int32_t k) {
    if (k > 127)
        return x * 2.0f * motes_power_of_2(k - 1);
    if (k < -125)
        return x * motes_power_of_2(k + 64) * motes_power_of_2(-64);
    return x * motes_power_of_2(k);
}

/* The largest whole number <= x; a NaN stays one. From 2^23 on every float is whole. */
static inline float motes_floor(float x) {
    if (!(motes_abs(x) < 8388608.0f))
        return x;
    const float whole = (float)(int32_t)x;
    return motes_signed(whole > x ? whole - 1.0f : whole, x);
}

/* The smallest whole number >= x; above -1 and below 0 it is -0. */
static inline float motes_ceil(float x) {
    return -motes_floor(-x);
}

#endif
