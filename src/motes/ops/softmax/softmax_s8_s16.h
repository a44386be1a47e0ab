/* softmax_s8_s16.h: exp(x) / sum(exp(x)) over rows of int8, in 1/65536 with zero point -32768. */
#ifndef MOTES_SOFTMAX_S8_S16_H
#define MOTES_SOFTMAX_S8_S16_H

#include "softmax_row.h"

typedef struct {
    int32_t rows, depth, count;
    const int32_t *exp; /* of the differences 0, -1, ... -(count - 1), Q0.31 */
} softmax_s8_s16_params;

static inline void softmax_s8_s16(const softmax_s8_s16_params *p, const int8_t *restrict x,
                                  int16_t *restrict y) {
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        const motes_softmax row = motes_softmax_row(x, p->depth, p->exp, p->count);
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t difference = row.max - x[i];
            const int32_t exp = difference < p->count ? p->exp[difference] : 0;
            y[i] = (int16_t)motes_min(motes_softmax_value(row, exp, 16) - 32768, 32767);
        }
    }
}

#endif
