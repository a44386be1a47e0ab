/* dequantize_f16.h: numbers of half precision in single precision, exactly. */
#ifndef MOTES_DEQUANTIZE_F16_H
#define MOTES_DEQUANTIZE_F16_H

#include "bits_f32.h"
#include "count.h"

typedef motes_count dequantize_f16_params;

/* Below 2^-14 the exponent is that of 2^-14, without a leading 1; the largest one stands for
   infinity and NaN. */
static inline void dequantize_f16(const dequantize_f16_params *p, const uint16_t *x, float *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const uint32_t exponent = x[i] >> 10 & 31, fraction = x[i] & 1023;
        const uint32_t bits = (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
        const float size =
            exponent ? motes_from_bits(bits) : (float)(int32_t)fraction * motes_power_of_2(-24);
        y[i] = x[i] >> 15 ? -size : size;
    }
}

#endif
