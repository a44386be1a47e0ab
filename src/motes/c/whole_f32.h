/* whole_f32.h: between floats and integers of 64 bits, with no help from a library. */
#ifndef MOTES_WHOLE_F32_H
#define MOTES_WHOLE_F32_H

#include "bits_f32.h"

/* The whole number next to x towards 0; what no int64 holds saturates, and NaN is 0. */
static inline int64_t motes_to_s64(float x) {
    const uint32_t bits = motes_bits(x) & UINT32_C(0x7FFFFFFF);
    const int32_t up = (int32_t)(bits >> 23) - 150;
    const int64_t m = (bits & 0x7FFFFF) | 0x800000;
    if (x != x || up < -24)
        return 0;
    if (up >= 40)
        return x < 0.0f ? INT64_MIN : INT64_MAX;
    const int64_t size = up < 0 ? m >> -up : m * (INT64_C(1) << up);
    return x < 0.0f ? -size : size;
}

/* The same of an int32. */
MOTES_INLINE int32_t motes_to_s32(float x) {
    if (x > -2147483648.0f && x < 2147483648.0f)
        return (int32_t)x;
    return x > 0.0f ? INT32_MAX : x < 0.0f ? INT32_MIN : 0;
}

/* The nearest float, of two the even one: bits beyond the upper 32 only tell whether it is one. */
static inline float motes_from_s64(int64_t x) {
    const uint64_t size = x < 0 ? (uint64_t)0 - (uint64_t)x : (uint64_t)x;
    if (size >> 32 == 0)
        return x < 0 ? -(float)(uint32_t)size : (float)(uint32_t)size;
    const int32_t up = __builtin_clzll(size);
    const uint64_t top = size << up;
    const uint32_t upper = (uint32_t)(top >> 32) | ((top & UINT32_MAX) != 0);
    const float y = (float)upper * motes_power_of_2(32 - up);
    return x < 0 ? -y : y;
}

#endif
