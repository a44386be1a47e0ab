/* gather.h: blocks of x by their index along one axis; indices are clamped to the axis. */
#ifndef MOTES_GATHER_H
#define MOTES_GATHER_H

#include "motes.h"

typedef struct {
    int32_t batches; /* each has `count` indices of its own */
    int32_t outer;   /* for each batch, all indices are looked up this often */
    int32_t count;
    int32_t axis;  /* blocks to choose from */
    int32_t block; /* bytes */
} gather_params;
typedef gather_params gather_s32_params;
typedef gather_params gather_s64_params;

#define MOTES_GATHER(type)                                                                         \
    const uint8_t *from = (const uint8_t *)x;                                                      \
    uint8_t *to = (uint8_t *)y;                                                                    \
    const type *at = (const type *)indices;                                                        \
    const int32_t block = p->block, last = p->axis - 1;                                            \
    for (int32_t i = 0; i < p->batches; i++, at += p->count) {                                     \
        for (int32_t j = 0; j < p->outer; j++, from += p->axis * block) {                          \
            for (int32_t k = 0; k < p->count; k++, to += block) {                                  \
                const int32_t index = at[k] < 0 ? 0 : at[k] > last ? last : (int32_t)at[k];        \
                motes_copy(to, from + index * block, (uint32_t)block);                             \
            }                                                                                      \
        }                                                                                          \
    }

static inline void gather_s32(const gather_params *p, const void *x, const void *indices, void *y) {
    MOTES_GATHER(int32_t)
}

static inline void gather_s64(const gather_params *p, const void *x, const void *indices, void *y) {
    MOTES_GATHER(int64_t)
}

/* The same with the indices first. */
typedef gather_params embedding_params;

static inline void embedding(const embedding_params *p, const void *indices, const void *x,
                             void *y) {
    gather_s32(p, x, indices, y);
}

#undef MOTES_GATHER

#endif
