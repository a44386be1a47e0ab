/* softmax_row.h: what a softmax over int8 knows of a row before it writes: its maximum and 1 /
 * sum(exp). */
#ifndef MOTES_SOFTMAX_ROW_H
#define MOTES_SOFTMAX_ROW_H

#include "reciprocal.h"

typedef struct {
    int32_t max;
    int32_t scale; /* 1 / (sum as a number in 1..2), Q0.31 */
    int32_t bits;  /* the sum is that number times 2^bits */
} motes_softmax;

/* Looks at `depth` values; exp holds exp(-d) for differences d < count, the rest being negligible.
 */
MOTES_INLINE motes_softmax motes_softmax_row(const int8_t *x, int32_t depth, const int32_t *exp,
                                             int32_t count) {
    motes_softmax row = {INT8_MIN, 0, 12};
    for (int32_t i = 0; i < depth; i++)
        row.max = motes_max(row.max, x[i]);
    uint32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < depth; i++)
        if (row.max - x[i] < count)
            sum += (uint32_t)motes_round_shift(exp[row.max - x[i]], 12);
    for (; !(sum >> 31); sum <<= 1)
        row.bits--;
    row.scale = motes_one_over_one_plus((int32_t)(sum & INT32_MAX));
    return row;
}

/* round(exp / sum * 2^bits), for an output of that many bits. */
MOTES_INLINE int32_t motes_softmax_value(motes_softmax row, int32_t exp, int32_t bits) {
    const int32_t exponent = row.bits + 31 - bits;
    return exponent > 31 ? 0 : motes_round_shift(motes_high_mul(row.scale, exp), exponent);
}

#endif
