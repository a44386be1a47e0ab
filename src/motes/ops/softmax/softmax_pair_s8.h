/* softmax_pair_s8.h: softmax over rows of two scores, in 1/256 with zero point -128. y may share
   x's address.

   The outputs sum to 1, 256 of them, so that one gives the other; 256 itself is cut off at 255. */
#ifndef MOTES_SOFTMAX_PAIR_S8_H
#define MOTES_SOFTMAX_PAIR_S8_H

#include "motes.h"

typedef struct {
    int32_t rows;
    int32_t last;          /* from this difference on, the outputs are the same */
    const int8_t *smaller; /* the smaller score's output for differences 0 .. last */
} softmax_pair_s8_params;

static inline void softmax_pair_s8(const softmax_pair_s8_params *p, const int8_t *x, int8_t *y) {
    for (int32_t r = 0; r < p->rows; r++, x += 2, y += 2) {
        const int32_t difference = x[0] - x[1];
        const int32_t apart = difference < 0 ? -difference : difference;
        const int32_t less = p->smaller[motes_min(apart, p->last)];
        const int32_t more = motes_min(-less, 127);
        y[0] = (int8_t)(difference < 0 ? less : more);
        y[1] = (int8_t)(difference < 0 ? more : less);
    }
}

#endif
