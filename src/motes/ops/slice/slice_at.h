/* slice_at.h: the part of x that begins where `begin` says, moved to lie inside of x. */
#ifndef MOTES_SLICE_AT_H
#define MOTES_SLICE_AT_H

#include "strided_copy.h"

typedef struct {
    const int32_t *sizes, *x_steps, *y_steps; /* as in strided_copy.h */
    int32_t x_start, y_start, block;
    int32_t rank;         /* values of `begin` */
    const int32_t *most;  /* the largest of each */
    const int32_t *steps; /* bytes along the axis of each */
} slice_at_params;
typedef slice_at_params slice_at_s32_params;
typedef slice_at_params slice_at_s64_params;

MOTES_INLINE void motes_slice_from(const slice_at_params *p, int32_t start, const void *x,
                                   void *y) {
    const strided_copy_params copy = {p->sizes,   p->x_steps, p->y_steps,
                                      p->x_start, p->y_start, p->block};
    copy_blocks(&copy, (const uint8_t *)x + start, y);
}

static inline void slice_at_s32(const slice_at_params *p, const void *x, const void *begin,
                                void *y) {
    motes_slice_from(p, motes_start_s32((const int32_t *)begin, p->most, p->steps, p->rank), x, y);
}

static inline void slice_at_s64(const slice_at_params *p, const void *x, const void *begin,
                                void *y) {
    motes_slice_from(p, motes_start_s64((const int64_t *)begin, p->most, p->steps, p->rank), x, y);
}

#endif
