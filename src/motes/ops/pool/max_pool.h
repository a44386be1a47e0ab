/* max_pool.h: the largest value of each window; a NaN is never larger. */
#ifndef MOTES_MAX_POOL_H
#define MOTES_MAX_POOL_H

#include "pool_loops.h"

typedef pool_params max_pool_s8_params;
typedef pool_params max_pool_s16_params;
typedef pool_f32_params max_pool_f32_params;

#define MOTES_POOL_LEAST_F32 (-0x1.fffffep+127f)
#define MOTES_POOL_LARGER(sum, value) ((sum) < (value) ? (value) : (sum))
#define MOTES_POOL_CLAMP(sum, count, low, high) ((void)(count), motes_clamp(sum, low, high))
#define MOTES_POOL_CLAMP_F32(sum, count, low, high) ((void)(count), motes_clamp_f32(sum, low, high))

MOTES_POOL(max_pool_s8, int8_t, int32_t, INT8_MIN, MOTES_POOL_LARGER, MOTES_POOL_CLAMP)
MOTES_POOL(max_pool_s16, int16_t, int32_t, INT16_MIN, MOTES_POOL_LARGER, MOTES_POOL_CLAMP)
MOTES_POOL(max_pool_f32, float, float, MOTES_POOL_LEAST_F32, MOTES_POOL_LARGER,
           MOTES_POOL_CLAMP_F32)

#endif
