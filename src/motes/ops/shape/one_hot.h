/* one_hot.h: for each index a row in which the element with that index is `on`, the others `off`.
 */
#ifndef MOTES_ONE_HOT_H
#define MOTES_ONE_HOT_H

#include "fill.h"

typedef struct {
    int32_t outer, depth, inner; /* y is (outer, depth, inner), the indices are (outer, inner) */
    int32_t size;                /* bytes of an element */
} one_hot_params;
typedef one_hot_params one_hot_s32_params;
typedef one_hot_params one_hot_s64_params;

#define MOTES_ONE_HOT(type)                                                                        \
    const type *at = (const type *)indices;                                                        \
    const int32_t plane = p->depth * p->inner;                                                     \
    const uint32_t size = (uint32_t)p->size;                                                       \
    motes_fill(y, (uint32_t)(p->outer * plane) * size, off, size);                                 \
    for (int32_t i = 0; i < p->outer; i++) {                                                       \
        for (int32_t j = 0; j < p->inner; j++, at++) {                                             \
            if (*at >= 0 && *at < p->depth)                                                        \
                motes_copy((uint8_t *)y +                                                          \
                               (uint32_t)(i * plane + (int32_t)*at * p->inner + j) * size,         \
                           on, size);                                                              \
        }                                                                                          \
    }

static inline void one_hot_s32(const one_hot_params *p, const void *indices, const void *on,
                               const void *off, void *y) {
    MOTES_ONE_HOT(int32_t)
}

static inline void one_hot_s64(const one_hot_params *p, const void *indices, const void *on,
                               const void *off, void *y) {
    MOTES_ONE_HOT(int64_t)
}

#undef MOTES_ONE_HOT

#endif
