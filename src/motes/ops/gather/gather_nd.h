/* gather_nd.h: blocks of x by an index along each of several axes, clamped to the axis. */
#ifndef MOTES_GATHER_ND_H
#define MOTES_GATHER_ND_H

#include "strided_copy.h"

typedef struct {
    int32_t count;        /* blocks */
    int32_t rank;         /* indices of each */
    const int32_t *most;  /* the largest along each axis */
    const int32_t *steps; /* bytes along each axis */
    int32_t block;        /* bytes */
} gather_nd_params;
typedef gather_nd_params gather_nd_s32_params;
typedef gather_nd_params gather_nd_s64_params;

static inline void gather_nd_s32(const gather_nd_params *p, const void *x, const void *indices,
                                 void *y) {
    const int32_t *at = (const int32_t *)indices;
    uint8_t *to = (uint8_t *)y;
    for (int32_t i = 0; i < p->count; i++, at += p->rank, to += p->block)
        motes_copy(to, (const uint8_t *)x + motes_start_s32(at, p->most, p->steps, p->rank),
                   (uint32_t)p->block);
}

static inline void gather_nd_s64(const gather_nd_params *p, const void *x, const void *indices,
                                 void *y) {
    const int64_t *at = (const int64_t *)indices;
    uint8_t *to = (uint8_t *)y;
    for (int32_t i = 0; i < p->count; i++, at += p->rank, to += p->block)
        motes_copy(to, (const uint8_t *)x + motes_start_s64(at, p->most, p->steps, p->rank),
                   (uint32_t)p->block);
}

#endif
