/* rescale.h: from one quantization to another. y may share x's address where its elements are not
 * wider. */
#ifndef MOTES_RESCALE_H
#define MOTES_RESCALE_H

#include "elements.h"
#include "requantize.h"

typedef struct {
    int32_t count;
    int32_t x_size, x_signed, y_size; /* bytes of an element: 1, 2 or 4 */
    int32_t x_zero, y_zero;
    int32_t multiplier, shift;
    int32_t low, high;
} rescale_params;

static inline void rescale(const rescale_params *p, const void *x, void *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const uint32_t element = (uint32_t)motes_element(x, i, p->x_size, p->x_signed);
        const int32_t value = (int32_t)(element - (uint32_t)p->x_zero);
        const int32_t scaled =
            motes_add(motes_requantize(value, p->multiplier, p->shift), p->y_zero);
        motes_set_element(y, i, p->y_size, motes_clamp(scaled, p->low, p->high));
    }
}

#endif
