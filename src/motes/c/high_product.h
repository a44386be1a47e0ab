/* high_product.h: the upper half of a product of 32 by 32 bits, on cores with products of 32 bits,
   too. */
#ifndef MOTES_HIGH_PRODUCT_H
#define MOTES_HIGH_PRODUCT_H

#include "motes.h"

/* floor((a * b + half) / 2^32); 0 <= b; half is 0 or 2^31. */
MOTES_INLINE int32_t motes_high_product(int32_t a, int32_t b, uint32_t half) {
#if defined(__ARM_ARCH_6M__)
    /* Products of 16 by 16 bits; no sum of two parts exceeds 32 bits. */
    const int32_t a_high = a >> 16, b_high = b >> 16;
    const uint32_t a_low = (uint16_t)a, b_low = (uint16_t)b;
    const int32_t middle = a_high * (int32_t)b_low + (int32_t)(a_low * b_low >> 16);
    const uint32_t other = a_low * (uint32_t)b_high + (uint16_t)middle + (half >> 16);
    return a_high * b_high + (middle >> 16) + (int32_t)(other >> 16);
#else
    return (int32_t)(((int64_t)a * b + half) >> 32);
#endif
}

#endif
