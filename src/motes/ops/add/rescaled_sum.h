/* rescaled_sum.h: a + b or a - b, each with its own scale, in int32. */
#ifndef MOTES_RESCALED_SUM_H
#define MOTES_RESCALED_SUM_H

#include "requantize.h"

typedef struct {
    const int32_t *axes;
    int32_t sign;     /* of b: 1 or -1 */
    int32_t headroom; /* more bits that keep the sum exact enough; x - zero leaves them free */
    int32_t a_zero, b_zero, y_zero;
    int32_t a_multiplier, a_shift; /* to twice the larger input scale */
    int32_t b_multiplier, b_shift;
    int32_t y_multiplier, y_shift; /* from there to y's */
    int32_t low, high;
} rescaled_sum_params;

MOTES_INLINE int32_t motes_rescaled_sum(const rescaled_sum_params *p, int32_t a, int32_t b) {
    const int32_t one = 1 << p->headroom;
    const int32_t u = motes_requantize_known((a - p->a_zero) * one, p->a_multiplier, p->a_shift);
    const int32_t v = motes_requantize_known((b - p->b_zero) * one, p->b_multiplier, p->b_shift);
    const int32_t scaled = motes_requantize_known(u + p->sign * v, p->y_multiplier, p->y_shift);
    return motes_clamp(scaled + p->y_zero, p->low, p->high);
}

#endif
