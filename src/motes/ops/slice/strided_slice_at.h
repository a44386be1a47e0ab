/* strided_slice_at.h: the part of x that begins where `begin` says, counted from behind where that
   is negative, and moved to lie inside of x. Where it ends is known from its size. */
#ifndef MOTES_STRIDED_SLICE_AT_H
#define MOTES_STRIDED_SLICE_AT_H

#include "strided_copy.h"

typedef struct {
    const int32_t *sizes, *x_steps, *y_steps; /* as in strided_copy.h */
    int32_t x_start, y_start, block;
    int32_t rank;           /* values of `begin` */
    const int32_t *lengths; /* of the axis of each */
    const int32_t *most;    /* the largest of each */
    const int32_t *steps;   /* bytes along the axis of each */
} strided_slice_at_params;
typedef strided_slice_at_params strided_slice_at_s32_params;
typedef strided_slice_at_params strided_slice_at_s64_params;

/* Defines the kernel `name` over begins T. */
#define MOTES_STRIDED_SLICE_AT(name, T)                                                            \
    static inline void name(const name##_params *p, const void *x, const void *begin,              \
                            const void *end, void *y) {                                            \
        const strided_copy_params copy = {p->sizes,   p->x_steps, p->y_steps,                      \
                                          p->x_start, p->y_start, p->block};                       \
        const T *at = (const T *)begin;                                                            \
        int32_t start = 0;                                                                         \
        (void)end;                                                                                 \
        for (int32_t i = 0; i < p->rank; i++) {                                                    \
            T first = at[i] < 0 ? (T)(at[i] + p->lengths[i]) : at[i];                              \
            int32_t inside = first < 0 ? 0 : first > p->most[i] ? p->most[i] : (int32_t)first;     \
            start += inside * p->steps[i];                                                         \
        }                                                                                          \
        copy_blocks(&copy, (const uint8_t *)x + start, (uint8_t *)y);                              \
    }

MOTES_STRIDED_SLICE_AT(strided_slice_at_s32, int32_t)
MOTES_STRIDED_SLICE_AT(strided_slice_at_s64, int64_t)

#endif
