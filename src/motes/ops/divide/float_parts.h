/* float_parts.h: a float taken apart, and put together again. */
#ifndef MOTES_FLOAT_PARTS_H
#define MOTES_FLOAT_PARTS_H

#include "bits_f32.h"

/* |x| = mantissa * 2^exponent, with a mantissa of 0 or in 2^23 .. 2^24 - 1. */
typedef struct {
    uint32_t mantissa;
    int32_t exponent;
    int32_t finite; /* 0: infinite, or no number */
} motes_parts;

MOTES_INLINE motes_parts motes_parts_of(float x) {
    const uint32_t bits = motes_bits(x);
    const int32_t field = (int32_t)(bits >> 23 & 255);
    motes_parts parts = {bits & 0x7FFFFF, field - 150, field < 255};
    if (field > 0) {
        parts.mantissa |= 1 << 23;
    } else if (parts.mantissa != 0) { /* a subnormal number */
        const int32_t shift = __builtin_clz(parts.mantissa) - 8;
        parts.mantissa <<= shift;
        parts.exponent = -149 - shift;
    }
    return parts;
}

/* mantissa * 2^exponent, which a float holds exactly; mantissa < 2^24. */
MOTES_INLINE float motes_float_from(uint32_t mantissa, int32_t exponent) {
    uint32_t bits = 0;
    if (mantissa != 0) {
        const int32_t shift = __builtin_clz(mantissa) - 8, field = exponent - shift + 150;
        mantissa <<= shift;
        bits = field > 0 ? (mantissa & 0x7FFFFF) | (uint32_t)field << 23 : mantissa >> (1 - field);
    }
    return motes_from_bits(bits);
}

#endif
