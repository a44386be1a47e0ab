/* mul.h: y = a * b; integers without scales wrap. */
#ifndef MOTES_MUL_H
#define MOTES_MUL_H

#include "broadcast.h"
#include "rescaled_product.h"

typedef rescaled_product_params mul_s8_params;
typedef rescaled_product_params mul_s16_params;

typedef struct {
    const int32_t *axes;
    int32_t low, high;
} mul_s32_params;

typedef struct {
    const int32_t *axes;
    int64_t low, high;
} mul_s64_params;

typedef struct {
    const int32_t *axes;
    float low, high;
} mul_f32_params;

MOTES_BROADCAST(mul_s8, int8_t, int8_t, (int8_t)motes_rescaled_product(p, a, b))
MOTES_BROADCAST(mul_s16, int16_t, int16_t, (int16_t)motes_rescaled_product(p, a, b))
MOTES_BROADCAST(mul_s32, int32_t, int32_t,
                motes_clamp((int32_t)((uint32_t)a * (uint32_t)b), p->low, p->high))
MOTES_BROADCAST(mul_s64, int64_t, int64_t,
                motes_clamp_s64((int64_t)((uint64_t)a * (uint64_t)b), p->low, p->high))
MOTES_BROADCAST(mul_f32, float, float, motes_clamp_f32(a *b, p->low, p->high))

#endif
