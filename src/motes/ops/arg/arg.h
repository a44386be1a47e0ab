/* arg.h: the index of the largest, or the smallest, element along an axis: the first of equal ones.

   x is (outer, depth, inner), y (outer, inner) in words of 32 bits. The first element stands until
   one is larger, or smaller: no NaN is. */
#ifndef MOTES_ARG_H
#define MOTES_ARG_H

#include "motes.h"

typedef struct {
    int32_t outer, depth, inner;
} arg_params;
typedef arg_params arg_max_s8_params;
typedef arg_params arg_max_u8_params;
typedef arg_params arg_max_s32_params;
typedef arg_params arg_max_f32_params;
typedef arg_params arg_min_s8_params;
typedef arg_params arg_min_u8_params;
typedef arg_params arg_min_s32_params;
typedef arg_params arg_min_f32_params;

/* Defines the kernel `name` over elements T; BEYOND(a, b) is whether a takes the place of b. */
#define MOTES_ARG(name, T, BEYOND)                                                                 \
    static inline void name(const name##_params *p, const T *restrict x, int32_t *restrict y) {    \
        for (int32_t i = 0; i < p->outer; i++, x += p->depth * p->inner)                           \
            for (int32_t j = 0; j < p->inner; j++) {                                               \
                const T *u = x + j;                                                                \
                T best = *u;                                                                       \
                int32_t at = 0;                                                                    \
                for (int32_t k = 1; k < p->depth; k++) {                                           \
                    u += p->inner;                                                                 \
                    if (BEYOND(*u, best)) {                                                        \
                        best = *u;                                                                 \
                        at = k;                                                                    \
                    }                                                                              \
                }                                                                                  \
                *y++ = at;                                                                         \
            }                                                                                      \
    }

#define MOTES_ARG_LARGER(a, b) ((a) > (b))
#define MOTES_ARG_SMALLER(a, b) ((a) < (b))

MOTES_ARG(arg_max_s8, int8_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_u8, uint8_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_s32, int32_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_f32, float, MOTES_ARG_LARGER)
MOTES_ARG(arg_min_s8, int8_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_u8, uint8_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_s32, int32_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_f32, float, MOTES_ARG_SMALLER)

#endif
