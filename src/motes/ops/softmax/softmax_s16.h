/* softmax_s16.h: exp(x) / sum(exp(x)) over rows of int16, in 1/32768. y may share x's address. */
#ifndef MOTES_SOFTMAX_S16_H
#define MOTES_SOFTMAX_S16_H

#include "requantize.h"
#include "table_s16.h"

typedef struct {
    int32_t rows, depth;
    int32_t multiplier, shift; /* of differences, to 10 / 65535 */
    const int16_t *exp;        /* of -10 .. 0, Q0.15 */
    const int16_t *reciprocal; /* 1 / (1 + x) of 0 .. 1, Q0.15 */
} softmax_s16_params;

MOTES_INLINE int16_t motes_s16(int32_t x) {
    return (int16_t)motes_clamp(x, INT16_MIN, INT16_MAX);
}

static inline void softmax_s16(const softmax_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        int32_t max = INT16_MIN, sum = 0; /* Q16.15 */
        for (int32_t i = 0; i < p->depth; i++)
            max = motes_max(max, x[i]);
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t down = motes_requantize(x[i] - max, p->multiplier, p->shift);
            y[i] = motes_interpolated(motes_s16(motes_add(down, 32767)), p->exp);
            sum += y[i];
        }
        /* The sum as a number in 1..2, in steps of 1/65536, less 1.5: the table's argument. */
        const int32_t up = __builtin_clz((uint32_t)sum) - 1;
        const int32_t size = (int32_t)((((int64_t)sum << up) + (1 << 13)) >> 14);
        const int32_t scale = motes_interpolated(motes_s16(size - 98304), p->reciprocal);
        const int32_t right = 30 - up;
        for (int32_t i = 0; i < p->depth; i++)
            y[i] = (int16_t)motes_clamp((y[i] * scale + (1 << (right - 1))) >> right, 0, INT16_MAX);
    }
}

#endif
