/* softmax_row.h: what a softmax over int8 knows of a row before it writes: its maximum and 1 /
 * sum(exp). */
#ifndef MOTES_SOFTMAX_ROW_H
#define MOTES_SOFTMAX_ROW_H

#include "requantize.h"

typedef struct {
    int32_t max;
    int32_t scale; /* 1 / (sum as a number in 1..2), Q0.31 */
    int32_t bits;  /* the sum is that number times 2^bits */
} motes_softmax;

/* x * 2^exponent, kept within int32. */
MOTES_INLINE int32_t motes_saturating_shift(int32_t x, int32_t exponent) {
    const int32_t largest = INT32_MAX >> exponent;
    return x > largest ? INT32_MAX : x < -largest - 1 ? INT32_MIN : x * (1 << exponent);
}

/* 1 / (1 + x) for x in 0..1, both Q0.31: three Newton steps in Q2.29, as gemmlowp takes them. */
MOTES_INLINE int32_t motes_one_over_one_plus(int32_t x) {
    const int32_t half = (int32_t)(((uint32_t)x + UINT32_C(0x80000000)) >> 1); /* (1 + x) / 2 */
    int32_t y = 1515870810 + motes_high_mul(half, -1010580540); /* 48/17 - 32/17 half */
    for (int32_t i = 0; i < 3; i++)
        y += motes_saturating_shift(motes_high_mul(y, (1 << 29) - motes_high_mul(half, y)), 2);
    return motes_saturating_shift(y, 1);
}

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
