/* fully_connected_s8_mve.h: y = weights * x + bias, rescaled, for each row of x, with Helium.

   As fully_connected_s8.h, for four units at least and shifts below 0. Where units do not come in
   fours the last four are some of those before, too. */
#ifndef MOTES_FULLY_CONNECTED_S8_MVE_H
#define MOTES_FULLY_CONNECTED_S8_MVE_H

#include "dense_mve.h"

enum { FULLY_CONNECTED_MVE_UNITS = 16 }; /* whose sums are made together */

typedef struct {
    int32_t rows, depth, units;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* 1: a multiplier and shift for each unit; 0: one for all */
    int32_t zero_point, low, high;
} fully_connected_s8_mve_params;

/* Outputs of `count` units, in fours, from unit `c` on. */
MOTES_INLINE void fully_connected_mve_store(const fully_connected_s8_mve_params *p, int32_t c,
                                            int32_t count, const int32_t *sums, int8_t *y) {
    const mve_range to = {p->zero_point, p->low, p->high};
    int32x4_t multiplier = vdupq_n_s32(p->multiplier[0]), shift = vdupq_n_s32(p->shift[0]);
    for (int32_t i = 0; i < count; i += 4) {
        if (p->step) {
            multiplier = vldrwq_s32(p->multiplier + c + i);
            shift = vldrbq_s32(p->shift + c + i);
        }
        const int32x4_t sum = vaddq_s32(vldrwq_s32(sums + i), vldrwq_s32(p->bias + c + i));
        vstrbq_s32(y + i, mve_output(sum, multiplier, shift, to));
    }
}

static inline void fully_connected_s8_mve(const fully_connected_s8_mve_params *p, const int8_t *x,
                                          int8_t *y) {
    int32_t sums[FULLY_CONNECTED_MVE_UNITS];
    mve_dense row = {{x, x, x}, p->depth, mve_dense_back(p->depth)};
    for (int32_t left = p->rows; left > 0; left--, row.x[0] += p->depth, y += p->units)
        for (int32_t c = 0, count; c < p->units; c += count) {
            if (p->units - c < 4)
                c = p->units - 4;
            count = motes_min((p->units - c) & ~3, FULLY_CONNECTED_MVE_UNITS);
            mve_dense_one(&row, p->weights + c * p->depth, sums, sums + count);
            fully_connected_mve_store(p, c, count, sums, y + c);
        }
}

#endif
