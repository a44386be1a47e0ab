/* softmax_s8.h: exp(x) / sum(exp(x)) over rows, in 1/256 with zero point -128. y may share x's
 * address. */
#ifndef MOTES_SOFTMAX_S8_H
#define MOTES_SOFTMAX_S8_H

#include "softmax_row.h"

typedef struct {
    int32_t rows, depth, count;
    const int32_t *exp; /* of the differences 0, -1, ... -(count - 1), Q0.31 */
} softmax_s8_params;

static inline void softmax_s8(const softmax_s8_params *p, const int8_t *x, int8_t *y) {
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        const motes_softmax row = motes_softmax_row(x, p->depth, p->exp, p->count);
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t difference = row.max - x[i];
            const int32_t exp = difference < p->count ? p->exp[difference] : 0;
            y[i] = (int8_t)motes_min(motes_softmax_value(row, exp, 8) - 128, 127);
        }
    }
}

#endif
