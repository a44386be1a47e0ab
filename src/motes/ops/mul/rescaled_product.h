/* rescaled_product.h: a * b of quantized numbers, in int32. */
#ifndef MOTES_RESCALED_PRODUCT_H
#define MOTES_RESCALED_PRODUCT_H

#include "requantize.h"

typedef struct {
    const int32_t *axes;
    int32_t a_zero, b_zero, y_zero;
    int32_t multiplier, shift; /* the inputs' scales over y's */
    int32_t low, high;
} rescaled_product_params;

MOTES_INLINE int32_t motes_rescaled_product(const rescaled_product_params *p, int32_t a,
                                            int32_t b) {
    const int32_t product = (a - p->a_zero) * (b - p->b_zero);
    const int32_t scaled = motes_requantize_known(product, p->multiplier, p->shift);
    return motes_clamp(motes_add(scaled, p->y_zero), p->low, p->high);
}

#endif
