/* update_at.h: y is x, but for the part that begins where `start` says: that is `part`, moved to
   lie inside. y may share its address with x. */
#ifndef MOTES_UPDATE_AT_H
#define MOTES_UPDATE_AT_H

#include "strided_copy.h"

typedef struct {
    const int32_t *sizes, *x_steps, *y_steps; /* of the part, as in strided_copy.h */
    int32_t x_start, y_start, block;
    int32_t bytes;        /* of y */
    int32_t rank;         /* values of `start` */
    const int32_t *most;  /* the largest of each */
    const int32_t *steps; /* bytes along the axis of each */
} update_at_params;
typedef update_at_params update_at_s32_params;
typedef update_at_params update_at_s64_params;

MOTES_INLINE void motes_update(const update_at_params *p, int32_t start, const void *x,
                               const void *part, void *y) {
    const strided_copy_params copy = {p->sizes,   p->x_steps, p->y_steps,
                                      p->x_start, p->y_start, p->block};
    if (x != y)
        motes_copy(y, x, (uint32_t)p->bytes);
    copy_blocks(&copy, part, (uint8_t *)y + start);
}

static inline void update_at_s32(const update_at_params *p, const void *x, const void *part,
                                 const void *start, void *y) {
    motes_update(p, motes_start_s32((const int32_t *)start, p->most, p->steps, p->rank), x, part,
                 y);
}

static inline void update_at_s64(const update_at_params *p, const void *x, const void *part,
                                 const void *start, void *y) {
    motes_update(p, motes_start_s64((const int64_t *)start, p->most, p->steps, p->rank), x, part,
                 y);
}

#endif
