/* requantize.h: TensorFlow Lite Micro's fixed-point rescaling, exact to the bit; quant.py is its
 * twin in Python. */
#ifndef MOTES_REQUANTIZE_H
#define MOTES_REQUANTIZE_H

#include "motes.h"

/* Sums modulo 2^32, as TFLM's own do on every target although C leaves signed overflow undefined.
 */
MOTES_INLINE int32_t motes_add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* round(a * b / 2^31), halves up; not both a and b may be -2^31. */
MOTES_INLINE int32_t motes_high_mul(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/* x / 2^exponent, halves away from zero; 0 <= exponent <= 31. */
MOTES_INLINE int32_t motes_round_shift(int32_t x, int32_t exponent) {
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1);
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + ((x & mask) > threshold);
}

/* x * multiplier * 2^(shift - 31), rounded twice, as TFLM does; multiplier >= 0, shift in -31..31.
   A left shift wraps modulo 2^32. */
MOTES_INLINE int32_t motes_requantize(int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    return motes_round_shift(motes_high_mul((int32_t)((uint32_t)x << left), multiplier), right);
}

/* The same for a shift that the compiler knows: below 0, one shift does it. Both roundings are
   added before, the second less 1 where x is negative, as its halves go away from zero. */
MOTES_INLINE int32_t motes_requantize_known(int32_t x, int32_t multiplier, int32_t shift) {
    if (shift >= 0)
        return motes_requantize(x, multiplier, shift);
    const int64_t halves = (INT64_C(1) << 30) + (INT64_C(1) << (30 - shift));
    const int64_t product = (int64_t)x * multiplier + halves;
    return (int32_t)((product - (x < 0 ? INT64_C(1) << 31 : 0)) >> (31 - shift));
}

/* The same of a 64-bit sum, as TFLM rescales those of int16 activations: the multiplier rounded to
   16 bits, then one rounding, halves up; multiplier >= 0, shift in -31..14. It wraps as TFLM does.
 */
MOTES_INLINE int32_t motes_requantize_s64(int64_t x, int32_t multiplier, int32_t shift) {
    const int32_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
    const uint64_t product = (uint64_t)x * (uint32_t)reduced + (UINT64_C(1) << (14 - shift));
    return (int32_t)((int64_t)product >> (15 - shift));
}

#endif
