/* arg.h: the index of the largest, or the smallest, element along an axis: the first of equal ones.

   x is (outer, depth, inner), y (outer, inner) in words of 32 bits, or of 64 (_s64). The first
   element stands until one is larger, or smaller: no NaN is. */
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
typedef arg_params arg_max_s8_s64_params;
typedef arg_params arg_max_u8_s64_params;
typedef arg_params arg_max_s32_s64_params;
typedef arg_params arg_max_f32_s64_params;
typedef arg_params arg_min_s8_s64_params;
typedef arg_params arg_min_u8_s64_params;
typedef arg_params arg_min_s32_s64_params;
typedef arg_params arg_min_f32_s64_params;

/* Defines the kernel `name` over elements T, indices I; BEYOND(a, b): a takes the place of b. */
#define MOTES_ARG(name, T, I, BEYOND)                                                              \
    static inline void name(const name##_params *p, const T *restrict x, I *restrict y) {          \
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

MOTES_ARG(arg_max_s8, int8_t, int32_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_u8, uint8_t, int32_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_s32, int32_t, int32_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_f32, float, int32_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_min_s8, int8_t, int32_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_u8, uint8_t, int32_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_s32, int32_t, int32_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_f32, float, int32_t, MOTES_ARG_SMALLER)

MOTES_ARG(arg_max_s8_s64, int8_t, int64_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_u8_s64, uint8_t, int64_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_s32_s64, int32_t, int64_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_max_f32_s64, float, int64_t, MOTES_ARG_LARGER)
MOTES_ARG(arg_min_s8_s64, int8_t, int64_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_u8_s64, uint8_t, int64_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_s32_s64, int32_t, int64_t, MOTES_ARG_SMALLER)
MOTES_ARG(arg_min_f32_s64, float, int64_t, MOTES_ARG_SMALLER)

#endif
