/* add.h: y = a + b or a - b; integers without scales wrap. */
#ifndef MOTES_ADD_H
#define MOTES_ADD_H

#include "broadcast.h"
#include "rescaled_sum.h"

typedef rescaled_sum_params add_s8_params;
typedef rescaled_sum_params add_s16_params;

typedef struct {
    const int32_t *axes;
    int32_t sign; /* of b: 1 or -1 */
    int32_t low, high;
} add_s32_params;

typedef struct {
    const int32_t *axes;
    int32_t sign;
    int64_t low, high;
} add_s64_params;

typedef struct {
    const int32_t *axes;
    float sign;
    float low, high;
} add_f32_params;

MOTES_BROADCAST(add_s8, int8_t, int8_t, (int8_t)motes_rescaled_sum(p, a, b))
MOTES_BROADCAST(add_s16, int16_t, int16_t, (int16_t)motes_rescaled_sum(p, a, b))
MOTES_BROADCAST(add_s32, int32_t, int32_t,
                motes_clamp((int32_t)((uint32_t)a + (uint32_t)p->sign * (uint32_t)b), p->low,
                            p->high))
MOTES_BROADCAST(add_s64, int64_t, int64_t,
                motes_clamp_s64((int64_t)((uint64_t)a + (uint64_t)p->sign * (uint64_t)b), p->low,
                                p->high))
MOTES_BROADCAST(add_f32, float, float, motes_clamp_f32(a + p->sign * b, p->low, p->high))

#endif
