/* rescaled_difference.h: (a - b)^2 of quantized numbers, in int32. */
#ifndef MOTES_RESCALED_DIFFERENCE_H
#define MOTES_RESCALED_DIFFERENCE_H

#include "requantize.h"

typedef struct {
    const int32_t *axes;
    int32_t headroom; /* more bits that keep the difference exact enough, and its square in 31 */
    int32_t a_zero, b_zero, y_zero;
    int32_t a_multiplier, a_shift; /* to twice the larger input scale */
    int32_t b_multiplier, b_shift;
    int32_t y_multiplier, y_shift; /* from the square of that to y's */
    int32_t low, high;
} rescaled_difference_params;

MOTES_INLINE int32_t motes_squared(const rescaled_difference_params *p, int32_t a, int32_t b) {
    const int32_t one = 1 << p->headroom;
    const int32_t u = motes_requantize_known((a - p->a_zero) * one, p->a_multiplier, p->a_shift);
    const int32_t v = motes_requantize_known((b - p->b_zero) * one, p->b_multiplier, p->b_shift);
    const int32_t scaled = motes_requantize_known((u - v) * (u - v), p->y_multiplier, p->y_shift);
    return motes_clamp(motes_add(scaled, p->y_zero), p->low, p->high);
}

#endif
