/* fours_scalar.h: sums of products for four pixels with three multiplications, in 32 bits.

   With one and the same weights, sum a word for each of three pairs of pixels:

       s0 = 256 * a + b,  s1 = 256 * b + c,  s2 = 256 * c + d

   modulo 2^32, where a to d are the pixels' own sums. Then, modulo 2^24,
   d = s2 - 256 * (s1 - 256 * s0), which is d itself where |d| < 2^23; and 256 * c = s2 - d,
   256 * b = s1 - c, 256 * a = s0 - b. */
#ifndef MOTES_FOURS_SCALAR_H
#define MOTES_FOURS_SCALAR_H

#include "high_product.h"
#include "motes.h"

/* How sums become outputs. */
typedef struct {
    int32_t low, high, shift;
} fours_scalar_end;

/* Outputs of the first `pixels` of four, `step` apart, from three sums. `rescale` is (multiplier,
   offset), where a shift is proved for all channels; else (multiplier, offset, right), and outputs
   are rounded twice as TFLM does:

       (high - (high < 0) + offset) >> right, with high = round(sum * multiplier / 2^31). */
static MOTES_NOINLINE void fours_scalar_store(const fours_scalar_end *end, const uint32_t *sums,
                                              const int32_t *rescale, int8_t *y, int32_t step,
                                              int32_t pixels) {
    const int32_t multiplier = rescale[0], offset = rescale[1], shift = end->shift;
    const int32_t least = end->low, most = end->high;
    int32_t scaled[4];
    scaled[3] = (int32_t)((sums[2] - ((sums[1] - (sums[0] << 8)) << 8)) << 8);
    scaled[2] = (int32_t)(sums[2] - (uint32_t)(scaled[3] >> 8));
    scaled[1] = (int32_t)(sums[1] - (uint32_t)(scaled[2] >> 8));
    scaled[0] = (int32_t)(sums[0] - (uint32_t)(scaled[1] >> 8));
    if (shift)
        for (int32_t i = 0; i < pixels; i++, y += step) {
            const int32_t high = motes_high_product(scaled[i], multiplier, 0);
            *y = (int8_t)motes_clamp((high + offset) >> shift, least, most);
        }
    else {
        const int32_t right = rescale[2];
        for (int32_t i = 0; i < pixels; i++, y += step) {
            const int32_t high = motes_high_product(scaled[i] >> 7, multiplier, UINT32_C(1) << 31);
            const int32_t output = (high - (high < 0) + offset) >> right;
            *y = (int8_t)motes_clamp(output, least, most);
        }
    }
}

#endif
