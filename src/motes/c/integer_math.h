/* integer_math.h: the square root, gain curve and logarithm of audio front ends, in integers. */
#ifndef MOTES_INTEGER_MATH_H
#define MOTES_INTEGER_MATH_H

#include "motes.h"

/* Bits up to and including the highest one set; 0 for 0. */
MOTES_INLINE int32_t integer_bits(uint32_t x) {
    return x ? 32 - __builtin_clz(x) : 0;
}

/* floor(sqrt(x)); *rest = x - result^2. Newton's method from a tangent, at most 25% too large: it
   falls towards the root, and three steps end on its floor or one above. */
MOTES_INLINE uint32_t integer_sqrt32(uint32_t x, uint32_t *rest) {
    *rest = 0;
    if (x == 0)
        return 0;
    const int32_t shift = __builtin_clz(x) & ~1;
    const uint32_t scaled = x << shift; /* at least 2^30 */
    uint32_t root = (scaled >> 17) + (1 << 15);
    for (int32_t i = 0; i < 3; i++)
        root = (root + scaled / root) >> 1;
    root = (root - (root > scaled / root)) >> (shift / 2);
    *rest = x - root * root;
    return root;
}

/* sqrt(x) rounded to the nearest; below 2^32 the result stays within 16 bits, as in TFLM.

   Beyond 32 bits: the upper half's root is the upper half of the root, and a division by twice of
   it gives the lower half, one too large at most (P. Zimmermann, "Karatsuba square root", INRIA
   RR-3805, 1999). */
MOTES_INLINE uint32_t integer_sqrt64(uint64_t x) {
    uint32_t rest;
    if (x >> 32 == 0) {
        const uint32_t root = integer_sqrt32((uint32_t)x, &rest);
        return root + (rest > root && root != 0xFFFF);
    }
    const int32_t shift = __builtin_clz((uint32_t)(x >> 32)) & ~1;
    const uint64_t scaled = x << shift;                                      /* at least 2^62 */
    const uint32_t high = integer_sqrt32((uint32_t)(scaled >> 32), &rest);   /* 2^15 .. 2^16 - 1 */
    const uint64_t part = ((uint64_t)rest << 16) | ((uint32_t)scaled >> 16); /* up to 33 bits */
    /* part / (2 * high), in 32 bits: part / 2 < 2^32, and the bit dropped cannot change a floor. */
    uint32_t low = (uint32_t)(part >> 1) / high;
    low = low < 0xFFFF ? low : 0xFFFF;
    uint32_t root = (high << 16) + low;
    if ((uint64_t)root * root > scaled)
        root--;
    root >>= shift / 2;
    return root + (x - (uint64_t)root * root > root && root != 0xFFFFFFFF);
}

/* A curve through 32 octaves, each a parabola: `octaves` holds (start, slope, bend) from 2 on,
 * `curve` the values at 0 and 1 before them. */
MOTES_INLINE int32_t integer_curve(uint32_t x, const int16_t *curve) {
    if (x < 2)
        return curve[x];
    const int32_t bits = integer_bits(x);
    const int16_t *octave = curve + 2 + 3 * (bits - 2);
    const int32_t fraction = (int32_t)((bits < 11 ? x << (11 - bits) : x >> (bits - 11)) & 0x3FF);
    const int32_t slope = ((octave[2] * fraction) >> 5) + octave[1] * 32;
    const uint32_t rise = (uint32_t)slope * (uint32_t)fraction; /* wraps, as in TFLM */
    return octave[0] + ((int32_t)(rise + (1 << 14)) >> 15);
}

/* log(x) * scale for x > 1; `table` holds 2^16 * (log2(1 + i / 128) - i / 128), i in 0 ..
 * 128. */
MOTES_INLINE uint32_t integer_log(uint32_t x, uint32_t scale, const uint16_t *table) {
    const int32_t whole = integer_bits(x) - 1;
    const uint32_t mantissa = x - (UINT32_C(1) << whole);
    const int32_t fraction =
        (int32_t)(whole < 16 ? mantissa << (16 - whole) : mantissa >> (whole - 16));
    const int32_t segment = fraction >> 9, c0 = table[segment], c1 = table[segment + 1];
    /* TFLM's interpolation: it divides by 2^16 where a segment has 2^9 steps. Kept: models were
     * trained on it. */
    const int32_t bend = ((c1 - c0) * (fraction - (segment << 9))) >> 16;
    const uint32_t log2 = ((uint32_t)whole << 16) + (uint32_t)(fraction + c0 + bend);
    const uint32_t ln =
        (uint32_t)((UINT64_C(45426) * log2 + (1 << 15)) >> 16); /* 45426 = 2^16 ln 2 */
    return (ln * scale + (1 << 15)) >> 16;
}

#endif
