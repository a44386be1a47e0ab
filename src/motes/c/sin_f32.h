/* sin_f32.h: sine and cosine of any float, within 1 ulp. */
#ifndef MOTES_SIN_F32_H
#define MOTES_SIN_F32_H

#include "bits_f32.h"

/* x = quadrant * pi/2 + rest, |rest| <= pi/4; quadrant modulo 4. */
typedef struct {
    uint32_t quadrant;
    float rest;
} motes_angle;

/* Payne and Hanek's reduction in integers, for finite |x| >= pi/4: x is a whole number of 24 bits
   times a power of 2, so that 96 bits of 2/pi at the right place give x * 2/pi modulo 4 to 62
   fractional bits. No float comes closer to a multiple of pi/2 than about 2^-30. */
MOTES_INLINE motes_angle motes_reduce(float x) {
    static const uint32_t two_over_pi[8] = {
        0, /* bits before the point */
        UINT32_C(0xA2F9836E),
        UINT32_C(0x4E441529),
        UINT32_C(0xFC2757D1),
        UINT32_C(0xF534DDC0),
        UINT32_C(0xDB629599),
        UINT32_C(0x3C439041),
        UINT32_C(0xFE5163AB),
    };
    const uint32_t bits = motes_bits(x) & UINT32_C(0x7FFFFFFF);
    const uint64_t m = (bits & UINT32_C(0x7FFFFF)) | UINT32_C(0x800000);
    const uint32_t first = (bits >> 23) - 120, word = first >> 5, shift = first & 31;
    uint32_t window[3];
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t high = two_over_pi[word + i], low = two_over_pi[word + i + 1];
        window[i] = (uint32_t)(((uint64_t)high << 32 | low) >> (32 - shift));
    }
    const uint64_t turns = ((m * window[0]) << 32) + m * window[1] + ((m * window[2]) >> 32);
    const uint64_t whole = (turns + (UINT64_C(1) << 61)) >> 62;
    const int64_t rest = (int64_t)(turns - (whole << 62)); /* of a quadrant, Q62 */
    motes_angle angle = {(uint32_t)whole, 0.0f};
    if (rest != 0) {
        const uint64_t size = rest < 0 ? (uint64_t)0 - (uint64_t)rest : (uint64_t)rest;
        const int32_t up = __builtin_clzll(size);
        const uint64_t scaled = ((size << up) >> 32) * UINT32_C(0xC90FDAA2); /* pi/2 in Q31 */
        const float r = (float)(uint32_t)(scaled >> 32) * motes_power_of_2(-29 - up);
        angle.rest = rest < 0 ? -r : r;
    }
    if (motes_bits(x) >> 31) {
        angle.quadrant = (uint32_t)0 - angle.quadrant;
        angle.rest = -angle.rest;
    }
    return angle;
}

/* sin(r + quadrant * pi/2) for |r| <= pi/4, by minimax polynomials that are off by less than 2^-28.
 */
MOTES_INLINE float motes_sin_of(motes_angle angle) {
    const float r = angle.rest, z = r * r;
    float y;
    if (angle.quadrant & 1) {
        const float half = 0.5f * z, near = 1.0f - half;
        const float more = z * z * (0.0416666456f + z * (-0.0013887306f + z * 2.44312014e-5f));
        y = near + (((1.0f - near) - half) + more);
    } else {
        y = r + r * z * (-0.166666538f + z * (0.00833213143f + z * -0.000195108369f));
    }
    return angle.quadrant & 2 ? -y : y;
}

static inline float motes_sin(float x) {
    const float a = motes_abs(x);
    if (a < 0.785398f) {
        const motes_angle small = {0, x};
        return motes_sin_of(small);
    }
    return a < MOTES_INFINITY ? motes_sin_of(motes_reduce(x)) : MOTES_NAN;
}

static inline float motes_cos(float x) {
    const float a = motes_abs(x);
    if (a < 0.785398f) {
        const motes_angle small = {1, x};
        return motes_sin_of(small);
    }
    if (!(a < MOTES_INFINITY))
        return MOTES_NAN;
    motes_angle angle = motes_reduce(x);
    angle.quadrant++;
    return motes_sin_of(angle);
}

#endif
