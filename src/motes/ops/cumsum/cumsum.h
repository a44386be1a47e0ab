/* cumsum.h: running sums along an axis.

   x and y are (outer, depth, inner); the sums run along depth, from its end where `reverse` is set.
   `exclusive` sums leave an element itself out. y may share x's address. */
#ifndef MOTES_CUMSUM_H
#define MOTES_CUMSUM_H

#include "requantize.h"

typedef struct {
    int32_t outer, depth, inner, exclusive, reverse;
} cumsum_params;
typedef cumsum_params cumsum_s32_params;
typedef cumsum_params cumsum_f32_params;

typedef struct {
    int32_t outer, depth, inner, exclusive, reverse;
    int32_t x_zero, y_zero, multiplier, shift;
} cumsum_s8_params;

/* Defines the kernel `name` over elements T: sums are S and begin with `start`; TERM(p, value) is
   added, RESULT(p, sum) is an output. */
#define MOTES_CUMSUM(name, T, S, start, TERM, RESULT)                                              \
    static inline void name(const name##_params *p, const T *x, T *y) {                            \
        const int32_t step = p->reverse ? -p->inner : p->inner;                                    \
        const int32_t first = p->reverse ? (p->depth - 1) * p->inner : 0;                          \
        for (int32_t i = 0; i < p->outer; i++)                                                     \
            for (int32_t j = 0; j < p->inner; j++) {                                               \
                S sum = start;                                                                     \
                int32_t at = i * p->depth * p->inner + j + first;                                  \
                for (int32_t k = 0; k < p->depth; k++, at += step) {                               \
                    const S next = sum + TERM(p, x[at]);                                           \
                    y[at] = (T)RESULT(p, p->exclusive ? sum : next);                               \
                    sum = next;                                                                    \
                }                                                                                  \
            }                                                                                      \
    }

#define MOTES_CUMSUM_IT(p, value) (value)
#define MOTES_CUMSUM_WRAPPED(p, value) ((uint32_t)(value))

/* TFLM sums in steps of 2^-19, modulo 2^32, and begins with less the zero point. */
#define MOTES_CUMSUM_START_S8 ((uint32_t)(-p->x_zero) << 19)
#define MOTES_CUMSUM_FINE_S8(p, value) ((uint32_t)((value) - (p)->x_zero) << 19)
#define MOTES_CUMSUM_OF_S8(p, sum)                                                                 \
    motes_clamp(                                                                                   \
        motes_add(motes_requantize((int32_t)(sum), (p)->multiplier, (p)->shift), (p)->y_zero),     \
        INT8_MIN, INT8_MAX)

MOTES_CUMSUM(cumsum_s8, int8_t, uint32_t, MOTES_CUMSUM_START_S8, MOTES_CUMSUM_FINE_S8,
             MOTES_CUMSUM_OF_S8)
MOTES_CUMSUM(cumsum_s32, int32_t, uint32_t, 0, MOTES_CUMSUM_WRAPPED, MOTES_CUMSUM_IT)
MOTES_CUMSUM(cumsum_f32, float, float, 0.0f, MOTES_CUMSUM_IT, MOTES_CUMSUM_IT)

#endif
