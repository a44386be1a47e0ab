/* dense_units.h: what each row of x gives with all rows of weights, four units at a time. */
#ifndef MOTES_DENSE_UNITS_H
#define MOTES_DENSE_UNITS_H

#include "dot.h"

/* Defines motes_<name>: sums S of motes_dot4_<dots> and motes_dot1_<dots>, each made an element of
   y by OUTPUT(p, unit, sum). */
#define MOTES_DENSE_UNITS(name, X, W, S, dots, OUTPUT)                                             \
    MOTES_INLINE void motes_##name(const name##_params *p, const X *restrict x,                    \
                                   const W *restrict weights, X *restrict y) {                     \
        for (int32_t row = 0; row < p->rows; row++, x += p->depth) {                               \
            const W *w = weights;                                                                  \
            int32_t unit = 0;                                                                      \
            for (; unit + 4 <= p->units; unit += 4, w += 4 * p->depth) {                           \
                S sums[4] = {0, 0, 0, 0};                                                          \
                motes_dot4_##dots(x, w, p->depth, p->depth, sums);                                 \
                for (int32_t i = 0; i < 4; i++)                                                    \
                    *y++ = OUTPUT(p, unit + i, sums[i]);                                           \
            }                                                                                      \
            for (; unit < p->units; unit++, w += p->depth) {                                       \
                S sum = 0;                                                                         \
                motes_dot1_##dots(x, w, p->depth, &sum);                                           \
                *y++ = OUTPUT(p, unit, sum);                                                       \
            }                                                                                      \
        }                                                                                          \
    }

#endif
